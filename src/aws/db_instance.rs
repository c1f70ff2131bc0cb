//! `aws_db_instance`: <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html>

use async_trait::async_trait;
use aws_sdk_rds::operation::modify_db_instance::builders::ModifyDBInstanceFluentBuilder;
use aws_sdk_rds::types::{self, CloudwatchLogsExportConfiguration};
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, Survivor, UpdateRequest,
};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;
use fathuss_state::Identity;

use crate::call::{Call, Service};
use crate::client::Client;
use crate::differ::Differences;
use crate::failure::{broken, refused, unreadable};
use crate::fields::{Fields, Observed};
use crate::gather::{Page, ids, strays};
use crate::gone::{there, waiting};
use crate::kind::{Batch, Kind};
use crate::listing::{Which, by_name, one};
use crate::{mark, name, rds};

/// The calls of `aws_db_instance`.
pub struct DbInstance;

const SCHEMA: &Schema = fathuss_model::aws::DbInstance::SCHEMA;

/// States in which an instance answers queries and takes changes.
const USABLE: &[&str] = &["available", "storage-optimization"];
/// States that only a person gets it out of, if anyone:
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html#Overview.DBInstance.Status>
const FAILED: &[&str] = &[
    "failed",
    "incompatible-create",
    "incompatible-credentials",
    "incompatible-network",
    "incompatible-option-group",
    "incompatible-parameters",
    "incompatible-restore",
    "insufficient-capacity",
    "inaccessible-encryption-credentials",
    "restore-error",
];
/// States of which RDS makes no last snapshot.
const NO_SNAPSHOT: &[&str] = &["failed", "incompatible-create", "incompatible-network", "incompatible-restore"];

