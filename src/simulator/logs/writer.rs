//! The services that write to log groups: EKS what control planes say, RDS what databases say, each to a group of its
//! own, what it measures of all their machines to one, and flow logs to any. A group is made when something is first written to it, stays when its writer goes, and
//! comes again where it is deleted before.

use super::group::LogGroup;
use crate::ec2::flow_log;
use crate::eks::cluster::Cluster;
use crate::rds::instance::DbInstance;
use crate::service::{Span, Transition};
use crate::world::{Row, Tx};

/// How long it takes until something is written.
pub(super) const SPANS: &[Span] = &[Span::new("logs.group.write", 5.0, 60.0)];

pub(super) const TRANSITIONS: &[(&str, Transition)] = &[("logs.group.written", |tx, pending| {
    if tx.get::<LogGroup>(&pending.subject).is_none() && has_writer(tx, &pending.subject) {
        let plain = LogGroup::plain(&pending.subject, tx.now());
        tx.put(if plain.name == MEASURED { LogGroup { retention: Some(MEASURED_DAYS), ..plain } } else { plain });
    }
})];

/// The group of what enhanced monitoring measures, and how many days it keeps that until others say so.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Monitoring.OS.overview.html>
pub const MEASURED: &str = "RDSOSMetrics";
const MEASURED_DAYS: i64 = 30;

/// The group of a cluster's control plane.
/// <https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html>
#[must_use]
pub fn of_cluster(cluster: &str) -> String {
    format!("/aws/eks/{cluster}/cluster")
}

/// The group of one of a database's logs.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.Procedural.UploadtoCloudWatch.html>
#[must_use]
pub fn of_instance(instance: &str, log: &str) -> String {
    format!("/aws/rds/instance/{instance}/{log}")
}

/// Lets something be written to a group, which makes it where it is not there.
pub fn begins(tx: &mut Tx<'_>, group: &str) {
    if tx.get::<LogGroup>(group).is_none() {
        tx.transition("logs.group.write", "logs.group.written", group);
    }
}

/// After a group is deleted: what still writes to it makes it again.
pub(super) fn goes_on(tx: &mut Tx<'_>, group: &str) {
    if has_writer(tx, group) {
        begins(tx, group);
    }
}

fn has_writer(tx: &Tx<'_>, group: &str) -> bool {
    let of_eks = group.strip_prefix("/aws/eks/").and_then(|rest| rest.strip_suffix("/cluster"));
    if let Some(name) = of_eks {
        return tx.get::<Cluster>(name).is_some_and(|cluster| !cluster.logs.is_empty());
    }
    if flow_log::writes_to(tx, group) {
        return true;
    }
    if group == MEASURED {
        return tx.rows::<DbInstance>().any(|instance| instance.monitoring.interval > 0);
    }
    let of_rds = group.strip_prefix("/aws/rds/instance/").and_then(|rest| rest.split_once('/'));
    let Some((name, log)) = of_rds else { return false };
    let is_it = |instance: &DbInstance| instance.id() == name && instance.log_exports.iter().any(|it| it == log);
    tx.get::<DbInstance>(name).is_some_and(is_it)
}
