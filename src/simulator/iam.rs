//! IAM: roles, policies, instance profiles and identity providers, one file per resource.
//!
//! Its rows reach over every region of an account. Other services look at them
//! with [`trust`], which sees only what has reached them.

pub mod account;
pub mod attachment;
pub mod authorization;
pub mod aws_managed;
pub mod caller;
pub mod document;
pub mod evaluation;
pub mod instance_profile;
pub mod listing;
mod managed_document;
pub mod oidc_provider;
pub mod policy;
pub mod principal;
pub mod role;
pub mod role_policy;
mod role_usage;
pub mod service_linked_role;
mod service_principal;
pub mod tags;
pub mod trust;

use std::sync::OnceLock;

use crate::model::Model;
use crate::protocol::{Flaw, Violation, lower_camel, validation_message_without_values};
use crate::refusal::Refusal;
use crate::service::{Manners, QUERY_MANNERS, Service};
use crate::throttle::Bucket;
use crate::value::Value;
use crate::world::Tables;

/// The service.
pub static SERVICE: Service = Service {
    name: "iam",
    model,
    operations: &[
        account::OPERATIONS,
        attachment::OPERATIONS,
        instance_profile::OPERATIONS,
        oidc_provider::OPERATIONS,
        policy::OPERATIONS,
        role::OPERATIONS,
        role_policy::OPERATIONS,
        service_linked_role::OPERATIONS,
    ],
    transitions: &[service_linked_role::TRANSITIONS],
    spans: &[service_linked_role::SPANS],
    rules: &[
        attachment::RULES,
        authorization::RULES,
        document::RULES,
        instance_profile::RULES,
        listing::RULES,
        oidc_provider::RULES,
        policy::RULES,
        role::RULES,
        role_policy::RULES,
        service_linked_role::RULES,
        tags::RULES,
        trust::RULES,
    ],
    tables,
    furnish: service_linked_role::furnish,
    manners: Manners { violations, bucket, home: Some("us-east-1"), ..QUERY_MANNERS },
};

/// IAM has a bucket for each operation, filled each second, and publishes neither its size nor its rate
/// (<https://github.com/hashicorp/terraform-provider-aws/issues/44853> quotes AWS's support). They are EC2's usual ones
/// here, for reads and for the rest.
fn bucket(operation: &str, _input: &Value) -> Option<Bucket> {
    let reads = ["Get", "List"].iter().any(|start| operation.starts_with(start));
    let (size, refill) = if reads { (100.0, 20.0) } else { (50.0, 5.0) };
    Some(Bucket::of("iam", operation, size, refill))
}

fn model() -> &'static Model {
    static MODEL: OnceLock<Model> = OnceLock::new();
    MODEL.get_or_init(|| Model::parse(include_str!("models/iam.json")))
}

fn tables(tables: &mut Tables) {
    tables.add::<attachment::Attachment>();
    tables.add::<instance_profile::InstanceProfile>();
    tables.add::<oidc_provider::OidcProvider>();
    tables.add::<policy::Policy>();
    tables.add::<role::Role>();
    tables.add::<role_policy::RolePolicy>();
    tables.add::<service_linked_role::Deletion>();
}

/// IAM leaves the value given out of its sentences, and has one of its own for names.
fn violations(violations: &[Violation]) -> Refusal {
    if let [only] = violations {
        let name = lower_camel(&only.path);
        // <https://github.com/aws-cloudformation/cfn-lint/issues/722>,
        // <https://github.com/ansible-collections/amazon.aws/issues/2065>
        let begins = match name.as_str() {
            "path" => Some("begin and end with /"),
            "pathPrefix" => Some("begin with the / character"),
            _ => None,
        };
        if let (Flaw::Pattern(_), Some(begins)) = (&only.flaw, begins) {
            let message = format!(
                "The specified value for {name} is invalid. It must {begins} and contain only alphanumeric characters \
                 and/or / characters."
            );
            return Refusal::new("ValidationError", message);
        }
        if matches!(only.flaw, Flaw::Pattern(_)) && name.ends_with("Name") {
            let message = format!(
                "The specified value for {name} is invalid. It must contain only alphanumeric characters and/or the \
                 following: +=,.@_-"
            );
            return Refusal::new("ValidationError", message);
        }
    }
    Refusal::new("ValidationError", validation_message_without_values(violations))
}

/// The refusal of what is not there.
fn missing(message: String) -> Refusal {
    Refusal::new("NoSuchEntity", message)
}

/// The refusal of what something else still holds.
fn conflict(what: &str) -> Refusal {
    Refusal::new("DeleteConflict", format!("Cannot delete entity, must {what} first."))
}

/// The refusal of one too many.
fn quota(name: &str, limit: i64) -> Refusal {
    Refusal::new("LimitExceeded", format!("Cannot exceed quota for {name}: {limit}"))
}
