"""What moto 5.2.5 can't do of staging, one by one: each with the question that shows it.

A question is put to moto by boto3 alone. When its answer changes, moto has
learned it, the test fails, and the gap goes off the list.
"""

import dataclasses
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable

from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

REDIS = dict(
    ReplicationGroupId="redis",
    ReplicationGroupDescription="made",
    Engine="redis",
    CacheNodeType="cache.t4g.small",
    NumNodeGroups=1,
    ReplicasPerNodeGroup=1,
    AutomaticFailoverEnabled=True,
)


@dataclasses.dataclass(frozen=True)
class Gap:
    """A type, or a field of one as TYPE.FIELD."""

    what: str
    reason: str
    stands: Callable
    # The fields of other types that refer to it.
    also: tuple = ()
    # The fields given in place of a field.
    instead: dict = dataclasses.field(default_factory=dict)
    # The resources that are nothing without it.
    with_it: tuple = ()

    def fields(self):
        """The fields it takes out, each with what comes in their place."""
        own = [(self.what, self.instead)] if "." in self.what else []
        return own + [(path, {}) for path in self.also]


def has_no(operation, **request):
    """Whether moto does not know an operation: no answer of AWS's, but one of its web server's."""

    def stands(client):
        service, method = operation.split(".")
        try:
            getattr(client(service), method)(**request)
        except ResponseParserError:
            return True
        except ClientError as error:
            return error.response["Error"]["Code"] in ("404", "500", "501")
        return False

    return stands


def role(client, name):
    trust = {"Version": "2012-10-17", "Statement": []}
    return client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]


def cluster(client, **more):
    """A cluster as moto answers it."""
    subnets = [subnet["SubnetId"] for subnet in client("ec2").describe_subnets()["Subnets"]][:2]
    eks = client("eks")
    request = dict(name="gap", roleArn=role(client, "gap"), resourcesVpcConfig={"subnetIds": subnets}, **more)
    eks.create_cluster(**request)
    return eks.describe_cluster(name="gap")["cluster"]


def instance(client, **more):
    """A database instance as moto answers it."""
    rds = client("rds")
    request = dict(
        DBInstanceIdentifier="gap",
        DBInstanceClass="db.t3.medium",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="someone",
        MasterUserPassword="correct-horse",
    )
    rds.create_db_instance(**request, **more)
    return rds.describe_db_instances(DBInstanceIdentifier="gap")["DBInstances"][0]


def puts_a_template_s_own_tags_into_its_version(client):
    ec2 = client("ec2")
    tags = [{"ResourceType": "launch-template", "Tags": [{"Key": "Project", "Value": "Fathuss"}]}]
    data = {"InstanceType": "t3.medium"}
    ec2.create_launch_template(LaunchTemplateName="gap", LaunchTemplateData=data, TagSpecifications=tags)
    versions = ec2.describe_launch_template_versions(LaunchTemplateName="gap")["LaunchTemplateVersions"]
    return "TagSpecifications" in versions[0]["LaunchTemplateData"]


def forgets_how_a_cluster_is_entered(client):
    return "accessConfig" not in cluster(client, accessConfig={"authenticationMode": "API"})


def forgets_that_a_cluster_is_protected(client):
    return "deletionProtection" not in cluster(client, deletionProtection=False)


def makes_no_group_for_a_cluster(client):
    return "clusterSecurityGroupId" not in cluster(client)["resourcesVpcConfig"]


def takes_windows_that_meet_for_windows_that_overlap(client):
    try:
        instance(client, PreferredBackupWindow="03:00-04:00", PreferredMaintenanceWindow="sun:04:00-sun:05:00")
    except ClientError as error:
        return "must not overlap" in error.response["Error"]["Message"]
    return False


def forgets_that_insights_are_on(client):
    made = instance(client, EnablePerformanceInsights=True, PerformanceInsightsRetentionPeriod=7)
    return "PerformanceInsightsEnabled" not in made


def lists_no_members_of_a_replication_group(client):
    elasticache = client("elasticache")
    made = elasticache.create_replication_group(**REDIS)["ReplicationGroup"]
    try:
        return not elasticache.describe_cache_clusters(CacheClusterId=made["MemberClusters"][0])["CacheClusters"]
    except ClientError as error:
        return error.response["Error"]["Code"] == "CacheClusterNotFound"


def forgets_the_tags_that_a_bucket_is_made_with(client):
    s3 = client("s3")
    s3.create_bucket(Bucket="gap-of-tags", CreateBucketConfiguration={"Tags": [{"Key": "Project", "Value": "Fathuss"}]})
    try:
        s3.get_bucket_tagging(Bucket="gap-of-tags")
    except ClientError as error:
        return error.response["Error"]["Code"] == "NoSuchTagSet"
    return False


def breaks_at_endpoints_by_id(client):
    ec2 = client("ec2")
    [vpc] = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
    made = ec2.create_vpc_endpoint(VpcId=vpc["VpcId"], ServiceName="com.amazonaws.us-east-1.s3")["VpcEndpoint"]
    try:
        ec2.describe_vpc_endpoints(Filters=[{"Name": "vpc-endpoint-id", "Values": [made["VpcEndpointId"]]}])
    except (ClientError, ResponseParserError):
        return True
    return False


