"""Backups as AWS Backup makes them: by hand and by a plan's rules, copied, kept and deleted."""

import datetime
import json

import boto3
import pytest
from botocore.config import Config

from ground_backup import MANAGED, arn, of_volume
from refusal import outcome
from world import ACCOUNT, REGION

FAR = "eu-west-1"
HOUR, DAY = 3600, 24 * 3600
# The longest that a backup or a copy takes here, with its waiting.
MADE = 1500


def far(aws):
    """A client of another region."""
    config = Config(retries={"mode": "standard", "total_max_attempts": 1}, parameter_validation=False)
    return boto3.Session("test", "test", region_name=FAR).client("backup", endpoint_url=aws.world.address, config=config)


def now(aws):
    return datetime.datetime.fromisoformat(aws.world.ask("GET", "clock")["now"][:19]).replace(tzinfo=datetime.timezone.utc)


def until(aws, moment):
    """Lets time pass until a moment."""
    aws.world.advance(max(0, round((moment - now(aws)).total_seconds())))


def role(aws, service="backup.amazonaws.com"):
    """A role for backups, with AWS's policy for it."""
    name = aws.role(service)
    aws.iam.attach_role_policy(RoleName=name, PolicyArn=MANAGED)
    aws.world.advance(60)
    return aws.role_arn(name)


def vault(aws, name="one"):
    aws.backup.create_backup_vault(BackupVaultName=name)
    return name


def backed_up(aws, thing, **more):
    """A backup that was asked for by hand; the job as it is in the end."""
    asked = dict(BackupVaultName="one", ResourceArn=thing, IamRoleArn=role(aws))
    job = aws.backup.start_backup_job(**{**asked, **more})["BackupJobId"]
    aws.world.advance(MADE)
    return aws.backup.describe_backup_job(BackupJobId=job)


def points(client, name="one", **more):
    return client.list_recovery_points_by_backup_vault(BackupVaultName=name, **more)["RecoveryPoints"]


def planned(aws, select=None, **rule):
    """A plan whose rule backs up what is selected."""
    rule = {"RuleName": "daily", "TargetBackupVaultName": "one", **rule}
    plan = aws.backup.create_backup_plan(BackupPlan={"BackupPlanName": "plan", "Rules": [rule]})["BackupPlanId"]
    selection = {"SelectionName": "all", "IamRoleArn": role(aws), **(select or {"Resources": ["*"]})}
    aws.backup.create_backup_selection(BackupPlanId=plan, BackupSelection=selection)
    return plan


def test_a_backup_is_asked_for_runs_and_is_a_recovery_point(aws):
    vault(aws)
    volume = aws.volume(size=3)
    aws.ec2.create_tags(Resources=[volume], Tags=[{"Key": "Name", "Value": "data"}])
    asked = dict(BackupVaultName="one", ResourceArn=of_volume(volume), IamRoleArn=role(aws), RecoveryPointTags={"by": "hand"})
    with aws.at_once():
        job = aws.backup.start_backup_job(**asked)["BackupJobId"]
        first = aws.backup.describe_backup_job(BackupJobId=job)
        assert (first["State"], first["PercentDone"], first["ResourceType"]) == ("CREATED", "0.0", "EBS")
        assert first["StartBy"] - first["CreationDate"] == datetime.timedelta(hours=8)
        assert points(aws.backup) == []
    aws.world.advance(160)
    running = aws.backup.describe_backup_job(BackupJobId=job)
    assert running["State"] in ("RUNNING", "COMPLETED")
    aws.world.advance(MADE)
    done = aws.backup.describe_backup_job(BackupJobId=job)
    assert (done["State"], done["PercentDone"], done["BackupSizeInBytes"]) == ("COMPLETED", "100.0", 3 << 30)
    [point] = points(aws.backup)
    assert point["RecoveryPointArn"] == done["RecoveryPointArn"]
    assert point["RecoveryPointArn"].startswith(f"arn:aws:ec2:{REGION}::snapshot/snap-")
    assert (point["Status"], point["ResourceName"], point["IsEncrypted"]) == ("COMPLETED", "data", False)
    told = aws.backup.describe_recovery_point(BackupVaultName="one", RecoveryPointArn=point["RecoveryPointArn"])
    assert (told["StorageClass"], told["ResourceArn"]) == ("WARM", of_volume(volume))
    assert aws.backup.describe_backup_vault(BackupVaultName="one")["NumberOfRecoveryPoints"] == 1
    [thing] = aws.backup.list_protected_resources_by_backup_vault(BackupVaultName="one")["Results"]
    assert (thing["ResourceArn"], thing["LastRecoveryPointArn"]) == (of_volume(volume), point["RecoveryPointArn"])


