//! Lists of a bucket's objects, and of all their versions.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::bucket::find;
use super::object::{Version, start, versions};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[("ListObjectsV2", objects), ("ListObjectVersions", all_versions)];

pub(super) const RULES: &[Rule] = &[Rule::new(
    "s3.list.size",
    "a page's size is no less than nothing",
    "https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html",
)];

/// What keys keep of themselves where a client asks for them encoded.
const KEPT: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'*').remove(b'/');

/// How many keys a page has at most.
const MOST: i64 = 1000;

fn size(tx: &Tx<'_>, input: &Input<'_>) -> Result<(i64, usize), Refusal> {
    let asked = input.integer("MaxKeys").unwrap_or(MOST);
    tx.enforce("s3.list.size", asked >= 0, || {
        Refusal::new("InvalidArgument", "Argument maxKeys must be an integer between 0 and 2147483647")
            .member("ArgumentName", "maxKeys")
            .member("ArgumentValue", asked.to_string())
    })?;
    Ok((asked, usize::try_from(asked.clamp(0, MOST)).unwrap_or(0)))
}

/// How a key is shown.
fn shown(input: &Input<'_>, text: &str) -> String {
    match input.text("EncodingType") {
        Some(_) => utf8_percent_encode(text, &KEPT).to_string(),
        None => text.to_owned(),
    }
}

fn objects(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    let prefix = input.text("Prefix").unwrap_or_default();
    let (asked, size) = size(tx, input)?;
    let after = input.text("StartAfter");
    let delimiter = input.text("Delimiter").filter(|delimiter| !delimiter.is_empty());
    let mut last = "";
    let mut items: Vec<(String, Value)> = Vec::new();
    let from = start(&bucket, prefix);
    for version in versions(tx, &from) {
        // The first of a key's versions is the newest, which counts.
        let first = std::mem::replace(&mut last, &version.key) != version.key;
        let Some(content) = version.content.as_ref().filter(|_| first) else { continue };
        if after.is_some_and(|after| version.key.as_str() <= after) {
            continue;
        }
        // Keys that go on alike up to the delimiter are one.
        let rest = delimiter.and_then(|delimiter| Some((delimiter, version.key.strip_prefix(prefix)?)));
        if let Some((delimiter, at)) = rest.and_then(|(delimiter, rest)| Some((delimiter, rest.find(delimiter)?))) {
            let common = &version.key[..prefix.len() + at + delimiter.len()];
            if items.last().is_none_or(|(last, _)| last != common) {
                items.push((common.to_owned(), record! { "Prefix" => shown(input, common) }));
            }
            continue;
        }
        let view = record! {
            "Key" => shown(input, &version.key),
            "LastModified" => version.modified,
            "ETag" => &content.tag,
            "Size" => i64::try_from(content.size).unwrap_or(i64::MAX),
            "StorageClass" => "STANDARD",
        };
        items.push((version.key.clone(), view));
    }
    let token = input.text("ContinuationToken").filter(|_| tx.rule("s3.page.token"));
    let page = crate::paging::page(tx.operation(), items, token, Some(size)).map_err(|_| {
        Refusal::new("InvalidArgument", "The continuation token provided is incorrect")
            .member("ArgumentName", "continuation-token")
    })?;
    let found = if size == 0 { Vec::new() } else { page.items };
    let count = i64::try_from(found.len()).unwrap_or(i64::MAX);
    let (found, common): (Vec<Value>, Vec<Value>) =
        found.into_iter().partition(|item| item.get("Key").text().is_some());
    Ok(record! {
        "Name" => &bucket.name,
        "Prefix" => prefix,
        "Delimiter" => delimiter.map(|delimiter| shown(input, delimiter)),
        "MaxKeys" => asked,
        "KeyCount" => count,
        "CommonPrefixes" => common,
        "IsTruncated" => page.next.is_some() && size > 0,
        "Contents" => found,
        "EncodingType" => input.text("EncodingType"),
        "ContinuationToken" => token,
        "NextContinuationToken" => page.next.filter(|_| size > 0),
        "StartAfter" => after,
    })
}

fn all_versions(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    let prefix = input.text("Prefix").unwrap_or_default();
    let (asked, size) = size(tx, input)?;
    let (key, id) = (input.text("KeyMarker").unwrap_or_default(), input.text("VersionIdMarker"));
    let from = start(&bucket, prefix);
    let found: Vec<&Version> = versions(tx, &from).collect();
    // A page begins behind the version that the last one ended with, or behind all of that key's.
    let begin = match id {
        Some(id) => found.iter().position(|it| it.key == key && it.version == id).map_or(found.len(), |at| at + 1),
        None => found.iter().position(|it| key.is_empty() || it.key.as_str() > key).unwrap_or(found.len()),
    };
    let page: Vec<&Version> = found.iter().skip(begin).take(size).copied().collect();
    let more = size > 0 && found.len() > begin + page.len();
    let (mut kept, mut markers) = (Vec::new(), Vec::new());
    for version in &page {
        let newest = found.iter().find(|other| other.key == version.key).is_some_and(|it| it.id() == version.id());
        let mut view = record! {
            "Key" => shown(input, &version.key),
            "VersionId" => &version.version,
            "IsLatest" => newest,
            "LastModified" => version.modified,
        };
        match &version.content {
            None => markers.push(view),
            Some(content) => {
                view.set("ETag", content.tag.as_str());
                view.set("Size", i64::try_from(content.size).unwrap_or(i64::MAX));
                view.set("StorageClass", "STANDARD");
                kept.push(view);
            }
        }
    }
    let last = page.last().filter(|_| more);
    Ok(record! {
        "Name" => &bucket.name,
        "Prefix" => prefix,
        "MaxKeys" => asked,
        "KeyMarker" => key,
        "VersionIdMarker" => id.unwrap_or_default(),
        "IsTruncated" => more,
        "Versions" => kept,
        "DeleteMarkers" => markers,
        "EncodingType" => input.text("EncodingType"),
        "NextKeyMarker" => last.map(|version| shown(input, &version.key)),
        "NextVersionIdMarker" => last.map(|version| version.version.as_str()),
    })
}
