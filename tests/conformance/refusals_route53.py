"""What Route 53 refuses, and in which words."""

from ground_route53 import change, values
from refusal import Cases
from world import REGION

CASES = Cases()
refuses = CASES.refuses

INPUT = "InvalidInput"
BATCH = "InvalidChangeBatch"


def zone(aws, name="main.test", **more):
    made = aws.route53.create_hosted_zone(Name=name, CallerReference=aws.name("zone"), **more)
    return made["HostedZone"]["Id"].removeprefix("/hostedzone/")


def private(aws, *vpcs, name="main.test"):
    first, *rest = vpcs
    made = zone(aws, name, VPC=at(first))
    for vpc in rest:
        aws.route53.associate_vpc_with_hosted_zone(HostedZoneId=made, VPC=at(vpc))
    return made


def at(vpc, region=REGION):
    return {"VPCRegion": region, "VPCId": vpc}


def changes(aws, at, *wanted):
    """A call that asks for these changes."""
    return lambda: aws.route53.change_resource_record_sets(HostedZoneId=at, ChangeBatch={"Changes": list(wanted)})


def making(aws, *records, action="CREATE"):
    """A call that makes these records in a zone of their own."""
    return changes(aws, zone(aws), *(change(action, record) for record in records)), {}


def beside(aws, *records):
    """A call that makes the last of these records in a zone that has the others."""
    made = zone(aws)
    *there, last = records
    changes(aws, made, *(change("CREATE", record) for record in there))()
    return changes(aws, made, change("CREATE", last)), {}


def alias(name, target, place, kind="A", evaluate=False):
    aim = {"HostedZoneId": place, "DNSName": target, "EvaluateTargetHealth": evaluate}
    return {"Name": name, "Type": kind, "AliasTarget": aim}


# Zones


@refuses(None, "NoSuchHostedZone", "No hosted zone found with ID: ZABSENT", 404)
def zone_that_is_not_there(aws):
    return lambda: aws.route53.get_hosted_zone(Id="ZABSENT"), {}


@refuses(None, "NoSuchChange", None, 404)
def change_that_is_not_there(aws):
    return lambda: aws.route53.get_change(Id="CABSENT"), {}


@refuses(None, "NoSuchHostedZone", "No hosted zone found with ID: ZABSENT", 404)
def zone_deleted_that_is_not_there(aws):
    return lambda: aws.route53.delete_hosted_zone(Id="ZABSENT"), {}


@refuses(None, "NoSuchHostedZone", None, 404)
def tags_of_a_zone_that_is_not_there(aws):
    tags = [{"Key": "foo", "Value": "bar"}]
    return lambda: aws.route53.change_tags_for_resource(ResourceType="hostedzone", ResourceId="Z" + "A" * 31, AddTags=tags), {}


@refuses("route53.zone.reference", "HostedZoneAlreadyExists", "A hosted zone has already been created with the specified caller reference.", 409)
def zone_of_a_reference_that_was_used(aws):
    made = aws.route53.create_hosted_zone(Name="one.test", CallerReference="once")["HostedZone"]["Id"]
    aws.route53.delete_hosted_zone(Id=made)
    return lambda: aws.route53.create_hosted_zone(Name="two.test", CallerReference="once"), {}


@refuses("route53.zone.name", "InvalidDomainName", "FATAL problem: DomainLabelEmpty (Domain label is empty) encountered with 'two..test'")
def zone_of_no_name(aws):
    return lambda: zone(aws, "two..test"), {}


@refuses("route53.zone.name", "InvalidDomainName", "FATAL problem: DomainLabelEmpty (Domain label is empty) encountered with 'two..test'")
def zones_from_no_name(aws):
    return lambda: aws.route53.list_hosted_zones_by_name(DNSName="two..test"), {}


@refuses("route53.zone.top", "InvalidDomainName", None)
def zone_of_a_top_level_domain(aws):
    return lambda: zone(aws, "com"), {}


