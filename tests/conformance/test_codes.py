"""Error codes that the tables of refusals leave out: each is provoked once, through boto3."""

import pytest

from refusal import outcome
from world import ACCOUNT, REGION

ABSENT = "0123456789abcdef0"
CASES = []


def refused(service, code):
    """A call that is refused with that code; what it stands on is built before."""

    def add(arrange):
        CASES.append((service, code, arrange))
        return arrange

    return add


def asks(service, code, act):
    """The same for a call on an account in which nothing is arranged."""
    refused(service, code)(lambda aws: lambda: act(aws))


# Ids and names


asks("ec2", "InvalidDhcpOptionID.NotFound", lambda aws: aws.ec2.describe_dhcp_options(DhcpOptionsIds=[f"dopt-{ABSENT}"]))
asks("ec2", "InvalidDhcpOptionsId.Malformed", lambda aws: aws.ec2.describe_dhcp_options(DhcpOptionsIds=["dopt"]))
asks("ec2", "InvalidGroupId.Malformed", lambda aws: aws.ec2.describe_security_groups(GroupIds=["group"]))
asks("ec2", "InvalidInternetGatewayId.Malformed", lambda aws: aws.ec2.describe_internet_gateways(InternetGatewayIds=["igw"]))
asks("ec2", "InvalidLaunchTemplateId.Malformed", lambda aws: aws.ec2.describe_launch_templates(LaunchTemplateIds=["lt"]))
asks("ec2", "InvalidFlowLogId.NotFound", lambda aws: aws.ec2.describe_flow_logs(FlowLogIds=[f"fl-{ABSENT}"]))
asks("ec2", "InvalidNetworkAclID.NotFound", lambda aws: aws.ec2.describe_network_acls(NetworkAclIds=[f"acl-{ABSENT}"]))
asks("ec2", "InvalidNetworkInterfaceId.Malformed", lambda aws: aws.ec2.delete_network_interface(NetworkInterfaceId="eni"))
asks("ec2", "InvalidRouteTableId.Malformed", lambda aws: aws.ec2.describe_route_tables(RouteTableIds=["rtb"]))
asks("ec2", "InvalidPrefixListId.Malformed", lambda aws: aws.ec2.describe_prefix_lists(PrefixListIds=["pl"]))
asks("ec2", "InvalidSubnetId.Malformed", lambda aws: aws.ec2.describe_subnets(SubnetIds=["subnet"]))
asks("ec2", "InvalidVpcId.Malformed", lambda aws: aws.ec2.describe_vpcs(VpcIds=["vpc"]))
asks("ec2", "InvalidVpcEndpointId.Malformed", lambda aws: aws.ec2.describe_vpc_endpoints(VpcEndpointIds=["vpce"]))
asks("ec2", "NatGatewayMalformed", lambda aws: aws.ec2.describe_nat_gateways(NatGatewayIds=["nat"]))
asks("ec2", "InvalidAddress.NotFound", lambda aws: aws.ec2.describe_addresses(PublicIps=["198.51.100.7"]))
asks("ec2", "InvalidAssociationID.NotFound", lambda aws: aws.ec2.disassociate_address(AssociationId=f"eipassoc-{ABSENT}"))
asks("ec2", "InvalidAttachmentID.NotFound", lambda aws: aws.ec2.detach_network_interface(AttachmentId=f"eni-attach-{ABSENT}"))
asks("ec2", "InvalidID", lambda aws: aws.ec2.create_tags(Resources=["thing"], Tags=[{"Key": "a", "Value": "b"}]))
asks("ec2", "InvalidNextToken", lambda aws: aws.ec2.describe_vpcs(NextToken="none"))
asks("ec2", "InvalidZone.NotFound", lambda aws: aws.ec2.create_volume(AvailabilityZone=f"{REGION}z", Size=1))
asks("ec2", "InvalidSnapshot.NotFound", lambda aws: aws.ec2.create_volume(AvailabilityZone=f"{REGION}a", SnapshotId=f"snap-{ABSENT}"))
asks("ec2", "InvalidParameterDependency", lambda aws: aws.ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=1, KmsKeyId="alias/aws/ebs"))
asks("ec2", "UnsupportedOperation", lambda aws: aws.ec2.describe_vpc_classic_link())
asks("ec2", "InvalidUserData.Malformed", lambda aws: aws.ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData={"UserData": "%"}))


