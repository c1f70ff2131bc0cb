//! Route 53: hosted zones with their record sets, one file per thing. Its rows reach over every region of an account, as
//! the service is one for all.

mod alias;
mod batch;
mod change;
pub mod domain;
mod limit;
pub mod name;
pub mod record;
pub mod resolver;
mod tags;
mod value;
mod vpc;
pub mod zone;

use std::sync::OnceLock;

use crate::model::Model;
use crate::protocol::{Flaw, Violation, validation_message};
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Manners, QUERY_MANNERS, Service};
use crate::throttle::Bucket;
use crate::value::Value;
use crate::world::Tables;

/// The service.
pub static SERVICE: Service = Service {
    name: "route53",
    model,
    operations: &[
        batch::OPERATIONS,
        change::OPERATIONS,
        limit::OPERATIONS,
        record::OPERATIONS,
        tags::OPERATIONS,
        vpc::OPERATIONS,
        zone::OPERATIONS,
    ],
    transitions: &[],
    spans: &[change::SPANS],
    rules: &[
        RULES,
        alias::RULES,
        batch::RULES,
        limit::RULES,
        name::RULES,
        record::RULES,
        tags::RULES,
        value::RULES,
        vpc::RULES,
        zone::RULES,
    ],
    tables,
    furnish: |_| {},
    manners: Manners { violations, bucket, throttled, home: Some("us-east-1"), ..QUERY_MANNERS },
};

const RULES: &[Rule] = &[Rule::new(
    "route53.page.size",
    "a page's size is a whole number from 1",
    "https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListHostedZones.html",
)];

fn model() -> &'static Model {
    static MODEL: OnceLock<Model> = OnceLock::new();
    MODEL.get_or_init(|| Model::parse(include_str!("models/route53.json")))
}

fn tables(tables: &mut Tables) {
    tables.add::<change::Change>();
    tables.add::<record::RecordSet>();
    tables.add::<zone::Reference>();
    tables.add::<zone::Zone>();
}

/// What does not fit the API model: of another document than the operation's, of a document that does not hold what it
/// must, and of values beyond their limits. The words that Route 53 has for what stands wrong in a document are its XML
/// schema's.
fn violations(violations: &[Violation]) -> Refusal {
    let message = validation_message(violations);
    if violations.iter().any(|one| one.flaw == Flaw::NotA("XML document of the operation's")) {
        return Refusal::new("MalformedInput", message).status(400);
    }
    let of_schema = |one: &Violation| matches!(one.flaw, Flaw::Unknown | Flaw::NotA(_) | Flaw::Missing);
    if violations.iter().any(of_schema) {
        return Refusal::new("InvalidInput", format!("Invalid XML ; {message}")).status(400);
    }
    Refusal::new("InvalidInput", message).status(400)
}

/// Five requests a second of an account, all operations together:
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html#limits-api-requests>
fn bucket(_operation: &str, _input: &Value) -> Option<Bucket> {
    Some(Bucket { name: "route53".to_owned(), size: 5.0, refill: 5.0 })
}

fn throttled(_: &str) -> Refusal {
    Refusal::new("Throttling", "Rate exceeded").status(400)
}

/// How many items a page has at most, as the request says it in a text.
///
/// # Errors
/// `InvalidInput` where it is no such number.
fn page_size(tx: &crate::Tx<'_>, input: &crate::Input<'_>, most: usize) -> Result<usize, Refusal> {
    let Some(given) = input.text("MaxItems") else { return Ok(most) };
    let size = given.parse::<usize>().ok().filter(|size| *size > 0);
    tx.enforce("route53.page.size", size.is_some(), || {
        Refusal::new("InvalidInput", format!("Invalid value for maxitems: {given}"))
    })?;
    Ok(size.unwrap_or(most).min(most))
}
