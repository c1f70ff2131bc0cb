"""Elastic Load Balancing's ground, and a call of each of its operations that succeeds on it."""

from ground_acm import issued
from members import Ground, With
from world import ACCOUNT, REGION


def arn(rest):
    return f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:{rest}"


def faced(aws):
    """A VPC that the internet reaches, and its subnets in two zones."""
    vpc, subnets = aws.two_subnets()
    aws.gateway(vpc)
    return vpc, subnets


def balancer(aws, name, subnets, **more):
    made = aws.elbv2.create_load_balancer(Name=name, Subnets=subnets, **more)
    return made["LoadBalancers"][0]["LoadBalancerArn"]


def targets(aws, name, vpc, protocol="TCP", **more):
    made = aws.elbv2.create_target_group(Name=name, Protocol=protocol, Port=80, VpcId=vpc, **more)
    return made["TargetGroups"][0]["TargetGroupArn"]


def forward(group):
    return [{"Type": "forward", "TargetGroupArn": group}]


def listener(aws, of, group, protocol="TCP", port=80, **more):
    request = dict(LoadBalancerArn=of, Protocol=protocol, Port=port, DefaultActions=forward(group))
    return aws.elbv2.create_listener(**{**request, **more})["Listeners"][0]["ListenerArn"]


class BalancersGround(Ground):
    """Load balancers of both types in a VPC, with groups that they forward to and groups that nothing does."""

    def make_place(self):
        return faced(self.aws)

    def make_vpc(self):
        return self["place"][0]

    def make_subnets(self):
        return self["place"][1]

    def make_vpc2(self):
        return self.aws.vpc("10.1.0.0/16")

    def make_group(self):
        return self.aws.group(self["vpc"])

    def make_app(self):
        tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
        return balancer(self.aws, "app", self["subnets"], Tags=tags)

    def make_net(self):
        return balancer(self.aws, "net", self["subnets"], Type="network")

    def make_requests(self):
        return targets(self.aws, "requests", self["vpc"], "HTTP")

    def make_connections(self):
        return targets(self.aws, "connections", self["vpc"])

    def make_spare(self):
        return targets(self.aws, "spare", self["vpc"], "HTTP")

    def make_listener(self):
        return listener(self.aws, self["net"], self["connections"])

    def make_listener2(self):
        return listener(self.aws, self["app"], self["requests"], "HTTP")

    def make_certificate(self):
        return issued(self.aws)

    def all(self):
        for name in ("app", "net", "requests", "connections", "spare", "listener", "listener2"):
            self[name]
        return self


BASES = {
    "AddTags": lambda g: dict(ResourceArns=[g["app"]], Tags=[{"Key": "new", "Value": "new"}]),
    "CreateListener": lambda g: dict(
        LoadBalancerArn=g["app"], Protocol="HTTP", Port=81, DefaultActions=forward(g["spare"])
    ),
    "CreateLoadBalancer": lambda g: dict(Name="new", Subnets=g["subnets"]),
    "CreateTargetGroup": lambda g: dict(Name="new", Protocol="HTTP", Port=80, VpcId=g["vpc"]),
    "DeleteListener": lambda g: dict(ListenerArn=g["listener"]),
    "DeleteLoadBalancer": lambda g: dict(LoadBalancerArn=g["app"]),
    "DeleteTargetGroup": lambda g: dict(TargetGroupArn=g["spare"]),
    "DescribeListeners": lambda g: dict(LoadBalancerArn=g["app"]),
    "DescribeLoadBalancerAttributes": lambda g: dict(LoadBalancerArn=g["app"]),
    "DescribeLoadBalancers": lambda g: {},
    "DescribeTags": lambda g: dict(ResourceArns=[g["app"]]),
    "DescribeTargetGroups": lambda g: {},
    "ModifyLoadBalancerAttributes": lambda g: dict(
        LoadBalancerArn=g["app"], Attributes=[{"Key": "routing.http2.enabled", "Value": "false"}]
    ),
    "RemoveTags": lambda g: dict(ResourceArns=[g["app"]], TagKeys=["a"]),
}

NETWORK = {"Type": "network", "Scheme": "internal", "Subnets": None}
MAPPED = {**NETWORK, "SubnetMappings": lambda g: [{"SubnetId": g["subnets"][0]}]}
SECURE = {"Protocol": "HTTPS", "Certificates": lambda g: [{"CertificateArn": g["certificate"]}]}
TLS = {
    **SECURE,
    "Protocol": "TLS",
    "LoadBalancerArn": lambda g: g["net"],
    "DefaultActions": lambda g: forward(g["connections"]),
}
ABSENT = {
    "LoadBalancerArn": arn("loadbalancer/app/absent/0123456789abcdef"),
    "TargetGroupArn": arn("targetgroup/absent/0123456789abcdef"),
    "ListenerArn": arn("listener/app/absent/0123456789abcdef/0123456789abcdef"),
}


def action(**config):
    """A request of another action by default."""
    return {"DefaultActions": [config]}


FORWARD = {"DefaultActions": lambda g: [{"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": g["spare"]}]}}]}
REDIRECT = action(Type="redirect", RedirectConfig={"StatusCode": "HTTP_301", "Port": "443"})
ANSWER = action(Type="fixed-response", FixedResponseConfig={"StatusCode": "200"})
AT = "CreateListener.DefaultActions[]"

