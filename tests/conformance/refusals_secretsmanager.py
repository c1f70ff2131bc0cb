"""What Secrets Manager refuses, and in which words."""

from ground_secretsmanager import TOKEN, policy
from refusal import Cases
from world import ACCOUNT

CASES = Cases()
refuses = CASES.refuses

PARAMETER = "InvalidParameterException"
REQUEST = "InvalidRequestException"
FOUND = "ResourceNotFoundException"
MARKED = "You can't perform this operation on the secret because it was marked for deletion."


def secret(aws, value="value", **more):
    name = aws.name("secret")
    given = {"SecretString": value} if value else {}
    aws.secretsmanager.create_secret(Name=name, **given, **more)
    return name


def going(aws):
    name = secret(aws)
    aws.secretsmanager.delete_secret(SecretId=name)
    return name


def managed(aws):
    instance = aws.db(MasterUserPassword=None, ManageMasterUserPassword=True)
    described = aws.rds.describe_db_instances(DBInstanceIdentifier=instance)["DBInstances"][0]
    return described["MasterUserSecret"]["SecretArn"]


FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:rotates"


def rotated(aws, name, **more):
    return lambda: aws.secretsmanager.rotate_secret(SecretId=name, **more), {}


@refuses(None, FOUND, "Lambda does not exist or could not be accessed")
def a_secret_rotated_by_a_function_that_is_not_there(aws):
    return rotated(aws, secret(aws), RotationLambdaARN=FUNCTION, RotationRules={"AutomaticallyAfterDays": 30})


@refuses(None, FOUND, "Lambda does not exist or could not be accessed")
def a_secret_rotated_later_by_a_function_that_is_not_there(aws):
    rules = {"ScheduleExpression": "cron(0 8 1 * ? *)", "Duration": "3h"}
    return rotated(aws, secret(aws), RotationLambdaARN=FUNCTION, RotationRules=rules, RotateImmediately=False)


@refuses(None, REQUEST, "No Lambda rotation function ARN is associated with this secret.")
def a_secret_rotated_by_nothing(aws):
    return rotated(aws, secret(aws))


@refuses(None, FOUND)
def no_secret_rotated(aws):
    return rotated(aws, "absent")


@refuses("secretsmanager.secret.pending", REQUEST, MARKED)
def a_secret_on_its_way_out_rotated(aws):
    return rotated(aws, going(aws))


@refuses("secretsmanager.rotation.schedule", PARAMETER)
def a_secret_rotated_by_days_and_by_a_schedule(aws):
    rules = {"AutomaticallyAfterDays": 30, "ScheduleExpression": "rate(30 days)"}
    return rotated(aws, secret(aws), RotationLambdaARN=FUNCTION, RotationRules=rules)


@refuses("secretsmanager.rotation.schedule", PARAMETER)
def a_secret_rotated_every_hour(aws):
    return rotated(aws, secret(aws), RotationLambdaARN=FUNCTION, RotationRules={"ScheduleExpression": "rate(1 hour)"})


@refuses("secretsmanager.rotation.schedule", PARAMETER)
def a_secret_rotated_for_longer_than_a_day(aws):
    rules = {"ScheduleExpression": "rate(10 days)", "Duration": "25h"}
    return rotated(aws, secret(aws), RotationLambdaARN=FUNCTION, RotationRules=rules)


@refuses("secretsmanager.rotation.busy", REQUEST, "A previous rotation isn't complete. That rotation will be reattempted.")
def a_managed_secret_rotated_while_it_is(aws):
    arn = managed(aws)
    with aws.within_rates():
        aws.secretsmanager.rotate_secret(SecretId=arn)
    return rotated(aws, arn)


@refuses(None, REQUEST)
def a_managed_secret_rotated_by_a_function(aws):
    return rotated(aws, managed(aws), RotationLambdaARN=FUNCTION)


@refuses(None, REQUEST)
def a_rotation_cancelled_that_is_none(aws):
    name = secret(aws)
    return lambda: aws.secretsmanager.cancel_rotate_secret(SecretId=name), {}


