"""Objects that a bucket's rules have copied: which, when, as what, and why one is not."""

import json

import boto3
from botocore.config import Config

from refusal import outcome
FAR = "eu-west-1"
# The longest that a copy takes here.
COPIED = 120

ON = {"Status": "Enabled"}
OFF = {"Status": "Disabled"}


def far(aws, service):
    """A client of another region."""
    config = Config(retries={"mode": "standard", "total_max_attempts": 1}, parameter_validation=False)
    return boto3.Session("test", "test", region_name=FAR).client(service, endpoint_url=aws.world.address, config=config)


def allowed(actions, resources):
    return {"Effect": "Allow", "Action": actions, "Resource": resources}


def copier(aws, *more, service="s3.amazonaws.com"):
    """A role that may copy from `source` to `target`, and use any key for it."""
    role = aws.role(service)
    statements = [
        allowed(["s3:GetReplicationConfiguration", "s3:ListBucket"], "arn:aws:s3:::source"),
        allowed(["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging"], "arn:aws:s3:::source/*"),
        allowed(["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"], "arn:aws:s3:::target/*"),
        *more,
    ]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    aws.iam.put_role_policy(RoleName=role, PolicyName="copies", PolicyDocument=document)
    aws.world.advance(60)
    return aws.role_arn(role)


def rule(**more):
    usual = dict(ID="all", Priority=1, Filter={"Prefix": ""}, DeleteMarkerReplication=OFF, Destination={"Bucket": "arn:aws:s3:::target"})
    return {**usual, **ON, **more}


def buckets(aws):
    """A bucket here and one in another region, both with versions."""
    away = far(aws, "s3")
    aws.s3.create_bucket(Bucket="source")
    away.create_bucket(Bucket="target", CreateBucketConfiguration={"LocationConstraint": FAR})
    for client, bucket in ((aws.s3, "source"), (away, "target")):
        client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=ON)
    return away


def configured(aws, *rules, role=None):
    away = buckets(aws)
    configuration = {"Role": role or copier(aws), "Rules": list(rules) or [rule()]}
    aws.s3.put_bucket_replication(Bucket="source", ReplicationConfiguration=configuration)
    return away


def written(aws, key="one", **more):
    return aws.s3.put_object(Bucket="source", Key=key, Body=b"text", **more)["VersionId"]


def status(client, bucket, key="one", **more):
    return client.head_object(Bucket=bucket, Key=key, **more).get("ReplicationStatus")


def missing(client, key="one"):
    refused = outcome(lambda: client.get_object(Bucket="target", Key=key))
    return refused is not None and refused.code == "NoSuchKey"


def test_an_object_is_copied_to_another_region_some_time_after_it_was_written(aws):
    away = configured(aws)
    with aws.at_once():
        version = written(aws, Metadata={"of": "source"}, Tagging="a=1", ContentType="text/plain")
        assert status(aws.s3, "source") == "PENDING" and missing(away)
    aws.world.advance(COPIED)
    assert status(aws.s3, "source") == "COMPLETED"
    copy = away.get_object(Bucket="target", Key="one")
    assert (copy["ReplicationStatus"], copy["VersionId"], copy["Body"].read()) == ("REPLICA", version, b"text")
    first = aws.s3.head_object(Bucket="source", Key="one")
    assert [copy[name] for name in ("LastModified", "ETag", "Metadata", "ContentType")] == [
        first[name] for name in ("LastModified", "ETag", "Metadata", "ContentType")
    ]
    assert away.get_object_tagging(Bucket="target", Key="one")["TagSet"] == [{"Key": "a", "Value": "1"}]


def test_what_was_there_before_its_rule_and_what_is_a_copy_itself_is_not_copied(aws):
    away = buckets(aws)
    written(aws, "older")
    role = copier(aws, allowed("s3:*", "*"))
    aws.s3.put_bucket_replication(Bucket="source", ReplicationConfiguration={"Role": role, "Rules": [rule()]})
    back = rule(Destination={"Bucket": "arn:aws:s3:::source"})
    away.put_bucket_replication(Bucket="target", ReplicationConfiguration={"Role": role, "Rules": [back]})
    written(aws, "newer")
    aws.world.advance(2 * COPIED)
    assert status(aws.s3, "source", "older") is None and missing(away, "older")
    assert status(away, "target", "newer") == "REPLICA"
    assert len(aws.s3.list_object_versions(Bucket="source", Prefix="newer")["Versions"]) == 1


