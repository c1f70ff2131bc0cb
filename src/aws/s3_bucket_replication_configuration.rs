//! `aws_s3_bucket_replication_configuration`:
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketReplication.html>

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_s3::types::{
    DeleteMarkerReplication, DeleteMarkerReplicationStatus, Destination, EncryptionConfiguration, Metrics,
    MetricsStatus, ReplicaModifications, ReplicaModificationsStatus, ReplicationConfiguration, ReplicationRule,
    ReplicationRuleAndOperator, ReplicationRuleFilter, ReplicationRuleStatus, ReplicationTime, ReplicationTimeStatus,
    ReplicationTimeValue, SourceSelectionCriteria, SseKmsEncryptedObjects, SseKmsEncryptedObjectsStatus, StorageClass,
    Tag,
};
use fathuss_engine::provider::{Attributes, Failure};
use fathuss_model::schema::Schema;
use fathuss_model::{Datum, Resource};

use crate::call::Call;
use crate::client::Client;
use crate::failure::refused;
use crate::fields::{Fields, Observed};
use crate::s3_bucket_setting::{Setting, clearing, setting, there};

/// The calls of `aws_s3_bucket_replication_configuration`.
pub struct S3BucketReplicationConfiguration;

#[async_trait(?Send)]
impl Setting for S3BucketReplicationConfiguration {
    const SCHEMA: &'static Schema = fathuss_model::aws::S3BucketReplicationConfiguration::SCHEMA;

    async fn look(&self, client: &Client, bucket: &str) -> Result<Option<Attributes>, Failure> {
        let sending = client.s3.get_bucket_replication().bucket(bucket).send();
        let answer = client.send(Call::s3("GetBucketReplication"), sending).await;
        let answer = there(answer, "ReplicationConfigurationNotFoundError")?;
        let Some(configuration) = answer.and_then(|answer| answer.replication_configuration) else { return Ok(None) };
        let attributes = Observed::new()
            .with("bucket", bucket)
            .with("role", configuration.role.as_str())
            .with_list("rule", configuration.rules().iter().map(observe))
            .with("id", bucket)
            .finish(Self::SCHEMA);
        Ok(Some(attributes))
    }

    async fn put(&self, client: &Client, bucket: &str, desired: &Fields<'_>) -> Result<(), Failure> {
        let rules = desired.blocks("rule")?.iter().map(written).collect::<Result<_, Failure>>()?;
        let configuration = ReplicationConfiguration::builder()
            .role(desired.text("role")?)
            .set_rules(Some(rules))
            .build()
            .map_err(unfit)?;
        let sending = client.s3.put_bucket_replication().bucket(bucket).replication_configuration(configuration).send();
        // The destination, and the versioning of both, were perhaps made a moment ago.
        let call = setting("PutBucketReplication")
            .unseen("InvalidRequest", "Destination bucket must exist")
            .expects("InvalidRequest", "must have versioning enabled")
            .expects("InvalidRequest", "Versioning must be 'Enabled'");
        client.send(call, sending).await.map(drop)
    }

    async fn clear(&self, client: &Client, bucket: &str) -> Result<(), Failure> {
        let sending = client.s3.delete_bucket_replication().bucket(bucket).send();
        client.send(clearing("DeleteBucketReplication"), sending).await.map(drop)
    }
}

fn unfit(error: aws_sdk_s3::error::BuildError) -> Failure {
    refused("InvalidField", error.to_string())
}

fn observe(rule: &ReplicationRule) -> Datum {
    let status = |word: Option<&str>| Observed::new().with("status", word.map(str::to_owned));
    let markers = rule.delete_marker_replication.as_ref().and_then(|it| it.status.as_ref());
    Observed::new()
        .with("id", rule.id.clone())
        .with("priority", rule.priority.map(i64::from))
        .with("status", rule.status.as_str())
        .with_block("delete_marker_replication", status(markers.map(DeleteMarkerReplicationStatus::as_str)))
        .with_block("destination", rule.destination.as_ref().map_or_else(Observed::new, observe_destination))
        .with_block("filter", rule.filter.as_ref().map_or_else(Observed::new, observe_filter))
        .with_block(
            "source_selection_criteria",
            rule.source_selection_criteria.as_ref().map_or_else(Observed::new, |it| {
                let encrypted = it.sse_kms_encrypted_objects.as_ref().map(|it| it.status.as_str());
                let modified = it.replica_modifications.as_ref().map(|it| it.status.as_str());
                Observed::new()
                    .with_block("sse_kms_encrypted_objects", status(encrypted))
                    .with_block("replica_modifications", status(modified))
            }),
        )
        .into_datum()
}

