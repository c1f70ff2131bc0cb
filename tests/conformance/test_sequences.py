"""Whole life cycles of an EKS cluster, in the order in which tools like eksctl go, with the waiters that clients bring."""

import itertools
import json
import os
import pathlib
import subprocess
import sys

import boto3
import pytest

from account import trust
from world import REGION, World

CLUSTER_POLICY = "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"
NODE_POLICIES = [
    f"arn:aws:iam::aws:policy/{name}"
    for name in ("AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryReadOnly")
]
VIEW = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
NODES = {"minSize": 1, "desiredSize": 2, "maxSize": 3}


@pytest.fixture
def served(request):
    """A world of its own, at the speed that the test names."""
    world = World(os.environ["FATHUSS"], "--speed", request.param)
    try:
        yield world
    finally:
        world.stop()


class Cli:
    """The AWS CLI, asked as a script does."""

    def __init__(self, world):
        self.program = pathlib.Path(sys.executable).parent / "aws"
        self.world = world
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ["HOME"],
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_MAX_ATTEMPTS": "1",
        }

    def __call__(self, words, **options):
        command = [self.program, *words.split(), "--endpoint-url", self.world.address, "--output", "json"]
        for name, value in options.items():
            text = value if isinstance(value, str) else json.dumps(value)
            command += [f"--{name.replace('_', '-')}", text]
        ended = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=300)
        assert ended.returncode == 0, f"{words}: {ended.stderr}"
        return json.loads(ended.stdout) if ended.stdout.strip() else {}


