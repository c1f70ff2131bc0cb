//! `aws_vpc_security_group_ingress_rule`: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AuthorizeSecurityGroupIngress.html>

use fathuss_model::Resource;
use fathuss_model::aws::IngressRule;

use crate::security_group_rule::Rule;

/// The calls of `aws_vpc_security_group_ingress_rule`.
pub static KIND: Rule = Rule { egress: false, schema: IngressRule::SCHEMA };
