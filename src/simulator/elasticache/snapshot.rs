//! Snapshots of replication groups and their clusters.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::replication_group::{self, ReplicationGroup, no_key};
use super::subnet_group::CacheSubnetGroup;
use super::{arn, cache_cluster};
use crate::datastore::key;
use crate::datastore::tags::{self, Tags};
use crate::datastore::{identifier, invalid_combination, invalid_value, listing};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Handler, Span, Transition};
use crate::value::Value;
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("CopySnapshot", copy), ("CreateSnapshot", create), ("DescribeSnapshots", describe), ("DeleteSnapshot", delete)];

pub(super) const SPANS: &[Span] =
    &[Span::new("elasticache.snapshot.create", 60.0, 240.0), Span::new("elasticache.snapshot.delete", 2.0, 15.0)];

pub(super) const TRANSITIONS: &[(&str, Transition)] = &[
    ("elasticache.snapshot.available", |tx, pending| {
        tx.change::<CacheSnapshot>(&pending.subject, |snapshot| snapshot.status = "available".to_owned());
        let Some(snapshot) = tx.get::<CacheSnapshot>(&pending.subject).cloned() else { return };
        tx.change::<ReplicationGroup>(&snapshot.group, |group| {
            if group.status == "snapshotting" {
                group.status = "available".to_owned();
            }
        });
    }),
    ("elasticache.snapshot.copied", |tx, pending| {
        tx.change::<CacheSnapshot>(&pending.subject, |snapshot| snapshot.status = "available".to_owned());
    }),
    ("elasticache.snapshot.deleted", |tx, pending| {
        tx.remove::<CacheSnapshot>(&pending.subject);
    }),
];

const CREATE: &str = "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateSnapshot.html";
const DELETE: &str = "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_DeleteSnapshot.html";
const DESCRIBE: &str = "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_DescribeSnapshots.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("elasticache.snapshot.name", "a name is an identifier of at most 255 characters", CREATE),
    Rule::new("elasticache.snapshot.exists", "names are unique", CREATE),
    Rule::new("elasticache.snapshot.state", "the group is available", CREATE),
    Rule::new("elasticache.snapshot.of", "a snapshot is of one group or one cluster", CREATE),
    Rule::new(
        "elasticache.snapshot.cluster_mode",
        "a group in cluster mode is saved as a whole, others by cluster",
        CREATE,
    ),
    Rule::new("elasticache.snapshot.delete.state", "a snapshot that is deleted is available", DELETE),
    Rule::new(
        "elasticache.snapshot.copy.state",
        "a snapshot that is copied is available",
        "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CopySnapshot.html",
    ),
    Rule::new("elasticache.snapshot.restore.state", "a snapshot that is restored is available", CREATE),
    Rule::new("elasticache.snapshot.source", "snapshots are of system or user", DESCRIBE),
];

/// A snapshot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CacheSnapshot {
    /// Its name, in lower case.
    pub name: String,
    /// The replication group it is of.
    pub group: String,
    /// The group's description.
    pub description: String,
    /// The cluster it is of, outside cluster mode.
    pub cluster: Option<String>,
    /// `creating`, `available` or `deleting`.
    pub status: String,
    /// `manual` or `automated`.
    pub source: String,
    /// When it was begun.
    pub created: Timestamp,
    /// The node type.
    pub node_type: String,
    /// The engine.
    pub engine: String,
    /// The version.
    pub version: String,
    /// How many shards it has.
    pub shards: usize,
    /// Each shard's id, slots, and the cluster that was saved.
    pub saved: Vec<(String, String, String)>,
    /// The zone of the cluster that was saved.
    pub zone: String,
    /// When the group was made.
    pub group_created: Timestamp,
    /// The port.
    pub port: i64,
    /// The parameter group.
    pub parameter_group: String,
    /// The subnet group.
    pub subnet_group: String,
    /// The VPC.
    pub vpc: String,
    /// Whether a replica takes over.
    pub failover: bool,
    /// Whether minor versions are upgraded.
    pub auto_minor: bool,
    /// When maintenance is done.
    pub maintenance_window: String,
    /// When snapshots are made.
    pub snapshot_window: String,
    /// Days that snapshots are kept.
    pub snapshot_days: i64,
    /// The key it is encrypted with, where one was named.
    pub key: Option<String>,
    /// Its tags.
    pub tags: Tags,
}

