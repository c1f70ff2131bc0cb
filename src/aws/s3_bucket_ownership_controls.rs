//! `aws_s3_bucket_ownership_controls`:
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketOwnershipControls.html>

use async_trait::async_trait;
use aws_sdk_s3::types::{ObjectOwnership, OwnershipControls, OwnershipControlsRule};
use fathuss_engine::provider::{Attributes, Failure};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;

use crate::call::Call;
use crate::client::Client;
use crate::failure::refused;
use crate::fields::{Fields, Observed};
use crate::s3_bucket_setting::{Setting, clearing, setting, there};

/// The calls of `aws_s3_bucket_ownership_controls`.
pub struct S3BucketOwnershipControls;

#[async_trait(?Send)]
impl Setting for S3BucketOwnershipControls {
    const SCHEMA: &'static Schema = fathuss_model::aws::S3BucketOwnershipControls::SCHEMA;

    async fn look(&self, client: &Client, bucket: &str) -> Result<Option<Attributes>, Failure> {
        let sending = client.s3.get_bucket_ownership_controls().bucket(bucket).send();
        let answer = client.send(Call::s3("GetBucketOwnershipControls"), sending).await;
        let answer = there(answer, "OwnershipControlsNotFoundError")?;
        let rules = answer.and_then(|answer| answer.ownership_controls).map(|controls| controls.rules);
        let Some(rule) = rules.and_then(|rules| rules.into_iter().next()) else { return Ok(None) };
        let attributes = Observed::new()
            .with("bucket", bucket)
            .with_block("rule", Observed::new().with("object_ownership", rule.object_ownership.as_str()))
            .with("id", bucket)
            .finish(Self::SCHEMA);
        Ok(Some(attributes))
    }

    async fn put(&self, client: &Client, bucket: &str, desired: &Fields<'_>) -> Result<(), Failure> {
        let unfit = |error: aws_sdk_s3::error::BuildError| refused("InvalidField", error.to_string());
        let mut controls = OwnershipControls::builder();
        if let Some(rule) = desired.block("rule")? {
            let ownership = ObjectOwnership::from(rule.text("object_ownership")?);
            controls =
                controls.rules(OwnershipControlsRule::builder().object_ownership(ownership).build().map_err(unfit)?);
        }
        let controls = controls.build().map_err(unfit)?;
        let sending = client.s3.put_bucket_ownership_controls().bucket(bucket).ownership_controls(controls).send();
        client.send(setting("PutBucketOwnershipControls"), sending).await.map(drop)
    }

    async fn clear(&self, client: &Client, bucket: &str) -> Result<(), Failure> {
        let sending = client.s3.delete_bucket_ownership_controls().bucket(bucket).send();
        client.send(clearing("DeleteBucketOwnershipControls"), sending).await.map(drop)
    }
}
