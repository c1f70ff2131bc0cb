//! What forces a replacement is what AWS says of its own types.
//!
//! `cloudformation.json` has AWS's word, property by property, written by `cargo xtask cloudformation`.

use std::collections::{BTreeMap, BTreeSet};

use fathuss_model::schema::{Field, Mode, Schema};
use fathuss_model::schemas;
use serde::Deserialize;

/// Our fields that CloudFormation calls something else.
const CALLED: &[(&str, &str)] = &[
    ("aws_autoscaling_policy.step_adjustment", "StepAdjustments"),
    ("aws_backup_plan.name", "BackupPlan"),
    ("aws_backup_plan.rule", "BackupPlan"),
    ("aws_backup_plan.tags", "BackupPlanTags"),
    ("aws_backup_selection.condition", "BackupSelection"),
    ("aws_backup_selection.iam_role_arn", "BackupSelection"),
    ("aws_backup_selection.name", "BackupSelection"),
    ("aws_backup_selection.not_resources", "BackupSelection"),
    ("aws_backup_selection.plan_id", "BackupPlanId"),
    ("aws_backup_selection.resources", "BackupSelection"),
    ("aws_backup_selection.selection_tag", "BackupSelection"),
    ("aws_backup_vault.kms_key_arn", "EncryptionKeyArn"),
    ("aws_backup_vault.name", "BackupVaultName"),
    ("aws_backup_vault.tags", "BackupVaultTags"),
    ("aws_budgets_budget.budget_type", "Budget"),
    ("aws_budgets_budget.cost_filter", "Budget"),
    ("aws_budgets_budget.limit_amount", "Budget"),
    ("aws_budgets_budget.limit_unit", "Budget"),
    ("aws_budgets_budget.name", "Budget/BudgetName"),
    ("aws_budgets_budget.notification", "NotificationsWithSubscribers"),
    ("aws_budgets_budget.tags", "ResourceTags"),
    ("aws_budgets_budget.time_unit", "Budget"),
    ("aws_cloudfront_distribution.aliases", "DistributionConfig"),
    ("aws_cloudfront_distribution.comment", "DistributionConfig"),
    ("aws_cloudfront_distribution.custom_error_response", "DistributionConfig"),
    ("aws_cloudfront_distribution.default_cache_behavior", "DistributionConfig"),
    ("aws_cloudfront_distribution.default_root_object", "DistributionConfig"),
    ("aws_cloudfront_distribution.enabled", "DistributionConfig"),
    ("aws_cloudfront_distribution.http_version", "DistributionConfig"),
    ("aws_cloudfront_distribution.is_ipv6_enabled", "DistributionConfig"),
    ("aws_cloudfront_distribution.logging_config", "DistributionConfig"),
    ("aws_cloudfront_distribution.ordered_cache_behavior", "DistributionConfig"),
    ("aws_cloudfront_distribution.origin", "DistributionConfig"),
    ("aws_cloudfront_distribution.price_class", "DistributionConfig"),
    ("aws_cloudfront_distribution.restrictions", "DistributionConfig"),
    ("aws_cloudfront_distribution.viewer_certificate", "DistributionConfig"),
    ("aws_cloudfront_distribution.web_acl_id", "DistributionConfig"),
    ("aws_cloudfront_origin_access_control.description", "OriginAccessControlConfig"),
    ("aws_cloudfront_origin_access_control.name", "OriginAccessControlConfig"),
    ("aws_cloudfront_origin_access_control.origin_access_control_origin_type", "OriginAccessControlConfig"),
    ("aws_cloudfront_origin_access_control.signing_behavior", "OriginAccessControlConfig"),
    ("aws_cloudfront_origin_access_control.signing_protocol", "OriginAccessControlConfig"),
    ("aws_cloudwatch_log_group.name", "LogGroupName"),
    ("aws_cloudwatch_metric_alarm.evaluate_low_sample_count_percentiles", "EvaluateLowSampleCountPercentile"),
    ("aws_cloudwatch_metric_alarm.metric_query", "Metrics"),
    ("aws_db_instance.backup_window", "PreferredBackupWindow"),
    ("aws_db_instance.ca_cert_identifier", "CACertificateIdentifier"),
    ("aws_db_instance.enabled_cloudwatch_logs_exports", "EnableCloudwatchLogsExports"),
    ("aws_db_instance.iam_database_authentication_enabled", "EnableIAMDatabaseAuthentication"),
    ("aws_db_instance.identifier", "DBInstanceIdentifier"),
    ("aws_db_instance.instance_class", "DBInstanceClass"),
    ("aws_db_instance.maintenance_window", "PreferredMaintenanceWindow"),
    ("aws_db_instance.parameter_group_name", "DBParameterGroupName"),
    ("aws_db_instance.password_wo", "MasterUserPassword"),
    ("aws_db_instance.performance_insights_enabled", "EnablePerformanceInsights"),
    ("aws_db_instance.replicate_source_db", "SourceDBInstanceIdentifier"),
    ("aws_db_instance.restore_to_point_in_time", "RestoreTime"),
    ("aws_db_instance.snapshot_identifier", "DBSnapshotIdentifier"),
    ("aws_db_instance.username", "MasterUsername"),
    ("aws_db_instance.vpc_security_group_ids", "VPCSecurityGroups"),
    ("aws_db_option_group.name", "OptionGroupName"),
    ("aws_db_option_group.option", "OptionConfigurations"),
    ("aws_db_parameter_group.name", "DBParameterGroupName"),
    ("aws_db_parameter_group.parameter", "Parameters"),
    ("aws_db_subnet_group.description", "DBSubnetGroupDescription"),
    ("aws_db_subnet_group.name", "DBSubnetGroupName"),
    ("aws_ebs_volume.type", "VolumeType"),
    ("aws_eks_cluster.enabled_cluster_log_types", "Logging"),
    ("aws_eks_cluster.vpc_config", "ResourcesVpcConfig"),
    ("aws_eks_fargate_profile.selector", "Selectors"),
    ("aws_eks_fargate_profile.subnet_ids", "Subnets"),
    ("aws_eks_node_group.node_role_arn", "NodeRole"),
    ("aws_eks_node_group.subnet_ids", "Subnets"),
    ("aws_eks_node_group.taint", "Taints"),
    ("aws_elasticache_parameter_group.family", "CacheParameterGroupFamily"),
    ("aws_elasticache_parameter_group.parameter", "Properties"),
    ("aws_elasticache_replication_group.description", "ReplicationGroupDescription"),
    ("aws_elasticache_replication_group.maintenance_window", "PreferredMaintenanceWindow"),
    ("aws_elasticache_replication_group.node_type", "CacheNodeType"),
    ("aws_elasticache_replication_group.parameter_group_name", "CacheParameterGroupName"),
    ("aws_elasticache_replication_group.subnet_group_name", "CacheSubnetGroupName"),
    ("aws_elasticache_subnet_group.name", "CacheSubnetGroupName"),
    ("aws_elasticache_user.passwords_wo", "Passwords"),
    ("aws_flow_log.eni_id", "ResourceId"),
    ("aws_flow_log.iam_role_arn", "DeliverLogsPermissionArn"),
    ("aws_flow_log.subnet_id", "ResourceId"),
    ("aws_flow_log.vpc_id", "ResourceId"),
    ("aws_iam_instance_profile.name", "InstanceProfileName"),
    ("aws_iam_instance_profile.role", "Roles"),
    ("aws_iam_policy.name", "ManagedPolicyName"),
    ("aws_iam_policy.policy", "PolicyDocument"),
    ("aws_iam_role.assume_role_policy", "AssumeRolePolicyDocument"),
    ("aws_iam_role.name", "RoleName"),
    ("aws_iam_role_policy.name", "PolicyName"),
    ("aws_iam_role_policy.policy", "PolicyDocument"),
    ("aws_iam_role_policy.role", "RoleName"),
    ("aws_instance.ami", "ImageId"),
    ("aws_instance.associate_public_ip_address", "NetworkInterfaces"),
    ("aws_instance.private_ip", "PrivateIpAddress"),
    ("aws_instance.root_block_device", "BlockDeviceMappings"),
    ("aws_instance.user_data_base64", "UserData"),
    ("aws_instance.vpc_security_group_ids", "SecurityGroupIds"),
    ("aws_kms_alias.name", "AliasName"),
    ("aws_kms_key.is_enabled", "Enabled"),
    ("aws_kms_key.policy", "KeyPolicy"),
    ("aws_launch_template.block_device_mappings", "LaunchTemplateData"),
    ("aws_launch_template.ebs_optimized", "LaunchTemplateData"),
    ("aws_launch_template.iam_instance_profile", "LaunchTemplateData"),
    ("aws_launch_template.image_id", "LaunchTemplateData"),
    ("aws_launch_template.instance_type", "LaunchTemplateData"),
    ("aws_launch_template.key_name", "LaunchTemplateData"),
    ("aws_launch_template.metadata_options", "LaunchTemplateData"),
    ("aws_launch_template.monitoring", "LaunchTemplateData"),
    ("aws_launch_template.user_data", "LaunchTemplateData"),
    ("aws_launch_template.vpc_security_group_ids", "LaunchTemplateData"),
    ("aws_launch_template.name", "LaunchTemplateName"),
    ("aws_launch_template.tags", "TagSpecifications"),
    ("aws_launch_template.description", "VersionDescription"),
    ("aws_nat_gateway.private_ip", "PrivateIpAddress"),
    ("aws_network_interface.private_ip", "PrivateIpAddress"),
    ("aws_network_interface.private_ips", "PrivateIpAddresses"),
    ("aws_network_interface.security_groups", "GroupSet"),
    ("aws_route53_record.alias", "AliasTarget"),
    ("aws_route53_record.records", "ResourceRecords"),
    ("aws_route53_record.weighted_routing_policy", "Weight"),
    ("aws_route53_record.zone_id", "HostedZoneId"),
    ("aws_route53_zone.comment", "HostedZoneConfig"),
    ("aws_route53_zone.tags", "HostedZoneTags"),
    ("aws_route53_zone.vpc", "VPCs"),
    ("aws_s3_bucket.bucket", "BucketName"),
    ("aws_s3_bucket_lifecycle_configuration.bucket", "BucketName"),
    ("aws_s3_bucket_lifecycle_configuration.rule", "LifecycleConfiguration"),
    ("aws_s3_bucket_lifecycle_configuration.transition_default_minimum_object_size", "LifecycleConfiguration"),
    ("aws_s3_bucket_ownership_controls.bucket", "BucketName"),
    ("aws_s3_bucket_ownership_controls.rule", "OwnershipControls"),
    ("aws_s3_bucket_policy.policy", "PolicyDocument"),
    ("aws_s3_bucket_public_access_block.block_public_acls", "PublicAccessBlockConfiguration"),
    ("aws_s3_bucket_public_access_block.block_public_policy", "PublicAccessBlockConfiguration"),
    ("aws_s3_bucket_public_access_block.bucket", "BucketName"),
    ("aws_s3_bucket_public_access_block.ignore_public_acls", "PublicAccessBlockConfiguration"),
    ("aws_s3_bucket_public_access_block.restrict_public_buckets", "PublicAccessBlockConfiguration"),
    ("aws_s3_bucket_replication_configuration.bucket", "BucketName"),
    ("aws_s3_bucket_replication_configuration.role", "ReplicationConfiguration"),
    ("aws_s3_bucket_replication_configuration.rule", "ReplicationConfiguration"),
    ("aws_s3_bucket_server_side_encryption_configuration.bucket", "BucketName"),
    ("aws_s3_bucket_server_side_encryption_configuration.rule", "BucketEncryption"),
    ("aws_s3_bucket_versioning.bucket", "BucketName"),
    ("aws_security_group.description", "GroupDescription"),
    ("aws_security_group.name", "GroupName"),
    ("aws_sns_topic.name", "TopicName"),
    ("aws_sns_topic_policy.arn", "TopicArn"),
    ("aws_sns_topic_policy.policy", "PolicyDocument"),
    ("aws_volume_attachment.device_name", "Device"),
    ("aws_vpc_endpoint.policy", "PolicyDocument"),
    ("aws_vpc_security_group_egress_rule.cidr_ipv4", "CidrIp"),
    ("aws_vpc_security_group_egress_rule.prefix_list_id", "DestinationPrefixListId"),
    ("aws_vpc_security_group_egress_rule.referenced_security_group_id", "DestinationSecurityGroupId"),
    ("aws_vpc_security_group_egress_rule.security_group_id", "GroupId"),
    ("aws_vpc_security_group_ingress_rule.cidr_ipv4", "CidrIp"),
    ("aws_vpc_security_group_ingress_rule.prefix_list_id", "SourcePrefixListId"),
    ("aws_vpc_security_group_ingress_rule.referenced_security_group_id", "SourceSecurityGroupId"),
    ("aws_vpc_security_group_ingress_rule.security_group_id", "GroupId"),
];

