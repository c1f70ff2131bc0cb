"""What KMS refuses, and in which words."""

from ground_kms import OPEN, READING, policy
from refusal import Cases
from world import ACCOUNT, REGION

CASES = Cases()
refuses = CASES.refuses

ABSENT = "11111111-2222-3333-4444-555555555555"
VALIDATION = "ValidationException"
STATE = "KMSInvalidStateException"
FOUND = "NotFoundException"
MALFORMED = "MalformedPolicyDocumentException"


def going(aws):
    key = aws.key()
    aws.kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    return key, {"arn": aws.key_arn(key)}


# Keys


@refuses("kms.key.id", FOUND, "Invalid keyId '{*}'")
def key_by_no_id(aws):
    return lambda: aws.kms.describe_key(KeyId="main"), {}


@refuses("kms.key.id", FOUND, "Invalid arn us-west-2")
def key_of_another_region(aws):
    arn = aws.key_arn(aws.key()).replace(REGION, "us-west-2")
    return lambda: aws.kms.describe_key(KeyId=arn), {}


@refuses(None, FOUND, "Key '{arn}' does not exist")
def no_key(aws):
    return lambda: aws.kms.describe_key(KeyId=ABSENT), {"arn": aws.key_arn(ABSENT)}


@refuses(
    "iam.other_account",
    "AccessDeniedException",
    "User: arn:aws:iam::000000000000:user/administrator is not authorized to perform: kms:DescribeKey on this resource "
    "because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based "
    "policy explicitly denies access",
)
def key_of_another_account(aws):
    arn = aws.key_arn(ABSENT).replace(ACCOUNT, "999988887777")
    return lambda: aws.kms.describe_key(KeyId=arn), {}


@refuses(None, "InvalidArnException", None)
def key_by_the_arn_of_a_bucket(aws):
    return lambda: aws.kms.enable_key(KeyId="arn:aws:s3:::bucket"), {}


@refuses(None, "InvalidArnException", None)
def key_changed_by_its_alias(aws):
    alias = aws.alias(aws.key())
    return lambda: aws.kms.disable_key(KeyId=alias), {}


@refuses("kms.key.managed", "AccessDeniedException", None)
def key_of_aws_that_is_tagged(aws):
    aws.volume(Encrypted=True)
    [alias] = [one for one in aws.kms.list_aliases()["Aliases"] if "TargetKeyId" in one]
    return lambda: aws.kms.tag_resource(KeyId=alias["TargetKeyId"], Tags=[{"TagKey": "a", "TagValue": "b"}]), {}


@refuses("kms.key.usage", VALIDATION, "KeyUsage SIGN_VERIFY is not compatible with KeySpec SYMMETRIC_DEFAULT")
def symmetric_key_that_signs(aws):
    return lambda: aws.kms.create_key(KeyUsage="SIGN_VERIFY"), {}


@refuses(None, VALIDATION, "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is deprecated.")
def key_of_two_specs(aws):
    return lambda: aws.kms.create_key(KeySpec="SYMMETRIC_DEFAULT", CustomerMasterKeySpec="SYMMETRIC_DEFAULT"), {}


@refuses(None, "CustomKeyStoreNotFoundException")
def key_in_no_store(aws):
    return lambda: aws.kms.create_key(Origin="AWS_CLOUDHSM", CustomKeyStoreId="cks-1234567890abcdef0"), {}


@refuses("kms.key.quota", "LimitExceededException")
def keys_beyond_the_quota(aws):
    aws.key()
    aws.world.ask("PUT", "quotas", {"name": "kms.keys", "limit": 1})
    return aws.key, {}


@refuses(
    "model",
    VALIDATION,
    "1 validation error detected: Value '{key}' at 'tags.1.member.tagKey' failed to satisfy constraint: Member must have length less than or equal to 128",
)
def key_with_a_long_tag_key(aws):
    key = "a" * 129
    return lambda: aws.kms.create_key(Tags=[{"TagKey": key, "TagValue": "1"}]), {"key": key}


@refuses(
    "model",
    VALIDATION,
    "1 validation error detected: Value '{value}' at 'tags.2.member.tagValue' failed to satisfy constraint: Member must have length less than or equal to 256",
)
def key_with_a_long_tag_value(aws):
    tags = [{"TagKey": "a", "TagValue": "1"}, {"TagKey": "b", "TagValue": "v" * 257}]
    return lambda: aws.kms.create_key(Tags=tags), {"value": "v" * 257}


@refuses("kms.key.window", VALIDATION, "1 validation error detected: Value '5' at 'pendingWindowInDays' failed to satisfy constraint: Member must have value greater than or equal to 7")
def deletion_after_five_days(aws):
    key = aws.key()
    return lambda: aws.kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=5), {}


