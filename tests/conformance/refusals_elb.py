"""What Elastic Load Balancing refuses of classic load balancers, and in which words."""

from ground_elb import balancer, listener
from ground_elbv2 import faced
from refusal import Cases

CASES = Cases()
refuses = CASES.refuses

INVALID = "ValidationError"
UNFIT = "InvalidConfigurationRequest"


def create(aws, name="door", **more):
    """A load balancer that could be made but for what is said of it."""
    if "Subnets" not in more:
        more["Subnets"] = faced(aws)[1]
    request = {"LoadBalancerName": name, "Listeners": [listener()], **more}
    request = {name: value for name, value in request.items() if value is not None}
    return lambda: aws.elb.create_load_balancer(**request), {"name": name}


def listen(aws, *listeners):
    return create(aws, Listeners=list(listeners))


@refuses("elasticloadbalancing.classic.name", INVALID, "LoadBalancer name cannot be longer than 32 characters")
def a_classic_name_that_is_long(aws):
    return create(aws, "a" * 33)


@refuses("elasticloadbalancing.classic.name", INVALID, "LoadBalancer name cannot contain characters that are not letters, or digits or the dash.")
def a_classic_name_with_a_dot(aws):
    return create(aws, "front.door")


@refuses("elasticloadbalancing.classic.name", INVALID)
def a_classic_name_with_a_hyphen_at_its_end(aws):
    return create(aws, "door-")


@refuses("elasticloadbalancing.classic.name.unique", "DuplicateLoadBalancerName", "Load Balancer named door already exists and it is configured with different tags.")
def a_classic_name_of_other_tags(aws):
    _, subnets = faced(aws)
    balancer(aws, "door", subnets)
    return create(aws, Subnets=subnets, Tags=[{"Key": "a", "Value": "1"}])


@refuses("elasticloadbalancing.classic.name.unique", "DuplicateLoadBalancerName")
def a_classic_name_of_another_scheme(aws):
    _, subnets = faced(aws)
    balancer(aws, "door", subnets)
    return create(aws, Subnets=subnets, Scheme="internal")


@refuses("elasticloadbalancing.classic.scheme", "InvalidScheme")
def a_scheme_that_there_is_not(aws):
    return create(aws, Scheme="public")


@refuses("elasticloadbalancing.classic.quota", "TooManyLoadBalancers", "Exceeded quota of account 000000000000")
def a_classic_load_balancer_too_many(aws):
    act, names = create(aws)

    def within():
        with aws.world.quota("elasticloadbalancing.classic-load-balancers", 0):
            act()

    return within, names


@refuses(None, "LoadBalancerNotFound", "There is no ACTIVE Load Balancer named 'absent'")
def no_classic_load_balancer_of_a_name(aws):
    return lambda: aws.elb.describe_load_balancers(LoadBalancerNames=["absent"]), {}


@refuses("elasticloadbalancing.page.token", INVALID)
def classic_load_balancers_after_no_page(aws):
    return lambda: aws.elb.describe_load_balancers(Marker="none"), {}


# Where they stand


@refuses("elasticloadbalancing.classic.subnets", INVALID, "Either AvailabilityZones or SubnetIds must be specified")
def a_classic_load_balancer_nowhere(aws):
    return create(aws, Subnets=None)


@refuses("elasticloadbalancing.classic.subnets", INVALID, "Only one of SubnetIds or AvailabilityZones may be specified")
def a_classic_load_balancer_in_subnets_and_zones(aws):
    return create(aws, AvailabilityZones=["us-east-1a"])


@refuses("elasticloadbalancing.subnets.exist", "SubnetNotFound", "InvalidSubnetID.NotFound")
def a_classic_load_balancer_in_no_subnet(aws):
    return create(aws, Subnets=[*faced(aws)[1], "subnet-0123456789abcdef0"])


@refuses("elasticloadbalancing.subnets.zones", UNFIT, "ELB cannot be attached to multiple subnets in the same AZ.", status=409)
def a_classic_load_balancer_twice_in_a_zone(aws):
    vpc, subnets = faced(aws)
    return create(aws, Subnets=[*subnets, aws.subnet(vpc, 77)])


@refuses("elasticloadbalancing.subnets.gateway", "InvalidSubnet", "VPC {vpc} has no internet gateway")
def a_classic_load_balancer_that_nothing_reaches(aws):
    vpc, subnets = aws.two_subnets()
    act, names = create(aws, Subnets=subnets)
    return act, {**names, "vpc": vpc}


@refuses("elasticloadbalancing.groups", "InvalidSecurityGroup", "The security group 'sg-0123456789abcdef0' does not exist")
def a_classic_load_balancer_of_no_group(aws):
    return create(aws, SecurityGroups=["sg-0123456789abcdef0"])


@refuses("elasticloadbalancing.groups", UNFIT, 'Security group "{group}" does not belong to VPC "{vpc}"', status=409)
def a_classic_load_balancer_of_a_foreign_group(aws):
    vpc, subnets = faced(aws)
    group = aws.group(aws.vpc("10.1.0.0/16"))
    act, names = create(aws, Subnets=subnets, SecurityGroups=[group])
    return act, {**names, "vpc": vpc, "group": group}


# Listeners


@refuses("elasticloadbalancing.classic.listener.protocol", "UnsupportedProtocol")
def a_classic_listener_by_datagrams(aws):
    return listen(aws, listener("UDP"))


@refuses("elasticloadbalancing.classic.listener.layer", INVALID)
def connections_to_instances_that_answer_requests(aws):
    return listen(aws, listener("TCP", InstanceProtocol="HTTP"))


@refuses("elasticloadbalancing.classic.listener.instances", INVALID)
def an_instance_port_with_two_protocols(aws):
    return listen(aws, listener(), listener(port=81, InstanceProtocol="SSL"))


@refuses("elasticloadbalancing.classic.listener.port", INVALID)
def a_classic_port_twice(aws):
    return listen(aws, listener(), listener(instances=31081))


@refuses("elasticloadbalancing.classic.listener.port", INVALID)
def a_classic_port_beyond_all(aws):
    return listen(aws, listener(port=65536))


@refuses("elasticloadbalancing.classic.listener.certificate", INVALID, "Secure Listeners need to specify a SSLCertificateId")
def a_secure_listener_without_a_certificate(aws):
    return listen(aws, listener("HTTPS"))


@refuses("elasticloadbalancing.classic.listener.certificate.exists", "CertificateNotFound", "Server Certificate not found for the key: arn:aws:iam::000000000000:server-certificate/absent")
def a_classic_certificate_that_is_not_there(aws):
    return listen(aws, listener("HTTPS", SSLCertificateId="arn:aws:iam::000000000000:server-certificate/absent"))


# Tags


@refuses("elasticloadbalancing.classic.tags.one", INVALID)
def tags_of_two_classic_load_balancers(aws):
    _, subnets = faced(aws)
    names = [balancer(aws, name, subnets) for name in ("door", "back")]
    return lambda: aws.elb.add_tags(LoadBalancerNames=names, Tags=[{"Key": "a"}]), {}


@refuses("elasticloadbalancing.tags.twice", "DuplicateTagKeys")
def a_classic_key_twice(aws):
    return create(aws, Tags=[{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}])


@refuses("elasticloadbalancing.tags.limit", "TooManyTags")
def classic_tags_beyond_the_limit(aws):
    return create(aws, Tags=[{"Key": f"key-{number}", "Value": ""} for number in range(51)])
