//! `aws_elasticache_replication_group`: <https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateReplicationGroup.html>

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_elasticache::types::{
    self, AutomaticFailoverStatus, CacheCluster, MultiAzStatus, PendingAutomaticFailoverStatus, ReplicationGroup,
};
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, Survivor, UpdateRequest,
};
use fathuss_model::Resource;
use fathuss_model::schema::{PENDING, Schema};
use fathuss_model::transition::Becoming;
use fathuss_state::Identity;

use crate::call::{Call, Service};
use crate::client::Client;
use crate::differ::Differences;
use crate::failure::{broken, unreadable};
use crate::fields::{Fields, Observed};
use crate::gather::{Page, ids};
use crate::gone::{there, waiting};
use crate::kind::{Batch, Kind};
use crate::listing::{Which, by_name, one};
use crate::{elasticache, mark, name, service_linked_role, window};

/// The calls of `aws_elasticache_replication_group`.
pub struct ElasticacheReplicationGroup;

const SCHEMA: &Schema = fathuss_model::aws::ElasticacheReplicationGroup::SCHEMA;

#[async_trait(?Send)]
impl Kind for ElasticacheReplicationGroup {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// One `DescribeReplicationGroups` for all of a region. One `DescribeCacheClusters` for all:
    /// it alone has parameter group, subnet group, security groups, maintenance window and
    /// version. One `ListTagsForResource` for each: no description has tags, and the call takes
    /// one ARN. A group that changes or is saved does not tell its tags: then they are what they were.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        let wanted = ids(requests);
        let mut groups = match by_name(&wanted, false, ReplicationGroup::replication_group_id, page(client)).await {
            Ok(groups) => groups,
            Err(failure) => return Batch::failed(requests, &failure),
        };
        groups.retain(|name, _| wanted.contains(name));
        let members = groups.values().filter_map(member).map(str::to_owned).collect();
        let members = match by_name(&members, false, CacheCluster::cache_cluster_id, clusters(client)).await {
            Ok(members) => members,
            Err(failure) => return Batch::failed(requests, &failure),
        };
        Batch::each(requests, |request| async {
            let Some(group) = groups.get(&request.identity.0) else { return Ok(None) };
            let cluster = member(group).and_then(|member| members.get(member));
            let asked = replicas(&request.recorded)?;
            match elasticache::tags_of(client, group.arn()).await {
                Ok(tags) => Ok(Some(observe(group, cluster, asked, Some(&tags)))),
                Err(failure) if failure.class.is_early() => {
                    let mut observed = observe(group, cluster, asked, None);
                    observed.extend(
                        request.recorded.get_key_value("tags").map(|(name, tags)| (name.clone(), tags.clone())),
                    );
                    Ok(Some(observed))
                }
                Err(failure) => Err(failure),
            }
        })
        .await
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let groups = desired.texts("security_group_ids")?;
        let sending = client
            .elasticache
            .create_replication_group()
            .replication_group_id(name::of(SCHEMA, "replication_group_id", request)?)
            .replication_group_description(desired.text("description")?)
            .cache_node_type(desired.text("node_type")?)
            .set_engine(desired.maybe_string("engine")?)
            .set_engine_version(desired.maybe_string("engine_version")?)
            .set_num_node_groups(desired.maybe_i32("num_node_groups")?)
            .set_replicas_per_node_group(desired.maybe_i32("replicas_per_node_group")?)
            .set_automatic_failover_enabled(desired.maybe_bool("automatic_failover_enabled")?)
            .set_multi_az_enabled(desired.maybe_bool("multi_az_enabled")?)
            .set_cluster_mode(desired.maybe_text("cluster_mode")?.map(Into::into))
            .set_cache_parameter_group_name(desired.maybe_string("parameter_group_name")?)
            .set_port(desired.maybe_i32("port")?)
            .set_cache_subnet_group_name(desired.maybe_string("subnet_group_name")?)
            .set_security_group_ids((!groups.is_empty()).then_some(groups))
            .set_user_group_ids(Some(desired.texts("user_group_ids")?).filter(|groups| !groups.is_empty()))
            .set_at_rest_encryption_enabled(desired.maybe_bool("at_rest_encryption_enabled")?)
            .set_kms_key_id(desired.maybe_string("kms_key_id")?)
            .set_transit_encryption_enabled(desired.maybe_bool("transit_encryption_enabled")?)
            .set_transit_encryption_mode(desired.maybe_text("transit_encryption_mode")?.map(Into::into))
            .set_preferred_maintenance_window(desired.maybe_string("maintenance_window")?)
            .set_snapshot_window(desired.maybe_string("snapshot_window")?)
            .set_snapshot_retention_limit(desired.maybe_i32("snapshot_retention_limit")?)
            .set_auto_minor_version_upgrade(desired.maybe_bool("auto_minor_version_upgrade")?)
            .set_snapshot_name(desired.maybe_string("snapshot_name")?)
            .set_snapshot_arns(Some(desired.texts("snapshot_arns")?).filter(|files| !files.is_empty()))
            .set_tags(Some(elasticache::written(mark::tags_with(&request.mark, &request.desired.attributes)?)))
            .send();
        let answer = client
            .send(Call::elasticache("CreateReplicationGroup").expects("InvalidUserGroupState", ""), sending)
            .await?;
        let name = answer.replication_group.and_then(|group| group.replication_group_id);
        name.map(Identity)
            .ok_or_else(|| unreadable(Service::ElastiCache, "CreateReplicationGroup", "ReplicationGroupId"))
    }

    /// While the group is being made, ElastiCache does not tell its tags, and this is not yet known.
    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let name = name::of(SCHEMA, "replication_group_id", request)?;
        let Some(group) = one(&name, page(client)).await? else { return Ok(Found::Nothing) };
        let tags = elasticache::tags_of(client, group.arn()).await?;
        Ok(mark::owner(&request.mark, Some((name, tags))))
    }

    /// Waits until the group and the member that is read are at rest, then sends the next change that is due.
    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let name = standing.identity.0.as_str();
        let Some(group) = one(name, page(client)).await? else { return Ok(waiting("not visible yet")) };
        match group.status() {
            Some("available") => {}
            Some("create-failed") => return Err(failed(&group, name)),
            status => return Ok(waiting(status.unwrap_or("creating"))),
        }
        let Some(member) = member(&group) else { return Ok(waiting("creating")) };
        let Some(cluster) = one(member, clusters(client)).await? else { return Ok(waiting("creating")) };
        if let Some(status) = cluster.cache_cluster_status().filter(|status| *status != "available") {
            return Ok(waiting(status));
        }
        let asked = replicas(&standing.desired.attributes)?;
        let observed = observe(&group, Some(&cluster), asked, None);
        if let Some(change) = due(&standing.desired.attributes, &observed)? {
            send(client, standing, &group, &observed, change).await?;
            return Ok(waiting("modifying"));
        }
        if Fields::of(&standing.desired.attributes).bool_or("apply_immediately", false)? && is_pending(&cluster) {
            return Ok(waiting("modifying"));
        }
        let tags = elasticache::tags_of(client, group.arn()).await?;
        Ok(Progress::Ready(observe(&group, Some(&cluster), asked, Some(&tags))))
    }

    /// Tags alone: settle looks first and sends what is due then, which an earlier run may have begun.
    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        elasticache::update_tags(client, standing, change).await
    }

    /// ElastiCache refuses while a change is under way.
    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let name = standing.identity.0.as_str();
        let Some(group) = one(name, page(client)).await? else { return Ok(Progress::Gone) };
        if group.status() == Some("deleting") {
            return Ok(waiting("deleting"));
        }
        let snapshot = Fields::of(&standing.desired.attributes).maybe_string("final_snapshot_identifier")?;
        // There is nothing to make a snapshot of where the creation failed.
        let snapshot = snapshot.filter(|_| group.status() != Some("create-failed"));
        let deleting = client.elasticache.delete_replication_group().replication_group_id(name);
        let sending = deleting.retain_primary_cluster(false).set_final_snapshot_identifier(snapshot).send();
        match there(client.send(Call::elasticache("DeleteReplicationGroup"), sending).await) {
            Ok(Some(_)) => Ok(waiting("deleting")),
            Ok(None) => Ok(Progress::Gone),
            Err(failure) if failure.code.starts_with("SnapshotAlreadyExists") => Err(Failure {
                hint: Some("give another `final_snapshot_identifier` and apply that first".to_owned()),
                ..failure
            }),
            Err(failure) => Err(failure),
        }
    }

    /// What waits for the maintenance window.
    fn remarks(&self, becoming: &Becoming<'_>) -> Vec<String> {
        window::remarks(becoming, SCHEMA, None)
    }

    fn survivors(&self, attributes: &Attributes) -> Vec<Survivor> {
        let mut survivors = Vec::new();
        if let Ok(Some(snapshot)) = Fields::of(attributes).maybe_text("final_snapshot_identifier") {
            let why = "the group's last snapshot, by `final_snapshot_identifier`";
            survivors.push(Survivor::new(format!("cache snapshot {snapshot}"), why));
        }
        survivors.push(service_linked_role::left("AWSServiceRoleForElastiCache"));
        survivors
    }
}

