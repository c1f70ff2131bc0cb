"""Secrets Manager's ground, and a call of each of its operations that succeeds on it."""

import json

from members import Ground, With
from world import ACCOUNT

TOKEN = "11111111-2222-3333-4444-{:012}"


def policy(effect="Deny", principal=f"arn:aws:iam::{ACCOUNT}:root"):
    statement = {"Effect": effect, "Principal": {"AWS": principal}, "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class SecretsGround(Ground):
    """Secrets with values and without, with a policy, and on their way out."""

    def make_secret(self):
        self.aws.secretsmanager.create_secret(
            Name="one", Description="first", SecretString="zeroth", ClientRequestToken=TOKEN.format(5),
            Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}],
        )
        for number, value in enumerate(("first", "second"), 1):
            self.aws.secretsmanager.put_secret_value(SecretId="one", SecretString=value, ClientRequestToken=TOKEN.format(number))
        return "one"

    def make_guarded(self):
        self.aws.secretsmanager.create_secret(Name="two")
        self.aws.secretsmanager.put_resource_policy(SecretId="two", ResourcePolicy=policy())
        return "two"

    def managed(self):
        """A secret that RDS keeps; of no use to what reads all that there is."""
        if "managed" not in self:
            instance = self.aws.db(MasterUserPassword=None, ManageMasterUserPassword=True)
            [described] = self.aws.rds.describe_db_instances(DBInstanceIdentifier=instance)["DBInstances"]
            self["managed"] = described["MasterUserSecret"]["SecretArn"]
        return self["managed"]

    def make_going(self):
        self.aws.secretsmanager.create_secret(Name="three")
        self.aws.secretsmanager.delete_secret(SecretId="three", RecoveryWindowInDays=7)
        return "three"


def of(name="secret"):
    return lambda g: dict(SecretId=g[name])


def all_of(g):
    assert g["secret"] and g["guarded"] and g["going"]
    return {}


BASES = {
    "CreateSecret": lambda g: dict(
        Name="new", SecretString="value", ClientRequestToken=TOKEN.format(9), Tags=[{"Key": "new", "Value": "new"}]
    ),
    "DeleteResourcePolicy": of("guarded"),
    "DeleteSecret": of(),
    "DescribeSecret": of(),
    # Of one character, so that two are alike.
    "GetRandomPassword": lambda g: dict(
        ExcludeUppercase=True, ExcludeLowercase=True, ExcludePunctuation=True, ExcludeCharacters="012345678"
    ),
    "GetResourcePolicy": of("guarded"),
    "GetSecretValue": of(),
    "ListSecretVersionIds": of(),
    "ListSecrets": all_of,
    "PutResourcePolicy": lambda g: dict(SecretId=g["secret"], ResourcePolicy=policy("Allow", "*")),
    "PutSecretValue": lambda g: dict(SecretId=g["secret"], SecretString="third", ClientRequestToken=TOKEN.format(3)),
    "RestoreSecret": of("going"),
    # No function that would rotate is simulated: of a customer's own secret nothing is ever cancelled.
    "CancelRotateSecret": None,
    "RotateSecret": lambda g: dict(SecretId=g.managed(), ClientRequestToken=TOKEN.format(9)),
    "TagResource": lambda g: dict(SecretId=g["secret"], Tags=[{"Key": "new", "Value": "new"}]),
    "UntagResource": lambda g: dict(SecretId=g["secret"], TagKeys=["a"]),
    "UpdateSecret": lambda g: dict(SecretId=g["secret"], SecretString="third", ClientRequestToken=TOKEN.format(3)),
    "UpdateSecretVersionStage": lambda g: dict(
        SecretId=g["secret"], VersionStage="AWSCURRENT", MoveToVersionId=TOKEN.format(1), RemoveFromVersionId=TOKEN.format(2)
    ),
}

# Values for members of one operation, where the general ones would not tell.
VALUES = {
    **{f"{operation}.SecretId": "absent" for operation in BASES},
    **{f"{operation}.SecretString": "another" for operation in BASES},
    **{f"{operation}.SecretBinary": b"bytes" for operation in BASES},
    **{f"{operation}.KmsKeyId": "alias/absent" for operation in BASES},
    "RotateSecret.RotationRules.Duration": "3h",
    "RotateSecret.ExternalSecretRotationRoleArn": f"arn:aws:iam::{ACCOUNT}:role/rotates",
    "CreateSecret.Name": "other",
    "CreateSecret.ClientRequestToken": TOKEN.format(8),
    "DeleteSecret.ForceDeleteWithoutRecovery": True,
    "DeleteSecret.RecoveryWindowInDays": 7,
    "GetSecretValue.VersionId": TOKEN.format(1),
    "GetSecretValue.VersionStage": "AWSPREVIOUS",
    "GetRandomPassword.ExcludeCharacters": "12345678",
    "GetRandomPassword.ExcludeLowercase": False,
    "GetRandomPassword.ExcludePunctuation": False,
    "GetRandomPassword.ExcludeUppercase": False,
    "GetRandomPassword.ExcludeNumbers": True,
    "GetRandomPassword.IncludeSpace": True,
    "GetRandomPassword.PasswordLength": 8,
    "GetRandomPassword.RequireEachIncludedType": With(True, {"IncludeSpace": True, "PasswordLength": 1, "RequireEachIncludedType": False}),
    "ListSecrets.IncludePlannedDeletion": True,
    "ListSecrets.Filters[].Key": "name",
    "PutResourcePolicy.ResourcePolicy": policy(),
    "PutResourcePolicy.BlockPublicPolicy": True,
    "PutSecretValue.ClientRequestToken": TOKEN.format(4),
    "PutSecretValue.RotationToken": TOKEN.format(6),
    "PutSecretValue.VersionStages": [["OTHER"]],
    "UntagResource.TagKeys": [["b"]],
    "UpdateSecret.ClientRequestToken": TOKEN.format(4),
    "UpdateSecretVersionStage.MoveToVersionId": TOKEN.format(7),
    "UpdateSecretVersionStage.RemoveFromVersionId": TOKEN.format(7),
    "UpdateSecretVersionStage.VersionStage": "OTHER",
}

GROUND = SecretsGround
