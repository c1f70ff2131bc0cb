"""What moto holds of a stack, found by its marks, and each thing beside what was declared of it."""

import json

import platform_graph

LINEAGE, ADDRESS, GENERATION = "fathuss:lineage", "fathuss:address", "fathuss:generation"


def pairs(tags):
    return {tag["Key"]: tag["Value"] for tag in tags or []}


class Seen:
    """By the address in its mark, what boto3 finds in moto: the tags and the thing."""

    def __init__(self, client):
        self.client = client
        self.ec2, self.iam, self.eks, self.rds = (client(name) for name in ("ec2", "iam", "eks", "rds"))
        self.kms, self.logs, self.secrets = (client(name) for name in ("kms", "logs", "secretsmanager"))
        self.acm, self.route53 = (client(name) for name in ("acm", "route53"))
        self.sns = client("sns")
        self.things = {}
        for tags, thing in self.everything():
            if ADDRESS in tags and thing.get("State") != "deleted":
                kept = self.things.setdefault(tags[ADDRESS], (tags, thing))
                # A root volume carries its instance's mark.
                assert kept[1] is thing or "VolumeId" in thing or "VolumeId" in kept[1], f"two are {tags[ADDRESS]}"
                if "VolumeId" in kept[1] and "InstanceId" in thing:
                    self.things[tags[ADDRESS]] = (tags, thing)

    def everything(self):
        ec2 = self.ec2
        for operation, name in (
            (ec2.describe_vpcs, "Vpcs"),
            (ec2.describe_subnets, "Subnets"),
            (ec2.describe_internet_gateways, "InternetGateways"),
            (ec2.describe_addresses, "Addresses"),
            (ec2.describe_nat_gateways, "NatGateways"),
            (ec2.describe_route_tables, "RouteTables"),
            (ec2.describe_security_groups, "SecurityGroups"),
            (ec2.describe_security_group_rules, "SecurityGroupRules"),
            (ec2.describe_volumes, "Volumes"),
            (ec2.describe_flow_logs, "FlowLogs"),
        ):
            for thing in operation()[name]:
                yield pairs(thing.get("Tags")), thing
        for reservation in ec2.describe_instances()["Reservations"]:
            for thing in reservation["Instances"]:
                if thing["State"]["Name"] != "terminated":
                    yield pairs(thing.get("Tags")), thing
        iam = self.iam
        for thing in iam.list_roles()["Roles"]:
            yield pairs(iam.list_role_tags(RoleName=thing["RoleName"])["Tags"]), thing
        for thing in iam.list_policies(Scope="Local")["Policies"]:
            yield pairs(iam.list_policy_tags(PolicyArn=thing["Arn"])["Tags"]), thing
        for thing in iam.list_instance_profiles()["InstanceProfiles"]:
            name = thing["InstanceProfileName"]
            yield pairs(iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"].get("Tags")), thing
        for listed in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]:
            thing = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=listed["Arn"])
            yield pairs(thing["Tags"]), {**thing, **listed}
        eks = self.eks
        for cluster in eks.list_clusters()["clusters"]:
            thing = eks.describe_cluster(name=cluster)["cluster"]
            yield thing["tags"], thing
            for group in eks.list_nodegroups(clusterName=cluster)["nodegroups"]:
                thing = eks.describe_nodegroup(clusterName=cluster, nodegroupName=group)["nodegroup"]
                yield thing["tags"], thing
        rds = self.rds
        for operation, name, arn in (
            (rds.describe_db_subnet_groups, "DBSubnetGroups", "DBSubnetGroupArn"),
            (rds.describe_db_parameter_groups, "DBParameterGroups", "DBParameterGroupArn"),
            (rds.describe_db_instances, "DBInstances", "DBInstanceArn"),
        ):
            for thing in operation()[name]:
                yield pairs(rds.list_tags_for_resource(ResourceName=thing[arn])["TagList"]), thing

        kms = self.kms
        for listed in kms.list_keys()["Keys"]:
            thing = kms.describe_key(KeyId=listed["KeyId"])["KeyMetadata"]
            if thing["KeyManager"] == "CUSTOMER" and thing["KeyState"] != "PendingDeletion":
                tags = kms.list_resource_tags(KeyId=listed["KeyId"])["Tags"]
                yield {tag["TagKey"]: tag["TagValue"] for tag in tags}, thing
        for thing in self.logs.describe_log_groups()["logGroups"]:
            yield self.logs.list_tags_for_resource(resourceArn=thing["logGroupArn"])["tags"], thing
        for listed in self.secrets.list_secrets()["SecretList"]:
            yield pairs(listed.get("Tags")), self.secrets.describe_secret(SecretId=listed["ARN"])
        for listed in self.acm.list_certificates()["CertificateSummaryList"]:
            arn = listed["CertificateArn"]
            tags = self.acm.list_tags_for_certificate(CertificateArn=arn)["Tags"]
            yield pairs(tags), self.acm.describe_certificate(CertificateArn=arn)["Certificate"]
        for listed in self.sns.list_topics()["Topics"]:
            arn = listed["TopicArn"]
            yield pairs(self.sns.list_tags_for_resource(ResourceArn=arn)["Tags"]), self.sns.get_topic_attributes(
                TopicArn=arn
            )["Attributes"]

    def thing(self, address):
        return self.things[platform_graph.marked(address)][1]

    def tags(self, address):
        """The tags that were declared: without the mark."""
        tags = self.things[platform_graph.marked(address)][0]
        return {key: value for key, value in tags.items() if key not in (LINEAGE, ADDRESS, GENERATION)}

    def resolve(self, address, attribute):
        """An attribute that others refer to, as moto has it."""
        if platform_graph.kind(address) == "aws_ami":
            [image] = {instance["ImageId"] for instance in self.of("aws_instance")}
            return image
        if platform_graph.kind(address) == "aws_route53_zone_lookup":
            [zone] = self.route53.list_hosted_zones()["HostedZones"]
            zone = zone["Id"].removeprefix("/hostedzone/")
            return f"arn:aws:route53:::hostedzone/{zone}" if attribute == "arn" else zone
        thing = self.thing(address)
        for step in ATTRIBUTES[platform_graph.kind(address), attribute].split("."):
            thing = thing[int(step) if step.isdigit() else step]
        return thing

    def of(self, wanted):
        return [thing for address, (_, thing) in self.things.items() if platform_graph.kind(address) == wanted]


