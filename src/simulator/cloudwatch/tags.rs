//! Tags of alarms and dashboards.

use super::alarm::MetricAlarm;
use super::dashboard::{self, Dashboard};
use super::{alarm, invalid};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("TagResource", tag), ("UntagResource", untag), ("ListTagsForResource", list)];

const TAG: &str = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_TagResource.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("cloudwatch.tags.key", "no two tags have the same key, and none begins with aws:", TAG),
    Rule::new("cloudwatch.tags.limit", "an alarm or a dashboard has at most 50 tags", TAG),
    Rule::new("cloudwatch.tags.resource", "a resource is named by the ARN of an alarm or a dashboard", TAG),
];

type Tags = Vec<(String, String)>;

/// The tags of a request.
///
/// # Errors
/// When a key is AWS's own, or there twice.
pub(super) fn read(tx: &Tx<'_>, input: &Input<'_>) -> Result<Tags, Refusal> {
    let rule = "cloudwatch.tags.key";
    let mut tags: Tags = Vec::new();
    for tag in input.records("Tags") {
        let (key, value) = (tag.required("Key"), tag.required("Value"));
        // The words are those of other services; no source has this one's.
        tx.enforce(rule, tags.iter().all(|(known, _)| known != key), || invalid("Duplicate tag keys found."))?;
        tx.enforce(rule, !key.to_ascii_lowercase().starts_with("aws:"), || {
            invalid("aws: prefixed tag key names are not allowed for external use.")
        })?;
        tags.push((key.to_owned(), value.to_owned()));
    }
    Ok(tags)
}

/// Refuses more tags than one can have.
///
/// # Errors
/// In that case.
pub(super) fn within(tx: &Tx<'_>, tags: &[(String, String)]) -> Result<(), Refusal> {
    // No source has the words.
    tx.enforce("cloudwatch.tags.limit", tags.len() <= 50, || {
        Refusal::new("InvalidParameterValue", "A resource can have at most 50 tags.")
    })
}

/// What a request names.
enum Named<'i> {
    Alarm(&'i str),
    Dashboard(&'i str),
}

fn named<'i>(tx: &Tx<'_>, input: &Input<'i>) -> Result<Named<'i>, Refusal> {
    let given = input.required("ResourceARN");
    if let Some(name) = given.strip_prefix(&dashboard::arn(tx, "")) {
        return Ok(Named::Dashboard(name));
    }
    let name = given.strip_prefix(&alarm::arn(tx, ""));
    // No source has the words.
    tx.enforce("cloudwatch.tags.resource", name.is_some(), || {
        Refusal::new("InvalidParameterValue", format!("The ARN {given} is invalid."))
    })?;
    Ok(Named::Alarm(name.unwrap_or_default()))
}

impl Named<'_> {
    fn tags(&self, tx: &Tx<'_>) -> Option<Tags> {
        match self {
            Named::Alarm(name) => tx.get::<MetricAlarm>(name).map(|alarm| alarm.tags.clone()),
            Named::Dashboard(name) => tx.get::<Dashboard>(name).map(|dashboard| dashboard.tags.clone()),
        }
    }

    /// The tags, of what has to be there to get others.
    fn found(&self, tx: &Tx<'_>) -> Result<Tags, Refusal> {
        let (kind, name) = match self {
            Named::Alarm(name) => ("Alarm", *name),
            Named::Dashboard(name) => ("Dashboard", *name),
        };
        // The code and its members are declared; no source has the words.
        self.tags(tx).ok_or_else(|| {
            Refusal::new("ResourceNotFoundException", format!("{kind} {name} does not exist"))
                .status(404)
                .member("ResourceType", kind)
                .member("ResourceId", name)
        })
    }

    fn keep(&self, tx: &mut Tx<'_>, tags: Tags) {
        match self {
            Named::Alarm(name) => tx.change::<MetricAlarm>(name, |alarm| alarm.tags = tags),
            Named::Dashboard(name) => tx.change::<Dashboard>(name, |dashboard| dashboard.tags = tags),
        };
    }
}

fn tag(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let named = named(tx, input)?;
    let mut tags = named.found(tx)?;
    for (name, value) in read(tx, input)? {
        match tags.iter_mut().find(|(known, _)| *known == name) {
            Some(known) => known.1 = value,
            None => tags.push((name, value)),
        }
    }
    within(tx, &tags)?;
    named.keep(tx, tags);
    Ok(Value::Record(Record::new()))
}

fn untag(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let named = named(tx, input)?;
    let mut tags = named.found(tx)?;
    let names = input.texts("TagKeys");
    tags.retain(|(name, _)| !names.contains(&name.as_str()));
    named.keep(tx, tags);
    Ok(Value::Record(Record::new()))
}

/// What is not there has no tags, as recordings of accounts show.
fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let tags = named(tx, input)?.tags(tx).unwrap_or_default();
    let tags: Vec<Value> = tags.iter().map(|(name, value)| record! { "Key" => name, "Value" => value }).collect();
    Ok(record! { "Tags" => tags })
}
