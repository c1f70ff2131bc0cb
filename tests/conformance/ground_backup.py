"""AWS Backup's ground, and a call of each of its operations that succeeds on it."""

import datetime
import json

from members import Ground, listing
from world import ACCOUNT, REGION


def arn(rest):
    return f"arn:aws:backup:{REGION}:{ACCOUNT}:{rest}"


def policy(effect="Deny", principal=f"arn:aws:iam::{ACCOUNT}:root"):
    statement = {"Effect": effect, "Principal": {"AWS": principal}, "Action": "backup:DeleteRecoveryPoint", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def plan(name="daily", vault="one", **rule):
    return {"BackupPlanName": name, "Rules": [{"RuleName": "daily", "TargetBackupVaultName": vault, **rule}]}


MANAGED = "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup"


def of_volume(volume):
    return f"arn:aws:ec2:{REGION}:{ACCOUNT}:volume/{volume}"


class BackupGround(Ground):
    """Vaults of which one has a policy, a plan that changed once, what it backs up, and two backups with a copy of each."""

    def make_vault(self):
        self.aws.backup.create_backup_vault(BackupVaultName="one", BackupVaultTags={"a": "1", "b": "2"}, CreatorRequestId="one")
        self.aws.backup.put_backup_vault_access_policy(BackupVaultName="one", Policy=policy())
        return "one"

    def make_other(self):
        self.aws.backup.create_backup_vault(BackupVaultName="two", CreatorRequestId="two")
        return "two"

    def make_role(self):
        role = self.aws.role("backup.amazonaws.com")
        self.aws.iam.attach_role_policy(RoleName=role, PolicyArn=MANAGED)
        self.aws.world.advance(60)
        return self.aws.role_arn(role)

    def make_plan(self):
        made = self.aws.backup.create_backup_plan(
            BackupPlan=plan(vault=self["vault"]), BackupPlanTags={"a": "1"}, CreatorRequestId="daily"
        )
        self.aws.backup.update_backup_plan(
            BackupPlanId=made["BackupPlanId"], BackupPlan=plan(vault=self["vault"], StartWindowMinutes=120)
        )
        return made["BackupPlanId"]

    def make_gone(self):
        made = self.aws.backup.create_backup_plan(BackupPlan=plan("weekly", self["other"]), CreatorRequestId="weekly")
        self.aws.backup.delete_backup_plan(BackupPlanId=made["BackupPlanId"])
        return made["BackupPlanId"]

    def make_idle(self):
        made = self.aws.backup.create_backup_plan(BackupPlan=plan("idle", self["other"]), CreatorRequestId="idle")
        return made["BackupPlanId"]

    def make_volume(self):
        return of_volume(self.aws.volume())

    def make_volume2(self):
        return of_volume(self.aws.volume())

    def back_up(self, thing):
        asked = dict(BackupVaultName=self["vault"], ResourceArn=self[thing], IamRoleArn=self["role"])
        job = self.aws.backup.start_backup_job(**asked)["BackupJobId"]
        self.aws.world.advance(1500)
        return job

    def make_job(self):
        return self.back_up("volume")

    def make_job2(self):
        return self.back_up("volume2")

    def make_point(self):
        return self.aws.backup.describe_backup_job(BackupJobId=self["job"])["RecoveryPointArn"]

    def copied(self, name):
        job = self.aws.backup.start_copy_job(
            RecoveryPointArn=self[name], SourceBackupVaultName=self["vault"], IamRoleArn=self["role"],
            DestinationBackupVaultArn=arn(f"backup-vault:{self['other']}"),
        )
        self.aws.world.advance(1500)
        return job["CopyJobId"]

    def make_copy(self):
        return self.copied("point")

    def make_copy2(self):
        return self.copied("point")

    def make_selection(self):
        return self.select("volumes")

    def make_selection2(self):
        return self.select("others")

    def select(self, name):
        made = self.aws.backup.create_backup_selection(
            BackupPlanId=self["plan"], BackupSelection=self.selection(name), CreatorRequestId=name
        )
        return made["SelectionId"]

    def selection(self, name="new"):
        return {"SelectionName": name, "IamRoleArn": self["role"], "Resources": [f"arn:aws:ec2:{REGION}:{ACCOUNT}:volume/*"]}


def vaults(g):
    assert g["vault"] and g["other"]
    return {}


def plans(g):
    assert g["plan"] and g["gone"] and g["idle"]
    return {}


def selections(g):
    assert g["selection"] and g["selection2"]
    return dict(BackupPlanId=g["plan"])


def jobs(g):
    assert g["job"] and g["job2"] and g["copy"] and g["copy2"]
    return {}


def points(g):
    assert g["job"] and g["job2"]
    return dict(BackupVaultName=g["vault"])


BASES = {
    "CreateBackupPlan": lambda g: dict(BackupPlan=plan("new", g["vault"]), CreatorRequestId="new"),
    "CreateBackupSelection": lambda g: dict(BackupPlanId=g["plan"], BackupSelection=g.selection(), CreatorRequestId="new"),
    "CreateBackupVault": listing(BackupVaultName="new", CreatorRequestId="new"),
    "DeleteRecoveryPoint": lambda g: dict(BackupVaultName=g["vault"], RecoveryPointArn=g["point"]),
    "DescribeBackupJob": lambda g: dict(BackupJobId=g["job"]),
    "DescribeCopyJob": lambda g: dict(CopyJobId=g["copy"]),
    "DescribeRecoveryPoint": lambda g: dict(BackupVaultName=g["vault"], RecoveryPointArn=g["point"]),
    "ListBackupJobs": jobs,
    "ListCopyJobs": jobs,
    "ListProtectedResourcesByBackupVault": points,
    "ListRecoveryPointsByBackupVault": points,
    "StartBackupJob": lambda g: dict(BackupVaultName=g["vault"], ResourceArn=g["volume"], IamRoleArn=g["role"]),
    "StartCopyJob": lambda g: dict(
        RecoveryPointArn=g["point"],
        SourceBackupVaultName=g["vault"],
        DestinationBackupVaultArn=arn(f"backup-vault:{g['other']}"),
        IamRoleArn=g["role"],
    ),
    "DeleteBackupPlan": lambda g: dict(BackupPlanId=g["idle"]),
    "DeleteBackupSelection": lambda g: dict(BackupPlanId=g["plan"], SelectionId=g["selection"]),
    "DeleteBackupVault": lambda g: dict(BackupVaultName=g["vault"]),
    "DeleteBackupVaultAccessPolicy": lambda g: dict(BackupVaultName=g["vault"]),
    "DescribeBackupVault": lambda g: dict(BackupVaultName=g["vault"]),
    "GetBackupPlan": lambda g: dict(BackupPlanId=g["plan"]),
    "GetBackupSelection": lambda g: dict(BackupPlanId=g["plan"], SelectionId=g["selection"]),
    "GetBackupVaultAccessPolicy": lambda g: dict(BackupVaultName=g["vault"]),
    "ListBackupPlanVersions": lambda g: dict(BackupPlanId=g["plan"]),
    "ListBackupPlans": plans,
    "ListBackupSelections": selections,
    "ListBackupVaults": vaults,
    "ListTags": lambda g: dict(ResourceArn=arn(f"backup-vault:{g['vault']}")),
    "PutBackupVaultAccessPolicy": lambda g: dict(BackupVaultName=g["vault"], Policy=policy("Allow")),
    "TagResource": lambda g: dict(ResourceArn=arn(f"backup-vault:{g['vault']}"), Tags={"new": "new"}),
    "UntagResource": lambda g: dict(ResourceArn=arn(f"backup-vault:{g['vault']}"), TagKeyList=["a"]),
    "UpdateBackupPlan": lambda g: dict(BackupPlanId=g["plan"], BackupPlan=plan("newer", g["vault"])),
}

FUTURE = datetime.datetime(2100, 1, 1, tzinfo=datetime.timezone.utc)

# Values for members of one operation, where the general ones would not tell.
RULE = "BackupPlan.Rules[]"
VALUES = {
    **{f"{operation}.BackupPlanId": "absent" for operation in BASES},
    **{f"{operation}.BackupVaultName": "absent" for operation in BASES},
    **{f"{operation}.SelectionId": "absent" for operation in BASES},
    **{f"{operation}.By{end}After": FUTURE for operation in BASES for end in ("Created", "Complete")},
    **{f"{operation}.ByAccountId": "111122223333" for operation in BASES},
    **{f"{operation}.BackupVaultAccountId": "111122223333" for operation in BASES},
    **{f"{operation}.IamRoleArn": f"arn:aws:iam::{ACCOUNT}:role/absent" for operation in BASES},
    **{f"{operation}.ResourceArn": arn("backup-vault:absent") for operation in BASES},
    "StartBackupJob.ResourceArn": of_volume("vol-00000000000000000"),
    **{f"{operation}.MaxResults": 1 for operation in BASES if operation.startswith("List")},
    **{
        f"{operation}.{RULE}.{path}": value
        for operation in ("CreateBackupPlan", "UpdateBackupPlan")
        for path, value in {
            "CompletionWindowMinutes": 20000,
            "CopyActions[].DestinationBackupVaultArn": arn("backup-vault:two"),
            "CopyActions[].Lifecycle.DeleteAfterDays": 7,
            "EnableContinuousBackup": True,
            "Lifecycle.DeleteAfterDays": 7,
            "Lifecycle.MoveToColdStorageAfterDays": 30,
            "Lifecycle.OptInToArchiveForSupportedResources": True,
            "ScheduleExpression": "cron(0 6 ? * * *)",
            "ScheduleExpressionTimezone": "Europe/Berlin",
            "StartWindowMinutes": 240,
            "TargetBackupVaultName": "absent",
        }.items()
    },
    "CreateBackupVault.BackupVaultName": "one",
    "CreateBackupVault.CreatorRequestId": "with spaces",
    "CreateBackupVault.EncryptionKeyArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/absent",
    "CreateBackupPlan.CreatorRequestId": "with spaces",
    "CreateBackupSelection.CreatorRequestId": "with spaces",
    "CreateBackupSelection.BackupSelection.IamRoleArn": f"arn:aws:iam::{ACCOUNT}:role/absent",
    "CreateBackupSelection.BackupSelection.NotResources": ["volume"],
    "CreateBackupSelection.BackupSelection.Resources": ["volume"],
    "GetBackupPlan.VersionId": "absent",
    "ListBackupPlans.IncludeDeleted": True,
    "ListBackupVaults.ByShared": True,
    "ListBackupVaults.ByVaultType": "RESTORE_ACCESS_BACKUP_VAULT",
    "PutBackupVaultAccessPolicy.Policy": "{}",
    "UntagResource.TagKeyList": [["b"]],
}

GROUND = BackupGround
