"""What policies allow, as AWS evaluates them, and in which words each service refuses the rest."""

import contextlib
import json
import os
import re

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

import seen
from refusal import outcome
from world import ACCOUNT, REGION, World

OTHER = "999988887777"
ME = f"arn:aws:sts::{ACCOUNT}:assumed-role/tester/session"
CONFIG = Config(retries={"mode": "standard", "total_max_attempts": 1}, parameter_validation=False)


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(*actions, on="*", **more):
    return {"Effect": "Allow", "Action": list(actions), "Resource": on, **more}


def deny(*actions, on="*", **more):
    return {**allow(*actions, on=on, **more), "Effect": "Deny"}


def to(principal, **statement):
    return {**statement, "Principal": principal}


SESSION = boto3.Session(region_name=REGION)


class Clients:
    """Clients with these credentials, each made when it is first asked for."""

    def __init__(self, address, key, secret, token):
        self.given = dict(
            endpoint_url=address,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=CONFIG,
        )

    def __getattr__(self, service):
        client = SESSION.client(service, **self.given)
        client.meta.events.register("after-call", seen.note)
        setattr(self, service, client)
        return client


class Identities:
    """An account whose policies hold, its administrator, and sessions of a role of it."""

    def __init__(self, world):
        self.world = world
        self.admin = self.clients("test", "test")
        self.other = self.clients(OTHER, "test")

    def clients(self, key, secret, token=None):
        return Clients(self.world.address, key, secret, token)

    def session(self, *statements, account=None, policy=None, boundary=None, tags=()):
        """Clients of a session of the role `tester` that has these statements alone."""
        admin, number = account or self.admin, ACCOUNT if account is None else OTHER
        trust = document(to({"AWS": number}, Effect="Allow", Action="sts:AssumeRole"))
        with contextlib.suppress(admin.iam.exceptions.NoSuchEntityException):
            admin.iam.delete_role_policy(RoleName="tester", PolicyName="p")
            admin.iam.delete_role(RoleName="tester")
        more = {"PermissionsBoundary": boundary} if boundary else {}
        arn = admin.iam.create_role(RoleName="tester", AssumeRolePolicyDocument=trust, Tags=list(tags), **more)["Role"]["Arn"]
        wanted = statements or [allow("polly:DescribeVoices")]
        admin.iam.put_role_policy(RoleName="tester", PolicyName="p", PolicyDocument=document(*wanted))
        given = {"Policy": policy} if policy else {}
        keys = admin.sts.assume_role(RoleArn=arn, RoleSessionName="session", **given)["Credentials"]
        return self.clients(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])

    def bucket(self, *statements, name="bucket", open=False, **objects):
        self.admin.s3.create_bucket(Bucket=name)
        for key, body in objects.items():
            self.admin.s3.put_object(Bucket=name, Key=key, Body=body)
        if open:
            self.admin.s3.delete_public_access_block(Bucket=name)
        if statements:
            self.admin.s3.put_bucket_policy(Bucket=name, Policy=document(*statements))
        return name


@pytest.fixture(scope="module")
def enforcing():
    world = World(os.environ["FATHUSS"], "--speed", "instant", "--enforce-iam", "--rate", "1000")
    try:
        yield world
    finally:
        world.stop()


@pytest.fixture
def who(enforcing):
    enforcing.reset()
    return Identities(enforcing)


def refused(act, code, message=None, status=None):
    found = outcome(act)
    assert found is not None, "the call succeeded"
    assert found.code == code, found
    assert status is None or found.status == status, found
    assert message is None or found.message == message, found.message


def silent(action, place="", kind="identity-based policy", caller=ME):
    """That no policy allows an action."""
    return f"User: {caller} is not authorized to perform: {action}{place} because no {kind} allows the {action} action"


def denied(action, place="", kind="a resource-based policy", caller=ME):
    """That a policy denies an action."""
    return f"User: {caller} is not authorized to perform: {action}{place} with an explicit deny in {kind}"


# Each service's actions and resources, and its words.
#
# A row is an operation with what it is called with, the action that it is, what the action is asked for on, and the
# code and status of its refusal. The page of each service in
# https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
# has the actions and resources.

