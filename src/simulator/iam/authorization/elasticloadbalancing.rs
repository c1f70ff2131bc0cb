//! Elastic Load Balancing's actions: what describes is asked for on all, the rest on what it names or makes. Tags on
//! creation ask for a permission of their own.
//!
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awselasticloadbalancingv2.html>,
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awselasticloadbalancing.html>

use super::ask::{Ask, held, pairs, requested};
use crate::elasticloadbalancing::{arn, classic, tags};
use crate::value::Value;
use crate::world::Tx;

/// The members that name something.
const NAMES: &[&str] = &["LoadBalancerArn", "ListenerArn", "TargetGroupArn"];

pub(super) fn asks(tx: &Tx<'_>, operation: &str, input: &Value) -> Vec<Ask> {
    let action = format!("elasticloadbalancing:{operation}");
    if operation.starts_with("Describe") {
        return vec![Ask::new(action, "*")];
    }
    if ["LoadBalancerName", "LoadBalancerNames"].iter().any(|member| !matches!(input.get(member), Value::Absent)) {
        return of_classic(tx, operation, &action, input);
    }
    let name = input.get("Name").text().unwrap_or_default();
    let kind = if input.get("Type").text() == Some("network") { "net" } else { "app" };
    let given = requested(input.get(if operation == "RemoveTags" { "TagKeys" } else { "Tags" }));
    let of = |resource: &str| {
        let tags = tags::of(tx, resource);
        let own = tags.iter().map(|(key, value)| (format!("elasticloadbalancing:ResourceTag/{key}"), value.clone()));
        Ask::new(&action, resource).told(held(pairs(&tags))).told(own).told(given.clone())
    };
    let named: Vec<&str> = NAMES.iter().filter_map(|member| input.get(member).text()).collect();
    let mut asks: Vec<Ask> = match operation {
        "CreateLoadBalancer" => vec![of(&arn(tx, &format!("loadbalancer/{kind}/{name}/*")))],
        "CreateTargetGroup" => vec![of(&arn(tx, &format!("targetgroup/{name}/*")))],
        "AddTags" | "RemoveTags" => input.get("ResourceArns").list().iter().filter_map(Value::text).map(of).collect(),
        _ => named.iter().map(|resource| of(resource)).collect(),
    };
    if asks.is_empty() {
        asks.push(Ask::new(&action, "*"));
    }
    if operation.starts_with("Create") && !given.is_empty() {
        let made = if operation == "CreateListener" {
            asks[0].resource.replacen(":loadbalancer/", ":listener/", 1) + "/*"
        } else {
            asks[0].resource.clone()
        };
        let tagging = Ask::new("elasticloadbalancing:AddTags", made).told(given);
        asks.push(tagging.with("elasticloadbalancing:CreateAction", Some(operation)));
    }
    asks
}

/// The same of classic load balancers, which are named by their names.
fn of_classic(tx: &Tx<'_>, operation: &str, action: &str, input: &Value) -> Vec<Ask> {
    let given = requested(input.get("Tags"));
    let several = input.get("LoadBalancerNames").list().iter().filter_map(Value::text);
    let mut asks = Vec::new();
    for name in several.chain(input.get("LoadBalancerName").text()) {
        let resource = arn(tx, &format!("loadbalancer/{name}"));
        let tags = classic::tags::of(tx, name);
        let own = tags.iter().map(|(key, value)| (format!("elasticloadbalancing:ResourceTag/{key}"), value.clone()));
        asks.push(Ask::new(action, &resource).told(held(pairs(&tags))).told(own).told(given.clone()));
        if operation == "CreateLoadBalancer" && !given.is_empty() {
            let tagging = Ask::new("elasticloadbalancing:AddTags", resource).told(given.clone());
            asks.push(tagging.with("elasticloadbalancing:CreateAction", Some(operation)));
        }
    }
    if asks.is_empty() {
        asks.push(Ask::new(action, "*"));
    }
    asks
}