fn page(client: &Client) -> impl AsyncFn(Which) -> Result<Page<ReplicationGroup>, Failure> {
    async |which| {
        let (name, marker) = which.parameters();
        let describing = client.elasticache.describe_replication_groups().set_replication_group_id(name);
        let sending = describing.set_marker(marker).send();
        let answer = client.send(Call::elasticache("DescribeReplicationGroups"), sending).await?;
        Ok((answer.replication_groups.unwrap_or_default(), answer.marker))
    }
}

pub(crate) fn clusters(client: &Client) -> impl AsyncFn(Which) -> Result<Page<CacheCluster>, Failure> {
    async |which| {
        let (name, marker) = which.parameters();
        let describing = client.elasticache.describe_cache_clusters().set_cache_cluster_id(name);
        let sending = describing.set_marker(marker).send();
        let answer = client.send(Call::elasticache("DescribeCacheClusters"), sending).await?;
        Ok((answer.cache_clusters.unwrap_or_default(), answer.marker))
    }
}

/// The member that stands for all of them: they differ in zone and role alone.
fn member(group: &ReplicationGroup) -> Option<&str> {
    group.member_clusters().iter().map(String::as_str).min()
}

/// One change that ElastiCache makes in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    /// More replicas for each shard: before failover is turned on, which needs them.
    MoreReplicas(i32),
    /// Everything that one call can change.
    Modify,
    /// Fewer replicas for each shard: after failover was turned off.
    FewerReplicas(i32),
    /// Another number of shards.
    Shards(i32),
}

