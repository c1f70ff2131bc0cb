"""What comes along with what is made, and what answers leave out or repeat."""

import base64
import json
import os
import subprocess
import sys

import pytest
from botocore.exceptions import WaiterError

import ground_autoscaling
from account import Account, clients
from ground_acm import issued, shown
from refusal import outcome
from world import ACCOUNT, REGION, World


@pytest.fixture
def apart():
    """An account of a world of its own, in which so much time can pass that versions come to their end."""
    world = World(os.environ["FATHUSS"], "--speed", "0.001")
    try:
        yield Account(world, clients(world))
    finally:
        world.stop()


def test_a_vpc_has_its_default_parts(aws):
    made = aws.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]
    assert made["State"] == "pending"
    assert made["IsDefault"] is False
    assert made["InstanceTenancy"] == "default"
    vpc = made["VpcId"]
    of_vpc = [{"Name": "vpc-id", "Values": [vpc]}]
    found = aws.ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]
    assert found["State"] == "available"
    assert found["DhcpOptionsId"].startswith("dopt-")
    tables = aws.ec2.describe_route_tables(Filters=of_vpc)["RouteTables"]
    assert [one["Main"] for one in tables[0]["Associations"]] == [True]
    assert [(one["DestinationCidrBlock"], one["GatewayId"], one["State"]) for one in tables[0]["Routes"]] == [
        ("10.0.0.0/16", "local", "active")
    ]
    assert len(tables) == 1
    group = aws.default_group(vpc)
    assert group["Description"] == "default VPC security group"
    assert group["IpPermissions"][0]["UserIdGroupPairs"][0]["GroupId"] == group["GroupId"]
    assert group["IpPermissions"][0]["IpProtocol"] == "-1"
    assert group["IpPermissionsEgress"][0]["IpRanges"] == [{"CidrIp": "0.0.0.0/0"}]
    acls = aws.ec2.describe_network_acls(Filters=of_vpc)["NetworkAcls"]
    assert [acl["IsDefault"] for acl in acls] == [True]
    assert sorted({entry["RuleNumber"] for entry in acls[0]["Entries"]}) == [100, 32767]
    dns = aws.ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsSupport")
    assert dns["EnableDnsSupport"]["Value"] is True
    names = aws.ec2.describe_vpc_attribute(VpcId=vpc, Attribute="enableDnsHostnames")
    assert names["EnableDnsHostnames"]["Value"] is False


def keyed_aliases(aws):
    """The aliases that name a key: AWS's own are listed before there is one behind them."""
    return [one for one in aws.kms.list_aliases()["Aliases"] if "TargetKeyId" in one]


def test_an_alias_follows_its_key_and_ends_with_it(apart):
    first, second = apart.key(), apart.key()
    alias = apart.alias(first, "alias/main")
    assert apart.kms.describe_key(KeyId=alias)["KeyMetadata"]["KeyId"] == first
    apart.kms.update_alias(AliasName=alias, TargetKeyId=second)
    by_arn = f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/main"
    assert apart.kms.describe_key(KeyId=by_arn)["KeyMetadata"]["KeyId"] == second
    assert apart.kms.list_aliases(KeyId=first)["Aliases"] == []
    apart.kms.schedule_key_deletion(KeyId=second, PendingWindowInDays=7)
    assert [one["AliasName"] for one in keyed_aliases(apart)] == [alias]
    apart.world.advance(7 * 24 * 3600)
    assert keyed_aliases(apart) == []
    assert outcome(lambda: apart.kms.describe_key(KeyId=second)).code == "NotFoundException"
    apart.alias(first, "alias/main")


def test_a_keys_deletion_waits_for_its_window_and_can_be_taken_back(apart):
    key = apart.key()
    apart.kms.enable_key_rotation(KeyId=key)
    before = apart.kms.describe_key(KeyId=key)["KeyMetadata"]
    assert (before["KeyState"], before["Enabled"]) == ("Enabled", True)
    answer = apart.kms.schedule_key_deletion(KeyId=key)
    assert (answer["KeyState"], answer["PendingWindowInDays"]) == ("PendingDeletion", 30)
    going = apart.kms.describe_key(KeyId=key)["KeyMetadata"]
    assert (going["KeyState"], going["Enabled"], going["DeletionDate"]) == ("PendingDeletion", False, answer["DeletionDate"])
    assert 29 <= (going["DeletionDate"] - before["CreationDate"]).days <= 30
    assert apart.kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False
    apart.world.advance(29 * 24 * 3600)
    apart.kms.cancel_key_deletion(KeyId=key)
    kept = apart.kms.describe_key(KeyId=key)["KeyMetadata"]
    assert (kept["KeyState"], "DeletionDate" in kept) == ("Disabled", False)
    apart.world.advance(40 * 24 * 3600)
    apart.kms.enable_key(KeyId=key)
    assert apart.kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "Enabled"
    assert apart.kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is True


def test_a_key_says_when_it_is_rotated_next(apart):
    key = apart.key()
    assert apart.kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"] is False
    created = apart.kms.describe_key(KeyId=key)["KeyMetadata"]["CreationDate"]
    apart.kms.enable_key_rotation(KeyId=key)
    first = apart.kms.get_key_rotation_status(KeyId=key)
    assert (first["KeyRotationEnabled"], first["RotationPeriodInDays"]) == (True, 365)
    assert (first["NextRotationDate"] - created).days == 365
    apart.kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    assert (apart.kms.get_key_rotation_status(KeyId=key)["NextRotationDate"] - created).days == 90
    apart.world.advance(100 * 24 * 3600)
    assert (apart.kms.get_key_rotation_status(KeyId=key)["NextRotationDate"] - created).days == 180
    apart.kms.disable_key_rotation(KeyId=key)
    assert "NextRotationDate" not in apart.kms.get_key_rotation_status(KeyId=key)


def record(name, kind, *values, **more):
    return {"Name": name, "Type": kind, "TTL": 60, "ResourceRecords": [{"Value": value} for value in values], **more}


def made_zone(aws, *records):
    """A zone with these records, and the change that made them."""
    zone = aws.route53.create_hosted_zone(Name="Main.TEST", CallerReference="main")
    changes = [{"Action": "CREATE", "ResourceRecordSet": one} for one in records]
    zone_id = zone["HostedZone"]["Id"]
    made = aws.route53.change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch={"Changes": changes})
    return zone, made["ChangeInfo"]


def test_a_zone_begins_with_its_servers_and_its_authority(aws):
    made = aws.route53.create_hosted_zone(Name="main.test", CallerReference="main")
    servers = made["DelegationSet"]["NameServers"]
    assert [server.split(".", 2)[2] for server in servers] == ["com", "net", "org", "co.uk"]
    assert made["Location"] == f"https://route53.amazonaws.com/2013-04-01{made['HostedZone']['Id']}"
    found = aws.route53.list_resource_record_sets(HostedZoneId=made["HostedZone"]["Id"])["ResourceRecordSets"]
    assert [(one["Name"], one["Type"], one["TTL"]) for one in found] == [("main.test.", "NS", 172800), ("main.test.", "SOA", 900)]
    assert [one["Value"] for one in found[0]["ResourceRecords"]] == [f"{server}." for server in servers]


def test_records_come_in_the_order_of_their_names_from_the_last_label_and_page_by_page(aws):
    names = ["b.main.test", "*.a.main.test", "a.main.test", "A-B.main.test"]
    zone, _ = made_zone(aws, *(record(name, "A", "192.0.2.1") for name in names), record("a.main.test", "TXT", '"x"'))
    wanted = ["main.test. NS", "main.test. SOA", "a-b.main.test. A", "a.main.test. A", "a.main.test. TXT", "\\052.a.main.test. A", "b.main.test. A"]
    pages = aws.route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone["HostedZone"]["Id"], PaginationConfig={"PageSize": 2})
    assert [f"{one['Name']} {one['Type']}" for page in pages for one in page["ResourceRecordSets"]] == wanted


def test_a_change_is_everywhere_within_minutes(aws):
    _, change = made_zone(aws, record("a.main.test", "A", "192.0.2.1"))
    assert change["Status"] == "PENDING"
    with aws.passing(aws.route53, 30):
        aws.route53.get_waiter("resource_record_sets_changed").wait(Id=change["Id"], WaiterConfig={"Delay": 0})
    assert aws.route53.get_change(Id=change["Id"])["ChangeInfo"]["Status"] == "INSYNC"


