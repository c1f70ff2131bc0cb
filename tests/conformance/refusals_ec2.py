"""What EC2 refuses, and in which words."""

from refusal import Cases

CASES = Cases()
refuses = CASES.refuses

DEPENDENCIES = "The {kind} '{id}' has dependencies and cannot be deleted."
ABSENT = {
    "vpc": "vpc-0123456789abcdef0",
    "subnet": "subnet-0123456789abcdef0",
    "sg": "sg-0123456789abcdef0",
    "igw": "igw-0123456789abcdef0",
    "rtb": "rtb-0123456789abcdef0",
    "eni": "eni-0123456789abcdef0",
    "nat": "nat-0123456789abcdef0",
    "eipalloc": "eipalloc-0123456789abcdef0",
    "i": "i-0123456789abcdef0",
    "vol": "vol-0123456789abcdef0",
    "snap": "snap-0123456789abcdef0",
    "ami": "ami-0123456789abcdef0",
    "lt": "lt-0123456789abcdef0",
    "vpce": "vpce-0123456789abcdef0",
    "pl": "pl-0123456789abcdef0",
}


# VPCs and subnets


@refuses("ec2.vpc.delete.dependency", "DependencyViolation", "The vpc '{vpc}' has dependencies and cannot be deleted.")
def vpc_with_a_subnet(aws):
    vpc = aws.vpc()
    aws.subnet(vpc)
    return lambda: aws.ec2.delete_vpc(VpcId=vpc), {"vpc": vpc}


@refuses("ec2.vpc.delete.dependency", "DependencyViolation", "The vpc '{vpc}' has dependencies and cannot be deleted.")
def vpc_with_a_gateway(aws):
    vpc = aws.vpc()
    aws.gateway(vpc)
    return lambda: aws.ec2.delete_vpc(VpcId=vpc), {"vpc": vpc}


@refuses("ec2.vpc.delete.dependency", "DependencyViolation", "The vpc '{vpc}' has dependencies and cannot be deleted.")
def vpc_with_a_security_group(aws):
    vpc = aws.vpc()
    aws.group(vpc)
    return lambda: aws.ec2.delete_vpc(VpcId=vpc), {"vpc": vpc}


@refuses("ec2.vpc.tenancy", "InvalidParameterValue", "Value (host) for parameter instanceTenancy is invalid. Valid values are: default, dedicated.")
def vpc_on_dedicated_hosts(aws):
    return lambda: aws.ec2.create_vpc(CidrBlock="10.0.0.0/16", InstanceTenancy="host"), {}


@refuses(None, "MissingParameter", "Either 'cidrBlock' or 'ipv4IpamPoolId' should be provided.")
def vpc_without_a_range(aws):
    return lambda: aws.ec2.create_vpc(), {}


@refuses(None, "MissingParameter", "Either 'cidrBlock' or 'ipv4IpamPoolId' should be provided.")
def subnet_without_a_range(aws):
    vpc = aws.vpc()
    return lambda: aws.ec2.create_subnet(VpcId=vpc), {}


@refuses("ec2.vpc.range", "InvalidVpc.Range", "The CIDR '10.0.0.0/8' is invalid.")
def vpc_too_wide(aws):
    return lambda: aws.vpc("10.0.0.0/8"), {}


@refuses("ec2.vpc.range", "InvalidVpc.Range", "The CIDR '10.0.0.0/29' is invalid.")
def vpc_too_narrow(aws):
    return lambda: aws.vpc("10.0.0.0/29"), {}


@refuses("ec2.vpc.quota", "VpcLimitExceeded", "The maximum number of VPCs has been reached.")
def vpcs_beyond_the_quota(aws):
    while len(aws.ec2.describe_vpcs()["Vpcs"]) < 5:
        aws.vpc()
    return aws.vpc, {}


def no_vpc(name, cidr):
    def arrange(aws):
        return lambda: aws.vpc(cidr), {}

    arrange.__name__ = f"vpc_of_{name}"
    refuses("ec2.vpc.range", "InvalidVpc.Range", f"The CIDR '{cidr}' is invalid.")(arrange)


no_vpc("this_network", "0.0.0.0/16")
no_vpc("loopback", "127.0.0.0/16")
no_vpc("link_local_addresses", "169.254.0.0/16")
no_vpc("multicast", "239.0.0.0/16")
no_vpc("what_is_reserved", "250.0.0.0/16")


def padded(name, cidr):
    def arrange(aws):
        return lambda: aws.vpc(cidr), {}

    arrange.__name__ = f"vpc_of_a_padded_{name}"
    refuses(None, "InvalidParameterValue", f"Value ({cidr}) for parameter cidrBlock is invalid. This is not a valid CIDR block.")(arrange)


padded("address", "010.0.0.0/16")
padded("length", "10.0.0.0/016")


@refuses("ec2.vpc.attribute.single", "InvalidParameterCombination", "Fields for multiple attribute types specified: enableDnsHostnames, enableDnsSupport")
def two_attributes_of_a_vpc(aws):
    vpc = aws.vpc()
    both = dict(EnableDnsSupport={"Value": True}, EnableDnsHostnames={"Value": True})
    return lambda: aws.ec2.modify_vpc_attribute(VpcId=vpc, **both), {}


NONE = "No attributes specified."


@refuses("ec2.vpc.attribute.single", "InvalidParameterCombination", NONE)
def no_attribute_of_a_vpc(aws):
    vpc = aws.vpc()
    return lambda: aws.ec2.modify_vpc_attribute(VpcId=vpc), {}


@refuses("ec2.vpc.attribute.hostnames", "InvalidParameterValue")
def host_names_without_dns(aws):
    vpc = aws.vpc()
    aws.ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsSupport={"Value": False})
    return lambda: aws.ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True}), {}


@refuses("ec2.subnet.attribute.single", "InvalidParameterCombination", "Only one subnet attribute can be modified at a time. Provided attributes: [mapPublicIpOnLaunch, privateDnsHostnameTypeOnLaunch]")
def two_attributes_of_a_subnet(aws):
    subnet = aws.subnet(aws.vpc())
    both = dict(MapPublicIpOnLaunch={"Value": True}, PrivateDnsHostnameTypeOnLaunch="resource-name")
    return lambda: aws.ec2.modify_subnet_attribute(SubnetId=subnet, **both), {}


@refuses("ec2.subnet.attribute.single", "InvalidParameterCombination", NONE)
def no_attribute_of_a_subnet(aws):
    subnet = aws.subnet(aws.vpc())
    return lambda: aws.ec2.modify_subnet_attribute(SubnetId=subnet), {}


@refuses("ec2.network_interface.attribute.single", "InvalidParameterCombination", "Fields for multiple attribute types specified: description, sourceDestCheck")
def two_attributes_of_an_interface(aws):
    interface = aws.interface(aws.subnet(aws.vpc()))
    both = dict(Description={"Value": "new"}, SourceDestCheck={"Value": False})
    return lambda: aws.ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, **both), {}


@refuses("ec2.network_interface.attribute.single", "InvalidParameterCombination", NONE)
def no_attribute_of_an_interface(aws):
    interface = aws.interface(aws.subnet(aws.vpc()))
    return lambda: aws.ec2.modify_network_interface_attribute(NetworkInterfaceId=interface), {}


@refuses("ec2.instance.modify.single", "InvalidParameterCombination", "Fields for multiple attribute types specified: disableApiStop, disableApiTermination")
def two_attributes_of_an_instance(aws):
    instance = aws.instance()
    both = dict(DisableApiStop={"Value": True}, DisableApiTermination={"Value": True})
    return lambda: aws.ec2.modify_instance_attribute(InstanceId=instance, **both), {}


@refuses("ec2.instance.modify.single", "InvalidParameterCombination", NONE)
def no_attribute_of_an_instance(aws):
    instance = aws.instance()
    return lambda: aws.ec2.modify_instance_attribute(InstanceId=instance), {}


@refuses("ec2.subnet.range", "InvalidSubnet.Range", "The CIDR '10.1.0.0/24' is invalid.")
def subnet_outside_its_vpc(aws):
    vpc = aws.vpc()
    return lambda: aws.ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.0.0/24"), {}


@refuses("ec2.subnet.conflict", "InvalidSubnet.Conflict", "The CIDR '10.0.1.0/25' conflicts with another subnet")
def subnet_on_another(aws):
    vpc = aws.vpc()
    aws.subnet(vpc, 1)
    return lambda: aws.ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/25"), {}


@refuses("ec2.subnet.zone", "InvalidParameterValue", "Value (us-east-1z) for parameter availabilityZone is invalid. Subnets can currently only be created in the following availability zones: {*}.")
def subnet_in_no_zone(aws):
    vpc = aws.vpc()
    return lambda: aws.subnet(vpc, 1, "z"), {}


@refuses("ec2.subnet.ipv6_native", "InvalidParameterCombination", "When specifying ipv4 parameters, cidrBlock or ipv4IpamPoolId, you cannot set ipv6Native to true.")
def subnet_of_ipv6_alone_with_ipv4(aws):
    vpc = aws.vpc()
    return lambda: aws.ec2.create_subnet(
        VpcId=vpc, Ipv6Native=True, CidrBlock="10.0.0.0/24", Ipv6CidrBlock="1080::1:200C:417A/112"
    ), {}


@refuses("ec2.subnet.delete.dependency", "DependencyViolation", "The subnet '{subnet}' has dependencies and cannot be deleted.")
def subnet_with_an_interface(aws):
    subnet = aws.subnet(aws.vpc())
    aws.interface(subnet)
    return lambda: aws.ec2.delete_subnet(SubnetId=subnet), {"subnet": subnet}


@refuses("ec2.subnet.delete.dependency", "DependencyViolation", "The subnet '{subnet}' has dependencies and cannot be deleted.")
def subnet_with_a_nat_gateway(aws):
    made = aws.nat()
    return lambda: aws.ec2.delete_subnet(SubnetId=made["subnet"]), {"subnet": made["subnet"]}


@refuses("ec2.subnet.delete.dependency", "DependencyViolation", "The subnet '{subnet}' has dependencies and cannot be deleted.")
def subnet_with_an_instance(aws):
    subnet = aws.subnet(aws.vpc())
    aws.instance(subnet)
    return lambda: aws.ec2.delete_subnet(SubnetId=subnet), {"subnet": subnet}


# VPC endpoints


def interface(aws, vpc, service="sqs", **more):
    return aws.endpoint(vpc, service, VpcEndpointType="Interface", **{"PrivateDnsEnabled": False, **more})


@refuses("ec2.vpc_endpoint.service", "InvalidServiceName", "The Vpc Endpoint Service 's3' does not exist")
def describe_no_service(aws):
    return lambda: aws.ec2.describe_vpc_endpoint_services(ServiceNames=["s3"]), {}


@refuses("ec2.vpc_endpoint.type", "InvalidParameter", "Endpoint type (Gateway) does not match available service types ([Interface]).")
def gateway_endpoint_of_a_service_without_one(aws):
    vpc = aws.vpc()
    return lambda: aws.endpoint(vpc, "ec2"), {}


@refuses("ec2.vpc_endpoint.parameters", "InvalidParameter", "Subnet IDs are only supported for Interface and GatewayLoadBalancer type VPC Endpoints.")
def gateway_endpoint_in_a_subnet(aws):
    vpc = aws.vpc()
    subnet = aws.subnet(vpc)
    return lambda: aws.endpoint(vpc, SubnetIds=[subnet]), {}


@refuses("ec2.vpc_endpoint.parameters", "InvalidParameter", "Route table IDs are only supported for Gateway type VPC Endpoint.")
def interface_endpoint_in_a_route_table(aws):
    vpc = aws.vpc()
    table = aws.route_table(vpc)
    return lambda: interface(aws, vpc, RouteTableIds=[table]), {}


@refuses("ec2.vpc_endpoint.parameters", "InvalidParameter", "DnsOptions PrivateDnsOnlyForInboundResolverEndpoint is applicable only to Interface VPC Endpoints.")
def gateway_endpoint_with_names_for_resolvers(aws):
    vpc = aws.vpc()
    return lambda: aws.endpoint(vpc, DnsOptions={"PrivateDnsOnlyForInboundResolverEndpoint": True}), {}


@refuses("ec2.vpc_endpoint.policy", "InvalidPolicyDocument")
def endpoint_with_no_policy(aws):
    vpc = aws.vpc()
    return lambda: aws.endpoint(vpc, PolicyDocument="none"), {}


