"""The charts are what Helm, Kubernetes and those whose kinds they use take, and what docs/helm.md says they are."""

import copy
import re

import pytest
import yaml

from conftest import CHARTS, ENVIRONMENTS, ROOT, given, named, of_kind

WORKLOADS = ("Deployment", "Rollout", "StatefulSet", "DaemonSet", "Job", "CronJob")
SERVICES = ("api-gateway", "user", "challenge", "leaderboard", "marketplace", "hiring", "frontend")
# What each chart is given beside its value files, so that it is whole by itself.
ALONE = {
    "service": {
        "image": {"repository": "user", "tag": "1.0.0"},
        "uses": {"postgres": True, "redis": True, "clickhouse": True},
        "route": {"enabled": True, "hosts": ["user"]},
        "aws": True,
        "sentry": True,
        "global": {
            "region": "us-east-1",
            "domain": "example.com",
            "vpcCidr": "10.0.0.0/16",
            "database": {"host": "db", "secret": "staging/postgres"},
            "redis": {"host": "redis"},
            "clickhouse": {"host": "10.0.0.1", "secret": "staging/clickhouse"},
        },
    },
    "grader": {
        "cacheBucket": "grader-cache",
        "global": {"region": "us-east-1", "vpcCidr": "10.0.0.0/16", "redis": {"host": "redis"}},
    },
    "audit": {
        "global": {"region": "us-east-1", "vpcCidr": "10.0.0.0/16", "clickhouse": {"host": "h", "secret": "staging/clickhouse"}}
    },
    "monitoring": {"repository": "https://git.example.com/fathuss/blob/main", "global": {"region": "us-east-1"}},
}


def alone(chart, environment):
    return copy.deepcopy(given(environment) if chart == "platform" else ALONE[chart])


def merged(values, more):
    """Values with others over them, as Helm does it."""
    if not (isinstance(values, dict) and isinstance(more, dict)):
        return more
    return {**values, **{key: merged(values.get(key), value) for key, value in more.items()}}


def everything(shipped):
    """Each application of both environments, with its objects."""
    return [(environment, name, objects) for environment in shipped for name, objects in shipped[environment].items()]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("chart", CHARTS)
def test_each_chart_is_one_that_helm_finds_nothing_to_say_about(charts, chart, environment):
    arguments = charts.arguments([charts.folder / chart / f"values-{environment}.yaml"], alone(chart, environment))
    charts.run("lint", "--strict", charts.folder / chart, *arguments)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("chart", CHARTS)
def test_each_chart_by_itself_gives_what_kubernetes_takes(charts, valid, chart, environment):
    objects = charts.render(chart, chart, "somewhere", [f"values-{environment}.yaml"], alone(chart, environment))
    assert objects
    good, said = valid(objects)
    assert good, said


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_all_that_argo_cd_renders_is_what_kubernetes_takes(shipped, platforms, valid, environment):
    assert set(shipped[environment]) == {"grader", "audit", "monitoring", *SERVICES}
    for name, objects in [("platform", platforms[environment]), *shipped[environment].items()]:
        good, said = valid(objects)
        assert good, f"{name}: {said}"


def test_a_mistake_is_found(shipped, valid):
    rollout = copy.deepcopy(named(shipped["production"]["grader"], "Rollout", "grader"))
    rollout["spec"]["template"]["spec"]["containers"][0]["imagePullPolice"] = "Always"
    good, said = valid([rollout])
    assert not good and "imagePullPolice" in said
    rollout["spec"]["strategy"]["canary"]["steps"][0] = {"setWeigth": 5}
    assert "setWeigth" in valid([rollout])[1]


