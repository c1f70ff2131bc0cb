//! Backup jobs: asked for by hand or by a plan's rule, begun and done some time later.

use indexmap::IndexMap;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::lifecycle::Lifecycle;
use super::recovery_point::{Creator, RecoveryPoint, id, newest_first};
use super::rule::Copy;
use super::tags::{self, Tags};
use super::vault::{self, Vault};
use super::{arn, copy_job, invalid, paged, resource, selection};
use crate::ec2;
use crate::iam::authorization;
use crate::iam::trust;
use crate::input::Input;
use crate::rds::instance::DbInstance;
use crate::rds::snapshot;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Handler, Span, Transition};
use crate::value::Value;
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("StartBackupJob", start), ("DescribeBackupJob", describe), ("ListBackupJobs", list)];

/// How long a job waits, and how long it takes. AWS has no figures: a job begins within its window, and takes the longer
/// the more there is to read.
pub(super) const SPANS: &[Span] =
    &[Span::new("backup.job.start", 5.0, 120.0), Span::new("backup.job.run", 60.0, 900.0)];

pub(super) const TRANSITIONS: &[(&str, Transition)] = &[
    ("backup.job.started", |tx, pending| {
        let Some(job) = tx.get::<Job>(&pending.subject).cloned() else { return };
        begin(tx, job);
    }),
    ("backup.job.done", |tx, pending| {
        let Some(job) = tx.get::<Job>(&pending.subject).cloned() else { return };
        finish(tx, job);
    }),
];

const START: &str = "https://docs.aws.amazon.com/aws-backup/latest/devguide/API_StartBackupJob.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("backup.job.resource", "what is backed up is there, and can be", START),
    Rule::new(
        "backup.job.role",
        "a job's role exists, trusts AWS Backup and may do what it is for",
        "https://docs.aws.amazon.com/aws-backup/latest/devguide/iam-service-roles.html",
    ),
    Rule::new("backup.job.windows", "a job has an hour to begin in, and longer than that to end in", START),
    Rule::new(
        "backup.job.options",
        "an option is one of the kind that is backed up",
        "https://docs.aws.amazon.com/aws-backup/latest/devguide/API_AdvancedBackupSetting.html",
    ),
];

/// A job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// Its id.
    pub id: String,
    /// The vault's name.
    pub vault: String,
    /// The ARN of what is backed up.
    pub resource: String,
    /// The kind of that.
    pub kind: String,
    /// The name of that.
    pub name: Option<String>,
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
    /// The backup's ARN, once there is one.
    pub point: Option<String>,
    /// How many bytes that has.
    pub bytes: i64,
    /// The key of that.
    pub key: Option<String>,
    /// How long it is kept.
    pub lifecycle: Option<Lifecycle>,
    /// The tags that it gets.
    pub tags: Tags,
    /// Minutes within which the job begins.
    pub start: i64,
    /// Minutes within which it ends.
    pub completion: i64,
    /// What it was asked for in particular.
    pub options: IndexMap<String, String>,
    /// The rule that asked for it.
    pub creator: Option<Creator>,
    /// Where the backup is copied.
    pub copies: Vec<Copy>,
    /// Which request asked for it, in its own words.
    pub token: Option<String>,
}

impl Row for Job {
    const TABLE: &'static str = "backup.job";
    fn id(&self) -> String {
        self.id.clone()
    }
}

/// What a backup is asked for with, by a request or by a plan's rule.
pub(super) struct Order {
    /// The vault's name.
    pub vault: String,
    /// The ARN of what is backed up.
    pub resource: String,
    /// The kind of that.
    pub kind: String,
    /// The name of that.
    pub name: Option<String>,
    /// The role's ARN.
    pub role: String,
    /// How long the backup is kept.
    pub lifecycle: Option<Lifecycle>,
    /// The tags that it gets.
    pub tags: Tags,
    /// Minutes within which the job begins.
    pub start: i64,
    /// Minutes within which it ends.
    pub completion: i64,
}

