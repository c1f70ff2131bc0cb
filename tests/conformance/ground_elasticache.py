"""ElastiCache's ground, and a call of each of its operations that succeeds on it."""

from members import Ground, With, listing
from world import ACCOUNT, REGION


class ElasticacheGround(Ground):
    """Replication groups in and out of cluster mode, their snapshots, users, and parameter, subnet and user groups."""

    def after(self, seconds, made):
        self.aws.world.advance(seconds)
        return made

    def make_subnets(self):
        return self.aws.cache_subnets()

    def make_subnets2(self):
        return self.aws.cache_subnets()

    def make_vpc_subnets(self):
        found = self.aws.elasticache.describe_cache_subnet_groups(CacheSubnetGroupName=self["subnets"])
        return [subnet["SubnetIdentifier"] for subnet in found["CacheSubnetGroups"][0]["Subnets"]]

    def make_vpc(self):
        found = self.aws.elasticache.describe_cache_subnet_groups(CacheSubnetGroupName=self["subnets"])
        return found["CacheSubnetGroups"][0]["VpcId"]

    def make_group(self):
        return self.aws.group(self["vpc"])

    def parameters(self, name):
        self.aws.elasticache.create_cache_parameter_group(
            CacheParameterGroupName=name, CacheParameterGroupFamily="redis7", Description="made"
        )
        self.aws.elasticache.modify_cache_parameter_group(
            CacheParameterGroupName=name,
            ParameterNameValues=[{"ParameterName": "maxmemory-policy", "ParameterValue": "allkeys-lru"}],
        )
        return name

    def make_parameters(self):
        return self.parameters("parameters")

    def make_parameters2(self):
        return self.parameters("parameters-too")

    def make_cache(self):
        return self.aws.cache(
            CacheSubnetGroupName=self["subnets"],
            NumCacheClusters=3,
            AutomaticFailoverEnabled=True,
            EngineVersion="7.0",
            TransitEncryptionEnabled=True,
            UserGroupIds=[self["users2"]],
            Tags=[{"Key": "a", "Value": "1"}],
        )

    def make_sharded(self):
        return self.aws.cache(
            CacheSubnetGroupName=self["subnets"],
            NumCacheClusters=None,
            NumNodeGroups=2,
            ReplicasPerNodeGroup=1,
            AutomaticFailoverEnabled=True,
        )

    def snapshot(self, name):
        self.aws.elasticache.create_snapshot(SnapshotName=name, ReplicationGroupId=self["sharded"])
        return self.after(1800, name)

    def make_snapshot(self):
        return self.snapshot("snapshot")

    def make_snapshot2(self):
        return self.snapshot("snapshot-too")

    def user(self, name, called):
        self.aws.elasticache.create_user(
            UserId=name, UserName=called, Engine="redis", AccessString="on ~* +@all", Passwords=["correct-horse-battery"]
        )
        return name

    def make_user(self):
        return self.user("user", "app")

    def make_user2(self):
        return self.user("user-too", "worker")

    def make_usual(self):
        return self.user("usual", "default")

    def users(self, name):
        self.aws.elasticache.create_user_group(UserGroupId=name, Engine="redis", UserIds=[self["usual"], self["user2"]])
        return self.after(600, name)

    def make_users(self):
        return self.users("users")

    def make_users2(self):
        return self.users("users-too")

    def arn(self):
        return f"arn:aws:elasticache:{REGION}:{ACCOUNT}:replicationgroup:{self['cache']}"


def of(key, member="ReplicationGroupId", **more):
    return lambda g: {member: g[key], **more}


PARAMETER = [{"ParameterName": "maxmemory-policy", "ParameterValue": "volatile-lru"}]

