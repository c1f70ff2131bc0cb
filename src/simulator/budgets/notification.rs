//! Notifications: at what part of a budget, spent or foreseen, whom something is told.

use serde::{Deserialize, Serialize};

use super::budget::{self, Budget};
use super::subscriber::{self, Subscriber};
use super::{own, paged};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("CreateNotification", create),
    ("DescribeNotificationsForBudget", describe),
    ("DescribeBudgetNotificationsForAccount", list),
    ("UpdateNotification", update),
    ("DeleteNotification", delete),
];

const CREATE: &str =
    "https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_CreateNotification.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("budgets.notification.exists", "a budget has no notification twice", CREATE),
    Rule::new(
        "budgets.notification.quota",
        "a budget has 10 notifications",
        "https://docs.aws.amazon.com/cost-management/latest/userguide/management-limits.html",
    ),
];

/// A notification.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notification {
    /// `ACTUAL` or `FORECASTED`.
    pub of: String,
    /// How what is compared lies to the threshold.
    pub operator: String,
    /// The threshold.
    pub threshold: f64,
    /// `PERCENTAGE` or `ABSOLUTE_VALUE`.
    pub kind: String,
    /// Who is told.
    pub subscribers: Vec<Subscriber>,
}

impl Notification {
    fn is(&self, other: &Notification) -> bool {
        let key = |one: &Notification| (one.of.clone(), one.operator.clone(), one.threshold, one.kind.clone());
        key(self) == key(other)
    }

    fn view(&self) -> Value {
        record! {
            "NotificationType" => &self.of,
            "ComparisonOperator" => &self.operator,
            "Threshold" => self.threshold,
            "ThresholdType" => &self.kind,
            "NotificationState" => "OK",
        }
    }

    fn key(&self) -> String {
        format!("{} {} {:020.4} {}", self.of, self.operator, self.threshold, self.kind)
    }
}

/// The notification in a request's member.
pub(super) fn read(_tx: &Tx<'_>, input: &Input<'_>, member: &str) -> Result<Notification, Refusal> {
    let Some(given) = input.record(member) else { return Err(super::invalid(format!("{member} is required."))) };
    let threshold = match given.whole("Threshold") {
        Value::Float(number) => *number,
        // A whole number is one, too.
        #[expect(clippy::cast_precision_loss, reason = "the model's limit is far below what a float holds")]
        Value::Integer(number) => *number as f64,
        _ => 0.0,
    };
    // What state it is in is not for the caller to say, and is not refused.
    let _ = given.text("NotificationState");
    Ok(Notification {
        of: given.required("NotificationType").to_owned(),
        operator: given.required("ComparisonOperator").to_owned(),
        threshold,
        kind: given.text("ThresholdType").unwrap_or("PERCENTAGE").to_owned(),
        subscribers: Vec::new(),
    })
}

/// Gives a budget a notification, with the subscribers that a request has for it.
pub(super) fn add(tx: &Tx<'_>, budget: &mut Budget, made: Notification, input: &Input<'_>) -> Result<(), Refusal> {
    let mut made = made;
    tx.enforce("budgets.notification.exists", !budget.notifications.iter().any(|known| known.is(&made)), || {
        duplicate(&made)
    })?;
    let have = budget.notifications.len();
    // No source has the words.
    tx.enforce("budgets.notification.quota", have < 10, || {
        Refusal::new("CreationLimitExceededException", "A budget can have 10 notifications.")
    })?;
    for given in input.records("Subscribers") {
        subscriber::add(tx, &mut made, subscriber::of(tx, &given)?)?;
    }
    budget.notifications.push(made);
    Ok(())
}

/// <https://github.com/getmoto/moto/blob/master/moto/budgets/exceptions.py>
fn duplicate(notification: &Notification) -> Refusal {
    let message = format!(
        "Error creating notification: notificationType: {}, comparisonOperator: {}, threshold: {}, thresholdType: {} - \
         the notification already exists.",
        notification.of, notification.operator, notification.threshold, notification.kind
    );
    Refusal::new("DuplicateRecordException", message)
}

/// The budget's notification that a request names in a member.
///
/// # Errors
/// When there is none.
pub(super) fn find<'b>(
    budget: &'b mut Budget,
    wanted: &Notification,
    doing: &str,
) -> Result<&'b mut Notification, Refusal> {
    let found = budget.notifications.iter_mut().find(|known| known.is(wanted));
    found.ok_or_else(|| super::missing(format!("{doing} - the notification doesn't exist. Try creating it first.")))
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let doing = "Unable to create notification - the budget should be created first. ";
    let mut budget = budget::find(tx, input, doing)?;
    let made = read(tx, input, "Notification")?;
    add(tx, &mut budget, made, input)?;
    tx.put(budget);
    Ok(Value::Record(Record::new()))
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let budget = budget::find(tx, input, "Unable to get notifications - the budget {} doesn't exist.")?;
    let items = budget.notifications.iter().map(|one| (one.key(), one.view())).collect();
    paged(tx, input, "Notifications", 100, items)
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    own(tx, input)?;
    let budgets = tx.rows::<Budget>().filter(|budget| !budget.notifications.is_empty()).map(|budget| {
        let notifications: Vec<Value> = budget.notifications.iter().map(Notification::view).collect();
        let of_budget = record! { "BudgetName" => &budget.name, "Notifications" => notifications };
        (budget.name.clone(), of_budget)
    });
    let budgets = budgets.collect();
    paged(tx, input, "BudgetNotificationsForAccount", 50, budgets)
}

fn update(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut budget = budget::find(tx, input, "Unable to update notification - the budget {} doesn't exist.")?;
    let (old, new) = (read(tx, input, "OldNotification")?, read(tx, input, "NewNotification")?);
    let taken = !old.is(&new) && budget.notifications.iter().any(|known| known.is(&new));
    tx.enforce("budgets.notification.exists", !taken, || duplicate(&new))?;
    let known = find(&mut budget, &old, "Unable to update notification")?;
    *known = Notification { subscribers: known.subscribers.clone(), ..new };
    tx.put(budget);
    Ok(Value::Record(Record::new()))
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let doing = "Unable to delete notification - the budget {} doesn't exist. Try creating it first. ";
    let mut budget = budget::find(tx, input, doing)?;
    let gone = read(tx, input, "Notification")?;
    find(&mut budget, &gone, "Unable to delete notification")?;
    budget.notifications.retain(|known| !known.is(&gone));
    tx.put(budget);
    Ok(Value::Record(Record::new()))
}
