//! Systems Manager, of which there is the parameter store: an account's own parameters, and the public ones that name
//! Amazon's images.

pub mod parameter;
mod public_parameter;
mod selection;
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
    name: "ssm",
    model,
    operations: &[parameter::OPERATIONS, selection::OPERATIONS, tags::OPERATIONS],
    transitions: &[],
    spans: &[],
    rules: &[RULES, parameter::RULES, selection::RULES, tags::RULES],
    tables,
    furnish: |_| {},
    manners: Manners { bucket, ..JSON_MANNERS },
};

const RULES: &[Rule] = &[Rule::new(
    "ssm.page.token",
    "a page's token is one of the operation's",
    "https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeParameters.html",
)];

/// Those that read parameters share 40 requests a second, those that write 3:
/// <https://docs.aws.amazon.com/general/latest/gr/ssm.html>. The others have no number and are held to the latter.
#[expect(clippy::unnecessary_wraps, reason = "as a service's manners have it")]
fn bucket(operation: &str, _input: &Value) -> Option<Bucket> {
    Some(if operation.starts_with("GetParameter") {
        Bucket::of("ssm", "reads", 40.0, 40.0)
    } else {
        Bucket::of("ssm", operation, 3.0, 3.0)
    })
}

fn model() -> &'static Model {
    static MODEL: OnceLock<Model> = OnceLock::new();
    MODEL.get_or_init(|| Model::parse(include_str!("models/ssm.json")))
}

fn tables(tables: &mut Tables) {
    tables.add::<parameter::Parameter>();
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new("ValidationException", message).status(400)
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
    let token = input.text("NextToken").filter(|_| tx.rule("ssm.page.token"));
    let page = crate::pagination::page(&crate::pagination::asked(tx), items, token, Some(size))
        .map_err(|_| Refusal::new("InvalidNextToken", "The specified token is not valid."))?;
    Ok(record! { member => page.items, "NextToken" => page.next })
}