/// What `ModifyReplicationGroup` can change.
const MODIFIABLE: &[&str] = &[
    "description",
    "node_type",
    "engine",
    "engine_version",
    "automatic_failover_enabled",
    "multi_az_enabled",
    "cluster_mode",
    "parameter_group_name",
    "security_group_ids",
    "user_group_ids",
    "transit_encryption_enabled",
    "transit_encryption_mode",
    "maintenance_window",
    "snapshot_window",
    "snapshot_retention_limit",
    "auto_minor_version_upgrade",
];

fn due(desired: &Attributes, observed: &Attributes) -> Result<Option<Change>, Failure> {
    let differs = Differences::of(SCHEMA, desired, observed);
    let (wanted, is) = (Fields::of(desired), Fields::of(observed));
    let replicas =
        if differs.has("replicas_per_node_group") { wanted.maybe_i32("replicas_per_node_group")? } else { None };
    let have = is.maybe_i32("replicas_per_node_group")?.unwrap_or(0);
    if let Some(more) = replicas.filter(|replicas| *replicas > have) {
        return Ok(Some(Change::MoreReplicas(more)));
    }
    if differs.any(MODIFIABLE) {
        return Ok(Some(Change::Modify));
    }
    if let Some(fewer) = replicas {
        return Ok(Some(Change::FewerReplicas(fewer)));
    }
    if differs.has("num_node_groups") {
        return Ok(wanted.maybe_i32("num_node_groups")?.map(Change::Shards));
    }
    Ok(None)
}

