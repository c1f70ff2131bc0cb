"""The root's applications: what Argo CD is told, in which order, and with what."""

import http.server
import os
import pathlib
import re
import subprocess
import sys
import threading

import lupa
import pytest
import yaml

import standins
from conftest import ENVIRONMENTS, HELM, ROOT, given, named, of_kind

WAVES = {
    1: {
        "istio-base",
        "istio-cni",
        "istiod",
        "aws-load-balancer-controller",
        "argo-rollouts",
        "external-secrets",
        "kube-prometheus-stack",
    },
    2: {"istio-gateway", "loki", "external-dns", "cluster-autoscaler", "sentry"},
    3: {
        "grader",
        "audit",
        "api-gateway",
        "user",
        "challenge",
        "leaderboard",
        "marketplace",
        "hiring",
        "frontend",
        "monitoring",
    },
}
# Namespace and account that each role's trust policy has, and the application that brings the account.
BOUND = {
    "loadBalancerController": ("kube-system", "aws-load-balancer-controller", "aws-load-balancer-controller"),
    "externalDns": ("external-dns", "external-dns", "external-dns"),
    "clusterAutoscaler": ("kube-system", "cluster-autoscaler", "cluster-autoscaler"),
    "externalSecrets": ("external-secrets", "external-secrets", "external-secrets"),
    "loki": ("loki", "loki", "loki"),
}


def applications(objects):
    return {application["metadata"]["name"]: application for application in of_kind(objects, "Application")}


@pytest.fixture(scope="session")
def mirror(tmp_path_factory):
    """The address of a chart repository with a stand-in for each of others' charts, and its folder."""
    folder = tmp_path_factory.mktemp("mirror")
    standins.repository(folder, HELM)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=str(folder))

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", folder
        server.shutdown()


def test_each_application_comes_in_its_wave(platforms):
    for environment in ENVIRONMENTS:
        waves = {}
        for name, application in applications(platforms[environment]).items():
            waves.setdefault(int(application["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"]), set()).add(name)
        assert waves == WAVES
        project = named(platforms[environment], "AppProject", "fathuss")
        assert project["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"] == "0"


def test_staging_follows_develop_by_itself_and_production_main_when_somebody_says_so(platforms):
    for environment, branch in (("staging", "develop"), ("production", "main")):
        for name, application in applications(platforms[environment]).items():
            policy = application["spec"]["syncPolicy"]
            if environment == "staging":
                assert policy["automated"] == {"prune": True, "selfHeal": True}, name
            if "path" in application["spec"]["source"]:
                assert application["spec"]["source"]["targetRevision"] == branch, name
            assert policy["retry"]["limit"] > 0, name
            assert {"PruneLast=true", "CreateNamespace=false"} <= set(policy["syncOptions"]), name
    assert "automated" not in yaml.safe_dump_all(platforms["production"])


def test_the_project_takes_nothing_from_anywhere_nor_puts_it_anywhere(platforms):
    for environment in ENVIRONMENTS:
        spec = named(platforms[environment], "AppProject", "fathuss")["spec"]
        assert "*" not in yaml.safe_dump(spec)
        for name, application in applications(platforms[environment]).items():
            assert application["spec"]["project"] == "fathuss"
            assert application["spec"]["source"]["repoURL"] in spec["sourceRepos"], name
            assert application["spec"]["destination"] in spec["destinations"], name
        used = {application["spec"]["source"]["repoURL"] for application in of_kind(platforms[environment], "Application")}
        assert set(spec["sourceRepos"]) == used


def test_the_project_lets_our_own_charts_make_nothing_for_the_whole_cluster(shipped):
    for objects in shipped["production"].values():
        assert not of_kind(objects, "Namespace", "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition", "PriorityClass")
        assert all("namespace" not in object_["metadata"] for object_ in objects), "each is where its application is"


def test_what_controllers_write_is_looked_past_and_left(platforms):
    for environment in ENVIRONMENTS:
        every = applications(platforms[environment])
        for name, application in every.items():
            spec = application["spec"]
            respects = "RespectIgnoreDifferences=true" in spec["syncPolicy"]["syncOptions"]
            assert respects == bool(spec.get("ignoreDifferences")), name
        grader = every["grader"]["spec"]["ignoreDifferences"]
        paths = {entry["kind"]: (entry.get("jsonPointers") or entry.get("jqPathExpressions")) for entry in grader}
        assert paths == {
            "Rollout": ["/spec/replicas"],
            "VirtualService": [".spec.http[]?.route[]?.weight"],
            "DestinationRule": ['.spec.subsets[]?.labels."rollouts-pod-template-hash"'],
            "Service": ['.spec.selector."rollouts-pod-template-hash"'],
        }
        for name in WAVES[3] - {"grader", "monitoring"}:
            [entry] = every[name]["spec"]["ignoreDifferences"]
            assert entry == {"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"]}, name


