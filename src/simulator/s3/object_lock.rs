//! How long a bucket's objects are locked: no bucket here locks any.

use super::bucket::find;
use crate::input::Input;
use crate::refusal::Refusal;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[("GetObjectLockConfiguration", get)];

fn get(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    let message = "Object Lock configuration does not exist for this bucket";
    Err(Refusal::new("ObjectLockConfigurationNotFoundError", message).member("BucketName", &bucket.name))
}
