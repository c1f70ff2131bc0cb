"""What S3 refuses, and in which words."""

import base64
import datetime
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


@refuses("s3.bucket.name", "InvalidBucketName", "The specified bucket is not valid.")
def bucket_with_a_hyphen_behind_a_dot(aws):
    return lambda: aws.s3.create_bucket(Bucket="a.-bc"), {}


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


@refuses("s3.bucket.expected", "InvalidBucketOwnerAWSAccountID", "The value of the expected bucket owner parameter must be an AWS Account ID... [99]")
def bucket_expected_of_no_account(aws):
    name = bucket(aws)
    return lambda: aws.s3.get_bucket_location(Bucket=name, ExpectedBucketOwner="99"), {}


@refuses("s3.bucket.empty", "BucketNotEmpty", "The bucket you tried to delete is not empty", 409)
def bucket_with_an_object(aws):
    name = bucket(aws)
    aws.s3.put_object(Bucket=name, Key="a/b", Body=b"text")
    return lambda: aws.s3.delete_bucket(Bucket=name), {}


@refuses("s3.bucket.list.region", "InvalidArgument", "Argument value eu-east-1 is not a valid AWS Region")
def buckets_of_no_region(aws):
    return lambda: aws.s3.list_buckets(BucketRegion="eu-east-1"), {}


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


@refuses("s3.versioning.status", "IllegalVersioningConfigurationException", "The Versioning element must be specified")
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


OTHER = "999988887777"


def of_another_account(aws):
    return aws.client("s3", OTHER, "test", None)


@refuses("s3.policy.owner", "MethodNotAllowed", "The specified method is not allowed against this resource.", 405)
def policy_looked_at_from_another_account(aws):
    name = bucket(aws)
    aws.s3.put_bucket_policy(Bucket=name, Policy=policy(name, principal={"AWS": OTHER}, effect="Allow"))
    return lambda: of_another_account(aws).get_bucket_policy(Bucket=name), {}


@refuses("s3.bucket.owner", "AccessDenied", "Access Denied", 403)
def bucket_of_another_account(aws):
    name = bucket(aws)
    return lambda: of_another_account(aws).list_objects_v2(Bucket=name), {}


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


def by_rule(rule, **more):
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
    return by_rule({}, source=None)(aws)


@refuses("s3.replication.destination", "InvalidRequest", "Destination bucket must have versioning enabled.")
def replication_to_a_bucket_whose_versions_are_suspended(aws):
    return by_rule({}, target="Suspended")(aws)


@refuses("s3.replication.destination", "InvalidRequest", "Destination bucket must exist.")
def replication_to_no_bucket(aws):
    return by_rule({"Destination": {"Bucket": "arn:aws:s3:::nobodys-bucket-at-all"}})(aws)


@refuses("s3.replication.owner", "InvalidRequest")
def replication_to_a_bucket_of_somebody_else(aws):
    return by_rule({"Destination": {"Account": "444455556666"}})(aws)


@refuses("s3.replication.role", "InvalidArgument")
def replication_by_something_that_is_no_role(aws):
    return by_rule({}, role="copier")(aws)


@refuses("s3.replication.rules", "MalformedXML", MALFORMED)
def replication_by_too_many_rules(aws):
    return by_rule({}, beside=[{"ID": str(number), "Priority": number + 2} for number in range(1000)])(aws)


@refuses("s3.replication.id", "InvalidArgument", "Rule Id must be unique")
def replication_with_one_id_twice(aws):
    return by_rule({}, beside=[{"Priority": 2}])(aws)


@refuses("s3.replication.priority", "InvalidRequest", "Found duplicate priority 1.")
def replication_with_one_priority_twice(aws):
    return by_rule({}, beside=[{"ID": "other"}])(aws)


@refuses("s3.replication.filter", "MalformedXML", MALFORMED)
def replication_with_two_filters(aws):
    return by_rule({"Filter": {"Prefix": "a", "Tag": {"Key": "a", "Value": "b"}}})(aws)


@refuses("s3.replication.form", "InvalidRequest", f"Priority must be specified {SCHEMA}")
def replication_with_a_filter_and_no_priority(aws):
    return by_rule({"Priority": None})(aws)


@refuses("s3.replication.form", "InvalidRequest", f"DeleteMarkerReplication must be specified {SCHEMA}")
def replication_with_a_filter_that_says_nothing_of_deletions(aws):
    return by_rule({"DeleteMarkerReplication": None})(aws)


@refuses("s3.replication.form", "InvalidRequest", f"DeleteMarkerReplication cannot be used {SCHEMA}")
def replication_in_its_old_form_with_deletions(aws):
    return by_rule({"Filter": None, "Prefix": "", "Priority": None})(aws)


@refuses("s3.replication.deletions", "InvalidRequest", "Delete marker replication is not supported if any Tag filter is specified. Please refer to S3 Developer Guide for more information.")
def replication_of_deletions_by_tags(aws):
    return by_rule({"Filter": {"Tag": {"Key": "a", "Value": "b"}}, "DeleteMarkerReplication": {"Status": "Enabled"}})(aws)


@refuses("s3.replication.encryption", "InvalidRequest", "SseKmsEncryptedObjects must be specified if EncryptionConfiguration is present.")
def replication_with_a_key_for_nothing(aws):
    return by_rule({"Destination": {"EncryptionConfiguration": {"ReplicaKmsKeyID": "key"}}})(aws)