@pytest.mark.parametrize(
    ("chart", "values", "said"),
    [
        ("service", {"imagge": {}}, "additional properties 'imagge' not allowed"),
        ("service", {"image": {"tag": "latest"}}, "/image/tag"),
        ("service", {"image": {"digest": "sha256:abc"}}, "/image/digest"),
        ("service", {"image": {"repository": ""}}, "image.repository is the image's name"),
        ("service", {"image": {"tag": ""}}, "image.tag or image.digest says which image"),
        ("service", {"workload": "DaemonSet"}, "/workload"),
        ("service", {"resources": {"requests": {"cpu": None}}}, "/resources/requests"),
        ("service", {"resources": {"limits": {"memory": "much"}}}, "/resources/limits/memory"),
        ("service", {"maxUnavailable": 0}, "/maxUnavailable"),
        ("service", {"env": {"lower": "1"}}, "invalid propertyName 'lower'"),
        ("service", {"secrets": {"data": {"KEY": {"key": "production/user"}}}}, "/secrets/data/KEY/key"),
        ("service", {"serviceAccount": {"roleArn": "user"}}, "/serviceAccount/roleArn"),
        ("service", {"serviceAccount": {"identity": "keys"}}, "/serviceAccount/identity"),
        ("service", {"route": {"enabled": True, "hosts": []}}, "/route/hosts"),
        ("service", {"global": {"environment": "test"}}, "/global/environment"),
        ("service", {"global": {"vpcCidr": "everywhere"}}, "/global/vpcCidr"),
        ("service", {"global": {"vpcCidr": ""}}, "global.vpcCidr is where"),
        ("service", {"global": {"secrets": {"backend": "file"}}}, "/global/secrets/backend"),
        ("service", {"global": {"secrets": {"backend": "vault"}}}, "/global/secrets/vault/server"),
        ("service", {"global": {"database": {"secret": ""}}}, "DATABASE_PASSWORD is kept nowhere"),
        ("grader", {"canary": {"pause": "ten minutes"}}, "/canary/pause"),
        ("service", {"autoscaling": {"enabled": True, "minReplicas": 9, "maxReplicas": 3}}, "minReplicas 9 is more than"),
        ("grader", {"canary": {"weights": [20, 100]}}, "/canary/weights/1"),
        ("grader", {"canary": {"weights": [40, 20]}}, "canary.weights: 20 comes after 40"),
        ("grader", {"canary": {"first": 30}}, "canary.weights: 20 comes after 30"),
        ("grader", {"canary": {"strategy": "gradual", "analysis": {"enabled": False}}}, "/canary/analysis/enabled"),
        ("grader", {"canary": {"analysis": {"errorRate": 2}}}, "/canary/analysis/errorRate"),
        ("grader", {"service": {"workload": "Deployment"}}, "/service/workload"),
        ("grader", {"service": {"replica": 3}}, "additional properties 'replica' not allowed"),
        ("grader", {"cacheBucket": ""}, "cacheBucket is where"),
        ("audit", {"writers": []}, "/writers"),
        ("audit", {"deleters": ["user"]}, "additional properties 'deleters' not allowed"),
        ("platform", {"automated": True}, "/automated"),
        ("platform", {"aws": {"vpcId": "10.0.0.0/16"}}, "/aws/vpcId"),
        ("platform", {"aws": {"roles": {"loki": ""}}}, "/aws/roles/loki"),
        ("platform", {"aws": {"database": {"endpoint": "postgres"}}}, "/aws/database/endpoint"),
        ("platform", {"source": {"targetRevision": ""}}, "/source/targetRevision"),
        ("platform", {"mirror": "charts"}, "/mirror"),
        ("platform", {"applications": {"more": {"wave": 2}}}, "/applications/more"),
        ("platform", {"applications": {"more": {"wave": 2, "namespace": "more"}}}, "versions.yaml has no more"),
        ("monitoring", {"routes": {"critical": "chat"}}, "/routes/critical"),
        ("monitoring", {"routes": {"warning": "mail"}}, "/routes/warning"),
        ("monitoring", {"repository": ""}, "/repository"),
        ("monitoring", {"chat": {"channel": ""}}, "/chat/channel"),
    ],
)
def test_bad_values_are_refused_with_the_place(charts, chart, values, said):
    values = merged(alone(chart, "production"), values)
    done = charts.render(chart, chart, "somewhere", ["values-production.yaml"], values, check=False)
    assert done.returncode != 0, "it was taken"
    assert said in done.stderr, done.stderr


def test_the_same_values_without_a_mistake_are_taken(charts):
    for chart in CHARTS:
        assert charts.render(chart, chart, "somewhere", ["values-production.yaml"], alone(chart, "production"))


# The canary


def steps(rollout):
    return rollout["spec"]["strategy"]["canary"]["steps"]


def test_production_s_canary_waits_for_approval_at_5_and_for_10_minutes_at_20_40_60_and_80(shipped):
    rollout = named(shipped["production"]["grader"], "Rollout", "grader")
    gradual = [step for weight in (20, 40, 60, 80) for step in ({"setWeight": weight}, {"pause": {"duration": "10m"}})]
    assert steps(rollout) == [{"setWeight": 5}, {"pause": {}}, *gradual, {"setWeight": 100}]