#[async_trait(?Send)]
impl Kind for DbInstance {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// One `DescribeDBInstances` for all of a region, with their tags, and so with strays.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        let wanted = ids(requests);
        let instances = match by_name(&wanted, true, types::DbInstance::db_instance_identifier, page(client)).await {
            Ok(instances) => instances,
            Err(failure) => return Batch::failed(requests, &failure),
        };
        let living = instances.iter().filter(|(_, instance)| instance.db_instance_status() != Some("deleting"));
        let tagged = living.map(|(name, instance)| (name, rds::read(instance.tag_list())));
        let strays = strays(client, SCHEMA.kind, &wanted, tagged);
        let batch = Batch::of(requests, |request| {
            instances.get(&request.identity.0).map(|instance| Ok(observe(instance, &request.recorded)))
        });
        Batch { strays, ..batch }
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let made = if let Some(source) = desired.maybe_text("replicate_source_db")? {
            replicate(client, request, &desired, source).await?
        } else if let Some(snapshot) = desired.maybe_text("snapshot_identifier")? {
            restore(client, request, &desired, snapshot).await?
        } else {
            create(client, request, &desired).await?
        };
        let name = made.and_then(|instance| instance.db_instance_identifier);
        name.map(Identity).ok_or_else(|| unreadable(Service::Rds, "CreateDBInstance", "DBInstanceIdentifier"))
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let name = name::of(SCHEMA, "identifier", request)?;
        let found = one(&name, page(client)).await?;
        Ok(mark::owner(&request.mark, found.map(|instance| (name, rds::read(instance.tag_list())))))
    }

    /// Waits until it is usable and nothing that was to be made at once is pending; sends what
    /// differs, as it does for what begins as a snapshot or a replica.
    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let Some(instance) = one(&standing.identity.0, page(client)).await? else {
            return Ok(waiting("not visible yet"));
        };
        let status = instance.db_instance_status().unwrap_or("creating");
        if FAILED.contains(&status) {
            return Err(Failure {
                hint: Some(format!(
                    "aws rds describe-events --source-type db-instance --source-identifier {}",
                    standing.identity
                )),
                ..broken(Service::Rds, status, &reasons(&instance))
            });
        }
        if status == "stopped" {
            return Err(Failure {
                hint: Some(format!("aws rds start-db-instance --db-instance-identifier {}", standing.identity)),
                ..refused("Stopped", "the instance is stopped, and a stopped one takes no changes".to_owned())
            });
        }
        if !USABLE.contains(&status) {
            return Ok(waiting(status));
        }
        let desired = Fields::of(&standing.desired.attributes);
        let observed = observe(&instance, &standing.desired.attributes);
        if let Some(change) = due(&standing.desired.attributes, &observed)? {
            send(client, standing, &observed, change, false).await?;
            return Ok(waiting("modifying"));
        }
        if desired.bool_or("apply_immediately", false)? && is_pending(&instance) {
            return Ok(waiting("modifying"));
        }
        Ok(Progress::Ready(observed))
    }

    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        let changes = |name: &str| change.changed.iter().any(|field| field == name);
        if changes("identifier") {
            return Err(Failure {
                hint: Some("keep the name, or make a new resource from a snapshot of this one".to_owned()),
                ..refused("CannotRename", "the name is what state knows an instance by, and can't change".to_owned())
            });
        }
        let password = changes("password_wo_version") || changes("password_wo");
        let due = due(&standing.desired.attributes, &change.before)?.or(password.then_some(Change::Modify));
        if let Some(due) = due {
            send(client, standing, &change.before, due, password).await?;
        }
        rds::update_tags(client, standing, change).await
    }

    /// Asks for a last snapshot unless none is wanted, RDS makes none of a replica or of what has failed.
    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let name = standing.identity.0.as_str();
        let Some(instance) = one(name, page(client)).await? else { return Ok(Progress::Gone) };
        let status = instance.db_instance_status().unwrap_or_default();
        if status == "deleting" {
            return Ok(waiting(status));
        }
        let was = Fields::of(&standing.desired.attributes);
        let none = was.bool_or("skip_final_snapshot", false)?
            || instance.read_replica_source_db_instance_identifier().is_some_and(|source| !source.is_empty())
            || NO_SNAPSHOT.contains(&status);
        let mut deleting = client
            .rds
            .delete_db_instance()
            .db_instance_identifier(name)
            .skip_final_snapshot(none)
            .delete_automated_backups(was.bool_or("delete_automated_backups", true)?);
        if !none {
            let snapshot = was.maybe_string("final_snapshot_identifier")?;
            let snapshot = snapshot.ok_or_else(|| Failure {
                hint: Some(
                    "set `final_snapshot_identifier` or `skip_final_snapshot(true)`, and apply that first".to_owned(),
                ),
                ..refused("NoFinalSnapshot", "nothing says what becomes of the data".to_owned())
            })?;
            deleting = deleting.final_db_snapshot_identifier(snapshot);
        }
        match there(client.send(Call::rds("DeleteDBInstance"), deleting.send()).await) {
            Ok(Some(_)) => Ok(waiting("deleting")),
            Ok(None) => Ok(Progress::Gone),
            Err(failure) if instance.deletion_protection == Some(true) => Err(Failure {
                hint: Some("set deletion_protection to false and apply that first".to_owned()),
                ..failure
            }),
            Err(failure) if failure.code == "DBSnapshotAlreadyExists" => Err(Failure {
                hint: Some("give another `final_snapshot_identifier` and apply that first".to_owned()),
                ..failure
            }),
            Err(failure) => Err(failure),
        }
    }

    fn survivors(&self, attributes: &Attributes) -> Vec<Survivor> {
        let was = Fields::of(attributes);
        let says = |name: &str, default: bool| was.bool_or(name, default).unwrap_or(default);
        let mut survivors = Vec::new();
        if let Ok(Some(snapshot)) = was.maybe_text("final_snapshot_identifier")
            && !says("skip_final_snapshot", false)
            && !was.has("replicate_source_db")
        {
            survivors.push(Survivor {
                what: format!("DB snapshot {snapshot}"),
                reason: "the instance's last snapshot, by `final_snapshot_identifier`".to_owned(),
                expiry: None,
            });
        }
        let days = was.maybe_integer("backup_retention_period").ok().flatten().unwrap_or(0);
        if !says("delete_automated_backups", true) && days > 0 {
            survivors.push(Survivor {
                what: "automated backups".to_owned(),
                reason: "`delete_automated_backups` is false".to_owned(),
                expiry: Some(format!("the last of them after {days} days")),
            });
        }
        survivors
    }
}

fn page(client: &Client) -> impl AsyncFn(Which) -> Result<Page<types::DbInstance>, Failure> {
    async |which| {
        let (name, marker) = which.parameters();
        let sending = client.rds.describe_db_instances().set_db_instance_identifier(name).set_marker(marker).send();
        let answer = client.send(Call::rds("DescribeDBInstances"), sending).await?;
        Ok((answer.db_instances.unwrap_or_default(), answer.marker))
    }
}

