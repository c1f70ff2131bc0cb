"""What EKS refuses, and in which words."""

from refusal import Cases
from world import ACCOUNT, REGION

CASES = Cases()
refuses = CASES.refuses

INVALID = "InvalidParameterException"
IN_USE = "ResourceInUseException"


@refuses("eks.cluster.name.taken", IN_USE, "Cluster already exists with name: {name}", 409)
def cluster_name_taken(aws):
    name = aws.cluster(ready=False)
    request = aws.cluster_request(
        name=name,
        resourcesVpcConfig={"subnetIds": [subnet["SubnetId"] for subnet in aws.ec2.describe_subnets(
            Filters=[{"Name": "cidr-block", "Values": ["10.0.1.0/24", "10.0.2.0/24"]}]
        )["Subnets"]]},
    )
    return lambda: aws.eks.create_cluster(**request), {"name": name}


@refuses("eks.cluster.subnet.zones", INVALID, "Subnets specified must be in at least two different AZs")
def cluster_in_one_zone(aws):
    vpc = aws.vpc()
    subnets = [aws.subnet(vpc, 1, "a"), aws.subnet(vpc, 2, "a")]
    request = aws.cluster_request(resourcesVpcConfig={"subnetIds": subnets})
    return lambda: aws.eks.create_cluster(**request), {}


@refuses("eks.cluster.subnet.zone", "UnsupportedAvailabilityZoneException", "Cannot create cluster '{name}' because us-east-1e, the targeted availability zone, does not currently have sufficient capacity to support the cluster. Retry and choose from these availability zones: {*}")
def cluster_in_a_zone_without_room(aws):
    vpc = aws.vpc()
    subnets = [aws.subnet(vpc, 1, "a"), aws.subnet(vpc, 2, "e")]
    request = aws.cluster_request(resourcesVpcConfig={"subnetIds": subnets})
    return lambda: aws.eks.create_cluster(**request), request


@refuses("eks.cluster.subnet.exists", INVALID)
def cluster_in_no_subnets(aws):
    subnets = [*aws.two_subnets()[1], "subnet-0123456789abcdef0"]
    request = aws.cluster_request(resourcesVpcConfig={"subnetIds": subnets})
    return lambda: aws.eks.create_cluster(**request), {}


@refuses("eks.cluster.subnet.vpc", INVALID)
def cluster_in_two_vpcs(aws):
    subnets = [aws.subnet(aws.vpc(), 1, "a"), aws.subnet(aws.vpc("10.1.0.0/16"), 1, "b", "10.1")]
    request = aws.cluster_request(resourcesVpcConfig={"subnetIds": subnets})
    return lambda: aws.eks.create_cluster(**request), {}


@refuses("eks.cluster.role.exists", INVALID, "roleArn, {arn}, does not exist")
def cluster_role_that_is_not_there(aws):
    arn = aws.role_arn("absent")
    request = aws.cluster_request(roleArn=arn)
    return lambda: aws.eks.create_cluster(**request), {"arn": arn}


@refuses("eks.cluster.role.trust", INVALID)
def cluster_role_that_trusts_another(aws):
    request = aws.cluster_request(roleArn=aws.role_arn(aws.role("lambda.amazonaws.com")))
    return lambda: aws.eks.create_cluster(**request), {}


@refuses("eks.cluster.version", INVALID, "unsupported Kubernetes version")
def cluster_of_a_version_past_its_support(aws):
    # The world begins in February of 2026; extended support of 1.29 ends in March.
    aws.world.advance(80 * 24 * 3600)
    request = aws.cluster_request(version="1.29")
    return lambda: aws.eks.create_cluster(**request), {}


@refuses("eks.cluster.endpoint", INVALID, "Private and public endpoint access cannot be false")
def cluster_without_an_endpoint(aws):
    config = {"subnetIds": aws.two_subnets()[1], "endpointPublicAccess": False, "endpointPrivateAccess": False}
    request = aws.cluster_request(resourcesVpcConfig=config)
    return lambda: aws.eks.create_cluster(**request), {}


@refuses("eks.cluster.security_group", INVALID)
def cluster_with_a_group_that_is_not_there(aws):
    config = {"subnetIds": aws.two_subnets()[1], "securityGroupIds": ["sg-0123456789abcdef0"]}
    request = aws.cluster_request(resourcesVpcConfig=config)
    return lambda: aws.eks.create_cluster(**request), {}


