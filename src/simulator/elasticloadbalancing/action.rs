//! What a listener does with what comes: it forwards it to target groups, redirects it, or answers it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::arn::{self, Kind};
use super::load_balancer::{LoadBalancer, Type};
use super::target_group::TargetGroup;
use super::{invalid, protocol, unfit};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::value::Value;
use crate::world::{Row, Tx};

const ACTION: &str = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_Action.html";
const FORWARD: &str =
    "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ForwardActionConfig.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("elasticloadbalancing.action.one", "a listener has one action by default that ends it", ACTION),
    Rule::new("elasticloadbalancing.action.type", "an action has what belongs to its type", ACTION),
    Rule::new(
        "elasticloadbalancing.action.network",
        "network load balancers forward, and do nothing else",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateListener.html",
    ),
    Rule::new("elasticloadbalancing.action.groups", "one forwards to up to five target groups, each once", FORWARD),
    Rule::new(
        "elasticloadbalancing.action.most",
        "an application load balancer forwards to 100 target groups",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html",
    ),
    Rule::new("elasticloadbalancing.action.weight", "weights are from 0 to 999", FORWARD),
    Rule::new("elasticloadbalancing.action.stickiness", "clients stick to a target group for up to a week", FORWARD),
    Rule::new("elasticloadbalancing.action.vpc", "a load balancer forwards within its VPC", ACTION),
    Rule::new(
        "elasticloadbalancing.action.shared",
        "a target group is of one load balancer",
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html",
    ),
];

/// A listener's action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// What it does.
    pub does: Does,
    /// Its place among others.
    pub order: Option<i64>,
}

/// What an action does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Does {
    /// It forwards to the target groups of these ARNs, by these weights.
    Forward {
        /// The groups.
        groups: Vec<(String, Option<i64>)>,
        /// Whether clients stick to one, and for how many seconds.
        stickiness: Option<(bool, Option<i64>)>,
    },
    /// It sends elsewhere.
    Redirect {
        /// Parts of the address, each as it was or another.
        parts: Vec<(String, String)>,
        /// `HTTP_301` or `HTTP_302`.
        status: String,
    },
    /// It answers.
    Answer {
        /// The status.
        status: String,
        /// The body.
        body: Option<String>,
        /// Its type.
        content_type: Option<String>,
    },
}

impl Action {
    /// The ARNs of the target groups to which it forwards.
    pub fn groups(&self) -> impl Iterator<Item = &String> {
        let groups = match &self.does {
            Does::Forward { groups, .. } => groups.as_slice(),
            Does::Redirect { .. } | Does::Answer { .. } => &[],
        };
        groups.iter().map(|(group, _)| group)
    }

    pub(super) fn view(&self) -> Value {
        let mut view = match &self.does {
            Does::Forward { groups, stickiness } => {
                let one = if let [(group, _)] = groups.as_slice() { Some(group) } else { None };
                let shown = groups.iter().map(|(group, weight)| {
                    record! { "TargetGroupArn" => group, "Weight" => weight.unwrap_or(1) }
                });
                let (sticky, seconds) = stickiness.unwrap_or((false, None));
                record! {
                    "Type" => "forward",
                    "TargetGroupArn" => one,
                    "ForwardConfig" => record! {
                        "TargetGroups" => Value::List(shown.collect()),
                        "TargetGroupStickinessConfig" =>
                            record! { "Enabled" => sticky, "DurationSeconds" => seconds },
                    },
                }
            }
            Does::Redirect { parts, status } => {
                let mut config = record! { "StatusCode" => status };
                for (part, value) in parts {
                    config.set(part, value.as_str());
                }
                record! { "Type" => "redirect", "RedirectConfig" => config }
            }
            Does::Answer { status, body, content_type } => record! {
                "Type" => "fixed-response",
                "FixedResponseConfig" => record! {
                    "StatusCode" => status,
                    "MessageBody" => body.clone(),
                    "ContentType" => content_type.clone(),
                },
            },
        };
        view.set("Order", self.order);
        view
    }
}

/// The action that a request wants of a listener by this protocol.
///
/// # Errors
/// When there can't be such a one.
pub(super) fn read(tx: &Tx<'_>, input: &Input<'_>, balancer: &LoadBalancer, protocol: &str) -> Result<Action, Refusal> {
    let given = input.records("DefaultActions");
    if given
        .iter()
        .any(|one| one.required("Type").starts_with("authenticate") || one.text("Type") == Some("jwt-validation"))
    {
        return Err(Refusal::not_simulated("elasticloadbalancing with actions that authenticate"));
    }
    // The code is declared for other actions as well; no source has the words.
    let one = "elasticloadbalancing.action.one";
    tx.enforce(one, given.len() <= 1, || {
        Refusal::new("TooManyActions", "A listener can have one default action that forwards, redirects or answers")
    })?;
    let Some(first) = given.first() else {
        return Err(invalid("A listener must have a default action"));
    };
    let kind = first.required("Type");
    tx.enforce("elasticloadbalancing.action.network", balancer.kind == Type::Application || kind == "forward", || {
        let message = format!("Action type '{kind}' is not valid for load balancers with type 'network'");
        Refusal::new("InvalidLoadBalancerAction", message)
    })?;
    let parts: &[(&str, &[&str])] = &[
        ("forward", &["TargetGroupArn", "ForwardConfig"]),
        ("redirect", &["RedirectConfig"]),
        ("fixed-response", &["FixedResponseConfig"]),
    ];
    for (of, members) in parts {
        let has = members.iter().any(|member| first.has(member));
        tx.enforce("elasticloadbalancing.action.type", has == (*of == kind), || {
            let message = if has {
                format!("An action of type '{kind}' cannot have what belongs to type '{of}'")
            } else {
                format!("An action of type '{kind}' must have its configuration")
            };
            invalid(message)
        })?;
    }
    let does = match kind {
        "redirect" => redirect(first.record("RedirectConfig")),
        "fixed-response" => answer(first.record("FixedResponseConfig")),
        _ => forward(tx, first, balancer, protocol)?,
    };
    Ok(Action { does, order: first.integer("Order") })
}

