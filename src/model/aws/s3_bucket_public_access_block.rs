//! `aws_s3_bucket_public_access_block`:
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html>

use super::S3Bucket;
use crate::{Computed, Id, Value};

/// What keeps the public out of a bucket. Destroying it opens nothing by itself, and lets a policy do so.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let bucket = stack.add("cache", S3Bucket::new());
/// stack.add("cache", S3BucketPublicAccessBlock::all(&bucket));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_s3_bucket_public_access_block",
    service = "s3",
    creation = Upsert,
    create_seconds = 1,
    delete_seconds = 1
)]
pub struct S3BucketPublicAccessBlock {
    /// The bucket.
    #[field(replace)]
    bucket: Value<Id<S3Bucket>>,
    /// Whether access control lists that are public are refused.
    #[field(default = "false")]
    block_public_acls: Option<Value<bool>>,
    /// Whether policies that are public are refused.
    #[field(default = "false")]
    block_public_policy: Option<Value<bool>>,
    /// Whether access control lists that are public count for nothing.
    #[field(default = "false")]
    ignore_public_acls: Option<Value<bool>>,
    /// Whether a public policy lets in AWS's services and the account alone.
    #[field(default = "false")]
    restrict_public_buckets: Option<Value<bool>>,
    /// The bucket's name.
    id: Computed<Id<S3BucketPublicAccessBlock>>,
}

impl S3BucketPublicAccessBlock {
    /// With all four settings on.
    #[must_use]
    pub fn all(bucket: impl crate::IntoValue<Id<S3Bucket>>) -> Self {
        Self::new(bucket)
            .block_public_acls(true)
            .block_public_policy(true)
            .ignore_public_acls(true)
            .restrict_public_buckets(true)
    }
}