@refuses("eks.cluster.service_range", INVALID)
def services_in_a_public_range(aws):
    request = aws.cluster_request(kubernetesNetworkConfig={"serviceIpv4Cidr": "8.8.0.0/16"})
    return lambda: aws.eks.create_cluster(**request), {}


@refuses("eks.cluster.bootstrap", INVALID, "bootstrapClusterCreatorAdminPermissions must be true if cluster authentication mode is set to CONFIG_MAP")
def config_map_without_its_creator(aws):
    access = {"authenticationMode": "CONFIG_MAP", "bootstrapClusterCreatorAdminPermissions": False}
    request = aws.cluster_request(accessConfig=access)
    return lambda: aws.eks.create_cluster(**request), {}


def encrypted(key, *resources):
    return [{"resources": list(resources or ["secrets"]), "provider": {"keyArn": key}}]


@refuses("eks.cluster.encryption.key", INVALID, "The keyArn for encryptionConfig is invalid.")
def cluster_with_a_disabled_key(aws):
    key = aws.key()
    aws.kms.disable_key(KeyId=key)
    request = aws.cluster_request(encryptionConfig=encrypted(aws.key_arn(key)))
    return lambda: aws.eks.create_cluster(**request), {}


KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"


@refuses("eks.cluster.encryption.key", INVALID, f"The KeyArn in encryptionConfig provider {KEY} is not found.")
def encryption_with_a_key_that_is_not_there(aws):
    name = aws.cluster()
    return lambda: aws.eks.associate_encryption_config(clusterName=name, encryptionConfig=encrypted(KEY)), {}


@refuses("eks.cluster.encryption.key", INVALID, "The keyArn for encryptionConfig is invalid.")
def encryption_with_an_alias_that_is_not_there(aws):
    name = aws.cluster()
    return lambda: aws.eks.associate_encryption_config(clusterName=name, encryptionConfig=encrypted("alias/absent")), {}


@refuses("eks.cluster.encryption.resources", INVALID)
def cluster_that_encrypts_pods(aws):
    request = aws.cluster_request(encryptionConfig=encrypted(aws.key_arn(aws.key()), "pods"))
    return lambda: aws.eks.create_cluster(**request), {}


@refuses("eks.cluster.encryption.once", INVALID, "Encryption is already enabled on the cluster")
def cluster_that_is_encrypted_already(aws):
    config = encrypted(aws.key_arn(aws.key()))
    name = aws.cluster(encryptionConfig=config)
    return lambda: aws.eks.associate_encryption_config(clusterName=name, encryptionConfig=config), {}


@refuses(None, INVALID, "KeyArn is required")
def encryption_without_a_key(aws):
    name = aws.cluster()
    config = [{"resources": ["secrets"]}]
    return lambda: aws.eks.associate_encryption_config(clusterName=name, encryptionConfig=config), {}


@refuses("eks.cluster.delete.node_groups", IN_USE, "Cluster has nodegroups attached", 409)
def delete_a_cluster_with_nodes(aws):
    name = aws.cluster()
    aws.node_group(name)
    return lambda: aws.eks.delete_cluster(name=name), {}


@refuses("eks.cluster.delete.protection", "InvalidRequestException")
def delete_a_protected_cluster(aws):
    name = aws.cluster(deletionProtection=True)
    return lambda: aws.eks.delete_cluster(name=name), {}


@refuses("eks.cluster.active", "InvalidRequestException")
def nodes_for_a_cluster_that_is_being_made(aws):
    name = aws.cluster(ready=False)
    request = aws.node_group_request(name)
    return lambda: aws.eks.create_nodegroup(**request), {}


@refuses("eks.cluster.update.minor", INVALID, "Unsupported Kubernetes minor version update from 1.32 to 1.34")
def two_versions_at_once(aws):
    name = aws.cluster(version="1.32")
    return lambda: aws.eks.update_cluster_version(name=name, version="1.34"), {}


@refuses("eks.cluster.update.minor", INVALID)
def a_version_back(aws):
    name = aws.cluster(version="1.33")
    return lambda: aws.eks.update_cluster_version(name=name, version="1.32"), {}


@refuses("eks.cluster.update.change", INVALID, "Cluster is already at the desired configuration with endpointPrivateAccess: false , endpointPublicAccess: true, and Public Endpoint Restrictions: [0.0.0.0/0]")
def endpoint_as_it_is(aws):
    name = aws.cluster()
    config = {"endpointPublicAccess": True, "endpointPrivateAccess": False}
    return lambda: aws.eks.update_cluster_config(name=name, resourcesVpcConfig=config), {}


