//! `aws_cloudwatch_log_group`: <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html>

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use aws_sdk_cloudwatchlogs::types::{LogGroup, LogGroupClass};
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, Survivor, UpdateRequest,
};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;
use fathuss_state::Identity;

use crate::call::{Call, Service};
use crate::client::Client;
use crate::differ::{Differences, once_shown};
use crate::failure::unreadable;
use crate::fields::{Fields, Observed};
use crate::gone::{once_accepted, there, waiting};
use crate::kind::{Batch, Kind};
use crate::mark::TagChange;
use crate::{mark, name};

/// The calls of `aws_cloudwatch_log_group`.
pub struct CloudwatchLogGroup;

const SCHEMA: &Schema = fathuss_model::aws::CloudwatchLogGroup::SCHEMA;

/// How many groups one call is asked for.
const PAGE: usize = 50;

#[async_trait(?Send)]
impl Kind for CloudwatchLogGroup {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// One `DescribeLogGroups` for fifty, by their names: a region has as many as its services make. One
    /// `ListTagsForResource` for each: the description has no tags, and the call takes one ARN.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        let mut found = HashMap::new();
        for some in requests.chunks(PAGE) {
            let names = some.iter().map(|request| request.identity.0.clone()).collect();
            match groups(client, names).await {
                Ok(groups) => found.extend(groups),
                Err(failure) => return Batch::failed(requests, &failure),
            }
        }
        Batch::each(requests, |request| look(client, found.get(&request.identity.0))).await
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let name = name::of(SCHEMA, "name", request)?;
        let protected = desired.bool_or("deletion_protection_enabled", false)?;
        let sending = client
            .logs
            .create_log_group()
            .log_group_name(&name)
            .set_kms_key_id(desired.maybe_string("kms_key_id")?)
            .set_log_group_class(desired.maybe_text("log_group_class")?.map(LogGroupClass::from))
            .set_deletion_protection_enabled(protected.then_some(true))
            .set_tags(Some(mark::tags_with(&request.mark, &request.desired.attributes)?.into_iter().collect()))
            .send();
        client.send(keyed("CreateLogGroup"), sending).await?;
        Ok(Identity(name))
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let name = name::of(SCHEMA, "name", request)?;
        let Some(group) = groups(client, vec![name.clone()]).await?.remove(&name) else { return Ok(Found::Nothing) };
        let tags = tags(client, &group).await?;
        Ok(mark::owner(&request.mark, tags.map(|tags| (name, tags))))
    }

    /// Sets what the creating call does not take, and what differs else: each with a call of its own.
    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let name = standing.identity.0.as_str();
        let found = groups(client, vec![name.to_owned()]).await?.remove(name);
        let Some(observed) = look(client, found.as_ref()).await? else { return Ok(waiting("not visible yet")) };
        let desired = Fields::of(&standing.desired.attributes);
        let differing = Differences::of(SCHEMA, &standing.desired.attributes, &observed);
        if differing.has("kms_key_id") {
            match desired.maybe_text("kms_key_id")? {
                Some(key) => {
                    let sending = client.logs.associate_kms_key().log_group_name(name).kms_key_id(key).send();
                    client.send(keyed("AssociateKmsKey"), sending).await?;
                }
                None => {
                    let sending = client.logs.disassociate_kms_key().log_group_name(name).send();
                    client.send(call("DisassociateKmsKey"), sending).await?;
                }
            }
        }
        if differing.has("retention_in_days") {
            match desired.maybe_i32("retention_in_days")?.filter(|days| *days > 0) {
                Some(days) => {
                    let sending = client.logs.put_retention_policy().log_group_name(name).retention_in_days(days);
                    client.send(call("PutRetentionPolicy"), sending.send()).await?;
                }
                None => {
                    let sending = client.logs.delete_retention_policy().log_group_name(name).send();
                    client.send(call("DeleteRetentionPolicy"), sending).await?;
                }
            }
        }
        if differing.has("deletion_protection_enabled") {
            let protected = desired.bool_or("deletion_protection_enabled", false)?;
            let sending = client
                .logs
                .put_log_group_deletion_protection()
                .log_group_identifier(name)
                .deletion_protection_enabled(protected)
                .send();
            client.send(call("PutLogGroupDeletionProtection"), sending).await?;
        }
        if differing.any(&["kms_key_id", "retention_in_days", "deletion_protection_enabled"]) {
            return Ok(waiting("setting what differs"));
        }
        Ok(once_shown(SCHEMA, &standing.desired.attributes, observed))
    }

    /// The tags alone: `settle` sets all else.
    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        let Some(TagChange { set, gone }) = mark::tag_change(standing, change)? else { return Ok(()) };
        let name = standing.identity.0.as_str();
        let Some(group) = groups(client, vec![name.to_owned()]).await?.remove(name) else { return Ok(()) };
        let arn = arn(&group)?;
        let sending = client.logs.tag_resource().resource_arn(&arn).set_tags(Some(set.into_iter().collect())).send();
        client.send(call("TagResource"), sending).await?;
        if !gone.is_empty() {
            let sending = client.logs.untag_resource().resource_arn(&arn).set_tag_keys(Some(gone)).send();
            client.send(call("UntagResource"), sending).await?;
        }
        Ok(())
    }

    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let sending = client.logs.delete_log_group().log_group_name(&standing.identity.0).send();
        once_accepted(client.send(call("DeleteLogGroup"), sending).await)
    }
}

