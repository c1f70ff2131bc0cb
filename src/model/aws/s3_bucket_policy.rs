//! `aws_s3_bucket_policy`: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html>

use super::S3Bucket;
use super::policy::{check_length, check_subject};
use super::policy_check::{self, Kind};
use crate::check::{Findings, View};
use crate::{Computed, Id, Json, Value};

/// Who may do what with a bucket and its objects, beside what IAM allows.
///
/// ```
/// # use fathuss_model::{aws::{policy::*, *}, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let bucket = stack.add("cache", S3Bucket::new());
/// let by_tls_alone = Statement::deny(actions!["s3:*"])
///     .by(Principal::aws("*"))
///     .on(bucket.arn())
///     .on(template([bucket.arn().into_value(), "/*".into_value()]))
///     .when("Bool", "aws:SecureTransport", ["false"]);
/// stack.add("cache", S3BucketPolicy::new(&bucket, Policy::new([by_tls_alone])));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(type = "aws_s3_bucket_policy", service = "s3", creation = Upsert, create_seconds = 1, delete_seconds = 1, check = check)]
pub struct S3BucketPolicy {
    /// The bucket.
    #[field(replace)]
    bucket: Value<Id<S3Bucket>>,
    /// The policy, see [`super::policy::Policy`].
    #[field(json)]
    policy: Value<Json>,
    /// The bucket's name.
    id: Computed<Id<S3BucketPolicy>>,
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html>
const LONGEST: usize = 20 * 1024;

fn check(policy: &View<'_>, findings: &mut Findings<'_>) {
    check_length(policy, "policy", LONGEST, findings);
    check_subject(policy, "policy", "bucket", findings);
    let name = policy.text("bucket").or_else(|| policy.follow("bucket")?.text("bucket"));
    policy_check::check(policy, "policy", Kind::Bucket(name), findings);
}