def test_no_application_says_what_argo_cd_leaves_out_of_it_again(platforms):
    """Argo CD writes Applications anew, without fields that are empty or false: those would differ from Git for ever."""

    def empty(value, path):
        if isinstance(value, dict):
            return [found for key, inner in value.items() for found in empty(inner, f"{path}.{key}")]
        if isinstance(value, list):
            return [found for inner in value for found in empty(inner, f"{path}[]")]
        return [path] if value in ("", False, 0) else []

    for environment in ENVIRONMENTS:
        for name, application in applications(platforms[environment]).items():
            spec = {key: value for key, value in application["spec"].items() if key != "source"}
            assert empty(spec, "spec") == [], name


def test_everybody_is_told_of_what_goes_wrong(platforms):
    for environment in ENVIRONMENTS:
        for name, application in applications(platforms[environment]).items():
            annotations = application["metadata"]["annotations"]
            for trigger in ("on-sync-failed", "on-health-degraded"):
                channel = annotations[f"notifications.argoproj.io/subscribe.{trigger}.slack"]
                assert channel == f"fathuss-{environment}", name
    values = yaml.safe_load((ROOT / "helm/argo-cd/values.yaml").read_text())["notifications"]
    subscribed = {
        key.split(".")[-2]
        for application in of_kind(platforms["production"], "Application")
        for key in application["metadata"]["annotations"]
        if key.startswith("notifications.")
    }
    assert {f"trigger.{trigger}" for trigger in subscribed} == set(values["triggers"])
    sent = {name for trigger in values["triggers"].values() for step in yaml.safe_load(trigger) for name in step["send"]}
    assert {f"template.{name}" for name in sent} == set(values["templates"])


def test_each_version_is_exact_and_each_repository_is_named(platforms):
    versions = yaml.safe_load(standins.VERSIONS.read_text())
    for name, version in versions.items():
        assert set(version) == {"repository", "chart", "version"}, name
        assert re.fullmatch(r"\d+\.\d+\.\d+", version["version"]), name
        assert version["repository"].startswith("https://"), name
    others = WAVES[1] | WAVES[2]
    assert set(versions) == others | {"argo-cd"}
    for name in others:
        source = applications(platforms["production"])[name]["spec"]["source"]
        assert (source["repoURL"], source["chart"], source["targetRevision"]) == tuple(versions[name].values())
    istio = {versions[name]["version"] for name in ("istio-base", "istio-cni", "istiod", "istio-gateway")}
    assert len(istio) == 1, "the parts of Istio are of one version"


def test_a_mirror_takes_the_place_of_every_repository(charts):
    objects = charts.platform("staging", mirror="https://charts.example.com")
    for name, application in applications(objects).items():
        source = application["spec"]["source"]
        expected = given("staging")["source"]["repoURL"] if "path" in source else "https://charts.example.com"
        assert source["repoURL"] == expected, name
    repositories = named(objects, "AppProject", "fathuss")["spec"]["sourceRepos"]
    assert set(repositories) == {given("staging")["source"]["repoURL"], "https://charts.example.com"}


def pulled(mirror, version, folder):
    """A chart of the mirror, unpacked."""
    address, _ = mirror
    command = [HELM, "pull", version["chart"], "--repo", address, "--version", version["version"], "--untar", "--untardir", folder]
    subprocess.run(command, check=True, capture_output=True)
    return pathlib.Path(folder) / version["chart"]


def test_each_stand_in_takes_its_application_s_values_and_gives_what_kubernetes_takes(
    charts, platforms, mirror, valid, tmp_path
):
    for environment in ENVIRONMENTS:
        roles = given(environment)["aws"]["roles"]
        for name, application in applications(platforms[environment]).items():
            source = application["spec"]["source"]
            if "path" in source:
                continue
            version = {"chart": source["chart"], "version": source["targetRevision"]}
            chart = pulled(mirror, version, tmp_path / environment / name)
            namespace = application["spec"]["destination"]["namespace"]
            objects = charts.render(chart, name, namespace, values=source["helm"]["valuesObject"])
            good, said = valid(objects)
            assert good, f"{name}: {said}"
            for role, (bound_namespace, account, of) in BOUND.items():
                if of == name:
                    assert namespace == bound_namespace, name
                    annotations = named(objects, "ServiceAccount", account)["metadata"]["annotations"]
                    assert annotations["eks.amazonaws.com/role-arn"] == roles[role], name
            for hook in of_kind(objects, "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"):
                assert all(webhook["failurePolicy"] == "Ignore" for webhook in hook["webhooks"]), name


