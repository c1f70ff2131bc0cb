//! Identities by what Terraform's state says of a resource: its `id`, but where that is not enough to find it again.
//!
//! The page of each type in the provider's documentation has both, under "Attribute Reference" and "Import":
//! <https://github.com/hashicorp/terraform-provider-aws/tree/main/website/docs/r>.

use fathuss_engine::provider::Attributes;
use fathuss_model::Datum;
use fathuss_state::Identity;

/// The identity of one of this type, by its attributes in Terraform's state; none where they do not hold it.
#[must_use]
pub fn identity(kind: &str, attributes: &Attributes) -> Option<Identity> {
    let text = |name: &str| attributes.get(name).and_then(Datum::as_str).filter(|text| !text.is_empty());
    let form = FORMS.iter().find(|(name, _)| *name == kind).map_or(&[Part::Field("id")][..], |(_, form)| form);
    let mut identity = String::new();
    for part in form {
        match part {
            Part::Field(name) => identity.push_str(text(name)?),
            Part::Either(first, second) => identity.push_str(text(first).or_else(|| text(second))?),
            Part::Plain(first, second) => {
                let name = text(first).or_else(|| text(second))?;
                identity.push_str(&name.strip_suffix('.').unwrap_or(name).to_lowercase());
            }
            Part::If(before, name) => {
                if let Some(value) = text(name) {
                    identity.push_str(before);
                    identity.push_str(value);
                }
            }
            Part::Text(text) => identity.push_str(text),
        }
    }
    Some(Identity(identity))
}

/// A part of an identity.
enum Part {
    /// An attribute.
    Field(&'static str),
    /// The first of two that is there: what a later version of the provider says, and what an earlier one did.
    Either(&'static str, &'static str),
    /// The same of a domain name, as Route 53 compares them.
    Plain(&'static str, &'static str),
    /// An attribute behind a text, where it is given.
    If(&'static str, &'static str),
    /// These very characters.
    Text(&'static str),
}

use Part::{Either, Field, If, Plain, Text};

/// The types whose `id` in Terraform's state is not the identity.
const FORMS: &[(&str, &[Part])] = &[
    ("aws_route", &[Field("route_table_id"), Text("_"), Field("destination_cidr_block")]),
    ("aws_route_table_association", &[Field("subnet_id"), Text("/"), Field("route_table_id")]),
    ("aws_volume_attachment", &[Field("device_name"), Text(":"), Field("volume_id"), Text(":"), Field("instance_id")]),
    ("aws_iam_role_policy_attachment", &[Field("role"), Text("/"), Field("policy_arn")]),
    ("aws_eks_pod_identity_association", &[Field("cluster_name"), Text(":"), Either("association_id", "id")]),
    // Since version 5 `id` is the resource id, `db-...`, by which nothing else refers to an instance.
    ("aws_db_instance", &[Either("identifier", "id")]),
    ("aws_kms_key", &[Either("key_id", "id")]),
    ("aws_backup_selection", &[Field("plan_id"), Text("|"), Field("id")]),
    ("aws_autoscaling_policy", &[Field("autoscaling_group_name"), Text("/"), Field("name")]),
    ("aws_route53_zone", &[Either("zone_id", "id")]),
    (
        "aws_route53_record",
        &[Field("zone_id"), Text("_"), Plain("fqdn", "name"), Text("_"), Field("type"), If("_", "set_identifier")],
    ),
    // `id` was the moment of the validation once.
    ("aws_acm_certificate_validation", &[Field("certificate_arn")]),
    ("aws_s3_bucket_versioning", &[Field("bucket")]),
    ("aws_s3_bucket_server_side_encryption_configuration", &[Field("bucket")]),
    ("aws_s3_bucket_lifecycle_configuration", &[Field("bucket")]),
    ("aws_s3_bucket_replication_configuration", &[Field("bucket")]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import_id;
    use crate::table::KINDS;

    fn of(kind: &str, pairs: &[(&str, &str)]) -> Option<String> {
        let attributes = pairs.iter().map(|(name, value)| ((*name).to_owned(), Datum::from(*value))).collect();
        let identity = identity(kind, &attributes)?;
        import_id::check(kind, &identity).expect("it is one of the type");
        Some(identity.0)
    }

    #[test]
    fn what_has_an_identity_of_its_own_has_it_in_terraform_too() {
        let vpc = "vpc-0a1b2c3d4e5f67890";
        assert_eq!(of("aws_vpc", &[("id", vpc)]).as_deref(), Some(vpc));
        let instance = [("id", "db-ABCDEFGHIJKLMNOP"), ("identifier", "main")];
        assert_eq!(of("aws_db_instance", &instance).as_deref(), Some("main"));
        assert_eq!(of("aws_vpc", &[("cidr_block", "10.0.0.0/16")]), None);
    }

    #[test]
    fn a_relation_is_its_ends() {
        let (subnet, table) = ("subnet-0a1b2c3d4e5f67890", "rtb-0a1b2c3d4e5f67890");
        let ends = [("id", "rtbassoc-0a1b2c3d4e5f67890"), ("subnet_id", subnet), ("route_table_id", table)];
        assert_eq!(of("aws_route_table_association", &ends), Some(format!("{subnet}/{table}")));
        // One of a gateway has no subnet.
        assert_eq!(of("aws_route_table_association", &[ends[0], ("subnet_id", ""), ends[2]]), None);
        let record = [("zone_id", "Z0123"), ("name", "WWW"), ("fqdn", "www.example.com"), ("type", "A")];
        assert_eq!(of("aws_route53_record", &record).as_deref(), Some("Z0123_www.example.com_A"));
        let weighted = [record[0], record[2], record[3], ("set_identifier", "blue")];
        assert_eq!(of("aws_route53_record", &weighted).as_deref(), Some("Z0123_www.example.com_A_blue"));
    }

    #[test]
    fn every_form_is_of_a_type_that_there_is() {
        let kinds: Vec<&str> = KINDS.iter().map(|kind| kind.schema().kind).collect();
        assert!(FORMS.iter().all(|(kind, _)| kinds.contains(kind)));
    }
}
