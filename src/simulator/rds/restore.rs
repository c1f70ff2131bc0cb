//! Instances made from what another one held: from a snapshot, or as it was at a moment.

use jiff::Timestamp;

use super::automated_backup::RetainedBackup;
use super::backup_replication::ReplicatedBackup;
use super::instance::{self, DbInstance};
use super::instance_request as request;
use super::modification::Pending;
use super::monitoring::{self, Monitoring};
use super::snapshot::DbSnapshot;
use super::storage::{self, Asked, Storage};
use super::subnet_group::DbSubnetGroup;
use super::{arn, engine, master_secret, snapshot, subnet_group};
use crate::datastore::network;
use crate::datastore::{invalid_combination, invalid_value};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Handler, Span};
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("RestoreDBInstanceFromDBSnapshot", from_snapshot), ("RestoreDBInstanceToPointInTime", to_moment)];

pub(super) const SPANS: &[Span] = &[Span::new("rds.instance.create.restore", 420.0, 900.0)];

const SNAPSHOT: &str =
    "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBInstanceFromDBSnapshot.html";
const MOMENT: &str =
    "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBInstanceToPointInTime.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("rds.restore.snapshot_state", "the snapshot is available", SNAPSHOT),
    Rule::new("rds.restore.backups", "an instance without automated backups can't be restored to a moment", MOMENT),
    Rule::new("rds.restore.moment", "the moment is one that backups reach, or the latest there is", MOMENT),
    Rule::new("rds.restore.source", "the source is named in one way", MOMENT),
    Rule::new("rds.restore.engine", "the engine stays", SNAPSHOT),
    Rule::new("rds.restore.storage", "there is no less storage than at the source", SNAPSHOT),
];

/// What a new instance takes over.
struct Source {
    class: Option<String>,
    version: String,
    username: String,
    database: Option<String>,
    storage: Storage,
    threshold: Option<i64>,
    key: Option<String>,
    port: i64,
    iam_login: bool,
    retention: i64,
    subnet_group: Option<String>,
    authority: String,
}

impl Source {
    fn of_instance(from: &DbInstance) -> Source {
        Source {
            class: Some(from.class.clone()),
            version: from.version.clone(),
            username: from.username.clone(),
            database: from.database.clone(),
            storage: from.storage.clone(),
            threshold: from.threshold,
            key: from.key.clone(),
            port: from.port,
            iam_login: from.iam_login,
            retention: from.retention,
            subnet_group: Some(from.subnet_group.clone()),
            authority: from.authority.clone(),
        }
    }

    fn of_snapshot(tx: &Tx<'_>, from: &DbSnapshot) -> Source {
        let home = tx.get::<DbInstance>(&from.instance).filter(|instance| instance.resource == from.resource);
        Source {
            class: home.map(|instance| instance.class.clone()),
            version: from.version.clone(),
            username: from.username.clone(),
            database: from.database.clone(),
            storage: from.storage.clone(),
            threshold: home.and_then(|instance| instance.threshold),
            key: from.key.clone(),
            port: from.port,
            iam_login: from.iam_login,
            retention: home.map_or(1, |instance| instance.retention),
            subnet_group: None,
            authority: "rds-ca-rsa2048-g1".to_owned(),
        }
    }
}

fn from_snapshot(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let Some(given) = input.text("DBSnapshotIdentifier") else {
        return Err(invalid_value("The parameter DBSnapshotIdentifier must be provided and must not be blank."));
    };
    let name = given.strip_prefix(arn(tx, "snapshot", "").as_str()).unwrap_or(given).to_ascii_lowercase();
    let Some(from) = tx.get::<DbSnapshot>(&name).cloned() else { return Err(snapshot::not_found(&name)) };
    tx.enforce("rds.restore.snapshot_state", from.status == "available", || {
        let message = format!("Cannot restore from snapshot {name} because it is not in the available state.");
        Refusal::new("InvalidDBSnapshotState", message)
    })?;
    let source = Source::of_snapshot(tx, &from);
    make(tx, input, input.required("DBInstanceIdentifier"), source)
}