fn redirect(config: Option<Input<'_>>) -> Does {
    let text = |part: &str| Some((part.to_owned(), config.as_ref()?.text(part)?.to_owned()));
    let usual = |part: &str, value: &str| text(part).unwrap_or_else(|| (part.to_owned(), value.to_owned()));
    let (_, status) = usual("StatusCode", "HTTP_301");
    let parts = vec![
        usual("Protocol", "#{protocol}"),
        usual("Port", "#{port}"),
        usual("Host", "#{host}"),
        usual("Path", "/#{path}"),
        usual("Query", "#{query}"),
    ];
    Does::Redirect { parts, status }
}

fn answer(config: Option<Input<'_>>) -> Does {
    let text = |part: &str| config.as_ref()?.text(part).map(str::to_owned);
    Does::Answer {
        status: text("StatusCode").unwrap_or_else(|| "200".to_owned()),
        body: text("MessageBody"),
        content_type: text("ContentType"),
    }
}

fn forward(tx: &Tx<'_>, action: &Input<'_>, balancer: &LoadBalancer, protocol: &str) -> Result<Does, Refusal> {
    let config = action.record("ForwardConfig");
    let mut groups: Vec<(String, Option<i64>)> = Vec::new();
    for group in config.iter().flat_map(|config| config.records("TargetGroups")) {
        let weight = group.integer("Weight");
        // No source has the words of these.
        tx.enforce(
            "elasticloadbalancing.action.weight",
            weight.is_none_or(|weight| (0..=999).contains(&weight)),
            || invalid("The weight of a target group must be between 0 and 999"),
        )?;
        groups.push((group.required("TargetGroupArn").to_owned(), weight));
    }
    let alone = action.text("TargetGroupArn");
    let matching = alone.is_none_or(|alone| groups.is_empty() || (groups.len() == 1 && groups[0].0 == alone));
    tx.enforce("elasticloadbalancing.action.type", matching, || {
        invalid("A forward action's target group must be the one of its configuration")
    })?;
    if let (Some(alone), true) = (alone, groups.is_empty()) {
        groups.push((alone.to_owned(), None));
    }
    let mut seen = BTreeSet::new();
    let sound = !groups.is_empty() && groups.len() <= 5 && groups.iter().all(|(group, _)| seen.insert(group));
    tx.enforce("elasticloadbalancing.action.groups", sound, || {
        invalid("A forward action must have between one and five target groups, each of them once")
    })?;
    for (group, _) in &groups {
        check(tx, group, balancer, protocol)?;
    }
    let mut all: BTreeSet<&String> = balancer.listeners(tx).flat_map(|listener| listener.action.groups()).collect();
    all.extend(groups.iter().map(|(group, _)| group));
    let most = tx.quota("elasticloadbalancing.target-groups-per-application-load-balancer");
    let few = balancer.kind == Type::Network || i64::try_from(all.len()).is_ok_and(|count| count <= most);
    // <https://github.com/kubernetes-sigs/aws-load-balancer-controller/issues/3767>
    tx.enforce("elasticloadbalancing.action.most", few, || {
        let message = format!(
            "You have reached the maximum number of unique target groups that you can associate with a load balancer \
             of type 'application': [{most}]"
        );
        Refusal::new("TooManyUniqueTargetGroupsPerLoadBalancer", message)
    })?;
    let stickiness = match config.as_ref().and_then(|config| config.record("TargetGroupStickinessConfig")) {
        Some(given) => {
            let seconds = given.integer("DurationSeconds");
            let sound = seconds.is_none_or(|seconds| (1..=604_800).contains(&seconds));
            tx.enforce("elasticloadbalancing.action.stickiness", sound, || {
                invalid("The duration of target group stickiness must be between 1 and 604800 seconds")
            })?;
            Some((given.flag("Enabled"), seconds))
        }
        None => None,
    };
    Ok(Does::Forward { groups, stickiness })
}

/// Refuses a target group to which the load balancer can't forward by this protocol.
fn check(tx: &Tx<'_>, given: &str, balancer: &LoadBalancer, protocol: &str) -> Result<(), Refusal> {
    let id = arn::id(tx, Kind::TargetGroup, given)?;
    let group = tx.get::<TargetGroup>(id).ok_or_else(|| Kind::TargetGroup.missing())?;
    protocol::forwards(tx, protocol, group)?;
    // No source has the words.
    tx.enforce("elasticloadbalancing.action.vpc", group.vpc == balancer.vpc, || {
        unfit(format!("The following target groups are not in the VPC of the load balancer: {given}"))
    })?;
    let others = group.balancers(tx).iter().any(|other| *other != balancer.id());
    // <https://github.com/hashicorp/terraform-provider-aws/issues/22005>
    tx.enforce("elasticloadbalancing.action.shared", !others, || {
        let message =
            format!("The following target groups cannot be associated with more than one load balancer: {given}");
        Refusal::new("TargetGroupAssociationLimit", message)
    })
}
