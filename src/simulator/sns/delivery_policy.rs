//! Delivery policies: how often and when SNS tries again to reach an endpoint over HTTP, of a topic and of one
//! subscription.

use serde_json::{Map, Value as Json, json};

use crate::rules::Rule;
use crate::strict_json;
use crate::world::Tx;

const PAGE: &str = "https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("sns.delivery_policy.document", "a delivery policy has the members of one, of their kinds", PAGE),
    Rule::new("sns.delivery_policy.bounds", "delays and retries are within their bounds", PAGE),
];

/// A topic's policy as SNS keeps it.
///
/// # Errors
/// The reason, when it is none.
pub(super) fn of_topic(tx: &Tx<'_>, text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Ok(String::new());
    }
    let policy = parsed(text).filter(|policy| has_only(policy, &["http"]));
    let http = policy.as_ref().and_then(|policy| object(policy.get("http")));
    let members =
        ["defaultHealthyRetryPolicy", "defaultThrottlePolicy", "defaultRequestPolicy", "disableSubscriptionOverrides"];
    let Some(mut http) = http.filter(|http| has_only(http, &members)) else { return malformed(tx, text) };
    checked(tx, &http, ["defaultHealthyRetryPolicy", "defaultThrottlePolicy", "defaultRequestPolicy"], "http.")?;
    // What is null is not there, and that subscriptions may have their own is said.
    http.retain(|_, value| !value.is_null());
    http.entry("disableSubscriptionOverrides").or_insert(json!(false));
    Ok(json!({ "http": http }).to_string())
}

/// A subscription's policy as SNS keeps it.
///
/// # Errors
/// The reason, when it is none.
pub(super) fn of_subscription(tx: &Tx<'_>, text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Ok(String::new());
    }
    let members = ["guaranteed", "healthyRetryPolicy", "requestPolicy", "sicklyRetryPolicy", "throttlePolicy"];
    let Some(mut policy) = parsed(text).filter(|policy| has_only(policy, &members)) else {
        return malformed(tx, text);
    };
    checked(tx, &policy, ["healthyRetryPolicy", "throttlePolicy", "requestPolicy"], "")?;
    policy.retain(|_, value| !value.is_null());
    Ok(Json::Object(policy).to_string())
}

/// The policy in force for a topic of this policy.
pub(super) fn effective(own: Option<&str>) -> String {
    let mut http = json!({
        "defaultHealthyRetryPolicy": {
            "minDelayTarget": 20,
            "maxDelayTarget": 20,
            "numRetries": 3,
            "numMaxDelayRetries": 0,
            "numNoDelayRetries": 0,
            "numMinDelayRetries": 0,
            "backoffFunction": "linear",
        },
        "disableSubscriptionOverrides": false,
        "defaultRequestPolicy": { "headerContentType": "text/plain; charset=UTF-8" },
    });
    let own = own.and_then(parsed);
    for (part, value) in own.as_ref().and_then(|own| object(own.get("http"))).unwrap_or_default() {
        overlay(&mut http[part.as_str()], value);
    }
    json!({ "http": http }).to_string()
}

/// The policy in force for a subscription of this policy to a topic of that one.
pub(super) fn effective_of_subscription(own: Option<&str>, topic: Option<&str>) -> String {
    let mut policy = json!({
        "healthyRetryPolicy": null,
        "sicklyRetryPolicy": null,
        "throttlePolicy": null,
        "requestPolicy": null,
        "guaranteed": false,
    });
    let general: Json = serde_json::from_str(&effective(topic)).unwrap_or_default();
    for (part, of_topic) in [
        ("healthyRetryPolicy", "defaultHealthyRetryPolicy"),
        ("throttlePolicy", "defaultThrottlePolicy"),
        ("requestPolicy", "defaultRequestPolicy"),
    ] {
        policy[part] = general["http"][of_topic].clone();
    }
    // A topic may keep subscriptions from having their own.
    let overridden = general["http"]["disableSubscriptionOverrides"] == json!(true);
    for (part, value) in own.filter(|_| !overridden).and_then(parsed).unwrap_or_default() {
        overlay(&mut policy[part.as_str()], value);
    }
    policy.to_string()
}

/// Puts what is said over what is usual.
fn overlay(under: &mut Json, over: Json) {
    match (under, over) {
        (Json::Object(under), Json::Object(over)) => under.extend(over),
        (under, over) => *under = over,
    }
}

/// The parts of a policy: how to try again, how fast, and with which header.
fn checked(tx: &Tx<'_>, policy: &Map<String, Json>, names: [&str; 3], before: &str) -> Result<(), String> {
    let [healthy, throttle, request] = names;
    let part = |name: &str| policy.get(name).filter(|value| !value.is_null());
    if let Some(value) = part(healthy) {
        let Some(retries) = object(Some(value)) else { return unfit(tx, before, healthy) };
        retry(tx, &retries, &format!("{before}{healthy}"))?;
    }
    if let Some(value) = part(throttle) {
        let most = value.get("maxReceivesPerSecond").and_then(Json::as_i64);
        if !object(Some(value)).is_some_and(|one| has_only(&one, &["maxReceivesPerSecond"])) || most.is_none() {
            return unfit(tx, before, throttle);
        }
        at_least(tx, &format!("{before}{throttle}"), "maxReceivesPerSecond", most, 1)?;
    }
    if let Some(value) = part(request) {
        let kind = value.get("headerContentType").and_then(Json::as_str);
        if !object(Some(value)).is_some_and(|one| has_only(&one, &["headerContentType"]))
            || !kind.is_some_and(|kind| TYPES.contains(&kind.split(';').next().unwrap_or(kind).trim()))
        {
            return unfit(tx, before, request);
        }
    }
    Ok(())
}

