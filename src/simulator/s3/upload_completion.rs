//! An upload in parts becomes an object.

use md5::Digest as _;

use super::body::Body;
use super::bucket::{Bucket, find};
use super::checksum::{self, Sum};
use super::condition;
use super::object::{Content, PartOf, newest, write};
use super::upload::{Upload, forget, named};
use super::upload_part::{Part, number, same_key};
use crate::input::Input;
use crate::protocol::base64_decode;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[("CompleteMultipartUpload", complete)];

const PAGE: &str = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("s3.upload.parts", "an object is put together of at least one part", PAGE),
    Rule::new("s3.upload.order", "parts are named in ascending order", PAGE),
    Rule::new("s3.upload.part", "each part that is named was sent, with this tag and checksum", PAGE),
    Rule::new(
        "s3.upload.small",
        "each part but the last has 5 MiB",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html",
    ),
    Rule::new("s3.upload.size", "the object has the size that is said", PAGE),
    Rule::new("s3.upload.sum", "the object has the checksum, and of the kind, that is said", PAGE),
    Rule::new(
        "s3.upload.conflict",
        "an object that is to be written over is as it was when its upload began",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html",
    ),
];

/// Bytes that each part but the last has at least.
const LEAST: usize = 5 << 20;

fn complete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    let upload = named(tx, input, &bucket)?;
    same_key(tx, input, &upload)?;
    let parts = chosen(tx, input, &upload)?;
    let content = whole(tx, input, &upload, &parts)?;
    unchanged(tx, input, &upload)?;
    let mut answer = record! {
        "Location" => location(&bucket, &upload.key),
        "Bucket" => &bucket.name,
        "Key" => &upload.key,
        "ETag" => &content.tag,
    };
    checksum::tell(&content.checksums, content.composite, &mut answer);
    if let Some(sealed) = content.sealed.as_ref().filter(|sealed| sealed.customer.is_none()) {
        sealed.tell(&mut answer);
    }
    let version = write(tx, &bucket, &upload.key, Some(content));
    answer.set("VersionId", Some(version).filter(|_| bucket.versioning.is_some()));
    forget(tx, &upload);
    Ok(answer)
}

/// Where an object is found, in the form that holds for every region.
fn location(bucket: &Bucket, key: &str) -> String {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    const KEPT: percent_encoding::AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    format!("https://{}.s3.{}.amazonaws.com/{}", bucket.name, bucket.region, utf8_percent_encode(key, &KEPT))
}

