//! `aws_s3_bucket_versioning`: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html>

use super::S3Bucket;
use crate::{Computed, Id, Value, words};

/// Whether a bucket keeps the versions of its objects; destroying it suspends that.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let bucket = stack.add("cache", S3Bucket::new());
/// let versions = VersioningConfiguration::new(VersioningStatus::Enabled);
/// stack.add("cache", S3BucketVersioning::new(&bucket, versions));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(type = "aws_s3_bucket_versioning", service = "s3", creation = Upsert, create_seconds = 1, delete_seconds = 1)]
pub struct S3BucketVersioning {
    /// The bucket.
    #[field(replace)]
    bucket: Value<Id<S3Bucket>>,
    /// The settings.
    versioning_configuration: Value<VersioningConfiguration>,
    /// The bucket's name.
    id: Computed<Id<S3BucketVersioning>>,
}

/// The settings of versioning.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct VersioningConfiguration {
    /// Whether new versions are kept. A bucket that had versions once keeps them: there is no way back to none.
    status: Value<VersioningStatus>,
}

words! {
    /// Whether new versions are kept.
    pub enum VersioningStatus {
        /// Each write makes a version.
        Enabled = "Enabled",
        /// A write takes the place of the last one; versions that are there stay.
        Suspended = "Suspended",
    }
}
