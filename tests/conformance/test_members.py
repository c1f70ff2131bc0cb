"""Every operation of our types is served, and every member that a request takes is honoured."""

import os
import pathlib

import pytest

import ground_backup
import ground_budgets
import ground_ce
import ground_acm
import ground_autoscaling
import ground_cloudfront
import ground_cloudwatch
import ground_ec2
import ground_eks
import ground_elasticache
import ground_elb
import ground_elbv2
import ground_iam
import ground_kms
import ground_logs
import ground_rds
import ground_route53
import ground_secretsmanager
import ground_s3
import ground_sns
import ground_ssm
import page
import surface
from account import Account
from members import API, Bench, Trial, documented_filters
from without_trace import WITHOUT_TRACE

# Each service's ground, its operations' calls, and the values that their members are tried with.
SERVICES = {
    "backup": (ground_backup.GROUND, ground_backup.BASES, ground_backup.VALUES),
    "budgets": (ground_budgets.GROUND, ground_budgets.BASES, ground_budgets.VALUES),
    "ce": (ground_ce.GROUND, ground_ce.BASES, ground_ce.VALUES),
    "acm": (ground_acm.GROUND, ground_acm.BASES, ground_acm.VALUES),
    "cloudfront": (ground_cloudfront.GROUND, ground_cloudfront.BASES, ground_cloudfront.VALUES),
    "cloudwatch": (ground_cloudwatch.GROUND, ground_cloudwatch.BASES, ground_cloudwatch.VALUES),
    "ec2": (ground_ec2.GROUND, ground_ec2.BASES, ground_ec2.VALUES),
    "eks": (ground_eks.GROUND, ground_eks.BASES, ground_eks.VALUES),
    "elasticache": (ground_elasticache.GROUND, ground_elasticache.BASES, ground_elasticache.VALUES),
    "iam": (ground_iam.GROUND, ground_iam.IAM_BASES, ground_iam.VALUES),
    "kms": (ground_kms.GROUND, ground_kms.BASES, ground_kms.VALUES),
    "logs": (ground_logs.GROUND, ground_logs.BASES, ground_logs.VALUES),
    "rds": (ground_rds.GROUND, ground_rds.BASES, ground_rds.VALUES),
    "route53": (ground_route53.GROUND, ground_route53.BASES, ground_route53.VALUES),
    "secretsmanager": (ground_secretsmanager.GROUND, ground_secretsmanager.BASES, ground_secretsmanager.VALUES),
    "s3": (ground_s3.GROUND, ground_s3.BASES, ground_s3.VALUES),
    "sns": (ground_sns.GROUND, ground_sns.BASES, ground_sns.VALUES),
    "autoscaling": (ground_autoscaling.GROUND, ground_autoscaling.BASES, ground_autoscaling.VALUES),
    "elb": (ground_elb.GROUND, ground_elb.BASES, ground_elb.VALUES),
    "elbv2": (ground_elbv2.GROUND, ground_elbv2.BASES, ground_elbv2.VALUES),
    "ssm": (ground_ssm.GROUND, ground_ssm.BASES, ground_ssm.VALUES),
    "sts": (ground_iam.GROUND, ground_iam.STS_BASES, ground_iam.VALUES),
}
UNSEEN = pathlib.Path(__file__).with_name("unseen.txt")


@pytest.fixture(scope="module")
def benches():
    """The ground that stands; one at a time, for there is one world."""
    return {}


def test_every_member_is_counted_once():
    silent = "autoscaling.DeleteTags.Tags[].Value"
    assert silent in WITHOUT_TRACE
    operation, path = "autoscaling.DeleteTags", "Tags[].Value"
    came = {None: "silent", "untried": "silent", "changed": "honoured", "refused": "honoured", "not simulated": "not simulated"}
    assert {one: page.kind_of(operation, path, one) for one in came} == came
    assert page.kind_of(operation, "Tags[].Colour", None) == "unseen"


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_of_our_types_is_served_or_has_its_reason(service):
    served = set(SERVICES[service][1])
    named = set(surface.named(service, API.models[service].operation_names))
    assert [one for one in sorted(named - served) if not surface.reason(service, one)] == []
    assert served - named == set(surface.BESIDE.get(service, "").split()) - named


@pytest.mark.parametrize(
    "operation",
    [f"{service}.{name}" for service, (_, bases, _) in SERVICES.items() for name, base in bases.items() if base],
)
def test_every_member_is_honoured(server, connected, benches, operation, tally):
    service, name = operation.split(".")
    kind, bases, values = SERVICES[service]
    if service not in benches:
        benches.clear()
        benches[service] = Bench(Account(server, connected), kind)
    own = {path.removeprefix(f"{name}."): value for path, value in values.items() if path.startswith(f"{name}.")}
    filters = documented_filters(operation)
    trial = Trial(benches[service], operation, bases[name], own, filters)
    trial.usual()
    found = {}
    container = API.filters_of(operation)
    for path, _ in API.leaves(operation):
        if container and path.startswith(f"{container}[]"):
            continue
        found[path] = trial.member(path)
    if container:
        names = filters or ["name"]
        found.update({f"{container}:{one}": trial.filter(one) for one in names})
    tally.members[operation] = found
    unseen = {f"{operation}.{path}" for path, came in found.items() if came in (None, "untried")}
    known = {one for one in UNSEEN.read_text().split() if one.rpartition(".")[0].startswith(f"{operation}.") or one.startswith(f"{operation}.")}
    without = {one for one in WITHOUT_TRACE if one.startswith(f"{operation}.")}
    assert without - unseen == set(), "something comes of these: take them out of without_trace.py"
    if os.environ.get("FATHUSS_UPDATE"):
        return
    untried = [path for path, came in found.items() if came == "untried"]
    assert unseen - without - known == set(), f"these are taken, and nothing comes of them; no value of {untried} got past the API's model"
    assert known - unseen == set(), "these are honoured now: take them out of unseen.txt"
