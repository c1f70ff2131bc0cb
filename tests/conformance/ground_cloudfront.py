"""CloudFront's ground, and a call of each of its operations that succeeds on it."""

from ground_acm import issued
from members import Ground, With, listing
from world import ACCOUNT

OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"


def control(aws, name="one", **more):
    config = {
        "Name": name, "SigningProtocol": "sigv4", "SigningBehavior": "always", "OriginAccessControlOriginType": "s3", **more
    }
    made = aws.cloudfront.create_origin_access_control(OriginAccessControlConfig=config)
    return made["OriginAccessControl"]["Id"], made["ETag"]


def identity(aws, reference="one", comment="Files"):
    """An origin access identity: its id and ETag."""
    config = {"CallerReference": reference, "Comment": comment}
    made = aws.cloudfront.create_cloud_front_origin_access_identity(CloudFrontOriginAccessIdentityConfig=config)
    return made["CloudFrontOriginAccessIdentity"]["Id"], made["ETag"]


def many(*items, **more):
    return {"Quantity": len(items), "Items": list(items), **more}


def methods(*allowed, cached=("HEAD", "GET")):
    return many(*allowed, CachedMethods=many(*cached))


def behavior(**more):
    return {
        "TargetOriginId": "files", "ViewerProtocolPolicy": "redirect-to-https", "CachePolicyId": OPTIMIZED,
        "AllowedMethods": methods("HEAD", "GET"), "Compress": True, **more,
    }


def forwarding(cookies=None, **more):
    """A behaviour that says itself what is forwarded, and for how long answers are kept."""
    values = {"QueryString": True, "Cookies": cookies or {"Forward": "none"}, **more.pop("ForwardedValues", {})}
    usual = {"MinTTL": 0, "DefaultTTL": 60, "MaxTTL": 600, "ForwardedValues": values}
    return {**{key: value for key, value in behavior().items() if key != "CachePolicyId"}, **usual, **more}


def origin(**more):
    return {
        "Id": "files", "DomainName": "files.s3.us-east-1.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}, **more
    }


def config(reference="one", **more):
    return {
        "CallerReference": reference, "Comment": "", "Enabled": True,
        "Origins": many(origin()), "DefaultCacheBehavior": behavior(), **more,
    }


def made(aws, reference="one", **more):
    """A distribution, its id and ETag."""
    answer = aws.cloudfront.create_distribution(DistributionConfig=config(reference, **more))
    return answer["Distribution"]["Id"], answer["ETag"]


class CloudfrontGround(Ground):
    """A distribution with tags, one that is switched off everywhere, and an access control and identities that nothing has."""

    def make_distribution(self):
        tags = {"Items": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]}
        whole = {"DistributionConfig": config("first"), "Tags": tags}
        answer = self.aws.cloudfront.create_distribution_with_tags(DistributionConfigWithTags=whole)
        return answer["Distribution"]["Id"], answer["ETag"]

    def make_off(self):
        answer = made(self.aws, "off", Enabled=False)
        self.aws.world.advance(600)
        return answer

    def make_certificate(self):
        return issued(self.aws)

    def make_control(self):
        return control(self.aws)

    def make_identity(self):
        return identity(self.aws)

    def make_other(self):
        return identity(self.aws, "other")


def arn(g):
    return f"arn:aws:cloudfront::{ACCOUNT}:distribution/{g['distribution'][0]}"


def all_of(g):
    return {} if g["distribution"] and g["off"] and g["control"] and g["identity"] and g["other"] else {}


