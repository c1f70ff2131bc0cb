//! The types: one line each.

use crate::kind::{Kind, Lookup};
use crate::s3_bucket_setting::Of;
use crate::{
    ami, availability_zones, caller_identity, cloudwatch_log_group, db_instance, db_parameter_group, db_subnet_group,
    default_security_group, ebs_volume, eip, eks_access_entry, eks_access_policy_association, eks_addon, eks_cluster,
    eks_node_group, elasticache_parameter_group, elasticache_replication_group, elasticache_subnet_group,
    iam_instance_profile, iam_openid_connect_provider, iam_policy, iam_role, iam_role_policy_attachment, instance,
    internet_gateway, kms_alias, kms_key, launch_template, nat_gateway, route, route_table, route_table_association,
    route53_record, route53_zone, route53_zone_lookup, s3_bucket, s3_bucket_lifecycle_configuration,
    s3_bucket_ownership_controls, s3_bucket_policy, s3_bucket_public_access_block,
    s3_bucket_server_side_encryption_configuration, s3_bucket_versioning, secretsmanager_secret,
    secretsmanager_secret_version, security_group, subnet, volume_attachment, vpc, vpc_security_group_egress_rule,
    vpc_security_group_ingress_rule,
};

/// What is made, changed and deleted, or taken over.
pub static KINDS: &[&dyn Kind] = &[
    &vpc::Vpc,
    &subnet::Subnet,
    &internet_gateway::InternetGateway,
    &eip::Eip,
    &nat_gateway::NatGateway,
    &route_table::RouteTable,
    &route::Route,
    &route_table_association::RouteTableAssociation,
    &security_group::SecurityGroup,
    &default_security_group::DefaultSecurityGroup,
    &launch_template::LaunchTemplate,
    &instance::Instance,
    &ebs_volume::EbsVolume,
    &volume_attachment::VolumeAttachment,
    &vpc_security_group_ingress_rule::KIND,
    &vpc_security_group_egress_rule::KIND,
    &iam_role::IamRole,
    &iam_policy::IamPolicy,
    &iam_role_policy_attachment::IamRolePolicyAttachment,
    &iam_instance_profile::IamInstanceProfile,
    &iam_openid_connect_provider::IamOpenidConnectProvider,
    &eks_cluster::EksCluster,
    &eks_node_group::EksNodeGroup,
    &eks_addon::EksAddon,
    &eks_access_entry::EksAccessEntry,
    &eks_access_policy_association::EksAccessPolicyAssociation,
    &db_subnet_group::DbSubnetGroup,
    &db_parameter_group::DbParameterGroup,
    &db_instance::DbInstance,
    &elasticache_subnet_group::ElasticacheSubnetGroup,
    &elasticache_parameter_group::ElasticacheParameterGroup,
    &elasticache_replication_group::ElasticacheReplicationGroup,
    &cloudwatch_log_group::CloudwatchLogGroup,
    &secretsmanager_secret::SecretsmanagerSecret,
    &secretsmanager_secret_version::SecretsmanagerSecretVersion,
    &kms_key::KmsKey,
    &kms_alias::KmsAlias,
    &route53_zone::Route53Zone,
    &route53_record::Route53Record,
    &s3_bucket::S3Bucket,
    &Of(s3_bucket_versioning::S3BucketVersioning),
    &Of(s3_bucket_server_side_encryption_configuration::S3BucketServerSideEncryptionConfiguration),
    &Of(s3_bucket_public_access_block::S3BucketPublicAccessBlock),
    &Of(s3_bucket_policy::S3BucketPolicy),
    &Of(s3_bucket_ownership_controls::S3BucketOwnershipControls),
    &Of(s3_bucket_lifecycle_configuration::S3BucketLifecycleConfiguration),
];

/// What is asked.
pub static LOOKUPS: &[&dyn Lookup] = &[
    &availability_zones::AvailabilityZones,
    &ami::Ami,
    &caller_identity::CallerIdentity,
    &route53_zone_lookup::Route53ZoneLookup,
];
