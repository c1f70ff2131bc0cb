//! Objects with their versions: written in one request, read whole, listed, deleted.

use jiff::Timestamp;
use md5::Digest as _;
use serde::{Deserialize, Serialize};

use super::bucket::{Bucket, find};
use crate::input::Input;
use crate::protocol::{base64_decode, base64_encode};
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::{Reach, Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("PutObject", put),
    ("GetObject", get),
    ("HeadObject", head),
    ("DeleteObject", delete),
    ("DeleteObjects", delete_many),
];

const CONDITIONS: &str = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("s3.object.condition", "a request's condition on the entity tag holds", CONDITIONS),
    Rule::new(
        "s3.object.key",
        "a key has 1 to 1,024 bytes",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html",
    ),
    Rule::new(
        "s3.object.many",
        "1 to 1,000 objects are deleted at once",
        "https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html",
    ),
];

/// A version of an object, or a mark that it is deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Version {
    /// The bucket.
    pub bucket: String,
    /// The key.
    pub key: String,
    /// The version's id; `null` where the bucket had no versions when it was written.
    pub version: String,
    /// Counts down, so that the newest stands first.
    pub rank: u64,
    /// When it was written.
    pub modified: Timestamp,
    /// What was written; none for a mark of deletion.
    pub content: Option<Content>,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// The bytes, in base64.
    pub body: String,
    /// How many bytes they are.
    pub size: usize,
    /// The entity tag, in quotes.
    pub tag: String,
    /// The content type.
    pub kind: String,
    /// What the writer says of it.
    pub metadata: Vec<(String, String)>,
    /// The checksums that came with it, by member.
    pub checksums: Vec<(String, String)>,
}

impl Row for Version {
    const TABLE: &'static str = "s3.version";
    const REACH: Reach = Reach::World;
    fn id(&self) -> String {
        format!("{}{:020}", under(&self.bucket, &self.key), self.rank)
    }
}

/// What the ids of a key's versions begin with. No bucket's name holds the sign between.
fn under(bucket: &str, key: &str) -> String {
    format!("{bucket}\n{key}\0")
}

/// All versions in a bucket whose key begins so: by key, the newest first.
pub(super) fn versions<'t>(tx: &'t Tx<'_>, start: &'t str) -> impl Iterator<Item = &'t Version> {
    tx.rows_under::<Version>(start)
}

/// What the ids of a bucket's versions begin with, where their keys begin so.
pub(super) fn start(bucket: &Bucket, prefix: &str) -> String {
    format!("{}\n{prefix}", bucket.name)
}

/// The newest version of a key.
fn newest(tx: &Tx<'_>, bucket: &str, key: &str) -> Option<Version> {
    tx.rows_under::<Version>(&under(bucket, key)).next().cloned()
}

const CHECKSUMS: &[&str] = &["ChecksumCRC32", "ChecksumCRC32C", "ChecksumCRC64NVME", "ChecksumSHA1", "ChecksumSHA256"];

fn put(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    let key = input.required("Key");
    tx.enforce("s3.object.key", (1..=1024).contains(&key.len()), || {
        Refusal::new("KeyTooLongError", "Your key is too long")
    })?;
    let there = newest(tx, &bucket.name, key).and_then(|version| version.content);
    if let Some(wanted) = input.text("IfNoneMatch") {
        tx.enforce("s3.object.condition", wanted != "*" || there.is_none(), || failed("If-None-Match"))?;
    }
    if let Some(wanted) = input.text("IfMatch") {
        let Some(there) = &there else { return Err(missing(key)) };
        tx.enforce("s3.object.condition", same(wanted, &there.tag), || failed("If-Match"))?;
    }
    let body: &[u8] = match input.whole("Body") {
        Value::Blob(bytes) => bytes,
        _ => &[],
    };
    let metadata = match input.whole("Metadata") {
        Value::Record(entries) => {
            entries.iter().map(|(name, value)| (name.clone(), value.text().unwrap_or_default().to_owned())).collect()
        }
        _ => Vec::new(),
    };
    let _ = input.integer("ContentLength");
    let checksums: Vec<(String, String)> =
        CHECKSUMS.iter().filter_map(|name| Some(((*name).to_owned(), input.text(name)?.to_owned()))).collect();
    let content = Content {
        body: base64_encode(body),
        size: body.len(),
        tag: format!("\"{}\"", hex::encode(md5::Md5::digest(body))),
        kind: input.text("ContentType").unwrap_or("binary/octet-stream").to_owned(),
        metadata,
        checksums,
    };
    let mut answer = record! { "ETag" => &content.tag, "ServerSideEncryption" => &bucket.encryption.algorithm };
    for (name, sum) in &content.checksums {
        answer.set(name, sum.as_str());
    }
    let version = write(tx, &bucket, key, Some(content));
    answer.set("VersionId", Some(version).filter(|_| bucket.versioning.is_some()));
    Ok(answer)
}

/// Writes a version, and gives its id.
fn write(tx: &mut Tx<'_>, bucket: &Bucket, key: &str, content: Option<Content>) -> String {
    let version = if bucket.versioning.as_deref() == Some("Enabled") {
        tx.hex(32)
    } else {
        // There is one version without an id: the last one written so.
        let all = under(&bucket.name, key);
        let last = tx.rows_under::<Version>(&all).find(|version| version.version == "null").map(Row::id);
        if let Some(last) = last {
            tx.remove::<Version>(&last);
        }
        "null".to_owned()
    };
    let rank = u64::MAX - tx.sequence();
    let (bucket, key, modified) = (bucket.name.clone(), key.to_owned(), tx.now());
    tx.put(Version { bucket, key, version: version.clone(), rank, modified, content });
    version
}

