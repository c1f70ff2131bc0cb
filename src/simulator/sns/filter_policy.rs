//! Filter policies: which of a topic's messages a subscription is told.

use serde_json::{Map, Value as Json};

use super::subscription::Subscription;
use super::topic::Topic;
use super::{filter_grammar, json_reader};
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::strict_json;
use crate::world::Tx;

const CONSTRAINTS: &str = "https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "sns.filter.document",
        "a filter has keys with lists of what is let through, in the operators that SNS knows",
        "https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html",
    ),
    Rule::new(
        "sns.filter.scope",
        "a filter on message attributes has no keys within keys",
        "https://docs.aws.amazon.com/sns/latest/dg/sns-message-filtering-scope.html",
    ),
    Rule::new("sns.filter.size", "a filter has 5 keys and 150 combinations of values", CONSTRAINTS),
    Rule::new("sns.filter.quota", "a topic has 200 filters", CONSTRAINTS),
];

/// The filter looks at the message's attributes.
pub(super) const ATTRIBUTES: &str = "MessageAttributes";
/// The filter looks into the message.
pub(super) const BODY: &str = "MessageBody";

/// Why a filter is none.
pub(super) enum Flaw {
    /// What is wrong with the policy.
    Policy(String),
    /// That it does not fit to where it looks.
    Scope(String),
}

/// A filter as SNS keeps it; one that lets everything through is none.
///
/// # Errors
/// When it is no filter, or none of that scope.
pub(super) fn checked(tx: &Tx<'_>, text: &str, scope: &str) -> Result<String, Flaw> {
    let document = tx.rule("sns.filter.document");
    if text.is_empty() {
        return Ok(String::new());
    }
    if document {
        json_reader::syntax(text).map_err(Flaw::Policy)?;
    }
    // Of a member that is there twice, and of lists in lists without end, no source has the words.
    let policy = match strict_json::parse(text.as_bytes()) {
        None if document => return Err(Flaw::Policy("failed to parse JSON.".to_owned())),
        Some(Json::Object(policy)) => policy,
        _ => Map::new(),
    };
    // One that lets everything through.
    if policy.is_empty() && (text.trim_start().starts_with('{') || !document) {
        return Ok(String::new());
    }
    let nested = policy.iter().any(|(key, value)| value.is_object() && key != "$or");
    if nested && scope == ATTRIBUTES && tx.rule("sns.filter.scope") {
        return Err(Flaw::Scope(
            "Filter policy scope MessageAttributes does not support nested filter policy".to_owned(),
        ));
    }
    if document {
        filter_grammar::follows(text).map_err(Flaw::Policy)?;
    }
    let mut leaves = Vec::new();
    keys(&policy, 1, &mut leaves);
    if tx.rule("sns.filter.size") {
        if leaves.len() > 5 {
            return Err(Flaw::Policy("Filter policy can not have more than 5 keys".to_owned()));
        }
        // A key within a key counts as often as it lies deep.
        let combinations = leaves.iter().fold(1_usize, |all, (depth, values)| all.saturating_mul(depth * values));
        if combinations > 150 {
            return Err(Flaw::Policy("Filter policy is too complex".to_owned()));
        }
    }
    Ok(text.to_owned())
}

/// Refuses a filter more than a topic has.
///
/// # Errors
/// In that case.
pub(super) fn room(tx: &Tx<'_>, topic: &Topic, subscription: &Subscription) -> Result<(), Refusal> {
    let filters = |one: &Subscription| one.attributes.contains_key("FilterPolicy");
    let others = topic.subscriptions(tx).filter(|one| one.id != subscription.id && filters(one)).count();
    let most = tx.quota("sns.filter-policies-per-topic");
    let fits = !filters(subscription) || i64::try_from(others).is_ok_and(|others| others < most);
    // The code is declared; no source has the words.
    tx.enforce("sns.filter.quota", fits, || {
        Refusal::new(
            "FilterPolicyLimitExceeded",
            "The maximum number of filter policies of the topic has been reached.",
        )
    })
}

/// The keys that hold lists, with how deep they lie and how many values they let through.
fn keys(policy: &Map<String, Json>, depth: usize, leaves: &mut Vec<(usize, usize)>) {
    for (key, value) in policy {
        match value {
            Json::Array(either) if key == "$or" => {
                either.iter().filter_map(Json::as_object).for_each(|one| keys(one, depth, leaves));
            }
            Json::Array(values) => leaves.push((depth, values.len())),
            Json::Object(inner) => keys(inner, depth + 1, leaves),
            _ => {}
        }
    }
}
