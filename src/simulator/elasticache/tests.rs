//! ElastiCache through the wire, with the tests' own client.

use crate::client::{Answer, Client};

/// A world with a VPC of two zones, a subnet group `data`, a security group and a parameter group `on`
/// with cluster mode.
struct ElastiCache {
    client: Client,
    subnets: Vec<String>,
    firewall: String,
}

const COMBINATION: &str = "InvalidParameterCombination";
const VALUE: &str = "InvalidParameterValue";

impl ElastiCache {
    async fn call(&self, action: &str, parameters: &[(&str, &str)]) -> Answer {
        self.client.query("elasticache", "2015-02-02", action, parameters).await
    }

    async fn ok(&self, action: &str, parameters: &[(&str, &str)]) -> Answer {
        let answer = self.call(action, parameters).await;
        assert_eq!(answer.status, 200, "{action}: {}", answer.text);
        answer
    }

    /// Expects a refusal with this code, status and a message with this part, and another answer with the rule off.
    async fn refuses(&self, rule: &str, action: &str, parameters: &[(&str, &str)], expected: (&str, u16, &str)) {
        let answer = self.call(action, parameters).await;
        let (code, status, part) = expected;
        assert_eq!((answer.code.as_str(), answer.status), (code, status), "{action}: {}", answer.text);
        assert!(answer.message.contains(part), "{}", answer.message);
        assert!(self.client.simulator.switch(rule, false), "no rule {rule}");
        let open = self.call(action, parameters).await;
        assert_ne!((open.code, open.message), (answer.code, answer.message), "{rule} off changes nothing");
        assert!(self.client.simulator.switch(rule, true));
    }

    async fn new() -> ElastiCache {
        let client = Client::calm();
        let vpc = client.vpc("10.0.0.0/16").await;
        let mut subnets = Vec::new();
        for (at, zone) in ["us-east-1a", "us-east-1b"].iter().enumerate() {
            subnets.push(client.subnet(&vpc, &format!("10.0.{at}.0/24"), zone).await);
        }
        let parameters = [("GroupName", "redis"), ("GroupDescription", "redis"), ("VpcId", vpc.as_str())];
        let firewall = client.ec2("CreateSecurityGroup", &parameters).await.one("groupId");
        let cache = ElastiCache { client, subnets, firewall };
        let group = [
            ("CacheSubnetGroupName", "data"),
            ("CacheSubnetGroupDescription", "d"),
            ("SubnetIds.SubnetIdentifier.1", cache.subnets[0].as_str()),
            ("SubnetIds.SubnetIdentifier.2", cache.subnets[1].as_str()),
        ];
        cache.ok("CreateCacheSubnetGroup", &group).await;
        let group = [("CacheParameterGroupName", "on"), ("CacheParameterGroupFamily", "redis7"), ("Description", "d")];
        cache.ok("CreateCacheParameterGroup", &group).await;
        let set = [
            ("CacheParameterGroupName", "on"),
            ("ParameterNameValues.ParameterNameValue.1.ParameterName", "maxmemory-policy"),
            ("ParameterNameValues.ParameterNameValue.1.ParameterValue", "allkeys-lru"),
            ("ParameterNameValues.ParameterNameValue.2.ParameterName", "cluster-enabled"),
            ("ParameterNameValues.ParameterNameValue.2.ParameterValue", "yes"),
        ];
        cache.ok("ModifyCacheParameterGroup", &set).await;
        cache
    }

