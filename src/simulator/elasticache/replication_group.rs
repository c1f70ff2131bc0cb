//! Replication groups: how they are made, shown and deleted. Changes are in
//! `modification`, other numbers of nodes in `scaling`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::modification::Pending;
use super::snapshot::{self, CacheSnapshot};
use super::subnet_group::{self, CacheSubnetGroup};
use super::{OWNER, arn, engine, event, group_settings, node_type, parameter_group, user_group};
use crate::datastore::network;
use crate::datastore::tags::{self, Tags};
use crate::datastore::{identifier, invalid_combination, invalid_value, key, listing};
use crate::ec2::network_interface::NetworkInterface;
use crate::iam::service_linked_role;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Handler, Service, Span, Transition};
use crate::value::{Record, Value};
use crate::world::{self, Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("CreateReplicationGroup", create), ("DescribeReplicationGroups", describe), ("DeleteReplicationGroup", delete)];

pub(super) const SPANS: &[Span] = &[
    Span::new("elasticache.replication_group.create", 360.0, 720.0),
    Span::new("elasticache.replication_group.delete", 240.0, 480.0),
    network::release_span(OWNER.release),
];

pub(super) const TRANSITIONS: &[(&str, Transition)] = &[
    ("elasticache.replication_group.created", created),
    ("elasticache.replication_group.deleted", deleted),
    ("elasticache.interface.gone", |tx, pending| network::remove(tx, &pending.subject)),
];

const CREATE: &str =
    "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateReplicationGroup.html";
const DELETE: &str =
    "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_DeleteReplicationGroup.html";
const QUOTAS: &str = "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/quota-limits.html";
const FAILOVER: &str = "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/AutoFailover.html";
const TLS: &str = "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/in-transit-encryption.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("elasticache.replication_group.id", "an id has at most 40 letters, digits and single hyphens", CREATE),
    Rule::new("elasticache.replication_group.exists", "ids are unique", CREATE),
    Rule::new("elasticache.replication_group.description", "a description is given", CREATE),
    Rule::new("elasticache.node_type", "the node type is one that ElastiCache has", CREATE),
    Rule::new(
        "elasticache.replication_group.cluster_mode",
        "cluster mode and the parameter group's cluster-enabled agree",
        CREATE,
    ),
    Rule::new(
        "elasticache.replication_group.parameter_family",
        "the parameter group is of the version's family",
        CREATE,
    ),
    Rule::new("elasticache.replication_group.failover.cluster_mode", "cluster mode has automatic failover", FAILOVER),
    Rule::new(
        "elasticache.replication_group.failover.replicas",
        "automatic failover without cluster mode has a replica",
        FAILOVER,
    ),
    Rule::new(
        "elasticache.replication_group.multi_az",
        "Multi-AZ has automatic failover, replicas and two zones",
        FAILOVER,
    ),
    Rule::new(
        "elasticache.replication_group.numbers",
        "clusters are counted by shards and replicas, or all together",
        CREATE,
    ),
    Rule::new(
        "elasticache.replication_group.shards",
        "a group has at most 500 shards, and 90 nodes unless more are granted",
        QUOTAS,
    ),
    Rule::new("elasticache.replication_group.replicas", "a shard has at most 5 replicas", CREATE),
    Rule::new("elasticache.replication_group.quota", "a region has 300 nodes", QUOTAS),
    Rule::new(
        "elasticache.replication_group.zone",
        "zones are ones of the subnet group's, as many as there are nodes",
        CREATE,
    ),
    Rule::new(
        "elasticache.replication_group.topic",
        "notifications go to an SNS topic of the group's account and region",
        CREATE,
    ),
    Rule::new(
        "elasticache.replication_group.auth_token",
        "a token has 16 to 128 characters and needs encryption in transit",
        TLS,
    ),
    Rule::new(
        "elasticache.replication_group.users",
        "users log in over encrypted connections, from version 6.0 on, by one group and not with a token",
        "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Clusters.RBAC.html",
    ),
    Rule::new(
        "elasticache.replication_group.transit",
        "encryption in transit may be preferred from version 7.0 on",
        TLS,
    ),
    Rule::new("elasticache.replication_group.kms", "a key is given for encryption at rest only", CREATE),
    Rule::new("elasticache.replication_group.tiering", "data tiering is for r6gd nodes", CREATE),
    Rule::new("elasticache.window.form", "windows are written as 04:00-05:00 and sun:05:00-sun:06:00", CREATE),
    Rule::new("elasticache.window.length", "windows last at least 60 minutes", CREATE),
    Rule::new("elasticache.window.overlap", "the snapshot window and the maintenance window do not overlap", CREATE),
    Rule::new("elasticache.snapshot.retention", "snapshots are kept for at most 35 days", CREATE),
    Rule::new("elasticache.port", "a port lies between 1024 and 65535", CREATE),
    Rule::new("elasticache.replication_group.delete.state", "a group is deleted once it is available", DELETE),
];

