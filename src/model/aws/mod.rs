//! AWS's resource types, one file each: the typed struct is the schema.

mod acm_certificate;
mod acm_certificate_validation;
mod action;
mod actions;
mod ami;
mod autoscaling_group;
mod autoscaling_policy;
mod availability_zones;
mod backup_plan;
mod backup_selection;
mod backup_vault;
mod block;
mod budgets_budget;
mod caller_identity;
mod ce_cost_allocation_tag;
mod cloudfront_distribution;
mod cloudfront_origin_access_control;
mod cloudwatch_dashboard;
mod cloudwatch_log_group;
mod cloudwatch_metric_alarm;
mod db_instance;
mod db_instance_automated_backups_replication;
mod db_option_group;
mod db_parameter_group;
mod db_snapshot;
mod db_subnet_group;
mod default_network_acl;
mod default_route_table;
mod default_security_group;
mod ebs_volume;
mod ec2_instance_type_offerings;
mod eip;
mod eks_access_entry;
mod eks_access_policy_association;
mod eks_addon;
mod eks_addon_version;
mod eks_cluster;
mod eks_fargate_profile;
mod eks_node_group;
mod eks_pod_identity_association;
mod elasticache_parameter_group;
mod elasticache_replication_group;
mod elasticache_subnet_group;
mod elasticache_user;
mod elasticache_user_group;
mod flow_log;
mod form;
pub(crate) use form::of_type as form_of_type;
mod iam_instance_profile;
mod iam_openid_connect_provider;
mod iam_policy;
mod iam_role;
mod iam_role_policy;
mod iam_role_policy_attachment;
mod instance;
mod instance_type;
mod internet_gateway;
mod ip_protocol;
mod kms_alias;
mod kms_key;
mod launch_template;
mod nat_gateway;
mod network_acl;
mod network_acl_rule;
mod network_interface;
pub mod policy;
mod policy_check;
mod rds_engine_version;
mod route;
mod route53_name;
mod route53_record;
mod route53_zone;
mod route53_zone_lookup;
mod route_table;
mod route_table_association;
mod s3_bucket;
mod s3_bucket_lifecycle_configuration;
mod s3_bucket_ownership_controls;
mod s3_bucket_policy;
mod s3_bucket_public_access_block;
mod s3_bucket_replication_configuration;
mod s3_bucket_server_side_encryption_configuration;
mod s3_bucket_versioning;
mod schedule;
mod secretsmanager_secret;
mod secretsmanager_secret_version;
mod security_group;
mod sns_topic;
mod sns_topic_policy;
mod sns_topic_subscription;
mod ssm_parameter;
mod subnet;
mod trust;
mod volume_attachment;
mod vpc;
mod vpc_endpoint;
mod vpc_security_group_egress_rule;
mod vpc_security_group_ingress_rule;
mod way_out;
mod window;
mod zone;