def test_the_pause_is_one_value(charts):
    values = merged(alone("grader", "production"), {"canary": {"pause": "1s"}})
    rollout = named(charts.render("grader", "grader", "x", ["values-production.yaml"], values), "Rollout", "grader")
    pauses = [step["pause"] for step in steps(rollout) if "pause" in step]
    assert pauses == [{}, *[{"duration": "1s"}] * 4]


def test_staging_s_grader_is_replaced_at_once(shipped):
    rollout = named(shipped["staging"]["grader"], "Rollout", "grader")
    assert steps(rollout) == [{"setWeight": 100}]
    assert "analysis" not in rollout["spec"]["strategy"]["canary"]


def test_what_the_rollout_names_is_there(shipped):
    for environment in ENVIRONMENTS:
        objects = shipped[environment]["grader"]
        canary = named(objects, "Rollout", "grader")["spec"]["strategy"]["canary"]
        istio = canary["trafficRouting"]["istio"]
        route = named(objects, "VirtualService", istio["virtualService"]["name"])
        assert set(istio["virtualService"]["routes"]) <= {http["name"] for http in route["spec"]["http"]}
        subsets = named(objects, "DestinationRule", istio["destinationRule"]["name"])["spec"]["subsets"]
        assert [subset["name"] for subset in subsets] == ["stable", "canary"]
        assert named(objects, "Service", canary["canaryService"])
        for template in canary.get("analysis", {}).get("templates", []):
            assert named(objects, "AnalysisTemplate", template["templateName"])


def test_the_weights_of_one_route_alone_are_the_rollout_s_and_begin_at_the_stable_version(shipped):
    for environment in ENVIRONMENTS:
        route = named(shipped[environment]["grader"], "VirtualService", "grader")
        [primary] = [http for http in route["spec"]["http"] if http["name"] == "primary"]
        weights = {to["destination"]["subset"]: to["weight"] for to in primary["route"]}
        assert weights == {"stable": 100, "canary": 0}


def test_the_header_leads_to_the_new_version_before_any_weight_is_looked_at(shipped):
    for environment in ENVIRONMENTS:
        objects = shipped[environment]["grader"]
        first, second = named(objects, "VirtualService", "grader")["spec"]["http"]
        assert first["match"] == [{"headers": {"x-canary": {"exact": "true"}}}]
        canary = named(objects, "Rollout", "grader")["spec"]["strategy"]["canary"]
        # The service that Argo Rollouts points at the new version, and back at the stable one after an abort.
        assert [to["destination"]["host"] for to in first["route"]] == [canary["canaryService"]]
        assert "match" not in second
        # No step adds it, so no sync can lose it.
        assert all("setHeaderRoute" not in step for step in canary["steps"])


def test_production_s_analysis_runs_from_the_first_step_on_and_aborts(shipped):
    objects = shipped["production"]["grader"]
    analysis = named(objects, "Rollout", "grader")["spec"]["strategy"]["canary"]["analysis"]
    assert analysis["startingStep"] == 1
    assert analysis["args"] == [{"name": "hash", "valueFrom": {"podTemplateHashValue": "Latest"}}]
    templates = of_kind(objects, "AnalysisTemplate")
    assert {template["metadata"]["name"] for template in templates} == {"grader-error-rate", "grader-latency"}
    for template in templates:
        [metric] = template["spec"]["metrics"]
        # Without a count it is measured until the canary ends.
        assert "count" not in metric
        assert metric["failureLimit"] == 2 and metric["interval"] == "1m"
        # Nobody's requests are neither good nor bad; a Prometheus that is away, or knows nothing, is no reason to go on.
        assert metric["successCondition"].startswith("len(result) > 0 && (isNaN(result[0]) || result[0] < ")
        assert metric["failureCondition"].startswith("len(result) > 0 && result[0] >= ")
        assert metric["consecutiveErrorLimit"] > 0 and metric["inconclusiveLimit"] > 0
        assert 'pod=~"grader-{{args.hash}}-.+"' in metric["provider"]["prometheus"]["query"]
        assert 'namespace="fathuss-production"' in metric["provider"]["prometheus"]["query"]


