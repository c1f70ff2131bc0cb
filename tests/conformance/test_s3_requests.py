"""What S3 refuses of a request's signature, query and headers before it looks for anything in a bucket.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html,
https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html,
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html; `src/simulator/s3/unauthenticated.rs` and
`src/simulator/protocol/subresource.rs` have the sources of the words.
"""

import base64
import hashlib

import pytest

from s3_request import EMPTY, presigned, send, signed

KEY = "/things/k"


@pytest.fixture
def place(aws):
    """A bucket with an object."""
    aws.s3.create_bucket(Bucket="things")
    aws.s3.put_object(Bucket="things", Key="k", Body=b"text")
    return aws.world


def told(answer):
    return answer.status, answer.code, answer.message


# Signatures in the header


def test_a_request_signed_by_hand_is_answered(place):
    assert signed(place, "GET", KEY).body == b"text"
    assert signed(place, "PUT", KEY, {"x-amz-meta-a": "1"}, b"more").status == 200


def test_every_header_of_amazons_is_signed_but_the_bodys_digest(place):
    unsigned = {"x-amz-meta-a": "1", "x-amz-acl": "private"}
    answer = signed(place, "PUT", KEY, body=b"text", unsigned=unsigned)
    assert told(answer) == (403, "AccessDenied", "There were headers present in the request which were not signed")
    assert answer.members["HeadersNotSigned"] == "x-amz-acl, x-amz-meta-a"
    answer = signed(place, "GET", KEY, without=["x-amz-content-sha256"], unsigned={"x-amz-content-sha256": EMPTY})
    assert answer.status == 200
    with place.without("signature"):
        assert signed(place, "PUT", KEY, body=b"text", unsigned=unsigned).status == 200


def test_a_request_says_what_its_bodys_digest_is(place):
    answer = signed(place, "GET", KEY, without=["x-amz-content-sha256"])
    missing = "Missing required header for this request: x-amz-content-sha256"
    assert told(answer) == (400, "InvalidRequest", missing)
    with place.without("signature"):
        assert signed(place, "GET", KEY, without=["x-amz-content-sha256"]).status == 200


def test_a_request_is_signed_in_one_place(place):
    answer = signed(place, "GET", f"{KEY}?X-Amz-Algorithm=AWS4-HMAC-SHA256")
    assert (answer.status, answer.code) == (400, "InvalidArgument")
    assert answer.message.startswith("Only one auth mechanism allowed; ")


@pytest.mark.parametrize(
    "authorization, status, code, message",
    [
        ("Bearer test", 400, "InvalidArgument", "Unsupported Authorization Type"),
        ("AWS test:c2lnbmF0dXJl", 400, "InvalidRequest", "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."),
        ("AWS4-HMAC-SHA256 Credential=test/20260209/us-east-1/s3/aws4_request", 400, "AuthorizationHeaderMalformed", "The authorization header is malformed; the authorization header requires three components: Credential, SignedHeaders, and Signature."),
        ("AWS4-HMAC-SHA256 Credential=test, SignedHeaders=host, Signature=00", 400, "AuthorizationHeaderMalformed", 'The authorization header is malformed; the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".'),
    ],
)
def test_a_header_that_is_no_signature_is_told_so(place, authorization, status, code, message):
    answer = send(place, "GET", KEY, {"authorization": authorization, "x-amz-date": "20260209T000000Z"})
    assert told(answer) == (status, code, message)


def test_a_request_that_nobody_signed_is_denied(place):
    assert told(send(place, "GET", KEY)) == (403, "AccessDenied", "Access Denied")


# Presigned URLs


def test_a_presigned_url_is_good_for_a_week_at_most(place):
    assert presigned(place, KEY, expires="604800").body == b"text"
    assert presigned(place, KEY, age=60, expires="120").status == 200
    week = "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds"
    for expires, message in [
        ("604801", week),
        ("-1", "X-Amz-Expires must be non-negative"),
        ("soon", "X-Amz-Expires should be a number"),
        ("1.5", "X-Amz-Expires should be a number"),
    ]:
        answer = presigned(place, KEY, expires=expires)
        assert told(answer) == (400, "AuthorizationQueryParametersError", message)