A = f"{REGION}:{ACCOUNT}"
KEY = "11111111-2222-3333-4444-555555555555"
S3 = ("AccessDenied", 403)
JSON = ("AccessDeniedException", 400)
QUERY = ("AccessDenied", 403)
REST = ("AccessDeniedException", 403)
BUDGET = {"BudgetName": "b", "BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": {"Amount": "1", "Unit": "USD"}}
ACTIONS = [
    ("s3.list_objects_v2", {"Bucket": "bucket"}, "s3:ListBucket", '"arn:aws:s3:::bucket"', S3),
    ("s3.list_object_versions", {"Bucket": "bucket"}, "s3:ListBucketVersions", '"arn:aws:s3:::bucket"', S3),
    ("s3.list_multipart_uploads", {"Bucket": "bucket"}, "s3:ListBucketMultipartUploads", '"arn:aws:s3:::bucket"', S3),
    ("s3.get_bucket_encryption", {"Bucket": "bucket"}, "s3:GetEncryptionConfiguration", '"arn:aws:s3:::bucket"', S3),
    ("s3.delete_bucket_encryption", {"Bucket": "bucket"}, "s3:PutEncryptionConfiguration", '"arn:aws:s3:::bucket"', S3),
    ("s3.delete_bucket_lifecycle", {"Bucket": "bucket"}, "s3:PutLifecycleConfiguration", '"arn:aws:s3:::bucket"', S3),
    ("s3.delete_bucket_replication", {"Bucket": "bucket"}, "s3:PutReplicationConfiguration", '"arn:aws:s3:::bucket"', S3),
    ("s3.delete_bucket_tagging", {"Bucket": "bucket"}, "s3:PutBucketTagging", '"arn:aws:s3:::bucket"', S3),
    ("s3.delete_bucket_ownership_controls", {"Bucket": "bucket"}, "s3:PutBucketOwnershipControls", '"arn:aws:s3:::bucket"', S3),
    ("s3.get_public_access_block", {"Bucket": "bucket"}, "s3:GetBucketPublicAccessBlock", '"arn:aws:s3:::bucket"', S3),
    ("s3.delete_public_access_block", {"Bucket": "bucket"}, "s3:PutBucketPublicAccessBlock", '"arn:aws:s3:::bucket"', S3),
    ("s3.get_bucket_versioning", {"Bucket": "bucket"}, "s3:GetBucketVersioning", '"arn:aws:s3:::bucket"', S3),
    ("s3.get_bucket_location", {"Bucket": "bucket"}, "s3:GetBucketLocation", '"arn:aws:s3:::bucket"', S3),
    ("s3.create_bucket", {"Bucket": "another"}, "s3:CreateBucket", '"arn:aws:s3:::another"', S3),
    ("s3.get_object", {"Bucket": "bucket", "Key": "a"}, "s3:GetObject", '"arn:aws:s3:::bucket/a"', S3),
    ("s3.put_object", {"Bucket": "bucket", "Key": "b"}, "s3:PutObject", '"arn:aws:s3:::bucket/b"', S3),
    ("s3.create_multipart_upload", {"Bucket": "bucket", "Key": "b"}, "s3:PutObject", '"arn:aws:s3:::bucket/b"', S3),
    ("s3.delete_object", {"Bucket": "bucket", "Key": "a"}, "s3:DeleteObject", '"arn:aws:s3:::bucket/a"', S3),
    ("s3.get_object_tagging", {"Bucket": "bucket", "Key": "a"}, "s3:GetObjectTagging", '"arn:aws:s3:::bucket/a"', S3),
    ("s3.delete_object_tagging", {"Bucket": "bucket", "Key": "a"}, "s3:DeleteObjectTagging", '"arn:aws:s3:::bucket/a"', S3),
    ("secretsmanager.describe_secret", {"SecretId": "secret"}, "secretsmanager:DescribeSecret", "secret", JSON),
    ("secretsmanager.get_secret_value", {"SecretId": "secret"}, "secretsmanager:GetSecretValue", "secret", JSON),
    ("secretsmanager.put_secret_value", {"SecretId": "secret", "SecretString": "x"}, "secretsmanager:PutSecretValue", "secret", JSON),
    ("secretsmanager.list_secrets", {}, "secretsmanager:ListSecrets", None, JSON),
    ("secretsmanager.get_random_password", {}, "secretsmanager:GetRandomPassword", None, JSON),
    ("logs.describe_log_groups", {}, "logs:DescribeLogGroups", f"arn:aws:logs:{A}:log-group::log-stream:", JSON),
    ("logs.create_log_group", {"logGroupName": "new"}, "logs:CreateLogGroup", f"arn:aws:logs:{A}:log-group:new:log-stream:", JSON),
    ("logs.put_retention_policy", {"logGroupName": "group", "retentionInDays": 7}, "logs:PutRetentionPolicy", f"arn:aws:logs:{A}:log-group:group:log-stream:", JSON),
    ("logs.list_tags_for_resource", {"resourceArn": f"arn:aws:logs:{A}:log-group:group"}, "logs:ListTagsForResource", f"arn:aws:logs:{A}:log-group:group", JSON),
    ("backup.describe_backup_vault", {"BackupVaultName": "vault"}, "backup:DescribeBackupVault", f"arn:aws:backup:{A}:backup-vault:vault", REST),
    ("backup.list_backup_plans", {}, "backup:ListBackupPlans", "*", REST),
    ("backup.delete_backup_vault", {"BackupVaultName": "vault"}, "backup:DeleteBackupVault", f"arn:aws:backup:{A}:backup-vault:vault", REST),
    ("budgets.describe_budgets", {"AccountId": ACCOUNT}, "budgets:ViewBudget", f"arn:aws:budgets::{ACCOUNT}:budget/*", JSON),
    ("budgets.create_budget", {"AccountId": ACCOUNT, "Budget": BUDGET}, "budgets:ModifyBudget", f"arn:aws:budgets::{ACCOUNT}:budget/b", JSON),
    ("ce.list_cost_allocation_tags", {}, "ce:ListCostAllocationTags", f"arn:aws:ce:us-east-1:{ACCOUNT}:/ListCostAllocationTags", JSON),
    ("iam.get_role", {"RoleName": "tester"}, "iam:GetRole", f"arn:aws:iam::{ACCOUNT}:role/tester", QUERY),
    ("iam.list_roles", {}, "iam:ListRoles", f"arn:aws:iam::{ACCOUNT}:role/", QUERY),
    ("kms.list_aliases", {}, "kms:ListAliases", "*", JSON),
    ("kms.create_key", {}, "kms:CreateKey", "*", JSON),
    ("sns.get_topic_attributes", {"TopicArn": f"arn:aws:sns:{A}:topic"}, "SNS:GetTopicAttributes", f"arn:aws:sns:{A}:topic", ("AuthorizationError", 403)),
    ("sns.create_topic", {"Name": "new"}, "SNS:CreateTopic", f"arn:aws:sns:{A}:new", ("AuthorizationError", 403)),
    ("eks.list_clusters", {}, "eks:ListClusters", f"arn:aws:eks:{A}:cluster/*", REST),
    ("eks.describe_addon_versions", {}, "eks:DescribeAddonVersions", "*", REST),
    ("rds.describe_db_instances", {}, "rds:DescribeDBInstances", f"arn:aws:rds:{A}:db:*", QUERY),
    ("rds.describe_option_groups", {}, "rds:DescribeOptionGroups", f"arn:aws:rds:{A}:og:*", QUERY),
    ("elasticache.describe_users", {}, "elasticache:DescribeUsers", f"arn:aws:elasticache:{A}:user:*", QUERY),
    ("elasticache.describe_replication_groups", {}, "elasticache:DescribeReplicationGroups", f"arn:aws:elasticache:{A}:replicationgroup:*", QUERY),
    ("cloudwatch.describe_alarms", {}, "cloudwatch:DescribeAlarms", f"arn:aws:cloudwatch:{A}:alarm:*", QUERY),
    ("route53.list_hosted_zones", {}, "route53:ListHostedZones", "*", QUERY),
    ("acm.list_certificates", {}, "acm:ListCertificates", "*", JSON),
    ("elb.describe_load_balancers", {}, "elasticloadbalancing:DescribeLoadBalancers", "*", QUERY),
    ("elb.delete_load_balancer", {"LoadBalancerName": "absent"}, "elasticloadbalancing:DeleteLoadBalancer", f"arn:aws:elasticloadbalancing:{A}:loadbalancer/absent", QUERY),
    ("elbv2.describe_load_balancers", {}, "elasticloadbalancing:DescribeLoadBalancers", "*", QUERY),
    ("elbv2.delete_load_balancer", {"LoadBalancerArn": f"arn:aws:elasticloadbalancing:{A}:loadbalancer/net/absent/0123456789abcdef"}, "elasticloadbalancing:DeleteLoadBalancer", f"arn:aws:elasticloadbalancing:{A}:loadbalancer/net/absent/0123456789abcdef", QUERY),
    ("cloudfront.list_distributions", {}, "cloudfront:ListDistributions", "*", QUERY),
]


