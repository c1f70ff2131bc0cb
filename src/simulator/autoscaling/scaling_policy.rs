//! Policies that scale a group: by a fixed amount, in steps, or so that a metric keeps a value. They are put, described
//! and deleted; alarms that name one are told with it.

use serde::{Deserialize, Serialize};

use super::{group, invalid, paged, step_adjustment, target_tracking};
use crate::cloudwatch::alarm::{self, MetricAlarm};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("PutScalingPolicy", put),
    ("DescribePolicies", describe),
    ("DeletePolicy", delete),
    ("DescribeAdjustmentTypes", describe_adjustment_types),
];

const PUT: &str = "https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PutScalingPolicy.html";
const DELETE: &str = "https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DeletePolicy.html";
const DESCRIBE: &str = "https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DescribePolicies.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("autoscaling.policy.type", "a policy is of a type that there is, and says no more than is of it", PUT),
    Rule::new("autoscaling.policy.adjustment", "a policy says how its numbers are meant, and has some", PUT),
    Rule::new("autoscaling.policy.tracked", "a group has one policy that tracks a metric", PUT),
    Rule::new(
        "autoscaling.policy.quota",
        "a group has 50 policies",
        "https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-quotas.html",
    ),
    Rule::new("autoscaling.policy.exists", "a policy that is deleted exists, and its group is named", DELETE),
    Rule::new("autoscaling.policy.selection", "50 policies are named at most, of types that there are", DESCRIBE),
];

const TYPES: &[&str] = &["SimpleScaling", "StepScaling", "TargetTrackingScaling", "PredictiveScaling"];
const ADJUSTMENTS: &[&str] = &["ChangeInCapacity", "ExactCapacity", "PercentChangeInCapacity"];

/// A policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScalingPolicy {
    /// The group's name.
    pub group: String,
    /// Its name.
    pub name: String,
    /// What its ARN has.
    pub uuid: String,
    /// `SimpleScaling`, `StepScaling` or `TargetTrackingScaling`.
    pub kind: String,
    /// Whether it scales.
    pub enabled: bool,
    /// What it does, by the API's names.
    pub settings: Value,
    /// The names of the alarms that were made for it.
    pub alarms: Vec<String>,
}

impl Row for ScalingPolicy {
    const TABLE: &'static str = "autoscaling.policy";
    fn id(&self) -> String {
        id_of(&self.group, &self.name)
    }
}

fn id_of(group: &str, name: &str) -> String {
    format!("{group}/{name}")
}

impl ScalingPolicy {
    /// Its ARN.
    #[must_use]
    pub fn arn(&self, tx: &Tx<'_>) -> String {
        format!(
            "arn:aws:autoscaling:{}:{}:scalingPolicy:{}:autoScalingGroupName/{}:policyName/{}",
            tx.region(),
            tx.account(),
            self.uuid,
            self.group,
            self.name
        )
    }

    /// The alarms that it has to do with: its own, and those of whoever made them.
    fn alarms(&self, tx: &Tx<'_>) -> Vec<Value> {
        let arn = self.arn(tx);
        let names = tx
            .rows::<MetricAlarm>()
            .filter(|alarm| self.alarms.contains(&alarm.name) || alarm.actions().any(|action| action == arn));
        names.map(|alarm| record! { "AlarmName" => &alarm.name, "AlarmARN" => alarm.arn(tx) }).collect()
    }

    fn view(&self, tx: &Tx<'_>) -> Value {
        let mut shown = self.settings.clone();
        for (member, value) in [
            ("AutoScalingGroupName", Value::from(&self.group)),
            ("PolicyName", Value::from(&self.name)),
            ("PolicyARN", Value::from(self.arn(tx))),
            ("PolicyType", Value::from(&self.kind)),
            ("Alarms", Value::from(self.alarms(tx))),
            ("Enabled", Value::from(self.enabled)),
        ] {
            shown.set(member, value);
        }
        shown
    }
}

