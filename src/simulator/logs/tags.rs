//! Tags of log groups, in the operations of today and in those that came before them.

use super::group::{LogGroup, find};
use super::{arn, invalid};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("TagResource", |tx, input| tag(tx, input, resource)),
    ("UntagResource", |tx, input| untag(tx, input, resource, "tagKeys")),
    ("ListTagsForResource", |tx, input| list(tx, input, resource)),
    ("TagLogGroup", |tx, input| tag(tx, input, named)),
    ("UntagLogGroup", |tx, input| untag(tx, input, named, "tags")),
    ("ListTagsLogGroup", |tx, input| list(tx, input, named)),
];

const TAG: &str = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_TagResource.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("logs.tags.key", "no tag's key begins with aws:", TAG),
    Rule::new("logs.tags.limit", "a log group has at most 50 tags", TAG),
    Rule::new("logs.tags.resource", "a resource is named by the ARN of a log group", TAG),
];

/// How an operation names its log group.
type Named = fn(&Tx<'_>, &Input<'_>) -> Result<LogGroup, Refusal>;

fn named(tx: &Tx<'_>, input: &Input<'_>) -> Result<LogGroup, Refusal> {
    find(tx, input.required("logGroupName"))
}

fn resource(tx: &Tx<'_>, input: &Input<'_>) -> Result<LogGroup, Refusal> {
    let own = arn(tx, "");
    let name = input.required("resourceArn").strip_prefix(own.as_str());
    // No source has the words.
    tx.enforce("logs.tags.resource", name.is_some(), || invalid("The specified resource ARN is invalid."))?;
    find(tx, name.unwrap_or_default())
}

/// The tags of a request.
///
/// # Errors
/// When a key is AWS's own.
pub(super) fn read(tx: &Tx<'_>, input: &Input<'_>) -> Result<Vec<(String, String)>, Refusal> {
    let Value::Record(given) = input.whole("tags") else { return Ok(Vec::new()) };
    // The words are those of other services; no source has this one's.
    tx.enforce("logs.tags.key", !given.keys().any(|key| key.to_ascii_lowercase().starts_with("aws:")), || {
        invalid("aws: prefixed tag key names are not allowed for external use.")
    })?;
    Ok(given.iter().filter_map(|(key, value)| Some((key.clone(), value.text()?.to_owned()))).collect())
}

fn tag(tx: &mut Tx<'_>, input: &Input<'_>, which: Named) -> Result<Value, Refusal> {
    let mut group = which(tx, input)?;
    for (name, value) in read(tx, input)? {
        match group.tags.iter_mut().find(|(known, _)| *known == name) {
            Some(known) => known.1 = value,
            None => group.tags.push((name, value)),
        }
    }
    tx.enforce("logs.tags.limit", group.tags.len() <= 50, || match tx.operation() {
        "TagLogGroup" => invalid("A log group can have at most 50 tags."),
        _ => Refusal::new("TooManyTagsException", "A resource can have no more than 50 tags.")
            .member("resourceName", arn(tx, &group.name)),
    })?;
    tx.put(group);
    Ok(Value::Record(Record::new()))
}

fn untag(tx: &mut Tx<'_>, input: &Input<'_>, which: Named, member: &str) -> Result<Value, Refusal> {
    let mut group = which(tx, input)?;
    let names = input.texts(member);
    group.tags.retain(|(name, _)| !names.contains(&name.as_str()));
    tx.put(group);
    Ok(Value::Record(Record::new()))
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>, which: Named) -> Result<Value, Refusal> {
    let group = which(tx, input)?;
    let tags: Record = group.tags.into_iter().map(|(name, value)| (name, Value::from(value))).collect();
    Ok(record! { "tags" => Value::Record(tags) })
}
