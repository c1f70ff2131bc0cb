//! Target groups: made, described and deleted. Nothing is registered in them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::arn::{self, Kind};
use super::health_check::{self, HealthCheck};
use super::listener::Listener;
use super::load_balancer::{self, LoadBalancer};
use super::{invalid, named, paged, protocol, tags};
use crate::ec2::vpc::Vpc;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("CreateTargetGroup", create), ("DeleteTargetGroup", delete), ("DescribeTargetGroups", describe)];

const CREATE: &str = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "elasticloadbalancing.target_group.name",
        "a name has 1 to 32 letters, digits and hyphens, none at an end",
        CREATE,
    ),
    Rule::new(
        "elasticloadbalancing.target_group.name.unique",
        "a target group is made again with the settings that it has",
        CREATE,
    ),
    Rule::new("elasticloadbalancing.target_group.traffic", "a target group has a protocol, a port and a VPC", CREATE),
    Rule::new(
        "elasticloadbalancing.target_group.version",
        "HTTP/1.1, HTTP/2 and gRPC are versions of HTTP and HTTPS",
        CREATE,
    ),
    Rule::new(
        "elasticloadbalancing.target_group.alb",
        "load balancers are targets by TCP",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/network/application-load-balancer-target.html",
    ),
    Rule::new(
        "elasticloadbalancing.target_group.quota",
        "a region has 3,000 target groups",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html",
    ),
    Rule::new(
        "elasticloadbalancing.target_group.used",
        "a target group to which a listener forwards is not deleted",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeleteTargetGroup.html",
    ),
    Rule::new(
        "elasticloadbalancing.target_group.selection",
        "target groups are described by their load balancer, names or ARNs, not by several of these",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetGroups.html",
    ),
];

/// A target group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetGroup {
    /// Its name.
    pub name: String,
    /// What tells it from others that had its name.
    pub suffix: String,
    /// `instance`, `ip` or `alb`.
    pub target: String,
    /// The protocol by which its targets are reached.
    pub protocol: String,
    /// Which version of HTTP that is.
    pub version: Option<String>,
    /// The port at which they are.
    pub port: i64,
    /// Their VPC.
    pub vpc: String,
    /// How they are looked at.
    pub check: HealthCheck,
    /// Its tags.
    pub tags: Vec<(String, String)>,
}

impl Row for TargetGroup {
    const TABLE: &'static str = "elasticloadbalancing.target_group";
    fn id(&self) -> String {
        format!("{}/{}", self.name, self.suffix)
    }
}

impl TargetGroup {
    /// Its ARN.
    #[must_use]
    pub fn arn(&self, tx: &Tx<'_>) -> String {
        arn::of(tx, Kind::TargetGroup, &self.id())
    }

    /// The load balancers that forward to it, by their ids.
    pub(super) fn balancers(&self, tx: &Tx<'_>) -> BTreeSet<String> {
        let arn = self.arn(tx);
        let forwarding = tx.rows::<Listener>().filter(|listener| listener.action.groups().any(|group| *group == arn));
        forwarding.map(|listener| listener.balancer.clone()).collect()
    }

