//! What ElastiCache's types share: tags, which are known by ARN and only while a thing is at rest.

use std::collections::BTreeMap;

use aws_sdk_elasticache::types::Tag;
use fathuss_engine::provider::{Failure, Standing, UpdateRequest};

use crate::call::Call;
use crate::client::Client;
use crate::fields::Fields;
use crate::mark::{self, TagChange};

/// As ElastiCache takes tags.
pub(crate) fn written(tags: BTreeMap<String, String>) -> Vec<Tag> {
    tags.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

/// The tags of a thing, which no description has. While it changes, ElastiCache refuses to tell.
pub(crate) async fn tags_of(client: &Client, arn: Option<&str>) -> Result<BTreeMap<String, String>, Failure> {
    let sending = client.elasticache.list_tags_for_resource().set_resource_name(arn.map(str::to_owned)).send();
    let call = at_rest(Call::elasticache("ListTagsForResource").lagging());
    let tags = client.send(call, sending).await?.tag_list.unwrap_or_default();
    Ok(tags.into_iter().filter_map(|tag| Some((tag.key?, tag.value.unwrap_or_default()))).collect())
}

/// Sends what an update changes in the tags, if it changes them.
pub(crate) async fn update_tags(client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
    let Some(TagChange { set, gone }) = mark::tag_change(standing, change)? else { return Ok(()) };
    let arn = Fields::of(&change.before).text("arn")?;
    let sending = client.elasticache.add_tags_to_resource().resource_name(arn).set_tags(Some(written(set))).send();
    client.send(at_rest(Call::elasticache("AddTagsToResource")), sending).await?;
    if !gone.is_empty() {
        let removing = client.elasticache.remove_tags_from_resource().resource_name(arn);
        let call = at_rest(Call::elasticache("RemoveTagsFromResource"));
        client.send(call, removing.set_tag_keys(Some(gone)).send()).await?;
    }
    Ok(())
}

/// A call that ElastiCache takes only while nothing changes.
pub(crate) fn at_rest(call: Call) -> Call {
    call.expects("InvalidReplicationGroupState", "")
        .expects("InvalidCacheClusterState", "")
        .expects("InvalidCacheParameterGroupState", "")
}

#[cfg(test)]
mod tests {
    use fathuss_engine::Provider;
    use fathuss_engine::diff::diff;
    use fathuss_engine::provider::{Attributes, FailureClass, Found, Observation, Progress, UpdateRequest};
    use fathuss_model::aws::ElasticacheReplicationGroup;
    use fathuss_model::{Datum, Lifecycle, Partial, Resource as _};
    use fathuss_state::Identity;
    use serde_json::{Value, json};

    use crate::canned::{Canned, make, read, standing};

    fn attributes(value: Value) -> Attributes {
        serde_json::from_value(value).unwrap()
    }

    const ADDRESS: &str = "s.aws_elasticache_replication_group.redis";

    fn redis() -> Attributes {
        attributes(json!({
            "replication_group_id": "redis", "description": "cache", "node_type": "cache.t4g.small", "engine": "redis",
            "engine_version": "7.1", "num_node_groups": 2, "replicas_per_node_group": 1, "cluster_mode": "enabled",
            "automatic_failover_enabled": true, "at_rest_encryption_enabled": true,
            "transit_encryption_enabled": true, "parameter_group_name": "p", "subnet_group_name": "s",
            "security_group_ids": ["sg-1"], "maintenance_window": "Sun:05:00-Sun:06:00",
            "snapshot_window": "04:00-05:00", "snapshot_retention_limit": 1, "apply_immediately": true,
            "tags": {"Project": "Fathuss"},
        }))
    }

    fn group(status: &str, shards: usize, replicas: usize) -> String {
        let member = |shard: usize, node: usize| {
            format!("<NodeGroupMember><CacheClusterId>redis-{shard:04}-{node:03}</CacheClusterId></NodeGroupMember>")
        };
        let shard = |shard: usize| {
            let members: String = (1..=replicas + 1).map(|node| member(shard, node)).collect();
            format!(
                "<NodeGroup><NodeGroupId>{shard:04}</NodeGroupId><Status>available</Status>\
                 <NodeGroupMembers>{members}</NodeGroupMembers></NodeGroup>"
            )
        };
        let ids: String = (1..=shards)
            .flat_map(|shard| {
                (1..=replicas + 1).map(move |node| format!("<ClusterId>redis-{shard:04}-{node:03}</ClusterId>"))
            })
            .collect();
        let groups: String = (1..=shards).map(shard).collect();
        format!(
            "<ReplicationGroups><ReplicationGroup><ReplicationGroupId>redis</ReplicationGroupId><Status>{status}</Status>\
             <Description>cache</Description><ARN>arn:redis</ARN><MemberClusters>{ids}</MemberClusters>\
             <NodeGroups>{groups}</NodeGroups><AutomaticFailover>enabled</AutomaticFailover><MultiAZ>disabled</MultiAZ>\
             <ConfigurationEndpoint><Address>c.redis</Address><Port>6379</Port></ConfigurationEndpoint>\
             <SnapshotRetentionLimit>1</SnapshotRetentionLimit><SnapshotWindow>04:00-05:00</SnapshotWindow>\
             <ClusterEnabled>true</ClusterEnabled><CacheNodeType>cache.t4g.small</CacheNodeType>\
             <TransitEncryptionEnabled>true</TransitEncryptionEnabled><AtRestEncryptionEnabled>true</AtRestEncryptionEnabled>\
             <AutoMinorVersionUpgrade>true</AutoMinorVersionUpgrade></ReplicationGroup></ReplicationGroups>"
        )
    }

    fn cluster(more: &str) -> String {
        format!(
            "<CacheClusters><CacheCluster><CacheClusterId>redis-0001-001</CacheClusterId><Engine>redis</Engine>\
             <EngineVersion>7.1.0</EngineVersion><CacheClusterStatus>available</CacheClusterStatus>\
             <PreferredMaintenanceWindow>sun:05:00-sun:06:00</PreferredMaintenanceWindow>\
             <CacheParameterGroup><CacheParameterGroupName>p</CacheParameterGroupName></CacheParameterGroup>\
             <CacheSubnetGroupName>s</CacheSubnetGroupName><SecurityGroups><member><SecurityGroupId>sg-1</SecurityGroupId>\
             <Status>active</Status></member></SecurityGroups>{more}</CacheCluster></CacheClusters>"
        )
    }

    const TAGS: &str = "<TagList><Tag><Key>Project</Key><Value>Fathuss</Value></Tag></TagList>";

    fn changes(wanted: &Attributes, observed: &Attributes) -> Vec<String> {
        let wanted = wanted.iter().map(|(name, value)| (name.clone(), Partial::Known(value.clone()))).collect();
        let recorded = redis();
        let mut observed = observed.clone();
        observed.insert("apply_immediately".to_owned(), recorded["apply_immediately"].clone());
        let changes = diff(ElasticacheReplicationGroup::SCHEMA, &wanted, &recorded, &observed, &Lifecycle::default());
        changes.into_iter().map(|change| change.path).collect()
    }

    #[tokio::test]
    async fn a_group_that_nobody_touched_shows_no_change_and_takes_three_calls() {
        let canned = Canned::new()
            .result("DescribeReplicationGroups", &group("available", 2, 1))
            .result("DescribeCacheClusters", &cluster(""))
            .result("ListTagsForResource", TAGS);
        let answer = canned.aws().read(&[read(ADDRESS, "redis", redis())]).await;
        let Ok(Observation::Present(observed)) = &answer.observations[0] else { panic!("{answer:?}") };
        assert_eq!(changes(&redis(), observed), Vec::<String>::new());
        assert_eq!(observed["engine_version_actual"], "7.1.0".into());
        assert_eq!(observed["configuration_endpoint_address"], "c.redis".into());
        assert_eq!(canned.operations(), ["DescribeReplicationGroups", "DescribeCacheClusters", "ListTagsForResource"]);
        assert_eq!(canned.seen()[1].get("CacheClusterId"), Some("redis-0001-001"));
    }

    #[tokio::test]
    async fn a_group_that_is_being_saved_keeps_the_tags_that_state_has() {
        let canned = Canned::new()
            .result("DescribeReplicationGroups", &group("snapshotting", 2, 1))
            .result("DescribeCacheClusters", &cluster(""))
            .refuse_query(
                "ListTagsForResource",
                400,
                "InvalidReplicationGroupState",
                "Cluster not in available state to perform tagging operations.",
            );
        let answer = canned.aws().read(&[read(ADDRESS, "redis", redis())]).await;
        let Ok(Observation::Present(observed)) = &answer.observations[0] else { panic!("{answer:?}") };
        assert_eq!(observed["tags"], redis()["tags"]);
        let failure = canned.aws().find(&make(ADDRESS, redis())).await.unwrap_err();
        assert_eq!(failure.class, FailureClass::NotYet, "whose it is can't be told yet");
    }

    #[tokio::test]
    async fn changes_go_one_after_the_other_replicas_first_and_shards_last() {
        let mut wanted = redis();
        wanted.insert("replicas_per_node_group".to_owned(), 2.into());
        wanted.insert("num_node_groups".to_owned(), 1.into());
        wanted.insert("snapshot_retention_limit".to_owned(), 3.into());
        let saved = |text: String| text.replace("<SnapshotRetentionLimit>1", "<SnapshotRetentionLimit>3");
        let canned = Canned::new()
            .result("DescribeReplicationGroups", &group("available", 2, 1))
            .result("DescribeReplicationGroups", &group("modifying", 2, 1))
            .result("DescribeReplicationGroups", &group("available", 2, 2))
            .result("DescribeReplicationGroups", &saved(group("available", 2, 2)))
            .result("DescribeReplicationGroups", &saved(group("available", 1, 2)))
            .result("DescribeCacheClusters", &cluster(""))
            .result("ListTagsForResource", TAGS)
            .result("IncreaseReplicaCount", "")
            .result("ModifyReplicationGroup", "")
            .result("ModifyReplicationGroupShardConfiguration", "");
        let aws = canned.aws();
        let standing = standing(ADDRESS, "redis", wanted);
        for _ in 0..4 {
            assert!(matches!(aws.settle(&standing).await, Ok(Progress::Waiting { .. })));
        }
        assert!(matches!(aws.settle(&standing).await, Ok(Progress::Ready(_))));
        let writes: Vec<_> = canned
            .seen()
            .into_iter()
            .filter(|seen| !seen.operation.starts_with("Describe") && !seen.operation.starts_with("List"))
            .collect();
        let operations: Vec<&str> = writes.iter().map(|seen| seen.operation.as_str()).collect();
        assert_eq!(
            operations,
            ["IncreaseReplicaCount", "ModifyReplicationGroup", "ModifyReplicationGroupShardConfiguration"]
        );
        assert_eq!(writes[1].get("SnapshotRetentionLimit"), Some("3"));
        assert_eq!(writes[1].get("CacheNodeType"), None, "what does not differ is not sent");
        assert_eq!(writes[2].get("NodeGroupsToRemove.NodeGroupToRemove.1"), Some("0002"));
    }

    #[tokio::test]
    async fn a_version_that_waits_for_the_window_is_no_change() {
        let mut wanted = redis();
        wanted.insert("apply_immediately".to_owned(), false.into());
        wanted.insert("engine_version".to_owned(), "7.2".into());
        let pending = "<PendingModifiedValues><EngineVersion>7.2.1</EngineVersion></PendingModifiedValues>";
        let canned = Canned::new()
            .result("DescribeReplicationGroups", &group("available", 2, 1))
            .result("DescribeCacheClusters", &cluster(pending))
            .result("ListTagsForResource", TAGS);
        let settled = canned.aws().settle(&standing(ADDRESS, "redis", wanted)).await;
        let Ok(Progress::Ready(observed)) = settled else { panic!("{settled:?}") };
        assert_eq!(observed["engine_version_actual"], "7.1.0".into());
    }

    #[tokio::test]
    async fn a_failed_group_is_broken_and_goes_without_a_snapshot() {
        let mut wanted = redis();
        wanted.insert("final_snapshot_identifier".to_owned(), "last".into());
        let canned = Canned::new()
            .result("DescribeReplicationGroups", &group("create-failed", 2, 1))
            .result("DeleteReplicationGroup", "");
        let aws = canned.aws();
        let standing = standing(ADDRESS, "redis", wanted.clone());
        assert_eq!(aws.settle(&standing).await.unwrap_err().class, FailureClass::Broken);
        aws.delete(&standing).await.unwrap();
        assert_eq!(canned.seen()[2].get("FinalSnapshotIdentifier"), None);
        assert_eq!(aws.survivors("aws_elasticache_replication_group", &wanted)[0].what, "cache snapshot last");
    }

    #[tokio::test]
    async fn a_group_that_changes_is_not_gone_yet() {
        let canned = Canned::new().result("DescribeReplicationGroups", &group("modifying", 2, 1)).refuse_query(
            "DeleteReplicationGroup",
            400,
            "InvalidReplicationGroupState",
            "Replication group must be in available state",
        );
        let failure = canned.aws().delete(&standing(ADDRESS, "redis", redis())).await.unwrap_err();
        assert_eq!(failure.class, FailureClass::NotYet);
        let gone = Canned::new().refuse_query(
            "DescribeReplicationGroups",
            404,
            "ReplicationGroupNotFoundFault",
            "ReplicationGroup redis not found.",
        );
        assert_eq!(gone.aws().delete(&standing(ADDRESS, "redis", redis())).await, Ok(Progress::Gone));
    }

    #[tokio::test]
    async fn a_parameter_group_sets_and_resets_what_differs() {
        let described = "<CacheParameterGroups><CacheParameterGroup><CacheParameterGroupName>p</CacheParameterGroupName>\
            <CacheParameterGroupFamily>redis7</CacheParameterGroupFamily><Description>Managed by Fathuss</Description>\
            <ARN>arn:p</ARN></CacheParameterGroup></CacheParameterGroups>";
        let parameters = |pairs: &[(&str, &str)]| {
            let one = |(name, value): &(&str, &str)| {
                format!(
                    "<Parameter><ParameterName>{name}</ParameterName><ParameterValue>{value}</ParameterValue></Parameter>"
                )
            };
            format!("<Parameters>{}</Parameters>", pairs.iter().map(one).collect::<String>())
        };
        let canned = Canned::new()
            .result("DescribeCacheParameterGroups", described)
            .result("ListTagsForResource", TAGS)
            .result("DescribeCacheParameters", &parameters(&[("timeout", "5")]))
            .result("DescribeCacheParameters", &parameters(&[("timeout", "5"), ("maxmemory-policy", "volatile-lru")]))
            .result("DescribeCacheParameters", &parameters(&[("maxmemory-policy", "allkeys-lru")]))
            .result("ModifyCacheParameterGroup", "")
            .result("ResetCacheParameterGroup", "");
        let wanted = attributes(json!({"name": "p", "family": "redis7", "description": "Managed by Fathuss",
            "parameter": [{"name": "maxmemory-policy", "value": "allkeys-lru"}]}));
        let settled = canned.aws().settle(&standing("s.aws_elasticache_parameter_group.p", "p", wanted)).await;
        assert!(matches!(settled, Ok(Progress::Ready(_))), "{settled:?}");
        let seen = canned.seen();
        let of = |operation: &str| seen.iter().find(|seen| seen.operation == operation).unwrap();
        let modify = of("ModifyCacheParameterGroup");
        assert_eq!(modify.get("ParameterNameValues.ParameterNameValue.1.ParameterName"), Some("maxmemory-policy"));
        let reset = of("ResetCacheParameterGroup");
        assert_eq!(reset.get("ParameterNameValues.ParameterNameValue.1.ParameterName"), Some("timeout"));
    }

    #[tokio::test]
    async fn a_parameter_that_is_as_given_by_default_is_there_though_nobody_set_it() {
        let group = "<CacheParameterGroups><CacheParameterGroup><CacheParameterGroupName>p</CacheParameterGroupName>\
            <CacheParameterGroupFamily>redis7</CacheParameterGroupFamily><Description>Managed by Fathuss</Description>\
            <ARN>arn:p</ARN></CacheParameterGroup></CacheParameterGroups>";
        let all = "<Parameters><Parameter><ParameterName>timeout</ParameterName><ParameterValue>0</ParameterValue>\
            </Parameter><Parameter><ParameterName>databases</ParameterName><ParameterValue>16</ParameterValue>\
            </Parameter></Parameters>";
        let canned = Canned::new()
            .result("DescribeCacheParameterGroups", group)
            .result("ListTagsForResource", TAGS)
            .result("DescribeCacheParameters", "<Parameters/>")
            .result("DescribeCacheParameters", all);
        let wanted = attributes(json!({"name": "p", "family": "redis7", "description": "Managed by Fathuss",
            "parameter": [{"name": "timeout", "value": "0"}]}));
        let settled = canned.aws().settle(&standing("s.aws_elasticache_parameter_group.p", "p", wanted)).await;
        let Ok(Progress::Ready(observed)) = settled else { panic!("{settled:?}") };
        assert_eq!(observed["parameter"].as_list().map(<[_]>::len), Some(1), "what was not given is left out");
        assert!(canned.operations().iter().all(|operation| operation != "ModifyCacheParameterGroup"));
    }

    #[tokio::test]
    async fn a_subnet_group_changes_in_place_and_its_tags_with_it() {
        let canned = Canned::new()
            .result("ModifyCacheSubnetGroup", "")
            .result("AddTagsToResource", "")
            .result("RemoveTagsFromResource", "");
        let wanted = attributes(json!({"subnet_ids": ["subnet-a"], "description": "d", "tags": {"Team": "x"}}));
        let before = attributes(json!({"arn": "arn:s", "tags": {"Project": "Fathuss"}}));
        let changed = vec!["subnet_ids".to_owned(), "tags".to_owned()];
        let standing = standing("s.aws_elasticache_subnet_group.s", "s", wanted);
        canned.aws().update(&standing, &UpdateRequest { before, changed }).await.unwrap();
        let seen = canned.seen();
        assert_eq!(seen[0].get("CacheSubnetGroupName"), Some("s"));
        assert_eq!(seen[1].get("ResourceName"), Some("arn:s"));
        assert_eq!(seen[1].get("Tags.Tag.1.Key"), Some("Team"));
        assert_eq!(seen[2].get("TagKeys.member.1"), Some("Project"));
        let taken = Canned::new()
            .result("DescribeCacheSubnetGroups", "<CacheSubnetGroups><CacheSubnetGroup><CacheSubnetGroupName>s</CacheSubnetGroupName><ARN>arn:s</ARN></CacheSubnetGroup></CacheSubnetGroups>")
            .result("ListTagsForResource", TAGS);
        let wanted = Attributes::from([("name".to_owned(), Datum::from("s"))]);
        let found = taken.aws().find(&make("s.aws_elasticache_subnet_group.s", wanted)).await;
        assert_eq!(found, Ok(Found::Foreign(Identity("s".to_owned()))));
    }
}
