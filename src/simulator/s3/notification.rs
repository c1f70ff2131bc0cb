//! Whom S3 tells what happens to a bucket's objects: nobody here.

use super::bucket::{find, nothing};
use crate::input::Input;
use crate::refusal::Refusal;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("GetBucketNotificationConfiguration", get), ("PutBucketNotificationConfiguration", put)];

fn get(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    find(tx, input)?;
    Ok(Value::Record(Record::new()))
}

fn put(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    find(tx, input)?;
    // Where nobody is notified, no destination is looked at.
    input.pass_over(&["SkipDestinationValidation"]);
    let configuration = input.record("NotificationConfiguration");
    if configuration.is_some_and(|configuration| !configuration.besides(&[]).is_empty()) {
        return Err(Refusal::not_simulated("what S3 notifies others of"));
    }
    Ok(nothing())
}