/// Our fields that no property says anything of, and why.
const UNSAID: &[(&str, &str)] = &[
    ("aws_autoscaling_policy.enabled", "there it is not to be had; PutScalingPolicy changes it"),
    ("aws_autoscaling_policy.name", "there nobody gives one: a name is made up"),
    ("aws_elasticache_parameter_group.name", "there nobody gives one: a name is made up"),
    ("aws_iam_instance_profile.tags", "there a profile has no tags; IAM's own API gives it some"),
    ("aws_iam_policy.tags", "there a policy has no tags; IAM's own API gives it some"),
    ("aws_internet_gateway.vpc_id", "there the attachment is a type of its own, AWS::EC2::VPCGatewayAttachment"),
    ("aws_network_acl.egress", ENTRIES),
    ("aws_network_acl.ingress", ENTRIES),
    ("aws_network_acl.subnet_ids", "there each is a type of its own, AWS::EC2::SubnetNetworkAclAssociation"),
    ("aws_secretsmanager_secret.policy", "there the policy is a type of its own, AWS::SecretsManager::ResourcePolicy"),
    ("aws_sns_topic.delivery_policy", "there it is not to be had; SetTopicAttributes changes it"),
    ("aws_vpc_security_group_egress_rule.tags", "there a rule has no tags; EC2's own API gives it some"),
    ("aws_vpc_security_group_ingress_rule.tags", "there a rule has no tags; EC2's own API gives it some"),
];

