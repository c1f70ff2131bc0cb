//! How a bucket encrypts new objects.

use serde::{Deserialize, Serialize};

use super::bucket::{Bucket, find, nothing};
use crate::iam::authorization::{self, KeyUse};
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
    Rule::new(
        "s3.encryption.header",
        "a key comes with the algorithm that takes it",
        "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html",
    ),
    Rule::new(
        "s3.encryption.usable",
        "the KMS key of an object exists and is enabled",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html",
    ),
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

/// How an object is encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sealed {
    /// `AES256`, `aws:kms` or `aws:kms:dsse`.
    pub algorithm: String,
    /// The ARN of KMS's key.
    pub key: Option<String>,
    /// Whether one key of the bucket stands for KMS's own.
    pub bucket_key: bool,
    /// The digest of the customer's own key, where that is what it is encrypted with.
    #[serde(default)]
    pub customer: Option<String>,
}

impl Sealed {
    /// Encrypted with a key of the customer's own that has this digest.
    pub(super) fn by_customer(digest: String) -> Sealed {
        Sealed { algorithm: "AES256".to_owned(), key: None, bucket_key: false, customer: Some(digest) }
    }

    /// What a request chooses for an object, or its bucket where it chooses nothing.
    pub(super) fn chosen(tx: &mut Tx<'_>, input: &Input<'_>, bucket: &Bucket) -> Result<Sealed, Refusal> {
        let usual = &bucket.encryption;
        let (algorithm, key) = (input.text("ServerSideEncryption"), input.text("SSEKMSKeyId"));
        let bucket_key = if input.has("BucketKeyEnabled") { Some(input.flag("BucketKeyEnabled")) } else { None };
        let by_kms = algorithm.is_some_and(|algorithm| algorithm.starts_with("aws:kms"));
        tx.enforce("s3.encryption.header", key.is_none() || by_kms, || {
            let message = "Server Side Encryption with AWS KMS managed key requires HTTP header \
                           x-amz-server-side-encryption : aws:kms";
            Refusal::new("InvalidArgument", message).status(400).member("ArgumentName", "x-amz-server-side-encryption")
        })?;
        let (algorithm, key) = match algorithm {
            Some(algorithm) => (algorithm, key),
            None => (usual.algorithm.as_str(), usual.key.as_deref()),
        };
        let key = match algorithm {
            "aws:kms" | "aws:kms:dsse" => Some(usable(tx, key.unwrap_or("alias/aws/s3"))?),
            "AES256" => None,
            other => return Err(Refusal::not_simulated(format!("s3 objects encrypted with {other}"))),
        };
        let bucket_key = key.is_some() && bucket_key.unwrap_or(usual.bucket_key);
        let sealed = Sealed { algorithm: algorithm.to_owned(), key, bucket_key, customer: None };
        sealed.allowed(tx, "kms:GenerateDataKey", bucket, input.text("Key").unwrap_or_default())?;
        Ok(sealed)
    }

    /// Refuses to read what is encrypted with a key that can't be used now, or not by the caller.
    pub(super) fn opened(&self, tx: &mut Tx<'_>, bucket: &Bucket, key: &str) -> Result<(), Refusal> {
        let Some(used) = &self.key else { return Ok(()) };
        // A copy's source may be in another region, where its key is.
        tx.in_region(&bucket.region, |tx| {
            tx.in_account(&bucket.account, |tx| usable(tx, used))?;
            self.allowed(tx, "kms:Decrypt", bucket, key)
        })
    }

    /// Refuses to use KMS's key for an object where the caller may not:
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html>.
    fn allowed(&self, tx: &mut Tx<'_>, action: &str, bucket: &Bucket, key: &str) -> Result<(), Refusal> {
        let Some(used) = &self.key else { return Ok(()) };
        let bucket = format!("arn:aws:s3:::{}", bucket.name);
        let arn = if self.bucket_key { bucket } else { format!("{bucket}/{key}") };
        let context = Some(("aws:s3:arn", arn.as_str()));
        authorization::may_use_key(tx, &super::SERVICE, KeyUse { action, key: used, context })
    }

    /// Says it in an answer.
    pub(super) fn tell(&self, answer: &mut Value) {
        if let Some(digest) = &self.customer {
            answer.set("SSECustomerAlgorithm", self.algorithm.as_str());
            answer.set("SSECustomerKeyMD5", digest.as_str());
            return;
        }
        answer.set("ServerSideEncryption", self.algorithm.as_str());
        answer.set("SSEKMSKeyId", self.key.clone());
        answer.set("BucketKeyEnabled", Some(true).filter(|_| self.bucket_key));
    }
}

/// The ARN of a key that can be used, or KMS's refusal as S3 passes it on:
/// <https://github.com/localstack/localstack/pull/7786>, recorded from AWS.
fn usable(tx: &mut Tx<'_>, given: &str) -> Result<String, Refusal> {
    match crate::kms::key::usable(tx, given) {
        Err(refusal) if tx.rule("s3.encryption.usable") => {
            Err(Refusal::new(format!("KMS.{}", refusal.code), refusal.message).status(400))
        }
        Err(_) => Ok(given.to_owned()),
        named => named,
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
