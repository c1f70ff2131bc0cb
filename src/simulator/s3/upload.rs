//! Uploads in parts: begun, listed, and given up.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html>

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::bucket::{Bucket, find, owner};
use super::checksum;
use super::condition::failed;
use super::description::described;
use super::listing::{self, Entry};
use super::object::{Content, start, under, writable};
use super::upload_part::Part;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::{Principal, Reach, Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("CreateMultipartUpload", create), ("AbortMultipartUpload", abort), ("ListMultipartUploads", list)];

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "s3.upload.checksum",
        "an upload's checksums are of a kind that their algorithm has",
        "https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html",
    ),
    Rule::new(
        "s3.upload.marker",
        "a list of uploads goes on behind one of its key",
        "https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html",
    ),
];

/// An upload that is under way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upload {
    /// The bucket.
    pub bucket: String,
    /// The key.
    pub key: String,
    /// Its id.
    pub id: String,
    /// Puts the uploads of a key in the order in which they were begun.
    pub sequence: u64,
    /// When it was begun.
    pub started: Timestamp,
    /// The ARN of who began it.
    pub by: String,
    /// The algorithm of its checksums, where one was chosen.
    pub algorithm: Option<String>,
    /// Whether the object's checksum is one of its parts' checksums.
    pub composite: bool,
    /// What the object is to be, still without bytes.
    pub description: Content,
}

impl Row for Upload {
    const TABLE: &'static str = "s3.upload";
    const REACH: Reach = Reach::World;
    fn id(&self) -> String {
        format!("{}{:020}", under(&self.bucket, &self.key), self.sequence)
    }
}

/// The upload that a request names, to its key.
///
/// # Errors
/// `NoSuchUpload`.
pub(super) fn named(tx: &Tx<'_>, input: &Input<'_>, bucket: &Bucket) -> Result<Upload, Refusal> {
    let id = input.required("UploadId");
    let all = under(&bucket.name, input.required("Key"));
    let found = tx.rows_under::<Upload>(&all).find(|upload| upload.id == id).cloned();
    found.ok_or_else(|| {
        let message = "The specified upload does not exist. The upload ID may be invalid, or the upload may have been \
                       aborted or completed.";
        Refusal::new("NoSuchUpload", message).member("UploadId", id)
    })
}

/// Takes an upload away, with its parts.
pub(super) fn forget(tx: &mut Tx<'_>, upload: &Upload) {
    let parts: Vec<String> = tx.rows_under::<Part>(&upload.id).map(Row::id).collect();
    for part in parts {
        tx.remove::<Part>(&part);
    }
    tx.remove::<Upload>(&Row::id(upload));
}

/// Takes every upload of a bucket away: they keep none from being deleted.
pub(super) fn forget_all(tx: &mut Tx<'_>, bucket: &Bucket) {
    let all = start(bucket, "");
    let uploads: Vec<Upload> = tx.rows_under::<Upload>(&all).cloned().collect();
    uploads.iter().for_each(|upload| forget(tx, upload));
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    let key = writable(tx, input)?;
    let (algorithm, kind) = (input.text("ChecksumAlgorithm"), input.text("ChecksumType"));
    let composite = composite(tx, algorithm, kind)?;
    let description = described(tx, input, &bucket)?;
    let mut answer = record! {
        "Bucket" => &bucket.name,
        "Key" => key,
        "ChecksumAlgorithm" => algorithm,
        "ChecksumType" => algorithm.map(|_| checksum::kind(composite)),
    };
    if let Some(sealed) = &description.sealed {
        sealed.tell(&mut answer);
    }
    let id = tx.hex(128);
    answer.set("UploadId", id.as_str());
    let upload = Upload {
        bucket: bucket.name,
        key: key.to_owned(),
        id,
        sequence: tx.sequence(),
        started: tx.now(),
        by: tx.principal().arn.clone(),
        algorithm: algorithm.map(str::to_owned),
        composite,
        description,
    };
    tx.put(upload);
    Ok(answer)
}

