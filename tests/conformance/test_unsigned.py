"""What a request is told before it is read: one that nobody signed, and one that is too large."""

import json
import urllib.error
import urllib.request

import pytest

FORM = {"content-type": "application/x-www-form-urlencoded"}


def told(world, path, headers, body):
    """The status, headers and text of a refusal."""
    request = urllib.request.Request(f"{world.address}{path}", method="POST", headers=headers, data=body)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=60)
    return refused.value.code, refused.value.headers, refused.value.read().decode()


@pytest.mark.parametrize(
    "service, version, action",
    [
        ("elasticache", "2015-02-02", "DescribeCacheClusters"),
        ("iam", "2010-05-08", "ListRoles"),
        ("rds", "2014-10-31", "DescribeDBInstances"),
        ("sts", "2011-06-15", "GetCallerIdentity"),
    ],
)
def test_a_form_without_a_signature_is_refused_by_the_service_of_its_version(world, service, version, action):
    status, headers, text = told(world, "/", FORM, f"Action={action}&Version={version}".encode())
    assert status == 403
    assert text.startswith("<ErrorResponse ") and f"//{service}.amazonaws.com/doc/{version}/" in text
    assert "<Code>MissingAuthenticationToken</Code>" in text
    assert headers["x-amzn-requestid"] in text


def test_a_path_without_a_signature_is_refused_in_json(world):
    status, headers, text = told(world, "/clusters", {"content-type": "application/json"}, b"{}")
    assert (status, headers["x-amzn-errortype"]) == (403, "MissingAuthenticationTokenException")
    assert json.loads(text) == {"message": "Missing Authentication Token"}


def test_a_target_without_a_signature_is_refused_in_json(world):
    headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": "TrentService.ListKeys"}
    status, _, text = told(world, "/", headers, b"{}")
    assert (status, json.loads(text)["__type"]) == (400, "MissingAuthenticationTokenException")


@pytest.mark.parametrize("megabytes", [2, 3, 64])
def test_what_is_too_large_is_told_so(world, megabytes):
    start = b"Action=GetCallerIdentity&Version=2011-06-15&A="
    status, _, text = told(world, "/", FORM, start + b"a" * (megabytes << 20))
    assert (status, "<Code>RequestEntityTooLargeException</Code>" in text) == (413, True)


def test_every_answer_of_ec2_has_its_requests_id_in_its_head(aws):
    metadata = aws.ec2.describe_vpcs()["ResponseMetadata"]
    assert metadata["HTTPHeaders"]["x-amzn-requestid"] == metadata["RequestId"]