@refuses("route53.zone.reserved", "InvalidDomainName", "example.com. is reserved by AWS!")
def zone_of_an_example(aws):
    return lambda: zone(aws, "example.com"), {}


@refuses("route53.zone.quota", "TooManyHostedZones", None)
def zone_too_many(aws):
    aws.world.ask("PUT", "quotas", {"name": "route53.zones", "limit": 1})
    zone(aws)
    return lambda: zone(aws), {}


@refuses("route53.zone.empty", "HostedZoneNotEmpty", "The specified hosted zone contains non-required resource record sets  and so cannot be deleted.")
def zone_with_a_record(aws):
    made = zone(aws)
    changes(aws, made, change("CREATE", values("a.main.test", "A", "192.0.2.1")))()
    return lambda: aws.route53.delete_hosted_zone(Id=made), {}


@refuses("route53.zone.busy", "PriorRequestNotComplete", "The request was rejected because Route 53 was still processing a prior request.")
def change_after_a_change(aws):
    made = zone(aws)
    aws.world.settle_seconds = 0
    changes(aws, made, change("CREATE", values("a.main.test", "A", "192.0.2.1")))()
    return changes(aws, made, change("CREATE", values("b.main.test", "A", "192.0.2.1"))), {}


@refuses("route53.zone.kind", INPUT, None)
def zones_by_an_id_without_a_name(aws):
    return lambda: aws.route53.list_hosted_zones_by_name(HostedZoneId="ZABSENT"), {}


@refuses("route53.page.size", INPUT, None)
def zones_on_a_page_of_none(aws):
    return lambda: aws.route53.list_hosted_zones(MaxItems="none"), {}


# VPCs


@refuses("route53.vpc.given", INPUT, None)
def private_zone_of_no_vpc(aws):
    return lambda: zone(aws, HostedZoneConfig={"PrivateZone": True}), {}


@refuses("route53.vpc.given", INPUT, None)
def private_zone_of_a_vpc_of_no_region(aws):
    vpc = aws.vpc()
    return lambda: zone(aws, VPC={"VPCId": vpc}), {}


@refuses("route53.vpc.exists", "InvalidVPCId", None)
def private_zone_of_a_vpc_elsewhere(aws):
    vpc = aws.vpc()
    return lambda: zone(aws, VPC=at(vpc, "us-west-2")), {}


@refuses("route53.vpc.public", "PublicZoneVPCAssociation", "Attempting to associate public zone: {zone} with vpc: {vpc}")
def public_zone_with_a_vpc(aws):
    made, vpc = zone(aws), aws.vpc()
    return lambda: aws.route53.associate_vpc_with_hosted_zone(HostedZoneId=made, VPC=at(vpc)), {"zone": made, "vpc": vpc}


@refuses("route53.vpc.conflict", "ConflictingDomainExists", f"The VPC {{vpc}} in region {REGION} has already been associated with the hosted zone {{zone}} with the same domain name.")
def second_private_zone_of_a_name(aws):
    vpc = aws.vpc()
    made = private(aws, vpc)
    return lambda: private(aws, vpc), {"vpc": vpc, "zone": made.rpartition("/")[2]}


@refuses("route53.vpc.quota", "LimitsExceeded", None)
def vpc_too_many(aws):
    aws.world.ask("PUT", "quotas", {"name": "route53.vpcs-per-zone", "limit": 1})
    made, vpc = private(aws, aws.vpc()), aws.vpc()
    return lambda: aws.route53.associate_vpc_with_hosted_zone(HostedZoneId=made, VPC=at(vpc)), {}


@refuses("route53.vpc.associated", "VPCAssociationNotFound", None, 404)
def vpc_that_does_not_see_the_zone(aws):
    made, vpc = private(aws, aws.vpc(), aws.vpc()), aws.vpc()
    return lambda: aws.route53.disassociate_vpc_from_hosted_zone(HostedZoneId=made, VPC=at(vpc)), {}


