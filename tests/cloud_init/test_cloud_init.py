"""What instances are told at their first start is what cloud-init understands, by its own validator.

cloud-init is no package of PyPI: Debian's is fetched with apt and unpacked, not installed, into the cache.
"""

import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest
import yaml

import platform_graph

STACKS = ("staging", "production")


def cloud_init():
    """The folder with cloud-init's modules."""
    home = pathlib.Path(os.environ["FATHUSS_CACHE"]) / "cloud-init"
    modules = home / "usr/lib/python3/dist-packages"
    if not (home / "complete").exists():
        missing = [name for name in ("apt-get", "dpkg-deb") if shutil.which(name) is None]
        assert not missing, f"{' and '.join(missing)} not found: run this step on Debian or Ubuntu"
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        fetch = ["apt-get", "download", "cloud-init"]
        fetched = subprocess.run(fetch, cwd=home, capture_output=True, text=True)
        if fetched.returncode != 0 and os.geteuid() == 0:
            # A new machine has no lists of packages yet.
            subprocess.run(["apt-get", "update"], check=True, capture_output=True)
            fetched = subprocess.run(fetch, cwd=home, capture_output=True, text=True)
        assert fetched.returncode == 0, f"apt-get download cloud-init: {fetched.stderr}\nRun `apt-get update` first"
        [package] = home.glob("cloud-init_*.deb")
        subprocess.run(["dpkg-deb", "--extract", package, home], check=True)
        # The rest of Debian's modules stays out of the way of those that are pinned here.
        assert (modules / "cloudinit").is_dir()
        (home / "complete").touch()
    return modules


def named(address, attribute):
    """A name for what only AWS knows."""
    return f"{address}-{attribute}".replace(".", "-")


def told(stack):
    """What each instance and launch template of a stack is told."""
    printed = subprocess.run([os.environ["FATHUSS_STACKS"], stack], check=True, capture_output=True, text=True)
    graph = json.loads(printed.stdout)["graph"]
    for node in graph["nodes"]:
        for field in ("user_data_base64", "user_data"):
            if field in node["fields"]:
                encoded = platform_graph.evaluate(node["fields"][field], named)
                yield node["address"], base64.b64decode(encoded).decode()


def validated(path):
    command = [sys.executable, "-m", "cloudinit.cmd.main", "schema", "--config-file", path]
    environment = {**os.environ, "PYTHONPATH": str(cloud_init()), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize("stack", STACKS)
def test_what_instances_are_told_is_valid(stack, tmp_path):
    documents = dict(told(stack))
    assert any("clickhouse" in address for address in documents)
    for address, document in documents.items():
        path = tmp_path / "user-data"
        path.write_text(document)
        result = validated(path)
        assert result.returncode == 0, f"{address}: {result.stdout}{result.stderr}\n{document}"
        assert "Valid" in result.stdout, result.stdout


def test_the_script_within_is_one_that_bash_reads(tmp_path):
    for stack in STACKS:
        for address, document in told(stack):
            for file in yaml.safe_load(document)["write_files"]:
                if file["content"].startswith("#!/bin/bash"):
                    path = tmp_path / "script"
                    path.write_text(file["content"])
                    result = subprocess.run(["bash", "-n", path], capture_output=True, text=True)
                    assert result.returncode == 0, f"{address} {file['path']}: {result.stderr}"


def test_a_mistake_is_found(tmp_path):
    path = tmp_path / "user-data"
    path.write_text("#cloud-config\npackages: {clickhouse-server: 1}\n")
    assert validated(path).returncode != 0