def test_a_presigned_url_ends_and_says_when(place):
    answer = presigned(place, KEY, age=120, expires="60")
    assert told(answer) == (403, "AccessDenied", "Request has expired")
    assert answer.members["X-Amz-Expires"] == "60"
    assert answer.members["Expires"] < answer.members["ServerTime"]
    with place.without("signature"):
        assert presigned(place, KEY, age=120, expires="60").status == 200


def test_a_presigned_url_has_not_begun_long_before_it_was_signed(place):
    assert told(presigned(place, KEY, age=-3600)) == (403, "AccessDenied", "Request is not valid yet")
    assert presigned(place, KEY, age=-60).status == 200


@pytest.mark.parametrize("name", ["Algorithm", "Credential", "Date", "Expires", "SignedHeaders"])
def test_a_presigned_url_has_all_of_its_parameters(place, name):
    answer = presigned(place, KEY, without=f"X-Amz-{name}")
    message = (
        "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, "
        "X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."
    )
    assert told(answer) == (400, "AuthorizationQueryParametersError", message)


def test_a_presigned_url_is_of_one_algorithm_and_one_date(place):
    answer = presigned(place, KEY, algorithm="AWS4-HMAC-SHA1")
    assert (answer.status, answer.code) == (400, "AuthorizationQueryParametersError")
    assert answer.message.startswith("X-Amz-Algorithm only supports ")
    answer = presigned(place, KEY, date="20200101")
    assert (answer.status, answer.code) == (400, "AuthorizationQueryParametersError")
    assert answer.message.startswith('Invalid credential date "20200101". This date is not the same as X-Amz-Date: ')


def test_a_presigned_url_signs_its_host_and_what_is_sent_beside_it(place):
    answer = presigned(place, KEY, host=False)
    assert (answer.status, answer.members.get("HeadersNotSigned")) == (403, "host")
    answer = presigned(place, KEY, x_amz_request_payer="requester")
    assert (answer.status, answer.members.get("HeadersNotSigned")) == (403, "x-amz-request-payer")


def test_a_url_signed_in_the_old_way_is_refused(place):
    answer = send(place, "GET", f"{KEY}?AWSAccessKeyId=test&Signature=c2ln&Expires=4102444800")
    message = "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
    assert told(answer) == (400, "InvalidRequest", message)


# What a query selects


CONFLICT = "Conflicting query string parameters: acl, policy"