@refuses("ec2.vpc_endpoint.policy.length", "InvalidPolicyDocument")
def endpoint_with_too_long_a_policy(aws):
    vpc = aws.vpc()
    policy = '{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"%s"}]}' % ("x" * 20480)
    return lambda: aws.endpoint(vpc, PolicyDocument=policy), {}


@refuses("ec2.vpc_endpoint.quota.gateway", "VpcEndpointLimitExceeded", "The maximum number of VPC endpoints has been reached.")
def gateway_endpoints_beyond_the_quota(aws):
    vpc = aws.vpc()
    for _ in range(20):
        aws.endpoint(vpc)
    return lambda: aws.endpoint(vpc), {}


@refuses("ec2.vpc_endpoint.quota.interface", "VpcEndpointLimitExceeded", "The maximum number of VPC endpoints has been reached.")
def interface_endpoints_beyond_the_quota(aws):
    vpc = aws.vpc()
    for _ in range(50):
        interface(aws, vpc)
    return lambda: interface(aws, vpc), {}


@refuses("ec2.vpc_endpoint.route.exists", "RouteAlreadyExists", "route table {table} already has a route with destination-prefix-list-id pl-63a5400a")
def second_endpoint_of_a_route_table(aws):
    vpc = aws.vpc()
    table = aws.route_table(vpc)
    aws.endpoint(vpc, RouteTableIds=[table])
    return lambda: aws.endpoint(vpc, RouteTableIds=[table]), {"table": table}


@refuses("ec2.vpc_endpoint.network", "InvalidParameter")
def endpoint_in_another_vpcs_route_table(aws):
    table = aws.route_table(aws.vpc())
    vpc = aws.vpc()
    return lambda: aws.endpoint(vpc, RouteTableIds=[table]), {}


@refuses("ec2.vpc_endpoint.network", "InvalidParameter")
def endpoint_in_another_vpcs_subnet(aws):
    subnet = aws.subnet(aws.vpc())
    vpc = aws.vpc()
    return lambda: interface(aws, vpc, SubnetIds=[subnet]), {}


@refuses("ec2.vpc_endpoint.zone", "DuplicateSubnetsInSameZone", "Found another VPC endpoint subnet in the availability zone of {subnet}")
def endpoint_twice_in_a_zone(aws):
    vpc = aws.vpc()
    subnets = [aws.subnet(vpc, 1), aws.subnet(vpc, 2)]
    return lambda: interface(aws, vpc, SubnetIds=subnets), {"subnet": subnets[0]}


@refuses("ec2.vpc_endpoint.groups", "InvalidParameter")
def endpoint_without_a_group(aws):
    vpc = aws.vpc()
    endpoint = interface(aws, vpc)
    group = aws.default_group(vpc)["GroupId"]
    return lambda: aws.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, RemoveSecurityGroupIds=[group]), {}


@refuses("ec2.vpc_endpoint.modify.member", "InvalidParameter")
def endpoint_out_of_a_subnet_that_it_is_not_in(aws):
    vpc = aws.vpc()
    subnet = aws.subnet(vpc)
    endpoint = interface(aws, vpc)
    return lambda: aws.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, RemoveSubnetIds=[subnet]), {}


@refuses("ec2.vpc_endpoint.dns.vpc", "InvalidParameter", "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for {vpc}")
def private_names_in_a_vpc_without_names(aws):
    vpc = aws.vpc()
    return lambda: interface(aws, vpc, PrivateDnsEnabled=True), {"vpc": vpc}


@refuses("ec2.vpc_endpoint.dns.conflict", "InvalidParameter", "private-dns-enabled cannot be set because there is already a conflicting DNS domain for sqs.us-east-1.amazonaws.com in the VPC {vpc}")
def private_names_that_lead_elsewhere(aws):
    vpc = aws.named_vpc()
    interface(aws, vpc, PrivateDnsEnabled=True)
    return lambda: interface(aws, vpc, PrivateDnsEnabled=True), {"vpc": vpc}


@refuses("ec2.vpc_endpoint.dns.service", "InvalidParameter", "Private DNS can't be enabled because the service com.amazonaws.us-east-1.dynamodb does not provide a private DNS name.")
def private_names_of_a_service_without(aws):
    vpc = aws.named_vpc()
    return lambda: interface(aws, vpc, "dynamodb", PrivateDnsEnabled=True), {}


@refuses("ec2.vpc_endpoint.dns.s3", "InvalidParameter", "To set PrivateDnsOnlyForInboundResolverEndpoint to true, the VPC {vpc} must have a Gateway endpoint for the service.")
def private_names_of_s3_without_a_gateway_endpoint(aws):
    vpc = aws.named_vpc()
    return lambda: interface(aws, vpc, "s3", PrivateDnsEnabled=True), {"vpc": vpc}


@refuses("ec2.route.endpoint", "InvalidParameterValue", "cannot remove VPC endpoint route pl-63a5400a in route table {table}")
def delete_an_endpoints_route(aws):
    vpc = aws.vpc()
    table = aws.route_table(vpc)
    aws.endpoint(vpc, RouteTableIds=[table])
    return lambda: aws.ec2.delete_route(RouteTableId=table, DestinationPrefixListId="pl-63a5400a"), {"table": table}


@refuses("ec2.vpc.delete.dependency", "DependencyViolation", "The vpc '{vpc}' has dependencies and cannot be deleted.")
def vpc_with_an_endpoint(aws):
    vpc = aws.vpc()
    aws.endpoint(vpc)
    return lambda: aws.ec2.delete_vpc(VpcId=vpc), {"vpc": vpc}


@refuses("ec2.subnet.delete.dependency", "DependencyViolation", "The subnet '{subnet}' has dependencies and cannot be deleted.")
def subnet_with_an_endpoint(aws):
    vpc = aws.vpc()
    subnet = aws.subnet(vpc)
    interface(aws, vpc, SubnetIds=[subnet])
    return lambda: aws.ec2.delete_subnet(SubnetId=subnet), {"subnet": subnet}


@refuses("ec2.security_group.delete.dependency", "DependencyViolation", "resource {group} has a dependent object")
def group_of_an_endpoint(aws):
    vpc = aws.vpc()
    group = aws.group(vpc)
    interface(aws, vpc, SubnetIds=[aws.subnet(vpc)], SecurityGroupIds=[group])
    return lambda: aws.ec2.delete_security_group(GroupId=group), {"group": group}


# Ids that are not there


def absent(name, code, message, ask):
    def arrange(aws):
        return lambda: ask(aws.ec2), {}

    arrange.__name__ = name
    refuses("ec2.id.exists", code, message)(arrange)


absent("describe_vpc", "InvalidVpcID.NotFound", f"The vpc ID '{ABSENT['vpc']}' does not exist", lambda ec2: ec2.describe_vpcs(VpcIds=[ABSENT["vpc"]]))
absent("describe_subnet", "InvalidSubnetID.NotFound", f"The subnet ID '{ABSENT['subnet']}' does not exist", lambda ec2: ec2.describe_subnets(SubnetIds=[ABSENT["subnet"]]))
absent("describe_group", "InvalidGroup.NotFound", f"The security group '{ABSENT['sg']}' does not exist", lambda ec2: ec2.describe_security_groups(GroupIds=[ABSENT["sg"]]))
absent("describe_gateway", "InvalidInternetGatewayID.NotFound", f"The internetGateway ID '{ABSENT['igw']}' does not exist", lambda ec2: ec2.describe_internet_gateways(InternetGatewayIds=[ABSENT["igw"]]))
absent("describe_table", "InvalidRouteTableID.NotFound", f"The routeTable ID '{ABSENT['rtb']}' does not exist", lambda ec2: ec2.describe_route_tables(RouteTableIds=[ABSENT["rtb"]]))
absent("describe_interface", "InvalidNetworkInterfaceID.NotFound", f"The networkInterface ID '{ABSENT['eni']}' does not exist", lambda ec2: ec2.describe_network_interfaces(NetworkInterfaceIds=[ABSENT["eni"]]))
absent("describe_nat", "NatGatewayNotFound", f"The Nat Gateway {ABSENT['nat']} was not found", lambda ec2: ec2.describe_nat_gateways(NatGatewayIds=[ABSENT["nat"]]))
absent("describe_address", "InvalidAllocationID.NotFound", f"The allocation ID '{ABSENT['eipalloc']}' does not exist", lambda ec2: ec2.describe_addresses(AllocationIds=[ABSENT["eipalloc"]]))
absent("describe_instance", "InvalidInstanceID.NotFound", f"The instance ID '{ABSENT['i']}' does not exist", lambda ec2: ec2.describe_instances(InstanceIds=[ABSENT["i"]]))
absent("describe_endpoint", "InvalidVpcEndpointId.NotFound", f"The Vpc Endpoint Id '{ABSENT['vpce']}' does not exist", lambda ec2: ec2.describe_vpc_endpoints(VpcEndpointIds=[ABSENT["vpce"]]))
absent("describe_prefix_list", "InvalidPrefixListID.NotFound", f"The prefix list ({ABSENT['pl']}) does not exist.", lambda ec2: ec2.describe_managed_prefix_lists(PrefixListIds=[ABSENT["pl"]]))
absent("describe_volume", "InvalidVolume.NotFound", f"The volume '{ABSENT['vol']}' does not exist.", lambda ec2: ec2.describe_volumes(VolumeIds=[ABSENT["vol"]]))
absent("describe_snapshot", "InvalidSnapshot.NotFound", f"The snapshot '{ABSENT['snap']}' does not exist.", lambda ec2: ec2.describe_snapshots(SnapshotIds=[ABSENT["snap"]]))
absent("describe_image", "InvalidAMIID.NotFound", f"The image id '[{ABSENT['ami']}]' does not exist", lambda ec2: ec2.describe_images(ImageIds=[ABSENT["ami"]]))
absent("describe_two_images", "InvalidAMIID.NotFound", "The image ids '[ami-0123456789abcdef0, ami-0123456789abcdef1]' do not exist", lambda ec2: ec2.describe_images(ImageIds=["ami-0123456789abcdef0", "ami-0123456789abcdef1"]))
absent("describe_template_by_name", "InvalidLaunchTemplateName.NotFoundException", "At least one of the launch templates specified in the request does not exist.", lambda ec2: ec2.describe_launch_templates(LaunchTemplateNames=["absent"]))


@refuses("ec2.id.malformed", "InvalidAMIID.Malformed", 'Invalid id: "not_an_ami_id" (expecting "ami-...")')
def describe_a_malformed_image(aws):
    return lambda: aws.ec2.describe_images(ImageIds=["not_an_ami_id"]), {}


@refuses("ec2.id.malformed", "InvalidInstanceID.Malformed", 'Invalid id: "none" (expecting "i-...")')
def describe_a_malformed_instance(aws):
    return lambda: aws.ec2.describe_instances(InstanceIds=["none"]), {}


@refuses("ec2.filter.name", "InvalidParameterValue", "The filter 'colour' is invalid")
def unknown_filter(aws):
    return lambda: aws.ec2.describe_vpcs(Filters=[{"Name": "colour", "Values": ["red"]}]), {}


@refuses("ec2.filter.limit", "FilterLimitExceeded", "The maximum number of filter values specified on a single call is 200")
def filter_of_201_values(aws):
    names = [{"Name": "instance-id", "Values": [f"i-{number:017x}" for number in range(201)]}]
    return lambda: aws.ec2.describe_instances(Filters=names), {}


@refuses("ec2.filter.limit", "FilterLimitExceeded", "The maximum number of filters specified on a single call is 50")
def filters_beyond_fifty(aws):
    many = [{"Name": f"tag:{number}", "Values": ["x"]} for number in range(51)]
    return lambda: aws.ec2.describe_vpcs(Filters=many), {}


@refuses("ec2.filter.length", "InvalidParameterValue")
def filter_of_a_long_value(aws):
    return lambda: aws.ec2.describe_tags(Filters=[{"Name": "value", "Values": ["x" * 256]}]), {}


def page_of(operation, size, words):
    def arrange(aws):
        return lambda: getattr(aws.ec2, operation)(MaxResults=size), {}

    arrange.__name__ = f"{operation}_in_pages_of_{size}"
    refuses("ec2.page.size", "InvalidParameterValue", f"Value ({size}) for parameter maxResults is invalid. {words}")(arrange)


for bounded, least, most in (
    ("describe_instances", 5, 1000),
    ("describe_instance_status", 5, 1000),
    ("describe_volumes", 5, 1000),
    ("describe_volume_status", 5, 1000),
    ("describe_tags", 5, 1000),
    ("describe_images", 1, 1000),
):
    page_of(bounded, -1, f"Expecting a value greater than {least}.")
    page_of(bounded, least - 1, f"Expecting a value greater than {least}.")
    page_of(bounded, most + 1, f"Expecting a value less than {most}.")