impl Row for CacheSnapshot {
    const TABLE: &'static str = "elasticache.snapshot";
    fn id(&self) -> String {
        self.name.clone()
    }
}

impl CacheSnapshot {
    fn view(&self, tx: &Tx<'_>) -> Value {
        self.view_with(tx, true)
    }

    /// The same, with how its shards were made or without.
    fn view_with(&self, tx: &Tx<'_>, shards: bool) -> Value {
        let saved: Vec<Value> = self
            .saved
            .iter()
            .map(|(shard, slots, cluster)| {
                let configuration =
                    (shards && self.cluster.is_none()).then(|| record! { "NodeGroupId" => shard, "Slots" => slots });
                record! {
                    "CacheClusterId" => cluster,
                    "NodeGroupId" => self.cluster.is_none().then_some(shard.as_str()),
                    "CacheNodeId" => "0001",
                    "NodeGroupConfiguration" => configuration,
                    "CacheSize" => "5 MB",
                    "CacheNodeCreateTime" => self.group_created,
                    "SnapshotCreateTime" => self.created,
                }
            })
            .collect();
        let whole = self.cluster.is_none();
        record! {
            "SnapshotName" => &self.name,
            "ReplicationGroupId" => whole.then_some(self.group.as_str()),
            "ReplicationGroupDescription" => whole.then_some(self.description.as_str()),
            "CacheClusterId" => self.cluster.as_deref(),
            "SnapshotStatus" => &self.status,
            "SnapshotSource" => &self.source,
            "CacheNodeType" => &self.node_type,
            "Engine" => &self.engine,
            "EngineVersion" => &self.version,
            "NumCacheNodes" => self.cluster.is_some().then_some(1_i64),
            "PreferredAvailabilityZone" => self.cluster.is_some().then_some(self.zone.as_str()),
            "CacheClusterCreateTime" => self.cluster.is_some().then_some(self.group_created),
            "PreferredMaintenanceWindow" => &self.maintenance_window,
            "Port" => self.port,
            "CacheParameterGroupName" => &self.parameter_group,
            "CacheSubnetGroupName" => &self.subnet_group,
            "VpcId" => &self.vpc,
            "AutoMinorVersionUpgrade" => self.auto_minor,
            "SnapshotRetentionLimit" => self.snapshot_days,
            "SnapshotWindow" => &self.snapshot_window,
            "NumNodeGroups" => whole.then(|| i64::try_from(self.shards).unwrap_or(i64::MAX)),
            "AutomaticFailover" => if self.failover { "enabled" } else { "disabled" },
            "NodeSnapshots" => saved,
            "KmsKeyId" => self.key.as_deref(),
            "ARN" => arn(tx, "snapshot", &self.name),
            "DataTiering" => "disabled",
        }
    }
}

/// The refusal of a snapshot that is not there.
pub(super) fn not_found(name: &str) -> Refusal {
    Refusal::new("SnapshotNotFoundFault", format!("Snapshot {name} does not exist."))
}

/// A new snapshot's name, which nobody has yet.
pub(super) fn new_name(tx: &Tx<'_>, parameter: &str, given: &str) -> Result<String, Refusal> {
    let name = identifier::read(tx, "elasticache.snapshot.name", parameter, given, 255)?;
    tx.enforce("elasticache.snapshot.exists", tx.get::<CacheSnapshot>(&name).is_none(), || {
        Refusal::new("SnapshotAlreadyExistsFault", format!("Snapshot with specified name already exists: {name}"))
    })?;
    Ok(name)
}

