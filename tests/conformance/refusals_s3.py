"""What S3 refuses, and in which words."""

import json

from refusal import Cases

CASES = Cases()
refuses = CASES.refuses

MALFORMED = "The XML you provided was not well-formed or did not validate against our published schema"


def bucket(aws, **more):
    name = aws.name("bucket")
    aws.s3.create_bucket(Bucket=name, **more)
    return name


def policy(name, principal="*", effect="Deny", action="s3:*", resource=None, **more):
    statement = {"Effect": effect, "Principal": principal, "Action": action, "Resource": resource or f"arn:aws:s3:::{name}"}
    return json.dumps({"Version": "2012-10-17", "Statement": [{**statement, **more}]})


@refuses(None, "NoSuchBucket", "The specified bucket does not exist", 404)
def bucket_that_is_not_there(aws):
    return lambda: aws.s3.get_bucket_versioning(Bucket="nobodys-bucket"), {}


@refuses("s3.bucket.name", "InvalidBucketName", "The specified bucket is not valid.")
def bucket_with_two_dots(aws):
    return lambda: aws.s3.create_bucket(Bucket="two..dots"), {}


@refuses("s3.bucket.location", "IllegalLocationConstraintException", "The unspecified location constraint is incompatible for the region specific endpoint this request was sent to.")
def bucket_of_no_region_in_the_west(aws):
    return lambda: aws.in_region("s3", "us-west-2").create_bucket(Bucket="unplaced"), {}


@refuses(None, "InvalidLocationConstraint", "The specified location-constraint is not valid")
def bucket_nowhere(aws):
    return lambda: aws.s3.create_bucket(Bucket="nowhere", CreateBucketConfiguration={"LocationConstraint": "us-mid-1"}), {}


@refuses("s3.bucket.unique", "BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded and you already own it.", 409)
def bucket_twice_in_the_west(aws):
    west = aws.in_region("s3", "us-west-2")
    place = {"LocationConstraint": "us-west-2"}
    west.create_bucket(Bucket="twice", CreateBucketConfiguration=place)
    return lambda: west.create_bucket(Bucket="twice", CreateBucketConfiguration=place), {}


@refuses("s3.bucket.released", "OperationAborted", "A conflicting conditional operation is currently in progress against this resource. Please try again.", 409)
def bucket_whose_name_was_just_given_up_elsewhere(aws):
    name = bucket(aws)
    aws.s3.delete_bucket(Bucket=name)
    place = {"LocationConstraint": "us-west-2"}
    return lambda: aws.s3.create_bucket(Bucket=name, CreateBucketConfiguration=place), {}


@refuses("s3.bucket.acl", "InvalidBucketAclWithObjectOwnership", "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting")
def bucket_open_to_readers(aws):
    return lambda: aws.s3.create_bucket(Bucket="readers", ACL="public-read"), {}


@refuses("s3.bucket.owner", "AccessDenied", "Access Denied", 403)
def bucket_expected_of_another_account(aws):
    name = bucket(aws)
    return lambda: aws.s3.get_bucket_location(Bucket=name, ExpectedBucketOwner="444455556666"), {}


@refuses("s3.bucket.empty", "BucketNotEmpty", "The bucket you tried to delete is not empty.", 409)
def bucket_with_an_object(aws):
    name = bucket(aws)
    aws.s3.put_object(Bucket=name, Key="a/b", Body=b"text")
    return lambda: aws.s3.delete_bucket(Bucket=name), {}


@refuses("s3.page.token", "InvalidArgument", "The continuation token provided is incorrect")
def buckets_after_no_page(aws):
    return lambda: aws.s3.list_buckets(ContinuationToken="none"), {}


@refuses("s3.tags.there", "NoSuchTagSet", "The TagSet does not exist", 404)
def tags_of_a_bucket_without(aws):
    name = bucket(aws)
    return lambda: aws.s3.get_bucket_tagging(Bucket=name), {}


@refuses("s3.tags.key", "InvalidTag", "Cannot provide multiple Tags with the same key")
def tags_with_one_key(aws):
    name = bucket(aws)
    tags = [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]
    return lambda: aws.s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tags}), {}