@refuses("ec2.page.size", "InvalidParameterValue", "Value (201) for parameter maxResults is invalid. Expecting a value less than 200.")
def launch_template_versions_in_pages_of_201(aws):
    template = aws.template()
    return lambda: aws.ec2.describe_launch_template_versions(LaunchTemplateId=template, MaxResults=201), {}


@refuses(None, "InvalidNextToken", "The token '{token}' is invalid")
def token_of_another_question(aws):
    vpc = aws.vpc()
    for number in range(6):
        aws.subnet(vpc, number)
    within = [{"Name": "vpc-id", "Values": [vpc]}]
    token = aws.ec2.describe_subnets(Filters=within, MaxResults=5)["NextToken"]
    return lambda: aws.ec2.describe_subnets(MaxResults=5, NextToken=token), {"token": token}


@refuses("ec2.page.ids", "InvalidParameterCombination")
def ids_with_pages(aws):
    instance = aws.instance()
    return lambda: aws.ec2.describe_instances(InstanceIds=[instance], MaxResults=5), {}


# Gateways and addresses


@refuses("ec2.internet_gateway.attach.taken", "Resource.AlreadyAssociated", "resource {gateway} is already attached to network {vpc}")
def gateway_attached_twice(aws):
    vpc, other = aws.vpc(), aws.vpc("10.1.0.0/16")
    gateway = aws.gateway(vpc)
    names = {"gateway": gateway, "vpc": vpc}
    return lambda: aws.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=other), names


@refuses("ec2.internet_gateway.attach.second", "InvalidParameterValue", "Network {vpc} already has an internet gateway attached")
def second_gateway(aws):
    vpc = aws.vpc()
    aws.gateway(vpc)
    second = aws.gateway()
    return lambda: aws.ec2.attach_internet_gateway(InternetGatewayId=second, VpcId=vpc), {"vpc": vpc}


@refuses("ec2.internet_gateway.detach.missing", "Gateway.NotAttached", "resource {gateway} is not attached to network {vpc}")
def gateway_not_attached(aws):
    vpc, gateway = aws.vpc(), aws.gateway()
    names = {"gateway": gateway, "vpc": vpc}
    return lambda: aws.ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc), names


@refuses("ec2.internet_gateway.detach.mapped", "DependencyViolation", "Network {vpc} has some mapped public address(es). Please unmap those public address(es) before detaching the gateway.")
def gateway_under_public_addresses(aws):
    made = aws.nat()
    return lambda: aws.ec2.detach_internet_gateway(InternetGatewayId=made["gateway"], VpcId=made["vpc"]), made


@refuses("ec2.internet_gateway.delete.dependency", "DependencyViolation", "The internetGateway '{gateway}' has dependencies and cannot be deleted.")
def delete_an_attached_gateway(aws):
    gateway = aws.gateway(aws.vpc())
    return lambda: aws.ec2.delete_internet_gateway(InternetGatewayId=gateway), {"gateway": gateway}


@refuses("ec2.address.quota", "AddressLimitExceeded", "The maximum number of addresses has been reached.")
def addresses_beyond_the_quota(aws):
    for _ in range(5):
        aws.allocate()
    return aws.allocate, {}


def associated(aws):
    vpc = aws.vpc()
    subnet = aws.subnet(vpc)
    aws.gateway(vpc)
    address, interface = aws.allocate(), aws.interface(subnet)
    made = aws.ec2.associate_address(AllocationId=address["AllocationId"], NetworkInterfaceId=interface)
    return dict(
        vpc=vpc,
        subnet=subnet,
        ip=address["PublicIp"],
        allocation=address["AllocationId"],
        interface=interface,
        association=made["AssociationId"],
    )


@refuses("ec2.address.id", "InvalidParameterValue", "You must specify an allocation id when releasing a VPC elastic IP address")
def release_an_address_by_its_ip(aws):
    address = aws.allocate()
    return lambda: aws.ec2.release_address(PublicIp=address["PublicIp"]), {}


MULTIPLE = "There are multiple interfaces attached to instance '{instance}'. Please specify an interface ID for the operation instead."


@refuses("ec2.network_interface.sole", "InvalidInstanceID", MULTIPLE)
def address_for_an_instance_of_two_interfaces(aws):
    vpc = aws.vpc()
    subnet = aws.subnet(vpc)
    aws.gateway(vpc)
    instance, address = aws.instance(subnet), aws.allocate()
    aws.ec2.attach_network_interface(NetworkInterfaceId=aws.interface(subnet), InstanceId=instance, DeviceIndex=1)
    return lambda: aws.ec2.associate_address(AllocationId=address["AllocationId"], InstanceId=instance), {"instance": instance}


@refuses("ec2.address.release.in_use", "InvalidIPAddress.InUse")
def release_an_address_in_use(aws):
    made = associated(aws)
    return lambda: aws.ec2.release_address(AllocationId=made["allocation"]), made


@refuses("ec2.address.associate.taken", "Resource.AlreadyAssociated", "resource {allocation} is already associated with associate-id {association}")
def move_an_address_unasked(aws):
    made = associated(aws)
    other = aws.interface(made["subnet"])
    return lambda: aws.ec2.associate_address(
        AllocationId=made["allocation"], NetworkInterfaceId=other, AllowReassociation=False
    ), made


@refuses("ec2.address.associate.gateway", "Gateway.NotAttached", "Network {vpc} is not attached to any internet gateway")
def address_without_a_gateway(aws):
    vpc = aws.vpc()
    interface, address = aws.interface(aws.subnet(vpc)), aws.allocate()
    return lambda: aws.ec2.associate_address(
        AllocationId=address["AllocationId"], NetworkInterfaceId=interface
    ), {"vpc": vpc}


@refuses("ec2.address.managed", "AuthFailure", "You do not have permission to access the specified resource.")
def move_a_nat_gateways_address(aws):
    made = aws.nat()
    interface = aws.interface(made["subnet"])
    return lambda: aws.ec2.associate_address(
        AllocationId=made["address"]["AllocationId"], NetworkInterfaceId=interface, AllowReassociation=True
    ), {}


@refuses("ec2.address.managed", "AuthFailure", "You do not have permission to access the specified resource.")
def disassociate_a_nat_gateways_address(aws):
    made = aws.nat()
    found = aws.ec2.describe_addresses(AllocationIds=[made["address"]["AllocationId"]])["Addresses"][0]
    return lambda: aws.ec2.disassociate_address(AssociationId=found["AssociationId"]), {}


@refuses("ec2.nat_gateway.allocation", "MissingParameter", "The request must contain the parameter AllocationId")
def nat_gateway_without_an_address(aws):
    subnet = aws.subnet(aws.vpc())
    return lambda: aws.ec2.create_nat_gateway(SubnetId=subnet), {}


@refuses("ec2.nat_gateway.allocation", "InvalidParameterCombination")
def private_nat_gateway_with_an_address(aws):
    subnet, address = aws.subnet(aws.vpc()), aws.ec2.allocate_address(Domain="vpc")["AllocationId"]
    return lambda: aws.ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private", AllocationId=address), {}


@refuses("ec2.token.length", "InvalidParameterValue")
def nat_gateway_with_a_token_of_65(aws):
    subnet = aws.subnet(aws.vpc())
    return lambda: aws.ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private", ClientToken="t" * 65), {}


@refuses("ec2.token.length", "InvalidParameterValue")
def launch_template_with_a_token_of_129(aws):
    data = {"InstanceType": "t3.micro"}
    return lambda: aws.ec2.create_launch_template(LaunchTemplateName="long", LaunchTemplateData=data, ClientToken="t" * 129), {}


# Interfaces


@refuses("ec2.network_interface.delete.in_use", "InvalidParameterValue", "Network interface '{interface}' is currently in use.")
def delete_an_interface_in_use(aws):
    instance = aws.instance()
    found = aws.ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    interface = found["NetworkInterfaces"][0]["NetworkInterfaceId"]
    return lambda: aws.ec2.delete_network_interface(NetworkInterfaceId=interface), {"interface": interface}


@refuses("ec2.network_interface.managed", "OperationNotPermitted", "You are not allowed to manage 'ela-attach' attachments.")
def detach_a_nat_gateways_interface(aws):
    made = aws.nat()
    found = aws.ec2.describe_network_interfaces(Filters=[{"Name": "subnet-id", "Values": [made["subnet"]]}])
    attachment = found["NetworkInterfaces"][0]["Attachment"]["AttachmentId"]
    return lambda: aws.ec2.detach_network_interface(AttachmentId=attachment), {}


@refuses("ec2.network_interface.address", "InvalidIPAddress.InUse")
def private_address_taken(aws):
    subnet = aws.subnet(aws.vpc())
    aws.interface(subnet, PrivateIpAddress="10.0.0.10")
    return lambda: aws.interface(subnet, PrivateIpAddress="10.0.0.10"), {}


@refuses("ec2.network_interface.address", "InvalidParameterValue")
def private_address_outside_its_subnet(aws):
    subnet = aws.subnet(aws.vpc())
    return lambda: aws.interface(subnet, PrivateIpAddress="10.9.0.10"), {}


@refuses("ec2.network_interface.groups", "SecurityGroupsPerInterfaceLimitExceeded")
def six_groups_on_an_interface(aws):
    vpc = aws.vpc()
    subnet, groups = aws.subnet(vpc), [aws.group(vpc) for _ in range(6)]
    return lambda: aws.interface(subnet, Groups=groups), {}


# Quotas


def beyond(name, rule, quota, limit, code, message, arrange):
    """A quota that is set as low as what there is already, beyond which one more is refused."""

    def arranged(aws):
        act = arrange(aws)
        aws.world.ask("PUT", "quotas", {"name": quota, "limit": limit})
        return act, {}

    arranged.__name__ = name
    refuses(rule, code, f"The maximum number of {message} has been reached.")(arranged)


def another_subnet(aws):
    vpc = aws.vpc()
    aws.subnet(vpc, 1)
    return lambda: aws.subnet(vpc, 2)


def another_table(aws):
    vpc = aws.vpc()
    return lambda: aws.route_table(vpc)


def another_nat_gateway(aws):
    subnet = aws.subnet(aws.vpc())
    make = lambda: aws.ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")  # noqa: E731
    make()
    return make


def another_group(aws):
    vpc = aws.vpc()
    return lambda: aws.group(vpc)


def another_interface(aws):
    subnet = aws.subnet(aws.vpc())
    aws.interface(subnet)
    return lambda: aws.interface(subnet)


beyond("one_subnet_too_many", "ec2.subnet.quota", "ec2.subnets-per-vpc", 1, "SubnetLimitExceeded", "subnets", another_subnet)
beyond("one_table_too_many", "ec2.route_table.quota", "ec2.route-tables-per-vpc", 1, "RouteTableLimitExceeded", "route tables", another_table)
beyond("one_nat_gateway_too_many", "ec2.nat_gateway.quota", "ec2.nat-gateways-per-zone", 1, "NatGatewayLimitExceeded", "NAT Gateways", another_nat_gateway)
# The default VPC's default group and this VPC's.
beyond("one_group_too_many", "ec2.security_group.quota", "ec2.security-groups", 2, "SecurityGroupLimitExceeded", "security groups", another_group)
beyond("one_interface_too_many", "ec2.network_interface.quota", "ec2.network-interfaces", 1, "NetworkInterfaceLimitExceeded", "network interfaces", another_interface)
STORAGE = "You have exceeded your maximum {*} storage limit of {*} TiB. Please contact AWS Support to request an Elastic Block Store service limit increase."


@refuses("ec2.nat_gateway.quota", "NatGatewayLimitExceeded", "The maximum number of NAT Gateways has been reached.")
def six_nat_gateways_in_a_zone(aws):
    subnet = aws.subnet(aws.vpc())
    make = lambda: aws.ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")  # noqa: E731
    for _ in range(5):
        make()
    return make, {}


@refuses("ec2.volume.quota", "VolumeLimitExceeded", STORAGE)
def more_storage_than_a_region_has(aws):
    aws.volume(size=40 * 1024)
    return lambda: aws.volume(size=10 * 1024 + 1), {}


@refuses("ec2.volume.quota", "VolumeLimitExceeded", STORAGE)
def volume_made_larger_than_storage_is_left(aws):
    volume = aws.volume(size=30 * 1024)
    aws.volume(size=15 * 1024)
    return lambda: aws.ec2.modify_volume(VolumeId=volume, Size=36 * 1024), {}


