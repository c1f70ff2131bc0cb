"""Unmodified Terraform against the simulator: it applies, plans no change, and destroys to nothing.

Terraform 0.15 and its AWS provider 3.39 come from PyPI, for Linux on x86-64, and
find each other in a mirror on disk: nothing asks a network.
"""

import importlib.util
import json
import os
import pathlib
import re
import subprocess

import pytest

from guide import examples
from world import ACCOUNT, REGION, World

FOLDER = pathlib.Path(__file__).parent
MODEL = FOLDER.parents[1] / "src" / "model" / "aws"
PROVIDER = "3.39.0"

# Our types that this version of the provider does not know, by the major version that brought them.
LATER = {
    "a later 3": ["resource aws_elasticache_user", "resource aws_elasticache_user_group"],
    "4": [
        "resource aws_ce_cost_allocation_tag",
        "resource aws_cloudfront_origin_access_control",
        "resource aws_db_instance_automated_backups_replication",
        "resource aws_s3_bucket_lifecycle_configuration",
        "resource aws_s3_bucket_replication_configuration",
        "resource aws_s3_bucket_server_side_encryption_configuration",
        "resource aws_s3_bucket_versioning",
        "resource aws_vpc_security_group_egress_rule",
        "resource aws_vpc_security_group_ingress_rule",
        "data aws_eks_addon_version",
    ],
    "5": [
        "resource aws_eks_access_entry",
        "resource aws_eks_access_policy_association",
        "resource aws_eks_pod_identity_association",
    ],
}
# What the provider calls otherwise.
CALLED = {"data aws_route53_zone_lookup": "data aws_route53_zone"}

# The provider's address in the mirror is one of our own, so that it can come from nowhere else.
HOST = "mirror.test"
VERSIONS = f"""
terraform {{
  required_providers {{
    aws = {{
      source  = "{HOST}/hashicorp/aws"
      version = "{PROVIDER}"
    }}
  }}
}}
"""

# An hour of the world has to be longer than the longest that the provider waits between two looks: AWS shows a
# terminated instance and a deleted NAT gateway for about an hour, and the provider wants to see them so. Reads
# that lag are off, since this provider does not ask again for an OIDC provider that it has only just made.
OPTIONS = ["--speed", "60", "--rule-off", "consistency"]

# KMS keeps a key for seven days after its end was asked for, and EC2 shows what has ended for about an hour.
FORGOTTEN = 8 * 24 * 60 * 60


def package(name):
    """Where an installed package of the namespace `cloudrail` lies."""
    found = importlib.util.find_spec(f"cloudrail.{name}")
    return pathlib.Path(next(iter(found.submodule_search_locations)))


@pytest.fixture
def world():
    world = World(os.environ["FATHUSS"], *OPTIONS)
    try:
        yield world
    finally:
        world.stop()


class Terraform:
    """Terraform in a folder of its own, which sees the simulator alone."""

    def __init__(self, folder, world, files):
        self.program = package("terraform_0_15") / "terraform"
        self.program.chmod(0o755)
        self.folder = folder / "stack"
        self.folder.mkdir()
        for name, text in files.items():
            (self.folder / name).write_text(text)
        (self.folder / "versions.tf").write_text(VERSIONS)
        mirror = folder / "mirror" / HOST / "hashicorp" / "aws"
        mirror.mkdir(parents=True)
        archive = f"terraform-provider-aws_{PROVIDER}_linux_amd64.zip"
        (mirror / archive).symlink_to(package("terraform_plugins") / archive)
        settings = folder / "settings"
        settings.write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{folder}/mirror"\n  }}\n}}\n')
        self.environment = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(folder),
            "CHECKPOINT_DISABLE": "1",
            "TF_CLI_CONFIG_FILE": str(settings),
            "TF_IN_AUTOMATION": "1",
            "TF_VAR_endpoint": world.address,
        }

    def run(self, *words, code=0):
        ended = subprocess.run(
            [self.program, *words, "-no-color"],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
        )
        # This build of Terraform logs what it does among what it says; what is to change it says indented as well.
        lines = [line for line in ended.stdout.splitlines() if not re.match(r"\[[A-Z]+\]|  (?! *[#~+-])", line)]
        assert ended.returncode == code, "\n".join([" ".join(words), *lines[-60:]])
        return ended.stdout


