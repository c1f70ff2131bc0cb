//! The part of an object that a request asks for: a range of its bytes, or a part that it was uploaded in.

use std::ops::Range;

use super::object::Content;
use super::upload_part;
use crate::input::Input;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::world::Tx;

const GET: &str = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("s3.object.range", "a range begins within the object", GET),
    Rule::new("s3.object.part", "a part is one that the object has, and no range is asked for beside it", GET),
];

/// What of an object is asked for; none where it is all of it, and a range that is none is not heeded.
pub(super) fn asked(tx: &Tx<'_>, input: &Input<'_>, content: &Content) -> Result<Option<Range<usize>>, Refusal> {
    let (range, part) = (input.text("Range"), input.integer("PartNumber"));
    tx.enforce("s3.object.part", range.is_none() || part.is_none(), || {
        Refusal::new("InvalidRequest", "Cannot specify both Range header and partNumber query parameter").status(400)
    })?;
    if let Some(number) = part {
        upload_part::number(tx, number)?;
        return of_part(tx, content, number).map(Some);
    }
    let Some((range, bounds)) = range.and_then(|range| Some((range, bounds(range, content.size)?))) else {
        return Ok(None);
    };
    let there = bounds.start < content.size;
    tx.enforce("s3.object.range", there, || {
        Refusal::new("InvalidRange", "The requested range is not satisfiable")
            .member("RangeRequested", range)
            .member("ActualObjectSize", content.size.to_string())
    })?;
    Ok(Some(bounds).filter(|_| there))
}

/// The bytes of a part. An object that was written at once is one part.
fn of_part(tx: &Tx<'_>, content: &Content, number: i64) -> Result<Range<usize>, Refusal> {
    let mut start = 0;
    for part in &content.parts {
        if i64::from(part.number) == number {
            return Ok(start..start + part.size);
        }
        start += part.size;
    }
    let whole = content.parts.is_empty() && number == 1;
    tx.enforce("s3.object.part", whole, || {
        Refusal::new("InvalidPartNumber", "The requested partnumber is not satisfiable")
            .member("PartNumberRequested", number.to_string())
            .member("ActualPartCount", content.parts.len().max(1).to_string())
    })?;
    Ok(0..content.size)
}

/// The bytes that a `Range` header names of so many; none where it is no range that S3 heeds.
fn bounds(header: &str, size: usize) -> Option<Range<usize>> {
    let (first, last) = header.strip_prefix("bytes=")?.split_once('-')?;
    let number = |text: &str| text.bytes().all(|digit| digit.is_ascii_digit()).then(|| text.parse::<usize>().ok())?;
    match (first.trim(), last.trim()) {
        ("", "") => None,
        ("", "0") => Some(size..size),
        ("", last) => Some(size.saturating_sub(number(last)?)..size),
        (first, "") => Some(number(first)?..size),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then(|| first..last.saturating_add(1).min(size.max(first)))
        }
    }
}

/// How an answer says which bytes it has.
pub(super) fn told(range: &Range<usize>, size: usize) -> Option<String> {
    // An empty object has no bytes to be named.
    (!range.is_empty()).then(|| format!("bytes {}-{}/{size}", range.start, range.end - 1))
}

#[cfg(test)]
mod tests {
    use super::bounds;

    /// As AWS answered them for an object of ten bytes:
    /// <https://github.com/localstack/localstack/blob/main/tests/aws/services/s3/test_s3_api.snapshot.json>
    #[test]
    fn ranges_are_read_as_recorded() {
        for (header, wanted) in [
            ("bytes=0-8", Some(0..9)),
            ("bytes=1-1", Some(1..2)),
            ("bytes=1-", Some(1..10)),
            ("bytes=-2", Some(8..10)),
            ("bytes=-15", Some(0..10)),
            ("bytes=0-100", Some(0..10)),
            ("bytes=-0", Some(10..10)),
            ("bytes=1-0", None),
            ("bytes=-1-", None),
            ("bytes=0--1", None),
            ("bytes=0-1,3-4,7-9", None),
            ("0-8", None),
            ("bytes=-", None),
        ] {
            assert_eq!(bounds(header, 10), wanted, "{header}");
        }
        assert_eq!(bounds("bytes=100-200", 10).map(|range| range.start), Some(100));
    }
}
