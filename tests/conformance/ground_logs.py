"""CloudWatch Logs' ground, and a call of each of its operations that succeeds on it."""

from members import Ground
from world import ACCOUNT, REGION


def arn(group):
    return f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}"


class LogsGround(Ground):
    """Log groups with tags, with a retention, with a key and without any."""

    def make_group(self):
        self.aws.logs.create_log_group(logGroupName="/one", tags={"a": "1", "b": "2"})
        return "/one"

    def make_kept(self):
        self.aws.logs.create_log_group(logGroupName="/two")
        self.aws.logs.put_retention_policy(logGroupName="/two", retentionInDays=30)
        return "/two"

    def make_key(self):
        return self.aws.logs_key()

    def make_encrypted(self):
        self.aws.logs.create_log_group(logGroupName="/three", kmsKeyId=self["key"])
        return "/three"

    def make_cheap(self):
        self.aws.logs.create_log_group(logGroupName="/four", logGroupClass="INFREQUENT_ACCESS")
        return "/four"


def named(name="group"):
    return lambda g: dict(logGroupName=g[name])


def both(g):
    assert g["group"] and g["kept"] and g["cheap"]
    return {}


BASES = {
    "AssociateKmsKey": lambda g: dict(logGroupName=g["group"], kmsKeyId=g["key"]),
    "CreateLogGroup": lambda g: dict(logGroupName="/new"),
    "DeleteLogGroup": named(),
    "DeleteRetentionPolicy": named("kept"),
    "DescribeLogGroups": both,
    "DisassociateKmsKey": named("encrypted"),
    "ListTagsForResource": lambda g: dict(resourceArn=arn(g["group"])),
    "ListTagsLogGroup": named(),
    "PutLogGroupDeletionProtection": lambda g: dict(logGroupIdentifier=g["group"], deletionProtectionEnabled=True),
    "PutRetentionPolicy": lambda g: dict(logGroupName=g["group"], retentionInDays=7),
    "TagLogGroup": lambda g: dict(logGroupName=g["group"], tags={"new": "new"}),
    "TagResource": lambda g: dict(resourceArn=arn(g["group"]), tags={"new": "new"}),
    "UntagLogGroup": lambda g: dict(logGroupName=g["group"], tags=["a"]),
    "UntagResource": lambda g: dict(resourceArn=arn(g["group"]), tagKeys=["a"]),
}

# Values for members of one operation, where the general ones would not tell.
VALUES = {
    **{f"{operation}.logGroupName": "/absent" for operation in BASES},
    **{f"{operation}.resourceArn": arn("/absent") for operation in BASES},
    "AssociateKmsKey.kmsKeyId": "alias/main",
    "CreateLogGroup.kmsKeyId": "alias/main",
    "CreateLogGroup.deletionProtectionEnabled": True,
    "CreateLogGroup.logGroupClass": "INFREQUENT_ACCESS",
    "DescribeLogGroups.logGroupClass": "INFREQUENT_ACCESS",
    "DescribeLogGroups.logGroupIdentifiers": [["/one"]],
    "DescribeLogGroups.logGroupNamePattern": "tw",
    "DescribeLogGroups.logGroupNamePrefix": "/o",
    "DescribeLogGroups.includeLinkedAccounts": True,
    "DescribeLogGroups.accountIdentifiers": [["999988887777"]],
    "PutLogGroupDeletionProtection.logGroupIdentifier": "/absent",
    "PutLogGroupDeletionProtection.deletionProtectionEnabled": False,
    "PutRetentionPolicy.retentionInDays": 14,
    "UntagLogGroup.tags": [["b"]],
    "UntagResource.tagKeys": [["b"]],
}

GROUND = LogsGround
