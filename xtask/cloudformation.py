"""Writes which properties AWS says can't be changed in place, for the types that the model has, and IAM's actions.

The source is a pinned cfn-lint from PyPI, which holds CloudFormation's resource
schemas and IAM's services as AWS publishes them. Only two facts of each property
are kept: that it exists, and whether it is among the schema's
`createOnlyProperties`. Of an action the name is kept, in small letters, as the
source has it: to IAM they are the same.

    python3 xtask/cloudformation.py            writes src/model/tests/cloudformation.json, src/model/aws/actions.rs
    python3 xtask/cloudformation.py --check    exits 1 if they would change
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import zipfile

PACKAGE = "cfn-lint"
VERSION = "1.58.0"
REGION = "us-east-1"

KIND = re.compile(r'\btype = "(aws_\w+)"')

# CloudFormation's name of each type; what has none there is not listed.
TYPES = {
    "aws_acm_certificate": "AWS::CertificateManager::Certificate",
    "aws_autoscaling_policy": "AWS::AutoScaling::ScalingPolicy",
    "aws_backup_plan": "AWS::Backup::BackupPlan",
    "aws_backup_selection": "AWS::Backup::BackupSelection",
    "aws_backup_vault": "AWS::Backup::BackupVault",
    "aws_budgets_budget": "AWS::Budgets::Budget",
    "aws_cloudfront_distribution": "AWS::CloudFront::Distribution",
    "aws_cloudfront_origin_access_control": "AWS::CloudFront::OriginAccessControl",
    "aws_cloudwatch_dashboard": "AWS::CloudWatch::Dashboard",
    "aws_cloudwatch_log_group": "AWS::Logs::LogGroup",
    "aws_cloudwatch_metric_alarm": "AWS::CloudWatch::Alarm",
    "aws_db_instance": "AWS::RDS::DBInstance",
    "aws_db_option_group": "AWS::RDS::OptionGroup",
    "aws_db_parameter_group": "AWS::RDS::DBParameterGroup",
    "aws_db_subnet_group": "AWS::RDS::DBSubnetGroup",
    "aws_ebs_volume": "AWS::EC2::Volume",
    "aws_eip": "AWS::EC2::EIP",
    "aws_eks_access_entry": "AWS::EKS::AccessEntry",
    "aws_eks_addon": "AWS::EKS::Addon",
    "aws_eks_cluster": "AWS::EKS::Cluster",
    "aws_eks_fargate_profile": "AWS::EKS::FargateProfile",
    "aws_eks_node_group": "AWS::EKS::Nodegroup",
    "aws_eks_pod_identity_association": "AWS::EKS::PodIdentityAssociation",
    "aws_elasticache_parameter_group": "AWS::ElastiCache::ParameterGroup",
    "aws_elasticache_replication_group": "AWS::ElastiCache::ReplicationGroup",
    "aws_elasticache_subnet_group": "AWS::ElastiCache::SubnetGroup",
    "aws_elasticache_user": "AWS::ElastiCache::User",
    "aws_elasticache_user_group": "AWS::ElastiCache::UserGroup",
    "aws_flow_log": "AWS::EC2::FlowLog",
    "aws_iam_instance_profile": "AWS::IAM::InstanceProfile",
    "aws_iam_openid_connect_provider": "AWS::IAM::OIDCProvider",
    "aws_iam_policy": "AWS::IAM::ManagedPolicy",
    "aws_iam_role": "AWS::IAM::Role",
    "aws_iam_role_policy": "AWS::IAM::RolePolicy",
    "aws_instance": "AWS::EC2::Instance",
    "aws_internet_gateway": "AWS::EC2::InternetGateway",
    "aws_kms_alias": "AWS::KMS::Alias",
    "aws_kms_key": "AWS::KMS::Key",
    "aws_launch_template": "AWS::EC2::LaunchTemplate",
    "aws_nat_gateway": "AWS::EC2::NatGateway",
    "aws_network_acl": "AWS::EC2::NetworkAcl",
    "aws_network_interface": "AWS::EC2::NetworkInterface",
    "aws_route": "AWS::EC2::Route",
    "aws_route53_record": "AWS::Route53::RecordSet",
    "aws_route53_zone": "AWS::Route53::HostedZone",
    "aws_route_table": "AWS::EC2::RouteTable",
    "aws_route_table_association": "AWS::EC2::SubnetRouteTableAssociation",
    "aws_s3_bucket": "AWS::S3::Bucket",
    "aws_s3_bucket_lifecycle_configuration": "AWS::S3::Bucket",
    "aws_s3_bucket_ownership_controls": "AWS::S3::Bucket",
    "aws_s3_bucket_policy": "AWS::S3::BucketPolicy",
    "aws_s3_bucket_public_access_block": "AWS::S3::Bucket",
    "aws_s3_bucket_replication_configuration": "AWS::S3::Bucket",
    "aws_s3_bucket_server_side_encryption_configuration": "AWS::S3::Bucket",
    "aws_s3_bucket_versioning": "AWS::S3::Bucket",
    "aws_secretsmanager_secret": "AWS::SecretsManager::Secret",
    "aws_security_group": "AWS::EC2::SecurityGroup",
    "aws_sns_topic": "AWS::SNS::Topic",
    "aws_sns_topic_policy": "AWS::SNS::TopicInlinePolicy",
    "aws_sns_topic_subscription": "AWS::SNS::Subscription",
    "aws_subnet": "AWS::EC2::Subnet",
    "aws_volume_attachment": "AWS::EC2::VolumeAttachment",
    "aws_vpc": "AWS::EC2::VPC",
    "aws_vpc_endpoint": "AWS::EC2::VPCEndpoint",
    "aws_vpc_security_group_egress_rule": "AWS::EC2::SecurityGroupEgress",
    "aws_vpc_security_group_ingress_rule": "AWS::EC2::SecurityGroupIngress",
}


def kinds(root):
    """Our types."""
    found = set()
    for path in (root / "src" / "model" / "aws").glob("*.rs"):
        found.update(KIND.findall(path.read_text()))
    return found


def archive(cache):
    """The package, which is fetched once."""
    home = cache / f"{PACKAGE}-{VERSION}"
    if not list(home.glob("*.whl")):
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        subprocess.run([*command, "--dest", home, f"{PACKAGE}=={VERSION}"], check=True)
    [wheel] = home.glob("*.whl")
    return zipfile.ZipFile(wheel)


def properties(schema):
    """What can be written, by path; whether it makes a new resource when it changes: always, or at times."""

    def paths(key):
        return {path.removeprefix("/properties/") for path in schema.get(key, ())}

    hows = {path: "at times" for path in paths("conditionalCreateOnlyProperties")}
    hows |= {path: "always" for path in paths("createOnlyProperties")}
    written = set(schema["properties"]) - (paths("readOnlyProperties") - set(hows))
    return {path: hows.get(path, "never") for path in sorted(written | set(hows))}


def actions(package):
    """IAM's services with their actions, sorted, as a table in Rust."""
    services = json.loads(package.read("cfnlint/data/AdditionalSpecs/Policies.json"))
    rows = []
    for service, about in sorted(services.items()):
        names = ", ".join(f'"{name}"' for name in sorted(about["Actions"]))
        rows.append(f'    ("{service}", &[{names}]),\n')
    return f"""//! IAM's actions, written by `cargo xtask cloudformation` from {PACKAGE} {VERSION}.

/// Each service with its actions in small letters, both sorted.
#[rustfmt::skip]
pub(super) const SERVICES: &[(&str, &[&str])] = &[
{"".join(rows)}];
"""