impl Job {
    /// A job that has not begun.
    pub(super) fn new(tx: &mut Tx<'_>, order: Order) -> Job {
        Job {
            id: tx.uuid(),
            vault: order.vault,
            resource: order.resource,
            kind: order.kind,
            name: order.name,
            role: order.role,
            state: "CREATED".to_owned(),
            message: None,
            created: tx.now(),
            completed: None,
            point: None,
            bytes: 0,
            key: None,
            lifecycle: order.lifecycle,
            tags: order.tags,
            start: order.start,
            completion: order.completion,
            options: IndexMap::new(),
            creator: None,
            copies: Vec::new(),
            token: None,
        }
    }

    fn view(&self, tx: &Tx<'_>) -> Value {
        let windows = |minutes: i64| self.created.checked_add(SignedDuration::from_mins(minutes)).ok();
        let options: crate::value::Record =
            self.options.iter().map(|(name, value)| (name.clone(), Value::from(value))).collect();
        record! {
            "AccountId" => tx.account(),
            "BackupJobId" => &self.id,
            "BackupVaultName" => &self.vault,
            "BackupVaultArn" => arn(tx, &format!("backup-vault:{}", self.vault)),
            "VaultType" => "BACKUP_VAULT",
            "RecoveryPointArn" => &self.point,
            "RecoveryPointLifecycle" => self.lifecycle.as_ref().map(Lifecycle::view),
            "EncryptionKeyArn" => &self.key,
            "IsEncrypted" => self.point.is_some().then_some(self.key.is_some()),
            "ResourceArn" => &self.resource,
            "ResourceType" => &self.kind,
            "ResourceName" => &self.name,
            "CreationDate" => self.created,
            "InitiationDate" => self.created,
            "CompletionDate" => self.completed,
            "State" => &self.state,
            "StatusMessage" => &self.message,
            "PercentDone" => if self.state == "COMPLETED" { "100.0" } else { "0.0" },
            "BackupSizeInBytes" => self.bytes,
            "BytesTransferred" => self.bytes,
            "IamRoleArn" => &self.role,
            "CreatedBy" => self.creator.as_ref().map(|creator| creator.view(tx)),
            "StartBy" => windows(self.start),
            "ExpectedCompletionDate" => windows(self.completion).filter(|_| self.state == "RUNNING"),
            "BackupOptions" => Some(options).filter(|options| !options.is_empty()),
            "IsParent" => false,
            "MessageCategory" => super::category(&self.state),
        }
    }
}

/// Asks for a backup, which begins some time later.
pub(super) fn ask(tx: &mut Tx<'_>, job: Job) {
    let id = job.id.clone();
    tx.put(job);
    tx.transition("backup.job.start", "backup.job.started", &id);
}

fn start(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let vault = vault::find(tx, input)?;
    let (thing, role) = (input.required("ResourceArn"), input.required("IamRoleArn"));
    let (kind, _) = resource::kind(thing)?;
    selection::assumable(tx, "backup.job.role", role)?;
    let token = input.text("IdempotencyToken").map(str::to_owned);
    let again = tx.rows::<Job>().find(|job| token.is_some() && job.token == token);
    if let Some(job) = again {
        return Ok(started(job));
    }
    let found = resource::find(tx, thing);
    // No source has the words, nor those of the windows and options.
    tx.enforce("backup.job.resource", found.is_some(), || {
        Refusal::new("ResourceNotFoundException", format!("Cannot find resource {thing}"))
    })?;
    let flaw = found.as_ref().and_then(|found| found.flaw.clone());
    tx.enforce("backup.job.resource", flaw.is_none(), || {
        Refusal::new("InvalidRequestException", flaw.clone().unwrap_or_default())
    })?;
    let window = input.integer("StartWindowMinutes").unwrap_or(480);
    let completion = input.integer("CompleteWindowMinutes").unwrap_or(window.max(480) + 10_080);
    tx.enforce("backup.job.windows", window >= 60 && completion >= window + 60, || {
        invalid(
            "StartWindowMinutes cannot be less than 60 minutes, and CompleteWindowMinutes must be at least 60 minutes \
             more.",
        )
    })?;
    let lifecycle = Lifecycle::sound(tx, input)?;
    let options = options(tx, input, kind)?;
    let order = Order {
        vault: vault.name,
        resource: thing.to_owned(),
        kind: kind.to_owned(),
        name: found.and_then(|found| found.name),
        role: role.to_owned(),
        lifecycle,
        tags: tags::read(tx, input, "RecoveryPointTags")?,
        start: window,
        completion,
    };
    let job = Job { options, token, ..Job::new(tx, order) };
    let answer = started(&job);
    ask(tx, job);
    Ok(answer)
}

