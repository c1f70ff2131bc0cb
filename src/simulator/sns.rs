//! SNS: topics with their policies, and who is subscribed to them, one file per thing. What is published is checked and
//! delivered to nobody.

mod confirmation;
mod delivery_policy;
mod endpoint;
mod filter_grammar;
mod filter_policy;
mod json_reader;
mod publish;
mod subscription;
mod subscription_attribute;
mod tags;
pub mod topic;
mod topic_attribute;
mod topic_policy;

use std::sync::OnceLock;

use crate::model::Model;
use crate::protocol::{Flaw, validation_message};
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Manners, QUERY_MANNERS, Service};
use crate::throttle::Bucket;
use crate::value::Value;
use crate::world::{Tables, Tx};

/// The service.
pub static SERVICE: Service = Service {
    name: "sns",
    model,
    operations: &[
        confirmation::OPERATIONS,
        publish::OPERATIONS,
        subscription::OPERATIONS,
        subscription_attribute::OPERATIONS,
        tags::OPERATIONS,
        topic::OPERATIONS,
        topic_attribute::OPERATIONS,
        topic_policy::OPERATIONS,
    ],
    transitions: &[confirmation::TRANSITIONS],
    spans: &[],
    rules: &[
        RULES,
        confirmation::RULES,
        delivery_policy::RULES,
        endpoint::RULES,
        filter_policy::RULES,
        publish::RULES,
        subscription::RULES,
        subscription_attribute::RULES,
        tags::RULES,
        topic::RULES,
        topic_attribute::RULES,
        topic_policy::RULES,
    ],
    tables,
    furnish: |_| {},
    manners: Manners {
        violations,
        bucket,
        // <https://docs.aws.amazon.com/sns/latest/api/CommonErrors.html> and each operation's page
        denied: |message| Refusal::new("AuthorizationError", message).status(403),
        ..QUERY_MANNERS
    },
};

const RULES: &[Rule] = &[
    Rule::new(
        "sns.arn.form",
        "topics and subscriptions are named by ARNs of the service and region",
        "https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html",
    ),
    Rule::new(
        "sns.arn.account",
        "what belongs to another account takes that account's permission",
        "https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html",
    ),
    Rule::new(
        "sns.page.token",
        "a page's token is one of the operation's",
        "https://docs.aws.amazon.com/sns/latest/api/API_ListTopics.html",
    ),
];

fn model() -> &'static Model {
    static MODEL: OnceLock<Model> = OnceLock::new();
    MODEL.get_or_init(|| Model::parse(include_str!("models/sns.json")))
}

fn tables(tables: &mut Tables) {
    tables.add::<topic::Topic>();
    tables.add::<subscription::Subscription>();
}

/// A member of the request itself that is missing is told by SNS in its own words, as its answer to an `Unsubscribe`
/// without an ARN shows; one of what is in it as other services tell it.
fn violations(violations: &[crate::protocol::Violation]) -> Refusal {
    let missing = violations.iter().find(|one| one.flaw == Flaw::Missing && !one.path.contains('.'));
    match missing {
        Some(one) => invalid(format!("{} Reason: no value for required parameter", one.path)).status(400),
        None => Refusal::new("ValidationError", validation_message(violations)).status(400),
    }
}

/// Calls a second, of the operations whose pages say so; the others have no number and are held to the least of these:
/// <https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html> and
/// <https://docs.aws.amazon.com/sns/latest/api/API_ListTopics.html>.
#[expect(clippy::unnecessary_wraps, reason = "as a service's manners have it")]
fn bucket(operation: &str, _input: &Value) -> Option<Bucket> {
    Some(match operation {
        // The quota of a region of middle size.
        "Publish" => Bucket::of("sns", operation, 9000.0, 9000.0),
        "Subscribe" | "Unsubscribe" => Bucket::of("sns", operation, 100.0, 100.0),
        // The operations on tags share theirs.
        "ListTagsForResource" | "TagResource" | "UntagResource" => Bucket::of("sns", "tags", 10.0, 10.0),
        _ => Bucket::of("sns", operation, 30.0, 30.0),
    })
}

/// SNS says of almost everything that a parameter is invalid, and which.
fn invalid(what: impl std::fmt::Display) -> Refusal {
    Refusal::new("InvalidParameter", format!("Invalid parameter: {what}"))
}

fn arn(tx: &Tx<'_>, rest: &str) -> String {
    format!("arn:aws:sns:{}:{}:{rest}", tx.region(), tx.account())
}

/// What stands after the account in an ARN that a request gives in this member: a topic's name, or that with a
/// subscription's id.
///
/// # Errors
/// When it is no such ARN, or of another region or account.
fn resource<'g>(tx: &Tx<'_>, member: &str, given: &'g str) -> Result<&'g str, Refusal> {
    let parts = given.split(':').count();
    tx.enforce("sns.arn.form", parts >= 6, || {
        invalid(format!("{member} Reason: An ARN must have at least 6 elements, not {parts}"))
    })?;
    let mut pieces = given.splitn(6, ':');
    let sound = [pieces.next(), pieces.next(), pieces.next(), pieces.next()];
    let sound = sound == [Some("arn"), Some("aws"), Some("sns"), Some(tx.region())];
    tx.enforce("sns.arn.form", sound, || invalid(member))?;
    let own = pieces.next() == Some(tx.account());
    tx.enforce("sns.arn.account", own, || {
        let (caller, operation) = (&tx.principal().arn, tx.operation());
        let message = format!(
            "User: {caller} is not authorized to perform: SNS:{operation} on resource: {given} because no \
             resource-based policy allows the SNS:{operation} action"
        );
        Refusal::new("AuthorizationError", message)
    })?;
    Ok(pieces.next().unwrap_or(given))
}

/// One page of a list, of a hundred.
fn paged(tx: &Tx<'_>, input: &crate::Input<'_>, member: &str, items: Vec<(String, Value)>) -> Result<Value, Refusal> {
    let token = input.text("NextToken").filter(|_| tx.rule("sns.page.token"));
    let page = crate::pagination::page(&crate::pagination::asked(tx), items, token, Some(100))
        .map_err(|_| invalid("NextToken"))?;
    Ok(crate::record! { member => page.items, "NextToken" => page.next })
}

/// The entries of a map of texts.
fn entries(map: &Value) -> Vec<(String, String)> {
    match map {
        Value::Record(entries) => {
            entries.iter().filter_map(|(name, value)| Some((name.clone(), value.text()?.to_owned()))).collect()
        }
        _ => Vec::new(),
    }
}