def test_a_batch_that_has_a_flaw_changes_nothing_and_names_them_all(aws):
    zone, _ = made_zone(aws, record("a.main.test", "A", "192.0.2.1"))
    changes = [("CREATE", "b.main.test"), ("CREATE", "a.main.test"), ("DELETE", "c.main.test")]
    batch = {"Changes": [{"Action": action, "ResourceRecordSet": record(name, "A", "192.0.2.2")} for action, name in changes]}
    came = outcome(lambda: aws.route53.change_resource_record_sets(HostedZoneId=zone["HostedZone"]["Id"], ChangeBatch=batch))
    assert came.code == "InvalidChangeBatch"
    assert "create resource record set [name='a.main.test.'" in came.message
    assert "delete resource record set [name='c.main.test.'" in came.message
    assert aws.route53.get_hosted_zone(Id=zone["HostedZone"]["Id"])["HostedZone"]["ResourceRecordSetCount"] == 3


def test_a_batch_takes_a_record_away_for_another_of_its_name(aws):
    zone, _ = made_zone(aws, record("a.main.test", "A", "192.0.2.1"))
    changes = [("DELETE", record("a.main.test", "A", "192.0.2.1")), ("CREATE", record("a.main.test", "CNAME", "b.test"))]
    batch = {"Changes": [{"Action": action, "ResourceRecordSet": one} for action, one in changes]}
    aws.route53.change_resource_record_sets(HostedZoneId=zone["HostedZone"]["Id"], ChangeBatch=batch)
    found = aws.route53.list_resource_record_sets(HostedZoneId=zone["HostedZone"]["Id"], StartRecordName="a.main.test")
    assert [one["Type"] for one in found["ResourceRecordSets"]] == ["CNAME"]


def test_a_key_without_a_policy_of_its_own_leaves_it_to_the_account(aws):
    key = aws.key()
    [statement] = json.loads(aws.kms.get_key_policy(KeyId=key)["Policy"])["Statement"]
    assert (statement["Principal"], statement["Action"]) == ({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "kms:*")
    assert aws.kms.list_key_policies(KeyId=key)["PolicyNames"] == ["default"]


def test_a_services_own_key_is_seen_once_the_service_needed_it(aws):
    assert keyed_aliases(aws) == []
    assert "alias/aws/ebs" in [one["AliasName"] for one in aws.kms.list_aliases()["Aliases"]]
    aws.volume(Encrypted=True)
    [alias] = keyed_aliases(aws)
    assert alias["AliasName"] == "alias/aws/ebs"
    shown = aws.kms.describe_key(KeyId="alias/aws/ebs")["KeyMetadata"]
    assert (shown["KeyId"], shown["KeyManager"]) == (alias["TargetKeyId"], "AWS")
    assert [key["KeyId"] for key in aws.kms.list_keys()["Keys"]] == [shown["KeyId"]]
    assert aws.kms.get_key_rotation_status(KeyId=shown["KeyId"])["KeyRotationEnabled"] is True
    assert aws.kms.list_resource_tags(KeyId=shown["KeyId"])["Tags"] == []


def test_looking_at_an_alias_of_awss_makes_its_key(aws):
    shown = aws.kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]
    [alias] = keyed_aliases(aws)
    assert (alias["AliasName"], alias["TargetKeyId"]) == ("alias/aws/s3", shown["KeyId"])


def test_a_service_linked_role_in_use_stays(aws, world):
    database = aws.db()
    role = "AWSServiceRoleForRDS"
    task = aws.iam.delete_service_linked_role(RoleName=role)["DeletionTaskId"]
    world.advance(10)
    status = aws.iam.get_service_linked_role_deletion_status(DeletionTaskId=task)
    assert status["Status"] == "FAILED"
    [usage] = status["Reason"]["RoleUsageList"]
    assert (usage["Region"], len(usage["Resources"])) == (REGION, 1)
    assert usage["Resources"][0].startswith(f"arn:aws:rds:{REGION}:{ACCOUNT}:db:"), database
    assert aws.iam.get_role(RoleName=role)["Role"]["RoleName"] == role


def test_an_empty_object_leaves_the_connection_as_it_was(aws):
    aws.s3.create_bucket(Bucket="empties")
    for key in ["one", "two"]:
        aws.s3.put_object(Bucket="empties", Key=key, Body=b"")
    aws.s3.put_object(Bucket="empties", Key="full", Body=b"text")
    assert [one["Size"] for one in aws.s3.list_objects_v2(Bucket="empties")["Contents"]] == [4, 0, 0]


def test_keys_are_listed_by_their_folders(aws):
    aws.s3.create_bucket(Bucket="folders")
    for key in ["a", "logs/1", "logs/2", "z"]:
        aws.s3.put_object(Bucket="folders", Key=key, Body=b"text")
    listed = aws.s3.list_objects_v2(Bucket="folders", Delimiter="/")
    assert [one["Key"] for one in listed["Contents"]] == ["a", "z"]
    assert listed["CommonPrefixes"] == [{"Prefix": "logs/"}]
    assert listed["KeyCount"] == 3


def test_a_database_is_refused_a_key_that_can_not_be_used(aws):
    key = aws.key()
    request = aws.db_request(StorageEncrypted=True, KmsKeyId=aws.alias(key))
    aws.kms.disable_key(KeyId=key)
    assert outcome(lambda: aws.rds.create_db_instance(**request)).code == "KMSKeyNotAccessibleFault"
    aws.kms.enable_key(KeyId=key)
    assert aws.rds.create_db_instance(**request)["DBInstance"]["KmsKeyId"] == aws.key_arn(key)


def test_the_default_parts_go_with_their_vpc(aws):
    vpc = aws.vpc()
    group = aws.default_group(vpc)["GroupId"]
    aws.ec2.delete_vpc(VpcId=vpc)
    of_vpc = [{"Name": "vpc-id", "Values": [vpc]}]
    assert aws.ec2.describe_route_tables(Filters=of_vpc)["RouteTables"] == []
    assert aws.ec2.describe_network_acls(Filters=of_vpc)["NetworkAcls"] == []
    assert outcome(lambda: aws.ec2.describe_security_groups(GroupIds=[group])).code == "InvalidGroup.NotFound"
    assert outcome(lambda: aws.ec2.delete_vpc(VpcId=vpc)).code == "InvalidVpcID.NotFound"


def test_a_route_for_all_of_a_subnet_leads_through_a_machine(aws):
    vpc = aws.vpc()
    table, interface = aws.route_table(vpc), aws.interface(aws.subnet(vpc, 1))
    route = dict(RouteTableId=table, DestinationCidrBlock="10.0.1.0/24", NetworkInterfaceId=interface)
    assert aws.ec2.create_route(**route)["Return"] is True


def test_an_interface_endpoint_has_names_and_an_interface_in_each_subnet(aws, world):
    vpc = aws.named_vpc()
    subnets = [aws.subnet(vpc, 1, "a"), aws.subnet(vpc, 2, "b")]
    with aws.at_once():
        endpoint = aws.endpoint(vpc, "ecr.api", VpcEndpointType="Interface", SubnetIds=subnets)
        made = aws.ec2.describe_vpc_endpoints()["VpcEndpoints"]
        assert [one["State"] for one in made if one["VpcEndpointId"] == endpoint] in ([], ["pending"])
    world.advance(300)
    aws.ec2.create_tags(Resources=[endpoint], Tags=[{"Key": "Name", "Value": "images"}])
    shown = aws.ec2.describe_vpc_endpoints(Filters=[{"Name": "tag:Name", "Values": ["images"]}])["VpcEndpoints"][0]
    assert (shown["State"], shown["PrivateDnsEnabled"], shown["SubnetIds"]) == ("available", True, subnets)
    names = [one["DnsName"] for one in shown["DnsEntries"]]
    assert len(names) == 4 and names[-1] == f"api.ecr.{REGION}.amazonaws.com"
    assert names[0].startswith(f"{endpoint}-") and names[0].endswith(f".api.ecr.{REGION}.vpce.amazonaws.com")
    found = aws.ec2.describe_network_interfaces(NetworkInterfaceIds=shown["NetworkInterfaceIds"])["NetworkInterfaces"]
    assert {(one["RequesterManaged"], one["InterfaceType"], one["Status"]) for one in found} == {(True, "vpc_endpoint", "in-use")}
    assert sorted(one["SubnetId"] for one in found) == sorted(subnets)
    assert shown["Groups"][0]["GroupId"] == aws.default_group(vpc)["GroupId"]

    aws.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    assert outcome(lambda: aws.ec2.delete_subnet(SubnetId=subnets[0])).code == "DependencyViolation"
    world.advance(600)
    assert aws.ec2.describe_vpc_endpoints()["VpcEndpoints"] == []
    aws.ec2.delete_subnet(SubnetId=subnets[0])


def test_a_rule_lets_the_ranges_of_a_service_through(aws):
    found = aws.ec2.describe_prefix_lists(Filters=[{"Name": "prefix-list-name", "Values": [f"com.amazonaws.{REGION}.s3"]}])
    wanted, group = found["PrefixLists"][0]["PrefixListId"], aws.group(aws.vpc())
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "PrefixListIds": [{"PrefixListId": wanted}]}
    made = aws.ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[rule])
    assert [one["PrefixListId"] for one in made["SecurityGroupRules"]] == [wanted]


