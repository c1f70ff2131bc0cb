//! Automated backups that are copied to another region: asked for there, for an instance that stands elsewhere.
//! <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ReplicateBackups.html>

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::instance::{self, DbInstance};
use super::{arn, tags as limits};
use crate::datastore::tags::{self, Tags};
use crate::datastore::{invalid_combination, invalid_value, key};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Handler, Span, Transition};
use crate::value::Value;
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("StartDBInstanceAutomatedBackupsReplication", start), ("StopDBInstanceAutomatedBackupsReplication", stop)];

/// How long it takes until the first backup is there: AWS says some minutes, and no figure.
pub(super) const SPANS: &[Span] = &[Span::new("rds.backup_replication.start", 60.0, 600.0)];

pub(super) const TRANSITIONS: &[(&str, Transition)] = &[
    ("rds.backup_replication.replicating", |tx, pending| {
        tx.change::<ReplicatedBackup>(&pending.subject, |backup| backup.status = "replicating".to_owned());
    }),
    ("rds.backup_replication.expired", |tx, pending| {
        tx.remove::<ReplicatedBackup>(&pending.subject);
    }),
];

const START: &str =
    "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_StartDBInstanceAutomatedBackupsReplication.html";
const STOP: &str =
    "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_StopDBInstanceAutomatedBackupsReplication.html";
const GUIDE: &str = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/AutomatedBackups.Replicating.Enable.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("rds.backup_replication.region", "backups are copied to another region", GUIDE),
    Rule::new("rds.backup_replication.state", "the source is available, and has automated backups", START),
    Rule::new("rds.backup_replication.once", "an instance's backups are copied to one region", START),
    Rule::new("rds.backup_replication.retention", "copies are kept for 1 to 35 days", START),
    Rule::new("rds.backup_replication.key", "copies of what is encrypted have a key of their own region", GUIDE),
    Rule::new(
        "rds.backup_replication.quota",
        "an account copies the backups of 20 instances to a region",
        "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ReplicateBackups.html",
    ),
    Rule::new("rds.backup_replication.stop", "only what is copied here is stopped", STOP),
];

/// The copies of an instance's backups, in the region that they are copied to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplicatedBackup {
    /// The part of its ARN that is its own.
    pub name: String,
    /// The ARN of the instance.
    pub source: String,
    /// Where the instance stands.
    pub source_region: String,
    /// `pending`, `replicating` or `retained`.
    pub status: String,
    /// For how many days copies are kept.
    pub retention: i64,
    /// The ARN of their key, where they are encrypted.
    pub key: Option<String>,
    /// Since when there are copies.
    pub since: Timestamp,
    /// When copying ended.
    pub stopped: Option<Timestamp>,
    /// The instance as it was.
    pub instance: DbInstance,
    /// Its tags.
    pub tags: Tags,
}

impl Row for ReplicatedBackup {
    const TABLE: &'static str = "rds.replicated_backup";
    fn id(&self) -> String {
        self.instance.resource.clone()
    }
}

impl ReplicatedBackup {
    /// Its ARN, in the region that it lies in.
    pub(super) fn arn(&self, tx: &Tx<'_>) -> String {
        arn(tx, "auto-backup", &self.name)
    }

    pub(super) fn view(&self, tx: &Tx<'_>) -> Value {
        let until = self.stopped.unwrap_or_else(|| tx.now());
        let window = || record! { "EarliestTime" => self.since, "LatestTime" => until };
        record! {
            "DBInstanceArn" => &self.source,
            "DbiResourceId" => &self.instance.resource,
            "Region" => &self.source_region,
            "DBInstanceIdentifier" => &self.instance.identifier,
            "RestoreWindow" => (self.status != "pending").then(window),
            "AllocatedStorage" => self.instance.storage.gigabytes,
            "Status" => &self.status,
            "Port" => self.instance.port,
            "InstanceCreateTime" => self.instance.created,
            "MasterUsername" => &self.instance.username,
            "Engine" => "postgres",
            "EngineVersion" => &self.instance.version,
            "LicenseModel" => "postgresql-license",
            "StorageType" => &self.instance.storage.kind,
            "Encrypted" => self.key.is_some(),
            "KmsKeyId" => self.key.as_deref(),
            "IAMDatabaseAuthenticationEnabled" => self.instance.iam_login,
            "BackupRetentionPeriod" => self.retention,
            "DBInstanceAutomatedBackupsArn" => self.arn(tx),
            "BackupTarget" => "region",
            "TagList" => self.tags.view(),
            "DedicatedLogVolume" => false,
        }
    }
}

/// An instance's region and name, of its ARN.
fn parts<'a>(tx: &Tx<'_>, arn: &'a str) -> Result<(&'a str, &'a str), Refusal> {
    let malformed = || invalid_value(format!("Invalid source DB instance ARN: {arn}"));
    let parts: Vec<&str> = arn.split(':').collect();
    let ["arn", "aws", "rds", region, account, "db", name] = parts[..] else {
        // An instance's bare name leads nowhere from another region, whatever the rule.
        return Err(malformed());
    };
    if account != tx.account() {
        return Err(Refusal::not_simulated("rds backups of another account's instances"));
    }
    Ok((region, name))
}

