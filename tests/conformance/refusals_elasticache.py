"""What ElastiCache refuses, and in which words."""

from refusal import Cases
from world import ACCOUNT, REGION

CASES = Cases()
refuses = CASES.refuses

COMBINATION = "InvalidParameterCombination"
VALUE = "InvalidParameterValue"
STATE = "InvalidReplicationGroupState"


@refuses("elasticache.subnet_group.exists", "CacheSubnetGroupAlreadyExists", "Cache subnet group web already exists.")
def subnet_group_name_taken(aws):
    request = dict(CacheSubnetGroupName="web", CacheSubnetGroupDescription="made", SubnetIds=aws.two_subnets()[1])
    aws.elasticache.create_cache_subnet_group(**request)
    return lambda: aws.elasticache.create_cache_subnet_group(**request), {}


@refuses("elasticache.subnet_group.subnets", VALUE, "Some input subnets in :[subnet-0123456789abcdef0] are invalid.")
def subnets_that_are_not_there(aws):
    request = dict(
        CacheSubnetGroupName="web", CacheSubnetGroupDescription="made", SubnetIds=["subnet-0123456789abcdef0"]
    )
    return lambda: aws.elasticache.create_cache_subnet_group(**request), {}


@refuses("elasticache.subnet_group.one_vpc", "InvalidSubnet", "Subnets {first} and {second} are not in the same VPC.")
def subnets_of_two_vpcs(aws):
    subnets = [aws.subnet(aws.vpc(), 1, "a"), aws.subnet(aws.vpc("10.1.0.0/16"), 1, "b", "10.1")]
    request = dict(CacheSubnetGroupName="web", CacheSubnetGroupDescription="made", SubnetIds=subnets)
    return lambda: aws.elasticache.create_cache_subnet_group(**request), dict(zip(("first", "second"), subnets))


@refuses("elasticache.subnet_group.name", VALUE, "The parameter CacheSubnetGroupName is not a valid identifier.{*}")
def subnet_group_name_with_an_underscore(aws):
    request = dict(CacheSubnetGroupName="a_b", CacheSubnetGroupDescription="made", SubnetIds=aws.two_subnets()[1])
    return lambda: aws.elasticache.create_cache_subnet_group(**request), {}


@refuses("elasticache.subnet_group.delete.in_use", "CacheSubnetGroupInUse", "Cache subnet group {group} is currently in use by a cache cluster.")
def delete_a_subnet_group_in_use(aws):
    group = aws.cache_subnets()
    aws.cache(CacheSubnetGroupName=group)
    return lambda: aws.elasticache.delete_cache_subnet_group(CacheSubnetGroupName=group), {"group": group}


@refuses("elasticache.replication_group.exists", "ReplicationGroupAlreadyExists")
def group_twice(aws):
    request = aws.cache_request()
    aws.elasticache.create_replication_group(**request)
    return lambda: aws.elasticache.create_replication_group(**request), {}


def refused_request(rule, code, name, message=None, **more):
    def arrange(aws):
        request = aws.cache_request(**more)
        return lambda: aws.elasticache.create_replication_group(**request), request

    arrange.__name__ = name
    refuses(rule, code, message)(arrange)