/// Whether an object's checksum is to be one of its parts' checksums: usually, but for the algorithm that has none.
fn composite(tx: &Tx<'_>, algorithm: Option<&str>, kind: Option<&str>) -> Result<bool, Refusal> {
    let refused = |holds: bool, message: String| {
        tx.enforce("s3.upload.checksum", holds, || Refusal::new("InvalidRequest", message).status(400))
    };
    let Some(algorithm) = algorithm else {
        let message = "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.";
        return refused(kind.is_none(), message.to_owned()).map(|()| false);
    };
    refused(checksum::ALGORITHMS.contains(&algorithm), {
        let valid = checksum::ALGORITHMS.join(", ");
        format!("Checksum algorithm provided is unsupported. Please try again with any of the valid types: [{valid}]")
    })?;
    let of_parts = algorithm != "CRC64NVME";
    let of_object = algorithm.starts_with("CRC");
    let able = match kind {
        Some("COMPOSITE") => of_parts,
        Some(_) => of_object,
        None => true,
    };
    refused(able, {
        let (kind, algorithm) = (kind.unwrap_or_default(), algorithm.to_ascii_lowercase());
        format!("The {kind} checksum type cannot be used with the {algorithm} checksum algorithm.")
    })?;
    Ok(kind.map_or(of_parts, |kind| kind == "COMPOSITE"))
}

fn abort(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    let upload = named(tx, input, &bucket)?;
    if let Value::Time(wanted) = input.whole("IfMatchInitiatedTime") {
        // The page says so of directory buckets; no source has what others answer.
        let same = wanted.as_second() == upload.started.as_second();
        tx.enforce("s3.object.condition", same, || failed("x-amz-if-match-initiated-time"))?;
    }
    forget(tx, &upload);
    Ok(Value::Record(Record::new()))
}

/// Who owns an upload, and who began it.
pub(super) fn people(tx: &Tx<'_>, upload: &Upload, view: &mut Value) {
    let Principal { account, .. } = tx.principal();
    let name = upload.by.rsplit('/').next().unwrap_or(&upload.by);
    view.set("Initiator", record! { "ID" => &upload.by, "DisplayName" => name });
    view.set("Owner", record! { "ID" => owner(account) });
    view.set("StorageClass", upload.description.class());
    view.set("ChecksumAlgorithm", upload.algorithm.clone());
    view.set("ChecksumType", upload.algorithm.as_ref().map(|_| checksum::kind(upload.composite)));
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    let prefix = input.text("Prefix").unwrap_or_default();
    let (asked, size) = listing::size(tx, input, "MaxUploads", "max-uploads")?;
    let (key, id) = (input.text("KeyMarker").unwrap_or_default(), input.text("UploadIdMarker").unwrap_or_default());
    let from = start(&bucket, prefix);
    let uploads: Vec<&Upload> = tx.rows_under::<Upload>(&from).collect();
    // An id counts beside its key alone.
    let behind = uploads.iter().find(|upload| upload.key == key && upload.id == id);
    tx.enforce("s3.upload.marker", id.is_empty() || key.is_empty() || behind.is_some(), || {
        Refusal::new("InvalidArgument", "Invalid uploadId marker")
            .member("ArgumentName", "upload-id-marker")
            .member("ArgumentValue", id)
    })?;
    let later = uploads.iter().filter(|upload| match behind {
        Some(last) => Row::id(**upload) > Row::id(*last),
        None => key.is_empty() || upload.key.as_str() > key,
    });
    let entries = later.map(|upload| {
        let mut view = record! {
            "Key" => listing::shown(input, &upload.key),
            "UploadId" => &upload.id,
            "Initiated" => upload.started,
        };
        people(tx, upload, &mut view);
        Entry { key: upload.key.clone(), view }
    });
    let delimiter = input.text("Delimiter").filter(|delimiter| !delimiter.is_empty());
    let all = listing::rolled_up(input, entries, prefix, delimiter, key);
    let more = size > 0 && all.len() > size;
    let page: Vec<Entry> = all.into_iter().take(size).collect();
    let last = page.iter().rev().find(|entry| entry.view.get("UploadId").text().is_some());
    let (next_key, next_id) = last.map_or((String::new(), String::new()), |entry| {
        (entry.key.clone(), entry.view.get("UploadId").text().unwrap_or_default().to_owned())
    });
    let (common, found) = listing::apart(page);
    Ok(record! {
        "Bucket" => &bucket.name,
        "KeyMarker" => listing::shown(input, key),
        "UploadIdMarker" => id,
        "NextKeyMarker" => listing::shown(input, &next_key),
        "NextUploadIdMarker" => next_id,
        "Prefix" => Some(prefix).filter(|prefix| !prefix.is_empty()),
        "Delimiter" => delimiter.map(|delimiter| listing::shown(input, delimiter)),
        "MaxUploads" => asked,
        "IsTruncated" => more,
        "Uploads" => found,
        "CommonPrefixes" => common,
        "EncodingType" => input.text("EncodingType"),
    })
}
