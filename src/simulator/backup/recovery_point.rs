//! Recovery points: the backups in a vault, kept for as long as they are to be.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::lifecycle::Lifecycle;
use super::tags::Tags;
use super::vault::{self, Vault};
use super::{arn, paged, resource, untold};
use crate::ec2::snapshot;
use crate::input::Input;
use crate::rds::snapshot::DbSnapshot;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Handler, Span, Transition};
use crate::value::{Record, Value};
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("DescribeRecoveryPoint", describe),
    ("ListRecoveryPointsByBackupVault", list),
    ("ListProtectedResourcesByBackupVault", protected),
    ("DeleteRecoveryPoint", delete),
];

/// A vault still holds a backup for a moment that is deleted: <https://github.com/go-to-k/delstack/issues/370>.
pub(super) const SPANS: &[Span] = &[Span::new("backup.point.delete", 5.0, 60.0)];

pub(super) const TRANSITIONS: &[(&str, Transition)] = &[
    ("backup.point.gone", |tx, pending| gone(tx, &pending.subject)),
    ("backup.point.expired", |tx, pending| gone(tx, &pending.subject)),
    ("backup.point.cold", |tx, pending| {
        tx.change::<RecoveryPoint>(&pending.subject, |point| point.cold = true);
    }),
];

pub(super) const RULES: &[Rule] = &[Rule::new(
    "backup.point.busy",
    "a backup that is being made or deleted is not deleted",
    "https://docs.aws.amazon.com/aws-backup/latest/devguide/API_DeleteRecoveryPoint.html",
)];

/// A backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecoveryPoint {
    /// Its ARN.
    pub arn: String,
    /// The vault's name.
    pub vault: String,
    /// The ARN of what it is of.
    pub resource: String,
    /// The kind of that.
    pub kind: String,
    /// The name of that.
    pub name: Option<String>,
    /// The ARN of the role that made it.
    pub role: String,
    /// `CREATING`, `COMPLETED` or `DELETING`.
    pub status: String,
    /// When it was begun.
    pub created: Timestamp,
    /// When it was done.
    pub completed: Option<Timestamp>,
    /// How many bytes it has.
    pub bytes: i64,
    /// How long it is kept.
    pub lifecycle: Option<Lifecycle>,
    /// Whether it is in cold storage.
    pub cold: bool,
    /// The ARN of the key that it is encrypted with.
    pub key: Option<String>,
    /// The rule that asked for it.
    pub creator: Option<Creator>,
    /// The ARN of the vault that it was copied from.
    pub source: Option<String>,
    /// Its tags.
    pub tags: Tags,
}

/// A plan's rule, as it was when it asked for a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Creator {
    /// The plan's id.
    pub plan: String,
    /// The plan's name.
    pub plan_name: String,
    /// The plan's version.
    pub version: String,
    /// The rule's id.
    pub rule: String,
    /// The rule's name.
    pub rule_name: String,
    /// The rule's schedule.
    pub schedule: String,
    /// The time zone of that.
    pub timezone: String,
}

impl Row for RecoveryPoint {
    const TABLE: &'static str = "backup.recovery_point";
    fn id(&self) -> String {
        id(&self.vault, &self.arn)
    }
    fn key(&self) -> Option<&str> {
        Some(&self.vault)
    }
}

/// The id of a row.
pub(super) fn id(vault: &str, arn: &str) -> String {
    format!("{vault}/{arn}")
}

impl Creator {
    pub(super) fn view(&self, tx: &Tx<'_>) -> Value {
        record! {
            "BackupPlanId" => &self.plan,
            "BackupPlanArn" => arn(tx, &format!("backup-plan:{}", self.plan)),
            "BackupPlanName" => &self.plan_name,
            "BackupPlanVersion" => &self.version,
            "BackupRuleId" => &self.rule,
            "BackupRuleName" => &self.rule_name,
            "BackupRuleCron" => &self.schedule,
            "BackupRuleTimezone" => &self.timezone,
        }
    }
}

impl RecoveryPoint {
    /// What lists and descriptions have.
    fn view(&self, tx: &Tx<'_>) -> Value {
        let lifecycle = self.lifecycle.as_ref();
        let cold_at = lifecycle.and_then(|lifecycle| lifecycle.cold_at(self.created, &self.kind));
        let deleted_at = lifecycle.and_then(|lifecycle| lifecycle.deleted_at(self.created));
        record! {
            "RecoveryPointArn" => &self.arn,
            "BackupVaultName" => &self.vault,
            "BackupVaultArn" => arn(tx, &format!("backup-vault:{}", self.vault)),
            "SourceBackupVaultArn" => &self.source,
            "ResourceArn" => &self.resource,
            "ResourceType" => &self.kind,
            "ResourceName" => &self.name,
            "CreatedBy" => self.creator.as_ref().map(|creator| creator.view(tx)),
            "IamRoleArn" => &self.role,
            "Status" => &self.status,
            "CreationDate" => self.created,
            "InitiationDate" => self.created,
            "CompletionDate" => self.completed,
            "BackupSizeInBytes" => self.bytes,
            "CalculatedLifecycle" => record! { "MoveToColdStorageAt" => cold_at, "DeleteAt" => deleted_at },
            "Lifecycle" => lifecycle.map(Lifecycle::view),
            "EncryptionKeyArn" => &self.key,
            "IsEncrypted" => self.key.is_some(),
            "IsParent" => false,
            "VaultType" => "BACKUP_VAULT",
            "EncryptionKeyType" => self.key.as_ref().map(|key| vault::key_type(tx, key)),
        }
    }

