//! Changes to instances: at once, or pending until the maintenance window.
//!
//! What applies when follows
//! <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.DBInstance.Modifying.html>.
//! A change that takes time leaves the instance `available` for some seconds
//! before it shows as `modifying`; until it is done, it stands in
//! `PendingModifiedValues`.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::instance::{self, DbInstance};
use super::instance_request as request;
use super::storage::{self, Asked, Storage};
use super::subnet_group::{self, DbSubnetGroup};
use super::{OWNER, engine, event, master_secret, monitoring};
use crate::datastore::network;
use crate::datastore::window::Window;
use crate::datastore::{invalid_combination, invalid_value};
use crate::input::Input;
use crate::logs::writer;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Handler, Span, Transition};
use crate::value::Value;
use crate::world::{self, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[("ModifyDBInstance", modify)];

pub(super) const SPANS: &[Span] = &[
    Span::new("rds.instance.modify.begin", 3.0, 20.0),
    Span::new("rds.instance.modify", 30.0, 120.0),
    Span::new("rds.instance.modify.class", 240.0, 600.0),
    Span::new("rds.instance.modify.multi_az", 300.0, 720.0),
    Span::new("rds.instance.modify.storage", 60.0, 240.0),
    Span::new("rds.instance.modify.version", 420.0, 900.0),
    Span::new("rds.instance.optimize", 600.0, 2400.0),
];

pub(super) const TRANSITIONS: &[(&str, Transition)] = &[
    ("rds.instance.modify.begun", begun),
    ("rds.instance.modified", modified),
    ("rds.instance.password.begun", password_begun),
    ("rds.instance.password.changed", |tx, pending| {
        tx.change::<DbInstance>(&pending.subject, |instance| {
            instance.pending.password = false;
            instance.status = "available".to_owned();
        });
    }),
    ("rds.instance.settings", settled),
    ("rds.instance.optimized", |tx, pending| {
        tx.change::<DbInstance>(&pending.subject, |instance| {
            if instance.status == "storage-optimization" {
                instance.status = "available".to_owned();
            }
        });
    }),
];

const MODIFY: &str = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBInstance.html";
const STORAGE: &str = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.ModifyingExisting.html";
const UPGRADE: &str = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_UpgradeDBInstance.PostgreSQL.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("rds.instance.modify.state", "an instance is changed while it is available", MODIFY),
    Rule::new("rds.instance.modify.storage.shrink", "storage does not shrink", MODIFY),
    Rule::new("rds.instance.modify.storage.tenth", "storage grows by a tenth at least", MODIFY),
    Rule::new(
        "rds.instance.modify.storage.optimizing",
        "storage changes once in six hours, and not while it is optimized",
        STORAGE,
    ),
    Rule::new("rds.instance.modify.storage.iops", "size and IOPS of provisioned storage are given together", MODIFY),
    Rule::new("rds.instance.modify.retention.replicas", "an instance with replicas keeps its backups", MODIFY),
    Rule::new("rds.instance.modify.version.path", "a version can be upgraded to this one", UPGRADE),
    Rule::new("rds.instance.modify.version.major", "a new major version is allowed explicitly", UPGRADE),
    Rule::new("rds.instance.modify.subnet_group", "an instance does not move within its VPC", MODIFY),
    Rule::new("rds.instance.modify.replica", "a replica's password is its source's", MODIFY),
    Rule::new(
        "rds.instance.modify.managed_password",
        "a password is managed by RDS or given, and not managed with replicas",
        MODIFY,
    ),
    Rule::new("rds.instance.modify.parameter_group", "the parameter group is of the version's family", MODIFY),
];

/// How long a change that is due waits for what else runs, before it looks again.
const AGAIN: SignedDuration = SignedDuration::from_secs(30);

