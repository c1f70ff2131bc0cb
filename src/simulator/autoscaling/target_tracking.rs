//! Policies that keep a metric at a value: what they track, and the two alarms that are made for each.

use super::invalid;
use super::step_adjustment::number;
use crate::cloudwatch::alarm;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::value::{Record, Value};
use crate::world::Tx;

const TRACKING: &str = "https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_TargetTrackingConfiguration.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("autoscaling.tracking.metric", "what is tracked is one metric, AWS's or one's own", TRACKING),
    Rule::new(
        "autoscaling.tracking.label",
        "a balancer's target group is named where its requests are tracked, and is the group's",
        "https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_PredefinedMetricSpecification.html",
    ),
    Rule::new(
        "autoscaling.tracking.period",
        "a period has 10, 30 or 60 seconds",
        "https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CustomizedMetricSpecification.html",
    ),
    Rule::new("autoscaling.tracking.target", "the value is above nought", TRACKING),
];

/// Of how many periods an alarm rings to grow, and to shrink: in 3 minutes and in 15.
const PERIODS: [i64; 2] = [3, 15];
/// At which part of its value a metric is low.
const LOW: f64 = 0.9;

/// Refuses a configuration that tracks nothing, or not one thing.
///
/// # Errors
/// In that case.
pub(super) fn check(tx: &Tx<'_>, tracking: &Input<'_>) -> Result<(), Refusal> {
    let (predefined, customized) =
        (tracking.record("PredefinedMetricSpecification"), tracking.record("CustomizedMetricSpecification"));
    // <https://github.com/badmintoncryer/cdk-preflight> has the words of this and what follows.
    tx.enforce("autoscaling.tracking.metric", predefined.is_some() != customized.is_some(), || {
        invalid("You should provide either a CustomizedMetricSpecification or a PredefinedMetricSpecification")
    })?;
    if let Some(predefined) = predefined {
        let (metric, label) = (predefined.required("PredefinedMetricType"), predefined.text("ResourceLabel"));
        let of_balancer = metric == "ALBRequestCountPerTarget";
        tx.enforce("autoscaling.tracking.label", !of_balancer || label.is_some(), || {
            invalid(format!("Resource label should be specified for predefined metric type {metric}"))
        })?;
        tx.enforce("autoscaling.tracking.label", of_balancer || label.is_none(), || {
            invalid(format!("Resource label should not be specified for predefined metric type {metric}"))
        })?;
        // EKS attaches no target groups: <https://github.com/terraform-aws-modules/terraform-aws-autoscaling/pull/279>.
        if of_balancer {
            return Err(invalid("Target group not attached to the Auto Scaling group"));
        }
    }
    if let Some(customized) = customized {
        if customized.has("Metrics") {
            return Err(Refusal::not_simulated("a metric that is reckoned from others"));
        }
        for member in ["MetricName", "Namespace", "Statistic"] {
            // No source has the words.
            tx.enforce("autoscaling.tracking.metric", customized.has(member), || {
                invalid(format!("{member} must be specified in CustomizedMetricSpecification"))
            })?;
        }
        let period = customized.integer("Period").unwrap_or(60);
        tx.enforce("autoscaling.tracking.period", period <= 60, || {
            invalid("A metric period greater than 60 isn't supported")
        })?;
        // No source has the words.
        tx.enforce("autoscaling.tracking.period", [10, 30, 60].contains(&period), || {
            invalid("Period must be 10, 30 or 60")
        })?;
    }
    let target = number(tracking.whole("TargetValue")).unwrap_or_default();
    tx.enforce("autoscaling.tracking.target", (8.515_92e-12..=1.174_271e17).contains(&target), || {
        invalid("Target value must be between 8.51592E-12 and 1.174271E17")
    })
}

/// What a configuration tracks: no two policies of a group track the same.
pub(super) fn tracked(tracking: &Value) -> (&Value, &Value) {
    (tracking.get("PredefinedMetricSpecification"), tracking.get("CustomizedMetricSpecification"))
}

/// Makes a policy's alarms, or puts those that it has anew, and gives their names: one rings above the value, one below
/// nine tenths of it where the policy shrinks the group at all.
pub(super) fn put_alarms(
    tx: &mut Tx<'_>,
    of: &str,
    policy_arn: &str,
    tracking: &Value,
    known: &[String],
) -> Vec<String> {
    let shrinks = tracking.get("DisableScaleIn").bool() != Some(true);
    let target = number(tracking.get("TargetValue")).unwrap_or_default();
    let mut names = Vec::new();
    for (at, kind) in ["AlarmHigh", "AlarmLow"].into_iter().enumerate().take(if shrinks { 2 } else { 1 }) {
        let name = match known.get(at) {
            Some(name) => name.clone(),
            None => format!("TargetTracking-{of}-{kind}-{}", tx.uuid()),
        };
        let (operator, threshold) =
            if at == 0 { ("GreaterThanThreshold", target) } else { ("LessThanThreshold", target * LOW) };
        let mut settings = metric(of, tracking);
        let description = format!("DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {policy_arn}.");
        let nobody = Value::List(Vec::new());
        for (member, value) in [
            ("AlarmDescription", Value::from(description)),
            ("EvaluationPeriods", Value::from(PERIODS[at])),
            ("Threshold", Value::from(threshold)),
            ("ComparisonOperator", Value::from(operator)),
            ("OKActions", nobody.clone()),
            ("AlarmActions", Value::from(vec![policy_arn.to_owned()])),
            ("InsufficientDataActions", nobody),
            ("ActionsEnabled", Value::from(true)),
        ] {
            settings.insert(member.to_owned(), value);
        }
        alarm::keep(tx, &name, Value::Record(settings), Vec::new());
        names.push(name);
    }
    for name in known.iter().skip(names.len()) {
        alarm::drop(tx, name);
    }
    names
}

/// The metric that an alarm watches.
fn metric(of: &str, tracking: &Value) -> Record {
    let customized = tracking.get("CustomizedMetricSpecification");
    let mut settings = Record::new();
    if customized.is_absent() {
        let predefined = tracking.get("PredefinedMetricSpecification").get("PredefinedMetricType").text();
        let (name, period) = match predefined.unwrap_or_default() {
            "ASGAverageNetworkIn" => ("NetworkIn", 60_i64),
            "ASGAverageNetworkOut" => ("NetworkOut", 60),
            "ASGAverageCPUUtilizationHighResolution" => ("CPUUtilization", 10),
            _ => ("CPUUtilization", 60),
        };
        let dimension = record! { "Name" => "AutoScalingGroupName", "Value" => of };
        for (member, value) in [
            ("MetricName", Value::from(name)),
            ("Namespace", Value::from("AWS/EC2")),
            ("Statistic", Value::from("Average")),
            ("Period", Value::from(period)),
            ("Dimensions", Value::List(vec![dimension])),
        ] {
            settings.insert(member.to_owned(), value);
        }
        return settings;
    }
    for member in ["MetricName", "Namespace", "Statistic", "Unit"] {
        let value = customized.get(member);
        if !value.is_absent() {
            settings.insert(member.to_owned(), value.clone());
        }
    }
    settings.insert("Period".to_owned(), Value::from(customized.get("Period").integer().unwrap_or(60)));
    settings.insert("Dimensions".to_owned(), Value::List(customized.get("Dimensions").list().to_vec()));
    settings
}
