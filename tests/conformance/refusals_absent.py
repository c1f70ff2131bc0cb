"""What services say of a thing that is not there, and of a request that lacks what it needs.

No rule switches these off: there is nothing that such a call could go on with.
"""

from refusal import Cases
from refusals_ec2 import ABSENT, rule_of
from world import ACCOUNT, REGION

CASES = Cases()
refuses = CASES.refuses

POLICY = f"arn:aws:iam::{ACCOUNT}:policy/absent"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/issuer.example.com"
GROUP = "The security group '{}' does not exist"
ROLE = "The role with name absent cannot be found."
TEMPLATE = "The specified launch template, with template {}, does not exist."
VERSIONS = "To describe the launch template data for all your launch templates, for ‘--versions’ specify ‘$Latest’, ‘$Default’, or both, and omit ‘--launch-template-id’, ‘--launch-template-name’, and version numbers. To describe the launch template data for a specific launch template, specify ‘--launch-template-id’ or ‘--launch-template-name’, and for ‘--versions’ specify one or more of the following values: {*}"


def lacking(name, code, message, ask, status=400):
    """A call on an account in which nothing is arranged."""

    def arrange(aws):
        return lambda: ask(aws), {}

    arrange.__name__ = name
    refuses(None, code, message, status)(arrange)


# EC2


lacking("group_in_no_vpc", "InvalidVpcID.NotFound", f"The vpc ID '{ABSENT['vpc']}' does not exist", lambda aws: aws.group(ABSENT["vpc"]))
lacking("delete_no_interface", "InvalidNetworkInterfaceID.NotFound", f"The networkInterface ID '{ABSENT['eni']}' does not exist", lambda aws: aws.ec2.delete_network_interface(NetworkInterfaceId=ABSENT["eni"]))
lacking("delete_no_group", "InvalidGroup.NotFound", GROUP.format(ABSENT["sg"]), lambda aws: aws.ec2.delete_security_group(GroupId=ABSENT["sg"]))
lacking("delete_no_subnet", "InvalidSubnetID.NotFound", f"The subnet ID '{ABSENT['subnet']}' does not exist", lambda aws: aws.ec2.delete_subnet(SubnetId=ABSENT["subnet"]))
lacking("release_no_address", "InvalidAllocationID.NotFound", f"The allocation ID '{ABSENT['eipalloc']}' does not exist", lambda aws: aws.ec2.release_address(AllocationId=ABSENT["eipalloc"]))
lacking("run_no_image", "InvalidAMIID.NotFound", "The image id '[ami-abcd1234]' does not exist", lambda aws: aws.ec2.run_instances(ImageId="ami-abcd1234", MinCount=1, MaxCount=1))
lacking("versions_of_no_template", "InvalidLaunchTemplateId.NotFound", TEMPLATE.format(f"ID {ABSENT['lt']}"), lambda aws: aws.ec2.describe_launch_template_versions(LaunchTemplateId=ABSENT["lt"]))
lacking("versions_of_no_template_by_name", "InvalidLaunchTemplateName.NotFoundException", TEMPLATE.format("name absent"), lambda aws: aws.ec2.describe_launch_template_versions(LaunchTemplateName="absent"))
lacking("versions_of_which_template", "MissingParameter", VERSIONS, lambda aws: aws.ec2.describe_launch_template_versions())
lacking("version_of_which_template", "InvalidParameterValue", VERSIONS, lambda aws: aws.ec2.describe_launch_template_versions(Versions=["1"]))
lacking("template_without_data", "MissingParameter", None, lambda aws: aws.ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData={}))
lacking("tag_nothing", "MissingParameter", "The request must contain the parameter resourceIdSet", lambda aws: aws.ec2.create_tags(Resources=[], Tags=[{"Key": "k", "Value": "v"}]))
lacking("volume_without_a_size", "MissingParameter", "The request must contain the parameter size/snapshot", lambda aws: aws.ec2.create_volume(AvailabilityZone=f"{REGION}a"))


@refuses(None, "VPCIdNotSpecified", "No default VPC for this user. GroupName is only supported for EC2-Classic and default VPC.")
def group_by_name_without_a_default_vpc(aws):
    vpc = aws.ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
    of_it = [{"Name": "vpc-id", "Values": [vpc]}]
    attached = [{"Name": "attachment.vpc-id", "Values": [vpc]}]
    for gateway in aws.ec2.describe_internet_gateways(Filters=attached)["InternetGateways"]:
        aws.ec2.detach_internet_gateway(InternetGatewayId=gateway["InternetGatewayId"], VpcId=vpc)
    for subnet in aws.ec2.describe_subnets(Filters=of_it)["Subnets"]:
        aws.ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    aws.ec2.delete_vpc(VpcId=vpc)
    return lambda: aws.ec2.delete_security_group(GroupName="web"), {}


