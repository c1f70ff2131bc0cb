//! How long a group keeps what is written to it.

use super::group::{Class, find};
use super::invalid;
use crate::input::Input;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[("PutRetentionPolicy", put), ("DeleteRetentionPolicy", delete)];

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "logs.retention.days",
        "events are kept for one of the numbers of days that Logs offers",
        "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html",
    ),
    Rule::new(
        "logs.retention.class",
        "groups that only deliver have one retention",
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch_Logs_Log_Classes.html",
    ),
];

/// <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html>
const DAYS: &[i64] =
    &[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

fn put(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let days = input.integer("retentionInDays").unwrap_or_default();
    // <https://github.com/aws/aws-cdk/issues/1343> has the words.
    tx.enforce("logs.retention.days", DAYS.contains(&days), || {
        let valid: Vec<String> = DAYS.iter().map(i64::to_string).collect();
        invalid(format!("Invalid retention value. Valid values are: [{}]", valid.join(", ")))
    })?;
    set(tx, input, Some(days))
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    set(tx, input, None)
}

fn set(tx: &mut Tx<'_>, input: &Input<'_>, days: Option<i64>) -> Result<Value, Refusal> {
    let mut group = find(tx, input.required("logGroupName"))?;
    // No source has the words.
    tx.enforce("logs.retention.class", group.class != Class::Delivery, || {
        invalid("The retention of log groups of the DELIVERY class can't be changed.")
    })?;
    group.retention = days;
    tx.put(group);
    Ok(Value::Record(Record::new()))
}