@refuses("s3.tags.value", "InvalidTag", "The TagValue you have provided is invalid")
def tag_with_a_long_value(aws):
    name = bucket(aws)
    return lambda: aws.s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": [{"Key": "a", "Value": "v" * 257}]}), {}


@refuses("s3.tags.limit", "BadRequest", "Bucket tag count cannot be greater than 50")
def tags_beyond_fifty(aws):
    name = bucket(aws)
    tags = [{"Key": f"k{number}", "Value": "v"} for number in range(51)]
    return lambda: aws.s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tags}), {}


@refuses("s3.versioning.status", "IllegalVersioningConfigurationException")
def versioning_without_a_status(aws):
    name = bucket(aws)
    return lambda: aws.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={}), {}


@refuses("s3.encryption.rules", "MalformedXML", MALFORMED)
def encryption_by_two_rules(aws):
    name = bucket(aws)
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    return lambda: aws.s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule, rule]}), {}


@refuses("s3.encryption.key", "InvalidArgument", "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse")
def encryption_by_s3_with_a_key(aws):
    name = bucket(aws)
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256", "KMSMasterKeyID": "alias/aws/s3"}}
    return lambda: aws.s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]}), {}


@refuses("s3.encryption.bucket_key", "InvalidArgument")
def encryption_twice_with_a_bucket_key(aws):
    name = bucket(aws)
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms:dsse"}, "BucketKeyEnabled": True}
    return lambda: aws.s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]}), {}


@refuses("s3.ownership.rules", "MalformedXML", MALFORMED)
def ownership_by_two_rules(aws):
    name = bucket(aws)
    rules = [{"ObjectOwnership": "ObjectWriter"}, {"ObjectOwnership": "BucketOwnerPreferred"}]
    return lambda: aws.s3.put_bucket_ownership_controls(Bucket=name, OwnershipControls={"Rules": rules}), {}


@refuses(None, "OwnershipControlsNotFoundError", "The bucket ownership controls were not found", 404)
def ownership_that_was_taken_away(aws):
    name = bucket(aws)
    aws.s3.delete_bucket_ownership_controls(Bucket=name)
    return lambda: aws.s3.get_bucket_ownership_controls(Bucket=name), {}


@refuses(None, "NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found", 404)
def public_access_block_that_was_taken_away(aws):
    name = bucket(aws)
    aws.s3.delete_public_access_block(Bucket=name)
    return lambda: aws.s3.get_public_access_block(Bucket=name), {}


@refuses(None, "NoSuchBucketPolicy", "The bucket policy does not exist", 404)
def policy_that_is_not_there(aws):
    name = bucket(aws)
    return lambda: aws.s3.get_bucket_policy(Bucket=name), {}


@refuses("s3.policy.document", "MalformedPolicy", "Policies must be valid JSON and the first byte must be '{'")
def policy_that_is_no_json(aws):
    name = bucket(aws)
    return lambda: aws.s3.put_bucket_policy(Bucket=name, Policy="nothing"), {}


@refuses("s3.policy.size", "MalformedPolicy")
def policy_that_is_too_long(aws):
    name = bucket(aws)
    return lambda: aws.s3.put_bucket_policy(Bucket=name, Policy=policy(name) + " " * 20480), {}


@refuses("s3.policy.action", "MalformedPolicy", "Policy has invalid action")
def policy_on_another_service(aws):
    name = bucket(aws)
    return lambda: aws.s3.put_bucket_policy(Bucket=name, Policy=policy(name, action="ec2:RunInstances")), {}


@refuses("s3.policy.resource", "MalformedPolicy", "Policy has invalid resource")
def policy_on_another_bucket(aws):
    name = bucket(aws)
    document = policy(name, resource="arn:aws:s3:::another")
    return lambda: aws.s3.put_bucket_policy(Bucket=name, Policy=document), {}


@refuses("s3.policy.public", "AccessDenied", None, 403)
def policy_for_everyone(aws):
    name = bucket(aws)
    return lambda: aws.s3.put_bucket_policy(Bucket=name, Policy=policy(name, effect="Allow")), {}