# Security groups


@refuses("ec2.security_group.name.unique", "InvalidGroup.Duplicate", "The security group 'web' already exists for VPC '{vpc}'")
def group_name_taken(aws):
    vpc = aws.vpc()
    aws.group(vpc, "web")
    return lambda: aws.group(vpc, "web"), {"vpc": vpc}


@refuses("ec2.security_group.name.form", "InvalidParameterValue", "Cannot use reserved security group name: default")
def group_called_default(aws):
    vpc = aws.vpc()
    return lambda: aws.group(vpc, "default"), {}


@refuses("ec2.security_group.name.form", "InvalidParameterValue")
def group_called_like_an_id(aws):
    vpc = aws.vpc()
    return lambda: aws.group(vpc, "sg-web"), {}


@refuses("ec2.security_group.delete.default", "CannotDelete", 'the specified group: "{group}" name: "default" cannot be deleted by a user')
def delete_the_default_group(aws):
    group = aws.default_group(aws.vpc())["GroupId"]
    return lambda: aws.ec2.delete_security_group(GroupId=group), {"group": group}


@refuses("ec2.security_group.delete.dependency", "DependencyViolation", "resource {group} has a dependent object")
def delete_a_group_of_an_interface(aws):
    vpc = aws.vpc()
    group = aws.group(vpc)
    aws.interface(aws.subnet(vpc), Groups=[group])
    return lambda: aws.ec2.delete_security_group(GroupId=group), {"group": group}


@refuses("ec2.security_group.delete.dependency", "DependencyViolation", "resource {group} has a dependent object")
def delete_a_group_of_anothers_rule(aws):
    vpc = aws.vpc()
    group, other = aws.group(vpc), aws.group(vpc)
    rule = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [{"GroupId": group}]}
    aws.ec2.authorize_security_group_ingress(GroupId=other, IpPermissions=[rule])
    return lambda: aws.ec2.delete_security_group(GroupId=group), {"group": group}


def permission(port=443, protocol="tcp", cidr="10.0.0.0/8"):
    return {"IpProtocol": protocol, "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": cidr}]}


@refuses("ec2.security_group_rule.duplicate", "InvalidPermission.Duplicate", 'the specified rule "peer: 10.0.0.0/8, TCP, from port: 443, to port: 443, ALLOW" already exists')
def rule_twice(aws):
    group = aws.group(aws.vpc())
    request = dict(GroupId=group, IpPermissions=[permission()])
    aws.ec2.authorize_security_group_ingress(**request)
    return lambda: aws.ec2.authorize_security_group_ingress(**request), {}


@refuses("ec2.security_group_rule.ports", "InvalidParameterValue", "Invalid value for portRange. Must specify both from and to ports with TCP/UDP.")
def tcp_without_ports(aws):
    group = aws.group(aws.vpc())
    rule = {"IpProtocol": "tcp", "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    return lambda: aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule]), {}


@refuses("ec2.security_group_rule.ports", "InvalidParameterValue")
def port_out_of_range(aws):
    group = aws.group(aws.vpc())
    rule = permission(port=70000)
    return lambda: aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule]), {}


def icmp(rule, kind, code, protocol="icmp"):
    """What a group is asked to let through; a type or code of None is left out."""
    given = {"FromPort": kind, "ToPort": code}
    parts = {name: number for name, number in given.items() if number is not None}
    return {"IpProtocol": protocol, **parts, "IpRanges": [{"CidrIp": "10.0.0.0/8", **rule}]}


def authorize(name, rule, message, permissions):
    def arrange(aws):
        group = aws.group(aws.vpc())
        return lambda: aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permissions]), {}

    arrange.__name__ = name
    refuses(rule, "InvalidParameterValue", message)(arrange)


RANGED = "ec2.security_group_rule.icmp"
DESCRIBED = "Invalid rule description. Valid descriptions are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*"
authorize("icmp_code_of_65535", RANGED, "ICMP code (65535) out of range", icmp({}, 0, 65535))
authorize("icmp_type_of_256", RANGED, "ICMP type (256) out of range", icmp({}, 256, -1))
authorize("icmp_without_type_and_code", RANGED, "Invalid value 'Must specify both from and to ports with ICMP.' for portRange.", icmp({}, None, None))
authorize("icmp_code_of_every_type", RANGED, None, icmp({}, -1, 0))
authorize("icmpv6_without_a_code", RANGED, None, icmp({}, 128, None, "icmpv6"))
for named, described in (("rule_described_at_length", "x" * 256), ("rule_described_with_an_apostrophe", "Let's Encrypt")):
    authorize(named, "ec2.security_group_rule.description", DESCRIBED, icmp({"Description": described}, 8, 0))


@refuses("ec2.security_group_rule.description", "InvalidParameterValue", DESCRIBED)
def rule_described_anew_with_a_dash(aws):
    group, rule = rule_of(aws)
    anew = [{"SecurityGroupRuleId": rule, "Description": "in \u2014 out"}]
    return lambda: aws.ec2.update_security_group_rule_descriptions_ingress(
        GroupId=group, SecurityGroupRuleDescriptions=anew
    ), {}


@refuses("ec2.security_group_rule.protocol", "InvalidParameterValue", "Invalid value 'carrier-pigeon' for IP protocol. Unknown protocol.")
def unknown_protocol(aws):
    group = aws.group(aws.vpc())
    rule = permission(protocol="carrier-pigeon")
    return lambda: aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule]), {}


@refuses("ec2.security_group_rule.form", "InvalidParameterCombination")
def rule_said_twice(aws):
    group = aws.group(aws.vpc())
    return lambda: aws.ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[permission()], IpProtocol="tcp", FromPort=1, ToPort=1, CidrIp="10.0.0.0/8"
    ), {}


@refuses("ec2.security_group_rule.form", "UnsupportedOperation")
def egress_rule_without_a_permission(aws):
    group = aws.group(aws.vpc())
    return lambda: aws.ec2.authorize_security_group_egress(
        GroupId=group, IpProtocol="tcp", FromPort=1, ToPort=1, CidrIp="10.0.0.0/8"
    ), {}


@refuses("ec2.security_group_rule.peer", "InvalidGroup.NotFound")
def rule_for_a_group_that_is_not_there(aws):
    group = aws.group(aws.vpc())
    rule = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [{"GroupId": ABSENT["sg"]}]}
    return lambda: aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule]), {}


def from_list(name, rule, code, message, wanted):
    def arrange(aws):
        group = aws.group(aws.vpc())
        rule = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "PrefixListIds": [{"PrefixListId": wanted}]}
        return lambda: aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule]), {}

    arrange.__name__ = name
    refuses(rule, code, message)(arrange)


NO_LIST = "The prefix list (pl-0123456789abcdef0) does not exist."
from_list("rule_for_a_prefix_list_that_is_not_there", "ec2.security_group_rule.peer", "InvalidPrefixListID.NotFound", NO_LIST, "pl-0123456789abcdef0")
from_list("rule_for_a_malformed_prefix_list", "ec2.id.malformed", "InvalidPrefixListId.Malformed", None, "s3")


@refuses("ec2.security_group_rule.peer", "InvalidPrefixListID.NotFound", NO_LIST)
def modify_a_rule_to_a_prefix_list_that_is_not_there(aws):
    group, rule = rule_of(aws)
    wanted = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "PrefixListId": "pl-0123456789abcdef0"}
    rules = [{"SecurityGroupRuleId": rule, "SecurityGroupRule": wanted}]
    return lambda: aws.ec2.modify_security_group_rules(GroupId=group, SecurityGroupRules=rules), {}


@refuses("ec2.security_group_rule.revoke.missing", "InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
def revoke_a_rule_that_is_not_there(aws):
    group = aws.group(aws.vpc())
    return lambda: aws.ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[permission()]), {}


@refuses("ec2.security_group_rule.quota", "RulesPerSecurityGroupLimitExceeded", "The maximum number of rules per security group has been reached.")
def rules_beyond_the_quota(aws):
    group = aws.group(aws.vpc())
    many = [permission(port) for port in range(1, 61)]
    aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=many)
    return lambda: aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission(99)]), {}


def rule_of(aws):
    group = aws.group(aws.vpc())
    made = aws.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission()])
    return group, made["SecurityGroupRules"][0]["SecurityGroupRuleId"]


@refuses("ec2.security_group_rule.modify.one_peer", "InvalidParameterCombination", "Only one of cidrIp, cidrIpv6, prefixListId, or referencedGroupId can be specified")
def modify_a_rule_to_two_peers(aws):
    group, rule = rule_of(aws)
    wanted = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "CidrIpv4": "10.0.0.0/8", "CidrIpv6": "::/0"}
    rules = [{"SecurityGroupRuleId": rule, "SecurityGroupRule": wanted}]
    return lambda: aws.ec2.modify_security_group_rules(GroupId=group, SecurityGroupRules=rules), {}


@refuses("ec2.security_group_rule.modify.one_peer", "MissingParameter", "The request must contain exactly one of: cidrIp, cidrIpv6, prefixListId, or referencedGroupId")
def modify_a_rule_to_no_peer(aws):
    group, rule = rule_of(aws)
    rules = [{"SecurityGroupRuleId": rule, "SecurityGroupRule": {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1}}]
    return lambda: aws.ec2.modify_security_group_rules(GroupId=group, SecurityGroupRules=rules), {}


@refuses("ec2.security_group_rule.ports", "InvalidParameterValue", "Invalid value for portRange. Must specify both from and to ports with TCP/UDP.")
def modify_a_rule_to_half_a_range(aws):
    group, rule = rule_of(aws)
    rules = [{"SecurityGroupRuleId": rule, "SecurityGroupRule": {"IpProtocol": "udp", "ToPort": 1, "CidrIpv4": "10.0.0.0/8"}}]
    return lambda: aws.ec2.modify_security_group_rules(GroupId=group, SecurityGroupRules=rules), {}


# Route tables


@refuses("ec2.route_table.delete.dependency", "DependencyViolation", "The routeTable '{table}' has dependencies and cannot be deleted.")
def delete_an_associated_table(aws):
    vpc = aws.vpc()
    table = aws.route_table(vpc)
    aws.ec2.associate_route_table(RouteTableId=table, SubnetId=aws.subnet(vpc))
    return lambda: aws.ec2.delete_route_table(RouteTableId=table), {"table": table}


@refuses("ec2.route_table.delete.dependency", "DependencyViolation", "The routeTable '{table}' has dependencies and cannot be deleted.")
def delete_the_main_table(aws):
    table = aws.main_table(aws.vpc())["RouteTableId"]
    return lambda: aws.ec2.delete_route_table(RouteTableId=table), {"table": table}


@refuses("ec2.route_table.associate.conflict", "Resource.AlreadyAssociated", "the specified association for route table {table} conflicts with an existing association")
def two_tables_for_a_subnet(aws):
    vpc = aws.vpc()
    subnet, first, table = aws.subnet(vpc), aws.route_table(vpc), aws.route_table(vpc)
    aws.ec2.associate_route_table(RouteTableId=first, SubnetId=subnet)
    return lambda: aws.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet), {"table": table}


@refuses("ec2.route_table.associate.network", "InvalidParameterValue", "Route table {table} and subnet {subnet} belong to different networks")
def table_of_another_vpc(aws):
    subnet, table = aws.subnet(aws.vpc()), aws.route_table(aws.vpc("10.1.0.0/16"))
    names = {"table": table, "subnet": subnet}
    return lambda: aws.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet), names


@refuses("ec2.route_table.main.dissociate", "InvalidParameterValue", "cannot disassociate the main route table association {id}")
def end_the_main_association(aws):
    found = aws.main_table(aws.vpc())["Associations"][0]["RouteTableAssociationId"]
    return lambda: aws.ec2.disassociate_route_table(AssociationId=found), {"id": found}


@refuses("ec2.route.exists", "RouteAlreadyExists", "The route identified by 0.0.0.0/0 already exists.")
def route_twice(aws):
    vpc = aws.vpc()
    table, gateway = aws.route_table(vpc), aws.gateway(vpc)
    other = aws.interface(aws.subnet(vpc))
    aws.ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    return lambda: aws.ec2.create_route(
        RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NetworkInterfaceId=other
    ), {}


@refuses("ec2.route.exists", "RouteAlreadyExists", "The route identified by 10.0.0.0/16 already exists.")
def route_over_the_local_one(aws):
    vpc = aws.vpc()
    table, gateway = aws.route_table(vpc), aws.gateway(vpc)
    return lambda: aws.ec2.create_route(RouteTableId=table, DestinationCidrBlock="10.0.0.0/16", GatewayId=gateway), {}