/// A replication group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplicationGroup {
    /// Its id, in lower case.
    pub id: String,
    /// Its description.
    pub description: String,
    /// `creating`, `available` and so on.
    pub status: String,
    /// When its creation was asked for.
    pub asked: Timestamp,
    /// When it became usable first; none before.
    pub created: Option<Timestamp>,
    /// `redis` or `valkey`.
    pub engine: String,
    /// The version in full.
    pub version: String,
    /// `cache.t4g.small`.
    pub node_type: String,
    /// `enabled`, `disabled` or `compatible`.
    pub cluster_mode: String,
    /// Its shards; one outside cluster mode.
    pub shards: Vec<Shard>,
    /// Whether a replica takes over.
    pub failover: bool,
    /// Whether its nodes stand in different zones.
    pub multi_az: bool,
    /// Its parameter group.
    pub parameter_group: String,
    /// `in-sync`, `applying` or `pending-reboot`.
    pub parameter_status: String,
    /// The port.
    pub port: i64,
    /// Its subnet group.
    pub subnet_group: String,
    /// Its security groups.
    pub security_groups: Vec<String>,
    /// Whether data is encrypted at rest.
    pub at_rest: bool,
    /// The key that it is encrypted with, where one was named.
    pub key: Option<String>,
    /// Whether connections are encrypted.
    pub in_transit: bool,
    /// `required` or `preferred`, where connections are.
    pub transit_mode: Option<String>,
    /// Since when clients need a token.
    pub auth_token: Option<Timestamp>,
    /// Who may log in, where that is by users.
    #[serde(default)]
    pub user_groups: Vec<String>,
    /// When maintenance is done.
    pub maintenance_window: String,
    /// When snapshots are made.
    pub snapshot_window: String,
    /// Days that snapshots are kept; 0 is no snapshots.
    pub snapshot_days: i64,
    /// The cluster that daily snapshots are made of, outside cluster mode.
    pub snapshotting: Option<String>,
    /// Whether minor versions are upgraded.
    pub auto_minor: bool,
    /// The topic of its notifications, and whether it is active.
    pub topic: Option<(String, String)>,
    /// Whether data moves between memory and SSD.
    pub tiering: bool,
    /// What is to change.
    pub pending: Pending,
    /// Its tags.
    pub tags: Tags,
}

/// A shard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shard {
    /// `0001`.
    pub id: String,
    /// The slots it holds, as `0-16383`.
    pub slots: String,
    /// Its nodes, the primary first.
    pub nodes: Vec<Node>,
}

/// A node, which is a cache cluster of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// The cache cluster's id.
    pub cluster: String,
    /// The zone.
    pub zone: String,
    /// Its network interface.
    pub interface: String,
    /// When it was made.
    pub created: Timestamp,
    /// `creating`, `available` or `deleting`.
    pub status: String,
    /// Its tags.
    pub tags: Tags,
}

impl Row for ReplicationGroup {
    const TABLE: &'static str = "elasticache.replication_group";
    fn id(&self) -> String {
        self.id.clone()
    }
}

impl ReplicationGroup {
    /// Its ARN.
    #[must_use]
    pub fn arn(&self, tx: &Tx<'_>) -> String {
        arn(tx, "replicationgroup", &self.id)
    }

    /// Whether it is in cluster mode.
    #[must_use]
    pub fn is_cluster(&self) -> bool {
        self.cluster_mode != "disabled"
    }