/// The content types that SNS sends messages as.
const TYPES: &[&str] = &[
    "application/atom+xml",
    "application/json",
    "application/octet-stream",
    "application/soap+xml",
    "application/x-www-form-urlencoded",
    "application/xhtml+xml",
    "application/xml",
    "text/css",
    "text/csv",
    "text/html",
    "text/plain",
    "text/xml",
];

fn retry(tx: &Tx<'_>, retries: &Map<String, Json>, place: &str) -> Result<(), String> {
    let numbers = ["minDelayTarget", "maxDelayTarget", "numRetries", "numNoDelayRetries", "numMinDelayRetries"];
    let numbers = [&numbers[..], &["numMaxDelayRetries"]].concat();
    let known = [&numbers[..], &["backoffFunction"]].concat();
    let sound = has_only(retries, &known)
        && numbers.iter().all(|name| retries.get(*name).is_none_or(|value| value.is_i64() || value.is_null()));
    if !sound {
        return unfit(tx, "", place);
    }
    let number = |name: &str| retries.get(name).and_then(Json::as_i64);
    for name in ["numRetries", "minDelayTarget", "maxDelayTarget"] {
        // <https://github.com/triggermesh/aws-event-sources/pull/220> has the rule; no source has the words.
        bounded(tx, number(name).is_some(), || format!("DeliveryPolicy: {place}.{name} must be specified"))?;
    }
    at_least(tx, place, "minDelayTarget", number("minDelayTarget"), 1)?;
    at_least(tx, place, "maxDelayTarget", number("maxDelayTarget"), number("minDelayTarget").unwrap_or(1))?;
    at_most(tx, place, "maxDelayTarget", number("maxDelayTarget"), 3_600)?;
    at_least(tx, place, "numRetries", number("numRetries"), 0)?;
    at_most(tx, place, "numRetries", number("numRetries"), 100)?;
    let phases = ["numNoDelayRetries", "numMinDelayRetries", "numMaxDelayRetries"];
    for phase in phases {
        at_least(tx, place, phase, number(phase), 0)?;
    }
    let sum = phases.iter().filter_map(|phase| number(phase)).sum::<i64>();
    at_most(tx, place, "numRetries of all phases", Some(sum), number("numRetries").unwrap_or(100))?;
    let functions = ["arithmetic", "exponential", "geometric", "linear"];
    let function = retries.get("backoffFunction");
    if function.is_some_and(|one| !one.as_str().is_some_and(|one| functions.contains(&one)) && !one.is_null()) {
        return unfit(tx, place, ".backoffFunction");
    }
    Ok(())
}

/// <https://github.com/awsdocs/amazon-sns-developer-guide/pull/5> has the words.
fn at_least(tx: &Tx<'_>, place: &str, name: &str, given: Option<i64>, least: i64) -> Result<(), String> {
    bounded(tx, given.is_none_or(|given| given >= least), || {
        format!("DeliveryPolicy: {place}.{name} must be greater than or equal to {least}")
    })
}

fn at_most(tx: &Tx<'_>, place: &str, name: &str, given: Option<i64>, most: i64) -> Result<(), String> {
    bounded(tx, given.is_none_or(|given| given <= most), || {
        format!("DeliveryPolicy: {place}.{name} must be less than or equal to {most}")
    })
}

fn bounded(tx: &Tx<'_>, holds: bool, why: impl FnOnce() -> String) -> Result<(), String> {
    if holds || !tx.rule("sns.delivery_policy.bounds") { Ok(()) } else { Err(why()) }
}

/// No source has the words for what is not of a policy's form.
fn malformed(tx: &Tx<'_>, text: &str) -> Result<String, String> {
    if tx.rule("sns.delivery_policy.document") {
        return Err("DeliveryPolicy: failed to parse JSON".to_owned());
    }
    Ok(text.to_owned())
}

fn unfit(tx: &Tx<'_>, before: &str, part: &str) -> Result<(), String> {
    if tx.rule("sns.delivery_policy.document") {
        return Err(format!("DeliveryPolicy: {before}{part} is invalid"));
    }
    Ok(())
}

fn parsed(text: &str) -> Option<Map<String, Json>> {
    object(strict_json::parse(text.as_bytes()).as_ref())
}

fn object(value: Option<&Json>) -> Option<Map<String, Json>> {
    value.and_then(Json::as_object).cloned()
}

fn has_only(object: &Map<String, Json>, known: &[&str]) -> bool {
    object.keys().all(|key| known.contains(&key.as_str()))
}
