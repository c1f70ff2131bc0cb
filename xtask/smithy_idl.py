"""Reads Smithy's interface language (https://smithy.io/2.0/spec/idl.html) into plain dictionaries.

As much of it as AWS's protocol tests are written in. Shapes are found by their
absolute name, ``namespace#Name``; a shape is its type, its traits, its members
in order, and the properties of services and operations.
"""

import re

TOKEN = re.compile(
    r'\s+|,|//[^\n]*'
    r'|(?P<block>"""\n.*?(?<!\\)""")'
    r'|(?P<string>"(?:[^"\\]|\\.)*")'
    r'|(?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)'
    r'|(?P<name>\$?[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*(?:\#[A-Za-z_][A-Za-z0-9_]*(?:\$[A-Za-z_][A-Za-z0-9_]*)?|\$[A-Za-z_][A-Za-z0-9_]*)?)'
    r'|(?P<mark>:=|[@{}\[\]():=])',
    re.DOTALL,
)

PRELUDE = "smithy.api"
SCALARS = {
    "blob", "boolean", "string", "byte", "short", "integer", "long", "float", "double", "bigInteger", "bigDecimal",
    "timestamp", "document",
}
WITH_MEMBERS = {"structure", "union", "list", "set", "map", "enum", "intEnum"}
WITH_PROPERTIES = {"service", "resource", "operation"}


class Name(str):
    """An identifier that stands for a shape, a trait or a property."""


def tokens(text):
    at, found = 0, []
    while at < len(text):
        match = TOKEN.match(text, at)
        if not match:
            raise ValueError(f"no token at {text[at:at + 40]!r}")
        at = match.end()
        kind = match.lastgroup
        if kind == "block":
            found.append(("string", unescape(dedent(match.group(kind)[4:-3]))))
        elif kind == "string":
            found.append(("string", unescape(match.group(kind)[1:-1])))
        elif kind:
            found.append((kind, match.group(kind)))
    return found


def dedent(text):
    lines = text.split("\n")
    counted = [line for at, line in enumerate(lines) if line.strip() or at == len(lines) - 1]
    margin = min((len(line) - len(line.lstrip(" ")) for line in counted), default=0)
    return "\n".join(line[margin:].rstrip(" ") for line in lines)


def unescape(text):
    named = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "\n": ""}
    replace = lambda m: chr(int(m.group(1)[1:], 16)) if m.group(1)[0] == "u" else named.get(m.group(1), m.group(1))
    return re.sub(r"\\(u[0-9a-fA-F]{4}|.)", replace, text, flags=re.DOTALL)