fn observe_destination(destination: &Destination) -> Observed {
    let minutes = |value: Option<&ReplicationTimeValue>| {
        Observed::new().with("minutes", value.and_then(|value| value.minutes).map(i64::from))
    };
    let key = destination.encryption_configuration.as_ref().and_then(|it| it.replica_kms_key_id.clone());
    Observed::new()
        .with("bucket", destination.bucket.as_str())
        .with("storage_class", destination.storage_class.as_ref().map(|class| class.as_str().to_owned()))
        .with_block("encryption_configuration", Observed::new().with("replica_kms_key_id", key))
        .with_block(
            "metrics",
            destination.metrics.as_ref().map_or_else(Observed::new, |it| {
                Observed::new()
                    .with("status", it.status.as_str())
                    .with_block("event_threshold", minutes(it.event_threshold.as_ref()))
            }),
        )
        .with_block(
            "replication_time",
            destination.replication_time.as_ref().map_or_else(Observed::new, |it| {
                Observed::new().with("status", it.status.as_str()).with_block("time", minutes(it.time.as_ref()))
            }),
        )
}

/// A filter for everything is one for keys that begin with nothing.
fn observe_filter(filter: &ReplicationRuleFilter) -> Observed {
    let tag = |tag: &Tag| Observed::new().with("key", tag.key.as_str()).with("value", tag.value.as_str());
    let and = filter.and.as_ref().map_or_else(Observed::new, |and| {
        let tags: BTreeMap<String, String> =
            and.tags().iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect();
        Observed::new()
            .with("prefix", and.prefix.clone())
            .with("tags", if tags.is_empty() { Datum::Null } else { tags.into() })
    });
    Observed::new()
        .with("prefix", filter.prefix.clone().filter(|prefix| !prefix.is_empty()))
        .with_block("tag", filter.tag.as_ref().map_or_else(Observed::new, tag))
        .with_block("and", and)
}

fn written(rule: &Fields<'_>) -> Result<ReplicationRule, Failure> {
    let markers = match rule.block("delete_marker_replication")? {
        None => None,
        Some(it) => {
            let status = DeleteMarkerReplicationStatus::from(it.text("status")?);
            Some(DeleteMarkerReplication::builder().status(status).build())
        }
    };
    let destination = rule.block("destination")?.map(|it| written_destination(&it)).transpose()?;
    let selection = match rule.block("source_selection_criteria")? {
        None => None,
        Some(it) => Some(written_selection(&it)?),
    };
    ReplicationRule::builder()
        .id(rule.text("id")?)
        .set_priority(rule.maybe_i32("priority")?)
        .status(ReplicationRuleStatus::from(rule.text("status")?))
        .filter(written_filter(rule.block("filter")?.as_ref())?)
        .set_delete_marker_replication(markers)
        .set_destination(destination)
        .set_source_selection_criteria(selection)
        .build()
        .map_err(unfit)
}

fn written_destination(destination: &Fields<'_>) -> Result<Destination, Failure> {
    let minutes = |block: Option<Fields<'_>>| -> Result<Option<ReplicationTimeValue>, Failure> {
        let Some(block) = block else { return Ok(None) };
        Ok(Some(ReplicationTimeValue::builder().set_minutes(block.maybe_i32("minutes")?).build()))
    };
    let encryption = match destination.block("encryption_configuration")? {
        None => None,
        Some(it) => Some(EncryptionConfiguration::builder().replica_kms_key_id(it.text("replica_kms_key_id")?).build()),
    };
    let metrics = match destination.block("metrics")? {
        None => None,
        Some(it) => {
            let metrics = Metrics::builder()
                .status(MetricsStatus::from(it.text("status")?))
                .set_event_threshold(minutes(it.block("event_threshold")?)?);
            Some(metrics.build().map_err(unfit)?)
        }
    };
    let time = match destination.block("replication_time")? {
        None => None,
        Some(it) => {
            let time = ReplicationTime::builder()
                .status(ReplicationTimeStatus::from(it.text("status")?))
                .set_time(minutes(it.block("time")?)?);
            Some(time.build().map_err(unfit)?)
        }
    };
    Destination::builder()
        .bucket(destination.text("bucket")?)
        .set_storage_class(destination.maybe_text("storage_class")?.map(StorageClass::from))
        .set_encryption_configuration(encryption)
        .set_metrics(metrics)
        .set_replication_time(time)
        .build()
        .map_err(unfit)
}