def lifecycle(aws, *rules):
    name = bucket(aws)
    return lambda: aws.s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": list(rules)}), {}


ALL = {"ID": "all", "Status": "Enabled", "Filter": {"Prefix": ""}}


def replication(aws, rule, source="Enabled", target="Enabled", role="arn:aws:iam::000000000000:role/copier", beside=()):
    """A call that lets a bucket's objects be copied by a rule with these members in place of its own."""
    versions = {name: bucket(aws) for name in ("source", "target")}
    for name, status in (("source", source), ("target", target)):
        if status:
            aws.s3.put_bucket_versioning(Bucket=versions[name], VersioningConfiguration={"Status": status})
    usual = {
        "ID": "all",
        "Priority": 1,
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": {"Status": "Disabled"},
        "Destination": {"Bucket": f"arn:aws:s3:::{versions['target']}"},
    }
    usual["Destination"].update(rule.pop("Destination", {}))
    one = {key: value for key, value in {**usual, **rule}.items() if value is not None}
    rules = [one, *({**one, **other} for other in beside)]
    configuration = {"Role": role, "Rules": rules}
    return lambda: aws.s3.put_bucket_replication(Bucket=versions["source"], ReplicationConfiguration=configuration), versions


def copied(rule, **more):
    def case(aws):
        return replication(aws, dict(rule), **more)[0], {}

    return case


SCHEMA = "for this version of Cross Region Replication configuration schema. Please refer to S3 Developer Guide for more information."


@refuses(None, "ReplicationConfigurationNotFoundError", "The replication configuration was not found", 404)
def replication_that_is_not_there(aws):
    name = bucket(aws)
    return lambda: aws.s3.get_bucket_replication(Bucket=name), {}


@refuses("s3.replication.versioning", "InvalidRequest", "Versioning must be 'Enabled' on the bucket to apply a replication configuration")
def replication_of_a_bucket_without_versions(aws):
    return copied({}, source=None)(aws)


@refuses("s3.replication.destination", "InvalidRequest", "Destination bucket must have versioning enabled.")
def replication_to_a_bucket_whose_versions_are_suspended(aws):
    return copied({}, target="Suspended")(aws)


@refuses("s3.replication.destination", "InvalidRequest", "Destination bucket must exist.")
def replication_to_no_bucket(aws):
    return copied({"Destination": {"Bucket": "arn:aws:s3:::nobodys-bucket-at-all"}})(aws)


@refuses("s3.replication.owner", "InvalidRequest")
def replication_to_a_bucket_of_somebody_else(aws):
    return copied({"Destination": {"Account": "444455556666"}})(aws)


@refuses("s3.replication.role", "InvalidArgument")
def replication_by_something_that_is_no_role(aws):
    return copied({}, role="copier")(aws)


@refuses("s3.replication.rules", "MalformedXML", MALFORMED)
def replication_by_too_many_rules(aws):
    return copied({}, beside=[{"ID": str(number), "Priority": number + 2} for number in range(1000)])(aws)


@refuses("s3.replication.id", "InvalidArgument", "Rule Id must be unique")
def replication_with_one_id_twice(aws):
    return copied({}, beside=[{"Priority": 2}])(aws)


@refuses("s3.replication.priority", "InvalidRequest", "Found duplicate priority 1.")
def replication_with_one_priority_twice(aws):
    return copied({}, beside=[{"ID": "other"}])(aws)


@refuses("s3.replication.filter", "MalformedXML", MALFORMED)
def replication_with_two_filters(aws):
    return copied({"Filter": {"Prefix": "a", "Tag": {"Key": "a", "Value": "b"}}})(aws)


@refuses("s3.replication.form", "InvalidRequest", f"Priority must be specified {SCHEMA}")
def replication_with_a_filter_and_no_priority(aws):
    return copied({"Priority": None})(aws)


@refuses("s3.replication.form", "InvalidRequest", f"DeleteMarkerReplication must be specified {SCHEMA}")
def replication_with_a_filter_that_says_nothing_of_deletions(aws):
    return copied({"DeleteMarkerReplication": None})(aws)