def furnished(who):
    """What the rows name."""
    who.bucket(a=b"text")
    who.admin.secretsmanager.create_secret(Name="secret", SecretString="text")
    who.admin.logs.create_log_group(logGroupName="group")
    who.admin.backup.create_backup_vault(BackupVaultName="vault")
    who.admin.sns.create_topic(Name="topic")


@pytest.mark.parametrize("name, given, action, resource, answer", ACTIONS, ids=[row[0] for row in ACTIONS])
def test_an_operation_is_its_action_on_its_resource(who, name, given, action, resource, answer):
    furnished(who)
    service, _, operation = name.partition(".")
    call = lambda clients: getattr(getattr(clients, service), operation)(**given)
    code, status = answer
    place = "" if resource is None else f" on resource: {resource}"
    refused(lambda: call(who.session()), code, silent(action, place), status)
    wanted = "*" if resource in (None, "secret") else resource.strip('"')
    call(who.session(allow(action, on=wanted)))


def test_ec2_says_what_it_would_have_done_and_what_not(who):
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html"""
    lead = "You are not authorized to perform this operation. "
    refused(who.session().ec2.describe_vpcs, "UnauthorizedOperation", lead + silent("ec2:DescribeVpcs"), 403)
    vpc = who.admin.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    allowed = allow("ec2:*")
    place = f" on resource: arn:aws:ec2:{A}:vpc/{vpc}"
    session = who.session(allowed, deny("ec2:DeleteVpc"))
    said = lead + denied("ec2:DeleteVpc", place, "an identity-based policy") + ". Encoded authorization failure message: "
    with pytest.raises(ClientError) as caught:
        session.ec2.delete_vpc(VpcId=vpc)
    assert re.fullmatch(re.escape(said) + "[A-Za-z0-9_-]+", caught.value.response["Error"]["Message"])


# S3


def test_a_head_is_refused_without_words(who):
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html"""
    who.bucket(a=b"text")
    session = who.session()
    refused(lambda: session.s3.head_bucket(Bucket="bucket"), "403", "Forbidden", 403)
    refused(lambda: session.s3.head_object(Bucket="bucket", Key="a"), "403", "Forbidden", 403)
    who.session(allow("s3:ListBucket", on="arn:aws:s3:::bucket")).s3.head_bucket(Bucket="bucket")
    who.session(allow("s3:GetObject", on="arn:aws:s3:::bucket/a")).s3.head_object(Bucket="bucket", Key="a")


def test_all_buckets_are_listed_by_who_may_list_them_all(who):
    session = who.session(allow("s3:ListBucket"))
    refused(session.s3.list_buckets, "AccessDenied", silent("s3:ListAllMyBuckets"), 403)
    who.session(allow("s3:ListAllMyBuckets", on="arn:aws:s3:::*")).s3.list_buckets()


def test_a_key_that_is_not_there_is_told_to_who_may_list_the_bucket(who):
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html"""
    who.bucket()
    get = lambda session: session.s3.get_object(Bucket="bucket", Key="none")
    refused(lambda: get(who.session(allow("s3:GetObject"))), "AccessDenied", silent("s3:ListBucket", ' on resource: "arn:aws:s3:::bucket"'), 403)
    refused(lambda: get(who.session(allow("s3:GetObject", "s3:ListBucket"))), "NoSuchKey", None, 404)


def test_a_version_is_an_action_of_its_own(who):
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html"""
    who.bucket()
    who.admin.s3.put_bucket_versioning(Bucket="bucket", VersioningConfiguration={"Status": "Enabled"})
    version = who.admin.s3.put_object(Bucket="bucket", Key="a", Body=b"text")["VersionId"]
    place = ' on resource: "arn:aws:s3:::bucket/a"'
    of_version = dict(Bucket="bucket", Key="a", VersionId=version)
    session = who.session(allow("s3:GetObject", "s3:DeleteObject", "s3:GetObjectTagging"))
    session.s3.get_object(Bucket="bucket", Key="a")
    refused(lambda: session.s3.get_object(**of_version), "AccessDenied", silent("s3:GetObjectVersion", place))
    refused(lambda: session.s3.get_object_tagging(**of_version), "AccessDenied", silent("s3:GetObjectVersionTagging", place))
    refused(lambda: session.s3.delete_object(**of_version), "AccessDenied", silent("s3:DeleteObjectVersion", place))
    who.session(allow("s3:DeleteObjectVersion")).s3.delete_object(**of_version)


