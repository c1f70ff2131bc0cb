//! The attributes of topics: which there are, what they may be, and what is shown where none is set.

use super::topic::{Topic, find};
use super::{delivery_policy, invalid, topic_policy};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::sns::subscription::State;
use crate::value::{Record, Value};
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[("GetTopicAttributes", get), ("SetTopicAttributes", set)];

const SET: &str = "https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("sns.topic.attribute.name", "an attribute is one of a topic's, and can be set", SET),
    Rule::new("sns.topic.attribute.value", "an attribute's value is one that it can have", SET),
    Rule::new("sns.topic.attribute.kind", "what is of FIFO topics is not set on others, nor the other way round", SET),
    Rule::new(
        "sns.topic.attribute.large",
        "a topic of large messages has few subscriptions, all of queues, functions and streams",
        SET,
    ),
];

/// The least and the most that the largest message of a topic may be, and what it is where nothing is said.
const SMALLEST: i64 = 1_024;
const LARGEST: i64 = 1_048_576;
pub(super) const USUAL_SIZE: i64 = 262_144;

/// What messages and archives would need, which are not kept.
const UNSIMULATED: &[&str] = &["ArchivePolicy"];

/// What of an attribute holds where it is not set.
pub(super) fn usual(attribute: &str) -> Option<&'static str> {
    match attribute {
        "ContentBasedDeduplication" | "FifoTopic" => Some("false"),
        "DisplayName" => Some(""),
        "FifoThroughputScope" => Some("Topic"),
        "SignatureVersion" => Some("1"),
        "TracingConfig" => Some("PassThrough"),
        _ => None,
    }
}

/// Sets what a topic is made with.
///
/// # Errors
/// When there is no such attribute, or it can't have that value.
pub(super) fn give(tx: &Tx<'_>, topic: &mut Topic, given: &[(String, String)]) -> Result<(), Refusal> {
    // Whether it is a FIFO topic says what else it can have.
    for (name, value) in given.iter().filter(|(name, _)| name == "FifoTopic") {
        let value = truth(tx, name, value).map_err(|why| invalid(format!("Attributes Reason: {why}")))?;
        topic.attributes.insert(name.clone(), value);
    }
    for (name, value) in given.iter().filter(|(name, _)| name != "FifoTopic") {
        tx.enforce("sns.topic.attribute.name", is_known(name), || {
            invalid(format!("Attributes Reason: Unknown attribute {name}"))
        })?;
        put(tx, topic, name, value, "Attributes Reason: ")?;
    }
    Ok(())
}

fn is_known(name: &str) -> bool {
    matches!(
        name,
        "ContentBasedDeduplication"
            | "DeliveryPolicy"
            | "DisplayName"
            | "FifoThroughputScope"
            | "KmsMasterKeyId"
            | "MaximumMessageSize"
            | "Policy"
            | "SignatureVersion"
            | "TracingConfig"
    ) || UNSIMULATED.contains(&name)
        || is_feedback(name)
}

/// Whether it is one of those by which SNS logs what it delivers.
fn is_feedback(name: &str) -> bool {
    let ends = ["SuccessFeedbackRoleArn", "SuccessFeedbackSampleRate", "FailureFeedbackRoleArn"];
    let stem = ends.iter().find_map(|end| name.strip_suffix(end));
    stem.is_some_and(|of| ["HTTP", "Firehose", "Lambda", "Application", "SQS"].contains(&of))
}