/// The parts that a request names, as they were sent.
fn chosen(tx: &Tx<'_>, input: &Input<'_>, upload: &Upload) -> Result<Vec<Part>, Refusal> {
    let named = input.record("MultipartUpload").map(|it| it.records("Parts")).unwrap_or_default();
    tx.enforce("s3.upload.parts", !named.is_empty(), || {
        Refusal::new("InvalidRequest", "You must specify at least one part").status(400)
    })?;
    let numbers: Vec<i64> = named.iter().map(|part| part.integer("PartNumber").unwrap_or_default()).collect();
    for given in &numbers {
        number(tx, *given)?;
    }
    tx.enforce("s3.upload.order", numbers.is_sorted_by(|one, next| one < next), || {
        let message = "The list of parts was not in ascending order. Parts must be ordered by part number.";
        Refusal::new("InvalidPartOrder", message).member("UploadId", &upload.id)
    })?;
    let sent: Vec<&Part> = tx.rows_under::<Part>(&upload.id).collect();
    let mut chosen: Vec<Part> = Vec::new();
    for (named, number) in named.iter().zip(&numbers) {
        let tag = named.text("ETag").unwrap_or_default();
        let sums = checksum::given(named);
        let missing = || {
            let message = "One or more of the specified parts could not be found.  The part may not have been \
                           uploaded, or the specified entity tag may not match the part's entity tag.";
            Refusal::new("InvalidPart", message)
                .member("UploadId", &upload.id)
                .member("PartNumber", number.to_string())
                .member("ETag", tag.trim_matches('"'))
        };
        let Some(part) = sent.iter().find(|part| i64::from(part.number) == *number) else { return Err(missing()) };
        tx.enforce("s3.upload.part", condition::same(tag, &part.tag) && tag != "*", missing)?;
        of_algorithm(tx, upload, *number, &sums)?;
        tx.enforce(
            "s3.upload.part",
            sums.iter().all(|sum| upload.algorithm.is_some() && part.checksums.contains(sum)),
            missing,
        )?;
        chosen.push((*part).clone());
    }
    for part in chosen.iter().rev().skip(1).rev() {
        tx.enforce("s3.upload.small", part.body.len() >= LEAST, || {
            Refusal::new("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
                .member("ETag", part.tag.trim_matches('"'))
                .member("MinSizeAllowed", LEAST.to_string())
                .member("PartNumber", part.number.to_string())
                .member("ProposedSize", part.body.len().to_string())
        })?;
    }
    Ok(chosen)
}

/// An object whose checksum is one of its parts' checksums is told each of these.
fn of_algorithm(tx: &Tx<'_>, upload: &Upload, number: i64, sums: &[Sum]) -> Result<(), Refusal> {
    let Some(algorithm) = upload.algorithm.as_deref().filter(|_| upload.composite) else { return Ok(()) };
    tx.enforce("s3.upload.part", !sums.is_empty(), || {
        let message = format!(
            "The upload was created using a {} checksum. The complete request must include the checksum for each part. \
             It was missing for part {number} in the request.",
            algorithm.to_ascii_lowercase()
        );
        Refusal::new("InvalidRequest", message).status(400)
    })?;
    let other = sums.iter().find(|(member, _)| checksum::algorithm(member) != algorithm);
    tx.enforce("s3.upload.part", other.is_none(), || {
        let given = other.map_or_else(String::new, |(member, _)| checksum::algorithm(member).to_ascii_lowercase());
        let message = format!("The {given} you specified for part {number} did not match what we received.");
        Refusal::new("BadDigest", message)
    })
}

/// The object that the parts make.
fn whole(tx: &Tx<'_>, input: &Input<'_>, upload: &Upload, parts: &[Part]) -> Result<Content, Refusal> {
    let body: Vec<u8> = parts.iter().flat_map(|part| part.body.iter().copied()).collect();
    if let Some(said) = input.integer("MpuObjectSize") {
        tx.enforce("s3.upload.size", usize::try_from(said).is_ok_and(|said| said == body.len()), || {
            let message = format!(
                "The provided 'x-amz-mp-object-size' header value {said} does not match what was computed: {}",
                body.len()
            );
            Refusal::new("InvalidRequest", message).status(400)
        })?;
    }
    let tags: Vec<u8> =
        parts.iter().flat_map(|part| hex::decode(part.tag.trim_matches('"')).unwrap_or_default()).collect();
    let tag = format!("\"{}-{}\"", hex::encode(md5::Md5::digest(&tags)), parts.len());
    let algorithm = upload.algorithm.as_deref().unwrap_or(checksum::USUAL);
    let sum = if upload.composite {
        let sums = parts.iter().flat_map(|part| part.checksums.iter().map(|(_, sum)| sum));
        let sums: Vec<u8> = sums.flat_map(|sum| base64_decode(sum).unwrap_or_default()).collect();
        let (member, sum) = checksum::of(algorithm, &sums)?;
        (member, format!("{sum}-{}", parts.len()))
    } else {
        checksum::of(algorithm, &body)?
    };
    as_said(tx, input, upload, &sum)?;
    let parts = parts.iter().map(|part| {
        let checksums = if upload.algorithm.is_some() { part.checksums.clone() } else { Vec::new() };
        PartOf { number: part.number, size: part.body.len(), checksums }
    });
    Ok(Content {
        size: body.len(),
        body: Body::from(body),
        tag,
        checksums: vec![sum],
        composite: upload.composite,
        parts: parts.collect(),
        ..upload.description.clone()
    })
}

/// Refuses a checksum that is not the object's, or of another kind.
fn as_said(tx: &Tx<'_>, input: &Input<'_>, upload: &Upload, sum: &Sum) -> Result<(), Refusal> {
    let mode = match &upload.algorithm {
        None => "null",
        Some(_) => checksum::kind(upload.composite),
    };
    tx.enforce("s3.upload.sum", input.text("ChecksumType").is_none_or(|kind| kind == mode), || {
        let message = format!(
            "The upload was created using the {mode} checksum mode. The complete request must use the same checksum mode."
        );
        Refusal::new("InvalidRequest", message).status(400)
    })?;
    let given = checksum::given(input);
    // Of parts' checksums it may come without their number.
    let plain = |sum: &str| sum.split('-').next().unwrap_or(sum).to_owned();
    let same = |(member, given): &Sum| *member == sum.0 && plain(given) == plain(&sum.1);
    tx.enforce("s3.upload.sum", given.iter().all(same), || {
        let algorithm = checksum::algorithm(&sum.0).to_ascii_lowercase();
        Refusal::new("BadDigest", format!("The {algorithm} you specified did not match the calculated checksum."))
    })
}

/// Refuses to write over an object for which the conditions do not hold, or that is another than when this began.
fn unchanged(tx: &Tx<'_>, input: &Input<'_>, upload: &Upload) -> Result<(), Refusal> {
    condition::to_write(tx, input, &upload.bucket, &upload.key)?;
    let since = newest(tx, &upload.bucket, &upload.key).is_some_and(|it| it.modified > upload.started);
    tx.enforce("s3.upload.conflict", input.text("IfMatch").is_none() || !since, || {
        let message = "The conditional request cannot succeed due to a conflicting operation against this resource.";
        Refusal::new("ConditionalRequestConflict", message).member("Condition", "If-Match").member("Key", &upload.key)
    })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use crate::client::{Answer, Client};
    use crate::signature::tests::sign;

    async fn ask(
        client: &Client,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Answer {
        let mut request =
            http::Request::builder().method(method).uri(format!("http://s3.us-east-1.amazonaws.com{path}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(body.into()).unwrap();
        sign(&mut request, "test", "test", "us-east-1", "s3", client.simulator.now());
        client.send(request).await.unwrap()
    }

    fn tag_of(body: &[u8]) -> String {
        use md5::Digest as _;
        hex::encode(md5::Md5::digest(body))
    }

    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html>
    #[tokio::test(start_paused = true)]
    async fn parts_become_an_object_that_is_read_whole_in_ranges_and_by_parts() {
        let client = Client::calm();
        ask(&client, "PUT", "/a-bucket", &[], "").await;
        let begun = ask(&client, "POST", "/a-bucket/key?uploads", &[("content-type", "text/plain")], "").await;
        assert!(begun.text.contains("<InitiateMultipartUploadResult"), "{}", begun.text);
        let id = begun.one("UploadId");
        let large = vec![b'x'; super::LEAST];
        for (number, body) in [(1, large.clone()), (2, b"the end".to_vec())] {
            let path = format!("/a-bucket/key?partNumber={number}&uploadId={id}");
            assert_eq!(ask(&client, "PUT", &path, &[], body).await.status, 200);
        }
        let listed = ask(&client, "GET", &format!("/a-bucket/key?uploadId={id}"), &[], "").await;
        assert_eq!(listed.all("PartNumber"), ["1", "2"]);
        assert_eq!(ask(&client, "GET", "/a-bucket?uploads", &[], "").await.all("UploadId"), [id.as_str()]);
        assert_eq!(ask(&client, "GET", "/a-bucket/key", &[], "").await.code, "NoSuchKey");
        let parts: String = [(1, tag_of(&large)), (2, tag_of(b"the end"))]
            .iter()
            .map(|(number, tag)| format!("<Part><PartNumber>{number}</PartNumber><ETag>{tag}</ETag></Part>"))
            .collect();
        let parts = format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>");
        let made = ask(&client, "POST", &format!("/a-bucket/key?uploadId={id}"), &[], parts.clone()).await;
        assert!(made.one("ETag").ends_with("-2\""), "{}", made.text);
        assert_eq!(made.one("Location"), "https://a-bucket.s3.us-east-1.amazonaws.com/key");
        let again = ask(&client, "POST", &format!("/a-bucket/key?uploadId={id}"), &[], parts).await;
        assert_eq!((again.status, again.code.as_str()), (404, "NoSuchUpload"));

        assert_eq!(ask(&client, "GET", "/a-bucket/key", &[], "").await.text.len(), super::LEAST + 7);
        let read = async |path: &str, range: &str| {
            let answer = ask(&client, "GET", path, &[("range", range)], "").await;
            (answer.status, answer.text)
        };
        assert_eq!(read("/a-bucket/key", "bytes=-3").await, (206, "end".to_owned()));
        let last = ask(&client, "GET", "/a-bucket/key?partNumber=2", &[], "").await;
        assert_eq!((last.status, last.text.as_str()), (206, "the end"));
        assert_eq!(ask(&client, "DELETE", "/a-bucket/key", &[], "").await.status, 204);
        assert_eq!(ask(&client, "DELETE", "/a-bucket", &[], "").await.status, 204);
    }

    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>
    #[tokio::test(start_paused = true)]
    async fn a_copy_keeps_what_its_source_says_unless_it_is_to_say_otherwise() {
        let client = Client::calm();
        ask(&client, "PUT", "/a-bucket", &[], "").await;
        ask(&client, "PUT", "/b-bucket", &[], "").await;
        let said = [("content-type", "text/plain"), ("x-amz-meta-of", "source"), ("x-amz-tagging", "a=1")];
        ask(&client, "PUT", "/a-bucket/key", &said, "text").await;
        let copied = ask(&client, "PUT", "/b-bucket/copy", &[("x-amz-copy-source", "a-bucket/%6Bey")], "").await;
        assert!(copied.text.contains("<CopyObjectResult"), "{}", copied.text);
        assert_eq!(copied.one("ETag"), format!("\"{}\"", tag_of(b"text")));
        assert_eq!(ask(&client, "GET", "/b-bucket/copy", &[], "").await.text, "text");
        let tags = ask(&client, "GET", "/b-bucket/copy?tagging", &[], "").await;
        assert_eq!((tags.one("Key"), tags.one("Value")), ("a".to_owned(), "1".to_owned()));
        let other = [("x-amz-copy-source", "/a-bucket/key"), ("x-amz-tagging-directive", "REPLACE")];
        ask(&client, "PUT", "/b-bucket/other", &other, "").await;
        assert!(!ask(&client, "GET", "/b-bucket/other?tagging", &[], "").await.text.contains("<Tag>"));
    }

    #[tokio::test(start_paused = true)]
    async fn an_upload_that_is_given_up_leaves_nothing() {
        let client = Client::calm();
        ask(&client, "PUT", "/a-bucket", &[], "").await;
        let id = ask(&client, "POST", "/a-bucket/key?uploads", &[], "").await.one("UploadId");
        ask(&client, "PUT", &format!("/a-bucket/key?partNumber=1&uploadId={id}"), &[], "part").await;
        assert_eq!(ask(&client, "DELETE", &format!("/a-bucket/key?uploadId={id}"), &[], "").await.status, 204);
        assert_eq!(ask(&client, "GET", &format!("/a-bucket/key?uploadId={id}"), &[], "").await.code, "NoSuchUpload");
        let world = client.simulator.snapshot().unwrap();
        assert!(!world.contains("s3.part") && !world.contains("s3.upload"), "{world}");
    }
}
