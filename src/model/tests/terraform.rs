//! Types and fields are called what Terraform's AWS provider calls them, and are required where they are there.
//!
//! `terraform.json` has the provider's own, written by `cargo xtask terraform`.

use std::collections::{BTreeMap, BTreeSet};

use fathuss_model::schema::Field;
use fathuss_model::schemas;
use serde::Deserialize;

/// What is different and stays so, by path: what it is there and here, and why.
const DIFFERENCES: &[(&str, &str, &str)] = &[
    (
        "aws_acm_certificate.domain_name",
        "optional, here required",
        "imported certificates, which bring their names along, are not here",
    ),
    ("aws_ami.owners", "optional, here required", "without an owner anyone's image of that name would do"),
    (
        "aws_ami.root_volume_size",
        "unknown",
        "of `block_device_mappings`, what the volumes of instances are compared with",
    ),
    (
        "aws_autoscaling_policy.name",
        "required, here optional",
        "a name is made with a suffix where none is given, as for every type",
    ),
    (
        "aws_autoscaling_policy.target_tracking_configuration.customized_metric_specification.metric_name",
        "optional, here required",
        RECKONED,
    ),
    (
        "aws_autoscaling_policy.target_tracking_configuration.customized_metric_specification.namespace",
        "optional, here required",
        RECKONED,
    ),
    (
        "aws_autoscaling_policy.target_tracking_configuration.customized_metric_specification.statistic",
        "optional, here required",
        RECKONED,
    ),
    ("aws_availability_zones.zone_names", "unknown", "the filter `zone-name`, which a block would make long"),
    (
        "aws_backup_vault.name",
        "required, here optional",
        "a name is made with a suffix where none is given, as for every type",
    ),
    ("aws_budgets_budget.limit_amount", "optional, here required", "budgets that set their own limit are not here"),
    ("aws_budgets_budget.limit_unit", "optional, here required", "budgets that set their own limit are not here"),
    (
        "aws_cloudfront_distribution.default_cache_behavior.cache_policy_id",
        "optional, here required",
        "the values that could be forwarded without a policy are not here",
    ),
    (
        "aws_cloudfront_distribution.logging_config.bucket",
        "optional, here required",
        "logs that are delivered by CloudWatch Logs are not here",
    ),
    (
        "aws_cloudfront_distribution.ordered_cache_behavior.cache_policy_id",
        "optional, here required",
        "the values that could be forwarded without a policy are not here",
    ),
    (
        "aws_cloudfront_origin_access_control.name",
        "required, here optional",
        "a name is made with a suffix where none is given, as for every type",
    ),
    (
        "aws_cloudwatch_dashboard.dashboard_name",
        "required, here optional",
        "a name is made with a suffix where none is given, as for every type",
    ),
    (
        "aws_cloudwatch_metric_alarm.alarm_name",
        "required, here optional",
        "a name is made with a suffix where none is given, as for every type",
    ),
    ("aws_db_instance.engine", "optional, here required", "a replica and a restored instance say it too"),
    ("aws_db_instance.parameter_apply_status", "unknown", "what waits for a restart is shown"),
    ("aws_db_instance.pending_modified_values", "unknown", "what waits for the window is shown, not only read again"),
    ("aws_default_network_acl.egress.from_port", "required, here optional", PORTS_OF_SOME),
    ("aws_default_network_acl.egress.to_port", "required, here optional", PORTS_OF_SOME),
    ("aws_default_network_acl.ingress.from_port", "required, here optional", PORTS_OF_SOME),
    ("aws_default_network_acl.ingress.to_port", "required, here optional", PORTS_OF_SOME),
    ("aws_default_route_table.route.cidr_block", "optional, here required", "IPv6 and prefix lists are not here"),
    ("aws_default_security_group.egress.from_port", "optional, here required", REQUIRED_THERE),
    ("aws_default_security_group.egress.protocol", "optional, here required", REQUIRED_THERE),
    ("aws_default_security_group.egress.to_port", "optional, here required", REQUIRED_THERE),
    ("aws_default_security_group.ingress.from_port", "optional, here required", REQUIRED_THERE),
    ("aws_default_security_group.ingress.protocol", "optional, here required", REQUIRED_THERE),
    ("aws_default_security_group.ingress.to_port", "optional, here required", REQUIRED_THERE),
    ("aws_default_security_group.vpc_id", "optional, here required", NO_DEFAULT_VPC),
    ("aws_eks_node_group.launch_template.id", "optional, here required", "a template is referred to by its id"),
    ("aws_eks_node_group.launch_template.name", "optional, here computed", "a template is referred to by its id"),
    (
        "aws_elasticache_parameter_group.name",
        "required, here optional",
        "a name is made with a suffix where none is given, as for every type",
    ),
    (
        "aws_elasticache_replication_group.node_type",
        "optional, here required",
        "only a member of a global group, which is not here, takes it from elsewhere",
    ),
    (
        "aws_elasticache_replication_group.pending_modified_values",
        "unknown",
        "what waits for the window is shown, not only read again",
    ),
    (
        "aws_elasticache_replication_group.replication_group_id",
        "required, here optional",
        "a name is made with a suffix where none is given, as for every type",
    ),
    (
        "aws_elasticache_subnet_group.name",
        "required, here optional",
        "a name is made with a suffix where none is given, as for every type",
    ),
    ("aws_eks_fargate_profile.subnet_ids", "optional, here required", "the cluster's private ones are better said"),
    (
        "aws_elasticache_user.authentication_mode",
        "optional block, here required block",
        "`no_password_required`, which could say it, is its old form",
    ),
    ("aws_elasticache_user.passwords_wo", "unknown", "values in state are not here"),
    ("aws_elasticache_user.passwords_wo_version", "unknown", "a value that is never read is sent again by its version"),
    ("aws_elasticache_user_group.user_ids", "optional, here required", "a group of nobody lets nobody in"),
    (
        "aws_flow_log.log_destination",
        "optional, here required",
        "a log group goes by its ARN too, not by its name alone",
    ),
    ("aws_flow_log.traffic_type", "optional, here required", "EC2 demands it of all that is here"),
    ("aws_iam_instance_profile.role", "optional, here required", "a profile without a role hands out nothing"),
    ("aws_iam_policy.default_version_id", "unknown", "of the same version the document need not be read again"),
    ("aws_instance.ami", "optional, here required", "the launch template that could say it is not here"),
    ("aws_instance.instance_type", "optional, here required", "the launch template that could say it is not here"),
    ("aws_instance.subnet_id", "optional, here required", NO_DEFAULT_VPC),
    ("aws_internet_gateway.vpc_id", "optional, here required", "one without a VPC leads nowhere"),
    (
        "aws_kms_alias.name",
        "optional, here required",
        "others know the key by it: a suffix that nobody knows beforehand would be no name",
    ),
    ("aws_kms_key.deletion_date", "unknown", "a deletion that others scheduled is told with its date"),
    ("aws_launch_template.block_device_mappings.device_name", "optional, here required", "EC2 refuses one without"),
    (
        "aws_launch_template.block_device_mappings.ebs",
        "optional block, here required block",
        "no other kind of device is here",
    ),
    ("aws_launch_template.default_version", "optional, here computed", "`update_default_version` says which it is"),
    ("aws_launch_template.iam_instance_profile.name", "optional, here required", "by its ARN it could be named too"),
    ("aws_launch_template.monitoring.enabled", "optional, here required", "the block says nothing else"),
    ("aws_launch_template.tag_specifications.resource_type", "optional, here required", "EC2 refuses one without"),
    ("aws_launch_template.tag_specifications.tags", "optional, here required", "the block says nothing else"),
    ("aws_nat_gateway.subnet_id", "optional, here required", "gateways of a whole VPC are not here"),
    ("aws_network_acl.egress.action", "optional, here required", RULE_REQUIRED),
    ("aws_network_acl.egress.protocol", "optional, here required", RULE_REQUIRED),
    ("aws_network_acl.egress.rule_no", "optional, here required", RULE_REQUIRED),
    ("aws_network_acl.ingress.action", "optional, here required", RULE_REQUIRED),
    ("aws_network_acl.ingress.protocol", "optional, here required", RULE_REQUIRED),
    ("aws_network_acl.ingress.rule_no", "optional, here required", RULE_REQUIRED),
    ("aws_route.destination_cidr_block", "optional, here required", "IPv6 and prefix lists are not here"),
    ("aws_route_table_association.subnet_id", "optional, here required", "associations of gateways are not here"),
    (
        "aws_s3_bucket_lifecycle_configuration.rule",
        "optional block, here required block",
        "S3 refuses a configuration without a rule",
    ),
    (
        "aws_s3_bucket_lifecycle_configuration.rule.abort_incomplete_multipart_upload.days_after_initiation",
        "optional, here required",
        "the block says nothing else",
    ),
    (
        "aws_s3_bucket_lifecycle_configuration.rule.transition.days",
        "optional, here required",
        "the `date` that could be said instead is not here",
    ),
    (
        "aws_s3_bucket_replication_configuration.rule.delete_marker_replication",
        "optional block, here required block",
        "S3 demands it in the form that is not its old one",
    ),
    (
        "aws_s3_bucket_replication_configuration.rule.id",
        "optional, here required",
        "rules are told apart by it: a name that S3 draws says nothing",
    ),
    (
        "aws_s3_bucket_replication_configuration.rule.priority",
        "optional, here required",
        "S3 demands it in the form that is not its old one",
    ),
    (
        "aws_s3_bucket_server_side_encryption_configuration.rule.apply_server_side_encryption_by_default",
        "optional block, here required block",
        "the rule without it says how, and not whether",
    ),
    (
        "aws_secretsmanager_secret_version.secret_string_wo",
        "optional, here required",
        "values in state, and bytes, are not here",
    ),
    (
        "aws_security_group.description",
        "optional, here required",
        "EC2 demands one and can't change it: better said than made up",
    ),
    ("aws_security_group.vpc_id", "optional, here required", NO_DEFAULT_VPC),
    ("aws_subnet.availability_zone_id", "optional, here computed", "zones are given by name"),
    ("aws_subnet.cidr_block", "optional, here required", "ranges from IPAM and IPv6 alone are not here"),
    ("aws_vpc.cidr_block", "optional, here required", "ranges from IPAM are not here"),
    ("aws_vpc_endpoint.service_name", "optional, here required", "endpoints of VPC Lattice are not here"),
];

