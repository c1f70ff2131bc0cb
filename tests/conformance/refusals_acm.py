"""What Certificate Manager refuses, and in which words."""

from ground_acm import issued
from refusal import Cases
from world import ACCOUNT, REGION

CASES = Cases()
refuses = CASES.refuses

ABSENT = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/00000000-0000-4000-a000-000000000000"
INVALID = "ValidationException"


def asked(aws, name="main.test", **more):
    return aws.acm.request_certificate(**{"DomainName": name, "ValidationMethod": "DNS", **more})["CertificateArn"]


def asking(aws, name="main.test", **more):
    """A call that asks for a certificate."""
    return lambda: asked(aws, name, **more), {}


@refuses(None, "ResourceNotFoundException", f"Could not find certificate {ABSENT}.")
def certificate_that_is_not_there(aws):
    return lambda: aws.acm.describe_certificate(CertificateArn=ABSENT), {}


@refuses("acm.certificate.arn", "InvalidArnException")
def certificate_of_another_kind_of_arn(aws):
    arn = f"arn:aws:acm:{REGION}:{ACCOUNT}:endpoint/00000000-0000-4000-a000-000000000000"
    return lambda: aws.acm.describe_certificate(CertificateArn=arn), {}


@refuses("acm.certificate.arn", "ResourceNotFoundException")
def certificate_of_another_region(aws):
    arn = asked(aws).replace(REGION, "us-west-2")
    return lambda: aws.acm.describe_certificate(CertificateArn=arn), {}


@refuses("acm.certificate.name", INVALID)
def certificate_of_no_domain(aws):
    return asking(aws, "localhost")


@refuses("acm.certificate.name", INVALID)
def certificate_with_a_star_within(aws):
    return asking(aws, "a.*.main.test")


@refuses("acm.certificate.name", INVALID)
def certificate_with_another_name_that_is_none(aws):
    return asking(aws, SubjectAlternativeNames=["-a.main.test"])


@refuses("acm.certificate.first", INVALID)
def certificate_with_a_long_first_name(aws):
    return asking(aws, f"{'a' * 60}.main.test")


@refuses("acm.certificate.algorithm", INVALID)
def certificate_of_an_algorithm_that_aws_does_not_issue(aws):
    return asking(aws, KeyAlgorithm="RSA_4096")


@refuses("acm.certificate.names", "LimitExceededException", "Certificate has too many domains.")
def certificate_with_eleven_names(aws):
    return asking(aws, SubjectAlternativeNames=[f"n{number}.main.test" for number in range(10)])


@refuses("acm.certificate.quota", "LimitExceededException")
def one_certificate_too_many(aws):
    aws.world.ask("PUT", "quotas", {"name": "acm.certificates", "limit": 1})
    asked(aws)
    return asking(aws, "other.test")


@refuses("acm.validation.domain", "InvalidDomainValidationOptionsException")
def certificate_with_mail_to_a_stranger(aws):
    options = [{"DomainName": "main.test", "ValidationDomain": "other.test"}]
    return asking(aws, ValidationMethod="EMAIL", DomainValidationOptions=options)


@refuses("acm.validation.domain", "InvalidDomainValidationOptionsException")
def mail_again_to_a_stranger(aws):
    arn = asked(aws, ValidationMethod="EMAIL")
    return lambda: aws.acm.resend_validation_email(CertificateArn=arn, Domain="main.test", ValidationDomain="other.test"), {}


@refuses("acm.validation.email", "InvalidStateException")
def mail_again_for_what_is_shown_by_a_record(aws):
    arn = asked(aws)
    return lambda: aws.acm.resend_validation_email(CertificateArn=arn, Domain="main.test", ValidationDomain="main.test"), {}


@refuses("acm.tags.key", "InvalidTagException")
def certificate_with_a_tag_of_aws(aws):
    return asking(aws, Tags=[{"Key": "aws:a", "Value": "1"}])


@refuses("acm.tags.key", "InvalidParameterException")
def certificate_with_a_tag_twice(aws):
    return asking(aws, Tags=[{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}])


@refuses("acm.tags.limit", "TooManyTagsException")
def certificate_with_51_tags(aws):
    arn = asked(aws, Tags=[{"Key": f"k{number}", "Value": "v"} for number in range(50)])
    return lambda: aws.acm.add_tags_to_certificate(CertificateArn=arn, Tags=[{"Key": "more", "Value": "v"}]), {}


@refuses("acm.list.order", INVALID)
def certificates_sorted_in_no_direction(aws):
    return lambda: aws.acm.list_certificates(SortBy="CREATED_AT"), {}


@refuses("acm.list.token", INVALID)
def certificates_from_no_page(aws):
    return lambda: aws.acm.list_certificates(NextToken="none"), {}


@refuses("acm.account.events", INVALID, "Configuration for events is empty.")
def configuration_that_says_nothing(aws):
    return lambda: aws.acm.put_account_configuration(IdempotencyToken="one"), {}


@refuses("acm.account.events", INVALID)
def configuration_of_too_many_days(aws):
    events = {"DaysBeforeExpiry": 46}
    return lambda: aws.acm.put_account_configuration(IdempotencyToken="one", ExpiryEvents=events), {}


@refuses("model", INVALID, "1 validation error detected: Value null at 'idempotencyToken' failed to satisfy constraint: Member must not be null")
def configuration_without_a_token(aws):
    return lambda: aws.acm.put_account_configuration(ExpiryEvents={}), {}
