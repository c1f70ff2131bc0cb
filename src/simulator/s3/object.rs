//! Objects with their versions: written in one request, read whole, listed, deleted.

use jiff::Timestamp;
use md5::Digest as _;
use serde::{Deserialize, Serialize};

use super::bucket::{Bucket, find};
use super::encryption::Sealed;
use crate::input::Input;
use crate::protocol::{base64_decode, base64_encode};
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::{Reach, Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("PutObject", put),
    ("GetObject", get),
    ("HeadObject", head),
    ("DeleteObject", delete),
    ("DeleteObjects", delete_many),
];

const CONDITIONS: &str = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("s3.object.condition", "a request's condition on the entity tag holds", CONDITIONS),
    Rule::new(
        "s3.object.key",
        "a key has 1 to 1,024 bytes",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html",
    ),
    Rule::new(
        "s3.object.version",
        "a version's id is one that S3 could have given",
        "https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html",
    ),
    Rule::new(
        "s3.object.many",
        "1 to 1,000 objects are deleted at once",
        "https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html",
    ),
];

/// A version of an object, or a mark that it is deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Version {
    /// The bucket.
    pub bucket: String,
    /// The key.
    pub key: String,
    /// The version's id; `null` where the bucket had no versions when it was written.
    pub version: String,
    /// Counts down, so that the newest stands first.
    pub rank: u64,
    /// When it was written.
    pub modified: Timestamp,
    /// What was written; none for a mark of deletion.
    pub content: Option<Content>,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// The bytes, in base64.
    pub body: String,
    /// How many bytes they are.
    pub size: usize,
    /// The entity tag, in quotes.
    pub tag: String,
    /// The content type.
    pub kind: String,
    /// What the writer says of it.
    pub metadata: Vec<(String, String)>,
    /// The checksums that came with it, by member.
    pub checksums: Vec<(String, String)>,
    /// How it is encrypted; as its bucket is, where an older world does not say.
    #[serde(default)]
    pub sealed: Option<Sealed>,
}

impl Row for Version {
    const TABLE: &'static str = "s3.version";
    const REACH: Reach = Reach::World;
    fn id(&self) -> String {
        format!("{}{:020}", under(&self.bucket, &self.key), self.rank)
    }
}

/// What the ids of a key's versions begin with. No bucket's name holds the sign between.
fn under(bucket: &str, key: &str) -> String {
    format!("{bucket}\n{key}\0")
}

/// All versions in a bucket whose key begins so: by key, the newest first.
pub(super) fn versions<'t>(tx: &'t Tx<'_>, start: &'t str) -> impl Iterator<Item = &'t Version> {
    tx.rows_under::<Version>(start)
}

/// What the ids of a bucket's versions begin with, where their keys begin so.
pub(super) fn start(bucket: &Bucket, prefix: &str) -> String {
    format!("{}\n{prefix}", bucket.name)
}

/// The newest version of a key.
fn newest(tx: &Tx<'_>, bucket: &str, key: &str) -> Option<Version> {
    tx.rows_under::<Version>(&under(bucket, key)).next().cloned()
}

const CHECKSUMS: &[&str] = &["ChecksumCRC32", "ChecksumCRC32C", "ChecksumCRC64NVME", "ChecksumSHA1", "ChecksumSHA256"];

fn put(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    let key = input.required("Key");
    tx.enforce("s3.object.key", (1..=1024).contains(&key.len()), || {
        Refusal::new("KeyTooLongError", "Your key is too long")
    })?;
    let there = newest(tx, &bucket.name, key).and_then(|version| version.content);
    if let Some(wanted) = input.text("IfNoneMatch") {
        tx.enforce("s3.object.condition", wanted != "*" || there.is_none(), || failed("If-None-Match"))?;
    }
    if let Some(wanted) = input.text("IfMatch") {
        let Some(there) = &there else { return Err(missing(key)) };
        tx.enforce("s3.object.condition", same(wanted, &there.tag), || failed("If-Match"))?;
    }
    let body: &[u8] = match input.whole("Body") {
        Value::Blob(bytes) => bytes,
        _ => &[],
    };
    let metadata = match input.whole("Metadata") {
        Value::Record(entries) => {
            entries.iter().map(|(name, value)| (name.clone(), value.text().unwrap_or_default().to_owned())).collect()
        }
        _ => Vec::new(),
    };
    let _ = input.integer("ContentLength");
    let checksums: Vec<(String, String)> =
        CHECKSUMS.iter().filter_map(|name| Some(((*name).to_owned(), input.text(name)?.to_owned()))).collect();
    let sealed = Sealed::chosen(tx, input, &bucket.encryption)?;
    let content = Content {
        body: base64_encode(body),
        size: body.len(),
        tag: format!("\"{}\"", hex::encode(md5::Md5::digest(body))),
        kind: input.text("ContentType").unwrap_or("binary/octet-stream").to_owned(),
        metadata,
        checksums,
        sealed: Some(sealed.clone()),
    };
    let mut answer = record! { "ETag" => &content.tag };
    sealed.tell(&mut answer);
    for (name, sum) in &content.checksums {
        answer.set(name, sum.as_str());
    }
    let version = write(tx, &bucket, key, Some(content));
    answer.set("VersionId", Some(version).filter(|_| bucket.versioning.is_some()));
    Ok(answer)
}