fn to_moment(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let (id, resource) = (input.text("SourceDBInstanceIdentifier"), input.text("SourceDbiResourceId"));
    let backup = input.text("SourceDBInstanceAutomatedBackupsArn");
    let given = [id, resource, backup].iter().flatten().count();
    let copy = tx.rows::<ReplicatedBackup>().find(|one| Some(one.arn(tx).as_str()) == backup).cloned();
    tx.enforce("rds.restore.source", given == 1, || {
        invalid_combination(
            "One of SourceDBInstanceIdentifier, SourceDbiResourceId and SourceDBInstanceAutomatedBackupsArn must be \
             specified.",
        )
    })?;
    let (from, until): (DbInstance, Timestamp) = if let Some(id) = id {
        (instance::find(tx, id)?, tx.now())
    } else if let Some(resource) = resource {
        let found = tx.rows::<DbInstance>().find(|instance| instance.resource == resource);
        let kept = || tx.get::<RetainedBackup>(resource).map(|backup| (backup.instance.clone(), backup.deleted));
        let absent = || Refusal::new("DBInstanceNotFound", format!("DBInstance {resource} not found."));
        found.map(|instance| (instance.clone(), tx.now())).or_else(kept).ok_or_else(absent)?
    } else if let Some(copy) = copy {
        // The first copy is on its way yet.
        tx.enforce("rds.restore.backups", copy.status != "pending", || {
            let message = "The automated backup is not available to be restored.";
            Refusal::new("InvalidDBInstanceAutomatedBackupState", message)
        })?;
        // What is encrypted anew here is so from its beginning here.
        let from = DbInstance { key: copy.key, created: Some(copy.since), ..copy.instance };
        (from, copy.stopped.unwrap_or_else(|| tx.now()))
    } else {
        let arn_of = |name: &str| arn(tx, "auto-backup", name);
        let found = tx.rows::<RetainedBackup>().find(|one| Some(arn_of(&one.name).as_str()) == backup);
        let absent = || {
            let message = format!("No automated backup found for {}.", backup.unwrap_or_default());
            Refusal::new("DBInstanceAutomatedBackupNotFound", message)
        };
        found.map(|backup| (backup.instance.clone(), backup.deleted)).ok_or_else(absent)?
    };
    tx.enforce("rds.restore.backups", from.retention > 0, || {
        let message = format!("Point in time restore is not enabled for the DB instance {}.", from.identifier);
        Refusal::new("PointInTimeRestoreNotEnabled", message)
    })?;
    let (latest, moment) = (input.flag("UseLatestRestorableTime"), input.whole("RestoreTime"));
    let Some(created) = from.created else {
        let message = format!("DB instance {} has no backup yet.", from.identifier);
        return Err(Refusal::new("InvalidDBInstanceState", message));
    };
    match moment {
        Value::Time(moment) => {
            tx.enforce("rds.restore.moment", !latest, || {
                invalid_combination("Only one of RestoreTime and UseLatestRestorableTime can be specified.")
            })?;
            tx.enforce("rds.restore.moment", (created..=until).contains(moment), || {
                invalid_value(format!(
                    "The specified instance cannot be restored to a time earlier than {created} or later than {until}."
                ))
            })?;
        }
        _ => tx.enforce("rds.restore.moment", latest, || {
            invalid_combination("Either RestoreTime or UseLatestRestorableTime must be specified.")
        })?,
    }
    let mut source = Source::of_instance(&from);
    // What is of another region has its subnets there.
    source.subnet_group = source.subnet_group.filter(|name| tx.get::<DbSubnetGroup>(name).is_some());
    make(tx, input, input.required("TargetDBInstanceIdentifier"), source)
}

