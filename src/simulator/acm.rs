//! Certificate Manager: public certificates, the proof that who asks for one has the domain, and tags, one file per
//! thing. What a certificate contains is not made: nobody could trust it.

mod account;
pub mod certificate;
mod listing;
mod tags;
mod validation;

use std::sync::OnceLock;

use crate::model::Model;
use crate::refusal::Refusal;
use crate::service::{JSON_MANNERS, Manners, Service};
use crate::throttle::Bucket;
use crate::value::Value;
use crate::world::Tables;

/// The service.
pub static SERVICE: Service = Service {
    name: "acm",
    model,
    operations: &[
        account::OPERATIONS,
        certificate::OPERATIONS,
        listing::OPERATIONS,
        tags::OPERATIONS,
        validation::OPERATIONS,
    ],
    transitions: &[certificate::TRANSITIONS, validation::TRANSITIONS],
    spans: &[validation::SPANS],
    rules: &[account::RULES, certificate::RULES, listing::RULES, tags::RULES, validation::RULES],
    tables,
    furnish: |_| {},
    manners: Manners { bucket, ..JSON_MANNERS },
};

/// Calls a second of each operation: <https://docs.aws.amazon.com/acm/latest/userguide/acm-limits.html>
fn bucket(operation: &str, _input: &Value) -> Option<Bucket> {
    let rate = match operation {
        "DeleteCertificate" | "DescribeCertificate" | "ListTagsForCertificate" => 10.0,
        "ListCertificates" => 8.0,
        "GetAccountConfiguration" | "PutAccountConfiguration" | "ResendValidationEmail" => 1.0,
        _ => 5.0,
    };
    Some(Bucket::of("acm", operation, rate, rate))
}

fn model() -> &'static Model {
    static MODEL: OnceLock<Model> = OnceLock::new();
    MODEL.get_or_init(|| Model::parse(include_str!("models/acm.json")))
}

fn tables(tables: &mut Tables) {
    tables.add::<account::Configuration>();
    tables.add::<certificate::Certificate>();
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new("ValidationException", message)
}
