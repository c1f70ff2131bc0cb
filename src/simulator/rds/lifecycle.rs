//! Restarts, stops and starts of instances.

use jiff::SignedDuration;

use super::instance::{self, DbInstance};
use super::{event, snapshot};
use crate::datastore::invalid_combination;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Handler, Span, Transition};
use crate::value::Value;
use crate::world::{Pending, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("RebootDBInstance", reboot), ("StartDBInstance", start), ("StopDBInstance", stop)];

pub(super) const SPANS: &[Span] = &[
    Span::new("rds.instance.reboot", 30.0, 120.0),
    Span::new("rds.instance.start", 120.0, 480.0),
    Span::new("rds.instance.stop", 90.0, 420.0),
];

pub(super) const TRANSITIONS: &[(&str, Transition)] = &[
    ("rds.instance.rebooted", rebooted),
    ("rds.instance.started", |tx, pending| {
        tx.change::<DbInstance>(&pending.subject, |instance| {
            instance.status = "available".to_owned();
            instance.parameter_status = "in-sync".to_owned();
        });
        event::of_instance(tx, &pending.subject, "notification", "DB instance started");
    }),
    ("rds.instance.stopped", stopped),
    ("rds.instance.restarts", |tx, pending| {
        if tx.get::<DbInstance>(&pending.subject).is_some_and(|instance| instance.status == "stopped") {
            begin_start(tx, &pending.subject);
        }
    }),
];

const REBOOT: &str = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_RebootInstance.html";
const STOP: &str = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_StopInstance.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("rds.instance.reboot.state", "an instance is rebooted while it is available", REBOOT),
    Rule::new("rds.instance.reboot.failover", "a failover is forced on a Multi-AZ instance only", REBOOT),
    Rule::new("rds.instance.stop.state", "an instance is stopped while it is available", STOP),
    Rule::new("rds.instance.stop.replica", "a read replica, or an instance that has one, is not stopped", STOP),
    Rule::new(
        "rds.instance.start.state",
        "an instance is started while it is stopped",
        "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_StartInstance.html",
    ),
];

/// A stopped instance is started again after seven days.
const STOPPED_AT_MOST: SignedDuration = SignedDuration::from_hours(7 * 24);

fn state(message: String) -> Refusal {
    Refusal::new("InvalidDBInstanceState", message)
}

fn reboot(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut row = instance::find(tx, input.required("DBInstanceIdentifier"))?;
    tx.enforce("rds.instance.reboot.state", row.status == "available" || row.status == "storage-optimization", || {
        state("Instance cannot currently reboot due to an in-progress management operation.".to_owned())
    })?;
    let failover = input.flag("ForceFailover");
    tx.enforce("rds.instance.reboot.failover", !failover || row.multi_az, || {
        invalid_combination("You cannot force failover on a DB instance that is not configured for Multi-AZ.")
    })?;
    if failover && let Some(standby) = row.standby_zone.take() {
        row.standby_zone = Some(std::mem::replace(&mut row.zone, standby));
        row.interfaces.rotate_left(1);
    }
    row.status = "rebooting".to_owned();
    tx.put(row.clone());
    tx.transition("rds.instance.reboot", "rds.instance.rebooted", &row.identifier);
    Ok(record! { "DBInstance" => row.view(tx) })
}

fn rebooted(tx: &mut Tx<'_>, pending: &Pending) {
    event::of_instance(tx, &pending.subject, "availability", "DB instance restarted");
    tx.change::<DbInstance>(&pending.subject, |instance| {
        instance.status = "available".to_owned();
        instance.parameter_status = "in-sync".to_owned();
    });
}

fn stop(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut row = instance::find(tx, input.required("DBInstanceIdentifier"))?;
    let id = row.identifier.clone();
    tx.enforce("rds.instance.stop.replica", row.source.is_none(), || {
        state("Cannot stop or start a read replica instance".to_owned())
    })?;
    let replicas = row.replicas(tx);
    tx.enforce("rds.instance.stop.replica", replicas.is_empty(), || {
        state("Cannot stop or start an instance which has read replicas".to_owned())
    })?;
    tx.enforce("rds.instance.stop.state", row.status == "available", || {
        state(format!("Instance {id} is not in available state."))
    })?;
    if let Some(name) = input.text("DBSnapshotIdentifier") {
        let name = snapshot::new_identifier(tx, "DBSnapshotIdentifier", name)?;
        snapshot::make(tx, &row, &name, "manual", row.tags.clone());
    }
    row.status = "stopping".to_owned();
    tx.put(row.clone());
    tx.transition("rds.instance.stop", "rds.instance.stopped", &id);
    Ok(record! { "DBInstance" => row.view(tx) })
}

fn stopped(tx: &mut Tx<'_>, pending: &Pending) {
    let restarts = tx.now().checked_add(STOPPED_AT_MOST).ok();
    tx.change::<DbInstance>(&pending.subject, |instance| {
        instance.status = "stopped".to_owned();
        instance.restarts = restarts;
    });
    event::of_instance(tx, &pending.subject, "notification", "DB instance stopped");
    tx.after(STOPPED_AT_MOST, "rds.instance.restarts", &pending.subject);
}

fn start(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let row = instance::find(tx, input.required("DBInstanceIdentifier"))?;
    tx.enforce("rds.instance.start.state", row.status == "stopped", || {
        state(format!("Instance {} is not stopped, cannot be started.", row.identifier))
    })?;
    begin_start(tx, &row.identifier);
    let row = instance::find(tx, &row.identifier)?;
    Ok(record! { "DBInstance" => row.view(tx) })
}

fn begin_start(tx: &mut Tx<'_>, id: &str) {
    tx.cancel("rds.instance.restarts", id);
    tx.change::<DbInstance>(id, |instance| {
        instance.status = "starting".to_owned();
        instance.restarts = None;
    });
    tx.transition("rds.instance.start", "rds.instance.started", id);
}
