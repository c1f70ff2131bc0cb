"""KMS's ground, and a call of each of its operations that succeeds on it."""

import json

from members import Ground, listing
from world import ACCOUNT

OPEN = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}
READING = {**OPEN, "Action": "kms:Describe*"}


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


class KmsGround(Ground):
    """Keys in each state, aliases of one of them, and the account's own key for EBS."""

    def make_key(self):
        return self.aws.key(Description="first", Tags=[{"TagKey": "a", "TagValue": "1"}, {"TagKey": "b", "TagValue": "2"}])

    def make_other(self):
        return self.aws.key()

    def make_rotated(self):
        key = self.aws.key()
        self.aws.kms.enable_key_rotation(KeyId=key)
        return key

    def make_disabled(self):
        key = self.aws.key()
        self.aws.kms.disable_key(KeyId=key)
        return key

    def make_going(self):
        key = self.aws.key()
        self.aws.kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
        return key

    def make_alias(self):
        return self.aws.alias(self["key"])

    def make_alias2(self):
        return self.aws.alias(self["key"])

    def make_sealed(self):
        answer = self.aws.kms.encrypt(KeyId=self["key"], Plaintext=b"data", EncryptionContext={"a": "1"})
        return answer["CiphertextBlob"]

    def make_own(self):
        return self.aws.volume(Encrypted=True)


def of(name):
    return lambda g: dict(KeyId=g[name])


BASES = {
    "CancelKeyDeletion": of("going"),
    "Decrypt": lambda g: dict(CiphertextBlob=g["sealed"], EncryptionContext={"a": "1"}),
    "Encrypt": lambda g: dict(KeyId=g["key"], Plaintext=b"data", EncryptionContext={"a": "1"}),
    "GenerateDataKey": lambda g: dict(KeyId=g["key"], KeySpec="AES_256"),
    "GenerateDataKeyWithoutPlaintext": lambda g: dict(KeyId=g["key"], KeySpec="AES_256"),
    "CreateAlias": lambda g: dict(AliasName="alias/new", TargetKeyId=g["key"]),
    # A policy that leaves nobody who could change it, which needs the flag.
    "CreateKey": lambda g: dict(Policy=policy(READING), BypassPolicyLockoutSafetyCheck=True),
    "DeleteAlias": lambda g: dict(AliasName=g["alias"]),
    "DescribeKey": of("key"),
    "DisableKey": of("key"),
    "DisableKeyRotation": of("rotated"),
    "EnableKey": of("disabled"),
    "EnableKeyRotation": of("key"),
    "GetKeyPolicy": of("key"),
    "GetKeyRotationStatus": of("rotated"),
    "ListAliases": listing(),
    "ListKeyPolicies": of("key"),
    "ListKeys": listing(),
    "ListResourceTags": of("key"),
    "PutKeyPolicy": lambda g: dict(KeyId=g["key"], Policy=policy(READING), BypassPolicyLockoutSafetyCheck=True),
    "ScheduleKeyDeletion": of("key"),
    "TagResource": lambda g: dict(KeyId=g["key"], Tags=[{"TagKey": "new", "TagValue": "new"}]),
    "UntagResource": lambda g: dict(KeyId=g["key"], TagKeys=["a"]),
    "UpdateAlias": lambda g: dict(AliasName=g["alias"], TargetKeyId=g["other"]),
    "UpdateKeyDescription": lambda g: dict(KeyId=g["key"], Description="second"),
}

# Values for members of one operation, where the general ones would not tell.
VALUES = {
    **{f"{operation}.KeyId": "11111111-2222-3333-4444-555555555555" for operation in BASES},
    **{f"{operation}.TargetKeyId": "11111111-2222-3333-4444-555555555555" for operation in BASES},
    **{f"{operation}.AliasName": "alias/absent" for operation in BASES},
    **{f"{operation}.Policy": policy(READING, OPEN) for operation in BASES},
    "Decrypt.CiphertextBlob": [b"none"],
    "Decrypt.EncryptionContext{}": "2",
    "Encrypt.Plaintext": [b"other"],
    "EnableKeyRotation.RotationPeriodInDays": 90,
    "ListKeys.ResourceOwners": [["OTHER_ACCOUNTS_VIA_RAM"]],
    "ScheduleKeyDeletion.PendingWindowInDays": 7,
    "UntagResource.TagKeys": [["b"]],
}

GROUND = KmsGround
