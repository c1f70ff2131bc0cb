//! Objects with their versions, as a bucket keeps them: how they are found, and how one is written at once.

use jiff::Timestamp;
use md5::Digest as _;
use serde::{Deserialize, Serialize};

use super::body::Body;
use super::bucket::{Bucket, find};
use super::checksum::{self, Sum};
use super::condition;
use super::description::described;
use super::encryption::Sealed;
use super::replica::{self, Replicated};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::{Reach, Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[("PutObject", put)];

pub(super) const RULES: &[Rule] = &[
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
];

/// A version of an object, or a mark that it is deleted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// The bytes.
    pub body: Body,
    /// How many bytes they are.
    pub size: usize,
    /// The entity tag, in quotes.
    pub tag: String,
    /// The content type.
    pub kind: String,
    /// What the writer says of it.
    pub metadata: Vec<(String, String)>,
    /// The checksums that S3 keeps of it, by algorithm.
    pub checksums: Vec<Sum>,
    /// Whether they are of its parts' checksums.
    #[serde(default)]
    pub composite: bool,
    /// How it is encrypted; as its bucket is, where an older world does not say.
    #[serde(default)]
    pub sealed: Option<Sealed>,
    /// The headers that go out with it as they were given, by member.
    #[serde(default)]
    pub headers: Vec<(String, Value)>,
    /// Its tags.
    #[serde(default)]
    pub tags: Vec<(String, String)>,
    /// Its storage class; none for the usual one.
    #[serde(default)]
    pub class: Option<String>,
    /// The parts that it was uploaded in; none where it was written at once.
    #[serde(default)]
    pub parts: Vec<PartOf>,
    /// How it stands with its copies, or that it is one; none where no rule copies it.
    #[serde(default)]
    pub replication: Option<Replicated>,
}

/// A part of an object that was uploaded in parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartOf {
    /// Its number.
    pub number: u16,
    /// How many bytes it has.
    pub size: usize,
    /// Its checksums, by algorithm.
    pub checksums: Vec<Sum>,
}

impl Content {
    /// The same with these bytes, written at once.
    pub(super) fn with(self, body: Body, checksums: Vec<Sum>) -> Content {
        let tag = format!("\"{}\"", hex::encode(md5::Md5::digest(&*body)));
        Content { size: body.len(), tag, body, checksums, composite: false, parts: Vec::new(), ..self }
    }

    /// How many bytes it has, as answers say it.
    pub(super) fn length(&self) -> i64 {
        count(self.size)
    }

    /// Whether it has to be restored before it is read.
    pub(super) fn is_archived(&self) -> bool {
        matches!(self.class(), "GLACIER" | "DEEP_ARCHIVE")
    }

    /// The storage class by its name.
    pub(super) fn class(&self) -> &str {
        self.class.as_deref().unwrap_or("STANDARD")
    }
}

/// A number of bytes or things, as answers say it.
pub(super) fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl Row for Version {
    const TABLE: &'static str = "s3.version";
    const REACH: Reach = Reach::World;
    fn id(&self) -> String {
        format!("{}{:020}", under(&self.bucket, &self.key), self.rank)
    }
}