def full(g, reference):
    """A configuration that says something of everything that is simulated."""
    own = {
        "Id": "own", "DomainName": "own.test", "OriginPath": "/a",
        "CustomHeaders": many({"HeaderName": "x-a", "HeaderValue": "1"}),
        "CustomOriginConfig": {
            "HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only",
            "OriginSslProtocols": many("TLSv1.2"), "OriginReadTimeout": 20, "OriginKeepaliveTimeout": 4,
        },
        "OriginShield": {"Enabled": False},
    }
    error = {"ErrorCode": 404, "ResponsePagePath": "/404.html", "ResponseCode": "404", "ErrorCachingMinTTL": 5}
    return config(
        reference,
        Aliases=many("main.test"),
        DefaultRootObject="index.html",
        Origins=many(own, origin()),
        CacheBehaviors=many(behavior(PathPattern="/a/*", TargetOriginId="own")),
        CustomErrorResponses=many(error),
        Restrictions={"GeoRestriction": {"RestrictionType": "whitelist", **many("DE", "FR")}},
        ViewerCertificate={
            "ACMCertificateArn": g["certificate"], "SSLSupportMethod": "sni-only", "MinimumProtocolVersion": "TLSv1.2_2021"
        },
    )


BASES = {
    "CreateCloudFrontOriginAccessIdentity": listing(
        CloudFrontOriginAccessIdentityConfig={"CallerReference": "new", "Comment": ""}
    ),
    "CreateDistribution": lambda g: dict(DistributionConfig=full(g, "new")),
    "CreateDistributionWithTags": lambda g: dict(
        DistributionConfigWithTags={"DistributionConfig": full(g, "new"), "Tags": {"Items": [{"Key": "a", "Value": "1"}]}}
    ),
    "CreateOriginAccessControl": lambda g: dict(
        OriginAccessControlConfig={
            "Name": "new", "SigningProtocol": "sigv4", "SigningBehavior": "always", "OriginAccessControlOriginType": "s3"
        }
    ),
    "DeleteCloudFrontOriginAccessIdentity": lambda g: dict(Id=g["identity"][0], IfMatch=g["identity"][1]),
    "DeleteDistribution": lambda g: dict(Id=g["off"][0], IfMatch=g["off"][1]),
    "DeleteOriginAccessControl": lambda g: dict(Id=g["control"][0], IfMatch=g["control"][1]),
    "GetCachePolicy": listing(Id=OPTIMIZED),
    "GetCloudFrontOriginAccessIdentity": lambda g: dict(Id=g["identity"][0]),
    "GetCloudFrontOriginAccessIdentityConfig": lambda g: dict(Id=g["identity"][0]),
    "GetDistribution": lambda g: dict(Id=g["distribution"][0]),
    "GetDistributionConfig": lambda g: dict(Id=g["distribution"][0]),
    "GetOriginAccessControl": lambda g: dict(Id=g["control"][0]),
    "GetOriginAccessControlConfig": lambda g: dict(Id=g["control"][0]),
    "ListCloudFrontOriginAccessIdentities": all_of,
    "ListDistributions": all_of,
    "ListOriginAccessControls": all_of,
    "ListTagsForResource": lambda g: dict(Resource=arn(g)),
    "TagResource": lambda g: dict(Resource=arn(g), Tags={"Items": [{"Key": "new", "Value": "new"}]}),
    "UntagResource": lambda g: dict(Resource=arn(g), TagKeys={"Items": ["a"]}),
    "UpdateCloudFrontOriginAccessIdentity": lambda g: dict(
        Id=g["identity"][0], IfMatch=g["identity"][1],
        CloudFrontOriginAccessIdentityConfig={"CallerReference": "one", "Comment": "Files"},
    ),
    "UpdateDistribution": lambda g: dict(
        Id=g["distribution"][0], IfMatch=g["distribution"][1], DistributionConfig=full(g, "first")
    ),
    "UpdateOriginAccessControl": lambda g: dict(
        Id=g["control"][0], IfMatch=g["control"][1],
        OriginAccessControlConfig={
            "Name": "one", "SigningProtocol": "sigv4", "SigningBehavior": "never", "OriginAccessControlOriginType": "s3"
        },
    ),
}