@refuses("s3.replication.encryption", "InvalidRequest", "ReplicaKmsKeyID must be specified if SseKmsEncryptedObjects tag is present.")
def replication_of_what_kms_encrypts_without_a_key(aws):
    return by_rule({"SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}}})(aws)


@refuses("s3.replication.time", "InvalidRequest")
def replication_in_time_that_is_not_measured(aws):
    return by_rule({"Destination": {"ReplicationTime": {"Status": "Enabled", "Time": {"Minutes": 15}}}})(aws)


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


@refuses("s3.lifecycle.order", "InvalidArgument", "'Days' in the Expiration action for filter '(prefix=logs/)' must be greater than 'Days' in the Transition action")
def lifecycle_that_expires_before_it_moves(aws):
    move = {"Days": 90, "StorageClass": "GLACIER"}
    return lifecycle(aws, {**ALL, "Filter": {"Prefix": "logs/"}, "Transitions": [move], "Expiration": {"Days": 90}})


@refuses("s3.lifecycle.order", "InvalidRequest", "Found mixed 'Date' and 'Days' based Transition actions in lifecycle rule for filter '(prefix=)'")
def lifecycle_that_moves_by_days_and_dates(aws):
    moves = [{"Days": 40, "StorageClass": "GLACIER"}, {"Date": datetime.datetime(2030, 1, 1), "StorageClass": "DEEP_ARCHIVE"}]
    return lifecycle(aws, {**ALL, "Transitions": moves})


@refuses("s3.lifecycle.order", "InvalidRequest", "Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule for filter '(prefix=)'")
def lifecycle_that_moves_by_days_and_ends_on_a_date(aws):
    move = {"Days": 40, "StorageClass": "GLACIER"}
    return lifecycle(aws, {**ALL, "Transitions": [move], "Expiration": {"Date": datetime.datetime(2030, 1, 1)}})


@refuses("s3.lifecycle.order", "InvalidArgument", "'Date' in the Expiration action for filter '(prefix=)' must be greater than 'Date' in the Transition action")
def lifecycle_that_ends_on_the_day_of_a_move(aws):
    move = {"Date": datetime.datetime(2030, 1, 1), "StorageClass": "GLACIER"}
    return lifecycle(aws, {**ALL, "Transitions": [move], "Expiration": {"Date": datetime.datetime(2030, 1, 1)}})


@refuses("s3.lifecycle.filter", "InvalidRequest", "ExpiredObjectDeleteMarker cannot be specified with Tags.")
def lifecycle_of_tagged_marks_of_deletion(aws):
    rule = {"ID": "a", "Status": "Enabled", "Filter": {"Tag": {"Key": "a", "Value": "b"}}}
    return lifecycle(aws, {**rule, "Expiration": {"ExpiredObjectDeleteMarker": True}})


@refuses("s3.lifecycle.filter", "InvalidRequest")
def lifecycle_of_no_size(aws):
    sizes = {"And": {"ObjectSizeGreaterThan": 500, "ObjectSizeLessThan": 100}}
    return lifecycle(aws, {**ALL, "Filter": sizes, "Expiration": {"Days": 1}})


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


@refuses("s3.list.marker", "InvalidArgument", "A version-id marker cannot be specified without a key marker.")
def versions_behind_a_version_of_no_key(aws):
    name = bucket(aws)
    return lambda: aws.s3.list_object_versions(Bucket=name, VersionIdMarker="0" * 32), {}


@refuses("s3.list.size", "InvalidArgument", "max-keys cannot be negative")
def versions_in_less_than_nothing(aws):
    name = bucket(aws)
    return lambda: aws.s3.list_object_versions(Bucket=name, MaxKeys=-1), {}


@refuses(None, "InvalidArgument", "Invalid Encoding Method specified in Request")
def objects_in_no_encoding(aws):
    name = bucket(aws)
    return lambda: aws.s3.list_objects_v2(Bucket=name, EncodingType="base64"), {}


# Parts of objects


def written(aws, body=b"01234567", key="one", **more):
    name = bucket(aws)
    aws.s3.put_object(Bucket=name, Key=key, Body=body, **more)
    return dict(Bucket=name, Key=key)


@refuses("s3.object.range", "InvalidRange", "The requested range is not satisfiable", 416)
def range_behind_the_end(aws):
    place = written(aws)
    return lambda: aws.s3.get_object(**place, Range="bytes=1024-4096"), {}


@refuses("s3.object.part", "InvalidRequest", "Cannot specify both Range header and partNumber query parameter")
def range_of_a_part(aws):
    place = written(aws)
    return lambda: aws.s3.get_object(**place, Range="bytes=0-1", PartNumber=1), {}


@refuses("s3.object.part", "InvalidPartNumber", "The requested partnumber is not satisfiable", 416)
def part_of_an_object_without(aws):
    place = written(aws)
    return lambda: aws.s3.get_object(**place, PartNumber=2), {}


@refuses("s3.upload.number", "InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive")
def part_of_an_object_by_no_number(aws):
    place = written(aws)
    return lambda: aws.s3.get_object(**place, PartNumber=0), {}


@refuses(None, "InvalidArgument", "Invalid attribute name specified.")
def attributes_that_no_object_has(aws):
    place = written(aws)
    return lambda: aws.s3.get_object_attributes(**place, ObjectAttributes=["Colour"]), {}


@refuses("s3.object.archived", "InvalidObjectState", "The operation is not valid for the object's storage class", 403)
def object_in_an_archive(aws):
    place = written(aws, StorageClass="GLACIER")
    return lambda: aws.s3.get_object(**place), {}


PRECONDITION = "At least one of the pre-conditions you specified did not hold"


@refuses("s3.object.condition", "PreconditionFailed", PRECONDITION, 412)
def object_of_another_tag(aws):
    place = written(aws)
    return lambda: aws.s3.get_object(**place, IfMatch="other"), {}


@refuses("s3.object.condition", "PreconditionFailed", PRECONDITION, 412)
def object_newer_than_a_time(aws):
    place = written(aws)
    return lambda: aws.s3.get_object(**place, IfUnmodifiedSince="2020-01-01"), {}


@refuses("s3.object.condition", "304", "Not Modified", 304)
def object_that_the_client_has(aws):
    place = written(aws)
    tag = aws.s3.head_object(**place)["ETag"]
    return lambda: aws.s3.get_object(**place, IfNoneMatch=tag), {}


@refuses(None, "MethodNotAllowed", "The specified method is not allowed against this resource.", 405)
def mark_of_deletion_read(aws):
    place = written(aws)
    aws.s3.put_bucket_versioning(Bucket=place["Bucket"], VersioningConfiguration={"Status": "Enabled"})
    mark = aws.s3.delete_object(**place)["VersionId"]
    return lambda: aws.s3.get_object(**place, VersionId=mark), {}


@refuses(None, "NoSuchVersion", "The specified version does not exist.", 404)
def version_that_is_not_there(aws):
    place = written(aws)
    return lambda: aws.s3.get_object(**place, VersionId="0" * 32), {}


# Objects that are written

NOT_IMPLEMENTED = "A header you provided implies functionality that is not implemented"


@refuses("s3.object.condition.form", "NotImplemented", NOT_IMPLEMENTED, 501)
def object_under_two_conditions(aws):
    name = bucket(aws)
    return lambda: aws.s3.put_object(Bucket=name, Key="one", IfMatch="tag", IfNoneMatch="*"), {}


@refuses("s3.object.condition.form", "NotImplemented", NOT_IMPLEMENTED, 501)
def object_unless_of_a_tag(aws):
    place = written(aws)
    return lambda: aws.s3.put_object(**place, IfNoneMatch="tag"), {}


@refuses("s3.object.condition.form", "NotImplemented", NOT_IMPLEMENTED, 501)
def object_of_any_tag(aws):
    place = written(aws)
    return lambda: aws.s3.put_object(**place, IfMatch="*"), {}


@refuses(None, "NoSuchKey", "The specified key does not exist.", 404)
def object_of_a_tag_that_is_not_there(aws):
    name = bucket(aws)
    return lambda: aws.s3.put_object(Bucket=name, Key="one", IfMatch="tag"), {}


@refuses("s3.object.metadata", "MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size")
def object_of_which_too_much_is_said(aws):
    name = bucket(aws)
    aws.s3.put_object(Bucket=name, Key="most", Metadata={"k": "v" * 2047})
    return lambda: aws.s3.put_object(Bucket=name, Key="one", Metadata={"k": "v" * 2048}), {}


@refuses("s3.object.metadata", "MetadataTooLarge")
def upload_of_which_too_much_is_said(aws):
    name = bucket(aws)
    much = {f"k{number}": "v" * 100 for number in range(30)}
    return lambda: aws.s3.create_multipart_upload(Bucket=name, Key="one", Metadata=much), {}


@refuses("s3.object.metadata", "MetadataTooLarge")
def copy_of_which_too_much_is_said(aws):
    place = written(aws)
    source = f"{place['Bucket']}/{place['Key']}"
    more = dict(MetadataDirective="REPLACE", Metadata={"k": "v" * 2048})
    return lambda: aws.s3.copy_object(Bucket=place["Bucket"], Key="copy", CopySource=source, **more), {}


@refuses(None, "InvalidArgument", "Unknown metadata directive.")
def copy_of_an_unknown_kind(aws):
    place = written(aws)
    source = f"{place['Bucket']}/{place['Key']}"
    return lambda: aws.s3.copy_object(Bucket=place["Bucket"], Key="copy", CopySource=source, MetadataDirective="MOVE"), {}


@refuses(None, "InvalidStorageClass", "The storage class you specified is not valid")
def object_of_no_class(aws):
    name = bucket(aws)
    return lambda: aws.s3.put_object(Bucket=name, Key="one", StorageClass="FOO"), {}


@refuses(None, "InvalidRequest", "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
def object_with_two_checksums(aws):
    name = bucket(aws)
    sums = dict(ChecksumCRC32="DUoRhQ==", ChecksumCRC32C="yZRlqg==")
    return lambda: aws.s3.put_object(Bucket=name, Key="one", Body=b"hello world", **sums), {}


@refuses("s3.object.acl", "AccessControlListNotSupported", "The bucket does not allow ACLs")
def object_open_to_readers(aws):
    name = bucket(aws)
    return lambda: aws.s3.put_object(Bucket=name, Key="one", ACL="public-read"), {}


@refuses("s3.object.lock", "InvalidRequest")
def object_locked_in_a_bucket_that_locks_none(aws):
    name = bucket(aws)
    return lambda: aws.s3.put_object(Bucket=name, Key="one", ObjectLockLegalHoldStatus="ON"), {}


@refuses("s3.object.class", "InvalidStorageClass", "The storage class you specified is not valid")
def object_of_a_class_of_outposts(aws):
    name = bucket(aws)
    return lambda: aws.s3.put_object(Bucket=name, Key="one", StorageClass="OUTPOSTS"), {}


@refuses("s3.object.redirect", "InvalidRedirectLocation")
def object_that_leads_nowhere(aws):
    name = bucket(aws)
    return lambda: aws.s3.put_object(Bucket=name, Key="one", WebsiteRedirectLocation="nowhere"), {}


TAGGING = (
    "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates."
)


@refuses("s3.object.tags.header", "InvalidArgument", TAGGING)
def object_with_a_tag_twice(aws):
    name = bucket(aws)
    return lambda: aws.s3.put_object(Bucket=name, Key="one", Tagging="key1=val1&key1=val2"), {}


@refuses("s3.object.tags.header", "InvalidArgument", TAGGING)
def object_with_tags_between_commas(aws):
    name = bucket(aws)
    return lambda: aws.s3.put_object(Bucket=name, Key="one", Tagging="key1=val1,key2=val2"), {}


def tagged(aws, *tags):
    place = written(aws)
    tags = [{"Key": key, "Value": value} for key, value in tags]
    return lambda: aws.s3.put_object_tagging(**place, Tagging={"TagSet": tags}), {}


@refuses("s3.object.tags.limit", "BadRequest", "Object tags cannot be greater than 10")
def object_with_eleven_tags(aws):
    return tagged(aws, *((f"k{number}", "v") for number in range(11)))


@refuses("s3.tags.key", "InvalidTag", "The TagKey you have provided is invalid")
def object_with_a_comma_in_a_tags_key(aws):
    return tagged(aws, ("Key1,Key2", "Val1"))


@refuses("s3.tags.value", "InvalidTag", "The TagValue you have provided is invalid")
def object_with_a_comma_in_a_tags_value(aws):
    return tagged(aws, ("Key1", "Val1,Val2"))


@refuses(None, "NoSuchKey", "The specified key does not exist.", 404)
def tags_of_no_object(aws):
    name = bucket(aws)
    return lambda: aws.s3.get_object_tagging(Bucket=name, Key="nothing"), {}


@refuses("s3.object.bypass", "InvalidArgument", "x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets.")
def object_deleted_over_a_lock_that_is_none(aws):
    place = written(aws)
    return lambda: aws.s3.delete_object(**place, BypassGovernanceRetention=True), {}


@refuses("s3.object.delete.condition", "NotImplemented", NOT_IMPLEMENTED, 501)
def object_deleted_by_its_size(aws):
    place = written(aws)
    return lambda: aws.s3.delete_object(**place, IfMatchSize=8), {}


# Keys of the customer's own

SECRET = b"k" * 32


def opened(aws):
    """A bucket that takes them."""
    name = bucket(aws)
    rule = {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
        "BlockedEncryptionTypes": {"EncryptionType": ["NONE"]},
    }
    aws.s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
    return name


def own(aws, **more):
    place = dict(Bucket=opened(aws), Key="one")
    aws.s3.put_object(**place, Body=b"text", SSECustomerAlgorithm="AES256", SSECustomerKey=SECRET)
    return place


@refuses("s3.customer_key.blocked", "AccessDenied", None, 403)
def object_with_a_key_of_ones_own_in_a_new_bucket(aws):
    name = bucket(aws)
    given = dict(SSECustomerAlgorithm="AES256", SSECustomerKey=SECRET)
    return lambda: aws.s3.put_object(Bucket=name, Key="one", **given), {}


@refuses("s3.customer_key.form", "InvalidEncryptionAlgorithmError", "The Encryption request you specified is not valid. Supported value: AES256.")
def object_with_a_key_for_no_algorithm(aws):
    name = opened(aws)
    given = dict(SSECustomerAlgorithm="KMS", SSECustomerKey=SECRET)
    return lambda: aws.s3.put_object(Bucket=name, Key="one", **given), {}


@refuses("s3.customer_key.form", "InvalidArgument", "The secret key was invalid for the specified algorithm.")
def object_with_a_short_key(aws):
    name = opened(aws)
    given = dict(SSECustomerAlgorithm="AES256", SSECustomerKey=b"short")
    return lambda: aws.s3.put_object(Bucket=name, Key="one", **given), {}


@refuses("s3.customer_key.form", "InvalidArgument", "The calculated MD5 hash of the key did not match the hash that was provided.")
def object_with_a_key_of_another_digest(aws):
    name = opened(aws)
    # Where a digest is given, boto3 sends the key as it is.
    key = base64.b64encode(SECRET).decode()
    given = dict(SSECustomerAlgorithm="AES256", SSECustomerKey=key, SSECustomerKeyMD5="1B2M2Y8AsgTpgAmY7PhCfg==")
    return lambda: aws.s3.put_object(Bucket=name, Key="one", **given), {}


@refuses("s3.customer_key.same", "InvalidRequest", "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.")
def object_read_without_its_key(aws):
    place = own(aws)
    return lambda: aws.s3.get_object(**place), {}


@refuses("s3.customer_key.same", "AccessDenied", "Requests specifying Server Side Encryption with Customer provided keys must provide the correct secret key.", 403)
def object_read_with_another_key(aws):
    place = own(aws)
    given = dict(SSECustomerAlgorithm="AES256", SSECustomerKey=b"o" * 32)
    return lambda: aws.s3.get_object(**place, **given), {}


@refuses("s3.customer_key.same", "InvalidRequest", "The encryption parameters are not applicable to this object.")
def object_read_with_a_key_that_it_has_not(aws):
    place = written(aws)
    given = dict(SSECustomerAlgorithm="AES256", SSECustomerKey=SECRET)
    return lambda: aws.s3.get_object(**place, **given), {}


# Copies


def copied(aws, source=None, **more):
    place = written(aws)
    source = source or f"{place['Bucket']}/one"
    return lambda: aws.s3.copy_object(Bucket=place["Bucket"], Key="copy", CopySource=source, **more), {}


@refuses("model", "InvalidArgument", "Invalid copy source object key")
def copy_of_no_key(aws):
    return copied(aws, "wrongformat")


@refuses(None, "NoSuchBucket", "The specified bucket does not exist", 404)
def copy_from_no_bucket(aws):
    return copied(aws, "nobodys-bucket/one")


@refuses(None, "NoSuchKey", "The specified key does not exist.", 404)
def copy_of_no_object(aws):
    place = written(aws)
    source = f"{place['Bucket']}/nothing"
    return lambda: aws.s3.copy_object(Bucket=place["Bucket"], Key="copy", CopySource=source), {}


@refuses("s3.copy.marker", "InvalidRequest", "The source of a copy request may not specifically refer to a delete marker by version id.")
def copy_of_a_mark_of_deletion(aws):
    place = written(aws)
    aws.s3.put_bucket_versioning(Bucket=place["Bucket"], VersioningConfiguration={"Status": "Enabled"})
    mark = aws.s3.delete_object(**place)["VersionId"]
    source = {**place, "VersionId": mark}
    return lambda: aws.s3.copy_object(Bucket=place["Bucket"], Key="copy", CopySource=source), {}


@refuses("s3.copy.self", "InvalidRequest", "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.")
def copy_onto_itself(aws):
    place = written(aws)
    return lambda: aws.s3.copy_object(**place, CopySource=place), {}


@refuses("s3.copy.archived", "ObjectNotInActiveTierError", None, 403)
def copy_from_an_archive(aws):
    place = written(aws, StorageClass="DEEP_ARCHIVE")
    return lambda: aws.s3.copy_object(Bucket=place["Bucket"], Key="copy", CopySource=place), {}


@refuses("s3.object.condition", "PreconditionFailed", PRECONDITION, 412)
def copy_of_another_tag(aws):
    return copied(aws, CopySourceIfMatch="other")


@refuses("s3.object.condition", "PreconditionFailed", PRECONDITION, 412)
def copy_of_what_is_newer(aws):
    return copied(aws, CopySourceIfUnmodifiedSince="2020-01-01")


# Uploads in parts


class Upload:
    """An upload with some parts."""

    def __init__(self, aws, *bodies, **more):
        self.s3 = aws.s3
        self.place = dict(Bucket=bucket(aws), Key="one")
        self.id = self.s3.create_multipart_upload(**self.place, **more)["UploadId"]
        self.parts = []
        for number, body in enumerate(bodies, 1):
            part = self.part(number, Body=body)
            sums = {name: sum for name, sum in part.items() if name.startswith("Checksum") and more}
            self.parts.append({"PartNumber": number, "ETag": part["ETag"], **sums})

    def part(self, number, **more):
        return self.s3.upload_part(**self.place, UploadId=self.id, PartNumber=number, **more)

    def complete(self, parts, **more):
        return self.s3.complete_multipart_upload(**self.place, UploadId=self.id, MultipartUpload={"Parts": parts}, **more)


GONE = "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed."
NO_PART = "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag."
MODE = "The upload was created using the {} checksum mode. The complete request must use the same checksum mode."


@refuses(None, "NoSuchUpload", GONE, 404)
def parts_of_an_upload_that_was_aborted(aws):
    upload = Upload(aws, b"text")
    aws.s3.abort_multipart_upload(**upload.place, UploadId=upload.id)
    return lambda: aws.s3.list_parts(**upload.place, UploadId=upload.id), {}


@refuses(None, "NoSuchUpload", GONE, 404)
def part_of_an_upload_to_another_key(aws):
    upload = Upload(aws)
    place = {**upload.place, "Key": "other"}
    return lambda: aws.s3.upload_part(**place, UploadId=upload.id, PartNumber=1, Body=b"text"), {}


@refuses("s3.upload.number", "InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive")
def part_of_no_number(aws):
    upload = Upload(aws)
    return lambda: upload.part(-1, Body=b"text"), {}


@refuses("s3.upload.parts", "InvalidRequest", "You must specify at least one part")
def upload_of_nothing(aws):
    upload = Upload(aws, b"text")
    return lambda: aws.s3.complete_multipart_upload(**upload.place, UploadId=upload.id), {}


@refuses("s3.upload.order", "InvalidPartOrder", "The list of parts was not in ascending order. Parts must be ordered by part number.")
def upload_put_together_backwards(aws):
    upload = Upload(aws, b"text", b"text")
    return lambda: upload.complete(upload.parts[::-1]), {}


@refuses(None, "InvalidPart", NO_PART)
def upload_of_a_part_that_was_not_sent(aws):
    upload = Upload(aws, b"text")
    return lambda: upload.complete([{**upload.parts[0], "PartNumber": 2}]), {}


@refuses("s3.upload.part", "InvalidPart", NO_PART)
def upload_of_a_part_with_another_tag(aws):
    upload = Upload(aws, b"text")
    return lambda: upload.complete([{**upload.parts[0], "ETag": "d41d8cd98f00b204e9800998ecf8427e"}]), {}


@refuses("s3.upload.part", "InvalidPart", NO_PART)
def upload_of_a_part_with_another_checksum(aws):
    upload = Upload(aws, b"text", ChecksumAlgorithm="CRC32")
    return lambda: upload.complete([{**upload.parts[0], "ChecksumCRC32": "AAAAAA=="}]), {}


@refuses(
    "s3.upload.part",
    "InvalidRequest",
    "The upload was created using a crc32 checksum. The complete request must include the checksum for each part. It was missing for part 1 in the request.",
)
def upload_of_a_part_without_its_checksum(aws):
    upload = Upload(aws, b"text", ChecksumAlgorithm="CRC32")
    return lambda: upload.complete([{"PartNumber": 1, "ETag": upload.parts[0]["ETag"]}]), {}


@refuses("s3.upload.small", "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
def upload_of_small_parts(aws):
    upload = Upload(aws, b"text", b"text")
    return lambda: upload.complete(upload.parts), {}


@refuses("s3.upload.size", "InvalidRequest", "The provided 'x-amz-mp-object-size' header value 5 does not match what was computed: 4")
def upload_of_another_size(aws):
    upload = Upload(aws, b"text")
    return lambda: upload.complete(upload.parts, MpuObjectSize=5), {}


@refuses("s3.upload.sum", "InvalidRequest", MODE.format("COMPOSITE"))
def upload_with_a_checksum_of_another_kind(aws):
    upload = Upload(aws, b"text", ChecksumAlgorithm="CRC32")
    return lambda: upload.complete(upload.parts, ChecksumType="FULL_OBJECT"), {}


@refuses("s3.upload.sum", "BadDigest", "The crc32c you specified did not match the calculated checksum.")
def upload_with_another_checksum(aws):
    upload = Upload(aws, ChecksumAlgorithm="CRC32C", ChecksumType="FULL_OBJECT")
    tag = upload.part(1, Body=b"abc", ChecksumCRC32C="Nks/tw==")["ETag"]
    return lambda: upload.complete([{"PartNumber": 1, "ETag": tag}], ChecksumCRC32C="AAAAAA=="), {}


@refuses(
    "s3.upload.conflict",
    "ConditionalRequestConflict",
    "The conditional request cannot succeed due to a conflicting operation against this resource.",
    409,
)
def upload_over_an_object_that_was_written_meanwhile(aws):
    upload = Upload(aws, b"text")
    aws.world.advance(1)
    tag = aws.s3.put_object(**upload.place, Body=b"meanwhile")["ETag"]
    return lambda: upload.complete(upload.parts, IfMatch=tag), {}


@refuses("s3.upload.algorithm", "InvalidRequest", "Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum Type: crc32")
def part_with_a_checksum_of_another_algorithm(aws):
    upload = Upload(aws, ChecksumAlgorithm="SHA256")
    return lambda: upload.part(1, Body=b"text", ChecksumAlgorithm="CRC32"), {}


def begun(aws, **more):
    name = bucket(aws)
    return lambda: aws.s3.create_multipart_upload(Bucket=name, Key="one", **more), {}


@refuses("s3.upload.checksum", "InvalidRequest", "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.")
def upload_with_a_kind_of_no_checksum(aws):
    return begun(aws, ChecksumType="COMPOSITE")


@refuses("s3.upload.checksum", "InvalidRequest", "The FULL_OBJECT checksum type cannot be used with the sha256 checksum algorithm.")
def upload_with_a_digest_of_the_whole(aws):
    return begun(aws, ChecksumType="FULL_OBJECT", ChecksumAlgorithm="SHA256")


@refuses("s3.upload.checksum", "InvalidRequest", "The COMPOSITE checksum type cannot be used with the crc64nvme checksum algorithm.")
def upload_with_a_crc64_of_its_parts(aws):
    return begun(aws, ChecksumType="COMPOSITE", ChecksumAlgorithm="CRC64NVME")


def keyed(aws):
    place = dict(Bucket=opened(aws), Key="one")
    given = dict(SSECustomerAlgorithm="AES256", SSECustomerKey=SECRET)
    upload = aws.s3.create_multipart_upload(**place, **given)["UploadId"]
    return dict(**place, UploadId=upload, PartNumber=1, Body=b"text")


@refuses("s3.upload.key", "InvalidRequest", "The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate encryption parameters.")
def part_without_its_uploads_key(aws):
    part = keyed(aws)
    return lambda: aws.s3.upload_part(**part), {}


@refuses("s3.upload.key", "InvalidRequest", "The provided encryption parameters did not match the ones used originally.")
def part_with_another_key(aws):
    part = keyed(aws)
    return lambda: aws.s3.upload_part(**part, SSECustomerAlgorithm="AES256", SSECustomerKey=b"o" * 32), {}


def pieced(aws, range):
    upload = Upload(aws)
    aws.s3.put_object(Bucket=upload.place["Bucket"], Key="source", Body=b"0123456789")
    source = f"{upload.place['Bucket']}/source"
    place = dict(**upload.place, UploadId=upload.id, PartNumber=1)
    return lambda: aws.s3.upload_part_copy(**place, CopySource=source, CopySourceRange=range), {}


@refuses("s3.copy.range", "InvalidArgument", "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy")
def part_copied_from_no_range(aws):
    return pieced(aws, "0-8")


@refuses("s3.copy.range", "InvalidArgument", "Range specified is not valid for source object of size: 10")
def part_copied_beyond_the_end(aws):
    return pieced(aws, "bytes=0-100")


@refuses("s3.copy.range", "InvalidRequest", "The specified copy range is invalid for the source object size")
def part_copied_from_behind_the_end(aws):
    return pieced(aws, "bytes=100-200")


@refuses("s3.upload.marker", "InvalidArgument", "Invalid uploadId marker")
def uploads_behind_none(aws):
    upload = Upload(aws)
    given = dict(KeyMarker="one", UploadIdMarker="none")
    return lambda: aws.s3.list_multipart_uploads(Bucket=upload.place["Bucket"], **given), {}


# Access control lists


def lists(aws, **more):
    """A bucket that has access control lists, and how S3 calls its owner."""
    return bucket(aws, ObjectOwnership="ObjectWriter", **more), aws.s3.list_buckets()["Owner"]["ID"]


def granting(aws, grantee, permission="FULL_CONTROL", owner=None, name=None):
    """A call that grants somebody something on a bucket."""
    made, own = lists(aws)
    grants = [{"Grantee": grantee, "Permission": permission}]
    policy = {"Owner": {"ID": owner or own}, "Grants": grants}
    return lambda: aws.s3.put_bucket_acl(Bucket=name or made, AccessControlPolicy=policy), {}


@refuses("s3.acl.given", "MissingSecurityHeader", "Your request was missing a required header")
def list_that_is_none(aws):
    name, _ = lists(aws)
    return lambda: aws.s3.put_bucket_acl(Bucket=name), {}


@refuses("s3.acl.given", "InvalidRequest", "Specifying both Canned ACLs and Header Grants is not allowed")
def list_by_its_name_and_by_headers(aws):
    name, owner = lists(aws)
    return lambda: aws.s3.put_bucket_acl(Bucket=name, ACL="private", GrantRead=f'id="{owner}"'), {}


@refuses("s3.acl.given", "UnexpectedContent", "This request does not support content")
def list_by_its_name_and_in_the_body(aws):
    name, owner = lists(aws)
    policy = {"Owner": {"ID": owner}, "Grants": []}
    return lambda: aws.s3.put_bucket_acl(Bucket=name, ACL="private", AccessControlPolicy=policy), {}


@refuses("s3.acl.form", "MalformedACLError", MALFORMED)
def list_without_its_owner(aws):
    name, _ = lists(aws)
    return lambda: aws.s3.put_bucket_acl(Bucket=name, AccessControlPolicy={"Grants": []}), {}


@refuses("s3.acl.form", "MalformedACLError", MALFORMED)
def list_whose_grantee_is_of_another_kind(aws):
    return granting(aws, {"Type": "Group", "ID": "a" * 64})


@refuses("s3.acl.form", "InvalidArgument", "Argument format not recognized")
def list_in_a_header_that_names_nobody(aws):
    name, owner = lists(aws)
    return lambda: aws.s3.put_bucket_acl(Bucket=name, GrantFullControl=owner), {}


@refuses("s3.acl.grantee", "InvalidArgument", "Invalid id")
def list_for_no_account(aws):
    return granting(aws, {"Type": "CanonicalUser", "ID": "nobody"})


@refuses("s3.acl.grantee", "InvalidArgument", "Invalid group uri")
def list_for_no_group(aws):
    return granting(aws, {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/global/Nobody"})


@refuses("s3.acl.owner", "AccessDenied", "Access Denied", 403)
def list_of_another_owner(aws):
    _, owner = lists(aws)
    return granting(aws, {"Type": "CanonicalUser", "ID": owner}, owner="a" * 64)


@refuses("s3.acl.enforced", "AccessControlListNotSupported", "The bucket does not allow ACLs")
def list_of_a_bucket_that_enforces_its_owner(aws):
    name = bucket(aws)
    return lambda: aws.s3.put_bucket_acl(Bucket=name, ACL="private"), {}


@refuses("s3.acl.enforced", "AccessControlListNotSupported", "The bucket does not allow ACLs")
def list_for_nobody_of_a_bucket_that_enforces_its_owner(aws):
    _, owner = lists(aws)
    name = bucket(aws)
    return lambda: aws.s3.put_bucket_acl(Bucket=name, AccessControlPolicy={"Owner": {"ID": owner}, "Grants": []}), {}


@refuses("s3.acl.enforced", "AccessControlListNotSupported", "The bucket does not allow ACLs")
def list_of_an_object_in_a_bucket_that_enforces_its_owner(aws):
    name = bucket(aws)
    aws.s3.put_object(Bucket=name, Key="one", Body=b"text")
    return lambda: aws.s3.put_object_acl(Bucket=name, Key="one", ACL="private"), {}


@refuses("s3.acl.public", "AccessDenied", None, 403)
def list_that_lets_everyone_in(aws):
    name, _ = lists(aws)
    return lambda: aws.s3.put_bucket_acl(Bucket=name, ACL="public-read"), {}


# What a bucket says to browsers, and where it is logged


@refuses(None, "NoSuchCORSConfiguration", "The CORS configuration does not exist", 404)
def cors_of_a_bucket_without(aws):
    name = bucket(aws)
    return lambda: aws.s3.get_bucket_cors(Bucket=name), {}


def cors(aws, *rules, **more):
    name = bucket(aws)
    usual = {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], **more}
    return lambda: aws.s3.put_bucket_cors(Bucket=name, CORSConfiguration={"CORSRules": list(rules) or [usual]}), {}


@refuses("s3.cors.rules", "InvalidRequest")
def cors_by_too_many_rules(aws):
    return cors(aws, *[{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}] * 101)


@refuses("s3.cors.id", "InvalidArgument")
def cors_with_a_long_id(aws):
    return cors(aws, ID="a" * 256)


@refuses("s3.cors.method", "InvalidRequest", "Found unsupported HTTP method in CORS config. Unsupported method is PATCH")
def cors_for_another_method(aws):
    return cors(aws, AllowedMethods=["PATCH"])


@refuses("s3.cors.wildcard", "InvalidRequest", 'AllowedOrigin "https://*.*" can not have more than one wildcard.')
def cors_for_an_origin_with_two_wildcards(aws):
    return cors(aws, AllowedOrigins=["https://*.*"])


@refuses("s3.cors.wildcard", "InvalidRequest", 'ExposeHeader "x-*" contains wildcard. We currently do not support wildcard for ExposeHeader.')
def cors_that_shows_headers_by_a_wildcard(aws):
    return cors(aws, ExposeHeaders=["x-*"])


@refuses(None, "NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration", 404)
def website_of_a_bucket_without(aws):
    name = bucket(aws)
    return lambda: aws.s3.get_bucket_website(Bucket=name), {}


def website(aws, **configuration):
    name = bucket(aws)
    return lambda: aws.s3.put_bucket_website(Bucket=name, WebsiteConfiguration=configuration), {}


INDEX = {"Suffix": "index.html"}


@refuses("s3.website.redirect", "InvalidArgument", "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.")
def website_elsewhere_with_an_index(aws):
    return website(aws, RedirectAllRequestsTo={"HostName": "main.test"}, IndexDocument=INDEX)


@refuses("s3.website.index", "InvalidArgument", "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty")
def website_without_an_index(aws):
    return website(aws, ErrorDocument={"Key": "404.html"})


@refuses("s3.website.index", "InvalidArgument", "The IndexDocument Suffix is not well formed")
def website_with_an_index_in_a_folder(aws):
    return website(aws, IndexDocument={"Suffix": "a/index.html"})


@refuses("s3.website.documents", "MalformedXML", MALFORMED)
def website_elsewhere_and_nowhere(aws):
    return website(aws, RedirectAllRequestsTo={"HostName": ""})


@refuses("s3.website.rules", "MalformedXML", MALFORMED)
def website_with_too_many_rules(aws):
    return website(aws, IndexDocument=INDEX, RoutingRules=[{"Redirect": {"HostName": "main.test"}}] * 51)


@refuses("s3.website.rule", "InvalidRequest", "You can only define ReplaceKeyPrefix or ReplaceKey but not both.")
def website_that_replaces_a_key_twice(aws):
    return website(aws, IndexDocument=INDEX, RoutingRules=[{"Redirect": {"ReplaceKeyPrefixWith": "a", "ReplaceKeyWith": "b"}}])


@refuses("s3.website.rule", "InvalidRequest", "Condition cannot be empty. To redirect all requests without a condition, the condition element shouldn't be present.")
def website_with_a_rule_under_no_condition(aws):
    return website(aws, IndexDocument=INDEX, RoutingRules=[{"Condition": {}, "Redirect": {"HostName": "main.test"}}])


def logged(aws, target, **more):
    name = bucket(aws)
    to = {"TargetBucket": target or name, "TargetPrefix": "", **more}
    return lambda: aws.s3.put_bucket_logging(Bucket=name, BucketLoggingStatus={"LoggingEnabled": to}), {}


@refuses("s3.logging.target", "InvalidTargetBucketForLogging", "The target bucket for logging does not exist")
def logs_to_no_bucket(aws):
    return logged(aws, "nobodys-bucket-at-all")


@refuses("s3.logging.target", "InvalidTargetBucketForLogging", "The owner for the bucket to be logged and the target bucket must be the same.")
def logs_to_a_bucket_of_somebody_else(aws):
    of_another_account(aws).create_bucket(Bucket="somebody-elses-logs")
    return logged(aws, "somebody-elses-logs")


@refuses("s3.logging.region", "CrossLocationLoggingProhibitted", "Cross S3 location logging not allowed. ", 403)
def logs_to_another_region(aws):
    place = {"LocationConstraint": "us-west-2"}
    aws.in_region("s3", "us-west-2").create_bucket(Bucket="logs-in-the-west", CreateBucketConfiguration=place)
    return logged(aws, "logs-in-the-west")


@refuses("s3.logging.grants", "InvalidBucketAclWithObjectOwnership")
def logs_that_are_granted_in_a_bucket_that_enforces_its_owner(aws):
    grant = {"Grantee": {"Type": "CanonicalUser", "ID": "a" * 64}, "Permission": "READ"}
    return logged(aws, None, TargetGrants=[grant])


@refuses("s3.logging.format", "MalformedXML", MALFORMED)
def logs_with_keys_of_two_forms(aws):
    return logged(aws, None, TargetObjectKeyFormat={"SimplePrefix": {}, "PartitionedPrefix": {"PartitionDateSource": "EventTime"}})


@refuses("s3.acceleration.status", "MalformedXML", MALFORMED)
def acceleration_without_a_status(aws):
    name = bucket(aws)
    return lambda: aws.s3.put_bucket_accelerate_configuration(Bucket=name, AccelerateConfiguration={}), {}


@refuses("s3.acceleration.name", "InvalidRequest", "S3 Transfer Acceleration is not supported for buckets with periods (.) in their names")
def acceleration_of_a_bucket_with_a_dot(aws):
    aws.s3.create_bucket(Bucket="with.dots")
    return lambda: aws.s3.put_bucket_accelerate_configuration(Bucket="with.dots", AccelerateConfiguration={"Status": "Enabled"}), {}


@refuses(None, "ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist for this bucket", 404)
def lock_of_a_bucket_without(aws):
    name = bucket(aws)
    return lambda: aws.s3.get_object_lock_configuration(Bucket=name), {}


# A bucket that is not there, by the operation that says so


def of_no_bucket(operation, code="NoSuchBucket", message="The specified bucket does not exist", **request):
    def arrange(aws):
        return lambda: getattr(aws.s3, operation)(Bucket="nobodys-bucket", **request), {}

    arrange.__name__ = f"{operation}_of_no_bucket"
    refuses(None, code, message, 404)(arrange)


of_no_bucket("head_bucket", "404", "Not Found")
of_no_bucket("delete_bucket")
of_no_bucket("delete_bucket_encryption")
of_no_bucket("delete_bucket_tagging")
of_no_bucket("get_bucket_acl")
of_no_bucket("get_bucket_encryption")
of_no_bucket("get_bucket_location")
of_no_bucket("get_bucket_notification_configuration")
of_no_bucket("get_bucket_replication")
of_no_bucket("get_bucket_tagging")
of_no_bucket("get_object_lock_configuration")
of_no_bucket("put_bucket_encryption", ServerSideEncryptionConfiguration={"Rules": []})
of_no_bucket("put_bucket_notification_configuration", NotificationConfiguration={}, SkipDestinationValidation=True)
of_no_bucket("put_bucket_request_payment", RequestPaymentConfiguration={"Payer": "Requester"})
of_no_bucket("put_bucket_tagging", Tagging={"TagSet": []})
of_no_bucket("put_bucket_versioning", VersioningConfiguration={"Status": "Suspended"})


# A bucket of another account, or of none


def of_a_stranger(operation):
    def arrange(aws):
        name = bucket(aws)
        return lambda: getattr(of_another_account(aws), operation)(Bucket=name), {}

    arrange.__name__ = f"{operation}_of_another_account"
    refuses("s3.bucket.owner", "AccessDenied", "Access Denied", 403)(arrange)


of_a_stranger("delete_bucket")
of_a_stranger("get_bucket_location")
of_a_stranger("get_public_access_block")


def expected_of(operation, owner, word, **request):
    """A call that expects a bucket to be another account's, or that of what is no account."""
    account = len(owner) == 12 and owner.isdigit()

    def arrange(aws):
        name = bucket(aws)
        more = {"Policy": policy(name)} if operation == "put_bucket_policy" else {}
        return lambda: getattr(aws.s3, operation)(Bucket=name, ExpectedBucketOwner=owner, **more), {}

    arrange.__name__ = f"{operation}_expected_of_{word}"
    if account:
        refuses("s3.bucket.owner", "AccessDenied", "Access Denied", 403)(arrange)
    else:
        message = f"The value of the expected bucket owner parameter must be an AWS Account ID... [{owner}]"
        refuses("s3.bucket.expected", "InvalidBucketOwnerAWSAccountID", message)(arrange)


for operation in ("get_bucket_policy", "put_bucket_policy"):
    expected_of(operation, "444455556666", "another_account")
    expected_of(operation, "0000000000020", "thirteen_digits")
    expected_of(operation, "0000", "four_digits")
    expected_of(operation, "aa000000000$", "letters_and_digits")
    expected_of(operation, "abcd", "letters")
expected_of("delete_bucket_policy", "444455556666", "another_account")
expected_of("delete_bucket_policy", "invalid", "a_word")


# What a new bucket is asked for


def placed(name, region, constraint):
    """A bucket asked for in one region that is to be in another."""

    def arrange(aws):
        place = {"LocationConstraint": constraint}
        return lambda: aws.in_region("s3", region).create_bucket(Bucket="placed", CreateBucketConfiguration=place), {}

    arrange.__name__ = name
    message = f"The {constraint} location constraint is incompatible for the region specific endpoint this request was sent to."
    refuses("s3.bucket.location", "IllegalLocationConstraintException", message)(arrange)


placed("bucket_of_virginia_asked_for_in_california", "us-west-1", "us-east-1")
placed("bucket_of_ohio_asked_for_in_california", "us-west-1", "us-east-2")
placed("bucket_of_california_asked_for_in_ohio", "us-east-2", "us-west-1")


@refuses(None, "InvalidLocationConstraint", "The specified location-constraint is not valid")
def bucket_of_virginia_by_its_name(aws):
    place = {"LocationConstraint": "us-east-1"}
    return lambda: aws.s3.create_bucket(Bucket="placed", CreateBucketConfiguration=place), {}


@refuses("model", "InvalidArgument", "Invalid x-amz-object-ownership header: RandomValue")
def bucket_whose_objects_are_owned_at_random(aws):
    return lambda: aws.s3.create_bucket(Bucket="owned", ObjectOwnership="RandomValue"), {}


@refuses("model", "InvalidArgument", "Invalid x-amz-object-ownership header: ")
def bucket_whose_objects_are_owned_by_nobody(aws):
    return lambda: aws.s3.create_bucket(Bucket="owned", ObjectOwnership=""), {}


@refuses("s3.bucket.name", "InvalidBucketName", "The specified bucket is not valid.")
def bucket_in_capitals(aws):
    return lambda: aws.s3.create_bucket(Bucket="BUCKET"), {}


@refuses("s3.bucket.empty", "BucketNotEmpty", "The bucket you tried to delete is not empty. You must delete all versions in the bucket.", 409)
def bucket_with_a_mark_of_deletion(aws):
    name = bucket(aws)
    aws.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    aws.s3.put_object(Bucket=name, Key="a", Body=b"text")
    aws.s3.delete_object(Bucket=name, Key="a")
    return lambda: aws.s3.delete_bucket(Bucket=name), {}


# What a bucket is told


def told(rule, code, message, operation, name, **request):
    """A bucket's part given a value that it can't have."""

    def arrange(aws):
        of = bucket(aws)
        return lambda: getattr(aws.s3, operation)(Bucket=of, **request), {}

    arrange.__name__ = name
    refuses(rule, code, message)(arrange)


def labelled(name, message, rule, *tags):
    told(rule, "InvalidTag", message, "put_bucket_tagging", name, Tagging={"TagSet": list(tags)})


labelled("tag_of_aws_own", "System tags cannot be added/updated by requester", "s3.tags.key", {"Key": "aws:prefixed", "Value": "1"})
labelled("tag_with_a_comma_in_its_key", "The TagKey you have provided is invalid", "s3.tags.key", {"Key": "a,b", "Value": "1"})
labelled("tag_with_a_comma_in_its_value", "The TagValue you have provided is invalid", "s3.tags.value", {"Key": "a", "Value": "1,2"})
told("model", "MalformedXML", MALFORMED, "put_bucket_tagging", "tag_without_a_key", Tagging={"TagSet": [{"Value": "1"}]})
told("model", "MalformedXML", MALFORMED, "put_bucket_versioning", "versioning_in_small_letters", VersioningConfiguration={"Status": "enabled"})
told("model", "MalformedXML", MALFORMED, "put_bucket_accelerate_configuration", "acceleration_in_small_letters", AccelerateConfiguration={"Status": "enabled"})
told("model", "MalformedXML", MALFORMED, "put_bucket_request_payment", "requests_paid_by_chance", RequestPaymentConfiguration={"Payer": "Random"})
told(None, "MalformedXML", MALFORMED, "put_bucket_cors", "cors_by_no_rule", CORSConfiguration={"CORSRules": []})
told(None, "MalformedXML", MALFORMED, "put_bucket_encryption", "encryption_by_no_rule", ServerSideEncryptionConfiguration={"Rules": []})
told("s3.policy.document", "MalformedPolicy", "Missing required field Statement", "put_bucket_policy", "policy_of_nothing", Policy="{}")
told(None, "MalformedPolicy", "Policies must be valid JSON and the first byte must be '{'", "put_bucket_policy", "policy_without_a_byte", Policy="")
told("model", "InvalidArgument", None, "put_bucket_acl", "list_of_no_name", ACL="fake-acl")


def lives(name, rule, code, message, more=None, **changes):
    of = {"Expiration": {"Days": 7}, **ALL, **changes}
    configuration = {"Rules": [{key: value for key, value in of.items() if value is not None}]}
    told(rule, code, message, "put_bucket_lifecycle_configuration", name, LifecycleConfiguration=configuration, **(more or {}))


lives("lifecycle_without_an_id_and_a_filter", "s3.lifecycle.filter", "MalformedXML", MALFORMED, ID=None, Filter=None)
lives("lifecycle_that_ends_at_noon", "s3.lifecycle.when", "InvalidArgument", "'Date' must be at midnight GMT", Expiration={"Date": datetime.datetime(2030, 1, 1, 12)})
TWICE = {"And": {"Prefix": "a", "Tags": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]}}
lives("lifecycle_of_a_tag_twice", "s3.lifecycle.filter", "InvalidRequest", "Duplicate Tag Keys are not allowed.", Filter=TWICE)
lives("lifecycle_from_no_size_on", None, "InvalidRequest", "Invalid TransitionDefaultMinimumObjectSize found: value", {"TransitionDefaultMinimumObjectSize": "value"})


@refuses(None, "MalformedXML", MALFORMED)
def replication_by_no_rule(aws):
    name = bucket(aws)
    aws.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    configuration = {"Role": "arn:aws:iam::000000000000:role/copier", "Rules": []}
    return lambda: aws.s3.put_bucket_replication(Bucket=name, ReplicationConfiguration=configuration), {}


# Notifications


FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:reads"
QUEUE = "arn:aws:sqs:us-east-1:000000000000:queue"


def notified(name, code, message, rule, kind, **more):
    configuration = {kind: [{"Events": ["s3:ObjectCreated:*"], **more}]}
    told(rule, code, message, "put_bucket_notification_configuration", name, NotificationConfiguration=configuration)


notified("function_notified_by_no_arn", "InvalidArgument", "The ARN could not be parsed", "s3.notification.arn", "LambdaFunctionConfigurations", LambdaFunctionArn="invalid-queue")
notified("function_notified_that_is_not_there", "InvalidArgument", "Unable to validate the following destination configurations", "s3.notification.destination", "LambdaFunctionConfigurations", LambdaFunctionArn=FUNCTION)
notified("queue_notified_by_no_part_of_a_key", "InvalidArgument", "filter rule name must be either prefix or suffix", "model", "QueueConfigurations", QueueArn=QUEUE, Filter={"Key": {"FilterRules": [{"Name": "INVALID", "Value": "any"}]}})
notified("queue_notified_by_an_empty_rule", "MalformedXML", MALFORMED, "s3.notification.filter", "QueueConfigurations", QueueArn=QUEUE, Filter={"Key": {"FilterRules": [{}]}})


# What stands wrong in a bucket's policy


def in_policy(name, message, rule="s3.policy.document", without=(), top=None, **changes):
    """A policy of one statement with these members in place of its own."""

    def arrange(aws):
        of = bucket(aws)
        one = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{of}/*", **changes}
        one = {key: value for key, value in one.items() if key not in without}
        text = json.dumps({"Version": "2012-10-17", "Statement": [one], **(top or {})})
        return lambda: aws.s3.put_bucket_policy(Bucket=of, Policy=text), {}

    arrange.__name__ = name
    refuses(rule, "MalformedPolicy", message)(arrange)


in_policy("policy_of_no_effect", "Missing required field Effect", without=["Effect"])
in_policy("policy_of_another_effect", "Invalid effect: Perhaps", Effect="Perhaps")
in_policy("policy_for_whom_it_may_concern", "Missing required field Principal", without=["Principal"])
in_policy("policy_on_no_action", "Missing required field Action", without=["Action"])
in_policy("policy_on_no_resource", "Missing required field Resource", without=["Resource"])
in_policy("policy_with_a_colour", "Unknown field Colour", Colour="red")
in_policy("policy_of_no_version", "The policy must contain a valid version string", top={"Version": "2012"})
in_policy("policy_of_no_statement", "Could not parse the policy: Statement is empty!", top={"Statement": []})
in_policy("policy_on_an_action_that_is_none", "Policy has invalid action", "s3.policy.action", Action="s3:Nope")
in_policy("policy_on_an_accounts_action", "Policy has invalid action", "s3.policy.action", Action="s3:ListAllMyBuckets")
KEY = {"StringEquals": {"s3:nothing": "a"}}
in_policy("policy_under_no_such_condition", "Policy has an invalid condition key", "s3.policy.condition", Condition=KEY)
REACH = "Action does not apply to any resource(s) in statement"
in_policy("policy_that_lists_objects", REACH, "s3.policy.reach", Action=["s3:GetObject", "s3:ListBucket"])


@refuses("s3.policy.reach", "MalformedPolicy", REACH)
def policy_that_reads_a_bucket(aws):
    of = bucket(aws)
    return lambda: aws.s3.put_bucket_policy(Bucket=of, Policy=policy(of, action="s3:GetObject")), {}
