"""Objects and their versions as boto3 writes, reads, lists and deletes them."""

import urllib.error
import urllib.request

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

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
