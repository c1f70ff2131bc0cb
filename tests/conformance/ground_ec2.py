"""EC2's ground, and a call of each of its operations that succeeds on it."""

from members import Ground, With, listing
from world import REGION

ZONE = f"{REGION}a"


class Ec2Ground(Ground):
    """Networks, machines and what hangs on them; of what is listed there are more than the least page holds."""

    def __init__(self, aws):
        super().__init__(aws)
        for quota in ("ec2.vpc.quota", "ec2.address.quota", "ec2.internet_gateway.quota", "ec2.nat_gateway.quota"):
            aws.world.switch(quota, False)

    def after(self, seconds, made):
        self.aws.world.advance(seconds)
        return made

    def make_profile(self):
        return self.after(60, self.aws.profile(self.aws.role()))

    def make_profile2(self):
        return self.after(60, self.aws.profile(self.aws.role()))

    def make_vpc(self):
        vpc = self.aws.vpc()
        tags = [{"Key": "Name", "Value": "one"}, {"Key": "team", "Value": "a"}]
        # More tags than the smallest page holds.
        tags += [{"Key": f"part{number}", "Value": "b"} for number in range(4)]
        self.aws.ec2.create_tags(Resources=[vpc], Tags=tags)
        return vpc

    def make_vpc2(self):
        return self.aws.vpc("10.1.0.0/16")

    def make_range(self):
        """A further range of a VPC."""
        made = self.aws.ec2.associate_vpc_cidr_block(VpcId=self["vpc2"], CidrBlock="100.64.0.0/16")
        self.aws.world.advance(60)
        return made["CidrBlockAssociation"]["AssociationId"]

    def bare(self):
        """A zone whose default subnet was deleted; nothing else stands on that, or has to be without it."""
        if self.setdefault("is_bare", False):
            return ZONE
        self["is_bare"] = True
        found = self.aws.ec2.describe_subnets(Filters=[{"Name": "availability-zone", "Values": [ZONE]}])["Subnets"]
        [subnet] = [one["SubnetId"] for one in found if one["DefaultForAz"]]
        self.aws.ec2.delete_subnet(SubnetId=subnet)
        return ZONE

    def without_default(self):
        """The region has no default VPC any more."""
        if not self.setdefault("has_none", False):
            self.aws.without_default_vpc()
        self["has_none"] = True
        return {}

    def make_vpcs(self):
        return [self.aws.vpc(f"10.{number}.0.0/16") for number in range(2, 7)]

    def make_subnet(self):
        return self.aws.subnet(self["vpc"], 1)

    def make_subnet2(self):
        return self.aws.subnet(self["vpc"], 2, "b")

    def make_empty(self):
        return self.aws.subnet(self["vpc"], 3)

    def make_gateway(self):
        return self.aws.gateway(self["vpc"])

    def make_loose(self):
        return self.aws.gateway()

    def make_gateways(self):
        return [self.aws.gateway(vpc) for vpc in self["vpcs"][:4]]

    def make_group(self):
        group = self.aws.group(self["vpc"], "one")
        self.aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[RULE])
        self.aws.ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[RULE])
        for authorize in (self.aws.ec2.authorize_security_group_ingress, self.aws.ec2.authorize_security_group_egress):
            authorize(GroupId=group, IpPermissions=[among(GroupId=group)])
        return group

    def make_group2(self):
        return self.aws.group(self["vpc"], "two")

    def make_groups(self):
        return [self.aws.group(self["vpc"]) for _ in range(4)]

    def rule_of(self, egress):
        group = self["group"]
        self.aws.world.advance(60)
        found = self.aws.ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])
        return next(one["SecurityGroupRuleId"] for one in found["SecurityGroupRules"] if one["IsEgress"] is egress)

    def make_rule(self):
        return self.rule_of(False)

    def make_egress(self):
        return self.rule_of(True)

    def make_table(self):
        table = self.aws.route_table(self["vpc"])
        self.aws.ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=self["gateway"])
        return table

    def make_table2(self):
        return self.aws.route_table(self["vpc"])

    def make_tables(self):
        return [self.aws.route_table(self["vpc"]) for _ in range(3)]

    def make_endpoint(self):
        made = self.aws.endpoint(
            self["vpc"],
            "sqs",
            VpcEndpointType="Interface",
            PrivateDnsEnabled=False,
            SubnetIds=[self["subnet"]],
            SecurityGroupIds=[self["group"]],
            PolicyDocument=POLICY,
            TagSpecifications=[{"ResourceType": "vpc-endpoint", "Tags": [{"Key": "Name", "Value": "one"}]}],
        )
        return self.after(600, made)

    def make_endpoints(self):
        return [self.aws.endpoint(self["vpc"], RouteTableIds=[table]) for table in self["tables"]]

    def make_acl(self):
        acl = self.aws.acl(self["vpc"])
        self.aws.acl_rule(acl, 100, Protocol="6", PortRange={"From": 80, "To": 90})
        self.aws.acl_rule(acl, 101, Protocol="1", IcmpTypeCode={"Type": 8, "Code": 0})
        v6 = dict(Egress=True, Protocol="-1", RuleAction="deny", Ipv6CidrBlock="2001:db8::/32")
        self.aws.ec2.create_network_acl_entry(NetworkAclId=acl, RuleNumber=102, **v6)
        return acl

    def make_acl_association(self):
        subnet = self["subnet"]
        self.aws.world.advance(60)
        associations = self.aws.default_acl(self["vpc"])["Associations"]
        found = [one for one in associations if one["SubnetId"] == subnet]
        return found[0]["NetworkAclAssociationId"]

    def make_flow_role(self):
        return self.after(60, self.aws.role_arn(self.aws.role("vpc-flow-logs.amazonaws.com")))

    def make_bucket(self):
        bucket = self.aws.name("flows")
        self.aws.s3.create_bucket(Bucket=bucket)
        return f"arn:aws:s3:::{bucket}"

    def make_flow(self):
        """One that has delivered nothing, since its bucket is gone."""
        bucket = self.make_bucket()
        made = self.aws.flow_log_to_bucket(self["vpc"], TrafficType="REJECT", LogDestination=bucket)
        self.aws.s3.delete_bucket(Bucket=bucket.rpartition(":")[2])
        return made["FlowLogIds"][0]

    def make_flows(self):
        made = self.aws.ec2.create_flow_logs(
            ResourceIds=self["vpcs"],
            ResourceType="VPC",
            TrafficType="ACCEPT",
            LogGroupName="flows",
            DeliverLogsPermissionArn=self["flow_role"],
            TagSpecifications=[{"ResourceType": "vpc-flow-log", "Tags": [{"Key": "Name", "Value": "one"}]}],
        )
        return made["FlowLogIds"]

    def make_secondary(self):
        ip = "10.0.1.77"
        self.aws.ec2.assign_private_ip_addresses(NetworkInterfaceId=self["plugged"], PrivateIpAddresses=[ip])
        return ip

    def make_association(self):
        made = self.aws.ec2.associate_route_table(RouteTableId=self["table"], SubnetId=self["subnet"])
        return made["AssociationId"]

    def make_address(self):
        return self.aws.allocate()

    def make_spare(self):
        return self.aws.allocate()

    def make_addresses(self):
        return [self.aws.allocate() for _ in range(5)]

    def make_nat(self):
        self["gateway"]
        made = self.aws.ec2.create_nat_gateway(SubnetId=self["subnet"], AllocationId=self.aws.allocate()["AllocationId"])
        return self.after(600, made["NatGateway"]["NatGatewayId"])

    def make_private(self):
        made = self.aws.ec2.create_nat_gateway(SubnetId=self["subnet"], ConnectivityType="private")
        return self.after(600, made["NatGateway"]["NatGatewayId"])

    def make_nats(self):
        make = self.aws.ec2.create_nat_gateway
        return [make(SubnetId=self["subnet"], ConnectivityType="private")["NatGateway"]["NatGatewayId"] for _ in range(5)]

    def make_nat_association(self):
        added = self.aws.ec2.associate_nat_gateway_address(
            NatGatewayId=self["nat"], AllocationIds=[self.aws.allocate()["AllocationId"]]
        )
        return added["NatGatewayAddresses"][-1]["AssociationId"]

    def make_nat_private(self):
        added = self.aws.ec2.assign_private_nat_gateway_address(NatGatewayId=self["private"], PrivateIpAddressCount=1)
        return added["NatGatewayAddresses"][-1]["PrivateIp"]

    def make_image(self):
        return self.aws.image()

    def make_template(self):
        template = self.aws.template("web", InstanceType="t3.micro", ImageId=self["image"])
        self.aws.ec2.create_launch_template_version(
            LaunchTemplateId=template, LaunchTemplateData={"InstanceType": "t3.small"}
        )
        return template

    def make_templates(self):
        return [self.aws.template(InstanceType="t3.micro") for _ in range(5)]

    def make_instance(self):
        return self.after(600, self.aws.instance(self["subnet"], SecurityGroupIds=[self["group"]]))

    def make_stopped(self):
        stopped = self.aws.instance(self["subnet"], IamInstanceProfile={"Name": self["profile"]})
        self.aws.world.advance(600)
        self.aws.ec2.stop_instances(InstanceIds=[stopped])
        return self.after(600, stopped)

    def make_instances(self):
        profile = {"Name": self["profile"]}
        return [self.aws.instance(self["subnet2"], False, IamInstanceProfile=profile) for _ in range(5)]

    def make_profile_association(self):
        self["stopped"]
        found = self.aws.ec2.describe_iam_instance_profile_associations()
        return found["IamInstanceProfileAssociations"][0]["AssociationId"]

    def make_volume(self):
        return self.aws.volume()

    def make_attached(self):
        volume = self.aws.volume()
        self.aws.ec2.attach_volume(VolumeId=volume, InstanceId=self["instance"], Device="/dev/sdf")
        return self.after(60, volume)

    def make_snapshots(self):
        made = [self.aws.ec2.create_snapshot(VolumeId=self.aws.volume(), Description="before")["SnapshotId"] for _ in range(6)]
        return self.after(900, made)

    def make_modified(self):
        volumes = [self.aws.volume() for _ in range(6)]
        for volume in volumes:
            self.aws.ec2.modify_volume(VolumeId=volume, Size=20)
        return volumes

    def make_interface(self):
        return self.aws.interface(self["subnet"])

    def make_plugged(self):
        return self.aws.interface(self["subnet"])

    def make_attachment(self):
        attached = self.aws.ec2.attach_network_interface(
            NetworkInterfaceId=self["plugged"], InstanceId=self["instance"], DeviceIndex=1
        )
        return self.after(60, attached["AttachmentId"])

    def make_bound(self):
        return self.aws.allocate()["AllocationId"]

    def make_eip_association(self):
        self["gateway"]
        return self.aws.ec2.associate_address(AllocationId=self["bound"], InstanceId=self["stopped"])["AssociationId"]

    def make_moving(self):
        """The allocation of an address that is associated with something already."""
        self["eip_association"]
        return self["bound"]

    def make_named(self):
        allocation = self.aws.allocate()["AllocationId"]
        self.aws.ec2.modify_address_attribute(AllocationId=allocation, DomainName="mail.example.com")
        return allocation

    def make_options(self):
        configuration = [{"Key": "domain-name", "Values": ["example.com"]}]
        made = [self.aws.ec2.create_dhcp_options(DhcpConfigurations=configuration)["DhcpOptions"] for _ in range(6)]
        return made[0]["DhcpOptionsId"]


