"""What AWS Backup refuses, and in which words."""

from ground_backup import MANAGED, arn, of_volume, plan, policy
from refusal import Cases
from world import ACCOUNT, REGION

CASES = Cases()
refuses = CASES.refuses

INVALID = "InvalidParameterValueException"
UNTOLD = "Insufficient privileges to perform this action."


def vault(aws, name="one", **more):
    return lambda: aws.backup.create_backup_vault(BackupVaultName=name, **more), {}


def with_vault(aws):
    aws.backup.create_backup_vault(BackupVaultName="one")
    return aws


def planned(aws, name="daily", **rule):
    made = plan(name, **rule)
    return lambda: aws.backup.create_backup_plan(BackupPlan=made), {"rule": "daily"}


def made_plan(aws, name="daily"):
    return with_vault(aws).backup.create_backup_plan(BackupPlan=plan(name))["BackupPlanId"]


def role(aws, service="backup.amazonaws.com"):
    arn = aws.role_arn(aws.role(service))
    aws.world.advance(60)
    return arn


def selected(aws, plan=None, **more):
    plan = plan or made_plan(aws)
    selection = {"SelectionName": "volumes", "Resources": ["arn:aws:ec2:*:*:volume/*"], **more}
    selection.setdefault("IamRoleArn", None)
    selection["IamRoleArn"] = selection["IamRoleArn"] or role(aws)
    request = dict(BackupPlanId=plan, BackupSelection=selection)
    return lambda: aws.backup.create_backup_selection(**request), {"role": selection["IamRoleArn"], "plan": plan}


def within(aws, quota, asked):
    """The same where the account may have one of them."""

    def act():
        with aws.world.quota(quota, 1):
            asked[0]()

    return act, asked[1]


# Vaults


@refuses("backup.vault.exists", "AlreadyExistsException", "Backup vault with the same name already exists")
def a_vault_twice(aws):
    return vault(with_vault(aws))


@refuses("backup.vault.key", INVALID)
def a_vault_with_no_key(aws):
    return vault(aws, EncryptionKeyArn=f"arn:aws:kms:{REGION}:{ACCOUNT}:key/absent")


@refuses("backup.vault.quota", "LimitExceededException")
def a_vault_too_many(aws):
    return within(with_vault(aws), "backup.vaults", vault(aws, "two"))


@refuses("backup.creator.form", INVALID)
def a_vault_asked_for_in_words(aws):
    return vault(aws, CreatorRequestId="with spaces")


@refuses(None, "AccessDeniedException", UNTOLD, 403)
def no_vault_described(aws):
    return lambda: aws.backup.describe_backup_vault(BackupVaultName="absent"), {}


@refuses(None, "AccessDeniedException", UNTOLD, 403)
def no_vault_deleted(aws):
    return lambda: aws.backup.delete_backup_vault(BackupVaultName="absent"), {}


@refuses(None, INVALID)
def a_vault_with_a_space(aws):
    return vault(aws, "with space")


@refuses("backup.page.token", INVALID)
def vaults_after_no_page(aws):
    return lambda: aws.backup.list_backup_vaults(NextToken="none"), {}


@refuses("backup.policy.document", INVALID)
def a_policy_that_is_none(aws):
    with_vault(aws)
    return lambda: aws.backup.put_backup_vault_access_policy(BackupVaultName="one", Policy="{}"), {}


@refuses(None, "MissingParameterValueException")
def a_policy_left_out(aws):
    with_vault(aws)
    return lambda: aws.backup.put_backup_vault_access_policy(BackupVaultName="one"), {}


@refuses(None, "ResourceNotFoundException")
def a_policy_that_is_not_there(aws):
    with_vault(aws)
    return lambda: aws.backup.get_backup_vault_access_policy(BackupVaultName="one"), {}


# Backups


def thing(aws):
    return of_volume(aws.volume())


def job(aws, what=None, **more):
    """A backup that is asked for, of a volume where nothing else is said."""
    with_vault(aws)
    request = dict(BackupVaultName="one", ResourceArn=what or thing(aws), **more)
    request.setdefault("IamRoleArn", None)
    request["IamRoleArn"] = request["IamRoleArn"] or role(aws)
    return lambda: aws.backup.start_backup_job(**request), {"role": request["IamRoleArn"], "thing": request["ResourceArn"]}


