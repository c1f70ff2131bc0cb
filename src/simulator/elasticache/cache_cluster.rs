//! Cache clusters: the nodes of replication groups, each a cluster of its own.

use super::arn;
use super::replication_group::{Node, ReplicationGroup};
use crate::datastore::listing;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("DescribeCacheClusters", describe), ("DescribeUpdateActions", describe_update_actions)];

/// The refusal of a cluster that is not there.
pub(super) fn not_found(id: &str) -> Refusal {
    Refusal::new("CacheClusterNotFound", format!("CacheCluster not found: {id}"))
}

/// The group and the node of a cluster's id.
pub(super) fn find<'t>(tx: &'t Tx<'_>, id: &str) -> Result<(&'t ReplicationGroup, &'t Node), Refusal> {
    let id = id.to_ascii_lowercase();
    let all = tx.rows::<ReplicationGroup>().flat_map(|group| group.nodes().map(move |node| (group, node)));
    let mut found = all.filter(|(_, node)| node.cluster == id);
    found.next().ok_or_else(|| not_found(&id))
}

fn view(tx: &Tx<'_>, group: &ReplicationGroup, node: &Node, with_nodes: bool) -> Value {
    let status = match (node.status.as_str(), group.status.as_str()) {
        ("available", "modifying" | "snapshotting") => group.status.as_str(),
        (status, _) => status,
    };
    let security: Vec<Value> =
        group.security_groups.iter().map(|id| record! { "SecurityGroupId" => id, "Status" => "active" }).collect();
    let nodes = (with_nodes && group.created.is_some()).then(|| {
        vec![record! {
            "CacheNodeId" => "0001",
            "CacheNodeStatus" => status,
            "CacheNodeCreateTime" => node.created,
            "Endpoint" => group.node_endpoint(tx, node),
            "ParameterGroupStatus" => &group.parameter_status,
            "CustomerAvailabilityZone" => &node.zone,
        }]
    });
    let topic = group.topic.as_ref();
    record! {
        "CacheClusterId" => &node.cluster,
        "ClientDownloadLandingPage" => format!("https://console.aws.amazon.com/elasticache/home?region={}#client-download:", tx.region()),
        "CacheNodeType" => &group.node_type,
        "Engine" => &group.engine,
        "EngineVersion" => &group.version,
        "CacheClusterStatus" => status,
        "NumCacheNodes" => 1_i64,
        "PreferredAvailabilityZone" => &node.zone,
        "CacheClusterCreateTime" => node.created,
        "PreferredMaintenanceWindow" => &group.maintenance_window,
        "PendingModifiedValues" => group.pending.cluster_view(),
        "NotificationConfiguration" => topic.map(|(arn, status)| record! { "TopicArn" => arn, "TopicStatus" => status }),
        "CacheSecurityGroups" => Value::List(Vec::new()),
        "CacheParameterGroup" => record! {
            "CacheParameterGroupName" => &group.parameter_group,
            "ParameterApplyStatus" => &group.parameter_status,
            "CacheNodeIdsToReboot" => Value::List(Vec::new()),
        },
        "CacheSubnetGroupName" => &group.subnet_group,
        "CacheNodes" => nodes,
        "AutoMinorVersionUpgrade" => group.auto_minor,
        "SecurityGroups" => security,
        "ReplicationGroupId" => &group.id,
        "SnapshotRetentionLimit" => group.snapshot_days,
        "SnapshotWindow" => &group.snapshot_window,
        "AuthTokenEnabled" => group.auth_token.is_some(),
        "AuthTokenLastModifiedDate" => group.auth_token,
        "TransitEncryptionEnabled" => group.in_transit,
        "AtRestEncryptionEnabled" => group.at_rest,
        "ARN" => arn(tx, "cluster", &node.cluster),
        "ReplicationGroupLogDeliveryEnabled" => false,
        "LogDeliveryConfigurations" => Value::List(Vec::new()),
        "NetworkType" => "ipv4",
        "IpDiscovery" => "ipv4",
        "TransitEncryptionMode" => group.transit_mode.as_deref(),
    }
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let with_nodes = input.flag("ShowCacheNodeInfo");
    // Every cluster here is a replication group's.
    let alone = input.flag("ShowCacheClustersNotInReplicationGroups");
    let items = match input.text("CacheClusterId").filter(|id| !id.is_empty()) {
        Some(id) => {
            let (group, node) = find(tx, id)?;
            vec![(node.cluster.clone(), view(tx, group, node, with_nodes))]
        }
        None => {
            let all = tx.rows::<ReplicationGroup>().filter(|_| !alone);
            let nodes = all.flat_map(|group| group.nodes().map(move |node| (group, node)));
            nodes.map(|(group, node)| (node.cluster.clone(), view(tx, group, node, with_nodes))).collect()
        }
    };
    listing::paged(tx, input, "elasticache.page.size", "CacheClusters", items)
}

/// No service update is ever due here.
fn describe_update_actions(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let _ = input.all();
    listing::paged(tx, input, "elasticache.page.size", "UpdateActions", Vec::new())
}