# What AWS itself still knows of what is gone.
KEPT = {
    "backup.deleted_plan": "plans are listed with those that were deleted",
    "ce.tag_key": "costs are told apart by every key that was ever used",
    "cloudwatch.alarm_history": "an alarm's history is kept for two weeks",
    "kms.managed_key": "AWS's own keys stay in an account once a service has used them",
    "route53.change": "a change of a zone is known beyond the zone",
    "route53.reference": "a caller reference makes one zone, for ever",
    "s3.released": "the name of a bucket is not free elsewhere at once",
}


def traces(world):
    """What a world holds, by table, but for service-linked roles and what else stays in AWS."""
    found = {}
    # What the simulator notes for itself is no trace of a stack.
    for table in world.ask("GET", "world"):
        if table.startswith("core.") or table in KEPT:
            continue
        ids = sorted(row["id"] for row in world.ask("GET", f"world/{table}"))
        found[table] = [entry for entry in ids if "awsservicerolefor" not in entry.lower()]
    return found


def round_trip(terraform, world):
    """From nothing to nothing."""
    # The regions that the provider and its data sources look into get what an account begins with.
    terraform.run("init", "-input=false")
    said = terraform.run("plan", "-input=false")
    [resources] = re.findall(r"^Plan: (\d+) to add, 0 to change, 0 to destroy.$", said, re.MULTILINE)
    before = traces(world)
    said = terraform.run("apply", "-input=false", "-auto-approve")
    assert f"Apply complete! Resources: {resources} added, 0 changed, 0 destroyed." in said
    assert traces(world) != before
    said = terraform.run("plan", "-input=false", "-detailed-exitcode")
    assert "No changes." in said
    said = terraform.run("destroy", "-input=false", "-auto-approve")
    assert f"Destroy complete! Resources: {resources} destroyed." in said
    world.advance(FORGOTTEN)
    assert traces(world) == before


def platform():
    return {file.name: file.read_text() for file in sorted((FOLDER / "platform").glob("*.tf"))}


def of_model():
    """Our types, as Terraform calls them."""
    for file in sorted(MODEL.glob("*.rs")):
        for name, more in re.findall(r'\btype = "(aws_\w+)"(.*?)\)\]', file.read_text(), re.DOTALL):
            kind = "data" if "mode = Lookup" in more else "resource"
            yield CALLED.get(f"{kind} {name}", f"{kind} {name}")


def of_provider(terraform):
    """The types that the provider knows."""
    terraform.run("init", "-input=false")
    said = terraform.run("providers", "schema", "-json")
    # What this build logs stands before it.
    [provider] = json.JSONDecoder().raw_decode(said[said.index('{"format_version"') :])[0]["provider_schemas"].values()
    for kind, schemas in (("resource", "resource_schemas"), ("data", "data_source_schemas")):
        for name in provider[schemas]:
            yield f"{kind} {name}"


def test_the_platform_has_each_of_our_types_that_the_provider_knows(world, tmp_path):
    ours, known = set(of_model()), set(of_provider(Terraform(tmp_path, world, platform())))
    blocks = re.findall(r'^(resource|data) "(\w+)"', "\n".join(platform().values()), re.MULTILINE)
    there = {f"{kind} {name}" for kind, name in blocks}
    later = {name for names in LATER.values() for name in names}
    assert ours - known == later, "the list of what came later is another"
    assert ours & known - there == set(), "these the provider knows, and the platform has not"


def test_a_platform_of_every_type_that_the_provider_knows_comes_and_goes(world, tmp_path):
    terraform = Terraform(tmp_path, world, platform())
    round_trip(terraform, world)
    refused = [call for call in world.ask("GET", "log") if call["code"] in ("NotSimulated", "SimulatorDefect")]
    assert refused == []


def test_the_example_of_the_guide_comes_and_goes(world, tmp_path):
    [example] = examples("hcl", world.address)
    round_trip(Terraform(tmp_path, world, {"main.tf": example}), world)