def test_the_gateway_s_load_balancer_ends_tls_with_the_certificate(platforms):
    for environment in ENVIRONMENTS:
        values = applications(platforms[environment])["istio-gateway"]["spec"]["source"]["helm"]["valuesObject"]
        annotations = values["service"]["annotations"]
        assert values["service"]["type"] == "LoadBalancer"
        certificate = annotations["service.beta.kubernetes.io/aws-load-balancer-ssl-cert"]
        assert certificate == given(environment)["aws"]["certificateArn"]
        assert annotations["service.beta.kubernetes.io/aws-load-balancer-ssl-ports"] == "443"
        assert values["labels"]["istio"] == "gateway", "it is what the services' Gateways select"


def test_istio_s_part_in_pods_is_done_by_its_agent(platforms):
    values = applications(platforms["production"])["istiod"]["spec"]["source"]["helm"]["valuesObject"]
    assert values["pilot"]["cni"]["enabled"] is True


def test_logs_are_kept_for_as_long_as_each_environment_says_in_its_bucket(platforms):
    for environment, period in (("staging", "168h"), ("production", "720h")):
        values = applications(platforms[environment])["loki"]["spec"]["source"]["helm"]["valuesObject"]["loki"]
        assert values["limits_config"]["retention_period"] == period
        assert values["compactor"]["retention_enabled"] is True
        assert set(values["storage"]["bucketNames"].values()) == {given(environment)["aws"]["buckets"]["loki"]}


# Argo CD's own values


def values_of_argo_cd():
    return yaml.safe_load((ROOT / "helm/argo-cd/values.yaml").read_text())


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (None, "Progressing"),
        ({}, "Progressing"),
        ({"health": {"status": "Progressing"}, "sync": {"status": "Synced"}}, "Progressing"),
        ({"health": {"status": "Missing"}, "sync": {"status": "OutOfSync"}}, "Progressing"),
        # Nobody has synchronised it yet, and what it has no health of is no reason to go on.
        ({"health": {"status": "Healthy"}, "sync": {"status": "OutOfSync"}}, "Progressing"),
        # Nobody can, since what Git has makes no sense.
        ({"health": {"status": "Healthy"}, "sync": {"status": "Unknown"}, "conditions": [{"type": "ComparisonError", "message": "no"}]}, "Progressing"),
        ({"health": {"status": "Healthy"}, "sync": {"status": "Synced"}, "operationState": {"phase": "Running"}}, "Progressing"),
        ({"health": {"status": "Healthy"}, "sync": {"status": "Synced"}, "operationState": {"phase": "Succeeded"}}, "Healthy"),
        # Production waits for somebody to approve what is new; what runs is well.
        ({"health": {"status": "Healthy"}, "sync": {"status": "OutOfSync"}, "operationState": {"phase": "Succeeded"}}, "Healthy"),
        ({"health": {"status": "Missing"}, "sync": {"status": "OutOfSync"}, "operationState": {"phase": "Failed"}}, "Degraded"),
        ({"health": {"status": "Degraded"}, "sync": {"status": "Synced"}, "operationState": {"phase": "Succeeded"}}, "Degraded"),
        # What runs is the old.
        ({"health": {"status": "Healthy"}, "sync": {"status": "Unknown"}, "operationState": {"phase": "Succeeded"}}, "Progressing"),
    ],
)
def test_the_health_of_an_application_is_that_of_what_is_in_it(status, expected):
    application = {"kind": "Application"} if status is None else {"kind": "Application", "status": status}
    assert health_of(application, "argoproj.io_Application") == expected


@pytest.mark.parametrize(
    ("sync", "phase", "health", "expected"),
    [
        ("OutOfSync", "Succeeded", "Healthy", "Progressing"),
        ("OutOfSync", "Failed", "Healthy", "Degraded"),
        ("OutOfSync", "Error", "Healthy", "Degraded"),
        # A canary that waits, or was taken back, is told as what it is.
        ("OutOfSync", "Succeeded", "Suspended", "Suspended"),
        ("OutOfSync", "Succeeded", "Degraded", "Degraded"),
        # What was mended by hand is as it is to be, and nobody synchronises it once more.
        ("Synced", "Failed", "Healthy", "Healthy"),
    ],
)
def test_an_application_that_follows_its_branch_and_is_behind_holds_the_next_wave(sync, phase, health, expected):
    status = {"health": {"status": health}, "sync": {"status": sync}, "operationState": {"phase": phase, "message": "said"}}
    application = {"spec": {"syncPolicy": {"automated": {"prune": True}}}, "status": status}
    assert health_of(application, "argoproj.io_Application") == expected
    application["spec"]["syncPolicy"]["automated"]["enabled"] = False
    by_hand = "Healthy" if health == "Healthy" else expected
    assert health_of(application, "argoproj.io_Application") == by_hand


