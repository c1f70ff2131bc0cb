//! `aws_vpc_security_group_egress_rule`: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AuthorizeSecurityGroupEgress.html>

use fathuss_model::Resource;
use fathuss_model::aws::EgressRule;

use crate::security_group_rule::Rule;

/// The calls of `aws_vpc_security_group_egress_rule`.
pub static KIND: Rule = Rule { egress: true, schema: EgressRule::SCHEMA };
