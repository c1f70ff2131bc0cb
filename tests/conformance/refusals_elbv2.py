"""What Elastic Load Balancing refuses, and in which words."""

from ground_elbv2 import ABSENT, balancer, faced, forward, targets
from refusal import Cases

CASES = Cases()
refuses = CASES.refuses

INVALID = "ValidationError"
UNFIT = "InvalidConfigurationRequest"


def create(aws, name="front", **more):
    """A load balancer that could be made but for what is said of it."""
    if "Subnets" not in more and "SubnetMappings" not in more:
        more["Subnets"] = faced(aws)[1]
    request = {name: value for name, value in {"Name": name, **more}.items() if value is not None}
    return lambda: aws.elbv2.create_load_balancer(**request), {"name": name}


def group(aws, name="targets", **more):
    """A target group, likewise."""
    usual = dict(Name=name, Protocol="HTTP", Port=80)
    if "VpcId" not in more:
        usual["VpcId"] = aws.vpc()
    request = {name: value for name, value in {**usual, **more}.items() if value is not None}
    return lambda: aws.elbv2.create_target_group(**request), {"name": name}


class Site:
    """A load balancer, and a target group of its VPC."""

    def __init__(self, aws, kind="application", protocol=None):
        self.aws = aws
        self.protocol = protocol or ("HTTP" if kind == "application" else "TCP")
        self.vpc, self.subnets = faced(aws)
        self.balancer = balancer(aws, "front", self.subnets, Type=kind)
        self.group = targets(aws, "targets", self.vpc, self.protocol)

    def listen(self, **more):
        usual = dict(LoadBalancerArn=self.balancer, Protocol=self.protocol, Port=80, DefaultActions=forward(self.group))
        request = {name: value for name, value in {**usual, **more}.items() if value is not None}
        return lambda: self.aws.elbv2.create_listener(**request), {"balancer": self.balancer, "group": self.group}


# Load balancers


@refuses("elasticloadbalancing.load_balancer.name", INVALID, "The load balancer name '{name}' cannot be longer than '32' characters")
def a_long_name(aws):
    return create(aws, "a" * 33)


@refuses("elasticloadbalancing.load_balancer.name", INVALID, "The load balancer name '{name}' cannot begin with 'internal-'")
def a_name_that_says_internal(aws):
    return create(aws, "internal-front")


@refuses("elasticloadbalancing.load_balancer.name", INVALID, "The load balancer name '{name}' cannot end with a hyphen(-)")
def a_name_with_a_hyphen_at_its_end(aws):
    return create(aws, "front-")


@refuses("elasticloadbalancing.load_balancer.name", INVALID)
def a_name_with_a_dot(aws):
    return create(aws, "front.door")


@refuses("elasticloadbalancing.load_balancer.name.unique", "DuplicateLoadBalancerName", "A load balancer with the same name 'front' exists, but with different settings")
def a_name_of_another_scheme(aws):
    _, subnets = faced(aws)
    balancer(aws, "front", subnets)
    return create(aws, Subnets=subnets, Scheme="internal")


@refuses("elasticloadbalancing.load_balancer.quota", "TooManyLoadBalancers")
def a_load_balancer_too_many(aws):
    act, names = create(aws)

    def within():
        with aws.world.quota("elasticloadbalancing.application-load-balancers", 0):
            act()

    return within, names


@refuses("elasticloadbalancing.load_balancer.protected", "OperationNotPermitted", "Load balancer '{balancer}' cannot be deleted because deletion protection is enabled")
def a_protected_load_balancer_deleted(aws):
    site = Site(aws)
    protection = [{"Key": "deletion_protection.enabled", "Value": "true"}]
    aws.elbv2.modify_load_balancer_attributes(LoadBalancerArn=site.balancer, Attributes=protection)
    return lambda: aws.elbv2.delete_load_balancer(LoadBalancerArn=site.balancer), {"balancer": site.balancer}


@refuses("elasticloadbalancing.load_balancer.selection", INVALID)
def load_balancers_by_name_and_arn(aws):
    site = Site(aws)
    return lambda: aws.elbv2.describe_load_balancers(LoadBalancerArns=[site.balancer], Names=["front"]), {}


@refuses(None, "LoadBalancerNotFound", "One or more load balancers not found")
def no_load_balancer_by_its_arn(aws):
    return lambda: aws.elbv2.describe_load_balancers(LoadBalancerArns=[ABSENT["LoadBalancerArn"]]), {}


