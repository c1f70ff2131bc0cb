//! The parts of an upload: sent, copied from objects, and listed.

use jiff::Timestamp;
use md5::Digest as _;
use serde::{Deserialize, Serialize};

use super::body::Body;
use super::bucket::{Bucket, find};
use super::checksum::{self, Sum};
use super::object::{Content, count, received};
use super::upload::{Upload, named, people};
use super::{copy, customer_key, listing};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::{Reach, Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("UploadPart", upload), ("UploadPartCopy", upload_copy), ("ListParts", list)];

const PART: &str = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html";
const COPY: &str = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "s3.upload.number",
        "parts have the numbers from 1 to 10,000",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html",
    ),
    Rule::new("s3.upload.algorithm", "a part's checksum is by the upload's algorithm", PART),
    Rule::new("s3.upload.key", "a part comes with the key that its upload was begun with", PART),
    Rule::new("s3.copy.range", "a range of a source is of the form first-last, and within it", COPY),
];

/// A part that was sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// The id of its upload.
    pub upload: String,
    /// Its number.
    pub number: u16,
    /// When it was sent.
    pub modified: Timestamp,
    /// The bytes.
    pub body: Body,
    /// The entity tag, in quotes.
    pub tag: String,
    /// Its checksums, by member.
    pub checksums: Vec<Sum>,
}

impl Row for Part {
    const TABLE: &'static str = "s3.part";
    const REACH: Reach = Reach::World;
    fn id(&self) -> String {
        format!("{}{:05}", self.upload, self.number)
    }
}

/// The number of a part, where it can be one.
///
/// # Errors
/// `InvalidArgument`.
pub(super) fn number(tx: &Tx<'_>, given: i64) -> Result<u16, Refusal> {
    tx.enforce("s3.upload.number", (1..=10_000).contains(&given), || {
        Refusal::new("InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive")
            .status(400)
            .member("ArgumentName", "partNumber")
            .member("ArgumentValue", given.to_string())
    })?;
    Ok(u16::try_from(given).unwrap_or_default())
}