def one(key, member):
    return lambda g: {member: g[key]}


PERMISSION = dict(IpProtocol="tcp", FromPort=443, ToPort=443, IpRanges=[{"CidrIp": "10.0.0.0/16"}])
RULE = dict(IpProtocol="tcp", FromPort=80, ToPort=80, IpRanges=[{"CidrIp": "10.0.0.0/16"}])


def among(**peer):
    """What members of a group may send to each other."""
    return dict(IpProtocol="tcp", FromPort=81, ToPort=81, UserIdGroupPairs=[peer])


POLICY = '{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sqs:*","Resource":"*"}]}'
BY_ID = {"IpPermissions": lambda g: [among(GroupId=g["group"])]}
BY_NAME = {"IpPermissions": [among(GroupName="one")]}


def run(g):
    return dict(ImageId=g["image"], InstanceType="t3.micro", MinCount=1, MaxCount=1, SubnetId=g["subnet"], SecurityGroupIds=[g["group"]])


def entry(number):
    """A rule of that number in a network ACL."""
    ports = {"From": 443, "To": 443}
    rest = dict(Protocol="6", RuleAction="allow", Egress=False, CidrBlock="10.0.0.0/16", PortRange=ports)
    return lambda g: dict(NetworkAclId=g["acl"], RuleNumber=number, **rest)