def table(root, package):
    wanted = kinds(root)
    folder = "cfnlint/data/schemas"
    names = json.loads(package.read(f"{folder}/providers/{REGION}.json"))
    date = json.loads(package.read(f"{folder}/version.json"))["schema_date"][:10]
    lines = []
    for kind, name in sorted(TYPES.items()):
        if kind in wanted:
            schema = json.loads(package.read(f"{folder}/resources/{names[name]}.json"))
            lines.append(f"{json.dumps(kind)}: " + json.dumps({"type": name, "replaces": properties(schema)}))
    source = f"CloudFormation's schemas of {date}, as {PACKAGE} {VERSION} has them"
    body = ",\n".join(lines)
    return f'{{\n"source": {json.dumps(source)},\n"types": {{\n{body}\n}}\n}}\n'


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 if the table would change")
    arguments = parser.parse_args()
    cache = pathlib.Path(os.environ.get("FATHUSS_CACHE") or pathlib.Path.home() / ".cache" / "fathuss")
    cache.mkdir(parents=True, exist_ok=True)
    with archive(cache) as package:
        written = {
            root / "src" / "model" / "tests" / "cloudformation.json": table(root, package),
            root / "src" / "model" / "aws" / "actions.rs": actions(package),
        }
    for target, text in written.items():
        if not target.exists() or target.read_text() != text:
            if arguments.check:
                sys.exit(f"out of date: {target.relative_to(root)}")
            target.write_text(text)
        print(f"{target.relative_to(root)}: {len(text) // 1024} KiB")


if __name__ == "__main__":
    main()
