//! Subscriptions: who gets what a topic is told, once who has the endpoint wants it.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::topic::{self, Topic};
use super::{arn, confirmation, endpoint, entries, filter_policy, invalid, paged, resource, subscription_attribute};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("Subscribe", subscribe),
    ("Unsubscribe", unsubscribe),
    ("ListSubscriptions", list),
    ("ListSubscriptionsByTopic", list_by_topic),
];

const SUBSCRIBE: &str = "https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html";
const QUOTAS: &str = "https://docs.aws.amazon.com/general/latest/gr/sns.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("sns.subscription.attributes", "an endpoint is subscribed again with the attributes it has", SUBSCRIBE),
    Rule::new("sns.subscription.quota", "a standard topic has 12,500,000 subscriptions, a FIFO topic 100", QUOTAS),
    Rule::new("sns.subscription.pending-quota", "an account has 5,000 pending subscriptions in a region", QUOTAS),
    Rule::new(
        "sns.subscription.large",
        "a topic of large messages has 100 subscriptions, all of queues, functions and streams",
        SUBSCRIBE,
    ),
    Rule::new(
        "sns.subscription.pending",
        "a subscription that nobody has confirmed is not deleted",
        "https://docs.aws.amazon.com/sns/latest/dg/sns-delete-subscription-topic.html",
    ),
];

/// Whether who has the endpoint has agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Not yet.
    Pending,
    /// It has, or nobody has to.
    Confirmed,
}

/// A subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscription {
    /// Its id, the last part of its ARN.
    pub id: String,
    /// The topic's name.
    pub topic: String,
    /// How it is delivered.
    pub protocol: String,
    /// Where it is delivered.
    pub endpoint: String,
    /// Whether it is confirmed.
    pub state: State,
    /// What confirms it, as it is told to the endpoint.
    pub token: String,
    /// Whether who confirmed it had to say who it is.
    pub authenticated: bool,
    /// Who subscribed.
    pub principal: String,
    /// What was set of its attributes, by their names.
    pub attributes: BTreeMap<String, String>,
}

impl Row for Subscription {
    const TABLE: &'static str = "sns.subscription";
    fn id(&self) -> String {
        format!("{}:{}", self.topic, self.id)
    }
}

impl Subscription {
    /// Its ARN.
    pub(super) fn arn(&self, tx: &Tx<'_>) -> String {
        arn(tx, &Row::id(self))
    }

    /// What was set of an attribute.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    fn view(&self, tx: &Tx<'_>) -> Value {
        // Lists hide the ARN of what is not confirmed.
        let arn = if self.state == State::Pending { "PendingConfirmation".to_owned() } else { self.arn(tx) };
        record! {
            "SubscriptionArn" => arn,
            "Owner" => tx.account(),
            "Protocol" => &self.protocol,
            "Endpoint" => &self.endpoint,
            "TopicArn" => super::arn(tx, &self.topic),
        }
    }
}

/// The subscription that a request names.
///
/// # Errors
/// When there is none.
pub(super) fn find(tx: &Tx<'_>, input: &Input<'_>) -> Result<Subscription, Refusal> {
    let id = named(tx, input)?;
    tx.get::<Subscription>(id).cloned().ok_or_else(|| Refusal::new("NotFound", "Subscription does not exist"))
}

fn named<'i>(tx: &Tx<'_>, input: &Input<'i>) -> Result<&'i str, Refusal> {
    let id = resource(tx, "SubscriptionArn", input.required("SubscriptionArn"))?;
    tx.enforce("sns.arn.form", id.split(':').count() == 2, || invalid("SubscriptionId"))?;
    Ok(id)
}

