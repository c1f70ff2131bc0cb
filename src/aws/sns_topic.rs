//! `aws_sns_topic`: <https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html>

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Observation, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::schema::Schema;
use fathuss_model::{Datum, Resource};
use fathuss_state::Identity;
use futures::future::join_all;

use crate::call::{Call, Service};
use crate::client::Client;
use crate::differ::{Differences, once_shown};
use crate::failure::unreadable;
use crate::fields::{Fields, Observed};
use crate::gone::{once_accepted, waiting};
use crate::kind::{Batch, Kind};
use crate::mark::TagChange;
use crate::{mark, name, sns, sns_topic_policy};

/// The calls of `aws_sns_topic`.
pub struct SnsTopic;

const SCHEMA: &Schema = fathuss_model::aws::SnsTopic::SCHEMA;

/// Its fields that are SNS's attributes, which are texts all of them.
const ATTRIBUTES: &[(&str, &str)] = &[
    ("display_name", "DisplayName"),
    ("kms_master_key_id", "KmsMasterKeyId"),
    ("delivery_policy", "DeliveryPolicy"),
    ("content_based_deduplication", "ContentBasedDeduplication"),
    ("fifo_throughput_scope", "FifoThroughputScope"),
    ("signature_version", "SignatureVersion"),
    ("tracing_config", "TracingConfig"),
];

#[async_trait(?Send)]
impl Kind for SnsTopic {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    fn family(&self) -> &'static str {
        sns::FAMILY
    }

    /// `GetTopicAttributes` for each topic, which answers for its policy too, and `ListTagsForResource` for each that is
    /// declared: the list of topics has ARNs alone, and both calls take one.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        let mut arns: Vec<&str> = requests.iter().map(|request| request.identity.0.as_str()).collect();
        arns.sort_unstable();
        arns.dedup();
        let looked = join_all(arns.iter().map(|arn| sns::topic(client, arn))).await;
        let topics: HashMap<&str, Result<Option<HashMap<String, String>>, Failure>> =
            arns.into_iter().zip(looked).collect();
        let observed = requests.iter().map(async |request| {
            let arn = request.identity.0.as_str();
            let topic = match topics.get(arn) {
                Some(Ok(Some(topic))) => topic,
                Some(Err(failure)) => return Err(failure.clone()),
                Some(Ok(None)) | None => return Ok(Observation::Absent),
            };
            let seen = if request.address.kind() == SCHEMA.kind {
                sns::tags(client, arn).await?.map(|tags| observe(arn, topic, &tags))
            } else {
                sns_topic_policy::observe(arn, topic)
            };
            Ok(seen.map_or(Observation::Absent, Observation::Present))
        });
        Batch { observations: join_all(observed).await, strays: Vec::new() }
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let attributes = &request.desired.attributes;
        let mut given: HashMap<String, String> = HashMap::new();
        for (field, name) in ATTRIBUTES {
            if let Some(value) = asked(attributes, field)? {
                given.insert((*name).to_owned(), value);
            }
        }
        if Fields::of(attributes).bool_or("fifo_topic", false)? {
            given.insert("FifoTopic".to_owned(), "true".to_owned());
        }
        let sending = client
            .sns
            .create_topic()
            .name(name::of(SCHEMA, "name", request)?)
            .set_attributes(Some(given))
            .set_tags(Some(sns::written(mark::tags_with(&request.mark, attributes)?)))
            .send();
        let answer = client.send(Call::sns("CreateTopic"), sending).await?;
        answer.topic_arn.map(Identity).ok_or_else(|| unreadable(Service::Sns, "CreateTopic", "TopicArn"))
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let name = name::of(SCHEMA, "name", request)?;
        let partition = crate::arn::partition(&request.region);
        let arn = format!("arn:{partition}:sns:{}:{}:{name}", request.region, request.account);
        let tags = sns::tags(client, &arn).await?;
        Ok(mark::owner(&request.mark, tags.map(|tags| (arn, tags))))
    }

    /// Sets each attribute that differs, with a call of its own.
    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let arn = standing.identity.0.as_str();
        let Some(topic) = sns::topic(client, arn).await? else { return Ok(waiting("not visible yet")) };
        let Some(tags) = sns::tags(client, arn).await? else { return Ok(waiting("not visible yet")) };
        let observed = observe(arn, &topic, &tags);
        let desired = &standing.desired.attributes;
        let differing = Differences::of(SCHEMA, desired, &observed);
        let mut sent = false;
        for (field, name) in ATTRIBUTES.iter().filter(|(field, _)| differing.has(field)) {
            let value = match asked(desired, field)? {
                Some(value) => value,
                None => usual(field).to_owned(),
            };
            sns::set_topic(client, Call::sns("SetTopicAttributes"), arn, name, &value).await?;
            sent = true;
        }
        if sent {
            return Ok(waiting("setting what differs"));
        }
        Ok(once_shown(SCHEMA, desired, observed))
    }

    /// The tags alone: `settle` sets all else.
    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        let Some(TagChange { set, gone }) = mark::tag_change(standing, change)? else { return Ok(()) };
        let arn = standing.identity.0.as_str();
        let sending = client.sns.tag_resource().resource_arn(arn).set_tags(Some(sns::written(set))).send();
        client.send(Call::sns("TagResource"), sending).await?;
        if !gone.is_empty() {
            let sending = client.sns.untag_resource().resource_arn(arn).set_tag_keys(Some(gone)).send();
            client.send(Call::sns("UntagResource"), sending).await?;
        }
        Ok(())
    }

    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let sending = client.sns.delete_topic().topic_arn(&standing.identity.0).send();
        once_accepted(client.send(Call::sns("DeleteTopic"), sending).await)
    }
}