# The record of a certificate's own name.
OPTION = "domain_validation_options.0.resource_record_"

# What references name, in AWS's words.
ATTRIBUTES = {
    ("aws_vpc", "id"): "VpcId",
    ("aws_subnet", "id"): "SubnetId",
    ("aws_internet_gateway", "id"): "InternetGatewayId",
    ("aws_eip", "id"): "AllocationId",
    ("aws_nat_gateway", "id"): "NatGatewayId",
    ("aws_route_table", "id"): "RouteTableId",
    ("aws_security_group", "id"): "GroupId",
    ("aws_instance", "id"): "InstanceId",
    ("aws_ebs_volume", "id"): "VolumeId",
    ("aws_iam_role", "name"): "RoleName",
    ("aws_iam_role", "arn"): "Arn",
    ("aws_iam_policy", "arn"): "Arn",
    ("aws_iam_instance_profile", "name"): "InstanceProfileName",
    ("aws_iam_openid_connect_provider", "arn"): "Arn",
    ("aws_eks_cluster", "version"): "version",
    ("aws_eks_cluster", "name"): "name",
    ("aws_eks_cluster", "identity.oidc.issuer"): "identity.oidc.issuer",
    ("aws_db_subnet_group", "name"): "DBSubnetGroupName",
    ("aws_db_parameter_group", "name"): "DBParameterGroupName",
    ("aws_kms_key", "id"): "KeyId",
    ("aws_kms_key", "arn"): "Arn",
    ("aws_cloudwatch_log_group", "arn"): "logGroupArn",
    ("aws_secretsmanager_secret", "id"): "ARN",
    ("aws_secretsmanager_secret", "arn"): "ARN",
    ("aws_secretsmanager_secret", "name"): "Name",
    ("aws_acm_certificate", "arn"): "CertificateArn",
    ("aws_acm_certificate", "id"): "CertificateArn",
    ("aws_acm_certificate", f"{OPTION}name"): "DomainValidationOptions.0.ResourceRecord.Name",
    ("aws_acm_certificate", f"{OPTION}value"): "DomainValidationOptions.0.ResourceRecord.Value",
    ("aws_sns_topic", "id"): "TopicArn",
    ("aws_sns_topic", "arn"): "TopicArn",
}


