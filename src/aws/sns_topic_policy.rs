//! `aws_sns_topic_policy`: <https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html>
//!
//! A topic always has a policy. The one that it is made with counts as none, and a delete puts it back.

use std::collections::HashMap;

use async_trait::async_trait;
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;
use fathuss_state::Identity;
use serde_json::{Value, json};

use crate::call::Call;
use crate::client::Client;
use crate::differ::once_shown;
use crate::fields::{Fields, Observed};
use crate::gone::{is_not_found, waiting};
use crate::kind::{Batch, Kind};
use crate::sns;

/// The calls of `aws_sns_topic_policy`.
pub struct SnsTopicPolicy;

const SCHEMA: &Schema = fathuss_model::aws::SnsTopicPolicy::SCHEMA;

/// The id of the policy that a topic is made with.
const USUAL: &str = "__default_policy_ID";

#[async_trait(?Send)]
impl Kind for SnsTopicPolicy {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    fn family(&self) -> &'static str {
        sns::FAMILY
    }

    /// The topics' calls answer for their policies.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        Batch::each(requests, async |request| look(client, &request.identity.0).await).await
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let arn = desired.text("arn")?;
        put(client, arn, desired.text("policy")?).await?;
        Ok(Identity(arn.to_owned()))
    }

    /// A policy carries no mark: one that is as it was asked for is what was asked for.
    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let desired = &request.desired.attributes;
        let arn = Fields::of(desired).text("arn")?;
        let found = look(client, arn).await?.map(|observed| once_shown(SCHEMA, desired, observed));
        Ok(match found {
            Some(Progress::Ready(_)) => Found::Ours(Identity(arn.to_owned())),
            _ => Found::Nothing,
        })
    }

    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        Ok(match look(client, &standing.identity.0).await? {
            Some(observed) => once_shown(SCHEMA, &standing.desired.attributes, observed),
            None => waiting("not visible yet"),
        })
    }

    async fn update(&self, client: &Client, standing: &Standing, _: &UpdateRequest) -> Result<(), Failure> {
        put(client, &standing.identity.0, Fields::of(&standing.desired.attributes).text("policy")?).await
    }

    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let arn = standing.identity.0.as_str();
        match put(client, arn, &usual(arn)).await {
            Ok(()) => Ok(Progress::Gone),
            Err(failure) if is_not_found(&failure) => Ok(Progress::Gone),
            Err(failure) => Err(failure),
        }
    }
}

async fn put(client: &Client, arn: &str, policy: &str) -> Result<(), Failure> {
    // The topic, or a role that it names, was perhaps made a moment ago.
    let call = Call::sns("SetTopicAttributes").lagging().unseen("InvalidParameter", "PrincipalNotFound");
    sns::set_topic(client, call, arn, "Policy", policy).await
}

async fn look(client: &Client, arn: &str) -> Result<Option<Attributes>, Failure> {
    Ok(sns::topic(client, arn).await?.and_then(|topic| observe(arn, &topic)))
}

/// The policy of a topic; none where it is the one that the topic was made with.
pub(crate) fn observe(arn: &str, topic: &HashMap<String, String>) -> Option<Attributes> {
    let policy = topic.get("Policy")?;
    let parsed: Value = serde_json::from_str(policy).unwrap_or_default();
    if parsed["Id"] == json!(USUAL) {
        return None;
    }
    let attributes = Observed::new()
        .with("arn", arn)
        .with("policy", policy.clone())
        .with("id", arn)
        .with("owner", topic.get("Owner").cloned())
        .finish(SCHEMA);
    Some(attributes)
}

/// The policy that a topic is made with.
fn usual(arn: &str) -> String {
    let actions = [
        "GetTopicAttributes",
        "SetTopicAttributes",
        "AddPermission",
        "RemovePermission",
        "DeleteTopic",
        "Subscribe",
        "ListSubscriptionsByTopic",
        "Publish",
    ];
    json!({
        "Version": "2008-10-17",
        "Id": USUAL,
        "Statement": [{
            "Sid": "__default_statement_ID",
            "Effect": "Allow",
            "Principal": { "AWS": "*" },
            "Action": actions.map(|action| format!("SNS:{action}")),
            "Resource": arn,
            "Condition": { "StringEquals": { "AWS:SourceOwner": arn.split(':').nth(4).unwrap_or_default() } },
        }],
    })
    .to_string()
}
