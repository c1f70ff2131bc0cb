//! `aws_s3_bucket_server_side_encryption_configuration`:
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketEncryption.html>

use async_trait::async_trait;
use aws_sdk_s3::types::{
    ServerSideEncryption, ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration, ServerSideEncryptionRule,
};
use fathuss_engine::provider::{Attributes, Failure};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;

use crate::call::Call;
use crate::client::Client;
use crate::failure::refused;
use crate::fields::{Fields, Observed};
use crate::s3_bucket_setting::{Setting, clearing, setting, there};

/// The calls of `aws_s3_bucket_server_side_encryption_configuration`.
pub struct S3BucketServerSideEncryptionConfiguration;

#[async_trait(?Send)]
impl Setting for S3BucketServerSideEncryptionConfiguration {
    const SCHEMA: &'static Schema = fathuss_model::aws::S3BucketServerSideEncryptionConfiguration::SCHEMA;

    async fn look(&self, client: &Client, bucket: &str) -> Result<Option<Attributes>, Failure> {
        let sending = client.s3.get_bucket_encryption().bucket(bucket).send();
        let answer = client.send(Call::s3("GetBucketEncryption"), sending).await;
        let answer = there(answer, "ServerSideEncryptionConfigurationNotFoundError")?;
        let Some(configuration) = answer.and_then(|answer| answer.server_side_encryption_configuration) else {
            return Ok(None);
        };
        let rules = configuration.rules().iter().map(|rule| {
            let chosen = rule.apply_server_side_encryption_by_default.as_ref();
            let default = Observed::new()
                .with("sse_algorithm", chosen.map(|chosen| chosen.sse_algorithm.as_str().to_owned()))
                .with("kms_master_key_id", chosen.and_then(|chosen| chosen.kms_master_key_id.clone()));
            Observed::new()
                .with_block("apply_server_side_encryption_by_default", default)
                .with("bucket_key_enabled", rule.bucket_key_enabled.unwrap_or(false))
                .into_datum()
        });
        let attributes =
            Observed::new().with("bucket", bucket).with_list("rule", rules).with("id", bucket).finish(Self::SCHEMA);
        Ok(Some(attributes))
    }

    async fn put(&self, client: &Client, bucket: &str, desired: &Fields<'_>) -> Result<(), Failure> {
        let unfit = |error: aws_sdk_s3::error::BuildError| refused("InvalidField", error.to_string());
        let mut configuration = ServerSideEncryptionConfiguration::builder();
        for rule in desired.blocks("rule")? {
            let default = match rule.block("apply_server_side_encryption_by_default")? {
                None => None,
                Some(chosen) => Some(
                    ServerSideEncryptionByDefault::builder()
                        .sse_algorithm(ServerSideEncryption::from(chosen.text("sse_algorithm")?))
                        .set_kms_master_key_id(chosen.maybe_string("kms_master_key_id")?)
                        .build()
                        .map_err(unfit)?,
                ),
            };
            let rule = ServerSideEncryptionRule::builder()
                .set_apply_server_side_encryption_by_default(default)
                .bucket_key_enabled(rule.bool_or("bucket_key_enabled", false)?);
            configuration = configuration.rules(rule.build());
        }
        let configuration = configuration.build().map_err(unfit)?;
        let putting = client.s3.put_bucket_encryption().bucket(bucket);
        let sending = putting.server_side_encryption_configuration(configuration).send();
        client.send(setting("PutBucketEncryption"), sending).await.map(drop)
    }

    /// S3's own encryption takes its place.
    async fn clear(&self, client: &Client, bucket: &str) -> Result<(), Failure> {
        let sending = client.s3.delete_bucket_encryption().bucket(bucket).send();
        client.send(clearing("DeleteBucketEncryption"), sending).await.map(drop)
    }
}
