//! Topics: made, listed and deleted with their subscriptions.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::subscription::{State, Subscription};
use super::{arn, entries, invalid, paged, resource, tags, topic_attribute};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("CreateTopic", create), ("DeleteTopic", delete), ("ListTopics", list)];

const CREATE: &str = "https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("sns.topic.name", "a name has 1 to 256 letters, digits, _ and -, and .fifo where it is one", CREATE),
    Rule::new("sns.topic.attributes", "a topic is made again with the attributes that it has", CREATE),
    Rule::new("sns.topic.tags", "a topic is made again with the tags that it has", CREATE),
    Rule::new(
        "sns.topic.quota",
        "an account has 100,000 standard and 1,000 FIFO topics in a region",
        "https://docs.aws.amazon.com/general/latest/gr/sns.html",
    ),
];

/// A topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topic {
    /// Its name.
    pub name: String,
    /// What was set of its attributes, by their names.
    pub attributes: BTreeMap<String, String>,
    /// The subscriptions to it that were deleted.
    pub deleted: i64,
    /// Its tags.
    pub tags: Vec<(String, String)>,
}

impl Row for Topic {
    const TABLE: &'static str = "sns.topic";
    fn id(&self) -> String {
        self.name.clone()
    }
}

impl Topic {
    /// Its ARN.
    #[must_use]
    pub fn arn(&self, tx: &Tx<'_>) -> String {
        arn(tx, &self.name)
    }

    /// Whether it keeps its messages in order.
    #[must_use]
    pub fn is_fifo(&self) -> bool {
        self.attribute("FifoTopic") == Some("true")
    }

    /// Whether it takes messages that not every endpoint does.
    pub(super) fn has_large_messages(&self) -> bool {
        self.largest() > topic_attribute::USUAL_SIZE
    }

    /// The bytes that a message to it may have.
    pub(super) fn largest(&self) -> i64 {
        self.attribute("MaximumMessageSize").and_then(|size| size.parse().ok()).unwrap_or(topic_attribute::USUAL_SIZE)
    }

    /// What was set of an attribute.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    /// The subscriptions to it.
    pub(super) fn subscriptions<'t>(&self, tx: &'t Tx<'_>) -> impl Iterator<Item = &'t Subscription> {
        let name = self.name.clone();
        tx.rows::<Subscription>().filter(move |subscription| subscription.topic == name)
    }

    /// How many subscriptions to it are in a state.
    pub(super) fn count(&self, tx: &Tx<'_>, state: State) -> i64 {
        i64::try_from(self.subscriptions(tx).filter(|one| one.state == state).count()).unwrap_or(i64::MAX)
    }
}

/// The topic that a request names in this member.
///
/// # Errors
/// When there is none.
pub(super) fn find(tx: &Tx<'_>, input: &Input<'_>, member: &str) -> Result<Topic, Refusal> {
    let name = resource(tx, member, input.required(member))?;
    tx.get::<Topic>(name).cloned().ok_or_else(|| Refusal::new("NotFound", "Topic does not exist"))
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let name = input.required("Name");
    let given = entries(input.whole("Attributes"));
    let fifo = given.iter().any(|(attribute, value)| attribute == "FifoTopic" && value.eq_ignore_ascii_case("true"));
    tx.enforce("sns.topic.name", is_name(name, fifo), || invalid("Topic Name"))?;
    let tags = tags::read(tx, input)?;
    let mut topic = Topic { name: name.to_owned(), attributes: BTreeMap::new(), deleted: 0, tags: Vec::new() };
    topic_attribute::give(tx, &mut topic, &given)?;
    if let Some(known) = tx.get::<Topic>(name) {
        let same = given.iter().all(|(attribute, _)| {
            let usual = topic_attribute::usual(attribute);
            known.attribute(attribute).or(usual) == topic.attribute(attribute).or(usual)
        });
        tx.enforce("sns.topic.attributes", same, || {
            invalid("Attributes Reason: Topic already exists with different attributes")
        })?;
        // Those that are not given are not asked for.
        let same = tags.iter().all(|tag| known.tags.contains(tag));
        tx.enforce("sns.topic.tags", same, || invalid("Tags Reason: Topic already exists with different tags"))?;
        return Ok(record! { "TopicArn" => known.arn(tx) });
    }
    let quota = if fifo { "sns.fifo-topics" } else { "sns.topics" };
    let have = tx.rows::<Topic>().filter(|topic| topic.is_fifo() == fifo).count();
    // The code is declared; no source has the words.
    tx.enforce("sns.topic.quota", i64::try_from(have).is_ok_and(|have| have < tx.quota(quota)), || {
        Refusal::new("TopicLimitExceeded", "The maximum number of topics has been reached.")
    })?;
    tags::within(tx, &tags)?;
    topic.tags = tags;
    let arn = topic.arn(tx);
    tx.put(topic);
    Ok(record! { "TopicArn" => arn })
}

fn is_name(name: &str, fifo: bool) -> bool {
    let stem = if fifo { name.strip_suffix(".fifo") } else { Some(name) };
    let sound = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    name.len() <= 256 && stem.is_some_and(|stem| !stem.is_empty() && stem.chars().all(sound))
}

/// What is not there is deleted, too.
fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let name = resource(tx, "TopicArn", input.required("TopicArn"))?;
    let Some(topic) = tx.remove::<Topic>(name) else { return Ok(Value::Record(Record::new())) };
    let subscriptions: Vec<String> = topic.subscriptions(tx).map(Row::id).collect();
    for subscription in subscriptions {
        tx.cancel("sns.subscription", &subscription);
        tx.remove::<Subscription>(&subscription);
    }
    Ok(Value::Record(Record::new()))
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let items = tx.rows::<Topic>().map(|topic| (topic.name.clone(), record! { "TopicArn" => topic.arn(tx) }));
    let items = items.collect();
    paged(tx, input, "Topics", items)
}