def has_no_alarms_in_cbor(client):
    url = client("cloudwatch").meta.endpoint_url + "/service/GraniteServiceVersion20100801/operation/DescribeAlarms"
    headers = {"smithy-protocol": "rpc-v2-cbor", "content-type": "application/cbor", "accept": "application/cbor"}
    headers["authorization"] = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/monitoring/aws4_request"
    asked = urllib.request.Request(url, data=b"\xa0", headers=headers)
    try:
        with urllib.request.urlopen(asked) as answer:
            return answer.headers["content-type"] != "application/cbor"
    except urllib.error.HTTPError:
        return True


def knows_no_tags_of_a_vault_by_its_path(client):
    """The SDKs ask with and without a slash at the end, as AWS takes both."""
    backup = client("backup")
    made = backup.create_backup_vault(BackupVaultName="gap", BackupVaultTags={"Name": "gap"})
    url = f"{backup.meta.endpoint_url}/tags/{urllib.parse.quote(made['BackupVaultArn'], safe='')}"
    scope = "Credential=test/20260101/us-east-1/backup/aws4_request"
    headers = {"Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            return json.load(answer)["Tags"] == {}
    finally:
        backup.delete_backup_vault(BackupVaultName="gap")


GAPS = (
    Gap(
        "aws_backup_vault",
        "the tags of a vault are nobody's to those who ask for them as its SDK for Rust does",
        knows_no_tags_of_a_vault_by_its_path,
        with_it=("aws_backup_plan", "aws_backup_selection"),
    ),
    Gap(
        "aws_cloudwatch_metric_alarm",
        "CloudWatch does not speak CBOR, which is what its SDK for Rust speaks",
        has_no_alarms_in_cbor,
        with_it=("aws_cloudwatch_dashboard",),
    ),
    Gap(
        "aws_s3_bucket",
        "the tags that a bucket is made with are forgotten, and with them whose it is",
        forgets_the_tags_that_a_bucket_is_made_with,
        with_it=(
            "aws_s3_bucket_lifecycle_configuration",
            "aws_s3_bucket_ownership_controls",
            "aws_s3_bucket_policy",
            "aws_s3_bucket_public_access_block",
            "aws_s3_bucket_server_side_encryption_configuration",
            "aws_s3_bucket_versioning",
            "aws_iam_policy.loki",
            "aws_iam_policy.grader_worker",
            "aws_iam_role_policy_attachment.loki",
            "aws_iam_role_policy_attachment.grader_worker",
        ),
    ),
    Gap("aws_vpc_endpoint", "endpoints can't be asked for by a filter with their ids", breaks_at_endpoints_by_id),
    Gap(
        "aws_launch_template",
        "the template's own tags show in its version's data, as tags for what is launched",
        puts_a_template_s_own_tags_into_its_version,
        also=("aws_eks_node_group.launch_template",),
    ),
    Gap("aws_eks_addon", "EKS has no addons", has_no("eks.create_addon", clusterName="gap", addonName="vpc-cni")),
    Gap("aws_eks_addon_version", "EKS has no versions of addons", has_no("eks.describe_addon_versions")),
    Gap(
        "aws_eks_access_entry",
        "EKS has no access entries",
        has_no("eks.create_access_entry", clusterName="gap", principalArn="arn:aws:iam::111122223333:role/gap"),
    ),
    Gap(
        "aws_eks_access_policy_association",
        "EKS has no access policies",
        has_no(
            "eks.associate_access_policy",
            clusterName="gap",
            principalArn="arn:aws:iam::111122223333:role/gap",
            policyArn="arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
            accessScope={"type": "cluster"},
        ),
    ),
    Gap("aws_eks_cluster.access_config", "a cluster's access is forgotten", forgets_how_a_cluster_is_entered),
    Gap("aws_eks_cluster.deletion_protection", "so is its protection", forgets_that_a_cluster_is_protected),
    Gap(
        "aws_vpc_security_group_ingress_rule.referenced_security_group_id",
        "a cluster has no security group of its own: the rules name the whole network instead",
        makes_no_group_for_a_cluster,
        instead={"cidr_ipv4": {"literal": "10.10.0.0/16"}},
    ),
    Gap(
        "aws_db_instance.maintenance_window",
        "a maintenance window that begins when the backup window ends is refused: it begins later",
        takes_windows_that_meet_for_windows_that_overlap,
        instead={"maintenance_window": {"literal": "sun:05:00-sun:06:00"}},
    ),
    Gap(
        "aws_db_instance.performance_insights_enabled",
        "whether insights are on is forgotten",
        forgets_that_insights_are_on,
        also=("aws_db_instance.performance_insights_retention_period",),
    ),
    Gap(
        "aws_elasticache_parameter_group",
        "ElastiCache has no parameter groups",
        has_no(
            "elasticache.create_cache_parameter_group",
            CacheParameterGroupName="gap",
            CacheParameterGroupFamily="redis7",
            Description="made",
        ),
    ),
    Gap(
        "aws_elasticache_subnet_group",
        "a subnet group can't be deleted",
        has_no("elasticache.delete_cache_subnet_group", CacheSubnetGroupName="gap"),
    ),
    Gap(
        "aws_elasticache_replication_group",
        "the members of a replication group are no clusters that can be described",
        lists_no_members_of_a_replication_group,
    ),
)
