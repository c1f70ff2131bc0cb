//! Other numbers of shards and replicas.

use super::modification::not_available;
use super::replication_group::{self as groups, Node, ReplicationGroup, Shard};
use super::{OWNER, event, node_type, subnet_group};
use crate::datastore::{invalid_combination, invalid_value, network};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Handler, Span, Transition};
use crate::value::Value;
use crate::world::{self, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("IncreaseReplicaCount", increase),
    ("DecreaseReplicaCount", decrease),
    ("ListAllowedNodeTypeModifications", allowed_node_types),
    ("ModifyReplicationGroupShardConfiguration", reshard),
    ("TestFailover", fail_over),
];

pub(super) const SPANS: &[Span] = &[
    Span::new("elasticache.replication_group.replicas", 300.0, 600.0),
    Span::new("elasticache.replication_group.reshard", 480.0, 1200.0),
    Span::new("elasticache.replication_group.failover", 60.0, 240.0),
];

pub(super) const TRANSITIONS: &[(&str, Transition)] =
    &[("elasticache.replication_group.scaled", scaled), ("elasticache.replication_group.failed_over", failed_over)];

const INCREASE: &str =
    "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_IncreaseReplicaCount.html";
const DECREASE: &str =
    "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_DecreaseReplicaCount.html";
const RESHARD: &str = "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ModifyReplicationGroupShardConfiguration.html";

const FAILOVER: &str = "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_TestFailover.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("elasticache.scaling.at_once", "other numbers of nodes are made at once only", RESHARD),
    Rule::new("elasticache.scaling.more", "an increase is one", INCREASE),
    Rule::new("elasticache.scaling.fewer", "a decrease is one", DECREASE),
    Rule::new("elasticache.scaling.least", "Multi-AZ, and failover without cluster mode, keep a replica", DECREASE),
    Rule::new("elasticache.scaling.shard", "a shard that is named is there", RESHARD),
    Rule::new("elasticache.scaling.cluster_mode", "shards are changed in cluster mode only", RESHARD),
    Rule::new("elasticache.scaling.shards_named", "fewer shards say which go or which stay", RESHARD),
    Rule::new("elasticache.failover.shard", "a shard that fails over is there", FAILOVER),
    Rule::new("elasticache.failover.possible", "a shard fails over where it may, to a replica", FAILOVER),
    Rule::new(
        "elasticache.node_types.source",
        "a cluster or a replication group is named",
        "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ListAllowedNodeTypeModifications.html",
    ),
    Rule::new("elasticache.scaling.same", "another number of shards is another", RESHARD),
];

/// The group, if it can be scaled.
fn scalable(tx: &Tx<'_>, input: &Input<'_>) -> Result<ReplicationGroup, Refusal> {
    let row = groups::find(tx, input.required("ReplicationGroupId"))?;
    tx.enforce("elasticache.replication_group.modify.state", row.status == "available", not_available)?;
    tx.enforce("elasticache.scaling.at_once", input.flag("ApplyImmediately"), || {
        invalid_value("ApplyImmediately must be true; ApplyImmediately=False is not currently supported.")
    })?;
    Ok(row)
}

/// How many replicas each shard is to have.
fn targets(tx: &Tx<'_>, input: &Input<'_>, row: &ReplicationGroup) -> Result<Vec<usize>, Refusal> {
    let mut targets: Vec<usize> = row.shards.iter().map(|shard| shard.nodes.len() - 1).collect();
    let read = |given: i64| -> Result<usize, Refusal> {
        tx.enforce("elasticache.replication_group.replicas", (0..=5).contains(&given), || {
            invalid_value("The number of replicas per node group must be within 0 and 5.")
        })?;
        Ok(usize::try_from(given).unwrap_or(0))
    };
    let (all, each) = (input.integer("NewReplicaCount"), input.records("ReplicaConfiguration"));
    tx.enforce("elasticache.replication_group.numbers", all.is_some() || !each.is_empty(), || {
        invalid_combination("Either NewReplicaCount or ReplicaConfiguration must be specified.")
    })?;
    if let Some(all) = all {
        let count = read(all)?;
        targets.iter_mut().for_each(|target| *target = count);
    }
    for shard in &each {
        let id = shard.required("NodeGroupId");
        let at = row.shards.iter().position(|shard| shard.id == id || shard.id == format!("{id:0>4}"));
        tx.enforce("elasticache.scaling.shard", at.is_some(), || no_shard(id))?;
        let count = read(shard.integer("NewReplicaCount").unwrap_or(0))?;
        if let Some(at) = at {
            targets[at] = count;
        }
    }
    Ok(targets)
}

