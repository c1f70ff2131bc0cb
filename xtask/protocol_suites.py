"""Prepares AWS's own protocol tests for the simulator's codec, as one JSON file.

Two suites, each from its own package, neither kept in the checkout: Smithy's
(Maven, read by ``smithy_idl.py``), which has tests of servers too, and botocore's
(PyPI), whose models are of the kind that the simulator's tables are made from.
Models become tables as ``models.py`` writes them; cases become a request or an
answer with the members that it stands for. What a case uses that no table can
say is written down with it as the reason why it does not run.

    python3 xtask/protocol_suites.py --cache FOLDER    prints the file's path
"""

import argparse
import hashlib
import itertools
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile

import models
import smithy_idl

SMITHY = "1.74.1"
SMITHY_SHA256 = "21dd592e4f6eebccf79c84508b2fb79c0c69de5e10b80f6b286428613ecfa34e"
BOTOCORE_SHA256 = "a988f39e3a4484def0b8010f41128f71157da0515a4804fccce4739aa8f216da"

# Folders of Smithy's package, with the protocol as the tables call it.
PROTOCOLS = {
    "ec2Query": "ec2", "awsQuery": "query", "restJson1": "rest-json", "restXml": "rest-xml",
    "awsJson1_0": "json", "awsJson1_1": "json", "rpcv2Cbor": "smithy-rpc-v2-cbor",
}
# The files of botocore's, likewise.
FILES = {
    "ec2": "ec2", "query": "query", "rest-json": "rest-json", "rest-xml": "rest-xml",
    "json": "json", "json_1_0": "json", "json_1_0-query-compatible": "json",
    **{f"smithy-rpc-v2-cbor{kind}": "smithy-rpc-v2-cbor" for kind in ("", "-query-compatible", "-non-query-compatible")},
}
# The protocols of methods and paths.
REST = {"rest-json", "rest-xml"}
# The protocols whose bodies have the members' own names, whatever they are called in JSON.
NAMED = {"json", "smithy-rpc-v2-cbor"}
TIMESTAMPS = {"date-time": "iso8601", "epoch-seconds": "unixTimestamp", "http-date": "rfc822"}
# Traits that say nothing about what a server reads or writes.
SILENT = {
    "suppress", "tags", "title", "documentation", "externalDocumentation", "internal", "sensitive", "clientOptional", "input",
    "output", "error", "httpError", "awsQueryError", "service", "sigv4", "readonly", "idempotent", "paginated", "endpoint",
    "hostLabel", "requiresLength", "httpRequestTests", "httpResponseTests", "httpMalformedRequestTests", "eventStreamTests",
    "http", "enum", "enumValue", "xmlName", "xmlFlattened", "xmlAttribute", "xmlNamespace", "ec2QueryName", "timestampFormat",
    "sparse", "required", "length", "range", "pattern", "jsonName", "httpHeader", "httpQuery", "httpLabel", "httpPayload",
    "httpPrefixHeaders", "httpQueryParams", "httpResponseCode", "idempotencyToken", "ec2Query", "awsQuery", "restJson1",
    "mixin", "streaming", "requestCompression", "restXml", "awsJson1_0", "awsJson1_1", "rpcv2Cbor", "awsQueryCompatible",
    "s3UnwrappedXmlOutput", "httpChecksumRequired", "mediaType", "uniqueItems", "box",
}

# Cases of botocore's that Smithy's suite has no longer: answers that no server should give and clients bear with.
BORNE = {"RestJsonDeserializesDenseSetMapAndSkipsNull", "RestJsonIgnoreQueryParamsInResponseNoPayload"}
# Cases of botocore's whose suite Smithy's package lacks, of what a client sends, or bears with.
CLIENTS = {
    "RpcV2CborClientDoesntSerializeNullStructureValues", "NoOutputClientAllowsEmptyCbor", "NoOutputClientAllowsEmptyBody",
    "RpcV2CborDeserializesDenseSetMapAndSkipsNull", "RpcV2CborClientDoesntDeserializeNullStructureValues",
    "RpcV2CborExtraFieldsInTheBodyShouldBeSkippedByClients", "empty_output_no_body", "RpcV2CborPayloadWithUnsetUnion",
}
# Cases whose answers no server could give: they hold what no member is, or what S3 does not say.
BEYOND = {
    "InvalidGreetingError": "the answer holds what is no member", "S3OperationNoErrorWrappingResponse": "S3 says no Type",
}
# Said where a case would need it.
COMPRESSED = "the body, which the client is to compress, is not in the suite"
DIFFER = "items that must differ"
UNFILLED = "its members lack what a server puts into the map of the query's parameters"


