//! What an instance begins as: empty, a replica of another, a snapshot, or a moment of another. Each is one call.

use aws_sdk_rds::primitives::{DateTime, DateTimeFormat as Format};
use aws_sdk_rds::types::{DbInstance, Tag};
use fathuss_engine::provider::{Failure, MakeRequest};

use super::SCHEMA;
use crate::call::Call;
use crate::client::Client;
use crate::failure::refused;
use crate::fields::Fields;
use crate::{mark, name, rds};

/// A creating call names roles that may have been made a moment ago.
pub(super) fn creating(operation: &'static str) -> Call {
    Call::rds(operation)
        .unseen("InvalidParameterValue", "IAM role ARN value is invalid")
        .unseen("InvalidParameterValue", "ENHANCED_MONITORING")
}

pub(super) async fn create(
    client: &Client,
    request: &MakeRequest,
    desired: &Fields<'_>,
) -> Result<Option<DbInstance>, Failure> {
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

pub(super) async fn replicate(
    client: &Client,
    request: &MakeRequest,
    desired: &Fields<'_>,
    source: &str,
) -> Result<Option<DbInstance>, Failure> {
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

/// What both calls that restore take of what the program says.
macro_rules! as_wanted {
    ($restoring:expr, $request:expr, $desired:expr) => {
        $restoring
            .engine($desired.text("engine")?)
            .db_instance_class($desired.text("instance_class")?)
            .set_port($desired.maybe_i32("port")?)
            .set_availability_zone($desired.maybe_string("availability_zone")?)
            .set_db_subnet_group_name($desired.maybe_string("db_subnet_group_name")?)
            .set_multi_az($desired.maybe_bool("multi_az")?)
            .set_publicly_accessible($desired.maybe_bool("publicly_accessible")?)
            .set_auto_minor_version_upgrade($desired.maybe_bool("auto_minor_version_upgrade")?)
            .set_storage_type($desired.maybe_string("storage_type")?)
            .set_iops($desired.maybe_i32("iops")?)
            .set_storage_throughput($desired.maybe_i32("storage_throughput")?)
            .set_vpc_security_group_ids(given($desired, "vpc_security_group_ids")?)
            .set_copy_tags_to_snapshot($desired.maybe_bool("copy_tags_to_snapshot")?)
            .set_enable_iam_database_authentication($desired.maybe_bool("iam_database_authentication_enabled")?)
            .set_enable_cloudwatch_logs_exports(given($desired, "enabled_cloudwatch_logs_exports")?)
            .set_db_parameter_group_name($desired.maybe_string("parameter_group_name")?)
            .set_deletion_protection($desired.maybe_bool("deletion_protection")?)
            .set_ca_certificate_identifier($desired.maybe_string("ca_cert_identifier")?)
            .set_tags(Some(restored($request)?))
    };
}

/// Takes engine, storage, master user and encryption from the snapshot. What else the program says and this call does not
/// take is sent once it is there, the password among it.
pub(super) async fn restore(
    client: &Client,
    request: &MakeRequest,
    desired: &Fields<'_>,
    snapshot: &str,
) -> Result<Option<DbInstance>, Failure> {
    let restoring = client
        .rds
        .restore_db_instance_from_db_snapshot()
        .db_instance_identifier(name::of(SCHEMA, "identifier", request)?)
        .db_snapshot_identifier(snapshot);
    let sending = as_wanted!(restoring, request, desired).send();
    Ok(client.send(creating("RestoreDBInstanceFromDBSnapshot"), sending).await?.db_instance)
}

/// The same from automated backups, at a moment.
pub(super) async fn restore_moment(
    client: &Client,
    request: &MakeRequest,
    desired: &Fields<'_>,
    moment: &Fields<'_>,
) -> Result<Option<DbInstance>, Failure> {
    let time = moment.maybe_text("restore_time")?.map(|text| {
        let read = DateTime::from_str(text, Format::DateTime);
        read.map_err(|error| refused("InvalidField", format!("`restore_time` is {text}: {error}")))
    });
    let time = time.transpose()?;
    let restoring = client
        .rds
        .restore_db_instance_to_point_in_time()
        .target_db_instance_identifier(name::of(SCHEMA, "identifier", request)?)
        .set_source_db_instance_identifier(moment.maybe_string("source_db_instance_identifier")?)
        .set_source_dbi_resource_id(moment.maybe_string("source_dbi_resource_id")?)
        .set_source_db_instance_automated_backups_arn(moment.maybe_string("source_db_instance_automated_backups_arn")?)
        .set_restore_time(time)
        .use_latest_restorable_time(moment.bool_or("use_latest_restorable_time", false)?);
    let sending = as_wanted!(restoring, request, desired).send();
    Ok(client.send(creating("RestoreDBInstanceToPointInTime"), sending).await?.db_instance)
}

/// The tags of what is restored: no call that restores takes a password.
fn restored(request: &MakeRequest) -> Result<Vec<Tag>, Failure> {
    let mut tags = mark::tags_with(&request.mark, &request.desired.attributes)?;
    if request.desired.secrets.contains_key("password_wo") {
        tags.insert(mark::PASSWORD.to_owned(), "of the snapshot".to_owned());
    }
    Ok(rds::written(tags))
}

/// Texts, where any are given.
fn given(fields: &Fields<'_>, name: &str) -> Result<Option<Vec<String>>, Failure> {
    let texts = fields.texts(name)?;
    Ok((!texts.is_empty()).then_some(texts))
}
