//! Automated backups: those of instances that exist, and those that outlived their
//! instance.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::backup_replication::{self, ReplicatedBackup};
use super::instance::DbInstance;
use super::{arn, filters};
use crate::datastore::{invalid_value, listing};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("ApplyPendingMaintenanceAction", apply_maintenance),
    ("DescribeDBInstanceAutomatedBackups", describe),
    ("DescribePendingMaintenanceActions", describe_maintenance),
];

pub(super) const RULES: &[Rule] = &[Rule::new(
    "rds.maintenance.pending",
    "only maintenance that is due is applied, of a kind and at a time that RDS knows",
    "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ApplyPendingMaintenanceAction.html",
)];

/// Backups of an instance that is gone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetainedBackup {
    /// The part of its ARN that is its own.
    pub name: String,
    /// When the instance was deleted.
    pub deleted: Timestamp,
    /// The instance as it was.
    pub instance: DbInstance,
}

impl Row for RetainedBackup {
    const TABLE: &'static str = "rds.retained_backup";
    fn id(&self) -> String {
        self.instance.resource.clone()
    }
}

/// The backups of an instance that goes now.
pub(super) fn retained(tx: &mut Tx<'_>, instance: &DbInstance) -> RetainedBackup {
    RetainedBackup { name: name(&instance.resource), deleted: tx.now(), instance: instance.clone() }
}

fn name(resource: &str) -> String {
    format!("ab-{}", resource.trim_start_matches("db-").to_ascii_lowercase())
}

fn view(tx: &Tx<'_>, instance: &DbInstance, deleted: Option<Timestamp>) -> Value {
    let status = match (deleted, instance.created) {
        (Some(_), _) => "retained",
        (None, Some(_)) => "active",
        (None, None) => "creating",
    };
    let until = deleted.unwrap_or_else(|| tx.now());
    record! {
        "DBInstanceArn" => instance.arn(tx),
        "DbiResourceId" => &instance.resource,
        "Region" => tx.region(),
        "DBInstanceIdentifier" => &instance.identifier,
        "RestoreWindow" => instance.created.map(|from| record! { "EarliestTime" => from, "LatestTime" => until }),
        "AllocatedStorage" => instance.storage.gigabytes,
        "Status" => status,
        "Port" => instance.port,
        "AvailabilityZone" => &instance.zone,
        "InstanceCreateTime" => instance.created,
        "MasterUsername" => &instance.username,
        "Engine" => "postgres",
        "EngineVersion" => &instance.version,
        "LicenseModel" => "postgresql-license",
        "StorageType" => &instance.storage.kind,
        "Encrypted" => instance.key.is_some(),
        "KmsKeyId" => instance.key.as_deref(),
        "IAMDatabaseAuthenticationEnabled" => instance.iam_login,
        "BackupRetentionPeriod" => instance.retention,
        "DBInstanceAutomatedBackupsArn" => arn(tx, "auto-backup", &name(&instance.resource)),
        "BackupTarget" => "region",
        "DBInstanceAutomatedBackupsReplications" => backup_replication::replications(instance),
        "DedicatedLogVolume" => false,
    }
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let filters = filters::read(tx, input, &["db-instance-id", "dbi-resource-id", "status"])?;
    let (id, resource) = (input.text("DBInstanceIdentifier"), input.text("DbiResourceId"));
    let backup = input.text("DBInstanceAutomatedBackupsArn");
    let current = tx.rows::<DbInstance>().filter(|instance| instance.retention > 0).map(|instance| (instance, None));
    let retained = tx.rows::<RetainedBackup>().map(|backup| (&backup.instance, Some(backup.deleted)));
    let copied = tx.rows::<ReplicatedBackup>().map(|backup| (&backup.instance, backup.view(tx)));
    let items = current
        .chain(retained)
        .map(|(instance, deleted)| (instance, view(tx, instance, deleted)))
        .chain(copied)
        .filter(|(instance, view)| {
            let is = |member: &str, wanted: Option<&str>| {
                wanted.is_none_or(|wanted| view.get(member).text() == Some(wanted))
            };
            id.is_none_or(|id| instance.identifier == id.to_ascii_lowercase())
                && is("DbiResourceId", resource)
                && is("DBInstanceAutomatedBackupsArn", backup)
                && filters.iter().all(|(name, values)| {
                    let member = match *name {
                        "db-instance-id" => "DBInstanceIdentifier",
                        "dbi-resource-id" => "DbiResourceId",
                        _ => "Status",
                    };
                    view.get(member).text().is_some_and(|value| values.contains(&value))
                })
        })
        .map(|(instance, view)| (instance.resource.clone(), view))
        .collect();
    listing::paged(tx, input, "rds.page.size", "DBInstanceAutomatedBackups", items)
}

/// No maintenance is ever due here: there is none to be applied.
fn apply_maintenance(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let given = input.required("ResourceIdentifier");
    let absent = |_| Refusal::new("ResourceNotFoundFault", format!("The specified resource {given} was not found."));
    super::instance::find(tx, given).map_err(absent)?;
    let (action, opt_in) = (input.required("ApplyAction"), input.required("OptInType"));
    let actions = ["ca-certificate-rotation", "db-upgrade", "hardware-maintenance", "os-upgrade", "system-update"];
    let rule = "rds.maintenance.pending";
    tx.enforce(rule, actions.contains(&action), || invalid_value(format!("Invalid apply action: {action}")))?;
    tx.enforce(rule, ["immediate", "next-maintenance", "undo-opt-in"].contains(&opt_in), || {
        invalid_value(format!("Invalid opt-in type: {opt_in}"))
    })?;
    tx.enforce(rule, false, || {
        invalid_value(format!("No pending maintenance action {action} was found for the resource {given}."))
    })?;
    Ok(record! { "ResourcePendingMaintenanceActions" => record! { "ResourceIdentifier" => given } })
}

/// No maintenance is ever due here.
fn describe_maintenance(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    filters::read(tx, input, &["db-cluster-id", "db-instance-id"])?;
    if let Some(resource) = input.text("ResourceIdentifier") {
        super::instance::find(tx, resource)?;
    }
    listing::paged(tx, input, "rds.page.size", "PendingMaintenanceActions", Vec::new())
}
