//! `aws_sns_topic`: <https://docs.aws.amazon.com/sns/latest/dg/sns-create-topic.html>

use super::KmsKey;
use super::form;
use crate::check::{Findings, View};
use crate::{Arn, Computed, Id, Json, Tags, Value, words};

words! {
    /// Whether SNS tells X-Ray what it delivers.
    pub enum TracingMode {
        /// It passes on what a publisher says of it.
        PassThrough = "PassThrough",
        /// It does.
        Active = "Active",
    }
}

words! {
    /// Among which messages one is told from those before it.
    pub enum FifoThroughputScope {
        /// All of the topic's.
        Topic = "Topic",
        /// Those of its group.
        MessageGroup = "MessageGroup",
    }
}

/// What messages are sent to, for all who are subscribed to it.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let key = stack.add("alarms", KmsKey::new().enable_key_rotation(true));
/// let topic = stack.add("alarms", SnsTopic::new().kms_master_key_id(&key));
/// let mail = SnsTopicSubscription::new(&topic, SubscriptionProtocol::Email, "on-call@example.com");
/// stack.add("on_call", mail);
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(type = "aws_sns_topic", service = "sns", creation = Name, create_seconds = 1, delete_seconds = 1, check = check)]
pub struct SnsTopic {
    /// The name, unique in account and region; that of a FIFO topic ends in `.fifo`.
    #[field(
        replace,
        computed,
        named,
        min_length = 1,
        max_length = 256,
        pattern = r"[A-Za-z0-9_-]+(\.fifo)?",
        pattern_words = "letters, digits, _ and - are taken, and .fifo at the end"
    )]
    name: Option<Value<String>>,
    /// The name that people who get messages are shown.
    #[field(default = "\"\"", max_length = 100)]
    display_name: Option<Value<String>>,
    /// The KMS key that messages are encrypted with while they wait.
    #[field(holds = Free, form = form::NAMED_KMS_KEY)]
    kms_master_key_id: Option<Value<Arn<KmsKey>>>,
    /// How often delivery over HTTP is tried again, and when. SNS keeps that `http.disableSubscriptionOverrides` is false
    /// where it is not said, so say it.
    #[field(json)]
    delivery_policy: Option<Value<Json>>,
    /// Whether it keeps messages in order and drops those that come twice.
    #[field(replace, default = "false")]
    fifo_topic: Option<Value<bool>>,
    /// Whether a FIFO topic tells messages apart by what they say.
    #[field(default = "false")]
    content_based_deduplication: Option<Value<bool>>,
    /// Among which messages a FIFO topic tells them apart.
    #[field(computed)]
    fifo_throughput_scope: Option<Value<FifoThroughputScope>>,
    /// The version of the signature of what is delivered over HTTP: 1 is SHA-1, 2 SHA-256.
    #[field(default = "1", min = 1, max = 2)]
    signature_version: Option<Value<i64>>,
    /// Whether SNS tells X-Ray what it delivers; not of FIFO topics.
    #[field(default = "\"PassThrough\"")]
    tracing_config: Option<Value<TracingMode>>,
    /// Tags.
    tags: Option<Value<Tags>>,
    /// The ARN.
    id: Computed<Id<SnsTopic>>,
    /// The ARN.
    arn: Computed<Arn<SnsTopic>>,
    /// The account that it belongs to.
    owner: Computed<String>,
}

fn check(topic: &View<'_>, findings: &mut Findings<'_>) {
    let fifo = topic.truth("fifo_topic") == Some(true);
    match topic.text("name") {
        Some(name) if name.ends_with(".fifo") != fifo => findings.refuse(if fifo {
            "the name of a FIFO topic ends in `.fifo`"
        } else {
            "a name that ends in `.fifo` wants `fifo_topic`"
        }),
        None if fifo && !topic.gives("name") => findings.refuse("a FIFO topic wants a `name` that ends in `.fifo`"),
        _ => {}
    }
    if !fifo {
        if topic.truth("content_based_deduplication") == Some(true) {
            findings.refuse("`content_based_deduplication` is of FIFO topics: it wants `fifo_topic`");
        }
        if topic.gives("fifo_throughput_scope") {
            findings.refuse("`fifo_throughput_scope` is of FIFO topics: it wants `fifo_topic`");
        }
    } else if topic.text("tracing_config") == Some("Active") {
        findings.refuse("FIFO topics are not traced: leave out `tracing_config`");
    }
}