pub use acm_certificate::{AcmCertificate, DomainValidationOption, KeyAlgorithm, ValidationMethod};
pub use acm_certificate_validation::AcmCertificateValidation;
pub use ami::{Ami, Filter};
pub use autoscaling_group::AutoscalingGroup;
pub use autoscaling_policy::{
    AutoscalingPolicy, CustomizedMetric, GroupMetric, MetricAggregation, PredefinedMetric, ScalingAdjustmentType,
    ScalingMetricDimension, ScalingPolicyType, StepAdjustment, TargetTrackingConfiguration,
};
pub use availability_zones::{AvailabilityZones, ZoneState};
pub use backup_plan::{BackupCopy, BackupLifecycle, BackupPlan, BackupRule};
pub use backup_selection::{BackupSelection, SelectionCondition, SelectionConditions, SelectionTag, SelectionTagType};
pub use backup_vault::BackupVault;
pub use budgets_budget::{
    BudgetComparison, BudgetCostFilter, BudgetNotification, BudgetNotificationType, BudgetThresholdType,
    BudgetTimeUnit, BudgetType, BudgetsBudget,
};
pub use caller_identity::CallerIdentity;
pub use ce_cost_allocation_tag::{CeCostAllocationTag, CostAllocationTagStatus};
pub use cloudfront_distribution::{
    CloudfrontDistribution, CustomErrorResponse, CustomOriginConfig, DefaultCacheBehavior, DistributionOrigin,
    GeoRestriction, GeoRestrictionType, HttpMethod, HttpVersion, LoggingConfig, MinimumProtocolVersion,
    OrderedCacheBehavior, OriginProtocolPolicy, PriceClass, Restrictions, SslSupportMethod, ViewerCertificate,
    ViewerProtocolPolicy, cache_policy, response_headers_policy,
};
pub use cloudfront_origin_access_control::{
    CloudfrontOriginAccessControl, OriginType, SigningBehavior, SigningProtocol,
};
pub use cloudwatch_dashboard::CloudwatchDashboard;
pub use cloudwatch_log_group::{CloudwatchLogGroup, LogGroupClass};
pub use cloudwatch_metric_alarm::{
    CloudwatchMetricAlarm, ComparisonOperator, LowSampleCount, MetricQuery, MetricUnit, QueriedMetric, Statistic,
    TreatMissingData,
};
pub use db_instance::{
    DbEngine, DbInstance, DbInstanceClass, DbLogExport, DbStorageType, Gp3, MasterPassword, MasterUserSecret,
    RestoreToPointInTime,
};
pub use db_instance_automated_backups_replication::DbInstanceAutomatedBackupsReplication;
pub use db_option_group::{DbOption, DbOptionGroup, DbOptionSetting, OptionEngine};
pub use db_parameter_group::{ApplyMethod, DbParameter, DbParameterGroup};
pub use db_snapshot::DbSnapshot;
pub use db_subnet_group::DbSubnetGroup;
pub use default_network_acl::DefaultNetworkAcl;
pub use default_route_table::{DefaultRoute, DefaultRouteTable};
pub use default_security_group::{DefaultSecurityGroup, DefaultSecurityGroupRule};
pub use ebs_volume::EbsVolume;
pub use ec2_instance_type_offerings::{Ec2InstanceTypeOfferings, OfferingLocation};
pub use eip::{Eip, EipDomain};
pub use eks_access_entry::{AccessEntryType, EksAccessEntry};
pub use eks_access_policy_association::{AccessPolicy, AccessScope, AccessScopeType, EksAccessPolicyAssociation};
pub use eks_addon::{EksAddon, ResolveConflicts};
pub use eks_addon_version::EksAddonVersion;
pub use eks_cluster::{
    AccessConfig, AuthenticationMode, CertificateAuthority, ClusterIdentity, ClusterOidc, ClusterVpcConfig,
    ControlPlaneLog, EksCluster, EncryptedResource, EncryptionConfig, EncryptionProvider, IpFamily,
    KubernetesNetworkConfig, SupportType, UpgradePolicy,
};
pub use eks_fargate_profile::{EksFargateProfile, FargateSelector};
pub use eks_node_group::{
    AmiType, CapacityType, EksNodeGroup, NodeGroupAutoscalingGroup, NodeGroupLaunchTemplate, NodeGroupResources,
    ScalingConfig, Taint, TaintEffect, UpdateConfig,
};
pub use eks_pod_identity_association::EksPodIdentityAssociation;
pub use elasticache_parameter_group::{CacheParameter, ElasticacheParameterGroup};
pub use elasticache_replication_group::{
    CacheEngine, CacheNodeType, ClusterMode, ElasticacheReplicationGroup, TransitEncryptionMode,
};
pub use elasticache_subnet_group::ElasticacheSubnetGroup;
pub use elasticache_user::{CacheAuthentication, CacheAuthenticationMode, ElasticacheUser};
pub use elasticache_user_group::ElasticacheUserGroup;
pub use flow_log::{FlowLog, FlowLogDestinationOptions, FlowLogFileFormat, LogDestinationType, TrafficType};
pub use iam_instance_profile::IamInstanceProfile;
pub use iam_openid_connect_provider::IamOpenidConnectProvider;
pub use iam_policy::IamPolicy;
pub use iam_role::IamRole;
pub use iam_role_policy::IamRolePolicy;
pub use iam_role_policy_attachment::IamRolePolicyAttachment;
pub use instance::Instance;
pub use instance_type::{
    InstanceType, MetadataEndpoint, MetadataOptions, MetadataTokens, RootBlockDevice, VolumeType, is_arm,
};
pub use internet_gateway::InternetGateway;
pub use ip_protocol::IpProtocol;
pub use kms_alias::KmsAlias;
pub use kms_key::KmsKey;
pub use launch_template::{
    BlockDeviceMapping, EbsBlockDevice, LaunchTemplate, LaunchTemplateInstanceProfile, Monitoring, TagSpecification,
    TaggedResource,
};
pub use nat_gateway::{ConnectivityType, NatGateway};
pub use network_acl::NetworkAcl;
pub use network_acl_rule::{NetworkAclAction, NetworkAclRule};
pub use network_interface::NetworkInterface;
pub use rds_engine_version::RdsEngineVersion;
pub use route::Route;
pub use route_table::RouteTable;
pub use route_table_association::RouteTableAssociation;
pub use route53_record::{RecordAlias, RecordType, Route53Record, WeightedRouting};
pub use route53_zone::{Route53Zone, ZoneVpc};
pub use route53_zone_lookup::Route53ZoneLookup;
pub use s3_bucket::S3Bucket;
pub use s3_bucket_lifecycle_configuration::{
    AbortIncompleteMultipartUpload, LifecycleExpiration, LifecycleFilter, LifecycleFilterAnd, LifecycleRule,
    LifecycleTransition, MinimumObjectSize, NoncurrentVersionExpiration, NoncurrentVersionTransition, RuleStatus,
    S3BucketLifecycleConfiguration, StorageClass,
};
pub use s3_bucket_ownership_controls::{ObjectOwnership, OwnershipRule, S3BucketOwnershipControls};
pub use s3_bucket_policy::S3BucketPolicy;
pub use s3_bucket_public_access_block::S3BucketPublicAccessBlock;
pub use s3_bucket_replication_configuration::{
    DeleteMarkerReplication, ReplicaEncryption, ReplicaStorageClass, ReplicationDestination, ReplicationFilter,
    ReplicationFilterAnd, ReplicationMetrics, ReplicationMinutes, ReplicationRule, ReplicationTag, ReplicationTime,
    S3BucketReplicationConfiguration, Selected, SourceSelectionCriteria,
};
pub use s3_bucket_server_side_encryption_configuration::{
    EncryptionByDefault, EncryptionRule, S3BucketServerSideEncryptionConfiguration, SseAlgorithm,
};
pub use s3_bucket_versioning::{S3BucketVersioning, VersioningConfiguration, VersioningStatus};
pub use secretsmanager_secret::SecretsmanagerSecret;
pub use secretsmanager_secret_version::SecretsmanagerSecretVersion;
pub use security_group::SecurityGroup;
pub use sns_topic::{FifoThroughputScope, SnsTopic, TracingMode};
pub use sns_topic_policy::SnsTopicPolicy;
pub use sns_topic_subscription::{FilterPolicyScope, SnsTopicSubscription, SubscriptionProtocol};
pub use ssm_parameter::SsmParameter;
pub use subnet::Subnet;
pub use volume_attachment::VolumeAttachment;
pub use vpc::{Tenancy, Vpc};
pub use vpc_endpoint::{
    DnsRecordIpType, EndpointDnsEntry, EndpointDnsOptions, EndpointIpAddressType, VpcEndpoint, VpcEndpointType,
};
pub use vpc_security_group_egress_rule::EgressRule;
pub use vpc_security_group_ingress_rule::IngressRule;