const REQUIRED_THERE: &str = "in `aws_security_group`'s own blocks it is required, and EC2 demands it";
const RULE_REQUIRED: &str = "in `aws_default_network_acl`'s blocks it is required, and EC2 demands it";
const RECKONED: &str = "metrics that are reckoned from others are not here";
const PORTS_OF_SOME: &str = "only TCP and UDP have ports; there it is 0 for the others";
const NO_DEFAULT_VPC: &str = "nothing is made in a default VPC by leaving something out";

/// Types that the provider has not by that name, and why they are called so here.
const OWN: &[(&str, &str)] = &[(
    "aws_route53_zone_lookup",
    "its question has the name of the resource, and here a type is made or asked: `aws_route53_zone` is made",
)];

/// The provider's types, as the table has them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    /// Which version of what it was read from.
    source: String,
    /// Our types that it does not have.
    unknown: Vec<String>,
    /// By type and path: `required`, `optional` or `computed`, and `block` or `object` where it has fields of its own.
    types: BTreeMap<String, BTreeMap<String, String>>,
}

fn table() -> Table {
    let mut table: Table =
        serde_json::from_str(include_str!("terraform.json")).expect("the table is what the command writes");
    // The provider's older framework lets every `id` be written, and nobody does.
    for id in table.types.values_mut().filter_map(|fields| fields.get_mut("id")) {
        "computed".clone_into(id);
    }
    table
}

