//! What the types of SNS have in common: calls, tags, and topics with their attributes, which answer for their policies
//! too.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_sns::types::Tag;
use fathuss_engine::provider::Failure;

use crate::call::Call;
use crate::client::Client;
use crate::gone::there;

/// A topic and its policy are read together.
pub(crate) const FAMILY: &str = "sns topic";

/// The attributes of a topic; none where it is gone.
pub(crate) async fn topic(client: &Client, arn: &str) -> Result<Option<HashMap<String, String>>, Failure> {
    let sending = client.sns.get_topic_attributes().topic_arn(arn).send();
    let answer = there(client.send(Call::sns("GetTopicAttributes"), sending).await)?;
    Ok(answer.map(|answer| answer.attributes.unwrap_or_default()))
}

/// Sets an attribute of a topic; nothing takes it away.
pub(crate) async fn set_topic(client: &Client, call: Call, arn: &str, name: &str, value: &str) -> Result<(), Failure> {
    let sending = client.sns.set_topic_attributes().topic_arn(arn).attribute_name(name).attribute_value(value).send();
    client.send(call, sending).await.map(drop)
}

/// Tags as SNS takes them.
pub(crate) fn written(tags: BTreeMap<String, String>) -> Vec<Tag> {
    // Both of a tag's parts are there, so that each can be built.
    tags.into_iter().filter_map(|(key, value)| Tag::builder().key(key).value(value).build().ok()).collect()
}

/// The tags of a topic; none where it is gone.
pub(crate) async fn tags(client: &Client, arn: &str) -> Result<Option<BTreeMap<String, String>>, Failure> {
    let sending = client.sns.list_tags_for_resource().resource_arn(arn).send();
    let answer = there(client.send(Call::sns("ListTagsForResource"), sending).await)?;
    Ok(answer.map(|answer| answer.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)).collect()))
}
