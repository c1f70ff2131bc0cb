"""What AWS's recorded answers always hold, ours hold."""

import json

import pytest

from account import Account, trust
from shapes import SHAPES
from world import ACCOUNT, REGION

ROWS = [(operation, path, members) for operation, paths in SHAPES.items() for path, members in paths.items()]


@pytest.fixture(scope="module")
def answers(server, connected):
    """Every answer that small accounts give while they are built, looked at and taken down, by operation."""
    for rule in server.ask("GET", "rules"):
        server.switch(rule["id"], True)
    aws = Account(server, connected)
    heard = {}

    def hear(http_response, parsed, model, **_):
        if http_response.status_code < 300:
            heard.setdefault(f"{model.service_model.service_name}.{model.name}", []).append(parsed)

    for service in connected.values():
        service.meta.events.register("after-call", hear)
    try:
        for live in (network, machines, identities, cluster, database, cache):
            server.reset()
            live(aws)
    finally:
        for service in connected.values():
            service.meta.events.unregister("after-call", hear)
    return heard


def objects(value, path):
    """The objects at a path of an answer, `[]` standing for each of a list."""
    if path == ".":
        return [value]
    found = [value]
    for step in path.split("."):
        name = step.removesuffix("[]")
        found = [one[name] for one in found if name in one]
        if step.endswith("[]"):
            found = [one for many in found for one in many]
    return found


@pytest.mark.parametrize("operation, path, members", ROWS, ids=[f"{operation}:{path}" for operation, path, _ in ROWS])
def test_an_answer_holds_what_every_recorded_one_holds(answers, operation, path, members, tally):
    found = [one for answer in answers[operation] for one in objects(answer, path)]
    assert found != [], "nothing is there to look at"
    lacking = {name for one in found for name in members.split() if name not in one}
    assert lacking == set()
    tally.shapes.append((operation, len(members.split())))


def tag(**tags):
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def network(aws):
    ec2 = aws.ec2
    vpc = aws.vpc()
    subnet, other = aws.subnet(vpc, 1, "a"), aws.subnet(vpc, 2, "b")
    gateway = aws.gateway(vpc)
    table = aws.route_table(vpc)
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    address = aws.allocate()
    nat = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address["AllocationId"])["NatGateway"]["NatGatewayId"]
    aws.world.advance(600)
    tagged = [{"ResourceType": "vpc-endpoint", "Tags": tag(Name="web")}]
    aws.endpoint(vpc, RouteTableIds=[table], TagSpecifications=tagged)
    aws.endpoint(vpc, "sqs", VpcEndpointType="Interface", PrivateDnsEnabled=False, SubnetIds=[subnet])
    ec2.describe_vpc_endpoints()
    ec2.describe_vpc_endpoint_services()
    group, peer = aws.group(vpc), aws.group(vpc)
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    ranged = {**rule, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    paired = {**rule, "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [{"GroupId": peer}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[ranged, paired])
    ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[paired])
    interface = aws.interface(other, Groups=[group])
    aws.flow_log_to_bucket(vpc, TagSpecifications=[{"ResourceType": "vpc-flow-log", "Tags": tag(Name="web")}])
    ec2.describe_flow_logs()
    named = [vpc, subnet, gateway, table, nat, group, interface, address["AllocationId"]]
    options = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["DhcpOptionsId"]
    ec2.create_tags(Resources=[*named, options], Tags=tag(Name="web"))
    for name in ("enableDnsHostnames", "enableDnsSupport"):
        ec2.describe_vpc_attribute(VpcId=vpc, Attribute=name)
    for describe in (
        "addresses",
        "availability_zones",
        "dhcp_options",
        "internet_gateways",
        "nat_gateways",
        "network_acls",
        "network_interfaces",
        "route_tables",
        "security_groups",
        "subnets",
        "tags",
        "vpcs",
    ):
        getattr(ec2, f"describe_{describe}")()
    ec2.describe_security_groups(GroupIds=[group])


def machines(aws):
    ec2 = aws.ec2
    profile = aws.profile(aws.role())
    vpc = aws.vpc()
    subnet = aws.subnet(vpc)
    aws.gateway(vpc)
    made = ec2.run_instances(
        ImageId=aws.image(),
        InstanceType="t3.micro",
        MinCount=1,
        MaxCount=1,
        NetworkInterfaces=[{"DeviceIndex": 0, "SubnetId": subnet, "AssociatePublicIpAddress": True}],
        IamInstanceProfile={"Name": profile},
        TagSpecifications=[{"ResourceType": "instance", "Tags": tag(Name="web")}],
    )
    instance = made["Instances"][0]["InstanceId"]
    aws.world.advance(300)
    volume = aws.volume(10)
    ec2.create_tags(Resources=[volume], Tags=tag(Name="data"))
    ec2.attach_volume(InstanceId=instance, VolumeId=volume, Device="/dev/sdf")
    ec2.describe_volumes(VolumeIds=[volume])
    aws.world.advance(60)
    ec2.modify_volume(VolumeId=volume, Size=20)
    ec2.describe_volumes_modifications()
    aws.world.advance(7200)
    ec2.describe_volumes()
    ec2.describe_images(Owners=["amazon"])
    for name in ("disableApiStop", "disableApiTermination"):
        ec2.describe_instance_attribute(InstanceId=instance, Attribute=name)
    ec2.describe_instances()
    ec2.describe_network_interfaces()
    ec2.describe_iam_instance_profile_associations()
    ec2.detach_volume(VolumeId=volume)
    aws.world.advance(60)
    ec2.stop_instances(InstanceIds=[instance])
    aws.world.advance(300)
    ec2.describe_instances()
    ec2.start_instances(InstanceIds=[instance])
    aws.world.advance(300)
    ec2.terminate_instances(InstanceIds=[instance])
    disk = {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 20, "Encrypted": True}}
    tagged = {"ResourceType": "instance", "Tags": tag(Name="web")}
    template = aws.template(InstanceType="t3.micro", BlockDeviceMappings=[disk], TagSpecifications=[tagged])
    ec2.describe_launch_template_versions(LaunchTemplateId=template)


