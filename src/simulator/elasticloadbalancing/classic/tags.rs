//! The tags of classic load balancers, which are named by their names.

use super::load_balancer::{self, LoadBalancer};
use crate::elasticloadbalancing::{invalid, tags};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("AddTags", add), ("RemoveTags", remove), ("DescribeTags", describe)];

pub(super) const RULES: &[Rule] = &[Rule::new(
    "elasticloadbalancing.classic.tags.one",
    "the tags of one classic load balancer are changed at once",
    "https://docs.aws.amazon.com/elasticloadbalancing/2012-06-01/APIReference/API_AddTags.html",
)];

/// The tags of the load balancer of that name, or none.
pub(crate) fn of(tx: &Tx<'_>, name: &str) -> Vec<(String, String)> {
    tx.get::<LoadBalancer>(name).map(|balancer| balancer.tags.clone()).unwrap_or_default()
}

/// The one load balancer that a request names.
fn the_one(tx: &Tx<'_>, input: &Input<'_>) -> Result<LoadBalancer, Refusal> {
    let names = input.texts("LoadBalancerNames");
    // No source has the words.
    tx.enforce("elasticloadbalancing.classic.tags.one", names.len() == 1, || {
        invalid("One load balancer name must be specified")
    })?;
    load_balancer::find(tx, names.first().copied().unwrap_or_default()).cloned()
}

fn add(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut balancer = the_one(tx, input)?;
    for (key, value) in tags::read(tx, input)? {
        match balancer.tags.iter_mut().find(|(known, _)| *known == key) {
            Some(known) => known.1 = value,
            None => balancer.tags.push((key, value)),
        }
    }
    tags::within(tx, &balancer.tags)?;
    tx.put(balancer);
    Ok(Value::Record(Record::new()))
}

/// A tag that a load balancer does not have is not missed.
fn remove(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut balancer = the_one(tx, input)?;
    let keys: Vec<&str> = input.records("Tags").iter().filter_map(|tag| tag.text("Key")).collect();
    balancer.tags.retain(|(key, _)| !keys.contains(&key.as_str()));
    tx.put(balancer);
    Ok(Value::Record(Record::new()))
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut views = Vec::new();
    for name in input.texts("LoadBalancerNames") {
        let balancer = load_balancer::find(tx, name)?;
        let tags = balancer.tags.iter().map(|(key, value)| record! { "Key" => key, "Value" => value });
        views.push(record! { "LoadBalancerName" => name, "Tags" => Value::List(tags.collect()) });
    }
    Ok(record! { "TagDescriptions" => views })
}