@refuses("secretsmanager.managed", REQUEST, "The secret is managed by another service, and you must use that service to update it.")
def a_managed_rotation_cancelled(aws):
    arn = managed(aws)
    return lambda: aws.secretsmanager.cancel_rotate_secret(SecretId=arn), {}


@refuses("secretsmanager.secret.name", "ValidationException", "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!")
def a_secret_with_a_space(aws):
    return lambda: aws.secretsmanager.create_secret(Name="a b"), {}


@refuses("secretsmanager.secret.exists", "ResourceExistsException", "The operation failed because the secret {name} already exists.")
def a_secret_twice(aws):
    name = secret(aws)
    return lambda: aws.secretsmanager.create_secret(Name=name, SecretString="other"), {"name": name}


@refuses("secretsmanager.secret.quota", "LimitExceededException")
def a_secret_too_many(aws):
    secret(aws)

    def act():
        with aws.world.quota("secretsmanager.secrets", 1):
            aws.secretsmanager.create_secret(Name="more")

    return act, {}


@refuses(None, FOUND, "Secrets Manager can't find the specified secret.")
def no_secret(aws):
    return lambda: aws.secretsmanager.describe_secret(SecretId="absent"), {}


@refuses("secretsmanager.secret.pending", REQUEST, "You can't create this secret because a secret with this name is already scheduled for deletion.")
def a_secret_of_a_name_that_is_on_its_way_out(aws):
    name = going(aws)
    return lambda: aws.secretsmanager.create_secret(Name=name), {}


@refuses("secretsmanager.secret.pending", REQUEST, MARKED)
def the_value_of_a_secret_on_its_way_out(aws):
    name = going(aws)
    return lambda: aws.secretsmanager.get_secret_value(SecretId=name), {}


@refuses("secretsmanager.secret.pending", REQUEST)
def a_secret_deleted_twice(aws):
    name = going(aws)
    return lambda: aws.secretsmanager.delete_secret(SecretId=name), {}


@refuses("secretsmanager.delete.window", PARAMETER, "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).")
def a_secret_deleted_within_a_day(aws):
    name = secret(aws)
    return lambda: aws.secretsmanager.delete_secret(SecretId=name, RecoveryWindowInDays=1), {}


@refuses("secretsmanager.delete.either", PARAMETER, "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.")
def a_secret_deleted_by_force_within_a_week(aws):
    name = secret(aws)
    return lambda: aws.secretsmanager.delete_secret(SecretId=name, RecoveryWindowInDays=7, ForceDeleteWithoutRecovery=True), {}


@refuses("secretsmanager.key.usable", "EncryptionFailure")
def a_secret_with_a_key_that_is_not_there(aws):
    return lambda: aws.secretsmanager.create_secret(Name="new", SecretString="value", KmsKeyId="alias/absent"), {}


@refuses("secretsmanager.key.usable", "DecryptionFailure")
def the_value_behind_a_disabled_key(aws):
    key = aws.kms.create_key()["KeyMetadata"]["KeyId"]
    name = secret(aws, KmsKeyId=key)
    aws.kms.disable_key(KeyId=key)
    return lambda: aws.secretsmanager.get_secret_value(SecretId=name), {}


@refuses("secretsmanager.version.content", PARAMETER)
def a_secret_of_text_and_bytes(aws):
    return lambda: aws.secretsmanager.create_secret(Name="new", SecretString="value", SecretBinary=b"value"), {}


@refuses("secretsmanager.version.size", "LimitExceededException")
def a_secret_of_too_many_bytes(aws):
    return lambda: aws.secretsmanager.create_secret(Name="new", SecretString="\u00fc" * 40_000), {}


@refuses("secretsmanager.version.content", REQUEST, "You must provide either SecretString or SecretBinary.")
def a_version_of_nothing(aws):
    name = secret(aws)
    return lambda: aws.secretsmanager.put_secret_value(SecretId=name), {}


def by_its_token(name, operation, member="SecretId"):
    """Another value for a version that is there."""

    def arrange(aws):
        token, of = TOKEN.format(1), aws.name("secret")
        made = aws.secretsmanager.create_secret(Name=of, SecretString="value", ClientRequestToken=token)
        act = getattr(aws.secretsmanager, operation)
        request = {member: of, "SecretString": "other", "ClientRequestToken": token}
        return lambda: act(**request), {"token": token, "arn": made["ARN"]}

    arrange.__name__ = name
    message = "You can't use ClientRequestToken {token} because that value is already in use for a version of secret {arn}."
    refuses("secretsmanager.version.fixed", "ResourceExistsException", message)(arrange)


