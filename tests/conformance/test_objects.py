"""Objects and their versions as boto3 writes, reads, lists and deletes them."""

import io
import urllib.error
import urllib.request

import boto3
import pytest
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

from refusal import outcome
from world import REGION

ODD = ["plain", "a b+c/ü.txt", "folder/", "tilde~(1)!*'", "dots/../up", "100%", "two//slashes"]


@pytest.fixture
def bucket(aws):
    aws.s3.create_bucket(Bucket="things")
    return "things"


def test_keys_of_every_kind_come_back_as_they_were_written(aws, bucket):
    for key in ODD:
        aws.s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    listed = aws.s3.list_objects_v2(Bucket=bucket)
    assert [one["Key"] for one in listed["Contents"]] == sorted(ODD)
    for key in ODD:
        assert aws.s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()


def test_an_url_that_was_signed_beforehand_is_good_for_who_has_it(aws, bucket):
    aws.s3.put_object(Bucket=bucket, Key="a b", Body=b"text", ContentType="text/plain")
    # For us-east-1 boto3 still signs these in a way that S3 takes of no bucket made since 2020.
    config = Config(signature_version="s3v4")
    credentials = dict(aws_access_key_id="test", aws_secret_access_key="test")
    client = boto3.client("s3", endpoint_url=aws.world.address, region_name=REGION, config=config, **credentials)
    url = client.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "a b"})
    with urllib.request.urlopen(url) as answer:
        assert answer.read() == b"text"
        assert answer.headers["content-type"] == "text/plain"
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(url.replace("a%20b", "other"))
    assert refused.value.code == 403


def test_pages_of_objects_have_all_of_them_once(aws, bucket):
    keys = [f"{number:02}" for number in range(7)]
    for key in keys:
        aws.s3.put_object(Bucket=bucket, Key=key)
    pages = aws.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, PaginationConfig={"PageSize": 3})
    assert [[one["Key"] for one in page["Contents"]] for page in pages] == [keys[:3], keys[3:6], keys[6:]]


def test_a_bucket_that_keeps_versions_has_them_until_each_is_deleted(aws, bucket):
    aws.s3.put_object(Bucket=bucket, Key="k", Body=b"zero")
    aws.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = aws.s3.put_object(Bucket=bucket, Key="k", Body=b"one")["VersionId"]
    assert aws.s3.delete_object(Bucket=bucket, Key="k")["DeleteMarker"]
    with pytest.raises(ClientError) as gone:
        aws.s3.get_object(Bucket=bucket, Key="k")
    assert gone.value.response["Error"]["Code"] == "NoSuchKey"
    assert "Contents" not in aws.s3.list_objects_v2(Bucket=bucket)
    for version, text in [("null", b"zero"), (first, b"one")]:
        assert aws.s3.get_object(Bucket=bucket, Key="k", VersionId=version)["Body"].read() == text
    listed = aws.s3.list_object_versions(Bucket=bucket)
    assert [one["VersionId"] for one in listed["Versions"]] == [first, "null"]
    assert listed["DeleteMarkers"][0]["IsLatest"]
    with pytest.raises(ClientError) as full:
        aws.s3.delete_bucket(Bucket=bucket)
    assert full.value.response["Error"]["Code"] == "BucketNotEmpty"
    pages = aws.s3.get_paginator("list_object_versions").paginate(Bucket=bucket, PaginationConfig={"PageSize": 1})
    all_ = [one for page in pages for one in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]]
    assert len(all_) == 3
    doomed = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in all_]
    assert len(aws.s3.delete_objects(Bucket=bucket, Delete={"Objects": doomed})["Deleted"]) == 3
    aws.s3.delete_bucket(Bucket=bucket)


def test_one_of_two_writers_is_told_that_the_other_was_first(aws, bucket):
    tag = aws.s3.put_object(Bucket=bucket, Key="state", Body=b"1", IfNoneMatch="*")["ETag"]
    aws.s3.put_object(Bucket=bucket, Key="state", Body=b"2", IfMatch=tag)
    with pytest.raises(ClientError) as late:
        aws.s3.put_object(Bucket=bucket, Key="state", Body=b"3", IfMatch=tag)
    assert late.value.response["ResponseMetadata"]["HTTPStatusCode"] == 412
    assert aws.s3.get_object(Bucket=bucket, Key="state")["Body"].read() == b"2"


