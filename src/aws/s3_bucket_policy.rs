//! `aws_s3_bucket_policy`: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html>

use async_trait::async_trait;
use fathuss_engine::provider::{Attributes, Failure};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;

use crate::call::Call;
use crate::client::Client;
use crate::fields::{Fields, Observed};
use crate::s3_bucket_setting::{Setting, clearing, setting, there};

/// The calls of `aws_s3_bucket_policy`.
pub struct S3BucketPolicy;

#[async_trait(?Send)]
impl Setting for S3BucketPolicy {
    const SCHEMA: &'static Schema = fathuss_model::aws::S3BucketPolicy::SCHEMA;

    async fn look(&self, client: &Client, bucket: &str) -> Result<Option<Attributes>, Failure> {
        let sending = client.s3.get_bucket_policy().bucket(bucket).send();
        let answer = there(client.send(Call::s3("GetBucketPolicy"), sending).await, "NoSuchBucketPolicy")?;
        let Some(policy) = answer.and_then(|answer| answer.policy) else { return Ok(None) };
        let attributes =
            Observed::new().with("bucket", bucket).with("policy", policy).with("id", bucket).finish(Self::SCHEMA);
        Ok(Some(attributes))
    }

    async fn put(&self, client: &Client, bucket: &str, desired: &Fields<'_>) -> Result<(), Failure> {
        let sending = client.s3.put_bucket_policy().bucket(bucket).policy(desired.text("policy")?).send();
        // A role that it names was perhaps made a moment ago.
        let call = setting("PutBucketPolicy").unseen("MalformedPolicy", "Invalid principal");
        client.send(call, sending).await.map(drop)
    }

    async fn clear(&self, client: &Client, bucket: &str) -> Result<(), Failure> {
        let sending = client.s3.delete_bucket_policy().bucket(bucket).send();
        client.send(clearing("DeleteBucketPolicy"), sending).await.map(drop)
    }
}