/// A creating call names roles that may have been made a moment ago.
fn creating(operation: &'static str) -> Call {
    Call::rds(operation)
        .expects("InvalidParameterValue", "IAM role ARN value is invalid")
        .expects("InvalidParameterValue", "ENHANCED_MONITORING")
}

async fn create(
    client: &Client,
    request: &MakeRequest,
    desired: &Fields<'_>,
) -> Result<Option<types::DbInstance>, Failure> {
    let password = request.desired.secrets.get("password_wo").map(|secret| secret.reveal().to_owned());
    let insights = desired.bool_or("performance_insights_enabled", false)?;
    let sending = client
        .rds
        .create_db_instance()
        .db_instance_identifier(name::of(SCHEMA, "identifier", request)?)
        .engine(desired.text("engine")?)
        .db_instance_class(desired.text("instance_class")?)
        .set_engine_version(desired.maybe_string("engine_version")?)
        .set_allocated_storage(desired.maybe_i32("allocated_storage")?)
        .set_max_allocated_storage(desired.maybe_i32("max_allocated_storage")?.filter(|most| *most > 0))
        .set_storage_type(desired.maybe_string("storage_type")?)
        .set_iops(desired.maybe_i32("iops")?)
        .set_storage_throughput(desired.maybe_i32("storage_throughput")?)
        .set_storage_encrypted(desired.maybe_bool("storage_encrypted")?)
        .set_kms_key_id(desired.maybe_string("kms_key_id")?)
        .set_db_name(desired.maybe_string("db_name")?)
        .set_master_username(desired.maybe_string("username")?)
        .set_manage_master_user_password(desired.maybe_bool("manage_master_user_password")?.filter(|managed| *managed))
        .set_master_user_password(password)
        .set_enable_iam_database_authentication(desired.maybe_bool("iam_database_authentication_enabled")?)
        .set_multi_az(desired.maybe_bool("multi_az")?)
        .set_db_subnet_group_name(desired.maybe_string("db_subnet_group_name")?)
        .set_availability_zone(desired.maybe_string("availability_zone")?)
        .set_vpc_security_group_ids(given(desired, "vpc_security_group_ids")?)
        .set_db_parameter_group_name(desired.maybe_string("parameter_group_name")?)
        .set_publicly_accessible(desired.maybe_bool("publicly_accessible")?)
        .set_port(desired.maybe_i32("port")?)
        .set_backup_retention_period(desired.maybe_i32("backup_retention_period")?)
        .set_preferred_backup_window(desired.maybe_string("backup_window")?)
        .set_preferred_maintenance_window(desired.maybe_string("maintenance_window")?)
        .set_auto_minor_version_upgrade(desired.maybe_bool("auto_minor_version_upgrade")?)
        .set_copy_tags_to_snapshot(desired.maybe_bool("copy_tags_to_snapshot")?)
        .set_deletion_protection(desired.maybe_bool("deletion_protection")?)
        .set_monitoring_interval(desired.maybe_i32("monitoring_interval")?.filter(|interval| *interval > 0))
        .set_monitoring_role_arn(desired.maybe_string("monitoring_role_arn")?)
        .enable_performance_insights(insights)
        .set_performance_insights_retention_period(desired.maybe_i32("performance_insights_retention_period")?)
        .set_enable_cloudwatch_logs_exports(given(desired, "enabled_cloudwatch_logs_exports")?)
        .set_ca_certificate_identifier(desired.maybe_string("ca_cert_identifier")?)
        .set_tags(Some(rds::written(mark::tags_with(&request.mark, &request.desired.attributes)?)))
        .send();
    Ok(client.send(creating("CreateDBInstance"), sending).await?.db_instance)
}