    /// All its nodes.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.shards.iter().flat_map(|shard| &shard.nodes)
    }

    /// The subnets it stands in.
    #[must_use]
    pub fn subnets(&self, tx: &Tx<'_>) -> Vec<String> {
        let interfaces = self.nodes().filter_map(|node| tx.get::<NetworkInterface>(&node.interface));
        interfaces.map(|interface| interface.subnet.clone()).collect()
    }

    /// The part of its endpoints that comes by chance.
    fn token(&self, tx: &Tx<'_>) -> String {
        let digest = Sha256::digest(format!("elasticache {} {}", tx.account(), tx.region()));
        let letters = b"abcdefghijklmnopqrstuvwxyz0123456789";
        digest.iter().take(6).map(|byte| char::from(letters[usize::from(*byte) % 36])).collect()
    }

    fn endpoint(&self, address: String) -> Value {
        record! { "Address" => address, "Port" => self.port }
    }

    /// Where clients of cluster mode begin.
    #[must_use]
    pub fn configuration_endpoint(&self, tx: &Tx<'_>) -> Option<Value> {
        self.created.filter(|_| self.is_cluster())?;
        let (id, token, region) = (&self.id, self.token(tx), short(tx.region()));
        Some(self.endpoint(if self.in_transit {
            format!("clustercfg.{id}.{token}.{region}.cache.amazonaws.com")
        } else {
            format!("{id}.{token}.clustercfg.{region}.cache.amazonaws.com")
        }))
    }

    fn shard_endpoint(&self, tx: &Tx<'_>, shard: &Shard, reader: bool) -> Value {
        let (id, token, region) = (&self.id, self.token(tx), short(tx.region()));
        self.endpoint(match (self.in_transit, reader) {
            (true, false) => format!("master.{id}.{token}.{region}.cache.amazonaws.com"),
            (true, true) => format!("replica.{id}.{token}.{region}.cache.amazonaws.com"),
            (false, false) => format!("{id}.{token}.ng.{}.{region}.cache.amazonaws.com", shard.id),
            (false, true) => format!("{id}-ro.{token}.ng.{}.{region}.cache.amazonaws.com", shard.id),
        })
    }

    /// Where a node answers.
    #[must_use]
    pub fn node_endpoint(&self, tx: &Tx<'_>, node: &Node) -> Value {
        let (token, region) = (self.token(tx), short(tx.region()));
        self.endpoint(if self.in_transit {
            format!("{}.{}.{token}.{region}.cache.amazonaws.com", node.cluster, self.id)
        } else {
            format!("{}.{token}.0001.{region}.cache.amazonaws.com", node.cluster)
        })
    }

    fn shard_view(&self, tx: &Tx<'_>, shard: &Shard) -> Value {
        let cluster = self.is_cluster();
        let members: Vec<Value> = shard
            .nodes
            .iter()
            .enumerate()
            .map(|(at, node)| {
                record! {
                    "CacheClusterId" => &node.cluster,
                    "CacheNodeId" => "0001",
                    "ReadEndpoint" => (!cluster).then(|| self.node_endpoint(tx, node)),
                    "PreferredAvailabilityZone" => &node.zone,
                    "CurrentRole" => (!cluster).then_some(if at == 0 { "primary" } else { "replica" }),
                }
            })
            .collect();
        record! {
            "NodeGroupId" => &shard.id,
            "Status" => if self.status == "available" { "available" } else { "modifying" },
            "PrimaryEndpoint" => (!cluster).then(|| self.shard_endpoint(tx, shard, false)),
            "ReaderEndpoint" => (!cluster).then(|| self.shard_endpoint(tx, shard, true)),
            "Slots" => cluster.then_some(shard.slots.as_str()),
            "NodeGroupMembers" => members,
        }
    }

    /// What Describe shows.
    #[must_use]
    pub fn view(&self, tx: &Tx<'_>) -> Value {
        let shards: Vec<Value> = match self.created {
            Some(_) if self.status != "deleting" => {
                self.shards.iter().map(|shard| self.shard_view(tx, shard)).collect()
            }
            _ => Vec::new(),
        };
        record! {
            "ReplicationGroupId" => &self.id,
            "Description" => &self.description,
            "GlobalReplicationGroupInfo" => Value::Record(Record::new()),
            "Status" => &self.status,
            "PendingModifiedValues" => self.pending.group_view(),
            "MemberClusters" => Value::List(self.nodes().map(|node| Value::from(&node.cluster)).collect()),
            "NodeGroups" => Some(shards).filter(|shards| !shards.is_empty()),
            "SnapshottingClusterId" => self.snapshotting.as_deref(),
            "AutomaticFailover" => match (self.failover, self.created) {
                (true, Some(_)) => "enabled",
                (true, None) => "enabling",
                (false, _) => "disabled",
            },
            "MultiAZ" => if self.multi_az { "enabled" } else { "disabled" },
            "ConfigurationEndpoint" => self.configuration_endpoint(tx),
            "SnapshotRetentionLimit" => self.snapshot_days,
            "SnapshotWindow" => &self.snapshot_window,
            "ClusterEnabled" => self.is_cluster(),
            "CacheNodeType" => &self.node_type,
            "AuthTokenEnabled" => self.auth_token.is_some(),
            "AuthTokenLastModifiedDate" => self.auth_token,
            "UserGroupIds" => Some(&self.user_groups).filter(|groups| !groups.is_empty()).map(Value::from),
            "TransitEncryptionEnabled" => self.in_transit,
            "AtRestEncryptionEnabled" => self.at_rest,
            "KmsKeyId" => self.key.as_deref(),
            "ARN" => self.arn(tx),
            "LogDeliveryConfigurations" => Value::List(Vec::new()),
            "ReplicationGroupCreateTime" => self.asked,
            "DataTiering" => if self.tiering { "enabled" } else { "disabled" },
            "AutoMinorVersionUpgrade" => self.auto_minor,
            "NetworkType" => "ipv4",
            "IpDiscovery" => "ipv4",
            "TransitEncryptionMode" => self.transit_mode.as_deref(),
            "ClusterMode" => &self.cluster_mode,
            "Engine" => &self.engine,
        }
    }
}