def test_the_grader_s_pods_are_the_autoscaler_s_and_stand_on_nodes_of_their_own(shipped):
    for environment in ENVIRONMENTS:
        objects = shipped[environment]["grader"]
        rollout = named(objects, "Rollout", "grader")
        assert "replicas" not in rollout["spec"]
        target = named(objects, "HorizontalPodAutoscaler", "grader")["spec"]["scaleTargetRef"]
        assert target == {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "name": "grader"}
        pod = rollout["spec"]["template"]["spec"]
        assert pod["nodeSelector"] == {"dedicated": "grader"}
        assert pod["tolerations"] == [{"key": "dedicated", "operator": "Equal", "value": "grader", "effect": "NoSchedule"}]
        assert pod["serviceAccountName"] == "grader-worker"
        account = named(objects, "ServiceAccount", "grader-worker")
        role = given(environment)["aws"]["roles"]["graderWorker"]
        assert account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"] == role


def test_the_rollout_says_nothing_that_comes_back_otherwise(shipped):
    """Argo Rollouts leaves out what is false, and its definition fills in protocols: both would differ from Git for ever."""
    for environment in ENVIRONMENTS:
        spec = named(shipped[environment]["grader"], "Rollout", "grader")["spec"]
        canary = spec["strategy"]["canary"]
        assert [field for field, value in canary.items() if value is False or value == ""] == []
        for container in spec["template"]["spec"]["containers"]:
            assert all(port["protocol"] == "TCP" for port in container["ports"])


# Every pod


def pods(shipped):
    """The pod of each workload, with the objects beside it."""
    found = [
        (f"{environment}/{name}", workload["spec"]["template"], objects)
        for environment, name, objects in everything(shipped)
        for workload in of_kind(objects, *WORKLOADS)
    ]
    assert len(found) == 2 * (len(SERVICES) + 2)
    return found


def test_every_pod_is_restricted(shipped):
    """https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted"""
    for where, template, _ in pods(shipped):
        spec = template["spec"]
        for host in ("hostNetwork", "hostPID", "hostIPC"):
            assert not spec.get(host), where
        assert spec["securityContext"]["runAsNonRoot"] is True, where
        assert spec["securityContext"]["runAsUser"] != 0, where
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, where
        assert "sysctls" not in spec["securityContext"], where
        allowed = {"emptyDir", "configMap", "secret", "projected", "persistentVolumeClaim", "downwardAPI", "csi", "ephemeral"}
        for volume in spec["volumes"]:
            assert set(volume) - {"name"} <= allowed, where
        for container in [*spec["containers"], *spec.get("initContainers", [])]:
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False, where
            assert context["capabilities"] == {"drop": ["ALL"]}, where
            assert not context.get("privileged"), where
            assert context.get("runAsUser", 1) != 0, where
            assert all("hostPort" not in port for port in container["ports"]), where
            # More than the standard asks for.
            assert context["readOnlyRootFilesystem"] is True, where
            assert {"name": "tmp", "mountPath": "/tmp"} in container["volumeMounts"], where
        assert spec["automountServiceAccountToken"] is False, where


def test_every_container_has_requests_a_limit_of_memory_and_three_probes(shipped):
    for where, template, _ in pods(shipped):
        for container in template["spec"]["containers"]:
            assert {"cpu", "memory"} <= set(container["resources"]["requests"]), where
            assert "memory" in container["resources"]["limits"], where
            for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                assert container[probe]["httpGet"]["port"] == "http", where


def test_every_pod_is_spread_over_zones_and_nodes_and_leaves_in_peace(shipped):
    for where, template, objects in pods(shipped):
        spread = {constraint["topologyKey"] for constraint in template["spec"]["topologySpreadConstraints"]}
        assert spread == {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}, where
        [budget] = of_kind(objects, "PodDisruptionBudget")
        assert selects(budget["spec"]["selector"], template), where
        [container] = template["spec"]["containers"]
        assert container["lifecycle"]["preStop"]["sleep"]["seconds"] < template["spec"]["terminationGracePeriodSeconds"], where


def selects(selector, template):
    return selector["matchLabels"].items() <= template["metadata"]["labels"].items()


