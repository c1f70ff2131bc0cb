//! `aws_sns_topic_subscription`: <https://docs.aws.amazon.com/sns/latest/dg/sns-create-subscribe-endpoint-to-topic.html>

use super::{IamRole, SnsTopic};
use crate::check::{Findings, Part, View};
use crate::document::Shape;
use crate::{Arn, Computed, Document, Expression, Id, Json, Value, words};

words! {
    /// How messages are delivered.
    pub enum SubscriptionProtocol {
        /// To an endpoint of a mobile app.
        Application = "application",
        /// By mail, once who has the address has agreed.
        Email = "email",
        /// By mail as JSON, once who has the address has agreed.
        EmailJson = "email-json",
        /// To a stream of Amazon Data Firehose.
        Firehose = "firehose",
        /// By POST, once the endpoint has agreed.
        Http = "http",
        /// By POST, once the endpoint has agreed.
        Https = "https",
        /// To a function.
        Lambda = "lambda",
        /// To a phone.
        Sms = "sms",
        /// To a queue.
        Sqs = "sqs",
    }
}

words! {
    /// Where a filter looks.
    pub enum FilterPolicyScope {
        /// At the attributes of messages.
        MessageAttributes = "MessageAttributes",
        /// Into messages.
        MessageBody = "MessageBody",
    }
}

/// Who is sent what a topic is told. One that who has the endpoint must agree to is made all the same and is pending until
/// then; AWS deletes what nobody has agreed to after two days, and not before.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let topic = stack.add("alarms", SnsTopic::new());
/// let mail = SnsTopicSubscription::new(&topic, SubscriptionProtocol::Email, "on-call@example.com");
/// stack.add("on_call", mail);
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_sns_topic_subscription",
    service = "sns",
    creation = Upsert,
    create_seconds = 1,
    delete_seconds = 1,
    check = check
)]
pub struct SnsTopicSubscription {
    /// The topic.
    #[field(replace)]
    topic_arn: Value<Arn<SnsTopic>>,
    /// How messages are delivered.
    #[field(replace)]
    protocol: Value<SubscriptionProtocol>,
    /// Where they are delivered: an address, a URL, a phone number or an ARN.
    #[field(replace)]
    endpoint: Value<String>,
    /// Which messages are delivered; all where nothing is given.
    #[field(json)]
    filter_policy: Option<Value<Json>>,
    /// Where the filter looks.
    #[field(computed)]
    filter_policy_scope: Option<Value<FilterPolicyScope>>,
    /// Whether messages are delivered as they are, to queues, to streams and over HTTP.
    #[field(default = "false")]
    raw_message_delivery: Option<Value<bool>>,
    /// How often delivery over HTTP is tried again, and when.
    #[field(json)]
    delivery_policy: Option<Value<Json>>,
    /// The queue for what can't be delivered, as `{"deadLetterTargetArn": …}`.
    #[field(json)]
    redrive_policy: Option<Value<Json>>,
    /// The role that SNS writes to a stream with.
    #[field(holds = Free)]
    subscription_role_arn: Option<Value<Arn<IamRole>>>,
    /// The ARN.
    id: Computed<Id<SnsTopicSubscription>>,
    /// The ARN.
    arn: Computed<Arn<SnsTopicSubscription>>,
    /// The account that it belongs to.
    owner_id: Computed<String>,
    /// Whether who has the endpoint has not agreed yet.
    #[field(volatile)]
    pending_confirmation: Computed<bool>,
    /// Whether who agreed had to show who it is.
    #[field(volatile)]
    confirmation_was_authenticated: Computed<bool>,
}

