//! What requests that create or change an instance have in common: settings with
//! their rules.

use crate::datastore::window::{Night, Window};
use crate::datastore::{invalid_combination, invalid_value};
use crate::input::Input;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Service;
use crate::world::Tx;

use super::engine::{self, Version};
use super::{instance_class, option_group};

const CREATE: &str = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html";
const WINDOWS: &str = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_UpgradeDBInstance.Maintenance.html";
const CLASSES: &str = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.DBInstanceClass.Support.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("rds.window.form", "windows are written as 03:00-04:00 and sun:04:00-sun:05:00", CREATE),
    Rule::new("rds.window.length", "windows last at least 30 minutes, and maintenance less than a day", WINDOWS),
    Rule::new("rds.window.overlap", "the backup window and the maintenance window do not overlap", WINDOWS),
    Rule::new("rds.class.known", "the instance class is one that RDS has", CLASSES),
    Rule::new("rds.class.supported", "the engine runs on the instance class", CLASSES),
    Rule::new("rds.backup.retention", "backups are kept for 0 to 35 days", CREATE),
    Rule::new("rds.port", "a port lies between 1150 and 65535", CREATE),
    Rule::new(
        "rds.log_export",
        "exported logs are ones that the engine has",
        "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.Concepts.PostgreSQL.html",
    ),
    Rule::new(
        "rds.certificate_authority",
        "the certificate authority is one of RDS's",
        "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html",
    ),
];

/// What a caller has to be allowed on a key that RDS is to encrypt with.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.Keys.html>
pub(super) const GRANTED: (&Service, &[&str]) = (&super::SERVICE, &["kms:CreateGrant", "kms:DescribeKey"]);

/// The refusal of a KMS key that is not there.
pub(super) fn no_key(key: &str) -> Refusal {
    let message = format!(
        "The specified KMS key [{key}] does not exist, is not enabled or you do not have permissions to access it."
    );
    Refusal::new("KMSKeyNotAccessibleFault", message)
}

/// The two windows of an instance, as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Windows {
    pub(super) backup: String,
    pub(super) maintenance: String,
}

/// The windows that a request asks for; what it does not say stays, or is drawn for a new instance.
pub(super) fn windows(tx: &mut Tx<'_>, input: &Input<'_>, before: Option<&Windows>) -> Result<Windows, Refusal> {
    let (backup, maintenance) = (input.text("PreferredBackupWindow"), input.text("PreferredMaintenanceWindow"));
    let form = "rds.window.form";
    if let Some(text) = backup {
        let window = Window::daily(text);
        tx.enforce(form, window.is_some(), || {
            invalid_value(format!("Invalid backup window format: {text}. Should be specified as a range hh24:mi-hh24:mi (24H Clock UTC). Example: 05:30-06:30"))
        })?;
        tx.enforce("rds.window.length", window.is_none_or(|window| window.minutes() >= 30), || {
            invalid_value("The backup window must be at least 30 minutes.")
        })?;
    }
    if let Some(text) = maintenance {
        let window = Window::weekly(text);
        tx.enforce(form, window.is_some(), || {
            invalid_value(format!("Invalid maintenance window format: {text}. Should be specified as a range ddd:hh24:mi-ddd:hh24:mi (24H Clock UTC). Example: Sun:23:45-Mon:00:15"))
        })?;
        tx.enforce("rds.window.length", window.is_none_or(|window| (30..24 * 60).contains(&window.minutes())), || {
            invalid_value("The maintenance window must be at least 30 minutes and less than 24 hours.")
        })?;
    }
    let kept = |given: Option<&str>, before: Option<&String>| given.map(str::to_ascii_lowercase).or(before.cloned());
    let backup = kept(backup, before.map(|before| &before.backup));
    let maintenance = kept(maintenance, before.map(|before| &before.maintenance));
    let (backup, maintenance, apart) =
        Window::pair((backup.as_deref(), maintenance.as_deref()), NIGHT, |bound| tx.below(bound));
    tx.enforce("rds.window.overlap", apart, || {
        invalid_value("The backup window and maintenance window must not overlap.")
    })?;
    Ok(Windows { backup, maintenance })
}

