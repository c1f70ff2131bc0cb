"""What checkov finds in the platform's stacks is accepted one by one, with the reason, or is not there."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

import terraform_json

PROGRAM = os.environ["FATHUSS_STACKS"]

AWS_KEY = "encrypted with AWS's own key, which nobody outside the account can use; a key of one's own is paid for where the data of customers is"
LOOKED_AT = "nothing acts on it: whoever wants to know asks the bucket"
STATIC = "it answers with files alone: there is no program behind it that a request could harm"
# Each check that fails, the resources it fails for, and why that stays.
ACCEPTED = [
    ("CKV2_AWS_19", {"nat_us-east-1a", "nat_us-east-1b", "nat_us-east-1c"}, "the addresses are those of NAT gateways"),
    ("CKV2_AWS_32", {"assets"}, "AWS's own policy of security headers is attached, by its id"),
    ("CKV2_AWS_47", {"assets"}, STATIC),
    ("CKV2_AWS_57", {"clickhouse", "postgres"}, "a new version is drawn by raising its number; no function of Lambda's is kept for it"),
    ("CKV2_AWS_62", {"assets", "grader_cache", "loki"}, LOOKED_AT),
    ("CKV2_AWS_71", {"main"}, "services come and go under names right below the domain"),
    ("CKV_AWS_126", {"clickhouse"}, "five minutes are fine enough for its one alarm; a minute's grain is paid for"),
    ("CKV_AWS_129", {"postgres", "postgres_replica"}, "RDS keeps the log files for three days, and statements in them are not to lie where more people read"),
    ("CKV_AWS_133", {"postgres_replica"}, "a replica is made again from its source, which keeps the backups"),
    ("CKV_AWS_135", {"clickhouse"}, "t3 is optimized for EBS without being asked"),
    ("CKV_AWS_144", {"assets", "grader_cache", "loki"}, "production's are copied; staging is made anew, assets are built anew, and a replica has none of its own"),
    ("CKV_AWS_145", {"assets"}, "whoever knows the address may read them: a key of one's own would keep nothing from anyone"),
    ("CKV_AWS_149", {"clickhouse", "postgres"}, AWS_KEY),
    ("CKV_AWS_157", {"postgres", "postgres_replica"}, "staging may be away for a while, and the replica stands in for nothing"),
    ("CKV_AWS_158", {"cluster", "flow"}, AWS_KEY),
    ("CKV_AWS_18", {"assets", "grader_cache", "loki"}, "a role of a service account or one distribution alone can reach it, and CloudTrail has what is done"),
    ("CKV_AWS_189", {"clickhouse_data"}, AWS_KEY),
    ("CKV_AWS_191", {"redis"}, AWS_KEY),
    ("CKV_AWS_226", {"postgres", "postgres_replica"}, "RDS upgrades minor versions unless it is told not to"),
    ("CKV_AWS_293", {"postgres", "postgres_replica"}, "staging is destroyed and made again, a replica is made again from its source"),
    ("CKV_AWS_233", {"main"}, "the plan refuses to replace one that is in use: the new one is declared beside it first"),
    ("CKV_AWS_305", {"assets"}, "files are asked for by their names, and there is none without one"),
    ("CKV_AWS_31", {"redis"}, "traffic is encrypted; the security group alone lets the cluster in"),
    ("CKV_AWS_310", {"assets"}, "copies stay with CloudFront while the bucket is away"),
    ("CKV_AWS_338", {"cluster", "flow"}, "staging's logs are of use for days"),
    ("CKV_AWS_354", {"postgres", "postgres_replica"}, AWS_KEY),
    ("CKV_AWS_374", {"assets"}, "they are for everyone"),
    ("CKV_AWS_39", {"main"}, "who deploys comes from named ranges, which have no default"),
    ("CKV_AWS_61", {"administrators"}, "people of the account alone, with a second factor, and those whom their own policies let take it"),
    ("CKV_AWS_68", {"assets"}, STATIC),
    ("CKV_AWS_86", {"assets"}, "what is read is for everyone, and CloudWatch has how often it is"),
]


def stacks():
    """The program's stacks: it names them when it is asked for none of them."""
    printed = subprocess.run([PROGRAM, "?"], capture_output=True, text=True)
    return json.loads(printed.stdout)["stacks"]


def scanned(folder, document):
    """What checkov says of a document."""
    (folder / "main.tf.json").write_text(json.dumps(document))
    checkov = pathlib.Path(sys.executable).with_name("checkov")
    # It would fetch what its makers say of each check, from their servers.
    options = ["--framework", "terraform_json", "--skip-download", "--compact", "--quiet", "--output", "json"]
    printed = subprocess.run([checkov, "--directory", folder, *options], capture_output=True, text=True)
    report = json.loads(printed.stdout)
    assert report["summary"]["parsing_errors"] == 0
    return report


@pytest.fixture(scope="session")
def found(tmp_path_factory):
    """Each failed check with the names it fails for, over all stacks, and how many passed."""
    failed, passed = {}, 0
    for stack in stacks():
        graph = terraform_json.graph(PROGRAM, stack)
        report = scanned(tmp_path_factory.mktemp(stack), terraform_json.terraform(graph))
        passed += report["summary"]["passed"]
        for check in report["results"]["failed_checks"]:
            name = check["resource"].split(".", 1)[1]
            failed.setdefault((check["check_id"], check["check_name"]), set()).add(name)
    return failed, passed


def test_what_is_found_is_accepted_for_a_reason_and_nothing_is_accepted_in_vain(found):
    failed, passed = found
    assert passed > 500
    accepted = {check: names for check, names, _ in ACCEPTED}
    assert len(accepted) == len(ACCEPTED)
    assert {check: names for (check, _), names in failed.items()} == accepted, failed


def test_what_is_open_is_found(tmp_path):
    rule = {"security_group_id": "sg-1", "cidr_ipv4": "0.0.0.0/0", "from_port": 22, "to_port": 22, "ip_protocol": "tcp"}
    report = scanned(tmp_path, {"resource": {"aws_vpc_security_group_ingress_rule": {"open": rule}}})
    assert "CKV_AWS_24" in [check["check_id"] for check in report["results"]["failed_checks"]]