class File:
    """One file being read into the model that all files share."""

    def __init__(self, text, shapes, applied):
        self.tokens, self.at = tokens(text), 0
        self.shapes, self.applied = shapes, applied
        self.namespace, self.uses = "", {}
        # What a request and an answer are called that are written within their operation.
        self.suffixes = {"input": "Input", "output": "Output"}

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def take(self, text=None):
        kind, found = self.peek()
        if text is not None and found != text:
            raise ValueError(f"{found!r} where {text!r} should be")
        self.at += 1
        return found

    def taken(self, text):
        if self.peek() == ("mark", text) or self.peek() == ("name", text):
            self.at += 1
            return True
        return False

    # ---- values

    def node(self):
        kind, text = self.peek()
        if kind == "mark" and text == "{":
            return self.object("{", "}")
        if self.taken("["):
            items = []
            while not self.taken("]"):
                items.append(self.node())
            return items
        self.at += 1
        if kind == "string":
            return text
        if kind == "number":
            return float(text) if re.search(r"[.eE]", text) else int(text)
        if kind == "name":
            return {"true": True, "false": False, "null": None}.get(text, Name(text))
        raise ValueError(f"no value: {text!r}")

    def object(self, opening, closing):
        self.take(opening)
        members = {}
        while not self.taken(closing):
            key = str(self.take())
            self.take(":")
            members[key] = self.node()
        return members

    def traits(self, most=None):
        found = {}
        while len(found) != most and self.taken("@"):
            name, value = self.take(), True
            if self.peek() == ("mark", "("):
                after = self.tokens[self.at + 1], self.tokens[self.at + 2]
                if after[0] == ("mark", ")"):
                    self.at += 2
                elif after[1] == ("mark", ":"):
                    value = self.object("(", ")")
                else:
                    self.take("(")
                    value = self.node()
                    self.take(")")
            found[name.split("#")[-1]] = value
        return found

    # ---- shapes

    def resolve(self, name):
        if "#" in name:
            return str(name)
        base = name.split("$")[0]
        if base in self.uses:
            return self.uses[base]
        # What this namespace lacks is the prelude's; settled when all files are read.
        return f"{self.namespace}#{name}"

    def members(self, kind):
        found = {}
        self.take("{")
        while not self.taken("}"):
            traits = self.traits()
            name = self.take()
            if name.startswith("$"):
                raise ValueError(f"{name}: members taken from a resource are not read")
            member = {"target": None, "traits": traits}
            if self.taken(":"):
                member["target"] = self.resolve(self.take())
            if self.taken("="):
                value = self.node()
                traits["enumValue" if kind in ("enum", "intEnum") else "default"] = value
            found[name] = member
        return found

    def mixins(self):
        found = []
        if self.taken("for"):
            self.take()
        if self.taken("with"):
            self.take("[")
            while not self.taken("]"):
                found.append(self.resolve(self.take()))
        return found

    def property(self, owner):
        key = self.take()
        if self.taken(":="):
            traits = self.traits()
            name = owner + self.suffixes[key]
            mixins = self.mixins()
            self.define(name, "structure", traits, mixins)
            return key, f"{self.namespace}#{name}"
        self.take(":")
        value = self.node()
        if isinstance(value, Name):
            value = self.resolve(value)
        elif isinstance(value, list):
            value = [self.resolve(item) if isinstance(item, Name) else item for item in value]
        return key, value

    def define(self, name, kind, traits, mixins):
        shape = {"type": kind, "traits": traits, "members": {}, "mixins": mixins}
        if kind in WITH_MEMBERS:
            shape["members"] = self.members(kind)
        elif kind in WITH_PROPERTIES:
            self.take("{")
            while not self.taken("}"):
                key, value = self.property(name)
                shape[key] = value
        self.shapes[f"{self.namespace}#{name}"] = shape

    def read(self):
        while self.peek()[0] != "end":
            traits = self.traits()
            word = self.take()
            if word.startswith("$"):
                self.take(":")
                said = self.node()
                for key in self.suffixes:
                    if word == f"$operation{key.capitalize()}Suffix":
                        self.suffixes[key] = said
            elif word == "metadata":
                self.take()
                self.take("=")
                self.node()
            elif word == "namespace":
                self.namespace = self.take()
            elif word == "use":
                name = self.take()
                self.uses[name.split("#")[1]] = name
            elif word == "apply":
                target = self.resolve(self.take())
                if self.taken("{"):
                    self.applied.append((target, self.traits()))
                    self.take("}")
                else:
                    # What follows belongs to the next shape.
                    self.applied.append((target, self.traits(most=1)))
            elif word in SCALARS | WITH_MEMBERS | WITH_PROPERTIES:
                name = self.take()
                self.define(name, word, traits, self.mixins())
            else:
                raise ValueError(f"no statement: {word!r}")


def read(texts):
    """The shapes of all these files, by absolute name."""
    shapes, applied = {}, []
    for text in texts:
        File(text, shapes, applied).read()
    for target, traits in applied:
        shape, _, member = target.partition("$")
        place = shapes[shape]["members"][member] if member else shapes[shape]
        place["traits"].update(traits)
    for shape in shapes.values():
        for mixin in shape["mixins"]:
            shape["members"] = {**shapes[mixin]["members"], **shape["members"]}
            shape["traits"] = {**{k: v for k, v in shapes[mixin]["traits"].items() if k != "mixin"}, **shape["traits"]}
        for member in shape["members"].values():
            if member["target"] and member["target"] not in shapes:
                member["target"] = f"{PRELUDE}#{member['target'].split('#')[1]}"
    return shapes