async fn send(
    client: &Client,
    standing: &Standing,
    group: &ReplicationGroup,
    observed: &Attributes,
    change: Change,
) -> Result<(), Failure> {
    let name = standing.identity.0.as_str();
    let call = |operation| elasticache::at_rest(Call::elasticache(operation));
    // How many nodes there are changes at once or not at all: these calls take no other answer.
    match change {
        Change::MoreReplicas(replicas) => {
            let increasing = client.elasticache.increase_replica_count().replication_group_id(name);
            let sending = increasing.new_replica_count(replicas).apply_immediately(true).send();
            client.send(call("IncreaseReplicaCount"), sending).await?;
        }
        Change::FewerReplicas(replicas) => {
            let decreasing = client.elasticache.decrease_replica_count().replication_group_id(name);
            let sending = decreasing.new_replica_count(replicas).apply_immediately(true).send();
            client.send(call("DecreaseReplicaCount"), sending).await?;
        }
        Change::Shards(shards) => {
            let resharding = client.elasticache.modify_replication_group_shard_configuration();
            let resharding = resharding.replication_group_id(name).node_group_count(shards).apply_immediately(true);
            let sending = resharding.set_node_groups_to_remove(too_many(group, shards)).send();
            client.send(call("ModifyReplicationGroupShardConfiguration"), sending).await?;
        }
        Change::Modify => modify(client, standing, group, observed, call("ModifyReplicationGroup")).await?,
    }
    Ok(())
}

/// Sends what differs and nothing else.
async fn modify(
    client: &Client,
    standing: &Standing,
    group: &ReplicationGroup,
    observed: &Attributes,
    call: Call,
) -> Result<(), Failure> {
    let desired = Fields::of(&standing.desired.attributes);
    let differs = Differences::of(SCHEMA, &standing.desired.attributes, observed);
    let text = |name: &str| if differs.has(name) { desired.maybe_string(name) } else { Ok(None) };
    let number = |name: &str| if differs.has(name) { desired.maybe_i32(name) } else { Ok(None) };
    let truth = |name: &str| if differs.has(name) { desired.maybe_bool(name) } else { Ok(None) };
    let groups = differs.has("security_group_ids").then(|| desired.texts("security_group_ids")).transpose()?;
    let (mut joining, mut leaving) = (Vec::new(), Vec::new());
    if differs.has("user_group_ids") {
        let (wanted, have) = (desired.texts("user_group_ids")?, Fields::of(observed).texts("user_group_ids")?);
        joining = wanted.iter().filter(|group| !have.contains(group)).cloned().collect();
        leaving = have.into_iter().filter(|group| !wanted.contains(group)).collect();
    }
    let sending = client
        .elasticache
        .modify_replication_group()
        .replication_group_id(&standing.identity.0)
        .apply_immediately(desired.bool_or("apply_immediately", false)?)
        .set_replication_group_description(text("description")?)
        .set_cache_node_type(text("node_type")?)
        .set_engine(text("engine")?)
        .set_engine_version(text("engine_version")?)
        .set_automatic_failover_enabled(truth("automatic_failover_enabled")?)
        .set_multi_az_enabled(truth("multi_az_enabled")?)
        .set_cluster_mode(text("cluster_mode")?.as_deref().map(Into::into))
        .set_cache_parameter_group_name(text("parameter_group_name")?)
        .set_security_group_ids(groups)
        .set_user_group_ids_to_add(Some(joining).filter(|groups| !groups.is_empty()))
        .set_user_group_ids_to_remove(Some(leaving).filter(|groups| !groups.is_empty()))
        .set_transit_encryption_enabled(truth("transit_encryption_enabled")?)
        .set_transit_encryption_mode(text("transit_encryption_mode")?.as_deref().map(Into::into))
        .set_preferred_maintenance_window(text("maintenance_window")?)
        .set_snapshot_window(text("snapshot_window")?)
        .set_snapshot_retention_limit(number("snapshot_retention_limit")?)
        .set_snapshotting_cluster_id(number("snapshot_retention_limit")?.and_then(|days| snapshotting(group, days)))
        .set_auto_minor_version_upgrade(truth("auto_minor_version_upgrade")?)
        .send();
    client.send(call, sending).await?;
    Ok(())
}

