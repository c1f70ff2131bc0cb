"""What Go's module proxy has of Kubernetes: its own API and the definitions of those whose kinds our charts use."""

import json
import pathlib
import re
import subprocess

KUBERNETES = ("k8s.io/kubernetes", "v1.35.4", "api/openapi-spec/swagger.json")

# Which versions of the modules below: those that the sandbox's clusters have.
VERSIONS = pathlib.Path(__file__).resolve().parents[2] / "src/simulator/cluster/go/definitions/go.mod"

# Which chart of versions.yaml brings the definitions, and where they stand in its maker's module.
DEFINITIONS = {
    "argo-cd": ("github.com/argoproj/argo-cd/v3", "manifests/crds"),
    "argo-rollouts": ("github.com/argoproj/argo-rollouts", "manifests/crds"),
    "istio-base": ("istio.io/api", "kubernetes"),
    "kube-prometheus-stack": ("github.com/prometheus-operator/prometheus-operator", "example/prometheus-operator-crd"),
    "external-secrets": ("github.com/external-secrets/external-secrets", "config/crds/bases"),
}


def folder(module, version):
    """A module's sources, fetched if they are not there yet."""
    # Outside of any module: what the working folder's go.mod says is none of this.
    fetched = subprocess.run(
        ["go", "mod", "download", "-json", f"{module}@{version}"], cwd="/", capture_output=True, text=True
    )
    if fetched.returncode != 0:
        raise RuntimeError(f"go mod download {module}@{version}: {fetched.stdout}{fetched.stderr}")
    return pathlib.Path(json.loads(fetched.stdout)["Dir"])


def kubernetes():
    """Kubernetes' OpenAPI document."""
    module, version, path = KUBERNETES
    return folder(module, version) / path


def definitions(chart):
    """The files with a chart's custom resource definitions."""
    module, place = DEFINITIONS[chart]
    [version] = re.findall(rf"^\t{re.escape(module)} (\S+)$", VERSIONS.read_text(), re.MULTILINE)
    # kustomization.yaml only lists the others.
    files = sorted(file for file in (folder(module, version) / place).glob("*.yaml") if file.name != "kustomization.yaml")
    assert files, f"{module}@{version} has no definitions in {place}"
    return files
