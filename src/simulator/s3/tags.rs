//! Tags of buckets.

use super::bucket::{Bucket, find, nothing};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("GetBucketTagging", get), ("PutBucketTagging", put), ("DeleteBucketTagging", delete)];

const PAGE: &str = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketTagging.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("s3.tags.key", "tag keys are unique, have 1 to 128 plain characters, and none begins with aws:", PAGE),
    Rule::new("s3.tags.value", "tag values have at most 256 plain characters", PAGE),
    Rule::new(
        "s3.tags.limit",
        "a bucket has at most 50 tags",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/CostAllocTagging.html",
    ),
    Rule::new(
        "s3.tags.there",
        "there are tags to be read",
        "https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketTagging.html",
    ),
];

/// The tags of a structure, in the member that it has them in.
///
/// # Errors
/// `InvalidTag`.
pub(super) fn read(tx: &Tx<'_>, input: &Input<'_>) -> Result<Vec<(String, String)>, Refusal> {
    let member = if input.has("TagSet") { "TagSet" } else { "Tags" };
    let mut tags: Vec<(String, String)> = Vec::new();
    for tag in input.records(member) {
        add(tx, &mut tags, tag.required("Key"), tag.required("Value"))?;
    }
    tx.enforce("s3.tags.limit", tags.len() <= 50, || {
        Refusal::new("BadRequest", "Bucket tag count cannot be greater than 50")
    })?;
    Ok(tags)
}

/// Adds a tag to those of a bucket or an object.
///
/// # Errors
/// `InvalidTag`.
pub(super) fn add(tx: &Tx<'_>, tags: &mut Vec<(String, String)>, key: &str, value: &str) -> Result<(), Refusal> {
    // Letters and digits of every language, spaces, and these signs.
    let written =
        |text: &str| text.chars().all(|it| it.is_alphanumeric() || it.is_whitespace() || "+-=._:/@".contains(it));
    tx.enforce("s3.tags.key", (1..=128).contains(&key.chars().count()) && written(key), || {
        Refusal::new("InvalidTag", "The TagKey you have provided is invalid").member("TagKey", key)
    })?;
    tx.enforce("s3.tags.key", !key.to_ascii_lowercase().starts_with("aws:"), || {
        Refusal::new("InvalidTag", "System tags cannot be added/updated by requester").member("TagKey", key)
    })?;
    tx.enforce("s3.tags.key", tags.iter().all(|(known, _)| known != key), || {
        Refusal::new("InvalidTag", "Cannot provide multiple Tags with the same key").member("TagKey", key)
    })?;
    tx.enforce("s3.tags.value", value.chars().count() <= 256 && written(value), || {
        Refusal::new("InvalidTag", "The TagValue you have provided is invalid")
            .member("TagKey", key)
            .member("TagValue", value)
    })?;
    tags.push((key.to_owned(), value.to_owned()));
    Ok(())
}

fn get(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    tx.enforce("s3.tags.there", !bucket.tags.is_empty(), || {
        Refusal::new("NoSuchTagSet", "The TagSet does not exist").member("BucketName", &bucket.name)
    })?;
    let tags = bucket.tags.iter().map(|(key, value)| record! { "Key" => key, "Value" => value });
    Ok(record! { "TagSet" => tags.collect::<Vec<_>>() })
}

fn put(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    let tags = input.record("Tagging").map_or_else(|| Ok(Vec::new()), |tagging| read(tx, &tagging))?;
    tx.put(Bucket { tags, ..bucket });
    Ok(nothing())
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    tx.put(Bucket { tags: Vec::new(), ..bucket });
    Ok(nothing())
}