/// Whose data snapshots are made of, which a group without cluster mode wants to know where they are turned on: of its
/// last node's, which is a replica where there is one.
fn snapshotting(group: &ReplicationGroup, days: i32) -> Option<String> {
    let off = days > 0 && group.cluster_enabled != Some(true) && group.snapshotting_cluster_id.is_none();
    group.member_clusters().iter().max().filter(|_| off).cloned()
}

/// The shards that go where fewer are wanted: the last ones, which ElastiCache wants named.
fn too_many(group: &ReplicationGroup, shards: i32) -> Option<Vec<String>> {
    let keep = usize::try_from(shards).unwrap_or(0);
    let mut ids: Vec<String> = group.node_groups().iter().filter_map(|shard| shard.node_group_id.clone()).collect();
    ids.sort();
    (ids.len() > keep).then(|| ids.split_off(keep))
}

fn failed(group: &ReplicationGroup, name: &str) -> Failure {
    let code = group.status().unwrap_or("create-failed");
    Failure {
        hint: Some(format!(
            "aws elasticache describe-events --source-type replication-group --source-identifier {name}"
        )),
        ..broken(Service::ElastiCache, code, "ElastiCache could not make the group, and says why in its events")
    }
}

/// How many replicas each shard is to have.
fn replicas(asked: &Attributes) -> Result<Option<i64>, Failure> {
    Fields::of(asked).maybe_integer("replicas_per_node_group")
}

/// Whether a change waits to be made.
fn is_pending(cluster: &CacheCluster) -> bool {
    let pending = cluster.pending_modified_values();
    pending.is_some_and(|pending| {
        pending.engine_version.is_some() || pending.cache_node_type.is_some() || pending.num_cache_nodes.is_some()
    })
}

/// How many replicas each shard has: one that has more or fewer than was asked speaks for all of them. Outside cluster mode
/// there is one shard, whose members are the group's.
fn replicas_of_each(group: &ReplicationGroup, asked: Option<i64>) -> Option<i64> {
    let members = group.node_groups().iter().map(types::NodeGroup::node_group_members);
    let replicas: Vec<i64> = members.filter_map(|members| i64::try_from(members.len().checked_sub(1)?).ok()).collect();
    let other = replicas.iter().find(|replicas| asked.is_some_and(|asked| asked != **replicas));
    other.or(replicas.first()).copied()
}