async fn replicate(
    client: &Client,
    request: &MakeRequest,
    desired: &Fields<'_>,
    source: &str,
) -> Result<Option<types::DbInstance>, Failure> {
    let insights = desired.bool_or("performance_insights_enabled", false)?;
    let sending = client
        .rds
        .create_db_instance_read_replica()
        .db_instance_identifier(name::of(SCHEMA, "identifier", request)?)
        .source_db_instance_identifier(source)
        .db_instance_class(desired.text("instance_class")?)
        .set_availability_zone(desired.maybe_string("availability_zone")?)
        .set_port(desired.maybe_i32("port")?)
        .set_multi_az(desired.maybe_bool("multi_az")?)
        .set_auto_minor_version_upgrade(desired.maybe_bool("auto_minor_version_upgrade")?)
        .set_storage_type(desired.maybe_string("storage_type")?)
        .set_iops(desired.maybe_i32("iops")?)
        .set_storage_throughput(desired.maybe_i32("storage_throughput")?)
        .set_max_allocated_storage(desired.maybe_i32("max_allocated_storage")?.filter(|most| *most > 0))
        .set_db_parameter_group_name(desired.maybe_string("parameter_group_name")?)
        .set_publicly_accessible(desired.maybe_bool("publicly_accessible")?)
        .set_db_subnet_group_name(desired.maybe_string("db_subnet_group_name")?)
        .set_vpc_security_group_ids(given(desired, "vpc_security_group_ids")?)
        .set_copy_tags_to_snapshot(desired.maybe_bool("copy_tags_to_snapshot")?)
        .set_monitoring_interval(desired.maybe_i32("monitoring_interval")?.filter(|interval| *interval > 0))
        .set_monitoring_role_arn(desired.maybe_string("monitoring_role_arn")?)
        .set_kms_key_id(desired.maybe_string("kms_key_id")?)
        .set_enable_iam_database_authentication(desired.maybe_bool("iam_database_authentication_enabled")?)
        .enable_performance_insights(insights)
        .set_performance_insights_retention_period(desired.maybe_i32("performance_insights_retention_period")?)
        .set_enable_cloudwatch_logs_exports(given(desired, "enabled_cloudwatch_logs_exports")?)
        .set_deletion_protection(desired.maybe_bool("deletion_protection")?)
        .set_ca_certificate_identifier(desired.maybe_string("ca_cert_identifier")?)
        .set_tags(Some(rds::written(mark::tags_with(&request.mark, &request.desired.attributes)?)))
        .send();
    // The source takes no replica while it changes or before its first backup.
    let call = creating("CreateDBInstanceReadReplica").expects("InvalidDBInstanceState", "");
    Ok(client.send(call, sending).await?.db_instance)
}

async fn restore(
    client: &Client,
    request: &MakeRequest,
    desired: &Fields<'_>,
    snapshot: &str,
) -> Result<Option<types::DbInstance>, Failure> {
    let sending = client
        .rds
        .restore_db_instance_from_db_snapshot()
        .db_instance_identifier(name::of(SCHEMA, "identifier", request)?)
        .db_snapshot_identifier(snapshot)
        .engine(desired.text("engine")?)
        .db_instance_class(desired.text("instance_class")?)
        .set_port(desired.maybe_i32("port")?)
        .set_availability_zone(desired.maybe_string("availability_zone")?)
        .set_db_subnet_group_name(desired.maybe_string("db_subnet_group_name")?)
        .set_multi_az(desired.maybe_bool("multi_az")?)
        .set_publicly_accessible(desired.maybe_bool("publicly_accessible")?)
        .set_auto_minor_version_upgrade(desired.maybe_bool("auto_minor_version_upgrade")?)
        .set_storage_type(desired.maybe_string("storage_type")?)
        .set_iops(desired.maybe_i32("iops")?)
        .set_storage_throughput(desired.maybe_i32("storage_throughput")?)
        .set_vpc_security_group_ids(given(desired, "vpc_security_group_ids")?)
        .set_copy_tags_to_snapshot(desired.maybe_bool("copy_tags_to_snapshot")?)
        .set_enable_iam_database_authentication(desired.maybe_bool("iam_database_authentication_enabled")?)
        .set_enable_cloudwatch_logs_exports(given(desired, "enabled_cloudwatch_logs_exports")?)
        .set_db_parameter_group_name(desired.maybe_string("parameter_group_name")?)
        .set_deletion_protection(desired.maybe_bool("deletion_protection")?)
        .set_ca_certificate_identifier(desired.maybe_string("ca_cert_identifier")?)
        .set_tags(Some(rds::written(mark::tags_with(&request.mark, &request.desired.attributes)?)))
        .send();
    Ok(client.send(creating("RestoreDBInstanceFromDBSnapshot"), sending).await?.db_instance)
}

/// Texts, where any are given.
fn given(fields: &Fields<'_>, name: &str) -> Result<Option<Vec<String>>, Failure> {
    let texts = fields.texts(name)?;
    Ok((!texts.is_empty()).then_some(texts))
}