def test_a_subnet_keeps_five_addresses(aws):
    subnet = aws.subnet(aws.vpc())
    found = aws.ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]
    assert found["AvailableIpAddressCount"] == 251
    assert found["MapPublicIpOnLaunch"] is False
    assert found["SubnetArn"] == f"arn:aws:ec2:{REGION}:{ACCOUNT}:subnet/{subnet}"
    aws.interface(subnet)
    found = aws.ec2.describe_subnets(SubnetIds=[subnet])["Subnets"][0]
    assert found["AvailableIpAddressCount"] == 250


def test_a_security_group_lets_everything_out(aws):
    group = aws.group(aws.vpc())
    found = aws.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
    assert found["IpPermissions"] == []
    assert found["IpPermissionsEgress"][0]["IpProtocol"] == "-1"


def launched(aws, subnet, least, most):
    made = aws.ec2.run_instances(
        ImageId=aws.image(), InstanceType="t3.micro", MinCount=least, MaxCount=most, SubnetId=subnet
    )
    return len(made["Instances"])


def test_as_many_instances_are_launched_as_there_are_addresses_and_none_below_the_least(aws):
    vpc = aws.vpc()
    subnet = aws.ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/28")["Subnet"]["SubnetId"]
    assert launched(aws, subnet, 1, 8) == 8
    assert launched(aws, subnet, 1, 8) == 3
    assert outcome(lambda: launched(aws, subnet, 1, 8)).code == "InsufficientFreeAddressesInSubnet"


def test_as_many_instances_are_launched_as_the_quota_leaves(aws):
    subnet = aws.subnet(aws.vpc())
    with aws.world.quota("ec2.vcpus", 5):
        assert outcome(lambda: launched(aws, subnet, 3, 4)).code == "VcpuLimitExceeded"
        assert launched(aws, subnet, 1, 4) == 2


def test_a_launch_template_that_launches_nothing_is_made_with_a_warning(aws):
    wrong = {
        "BlockDeviceMappings": [{"DeviceName": "data", "Ebs": {"VolumeSize": 10}}],
        "CreditSpecification": {"CpuCredits": "plenty"},
        "MetadataOptions": {"HttpPutResponseHopLimit": 65},
        "TagSpecifications": [{"ResourceType": "instance", "Tags": [{"Key": "aws:mine", "Value": "1"}]}],
    }
    made = aws.ec2.create_launch_template(LaunchTemplateName="web", LaunchTemplateData=wrong)
    codes = [error["Code"] for error in made["Warning"]["Errors"]]
    assert codes == ["InvalidBlockDeviceMapping"] + ["InvalidParameterValue"] * 3
    right = {"CreditSpecification": {"CpuCredits": "standard"}}
    assert "Warning" not in aws.ec2.create_launch_template_version(LaunchTemplateName="web", LaunchTemplateData=right)


def test_a_mapping_takes_a_device_away_and_one_of_a_store_that_a_type_lacks_is_ignored(aws):
    mappings = [
        {"DeviceName": "/dev/sdf", "NoDevice": "", "Ebs": {"VolumeSize": 10}},
        {"DeviceName": "/dev/sdg", "VirtualName": "ephemeral0"},
        {"DeviceName": "/dev/sdh", "Ebs": {"VolumeSize": 10}},
    ]
    instance = aws.instance(BlockDeviceMappings=mappings)
    found = aws.ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    assert {one["DeviceName"] for one in found["BlockDeviceMappings"]} == {"/dev/xvda", "/dev/sdh"}


def test_a_nat_gateway_has_an_interface_and_frees_its_address(aws):
    made = aws.nat(ready=True)
    gateway = aws.ec2.describe_nat_gateways(NatGatewayIds=[made["nat"]])["NatGateways"][0]
    address = gateway["NatGatewayAddresses"][0]
    assert gateway["State"] == "available"
    assert address["PublicIp"] == made["address"]["PublicIp"]
    interface = aws.ec2.describe_network_interfaces(NetworkInterfaceIds=[address["NetworkInterfaceId"]])
    found = interface["NetworkInterfaces"][0]
    assert found["RequesterManaged"] is True
    assert made["nat"] in found["Description"]
    aws.ec2.delete_nat_gateway(NatGatewayId=made["nat"])
    aws.world.advance(1200)
    gone = aws.ec2.describe_nat_gateways(NatGatewayIds=[made["nat"]])["NatGateways"][0]
    assert gone["State"] == "deleted"
    freed = aws.ec2.describe_addresses(AllocationIds=[made["address"]["AllocationId"]])["Addresses"][0]
    assert "AssociationId" not in freed


def test_a_nat_gateway_on_an_address_in_use_fails(aws):
    made = aws.nat()
    second = aws.ec2.create_nat_gateway(SubnetId=made["subnet"], AllocationId=made["address"]["AllocationId"])
    assert second["NatGateway"]["State"] == "pending"
    aws.world.advance(600)
    found = aws.ec2.describe_nat_gateways(NatGatewayIds=[second["NatGateway"]["NatGatewayId"]])["NatGateways"][0]
    assert found["State"] == "failed"
    assert found["FailureCode"] == "Resource.AlreadyAssociated"


def test_a_flow_log_to_no_bucket_is_not_made_and_the_answer_says_why(aws):
    vpc = aws.vpc()
    target = dict(LogDestinationType="s3", LogDestination="arn:aws:s3:::nobodys-bucket")
    answer = aws.ec2.create_flow_logs(ResourceIds=[vpc], ResourceType="VPC", TrafficType="ALL", **target)
    [failed] = answer["Unsuccessful"]
    assert (answer["FlowLogIds"], failed["ResourceId"]) == ([], vpc)
    assert failed["Error"] == {"Code": "400", "Message": "LogDestination: nobodys-bucket does not exist"}


def test_interfaces_say_who_asked_for_them(aws):
    nat = aws.nat()
    own = aws.interface(nat["subnet"])
    found = aws.ec2.describe_network_interfaces(Filters=[{"Name": "vpc-id", "Values": [nat["vpc"]]}])
    by_kind = {found["InterfaceType"]: found for found in found["NetworkInterfaces"]}
    assert by_kind["interface"]["NetworkInterfaceId"] == own
    assert (by_kind["interface"]["RequesterManaged"], by_kind["nat_gateway"]["RequesterManaged"]) == (False, True)
    assert by_kind["interface"]["RequesterId"] != by_kind["nat_gateway"]["RequesterId"]
    mine = [{"Name": "requester-id", "Values": [by_kind["interface"]["RequesterId"]]}]
    assert [one["NetworkInterfaceId"] for one in aws.ec2.describe_network_interfaces(Filters=mine)["NetworkInterfaces"]] == [own]