@refuses("eks.cluster.auto_mode", INVALID, "For EKS Auto Mode, please ensure that all required configs, including computeConfig, kubernetesNetworkConfig, and blockStorage are all either fully enabled or fully disabled.")
def auto_mode_in_part(aws):
    name = aws.cluster()
    return lambda: aws.eks.update_cluster_config(name=name, computeConfig={"enabled": True}), {}


@refuses("eks.update.one", IN_USE, "Cannot EndpointAccessUpdate because cluster {name} currently has update {*} in progress", 409)
def a_second_update(aws):
    name = aws.cluster()
    first = {"endpointPublicAccess": True, "endpointPrivateAccess": True}
    with aws.at_once():
        aws.eks.update_cluster_config(name=name, resourcesVpcConfig=first)
    second = {"publicAccessCidrs": ["198.51.100.0/24"]}
    return lambda: aws.eks.update_cluster_config(name=name, resourcesVpcConfig=second), {"name": name}


@refuses("eks.cluster.update.authentication", INVALID, "Unsupported authentication mode update from API_AND_CONFIG_MAP to CONFIG_MAP")
def authentication_mode_back(aws):
    name = aws.cluster()
    config = {"authenticationMode": "CONFIG_MAP"}
    return lambda: aws.eks.update_cluster_config(name=name, accessConfig=config), {}


# Node groups


@refuses("eks.node_group.name.taken", IN_USE, "NodeGroup already exists with name {name} and cluster name {cluster}", 409)
def node_group_name_taken(aws):
    cluster = aws.cluster()
    request = aws.node_group_request(cluster)
    aws.eks.create_nodegroup(**request)
    return lambda: aws.eks.create_nodegroup(**request), {"name": request["nodegroupName"], "cluster": cluster}


@refuses("eks.node_group.scaling", INVALID, "Minimum capacity 3 can't be greater than desired size 2")
def least_above_desired(aws):
    request = aws.node_group_request(aws.cluster(), scalingConfig={"minSize": 3, "maxSize": 4, "desiredSize": 2})
    return lambda: aws.eks.create_nodegroup(**request), {}


@refuses("eks.node_group.scaling", INVALID, "Desired capacity 3 can't be greater than max size 2")
def desired_above_most(aws):
    request = aws.node_group_request(aws.cluster(), scalingConfig={"minSize": 1, "maxSize": 2, "desiredSize": 3})
    return lambda: aws.eks.create_nodegroup(**request), {}


def resized(aws, **sizes):
    """A group of one to two nodes of which there are to be two, with other sizes."""
    cluster = aws.cluster()
    request = dict(clusterName=cluster, nodegroupName=aws.node_group(cluster), scalingConfig=sizes)
    return lambda: aws.eks.update_nodegroup_config(**request), {}


@refuses("eks.node_group.scaling", INVALID, "Minimum capacity 3 can't be greater than desired size 2")
def least_above_desired_later(aws):
    return resized(aws, minSize=3, maxSize=4)


@refuses("eks.node_group.scaling", INVALID, "Desired capacity 3 can't be greater than max size 2")
def desired_above_most_later(aws):
    return resized(aws, desiredSize=3)


@refuses("eks.node_group.scaling", INVALID, "Minimum capacity 3 can't be greater than maximum size 2")
def least_above_most_later(aws):
    return resized(aws, minSize=3)


@refuses("eks.node_group.role.trust", INVALID)
def node_role_that_trusts_another(aws):
    request = aws.node_group_request(aws.cluster(), nodeRole=aws.role_arn(aws.role("lambda.amazonaws.com")))
    return lambda: aws.eks.create_nodegroup(**request), {}


@refuses("eks.node_group.subnets", INVALID)
def nodes_in_no_subnet(aws):
    subnet = "subnet-0123456789abcdef0"
    request = aws.node_group_request(aws.cluster(), subnets=[subnet])
    return lambda: aws.eks.create_nodegroup(**request), {"subnet": subnet}