def backup(aws):
    """A backup of a volume, as its ARN."""
    name = aws.role("backup.amazonaws.com")
    aws.iam.attach_role_policy(RoleName=name, PolicyArn=MANAGED)
    aws.world.advance(60)
    asked, _ = job(aws, IamRoleArn=aws.role_arn(name))
    made = asked()["BackupJobId"]
    aws.world.advance(1500)
    return aws.backup.describe_backup_job(BackupJobId=made)["RecoveryPointArn"]


def copied(aws, point, **more):
    request = dict(
        RecoveryPointArn=point, SourceBackupVaultName="one", IamRoleArn=role(aws),
        DestinationBackupVaultArn=arn("backup-vault:two"),
    )
    return lambda: aws.backup.start_copy_job(**{**request, **more}), {}


@refuses("backup.vault.empty", "InvalidRequestException", "Backup vault cannot be deleted because it contains recovery points.")
def a_vault_with_a_backup(aws):
    backup(aws)
    return lambda: aws.backup.delete_backup_vault(BackupVaultName="one"), {}


@refuses("backup.job.resource", "ResourceNotFoundException")
def a_backup_of_nothing(aws):
    return job(aws, of_volume("vol-00000000000000000"))


@refuses("backup.job.resource", "InvalidRequestException")
def a_backup_of_a_bucket_without_versions(aws):
    aws.s3.create_bucket(Bucket="plain")
    return job(aws, "arn:aws:s3:::plain")


@refuses(None, INVALID, "Unsupported resource type: {thing}")
def a_backup_of_a_queue(aws):
    return job(aws, f"arn:aws:sqs:{REGION}:{ACCOUNT}:queue")


@refuses("backup.job.role", INVALID, "IAM Role {role} cannot be assumed by AWS Backup")
def a_backup_by_a_role_of_others(aws):
    return job(aws, IamRoleArn=role(aws, "ec2.amazonaws.com"))


@refuses("backup.job.windows", INVALID)
def a_backup_with_a_short_time_to_begin(aws):
    return job(aws, StartWindowMinutes=30)


@refuses("backup.job.windows", INVALID)
def a_backup_with_a_short_time_to_end(aws):
    return job(aws, StartWindowMinutes=60, CompleteWindowMinutes=60)


@refuses("backup.job.options", INVALID)
def a_backup_of_a_volume_with_an_option_of_instances(aws):
    return job(aws, BackupOptions={"WindowsVSS": "enabled"})


@refuses("backup.rule.kept", INVALID, "Invalid lifecycle. DeleteAfterDays cannot be less than 1 or more than 36500 days")
def a_backup_that_is_asked_for_and_kept_for_no_day(aws):
    return job(aws, Lifecycle={"DeleteAfterDays": 0})


@refuses(None, "AccessDeniedException", UNTOLD, 403)
def a_backup_into_no_vault(aws):
    request = dict(BackupVaultName="absent", ResourceArn=thing(aws), IamRoleArn=role(aws))
    return lambda: aws.backup.start_backup_job(**request), {}


@refuses(None, "ResourceNotFoundException")
def no_job_described(aws):
    return lambda: aws.backup.describe_backup_job(BackupJobId="absent"), {}


@refuses(None, "ResourceNotFoundException")
def no_copy_job_described(aws):
    return lambda: aws.backup.describe_copy_job(CopyJobId="absent"), {}


@refuses(None, "ResourceNotFoundException")
def no_backup_described(aws):
    with_vault(aws)
    point = f"arn:aws:ec2:{REGION}::snapshot/snap-00000000000000000"
    return lambda: aws.backup.describe_recovery_point(BackupVaultName="one", RecoveryPointArn=point), {}


@refuses(None, "AccessDeniedException", UNTOLD, 403)
def the_backups_in_a_vault_of_another_account(aws):
    with_vault(aws)
    request = dict(BackupVaultName="one", BackupVaultAccountId="111122223333")
    return lambda: aws.backup.list_recovery_points_by_backup_vault(**request), {}