@refuses("route53.vpc.last", "LastVPCAssociation", None)
def last_vpc_of_a_zone(aws):
    vpc = aws.vpc()
    made = private(aws, vpc)
    return lambda: aws.route53.disassociate_vpc_from_hosted_zone(HostedZoneId=made, VPC=at(vpc)), {}


@refuses("route53.vpc.token", "InvalidPaginationToken", None)
def zones_of_a_vpc_after_no_page(aws):
    return lambda: aws.route53.list_hosted_zones_by_vpc(VPCId="vpc-1", VPCRegion=REGION, NextToken="none"), {}


@refuses("route53.limit.private", "HostedZoneNotPrivate", None)
def how_many_vpcs_a_public_zone_has(aws):
    made = zone(aws)
    return lambda: aws.route53.get_hosted_zone_limit(HostedZoneId=made, Type="MAX_VPCS_ASSOCIATED_BY_ZONE"), {}


# Tags


def tagging(aws, **more):
    made = zone(aws)
    return lambda: aws.route53.change_tags_for_resource(ResourceType="hostedzone", ResourceId=made, **more), {}


@refuses("route53.tags.given", INPUT, None)
def tags_neither_added_nor_removed(aws):
    return tagging(aws)


@refuses("route53.tags.key", INPUT, None)
def tag_of_aws(aws):
    return tagging(aws, AddTags=[{"Key": "aws:a", "Value": "1"}])


@refuses("route53.tags.key", INPUT, None)
def tags_with_one_key(aws):
    return tagging(aws, AddTags=[{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}])


@refuses("route53.tags.limit", INPUT, None)
def tags_too_many(aws):
    made = zone(aws)

    def add(start):
        tags = [{"Key": f"k{n}", "Value": "v"} for n in range(start, start + 10)]
        aws.route53.change_tags_for_resource(ResourceType="hostedzone", ResourceId=made, AddTags=tags)

    for start in range(0, 50, 10):
        add(start)
    return lambda: add(50), {}


# Lists of records


@refuses("route53.record.start", INPUT, None)
def records_from_a_type_without_a_name(aws):
    made = zone(aws)
    return lambda: aws.route53.list_resource_record_sets(HostedZoneId=made, StartRecordType="A"), {}


@refuses("route53.record.start", INPUT, None)
def records_from_an_identifier_without_a_type(aws):
    made = zone(aws)
    ask = dict(HostedZoneId=made, StartRecordName="a.main.test", StartRecordIdentifier="a")
    return lambda: aws.route53.list_resource_record_sets(**ask), {}


@refuses("route53.name", INPUT, None)
def records_from_no_name(aws):
    made = zone(aws)
    return lambda: aws.route53.list_resource_record_sets(HostedZoneId=made, StartRecordName="a..test"), {}


# Batches

ONE_OF = "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId], but found {} in Change with [Action=CREATE, Name=a.main.test, Type=A, SetIdentifier=null]"


@refuses("route53.batch.one-of", INPUT, ONE_OF.format("none"))
def record_without_a_ttl(aws):
    record = values("a.main.test", "A", "192.0.2.1")
    del record["TTL"]
    return making(aws, record)


@refuses("route53.batch.one-of", INPUT, ONE_OF.format("more than one"))
def alias_with_a_ttl(aws):
    return making(aws, {**alias("a.main.test", "d1.cloudfront.net", "Z2FDTNDATAQYW2"), "TTL": 60})


@refuses("route53.batch.identifier", INPUT, "Invalid request: Missing field 'SetIdentifier' in Change with [Action=CREATE, Name=a.main.test, Type=A, SetIdentifier=null]")
def weight_without_an_identifier(aws):
    return making(aws, values("a.main.test", "A", "192.0.2.1", Weight=1))


@refuses("route53.batch.identifier", INPUT, None)
def identifier_without_a_policy(aws):
    return making(aws, values("a.main.test", "A", "192.0.2.1", SetIdentifier="a"))


