//! `aws_s3_bucket_server_side_encryption_configuration`:
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-encryption.html>

use super::form;
use super::{KmsKey, S3Bucket};
use crate::check::{Findings, Part, View};
use crate::{Arn, Computed, Id, Value, words};

/// How a bucket encrypts new objects; destroying it leaves S3's own encryption.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let bucket = stack.add("cache", S3Bucket::new());
/// # let key = stack.add("storage", KmsKey::new().enable_key_rotation(true));
/// let by_key = EncryptionByDefault::new(SseAlgorithm::Kms).kms_master_key_id(&key);
/// // A key for the bucket saves a call to KMS for each object.
/// let rule = EncryptionRule::new(by_key).bucket_key_enabled(true);
/// stack.add("cache", S3BucketServerSideEncryptionConfiguration::new(&bucket, [rule]));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_s3_bucket_server_side_encryption_configuration",
    service = "s3",
    creation = Upsert,
    create_seconds = 1,
    delete_seconds = 1,
    check = check
)]
pub struct S3BucketServerSideEncryptionConfiguration {
    /// The bucket.
    #[field(replace)]
    bucket: Value<Id<S3Bucket>>,
    /// The rule; S3 takes one.
    #[field(min_length = 1, max_length = 1)]
    rule: Value<Vec<EncryptionRule>>,
    /// The bucket's name.
    id: Computed<Id<S3BucketServerSideEncryptionConfiguration>>,
}

/// A rule of encryption.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct EncryptionRule {
    /// What objects are encrypted with where a write says nothing.
    apply_server_side_encryption_by_default: Value<EncryptionByDefault>,
    /// Whether a key of the bucket's stands for KMS's own, which is asked less often.
    #[field(default = "false")]
    bucket_key_enabled: Option<Value<bool>>,
}

/// What objects are encrypted with.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct EncryptionByDefault {
    /// The algorithm.
    sse_algorithm: Value<SseAlgorithm>,
    /// The key, where KMS encrypts with another than AWS's own; what it encrypted can't be read without it.
    #[field(holds = Firm, form = form::NAMED_KMS_KEY)]
    kms_master_key_id: Option<Value<Arn<KmsKey>>>,
}

words! {
    /// An algorithm of encryption at rest.
    pub enum SseAlgorithm {
        /// S3's own keys.
        Aes256 = "AES256",
        /// A key of KMS.
        Kms = "aws:kms",
        /// A key of KMS, twice.
        KmsDsse = "aws:kms:dsse",
    }
}

fn check(encryption: &View<'_>, findings: &mut Findings<'_>) {
    for rule in encryption.part("rule").map(Part::items).unwrap_or_default() {
        let algorithm = rule.text("apply_server_side_encryption_by_default.sse_algorithm");
        let key = rule.at("apply_server_side_encryption_by_default.kms_master_key_id");
        if key.is_some() && algorithm == Some("AES256") {
            findings.refuse("`kms_master_key_id` is for `aws:kms` and `aws:kms:dsse`, not for `AES256`");
        }
        let bucket_key = rule.at("bucket_key_enabled").and_then(Part::literal).and_then(crate::Datum::as_bool);
        if bucket_key == Some(true) && algorithm == Some("aws:kms:dsse") {
            findings.refuse("`bucket_key_enabled` is not for `aws:kms:dsse`");
        }
    }
}
