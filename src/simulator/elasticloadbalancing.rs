//! Elastic Load Balancing: application and network load balancers with their listeners and target groups, one file per
//! thing. They stand in their VPC's subnets by interfaces of their own; what comes to their addresses nobody forwards. Classic
//! load balancers have an API of their own.

mod action;
mod arn;
mod attribute;
pub mod classic;
mod health_check;
pub mod listener;
pub mod load_balancer;
mod network;
mod protocol;
pub(crate) mod tags;
pub mod target_group;

use std::sync::OnceLock;

use crate::input::Input;
use crate::model::Model;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Manners, QUERY_MANNERS, Service};
use crate::value::Value;
use crate::world::{Tables, Tx};

pub(crate) use arn::arn;

/// The service. AWS publishes no number of calls a second of it.
pub static SERVICE: Service = Service {
    name: "elasticloadbalancing",
    model,
    operations: &[
        attribute::OPERATIONS,
        listener::OPERATIONS,
        load_balancer::OPERATIONS,
        tags::OPERATIONS,
        target_group::OPERATIONS,
    ],
    transitions: &[load_balancer::TRANSITIONS, network::TRANSITIONS],
    spans: &[load_balancer::SPANS, network::SPANS],
    rules: &[
        RULES,
        action::RULES,
        attribute::RULES,
        health_check::RULES,
        listener::RULES,
        load_balancer::RULES,
        network::RULES,
        protocol::RULES,
        tags::RULES,
        target_group::RULES,
    ],
    tables,
    furnish: |_| {},
    manners: Manners { elsewhere: &["2012-06-01"], ..QUERY_MANNERS },
};

const RULES: &[Rule] = &[
    Rule::new(
        "elasticloadbalancing.arn.form",
        "what is named by an ARN is named by one of its kind, account and region",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeLoadBalancers.html",
    ),
    Rule::new(
        "elasticloadbalancing.page.token",
        "a page's marker is one of the operation's",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeLoadBalancers.html",
    ),
];

fn model() -> &'static Model {
    static MODEL: OnceLock<Model> = OnceLock::new();
    MODEL.get_or_init(|| Model::parse(include_str!("models/elbv2.json")))
}

fn tables(tables: &mut Tables) {
    tables.add::<load_balancer::LoadBalancer>();
    tables.add::<listener::Listener>();
    tables.add::<target_group::TargetGroup>();
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new("ValidationError", message).status(400)
}

/// What can't be so together.
fn unfit(message: impl Into<String>) -> Refusal {
    Refusal::new("InvalidConfigurationRequest", message)
}

/// Refuses a name that `what` can't have. <https://github.com/badmintoncryer/cdk-preflight> has the words of a hyphen at
/// the end, and Terraform's acceptance tests those of a long one.
fn named(tx: &Tx<'_>, rule: &str, what: &str, name: &str) -> Result<(), Refusal> {
    let says = |flaw: &str| invalid(format!("{what} '{name}' {flaw}"));
    tx.enforce(rule, !name.is_empty(), || says("cannot be empty"))?;
    tx.enforce(rule, name.len() <= 32, || says("cannot be longer than '32' characters"))?;
    let sound = name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-');
    tx.enforce(rule, sound, || says("can only contain characters that are alphanumeric characters or hyphens(-)"))?;
    tx.enforce(rule, !name.starts_with('-'), || says("cannot begin with a hyphen(-)"))?;
    tx.enforce(rule, !name.ends_with('-'), || says("cannot end with a hyphen(-)"))
}

/// One page of a list. The items come with what they are sorted by.
///
/// # Errors
/// When the marker is of no page.
fn paged(tx: &Tx<'_>, input: &Input<'_>, member: &str, items: Vec<(String, Value)>) -> Result<Value, Refusal> {
    let size = input.integer("PageSize").and_then(|size| usize::try_from(size).ok()).unwrap_or(400);
    let marker = input.text("Marker").filter(|_| tx.rule("elasticloadbalancing.page.token"));
    // No source has the words.
    let page = crate::pagination::page(&crate::pagination::asked(tx), items, marker, Some(size))
        .map_err(|_| invalid("The specified marker is not valid"))?;
    Ok(crate::record! { member => page.items, "NextMarker" => page.next })
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
