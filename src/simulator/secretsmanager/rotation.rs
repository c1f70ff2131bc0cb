//! Rotation: a secret of a customer's own is rotated by a Lambda function, and functions are not simulated, so that none
//! is there. One that a service keeps is rotated by that service.
//! <https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets.html>

use super::secret::{alive, seen};
use super::{invalid_parameter, invalid_request, managed};
use crate::input::Input;
use crate::rds::master_secret;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[("RotateSecret", rotate), ("CancelRotateSecret", cancel)];

const ROTATE: &str = "https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "secretsmanager.rotation.schedule",
        "a schedule is of days, or of cron or rate, and four hours apart",
        ROTATE,
    ),
    Rule::new("secretsmanager.rotation.busy", "a rotation begins once the one before is done", ROTATE),
];

fn rotate(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let secret = seen(tx, input.required("SecretId"))?;
    alive(tx, &secret)?;
    let (token, function) = (input.text("ClientRequestToken"), input.text("RotationLambdaARN"));
    let at_once = input.bool("RotateImmediately") != Some(false);
    if let Some(rules) = input.record("RotationRules") {
        schedule(tx, &rules)?;
    }
    if let Some((owner, _)) = &secret.owner {
        if input.has("RotationRules") {
            return Err(Refusal::not_simulated(format!("another schedule of a secret of {owner}'s")));
        }
        // A secret with managed rotation has no function, the page says; no source has the words.
        if function.is_some() {
            return Err(invalid_request("You can't specify a Lambda rotation function for a managed secret."));
        }
        if at_once && !master_secret::is_token_of(tx, &secret.arn, token) {
            let busy = master_secret::is_rotating(tx, &secret.arn);
            // <https://github.com/getmoto/moto/blob/master/moto/secretsmanager/models.py> has the words.
            tx.enforce("secretsmanager.rotation.busy", !busy, || {
                invalid_request("A previous rotation isn't complete. That rotation will be reattempted.")
            })?;
            master_secret::rotate(tx, &secret.arn, token);
        }
        let version = seen(tx, &secret.arn)?.versions.first().map(|version| version.id.clone());
        return Ok(secret.with(&[("VersionId", version.into())]));
    }
    if function.is_none() {
        // <https://github.com/getmoto/moto/pull/3912> has AWS's answer.
        return Err(invalid_request("No Lambda rotation function ARN is associated with this secret."));
    }
    // <https://github.com/localstack/localstack/pull/12391>
    Err(Refusal::new("ResourceNotFoundException", "Lambda does not exist or could not be accessed"))
}

/// Refuses a schedule that no secret is rotated by. No source has the words.
fn schedule(tx: &Tx<'_>, rules: &Input<'_>) -> Result<(), Refusal> {
    let (days, text) = (rules.integer("AutomaticallyAfterDays"), rules.text("ScheduleExpression"));
    let rule = "secretsmanager.rotation.schedule";
    tx.enforce(rule, days.is_none() || text.is_none(), || {
        invalid_parameter("You can't specify both AutomaticallyAfterDays and ScheduleExpression.")
    })?;
    tx.enforce(rule, text.is_none_or(is_schedule), || {
        invalid_parameter(format!("Invalid ScheduleExpression {}.", text.unwrap_or_default()))
    })?;
    let hours = rules.text("Duration").and_then(|hours| hours.strip_suffix('h')).map(str::parse::<u32>);
    let sound = hours.is_none_or(|hours| hours.is_ok_and(|hours| (1..=24).contains(&hours)));
    tx.enforce(rule, sound, || invalid_parameter("Invalid Duration: the window must not extend into the next UTC day."))
}

/// Whether a text is `rate(...)` of hours or days, or `cron(...)` of six fields whose minute is 0.
/// <https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html>
fn is_schedule(text: &str) -> bool {
    let within = |start: &str| text.strip_prefix(start).and_then(|rest| rest.strip_suffix(')'));
    if let Some(rate) = within("rate(") {
        let Some((number, unit)) = rate.split_once(' ') else { return false };
        let Ok(number) = number.parse::<u32>() else { return false };
        return match unit {
            "hour" | "hours" => (4..=999 * 24).contains(&number),
            "day" | "days" => (1..=999).contains(&number),
            _ => false,
        };
    }
    let fields: Vec<&str> = within("cron(").unwrap_or_default().split_whitespace().collect();
    fields.len() == 6 && fields[0] == "0" && (fields[2] == "?") != (fields[4] == "?")
}

fn cancel(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let secret = seen(tx, input.required("SecretId"))?;
    alive(tx, &secret)?;
    managed::refuse(tx, &secret)?;
    // The page of the operation has this for its error; nothing here has a function to forget.
    Err(invalid_request(
        "You tried to enable rotation on a secret that doesn't already have a Lambda function ARN configured and you \
         didn't include such an ARN as a parameter in this call.",
    ))
}

#[cfg(test)]
mod tests {
    use super::is_schedule;

    #[test]
    fn a_schedule_is_a_rate_of_four_hours_or_more_or_a_cron_at_a_full_hour() {
        for sound in ["rate(4 hours)", "rate(10 days)", "rate(1 day)", "cron(0 8 1 * ? *)", "cron(0 /8 ? * * *)"] {
            assert!(is_schedule(sound), "{sound}");
        }
        for wrong in ["rate(3 hours)", "rate(1 week)", "rate()", "cron(30 8 1 * ? *)", "cron(0 8 1 * 1 *)", "daily"] {
            assert!(!is_schedule(wrong), "{wrong}");
        }
    }
}
