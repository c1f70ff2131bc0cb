//! `aws_sns_topic_policy`: <https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-key-concepts.html>

use super::SnsTopic;
use super::policy::check_subject;
use super::policy_check::{self, Kind};
use crate::check::{Findings, View};
use crate::{Arn, Computed, Id, Json, Value};

/// Who may do what with a topic, in place of what a topic has when it is made: its own account everything.
///
/// ```
/// # use fathuss_model::{aws::{policy::*, *}, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let topic = stack.add("alarms", SnsTopic::new());
/// let publishes = Statement::allow(actions!["sns:Publish"])
///     .by(Principal::service("cloudwatch.amazonaws.com"))
///     .on(topic.arn())
///     .when("StringEquals", "aws:SourceAccount", ["111122223333"]);
/// stack.add("alarms", SnsTopicPolicy::new(&topic, Policy::new([publishes])));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(type = "aws_sns_topic_policy", service = "sns", creation = Upsert, create_seconds = 1, delete_seconds = 1, check = check)]
pub struct SnsTopicPolicy {
    /// The topic.
    #[field(replace)]
    arn: Value<Arn<SnsTopic>>,
    /// The policy, see [`super::policy::Policy`]: each statement names the topic, and actions of topics alone.
    #[field(json)]
    policy: Value<Json>,
    /// The topic's ARN.
    id: Computed<Id<SnsTopicPolicy>>,
    /// The account that the topic belongs to.
    owner: Computed<String>,
}

fn check(policy: &View<'_>, findings: &mut Findings<'_>) {
    check_subject(policy, "policy", "arn", findings);
    policy_check::check(policy, "policy", Kind::Topic, findings);
}
