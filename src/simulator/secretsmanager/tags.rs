//! Tags of secrets.

use super::invalid_parameter;
use super::secret::{alive, find};
use crate::input::Input;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[("TagResource", tag), ("UntagResource", untag)];

const TAG: &str = "https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_TagResource.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("secretsmanager.tags.key", "a tag has a key, no two the same, and none begins with aws:", TAG),
    Rule::new("secretsmanager.tags.limit", "a secret has at most 50 tags", TAG),
];

/// The tags of a request. The words are those of other services; no source has this one's.
///
/// # Errors
/// When a key is AWS's own, missing or there twice.
pub(super) fn read(tx: &Tx<'_>, input: &Input<'_>, member: &str) -> Result<Vec<(String, String)>, Refusal> {
    let rule = "secretsmanager.tags.key";
    let mut tags: Vec<(String, String)> = Vec::new();
    for tag in input.records(member) {
        let (key, value) = (tag.text("Key").unwrap_or_default(), tag.text("Value").unwrap_or_default());
        tx.enforce(rule, !key.is_empty(), || invalid_parameter("Tag keys can't be empty."))?;
        tx.enforce(rule, !key.to_ascii_lowercase().starts_with("aws:"), || {
            invalid_parameter("aws: prefixed tag key names are not allowed for external use.")
        })?;
        tx.enforce(rule, tags.iter().all(|(known, _)| known != key), || {
            invalid_parameter("Duplicate tag keys found. Please note that tag keys are case insensitive.")
        })?;
        tags.push((key.to_owned(), value.to_owned()));
    }
    Ok(tags)
}

/// Refuses more tags than a secret can have.
///
/// # Errors
/// In that case.
pub(super) fn within(tx: &Tx<'_>, tags: &[(String, String)]) -> Result<(), Refusal> {
    tx.enforce("secretsmanager.tags.limit", tags.len() <= 50, || {
        invalid_parameter("You've exceeded the maximum number of tags: 50.")
    })
}

fn tag(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut secret = find(tx, input)?;
    alive(tx, &secret)?;
    for (name, value) in read(tx, input, "Tags")? {
        match secret.tags.iter_mut().find(|(known, _)| *known == name) {
            Some(known) => known.1 = value,
            None => secret.tags.push((name, value)),
        }
    }
    within(tx, &secret.tags)?;
    secret.changed = tx.now();
    tx.put(secret);
    Ok(Value::Record(Record::new()))
}

fn untag(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut secret = find(tx, input)?;
    alive(tx, &secret)?;
    let names = input.texts("TagKeys");
    secret.tags.retain(|(name, _)| !names.contains(&name.as_str()));
    secret.changed = tx.now();
    tx.put(secret);
    Ok(Value::Record(Record::new()))
}