@pytest.mark.parametrize(
    "method, target, status, code, message",
    [
        ("PUT", "/things/k?partNumber=1", 400, "InvalidArgument", "This operation does not accept partNumber without uploadId"),
        ("PUT", "/things/k?uploadId=u", 405, "MethodNotAllowed", None),
        ("GET", "/things/k?versions", 400, "InvalidRequest", "There is no such thing as the ?versions sub-resource for a key"),
        ("GET", "/things/k?uploads", 400, "InvalidRequest", "Key is not expected for the GET method ?uploads subresource"),
        ("GET", "/things/k?policy", 501, "NotSimulated", None),
        ("GET", "/things/k?lifecycle=", 501, "NotSimulated", None),
        ("PUT", "/things/k?policy", 501, "NotSimulated", None),
        ("DELETE", "/things/k?lifecycle", 501, "NotSimulated", None),
        ("DELETE", "/things/k?acl", 405, "MethodNotAllowed", None),
        ("PUT", "/things/k?attributes", 405, "MethodNotAllowed", None),
        ("GET", "/things/k?restore", 405, "MethodNotAllowed", None),
        ("DELETE", "/things?versioning", 405, "MethodNotAllowed", None),
        ("DELETE", "/things?location", 405, "MethodNotAllowed", None),
        ("PUT", "/things?versions", 405, "MethodNotAllowed", None),
        ("GET", "/things?delete", 405, "MethodNotAllowed", None),
        ("GET", "/things?policy&acl", 400, "InvalidArgument", "Conflicting query string parameters: policy, acl"),
        ("GET", "/things/k?acl&policy", 400, "InvalidArgument", CONFLICT),
        ("PATCH", "/things", 405, "MethodNotAllowed", None),
        ("PATCH", "/things/k", 405, "MethodNotAllowed", None),
        ("POST", "/things/k", 405, "MethodNotAllowed", None),
        ("GET", "/things?start-after=a", 400, "InvalidArgument", "startAfter only supported in REST.GET.BUCKET with list-type=2"),
        ("GET", "/things?list-type=3&start-after=a", 400, "InvalidArgument", "startAfter only supported in REST.GET.BUCKET with list-type=2"),
        ("GET", "/things?list-type=2&prefix=%zz", 400, "InvalidURI", "Couldn't parse the specified URI."),
        ("POST", "/things/k?select&select-type=2", 501, "NotSimulated", None),
        ("GET", "/things?list-type=2&continuation-token=", 400, "InvalidArgument", "The continuation token provided is incorrect"),
        ("GET", "/things?max-keys=abc", 400, "InvalidArgument", "Provided max-keys not an integer or within integer range"),
        ("GET", "/things?list-type=2&max-keys=2147483648", 400, "InvalidArgument", "Provided max-keys not an integer or within integer range"),
        ("GET", "/things?max-keys=-1", 400, "InvalidArgument", "Argument maxKeys must be an integer between 0 and 2147483647"),
        ("GET", "/things?versions&max-keys=-1", 400, "InvalidArgument", "max-keys cannot be negative"),
        ("GET", "/things?uploads&max-uploads=x", 400, "InvalidArgument", "Provided max-uploads not an integer or within integer range"),
        ("GET", "/things/k?versionId=", 400, "InvalidArgument", "Version id cannot be the empty string"),
        ("GET", "/things/k?attributes", 400, "InvalidRequest", "The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty"),
    ],
)
def test_a_query_that_no_operation_has_changes_and_shows_nothing(place, method, target, status, code, message):
    answer = signed(place, method, target)
    assert (answer.status, answer.code) == (status, code), answer
    assert message is None or answer.message == message
    assert signed(place, "GET", KEY).body == b"text"


def test_of_what_a_query_says_twice_the_first_is_read(place):
    assert b"<MaxKeys>1</MaxKeys>" in signed(place, "GET", "/things?list-type=2&max-keys=1&max-keys=2").body


# Seen by https://github.com/brekkylab/backlot/issues/230 and https://github.com/brekkylab/backlot/issues/312.
@pytest.mark.parametrize(
    "method, target, allowed",
    [
        ("HEAD", "/things?location", "GET"),
        ("HEAD", "/things?uploads", "POST, GET"),
        ("HEAD", "/things?versioning", "GET, PUT"),
        ("HEAD", "/things?acl", "GET, PUT"),
        ("HEAD", "/things?tagging", "DELETE, GET, PUT"),
        ("HEAD", "/things?policy", "DELETE, GET, PUT"),
        ("HEAD", "/things?versions", "GET"),
        ("HEAD", "/absent?location", "GET"),
        ("HEAD", "/things/k?acl", "GET, PUT"),
        ("HEAD", "/things/k?tagging", "DELETE, GET, PUT"),
        ("HEAD", "/things/k?uploadId=abc123", "DELETE, POST, GET"),
        ("PATCH", "/things", "HEAD, DELETE, POST, GET, PUT"),
    ],
)
def test_what_is_not_allowed_says_what_is(place, method, target, allowed):
    answer = signed(place, method, target)
    assert (answer.status, answer.allow) == (405, allowed)


def test_two_sub_resources_say_nothing_of_what_is_allowed(place):
    answer = signed(place, "HEAD", "/things?acl&versioning")
    assert (answer.status, answer.allow) == (400, None)


# https://github.com/brekkylab/backlot/issues/267
def test_a_buckets_location_is_told_at_the_path_of_a_key(place):
    there, here = signed(place, "GET", "/things/k?location"), signed(place, "GET", "/things?location")
    assert (there.status, there.body) == (200, here.body) and b"LocationConstraint" in here.body


