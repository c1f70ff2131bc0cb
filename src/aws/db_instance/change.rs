//! What RDS changes of an instance in place: what is due, and the call that sends it.

use aws_sdk_rds::operation::modify_db_instance::builders::ModifyDBInstanceFluentBuilder;
use aws_sdk_rds::types::CloudwatchLogsExportConfiguration;
use fathuss_engine::provider::{Attributes, Failure, Standing};

use super::SCHEMA;
use super::observation::SNAPSHOT_S;
use super::origin::creating;
use crate::call::Call;
use crate::client::Client;
use crate::differ::Differences;
use crate::failure::refused;
use crate::fields::Fields;
use crate::mark;

/// One change that RDS makes in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Makes a replica stand on its own.
    Promote,
    /// Everything else, in one call.
    Modify,
}

/// What `ModifyDBInstance` can change.
pub(super) const MODIFIABLE: &[&str] = &[
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

pub(super) fn due(desired: &Attributes, observed: &Attributes) -> Result<Option<Change>, Failure> {
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
pub(super) async fn send(
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
    let call = creating("ModifyDBInstance")
        .expects("InvalidDBInstanceState", "")
        // The last replica is on its way out.
        .expects("InvalidParameterValue", "isn't supported for a DB instance with read replicas");
    client.send(call, modifying.send()).await?;
    let observed = Fields::of(observed);
    if password && observed.maybe_text("password_wo_version")? == Some(SNAPSHOT_S) {
        let arn = observed.text("arn")?;
        let sending = client.rds.remove_tags_from_resource().resource_name(arn).tag_keys(mark::PASSWORD).send();
        client.send(Call::rds("RemoveTagsFromResource"), sending).await?;
    }
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