/// What the ids of what belongs to a key begin with. No bucket's name holds the sign between.
pub(super) fn under(bucket: &str, key: &str) -> String {
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

/// How many bytes a bucket's objects have in all their versions.
pub(crate) fn bytes_of(tx: &Tx<'_>, bucket: &Bucket) -> i64 {
    let all = start(bucket, "");
    versions(tx, &all).filter_map(|version| version.content.as_ref()).map(Content::length).sum()
}

/// The newest version of a key.
pub(super) fn newest(tx: &Tx<'_>, bucket: &str, key: &str) -> Option<Version> {
    tx.rows_under::<Version>(&under(bucket, key)).next().cloned()
}

/// The tags of an object, or of a version of it; none where there is no such thing.
pub(crate) fn tags_of(tx: &Tx<'_>, bucket: &str, key: &str, id: Option<&str>) -> Option<Vec<(String, String)>> {
    let under = under(bucket, key);
    let mut versions = tx.rows_under::<Version>(&under);
    let version = versions.find(|version| id.is_none_or(|id| version.version == id))?;
    version.content.as_ref().map(|content| content.tags.clone())
}

/// The version of a key that has this id.
pub(super) fn with_id(tx: &Tx<'_>, bucket: &str, key: &str, id: &str) -> Option<Version> {
    tx.rows_under::<Version>(&under(bucket, key)).find(|version| version.version == id).cloned()
}

/// The version that an id names, or the newest.
///
/// # Errors
/// Where there is none.
pub(super) fn named(tx: &Tx<'_>, bucket: &str, key: &str, id: Option<&str>) -> Result<Version, Refusal> {
    match id {
        None => newest(tx, bucket, key).ok_or_else(|| missing(key)),
        Some(id) => with_id(tx, bucket, key, id).ok_or_else(|| {
            Refusal::new("NoSuchVersion", "The specified version does not exist.")
                .member("Key", key)
                .member("VersionId", id)
        }),
    }
}

/// The key that a request writes to.
///
/// # Errors
/// `KeyTooLongError`.
pub(super) fn writable<'i>(tx: &Tx<'_>, input: &Input<'i>) -> Result<&'i str, Refusal> {
    let key = input.required("Key");
    tx.enforce("s3.object.key", (1..=1024).contains(&key.len()), || {
        Refusal::new("KeyTooLongError", "Your key is too long")
    })?;
    Ok(key)
}

fn put(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    let key = writable(tx, input)?;
    condition::to_write(tx, input, &bucket.name, key)?;
    let description = described(tx, input, &bucket)?;
    let (body, checksums) = received(input)?;
    let content = description.with(body, checksums);
    let mut answer = record! { "ETag" => &content.tag };
    if let Some(sealed) = &content.sealed {
        sealed.tell(&mut answer);
    }
    checksum::tell(&content.checksums, false, &mut answer);
    let version = write(tx, &bucket, key, Some(content));
    answer.set("VersionId", Some(version).filter(|_| bucket.versioning.is_some()));
    Ok(answer)
}

/// The bytes that come with a request, with their checksums: those that it gives, or the one that S3 takes.
///
/// # Errors
/// Never, where the usual checksum is computed here.
pub(super) fn received(input: &Input<'_>) -> Result<(Body, Vec<Sum>), Refusal> {
    let body = match input.whole("Body") {
        Value::Blob(bytes) => Body::from(bytes.clone()),
        _ => Body::default(),
    };
    // The connection has held the body to it.
    input.pass_over(&["ContentLength"]);
    let mut checksums = checksum::given(input);
    if checksums.is_empty() {
        checksums.push(checksum::of(checksum::USUAL, &body)?);
    }
    Ok((body, checksums))
}

/// Writes a version, and gives its id.
pub(super) fn write(tx: &mut Tx<'_>, bucket: &Bucket, key: &str, content: Option<Content>) -> String {
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
    let (name, key, modified) = (bucket.name.clone(), key.to_owned(), tx.now());
    let written = Version { bucket: name, key, version: version.clone(), rank, modified, content };
    replica::put(tx, bucket, written);
    version
}

pub(super) fn missing(key: &str) -> Refusal {
    Refusal::new("NoSuchKey", "The specified key does not exist.").member("Key", key)
}

/// The version's id that a request gives, where there can be such a one.
///
/// # Errors
/// `InvalidArgument`.
pub(super) fn version_id<'i>(tx: &Tx<'_>, input: &Input<'i>) -> Result<Option<&'i str>, Refusal> {
    let id = input.text("VersionId");
    tx.enforce("s3.object.version", id.is_none_or(|id| !id.is_empty()), || {
        Refusal::new("InvalidArgument", "Version id cannot be the empty string")
            .status(400)
            .member("ArgumentName", "versionId")
            .member("ArgumentValue", "")
    })?;
    tx.enforce("s3.object.version", id.is_none_or(is_version), || invalid_version(id.unwrap_or_default()))?;
    Ok(id)
}

pub(super) fn invalid_version(id: &str) -> Refusal {
    Refusal::new("InvalidArgument", "Invalid version id specified")
        .status(400)
        .member("ArgumentName", "versionId")
        .member("ArgumentValue", id)
}

/// Whether a version could have this id, in the form in which they are given here.
pub(super) fn is_version(id: &str) -> bool {
    id == "null" || (id.len() == 32 && id.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')))
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