/// What is to change, and has not yet.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pending {
    /// The class.
    pub class: Option<String>,
    /// The storage.
    pub storage: Option<Storage>,
    /// Whether there will be a standby.
    pub multi_az: Option<bool>,
    /// The version.
    pub version: Option<String>,
    /// The parameter group that comes with another major version.
    pub version_parameters: Option<String>,
    /// Days that backups are kept.
    pub retention: Option<i64>,
    /// The port.
    pub port: Option<i64>,
    /// The identifier.
    pub identifier: Option<String>,
    /// The certificate authority.
    pub authority: Option<String>,
    /// Whether IAM principals may log in.
    pub iam_login: Option<bool>,
    /// The subnet group, in another VPC.
    pub subnet_group: Option<String>,
    /// Logs that are switched on or off.
    pub log_exports: Option<Vec<String>>,
    /// Whether the master password is new.
    pub password: bool,
}

impl Pending {
    fn is_empty(&self) -> bool {
        *self == Pending::default()
    }

    /// What waits for the maintenance window, where it is not made at once.
    fn waiting(&self) -> Pending {
        Pending { password: false, ..self.clone() }
    }

    /// As an instance shows it.
    #[must_use]
    pub fn view(&self) -> Value {
        let storage = self.storage.as_ref();
        record! {
            "DBInstanceClass" => self.class.as_deref(),
            "AllocatedStorage" => storage.map(|storage| storage.gigabytes),
            "MasterUserPassword" => self.password.then_some("****"),
            "Port" => self.port,
            "BackupRetentionPeriod" => self.retention,
            "MultiAZ" => self.multi_az,
            "EngineVersion" => self.version.as_deref(),
            "Iops" => storage.and_then(|storage| storage.iops),
            "StorageThroughput" => storage.and_then(|storage| storage.throughput),
            "DBInstanceIdentifier" => self.identifier.as_deref(),
            "StorageType" => storage.map(|storage| storage.kind.as_str()),
            "CACertificateIdentifier" => self.authority.as_deref(),
            "DBSubnetGroupName" => self.subnet_group.as_deref(),
            "IAMDatabaseAuthenticationEnabled" => self.iam_login,
        }
    }

    /// How the change shows while it is made, and how long it takes.
    fn kind(&self) -> (&'static str, &'static str) {
        if self.version.is_some() {
            ("upgrading", "rds.instance.modify.version")
        } else if self.class.is_some() {
            ("modifying", "rds.instance.modify.class")
        } else if self.multi_az.is_some() {
            ("modifying", "rds.instance.modify.multi_az")
        } else if self.storage.is_some() {
            ("modifying", "rds.instance.modify.storage")
        } else if self.identifier.is_some() {
            ("renaming", "rds.instance.modify")
        } else if self.password {
            ("resetting-master-credentials", "rds.instance.modify")
        } else if self.iam_login.is_some() {
            ("configuring-iam-database-auth", "rds.instance.modify")
        } else {
            ("modifying", "rds.instance.modify")
        }
    }
}

/// `value` if it is given and not what is there.
fn differing<T: PartialEq>(value: Option<T>, there: &T) -> Option<T> {
    value.filter(|value| value != there)
}