def test_an_instance_has_an_interface_and_a_volume_that_go_with_it(aws):
    instance = aws.instance()
    found = aws.ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    assert found["State"] == {"Code": 16, "Name": "running"}
    interface = found["NetworkInterfaces"][0]
    assert interface["Attachment"]["DeleteOnTermination"] is True
    volume = found["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    assert aws.ec2.describe_volumes(VolumeIds=[volume])["Volumes"][0]["State"] == "in-use"
    aws.ec2.terminate_instances(InstanceIds=[instance])
    aws.world.advance(600)
    gone = aws.ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    assert gone["State"] == {"Code": 48, "Name": "terminated"}
    assert outcome(lambda: aws.ec2.describe_volumes(VolumeIds=[volume])).code == "InvalidVolume.NotFound"


def test_what_is_new_can_be_unseen_for_a_moment(aws):
    with aws.at_once():
        made = [aws.vpc(f"10.{number}.0.0/16") for number in range(4)]
    unseen = [vpc for vpc in made if outcome(lambda: aws.ec2.describe_vpcs(VpcIds=[vpc]))]
    assert unseen != []
    aws.world.advance(5)
    assert len(aws.ec2.describe_vpcs(VpcIds=made)["Vpcs"]) == 4


def test_a_dry_run_changes_nothing(aws):
    before = len(aws.ec2.describe_vpcs()["Vpcs"])
    refused = outcome(lambda: aws.ec2.create_vpc(CidrBlock="10.0.0.0/16", DryRun=True))
    assert (refused.code, refused.status) == ("DryRunOperation", 412)
    assert refused.message == "Request would have succeeded, but DryRun flag is set."
    assert len(aws.ec2.describe_vpcs()["Vpcs"]) == before


def test_an_instances_token_repeats_and_is_held_to_its_arguments(aws):
    subnet, image = aws.subnet(aws.vpc()), aws.image()
    request = dict(
        ImageId=image, InstanceType="t3.micro", SubnetId=subnet, MinCount=1, MaxCount=1, ClientToken="a-token"
    )
    first, second = aws.ec2.run_instances(**request), aws.ec2.run_instances(**request)
    assert first["Instances"][0]["InstanceId"] == second["Instances"][0]["InstanceId"]
    refused = outcome(lambda: aws.ec2.run_instances(**{**request, "InstanceType": "t3.small"}))
    assert (refused.code, refused.status) == ("IdempotentParameterMismatch", 400)
    assert refused.message == (
        "Arguments on this idempotent request are inconsistent with arguments used in previous request(s)."
    )


def test_a_nat_gateways_token_repeats(aws):
    made = aws.nat()
    request = dict(SubnetId=made["subnet"], ConnectivityType="private", ClientToken="a-token")
    first, second = aws.ec2.create_nat_gateway(**request), aws.ec2.create_nat_gateway(**request)
    assert first["NatGateway"]["NatGatewayId"] == second["NatGateway"]["NatGatewayId"]


def test_pages_of_subnets_hold_each_once(aws):
    vpc = aws.vpc()
    made = {aws.subnet(vpc, number) for number in range(12)}
    pages = list(
        aws.ec2.get_paginator("describe_subnets").paginate(
            Filters=[{"Name": "vpc-id", "Values": [vpc]}], PaginationConfig={"PageSize": 5}
        )
    )
    found = [subnet["SubnetId"] for page in pages for subnet in page["Subnets"]]
    assert [len(page["Subnets"]) for page in pages] == [5, 5, 2]
    assert sorted(found) == sorted(made)
    assert "NextToken" not in pages[-1]


def test_pages_of_roles_hold_each_once(aws):
    made = {aws.role() for _ in range(7)}
    pages = list(aws.iam.get_paginator("list_roles").paginate(PaginationConfig={"PageSize": 3}))
    found = [role["RoleName"] for page in pages for role in page["Roles"]]
    assert pages[0]["IsTruncated"] is True
    assert pages[-1]["IsTruncated"] is False
    assert len(found) == len(set(found))
    assert made <= set(found)


def test_an_instances_user_data_comes_back_encoded(aws):
    instance = aws.instance(UserData="#!/bin/sh\n")
    found = aws.ec2.describe_instance_attribute(InstanceId=instance, Attribute="userData")
    assert base64.b64decode(found["UserData"]["Value"]) == b"#!/bin/sh\n"


def test_a_cluster_brings_a_group_an_issuer_and_its_creators_entry(aws):
    name = aws.cluster()
    cluster = aws.eks.describe_cluster(name=name)["cluster"]
    assert cluster["status"] == "ACTIVE"
    assert cluster["arn"] == f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/{name}"
    assert cluster["identity"]["oidc"]["issuer"].startswith(f"https://oidc.eks.{REGION}.amazonaws.com/id/")
    assert cluster["endpoint"].startswith("https://")
    assert base64.b64decode(cluster["certificateAuthority"]["data"]).startswith(b"-----BEGIN CERTIFICATE-----")
    group = cluster["resourcesVpcConfig"]["clusterSecurityGroupId"]
    found = aws.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
    assert found["GroupName"].startswith(f"eks-cluster-sg-{name}-")
    assert {"Key": f"kubernetes.io/cluster/{name}", "Value": "owned"} in found["Tags"]
    entries = aws.eks.list_access_entries(clusterName=name)["accessEntries"]
    assert aws.sts.get_caller_identity()["Arn"] in entries
    policies = aws.eks.list_associated_access_policies(
        clusterName=name, principalArn=aws.sts.get_caller_identity()["Arn"]
    )["associatedAccessPolicies"]
    assert [one["policyArn"] for one in policies] == [
        "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
    ]
    interfaces = aws.ec2.describe_network_interfaces(Filters=[{"Name": "group-id", "Values": [group]}])
    assert {one["Description"] for one in interfaces["NetworkInterfaces"]} == {f"Amazon EKS {name}"}
    linked = aws.iam.get_role(RoleName="AWSServiceRoleForAmazonEKS")["Role"]
    assert linked["Path"] == "/aws-service-role/eks.amazonaws.com/"


def test_a_node_group_brings_an_auto_scaling_group_and_instances(aws):
    cluster = aws.cluster()
    aws.eks.create_addon(clusterName=cluster, addonName="vpc-cni")
    aws.world.advance(600)
    nodes = aws.node_group(cluster)
    found = aws.eks.describe_nodegroup(clusterName=cluster, nodegroupName=nodes)["nodegroup"]
    assert found["status"] == "ACTIVE"
    assert found["resources"]["autoScalingGroups"][0]["name"].startswith(f"eks-{nodes}-")
    instances = [
        instance
        for reservation in aws.ec2.describe_instances(
            Filters=[{"Name": "tag:eks:nodegroup-name", "Values": [nodes]}]
        )["Reservations"]
        for instance in reservation["Instances"]
    ]
    assert len(instances) == 2
    assert {instance["State"]["Name"] for instance in instances} == {"running"}
    tags = {tag["Key"]: tag["Value"] for tag in instances[0]["Tags"]}
    assert tags["eks:cluster-name"] == cluster
    assert tags[f"kubernetes.io/cluster/{cluster}"] == "owned"


def test_a_cluster_s_token_repeats(aws):
    request = aws.cluster_request(clientRequestToken="one-token-for-a-cluster")
    first, second = aws.eks.create_cluster(**request), aws.eks.create_cluster(**request)
    assert first["cluster"]["arn"] == second["cluster"]["arn"]
    assert len(aws.eks.list_clusters()["clusters"]) == 1


def test_rds_keeps_a_password_that_it_manages(aws):
    db = aws.db(MasterUserPassword=None, ManageMasterUserPassword=True)
    found = aws.rds.describe_db_instances(DBInstanceIdentifier=db)["DBInstances"][0]
    secret = found["MasterUserSecret"]
    assert secret["SecretStatus"] == "active"
    assert secret["SecretArn"].startswith(f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:rds!db-")
    assert secret["KmsKeyId"].startswith(f"arn:aws:kms:{REGION}:{ACCOUNT}:key/")
    assert found["DBInstanceStatus"] == "available"
    assert found["Endpoint"]["Port"] == 5432
    assert found["Endpoint"]["Address"].startswith(f"{db}.")
    assert found["PendingModifiedValues"] == {}


def test_a_database_that_says_nothing_is_public_where_its_vpc_leads_to_the_internet(aws):
    vpc, subnets = aws.two_subnets()
    aws.rds.create_db_subnet_group(DBSubnetGroupName="web", DBSubnetGroupDescription="made", SubnetIds=subnets)

    def public(**more):
        name = aws.db(DBSubnetGroupName="web", **more)
        return aws.rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]["PubliclyAccessible"]

    assert public() is False
    aws.gateway(vpc)
    assert public() is True
    assert public(PubliclyAccessible=False) is False


def test_the_insights_of_a_database_are_advanced_when_they_are_kept_long_enough(aws):
    request = dict(EnablePerformanceInsights=True, PerformanceInsightsRetentionPeriod=465)
    db = aws.db(DatabaseInsightsMode="advanced", **request)
    shown = aws.rds.describe_db_instances(DBInstanceIdentifier=db)["DBInstances"][0]
    assert shown["DatabaseInsightsMode"] == "advanced"
    assert shown["PerformanceInsightsRetentionPeriod"] == 465
    aws.rds.modify_db_instance(DBInstanceIdentifier=db, DatabaseInsightsMode="standard", ApplyImmediately=True)
    aws.world.advance(3600)
    shown = aws.rds.describe_db_instances(DBInstanceIdentifier=db)["DBInstances"][0]
    assert shown["DatabaseInsightsMode"] == "standard"


def test_rds_takes_a_final_snapshot(aws):
    db = aws.db()
    aws.rds.delete_db_instance(DBInstanceIdentifier=db, FinalDBSnapshotIdentifier="last")
    aws.world.advance(2 * 3600)
    snapshot = aws.rds.describe_db_snapshots(DBSnapshotIdentifier="last")["DBSnapshots"][0]
    assert (snapshot["Status"], snapshot["SnapshotType"]) == ("available", "manual")
    gone = outcome(lambda: aws.rds.describe_db_instances(DBInstanceIdentifier=db))
    assert (gone.code, gone.status) == ("DBInstanceNotFound", 404)
    assert gone.message == f"DBInstance {db} not found."


def test_elasticache_names_a_groups_clusters(aws):
    group = aws.cache(NumCacheClusters=2, AutomaticFailoverEnabled=True)
    found = aws.elasticache.describe_replication_groups(ReplicationGroupId=group)["ReplicationGroups"][0]
    assert found["Status"] == "available"
    assert found["MemberClusters"] == [f"{group}-001", f"{group}-002"]
    assert found["AutomaticFailover"] == "enabled"
    assert found["NodeGroups"][0]["PrimaryEndpoint"]["Port"] == 6379
    assert {one["CurrentRole"] for one in found["NodeGroups"][0]["NodeGroupMembers"]} == {"primary", "replica"}


def test_things_that_are_not_there_have_their_services_words(aws):
    cases = [
        (lambda: aws.iam.get_role(RoleName="absent"), "NoSuchEntity", 404, "The role with name absent cannot be found."),
        (lambda: aws.iam.delete_instance_profile(InstanceProfileName="absent"), "NoSuchEntity", 404, "Instance Profile absent cannot be found."),
        (lambda: aws.eks.describe_cluster(name="absent"), "ResourceNotFoundException", 404, "No cluster found for name: absent."),
        (lambda: aws.rds.describe_db_instances(DBInstanceIdentifier="absent"), "DBInstanceNotFound", 404, "DBInstance absent not found."),
        (lambda: aws.rds.describe_db_parameter_groups(DBParameterGroupName="absent"), "DBParameterGroupNotFound", 404, "DBParameterGroup not found: absent"),
        (lambda: aws.elasticache.describe_replication_groups(ReplicationGroupId="absent"), "ReplicationGroupNotFoundFault", 404, "ReplicationGroup absent not found."),
    ]
    for ask, code, status, message in cases:
        refused = outcome(ask)
        assert (refused.code, refused.status, refused.message) == (code, status, message)


# Waiters of boto3


def wait(aws, client, waiter, seconds, **names):
    with aws.passing(client, seconds):
        client.get_waiter(waiter).wait(**names, WaiterConfig={"Delay": 0, "MaxAttempts": 200})


def test_waiters_of_ec2(aws):
    with aws.at_once():
        vpc = aws.vpc()
    wait(aws, aws.ec2, "vpc_available", 1, VpcIds=[vpc])
    assert aws.ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["State"] == "available"
    nat = aws.nat(ready=False)["nat"]
    wait(aws, aws.ec2, "nat_gateway_available", 10, NatGatewayIds=[nat])
    assert aws.ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"][0]["State"] == "available"
    with aws.at_once():
        instance = aws.instance(aws.subnet(vpc, 7), ready=False)
    wait(aws, aws.ec2, "instance_running", 5, InstanceIds=[instance])
    found = aws.ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    assert found["State"]["Name"] == "running"


def test_waiters_of_eks(aws):
    name = aws.cluster(ready=False)
    assert aws.eks.describe_cluster(name=name)["cluster"]["status"] == "CREATING"
    wait(aws, aws.eks, "cluster_active", 30, name=name)
    assert aws.eks.describe_cluster(name=name)["cluster"]["status"] == "ACTIVE"
    aws.eks.delete_cluster(name=name)
    wait(aws, aws.eks, "cluster_deleted", 30, name=name)
    assert aws.eks.list_clusters()["clusters"] == []


def test_a_cluster_and_a_node_group_that_are_ordered_to_fail_do_so_later(aws, world):
    def order(operation):
        world.ask("PUT", "faults", [{"operation": operation, "times": 1, "fault": {"kind": "create-failed"}}])

    order("CreateCluster")
    failed = aws.cluster(ready=False)
    with pytest.raises(WaiterError):
        wait(aws, aws.eks, "cluster_active", 30, name=failed)
    shown = aws.eks.describe_cluster(name=failed)["cluster"]
    assert (shown["status"], shown["health"]["issues"][0]["code"]) == ("FAILED", "InternalFailure")
    aws.eks.delete_cluster(name=failed)
    wait(aws, aws.eks, "cluster_deleted", 30, name=failed)

    cluster = aws.cluster()
    order("CreateNodegroup")
    group = dict(clusterName=cluster, nodegroupName=aws.node_group(cluster, ready=False))
    with pytest.raises(WaiterError):
        wait(aws, aws.eks, "nodegroup_active", 30, **group)
    shown = aws.eks.describe_nodegroup(**group)["nodegroup"]
    assert (shown["status"], shown["health"]["issues"][0]["code"]) == ("CREATE_FAILED", "AsgInstanceLaunchFailures")


def nodes_of(aws, group):
    """The running instances of a node group."""
    filters = [{"Name": "tag:eks:nodegroup-name", "Values": [group]}, {"Name": "instance-state-name", "Values": ["running"]}]
    found = aws.ec2.describe_instances(Filters=filters)["Reservations"]
    return [instance for one in found for instance in one["Instances"]]


def health_of(aws, cluster, group):
    shown = aws.eks.describe_nodegroup(clusterName=cluster, nodegroupName=group)["nodegroup"]
    return shown["status"], [issue["code"] for issue in shown["health"]["issues"]]


def test_a_node_that_is_terminated_or_stopped_is_replaced_by_its_auto_scaling_group(aws, world):
    cluster = aws.cluster()
    group = aws.node_group(cluster)
    before = [one["InstanceId"] for one in nodes_of(aws, group)]
    aws.ec2.terminate_instances(InstanceIds=before[:1])
    aws.ec2.stop_instances(InstanceIds=before[1:])
    assert nodes_of(aws, group) == []
    world.advance(600)
    after = [one["InstanceId"] for one in nodes_of(aws, group)]
    assert len(after) == 2 and not set(after) & set(before)
    found = aws.ec2.describe_instances(InstanceIds=before)["Reservations"]
    assert {one["State"]["Name"] for reservation in found for one in reservation["Instances"]} == {"terminated"}
    assert health_of(aws, cluster, group) == ("ACTIVE", [])


def test_nodes_are_launched_from_a_template_that_eks_makes_and_removes(aws, world):
    cluster = aws.cluster()
    group = aws.node_group(cluster)
    arn = aws.eks.describe_nodegroup(clusterName=cluster, nodegroupName=group)["nodegroup"]["nodegroupArn"]
    template = aws.ec2.describe_launch_templates(LaunchTemplateNames=[f"eks-{arn.rpartition('/')[2]}"])["LaunchTemplates"][0]
    tags = {tag["Key"]: tag["Value"] for tag in template["Tags"]}
    assert tags == {"eks:cluster-name": cluster, "eks:nodegroup-name": group}
    tags = {tag["Key"]: tag["Value"] for tag in nodes_of(aws, group)[0]["Tags"]}
    assert tags["aws:ec2launchtemplate:id"] == template["LaunchTemplateId"]
    assert tags["aws:ec2launchtemplate:version"] == "1"
    assert tags["aws:autoscaling:groupName"].startswith(f"eks-{group}-")
    aws.eks.delete_nodegroup(clusterName=cluster, nodegroupName=group)
    world.advance(600)
    left = aws.ec2.describe_launch_templates(Filters=[{"Name": "tag:eks:nodegroup-name", "Values": [group]}])
    assert left["LaunchTemplates"] == []


def test_a_node_group_shows_what_is_wrong_with_it_until_it_is_mended(aws, world):
    vpc, subnets = aws.two_subnets()
    cluster = aws.cluster(resourcesVpcConfig={"subnetIds": subnets})
    small = aws.ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.9.0/28", AvailabilityZone=f"{REGION}a")["Subnet"]["SubnetId"]
    group = aws.node_group(cluster, subnets=[small], scalingConfig={"minSize": 1, "maxSize": 2, "desiredSize": 1})
    left = aws.ec2.describe_subnets(SubnetIds=[small])["Subnets"][0]["AvailableIpAddressCount"]
    interfaces = [aws.interface(small) for _ in range(left)]
    aws.eks.update_nodegroup_config(clusterName=cluster, nodegroupName=group, scalingConfig={"desiredSize": 2})
    world.advance(120)
    assert health_of(aws, cluster, group) == ("DEGRADED", ["InsufficientFreeAddresses"])
    aws.ec2.delete_network_interface(NetworkInterfaceId=interfaces[0])
    world.advance(1800)
    assert health_of(aws, cluster, group) == ("ACTIVE", [])
    assert len(nodes_of(aws, group)) == 2

    by_group = [{"Name": "tag:eks:nodegroup-name", "Values": [group]}]
    template = aws.ec2.describe_launch_templates(Filters=by_group)["LaunchTemplates"][0]["LaunchTemplateId"]
    aws.ec2.delete_launch_template(LaunchTemplateId=template)
    assert health_of(aws, cluster, group) == ("DEGRADED", ["Ec2LaunchTemplateNotFound"])


def test_waiters_of_rds(aws):
    db = aws.db(ready=False)
    assert aws.rds.describe_db_instances(DBInstanceIdentifier=db)["DBInstances"][0]["DBInstanceStatus"] == "creating"
    wait(aws, aws.rds, "db_instance_available", 30, DBInstanceIdentifier=db)
    found = aws.rds.describe_db_instances(DBInstanceIdentifier=db)["DBInstances"][0]
    assert found["DBInstanceStatus"] == "available"


def test_waiters_of_elasticache(aws):
    group = aws.cache(ready=False)
    wait(aws, aws.elasticache, "replication_group_available", 30, ReplicationGroupId=group)
    found = aws.elasticache.describe_replication_groups(ReplicationGroupId=group)["ReplicationGroups"][0]
    assert found["Status"] == "available"


# The AWS CLI


def cli(aws, *words):
    return run_cli("--endpoint-url", aws.world.address, *words)


def run_cli(*words, **environment):
    return subprocess.run(
        [sys.executable, "-m", "awscli", *words],
        capture_output=True,
        text=True,
        timeout=60,
        env={
            "PATH": os.environ.get("PATH", ""),
            "HOME": "/nonexistent",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_DEFAULT_OUTPUT": "json",
            "AWS_MAX_ATTEMPTS": "1",
            **environment,
        },
    )


def test_the_cli_says_who_calls(aws):
    done = cli(aws, "sts", "get-caller-identity")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["Account"] == ACCOUNT


def test_the_cli_makes_a_vpc_and_is_refused_its_deletion(aws):
    made = cli(aws, "ec2", "create-vpc", "--cidr-block", "10.0.0.0/16")
    assert made.returncode == 0, made.stderr
    vpc = json.loads(made.stdout)["Vpc"]["VpcId"]
    aws.world.advance(20)
    aws.subnet(vpc)
    done = cli(aws, "ec2", "delete-vpc", "--vpc-id", vpc)
    assert done.returncode != 0
    assert (
        "An error occurred (DependencyViolation) when calling the DeleteVpc operation: "
        f"The vpc '{vpc}' has dependencies and cannot be deleted."
    ) in done.stderr


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["iam", "get-role", "--role-name", "absent"], "(NoSuchEntity)"),
        (["eks", "describe-cluster", "--name", "absent"], "(ResourceNotFoundException)"),
        (["rds", "describe-db-instances", "--db-instance-identifier", "absent"], "(DBInstanceNotFound)"),
        (["elasticache", "describe-replication-groups", "--replication-group-id", "absent"], "(ReplicationGroupNotFoundFault)"),
    ],
    ids=["iam", "eks", "rds", "elasticache"],
)
def test_the_cli_shows_each_services_refusals(aws, words, shown):
    done = cli(aws, *words)
    assert done.returncode != 0
    assert shown in done.stderr


