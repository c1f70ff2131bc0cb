//! A plan's rules: when a backup is taken, where it goes, how long it is kept and where it is copied.

use serde::{Deserialize, Serialize};

use super::invalid;
use super::lifecycle::Lifecycle;
use super::schedule::{self, Schedule};
use super::tags::{self, Tags};
use super::vault::Vault;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::value::Value;
use crate::world::Tx;

const RULE: &str = "https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupRuleInput.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("backup.rule.schedule", "a schedule is a cron expression", RULE),
    Rule::new("backup.rule.often", "an hour at least lies between two backups", RULE),
    Rule::new("backup.rule.timezone", "a schedule's time zone is one of the tz database's", RULE),
    Rule::new("backup.rule.windows", "a backup has an hour to begin in, and longer than that to end in", RULE),
    Rule::new("backup.rule.vault", "a rule's vault exists", RULE),
    Rule::new(
        "backup.rule.copy",
        "a copy goes to a vault, named by its ARN",
        "https://docs.aws.amazon.com/aws-backup/latest/devguide/API_CopyAction.html",
    ),
    Rule::new(
        "backup.rule.continuous",
        "a continuous backup is kept for at most 35 days and never in cold storage",
        "https://docs.aws.amazon.com/aws-backup/latest/devguide/point-in-time-recovery.html",
    ),
];

/// A copy to another vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Copy {
    /// The vault's ARN.
    pub vault: String,
    /// How long the copy is kept.
    pub lifecycle: Option<Lifecycle>,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupRule {
    /// Its id, of AWS's.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The name of the vault that backups go to.
    pub vault: String,
    /// When they begin.
    pub schedule: String,
    /// In which time zone that is.
    pub timezone: String,
    /// Within how many minutes one has to begin.
    pub start: i64,
    /// Within how many minutes it has to end.
    pub completion: i64,
    /// How long it is kept.
    pub lifecycle: Option<Lifecycle>,
    /// The tags that backups get.
    pub tags: Tags,
    /// Where they are copied.
    pub copies: Vec<Copy>,
    /// Whether any moment can be gone back to.
    pub continuous: bool,
}

impl BackupRule {
    /// As answers show it.
    pub(super) fn view(&self) -> Value {
        let copies = self.copies.iter().map(|copy| {
            record! {
                "DestinationBackupVaultArn" => &copy.vault,
                "Lifecycle" => copy.lifecycle.as_ref().map(Lifecycle::view),
            }
        });
        record! {
            "RuleId" => &self.id,
            "RuleName" => &self.name,
            "TargetBackupVaultName" => &self.vault,
            "ScheduleExpression" => &self.schedule,
            "ScheduleExpressionTimezone" => &self.timezone,
            "StartWindowMinutes" => self.start,
            "CompletionWindowMinutes" => self.completion,
            "Lifecycle" => self.lifecycle.as_ref().map(Lifecycle::view),
            "RecoveryPointTags" => Some(tags::view(&self.tags)).filter(|_| !self.tags.is_empty()),
            "CopyActions" => Some(copies.collect::<Vec<_>>()).filter(|copies| !copies.is_empty()),
            "EnableContinuousBackup" => self.continuous,
        }
    }

    /// Without the id that AWS gives, by which two that are the same differ.
    pub(super) fn bare(&self) -> BackupRule {
        BackupRule { id: String::new(), ..self.clone() }
    }
}

/// A refusal of a rule, as <https://github.com/hashicorp/terraform-provider-aws/issues/24960> shows one.
fn wrong(rule: &str, why: &str) -> Refusal {
    invalid(format!("Error in rule {rule} : {why}"))
}

