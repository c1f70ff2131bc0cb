"""Staging as the stack program prints it: what is declared, read without the engine."""

import base64
import json
import subprocess


def staging(program):
    """The document that the stack program prints, without what is in its cluster."""
    printed = subprocess.run([program, "staging"], check=True, capture_output=True, text=True)
    document = json.loads(printed.stdout)
    graph = document["graph"]
    graph["nodes"] = [node for node in graph["nodes"] if not in_cluster(kind(node["address"]))]
    return document


def in_cluster(kind):
    """Whether a type is of what is in clusters, which is AWS's no longer."""
    return kind.startswith(("argocd_", "helm_", "kubernetes_"))


def kind(address):
    return address.split(".")[1]


def local(address):
    """An address within its stack, without its key."""
    return address.split(".", 1)[1].split("[")[0]


def marked(address):
    """An address as the tag writes it that everything made carries."""
    return address.replace('["', "/").removesuffix('"]')


def references(expression):
    """The addresses that an expression refers to."""
    if isinstance(expression, dict):
        if set(expression) == {"address", "attribute"}:
            yield expression["address"]
        for inner in expression.values():
            yield from references(inner)
    elif isinstance(expression, list):
        for inner in expression:
            yield from references(inner)


def given(document, outputs):
    """Puts values in for what other stacks would give, by the names of their outputs."""
    if isinstance(document, dict):
        if set(document) == {"output"}:
            return {"literal": outputs[document["output"]["name"]]}
        return {name: given(inner, outputs) for name, inner in document.items()}
    if isinstance(document, list):
        return [given(inner, outputs) for inner in document]
    return document


def without(document, gaps):
    """Takes out the types and fields that gaps name, and puts in what they give instead."""
    graph, gone, kept = document["graph"], set(), []
    types = {gap.what for gap in gaps if "." not in gap.what}
    along = {what for gap in gaps for what in gap.with_it}
    fields = dict(pair for gap in gaps for pair in gap.fields())
    for node in graph["nodes"]:
        for name in list(node["fields"]):
            path = f"{kind(node['address'])}.{name}"
            if path in fields:
                del node["fields"][name]
                node["fields"].update(fields[path])
        if kind(node["address"]) in types | along or local(node["address"]) in along:
            gone.add(node["address"])
        else:
            kept.append(node)
    for node in kept:
        assert not set(references(node["fields"])) & gone, f"{node['address']} refers to what is taken out"
        node["depends_on"] = [address for address in node.get("depends_on", []) if address not in gone]
    graph["nodes"] = kept
    outputs = graph["outputs"].items()
    graph["outputs"] = {name: output for name, output in outputs if not set(references(output)) & gone}
    return document


def evaluate(expression, resolve):
    """The value of an expression; `resolve` answers an address and an attribute."""
    [(form, inner)] = expression.items()
    if form == "literal":
        return inner
    if form == "reference":
        return resolve(inner["address"], inner["attribute"])
    if form == "template":
        return "".join(str(evaluate(part, resolve)) for part in inner)
    if form == "list":
        return [evaluate(item, resolve) for item in inner]
    if form == "map":
        return {name: evaluate(value, resolve) for name, value in inner.items()}
    if form == "secret":
        return inner
    if form == "json":
        return document(inner, resolve)
    if form == "call":
        arguments = [evaluate(argument, resolve) for argument in inner["arguments"]]
        if inner["function"] == "strip_prefix":
            return arguments[0].removeprefix(arguments[1])
        if inner["function"] == "base64":
            return base64.b64encode(arguments[0].encode()).decode()
    raise ValueError(f"an expression that is not known here: {expression}")


def document(source, resolve):
    """A JSON document, as the value that its text stands for."""
    [(form, inner)] = source.items()
    if form == "value":
        return evaluate(inner, resolve)
    if form == "array":
        return [document(item, resolve) for item in inner]
    return {evaluate(key, resolve): document(value, resolve) for key, value in inner}