    /// What a request for a group in cluster mode holds, with these members instead or besides; an empty value
    /// leaves one out.
    fn wanted<'a>(&'a self, id: &'a str, other: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let mut all = vec![
            ("ReplicationGroupId", id),
            ("ReplicationGroupDescription", "sessions"),
            ("CacheNodeType", "cache.t4g.small"),
            ("Engine", "redis"),
            ("EngineVersion", "7.1"),
            ("NumNodeGroups", "1"),
            ("ReplicasPerNodeGroup", "1"),
            ("AutomaticFailoverEnabled", "true"),
            ("ClusterMode", "enabled"),
            ("CacheParameterGroupName", "on"),
            ("CacheSubnetGroupName", "data"),
            ("SecurityGroupIds.SecurityGroupId.1", self.firewall.as_str()),
            ("AtRestEncryptionEnabled", "true"),
            ("TransitEncryptionEnabled", "true"),
            ("PreferredMaintenanceWindow", "sun:05:00-sun:06:00"),
            ("SnapshotWindow", "04:00-05:00"),
            ("SnapshotRetentionLimit", "1"),
        ];
        all.retain(|(name, _)| other.iter().all(|(another, _)| name != another));
        all.extend(other.iter().filter(|(_, value)| !value.is_empty()));
        all
    }

    async fn group(&self, id: &str, other: &[(&str, &str)]) {
        self.ok("CreateReplicationGroup", &self.wanted(id, other)).await;
        self.client.wait(1200);
    }

    async fn shown(&self, id: &str) -> Answer {
        self.ok("DescribeReplicationGroups", &[("ReplicationGroupId", id)]).await
    }

    async fn change(&self, id: &str, other: &[(&str, &str)]) -> Answer {
        let mut all = vec![("ReplicationGroupId", id), ("ApplyImmediately", "true")];
        all.extend(other);
        self.ok("ModifyReplicationGroup", &all).await
    }
}

#[tokio::test]
async fn a_group_in_cluster_mode_comes_is_seen_and_goes() {
    let cache = ElastiCache::new().await;
    let made = cache.ok("CreateReplicationGroup", &cache.wanted("Redis", &[])).await;
    assert_eq!((made.one("ReplicationGroupId"), made.one("Status")), ("redis".into(), "creating".into()));
    assert_eq!(made.all("ClusterId"), ["redis-0001-001", "redis-0001-002"]);
    assert!(!made.text.contains("<ConfigurationEndpoint>") && !made.text.contains("<NodeGroups>"));
    let arn = "arn:aws:elasticache:us-east-1:000000000000:replicationgroup:redis";
    let list = [("ResourceName", arn)];
    let message = "Cluster not in available state to perform tagging operations.";
    cache
        .refuses("elasticache.tags.state", "ListTagsForResource", &list, ("InvalidReplicationGroupState", 400, message))
        .await;
    cache.client.wait(1200);
    let shown = cache.shown("redis").await;
    assert_eq!((shown.one("Status"), shown.one("AutomaticFailover")), ("available".into(), "enabled".into()));
    let address = shown.one("Address");
    assert!(address.starts_with("clustercfg.redis.") && address.ends_with(".use1.cache.amazonaws.com"), "{address}");
    assert_eq!((shown.one("Slots"), shown.one("ClusterEnabled")), ("0-16383".into(), "true".into()));
    let nodes = [("CacheClusterId", "redis-0001-001"), ("ShowCacheNodeInfo", "true")];
    let cluster = cache.ok("DescribeCacheClusters", &nodes).await;
    assert_eq!((cluster.one("EngineVersion"), cluster.one("CacheNodeStatus")), ("7.1.0".into(), "available".into()));
    assert_eq!(cluster.one("CacheParameterGroupName"), "on");
    let filter = [("Filter.1.Name", "requester-id"), ("Filter.1.Value.1", "amazon-elasticache")];
    let interfaces = cache.client.ec2("DescribeNetworkInterfaces", &filter).await.all("networkInterfaceId");
    assert_eq!(interfaces.len(), 2);
    cache.client.refused("DeleteSubnet", &[("SubnetId", &cache.subnets[0])], "DependencyViolation").await;

    let used = [("CacheSubnetGroupName", "data")];
    let expected = ("CacheSubnetGroupInUse", 400, "Cache subnet group data is currently in use by a cache cluster.");
    cache.refuses("elasticache.subnet_group.delete.in_use", "DeleteCacheSubnetGroup", &used, expected).await;
    let used = [("CacheParameterGroupName", "on")];
    let expected = (
        "InvalidCacheParameterGroupState",
        400,
        "One or more cache clusters are still members of this parameter group on, so the group cannot be deleted.",
    );
    cache.refuses("elasticache.parameter_group.delete.in_use", "DeleteCacheParameterGroup", &used, expected).await;

    let gone = cache
        .ok("DeleteReplicationGroup", &[("ReplicationGroupId", "redis"), ("FinalSnapshotIdentifier", "last")])
        .await;
    assert_eq!(gone.one("Status"), "deleting");
    let again = [("ReplicationGroupId", "redis")];
    let expected = ("InvalidReplicationGroupState", 400, "redis");
    cache.refuses("elasticache.replication_group.delete.state", "DeleteReplicationGroup", &again, expected).await;
    cache.client.wait(1200);
    let answer = cache.call("DescribeReplicationGroups", &again).await;
    assert_eq!((answer.code.as_str(), answer.status), ("ReplicationGroupNotFoundFault", 404));
    cache.client.ec2("DeleteSubnet", &[("SubnetId", &cache.subnets[0])]).await;
    let last = cache.ok("DescribeSnapshots", &[("SnapshotName", "last")]).await;
    assert_eq!((last.one("SnapshotStatus"), last.one("NumNodeGroups")), ("available".into(), "1".into()));
}