QUESTIONS = {
    "autoscaling": "describe-auto-scaling-groups",
    "ec2": "describe-vpcs",
    "eks": "list-clusters",
    "elasticache": "describe-cache-clusters",
    "elbv2": "describe-load-balancers",
    "iam": "list-roles",
    "kms": "list-keys",
    "rds": "describe-db-instances",
    "sns": "list-topics",
    "sts": "get-caller-identity",
}


@pytest.mark.parametrize("service", QUESTIONS)
def test_the_variable_leads_the_cli_here_but_for_rds_in_us_east_1(aws, service):
    # What would go to AWS ends at a proxy that is not there.
    to = {"AWS_ENDPOINT_URL": aws.world.address, "HTTPS_PROXY": "http://127.0.0.1:1", "NO_PROXY": "127.0.0.1"}
    words = [service, QUESTIONS[service], "--region"]
    here = run_cli(*words, "us-east-1", **to)
    if service == "rds":
        assert here.returncode != 0 and "proxy" in here.stderr, here.stderr
        assert cli(aws, *words, "us-east-1").returncode == 0
        assert run_cli(*words, "us-west-2", **to).returncode == 0
    else:
        assert here.returncode == 0, here.stderr


def log_groups(aws):
    return [group["logGroupName"] for group in aws.logs.describe_log_groups()["logGroups"]]