by_its_token("a_version_changed", "put_secret_value")
by_its_token("a_version_changed_with_its_secret", "update_secret")
by_its_token("a_secret_made_again_with_another_value", "create_secret", "Name")


@refuses(None, FOUND, "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT")
def the_value_of_a_secret_without_one(aws):
    name = secret(aws, value=None)
    return lambda: aws.secretsmanager.get_secret_value(SecretId=name), {}


@refuses("secretsmanager.version.agree", REQUEST, "You provided a VersionStage that is not associated to the provided VersionId.")
def a_version_by_the_label_of_another(aws):
    name = secret(aws, ClientRequestToken=TOKEN.format(1))
    aws.secretsmanager.put_secret_value(SecretId=name, SecretString="other", ClientRequestToken=TOKEN.format(2))
    return lambda: aws.secretsmanager.get_secret_value(SecretId=name, VersionId=TOKEN.format(1), VersionStage="AWSCURRENT"), {}


@refuses("secretsmanager.version.found", FOUND)
def a_label_on_no_version(aws):
    name = secret(aws)
    return lambda: aws.secretsmanager.update_secret_version_stage(SecretId=name, VersionStage="NEW", MoveToVersionId=TOKEN.format(7)), {}


@refuses("secretsmanager.version.labels", "LimitExceededException")
def a_version_with_too_many_labels(aws):
    name = secret(aws, ClientRequestToken=TOKEN.format(1))
    stage = lambda label: aws.secretsmanager.update_secret_version_stage(SecretId=name, VersionStage=label, MoveToVersionId=TOKEN.format(1))
    for number in range(19):
        stage(f"L{number}")
    return lambda: stage("MORE"), {}


@refuses("secretsmanager.label.holder", PARAMETER, "The parameter RemoveFromVersionId can't be empty. Staging label AWSCURRENT is currently attached to version {version}, so you must explicitly reference that version in RemoveFromVersionId.")
def a_label_taken_without_saying_from_whom(aws):
    name = secret(aws, ClientRequestToken=TOKEN.format(1))
    aws.secretsmanager.put_secret_value(SecretId=name, SecretString="other", ClientRequestToken=TOKEN.format(2))
    move = dict(SecretId=name, VersionStage="AWSCURRENT", MoveToVersionId=TOKEN.format(1))
    return lambda: aws.secretsmanager.update_secret_version_stage(**move), {"version": TOKEN.format(2)}


@refuses("secretsmanager.label.current", PARAMETER, "You can only move staging label AWSCURRENT to a different secret version. It can’t be completely removed.")
def a_secret_left_without_a_current_version(aws):
    name = secret(aws, ClientRequestToken=TOKEN.format(1))
    return lambda: aws.secretsmanager.update_secret_version_stage(SecretId=name, VersionStage="AWSCURRENT", RemoveFromVersionId=TOKEN.format(1)), {}


@refuses("secretsmanager.page.token", "InvalidNextTokenException")
def secrets_after_no_page(aws):
    return lambda: aws.secretsmanager.list_secrets(NextToken="none"), {}


@refuses("secretsmanager.filter.key", PARAMETER)
def secrets_by_a_filter_on_nothing(aws):
    return lambda: aws.secretsmanager.list_secrets(Filters=[{"Values": ["a"]}]), {}


@refuses("secretsmanager.managed", REQUEST)
def a_secret_of_rds_given_another_value(aws):
    arn = managed(aws)
    return lambda: aws.secretsmanager.put_secret_value(SecretId=arn, SecretString="other"), {}


@refuses("secretsmanager.policy.document", "MalformedPolicyDocumentException", "This resource policy contains an unsupported principal.")
def a_policy_for_nobody(aws):
    name = secret(aws)
    return lambda: aws.secretsmanager.put_resource_policy(SecretId=name, ResourcePolicy=policy(principal="nobody")), {}


