//! Tags of topics.

use super::invalid;
use super::topic::{Topic, find};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("TagResource", tag), ("UntagResource", untag), ("ListTagsForResource", list)];

const TAG: &str = "https://docs.aws.amazon.com/sns/latest/api/API_TagResource.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("sns.tags.key", "no two tags have the same key, and none begins with aws:", TAG),
    Rule::new("sns.tags.limit", "a topic has at most 50 tags", TAG),
];

/// The tags of a request.
///
/// # Errors
/// When a key is AWS's own, or there twice.
pub(super) fn read(tx: &Tx<'_>, input: &Input<'_>) -> Result<Vec<(String, String)>, Refusal> {
    let rule = "sns.tags.key";
    let mut tags: Vec<(String, String)> = Vec::new();
    for tag in input.records("Tags") {
        let (key, value) = (tag.required("Key"), tag.required("Value"));
        tx.enforce(rule, tags.iter().all(|(known, _)| known != key), || invalid("Duplicated keys are not allowed."))?;
        // The words are those of other services; no source has this one's.
        tx.enforce(rule, !key.to_ascii_lowercase().starts_with("aws:"), || {
            invalid("aws: prefixed tag key names are not allowed for external use.")
        })?;
        tags.push((key.to_owned(), value.to_owned()));
    }
    Ok(tags)
}

/// Refuses more tags than a topic can have.
///
/// # Errors
/// In that case.
pub(super) fn within(tx: &Tx<'_>, tags: &[(String, String)]) -> Result<(), Refusal> {
    // The code is declared; no source has the words.
    tx.enforce("sns.tags.limit", tags.len() <= 50, || {
        Refusal::new("TagLimitExceeded", "Could not complete request: tag quota of per resource exceeded")
    })
}

/// The topic that a request names; of tags SNS says otherwise that there is none.
fn resource(tx: &Tx<'_>, input: &Input<'_>) -> Result<Topic, Refusal> {
    find(tx, input, "ResourceArn").map_err(|refusal| match refusal.code.as_ref() {
        "NotFound" => Refusal::new("ResourceNotFound", "Resource does not exist"),
        _ => refusal,
    })
}

fn tag(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut topic = resource(tx, input)?;
    for (name, value) in read(tx, input)? {
        match topic.tags.iter_mut().find(|(known, _)| *known == name) {
            Some(known) => known.1 = value,
            None => topic.tags.push((name, value)),
        }
    }
    within(tx, &topic.tags)?;
    tx.put(topic);
    Ok(Value::Record(Record::new()))
}

fn untag(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut topic = resource(tx, input)?;
    let names = input.texts("TagKeys");
    topic.tags.retain(|(name, _)| !names.contains(&name.as_str()));
    tx.put(topic);
    Ok(Value::Record(Record::new()))
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let topic = resource(tx, input)?;
    let tags: Vec<Value> = topic.tags.iter().map(|(name, value)| record! { "Key" => name, "Value" => value }).collect();
    Ok(record! { "Tags" => tags })
}
