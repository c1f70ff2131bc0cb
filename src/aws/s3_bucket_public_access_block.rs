//! `aws_s3_bucket_public_access_block`:
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutPublicAccessBlock.html>

use async_trait::async_trait;
use aws_sdk_s3::types::PublicAccessBlockConfiguration;
use fathuss_engine::provider::{Attributes, Failure};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;

use crate::call::Call;
use crate::client::Client;
use crate::fields::{Fields, Observed};
use crate::s3_bucket_setting::{Setting, clearing, setting, there};

/// The calls of `aws_s3_bucket_public_access_block`.
pub struct S3BucketPublicAccessBlock;

#[async_trait(?Send)]
impl Setting for S3BucketPublicAccessBlock {
    const SCHEMA: &'static Schema = fathuss_model::aws::S3BucketPublicAccessBlock::SCHEMA;

    async fn look(&self, client: &Client, bucket: &str) -> Result<Option<Attributes>, Failure> {
        let sending = client.s3.get_public_access_block().bucket(bucket).send();
        let answer = client.send(Call::s3("GetPublicAccessBlock"), sending).await;
        let answer = there(answer, "NoSuchPublicAccessBlockConfiguration")?;
        let Some(block) = answer.and_then(|answer| answer.public_access_block_configuration) else { return Ok(None) };
        let attributes = Observed::new()
            .with("bucket", bucket)
            .with("block_public_acls", block.block_public_acls)
            .with("block_public_policy", block.block_public_policy)
            .with("ignore_public_acls", block.ignore_public_acls)
            .with("restrict_public_buckets", block.restrict_public_buckets)
            .with("id", bucket)
            .finish(Self::SCHEMA);
        Ok(Some(attributes))
    }

    async fn put(&self, client: &Client, bucket: &str, desired: &Fields<'_>) -> Result<(), Failure> {
        let block = PublicAccessBlockConfiguration::builder()
            .block_public_acls(desired.bool_or("block_public_acls", false)?)
            .block_public_policy(desired.bool_or("block_public_policy", false)?)
            .ignore_public_acls(desired.bool_or("ignore_public_acls", false)?)
            .restrict_public_buckets(desired.bool_or("restrict_public_buckets", false)?)
            .build();
        let sending =
            client.s3.put_public_access_block().bucket(bucket).public_access_block_configuration(block).send();
        client.send(setting("PutPublicAccessBlock"), sending).await.map(drop)
    }

    async fn clear(&self, client: &Client, bucket: &str) -> Result<(), Failure> {
        let sending = client.s3.delete_public_access_block().bucket(bucket).send();
        client.send(clearing("DeletePublicAccessBlock"), sending).await.map(drop)
    }
}