#[tokio::test]
async fn what_does_not_fit_is_refused_at_creation() {
    let cache = ElastiCache::new().await;
    let other = cache.client.vpc("10.1.0.0/16").await;
    let foreign = [("GroupName", "f"), ("GroupDescription", "f"), ("VpcId", other.as_str())];
    let foreign = cache.client.ec2("CreateSecurityGroup", &foreign).await.one("groupId");
    let plain = [("ClusterMode", ""), ("CacheParameterGroupName", "default.redis7")];
    let with = |more: &[(&'static str, &'static str)]| [&plain[..], more].concat();
    let rule = |name: &str| format!("elasticache.replication_group.{name}");
    type Case<'a> = (String, Vec<(&'a str, &'a str)>, (&'a str, u16, &'a str));
    let cases: Vec<Case<'_>> = vec![
        (
            rule("failover.cluster_mode"),
            vec![("AutomaticFailoverEnabled", "false")],
            (COMBINATION, 400, "Redis with cluster mode enabled cannot be created with auto failover turned off."),
        ),
        (
            rule("failover.replicas"),
            with(&[("ReplicasPerNodeGroup", "0")]),
            (
                COMBINATION,
                400,
                "When using automatic failover, there must be at least 2 cache clusters in the replication group.",
            ),
        ),
        (
            rule("multi_az"),
            with(&[("MultiAZEnabled", "true"), ("AutomaticFailoverEnabled", "false")]),
            (COMBINATION, 400, "automatic failover"),
        ),
        (
            rule("multi_az"),
            vec![("MultiAZEnabled", "true"), ("ReplicasPerNodeGroup", "0")],
            (COMBINATION, 400, "replica"),
        ),
        (
            rule("cluster_mode"),
            vec![("CacheParameterGroupName", "default.redis7")],
            (COMBINATION, 400, "Cluster mode should be enabled"),
        ),
        (
            rule("cluster_mode"),
            vec![("ClusterMode", "disabled")],
            (COMBINATION, 400, "Cluster mode should be disabled in parameter group, but found it is enabled."),
        ),
        (
            rule("parameter_family"),
            vec![("EngineVersion", "6.2")],
            (COMBINATION, 400, "Expected a parameter group of family redis6.x but found one of family redis7"),
        ),
        (rule("numbers"), vec![("NumCacheClusters", "2")], (COMBINATION, 400, "NumCacheClusters")),
        (rule("shards"), vec![("NumNodeGroups", "501")], (VALUE, 400, "501")),
        (rule("shards"), vec![("NumNodeGroups", "60")], ("NodeGroupsPerReplicationGroupQuotaExceeded", 400, "90")),
        (rule("replicas"), vec![("ReplicasPerNodeGroup", "6")], (VALUE, 400, "0 and 5")),
        (
            rule("id"),
            vec![("ReplicationGroupId", "a_b")],
            (VALUE, 400, "The parameter ReplicationGroupId is not a valid identifier."),
        ),
        (
            rule("auth_token"),
            vec![("AuthToken", "a-token-of-twenty-one"), ("TransitEncryptionEnabled", "false")],
            (COMBINATION, 400, "encryption-in-transit"),
        ),
        (rule("auth_token"), vec![("AuthToken", "short")], (VALUE, 400, "16 and 128")),
        (
            rule("kms"),
            vec![("KmsKeyId", "alias/aws/elasticache"), ("AtRestEncryptionEnabled", "false")],
            (COMBINATION, 400, "KmsKeyId"),
        ),
        (
            rule("transit"),
            vec![("TransitEncryptionMode", "preferred"), ("TransitEncryptionEnabled", "false")],
            (COMBINATION, 400, "TransitEncryptionMode"),
        ),
        (
            "elasticache.kms.exists".into(),
            vec![("KmsKeyId", "11111111-2222-3333-4444-555555555555")],
            ("InvalidKMSKeyFault", 400, "11111111"),
        ),
        ("elasticache.node_type".into(), vec![("CacheNodeType", "cache.x9.large")], (VALUE, 400, "cache.x9.large")),
        ("elasticache.engine.version".into(), vec![("EngineVersion", "9.9")], (COMBINATION, 400, "9.9")),
        (
            "elasticache.window.overlap".into(),
            vec![("SnapshotWindow", "05:30-06:30")],
            (VALUE, 400, "The snapshot window and maintenance window must not overlap."),
        ),
        (
            "elasticache.window.length".into(),
            vec![("SnapshotWindow", "04:00-04:30")],
            (VALUE, 400, "Snapshot window must be at least 60 minutes."),
        ),
        (
            "elasticache.window.length".into(),
            vec![("PreferredMaintenanceWindow", "sun:05:00-wed:06:00")],
            (VALUE, 400, "at most 24 hours"),
        ),
        ("elasticache.snapshot.retention".into(), vec![("SnapshotRetentionLimit", "36")], (VALUE, 400, "36")),
        (
            "elasticache.security_group".into(),
            vec![("SecurityGroupIds.SecurityGroupId.1", foreign.as_str())],
            (COMBINATION, 400, "different VPCs"),
        ),
        ("elasticache.port".into(), vec![("Port", "80")], (VALUE, 400, "80")),
    ];
    for (at, (rule, other, expected)) in cases.iter().enumerate() {
        let id = format!("case{at}");
        let id = if other.iter().any(|(name, _)| *name == "ReplicationGroupId") { "" } else { &id };
        let mut parameters = cache.wanted(id, other);
        parameters.retain(|(_, value)| !value.is_empty());
        cache.refuses(rule, "CreateReplicationGroup", &parameters, *expected).await;
    }
    let missing =
        cache.call("CreateReplicationGroup", &cache.wanted("x", &[("CacheParameterGroupName", "none")])).await;
    assert_eq!((missing.code.as_str(), missing.status), ("CacheParameterGroupNotFound", 404));
    assert_eq!(missing.message, "CacheParameterGroup not found: none");
    let missing = cache.call("CreateReplicationGroup", &cache.wanted("x", &[("CacheSubnetGroupName", "none")])).await;
    assert_eq!((missing.code.as_str(), missing.status), ("CacheSubnetGroupNotFoundFault", 400));
    cache.group("twin", &[]).await;
    let expected = ("ReplicationGroupAlreadyExists", 400, "twin");
    cache
        .refuses("elasticache.replication_group.exists", "CreateReplicationGroup", &cache.wanted("twin", &[]), expected)
        .await;
}