@refuses(None, "LoadBalancerNotFound", "Load balancers '[absent]' not found")
def no_load_balancer_of_a_name(aws):
    return lambda: aws.elbv2.describe_load_balancers(Names=["absent"]), {}


@refuses("elasticloadbalancing.arn.form", INVALID, "'front' is not a valid load balancer ARN")
def a_load_balancer_by_its_name(aws):
    return lambda: aws.elbv2.describe_load_balancers(LoadBalancerArns=["front"]), {}


@refuses("elasticloadbalancing.page.token", INVALID)
def load_balancers_after_no_page(aws):
    return lambda: aws.elbv2.describe_load_balancers(Marker="none"), {}


# Where they stand


@refuses("elasticloadbalancing.subnets.given", INVALID)
def subnets_given_in_two_ways(aws):
    _, subnets = faced(aws)
    return create(aws, Subnets=subnets[:1], SubnetMappings=[{"SubnetId": subnets[1]}])


@refuses("elasticloadbalancing.subnets.exist", "SubnetNotFound", "InvalidSubnetID.NotFound")
def a_subnet_that_is_not_there(aws):
    _, subnets = faced(aws)
    return create(aws, Subnets=[*subnets, "subnet-0123456789abcdef0"])


@refuses("elasticloadbalancing.subnets.vpc", "InvalidSubnet")
def subnets_of_two_vpcs(aws):
    _, subnets = faced(aws)
    other = aws.vpc("10.1.0.0/16")
    aws.gateway(other)
    return create(aws, Subnets=[subnets[0], aws.subnet(other, 2, "b", "10.1")])


@refuses("elasticloadbalancing.subnets.zones", UNFIT, "A load balancer cannot be attached to multiple subnets in the same Availability Zone")
def two_subnets_of_a_zone(aws):
    vpc, subnets = faced(aws)
    return create(aws, Subnets=[*subnets, aws.subnet(vpc, 3, "a")])


@refuses("elasticloadbalancing.subnets.two", INVALID, "At least two subnets in two different Availability Zones must be specified")
def one_subnet_of_requests(aws):
    return create(aws, Subnets=faced(aws)[1][:1])


@refuses(None, INVALID)
def no_subnet_of_connections(aws):
    return create(aws, Subnets=None, Type="network")


@refuses("elasticloadbalancing.subnets.free", "InvalidSubnet", "Not enough IP space available in {subnet}. ELB requires at least 8 free IP addresses in each subnet.")
def a_subnet_that_is_all_but_full(aws):
    vpc, subnets = faced(aws)
    small = aws.ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.9.0/28", AvailabilityZone="us-east-1c")["Subnet"]["SubnetId"]
    for _ in range(4):
        aws.interface(small)
    act, _ = create(aws, Subnets=[*subnets, small])
    return act, {"subnet": small}


@refuses("elasticloadbalancing.subnets.gateway", "InvalidSubnet", "VPC {vpc} has no internet gateway")
def a_face_to_no_internet(aws):
    vpc, subnets = aws.two_subnets()
    return create(aws, Subnets=subnets)[0], {"vpc": vpc}


@refuses("elasticloadbalancing.subnets.address", UNFIT)
def an_address_that_faces_the_internet(aws):
    _, subnets = faced(aws)
    return create(aws, Type="network", SubnetMappings=[{"SubnetId": subnets[0], "PrivateIPv4Address": "10.0.1.9"}])


@refuses(None, "InvalidSubnet")
def an_address_that_is_taken(aws):
    _, subnets = faced(aws)
    aws.interface(subnets[0], PrivateIpAddress="10.0.1.9")
    mapped = [{"SubnetId": subnets[0], "PrivateIPv4Address": "10.0.1.9"}]
    return create(aws, Type="network", Scheme="internal", SubnetMappings=mapped)


@refuses("elasticloadbalancing.groups", "InvalidSecurityGroup", "The security group 'sg-0123456789abcdef0' does not exist")
def a_security_group_that_is_not_there(aws):
    return create(aws, SecurityGroups=["sg-0123456789abcdef0"])


@refuses("elasticloadbalancing.groups", UNFIT)
def a_security_group_of_another_vpc(aws):
    return create(aws, SecurityGroups=[aws.group(aws.vpc("10.1.0.0/16"))])


# Attributes


def modify(aws, *attributes, kind="application"):
    site = Site(aws, kind)
    pairs = [{"Key": key, "Value": value} for key, value in attributes]
    return lambda: aws.elbv2.modify_load_balancer_attributes(LoadBalancerArn=site.balancer, Attributes=pairs), {}