@refuses("eks.node_group.instance_types", INVALID, "[t4g.medium] is not a valid instance type for requested amiType AL2023_x86_64_STANDARD")
def nodes_of_another_architecture(aws):
    request = aws.node_group_request(
        aws.cluster(), amiType="AL2023_x86_64_STANDARD", instanceTypes=["t4g.medium"]
    )
    return lambda: aws.eks.create_nodegroup(**request), {}


@refuses("eks.node_group.labels", INVALID)
def reserved_label(aws):
    request = aws.node_group_request(aws.cluster(), labels={"eks.amazonaws.com/mine": "1"})
    return lambda: aws.eks.create_nodegroup(**request), {}


@refuses("eks.node_group.taints", INVALID)
def taint_twice(aws):
    taint = {"key": "gpu", "value": "1", "effect": "NO_SCHEDULE"}
    request = aws.node_group_request(aws.cluster(), taints=[taint, taint])
    return lambda: aws.eks.create_nodegroup(**request), {}


WORD = "Invalid value: {} : field must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character{{*}}"


def refused_nodes(rule, name, message=None, **more):
    def arrange(aws):
        request = aws.node_group_request(aws.cluster(), **more)
        return lambda: aws.eks.create_nodegroup(**request), {}

    arrange.__name__ = name
    refuses(rule, INVALID, message)(arrange)


refused_nodes("eks.node_group.labels", "label_with_a_blank_in_its_key", WORD.format("my team"), labels={"my team": "a"})
refused_nodes("eks.node_group.labels", "label_with_an_upper_case_domain", WORD.format("Example.com/team"), labels={"Example.com/team": "a"})
refused_nodes("eks.node_group.labels", "label_with_a_slash_in_its_value", WORD.format("a/b"), labels={"team": "a/b"})
refused_nodes("eks.node_group.labels", "label_that_ends_in_a_hyphen", WORD.format("a-"), labels={"team": "a-"})
refused_nodes("eks.node_group.labels", "labels_beyond_the_limit", "The number of labels exceeds the limit of 50.", labels={f"key-{number}": "a" for number in range(51)})
refused_nodes("eks.node_group.disk", "nodes_without_a_disk", None, diskSize=0)
refused_nodes("eks.node_group.taints", "taint_with_a_blank_in_its_key", WORD.format("my gpu"), taints=[{"key": "my gpu", "value": "1", "effect": "NO_SCHEDULE"}])
refused_nodes("eks.node_group.taints", "taint_with_a_colon_in_its_value", WORD.format("1:2"), taints=[{"key": "gpu", "value": "1:2", "effect": "NO_SCHEDULE"}])


@refuses("eks.node_group.labels", INVALID, "The number of labels exceeds the limit of 50.")
def labels_added_beyond_the_limit(aws):
    cluster = aws.cluster()
    nodes = aws.node_group(cluster, labels={f"key-{number}": "a" for number in range(50)})
    request = dict(clusterName=cluster, nodegroupName=nodes, labels={"addOrUpdateLabels": {"one": "more"}})
    return lambda: aws.eks.update_nodegroup_config(**request), {}


def refused_ranges(name, message, *ranges):
    def arrange(aws):
        request = aws.cluster_request()
        request["resourcesVpcConfig"] = {**request["resourcesVpcConfig"], "publicAccessCidrs": list(ranges)}
        return lambda: aws.eks.create_cluster(**request), {}

    arrange.__name__ = name
    refuses("eks.cluster.endpoint.ranges", INVALID, message)(arrange)


refused_ranges("endpoint_open_to_private_ranges", "The following CIDRs are invalid in publicAccessCidrs: [10.0.0.0/8, 192.168.1.0/24]", "10.0.0.0/8", "198.51.100.0/24", "192.168.1.0/24")
refused_ranges("endpoint_open_to_no_range", "The following CIDRs are invalid in publicAccessCidrs: [198.51.100.0/33]", "198.51.100.0/33")
refused_ranges("endpoint_open_to_an_address_within_a_range", "The following CIDRs are invalid in publicAccessCidrs: [198.51.100.1/24]", "198.51.100.1/24")
refused_ranges("endpoint_open_to_all_twice", None, "0.0.0.0/0", "0.0.0.0/0")
refused_ranges("endpoint_open_to_too_many_ranges", None, *(f"198.51.100.{number}/32" for number in range(41)))


# Add-ons, access entries, tags, tokens


@refuses("eks.addon.taken", IN_USE, "Addon already exists.", 409)
def addon_twice(aws):
    cluster = aws.cluster()
    request = dict(clusterName=cluster, addonName="coredns")
    aws.eks.create_addon(**request)
    return lambda: aws.eks.create_addon(**request), {}