@refuses("route53.batch.records", BATCH, "[Number of records limit of 1000 exceeded.]")
def values_too_many(aws):
    addresses = [f"192.0.{n // 250}.{n % 250}" for n in range(251)]
    return making(aws, *(values(f"{name}.main.test", "A", *addresses) for name in "ab"), action="UPSERT")


@refuses("route53.batch.characters", BATCH, "[Number of characters limit of 32000 exceeded.]")
def values_too_long(aws):
    long = " ".join(f'"{"a" * 255}"' for _ in range(15))
    return making(aws, *(values(f"{n}.main.test", "TXT", long) for n in range(9)))


@refuses("route53.batch.zone", BATCH, "[RRSet with DNS name a.other.test. is not permitted in zone main.test.]")
def record_of_another_domain(aws):
    return making(aws, values("a.other.test", "A", "192.0.2.1"))


@refuses("route53.name", BATCH, "[FATAL problem: DomainLabelEmpty (Domain label is empty) encountered with 'a..main.test']")
def record_of_no_name(aws):
    return making(aws, values("a..main.test", "A", "192.0.2.1"))


@refuses("route53.batch.exists", BATCH, "[Tried to create resource record set [name='a.main.test.', type='A'] but it already exists]")
def record_twice(aws):
    return beside(aws, values("a.main.test", "A", "192.0.2.1"), values("a.main.test", "A", "192.0.2.2"))


@refuses("route53.batch.exists", BATCH, "[Tried to delete resource record set [name='a.main.test.', type='A', set-identifier='b'] but it was not found]")
def delete_of_no_record(aws):
    record = values("a.main.test", "A", "192.0.2.1", SetIdentifier="b", Weight=1)
    return making(aws, record, action="DELETE")


@refuses("route53.batch.values", BATCH, "[Tried to delete resource record set [name='a.main.test.', type='A'] but the values provided do not match the current values]")
def delete_of_a_record_that_has_changed(aws):
    made = zone(aws)
    changes(aws, made, change("CREATE", values("a.main.test", "A", "192.0.2.1")))()
    return changes(aws, made, change("DELETE", values("a.main.test", "A", "192.0.2.2"))), {}


@refuses("route53.batch.apex", BATCH, "[RRSet of type CNAME with DNS name main.test. is not permitted at apex in zone main.test.]")
def cname_of_the_zone(aws):
    return making(aws, values("main.test", "CNAME", "a.other.test"))


@refuses("route53.batch.apex", BATCH, "[A HostedZone must contain at least one NS record for the zone itself.]")
def delete_of_the_zones_servers(aws):
    made = zone(aws)
    [servers] = [one for one in aws.route53.list_resource_record_sets(HostedZoneId=made)["ResourceRecordSets"] if one["Type"] == "NS"]
    return changes(aws, made, change("DELETE", servers)), {}


@refuses("route53.batch.apex", BATCH, "[A HostedZone must contain exactly one SOA record.]")
def second_soa(aws):
    return making(aws, values("a.main.test", "SOA", "ns.test. admin.test. 1 7200 900 1209600 86400"))


@refuses("route53.batch.cname", BATCH, "[RRSet of type CNAME with DNS name a.main.test. is not permitted as it conflicts with other records with the same DNS name in zone main.test.]")
def cname_beside_an_address(aws):
    return beside(aws, values("a.main.test", "A", "192.0.2.1"), values("a.main.test", "CNAME", "b.main.test"))


@refuses("route53.batch.cname", BATCH, "[RRSet of type A with DNS name a.main.test. is not permitted because a conflicting RRSet of type  CNAME with the same DNS name already exists in zone main.test.]")
def address_beside_a_cname(aws):
    return beside(aws, values("a.main.test", "CNAME", "b.main.test"), values("a.main.test", "A", "192.0.2.1"))


def weighted(number, **more):
    return values("a.main.test", "A", f"192.0.2.{number}", SetIdentifier=f"n{number}", Weight=1, **more)