@refuses(None, "InvalidLaunchTemplateId.VersionNotFound", "Could not find the specified version 3 for the launch template with ID {template}.")
def no_version_of_a_template(aws):
    template = aws.template("web")
    return lambda: aws.ec2.describe_launch_template_versions(
        LaunchTemplateName="web", Versions=["3"]
    ), {"template": template}


@refuses(None, "MissingParameter", "Either 'ipv6CidrBlock' or 'ipv6IpamPoolId' should be provided.")
def subnet_of_ipv6_alone_without_a_range(aws):
    vpc = aws.vpc()
    return lambda: aws.ec2.create_subnet(VpcId=vpc, Ipv6Native=True), {}


TO = {"IpProtocol": "udp", "FromPort": 27015, "ToPort": 27030, "CidrIpv4": "10.0.0.0/16"}


def modified(name, code, message, to=TO, group=None, rule=None):
    """A rule of a security group modified to what it can't be."""

    def arrange(aws):
        made_group, made_rule = rule_of(aws)
        rules = [{"SecurityGroupRuleId": rule or made_rule, "SecurityGroupRule": to}]
        return lambda: aws.ec2.modify_security_group_rules(GroupId=group or made_group, SecurityGroupRules=rules), {}

    arrange.__name__ = name
    refuses(None, code, message)(arrange)


modified("modify_a_rule_to_no_protocol", "InvalidParameterValue", "Invalid value 'null' for protocol. VPC security group rules must specify protocols explicitly.", to={"FromPort": 27010, "ToPort": 27030, "CidrIpv4": "10.0.0.0/16"})
modified("rule_of_no_group", "InvalidGroup.NotFound", GROUP.format("sg-00000000"), group="sg-00000000")
modified("no_rule", "InvalidSecurityGroupRuleId.NotFound", "The security group rule ID 'sgr-00000000' does not exist", rule="sgr-00000000")


# EKS, RDS and ElastiCache


@refuses(None, "ResourceNotFoundException", "No node group found for name: absent.", 404)
def no_nodes(aws):
    cluster = aws.cluster()
    return lambda: aws.eks.describe_nodegroup(clusterName=cluster, nodegroupName="absent"), {}


lacking("no_instance", "DBInstanceNotFound", "DBInstance absent not found.", lambda aws: aws.rds.describe_db_instances(DBInstanceIdentifier="absent"), 404)
lacking("no_parameter_group", "DBParameterGroupNotFound", "DBParameterGroup not found: absent", lambda aws: aws.rds.describe_db_parameter_groups(DBParameterGroupName="absent"), 404)


@refuses(None, "CacheParameterGroupNotFound", "CacheParameterGroup not found: absent", 404)
def cache_with_no_parameter_group(aws):
    request = aws.cache_request(CacheParameterGroupName="absent")
    return lambda: aws.elasticache.create_replication_group(**request), {}


# IAM


lacking("delete_no_profile", "NoSuchEntity", "Instance Profile absent cannot be found.", lambda aws: aws.iam.delete_instance_profile(InstanceProfileName="absent"), 404)
lacking("delete_no_policy", "NoSuchEntity", f"Policy {POLICY} was not found.", lambda aws: aws.iam.delete_policy(PolicyArn=POLICY), 404)
lacking("no_policy", "NoSuchEntity", f"Policy {POLICY} does not exist or is not attachable.", lambda aws: aws.iam.get_policy(PolicyArn=POLICY), 404)
lacking("no_provider", "NoSuchEntity", f"OpenIDConnect Provider not found for arn {PROVIDER}", lambda aws: aws.iam.get_open_id_connect_provider(OpenIDConnectProviderArn=PROVIDER), 404)
lacking("no_role", "NoSuchEntity", ROLE, lambda aws: aws.iam.get_role(RoleName="absent"), 404)
lacking("profiles_of_no_role", "NoSuchEntity", ROLE, lambda aws: aws.iam.list_instance_profiles_for_role(RoleName="absent"), 404)


@refuses(None, "NoSuchEntity", ROLE, 404)
def remove_no_role_from_a_profile(aws):
    profile = aws.profile()
    return lambda: aws.iam.remove_role_from_instance_profile(InstanceProfileName=profile, RoleName="absent"), {}


@refuses(None, "ValidationError", "Invalid ARN:  Could not be parsed!")
def attach_what_is_no_arn(aws):
    role = aws.role()
    return lambda: aws.iam.attach_role_policy(RoleName=role, PolicyArn="longpolicynamebutnoarn"), {}