def test_a_bucket_is_found_at_its_own_region_and_said_where_it_is_elsewhere(aws):
    west = aws.in_region("s3", "us-west-2")
    west.create_bucket(Bucket="western", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    assert west.get_bucket_location(Bucket="western")["LocationConstraint"] == "us-west-2"
    # boto3 goes where it is told to.
    assert aws.s3.head_bucket(Bucket="western")["BucketRegion"] == "us-west-2"
    asked = [(one["region"], one["status"]) for one in aws.world.ask("GET", "log") if one["operation"] == "HeadBucket"]
    assert asked[0] == ("us-east-1", 301) and asked[-1] == ("us-west-2", 200), asked


def test_a_bucket_may_stand_before_the_hosts_name(aws, world, bucket):
    aws.s3.put_object(Bucket=bucket, Key="k", Body=b"text")
    request = urllib.request.Request(f"{world.address}/k", headers={"Host": f"{bucket}.s3.{REGION}.amazonaws.com"})
    # Nobody signed it, and so nobody may: but it is S3 that says so.
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    assert refused.value.code == 403
    assert b"<Code>AccessDenied</Code>" in refused.value.read()


def test_new_buckets_are_closed_and_encrypted(aws, bucket):
    block = aws.s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert all(block.values()) and len(block) == 4
    rules = aws.s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
    assert rules == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    encryption = aws.s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert encryption["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}


MIB = 1 << 20


def test_a_large_object_goes_up_in_parts_and_comes_down_in_ranges(aws, bucket):
    body = bytes(range(256)) * (12 * 4096)
    parts = TransferConfig(multipart_threshold=5 * MIB, multipart_chunksize=5 * MIB)
    aws.s3.upload_fileobj(io.BytesIO(body), bucket, "large", Config=parts, ExtraArgs={"Metadata": {"of": "parts"}})
    head = aws.s3.head_object(Bucket=bucket, Key="large")
    assert (head["ContentLength"], head["Metadata"]) == (12 * MIB, {"of": "parts"})
    assert head["ETag"].endswith('-3"')
    down = io.BytesIO()
    aws.s3.download_fileobj(bucket, "large", down, Config=parts)
    assert down.getvalue() == body
    assert "Uploads" not in aws.s3.list_multipart_uploads(Bucket=bucket)
    third = aws.s3.get_object(Bucket=bucket, Key="large", PartNumber=3)
    assert (third["ContentLength"], third["PartsCount"]) == (2 * MIB, 3)
    assert third["ContentRange"] == f"bytes {10 * MIB}-{12 * MIB - 1}/{12 * MIB}"
    # The copy of an object in parts is one without, where it is made at once.
    aws.s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/large")
    assert "-" not in aws.s3.head_object(Bucket=bucket, Key="copy")["ETag"]
    aws.s3.copy({"Bucket": bucket, "Key": "large"}, bucket, "again", Config=parts)
    assert aws.s3.get_object(Bucket=bucket, Key="again")["Body"].read() == body


def test_a_part_of_an_object_is_told_from_the_whole(aws, bucket):
    aws.s3.put_object(Bucket=bucket, Key="k", Body=b"0123456789")
    part = aws.s3.get_object(Bucket=bucket, Key="k", Range="bytes=0-8")
    assert part["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert (part["ContentRange"], part["Body"].read()) == ("bytes 0-8/10", b"012345678")
    # What is no range is not heeded.
    whole = aws.s3.get_object(Bucket=bucket, Key="k", Range="bytes=1-0")
    assert (whole["ResponseMetadata"]["HTTPStatusCode"], whole["Body"].read()) == (200, b"0123456789")
    given = aws.s3.get_object(Bucket=bucket, Key="k", ResponseContentType="text/csv", ResponseCacheControl="no-store")
    assert (given["ContentType"], given["CacheControl"]) == ("text/csv", "no-store")


def test_an_object_under_a_key_of_another_region_is_copied_with_that_key(aws, bucket):
    def far(service):
        config = Config(retries={"mode": "standard", "total_max_attempts": 1}, parameter_validation=False)
        return boto3.Session("test", "test", region_name="eu-west-1").client(service, endpoint_url=aws.world.address, config=config)

    away, key = far("s3"), far("kms").create_key()["KeyMetadata"]["Arn"]
    away.create_bucket(Bucket="away", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    away.put_object(Bucket="away", Key="one", Body=b"text", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    aws.s3.copy_object(Bucket=bucket, Key="copy", CopySource="away/one")
    assert aws.s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == b"text"
    far("kms").disable_key(KeyId=key)
    refused = outcome(lambda: aws.s3.copy_object(Bucket=bucket, Key="copy", CopySource="away/one"))
    assert (refused.code, refused.message) == ("KMS.DisabledException", f"{key} is disabled.")


def test_an_object_of_a_customers_own_key_is_read_with_it_alone(aws, bucket):
    rule = {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
        "BlockedEncryptionTypes": {"EncryptionType": ["NONE"]},
    }
    aws.s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    own = dict(SSECustomerAlgorithm="AES256", SSECustomerKey=b"k" * 32)
    made = aws.s3.put_object(Bucket=bucket, Key="k", Body=b"text", **own)
    assert "ServerSideEncryption" not in made and made["SSECustomerAlgorithm"] == "AES256"
    assert aws.s3.get_object(Bucket=bucket, Key="k", **own)["Body"].read() == b"text"


def test_the_first_version_of_lists_goes_on_behind_a_key(aws, bucket):
    for key in ("a/1", "a/2", "b", "c"):
        aws.s3.put_object(Bucket=bucket, Key=key)
    first = aws.s3.list_objects(Bucket=bucket, Delimiter="/", MaxKeys=2)
    assert [one["Prefix"] for one in first["CommonPrefixes"]] == ["a/"]
    assert ([one["Key"] for one in first["Contents"]], first["NextMarker"]) == (["b"], "b")
    pages = aws.s3.get_paginator("list_objects").paginate(Bucket=bucket, PaginationConfig={"PageSize": 3})
    assert [[one["Key"] for one in page["Contents"]] for page in pages] == [["a/1", "a/2", "b"], ["c"]]


def test_ids_of_versions_that_never_were_are_told_where_many_objects_are_deleted(aws, bucket):
    aws.s3.put_object(Bucket=bucket, Key="k", Body=b"text")
    objects = [{"Key": "k", "VersionId": "HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD"}]
    answer = aws.s3.delete_objects(Bucket=bucket, Delete={"Objects": objects})
    assert [(one["Code"], one["VersionId"]) for one in answer["Errors"]] == [("NoSuchVersion", objects[0]["VersionId"])]
    assert aws.s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"text"
