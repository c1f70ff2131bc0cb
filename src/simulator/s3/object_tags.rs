//! Tags of objects.

use super::bucket::find;
use super::object::{Version, named, version_id};
use super::{replica, tags};
use crate::input::Input;
use crate::protocol::percent_decode;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("GetObjectTagging", get), ("PutObjectTagging", put), ("DeleteObjectTagging", delete)];

const PAGE: &str = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("s3.object.tags.header", "tags in a header are written as in a query, each key once", PAGE),
    Rule::new("s3.object.tags.limit", "an object has at most 10 tags", PAGE),
];

type Tags = Vec<(String, String)>;

/// The tags that a request gives in its header.
///
/// # Errors
/// Where they are none, or too many.
pub(super) fn of_header(tx: &Tx<'_>, input: &Input<'_>) -> Result<Tags, Refusal> {
    let Some(text) = input.text("Tagging") else { return Ok(Vec::new()) };
    let read = parsed(text);
    tx.enforce("s3.object.tags.header", read.is_some(), || {
        let message = "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters \
                       without tag name duplicates.";
        Refusal::new("InvalidArgument", message).member("ArgumentName", "x-amz-tagging").member("ArgumentValue", text)
    })?;
    let mut kept = Vec::new();
    for (key, value) in read.unwrap_or_default() {
        tags::add(tx, &mut kept, &key, &value)?;
    }
    few(tx, kept)
}

fn parsed(text: &str) -> Option<Tags> {
    let plain = |text: &str| percent_decode(&text.replace('+', " "));
    let whole = |text: &str| (!text.contains('=')).then(|| plain(text));
    let mut read: Tags = Vec::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (key, value) = (plain(key), whole(value)?);
        if read.iter().any(|(known, _)| *known == key) {
            return None;
        }
        read.push((key, value));
    }
    Some(read)
}

fn few(tx: &Tx<'_>, tags: Tags) -> Result<Tags, Refusal> {
    tx.enforce("s3.object.tags.limit", tags.len() <= 10, || {
        Refusal::new("BadRequest", "Object tags cannot be greater than 10")
    })?;
    Ok(tags)
}

/// The version whose tags a request is for; a mark of deletion has none.
fn tagged(tx: &Tx<'_>, input: &Input<'_>, method: &str) -> Result<(Version, Option<String>), Refusal> {
    let bucket = find(tx, input)?;
    let id = version_id(tx, input)?;
    let version = named(tx, &bucket.name, input.required("Key"), id)?;
    if version.content.is_none() {
        return Err(super::reading::marked(method));
    }
    let shown = Some(version.version.clone()).filter(|_| bucket.versioning.is_some());
    Ok((version, shown))
}

fn get(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let (version, shown) = tagged(tx, input, "GET")?;
    let tags = version.content.map(|content| content.tags).unwrap_or_default();
    let tags: Vec<Value> = tags.into_iter().map(|(key, value)| record! { "Key" => key, "Value" => value }).collect();
    Ok(record! { "TagSet" => tags, "VersionId" => shown })
}

fn put(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let (version, shown) = tagged(tx, input, "PUT")?;
    let mut tags = Vec::new();
    for tag in input.record("Tagging").map(|tagging| tagging.records("TagSet")).unwrap_or_default() {
        tags::add(tx, &mut tags, tag.required("Key"), tag.required("Value"))?;
    }
    let tags = few(tx, tags)?;
    keep(tx, version, tags);
    Ok(record! { "VersionId" => shown })
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let (version, shown) = tagged(tx, input, "DELETE")?;
    keep(tx, version, Vec::new());
    Ok(record! { "VersionId" => shown })
}

/// Tags are of a version, which they do not make another.
fn keep(tx: &mut Tx<'_>, mut version: Version, tags: Tags) {
    if let Some(content) = &mut version.content {
        content.tags = tags;
    }
    replica::follow(tx, version);
}

#[cfg(test)]
mod tests {
    use super::parsed;

    #[test]
    fn tags_in_a_header_are_a_query() {
        let tags = |pairs: &[(&str, &str)]| {
            Some(pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect::<Vec<_>>())
        };
        assert_eq!(parsed("a=b&c%20d=e+f&g"), tags(&[("a", "b"), ("c d", "e f"), ("g", "")]));
        assert_eq!(parsed("key1=val1&key1=val2"), None);
        assert_eq!(parsed("key1=val1,key2=val2"), None);
    }
}
