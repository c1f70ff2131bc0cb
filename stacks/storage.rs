//! What is kept as objects, each in a bucket that nobody outside reads: the grader's cache and Loki's logs.

use fathuss_model::aws::policy::{Policy, Principal, Statement};
use fathuss_model::aws::{
    AbortIncompleteMultipartUpload, EncryptionByDefault, EncryptionRule, KmsKey, LifecycleExpiration, LifecycleRule,
    LifecycleTransition, NoncurrentVersionExpiration, ObjectOwnership, OwnershipRule, RuleStatus, S3Bucket,
    S3BucketLifecycleConfiguration, S3BucketOwnershipControls, S3BucketPolicy, S3BucketPublicAccessBlock,
    S3BucketServerSideEncryptionConfiguration, S3BucketVersioning, SseAlgorithm, StorageClass, VersioningConfiguration,
    VersioningStatus,
};
use fathuss_model::{DeclarationExt, Handle, IntoValue, Lifecycle, Stack, Value, actions, template};

use crate::encryption;
use crate::environment::Environment;

/// For how many days a version is kept that another has taken the place of.
const UNDO: i64 = 30;
/// After how many days parts of an upload that never ended are deleted.
const UNFINISHED: i64 = 7;

/// What others build on.
#[derive(Debug)]
pub struct Storage {
    /// What graders have worked out once and need not again.
    pub grader_cache: Handle<S3Bucket>,
    /// Loki's chunks and index.
    pub loki: Handle<S3Bucket>,
    /// The key of both.
    pub key: Handle<KmsKey>,
}

/// The buckets, and the key that encrypts what is in them.
pub fn storage(stack: &mut Stack, env: &Environment) -> Storage {
    env.tag_all(stack, "storage");
    let key =
        KmsKey::new().description(format!("Objects of {}", env.name())).policy(encryption::of_account(env.account));
    let key = encryption::key(stack, env.name(), "storage", key, env.is_production());

    let [grader_cache, loki] = both(stack, env, &key);
    Storage { grader_cache, loki, key }
}

/// The grader's cache and Loki's bucket, or those that hold their replicas: what a lifecycle does is not replicated.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-what-is-isnot-replicated.html>
pub fn both(stack: &mut Stack, env: &Environment, key: &Handle<KmsKey>) -> [Handle<S3Bucket>; 2] {
    let ageing = LifecycleRule::new("age", RuleStatus::Enabled)
        .transition([
            LifecycleTransition::new(30, StorageClass::StandardIa),
            LifecycleTransition::new(90, StorageClass::Glacier),
        ])
        .expiration(LifecycleExpiration::new().days(365));
    let buckets = [
        Bucket { ageing: Some(ageing), ..Bucket::new("grader_cache", Encryption::Kms(key.clone())) },
        // Loki deletes what it no longer keeps by itself.
        Bucket::new("loki", Encryption::Kms(key.clone())),
    ];
    buckets.map(|kept| {
        let bucket = bucket(stack, env, &kept);
        policy(stack, kept.name, &bucket, []);
        bucket
    })
}

/// How a bucket is kept.
#[derive(Debug)]
pub struct Bucket {
    /// The name in its address.
    name: &'static str,
    encryption: Encryption,
    /// What becomes of its objects as they age.
    ageing: Option<LifecycleRule>,
}

/// What a bucket's objects are encrypted with.
#[derive(Clone, Debug)]
pub enum Encryption {
    /// A key of our own, without which nobody reads them.
    Kms(Handle<KmsKey>),
    /// A key of S3's, which opens them to all who may read them.
    OfS3,
}

impl Bucket {
    /// One whose objects stay until someone deletes them.
    #[must_use]
    pub const fn new(name: &'static str, encryption: Encryption) -> Self {
        Self { name, encryption, ageing: None }
    }
}