fn modify(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut row = instance::find(tx, input.required("DBInstanceIdentifier"))?;
    request::inert(tx, input)?;
    let id = row.identifier.clone();
    let ready = ["available", "storage-optimization"].contains(&row.status.as_str());
    tx.enforce("rds.instance.modify.state", ready, || {
        Refusal::new("InvalidDBInstanceState", "Database instance is not in available state.")
    })?;
    let at_once = input.flag("ApplyImmediately");

    let mut wanted = row.pending.clone();
    let version = target_version(tx, input, &row)?;
    let family = version.unwrap_or(engine::choose(tx, Some(&row.version))?);
    if let Some(class) = input.text("DBInstanceClass") {
        request::class(tx, class, family)?;
        wanted.class = differing(Some(class.to_owned()), &row.class);
    }
    if let Some(version) = version {
        wanted.version = differing(Some(version.text()), &row.version);
    }
    if let Some(changed) = changed_storage(tx, input, &row)? {
        wanted.storage = differing(Some(changed), &row.storage);
    }
    wanted.multi_az =
        input.bool("MultiAZ").map_or(wanted.multi_az, |multi_az| differing(Some(multi_az), &row.multi_az));
    if let Some(iam) = input.bool("EnableIAMDatabaseAuthentication") {
        wanted.iam_login = differing(Some(iam), &row.iam_login);
    }
    if let Some(port) = input.integer("DBPortNumber") {
        wanted.port = differing(Some(request::port(tx, port)?), &row.port);
    }
    if let Some(name) = input.text("CACertificateIdentifier") {
        wanted.authority = differing(Some(request::authority(tx, Some(name), &row.authority)?), &row.authority);
    }
    // Whether the change of the certificate restarts PostgreSQL makes no difference that a client sees.
    let _ = input.bool("CertificateRotationRestart");
    if let Some(new) = input.text("NewDBInstanceIdentifier").filter(|new| !new.eq_ignore_ascii_case(&id)) {
        wanted.identifier = Some(instance::new_identifier(tx, new)?);
    }
    if let Some(name) = input.text("DBSubnetGroupName").filter(|name| !name.eq_ignore_ascii_case(&row.subnet_group)) {
        wanted.subnet_group = Some(other_group(tx, name, &row)?.name);
    }
    change_retention(tx, input, &mut row, &mut wanted, at_once)?;
    change_password(tx, input, &mut row, &mut wanted)?;
    let slow = change_settings(tx, input, &mut row, &wanted, family)?;

    // A change that is to be made at once takes with it what waited for the window.
    let begins = at_once && (wanted != row.pending || !wanted.is_empty());
    let waits = wanted.waiting() != row.pending.waiting() && !at_once;
    // A password waits for no window, whatever else does.
    let password = wanted.password && !row.pending.password && !at_once;
    row.pending = wanted;
    tx.put(row.clone());
    if begins {
        tx.cancel("rds.instance.password.begun", &id);
        tx.cancel("rds.instance.modify.begun", &id);
        tx.transition("rds.instance.modify.begin", "rds.instance.modify.begun", &id);
    } else if waits {
        tx.cancel("rds.instance.modify.begun", &id);
        if let Some(window) = Window::weekly(&row.maintenance_window).filter(|_| !row.pending.waiting().is_empty()) {
            tx.after(window.until(tx.now()), "rds.instance.modify.begun", &id);
        }
    }
    if password {
        tx.transition("rds.instance.modify.begin", "rds.instance.password.begun", &id);
    }
    let answer = record! { "DBInstance" => row.view(tx) };
    if slow && !begins && !password && row.status == "available" {
        // The answer still says what it was; what follows shows the change under way.
        tx.change::<DbInstance>(&id, |row| row.status = "modifying".to_owned());
        tx.transition("rds.instance.modify", "rds.instance.settings", &id);
    }
    Ok(answer)
}

fn target_version(tx: &Tx<'_>, input: &Input<'_>, row: &DbInstance) -> Result<Option<engine::Version>, Refusal> {
    let major_allowed = input.flag("AllowMajorVersionUpgrade");
    if let Some(engine) = input.text("Engine").filter(|engine| *engine != "postgres") {
        return Err(Refusal::not_simulated(format!("rds ModifyDBInstance to the engine {engine}")));
    }
    let Some(text) = input.text("EngineVersion") else { return Ok(None) };
    // A major version alone asks for nothing where that version runs.
    if text.split_once('.').is_none() && row.version.split('.').next() == Some(text) {
        return Ok(None);
    }
    let (target, now) = (engine::choose(tx, Some(text))?, engine::choose(tx, Some(&row.version))?);
    let path = target == now || now.targets().any(|version| version == target);
    tx.enforce("rds.instance.modify.version.path", path, || {
        invalid_combination(format!("Cannot upgrade postgres from {} to {}", row.version, target.text()))
    })?;
    tx.enforce("rds.instance.modify.version.major", target.major == now.major || major_allowed, || {
        invalid_combination("The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.")
    })?;
    Ok(Some(target))
}