/// What an attribute is asked to be, as text.
fn asked(attributes: &Attributes, field: &str) -> Result<Option<String>, Failure> {
    let fields = Fields::of(attributes);
    Ok(match fields.get(field) {
        None => None,
        Some(Datum::Bool(truth)) => Some(*truth).filter(|truth| *truth).map(|truth| truth.to_string()),
        Some(Datum::Integer(number)) => Some(number.to_string()),
        // What is nothing, or what a topic of this kind has anyway and may not be told, is not said.
        Some(_) => fields.maybe_string(field)?.filter(|text| !text.is_empty() && text != usual(field)),
    })
}

/// What an attribute is set to that is no longer asked for.
fn usual(field: &str) -> &'static str {
    match field {
        "content_based_deduplication" => "false",
        "signature_version" => "1",
        "tracing_config" => "PassThrough",
        _ => "",
    }
}

fn observe(arn: &str, topic: &HashMap<String, String>, tags: &BTreeMap<String, String>) -> Attributes {
    let text = |name: &str| topic.get(name).filter(|text| !text.is_empty()).cloned();
    let truth = |name: &str| topic.get(name).map(|text| text == "true");
    Observed::new()
        .with("name", arn.rsplit(':').next().map(str::to_owned))
        .with("display_name", text("DisplayName"))
        .with("kms_master_key_id", text("KmsMasterKeyId"))
        .with("delivery_policy", text("DeliveryPolicy"))
        .with("fifo_topic", truth("FifoTopic"))
        .with("content_based_deduplication", truth("ContentBasedDeduplication"))
        .with("fifo_throughput_scope", text("FifoThroughputScope"))
        .with("signature_version", text("SignatureVersion").and_then(|text| text.parse::<i64>().ok()))
        .with("tracing_config", text("TracingConfig"))
        .tagged(tags)
        .with("id", arn)
        .with("arn", arn)
        .with("owner", text("Owner"))
        .finish(SCHEMA)
}

#[cfg(test)]
mod tests {
    use fathuss_engine::Provider;
    use fathuss_engine::provider::{Found, Observation, Progress};
    use fathuss_state::Identity;
    use serde_json::json;

    use crate::asked::{make, read, standing};
    use crate::canned::Canned;

    const AT: &str = "s.aws_sns_topic.alarms";
    const POLICY: &str = "s.aws_sns_topic_policy.alarms";
    const ARN: &str = "arn:aws:sns:us-east-1:111122223333:alarms";

    fn attributes(entries: &[(&str, &str)]) -> String {
        let entry = |(key, value): &(&str, &str)| format!("<entry><key>{key}</key><value>{value}</value></entry>");
        format!("<Attributes>{}</Attributes>", entries.iter().map(entry).collect::<String>())
    }

    #[tokio::test]
    async fn a_topic_and_its_policy_are_one_call_and_the_tags_another() {
        let own = "{&quot;Version&quot;:&quot;2012-10-17&quot;,&quot;Statement&quot;:[]}";
        let shown = attributes(&[("Owner", "111122223333"), ("DisplayName", "Alarms"), ("Policy", own)]);
        let canned = Canned::new().result("GetTopicAttributes", &shown).result("ListTagsForResource", "<Tags></Tags>");
        let answer = canned.aws().read(&[read(AT, ARN), read(POLICY, ARN)]).await;
        let Ok(Observation::Present(topic)) = &answer.observations[0] else { panic!("{answer:?}") };
        assert_eq!((&topic["display_name"], &topic["signature_version"]), (&"Alarms".into(), &1.into()));
        assert!(matches!(&answer.observations[1], Ok(Observation::Present(_))), "{answer:?}");
        let mut asked = canned.operations();
        asked.sort();
        assert_eq!(asked, ["GetTopicAttributes", "ListTagsForResource"]);
    }

    #[tokio::test]
    async fn a_topic_that_another_has_is_found_as_anothers() {
        let canned = Canned::new().result("ListTagsForResource", "<Tags></Tags>");
        let found = canned.aws().find(&make(AT, json!({ "name": "alarms" }))).await;
        assert_eq!(found, Ok(Found::Foreign(Identity(ARN.to_owned()))));
    }

    #[tokio::test]
    async fn only_what_differs_is_set() {
        let shown = attributes(&[("Owner", "111122223333"), ("DisplayName", "Old")]);
        let canned = Canned::new()
            .result("GetTopicAttributes", &shown)
            .result("ListTagsForResource", "<Tags></Tags>")
            .answer("SetTopicAttributes", "");
        let progress =
            canned.aws().settle(&standing(AT, ARN, json!({ "name": "alarms", "display_name": "New" }))).await;
        assert!(matches!(progress, Ok(Progress::Waiting { .. })), "{progress:?}");
        let sent = canned.seen().into_iter().find(|seen| seen.operation == "SetTopicAttributes").unwrap();
        assert_eq!((sent.get("AttributeName"), sent.get("AttributeValue")), (Some("DisplayName"), Some("New")));
    }
}