fn no_shard(id: &str) -> Refusal {
    // `NodeGroupNotFoundFault` is not among what these operations declare.
    Refusal::new("InvalidParameterValue", format!("Node group {id} not found."))
}

fn increase(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut row = scalable(tx, input)?;
    let targets = targets(tx, input, &row)?;
    let zones: Vec<Vec<String>> = wanted_zones(input, &row);
    let more = row.shards.iter().zip(&targets).any(|(shard, target)| *target >= shard.nodes.len());
    let none_less = row.shards.iter().zip(&targets).all(|(shard, target)| *target + 1 >= shard.nodes.len());
    tx.enforce("elasticache.scaling.more", more && none_less, || {
        invalid_value("The new replica count must be greater than the current replica count.")
    })?;
    let added: usize =
        row.shards.iter().zip(&targets).map(|(shard, target)| (target + 1).saturating_sub(shard.nodes.len())).sum();
    groups::within(tx, row.shards.len(), added)?;
    let subnets = subnet_group::find(tx, &row.subnet_group)?;
    let (id, cluster, groups_of_it, tags) =
        (row.id.clone(), row.is_cluster(), row.security_groups.clone(), row.tags.clone());
    for (at, shard) in row.shards.iter_mut().enumerate() {
        while shard.nodes.len() < targets[at] + 1 {
            let name = free_name(&id, cluster, shard);
            let wanted = zones[at].get(shard.nodes.len()).map(String::as_str);
            let node = groups::make_node(tx, name, &subnets, &groups_of_it, wanted, &shard.nodes, &tags)?;
            shard.nodes.push(node);
        }
    }
    Ok(under_way(tx, row, "elasticache.replication_group.replicas"))
}

/// The zones that a request wants each shard's nodes in.
fn wanted_zones(input: &Input<'_>, row: &ReplicationGroup) -> Vec<Vec<String>> {
    let each = input.records("ReplicaConfiguration");
    row.shards
        .iter()
        .map(|shard| {
            let own = each.iter().find(|given| format!("{:0>4}", given.required("NodeGroupId")) == shard.id);
            own.map(|own| own.texts("PreferredAvailabilityZones"))
                .unwrap_or_default()
                .into_iter()
                .map(str::to_owned)
                .collect()
        })
        .collect()
}

/// The first name of a node that no other has.
fn free_name(id: &str, cluster: bool, shard: &Shard) -> String {
    let taken = |name: &String| shard.nodes.iter().any(|node| node.cluster == *name);
    let mut names = (1..).map(|number| groups::node_name(id, cluster, &shard.id, number));
    // Of endless names one is free.
    names.find(|name| !taken(name)).unwrap_or_default()
}

fn decrease(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut row = scalable(tx, input)?;
    let named = input.texts("ReplicasToRemove");
    let by_name = !named.is_empty();
    let targets = if by_name {
        row.shards
            .iter()
            .map(|shard| {
                shard.nodes.iter().filter(|node| !named.contains(&node.cluster.as_str())).count().saturating_sub(1)
            })
            .collect()
    } else {
        targets(tx, input, &row)?
    };
    let fewer = row.shards.iter().zip(&targets).any(|(shard, target)| target + 1 < shard.nodes.len());
    let none_more = row.shards.iter().zip(&targets).all(|(shard, target)| *target < shard.nodes.len());
    tx.enforce("elasticache.scaling.fewer", fewer && none_more, || {
        if by_name {
            Refusal::new("NoOperationFault", "None of the replicas to remove is a replica of this replication group.")
        } else {
            invalid_value("The new replica count must be less than the current replica count.")
        }
    })?;
    let least = targets.iter().copied().min().unwrap_or(0);
    let needs = row.multi_az || (row.failover && !row.is_cluster());
    tx.enforce("elasticache.scaling.least", least > 0 || !needs, || {
        invalid_combination("A replication group with Multi-AZ or automatic failover must keep at least one replica.")
    })?;
    let mut gone = Vec::new();
    for (shard, target) in row.shards.iter_mut().zip(&targets) {
        let mut kept: Vec<Node> = Vec::new();
        for node in std::mem::take(&mut shard.nodes) {
            let goes = if by_name { named.contains(&node.cluster.as_str()) } else { kept.len() > *target };
            if goes { gone.push(node.interface) } else { kept.push(node) }
        }
        shard.nodes = kept;
    }
    network::release(tx, OWNER, &gone);
    Ok(under_way(tx, row, "elasticache.replication_group.replicas"))
}