@refuses("s3.replication.form", "InvalidRequest", f"DeleteMarkerReplication cannot be used {SCHEMA}")
def replication_in_its_old_form_with_deletions(aws):
    return copied({"Filter": None, "Prefix": "", "Priority": None})(aws)


@refuses("s3.replication.deletions", "InvalidRequest", "Delete marker replication is not supported if any Tag filter is specified. Please refer to S3 Developer Guide for more information.")
def replication_of_deletions_by_tags(aws):
    return copied({"Filter": {"Tag": {"Key": "a", "Value": "b"}}, "DeleteMarkerReplication": {"Status": "Enabled"}})(aws)


@refuses("s3.replication.encryption", "InvalidRequest", "SseKmsEncryptedObjects must be specified if EncryptionConfiguration is present.")
def replication_with_a_key_for_nothing(aws):
    return copied({"Destination": {"EncryptionConfiguration": {"ReplicaKmsKeyID": "key"}}})(aws)


@refuses("s3.replication.encryption", "InvalidRequest", "ReplicaKmsKeyID must be specified if SseKmsEncryptedObjects tag is present.")
def replication_of_what_kms_encrypts_without_a_key(aws):
    return copied({"SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}}})(aws)


@refuses("s3.replication.time", "InvalidRequest")
def replication_in_time_that_is_not_measured(aws):
    return copied({"Destination": {"ReplicationTime": {"Status": "Enabled", "Time": {"Minutes": 15}}}})(aws)


@refuses("s3.versioning.replicated", "InvalidBucketState", "A replication configuration is present on this bucket, so you cannot change the versioning state. To change the versioning state, first delete the replication configuration.", 409)
def versioning_that_ends_while_objects_are_copied(aws):
    put, versions = replication(aws, {})
    put()
    suspended = {"Status": "Suspended"}
    return lambda: aws.s3.put_bucket_versioning(Bucket=versions["source"], VersioningConfiguration=suspended), {}


@refuses(None, "NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist", 404)
def lifecycle_that_is_not_there(aws):
    name = bucket(aws)
    return lambda: aws.s3.get_bucket_lifecycle_configuration(Bucket=name), {}


@refuses("s3.lifecycle.rules", "MalformedXML", MALFORMED)
def lifecycle_with_too_many_rules(aws):
    return lifecycle(aws, *({**ALL, "ID": str(number), "Expiration": {"Days": 1}} for number in range(1001)))


@refuses("s3.lifecycle.id", "InvalidArgument", "Rule ID must be unique. Found same ID for more than one rule")
def lifecycle_with_one_id_twice(aws):
    return lifecycle(aws, {**ALL, "Expiration": {"Days": 1}}, {**ALL, "Expiration": {"Days": 2}})


@refuses("s3.lifecycle.filter", "MalformedXML", MALFORMED)
def lifecycle_without_a_filter(aws):
    return lifecycle(aws, {"ID": "a", "Status": "Enabled", "Expiration": {"Days": 1}})


@refuses("s3.lifecycle.action", "InvalidRequest", "At least one action needs to be specified in a rule")
def lifecycle_that_does_nothing(aws):
    return lifecycle(aws, ALL)


@refuses("s3.lifecycle.when", "InvalidArgument", "'Days' for Expiration action must be a positive integer")
def lifecycle_that_expires_at_once(aws):
    return lifecycle(aws, {**ALL, "Expiration": {"Days": 0}})


@refuses("s3.lifecycle.order", "InvalidArgument", "'Days' in Transition action must be greater than or equal to 30 for storageClass 'STANDARD_IA'")
def lifecycle_that_moves_too_early(aws):
    return lifecycle(aws, {**ALL, "Transitions": [{"Days": 29, "StorageClass": "STANDARD_IA"}]})


@refuses("s3.lifecycle.order", "InvalidArgument")
def lifecycle_that_moves_on_too_soon(aws):
    moves = [{"Days": 30, "StorageClass": "STANDARD_IA"}, {"Days": 59, "StorageClass": "GLACIER"}]
    return lifecycle(aws, {**ALL, "Transitions": moves})


@refuses("s3.lifecycle.order", "InvalidArgument")
def lifecycle_that_expires_before_it_moves(aws):
    move = {"Days": 90, "StorageClass": "GLACIER"}
    return lifecycle(aws, {**ALL, "Transitions": [move], "Expiration": {"Days": 90}})


@refuses("s3.lifecycle.abort", "InvalidRequest", "AbortIncompleteMultipartUpload cannot be specified with Tags.")
def lifecycle_that_ends_tagged_uploads(aws):
    rule = {"ID": "a", "Status": "Enabled", "Filter": {"Tag": {"Key": "a", "Value": "b"}}}
    return lifecycle(aws, {**rule, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}})


@refuses(None, "NoSuchKey", "The specified key does not exist.", 404)
def object_that_is_not_there(aws):
    name = bucket(aws)
    return lambda: aws.s3.get_object(Bucket=name, Key="nothing"), {}


@refuses("s3.object.key", "KeyTooLongError", "Your key is too long")
def object_with_a_long_key(aws):
    name = bucket(aws)
    return lambda: aws.s3.put_object(Bucket=name, Key="k" * 1025, Body=b""), {}


@refuses("s3.object.condition", "PreconditionFailed", "At least one of the pre-conditions you specified did not hold", 412)
def object_that_is_there_already(aws):
    name = bucket(aws)
    aws.s3.put_object(Bucket=name, Key="one", Body=b"first")
    return lambda: aws.s3.put_object(Bucket=name, Key="one", Body=b"second", IfNoneMatch="*"), {}


@refuses("s3.object.version", "InvalidArgument", "Invalid version id specified")
def object_of_a_version_that_s3_never_gave(aws):
    name = bucket(aws)
    aws.s3.put_object(Bucket=name, Key="one", Body=b"first")
    return lambda: aws.s3.get_object(Bucket=name, Key="one", VersionId="zzz"), {}


def sealed(aws, name, key):
    return aws.s3.put_object(Bucket=name, Key="one", Body=b"text", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)


@refuses("s3.encryption.usable", "KMS.NotFoundException", "Key '{arn}' does not exist")
def object_with_a_key_that_is_not_there(aws):
    name, key = bucket(aws), "11111111-1111-1111-1111-111111111111"
    return lambda: sealed(aws, name, key), {"arn": aws.key_arn(key)}


@refuses("s3.encryption.usable", "KMS.NotFoundException", "Key '{arn}' does not exist")
def object_in_a_bucket_whose_key_is_not_there(aws):
    name, key = bucket(aws), "11111111-1111-1111-1111-111111111111"
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
    aws.s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
    return lambda: aws.s3.put_object(Bucket=name, Key="one", Body=b"text"), {"arn": aws.key_arn(key)}


@refuses("s3.encryption.usable", "KMS.DisabledException", "{arn} is disabled.")
def object_with_a_disabled_key(aws):
    name, key = bucket(aws), aws.key()
    aws.kms.disable_key(KeyId=key)
    return lambda: sealed(aws, name, key), {"arn": aws.key_arn(key)}


@refuses("s3.encryption.usable", "KMS.KMSInvalidStateException", "{arn} is pending deletion.")
def object_with_a_key_that_waits_for_its_end(aws):
    name, key = bucket(aws), aws.key()
    aws.kms.schedule_key_deletion(KeyId=key)
    return lambda: sealed(aws, name, key), {"arn": aws.key_arn(key)}


@refuses("s3.encryption.header", "InvalidArgument")
def object_with_a_key_and_no_algorithm(aws):
    name, key = bucket(aws), aws.key()
    return lambda: aws.s3.put_object(Bucket=name, Key="one", Body=b"text", SSEKMSKeyId=key), {}


@refuses("s3.object.many", "MalformedXML", MALFORMED)
def objects_beyond_a_thousand(aws):
    name = bucket(aws)
    objects = [{"Key": str(number)} for number in range(1001)]
    return lambda: aws.s3.delete_objects(Bucket=name, Delete={"Objects": objects}), {}


@refuses("s3.list.size", "InvalidArgument")
def objects_in_less_than_nothing(aws):
    name = bucket(aws)
    return lambda: aws.s3.list_objects_v2(Bucket=name, MaxKeys=-1), {}
