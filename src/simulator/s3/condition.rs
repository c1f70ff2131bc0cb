//! Conditions on the entity tag and the time of an object, under which a request reads or writes it.

use jiff::Timestamp;

use super::object::{missing, newest};
use crate::input::Input;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::value::Value;
use crate::world::Tx;

const PAGE: &str = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("s3.object.condition", "a request's conditions on the entity tag and the time hold", PAGE),
    Rule::new(
        "s3.object.condition.form",
        "a write has one condition: that there is nothing, or the tag of what there is",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html",
    ),
];

const RULE: &str = "s3.object.condition";

/// Refuses to read an object for which the conditions do not hold.
///
/// # Errors
/// `NotModified` where what the client has is still good, else `PreconditionFailed`.
pub(super) fn to_read(tx: &Tx<'_>, input: &Input<'_>, tag: &str, modified: Timestamp) -> Result<(), Refusal> {
    match unmet(tx, input, "", tag, modified) {
        Some(name @ ("If-Match" | "If-Unmodified-Since")) => tx.enforce(RULE, false, || failed(name)),
        Some(_) => tx.enforce(RULE, false, || Refusal::new("NotModified", "")),
        None => Ok(()),
    }
}

/// Refuses to copy an object for which the conditions do not hold.
///
/// # Errors
/// `PreconditionFailed`.
pub(super) fn to_copy(tx: &Tx<'_>, input: &Input<'_>, tag: &str, modified: Timestamp) -> Result<(), Refusal> {
    match unmet(tx, input, "CopySource", tag, modified) {
        Some(name) => tx.enforce(RULE, false, || failed(&format!("x-amz-copy-source-{name}"))),
        None => Ok(()),
    }
}

/// The header of the first condition that does not hold. A tag that is asked for counts for more than a time.
fn unmet(tx: &Tx<'_>, input: &Input<'_>, prefix: &str, tag: &str, modified: Timestamp) -> Option<&'static str> {
    let text = |name: &str| input.text(&format!("{prefix}{name}"));
    // Times in headers have no parts of seconds.
    let time = |name: &str| match input.whole(&format!("{prefix}{name}")) {
        Value::Time(moment) => Some(moment.as_second()),
        _ => None,
    };
    let (matching, other) = (text("IfMatch"), text("IfNoneMatch"));
    let (until, since) = (time("IfUnmodifiedSince"), time("IfModifiedSince"));
    let modified = modified.as_second();
    match (matching, until) {
        (Some(wanted), _) if !same(wanted, tag) => return Some("If-Match"),
        (None, Some(until)) if modified > until => return Some("If-Unmodified-Since"),
        _ => {}
    }
    match (other, since) {
        (Some(known), _) if same(known, tag) => Some("If-None-Match"),
        // What lies ahead is no time that anyone can have read at.
        (None, Some(since)) if modified <= since && since <= tx.now().as_second() => Some("If-Modified-Since"),
        _ => None,
    }
}

/// Refuses to write over an object for which the conditions do not hold.
///
/// # Errors
/// `NotImplemented`, `NoSuchKey` or `PreconditionFailed`.
pub(super) fn to_write(tx: &Tx<'_>, input: &Input<'_>, bucket: &str, key: &str) -> Result<(), Refusal> {
    let (matching, other) = (input.text("IfMatch"), input.text("IfNoneMatch"));
    let form = |holds: bool, headers: &str, why: &str| {
        tx.enforce("s3.object.condition.form", holds, || not_implemented(headers).member("additionalMessage", why))
    };
    let both = "Multiple conditional request headers present in the request";
    form(matching.is_none() || other.is_none(), "If-Match,If-None-Match", both)?;
    let value = |header: &str| format!("We don't accept the provided value of {header} header for this API");
    form(other.is_none_or(|other| other == "*"), "If-None-Match", &value("If-None-Match"))?;
    form(matching != Some("*"), "If-Match", &value("If-Match"))?;
    let there = newest(tx, bucket, key).and_then(|version| version.content);
    if other.is_some() {
        tx.enforce(RULE, there.is_none(), || failed("If-None-Match"))?;
    }
    if let Some(wanted) = matching {
        let Some(there) = &there else { return Err(missing(key)) };
        tx.enforce(RULE, same(wanted, &there.tag), || failed("If-Match"))?;
    }
    Ok(())
}

/// What S3 says of a header that it knows and does not heed.
pub(super) fn not_implemented(header: &str) -> Refusal {
    let message = "A header you provided implies functionality that is not implemented";
    Refusal::new("NotImplemented", message).member("Header", header)
}

pub(super) fn failed(condition: &str) -> Refusal {
    Refusal::new("PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
        .member("Condition", condition)
}

/// Whether an entity tag is the one wanted, which may come without its quotes.
pub(super) fn same(wanted: &str, tag: &str) -> bool {
    wanted == "*" || wanted.trim_matches('"') == tag.trim_matches('"')
}
