//! The attributes of subscriptions: which there are, what they may be, and what is shown where none is set.

use serde_json::Value as Json;

use super::subscription::{State, Subscription, find};
use super::topic::Topic;
use super::{delivery_policy, endpoint, filter_policy, invalid, json_reader, topic_attribute};
use crate::iam::role::Role;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::strict_json;
use crate::value::{Record, Value};
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("GetSubscriptionAttributes", get), ("SetSubscriptionAttributes", set)];

const SET: &str = "https://docs.aws.amazon.com/sns/latest/api/API_SetSubscriptionAttributes.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("sns.subscription.attribute.name", "an attribute is one of a subscription's, and can be set", SET),
    Rule::new("sns.subscription.attribute.value", "an attribute's value is one that it can have", SET),
    Rule::new(
        "sns.subscription.raw",
        "messages are delivered raw to queues, streams and over HTTP",
        "https://docs.aws.amazon.com/sns/latest/dg/sns-large-payload-raw-message-delivery.html",
    ),
    Rule::new(
        "sns.subscription.delivery",
        "how often is tried again is said of HTTP alone",
        "https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html",
    ),
    Rule::new(
        "sns.subscription.redrive",
        "what can't be delivered goes to a queue of the account and region, of the topic's kind",
        "https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html",
    ),
    Rule::new(
        "sns.subscription.role",
        "a stream is written to by a role that SNS may assume, and nothing else is",
        "https://docs.aws.amazon.com/sns/latest/dg/prereqs-kinesis-data-firehose.html",
    ),
];

/// What of an attribute holds where it is not set.
pub(super) fn usual(attribute: &str) -> Option<&'static str> {
    match attribute {
        "FilterPolicyScope" => Some(filter_policy::ATTRIBUTES),
        "RawMessageDelivery" => Some("false"),
        _ => None,
    }
}

/// Sets what a subscription is made with.
///
/// # Errors
/// When there is no such attribute, or it can't have that value.
pub(super) fn give(
    tx: &Tx<'_>,
    topic: &Topic,
    subscription: &mut Subscription,
    given: &[(String, String)],
) -> Result<(), Refusal> {
    // The scope says what a filter may be.
    let scope = |name: &str| name == "FilterPolicyScope";
    let ordered = given.iter().filter(|(name, _)| scope(name)).chain(given.iter().filter(|(name, _)| !scope(name)));
    for (name, value) in ordered {
        tx.enforce("sns.subscription.attribute.name", is_known(name), || {
            invalid(format!("Attributes Reason: Unknown attribute {name}"))
        })?;
        put(tx, topic, subscription, name, value, "Attributes Reason: ")?;
    }
    let role = subscription.protocol != "firehose" || subscription.attributes.contains_key("SubscriptionRoleArn");
    // No source has the words.
    tx.enforce("sns.subscription.role", role, || invalid("Attributes Reason: SubscriptionRoleArn is required"))
}

fn is_known(name: &str) -> bool {
    matches!(
        name,
        "DeliveryPolicy"
            | "FilterPolicy"
            | "FilterPolicyScope"
            | "RawMessageDelivery"
            | "RedrivePolicy"
            | "ReplayPolicy"
            | "SubscriptionRoleArn"
    )
}

fn put(
    tx: &Tx<'_>,
    topic: &Topic,
    subscription: &mut Subscription,
    name: &str,
    value: &str,
    before: &str,
) -> Result<(), Refusal> {
    let told = |why: String| invalid(format!("{before}{why}"));
    let protocol = subscription.protocol.as_str();
    let http = protocol == "http" || protocol == "https";
    let kept = match name {
        "DeliveryPolicy" => {
            // No source has the words.
            tx.enforce("sns.subscription.delivery", http || value.is_empty(), || {
                told(format!("DeliveryPolicy: Delivery protocol [{protocol}] does not support delivery policies."))
            })?;
            delivery_policy::of_subscription(tx, value).map_err(&told)?
        }
        "FilterPolicy" => filter_policy::checked(tx, value, scope(subscription)).map_err(|why| match why {
            filter_policy::Flaw::Policy(why) => told(format!("FilterPolicy: {why}")),
            filter_policy::Flaw::Scope(why) => invalid(why),
        })?,
        "FilterPolicyScope" => {
            let known = [filter_policy::ATTRIBUTES, filter_policy::BODY].contains(&value);
            tx.enforce("sns.subscription.attribute.value", known, || {
                told(format!(
                    "FilterPolicyScope: Invalid value [{value}]. Please use either MessageBody or MessageAttributes"
                ))
            })?;
            if let Some(filter) = subscription.attribute("FilterPolicy") {
                filter_policy::checked(tx, filter, value).map_err(|why| match why {
                    filter_policy::Flaw::Policy(why) => told(format!("FilterPolicy: {why}")),
                    filter_policy::Flaw::Scope(why) => invalid(why),
                })?;
            }
            value.to_owned()
        }
        "RawMessageDelivery" => {
            let truth = topic_attribute::truth(tx, name, value);
            let truth = match truth {
                Ok(truth) => truth,
                Err(why) => {
                    tx.enforce("sns.subscription.attribute.value", false, || told(why))?;
                    value.to_owned()
                }
            };
            let able = http || protocol == "sqs" || protocol == "firehose";
            // <https://github.com/aws-controllers-k8s/community/issues/2192> has the words; even false is refused:
            // <https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/399>.
            tx.enforce("sns.subscription.raw", able, || {
                told(format!("Delivery protocol [{protocol}] does not support raw message delivery."))
            })?;
            truth
        }
        "RedrivePolicy" => redrive(tx, topic, value).map_err(&told)?,
        "SubscriptionRoleArn" => {
            let role = value.rsplit('/').next().and_then(|name| tx.get::<Role>(&Role::id_of(name)));
            let able = protocol == "firehose" && role.is_some_and(|role| role.arn == value);
            // No source has the words.
            tx.enforce("sns.subscription.role", able, || told("SubscriptionRoleArn: Invalid value".to_owned()))?;
            value.to_owned()
        }
        _ => return Err(Refusal::not_simulated(format!("sns {} with {name}", tx.operation()))),
    };
    if kept.is_empty() {
        subscription.attributes.remove(name);
    } else {
        subscription.attributes.insert(name.to_owned(), kept);
    }
    Ok(())
}

