//! `aws_s3_bucket_versioning`: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html>

use async_trait::async_trait;
use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
use fathuss_engine::provider::{Attributes, Failure};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;

use crate::call::Call;
use crate::client::Client;
use crate::failure::refused;
use crate::fields::{Fields, Observed};
use crate::s3_bucket_setting::{Setting, clearing, setting, there};

/// The calls of `aws_s3_bucket_versioning`.
pub struct S3BucketVersioning;

#[async_trait(?Send)]
impl Setting for S3BucketVersioning {
    const SCHEMA: &'static Schema = fathuss_model::aws::S3BucketVersioning::SCHEMA;

    async fn look(&self, client: &Client, bucket: &str) -> Result<Option<Attributes>, Failure> {
        let sending = client.s3.get_bucket_versioning().bucket(bucket).send();
        let answer = there(client.send(Call::s3("GetBucketVersioning"), sending).await, "NoSuchBucket")?;
        // A bucket that never had versions says nothing of them.
        let Some(status) = answer.and_then(|answer| answer.status) else { return Ok(None) };
        let attributes = Observed::new()
            .with("bucket", bucket)
            .with_block("versioning_configuration", Observed::new().with("status", status.as_str()))
            .with("id", bucket)
            .finish(Self::SCHEMA);
        Ok(Some(attributes))
    }

    async fn put(&self, client: &Client, bucket: &str, desired: &Fields<'_>) -> Result<(), Failure> {
        let Some(block) = desired.block("versioning_configuration")? else {
            return Err(refused("InvalidField", "versioning_configuration is needed and not given".to_owned()));
        };
        let status = block.text("status")?;
        let call = setting("PutBucketVersioning");
        client.send(call, put(client, bucket, status).send()).await.map(drop)
    }

    /// There is no way back to a bucket without versions.
    async fn clear(&self, client: &Client, bucket: &str) -> Result<(), Failure> {
        let call = clearing("PutBucketVersioning");
        client.send(call, put(client, bucket, "Suspended").send()).await.map(drop)
    }
}

fn put(
    client: &Client,
    bucket: &str,
    status: &str,
) -> aws_sdk_s3::operation::put_bucket_versioning::builders::PutBucketVersioningFluentBuilder {
    let configuration = VersioningConfiguration::builder().status(BucketVersioningStatus::from(status)).build();
    client.s3.put_bucket_versioning().bucket(bucket).versioning_configuration(configuration)
}