    fn view(&self, tx: &Tx<'_>) -> Value {
        let arn = |id: &String| tx.get::<LoadBalancer>(id).map(|balancer| balancer.arn(tx));
        let mut view = record! {
            "TargetGroupArn" => self.arn(tx),
            "TargetGroupName" => &self.name,
            "Protocol" => &self.protocol,
            "Port" => self.port,
            "VpcId" => &self.vpc,
            "LoadBalancerArns" => self.balancers(tx).iter().filter_map(arn).collect::<Vec<String>>(),
            "TargetType" => &self.target,
            "ProtocolVersion" => self.version.clone(),
            "IpAddressType" => "ipv4",
        };
        for (member, value) in self.check.view() {
            view.set(&member, value);
        }
        view
    }
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let name = input.required("Name");
    let target = input.text("TargetType").unwrap_or("instance");
    if target == "lambda" {
        return Err(Refusal::not_simulated("elasticloadbalancing to functions"));
    }
    if input.text("IpAddressType").is_some_and(|kind| kind != "ipv4") {
        return Err(Refusal::not_simulated("elasticloadbalancing with IPv6"));
    }
    named(tx, "elasticloadbalancing.target_group.name", "Target group name", name)?;
    let rule = "elasticloadbalancing.target_group.traffic";
    let (protocol, port, vpc) = (input.text("Protocol"), input.integer("Port"), input.text("VpcId"));
    // No source has the words of these.
    tx.enforce(rule, protocol.is_some(), || invalid("A protocol must be specified"))?;
    tx.enforce(rule, port.is_some(), || invalid("A port must be specified"))?;
    tx.enforce(rule, vpc.is_some(), || invalid("A VPC ID must be specified"))?;
    let (protocol, port, vpc) = (protocol.unwrap_or("HTTP"), port.unwrap_or(80), vpc.unwrap_or_default());
    protocol::simulated(protocol)?;
    tx.enforce(rule, tx.get::<Vpc>(vpc).is_some(), || invalid(format!("The VPC ID '{vpc}' is not found")))?;
    tx.enforce("elasticloadbalancing.target_group.alb", target != "alb" || protocol == "TCP", || {
        invalid(format!("Protocol '{protocol}' is not supported for target groups with target type 'alb'"))
    })?;
    let version = version(tx, input, protocol)?;
    let check = health_check::read(tx, input, protocol, version.as_deref() == Some("GRPC"))?;
    let tags = tags::read(tx, input)?;
    let mut group = TargetGroup {
        name: name.to_owned(),
        suffix: String::new(),
        target: target.to_owned(),
        protocol: protocol.to_owned(),
        version,
        port,
        vpc: vpc.to_owned(),
        check,
        tags,
    };
    if let Some(known) = tx.rows::<TargetGroup>().find(|known| known.name == name) {
        let same = TargetGroup { suffix: String::new(), ..known.clone() } == group;
        tx.enforce("elasticloadbalancing.target_group.name.unique", same, || {
            let message = format!("A target group with the same name '{name}' exists, but with different settings");
            Refusal::new("DuplicateTargetGroupName", message)
        })?;
        return Ok(record! { "TargetGroups" => vec![known.view(tx)] });
    }
    let most = tx.quota("elasticloadbalancing.target-groups");
    // The code is declared; no source has the words.
    tx.enforce("elasticloadbalancing.target_group.quota", tx.count::<TargetGroup>() < most, || {
        Refusal::new("TooManyTargetGroups", "The maximum number of target groups has been reached")
    })?;
    group.suffix = tx.hex(16);
    let view = group.view(tx);
    tx.put(group);
    Ok(record! { "TargetGroups" => vec![view] })
}

/// The version of HTTP that a request wants, where there is one.
fn version(tx: &Tx<'_>, input: &Input<'_>, protocol: &str) -> Result<Option<String>, Refusal> {
    let given = input.text("ProtocolVersion");
    let by_request = matches!(protocol, "HTTP" | "HTTPS");
    // No source has the words.
    let sound = given.is_none_or(|version| by_request && ["GRPC", "HTTP1", "HTTP2"].contains(&version));
    tx.enforce("elasticloadbalancing.target_group.version", sound, || {
        let version = given.unwrap_or_default();
        invalid(format!("Protocol version '{version}' is not supported for protocol '{protocol}'"))
    })?;
    Ok(by_request.then(|| given.unwrap_or("HTTP1").to_owned()))
}

/// What is not there is deleted, too.
fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let given = input.required("TargetGroupArn");
    let id = arn::id(tx, Kind::TargetGroup, given)?;
    let Some(group) = tx.get::<TargetGroup>(id).cloned() else { return Ok(Value::Record(Record::new())) };
    // <https://github.com/cloudposse/terraform-aws-alb-ingress/issues/24>
    tx.enforce("elasticloadbalancing.target_group.used", group.balancers(tx).is_empty(), || {
        let message = format!("Target group '{given}' is currently in use by a listener or a rule");
        Refusal::new("ResourceInUse", message)
    })?;
    tx.remove::<TargetGroup>(id);
    Ok(Value::Record(Record::new()))
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let (arns, names) = (input.texts("TargetGroupArns"), input.texts("Names"));
    let of_balancer = input.has("LoadBalancerArn");
    let given = [of_balancer, !arns.is_empty(), !names.is_empty()];
    // No source has the words.
    tx.enforce("elasticloadbalancing.target_group.selection", given.iter().filter(|one| **one).count() <= 1, || {
        invalid("Target groups can be described by load balancer, by name or by ARN, not by several of these")
    })?;
    let mut wanted = Vec::new();
    for given in &arns {
        let id = arn::id(tx, Kind::TargetGroup, given)?;
        wanted.push(tx.get::<TargetGroup>(id).ok_or_else(|| Kind::TargetGroup.missing())?);
    }
    if names.iter().any(|name| tx.rows::<TargetGroup>().all(|known| known.name != *name)) {
        return Err(Kind::TargetGroup.missing());
    }
    let balancer = if of_balancer { Some(load_balancer::find(tx, input)?.id()) } else { None };
    if arns.is_empty() {
        let is_wanted = |group: &&TargetGroup| {
            (names.is_empty() || names.contains(&group.name.as_str()))
                && balancer.as_ref().is_none_or(|balancer| group.balancers(tx).contains(balancer))
        };
        wanted.extend(tx.rows::<TargetGroup>().filter(is_wanted));
    }
    let items: BTreeMap<String, Value> = wanted.iter().map(|group| (group.id(), group.view(tx))).collect();
    paged(tx, input, "TargetGroups", items.into_iter().collect())
}
