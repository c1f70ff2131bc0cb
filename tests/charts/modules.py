"""What Go's module proxy has of Kubernetes: its own API and the definitions of those whose kinds our charts use."""

import json
import pathlib
import subprocess

KUBERNETES = ("k8s.io/kubernetes", "v1.35.4", "api/openapi-spec/swagger.json")

# Which chart of versions.yaml brings the definitions, and where they stand in its maker's module.
DEFINITIONS = {
    "argo-cd": ("github.com/argoproj/argo-cd/v3", "v3.2.11", "manifests/crds/*-crd.yaml"),
    "argo-rollouts": ("github.com/argoproj/argo-rollouts", "v1.10.1", "manifests/crds/*-crd.yaml"),
    "istio-base": ("istio.io/api", "v1.31.1", "kubernetes/customresourcedefinitions.gen.yaml"),
    "kube-prometheus-stack": (
        "github.com/prometheus-operator/prometheus-operator",
        "v0.85.0",
        "example/prometheus-operator-crd/monitoring.coreos.com_*.yaml",
    ),
    "external-secrets": ("github.com/external-secrets/external-secrets", "v1.3.2", "config/crds/bases/*.io_*.yaml"),
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
    if chart not in DEFINITIONS:
        return []
    module, version, pattern = DEFINITIONS[chart]
    files = sorted(folder(module, version).glob(pattern))
    assert files, f"{module}@{version} has no {pattern}"
    return files
