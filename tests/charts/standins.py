"""Stand-ins for others' charts, as a local chart repository: what an air-gapped user's mirror is.

They are those of the sandbox, src/simulator/cluster/charts, here without the custom resource definitions of the originals.
"""

import pathlib
import shutil
import subprocess
import tempfile

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
VERSIONS = ROOT / "helm/platform/versions.yaml"
CHARTS = ROOT / "src/simulator/cluster/charts"


def repository(target, helm):
    """A folder with all packages and their index."""
    with tempfile.TemporaryDirectory() as made:
        for name, version in yaml.safe_load(VERSIONS.read_text()).items():
            chart = pathlib.Path(made) / name
            shutil.copytree(CHARTS / name, chart)
            with (chart / "Chart.yaml").open("a") as about:
                about.write(f"version: {version['version']}\n")
            subprocess.run([helm, "package", chart, "--destination", target], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([helm, "repo", "index", target], check=True)
