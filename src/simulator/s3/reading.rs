//! Objects as they are read: whole, in part, or what is known of them alone.

use super::bucket::{Bucket, find};
use super::object::{Content, Version, count, missing, named, version_id};
use super::replica::Replicated;
use super::{checksum, condition, customer_key, range};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("GetObject", get), ("HeadObject", head), ("GetObjectAttributes", attributes)];

pub(super) const RULES: &[Rule] = &[Rule::new(
    "s3.object.archived",
    "an object in an archive is restored before it is read",
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/archived-objects.html",
)];

/// What a mark of deletion answers a request that needs an object.
pub(super) fn marked(method: &str) -> Refusal {
    Refusal::new("MethodNotAllowed", "The specified method is not allowed against this resource.")
        .member("Method", method)
        .member("ResourceType", "DeleteMarker")
        .member("x-amz-delete-marker", "true")
}

/// The version that a request asks for, with its content.
fn asked(tx: &Tx<'_>, input: &Input<'_>, method: &str) -> Result<(Bucket, Version, Content), Refusal> {
    let bucket = find(tx, input)?;
    let key = input.required("Key");
    let id = version_id(tx, input)?;
    let mut version = named(tx, &bucket.name, key, id)?;
    let Some(content) = version.content.take() else {
        return Err(match id {
            None => missing(key).member("x-amz-delete-marker", "true"),
            Some(_) => marked(method),
        });
    };
    let customer = customer_key::given(tx, input, "")?;
    customer_key::opens(tx, customer.as_deref(), content.sealed.as_ref())?;
    Ok((bucket, version, content))
}

/// What a request can have an answer say in place of what its object says.
const INSTEAD: &[(&str, &str)] = &[
    ("ResponseCacheControl", "CacheControl"),
    ("ResponseContentDisposition", "ContentDisposition"),
    ("ResponseContentEncoding", "ContentEncoding"),
    ("ResponseContentLanguage", "ContentLanguage"),
    ("ResponseContentType", "ContentType"),
    ("ResponseExpires", "Expires"),
];

/// What is said of an object, and the bytes of it that are asked for.
fn shown(
    tx: &Tx<'_>,
    input: &Input<'_>,
    (bucket, version, content): &(Bucket, Version, Content),
) -> Result<(Value, std::ops::Range<usize>), Refusal> {
    condition::to_read(tx, input, &content.tag, version.modified)?;
    let part = range::asked(tx, input, content)?;
    let bytes = part.clone().unwrap_or(0..content.size);
    let metadata: Record = content.metadata.iter().map(|(name, text)| (name.clone(), Value::from(text))).collect();
    let number = input.integer("PartNumber");
    let mut answer = record! {
        "AcceptRanges" => "bytes",
        "LastModified" => version.modified,
        "ContentLength" => count(bytes.len()),
        "ContentRange" => part.as_ref().and_then(|part| range::told(part, content.size)),
        "ETag" => &content.tag,
        "ContentType" => &content.kind,
        "ServerSideEncryption" => &bucket.encryption.algorithm,
        "Metadata" => Some(metadata).filter(|entries| !entries.is_empty()),
        "VersionId" => Some(&version.version).filter(|_| bucket.versioning.is_some()),
        "StorageClass" => &content.class,
        "ReplicationStatus" => content.replication.map(Replicated::word),
        "TagCount" => Some(count(content.tags.len())).filter(|tags| *tags > 0),
        "PartsCount" => number.map(|_| count(content.parts.len())).filter(|parts| *parts > 0),
    };
    for (name, value) in &content.headers {
        answer.set(name, value);
    }
    for (wanted, name) in INSTEAD {
        let instead = input.whole(wanted);
        if !instead.is_absent() {
            answer.set(name, instead);
        }
    }
    if input.text("ChecksumMode") == Some("ENABLED") {
        let of_part = number.and_then(|number| content.parts.iter().find(|part| i64::from(part.number) == number));
        match of_part {
            Some(part) => checksum::tell(&part.checksums, content.composite, &mut answer),
            None if bytes.len() == content.size => {
                checksum::tell(&content.checksums, content.composite, &mut answer);
            }
            None => {}
        }
    }
    if let Some(sealed) = &content.sealed {
        if sealed.customer.is_some() {
            answer.set("ServerSideEncryption", Value::Absent);
        }
        sealed.tell(&mut answer);
    }
    Ok((answer, bytes))
}

