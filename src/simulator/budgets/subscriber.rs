//! Who is told: people by mail, and one topic of SNS's.

use serde::{Deserialize, Serialize};

use super::budget;
use super::notification::{self, Notification};
use super::{invalid, missing, paged};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("CreateSubscriber", create),
    ("DescribeSubscribersForNotification", describe),
    ("UpdateSubscriber", update),
    ("DeleteSubscriber", delete),
];

const CREATE: &str =
    "https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_CreateSubscriber.html";
const SUBSCRIBER: &str =
    "https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_Subscriber.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("budgets.subscriber.address", "an address is of mail, or a topic's ARN", SUBSCRIBER),
    Rule::new("budgets.subscriber.exists", "nobody is told twice", CREATE),
    Rule::new(
        "budgets.subscriber.quota",
        "ten are told by mail, and one topic",
        "https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_NotificationWithSubscribers.html",
    ),
];

/// Who is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subscriber {
    /// `EMAIL` or `SNS`.
    pub kind: String,
    /// The address.
    pub address: String,
}

impl Subscriber {
    fn view(&self) -> Value {
        record! { "SubscriptionType" => &self.kind, "Address" => &self.address }
    }
}

/// A subscriber as a request describes one.
pub(super) fn of(tx: &Tx<'_>, given: &Input<'_>) -> Result<Subscriber, Refusal> {
    let (kind, address) = (given.required("SubscriptionType"), given.required("Address"));
    let sound = match kind {
        "SNS" => address.starts_with("arn:aws:sns:") && address.split(':').count() == 6,
        _ => address.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.')),
    } && !address.contains(['\n', '\r']);
    // No source has the words.
    tx.enforce("budgets.subscriber.address", sound, || invalid(format!("Invalid {kind} address: {address}")))?;
    Ok(Subscriber { kind: kind.to_owned(), address: address.to_owned() })
}

/// Lets a notification tell one more.
pub(super) fn add(tx: &Tx<'_>, notification: &mut Notification, made: Subscriber) -> Result<(), Refusal> {
    tx.enforce("budgets.subscriber.exists", !notification.subscribers.contains(&made), || duplicate(&made))?;
    let have = notification.subscribers.iter().filter(|known| known.kind == made.kind).count();
    let most = if made.kind == "SNS" { 1 } else { 10 };
    // No source has the words.
    tx.enforce("budgets.subscriber.quota", have < most, || {
        let message = format!("A notification can have {most} subscribers of type {}.", made.kind);
        Refusal::new("CreationLimitExceededException", message)
    })?;
    notification.subscribers.push(made);
    Ok(())
}

/// No source has the words.
fn duplicate(subscriber: &Subscriber) -> Refusal {
    let message = format!("Error creating subscriber: {} - the subscriber already exists.", subscriber.address);
    Refusal::new("DuplicateRecordException", message)
}

/// Changes the notification that a request names.
fn on(
    tx: &mut Tx<'_>,
    input: &Input<'_>,
    doing: &str,
    change: impl FnOnce(&Tx<'_>, &mut Notification) -> Result<bool, Refusal>,
) -> Result<Value, Refusal> {
    let mut budget = budget::find(tx, input, &format!("{doing} - the budget {{}} doesn't exist."))?;
    let wanted = notification::read(tx, input, "Notification")?;
    let found = notification::find(&mut budget, &wanted, doing)?;
    if !change(tx, found)? {
        // Nobody is left to be told.
        let gone = found.clone();
        budget.notifications.retain(|known| *known != gone);
    }
    tx.put(budget);
    Ok(Value::Record(Record::new()))
}

fn given(tx: &Tx<'_>, input: &Input<'_>, member: &str) -> Result<Subscriber, Refusal> {
    let given = input.record(member).ok_or_else(|| invalid(format!("{member} is required.")))?;
    of(tx, &given)
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let made = given(tx, input, "Subscriber")?;
    on(tx, input, "Unable to create subscriber", |tx, notification| add(tx, notification, made).map(|()| true))
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let doing = "Unable to get subscribers";
    let mut budget = budget::find(tx, input, &format!("{doing} - the budget {{}} doesn't exist."))?;
    let wanted = notification::read(tx, input, "Notification")?;
    let found = notification::find(&mut budget, &wanted, doing)?;
    let items = found.subscribers.iter().map(|one| (format!("{} {}", one.kind, one.address), one.view())).collect();
    paged(tx, input, "Subscribers", 100, items)
}

fn update(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let (old, new) = (given(tx, input, "OldSubscriber")?, given(tx, input, "NewSubscriber")?);
    on(tx, input, "Unable to update subscriber", |tx, notification| {
        let at = notification.subscribers.iter().position(|known| *known == old).ok_or_else(|| none(&old))?;
        notification.subscribers.remove(at);
        add(tx, notification, new).map(|()| true)
    })
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let gone = given(tx, input, "Subscriber")?;
    on(tx, input, "Unable to delete subscriber", |_, notification| {
        let at = notification.subscribers.iter().position(|known| *known == gone).ok_or_else(|| none(&gone))?;
        notification.subscribers.remove(at);
        Ok(!notification.subscribers.is_empty())
    })
}

/// No source has the words.
fn none(subscriber: &Subscriber) -> Refusal {
    missing(format!("Unable to find subscriber {} - the subscriber doesn't exist.", subscriber.address))
}
