//! `aws_s3_bucket_lifecycle_configuration`:
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html>

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, ExpirationStatus, LifecycleExpiration, LifecycleRule,
    LifecycleRuleAndOperator, LifecycleRuleFilter, NoncurrentVersionExpiration, NoncurrentVersionTransition, Tag,
    Transition, TransitionDefaultMinimumObjectSize, TransitionStorageClass,
};
use fathuss_engine::provider::{Attributes, Failure};
use fathuss_model::schema::Schema;
use fathuss_model::{Datum, Resource};

use crate::call::Call;
use crate::client::Client;
use crate::failure::refused;
use crate::fields::{Fields, Observed};
use crate::s3_bucket_setting::{Setting, clearing, setting, there};

/// The calls of `aws_s3_bucket_lifecycle_configuration`.
pub struct S3BucketLifecycleConfiguration;

#[async_trait(?Send)]
impl Setting for S3BucketLifecycleConfiguration {
    const SCHEMA: &'static Schema = fathuss_model::aws::S3BucketLifecycleConfiguration::SCHEMA;

    async fn look(&self, client: &Client, bucket: &str) -> Result<Option<Attributes>, Failure> {
        let sending = client.s3.get_bucket_lifecycle_configuration().bucket(bucket).send();
        let answer = client.send(Call::s3("GetBucketLifecycleConfiguration"), sending).await;
        let Some(answer) = there(answer, "NoSuchLifecycleConfiguration")? else { return Ok(None) };
        let least = answer.transition_default_minimum_object_size.as_ref().map(|least| least.as_str().to_owned());
        let attributes = Observed::new()
            .with("bucket", bucket)
            .with_list("rule", answer.rules().iter().map(observe))
            .with("transition_default_minimum_object_size", least)
            .with("id", bucket)
            .finish(Self::SCHEMA);
        Ok(Some(attributes))
    }

    async fn put(&self, client: &Client, bucket: &str, desired: &Fields<'_>) -> Result<(), Failure> {
        let rules = desired.blocks("rule")?.iter().map(written).collect::<Result<_, Failure>>()?;
        let configuration = BucketLifecycleConfiguration::builder().set_rules(Some(rules)).build().map_err(unfit)?;
        let least = desired.maybe_text("transition_default_minimum_object_size")?;
        let sending = client
            .s3
            .put_bucket_lifecycle_configuration()
            .bucket(bucket)
            .lifecycle_configuration(configuration)
            .set_transition_default_minimum_object_size(least.map(TransitionDefaultMinimumObjectSize::from))
            .send();
        client.send(setting("PutBucketLifecycleConfiguration"), sending).await.map(drop)
    }

    async fn clear(&self, client: &Client, bucket: &str) -> Result<(), Failure> {
        let sending = client.s3.delete_bucket_lifecycle().bucket(bucket).send();
        client.send(clearing("DeleteBucketLifecycle"), sending).await.map(drop)
    }
}

fn unfit(error: aws_sdk_s3::error::BuildError) -> Failure {
    refused("InvalidField", error.to_string())
}

fn observe(rule: &LifecycleRule) -> Datum {
    let moves = rule.transitions().iter().map(|it| {
        Observed::new()
            .with("days", it.days.map(i64::from))
            .with("storage_class", it.storage_class.as_ref().map(|class| class.as_str().to_owned()))
            .into_datum()
    });
    let late_moves = rule.noncurrent_version_transitions().iter().map(|it| {
        Observed::new()
            .with("noncurrent_days", it.noncurrent_days.map(i64::from))
            .with("newer_noncurrent_versions", it.newer_noncurrent_versions.map(i64::from))
            .with("storage_class", it.storage_class.as_ref().map(|class| class.as_str().to_owned()))
            .into_datum()
    });
    let expiration = rule.expiration.as_ref().map_or_else(Observed::new, |it| {
        Observed::new()
            .with("days", it.days.map(i64::from))
            .with("expired_object_delete_marker", it.expired_object_delete_marker)
    });
    let late = rule.noncurrent_version_expiration.as_ref().map_or_else(Observed::new, |it| {
        Observed::new()
            .with("noncurrent_days", it.noncurrent_days.map(i64::from))
            .with("newer_noncurrent_versions", it.newer_noncurrent_versions.map(i64::from))
    });
    let aborts = rule.abort_incomplete_multipart_upload.as_ref().and_then(|it| it.days_after_initiation);
    Observed::new()
        .with("id", rule.id.clone())
        .with("status", rule.status.as_str())
        .with_block("filter", rule.filter.as_ref().map_or_else(Observed::new, observe_filter))
        .with_block("expiration", expiration)
        .with_list("transition", moves)
        .with_block("noncurrent_version_expiration", late)
        .with_list("noncurrent_version_transition", late_moves)
        .with_block(
            "abort_incomplete_multipart_upload",
            Observed::new().with("days_after_initiation", aborts.map(i64::from)),
        )
        .into_datum()
}