# Values for members of one operation, where the general ones would not tell.
VALUES = {
    **{f"{operation}.{member}": value for operation in BASES for member, value in ABSENT.items()},
    **{f"{operation}.ResourceArns": [[ABSENT["TargetGroupArn"]]] for operation in BASES},
    **{f"{operation}.PageSize": 1 for operation in BASES},
    "AddTags.Tags[].Key": "other",
    "RemoveTags.TagKeys": [["b"]],
    "DescribeListeners.ListenerArns": With(lambda g: [g["listener2"]], {"LoadBalancerArn": None, "ListenerArns": lambda g: [g["listener"]]}),
    "DescribeListeners.PageSize": With(1, {"LoadBalancerArn": None, "ListenerArns": lambda g: [g["listener"], g["listener2"]]}),
    "DescribeLoadBalancers.LoadBalancerArns": [[ABSENT["LoadBalancerArn"]]],
    "DescribeLoadBalancers.Names": [["absent"]],
    "DescribeTargetGroups.TargetGroupArns": [[ABSENT["TargetGroupArn"]]],
    "DescribeTargetGroups.Names": [["absent"]],
    "ModifyLoadBalancerAttributes.Attributes[].Key": "deletion_protection.enabled",
    "ModifyLoadBalancerAttributes.Attributes[].Value": "true",
    "CreateLoadBalancer.Name": "other",
    "CreateLoadBalancer.Subnets": [["subnet-0123456789abcdef0"]],
    "CreateLoadBalancer.SecurityGroups": With(lambda g: [g["group"]], {}),
    "CreateLoadBalancer.Scheme": "internal",
    "CreateLoadBalancer.Type": "network",
    "CreateLoadBalancer.IpAddressType": "dualstack",
    "CreateLoadBalancer.CustomerOwnedIpv4Pool": "ipv4pool-coip-0123456789",
    "CreateLoadBalancer.EnablePrefixForIpv6SourceNat": "on",
    "CreateLoadBalancer.IpamPools.Ipv4IpamPoolId": "ipam-pool-0123456789",
    "CreateLoadBalancer.SubnetMappings[].SubnetId": With(lambda g: g["subnets"][1], MAPPED),
    "CreateLoadBalancer.SubnetMappings[].AllocationId": With("eipalloc-0123456789abcdef0", MAPPED),
    "CreateLoadBalancer.SubnetMappings[].PrivateIPv4Address": With("10.0.1.77", MAPPED),
    "CreateLoadBalancer.SubnetMappings[].IPv6Address": With("2001:db8::1", MAPPED),
    "CreateLoadBalancer.SubnetMappings[].SourceNatIpv6Prefix": With("2001:db8::/80", MAPPED),
    "CreateTargetGroup.Name": "other",
    "CreateTargetGroup.Protocol": "HTTPS",
    "CreateTargetGroup.ProtocolVersion": "HTTP2",
    "CreateTargetGroup.Port": 81,
    "CreateTargetGroup.VpcId": With(lambda g: g["vpc2"], {}),
    "CreateTargetGroup.HealthCheckProtocol": "HTTPS",
    "CreateTargetGroup.HealthCheckPort": "8080",
    "CreateTargetGroup.HealthCheckEnabled": False,
    "CreateTargetGroup.HealthCheckPath": "/health",
    "CreateTargetGroup.HealthCheckIntervalSeconds": 60,
    "CreateTargetGroup.HealthCheckTimeoutSeconds": 6,
    "CreateTargetGroup.HealthyThresholdCount": 3,
    "CreateTargetGroup.UnhealthyThresholdCount": 3,
    "CreateTargetGroup.Matcher.HttpCode": "200-299",
    "CreateTargetGroup.Matcher.GrpcCode": With("0", {"ProtocolVersion": "GRPC"}),
    "CreateTargetGroup.TargetType": "ip",
    "CreateTargetGroup.IpAddressType": "ipv6",
    "CreateTargetGroup.TargetControlPort": 3000,
    "CreateListener.Protocol": "TCP",
    "CreateListener.Port": 82,
    "CreateListener.SslPolicy": With("ELBSecurityPolicy-TLS13-1-2-2021-06", SECURE),
    "CreateListener.Certificates[].CertificateArn": With("arn:aws:acm:us-east-1:000000000000:certificate/absent", SECURE),
    "CreateListener.Certificates[].IsDefault": With(True, SECURE),
    "CreateListener.AlpnPolicy": With(["HTTP2Preferred"], TLS),
    f"{AT}.Type": "redirect",
    f"{AT}.TargetGroupArn": ABSENT["TargetGroupArn"],
    f"{AT}.Order": 2,
    f"{AT}.ForwardConfig.TargetGroups[].TargetGroupArn": With(ABSENT["TargetGroupArn"], FORWARD),
    f"{AT}.ForwardConfig.TargetGroups[].Weight": With(7, FORWARD),
    f"{AT}.ForwardConfig.TargetGroupStickinessConfig.Enabled": With(True, FORWARD),
    f"{AT}.ForwardConfig.TargetGroupStickinessConfig.DurationSeconds": With(60, FORWARD),
    **{
        f"{AT}.RedirectConfig.{member}": With(value, REDIRECT)
        for member, value in {
            "Protocol": "HTTPS",
            "Port": "8443",
            "Host": "example.com",
            "Path": "/other",
            "Query": "a=b",
            "StatusCode": "HTTP_302",
        }.items()
    },
    **{
        f"{AT}.FixedResponseConfig.{member}": With(value, ANSWER)
        for member, value in {"StatusCode": "404", "MessageBody": "gone", "ContentType": "text/plain"}.items()
    },
}

GROUND = BalancersGround
