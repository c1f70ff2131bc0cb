"""Every refusal in the tables comes with its rule on, and is gone with its rule off."""

import pathlib
import re

import pytest

import recorded
import refusals_absent
import refusals_backup
import refusals_budgets
import refusals_ce
import refusals_acm
import refusals_autoscaling
import refusals_cloudfront
import refusals_cloudwatch
import refusals_ec2
import refusals_eks
import refusals_elasticache
import refusals_elb
import refusals_elbv2
import refusals_iam
import refusals_kms
import refusals_logs
import refusals_rate
import refusals_rds
import refusals_route53
import refusals_secretsmanager
import refusals_s3
import refusals_sns
import refusals_ssm
from refusal import outcome, pattern

CASES = [
    *refusals_ec2.CASES,
    *refusals_iam.CASES,
    *refusals_eks.CASES,
    *refusals_rds.CASES,
    *refusals_elasticache.CASES,
    *refusals_kms.CASES,
    *refusals_logs.CASES,
    *refusals_secretsmanager.CASES,
    *refusals_s3.CASES,
    *refusals_sns.CASES,
    *refusals_cloudwatch.CASES,
    *refusals_route53.CASES,
    *refusals_backup.CASES,
    *refusals_budgets.CASES,
    *refusals_ce.CASES,
    *refusals_acm.CASES,
    *refusals_cloudfront.CASES,
    *refusals_ssm.CASES,
    *refusals_autoscaling.CASES,
    *refusals_elb.CASES,
    *refusals_elbv2.CASES,
    *refusals_absent.CASES,
    *refusals_rate.CASES,
]


def test_every_case_has_its_own_name():
    names = [case.id for case in CASES]
    assert len(names) == len(set(names))


def test_every_answer_that_was_seen_has_its_case():
    cases = {case.id for case in CASES}
    assert [seen for seen in recorded.SEEN if seen.case not in cases] == []
    assert {seen.evidence for seen in recorded.SEEN} == set(recorded.EVIDENCE)
    assert len(set(recorded.SEEN)) == len(recorded.SEEN)


def test_every_answer_that_was_gathered_is_a_row():
    gathered = (pathlib.Path(__file__).parent / "recorded.txt").read_text().splitlines()
    codes = {case.id: case.code for case in CASES}
    rows = {f"{seen.operation} {codes[seen.case]} {seen.case.partition(':')[2]}" for seen in recorded.SEEN}
    others = {f"{one.operation} {one.code} {one.situation}" for one in recorded.UNPROVOKED}
    assert [one for one in gathered if one not in rows | others] == []
    assert [one for one in others if one not in gathered] == []
    assert gathered == sorted(set(gathered)) and not rows & others


def test_what_an_answer_tells_has_its_test():
    told = [one.why.rpartition(" ")[2] for one in recorded.UNPROVOKED if one.why.startswith("no refusal")]
    effects = (pathlib.Path(__file__).parent / "test_effects.py").read_text()
    assert told and [test for test in told if f"def {test}(" not in effects] == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_refused(aws, case, tally):
    act, names = case.arrange(aws)
    refused = outcome(act)
    assert refused is not None, "the call succeeded"
    assert (refused.code, refused.status) == (case.code, case.status), refused
    if case.message is not None:
        assert re.fullmatch(pattern(case.message, names), refused.message), refused.message
    tally.refusals.add(case.id)
    for seen in recorded.SEEN:
        if seen.case == case.id:
            assert seen.operation.partition(".")[2] == refused.operation
            assert case.message is not None or not seen.words
            tally.seen.append(seen)


@pytest.mark.parametrize("case", [case for case in CASES if case.rule], ids=lambda case: case.id)
def test_not_refused_without_its_rule(aws, world, case, tally):
    act, names = case.arrange(aws)
    with world.without(case.rule):
        instead = outcome(act)
    if instead is not None:
        same = (instead.code, instead.status) == (case.code, case.status) and (
            case.message is None or re.fullmatch(pattern(case.message, names), instead.message)
        )
        assert not same, f"rule {case.rule} is not what refuses: {instead}"
        assert instead.status < 500 or instead.code == "NotSimulated", instead
    tally.rules.add(case.rule)