/// The snapshot that a new group is made of.
pub(super) fn restorable(tx: &Tx<'_>, name: &str) -> Result<CacheSnapshot, Refusal> {
    let name = name.to_ascii_lowercase();
    let snapshot = tx.get::<CacheSnapshot>(&name).cloned().ok_or_else(|| not_found(&name))?;
    tx.enforce("elasticache.snapshot.restore.state", snapshot.status == "available", || {
        Refusal::new("InvalidSnapshotState", format!("Snapshot {name} is not in available state."))
    })?;
    Ok(snapshot)
}

/// Begins a snapshot of a group; outside cluster mode it is of one cluster.
pub(super) fn make(tx: &mut Tx<'_>, group: &ReplicationGroup, name: &str, source: &str, tags: Tags) -> CacheSnapshot {
    let saved: Vec<(String, String, String)> = group
        .shards
        .iter()
        .filter_map(|shard| {
            shard.nodes.last().map(|node| (shard.id.clone(), shard.slots.clone(), node.cluster.clone()))
        })
        .collect();
    let last = group.shards.first().and_then(|shard| shard.nodes.last());
    let cluster = last.filter(|_| !group.is_cluster()).map(|node| node.cluster.clone());
    let vpc = tx.get::<CacheSubnetGroup>(&group.subnet_group).map_or_else(String::new, |group| group.vpc.clone());
    let snapshot = CacheSnapshot {
        name: name.to_owned(),
        group: group.id.clone(),
        description: group.description.clone(),
        cluster,
        status: "creating".to_owned(),
        source: source.to_owned(),
        created: tx.now(),
        node_type: group.node_type.clone(),
        engine: group.engine.clone(),
        version: group.version.clone(),
        shards: group.shards.len(),
        saved,
        zone: last.map_or_else(String::new, |node| node.zone.clone()),
        group_created: group.created.unwrap_or(group.asked),
        port: group.port,
        parameter_group: group.parameter_group.clone(),
        subnet_group: group.subnet_group.clone(),
        vpc,
        failover: group.failover,
        auto_minor: group.auto_minor,
        maintenance_window: group.maintenance_window.clone(),
        snapshot_window: group.snapshot_window.clone(),
        snapshot_days: group.snapshot_days,
        key: group.key.clone(),
        tags,
    };
    tx.put(snapshot.clone());
    tx.transition("elasticache.snapshot.create", "elasticache.snapshot.available", name);
    snapshot
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let name = new_name(tx, "SnapshotName", input.required("SnapshotName"))?;
    if input.has("KmsKeyId") {
        return Err(Refusal::not_simulated("elasticache CreateSnapshot with KmsKeyId"));
    }
    let (group, cluster) = (input.text("ReplicationGroupId"), input.text("CacheClusterId"));
    tx.enforce("elasticache.snapshot.of", group.is_some() != cluster.is_some(), || {
        invalid_combination("Exactly one of ReplicationGroupId and CacheClusterId must be specified.")
    })?;
    let row = match (group, cluster) {
        (Some(id), _) => replication_group::find(tx, id)?,
        (None, Some(id)) => cache_cluster::find(tx, id)?.0.clone(),
        (None, None) => {
            return Err(invalid_combination("Exactly one of ReplicationGroupId and CacheClusterId must be specified."));
        }
    };
    tx.enforce("elasticache.snapshot.cluster_mode", row.is_cluster() == group.is_some(), || {
        if row.is_cluster() {
            invalid_combination(
                "Snapshots of a replication group with cluster mode enabled are made with ReplicationGroupId.",
            )
        } else {
            invalid_combination(
                "Cannot create a snapshot of a replication group with cluster mode disabled; specify CacheClusterId.",
            )
        }
    })?;
    tx.enforce("elasticache.snapshot.state", row.status == "available", || {
        if group.is_some() {
            Refusal::new(
                "InvalidReplicationGroupState",
                format!("Replication group {} is not in available state.", row.id),
            )
        } else {
            Refusal::new("InvalidCacheClusterState", "Cache cluster is not in available state.")
        }
    })?;
    let mut tags = Tags::default();
    tags.add(tags::read(tx, "elasticache.tags", input)?);
    let mut snapshot = make(tx, &row, &name, "manual", tags);
    if let (Some(id), None) = (cluster, group) {
        let id = id.to_ascii_lowercase();
        if let Some(saved) = snapshot.saved.first_mut() {
            saved.2.clone_from(&id);
        }
        snapshot.cluster = Some(id);
        tx.put(snapshot.clone());
    }
    tx.change::<ReplicationGroup>(&row.id, |group| group.status = "snapshotting".to_owned());
    Ok(record! { "Snapshot" => snapshot.view(tx) })
}