@refuses("eks.addon.version", INVALID, "Addon version specified is not supported")
def addon_of_an_unknown_version(aws):
    request = dict(clusterName=aws.cluster(), addonName="coredns", addonVersion="v0.0.1-eksbuild.1")
    return lambda: aws.eks.create_addon(**request), {}


@refuses("eks.addon.known", INVALID)
def addon_that_eks_does_not_have(aws):
    request = dict(clusterName=aws.cluster(), addonName="no-such-addon")
    return lambda: aws.eks.create_addon(**request), {}


@refuses("eks.addon.configuration", INVALID)
def addon_with_broken_configuration(aws):
    request = dict(clusterName=aws.cluster(), addonName="coredns", configurationValues='{"nothing": 1}')
    return lambda: aws.eks.create_addon(**request), {}


@refuses("eks.access_entry.taken", IN_USE, "The specified access entry resource is already in use on this cluster.", 409)
def access_entry_twice(aws):
    cluster, principal = aws.cluster(), aws.role_arn(aws.role())
    request = dict(clusterName=cluster, principalArn=principal)
    aws.eks.create_access_entry(**request)
    return lambda: aws.eks.create_access_entry(**request), {}


@refuses("eks.access_entry.principal", INVALID, "The specified principalArn is invalid: invalid principal.")
def access_entry_of_a_role_that_is_not_there(aws):
    request = dict(clusterName=aws.cluster(), principalArn=aws.role_arn("nobody"))
    return lambda: aws.eks.create_access_entry(**request), {}


@refuses("eks.access_entry.principal", INVALID, "The specified principalArn is invalid: invalid principal.")
def access_entry_of_a_role_made_just_now(aws):
    cluster = aws.cluster()
    with aws.at_once():
        principal = aws.role_arn(aws.role())
    return lambda: aws.eks.create_access_entry(clusterName=cluster, principalArn=principal), {}


@refuses("eks.access_entry.names", INVALID, "The kubernetes group name system:masters is invalid, it cannot start with system:")
def access_entry_for_the_masters(aws):
    request = dict(
        clusterName=aws.cluster(), principalArn=aws.role_arn(aws.role()), kubernetesGroups=["system:masters"]
    )
    return lambda: aws.eks.create_access_entry(**request), {}


@refuses("eks.access_entry.mode", "InvalidRequestException", "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this operation.")
def access_entry_beside_the_config_map(aws):
    request = aws.cluster_request(accessConfig={"authenticationMode": "CONFIG_MAP"})
    aws.eks.create_cluster(**request)
    aws.world.advance(3600)
    principal = aws.role_arn(aws.role())
    return lambda: aws.eks.create_access_entry(clusterName=request["name"], principalArn=principal), {}


@refuses("eks.access_policy.exists", INVALID)
def access_policy_that_eks_does_not_have(aws):
    cluster, principal = aws.cluster(), aws.role_arn(aws.role())
    aws.eks.create_access_entry(clusterName=cluster, principalArn=principal)
    return lambda: aws.eks.associate_access_policy(
        clusterName=cluster,
        principalArn=principal,
        policyArn="arn:aws:eks::aws:cluster-access-policy/NoSuchPolicy",
        accessScope={"type": "cluster"},
    ), {}


@refuses("eks.token.mismatch", INVALID)
def token_for_another_cluster(aws):
    request = aws.cluster_request(clientRequestToken="one-token-for-a-cluster")
    aws.eks.create_cluster(**request)
    other = {**request, "name": "another"}
    return lambda: aws.eks.create_cluster(**other), {}


# Pod identities


def profile(aws, cluster, name="apps", **more):
    """A call that makes a Fargate profile in a cluster."""
    usual = {
        "clusterName": cluster,
        "fargateProfileName": name,
        "subnets": aws.eks.describe_cluster(name=cluster)["cluster"]["resourcesVpcConfig"]["subnetIds"],
        "selectors": [{"namespace": "apps"}],
    }
    if "podExecutionRoleArn" not in more:
        usual["podExecutionRoleArn"] = aws.role_arn(aws.role("eks-fargate-pods.amazonaws.com"))
        aws.world.advance(60)
    request = {**usual, **more}
    return lambda: aws.eks.create_fargate_profile(**request)