/// A bucket that is closed, encrypted and forgives mistakes: what is deleted can be had back for a month. Its [`policy`] is
/// the caller's to give, with all that it allows.
pub fn bucket(stack: &mut Stack, env: &Environment, kept: &Bucket) -> Handle<S3Bucket> {
    let name = kept.name;
    let bucket = S3Bucket::new().force_destroy(!env.is_production());
    let bucket = stack.add(name, bucket.lifecycle(Lifecycle::new().prevent_destroy(env.is_production())));

    let versions = VersioningConfiguration::new(VersioningStatus::Enabled);
    stack.add(name, S3BucketVersioning::new(&bucket, versions));
    let encryption = match &kept.encryption {
        Encryption::Kms(key) => {
            let default = EncryptionByDefault::new(SseAlgorithm::Kms).kms_master_key_id(key);
            EncryptionRule::new(default).bucket_key_enabled(true)
        }
        Encryption::OfS3 => EncryptionRule::new(EncryptionByDefault::new(SseAlgorithm::Aes256)),
    };
    stack.add(name, S3BucketServerSideEncryptionConfiguration::new(&bucket, [encryption]));
    stack.add(name, S3BucketOwnershipControls::new(&bucket, OwnershipRule::new(ObjectOwnership::BucketOwnerEnforced)));
    stack.add(name, S3BucketPublicAccessBlock::all(&bucket));

    let tidy = LifecycleRule::new("tidy", RuleStatus::Enabled)
        .noncurrent_version_expiration(NoncurrentVersionExpiration::new(UNDO))
        .abort_incomplete_multipart_upload(AbortIncompleteMultipartUpload::new(UNFINISHED));
    let rules: Vec<LifecycleRule> = kept.ageing.clone().into_iter().chain([tidy]).collect();
    stack.add(name, S3BucketLifecycleConfiguration::new(&bucket, rules));
    bucket
}

/// Lets a bucket be reached by TLS alone, and by whom these statements allow beside its own account.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html>
pub fn policy(
    stack: &mut Stack,
    name: &'static str,
    bucket: &Handle<S3Bucket>,
    allowed: impl IntoIterator<Item = Statement>,
) {
    let by_tls_alone = Statement::deny(actions!["s3:*"])
        .sid("TlsAlone")
        .by(Principal::aws("*"))
        .on(bucket.arn())
        .on(objects(bucket))
        .when("Bool", "aws:SecureTransport", ["false"]);
    stack.add(name, S3BucketPolicy::new(bucket, Policy::new([by_tls_alone].into_iter().chain(allowed))));
}

/// The ARN of all objects of a bucket.
pub fn objects(bucket: &Handle<S3Bucket>) -> Value<String> {
    template([bucket.arn().into_value(), "/*".into_value()])
}

#[cfg(test)]
mod tests {
    use crate::inspection::{both, literal, node, nodes, refers_to, value};

    #[test]
    fn each_bucket_is_closed_encrypted_and_reached_by_tls_alone() {
        for graph in both() {
            for bucket in nodes(&graph, "aws_s3_bucket") {
                let name = bucket.address.name();
                let block = node(&graph, "aws_s3_bucket_public_access_block", name);
                for setting in
                    ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"]
                {
                    assert_eq!(literal(block, setting), Some(true.into()), "{setting} of {name}");
                }
                let policy = value(node(&graph, "aws_s3_bucket_policy", name), "policy").unwrap();
                assert!(policy.as_str().unwrap().contains(r#""Bool":{"aws:SecureTransport":"false"}"#), "{policy}");
                let encryption = node(&graph, "aws_s3_bucket_server_side_encryption_configuration", name);
                if name == "assets" {
                    assert!(
                        literal(encryption, "rule").unwrap().to_string().contains("AES256"),
                        "they are for everyone"
                    );
                } else {
                    assert_eq!(literal(encryption, "rule.0.bucket_key_enabled"), Some(true.into()));
                    assert!(refers_to(encryption, "rule").contains(&"aws_kms_key.storage".to_owned()));
                }
                let versions = node(&graph, "aws_s3_bucket_versioning", name);
                assert_eq!(literal(versions, "versioning_configuration.status"), Some("Enabled".into()));
            }
        }
    }

    #[test]
    fn the_grader_s_cache_ages_and_all_buckets_are_tidied() {
        for graph in both() {
            let rules = |name: &str| {
                literal(node(&graph, "aws_s3_bucket_lifecycle_configuration", name), "rule").unwrap().to_string()
            };
            let cache = rules("grader_cache");
            for part in [
                r#"{"days":30,"storage_class":"STANDARD_IA"}"#,
                r#"{"days":90,"storage_class":"GLACIER"}"#,
                r#""expiration":{"days":365}"#,
            ] {
                assert!(cache.contains(part), "{part} in {cache}");
            }
            for name in ["grader_cache", "loki"] {
                assert!(rules(name).contains(r#""days_after_initiation":7"#), "{name}");
            }
        }
    }

    #[test]
    fn each_key_is_rotated() {
        for graph in both() {
            for key in nodes(&graph, "aws_kms_key") {
                assert_eq!(literal(key, "enable_key_rotation"), Some(true.into()), "{}", key.address);
            }
        }
    }

    #[test]
    fn objects_of_production_are_not_destroyed_with_their_bucket() {
        for graph in both() {
            for bucket in nodes(&graph, "aws_s3_bucket") {
                let forced = literal(bucket, "force_destroy");
                assert_eq!(forced, Some((graph.stack != "production").into()), "{}", bucket.address);
            }
        }
    }
}
