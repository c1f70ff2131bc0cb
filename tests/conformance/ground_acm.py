"""Certificate Manager's ground, and a call of each of its operations that succeeds on it."""

from members import Ground, listing
from world import ACCOUNT, REGION


def shown(aws, zone, arn):
    """The records that a certificate asks for stand in a zone."""
    asked = aws.acm.describe_certificate(CertificateArn=arn)["Certificate"]["DomainValidationOptions"]
    records = {one["ResourceRecord"]["Name"]: one["ResourceRecord"] for one in asked}
    changes = [
        {
            "Action": "UPSERT",
            "ResourceRecordSet": {
                "Name": name, "Type": record["Type"], "TTL": 300, "ResourceRecords": [{"Value": record["Value"]}],
            },
        }
        for name, record in records.items()
    ]
    aws.route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})


def issued(aws, name="main.test", **more):
    """A certificate that is issued, in a zone of its own name."""
    zone = aws.route53.create_hosted_zone(Name=name, CallerReference=aws.name("zone"))["HostedZone"]["Id"]
    arn = aws.acm.request_certificate(DomainName=name, ValidationMethod="DNS", **more)["CertificateArn"]
    aws.world.advance(10)
    shown(aws, zone, arn)
    aws.world.advance(900)
    return arn


class AcmGround(Ground):
    """A certificate that is issued and has tags, and one that waits for the answer to a mail."""

    def make_issued(self):
        tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
        return issued(self.aws, "first.test", Tags=tags)

    def make_mailed(self):
        return self.aws.acm.request_certificate(DomainName="second.first.test")["CertificateArn"]


def both(g):
    return {} if g["issued"] and g["mailed"] else {}


BASES = {
    "AddTagsToCertificate": lambda g: dict(CertificateArn=g["issued"], Tags=[{"Key": "new", "Value": "new"}]),
    "DeleteCertificate": lambda g: dict(CertificateArn=g["mailed"]),
    "DescribeCertificate": lambda g: dict(CertificateArn=g["issued"]),
    "GetAccountConfiguration": listing(),
    "ListCertificates": both,
    "ListTagsForCertificate": lambda g: dict(CertificateArn=g["issued"]),
    "PutAccountConfiguration": listing(IdempotencyToken="new", ExpiryEvents={"DaysBeforeExpiry": 20}),
    "RemoveTagsFromCertificate": lambda g: dict(CertificateArn=g["issued"], Tags=[{"Key": "a"}]),
    "RequestCertificate": listing(DomainName="new.test", ValidationMethod="DNS"),
    "ResendValidationEmail": lambda g: dict(
        CertificateArn=g["mailed"], Domain="second.first.test", ValidationDomain="first.test"
    ),
    "UpdateCertificateOptions": lambda g: dict(
        CertificateArn=g["issued"], Options={"CertificateTransparencyLoggingPreference": "ENABLED"}
    ),
}

ABSENT = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/00000000-0000-4000-a000-000000000000"

# Values for members of one operation, where the general ones would not tell.
VALUES = {
    **{f"{operation}.CertificateArn": ABSENT for operation in BASES},
    "ListCertificates.CertificateStatuses": [["PENDING_VALIDATION"]],
    "ListCertificates.Includes.keyTypes": [["EC_prime256v1"]],
    "ListCertificates.Includes.exportOption": "ENABLED",
    "ListCertificates.Includes.managedBy": "CLOUDFRONT",
    "ListCertificates.MaxItems": 1,
    "ListCertificates.SortBy": "CREATED_AT",
    "ListCertificates.SortOrder": "ASCENDING",
    "RequestCertificate.ValidationMethod": "EMAIL",
    "RequestCertificate.KeyAlgorithm": "EC_prime256v1",
    "RequestCertificate.DomainName": "other.test",
    "RequestCertificate.SubjectAlternativeNames": [["other.test"]],
    "RequestCertificate.CertificateAuthorityArn": ABSENT.replace(":acm:", ":acm-pca:").replace("certificate/", "certificate-authority/"),
    "RequestCertificate.DomainValidationOptions[].DomainName": "new.test",
    "RequestCertificate.DomainValidationOptions[].ValidationDomain": "test",
    "RequestCertificate.Options.CertificateTransparencyLoggingPreference": "DISABLED",
    "RequestCertificate.Options.Export": "ENABLED",
    "RequestCertificate.ManagedBy": "CLOUDFRONT",
    "UpdateCertificateOptions.Options.CertificateTransparencyLoggingPreference": "DISABLED",
    "UpdateCertificateOptions.Options.Export": "ENABLED",
    "PutAccountConfiguration.ExpiryEvents.DaysBeforeExpiry": 30,
    "RemoveTagsFromCertificate.Tags[].Value": "2",
    "ResendValidationEmail.ValidationDomain": "second.first.test",
}

GROUND = AcmGround
