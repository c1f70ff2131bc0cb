//! `aws_s3_bucket`: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html>

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration, Delete, ObjectIdentifier, Tag, Tagging};
use fathuss_engine::proposal::{Objection, Proposals};
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;
use fathuss_state::Identity;
use futures::future::try_join_all;

use crate::arn::{domain, partition};
use crate::call::Call;
use crate::client::Client;
use crate::differ::once_shown;
use crate::failure::refused;
use crate::fields::{Fields, Observed};
use crate::gone::waiting;
use crate::kind::{Batch, Kind};
use crate::mark::TagChange;
use crate::{mark, name};

/// The calls of `aws_s3_bucket`.
pub struct S3Bucket;

const SCHEMA: &Schema = fathuss_model::aws::S3Bucket::SCHEMA;

/// Where S3 takes a bucket that its account has already for a new one.
const FIRST: &str = "us-east-1";

#[async_trait(?Send)]
impl Kind for S3Bucket {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// One `GetBucketTagging` for each bucket: it says that the bucket is there, here, and the account's, and how it is
    /// tagged. `ListBuckets` says of all buckets that they are there, and nothing of their tags.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        Batch::each(requests, |request| look(client, &request.identity.0)).await
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let bucket = name::of(SCHEMA, "bucket", request)?;
        if client.region == FIRST && tags(client, &bucket).await.is_ok_and(|there| there.is_some()) {
            let message = format!("the bucket {bucket} exists, and S3 would answer as if it were new");
            return Err(refused("BucketAlreadyOwnedByYou", message));
        }
        let place = Some(BucketLocationConstraint::from(client.region.as_str())).filter(|_| client.region != FIRST);
        let configuration = CreateBucketConfiguration::builder()
            .set_location_constraint(place)
            .set_tags(Some(written(mark::tags_with(&request.mark, &request.desired.attributes)?)?))
            .build();
        let sending = client.s3.create_bucket().bucket(&bucket).create_bucket_configuration(configuration).send();
        // A name that was given up elsewhere is free after a while.
        client.send(Call::s3("CreateBucket").expects("OperationAborted", ""), sending).await?;
        Ok(Identity(bucket))
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let bucket = name::of(SCHEMA, "bucket", request)?;
        let found = tags(client, &bucket).await?;
        Ok(mark::owner(&request.mark, found.map(|tags| (bucket, tags))))
    }

    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        Ok(match look(client, &standing.identity.0).await? {
            Some(observed) => once_shown(SCHEMA, &standing.desired.attributes, observed),
            None => waiting("not visible yet"),
        })
    }

    /// S3 takes all tags at once: those that others put on are sent again with ours.
    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        let Some(TagChange { set, gone }) = mark::tag_change(standing, change)? else { return Ok(()) };
        let bucket = standing.identity.0.as_str();
        let mut all = tags(client, bucket).await?.unwrap_or_default();
        all.retain(|key, _| !gone.contains(key));
        all.extend(set);
        let tagging = Tagging::builder().set_tag_set(Some(written(all)?)).build();
        let tagging = tagging.map_err(|error| refused("InvalidField", error.to_string()))?;
        let sending = client.s3.put_bucket_tagging().bucket(bucket).tagging(tagging).send();
        client.send(Call::s3("PutBucketTagging").expects("OperationAborted", ""), sending).await.map(drop)
    }

    /// S3 deletes an empty bucket at once; one that is to go with what is in it is emptied, a thousand versions at a
    /// time, until there are none.
    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let bucket = standing.identity.0.as_str();
        let sending = client.s3.delete_bucket().bucket(bucket).send();
        match client.send(Call::s3("DeleteBucket").expects("OperationAborted", ""), sending).await {
            Ok(_) => Ok(Progress::Gone),
            Err(failure) if failure.code == "NoSuchBucket" => Ok(Progress::Gone),
            Err(failure) if failure.code == "BucketNotEmpty" => {
                if Fields::of(&standing.desired.attributes).bool_or("force_destroy", false)? {
                    empty(client, bucket).await?;
                    return Ok(waiting("emptying"));
                }
                Err(Failure { hint: Some(EMPTY_IT.to_owned()), ..failure })
            }
            Err(failure) => Err(failure),
        }
    }
}