@refuses("kms.key.window", VALIDATION, "1 validation error detected: Value '31' at 'pendingWindowInDays' failed to satisfy constraint: Member must have value less than or equal to 30")
def deletion_after_a_month_and_more(aws):
    key = aws.key()
    return lambda: aws.kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=31), {}


def of_a_key_that_goes(name, act):
    """What a key that waits for its end does not allow."""

    def arrange(aws):
        key, names = going(aws)
        return lambda: act(aws, key), names

    arrange.__name__ = name
    refuses("kms.key.state", STATE, "{arn} is pending deletion.")(arrange)


of_a_key_that_goes("enable_a_key_that_goes", lambda aws, key: aws.kms.enable_key(KeyId=key))
of_a_key_that_goes("disable_a_key_that_goes", lambda aws, key: aws.kms.disable_key(KeyId=key))
of_a_key_that_goes("delete_a_key_that_goes", lambda aws, key: aws.kms.schedule_key_deletion(KeyId=key))
of_a_key_that_goes("describe_a_key_that_goes_anew", lambda aws, key: aws.kms.update_key_description(KeyId=key, Description="new"))
of_a_key_that_goes("tag_a_key_that_goes", lambda aws, key: aws.kms.tag_resource(KeyId=key, Tags=[{"TagKey": "a", "TagValue": "b"}]))
of_a_key_that_goes("untag_a_key_that_goes", lambda aws, key: aws.kms.untag_resource(KeyId=key, TagKeys=["a"]))
of_a_key_that_goes("name_a_key_that_goes", lambda aws, key: aws.kms.create_alias(AliasName="alias/a", TargetKeyId=key))


@refuses("kms.key.state", STATE, "{arn} is pending deletion.")
def name_led_to_a_key_that_goes(aws):
    alias = aws.alias(aws.key())
    key, names = going(aws)
    return lambda: aws.kms.update_alias(AliasName=alias, TargetKeyId=key), names


@refuses("kms.key.state", STATE, "{arn} is not pending deletion.")
def keep_a_key_that_stays(aws):
    key = aws.key()
    return lambda: aws.kms.cancel_key_deletion(KeyId=key), {"arn": aws.key_arn(key)}


# Rotation


@refuses("kms.rotation.state", "DisabledException", "{arn} is disabled.")
def rotate_a_disabled_key(aws):
    key = aws.key()
    aws.kms.disable_key(KeyId=key)
    return lambda: aws.kms.enable_key_rotation(KeyId=key), {"arn": aws.key_arn(key)}


@refuses("kms.rotation.state", STATE, "{arn} is pending deletion.")
def stop_rotating_a_key_that_goes(aws):
    key, names = going(aws)
    return lambda: aws.kms.disable_key_rotation(KeyId=key), names


# Policies


@refuses("kms.policy.name", FOUND, "No such policy exists")
def policy_of_another_name(aws):
    key = aws.key()
    return lambda: aws.kms.get_key_policy(KeyId=key, PolicyName="other"), {}


@refuses("kms.policy.size", "LimitExceededException")
def policy_that_is_too_long(aws):
    text = policy(OPEN) + " " * 32_768
    return lambda: aws.kms.create_key(Policy=text), {}


@refuses("kms.policy.document", MALFORMED)
def policy_that_is_no_document(aws):
    return lambda: aws.kms.create_key(Policy="{"), {}


@refuses("kms.policy.document", MALFORMED, "Policy contains a statement with one or more invalid principals.")
def policy_for_a_role_that_is_not_there(aws):
    absent = {**OPEN, "Principal": {"AWS": aws.role_arn("absent")}}
    return lambda: aws.kms.create_key(Policy=policy(OPEN, absent)), {}


@refuses("kms.policy.lockout", MALFORMED, "The new key policy will not allow you to update the key policy in the future.")
def policy_that_nobody_can_change(aws):
    key = aws.key()
    return lambda: aws.kms.put_key_policy(KeyId=key, PolicyName="default", Policy=policy(READING)), {}


# Aliases


@refuses("kms.alias.name", VALIDATION, "Alias must start with the prefix \"alias/\". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html")
def alias_without_its_prefix(aws):
    key = aws.key()
    return lambda: aws.kms.create_alias(AliasName="main", TargetKeyId=key), {}


@refuses("kms.alias.name", VALIDATION, "{name} contains invalid characters for an alias")
def alias_with_a_colon(aws):
    key = aws.key()
    return lambda: aws.kms.create_alias(AliasName="alias/a:b", TargetKeyId=key), {"name": "alias/a:b"}


@refuses("kms.alias.name", "NotAuthorizedException")
def alias_of_aws_own(aws):
    key = aws.key()
    return lambda: aws.kms.create_alias(AliasName="alias/aws/mine", TargetKeyId=key), {}