def test_a_deletion_is_copied_where_the_rule_asks_for_it_and_one_of_a_version_never(aws):
    away = configured(
        aws,
        rule(ID="kept", Filter={"Prefix": "kept/"}),
        rule(ID="gone", Priority=2, Filter={"Prefix": "gone/"}, DeleteMarkerReplication=ON),
    )
    versions = {key: written(aws, key) for key in ("kept/one", "gone/one", "gone/two")}
    aws.world.advance(COPIED)
    for key in ("kept/one", "gone/one"):
        aws.s3.delete_object(Bucket="source", Key=key)
    aws.s3.delete_object(Bucket="source", Key="gone/two", VersionId=versions["gone/two"])
    aws.world.advance(COPIED)
    assert missing(away, "gone/one") and not missing(away, "kept/one") and not missing(away, "gone/two")
    [marker] = away.list_object_versions(Bucket="target")["DeleteMarkers"]
    assert marker["Key"] == "gone/one" and marker["IsLatest"]


def test_a_rule_in_its_old_form_copies_deletions_always(aws):
    old = rule(Prefix="")
    for name in ("Filter", "Priority", "DeleteMarkerReplication"):
        del old[name]
    away = configured(aws, old)
    written(aws)
    aws.world.advance(COPIED)
    aws.s3.delete_object(Bucket="source", Key="one")
    aws.world.advance(COPIED)
    assert missing(away) and len(away.list_object_versions(Bucket="target")["Versions"]) == 1


def test_rules_choose_by_prefix_tags_and_priority(aws):
    filters = {"And": {"Prefix": "in/", "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]}}
    cold = {"Bucket": "arn:aws:s3:::target", "StorageClass": "STANDARD_IA"}
    away = configured(aws, rule(ID="both", Filter=filters), rule(ID="cold", Priority=2, Filter={"Prefix": "in/cold"}, Destination=cold))
    written(aws, "in/tagged", Tagging="a=1&b=2&c=3")
    written(aws, "in/half", Tagging="a=1")
    written(aws, "out", Tagging="a=1&b=2")
    written(aws, "in/cold", Tagging="a=1&b=2")
    aws.s3.put_object_tagging(Bucket="source", Key="in/half", Tagging={"TagSet": filters["And"]["Tags"]})
    aws.world.advance(COPIED)
    assert [one["Key"] for one in away.list_objects_v2(Bucket="target")["Contents"]] == ["in/cold", "in/tagged"]
    assert status(aws.s3, "source", "in/half") is None and status(aws.s3, "source", "out") is None
    assert away.head_object(Bucket="target", Key="in/cold")["StorageClass"] == "STANDARD_IA"


def test_a_copys_tags_follow_those_of_its_source(aws):
    away = configured(aws)
    written(aws, Tagging="a=1")
    aws.world.advance(COPIED)
    with aws.at_once():
        aws.s3.put_object_tagging(Bucket="source", Key="one", Tagging={"TagSet": [{"Key": "a", "Value": "2"}]})
        assert status(aws.s3, "source") == "PENDING"
    aws.world.advance(COPIED)
    assert status(aws.s3, "source") == "COMPLETED"
    assert away.get_object_tagging(Bucket="target", Key="one")["TagSet"] == [{"Key": "a", "Value": "2"}]
    assert len(away.list_object_versions(Bucket="target")["Versions"]) == 1


def test_what_is_uploaded_in_parts_is_copied_as_it_is(aws):
    away = configured(aws)
    upload = aws.s3.create_multipart_upload(Bucket="source", Key="one")["UploadId"]
    part = aws.s3.upload_part(Bucket="source", Key="one", UploadId=upload, PartNumber=1, Body=b"text")["ETag"]
    made = aws.s3.complete_multipart_upload(
        Bucket="source", Key="one", UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part}]}
    )
    aws.world.advance(COPIED)
    assert away.head_object(Bucket="target", Key="one")["ETag"] == made["ETag"]


