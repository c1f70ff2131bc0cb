//! Publishing: a message is checked as SNS checks it, gets its id, and goes to nobody.

use super::topic::Topic;
use super::{endpoint, invalid, resource};
use crate::datastore::key;
use crate::iam::authorization::{self, KeyUse};
use crate::input::Input;
use crate::kms::key::{Key, State};
use crate::record;
use crate::refusal::{NOT_SIMULATED, Refusal};
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[("Publish", publish)];

const PUBLISH: &str = "https://docs.aws.amazon.com/sns/latest/api/API_Publish.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("sns.publish.target", "a message goes to a topic, an endpoint or a phone number", PUBLISH),
    Rule::new("sns.publish.message", "a message is there, and no larger than its topic takes", PUBLISH),
    Rule::new("sns.publish.subject", "a subject is a line of less than 100 characters", PUBLISH),
    Rule::new("sns.publish.structure", "a message for several protocols is JSON with one for all others", PUBLISH),
    Rule::new(
        "sns.publish.attributes",
        "a message's attributes have names, types and values of those types",
        "https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html",
    ),
    Rule::new("sns.publish.fifo", "a message to a FIFO topic has a group and can be told from those before", PUBLISH),
    Rule::new(
        "sns.publish.key",
        "the key that a topic's messages are encrypted with can be used",
        "https://docs.aws.amazon.com/sns/latest/dg/sns-server-side-encryption.html",
    ),
];

fn publish(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let topic = target(tx, input)?;
    subject(tx, input)?;
    let message = input.required("Message");
    let rule = "sns.publish.message";
    tx.enforce(rule, !message.is_empty(), || invalid("Empty message"))?;
    let size = message.len() + attributes(tx, input)?;
    let most = topic.largest();
    tx.enforce(rule, i64::try_from(size).is_ok_and(|size| size <= most), || invalid("Message too long"))?;
    structure(tx, input, message)?;
    let fifo = topic.is_fifo();
    in_order(tx, input, &topic, fifo)?;
    if let Some(name) = topic.attribute("KmsMasterKeyId") {
        usable(tx, name)?;
    }
    let number = fifo.then(|| format!("{:020}", 10_000_000_000_000_000_000_u64 + tx.sequence()));
    Ok(record! { "MessageId" => tx.uuid(), "SequenceNumber" => number })
}

/// The topic that a message goes to.
fn target(tx: &Tx<'_>, input: &Input<'_>) -> Result<Topic, Refusal> {
    let rule = "sns.publish.target";
    let given = ["TopicArn", "TargetArn", "PhoneNumber"].into_iter().filter(|member| input.has(member));
    let given: Vec<&str> = given.collect();
    tx.enforce(rule, !given.is_empty(), || invalid("TopicArn or TargetArn Reason: no value for required parameter"))?;
    // No source has the words for several.
    tx.enforce(rule, given.len() <= 1, || invalid("Only one of TopicArn, TargetArn and PhoneNumber can be given"))?;
    if let Some(number) = input.text("PhoneNumber") {
        tx.enforce(rule, number.starts_with('+') && endpoint::is_number(number), || {
            invalid(format!("PhoneNumber Reason: {number} is not valid to publish to"))
        })?;
        return Err(Refusal::not_simulated("a message to a phone"));
    }
    let (member, arn) = match input.text("TopicArn") {
        Some(arn) => ("TopicArn", arn),
        None => ("TargetArn", input.required("TargetArn")),
    };
    let name = resource(tx, member, arn)?;
    if name.starts_with("endpoint/") {
        return Err(invalid("TargetArn Reason: No endpoint found for the target arn specified"));
    }
    let topic = tx.get::<Topic>(name).cloned();
    topic.ok_or_else(|| Refusal::new("NotFound", "Topic does not exist"))
}

fn subject(tx: &Tx<'_>, input: &Input<'_>) -> Result<(), Refusal> {
    let Some(subject) = input.text("Subject") else { return Ok(()) };
    let sound = (1..=100).contains(&subject.chars().count()) && !subject.chars().any(char::is_control);
    tx.enforce("sns.publish.subject", sound, || invalid("Subject"))
}

/// A name that is there twice is taken, though the page says otherwise: SNS's own answers show it.
fn structure(tx: &Tx<'_>, input: &Input<'_>, message: &str) -> Result<(), Refusal> {
    let rule = "sns.publish.structure";
    let Some(structure) = input.text("MessageStructure") else { return Ok(()) };
    // No source has the words for another structure.
    tx.enforce(rule, structure == "json", || invalid("MessageStructure"))?;
    let parsed = serde_json::from_str::<serde_json::Value>(message).ok().filter(serde_json::Value::is_object);
    tx.enforce(rule, parsed.is_some(), || invalid("Message Structure - JSON message body failed to parse"))?;
    let general = parsed.as_ref().and_then(|parsed| parsed.get("default")).is_some_and(serde_json::Value::is_string);
    tx.enforce(rule, general, || invalid("Message Structure - No default entry in JSON message body"))
}