#[tokio::test]
async fn outside_cluster_mode_there_are_a_primary_and_a_reader_endpoint() {
    let cache = ElastiCache::new().await;
    let plain = [
        ("ClusterMode", ""),
        ("CacheParameterGroupName", ""),
        ("NumNodeGroups", ""),
        ("ReplicasPerNodeGroup", ""),
        ("NumCacheClusters", "2"),
        ("TransitEncryptionEnabled", ""),
    ];
    cache.group("plain", &plain).await;
    let shown = cache.shown("plain").await;
    assert_eq!(shown.all("ClusterId"), ["plain-001", "plain-002"]);
    assert!(!shown.text.contains("<ConfigurationEndpoint>"));
    let addresses = shown.all("Address");
    assert!(addresses[0].starts_with("plain.") && addresses[0].contains(".ng.0001.use1."), "{addresses:?}");
    assert!(addresses[1].starts_with("plain-ro."), "{addresses:?}");
    assert_eq!(shown.all("CurrentRole"), ["primary", "replica"]);
    assert_eq!(shown.all("PreferredAvailabilityZone").len(), 2);
    let off = [("ReplicationGroupId", "plain"), ("NewReplicaCount", "0"), ("ApplyImmediately", "true")];
    cache.refuses("elasticache.scaling.least", "DecreaseReplicaCount", &off, (COMBINATION, 400, "replica")).await;
}