fn changed_storage(tx: &Tx<'_>, input: &Input<'_>, row: &DbInstance) -> Result<Option<Storage>, Refusal> {
    let asked = Asked::of(input);
    if asked.kind.is_none() && asked.gigabytes.is_none() && asked.iops.is_none() && asked.throughput.is_none() {
        return Ok(None);
    }
    let before = &row.storage;
    let size = asked.gigabytes.unwrap_or(before.gigabytes);
    tx.enforce("rds.instance.modify.storage.shrink", size >= before.gigabytes, || {
        invalid_combination(format!(
            "Requested storage size ({size}) cannot be less than the current storage size ({}).",
            before.gigabytes
        ))
    })?;
    tx.enforce(
        "rds.instance.modify.storage.tenth",
        size <= before.gigabytes || size * 10 >= before.gigabytes * 11,
        || invalid_combination("Storage size must be increased by at least 10 percent."),
    )?;
    let provisioned = before.kind == "io1" || before.kind == "io2";
    let partly =
        asked.gigabytes.is_some() != asked.iops.is_some() && (size != before.gigabytes || asked.iops.is_some());
    tx.enforce("rds.instance.modify.storage.iops", !(provisioned && partly), || {
        invalid_combination(
            "You must specify both the storage size and iops when modifying the storage size or iops on a DB instance \
             that has iops.",
        )
    })?;
    let changed = storage::choose(tx, &asked, Some(before))?;
    let lately = row.storage_changed.is_some_and(|at| tx.now().duration_since(at) < SignedDuration::from_hours(6));
    let busy = row.status == "storage-optimization" || lately;
    tx.enforce("rds.instance.modify.storage.optimizing", changed == *before || !busy, || {
        invalid_combination(
            "You can't currently modify the storage of this DB instance because the previous storage change is being \
             optimized.",
        )
    })?;
    Ok(Some(changed))
}

fn other_group(tx: &Tx<'_>, name: &str, row: &DbInstance) -> Result<DbSubnetGroup, Refusal> {
    let group = subnet_group::find(tx, name)?;
    let here = tx.get::<DbSubnetGroup>(&row.subnet_group).map(|group| group.vpc.clone());
    tx.enforce("rds.instance.modify.subnet_group", here.as_ref() != Some(&group.vpc), || {
        let message = format!(
            "You cannot move DB instance {} to subnet group {}. The specified DB subnet group and DB instance are in the \
             same VPC. Choose a DB subnet group in different VPC than the specified DB instance and try again.",
            row.identifier, group.name
        );
        Refusal::new("InvalidVPCNetworkStateFault", message)
    })?;
    Ok(group)
}

/// Switching backups on or off is a change of its own; another number of days is set as soon as possible.
fn change_retention(
    tx: &Tx<'_>,
    input: &Input<'_>,
    row: &mut DbInstance,
    wanted: &mut Pending,
    at_once: bool,
) -> Result<(), Refusal> {
    let Some(days) = input.integer("BackupRetentionPeriod") else { return Ok(()) };
    let days = request::retention(tx, days)?;
    let replicas = row.replicas(tx);
    tx.enforce("rds.instance.modify.retention.replicas", days > 0 || replicas.is_empty(), || {
        let message = format!(
            "Automated backups cannot be disabled for DB instance {} because it has read replicas.",
            row.identifier
        );
        Refusal::new("InvalidDBInstanceState", message)
    })?;
    if at_once || (days == 0) != (row.retention == 0) {
        wanted.retention = differing(Some(days), &row.retention);
    } else {
        row.retention = days;
        wanted.retention = None;
    }
    Ok(())
}