/// A filter for everything is one for keys that begin with nothing.
fn observe_filter(filter: &LifecycleRuleFilter) -> Observed {
    let and = filter.and.as_ref().map_or_else(Observed::new, |and| {
        let tags: BTreeMap<String, String> =
            and.tags().iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect();
        Observed::new()
            .with("prefix", and.prefix.clone())
            .with("object_size_greater_than", and.object_size_greater_than)
            .with("object_size_less_than", and.object_size_less_than)
            .with("tags", if tags.is_empty() { Datum::Null } else { tags.into() })
    });
    Observed::new()
        .with("prefix", filter.prefix.clone().filter(|prefix| !prefix.is_empty()))
        .with("object_size_greater_than", filter.object_size_greater_than)
        .with("object_size_less_than", filter.object_size_less_than)
        .with_block("and", and)
}

fn written(rule: &Fields<'_>) -> Result<LifecycleRule, Failure> {
    let mut builder = LifecycleRule::builder()
        .id(rule.text("id")?)
        .status(ExpirationStatus::from(rule.text("status")?))
        .filter(written_filter(rule.block("filter")?.as_ref())?);
    for one in rule.blocks("transition")? {
        let transition = Transition::builder()
            .set_days(one.maybe_i32("days")?)
            .storage_class(TransitionStorageClass::from(one.text("storage_class")?));
        builder = builder.transitions(transition.build());
    }
    for one in rule.blocks("noncurrent_version_transition")? {
        let transition = NoncurrentVersionTransition::builder()
            .set_noncurrent_days(one.maybe_i32("noncurrent_days")?)
            .set_newer_noncurrent_versions(one.maybe_i32("newer_noncurrent_versions")?)
            .storage_class(TransitionStorageClass::from(one.text("storage_class")?));
        builder = builder.noncurrent_version_transitions(transition.build());
    }
    if let Some(one) = rule.block("expiration")? {
        let expiration = LifecycleExpiration::builder()
            .set_days(one.maybe_i32("days")?)
            .set_expired_object_delete_marker(one.maybe_bool("expired_object_delete_marker")?);
        builder = builder.expiration(expiration.build());
    }
    if let Some(one) = rule.block("noncurrent_version_expiration")? {
        let expiration = NoncurrentVersionExpiration::builder()
            .set_noncurrent_days(one.maybe_i32("noncurrent_days")?)
            .set_newer_noncurrent_versions(one.maybe_i32("newer_noncurrent_versions")?);
        builder = builder.noncurrent_version_expiration(expiration.build());
    }
    if let Some(one) = rule.block("abort_incomplete_multipart_upload")? {
        let days = one.maybe_i32("days_after_initiation")?;
        let abort = AbortIncompleteMultipartUpload::builder().set_days_after_initiation(days);
        builder = builder.abort_incomplete_multipart_upload(abort.build());
    }
    builder.build().map_err(unfit)
}

/// S3 wants a filter in each rule: where none is given it is for everything.
fn written_filter(filter: Option<&Fields<'_>>) -> Result<LifecycleRuleFilter, Failure> {
    let Some(filter) = filter else { return Ok(LifecycleRuleFilter::builder().prefix("").build()) };
    let and = match filter.block("and")? {
        None => None,
        Some(and) => {
            let mut builder = LifecycleRuleAndOperator::builder()
                .set_prefix(and.maybe_string("prefix")?)
                .set_object_size_greater_than(and.maybe_integer("object_size_greater_than")?)
                .set_object_size_less_than(and.maybe_integer("object_size_less_than")?);
            for (key, value) in and.map("tags")? {
                builder = builder.tags(Tag::builder().key(key).value(value).build().map_err(unfit)?);
            }
            Some(builder.build())
        }
    };
    let builder = LifecycleRuleFilter::builder()
        .set_prefix(filter.maybe_string("prefix")?)
        .set_object_size_greater_than(filter.maybe_integer("object_size_greater_than")?)
        .set_object_size_less_than(filter.maybe_integer("object_size_less_than")?);
    Ok(builder.set_and(and).build())
}
