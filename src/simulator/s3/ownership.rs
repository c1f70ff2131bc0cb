//! Who owns the objects of a bucket.

use super::bucket::{Bucket, find, nothing};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("GetBucketOwnershipControls", get),
    ("PutBucketOwnershipControls", put),
    ("DeleteBucketOwnershipControls", delete),
];

pub(super) const RULES: &[Rule] = &[Rule::new(
    "s3.ownership.rules",
    "there is one rule",
    "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketOwnershipControls.html",
)];

fn get(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    let Some(ownership) = bucket.ownership else {
        let message = "The bucket ownership controls were not found";
        return Err(Refusal::new("OwnershipControlsNotFoundError", message).member("BucketName", &bucket.name));
    };
    let rule = record! { "ObjectOwnership" => ownership };
    Ok(record! { "OwnershipControls" => record! { "Rules" => vec![rule] } })
}

fn put(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    let rules = input.record("OwnershipControls").map(|it| it.records("Rules")).unwrap_or_default();
    tx.enforce("s3.ownership.rules", rules.len() == 1, || {
        let message = "The XML you provided was not well-formed or did not validate against our published schema";
        Refusal::new("MalformedXML", message)
    })?;
    let ownership = rules.iter().map(|rule| rule.required("ObjectOwnership").to_owned()).next_back();
    tx.put(Bucket { ownership, ..bucket });
    Ok(nothing())
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    tx.put(Bucket { ownership: None, ..bucket });
    Ok(nothing())
}
