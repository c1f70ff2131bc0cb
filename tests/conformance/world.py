"""The simulator as a process of its own, and what stands under its /_fathuss/ paths."""

import contextlib
import json
import os
import re
import subprocess

import urllib3

ACCOUNT = "000000000000"
REGION = "us-east-1"


class World:
    """A running `fathuss sandbox serve`, whose clock moves when a test says so, or as these options say."""

    def __init__(self, program, *options):
        self.server = subprocess.Popen(
            [program, "sandbox", "serve", "--memory", "--port", "0", *(options or ("--speed", "0.001"))],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            env={"PATH": os.environ.get("PATH", ""), "HOME": os.environ.get("HOME", "/")},
        )
        line = self.server.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        if found is None:
            self.stop()
            raise RuntimeError(f"the simulator does not say where it listens: {line!r}")
        self.address = found.group()
        self.connections = urllib3.PoolManager(retries=False)

    def stop(self):
        self.server.kill()
        self.server.wait()

    def answer(self, method, path, body=None):
        answer = self.connections.request(method, f"{self.address}/_fathuss/{path}", json=body, timeout=30)
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status}: {answer.data.decode()}")
        return answer

    def ask(self, method, path, body=None):
        return self.answer(method, path, body).json()

    def snapshot(self):
        """All rows of the world but those of the simulator's own."""
        lines = self.answer("GET", "snapshot").data.splitlines()
        rows = [row for line in lines for row in json.loads(line).get("rows", ())]
        return [row for row in rows if not row["table"].startswith("core.")]

    def reset(self):
        """Empties the world, with AWS's quotas."""
        self.ask("POST", "reset")
        for quota in self.ask("GET", "quotas"):
            if quota["limit"] is not None:
                self.ask("PUT", "quotas", {"name": quota["name"], "limit": None})

    def advance(self, seconds):
        """Lets that much of the world's time pass."""
        self.ask("POST", "clock", {"advance_seconds": seconds})

    def rules(self):
        return {rule["id"]: rule for rule in self.ask("GET", "rules")}

    def switch(self, rule, on):
        self.ask("PUT", "rules", {"id": rule, "on": on})

    @contextlib.contextmanager
    def without(self, rule):
        """A rule is off for as long as this lasts."""
        self.switch(rule, False)
        try:
            yield
        finally:
            self.switch(rule, True)

    @contextlib.contextmanager
    def quota(self, name, limit):
        """A quota differs from AWS's default for as long as this lasts."""
        self.ask("PUT", "quotas", {"name": name, "limit": limit})
        try:
            yield
        finally:
            self.ask("PUT", "quotas", {"name": name, "limit": None})
