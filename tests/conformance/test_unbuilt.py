"""What AWS has and is not built here says so, in no words of AWS's."""

import pytest

from refusal import outcome

ABSENT = "arn:aws:iam::aws:policy/AmazonNobodyFullAccess"


def attached(aws):
    role = aws.role()
    return lambda: aws.iam.attach_role_policy(RoleName=role, PolicyArn=ABSENT)


def bounded(aws):
    role = aws.role()
    return lambda: aws.iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=ABSENT)


def listed(acl):
    """A bucket of lists given one by its name."""

    def arrange(aws):
        name = aws.name("bucket")
        aws.s3.create_bucket(Bucket=name, ObjectOwnership="ObjectWriter")
        return lambda: aws.s3.put_bucket_acl(Bucket=name, ACL=acl)

    return arrange


def made(acl):
    def arrange(aws):
        return lambda: aws.s3.create_bucket(Bucket=aws.name("bucket"), ACL=acl, ObjectOwnership="ObjectWriter")

    return arrange


def configured(operation, **request):
    def arrange(aws):
        name = aws.name("bucket")
        aws.s3.create_bucket(Bucket=name)
        return lambda: getattr(aws.s3, operation)(Bucket=name, **request)

    return arrange


PUBLIC = "/aws/service/global-infrastructure/regions"

UNBUILT = {
    "a policy of AWS's": lambda aws: lambda: aws.iam.get_policy(PolicyArn=ABSENT),
    "a policy of AWS's on a role": attached,
    "a policy of AWS's as a boundary": bounded,
    "the entities of a policy of AWS's": lambda aws: lambda: aws.iam.list_entities_for_policy(PolicyArn=ABSENT),
    "a public parameter": lambda aws: lambda: aws.ssm.get_parameter(Name=f"{PUBLIC}/us-east-1"),
    "a public parameter among others": lambda aws: lambda: aws.ssm.get_parameters(Names=["/own", f"{PUBLIC}/us-east-1"]),
    "public parameters": lambda aws: lambda: aws.ssm.get_parameters_by_path(Path=PUBLIC),
    "a bucket that takes logs": listed("log-delivery-write"),
    "a bucket that EC2 reads": listed("aws-exec-read"),
    "a list of objects on a bucket": listed("bucket-owner-read"),
    "a new bucket that takes logs": made("log-delivery-write"),
    "a new bucket that EC2 reads": made("aws-exec-read"),
}


@pytest.mark.parametrize("name", UNBUILT)
def test_it_says_so(aws, name):
    came = outcome(UNBUILT[name](aws))
    assert came is not None and (came.code, came.status) == ("NotSimulated", 501), came


CONFIGURATIONS = {
    "get_bucket_analytics_configuration": {"Id": "one"},
    "list_bucket_analytics_configurations": {},
    "get_bucket_intelligent_tiering_configuration": {"Id": "one"},
    "list_bucket_intelligent_tiering_configurations": {},
    "get_bucket_inventory_configuration": {"Id": "one"},
    "list_bucket_inventory_configurations": {},
    "get_bucket_metrics_configuration": {"Id": "one"},
    "list_bucket_metrics_configurations": {},
}


@pytest.mark.parametrize("operation", CONFIGURATIONS)
def test_it_is_called_by_its_own_name(aws, operation):
    came = outcome(configured(operation, **CONFIGURATIONS[operation])(aws))
    assert came is not None and came.message == f"s3 {came.operation} is not simulated", came


# https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl
@pytest.mark.parametrize("acl", ["bucket-owner-read", "bucket-owner-full-control"])
def test_a_new_bucket_passes_over_the_lists_of_its_objects(aws, acl):
    aws.s3.create_bucket(Bucket="listed", ACL=acl)
    [grant] = aws.s3.get_bucket_acl(Bucket="listed")["Grants"]
    assert grant["Permission"] == "FULL_CONTROL"


def test_a_spot_instance_names_the_request_that_launched_it(aws):
    tags = [{"ResourceType": "spot-instances-request", "Tags": [{"Key": "a", "Value": "b"}]}]
    spot = aws.instance(InstanceMarketOptions={"MarketType": "spot"}, TagSpecifications=tags)
    found = aws.ec2.describe_instances(InstanceIds=[spot])["Reservations"][0]["Instances"][0]
    request = found["SpotInstanceRequestId"]
    assert request.startswith("sir-") and found["InstanceLifecycle"] == "spot"
    by_request = [{"Name": "spot-instance-request-id", "Values": [request]}]
    [reservation] = aws.ec2.describe_instances(Filters=by_request)["Reservations"]
    assert reservation["Instances"][0]["InstanceId"] == spot
    [tag] = aws.ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [request]}])["Tags"]
    assert (tag["ResourceType"], tag["Key"]) == ("spot-instances-request", "a")
    plain = aws.instance()
    found = aws.ec2.describe_instances(InstanceIds=[plain])["Reservations"][0]["Instances"][0]
    assert "SpotInstanceRequestId" not in found
