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
from world import World

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