def vpc(seen, address, declared):
    thing = seen.thing(address)
    names = seen.ec2.describe_vpc_attribute(VpcId=thing["VpcId"], Attribute="enableDnsHostnames")
    yield "cidr_block", thing["CidrBlock"]
    yield "enable_dns_hostnames", names["EnableDnsHostnames"]["Value"]


def subnet(seen, address, declared):
    thing = seen.thing(address)
    yield "vpc_id", thing["VpcId"]
    yield "cidr_block", thing["CidrBlock"]
    yield "availability_zone", thing["AvailabilityZone"]
    if "map_public_ip_on_launch" in declared or thing["MapPublicIpOnLaunch"]:
        yield "map_public_ip_on_launch", thing["MapPublicIpOnLaunch"]


def internet_gateway(seen, address, declared):
    [attached] = seen.thing(address)["Attachments"]
    yield "vpc_id", attached["VpcId"]


def eip(seen, address, declared):
    assert seen.thing(address)["Domain"] == "vpc"
    return ()


def nat_gateway(seen, address, declared):
    thing = seen.thing(address)
    [held] = thing["NatGatewayAddresses"]
    yield "subnet_id", thing["SubnetId"]
    yield "allocation_id", held["AllocationId"]


def route_table(seen, address, declared):
    yield "vpc_id", seen.thing(address)["VpcId"]


def route(seen, address, declared):
    [table] = [it for it in seen.of("aws_route_table") if it["RouteTableId"] == declared["route_table_id"]]
    [found] = [it for it in table["Routes"] if it.get("GatewayId") != "local"]
    yield "route_table_id", table["RouteTableId"]
    yield "destination_cidr_block", found["DestinationCidrBlock"]
    if "GatewayId" in found:
        yield "gateway_id", found["GatewayId"]
    if "NatGatewayId" in found:
        yield "nat_gateway_id", found["NatGatewayId"]


def route_table_association(seen, address, declared):
    tables = seen.of("aws_route_table")
    [found] = [one for table in tables for one in table["Associations"] if one.get("SubnetId") == declared["subnet_id"]]
    yield "subnet_id", found["SubnetId"]
    yield "route_table_id", found["RouteTableId"]


def default_security_group(seen, address, declared):
    thing = seen.thing(address)
    assert (thing["IpPermissions"], thing["IpPermissionsEgress"]) == ([], [])
    yield "vpc_id", thing["VpcId"]


def security_group(seen, address, declared):
    thing = seen.thing(address)
    rules = seen.ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [thing["GroupId"]]}])
    # Nothing is open but what a rule of the stack opens.
    assert all(ADDRESS in pairs(rule.get("Tags")) for rule in rules["SecurityGroupRules"])
    yield "vpc_id", thing["VpcId"]
    yield "description", thing["Description"]


def rule(egress):
    def seen_rule(seen, address, declared):
        thing = seen.thing(address)
        assert thing["IsEgress"] is egress
        yield "security_group_id", thing["GroupId"]
        yield "ip_protocol", thing["IpProtocol"]
        yield "from_port", thing["FromPort"]
        yield "to_port", thing["ToPort"]
        yield "cidr_ipv4", thing["CidrIpv4"]
        yield "description", thing["Description"]

    return seen_rule


def instance(seen, address, declared):
    thing = seen.thing(address)
    attribute = seen.ec2.describe_instance_attribute(InstanceId=thing["InstanceId"], Attribute="userData")
    options = thing["MetadataOptions"]
    [root] = [it["Ebs"]["VolumeId"] for it in thing["BlockDeviceMappings"] if it["DeviceName"] == thing["RootDeviceName"]]
    [volume] = seen.ec2.describe_volumes(VolumeIds=[root])["Volumes"]
    own = {key: value for key, value in pairs(volume["Tags"]).items() if key not in (LINEAGE, ADDRESS, GENERATION)}
    yield "ami", thing["ImageId"]
    yield "instance_type", thing["InstanceType"]
    yield "subnet_id", thing["SubnetId"]
    yield "vpc_security_group_ids", [group["GroupId"] for group in thing["SecurityGroups"]]
    yield "iam_instance_profile", thing["IamInstanceProfile"]["Arn"].split("/")[-1]
    yield "user_data_base64", attribute["UserData"]["Value"]
    yield "metadata_options", {
        "http_endpoint": options["HttpEndpoint"],
        "http_put_response_hop_limit": options["HttpPutResponseHopLimit"],
        "http_tokens": options["HttpTokens"],
    }
    yield "root_block_device", {
        "encrypted": volume["Encrypted"],
        "tags": own,
        "volume_size": volume["Size"],
        "volume_type": volume["VolumeType"],
    }