def test_a_control_plane_writes_to_a_log_group_that_stays(aws):
    logging = {"clusterLogging": [{"types": ["api"], "enabled": True}]}
    name = aws.cluster(logging=logging)
    aws.world.advance(600)
    group = f"/aws/eks/{name}/cluster"
    assert log_groups(aws) == [group]
    # What still writes makes it again.
    aws.logs.delete_log_group(logGroupName=group)
    aws.world.advance(600)
    assert log_groups(aws) == [group]
    aws.eks.delete_cluster(name=name)
    aws.world.advance(3600)
    assert log_groups(aws) == [group]
    aws.logs.delete_log_group(logGroupName=group)
    aws.world.advance(600)
    assert log_groups(aws) == []


def test_a_database_writes_to_a_log_group_for_each_log_that_it_exports(aws):
    name = aws.db(EnableCloudwatchLogsExports=["postgresql"])
    assert log_groups(aws) == [f"/aws/rds/instance/{name}/postgresql"]
    more = {"EnableLogTypes": ["upgrade"]}
    aws.rds.modify_db_instance(DBInstanceIdentifier=name, CloudwatchLogsExportConfiguration=more)
    aws.world.advance(600)
    assert log_groups(aws) == [f"/aws/rds/instance/{name}/{log}" for log in ("postgresql", "upgrade")]


def test_the_password_that_rds_manages_is_read_in_secrets_manager(aws):
    db = aws.db(MasterUserPassword=None, ManageMasterUserPassword=True)
    arn = aws.rds.describe_db_instances(DBInstanceIdentifier=db)["DBInstances"][0]["MasterUserSecret"]["SecretArn"]
    value = json.loads(aws.secretsmanager.get_secret_value(SecretId=arn)["SecretString"])
    assert value["username"] == "root" and value["password"]
    found = aws.secretsmanager.describe_secret(SecretId=arn)
    assert found["OwningService"] == "rds" and found["RotationEnabled"]
    aws.rds.delete_db_instance(DBInstanceIdentifier=db, SkipFinalSnapshot=True)
    aws.world.advance(3600)
    assert outcome(lambda: aws.secretsmanager.describe_secret(SecretId=arn)).code == "ResourceNotFoundException"


def test_a_deleted_secret_can_be_had_back_until_its_window_ends(aws):
    aws.secretsmanager.create_secret(Name="token", SecretString="one")
    arn = aws.secretsmanager.delete_secret(SecretId="token", RecoveryWindowInDays=7)["ARN"]
    assert aws.secretsmanager.list_secrets()["SecretList"] == []
    assert aws.secretsmanager.describe_secret(SecretId="token")["DeletedDate"]
    aws.world.advance(6 * 86400)
    aws.secretsmanager.restore_secret(SecretId="token")
    aws.world.advance(86400)
    assert aws.secretsmanager.get_secret_value(SecretId="token")["SecretString"] == "one"
    aws.secretsmanager.delete_secret(SecretId="token", RecoveryWindowInDays=7)
    aws.world.advance(7 * 86400)
    assert outcome(lambda: aws.secretsmanager.describe_secret(SecretId="token")).code == "ResourceNotFoundException"
    assert aws.secretsmanager.create_secret(Name="token")["ARN"] != arn


def test_a_new_value_is_current_and_the_one_before_previous(aws):
    first = aws.secretsmanager.create_secret(Name="token", SecretString="one")["VersionId"]
    second = aws.secretsmanager.put_secret_value(SecretId="token", SecretString="two")["VersionId"]
    read = lambda **which: aws.secretsmanager.get_secret_value(SecretId="token", **which)["SecretString"]
    assert (read(), read(VersionStage="AWSPREVIOUS"), read(VersionId=first)) == ("two", "one", "one")
    aws.secretsmanager.put_secret_value(SecretId="token", SecretString="two", ClientRequestToken=second)
    assert read(VersionStage="AWSPREVIOUS") == "one"
    move = dict(VersionStage="AWSCURRENT", RemoveFromVersionId=second, MoveToVersionId=first)
    aws.secretsmanager.update_secret_version_stage(SecretId="token", **move)
    assert (read(), read(VersionStage="AWSPREVIOUS")) == ("one", "two")


def attributes(aws, subscription):
    return aws.sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]


def test_a_subscription_waits_for_whom_it_is_for(aws):
    topic = aws.topic()
    asked = dict(TopicArn=topic, Protocol="email", Endpoint="someone@example.com")
    assert aws.sns.subscribe(**asked)["SubscriptionArn"] == "pending confirmation"
    pending = aws.sns.subscribe(**asked, ReturnSubscriptionArn=True)["SubscriptionArn"]
    assert attributes(aws, pending)["PendingConfirmation"] == "true"
    listed = lambda: aws.sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert [one["SubscriptionArn"] for one in listed()] == ["PendingConfirmation"]
    token = aws.confirmation(pending)
    assert aws.sns.confirm_subscription(TopicArn=topic, Token=token)["SubscriptionArn"] == pending
    assert attributes(aws, pending)["PendingConfirmation"] == "false"
    assert [one["SubscriptionArn"] for one in listed()] == [pending]
    aws.world.advance(3 * 86400)
    assert listed() != []
    aws.sns.unsubscribe(SubscriptionArn=pending)
    aws.sns.unsubscribe(SubscriptionArn=pending)
    assert listed() == []
    assert aws.sns.get_topic_attributes(TopicArn=topic)["Attributes"]["SubscriptionsDeleted"] == "1"