fn start(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let source = input.required("SourceDBInstanceArn");
    let (region, name) = parts(tx, source)?;
    // It is for GovCloud, and ignored elsewhere.
    let _ = input.text("PreSignedUrl");
    tx.enforce("rds.backup_replication.region", region != tx.region(), || {
        invalid_value("Automated backups can't be replicated to the AWS Region of their DB instance.")
    })?;
    let found = tx.in_region(region, |tx| instance::find(tx, name))?;
    let state = |message: String| Refusal::new("InvalidDBInstanceState", message);
    tx.enforce("rds.backup_replication.state", found.retention > 0, || {
        state(format!("Automated backups are not enabled for the DB instance {name}."))
    })?;
    let ready = ["available", "backing-up", "storage-optimization"].contains(&found.status.as_str());
    tx.enforce("rds.backup_replication.state", ready && found.created.is_some(), || {
        state(format!("DB instance {name} is not in the available state: {}.", found.status))
    })?;
    tx.enforce("rds.backup_replication.once", found.replicated_to.is_none(), || {
        let to = found.replicated_to.as_deref().unwrap_or_default();
        let message = format!("Automated backups of the DB instance {name} are replicated already: {to}.");
        Refusal::new("InvalidDBInstanceAutomatedBackupState", message)
    })?;
    let retention = input.integer("BackupRetentionPeriod").unwrap_or(7);
    tx.enforce("rds.backup_replication.retention", (1..=35).contains(&retention), || {
        invalid_value(format!("Invalid backup retention period: {retention}. Must be between 1 and 35."))
    })?;
    let given = input.text("KmsKeyId");
    tx.enforce("rds.backup_replication.key", given.is_some() || found.key.is_none(), || {
        invalid_combination("KmsKeyId must be specified for the replicated backups of an encrypted DB instance.")
    })?;
    tx.enforce("rds.backup_replication.key", given.is_none() || found.key.is_some(), || {
        invalid_combination("KmsKeyId can't be specified for the replicated backups of an unencrypted DB instance.")
    })?;
    let key = match given {
        Some(_) => Some(key::granted(
            tx,
            super::instance_request::GRANTED,
            "rds.kms.exists",
            given,
            "aws/rds",
            super::instance_request::no_key,
        )?),
        None => None,
    };
    let most = tx.quota("rds.replicated-backups");
    let have = tx.rows::<ReplicatedBackup>().filter(|backup| backup.stopped.is_none()).count();
    tx.enforce("rds.backup_replication.quota", i64::try_from(have).is_ok_and(|have| have < most), || {
        let message = format!("Cannot replicate the automated backups of more than {most} DB instances.");
        Refusal::new("DBInstanceAutomatedBackupQuotaExceeded", message)
    })?;
    let mut tags = Tags::default();
    tags.add(tags::read(tx, "rds.tags", input)?);
    limits::within(tx, &tags)?;
    let kept = tx.get::<ReplicatedBackup>(&found.resource).map(|backup| (backup.name.clone(), backup.since));
    let (own, since) = match kept {
        Some(kept) => kept,
        None => (format!("ab-{}", tx.hex(27)), tx.now()),
    };
    let backup = ReplicatedBackup {
        name: own,
        source: source.to_owned(),
        source_region: region.to_owned(),
        status: "pending".to_owned(),
        retention,
        key,
        since,
        stopped: None,
        instance: found.clone(),
        tags,
    };
    let copies = backup.arn(tx);
    tx.in_region(region, |tx| tx.change::<DbInstance>(&found.identifier, |it| it.replicated_to = Some(copies)));
    tx.cancel("rds.backup_replication", &backup.id());
    tx.put(backup.clone());
    tx.transition("rds.backup_replication.start", "rds.backup_replication.replicating", &backup.id());
    Ok(record! { "DBInstanceAutomatedBackup" => backup.view(tx) })
}

/// What was copied stays for as long as copies are kept.
fn stop(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let source = input.required("SourceDBInstanceArn");
    let (region, name) = parts(tx, source)?;
    let copied = tx.rows::<ReplicatedBackup>().find(|it| it.source == source && it.stopped.is_none()).map(Row::id);
    let Some(id) = copied else {
        tx.in_region(region, |tx| instance::find(tx, name).map(drop))?;
        // Of the words nothing is recorded but their end, by which Terraform's provider knows them:
        // <https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/rds/instance_automated_backups_replication.go>
        let message = format!("DB instance {name} is not replicating to the current region");
        return Err(Refusal::new("InvalidDBInstanceState", message));
    };
    let ended = end(tx, &id);
    tx.in_region(region, |tx| tx.change::<DbInstance>(name, |instance| instance.replicated_to = None));
    let view = ended.map(|backup| backup.view(tx));
    Ok(record! { "DBInstanceAutomatedBackup" => view })
}

/// Ends the copying of an instance's backups.
fn end(tx: &mut Tx<'_>, id: &str) -> Option<ReplicatedBackup> {
    let mut backup = tx.get::<ReplicatedBackup>(id)?.clone();
    tx.cancel("rds.backup_replication", id);
    (backup.status, backup.stopped) = ("retained".to_owned(), Some(tx.now()));
    tx.put(backup.clone());
    tx.after(SignedDuration::from_hours(24 * backup.retention), "rds.backup_replication.expired", id);
    Some(backup)
}

/// With an instance ends what is copied of it.
pub(super) fn deleted(tx: &mut Tx<'_>, instance: &DbInstance) {
    if let Some(region) = instance.replicated_to.as_deref().and_then(|arn| arn.split(':').nth(3)) {
        tx.in_region(region, |tx| end(tx, &instance.resource));
    }
}

/// What an instance's backups are copied to, as views say it.
pub(super) fn replications(instance: &DbInstance) -> Value {
    let copies = instance.replicated_to.iter().map(|arn| record! { "DBInstanceAutomatedBackupsArn" => arn });
    Value::List(copies.collect())
}
