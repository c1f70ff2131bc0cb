"""Each example of docs/simulator.md does what the page says, in a server set up as the page says."""

import os
import pathlib
import re
import shlex
import subprocess
import sys
import urllib.error
import urllib.request

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


def test_what_the_clis_first_version_presigns_is_taken_once_it_signs_with_version_4(instant, tmp_path):
    settings = (
        f"export AWS_ENDPOINT_URL={instant.address} AWS_CONFIG_FILE={tmp_path}/config AWS_DEFAULT_REGION=us-east-1 "
        "AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test\n"
    )
    assert shell(settings + "aws s3 mb s3://things").returncode == 0

    def told(command):
        ended = shell(settings + command + "aws s3 presign s3://things/absent")
        assert ended.returncode == 0, ended.stderr
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(ended.stdout.strip(), timeout=60)
        return refused.value.code, re.search("<Code>(.*?)</Code>", refused.value.read().decode()).group(1)

    assert told("") == (400, "InvalidRequest")
    assert told("aws configure set default.s3.signature_version s3v4\n") == (404, "NoSuchKey")