@refuses("eks.fargate_profile.name", "InvalidParameterException")
def fargate_profile_with_a_name_of_eks(aws):
    return profile(aws, aws.cluster(), "eks-apps"), {}


@refuses("eks.fargate_profile.name.taken", "ResourceInUseException", "FargateProfile already exists with name apps and cluster name {cluster}", 409)
def fargate_profile_twice(aws):
    cluster = aws.cluster()
    profile(aws, cluster)()
    aws.world.advance(600)
    return profile(aws, cluster), {"cluster": cluster}


@refuses("eks.fargate_profile.one", "ResourceInUseException", "Cannot create Fargate Profile other because cluster {cluster} currently has Fargate profile apps in status CREATING", 409)
def fargate_profile_while_another_is_made(aws):
    cluster = aws.cluster()
    other = profile(aws, cluster, "other")
    make = profile(aws, cluster)
    with aws.at_once():
        make()
    return other, {"cluster": cluster}


@refuses("eks.fargate_profile.quota", "ResourceLimitExceededException")
def fargate_profiles_without_end(aws):
    cluster = aws.cluster()
    for number in range(10):
        profile(aws, cluster, f"apps{number}")()
        aws.world.advance(600)
    return profile(aws, cluster), {}


@refuses("eks.fargate_profile.selectors", "InvalidParameterException")
def fargate_profile_of_no_pods(aws):
    return profile(aws, aws.cluster(), selectors=[]), {}


@refuses("eks.fargate_profile.role", "InvalidParameterException", "Misconfigured PodExecutionRole Trust Policy; Please add the eks-fargate-pods.amazonaws.com Service Principal")
def fargate_profile_with_a_role_of_others(aws):
    role = aws.role_arn(aws.role("pods.eks.amazonaws.com"))
    aws.world.advance(60)
    return profile(aws, aws.cluster(), podExecutionRoleArn=role), {}


@refuses("eks.fargate_profile.subnets", "InvalidParameterException", "Subnet {subnet} provided in Fargate Profile is not a private subnet")
def fargate_profile_in_a_public_subnet(aws):
    cluster = aws.cluster()
    network = aws.eks.describe_cluster(name=cluster)["cluster"]["resourcesVpcConfig"]
    vpc, subnet = network["vpcId"], network["subnetIds"][0]
    gateway = aws.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    aws.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = aws.ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    aws.ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    aws.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    return profile(aws, cluster, subnets=[subnet]), {"subnet": subnet}


@refuses("eks.cluster.delete.fargate_profiles", "ResourceInUseException", None, 409)
def cluster_with_fargate_profiles_deleted(aws):
    cluster = aws.cluster()
    profile(aws, cluster)()
    aws.world.advance(600)
    return lambda: aws.eks.delete_cluster(name=cluster), {}


@refuses(None, "ResourceNotFoundException", "No Fargate Profile found with name: nobody.", 404)
def fargate_profile_that_is_not_there(aws):
    cluster = aws.cluster()
    return lambda: aws.eks.describe_fargate_profile(clusterName=cluster, fargateProfileName="nobody"), {}


def pods(aws, cluster, **more):
    role = more.pop("role", None) or aws.role("pods.eks.amazonaws.com")
    request = dict(clusterName=cluster, namespace="apps", serviceAccount="web", roleArn=aws.role_arn(role), **more)
    return lambda: aws.eks.create_pod_identity_association(**request)


@refuses("eks.pod_identity.taken", "ResourceInUseException", "Association already exists: {association}", 409)
def service_account_with_two_roles(aws):
    cluster = aws.cluster()
    made = pods(aws, cluster)()
    return pods(aws, cluster), {"association": made["association"]["associationId"]}


@refuses("eks.pod_identity.role", "InvalidParameterException")
def pods_with_a_role_for_machines(aws):
    return pods(aws, aws.cluster(), role=aws.role()), {}


@refuses("eks.pod_identity.policy", "InvalidParameterException", "A policy can be specified only if disableSessionTags is true.")
def session_policy_of_pods_with_tags(aws):
    return pods(aws, aws.cluster(), policy='{"Version":"2012-10-17","Statement":[]}'), {}


# https://docs.aws.amazon.com/eks/latest/APIReference/API_ListClusters.html
@refuses("eks.cluster.list.include", INVALID)
def clusters_listed_by_another_word(aws):
    return lambda: aws.eks.list_clusters(include=["ALL"]), {}