/// One change that RDS makes in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    /// Makes a replica stand on its own.
    Promote,
    /// Everything else, in one call.
    Modify,
}

/// What `ModifyDBInstance` can change.
const MODIFIABLE: &[&str] = &[
    "instance_class",
    "engine_version",
    "allocated_storage",
    "max_allocated_storage",
    "storage_type",
    "iops",
    "storage_throughput",
    "manage_master_user_password",
    "iam_database_authentication_enabled",
    "multi_az",
    "db_subnet_group_name",
    "vpc_security_group_ids",
    "parameter_group_name",
    "publicly_accessible",
    "port",
    "backup_retention_period",
    "backup_window",
    "maintenance_window",
    "auto_minor_version_upgrade",
    "copy_tags_to_snapshot",
    "deletion_protection",
    "monitoring_interval",
    "monitoring_role_arn",
    "performance_insights_enabled",
    "performance_insights_retention_period",
    "enabled_cloudwatch_logs_exports",
    "ca_cert_identifier",
];

fn due(desired: &Attributes, observed: &Attributes) -> Result<Option<Change>, Failure> {
    let differences = Differences::of(SCHEMA, desired, observed);
    if differences.has("replicate_source_db") {
        if Fields::of(desired).has("replicate_source_db") {
            return Err(Failure {
                hint: Some("make a new resource, or leave `replicate_source_db` out".to_owned()),
                ..refused("CannotReplicate", "an instance that stands on its own can't become a replica".to_owned())
            });
        }
        return Ok(Some(Change::Promote));
    }
    Ok(differences.any(MODIFIABLE).then_some(Change::Modify))
}

/// Sends one change, and with `password` the master password.
async fn send(
    client: &Client,
    standing: &Standing,
    observed: &Attributes,
    change: Change,
    password: bool,
) -> Result<(), Failure> {
    let name = standing.identity.0.as_str();
    if change == Change::Promote {
        let sending = client.rds.promote_read_replica().db_instance_identifier(name).send();
        client.send(Call::rds("PromoteReadReplica").expects("InvalidDBInstanceState", ""), sending).await?;
        return Ok(());
    }
    let desired = Fields::of(&standing.desired.attributes);
    let differences = Differences::of(SCHEMA, &standing.desired.attributes, observed);
    let mut modifying = modification(client.rds.modify_db_instance(), differences, &desired, &Fields::of(observed))?
        .db_instance_identifier(name)
        .apply_immediately(desired.bool_or("apply_immediately", false)?);
    if password {
        let secret = standing.desired.secrets.get("password_wo").map(|secret| secret.reveal().to_owned());
        modifying = modifying.set_master_user_password(secret);
    }
    let call = creating("ModifyDBInstance").expects("InvalidDBInstanceState", "");
    client.send(call, modifying.send()).await?;
    Ok(())
}