/// A region as endpoints name it: `use1` for `us-east-1`.
fn short(region: &str) -> String {
    let mut parts = region.split('-');
    let (Some(area), Some(side), Some(number)) = (parts.next(), parts.next(), parts.next()) else {
        return region.to_owned();
    };
    let side: String = match side {
        "northeast" => "ne".to_owned(),
        "northwest" => "nw".to_owned(),
        "southeast" => "se".to_owned(),
        "southwest" => "sw".to_owned(),
        other => other.chars().take(1).collect(),
    };
    format!("{area}{side}{number}")
}

/// The refusal of a group that is not there.
pub(super) fn not_found(id: &str) -> Refusal {
    Refusal::new("ReplicationGroupNotFoundFault", format!("ReplicationGroup {id} not found."))
}

/// The group of that id.
pub(super) fn find(tx: &Tx<'_>, id: &str) -> Result<ReplicationGroup, Refusal> {
    tx.get::<ReplicationGroup>(&id.to_ascii_lowercase()).cloned().ok_or_else(|| not_found(id))
}

/// How many shards and replicas a request asks for.
struct Numbers {
    shards: usize,
    replicas: Vec<usize>,
    slots: Vec<Option<String>>,
    zones: Vec<Vec<String>>,
}

/// Shards are numbered in their order; a request that calls one otherwise is not simulated.
pub(super) fn named_in_order(shard: &Input<'_>, at: usize, operation: &str) -> Result<(), Refusal> {
    match shard.text("NodeGroupId") {
        Some(id) if format!("{id:0>4}") != format!("{:04}", at + 1) => {
            Err(Refusal::not_simulated(format!("elasticache {operation} with a NodeGroupId of one's own")))
        }
        _ => Ok(()),
    }
}

fn numbers(tx: &Tx<'_>, input: &Input<'_>, restored: Option<&CacheSnapshot>) -> Result<Numbers, Refusal> {
    let (all, shards) = (input.integer("NumCacheClusters"), input.integer("NumNodeGroups"));
    let (replicas, each) = (input.integer("ReplicasPerNodeGroup"), input.records("NodeGroupConfiguration"));
    let rule = "elasticache.replication_group.numbers";
    tx.enforce(rule, all.is_none() || (shards.is_none() && replicas.is_none() && each.is_empty()), || {
        invalid_combination("Cannot specify NumCacheClusters together with NumNodeGroups, ReplicasPerNodeGroup or NodeGroupConfiguration.")
    })?;
    let count = usize::try_from(shards.unwrap_or(0)).unwrap_or(0);
    tx.enforce(rule, each.is_empty() || count == 0 || count == each.len(), || {
        invalid_combination("NumNodeGroups must be equal to the number of node groups in NodeGroupConfiguration.")
    })?;
    let limit = "elasticache.replication_group.shards";
    tx.enforce(limit, shards.is_none_or(|shards| (1..=500).contains(&shards)), || {
        invalid_value(format!("NumNodeGroups must be between 1 and 500, but was {}.", shards.unwrap_or_default()))
    })?;
    let replica_count = |given: i64| -> Result<usize, Refusal> {
        tx.enforce("elasticache.replication_group.replicas", (0..=5).contains(&given), || {
            invalid_value("The number of replicas per node group must be within 0 and 5.")
        })?;
        Ok(usize::try_from(given).unwrap_or(0))
    };
    let own = match (replicas, all) {
        (Some(replicas), _) => replica_count(replicas)?,
        (None, Some(all)) => {
            tx.enforce(rule, (1..=6).contains(&all), || {
                invalid_value("The number of cache clusters must be within 1 and 6.")
            })?;
            usize::try_from(all - 1).unwrap_or(0)
        }
        (None, None) => 0,
    };
    let azs: Vec<String> = input.texts("PreferredCacheClusterAZs").into_iter().map(str::to_owned).collect();
    let total = restored.map_or(1, |snapshot| snapshot.shards);
    let shards = [count, each.len(), total].into_iter().find(|count| *count > 0).unwrap_or(1);
    let zone = "elasticache.replication_group.zone";
    tx.enforce(zone, azs.is_empty() || shards == 1, || {
        invalid_combination("PreferredCacheClusterAZs can only be specified for one node group.")
    })?;
    tx.enforce(zone, azs.is_empty() || azs.len() == own + 1, || {
        invalid_combination("The number of availability zones must match the number of cache clusters.")
    })?;
    let mut numbers =
        Numbers { shards, replicas: vec![own; shards], slots: vec![None; shards], zones: vec![azs; shards] };
    for (at, shard) in each.iter().enumerate().take(shards) {
        if let Some(given) = shard.integer("ReplicaCount") {
            numbers.replicas[at] = replica_count(given)?;
        }
        numbers.slots[at] = shard.text("Slots").map(str::to_owned);
        named_in_order(shard, at, "CreateReplicationGroup")?;
        let primary = shard.text("PrimaryAvailabilityZone").map(str::to_owned);
        let replicas = shard.texts("ReplicaAvailabilityZones").into_iter().map(str::to_owned);
        let zones: Vec<String> = primary.into_iter().chain(replicas).collect();
        tx.enforce(
            "elasticache.replication_group.zone",
            zones.is_empty() || zones.len() == numbers.replicas[at] + 1,
            || {
                invalid_combination(
                    "The number of availability zones must match the number of nodes of the node group.",
                )
            },
        )?;
        numbers.zones[at] = zones;
    }
    let nodes = numbers.shards + numbers.replicas.iter().sum::<usize>();
    within(tx, numbers.shards, nodes)?;
    Ok(numbers)
}

