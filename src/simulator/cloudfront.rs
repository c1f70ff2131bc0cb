//! CloudFront: distributions and the controls and identities by which they reach private origins, one file per thing. Its rows reach over
//! every region of an account, as the service is one for all.

pub mod certificate;
mod configuration;
pub mod distribution;
mod forwarded_values;
mod managed_policy;
pub mod origin_access_control;
pub mod origin_access_identity;
mod tags;

use std::sync::OnceLock;

use crate::input::Input;
use crate::model::Model;
use crate::protocol::{Flaw, Violation, validation_message};
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Manners, QUERY_MANNERS, Service};
use crate::value::Value;
use crate::world::{Tables, Tx};

/// The service.
pub static SERVICE: Service = Service {
    name: "cloudfront",
    model,
    operations: &[
        distribution::OPERATIONS,
        managed_policy::OPERATIONS,
        origin_access_control::OPERATIONS,
        origin_access_identity::OPERATIONS,
        tags::OPERATIONS,
    ],
    transitions: &[distribution::TRANSITIONS],
    spans: &[distribution::SPANS],
    rules: &[
        RULES,
        certificate::RULES,
        configuration::RULES,
        distribution::RULES,
        forwarded_values::RULES,
        managed_policy::RULES,
        origin_access_control::RULES,
        origin_access_identity::RULES,
        tags::RULES,
    ],
    tables,
    furnish: |_| {},
    manners: Manners { violations, home: Some("us-east-1"), ..QUERY_MANNERS },
};

const RULES: &[Rule] = &[
    Rule::new(
        "cloudfront.page.size",
        "a page's size is a whole number from 1",
        "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ListDistributions.html",
    ),
    Rule::new(
        "cloudfront.if_match",
        "what is changed or deleted is named by the ETag that it has",
        "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_UpdateDistribution.html",
    ),
];

fn model() -> &'static Model {
    static MODEL: OnceLock<Model> = OnceLock::new();
    MODEL.get_or_init(|| Model::parse(include_str!("models/cloudfront.json")))
}

fn tables(tables: &mut Tables) {
    tables.add::<distribution::Distribution>();
    tables.add::<origin_access_control::OriginAccessControl>();
    tables.add::<origin_access_identity::OriginAccessIdentity>();
}

/// What does not fit the API model: documents that do not hold what they must, and values that can't be.
fn violations(violations: &[Violation]) -> Refusal {
    let message = validation_message(violations);
    let of_document = |one: &Violation| matches!(one.flaw, Flaw::Unknown | Flaw::NotA(_) | Flaw::Missing);
    let code = if violations.iter().any(of_document) { "MalformedXML" } else { "InvalidArgument" };
    Refusal::new(code, message).status(400)
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new("InvalidArgument", message)
}

/// A new id or ETag: an E and 13 capitals and digits.
fn new_id(tx: &mut Tx<'_>) -> String {
    format!("E{}", tx.capitals(13))
}

/// Refuses a change of what has another ETag than the request names.
///
/// # Errors
/// `InvalidIfMatchVersion`, `PreconditionFailed`.
fn matches(tx: &Tx<'_>, given: Option<&str>, etag: &str) -> Result<(), Refusal> {
    tx.enforce("cloudfront.if_match", given.is_some_and(|given| !given.is_empty()), || {
        Refusal::new("InvalidIfMatchVersion", "The If-Match version is missing or not valid for the resource.")
    })?;
    tx.enforce("cloudfront.if_match", given == Some(etag), || {
        let message =
            "The request failed because it didn't meet the preconditions in one or more request-header fields.";
        Refusal::new("PreconditionFailed", message)
    })
}

/// A page of a list, each item with its id. Where it begins is said by the id of the last one before.
fn listed(tx: &Tx<'_>, input: &Input<'_>, items: Vec<(String, Value)>) -> Result<Value, Refusal> {
    let marker = input.text("Marker").unwrap_or_default();
    let given = input.text("MaxItems");
    let size = given.map_or(Some(100), |given| given.parse::<usize>().ok().filter(|size| *size > 0));
    tx.enforce("cloudfront.page.size", size.is_some(), || {
        invalid(format!("The parameter MaxItems is not valid: {}", given.unwrap_or_default()))
    })?;
    let mut rest = items.into_iter().skip_while(|(id, _)| !marker.is_empty() && id.as_str() <= marker);
    let page: Vec<(String, Value)> = rest.by_ref().take(size.unwrap_or(100)).collect();
    let last = page.last().map(|(id, _)| id.clone()).filter(|_| rest.next().is_some());
    let quantity = i64::try_from(page.len()).unwrap_or(i64::MAX);
    let items: Vec<Value> = page.into_iter().map(|(_, item)| item).collect();
    Ok(record! {
        "Marker" => marker,
        "NextMarker" => last.as_deref(),
        "MaxItems" => i64::try_from(size.unwrap_or(100)).unwrap_or(i64::MAX),
        "IsTruncated" => last.is_some(),
        "Quantity" => quantity,
        "Items" => Some(items).filter(|items| !items.is_empty()),
    })
}