@refuses("kms.alias.exists", "AlreadyExistsException", "An alias with the name {arn} already exists")
def alias_that_is_taken(aws):
    first, second = aws.key(), aws.key()
    name = aws.alias(first)
    arn = f"arn:aws:kms:{REGION}:{ACCOUNT}:{name}"
    return lambda: aws.kms.create_alias(AliasName=name, TargetKeyId=second), {"arn": arn}


@refuses("kms.alias.quota", "LimitExceededException")
def aliases_beyond_the_quota(aws):
    key = aws.key()
    aws.alias(key)
    aws.world.ask("PUT", "quotas", {"name": "kms.aliases", "limit": 1})
    return lambda: aws.alias(key), {}


@refuses(None, FOUND, "Alias {arn} is not found.")
def no_alias(aws):
    arn = f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/absent"
    return lambda: aws.kms.delete_alias(AliasName="alias/absent"), {"arn": arn}


# Data


def sealed(aws, **more):
    key = aws.key()
    return key, aws.kms.encrypt(KeyId=key, Plaintext=b"data", **more)["CiphertextBlob"]


@refuses("kms.data.context", "InvalidCiphertextException")
def decrypt_without_the_context(aws):
    _, blob = sealed(aws, EncryptionContext={"a": "1"})
    return lambda: aws.kms.decrypt(CiphertextBlob=blob), {}


@refuses("kms.data.context", "InvalidCiphertextException")
def decrypt_with_another_context(aws):
    _, blob = sealed(aws, EncryptionContext={"a": "1"})
    return lambda: aws.kms.decrypt(CiphertextBlob=blob, EncryptionContext={"a": "2"}), {}


@refuses(None, "InvalidCiphertextException")
def decrypt_what_no_key_has_encrypted(aws):
    return lambda: aws.kms.decrypt(CiphertextBlob=b"none"), {}


@refuses(None, "InvalidCiphertextException")
def decrypt_what_was_changed(aws):
    _, blob = sealed(aws)
    return lambda: aws.kms.decrypt(CiphertextBlob=blob[:-1] + bytes([blob[-1] ^ 1])), {}


@refuses("kms.data.key", "IncorrectKeyException", "The key ID in the request does not identify a CMK that can perform this operation.")
def decrypt_by_another_key(aws):
    _, blob = sealed(aws)
    other = aws.key()
    return lambda: aws.kms.decrypt(CiphertextBlob=blob, KeyId=other), {}


@refuses(
    None,
    "AccessDeniedException",
    "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not "
    "allowed to access.",
)
def decrypt_what_another_region_has_encrypted(aws):
    _, blob = sealed(aws)
    return lambda: aws.in_region("kms", "us-west-2").decrypt(CiphertextBlob=blob), {}


@refuses("kms.key.state", "DisabledException", "{arn} is disabled.")
def encrypt_by_a_disabled_key(aws):
    key = aws.key()
    aws.kms.disable_key(KeyId=key)
    return lambda: aws.kms.encrypt(KeyId=key, Plaintext=b"data"), {"arn": aws.key_arn(key)}


@refuses("kms.key.state", STATE, "{arn} is pending deletion.")
def decrypt_by_a_key_that_goes(aws):
    key, blob = sealed(aws)
    aws.kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    return lambda: aws.kms.decrypt(CiphertextBlob=blob), {"arn": aws.key_arn(key)}


@refuses("kms.data.algorithm", "InvalidKeyUsageException")
def encrypt_by_an_algorithm_of_rsa(aws):
    key = aws.key()
    return lambda: aws.kms.encrypt(KeyId=key, Plaintext=b"data", EncryptionAlgorithm="RSAES_OAEP_SHA_256"), {}


@refuses("kms.data.length", VALIDATION, "Please specify either number of bytes or key spec.")
def data_key_of_no_length(aws):
    key = aws.key()
    return lambda: aws.kms.generate_data_key(KeyId=key), {}


@refuses("kms.data.length", VALIDATION, "Please specify either number of bytes or key spec.")
def data_key_of_two_lengths(aws):
    key = aws.key()
    return lambda: aws.kms.generate_data_key(KeyId=key, KeySpec="AES_256", NumberOfBytes=64), {}


@refuses("model", VALIDATION, "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must have length less than or equal to 4096")
def encrypt_more_than_a_key_takes(aws):
    key = aws.key()
    return lambda: aws.kms.encrypt(KeyId=key, Plaintext=b"x" * 4097), {}


@refuses("model", VALIDATION, "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must have length greater than or equal to 1")
def encrypt_nothing(aws):
    key = aws.key()
    return lambda: aws.kms.encrypt(KeyId=key, Plaintext=b""), {}