/// Refuses more nodes in one group than there may be.
pub(super) fn within(tx: &Tx<'_>, shards: usize, nodes: usize) -> Result<(), Refusal> {
    let most = tx.quota("elasticache.nodes-per-cluster");
    let fits = i64::try_from(nodes).is_ok_and(|nodes| nodes <= most);
    tx.enforce("elasticache.replication_group.shards", fits, || {
        if shards > 1 {
            let message = format!("The request cannot be processed because it would exceed the allowed number of {most} node groups and replicas in a single replication group.");
            Refusal::new("NodeGroupsPerReplicationGroupQuotaExceeded", message)
        } else {
            let message = "The request cannot be processed because it would exceed the allowed number of cache nodes in a single cluster.";
            Refusal::new("NodeQuotaForClusterExceeded", message)
        }
    })?;
    let there: usize = tx.rows::<ReplicationGroup>().map(|group| group.nodes().count()).sum();
    let most = tx.quota("elasticache.nodes");
    let fits = i64::try_from(there + nodes).is_ok_and(|nodes| nodes <= most);
    tx.enforce("elasticache.replication_group.quota", fits, || {
        let message =
            "The request cannot be processed because it would exceed the allowed number of cache nodes per customer.";
        Refusal::new("NodeQuotaForCustomerExceeded", message)
    })
}

/// The slots of one of so many shards.
pub(super) fn slots(at: usize, shards: usize) -> String {
    let edge = |at: usize| 16_384 * at / shards.max(1);
    format!("{}-{}", edge(at), edge(at + 1).saturating_sub(1))
}

/// Makes a node in a zone of the subnet group, or in the one that has the fewest of these.
pub(super) fn make_node(
    tx: &mut Tx<'_>,
    cluster: String,
    group: &CacheSubnetGroup,
    security_groups: &[String],
    wanted: Option<&str>,
    beside: &[Node],
    tags: &Tags,
) -> Result<Node, Refusal> {
    let zones = network::zones(&group.places);
    if let Some(wanted) = wanted {
        is_among(tx, group, wanted)?;
    }
    let fewest = zones.iter().min_by_key(|zone| beside.iter().filter(|node| node.zone == **zone).count()).cloned();
    let zone = wanted.map(str::to_owned).or(fewest).unwrap_or_default();
    let place = group.places.iter().find(|place| place.zone == zone).or(group.places.first());
    let interface = match place {
        Some(place) => network::attach(tx, OWNER, &place.subnet, security_groups)?,
        None => String::new(),
    };
    Ok(Node { cluster, zone, interface, created: tx.now(), status: "creating".to_owned(), tags: tags.clone() })
}

/// A zone that a request names has to be one of the subnet group's.
pub(super) fn is_among(tx: &Tx<'_>, group: &CacheSubnetGroup, zone: &str) -> Result<(), Refusal> {
    let among = network::zones(&group.places).iter().any(|one| one == zone);
    tx.enforce("elasticache.replication_group.zone", among, || {
        let message = format!("The availability zone {zone} is not one of the cache subnet group's.");
        Refusal::new("InvalidVPCNetworkStateFault", message)
    })
}