@pytest.mark.parametrize("header", ["If-Modified-Since", "If-Unmodified-Since"])
def test_a_condition_on_a_time_that_is_none_is_no_condition(place, header):
    for text in ["yesterday", "2026-01-01", "Mon, 32 Jan 2026 00:00:00 GMT"]:
        answer = signed(place, "GET", KEY, {header: text})
        assert (answer.status, answer.body) == (200, b"text"), text


def test_no_sub_resource_has_a_head(place):
    for target in ["/things?location", "/things/k?acl", "/things/k?location", "/things/k?uploadId=u"]:
        assert signed(place, "HEAD", target).status == 405, target


def test_what_selects_nothing_is_not_read(place):
    for target in [f"{KEY}?x-of=test", f"{KEY}?Policy", f"{KEY}?x-id=GetObject", f"{KEY}?publicAccessBlock"]:
        assert signed(place, "GET", target).body == b"text", target
    # Whatever is no 2 is the first version of the list.
    for kind in ["1", "3", "x"]:
        assert b"<Marker></Marker>" in signed(place, "GET", f"/things?list-type={kind}").body.replace(b"<Marker/>", b"<Marker></Marker>")


def test_what_may_be_a_sub_resource_is_not_passed_over(aws, place):
    aws.s3.create_bucket(Bucket="empty")
    for method, target in [("DELETE", "/empty?somethingNew"), ("PUT", f"{KEY}?foo"), ("DELETE", f"{KEY}?foo=1"), ("GET", "/things?foo")]:
        answer = signed(place, method, target)
        assert (answer.status, answer.code) == (501, "NotSimulated"), target
    assert signed(place, "GET", KEY).body == b"text", "nothing was done"
    assert signed(place, "GET", "/empty").status == 200, "it is there"
    assert signed(place, "PUT", f"{KEY}?x-by=us", body=b"more").status == 200


# Browsers


def test_a_bucket_takes_forms_and_nothing_else_by_post(place):
    form = {"content-type": "multipart/form-data; boundary=b"}
    body = b'--b\r\nContent-Disposition: form-data; name="key"\r\n\r\nk\r\n--b--\r\n'
    answer = send(place, "POST", "/things", form, body)
    assert (answer.status, answer.code) == (501, "NotSimulated")
    for ask in (send, signed):
        answer = ask(place, "POST", "/things", {"content-type": "text/plain"}, b"text")
        assert (answer.status, answer.code) == (412, "PreconditionFailed")
        assert answer.members["Condition"] == "Bucket POST must be of the enclosure-type multipart/form-data"


# https://docs.aws.amazon.com/AmazonS3/latest/API/RESTOPTIONSobject.html
def test_no_page_of_elsewhere_may_do_anything(place):
    answer = send(place, "OPTIONS", "/things")
    assert told(answer) == (400, "BadRequest", "Insufficient information. Origin request header needed.")
    asked = {"origin": "https://example.com", "access-control-request-method": "PUT"}
    for target in ("/things", KEY):
        answer = send(place, "OPTIONS", target, asked)
        assert told(answer) == (403, "AccessForbidden", "CORSResponse: CORS is not enabled for this bucket.")
        assert (answer.members["Method"], answer.members["ResourceType"]) == ("PUT", "BUCKET")
    answer = send(place, "OPTIONS", "/nobodys-bucket/k", {"origin": "https://example.com"})
    assert told(answer) == (403, "AccessForbidden", "CORSResponse: Bucket not found")


