//! Copy jobs: a backup goes to another vault, also of another region. Other accounts are reached through an organization,
//! of which there is none here.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::job::{self, Job};
use super::lifecycle::Lifecycle;
use super::recovery_point::{self, Creator, RecoveryPoint, newest_first};
use super::rule::{Copy, vault_of};
use super::vault::Vault;
use super::{arn, invalid, paged, resource, selection};
use crate::ec2::snapshot;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Handler, Span, Transition};
use crate::value::Value;
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("StartCopyJob", start), ("DescribeCopyJob", describe), ("ListCopyJobs", list)];

pub(super) const SPANS: &[Span] =
    &[Span::new("backup.copy.start", 2.0, 30.0), Span::new("backup.copy.run", 60.0, 900.0)];

pub(super) const TRANSITIONS: &[(&str, Transition)] = &[
    ("backup.copy.started", |tx, pending| {
        let running = tx.change::<CopyJob>(&pending.subject, |copy| copy.state = "RUNNING".to_owned());
        if running {
            tx.transition("backup.copy.run", "backup.copy.done", &pending.subject);
        }
    }),
    ("backup.copy.done", |tx, pending| {
        let Some(mut copy) = tx.get::<CopyJob>(&pending.subject).cloned() else { return };
        match made(tx, &copy) {
            Ok(point) => {
                copy.state = "COMPLETED".to_owned();
                copy.point = Some(point);
            }
            Err(message) => {
                copy.state = "FAILED".to_owned();
                copy.message = Some(message);
            }
        }
        copy.completed = Some(tx.now());
        tx.put(copy);
    }),
];

const START: &str = "https://docs.aws.amazon.com/aws-backup/latest/devguide/API_StartCopyJob.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("backup.copy.vault", "a copy goes to a vault, named by its ARN", START),
    Rule::new("backup.copy.ready", "a backup is copied once it is done", START),
];

/// A copy job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CopyJob {
    /// Its id.
    pub id: String,
    /// The name of the vault that it copies from.
    pub vault: String,
    /// The ARN of the backup.
    pub source: String,
    /// The ARN of the vault that it copies to.
    pub target: String,
    /// The ARN of what the backup is of.
    pub resource: String,
    /// The kind of that.
    pub kind: String,
    /// The name of that.
    pub name: Option<String>,
    /// How many bytes it has.
    pub bytes: i64,
    /// The role's ARN.
    pub role: String,
    /// `CREATED`, `RUNNING`, `COMPLETED` or `FAILED`.
    pub state: String,
    /// Why it failed.
    pub message: Option<String>,
    /// When it was asked for.
    pub created: Timestamp,
    /// When it ended.
    pub completed: Option<Timestamp>,
    /// How long the copy is kept.
    pub lifecycle: Option<Lifecycle>,
    /// The copy's ARN, once it is there.
    pub point: Option<String>,
    /// The rule that asked for it.
    pub creator: Option<Creator>,
    /// The job that made the backup, where it asked for the copy.
    pub by: Option<String>,
    /// Which request asked for it, in its own words.
    pub token: Option<String>,
}

impl Row for CopyJob {
    const TABLE: &'static str = "backup.copy_job";
    fn id(&self) -> String {
        self.id.clone()
    }
}

impl CopyJob {
    fn view(&self, tx: &Tx<'_>) -> Value {
        record! {
            "AccountId" => tx.account(),
            "CopyJobId" => &self.id,
            "SourceBackupVaultArn" => arn(tx, &format!("backup-vault:{}", self.vault)),
            "SourceRecoveryPointArn" => &self.source,
            "DestinationBackupVaultArn" => &self.target,
            "DestinationVaultType" => "BACKUP_VAULT",
            "DestinationRecoveryPointArn" => &self.point,
            "DestinationRecoveryPointLifecycle" => self.lifecycle.as_ref().map(Lifecycle::view),
            "ResourceArn" => &self.resource,
            "ResourceType" => &self.kind,
            "ResourceName" => &self.name,
            "CreationDate" => self.created,
            "CompletionDate" => self.completed,
            "State" => &self.state,
            "StatusMessage" => &self.message,
            "BackupSizeInBytes" => self.bytes,
            "IamRoleArn" => &self.role,
            "CreatedBy" => self.creator.as_ref().map(|creator| creator.view(tx)),
            "CreatedByBackupJobId" => &self.by,
            "IsParent" => false,
            "MessageCategory" => super::category(&self.state),
        }
    }
}

/// A copy of a backup as its role asks for it.
fn asked(tx: &mut Tx<'_>, point: &RecoveryPoint, target: &str, role: &str, lifecycle: Option<Lifecycle>) -> CopyJob {
    CopyJob {
        id: tx.uuid(),
        vault: point.vault.clone(),
        source: point.arn.clone(),
        target: target.to_owned(),
        resource: point.resource.clone(),
        kind: point.kind.clone(),
        name: point.name.clone(),
        bytes: point.bytes,
        role: role.to_owned(),
        state: "CREATED".to_owned(),
        message: None,
        created: tx.now(),
        completed: None,
        lifecycle,
        point: None,
        creator: None,
        by: None,
        token: None,
    }
}

fn ask(tx: &mut Tx<'_>, copy: CopyJob) {
    let id = copy.id.clone();
    tx.put(copy);
    tx.transition("backup.copy.start", "backup.copy.started", &id);
}