fn subscribe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let topic = topic::find(tx, input, "TopicArn")?;
    let (protocol, endpoint) = (input.required("Protocol"), input.text("Endpoint").unwrap_or_default());
    endpoint::check(tx, &topic, protocol, endpoint)?;
    if tx.account() != tx.principal().account {
        return Err(Refusal::not_simulated("a subscription to a topic of another account"));
    }
    let mut subscription = Subscription {
        id: String::new(),
        topic: topic.name.clone(),
        protocol: protocol.to_owned(),
        endpoint: endpoint.to_owned(),
        state: if endpoint::is_asked(protocol) { State::Pending } else { State::Confirmed },
        token: String::new(),
        authenticated: !endpoint::is_asked(protocol),
        principal: tx.principal().arn.clone(),
        attributes: BTreeMap::new(),
    };
    let given = entries(input.whole("Attributes"));
    subscription_attribute::give(tx, &topic, &mut subscription, &given)?;
    let shown = input.flag("ReturnSubscriptionArn");
    let is_same = |one: &&Subscription| one.protocol == protocol && one.endpoint == endpoint;
    let known = topic.subscriptions(tx).find(is_same).cloned();
    if let Some(known) = known {
        let same = given.iter().all(|(name, _)| {
            let usual = subscription_attribute::usual(name);
            known.attribute(name).or(usual) == subscription.attribute(name).or(usual)
        });
        tx.enforce("sns.subscription.attributes", same, || {
            invalid("Attributes Reason: Subscription already exists with different attributes")
        })?;
        return Ok(answer(tx, &known, shown));
    }
    room(tx, &topic, &subscription)?;
    filter_policy::room(tx, &topic, &subscription)?;
    subscription.id = tx.uuid();
    if subscription.state == State::Pending {
        subscription.token = confirmation::token(tx);
        tx.after(SignedDuration::from_hours(48), "sns.subscription.expired", &Row::id(&subscription));
    }
    tx.put(subscription.clone());
    Ok(answer(tx, &subscription, shown))
}

fn answer(tx: &Tx<'_>, subscription: &Subscription, shown: bool) -> Value {
    let hidden = subscription.state == State::Pending && !shown;
    let arn = if hidden { "pending confirmation".to_owned() } else { subscription.arn(tx) };
    record! { "SubscriptionArn" => arn }
}

/// No source has the words of the quotas.
fn room(tx: &Tx<'_>, topic: &Topic, subscription: &Subscription) -> Result<(), Refusal> {
    let full = |message: &str| Refusal::new("SubscriptionLimitExceeded", message);
    let quota = if topic.is_fifo() { "sns.subscriptions-per-fifo-topic" } else { "sns.subscriptions-per-topic" };
    let have = i64::try_from(topic.subscriptions(tx).count()).unwrap_or(i64::MAX);
    tx.enforce("sns.subscription.quota", have < tx.quota(quota), || {
        full("The maximum number of subscriptions of the topic has been reached.")
    })?;
    if topic.has_large_messages() {
        let able = ["sqs", "firehose", "lambda"].contains(&subscription.protocol.as_str());
        tx.enforce("sns.subscription.large", able && have < 100, || {
            invalid("Endpoint Reason: the topic's messages are too large for this subscription")
        })?;
    }
    let pending = tx.rows::<Subscription>().filter(|one| one.state == State::Pending).count();
    let most = tx.quota("sns.pending-subscriptions");
    let fits = subscription.state == State::Confirmed || i64::try_from(pending).is_ok_and(|have| have < most);
    tx.enforce("sns.subscription.pending-quota", fits, || {
        full("The maximum number of pending subscriptions has been reached.")
    })
}

/// What is not there is deleted, too.
fn unsubscribe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let id = named(tx, input)?;
    let Some(subscription) = tx.get::<Subscription>(id).cloned() else { return Ok(Value::Record(Record::new())) };
    // The words are those that Terraform looks for:
    // <https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/sns/topic_subscription.go>.
    tx.enforce("sns.subscription.pending", subscription.state == State::Confirmed, || {
        invalid("Cannot unsubscribe a subscription that is pending confirmation")
    })?;
    tx.cancel("sns.subscription", id);
    tx.remove::<Subscription>(id);
    tx.change::<Topic>(&subscription.topic, |topic| topic.deleted += 1);
    Ok(Value::Record(Record::new()))
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let items = tx.rows::<Subscription>().map(|one| (Row::id(one), one.view(tx))).collect();
    paged(tx, input, "Subscriptions", items)
}

fn list_by_topic(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let topic = topic::find(tx, input, "TopicArn")?;
    let items = topic.subscriptions(tx).map(|one| (Row::id(one), one.view(tx))).collect();
    paged(tx, input, "Subscriptions", items)
}