def unfilled(table, operation, given):
    """Whether a request has a map of its query's parameters that the case leaves out, since clients need none."""
    members = table["shapes"].get(table["operations"][operation].get("input"), {}).get("members", {})
    return any(
        member.get("location") == "querystring" and table["shapes"][member["shape"]]["type"] == "map" and name not in given
        for name, member in members.items()
    )


# ---- packages

def checked(path, wanted):
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != wanted:
        path.unlink()
        sys.exit(f"{path.name} is not what was pinned: its SHA-256 is {found}, not {wanted}")
    return path


def have_maven():
    if shutil.which("mvn"):
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        sys.exit("mvn is missing, which fetches Smithy's protocol tests: install Maven (Debian's package maven)")
    run("apt-get", "update", "-qq")
    run("apt-get", "install", "-qq", "--no-install-recommends", "maven")


def run(*words):
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, words))}: {done.stdout[-2000:]}{done.stderr[-2000:]}")


def smithy_package(cache):
    path = cache / f"smithy-aws-protocol-tests-{SMITHY}.jar"
    if not path.exists():
        have_maven()
        artifact = f"software.amazon.smithy:smithy-aws-protocol-tests:{SMITHY}"
        run("mvn", "-q", "-B", "dependency:get", f"-Dartifact={artifact}", "-Dtransitive=false", f"-Dmaven.repo.local={cache / 'maven'}")
        found = cache / "maven" / "software" / "amazon" / "smithy" / "smithy-aws-protocol-tests" / SMITHY / path.name
        path.write_bytes(found.read_bytes())
    return checked(path, SMITHY_SHA256)