const ENTRIES: &str = "there each is a type of its own, AWS::EC2::NetworkAclEntry";

/// What is different and stays so, by path: when a change makes a new one there and here, and why.
const DIFFERENCES: &[(&str, &str, &str)] = &[
    (
        "aws_acm_certificate.validation_method",
        "never, here always",
        "UpdateCertificateOptions takes no method: another one is another request",
    ),
    (
        "aws_budgets_budget.notification",
        "always, here never",
        "CreateNotification and DeleteNotification change whom a budget tells",
    ),
    (
        "aws_cloudfront_origin_access_control.name",
        "never, here always",
        "by its name it is found when the answer to its creation was lost",
    ),
    ("aws_cloudwatch_log_group.log_group_class", "never, here always", "no call of CloudWatch Logs changes a class"),
    ("aws_db_instance.auto_minor_version_upgrade", "at times, here never", IN_PLACE_RDS),
    ("aws_db_instance.availability_zone", "at times, here always", "ModifyDBInstance takes no zone"),
    ("aws_db_instance.backup_retention_period", "at times, here never", IN_PLACE_RDS),
    (
        "aws_db_instance.db_subnet_group_name",
        "always, here never",
        "ModifyDBInstance moves an instance to another VPC's group",
    ),
    (
        "aws_db_instance.engine",
        "at times, here always",
        "ModifyDBInstance changes an engine only between editions that are not here",
    ),
    ("aws_db_instance.maintenance_window", "at times, here never", IN_PLACE_RDS),
    ("aws_db_instance.multi_az", "at times, here never", IN_PLACE_RDS),
    ("aws_db_instance.parameter_group_name", "at times, here never", IN_PLACE_RDS),
    (
        "aws_db_instance.replicate_source_db",
        "at times, here never",
        "a replica without its source is promoted; nothing makes an instance a replica",
    ),
    ("aws_db_instance.restore_to_point_in_time", "at times, here never", SOURCE),
    ("aws_db_instance.snapshot_identifier", "at times, here never", SOURCE),
    ("aws_ebs_volume.availability_zone", "never, here always", VOLUME),
    ("aws_ebs_volume.encrypted", "never, here always", VOLUME),
    ("aws_ebs_volume.kms_key_id", "never, here always", VOLUME),
    ("aws_eip.domain", "never, here always", "no call moves an address between EC2-Classic and VPC"),
    ("aws_eks_cluster.access_config.bootstrap_cluster_creator_admin_permissions", "always, here never", AT_CREATION),
    ("aws_eks_cluster.bootstrap_self_managed_addons", "always, here never", AT_CREATION),
    (
        "aws_eks_cluster.encryption_config",
        "always, here never",
        "AssociateEncryptionConfig gives a cluster its key later; another key is a replacement",
    ),
    ("aws_eks_node_group.launch_template", "never, here at times", TEMPLATE),
    ("aws_eks_node_group.launch_template.id", "never, here always", TEMPLATE),
    (
        "aws_elasticache_parameter_group.description",
        "never, here always",
        "ModifyCacheParameterGroup takes parameters alone",
    ),
    ("aws_elasticache_replication_group.snapshot_arns", "always, here never", SOURCE),
    ("aws_elasticache_replication_group.snapshot_name", "always, here never", SOURCE),
    ("aws_instance.ebs_optimized", "at times, here never", STOPPED),
    ("aws_instance.instance_type", "at times, here never", STOPPED),
    ("aws_instance.root_block_device", "at times, here never", "ModifyVolume changes the root volume in place"),
    ("aws_instance.root_block_device.encrypted", "at times, here always", VOLUME),
    ("aws_instance.root_block_device.kms_key_id", "at times, here always", VOLUME),
    ("aws_instance.user_data_base64", "at times, here never", "`user_data_replace_on_change` says whether"),
    (
        "aws_instance.vpc_security_group_ids",
        "at times, here never",
        "ModifyInstanceAttribute changes the groups of an instance in a VPC, and all are",
    ),
    (
        "aws_network_interface.private_ips",
        "at times, here never",
        "the primary one replaces it, as `private_ip` says; the others are assigned and unassigned",
    ),
    ("aws_route53_record.name", "never, here always", RECORD),
    ("aws_route53_record.set_identifier", "never, here always", RECORD),
    ("aws_route53_record.type", "never, here always", RECORD),
    ("aws_route53_zone.vpc", "never, here at times", "a public zone can't be made private, nor the other way round"),
    (
        "aws_route_table_association.route_table_id",
        "always, here never",
        "ReplaceRouteTableAssociation changes it without a gap",
    ),
    (
        "aws_vpc.instance_tenancy",
        "at times, here always",
        "ModifyVpcTenancy goes one way only, from dedicated to default",
    ),
    ("aws_vpc_security_group_egress_rule.cidr_ipv4", "always, here at times", RULE),
    ("aws_vpc_security_group_egress_rule.cidr_ipv6", "always, here at times", RULE),
    ("aws_vpc_security_group_egress_rule.from_port", "always, here never", RULE),
    ("aws_vpc_security_group_egress_rule.ip_protocol", "always, here never", RULE),
    ("aws_vpc_security_group_egress_rule.prefix_list_id", "always, here at times", RULE),
    ("aws_vpc_security_group_egress_rule.referenced_security_group_id", "always, here at times", RULE),
    ("aws_vpc_security_group_egress_rule.to_port", "always, here never", RULE),
    ("aws_vpc_security_group_ingress_rule.cidr_ipv4", "always, here at times", RULE),
    ("aws_vpc_security_group_ingress_rule.cidr_ipv6", "always, here at times", RULE),
    ("aws_vpc_security_group_ingress_rule.from_port", "always, here never", RULE),
    ("aws_vpc_security_group_ingress_rule.ip_protocol", "always, here never", RULE),
    ("aws_vpc_security_group_ingress_rule.prefix_list_id", "always, here at times", RULE),
    ("aws_vpc_security_group_ingress_rule.referenced_security_group_id", "always, here at times", RULE),
    ("aws_vpc_security_group_ingress_rule.to_port", "always, here never", RULE),
];