/// A group as it is, with what is pending as if it were made: what waits for the maintenance window is no drift.
fn observe(
    group: &ReplicationGroup,
    cluster: Option<&CacheCluster>,
    asked: Option<i64>,
    tags: Option<&BTreeMap<String, String>>,
) -> Attributes {
    let failover = match group.pending_modified_values().and_then(|pending| pending.automatic_failover_status()) {
        Some(pending) => *pending == PendingAutomaticFailoverStatus::Enabled,
        None => matches!(
            group.automatic_failover,
            Some(AutomaticFailoverStatus::Enabled | AutomaticFailoverStatus::Enabling)
        ),
    };
    let shard = group.node_groups().first();
    let replicas = replicas_of_each(group, asked);
    let shards = i64::try_from(group.node_groups().len()).ok().filter(|shards| *shards > 0);
    let configuration = group.configuration_endpoint();
    let primary = shard.and_then(|shard| shard.primary_endpoint()).filter(|_| configuration.is_none());
    let reader = shard.and_then(|shard| shard.reader_endpoint()).filter(|_| configuration.is_none());
    let port = configuration.or(primary).and_then(|endpoint| endpoint.port);
    let mode = group.cluster_mode().map(types::ClusterMode::as_str);
    let mode = mode.or(group.cluster_enabled.map(|on| if on { "enabled" } else { "disabled" }));
    let pending = cluster.and_then(|cluster| cluster.pending_modified_values());
    let version = cluster.and_then(|cluster| cluster.engine_version.clone());
    let engine = group.engine.clone().or_else(|| cluster.and_then(|cluster| cluster.engine.clone()));
    let node_type = pending.and_then(|pending| pending.cache_node_type.clone());
    let waits = [
        ("node_type", node_type.clone()),
        ("engine_version", pending.and_then(|pending| pending.engine_version.clone())),
    ];
    let waits: BTreeMap<String, String> =
        waits.into_iter().filter_map(|(field, value)| Some((field.to_owned(), value?))).collect();
    let parameters = cluster.and_then(|cluster| cluster.cache_parameter_group());
    let groups = cluster.map(CacheCluster::security_groups).unwrap_or_default();
    let upgrades = group.auto_minor_version_upgrade.or(cluster.and_then(|cluster| cluster.auto_minor_version_upgrade));
    let window = cluster.and_then(|cluster| cluster.preferred_maintenance_window());
    Observed::new()
        .with("description", group.description.clone())
        .with("node_type", node_type.or_else(|| group.cache_node_type.clone()))
        .with("replication_group_id", group.replication_group_id.clone())
        .with("engine", engine)
        .with("engine_version", pending.and_then(|pending| pending.engine_version.clone()).or_else(|| version.clone()))
        .with("num_node_groups", shards)
        .with("replicas_per_node_group", replicas)
        .with("automatic_failover_enabled", failover)
        .with("multi_az_enabled", group.multi_az == Some(MultiAzStatus::Enabled))
        .with("cluster_mode", mode)
        .with("parameter_group_name", parameters.and_then(|group| group.cache_parameter_group_name.clone()))
        .with("port", port)
        .with("subnet_group_name", cluster.and_then(|cluster| cluster.cache_subnet_group_name.clone()))
        .with_list("user_group_ids", group.user_group_ids().iter().cloned())
        .with_list("security_group_ids", groups.iter().filter_map(|group| group.security_group_id.clone()))
        .with("at_rest_encryption_enabled", group.at_rest_encryption_enabled)
        .with("kms_key_id", group.kms_key_id.clone())
        .with("transit_encryption_enabled", group.transit_encryption_enabled)
        .with("transit_encryption_mode", group.transit_encryption_mode().map(types::TransitEncryptionMode::as_str))
        .with("maintenance_window", window.map(str::to_ascii_lowercase))
        .with("snapshot_window", group.snapshot_window.clone().filter(|window| !window.is_empty()))
        .with("snapshot_retention_limit", group.snapshot_retention_limit)
        .with("auto_minor_version_upgrade", upgrades)
        .tagged(tags.unwrap_or(&BTreeMap::new()))
        .with("id", group.replication_group_id.clone())
        .with("arn", group.arn.clone())
        .with("cluster_enabled", group.cluster_enabled)
        .with("configuration_endpoint_address", configuration.and_then(|endpoint| endpoint.address.clone()))
        .with("primary_endpoint_address", primary.and_then(|endpoint| endpoint.address.clone()))
        .with("reader_endpoint_address", reader.and_then(|endpoint| endpoint.address.clone()))
        .with("engine_version_actual", version)
        .with(PENDING, Some(waits).filter(|waits| !waits.is_empty()))
        .with_list("member_clusters", group.member_clusters().iter().cloned())
        .finish(SCHEMA)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_with_more_or_fewer_replicas_than_were_asked_for_speaks_for_all() {
        let replicas = |members: &[usize], asked: Option<i64>| {
            let shard = |members: &usize| {
                let member = types::NodeGroupMember::builder().build();
                types::NodeGroup::builder().set_node_group_members(Some(vec![member; *members])).build()
            };
            let shards = members.iter().map(shard).collect();
            replicas_of_each(&ReplicationGroup::builder().set_node_groups(Some(shards)).build(), asked)
        };
        assert_eq!(replicas(&[2, 2, 2], Some(1)), Some(1));
        assert_eq!(replicas(&[2, 2, 3], Some(1)), Some(2));
        assert_eq!(replicas(&[2, 1, 2], Some(1)), Some(0));
        assert_eq!(replicas(&[3, 2], None), Some(2));
        assert_eq!(replicas(&[], Some(1)), None);
    }
}
