//! AWS Budgets: budgets with what is told when they are spent, and whom, one file per thing. Nothing costs anything here:
//! what is spent is nought, and nobody is told.

pub mod budget;
mod notification;
mod subscriber;
mod tags;

use std::sync::OnceLock;

use crate::input::Input;
use crate::model::Model;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{JSON_MANNERS, Manners, Service};
use crate::throttle::Bucket;
use crate::value::Value;
use crate::world::{Tables, Tx};

/// The service.
pub static SERVICE: Service = Service {
    name: "budgets",
    model,
    operations: &[budget::OPERATIONS, notification::OPERATIONS, subscriber::OPERATIONS, tags::OPERATIONS],
    transitions: &[],
    spans: &[],
    rules: &[RULES, budget::RULES, notification::RULES, subscriber::RULES, tags::RULES],
    tables,
    furnish: |_| {},
    manners: Manners { bucket, home: Some("us-east-1"), ..JSON_MANNERS },
};

const RULES: &[Rule] = &[
    Rule::new(
        "budgets.account",
        "an account asks about its own budgets",
        "https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_CreateBudget.html",
    ),
    Rule::new(
        "budgets.page.token",
        "a page's token is one of the operation's",
        "https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_DescribeBudgets.html",
    ),
];

/// AWS publishes no rates of Budgets': they are EC2's usual ones.
#[expect(clippy::unnecessary_wraps, reason = "as a service's manners have it")]
fn bucket(operation: &str, _input: &Value) -> Option<Bucket> {
    let reads = ["Describe", "List"].iter().any(|start| operation.starts_with(start));
    let (size, refill) = if reads { (80.0, 20.0) } else { (50.0, 5.0) };
    Some(Bucket::of("budgets", operation, size, refill))
}

fn model() -> &'static Model {
    static MODEL: OnceLock<Model> = OnceLock::new();
    MODEL.get_or_init(|| Model::parse(include_str!("models/budgets.json")))
}

fn tables(tables: &mut Tables) {
    tables.add::<budget::Budget>();
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new("InvalidParameterException", message)
}

fn missing(message: impl Into<String>) -> Refusal {
    Refusal::new("NotFoundException", message)
}

/// Holds a request to the caller's own account.
///
/// # Errors
/// When it names another.
fn own(tx: &Tx<'_>, input: &Input<'_>) -> Result<(), Refusal> {
    let account = input.required("AccountId");
    // No source has the words.
    tx.enforce("budgets.account", account == tx.account(), || {
        Refusal::new("AccessDeniedException", format!("Account {} may not access account {account}", tx.account()))
    })
}

/// One page of a list. The items come with what they are sorted by.
///
/// # Errors
/// When the token is of no page.
fn paged(
    tx: &Tx<'_>,
    input: &Input<'_>,
    member: &str,
    usual: usize,
    items: Vec<(String, Value)>,
) -> Result<Value, Refusal> {
    let size = input.integer("MaxResults").and_then(|size| usize::try_from(size).ok()).unwrap_or(usual);
    let token = input.text("NextToken").filter(|_| tx.rule("budgets.page.token"));
    // No source has the words.
    let page = crate::pagination::page(&crate::pagination::asked(tx), items, token, Some(size))
        .map_err(|_| Refusal::new("InvalidNextTokenException", "The provided NextToken is invalid."))?;
    Ok(record! { member => page.items, "NextToken" => page.next })
}