@refuses(None, INVALID)
def the_backups_of_a_backup(aws):
    point = backup(aws)
    return lambda: aws.backup.list_recovery_points_by_backup_vault(BackupVaultName="one", ByResourceArn=point), {}


@refuses("backup.point.busy", "InvalidResourceStateException")
def a_backup_deleted_twice(aws):
    point = backup(aws)
    delete = lambda: aws.backup.delete_recovery_point(BackupVaultName="one", RecoveryPointArn=point)
    with aws.within_rates():
        delete()
    return delete, {}


OF_BACKUP = "This snapshot is managed by the AWS Backup service and cannot be deleted via EC2 APIs. If you wish to delete this snapshot, please do so via the Backup console."


@refuses("ec2.snapshot.backup", "InvalidParameterValue", OF_BACKUP)
def a_backup_deleted_as_a_snapshot(aws):
    snapshot = backup(aws).rsplit("/", 1)[1]
    return lambda: aws.ec2.delete_snapshot(SnapshotId=snapshot), {}


@refuses("backup.copy.vault", INVALID)
def a_copy_by_hand_to_no_arn(aws):
    return copied(aws, backup(aws), DestinationBackupVaultArn="two")


@refuses("backup.copy.ready", "InvalidRequestException")
def a_copy_of_what_is_being_deleted(aws):
    point = backup(aws)
    copy = copied(aws, point)
    with aws.within_rates():
        aws.backup.delete_recovery_point(BackupVaultName="one", RecoveryPointArn=point)
    return copy


@refuses(None, "ResourceNotFoundException")
def a_copy_of_no_backup(aws):
    with_vault(aws)
    return copied(aws, f"arn:aws:ec2:{REGION}::snapshot/snap-00000000000000000")


# Tags


@refuses("backup.tags.reserved", INVALID)
def a_tag_of_aws(aws):
    return vault(aws, BackupVaultTags={"aws:a": "1"})


@refuses("backup.tags.limit", "LimitExceededException")
def a_tag_too_many(aws):
    return vault(aws, BackupVaultTags={f"k{number}": "v" for number in range(51)})


@refuses(None, "ResourceNotFoundException")
def the_tags_of_no_vault(aws):
    return lambda: aws.backup.list_tags(ResourceArn=arn("backup-vault:absent")), {}


@refuses(None, INVALID)
def the_tags_of_something_else(aws):
    return lambda: aws.backup.list_tags(ResourceArn=f"arn:aws:sns:{REGION}:{ACCOUNT}:one"), {}


# Plans


@refuses("backup.plan.exists", "AlreadyExistsException", "Backup plan with the same plan document already exists")
def a_plan_twice(aws):
    made_plan(aws)
    return planned(aws)


@refuses("backup.plan.name", INVALID)
def a_plan_with_a_space(aws):
    return planned(with_vault(aws), "with space")


@refuses("backup.plan.quota", "LimitExceededException")
def a_plan_too_many(aws):
    made_plan(aws)
    return within(aws, "backup.plans", planned(aws, "weekly"))


@refuses(
    "backup.plan.selected",
    "InvalidRequestException",
    "Related backup plan selections must be deleted prior to backup plan deletion",
)
def a_plan_by_which_something_is_selected(aws):
    call, names = selected(aws)
    call()
    return lambda: aws.backup.delete_backup_plan(BackupPlanId=names["plan"]), {}


@refuses(None, "ResourceNotFoundException", "Cannot find Backup plan with ID absent")
def no_plan_described(aws):
    return lambda: aws.backup.get_backup_plan(BackupPlanId="absent"), {}


@refuses(None, "ResourceNotFoundException")
def a_plan_deleted_twice(aws):
    made = made_plan(aws)
    aws.backup.delete_backup_plan(BackupPlanId=made)
    return lambda: aws.backup.delete_backup_plan(BackupPlanId=made), {}


@refuses(None, "ResourceNotFoundException")
def a_version_that_never_was(aws):
    made = made_plan(aws)
    return lambda: aws.backup.get_backup_plan(BackupPlanId=made, VersionId="absent"), {}


# Rules