#[tokio::test]
async fn changes_show_as_modifying_and_refuse_others_meanwhile() {
    let cache = ElastiCache::new().await;
    cache.group("redis", &[]).await;
    let changed = cache.change("redis", &[("CacheNodeType", "cache.t4g.medium")]).await;
    assert_eq!((changed.one("Status"), changed.one("CacheNodeType")), ("modifying".into(), "cache.t4g.small".into()));
    let again = [("ReplicationGroupId", "redis"), ("SnapshotRetentionLimit", "3")];
    let expected = ("InvalidReplicationGroupState", 400, "Replication group must be in available state to modify.");
    cache.refuses("elasticache.replication_group.modify.state", "ModifyReplicationGroup", &again, expected).await;
    cache.client.wait(1800);
    let shown = cache.shown("redis").await;
    assert_eq!((shown.one("Status"), shown.one("CacheNodeType")), ("available".into(), "cache.t4g.medium".into()));

    // Without ApplyImmediately, it waits for Sunday.
    cache.ok("ModifyReplicationGroup", &[("ReplicationGroupId", "redis"), ("CacheNodeType", "cache.t4g.small")]).await;
    assert_eq!(cache.shown("redis").await.one("Status"), "available");
    let cluster = cache.ok("DescribeCacheClusters", &[("CacheClusterId", "redis-0001-001")]).await;
    assert_eq!(cluster.all("CacheNodeType").len(), 2, "the pending one too: {}", cluster.text);
    cache.client.wait(7 * 24 * 3600);
    assert_eq!(cache.shown("redis").await.one("CacheNodeType"), "cache.t4g.small");

    let down = [("ReplicationGroupId", "redis"), ("EngineVersion", "7.0"), ("ApplyImmediately", "true")];
    let rule = "elasticache.replication_group.modify.version.down";
    cache.refuses(rule, "ModifyReplicationGroup", &down, (COMBINATION, 400, "downgrade")).await;
}

#[tokio::test]
async fn shards_and_replicas_come_and_go() {
    let cache = ElastiCache::new().await;
    cache.group("redis", &[]).await;
    let count = |number| [("ReplicationGroupId", "redis"), ("NewReplicaCount", number), ("ApplyImmediately", "true")];
    let more = cache.ok("IncreaseReplicaCount", &count("2")).await;
    assert_eq!(more.one("Status"), "modifying");
    assert_eq!(more.all("ClusterId"), ["redis-0001-001", "redis-0001-002", "redis-0001-003"]);
    cache.client.wait(1200);
    cache.refuses("elasticache.scaling.more", "IncreaseReplicaCount", &count("2"), (VALUE, 400, "greater")).await;
    cache.client.wait(1200);
    cache.ok("DecreaseReplicaCount", &count("1")).await;
    cache.client.wait(1200);
    assert_eq!(cache.shown("redis").await.all("ClusterId").len(), 2);

    let shards = |number| [("ReplicationGroupId", "redis"), ("NodeGroupCount", number), ("ApplyImmediately", "true")];
    let operation = "ModifyReplicationGroupShardConfiguration";
    cache.ok(operation, &shards("2")).await;
    cache.client.wait(2400);
    let shown = cache.shown("redis").await;
    assert_eq!(shown.all("Slots"), ["0-8191", "8192-16383"]);
    assert_eq!(shown.all("ClusterId")[2..], ["redis-0002-001", "redis-0002-002"]);
    cache.refuses("elasticache.scaling.same", operation, &shards("2"), ("NoOperationFault", 400, "2")).await;
    cache.client.wait(2400);
    let fewer = shards("1");
    let answer = cache.call(operation, &fewer).await;
    assert_eq!(answer.code, COMBINATION, "which goes has to be said: {}", answer.text);
    let named = [&fewer[..], &[("NodeGroupsToRemove.NodeGroupToRemove.1", "0002")]].concat();
    cache.ok(operation, &named).await;
    cache.client.wait(2400);
    assert_eq!(cache.shown("redis").await.all("Slots"), ["0-16383"]);
    let filter = [("Filter.1.Name", "requester-id"), ("Filter.1.Value.1", "amazon-elasticache")];
    let interfaces = cache.client.ec2("DescribeNetworkInterfaces", &filter).await.all("networkInterfaceId");
    assert_eq!(interfaces.len(), 2);
    let later = [("ReplicationGroupId", "redis"), ("NewReplicaCount", "2"), ("ApplyImmediately", "false")];
    cache
        .refuses("elasticache.scaling.at_once", "IncreaseReplicaCount", &later, (VALUE, 400, "ApplyImmediately"))
        .await;
}

