//! Who is told what a topic is told.

use fathuss_model::aws::{SnsTopic, SnsTopicSubscription, SubscriptionProtocol};
use fathuss_model::{Handle, Stack};

/// Someone who is told, with a word for it in addresses.
///
/// Whoever has the endpoint confirms that it wants to be told: until then SNS tells it nothing, the subscription is
/// pending, which is no drift, and after two days SNS deletes it, so that the next plan makes it again:
/// <https://docs.aws.amazon.com/sns/latest/dg/sns-email-notifications.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subscriber {
    /// The word.
    pub name: &'static str,
    /// Where it is told.
    pub endpoint: Endpoint,
}

/// Where someone is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// By mail, at that address.
    Mail(&'static str),
    /// By POST, at a URL that begins with `https://`: what pages people and chats offer.
    Https(&'static str),
}

/// Subscribes each to a topic.
#[track_caller]
pub fn subscribe<'a>(
    stack: &mut Stack,
    name: &'static str,
    topic: &Handle<SnsTopic>,
    all: impl IntoIterator<Item = &'a Subscriber>,
) {
    for Subscriber { name: who, endpoint } in all {
        let subscription = match endpoint {
            Endpoint::Mail(address) => SnsTopicSubscription::new(topic, SubscriptionProtocol::Email, *address),
            Endpoint::Https(url) => SnsTopicSubscription::new(topic, SubscriptionProtocol::Https, *url),
        };
        stack.add((name, *who), subscription);
    }
}

#[cfg(test)]
mod tests {
    use fathuss_model::graph_of;

    use super::{Endpoint, Subscriber};
    use crate::account;
    use crate::environment::Environment;
    use crate::inspection::{both, literal, nodes, of, refers_to};
    use crate::staging;

    #[test]
    fn someone_is_told_of_each_environment_s_alarms_and_of_costs() {
        let account = graph_of("account", account::account).unwrap_or_else(|findings| panic!("{findings:#?}"));
        for (graph, topic) in both().into_iter().zip(["alarms", "alarms"]).chain([(account, "billing")]) {
            let topic = format!("aws_sns_topic.{topic}");
            let told = nodes(&graph, "aws_sns_topic_subscription");
            assert!(told.iter().all(|one| refers_to(one, "topic_arn") == [topic.as_str()]), "{told:?}");
            assert_eq!(nodes(&graph, "aws_sns_topic").len(), 1, "no topic talks to nobody");
        }
    }

    #[test]
    fn each_is_told_where_it_wants_to_be() {
        let on_call = Subscriber { name: "people", endpoint: Endpoint::Mail("people@example.com") };
        let pager = Subscriber { name: "pager", endpoint: Endpoint::Https("https://pager.example.com/alarms") };
        let told = |environment| Environment { on_call, also_told: vec![pager], ..environment };
        let graph = of(&staging::environment().map(told));
        let rows: Vec<String> = nodes(&graph, "aws_sns_topic_subscription")
            .iter()
            .map(|one| ["protocol", "endpoint"].map(|field| literal(one, field).unwrap().to_string()).join(" "))
            .collect();
        assert_eq!(rows, [r#""email" "people@example.com""#, r#""https" "https://pager.example.com/alarms""#]);
    }
}