const AT_CREATION: &str = "it says how a cluster is made: one that runs is not made anew for it";
const IN_PLACE_RDS: &str = "ModifyDBInstance changes it in place, whatever else changes";
const RECORD: &str = "Route 53 knows a record by it: a change is another record";
const RULE: &str = "ModifySecurityGroupRules changes a rule without a gap; no call makes an IPv4 rule one of IPv6";
const SOURCE: &str = "it says what the data comes from: what has data is not made anew for it";
const STOPPED: &str = "ModifyInstanceAttribute changes it while the instance is stopped";
const TEMPLATE: &str = "UpdateNodegroupVersion takes another version of the same template, and no other template";
const VOLUME: &str = "ModifyVolume changes neither zone nor encryption; CloudFormation refuses the update";

/// Our types that CloudFormation has not, and whose word their rules have.
const WITHOUT: &[(&str, &str)] = &[
    ("aws_acm_certificate_validation", "there the certificate itself waits until it is issued"),
    ("aws_ce_cost_allocation_tag", "there is no type for it; UpdateCostAllocationTagsStatus changes the status alone"),
    ("aws_db_instance_automated_backups_replication", "there the instance says where its backups are copied"),
    ("aws_db_snapshot", "there is no type for it; ModifyDBSnapshot moves neither its name nor its instance"),
    ("aws_default_network_acl", ADOPTED),
    ("aws_default_route_table", ADOPTED),
    ("aws_default_security_group", ADOPTED),
    ("aws_eks_access_policy_association", "there the entry lists its policies; both ends are the association itself"),
    ("aws_iam_role_policy_attachment", "there the role lists its policies; both ends are the attachment itself"),
    ("aws_secretsmanager_secret_version", "there the secret has its text; a version can't be changed, only followed"),
];