/// Writes a version, and gives its id.
fn write(tx: &mut Tx<'_>, bucket: &Bucket, key: &str, content: Option<Content>) -> String {
    let version = if bucket.versioning.as_deref() == Some("Enabled") {
        tx.hex(32)
    } else {
        // There is one version without an id: the last one written so.
        let all = under(&bucket.name, key);
        let last = tx.rows_under::<Version>(&all).find(|version| version.version == "null").map(Row::id);
        if let Some(last) = last {
            tx.remove::<Version>(&last);
        }
        "null".to_owned()
    };
    let rank = u64::MAX - tx.sequence();
    let (bucket, key, modified) = (bucket.name.clone(), key.to_owned(), tx.now());
    tx.put(Version { bucket, key, version: version.clone(), rank, modified, content });
    version
}

fn missing(key: &str) -> Refusal {
    Refusal::new("NoSuchKey", "The specified key does not exist.").member("Key", key)
}

fn failed(condition: &str) -> Refusal {
    Refusal::new("PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
        .member("Condition", condition)
}

/// Whether an entity tag is the one wanted, which may come without its quotes.
fn same(wanted: &str, tag: &str) -> bool {
    wanted == "*" || wanted.trim_matches('"') == tag.trim_matches('"')
}

/// The version's id that a request gives, where there can be such a one.
fn version_id<'i>(tx: &Tx<'_>, input: &Input<'i>) -> Result<Option<&'i str>, Refusal> {
    let id = input.text("VersionId");
    let sound = id.is_none_or(|id| id == "null" || (id.len() == 32 && id.bytes().all(|it| it.is_ascii_graphic())));
    tx.enforce("s3.object.version", sound, || {
        Refusal::new("InvalidArgument", "Invalid version id specified")
            .status(400)
            .member("ArgumentName", "versionId")
            .member("ArgumentValue", id.unwrap_or_default())
    })?;
    Ok(id)
}

/// The version that a request asks for, with its content.
fn asked(tx: &Tx<'_>, input: &Input<'_>) -> Result<(Bucket, Version, Content), Refusal> {
    let bucket = find(tx, input)?;
    let key = input.required("Key");
    let version = match version_id(tx, input)? {
        None => newest(tx, &bucket.name, key).ok_or_else(|| missing(key))?,
        Some(id) => {
            let all = under(&bucket.name, key);
            let found = tx.rows_under::<Version>(&all).find(|version| version.version == id).cloned();
            found.ok_or_else(|| Refusal::new("NoSuchVersion", "The specified version does not exist."))?
        }
    };
    let Some(content) = version.content.clone() else {
        return Err(match input.text("VersionId") {
            None => missing(key).member("x-amz-delete-marker", "true"),
            Some(_) => Refusal::new("MethodNotAllowed", "The specified method is not allowed against this resource."),
        });
    };
    if let Some(wanted) = input.text("IfMatch") {
        tx.enforce("s3.object.condition", same(wanted, &content.tag), || failed("If-Match"))?;
    }
    if let Some(wanted) = input.text("IfNoneMatch") {
        tx.enforce("s3.object.condition", !same(wanted, &content.tag), || Refusal::new("NotModified", ""))?;
    }
    Ok((bucket, version, content))
}

fn shown(input: &Input<'_>, bucket: &Bucket, version: &Version, content: &Content) -> Value {
    let metadata: Record = content.metadata.iter().map(|(name, text)| (name.clone(), Value::from(text))).collect();
    let mut answer = record! {
        "AcceptRanges" => "bytes",
        "LastModified" => version.modified,
        "ContentLength" => i64::try_from(content.size).unwrap_or(i64::MAX),
        "ETag" => &content.tag,
        "ContentType" => &content.kind,
        "ServerSideEncryption" => &bucket.encryption.algorithm,
        "Metadata" => Some(metadata).filter(|entries| !entries.is_empty()),
        "VersionId" => Some(&version.version).filter(|_| bucket.versioning.is_some()),
    };
    if input.text("ChecksumMode") == Some("ENABLED") {
        for (name, sum) in &content.checksums {
            answer.set(name, sum.as_str());
        }
    }
    if let Some(sealed) = &content.sealed {
        sealed.tell(&mut answer);
    }
    answer
}

fn get(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let (bucket, version, content) = asked(tx, input)?;
    if let Some(sealed) = &content.sealed {
        sealed.opened(tx)?;
    }
    let mut answer = shown(input, &bucket, &version, &content);
    answer.set("Body", Value::Blob(base64_decode(&content.body).unwrap_or_default()));
    Ok(answer)
}

fn head(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let (bucket, version, content) = asked(tx, input)?;
    Ok(shown(input, &bucket, &version, &content))
}

/// Deletes a key, or a version of it: whether a mark was left or taken away, and its id.
fn gone(tx: &mut Tx<'_>, bucket: &Bucket, key: &str, version: Option<&str>) -> (bool, Option<String>) {
    let Some(id) = version else {
        return match bucket.versioning {
            None => {
                let last = newest(tx, &bucket.name, key).map(|version| version.id());
                if let Some(last) = last {
                    tx.remove::<Version>(&last);
                }
                (false, None)
            }
            Some(_) => (true, Some(write(tx, bucket, key, None))),
        };
    };
    let all = under(&bucket.name, key);
    let found = tx.rows_under::<Version>(&all).find(|version| version.version == id).map(Row::id);
    let taken = found.and_then(|row| tx.remove::<Version>(&row));
    (taken.is_some_and(|version| version.content.is_none()), Some(id.to_owned()))
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    let key = input.required("Key");
    let version = version_id(tx, input)?;
    if let Some(wanted) = input.text("IfMatch") {
        let there = newest(tx, &bucket.name, key).and_then(|version| version.content);
        let Some(there) = there else { return Err(missing(key)) };
        tx.enforce("s3.object.condition", same(wanted, &there.tag), || failed("If-Match"))?;
    }
    let (marker, version) = gone(tx, &bucket, key, version);
    Ok(record! { "DeleteMarker" => Some(true).filter(|_| marker), "VersionId" => version })
}

fn delete_many(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    let Some(delete) = input.record("Delete") else { return Ok(super::bucket::nothing()) };
    let objects = delete.records("Objects");
    tx.enforce("s3.object.many", (1..=1000).contains(&objects.len()), || {
        let message = "The XML you provided was not well-formed or did not validate against our published schema";
        Refusal::new("MalformedXML", message)
    })?;
    let quiet = delete.flag("Quiet");
    let mut deleted = Vec::new();
    for object in objects {
        let (key, version) = (object.required("Key"), object.text("VersionId"));
        let (marker, id) = gone(tx, &bucket, key, version);
        deleted.push(record! {
            "Key" => key,
            "VersionId" => version,
            "DeleteMarker" => Some(true).filter(|_| marker),
            "DeleteMarkerVersionId" => id.filter(|_| marker),
        });
    }
    Ok(record! { "Deleted" => Some(deleted).filter(|_| !quiet) })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::client::{Answer, Client};
    use crate::signature::tests::sign;

    /// Asks S3 with these headers and this body.
    async fn ask(client: &Client, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request =
            http::Request::builder().method(method).uri(format!("http://s3.us-east-1.amazonaws.com{path}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(bytes::Bytes::from(body.to_owned())).unwrap();
        sign(&mut request, "test", "test", "us-east-1", "s3", client.simulator.now());
        client.send(request).await.unwrap()
    }

    async fn bucket() -> Client {
        let client = Client::calm();
        assert_eq!(ask(&client, "PUT", "/a-bucket", &[], "").await.status, 200);
        client
    }

    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
    #[tokio::test(start_paused = true)]
    async fn a_versions_id_that_s3_never_gave_is_an_invalid_argument() {
        let client = bucket().await;
        ask(&client, "PUT", "/a-bucket/key", &[], "text").await;
        let refused = ask(&client, "GET", "/a-bucket/key?versionId=zzz", &[], "").await;
        assert_eq!((refused.status, refused.code.as_str()), (400, "InvalidArgument"));
        assert_eq!(refused.message, "Invalid version id specified");
        let unknown = format!("/a-bucket/key?versionId={}", "0".repeat(32));
        assert_eq!(ask(&client, "GET", &unknown, &[], "").await.code, "NoSuchVersion");
        assert_eq!(ask(&client, "GET", "/a-bucket/key?versionId=null", &[], "").await.status, 200);
    }

    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>
    #[tokio::test(start_paused = true)]
    async fn keys_that_go_on_alike_up_to_the_delimiter_are_listed_as_one() {
        let client = bucket().await;
        for key in ["a", "logs/1/x", "logs/1/y", "logs/2/x", "logs/last", "z"] {
            ask(&client, "PUT", &format!("/a-bucket/{key}"), &[], "text").await;
        }
        let list = async |more: &str| {
            let path = format!("/a-bucket?list-type=2&delimiter=%2F{more}");
            ask(&client, "GET", &path, &[], "").await
        };
        let top = list("").await;
        assert_eq!((top.all("Key"), top.one("KeyCount")), (vec!["a".to_owned(), "z".to_owned()], "3".to_owned()));
        assert!(top.text.contains("<CommonPrefixes><Prefix>logs/</Prefix></CommonPrefixes>"), "{}", top.text);
        let within = list("&prefix=logs/").await;
        assert_eq!(within.all("Key"), ["logs/last"]);
        assert!(within.text.contains("<Prefix>logs/1/</Prefix>") && within.text.contains("<Prefix>logs/2/</Prefix>"));
        let first = list("&max-keys=2").await;
        let token = first.one("NextContinuationToken").replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        let second = list(&format!("&max-keys=2&continuation-token={token}")).await;
        assert_eq!((second.all("Key"), second.one("KeyCount")), (vec!["z".to_owned()], "1".to_owned()));
    }

    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html>
    #[tokio::test(start_paused = true)]
    async fn an_object_is_encrypted_with_the_key_it_names_where_that_can_be_used() {
        let client = bucket().await;
        let made = client.kms("CreateKey", json!({})).await;
        let (id, arn) = (made["KeyMetadata"]["KeyId"].as_str().unwrap(), made["KeyMetadata"]["Arn"].as_str().unwrap());
        const KMS: (&str, &str) = ("x-amz-server-side-encryption", "aws:kms");
        const KEY: &str = "x-amz-server-side-encryption-aws-kms-key-id";
        let put = async |key: &str| ask(&client, "PUT", "/a-bucket/key", &[KMS, (KEY, key)], "text").await;
        let missing = put("11111111-1111-1111-1111-111111111111").await;
        assert_eq!((missing.status, missing.code.as_str()), (400, "KMS.NotFoundException"));
        assert_eq!(put(id).await.status, 200);
        client.kms("DisableKey", json!({ "KeyId": id })).await;
        let disabled = put(id).await;
        assert_eq!((disabled.status, disabled.code.as_str()), (400, "KMS.DisabledException"));
        assert_eq!(disabled.message, format!("{arn} is disabled."));
        assert_eq!(ask(&client, "GET", "/a-bucket/key", &[], "").await.code, "KMS.DisabledException");
        client.kms("ScheduleKeyDeletion", json!({ "KeyId": id })).await;
        assert_eq!(put(id).await.code, "KMS.KMSInvalidStateException");
        let managed = ask(&client, "PUT", "/a-bucket/key", &[KMS], "text").await;
        assert_eq!(managed.status, 200);
        let key = client.kms("DescribeKey", json!({ "KeyId": "alias/aws/s3" })).await;
        assert_eq!(key["KeyMetadata"]["KeyManager"], "AWS");
        let alone = ask(&client, "PUT", "/a-bucket/key", &[(KEY, id)], "text").await;
        assert_eq!((alone.status, alone.code.as_str()), (400, "InvalidArgument"));
    }
}
