//! The tags of groups, each of which says whether new instances get it.

use super::{Filters, group, invalid, paged};
use crate::eks::auto_scaling_group::AutoScalingGroup;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("CreateOrUpdateTags", put), ("DeleteTags", delete), ("DescribeTags", describe)];

const TAG: &str = "https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-tagging.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "autoscaling.tags.resource",
        "what is tagged is named, and is an Auto Scaling group",
        "https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_Tag.html",
    ),
    Rule::new("autoscaling.tags.reserved", "keys beginning with aws: are AWS's own", TAG),
    Rule::new("autoscaling.tags.limit", "a group has at most 50 tags", TAG),
];

const KIND: &str = "auto-scaling-group";

/// A group's tags, as it is described with them.
pub(super) fn views(group: &AutoScalingGroup) -> Vec<Value> {
    group.tags.iter().map(|(key, value)| view(group, key, value)).collect()
}

fn view(group: &AutoScalingGroup, key: &str, value: &str) -> Value {
    record! {
        "ResourceId" => &group.name,
        "ResourceType" => KIND,
        "Key" => key,
        "Value" => value,
        "PropagateAtLaunch" => !group.kept_back.contains(key),
    }
}

/// The group that a tag is of.
fn of(tx: &Tx<'_>, tag: &Input<'_>) -> Result<AutoScalingGroup, Refusal> {
    let (name, kind) = (tag.text("ResourceId"), tag.text("ResourceType"));
    // No source has the words of these.
    tx.enforce("autoscaling.tags.resource", name.is_some(), || invalid("Resource ID must be specified for a tag."))?;
    tx.enforce("autoscaling.tags.resource", kind == Some(KIND), || {
        invalid(format!("Resource type {} is not supported. Use {KIND}.", kind.unwrap_or("null")))
    })?;
    group::find(tx, name.unwrap_or_default())
}

fn put(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    for tag in input.records("Tags") {
        let mut group = of(tx, &tag)?;
        let key = tag.required("Key");
        // No source has the words.
        tx.enforce("autoscaling.tags.reserved", !key.to_lowercase().starts_with("aws:"), || {
            invalid("Tag keys that begin with aws: are reserved for use by AWS.")
        })?;
        group.tags.insert(key.to_owned(), tag.text("Value").unwrap_or_default().to_owned());
        // Where nothing is said, the SDKs' boolean is false.
        if tag.flag("PropagateAtLaunch") {
            group.kept_back.remove(key);
        } else {
            group.kept_back.insert(key.to_owned());
        }
        // <https://github.com/badmintoncryer/cdk-preflight> has the words of a group that is made with them.
        tx.enforce("autoscaling.tags.limit", group.tags.len() <= 50, || {
            Refusal::new("LimitExceeded", "You tried to create more tags than allowed")
        })?;
        tx.put(group);
    }
    Ok(Value::Record(Record::new()))
}

/// A tag that a group does not have is not missed.
fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    for tag in input.records("Tags") {
        let mut group = of(tx, &tag)?;
        // What is deleted is told by its key, whatever the rest says.
        let key = tag.all().get("Key").text().unwrap_or_default();
        group.tags.shift_remove(key);
        group.kept_back.remove(key);
        tx.put(group);
    }
    Ok(Value::Record(Record::new()))
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    group::managed_too(input)?;
    let filters = Filters::read(tx, input, &["auto-scaling-group", "key", "value", "propagate-at-launch"])?;
    let mut items = Vec::new();
    for group in tx.rows::<AutoScalingGroup>() {
        for (key, value) in &group.tags {
            let propagated = if group.kept_back.contains(key) { "false" } else { "true" };
            let wanted = filters.take(|name, asked| match name {
                "auto-scaling-group" => group.name == asked,
                "key" => key == asked,
                "value" => value == asked,
                _ => propagated == asked.to_lowercase(),
            });
            if wanted {
                items.push((format!("{}/{key}", group.name), view(group, key, value)));
            }
        }
    }
    paged(tx, input, "Tags", 100, items)
}
