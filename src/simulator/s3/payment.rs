//! Who pays for what is asked of a bucket: its owner.

use super::bucket::{find, nothing};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[("GetBucketRequestPayment", get), ("PutBucketRequestPayment", put)];

fn get(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    find(tx, input)?;
    Ok(record! { "Payer" => "BucketOwner" })
}

fn put(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    find(tx, input)?;
    let wanted = input.record("RequestPaymentConfiguration");
    if wanted.is_some_and(|wanted| wanted.required("Payer") == "Requester") {
        return Err(Refusal::not_simulated("a bucket whose requesters pay"));
    }
    Ok(nothing())
}