@refused("ec2", "InvalidVolumeModification.NotFound")
def modifications_of_a_volume_without_any(aws):
    volume = aws.volume()
    return lambda: aws.ec2.describe_volumes_modifications(VolumeIds=[volume])


@refused("ec2", "IncorrectModificationState")
def volume_that_is_being_modified(aws):
    volume = aws.volume()
    with aws.at_once():
        aws.ec2.modify_volume(VolumeId=volume, Size=20)
    return lambda: aws.ec2.modify_volume(VolumeId=volume, Size=30)


@refused("ec2", "InvalidAttachment.NotFound")
def volume_detached_from_another_device(aws):
    instance = aws.instance()
    volume = aws.volume()
    aws.ec2.attach_volume(VolumeId=volume, InstanceId=instance, Device="/dev/sdf")
    return lambda: aws.ec2.detach_volume(VolumeId=volume, Device="/dev/sdz")


@refused("ec2", "InvalidInstanceAttributeValue")
def device_that_an_instance_does_not_have(aws):
    instance = aws.instance()
    devices = [{"DeviceName": "/dev/sdz", "Ebs": {"DeleteOnTermination": True}}]
    return lambda: aws.ec2.modify_instance_attribute(InstanceId=instance, BlockDeviceMappings=devices)


@refused("ec2", "InsufficientFreeAddressesInSubnet")
def subnet_that_is_full(aws):
    subnet = aws.ec2.create_subnet(VpcId=aws.vpc(), CidrBlock="10.0.0.0/28")["Subnet"]["SubnetId"]
    for _ in range(11):
        aws.interface(subnet)
    return lambda: aws.interface(subnet)


@refused("ec2", "InternetGatewayLimitExceeded")
def gateways_beyond_the_quota(aws):
    while len(aws.ec2.describe_internet_gateways()["InternetGateways"]) < 5:
        aws.gateway()
    return aws.gateway


@refused("ec2", "RouteLimitExceeded")
def routes_beyond_the_quota(aws):
    vpc = aws.vpc()
    gateway, table = aws.gateway(vpc), aws.route_table(vpc)

    def route(number):
        range_ = f"10.{100 + number}.0.0/16"
        aws.ec2.create_route(RouteTableId=table, DestinationCidrBlock=range_, GatewayId=gateway)

    with aws.at_once():
        for number in range(49):
            route(number)

    def more():
        for number in range(49, 55):
            route(number)

    return more


@refused("ec2", "VcpuLimitExceeded")
def machines_beyond_the_quota(aws):
    subnet = aws.subnet(aws.vpc())
    return lambda: aws.instance(subnet, InstanceType="m5.4xlarge", MinCount=121, MaxCount=121)


# What all of a service's operations have in common


# What a service is called in signatures, where boto3 calls it otherwise.
SIGNED = {"elb": "elasticloadbalancing", "elbv2": "elasticloadbalancing"}


def struck(aws, service, fault):
    service = SIGNED.get(service, service)
    aws.world.ask("PUT", "faults", [{"service": service, "fault": fault, "times": 1}])


@refused("ec2", "RequestLimitExceeded")
def too_many_requests(aws):
    struck(aws, "ec2", {"kind": "throttle"})
    return aws.ec2.describe_vpcs


@refused("ec2", "Unavailable")
def a_failure_of_the_service(aws):
    struck(aws, "ec2", {"kind": "unavailable", "status": 503})
    return aws.ec2.describe_vpcs