@refuses("ec2.route.network", "InvalidParameterValue", "route table {table} and network gateway {gateway} belong to different networks")
def route_to_another_vpcs_gateway(aws):
    table, gateway = aws.route_table(aws.vpc()), aws.gateway(aws.vpc("10.1.0.0/16"))
    names = {"table": table, "gateway": gateway}
    return lambda: aws.ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway), names


@refuses(None, "InvalidGatewayID.NotFound", "The gateway ID '{gateway}' does not exist")
def route_to_an_absent_gateway(aws):
    table, gateway = aws.route_table(aws.vpc()), ABSENT["igw"]
    return lambda: aws.ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway), {"gateway": gateway}


@refuses(None, "InvalidGatewayID.NotFound", "The gateway ID 'local' does not exist")
def local_route_beyond_the_vpc(aws):
    table = aws.route_table(aws.vpc())
    return lambda: aws.ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId="local"), {}


@refuses("ec2.route.reserved", "InvalidParameterValue")
def route_to_the_reserved_range(aws):
    vpc = aws.vpc()
    table, gateway = aws.route_table(vpc), aws.gateway(vpc)
    return lambda: aws.ec2.create_route(RouteTableId=table, DestinationCidrBlock="169.254.169.0/24", GatewayId=gateway), {}


@refuses("ec2.route.specific", "InvalidParameterValue", "The destination CIDR block 10.0.1.0/24 is equal to or more specific than one of this VPC's CIDR blocks. This route can target only an interface or an instance.")
def route_within_the_vpc_to_the_internet(aws):
    vpc = aws.vpc()
    table, gateway = aws.route_table(vpc), aws.gateway(vpc)
    return lambda: aws.ec2.create_route(RouteTableId=table, DestinationCidrBlock="10.0.1.0/24", GatewayId=gateway), {}


@refuses("ec2.route.specific", "InvalidParameterValue", "The destination CIDR block 10.0.0.0/16 is equal to or more specific than one of this VPC's CIDR blocks. This route can target only an interface or an instance.")
def local_route_led_to_the_internet(aws):
    vpc = aws.vpc()
    table, gateway = aws.route_table(vpc), aws.gateway(vpc)
    return lambda: aws.ec2.replace_route(RouteTableId=table, DestinationCidrBlock="10.0.0.0/16", GatewayId=gateway), {}


@refuses("ec2.route.subnet", "InvalidParameterValue", "Route destination doesn't match any subnet CIDR blocks.")
def route_for_half_of_a_subnet(aws):
    vpc = aws.vpc()
    table, interface = aws.route_table(vpc), aws.interface(aws.subnet(vpc, 1))
    return lambda: aws.ec2.create_route(
        RouteTableId=table, DestinationCidrBlock="10.0.1.0/25", NetworkInterfaceId=interface
    ), {}


@refuses("ec2.route.local", "InvalidParameterValue", "cannot remove local route 10.0.0.0/16 in route table {table}")
def delete_the_local_route(aws):
    table = aws.main_table(aws.vpc())["RouteTableId"]
    return lambda: aws.ec2.delete_route(RouteTableId=table, DestinationCidrBlock="10.0.0.0/16"), {"table": table}


@refuses("ec2.route.missing", "InvalidRoute.NotFound", "no route with destination-cidr-block 0.0.0.0/0 in route table {table}")
def delete_a_route_that_is_not_there(aws):
    table = aws.route_table(aws.vpc())
    return lambda: aws.ec2.delete_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0"), {"table": table}


@refuses("ec2.route.target", "InvalidParameterCombination")
def route_with_two_targets(aws):
    vpc = aws.vpc()
    table, gateway, interface = aws.route_table(vpc), aws.gateway(vpc), aws.interface(aws.subnet(vpc))
    return lambda: aws.ec2.create_route(
        RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway, NetworkInterfaceId=interface
    ), {}


@refuses("model", "UnknownParameter", "The parameter ClientToken is not recognized")
def route_with_a_token(aws):
    vpc = aws.vpc()
    table, gateway = aws.route_table(vpc), aws.gateway(vpc)

    def ask():
        with aws.adding(aws.ec2, ClientToken="once"):
            aws.ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)

    return ask, {}


# Instances and volumes


@refuses("ec2.instance.stop.protection", "OperationNotPermitted", "The instance '{instance}' may not be terminated. Modify its 'disableApiStop' instance attribute and try again.")
def terminate_an_instance_protected_from_stopping(aws):
    instance = aws.instance(DisableApiStop=True)
    return lambda: aws.ec2.terminate_instances(InstanceIds=[instance]), {"instance": instance}


@refuses("ec2.instance.terminate.protection", "OperationNotPermitted", "The instance '{instance}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.")
def terminate_a_protected_instance(aws):
    instance = aws.instance(DisableApiTermination=True)
    return lambda: aws.ec2.terminate_instances(InstanceIds=[instance]), {"instance": instance}


@refuses("ec2.instance.stop.protection", "OperationNotPermitted", "The instance '{instance}' may not be stopped. Modify its 'disableApiStop' instance attribute and try again.")
def stop_a_protected_instance(aws):
    instance = aws.instance(DisableApiStop=True)
    return lambda: aws.ec2.stop_instances(InstanceIds=[instance]), {"instance": instance}


@refuses("ec2.instance.state", "IncorrectInstanceState", "The instance '{instance}' is not in a state from which it can be started.")
def start_a_terminated_instance(aws):
    instance = aws.instance()
    aws.ec2.terminate_instances(InstanceIds=[instance])
    aws.world.advance(300)
    return lambda: aws.ec2.start_instances(InstanceIds=[instance]), {"instance": instance}


@refuses("ec2.instance.modify.stopped", "IncorrectInstanceState", "The instance '{instance}' is not in the 'stopped' state.")
def change_a_running_instances_type(aws):
    instance = aws.instance()
    return lambda: aws.ec2.modify_instance_attribute(
        InstanceId=instance, InstanceType={"Value": "t3.small"}
    ), {"instance": instance}


@refuses(
    "ec2.run_instances.zone",
    "Unsupported",
    "Your requested instance type (t3.micro) is not supported in your requested Availability Zone (us-east-1e). Please retry your request by not specifying an Availability Zone or choosing us-east-1a, us-east-1b, us-east-1c, us-east-1d, us-east-1f.",
)
def run_in_a_zone_without_the_type(aws):
    subnet = aws.subnet(aws.vpc(), zone="e")
    return lambda: aws.instance(subnet), {}


@refuses("ec2.run_instances.image", "InvalidParameterValue")
def image_of_another_architecture(aws):
    subnet, image = aws.subnet(aws.vpc()), aws.image()
    return lambda: aws.ec2.run_instances(
        ImageId=image, InstanceType="t4g.micro", SubnetId=subnet, MinCount=1, MaxCount=1
    ), {}


@refuses(
    "ec2.run_instances.placement",
    "InvalidParameterValue",
    "Value (us-east-1b) for parameter availabilityZone is invalid. Subnet '{subnet}' is in the availability zone us-east-1a",
)
def another_zone_than_the_subnets(aws):
    subnet = aws.subnet(aws.vpc())
    return lambda: aws.instance(subnet, Placement={"AvailabilityZone": "us-east-1b"}), {"subnet": subnet}


@refuses("ec2.run_instances.user_data", "InvalidParameterValue", "User data is limited to 16384 bytes")
def too_much_user_data(aws):
    subnet, image = aws.subnet(aws.vpc()), aws.image()
    return lambda: aws.ec2.run_instances(
        ImageId=image, InstanceType="t3.micro", SubnetId=subnet, MinCount=1, MaxCount=1, UserData="x" * 16385
    ), {}


@refuses("ec2.run_instances.key", "InvalidKeyPair.NotFound", "The key pair 'absent' does not exist")
def key_pair_that_is_not_there(aws):
    subnet = aws.subnet(aws.vpc())
    return lambda: aws.instance(subnet, KeyName="absent"), {}


@refuses("ec2.run_instances.groups", "InvalidParameterCombination", "Network interfaces and an instance-level {what} may not be specified on the same request")
def groups_beside_interfaces(aws):
    vpc = aws.vpc()
    subnet, group, image = aws.subnet(vpc), aws.group(vpc), aws.image()
    return lambda: aws.ec2.run_instances(
        ImageId=image,
        InstanceType="t3.micro",
        MinCount=1,
        MaxCount=1,
        SecurityGroupIds=[group],
        NetworkInterfaces=[{"DeviceIndex": 0, "SubnetId": subnet}],
    ), {"what": "security groups"}


BESIDE = "Network interfaces and an instance-level private IP address may not be specified on the same request"


@refuses("ec2.run_instances.groups", "InvalidParameterCombination", BESIDE)
def address_beside_interfaces(aws):
    subnet, image = aws.subnet(aws.vpc()), aws.image()
    return lambda: aws.ec2.run_instances(
        ImageId=image,
        InstanceType="t3.micro",
        MinCount=1,
        MaxCount=1,
        PrivateIpAddress="10.0.0.50",
        NetworkInterfaces=[{"DeviceIndex": 0, "SubnetId": subnet}],
    ), {}


@refuses("ec2.run_instances.several", "InvalidParameterCombination")
def address_for_two_instances(aws):
    subnet = aws.subnet(aws.vpc())
    return lambda: aws.instance(subnet, ready=False, MaxCount=2, PrivateIpAddress="10.0.0.50"), {}


def through(interface, most=1, **more):
    """A launch through an interface that is there."""
    return dict(
        InstanceType="t3.micro",
        MinCount=1,
        MaxCount=most,
        NetworkInterfaces=[{"DeviceIndex": 0, "NetworkInterfaceId": interface, **more}],
    )


@refuses("ec2.run_instances.several", "InvalidParameterCombination")
def interface_for_two_instances(aws):
    interface, image = aws.interface(aws.subnet(aws.vpc())), aws.image()
    return lambda: aws.ec2.run_instances(ImageId=image, **through(interface, 2)), {}


@refuses("ec2.run_instances.interface", "InvalidParameterCombination", "A network interface may not specify both a network interface ID and a subnet")
def interface_that_is_there_in_a_subnet(aws):
    subnet, image = aws.subnet(aws.vpc()), aws.image()
    interface = aws.interface(subnet)
    return lambda: aws.ec2.run_instances(ImageId=image, **through(interface, SubnetId=subnet)), {}


@refuses("ec2.run_instances.interface", "InvalidParameterCombination", "A network interface may not specify a network interface ID and delete on termination as true")
def interface_that_is_there_to_go_with_its_instance(aws):
    interface, image = aws.interface(aws.subnet(aws.vpc())), aws.image()
    return lambda: aws.ec2.run_instances(ImageId=image, **through(interface, DeleteOnTermination=True)), {}


@refuses("ec2.token.mismatch", "IdempotentParameterMismatch", "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).")
def token_for_another_instance(aws):
    subnet = aws.subnet(aws.vpc())
    aws.instance(subnet, ClientToken="once")
    return lambda: aws.instance(subnet, ClientToken="once", InstanceType="t3.small"), {}


@refuses("ec2.run_instances.token.terminated", "IdempotentInstanceTerminated", "The client token you have provided is associated with a terminated instance. Please use a different client token.")
def token_of_a_terminated_instance(aws):
    request = dict(
        ImageId=aws.image(),
        InstanceType="t3.micro",
        SubnetId=aws.subnet(aws.vpc()),
        MinCount=1,
        MaxCount=1,
        ClientToken="once",
    )
    made = aws.ec2.run_instances(**request)["Instances"][0]["InstanceId"]
    aws.ec2.terminate_instances(InstanceIds=[made])
    aws.world.advance(300)
    return lambda: aws.ec2.run_instances(**request), {}


@refuses("ec2.instance_profile.exists", "InvalidParameterValue", "Value (absent) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name")
def profile_that_is_not_there(aws):
    subnet = aws.subnet(aws.vpc())
    return lambda: aws.instance(subnet, IamInstanceProfile={"Name": "absent"}), {}


@refuses("ec2.instance_profile.exists", "InvalidParameterValue", "Value ({profile}) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name")
def profile_made_just_now(aws):
    subnet, role = aws.subnet(aws.vpc()), aws.role()
    with aws.at_once():
        profile = aws.profile(role)
    return lambda: aws.instance(subnet, IamInstanceProfile={"Name": profile}), {"profile": profile}