fn copy(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let source = input.required("SourceSnapshotName").to_ascii_lowercase();
    let snapshot = tx.get::<CacheSnapshot>(&source).cloned().ok_or_else(|| not_found(&source))?;
    let name = new_name(tx, "TargetSnapshotName", input.required("TargetSnapshotName"))?;
    if input.text("TargetBucket").is_some_and(|bucket| !bucket.is_empty()) {
        return Err(Refusal::not_simulated("elasticache CopySnapshot to a bucket"));
    }
    tx.enforce("elasticache.snapshot.copy.state", snapshot.status == "available", || {
        Refusal::new("InvalidSnapshotState", format!("Snapshot {source} is not in available state."))
    })?;
    let key = match input.text("KmsKeyId") {
        None => snapshot.key.clone(),
        given => {
            let rule = "elasticache.kms.exists";
            Some(key::granted(tx, replication_group::GRANTED, rule, given, "aws/elasticache", no_key)?)
        }
    };
    let mut tags = Tags::default();
    tags.add(tags::read(tx, "elasticache.tags", input)?);
    let status = "creating".to_owned();
    // What people copy is theirs, whoever made it.
    let source = "manual".to_owned();
    let copy = CacheSnapshot { name: name.clone(), status, source, created: tx.now(), key, tags, ..snapshot };
    tx.put(copy.clone());
    tx.transition("elasticache.snapshot.create", "elasticache.snapshot.copied", &name);
    Ok(record! { "Snapshot" => copy.view(tx) })
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let lower = |name: &str| input.text(name).map(str::to_ascii_lowercase);
    let (name, group, cluster) = (lower("SnapshotName"), lower("ReplicationGroupId"), lower("CacheClusterId"));
    let source = input.text("SnapshotSource");
    tx.enforce(
        "elasticache.snapshot.source",
        source.is_none_or(|source| ["system", "user"].contains(&source)),
        || {
            invalid_value(format!(
                "Invalid snapshot source: {}. Valid values are: system, user",
                source.unwrap_or_default()
            ))
        },
    )?;
    let shards = input.flag("ShowNodeGroupConfig");
    if let Some(name) = &name {
        tx.get::<CacheSnapshot>(name).ok_or_else(|| not_found(name))?;
    }
    let fits = |snapshot: &&CacheSnapshot| {
        let by = if snapshot.source == "manual" { "user" } else { "system" };
        name.as_ref().is_none_or(|name| snapshot.name == *name)
            && group.as_ref().is_none_or(|group| snapshot.group == *group)
            && cluster.as_ref().is_none_or(|cluster| snapshot.cluster.as_ref() == Some(cluster))
            && source.is_none_or(|source| source == by)
    };
    let items =
        tx.rows::<CacheSnapshot>().filter(fits).map(|snapshot| (snapshot.name.clone(), snapshot.view_with(tx, shards)));
    let items = items.collect();
    listing::paged(tx, input, "elasticache.page.size", "Snapshots", items)
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let name = input.required("SnapshotName").to_ascii_lowercase();
    let mut snapshot = tx.get::<CacheSnapshot>(&name).cloned().ok_or_else(|| not_found(&name))?;
    tx.enforce("elasticache.snapshot.delete.state", snapshot.status == "available", || {
        Refusal::new("InvalidSnapshotState", format!("Snapshot {name} is not in available state."))
    })?;
    snapshot.status = "deleting".to_owned();
    tx.put(snapshot.clone());
    tx.transition("elasticache.snapshot.delete", "elasticache.snapshot.deleted", &name);
    Ok(record! { "Snapshot" => snapshot.view(tx) })
}
