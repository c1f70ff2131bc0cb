//! An instance as RDS describes it, in the form of the schema.

use aws_sdk_rds::types;
use fathuss_engine::provider::Attributes;
use fathuss_model::Datum;
use fathuss_model::schema::PENDING;

use super::SCHEMA;
use super::change::MODIFIABLE;
use crate::fields::{Fields, Observed};
use crate::{mark, rds};

/// Why it failed, as far as RDS says: it keeps the rest in its events.
pub(super) fn reasons(instance: &types::DbInstance) -> String {
    let said: Vec<&str> = instance.status_infos().iter().filter_map(|info| info.message()).collect();
    if said.is_empty() { "RDS says why in its events".to_owned() } else { said.join("; ") }
}

/// The version of a password that is its snapshot's yet: none that is given, so that the next plan sends the one that is.
pub(super) const SNAPSHOT_S: &str = "the snapshot's";

/// Whether it has the password of the snapshot that it was restored from yet.
pub(super) fn is_owed(instance: &types::DbInstance) -> bool {
    instance.tag_list().iter().any(|tag| tag.key() == Some(mark::PASSWORD))
}

/// Whether a change waits to be made.
pub(super) fn is_pending(instance: &types::DbInstance) -> bool {
    let nothing = types::PendingModifiedValues::builder().build();
    instance.pending_modified_values().is_some_and(|pending| {
        let mut pending = pending.clone();
        // A rotation of the password by RDS itself is none of ours.
        pending.master_user_password = None;
        pending != nothing
    })
}

/// Whether RDS is making a pending change now, although it was not to be made at once: those of a number of days and
/// of logs wait for no window.
pub(super) fn is_under_way(instance: &types::DbInstance) -> bool {
    let backups = instance.backup_retention_period.unwrap_or(0) > 0;
    instance.pending_modified_values().is_some_and(|pending| {
        pending.pending_cloudwatch_logs_exports.is_some()
            || (backups && pending.backup_retention_period.is_some_and(|days| days > 0))
    })
}

/// An instance as it was asked to be, and beside it which of that still waits: a change that RDS has taken is no
/// difference to the program, and none that has been made. `given` is what was asked for: storage that grew by itself
/// since is no drift.
pub(super) fn observe(instance: &types::DbInstance, given: &Attributes) -> Attributes {
    let mut observed = expect(instance, given);
    if is_pending(instance) {
        let actual = actual(instance, given);
        let waits = observed
            .iter()
            .filter(|(name, value)| MODIFIABLE.contains(&name.as_str()) && actual.get(*name) != Some(value))
            .map(|(name, value)| {
                (name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned).into())
            });
        let waits: Attributes = waits.collect();
        observed.insert(PENDING.to_owned(), Datum::Map(waits));
    }
    observed
}

/// An instance as it is before anything pending is made.
pub(super) fn actual(instance: &types::DbInstance, given: &Attributes) -> Attributes {
    with(instance, &types::PendingModifiedValues::builder().build(), given)
}

/// An instance as it will be once what is pending is made: what waits for the maintenance window is not sent again.
pub(super) fn expect(instance: &types::DbInstance, given: &Attributes) -> Attributes {
    let nothing = types::PendingModifiedValues::builder().build();
    with(instance, instance.pending_modified_values().unwrap_or(&nothing), given)
}

fn with(instance: &types::DbInstance, pending: &types::PendingModifiedValues, given: &Attributes) -> Attributes {
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
    // A replica's and a restored instance's database is what it began as, and none that was asked for.
    let asked = Fields::of(given);
    let restored = asked.has("snapshot_identifier") || asked.has("restore_to_point_in_time");
    let inherits = source.is_some() || (restored && !asked.has("db_name"));
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
        .with("db_name", instance.db_name.clone().filter(|_| !inherits))
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
        .with("password_wo_version", is_owed(instance).then_some(SNAPSHOT_S))
        .tagged(&rds::read(instance.tag_list()))
        .with("id", instance.db_instance_identifier.clone())
        .with("arn", instance.db_instance_arn.clone())
        .with("endpoint", host.as_ref().zip(port).map(|(host, port)| format!("{host}:{port}")))
        .with("address", host)
        .with("hosted_zone_id", endpoint.and_then(|endpoint| endpoint.hosted_zone_id.clone()))
        .with("resource_id", instance.dbi_resource_id.clone())
        .with("engine_version_actual", instance.engine_version.clone())
        .with(
            "parameter_apply_status",
            instance.db_parameter_groups().first().and_then(|group| group.parameter_apply_status.clone()),
        )
        .with_block("master_user_secret", secret.unwrap_or_default())
        .with("status", instance.db_instance_status.clone())
        .finish(SCHEMA)
}

/// The storage in GiB: as given, where it may grow by itself and has, or had where a restored one comes from.
fn storage(instance: &types::DbInstance, pending: &types::PendingModifiedValues, given: &Attributes) -> Option<i64> {
    let is = i64::from(pending.allocated_storage.or(instance.allocated_storage)?);
    let given = |name: &str| Fields::of(given).maybe_integer(name).ok().flatten();
    // One that is restored is told how far it may grow by a later call.
    let most = instance.max_allocated_storage.map(i64::from).or_else(|| given("max_allocated_storage"));
    let grows = most.is_some_and(|most| most > 0);
    Some(given("allocated_storage").filter(|asked| grows && *asked < is).unwrap_or(is))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn storage_that_may_grow_by_itself_is_as_given_once_it_has() {
        let pending = types::PendingModifiedValues::builder().build();
        let storage = |is: i32, most: Option<i32>, given: &[(&str, i64)]| {
            let instance = types::DbInstance::builder().allocated_storage(is).set_max_allocated_storage(most).build();
            let given = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
            storage(&instance, &pending, &given)
        };
        assert_eq!(storage(40, Some(100), &[("allocated_storage", 20)]), Some(20));
        assert_eq!(storage(40, None, &[("allocated_storage", 20)]), Some(40));
        assert_eq!(storage(20, Some(100), &[("allocated_storage", 30)]), Some(20), "it is to grow");
        // One that was restored a moment ago does not say yet how far it may grow.
        assert_eq!(storage(40, None, &[("allocated_storage", 20), ("max_allocated_storage", 100)]), Some(20));
    }
}