/// A change of what differs and of nothing else.
fn modification(
    modifying: ModifyDBInstanceFluentBuilder,
    differs: Differences<'_>,
    desired: &Fields<'_>,
    is: &Fields<'_>,
) -> Result<ModifyDBInstanceFluentBuilder, Failure> {
    let text = |name: &str| if differs.has(name) { desired.maybe_string(name) } else { Ok(None) };
    let number = |name: &str| if differs.has(name) { desired.maybe_i32(name) } else { Ok(None) };
    let truth = |name: &str| if differs.has(name) { desired.maybe_bool(name) } else { Ok(None) };
    let mut modifying = modifying
        .set_db_instance_class(text("instance_class")?)
        .set_engine_version(text("engine_version")?)
        .set_allocated_storage(number("allocated_storage")?)
        .set_storage_type(text("storage_type")?)
        .set_iops(number("iops")?)
        .set_storage_throughput(number("storage_throughput")?)
        .set_manage_master_user_password(truth("manage_master_user_password")?)
        .set_enable_iam_database_authentication(truth("iam_database_authentication_enabled")?)
        .set_multi_az(truth("multi_az")?)
        .set_db_subnet_group_name(text("db_subnet_group_name")?)
        .set_db_parameter_group_name(text("parameter_group_name")?)
        .set_publicly_accessible(truth("publicly_accessible")?)
        .set_db_port_number(number("port")?)
        .set_backup_retention_period(number("backup_retention_period")?)
        .set_preferred_backup_window(text("backup_window")?)
        .set_preferred_maintenance_window(text("maintenance_window")?)
        .set_auto_minor_version_upgrade(truth("auto_minor_version_upgrade")?)
        .set_copy_tags_to_snapshot(truth("copy_tags_to_snapshot")?)
        .set_deletion_protection(truth("deletion_protection")?)
        .set_ca_certificate_identifier(text("ca_cert_identifier")?);
    if differs.has("engine_version") {
        modifying = modifying.allow_major_version_upgrade(desired.bool_or("allow_major_version_upgrade", false)?);
    }
    if differs.has("max_allocated_storage") {
        // Growth by itself ends where its bound is the storage that is there.
        let most = desired.maybe_i32("max_allocated_storage")?.filter(|most| *most > 0);
        modifying = modifying.set_max_allocated_storage(most.or(is.maybe_i32("allocated_storage")?));
    }
    if differs.has("vpc_security_group_ids") {
        modifying = modifying.set_vpc_security_group_ids(Some(desired.texts("vpc_security_group_ids")?));
    }
    if differs.any(&["monitoring_interval", "monitoring_role_arn"]) {
        modifying = modifying
            .monitoring_interval(desired.maybe_i32("monitoring_interval")?.unwrap_or(0))
            .set_monitoring_role_arn(desired.maybe_string("monitoring_role_arn")?);
    }
    if differs.any(&["performance_insights_enabled", "performance_insights_retention_period"]) {
        modifying = modifying
            .enable_performance_insights(desired.bool_or("performance_insights_enabled", false)?)
            .set_performance_insights_retention_period(desired.maybe_i32("performance_insights_retention_period")?);
    }
    if differs.has("enabled_cloudwatch_logs_exports") {
        let (wanted, on) =
            (desired.texts("enabled_cloudwatch_logs_exports")?, is.texts("enabled_cloudwatch_logs_exports")?);
        let only = |some: &[String], others: &[String]| {
            let only: Vec<String> = some.iter().filter(|log| !others.contains(log)).cloned().collect();
            (!only.is_empty()).then_some(only)
        };
        let exports = CloudwatchLogsExportConfiguration::builder()
            .set_enable_log_types(only(&wanted, &on))
            .set_disable_log_types(only(&on, &wanted));
        modifying = modifying.cloudwatch_logs_export_configuration(exports.build());
    }
    Ok(modifying)
}

/// Why it failed, as far as RDS says: it keeps the rest in its events.
fn reasons(instance: &types::DbInstance) -> String {
    let said: Vec<&str> = instance.status_infos().iter().filter_map(|info| info.message()).collect();
    if said.is_empty() { "RDS says why in its events".to_owned() } else { said.join("; ") }
}

/// Whether a change waits to be made.
fn is_pending(instance: &types::DbInstance) -> bool {
    let nothing = types::PendingModifiedValues::builder().build();
    instance.pending_modified_values().is_some_and(|pending| {
        let mut pending = pending.clone();
        // A rotation of the password by RDS itself is none of ours.
        pending.master_user_password = None;
        pending != nothing
    })
}

