"""A stack's graph as Terraform's JSON, which scanners read: types and fields are called the same."""

import json
import re
import subprocess


def graph(program, stack):
    """What the stack program prints."""
    printed = subprocess.run([program, stack], check=True, capture_output=True, text=True)
    return json.loads(printed.stdout)["graph"]


def split(address):
    """The type of an address, and a name for it that Terraform takes."""
    kind, rest = address.split(".", 1)[1].split(".", 1)
    return kind, re.sub(r"[^A-Za-z0-9_-]+", "_", rest).strip("_")


def document(node):
    """A JSON document with its expressions written out."""
    if isinstance(node, dict) and set(node) == {"value"}:
        return value(node["value"])
    if isinstance(node, dict) and set(node) == {"array"}:
        return [document(inner) for inner in node["array"]]
    if isinstance(node, dict) and set(node) == {"object"}:
        return {value(key): document(inner) for key, inner in node["object"]}
    raise ValueError(f"a document is written in a way that is not known here: {node}")


def value(expression):
    """An expression's value, references as Terraform writes them."""
    [(kind, inner)] = expression.items()
    if kind == "literal":
        return inner
    if kind == "reference":
        name = ".".join(split(inner["address"]))
        return f"${{{name}.{inner['attribute']}}}"
    if kind == "output":
        return f"${{data.terraform_remote_state.{inner['stack']}.outputs.{inner['name']}}}"
    if kind == "template":
        return "".join(str(value(part)) for part in inner)
    if kind == "list":
        return [value(part) for part in inner]
    if kind == "map":
        return {key: value(part) for key, part in inner.items()}
    if kind == "json":
        return json.dumps(document(inner))
    if kind == "call":
        return f"{inner['function']}({', '.join(str(value(part)) for part in inner['arguments'])})"
    if kind == "secret":
        return "${var.secret}"
    raise ValueError(f"an expression of a kind that is not known here: {kind}")


def terraform(graph):
    """The resources of a graph."""
    resources = {}
    for node in graph["nodes"]:
        kind, name = split(node["address"])
        if kind.startswith(("argocd_", "helm_", "kubernetes_")):
            # What is in a cluster is none of AWS's; the charts have checks of their own.
            continue
        fields = {field: value(expression) for field, expression in node["fields"].items()}
        resources.setdefault(kind, {})[name] = fields
    return {"resource": resources}
