//! AWS for the engine: one file per resource type with its calls, and what they stand on.
//!
//! [`Aws`] is the engine's [`fathuss_engine::Provider`]; [`table`] lists the types; [`kind::Kind`]
//! is what each implements. A type's reads are batched per region, and all
//! services are asked at once. Nothing here retries: a failure says what can be
//! done about it, and the engine does it.

mod acm_certificate;
mod acm_certificate_validation;
mod adopted;
mod ami;
mod arn;
mod availability_zones;
mod aws;
mod call;
mod caller_identity;
mod client;
mod cloudfront;
mod cloudfront_distribution;
mod cloudfront_origin_access_control;
mod cloudwatch_dashboard;
mod cloudwatch_log_group;
mod cloudwatch_metric_alarm;
mod db_instance;
mod db_parameter_group;
mod db_subnet_group;
mod default_network_acl;
mod default_route_table;
mod default_security_group;
mod delegation;
mod differ;
mod ebs_volume;
mod eip;
mod eks;
mod eks_access_entry;
mod eks_access_policy_association;
mod eks_addon;
mod eks_cluster;
mod eks_node_group;
mod elasticache;
mod elasticache_parameter_group;
mod elasticache_replication_group;
mod elasticache_subnet_group;
mod failure;
mod fields;
mod flow_log;
mod gather;
mod gone;
mod iam;
mod iam_account;
mod iam_instance_profile;
mod iam_openid_connect_provider;
mod iam_policy;
mod iam_role;
mod iam_role_policy_attachment;
mod instance;
mod internet_gateway;
pub mod kind;
mod kms_alias;
mod kms_key;
mod launch_template;
mod limit;
mod listing;
mod mark;
mod name;
mod nat_gateway;
mod network_acl;
mod network_acl_rule;
mod network_interface;
mod rds;
mod route;
mod route53;
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
mod s3_bucket_server_side_encryption_configuration;
mod s3_bucket_setting;
mod s3_bucket_versioning;
mod secretsmanager;
mod secretsmanager_secret;
mod secretsmanager_secret_version;
mod security_group;
mod security_group_rule;
mod sns;
mod sns_topic;
mod sns_topic_policy;
mod sns_topic_subscription;
mod subnet;
pub mod table;
mod tag;
mod transport;
mod volume_attachment;
mod vpc;
mod vpc_endpoint;
mod vpc_security_group_egress_rule;
mod vpc_security_group_ingress_rule;

pub use aws::Aws;
pub use aws_smithy_runtime_api::http::Headers;
pub use call::{Access, Call, Service};
pub use client::{Client, Config};
pub use limit::Limit;
pub use mark::{ADDRESS, GENERATION, LINEAGE, Marked};
pub use transport::{Listener, Reply, Transport, TransportFault};

#[cfg(test)]
mod asked;
#[cfg(test)]
mod canned;