def ebs_volume(seen, address, declared):
    thing = seen.thing(address)
    yield "availability_zone", thing["AvailabilityZone"]
    yield "size", thing["Size"]
    yield "type", thing["VolumeType"]
    yield "encrypted", thing["Encrypted"]


def volume_attachment(seen, address, declared):
    [volume] = [it for it in seen.of("aws_ebs_volume") if it["VolumeId"] == declared["volume_id"]]
    [found] = volume["Attachments"]
    yield "device_name", found["Device"]
    yield "instance_id", found["InstanceId"]
    yield "volume_id", found["VolumeId"]


def iam_role(seen, address, declared):
    thing = seen.thing(address)
    yield "assume_role_policy", thing["AssumeRolePolicyDocument"]
    if "description" in declared or thing.get("Description"):
        yield "description", thing["Description"]
    bounded = seen.iam.get_role(RoleName=thing["RoleName"])["Role"].get("PermissionsBoundary")
    if bounded:
        yield "permissions_boundary", bounded["PermissionsBoundaryArn"]


def iam_policy(seen, address, declared):
    thing = seen.thing(address)
    version = seen.iam.get_policy_version(PolicyArn=thing["Arn"], VersionId=thing["DefaultVersionId"])
    yield "policy", version["PolicyVersion"]["Document"]


def iam_role_policy_attachment(seen, address, declared):
    attached = seen.iam.list_attached_role_policies(RoleName=declared["role"])["AttachedPolicies"]
    [found] = [policy for policy in attached if policy["PolicyArn"] == declared["policy_arn"]]
    yield "role", declared["role"]
    yield "policy_arn", found["PolicyArn"]


def iam_instance_profile(seen, address, declared):
    [role] = seen.thing(address)["Roles"]
    yield "role", role["RoleName"]


def iam_openid_connect_provider(seen, address, declared):
    thing = seen.thing(address)
    yield "url", f"https://{thing['Url'].removeprefix('https://')}"
    yield "client_id_list", thing["ClientIDList"]


def eks_cluster(seen, address, declared):
    thing = seen.thing(address)
    place = thing["resourcesVpcConfig"]
    yield "name", thing["name"]
    yield "role_arn", thing["roleArn"]
    yield "version", thing["version"]
    yield "vpc_config", {
        "endpoint_private_access": place["endpointPrivateAccess"],
        "endpoint_public_access": place["endpointPublicAccess"],
        "public_access_cidrs": place["publicAccessCidrs"],
        "subnet_ids": place["subnetIds"],
    }
    [logs] = thing["logging"]["clusterLogging"]
    assert logs["enabled"]
    yield "enabled_cluster_log_types", logs["types"]
    [encrypted] = thing["encryptionConfig"]
    yield "encryption_config", {
        "resources": encrypted["resources"],
        "provider": {"key_arn": encrypted["provider"]["keyArn"]},
    }


def eks_node_group(seen, address, declared):
    thing = seen.thing(address)
    sizes, taints = thing["scalingConfig"], thing.get("taints") or []
    yield "cluster_name", thing["clusterName"]
    yield "node_role_arn", thing["nodeRole"]
    yield "subnet_ids", thing["subnets"]
    yield "instance_types", thing["instanceTypes"]
    yield "capacity_type", thing["capacityType"]
    yield "labels", thing["labels"]
    yield "version", thing["version"]
    yield "scaling_config", {
        "desired_size": sizes["desiredSize"],
        "max_size": sizes["maxSize"],
        "min_size": sizes["minSize"],
    }
    yield "update_config", {"max_unavailable": thing["updateConfig"]["maxUnavailable"]}
    if taints:
        yield "taint", taints