@refuses("ec2.instance_profile.single", "IncorrectState", "There is an existing association for instance {instance}")
def second_profile(aws):
    instance = aws.instance(IamInstanceProfile={"Name": aws.profile(aws.role())})
    other = aws.profile(aws.role())
    return lambda: aws.ec2.associate_iam_instance_profile(
        InstanceId=instance, IamInstanceProfile={"Name": other}
    ), {"instance": instance}


@refuses("ec2.volume.size", "InvalidParameterValue", "Volume of 100GiB is too small for volume type st1; minimum is 125GiB.")
def volume_too_small(aws):
    return lambda: aws.ec2.create_volume(Size=100, AvailabilityZone="us-east-1a", VolumeType="st1"), {}


KEYLESS = "The parameter KmsKeyId requires the parameter Encrypted to be set."


@refuses("ec2.volume.encrypted", "InvalidParameterDependency", KEYLESS)
def key_of_a_plain_volume(aws):
    return lambda: aws.ec2.create_volume(Size=1, AvailabilityZone="us-east-1a", KmsKeyId="alias/aws/ebs"), {}


@refuses("ec2.volume.encrypted", "InvalidParameterDependency", KEYLESS)
def key_of_a_plain_device(aws):
    subnet = aws.subnet(aws.vpc())
    disk = {"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 10, "KmsKeyId": "alias/aws/ebs"}}
    return lambda: aws.instance(subnet, ready=False, BlockDeviceMappings=[disk]), {}


@refuses("ec2.volume.delete.in_use", "VolumeInUse")
def delete_an_attached_volume(aws):
    instance = aws.instance()
    found = aws.ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    volume = found["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    return lambda: aws.ec2.delete_volume(VolumeId=volume), {}


@refuses("ec2.volume.attach.zone", "InvalidVolume.ZoneMismatch")
def volume_of_another_zone(aws):
    instance, volume = aws.instance(), aws.volume(zone="b")
    return lambda: aws.ec2.attach_volume(InstanceId=instance, VolumeId=volume, Device="/dev/sdf"), {}


@refuses("ec2.volume.detach.state", "IncorrectState")
def detach_a_free_volume(aws):
    volume = aws.volume()
    return lambda: aws.ec2.detach_volume(VolumeId=volume), {}


@refuses("ec2.volume.modify.shrink", "InvalidParameterValue")
def shrink_a_volume(aws):
    volume = aws.volume(size=20)
    return lambda: aws.ec2.modify_volume(VolumeId=volume, Size=10), {}


@refuses("ec2.volume.modify.nothing", "InvalidParameterCombination")
def modify_nothing_of_a_volume(aws):
    volume = aws.volume()
    return lambda: aws.ec2.modify_volume(VolumeId=volume), {}


@refuses("ec2.volume.modify.rate", "VolumeModificationRateExceeded")
def modify_a_volume_again(aws):
    volume = aws.volume(size=20)
    for size in (30, 40, 50, 60):
        aws.ec2.modify_volume(VolumeId=volume, Size=size)
        aws.world.advance(3600)
    return lambda: aws.ec2.modify_volume(VolumeId=volume, Size=70), {}


# Snapshots


@refuses("ec2.snapshot.volume", "IncorrectState")
def snapshot_of_a_volume_that_is_being_made(aws):
    with aws.at_once():
        made = aws.ec2.create_volume(Size=10, AvailabilityZone="us-east-1a", VolumeType="gp3")
    return lambda: aws.ec2.create_snapshot(VolumeId=made["VolumeId"]), {}


@refuses("ec2.snapshot.concurrent", "ConcurrentSnapshotLimitExceeded")
def second_snapshot_of_a_throughput_volume(aws):
    volume = aws.ec2.create_volume(Size=125, AvailabilityZone="us-east-1a", VolumeType="st1")["VolumeId"]
    aws.world.advance(60)
    snapshot = lambda: aws.ec2.create_snapshot(VolumeId=volume)
    with aws.at_once():
        snapshot()
    aws.world.advance(16)
    return snapshot, {}


@refuses("ec2.snapshot.rate", "SnapshotCreationPerVolumeRateExceeded")
def snapshots_in_one_second(aws):
    volume = aws.volume()
    snapshot = lambda: aws.ec2.create_snapshot(VolumeId=volume)
    with aws.within_rates():
        snapshot()
    return snapshot, {}


@refuses("ec2.volume.snapshot", "IncorrectState", "Snapshot is in invalid state - pending")
def volume_of_a_snapshot_that_is_being_made(aws):
    volume = aws.volume()
    with aws.at_once():
        snapshot = aws.ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    return lambda: aws.ec2.create_volume(AvailabilityZone="us-east-1a", SnapshotId=snapshot), {}


@refuses("ec2.volume.snapshot", "InvalidParameterValue")
def volume_smaller_than_its_snapshot(aws):
    snapshot = aws.ec2.create_snapshot(VolumeId=aws.volume(size=20))["SnapshotId"]
    aws.world.advance(900)
    return lambda: aws.ec2.create_volume(AvailabilityZone="us-east-1a", SnapshotId=snapshot, Size=10), {}


# What instances begin with


def launch(name, rule, code, message, **more):
    def arrange(aws):
        subnet = aws.subnet(aws.vpc())
        return lambda: aws.instance(subnet, ready=False, **more), {}

    arrange.__name__ = name
    refuses(rule, code, message)(arrange)


def mapped(*devices):
    return [{"DeviceName": name, **what} for name, what in devices]


DISK = {"Ebs": {"VolumeSize": 10}}
DEVICE = "InvalidBlockDeviceMapping"
for named, wrong in (("a_part", "/dev/sdf1"), ("a_root_as_a_part", "/dev/xvda1"), ("no_disk", "data")):
    launch(f"device_of_{named}", "ec2.block_device.name", DEVICE, f"Invalid device name {wrong}", BlockDeviceMappings=mapped((wrong, DISK)))
TWICE = "The device 'sdf' is used in more than one block-device mapping"
launch("device_mapped_twice", "ec2.block_device.duplicate", DEVICE, TWICE, BlockDeviceMappings=mapped(("/dev/sdf", DISK), ("/dev/sdf", DISK)))
launch("device_mapped_twice_by_two_names", "ec2.block_device.duplicate", DEVICE, TWICE, BlockDeviceMappings=mapped(("/dev/sdf", DISK), ("sdf", DISK)))
launch("device_of_nothing", "ec2.block_device.kind", DEVICE, None, BlockDeviceMappings=mapped(("/dev/sdf", {})))
launch("device_of_no_store", "ec2.block_device.kind", DEVICE, None, BlockDeviceMappings=mapped(("/dev/sdf", {"VirtualName": "ephemeral24"})))
launch("device_of_a_volume_and_a_store", "ec2.block_device.kind", DEVICE, None, BlockDeviceMappings=mapped(("/dev/sdf", {"VirtualName": "ephemeral0", **DISK})))
launch("root_device_left_out", "ec2.block_device.root", DEVICE, None, BlockDeviceMappings=mapped(("/dev/xvda", {"NoDevice": ""})))
ELSEWHERE = {"Ebs": {"SnapshotId": "snap-0123456789abcdef0", "VolumeSize": 10}}
launch("root_device_of_another_snapshot", "ec2.block_device.root", DEVICE, "snapshotId cannot be modified on root device", BlockDeviceMappings=mapped(("/dev/xvda", ELSEWHERE)))
launch("device_of_a_snapshot_that_is_not_there", "ec2.block_device.snapshot", "InvalidSnapshot.NotFound", "The snapshot 'snap-0123456789abcdef0' does not exist.", BlockDeviceMappings=mapped(("/dev/sdf", ELSEWHERE)))
launch("device_of_a_malformed_snapshot", "ec2.id.malformed", "InvalidSnapshotID.Malformed", None, BlockDeviceMappings=mapped(("/dev/sdf", {"Ebs": {"SnapshotId": "snap", "VolumeSize": 10}})))

FAST = dict(VolumeType="gp3", Throughput=1000)
RATIO = "Throughput (MiBps) to iops ratio of 0.333333 is too high; maximum is 0.250000 MiBps per iops"
launch("device_too_fast_for_its_iops", "ec2.volume.iops", "InvalidParameterValue", RATIO, BlockDeviceMappings=mapped(("/dev/sdf", {"Ebs": {"VolumeSize": 100, **FAST}})))


@refuses("ec2.volume.iops", "InvalidParameterValue", RATIO)
def volume_too_fast_for_its_iops(aws):
    return lambda: aws.ec2.create_volume(Size=100, AvailabilityZone="us-east-1a", **FAST), {}


@refuses("ec2.volume.iops", "InvalidParameterValue", RATIO)
def volume_made_too_fast_for_its_iops(aws):
    volume = aws.volume()
    return lambda: aws.ec2.modify_volume(VolumeId=volume, Throughput=1000), {}


@refuses("ec2.volume.iops", "InvalidParameterValue", "Iops to volume size ratio of 600.000000 is too high; maximum is 500")
def volume_of_too_many_iops_for_its_size(aws):
    return lambda: aws.ec2.create_volume(Size=10, AvailabilityZone="us-east-1a", VolumeType="gp3", Iops=6000), {}


@refuses("ec2.volume.iops", "InvalidParameterValue", "Iops to volume size ratio of 600.000000 is too high; maximum is 500")
def volume_given_too_many_iops_for_its_size(aws):
    volume = aws.volume(size=10)
    return lambda: aws.ec2.modify_volume(VolumeId=volume, Iops=6000), {}


@refuses("ec2.block_device.name", "InvalidParameterValue", "Value (/dev/sdk1) for parameter device is invalid. /dev/sdk1 is not a valid EBS device name.")
def volume_attached_as_a_part(aws):
    volume, instance = aws.volume(), aws.instance()
    return lambda: aws.ec2.attach_volume(VolumeId=volume, InstanceId=instance, Device="/dev/sdk1"), {}


launch("credits_that_are_none", "ec2.run_instances.credits", "InvalidParameterValue", None, CreditSpecification={"CpuCredits": "plenty"})
launch("credits_of_a_type_without", "ec2.run_instances.credits", "InstanceCreditSpecification.NotSupported", "The m5.large instance type does not support T2 Unlimited.", InstanceType="m5.large", CreditSpecification={"CpuCredits": "standard"})
for hops in (0, 65):
    launch(f"metadata_over_{hops}_hops", "ec2.instance.hop_limit", "InvalidParameterValue", None, MetadataOptions={"HttpPutResponseHopLimit": hops})


@refuses("ec2.instance.hop_limit", "InvalidParameterValue")
def metadata_made_to_go_65_hops(aws):
    instance = aws.instance()
    return lambda: aws.ec2.modify_instance_metadata_options(InstanceId=instance, HttpPutResponseHopLimit=65), {}


# Launch templates and tags


@refuses("ec2.launch_template.name.unique", "InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use.")
def template_name_taken(aws):
    aws.template("web")
    return lambda: aws.template("web"), {}


@refuses("ec2.launch_template.name.form", "InvalidLaunchTemplateName.MalformedException")
def template_name_with_a_space(aws):
    return lambda: aws.template("a name"), {}


@refuses("ec2.launch_template.version", "InvalidLaunchTemplateId.VersionNotFound", "The launch template version 2 is not found for the specified launch template.")
def default_version_that_is_not_there(aws):
    template = aws.template()
    return lambda: aws.ec2.modify_launch_template(LaunchTemplateId=template, DefaultVersion="2"), {}


@refuses("ec2.launch_template.identity", "InvalidParameterCombination", "Either provide launch template ID or launch template name to modify the template.")
def template_by_id_and_name(aws):
    template = aws.template("web")
    return lambda: aws.ec2.modify_launch_template(
        LaunchTemplateId=template, LaunchTemplateName="web", DefaultVersion="1"
    ), {}


@refuses("ec2.tags.reserved", "InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use")
def reserved_tag(aws):
    vpc = aws.vpc()
    return lambda: aws.ec2.create_tags(Resources=[vpc], Tags=[{"Key": "aws:mine", "Value": "1"}]), {}


@refuses("ec2.tags.reserved", "InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use")
def take_a_reserved_tag_away(aws):
    vpc = aws.vpc()
    return lambda: aws.ec2.delete_tags(Resources=[vpc], Tags=[{"Key": "aws:mine"}]), {}


@refuses("ec2.tags.limit", "TagLimitExceeded")
def tags_beyond_the_limit(aws):
    vpc = aws.vpc()
    many = [{"Key": f"k{number}", "Value": "v"} for number in range(51)]
    return lambda: aws.ec2.create_tags(Resources=[vpc], Tags=many), {}


@refuses("ec2.tags.resource", "InvalidVpcID.NotFound", f"The vpc ID '{ABSENT['vpc']}' does not exist")
def tag_a_vpc_that_is_not_there(aws):
    return lambda: aws.ec2.create_tags(Resources=[ABSENT["vpc"]], Tags=[{"Key": "k", "Value": "v"}]), {}


@refuses("ec2.tags.specification", "InvalidParameterValue", "'subnet' is not a valid taggable resource type for this operation.")
def tags_for_another_kind(aws):
    wanted = [{"ResourceType": "subnet", "Tags": [{"Key": "k", "Value": "v"}]}]
    return lambda: aws.ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=wanted), {}


# What holds for every service


@refuses("signature", "AuthFailure", "AWS was not able to validate the provided access credentials", 401)
def unknown_access_key(aws):
    other = aws.client("ec2", "AKIAUNKNOWN", "secret", None)
    return other.describe_vpcs, {}


@refuses("signature", "SignatureDoesNotMatch", None, 403)
def wrong_secret(aws):
    other = aws.client("iam", "test", "wrong", None)
    return other.list_roles, {}


# DHCP options


def dhcp(aws, key="domain-name", *values):
    return aws.ec2.create_dhcp_options(DhcpConfigurations=[{"Key": key, "Values": list(values or ["example.com"])}])


@refuses("ec2.dhcp_options.key", "InvalidParameterValue", "Value (gateway) for parameter name is invalid. Unknown DHCP option")
def dhcp_option_that_is_none(aws):
    return lambda: dhcp(aws, "gateway"), {}


@refuses("ec2.dhcp_options.count", "InvalidParameterValue")
def five_name_servers(aws):
    servers = [f"10.0.0.{number}" for number in range(5)]
    return lambda: dhcp(aws, "domain-name-servers", *servers), {}


@refuses("ec2.dhcp_options.count", "InvalidParameterValue", "Value (10.0.0.0,10.0.0.1,10.0.0.2,10.0.0.3,10.0.0.4) for parameter value is invalid. Invalid DHCP option value.")
def five_name_servers_in_one_text(aws):
    servers = ",".join(f"10.0.0.{number}" for number in range(5))
    return lambda: dhcp(aws, "domain-name-servers", servers), {}


def no_option(name, key, value):
    def arrange(aws):
        return lambda: dhcp(aws, key, value), {}

    arrange.__name__ = name
    refuses("ec2.dhcp_options.value", "InvalidParameterValue", f"Value ({value}) for parameter value is invalid. Invalid DHCP option value.")(arrange)


no_option("node_type_of_three", "netbios-node-type", "3")
no_option("name_server_by_name", "domain-name-servers", "dns.example.com")
no_option("time_server_by_name", "ntp-servers", "time.example.com")
no_option("netbios_server_by_a_newer_address", "netbios-name-servers", "2001:db8::1")


@refuses("ec2.dhcp_options.delete.in_use", "DependencyViolation", "The dhcpOptions '{options}' has dependencies and cannot be deleted.")
def delete_the_options_of_a_vpc(aws):
    options = dhcp(aws)["DhcpOptions"]["DhcpOptionsId"]
    aws.ec2.associate_dhcp_options(DhcpOptionsId=options, VpcId=aws.vpc())
    return lambda: aws.ec2.delete_dhcp_options(DhcpOptionsId=options), {"options": options}


@refuses("ec2.address.domain_name", "InvalidParameterValue")
def address_named_by_no_domain(aws):
    allocation = aws.allocate()["AllocationId"]
    return lambda: aws.ec2.modify_address_attribute(AllocationId=allocation, DomainName="not a domain"), {}


# Interfaces that are attached


def plug(aws, interface, instance, index=1):
    return lambda: aws.ec2.attach_network_interface(NetworkInterfaceId=interface, InstanceId=instance, DeviceIndex=index)


@refuses("ec2.network_interface.attach.in_use", "InvalidNetworkInterface.InUse", "Interface: [{interface}] in use.")
def interface_attached_twice(aws):
    subnet = aws.subnet(aws.vpc())
    interface = aws.interface(subnet)
    plug(aws, interface, aws.instance(subnet))()
    return plug(aws, interface, aws.instance(subnet)), {"interface": interface}


@refuses("ec2.network_interface.attach.state", "IncorrectState")
def interface_for_an_instance_that_is_starting(aws):
    subnet = aws.subnet(aws.vpc())
    with aws.at_once():
        instance = aws.instance(subnet, ready=False)
        return plug(aws, aws.interface(subnet), instance), {}


@refuses("ec2.network_interface.attach.zone", "InvalidParameterCombination", "You may not attach a network interface to an instance if they are not in the same availability zone")
def interface_of_another_zone(aws):
    vpc = aws.vpc()
    return plug(aws, aws.interface(aws.subnet(vpc, 2, "b")), aws.instance(aws.subnet(vpc, 1))), {}


@refuses("ec2.network_interface.attach.index", "InvalidParameterValue", "Instance '{instance}' already has an interface attached at device index '0'.")
def two_first_interfaces(aws):
    subnet = aws.subnet(aws.vpc())
    instance = aws.instance(subnet)
    return plug(aws, aws.interface(subnet), instance, 0), {"instance": instance}


@refuses("ec2.network_interface.attach.limit", "AttachmentLimitExceeded", "Interface count 3 exceeds the limit for t3.micro")
def one_interface_too_many(aws):
    subnet = aws.subnet(aws.vpc())
    instance = aws.instance(subnet)
    plug(aws, aws.interface(subnet), instance)()
    return plug(aws, aws.interface(subnet), instance, 2), {}


def full(aws, kind, count):
    """An instance with so many volumes, its root one among them, and the call that attaches one more."""
    instance = aws.instance(InstanceType=kind)
    letters = "bcdefghijklmnopqrstuvwxyz"
    names = [f"/dev/sd{one}" for one in letters] + [f"/dev/xvd{first}{one}" for first in "bc" for one in letters]
    for name in names[: count - 1]:
        aws.ec2.attach_volume(VolumeId=aws.volume(), InstanceId=instance, Device=name)
    volume = aws.volume()
    return lambda: aws.ec2.attach_volume(VolumeId=volume, InstanceId=instance, Device=names[count]), {}


MANY = "You may attach up to {*} devices for this instance type. Please use a larger instance size to attach more volumes.{*}"


@refuses("ec2.volume.attach.limit", "AttachmentLimitExceeded", MANY)
def a_device_more_than_volumes_and_interfaces_share(aws):
    return full(aws, "t3.micro", 27)


@refuses("ec2.volume.attach.limit", "AttachmentLimitExceeded", MANY)
def a_volume_more_than_a_newer_type_takes(aws):
    return full(aws, "m7i.large", 32)


# Further ranges of VPCs, and what is default


def ranged(aws, text, vpc="10.2.0.0/16", **more):
    vpc = aws.vpc(vpc) if "/" in vpc else vpc
    return lambda: aws.ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock=text, **more), {"vpc": vpc}