#[tokio::test]
async fn snapshots_are_made_restored_and_deleted() {
    let cache = ElastiCache::new().await;
    cache.group("redis", &[]).await;
    let of = [("ReplicationGroupId", "redis"), ("SnapshotName", "one")];
    let made = cache.ok("CreateSnapshot", &of).await;
    assert_eq!(made.one("SnapshotStatus"), "creating");
    assert_eq!(cache.shown("redis").await.one("Status"), "snapshotting");
    let early = [("SnapshotName", "one")];
    let state = ("InvalidSnapshotState", 400, "one");
    cache
        .refuses("elasticache.snapshot.restore.state", "CreateReplicationGroup", &cache.wanted("copy", &early), state)
        .await;
    cache.client.wait(1200);
    assert_eq!(cache.shown("redis").await.one("Status"), "available");
    let expected = ("SnapshotAlreadyExistsFault", 400, "one");
    cache.refuses("elasticache.snapshot.exists", "CreateSnapshot", &of, expected).await;
    cache.client.wait(600);
    assert_eq!(cache.ok("DeleteSnapshot", &early).await.one("SnapshotStatus"), "deleting");
    cache.client.wait(60);
    let answer = cache.call("DescribeSnapshots", &early).await;
    assert_eq!((answer.code.as_str(), answer.status), ("SnapshotNotFoundFault", 404));
}

#[tokio::test]
async fn tags_are_added_listed_and_removed() {
    let cache = ElastiCache::new().await;
    cache.group("redis", &[("Tags.Tag.1.Key", "Service"), ("Tags.Tag.1.Value", "grader")]).await;
    let arn = "arn:aws:elasticache:us-east-1:000000000000:replicationgroup:redis";
    let added = [("ResourceName", arn), ("Tags.Tag.1.Key", "Team"), ("Tags.Tag.1.Value", "core")];
    assert_eq!(cache.ok("AddTagsToResource", &added).await.all("Key"), ["Service", "Team"]);
    let member = "arn:aws:elasticache:us-east-1:000000000000:cluster:redis-0001-001";
    assert_eq!(cache.ok("ListTagsForResource", &[("ResourceName", member)]).await.all("Value"), ["grader", "core"]);
    let removed = [("ResourceName", arn), ("TagKeys.member.1", "Team")];
    assert_eq!(cache.ok("RemoveTagsFromResource", &removed).await.all("Key"), ["Service"]);
    let expected = ("TagNotFound", 404, "Team");
    cache.refuses("elasticache.tags.found", "RemoveTagsFromResource", &removed, expected).await;
    let reserved = [("ResourceName", arn), ("Tags.Tag.1.Key", "aws:x"), ("Tags.Tag.1.Value", "")];
    cache.refuses("elasticache.tags", "AddTagsToResource", &reserved, (VALUE, 400, "aws:")).await;
}