def db_subnet_group(seen, address, declared):
    yield "subnet_ids", [subnet["SubnetIdentifier"] for subnet in seen.thing(address)["Subnets"]]


def db_parameter_group(seen, address, declared):
    thing = seen.thing(address)
    name = thing["DBParameterGroupName"]
    parameters = seen.rds.describe_db_parameters(DBParameterGroupName=name, Source="user")["Parameters"]
    yield "family", thing["DBParameterGroupFamily"]
    yield "parameter", [
        {"apply_method": it["ApplyMethod"], "name": it["ParameterName"], "value": it["ParameterValue"]}
        for it in parameters
        if "ParameterValue" in it
    ]


def db_instance(seen, address, declared):
    thing = seen.thing(address)
    [parameters] = thing["DBParameterGroups"]
    for name, member in (
        ("engine", "Engine"),
        ("engine_version", "EngineVersion"),
        ("instance_class", "DBInstanceClass"),
        ("allocated_storage", "AllocatedStorage"),
        ("max_allocated_storage", "MaxAllocatedStorage"),
        ("storage_type", "StorageType"),
        ("storage_encrypted", "StorageEncrypted"),
        ("db_name", "DBName"),
        ("username", "MasterUsername"),
        ("iam_database_authentication_enabled", "IAMDatabaseAuthenticationEnabled"),
        ("multi_az", "MultiAZ"),
        ("backup_retention_period", "BackupRetentionPeriod"),
        ("backup_window", "PreferredBackupWindow"),
        ("maintenance_window", "PreferredMaintenanceWindow"),
        ("copy_tags_to_snapshot", "CopyTagsToSnapshot"),
        ("deletion_protection", "DeletionProtection"),
        ("monitoring_interval", "MonitoringInterval"),
        ("monitoring_role_arn", "MonitoringRoleArn"),
    ):
        yield name, thing[member]
    yield "manage_master_user_password", "MasterUserSecret" in thing
    yield "db_subnet_group_name", thing["DBSubnetGroup"]["DBSubnetGroupName"]
    yield "parameter_group_name", parameters["DBParameterGroupName"]
    yield "vpc_security_group_ids", [group["VpcSecurityGroupId"] for group in thing["VpcSecurityGroups"]]


# How each type is seen, and what of it no answer can hold: what tells the provider how to act.
def kms_key(seen, address, declared):
    thing = seen.thing(address)
    yield "description", thing["Description"]
    yield "enable_key_rotation", seen.kms.get_key_rotation_status(KeyId=thing["KeyId"])["KeyRotationEnabled"]
    if "policy" in declared:
        yield "policy", json.loads(seen.kms.get_key_policy(KeyId=thing["KeyId"], PolicyName="default")["Policy"])


def kms_alias(seen, address, declared):
    [found] = [one for one in seen.kms.list_aliases()["Aliases"] if one["AliasName"] == declared["name"]]
    yield "name", found["AliasName"]
    yield "target_key_id", found["TargetKeyId"]


def log_group(seen, address, declared):
    thing = seen.thing(address)
    yield "name", thing["logGroupName"]
    yield "retention_in_days", thing["retentionInDays"]


def flow_log(seen, address, declared):
    thing = seen.thing(address)
    yield "traffic_type", thing["TrafficType"]
    yield "vpc_id", thing["ResourceId"]
    yield "iam_role_arn", thing["DeliverLogsPermissionArn"]
    yield "log_destination", thing["LogDestination"]


def secret(seen, address, declared):
    thing = seen.thing(address)
    yield "name", thing["Name"]
    yield "description", thing["Description"]


def secret_version(seen, address, declared):
    value = seen.secrets.get_secret_value(SecretId=declared["secret_id"])
    assert len(value["SecretString"]) == 32 and value["SecretString"].isalnum()
    yield "secret_id", value["ARN"]


def topic(seen, address, declared):
    yield "kms_master_key_id", seen.thing(address)["KmsMasterKeyId"]


def subscription(seen, address, declared):
    listed = seen.sns.list_subscriptions_by_topic(TopicArn=declared["topic_arn"])["Subscriptions"]
    [found] = [one for one in listed if one["Endpoint"] == declared["endpoint"]]
    yield "topic_arn", found["TopicArn"]
    yield "protocol", found["Protocol"]
    yield "endpoint", found["Endpoint"]


