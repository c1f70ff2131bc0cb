"""What CloudFront refuses, and in which words."""

from ground_acm import issued
from ground_cloudfront import behavior, config, control, forwarding, identity, made, many, methods, origin
from refusal import Cases
from world import ACCOUNT, REGION

CASES = Cases()
refuses = CASES.refuses

INVALID = "InvalidArgument"
CERTIFICATE = "InvalidViewerCertificate"


def making(aws, **more):
    """A call that makes a distribution."""
    return lambda: made(aws, "new", **more), {}


def shown(arn, **more):
    return {"ACMCertificateArn": arn, "SSLSupportMethod": "sni-only", "MinimumProtocolVersion": "TLSv1.2_2021", **more}


# Access controls


@refuses(None, "NoSuchOriginAccessControl", "The specified origin access control does not exist.", 404)
def control_that_is_not_there(aws):
    return lambda: aws.cloudfront.get_origin_access_control(Id="EABSENT"), {}


@refuses("cloudfront.control.name", "OriginAccessControlAlreadyExists", "An origin access control with the same name already exists.", 409)
def control_of_a_name_that_is_taken(aws):
    control(aws)
    return lambda: control(aws), {}


@refuses("cloudfront.control.name", INVALID)
def control_of_a_long_name(aws):
    return lambda: control(aws, "a" * 65), {}


@refuses("cloudfront.control.signing", INVALID)
def control_of_another_protocol(aws):
    return lambda: control(aws, SigningProtocol="sigv4a"), {}


@refuses("cloudfront.control.quota", "TooManyOriginAccessControls")
def one_control_too_many(aws):
    aws.world.ask("PUT", "quotas", {"name": "cloudfront.origin-access-controls", "limit": 1})
    control(aws)
    return lambda: control(aws, "two"), {}


@refuses("cloudfront.control.used", "OriginAccessControlInUse", "Cannot delete the origin access control because it's in use by one or more distributions.", 409)
def control_that_a_distribution_has(aws):
    id, etag = control(aws)
    made(aws, Origins=many(origin(OriginAccessControlId=id)))
    return lambda: aws.cloudfront.delete_origin_access_control(Id=id, IfMatch=etag), {}


@refuses("cloudfront.if_match", "InvalidIfMatchVersion", "The If-Match version is missing or not valid for the resource.")
def control_without_its_version(aws):
    id, _ = control(aws)
    return lambda: aws.cloudfront.delete_origin_access_control(Id=id), {}


# Access identities


@refuses(None, "NoSuchCloudFrontOriginAccessIdentity", "The specified origin access identity does not exist.", 404)
def identity_that_is_not_there(aws):
    return lambda: aws.cloudfront.get_cloud_front_origin_access_identity(Id="EABSENT"), {}


@refuses("cloudfront.identity.reference", "CloudFrontOriginAccessIdentityAlreadyExists", None, 409)
def identity_of_a_reference_that_was_used_otherwise(aws):
    identity(aws)
    return lambda: identity(aws, comment="Others"), {}


@refuses("cloudfront.identity.comment", INVALID)
def identity_with_a_long_comment(aws):
    return lambda: identity(aws, comment="a" * 129), {}


@refuses("cloudfront.identity.quota", "TooManyCloudFrontOriginAccessIdentities")
def one_identity_too_many(aws):
    aws.world.ask("PUT", "quotas", {"name": "cloudfront.origin-access-identities", "limit": 1})
    identity(aws)
    return lambda: identity(aws, "two"), {}


@refuses("cloudfront.identity.same", "IllegalUpdate")
def identity_of_another_reference(aws):
    id, etag = identity(aws)
    config = {"CallerReference": "two", "Comment": ""}
    return lambda: aws.cloudfront.update_cloud_front_origin_access_identity(Id=id, IfMatch=etag, CloudFrontOriginAccessIdentityConfig=config), {}


def files_of(id):
    return many(origin(S3OriginConfig={"OriginAccessIdentity": f"origin-access-identity/cloudfront/{id}"}))


@refuses("cloudfront.identity.used", "CloudFrontOriginAccessIdentityInUse", None, 409)
def identity_that_a_distribution_has(aws):
    id, etag = identity(aws)
    made(aws, Origins=files_of(id))
    return lambda: aws.cloudfront.delete_cloud_front_origin_access_identity(Id=id, IfMatch=etag), {}


# Distributions


@refuses(None, "NoSuchDistribution", "The specified distribution does not exist.", 404)
def distribution_that_is_not_there(aws):
    return lambda: aws.cloudfront.get_distribution(Id="EABSENT"), {}


@refuses("cloudfront.distribution.reference", "DistributionAlreadyExists", None, 409)
def distribution_of_a_reference_that_was_used(aws):
    made(aws)
    return lambda: made(aws), {}


