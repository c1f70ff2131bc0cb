//! Read replicas, and how they come to stand on their own.

use super::instance::{self, DbInstance};
use super::instance_request as request;
use super::modification::Pending;
use super::monitoring::{self, Monitoring};
use super::storage::{self, Asked};
use super::subnet_group::{self, DbSubnetGroup};
use super::{arn, engine};
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
    &[("CreateDBInstanceReadReplica", create), ("PromoteReadReplica", promote)];

pub(super) const SPANS: &[Span] = &[Span::new("rds.instance.create.replica", 360.0, 720.0)];

const CREATE: &str = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstanceReadReplica.html";
const MANAGED: &str = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html";
const PROMOTE: &str = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_PromoteReadReplica.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("rds.replica.source_state", "the source is available", CREATE),
    Rule::new("rds.replica.source_backups", "the source has automated backups", CREATE),
    Rule::new("rds.replica.managed_password", "the source's password is not one that RDS manages", MANAGED),
    Rule::new(
        "rds.replica.limit",
        "an instance has at most 15 replicas",
        "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ReadRepl.html",
    ),
    Rule::new(
        "rds.replica.chain",
        "replicas of replicas are at most three deep",
        "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PostgreSQL.Replication.ReadReplicas.html",
    ),
    Rule::new("rds.replica.subnet_group", "a replica in the same region stays in its source's VPC", CREATE),
    Rule::new("rds.replica.storage", "a replica has no less storage than its source", CREATE),
    Rule::new("rds.replica.promote", "an available replica is promoted", PROMOTE),
];

fn source(tx: &Tx<'_>, input: &Input<'_>) -> Result<DbInstance, Refusal> {
    let Some(given) = input.text("SourceDBInstanceIdentifier") else {
        return Err(invalid_value("The parameter SourceDBInstanceIdentifier must be provided and must not be blank."));
    };
    if given.starts_with("arn:") && !given.starts_with(&arn(tx, "db", "")) {
        return Err(Refusal::not_simulated("rds CreateDBInstanceReadReplica from another region or account"));
    }
    instance::find(tx, given)
}