@refused("ec2", "RequestExpired")
def credentials_that_have_expired(aws):
    given = aws.sts.get_session_token(DurationSeconds=900)["Credentials"]
    client = aws.client("ec2", given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    aws.world.advance(901)
    return client.describe_vpcs


@refused("eks", "ThrottlingException")
def too_many_updates(aws):
    struck(aws, "eks", {"kind": "throttle"})
    return lambda: aws.eks.update_cluster_version(name="any", version="1.33")


QUERY = {
    "autoscaling": "describe_policies",
    "elb": "describe_load_balancers",
    "elbv2": "describe_load_balancers",
    "elasticache": "describe_snapshots",
    "iam": "list_roles",
    "rds": "describe_db_instances",
    "sns": "list_topics",
    "sts": "get_caller_identity",
}


def common(service, name):
    def throttled(aws):
        struck(aws, service, {"kind": "throttle"})
        return getattr(getattr(aws, service), name)

    def unknown_key(aws):
        return getattr(aws.client(service, "AKIAIOSFODNN7EXAMPLE", "secret", None), name)

    def no_action(aws):
        def act():
            with aws.adding(getattr(aws, service), Action="DoNothing"):
                getattr(getattr(aws, service), name)()

        return act

    refused(service, "Throttling")(throttled)
    refused(service, "InvalidClientTokenId")(unknown_key)
    refused(service, "InvalidAction")(no_action)


for service, name in QUERY.items():
    common(service, name)


@refused("route53", "InvalidClientTokenId")
def key_that_route_53_does_not_know(aws):
    return aws.client("route53", "AKIAIOSFODNN7EXAMPLE", "secret", None).list_hosted_zones


@refused("kms", "UnrecognizedClientException")
def key_that_kms_does_not_know(aws):
    return aws.client("kms", "AKIAIOSFODNN7EXAMPLE", "secret", None).list_keys


@refused("cloudwatch", "InvalidClientTokenId")
def key_that_cloudwatch_does_not_know(aws):
    return aws.client("cloudwatch", "AKIAIOSFODNN7EXAMPLE", "secret", None).describe_alarms


@refused("ec2", "InvalidAction")
def action_that_ec2_lacks(aws):
    def act():
        with aws.adding(aws.ec2, Action="DoNothing"):
            aws.ec2.describe_vpcs()

    return act


# EKS


asks("eks", "BadRequestException", lambda aws: aws.eks.list_tags_for_resource(resourceArn="arn:aws:s3:::bucket"))
asks("eks", "NotFoundException", lambda aws: aws.eks.list_tags_for_resource(resourceArn=f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/absent"))


@refused("eks", "ResourceLimitExceededException")
def clusters_beyond_the_quota(aws):
    request = aws.cluster_request()
    with aws.within_rates():
        for number in range(100):
            aws.eks.create_cluster(**{**request, "name": f"cluster-{number}"})
    return lambda: aws.eks.create_cluster(**{**request, "name": "one-more"})


# RDS


asks("rds", "DBSnapshotNotFound", lambda aws: aws.rds.delete_db_snapshot(DBSnapshotIdentifier="absent"))
asks("rds", "DBSubnetGroupNotFoundFault", lambda aws: aws.rds.delete_db_subnet_group(DBSubnetGroupName="absent"))


@refused("rds", "KMSKeyNotAccessibleFault")
def database_with_a_key_that_is_not_there(aws):
    return lambda: aws.db(StorageEncrypted=True, KmsKeyId="00000000-0000-4000-a000-000000000000")


@refused("rds", "DBParameterGroupQuotaExceeded")
def parameter_groups_beyond_the_quota(aws):
    def more(number):
        return aws.rds.create_db_parameter_group(
            DBParameterGroupName=f"group-{number}", DBParameterGroupFamily="postgres17", Description="made"
        )

    with aws.within_rates():
        for number in range(50):
            more(number)
    return lambda: more(50)


def many_subnets(aws, count):
    vpc = aws.vpc()
    return [aws.subnet(vpc, number, "ab"[number % 2]) for number in range(count)]


@refused("rds", "DBSubnetGroupQuotaExceeded")
def subnet_groups_beyond_the_quota(aws):
    subnets = many_subnets(aws, 2)

    def more(number):
        return aws.rds.create_db_subnet_group(
            DBSubnetGroupName=f"group-{number}", DBSubnetGroupDescription="made", SubnetIds=subnets
        )

    with aws.within_rates():
        for number in range(50):
            more(number)
    return lambda: more(50)


@refused("rds", "DBSubnetQuotaExceededFault")
def subnet_group_of_too_many(aws):
    subnets = many_subnets(aws, 21)
    return lambda: aws.rds.create_db_subnet_group(
        DBSubnetGroupName="group", DBSubnetGroupDescription="made", SubnetIds=subnets
    )


@refused("rds", "InstanceQuotaExceeded")
def databases_beyond_the_quota(aws):
    request = aws.db_request()
    with aws.at_once():
        for number in range(40):
            aws.rds.create_db_instance(**{**request, "DBInstanceIdentifier": f"db-{number}"})
    return lambda: aws.rds.create_db_instance(**{**request, "DBInstanceIdentifier": "one-more"})


@refused("rds", "SnapshotQuotaExceeded")
def snapshots_beyond_the_quota(aws):
    db = aws.db()
    aws.world.switch("rds.snapshot.instance_state", False)

    def more(number):
        return aws.rds.create_db_snapshot(DBSnapshotIdentifier=f"s-{number}", DBInstanceIdentifier=db)

    with aws.within_rates():
        for number in range(100):
            more(number)
    return lambda: more(100)


@refused("rds", "SubnetAlreadyInUse")
def subnet_taken_from_under_a_database(aws):
    group = aws.db_subnets()
    aws.db(DBSubnetGroupName=group, MultiAZ=True)
    shown = aws.rds.describe_db_subnet_groups(DBSubnetGroupName=group)["DBSubnetGroups"][0]
    others = [aws.subnet(shown["VpcId"], 3, "c"), aws.subnet(shown["VpcId"], 4, "d")]
    return lambda: aws.rds.modify_db_subnet_group(DBSubnetGroupName=group, SubnetIds=others)


@refused("rds", "DBSubnetGroupNotAllowedFault")
def replica_in_another_vpc(aws):
    db, elsewhere = aws.db(), aws.db_subnets()
    return lambda: aws.rds.create_db_instance_read_replica(
        DBInstanceIdentifier="replica", SourceDBInstanceIdentifier=db, DBSubnetGroupName=elsewhere
    )


# ElastiCache


asks("elasticache", "InvalidARN", lambda aws: aws.elasticache.list_tags_for_resource(ResourceName="arn:aws:s3:::bucket"))
asks("elasticache", "SnapshotNotFoundFault", lambda aws: aws.elasticache.delete_snapshot(SnapshotName="absent"))
asks("elasticache", "CacheSubnetGroupNotFoundFault", lambda aws: aws.elasticache.delete_cache_subnet_group(CacheSubnetGroupName="absent"))


@refused("elasticache", "TagNotFound")
def tag_that_is_not_there(aws):
    cache = aws.cache()
    arn = f"arn:aws:elasticache:{REGION}:{ACCOUNT}:replicationgroup:{cache}"
    return lambda: aws.elasticache.remove_tags_from_resource(ResourceName=arn, TagKeys=["absent"])


@refused("elasticache", "TagQuotaPerResourceExceeded")
def tags_beyond_the_quota(aws):
    cache = aws.cache()
    arn = f"arn:aws:elasticache:{REGION}:{ACCOUNT}:replicationgroup:{cache}"
    tags = [{"Key": f"key-{number}", "Value": "value"} for number in range(51)]
    return lambda: aws.elasticache.add_tags_to_resource(ResourceName=arn, Tags=tags)


@refused("elasticache", "NoOperationFault")
def as_many_shards_as_before(aws):
    cache = aws.cache(NumCacheClusters=None, NumNodeGroups=2, ReplicasPerNodeGroup=1, AutomaticFailoverEnabled=True)
    return lambda: aws.elasticache.modify_replication_group_shard_configuration(
        ReplicationGroupId=cache, NodeGroupCount=2, ApplyImmediately=True
    )


def snapshot(aws, name="s"):
    cache = aws.cache(NumCacheClusters=None, NumNodeGroups=2, ReplicasPerNodeGroup=1, AutomaticFailoverEnabled=True)
    with aws.at_once():
        aws.elasticache.create_snapshot(SnapshotName=name, ReplicationGroupId=cache)
    return cache


@refused("elasticache", "SnapshotAlreadyExistsFault")
def snapshot_name_taken(aws):
    cache = snapshot(aws)
    aws.world.advance(3600)
    return lambda: aws.elasticache.create_snapshot(SnapshotName="s", ReplicationGroupId=cache)


@refused("elasticache", "InvalidSnapshotState")
def delete_a_snapshot_that_is_being_made(aws):
    snapshot(aws)
    return lambda: aws.elasticache.delete_snapshot(SnapshotName="s")


@refused("elasticache", "CacheParameterGroupQuotaExceeded")
def cache_parameter_groups_beyond_the_quota(aws):
    def more(number):
        return aws.elasticache.create_cache_parameter_group(
            CacheParameterGroupName=f"group-{number}", CacheParameterGroupFamily="redis7", Description="made"
        )

    with aws.within_rates():
        for number in range(150):
            more(number)
    return lambda: more(150)


@refused("elasticache", "CacheSubnetGroupQuotaExceeded")
def cache_subnet_groups_beyond_the_quota(aws):
    subnets = many_subnets(aws, 2)

    def more(number):
        return aws.elasticache.create_cache_subnet_group(
            CacheSubnetGroupName=f"group-{number}", CacheSubnetGroupDescription="made", SubnetIds=subnets
        )

    with aws.within_rates():
        for number in range(150):
            more(number)
    return lambda: more(150)


@refused("elasticache", "CacheSubnetQuotaExceededFault")
def cache_subnet_group_of_too_many(aws):
    subnets = many_subnets(aws, 21)
    return lambda: aws.elasticache.create_cache_subnet_group(
        CacheSubnetGroupName="group", CacheSubnetGroupDescription="made", SubnetIds=subnets
    )


@refused("elasticache", "NodeGroupsPerReplicationGroupQuotaExceeded")
def group_of_too_many_nodes(aws):
    return lambda: aws.cache(
        NumCacheClusters=None, NumNodeGroups=80, ReplicasPerNodeGroup=2, AutomaticFailoverEnabled=True
    )


@refused("elasticache", "NodeQuotaForCustomerExceeded")
def nodes_beyond_the_quota(aws):
    request = aws.cache_request(NumCacheClusters=None, NumNodeGroups=30, ReplicasPerNodeGroup=2, AutomaticFailoverEnabled=True)

    def more(number):
        return aws.elasticache.create_replication_group(**{**request, "ReplicationGroupId": f"cache-{number}"})

    with aws.at_once():
        for number in range(3):
            more(number)
    return lambda: more(3)


@refused("elasticache", "SubnetInUse")
def subnet_taken_from_under_a_cache(aws):
    group = aws.cache_subnets()
    aws.cache(CacheSubnetGroupName=group)
    shown = aws.elasticache.describe_cache_subnet_groups(CacheSubnetGroupName=group)["CacheSubnetGroups"][0]
    others = [aws.subnet(shown["VpcId"], 3, "c"), aws.subnet(shown["VpcId"], 4, "d")]
    return lambda: aws.elasticache.modify_cache_subnet_group(CacheSubnetGroupName=group, SubnetIds=others)


@pytest.mark.parametrize("service, code, arrange", CASES, ids=[f"{service}:{code}" for service, code, _ in CASES])
def test_the_code_comes(aws, service, code, arrange):
    act = arrange(aws)
    came = outcome(act)
    assert came is not None and came.code == code, came
