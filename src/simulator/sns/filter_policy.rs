//! Filter policies: which of a topic's messages a subscription is told.

use serde_json::{Map, Value as Json};

use super::subscription::Subscription;
use super::topic::Topic;
use crate::once;
use crate::refusal::Refusal;
use crate::rules::Rule;
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
    let Some(Json::Object(policy)) = once::parse(text.as_bytes()) else {
        return if document { Err(Flaw::Policy("failed to parse JSON.".to_owned())) } else { Ok(text.to_owned()) };
    };
    if policy.is_empty() {
        return Ok(String::new());
    }
    let nested = policy.iter().any(|(key, value)| value.is_object() && key != "$or");
    if nested && scope == ATTRIBUTES && tx.rule("sns.filter.scope") {
        return Err(Flaw::Scope(
            "Filter policy scope MessageAttributes does not support nested filter policy".to_owned(),
        ));
    }
    let mut leaves = Vec::new();
    if let Err(why) = keys(&policy, 1, &mut leaves)
        && document
    {
        return Err(Flaw::Policy(why));
    }
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
fn keys(policy: &Map<String, Json>, depth: usize, leaves: &mut Vec<(usize, usize)>) -> Result<(), String> {
    for (key, value) in policy {
        match value {
            Json::Array(either) if key == "$or" => {
                for one in either {
                    let one = one.as_object().ok_or("\"$or\" must be an array of objects")?;
                    keys(one, depth, leaves)?;
                }
            }
            Json::Array(values) => {
                if values.is_empty() {
                    return Err("Empty arrays are not allowed".to_owned());
                }
                values.iter().try_for_each(matches)?;
                leaves.push((depth, values.len()));
            }
            Json::Object(inner) => keys(inner, depth + 1, leaves)?,
            _ => return Err(format!("\"{key}\" must be an object or an array")),
        }
    }
    Ok(())
}

fn matches(value: &Json) -> Result<(), String> {
    let operator = match value {
        Json::Array(_) => return Err("Match value must be String, number, true, false, or null".to_owned()),
        Json::Object(operator) => operator,
        _ => return Ok(()),
    };
    let mut several = operator.iter();
    let (Some((name, operand)), None) = (several.next(), several.next()) else {
        return Err("Only one key allowed in match expression".to_owned());
    };
    match (name.as_str(), operand) {
        ("prefix" | "suffix", Json::Object(inner)) if inner.len() == 1 && inner.contains_key("equals-ignore-case") => {
            Ok(())
        }
        ("prefix" | "suffix" | "equals-ignore-case" | "wildcard", operand) => match operand {
            Json::String(_) => Ok(()),
            _ => Err(format!("{name} match pattern must be a string")),
        },
        ("cidr", Json::String(range)) => cidr(range),
        ("cidr", _) => Err("prefix match pattern must be a string".to_owned()),
        ("exists", Json::Bool(_)) => Ok(()),
        ("exists", _) => Err("exists match pattern must be either true or false.".to_owned()),
        ("numeric", Json::Array(terms)) => numeric(terms),
        ("numeric", _) => Err("Value of numeric must be an array.".to_owned()),
        ("anything-but", Json::Object(inner)) => match inner.iter().next() {
            Some((prefix, Json::String(_))) if prefix == "prefix" && inner.len() == 1 => Ok(()),
            Some((prefix, _)) if prefix == "prefix" => Err("prefix match pattern must be a string".to_owned()),
            Some((other, _)) => Err(format!("Unsupported anything-but pattern: {other}")),
            None => Err("Only one key allowed in match expression".to_owned()),
        },
        ("anything-but", Json::Array(values)) if values.iter().any(|one| !(one.is_string() || one.is_number())) => {
            Err("Inside anything-but list, start|null|boolean is not supported.".to_owned())
        }
        ("anything-but", _) => Ok(()),
        (other, _) => Err(format!("Unrecognized match type {other}")),
    }
}

fn cidr(range: &str) -> Result<(), String> {
    let mut parts = range.split('/');
    let (Some(address), Some(bits), None) = (parts.next(), parts.next(), parts.next()) else {
        return Err("Malformed CIDR, one '/' required".to_owned());
    };
    let Ok(address) = address.parse::<std::net::IpAddr>() else {
        return Err(format!("Nonstandard IP address: {address}"));
    };
    let most = if address.is_ipv4() { 32 } else { 128 };
    match bits.parse::<u8>() {
        Ok(bits) if bits <= most => Ok(()),
        Ok(_) => Err(format!("Malformed CIDR, mask bits must not be more than {most}")),
        Err(_) => Err("Malformed CIDR, mask bits must be an integer".to_owned()),
    }
}

/// One comparison with a number, or two that make a range.
fn numeric(terms: &[Json]) -> Result<(), String> {
    let Some(first) = terms.first() else { return Err("Invalid member in numeric match: ]".to_owned()) };
    let Json::String(operator) = first else { return Err(format!("Invalid member in numeric match: {first}")) };
    let value = |at: usize, operator: &str| {
        let name = if operator == "=" { "equals" } else { operator };
        terms.get(at).and_then(Json::as_f64).ok_or_else(|| format!("Value of {name} must be numeric"))
    };
    let bottom = match operator.as_str() {
        "=" | "<" | "<=" => {
            value(1, operator)?;
            return if terms.len() > 2 { Err("Too many elements in numeric expression".to_owned()) } else { Ok(()) };
        }
        ">" | ">=" => value(1, operator)?,
        other => return Err(format!("Unrecognized numeric range operator: {other}")),
    };
    let top = match terms.get(2) {
        None => return Ok(()),
        Some(Json::String(operator)) if operator == "<" || operator == "<=" => value(3, operator)?,
        Some(Json::String(other)) => return Err(format!("Bad numeric range operator: {other}")),
        Some(other) => return Err(format!("Bad value in numeric range: {other}")),
    };
    if terms.len() > 4 {
        return Err("Too many terms in numeric range expression".to_owned());
    }
    if bottom >= top {
        return Err("Bottom must be less than top".to_owned());
    }
    Ok(())
}
