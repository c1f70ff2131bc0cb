//! Objects and their versions as they are deleted.

use super::bucket::{Bucket, find, nothing};
use super::condition::{failed, not_implemented, same};
use super::object::{Version, is_version, missing, newest, version_id, with_id, write};
use crate::iam::authorization;
use crate::input::Input;
use crate::record;
use crate::refusal::{NOT_SIMULATED, Refusal};
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[("DeleteObject", delete), ("DeleteObjects", delete_many)];

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "s3.object.many",
        "1 to 1,000 objects are deleted at once",
        "https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html",
    ),
    Rule::new(
        "s3.object.delete.condition",
        "an object is deleted under conditions on its size and time in directory buckets alone",
        "https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html",
    ),
    Rule::new(
        "s3.object.bypass",
        "retention is passed over in a bucket that locks objects",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html",
    ),
];

/// Deletes a key, or a version of it: whether a mark was left or taken away, and its id.
fn gone(tx: &mut Tx<'_>, bucket: &Bucket, key: &str, version: Option<&str>) -> (bool, Option<String>) {
    let Some(id) = version else {
        return match bucket.versioning {
            None => {
                if let Some(last) = newest(tx, &bucket.name, key) {
                    tx.remove::<Version>(&last.id());
                }
                (false, None)
            }
            Some(_) => (true, Some(write(tx, bucket, key, None))),
        };
    };
    let found = with_id(tx, &bucket.name, key, id);
    let taken = found.and_then(|version| tx.remove::<Version>(&version.id()));
    (taken.is_some_and(|version| version.content.is_none()), Some(id.to_owned()))
}

fn lockless(tx: &Tx<'_>, input: &Input<'_>) -> Result<(), Refusal> {
    tx.enforce("s3.object.bypass", input.bool("BypassGovernanceRetention").is_none(), || {
        let message = "x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets.";
        Refusal::new("InvalidArgument", message).member("ArgumentName", "x-amz-bypass-governance-retention")
    })
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    lockless(tx, input)?;
    let key = input.required("Key");
    let version = version_id(tx, input)?;
    for (member, header) in
        [("IfMatchLastModifiedTime", "x-amz-if-match-last-modified-time"), ("IfMatchSize", "x-amz-if-match-size")]
    {
        let given = !input.whole(member).is_absent();
        tx.enforce("s3.object.delete.condition", !given, || not_implemented(header))?;
    }
    if let Some(wanted) = input.text("IfMatch") {
        let there = newest(tx, &bucket.name, key).and_then(|version| version.content);
        let Some(there) = there else { return Err(missing(key)) };
        tx.enforce("s3.object.condition", same(wanted, &there.tag), || failed("If-Match"))?;
    }
    let (marker, version) = gone(tx, &bucket, key, version);
    Ok(record! { "DeleteMarker" => Some(true).filter(|_| marker), "VersionId" => version })
}

fn delete_many(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    lockless(tx, input)?;
    let Some(delete) = input.record("Delete") else { return Ok(nothing()) };
    let objects = delete.records("Objects");
    tx.enforce("s3.object.many", (1..=1000).contains(&objects.len()), || {
        let message = "The XML you provided was not well-formed or did not validate against our published schema";
        Refusal::new("MalformedXML", message)
    })?;
    let quiet = delete.flag("Quiet");
    let (mut deleted, mut errors) = (Vec::new(), Vec::new());
    for object in objects {
        let (key, version) = (object.required("Key"), object.text("VersionId"));
        // An id that S3 never gave is no version here, where the request that deletes one object refuses it.
        if version.is_some_and(|id| !is_version(id)) && tx.rule("s3.object.version") {
            errors.push(record! {
                "Key" => key,
                "VersionId" => version,
                "Code" => "NoSuchVersion",
                "Message" => "The specified version does not exist.",
            });
            continue;
        }
        // Each key is a request of its own, which is refused in its own place.
        match authorization::may_delete_object(tx, &super::SERVICE, &bucket, key, version) {
            Err(refusal) if refusal.code == NOT_SIMULATED => return Err(refusal),
            Err(refusal) => {
                errors.push(record! {
                    "Key" => key,
                    "VersionId" => version,
                    "Code" => refusal.code.as_ref(),
                    "Message" => refusal.message,
                });
                continue;
            }
            Ok(()) => {}
        }
        let (marker, id) = gone(tx, &bucket, key, version);
        deleted.push(record! {
            "Key" => key,
            "VersionId" => version,
            "DeleteMarker" => Some(true).filter(|_| marker),
            "DeleteMarkerVersionId" => id.filter(|_| marker),
        });
    }
    Ok(record! {
        "Deleted" => Some(deleted).filter(|_| !quiet),
        "Errors" => Some(errors).filter(|errors| !errors.is_empty()),
    })
}
