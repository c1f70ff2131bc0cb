"""JSON schemas of all kinds that our charts use, as strict as an API server that refuses unknown fields.

    python schemas.py FOLDER

They are made of Kubernetes' own OpenAPI document and of the custom resource definitions in `modules.py`, and are called
as kubeconform looks for them: `<group>/<kind>_<version>.json`, where the core group is called by its version.
"""

import hashlib
import json
import os
import pathlib
import sys

import yaml

import modules

LOCATION = "{{ .Group }}/{{ .ResourceKind }}_{{ .ResourceAPIVersion }}.json"


class Loader(yaml.CSafeLoader):
    """YAML 1.1 gives a lone `=` a meaning of its own, which operators of comparison don't mean."""


Loader.add_constructor("tag:yaml.org,2002:value", lambda loader, node: node.value)


def strict(schema):
    """A schema that takes no other fields than those it names."""
    if schema.get("x-kubernetes-int-or-string") or schema.get("format") == "int-or-string":
        return {"type": ["integer", "string"]}
    opens = schema.get("x-kubernetes-preserve-unknown-fields") or schema.get("x-kubernetes-embedded-resource")
    # Expressions, lists' keys and defaults are the API server's.
    kept = ("$ref", "type", "enum", "pattern", "required", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems")
    result = {key: schema[key] for key in kept if key in schema}
    if schema.get("nullable") and "type" in result:
        result["type"] = [result["type"], "null"]
        result.pop("enum", None)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            result[key] = strict(schema[key])
    if "properties" in schema:
        result["properties"] = {name: strict(inner) for name, inner in schema["properties"].items()}
        if not opens and "additionalProperties" not in schema:
            result["additionalProperties"] = False
    return result


def core():
    """Kubernetes' own kinds: all definitions, and the name of each kind's by group, version and kind."""
    text = modules.kubernetes().read_text().replace('"#/definitions/', '"_definitions.json#/definitions/')
    definitions = json.loads(text)["definitions"]
    kinds = {}
    for name, definition in definitions.items():
        for kind in definition.get("x-kubernetes-group-version-kind", []):
            kinds[(kind["group"], kind["version"], kind["kind"])] = name
    definitions = {name: strict(definition) for name, definition in definitions.items()}
    definitions["io.k8s.apimachinery.pkg.api.resource.Quantity"] = {"type": ["string", "number"]}
    return definitions, kinds


def custom(file):
    """The kinds of a file of definitions, with their schemas."""
    for definition in yaml.load_all(file.read_text(), Loader):
        if not definition or definition["kind"] != "CustomResourceDefinition":
            continue
        spec = definition["spec"]
        for version in spec["versions"]:
            schema = strict(version["schema"]["openAPIV3Schema"])
            common = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"}}
            schema.setdefault("properties", {}).update(common)
            yield (spec["group"], version["name"], spec["names"]["kind"]), schema


def write(folder):
    """All of them into a folder."""

    def put(group, version, kind, schema):
        path = folder / (group or version) / f"{kind.lower()}_{version}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(schema))
        return path

    definitions, kinds = core()
    for (group, version, kind), name in kinds.items():
        put(group, version, kind, {"$ref": f"_definitions.json#/definitions/{name}"})
    # Beside each, since references are looked for there.
    for place in [path for path in folder.iterdir() if path.is_dir()]:
        (place / "_definitions.json").write_text(json.dumps({"definitions": definitions}))
    for chart in modules.DEFINITIONS:
        for file in modules.definitions(chart):
            for (group, version, kind), schema in custom(file):
                put(group, version, kind, schema)


def cached():
    """The folder in the cache, made if it is not there yet."""
    sources = (__file__, modules.__file__, modules.VERSIONS)
    made_of = b"".join(pathlib.Path(source).read_bytes() for source in sources)
    folder = pathlib.Path(os.environ["FATHUSS_CACHE"]) / "schemas" / hashlib.sha256(made_of).hexdigest()[:16]
    if not (folder / "complete").exists():
        folder.mkdir(parents=True, exist_ok=True)
        write(folder)
        (folder / "complete").touch()
    return folder


if __name__ == "__main__":
    write(pathlib.Path(sys.argv[1]))