/// The upload that a part is for, its number, and that it comes with the upload's key.
fn place(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<(Bucket, Upload, u16), Refusal> {
    let bucket = find(tx, input)?;
    let number = number(tx, input.integer("PartNumber").unwrap_or_default())?;
    let upload = named(tx, input, &bucket)?;
    same_key(tx, input, &upload)?;
    // What is uploaded in parts is read to be put together:
    // <https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html#mpuAndPermissions>.
    if let Some(sealed) = &upload.description.sealed {
        sealed.opened(tx, &bucket, &upload.key)?;
    }
    Ok((bucket, upload, number))
}

/// Refuses another key than an upload was begun with.
///
/// # Errors
/// In the words of AWS's recorded answers.
pub(super) fn same_key(tx: &Tx<'_>, input: &Input<'_>, upload: &Upload) -> Result<(), Refusal> {
    let given = customer_key::given(tx, input, "")?;
    let wanted = upload.description.sealed.as_ref().and_then(|sealed| sealed.customer.as_ref());
    let refused = |holds: bool, message: &str| {
        tx.enforce("s3.upload.key", holds, || Refusal::new("InvalidRequest", message).status(400))
    };
    refused(
        given.is_some() == wanted.is_some(),
        "The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate \
         encryption parameters.",
    )?;
    refused(given.as_ref() == wanted, "The provided encryption parameters did not match the ones used originally.")
}

fn keep(tx: &mut Tx<'_>, upload: &Upload, number: u16, body: Body, given: Vec<Sum>) -> Result<(Part, Value), Refusal> {
    let checksums = match &upload.algorithm {
        // The upload has none of its own: what came with the part was for the way.
        None => given,
        Some(algorithm) => {
            let member = checksum::member(algorithm);
            match given.into_iter().find(|(name, _)| *name == member) {
                Some(sum) => vec![sum],
                None => vec![checksum::of(algorithm, &body)?],
            }
        }
    };
    let tag = format!("\"{}\"", hex::encode(md5::Md5::digest(&*body)));
    let part = Part { upload: upload.id.clone(), number, modified: tx.now(), body, tag, checksums };
    tx.put(part.clone());
    let mut answer = record! {};
    if let Some(sealed) = &upload.description.sealed {
        sealed.tell(&mut answer);
    }
    Ok((part, answer))
}

fn upload(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let (_, upload, number) = place(tx, input)?;
    let given = checksum::given(input);
    if let (Some(algorithm), Some((member, _))) = (&upload.algorithm, given.first()) {
        let (wanted, actual) = (algorithm.to_ascii_lowercase(), checksum::algorithm(member).to_ascii_lowercase());
        tx.enforce("s3.upload.algorithm", wanted == actual, || {
            let message = format!(
                "Checksum Type mismatch occurred, expected checksum Type: {wanted}, actual checksum Type: {actual}"
            );
            Refusal::new("InvalidRequest", message).status(400)
        })?;
    }
    let (body, _) = received(input)?;
    let (part, mut answer) = keep(tx, &upload, number, body, given)?;
    answer.set("ETag", part.tag.as_str());
    for (member, sum) in &part.checksums {
        answer.set(member, sum.as_str());
    }
    Ok(answer)
}

fn upload_copy(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let (_, upload, number) = place(tx, input)?;
    let source = copy::source(tx, input)?;
    let body = match input.text("CopySourceRange") {
        None => source.content.body.clone(),
        Some(range) => piece(tx, &source.content, range)?,
    };
    let (part, mut answer) = keep(tx, &upload, number, body, Vec::new())?;
    let mut result = record! { "ETag" => &part.tag, "LastModified" => part.modified };
    for (member, sum) in &part.checksums {
        result.set(member, sum.as_str());
    }
    answer.set("CopyPartResult", result);
    answer.set("CopySourceVersionId", source.version_told());
    Ok(answer)
}

/// The bytes of a source that a header names, which is stricter than the one of reading.
fn piece(tx: &Tx<'_>, source: &Content, range: &str) -> Result<Body, Refusal> {
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
        digits.then(|| text.parse::<usize>().ok())?
    };
    let bounds = range.strip_prefix("bytes=").and_then(|bounds| bounds.split_once('-'));
    let bounds = bounds.and_then(|(first, last)| Some((number(first)?, number(last)?)));
    let bounds = bounds.filter(|(first, last)| first <= last);
    let argument = |message: String| {
        Refusal::new("InvalidArgument", message)
            .member("ArgumentName", "x-amz-copy-source-range")
            .member("ArgumentValue", range)
    };
    tx.enforce("s3.copy.range", bounds.is_some(), || {
        let message = "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are \
                       the zero-based offsets of the first and last bytes to copy";
        argument(message.to_owned())
    })?;
    let (first, last) = bounds.unwrap_or((0, source.size.saturating_sub(1)));
    tx.enforce("s3.copy.range", first < source.size, || {
        let message = "The specified copy range is invalid for the source object size";
        Refusal::new("InvalidRequest", message).status(400)
    })?;
    tx.enforce("s3.copy.range", last < source.size, || {
        argument(format!("Range specified is not valid for source object of size: {}", source.size))
    })?;
    Ok(source.body.part(first.min(source.size)..(last + 1).min(source.size)))
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    let upload = named(tx, input, &bucket)?;
    same_key_if_given(tx, input, &upload)?;
    let (asked, size) = listing::size(tx, input, "MaxParts", "max-parts")?;
    let after = input.integer("PartNumberMarker").unwrap_or_default();
    let later: Vec<&Part> = tx.rows_under::<Part>(&upload.id).filter(|part| i64::from(part.number) > after).collect();
    let page: Vec<&Part> = later.iter().copied().take(size).collect();
    let shown = page.iter().map(|part| {
        let mut view = record! {
            "PartNumber" => part.number,
            "LastModified" => part.modified,
            "ETag" => &part.tag,
            "Size" => count(part.body.len()),
        };
        // Of an upload without an algorithm the parts' checksums are not kept.
        for (member, sum) in part.checksums.iter().filter(|_| upload.algorithm.is_some()) {
            view.set(member, sum.as_str());
        }
        view
    });
    let mut answer = record! {
        "Bucket" => &bucket.name,
        "Key" => &upload.key,
        "UploadId" => &upload.id,
        "PartNumberMarker" => after,
        "NextPartNumberMarker" => page.last().map_or(0, |part| part.number),
        "MaxParts" => asked,
        "IsTruncated" => later.len() > page.len(),
        "Parts" => shown.collect::<Vec<_>>(),
    };
    people(tx, &upload, &mut answer);
    Ok(answer)
}

/// A list needs no key of the customer's; one that comes has to be the upload's.
fn same_key_if_given(tx: &Tx<'_>, input: &Input<'_>, upload: &Upload) -> Result<(), Refusal> {
    let given = ["SSECustomerAlgorithm", "SSECustomerKey", "SSECustomerKeyMD5"].iter().any(|name| input.has(name));
    if given { same_key(tx, input, upload) } else { Ok(()) }
}
