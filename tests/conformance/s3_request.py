"""Requests to S3 as no client of AWS's sends them: signed by hand, so that each part can be another than it should."""

import dataclasses
import datetime
import hashlib
import hmac
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ElementTree

from world import REGION

SECRET = b"test"
EMPTY = hashlib.sha256(b"").hexdigest()


@dataclasses.dataclass(frozen=True)
class Answer:
    status: int
    code: str
    message: str
    members: dict
    body: bytes
    headers: dict = dataclasses.field(default_factory=dict)

    @property
    def allow(self):
        return self.headers.get("allow")


def send(world, method, path, headers=(), body=b""):
    """What comes of a request as it is."""
    request = urllib.request.Request(f"{world.address}{path}", method=method, headers=dict(headers), data=body or None)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return Answer(answer.status, "", "", {}, answer.read(), named(answer.headers))
    except urllib.error.HTTPError as refused:
        text = refused.read()
        members = {}
        if text:
            members = {element.tag: element.text or "" for element in ElementTree.fromstring(text)}
        code, message = members.pop("Code", ""), members.pop("Message", "")
        return Answer(refused.code, code, message, members, text, named(refused.headers))


def named(headers):
    return {name.lower(): value for name, value in headers.items()}


def quoted(text):
    return urllib.parse.quote(text, safe="-_.~")


def query_text(pairs):
    return "&".join(f"{name}={value}" for name, value in sorted((quoted(name), quoted(value)) for name, value in pairs))


def signature(method, path, query, headers, digest, stamp, date=None):
    """The signature of a request, by
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html"""
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    canonical = "\n".join([method, path, query, lines, names, digest])
    scope = f"{date or stamp[:8]}/{REGION}/s3/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = b"AWS4" + SECRET
    for part in [*scope.split("/"), text]:
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return f"test/{scope}", names, key.hex()


def moment(age=0):
    at = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=age)
    return at.strftime("%Y%m%dT%H%M%SZ")


def signed(world, method, target, headers=(), body=b"", unsigned=(), without=()):
    """What comes of a request that is signed in its header, with these headers beside those that are signed."""
    path, _, query = target.partition("?")
    stamp = moment()
    digest = hashlib.sha256(body).hexdigest()
    given = {
        "host": world.address.removeprefix("http://"),
        "x-amz-date": stamp,
        "x-amz-content-sha256": digest,
        **{name.lower(): value for name, value in dict(headers).items()},
    }
    for name in without:
        del given[name]
    digest = given.get("x-amz-content-sha256", digest)
    pairs = [tuple(pair.partition("=")[::2]) for pair in query.split("&") if pair]
    pairs = [(urllib.parse.unquote(name), urllib.parse.unquote(value)) for name, value in pairs]
    credential, names, sealed = signature(method, path, query_text(pairs), given, digest, stamp)
    authorization = f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature={sealed}"
    return send(world, method, target, {**given, **dict(unsigned), "authorization": authorization}, body)


def presigned(world, path, expires="60", age=0, date=None, algorithm="AWS4-HMAC-SHA256", host=True, without=None, **headers):
    """What comes of reading by a URL that was signed so long ago."""
    stamp = moment(age)
    given = {"host": world.address.removeprefix("http://")} if host else {"accept": "*/*"}
    credential = f"test/{date or stamp[:8]}/{REGION}/s3/aws4_request"
    pairs = {
        "X-Amz-Algorithm": algorithm,
        "X-Amz-Credential": credential,
        "X-Amz-Date": stamp,
        "X-Amz-Expires": expires,
        "X-Amz-SignedHeaders": ";".join(sorted(given)),
    }
    pairs.pop(without, None)
    query = query_text(pairs.items())
    _, _, sealed = signature("GET", path, query, given, "UNSIGNED-PAYLOAD", stamp, date)
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    given.pop("host", None)
    return send(world, "GET", f"{path}?{query}&X-Amz-Signature={sealed}", {**given, **more})