/// The rules that a plan is given. `known` are those that it has: one that keeps its name keeps its id.
pub(super) fn read(tx: &mut Tx<'_>, plan: &Input<'_>, known: &[BackupRule]) -> Result<Vec<BackupRule>, Refusal> {
    let mut rules: Vec<BackupRule> = Vec::new();
    for given in plan.records("Rules") {
        let name = given.required("RuleName");
        // Of two with one name each keeps its own.
        let taken = |id: &str| rules.iter().any(|rule: &BackupRule| rule.id == id);
        let id = known.iter().find(|rule| rule.name == name && !taken(&rule.id)).map(|rule| rule.id.clone());
        let id = id.unwrap_or_else(|| tx.uuid());
        let rule = BackupRule {
            id,
            name: name.to_owned(),
            vault: given.required("TargetBackupVaultName").to_owned(),
            schedule: given.text("ScheduleExpression").unwrap_or("cron(0 5 ? * * *)").to_owned(),
            timezone: given.text("ScheduleExpressionTimezone").unwrap_or("Etc/UTC").to_owned(),
            start: given.integer("StartWindowMinutes").unwrap_or(480),
            completion: given.integer("CompletionWindowMinutes").unwrap_or(10_080),
            lifecycle: Lifecycle::read(&given),
            tags: tags::read(tx, &given, "RecoveryPointTags")?,
            copies: given
                .records("CopyActions")
                .iter()
                .map(|copy| Copy {
                    vault: copy.required("DestinationBackupVaultArn").to_owned(),
                    lifecycle: Lifecycle::read(copy),
                })
                .collect(),
            continuous: given.flag("EnableContinuousBackup"),
        };
        check(tx, &rule)?;
        rules.push(rule);
    }
    Ok(rules)
}

fn check(tx: &Tx<'_>, rule: &BackupRule) -> Result<(), Refusal> {
    let name = rule.name.as_str();
    // Of the words about schedules, windows and vaults no source has any.
    let schedule = Schedule::read(&rule.schedule);
    tx.enforce("backup.rule.schedule", schedule.is_some(), || {
        wrong(name, &format!("Invalid schedule expression {}", rule.schedule))
    })?;
    // <https://repost.aws/questions/QUwYlivOoWTHi1nSuSGjTVFg/error-scheduling-backup-every-ten-minutes-in-aws-backup>
    tx.enforce("backup.rule.often", !schedule.is_some_and(|schedule| schedule.is_hasty()), || {
        wrong(name, "The interval between backup jobs shouldn't be less than 60 minutes.")
    })?;
    tx.enforce("backup.rule.timezone", schedule::zone(&rule.timezone).is_some(), || {
        wrong(name, &format!("Invalid schedule expression timezone {}", rule.timezone))
    })?;
    tx.enforce("backup.rule.windows", rule.start >= 60 && rule.start <= 52_560_000, || {
        wrong(name, "Invalid start window. StartWindowMinutes cannot be less than 60 minutes")
    })?;
    tx.enforce("backup.rule.windows", rule.completion >= rule.start + 60, || {
        wrong(
            name,
            "Invalid completion window. CompletionWindowMinutes must be at least 60 minutes more than the start window",
        )
    })?;
    tx.enforce("backup.rule.vault", tx.get::<Vault>(&rule.vault).is_some(), || {
        wrong(name, &format!("Backup vault {} does not exist", rule.vault))
    })?;
    let within = |why: &str| wrong(name, why);
    for lifecycle in rule.lifecycle.iter().chain(rule.copies.iter().filter_map(|copy| copy.lifecycle.as_ref())) {
        lifecycle.check(tx, &within)?;
    }
    for copy in &rule.copies {
        tx.enforce("backup.rule.copy", vault_of(&copy.vault).is_some(), || {
            wrong(name, &format!("Invalid destination backup vault ARN {}", copy.vault))
        })?;
    }
    if rule.continuous {
        let cold = rule.lifecycle.as_ref().is_some_and(|lifecycle| lifecycle.cold.is_some());
        // <https://github.com/lgallard/terraform-aws-backup/issues/40>
        tx.enforce("backup.rule.continuous", !cold, || {
            wrong(name, "Invalid lifecycle. MoveToColdStorageAfterDays is unavailable")
        })?;
        let days = rule.lifecycle.as_ref().and_then(|lifecycle| lifecycle.deleted);
        // No source has the words.
        tx.enforce("backup.rule.continuous", days.is_some_and(|days| days <= 35), || {
            wrong(name, "Invalid lifecycle. DeleteAfterDays cannot be more than 35 days for continuous backups")
        })?;
    }
    Ok(())
}

/// The region, account and name in a vault's ARN; vaults of other regions and accounts are not looked for before a copy
/// is made.
pub(super) fn vault_of(arn: &str) -> Option<(&str, &str, &str)> {
    let parts: Vec<&str> = arn.split(':').collect();
    match parts[..] {
        ["arn", "aws", "backup", region, account, "backup-vault", name]
            if !region.is_empty() && account.len() == 12 && name.len() >= 2 =>
        {
            Some((region, account, name))
        }
        _ => None,
    }
}
