//! Objects that are copied within S3: where from, under which conditions, and what of the source the copy keeps.

use super::bucket::{Bucket, find, owned};
use super::description::{self, HEADERS, REDIRECT, described};
use super::object::{Content, Version, invalid_version, is_version, missing, named, newest, writable, write};
use super::{checksum, condition, customer_key};
use crate::input::Input;
use crate::protocol::percent_decode;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[("CopyObject", copy)];

const PAGE: &str = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("s3.copy.marker", "what is copied is no mark of deletion", PAGE),
    Rule::new("s3.copy.self", "a copy of an object onto itself changes something", PAGE),
    Rule::new("s3.copy.archived", "a source in an archive is restored before it is copied", PAGE),
];

/// An object that is to be copied, with the bucket that it is in.
pub(super) struct Source {
    pub(super) bucket: Bucket,
    pub(super) version: Version,
    pub(super) content: Content,
    /// Whether the request says which version.
    is_chosen: bool,
}

/// The object that a request wants copied, whose conditions hold and whose key is there.
///
/// # Errors
/// Where there is none that may be copied.
pub(super) fn source(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Source, Refusal> {
    let given = input.required("CopySource");
    if given.starts_with("arn:") || given.starts_with("arn%3A") {
        return Err(Refusal::not_simulated("copying from an access point"));
    }
    let (place, id) = match given.rsplit_once("?versionId=") {
        Some((place, id)) => (place, Some(id)),
        None => (given, None),
    };
    let place = percent_decode(place);
    let parts = place.strip_prefix('/').unwrap_or(&place).split_once('/').filter(|(_, key)| !key.is_empty());
    // The model has refused it.
    let Some((bucket, key)) = parts else { return Err(missing(&place)) };
    // A source may be in any region.
    let bucket = owned(tx, bucket, input.text("ExpectedSourceBucketOwner"))?;
    tx.enforce("s3.object.version", id.is_none_or(is_version), || invalid_version(id.unwrap_or_default()))?;
    let mut version = named(tx, &bucket.name, key, id)?;
    let Some(content) = version.content.take() else {
        tx.enforce("s3.copy.marker", id.is_none(), || {
            let message = "The source of a copy request may not specifically refer to a delete marker by version id.";
            Refusal::new("InvalidRequest", message).status(400)
        })?;
        return Err(missing(key));
    };
    condition::to_copy(tx, input, &content.tag, version.modified)?;
    let customer = customer_key::given(tx, input, "CopySource")?;
    customer_key::opens(tx, customer.as_deref(), content.sealed.as_ref())?;
    if let Some(sealed) = &content.sealed {
        sealed.opened(tx, &bucket, key)?;
    }
    tx.enforce("s3.copy.archived", !content.is_archived(), || {
        let message = "The source object of the COPY action is not in the active tier and is only stored in Amazon S3 \
                       Glacier.";
        Refusal::new("ObjectNotInActiveTierError", message)
    })?;
    Ok(Source { bucket, version, content, is_chosen: id.is_some() })
}

impl Source {
    /// The version that was copied, where the source has versions.
    pub(super) fn version_told(&self) -> Option<&String> {
        Some(&self.version.version).filter(|_| self.bucket.versioning.is_some())
    }
}

fn copy(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    let key = writable(tx, input)?;
    let source = source(tx, input)?;
    condition::to_write(tx, input, &bucket.name, key)?;
    changes(tx, input, &bucket, key, &source)?;
    let sums = checksum::of_copy(input.text("ChecksumAlgorithm"), &source.content)?;
    let content = kept(tx, input, &bucket, &source.content)?.with(source.content.body.clone(), sums);
    let mut result = record! { "ETag" => &content.tag, "LastModified" => tx.now() };
    checksum::tell(&content.checksums, false, &mut result);
    let mut answer = record! { "CopySourceVersionId" => source.version_told() };
    if let Some(sealed) = &content.sealed {
        sealed.tell(&mut answer);
    }
    answer.set("CopyObjectResult", result);
    let version = write(tx, &bucket, key, Some(content));
    answer.set("VersionId", Some(version).filter(|_| bucket.versioning.is_some()));
    Ok(answer)
}

/// Refuses a copy onto itself that would change nothing.
fn changes(tx: &Tx<'_>, input: &Input<'_>, bucket: &Bucket, key: &str, source: &Source) -> Result<(), Refusal> {
    let newest = newest(tx, &bucket.name, key).is_some_and(|it| it.version == source.version.version);
    let itself = source.bucket.name == bucket.name && source.version.key == key && newest;
    let replaces = input.text("MetadataDirective") == Some("REPLACE");
    const CHANGING: &[&str] = &[
        "StorageClass",
        "ServerSideEncryption",
        "SSEKMSKeyId",
        "SSECustomerAlgorithm",
        "BucketKeyEnabled",
        "TaggingDirective",
        REDIRECT,
    ];
    let changing = |name: &&str| match *name {
        "TaggingDirective" => input.text(name) == Some("REPLACE"),
        name => input.has(name),
    };
    // Where the bucket says how its objects are encrypted, a copy is encrypted anew, and one that never had versions
    // becomes the first.
    let by_bucket = bucket.encryption != super::encryption::Encryption::usual();
    let versioned = !source.is_chosen && bucket.versioning.is_some() && source.version.version == "null";
    let changed = replaces || by_bucket || versioned || CHANGING.iter().any(changing);
    tx.enforce("s3.copy.self", !itself || changed, || {
        let message = "This copy request is illegal because it is trying to copy an object to itself without changing \
                       the object's metadata, storage class, website redirect location or encryption attributes.";
        Refusal::new("InvalidRequest", message).status(400)
    })
}

/// What a copy is said to be: as its source, or as the request has it.
fn kept(tx: &mut Tx<'_>, input: &Input<'_>, bucket: &Bucket, source: &Content) -> Result<Content, Refusal> {
    let mut kept = described(tx, input, bucket)?;
    // What a request says beside a directive to copy is not heeded.
    if input.text("MetadataDirective") != Some("REPLACE") {
        kept.kind.clone_from(&source.kind);
        kept.metadata.clone_from(&source.metadata);
        let redirect = description::headers(tx, input)?.into_iter().filter(|(name, _)| name == REDIRECT);
        let others = source.headers.iter().filter(|(name, _)| name != REDIRECT && HEADERS.contains(&name.as_str()));
        kept.headers = others.cloned().chain(redirect).collect();
    }
    if input.text("TaggingDirective") != Some("REPLACE") {
        kept.tags.clone_from(&source.tags);
    }
    Ok(kept)
}