fn get(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let found = asked(tx, input, "GET")?;
    let content = &found.2;
    if let Some(sealed) = &content.sealed {
        sealed.opened(tx, &found.0, input.required("Key"))?;
    }
    unarchived(tx, content)?;
    let (mut answer, bytes) = shown(tx, input, &found)?;
    answer.set("Body", Value::Blob(content.body.get(bytes).unwrap_or_default().to_vec()));
    Ok(answer)
}

/// Refuses to read from an archive; nothing is restored from there here.
fn unarchived(tx: &Tx<'_>, content: &Content) -> Result<(), Refusal> {
    tx.enforce("s3.object.archived", !content.is_archived(), || {
        Refusal::new("InvalidObjectState", "The operation is not valid for the object's storage class")
            .member("StorageClass", content.class())
    })
}

fn head(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let found = asked(tx, input, "HEAD")?;
    shown(tx, input, &found).map(|(answer, _)| answer)
}

fn attributes(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let (bucket, version, content) = asked(tx, input, "GET")?;
    let wanted = input.texts("ObjectAttributes");
    let wants = |name: &str| wanted.contains(&name);
    let (most, after) = (input.integer("MaxParts"), input.integer("PartNumberMarker"));
    let mut sums = record! {};
    // Here the number of parts does not stand behind a checksum of theirs.
    let plain = |sum: &str| sum.split('-').next().unwrap_or(sum).to_owned();
    let bare: Vec<_> = content.checksums.iter().map(|(member, sum)| (member.clone(), plain(sum))).collect();
    checksum::tell(&bare, content.composite, &mut sums);
    Ok(record! {
        "LastModified" => version.modified,
        "VersionId" => Some(&version.version).filter(|_| bucket.versioning.is_some()),
        "ETag" => Some(content.tag.trim_matches('"')).filter(|_| wants("ETag")),
        "Checksum" => Some(sums).filter(|_| wants("Checksum") && !bare.is_empty()),
        "ObjectParts" => Some(parts(&content, most, after)).filter(|_| wants("ObjectParts") && !content.parts.is_empty()),
        "StorageClass" => Some(content.class()).filter(|_| wants("StorageClass")),
        "ObjectSize" => Some(content.length()).filter(|_| wants("ObjectSize")),
    })
}

/// The parts of an object; one by one only where each has a checksum of its own that counts.
fn parts(content: &Content, most: Option<i64>, after: Option<i64>) -> Value {
    let mut view = record! { "TotalPartsCount" => count(content.parts.len()) };
    if !content.composite {
        return view;
    }
    let (most, after) = (most.unwrap_or(1000), after.unwrap_or(0));
    let later: Vec<_> = content.parts.iter().filter(|part| i64::from(part.number) > after).collect();
    let page: Vec<_> = later.iter().take(usize::try_from(most).unwrap_or(0)).collect();
    let shown = page.iter().map(|part| {
        let mut view = record! { "PartNumber" => part.number, "Size" => count(part.size) };
        for (member, sum) in &part.checksums {
            view.set(member, sum.as_str());
        }
        view
    });
    view.set("Parts", shown.collect::<Vec<_>>());
    view.set("PartNumberMarker", after);
    view.set("NextPartNumberMarker", page.last().map_or(0, |part| part.number));
    view.set("MaxParts", most);
    view.set("IsTruncated", later.len() > page.len());
    view
}