#[tokio::test]
async fn parameters_are_checked_and_shown() {
    let cache = ElastiCache::new().await;
    let user = [("CacheParameterGroupName", "on"), ("Source", "user")];
    let shown = cache.ok("DescribeCacheParameters", &user).await;
    assert_eq!(shown.all("ParameterName"), ["cluster-enabled", "maxmemory-policy"]);
    let set = |name: &'static str, value: &'static str| {
        [
            ("CacheParameterGroupName", "on"),
            ("ParameterNameValues.ParameterNameValue.1.ParameterName", name),
            ("ParameterNameValues.ParameterNameValue.1.ParameterValue", value),
        ]
    };
    let modify = "ModifyCacheParameterGroup";
    let expected = (VALUE, 400, "Parameter reserved-memory doesn't exist");
    cache.refuses("elasticache.parameter.exists", modify, &set("reserved-memory", "1"), expected).await;
    cache
        .refuses("elasticache.parameter.value", modify, &set("maxmemory-policy", "newest"), (VALUE, 400, "newest"))
        .await;
    cache
        .refuses("elasticache.parameter.modifiable", modify, &set("appendonly", "yes"), (VALUE, 400, "appendonly"))
        .await;
    cache.group("redis", &[]).await;
    let expected = ("InvalidCacheParameterGroupState", 400, "cluster-enabled");
    cache.refuses("elasticache.parameter.cluster_enabled", modify, &set("cluster-enabled", "no"), expected).await;
    let mut default = set("maxmemory-policy", "allkeys-lru");
    default[0].1 = "default.redis7";
    let expected = ("InvalidCacheParameterGroupState", 400, "default.redis7");
    cache.refuses("elasticache.parameter_group.default", modify, &default, expected).await;
}

#[tokio::test]
async fn groups_of_subnets_and_parameters_are_checked() {
    let cache = ElastiCache::new().await;
    let other = cache.client.vpc("10.1.0.0/16").await;
    let foreign = cache.client.subnet(&other, "10.1.0.0/24", "us-east-1c").await;
    let first = cache.subnets[0].as_str();
    let group = |name: &'static str, second: &str| {
        [
            ("CacheSubnetGroupName", name.to_owned()),
            ("CacheSubnetGroupDescription", "d".to_owned()),
            ("SubnetIds.SubnetIdentifier.1", first.to_owned()),
            ("SubnetIds.SubnetIdentifier.2", second.to_owned()),
        ]
    };
    let absent = "subnet-00000000000000000";
    let message = format!("Subnets {first} and {foreign} are not in the same VPC.");
    let cases = [
        (
            "name",
            group("with_underscore", first),
            VALUE,
            "The parameter CacheSubnetGroupName is not a valid identifier.",
        ),
        ("exists", group("DATA", first), "CacheSubnetGroupAlreadyExists", "Cache subnet group data already exists."),
        ("subnets", group("a", absent), VALUE, "Some input subnets in :[subnet-00000000000000000] are invalid."),
        ("one_vpc", group("b", &foreign), "InvalidSubnet", message.as_str()),
    ];
    for (rule, parameters, code, message) in cases {
        let parameters: Vec<(&str, &str)> = parameters.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let rule = format!("elasticache.subnet_group.{rule}");
        cache.refuses(&rule, "CreateCacheSubnetGroup", &parameters, (code, 400, message)).await;
    }
    let group = |name: &'static str, family: &'static str| {
        [("CacheParameterGroupName", name), ("CacheParameterGroupFamily", family), ("Description", "d")]
    };
    let create = "CreateCacheParameterGroup";
    let expected = ("CacheParameterGroupAlreadyExists", 400, "on");
    cache.refuses("elasticache.parameter_group.exists", create, &group("on", "redis7"), expected).await;
    cache
        .refuses("elasticache.parameter_group.name", create, &group("a.b", "redis7"), (VALUE, 400, "identifier"))
        .await;
    cache.refuses("elasticache.parameter_group.family", create, &group("c", "redis99"), (VALUE, 400, "redis99")).await;
    let few = [("MaxRecords", "5")];
    cache.refuses("elasticache.page.size", "DescribeReplicationGroups", &few, (VALUE, 400, "between 20 and 100")).await;
    let source = [("CacheParameterGroupName", "on"), ("Source", "nobody")];
    cache.refuses("elasticache.parameter.source", "DescribeCacheParameters", &source, (VALUE, 400, "nobody")).await;
}