fn missing(key: &str) -> Refusal {
    Refusal::new("NoSuchKey", "The specified key does not exist.").member("Key", key)
}

fn failed(condition: &str) -> Refusal {
    Refusal::new("PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
        .member("Condition", condition)
}

/// Whether an entity tag is the one wanted, which may come without its quotes.
fn same(wanted: &str, tag: &str) -> bool {
    wanted == "*" || wanted.trim_matches('"') == tag.trim_matches('"')
}

/// The version that a request asks for, with its content.
fn asked(tx: &Tx<'_>, input: &Input<'_>) -> Result<(Bucket, Version, Content), Refusal> {
    let bucket = find(tx, input)?;
    let key = input.required("Key");
    let version = match input.text("VersionId") {
        None => newest(tx, &bucket.name, key).ok_or_else(|| missing(key))?,
        Some(id) => {
            let all = under(&bucket.name, key);
            let found = tx.rows_under::<Version>(&all).find(|version| version.version == id).cloned();
            found.ok_or_else(|| Refusal::new("NoSuchVersion", "The specified version does not exist."))?
        }
    };
    let Some(content) = version.content.clone() else {
        return Err(match input.text("VersionId") {
            None => missing(key).member("x-amz-delete-marker", "true"),
            Some(_) => Refusal::new("MethodNotAllowed", "The specified method is not allowed against this resource."),
        });
    };
    if let Some(wanted) = input.text("IfMatch") {
        tx.enforce("s3.object.condition", same(wanted, &content.tag), || failed("If-Match"))?;
    }
    if let Some(wanted) = input.text("IfNoneMatch") {
        tx.enforce("s3.object.condition", !same(wanted, &content.tag), || Refusal::new("NotModified", ""))?;
    }
    Ok((bucket, version, content))
}

fn shown(input: &Input<'_>, bucket: &Bucket, version: &Version, content: &Content) -> Value {
    let metadata: Record = content.metadata.iter().map(|(name, text)| (name.clone(), Value::from(text))).collect();
    let mut answer = record! {
        "AcceptRanges" => "bytes",
        "LastModified" => version.modified,
        "ContentLength" => i64::try_from(content.size).unwrap_or(i64::MAX),
        "ETag" => &content.tag,
        "ContentType" => &content.kind,
        "ServerSideEncryption" => &bucket.encryption.algorithm,
        "Metadata" => Some(metadata).filter(|entries| !entries.is_empty()),
        "VersionId" => Some(&version.version).filter(|_| bucket.versioning.is_some()),
    };
    if input.text("ChecksumMode") == Some("ENABLED") {
        for (name, sum) in &content.checksums {
            answer.set(name, sum.as_str());
        }
    }
    answer
}

fn get(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let (bucket, version, content) = asked(tx, input)?;
    let mut answer = shown(input, &bucket, &version, &content);
    answer.set("Body", Value::Blob(base64_decode(&content.body).unwrap_or_default()));
    Ok(answer)
}

fn head(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let (bucket, version, content) = asked(tx, input)?;
    Ok(shown(input, &bucket, &version, &content))
}

/// Deletes a key, or a version of it: whether a mark was left or taken away, and its id.
fn gone(tx: &mut Tx<'_>, bucket: &Bucket, key: &str, version: Option<&str>) -> (bool, Option<String>) {
    let Some(id) = version else {
        return match bucket.versioning {
            None => {
                let last = newest(tx, &bucket.name, key).map(|version| version.id());
                if let Some(last) = last {
                    tx.remove::<Version>(&last);
                }
                (false, None)
            }
            Some(_) => (true, Some(write(tx, bucket, key, None))),
        };
    };
    let all = under(&bucket.name, key);
    let found = tx.rows_under::<Version>(&all).find(|version| version.version == id).map(Row::id);
    let taken = found.and_then(|row| tx.remove::<Version>(&row));
    (taken.is_some_and(|version| version.content.is_none()), Some(id.to_owned()))
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    let key = input.required("Key");
    if let Some(wanted) = input.text("IfMatch") {
        let there = newest(tx, &bucket.name, key).and_then(|version| version.content);
        let Some(there) = there else { return Err(missing(key)) };
        tx.enforce("s3.object.condition", same(wanted, &there.tag), || failed("If-Match"))?;
    }
    let (marker, version) = gone(tx, &bucket, key, input.text("VersionId"));
    Ok(record! { "DeleteMarker" => Some(true).filter(|_| marker), "VersionId" => version })
}

fn delete_many(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    let Some(delete) = input.record("Delete") else { return Ok(super::bucket::nothing()) };
    let objects = delete.records("Objects");
    tx.enforce("s3.object.many", (1..=1000).contains(&objects.len()), || {
        let message = "The XML you provided was not well-formed or did not validate against our published schema";
        Refusal::new("MalformedXML", message)
    })?;
    let quiet = delete.flag("Quiet");
    let mut deleted = Vec::new();
    for object in objects {
        let (key, version) = (object.required("Key"), object.text("VersionId"));
        let (marker, id) = gone(tx, &bucket, key, version);
        deleted.push(record! {
            "Key" => key,
            "VersionId" => version,
            "DeleteMarker" => Some(true).filter(|_| marker),
            "DeleteMarkerVersionId" => id.filter(|_| marker),
        });
    }
    Ok(record! { "Deleted" => Some(deleted).filter(|_| !quiet) })
}
