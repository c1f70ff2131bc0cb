//! Where the requests to a bucket are logged. Logs are written when S3 finds the time, and here never: what stands in them
//! nobody asks this service.

use super::bucket::{Bucket, find, nothing};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[("GetBucketLogging", get), ("PutBucketLogging", put)];

const PUT: &str = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLogging.html";
const LOGS: &str = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("s3.logging.target", "logs go to a bucket that is there, of the same account", PUT),
    Rule::new("s3.logging.region", "logs go to a bucket of the same region", LOGS),
    Rule::new("s3.logging.grants", "a bucket that enforces its owner lets nobody have its logs by grants", PUT),
    Rule::new("s3.logging.format", "keys of logs are plain or by date, not both", PUT),
];

fn get(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    Ok(record! { "LoggingEnabled" => bucket.logging })
}

fn put(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    let status = input.record("BucketLoggingStatus");
    let given = status.as_ref().and_then(|status| status.record("LoggingEnabled"));
    if let Some(given) = &given {
        check(tx, given, &bucket)?;
    }
    let logging = given.map(|given| given.all().clone());
    tx.put(Bucket { logging, ..bucket });
    Ok(nothing())
}

fn check(tx: &Tx<'_>, given: &Input<'_>, bucket: &Bucket) -> Result<(), Refusal> {
    let name = given.required("TargetBucket");
    let refused = |message: &str| Refusal::new("InvalidTargetBucketForLogging", message).member("TargetBucket", name);
    let target = tx.get::<Bucket>(name);
    tx.enforce("s3.logging.target", target.is_some(), || refused("The target bucket for logging does not exist"))?;
    let own = target.is_none_or(|target| target.account == bucket.account);
    tx.enforce("s3.logging.target", own, || {
        refused("The owner for the bucket to be logged and the target bucket must be the same.")
    })?;
    let near = target.filter(|target| target.region != bucket.region);
    tx.enforce("s3.logging.region", near.is_none(), || {
        Refusal::new("CrossLocationLoggingProhibitted", "Cross S3 location logging not allowed. ")
            .member("TargetBucketLocation", near.map(|target| target.region.as_str()).unwrap_or_default())
    })?;
    if !given.records("TargetGrants").is_empty() {
        let enforces = target.is_some_and(|target| target.ownership.as_deref() == Some("BucketOwnerEnforced"));
        tx.enforce("s3.logging.grants", !enforces, || {
            let message = "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting";
            Refusal::new("InvalidBucketAclWithObjectOwnership", message)
        })?;
        return Err(Refusal::not_simulated("who may have a bucket's logs by grants"));
    }
    let format = given.record("TargetObjectKeyFormat");
    let both = format.is_some_and(|format| format.has("SimplePrefix") && format.has("PartitionedPrefix"));
    // No source has the words; the schema has one of the two.
    tx.enforce("s3.logging.format", !both, || {
        let message = "The XML you provided was not well-formed or did not validate against our published schema";
        Refusal::new("MalformedXML", message)
    })
}
