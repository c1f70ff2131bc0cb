//! `aws_backup_plan`: <https://docs.aws.amazon.com/aws-backup/latest/devguide/about-backup-plans.html>

use std::collections::BTreeSet;

use super::BackupVault;
use super::{form, schedule};
use crate::check::{Findings, Part, View};
use crate::{Arn, Computed, Id, Tags, Value};

/// When backups are taken, where they go and how long they are kept.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let vault = stack.add("backups", BackupVault::new());
/// # let elsewhere = stack.add("elsewhere", BackupVault::new().region("us-west-2"));
/// let daily = BackupRule::new("daily", &vault)
///     .schedule("cron(0 2 * * ? *)")
///     .lifecycle(BackupLifecycle::days(35))
///     .copy_action([BackupCopy::new(&elsewhere).lifecycle(BackupLifecycle::days(35))]);
/// let monthly = BackupRule::new("monthly", &vault)
///     .schedule("cron(0 3 1 * ? *)")
///     .lifecycle(BackupLifecycle::new().cold_storage_after(30).delete_after(365));
/// stack.add("backups", BackupPlan::new("backups", [daily, monthly]));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_backup_plan",
    service = "backup",
    creation = Token,
    create_seconds = 1,
    delete_seconds = 1,
    check = check
)]
pub struct BackupPlan {
    /// The name, for people.
    #[field(
        min_length = 1,
        max_length = 50,
        form = form::BACKUP_NAME
    )]
    name: Value<String>,
    /// The rules.
    #[field(set, min_length = 1)]
    rule: Value<Vec<BackupRule>>,
    /// Tags.
    tags: Option<Value<Tags>>,
    /// The id.
    id: Computed<Id<BackupPlan>>,
    /// The ARN.
    arn: Computed<Arn<BackupPlan>>,
    /// The id of the version that counts: each change makes one.
    #[field(volatile)]
    version: Computed<String>,
}

/// A rule.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct BackupRule {
    /// Its name, unique in the plan.
    #[field(
        min_length = 1,
        max_length = 50,
        form = form::BACKUP_NAME
    )]
    rule_name: Value<String>,
    /// The vault that backups go to.
    #[field(holds = Free)]
    target_vault_name: Value<Id<BackupVault>>,
    /// When backups begin: `cron(...)` of six fields, see
    /// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html>.
    #[field(
        default = "\"cron(0 5 ? * * *)\"",
        pattern = r"cron\(\S+( \S+){5}\)",
        pattern_words = "a schedule is cron(...) of six fields: minutes, hours, day of month, month, day of week, year"
    )]
    schedule: Option<Value<String>>,
    /// The time zone that the schedule is in.
    #[field(default = "\"Etc/UTC\"", form = form::TIME_ZONE)]
    schedule_expression_timezone: Option<Value<String>>,
    /// Within how many minutes a backup has to begin.
    #[field(default = "60", min = 60, max = 52_560_000)]
    start_window: Option<Value<i64>>,
    /// Within how many minutes of its time it has to end.
    #[field(default = "180", min = 120)]
    completion_window: Option<Value<i64>>,
    /// Whether any moment of the last days can be gone back to, where AWS can do that.
    #[field(default = "false")]
    enable_continuous_backup: Option<Value<bool>>,
    /// How long backups are kept; always where nothing is said.
    lifecycle: Option<Value<BackupLifecycle>>,
    /// The tags that backups get.
    recovery_point_tags: Option<Value<Tags>>,
    /// Where backups are copied.
    #[field(set)]
    copy_action: Option<Value<Vec<BackupCopy>>>,
}

/// How long a backup is kept.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct BackupLifecycle {
    /// After how many days it goes to cold storage, where AWS can do that; it stays there for 90 at least.
    #[field(min = 1, max = 36_500)]
    cold_storage_after: Option<Value<i64>>,
    /// After how many days it is deleted.
    #[field(min = 1, max = 36_500)]
    delete_after: Option<Value<i64>>,
}

/// A copy of each backup.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct BackupCopy {
    /// The vault that it goes to, in this region or another.
    #[field(holds = Free)]
    destination_vault_arn: Value<Arn<BackupVault>>,
    /// How long the copy is kept; always where nothing is said.
    lifecycle: Option<Value<BackupLifecycle>>,
}

impl BackupLifecycle {
    /// Deleted after so many days.
    #[must_use]
    pub fn days(days: i64) -> Self {
        Self::new().delete_after(days)
    }
}

fn check(plan: &View<'_>, findings: &mut Findings<'_>) {
    let mut names = BTreeSet::new();
    for rule in plan.part("rule").map(Part::items).unwrap_or_default() {
        let name = rule.text("rule_name").unwrap_or("a rule");
        if rule.text("rule_name").is_some_and(|name| !names.insert(name)) {
            findings.refuse(format!("the plan has two rules called `{name}`"));
        }
        let start = rule.integer("start_window").unwrap_or(60);
        let end = rule.integer("completion_window").unwrap_or(180);
        if end < start + 60 {
            findings.refuse(format!(
                "{name} gives {end} minutes from begin to end; AWS wants 60 more than the {start} to begin in"
            ));
        }
        if let Some(schedule) = rule.text("schedule") {
            if let Some(flaw) = schedule::flaw(schedule) {
                findings.refuse(format!("{name}: in {schedule} {flaw}"));
            } else if schedule::is_hasty(schedule) {
                findings.refuse(format!("{name}: an hour at least lies between two backups, and not in {schedule}"));
            }
        }
        check_lifecycle(name, rule, findings);
        for copy in rule.at("copy_action").map(Part::items).unwrap_or_default() {
            check_lifecycle(name, copy, findings);
        }
        let continuous = rule.at("enable_continuous_backup").and_then(Part::literal).and_then(crate::Datum::as_bool);
        if continuous == Some(true) {
            if rule.at("lifecycle.cold_storage_after").is_some() {
                findings.refuse(format!("{name}: continuous backups do not go to cold storage"));
            }
            if rule.integer("lifecycle.delete_after").is_none_or(|days| days > 35) {
                findings.refuse(format!("{name}: continuous backups are kept for 35 days at most: say `delete_after`"));
            }
        }
    }
}

fn check_lifecycle(name: &str, part: Part<'_>, findings: &mut Findings<'_>) {
    let (cold, deleted) = (part.integer("lifecycle.cold_storage_after"), part.integer("lifecycle.delete_after"));
    if let (Some(cold), Some(deleted)) = (cold, deleted)
        && deleted < cold + 90
    {
        findings.refuse(format!(
            "{name} deletes after {deleted} days what goes to cold storage after {cold}; it stays there for 90 at least"
        ));
    }
}