def further(aws):
    """A VPC with a further range, and that one's association."""
    vpc = aws.vpc()
    made = aws.ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock="100.64.0.0/16")
    return vpc, made["CidrBlockAssociation"]["AssociationId"]


@refuses("ec2.vpc.range", "InvalidVpc.Range", "The CIDR '100.64.0.0/10' is invalid.")
def a_further_range_that_is_too_large(aws):
    return ranged(aws, "100.64.0.0/10")


@refuses("ec2.vpc.range.conflict", "CidrConflict")
def a_further_range_within_the_first(aws):
    return ranged(aws, "10.2.1.0/24")


RESTRICTED = (
    "The CIDR '{*}' is restricted. Use a CIDR from the same private address range as the current VPC CIDR, or use a "
    "publicly-routable CIDR. For additional restrictions, see https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html"
)


@refuses("ec2.vpc.range.restricted", "InvalidVpc.Range", RESTRICTED)
def a_further_range_of_other_private_addresses(aws):
    return ranged(aws, "192.168.0.0/16")


@refuses("ec2.vpc.range.restricted", "InvalidVpc.Range", RESTRICTED)
def a_further_range_beside_the_first_half_of_ten(aws):
    return ranged(aws, "10.0.0.0/24", "10.1.0.0/16")


@refuses("ec2.vpc.range.quota", "CidrLimitExceeded", "This network '{vpc}' has met its maximum number of allowed CIDRs: 5")
def a_range_too_many(aws):
    vpc = aws.vpc()
    for number in range(4):
        aws.ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock=f"100.{64 + number}.0.0/16")
    return ranged(aws, "100.70.0.0/16", vpc)


@refuses("ec2.vpc.range.routed", "CidrConflict")
def a_further_range_of_a_route(aws):
    vpc = aws.vpc()
    gateway = aws.gateway(vpc)
    table = aws.route_table(vpc)
    aws.ec2.create_route(RouteTableId=table, DestinationCidrBlock="100.64.1.0/24", GatewayId=gateway)
    return ranged(aws, "100.64.0.0/16", vpc)


@refuses(None, "InvalidVpcID.NotFound")
def a_further_range_of_no_vpc(aws):
    return ranged(aws, "100.64.0.0/16", "vpc-00000000000000000")


@refuses("ec2.vpc.range.first", "OperationNotPermitted", "The vpc CIDR block with association ID {association} may not be disassociated. It is the primary IPv4 CIDR block of the VPC")
def the_first_range_disassociated(aws):
    vpc = aws.vpc()
    [found] = aws.ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]
    association = found["CidrBlockAssociationSet"][0]["AssociationId"]
    return lambda: aws.ec2.disassociate_vpc_cidr_block(AssociationId=association), {"association": association}


@refuses("ec2.vpc.range.used", "InvalidCidrBlock.InUse", "The vpc {vpc} currently has a subnet within CIDR block 100.64.0.0/16")
def a_range_with_a_subnet_disassociated(aws):
    vpc, association = further(aws)
    aws.subnet(vpc, 1, net="100.64")
    return lambda: aws.ec2.disassociate_vpc_cidr_block(AssociationId=association), {"vpc": vpc}


@refuses(None, "InvalidVpcCidrBlockAssociationID.NotFound")
def no_range_disassociated(aws):
    association = "vpc-cidr-assoc-00000000000000000"
    return lambda: aws.ec2.disassociate_vpc_cidr_block(AssociationId=association), {}


@refuses("ec2.vpc.default", "DefaultVpcAlreadyExists")
def a_default_vpc_twice(aws):
    return lambda: aws.ec2.create_default_vpc(), {}


@refuses("ec2.subnet.default", "DefaultSubnetAlreadyExistsInAvailabilityZone")
def a_default_subnet_twice(aws):
    return lambda: aws.ec2.create_default_subnet(AvailabilityZone="us-east-1a"), {}


@refuses(None, "DefaultVpcDoesNotExist")
def a_default_subnet_in_no_vpc(aws):
    aws.without_default_vpc()
    return lambda: aws.ec2.create_default_subnet(AvailabilityZone="us-east-1a"), {}


# Further addresses of NAT gateways


@refuses("ec2.nat_gateway_address.kind", "InvalidParameterValue")
def private_address_for_a_public_nat_gateway(aws):
    made = aws.nat(ready=True)
    return lambda: aws.ec2.assign_private_nat_gateway_address(NatGatewayId=made["nat"], PrivateIpAddressCount=1), {}


@refuses("ec2.nat_gateway_address.state", "IncorrectState", "The NAT gateway {nat} is not available.")
def address_for_a_nat_gateway_that_is_being_made(aws):
    with aws.at_once():
        nat = aws.nat(ready=False)["nat"]
        allocation = aws.allocate()["AllocationId"]
    return lambda: aws.ec2.associate_nat_gateway_address(NatGatewayId=nat, AllocationIds=[allocation]), {"nat": nat}


@refuses("ec2.nat_gateway_address.taken", "Resource.AlreadyAssociated")
def address_of_its_own_for_a_nat_gateway(aws):
    made = aws.nat()
    taken = made["address"]["AllocationId"]
    return lambda: aws.ec2.associate_nat_gateway_address(NatGatewayId=made["nat"], AllocationIds=[taken]), {}


@refuses("ec2.nat_gateway_address.primary", "InvalidParameterValue")
def take_the_first_address_of_a_nat_gateway(aws):
    nat = aws.nat()["nat"]
    shown = aws.ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"][0]["NatGatewayAddresses"][0]
    first = shown["AssociationId"]
    return lambda: aws.ec2.disassociate_nat_gateway_address(NatGatewayId=nat, AssociationIds=[first]), {}