fn scope(subscription: &Subscription) -> &str {
    subscription.attribute("FilterPolicyScope").unwrap_or(filter_policy::ATTRIBUTES)
}

/// A dead-letter queue, as SNS keeps it.
fn redrive(tx: &Tx<'_>, topic: &Topic, text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Ok(String::new());
    }
    let refused = |why: &str| {
        if tx.rule("sns.subscription.redrive") {
            return Err(format!("RedrivePolicy: {why}"));
        }
        Ok(text.to_owned())
    };
    if let Err(why) = json_reader::syntax(text) {
        return refused(&why);
    }
    let policy = strict_json::parse(text.as_bytes());
    let Some(policy) = policy.as_ref().and_then(Json::as_object) else { return refused("failed to parse JSON.") };
    let queue = policy.get("deadLetterTargetArn").and_then(Json::as_str).unwrap_or_default();
    let here = format!("arn:aws:sqs:{}:{}:", tx.region(), tx.account());
    if policy.len() != 1 || !endpoint::is_arn(queue, "sqs", 6) || !queue.starts_with(&here) {
        return refused("deadLetterTargetArn is an invalid arn");
    }
    if topic.is_fifo() && !queue.ends_with(".fifo") {
        return refused("must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic.");
    }
    Ok(text.to_owned())
}

fn set(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut subscription = find(tx, input)?;
    let name = input.required("AttributeName");
    tx.enforce("sns.subscription.attribute.name", is_known(name), || invalid("AttributeName"))?;
    let topic = tx.get::<Topic>(&subscription.topic).cloned();
    let topic = topic.ok_or_else(|| Refusal::new("NotFound", "Topic does not exist"))?;
    let value = input.text("AttributeValue").unwrap_or_default();
    put(tx, &topic, &mut subscription, name, value, "")?;
    filter_policy::room(tx, &topic, &subscription)?;
    tx.put(subscription);
    Ok(Value::Record(Record::new()))
}

fn get(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let subscription = find(tx, input)?;
    let mut shown: Record =
        subscription.attributes.iter().map(|(name, value)| (name.clone(), Value::from(value))).collect();
    let mut say = |name: &str, value: String| {
        shown.entry(name.to_owned()).or_insert(Value::from(value));
    };
    say("ConfirmationWasAuthenticated", subscription.authenticated.to_string());
    say("Endpoint", subscription.endpoint.clone());
    say("Owner", tx.account().to_owned());
    say("PendingConfirmation", (subscription.state == State::Pending).to_string());
    say("Protocol", subscription.protocol.clone());
    say("RawMessageDelivery", "false".to_owned());
    say("SubscriptionArn", subscription.arn(tx));
    say("SubscriptionPrincipal", subscription.principal.clone());
    say("TopicArn", super::arn(tx, &subscription.topic));
    if subscription.protocol.starts_with("http") {
        let own = subscription.attribute("DeliveryPolicy");
        let of_topic = tx.get::<Topic>(&subscription.topic).and_then(|topic| topic.attribute("DeliveryPolicy"));
        say("EffectiveDeliveryPolicy", delivery_policy::effective_of_subscription(own, of_topic));
    }
    if subscription.attribute("FilterPolicy").is_some() {
        say("FilterPolicyScope", filter_policy::ATTRIBUTES.to_owned());
    } else {
        // A scope of nothing is not shown.
        shown.shift_remove("FilterPolicyScope");
    }
    Ok(record! { "Attributes" => Value::Record(shown) })
}
