"""Unmodified Terraform against the simulator: it applies, plans no change, and destroys to nothing.

Terraform 0.15 and its AWS provider 3.39 come from PyPI, for Linux on x86-64, and
find each other in a mirror on disk: nothing asks a network.
"""

import importlib.util
import os
import pathlib
import re
import subprocess

import pytest

from guide import examples
from world import World

FOLDER = pathlib.Path(__file__).parent
PROVIDER = "3.39.0"

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

# EC2 still shows what has ended for about an hour.
FORGOTTEN = 2 * 60 * 60


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

    def __init__(self, folder, world, text):
        self.program = package("terraform_0_15") / "terraform"
        self.program.chmod(0o755)
        self.folder = folder / "stack"
        self.folder.mkdir()
        (self.folder / "main.tf").write_text(text)
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
        # This build of Terraform logs what it does among what it says.
        lines = [line for line in ended.stdout.splitlines() if not re.match(r"\[[A-Z]+\]|  ", line)]
        assert ended.returncode == code, "\n".join([" ".join(words), *lines[-60:]])
        return ended.stdout


def traces(world):
    """What a world holds, by table; service-linked roles, AWS's own keys and what costs were told apart by aside, which
    stay as they do in AWS."""
    found = {}
    # What the simulator notes for itself is no trace of a stack.
    for table in world.ask("GET", "world"):
        if table.startswith("core.") or table in ("ce.tag_key", "kms.managed_key"):
            continue
        ids = sorted(row["id"] for row in world.ask("GET", f"world/{table}"))
        found[table] = [entry for entry in ids if "awsservicerolefor" not in entry.lower()]
    return found


def round_trip(terraform, world, resources):
    """From nothing to nothing."""
    # The regions that the provider and its data sources look into get what an account begins with.
    terraform.run("init", "-input=false")
    terraform.run("plan", "-input=false")
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


def test_a_platform_of_every_type_that_the_provider_knows_comes_and_goes(world, tmp_path):
    terraform = Terraform(tmp_path, world, (FOLDER / "platform.tf").read_text())
    round_trip(terraform, world, 42)
    refused = [call for call in world.ask("GET", "log") if call["code"] in ("NotSimulated", "SimulatorDefect")]
    assert refused == []


def test_the_example_of_the_guide_comes_and_goes(world, tmp_path):
    [example] = examples("hcl", world.address)
    round_trip(Terraform(tmp_path, world, example), world, 2)