fn put(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let (of, name) = (input.required("AutoScalingGroupName"), input.required("PolicyName"));
    group::find(tx, of)?;
    let kind = input.text("PolicyType").unwrap_or("SimpleScaling");
    // No source has the words.
    tx.enforce("autoscaling.policy.type", TYPES.contains(&kind), || invalid(format!("Invalid policy type: {kind}")))?;
    let settings = match kind {
        "SimpleScaling" => simple(tx, input)?,
        "StepScaling" => stepped(tx, input)?,
        "TargetTrackingScaling" => tracking(tx, input, of, name)?,
        other => return Err(Refusal::not_simulated(format!("a policy of the type {other}"))),
    };
    let known = tx.get::<ScalingPolicy>(&id_of(of, name)).cloned();
    if known.is_none() {
        let most = tx.quota("autoscaling.policies-per-group");
        let there = i64::try_from(tx.rows_under::<ScalingPolicy>(&format!("{of}/")).count()).unwrap_or(i64::MAX);
        // No source has the words.
        tx.enforce("autoscaling.policy.quota", there < most, || {
            Refusal::new(
                "LimitExceeded",
                format!("You have reached the limit of {most} scaling policies for the group."),
            )
        })?;
    }
    let mut policy = known.unwrap_or_else(|| ScalingPolicy {
        group: of.to_owned(),
        name: name.to_owned(),
        uuid: tx.uuid(),
        kind: String::new(),
        enabled: true,
        settings: Value::Absent,
        alarms: Vec::new(),
    });
    kind.clone_into(&mut policy.kind);
    policy.enabled = input.bool("Enabled").unwrap_or(true);
    policy.settings = settings;
    let arn = policy.arn(tx);
    if kind == "TargetTrackingScaling" {
        let configuration = policy.settings.get("TargetTrackingConfiguration").clone();
        policy.alarms = target_tracking::put_alarms(tx, of, &arn, &configuration, &policy.alarms);
    } else {
        for name in std::mem::take(&mut policy.alarms) {
            alarm::drop(tx, &name);
        }
    }
    let made = policy.alarms.clone();
    tx.put(policy);
    let made = made.iter().map(|name| record! { "AlarmName" => name, "AlarmARN" => alarm::arn(tx, name) });
    Ok(record! { "PolicyARN" => arn, "Alarms" => made.collect::<Vec<Value>>() })
}

/// Refuses what is of other types of policies.
fn no_more(tx: &Tx<'_>, input: &Input<'_>, kind: &str, others: &[&str]) -> Result<(), Refusal> {
    for member in others {
        // <https://github.com/badmintoncryer/cdk-preflight> has the words, also of what follows.
        tx.enforce("autoscaling.policy.type", !input.has(member), || {
            invalid(match kind {
                "TargetTracking" => format!("{member} are not supported for a {kind} policy"),
                _ => format!("{member} is not supported for a {kind} policy"),
            })
        })?;
    }
    Ok(())
}

/// How numbers are meant, of a policy that has some.
fn adjustment(tx: &Tx<'_>, input: &Input<'_>, kind: &str, numbers: &[i64]) -> Result<Record, Refusal> {
    let rule = "autoscaling.policy.adjustment";
    let given = input.text("AdjustmentType");
    tx.enforce(rule, given.is_some(), || {
        invalid(format!("You must specify an AdjustmentType for policy type: {kind}"))
    })?;
    let given = given.unwrap_or("ChangeInCapacity");
    // No source has the words.
    tx.enforce(rule, ADJUSTMENTS.contains(&given), || invalid(format!("Invalid AdjustmentType: {given}")))?;
    tx.enforce(rule, given != "ExactCapacity" || numbers.iter().all(|number| *number >= 0), || {
        invalid("The lowest value for ScalingAdjustment parameter is 0 with the specified adjustment type")
    })?;
    let least = input.integer("MinAdjustmentMagnitude");
    tx.enforce(rule, least.is_none() || given == "PercentChangeInCapacity", || {
        invalid("MinAdjustmentMagnitude is not supported by the specified adjustment type")
    })?;
    let mut settings = Record::new();
    settings.insert("AdjustmentType".to_owned(), Value::from(given));
    if let Some(least) = least {
        settings.insert("MinAdjustmentMagnitude".to_owned(), Value::from(least));
    }
    Ok(settings)
}

fn simple(tx: &Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let others = ["MetricAggregationType", "EstimatedInstanceWarmup", "StepAdjustments", "TargetTrackingConfiguration"];
    no_more(tx, input, "SimpleScaling", &others)?;
    let by = input.integer("ScalingAdjustment");
    // <https://github.com/Netflix/asgard/issues/704>
    tx.enforce("autoscaling.policy.adjustment", by.is_some(), || {
        invalid("Scaling increment must be specified for a SimpleScaling policy")
    })?;
    let by = by.unwrap_or_default();
    let mut settings = adjustment(tx, input, "SimpleScaling", &[by])?;
    settings.insert("ScalingAdjustment".to_owned(), Value::from(by));
    settings.insert("StepAdjustments".to_owned(), Value::List(Vec::new()));
    if let Some(cooldown) = input.integer("Cooldown") {
        settings.insert("Cooldown".to_owned(), Value::from(cooldown));
    }
    Ok(Value::Record(settings))
}

fn stepped(tx: &Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    no_more(tx, input, "StepScaling", &["ScalingAdjustment", "TargetTrackingConfiguration"])?;
    let steps = input.whole("StepAdjustments").list().to_vec();
    tx.enforce("autoscaling.policy.adjustment", !steps.is_empty(), || {
        invalid("You should specify at least one StepAdjustment with a StepScaling policy")
    })?;
    step_adjustment::check(tx, input)?;
    let numbers: Vec<i64> = steps.iter().filter_map(|step| step.get("ScalingAdjustment").integer()).collect();
    let mut settings = adjustment(tx, input, "StepScaling", &numbers)?;
    let aggregated = input.text("MetricAggregationType").unwrap_or("Average");
    // No source has the words.
    tx.enforce("autoscaling.policy.type", ["Minimum", "Maximum", "Average"].contains(&aggregated), || {
        invalid(format!("Invalid MetricAggregationType: {aggregated}"))
    })?;
    settings.insert("MetricAggregationType".to_owned(), Value::from(aggregated));
    settings.insert("StepAdjustments".to_owned(), Value::List(steps));
    warmed(input, &mut settings);
    Ok(Value::Record(settings))
}

