#!/usr/bin/env python3
"""Stand-ins for others' charts, as a local chart repository: what an air-gapped user's mirror is.

    python standins.py FOLDER [--helm HELM] [--definitions] [--only NAME...]

Each has the name and version that helm/platform/versions.yaml has, and objects of the same kinds and names as its original,
but one image that does nothing. FOLDER has the packages and `index.yaml` after that: serve it over HTTP and give its address
as the platform's value `mirror`. `--definitions` puts each one's custom resource definitions in, from Go's module proxy;
without, each chart's `crds` has none.
"""

import argparse
import pathlib
import subprocess
import tempfile

import yaml

import modules

HELM = pathlib.Path(__file__).resolve().parents[2] / "helm"
VERSIONS = HELM / "platform/versions.yaml"
IMAGE = "registry.k8s.io/pause:3.10"


def labels(name, more=None):
    return {"app.kubernetes.io/name": name, **(more or {})}


def pod(name, selector, ports=(), account=None, privileged=False):
    container = {
        "name": name,
        "image": IMAGE,
        "ports": [{"name": port, "containerPort": number} for port, number in ports],
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    spec = {"containers": [container]}
    if privileged:
        # Agents of nodes see what is the node's.
        container.pop("securityContext")
        spec |= {"hostNetwork": True, "volumes": [{"name": "host", "hostPath": {"path": "/"}}]}
        spec["tolerations"] = [{"operator": "Exists"}]
    else:
        spec["securityContext"] = {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}}
    if account:
        spec["serviceAccountName"] = account
    return {"metadata": {"labels": selector}, "spec": spec}


def deployment(name, selector, ports=(), replicas=1, account=None):
    spec = {"replicas": replicas, "selector": {"matchLabels": selector}, "template": pod(name, selector, ports, account)}
    if replicas is None:
        del spec["replicas"]
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "labels": selector}, "spec": spec}


def daemon_set(name, selector):
    spec = {"selector": {"matchLabels": selector}, "template": pod(name, selector, privileged=True)}
    return {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": name, "labels": selector}, "spec": spec}


def stateful_set(name, selector, ports=(), size=None, account=None):
    spec = {
        "replicas": 1,
        "serviceName": name,
        "selector": {"matchLabels": selector},
        "template": pod(name, selector, ports, account),
    }
    if size:
        claim = {"accessModes": ["ReadWriteOnce"], "storageClassName": "gp3", "resources": {"requests": {"storage": size}}}
        # In full: Argo CD would see what the API server fills in as a difference.
        claim["volumeMode"] = "Filesystem"
        full = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, "spec": claim}
        spec["volumeClaimTemplates"] = [full]
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": name, "labels": selector}, "spec": spec}


def service(name, selector, ports, metadata=None):
    spec = {"selector": selector, "ports": [{"name": port, "port": number} for port, number in ports]}
    metadata = {"name": name, "labels": metadata or selector}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def served(name, selector, ports, replicas=1, account=None):
    """A deployment with its service."""
    return [deployment(name, selector, ports, replicas, account), service(name, selector, ports)]


