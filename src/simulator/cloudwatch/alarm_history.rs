//! What happened to alarms, kept for thirty days though they be deleted.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::alarm::MetricAlarm;
use super::paged;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::service::Handler;
use crate::value::Value;
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[("DescribeAlarmHistory", describe)];

/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html>
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 30);

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// It was put, or deleted.
    ConfigurationUpdate,
    /// Its state changed.
    StateUpdate,
}

/// Something that happened to an alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Happened {
    /// Puts those of one moment in order.
    pub sequence: u64,
    /// The alarm's name.
    pub alarm: String,
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: Kind,
    /// It in a line.
    pub summary: String,
    /// It in JSON.
    pub data: String,
}

impl Row for Happened {
    const TABLE: &'static str = "cloudwatch.alarm_history";
    fn id(&self) -> String {
        format!("{:012}", self.sequence)
    }
}

/// Notes what happened to an alarm.
pub(super) fn note(tx: &mut Tx<'_>, alarm: &MetricAlarm, kind: Kind, summary: &str) {
    let data = match kind {
        Kind::ConfigurationUpdate => json!({ "version": "1.0", "type": "Update" }),
        Kind::StateUpdate => json!({
            "version": "1.0",
            "newState": { "stateValue": alarm.state.word(), "stateReason": alarm.reason },
        }),
    };
    let happened = Happened {
        sequence: tx.sequence(),
        alarm: alarm.name.clone(),
        at: tx.now(),
        kind,
        summary: summary.to_owned(),
        data: data.to_string(),
    };
    let old: Vec<String> =
        tx.rows::<Happened>().filter(|one| tx.now().duration_since(one.at) > KEPT).map(Row::id).collect();
    for id in old {
        tx.remove::<Happened>(&id);
    }
    tx.put(happened);
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::ConfigurationUpdate => "ConfigurationUpdate",
        Kind::StateUpdate => "StateUpdate",
    }
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let (name, kind) = (input.text("AlarmName"), input.text("HistoryItemType"));
    let kinds = input.texts("AlarmTypes");
    let moment = |member: &str| match input.whole(member) {
        Value::Time(moment) => Some(*moment),
        _ => None,
    };
    let (from, to) = (moment("StartDate"), moment("EndDate"));
    let of_metrics = kinds.is_empty() || kinds.contains(&"MetricAlarm");
    let wanted = |one: &&Happened| {
        of_metrics
            && tx.now().duration_since(one.at) <= KEPT
            && name.is_none_or(|name| one.alarm == name)
            && kind.is_none_or(|kind| word(one.kind) == kind)
            && from.is_none_or(|from| one.at >= from)
            && to.is_none_or(|to| one.at <= to)
    };
    let oldest_first = input.text("ScanBy") == Some("TimestampAscending");
    let items = tx.rows::<Happened>().filter(wanted).map(|one| {
        let view = record! {
            "AlarmName" => &one.alarm,
            "AlarmType" => "MetricAlarm",
            "Timestamp" => one.at,
            "HistoryItemType" => word(one.kind),
            "HistorySummary" => &one.summary,
            "HistoryData" => &one.data,
        };
        // Pages come in the order of their keys, and the newest first where nothing else is wanted.
        let place = if oldest_first { one.sequence } else { u64::MAX - one.sequence };
        (format!("{place:020}"), view)
    });
    let items = items.collect();
    let page = paged(tx, input, items, input.integer("MaxRecords").unwrap_or(100))?;
    Ok(record! { "AlarmHistoryItems" => page.items, "NextToken" => page.next })
}