@refuses("secretsmanager.policy.document", "MalformedPolicyDocumentException", "This resource policy contains a syntax error.")
def a_policy_that_is_none(aws):
    name = secret(aws)
    return lambda: aws.secretsmanager.put_resource_policy(SecretId=name, ResourcePolicy="{}"), {}


@refuses("secretsmanager.policy.public", "PublicPolicyException")
def a_policy_for_everyone(aws):
    name = secret(aws)
    return lambda: aws.secretsmanager.put_resource_policy(SecretId=name, ResourcePolicy=policy("Allow", "*"), BlockPublicPolicy=True), {}


@refuses("secretsmanager.tags.key", PARAMETER)
def a_secret_with_a_tag_of_aws(aws):
    return lambda: aws.secretsmanager.create_secret(Name="new", Tags=[{"Key": "aws:cost", "Value": "1"}]), {}


@refuses("secretsmanager.tags.limit", PARAMETER)
def a_secret_with_too_many_tags(aws):
    tags = [{"Key": f"k{number}", "Value": "v"} for number in range(51)]
    return lambda: aws.secretsmanager.create_secret(Name="new", Tags=tags), {}


@refuses("secretsmanager.password.room", PARAMETER)
def a_password_too_short_for_all_kinds(aws):
    return lambda: aws.secretsmanager.get_random_password(PasswordLength=2), {}


NAME = "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"


def by_no_name(operation, **request):
    """A secret named by what is no name."""

    def arrange(aws):
        return lambda: getattr(aws.secretsmanager, operation)(SecretId="Inv *?!]Name\\-", **request), {}

    arrange.__name__ = f"{operation}_by_no_name"
    refuses("secretsmanager.secret.name", "ValidationException", NAME)(arrange)


by_no_name("delete_secret", ForceDeleteWithoutRecovery=True)
by_no_name("describe_secret")
by_no_name("get_secret_value")
by_no_name("list_secret_version_ids", IncludeDeprecated=True)
by_no_name("put_secret_value", SecretString="value")
by_no_name("tag_resource", Tags=[{"Key": "a", "Value": "b"}])
by_no_name("untag_resource", TagKeys=["a"])
by_no_name("update_secret", Description="new")
by_no_name("restore_secret")
by_no_name("rotate_secret")
by_no_name("cancel_rotate_secret")
by_no_name("get_resource_policy")
by_no_name("delete_resource_policy")
by_no_name("put_resource_policy", ResourcePolicy=policy())
by_no_name("update_secret_version_stage", VersionStage="AWSCURRENT")


def of_no_secret(operation):
    def arrange(aws):
        return lambda: getattr(aws.secretsmanager, operation)(SecretId="absent"), {}

    arrange.__name__ = f"{operation}_of_no_secret"
    refuses(None, FOUND, "Secrets Manager can't find the specified secret.")(arrange)


of_no_secret("get_resource_policy")
of_no_secret("get_secret_value")
of_no_secret("list_secret_version_ids")


@refuses(None, FOUND, "Secrets Manager can't find the specified secret value for staging label: AWSPREVIOUS")
def the_value_before_the_first(aws):
    name = secret(aws)
    return lambda: aws.secretsmanager.get_secret_value(SecretId=name, VersionStage="AWSPREVIOUS"), {}


@refuses("secretsmanager.secret.pending", REQUEST, MARKED)
def a_secret_on_its_way_out_given_a_tag(aws):
    name = going(aws)
    return lambda: aws.secretsmanager.tag_resource(SecretId=name, Tags=[{"Key": "a", "Value": "b"}]), {}


@refuses("secretsmanager.secret.pending", REQUEST, MARKED)
def a_secret_on_its_way_out_relieved_of_a_tag(aws):
    name = going(aws)
    return lambda: aws.secretsmanager.untag_resource(SecretId=name, TagKeys=["a"]), {}


@refuses("model", "ValidationException", "1 validation error detected: Value at 'secretString' failed to satisfy constraint: Member must have length less than or equal to 65536")
def a_secret_that_is_too_long_is_not_repeated(aws):
    """https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html"""
    return lambda: aws.secretsmanager.create_secret(Name=aws.name("secret"), SecretString="x" * 65537), {}