def test_every_pod_is_cut_off_but_for_what_is_named(shipped):
    for where, template, objects in pods(shipped):
        policies = [policy for policy in of_kind(objects, "NetworkPolicy") if selects(policy["spec"]["podSelector"], template)]
        closed = [policy for policy in policies if "ingress" not in policy["spec"] and "egress" not in policy["spec"]]
        assert [policy["spec"]["policyTypes"] for policy in closed] == [["Ingress", "Egress"]], where
        rules = [
            (peer, rule.get("ports"))
            for policy in policies
            for direction, ends in (("ingress", "from"), ("egress", "to"))
            for rule in policy["spec"].get(direction, [])
            # Neither an empty rule nor one without ends or ports: those are everyone, everywhere.
            for peer in rule[ends]
        ]
        assert rules, where
        assert all(peer and ports for peer, ports in rules), where
        names = [peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"] for peer, _ in rules if "namespaceSelector" in peer]
        assert {"kube-system", "istio-system", "monitoring"} <= set(names), where
        everywhere = [(peer["ipBlock"], ports) for peer, ports in rules if peer.get("ipBlock", {}).get("cidr") == "0.0.0.0/0"]
        for block, ports in everywhere:
            assert {"10.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"} <= set(block["except"]), where
            assert ports == [{"port": 443}], where
        reaches_out = where.split("/")[1] in ("grader", "hiring", "marketplace")
        assert bool(everywhere) == reaches_out, where


def test_data_stores_are_reached_within_the_vpc_by_those_that_use_them_alone(shipped):
    ports = {"user": {5432, 6379}, "leaderboard": {6379, 8123, 9000}, "audit": {8123, 9000}, "frontend": set()}
    for environment in ENVIRONMENTS:
        for name, expected in ports.items():
            [policy] = [
                policy
                for policy in of_kind(shipped[environment][name], "NetworkPolicy")
                if policy["metadata"]["name"] == f"{name}-egress"
            ]
            within = given(environment)["aws"]["vpcCidr"]
            reached = {
                port["port"]
                for rule in policy["spec"]["egress"]
                for peer in rule["to"]
                if peer.get("ipBlock", {}).get("cidr") == within
                for port in rule["ports"]
            }
            assert reached == expected, f"{environment}/{name}"


def test_who_calls_somebody_is_let_in_there_and_nobody_else(charts):
    values = {name: yaml.safe_load((ROOT / f"helm/services/{name}.yaml").read_text()) for name in SERVICES}
    for name in ("grader", "audit"):
        values[name] = yaml.safe_load((ROOT / f"helm/{name}/values.yaml").read_text())["service"]
    calls = {(caller, called) for caller, service in values.items() for called in service.get("calls", [])}
    let_in = {(caller, called) for called, service in values.items() for caller in service.get("calledBy", [])}
    assert calls == let_in
    writers = yaml.safe_load((ROOT / "helm/audit/values.yaml").read_text())["writers"]
    accounts = {"grader-worker" if caller == "grader" else caller for caller, called in calls if called == "audit"}
    assert set(writers) == accounts, "who may call the audit trail may write it"


def test_nobody_changes_the_audit_trail(shipped):
    for environment in ENVIRONMENTS:
        policy = named(shipped[environment]["audit"], "AuthorizationPolicy", "audit")["spec"]
        assert policy["action"] == "ALLOW"
        methods = {
            method: {source for by in rule.get("from", []) for source in by["source"]["principals"]}
            for rule in policy["rules"]
            for to in rule["to"]
            for method in to["operation"].get("methods", [])
        }
        assert set(methods) == {"GET", "POST"}
        assert methods["GET"] == {f"cluster.local/ns/fathuss-{environment}/sa/api-gateway"}


def test_the_mesh_encrypts_everything_but_what_prometheus_asks(shipped):
    for environment, name, objects in everything(shipped):
        if name == "monitoring":
            continue
        [policy] = of_kind(objects, "PeerAuthentication")
        assert policy["spec"]["mtls"] == {"mode": "STRICT"}
        assert policy["spec"]["portLevelMtls"] == {9090: {"mode": "DISABLE"}}, f"{environment}/{name}"


def test_every_image_is_given_by_values(charts, shipped):
    registry = {"staging": "111122223333", "production": "444455556666"}
    for where, template, _ in pods(shipped):
        environment, name = where.split("/")
        expected = f"{registry[environment]}.dkr.ecr.us-east-1.amazonaws.com/fathuss/{name}:"
        assert [container["image"].startswith(expected) for container in template["spec"]["containers"]] == [True], where
    digest = "sha256:" + "0" * 64
    values = {
        "service": {"image": {"repository": "other", "digest": digest}},
        "global": {"image": {"registry": "mirror.example.com:5000/x"}},
    }
    for chart in ("service", "grader", "audit"):
        own = values if chart != "service" else {**values["service"], "global": values["global"]}
        objects = charts.render(chart, chart, "x", ["values-staging.yaml"], merged(alone(chart, "staging"), own))
        [workload] = of_kind(objects, *WORKLOADS)
        images = [container["image"] for container in workload["spec"]["template"]["spec"]["containers"]]
        assert images == [f"mirror.example.com:5000/x/other@{digest}"], chart
    for template in (ROOT / "helm").glob("*/templates/*"):
        for image in re.findall(r"^\s*image: (.*)$", template.read_text(), re.MULTILINE):
            assert image.startswith("{{"), f"{template}: {image}"


def test_secrets_come_from_aws_or_from_vault_by_one_value(charts, shipped):
    vault = {"backend": "vault", "vault": {"server": "https://vault.example.com"}}
    stores = 0
    for application in of_kind(charts.platform("production", secrets=vault), "Application"):
        name = application["metadata"]["name"]
        if "path" not in application["spec"]["source"]:
            continue
        here = of_kind(charts.application(application), "SecretStore")
        for store in here:
            provider = store["spec"]["provider"]
            assert set(provider) == {"vault"}, name
            assert provider["vault"]["server"] == "https://vault.example.com", name
            assert provider["vault"]["auth"]["kubernetes"]["serviceAccountRef"]["name"], name
        # Without a property, External Secrets takes all that is there, as JSON.
        for secret in of_kind(charts.application(application), "ExternalSecret"):
            for entry in secret["spec"]["data"]:
                assert entry["remoteRef"].get("property"), f"{name}: {entry['secretKey']}"
                if entry["secretKey"] == "DATABASE_PASSWORD":
                    assert (entry["remoteRef"]["key"], entry["remoteRef"]["property"]) == ("production/postgres", "password")
        for store in of_kind(shipped["production"][name], "SecretStore"):
            assert store["spec"]["provider"] == {"aws": {"service": "SecretsManager", "region": "us-east-1"}}, name
        stores += len(here)
    # Of each service but the pages, and of who is told of alerts.
    assert stores == 9


def test_the_database_s_password_is_taken_from_where_each_environment_keeps_it(shipped):
    for environment, expected in [
        ("staging", {"key": given("staging")["aws"]["database"]["secret"], "property": "password"}),
        ("production", {"key": "production/postgres"}),
    ]:
        secret = named(shipped[environment]["user"], "ExternalSecret", "user")
        [password] = [entry["remoteRef"] for entry in secret["spec"]["data"] if entry["secretKey"] == "DATABASE_PASSWORD"]
        assert {key: password[key] for key in ("key", "property") if key in password} == expected


def test_no_secret_is_a_plain_variable(shipped):
    for where, template, _ in pods(shipped):
        for variable in template["spec"]["containers"][0]["env"]:
            assert not re.search("PASSWORD|SECRET|TOKEN|DSN|_KEY$", variable["name"]), f"{where}: {variable['name']}"


def test_what_prometheus_asks_is_there(shipped):
    for environment, name, objects in everything(shipped):
        if name == "monitoring":
            continue
        [monitor] = of_kind(objects, "ServiceMonitor")
        found = [
            port["name"]
            for service in of_kind(objects, "Service")
            if monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
            for port in service["spec"]["ports"]
            if port["name"] == monitor["spec"]["endpoints"][0]["port"]
        ]
        assert found == ["http-metrics"], f"{environment}/{name}: each pod is asked once"


def test_autoscalers_leave_replicas_to_themselves(shipped):
    for environment, name, objects in everything(shipped):
        for workload in of_kind(objects, *WORKLOADS):
            [scaler] = of_kind(objects, "HorizontalPodAutoscaler")
            assert scaler["spec"]["scaleTargetRef"]["name"] == workload["metadata"]["name"]
            assert "replicas" not in workload["spec"], f"{environment}/{name}"
            least = scaler["spec"]["minReplicas"]
            assert least >= (3 if environment == "production" else 1), f"{environment}/{name}"


def test_only_what_is_for_everyone_has_a_way_in_from_outside(shipped):
    for environment, domain in (("staging", "staging.fathuss.com"), ("production", "fathuss.com")):
        hosts = {
            name: set(route["spec"]["hosts"])
            for name, objects in shipped[environment].items()
            for route in of_kind(objects, "VirtualService")
            if "gateways" in route["spec"]
        }
        assert hosts == {"api-gateway": {f"api.{domain}"}, "frontend": {domain, f"www.{domain}"}}