def test_of_several_keys_each_is_deleted_or_refused_by_itself(who):
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html"""
    who.bucket(a=b"1", b=b"2")
    session = who.session(allow("s3:*"), deny("s3:DeleteObject", on="arn:aws:s3:::bucket/a"))
    answer = session.s3.delete_objects(Bucket="bucket", Delete={"Objects": [{"Key": "a"}, {"Key": "b"}]})
    assert [deleted["Key"] for deleted in answer["Deleted"]] == ["b"]
    [error] = answer["Errors"]
    place = ' on resource: "arn:aws:s3:::bucket/a"'
    assert (error["Key"], error["Code"]) == ("a", "AccessDenied")
    assert error["Message"] == denied("s3:DeleteObject", place, "an identity-based policy")
    who.admin.s3.get_object(Bucket="bucket", Key="a")
    nothing = who.session().s3.delete_objects(Bucket="bucket", Delete={"Objects": [{"Key": "a"}]})
    assert [error["Message"] for error in nothing["Errors"]] == [silent("s3:DeleteObject", place)]


def test_a_copy_reads_its_source_and_writes_its_destination(who):
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html"""
    who.bucket(a=b"text")
    copy = lambda session: session.s3.copy_object(Bucket="bucket", Key="b", CopySource="bucket/a")
    refused(lambda: copy(who.session(allow("s3:PutObject"))), "AccessDenied", silent("s3:GetObject", ' on resource: "arn:aws:s3:::bucket/a"'))
    refused(lambda: copy(who.session(allow("s3:GetObject"))), "AccessDenied", silent("s3:PutObject", ' on resource: "arn:aws:s3:::bucket/b"'))
    copy(who.session(allow("s3:GetObject", on="arn:aws:s3:::bucket/a"), allow("s3:PutObject", on="arn:aws:s3:::bucket/b")))


def test_an_upload_in_parts_is_writing_until_it_is_looked_at_or_given_up(who):
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html#mpuAndPermissions"""
    who.bucket()
    place = dict(Bucket="bucket", Key="a")
    session = who.session(allow("s3:PutObject"))
    upload = session.s3.create_multipart_upload(**place)["UploadId"]
    session.s3.upload_part(**place, UploadId=upload, PartNumber=1, Body=b"text")
    shown = ' on resource: "arn:aws:s3:::bucket/a"'
    refused(lambda: session.s3.list_parts(**place, UploadId=upload), "AccessDenied", silent("s3:ListMultipartUploadParts", shown))
    refused(lambda: session.s3.abort_multipart_upload(**place, UploadId=upload), "AccessDenied", silent("s3:AbortMultipartUpload", shown))
    who.session(allow("s3:ListMultipartUploadParts")).s3.list_parts(**place, UploadId=upload)
    who.session(allow("s3:AbortMultipartUpload")).s3.abort_multipart_upload(**place, UploadId=upload)


def test_tags_and_access_control_lists_are_permissions_beside_that_to_write(who):
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html"""
    who.bucket()
    shown = ' on resource: "arn:aws:s3:::bucket/a"'
    session = who.session(allow("s3:PutObject"))
    put = lambda **more: session.s3.put_object(Bucket="bucket", Key="a", **more)
    refused(lambda: put(Tagging="team=blue"), "AccessDenied", silent("s3:PutObjectTagging", shown))
    refused(lambda: put(ACL="private"), "AccessDenied", silent("s3:PutObjectAcl", shown))
    blue = {"StringEquals": {"s3:RequestObjectTag/team": "blue"}}
    session = who.session(allow("s3:PutObject"), allow("s3:PutObjectTagging", Condition=blue))
    put(Tagging="team=blue")
    refused(lambda: put(Tagging="team=red"), "AccessDenied", silent("s3:PutObjectTagging", shown))


def test_conditions_know_what_is_listed_and_how_an_object_is_tagged_and_encrypted(who):
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html"""
    who.bucket(a=b"text")
    session = who.session(
        allow("s3:ListBucket", Condition={"StringLike": {"s3:prefix": "home/*"}}),
        allow("s3:GetObject", Condition={"StringEquals": {"s3:ExistingObjectTag/team": "blue"}}),
        allow("s3:PutObject", Condition={"StringEquals": {"s3:x-amz-server-side-encryption": "AES256"}}),
    )
    session.s3.list_objects_v2(Bucket="bucket", Prefix="home/me")
    refused(lambda: session.s3.list_objects_v2(Bucket="bucket"), "AccessDenied")
    refused(lambda: session.s3.get_object(Bucket="bucket", Key="a"), "AccessDenied")
    who.admin.s3.put_object_tagging(Bucket="bucket", Key="a", Tagging={"TagSet": [{"Key": "team", "Value": "blue"}]})
    session.s3.get_object(Bucket="bucket", Key="a")
    refused(lambda: session.s3.put_object(Bucket="bucket", Key="b"), "AccessDenied")
    session.s3.put_object(Bucket="bucket", Key="b", ServerSideEncryption="AES256")
    session = who.session(allow("s3:GetObject", Condition={"StringEquals": {"s3:authType": "REST-HEADER"}}))
    refused(lambda: session.s3.get_object(Bucket="bucket", Key="a"), "NotSimulated", None, 501)


