//! What a request says of the object that it writes, beside its bytes: type and headers, metadata, tags, storage class,
//! encryption, and who may read it.

use super::body::Body;
use super::bucket::Bucket;
use super::encryption::Sealed;
use super::object::Content;
use super::{customer_key, object_tags};
use crate::input::Input;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::value::Value;
use crate::world::Tx;

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "s3.object.acl",
        "an object of a bucket that enforces its owner has no access control list",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html",
    ),
    Rule::new(
        "s3.object.lock",
        "an object is locked in a bucket that locks objects",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-configure.html",
    ),
    Rule::new(
        "s3.object.class",
        "a storage class is one of general purpose buckets",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html",
    ),
    Rule::new(
        "s3.object.metadata",
        "what a writer says of an object has 2 KB",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html",
    ),
    Rule::new(
        "s3.object.redirect",
        "a redirect leads to another object or to an address",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-to-page-redirect.html",
    ),
];

/// The members of headers that go out with an object as they were given.
pub(super) const HEADERS: &[&str] =
    &["CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage", "Expires", REDIRECT];
pub(super) const REDIRECT: &str = "WebsiteRedirectLocation";

/// Bytes of names and values that a writer can say of an object.
const MOST_METADATA: usize = 2048;

const GRANTS: &[&str] = &["GrantFullControl", "GrantRead", "GrantReadACP", "GrantWriteACP"];
const LOCKS: &[&str] = &[
    "ObjectLockMode",
    "ObjectLockRetainUntilDate",
    "ObjectLockLegalHoldStatus",
    "ObjectLockEventHold",
    "ObjectLockEventHoldDurationDays",
    "ObjectLockEventHoldDurationYears",
];

/// The object that a request describes, still without bytes.
///
/// # Errors
/// Where it says something that can't be.
pub(super) fn described(tx: &mut Tx<'_>, input: &Input<'_>, bucket: &Bucket) -> Result<Content, Refusal> {
    readers(tx, input, bucket)?;
    let class = class(tx, input)?;
    let tags = object_tags::of_header(tx, input)?;
    let headers = headers(tx, input)?;
    let metadata = match input.whole("Metadata") {
        Value::Record(entries) => {
            entries.iter().map(|(name, value)| (name.clone(), value.text().unwrap_or_default().to_owned())).collect()
        }
        _ => Vec::new(),
    };
    metadata_fits(tx, &metadata)?;
    let kind = input.text("ContentType").unwrap_or("binary/octet-stream").to_owned();
    Ok(Content {
        body: Body::default(),
        size: 0,
        tag: String::new(),
        kind,
        metadata,
        checksums: Vec::new(),
        composite: false,
        sealed: Some(sealed(tx, input, bucket)?),
        headers,
        tags,
        class,
        parts: Vec::new(),
        replication: None,
    })
}

fn metadata_fits(tx: &Tx<'_>, metadata: &[(String, String)]) -> Result<(), Refusal> {
    let size = metadata.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
    tx.enforce("s3.object.metadata", size <= MOST_METADATA, || {
        Refusal::new("MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size")
            .member("Size", size.to_string())
            .member("MaxSizeAllowed", MOST_METADATA.to_string())
    })
}

/// How a request wants its object encrypted.
///
/// # Errors
/// Where it can't be.
pub(super) fn sealed(tx: &mut Tx<'_>, input: &Input<'_>, bucket: &Bucket) -> Result<Sealed, Refusal> {
    match customer_key::chosen(tx, input, bucket)? {
        Some(digest) => Ok(Sealed::by_customer(digest)),
        None => Sealed::chosen(tx, input, bucket),
    }
}

/// Refuses what a bucket that enforces its owner, and locks nothing, has not.
///
/// # Errors
/// In that case, and for what is not simulated.
pub(super) fn readers(tx: &Tx<'_>, input: &Input<'_>, bucket: &Bucket) -> Result<(), Refusal> {
    let acl = input.text("ACL");
    let granted = GRANTS.iter().filter(|name| input.text(name).is_some()).count() > 0;
    let owners = acl.is_none_or(|acl| acl == "private" || acl == "bucket-owner-full-control") && !granted;
    let enforced = bucket.ownership.as_deref() == Some("BucketOwnerEnforced");
    tx.enforce("s3.object.acl", owners || !enforced, || {
        Refusal::new("AccessControlListNotSupported", "The bucket does not allow ACLs").status(400)
    })?;
    if !owners {
        return Err(Refusal::not_simulated("an object with an access control list"));
    }
    let locked = LOCKS.iter().filter(|name| !input.whole(name).is_absent()).count() > 0;
    tx.enforce("s3.object.lock", !locked, || {
        Refusal::new("InvalidRequest", "Bucket is missing Object Lock Configuration").status(400)
    })?;
    if locked { Err(Refusal::not_simulated("an object that is locked")) } else { Ok(()) }
}

/// The storage class that a request asks for; none for the usual one.
///
/// # Errors
/// `InvalidStorageClass`.
pub(super) fn class(tx: &Tx<'_>, input: &Input<'_>) -> Result<Option<String>, Refusal> {
    let class = input.text("StorageClass").unwrap_or("STANDARD");
    let elsewhere = ["OUTPOSTS", "SNOW", "EXPRESS_ONEZONE", "FSX_", "AWS_BACKUP_"];
    let elsewhere = elsewhere.iter().any(|start| class.starts_with(start));
    tx.enforce("s3.object.class", !elsewhere, || {
        Refusal::new("InvalidStorageClass", "The storage class you specified is not valid")
            .member("StorageClassRequested", class)
    })?;
    Ok(Some(class.to_owned()).filter(|class| class != "STANDARD"))
}

/// The headers that a request gives its object.
///
/// # Errors
/// Where a redirect leads nowhere.
pub(super) fn headers(tx: &Tx<'_>, input: &Input<'_>) -> Result<Vec<(String, Value)>, Refusal> {
    let mut headers = Vec::new();
    for name in HEADERS {
        let value = input.whole(name);
        if *name == REDIRECT {
            let sound = |to: &str| ["/", "http://", "https://"].iter().any(|start| to.starts_with(start));
            tx.enforce("s3.object.redirect", value.text().is_none_or(sound), || {
                let message = "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.";
                Refusal::new("InvalidRedirectLocation", message)
            })?;
        }
        let value = match value.text() {
            // That a body came in pieces was for the way alone.
            Some(codings) if *name == "ContentEncoding" => {
                let kept: Vec<&str> = codings.split(',').map(str::trim).filter(|it| *it != "aws-chunked").collect();
                Value::from(Some(kept.join(",")).filter(|kept| !kept.is_empty()))
            }
            _ => value.clone(),
        };
        if !value.is_absent() {
            headers.push(((*name).to_owned(), value));
        }
    }
    Ok(headers)
}