@refuses("route53.batch.policy", BATCH, "[RRSet with DNS name a.main.test., type A cannot be created as other RRSets exist with the same name and type.]")
def simple_record_beside_a_weighted(aws):
    return beside(aws, weighted(1), values("a.main.test", "A", "192.0.2.9"))


@refuses("route53.batch.policy", BATCH, "[RRSet with DNS name a.main.test., type A, SetIdentifier n1 cannot be created as a non-weighted set exists with the same name and type.]")
def weighted_record_beside_a_simple(aws):
    return beside(aws, values("a.main.test", "A", "192.0.2.9"), weighted(1))


@refuses("route53.batch.ttl", BATCH, "[RRSet with DNS name a.main.test., type A, SetIdentifier n2 cannot be created as weighted sets must contain the same TTL.]")
def weighted_record_of_another_ttl(aws):
    return beside(aws, weighted(1), weighted(2, ttl=60))


@refuses("route53.batch.weighted", BATCH, "[Exceeded limit on number of weighted RRSets for a.main.test., type A in this zone.]")
def weighted_records_too_many(aws):
    return beside(aws, *(weighted(n) for n in range(101)))


@refuses("route53.batch.wildcard", BATCH, None)
def servers_of_a_wildcard(aws):
    return making(aws, values("*.main.test", "NS", "ns.other.test"))


@refuses("route53.batch.quota", BATCH, None)
def record_sets_too_many(aws):
    aws.world.ask("PUT", "quotas", {"name": "route53.records-per-zone", "limit": 2})
    return making(aws, values("a.main.test", "A", "192.0.2.1"))


# Values


@refuses("route53.value.syntax", BATCH, "[Invalid Resource Record: 'FATAL problem: InvalidCharacterString (Value should be enclosed in quotation marks) encountered with 'text'']")
def text_without_quotation_marks(aws):
    return making(aws, values("a.main.test", "TXT", "text"))


@refuses("route53.value.syntax", BATCH, None)
def address_that_is_none(aws):
    return making(aws, values("a.main.test", "A", "192.0.2.256"))


@refuses("route53.value.single", BATCH, None)
def cname_of_two(aws):
    return making(aws, values("a.main.test", "CNAME", "b.main.test", "c.main.test"))


@refuses("route53.value.twice", BATCH, "[Duplicate Resource Record: '192.0.2.1']")
def value_twice(aws):
    return making(aws, values("a.main.test", "A", "192.0.2.1", "192.0.2.1"))


@refuses("route53.value.count", BATCH, "[Cannot have more than 400 records in a RRSet.]")
def values_of_one_record_too_many(aws):
    return making(aws, values("a.main.test", "A", *(f"192.0.{n // 250}.{n % 250}" for n in range(401))))


# Aliases


@refuses("route53.alias.target", BATCH, "[Tried to create an alias that targets b.main.test., type A in zone {zone}, but that target was not found]")
def alias_of_no_record(aws):
    made = zone(aws)
    return changes(aws, made, change("CREATE", alias("a.main.test", "b.main.test", made))), {"zone": made}


@refuses("route53.alias.target", BATCH, "[Tried to create an alias that targets name.us-east-1.elb.amazonaws.com., type A in zone Z2FDTNDATAQYW2, but the alias target name does not lie within the target zone]")
def alias_of_a_balancer_in_another_services_zone(aws):
    return making(aws, alias("a.main.test", "name.us-east-1.elb.amazonaws.com", "Z2FDTNDATAQYW2"))


@refuses("route53.alias.kind", BATCH, None)
def alias_of_a_distribution_for_mail(aws):
    return making(aws, alias("a.main.test", "d1.cloudfront.net", "Z2FDTNDATAQYW2", kind="MX"))


@refuses("route53.alias.cloudfront", BATCH, None)
def alias_of_a_distribution_whose_health_counts(aws):
    return making(aws, alias("a.main.test", "d1.cloudfront.net", "Z2FDTNDATAQYW2", evaluate=True))