/// RDS's windows are of half an hour, and begin at any minute.
const NIGHT: Night = Night { minutes: 30, step: 1, choices: 450 };

/// Refuses an instance class that this version does not run on.
pub(super) fn class(tx: &Tx<'_>, name: &str, version: Version) -> Result<(), Refusal> {
    let known = instance_class::named(name).is_some();
    let retired = instance_class::is_retired(name);
    tx.enforce("rds.class.known", known || retired, || invalid_value(format!("Invalid DB Instance class: {name}")))?;
    tx.enforce("rds.class.supported", !retired, || {
        invalid_combination(format!(
            "RDS does not support creating a DB instance with the following combination: DBInstanceClass={name}, \
             Engine=postgres, EngineVersion={}, LicenseModel=postgresql-license. For supported combinations of instance \
             class and database engine version, see the documentation.",
            version.text()
        ))
    })
}

/// How many days backups are kept.
pub(super) fn retention(tx: &Tx<'_>, days: i64) -> Result<i64, Refusal> {
    tx.enforce("rds.backup.retention", (0..=35).contains(&days), || {
        invalid_value(format!("Invalid backup retention period: {days}. Retention period must be between 0 and 35."))
    })?;
    Ok(days)
}

/// A port.
pub(super) fn port(tx: &Tx<'_>, port: i64) -> Result<i64, Refusal> {
    tx.enforce("rds.port", (1150..=65_535).contains(&port), || {
        invalid_value(format!("Invalid endpoint port: {port}. Port must be between 1150 and 65535."))
    })?;
    Ok(port)
}

/// Refuses logs that PostgreSQL does not have.
pub(super) fn log_exports(tx: &Tx<'_>, names: &[&str]) -> Result<(), Refusal> {
    let wrong = names.iter().find(|name| !["iam-db-auth-error", "postgresql", "upgrade"].contains(name));
    tx.enforce("rds.log_export", wrong.is_none(), || {
        invalid_combination(format!(
            "You cannot use the log types '{}' with engine version postgres. For supported log types, see the documentation.",
            wrong.copied().unwrap_or_default()
        ))
    })
}

/// A certificate authority.
pub(super) fn authority(tx: &Tx<'_>, name: Option<&str>, before: &str) -> Result<String, Refusal> {
    let name = name.unwrap_or(before);
    tx.enforce("rds.certificate_authority", engine::is_authority(name), || {
        Refusal::new("CertificateNotFound", format!("Certificate not found: {name}"))
    })?;
    Ok(name.to_owned())
}

/// Members that mean nothing for PostgreSQL in one's own VPC, where their value is the only one there is.
pub(super) fn inert(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<(), Refusal> {
    let off = |name: &str| -> Result<(), Refusal> {
        if input.flag(name) { Err(Refusal::not_simulated(format!("rds with {name}"))) } else { Ok(()) }
    };
    off("EnableCustomerOwnedIp")?;
    off("MultiTenant")?;
    off("DedicatedLogVolume")?;
    let only = |name: &str, values: &[&str]| match input.text(name) {
        Some(text) if !values.contains(&text) => Err(Refusal::not_simulated(format!("rds with {name} {text}"))),
        _ => Ok(()),
    };
    only("NetworkType", &["IPV4"])?;
    only("LicenseModel", &["postgresql-license"])?;
    // PostgreSQL has no options, so that a group of its own makes no difference but its name.
    match input.text("OptionGroupName").map(|name| option_group::find(tx, name)).transpose()? {
        Some(group) if !group.name.starts_with("default:postgres-") => {
            Err(Refusal::not_simulated(format!("rds instances with the option group {}", group.name)))
        }
        _ => Ok(()),
    }
}
