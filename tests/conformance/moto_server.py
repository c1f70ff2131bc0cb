"""moto as a process of its own: an AWS that others wrote, and that knows nothing of this project."""

import os
import re
import subprocess
import sys

import boto3
from botocore.config import Config

ACCOUNT = "111122223333"
REGION = "us-east-1"


class Moto:
    """A running moto server, empty at first."""

    def __init__(self):
        self.server = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={**plain(), "MOTO_ACCOUNT_ID": ACCOUNT, "MOTO_IAM_LOAD_MANAGED_POLICIES": "true"},
        )
        self.address = None
        lines = []
        for line in self.server.stderr:
            lines.append(line)
            found = re.search(r"http://127\.0\.0\.1:\d+", line)
            if found:
                self.address = found.group()
                break
        if self.address is None:
            self.stop()
            raise RuntimeError(f"moto does not say where it listens: {lines!r}")
        # Its log of requests must go somewhere, or it stops when the pipe is full.
        self.drain = subprocess.Popen(["cat"], stdin=self.server.stderr, stdout=subprocess.DEVNULL)

    def stop(self):
        self.server.kill()
        self.server.wait()

    def client(self, service):
        config = Config(retries={"mode": "standard", "total_max_attempts": 1})
        return boto3.client(
            service,
            endpoint_url=self.address,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=config,
        )

    def environment(self):
        """What a program needs to take this for AWS, and nothing that leads to another."""
        return {
            **plain(),
            "AWS_ENDPOINT_URL": self.address,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }


def plain():
    return {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