# At this speed half a second of the CLI's own start is hours of the world's: whatever was asked for is there.
@pytest.mark.parametrize("served", ["20000"], indirect=True)
def test_the_aws_cli_and_its_waiters_take_a_cluster_from_nothing_to_nothing(served):
    aws = Cli(served)
    vpc = aws("ec2 create-vpc --cidr-block 10.0.0.0/16")["Vpc"]["VpcId"]
    aws("ec2 wait vpc-available", vpc_ids=vpc)
    gateway = aws("ec2 create-internet-gateway")["InternetGateway"]["InternetGatewayId"]
    aws("ec2 attach-internet-gateway", internet_gateway_id=gateway, vpc_id=vpc)
    [table] = aws("ec2 describe-route-tables", filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    table = table["RouteTableId"]
    aws("ec2 create-route --destination-cidr-block 0.0.0.0/0", route_table_id=table, gateway_id=gateway)
    subnets = []
    for number, zone in enumerate("ab"):
        place = dict(vpc_id=vpc, cidr_block=f"10.0.{number}.0/24", availability_zone=f"{REGION}{zone}")
        subnets.append(aws("ec2 create-subnet", **place)["Subnet"]["SubnetId"])
        aws("ec2 modify-subnet-attribute --map-public-ip-on-launch", subnet_id=subnets[-1])

    roles = {}
    for name, service, policies in [
        ("cluster", "eks.amazonaws.com", [CLUSTER_POLICY]),
        ("node", "ec2.amazonaws.com", NODE_POLICIES),
    ]:
        made = aws("iam create-role", role_name=name, assume_role_policy_document=trust(service))
        roles[name] = made["Role"]["Arn"]
        for policy in policies:
            aws("iam attach-role-policy", role_name=name, policy_arn=policy)
    aws("iam wait role-exists --role-name node")

    access = {"authenticationMode": "API"}
    network = {"subnetIds": subnets}
    aws("eks create-cluster --name c", role_arn=roles["cluster"], resources_vpc_config=network, access_config=access)
    aws("eks wait cluster-active --name c")
    aws("eks create-addon --cluster-name c --addon-name vpc-cni")
    aws(
        "eks create-nodegroup --cluster-name c --nodegroup-name n --subnets " + " ".join(subnets),
        node_role=roles["node"],
        scaling_config=NODES,
    )
    aws("eks wait nodegroup-active --cluster-name c --nodegroup-name n")
    aws("eks create-addon --cluster-name c --addon-name coredns")
    for addon in ("vpc-cni", "coredns"):
        aws(f"eks wait addon-active --cluster-name c --addon-name {addon}")
    people = aws("iam create-role --role-name people", assume_role_policy_document=trust("ec2.amazonaws.com"))
    entry = people["Role"]["Arn"]
    aws("eks create-access-entry --cluster-name c", principal_arn=entry)
    scope = dict(policy_arn=VIEW, access_scope={"type": "cluster"})
    aws("eks associate-access-policy --cluster-name c", principal_arn=entry, **scope)
    running = [{"Name": "instance-state-name", "Values": ["running"]}]
    assert len(aws("ec2 describe-instances", filters=running)["Reservations"]) >= 1

    aws("eks delete-access-entry --cluster-name c", principal_arn=entry)
    for addon in ("coredns", "vpc-cni"):
        aws(f"eks delete-addon --cluster-name c --addon-name {addon}")
        aws(f"eks wait addon-deleted --cluster-name c --addon-name {addon}")
    aws("eks delete-nodegroup --cluster-name c --nodegroup-name n")
    aws("eks wait nodegroup-deleted --cluster-name c --nodegroup-name n")
    aws("eks delete-cluster --name c")
    aws("eks wait cluster-deleted --name c")
    assert aws("eks list-clusters")["clusters"] == []
    assert aws("ec2 describe-instances", filters=running)["Reservations"] == []

    for name, policies in [("cluster", [CLUSTER_POLICY]), ("node", NODE_POLICIES), ("people", [])]:
        for policy in policies:
            aws("iam detach-role-policy", role_name=name, policy_arn=policy)
        aws("iam delete-role", role_name=name)
    for subnet in subnets:
        aws("ec2 delete-subnet", subnet_id=subnet)
    aws("ec2 detach-internet-gateway", internet_gateway_id=gateway, vpc_id=vpc)
    aws("ec2 delete-internet-gateway", internet_gateway_id=gateway)
    aws("ec2 delete-vpc", vpc_id=vpc)


@pytest.mark.parametrize("served", ["600"], indirect=True)
def test_boto3s_waiters_see_each_state_of_a_cluster_on_its_way(served):
    session = boto3.Session("test", "test", region_name=REGION)
    ec2, iam, eks = (session.client(name, endpoint_url=served.address) for name in ("ec2", "iam", "eks"))
    subnets = [
        subnet["SubnetId"]
        for subnet in ec2.describe_subnets()["Subnets"]
        if subnet["AvailabilityZone"] in (f"{REGION}a", f"{REGION}b")
    ]
    roles = {}
    for name, service in [("cluster", "eks.amazonaws.com"), ("node", "ec2.amazonaws.com")]:
        roles[name] = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(service))["Role"]["Arn"]
        for policy in [CLUSTER_POLICY] if name == "cluster" else NODE_POLICIES:
            iam.attach_role_policy(RoleName=name, PolicyArn=policy)
        iam.get_waiter("role_exists").wait(RoleName=name)
    seen = []
    eks.meta.events.register("after-call.eks", lambda parsed, **_: seen.append(status(parsed)))

    def status(parsed):
        shown = parsed.get("cluster") or parsed.get("nodegroup") or parsed.get("addon") or {}
        return shown.get("status")

    def wait(waiter, **names):
        eks.get_waiter(waiter).wait(**names, WaiterConfig={"Delay": 0.1, "MaxAttempts": 200})

    # What IAM has just made takes up to 15 seconds of the world's to reach EKS.
    ec2.get_waiter("vpc_available").wait()
    served.advance(20)
    eks.create_cluster(name="c", roleArn=roles["cluster"], resourcesVpcConfig={"subnetIds": subnets})
    wait("cluster_active", name="c")
    group = dict(clusterName="c", nodegroupName="n")
    eks.create_nodegroup(**group, nodeRole=roles["node"], subnets=subnets, scalingConfig=NODES)
    wait("nodegroup_active", **group)
    addon = dict(clusterName="c", addonName="coredns")
    eks.create_addon(**addon)
    wait("addon_active", **addon)
    eks.delete_addon(**addon)
    wait("addon_deleted", **addon)
    eks.delete_nodegroup(**group)
    wait("nodegroup_deleted", **group)
    eks.delete_cluster(name="c")
    wait("cluster_deleted", name="c")
    told = [state for state, _ in itertools.groupby(filter(None, seen))]
    assert told == [*["CREATING", "ACTIVE"] * 3, "DELETING"]
