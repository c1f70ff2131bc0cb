//! The identities that people type at an import: how each type's look, with an example.
//!
//! Where Terraform's import id is enough to find the thing again, it is ours; a text of another form is refused
//! before any call.

use fathuss_engine::provider::Failure;
use fathuss_state::Identity;
use regex_lite::Regex;

use crate::failure::refused;

/// Whether a text can be the identity of one of this type.
pub(crate) fn check(kind: &str, identity: &Identity) -> Result<(), Failure> {
    let Some((_, pattern, example)) = FORMS.iter().find(|(name, ..)| *name == kind) else { return Ok(()) };
    if Regex::new(&format!("^(?:{pattern})$")).is_ok_and(|form| form.is_match(&identity.0)) {
        return Ok(());
    }
    let message = format!("`{identity}` is no import id of {kind}: expected for instance `{example}`");
    Err(refused("InvalidIdentity", message))
}

/// By type: a regular expression that an identity matches from end to end, and one that does.
#[rustfmt::skip]
const FORMS: &[(&str, &str, &str)] = &[
    ("aws_vpc", r"vpc-[0-9a-f]{8,17}", "vpc-0a1b2c3d4e5f67890"),
    ("aws_subnet", r"subnet-[0-9a-f]{8,17}", "subnet-0a1b2c3d4e5f67890"),
    ("aws_internet_gateway", r"igw-[0-9a-f]{8,17}", "igw-0a1b2c3d4e5f67890"),
    ("aws_eip", r"eipalloc-[0-9a-f]{8,17}", "eipalloc-0a1b2c3d4e5f67890"),
    ("aws_nat_gateway", r"nat-[0-9a-f]{8,17}", "nat-0a1b2c3d4e5f67890"),
    ("aws_route_table", r"rtb-[0-9a-f]{8,17}", "rtb-0a1b2c3d4e5f67890"),
    ("aws_route", r"rtb-[0-9a-f]{8,17}_[0-9.]+/[0-9]{1,2}", "rtb-0a1b2c3d4e5f67890_0.0.0.0/0"),
    ("aws_route_table_association", r"subnet-[0-9a-f]{8,17}/rtb-[0-9a-f]{8,17}", "subnet-0a1b2c3d4e5f67890/rtb-0a1b2c3d4e5f67890"),
    ("aws_default_route_table", r"rtb-[0-9a-f]{8,17}", "rtb-0a1b2c3d4e5f67890"),
    ("aws_security_group", r"sg-[0-9a-f]{8,17}", "sg-0a1b2c3d4e5f67890"),
    ("aws_default_security_group", r"sg-[0-9a-f]{8,17}", "sg-0a1b2c3d4e5f67890"),
    ("aws_launch_template", r"lt-[0-9a-f]{8,17}", "lt-0a1b2c3d4e5f67890"),
    ("aws_instance", r"i-[0-9a-f]{8,17}", "i-0a1b2c3d4e5f67890"),
    ("aws_ebs_volume", r"vol-[0-9a-f]{8,17}", "vol-0a1b2c3d4e5f67890"),
    ("aws_volume_attachment", r"[^:]+:vol-[0-9a-f]{8,17}:i-[0-9a-f]{8,17}", "/dev/sdf:vol-0a1b2c3d4e5f67890:i-0a1b2c3d4e5f67890"),
    ("aws_vpc_security_group_ingress_rule", r"sgr-[0-9a-f]{8,17}", "sgr-0a1b2c3d4e5f67890"),
    ("aws_vpc_security_group_egress_rule", r"sgr-[0-9a-f]{8,17}", "sgr-0a1b2c3d4e5f67890"),
    ("aws_vpc_endpoint", r"vpce-[0-9a-f]{8,17}", "vpce-0a1b2c3d4e5f67890"),
    ("aws_network_acl", r"acl-[0-9a-f]{8,17}", "acl-0a1b2c3d4e5f67890"),
    ("aws_default_network_acl", r"acl-[0-9a-f]{8,17}", "acl-0a1b2c3d4e5f67890"),
    ("aws_flow_log", r"fl-[0-9a-f]{8,17}", "fl-0a1b2c3d4e5f67890"),
    ("aws_network_interface", r"eni-[0-9a-f]{8,17}", "eni-0a1b2c3d4e5f67890"),
    ("aws_iam_role", r"[A-Za-z0-9_+=,.@-]{1,64}", "worker"),
    ("aws_iam_policy", r"arn:aws[a-z-]*:iam:[a-z0-9-]*:[0-9a-z]*:policy/.+", "arn:aws:iam::111122223333:policy/worker"),
    ("aws_iam_role_policy_attachment", r"[A-Za-z0-9_+=,.@-]{1,64}/arn:aws[a-z-]*:iam:[a-z0-9-]*:[0-9a-z]*:policy/.+", "worker/arn:aws:iam::111122223333:policy/worker"),
    ("aws_iam_role_policy", r"[A-Za-z0-9_+=,.@-]{1,64}:[A-Za-z0-9_+=,.@-]{1,128}", "worker:reads"),
    ("aws_iam_instance_profile", r"[A-Za-z0-9_+=,.@-]{1,128}", "worker"),
    ("aws_iam_openid_connect_provider", r"arn:aws[a-z-]*:iam:[a-z0-9-]*:[0-9a-z]*:oidc-provider/.+", "arn:aws:iam::111122223333:oidc-provider/issuer.example.com"),
    ("aws_eks_cluster", r"[0-9A-Za-z][A-Za-z0-9_-]{0,99}", "main"),
    ("aws_eks_node_group", r"[0-9A-Za-z][A-Za-z0-9_-]{0,99}:.+", "main:general"),
    ("aws_eks_addon", r"[0-9A-Za-z][A-Za-z0-9_-]{0,99}:.+", "main:vpc-cni"),
    ("aws_eks_access_entry", r"[0-9A-Za-z][A-Za-z0-9_-]{0,99}:arn:.+", "main:arn:aws:iam::111122223333:role/admin"),
    ("aws_eks_access_policy_association", r"[0-9A-Za-z][A-Za-z0-9_-]{0,99}#arn:[^#]+#arn:[^#]+", "main#arn:aws:iam::111122223333:role/admin#arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"),
    ("aws_eks_pod_identity_association", r"[0-9A-Za-z][A-Za-z0-9_-]{0,99}:a-[0-9a-z]+", "main:a-0a1b2c3d4e5f67890"),
    ("aws_eks_fargate_profile", r"[0-9A-Za-z][A-Za-z0-9_-]{0,99}:.+", "main:batch"),
    ("aws_db_subnet_group", r"[^:/]{1,255}", "main"),
    ("aws_db_parameter_group", r"[^:/]{1,255}", "main"),
    ("aws_db_instance", r"[A-Za-z][A-Za-z0-9-]{0,62}", "main"),
    ("aws_db_snapshot", r"[A-Za-z][A-Za-z0-9:-]{0,254}", "before-upgrade"),
    ("aws_db_option_group", r"[^:/]{1,255}", "main"),
    ("aws_db_instance_automated_backups_replication", r"arn:aws[a-z-]*:rds:[a-z0-9-]*:[0-9a-z]*:auto-backup:.+", "arn:aws:rds:us-west-2:111122223333:auto-backup:ab-0a1b2c3d4e5f"),
    ("aws_elasticache_subnet_group", r"[^:/]{1,255}", "main"),
    ("aws_elasticache_parameter_group", r"[^:/]{1,255}", "main"),
    ("aws_elasticache_replication_group", r"[A-Za-z][A-Za-z0-9-]{0,39}", "main"),
    ("aws_elasticache_user", r"[A-Za-z][A-Za-z0-9-]*", "reader"),
    ("aws_elasticache_user_group", r"[A-Za-z][A-Za-z0-9-]*", "readers"),
    ("aws_cloudwatch_log_group", r"[A-Za-z0-9_/.#-]{1,512}", "/aws/eks/main/cluster"),
    ("aws_backup_vault", r"[A-Za-z0-9_-]{2,50}", "daily"),
    ("aws_backup_plan", r"[0-9a-f-]{36}", "0a1b2c3d-4e5f-6789-0a1b-2c3d4e5f6789"),
    ("aws_backup_selection", r"[0-9a-f-]{36}[|][0-9a-f-]{36}", "0a1b2c3d-4e5f-6789-0a1b-2c3d4e5f6789|9876f5e4-d3c2-b1a0-9876-f5e4d3c2b1a0"),
    ("aws_budgets_budget", r"[0-9]{12}:.+", "111122223333:monthly"),
    ("aws_ce_cost_allocation_tag", r".{1,1024}", "Team"),
    ("aws_cloudwatch_metric_alarm", r".{1,255}", "cpu-high"),
    ("aws_cloudwatch_dashboard", r"[A-Za-z0-9_-]{1,255}", "overview"),
    ("aws_autoscaling_policy", r"[^/]{1,255}/.{1,255}", "eks-general-0a1b2c3d/busy"),
    ("aws_sns_topic", r"arn:aws[a-z-]*:sns:[a-z0-9-]*:[0-9a-z]*:[^:]+", "arn:aws:sns:us-east-1:111122223333:alarms"),
    ("aws_sns_topic_policy", r"arn:aws[a-z-]*:sns:[a-z0-9-]*:[0-9a-z]*:[^:]+", "arn:aws:sns:us-east-1:111122223333:alarms"),
    ("aws_sns_topic_subscription", r"arn:aws[a-z-]*:sns:[a-z0-9-]*:[0-9a-z]*:[^:]+:[^:]+", "arn:aws:sns:us-east-1:111122223333:alarms:0a1b2c3d-4e5f-6789-0a1b-2c3d4e5f6789"),
    ("aws_secretsmanager_secret", r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]*:[0-9a-z]*:secret:.+", "arn:aws:secretsmanager:us-east-1:111122223333:secret:main-Ab1Cd2"),
    ("aws_secretsmanager_secret_version", r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]*:[0-9a-z]*:secret:[^|]+[|].{32,64}", "arn:aws:secretsmanager:us-east-1:111122223333:secret:main-Ab1Cd2|0a1b2c3d-4e5f-6789-0a1b-2c3d4e5f6789"),
    ("aws_kms_key", r"(mrk-)?[0-9a-f-]{32,36}", "0a1b2c3d-4e5f-6789-0a1b-2c3d4e5f6789"),
    ("aws_kms_alias", r"alias/.+", "alias/main"),
    ("aws_route53_zone", r"Z[0-9A-Z]{1,31}", "Z0123456789ABCDEFGHIJ"),
    ("aws_route53_record", r"Z[0-9A-Z]{1,31}_.+_[A-Z]+(_.+)?", "Z0123456789ABCDEFGHIJ_www.example.com_A"),
    ("aws_acm_certificate", r"arn:aws[a-z-]*:acm:[a-z0-9-]*:[0-9a-z]*:certificate/.+", "arn:aws:acm:us-east-1:111122223333:certificate/0a1b2c3d-4e5f-6789-0a1b-2c3d4e5f6789"),
    ("aws_acm_certificate_validation", r"arn:aws[a-z-]*:acm:[a-z0-9-]*:[0-9a-z]*:certificate/.+", "arn:aws:acm:us-east-1:111122223333:certificate/0a1b2c3d-4e5f-6789-0a1b-2c3d4e5f6789"),
    ("aws_cloudfront_origin_access_control", r"E[0-9A-Z]{5,}", "E0A1B2C3D4E5F6"),
    ("aws_cloudfront_distribution", r"E[0-9A-Z]{5,}", "E0A1B2C3D4E5F6"),
    ("aws_s3_bucket", r"[a-z0-9A-Z._-]{3,255}", "my-bucket"),
    ("aws_s3_bucket_versioning", r"[a-z0-9A-Z._-]{3,255}", "my-bucket"),
    ("aws_s3_bucket_server_side_encryption_configuration", r"[a-z0-9A-Z._-]{3,255}", "my-bucket"),
    ("aws_s3_bucket_public_access_block", r"[a-z0-9A-Z._-]{3,255}", "my-bucket"),
    ("aws_s3_bucket_policy", r"[a-z0-9A-Z._-]{3,255}", "my-bucket"),
    ("aws_s3_bucket_ownership_controls", r"[a-z0-9A-Z._-]{3,255}", "my-bucket"),
    ("aws_s3_bucket_lifecycle_configuration", r"[a-z0-9A-Z._-]{3,255}", "my-bucket"),
    ("aws_s3_bucket_replication_configuration", r"[a-z0-9A-Z._-]{3,255}", "my-bucket"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::KINDS;

    #[test]
    fn every_type_has_a_form_and_its_example_is_of_it() {
        let listed: Vec<&str> = FORMS.iter().map(|(kind, ..)| *kind).collect();
        let made: Vec<&str> = KINDS.iter().map(|kind| kind.schema().kind).collect();
        assert_eq!(listed, made, "one line each, in the table's order");
        for (kind, _, example) in FORMS {
            assert_eq!(check(kind, &Identity((*example).to_owned())), Ok(()));
        }
    }

    #[test]
    fn a_text_of_another_form_is_refused_with_one_that_would_do() {
        let failure = check("aws_route", &Identity("rtb-0a1b2c3d4e5f67890".to_owned())).unwrap_err();
        assert_eq!(failure.code, "InvalidIdentity");
        assert!(failure.message.contains("`rtb-0a1b2c3d4e5f67890_0.0.0.0/0`"), "{failure}");
        let managed = Identity("worker/arn:aws:iam::aws:policy/AmazonEKSClusterPolicy".to_owned());
        assert_eq!(check("aws_iam_role_policy_attachment", &managed), Ok(()), "AWS's own policies are no account's");
        assert!(check("aws_vpc", &Identity("subnet-0a1b2c3d4e5f67890".to_owned())).is_err());
    }
}
