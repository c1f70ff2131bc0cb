//! Automatic rotation of a key's material.

use jiff::SignedDuration;

use super::key::{Key, State, find, seen};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("EnableKeyRotation", enable), ("DisableKeyRotation", disable), ("GetKeyRotationStatus", status)];

pub(super) const RULES: &[Rule] = &[Rule::new(
    "kms.rotation.state",
    "rotation is changed of an enabled key",
    "https://docs.aws.amazon.com/kms/latest/APIReference/API_EnableKeyRotation.html",
)];

/// Days between rotations where a request says none.
pub(super) const YEAR: i64 = 365;

fn rotatable(tx: &Tx<'_>, input: &Input<'_>) -> Result<Key, Refusal> {
    let key = find(tx, input.required("KeyId"))?;
    if tx.rule("kms.rotation.state") {
        key.usable_in(tx, &[State::Enabled])?;
    }
    Ok(key)
}

fn enable(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut key = rotatable(tx, input)?;
    let days = input.integer("RotationPeriodInDays").unwrap_or(YEAR);
    let since = key.rotation.map_or(tx.now(), |(_, since)| since);
    key.rotation = Some((days, since));
    tx.put(key);
    Ok(Value::Record(Record::new()))
}

fn disable(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut key = rotatable(tx, input)?;
    key.rotation = None;
    tx.put(key);
    Ok(Value::Record(Record::new()))
}

fn status(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let key = seen(tx, input.required("KeyId"))?;
    // A key that waits for its end is not rotated, and again once that is taken back.
    let rotation = key.rotation.filter(|_| key.state != State::PendingDeletion);
    let next = rotation.map(|(days, since)| {
        let period = SignedDuration::from_hours(24 * days);
        let passed = tx.now().duration_since(since).as_secs() / period.as_secs();
        since + period * i32::try_from(passed + 1).unwrap_or(i32::MAX)
    });
    Ok(record! {
        "KeyRotationEnabled" => rotation.is_some(),
        "KeyId" => &key.id,
        "RotationPeriodInDays" => rotation.map(|(days, _)| days),
        "NextRotationDate" => next,
    })
}