/// What a caller has to be allowed on a key that ElastiCache is to encrypt with.
/// <https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/at-rest-encryption.html>
pub(super) const GRANTED: (&Service, &[&str]) = (&super::SERVICE, &["kms:CreateGrant", "kms:DescribeKey"]);

/// The refusal of a KMS key that is not there.
pub(super) fn no_key(key: &str) -> Refusal {
    Refusal::new("InvalidKMSKeyFault", format!("The KMS key {key} is not valid."))
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let rule = "elasticache.replication_group.id";
    let id = identifier::read(tx, rule, "ReplicationGroupId", input.required("ReplicationGroupId"), 40)?;
    tx.enforce("elasticache.replication_group.exists", tx.get::<ReplicationGroup>(&id).is_none(), || {
        Refusal::new("ReplicationGroupAlreadyExists", format!("Replication group {id} already exists."))
    })?;
    let description = input.required("ReplicationGroupDescription");
    tx.enforce("elasticache.replication_group.description", !description.is_empty(), || {
        invalid_value("The parameter ReplicationGroupDescription must be provided and must not be blank.")
    })?;
    let snapshot = match input.text("SnapshotName") {
        Some(name) => Some(snapshot::restorable(tx, name)?),
        None => None,
    };
    let like = |member: &str, of: fn(&CacheSnapshot) -> &String| {
        input.text(member).map(str::to_owned).or_else(|| snapshot.as_ref().map(|snapshot| of(snapshot).clone()))
    };
    let engine = like("Engine", |snapshot| &snapshot.engine).unwrap_or_else(|| "redis".to_owned()).to_ascii_lowercase();
    let version = engine::choose(tx, &engine, like("EngineVersion", |snapshot| &snapshot.version).as_deref())?;
    let Some(node_type) = like("CacheNodeType", |snapshot| &snapshot.node_type) else {
        return Err(invalid_value("The parameter CacheNodeType must be provided and must not be blank."));
    };
    group_settings::check_node_type(tx, &node_type)?;
    let numbers = numbers(tx, input, snapshot.as_ref())?;
    let parameters = choose_parameters(tx, input, version, &numbers)?;
    let cluster = parameters.is_cluster_enabled();
    let (failover, multi_az) = (input.flag("AutomaticFailoverEnabled"), input.flag("MultiAZEnabled"));
    tx.enforce("elasticache.replication_group.failover.cluster_mode", !cluster || failover, || {
        invalid_combination("Redis with cluster mode enabled cannot be created with auto failover turned off.")
    })?;
    let least = numbers.replicas.iter().copied().min().unwrap_or(0);
    tx.enforce("elasticache.replication_group.failover.replicas", cluster || !failover || least > 0, || {
        invalid_combination(
            "When using automatic failover, there must be at least 2 cache clusters in the replication group.",
        )
    })?;
    let subnets = match input.text("CacheSubnetGroupName") {
        Some(name) => subnet_group::find(tx, name)?,
        None => subnet_group::default(tx)?,
    };
    if multi_az {
        let among = network::zones(&subnets.places).len();
        // Each shard stands in zones of its own choice; one that leaves it open, in all of the subnet group's.
        let distinct = |zones: &Vec<String>| zones.iter().collect::<std::collections::BTreeSet<_>>().len();
        let chosen = numbers.zones.iter().filter(|zones| !zones.is_empty()).map(distinct).min().unwrap_or(among);
        group_settings::check_multi_az(tx, failover, least, chosen.min(among))?;
    }
    let ids = input.texts("SecurityGroupIds");
    let security_groups =
        network::security_groups(tx, "elasticache.security_group", "cache subnet group", &ids, &subnets.vpc)?;
    let (snapshot_window, maintenance_window) = group_settings::windows(tx, input, None)?;
    let days = group_settings::snapshot_days(tx, input.integer("SnapshotRetentionLimit").unwrap_or(0))?;
    let port = input.integer("Port").unwrap_or(6379);
    tx.enforce("elasticache.port", (1024..=65_535).contains(&port), || {
        invalid_value(format!("Invalid port: {port}. It must be between 1024 and 65535."))
    })?;
    let (at_rest, key) = (input.flag("AtRestEncryptionEnabled"), input.text("KmsKeyId"));
    tx.enforce("elasticache.replication_group.kms", key.is_none() || at_rest, || {
        invalid_combination("KmsKeyId can only be specified when AtRestEncryptionEnabled is true.")
    })?;
    let key = match key {
        Some(given) => {
            Some(key::granted(tx, GRANTED, "elasticache.kms.exists", Some(given), "aws/elasticache", no_key)?)
        }
        None => None,
    };
    let (in_transit, transit_mode) = transit(tx, input, version)?;
    let token = input.text("AuthToken");
    if let Some(token) = token {
        tx.enforce("elasticache.replication_group.auth_token", in_transit, || {
            invalid_combination("The AUTH token is only supported when encryption-in-transit is enabled.")
        })?;
        group_settings::check_token(tx, token)?;
    }
    let user_groups = user_group::of_cache(tx, &input.texts("UserGroupIds"))?;
    group_settings::check_users(tx, &user_groups, in_transit, token.is_some(), version)?;
    let tiering = input.flag("DataTieringEnabled");
    let fits = tiering == node_type::has_tiering(&node_type);
    tx.enforce("elasticache.replication_group.tiering", fits, || {
        invalid_combination("Data tiering must be enabled with r6gd node types, and only with those.")
    })?;
    only(input, "NetworkType", "ipv4")?;
    only(input, "IpDiscovery", "ipv4")?;
    let topic = group_settings::topic(tx, input)?.map(|topic| (topic, "active".to_owned()));
    let mut tags = Tags::default();
    tags.add(tags::read(tx, "elasticache.tags", input)?);

    let mut shards = Vec::new();
    for at in 0..numbers.shards {
        let shard = format!("{:04}", at + 1);
        let mut nodes: Vec<Node> = Vec::new();
        for number in 0..=numbers.replicas[at] {
            let name = node_name(&id, cluster, &shard, number + 1);
            let wanted = numbers.zones[at].get(number).map(String::as_str);
            let node = make_node(tx, name, &subnets, &security_groups, wanted, &nodes, &tags)?;
            nodes.push(node);
        }
        let slots = numbers.slots[at].clone().unwrap_or_else(|| slots(at, numbers.shards));
        shards.push(Shard { id: shard, slots, nodes });
    }
    let snapshotting = shards.first().and_then(|shard| shard.nodes.last()).map(|node| node.cluster.clone());
    let cluster_mode = match input.text("ClusterMode") {
        Some(mode) => mode,
        None if cluster => "enabled",
        None => "disabled",
    };
    let group = ReplicationGroup {
        description: description.to_owned(),
        status: "creating".to_owned(),
        asked: tx.now(),
        created: None,
        engine,
        version: version.text.to_owned(),
        node_type,
        cluster_mode: cluster_mode.to_owned(),
        shards,
        failover,
        multi_az,
        parameter_group: parameters.name,
        parameter_status: "in-sync".to_owned(),
        port,
        subnet_group: subnets.name,
        security_groups,
        at_rest,
        key,
        in_transit,
        transit_mode,
        auth_token: token.map(|_| tx.now()),
        user_groups,
        maintenance_window,
        snapshot_window,
        snapshot_days: days,
        snapshotting: snapshotting.filter(|_| !cluster && days > 0),
        auto_minor: input.bool("AutoMinorVersionUpgrade").unwrap_or(true),
        topic,
        tiering,
        pending: Pending::default(),
        tags,
        id,
    };
    tx.put(group.clone());
    service_linked_role::ensure(tx, "elasticache.amazonaws.com");
    tx.transition("elasticache.replication_group.create", "elasticache.replication_group.created", &group.id);
    Ok(record! { "ReplicationGroup" => group.view(tx) })
}