def test_a_subscription_that_nobody_confirms_is_gone_after_two_days(aws):
    topic = aws.topic()
    pending = aws.subscription(topic, "email", "someone@example.com")
    token = aws.confirmation(pending)
    aws.world.advance(47 * 3600)
    assert aws.sns.get_topic_attributes(TopicArn=topic)["Attributes"]["SubscriptionsPending"] == "1"
    aws.world.advance(3600)
    assert outcome(lambda: attributes(aws, pending)).code == "NotFound"
    assert outcome(lambda: aws.sns.confirm_subscription(TopicArn=topic, Token=token)).code == "InvalidParameter"


def test_a_topic_goes_with_its_subscriptions_and_can_be_made_anew(aws):
    topic = aws.topic("one", Tags=[{"Key": "a", "Value": "1"}])
    aws.subscription(topic)
    aws.sns.delete_topic(TopicArn=topic)
    aws.sns.delete_topic(TopicArn=topic)
    assert aws.sns.list_subscriptions()["Subscriptions"] == []
    assert aws.topic("one", Tags=[{"Key": "a", "Value": "2"}]) == topic
    assert aws.sns.list_tags_for_resource(ResourceArn=topic)["Tags"] == [{"Key": "a", "Value": "2"}]


def test_a_topics_retries_are_those_that_hold_for_what_says_nothing_else(aws):
    retries = {"minDelayTarget": 5, "maxDelayTarget": 6, "numRetries": 1}
    policy = {"http": {"defaultHealthyRetryPolicy": retries}}
    topic = aws.topic(Attributes={"DeliveryPolicy": json.dumps(policy)})
    shown = aws.sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    usual = {"numMaxDelayRetries": 0, "numNoDelayRetries": 0, "numMinDelayRetries": 0, "backoffFunction": "linear"}
    kept = {"http": {**policy["http"], "disableSubscriptionOverrides": False}}
    assert json.loads(shown["DeliveryPolicy"]) == kept
    assert json.loads(shown["EffectiveDeliveryPolicy"])["http"]["defaultHealthyRetryPolicy"] == {**retries, **usual}
    own = {"healthyRetryPolicy": {**retries, "numRetries": 2}}
    subscription = aws.subscription(topic, "https", "https://example.com", DeliveryPolicy=json.dumps(own))
    effective = json.loads(attributes(aws, subscription)["EffectiveDeliveryPolicy"])
    assert effective["healthyRetryPolicy"] == {**retries, "numRetries": 2, **usual}
    aws.sns.set_topic_attributes(TopicArn=topic, AttributeName="DeliveryPolicy", AttributeValue="")
    assert "DeliveryPolicy" not in aws.sns.get_topic_attributes(TopicArn=topic)["Attributes"]


def test_topics_come_a_hundred_at_a_time(aws):
    with aws.within_rates():
        for number in range(101):
            aws.topic(f"topic-{number}")
    first = aws.sns.list_topics()
    assert len(first["Topics"]) == 100
    assert len(aws.sns.list_topics(NextToken=first["NextToken"])["Topics"]) == 1


def test_a_page_s_token_is_good_where_it_was_given_out_alone(aws):
    token = aws.ec2.describe_security_groups(MaxResults=5).get("NextToken")
    while token is None:
        aws.ec2.create_security_group(GroupName=aws.name("group"), Description="One of many", VpcId=aws.vpc())
        token = aws.ec2.describe_security_groups(MaxResults=5).get("NextToken")
    assert aws.ec2.describe_security_groups(MaxResults=5, NextToken=token)["SecurityGroups"]
    elsewhere = aws.in_region("ec2", "us-west-2")
    assert outcome(lambda: elsewhere.describe_security_groups(MaxResults=5, NextToken=token)).code == "InvalidNextToken"
    stranger = aws.client("ec2", "123456789012", "test", None)
    assert outcome(lambda: stranger.describe_security_groups(MaxResults=5, NextToken=token)).code == "InvalidNextToken"


def test_a_service_is_known_by_its_name_in_any_case(aws):
    """Terraform's provider 3.39 signs for `Backup` where it is told another endpoint than AWS's own."""
    other = aws.in_region("backup", REGION)
    other._request_signer._signing_name = "Backup"
    assert "BackupVaultList" in other.list_backup_vaults()


def zone_of(aws, name):
    made = aws.route53.create_hosted_zone(Name=name, CallerReference=aws.name("zone"))
    return made["HostedZone"]["Id"], made["DelegationSet"]["NameServers"]


def asked_for(aws, name):
    """A certificate whose records are known."""
    arn = aws.acm.request_certificate(DomainName=name, ValidationMethod="DNS")["CertificateArn"]
    aws.world.advance(10)
    return arn


def state(aws, arn):
    return aws.acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"]


def test_a_certificate_is_issued_once_its_records_stand_in_dns(aws):
    arn = issued(aws)
    found = aws.acm.describe_certificate(CertificateArn=arn)["Certificate"]
    assert found["Status"] == "ISSUED" and (found["NotAfter"] - found["NotBefore"]).days == 198
    assert [one["ValidationStatus"] for one in found["DomainValidationOptions"]] == ["SUCCESS"]
    aws.acm.get_waiter("certificate_validated").wait(CertificateArn=arn)


def test_a_certificate_and_its_wildcard_ask_for_one_record_and_each_request_for_the_same(aws):
    names = ["*.main.test"]
    arns = [aws.acm.request_certificate(DomainName="main.test", SubjectAlternativeNames=names, ValidationMethod="DNS")["CertificateArn"] for _ in range(2)]
    assert arns[0] != arns[1]
    aws.world.advance(10)
    found = [aws.acm.describe_certificate(CertificateArn=arn)["Certificate"]["DomainValidationOptions"] for arn in arns]
    records = [one["ResourceRecord"] for options in found for one in options]
    assert len(records) == 4 and all(record == records[0] for record in records)


def test_a_token_asks_for_one_certificate_within_an_hour(aws):
    def ask():
        return aws.acm.request_certificate(DomainName="main.test", ValidationMethod="DNS", IdempotencyToken="one")["CertificateArn"]

    first = ask()
    assert ask() == first
    aws.world.advance(3700)
    assert ask() != first


def test_a_zone_to_which_the_one_above_does_not_lead_shows_nothing(aws):
    zone_of(aws, "main.test")
    below, servers = zone_of(aws, "below.main.test")
    arn = asked_for(aws, "below.main.test")
    shown(aws, below, arn)
    aws.world.advance(3600)
    assert state(aws, arn) == "PENDING_VALIDATION"
    above = next(zone["Id"] for zone in aws.route53.list_hosted_zones()["HostedZones"] if zone["Name"] == "main.test.")
    delegation = {"Action": "CREATE", "ResourceRecordSet": record("below.main.test", "NS", *servers)}
    aws.route53.change_resource_record_sets(HostedZoneId=above, ChangeBatch={"Changes": [delegation]})
    aws.world.advance(3600)
    assert state(aws, arn) == "ISSUED"


@pytest.mark.parametrize("rule", [None, "acm.validation.record"])
def test_a_certificate_that_nobody_shows_to_be_his_waits_for_three_days(aws, rule):
    if rule:
        aws.world.switch(rule, False)
    arn = asked_for(aws, "main.test")
    aws.world.advance(3600)
    assert state(aws, arn) == ("ISSUED" if rule else "PENDING_VALIDATION")
    aws.world.advance(73 * 3600)
    assert state(aws, arn) == ("ISSUED" if rule else "VALIDATION_TIMED_OUT")


@pytest.mark.parametrize("rule", [None, "acm.validation.caa"])
def test_a_domain_whose_records_let_others_issue_gets_no_certificate(aws, rule):
    if rule:
        aws.world.switch(rule, False)
    zone, _ = zone_of(aws, "main.test")
    caa = {"Action": "CREATE", "ResourceRecordSet": record("main.test", "CAA", '0 issue "other.test"')}
    aws.route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": [caa]})
    arn = asked_for(aws, "main.test")
    shown(aws, zone, arn)
    aws.world.advance(900)
    found = aws.acm.describe_certificate(CertificateArn=arn)["Certificate"]
    wanted = ("ISSUED", None) if rule else ("FAILED", "CAA_ERROR")
    assert (found["Status"], found.get("FailureReason")) == wanted


def scaled_group(aws):
    cluster = aws.cluster()
    nodes = aws.node_group(cluster)
    return cluster, nodes, ground_autoscaling.named(aws, cluster, nodes)


def alarm_names(aws):
    return [alarm["AlarmName"] for alarm in aws.cloudwatch.describe_alarms()["MetricAlarms"]]