@refuses("elasticloadbalancing.attribute.key", INVALID, "Load balancer attribute key 'colour' is not recognized")
def an_attribute_that_there_is_not(aws):
    return modify(aws, ("colour", "red"))


@refuses("elasticloadbalancing.attribute.type", UNFIT, "Load balancer attribute key 'dns_record.client_routing_policy' is not supported on load balancers with type 'application'")
def an_attribute_of_the_other_type(aws):
    return modify(aws, ("dns_record.client_routing_policy", "any_availability_zone"))


@refuses("elasticloadbalancing.attribute.value", INVALID)
def an_attribute_beyond_its_values(aws):
    return modify(aws, ("idle_timeout.timeout_seconds", "4001"))


@refuses("elasticloadbalancing.attribute.twice", INVALID)
def an_attribute_twice(aws):
    return modify(aws, ("routing.http2.enabled", "true"), ("routing.http2.enabled", "false"))


# Target groups


@refuses("elasticloadbalancing.target_group.name", INVALID, "Target group name '{name}' cannot be longer than '32' characters")
def a_group_with_a_long_name(aws):
    return group(aws, "a" * 33)


@refuses("elasticloadbalancing.target_group.name.unique", "DuplicateTargetGroupName", "A target group with the same name 'targets' exists, but with different settings")
def a_group_with_another_port(aws):
    vpc = aws.vpc()
    targets(aws, "targets", vpc, "HTTP")
    return group(aws, VpcId=vpc, Port=81)


@refuses("elasticloadbalancing.target_group.traffic", INVALID)
def a_group_without_a_protocol(aws):
    return group(aws, Protocol=None)


@refuses("elasticloadbalancing.target_group.traffic", INVALID)
def a_group_without_a_port(aws):
    return group(aws, Port=None)


@refuses("elasticloadbalancing.target_group.traffic", INVALID)
def a_group_of_no_vpc(aws):
    return group(aws, VpcId="vpc-0123456789abcdef0")


@refuses("elasticloadbalancing.target_group.version", INVALID)
def a_version_of_tcp(aws):
    return group(aws, Protocol="TCP", ProtocolVersion="HTTP2")


@refuses("elasticloadbalancing.target_group.alb", INVALID)
def load_balancers_by_request(aws):
    return group(aws, TargetType="alb")


@refuses("elasticloadbalancing.target_group.quota", "TooManyTargetGroups")
def a_group_too_many(aws):
    act, names = group(aws)

    def within():
        with aws.world.quota("elasticloadbalancing.target-groups", 0):
            act()

    return within, names


@refuses("elasticloadbalancing.target_group.used", "ResourceInUse", "Target group '{group}' is currently in use by a listener or a rule")
def a_group_in_use_deleted(aws):
    site = Site(aws)
    site.listen()[0]()
    return lambda: aws.elbv2.delete_target_group(TargetGroupArn=site.group), {"group": site.group}


@refuses("elasticloadbalancing.target_group.selection", INVALID)
def groups_by_name_and_arn(aws):
    arn = targets(aws, "targets", aws.vpc())
    return lambda: aws.elbv2.describe_target_groups(TargetGroupArns=[arn], Names=["targets"]), {}


@refuses(None, "TargetGroupNotFound", "One or more target groups not found")
def no_group_of_a_name(aws):
    return lambda: aws.elbv2.describe_target_groups(Names=["absent"]), {}


@refuses("elasticloadbalancing.health_check.protocol", INVALID)
def a_check_by_datagrams(aws):
    return group(aws, Protocol="TCP", HealthCheckProtocol="UDP")


@refuses("elasticloadbalancing.health_check.port", INVALID)
def a_check_at_no_port(aws):
    return group(aws, HealthCheckPort="eighty")


@refuses("elasticloadbalancing.health_check.path", INVALID)
def a_path_of_connections(aws):
    return group(aws, Protocol="TCP", HealthCheckPath="/")


@refuses("elasticloadbalancing.health_check.path", INVALID)
def a_path_without_a_slash(aws):
    return group(aws, HealthCheckPath="health")


@refuses("elasticloadbalancing.health_check.timeout", INVALID)
def a_check_longer_than_the_wait(aws):
    return group(aws, HealthCheckIntervalSeconds=10, HealthCheckTimeoutSeconds=20)