fn make(tx: &mut Tx<'_>, input: &Input<'_>, identifier: &str, source: Source) -> Result<Value, Refusal> {
    request::inert(tx, input)?;
    let identifier = instance::new_identifier(tx, identifier)?;
    tx.enforce("rds.restore.engine", input.text("Engine").is_none_or(|engine| engine == "postgres"), || {
        invalid_value("The engine must be the one of the source.")
    })?;
    if input.text("DBName").is_some_and(|name| !name.is_empty()) {
        return Err(invalid_combination("DBName must be null when restoring a snapshot of the engine postgres."));
    }
    let version = engine::choose(tx, Some(&source.version))?;
    let class = input.text("DBInstanceClass").map(str::to_owned).or(source.class);
    let class = class.unwrap_or_else(|| "db.t3.medium".to_owned());
    request::class(tx, &class, version)?;
    let group = match input.text("DBSubnetGroupName").or(source.subnet_group.as_deref()) {
        Some(name) => subnet_group::find(tx, name)?,
        None => subnet_group::default(tx)?,
    };
    let ids = input.texts("VpcSecurityGroupIds");
    let security_groups = network::security_groups(tx, "rds.security_group", "DB instance", &ids, &group.vpc)?;
    let multi_az = input.flag("MultiAZ");
    let public = instance::public(tx, input, &group.vpc, None)?;
    let (zone, standby_zone) = instance::zones(tx, &group, input.text("AvailabilityZone"), multi_az)?;
    let asked = Asked::of(input);
    let storage = storage::choose(tx, &asked, Some(&source.storage))?;
    tx.enforce("rds.restore.storage", storage.gigabytes >= source.storage.gigabytes, || {
        invalid_value("The allocated storage must not be less than the source's.")
    })?;
    // A snapshot is restored without the threshold of its instance unless one is asked for.
    let threshold = storage::threshold_after(tx, input, storage.gigabytes, source.threshold)?;
    let parameter_group = instance::parameters(tx, input.text("DBParameterGroupName"), version)?;
    let log_exports = input.texts("EnableCloudwatchLogsExports");
    request::log_exports(tx, &log_exports)?;
    let authority = request::authority(tx, input.text("CACertificateIdentifier"), &source.authority)?;
    let port = request::port(tx, input.integer("Port").unwrap_or(source.port))?;
    let windows = request::windows(tx, input, None)?;
    let retention = request::retention(tx, input.integer("BackupRetentionPeriod").unwrap_or(source.retention))?;
    let monitoring = monitoring::choose(tx, input, &identifier, &Monitoring::default())?;
    let tags = instance::new_tags(tx, input)?;
    let (managed, secret_key) = (input.flag("ManageMasterUserPassword"), input.text("MasterUserSecretKmsKeyId"));
    master_secret::check_managed(tx, managed, false, secret_key.is_some())?;
    let home = arn(tx, "db", &identifier);
    let secret = if managed { Some(master_secret::make(tx, &source.username, &home, secret_key)?) } else { None };
    let stands: Vec<&str> = std::iter::once(zone.as_str()).chain(standby_zone.as_deref()).collect();
    let interfaces = instance::interfaces(tx, &group, &stands, &security_groups)?;
    let made = DbInstance {
        resource: format!("db-{}", tx.capitals(26)),
        class,
        version: source.version,
        status: "creating".to_owned(),
        username: source.username,
        database: source.database,
        created: None,
        storage,
        threshold,
        storage_changed: None,
        key: source.key,
        port,
        multi_az,
        zone,
        standby_zone,
        subnet_group: group.name,
        security_groups,
        interfaces,
        parameter_group,
        parameter_status: "in-sync".to_owned(),
        public,
        auto_minor: input.bool("AutoMinorVersionUpgrade").unwrap_or(true),
        retention,
        backup_window: windows.backup,
        maintenance_window: windows.maintenance,
        copy_tags: input.flag("CopyTagsToSnapshot"),
        protected: input.flag("DeletionProtection"),
        monitoring,
        log_exports: log_exports.into_iter().map(str::to_owned).collect(),
        authority,
        iam_login: input.bool("EnableIAMDatabaseAuthentication").unwrap_or(source.iam_login),
        secret,
        source: None,
        pending: Pending::default(),
        restarts: None,
        keeps_backups: false,
        replicated_to: None,
        tags,
        identifier,
    };
    tx.put(made.clone());
    tx.transition("rds.instance.create.restore", "rds.instance.created", &made.identifier);
    Ok(record! { "DBInstance" => made.view(tx) })
}