fn change_password(
    tx: &mut Tx<'_>,
    input: &Input<'_>,
    row: &mut DbInstance,
    wanted: &mut Pending,
) -> Result<(), Refusal> {
    let (managed, password) = (input.bool("ManageMasterUserPassword"), input.text("MasterUserPassword"));
    let (rotate, key) = (input.bool("RotateMasterUserPassword"), input.text("MasterUserSecretKmsKeyId"));
    let rule = "rds.instance.modify.managed_password";
    if let Some(password) = password {
        tx.enforce("rds.instance.modify.replica", row.source.is_none(), || {
            invalid_combination(
                "Cannot change master user password on an RDS postgres Read Replica because it uses physical replication \
                 and therefore cannot differ from its parent.",
            )
        })?;
        master_secret::check_managed(tx, managed == Some(true), true, false)?;
        tx.enforce(rule, row.secret.is_none() || managed == Some(false), || {
            invalid_combination(
                "You can't specify MasterUserPassword for an instance with ManageMasterUserPassword enabled.",
            )
        })?;
        master_secret::check(tx, password)?;
        wanted.password = true;
    }
    tx.enforce(rule, managed != Some(false) || password.is_some(), || {
        invalid_combination("MasterUserPassword must be provided when ManageMasterUserPassword is set to false.")
    })?;
    let managed_now = row.secret.is_some();
    tx.enforce(rule, key.is_none() || managed == Some(true), || {
        invalid_combination("A ManageMasterUserPassword value is required when MasterUserSecretKmsKeyId is specified.")
    })?;
    tx.enforce(rule, rotate != Some(true) || managed_now, || {
        invalid_combination("You can't specify RotateMasterUserPassword when the master user password isn't managed by RDS in Secrets Manager.")
    })?;
    if managed == Some(true) && !managed_now {
        let replicas = row.replicas(tx);
        tx.enforce(rule, replicas.is_empty() && row.source.is_none(), || {
            invalid_value("ManageMasterUserPassword isn't supported for a DB instance with read replicas.")
        })?;
        row.secret = Some(master_secret::make(tx, &row.username, &row.arn(tx), key)?);
        wanted.password = true;
    }
    if managed == Some(false) && managed_now {
        master_secret::forget(tx, row);
        row.secret = None;
    }
    if let (Some(true), Some(secret)) = (rotate, &row.secret) {
        master_secret::rotate(tx, secret, None);
    }
    Ok(())
}

