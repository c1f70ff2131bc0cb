//! DB snapshots, those that users make and those that RDS makes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::instance::{self, DbInstance};
use super::storage::Storage;
use super::{arn, engine, event, filters, option_group};
use crate::datastore::tags::{self, Tags};
use crate::datastore::{identifier, invalid_combination, invalid_value, listing};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Handler, Span, Transition};
use crate::value::Value;
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("CreateDBSnapshot", create),
    ("DescribeDBSnapshots", describe),
    ("ModifyDBSnapshot", modify),
    ("DeleteDBSnapshot", delete),
];

pub(super) const SPANS: &[Span] =
    &[Span::new("rds.snapshot.create", 40.0, 180.0), Span::new("rds.snapshot.upgrade", 60.0, 300.0)];

pub(super) const TRANSITIONS: &[(&str, Transition)] = &[
    ("rds.snapshot.available", |tx, pending| {
        tx.change::<DbSnapshot>(&pending.subject, |snapshot| {
            snapshot.status = "available".to_owned();
            snapshot.progress = 100;
        });
        let Some(snapshot) = tx.get::<DbSnapshot>(&pending.subject).cloned() else { return };
        event::of_snapshot(tx, &pending.subject, "creation", "Manual snapshot created");
        if snapshot.source.is_some() {
            return;
        }
        tx.change::<DbInstance>(&snapshot.instance, |instance| {
            if instance.status == "backing-up" {
                instance.status = "available".to_owned();
            }
        });
    }),
    ("rds.snapshot.upgraded", |tx, pending| {
        tx.change::<DbSnapshot>(&pending.subject, |snapshot| {
            snapshot.status = "available".to_owned();
            snapshot.version = snapshot.upgrade.take().unwrap_or_else(|| snapshot.version.clone());
        });
    }),
];

const CREATE: &str = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBSnapshot.html";
const DELETE: &str = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBSnapshot.html";
const MODIFY: &str = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBSnapshot.html";
const DESCRIBE: &str = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBSnapshots.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("rds.snapshot.identifier", "a name is an identifier of at most 255 characters", CREATE),
    Rule::new("rds.snapshot.exists", "names are unique", CREATE),
    Rule::new("rds.snapshot.instance_state", "the instance is available", CREATE),
    Rule::new(
        "rds.snapshot.quota",
        "an account has 100 manual snapshots",
        "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html",
    ),
    Rule::new("rds.snapshot.delete.state", "a snapshot that is deleted is available", DELETE),
    Rule::new("rds.snapshot.delete.manual", "only manual snapshots are deleted", DELETE),
    Rule::new("rds.snapshot.modify.state", "an available manual snapshot is changed", MODIFY),
    Rule::new("rds.snapshot.modify.version", "a snapshot is upgraded to a version that its own leads to", MODIFY),
    Rule::new("rds.snapshot.type", "snapshots are automated, manual, shared, public or awsbackup", DESCRIBE),
];

/// A DB snapshot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DbSnapshot {
    /// Its name, in lower case.
    pub name: String,
    /// The instance it is of.
    pub instance: String,
    /// The instance's own id.
    pub resource: String,
    /// `manual`, `automated`, or `awsbackup` where AWS Backup made it.
    pub kind: String,
    /// `creating` or `available`.
    pub status: String,
    /// Percent done.
    pub progress: i64,
    /// When it was begun.
    pub created: Timestamp,
    /// When the instance was made.
    pub instance_created: Option<Timestamp>,
    /// The storage.
    pub storage: Storage,
    /// The port.
    pub port: i64,
    /// The zone.
    pub zone: String,
    /// The VPC.
    pub vpc: String,
    /// The master user.
    pub username: String,
    /// The database that was made with the instance.
    #[serde(default)]
    pub database: Option<String>,
    /// The version.
    pub version: String,
    /// The ARN of its key, where it is encrypted.
    pub key: Option<String>,
    /// Whether IAM principals may log in.
    pub iam_login: bool,
    /// The ARN of the snapshot that it is a copy of.
    pub source: Option<String>,
    /// Where that one lies.
    pub source_region: Option<String>,
    /// When what it is a copy of was begun.
    pub original: Option<Timestamp>,
    /// Its option group, where it is no default one.
    pub options: Option<String>,
    /// The version that it is being upgraded to.
    pub upgrade: Option<String>,
    /// Its tags.
    pub tags: Tags,
}

impl Row for DbSnapshot {
    const TABLE: &'static str = "rds.snapshot";
    fn id(&self) -> String {
        self.name.clone()
    }
}

