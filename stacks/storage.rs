//! What is kept as objects: the grader's cache and Loki's logs, each in a bucket that nobody outside reads.

use fathuss_model::aws::policy::{Policy, Principal, Statement};
use fathuss_model::aws::{
    AbortIncompleteMultipartUpload, EncryptionByDefault, EncryptionRule, KmsAlias, KmsKey, LifecycleExpiration,
    LifecycleRule, LifecycleTransition, NoncurrentVersionExpiration, ObjectOwnership, OwnershipRule, RuleStatus,
    S3Bucket, S3BucketLifecycleConfiguration, S3BucketOwnershipControls, S3BucketPolicy, S3BucketPublicAccessBlock,
    S3BucketServerSideEncryptionConfiguration, S3BucketVersioning, SseAlgorithm, StorageClass, VersioningConfiguration,
    VersioningStatus,
};
use fathuss_model::{DeclarationExt, Handle, IntoValue, Lifecycle, Stack, Value, actions, template};

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
    let key = KmsKey::new()
        .description(format!("Objects of {}", env.name()))
        .enable_key_rotation(true)
        .lifecycle(Lifecycle::new().prevent_destroy(env.is_production()));
    let key = stack.add("storage", key);
    stack.add("storage", KmsAlias::new(format!("alias/{}-storage", env.name()), &key));

    let ageing = LifecycleRule::new("age", RuleStatus::Enabled)
        .transition([
            LifecycleTransition::new(30, StorageClass::StandardIa),
            LifecycleTransition::new(90, StorageClass::Glacier),
        ])
        .expiration(LifecycleExpiration::new().days(365));
    Storage {
        grader_cache: bucket(stack, env, "grader_cache", &key, Some(ageing)),
        // Loki deletes what it no longer keeps by itself.
        loki: bucket(stack, env, "loki", &key, None),
        key,
    }
}

/// A bucket that is closed, encrypted and forgives mistakes: what is deleted can be had back for a month.
pub fn bucket(
    stack: &mut Stack,
    env: &Environment,
    name: &str,
    key: &Handle<KmsKey>,
    ageing: Option<LifecycleRule>,
) -> Handle<S3Bucket> {
    let bucket = S3Bucket::new().force_destroy(!env.is_production());
    let bucket = stack.add(name, bucket.lifecycle(Lifecycle::new().prevent_destroy(env.is_production())));

    let versions = VersioningConfiguration::new(VersioningStatus::Enabled);
    stack.add(name, S3BucketVersioning::new(&bucket, versions));
    let default = EncryptionByDefault::new(SseAlgorithm::Kms).kms_master_key_id(key);
    let encryption = EncryptionRule::new(default).bucket_key_enabled(true);
    stack.add(name, S3BucketServerSideEncryptionConfiguration::new(&bucket, [encryption]));
    stack.add(name, S3BucketOwnershipControls::new(&bucket, OwnershipRule::new(ObjectOwnership::BucketOwnerEnforced)));
    stack.add(name, S3BucketPublicAccessBlock::all(&bucket));
    stack.add(name, S3BucketPolicy::new(&bucket, by_tls_alone(&bucket)));

    let tidy = LifecycleRule::new("tidy", RuleStatus::Enabled)
        .noncurrent_version_expiration(NoncurrentVersionExpiration::new(UNDO))
        .abort_incomplete_multipart_upload(AbortIncompleteMultipartUpload::new(UNFINISHED));
    let rules: Vec<LifecycleRule> = ageing.into_iter().chain([tidy]).collect();
    stack.add(name, S3BucketLifecycleConfiguration::new(&bucket, rules));
    bucket
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html>
fn by_tls_alone(bucket: &Handle<S3Bucket>) -> Policy {
    Policy::new([Statement::deny(actions!["s3:*"])
        .sid("TlsAlone")
        .by(Principal::aws("*"))
        .on(bucket.arn())
        .on(objects(bucket))
        .when("Bool", "aws:SecureTransport", ["false"])])
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
                assert_eq!(literal(encryption, "rule.0.bucket_key_enabled"), Some(true.into()));
                assert!(refers_to(encryption, "rule").contains(&"aws_kms_key.storage".to_owned()));
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
