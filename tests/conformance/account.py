"""An account of the simulator: boto3's clients, and the situations that tests begin from."""

import contextlib
import itertools
import json

import boto3
from botocore.config import Config

import seen
from world import ACCOUNT, REGION

SERVICES = ["ec2", "iam", "sts", "eks", "rds", "elasticache", "kms", "logs", "secretsmanager", "s3", "sns", "cloudwatch", "route53", "acm", "cloudfront", "backup", "budgets", "ce", "ssm", "autoscaling", "elb", "elbv2"]

READS = ("Describe", "Get", "List", "Simulate")

# More than any new row stays unseen, or takes from IAM to the other services.
SETTLED = 20

OPEN_DOCUMENT = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
}


def clients(world):
    """Clients that ask once, leave all validation to the service, and let what they change settle."""
    config = Config(retries={"mode": "standard", "total_max_attempts": 1}, parameter_validation=False)
    session = boto3.Session("test", "test", region_name=REGION)
    made = {name: session.client(name, endpoint_url=world.address, config=config) for name in SERVICES}

    def settle(http_response, model, **_):
        if world.settle_seconds and http_response.status_code < 300 and not model.name.startswith(READS):
            world.advance(world.settle_seconds)

    world.settle_seconds = SETTLED
    for client in made.values():
        client.meta.events.register("after-call", settle)
        client.meta.events.register("after-call", seen.note)
    return made


def trust(service):
    """A trust policy for a service."""
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}],
        }
    )