refused_request("elasticache.replication_group.failover.replicas", COMBINATION, "failover_of_one_node", "When using automatic failover, there must be at least 2 cache clusters in the replication group.", AutomaticFailoverEnabled=True)
refused_request("elasticache.replication_group.multi_az", COMBINATION, "zones_without_failover", NumCacheClusters=2, MultiAZEnabled=True, AutomaticFailoverEnabled=False)
refused_request("elasticache.replication_group.auth_token", COMBINATION, "token_without_encryption", AuthToken="correct-horse-battery")
refused_request("elasticache.replication_group.auth_token", VALUE, "token_too_short", AuthToken="short", TransitEncryptionEnabled=True)
refused_request("elasticache.replication_group.numbers", COMBINATION, "counted_in_two_ways", NumNodeGroups=2, ReplicasPerNodeGroup=1, AutomaticFailoverEnabled=True)
refused_request("elasticache.node_type", VALUE, "unknown_node_type", CacheNodeType="cache.none.large")
refused_request("elasticache.engine.version", COMBINATION, "unknown_version", "Cannot find version 99.1 for redis", EngineVersion="99.1")
refused_request("elasticache.replication_group.multi_az", COMBINATION, "zones_that_are_one", NumCacheClusters=2, MultiAZEnabled=True, AutomaticFailoverEnabled=True, PreferredCacheClusterAZs=[f"{REGION}a", f"{REGION}a"])
refused_request("elasticache.replication_group.zone", COMBINATION, "fewer_zones_than_clusters", NumCacheClusters=2, PreferredCacheClusterAZs=[f"{REGION}a"])
refused_request("elasticache.replication_group.zone", COMBINATION, "zones_of_clusters_in_shards", "PreferredCacheClusterAZs can only be specified for one node group.", NumCacheClusters=None, NumNodeGroups=2, ReplicasPerNodeGroup=1, AutomaticFailoverEnabled=True, PreferredCacheClusterAZs=[f"{REGION}a", f"{REGION}b"])
refused_request("elasticache.replication_group.topic", VALUE, "topic_that_is_no_arn", NotificationTopicArn="topic")
refused_request("elasticache.replication_group.topic", VALUE, "topic_of_another_account", NotificationTopicArn=f"arn:aws:sns:{REGION}:111122223333:topic")
refused_request("elasticache.replication_group.failover.cluster_mode", COMBINATION, "cluster_mode_without_failover", "Redis with cluster mode enabled cannot be created with auto failover turned off.", NumCacheClusters=None, NumNodeGroups=2, ReplicasPerNodeGroup=1, EngineVersion="7.1", CacheParameterGroupName="default.redis7.cluster.on", AutomaticFailoverEnabled=False)


@refuses("elasticache.replication_group.parameter_family", COMBINATION, "Expected a parameter group of family redis7 but found one of family redis6.x")
def parameter_group_of_another_family(aws):
    request = aws.cache_request(EngineVersion="7.1", CacheParameterGroupName="default.redis6.x")
    return lambda: aws.elasticache.create_replication_group(**request), {}


@refuses("elasticache.replication_group.modify.state", STATE, "Replication group must be in available state to modify.")
def modify_a_group_that_is_being_made(aws):
    group = aws.cache(ready=False)
    return lambda: aws.elasticache.modify_replication_group(
        ReplicationGroupId=group, ReplicationGroupDescription="again"
    ), {}


@refuses("elasticache.replication_group.delete.state", STATE)
def delete_a_group_that_is_being_made(aws):
    group = aws.cache(ready=False)
    return lambda: aws.elasticache.delete_replication_group(ReplicationGroupId=group), {}


@refuses("elasticache.tags.state", STATE, "Cluster not in available state to perform tagging operations.")
def tags_of_a_group_that_is_being_made(aws):
    group = aws.cache(ready=False)
    arn = f"arn:aws:elasticache:{REGION}:{ACCOUNT}:replicationgroup:{group}"
    return lambda: aws.elasticache.list_tags_for_resource(ResourceName=arn), {}


@refuses("elasticache.parameter_group.exists", "CacheParameterGroupAlreadyExists")
def parameter_group_name_taken(aws):
    request = dict(CacheParameterGroupName="web", CacheParameterGroupFamily="redis7", Description="made")
    aws.elasticache.create_cache_parameter_group(**request)
    return lambda: aws.elasticache.create_cache_parameter_group(**request), {}


@refuses("elasticache.parameter_group.delete.in_use", "InvalidCacheParameterGroupState")
def delete_a_parameter_group_in_use(aws):
    aws.elasticache.create_cache_parameter_group(
        CacheParameterGroupName="web", CacheParameterGroupFamily="redis7", Description="made"
    )
    aws.cache(EngineVersion="7.1", CacheParameterGroupName="web")
    return lambda: aws.elasticache.delete_cache_parameter_group(CacheParameterGroupName="web"), {}


# Events, failover, other node types


@refuses("elasticache.event.members", "InvalidParameterCombination", "SourceType must be specified when SourceIdentifier is.")
def events_of_a_name_without_a_type(aws):
    return lambda: aws.elasticache.describe_events(SourceIdentifier="cache"), {}


@refuses("elasticache.failover.shard", "NodeGroupNotFoundFault", "Node group 0007 not found.", 404)
def failover_of_no_shard(aws):
    cache = aws.cache(NumCacheClusters=2, AutomaticFailoverEnabled=True)
    return lambda: aws.elasticache.test_failover(ReplicationGroupId=cache, NodeGroupId="0007"), {}