def botocore_package(cache):
    path = cache / f"botocore-{models.BOTOCORE}.tar.gz"
    if not path.exists():
        # The tests are in the source package alone.
        wanted = f"botocore=={models.BOTOCORE}"
        run(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", "--dest", cache, wanted)
    return checked(path, BOTOCORE_SHA256)


# ---- Smithy

class Smithy:
    """One protocol's folder of Smithy's package."""

    def __init__(self, shapes, protocol):
        self.all, self.protocol = shapes, protocol
        self.shapes, self.names, self.lacking = {}, {}, {}

    def name(self, absolute):
        """A short name for a shape, its own where two namespaces share one."""
        namespace, short = absolute.split("#")
        while self.names.setdefault(short, absolute) != absolute:
            short = namespace.split(".")[-1].capitalize() + short
        return short

    def member(self, name, source, owner, uri):
        target, traits = self.shape(source["target"]), source["traits"]
        constrained = {key: traits[key] for key in ("length", "range", "pattern") if key in traits}
        if constrained:
            narrowed = {**self.shapes[target], **self.constraints(constrained)}
            target = f"{target}Of{owner}{name.capitalize()}"
            self.shapes[target] = narrowed
        kept = {"shape": target}
        wire = None if self.protocol in NAMED else traits.get("jsonName" if self.protocol == "rest-json" else "xmlName")
        if wire:
            kept["locationName"] = wire
        for trait, location in (("httpHeader", "header"), ("httpQuery", "querystring"), ("httpPrefixHeaders", "headers")):
            if trait in traits and self.protocol in REST:
                kept.update(location=location, locationName=traits[trait])
        for trait, location in (("httpQueryParams", "querystring"), ("httpResponseCode", "statusCode")):
            if trait in traits and self.protocol in REST:
                kept["location"] = location
        # A label is the path's only in requests; the same shape may be an answer's.
        if "httpLabel" in traits and self.protocol in REST:
            kept.update(location="uri", locationName=name)
        if "ec2QueryName" in traits:
            kept["queryName"] = traits["ec2QueryName"]
        if "xmlFlattened" in traits:
            kept["flattened"] = True
        if "timestampFormat" in traits and self.protocol != "smithy-rpc-v2-cbor":
            kept["timestampFormat"] = TIMESTAMPS[traits["timestampFormat"]]
        for trait in ("xmlNamespace", "xmlAttribute", "idempotencyToken"):
            if trait in traits and not (trait.startswith("xml") and self.protocol in NAMED):
                kept[trait] = traits[trait]
        if kept.get("location") == "header" and "mediaType" in self.all.get(source["target"], {"traits": {}})["traits"]:
            self.lacking.setdefault(owner, set()).add("a value in a header as base64 of a media type")
        self.note(owner, traits)
        return kept

    def note(self, owner, traits):
        for trait in set(traits) - SILENT:
            what = {"default": "default values of members"}.get(trait, f"the trait {trait}")
            self.lacking.setdefault(owner, set()).add(what)

    def constraints(self, traits):
        kept = {}
        for trait in ("length", "range"):
            kept.update({key: traits[trait][key] for key in ("min", "max") if key in traits.get(trait, {})})
        if "pattern" in traits:
            kept["pattern"] = traits["pattern"]
        return kept

    def shape(self, absolute, uri=None):
        namespace, short = absolute.split("#")
        if namespace == smithy_idl.PRELUDE:
            kind = {"PrimitiveInteger": "integer", "PrimitiveBoolean": "boolean", "Unit": "structure"}.get(short, short.lower())
            self.shapes[short] = {"type": kind, **({"members": {}} if kind == "structure" else {})}
            return short
        name = self.name(absolute)
        if name in self.shapes:
            return name
        source, traits = self.all[absolute], self.all[absolute]["traits"]
        kind = {"union": "structure", "set": "list", "enum": "string", "intEnum": "integer"}.get(source["type"], source["type"])
        self.shapes[name] = kept = {"type": kind, **self.constraints(traits)}
        if source["type"] == "enum":
            kept["enum"] = [m["traits"].get("enumValue", n) for n, m in source["members"].items()]
        elif "enum" in traits:
            kept["enum"] = [entry["value"] for entry in traits["enum"]]
        if source["type"] == "union":
            kept["union"] = True
            if "streaming" in traits:
                self.lacking.setdefault(name, set()).add("event streams")
        if "sparse" in traits:
            kept["sparse"] = True
        if "mediaType" in traits:
            kept["mediaType"] = traits["mediaType"]
        if "uniqueItems" in traits:
            self.lacking.setdefault(name, set()).add(DIFFER)
        if "timestampFormat" in traits:
            kept["timestampFormat"] = TIMESTAMPS[traits["timestampFormat"]]
        if "xmlNamespace" in traits:
            kept["xmlNamespace"] = traits["xmlNamespace"]
        if "xmlName" in traits and self.protocol == "rest-xml":
            kept["locationName"] = traits["xmlName"]
        self.note(name, traits)
        if kind == "structure":
            members = source["members"]
            kept["members"] = {}
            kept["members"].update({n: self.member(n, m, name, uri) for n, m in members.items()})
            required = [n for n, m in members.items() if "required" in m["traits"]]
            if required:
                kept["required"] = required
            payload = [n for n, m in members.items() if "httpPayload" in m["traits"] and self.protocol in REST]
            if payload:
                kept["payload"] = payload[0]
        elif kind == "list":
            kept["member"] = self.member("member", source["members"]["member"], name, None)
        elif kind == "map":
            for part in ("key", "value"):
                kept[part] = self.member(part, source["members"][part], name, None)
        return name

    def reached(self, name, seen=None):
        seen = set() if seen is None else seen
        if name not in seen:
            seen.add(name)
            shape = self.shapes[name]
            parts = list(shape.get("members", {}).values()) + [shape[k] for k in ("member", "key", "value") if k in shape]
            for part in parts:
                self.reached(part["shape"], seen)
        return seen

    def error(self, absolute):
        source = self.all[absolute]["traits"]
        query = source.get("awsQueryError", {})
        status = source.get("httpError", query.get("httpResponseCode", 400 if source["error"] == "client" else 500))
        return query.get("code", absolute.split("#")[1]), query.get("httpResponseCode", status)

    def table(self, absolute):
        """A service's table, and the cases of its operations."""
        service = self.all[absolute]
        self.shapes, self.names, self.lacking = {}, {}, {}
        self.operations = {target.split("#")[1]: target for target in service.get("operations", [])}
        operations, errors, named, cases = {}, {}, {}, []
        for target in service.get("operations", []):
            source = self.all[target]
            name = target.split("#")[1]
            http = source["traits"].get("http", {}) if self.protocol in REST else {}
            kept = {"method": http.get("method", "POST"), "uri": http.get("uri", "/")}
            if http.get("code", 200) != 200:
                kept["status"] = http["code"]
            for part in ("input", "output"):
                if source.get(part, "smithy.api#Unit").split("#")[0] != smithy_idl.PRELUDE and source.get(part) in self.all:
                    kept[part] = self.shape(source[part])
            if self.protocol == "query" and "output" in kept:
                kept["wrapper"] = f"{name}Result"
            if "s3UnwrappedXmlOutput" in source["traits"]:
                kept["unwrapped"] = True
            operations[name] = kept
            for error in source.get("errors", []) + service.get("errors", []):
                if error in self.all and "error" in self.all[error]["traits"]:
                    code, status = self.error(error)
                    errors[code] = status
                    made = self.shape(error)
                    if code != made:
                        named[code] = made
            traits = source["traits"]
            cases += [(name, "request", case, None) for case in traits.get("httpRequestTests", [])]
            cases += [(name, "answer", case, None) for case in traits.get("httpResponseTests", [])]
            cases += [(name, "malformed", case, None) for whole in traits.get("httpMalformedRequestTests", []) for case in expanded(whole)]
            for error in source.get("errors", []):
                if error in self.all:
                    found = self.all[error]["traits"].get("httpResponseTests", [])
                    cases += [(name, "error", case, self.error(error)[0]) for case in found]
        table = {
            "service": absolute.split("#")[1], "signing": "test", "protocol": self.protocol, "version": service["version"],
            "namespace": service["traits"].get("xmlNamespace", {}).get("uri", ""), "source": f"smithy {SMITHY}",
            "operations": operations, "unserved": {}, "errors": errors, "named": named, "shapes": self.shapes,
        }
        if self.protocol in NAMED:
            table.update(target=absolute.split("#")[1], json="1.0" if "awsJson1_0" in service["traits"] else "1.1")
        if absolute.endswith("#AmazonS3"):
            table["hosts"] = True
        if "awsQueryCompatible" in service["traits"]:
            table["query_errors"] = True
        spoken = service["traits"].get("restXml")
        if isinstance(spoken, dict) and spoken.get("noErrorWrapping"):
            table["bare_errors"] = True
        return table, cases

    def reason(self, table, operation, kind, case, code):
        """Why a case does not concern this server, where it does not."""
        if case.get("appliesTo") == "client":
            return "a test of clients"
        if self.protocol == "rest-xml" and kind == "error" and case["id"] in BEYOND:
            return BEYOND[case["id"]]
        if self.protocol == "rest-xml" and kind == "request" and unfilled(table, operation, case.get("params", {})):
            return UNFILLED
        if kind == "request" and "requestCompression" in self.all[self.operations[operation]]["traits"]:
            return COMPRESSED
        kept = table["operations"][operation]
        start = {"request": kept.get("input"), "malformed": kept.get("input"), "answer": kept.get("output"), "error": table["named"].get(code, code)}[kind]
        lacking = {what for name in (self.reached(start) if start else ()) for what in self.lacking.get(name, ())}
        if kind != "malformed":
            lacking.discard(DIFFER)
        if lacking:
            return "no table has " + " or ".join(sorted(lacking))
        return None


def expanded(whole):
    """A malformed request for each set of its parameters."""
    parameters = whole.get("testParameters")
    if not parameters:
        return [whole]
    count = len(next(iter(parameters.values())))
    def filled(node, at):
        if isinstance(node, str):
            def value(match):
                text = parameters[match.group(1)][at]
                return json.dumps(text) if match.group(2) == "S" else text
            return re.sub(r"\$(\w+):([SL])", value, node).replace("$$", "$")
        if isinstance(node, dict):
            return {key: filled(inner, at) for key, inner in node.items()}
        return [filled(inner, at) for inner in node] if isinstance(node, list) else node
    return [{**filled({k: v for k, v in whole.items() if k != "testParameters"}, at), "id": f"{whole['id']}_case{at}"} for at in range(count)]


def typed(request, protocol, table, operation):
    """A request's headers, with those that the suites leave out where every client sends them."""
    headers = request.get("headers", {})
    if protocol == "json":
        kind = {"X-Amz-Target": f"{table['target']}.{operation}", "Content-Type": f"application/x-amz-json-{table['json']}"}
        return {**kind, **headers}
    if "resolvedHost" in request:
        headers = {"Host": request["resolvedHost"], **headers}
    if protocol == "rest-json" and request.get("body") and "content-type" not in map(str.lower, headers):
        return {**headers, "Content-Type": request.get("bodyMediaType", "application/json")}
    return headers


def own(headers):
    """An answer's headers, without that of a request which one case has among them."""
    return {name: value for name, value in headers.items() if name != "X-Amz-Target"}


def from_smithy(package):
    tables, cases = [], []
    base = "META-INF/smithy"
    with zipfile.ZipFile(package) as jar:
        names = [name for name in jar.namelist() if name.endswith(".smithy")]
        for folder, protocol in PROTOCOLS.items():
            wanted = [name for name in names if name.startswith(f"{base}/{folder}/")] + [f"{base}/shared-types.smithy"]
            reader = Smithy(smithy_idl.read([jar.read(name).decode() for name in wanted]), protocol)
            reader.all.setdefault("smithy.framework#ValidationException", {
                "type": "structure", "traits": {"error": "client"}, "members": {}, "mixins": [],
            })
            for service in [name for name, shape in reader.all.items() if shape["type"] == "service"]:
                table, found = reader.table(service)
                for operation, kind, case, code in found:
                    request = case.get("request", case)
                    query = request.get("queryParams", [])
                    uri = request.get("uri", "/") + ("?" + "&".join(query) if query else "")
                    answer = case.get("response", case)
                    body = answer.get("body", "")
                    assertion = body.get("assertion", {}) if isinstance(body, dict) else {}
                    cases.append({
                        "suite": f"Smithy {SMITHY}", "id": case["id"], "kind": kind, "table": len(tables), "operation": operation,
                        "reason": reader.reason(table, operation, kind, case, code),
                        "request": {
                            "method": request.get("method", "POST"), "uri": uri,
                            "headers": typed(request, protocol, table, operation) if kind == "request" else request.get("headers", {}),
                            "body": request.get("body", "") if kind in ("request", "malformed") else "",
                            "bytes": protocol == "smithy-rpc-v2-cbor",
                        },
                        "members": case.get("params", {}), "code": code,
                        "answer": {
                            "status": answer.get("code"), "headers": own(answer.get("headers", {})) if kind != "request" else {},
                            "forbidden": answer.get("forbidHeaders", []) if kind != "request" else [],
                            "body": (body if isinstance(body, str) else assertion.get("contents")) if "body" in answer else None,
                            "media": case.get("bodyMediaType"),
                        },
                    })
                tables.append(table)
    return tables, cases


# ---- botocore

def from_botocore(package, applies):
    tables, cases = [], []
    with tarfile.open(package) as tar:
        for (name, protocol), side in itertools.product(FILES.items(), ("input", "output")):
            inside = f"botocore-{models.BOTOCORE}/tests/unit/protocols/{side}/{name}.json"
            for suite in json.load(tar.extractfile(inside)):
                operations, errors, named, found = {}, {}, {}, []
                lacking = set()
                for name, shape in suite["shapes"].items():
                    for member in shape.get("members", {}).values():
                        if member.pop("jsonvalue", False):
                            lacking.add(name)
                shapes = {name: models.shape(shape, protocol) for name, shape in suite["shapes"].items()}
                namespace = suite["metadata"].get("xmlNamespace", "")
                for case in suite["cases"]:
                    given = case["given"]
                    name = given["name"]
                    kept = {"method": given["http"]["method"], "uri": given["http"]["requestUri"]}
                    if given["http"].get("responseCode", 200) != 200:
                        kept["status"] = given["http"]["responseCode"]
                    for part in ("input", "output"):
                        if part in given:
                            kept[part] = given[part]["shape"]
                            namespace = given[part].get("xmlNamespace", {}).get("uri", namespace)
                    # The models say no namespace; the answers do.
                    said = re.search(r'^\s*<\w+ xmlns="([^"]*)"', case.get("response", {}).get("body", ""))
                    namespace = said.group(1) if said else namespace
                    if "resultWrapper" in given.get("output", {}):
                        kept["wrapper"] = given["output"]["resultWrapper"]
                    if protocol == "rest-xml" and "locationName" in given.get("input", {}):
                        kept["root"] = given["input"]["locationName"]
                    operations[name] = kept
                    code = None
                    for error in given.get("errors", []):
                        declared = suite["shapes"][error["shape"]].get("error", {})
                        code = declared.get("code", error["shape"])
                        errors[code] = declared.get("httpStatusCode", case["response"]["status_code"])
                        if code != error["shape"]:
                            named[code] = error["shape"]
                    found.append((name, case, code))
                for name, case, code in found:
                    kind = "request" if side == "input" else "error" if "error" in case or "errorCode" in case else "answer"
                    request, answer = case.get("serialized", {}), case.get("response", {})
                    reason = "a test of clients" if applies.get(case["id"]) == "client" or case["id"] in BORNE | CLIENTS else None
                    if not reason and protocol == "rest-xml" and kind == "error":
                        reason = BEYOND.get(case["id"])
                    if not reason and protocol == "rest-xml" and kind == "request":
                        about = {"operations": operations, "shapes": shapes}
                        reason = UNFILLED if unfilled(about, name, case.get("params", {})) else None
                    if not reason and kind == "request" and "requestcompression" in case["given"]:
                        reason = COMPRESSED
                    used = lacking & {operations[name].get("input"), operations[name].get("output")}
                    if not reason and used and protocol in REST:
                        reason = "no table has a value in a header as base64 of a media type"
                    cases.append({
                        "suite": f"botocore {models.BOTOCORE}", "id": case["id"], "kind": kind, "table": len(tables),
                        "operation": name, "reason": reason,
                        "request": {
                            "method": request.get("method", "POST"), "uri": request.get("uri", "/"),
                            "headers": typed(request, protocol, models.speech("", suite["metadata"]), name),
                            "body": request.get("body", ""), "bytes": protocol == "smithy-rpc-v2-cbor",
                        },
                        "members": case.get("params", case.get("result", case.get("error", {}))), "code": code,
                        "answer": {
                            "status": answer.get("status_code"), "headers": own(answer.get("headers", {})), "forbidden": [],
                            "body": answer.get("body"), "media": None,
                        },
                    })
                tables.append({
                    "service": suite["metadata"].get("serviceId", "test"), "signing": "test", "protocol": protocol,
                    "version": suite["metadata"]["apiVersion"], "namespace": namespace, "source": f"botocore {models.BOTOCORE}",
                    "operations": operations, "unserved": {}, "errors": errors, "named": named, "shapes": shapes,
                    **models.speech("", suite["metadata"]),
                })
    return tables, cases


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache", type=pathlib.Path, required=True)
    cache = parser.parse_args().cache / "protocols"
    cache.mkdir(parents=True, exist_ok=True)
    tables, cases = from_smithy(smithy_package(cache))
    applies = {case["id"]: "client" for case in cases if case["reason"] == "a test of clients"}
    more_tables, more_cases = from_botocore(botocore_package(cache), applies)
    for case in more_cases:
        case["table"] += len(tables)
    path = cache / "suites.json"
    path.write_text(json.dumps({"tables": tables + more_tables, "cases": cases + more_cases}))
    print(path)


if __name__ == "__main__":
    main()