@refuses(None, "DryRunOperationException")
def encryption_that_is_only_tried(aws):
    key = aws.key()
    return lambda: aws.kms.encrypt(KeyId=key, Plaintext=b"data", DryRun=True), {}


# Tags and pages


@refuses("kms.tags.key", "TagException", "Tags beginning with aws: are reserved")
def tag_of_aws_own(aws):
    return lambda: aws.kms.create_key(Tags=[{"TagKey": "aws:a", "TagValue": "b"}]), {}


@refuses("kms.tags.key", "TagException")
def tag_that_comes_twice(aws):
    tags = [{"TagKey": "a", "TagValue": "b"}, {"TagKey": "a", "TagValue": "c"}]
    return lambda: aws.kms.create_key(Tags=tags), {}


@refuses("kms.tags.limit", "TagException")
def tags_beyond_the_limit(aws):
    key = aws.key(Tags=[{"TagKey": f"k{number}", "TagValue": "v"} for number in range(50)])
    return lambda: aws.kms.tag_resource(KeyId=key, Tags=[{"TagKey": "more", "TagValue": "v"}]), {}


@refuses("kms.page.token", "InvalidMarkerException", "Could not deserialize marker")
def page_after_no_marker(aws):
    return lambda: aws.kms.list_keys(Marker="none"), {}


# What was recorded of the same on other ways


@refuses("kms.tags.key", "TagException", "Tags beginning with aws: are reserved")
def key_given_a_tag_of_aws_own(aws):
    key = aws.key()
    return lambda: aws.kms.tag_resource(KeyId=key, Tags=[{"TagKey": "aws:a", "TagValue": "b"}]), {}


@refuses("kms.tags.key", "TagException", "Duplicate tag keys")
def key_given_a_tag_twice(aws):
    key = aws.key()
    tags = [{"TagKey": "a", "TagValue": "b"}, {"TagKey": "a", "TagValue": "c"}]
    return lambda: aws.kms.tag_resource(KeyId=key, Tags=tags), {}


@refuses("kms.tags.limit", "TagException", "Too many tags")
def key_with_too_many_tags(aws):
    tags = [{"TagKey": f"k{number}", "TagValue": "v"} for number in range(51)]
    return lambda: aws.kms.create_key(Tags=tags), {}


def named_by(name, key, message, rule="kms.key.id"):
    """A key looked at by what names none."""

    def arrange(aws):
        return lambda: aws.kms.describe_key(KeyId=key), {"arn": aws.key_arn(key)}

    arrange.__name__ = name
    refuses(rule, FOUND, message)(arrange)


named_by("key_by_digits_without_hyphens", "134f2428cec14b25a1ae9048164dba47", "Invalid keyId '134f2428cec14b25a1ae9048164dba47'")
named_by("key_by_words", "fake-key-id", "Invalid keyId 'fake-key-id'")
named_by("key_by_words_after_mrk", "mrk-fake-key-id", "Invalid keyId 'mrk-fake-key-id'")
named_by("no_key_of_several_regions", "mrk-d3b95762d3b95762d3b95762d3b95762", "Key '{arn}' does not exist", None)


@refuses(None, FOUND, "Key '{arn}' does not exist")
def key_by_its_id_in_another_region(aws):
    key = aws.key()
    arn = aws.key_arn(key).replace(REGION, "us-west-2")
    return lambda: aws.in_region("kms", "us-west-2").describe_key(KeyId=key), {"arn": arn}


@refuses(None, FOUND, "Alias {arn} is not found.")
def key_by_no_alias(aws):
    arn = f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/absent"
    return lambda: aws.kms.describe_key(KeyId="alias/absent"), {"arn": arn}


def of_no_kind(name, message, rule="kms.key.usage", **request):
    def arrange(aws):
        return lambda: aws.kms.create_key(**request), {}

    arrange.__name__ = name
    refuses(rule, VALIDATION, message)(arrange)


ENUM = "1 validation error detected: Value '{}' at '{}' failed to satisfy constraint: Member must satisfy enum value set: [{*}]"
of_no_kind("key_of_no_spec", ENUM.replace("{}", "HMAC_random", 1).replace("{}", "keySpec"), "model", KeySpec="HMAC_random")
of_no_kind("key_for_no_use", ENUM.replace("{}", "RANDOM", 1).replace("{}", "keyUsage"), "model", KeySpec="HMAC_256", KeyUsage="RANDOM")
of_no_kind("key_of_rsa_to_agree_by", "KeyUsage KEY_AGREEMENT is not compatible with KeySpec RSA_2048", KeySpec="RSA_2048", KeyUsage="KEY_AGREEMENT")
of_no_kind("key_of_hmac_for_who_knows_what", "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.", KeySpec="HMAC_256")