const ADOPTED: &str = "CloudFormation takes over nothing that AWS makes with a VPC";

/// AWS's word, as the table has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    /// Of which day, and where it was read.
    source: String,
    types: BTreeMap<String, Theirs>,
}

/// A type of CloudFormation's.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Theirs {
    /// Its name there.
    #[serde(rename = "type")]
    name: String,
    /// When a change of a property makes a new resource: `always`, `at times` or `never`.
    replaces: BTreeMap<String, String>,
}

fn table() -> Table {
    serde_json::from_str(include_str!("cloudformation.json")).expect("the table is what the command writes")
}

/// A path's letters: the same for `vpc_config.subnet_ids` and `VpcConfig/SubnetIds`.
fn letters(path: &str) -> String {
    path.replace('_', "").replace('/', ".").to_lowercase()
}

/// When a change of our fields makes a new resource, by path. A field within another goes by its outer one; what AWS is
/// never told, the instructions, is left out.
fn ours(outer: Option<(&str, bool)>, fields: &'static [Field], found: &mut BTreeMap<String, &'static str>) {
    let written = |field: &&Field| (field.required || field.optional) && !field.instruction;
    for field in fields.iter().filter(written) {
        let (path, within) = match outer {
            Some((outer, replaces)) => (format!("{outer}.{}", field.name), replaces),
            None => (field.name.to_owned(), false),
        };
        let replaces = within || field.replace;
        let how = match (replaces, field.replace_presence) {
            (true, _) => "always",
            (false, true) => "at times",
            (false, false) => "never",
        };
        if let Some(inner) = field.ty.block() {
            ours(Some((&path, replaces)), inner, found);
        }
        found.insert(path, how);
    }
}