def identities(aws):
    iam = aws.iam
    condition = {"StringEquals": {"aws:SourceArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:topic"}}
    trusting = json.loads(trust("sns.amazonaws.com"))
    trusting["Statement"][0]["Condition"] = condition
    document = json.dumps(trusting)
    iam.create_role(RoleName="web", AssumeRolePolicyDocument=document, Tags=tag(Name="web"))
    iam.update_assume_role_policy(RoleName="web", PolicyDocument=document)
    made = iam.create_policy(
        PolicyName="web",
        PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
        ),
        Description="made",
        Tags=tag(Name="web"),
    )
    policy = made["Policy"]["Arn"]
    iam.get_policy(PolicyArn=policy)
    iam.list_policies(Scope="Local")
    iam.attach_role_policy(RoleName="web", PolicyArn=policy)
    inline = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    iam.put_role_policy(RoleName="web", PolicyName="inline", PolicyDocument=json.dumps(inline))
    iam.get_role_policy(RoleName="web", PolicyName="inline")
    iam.list_attached_role_policies(RoleName="web")
    iam.list_role_policies(RoleName="web")
    iam.get_role(RoleName="web")
    iam.list_roles(PathPrefix="/")
    iam.create_instance_profile(InstanceProfileName="web")
    iam.add_role_to_instance_profile(InstanceProfileName="web", RoleName="web")
    iam.list_instance_profiles()
    iam.list_instance_profiles_for_role(RoleName="web")
    iam.get_account_summary()
    iam.get_user()
    iam.list_account_aliases()
    linked = iam.create_service_linked_role(AWSServiceName="batch.amazonaws.com")["Role"]["RoleName"]
    task = iam.delete_service_linked_role(RoleName=linked)["DeletionTaskId"]
    aws.world.advance(60)
    iam.get_service_linked_role_deletion_status(DeletionTaskId=task)
    mine = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
    assumable = json.dumps({"Version": "2012-10-17", "Statement": [mine]})
    iam.create_role(RoleName="mine", AssumeRolePolicyDocument=assumable)
    aws.sts.assume_role(RoleArn=aws.role_arn("mine"), RoleSessionName="me")
    aws.sts.get_caller_identity()
    iam.delete_role(RoleName="mine")


def cluster(aws):
    name = aws.cluster(tags={"Name": "web"})
    aws.eks.describe_cluster_versions()
    nodes = aws.node_group(name, tags={"Name": "web"})
    aws.eks.describe_cluster(name=name)
    aws.eks.describe_nodegroup(clusterName=name, nodegroupName=nodes)
    aws.eks.list_clusters()
    aws.eks.list_nodegroups(clusterName=name)


def database(aws):
    rds = aws.rds
    made = rds.create_db_parameter_group(
        DBParameterGroupName="web", DBParameterGroupFamily="postgres16", Description="made"
    )
    db = aws.db(EngineVersion="16", DBParameterGroupName="web", Tags=tag(Name="web"))
    rds.describe_db_parameter_groups()
    rds.describe_db_parameters(DBParameterGroupName="web")
    rds.create_db_snapshot(DBInstanceIdentifier=db, DBSnapshotIdentifier="last", Tags=tag(Name="web"))
    aws.world.advance(3600)
    rds.describe_db_snapshots()
    rds.describe_db_instances()
    rds.describe_db_subnet_groups()
    rds.describe_db_engine_versions(Engine="postgres")
    rds.list_tags_for_resource(ResourceName=f"arn:aws:rds:{REGION}:{ACCOUNT}:db:{db}")
    rds.modify_db_instance(DBInstanceIdentifier=db, BackupRetentionPeriod=3, ApplyImmediately=True)
    aws.world.advance(3600)
    rds.delete_db_instance(DBInstanceIdentifier=db, SkipFinalSnapshot=True)
    assert made["DBParameterGroup"]["DBParameterGroupName"] == "web"


def cache(aws):
    elasticache = aws.elasticache
    group = aws.cache(Tags=tag(Name="web"))
    sharded = dict(NumCacheClusters=None, NumNodeGroups=2, ReplicasPerNodeGroup=0, AutomaticFailoverEnabled=True)
    aws.cache(**sharded, EngineVersion="7.1", CacheParameterGroupName="default.redis7.cluster.on")
    elasticache.describe_replication_groups()
    elasticache.describe_cache_clusters()
    elasticache.describe_cache_subnet_groups()
    elasticache.list_tags_for_resource(
        ResourceName=f"arn:aws:elasticache:{REGION}:{ACCOUNT}:replicationgroup:{group}"
    )
    elasticache.create_snapshot(CacheClusterId=f"{group}-001", SnapshotName="last")
    aws.world.advance(3600)
    elasticache.describe_snapshots()
    elasticache.delete_snapshot(SnapshotName="last")