fn reshard(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut row = scalable(tx, input)?;
    tx.enforce("elasticache.scaling.cluster_mode", row.is_cluster(), || {
        invalid_combination("Resharding is only supported for replication groups with cluster mode enabled.")
    })?;
    let count = input.integer("NodeGroupCount").unwrap_or(0);
    tx.enforce("elasticache.replication_group.shards", (1..=500).contains(&count), || {
        invalid_value(format!("NodeGroupCount must be between 1 and 500, but was {count}."))
    })?;
    let count = usize::try_from(count).unwrap_or(1);
    let (remove, retain) = (input.texts("NodeGroupsToRemove"), input.texts("NodeGroupsToRetain"));
    let mut zones: Vec<Vec<String>> = Vec::new();
    for (at, shard) in input.records("ReshardingConfiguration").iter().enumerate() {
        groups::named_in_order(shard, at, "ModifyReplicationGroupShardConfiguration")?;
        zones.push(shard.texts("PreferredAvailabilityZones").into_iter().map(str::to_owned).collect());
    }
    let subnets = subnet_group::find(tx, &row.subnet_group)?;
    zones.iter().flatten().try_for_each(|zone| groups::is_among(tx, &subnets, zone))?;
    let have = row.shards.len();
    tx.enforce("elasticache.scaling.same", count != have, || {
        Refusal::new("NoOperationFault", format!("The replication group already has {count} node groups."))
    })?;
    if count < have {
        shrink(tx, &mut row, count, &remove, &retain)?;
    } else {
        tx.enforce("elasticache.scaling.shards_named", remove.is_empty() && retain.is_empty(), || {
            invalid_combination("NodeGroupsToRemove and NodeGroupsToRetain are for a decrease of the node groups.")
        })?;
        grow(tx, &mut row, count, &zones)?;
    }
    let shards = row.shards.len();
    for (at, shard) in row.shards.iter_mut().enumerate() {
        shard.slots = groups::slots(at, shards);
    }
    Ok(under_way(tx, row, "elasticache.replication_group.reshard"))
}

fn grow(tx: &mut Tx<'_>, row: &mut ReplicationGroup, count: usize, zones: &[Vec<String>]) -> Result<(), Refusal> {
    let replicas = row.shards.first().map_or(0, |shard| shard.nodes.len() - 1);
    let added = (count - row.shards.len()) * (replicas + 1);
    groups::within(tx, count, added + row.nodes().count())?;
    let subnets = subnet_group::find(tx, &row.subnet_group)?;
    while row.shards.len() < count {
        let taken = |id: &String| row.shards.iter().any(|shard| shard.id == *id);
        // Of endless names one is free.
        let id = (1..).map(|number| format!("{number:04}")).find(|id| !taken(id)).unwrap_or_default();
        let wanted = zones.get(row.shards.len()).cloned().unwrap_or_default();
        let mut nodes: Vec<Node> = Vec::new();
        for number in 0..=replicas {
            let name = groups::node_name(&row.id, true, &id, number + 1);
            let zone = wanted.get(number).map(String::as_str);
            let node = groups::make_node(tx, name, &subnets, &row.security_groups, zone, &nodes, &row.tags)?;
            nodes.push(node);
        }
        row.shards.push(Shard { id, slots: String::new(), nodes });
    }
    Ok(())
}

fn shrink(
    tx: &mut Tx<'_>,
    row: &mut ReplicationGroup,
    count: usize,
    remove: &[&str],
    retain: &[&str],
) -> Result<(), Refusal> {
    let named = remove.len() + count == row.shards.len() || retain.len() == count;
    tx.enforce("elasticache.scaling.shards_named", (remove.is_empty() != retain.is_empty()) && named, || {
        invalid_combination(
            "Either NodeGroupsToRemove or NodeGroupsToRetain must name the node groups that go or stay.",
        )
    })?;
    let is = |shard: &Shard, id: &str| shard.id == format!("{id:0>4}");
    let absent = remove.iter().chain(retain).find(|id| !row.shards.iter().any(|shard| is(shard, id)));
    tx.enforce("elasticache.scaling.shard", absent.is_none(), || no_shard(absent.copied().unwrap_or_default()))?;
    let mut gone = Vec::new();
    let mut kept = Vec::new();
    for shard in std::mem::take(&mut row.shards) {
        let goes = match retain.is_empty() {
            true => remove.iter().any(|id| is(&shard, id)),
            false => !retain.iter().any(|id| is(&shard, id)),
        };
        if goes {
            gone.extend(shard.nodes.into_iter().map(|node| node.interface));
        } else {
            kept.push(shard);
        }
    }
    row.shards = kept;
    network::release(tx, OWNER, &gone);
    Ok(())
}

