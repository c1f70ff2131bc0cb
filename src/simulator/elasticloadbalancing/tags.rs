//! The tags of load balancers, listeners and target groups.

use super::arn::{self, Kind};
use super::invalid;
use super::listener::Listener;
use super::load_balancer::LoadBalancer;
use super::target_group::TargetGroup;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("AddTags", add), ("RemoveTags", remove), ("DescribeTags", describe)];

const ADD: &str = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_AddTags.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("elasticloadbalancing.tags.twice", "a key is given once", ADD),
    Rule::new(
        "elasticloadbalancing.tags.reserved",
        "keys beginning with aws: are AWS's own",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-tags.html",
    ),
    Rule::new(
        "elasticloadbalancing.tags.limit",
        "a resource has at most 50 tags",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-tags.html",
    ),
    Rule::new(
        "elasticloadbalancing.tags.described",
        "the tags of up to 20 resources are described at once",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTags.html",
    ),
];

/// The tags of a request.
///
/// # Errors
/// When a key is AWS's own or there twice, or they are too many.
pub(super) fn read(tx: &Tx<'_>, input: &Input<'_>) -> Result<Vec<(String, String)>, Refusal> {
    let mut tags: Vec<(String, String)> = Vec::new();
    for tag in input.records("Tags") {
        let (key, value) = (tag.required("Key"), tag.text("Value").unwrap_or_default());
        // The code is declared; no source has the words of this and the next.
        tx.enforce("elasticloadbalancing.tags.twice", tags.iter().all(|(known, _)| known != key), || {
            Refusal::new("DuplicateTagKeys", format!("Tag key '{key}' was specified more than once"))
        })?;
        tx.enforce("elasticloadbalancing.tags.reserved", !key.to_ascii_lowercase().starts_with("aws:"), || {
            invalid("aws: prefixed tag key names are not allowed for external use")
        })?;
        tags.push((key.to_owned(), value.to_owned()));
    }
    within(tx, &tags)?;
    Ok(tags)
}

/// Refuses more tags than a resource can have.
pub(super) fn within(tx: &Tx<'_>, tags: &[(String, String)]) -> Result<(), Refusal> {
    // The code is declared; no source has the words.
    tx.enforce("elasticloadbalancing.tags.limit", tags.len() <= 50, || {
        Refusal::new("TooManyTags", "The quota for the number of tags that can be assigned to a resource is reached")
    })
}

/// The tags of what has this ARN.
///
/// # Errors
/// When there is no such thing.
fn held(tx: &Tx<'_>, given: &str) -> Result<Vec<(String, String)>, Refusal> {
    let Some((kind, id)) = arn::read(tx, given) else {
        // No source has the words.
        return Err(invalid(format!("'{given}' is not a valid resource ARN")));
    };
    let tags = match kind {
        Kind::LoadBalancer => tx.get::<LoadBalancer>(id).map(|row| row.tags.clone()),
        Kind::Listener => tx.get::<Listener>(id).map(|row| row.tags.clone()),
        Kind::TargetGroup => tx.get::<TargetGroup>(id).map(|row| row.tags.clone()),
    };
    // A resource is told by its ARN here: <https://github.com/hashicorp/terraform-provider-aws/issues/1044>
    tags.ok_or_else(|| kind.missing())
}

/// The tags of what has this ARN, or none.
pub(crate) fn of(tx: &Tx<'_>, given: &str) -> Vec<(String, String)> {
    held(tx, given).unwrap_or_default()
}

fn keep(tx: &mut Tx<'_>, given: &str, tags: Vec<(String, String)>) {
    let Some((kind, id)) = arn::read(tx, given).map(|(kind, id)| (kind, id.to_owned())) else { return };
    match kind {
        Kind::LoadBalancer => tx.change::<LoadBalancer>(&id, |row| row.tags = tags),
        Kind::Listener => tx.change::<Listener>(&id, |row| row.tags = tags),
        Kind::TargetGroup => tx.change::<TargetGroup>(&id, |row| row.tags = tags),
    };
}

fn add(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let tags = read(tx, input)?;
    for arn in input.texts("ResourceArns") {
        let mut held = held(tx, arn)?;
        for (key, value) in &tags {
            match held.iter_mut().find(|(known, _)| known == key) {
                Some(known) => known.1.clone_from(value),
                None => held.push((key.clone(), value.clone())),
            }
        }
        within(tx, &held)?;
        keep(tx, arn, held);
    }
    Ok(Value::Record(Record::new()))
}

/// A tag that a resource does not have is not missed.
fn remove(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let keys = input.texts("TagKeys");
    for arn in input.texts("ResourceArns") {
        let mut held = held(tx, arn)?;
        held.retain(|(key, _)| !keys.contains(&key.as_str()));
        keep(tx, arn, held);
    }
    Ok(Value::Record(Record::new()))
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let arns = input.texts("ResourceArns");
    // No source has the words.
    tx.enforce("elasticloadbalancing.tags.described", arns.len() <= 20, || {
        invalid("Up to 20 resources can be described at once")
    })?;
    let mut views = Vec::new();
    for arn in arns {
        let tags = held(tx, arn)?;
        let tags: Vec<Value> = tags.iter().map(|(key, value)| record! { "Key" => key, "Value" => value }).collect();
        views.push(record! { "ResourceArn" => arn, "Tags" => tags });
    }
    Ok(record! { "TagDescriptions" => views })
}