@refuses("elasticache.failover.possible", "InvalidReplicationGroupState")
def failover_without_a_replica(aws):
    cache = aws.cache()
    return lambda: aws.elasticache.test_failover(ReplicationGroupId=cache, NodeGroupId="0001"), {}


@refuses("elasticache.node_types.source", "InvalidParameterCombination")
def node_types_of_nothing(aws):
    return lambda: aws.elasticache.list_allowed_node_type_modifications(), {}


@refuses(None, "CacheClusterNotFound", "CacheCluster not found: absent", 404)
def node_types_of_no_cluster(aws):
    return lambda: aws.elasticache.list_allowed_node_type_modifications(CacheClusterId="absent"), {}


@refuses("elasticache.replication_group.multi_az", "InvalidParameterCombination")
def nodes_of_one_zone_turned_to_several(aws):
    cache = aws.cache(NumCacheClusters=2, AutomaticFailoverEnabled=True, PreferredCacheClusterAZs=[f"{REGION}a", f"{REGION}a"])
    return lambda: aws.elasticache.modify_replication_group(ReplicationGroupId=cache, MultiAZEnabled=True, ApplyImmediately=True), {}


@refuses("elasticache.replication_group.topic", "InvalidParameterValue")
def notifications_to_no_topic(aws):
    cache = aws.cache()
    topic = f"arn:aws:sqs:{REGION}:{ACCOUNT}:queue"
    return lambda: aws.elasticache.modify_replication_group(ReplicationGroupId=cache, NotificationTopicArn=topic), {}


@refuses("elasticache.event.members", "InvalidParameterValue")
def events_of_more_than_two_weeks(aws):
    return lambda: aws.elasticache.describe_events(Duration=14 * 24 * 60 + 1), {}


# Users and their groups


def user(aws, name="app", called="app", **more):
    request = dict(UserId=name, UserName=called, Engine="redis", AccessString="on ~* +@all", NoPasswordRequired=True)
    merged = {**request, **more}
    return aws.elasticache.create_user(**{member: value for member, value in merged.items() if value is not None})


def users(aws, *ids, name="apps", engine="redis"):
    aws.elasticache.create_user_group(UserGroupId=name, Engine=engine, UserIds=list(ids))
    aws.world.advance(600)
    return name


@refuses("elasticache.user.exists", "UserAlreadyExists", "User app already exists.")
def user_twice(aws):
    user(aws)
    return lambda: user(aws), {}


@refuses("elasticache.user.id", "InvalidParameterValue")
def user_with_two_hyphens(aws):
    return lambda: user(aws, "a--b"), {}


@refuses("elasticache.user.engine", "InvalidParameterValue")
def user_of_another_engine(aws):
    return lambda: user(aws, Engine="memcached"), {}


@refuses(None, "InvalidParameterValue", "No password was provided. If you want to create/update the user without password, please use the NoPasswordRequired flag.")
def user_of_whom_nothing_is_said(aws):
    return lambda: user(aws, NoPasswordRequired=None), {}


@refuses("elasticache.user.password", "InvalidParameterValue", "Passwords length must be between 16-128 characters.")
def user_with_a_short_password(aws):
    return lambda: user(aws, NoPasswordRequired=None, Passwords=["short"]), {}


@refuses("elasticache.user.password", "InvalidParameterCombination", "Password field is not allowed with authentication type: iam")
def user_of_iam_with_a_password(aws):
    mode = {"Type": "iam", "Passwords": ["correct-horse-battery"]}
    return lambda: user(aws, NoPasswordRequired=None, AuthenticationMode=mode), {}


@refuses("elasticache.user.iam", "InvalidParameterCombination")
def user_of_iam_by_another_name(aws):
    return lambda: user(aws, "app", "other", NoPasswordRequired=None, AuthenticationMode={"Type": "iam"}), {}


@refuses("elasticache.user.access", "InvalidParameterValue")
def user_neither_on_nor_off(aws):
    return lambda: user(aws, AccessString="~* +@all"), {}


@refuses("elasticache.user.filter", "InvalidParameterCombination")
def users_by_their_shoes(aws):
    return lambda: aws.elasticache.describe_users(Filters=[{"Name": "shoes", "Values": ["a"]}]), {}


@refuses("elasticache.user.state", "InvalidUserState")
def user_changed_while_it_changes(aws):
    user(aws)
    change = lambda: aws.elasticache.modify_user(UserId="app", AccessString="off ~* +@all")
    with aws.at_once():
        change()
    return change, {}