@refuses("elasticloadbalancing.health_check.enabled", INVALID)
def targets_that_are_not_looked_at(aws):
    return group(aws, HealthCheckEnabled=False)


# Listeners


@refuses("elasticloadbalancing.listener.given", INVALID)
def a_listener_without_a_port(aws):
    return Site(aws).listen(Port=None)


@refuses("elasticloadbalancing.listener.given", INVALID)
def a_listener_without_a_protocol(aws):
    return Site(aws).listen(Protocol=None)


@refuses("elasticloadbalancing.listener.protocol", INVALID, "Listener protocol 'TCP' must be one of 'HTTP, HTTPS'")
def connections_at_an_application(aws):
    return Site(aws).listen(Protocol="TCP")


@refuses("elasticloadbalancing.listener.protocol", INVALID, "Listener protocol 'HTTP' must be one of 'TLS, TCP, TCP_UDP, UDP'")
def requests_at_a_network(aws):
    return Site(aws, "network").listen(Protocol="HTTP")


@refuses("elasticloadbalancing.listener.target", "IncompatibleProtocols")
def requests_to_connections(aws):
    site = Site(aws)
    return site.listen(DefaultActions=forward(targets(aws, "other", site.vpc, "TCP")))


@refuses("elasticloadbalancing.listener.port", "DuplicateListener", "A listener already exists on this port for this load balancer '{balancer}'")
def a_port_twice(aws):
    site = Site(aws)
    site.listen()[0]()
    return site.listen()


@refuses("elasticloadbalancing.listener.quota", "TooManyListeners")
def a_listener_too_many(aws):
    act, names = Site(aws).listen()

    def within():
        with aws.world.quota("elasticloadbalancing.listeners-per-load-balancer", 0):
            act()

    return within, names


@refuses("elasticloadbalancing.listener.certificate", INVALID)
def a_certificate_without_tls(aws):
    return Site(aws).listen(Certificates=[{"CertificateArn": "arn:aws:acm:us-east-1:000000000000:certificate/absent"}])


@refuses("elasticloadbalancing.listener.certificate", "CertificateNotFound")
def tls_without_a_certificate(aws):
    return Site(aws).listen(Protocol="HTTPS")


@refuses("elasticloadbalancing.listener.certificate", "TooManyCertificates")
def two_certificates_by_default(aws):
    arn = "arn:aws:acm:us-east-1:000000000000:certificate/absent"
    return Site(aws).listen(Protocol="HTTPS", Certificates=[{"CertificateArn": arn}, {"CertificateArn": arn}])


@refuses("elasticloadbalancing.listener.certificate.exists", "CertificateNotFound")
def a_certificate_that_is_not_there(aws):
    arn = "arn:aws:acm:us-east-1:000000000000:certificate/absent"
    return Site(aws).listen(Protocol="HTTPS", Certificates=[{"CertificateArn": arn}])


@refuses("elasticloadbalancing.listener.policy", INVALID)
def a_security_policy_without_tls(aws):
    return Site(aws).listen(SslPolicy="ELBSecurityPolicy-2016-08")


@refuses("elasticloadbalancing.listener.policy", "SSLPolicyNotFound")
def a_security_policy_that_there_is_not(aws):
    arn = "arn:aws:acm:us-east-1:000000000000:certificate/absent"

    def act():
        with aws.world.without("elasticloadbalancing.listener.certificate.exists"):
            Site(aws).listen(Protocol="HTTPS", Certificates=[{"CertificateArn": arn}], SslPolicy="none")[0]()

    return act, {}


@refuses("elasticloadbalancing.listener.alpn", INVALID)
def an_alpn_policy_of_requests(aws):
    return Site(aws).listen(AlpnPolicy=["HTTP2Only"])


@refuses("elasticloadbalancing.listener.alpn", "ALPNPolicyNotFound")
def an_alpn_policy_that_there_is_not(aws):
    arn = "arn:aws:acm:us-east-1:000000000000:certificate/absent"

    def act():
        with aws.world.without("elasticloadbalancing.listener.certificate.exists"):
            Site(aws, "network").listen(Protocol="TLS", Certificates=[{"CertificateArn": arn}], AlpnPolicy=["none"])[0]()

    return act, {}


@refuses("elasticloadbalancing.listener.selection", INVALID)
def listeners_of_nothing(aws):
    return lambda: aws.elbv2.describe_listeners(), {}


@refuses(None, "ListenerNotFound", "One or more listeners not found")
def no_listener_deleted(aws):
    return lambda: aws.elbv2.delete_listener(ListenerArn=ABSENT["ListenerArn"]), {}


