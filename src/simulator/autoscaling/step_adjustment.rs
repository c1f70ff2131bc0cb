//! The steps of a policy: by how much a group grows or shrinks, by how far a metric is from its alarm's threshold.
//!
//! <https://github.com/badmintoncryer/cdk-preflight> has the words of what is refused.

use super::invalid;
use crate::input::Input;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::value::Value;
use crate::world::Tx;

const STEPS: &str =
    "https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-simple-step.html#as-scaling-steps";

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "autoscaling.steps.bounds",
        "a step's lower bound is below its upper one, and one of them is given",
        STEPS,
    ),
    Rule::new("autoscaling.steps.cover", "steps lie side by side, and go on for ever where they go beyond 0", STEPS),
    Rule::new(
        "autoscaling.steps.quota",
        "a policy has 20 steps",
        "https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-quotas.html",
    ),
];

/// A number with a fraction.
pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Float(number) => Some(*number),
        _ => None,
    }
}

/// Refuses steps that leave it open what is to be done, or say it twice.
///
/// # Errors
/// In that case.
pub(super) fn check(tx: &Tx<'_>, input: &Input<'_>) -> Result<(), Refusal> {
    let mut steps: Vec<(Option<f64>, Option<f64>)> = Vec::new();
    for step in input.whole("StepAdjustments").list() {
        steps.push((number(step.get("MetricIntervalLowerBound")), number(step.get("MetricIntervalUpperBound"))));
    }
    let most = tx.quota("autoscaling.steps-per-policy");
    let few = i64::try_from(steps.len()).is_ok_and(|count| count <= most);
    // <https://github.com/aws/aws-cdk/issues/27020>
    tx.enforce("autoscaling.steps.quota", few, || {
        Refusal::new("LimitExceeded", format!("There can be at most {most} step adjustments per scaling policy"))
    })?;
    for (lower, upper) in &steps {
        tx.enforce("autoscaling.steps.bounds", lower.is_some() || upper.is_some(), || {
            invalid("Both lower and upper bounds of a StepAdjustment cannot be left unspecified")
        })?;
        let ordered = lower.zip(*upper).is_none_or(|(lower, upper)| lower < upper);
        tx.enforce("autoscaling.steps.bounds", ordered, || {
            invalid("LowerBound must be less than the UpperBound for StepAdjustment")
        })?;
    }
    let (lower, upper): (Vec<Option<f64>>, Vec<Option<f64>>) = steps.iter().copied().unzip();
    one_open(tx, "lower", "negative", &lower, |bound| bound < 0.0)?;
    one_open(tx, "upper", "positive", &upper, |bound| bound > 0.0)?;
    let mut whole: Vec<(f64, f64)> = steps
        .into_iter()
        .map(|(lower, upper)| (lower.unwrap_or(f64::NEG_INFINITY), upper.unwrap_or(f64::INFINITY)))
        .collect();
    whole.sort_by(|left, right| left.0.total_cmp(&right.0));
    for pair in whole.windows(2) {
        tx.enforce("autoscaling.steps.cover", pair[0].1 <= pair[1].0, || {
            invalid("StepAdjustment intervals cannot overlap")
        })?;
        tx.enforce("autoscaling.steps.cover", pair[0].1 >= pair[1].0, || {
            invalid("StepAdjustment intervals cannot have gaps between them")
        })?;
    }
    Ok(())
}

/// Refuses bounds of one side of which two are open, or none though one lies beyond the threshold.
fn one_open(
    tx: &Tx<'_>,
    side: &str,
    sign: &str,
    bounds: &[Option<f64>],
    is_beyond: fn(f64) -> bool,
) -> Result<(), Refusal> {
    let open = bounds.iter().filter(|bound| bound.is_none()).count();
    tx.enforce("autoscaling.steps.cover", open <= 1, || {
        invalid(format!("At most one StepAdjustment may have an unspecified {side} bound"))
    })?;
    let beyond = bounds.iter().flatten().any(|bound| is_beyond(*bound));
    // <https://github.com/hashicorp/terraform-provider-aws/issues/9077> has the words for the upper one.
    tx.enforce("autoscaling.steps.cover", open == 1 || !beyond, || {
        invalid(format!(
            "There must be a StepAdjustment with an unspecified {side} bound (i.e., {side} bound is null) when one \
             StepAdjustment has a {sign} {side} bound"
        ))
    })
}