    /// Is done now, and kept for as long as it is to be.
    pub(super) fn complete(mut self, tx: &mut Tx<'_>) {
        let (now, id) = (tx.now(), self.id());
        self.status = "COMPLETED".to_owned();
        self.completed = Some(now);
        let lifecycle = self.lifecycle.clone().unwrap_or_default();
        let moments = [
            ("backup.point.cold", lifecycle.cold_at(self.created, &self.kind)),
            ("backup.point.expired", lifecycle.deleted_at(self.created)),
        ];
        if let Some(snapshot) = resource::snapshot_of(&self.arn) {
            snapshot::complete(tx, snapshot);
        }
        tx.put(self);
        for (transition, at) in moments {
            if let Some(at) = at {
                tx.after(at.duration_since(now), transition, &id);
            }
        }
    }
}

/// Takes a backup away, and what its service has of it.
fn gone(tx: &mut Tx<'_>, id: &str) {
    tx.cancel("backup.point", id);
    let Some(point) = tx.remove::<RecoveryPoint>(id) else { return };
    if let Some((_, name)) = point.arn.split_once(":snapshot:") {
        tx.remove::<DbSnapshot>(name);
    }
    if let Some(id) = resource::snapshot_of(&point.arn) {
        snapshot::remove(tx, id);
    }
}

/// The backup that a request names, in its vault.
///
/// # Errors
/// When the vault or the backup is not there.
fn find(tx: &Tx<'_>, input: &Input<'_>) -> Result<RecoveryPoint, Refusal> {
    let vault = of_account(tx, input)?;
    named(tx, &vault.name, input.required("RecoveryPointArn"))
}

/// The vault that a request names, which is of the caller's account.
fn of_account(tx: &Tx<'_>, input: &Input<'_>) -> Result<Vault, Refusal> {
    match input.text("BackupVaultAccountId") {
        Some(account) if account != tx.account() => Err(untold()),
        _ => vault::find(tx, input),
    }
}

/// The backup of that ARN in a vault.
///
/// # Errors
/// When it is not there.
pub(super) fn named(tx: &Tx<'_>, vault: &str, arn: &str) -> Result<RecoveryPoint, Refusal> {
    let found = tx.get::<RecoveryPoint>(&id(vault, arn)).cloned();
    // No source has the words.
    found.ok_or_else(|| Refusal::new("ResourceNotFoundException", format!("Cannot find recovery point {arn}")))
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let point = find(tx, input)?;
    let mut answer = point.view(tx);
    answer.set("StorageClass", if point.cold { "COLD" } else { "WARM" });
    Ok(answer)
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let vault = of_account(tx, input)?;
    let of = input.text("ByResourceArn");
    if let Some(of) = of {
        resource::kind(of)?;
    }
    let (kind, plan) = (input.text("ByResourceType"), input.text("ByBackupPlanId"));
    let between = super::between(input, "ByCreatedAfter", "ByCreatedBefore");
    // None here has parts.
    let parent = input.text("ByParentRecoveryPointArn");
    let is_wanted = |point: &&RecoveryPoint| {
        of.is_none_or(|of| point.resource == of)
            && kind.is_none_or(|kind| point.kind == kind)
            && plan.is_none_or(|plan| point.creator.as_ref().is_some_and(|creator| creator.plan == plan))
            && between(point.created)
            && parent.is_none()
    };
    let points = tx.keyed::<RecoveryPoint>(&vault.name).filter(is_wanted);
    let points = points.map(|point| (newest_first(point.created, &point.arn), point.view(tx))).collect();
    paged(tx, input, "RecoveryPoints", points)
}

/// What a list is sorted by that begins with the newest.
pub(super) fn newest_first(made: Timestamp, name: &str) -> String {
    format!("{:020}{name}", i64::MAX - made.as_microsecond())
}

fn protected(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let vault = of_account(tx, input)?;
    let mut latest: std::collections::BTreeMap<&str, &RecoveryPoint> = std::collections::BTreeMap::new();
    for point in tx.keyed::<RecoveryPoint>(&vault.name).filter(|point| point.completed.is_some()) {
        let last = latest.entry(&point.resource).or_insert(point);
        if point.created > last.created {
            *last = point;
        }
    }
    let things = latest.into_values().map(|point| {
        let thing = record! {
            "ResourceArn" => &point.resource,
            "ResourceType" => &point.kind,
            "ResourceName" => &point.name,
            "LastBackupTime" => point.created,
            "LastBackupVaultArn" => vault.arn(tx),
            "LastRecoveryPointArn" => &point.arn,
        };
        (point.resource.clone(), thing)
    });
    let things = things.collect();
    paged(tx, input, "Results", things)
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut point = find(tx, input)?;
    tx.enforce("backup.point.busy", point.status == "COMPLETED", || {
        // No source has the words but those that describe the code.
        let message = "AWS Backup is already performing an action on this recovery point. It can't perform the action \
                       you requested until the first action finishes. Try again later.";
        Refusal::new("InvalidResourceStateException", message)
    })?;
    let id = point.id();
    tx.cancel("backup.point", &id);
    point.status = "DELETING".to_owned();
    tx.put(point);
    tx.transition("backup.point.delete", "backup.point.gone", &id);
    Ok(Value::Record(Record::new()))
}