/// Keeps the group as one that is being scaled.
fn under_way(tx: &mut Tx<'_>, mut row: ReplicationGroup, span: &str) -> Value {
    row.status = "modifying".to_owned();
    row.pending.scaling = span.ends_with("reshard");
    let id = row.id.clone();
    let answer = record! { "ReplicationGroup" => row.view(tx) };
    tx.put(row);
    tx.transition(span, "elasticache.replication_group.scaled", &id);
    answer
}

fn scaled(tx: &mut Tx<'_>, pending: &world::Pending) {
    tx.change::<ReplicationGroup>(&pending.subject, |row| {
        row.status = "available".to_owned();
        row.pending.scaling = false;
        groups::ready(row);
    });
}

/// The group that a request names by itself or by one of its clusters, and the size of its nodes.
fn allowed_node_types(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let (cluster, group) = (input.text("CacheClusterId"), input.text("ReplicationGroupId"));
    tx.enforce("elasticache.node_types.source", cluster.is_some() != group.is_some(), || {
        invalid_combination("Either CacheClusterId or ReplicationGroupId must be specified, but not both.")
    })?;
    let row = match (group, cluster) {
        (Some(id), _) => groups::find(tx, id)?,
        (None, cluster) => {
            let name = cluster.unwrap_or_default().to_ascii_lowercase();
            let has = |row: &&ReplicationGroup| row.nodes().any(|node| node.cluster == name);
            tx.rows::<ReplicationGroup>()
                .find(has)
                .cloned()
                .ok_or_else(|| Refusal::new("CacheClusterNotFound", format!("CacheCluster not found: {name}")))?
        }
    };
    let tiered = node_type::has_tiering(&row.node_type);
    let others = node_type::all().filter(|name| *name != row.node_type && node_type::has_tiering(name) == tiered);
    let (mut up, mut down) = (Vec::new(), Vec::new());
    for name in others {
        if node_type::rank(&name) >= node_type::rank(&row.node_type) { up.push(name) } else { down.push(name) }
    }
    Ok(record! { "ScaleUpModifications" => up, "ScaleDownModifications" => down })
}

fn fail_over(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut row = groups::find(tx, input.required("ReplicationGroupId"))?;
    tx.enforce("elasticache.replication_group.modify.state", row.status == "available", not_available)?;
    let id = input.required("NodeGroupId");
    let at = row.shards.iter().position(|shard| shard.id == id || shard.id == format!("{id:0>4}"));
    let Some(at) = at else {
        tx.enforce("elasticache.failover.shard", false, || {
            Refusal::new("NodeGroupNotFoundFault", format!("Node group {id} not found."))
        })?;
        return Ok(record! { "ReplicationGroup" => row.view(tx) });
    };
    let replica = row.shards[at].nodes.len() > 1;
    tx.enforce("elasticache.failover.possible", row.failover && replica, || {
        let message = "Automatic failover is not enabled for the replication group, or the node group has no replica.";
        Refusal::new("InvalidReplicationGroupState", message)
    })?;
    // The first replica becomes the primary.
    if replica {
        row.shards[at].nodes.rotate_left(1);
    }
    row.status = "modifying".to_owned();
    event::of_group(tx, &row.id, &format!("Test Failover API called for node group {}", row.shards[at].id));
    let answer = record! { "ReplicationGroup" => row.view(tx) };
    let id = row.id.clone();
    tx.put(row);
    tx.transition("elasticache.replication_group.failover", "elasticache.replication_group.failed_over", &id);
    Ok(answer)
}

fn failed_over(tx: &mut Tx<'_>, pending: &world::Pending) {
    tx.change::<ReplicationGroup>(&pending.subject, |row| row.status = "available".to_owned());
    event::of_group(tx, &pending.subject, "Failover to replica node completed");
}
