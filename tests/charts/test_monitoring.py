"""Alerts, runbooks, dashboards and who is told."""

import json
import pathlib
import subprocess

import pytest
import yaml

from conftest import ENVIRONMENTS, PROMTOOL, ROOT, named, of_kind

RULES = sorted((ROOT / "helm/monitoring/rules").glob("*.yaml"))
TESTS = sorted((pathlib.Path(__file__).parent / "alerts").glob("*.yaml"))
RUNBOOKS = ROOT / "docs/runbooks"


def alerts():
    rules = [rule for file in RULES for group in yaml.safe_load(file.read_text())["groups"] for rule in group["rules"]]
    return [rule for rule in rules if "alert" in rule]


def promtool(*arguments):
    done = subprocess.run([PROMTOOL, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_prometheus_takes_the_rules():
    promtool("check", "rules", "--lint=all", "--lint-fatal", *RULES)


@pytest.mark.parametrize("file", TESTS, ids=lambda file: file.stem)
def test_alerts_come_where_they_have_to_and_only_there(file):
    promtool("test", "rules", file)


def test_every_alert_is_tried_both_ways():
    comes, stays_away = set(), set()
    for file in TESTS:
        for test in yaml.safe_load(file.read_text())["tests"]:
            for tried in test["alert_rule_test"]:
                (comes if tried["exp_alerts"] else stays_away).add(tried["alertname"])
                # One that never comes shows nothing where there is nothing to be seen.
                assert test["input_series"]
    names = {rule["alert"] for rule in alerts()}
    assert comes == names, "each of them has to come once"
    assert stays_away == names, "and to stay away once"


def test_every_alert_has_a_severity_a_summary_and_a_runbook_and_every_runbook_an_alert():
    severities = set()
    for rule in alerts():
        severities.add(rule["labels"]["severity"])
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["runbook_url"] == f"docs/runbooks/{rule['alert']}.md"
        text = (RUNBOOKS / f"{rule['alert']}.md").read_text()
        assert text.startswith(f"# {rule['alert']}\n\n**{rule['labels']['severity'].capitalize()}.** "), rule["alert"]
        for part in ("Look at:", "1. ", "2. ", "3. ", "Mend it: "):
            assert f"\n{part}" in text, f"{rule['alert']}: {part}"
    assert severities == {"critical", "warning", "info"}
    assert {file.stem for file in RUNBOOKS.glob("*.md")} == {rule["alert"] for rule in alerts()}


def test_links_between_runbooks_lead_somewhere():
    for file in RUNBOOKS.glob("*.md"):
        for part in file.read_text().split("](")[1:]:
            target = part.split(")")[0]
            assert (RUNBOOKS / target).exists(), f"{file.name}: {target}"


def test_runbooks_have_the_address_of_what_the_cluster_runs(shipped):
    for environment, branch in (("staging", "develop"), ("production", "main")):
        rules = of_kind(shipped[environment]["monitoring"], "PrometheusRule")
        shown = {
            rule["alert"]: rule["annotations"]["runbook_url"]
            for object_ in rules
            for group in object_["spec"]["groups"]
            for rule in group["rules"]
            if "alert" in rule
        }
        assert set(shown) == {rule["alert"] for rule in alerts()}
        for name, url in shown.items():
            assert url == f"https://git.example.com/fathuss/fathuss/blob/{branch}/docs/runbooks/{name}.md"


def test_a_repository_that_is_reached_by_ssh_is_read_over_https(charts):
    for url in ("git@git.example.com:fathuss/fathuss.git", "ssh://git@git.example.com/fathuss/fathuss"):
        platform = charts.platform("production", source={"repoURL": url})
        application = named(platform, "Application", "monitoring")
        repository = application["spec"]["source"]["helm"]["valuesObject"]["repository"]
        assert repository == "https://git.example.com/fathuss/fathuss/blob/main"


def test_what_is_critical_pages_what_is_a_warning_is_chatted_and_the_rest_is_told_to_nobody(shipped):
    for environment, critical in (("staging", "chat"), ("production", "pager")):
        objects = shipped[environment]["monitoring"]
        spec = named(objects, "AlertmanagerConfig", "fathuss")["spec"]
        routes = {route["matchers"][0]["value"]: route["receiver"] for route in spec["route"]["routes"]}
        assert routes == {"critical": critical, "warning": "chat", "info": "none"}
        assert spec["route"]["receiver"] == "none", "what has no severity of ours"
        receivers = {receiver["name"]: receiver for receiver in spec["receivers"]}
        [secret] = of_kind(objects, "ExternalSecret")
        keys = {entry["secretKey"] for entry in secret["spec"]["data"]}
        for key in (receivers["pager"]["pagerdutyConfigs"][0]["routingKey"], receivers["chat"]["slackConfigs"][0]["apiURL"]):
            assert key["name"] == secret["spec"]["target"]["name"] and key["key"] in keys


def test_alertmanager_takes_the_routes(platforms, shipped):
    for environment in ENVIRONMENTS:
        stack = named(platforms[environment], "Application", "kube-prometheus-stack")
        spec = stack["spec"]["source"]["helm"]["valuesObject"]["alertmanager"]["alertmanagerSpec"]
        config = named(shipped[environment]["monitoring"], "AlertmanagerConfig", "fathuss")
        assert spec["alertmanagerConfigSelector"]["matchLabels"].items() <= config["metadata"]["labels"].items()
        # Otherwise it would be told of its own namespace's alerts alone.
        assert spec["alertmanagerConfigMatcherStrategy"] == {"type": "None"}


def dashboards():
    return {file.stem: json.loads(file.read_text()) for file in (ROOT / "helm/monitoring/dashboards").glob("*.json")}


def test_grafana_finds_the_dashboards(shipped):
    for environment in ENVIRONMENTS:
        maps = of_kind(shipped[environment]["monitoring"], "ConfigMap")
        shown = [json.loads(text) for map_ in maps for text in map_["data"].values()]
        assert {board["uid"] for board in shown} == {board["uid"] for board in dashboards().values()}
        for map_ in maps:
            assert map_["metadata"]["labels"]["grafana_dashboard"] == "1"
    for name, board in dashboards().items():
        panels = [panel["id"] for panel in board["panels"]]
        assert len(panels) == len(set(panels)), name


def test_what_dashboards_and_the_canary_s_analysis_ask_is_promql(shipped, tmp_path):
    asked = [
        target["expr"]
        for board in dashboards().values()
        for panel in board["panels"]
        for target in panel["targets"]
        if target["datasource"]["type"] == "prometheus"
    ]
    asked += [
        metric["provider"]["prometheus"]["query"]
        for template in of_kind(shipped["production"]["grader"], "AnalysisTemplate")
        for metric in template["spec"]["metrics"]
    ]
    assert len(asked) > 15
    rules = [{"record": f"asked:{number}", "expr": query} for number, query in enumerate(asked)]
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "asked", "rules": rules}]}))
    promtool("check", "rules", file)


def test_the_canary_s_analysis_asks_for_what_is_scraped(shipped):
    [monitor] = [
        monitor
        for monitor in of_kind(shipped["production"]["monitoring"], "PodMonitor")
        if monitor["metadata"]["name"] == "istio-proxies"
    ]
    assert "fathuss-production" in monitor["spec"]["namespaceSelector"]["matchNames"]
    [kept] = monitor["spec"]["podMetricsEndpoints"][0]["metricRelabelings"]
    assert kept["action"] == "keep" and kept["regex"].startswith("istio_.+|")