class Account:
    def __init__(self, world, connected):
        self.world = world
        world.settle_seconds = SETTLED
        self.numbers = itertools.count(1)
        for name, client in connected.items():
            setattr(self, name, client)

    def fresh(self):
        """Names begin anew, as in an empty world."""
        self.numbers = itertools.count(1)

    def name(self, start):
        return f"{start}-{next(self.numbers)}"

    def client(self, service, key, secret, token):
        """A client with other credentials."""
        return boto3.client(
            service,
            endpoint_url=self.world.address,
            region_name=REGION,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=Config(retries={"mode": "standard", "total_max_attempts": 1}, parameter_validation=False),
        )

    def in_region(self, service, region):
        """A client of another region."""
        return boto3.client(
            service,
            endpoint_url=self.world.address,
            region_name=region,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"mode": "standard", "total_max_attempts": 1}, parameter_validation=False),
        )

    @contextlib.contextmanager
    def passing(self, client, seconds):
        """Each call of a client takes that long in the world, so that a waiter gets to its end."""

        def pass_time(**_):
            self.world.advance(seconds)

        client.meta.events.register("after-call", pass_time)
        try:
            yield
        finally:
            client.meta.events.unregister("after-call", pass_time)

    @contextlib.contextmanager
    def adding(self, client, **members):
        """A client of a query service sends members that its model does not have."""

        def add(params, **_):
            params["body"].update(members)

        client.meta.events.register("before-call", add)
        try:
            yield
        finally:
            client.meta.events.unregister("before-call", add)

    @contextlib.contextmanager
    def at_once(self):
        """Changes are not given the time to settle."""
        self.world.settle_seconds = 0
        try:
            yield
        finally:
            self.world.settle_seconds = SETTLED

    @contextlib.contextmanager
    def within_rates(self):
        """Changes are not given the time to settle, but none is one too many in its second."""
        self.world.settle_seconds = 1
        try:
            yield
        finally:
            self.world.settle_seconds = SETTLED

    # EC2

    def vpc(self, cidr="10.0.0.0/16"):
        return self.ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"]

    def without_default_vpc(self):
        """Deletes the region's default VPC with what is in it."""
        [vpc] = [one["VpcId"] for one in self.ec2.describe_vpcs()["Vpcs"] if one["IsDefault"]]
        of_vpc = [{"Name": "vpc-id", "Values": [vpc]}]
        for subnet in self.ec2.describe_subnets(Filters=of_vpc)["Subnets"]:
            self.ec2.delete_subnet(SubnetId=subnet["SubnetId"])
        attached = [{"Name": "attachment.vpc-id", "Values": [vpc]}]
        for gateway in self.ec2.describe_internet_gateways(Filters=attached)["InternetGateways"]:
            self.ec2.detach_internet_gateway(InternetGatewayId=gateway["InternetGatewayId"], VpcId=vpc)
            self.ec2.delete_internet_gateway(InternetGatewayId=gateway["InternetGatewayId"])
        self.ec2.delete_vpc(VpcId=vpc)

    def subnet(self, vpc, number=0, zone="a", net="10.0"):
        made = self.ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"{net}.{number}.0/24", AvailabilityZone=f"{REGION}{zone}"
        )
        return made["Subnet"]["SubnetId"]

    def gateway(self, vpc=None):
        gateway = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        if vpc:
            self.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        return gateway

    def route_table(self, vpc):
        return self.ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]

    def named_vpc(self):
        """A VPC whose machines have names, as private names of endpoints need it."""
        vpc = self.vpc()
        self.ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
        return vpc

    def endpoint(self, vpc, service="s3", **more):
        """A VPC endpoint: of a gateway, or of an interface where it is said so."""
        made = self.ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.{service}", **more)
        return made["VpcEndpoint"]["VpcEndpointId"]

    def main_table(self, vpc):
        found = self.ec2.describe_route_tables(
            Filters=[{"Name": "vpc-id", "Values": [vpc]}, {"Name": "association.main", "Values": ["true"]}]
        )
        return found["RouteTables"][0]

    def default_acl(self, vpc):
        found = self.ec2.describe_network_acls(
            Filters=[{"Name": "vpc-id", "Values": [vpc]}, {"Name": "default", "Values": ["true"]}]
        )
        return found["NetworkAcls"][0]

    def acl(self, vpc, *rules, **more):
        """A network ACL, with these rules for what comes in."""
        acl = self.ec2.create_network_acl(VpcId=vpc, **more)["NetworkAcl"]["NetworkAclId"]
        for number in rules:
            self.acl_rule(acl, number)
        return acl

    def acl_rule(self, acl, number, **more):
        usual = dict(Egress=False, Protocol="-1", RuleAction="allow", CidrBlock="10.0.0.0/16")
        return self.ec2.create_network_acl_entry(NetworkAclId=acl, RuleNumber=number, **{**usual, **more})

    def flow_log_to_bucket(self, resource, kind="VPC", **more):
        """A flow log in a bucket, as it is answered."""
        bucket = self.name("flows")
        self.s3.create_bucket(Bucket=bucket)
        usual = dict(TrafficType="ALL", LogDestinationType="s3", LogDestination=f"arn:aws:s3:::{bucket}")
        return self.ec2.create_flow_logs(ResourceIds=[resource], ResourceType=kind, **{**usual, **more})

    def group(self, vpc, name=None):
        made = self.ec2.create_security_group(VpcId=vpc, GroupName=name or self.name("group"), Description="made")
        return made["GroupId"]

    def default_group(self, vpc):
        found = self.ec2.describe_security_groups(
            Filters=[{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
        )
        return found["SecurityGroups"][0]

    def interface(self, subnet, **more):
        made = self.ec2.create_network_interface(SubnetId=subnet, **more)
        return made["NetworkInterface"]["NetworkInterfaceId"]

    def allocate(self):
        return self.ec2.allocate_address(Domain="vpc")

    def nat(self, ready=True):
        """A NAT gateway in a VPC with a gateway to the internet."""
        vpc = self.vpc()
        subnet = self.subnet(vpc)
        gateway = self.gateway(vpc)
        address = self.allocate()
        made = self.ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address["AllocationId"])
        if ready:
            self.world.advance(600)
        return dict(
            vpc=vpc, subnet=subnet, gateway=gateway, address=address, nat=made["NatGateway"]["NatGatewayId"]
        )

    def image(self):
        found = self.ec2.describe_images(Owners=["amazon"], Filters=[{"Name": "architecture", "Values": ["x86_64"]}])
        return sorted(image["ImageId"] for image in found["Images"])[0]

    def instance(self, subnet=None, ready=True, **more):
        subnet = subnet or self.subnet(self.vpc())
        request = dict(ImageId=self.image(), InstanceType="t3.micro", MinCount=1, MaxCount=1, SubnetId=subnet)
        made = self.ec2.run_instances(**{**request, **more})["Instances"][0]
        if ready:
            self.world.advance(300)
        return made["InstanceId"]

    def volume(self, size=10, zone="a", **more):
        made = self.ec2.create_volume(Size=size, AvailabilityZone=f"{REGION}{zone}", VolumeType="gp3", **more)
        self.world.advance(60)
        return made["VolumeId"]

    def template(self, name=None, **data):
        made = self.ec2.create_launch_template(
            LaunchTemplateName=name or self.name("template"), LaunchTemplateData=data or {"InstanceType": "t3.micro"}
        )
        return made["LaunchTemplate"]["LaunchTemplateId"]

    # IAM

    def role(self, service="ec2.amazonaws.com", name=None, **more):
        name = name or self.name("role")
        self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(service), **more)
        return name

    def role_arn(self, name):
        return f"arn:aws:iam::{ACCOUNT}:role/{name}"

    def policy(self, name=None):
        made = self.iam.create_policy(PolicyName=name or self.name("policy"), PolicyDocument=json.dumps(OPEN_DOCUMENT))
        return made["Policy"]["Arn"]

    def profile(self, role=None):
        name = self.name("profile")
        self.iam.create_instance_profile(InstanceProfileName=name)
        if role:
            self.iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=role)
        return name

    # EKS

    def cluster_role(self):
        role = self.role("eks.amazonaws.com")
        self.iam.attach_role_policy(RoleName=role, PolicyArn="arn:aws:iam::aws:policy/AmazonEKSClusterPolicy")
        return role

    def node_role(self):
        role = self.role()
        for policy in ("AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryReadOnly"):
            self.iam.attach_role_policy(RoleName=role, PolicyArn=f"arn:aws:iam::aws:policy/{policy}")
        return role

    def two_subnets(self):
        vpc = self.vpc()
        return vpc, [self.subnet(vpc, 1, "a"), self.subnet(vpc, 2, "b")]

    def cluster_request(self, **more):
        request = dict(name=self.name("cluster"))
        if "roleArn" not in more:
            request["roleArn"] = self.role_arn(self.cluster_role())
        if "resourcesVpcConfig" not in more:
            request["resourcesVpcConfig"] = {"subnetIds": self.two_subnets()[1]}
        return {**request, **more}

    def cluster(self, ready=True, **more):
        request = self.cluster_request(accessConfig={"authenticationMode": "API_AND_CONFIG_MAP"}, **more)
        self.eks.create_cluster(**request)
        if ready:
            self.world.advance(3600)
        return request["name"]

    def node_group_request(self, cluster, **more):
        request = dict(clusterName=cluster, nodegroupName=self.name("nodes"))
        if "nodeRole" not in more:
            request["nodeRole"] = self.role_arn(self.node_role())
        if "subnets" not in more:
            request["subnets"] = self.eks.describe_cluster(name=cluster)["cluster"]["resourcesVpcConfig"]["subnetIds"]
        return {**request, "scalingConfig": {"minSize": 1, "maxSize": 2, "desiredSize": 2}, **more}

    def node_group(self, cluster, ready=True, **more):
        request = self.node_group_request(cluster, **more)
        self.eks.create_nodegroup(**request)
        if ready:
            self.world.advance(3600)
        return request["nodegroupName"]

    # KMS

    def key(self, **more):
        return self.kms.create_key(**more)["KeyMetadata"]["KeyId"]

    def key_arn(self, key):
        return f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{key}"

    def alias(self, key, name=None):
        name = name or f"alias/{self.name('key')}"
        self.kms.create_alias(AliasName=name, TargetKeyId=key)
        return name

    # RDS

    def db_subnets(self):
        name = self.name("subnets")
        self.rds.create_db_subnet_group(
            DBSubnetGroupName=name, DBSubnetGroupDescription="made", SubnetIds=self.two_subnets()[1]
        )
        return name

    def db_request(self, **more):
        request = dict(
            DBInstanceIdentifier=self.name("db"),
            DBInstanceClass="db.t3.micro",
            Engine="postgres",
            MasterUsername="root",
            MasterUserPassword="correct-horse",
            AllocatedStorage=20,
        )
        if "DBSubnetGroupName" not in more:
            request["DBSubnetGroupName"] = self.db_subnets()
        merged = {**request, **more}
        return {name: value for name, value in merged.items() if value is not None}

    def db(self, ready=True, **more):
        request = self.db_request(**more)
        self.rds.create_db_instance(**request)
        if ready:
            self.world.advance(3 * 3600)
        return request["DBInstanceIdentifier"]

    # ElastiCache

    def cache_subnets(self):
        name = self.name("subnets")
        self.elasticache.create_cache_subnet_group(
            CacheSubnetGroupName=name, CacheSubnetGroupDescription="made", SubnetIds=self.two_subnets()[1]
        )
        return name

    def cache_request(self, **more):
        request = dict(
            ReplicationGroupId=self.name("cache"),
            ReplicationGroupDescription="made",
            Engine="redis",
            CacheNodeType="cache.t3.micro",
            NumCacheClusters=1,
        )
        if "CacheSubnetGroupName" not in more:
            request["CacheSubnetGroupName"] = self.cache_subnets()
        merged = {**request, **more}
        return {name: value for name, value in merged.items() if value is not None}

    def cache(self, ready=True, **more):
        request = self.cache_request(**more)
        self.elasticache.create_replication_group(**request)
        if ready:
            self.world.advance(2 * 3600)
        return request["ReplicationGroupId"]

    # SNS

    def topic(self, name=None, **more):
        return self.sns.create_topic(Name=name or self.name("topic"), **more)["TopicArn"]

    def fifo_topic(self):
        return self.topic(f"{self.name('topic')}.fifo", Attributes={"FifoTopic": "true"})

    def subscription(self, topic, protocol="sqs", endpoint=None, **attributes):
        """The ARN of a subscription, whether it is confirmed or not; no queue is asked whether it is there."""
        made = self.sns.subscribe(
            TopicArn=topic,
            Protocol=protocol,
            Endpoint=endpoint or f"arn:aws:sqs:{REGION}:{ACCOUNT}:queue",
            Attributes=attributes,
            ReturnSubscriptionArn=True,
        )
        return made["SubscriptionArn"]

    def confirmation(self, subscription):
        """The token that a subscription's endpoint was sent."""
        name = subscription.split(":", 5)[5]
        rows = self.world.ask("GET", "world/sns.subscription")
        return next(row["row"]["token"] for row in rows if row["id"] == name)

    # Logs

    def logs_key(self):
        """The ARN of a key that Logs may use."""
        root = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}
        logs = {**root, "Principal": {"Service": f"logs.{REGION}.amazonaws.com"}}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [root, logs]})
        return self.kms.create_key(Policy=policy)["KeyMetadata"]["Arn"]