fn check(subscription: &View<'_>, findings: &mut Findings<'_>) {
    let Some(protocol) = subscription.text("protocol") else { return };
    let http = protocol == "http" || protocol == "https";
    if subscription.truth("raw_message_delivery") == Some(true) && !(http || ["sqs", "firehose"].contains(&protocol)) {
        findings.refuse(format!("`raw_message_delivery` is for queues, streams and HTTP, and not for {protocol}"));
    }
    if subscription.gives("delivery_policy") && !http {
        findings.refuse(format!("`delivery_policy` is of HTTP, and not of {protocol}"));
    }
    if (protocol == "firehose") != subscription.gives("subscription_role_arn") {
        findings.refuse("`subscription_role_arn` is what a stream wants, and nothing else has");
    }
    if subscription.gives("filter_policy_scope") && !subscription.gives("filter_policy") {
        findings.refuse("`filter_policy_scope` says where a filter looks: it wants `filter_policy`");
    }
    check_filter(subscription, findings);
    let fifo = is_fifo(subscription);
    if fifo == Some(true) && protocol != "sqs" {
        findings.refuse(format!("a FIFO topic is delivered to queues alone, and not by {protocol}"));
        return;
    }
    let Some(endpoint) = subscription.text("endpoint") else { return };
    if fifo == Some(false) && protocol == "sqs" && endpoint.ends_with(".fifo") {
        findings.refuse(format!("{endpoint} is a FIFO queue, which FIFO topics alone are delivered to"));
    }
    let sound = match protocol {
        "email" | "email-json" => {
            endpoint.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'))
        }
        "http" | "https" => {
            endpoint.strip_prefix(protocol).is_some_and(|rest| rest.len() > 3 && rest.starts_with("://"))
        }
        "sms" => endpoint.starts_with('+') && endpoint.bytes().any(|digit| digit.is_ascii_digit()),
        "application" => endpoint.starts_with("arn:") && endpoint.contains(":sns:"),
        service => endpoint.starts_with("arn:") && endpoint.contains(&format!(":{service}:")),
    };
    if !sound {
        findings.refuse(format!("`endpoint` is {endpoint}, which {protocol} can't reach"));
    }
}

/// Whether its topic is a FIFO topic, where that is known.
/// <https://docs.aws.amazon.com/sns/latest/dg/fifo-message-delivery.html>
fn is_fifo(subscription: &View<'_>) -> Option<bool> {
    if let Some(arn) = subscription.text("topic_arn") {
        return Some(arn.ends_with(".fifo"));
    }
    let topic = subscription.follow("topic_arn").filter(|node| node.node().address.kind() == "aws_sns_topic")?;
    if topic.gives("fifo_topic") { topic.truth("fifo_topic") } else { Some(false) }
}

/// <https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html>
fn check_filter(subscription: &View<'_>, findings: &mut Findings<'_>) {
    let Some(Part::Expression(Expression::Json(filter))) = subscription.part("filter_policy") else { return };
    let scope = if subscription.gives("filter_policy_scope") {
        subscription.text("filter_policy_scope")
    } else {
        Some("MessageAttributes")
    };
    if [Shape::List, Shape::Scalar].contains(&filter.shape()) {
        findings.refuse("`filter_policy` is an object whose keys have lists of what is let through");
    }
    check_keys(filter, scope == Some("MessageAttributes"), findings);
}

fn check_keys(filter: &Document, flat: bool, findings: &mut Findings<'_>) {
    for (key, value) in filter.entries().unwrap_or_default() {
        match (value, value.shape()) {
            (Document::Array(either), _) if key == "$or" => {
                either.iter().for_each(|one| check_keys(one, flat, findings));
            }
            (Document::Array(values), _) if values.is_empty() => {
                findings.refuse(format!("`filter_policy` lets nothing through for {key}: its list is empty"));
            }
            (_, Shape::Scalar) => {
                findings.refuse(format!("`filter_policy` has a list of what is let through for {key}, as [\"one\"]"));
            }
            (_, Shape::Object) if flat => findings.refuse(format!(
                "`filter_policy` has keys within {key}, which a filter on attributes has not: \
                 give `filter_policy_scope(FilterPolicyScope::MessageBody)`"
            )),
            (_, Shape::Object) => check_keys(value, flat, findings),
            _ => {}
        }
    }
}