# What they do


def answer(status="200"):
    return {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": status}}


def weighted(*groups, **more):
    return [{"Type": "forward", "ForwardConfig": {"TargetGroups": list(groups), **more}}]


@refuses("elasticloadbalancing.action.one", "TooManyActions")
def two_answers(aws):
    return Site(aws).listen(DefaultActions=[answer(), answer("404")])


@refuses("elasticloadbalancing.action.type", INVALID)
def an_answer_that_forwards(aws):
    site = Site(aws)
    return site.listen(DefaultActions=[{**answer(), "TargetGroupArn": site.group}])


@refuses("elasticloadbalancing.action.type", INVALID)
def a_redirection_to_nowhere(aws):
    return Site(aws).listen(DefaultActions=[{"Type": "redirect"}])


@refuses("elasticloadbalancing.action.network", "InvalidLoadBalancerAction")
def an_answer_to_connections(aws):
    return Site(aws, "network").listen(DefaultActions=[answer()])


@refuses("elasticloadbalancing.action.groups", INVALID)
def a_group_twice(aws):
    site = Site(aws)
    return site.listen(DefaultActions=weighted({"TargetGroupArn": site.group}, {"TargetGroupArn": site.group}))


@refuses("elasticloadbalancing.action.weight", INVALID)
def a_weight_of_a_thousand(aws):
    site = Site(aws)
    return site.listen(DefaultActions=weighted({"TargetGroupArn": site.group, "Weight": 1000}))


@refuses("elasticloadbalancing.action.stickiness", INVALID)
def clients_that_stick_for_ever(aws):
    site = Site(aws)
    sticky = {"Enabled": True, "DurationSeconds": 604801}
    return site.listen(DefaultActions=weighted({"TargetGroupArn": site.group}, TargetGroupStickinessConfig=sticky))


@refuses("elasticloadbalancing.action.vpc", UNFIT)
def a_group_of_another_vpc(aws):
    return Site(aws).listen(DefaultActions=forward(targets(aws, "other", aws.vpc("10.1.0.0/16"), "HTTP")))


@refuses("elasticloadbalancing.action.shared", "TargetGroupAssociationLimit", "The following target groups cannot be associated with more than one load balancer: {group}")
def a_group_of_two_load_balancers(aws):
    site = Site(aws)
    site.listen()[0]()
    return site.listen(LoadBalancerArn=balancer(aws, "second", site.subnets))


@refuses("elasticloadbalancing.action.most", "TooManyUniqueTargetGroupsPerLoadBalancer", "You have reached the maximum number of unique target groups that you can associate with a load balancer of type 'application': [1]")
def a_group_too_many_at_a_load_balancer(aws):
    site = Site(aws)
    site.listen()[0]()
    act, names = site.listen(Port=81, DefaultActions=forward(targets(aws, "second", site.vpc, "HTTP")))

    def within():
        with aws.world.quota("elasticloadbalancing.target-groups-per-application-load-balancer", 1):
            act()

    return within, names


@refuses(None, "TargetGroupNotFound", "One or more target groups not found")
def no_group_to_forward_to(aws):
    return Site(aws).listen(DefaultActions=forward(ABSENT["TargetGroupArn"]))


# Tags


@refuses("elasticloadbalancing.tags.twice", "DuplicateTagKeys")
def a_key_twice(aws):
    return create(aws, Tags=[{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}])


@refuses("elasticloadbalancing.tags.reserved", INVALID)
def a_key_of_aws(aws):
    return create(aws, Tags=[{"Key": "aws:a", "Value": "1"}])


@refuses("elasticloadbalancing.tags.limit", "TooManyTags")
def a_tag_too_many(aws):
    return create(aws, Tags=[{"Key": f"k{at}", "Value": "v"} for at in range(51)])


@refuses("elasticloadbalancing.tags.described", INVALID)
def tags_of_twenty_one(aws):
    site = Site(aws)
    return lambda: aws.elbv2.describe_tags(ResourceArns=[site.balancer] * 21), {}


@refuses(None, "LoadBalancerNotFound", "One or more load balancers not found")
def tags_of_a_balancer_that_is_not_there(aws):
    return lambda: aws.elbv2.describe_tags(ResourceArns=[ABSENT["LoadBalancerArn"]]), {}


@refuses(None, INVALID)
def tags_of_a_word(aws):
    return lambda: aws.elbv2.describe_tags(ResourceArns=["front"]), {}
