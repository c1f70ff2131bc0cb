//! `aws_s3_bucket_ownership_controls`: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html>

use super::S3Bucket;
use crate::{Computed, Id, Value, words};

/// Who owns the objects of a bucket.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let bucket = stack.add("cache", S3Bucket::new());
/// let rule = OwnershipRule::new(ObjectOwnership::BucketOwnerEnforced);
/// stack.add("cache", S3BucketOwnershipControls::new(&bucket, rule));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_s3_bucket_ownership_controls",
    service = "s3",
    creation = Upsert,
    create_seconds = 1,
    delete_seconds = 1
)]
pub struct S3BucketOwnershipControls {
    /// The bucket.
    #[field(replace)]
    bucket: Value<Id<S3Bucket>>,
    /// The rule.
    rule: Value<OwnershipRule>,
    /// The bucket's name.
    id: Computed<Id<S3BucketOwnershipControls>>,
}

/// A rule of ownership.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct OwnershipRule {
    /// Who owns objects.
    object_ownership: Value<ObjectOwnership>,
}

words! {
    /// Who owns objects.
    pub enum ObjectOwnership {
        /// The bucket's account, and there are no access control lists.
        BucketOwnerEnforced = "BucketOwnerEnforced",
        /// The bucket's account, where a write gives it full control.
        BucketOwnerPreferred = "BucketOwnerPreferred",
        /// Who wrote them.
        ObjectWriter = "ObjectWriter",
    }
}