def topic_policy(seen, address, declared):
    found = seen.sns.get_topic_attributes(TopicArn=declared["arn"])["Attributes"]
    yield "arn", found["TopicArn"]
    yield "policy", json.loads(found["Policy"])


def certificate(seen, address, declared):
    thing = seen.thing(address)
    yield "domain_name", thing["DomainName"]
    yield "subject_alternative_names", [name for name in thing["SubjectAlternativeNames"] if name != thing["DomainName"]]


def certificate_validation(seen, address, declared):
    [thing] = seen.of("aws_acm_certificate")
    if thing["Status"] == "ISSUED":
        yield "certificate_arn", thing["CertificateArn"]


def route53_record(seen, address, declared):
    name = declared["name"].rstrip(".") + "."
    sets = seen.route53.list_resource_record_sets(HostedZoneId=declared["zone_id"])["ResourceRecordSets"]
    [found] = [one for one in sets if one["Name"] == name]
    yield "zone_id", declared["zone_id"]
    yield "name", declared["name"]
    yield "type", found["Type"]
    yield "ttl", found["TTL"]
    yield "records", [record["Value"] for record in found["ResourceRecords"]]


LOOKS = {
    "aws_vpc": (vpc, ()),
    "aws_subnet": (subnet, ()),
    "aws_internet_gateway": (internet_gateway, ()),
    "aws_eip": (eip, ()),
    "aws_nat_gateway": (nat_gateway, ("connectivity_type",)),
    "aws_route_table": (route_table, ()),
    "aws_route": (route, ()),
    "aws_route_table_association": (route_table_association, ()),
    "aws_default_security_group": (default_security_group, ()),
    "aws_security_group": (security_group, ()),
    "aws_vpc_security_group_ingress_rule": (rule(False), ()),
    "aws_vpc_security_group_egress_rule": (rule(True), ()),
    "aws_instance": (instance, ("user_data_replace_on_change",)),
    "aws_ebs_volume": (ebs_volume, ()),
    "aws_volume_attachment": (volume_attachment, ()),
    "aws_iam_role": (iam_role, ()),
    "aws_iam_policy": (iam_policy, ()),
    "aws_iam_role_policy_attachment": (iam_role_policy_attachment, ()),
    "aws_iam_instance_profile": (iam_instance_profile, ()),
    "aws_iam_openid_connect_provider": (iam_openid_connect_provider, ()),
    "aws_eks_cluster": (eks_cluster, ()),
    "aws_eks_node_group": (eks_node_group, ()),
    "aws_db_subnet_group": (db_subnet_group, ()),
    "aws_db_parameter_group": (db_parameter_group, ()),
    "aws_db_instance": (db_instance, ("skip_final_snapshot",)),
    "aws_kms_key": (kms_key, ()),
    "aws_kms_alias": (kms_alias, ()),
    "aws_acm_certificate": (certificate, ()),
    "aws_acm_certificate_validation": (certificate_validation, ()),
    "aws_route53_record": (route53_record, ()),
    "aws_cloudwatch_log_group": (log_group, ()),
    "aws_flow_log": (flow_log, ()),
    "aws_secretsmanager_secret": (secret, ("recovery_window_in_days",)),
    "aws_secretsmanager_secret_version": (secret_version, ("secret_string_wo", "secret_string_wo_version")),
    "aws_sns_topic": (topic, ()),
    "aws_sns_topic_policy": (topic_policy, ()),
    "aws_sns_topic_subscription": (subscription, ()),
}


def comparable(value):
    """Lists without their order, and documents however they are written."""
    if isinstance(value, dict):
        return {name: comparable(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return sorted((comparable(inner) for inner in value), key=lambda inner: json.dumps(inner, sort_keys=True))
    return value


def compare(seen, node):
    """What was declared of a node and what moto has, field by field; every declared field is compared."""
    look, instructions = LOOKS[platform_graph.kind(node["address"])]
    declared = {name: platform_graph.evaluate(value, seen.resolve) for name, value in node["fields"].items()}
    found = dict(look(seen, node["address"], declared))
    if "tags" in declared:
        found["tags"] = seen.tags(node["address"])
    for name in instructions:
        declared.pop(name, None)
    return comparable(declared), comparable(found)