fn written_selection(selection: &Fields<'_>) -> Result<SourceSelectionCriteria, Failure> {
    let mut criteria = SourceSelectionCriteria::builder();
    if let Some(it) = selection.block("sse_kms_encrypted_objects")? {
        let status = SseKmsEncryptedObjectsStatus::from(it.text("status")?);
        let encrypted = SseKmsEncryptedObjects::builder().status(status).build().map_err(unfit)?;
        criteria = criteria.sse_kms_encrypted_objects(encrypted);
    }
    if let Some(it) = selection.block("replica_modifications")? {
        let status = ReplicaModificationsStatus::from(it.text("status")?);
        let modified = ReplicaModifications::builder().status(status).build().map_err(unfit)?;
        criteria = criteria.replica_modifications(modified);
    }
    Ok(criteria.build())
}

fn written_filter(filter: Option<&Fields<'_>>) -> Result<ReplicationRuleFilter, Failure> {
    let Some(filter) = filter else { return Ok(ReplicationRuleFilter::builder().prefix("").build()) };
    let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build().map_err(unfit);
    let mut builder = ReplicationRuleFilter::builder().set_prefix(filter.maybe_string("prefix")?);
    if let Some(it) = filter.block("tag")? {
        builder = builder.tag(tag(it.text("key")?, it.text("value")?)?);
    }
    if let Some(it) = filter.block("and")? {
        let tags = it.map("tags")?.iter().map(|(key, value)| tag(key, value)).collect::<Result<_, Failure>>()?;
        let and = ReplicationRuleAndOperator::builder().set_prefix(it.maybe_string("prefix")?).set_tags(Some(tags));
        builder = builder.and(and.build());
    }
    Ok(builder.build())
}

#[cfg(test)]
mod tests {
    use fathuss_engine::Provider;
    use fathuss_engine::provider::{Attributes, FailureClass, Observation};
    use serde_json::json;

    use crate::canned::{Canned, make, read};

    const ADDRESS: &str = "s.aws_s3_bucket_replication_configuration.main";

    #[tokio::test]
    async fn a_rule_for_everything_reads_back_without_a_filter_and_with_its_key() {
        let rule = "<Rule><ID>all</ID><Priority>1</Priority><Status>Enabled</Status><Filter><Prefix></Prefix></Filter>\
            <DeleteMarkerReplication><Status>Disabled</Status></DeleteMarkerReplication>\
            <SourceSelectionCriteria><SseKmsEncryptedObjects><Status>Enabled</Status></SseKmsEncryptedObjects>\
            </SourceSelectionCriteria><Destination><Bucket>arn:aws:s3:::copies</Bucket><EncryptionConfiguration>\
            <ReplicaKmsKeyID>arn:aws:kms:us-west-2:1:key/k</ReplicaKmsKeyID></EncryptionConfiguration></Destination></Rule>";
        let body = format!(
            "<ReplicationConfiguration><Role>arn:aws:iam::1:role/copier</Role>{rule}</ReplicationConfiguration>"
        );
        let canned = Canned::new().xml("GET /", 200, &body);
        let answer = canned.aws().read(&[read(ADDRESS, "main", Attributes::new())]).await;
        let Ok(Observation::Present(observed)) = &answer.observations[0] else { panic!("{answer:?}") };
        let expected = json!([{
            "id": "all", "priority": 1, "status": "Enabled",
            "delete_marker_replication": {"status": "Disabled"},
            "destination": {
                "bucket": "arn:aws:s3:::copies",
                "encryption_configuration": {"replica_kms_key_id": "arn:aws:kms:us-west-2:1:key/k"},
            },
            "source_selection_criteria": {"sse_kms_encrypted_objects": {"status": "Enabled"}},
        }]);
        assert_eq!(serde_json::to_value(&observed["rule"]).unwrap(), expected);
    }

    #[tokio::test]
    async fn a_destination_whose_versioning_is_not_seen_yet_is_tried_again() {
        let refusal = "<Error><Code>InvalidRequest</Code>\
            <Message>Destination bucket must have versioning enabled.</Message></Error>";
        let canned = Canned::new().xml("PUT /", 400, refusal);
        let desired: Attributes = serde_json::from_value(json!({
            "bucket": "main", "role": "arn:aws:iam::1:role/copier",
            "rule": [{
                "id": "all", "priority": 1, "status": "Enabled",
                "delete_marker_replication": {"status": "Disabled"},
                "destination": {"bucket": "arn:aws:s3:::copies"},
            }],
        }))
        .unwrap();
        let failure = canned.aws().create(&make(ADDRESS, desired)).await.unwrap_err();
        assert_eq!(failure.class, FailureClass::NotYet, "{failure:?}");
    }
}