def encrypted(aws):
    away = far(aws, "kms").create_key()["KeyMetadata"]["Arn"]
    here = aws.kms.create_key()["KeyMetadata"]["Arn"]
    destination = {"Bucket": "arn:aws:s3:::target", "EncryptionConfiguration": {"ReplicaKmsKeyID": away}}
    return here, away, rule(SourceSelectionCriteria={"SseKmsEncryptedObjects": ON}, Destination=destination)


def test_what_kms_encrypts_is_copied_with_the_key_that_is_named_and_only_where_the_rule_asks_for_it(aws):
    here, there, by_key = encrypted(aws)
    may = [allowed("kms:Decrypt", here), allowed("kms:Encrypt", there)]
    plain = rule(ID="plain", Priority=2, Filter={"Prefix": "plain/"})
    away = configured(aws, by_key, plain, role=copier(aws, *may))
    for key in ("one", "plain/one"):
        written(aws, key, ServerSideEncryption="aws:kms", SSEKMSKeyId=here)
    aws.world.advance(COPIED)
    assert away.head_object(Bucket="target", Key="one")["SSEKMSKeyId"] == there
    assert status(aws.s3, "source", "plain/one") is None and missing(away, "plain/one")


def failing(aws, ruled, arrange):
    """What arrange spoils lets the copy fail; where the rule that says so is off, it does not."""
    away = configured(aws)
    arrange(away)
    written(aws)
    aws.world.advance(COPIED)
    assert status(aws.s3, "source") == "FAILED" and missing(away)
    with aws.world.without(ruled):
        written(aws, "two")
        aws.world.advance(COPIED)
        assert status(aws.s3, "source", "two") == "COMPLETED" and not missing(away, "two")


def role_name(aws):
    return aws.s3.get_bucket_replication(Bucket="source")["ReplicationConfiguration"]["Role"].rpartition("/")[2]


def test_no_copy_is_made_by_a_role_without_permissions(aws):
    failing(aws, "s3.replica.role", lambda _: aws.iam.delete_role_policy(RoleName=role_name(aws), PolicyName="copies"))


def test_no_copy_is_made_by_a_role_that_trusts_others(aws):
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": trust})
    failing(aws, "s3.replica.role", lambda _: aws.iam.update_assume_role_policy(RoleName=role_name(aws), PolicyDocument=document))


def test_no_copy_is_made_where_versions_are_not_kept(aws):
    suspend = dict(Bucket="target", VersioningConfiguration={"Status": "Suspended"})
    failing(aws, "s3.replica.destination", lambda away: away.put_bucket_versioning(**suspend))


def test_no_copy_is_made_with_a_key_that_is_disabled(aws):
    here, there, by_key = encrypted(aws)
    configured(aws, by_key, role=copier(aws, allowed(["kms:Decrypt", "kms:Encrypt"], "*")))
    far(aws, "kms").disable_key(KeyId=there)
    written(aws, ServerSideEncryption="aws:kms", SSEKMSKeyId=here)
    aws.world.advance(COPIED)
    assert status(aws.s3, "source") == "FAILED"
    with aws.world.without("s3.replica.key"):
        written(aws, "two", ServerSideEncryption="aws:kms", SSEKMSKeyId=here)
        aws.world.advance(COPIED)
        assert status(aws.s3, "source", "two") == "COMPLETED"


def test_no_copy_is_made_to_a_bucket_that_is_gone(aws):
    away = configured(aws)
    away.delete_bucket(Bucket="target")
    written(aws)
    aws.world.advance(COPIED)
    assert status(aws.s3, "source") == "FAILED"


def test_what_is_deleted_before_it_is_copied_is_not_copied(aws):
    away = configured(aws)
    with aws.at_once():
        version = written(aws)
        aws.s3.delete_object(Bucket="source", Key="one", VersionId=version)
    aws.world.advance(COPIED)
    assert missing(away)
