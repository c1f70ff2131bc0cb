//! Confirming: who has an endpoint says with the token that it was sent that it wants what the topic is told.

use super::subscription::{State, Subscription};
use super::{invalid, resource};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Handler, Transition};
use crate::value::Value;
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[("ConfirmSubscription", confirm)];

/// What nobody confirms in two days is gone:
/// <https://docs.aws.amazon.com/sns/latest/dg/sns-delete-subscription-topic.html>.
pub(super) const TRANSITIONS: &[(&str, Transition)] = &[("sns.subscription.expired", |tx, pending| {
    tx.remove::<Subscription>(&pending.subject);
})];

pub(super) const RULES: &[Rule] = &[Rule::new(
    "sns.confirmation.token",
    "a subscription is confirmed with the token that its endpoint was sent",
    "https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html",
)];

const DIGITS: usize = 288;

/// A new token.
pub(super) fn token(tx: &mut Tx<'_>) -> String {
    tx.hex(DIGITS)
}

fn confirm(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    // An ARN that is none is told in words of this operation's own.
    let topic = match resource(tx, "TopicArn", input.required("TopicArn")) {
        Ok(topic) => topic,
        Err(refusal) if refusal.code == "AuthorizationError" => return Err(refusal),
        Err(_) => return Err(invalid("Topic")),
    };
    let token = input.required("Token");
    let rule = "sns.confirmation.token";
    let sound = token.len() == DIGITS && token.bytes().all(|digit| digit.is_ascii_hexdigit());
    tx.enforce(rule, sound, || Refusal::new("InvalidParameter", "Invalid token"))?;
    let found = tx.rows::<Subscription>().find(|one| one.topic == topic && one.token == token).cloned();
    let Some(mut subscription) = found else {
        // Without the rule there is still nothing that could be confirmed.
        return Err(invalid("Token"));
    };
    subscription.authenticated =
        input.text("AuthenticateOnUnsubscribe").is_some_and(|truth| truth.eq_ignore_ascii_case("true"));
    subscription.state = State::Confirmed;
    tx.cancel("sns.subscription", &Row::id(&subscription));
    let arn = subscription.arn(tx);
    tx.put(subscription);
    Ok(record! { "SubscriptionArn" => arn })
}
