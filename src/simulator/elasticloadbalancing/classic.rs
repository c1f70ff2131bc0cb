//! Classic load balancers, by the API of 2012-06-01 that the service has beside its newer one: made with their listeners
//! and tags, described and deleted. They stand in their subnets as the others do, and forward nothing either.

mod listener;
pub mod load_balancer;
mod network;
pub(crate) mod tags;

use std::sync::OnceLock;

use super::invalid;
use crate::model::Model;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Manners, QUERY_MANNERS, Service};
use crate::world::Tx;

/// The service by its older API.
pub static SERVICE: Service = Service {
    name: "elasticloadbalancing",
    model,
    operations: &[load_balancer::OPERATIONS, tags::OPERATIONS],
    transitions: &[],
    spans: &[],
    rules: &[RULES, listener::RULES, load_balancer::RULES, network::RULES, tags::RULES],
    tables: |tables| tables.add::<load_balancer::LoadBalancer>(),
    furnish: |_| {},
    manners: Manners { elsewhere: &["2015-12-01"], ..QUERY_MANNERS },
};

const RULES: &[Rule] = &[Rule::new(
    "elasticloadbalancing.classic.name",
    "a classic load balancer's name has 1 to 32 letters, digits and hyphens, none at an end",
    "https://docs.aws.amazon.com/elasticloadbalancing/2012-06-01/APIReference/API_CreateLoadBalancer.html",
)];

fn model() -> &'static Model {
    static MODEL: OnceLock<Model> = OnceLock::new();
    MODEL.get_or_init(|| Model::parse(include_str!("../models/elb.json")))
}

/// Refuses a name that no classic load balancer has, whatever is asked of it.
fn named(tx: &Tx<'_>, name: &str) -> Result<(), Refusal> {
    let rule = "elasticloadbalancing.classic.name";
    // <https://github.com/supergiant/control/issues/85> has these words of one to be made and of one to be deleted.
    tx.enforce(rule, name.len() <= 32, || invalid("LoadBalancer name cannot be longer than 32 characters"))?;
    // <https://github.com/jcowley/elb-instance-reboot/issues/1>
    let sound = name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-');
    tx.enforce(rule, sound, || {
        invalid("LoadBalancer name cannot contain characters that are not letters, or digits or the dash.")
    })?;
    // No source has the words of these.
    tx.enforce(rule, !name.is_empty(), || invalid("LoadBalancer name cannot be empty"))?;
    tx.enforce(rule, !name.starts_with('-') && !name.ends_with('-'), || {
        invalid("LoadBalancer name cannot begin or end with a dash")
    })
}

#[cfg(test)]
mod tests;