def rule(of, why, message=None, **rule):
    def arrange(aws):
        return planned(with_vault(aws), **rule)

    arrange.__name__ = why
    refuses(of, INVALID, message)(arrange)


LIFECYCLE = "Error in rule {rule} : Invalid lifecycle. "
rule("backup.rule.schedule", "a_schedule_in_words", ScheduleExpression="daily")
rule("backup.rule.schedule", "a_schedule_with_two_kinds_of_days", ScheduleExpression="cron(0 5 * * * *)")
rule(
    "backup.rule.often", "a_backup_every_half_hour",
    "Error in rule {rule} : The interval between backup jobs shouldn't be less than 60 minutes.",
    ScheduleExpression="cron(0/30 * * * ? *)",
)
rule("backup.rule.schedule", "a_rate", ScheduleExpression="rate(1 day)")
rule("backup.rule.timezone", "a_time_zone_that_is_none", ScheduleExpressionTimezone="Europe/Nowhere")
rule("backup.rule.windows", "a_short_time_to_begin", StartWindowMinutes=30)
rule("backup.rule.windows", "a_short_time_to_end", StartWindowMinutes=60, CompletionWindowMinutes=60)
rule("backup.rule.vault", "a_rule_for_no_vault", vault="absent")
rule("backup.rule.copy", "a_copy_to_no_arn", CopyActions=[{"DestinationBackupVaultArn": "two"}])
rule(
    "backup.rule.kept", "a_backup_kept_for_no_day", LIFECYCLE + "DeleteAfterDays cannot be less than 1 or more than 36500 days",
    Lifecycle={"DeleteAfterDays": 0},
)
rule(
    "backup.rule.cold", "a_short_time_in_the_cold",
    LIFECYCLE + "DeleteAfterDays cannot be less than 90 days apart from MoveToColdStorageAfterDays",
    Lifecycle={"DeleteAfterDays": 60, "MoveToColdStorageAfterDays": 30},
)
rule(
    "backup.rule.continuous", "a_continuous_backup_in_the_cold", LIFECYCLE + "MoveToColdStorageAfterDays is unavailable",
    EnableContinuousBackup=True, Lifecycle={"MoveToColdStorageAfterDays": 30, "DeleteAfterDays": 120},
)
rule("backup.rule.continuous", "a_continuous_backup_for_ever", EnableContinuousBackup=True)


# Selections


@refuses("backup.selection.role", INVALID, "IAM Role {role} cannot be assumed by AWS Backup")
def a_selection_with_a_role_of_others(aws):
    return selected(aws, IamRoleArn=role(aws, "ec2.amazonaws.com"))


@refuses("backup.selection.role", INVALID, "IAM Role {role} cannot be assumed by AWS Backup")
def a_selection_with_no_role(aws):
    return selected(aws, IamRoleArn=f"arn:aws:iam::{ACCOUNT}:role/absent")


@refuses("backup.selection.exists", "AlreadyExistsException")
def a_selection_twice(aws):
    call, names = selected(aws)
    call()
    return selected(aws, names["plan"])


@refuses("backup.selection.something", INVALID, "Invalid backup selection. Either 'ListOfTags' or 'Resources' section must be non-empty.")
def a_selection_of_nothing(aws):
    return selected(aws, Resources=[])


@refuses("backup.selection.arns", INVALID)
def a_selection_of_names(aws):
    return selected(aws, Resources=["volume"])


@refuses("backup.selection.arns", INVALID)
def a_selection_of_too_much(aws):
    return selected(aws, Resources=[f"arn:aws:ec2:{REGION}:{ACCOUNT}:volume/vol-{number}*" for number in range(31)])


@refuses("backup.selection.quota", "LimitExceededException")
def a_selection_too_many(aws):
    call, names = selected(aws)
    call()
    return within(aws, "backup.selections-per-plan", selected(aws, names["plan"], SelectionName="others"))


@refuses(None, INVALID, "Cannot find Backup plan with ID absent")
def a_selection_of_no_plan(aws):
    return selected(aws, "absent")


@refuses(None, "ResourceNotFoundException")
def no_selection_described(aws):
    made = made_plan(aws)
    return lambda: aws.backup.get_backup_selection(BackupPlanId=made, SelectionId="absent"), {}