/// The group that a service of AWS's writes to, which stays when that ends, unless a program has it.
pub(crate) fn left_by(service: &str, name: String) -> Survivor {
    let why = format!("{service} made it for what it logged, and deletes none");
    Survivor::new(format!("log group {name}"), why).resource(SCHEMA.kind, Identity(name))
}

/// A call of Logs: one change of a group at a time.
fn call(operation: &'static str) -> Call {
    Call::logs(operation).expects("OperationAbortedException", "")
}

/// The same with a key: it, or its policy, was perhaps made a moment ago.
fn keyed(operation: &'static str) -> Call {
    call(operation).unseen("AccessDeniedException", "The specified KMS key does not exist or is not allowed")
}

/// Of the groups of these names those that are there, at most [`PAGE`].
async fn groups(client: &Client, names: Vec<String>) -> Result<HashMap<String, LogGroup>, Failure> {
    let (mut found, mut token) = (HashMap::new(), None);
    loop {
        let describing = client.logs.describe_log_groups().set_log_group_identifiers(Some(names.clone()));
        let answer = client.send(Call::logs("DescribeLogGroups"), describing.set_next_token(token).send()).await?;
        let groups = answer.log_groups.unwrap_or_default().into_iter();
        found.extend(groups.filter_map(|group| Some((group.log_group_name.clone()?, group))));
        token = answer.next_token;
        if token.is_none() {
            return Ok(found);
        }
    }
}

fn arn(group: &LogGroup) -> Result<String, Failure> {
    group.log_group_arn.clone().ok_or_else(|| unreadable(Service::Logs, "DescribeLogGroups", "logGroupArn"))
}

/// The tags; none where the group is gone.
async fn tags(client: &Client, group: &LogGroup) -> Result<Option<BTreeMap<String, String>>, Failure> {
    let sending = client.logs.list_tags_for_resource().resource_arn(arn(group)?).send();
    let answer = there(client.send(Call::logs("ListTagsForResource"), sending).await)?;
    Ok(answer.map(|answer| answer.tags.unwrap_or_default().into_iter().collect()))
}

async fn look(client: &Client, group: Option<&LogGroup>) -> Result<Option<Attributes>, Failure> {
    let Some(group) = group else { return Ok(None) };
    let Some(tags) = tags(client, group).await? else { return Ok(None) };
    Ok(Some(observe(group, &tags)?))
}

fn observe(group: &LogGroup, tags: &BTreeMap<String, String>) -> Result<Attributes, Failure> {
    let class = group.log_group_class.as_ref().map(|class| class.as_str().to_owned());
    Ok(Observed::new()
        .with("name", group.log_group_name.clone())
        .with("retention_in_days", group.retention_in_days.map(i64::from))
        .with("kms_key_id", group.kms_key_id.clone())
        .with("log_group_class", class)
        .with("deletion_protection_enabled", group.deletion_protection_enabled)
        .tagged(tags)
        .with("id", group.log_group_name.clone())
        .with("arn", arn(group)?)
        .finish(SCHEMA))
}