WHERE = {
    "CreateDistribution": "CreateDistribution.DistributionConfig",
    "CreateDistributionWithTags": "CreateDistributionWithTags.DistributionConfigWithTags.DistributionConfig",
    "UpdateDistribution": "UpdateDistribution.DistributionConfig",
}

COOKIES = {"Forward": "whitelist", "WhitelistedNames": many("one")}
NAMED = {"Headers": many("Origin"), "QueryStringCacheKeys": many("one")}


def within(operation, **more):
    """The members of a request of an operation with this in its configuration."""
    reference = "first" if operation == "UpdateDistribution" else "new"
    given = config(reference, **more)
    if operation == "CreateDistributionWithTags":
        return {"DistributionConfigWithTags": {"DistributionConfig": given, "Tags": {"Items": []}}}
    return {"DistributionConfig": given}


def kept(operation, of_path, value):
    """A value for a behaviour that says itself what is forwarded: the usual one, or the one of a path."""
    said = forwarding(COOKIES, ForwardedValues=NAMED)
    more = {"CacheBehaviors": many({**said, "PathPattern": "/a/*"})} if of_path else {"DefaultCacheBehavior": said}
    return With(value, within(operation, **more))


# Values for members of one operation, where the general ones would not tell.
VALUES = {
    "ListCloudFrontOriginAccessIdentities.MaxItems": "1",
    "ListDistributions.MaxItems": "1",
    "ListOriginAccessControls.MaxItems": "1",
    **{f"{operation}.Resource": f"arn:aws:cloudfront::{ACCOUNT}:distribution/EABSENT" for operation in BASES},
    **{f"{operation}.OriginAccessControlConfig.SigningProtocol": "sigv4a" for operation in BASES},
    **{
        f"{where}.{path}": value
        for where in WHERE.values()
        for path, value in {
            "Aliases.Items": [["other.test"]],
            "Origins.Items[].CustomOriginConfig.OriginReadTimeout": 25,
            "Origins.Items[].CustomOriginConfig.OriginKeepaliveTimeout": 6,
            "Origins.Items[].CustomOriginConfig.IpAddressType": "ipv6",
            "Origins.Items[].OriginShield.OriginShieldRegion": "us-east-1",
            "ViewerCertificate.CloudFrontDefaultCertificate": True,
            "ViewerCertificate.SSLSupportMethod": "vip",
            "ViewerCertificate.MinimumProtocolVersion": "TLSv1.2_2019",
        }.items()
    },
    **{
        f"{WHERE[operation]}.Origins.Items[].S3OriginConfig.OriginReadTimeout": With(25, {"DistributionConfig": lambda _: config(reference)})
        for operation, reference in (("CreateDistribution", "new"), ("UpdateDistribution", "first"))
    },
    f"{WHERE['CreateDistributionWithTags']}.Origins.Items[].S3OriginConfig.OriginReadTimeout": With(
        25, {"DistributionConfigWithTags": lambda _: {"DistributionConfig": config("new"), "Tags": {"Items": []}}}
    ),
}

for _operation, _where in WHERE.items():
    for _behavior in ("DefaultCacheBehavior", "CacheBehaviors.Items[]"):
        for _path, _value in {
            "MinTTL": 30,
            "DefaultTTL": 30,
            "MaxTTL": 700,
            "ForwardedValues.QueryString": False,
            "ForwardedValues.Cookies.Forward": "all",
            "ForwardedValues.Cookies.WhitelistedNames.Quantity": 2,
            "ForwardedValues.Cookies.WhitelistedNames.Items": ["two"],
            "ForwardedValues.Headers.Quantity": 2,
            "ForwardedValues.Headers.Items": ["Accept"],
            "ForwardedValues.QueryStringCacheKeys.Quantity": 2,
            "ForwardedValues.QueryStringCacheKeys.Items": ["two"],
        }.items():
            VALUES[f"{_where}.{_behavior}.{_path}"] = kept(_operation, _behavior != "DefaultCacheBehavior", _value)

GROUND = CloudfrontGround