@refuses("cloudfront.distribution.quota", "TooManyDistributions")
def one_distribution_too_many(aws):
    aws.world.ask("PUT", "quotas", {"name": "cloudfront.distributions", "limit": 1})
    made(aws)
    return making(aws)


@refuses("cloudfront.if_match", "PreconditionFailed", None, 412)
def distribution_of_another_version(aws):
    id, _ = made(aws)
    return lambda: aws.cloudfront.update_distribution(Id=id, IfMatch="E1", DistributionConfig=config()), {}


@refuses("cloudfront.distribution.same", "IllegalUpdate")
def distribution_of_another_reference(aws):
    id, etag = made(aws)
    return lambda: aws.cloudfront.update_distribution(Id=id, IfMatch=etag, DistributionConfig=config("two")), {}


DISABLED = "The distribution you are trying to delete has not been disabled."


@refuses("cloudfront.distribution.disabled", "DistributionNotDisabled", DISABLED, 409)
def distribution_that_answers(aws):
    id, etag = made(aws)
    aws.world.advance(600)
    return lambda: aws.cloudfront.delete_distribution(Id=id, IfMatch=etag), {}


@refuses("cloudfront.distribution.disabled", "DistributionNotDisabled", DISABLED, 409)
def distribution_that_is_not_off_everywhere(aws):
    with aws.at_once():
        id, etag = made(aws, Enabled=False)
    return lambda: aws.cloudfront.delete_distribution(Id=id, IfMatch=etag), {}


# What one is to be


@refuses("cloudfront.quantity", "InconsistentQuantities", "The value of Quantity and the size of Items don't match.")
def list_that_has_others_than_it_says(aws):
    return making(aws, Aliases={"Quantity": 1})


@refuses("cloudfront.root", "InvalidDefaultRootObject")
def root_with_a_slash(aws):
    return making(aws, DefaultRootObject="/index.html")


@refuses("cloudfront.origin.kind", "InvalidOrigin")
def origin_of_no_kind(aws):
    return making(aws, Origins=many({"Id": "files", "DomainName": "files.test"}))


@refuses("cloudfront.origin.id", INVALID)
def origins_of_one_id(aws):
    return making(aws, Origins=many(origin(), origin()))


@refuses("cloudfront.origin.bucket", INVALID, "The parameter Origin DomainName does not refer to a valid S3 bucket.")
def origin_of_no_bucket(aws):
    return making(aws, Origins=many(origin(DomainName="files.test")))


@refuses("cloudfront.origin.path", INVALID)
def origin_path_with_a_slash_at_its_end(aws):
    return making(aws, Origins=many(origin(OriginPath="/a/")))