NAMES = {"type": "NamesAccepted", "status": "True", "message": "no conflicts found"}


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        (None, "Progressing"),
        ([], "Progressing"),
        ([NAMES, {"type": "Established", "status": "False", "reason": "Installing"}], "Progressing"),
        ([NAMES, {"type": "Established", "status": "True"}], "Healthy"),
        ([NAMES | {"status": "False"}, {"type": "Established", "status": "False"}], "Degraded"),
        # Its names were taken from it after it was served.
        ([{"type": "Established", "status": "True"}, NAMES | {"status": "False"}], "Degraded"),
        ([NAMES, {"type": "Established", "status": "True"}, {"type": "NonStructuralSchema", "status": "True", "message": "no"}], "Degraded"),
        ([NAMES, {"type": "Established", "status": "True"}, {"type": "NonStructuralSchema", "status": "False"}], "Healthy"),
    ],
)
def test_a_definition_that_is_new_is_not_degraded(conditions, expected):
    definition = {"kind": "CustomResourceDefinition", "metadata": {}, "status": {"conditions": conditions}}
    if conditions is None:
        del definition["status"]
    kind = "apiextensions.k8s.io_CustomResourceDefinition"
    assert health_of(definition, kind) == expected
    definition["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert health_of(definition, kind) == ("Degraded" if expected == "Degraded" else "Progressing")


def health_of(obj, kind):
    """The status that Argo CD's own script for this kind gives an object."""
    lua = lupa.LuaRuntime()
    # What Argo CD leaves out.
    lua.execute("string = nil; io = nil; debug = nil; math = nil")
    lua.globals()["obj"] = lua.table_from(obj, recursive=True)
    health = lua.execute(values_of_argo_cd()["configs"]["cm"][f"resource.customizations.health.{kind}"])
    assert isinstance(health["message"], str)
    return health["status"]


def test_argo_cd_needs_nothing_that_comes_later():
    for environment in ENVIRONMENTS:
        text = (ROOT / f"helm/argo-cd/values-{environment}.yaml").read_text()
        values = yaml.safe_dump(values_of_argo_cd()) + text
        # Prometheus' definitions come by Argo CD.
        assert "serviceMonitor" not in values and "existingSecret" not in values
    for part in ("controller", "repoServer", "server", "redis", "notifications"):
        resources = values_of_argo_cd()[part]["resources"]
        assert {"cpu", "memory"} <= set(resources["requests"]) and "memory" in resources["limits"], part


def test_argo_cd_s_stand_in_has_the_health_that_the_waves_need(charts, mirror, valid, tmp_path):
    version = yaml.safe_load(standins.VERSIONS.read_text())["argo-cd"]
    chart = pulled(mirror, version, tmp_path)
    files = [ROOT / f"helm/argo-cd/{name}.yaml" for name in ("values", "values-production")]
    objects = charts.render(chart, "argocd", "argocd", files)
    good, said = valid(objects)
    assert good, said
    data = named(objects, "ConfigMap", "argocd-cm")["data"]
    assert "return waiting" in data["resource.customizations.health.argoproj.io_Application"]


# helm/update-versions


def update(mirror, file, *arguments):
    address, _ = mirror
    command = [sys.executable, ROOT / "helm/update-versions", "--mirror", address, "--versions", file, *arguments]
    environment = {**os.environ, "HELM": HELM}
    return subprocess.run(command, capture_output=True, text=True, env=environment)


def test_versions_are_written_anew_where_a_repository_has_newer_ones(mirror, tmp_path):
    file = tmp_path / "versions.yaml"
    text = standins.VERSIONS.read_text()
    older = re.sub(r"(  chart: loki\n  version: )\S+", r"\g<1>1.2.3", text)
    assert older != text

    file.write_text(text)
    assert update(mirror, file, "--check").returncode == 0
    assert file.read_text() == text

    file.write_text(older)
    checked = update(mirror, file, "--check")
    assert checked.returncode == 1 and checked.stdout.startswith("loki: 1.2.3 -> "), checked.stdout + checked.stderr
    assert file.read_text() == older, "--check changes nothing"

    assert update(mirror, file, "istiod").returncode == 0
    assert file.read_text() == older, "it was asked about another one"

    assert update(mirror, file).returncode == 0
    assert file.read_text() == text


def test_a_chart_that_is_not_there_is_said_and_nothing_written(mirror, tmp_path):
    file = tmp_path / "versions.yaml"
    file.write_text("lost:\n  repository: https://charts.example.com\n  chart: lost\n  version: 1.0.0\n")
    done = update(mirror, file)
    assert done.returncode != 0 and "lost" in done.stderr
    assert "no chart is called found" in update(mirror, file, "found").stderr