/// The bytes of a message's attributes.
fn attributes(tx: &Tx<'_>, input: &Input<'_>) -> Result<usize, Refusal> {
    let Value::Record(given) = input.whole("MessageAttributes") else { return Ok(0) };
    let mut size = 0;
    for (name, attribute) in given {
        let (kind, text) = (attribute.get("DataType").text().unwrap_or_default(), attribute.get("StringValue").text());
        let bytes = match attribute.get("BinaryValue") {
            Value::Blob(bytes) => Some(bytes.len()),
            _ => None,
        };
        if let Some(why) = flaw(name, kind, text, bytes) {
            tx.enforce("sns.publish.attributes", false, || Refusal::new("ParameterValueInvalid", why))?;
        }
        size += name.len() + kind.len() + text.map_or(0, str::len) + bytes.unwrap_or(0);
    }
    Ok(size)
}

/// What is wrong with an attribute of a message.
fn flaw(name: &str, kind: &str, text: Option<&str>, bytes: Option<usize>) -> Option<String> {
    let sound = |letter: &char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.');
    if name.len() > 256 {
        return Some("Length of message attribute name must be less than 256 bytes.".to_owned());
    }
    if let Some(bad) = name.chars().find(|letter| !sound(letter)) {
        return Some(format!(
            "Invalid non-alphanumeric character '#x{:X}' was found in the message attribute name. Can only include \
             alphanumeric characters, hyphens, underscores, or dots.",
            u32::from(bad)
        ));
    }
    if name.starts_with('.') {
        return Some("Invalid message attribute name starting with character '.' was found.".to_owned());
    }
    if name.ends_with('.') {
        return Some("Invalid message attribute name ending with character '.' was found.".to_owned());
    }
    if name.contains("..") {
        return Some("Message attribute name can not have successive '.' character.".to_owned());
    }
    let prefix = kind.split('.').next().unwrap_or(kind);
    let field = match prefix {
        "String" | "Number" => "String",
        "Binary" => "Binary",
        _ => {
            return Some(format!(
                "The message attribute '{name}' has an invalid message attribute type, the set of supported type \
                 prefixes is Binary, Number, and String."
            ));
        }
    };
    let (own, other) = match field {
        "String" => (text.map(str::len), bytes),
        _ => (bytes, text.map(str::len)),
    };
    match (own, other) {
        (None, Some(_)) => Some(format!("The message attribute '{name}' with type '{kind}' must use field '{field}'.")),
        (None | Some(0), _) => Some(format!(
            "The message attribute '{name}' must contain non-empty message attribute value for message attribute type \
             '{kind}'."
        )),
        // No source has the words.
        _ if prefix == "Number" && text.is_none_or(|text| text.parse::<f64>().is_err()) => {
            Some(format!("Could not cast message attribute '{name}' value to number."))
        }
        _ => None,
    }
}

fn in_order(tx: &Tx<'_>, input: &Input<'_>, topic: &Topic, fifo: bool) -> Result<(), Refusal> {
    let rule = "sns.publish.fifo";
    let (group, id) = (input.text("MessageGroupId"), input.text("MessageDeduplicationId"));
    for (member, given) in [("MessageGroupId", group), ("MessageDeduplicationId", id)] {
        let sound = given.is_none_or(|id| (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic()));
        // No source has the words.
        tx.enforce(rule, sound, || invalid(format!("{member} Reason: must be 1 to 128 alphanumeric characters")))?;
    }
    tx.enforce(rule, fifo || id.is_none(), || {
        invalid(
            "MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid \
             for this topic type",
        )
    })?;
    tx.enforce(rule, !fifo || group.is_some(), || invalid("The MessageGroupId parameter is required for FIFO topics"))?;
    let by_content = topic.attribute("ContentBasedDeduplication") == Some("true");
    tx.enforce(rule, !fifo || by_content || id.is_some(), || {
        invalid(
            "The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided \
             explicitly",
        )
    })
}

/// The codes are declared; no source has the words.
fn usable(tx: &mut Tx<'_>, name: &str) -> Result<(), Refusal> {
    let named = key::resolved(tx, name, "aws/sns");
    if named.usable {
        // <https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html>; SNS adds where KMS was asked, and when.
        for action in ["kms:GenerateDataKey", "kms:Decrypt"] {
            let used = KeyUse { action, key: &named.arn, context: None };
            authorization::may_use_key(tx, &super::SERVICE, used).map_err(|refusal| match refusal.code.as_ref() {
                NOT_SIMULATED => refusal,
                _ => Refusal::new("KMSAccessDenied", refusal.message),
            })?;
        }
        return Ok(());
    }
    let state = tx.get::<Key>(named.arn.rsplit('/').next().unwrap_or_default()).map(|key| key.state);
    let arn = &named.arn;
    tx.enforce("sns.publish.key", false, || match state {
        Some(State::Disabled) => Refusal::new("KMSDisabled", format!("{arn} is disabled.")),
        Some(State::PendingDeletion) => Refusal::new("KMSInvalidState", format!("{arn} is pending deletion.")),
        _ => Refusal::new("KMSNotFound", format!("Key '{arn}' does not exist")),
    })
}