/// The parameter group of a request, which says whether it is in cluster mode.
fn choose_parameters(
    tx: &Tx<'_>,
    input: &Input<'_>,
    version: engine::Version,
    numbers: &Numbers,
) -> Result<parameter_group::CacheParameterGroup, Refusal> {
    let mode = input.text("ClusterMode");
    let many = numbers.shards > 1;
    let wants = many || mode == Some("enabled") || mode == Some("compatible");
    let default = format!("default.{}{}", version.family, if wants { ".cluster.on" } else { "" });
    let group = parameter_group::find(tx, input.text("CacheParameterGroupName").unwrap_or(&default))?;
    group_settings::check_family(tx, &group.family, version)?;
    let rule = "elasticache.replication_group.cluster_mode";
    tx.enforce(rule, !wants || group.is_cluster_enabled(), || {
        invalid_combination(format!(
            "Cluster mode should be enabled in parameter group, but found it is disabled: {}.",
            group.name
        ))
    })?;
    tx.enforce(rule, mode != Some("disabled") || !group.is_cluster_enabled(), || {
        invalid_combination("Cluster mode should be disabled in parameter group, but found it is enabled.")
    })?;
    Ok(group)
}

/// Whether connections are encrypted, and whether they must be.
fn transit(tx: &Tx<'_>, input: &Input<'_>, version: engine::Version) -> Result<(bool, Option<String>), Refusal> {
    let (on, mode) = (input.flag("TransitEncryptionEnabled"), input.text("TransitEncryptionMode"));
    let rule = "elasticache.replication_group.transit";
    tx.enforce(rule, on || mode.is_none(), || {
        invalid_combination("TransitEncryptionMode can only be specified when TransitEncryptionEnabled is true.")
    })?;
    let recent = version.number() >= (7, 0);
    tx.enforce(rule, mode != Some("preferred") || recent, || {
        invalid_combination("TransitEncryptionMode preferred is only supported from engine version 7.0 on.")
    })?;
    Ok((on, on.then(|| mode.unwrap_or("required").to_owned())))
}

