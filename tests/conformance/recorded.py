"""Where the refusals of the tables were seen: answers of AWS that others recorded or reported, by operation.

`recorded` is an answer that a project's recording of a real account holds, `asserted` what a test asserts that
its project has run against AWS, `field` what someone pasted into a public report. A row says that the case of that
name comes with the code, the status and, where the source has one, the message of that answer.
"""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Seen:
    """An answer of AWS: the operation that gave it, how it is known, from where, the case that has it, and whether
    the source has its message."""

    operation: str
    evidence: str
    source: str
    case: str
    words: bool = True


# A principal that does not exist is refused as one that IAM has just made. One that this world never had is let
# through: the roles of an account's people and pipelines are rarely made by its stacks.
SEEN = [
    Seen(*row)
    for row in (
        ("ec2.AssociateAddress", "field", "hashicorp/terraform-provider-aws#3572", "ec2.address.managed:move_a_nat_gateways_address"),
        ("ec2.AssociateAddress", "field", "hashicorp/terraform-provider-aws#2181", "ec2.address.associate.gateway:address_without_a_gateway"),
        ("ec2.AssociateRouteTable", "field", "hashicorp/terraform-provider-aws#38960", "ec2.route_table.associate.conflict:two_tables_for_a_subnet"),
        ("ec2.AttachInternetGateway", "field", "binlab/terraform-aws-vault-ha-raft#54", "ec2.internet_gateway.attach.second:second_gateway"),
        ("ec2.AttachInternetGateway", "field", "berlioz-the/berlioz#1", "ec2.internet_gateway.attach.taken:gateway_attached_twice"),
        ("ec2.AuthorizeSecurityGroupIngress", "recorded", "cloud-custodian test_security_group_set_permissions", "ec2.security_group_rule.duplicate:rule_twice"),
        ("ec2.CreateLaunchTemplate", "asserted", "localstack ec2/test_ec2.py", "ec2.launch_template.name.unique:template_name_taken", False),
        ("ec2.CreateLaunchTemplate", "asserted", "localstack ec2/test_ec2.py", "ec2.launch_template.name.form:template_name_with_a_space", False),
        ("ec2.CreateLaunchTemplate", "asserted", "localstack ec2/test_ec2.py", "always:template_without_data", False),
        ("ec2.CreateRoute", "field", "giantswarm/aws-operator#632", "ec2.route.network:route_to_another_vpcs_gateway"),
        ("ec2.CreateRoute", "field", "hashicorp/terraform-provider-aws#23866", "ec2.route.exists:route_over_the_local_one"),
        ("ec2.CreateRoute", "field", "aws/aws-sdk-js#653", "model:route_with_a_token"),
        ("ec2.CreateSecurityGroup", "field", "hashicorp/terraform-provider-aws#49846", "always:group_in_no_vpc"),
        ("ec2.CreateSubnet", "field", "kubernetes-retired/kube-aws#206", "ec2.subnet.zone:subnet_in_no_zone"),
        ("ec2.CreateSubnet", "asserted", "moto test_ec2/test_subnets.py", "ec2.subnet.ipv6_native:subnet_of_ipv6_alone_with_ipv4"),
        ("ec2.CreateSubnet", "field", "hashicorp/terraform#33470", "ec2.subnet.conflict:subnet_on_another"),
        ("ec2.CreateSubnet", "field", "kubernetes/kops#15841", "ec2.subnet.range:subnet_outside_its_vpc"),
        ("ec2.CreateSubnet", "asserted", "moto test_ec2/test_subnets.py", "always:subnet_of_ipv6_alone_without_a_range"),
        ("ec2.CreateTags", "recorded", "cloud-custodian test_asg_propagate_tag_no_instances", "always:tag_nothing"),
        ("ec2.CreateVolume", "recorded", "localstack ec2/test_ec2", "always:volume_without_a_size"),
        ("ec2.DeleteInternetGateway", "recorded", "cloud-custodian test_internet_gateway_delete_with_dependencies", "ec2.internet_gateway.delete.dependency:delete_an_attached_gateway"),
        ("ec2.DeleteNetworkInterface", "recorded", "cloud-custodian test_network_interface_delete", "always:delete_no_interface"),
        ("ec2.DeleteRoute", "field", "terraform-provider-aws ec2/vpc_route.go", "ec2.route.local:delete_the_local_route"),
        ("ec2.DeleteSecurityGroup", "field", "alantech/iasql#654", "ec2.security_group.delete.default:delete_the_default_group"),
        ("ec2.DeleteSecurityGroup", "field", "hashicorp/terraform-provider-aws#1671", "ec2.security_group.delete.dependency:delete_a_group_of_an_interface"),
        ("ec2.DeleteSecurityGroup", "recorded", "cloud-custodian test_security_group_delete", "always:delete_no_group"),
        ("ec2.DeleteSecurityGroup", "field", "gruntwork-io/kubergrunt#106", "always:group_by_name_without_a_default_vpc"),
        ("ec2.DeleteSubnet", "field", "aws/aws-cdk#14456", "ec2.subnet.delete.dependency:subnet_with_a_nat_gateway"),
        ("ec2.DeleteSubnet", "recorded", "cloud-custodian test_subnet_delete_with_dependencies", "ec2.subnet.delete.dependency:subnet_with_an_interface"),
        ("ec2.DeleteSubnet", "recorded", "cloud-custodian test_subnet_delete", "always:delete_no_subnet"),
        ("ec2.DeleteVpc", "field", "rebuy-de/aws-nuke#503", "ec2.vpc.delete.dependency:vpc_with_a_security_group"),
        ("ec2.DescribeAddresses", "recorded", "cloud-custodian test_release_attached_ec2", "ec2.id.exists:describe_address"),
        ("ec2.DescribeImages", "asserted", "moto test_ec2/test_amis.py", "ec2.id.malformed:describe_a_malformed_image"),
        ("ec2.DescribeImages", "asserted", "moto test_ec2/test_amis.py", "ec2.id.exists:describe_image"),
        ("ec2.DescribeImages", "asserted", "moto test_ec2/test_amis.py", "ec2.id.exists:describe_two_images"),
        ("ec2.DescribeInternetGateways", "recorded", "cloud-custodian test_query_manager_get", "ec2.id.exists:describe_gateway"),
        ("ec2.DescribeLaunchTemplateVersions", "asserted", "moto test_ec2/test_launch_templates.py", "always:versions_of_no_template"),
        ("ec2.DescribeLaunchTemplateVersions", "recorded", "cloud-custodian test_asg_image_age_filter_deleted_config", "always:versions_of_no_template"),
        ("ec2.DescribeLaunchTemplateVersions", "asserted", "moto test_ec2/test_launch_templates.py", "always:no_version_of_a_template"),
        ("ec2.DescribeLaunchTemplateVersions", "asserted", "moto test_ec2/test_launch_templates.py", "always:versions_of_no_template_by_name"),
        ("ec2.DescribeLaunchTemplateVersions", "asserted", "moto test_ec2/test_launch_templates.py", "always:version_of_which_template"),
        ("ec2.DescribeLaunchTemplateVersions", "asserted", "moto test_ec2/test_launch_templates.py", "always:versions_of_which_template"),
        ("ec2.DescribeLaunchTemplates", "asserted", "moto test_ec2/test_launch_templates.py", "ec2.id.exists:describe_template_by_name"),
        ("ec2.DescribeNetworkInterfaces", "asserted", "moto test_ec2/test_elastic_network_interfaces.py", "ec2.id.exists:describe_interface"),
        ("ec2.DescribeNetworkInterfaces", "recorded", "cloud-custodian test_network_interface_delete", "ec2.id.exists:describe_interface"),
        ("ec2.DescribeSecurityGroups", "recorded", "cloud-custodian test_security_group_delete", "ec2.id.exists:describe_group"),
        ("ec2.DescribeSubnets", "recorded", "cloud-custodian test_ecs_service_subnet", "ec2.id.exists:describe_subnet"),
        ("ec2.DescribeVolumes", "recorded", "cloud-custodian test_ebs_force_delete", "ec2.id.exists:describe_volume"),
        ("ec2.DetachInternetGateway", "field", "jenkins-x/terraform-aws-eks-jx#373", "ec2.internet_gateway.detach.mapped:gateway_under_public_addresses"),
        ("ec2.DetachNetworkInterface", "field", "boto/boto3#2219", "ec2.network_interface.managed:detach_a_nat_gateways_interface"),
        ("ec2.ModifyLaunchTemplate", "asserted", "localstack ec2/test_ec2.py", "ec2.launch_template.version:default_version_that_is_not_there", False),
        ("ec2.ModifyLaunchTemplate", "asserted", "moto test_ec2/test_launch_templates.py", "ec2.launch_template.version:default_version_that_is_not_there"),
        ("ec2.ModifyLaunchTemplate", "asserted", "moto test_ec2/test_launch_templates.py", "ec2.launch_template.identity:template_by_id_and_name"),
        ("ec2.ModifySecurityGroupRules", "asserted", "moto test_ec2/test_security_groups.py", "always:rule_of_no_group"),
        ("ec2.ModifySecurityGroupRules", "asserted", "moto test_ec2/test_security_groups.py", "ec2.security_group_rule.modify.one_peer:modify_a_rule_to_two_peers"),
        ("ec2.ModifySecurityGroupRules", "asserted", "moto test_ec2/test_security_groups.py", "always:modify_a_rule_to_no_protocol"),
        ("ec2.ModifySecurityGroupRules", "asserted", "moto test_ec2/test_security_groups.py", "ec2.security_group_rule.ports:modify_a_rule_to_half_a_range"),
        ("ec2.ModifySecurityGroupRules", "asserted", "moto test_ec2/test_security_groups.py", "always:no_rule"),
        ("ec2.ModifySecurityGroupRules", "asserted", "moto test_ec2/test_security_groups.py", "ec2.security_group_rule.modify.one_peer:modify_a_rule_to_no_peer"),
        ("ec2.ReleaseAddress", "recorded", "cloud-custodian test_release_detached_vpc", "always:release_no_address"),
        ("ec2.RunInstances", "field", "boto/boto3#4406", "ec2.run_instances.token.terminated:token_of_a_terminated_instance"),
        ("ec2.RunInstances", "field", "rust-lang/bors#830", "ec2.token.mismatch:token_for_another_instance"),
        ("ec2.RunInstances", "asserted", "moto test_ec2/test_instances.py", "always:run_no_image"),
        ("ec2.RunInstances", "field", "aws/aws-sdk-js-v3#5253", "ec2.instance_profile.exists:profile_that_is_not_there"),
        ("ec2.StopInstances", "recorded", "cloud-custodian test_ec2_stop_with_protection_enabled", "ec2.instance.stop.protection:stop_a_protected_instance"),
        ("ec2.TerminateInstances", "recorded", "cloud-custodian test_ec2_stop_with_protection_enabled_ephemeral", "ec2.instance.stop.protection:terminate_an_instance_protected_from_stopping"),
        ("ec2.TerminateInstances", "recorded", "cloud-custodian test_ec2_terminate_with_protection_enabled", "ec2.instance.terminate.protection:terminate_a_protected_instance"),
        ("eks.CreateAccessEntry", "field", "awslabs/minimum-viable-dataspace-on-aws#5", "eks.access_entry.principal:access_entry_of_a_role_made_just_now"),
        ("eks.CreateCluster", "field", "rancher/rancher#24380", "eks.cluster.subnet.zones:cluster_in_one_zone"),
        ("eks.CreateCluster", "field", "terraform-provider-aws eks/cluster.go", "eks.cluster.role.exists:cluster_role_that_is_not_there"),
        ("eks.CreateCluster", "field", "hashicorp/terraform#30808", "eks.cluster.name.taken:cluster_name_taken"),
        ("eks.CreateCluster", "field", "awsdocs/amazon-eks-user-guide#8", "eks.cluster.subnet.zone:cluster_in_a_zone_without_room"),
        ("eks.DeleteCluster", "field", "gruntwork-io/cloud-nuke#148", "eks.cluster.delete.node_groups:delete_a_cluster_with_nodes"),
        ("eks.DescribeNodegroup", "recorded", "cloud-custodian test_eks_delete_with_both", "always:no_nodes"),
        ("eks.UpdateClusterConfig", "field", "terraform-provider-aws eks/cluster.go", "eks.cluster.auto_mode:auto_mode_in_part"),
        ("eks.UpdateClusterConfig", "field", "aws-controllers-k8s/community#1192", "eks.update.one:a_second_update"),
        ("rds.CreateDBInstance", "field", "crossplane-contrib/provider-upjet-aws#1346", "rds.instance.exists:identifier_taken"),
        ("rds.CreateDBSubnetGroup", "field", "aws-cloudformation/aws-cloudformation-resource-providers-rds#189", "rds.subnet_group.zones:subnets_of_one_zone"),
        ("rds.CreateDBSubnetGroup", "field", "hashicorp/terraform-provider-aws#49846", "rds.subnet_group.subnets:two_subnets_that_are_not_there"),
        ("rds.DeleteDBInstance", "field", "hashicorp/terraform-provider-aws#11434", "rds.instance.delete.state:delete_an_instance_again"),
        ("rds.DeleteDBInstance", "field", "cloud-custodian/cloud-custodian#436", "rds.instance.delete.final_snapshot.replica:final_snapshot_of_a_replica"),
        ("rds.DeleteDBParameterGroup", "field", "hashicorp/terraform#29232", "rds.parameter_group.delete.in_use:delete_a_parameter_group_in_use"),
        ("rds.DeleteDBSubnetGroup", "field", "anomalyco/sst#4026", "rds.subnet_group.delete.in_use:delete_a_subnet_group_in_use"),
        ("rds.DescribeDBInstances", "recorded", "cloud-custodian test_rds_restore", "always:no_instance"),
        ("rds.DescribeDBParameterGroups", "recorded", "cloud-custodian test_rdsparamgroup_delete", "always:no_parameter_group"),
        ("rds.ModifyDBInstance", "field", "hashicorp/terraform#11715", "rds.instance.modify.subnet_group:move_within_the_vpc"),
        ("rds.RebootDBInstance", "field", "hashicorp/terraform-provider-aws#27325", "rds.instance.reboot.state:reboot_an_instance_that_is_being_made"),
        ("rds.StopDBInstance", "field", "cloud-custodian/cloud-custodian#1687", "rds.instance.stop.state:stop_an_instance_that_is_being_made"),
        ("elasticache.CreateCacheSubnetGroup", "field", "floci-io/floci#2401", "elasticache.subnet_group.exists:subnet_group_name_taken"),
        ("elasticache.CreateCacheSubnetGroup", "field", "floci-io/floci#2401", "elasticache.subnet_group.subnets:subnets_that_are_not_there"),
        ("elasticache.CreateCacheSubnetGroup", "field", "terraform-aws-modules/terraform-aws-vpc#193", "elasticache.subnet_group.name:subnet_group_name_with_an_underscore"),
        ("elasticache.CreateCacheSubnetGroup", "field", "floci-io/floci#2401", "elasticache.subnet_group.one_vpc:subnets_of_two_vpcs"),
        ("elasticache.CreateReplicationGroup", "field", "ministryofjustice/cloud-platform-environments#2272", "always:cache_with_no_parameter_group"),
        ("elasticache.CreateReplicationGroup", "field", "hashicorp/terraform#11269", "elasticache.replication_group.parameter_family:parameter_group_of_another_family"),
        ("elasticache.CreateReplicationGroup", "field", "ministryofjustice/cloud-platform-environments#5719", "elasticache.replication_group.failover.replicas:failover_of_one_node"),
        ("elasticache.DeleteCacheSubnetGroup", "field", "terraform-aws-modules/terraform-aws-elasticache#29", "elasticache.subnet_group.delete.in_use:delete_a_subnet_group_in_use"),
        ("elasticache.ListTagsForResource", "field", "hashicorp/terraform-provider-aws#33859", "elasticache.tags.state:tags_of_a_group_that_is_being_made"),
        ("elasticache.ModifyReplicationGroup", "field", "umotif-public/terraform-aws-elasticache-redis#54", "elasticache.replication_group.modify.state:modify_a_group_that_is_being_made"),
        ("iam.AttachRolePolicy", "recorded", "localstack iam/test_iam", "iam.attachment.policy:attach_a_policy_that_is_not_there"),
        ("iam.AttachRolePolicy", "recorded", "localstack iam/test_iam", "always:attach_what_is_no_arn"),
        ("iam.CreateRole", "recorded", "localstack iam/test_iam", "iam.document.json:trust_that_is_no_json"),
        ("iam.CreateServiceLinkedRole", "recorded", "localstack iam/test_iam", "iam.service_linked_role.suffix:service_linked_role_with_a_suffix"),
        ("iam.CreateServiceLinkedRole", "recorded", "localstack iam/test_iam", "iam.service_linked_role.taken:service_linked_role_twice"),
        ("iam.DeleteInstanceProfile", "field", "99designs/iamy#47", "iam.instance_profile.delete.role:delete_a_profile_with_a_role"),
        ("iam.DeleteInstanceProfile", "recorded", "cloud-custodian test_force_delete_role", "always:delete_no_profile"),
        ("iam.DeletePolicy", "recorded", "localstack iam/test_iam", "always:delete_no_policy"),
        ("iam.DeleteRole", "field", "awslabs/aws-orbit-workbench#633", "iam.role.delete.inline:role_with_inline_policies"),
        ("iam.DeleteRole", "field", "cloud-custodian/cloud-custodian#4078", "iam.role.delete.attached:role_with_policies"),
        ("iam.DeleteRole", "field", "rebuy-de/aws-nuke#702", "iam.role.delete.profile:role_in_a_profile"),
        ("iam.DeleteRole", "recorded", "cloud-custodian test_delete_role_error", "iam.role.protected:delete_a_service_linked_role"),
        ("iam.DetachRolePolicy", "recorded", "cloud-custodian test_iam_instance_profile_set_policy_nosuchentity", "iam.attachment.detach.missing:detach_a_policy_of_aws_that_is_not_attached"),
        ("iam.GetOpenIDConnectProvider", "recorded", "cloud-custodian iam_delete_provider_oidc", "always:no_provider"),
        ("iam.GetPolicy", "recorded", "cloud-custodian test_iam_policy_delete", "always:no_policy"),
        ("iam.GetPolicy", "recorded", "cloud-custodian test_iam_instance_profile_set_policy_nosuchentity", "always:no_policy_of_aws"),
        ("iam.GetRole", "recorded", "cloud-custodian test_aws_lambda_check_permission_deleted_role", "always:no_role"),
        ("iam.ListInstanceProfilesForRole", "recorded", "cloud-custodian test_force_delete_role", "always:profiles_of_no_role"),
        ("iam.PutRolePolicy", "field", "hashicorp/terraform#13449", "iam.document.principal:inline_policy_with_a_principal"),
        ("iam.RemoveRoleFromInstanceProfile", "recorded", "cloud-custodian test_force_delete_role", "always:remove_no_role_from_a_profile"),
        ("sts.AssumeRole", "recorded", "localstack sts/test_sts", "sts.assume_role.tags:session_tag_twice"),
        ("sts.AssumeRole", "recorded", "localstack sts/test_sts", "sts.assume_role.tags:transitive_tag_of_the_calling_session"),
        ("sts.AssumeRole", "recorded", "localstack sts/test_sts", "sts.assume_role.tags:transitive_tag_that_is_not_given"),
        ("sts.AssumeRole", "recorded", "localstack sts/test_sts", "model:session_name_of_the_wrong_form"),
        ("sts.AssumeRole", "recorded", "localstack sts/test_sts", "sts.assume_role.arn:assume_an_arn_without_a_partition"),
        ("sts.AssumeRole", "recorded", "localstack sts/test_sts", "sts.assume_role.arn:assume_an_arn_without_a_service"),
        ("sts.AssumeRole", "recorded", "localstack sts/test_sts", "sts.assume_role.arn:assume_an_arn_with_too_few_colons"),
        ("sts.AssumeRole", "recorded", "localstack sts/test_sts", "sts.assume_role.arn:assume_an_arn_without_a_resource"),
        ("sts.AssumeRole", "recorded", "localstack sts/test_sts", "sts.assume_role.arn:assume_what_is_no_arn"),
    )
]

EVIDENCE = ("recorded", "asserted", "field")
