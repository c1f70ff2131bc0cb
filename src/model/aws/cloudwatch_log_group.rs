//! `aws_cloudwatch_log_group`: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html>

use super::KmsKey;
use super::form;
use super::kms_key::check_region;
use crate::check::{Findings, View};
use crate::{Arn, Computed, Id, Tags, Value, words};

words! {
    /// What can be done with the events of a log group, and what they cost.
    pub enum LogGroupClass {
        /// All that Logs can do.
        Standard = "STANDARD",
        /// Less, for half the price: no metric filters, no live tail.
        InfrequentAccess = "INFREQUENT_ACCESS",
    }
}

/// Where log events are kept.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// stack.add("api", CloudwatchLogGroup::new().name("/shop/api").retention_in_days(30));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_cloudwatch_log_group",
    service = "logs",
    creation = Name,
    holds_data,
    create_seconds = 1,
    delete_seconds = 1,
    check = check
)]
pub struct CloudwatchLogGroup {
    /// The name, unique in account and region.
    #[field(
        replace,
        computed,
        named,
        min_length = 1,
        max_length = 512,
        pattern = r"[\w./#-]+",
        pattern_words = "letters, digits and _-/.# are taken"
    )]
    name: Option<Value<String>>,
    /// The days that events are kept; 0 is for ever.
    #[field(default = "0", min = 0, max = 3653)]
    retention_in_days: Option<Value<i64>>,
    /// The KMS key that new events are encrypted with; its policy has to let `logs.REGION.amazonaws.com` use it.
    #[field(holds = Free, form = form::KMS_KEY)]
    kms_key_id: Option<Value<Arn<KmsKey>>>,
    /// Its class, which can't change.
    #[field(replace, default = "\"STANDARD\"")]
    log_group_class: Option<Value<LogGroupClass>>,
    /// Whether AWS refuses to delete it.
    #[field(default = "false")]
    deletion_protection_enabled: Option<Value<bool>>,
    /// Tags.
    tags: Option<Value<Tags>>,
    /// The name.
    id: Computed<Id<CloudwatchLogGroup>>,
    /// The ARN, without the `:*` that stands for its streams.
    arn: Computed<Arn<CloudwatchLogGroup>>,
}

/// <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html>, and for ever.
const DAYS: &[i64] =
    &[0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

/// The groups of these names where a service writes: declared beside it they are made before it, since it makes what
/// it does not find, and go after it, since what still writes makes them again.
pub(super) fn written_by<'a>(service: &View<'a>, names: &[String]) -> Vec<View<'a>> {
    let is_one = |group: &View<'a>| {
        group.node().region == service.node().region
            && group.text("name").is_some_and(|name| names.iter().any(|it| it == name))
    };
    service.beside("aws_cloudwatch_log_group").into_iter().filter(is_one).collect()
}

fn check(group: &View<'_>, findings: &mut Findings<'_>) {
    check_region(group, "kms_key_id", findings);
    if let Some(days) = group.integer("retention_in_days").filter(|days| !DAYS.contains(days)) {
        let near = [DAYS.iter().rev().find(|it| **it < days), DAYS.iter().find(|it| **it > days.max(0))];
        let near: Vec<String> = near.into_iter().flatten().map(|days| format!("{days} days")).collect();
        let near = near.join(" or ");
        findings.refuse(format!("Logs keeps events for some numbers of days only: not for {days}, but for {near}"));
    }
    if group.text("name").is_some_and(|name| name.to_ascii_lowercase().starts_with("aws/")) {
        findings.refuse("names that begin with aws/ are AWS's own; those of its services begin with /aws/");
    }
}