def test_a_page_may_do_what_the_buckets_rules_let_it(place):
    rules = """<CORSConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
        <CORSRule><AllowedOrigin>https://*.main.test</AllowedOrigin><AllowedMethod>PUT</AllowedMethod>
        <AllowedHeader>x-amz-*</AllowedHeader><ExposeHeader>etag</ExposeHeader><MaxAgeSeconds>300</MaxAgeSeconds></CORSRule>
        <CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule>
        </CORSConfiguration>"""
    digest = base64.b64encode(hashlib.md5(rules.encode()).digest()).decode()
    assert signed(place, "PUT", "/things?cors", {"content-md5": digest}, rules.encode()).status == 200
    page = {"origin": "https://www.main.test", "access-control-request-method": "PUT"}
    answer = send(place, "OPTIONS", KEY, {**page, "access-control-request-headers": "X-Amz-Date, x-amz-acl"})
    said = {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}
    assert (answer.status, answer.body) == (200, b"")
    assert said == {
        "access-control-allow-origin": "https://www.main.test",
        "access-control-allow-methods": "PUT",
        "access-control-allow-headers": "x-amz-date, x-amz-acl",
        "access-control-expose-headers": "etag",
        "access-control-max-age": "300",
        "access-control-allow-credentials": "true",
    }
    refused = "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method"
    for other in ({"origin": "https://main.test"}, {"access-control-request-headers": "range"}, {"access-control-request-method": "DELETE"}):
        answer = send(place, "OPTIONS", KEY, {**page, **other})
        assert (answer.status, answer.code, answer.members["ResourceType"]) == (403, "AccessForbidden", "OBJECT")
        assert answer.message.startswith(refused)
    answer = send(place, "OPTIONS", KEY, {"origin": "https://www.main.test"})
    assert told(answer) == (400, "BadRequest", "Invalid Access-Control-Request-Method: null")
    # What was asked for is told too, and to pages alone.
    answer = signed(place, "GET", KEY, {"origin": "https://elsewhere.test"})
    assert (answer.headers["access-control-allow-origin"], "access-control-allow-credentials" in answer.headers) == ("*", False)
    assert "access-control-allow-origin" not in signed(place, "GET", KEY).headers


# Bodies


def chunked(world, body, length="4", **more):
    headers = {
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "x-amz-decoded-content-length": length,
        **{name.replace("_", "-"): value for name, value in more.items()},
    }
    if length is None:
        del headers["x-amz-decoded-content-length"]
    return signed(world, "PUT", KEY, headers, body)


WHOLE = b"4\r\nmore\r\n0\r\nx-amz-checksum-crc32:i1LyfA==\r\n\r\n"


@pytest.mark.parametrize(
    "body, more, status, code",
    [
        (WHOLE, dict(length="-1"), 411, "MissingContentLength"),
        (WHOLE, dict(length="four"), 411, "MissingContentLength"),
        (WHOLE, dict(length=None), 411, "MissingContentLength"),
        (WHOLE, dict(length="5"), 400, "IncompleteBody"),
        (WHOLE[:8], {}, 400, "IncompleteBody"),
        (b"more", {}, 400, "IncompleteBody"),
        (WHOLE, dict(x_amz_trailer="x-amz-checksum-sha256"), 400, "MalformedTrailerError"),
        (WHOLE.replace(b"i1LyfA", b"AAAAAA"), {}, 400, "BadDigest"),
    ],
)
def test_a_body_in_pieces_is_whole_and_as_long_as_is_said(place, body, more, status, code):
    answer = chunked(place, body, **more)
    assert (answer.status, answer.code) == (status, code), answer
    assert signed(place, "GET", KEY).body == b"text"


def test_a_body_has_one_checksum_of_a_known_kind(place):
    two = {"x-amz-checksum-crc32": "AAAAAA==", "x-amz-checksum-crc32c": "AAAAAA=="}
    message = "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
    assert told(signed(place, "PUT", KEY, two, b"text")) == (400, "InvalidRequest", message)
    message = "The algorithm type you specified in x-amz-checksum- header is invalid."
    assert told(signed(place, "PUT", KEY, {"x-amz-checksum-foo": "AAAA"}, b"text")) == (400, "InvalidRequest", message)
    wrong = {"x-amz-checksum-sha1": "AAAAAAAAAAAAAAAAAAAAAAAAAAA="}
    assert signed(place, "PUT", KEY, wrong, b"text").code == "BadDigest"
    assert signed(place, "PUT", KEY, {"x-amz-checksum-md5": "XrY7u+Ae7tCTyyK7j1rNww=="}, b"text").code == "NotSimulated"
