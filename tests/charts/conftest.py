"""What the tests are tried on: the charts as Argo CD renders them, from the root Application on."""

import os
import pathlib
import shutil
import subprocess

import pytest
import yaml

import schemas

HELM = os.environ.get("HELM", "helm")
KUBECONFORM = os.environ.get("KUBECONFORM", "kubeconform")
PROMTOOL = os.environ.get("PROMTOOL", "promtool")

ENVIRONMENTS = ("staging", "production")
CHARTS = ("service", "grader", "audit", "platform", "monitoring")
ROOT = pathlib.Path(__file__).resolve().parents[2]


def given(environment):
    """What the engine gives the root Application: the values that are not in Git."""
    account = {"staging": "111122223333", "production": "444455556666"}[environment]
    roles = {
        "loadBalancerController": "load-balancer-controller",
        "externalDns": "external-dns",
        "clusterAutoscaler": "cluster-autoscaler",
        "externalSecrets": "external-secrets",
        "loki": "loki",
        "graderWorker": "grader-worker",
    }
    values = {
        "source": {"repoURL": "https://git.example.com/fathuss/fathuss.git"},
        "aws": {
            "region": "us-east-1",
            "clusterName": f"{environment}-fathuss",
            "vpcId": "vpc-0123456789abcdef0",
            "vpcCidr": {"staging": "10.10.0.0/16", "production": "10.20.0.0/16"}[environment],
            "certificateArn": f"arn:aws:acm:us-east-1:{account}:certificate/0c0ffee0",
            "roles": {key: f"arn:aws:iam::{account}:role/{environment}-{name}" for key, name in roles.items()},
            "buckets": {"loki": f"{environment}-loki-1", "graderCache": f"{environment}-grader-cache-1"},
            "database": {"endpoint": "postgres.c1.us-east-1.rds.amazonaws.com:5432"},
            "redis": {"endpoint": "clustercfg.redis.c1.use1.cache.amazonaws.com"},
            "clickhouse": {"address": "10.10.48.10"},
        },
    }
    if environment == "staging":
        secret = "arn:aws:secretsmanager:us-east-1:111122223333:secret:rds!db-1-abcdef"
        values["aws"]["database"]["secret"] = secret
    return values


class Charts:
    """A copy of helm/ in which dependencies may be built, as Argo CD does in its own checkout."""

    def __init__(self, folder):
        self.folder = folder / "helm"
        shutil.copytree(ROOT / "helm", self.folder, ignore=shutil.ignore_patterns("charts", "Chart.lock"))
        for chart in ("grader", "audit"):
            self.run("dependency", "build", self.folder / chart)

    def run(self, *arguments, check=True):
        done = subprocess.run([HELM, *map(str, arguments)], capture_output=True, text=True)
        if check and done.returncode != 0:
            pytest.fail(f"helm {' '.join(map(str, arguments))}: {done.stdout}{done.stderr}")
        return done

    def arguments(self, files, values):
        """Value files of a chart, and values of one's own."""
        written = self.folder.parent / f"values-{abs(hash(str(values)))}.yaml"
        written.write_text(yaml.safe_dump(values))
        return [argument for file in [*files, written] for argument in ("--values", file)]

    def render(self, chart, release, namespace, files=(), values=None, check=True):
        """The objects of a chart, or what Helm says where it refuses."""
        arguments = self.arguments([self.folder / chart / file for file in files], values or {})
        done = self.run("template", release, self.folder / chart, "--namespace", namespace, *arguments, check=check)
        return [object_ for object_ in yaml.safe_load_all(done.stdout) if object_] if check else done

    def platform(self, environment, **more):
        values = {**given(environment), **more}
        return self.render("platform", "platform", "argocd", [f"values-{environment}.yaml"], values)

    def application(self, application):
        """The objects of one of our own applications."""
        source = application["spec"]["source"]
        return self.render(
            pathlib.Path(source["path"]).name,
            source["helm"]["releaseName"],
            application["spec"]["destination"]["namespace"],
            source["helm"]["valueFiles"],
            source["helm"]["valuesObject"],
        )


@pytest.fixture(scope="session")
def charts(tmp_path_factory):
    return Charts(tmp_path_factory.mktemp("charts"))


@pytest.fixture(scope="session")
def platforms(charts):
    """The root's objects, by environment."""
    return {environment: charts.platform(environment) for environment in ENVIRONMENTS}


@pytest.fixture(scope="session")
def shipped(charts, platforms):
    """The objects of each of our applications, by environment and name."""
    return {
        environment: {
            application["metadata"]["name"]: charts.application(application)
            for application in of_kind(objects, "Application")
            if "path" in application["spec"]["source"]
        }
        for environment, objects in platforms.items()
    }


@pytest.fixture(scope="session")
def valid():
    """Holds objects to their schemas."""
    location = schemas.cached() / schemas.LOCATION

    def check(objects):
        # A Rollout's pod is any document to its definition: a Deployment's is held to Kubernetes' own.
        pods = [
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": rollout["metadata"],
                "spec": {"selector": rollout["spec"]["selector"], "template": rollout["spec"]["template"]},
            }
            for rollout in of_kind(objects, "Rollout")
        ]
        documents = yaml.safe_dump_all([*objects, *pods])
        command = [KUBECONFORM, "-strict", "-summary", "-schema-location", location]
        done = subprocess.run(command, input=documents, capture_output=True, text=True)
        return done.returncode == 0, done.stdout + done.stderr

    return check


def of_kind(objects, *kinds):
    return [object_ for object_ in objects if object_["kind"] in kinds]


def named(objects, kind, name):
    [found] = [object_ for object_ in of_kind(objects, kind) if object_["metadata"]["name"] == name]
    return found
