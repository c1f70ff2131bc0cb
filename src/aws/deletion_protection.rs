//! AWS's own protections: what carries one is not deleted, which would stop a destroy half-way, when most is gone.

use fathuss_engine::proposal::{Objection, Proposal, Proposals};
use fathuss_engine::provider::Failure;
use fathuss_model::Address;

use crate::fields::Fields;

/// The field of each type that has one. It was read with the rest, so that one that others set counts too.
const FIELDS: &[(&str, &str)] = &[
    ("aws_cloudwatch_log_group", "deletion_protection_enabled"),
    ("aws_db_instance", "deletion_protection"),
    ("aws_eks_cluster", "deletion_protection"),
    ("aws_instance", "disable_api_termination"),
];

/// What would be deleted and is protected from it.
pub(crate) fn objections(deleted: &Proposals) -> Result<Vec<Objection>, Failure> {
    let object = |(address, proposal): (&Address, &Proposal)| {
        let Some((_, field)) = FIELDS.iter().find(|(kind, _)| *kind == address.kind()) else { return Ok(None) };
        let is_protected = Fields::of(&proposal.fields).bool_or(field, false)?;
        let message = || {
            format!(
                "AWS refuses to delete it while `{field}` is true: set it to false and apply that first, \
                 whoever has set it"
            )
        };
        Ok(is_protected.then(|| Objection { address: address.clone(), message: message() }))
    };
    deleted.iter().filter_map(|one| object(one).transpose()).collect()
}

#[cfg(test)]
mod tests {
    use fathuss_engine::proposal::Proposal;
    use serde_json::json;

    #[test]
    fn what_aws_protects_is_objected_to_before_anything_goes() {
        for (kind, field) in super::FIELDS {
            let objected = |value: bool| {
                let fields = serde_json::from_value(json!({ (*field): value })).unwrap();
                let proposal = Proposal { region: "us-east-1".to_owned(), fields, ..Proposal::default() };
                let address = format!("s.{kind}.main").parse().unwrap();
                super::objections(&[(address, proposal)].into()).unwrap()
            };
            assert!(objected(true)[0].message.contains(field), "{kind}");
            assert_eq!(objected(false), []);
            let known = crate::table::KINDS.iter().find(|known| known.schema().kind == *kind);
            assert!(known.is_some_and(|known| known.schema().field(field).is_some()), "{kind}.{field}");
        }
    }

    #[test]
    fn each_field_that_keeps_aws_from_a_delete_is_in_the_list() {
        for schema in crate::table::KINDS.iter().map(|kind| kind.schema()) {
            for field in schema.fields.iter().filter(|field| field.name.starts_with("deletion_protection")) {
                assert!(super::FIELDS.contains(&(schema.kind, field.name)), "{}.{}", schema.kind, field.name);
            }
        }
    }
}
