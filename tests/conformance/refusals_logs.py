"""What CloudWatch Logs refuses, and in which words."""

from ground_logs import arn
from refusal import Cases

CASES = Cases()
refuses = CASES.refuses

INVALID = "InvalidParameterException"
DENIED = "AccessDeniedException"
ABSENT = "The specified log group does not exist."


def group(aws, **more):
    name = f"/{aws.name('group')}"
    aws.logs.create_log_group(logGroupName=name, **more)
    return name


@refuses("logs.group.exists", "ResourceAlreadyExistsException", "The specified log group already exists")
def a_log_group_twice(aws):
    name = group(aws)
    return lambda: aws.logs.create_log_group(logGroupName=name), {}


@refuses("logs.group.reserved", INVALID, "Log groups starting with AWS/ are reserved for AWS.")
def a_log_group_of_aws(aws):
    return lambda: aws.logs.create_log_group(logGroupName="aws/lambda/one"), {}


@refuses("logs.group.quota", "LimitExceededException", "Resource limit exceeded.")
def a_log_group_too_many(aws):
    group(aws)

    def act():
        with aws.world.quota("logs.groups", 1):
            aws.logs.create_log_group(logGroupName="/more")

    return act, {}


@refuses("logs.group.protected", "ValidationException")
def a_protected_log_group_deleted(aws):
    name = group(aws, deletionProtectionEnabled=True)
    return lambda: aws.logs.delete_log_group(logGroupName=name), {}


@refuses("logs.group.identifier", INVALID)
def a_log_group_of_another_region_protected(aws):
    other = arn(group(aws)).replace("us-east-1", "us-west-2")
    return lambda: aws.logs.describe_log_groups(logGroupIdentifiers=[other]), {}


@refuses("logs.group.selection", INVALID, "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
def log_groups_by_prefix_and_pattern(aws):
    return lambda: aws.logs.describe_log_groups(logGroupNamePrefix="/a", logGroupNamePattern="b"), {}


@refuses("logs.group.selection", INVALID)
def log_groups_by_name_and_class(aws):
    name = group(aws)
    return lambda: aws.logs.describe_log_groups(logGroupIdentifiers=[name], logGroupClass="STANDARD"), {}


@refuses("logs.page.token", INVALID, "The specified nextToken is invalid.")
def log_groups_after_no_page(aws):
    return lambda: aws.logs.describe_log_groups(nextToken="none"), {}


@refuses(None, "ResourceNotFoundException", ABSENT)
def no_log_group_deleted(aws):
    return lambda: aws.logs.delete_log_group(logGroupName="/absent"), {}


@refuses(None, "ResourceNotFoundException", ABSENT)
def no_log_group_kept(aws):
    return lambda: aws.logs.put_retention_policy(logGroupName="/absent", retentionInDays=7), {}


@refuses("logs.retention.days", INVALID, "Invalid retention value. Valid values are: [1, 3, 5, 7, 14, 30, {*}]")
def a_retention_that_is_not_offered(aws):
    name = group(aws)
    return lambda: aws.logs.put_retention_policy(logGroupName=name, retentionInDays=2), {}


@refuses("logs.retention.class", INVALID)
def a_retention_of_what_is_delivered(aws):
    name = group(aws, logGroupClass="DELIVERY")
    return lambda: aws.logs.put_retention_policy(logGroupName=name, retentionInDays=7), {}


@refuses("logs.key.arn", INVALID, "The specified KMS Key Id could not be found. '{*}'")
def a_log_group_with_the_id_of_a_key(aws):
    key = aws.kms.create_key()["KeyMetadata"]["KeyId"]
    return lambda: aws.logs.create_log_group(logGroupName="/new", kmsKeyId=key), {}


@refuses("logs.key.allowed", DENIED, "The specified KMS key does not exist or is not allowed to be used with Arn '{arn}'")
def a_log_group_with_a_key_that_logs_may_not_use(aws):
    key = aws.kms.create_key()["KeyMetadata"]["Arn"]
    return lambda: aws.logs.create_log_group(logGroupName="/new", kmsKeyId=key), {"arn": arn("/new")}


@refuses("logs.key.allowed", DENIED)
def a_log_group_given_a_disabled_key(aws):
    key, name = aws.logs_key(), group(aws)
    aws.kms.disable_key(KeyId=key)
    return lambda: aws.logs.associate_kms_key(logGroupName=name, kmsKeyId=key), {}


@refuses("logs.key.target", INVALID)
def a_key_for_a_group_and_for_query_results(aws):
    key, name = aws.logs_key(), group(aws)
    return lambda: aws.logs.associate_kms_key(logGroupName=name, resourceIdentifier=arn(name), kmsKeyId=key), {}


@refuses("logs.tags.key", INVALID)
def a_log_group_with_a_tag_of_aws(aws):
    return lambda: aws.logs.create_log_group(logGroupName="/new", tags={"aws:cost": "1"}), {}


@refuses("logs.tags.limit", "TooManyTagsException")
def a_log_group_with_too_many_tags(aws):
    name = group(aws, tags={f"k{number}": "v" for number in range(50)})
    return lambda: aws.logs.tag_resource(resourceArn=arn(name), tags={"more": "v"}), {}


@refuses("logs.tags.resource", INVALID)
def the_tags_of_a_bucket(aws):
    return lambda: aws.logs.list_tags_for_resource(resourceArn="arn:aws:s3:::bucket"), {}


@refuses("model", INVALID, "Invalid LogGroup or LogStream, both must have length less than or equal to 512.")
def a_log_group_with_a_long_name(aws):
    return lambda: aws.logs.create_log_group(logGroupName="a" * 513), {}