/// The buckets among what would be deleted that S3 will not delete for what is in them: that would stop a destroy
/// half-way, when most is gone. One `ListObjectVersions` for each that is not to go with what it holds.
pub(crate) async fn objections(client: &Client, deleted: &Proposals) -> Result<Vec<Objection>, Failure> {
    let buckets =
        deleted.iter().filter(|(address, proposal)| address.kind() == SCHEMA.kind && proposal.region == client.region);
    let asked = buckets.map(async |(address, proposal)| {
        let was = Fields::of(&proposal.fields);
        if was.bool_or("force_destroy", false)? {
            return Ok(None);
        }
        let Some(bucket) = was.maybe_text("bucket")? else { return Ok(None) };
        let listing = client.s3.list_object_versions().bucket(bucket).max_keys(1).send();
        let held = match client.send(Call::s3("ListObjectVersions"), listing).await {
            Err(failure) if failure.code == "NoSuchBucket" => false,
            answer => answer.map(|listed| !listed.versions().is_empty() || !listed.delete_markers().is_empty())?,
        };
        let message = || format!("{bucket} holds objects, and S3 deletes an empty bucket alone: {EMPTY_IT}");
        Ok(held.then(|| Objection { address: address.clone(), message: message() }))
    });
    Ok(try_join_all(asked).await?.into_iter().flatten().collect())
}

/// What helps against what is in a bucket.
const EMPTY_IT: &str = "empty it, or set `force_destroy` and apply that first, which deletes what is in it";

/// Deletes up to a thousand versions of objects.
async fn empty(client: &Client, bucket: &str) -> Result<(), Failure> {
    let listing = client.s3.list_object_versions().bucket(bucket).send();
    let listed = client.send(Call::s3("ListObjectVersions"), listing).await?;
    let versions = listed.versions().iter().map(|it| (it.key.clone(), it.version_id.clone()));
    let markers = listed.delete_markers().iter().map(|it| (it.key.clone(), it.version_id.clone()));
    let objects = versions
        .chain(markers)
        .filter_map(|(key, version)| ObjectIdentifier::builder().key(key?).set_version_id(version).build().ok());
    let objects: Vec<_> = objects.collect();
    if objects.is_empty() {
        return Ok(());
    }
    let delete = Delete::builder().set_objects(Some(objects)).quiet(true).build();
    let delete = delete.map_err(|error| refused("InvalidField", error.to_string()))?;
    let sending = client.s3.delete_objects().bucket(bucket).delete(delete).send();
    let answer = client.send(Call::s3("DeleteObjects"), sending).await?;
    match answer.errors().first() {
        None => Ok(()),
        Some(error) => {
            let (key, why) = (error.key().unwrap_or_default(), error.message().unwrap_or_default());
            Err(refused(error.code().unwrap_or("Unknown"), format!("the object {key} of {bucket} stays: {why}")))
        }
    }
}

/// The bucket's tags; none where it is not there.
async fn tags(client: &Client, bucket: &str) -> Result<Option<BTreeMap<String, String>>, Failure> {
    let sending = client.s3.get_bucket_tagging().bucket(bucket).send();
    match client.send(Call::s3("GetBucketTagging"), sending).await {
        Ok(answer) => Ok(Some(answer.tag_set.into_iter().map(|tag| (tag.key, tag.value)).collect())),
        Err(failure) if failure.code == "NoSuchTagSet" => Ok(Some(BTreeMap::new())),
        Err(failure) if failure.code == "NoSuchBucket" => Ok(None),
        Err(failure) => Err(failure),
    }
}

async fn look(client: &Client, bucket: &str) -> Result<Option<Attributes>, Failure> {
    let Some(tags) = tags(client, bucket).await? else { return Ok(None) };
    let region = client.region.as_str();
    let attributes = Observed::new()
        .with("bucket", bucket)
        .tagged(&tags)
        .with("id", bucket)
        .with("arn", format!("arn:{}:s3:::{bucket}", partition(region)))
        .with("bucket_domain_name", format!("{bucket}.s3.{}", domain(region)))
        .with("bucket_regional_domain_name", format!("{bucket}.s3.{region}.{}", domain(region)))
        .with("bucket_region", region)
        .finish(SCHEMA);
    Ok(Some(attributes))
}