/// Ours, in the table's words. How HCL writes nested fields does not matter to a program in Rust: all are blocks.
fn ours(path: &str, fields: &'static [Field], found: &mut BTreeMap<String, String>) {
    for field in fields {
        let presence = match (field.required, field.optional) {
            (true, _) => "required",
            (false, true) => "optional",
            (false, false) => "computed",
        };
        let path = format!("{path}{}", field.name);
        match field.ty.block() {
            Some(inner) => {
                ours(&format!("{path}."), inner, found);
                found.insert(path, format!("{presence} block"));
            }
            None => {
                found.insert(path, presence.to_owned());
            }
        }
    }
}

/// What is different, by path.
fn compare(
    kind: &str,
    here: &BTreeMap<String, String>,
    there: &BTreeMap<String, String>,
) -> BTreeSet<(String, String)> {
    let alike = |word: &str| word.replace("object", "block");
    let unlike = here.iter().filter_map(|(path, here)| match there.get(path) {
        None => Some((path, "unknown".to_owned())),
        Some(there) if alike(there) == *here => None,
        Some(there) => Some((path, format!("{}, here {here}", alike(there)))),
    });
    // What has to be given inside of something that is not here has not to be given.
    let is_inside = |path: &str| path.rsplit_once('.').is_none_or(|(outer, _)| here.contains_key(outer));
    let demanded = there.iter().filter(|(path, word)| word.starts_with("required") && is_inside(path));
    let missing = demanded.filter(|(path, _)| !here.contains_key(*path));
    let missing = missing.map(|(path, word)| (path, format!("{}, here missing", alike(word))));
    unlike.chain(missing).map(|(path, what)| (format!("{kind}.{path}"), what)).collect()
}

#[test]
fn every_difference_from_terraform_is_meant() {
    let table = table();
    let mut found = BTreeSet::new();
    let own = |kind: &str| OWN.iter().any(|(name, _)| *name == kind);
    for schema in schemas().filter(|schema| schema.provider == "aws" && !own(schema.kind)) {
        let mut here = BTreeMap::new();
        ours("", schema.fields, &mut here);
        found.extend(compare(schema.kind, &here, &table.types[schema.kind]));
    }
    let meant: BTreeSet<(String, String)> =
        DIFFERENCES.iter().map(|(path, what, _)| ((*path).to_owned(), (*what).to_owned())).collect();
    let (new, gone): (Vec<_>, Vec<_>) = (found.difference(&meant).collect(), meant.difference(&found).collect());
    assert!(new.is_empty() && gone.is_empty(), "against {}: new {new:#?}, gone {gone:#?}", table.source);
    assert_eq!(meant.len(), DIFFERENCES.len(), "each is listed once");
    assert!(DIFFERENCES.iter().all(|(_, _, why)| !why.is_empty()));
}

#[test]
fn the_table_has_each_type_and_no_other() {
    let table = table();
    let ours: BTreeSet<&str> = schemas().filter(|schema| schema.provider == "aws").map(|schema| schema.kind).collect();
    let theirs: BTreeSet<&str> = table.types.keys().map(String::as_str).collect();
    let own: BTreeSet<&str> = OWN.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(ours, &theirs | &own);
    assert_eq!(table.unknown.iter().map(String::as_str).collect::<BTreeSet<_>>(), own);
}