impl DbSnapshot {
    pub(super) fn view(&self, tx: &Tx<'_>) -> Value {
        let major = self.version.split('.').next().unwrap_or_default();
        let done = self.status == "available";
        record! {
            "DBSnapshotIdentifier" => &self.name,
            "DBInstanceIdentifier" => &self.instance,
            "SnapshotCreateTime" => done.then_some(self.created),
            "Engine" => "postgres",
            "AllocatedStorage" => self.storage.gigabytes,
            "Status" => &self.status,
            "Port" => self.port,
            "AvailabilityZone" => &self.zone,
            "VpcId" => &self.vpc,
            "InstanceCreateTime" => self.instance_created,
            "MasterUsername" => &self.username,
            "EngineVersion" => &self.version,
            "LicenseModel" => "postgresql-license",
            "SnapshotType" => &self.kind,
            "Iops" => self.storage.iops,
            "StorageThroughput" => self.storage.throughput,
            "OptionGroupName" => self.options.clone().unwrap_or_else(|| format!("default:postgres-{major}")),
            "PercentProgress" => self.progress,
            "SourceRegion" => self.source_region.as_deref(),
            "SourceDBSnapshotIdentifier" => self.source.as_deref(),
            "StorageType" => &self.storage.kind,
            "Encrypted" => self.key.is_some(),
            "KmsKeyId" => self.key.as_deref(),
            "DBSnapshotArn" => arn(tx, "snapshot", &self.name),
            "IAMDatabaseAuthenticationEnabled" => self.iam_login,
            "ProcessorFeatures" => Value::List(Vec::new()),
            "DbiResourceId" => &self.resource,
            "TagList" => self.tags.view(),
            "SnapshotTarget" => "region",
            "OriginalSnapshotCreateTime" => done.then_some(self.original.unwrap_or(self.created)),
            "DedicatedLogVolume" => false,
        }
    }
}

/// The refusal of a snapshot that is not there.
pub(super) fn not_found(name: &str) -> Refusal {
    Refusal::new("DBSnapshotNotFound", format!("DBSnapshot not found: {name}"))
}

/// A new snapshot's name, which nobody has yet.
pub(super) fn new_identifier(tx: &Tx<'_>, parameter: &str, given: &str) -> Result<String, Refusal> {
    let name = identifier::read(tx, "rds.snapshot.identifier", parameter, given, 255)?;
    tx.enforce("rds.snapshot.exists", tx.get::<DbSnapshot>(&name).is_none(), || {
        let message =
            format!("Cannot create the snapshot because a snapshot with the identifier {name} already exists.");
        Refusal::new("DBSnapshotAlreadyExists", message)
    })?;
    let count = tx.rows::<DbSnapshot>().filter(|snapshot| snapshot.kind == "manual").count();
    let most = tx.quota("rds.manual-snapshots");
    tx.enforce("rds.snapshot.quota", i64::try_from(count).is_ok_and(|count| count < most), || {
        Refusal::new("SnapshotQuotaExceeded", format!("Cannot create more than {most} manual snapshots"))
    })?;
    Ok(name)
}

/// Begins a snapshot of an instance.
pub(crate) fn make(tx: &mut Tx<'_>, instance: &DbInstance, name: &str, kind: &str, tags: Tags) -> DbSnapshot {
    let vpc = tx.get::<super::subnet_group::DbSubnetGroup>(&instance.subnet_group);
    let snapshot = DbSnapshot {
        name: name.to_owned(),
        instance: instance.identifier.clone(),
        resource: instance.resource.clone(),
        kind: kind.to_owned(),
        status: "creating".to_owned(),
        progress: 0,
        created: tx.now(),
        instance_created: instance.created,
        storage: instance.storage.clone(),
        port: instance.port,
        zone: instance.zone.clone(),
        vpc: vpc.map_or_else(String::new, |group| group.vpc.clone()),
        username: instance.username.clone(),
        database: instance.database.clone(),
        version: instance.version.clone(),
        key: instance.key.clone(),
        iam_login: instance.iam_login,
        source: None,
        source_region: None,
        original: None,
        options: None,
        upgrade: None,
        tags,
    };
    tx.put(snapshot.clone());
    tx.transition("rds.snapshot.create", "rds.snapshot.available", name);
    snapshot
}

