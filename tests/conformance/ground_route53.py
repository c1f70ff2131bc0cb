"""Route 53's ground, and a call of each of its operations that succeeds on it."""

from members import Ground, listing
from world import REGION


def values(name, kind, *given, ttl=300, **more):
    """A record set with values of its own."""
    return {"Name": name, "Type": kind, "TTL": ttl, "ResourceRecords": [{"Value": value} for value in given], **more}


def change(action, record):
    return {"Action": action, "ResourceRecordSet": record}


class Route53Ground(Ground):
    """A zone with records and tags, a bare one, and a private one that two VPCs see."""

    def zone_of(self, name, **more):
        made = self.aws.route53.create_hosted_zone(Name=name, CallerReference=f"for {name}", **more)
        return made["HostedZone"]["Id"].removeprefix("/hostedzone/")

    def make_zone(self):
        zone = self.zone_of("first.test", HostedZoneConfig={"Comment": "first"})
        weighted = [values("w.first.test", "A", f"192.0.2.{n}", SetIdentifier=f"n{n}", Weight=n) for n in (1, 2)]
        records = [values("a.first.test", "A", "192.0.2.1"), values("b.first.test", "TXT", '"text"'), *weighted]
        batch = {"Changes": [change("CREATE", record) for record in records]}
        self.aws.route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)
        tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
        self.aws.route53.change_tags_for_resource(ResourceType="hostedzone", ResourceId=zone, AddTags=tags)
        return zone

    def make_bare(self):
        return self.zone_of("bare.test")

    def make_vpc(self):
        return self.aws.vpc()

    def make_vpc2(self):
        return self.aws.vpc()

    def make_vpc3(self):
        return self.aws.vpc()

    def make_private(self):
        zone = self.zone_of("private.test", VPC={"VPCRegion": REGION, "VPCId": self["vpc"]})
        self.aws.route53.associate_vpc_with_hosted_zone(HostedZoneId=zone, VPC={"VPCRegion": REGION, "VPCId": self["vpc2"]})
        return zone

    def make_change(self):
        batch = {"Comment": "third", "Changes": [change("CREATE", values("c.bare.test", "A", "192.0.2.1"))]}
        made = self.aws.route53.change_resource_record_sets(HostedZoneId=self["bare"], ChangeBatch=batch)
        return made["ChangeInfo"]["Id"].removeprefix("/change/")


def here(g, vpc):
    return {"VPCRegion": REGION, "VPCId": g[vpc]}


BASES = {
    "AssociateVPCWithHostedZone": lambda g: dict(HostedZoneId=g["private"], VPC=here(g, "vpc3")),
    "ChangeResourceRecordSets": lambda g: dict(
        HostedZoneId=g["zone"], ChangeBatch={"Changes": [change("UPSERT", values("a.first.test", "A", "192.0.2.9"))]}
    ),
    "ChangeTagsForResource": lambda g: dict(
        ResourceType="hostedzone", ResourceId=g["zone"], AddTags=[{"Key": "new", "Value": "new"}], RemoveTagKeys=["a"]
    ),
    "CreateHostedZone": lambda g: dict(
        Name="new.test", CallerReference="new", HostedZoneConfig={"Comment": "new", "PrivateZone": True}, VPC=here(g, "vpc")
    ),
    "DeleteHostedZone": lambda g: dict(Id=g["bare"]),
    "DisassociateVPCFromHostedZone": lambda g: dict(HostedZoneId=g["private"], VPC=here(g, "vpc2")),
    "GetAccountLimit": listing(Type="MAX_HOSTED_ZONES_BY_OWNER"),
    "GetChange": lambda g: dict(Id=g["change"]),
    "GetHostedZone": lambda g: dict(Id=g["zone"]),
    "GetHostedZoneCount": listing(),
    "GetHostedZoneLimit": lambda g: dict(HostedZoneId=g["private"], Type="MAX_RRSETS_BY_ZONE"),
    "ListHostedZones": lambda g: dict() if g["zone"] and g["bare"] and g["private"] else {},
    "ListHostedZonesByName": lambda g: dict(DNSName="bare.test") if g["zone"] and g["bare"] and g["private"] else {},
    "ListHostedZonesByVPC": lambda g: dict(VPCId=g["vpc"], VPCRegion=REGION) if g["private"] else {},
    "ListResourceRecordSets": lambda g: dict(HostedZoneId=g["zone"], StartRecordName="w.first.test", StartRecordType="A"),
    "ListTagsForResource": lambda g: dict(ResourceType="hostedzone", ResourceId=g["zone"]),
    "ListTagsForResources": lambda g: dict(ResourceType="hostedzone", ResourceIds=[g["zone"]]),
    "UpdateHostedZoneComment": lambda g: dict(Id=g["zone"], Comment="second"),
}

SET = "ChangeResourceRecordSets.ChangeBatch.Changes[].ResourceRecordSet"

# Values for members of one operation, where the general ones would not tell.
VALUES = {
    "AssociateVPCWithHostedZone.VPC.VPCRegion": "us-west-2",
    "CreateHostedZone.VPC.VPCRegion": "us-west-2",
    f"{SET}.CidrRoutingConfig.LocationName": "there",
    f"{SET}.GeoLocation.ContinentCode": "EU",
    f"{SET}.GeoLocation.CountryCode": "DE",
    f"{SET}.GeoLocation.SubdivisionCode": "CA",
    "ChangeResourceRecordSets.ChangeBatch.Changes[].Action": "CREATE",
    "ChangeResourceRecordSets.ChangeBatch.Changes[].ResourceRecordSet.Type": "TXT",
    "DisassociateVPCFromHostedZone.VPC.VPCRegion": "us-west-2",
    "GetAccountLimit.Type": "MAX_HEALTH_CHECKS_BY_OWNER",
    "GetHostedZoneLimit.Type": "MAX_VPCS_ASSOCIATED_BY_ZONE",
    "ListHostedZones.HostedZoneType": "PrivateHostedZone",
    "ListHostedZonesByVPC.VPCRegion": "us-west-2",
    "ListResourceRecordSets.StartRecordIdentifier": "n2",
    "ListResourceRecordSets.StartRecordType": "TXT",
    **{f"{operation}.MaxItems": "1" for operation in BASES},
    **{f"{operation}.ResourceType": "healthcheck" for operation in BASES},
}

GROUND = Route53Ground