def test_a_volume_s_backup_is_a_snapshot_that_a_volume_begins_as(aws):
    vault(aws)
    volume = aws.volume(size=3)
    aws.ec2.create_tags(Resources=[volume], Tags=[{"Key": "Name", "Value": "data"}])
    point = backed_up(aws, of_volume(volume))["RecoveryPointArn"]
    [snapshot] = aws.ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
    assert point.endswith(f"::snapshot/{snapshot['SnapshotId']}")
    assert (snapshot["State"], snapshot["VolumeSize"], snapshot["VolumeId"]) == ("completed", 3, volume)
    tags = {tag["Key"]: tag["Value"] for tag in snapshot["Tags"]}
    assert tags == {"Name": "data", "aws:backup:source-resource": of_volume(volume)}
    restored = aws.ec2.create_volume(AvailabilityZone=f"{REGION}b", SnapshotId=snapshot["SnapshotId"])
    assert (restored["Size"], restored["SnapshotId"]) == (3, snapshot["SnapshotId"])
    aws.backup.delete_recovery_point(BackupVaultName="one", RecoveryPointArn=point)
    aws.world.advance(MADE)
    assert aws.ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"] == []


def test_the_same_request_asks_for_one_backup(aws):
    vault(aws)
    asked = dict(BackupVaultName="one", ResourceArn=of_volume(aws.volume()), IamRoleArn=role(aws), IdempotencyToken="once")
    first, again = (aws.backup.start_backup_job(**asked)["BackupJobId"] for _ in range(2))
    assert first == again
    assert aws.backup.start_backup_job(**{**asked, "IdempotencyToken": "twice"})["BackupJobId"] != first


def test_a_vault_is_deleted_once_its_backups_are(aws):
    vault(aws)
    point = backed_up(aws, of_volume(aws.volume()))["RecoveryPointArn"]
    held = "Backup vault cannot be deleted because it contains recovery points."
    assert outcome(lambda: aws.backup.delete_backup_vault(BackupVaultName="one")).message == held
    with aws.at_once():
        aws.backup.delete_recovery_point(BackupVaultName="one", RecoveryPointArn=point)
        assert [one["Status"] for one in points(aws.backup)] == ["DELETING"]
        assert outcome(lambda: aws.backup.delete_backup_vault(BackupVaultName="one")).message == held
    aws.world.advance(120)
    assert points(aws.backup) == []
    aws.backup.delete_backup_vault(BackupVaultName="one")


def test_a_backup_goes_when_its_time_is_over(aws):
    vault(aws)
    job = backed_up(aws, of_volume(aws.volume()), Lifecycle={"DeleteAfterDays": 2})
    [point] = points(aws.backup)
    assert point["CalculatedLifecycle"]["DeleteAt"] - point["CreationDate"] == datetime.timedelta(days=2)
    until(aws, point["CalculatedLifecycle"]["DeleteAt"] - datetime.timedelta(seconds=5))
    assert len(points(aws.backup)) == 1
    aws.world.advance(10)
    assert points(aws.backup) == [] and job["State"] == "COMPLETED"


def test_what_can_be_archived_goes_to_cold_storage(aws):
    vault(aws)
    lifecycle = {"MoveToColdStorageAfterDays": 1, "DeleteAfterDays": 91, "OptInToArchiveForSupportedResources": True}
    point = backed_up(aws, of_volume(aws.volume()), Lifecycle=lifecycle)["RecoveryPointArn"]
    told = lambda: aws.backup.describe_recovery_point(BackupVaultName="one", RecoveryPointArn=point)["StorageClass"]
    assert told() == "WARM"
    aws.world.advance(DAY)
    assert told() == "COLD"


def test_a_plan_backs_up_what_it_selects_at_its_moments(aws):
    vault(aws)
    first, other = aws.volume(), aws.volume()
    aws.ec2.create_tags(Resources=[first], Tags=[{"Key": "backup", "Value": "yes"}])
    tagged = {"ConditionType": "STRINGEQUALS", "ConditionKey": "backup", "ConditionValue": "yes"}
    plan = planned(aws, {"ListOfTags": [tagged]}, RecoveryPointTags={"by": "plan"}, Lifecycle={"DeleteAfterDays": 2})
    begun = now(aws)
    five = begun.replace(hour=5, minute=0, second=0, microsecond=0)
    five += datetime.timedelta(days=1) if five <= begun else datetime.timedelta()
    until(aws, five - datetime.timedelta(seconds=5))
    assert aws.backup.list_backup_jobs()["BackupJobs"] == []
    aws.world.advance(MADE)
    [point] = points(aws.backup, ByBackupPlanId=plan)
    assert point["ResourceArn"] == of_volume(first) and of_volume(other) != of_volume(first)
    made = point["CreatedBy"]
    assert (made["BackupPlanId"], made["BackupRuleName"], made["BackupRuleCron"]) == (plan, "daily", "cron(0 5 ? * * *)")
    assert datetime.timedelta() <= point["CreationDate"] - five < datetime.timedelta(minutes=5)
    aws.world.advance(5 * DAY)
    kept = points(aws.backup)
    assert len(kept) == 2 and len(aws.backup.list_backup_jobs(ByState="COMPLETED")["BackupJobs"]) == 6


