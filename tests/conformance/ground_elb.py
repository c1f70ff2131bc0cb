"""Classic load balancers' ground, and a call of each of their operations that succeeds on it."""

from ground_acm import issued
from ground_elbv2 import faced
from members import Ground, With


def listener(protocol="TCP", port=80, instances=31080, **more):
    return {"Protocol": protocol, "LoadBalancerPort": port, "InstancePort": instances, **more}


def balancer(aws, name, subnets, **more):
    request = dict(LoadBalancerName=name, Subnets=subnets, Listeners=[listener()])
    aws.elb.create_load_balancer(**{**request, **more})
    return name


class ClassicGround(Ground):
    """Two load balancers in a VPC, one of them with tags."""

    def make_place(self):
        return faced(self.aws)

    def make_vpc(self):
        return self["place"][0]

    def make_subnets(self):
        return self["place"][1]

    def make_group(self):
        return self.aws.group(self["vpc"])

    def make_door(self):
        tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
        return balancer(self.aws, "door", self["subnets"], Tags=tags)

    def make_back(self):
        return balancer(self.aws, "back", self["subnets"], Scheme="internal")

    def make_certificate(self):
        return issued(self.aws)

    def all(self):
        for name in ("door", "back"):
            self[name]
        return self


BASES = {
    "AddTags": lambda g: dict(LoadBalancerNames=[g["door"]], Tags=[{"Key": "new", "Value": "new"}]),
    "CreateLoadBalancer": lambda g: dict(LoadBalancerName="new", Subnets=g["subnets"], Listeners=[listener()]),
    "DeleteLoadBalancer": lambda g: dict(LoadBalancerName=g["door"]),
    "DescribeLoadBalancers": lambda g: {},
    "DescribeTags": lambda g: dict(LoadBalancerNames=[g["door"]]),
    "RemoveTags": lambda g: dict(LoadBalancerNames=[g["door"]], Tags=[{"Key": "a"}]),
}

SECURE = {"Listeners": lambda g: [listener("HTTPS", SSLCertificateId=g["certificate"])]}
AT = "CreateLoadBalancer.Listeners[]"

# Values for members of one operation, where the general ones would not tell.
VALUES = {
    **{f"{operation}.LoadBalancerNames": [["absent"]] for operation in BASES},
    "AddTags.Tags[].Key": "other",
    "RemoveTags.Tags[].Key": "b",
    "DeleteLoadBalancer.LoadBalancerName": "back",
    "DescribeLoadBalancers.PageSize": 1,
    "CreateLoadBalancer.LoadBalancerName": "other",
    "CreateLoadBalancer.Subnets": [["subnet-0123456789abcdef0"]],
    "CreateLoadBalancer.AvailabilityZones": [["us-east-1a"]],
    "CreateLoadBalancer.SecurityGroups": With(lambda g: [g["group"]], {}),
    "CreateLoadBalancer.Scheme": "internal",
    f"{AT}.Protocol": "SSL",
    f"{AT}.LoadBalancerPort": 81,
    f"{AT}.InstanceProtocol": "SSL",
    f"{AT}.InstancePort": 31081,
    f"{AT}.SSLCertificateId": With("arn:aws:acm:us-east-1:000000000000:certificate/absent", SECURE),
}

GROUND = ClassicGround