fn depth(tx: &Tx<'_>, instance: &DbInstance) -> usize {
    let source = instance.source.as_deref().and_then(|id| tx.get::<DbInstance>(id));
    source.map_or(0, |source| 1 + depth(tx, source))
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    request::inert(tx, input)?;
    let identifier = instance::new_identifier(tx, input.required("DBInstanceIdentifier"))?;
    let source = source(tx, input)?;
    tx.enforce("rds.replica.managed_password", source.secret.is_none(), || {
        invalid_value(
            "Creating read replicas for source instance with engine postgres where ManageMasterUserPassword is enabled \
             is not supported.",
        )
    })?;
    tx.enforce("rds.replica.source_backups", source.retention > 0, || {
        let message = "Automated backups are not enabled for this database instance. To enable automated backups, use \
                       ModifyDBInstance to set the backup retention period to a non-zero value.";
        Refusal::new("InvalidDBInstanceState", message)
    })?;
    let ready = ["available", "storage-optimization", "backing-up", "modifying"].contains(&source.status.as_str());
    tx.enforce("rds.replica.source_state", ready && source.created.is_some(), || {
        let message = format!(
            "The source instance {} is not in a valid state for creating a read replica: {}.",
            source.identifier, source.status
        );
        Refusal::new("InvalidDBInstanceState", message)
    })?;
    let count = source.replicas(tx).len();
    tx.enforce("rds.replica.limit", count < 15, || {
        Refusal::new("InstanceQuotaExceeded", "You cannot create more than 15 read replicas for a DB instance.")
    })?;
    tx.enforce("rds.replica.chain", depth(tx, &source) < 3, || {
        Refusal::new("InvalidDBInstanceState", "Read replicas can be cascaded at most three levels deep.")
    })?;
    let version = engine::choose(tx, Some(&source.version))?;
    let class = input.text("DBInstanceClass").unwrap_or(&source.class).to_owned();
    request::class(tx, &class, version)?;
    let home = subnet_group::find(tx, &source.subnet_group)?;
    let group: DbSubnetGroup = match input.text("DBSubnetGroupName") {
        Some(name) => subnet_group::find(tx, name)?,
        None => home.clone(),
    };
    tx.enforce("rds.replica.subnet_group", group.vpc == home.vpc, || {
        let message = format!("The DB subnet group {} is not in the same VPC as the source DB instance.", group.name);
        Refusal::new("DBSubnetGroupNotAllowedFault", message)
    })?;
    let ids = input.texts("VpcSecurityGroupIds");
    let security_groups = network::security_groups(tx, "rds.security_group", "DB instance", &ids, &group.vpc)?;
    let multi_az = input.flag("MultiAZ");
    let public = instance::public(tx, input, &group.vpc, None)?;
    let (zone, standby_zone) = instance::zones(tx, &group, input.text("AvailabilityZone"), multi_az)?;
    let asked = Asked::of(input);
    let storage = storage::choose(tx, &asked, Some(&source.storage))?;
    tx.enforce("rds.replica.storage", storage.gigabytes >= source.storage.gigabytes, || {
        invalid_combination("The allocated storage of a read replica must not be less than its source's.")
    })?;
    let threshold = storage::threshold_after(tx, input, storage.gigabytes, source.threshold)?;
    let given = input.text("DBParameterGroupName").unwrap_or(&source.parameter_group);
    let parameter_group = instance::parameters(tx, Some(given), version)?;
    let key = input.text("KmsKeyId");
    tx.enforce("rds.instance.kms", key.is_none() || key == source.key.as_deref(), || {
        invalid_combination(
            "A read replica in the same region has the KMS key of its source; KmsKeyId cannot be specified.",
        )
    })?;
    let monitoring = monitoring::choose(tx, input, &identifier, &Monitoring::default())?;
    let log_exports = input.texts("EnableCloudwatchLogsExports");
    request::log_exports(tx, &log_exports)?;
    let authority = request::authority(tx, input.text("CACertificateIdentifier"), &source.authority)?;
    let port = request::port(tx, input.integer("Port").unwrap_or(source.port))?;
    let windows = request::windows(tx, input, Some(&instance::windows_of(&source)))?;
    let tags = instance::new_tags(tx, input)?;
    let stands: Vec<&str> = std::iter::once(zone.as_str()).chain(standby_zone.as_deref()).collect();
    let interfaces = instance::interfaces(tx, &group, &stands, &security_groups)?;
    let replica = DbInstance {
        resource: format!("db-{}", tx.capitals(26)),
        class,
        version: source.version.clone(),
        status: "creating".to_owned(),
        username: source.username.clone(),
        database: source.database.clone(),
        created: None,
        storage,
        threshold,
        storage_changed: None,
        key: source.key.clone(),
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
        auto_minor: input.bool("AutoMinorVersionUpgrade").unwrap_or(source.auto_minor),
        retention: 0,
        backup_window: windows.backup,
        maintenance_window: windows.maintenance,
        copy_tags: input.flag("CopyTagsToSnapshot"),
        protected: input.flag("DeletionProtection"),
        monitoring,
        log_exports: log_exports.into_iter().map(str::to_owned).collect(),
        authority,
        iam_login: input.flag("EnableIAMDatabaseAuthentication"),
        secret: None,
        source: Some(source.identifier.clone()),
        pending: Pending::default(),
        restarts: None,
        keeps_backups: false,
        replicated_to: None,
        tags,
        identifier,
    };
    tx.put(replica.clone());
    tx.transition("rds.instance.create.replica", "rds.instance.created", &replica.identifier);
    Ok(record! { "DBInstance" => replica.view(tx) })
}

fn promote(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut row = instance::find(tx, input.required("DBInstanceIdentifier"))?;
    tx.enforce("rds.replica.promote", row.source.is_some(), || {
        let message = format!("DB Instance is not a read replica: {}", row.identifier);
        Refusal::new("InvalidDBInstanceState", message)
    })?;
    tx.enforce("rds.replica.promote", row.status == "available", || {
        Refusal::new("InvalidDBInstanceState", "Database instance is not in available state.")
    })?;
    let windows = request::windows(tx, input, Some(&instance::windows_of(&row)))?;
    let retention = request::retention(tx, input.integer("BackupRetentionPeriod").unwrap_or(1))?;
    row.backup_window = windows.backup;
    row.source = None;
    row.retention = retention;
    row.status = "rebooting".to_owned();
    tx.put(row.clone());
    tx.transition("rds.instance.reboot", "rds.instance.rebooted", &row.identifier);
    Ok(record! { "DBInstance" => row.view(tx) })
}