def test_a_roles_copies_are_made_by_a_role_that_is_passed(who):
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html"""
    who.bucket()
    who.bucket(name="copies")
    for name in ("bucket", "copies"):
        who.admin.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    trust = document(to({"Service": "s3.amazonaws.com"}, Effect="Allow", Action="sts:AssumeRole"))
    role = who.admin.iam.create_role(RoleName="copier", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    rule = {"ID": "all", "Priority": 1, "Status": "Enabled", "Filter": {"Prefix": ""}, "DeleteMarkerReplication": {"Status": "Disabled"}, "Destination": {"Bucket": "arn:aws:s3:::copies"}}
    put = lambda session: session.s3.put_bucket_replication(Bucket="bucket", ReplicationConfiguration={"Role": role, "Rules": [rule]})
    refused(lambda: put(who.session(allow("s3:*"))), "AccessDenied", silent("iam:PassRole", f" on resource: {role}"))
    put(who.session(allow("s3:*"), allow("iam:PassRole", on=role)))


# Policies of buckets


def test_a_buckets_policy_lets_in_whom_it_names_and_whom_it_denies_it_keeps_out(who):
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics-resource.html"""
    role = f"arn:aws:iam::{ACCOUNT}:role/tester"
    get = lambda session: session.s3.get_object(Bucket="bucket", Key="a")
    session = who.session()
    objects = "arn:aws:s3:::bucket/*"
    who.bucket(a=b"text")
    place = ' on resource: "arn:aws:s3:::bucket/a"'
    put = lambda *statements: who.admin.s3.put_bucket_policy(Bucket="bucket", Policy=document(*statements))
    for principal in (role, ME):
        put(to({"AWS": principal}, **allow("s3:GetObject", on=objects)))
        get(session)
    # The account alone leaves it to the account's own policies.
    put(to({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, **allow("s3:GetObject", on=objects)))
    refused(lambda: get(session), "AccessDenied", silent("s3:GetObject", place))
    put(to({"Service": "cloudtrail.amazonaws.com"}, **allow("s3:GetObject", on=objects)))
    refused(lambda: get(session), "AccessDenied", silent("s3:GetObject", place))
    put(to("*", **deny("s3:GetObject", on=objects)))
    refused(lambda: get(who.session(allow("s3:*"))), "AccessDenied", denied("s3:GetObject", place))
    # Who enforces policies has them hold for administrators, too.
    caller = f"arn:aws:iam::{ACCOUNT}:user/administrator"
    refused(lambda: get(who.admin), "AccessDenied", denied("s3:GetObject", place, caller=caller))
    put(to("*", **deny("s3:*", on=objects, Condition={"Bool": {"aws:SecureTransport": "false"}})))
    get(who.admin)
    put(to("*", **deny("s3:*", on=objects, Condition={"StringNotEquals": {"aws:PrincipalArn": role}})))
    get(who.session(allow("s3:*")))
    refused(lambda: get(who.admin), "AccessDenied")


def test_everyone_is_let_in_where_nothing_blocks_the_public(who):
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html"""
    everyone = to("*", **allow("s3:GetObject", on="arn:aws:s3:::bucket/*"))
    who.bucket(everyone, open=True, a=b"text")
    get = lambda clients: clients.s3.get_object(Bucket="bucket", Key="a")
    get(who.session())
    get(who.other)
    only_new = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": False}
    who.admin.s3.put_public_access_block(Bucket="bucket", PublicAccessBlockConfiguration=only_new)
    get(who.other)
    who.admin.s3.put_public_access_block(Bucket="bucket", PublicAccessBlockConfiguration={**only_new, "RestrictPublicBuckets": True})
    refused(lambda: get(who.other), "AccessDenied", "Access Denied", 403)
    get(who.session())


def test_a_boundary_bounds_what_a_role_is_let_and_not_what_its_session_is(who):
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html"""
    boundary = who.admin.iam.create_policy(PolicyName="b", PolicyDocument=document(allow("ec2:*")))["Policy"]["Arn"]
    session = who.session(allow("s3:*"), boundary=boundary)
    who.bucket(a=b"text")
    get = lambda session: session.s3.get_object(Bucket="bucket", Key="a")
    put = lambda principal: who.admin.s3.put_bucket_policy(Bucket="bucket", Policy=document(to({"AWS": principal}, **allow("s3:GetObject", on="arn:aws:s3:::bucket/*"))))
    place = ' on resource: "arn:aws:s3:::bucket/a"'
    bounded = silent("s3:GetObject", place, "permissions boundary")
    refused(lambda: get(session), "AccessDenied", bounded)
    put(f"arn:aws:iam::{ACCOUNT}:role/tester")
    refused(lambda: get(session), "AccessDenied", bounded)
    put(ME)
    get(session)
    narrowed = who.session(allow("s3:*"), policy=document(allow("ec2:*")))
    put(f"arn:aws:iam::{ACCOUNT}:role/tester")
    refused(lambda: get(narrowed), "AccessDenied", silent("s3:GetObject", place, "session policy"))


def test_another_accounts_bucket_is_used_by_whom_both_accounts_let(who):
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html"""
    who.bucket(a=b"text")
    get = lambda clients: clients.s3.get_object(Bucket="bucket", Key="a")
    session = who.session(allow("s3:*"), account=who.other)
    for clients in (who.other, session):
        refused(lambda: get(clients), "AccessDenied", "Access Denied", 403)
    policy = document(to({"AWS": OTHER}, **allow("s3:GetObject", "s3:PutObject", on="arn:aws:s3:::bucket/*")))
    who.admin.s3.put_bucket_policy(Bucket="bucket", Policy=policy)
    get(who.other)
    get(session)
    session.s3.put_object(Bucket="bucket", Key="b", Body=b"text")
    assert who.admin.s3.get_object(Bucket="bucket", Key="b")["Body"].read() == b"text"
    refused(lambda: get(who.session(account=who.other)), "AccessDenied", "Access Denied", 403)
    refused(lambda: session.s3.list_objects_v2(Bucket="bucket"), "AccessDenied", "Access Denied", 403)
    # What one account lets the other read, the other may copy.
    who.other.s3.create_bucket(Bucket="theirs")
    who.other.s3.copy_object(Bucket="theirs", Key="a", CopySource="bucket/a")
    who.admin.s3.delete_bucket_policy(Bucket="bucket")
    refused(lambda: who.other.s3.copy_object(Bucket="theirs", Key="c", CopySource="bucket/a"), "AccessDenied", "Access Denied", 403)


# KMS


def key(who, *statements):
    """A key of this policy, which its administrator may change."""
    lead = to({"AWS": f"arn:aws:iam::{ACCOUNT}:user/administrator"}, **allow("kms:*"))
    more = {"Policy": document(lead, *statements)} if statements else {}
    return who.admin.kms.create_key(**more)["KeyMetadata"]["Arn"]


def test_a_keys_policy_decides_and_the_usual_one_leaves_it_to_the_accounts_own(who):
    """https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html"""
    usual, closed = key(who), key(who, to({"Service": "logs.amazonaws.com"}, **allow("kms:Decrypt")))
    session = who.session(allow("kms:*"))
    session.kms.describe_key(KeyId=usual)
    place = f" on resource: {closed}"
    refused(lambda: session.kms.describe_key(KeyId=closed), "AccessDeniedException", silent("kms:DescribeKey", place, "resource-based policy"), 400)
    nobody = who.session()
    refused(lambda: nobody.kms.describe_key(KeyId=usual), "AccessDeniedException", silent("kms:DescribeKey", f" on resource: {usual}"), 400)
    named = key(who, to({"AWS": f"arn:aws:iam::{ACCOUNT}:role/tester"}, **allow("kms:DescribeKey")))
    nobody.kms.describe_key(KeyId=named)
    refused(lambda: nobody.kms.disable_key(KeyId=named), "AccessDeniedException", silent("kms:DisableKey", f" on resource: {named}", "resource-based policy"))
    shut = key(who, to("*", **deny("kms:DescribeKey", Condition={"StringEquals": {"aws:PrincipalTag/team": "red"}})), to({"AWS": ACCOUNT}, **allow("kms:*")))
    red = who.session(allow("kms:*"), tags=[{"Key": "team", "Value": "red"}])
    refused(lambda: red.kms.describe_key(KeyId=shut), "AccessDeniedException", denied("kms:DescribeKey", f" on resource: {shut}"))


def test_another_accounts_key_is_used_by_whom_both_accounts_let(who):
    """https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying-external-accounts.html"""
    own, shared = key(who), key(who, to({"AWS": OTHER}, **allow("kms:*")))
    hidden = "User: {} is not authorized to perform: kms:{} on this resource because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access"
    caller = f"arn:aws:iam::{OTHER}:user/administrator"
    absent = own.rpartition("/")[0] + "/" + KEY
    for arn in (own, absent):
        refused(lambda: who.other.kms.describe_key(KeyId=arn), "AccessDeniedException", hidden.format(caller, "DescribeKey"), 400)
    assert who.other.kms.describe_key(KeyId=shared)["KeyMetadata"]["AWSAccountId"] == ACCOUNT
    refused(lambda: who.other.kms.disable_key(KeyId=shared), "AccessDeniedException", hidden.format(caller, "DisableKey"))
    session = who.session(account=who.other)
    theirs = f"arn:aws:sts::{OTHER}:assumed-role/tester/session"
    refused(lambda: session.kms.describe_key(KeyId=shared), "AccessDeniedException", silent("kms:DescribeKey", f" on resource: {shared}", caller=theirs))
    who.session(allow("kms:DescribeKey"), account=who.other).kms.describe_key(KeyId=shared)


def test_an_object_under_a_key_takes_the_key_as_well(who):
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html"""
    arn = key(who)
    who.bucket()
    by_key = dict(Bucket="bucket", Key="a", ServerSideEncryption="aws:kms", SSEKMSKeyId=arn)
    session = who.session(allow("s3:*"))
    refused(lambda: session.s3.put_object(**by_key), "AccessDenied", silent("kms:GenerateDataKey", " on this resource"), 403)
    through = {"StringEquals": {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}, "StringLike": {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::bucket/*"}}
    session = who.session(allow("s3:*"), allow("kms:GenerateDataKey", on=arn, Condition=through))
    session.s3.put_object(**by_key)
    get = lambda session: session.s3.get_object(Bucket="bucket", Key="a")
    refused(lambda: get(session), "AccessDenied", silent("kms:Decrypt", " on the resource associated with this ciphertext"), 403)
    session.s3.head_object(Bucket="bucket", Key="a")
    get(who.session(allow("s3:*"), allow("kms:Decrypt", on=arn)))
    session = who.session(allow("s3:*"), allow("kms:GenerateDataKey", on=arn))
    upload = session.s3.create_multipart_upload(**by_key)["UploadId"]
    refused(lambda: session.s3.upload_part(Bucket="bucket", Key="a", UploadId=upload, PartNumber=1, Body=b"x"), "AccessDenied")
    # AWS's own key lets in who comes through S3.
    who.session(allow("s3:*")).s3.put_object(Bucket="bucket", Key="b", ServerSideEncryption="aws:kms")


# Secrets Manager


def test_a_secrets_policy_lets_in_whom_it_names(who):
    """https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_resource-policies.html"""
    arn = who.admin.secretsmanager.create_secret(Name="secret", SecretString="text")["ARN"]
    session = who.session()
    put = lambda *statements: who.admin.secretsmanager.put_resource_policy(SecretId="secret", ResourcePolicy=document(*statements))
    put(to({"AWS": f"arn:aws:iam::{ACCOUNT}:role/tester"}, **allow("secretsmanager:GetSecretValue")))
    assert session.secretsmanager.get_secret_value(SecretId="secret")["SecretString"] == "text"
    refused(lambda: session.secretsmanager.describe_secret(SecretId=arn), "AccessDeniedException", silent("secretsmanager:DescribeSecret", f" on resource: {arn}"))
    put(to("*", **deny("secretsmanager:DescribeSecret")))
    session = who.session(allow("secretsmanager:*"))
    refused(lambda: session.secretsmanager.describe_secret(SecretId="secret"), "AccessDeniedException", denied("secretsmanager:DescribeSecret", " on resource: secret"), 400)


def test_a_secret_is_named_by_its_arn_and_told_of_as_the_request_says(who):
    """https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_examples.html"""
    create = lambda name: session.secretsmanager.create_secret(Name=name, SecretString="x", Tags=[{"Key": "team", "Value": "blue"}])
    head = f"arn:aws:secretsmanager:{A}:secret:"
    session = who.session(allow("secretsmanager:CreateSecret", on=f"{head}blue/*"))
    refused(lambda: create("red/one"), "AccessDeniedException", silent("secretsmanager:CreateSecret", " on resource: red/one"))
    refused(lambda: create("blue/one"), "AccessDeniedException", silent("secretsmanager:TagResource", " on resource: blue/one"))
    session = who.session(
        allow("secretsmanager:CreateSecret", "secretsmanager:TagResource", on=f"{head}blue/one-??????"),
        allow("secretsmanager:GetSecretValue", Condition={"ForAnyValue:StringEquals": {"secretsmanager:VersionStage": "AWSCURRENT"}}),
        allow("secretsmanager:DescribeSecret", Condition={"StringEquals": {"secretsmanager:ResourceTag/team": "blue"}}),
    )
    create("blue/one")
    refused(lambda: session.secretsmanager.get_secret_value(SecretId="blue/one"), "AccessDeniedException")
    session.secretsmanager.get_secret_value(SecretId="blue/one", VersionStage="AWSCURRENT")
    session.secretsmanager.describe_secret(SecretId="blue/one")


def test_a_secret_takes_its_key_as_well(who):
    """https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html"""
    arn = key(who)
    secret = dict(Name="secret", SecretString="text", KmsKeyId=arn)
    session = who.session(allow("secretsmanager:*"))
    refused(lambda: session.secretsmanager.create_secret(**secret), "AccessDeniedException", "Access to KMS is not allowed", 400)
    who.session(allow("secretsmanager:*"), allow("kms:GenerateDataKey", "kms:Decrypt", on=arn)).secretsmanager.create_secret(**secret)
    session = who.session(allow("secretsmanager:*"))
    refused(lambda: session.secretsmanager.get_secret_value(SecretId="secret"), "AccessDeniedException", "Access to KMS is not allowed", 400)
    session.secretsmanager.describe_secret(SecretId="secret")


def test_another_accounts_secret_takes_its_policy_and_its_key(who):
    """https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_examples_cross.html"""
    shared = key(who, to({"AWS": OTHER}, **allow("kms:Decrypt")))
    plain = who.admin.secretsmanager.create_secret(Name="plain", SecretString="text")["ARN"]
    keyed = who.admin.secretsmanager.create_secret(Name="keyed", SecretString="text", KmsKeyId=shared)["ARN"]
    get = lambda arn: who.other.secretsmanager.get_secret_value(SecretId=arn)
    caller = f"arn:aws:iam::{OTHER}:user/administrator"
    refused(lambda: get(keyed), "AccessDeniedException", silent("secretsmanager:GetSecretValue", f" on resource: {keyed}", "resource-based policy", caller), 400)
    for name in ("plain", "keyed"):
        policy = document(to({"AWS": OTHER}, **allow("secretsmanager:GetSecretValue")))
        who.admin.secretsmanager.put_resource_policy(SecretId=name, ResourcePolicy=policy)
    assert get(keyed)["SecretString"] == "text"
    refused(lambda: get(plain), "AccessDeniedException", "Access to KMS is not allowed", 400)


# SNS


def key_for(who, *actions):
    """A key, and who may do these things with it alone beside all that services have."""
    key = who.admin.kms.create_key()["KeyMetadata"]["Arn"]
    services = ["ec2:*", "rds:*", "elasticache:*", "eks:*", "iam:PassRole", "iam:GetRole", "iam:CreateServiceLinkedRole"]
    return key, who.session(allow(*services), *([allow(*actions, on=key)] if actions else []))


GRANTS = ("kms:CreateGrant", "kms:DescribeKey")


def test_a_volume_under_a_key_fails_later_where_the_key_is_not_its_makers_to_use(who):
    enough = (*GRANTS, "kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext")
    for actions, there in [((), False), (GRANTS, False), (enough, True)]:
        key, me = key_for(who, *actions)
        made = me.ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=1, Encrypted=True, KmsKeyId=key)["VolumeId"]
        who.world.advance(300)
        shown = outcome(lambda: who.admin.ec2.describe_volumes(VolumeIds=[made]))
        state = None if shown else who.admin.ec2.describe_volumes(VolumeIds=[made])["Volumes"][0]["State"]
        assert (state == "available") == there, (actions, state)


def test_ones_own_key_for_volumes_takes_no_permission(who):
    _, me = key_for(who)
    made = me.ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=1, Encrypted=True)["VolumeId"]
    who.world.advance(300)
    assert who.admin.ec2.describe_volumes(VolumeIds=[made])["Volumes"][0]["State"] == "available"


def test_a_clusters_secrets_under_a_key_take_grants_on_it(who):
    trust = document(to({"Service": "eks.amazonaws.com"}, Effect="Allow", Action="sts:AssumeRole"))
    role = who.admin.iam.create_role(RoleName="cluster", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    who.admin.iam.attach_role_policy(RoleName="cluster", PolicyArn="arn:aws:iam::aws:policy/AmazonEKSClusterPolicy")
    of_zones = [{"Name": "availability-zone", "Values": [f"{REGION}a", f"{REGION}b"]}]
    subnets = [one["SubnetId"] for one in who.admin.ec2.describe_subnets(Filters=of_zones)["Subnets"]]

    def made(*actions):
        key, me = key_for(who, *actions)
        config = [{"resources": ["secrets"], "provider": {"keyArn": key}}]
        request = dict(name="main", roleArn=role, resourcesVpcConfig={"subnetIds": subnets}, encryptionConfig=config)
        return key, outcome(lambda: me.eks.create_cluster(**request))

    for actions in [(), GRANTS[:1], GRANTS[1:]]:
        key, refusal = made(*actions)
        assert (refusal.code, refusal.message) == ("InvalidParameterException", f"The principal is not authorized to use the key {key}.")
    assert made(*GRANTS)[1] is None


def test_a_database_and_a_cache_under_a_key_take_grants_on_it(who):
    def attempts(key, me):
        db = dict(
            DBInstanceIdentifier="db", DBInstanceClass="db.t3.micro", Engine="postgres", MasterUsername="root",
            MasterUserPassword="correct-horse", AllocatedStorage=20, StorageEncrypted=True, KmsKeyId=key,
        )
        cache = dict(
            ReplicationGroupId="cache", ReplicationGroupDescription="made", Engine="redis", NumCacheClusters=1,
            CacheNodeType="cache.t3.micro", AtRestEncryptionEnabled=True, KmsKeyId=key,
        )
        return {
            "KMSKeyNotAccessibleFault": outcome(lambda: me.rds.create_db_instance(**db)),
            "InvalidKMSKeyFault": outcome(lambda: me.elasticache.create_replication_group(**cache)),
        }

    for actions in [(), GRANTS[:1], GRANTS[1:]]:
        for code, refused in attempts(*key_for(who, *actions)).items():
            assert refused is not None and refused.code == code, (actions, code, refused)
    for code, refused in attempts(*key_for(who, *GRANTS)).items():
        assert refused is None or refused.code != code, refused


def test_a_topics_policy_lets_in_whom_it_names(who):
    """https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html"""
    topic = who.admin.sns.create_topic(Name="topic")["TopicArn"]
    publish = lambda clients: clients.sns.publish(TopicArn=topic, Message="hello")
    # The usual policy lets the owner in, and leaves it to the account's own policies.
    session = who.session()
    place = f" on resource: {topic}"
    refused(lambda: publish(session), "AuthorizationError", silent("SNS:Publish", place), 403)
    caller = f"arn:aws:iam::{OTHER}:user/administrator"
    refused(lambda: publish(who.other), "AuthorizationError", silent("SNS:Publish", place, "resource-based policy", caller), 403)
    put = lambda *statements: who.admin.sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=document(*statements))
    put(to({"AWS": [f"arn:aws:iam::{ACCOUNT}:role/tester", OTHER]}, **allow("SNS:Publish", "SNS:Subscribe", on=topic)))
    publish(session)
    publish(who.other)
    subscribe = lambda: who.other.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{OTHER}:queue")
    refused(subscribe, "NotSimulated", None, 501)
    put(to("*", **deny("SNS:Publish", on=topic)))
    refused(lambda: publish(who.session(allow("sns:*"))), "AuthorizationError", denied("SNS:Publish", place), 403)


def test_an_encrypted_topic_takes_its_key_as_well(who):
    """https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html"""
    arn = key(who)
    topic = who.admin.sns.create_topic(Name="topic", Attributes={"KmsMasterKeyId": arn})["TopicArn"]
    publish = lambda clients: clients.sns.publish(TopicArn=topic, Message="hello")
    refused(lambda: publish(who.session(allow("sns:*"))), "KMSAccessDenied", silent("kms:GenerateDataKey", f" on resource: {arn}"), 400)
    publish(who.session(allow("sns:*"), allow("kms:GenerateDataKey", "kms:Decrypt", on=arn)))


# The rest


def test_a_vaults_policy_keeps_out_whom_it_denies(who):
    """https://docs.aws.amazon.com/aws-backup/latest/devguide/create-a-vault-access-policy.html"""
    vault = f"arn:aws:backup:{A}:backup-vault:vault"
    who.admin.backup.create_backup_vault(BackupVaultName="vault")
    who.admin.backup.put_backup_vault_access_policy(BackupVaultName="vault", Policy=document(to("*", **deny("backup:DescribeBackupVault"))))
    session = who.session(allow("backup:*"))
    refused(lambda: session.backup.describe_backup_vault(BackupVaultName="vault"), "AccessDeniedException", denied("backup:DescribeBackupVault", f" on resource: {vault}"), 403)


def test_a_vault_is_made_by_who_may_mount_it(who):
    """https://docs.aws.amazon.com/aws-backup/latest/devguide/access-control.html"""
    make = lambda session: session.backup.create_backup_vault(BackupVaultName="new")
    refused(lambda: make(who.session(allow("backup:*"))), "AccessDeniedException", None, 403)
    make(who.session(allow("backup:*"), allow("backup-storage:MountCapsule")))


def test_a_backup_selections_role_is_passed(who):
    """https://docs.aws.amazon.com/aws-backup/latest/devguide/API_CreateBackupSelection.html"""
    who.admin.backup.create_backup_vault(BackupVaultName="vault")
    rule = {"RuleName": "daily", "TargetBackupVaultName": "vault"}
    plan = who.admin.backup.create_backup_plan(BackupPlan={"BackupPlanName": "plan", "Rules": [rule]})["BackupPlanId"]
    trust = document(to({"Service": "backup.amazonaws.com"}, Effect="Allow", Action="sts:AssumeRole"))
    role = who.admin.iam.create_role(RoleName="keeper", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    selection = {"SelectionName": "all", "IamRoleArn": role, "Resources": ["*"]}
    select = lambda session: session.backup.create_backup_selection(BackupPlanId=plan, BackupSelection=selection)
    refused(lambda: select(who.session(allow("backup:*"))), "AccessDeniedException", silent("iam:PassRole", f" on resource: {role}"), 403)
    to_backup = {"StringEquals": {"iam:PassedToService": "backup.amazonaws.com"}}
    select(who.session(allow("backup:*"), allow("iam:PassRole", on=role, Condition=to_backup)))


def test_a_log_groups_arn_ends_in_a_star_but_for_tags(who):
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html"""
    who.admin.logs.create_log_group(logGroupName="group")
    arn = f"arn:aws:logs:{A}:log-group:group"
    session = who.session(allow("logs:*", on=f"{arn}:*"))
    session.logs.put_retention_policy(logGroupName="group", retentionInDays=7)
    refused(lambda: session.logs.list_tags_for_resource(resourceArn=arn), "AccessDeniedException", silent("logs:ListTagsForResource", f" on resource: {arn}"))
    refused(lambda: who.session(allow("logs:*", on=arn)).logs.delete_log_group(logGroupName="group"), "AccessDeniedException")


def test_what_two_accounts_share_needs_no_enforcement_to_be_closed():
    """Without `--enforce-iam` an administrator may do all in its account, and in another what that account lets it."""
    world = World(os.environ["FATHUSS"], "--speed", "instant")
    try:
        who = Identities(world)
        who.bucket(to("*", **deny("s3:GetObject", on="arn:aws:s3:::bucket/*")), a=b"text")
        get = lambda clients: clients.s3.get_object(Bucket="bucket", Key="a")
        get(who.admin)
        get(who.session())
        refused(lambda: get(who.other), "AccessDenied", "Access Denied", 403)
        who.admin.s3.put_bucket_policy(Bucket="bucket", Policy=document(to({"AWS": OTHER}, **allow("s3:GetObject", on="arn:aws:s3:::bucket/*"))))
        get(who.other)
    finally:
        world.stop()
