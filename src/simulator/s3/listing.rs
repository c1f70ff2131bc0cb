//! Lists of a bucket's objects, and of all their versions.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::bucket::{Bucket, find, owner};
use super::checksum;
use super::object::{Content, Version, start, versions};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("ListObjects", objects), ("ListObjectsV2", objects_v2), ("ListObjectVersions", all_versions)];

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "s3.list.size",
        "a page's size is no less than nothing",
        "https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html",
    ),
    Rule::new(
        "s3.list.marker",
        "a version to go on behind is one of a key",
        "https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html",
    ),
];

/// What keys keep of themselves where a client asks for them encoded.
const KEPT: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'*').remove(b'/');

/// How many keys a page has at most.
const MOST: i64 = 1000;

/// How many entries a page is asked to have, and how many it has at most.
///
/// # Errors
/// `InvalidArgument`.
pub(super) fn size(tx: &Tx<'_>, input: &Input<'_>, member: &str, wire: &str) -> Result<(i64, usize), Refusal> {
    let asked = input.integer(member).unwrap_or(MOST);
    tx.enforce("s3.list.size", asked >= 0, || {
        // <https://github.com/brekkylab/backlot/issues/192> and <https://github.com/versity/versitygw/issues/1809> have
        // what S3 calls it.
        let name = if wire == "max-keys" { "maxKeys" } else { wire };
        let message = if tx.operation() == "ListObjectVersions" {
            "max-keys cannot be negative".to_owned()
        } else {
            format!("Argument {name} must be an integer between 0 and 2147483647")
        };
        Refusal::new("InvalidArgument", message).member("ArgumentName", name).member("ArgumentValue", asked.to_string())
    })?;
    Ok((asked, usize::try_from(asked.clamp(0, MOST)).unwrap_or(0)))
}

/// How a key is shown.
pub(super) fn shown(input: &Input<'_>, text: &str) -> String {
    match input.text("EncodingType") {
        Some(_) => utf8_percent_encode(text, &KEPT).to_string(),
        None => text.to_owned(),
    }
}

/// What a list has for a key, or for all that begin alike.
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) view: Value,
}

/// The entries, those whose keys go on alike up to the delimiter made one. What begins as the key that a list goes on
/// behind was told before.
pub(super) fn rolled_up(
    input: &Input<'_>,
    entries: impl Iterator<Item = Entry>,
    prefix: &str,
    delimiter: Option<&str>,
    after: &str,
) -> Vec<Entry> {
    let mut all: Vec<Entry> = Vec::new();
    for entry in entries {
        let rest = delimiter.and_then(|delimiter| Some((delimiter, entry.key.strip_prefix(prefix)?)));
        let Some((delimiter, at)) = rest.and_then(|(delimiter, rest)| Some((delimiter, rest.find(delimiter)?))) else {
            all.push(entry);
            continue;
        };
        let common = &entry.key[..prefix.len() + at + delimiter.len()];
        let told = !after.is_empty() && after.starts_with(common);
        if !told && all.last().is_none_or(|last| last.key != common) {
            all.push(Entry { key: common.to_owned(), view: record! { "Prefix" => shown(input, common) } });
        }
    }
    all
}

/// A page's beginnings that several keys have, and its other entries.
pub(super) fn apart(page: Vec<Entry>) -> (Vec<Value>, Vec<Value>) {
    page.into_iter().map(|entry| entry.view).partition(|view| view.get("Prefix").text().is_some())
}

/// The newest version of each key that has not been deleted, behind a key.
fn current<'t>(tx: &'t Tx<'_>, from: &'t str, after: &'t str) -> impl Iterator<Item = (&'t Version, &'t Content)> {
    let mut last = "";
    versions(tx, from).filter_map(move |version| {
        // The first of a key's versions is the newest, which counts.
        let first = std::mem::replace(&mut last, &version.key) != version.key;
        let content = version.content.as_ref().filter(|_| first)?;
        (after.is_empty() || version.key.as_str() > after).then_some((version, content))
    })
}

