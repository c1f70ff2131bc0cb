//! Tags of distributions.

use super::distribution::{Distribution, by_arn};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("TagResource", tag), ("UntagResource", untag), ("ListTagsForResource", list)];

const PAGE: &str = "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/tagging.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("cloudfront.tags.key", "tag keys are unique, and none begins with aws:", PAGE),
    Rule::new("cloudfront.tags.limit", "a distribution has at most 50 tags", PAGE),
];

/// The tags of a request. No source has the words of its refusals.
///
/// # Errors
/// `InvalidTagging`
pub(super) fn read(tx: &Tx<'_>, input: Option<&Input<'_>>) -> Result<Vec<(String, String)>, Refusal> {
    let mut tags: Vec<(String, String)> = Vec::new();
    for tag in input.map(|input| input.records("Items")).unwrap_or_default() {
        let (key, value) = (tag.required("Key"), tag.text("Value").unwrap_or_default());
        let sound = !key.to_ascii_lowercase().starts_with("aws:") && tags.iter().all(|(known, _)| known != key);
        tx.enforce("cloudfront.tags.key", sound, || {
            Refusal::new("InvalidTagging", format!("The tag key {key} is there twice, or begins with aws:."))
        })?;
        tags.push((key.to_owned(), value.to_owned()));
    }
    within(tx, &tags)?;
    Ok(tags)
}

fn within(tx: &Tx<'_>, tags: &[(String, String)]) -> Result<(), Refusal> {
    tx.enforce("cloudfront.tags.limit", tags.len() <= 50, || {
        Refusal::new("InvalidTagging", "A resource has at most 50 tags.")
    })
}

fn tagged(tx: &Tx<'_>, arn: &str) -> Result<Distribution, Refusal> {
    by_arn(tx, arn).ok_or_else(|| Refusal::new("NoSuchResource", "The specified resource does not exist."))
}

fn tag(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut distribution = tagged(tx, input.required("Resource"))?;
    for (key, value) in read(tx, input.record("Tags").as_ref())? {
        match distribution.tags.iter_mut().find(|(known, _)| *known == key) {
            Some(known) => known.1 = value,
            None => distribution.tags.push((key, value)),
        }
    }
    within(tx, &distribution.tags)?;
    tx.put(distribution);
    Ok(Value::Record(Record::new()))
}

fn untag(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut distribution = tagged(tx, input.required("Resource"))?;
    let keys = input.record("TagKeys");
    let keys = keys.as_ref().map(|keys| keys.texts("Items")).unwrap_or_default();
    distribution.tags.retain(|(key, _)| !keys.contains(&key.as_str()));
    tx.put(distribution);
    Ok(Value::Record(Record::new()))
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let distribution = tagged(tx, input.required("Resource"))?;
    let tags: Vec<Value> =
        distribution.tags.iter().map(|(key, value)| record! { "Key" => key, "Value" => value }).collect();
    Ok(record! { "Tags" => record! { "Items" => tags } })
}