BASES = {
    "AllocateAddress": listing(),
    "AssignPrivateIpAddresses": lambda g: dict(NetworkInterfaceId=g["interface"], PrivateIpAddresses=["10.0.1.99"]),
    "AssignPrivateNatGatewayAddress": lambda g: dict(NatGatewayId=g["private"]),
    "AssociateAddress": lambda g: g["gateway"] and dict(AllocationId=g["address"]["AllocationId"], NetworkInterfaceId=g["interface"]),
    "AssociateDhcpOptions": lambda g: dict(DhcpOptionsId=g["options"], VpcId=g["vpc"]),
    "AssociateIamInstanceProfile": lambda g: dict(IamInstanceProfile={"Name": g["profile"]}, InstanceId=g["instance"]),
    "AssociateNatGatewayAddress": lambda g: dict(NatGatewayId=g["nat"], AllocationIds=[g["address"]["AllocationId"]]),
    "AssociateRouteTable": lambda g: dict(RouteTableId=g["table2"], SubnetId=g["subnet2"]),
    "AssociateVpcCidrBlock": lambda g: dict(VpcId=g["vpc2"], CidrBlock="100.64.0.0/16"),
    "AttachInternetGateway": lambda g: dict(InternetGatewayId=g["loose"], VpcId=g["vpc2"]),
    "AttachNetworkInterface": lambda g: dict(NetworkInterfaceId=g["interface"], InstanceId=g["stopped"], DeviceIndex=1),
    "AttachVolume": lambda g: dict(VolumeId=g["volume"], InstanceId=g["instance"], Device="/dev/sdg"),
    "AuthorizeSecurityGroupEgress": lambda g: dict(GroupId=g["group"], IpPermissions=[PERMISSION]),
    "AuthorizeSecurityGroupIngress": lambda g: dict(GroupId=g["group"], IpPermissions=[PERMISSION]),
    "CreateDhcpOptions": listing(DhcpConfigurations=[{"Key": "domain-name", "Values": ["example.org"]}]),
    "CreateFlowLogs": lambda g: dict(ResourceIds=[g["vpc"]], ResourceType="VPC", TrafficType="ALL", LogDestinationType="s3", LogDestination=g["bucket"]),
    "CreateInternetGateway": listing(),
    "CreateLaunchTemplate": listing(LaunchTemplateName="new", LaunchTemplateData={"InstanceType": "t3.micro"}),
    "CreateLaunchTemplateVersion": lambda g: dict(LaunchTemplateId=g["template"], LaunchTemplateData={"ImageId": g["image"]}),
    "CreateNatGateway": lambda g: g["gateway"] and dict(SubnetId=g["subnet"], AllocationId=g["address"]["AllocationId"]),
    "CreateNetworkAcl": one("vpc", "VpcId"),
    "CreateNetworkAclEntry": entry(200),
    "CreateNetworkInterface": lambda g: dict(SubnetId=g["subnet"]),
    "CreateRoute": lambda g: dict(RouteTableId=g["table"], DestinationCidrBlock="10.9.0.0/16", GatewayId=g["gateway"]),
    "CreateRouteTable": one("vpc", "VpcId"),
    "CreateSecurityGroup": lambda g: dict(GroupName="new", Description="new", VpcId=g["vpc"]),
    "CreateDefaultSubnet": lambda g: dict(AvailabilityZone=g.bare()),
    "CreateDefaultVpc": lambda g: g.without_default(),
    "CreateSnapshot": one("volume", "VolumeId"),
    "CreateSubnet": lambda g: dict(VpcId=g["vpc"], CidrBlock="10.0.9.0/24", AvailabilityZone=ZONE),
    "CreateTags": lambda g: dict(Resources=[g["vpc"]], Tags=[{"Key": "new", "Value": "new"}]),
    "CreateVolume": listing(AvailabilityZone=ZONE, Size=10, VolumeType="gp3"),
    "CreateVpc": listing(CidrBlock="10.20.0.0/16"),
    "CreateVpcEndpoint": lambda g: dict(VpcId=g["vpc"], ServiceName=f"com.amazonaws.{REGION}.kms", VpcEndpointType="Interface", PrivateDnsEnabled=False, SubnetIds=[g["subnet"]]),
    "DeleteDhcpOptions": one("options", "DhcpOptionsId"),
    "DeleteFlowLogs": lambda g: dict(FlowLogIds=[g["flow"]]),
    "DeleteInternetGateway": one("loose", "InternetGatewayId"),
    "DeleteLaunchTemplate": one("template", "LaunchTemplateId"),
    "DeleteLaunchTemplateVersions": lambda g: dict(LaunchTemplateId=g["template"], Versions=["2"]),
    "DeleteNatGateway": one("nat", "NatGatewayId"),
    "DeleteNetworkAcl": one("acl", "NetworkAclId"),
    "DeleteNetworkAclEntry": lambda g: dict(NetworkAclId=g["acl"], RuleNumber=100, Egress=False),
    "DeleteNetworkInterface": one("interface", "NetworkInterfaceId"),
    "DeleteRoute": lambda g: dict(RouteTableId=g["table"], DestinationCidrBlock="0.0.0.0/0"),
    "DeleteRouteTable": one("table2", "RouteTableId"),
    "DeleteSecurityGroup": one("group2", "GroupId"),
    "DeleteSnapshot": lambda g: dict(SnapshotId=g["snapshots"][0]),
    "DeleteSubnet": one("empty", "SubnetId"),
    "DeleteTags": lambda g: dict(Resources=[g["vpc"]], Tags=[{"Key": "Name"}]),
    "DeleteVolume": one("volume", "VolumeId"),
    "DeleteVpc": one("vpc2", "VpcId"),
    "DeleteVpcEndpoints": lambda g: dict(VpcEndpointIds=[g["endpoint"]]),
    "DescribeAccountAttributes": listing(),
    "DescribeAddresses": listing(),
    "DescribeAddressesAttribute": listing(),
    "DescribeAvailabilityZones": listing(),
    "DescribeDhcpOptions": listing(),
    "DescribeFlowLogs": listing(),
    "DescribeIamInstanceProfileAssociations": listing(),
    "DescribeImages": listing(),
    "DescribeInstanceAttribute": lambda g: dict(InstanceId=g["instance"], Attribute="instanceType"),
    "DescribeInstanceCreditSpecifications": listing(),
    "DescribeInstanceStatus": listing(),
    "DescribeInstanceTypeOfferings": listing(),
    "DescribeInstanceTypes": listing(),
    "DescribeInstances": listing(),
    "DescribeInternetGateways": listing(),
    "DescribeLaunchTemplateVersions": one("template", "LaunchTemplateId"),
    "DescribeLaunchTemplates": listing(),
    "DescribeManagedPrefixLists": listing(),
    "DescribeNatGateways": listing(),
    "DescribeNetworkAcls": listing(),
    "DescribeNetworkInterfaceAttribute": lambda g: dict(NetworkInterfaceId=g["plugged"], Attribute="description"),
    "DescribeNetworkInterfaces": listing(),
    "DescribePrefixLists": listing(),
    "DescribeRegions": listing(),
    "DescribeRouteTables": listing(),
    "DescribeSecurityGroupReferences": lambda g: dict(GroupId=[g["group"]]),
    "DescribeSecurityGroupRules": listing(),
    "DescribeSecurityGroups": listing(),
    "DescribeSnapshots": lambda g: g["snapshots"] and dict(OwnerIds=["self"]),
    "DescribeStaleSecurityGroups": one("vpc", "VpcId"),
    "DescribeSubnets": listing(),
    "DescribeTags": listing(),
    "DescribeVolumeAttribute": lambda g: dict(VolumeId=g["volume"], Attribute="autoEnableIO"),
    "DescribeVolumeStatus": listing(),
    "DescribeVolumes": listing(),
    "DescribeVolumesModifications": listing(),
    "DescribeVpcAttribute": lambda g: dict(VpcId=g["vpc"], Attribute="enableDnsSupport"),
    # EC2-Classic is gone, and all that can be had of these is their refusal.
    "DescribeVpcClassicLink": None,
    "DescribeVpcClassicLinkDnsSupport": None,
    "DescribeVpcEndpointServices": listing(),
    "DescribeVpcEndpoints": listing(),
    "DescribeVpcs": listing(),
    "DetachInternetGateway": lambda g: dict(InternetGatewayId=g["gateways"][0], VpcId=g["vpcs"][0]),
    "DetachNetworkInterface": one("attachment", "AttachmentId"),
    "DetachVolume": one("attached", "VolumeId"),
    "DisassociateAddress": one("eip_association", "AssociationId"),
    "DisassociateIamInstanceProfile": one("profile_association", "AssociationId"),
    "DisassociateNatGatewayAddress": lambda g: dict(NatGatewayId=g["nat"], AssociationIds=[g["nat_association"]]),
    "DisassociateRouteTable": one("association", "AssociationId"),
    "DisassociateVpcCidrBlock": one("range", "AssociationId"),
    "EnableVolumeIO": one("volume", "VolumeId"),
    "GetLaunchTemplateData": one("instance", "InstanceId"),
    "GetManagedPrefixListEntries": listing(PrefixListId="pl-63a5400a"),
    "GetSecurityGroupsForVpc": one("vpc", "VpcId"),
    "ModifyAddressAttribute": lambda g: dict(AllocationId=g["address"]["AllocationId"], DomainName="mail.example.com"),
    "ModifyInstanceAttribute": lambda g: dict(InstanceId=g["stopped"], DisableApiTermination={"Value": True}),
    "ModifyInstanceCreditSpecification": lambda g: dict(InstanceCreditSpecifications=[{"InstanceId": g["instance"], "CpuCredits": "standard"}]),
    "ModifyInstanceMaintenanceOptions": lambda g: dict(InstanceId=g["instance"], AutoRecovery="disabled"),
    "ModifyInstanceMetadataOptions": lambda g: dict(InstanceId=g["instance"], HttpTokens="optional"),
    "ModifyInstancePlacement": lambda g: dict(InstanceId=g["stopped"], Tenancy="default"),
    "ModifyLaunchTemplate": lambda g: dict(LaunchTemplateId=g["template"], DefaultVersion="2"),
    "ModifyNetworkInterfaceAttribute": lambda g: dict(NetworkInterfaceId=g["interface"], Description={"Value": "new"}),
    "ModifySecurityGroupRules": lambda g: dict(GroupId=g["group"], SecurityGroupRules=[{"SecurityGroupRuleId": g["rule"], "SecurityGroupRule": {"IpProtocol": "tcp", "FromPort": 81, "ToPort": 82, "CidrIpv4": "10.0.0.0/16"}}]),
    "ModifySubnetAttribute": lambda g: dict(SubnetId=g["subnet"], MapPublicIpOnLaunch={"Value": True}),
    "ModifyVolume": lambda g: dict(VolumeId=g["volume"], Size=30),
    "ModifyVolumeAttribute": lambda g: dict(VolumeId=g["volume"], AutoEnableIO={"Value": True}),
    "ModifyVpcAttribute": lambda g: dict(VpcId=g["vpc"], EnableDnsHostnames={"Value": True}),
    "ModifyVpcEndpoint": lambda g: dict(VpcEndpointId=g["endpoint"], AddSecurityGroupIds=[g["group2"]]),
    "ModifyVpcTenancy": lambda g: dict(VpcId=g["vpc"], InstanceTenancy="default"),
    "MonitorInstances": lambda g: dict(InstanceIds=[g["instance"]]),
    "RebootInstances": lambda g: dict(InstanceIds=[g["instance"]]),
    "ReleaseAddress": lambda g: dict(AllocationId=g["address"]["AllocationId"]),
    "ReplaceIamInstanceProfileAssociation": lambda g: dict(AssociationId=g["profile_association"], IamInstanceProfile={"Name": g["profile2"]}),
    "ReplaceNetworkAclAssociation": lambda g: dict(AssociationId=g["acl_association"], NetworkAclId=g["acl"]),
    "ReplaceNetworkAclEntry": entry(100),
    "ReplaceRoute": lambda g: dict(RouteTableId=g["table"], DestinationCidrBlock="0.0.0.0/0", NatGatewayId=g["nat"]),
    "ReplaceRouteTableAssociation": lambda g: dict(AssociationId=g["association"], RouteTableId=g["table2"]),
    "ResetAddressAttribute": lambda g: dict(AllocationId=g["address"]["AllocationId"], Attribute="domain-name"),
    "ResetInstanceAttribute": lambda g: dict(InstanceId=g["instance"], Attribute="sourceDestCheck"),
    "ResetNetworkInterfaceAttribute": lambda g: dict(NetworkInterfaceId=g["interface"], SourceDestCheck="true"),
    "RevokeSecurityGroupEgress": lambda g: dict(GroupId=g["group"], IpPermissions=[RULE]),
    "RevokeSecurityGroupIngress": lambda g: dict(GroupId=g["group"], IpPermissions=[RULE]),
    "RunInstances": run,
    "StartInstances": lambda g: dict(InstanceIds=[g["stopped"]]),
    "StopInstances": lambda g: dict(InstanceIds=[g["instance"]]),
    "TerminateInstances": lambda g: dict(InstanceIds=[g["instance"]]),
    "UnassignPrivateIpAddresses": lambda g: dict(NetworkInterfaceId=g["plugged"], PrivateIpAddresses=[g["secondary"]]),
    "UnassignPrivateNatGatewayAddress": lambda g: dict(NatGatewayId=g["private"], PrivateIpAddresses=[g["nat_private"]]),
    "UnmonitorInstances": lambda g: dict(InstanceIds=[g["instance"]]),
    "UpdateSecurityGroupRuleDescriptionsEgress": lambda g: dict(GroupId=g["group"], SecurityGroupRuleDescriptions=[{"SecurityGroupRuleId": g["egress"], "Description": "new"}]),
    "UpdateSecurityGroupRuleDescriptionsIngress": lambda g: dict(GroupId=g["group"], SecurityGroupRuleDescriptions=[{"SecurityGroupRuleId": g["rule"], "Description": "new"}]),
}

