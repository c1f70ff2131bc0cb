"""Each example of docs/simulator.md does what the page says, in a server set up as the page says."""

import os
import pathlib
import shlex
import subprocess
import sys

import pytest

from guide import examples
from world import World

SERVE = "fathuss sandbox serve --memory "


def shell(text, path=""):
    """Runs a text with the AWS CLI of this environment; anything that fails ends it."""
    binaries = pathlib.Path(sys.executable).parent
    environment = {"PATH": f"{binaries}:{os.environ['PATH']}", "HOME": os.environ["HOME"], "AWS_PAGER": ""}
    return subprocess.run(["bash", "-euc", text], env=environment, capture_output=True, text=True, timeout=120)


@pytest.fixture
def instant():
    world = World(os.environ["FATHUSS"], "--speed", "instant", "--enforce-iam")
    try:
        yield world
    finally:
        world.stop()


def test_the_examples_for_boto3_run(instant):
    found = examples("python", instant.address)
    assert len(found) == 3
    for example in found:
        ended = subprocess.run([sys.executable, "-c", example], capture_output=True, text=True, timeout=120)
        assert ended.returncode == 0, ended.stderr
    made = instant.ask("GET", "calls")
    assert made["ec2.DeleteVpc"] == 2
    assert made["sts.AssumeRole"] == 1
    assert made["s3.GetObject"] == 2


def test_the_examples_for_the_shell_run(instant):
    found = [example for example in examples("sh", instant.address) if not example.startswith("fathuss ")]
    assert len(found) == 2
    for example in found:
        ended = shell(example)
        assert ended.returncode == 0, ended.stderr
        assert ended.stdout
    assert instant.ask("GET", "rate") == {"factor": 10.0}


def test_the_examples_that_serve_begin_to_serve():
    found = [example for example in examples("sh") if example.startswith("fathuss ")]
    assert len(found) == 2
    for example in found:
        assert example.startswith(SERVE)
        world = World(os.environ["FATHUSS"], *shlex.split(example.removeprefix(SERVE)))
        try:
            assert world.ask("GET", "inventory") == []
        finally:
            world.stop()