def test_a_tracking_policy_has_alarms_of_its_own_which_go_with_it(aws):
    _, _, group = scaled_group(aws)
    request = ground_autoscaling.given(ground_autoscaling.policy(group, **ground_autoscaling.tracking(70.0)))
    made = aws.autoscaling.put_scaling_policy(**request)
    [high, low] = [alarm["AlarmName"] for alarm in made["Alarms"]]
    assert high.startswith(f"TargetTracking-{group}-AlarmHigh-") and low.startswith(f"TargetTracking-{group}-AlarmLow-")
    shown = {alarm["AlarmName"]: alarm for alarm in aws.cloudwatch.describe_alarms()["MetricAlarms"]}
    assert (shown[high]["Threshold"], shown[low]["Threshold"]) == (70.0, 63.0)
    assert shown[high]["AlarmActions"] == [made["PolicyARN"]]
    # One that never shrinks the group has no alarm for it; the other one stays the same.
    request["TargetTrackingConfiguration"]["DisableScaleIn"] = True
    again = aws.autoscaling.put_scaling_policy(**request)
    assert [alarm["AlarmName"] for alarm in again["Alarms"]] == [high] == alarm_names(aws)
    assert again["PolicyARN"] == made["PolicyARN"]
    aws.autoscaling.delete_policy(PolicyName=made["PolicyARN"])
    assert alarm_names(aws) == []


def test_an_alarm_of_ones_own_stays_without_the_policy_that_it_set_off(aws):
    _, _, group = scaled_group(aws)
    policy = aws.autoscaling.put_scaling_policy(**ground_autoscaling.policy(group))["PolicyARN"]
    aws.cloudwatch.put_metric_alarm(
        AlarmName="busy", MetricName="CPUUtilization", Namespace="AWS/EC2", Statistic="Average", Period=60,
        EvaluationPeriods=1, Threshold=80, ComparisonOperator="GreaterThanThreshold", AlarmActions=[policy],
    )
    [shown] = aws.autoscaling.describe_policies(AutoScalingGroupName=group)["ScalingPolicies"]
    assert [alarm["AlarmName"] for alarm in shown["Alarms"]] == ["busy"]
    aws.autoscaling.delete_policy(AutoScalingGroupName=group, PolicyName="policy")
    [alarm] = aws.cloudwatch.describe_alarms()["MetricAlarms"]
    assert alarm["AlarmName"] == "busy" and alarm["AlarmActions"] == []


def test_a_node_groups_policies_go_with_it(aws):
    cluster, nodes, group = scaled_group(aws)
    aws.autoscaling.put_scaling_policy(**ground_autoscaling.given(ground_autoscaling.policy(group, **ground_autoscaling.tracking())))
    aws.eks.delete_nodegroup(clusterName=cluster, nodegroupName=nodes)
    aws.world.advance(3600)
    assert aws.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"] == []
    assert aws.autoscaling.describe_policies()["ScalingPolicies"] == [] and alarm_names(aws) == []


def test_a_tag_of_a_group_reaches_the_instances_that_are_launched_after_it(aws):
    _, _, group = scaled_group(aws)
    tag = {"ResourceId": group, "ResourceType": ground_autoscaling.KIND, "Value": "1"}
    kept = {**tag, "Key": "kept", "PropagateAtLaunch": False}
    aws.autoscaling.create_or_update_tags(Tags=[{**tag, "Key": "handed-on", "PropagateAtLaunch": True}, kept])
    [shown] = aws.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    assert {one["Key"]: one["PropagateAtLaunch"] for one in shown["Tags"] if one["Value"] == "1"} == {"handed-on": True, "kept": False}
    before = [instance["InstanceId"] for instance in shown["Instances"]]
    aws.ec2.terminate_instances(InstanceIds=before[:1])
    aws.world.advance(900)
    [shown] = aws.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    [new] = [instance["InstanceId"] for instance in shown["Instances"] if instance["InstanceId"] not in before]
    keys = {one["Key"] for one in aws.ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [new]}])["Tags"]}
    assert "handed-on" in keys and "kept" not in keys


def test_what_is_set_on_a_bucket_is_shown_until_it_is_taken_away(aws):
    s3 = aws.s3
    for name in ("shown", "logs"):
        s3.create_bucket(Bucket=name)
    rules = [{"AllowedMethods": ["GET"], "AllowedOrigins": ["https://main.test"], "MaxAgeSeconds": 5}]
    route = {"Condition": {"KeyPrefixEquals": "old/"}, "Redirect": {"ReplaceKeyPrefixWith": "new/"}}
    website = {"IndexDocument": {"Suffix": "index.html"}, "RoutingRules": [route]}
    logging = {"TargetBucket": "logs", "TargetPrefix": "a/", "TargetObjectKeyFormat": {"SimplePrefix": {}}}
    s3.put_bucket_cors(Bucket="shown", CORSConfiguration={"CORSRules": rules})
    s3.put_bucket_website(Bucket="shown", WebsiteConfiguration=website)
    s3.put_bucket_logging(Bucket="shown", BucketLoggingStatus={"LoggingEnabled": logging})
    s3.put_bucket_accelerate_configuration(Bucket="shown", AccelerateConfiguration={"Status": "Enabled"})

    def answers():
        asked = (s3.get_bucket_cors, s3.get_bucket_website, s3.get_bucket_logging, s3.get_bucket_accelerate_configuration)
        for ask in asked:
            answer = ask(Bucket="shown")
            answer.pop("ResponseMetadata")
            yield answer

    assert list(answers()) == [{"CORSRules": rules}, website, {"LoggingEnabled": logging}, {"Status": "Enabled"}]
    s3.delete_bucket_cors(Bucket="shown")
    s3.delete_bucket_website(Bucket="shown")
    s3.put_bucket_logging(Bucket="shown", BucketLoggingStatus={})
    assert outcome(lambda: s3.get_bucket_cors(Bucket="shown")).code == "NoSuchCORSConfiguration"
    assert outcome(lambda: s3.get_bucket_website(Bucket="shown")).code == "NoSuchWebsiteConfiguration"
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket="shown")


def test_a_new_bucket_and_its_objects_are_their_owners_alone(aws):
    s3 = aws.s3
    s3.create_bucket(Bucket="own")
    s3.put_object(Bucket="own", Key="one", Body=b"text")
    owner = {"ID": s3.list_buckets()["Owner"]["ID"]}
    grants = [{"Grantee": {"Type": "CanonicalUser", **owner}, "Permission": "FULL_CONTROL"}]
    for answer in (s3.get_bucket_acl(Bucket="own"), s3.get_object_acl(Bucket="own", Key="one")):
        assert (answer["Owner"], answer["Grants"]) == (owner, grants)
    # What it is already can be said again, where the bucket has lists and where it has none.
    s3.put_bucket_acl(Bucket="own", AccessControlPolicy={"Owner": owner, "Grants": grants})
    s3.put_object_acl(Bucket="own", Key="one", ACL="bucket-owner-full-control")
    s3.create_bucket(Bucket="lists", ObjectOwnership="BucketOwnerPreferred")
    s3.put_bucket_acl(Bucket="lists", ACL="private")
    assert s3.get_bucket_request_payment(Bucket="own")["Payer"] == "BucketOwner"
    assert [name for name in s3.get_bucket_notification_configuration(Bucket="own") if name != "ResponseMetadata"] == []


def test_a_policy_that_lets_everyone_in_makes_a_bucket_public(aws):
    s3 = aws.s3
    s3.create_bucket(Bucket="public")
    assert outcome(lambda: s3.get_bucket_policy_status(Bucket="public")).code == "NoSuchBucketPolicy"
    s3.delete_public_access_block(Bucket="public")
    for effect, public in (("Deny", False), ("Allow", True)):
        statement = {"Effect": effect, "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::public/*"}
        s3.put_bucket_policy(Bucket="public", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
        assert s3.get_bucket_policy_status(Bucket="public")["PolicyStatus"] == {"IsPublic": public}


def test_a_buckets_policy_lets_in_an_origin_access_identity_that_there_is(aws):
    config = {"CallerReference": "one", "Comment": "Files"}
    made = aws.cloudfront.create_cloud_front_origin_access_identity(CloudFrontOriginAccessIdentityConfig=config)
    again = aws.cloudfront.create_cloud_front_origin_access_identity(CloudFrontOriginAccessIdentityConfig=config)
    identity = made["CloudFrontOriginAccessIdentity"]
    assert again["CloudFrontOriginAccessIdentity"] == identity
    aws.s3.create_bucket(Bucket="files")

    def let_in(principal):
        statement = {"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::files/*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        return outcome(lambda: aws.s3.put_bucket_policy(Bucket="files", Policy=policy))

    arn = "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity {}"
    assert let_in({"AWS": arn.format(identity["Id"])}) is None
    assert let_in({"CanonicalUser": identity["S3CanonicalUserId"]}) is None
    assert let_in({"AWS": arn.format("EABSENT")}).message == "Invalid principal in policy"