/// What a list says of a version.
fn view(input: &Input<'_>, version: &Version, content: &Content) -> Value {
    let algorithms: Vec<String> =
        content.checksums.iter().map(|(member, _)| checksum::algorithm(member).to_owned()).collect();
    record! {
        "Key" => shown(input, &version.key),
        "LastModified" => version.modified,
        "ETag" => &content.tag,
        "ChecksumType" => Some(checksum::kind(content.composite)).filter(|_| !algorithms.is_empty()),
        "ChecksumAlgorithm" => Some(algorithms).filter(|it| !it.is_empty()),
        "Size" => content.length(),
        "StorageClass" => content.class(),
    }
}

/// The entries of a bucket's objects behind a key, told with their owner or without.
fn entries(tx: &Tx<'_>, input: &Input<'_>, bucket: &Bucket, after: &str, owned: bool) -> Vec<Entry> {
    let prefix = input.text("Prefix").unwrap_or_default();
    let from = start(bucket, prefix);
    let all = current(tx, &from, after).map(|(version, content)| {
        let mut view = view(input, version, content);
        if owned {
            view.set("Owner", record! { "ID" => owner(&bucket.account) });
        }
        Entry { key: version.key.clone(), view }
    });
    rolled_up(input, all, prefix, delimiter(input), after)
}

fn delimiter<'i>(input: &Input<'i>) -> Option<&'i str> {
    input.text("Delimiter").filter(|delimiter| !delimiter.is_empty())
}

fn objects(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    let (asked, size) = size(tx, input, "MaxKeys", "max-keys")?;
    let after = input.text("Marker").unwrap_or_default();
    let all = entries(tx, input, &bucket, after, true);
    let more = size > 0 && all.len() > size;
    let page: Vec<Entry> = all.into_iter().take(size).collect();
    // Without a delimiter the last key is what to go on behind.
    let next = page.last().filter(|_| more && delimiter(input).is_some()).map(|last| shown(input, &last.key));
    let (common, found) = apart(page);
    Ok(record! {
        "Name" => &bucket.name,
        "Prefix" => shown(input, input.text("Prefix").unwrap_or_default()),
        "Marker" => shown(input, after),
        "NextMarker" => next,
        "Delimiter" => delimiter(input).map(|delimiter| shown(input, delimiter)),
        "MaxKeys" => asked,
        "IsTruncated" => more,
        "Contents" => found,
        "CommonPrefixes" => common,
        "EncodingType" => input.text("EncodingType"),
    })
}

fn objects_v2(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    let (asked, size) = size(tx, input, "MaxKeys", "max-keys")?;
    let after = input.text("StartAfter");
    let owned = input.flag("FetchOwner");
    let all = entries(tx, input, &bucket, after.unwrap_or_default(), owned);
    let items = all.into_iter().map(|entry| (entry.key, entry.view)).collect();
    let token = input.text("ContinuationToken").filter(|_| tx.rule("s3.page.token"));
    let page = crate::pagination::page(&crate::pagination::asked(tx), items, token, Some(size)).map_err(|_| {
        Refusal::new("InvalidArgument", "The continuation token provided is incorrect")
            .member("ArgumentName", "continuation-token")
    })?;
    let found = if size == 0 { Vec::new() } else { page.items };
    let count = super::object::count(found.len());
    let (common, found): (Vec<Value>, Vec<Value>) =
        found.into_iter().partition(|view| view.get("Prefix").text().is_some());
    Ok(record! {
        "Name" => &bucket.name,
        "Prefix" => input.text("Prefix").unwrap_or_default(),
        "Delimiter" => delimiter(input).map(|delimiter| shown(input, delimiter)),
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
    let (asked, size) = size(tx, input, "MaxKeys", "max-keys")?;
    let (key, id) = (input.text("KeyMarker").unwrap_or_default(), input.text("VersionIdMarker"));
    tx.enforce("s3.list.marker", id.is_none() || input.has("KeyMarker"), || {
        let message = "A version-id marker cannot be specified without a key marker.";
        Refusal::new("InvalidArgument", message)
            .member("ArgumentName", "version-id-marker")
            .member("ArgumentValue", id.unwrap_or_default())
    })?;
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
        let mut view = match &version.content {
            Some(content) => view(input, version, content),
            None => record! { "Key" => shown(input, &version.key), "LastModified" => version.modified },
        };
        view.set("VersionId", version.version.as_str());
        view.set("IsLatest", newest);
        if version.content.is_some() { kept.push(view) } else { markers.push(view) }
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