fn put(tx: &Tx<'_>, topic: &mut Topic, name: &str, value: &str, before: &str) -> Result<(), Refusal> {
    if UNSIMULATED.contains(&name) || is_feedback(name) {
        return Err(Refusal::not_simulated(format!("sns {} with {name}", tx.operation())));
    }
    let told = |why: String| invalid(format!("{before}{why}"));
    let fits = match name {
        "ContentBasedDeduplication" | "FifoThroughputScope" => topic.is_fifo(),
        // <https://docs.aws.amazon.com/sns/latest/dg/sns-active-tracing.html>
        "TracingConfig" => !topic.is_fifo(),
        _ => true,
    };
    // No source has the words for this; they are those for an attribute that a region does not have.
    tx.enforce("sns.topic.attribute.kind", fits, || told(format!("Unknown attribute {name}")))?;
    let rule = "sns.topic.attribute.value";
    let one_of = |values: &[&str]| {
        // SNS has words of this form for other attributes of few values.
        tx.enforce(rule, values.contains(&value), || {
            told(format!("{name}: Invalid value [{value}]. Must be {}.", values.join(" or ")))
        })
    };
    let kept = match name {
        "ContentBasedDeduplication" => truth(tx, name, value).map_err(&told)?,
        "DeliveryPolicy" => delivery_policy::of_topic(tx, value).map_err(&told)?,
        "DisplayName" => {
            // No source has the words. The length is of the page that the attribute is described on:
            // <https://docs.aws.amazon.com/sns/latest/dg/sns-create-topic.html>.
            let sound = value.chars().count() <= 100 && !value.chars().any(char::is_control);
            tx.enforce(rule, sound, || told("DisplayName: must be at most 100 printable characters".to_owned()))?;
            value.to_owned()
        }
        "FifoThroughputScope" => {
            one_of(&["Topic", "MessageGroup"])?;
            value.to_owned()
        }
        "MaximumMessageSize" => {
            let size = value.parse::<i64>().ok().filter(|size| (SMALLEST..=LARGEST).contains(size));
            // No source has the words.
            tx.enforce(rule, size.is_some(), || {
                told(format!("MaximumMessageSize: Invalid value [{value}]. Must be {SMALLEST} to {LARGEST}."))
            })?;
            if size.is_some_and(|size| size > USUAL_SIZE) {
                let few = topic.subscriptions(tx).count() <= 100;
                let able = topic.subscriptions(tx).all(|one| ["sqs", "firehose", "lambda"].contains(&&*one.protocol));
                // The code is of the operation's page; no source has the words.
                tx.enforce("sns.topic.attribute.large", few && able, || {
                    told("MaximumMessageSize: the topic's subscriptions do not support large messages".to_owned())
                })?;
            }
            value.to_owned()
        }
        "Policy" => topic_policy::checked(tx, topic, value)?,
        "SignatureVersion" => {
            one_of(&["1", "2"])?;
            value.to_owned()
        }
        "TracingConfig" => {
            one_of(&["PassThrough", "Active"])?;
            value.to_owned()
        }
        // A key is looked at when something is published.
        _ => value.to_owned(),
    };
    // What is set to nothing is not set any more.
    if kept.is_empty() {
        topic.attributes.remove(name);
    } else {
        topic.attributes.insert(name.to_owned(), kept);
    }
    Ok(())
}

/// A truth value as SNS keeps it, in any case that it is given in.
///
/// # Errors
/// The reason, when it is none.
pub(super) fn truth(tx: &Tx<'_>, name: &str, value: &str) -> Result<String, String> {
    let lower = value.to_ascii_lowercase();
    if lower == "true" || lower == "false" || !tx.rule("sns.topic.attribute.value") {
        return Ok(lower);
    }
    Err(format!("{name}: Invalid value [{value}]. Must be true or false."))
}

fn set(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut topic = find(tx, input, "TopicArn")?;
    let name = input.required("AttributeName");
    tx.enforce("sns.topic.attribute.name", is_known(name), || invalid("AttributeName"))?;
    put(tx, &mut topic, name, input.text("AttributeValue").unwrap_or_default(), "")?;
    tx.put(topic);
    Ok(Value::Record(Record::new()))
}

fn get(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let topic = find(tx, input, "TopicArn")?;
    let mut shown: Record = topic.attributes.iter().map(|(name, value)| (name.clone(), Value::from(value))).collect();
    let mut say = |name: &str, value: String| {
        shown.entry(name.to_owned()).or_insert(Value::from(value));
    };
    say("DisplayName", String::new());
    say("EffectiveDeliveryPolicy", delivery_policy::effective(topic.attribute("DeliveryPolicy")));
    say("Owner", tx.account().to_owned());
    say("Policy", topic_policy::usual(tx, &topic));
    say("SubscriptionsConfirmed", topic.count(tx, State::Confirmed).to_string());
    say("SubscriptionsDeleted", topic.deleted.to_string());
    say("SubscriptionsPending", topic.count(tx, State::Pending).to_string());
    say("TopicArn", topic.arn(tx));
    if topic.is_fifo() {
        say("ContentBasedDeduplication", "false".to_owned());
    } else {
        // A standard topic does not say that it is none of the other kind.
        shown.shift_remove("FifoTopic");
    }
    Ok(record! { "Attributes" => Value::Record(shown) })
}
