//! SNS's actions: on the topic; what names a subscription alone has no resource. SNS writes its name in capitals:
//! <https://github.com/ansible-collections/community.aws/pull/972>.
//!
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html>

use super::ask::{Ask, Guard, account_of, held, pairs, requested};
use crate::sns::topic::Topic;
use crate::value::Value;
use crate::world::Tx;

/// The members that name a topic.
const NAMES: &[&str] = &["TopicArn", "TargetArn", "ResourceArn"];

/// The account of the topic that a request names.
pub(super) fn owner(input: &Value) -> Option<&str> {
    NAMES.iter().find_map(|member| account_of(input.get(member).text()?))
}

pub(super) fn asks(tx: &Tx<'_>, operation: &str, input: &Value) -> Vec<Ask> {
    let text = |member: &str| input.get(member).text();
    let made = text("Name").map(|name| format!("arn:aws:sns:{}:{}:{name}", tx.region(), tx.account()));
    let named = NAMES.iter().find_map(|member| text(member)).or_else(|| text("PhoneNumber"));
    let resource = made.or_else(|| named.map(str::to_owned)).unwrap_or_else(|| "*".to_owned());
    let given = requested(input.get(if operation == "UntagResource" { "TagKeys" } else { "Tags" }));
    let mut ask = Ask::new(format!("SNS:{operation}"), &resource)
        .told(given.clone())
        .with("sns:Protocol", text("Protocol"))
        .with("sns:Endpoint", text("Endpoint"));
    if resource.starts_with("arn:") {
        let topic = tx.get::<Topic>(resource.rsplit(':').next().unwrap_or_default());
        let tags = topic.map(|topic| held(pairs(&topic.tags))).unwrap_or_default();
        // The policy of a topic that was given none lets its account's own policies decide: what it says of
        // AWS:SourceOwner is for services alone.
        let policy = topic.and_then(|topic| topic.attribute("Policy")).map(str::to_owned);
        ask = ask.owned(tx.account()).told(tags).guarded(Guard::Policy(policy));
    }
    let mut asks = vec![ask];
    if operation == "CreateTopic" && !given.is_empty() {
        asks.push(Ask::new("SNS:TagResource", resource).told(given));
    }
    asks
}