@pytest.mark.parametrize(
    ("zone", "hours"), [("Etc/UTC", [1]), ("Asia/Kolkata", [19])], ids=["in UTC", "half an hour off"]
)
def test_a_rules_moments_are_those_of_its_time_zone(aws, zone, hours):
    vault(aws)
    volume = aws.volume()
    planned(aws, {"Resources": [of_volume(volume)]}, ScheduleExpression="cron(15 1 * * ? *)", ScheduleExpressionTimezone=zone)
    aws.world.advance(DAY)
    [job] = aws.backup.list_backup_jobs()["BackupJobs"]
    minute = 15 if zone == "Etc/UTC" else 45
    assert ([job["CreationDate"].hour], job["CreationDate"].minute) == (hours, minute)


def test_a_selection_leaves_out_its_exceptions_and_what_does_not_meet_its_conditions(aws):
    vault(aws)
    kept, spared, other = (aws.volume() for _ in range(3))
    for volume in (kept, spared):
        aws.ec2.create_tags(Resources=[volume], Tags=[{"Key": "stage", "Value": "production"}])
    like = {"StringLike": [{"ConditionKey": "aws:ResourceTag/stage", "ConditionValue": "prod*"}]}
    select = {"Resources": ["arn:aws:ec2:*:*:volume/*"], "NotResources": [of_volume(spared)], "Conditions": like}
    planned(aws, select, ScheduleExpression="cron(0 * * * ? *)")
    aws.world.advance(HOUR)
    assert {job["ResourceArn"] for job in aws.backup.list_backup_jobs()["BackupJobs"]} == {of_volume(kept)}
    assert other not in (kept, spared)


def test_a_plan_that_is_changed_or_selects_nothing_any_more_runs_so(aws):
    vault(aws)
    volume = aws.volume()
    plan = planned(aws, {"Resources": [of_volume(volume)]}, ScheduleExpression="cron(0 * * * ? *)")
    rule = {"RuleName": "daily", "TargetBackupVaultName": "one", "ScheduleExpression": "cron(0 0 1 1 ? *)"}
    aws.backup.update_backup_plan(BackupPlanId=plan, BackupPlan={"BackupPlanName": "plan", "Rules": [rule]})
    aws.world.advance(3 * HOUR)
    assert aws.backup.list_backup_jobs()["BackupJobs"] == []
    rule["ScheduleExpression"] = "cron(30 * * * ? *)"
    aws.backup.update_backup_plan(BackupPlanId=plan, BackupPlan={"BackupPlanName": "plan", "Rules": [rule]})
    aws.world.advance(HOUR)
    assert len(aws.backup.list_backup_jobs()["BackupJobs"]) == 1
    [selection] = aws.backup.list_backup_selections(BackupPlanId=plan)["BackupSelectionsList"]
    aws.backup.delete_backup_selection(BackupPlanId=plan, SelectionId=selection["SelectionId"])
    aws.world.advance(3 * HOUR)
    assert len(aws.backup.list_backup_jobs()["BackupJobs"]) == 1


def test_a_rules_backups_are_copied_to_a_vault_of_another_region(aws):
    vault(aws)
    away = far(aws)
    away.create_backup_vault(BackupVaultName="two")
    target = f"arn:aws:backup:{FAR}:{ACCOUNT}:backup-vault:two"
    volume = aws.volume()
    copies = [{"DestinationBackupVaultArn": target, "Lifecycle": {"DeleteAfterDays": 3}}]
    planned(aws, {"Resources": [of_volume(volume)]}, ScheduleExpression="cron(0 12 * * ? *)", CopyActions=copies)
    aws.world.advance(DAY + 2 * MADE)
    [copy] = aws.backup.list_copy_jobs()["CopyJobs"]
    [point], [first] = points(away, "two"), points(aws.backup)
    assert (copy["State"], copy["SourceRecoveryPointArn"]) == ("COMPLETED", first["RecoveryPointArn"])
    assert copy["DestinationRecoveryPointArn"] == point["RecoveryPointArn"] != first["RecoveryPointArn"]
    assert point["SourceBackupVaultArn"] == arn("backup-vault:one") and point["IsEncrypted"]
    assert point["CalculatedLifecycle"]["DeleteAt"] - point["CreationDate"] == datetime.timedelta(days=3)
    aws.world.advance(3 * DAY)
    assert first["RecoveryPointArn"] in [one["RecoveryPointArn"] for one in points(aws.backup)]
    assert point["RecoveryPointArn"] not in [one["RecoveryPointArn"] for one in points(away, "two")]


