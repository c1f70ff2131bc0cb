//! What an alarm does when its state changes: each action is named by an ARN.

use super::invalid;
use super::watched::Watched;
use crate::input::Input;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::world::Tx;

const PUT: &str = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("cloudwatch.action.arn", "an action is named by the ARN of what alarms can do", PUT),
    Rule::new("cloudwatch.action.region", "an action lies in the alarm's region", PUT),
    Rule::new("cloudwatch.action.twice", "a state has each action once", PUT),
    Rule::new(
        "cloudwatch.action.instance",
        "what is done to a machine is done by an alarm on a metric of it",
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/UsingAlarmActions.html",
    ),
    Rule::new("cloudwatch.action.band", "an alarm on a band of what is usual scales nothing", PUT),
];

/// Refuses actions that no alarm, or not this one, can take.
///
/// # Errors
/// In that case.
pub(super) fn check(tx: &Tx<'_>, input: &Input<'_>, watched: &Watched) -> Result<(), Refusal> {
    for member in ["OKActions", "AlarmActions", "InsufficientDataActions"] {
        let actions = input.texts(member);
        let twice = actions.iter().enumerate().any(|(at, action)| actions[..at].contains(action));
        // No source has the words.
        tx.enforce("cloudwatch.action.twice", !twice, || invalid(format!("{member} must not contain duplicates")))?;
        for action in actions {
            // No source has the words; Terraform's users saw an empty message:
            // <https://github.com/hashicorp/terraform/issues/19015>.
            tx.enforce("cloudwatch.action.arn", is_action(action), || {
                invalid(format!("Invalid arn syntax: {action}"))
            })?;
            let region = action.split(':').nth(3).unwrap_or_default();
            tx.enforce("cloudwatch.action.region", region.is_empty() || region == tx.region(), || {
                invalid(format!("Invalid region {region} specified. Only {} is supported.", tx.region()))
            })?;
            let of_machine = action.starts_with("arn:aws:automate:") || action.starts_with("arn:aws:swf:");
            // <https://github.com/aws/aws-cdk/issues/29331> has the words of a client that knows of it.
            tx.enforce("cloudwatch.action.instance", !of_machine || watched.of_instance, || {
                invalid("EC2 alarm actions requires an EC2 Per-Instance Metric.")
            })?;
            // No source has the words.
            tx.enforce("cloudwatch.action.band", !(watched.band && action.contains(":autoscaling:")), || {
                invalid("Alarms based on anomaly detection models can not have Auto Scaling actions")
            })?;
        }
    }
    Ok(())
}

fn is_action(arn: &str) -> bool {
    let parts: Vec<&str> = arn.split(':').collect();
    let account = |text: &str| text.len() == 12 && text.bytes().all(|digit| digit.is_ascii_digit());
    match parts[..] {
        ["arn", "aws", "automate", _, "ec2", verb] => ["recover", "reboot", "stop", "terminate"].contains(&verb),
        ["arn", "aws", "swf", _, owner, action] => {
            account(owner) && action.starts_with("action/actions/AWS_EC2.InstanceId.")
        }
        ["arn", "aws", "sns", _, owner, topic] => account(owner) && !topic.is_empty(),
        ["arn", "aws", "autoscaling", _, owner, "scalingPolicy", ..] => account(owner) && parts.len() >= 8,
        ["arn", "aws", "lambda", _, owner, "function", name]
        | ["arn", "aws", "lambda", _, owner, "function", name, _] => account(owner) && !name.is_empty(),
        ["arn", "aws", "ssm", _, owner, "opsitem", severity] => account(owner) && !severity.is_empty(),
        ["arn", "aws", "ssm-incidents", "", owner, "responseplan/", ..] => account(owner),
        ["arn", "aws", "ssm-incidents", _, owner, plan] => account(owner) && plan.starts_with("responseplan/"),
        ["arn", "aws", "aiops", _, owner, group] => account(owner) && group.starts_with("investigation-group"),
        _ => false,
    }
}