def autoscaler(name):
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
    metric = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}
    spec = {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 5, "metrics": [metric]}
    return {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": name}, "spec": spec}


def budget(name, selector):
    spec = {"maxUnavailable": 1, "selector": {"matchLabels": selector}}
    return {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": name}, "spec": spec}


def webhook(kind, name, to, path, rule):
    """A webhook that nothing answers, and whose failure nobody minds."""
    hook = {
        "name": f"{name}.standin.fathuss.com",
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "failurePolicy": "Ignore",
        "timeoutSeconds": 1,
        "clientConfig": {"service": {"name": to, "namespace": "{{ .Release.Namespace }}", "path": path, "port": 443}},
        "rules": [rule],
    }
    kind = f"{kind}WebhookConfiguration"
    return {"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": name}, "webhooks": [hook]}


def rule(group, version, resource):
    return {"apiGroups": [group], "apiVersions": [version], "operations": ["CREATE", "UPDATE"], "resources": [resource]}


def account(name, values):
    """A service account, with the annotations that the values have for it: its role."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": name, "annotations": f"{{{{ dig {values} \"annotations\" (dict) .Values.AsMap | toJson }}}}"},
    }


def config(name, values, part_of):
    """A ConfigMap of what the values have there."""
    data = f"{{{{ dig {values} (dict) .Values.AsMap | toJson }}}}"
    metadata = {"name": name, "labels": {"app.kubernetes.io/part-of": part_of}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


ARGO_CD = "argocd"
GATEWAY = {"app": "istio-gateway", "istio": "gateway"}
LOKI = labels("loki", {"app.kubernetes.io/component": "single-binary"})
PROMETHEUS = labels("prometheus")

# What each chart has. Names are those of a release that is called as the application is; argo-cd's is `argocd`.
CHARTS = {
    "argo-cd": [
        *served("argocd-server", labels("argocd-server"), [("http", 8080)]),
        *served("argocd-repo-server", labels("argocd-repo-server"), [("server", 8081)]),
        *served("argocd-redis", labels("argocd-redis"), [("redis", 6379)]),
        deployment("argocd-notifications-controller", labels("argocd-notifications-controller")),
        stateful_set("argocd-application-controller", labels("argocd-application-controller"), [("metrics", 8082)]),
        service(
            "argocd-application-controller-metrics",
            labels("argocd-application-controller"),
            [("http-metrics", 8082)],
            labels("argocd-metrics"),
        ),
        config("argocd-cm", '"configs" "cm"', ARGO_CD),
        config("argocd-notifications-cm", '"notifications" "triggers"', ARGO_CD),
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "argocd-secret", "labels": {"app.kubernetes.io/part-of": ARGO_CD}},
            "type": "Opaque",
        },
    ],
    "istio-base": [
        account("istio-reader-service-account", '"serviceAccount"'),
        webhook(
            "Validating", "istiod-default-validator", "istiod", "/validate", rule("networking.istio.io", "*", "virtualservices")
        ),
    ],
    "istio-cni": [daemon_set("istio-cni-node", {"k8s-app": "istio-cni-node"})],
    "istiod": [
        *served("istiod", {"app": "istiod"}, [("grpc-xds", 15010), ("https-dns", 15012), ("http-monitoring", 15014)], None),
        autoscaler("istiod"),
        budget("istiod", {"app": "istiod"}),
        webhook("Mutating", "istio-sidecar-injector", "istiod", "/inject", rule("", "v1", "pods")),
        webhook(
            "Validating", "istio-validator-istio-system", "istiod", "/validate", rule("security.istio.io", "*", "*")
        ),
    ],
    "istio-gateway": [
        deployment("istio-gateway", GATEWAY, [("http2", 8080), ("https", 8443)], None, "istio-gateway"),
        account("istio-gateway", '"serviceAccount"'),
        autoscaler("istio-gateway"),
        budget("istio-gateway", GATEWAY),
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {
                "name": "istio-gateway",
                "labels": GATEWAY,
                "annotations": '{{ dig "service" "annotations" (dict) .Values.AsMap | toJson }}',
            },
            "spec": {
                "type": "LoadBalancer",
                "selector": GATEWAY,
                "ports": [{"name": "http2", "port": 80}, {"name": "https", "port": 443}],
            },
        },
    ],
    "aws-load-balancer-controller": [
        account("aws-load-balancer-controller", '"serviceAccount"'),
        deployment(
            "aws-load-balancer-controller",
            labels("aws-load-balancer-controller"),
            [("webhook-server", 9443)],
            2,
            "aws-load-balancer-controller",
        ),
        service("aws-load-balancer-webhook-service", labels("aws-load-balancer-controller"), [("webhook-server", 443)]),
        webhook(
            "Validating",
            "aws-load-balancer-webhook",
            "aws-load-balancer-webhook-service",
            "/validate-elbv2-k8s-aws-v1beta1-targetgroupbinding",
            rule("elbv2.k8s.aws", "v1beta1", "targetgroupbindings"),
        ),
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "aws-load-balancer-tls"},
            "type": "kubernetes.io/tls",
            # As the original: another one each time.
            "data": {"tls.crt": "{{ randAlphaNum 16 | b64enc }}", "tls.key": "{{ randAlphaNum 16 | b64enc }}"},
        },
    ],
    "argo-rollouts": [
        deployment("argo-rollouts", labels("argo-rollouts", {"app.kubernetes.io/component": "rollouts-controller"})),
        service(
            "argo-rollouts-metrics",
            labels("argo-rollouts", {"app.kubernetes.io/component": "rollouts-controller"}),
            [("metrics", 8090)],
        ),
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "argo-rollouts-config"}, "data": {}},
    ],
    "external-secrets": [
        account("external-secrets", '"serviceAccount"'),
        deployment("external-secrets", labels("external-secrets"), [("metrics", 8080)], 1, "external-secrets"),
        deployment("external-secrets-cert-controller", labels("external-secrets-cert-controller")),
        *served("external-secrets-webhook", labels("external-secrets-webhook"), [("webhook", 443)]),
        webhook(
            "Validating",
            "externalsecret-validate",
            "external-secrets-webhook",
            "/validate-external-secrets-io-v1-externalsecret",
            rule("external-secrets.io", "v1", "externalsecrets"),
        ),
    ],
    "kube-prometheus-stack": [
        deployment("kube-prometheus-stack-operator", labels("kube-prometheus-stack-prometheus-operator")),
        *served("kube-prometheus-stack-grafana", labels("grafana"), [("http-web", 3000)]),
        *served("kube-prometheus-stack-kube-state-metrics", labels("kube-state-metrics"), [("http", 8080)]),
        daemon_set("kube-prometheus-stack-prometheus-node-exporter", labels("prometheus-node-exporter")),
        stateful_set("prometheus-kube-prometheus-stack-prometheus", PROMETHEUS, [("http-web", 9090)], "20Gi"),
        service("kube-prometheus-stack-prometheus", PROMETHEUS, [("http-web", 9090)]),
        stateful_set("alertmanager-kube-prometheus-stack-alertmanager", labels("alertmanager"), [("http-web", 9093)], "5Gi"),
        service("kube-prometheus-stack-alertmanager", labels("alertmanager"), [("http-web", 9093)]),
        webhook(
            "Validating",
            "kube-prometheus-stack-admission",
            "kube-prometheus-stack-operator",
            "/admission-prometheusrules/validate",
            rule("monitoring.coreos.com", "*", "prometheusrules"),
        ),
    ],
    "loki": [
        account("loki", '"serviceAccount"'),
        stateful_set("loki", LOKI, [("http-metrics", 3100)], "10Gi", "loki"),
        service("loki", LOKI, [("http-metrics", 3100)]),
        *served("loki-gateway", labels("loki", {"app.kubernetes.io/component": "gateway"}), [("http", 80)]),
    ],
    "external-dns": [
        account("external-dns", '"serviceAccount"'),
        deployment("external-dns", labels("external-dns"), [("http", 7979)], 1, "external-dns"),
        service("external-dns", labels("external-dns"), [("http", 7979)]),
    ],
    "cluster-autoscaler": [
        account("cluster-autoscaler", '"rbac" "serviceAccount"'),
        deployment("cluster-autoscaler", labels("aws-cluster-autoscaler"), [("http", 8085)], 1, "cluster-autoscaler"),
        service("cluster-autoscaler", labels("aws-cluster-autoscaler"), [("http", 8085)]),
        budget("cluster-autoscaler", labels("aws-cluster-autoscaler")),
    ],
    "sentry": [
        *served("sentry-web", {"app": "sentry", "role": "web"}, [("http", 9000)]),
        *served("sentry-relay", {"app": "sentry", "role": "relay"}, [("http", 3000)]),
        deployment("sentry-worker", {"app": "sentry", "role": "worker"}),
        deployment("sentry-cron", {"app": "sentry", "role": "cron"}),
        stateful_set("sentry-clickhouse", {"app": "sentry-clickhouse"}, [("tcp", 9000)], "10Gi"),
        stateful_set("sentry-kafka", {"app": "sentry-kafka"}, [("client", 9092)], "10Gi"),
        stateful_set("sentry-sentry-postgresql", {"app": "sentry-postgresql"}, [("tcp", 5432)], "10Gi"),
        stateful_set("sentry-sentry-redis-master", {"app": "sentry-redis"}, [("tcp", 6379)], "5Gi"),
    ],
}


class Template(yaml.SafeDumper):
    """YAML with Helm's braces in it, which are no text where they give an object, and no aliases."""

    def ignore_aliases(self, data):
        return True


def _text(dumper, text):
    style = "'" if "{{" in text else None
    return yaml.SafeDumper.represent_str(dumper, text) if style is None else dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


Template.add_representer(str, _text)


def template(objects):
    """The objects as one template. What gives an object loses its quotes: it is JSON, and so YAML."""
    text = yaml.dump_all(objects, Dumper=Template, sort_keys=False, width=10_000)
    lines = [line.replace(": '{{", ": {{").removesuffix("'") if line.endswith("toJson }}'") else line for line in text.split("\n")]
    return "\n".join(lines)


def write(folder, name, version, definitions):
    """One chart's folder."""
    chart = folder / version["chart"]
    (chart / "templates").mkdir(parents=True)
    (chart / "crds").mkdir()
    about = {
        "apiVersion": "v2",
        "name": version["chart"],
        "version": version["version"],
        "description": f"A stand-in for {name}, which does nothing",
    }
    (chart / "Chart.yaml").write_text(yaml.safe_dump(about))
    (chart / "values.yaml").write_text("{}\n")
    (chart / "templates/objects.yaml").write_text(template(CHARTS[name]))
    for file in modules.definitions(name) if definitions else []:
        (chart / "crds" / file.name).write_text(file.read_text())
    return chart


def repository(target, helm="helm", definitions=False, only=None):
    """A folder with all packages and their index."""
    versions = yaml.safe_load(VERSIONS.read_text())
    assert set(versions) == set(CHARTS), f"versions.yaml and this table differ: {set(versions) ^ set(CHARTS)}"
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        for name in only or versions:
            chart = write(pathlib.Path(made), name, versions[name], definitions)
            subprocess.run([helm, "package", chart, "--destination", target], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([helm, "repo", "index", target], check=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--helm", default="helm")
    parser.add_argument("--definitions", action="store_true")
    parser.add_argument("--only", nargs="+", choices=CHARTS)
    arguments = parser.parse_args()
    repository(arguments.folder, arguments.helm, arguments.definitions, arguments.only)


if __name__ == "__main__":
    main()