@refuses("ec2.instance.reset", "InvalidParameterValue", "Cannot reset the attribute instanceType.")
def reset_the_type_of_an_instance(aws):
    instance = aws.instance()
    return lambda: aws.ec2.reset_instance_attribute(InstanceId=instance, Attribute="instanceType"), {}


@refuses("ec2.instance.state", "IncorrectInstanceState")
def reboot_a_stopped_instance(aws):
    instance = aws.instance()
    aws.ec2.stop_instances(InstanceIds=[instance])
    aws.world.advance(600)
    return lambda: aws.ec2.reboot_instances(InstanceIds=[instance]), {}


# Network ACLs


@refuses("ec2.vpc.delete.dependency", "DependencyViolation", "The vpc '{vpc}' has dependencies and cannot be deleted.")
def vpc_with_a_network_acl(aws):
    vpc = aws.vpc()
    aws.acl(vpc)
    return lambda: aws.ec2.delete_vpc(VpcId=vpc), {"vpc": vpc}


@refuses("ec2.network_acl.delete.default", "InvalidParameterValue")
def delete_a_default_network_acl(aws):
    acl = aws.default_acl(aws.vpc())["NetworkAclId"]
    return lambda: aws.ec2.delete_network_acl(NetworkAclId=acl), {}


def with_subnet(aws):
    """A network ACL of a VPC and the association of the VPC's one subnet with the default one."""
    vpc = aws.vpc()
    aws.subnet(vpc)
    return aws.acl(vpc), aws.default_acl(vpc)["Associations"][0]["NetworkAclAssociationId"]


@refuses("ec2.network_acl.delete.dependency", "DependencyViolation", "The networkAcl '{acl}' has dependencies and cannot be deleted.")
def delete_a_network_acl_of_a_subnet(aws):
    acl, association = with_subnet(aws)
    aws.ec2.replace_network_acl_association(AssociationId=association, NetworkAclId=acl)
    return lambda: aws.ec2.delete_network_acl(NetworkAclId=acl), {"acl": acl}


@refuses("ec2.network_acl.associate.network", "InvalidParameterValue")
def give_a_subnet_another_vpcs_network_acl(aws):
    _, association = with_subnet(aws)
    acl = aws.acl(aws.vpc())
    return lambda: aws.ec2.replace_network_acl_association(AssociationId=association, NetworkAclId=acl), {}


@refuses(None, "InvalidAssociationID.NotFound", "The association ID 'aclassoc-0123456789abcdef0' does not exist")
def replace_no_association_of_a_network_acl(aws):
    acl = aws.acl(aws.vpc())
    return lambda: aws.ec2.replace_network_acl_association(AssociationId="aclassoc-0123456789abcdef0", NetworkAclId=acl), {}


@refuses("ec2.network_acl.quota", "NetworkAclLimitExceeded", "The maximum number of network ACLs has been reached.")
def network_acls_beyond_the_quota(aws):
    vpc = aws.vpc()
    aws.world.ask("PUT", "quotas", {"name": "ec2.network-acls-per-vpc", "limit": 2})
    aws.acl(vpc)
    return lambda: aws.acl(vpc), {}


@refuses("ec2.network_acl_entry.exists", "NetworkAclEntryAlreadyExists", "The network acl entry identified by 100 already exists.")
def second_rule_of_a_number(aws):
    acl = aws.acl(aws.vpc(), 100)
    return lambda: aws.acl_rule(acl, 100), {}


@refuses("ec2.network_acl_entry.missing", "InvalidNetworkAclEntry.NotFound")
def replace_no_rule_of_a_network_acl(aws):
    acl = aws.acl(aws.vpc())
    rule = dict(RuleNumber=100, Egress=True, Protocol="-1", RuleAction="deny", CidrBlock="10.0.0.0/16")
    return lambda: aws.ec2.replace_network_acl_entry(NetworkAclId=acl, **rule), {}


@refuses("ec2.network_acl_entry.missing", "InvalidNetworkAclEntry.NotFound")
def delete_no_rule_of_a_network_acl(aws):
    acl = aws.acl(aws.vpc(), 100)
    return lambda: aws.ec2.delete_network_acl_entry(NetworkAclId=acl, RuleNumber=100, Egress=True), {}


def no_rule(name, rule, code, **more):
    def arrange(aws):
        acl = aws.acl(aws.vpc())
        number = more.get("RuleNumber", 100)
        rest = {member: value for member, value in more.items() if member != "RuleNumber"}
        return lambda: aws.acl_rule(acl, number, **rest), {}

    arrange.__name__ = f"rule_of_a_network_acl_{name}"
    refuses(f"ec2.network_acl_entry.{rule}", code)(arrange)


no_rule("without_a_number", "number", "InvalidParameterValue", RuleNumber=0)
no_rule("with_aws_s_number", "number", "InvalidParameterValue", RuleNumber=32767)
no_rule("for_no_protocol", "protocol", "InvalidParameterValue", Protocol="carrier-pigeon")
no_rule("for_tcp_without_ports", "ports", "MissingParameter", Protocol="tcp")
no_rule("for_ports_that_end_before_they_begin", "ports", "InvalidParameterValue", Protocol="udp", PortRange={"From": 2, "To": 1})
no_rule("for_icmp_without_a_type", "ports", "MissingParameter", Protocol="icmp")
no_rule("for_a_code_of_all_types", "ports", "InvalidParameterValue", Protocol="icmp", IcmpTypeCode={"Type": -1, "Code": 3})
no_rule("for_two_ranges", "range", "InvalidParameterCombination", Ipv6CidrBlock="2001:db8::/32")


@refuses("ec2.network_acl_entry.quota", "NetworkAclEntryLimitExceeded", "The maximum number of network acl entries has been reached.")
def rules_of_a_network_acl_beyond_the_quota(aws):
    acl = aws.acl(aws.vpc(), *range(1, 20))
    return lambda: aws.acl_rule(acl, 20), {}


# Flow logs


@refuses("ec2.flow_log.exists", "FlowLogAlreadyExists", "Error. There is an existing Flow Log with the same configuration and log destination.")
def second_flow_log_to_a_bucket(aws):
    vpc = aws.vpc()
    aws.s3.create_bucket(Bucket="flow-logs-of-one-vpc")
    destination = dict(LogDestination="arn:aws:s3:::flow-logs-of-one-vpc")
    of_vpc = dict(ResourceIds=[vpc], ResourceType="VPC", TrafficType="ALL", LogDestinationType="s3", **destination)
    aws.ec2.create_flow_logs(**of_vpc)
    return lambda: aws.ec2.create_flow_logs(**of_vpc), {}


@refuses("ec2.flow_log.quota", "FlowLogsLimitExceeded")
def third_flow_log_of_a_vpc(aws):
    vpc = aws.vpc()
    for _ in range(2):
        aws.flow_log_to_bucket(vpc)
    return lambda: aws.flow_log_to_bucket(vpc), {}


def no_flow_log(name, rule, message=None, code="InvalidParameter", **more):
    def arrange(aws):
        vpc = aws.vpc()
        return lambda: aws.flow_log_to_bucket(vpc, **more), {}

    arrange.__name__ = f"flow_log_{name}"
    refuses(rule, code, message)(arrange)


GROUP = dict(LogDestinationType="cloud-watch-logs", LogDestination="arn:aws:logs:us-east-1:111122223333:log-group:flows")
no_flow_log("to_a_bucket_and_a_group", "ec2.flow_log.destination", "Please only provide LogGroupName or only provide LogDestination.", LogGroupName="flows")
no_flow_log("to_what_is_no_bucket", "ec2.flow_log.destination", LogDestination="arn:aws:sqs:us-east-1:111122223333:flows")
no_flow_log("to_a_bucket_with_a_role", "ec2.flow_log.role", "DeliverLogsPermissionArn is not applicable for s3 delivery", DeliverLogsPermissionArn="arn:aws:iam::111122223333:role/flows")
no_flow_log("to_a_group_without_a_role", None, "DeliverLogsPermissionArn can't be empty if LogDestinationType is cloud-watch-logs.", **GROUP)
no_flow_log("by_no_role", "ec2.flow_log.role.trust", "Unable to assume given IAM role: 'arn:aws:iam::111122223333:role/flows'", DeliverLogsPermissionArn="arn:aws:iam::111122223333:role/flows", **GROUP)
no_flow_log("to_a_group_in_parquet", "ec2.flow_log.options", "DestinationOptions are only supported for the LogDestinationType s3.", DestinationOptions={"FileFormat": "parquet"}, **GROUP)
no_flow_log("of_half_a_minute", "ec2.flow_log.interval", "Invalid Flow Log Max Aggregation Interval", MaxAggregationInterval=30)
no_flow_log("of_a_field_that_is_none", "ec2.flow_log.format", LogFormat="${version} ${weather}")


def to_nowhere(aws, **more):
    vpc = aws.vpc()
    return lambda: aws.ec2.create_flow_logs(
        ResourceIds=[vpc], ResourceType="VPC", TrafficType="ALL", LogDestinationType="s3", **more
    ), {}


@refuses(None, "InvalidParameter", "LogDestination can't be empty if LogGroupName is not provided.")
def flow_log_to_nowhere(aws):
    return to_nowhere(aws)


@refuses("ec2.flow_log.destination", "InvalidParameter", "LogDestination type must be cloud-watch-logs if LogGroupName is provided.")
def flow_log_to_a_group_as_a_bucket(aws):
    return to_nowhere(aws, LogGroupName="flows")


@refuses("ec2.flow_log.role.trust", "InvalidParameter", "Unable to assume given IAM role: '{role}'")
def flow_log_by_a_role_of_others(aws):
    vpc, role = aws.vpc(), aws.role_arn(aws.role("ec2.amazonaws.com"))
    aws.world.advance(60)
    return lambda: aws.flow_log_to_bucket(vpc, DeliverLogsPermissionArn=role, **GROUP), {"role": role}


# Further addresses of network interfaces


def interface_of(aws):
    return aws.interface(aws.subnet(aws.vpc()))


@refuses("ec2.network_interface.addresses", "InvalidParameterCombination")
def interface_with_addresses_said_twice(aws):
    subnet = aws.subnet(aws.vpc())
    listed = [{"PrivateIpAddress": "10.0.0.9", "Primary": True}]
    return lambda: aws.interface(subnet, PrivateIpAddress="10.0.0.9", PrivateIpAddresses=listed), {}


@refuses("ec2.network_interface_address.choice", "InvalidParameterCombination")
def addresses_that_are_named_and_counted(aws):
    interface = interface_of(aws)
    both = dict(PrivateIpAddresses=["10.0.0.99"], SecondaryPrivateIpAddressCount=1)
    return lambda: aws.ec2.assign_private_ip_addresses(NetworkInterfaceId=interface, **both), {}


@refuses("ec2.network_interface_address.limit", "PrivateIpAddressLimitExceeded")
def addresses_beyond_the_type_s(aws):
    subnet = aws.subnet(aws.vpc())
    aws.instance(subnet)
    aws.world.advance(60)
    interface = aws.ec2.describe_network_interfaces()["NetworkInterfaces"][0]["NetworkInterfaceId"]
    return lambda: aws.ec2.assign_private_ip_addresses(NetworkInterfaceId=interface, SecondaryPrivateIpAddressCount=50), {}


@refuses("ec2.network_interface_address.primary", "InvalidParameterValue", "The primary IP address 10.0.0.9 cannot be unassigned.")
def take_an_interface_its_first_address(aws):
    subnet = aws.subnet(aws.vpc())
    interface = aws.interface(subnet, PrivateIpAddress="10.0.0.9")
    return lambda: aws.ec2.unassign_private_ip_addresses(NetworkInterfaceId=interface, PrivateIpAddresses=["10.0.0.9"]), {}


@refuses("ec2.network_interface_address.assigned", "InvalidParameterValue")
def take_an_interface_what_it_has_not(aws):
    interface = interface_of(aws)
    return lambda: aws.ec2.unassign_private_ip_addresses(NetworkInterfaceId=interface, PrivateIpAddresses=["10.0.0.99"]), {}


@refuses("model", "InvalidParameterValue", "Invalid value 't9.huge' for InstanceType.")
def run_a_type_that_is_none(aws):
    image, subnet = aws.image(), aws.subnet(aws.vpc())
    return lambda: aws.ec2.run_instances(ImageId=image, InstanceType="t9.huge", MinCount=1, MaxCount=1, SubnetId=subnet), {}