fn written(tags: BTreeMap<String, String>) -> Result<Vec<Tag>, Failure> {
    tags.into_iter()
        .map(|(key, value)| {
            let tag = Tag::builder().key(key).value(value).build();
            tag.map_err(|error| refused("InvalidField", error.to_string()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use fathuss_engine::Provider;
    use fathuss_engine::proposal::Proposal;
    use fathuss_engine::provider::{FailureClass, Found, Progress};
    use fathuss_state::Identity;
    use serde_json::{Value, json};

    use crate::asked::{make, standing};
    use crate::canned::Canned;

    const AT: &str = "s.aws_s3_bucket.cache";

    fn error(code: &str) -> String {
        format!("<Error><Code>{code}</Code><Message>m</Message><RequestId>r-1</RequestId></Error>")
    }

    fn tagged(tags: &[(&str, &str)]) -> String {
        let tags = tags.iter().map(|(key, value)| format!("<Tag><Key>{key}</Key><Value>{value}</Value></Tag>"));
        format!("<Tagging><TagSet>{}</TagSet></Tagging>", tags.collect::<String>())
    }

    #[tokio::test]
    async fn a_bucket_that_s3_would_take_for_a_new_one_is_not_taken_over() {
        let canned = Canned::new().xml("GET /", 200, &tagged(&[("Project", "other")]));
        let (aws, request) = (canned.aws(), make(AT, json!({ "bucket": "taken" })));
        let failure = aws.create(&request).await.unwrap_err();
        assert_eq!((failure.class, failure.code.as_str()), (FailureClass::Refused, "BucketAlreadyOwnedByYou"));
        assert_eq!(aws.find(&request).await.unwrap(), Found::Foreign(Identity("taken".to_owned())));
        assert!(canned.operations().iter().all(|operation| operation == "GET /"), "nothing was created");
    }

    #[tokio::test]
    async fn a_bucket_that_holds_objects_is_objected_to_before_anything_goes() {
        let versions = |inner: &str| format!("<ListVersionsResult><Name>full</Name>{inner}</ListVersionsResult>");
        let full = versions("<Version><Key>a</Key><VersionId>1</VersionId></Version>");
        let marker = versions("<DeleteMarker><Key>a</Key><VersionId>2</VersionId></DeleteMarker>");
        let objected = async |status: u16, answer: &str, fields: Value| {
            let canned = Canned::new().xml("GET /", status, answer);
            let fields = serde_json::from_value(fields).unwrap();
            let proposal = Proposal { region: "us-east-1".to_owned(), fields, ..Proposal::default() };
            let deleted = [(AT.parse().unwrap(), proposal)].into();
            super::objections(&canned.aws().client("us-east-1"), &deleted).await.unwrap()
        };
        for held in [&full, &marker] {
            let told = objected(200, held, json!({ "bucket": "full" })).await;
            assert!(told[0].message.starts_with("full holds objects"), "{told:?}");
        }
        assert_eq!(objected(200, &full, json!({ "bucket": "full", "force_destroy": true })).await, []);
        assert_eq!(objected(200, &versions(""), json!({ "bucket": "full" })).await, []);
        assert_eq!(objected(404, &error("NoSuchBucket"), json!({ "bucket": "full" })).await, []);
    }

    #[tokio::test]
    async fn a_new_bucket_carries_its_mark_from_its_creation() {
        let canned = Canned::new().xml("GET /", 404, &error("NoSuchBucket")).xml("PUT /", 200, "");
        let made = canned.aws().create(&make(AT, json!({ "bucket": "fresh" }))).await.unwrap();
        assert_eq!(made.0, "fresh");
        let sent = canned.seen().pop().unwrap();
        assert_eq!(sent.host, "fresh.s3.us-east-1.amazonaws.com");
        let body = sent.get("body").unwrap();
        assert!(body.contains("<Key>fathuss:lineage</Key><Value>lineage-1</Value>"), "{body}");
        assert!(!body.contains("LocationConstraint"), "us-east-1 has no name there: {body}");
    }

    #[tokio::test]
    async fn what_is_in_a_bucket_goes_with_it_only_where_that_is_said() {
        let listed = "<ListVersionsResult><Version><Key>k</Key><VersionId>v</VersionId></Version></ListVersionsResult>";
        let canned = Canned::new().xml("DELETE /", 409, &error("BucketNotEmpty")).xml("GET /", 200, listed).xml(
            "POST /",
            200,
            "<DeleteResult/>",
        );
        let aws = canned.aws();
        let failure = aws.delete(&standing(AT, "full", json!({}))).await.unwrap_err();
        assert_eq!((failure.class, failure.code.as_str()), (FailureClass::Refused, "BucketNotEmpty"));
        assert!(failure.hint.unwrap().contains("force_destroy"));
        assert_eq!(canned.operations(), ["DELETE /"]);
        let progress = aws.delete(&standing(AT, "full", json!({ "force_destroy": true }))).await.unwrap();
        assert_eq!(progress, Progress::Waiting { state: "emptying".to_owned() });
        assert!(canned.seen().pop().unwrap().get("body").unwrap().contains("<Key>k</Key><VersionId>v</VersionId>"));
    }
}
