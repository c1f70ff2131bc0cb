//! Cost Explorer, of which there are the tags that costs can be told apart by. Each account pays for itself.

mod cost_allocation_tag;
pub mod tag_key;

use std::sync::OnceLock;

use crate::model::Model;
use crate::rules::Rule;
use crate::service::{JSON_MANNERS, Manners, Service};
use crate::throttle::Bucket;
use crate::value::Value;
use crate::world::Tables;

/// The service.
pub static SERVICE: Service = Service {
    name: "ce",
    model,
    operations: &[cost_allocation_tag::OPERATIONS],
    transitions: &[],
    spans: &[],
    rules: &[RULES],
    tables,
    furnish: |_| {},
    manners: Manners { bucket, home: Some("us-east-1"), ..JSON_MANNERS },
};

const RULES: &[Rule] = &[
    Rule::new(
        "ce.page.token",
        "a page's token is one of the operation's",
        "https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_ListCostAllocationTags.html",
    ),
    Rule::new(
        "ce.quota",
        "an account has 500 active tags",
        "https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/billing-limits.html",
    ),
];

/// AWS publishes no rates of these calls: they are EC2's usual ones.
#[expect(clippy::unnecessary_wraps, reason = "as a service's manners have it")]
fn bucket(operation: &str, _input: &Value) -> Option<Bucket> {
    let (size, refill) = if operation.starts_with("List") { (80.0, 20.0) } else { (50.0, 5.0) };
    Some(Bucket::of("ce", operation, size, refill))
}

fn model() -> &'static Model {
    static MODEL: OnceLock<Model> = OnceLock::new();
    MODEL.get_or_init(|| Model::parse(include_str!("models/ce.json")))
}

fn tables(tables: &mut Tables) {
    tables.add::<tag_key::TagKey>();
}