fn started(job: &Job) -> Value {
    record! {
        "BackupJobId" => &job.id,
        "RecoveryPointArn" => &job.point,
        "CreationDate" => job.created,
        "IsParent" => false,
    }
}

/// The options that a request gives, of those that a kind has.
fn options(tx: &Tx<'_>, input: &Input<'_>, kind: &str) -> Result<IndexMap<String, String>, Refusal> {
    let known: &[&str] = match kind {
        "EC2" => &["WindowsVSS"],
        "S3" => &["BackupACLs", "BackupObjectTags"],
        _ => &[],
    };
    let Value::Record(given) = input.whole("BackupOptions") else { return Ok(IndexMap::new()) };
    let mut options = IndexMap::new();
    for (name, value) in given {
        let value = value.text().unwrap_or_default();
        let sound = known.contains(&name.as_str()) && matches!(value, "enabled" | "disabled");
        tx.enforce("backup.job.options", sound, || {
            invalid(format!("Invalid backup option {name} with value {value} for resource type {kind}."))
        })?;
        options.insert(name.clone(), value.to_owned());
    }
    Ok(options)
}

/// Refuses what a job's role may not do; no source has the words but those of a role that can't be assumed.
///
/// # Errors
/// What the job says then.
pub(super) fn may(tx: &Tx<'_>, role: &str, action: &str, on: &str) -> Result<(), String> {
    let on = if action.starts_with("ec2:") { "*" } else { on };
    let why = match trust::role_for(tx, role, selection::AGENT) {
        Ok(known) if authorization::role_may(tx, &known, action, on) => None,
        Ok(_) => Some(format!("IAM Role {role} does not have sufficient permissions to execute the backup: {action}")),
        // What hangs on a condition that is not known here is let through.
        Err(trust::Flaw::Unknown(_)) => None,
        Err(_) => Some(format!("IAM Role {role} cannot be assumed by AWS Backup")),
    };
    match why.filter(|_| tx.rule("backup.job.role")) {
        Some(why) => Err(why),
        None => Ok(()),
    }
}

/// Begins what was asked for, or fails.
fn begin(tx: &mut Tx<'_>, mut job: Job) {
    match opened(tx, &job) {
        Err(message) => fail(tx, job, message),
        Ok(point) => {
            job.state = "RUNNING".to_owned();
            job.point = Some(point.arn.clone());
            (job.bytes, job.key) = (point.bytes, point.key.clone());
            tx.put(point);
            let id = job.id.clone();
            tx.put(job);
            tx.transition("backup.job.run", "backup.job.done", &id);
        }
    }
}

fn fail(tx: &mut Tx<'_>, mut job: Job, message: String) {
    job.state = "FAILED".to_owned();
    job.message = Some(message);
    job.completed = Some(tx.now());
    tx.put(job);
}

