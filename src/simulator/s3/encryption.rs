//! How a bucket encrypts new objects.

use serde::{Deserialize, Serialize};

use super::bucket::{Bucket, find, nothing};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("GetBucketEncryption", get), ("PutBucketEncryption", put), ("DeleteBucketEncryption", delete)];

const PUT: &str = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketEncryption.html";
const DEFAULT: &str = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_ServerSideEncryptionByDefault.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("s3.encryption.rules", "there is one rule, and it says the algorithm", PUT),
    Rule::new("s3.encryption.key", "a key is named where KMS encrypts", DEFAULT),
    Rule::new("s3.encryption.bucket_key", "a bucket key is one of KMS alone", PUT),
];

/// How new objects are encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Encryption {
    /// `AES256`, `aws:kms` or `aws:kms:dsse`.
    pub algorithm: String,
    /// The key as it was named.
    pub key: Option<String>,
    /// Whether one key of the bucket stands for KMS's own.
    pub bucket_key: bool,
    /// What no object may be encrypted with.
    pub blocked: Vec<String>,
}

impl Encryption {
    /// What a bucket has where nobody chose.
    #[must_use]
    pub fn usual() -> Encryption {
        // SSE-C is off in new buckets since 2026:
        // <https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-s3-c-encryption-setting-faq.html>
        Encryption { algorithm: "AES256".to_owned(), key: None, bucket_key: false, blocked: vec!["SSE-C".to_owned()] }
    }
}

fn get(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let Encryption { algorithm, key, bucket_key, blocked } = find(tx, input)?.encryption;
    let rule = record! {
        "ApplyServerSideEncryptionByDefault" => record! { "SSEAlgorithm" => algorithm, "KMSMasterKeyID" => key },
        "BucketKeyEnabled" => bucket_key,
        "BlockedEncryptionTypes" => Some(blocked).filter(|it| !it.is_empty())
            .map(|blocked| record! { "EncryptionType" => blocked }),
    };
    Ok(record! { "ServerSideEncryptionConfiguration" => record! { "Rules" => vec![rule] } })
}

fn put(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    let rules = input.record("ServerSideEncryptionConfiguration").map(|it| it.records("Rules")).unwrap_or_default();
    let malformed = || {
        let message = "The XML you provided was not well-formed or did not validate against our published schema";
        Refusal::new("MalformedXML", message)
    };
    tx.enforce("s3.encryption.rules", rules.len() == 1, malformed)?;
    let Some(rule) = rules.first() else { return Ok(nothing()) };
    let chosen = rule.record("ApplyServerSideEncryptionByDefault");
    let algorithm = chosen.as_ref().and_then(|it| it.text("SSEAlgorithm")).unwrap_or("AES256");
    let key = chosen.as_ref().and_then(|it| it.text("KMSMasterKeyID"));
    tx.enforce("s3.encryption.key", key.is_none() || algorithm.starts_with("aws:kms"), || {
        let message = "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse";
        Refusal::new("InvalidArgument", message)
    })?;
    let bucket_key = rule.flag("BucketKeyEnabled");
    tx.enforce("s3.encryption.bucket_key", !bucket_key || algorithm != "aws:kms:dsse", || {
        let message = "An S3 Bucket Key is not supported for dual-layer server-side encryption with AWS KMS keys.";
        Refusal::new("InvalidArgument", message)
    })?;
    let blocked = rule.record("BlockedEncryptionTypes").map(|it| it.texts("EncryptionType"));
    let blocked = match blocked {
        None => bucket.encryption.blocked.clone(),
        Some(types) => types.into_iter().filter(|it| *it != "NONE").map(str::to_owned).collect(),
    };
    // S3 looks at the key when it encrypts, not here: the page says that it does not validate it.
    let encryption = Encryption { algorithm: algorithm.to_owned(), key: key.map(str::to_owned), bucket_key, blocked };
    tx.put(Bucket { encryption, ..bucket });
    Ok(nothing())
}

/// Back to what a new bucket has.
fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    tx.put(Bucket { encryption: Encryption::usual(), ..bucket });
    Ok(nothing())
}
