//! Tags of keys.

use super::key::{ALIVE, find, seen};
use super::paged;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("TagResource", tag), ("UntagResource", untag), ("ListResourceTags", list)];

const PAGE: &str = "https://docs.aws.amazon.com/kms/latest/developerguide/tagging-keys.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("kms.tags.key", "tag keys are unique, and none begins with aws:", PAGE),
    Rule::new("kms.tags.limit", "a key has at most 50 tags", PAGE),
];

/// The tags of a request.
///
/// # Errors
/// `TagException`.
pub(super) fn read(tx: &Tx<'_>, input: &Input<'_>) -> Result<Vec<(String, String)>, Refusal> {
    let mut tags: Vec<(String, String)> = Vec::new();
    for tag in input.records("Tags") {
        let (key, value) = (tag.required("TagKey"), tag.required("TagValue"));
        tx.enforce("kms.tags.key", !key.to_ascii_lowercase().starts_with("aws:"), || {
            Refusal::new("TagException", "Tags beginning with aws: are reserved")
        })?;
        tx.enforce("kms.tags.key", tags.iter().all(|(known, _)| known != key), || {
            Refusal::new("TagException", "Duplicate tag keys")
        })?;
        tags.push((key.to_owned(), value.to_owned()));
    }
    Ok(tags)
}

/// Refuses more tags than a key can have.
///
/// # Errors
/// In that case.
pub(super) fn within(tx: &Tx<'_>, tags: &[(String, String)]) -> Result<(), Refusal> {
    tx.enforce("kms.tags.limit", tags.len() <= 50, || Refusal::new("TagException", "Too many tags"))
}

fn tag(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut key = find(tx, input.required("KeyId"))?;
    key.usable_in(tx, ALIVE)?;
    for (name, value) in read(tx, input)? {
        match key.tags.iter_mut().find(|(known, _)| *known == name) {
            Some(known) => known.1 = value,
            None => key.tags.push((name, value)),
        }
    }
    within(tx, &key.tags)?;
    tx.put(key);
    Ok(Value::Record(Record::new()))
}

fn untag(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut key = find(tx, input.required("KeyId"))?;
    key.usable_in(tx, ALIVE)?;
    let names = input.texts("TagKeys");
    key.tags.retain(|(name, _)| !names.contains(&name.as_str()));
    tx.put(key);
    Ok(Value::Record(Record::new()))
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let key = seen(tx, input.required("KeyId"))?;
    let tags = key.tags.iter().map(|(name, value)| (name.clone(), record! { "TagKey" => name, "TagValue" => value }));
    paged(tx, input, "Tags", 50, tags.collect())
}