/// The snapshot that RDS has just made of an instance.
pub(super) fn automated(tx: &mut Tx<'_>, instance: &DbInstance) {
    let name = format!("rds:{}-{}", instance.identifier, tx.now().strftime("%Y-%m-%d-%H-%M"));
    let tags = if instance.copy_tags { instance.tags.clone() } else { Tags::default() };
    let mut snapshot = make(tx, instance, &name, "automated", tags);
    tx.cancel("rds.snapshot", &name);
    (snapshot.status, snapshot.progress) = ("available".to_owned(), 100);
    tx.put(snapshot);
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let name = new_identifier(tx, "DBSnapshotIdentifier", input.required("DBSnapshotIdentifier"))?;
    let instance = instance::find(tx, input.required("DBInstanceIdentifier"))?;
    let ready = instance.status == "available" || instance.status == "storage-optimization";
    tx.enforce("rds.snapshot.instance_state", ready, || {
        let message = format!(
            "Cannot create a snapshot because the database instance {} is not currently in the available state.",
            instance.identifier
        );
        Refusal::new("InvalidDBInstanceState", message)
    })?;
    let mut tags = if instance.copy_tags { instance.tags.clone() } else { Tags::default() };
    tags.add(tags::read(tx, "rds.tags", input)?);
    let snapshot = make(tx, &instance, &name, "manual", tags);
    if instance.status == "available" {
        tx.change::<DbInstance>(&instance.identifier, |instance| instance.status = "backing-up".to_owned());
    }
    Ok(record! { "DBSnapshot" => snapshot.view(tx) })
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let names = ["db-instance-id", "db-snapshot-id", "dbi-resource-id", "engine", "snapshot-type"];
    let filters = filters::read(tx, input, &names)?;
    let (name, instance) = (input.text("DBSnapshotIdentifier"), input.text("DBInstanceIdentifier"));
    let (kind, resource) = (input.text("SnapshotType"), input.text("DbiResourceId"));
    let kinds = ["automated", "manual", "shared", "public", "awsbackup"];
    tx.enforce("rds.snapshot.type", kind.is_none_or(|kind| kinds.contains(&kind)), || {
        invalid_value(format!("Invalid snapshot type: {}", kind.unwrap_or_default()))
    })?;
    let (shared, public) = (input.flag("IncludeShared"), input.flag("IncludePublic"));
    tx.enforce("rds.snapshot.type", !((shared || public) && name.is_some()), || {
        invalid_combination("IncludeShared and IncludePublic can't be specified with DBSnapshotIdentifier.")
    })?;
    let bare =
        name.map(|name| name.strip_prefix(arn(tx, "snapshot", "").as_str()).unwrap_or(name).to_ascii_lowercase());
    if let Some(name) = &bare {
        tx.get::<DbSnapshot>(name).ok_or_else(|| not_found(name))?;
    }
    let fits = |snapshot: &&DbSnapshot| {
        bare.as_deref().is_none_or(|name| snapshot.name == name)
            && instance.is_none_or(|instance| snapshot.instance == instance.to_ascii_lowercase())
            && resource.is_none_or(|resource| snapshot.resource == resource)
            && kind.is_none_or(|kind| snapshot.kind == kind)
            && filters.iter().all(|(name, values)| {
                let value = match *name {
                    "db-instance-id" => snapshot.instance.as_str(),
                    "db-snapshot-id" => snapshot.name.as_str(),
                    "dbi-resource-id" => snapshot.resource.as_str(),
                    "engine" => "postgres",
                    _ => snapshot.kind.as_str(),
                };
                values.contains(&value)
            })
    };
    let items =
        tx.rows::<DbSnapshot>().filter(fits).map(|snapshot| (snapshot.name.clone(), snapshot.view(tx))).collect();
    listing::paged(tx, input, "rds.page.size", "DBSnapshots", items)
}

fn modify(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let name = input.required("DBSnapshotIdentifier").to_ascii_lowercase();
    let mut snapshot = tx.get::<DbSnapshot>(&name).cloned().ok_or_else(|| not_found(&name))?;
    let ready = snapshot.kind == "manual" && snapshot.status == "available";
    tx.enforce("rds.snapshot.modify.state", ready, || {
        let message =
            format!("Cannot modify the snapshot because it is not a manual snapshot that is available: {name}");
        Refusal::new("InvalidDBSnapshotState", message)
    })?;
    if let Some(options) = input.text("OptionGroupName") {
        snapshot.options = Some(option_group::find(tx, options)?.name);
    }
    let Some(text) = input.text("EngineVersion") else {
        tx.put(snapshot.clone());
        return Ok(record! { "DBSnapshot" => snapshot.view(tx) });
    };
    let (target, now) = (engine::choose(tx, Some(text))?, engine::choose(tx, Some(&snapshot.version))?);
    let path = target == now || now.targets().any(|version| version == target);
    tx.enforce("rds.snapshot.modify.version", path, || {
        invalid_combination(format!("Cannot upgrade postgres from {} to {}", snapshot.version, target.text()))
    })?;
    if target != now {
        (snapshot.status, snapshot.upgrade) = ("upgrading".to_owned(), Some(target.text()));
        tx.transition("rds.snapshot.upgrade", "rds.snapshot.upgraded", &name);
    }
    tx.put(snapshot.clone());
    Ok(record! { "DBSnapshot" => snapshot.view(tx) })
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let name = input.required("DBSnapshotIdentifier").to_ascii_lowercase();
    let mut snapshot = tx.get::<DbSnapshot>(&name).cloned().ok_or_else(|| not_found(&name))?;
    tx.enforce("rds.snapshot.delete.manual", snapshot.kind == "manual", || {
        Refusal::new("InvalidDBSnapshotState", "Only manual snapshots may be deleted.")
    })?;
    tx.enforce("rds.snapshot.delete.state", snapshot.status == "available", || {
        let message = format!("Cannot delete the snapshot because it is not currently in the available state: {name}");
        Refusal::new("InvalidDBSnapshotState", message)
    })?;
    tx.remove::<DbSnapshot>(&name);
    event::of_snapshot(tx, &name, "deletion", "Deleted manual snapshot");
    snapshot.status = "deleted".to_owned();
    let mut view = snapshot.view(tx);
    view.set("SnapshotCreateTime", snapshot.created);
    Ok(record! { "DBSnapshot" => view })
}