# Values for members of one operation, where no value of the general ones would tell. With a dict, further members.
OLDER = {"DisableApiTermination": None, "Attribute": "disableApiTermination", "Value": "true"}
PLUGGED = {
    "NetworkInterfaceId": lambda g: g["plugged"],
    "Description": None,
    "Attachment": lambda g: {"AttachmentId": g["attachment"], "DeleteOnTermination": False},
}
ICMP = {"Protocol": "1", "PortRange": None, "IcmpTypeCode": {"Type": 3, "Code": 1}}
LISTED = {"PrivateIpAddresses": [{"PrivateIpAddress": "10.0.1.88"}]}
VALUES = {
    **{
        f"{verb}NetworkAclEntry.{member}": value
        for verb in ("Create", "Replace")
        for member, value in {
            "Ipv6CidrBlock": With("2001:db8:1::/48", {"CidrBlock": None, "Ipv6CidrBlock": "2001:db8::/32"}),
            "IcmpTypeCode.Code": With(4, ICMP),
            "IcmpTypeCode.Type": With(5, ICMP),
            "PortRange.From": 80,
            "PortRange.To": 8080,
            "Protocol": "17",
            "RuleNumber": 101,
        }.items()
    },
    "AssignPrivateIpAddresses.AllowReassignment": With(False, {"PrivateIpAddresses": lambda g: [g["secondary"]], "AllowReassignment": True}),
    "AssignPrivateIpAddresses.SecondaryPrivateIpAddressCount": With(2, {"PrivateIpAddresses": None, "SecondaryPrivateIpAddressCount": 1}),
    "CreateFlowLogs.MaxAggregationInterval": 60,
    "CreateFlowLogs.LogFormat": "${version} ${vpc-id}",
    "CreateNetworkInterface.PrivateIpAddresses[].Primary": With(True, LISTED),
    "CreateNetworkInterface.SecondaryPrivateIpAddressCount": 2,
    **{
        f"RevokeSecurityGroup{way}.IpPermissions[].UserIdGroupPairs[].{member}": value
        for way in ("Egress", "Ingress")
        for member, value in {
            "GroupName": With("none", BY_NAME),
            "PeeringStatus": With("active", BY_ID),
            "UserId": With("999988887777", BY_ID),
            "VpcId": With("vpc-0123456789abcdef0", BY_ID),
            "VpcPeeringConnectionId": With("pcx-0123456789abcdef0", BY_ID),
        }.items()
    },
    **{
        f"{operation}.SubnetConfigurations[].{member}": With(value, {"SubnetConfigurations": lambda g, key=key: [{"SubnetId": g[key]}]})
        for operation, key in (("CreateVpcEndpoint", "subnet"), ("ModifyVpcEndpoint", "subnet2"))
        for member, value in {"Ipv4": "10.0.3.99", "Ipv6": "2001:db8::5"}.items()
    },
    "AssociateAddress.AllowReassociation": With(False, {"AllocationId": lambda g: g["moving"], "AllowReassociation": True}),
    "DescribeLaunchTemplateVersions.MaxVersion": "1",
    "DescribeLaunchTemplateVersions.MinVersion": "2",
    "ModifyInstanceAttribute.Attribute": With("disableApiStop", OLDER),
    "ModifyInstanceAttribute.Value": With("false", OLDER),
    "ModifyInstanceCreditSpecification.InstanceCreditSpecifications[].CpuCredits": "unlimited",
    "RunInstances.CreditSpecification.CpuCredits": "standard",
    "ModifyNetworkInterfaceAttribute.Attachment.AttachmentId": With("eni-attach-0123456789abcdef0", PLUGGED),
    "ModifyNetworkInterfaceAttribute.Attachment.DeleteOnTermination": With(True, PLUGGED),
}

# A rule that is said without a permission.
ALONE = {"IpPermissions": None, "IpProtocol": "tcp", "FromPort": 80, "ToPort": 90, "CidrIp": "10.3.0.0/16"}
GONE = {"IpPermissions": None, "IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIp": "10.0.0.0/16"}
VALUES.update(
    {
        f"{verb}SecurityGroupIngress.{member}": With(value, more)
        for verb, more in (("Authorize", ALONE), ("Revoke", GONE))
        for member, value in {"CidrIp": "10.77.0.0/16", "FromPort": 79, "IpProtocol": "udp", "ToPort": 91}.items()
    }
)

GROUND = Ec2Ground
