//! `aws_sns_topic_subscription`: <https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html>
//!
//! One that nobody has confirmed is there like any other, but that AWS deletes it by itself, and on nobody's word.

use std::collections::HashMap;

use async_trait::async_trait;
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, Survivor, UpdateRequest,
};
use fathuss_model::aws::SnsTopic;
use fathuss_model::schema::Schema;
use fathuss_model::{Datum, Resource};
use fathuss_state::Identity;

use crate::call::{Call, Service};
use crate::client::Client;
use crate::differ::{Differences, once_shown};
use crate::failure::unreadable;
use crate::fields::{Fields, Observed};
use crate::gone::{once_accepted, there, waiting};
use crate::kind::{Batch, Kind};

/// The calls of `aws_sns_topic_subscription`.
pub struct SnsTopicSubscription;

const SCHEMA: &Schema = fathuss_model::aws::SnsTopicSubscription::SCHEMA;

/// Its fields that are SNS's attributes, which are texts all of them. Where a filter looks goes before the filter.
const ATTRIBUTES: &[(&str, &str)] = &[
    ("filter_policy_scope", "FilterPolicyScope"),
    ("filter_policy", "FilterPolicy"),
    ("raw_message_delivery", "RawMessageDelivery"),
    ("delivery_policy", "DeliveryPolicy"),
    ("redrive_policy", "RedrivePolicy"),
    ("subscription_role_arn", "SubscriptionRoleArn"),
];

#[async_trait(?Send)]
impl Kind for SnsTopicSubscription {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// `GetSubscriptionAttributes` for each: the lists have no attributes.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        Batch::each(requests, |request| look(client, &request.identity.0)).await
    }

    /// The same subscription again is answered with the ARN that it has.
    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let attributes = &request.desired.attributes;
        let desired = Fields::of(attributes);
        let mut given: HashMap<String, String> = HashMap::new();
        for (field, name) in ATTRIBUTES {
            if let Some(value) = asked(attributes, field)? {
                given.insert((*name).to_owned(), value);
            }
        }
        let sending = client
            .sns
            .subscribe()
            .topic_arn(desired.text("topic_arn")?)
            .protocol(desired.text("protocol")?)
            .endpoint(desired.text("endpoint")?)
            .set_attributes(Some(given))
            .return_subscription_arn(true)
            .send();
        // The topic was perhaps made a moment ago.
        let answer = client.send(Call::sns("Subscribe").lagging(), sending).await?;
        answer.subscription_arn.map(Identity).ok_or_else(|| unreadable(Service::Sns, "Subscribe", "SubscriptionArn"))
    }

    /// A subscription carries no mark: that of the same topic and endpoint is the same. One that is not confirmed has no
    /// ARN in the list, and is answered with it when it is asked for again.
    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let (topic, protocol, endpoint) =
            (desired.text("topic_arn")?, desired.text("protocol")?, desired.text("endpoint")?);
        let mut token = None;
        loop {
            let listing = client.sns.list_subscriptions_by_topic().topic_arn(topic).set_next_token(token).send();
            let answer = there(client.send(Call::sns("ListSubscriptionsByTopic"), listing).await)?;
            let Some(answer) = answer else { return Ok(Found::Nothing) };
            let found = answer
                .subscriptions()
                .iter()
                .find(|one| one.protocol() == Some(protocol) && one.endpoint() == Some(endpoint));
            if let Some(arn) = found.and_then(|one| one.subscription_arn()).filter(|arn| arn.starts_with("arn:")) {
                return Ok(Found::Ours(Identity(arn.to_owned())));
            }
            token = answer.next_token;
            if token.is_none() {
                return Ok(Found::Nothing);
            }
        }
    }

    /// Sets each attribute that differs, with a call of its own. That nobody has confirmed it yet is no reason to wait.
    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let arn = standing.identity.0.as_str();
        let Some(observed) = look(client, arn).await? else { return Ok(waiting("not visible yet")) };
        let desired = &standing.desired.attributes;
        let differing = Differences::of(SCHEMA, desired, &observed);
        let mut sent = false;
        for (field, name) in ATTRIBUTES.iter().filter(|(field, _)| differing.has(field)) {
            let sending = client.sns.set_subscription_attributes().subscription_arn(arn).attribute_name(*name);
            let value = match (asked(desired, field)?, *field) {
                (Some(value), _) => value,
                // An empty filter is how one is taken away:
                // <https://docs.aws.amazon.com/sns/latest/dg/message-filtering-policy-remove.html>.
                (None, "filter_policy") => "{}".to_owned(),
                (None, "raw_message_delivery") => "false".to_owned(),
                (None, _) => String::new(),
            };
            client.send(Call::sns("SetSubscriptionAttributes"), sending.attribute_value(value).send()).await?;
            sent = true;
        }
        if sent {
            return Ok(waiting("setting what differs"));
        }
        Ok(once_shown(SCHEMA, desired, observed))
    }

    /// `settle` sets what differs.
    async fn update(&self, _: &Client, _: &Standing, _: &UpdateRequest) -> Result<(), Failure> {
        Ok(())
    }

    /// One that nobody has confirmed can't be deleted: AWS does that after two days.
    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let sending = client.sns.unsubscribe().subscription_arn(&standing.identity.0).send();
        match client.send(Call::sns("Unsubscribe"), sending).await {
            Err(failure) if failure.message.contains("pending confirmation") => Ok(Progress::Gone),
            answer => once_accepted(answer),
        }
    }

    fn survivors(&self, attributes: &Attributes) -> Vec<Survivor> {
        let fields = Fields::of(attributes);
        if !fields.bool_or("pending_confirmation", false).unwrap_or(false) {
            return Vec::new();
        }
        let endpoint = fields.maybe_text("endpoint").ok().flatten().unwrap_or_default();
        let topic = fields.maybe_text("topic_arn").ok().flatten().unwrap_or_default();
        // A topic is deleted with all its subscriptions:
        // <https://docs.aws.amazon.com/sns/latest/api/API_DeleteTopic.html>
        let why = "nobody has confirmed it, and AWS deletes such by itself alone";
        let survivor = Survivor::new(format!("subscription of {endpoint}"), why).expiry("two days after it was made");
        vec![survivor.goes_with(SnsTopic::SCHEMA.kind, Identity(topic.to_owned()))]
    }
}