BASES = {
    "AddTagsToResource": lambda g: dict(ResourceName=g.arn(), Tags=[{"Key": "new", "Value": "new"}]),
    "CreateCacheParameterGroup": listing(CacheParameterGroupName="new", CacheParameterGroupFamily="redis7", Description="new"),
    "CreateCacheSubnetGroup": lambda g: dict(CacheSubnetGroupName="new", CacheSubnetGroupDescription="new", SubnetIds=g["vpc_subnets"]),
    "CreateReplicationGroup": lambda g: dict(
        ReplicationGroupId="new",
        ReplicationGroupDescription="new",
        Engine="redis",
        CacheNodeType="cache.t3.micro",
        NumCacheClusters=2,
        CacheSubnetGroupName=g["subnets"],
        PreferredCacheClusterAZs=[f"{REGION}a", f"{REGION}b"],
        PreferredMaintenanceWindow="sun:04:00-sun:05:00",
        SnapshotWindow="03:00-04:00",
    ),
    "CreateUser": listing(UserId="new", UserName="new", Engine="redis", AccessString="on ~* +@all", NoPasswordRequired=True),
    "CreateUserGroup": lambda g: dict(UserGroupId="new", Engine="redis", UserIds=[g["usual"]]),
    "CopySnapshot": lambda g: dict(SourceSnapshotName=g["snapshot"], TargetSnapshotName="new"),
    "CreateSnapshot": of("sharded", SnapshotName="new"),
    "DecreaseReplicaCount": of("cache", NewReplicaCount=1, ApplyImmediately=True),
    "DeleteCacheParameterGroup": of("parameters", "CacheParameterGroupName"),
    "DeleteCacheSubnetGroup": of("subnets2", "CacheSubnetGroupName"),
    "DeleteReplicationGroup": of("cache"),
    "DeleteSnapshot": of("snapshot", "SnapshotName"),
    "DeleteUser": of("user", "UserId"),
    "DeleteUserGroup": of("users", "UserGroupId"),
    "DescribeUserGroups": listing(),
    "DescribeUsers": listing(),
    "ModifyUser": of("user", "UserId", AccessString="on ~other:* +@all"),
    "ModifyUserGroup": lambda g: dict(UserGroupId=g["users"], UserIdsToAdd=[g["user"]]),
    "DescribeCacheClusters": listing(),
    "DescribeCacheEngineVersions": listing(),
    "DescribeCacheParameterGroups": listing(),
    "DescribeCacheParameters": of("parameters", "CacheParameterGroupName"),
    "DescribeCacheSubnetGroups": listing(),
    "DescribeEngineDefaultParameters": listing(CacheParameterGroupFamily="redis7"),
    "DescribeEvents": listing(Duration=20160),
    "DescribeReplicationGroups": listing(),
    "DescribeSnapshots": listing(),
    "DescribeUpdateActions": listing(),
    "IncreaseReplicaCount": of("cache", NewReplicaCount=3, ApplyImmediately=True),
    "ListAllowedNodeTypeModifications": of("cache"),
    "ListTagsForResource": lambda g: dict(ResourceName=g.arn()),
    "ModifyCacheParameterGroup": of("parameters", "CacheParameterGroupName", ParameterNameValues=PARAMETER),
    "ModifyCacheSubnetGroup": lambda g: dict(CacheSubnetGroupName=g["subnets"], CacheSubnetGroupDescription="new", SubnetIds=g["vpc_subnets"]),
    "ModifyReplicationGroup": of("cache", ReplicationGroupDescription="new", ApplyImmediately=True),
    "ModifyReplicationGroupShardConfiguration": of("sharded", NodeGroupCount=3, ApplyImmediately=True),
    "RemoveTagsFromResource": lambda g: dict(ResourceName=g.arn(), TagKeys=["a"]),
    "ResetCacheParameterGroup": of("parameters", "CacheParameterGroupName", ResetAllParameters=True),
    "TestFailover": of("cache", NodeGroupId="0001"),
}

# Values for members of one operation, where the general ones would not tell.
TOPIC = {"NotificationTopicArn": "arn:aws:sns:us-east-1:000000000000:topic"}
FEWER = {"NodeGroupCount": 1, "NodeGroupsToRemove": ["0002"]}
ZONES = [f"{REGION}{zone}" for zone in "abab"]
OUTPOST = f"arn:aws:outposts:{REGION}:{ACCOUNT}:outpost/op-0123456789abcdef0"


def replicas(count):
    """The same as NewReplicaCount, of each shard."""
    each = {"NodeGroupId": "0001", "NewReplicaCount": count, "PreferredAvailabilityZones": ZONES[: count + 1]}
    return {"NewReplicaCount": None, "ReplicaConfiguration": [each]}


LESS = {"NewReplicaCount": None, "ReplicaConfiguration": [{"NodeGroupId": "0001", "NewReplicaCount": 1}]}
PLACED = {
    "ReshardingConfiguration": [
        {"NodeGroupId": f"000{shard}", "PreferredAvailabilityZones": ZONES[:2]} for shard in (1, 2, 3)
    ]
}
VALUES = {
    "DecreaseReplicaCount.ReplicaConfiguration[].PreferredAvailabilityZones": With(ZONES[:2], LESS),
    "DecreaseReplicaCount.ReplicaConfiguration[].PreferredOutpostArns": With([OUTPOST], LESS),
    "IncreaseReplicaCount.ReplicaConfiguration[].PreferredAvailabilityZones": With(ZONES[::-1], replicas(3)),
    "IncreaseReplicaCount.ReplicaConfiguration[].PreferredOutpostArns": With([OUTPOST], replicas(3)),
    "ModifyReplicationGroupShardConfiguration.ReshardingConfiguration[].NodeGroupId": With("0009", PLACED),
    "ModifyReplicationGroupShardConfiguration.ReshardingConfiguration[].PreferredAvailabilityZones": With(["us-east-1z"], PLACED),
    "ModifyReplicationGroup.ApplyImmediately": With(False, {"CacheNodeType": "cache.t3.small"}),
    "ModifyReplicationGroup.NotificationTopicStatus": With("inactive", TOPIC),
    "ModifyReplicationGroup.TransitEncryptionMode": With("required", {"TransitEncryptionEnabled": True, "TransitEncryptionMode": "preferred"}),
    "ModifyReplicationGroupShardConfiguration.NodeGroupsToRemove": With(["0001"], FEWER),
    "ModifyReplicationGroupShardConfiguration.NodeGroupsToRetain": With(["0002"], FEWER),
}

GROUND = ElasticacheGround