use crate::Resource;
use crate::schema::Schema;

/// One line per type.
pub const SCHEMAS: &[&Schema] = &[
    Vpc::SCHEMA,
    Subnet::SCHEMA,
    InternetGateway::SCHEMA,
    Eip::SCHEMA,
    NatGateway::SCHEMA,
    RouteTable::SCHEMA,
    Route::SCHEMA,
    RouteTableAssociation::SCHEMA,
    DefaultSecurityGroup::SCHEMA,
    SecurityGroup::SCHEMA,
    IngressRule::SCHEMA,
    EgressRule::SCHEMA,
    VpcEndpoint::SCHEMA,
    NetworkAcl::SCHEMA,
    DefaultNetworkAcl::SCHEMA,
    DefaultRouteTable::SCHEMA,
    FlowLog::SCHEMA,
    NetworkInterface::SCHEMA,
    IamRole::SCHEMA,
    IamPolicy::SCHEMA,
    IamRolePolicyAttachment::SCHEMA,
    IamRolePolicy::SCHEMA,
    IamInstanceProfile::SCHEMA,
    IamOpenidConnectProvider::SCHEMA,
    LaunchTemplate::SCHEMA,
    EksCluster::SCHEMA,
    EksNodeGroup::SCHEMA,
    EksAddon::SCHEMA,
    EksAccessEntry::SCHEMA,
    EksAccessPolicyAssociation::SCHEMA,
    EksPodIdentityAssociation::SCHEMA,
    EksFargateProfile::SCHEMA,
    DbSubnetGroup::SCHEMA,
    DbParameterGroup::SCHEMA,
    DbInstance::SCHEMA,
    DbSnapshot::SCHEMA,
    DbOptionGroup::SCHEMA,
    DbInstanceAutomatedBackupsReplication::SCHEMA,
    ElasticacheSubnetGroup::SCHEMA,
    CloudwatchLogGroup::SCHEMA,
    BackupVault::SCHEMA,
    BackupPlan::SCHEMA,
    BackupSelection::SCHEMA,
    BudgetsBudget::SCHEMA,
    CeCostAllocationTag::SCHEMA,
    CloudwatchMetricAlarm::SCHEMA,
    CloudwatchDashboard::SCHEMA,
    SnsTopic::SCHEMA,
    SnsTopicPolicy::SCHEMA,
    SnsTopicSubscription::SCHEMA,
    SecretsmanagerSecret::SCHEMA,
    SecretsmanagerSecretVersion::SCHEMA,
    KmsKey::SCHEMA,
    KmsAlias::SCHEMA,
    Route53Zone::SCHEMA,
    Route53Record::SCHEMA,
    AcmCertificate::SCHEMA,
    AcmCertificateValidation::SCHEMA,
    CloudfrontOriginAccessControl::SCHEMA,
    CloudfrontDistribution::SCHEMA,
    S3Bucket::SCHEMA,
    S3BucketVersioning::SCHEMA,
    S3BucketServerSideEncryptionConfiguration::SCHEMA,
    S3BucketPublicAccessBlock::SCHEMA,
    S3BucketPolicy::SCHEMA,
    S3BucketOwnershipControls::SCHEMA,
    S3BucketLifecycleConfiguration::SCHEMA,
    S3BucketReplicationConfiguration::SCHEMA,
    ElasticacheParameterGroup::SCHEMA,
    ElasticacheReplicationGroup::SCHEMA,
    ElasticacheUser::SCHEMA,
    ElasticacheUserGroup::SCHEMA,
    Instance::SCHEMA,
    EbsVolume::SCHEMA,
    VolumeAttachment::SCHEMA,
    AutoscalingPolicy::SCHEMA,
    AvailabilityZones::SCHEMA,
    Ami::SCHEMA,
    CallerIdentity::SCHEMA,
    Ec2InstanceTypeOfferings::SCHEMA,
    EksAddonVersion::SCHEMA,
    RdsEngineVersion::SCHEMA,
    Route53ZoneLookup::SCHEMA,
    SsmParameter::SCHEMA,
    AutoscalingGroup::SCHEMA,
];
