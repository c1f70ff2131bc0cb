"""Writes what Terraform's AWS provider calls the types and fields that the model has.

The source is a pinned package of CDK for Terraform from PyPI, which holds the
provider's schema as generated code: which attributes there are, which must be
given, which are blocks. Only those facts are kept, of our types alone.

    python3 xtask/terraform.py            writes src/model/tests/terraform.json
    python3 xtask/terraform.py --check    exits 1 if it would change
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import zipfile

PACKAGE = "cdktf-cdktf-provider-aws"
VERSION = "21.22.1"

TYPE = re.compile(r'\btype = "(aws_\w+)"(.*?)\)\]', re.DOTALL)
CLASS = re.compile(r"^class (\w+) extends cdktf\.(\w+) \{$", re.MULTILINE)
GETTER = re.compile(r"^    get (\w+)\(\) \{\n(.*?)^    \}", re.MULTILINE | re.DOTALL)
READS = re.compile(r"\.get\w*Attribute\(['\"](\w+)['\"]\)")
NESTED = re.compile(r"this\._(\w+) = new ([\w.]+)\(this, ['\"](\w+)['\"]")
METHOD = re.compile(r"^    synthesizeHclAttributes\(\) \{\n(.*?)^    \}", re.MULTILINE | re.DOTALL)
FUNCTION = re.compile(r"^function (\w+)ToHclTerraform\(struct\) \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
KIND = re.compile(r"^ +(\w+): \{\n +value: .*\n +isBlock: (true|false),", re.MULTILINE)

# What every resource of CDK for Terraform has, and no resource of Terraform.
OWN = {"fqn", "friendlyUniqueId", "internalValue"}


def types(root):
    """Our types, and whether each is a question."""
    found = {}
    for path in sorted((root / "src" / "model" / "aws").glob("*.rs")):
        for name, more in TYPE.findall(path.read_text()):
            found[name] = "Lookup" in more
    return found


def archive(cache):
    """The package's own archive of generated code."""
    home = cache / f"{PACKAGE}-{VERSION}"
    wheels = list(home.glob("*.whl"))
    if not wheels:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        subprocess.run([*command, "--dest", home, f"{PACKAGE}=={VERSION}"], check=True)
        wheels = list(home.glob("*.whl"))
    with zipfile.ZipFile(wheels[0]) as wheel:
        [name] = [name for name in wheel.namelist() if name.endswith(".jsii.tgz")]
        target = home / "package.tgz"
        target.write_bytes(wheel.read(name))
    return target


def lowered(name):
    return name[0].lower() + name[1:]


class Code:
    """The generated code of one type."""

    def __init__(self, text):
        starts = list(CLASS.finditer(text))
        ends = [start.start() for start in starts[1:]] + [len(text)]
        self.classes = {start[1]: (start[2], text[start.end():end]) for start, end in zip(starts, ends)}
        bodies = [("", body) for body in METHOD.findall(text)] + FUNCTION.findall(text)
        self.blocks = {name: {field for field, block in KIND.findall(body) if block == "true"} for name, body in bodies}

    def resource(self):
        [name] = [name for name, (base, _) in self.classes.items() if base in ("TerraformResource", "TerraformDataSource")]
        found = {}
        self.fields(name, "", "", found)
        return dict(sorted(found.items()))

    def fields(self, name, function, path, found):
        """By path, what each field of a class is: its presence, and `block` or `object` where it has fields."""
        body = self.classes[name][1]
        nested = {camel: (snake, kind) for camel, kind, snake in NESTED.findall(body)}
        getters = {camel: text for camel, text in GETTER.findall(body)}
        blocks = self.blocks.get(function, set())
        for camel, text in getters.items():
            if camel in OWN or (camel.endswith("Input") and camel[:-5] in getters):
                continue
            inner = None
            if camel in nested:
                snake, inner = nested[camel]
            else:
                reads = READS.search(text)
                if reads is None:
                    sys.exit(f"{name}.{camel} is read in a way that is not known")
                snake = reads[1]
            reset = f"reset{camel[0].upper()}{camel[1:]}()"
            presence = "computed" if f"{camel}Input" not in getters else "optional" if reset in body else "required"
            if inner is None or inner.startswith("cdktf."):
                found[path + snake] = presence
                continue
            found[path + snake] = f"{presence} {'block' if snake in blocks else 'object'}"
            element = re.sub(r"(?:OutputReference|List|Map)$", "", inner)
            self.fields(f"{element}OutputReference", lowered(element), f"{path}{snake}.", found)


def table(root, cache):
    wanted = types(root)
    folders = {}
    for name, lookup in wanted.items():
        folder = name.removeprefix("aws_").replace("_", "-")
        folders[f"package/lib/{'data-aws-' if lookup else ''}{folder}/index.js"] = name
    found, version = {}, ""
    with tarfile.open(archive(cache)) as package:
        for member in package:
            if member.name in folders:
                text = package.extractfile(member).read().decode()
                version = re.search(r"providerVersion: '([\d.]+)'", text)[1]
                found[folders[member.name]] = Code(text).resource()
    missing = sorted(set(wanted) - set(found))
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(found[name])}" for name in sorted(found))
    source = f"hashicorp/aws {version}, as {PACKAGE} {VERSION} has it"
    head = f'"source": {json.dumps(source)},\n"unknown": {json.dumps(missing)},\n"types": {{\n'
    return f"{{\n{head}{lines}\n}}\n}}\n"


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 if the table would change")
    arguments = parser.parse_args()
    cache = pathlib.Path(os.environ.get("FATHUSS_CACHE") or pathlib.Path.home() / ".cache" / "fathuss")
    cache.mkdir(parents=True, exist_ok=True)
    target = root / "src" / "model" / "tests" / "terraform.json"
    text = table(root, cache)
    if not target.exists() or target.read_text() != text:
        if arguments.check:
            sys.exit(f"out of date: {target.relative_to(root)}")
        target.write_text(text)
    print(f"{len(json.loads(text)['types'])} types, {len(text) // 1024} KiB")


if __name__ == "__main__":
    main()