/// An instance as it is, with what is pending as if it were made: what waits for the maintenance
/// window is no drift. `given` is what was asked for: storage that grew by itself since is none.
fn observe(instance: &types::DbInstance, given: &Attributes) -> Attributes {
    let nothing = types::PendingModifiedValues::builder().build();
    let pending = instance.pending_modified_values().unwrap_or(&nothing);
    let secret = instance.master_user_secret().map(|secret| {
        Observed::new()
            .with("secret_arn", secret.secret_arn.clone())
            .with("kms_key_id", secret.kms_key_id.clone())
            .with("secret_status", secret.secret_status.clone())
    });
    let endpoint = instance.endpoint();
    let host = endpoint.and_then(|endpoint| endpoint.address.clone());
    let port = pending
        .port
        .or(endpoint.and_then(|endpoint| endpoint.port))
        .or(instance.db_instance_port.filter(|port| *port > 0));
    let groups = instance.vpc_security_groups().iter().filter(|group| group.status() != Some("removing"));
    let version = pending.engine_version.clone().or_else(|| instance.engine_version.clone());
    let source = instance.read_replica_source_db_instance_identifier.clone().filter(|source| !source.is_empty());
    let mut logs = instance.enabled_cloudwatch_logs_exports().to_vec();
    if let Some(exports) = pending.pending_cloudwatch_logs_exports() {
        // RDS lists what is to be on and what is to be off.
        logs.retain(|log| !exports.log_types_to_disable().contains(log));
        logs.extend(exports.log_types_to_enable().iter().cloned());
    }
    Observed::new()
        .with("engine", instance.engine.clone())
        .with("instance_class", pending.db_instance_class.clone().or_else(|| instance.db_instance_class.clone()))
        .with("identifier", instance.db_instance_identifier.clone())
        .with("engine_version", version)
        .with("allocated_storage", storage(instance, pending, given))
        .with("max_allocated_storage", instance.max_allocated_storage)
        .with("storage_type", pending.storage_type.clone().or_else(|| instance.storage_type.clone()))
        .with("iops", pending.iops.or(instance.iops).filter(|iops| *iops > 0))
        .with("storage_throughput", pending.storage_throughput.or(instance.storage_throughput).filter(|it| *it > 0))
        .with("storage_encrypted", instance.storage_encrypted)
        .with("kms_key_id", instance.kms_key_id.clone())
        .with("db_name", instance.db_name.clone().filter(|_| source.is_none()))
        .with("username", instance.master_username.clone())
        .with("manage_master_user_password", instance.master_user_secret.is_some())
        .with(
            "iam_database_authentication_enabled",
            pending.iam_database_authentication_enabled.or(instance.iam_database_authentication_enabled),
        )
        .with("multi_az", pending.multi_az.or(instance.multi_az))
        .with(
            "db_subnet_group_name",
            pending
                .db_subnet_group_name
                .clone()
                .or_else(|| instance.db_subnet_group().and_then(|group| group.db_subnet_group_name.clone())),
        )
        .with("availability_zone", instance.availability_zone.clone())
        .with_list("vpc_security_group_ids", groups.filter_map(|group| group.vpc_security_group_id.clone()))
        .with(
            "parameter_group_name",
            instance.db_parameter_groups().first().and_then(|group| group.db_parameter_group_name.clone()),
        )
        .with("publicly_accessible", instance.publicly_accessible)
        .with("port", port)
        .with("backup_retention_period", pending.backup_retention_period.or(instance.backup_retention_period))
        .with("backup_window", instance.preferred_backup_window.clone())
        .with("maintenance_window", instance.preferred_maintenance_window().map(str::to_ascii_lowercase))
        .with("auto_minor_version_upgrade", instance.auto_minor_version_upgrade)
        .with("copy_tags_to_snapshot", instance.copy_tags_to_snapshot)
        .with("deletion_protection", instance.deletion_protection)
        .with("monitoring_interval", instance.monitoring_interval)
        .with("monitoring_role_arn", instance.monitoring_role_arn.clone())
        .with("performance_insights_enabled", instance.performance_insights_enabled)
        .with("performance_insights_retention_period", instance.performance_insights_retention_period)
        .with_list("enabled_cloudwatch_logs_exports", logs)
        .with(
            "ca_cert_identifier",
            pending.ca_certificate_identifier.clone().or_else(|| instance.ca_certificate_identifier.clone()),
        )
        .with("replicate_source_db", source)
        .with("tags", mark::attribute(&rds::read(instance.tag_list())))
        .with("id", instance.db_instance_identifier.clone())
        .with("arn", instance.db_instance_arn.clone())
        .with("endpoint", host.as_ref().zip(port).map(|(host, port)| format!("{host}:{port}")))
        .with("address", host)
        .with("hosted_zone_id", endpoint.and_then(|endpoint| endpoint.hosted_zone_id.clone()))
        .with("resource_id", instance.dbi_resource_id.clone())
        .with("engine_version_actual", instance.engine_version.clone())
        .with_block("master_user_secret", secret.unwrap_or_default())
        .with("status", instance.db_instance_status.clone())
        .finish(SCHEMA)
}

/// The storage in GiB: as given, where it may grow by itself and has.
fn storage(instance: &types::DbInstance, pending: &types::PendingModifiedValues, given: &Attributes) -> Option<i64> {
    let is = i64::from(pending.allocated_storage.or(instance.allocated_storage)?);
    let asked = Fields::of(given).maybe_integer("allocated_storage").ok().flatten();
    let grows = instance.max_allocated_storage.is_some_and(|most| most > 0);
    Some(asked.filter(|asked| grows && *asked < is).unwrap_or(is))
}