/// Asks for the copy that a plan's rule wants of a backup that is done.
pub(super) fn of_rule(tx: &mut Tx<'_>, job: &Job, point: &RecoveryPoint, wanted: &Copy) {
    let copy = asked(tx, point, &wanted.vault, &job.role, wanted.lifecycle.clone());
    ask(tx, CopyJob { creator: job.creator.clone(), by: Some(job.id.clone()), ..copy });
}

fn start(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let (target, role) = (input.required("DestinationBackupVaultArn"), input.required("IamRoleArn"));
    let source = input.required("SourceBackupVaultName");
    if tx.get::<Vault>(source).is_none() {
        return Err(super::untold());
    }
    let point = recovery_point::named(tx, source, input.required("RecoveryPointArn"))?;
    // No source has the words, nor the next ones.
    tx.enforce("backup.copy.vault", vault_of(target).is_some(), || {
        invalid(format!("Invalid destination backup vault ARN {target}"))
    })?;
    selection::assumable(tx, "backup.job.role", role)?;
    tx.enforce("backup.copy.ready", point.status == "COMPLETED", || {
        Refusal::new("InvalidRequestException", format!("Recovery point {} is not completed.", point.arn))
    })?;
    let lifecycle = Lifecycle::sound(tx, input)?;
    let token = input.text("IdempotencyToken").map(str::to_owned);
    let again = tx.rows::<CopyJob>().find(|copy| token.is_some() && copy.token == token).cloned();
    let copy = match again {
        Some(copy) => copy,
        None => {
            let copy = CopyJob { token, ..asked(tx, &point, target, role, lifecycle) };
            ask(tx, copy.clone());
            copy
        }
    };
    Ok(record! { "CopyJobId" => &copy.id, "CreationDate" => copy.created, "IsParent" => false })
}

/// Makes the copy; otherwise why it can't be. No source has the words.
fn made(tx: &mut Tx<'_>, copy: &CopyJob) -> Result<String, String> {
    let gone = || format!("Cannot find recovery point {}", copy.source);
    let point = tx.get::<RecoveryPoint>(&recovery_point::id(&copy.vault, &copy.source)).cloned();
    let point = point.filter(|point| point.status == "COMPLETED").ok_or_else(gone)?;
    let (region, account, name) = vault_of(&copy.target).ok_or_else(|| format!("Invalid ARN: {}", copy.target))?;
    if account != tx.account() {
        return Err(format!("Account {account} is not part of the same organization."));
    }
    job::may(tx, &copy.role, resource::actions(&copy.kind).1, &copy.source)?;
    let from = arn(tx, &format!("backup-vault:{}", copy.vault));
    tx.in_region(region, |tx| {
        let vault = tx.get::<Vault>(name).cloned();
        let vault = vault.ok_or_else(|| format!("Backup vault {} does not exist.", copy.target))?;
        let id = point.resource.rsplit([':', '/']).next().unwrap_or_default().to_owned();
        let arn = resource::point_arn(tx, &point.kind, &id, &format!("copyjob-{}", copy.id));
        let made = RecoveryPoint {
            arn: arn.clone(),
            vault: vault.name,
            created: tx.now(),
            lifecycle: copy.lifecycle.clone(),
            cold: false,
            key: Some(vault.key),
            source: Some(from),
            ..point
        };
        if let Some(snapshot) = resource::snapshot_of(&arn) {
            snapshot::back_up(tx, snapshot, &made.resource, made.bytes / resource::GIB, made.key.clone(), &[]);
        }
        made.complete(tx);
        Ok(arn)
    })
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let id = input.required("CopyJobId");
    // No source has the words.
    let missing = || Refusal::new("ResourceNotFoundException", format!("Cannot find Copy job with ID {id}"));
    let copy = tx.get::<CopyJob>(id).ok_or_else(missing)?;
    Ok(record! { "CopyJob" => copy.view(tx) })
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let text = |name: &str| input.text(name);
    let thing = text("ByResourceArn");
    if let Some(thing) = thing {
        resource::kind(thing)?;
    }
    let (state, target, kind) = (text("ByState"), text("ByDestinationVaultArn"), text("ByResourceType"));
    let (category, parent, source) =
        (text("ByMessageCategory"), text("ByParentJobId"), text("BySourceRecoveryPointArn"));
    let here = text("ByAccountId").is_none_or(|account| account == tx.account());
    let made = super::between(input, "ByCreatedAfter", "ByCreatedBefore");
    let ended = super::between(input, "ByCompleteAfter", "ByCompleteBefore");
    let by_end = input.has("ByCompleteAfter") || input.has("ByCompleteBefore");
    let oldest = super::listed_since(tx);
    let is_wanted = |copy: &&CopyJob| {
        here && parent.is_none()
            && copy.created >= oldest
            && thing.is_none_or(|thing| copy.resource == thing)
            && state.is_none_or(|state| copy.state == state)
            && target.is_none_or(|target| copy.target == target)
            && kind.is_none_or(|kind| copy.kind == kind)
            && source.is_none_or(|source| copy.source == source)
            && category.is_none_or(|category| super::category(&copy.state) == Some(category))
            && made(copy.created)
            && (!by_end || copy.completed.is_some_and(&ended))
    };
    let jobs = tx.rows::<CopyJob>().filter(is_wanted);
    let jobs = jobs.map(|copy| (newest_first(copy.created, &copy.id), copy.view(tx))).collect();
    paged(tx, input, "CopyJobs", jobs)
}