impl Theirs {
    /// AWS's word on one of our paths: its own, or that on what it lies within.
    fn word(&self, kind: &str, path: &str) -> Option<&str> {
        let of = |path: &str| {
            let full = format!("{kind}.{path}");
            let called = CALLED.iter().find(|(ours, _)| *ours == full).map(|(_, theirs)| letters(theirs));
            let wanted = called.unwrap_or_else(|| letters(path));
            self.replaces.iter().find(|(name, _)| letters(name) == wanted).map(|(_, how)| how.as_str())
        };
        let mut at = path;
        loop {
            if let Some(how) = of(at) {
                return Some(how);
            }
            at = at.rsplit_once('.')?.0;
        }
    }
}

fn managed() -> impl Iterator<Item = &'static Schema> {
    schemas().filter(|schema| schema.provider == "aws" && schema.mode != Mode::Lookup)
}

#[test]
fn every_difference_from_cloudformation_is_meant() {
    let table = table();
    let (mut unlike, mut unsaid) = (BTreeSet::new(), BTreeSet::new());
    for schema in managed() {
        let Some(theirs) = table.types.get(schema.kind) else { continue };
        let mut found = BTreeMap::new();
        ours(None, schema.fields, &mut found);
        for (path, here) in &found {
            // Within a field only what differs from it is news.
            if let Some((outer, _)) = path.rsplit_once('.')
                && found.get(outer) == Some(here)
                && theirs.word(schema.kind, outer) == theirs.word(schema.kind, path)
            {
                continue;
            }
            let full = format!("{}.{path}", schema.kind);
            match theirs.word(schema.kind, path) {
                // What lies within goes by its outer one.
                None if path.contains('.') => {}
                None => {
                    unsaid.insert(full);
                }
                Some(there) if there != *here => {
                    unlike.insert((full, format!("{there}, here {here}")));
                }
                Some(_) => {}
            }
        }
    }
    let meant = DIFFERENCES.iter().map(|(path, what, _)| ((*path).to_owned(), (*what).to_owned())).collect();
    same(&table.source, &unlike, &meant);
    same(&table.source, &unsaid, &UNSAID.iter().map(|(path, _)| (*path).to_owned()).collect());
    assert_eq!((unlike.len(), unsaid.len()), (DIFFERENCES.len(), UNSAID.len()), "each is listed once");
    assert!(DIFFERENCES.iter().all(|(.., why)| !why.is_empty()) && UNSAID.iter().all(|(_, why)| !why.is_empty()));
}