/// Changes what does not wait for a window; true where it shows as `modifying` for a while.
fn change_settings(
    tx: &mut Tx<'_>,
    input: &Input<'_>,
    row: &mut DbInstance,
    wanted: &Pending,
    family: engine::Version,
) -> Result<bool, Refusal> {
    let before = row.clone();
    let windows = request::windows(tx, input, Some(&instance::windows_of(row)))?;
    (row.backup_window, row.maintenance_window) = (windows.backup, windows.maintenance);
    row.monitoring = monitoring::choose(tx, input, &before.identifier, &before.monitoring)?;
    if row.monitoring.interval > 0 {
        writer::begins(tx, writer::MEASURED);
    }
    if input.has("VpcSecurityGroupIds") {
        let home = wanted.subnet_group.as_ref().unwrap_or(&row.subnet_group);
        let vpc = subnet_group::find(tx, home)?.vpc;
        let ids = input.texts("VpcSecurityGroupIds");
        row.security_groups = network::security_groups(tx, "rds.security_group", "DB instance", &ids, &vpc)?;
        network::regroup(tx, &row.interfaces, &row.security_groups);
    }
    if let Some(name) = input.text("DBParameterGroupName") {
        let group = super::parameter_group::find(tx, name)?;
        tx.enforce("rds.instance.modify.parameter_group", group.family == family.family(), || {
            invalid_combination(format!(
                "The parameter group {} with DBParameterGroupFamily {} can't be used for this instance. Please use a \
                 parameter group with DBParameterGroupFamily {}",
                group.name,
                group.family,
                family.family()
            ))
        })?;
        if group.name != row.parameter_group {
            // The name changes at once; the parameters with the next restart.
            row.parameter_group = group.name;
            row.parameter_status = "pending-reboot".to_owned();
        }
    }
    if let Some(most) = input.integer("MaxAllocatedStorage") {
        let size = wanted.storage.as_ref().unwrap_or(&row.storage).gigabytes;
        row.threshold = if most == 0 { None } else { storage::threshold(tx, most, size, false)? };
    }
    if let Some(logs) = input.record("CloudwatchLogsExportConfiguration") {
        let (on, off) = (logs.texts("EnableLogTypes"), logs.texts("DisableLogTypes"));
        request::log_exports(tx, &on)?;
        request::log_exports(tx, &off)?;
        row.log_exports.retain(|log| !off.contains(&log.as_str()));
        for log in on {
            if !row.log_exports.iter().any(|known| known == log) {
                row.log_exports.push(log.to_owned());
                writer::begins(tx, &writer::of_instance(&row.identifier, log));
            }
        }
    }
    row.auto_minor = input.bool("AutoMinorVersionUpgrade").unwrap_or(row.auto_minor);
    row.copy_tags = input.bool("CopyTagsToSnapshot").unwrap_or(row.copy_tags);
    row.protected = input.bool("DeletionProtection").unwrap_or(row.protected);
    let vpc = tx.get::<DbSubnetGroup>(&row.subnet_group).map(|group| group.vpc.clone());
    row.public = instance::public(tx, input, &vpc.unwrap_or_default(), Some(row.public))?;
    Ok(row.security_groups != before.security_groups
        || row.parameter_group != before.parameter_group
        || row.monitoring != before.monitoring
        || row.log_exports != before.log_exports
        || row.public != before.public)
}

fn settled(tx: &mut Tx<'_>, pending: &world::Pending) {
    tx.change::<DbInstance>(&pending.subject, |row| {
        if row.status == "modifying" {
            row.status = "available".to_owned();
        }
    });
}

/// The password is set, and what waits for the window goes on waiting.
fn password_begun(tx: &mut Tx<'_>, pending: &world::Pending) {
    let id = &pending.subject;
    let Some(row) = tx.get::<DbInstance>(id).cloned() else { return };
    if !row.pending.password {
        return;
    }
    if !takes_changes(&row) {
        tx.after(AGAIN, "rds.instance.password.begun", id);
        return;
    }
    let (status, span) = Pending { password: true, ..Pending::default() }.kind();
    tx.change::<DbInstance>(id, |row| row.status = status.to_owned());
    tx.transition(span, "rds.instance.password.changed", id);
}

/// Whether nothing else runs, which a change would have to come after.
fn takes_changes(row: &DbInstance) -> bool {
    ["available", "storage-optimization", "modifying"].contains(&row.status.as_str())
}

/// The change begins, now or in the maintenance window.
fn begun(tx: &mut Tx<'_>, pending: &world::Pending) {
    let id = &pending.subject;
    let Some(row) = tx.get::<DbInstance>(id).cloned() else { return };
    if row.pending.is_empty() {
        return;
    }
    if !takes_changes(&row) {
        tx.after(AGAIN, "rds.instance.modify.begun", id);
        return;
    }
    tx.cancel("rds.instance.settings", id);
    // A password that has not begun goes along.
    tx.cancel("rds.instance.password.begun", id);
    let (status, span) = row.pending.kind();
    tx.change::<DbInstance>(id, |row| row.status = status.to_owned());
    tx.transition(span, "rds.instance.modified", id);
}

