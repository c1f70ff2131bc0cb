"""The AWS provider against moto: staging, without what moto can't do, applied, read back and destroyed.

What moto then holds is read by boto3 alone and laid beside what staging declares.
"""

import json
import os
import subprocess
import urllib.request

import pytest

import platform_graph
from moto_gaps import GAPS
from moto_seen import LOOKS, Seen, compare
from moto_server import ACCOUNT, REGION, Moto

COSTS = "what concerns the account's costs is in a stack of its own"
ASSETS = "static assets are production's"
FAR = "copies in another region are production's"
KEPT_OUT = "its security group says who reaches the cache"
# Types that staging does not have, and why that is all there is to say.
ELSEWHERE = {
    "aws_budgets_budget": COSTS,
    "aws_ce_cost_allocation_tag": COSTS,
    "aws_db_instance_automated_backups_replication": FAR,
    "aws_db_option_group": "PostgreSQL has no options",
    "aws_db_snapshot": "backups are made every day by themselves",
    "aws_eks_fargate_profile": "pods run on nodes",
    "aws_eks_pod_identity_association": "service accounts take their roles by the cluster's issuer",
    "aws_elasticache_user": KEPT_OUT,
    "aws_elasticache_user_group": KEPT_OUT,
    "aws_iam_role_policy": "each policy is a resource of its own",
    "aws_s3_bucket_replication_configuration": FAR,
    "aws_caller_identity": "each run asks it, before all else",
    "aws_cloudfront_distribution": ASSETS,
    "aws_cloudfront_origin_access_control": ASSETS,
    "aws_default_network_acl": "the default ACL stays as AWS makes it",
    "aws_default_route_table": "no subnet uses it",
    "aws_network_acl": "security groups say who speaks to whom",
    "aws_network_interface": "each machine has the one that it is made with",
    "aws_route53_zone": "the zone is looked up: people make it by hand",
    "terraform_data": "it is nobody's but the state's",
    "random_id": "it is nobody's but the state's",
    "aws_autoscaling_policy": "how many nodes there are an autoscaler in the cluster decides",
}
# What staging reads of the stack of its account; moto does not look whether it is there.
OUTPUTS = {
    "administrators": f"arn:aws:iam::{ACCOUNT}:role/fathuss-administrators",
    "boundary": f"arn:aws:iam::{ACCOUNT}:policy/fathuss-boundary",
    "deploy": f"arn:aws:iam::{ACCOUNT}:role/fathuss-deploy",
}
LOOKUPS = {
    "aws_ami",
    "aws_autoscaling_group",
    "aws_availability_zones",
    "aws_ec2_instance_type_offerings",
    "aws_rds_engine_version",
    "aws_route53_zone_lookup",
    "aws_ssm_parameter",
}

# Longer than all of the platform takes where nothing waits for anything.
PATIENCE = 600


@pytest.fixture(scope="session")
def moto():
    server = Moto()
    try:
        yield server
    finally:
        server.stop()


class Platform:
    """Staging in a project of its own, whose AWS is moto."""

    def __init__(self, moto, folder):
        self.moto, self.folder = moto, folder
        document = platform_graph.given(platform_graph.staging(os.environ["FATHUSS_STACKS"]), OUTPUTS)
        self.document = platform_graph.without(document, GAPS)
        self.nodes = self.document["graph"]["nodes"]
        (folder / "graph.json").write_text(json.dumps(self.document))
        (folder / "fathuss.toml").write_text(
            f'[stacks.staging]\nprogram = ["sh", "-c", "cat graph.json"]\nregion = "{REGION}"\naccount = "{ACCOUNT}"\n'
        )

    def run(self, *words):
        command = [os.environ["FATHUSS"], *words]
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self.moto.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )


@pytest.fixture(scope="session")
def platform(moto, tmp_path_factory):
    platform = Platform(moto, tmp_path_factory.mktemp("platform"))
    # People make the zone once, by hand.
    moto.client("route53").create_hosted_zone(Name="staging.fathuss.com", CallerReference="by hand")
    applied = platform.run("apply", "staging", "--yes")
    assert applied.returncode == 0, applied.stdout[-4000:] + applied.stderr
    return platform


@pytest.fixture(scope="session")
def seen(platform):
    return Seen(platform.moto.client)


def test_what_was_applied_reads_back_without_a_change(platform):
    plan = platform.run("plan", "staging", "--detailed-exitcode")
    assert plan.returncode == 0, plan.stdout + plan.stderr
    managed = [node for node in platform.nodes if platform_graph.kind(node["address"]) not in LOOKUPS]
    assert f"No changes: {len(managed)} resources are as the program declares." in plan.stdout


@pytest.mark.parametrize("kind", LOOKS)
def test_moto_has_what_was_declared(platform, seen, kind):
    nodes = [node for node in platform.nodes if platform_graph.kind(node["address"]) == kind]
    assert nodes, f"staging has no {kind}"
    for node in nodes:
        declared, found = compare(seen, node)
        assert found == declared, node["address"]


def test_moto_has_nothing_else_with_our_mark(platform, seen):
    declared = {platform_graph.marked(node["address"]) for node in platform.nodes}
    assert set(seen.things) <= declared


def test_every_type_is_seen_or_a_gap(platform):
    listed = subprocess.run([os.environ["FATHUSS"], "schema", "--json"], check=True, capture_output=True, text=True)
    types = {json.loads(line)["kind"] for line in listed.stdout.splitlines()}
    # moto's clusters have no Kubernetes.
    types = {kind for kind in types if not platform_graph.in_cluster(kind)}
    gaps = {what for gap in GAPS for what in (gap.what, *gap.with_it) if "." not in what}
    for others in (gaps, LOOKUPS, set(ELSEWHERE)):
        assert not set(LOOKS) & others
    assert types == set(LOOKS) | gaps | LOOKUPS | set(ELSEWHERE)


def test_what_was_destroyed_leaves_nothing(platform):
    destroyed = platform.run("destroy", "staging", "--yes")
    assert destroyed.returncode == 0, destroyed.stdout[-4000:] + destroyed.stderr
    assert Seen(platform.moto.client).things == {}


@pytest.mark.parametrize("gap", GAPS, ids=lambda gap: gap.what)
def test_a_gap_is_still_one(moto, gap):
    reset = urllib.request.Request(f"{moto.address}/moto-api/reset", method="POST")
    urllib.request.urlopen(reset, timeout=30).read()
    assert gap.stands(moto.client), f"moto has learned it; take {gap.what} off the list ({gap.reason})"
