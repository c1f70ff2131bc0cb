//! Tags of hosted zones. Health checks, which have tags too, are not simulated.

use super::zone::{Zone, find};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("ChangeTagsForResource", change), ("ListTagsForResource", list), ("ListTagsForResources", list_of_many)];

const PAGE: &str = "https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeTagsForResource.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("route53.tags.key", "tag keys have a character or more, are unique, and none begins with aws:", PAGE),
    Rule::new(
        "route53.tags.limit",
        "a resource has at most 50 tags",
        "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/tagging-resources.html",
    ),
    Rule::new("route53.tags.given", "a request adds tags or removes some", PAGE),
];

/// The zone whose tags a request is about.
fn tagged(tx: &Tx<'_>, kind: &str, id: &str) -> Result<Zone, Refusal> {
    if kind != "hostedzone" {
        return Err(Refusal::not_simulated("Route 53 health checks"));
    }
    find(tx, id).cloned()
}

fn change(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut zone = tagged(tx, input.required("ResourceType"), input.required("ResourceId"))?;
    let (added, removed) = (input.records("AddTags"), input.texts("RemoveTagKeys"));
    tx.enforce("route53.tags.given", !added.is_empty() || !removed.is_empty(), || {
        Refusal::new("InvalidInput", "Neither tags to add nor tag keys to remove were given.")
    })?;
    zone.tags.retain(|(key, _)| !removed.contains(&key.as_str()));
    let mut seen: Vec<&str> = Vec::new();
    for tag in added {
        let (key, value) = (tag.required("Key"), tag.required("Value"));
        let refused = |message: &str| Refusal::new("InvalidInput", message);
        let sound = !key.is_empty() && !key.to_ascii_lowercase().starts_with("aws:");
        tx.enforce("route53.tags.key", sound, || refused("Tag keys can't be empty or begin with aws:."))?;
        tx.enforce("route53.tags.key", !seen.contains(&key), || refused("Duplicate tag keys."))?;
        seen.push(key);
        match zone.tags.iter_mut().find(|(known, _)| known == key) {
            Some(known) => value.clone_into(&mut known.1),
            None => zone.tags.push((key.to_owned(), value.to_owned())),
        }
    }
    tx.enforce("route53.tags.limit", zone.tags.len() <= 50, || {
        Refusal::new("InvalidInput", "A resource has at most 50 tags.")
    })?;
    tx.put(zone);
    Ok(Value::Record(Record::new()))
}

fn view(zone: &Zone) -> Value {
    let tags = zone.tags.iter().map(|(key, value)| record! { "Key" => key, "Value" => value });
    record! { "ResourceType" => "hostedzone", "ResourceId" => &zone.id, "Tags" => tags.collect::<Vec<_>>() }
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let zone = tagged(tx, input.required("ResourceType"), input.required("ResourceId"))?;
    Ok(record! { "ResourceTagSet" => view(&zone) })
}

fn list_of_many(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let kind = input.required("ResourceType");
    let mut sets = Vec::new();
    for id in input.texts("ResourceIds") {
        sets.push(view(&tagged(tx, kind, id)?));
    }
    Ok(record! { "ResourceTagSets" => sets })
}