OWN = {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"}


def own(aws, name="files.test", **more):
    return making(aws, Origins=many({"Id": "one", "DomainName": name, "CustomOriginConfig": {**OWN, **more}}))


@refuses("cloudfront.origin.name", INVALID, "The parameter origin name cannot contain a colon.")
def origin_by_an_address_with_its_scheme(aws):
    return own(aws, "https://files.test")


@refuses("cloudfront.origin.name", INVALID, "The parameter origin name cannot be an IP address.")
def origin_by_the_address_of_a_machine(aws):
    return own(aws, "192.0.2.1")


@refuses("cloudfront.origin.port", INVALID)
def origin_at_a_port_of_no_web_server(aws):
    return own(aws, HTTPPort=22)


@refuses("cloudfront.origin.timeout", "InvalidOriginReadTimeout")
def origin_that_is_not_waited_for(aws):
    return own(aws, OriginReadTimeout=0)


@refuses("cloudfront.origin.timeout", "InvalidOriginKeepaliveTimeout")
def origin_that_is_held_too_long(aws):
    return own(aws, OriginKeepaliveTimeout=121)


@refuses("cloudfront.origin.tries", INVALID)
def origin_that_is_tried_too_often(aws):
    return making(aws, Origins=many(origin(ConnectionAttempts=4)))


@refuses("cloudfront.origin.control", "InvalidOriginAccessControl")
def origin_with_a_control_that_is_not_there(aws):
    return making(aws, Origins=many(origin(OriginAccessControlId="EABSENT")))


@refuses("cloudfront.behavior.origin", "NoSuchOrigin", "One or more of your origins or origin groups do not exist.", 404)
def behavior_for_no_origin(aws):
    return making(aws, DefaultCacheBehavior=behavior(TargetOriginId="other"))


@refuses("cloudfront.behavior.methods", INVALID)
def behavior_with_odd_methods(aws):
    return making(aws, DefaultCacheBehavior=behavior(AllowedMethods=methods("GET", "POST", cached=("GET", "HEAD"))))


@refuses("cloudfront.behavior.policy", INVALID)
def behavior_without_a_policy(aws):
    return making(aws, DefaultCacheBehavior={"TargetOriginId": "files", "ViewerProtocolPolicy": "allow-all"})


@refuses("cloudfront.behavior.path", INVALID)
def behaviors_of_one_path(aws):
    return making(aws, CacheBehaviors=many(behavior(PathPattern="/a"), behavior(PathPattern="/a")))


@refuses("cloudfront.policy.exists", "NoSuchCachePolicy", "The specified cache policy does not exist.", 404)
def behavior_with_a_policy_that_is_not_there(aws):
    return making(aws, DefaultCacheBehavior=behavior(CachePolicyId="00000000-0000-4000-a000-000000000000"))


@refuses("cloudfront.error.code", "InvalidErrorCode")
def answer_for_no_error(aws):
    return making(aws, CustomErrorResponses=many({"ErrorCode": 402}))


@refuses("cloudfront.error.code", "InvalidResponseCode")
def answer_with_a_page_alone(aws):
    return making(aws, CustomErrorResponses=many({"ErrorCode": 404, "ResponsePagePath": "/404.html"}))


@refuses("cloudfront.logging", INVALID, "The parameter Logging Bucket does not refer to a valid S3 bucket.")
def logs_to_no_bucket(aws):
    log = {"Enabled": True, "IncludeCookies": False, "Bucket": "absent.s3.amazonaws.com", "Prefix": ""}
    return making(aws, Logging=log)


@refuses("cloudfront.geo", "InvalidLocationCode")
def country_of_no_name(aws):
    return making(aws, Restrictions={"GeoRestriction": {"RestrictionType": "blacklist", **many("Germany")}})


@refuses("cloudfront.geo", "InvalidLocationCode")
def restriction_to_no_country_that_there_is(aws):
    return making(aws, Restrictions={"GeoRestriction": {"RestrictionType": "whitelist", **many("XX")}})


@refuses("cloudfront.geo", "InvalidGeoRestrictionParameter")
def countries_without_a_restriction(aws):
    return making(aws, Restrictions={"GeoRestriction": {"RestrictionType": "none", **many("DE")}})


@refuses("cloudfront.acl", "InvalidWebACLId")
def web_acl_of_a_region(aws):
    return making(aws, WebACLId=f"arn:aws:wafv2:{REGION}:{ACCOUNT}:regional/webacl/one/1")


# Names and certificates


@refuses("cloudfront.certificate.names", CERTIFICATE)
def alias_without_a_certificate(aws):
    return making(aws, Aliases=many("www.main.test"))


@refuses("cloudfront.certificate.names", CERTIFICATE)
def alias_that_its_certificate_does_not_name(aws):
    return making(aws, Aliases=many("a.b.main.test"), ViewerCertificate=shown(issued(aws, SubjectAlternativeNames=["*.main.test"])))


@refuses("cloudfront.certificate.usable", CERTIFICATE)
def certificate_that_is_not_issued(aws):
    arn = aws.acm.request_certificate(DomainName="main.test", ValidationMethod="DNS")["CertificateArn"]
    return making(aws, ViewerCertificate=shown(arn))


@refuses("cloudfront.certificate.kind", CERTIFICATE)
def certificate_that_is_shown_in_no_way(aws):
    return making(aws, ViewerCertificate={"ACMCertificateArn": issued(aws)})


@refuses("cloudfront.alias.elsewhere", "CNAMEAlreadyExists", "One or more of the CNAMEs you provided are already associated with a different resource.", 409)
def alias_of_another_distribution(aws):
    arn = issued(aws)
    made(aws, Aliases=many("main.test"), ViewerCertificate=shown(arn))
    return making(aws, Aliases=many("main.test"), ViewerCertificate=shown(arn))


@refuses("cloudfront.alias.quota", "TooManyDistributionCNAMEs")
def one_alias_too_many(aws):
    aws.world.ask("PUT", "quotas", {"name": "cloudfront.aliases-per-distribution", "limit": 1})
    arn = issued(aws, SubjectAlternativeNames=["*.main.test"])
    return making(aws, Aliases=many("a.main.test", "b.main.test"), ViewerCertificate=shown(arn))


@refuses("acm.certificate.used", "ResourceInUseException", "Certificate {arn} in account {account} is in use.")
def certificate_that_a_distribution_shows(aws):
    arn = issued(aws)
    made(aws, ViewerCertificate=shown(arn))
    return lambda: aws.acm.delete_certificate(CertificateArn=arn), {"arn": arn, "account": ACCOUNT}


# Tags


@refuses(None, "NoSuchResource", "The specified resource does not exist.", 404)
def tags_of_nothing(aws):
    return lambda: aws.cloudfront.list_tags_for_resource(Resource=f"arn:aws:cloudfront::{ACCOUNT}:distribution/EABSENT"), {}


def tagging(aws, *tags):
    id, _ = made(aws)
    arn = f"arn:aws:cloudfront::{ACCOUNT}:distribution/{id}"
    return lambda: aws.cloudfront.tag_resource(Resource=arn, Tags={"Items": list(tags)}), {}


@refuses("cloudfront.tags.key", "InvalidTagging")
def distribution_with_a_tag_of_aws(aws):
    return tagging(aws, {"Key": "aws:a", "Value": "1"})


@refuses("cloudfront.tags.limit", "InvalidTagging")
def distribution_with_51_tags(aws):
    return tagging(aws, *({"Key": f"k{number}", "Value": "v"} for number in range(51)))


@refuses("cloudfront.page.size", INVALID)
def distributions_by_no_number(aws):
    return lambda: aws.cloudfront.list_distributions(MaxItems="none"), {}


@refuses("cloudfront.origin.identity", "InvalidOriginAccessIdentity")
def origin_of_no_identity(aws):
    return making(aws, Origins=files_of("EABSENT"))


@refuses("cloudfront.origin.control", "IllegalOriginAccessConfiguration")
def origin_with_a_control_and_an_identity(aws):
    [files] = files_of(identity(aws)[0])["Items"]
    return making(aws, Origins=many({**files, "OriginAccessControlId": control(aws)[0]}))


# What is forwarded without a policy


def said(aws, *arguments, **more):
    return making(aws, DefaultCacheBehavior=forwarding(*arguments, **more))


BESIDE = "The parameter {} cannot be used when a cache policy is associated to the cache behavior."


@refuses("cloudfront.forwarded.beside", INVALID, BESIDE.format("ForwardedValues"))
def values_beside_a_policy(aws):
    values = {"QueryString": False, "Cookies": {"Forward": "none"}}
    return making(aws, DefaultCacheBehavior=behavior(ForwardedValues=values))


@refuses("cloudfront.forwarded.beside", INVALID, BESIDE.format("MinTTL"))
def times_beside_a_policy(aws):
    return making(aws, DefaultCacheBehavior=behavior(MinTTL=0))


@refuses("cloudfront.behavior.policy", INVALID)
def requests_by_a_policy_and_caches_without(aws):
    return said(aws, OriginRequestPolicyId="216adef6-5c7f-47e4-b989-5492eafa07d3")


@refuses("cloudfront.forwarded.cookies", "InvalidForwardCookies")
def cookies_by_name_without_names(aws):
    return said(aws, {"Forward": "whitelist"})


@refuses("cloudfront.forwarded.query", "InvalidQueryStringParameters")
def parameters_of_a_query_that_is_not_forwarded(aws):
    return said(aws, ForwardedValues={"QueryString": False, "QueryStringCacheKeys": many("one")})


@refuses("cloudfront.forwarded.headers", "InvalidHeadersForS3Origin", "The headers specified are not valid for an Amazon S3 origin.")
def all_headers_for_a_bucket(aws):
    return said(aws, ForwardedValues={"Headers": many("*")})


ELEVEN = many(*(f"x-{number}" for number in range(11)))


@refuses("cloudfront.forwarded.quota", "TooManyHeadersInForwardedValues")
def one_header_too_many(aws):
    return said(aws, ForwardedValues={"Headers": ELEVEN})


@refuses("cloudfront.forwarded.quota", "TooManyQueryStringParameters")
def one_parameter_too_many(aws):
    return said(aws, ForwardedValues={"QueryStringCacheKeys": ELEVEN})


@refuses("cloudfront.forwarded.quota", "TooManyCookieNamesInWhiteList")
def one_cookie_too_many(aws):
    return said(aws, {"Forward": "whitelist", "WhitelistedNames": ELEVEN})


@refuses("cloudfront.forwarded.times", "InvalidTTLOrder", "The TTL order specified is not valid.")
def answers_that_are_kept_longer_than_at_most(aws):
    return said(aws, MinTTL=700)


@refuses("cloudfront.forwarded.times", INVALID, "The parameter MinTTL is required.")
def answers_that_are_kept_for_no_least_time(aws):
    usual = {key: value for key, value in forwarding().items() if key != "MinTTL"}
    return making(aws, DefaultCacheBehavior=usual)


@refuses("cloudfront.forwarded.times", INVALID)
def answers_by_all_headers_that_are_kept_for_a_time(aws):
    whole = {"Id": "files", "DomainName": "files.test", "CustomOriginConfig": OWN}
    behaves = forwarding(ForwardedValues={"Headers": many("*")}, MinTTL=1)
    return making(aws, Origins=many(whole), DefaultCacheBehavior=behaves)