fn tracking(tx: &Tx<'_>, input: &Input<'_>, of: &str, name: &str) -> Result<Value, Refusal> {
    let others = ["MetricAggregationType", "MinAdjustmentMagnitude", "ScalingAdjustment", "StepAdjustments"];
    no_more(tx, input, "TargetTracking", &others)?;
    let Some(configuration) = input.record("TargetTrackingConfiguration") else {
        return Err(invalid("You should provide a TargetTrackingConfiguration"));
    };
    target_tracking::check(tx, &configuration)?;
    let mut configuration = configuration.all().clone();
    let under = format!("{of}/");
    let mut others = tx.rows_under::<ScalingPolicy>(&under).filter(|other| other.name != name);
    let twice = others.any(|other| {
        let kept = other.settings.get("TargetTrackingConfiguration");
        !kept.is_absent() && target_tracking::tracked(kept) == target_tracking::tracked(&configuration)
    });
    // <https://github.com/hashicorp/terraform-provider-aws/issues/34408>
    tx.enforce("autoscaling.policy.tracked", !twice, || {
        invalid("Only one TargetTrackingScaling policy for a given metric specification is allowed.")
    })?;
    configuration.set("DisableScaleIn", configuration.get("DisableScaleIn").bool().unwrap_or(false));
    let mut settings = Record::new();
    settings.insert("StepAdjustments".to_owned(), Value::List(Vec::new()));
    settings.insert("TargetTrackingConfiguration".to_owned(), configuration);
    warmed(input, &mut settings);
    Ok(Value::Record(settings))
}

fn warmed(input: &Input<'_>, settings: &mut Record) {
    if let Some(seconds) = input.integer("EstimatedInstanceWarmup") {
        settings.insert("EstimatedInstanceWarmup".to_owned(), Value::from(seconds));
    }
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    group::managed_too(input)?;
    let (of, names, kinds) =
        (input.text("AutoScalingGroupName"), input.texts("PolicyNames"), input.texts("PolicyTypes"));
    if let Some(of) = of {
        group::find(tx, of)?;
    }
    // No source has the words of either.
    tx.enforce("autoscaling.policy.selection", names.len() <= 50, || {
        invalid("The number of policy names that are passed in may not be larger than 50")
    })?;
    let unknown = kinds.iter().find(|kind| !TYPES.contains(kind));
    tx.enforce("autoscaling.policy.selection", unknown.is_none(), || {
        invalid(format!("Invalid policy type: {}", unknown.unwrap_or(&"")))
    })?;
    let wanted = |policy: &&ScalingPolicy| {
        of.is_none_or(|of| policy.group == of)
            && (names.is_empty() || names.contains(&policy.name.as_str()))
            && (kinds.is_empty() || kinds.contains(&policy.kind.as_str()))
    };
    let items = tx.rows::<ScalingPolicy>().filter(wanted).map(|policy| (policy.id(), policy.view(tx))).collect();
    paged(tx, input, "ScalingPolicies", 100, items)
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let (of, given) = (input.text("AutoScalingGroupName"), input.required("PolicyName"));
    if let Some(of) = of {
        group::find(tx, of)?;
    }
    let named = of.is_some() || given.starts_with("arn:");
    // No source has the words of either.
    tx.enforce("autoscaling.policy.exists", named, || {
        invalid("AutoScalingGroupName must be specified where the policy is not named by its ARN")
    })?;
    let is = |policy: &&ScalingPolicy| {
        of.is_none_or(|of| policy.group == of) && (policy.name == given || policy.arn(tx) == given)
    };
    let found = tx.rows::<ScalingPolicy>().find(is).map(Row::id);
    tx.enforce("autoscaling.policy.exists", found.is_some(), || invalid(format!("Scaling policy {given} not found")))?;
    if let Some(id) = found {
        remove(tx, &id);
    }
    Ok(Value::Record(Record::new()))
}

/// The alarms that were made for a policy go with it; those that others made stay, and lose it as their action.
fn remove(tx: &mut Tx<'_>, id: &str) {
    let Some(policy) = tx.remove::<ScalingPolicy>(id) else { return };
    alarm::drop_action(tx, &policy.arn(tx));
    for name in policy.alarms {
        alarm::drop(tx, &name);
    }
}

/// A group's policies go with it.
pub fn forget(tx: &mut Tx<'_>, group: &str) {
    let ids: Vec<String> = tx.rows_under::<ScalingPolicy>(&format!("{group}/")).map(Row::id).collect();
    for id in ids {
        remove(tx, &id);
    }
}

fn describe_adjustment_types(_: &mut Tx<'_>, _: &Input<'_>) -> Result<Value, Refusal> {
    let types = ADJUSTMENTS.iter().map(|name| record! { "AdjustmentType" => *name });
    Ok(record! { "AdjustmentTypes" => types.collect::<Vec<Value>>() })
}
