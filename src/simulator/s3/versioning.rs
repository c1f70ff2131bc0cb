//! Whether a bucket keeps the versions of its objects.

use super::bucket::{Bucket, find, nothing};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[("GetBucketVersioning", get), ("PutBucketVersioning", put)];

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "s3.versioning.status",
        "versioning is enabled or suspended",
        "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html",
    ),
    Rule::new(
        "s3.versioning.replicated",
        "a bucket whose objects are copied keeps versions",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-and-other-bucket-configs.html",
    ),
];

/// A bucket that never had versions says nothing of them.
fn get(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    Ok(record! { "Status" => bucket.versioning, "MFADelete" => bucket.mfa_delete })
}

fn put(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    let given = input.record("VersioningConfiguration");
    let text = |member: &str| given.as_ref().and_then(|given| given.text(member)).map(str::to_owned);
    let (status, mfa_delete) = (text("Status"), text("MFADelete"));
    if mfa_delete.as_deref() == Some("Enabled") {
        return Err(Refusal::not_simulated("a bucket whose versions are deleted by multi-factor authentication alone"));
    }
    tx.enforce("s3.versioning.status", status.is_some(), || {
        let message = "The Versioning element must be specified";
        Refusal::new("IllegalVersioningConfigurationException", message)
    })?;
    let ends = bucket.replication.is_some() && status.as_deref() == Some("Suspended");
    tx.enforce("s3.versioning.replicated", !ends, || {
        let message = "A replication configuration is present on this bucket, so you cannot change the versioning \
                       state. To change the versioning state, first delete the replication configuration.";
        Refusal::new("InvalidBucketState", message)
    })?;
    let versioning = status.or_else(|| bucket.versioning.clone());
    let mfa_delete = mfa_delete.or_else(|| bucket.mfa_delete.clone());
    tx.put(Bucket { versioning, mfa_delete, ..bucket });
    Ok(nothing())
}