fn modified(tx: &mut Tx<'_>, pending: &world::Pending) {
    let Some(mut row) = tx.get::<DbInstance>(&pending.subject).cloned() else { return };
    let change = std::mem::take(&mut row.pending);
    row.status = "available".to_owned();
    if change.class.is_some() {
        let message = "Finished applying modification to DB instance class";
        event::of_instance(tx, &pending.subject, "configuration change", message);
    }
    row.class = change.class.unwrap_or(row.class);
    row.port = change.port.unwrap_or(row.port);
    row.retention = change.retention.unwrap_or(row.retention);
    row.authority = change.authority.unwrap_or(row.authority);
    row.iam_login = change.iam_login.unwrap_or(row.iam_login);
    if let Some(version) = change.version {
        let major = |text: &str| text.split('.').next().map(str::to_owned);
        let crosses = major(&row.version) != major(&version);
        row.version = version;
        if let Some(family) = engine::named(&row.version).map(engine::Version::family).filter(|_| crosses) {
            let given = tx.get::<super::parameter_group::DbParameterGroup>(&row.parameter_group);
            if given.is_none_or(|group| group.family != family) {
                let default = format!("default.{family}");
                row.parameter_group = super::parameter_group::find(tx, &default).map_or(default, |group| group.name);
            }
        }
        // The upgrade restarts it.
        row.parameter_status = "in-sync".to_owned();
    }
    let optimizes = change.storage.is_some();
    if let Some(storage) = change.storage {
        row.storage = storage;
        row.storage_changed = Some(tx.now());
        row.status = "storage-optimization".to_owned();
    }
    if let Some(multi_az) = change.multi_az {
        change_standby(tx, &mut row, multi_az);
    }
    if let Some(group) = change.subnet_group.and_then(|name| tx.get::<DbSubnetGroup>(&name).cloned()) {
        move_to(tx, &mut row, &group);
    }
    let old = row.identifier.clone();
    if let Some(new) = change.identifier {
        rename(tx, &mut row, new);
    }
    if old != row.identifier {
        tx.remove::<DbInstance>(&old);
    }
    let id = row.identifier.clone();
    tx.put(row);
    if optimizes {
        tx.transition("rds.instance.optimize", "rds.instance.optimized", &id);
    }
}

fn change_standby(tx: &mut Tx<'_>, row: &mut DbInstance, multi_az: bool) {
    row.multi_az = multi_az;
    let Some(group) = tx.get::<DbSubnetGroup>(&row.subnet_group).cloned() else { return };
    if multi_az {
        row.standby_zone = instance::standby(&network::zones(&group.places), &row.zone);
        let zone = row.standby_zone.clone();
        let made = zone.map(|zone| instance::interfaces(tx, &group, &[&zone], &row.security_groups));
        // A subnet without a free address gives the standby none: AWS would end in incompatible-network.
        row.interfaces.extend(made.and_then(Result::ok).into_iter().flatten());
    } else {
        row.standby_zone = None;
        let gone = row.interfaces.split_off(row.interfaces.len().min(1));
        network::release(tx, OWNER, &gone);
    }
}

fn move_to(tx: &mut Tx<'_>, row: &mut DbInstance, group: &DbSubnetGroup) {
    network::release(tx, OWNER, &row.interfaces);
    row.subnet_group.clone_from(&group.name);
    let zones = network::zones(&group.places);
    if !zones.contains(&row.zone) {
        row.zone = zones.first().cloned().unwrap_or_default();
    }
    row.standby_zone = row.standby_zone.as_ref().and_then(|_| instance::standby(&zones, &row.zone));
    let stands: Vec<&str> = std::iter::once(row.zone.as_str()).chain(row.standby_zone.as_deref()).collect();
    row.interfaces = instance::interfaces(tx, group, &stands, &row.security_groups).unwrap_or_default();
}

/// A new name, which its replicas learn.
fn rename(tx: &mut Tx<'_>, row: &mut DbInstance, new: String) {
    for replica in row.replicas(tx) {
        tx.change::<DbInstance>(&replica, |replica| replica.source = Some(new.clone()));
    }
    tx.cancel("rds.instance", &row.identifier);
    tx.cancel("rds.parameter_group", &row.identifier);
    row.identifier = new;
}