# What Terraform makes and Fathuss takes over: relations, names, keys by count, and what AWS gives back otherwise.
THEIRS = """
resource "aws_vpc" "this" {
  cidr_block           = "10.30.0.0/16"
  enable_dns_hostnames = true
  tags                 = { Name = "net" }
}

resource "aws_subnet" "private" {
  count             = 2
  vpc_id            = aws_vpc.this.id
  cidr_block        = cidrsubnet(aws_vpc.this.cidr_block, 8, count.index)
  availability_zone = data.aws_availability_zones.available.names[count.index]
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id
}

resource "aws_route_table" "this" {
  vpc_id = aws_vpc.this.id
}

resource "aws_route" "out" {
  route_table_id         = aws_route_table.this.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this.id
}

resource "aws_route_table_association" "private" {
  count          = 2
  subnet_id      = aws_subnet.private[count.index].id
  route_table_id = aws_route_table.this.id
}

resource "aws_security_group" "data" {
  name        = "data"
  description = "Databases"
  vpc_id      = aws_vpc.this.id
}

resource "aws_db_subnet_group" "main" {
  name        = "main"
  description = "Where databases are"
  subnet_ids  = aws_subnet.private[*].id
}

resource "aws_db_instance" "main" {
  identifier              = "main"
  engine                  = "postgres"
  engine_version          = "16"
  instance_class          = "db.t4g.micro"
  allocated_storage       = 20
  username                = "fathuss"
  password                = "only-for-this-test"
  db_subnet_group_name    = aws_db_subnet_group.main.name
  vpc_security_group_ids  = [aws_security_group.data.id]
  skip_final_snapshot     = true
}

resource "aws_iam_role" "worker" {
  name = "worker"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ec2.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy_attachment" "worker" {
  for_each   = toset(["ReadOnlyAccess"])
  role       = aws_iam_role.worker.name
  policy_arn = "arn:aws:iam::aws:policy/${each.key}"
}

resource "aws_kms_key" "main" {
  description         = "Secrets"
  enable_key_rotation = true
}

resource "aws_kms_alias" "main" {
  name          = "alias/main"
  target_key_id = aws_kms_key.main.key_id
}

resource "aws_cloudwatch_log_group" "main" {
  name              = "/adopted/main"
  retention_in_days = 30
}

resource "aws_sns_topic" "alarms" {
  name = "alarms"
}
"""


def node(address, line, **fields):
    """A node of a graph as a stack program prints it: an address with an attribute refers to that."""

    def expression(value):
        if isinstance(value, tuple):
            return {"reference": {"address": f"demo.{value[0]}", "attribute": value[1]}}
        if isinstance(value, list) and any(isinstance(item, tuple) for item in value):
            return {"list": [expression(item) for item in value]}
        return {"literal": value}

    return {
        "address": f"demo.{address}",
        "region": REGION,
        "account": ACCOUNT,
        "source": {"file": "stack.rs", "line": line},
        "fields": {name: expression(value) for name, value in fields.items()},
    }