/// The backup that a job begins; otherwise why there can be none.
fn opened(tx: &mut Tx<'_>, job: &Job) -> Result<RecoveryPoint, String> {
    let vault = tx.get::<Vault>(&job.vault).cloned().ok_or_else(|| format!("Backup vault {} is gone.", job.vault))?;
    let found = resource::find(tx, &job.resource).ok_or_else(|| format!("Cannot find resource {}", job.resource))?;
    if let Some(flaw) = found.flaw.filter(|_| tx.rule("backup.job.resource")) {
        return Err(flaw);
    }
    may(tx, &job.role, resource::actions(found.kind).0, &found.arn)?;
    // The id of a job stands in the names that are made of it.
    let arn = resource::point_arn(tx, found.kind, &found.id, &format!("job-{}", job.id));
    if let Some((_, name)) = arn.split_once(":snapshot:")
        && let Some(database) = tx.get::<DbInstance>(&found.id).cloned()
    {
        snapshot::make(tx, &database, name, "awsbackup", database.tags.clone());
    }
    // Those of AWS's own are AWS's to give.
    let own = found.tags.into_iter().filter(|(key, _)| !key.to_lowercase().starts_with("aws:"));
    let own: Vec<(String, String)> = own.collect();
    if let Some(id) = resource::snapshot_of(&arn) {
        ec2::snapshot::back_up(tx, id, &found.arn, found.bytes / resource::GIB, found.key.clone(), &own);
    }
    Ok(RecoveryPoint {
        arn,
        vault: job.vault.clone(),
        resource: job.resource.clone(),
        kind: job.kind.clone(),
        name: found.name,
        role: job.role.clone(),
        status: "CREATING".to_owned(),
        created: tx.now(),
        completed: None,
        bytes: found.bytes,
        lifecycle: job.lifecycle.clone(),
        cold: false,
        // What AWS Backup keeps by itself is encrypted as its vault is, the rest as it is in its own service.
        key: if found.kind == "S3" { Some(vault.key) } else { found.key },
        creator: job.creator.clone(),
        source: None,
        tags: own.into_iter().chain(job.tags.clone()).collect(),
    })
}

fn finish(tx: &mut Tx<'_>, mut job: Job) {
    let point = job.point.as_deref().and_then(|arn| tx.get::<RecoveryPoint>(&id(&job.vault, arn)).cloned());
    let Some(point) = point else { return fail(tx, job, "The recovery point is gone.".to_owned()) };
    for copy in &job.copies {
        copy_job::of_rule(tx, &job, &point, copy);
    }
    point.complete(tx);
    job.state = "COMPLETED".to_owned();
    job.completed = Some(tx.now());
    tx.put(job);
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let id = input.required("BackupJobId");
    // No source has the words.
    let missing = || Refusal::new("ResourceNotFoundException", format!("Cannot find Backup job with ID {id}"));
    Ok(tx.get::<Job>(id).ok_or_else(missing)?.view(tx))
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let text = |name: &str| input.text(name);
    let thing = text("ByResourceArn");
    if let Some(thing) = thing {
        resource::kind(thing)?;
    }
    let (state, vault, kind) = (text("ByState"), text("ByBackupVaultName"), text("ByResourceType"));
    let (category, parent) = (text("ByMessageCategory"), text("ByParentJobId"));
    let here = text("ByAccountId").is_none_or(|account| account == tx.account());
    let made = super::between(input, "ByCreatedAfter", "ByCreatedBefore");
    let ended = super::between(input, "ByCompleteAfter", "ByCompleteBefore");
    let by_end = input.has("ByCompleteAfter") || input.has("ByCompleteBefore");
    let oldest = super::listed_since(tx);
    let is_wanted = |job: &&Job| {
        here && parent.is_none()
            && job.created >= oldest
            && thing.is_none_or(|thing| job.resource == thing)
            && state.is_none_or(|state| job.state == state)
            && vault.is_none_or(|vault| job.vault == vault)
            && kind.is_none_or(|kind| job.kind == kind)
            && category.is_none_or(|category| super::category(&job.state) == Some(category))
            && made(job.created)
            && (!by_end || job.completed.is_some_and(&ended))
    };
    let jobs = tx.rows::<Job>().filter(is_wanted);
    let jobs = jobs.map(|job| (newest_first(job.created, &job.id), job.view(tx))).collect();
    paged(tx, input, "BackupJobs", jobs)
}
