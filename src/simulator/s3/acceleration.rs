//! Whether a bucket is also reached over CloudFront's places, at an address that is not simulated itself.

use super::bucket::{Bucket, find, nothing};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("GetBucketAccelerateConfiguration", get), ("PutBucketAccelerateConfiguration", put)];

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "s3.acceleration.status",
        "acceleration is enabled or suspended",
        "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketAccelerateConfiguration.html",
    ),
    Rule::new(
        "s3.acceleration.name",
        "a bucket that is accelerated has no dot in its name",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/transfer-acceleration.html",
    ),
];

/// A bucket that never was accelerated says nothing of it.
fn get(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    Ok(record! { "Status" => bucket.acceleration })
}

fn put(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    let status = input.record("AccelerateConfiguration").and_then(|it| it.text("Status").map(str::to_owned));
    tx.enforce("s3.acceleration.status", status.is_some(), || {
        let message = "The XML you provided was not well-formed or did not validate against our published schema";
        Refusal::new("MalformedXML", message)
    })?;
    tx.enforce("s3.acceleration.name", !bucket.name.contains('.'), || {
        let message = "S3 Transfer Acceleration is not supported for buckets with periods (.) in their names";
        Refusal::new("InvalidRequest", message)
    })?;
    tx.put(Bucket { acceleration: status.or_else(|| bucket.acceleration.clone()), ..bucket });
    Ok(nothing())
}