#[test]
fn each_name_of_cloudformations_is_one_of_its_properties() {
    let table = table();
    for (path, called) in CALLED {
        let (kind, path) = path.split_once('.').expect("a type and a path");
        let theirs = &table.types[kind];
        assert!(theirs.replaces.contains_key(*called), "{} has no {called}", theirs.name);
        let mut found = BTreeMap::new();
        let schema = managed().find(|schema| schema.kind == kind).expect("a type of ours");
        ours(None, schema.fields, &mut found);
        assert!(found.contains_key(path), "{kind} has no {path}");
    }
}

#[test]
fn the_table_has_each_type_that_cloudformation_has() {
    let ours: BTreeSet<&str> = managed().map(|schema| schema.kind).collect();
    let table = table();
    let theirs: BTreeSet<&str> = table.types.keys().map(String::as_str).collect();
    let without: BTreeSet<&str> = WITHOUT.iter().map(|(kind, _)| *kind).collect();
    same(&table.source, &ours, &(&theirs | &without));
    assert!(theirs.is_disjoint(&without));
}

fn same<T: Ord + std::fmt::Debug>(source: &str, found: &BTreeSet<T>, meant: &BTreeSet<T>) {
    let (new, gone): (Vec<_>, Vec<_>) = (found.difference(meant).collect(), meant.difference(found).collect());
    assert!(new.is_empty() && gone.is_empty(), "against {source}: new {new:#?}, gone {gone:#?}");
}