fn only(input: &Input<'_>, member: &str, value: &str) -> Result<(), Refusal> {
    match input.text(member) {
        Some(given) if given != value => Err(Refusal::not_simulated(format!("elasticache with {member} {given}"))),
        _ => Ok(()),
    }
}

/// The id of a node's cache cluster.
pub(super) fn node_name(id: &str, cluster: bool, shard: &str, number: usize) -> String {
    if cluster { format!("{id}-{shard}-{number:03}") } else { format!("{id}-{number:03}") }
}

fn created(tx: &mut Tx<'_>, pending: &world::Pending) {
    let now = tx.now();
    tx.change::<ReplicationGroup>(&pending.subject, |group| {
        group.created = Some(now);
        group.status = "available".to_owned();
        ready(group);
    });
    event::of_group(tx, &pending.subject, &format!("Replication group {} created", pending.subject));
    let Some(group) = tx.get::<ReplicationGroup>(&pending.subject).cloned() else { return };
    for node in group.nodes() {
        event::of_cluster(tx, &node.cluster, "Cache cluster created");
        let message = format!("Added cache node 0001 in availability zone {}", node.zone);
        event::of_cluster(tx, &node.cluster, &message);
    }
}

/// All its nodes are there.
pub(super) fn ready(group: &mut ReplicationGroup) {
    for node in group.shards.iter_mut().flat_map(|shard| &mut shard.nodes) {
        node.status = "available".to_owned();
    }
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let items = match input.text("ReplicationGroupId") {
        Some(id) => {
            let group = find(tx, id)?;
            vec![(group.id.clone(), group.view(tx))]
        }
        None => tx.rows::<ReplicationGroup>().map(|group| (group.id.clone(), group.view(tx))).collect(),
    };
    listing::paged(tx, input, "elasticache.page.size", "ReplicationGroups", items)
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut group = find(tx, input.required("ReplicationGroupId"))?;
    if input.flag("RetainPrimaryCluster") {
        return Err(Refusal::not_simulated("elasticache DeleteReplicationGroup with RetainPrimaryCluster"));
    }
    tx.enforce("elasticache.replication_group.delete.state", group.status == "available", || {
        let message =
            format!("Replication group {} has status {} which is not valid for deletion.", group.id, group.status);
        Refusal::new("InvalidReplicationGroupState", message)
    })?;
    if let Some(name) = input.text("FinalSnapshotIdentifier") {
        let name = snapshot::new_name(tx, "FinalSnapshotIdentifier", name)?;
        snapshot::make(tx, &group, &name, "manual", Tags::default());
    }
    tx.cancel("elasticache.replication_group", &group.id);
    group.status = "deleting".to_owned();
    for node in group.shards.iter_mut().flat_map(|shard| &mut shard.nodes) {
        node.status = "deleting".to_owned();
    }
    tx.put(group.clone());
    tx.transition("elasticache.replication_group.delete", "elasticache.replication_group.deleted", &group.id);
    Ok(record! { "ReplicationGroup" => group.view(tx) })
}

fn deleted(tx: &mut Tx<'_>, pending: &world::Pending) {
    let Some(group) = tx.remove::<ReplicationGroup>(&pending.subject) else { return };
    let interfaces: Vec<String> = group.nodes().map(|node| node.interface.clone()).collect();
    network::release(tx, OWNER, &interfaces);
    for node in group.nodes() {
        event::of_cluster(tx, &node.cluster, "Cache cluster deleted");
    }
    event::of_group(tx, &pending.subject, &format!("Replication group {} deleted", pending.subject));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_spread_without_a_gap() {
        assert_eq!(slots(0, 1), "0-16383");
        assert_eq!([slots(0, 3), slots(1, 3), slots(2, 3)], ["0-5460", "5461-10921", "10922-16383"]);
    }

    #[test]
    fn regions_are_shortened_as_in_endpoints() {
        assert_eq!(["us-east-1", "ap-southeast-2", "eu-central-1"].map(short), ["use1", "apse2", "euc1"]);
    }
}