def ours():
    """What is declared here, by names and keys of our own."""
    tags = {"Project": "terraform"}
    trust = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}],
    }
    subnets = [('aws_subnet.inner["a"]', "id"), ('aws_subnet.inner["b"]', "id")]
    nodes = [
        ("aws_vpc.main", {"cidr_block": "10.30.0.0/16", "enable_dns_hostnames": True, "tags": {**tags, "Name": "net"}}),
        (
            'aws_subnet.inner["a"]',
            {"vpc_id": ("aws_vpc.main", "id"), "cidr_block": "10.30.0.0/24", "availability_zone": "us-east-1a", "tags": tags},
        ),
        (
            'aws_subnet.inner["b"]',
            {"vpc_id": ("aws_vpc.main", "id"), "cidr_block": "10.30.1.0/24", "availability_zone": "us-east-1b", "tags": tags},
        ),
        ("aws_internet_gateway.main", {"vpc_id": ("aws_vpc.main", "id"), "tags": tags}),
        ("aws_route_table.inner", {"vpc_id": ("aws_vpc.main", "id"), "tags": tags}),
        (
            "aws_route.internet",
            {
                "route_table_id": ("aws_route_table.inner", "id"),
                "destination_cidr_block": "0.0.0.0/0",
                "gateway_id": ("aws_internet_gateway.main", "id"),
            },
        ),
        *(
            (
                f'aws_route_table_association.inner["{key}"]',
                {"subnet_id": (f'aws_subnet.inner["{key}"]', "id"), "route_table_id": ("aws_route_table.inner", "id")},
            )
            for key in "ab"
        ),
        (
            "aws_security_group.databases",
            {"name": "data", "description": "Databases", "vpc_id": ("aws_vpc.main", "id"), "tags": tags},
        ),
        (
            "aws_db_subnet_group.main",
            {"name": "main", "description": "Where databases are", "subnet_ids": subnets, "tags": tags},
        ),
        (
            "aws_db_instance.main",
            {
                "identifier": "main",
                "engine": "postgres",
                "engine_version": "16",
                "instance_class": "db.t4g.micro",
                "allocated_storage": 20,
                "username": "fathuss",
                "backup_retention_period": 0,
                "db_subnet_group_name": ("aws_db_subnet_group.main", "name"),
                "vpc_security_group_ids": [("aws_security_group.databases", "id")],
                "skip_final_snapshot": True,
                "tags": tags,
            },
        ),
        ("aws_iam_role.machines", {"name": "worker", "assume_role_policy": json.dumps(trust), "tags": tags}),
        (
            "aws_iam_role_policy_attachment.machines",
            {"role": ("aws_iam_role.machines", "name"), "policy_arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"},
        ),
        ("aws_kms_key.secrets", {"description": "Secrets", "enable_key_rotation": True, "tags": tags}),
        ("aws_kms_alias.secrets", {"name": "alias/main", "target_key_id": ("aws_kms_key.secrets", "key_id")}),
        ("aws_cloudwatch_log_group.main", {"name": "/adopted/main", "retention_in_days": 30, "tags": tags}),
        ("aws_sns_topic.alarms", {"name": "alarms", "tags": tags}),
    ]
    graph = {
        "stack": "demo",
        "region": REGION,
        "account": ACCOUNT,
        "nodes": [node(address, line, **fields) for line, (address, fields) in enumerate(nodes, 1)],
    }
    return {"format": "fathuss-graph", "version": 1, "stacks": ["demo"], "graph": graph}


class Fathuss:
    """Fathuss in a project of its own, whose program prints this graph."""

    def __init__(self, folder, world, graph):
        self.folder = folder / "project"
        self.folder.mkdir()
        (self.folder / "demo").write_text(json.dumps(graph))
        settings = f'program = ["cat"]\n[stacks.demo]\nregion = "{REGION}"\naccount = "{ACCOUNT}"\n'
        (self.folder / "fathuss.toml").write_text(settings)
        self.environment = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(folder),
            "AWS_ENDPOINT_URL": world.address,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }

    def run(self, *words, code=0):
        ended = subprocess.run(
            [os.environ["FATHUSS"], *words],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
        )
        assert ended.returncode == code, "\n".join([" ".join(words), ended.stdout])
        return ended.stdout


def test_what_terraform_made_is_adopted_from_its_state_as_it_is(world, tmp_path):
    head = platform()["main.tf"]
    head = head[: head.index('data "aws_ami"')]
    terraform = Terraform(tmp_path, world, {"main.tf": head + THEIRS})
    terraform.run("init", "-input=false")
    terraform.run("apply", "-input=false", "-auto-approve")
    before = traces(world)
    fathuss = Fathuss(tmp_path, world, ours())
    state = terraform.folder / "terraform.tfstate"
    assert json.loads(state.read_text())["version"] == 4
    said = fathuss.run("adopt", "demo", str(state), "--yes")
    assert f"{len(ours()['graph']['nodes'])} resources adopted" in said
    assert "only-for-this-test" not in said, "what Terraform keeps in plain text is not shown"
    said = fathuss.run("plan", "demo", "--detailed-exitcode")
    assert "No changes" in said
    assert traces(world) == before
    fathuss.run("destroy", "demo", "--yes")