@refuses("elasticache.user.default", "InvalidParameterValue")
def user_of_every_account_deleted(aws):
    return lambda: aws.elasticache.delete_user(UserId="default"), {}


@refuses("elasticache.user.delete.default", "DefaultUserAssociatedToUserGroup")
def default_user_of_a_group_deleted(aws):
    user(aws, "usual", "default")
    users(aws, "usual")
    return lambda: aws.elasticache.delete_user(UserId="usual"), {}


@refuses(None, "UserNotFound", "User nobody not found.", 404)
def user_that_is_not_there(aws):
    return lambda: aws.elasticache.describe_users(UserId="nobody"), {}


@refuses("elasticache.user_group.exists", "UserGroupAlreadyExists", "User Group apps already exists.")
def user_group_twice(aws):
    users(aws, "default")
    return lambda: users(aws, "default"), {}


@refuses("elasticache.user_group.id", "InvalidParameterValue")
def user_group_with_two_hyphens(aws):
    return lambda: users(aws, "default", name="a--b"), {}


@refuses("elasticache.user_group.default", "DefaultUserRequired")
def user_group_without_a_default_user(aws):
    user(aws)
    return lambda: users(aws, "app"), {}


@refuses("elasticache.user_group.names", "DuplicateUserName")
def user_group_of_two_of_a_name(aws):
    user(aws, "usual", "default")
    return lambda: users(aws, "default", "usual"), {}


@refuses("elasticache.user_group.engine", "InvalidParameterCombination")
def user_group_of_two_engines(aws):
    user(aws, Engine="valkey")
    return lambda: users(aws, "default", "app"), {}


@refuses("elasticache.user_group.state", "InvalidUserGroupState")
def user_group_deleted_while_it_is_made(aws):
    with aws.at_once():
        aws.elasticache.create_user_group(UserGroupId="apps", Engine="redis", UserIds=["default"])
    return lambda: aws.elasticache.delete_user_group(UserGroupId="apps"), {}


@refuses("elasticache.user_group.change", "InvalidParameterCombination")
def user_group_left_by_who_is_not_in(aws):
    group = users(aws, "default")
    return lambda: aws.elasticache.modify_user_group(UserGroupId=group, UserIdsToRemove=["app"]), {}


@refuses("elasticache.user_group.delete.in_use", "InvalidUserGroupState")
def user_group_of_a_cache_deleted(aws):
    group = users(aws, "default")
    aws.cache(TransitEncryptionEnabled=True, UserGroupIds=[group])
    return lambda: aws.elasticache.delete_user_group(UserGroupId=group), {}


@refuses("elasticache.replication_group.users", "InvalidParameterCombination")
def users_over_plain_connections(aws):
    request = aws.cache_request(UserGroupIds=[users(aws, "default")])
    return lambda: aws.elasticache.create_replication_group(**request), {}


@refuses(None, "UserGroupNotFound", None, 404)
def cache_of_no_user_group(aws):
    request = aws.cache_request(TransitEncryptionEnabled=True, UserGroupIds=["nobody"])
    return lambda: aws.elasticache.create_replication_group(**request), {}


def copied(aws, ready=True, **more):
    """The copy of a snapshot of a cluster."""
    group = aws.cache()
    name = aws.name("snapshot")
    aws.elasticache.create_snapshot(SnapshotName=name, CacheClusterId=f"{group}-001")
    if ready:
        aws.world.advance(1800)
    request = {"SourceSnapshotName": name, "TargetSnapshotName": aws.name("copy"), **more}
    return lambda: aws.elasticache.copy_snapshot(**request), request


@refuses(None, "SnapshotNotFoundFault", "Snapshot absent does not exist.", 404)
def copy_of_no_cache_snapshot(aws):
    return copied(aws, SourceSnapshotName="absent")


@refuses("elasticache.snapshot.copy.state", "InvalidSnapshotState")
def copy_of_a_snapshot_that_is_being_made(aws):
    with aws.within_rates():
        return copied(aws, ready=False)


@refuses("elasticache.snapshot.exists", "SnapshotAlreadyExistsFault")
def copy_that_is_there(aws):
    copy, request = copied(aws)
    copy()
    return copy, request


@refuses("elasticache.kms.exists", "InvalidKMSKeyFault")
def copy_with_no_key(aws):
    return copied(aws, KmsKeyId="alias/absent")