def test_a_backup_is_copied_by_hand_and_what_there_is_no_vault_for_is_not(aws):
    vault(aws), vault(aws, "two")
    point = backed_up(aws, of_volume(aws.volume()))["RecoveryPointArn"]
    asked = dict(RecoveryPointArn=point, SourceBackupVaultName="one", IamRoleArn=role(aws))
    ends = {}
    for name in ("two", "none"):
        job = aws.backup.start_copy_job(DestinationBackupVaultArn=arn(f"backup-vault:{name}"), **asked)["CopyJobId"]
        aws.world.advance(MADE)
        ends[name] = aws.backup.describe_copy_job(CopyJobId=job)["CopyJob"]["State"]
    assert ends == {"two": "COMPLETED", "none": "FAILED"} and len(points(aws.backup, "two")) == 1


def test_a_database_has_its_backup_among_its_snapshots(aws):
    vault(aws)
    database = aws.db()
    job = backed_up(aws, f"arn:aws:rds:{REGION}:{ACCOUNT}:db:{database}")
    [snapshot] = aws.rds.describe_db_snapshots(SnapshotType="awsbackup")["DBSnapshots"]
    assert snapshot["DBSnapshotArn"] == job["RecoveryPointArn"]
    assert snapshot["DBSnapshotIdentifier"] == f"awsbackup:job-{job['BackupJobId']}"
    aws.backup.delete_recovery_point(BackupVaultName="one", RecoveryPointArn=job["RecoveryPointArn"])
    aws.world.advance(120)
    assert aws.rds.describe_db_snapshots(SnapshotType="awsbackup")["DBSnapshots"] == []


def test_a_bucket_is_backed_up_with_all_its_versions_by_the_vaults_key(aws):
    vault(aws)
    aws.s3.create_bucket(Bucket="kept")
    aws.s3.put_bucket_versioning(Bucket="kept", VersioningConfiguration={"Status": "Enabled"})
    for _ in range(2):
        aws.s3.put_object(Bucket="kept", Key="one", Body=b"text")
    job = backed_up(aws, "arn:aws:s3:::kept", RecoveryPointTags={"a": "1"})
    assert (job["State"], job["BackupSizeInBytes"]) == ("COMPLETED", 8)
    assert job["RecoveryPointArn"].startswith(arn("recovery-point:kept-"))
    assert job["EncryptionKeyArn"] == aws.backup.describe_backup_vault(BackupVaultName="one")["EncryptionKeyArn"]
    assert aws.backup.list_tags(ResourceArn=job["RecoveryPointArn"])["Tags"] == {"a": "1"}


def test_a_job_whose_role_may_not_or_whose_thing_is_gone_fails_and_says_why(aws):
    vault(aws)
    volume = of_volume(aws.volume())
    name = aws.role("backup.amazonaws.com")
    aws.world.advance(60)
    job = backed_up(aws, volume, IamRoleArn=aws.role_arn(name))
    assert job["State"] == "FAILED" and "ec2:CreateSnapshot" in job["StatusMessage"]
    with aws.world.without("backup.job.role"):
        assert backed_up(aws, volume, IamRoleArn=aws.role_arn(name))["State"] == "COMPLETED"
    statement = {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    aws.iam.put_role_policy(RoleName=name, PolicyName="backs-up", PolicyDocument=document)
    with aws.at_once():
        asked = dict(BackupVaultName="one", ResourceArn=volume, IamRoleArn=aws.role_arn(name))
        job = aws.backup.start_backup_job(**asked)["BackupJobId"]
        aws.ec2.delete_volume(VolumeId=volume.rpartition("/")[2])
    aws.world.advance(MADE)
    gone = aws.backup.describe_backup_job(BackupJobId=job)
    assert (gone["State"], gone["StatusMessage"]) == ("FAILED", f"Cannot find resource {volume}")
