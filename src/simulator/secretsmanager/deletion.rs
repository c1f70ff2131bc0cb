//! Deletions: after a window in which they can be taken back, or without one.

use jiff::SignedDuration;

use super::secret::{Secret, find};
use super::{invalid_parameter, invalid_request};
use crate::input::Input;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Handler, Span, Transition};
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[("DeleteSecret", delete), ("RestoreSecret", restore)];

pub(super) const TRANSITIONS: &[(&str, Transition)] = &[("secretsmanager.secret.deleted", |tx, pending| {
    tx.remove::<Secret>(&pending.subject);
})];

/// "There might be a short delay before the name can be used again", says the page.
pub(super) const SPANS: &[Span] = &[Span::new("secretsmanager.secret.delete", 1.0, 10.0)];

const DELETE: &str = "https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("secretsmanager.delete.window", "a secret goes after 7 to 30 days", DELETE),
    Rule::new("secretsmanager.delete.either", "a deletion has a window or is forced", DELETE),
];

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let forced = input.flag("ForceDeleteWithoutRecovery");
    let given = input.integer("RecoveryWindowInDays");
    tx.enforce("secretsmanager.delete.either", !forced || given.is_none(), || {
        invalid_parameter("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.")
    })?;
    let days = given.unwrap_or(30);
    tx.enforce("secretsmanager.delete.window", (7..=30).contains(&days), || {
        invalid_parameter("The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).")
    })?;
    let mut secret = match find(tx, input) {
        Ok(secret) => secret,
        // "If you forcibly delete an already deleted or nonexistent secret", the page says, that is no error.
        Err(refusal) if forced && refusal.code == "ResourceNotFoundException" => {
            let name = input.required("SecretId");
            let arn = if name.starts_with("arn:") { name.to_owned() } else { format!("{}{name}", super::arn_head(tx)) };
            return Ok(crate::record! { "ARN" => arn, "Name" => name, "DeletionDate" => tx.now() });
        }
        Err(refusal) => return Err(refusal),
    };
    let wait = if forced {
        tx.draw("secretsmanager.secret.delete", &secret.name)
    } else {
        // No source has the words.
        tx.enforce("secretsmanager.secret.pending", secret.deletion.is_none(), || {
            invalid_request(
                "You can't perform this operation on the secret because it was already scheduled for deletion.",
            )
        })?;
        SignedDuration::from_hours(24 * days)
    };
    tx.cancel("secretsmanager.secret", &secret.name);
    tx.after(wait, "secretsmanager.secret.deleted", &secret.name);
    let at = if forced { tx.now() } else { tx.now() + wait };
    secret.deletion = Some((at, forced));
    tx.put(secret.clone());
    Ok(secret.with(&[("DeletionDate", at.into())]))
}

fn restore(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut secret = find(tx, input)?;
    // What is deleted by force can't be had back, and is on its way.
    let kept = secret.deletion.is_none_or(|(_, forced)| !forced);
    tx.enforce("secretsmanager.secret.pending", kept, || {
        invalid_request("You can't perform this operation on the secret because it was marked for deletion.")
    })?;
    tx.cancel("secretsmanager.secret", &secret.name);
    secret.deletion = None;
    secret.changed = tx.now();
    tx.put(secret.clone());
    Ok(Value::Record(secret.named()))
}