/// What an attribute is asked to be, as text.
fn asked(attributes: &Attributes, field: &str) -> Result<Option<String>, Failure> {
    let fields = Fields::of(attributes);
    Ok(match fields.get(field) {
        None => None,
        // Not every protocol may be told that it is not so.
        Some(Datum::Bool(truth)) => Some(*truth).filter(|truth| *truth).map(|truth| truth.to_string()),
        Some(_) => fields.maybe_string(field)?,
    })
}

async fn look(client: &Client, arn: &str) -> Result<Option<Attributes>, Failure> {
    let sending = client.sns.get_subscription_attributes().subscription_arn(arn).send();
    let answer = there(client.send(Call::sns("GetSubscriptionAttributes"), sending).await)?;
    let Some(shown) = answer.and_then(|answer| answer.attributes) else { return Ok(None) };
    let text = |name: &str| shown.get(name).filter(|text| !text.is_empty()).cloned();
    let truth = |name: &str| shown.get(name).map(|text| text == "true");
    let observed = Observed::new()
        .with("topic_arn", text("TopicArn"))
        .with("protocol", text("Protocol"))
        .with("endpoint", text("Endpoint"))
        .with("filter_policy", text("FilterPolicy").filter(|filter| filter != "{}"))
        .with("filter_policy_scope", text("FilterPolicyScope"))
        .with("raw_message_delivery", truth("RawMessageDelivery"))
        .with("delivery_policy", text("DeliveryPolicy"))
        .with("redrive_policy", text("RedrivePolicy"))
        .with("subscription_role_arn", text("SubscriptionRoleArn"))
        .with("id", arn)
        .with("arn", arn)
        .with("owner_id", text("Owner"))
        .with("pending_confirmation", truth("PendingConfirmation"))
        .with("confirmation_was_authenticated", truth("ConfirmationWasAuthenticated"))
        .finish(SCHEMA);
    Ok(Some(observed))
}

#[cfg(test)]
mod tests {
    use fathuss_engine::Provider;
    use fathuss_engine::provider::Progress;
    use fathuss_state::Identity;
    use serde_json::json;

    use crate::asked::standing;
    use crate::canned::Canned;

    const AT: &str = "s.aws_sns_topic_subscription.people";
    const ARN: &str = "arn:aws:sns:us-east-1:111122223333:alarms:id";

    #[tokio::test]
    async fn one_that_nobody_has_confirmed_is_left_to_aws_and_its_survivor_says_so() {
        let words = "Invalid parameter: Cannot unsubscribe a subscription that is pending confirmation";
        let canned = Canned::new().refuse_query("Unsubscribe", 400, "InvalidParameter", words);
        let standing = standing(
            AT,
            ARN,
            json!({ "topic_arn": "arn:aws:sns:us-east-1:111122223333:alarms", "endpoint": "a@example.com", "pending_confirmation": true }),
        );
        assert_eq!(canned.aws().delete(&standing).await, Ok(Progress::Gone));
        let survivors = canned.aws().survivors("aws_sns_topic_subscription", &standing.desired.attributes);
        assert_eq!(survivors[0].what, "subscription of a@example.com");
        let topic = "arn:aws:sns:us-east-1:111122223333:alarms";
        assert_eq!(survivors[0].goes_with, Some(("aws_sns_topic", Identity(topic.to_owned()))));
    }
}