#[tokio::test]
async fn what_does_not_fit_is_refused_at_a_change() {
    let cache = ElastiCache::new().await;
    cache.group("redis", &[]).await;
    let plain = [
        ("ClusterMode", ""),
        ("CacheParameterGroupName", ""),
        ("NumNodeGroups", ""),
        ("ReplicasPerNodeGroup", ""),
        ("NumCacheClusters", "1"),
        ("AutomaticFailoverEnabled", ""),
        ("TransitEncryptionEnabled", ""),
        ("SnapshotRetentionLimit", ""),
    ];
    cache.group("plain", &plain).await;
    let modify = "ModifyReplicationGroup";
    let change = |id: &'static str, more: &[(&'static str, &'static str)]| {
        [&[("ReplicationGroupId", id), ("ApplyImmediately", "true")][..], more].concat()
    };
    let cases = [
        (
            "modify.failover",
            modify,
            change("redis", &[("AutomaticFailoverEnabled", "false")]),
            COMBINATION,
            "cluster mode",
        ),
        (
            "failover.replicas",
            modify,
            change("plain", &[("AutomaticFailoverEnabled", "true")]),
            COMBINATION,
            "at least 2 cache clusters",
        ),
        (
            "modify.cluster_mode",
            modify,
            change("redis", &[("ClusterMode", "compatible")]),
            COMBINATION,
            "from enabled to compatible",
        ),
        (
            "modify.parameter_group",
            modify,
            change("redis", &[("CacheParameterGroupName", "default.redis7")]),
            COMBINATION,
            "cluster-enabled",
        ),
        (
            "modify.snapshotting",
            modify,
            change("plain", &[("SnapshotRetentionLimit", "3")]),
            COMBINATION,
            "Must specify both SnapshotRetentionLimit and SnapshottingClusterId to turn on snapshots",
        ),
        (
            "modify.auth_token",
            modify,
            change("plain", &[("AuthToken", "a-token-of-twenty-one")]),
            COMBINATION,
            "encryption-in-transit",
        ),
        (
            "modify.transit",
            modify,
            change("plain", &[("TransitEncryptionEnabled", "true"), ("TransitEncryptionMode", "required")]),
            COMBINATION,
            "preferred",
        ),
    ];
    for (rule, action, parameters, code, message) in cases {
        let rule = format!("elasticache.replication_group.{rule}");
        cache.refuses(&rule, action, &parameters, (code, 400, message)).await;
        cache.client.wait(3600);
    }
    let of = [("ReplicationGroupId", "plain"), ("SnapshotName", "whole")];
    let answer = cache.call("CreateSnapshot", &of).await;
    let one = cache.call("CreateSnapshot", &[("CacheClusterId", "redis-0001-001"), ("SnapshotName", "part")]).await;
    assert_eq!([answer.code, one.code], [COMBINATION, COMBINATION], "by group in cluster mode, by cluster outside");
    let both = [("ReplicationGroupId", "redis"), ("CacheClusterId", "redis-0001-001"), ("SnapshotName", "both")];
    cache.refuses("elasticache.snapshot.of", "CreateSnapshot", &both, (COMBINATION, 400, "Exactly one")).await;
}

#[tokio::test]
async fn what_is_to_happen_to_another_service_s_thing_of_the_same_name_still_happens() {
    let cache = ElastiCache::new().await;
    let subnets = [
        ("DBSubnetGroupName", "data"),
        ("DBSubnetGroupDescription", "d"),
        ("SubnetIds.SubnetIdentifier.1", cache.subnets[0].as_str()),
        ("SubnetIds.SubnetIdentifier.2", cache.subnets[1].as_str()),
    ];
    let database = [
        ("DBInstanceIdentifier", "main"),
        ("Engine", "postgres"),
        ("DBInstanceClass", "db.t3.medium"),
        ("AllocatedStorage", "20"),
        ("MasterUsername", "owner"),
        ("MasterUserPassword", "long-enough"),
        ("DBSubnetGroupName", "data"),
    ];
    let rds = async |action: &str, parameters: &[(&str, &str)]| {
        let answer = cache.client.query("rds", "2014-10-31", action, parameters).await;
        assert_eq!(answer.status, 200, "{action}: {}", answer.text);
    };
    rds("CreateDBSubnetGroup", &subnets).await;
    rds("CreateDBInstance", &database).await;
    cache.client.wait(1800);
    cache.ok("CreateReplicationGroup", &cache.wanted("main", &[])).await;
    // Deleting the database takes back what was to happen to it, and to nothing else.
    rds("DeleteDBInstance", &[("DBInstanceIdentifier", "main"), ("SkipFinalSnapshot", "true")]).await;
    cache.client.wait(3600);
    assert_eq!(cache.shown("main").await.all("Status")[0], "available");
}
