//! `aws_budgets_budget`: <https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_CreateBudget.html>

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use aws_sdk_budgets::types::{
    Budget, BudgetType, ComparisonOperator, Notification, NotificationType, NotificationWithSubscribers, ResourceTag,
    Spend, Subscriber, SubscriptionType, ThresholdType, TimePeriod, TimeUnit,
};
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Observation, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::schema::Schema;
use fathuss_model::{Decimal, Resource};
use fathuss_state::Identity;
use futures::future::join_all;

use crate::call::{Call, Service};
use crate::client::Client;
use crate::differ::once_shown;
use crate::failure::refused;
use crate::fields::{Fields, Observed};
use crate::gone::{once_accepted, there, waiting};
use crate::kind::{Batch, Kind};
use crate::mark::TagChange;
use crate::{mark, name};

/// The calls of `aws_budgets_budget`.
pub struct BudgetsBudget;

const SCHEMA: &Schema = fathuss_model::aws::BudgetsBudget::SCHEMA;

/// A notification with who is told.
type Told = (Notification, Vec<Subscriber>);

fn call(operation: &'static str) -> Call {
    Call::new(Service::Budgets, operation)
}

#[async_trait(?Send)]
impl Kind for BudgetsBudget {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// `DescribeBudgets` and `DescribeBudgetNotificationsForAccount` for all budgets of an account, then
    /// `DescribeSubscribersForNotification` for each notification and `ListTagsForResource` for each budget that is
    /// asked for: no list has these.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        let mut accounts: BTreeMap<&str, Result<Listed, Failure>> = BTreeMap::new();
        for request in requests {
            let (account, _) = parts(&request.identity);
            if !accounts.contains_key(account) {
                accounts.insert(account, listed(client, account).await);
            }
        }
        let observed = requests.iter().map(async |request| {
            let (account, name) = parts(&request.identity);
            let listed = match accounts.get(account) {
                Some(Ok(listed)) => listed,
                Some(Err(failure)) => return Err(failure.clone()),
                None => return Ok(Observation::Absent),
            };
            let Some(budget) = listed.budgets.get(name) else { return Ok(Observation::Absent) };
            let notifications = listed.notifications.get(name).map(Vec::as_slice).unwrap_or_default();
            let seen = whole(client, account, budget, notifications).await?;
            Ok(seen.map_or(Observation::Absent, Observation::Present))
        });
        Batch { observations: join_all(observed).await, strays: Vec::new() }
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let attributes = &request.desired.attributes;
        let name = name::of(SCHEMA, "name", request)?;
        let mut told = Vec::new();
        for (notification, subscribers) in wanted(attributes)? {
            let built =
                NotificationWithSubscribers::builder().notification(notification).set_subscribers(Some(subscribers));
            told.push(built.build().map_err(unfit)?);
        }
        let tags = mark::tags_with(&request.mark, attributes)?.into_iter();
        let tags: Result<Vec<ResourceTag>, Failure> = tags.map(|(key, value)| tag(&key, &value)).collect();
        let sending = client
            .budgets
            .create_budget()
            .account_id(&request.account)
            .budget(budget(&name, attributes, None)?)
            .set_notifications_with_subscribers(Some(told).filter(|told| !told.is_empty()))
            .set_resource_tags(Some(tags?))
            .send();
        client.send(call("CreateBudget"), sending).await?;
        Ok(Identity(format!("{}:{name}", request.account)))
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let name = name::of(SCHEMA, "name", request)?;
        let tags = tags(client, &arn(client, &request.account, &name)).await?;
        Ok(mark::owner(&request.mark, tags.map(|tags| (format!("{}:{name}", request.account), tags))))
    }

    /// Brings notifications and who is told to what is wanted. A notification without anybody goes by itself, so whom
    /// it is to tell is added before others are taken away.
    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let (account, name) = parts(&standing.identity);
        let sending = client.budgets.describe_budget().account_id(account).budget_name(name).send();
        let answer = there(client.send(call("DescribeBudget"), sending).await)?;
        let Some(budget) = answer.and_then(|answer| answer.budget) else { return Ok(waiting("not visible yet")) };
        let notifications = notifications(client, account, name).await?;
        let mut is = Vec::new();
        for notification in notifications {
            let subscribers = subscribers(client, account, name, &notification).await?;
            is.push((notification, subscribers));
        }
        if notify(client, account, name, &is, &wanted(&standing.desired.attributes)?).await? {
            return Ok(waiting("setting notifications"));
        }
        let Some(tags) = tags(client, &arn(client, account, name)).await? else {
            return Ok(waiting("not visible yet"));
        };
        Ok(once_shown(SCHEMA, &standing.desired.attributes, observe(client, account, &budget, &is, &tags)))
    }

    /// The budget itself and its tags: `settle` does the rest. What a budget is from and to is sent as it is, which AWS
    /// would choose anew.
    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        let (account, name) = parts(&standing.identity);
        if change.changed.iter().any(|field| field != "tags" && field != "notification") {
            let sending = client.budgets.describe_budget().account_id(account).budget_name(name).send();
            let answer = client.send(call("DescribeBudget"), sending).await?;
            let period = answer.budget.and_then(|budget| budget.time_period);
            let budget = budget(name, &standing.desired.attributes, period)?;
            let sending = client.budgets.update_budget().account_id(account).new_budget(budget).send();
            client.send(call("UpdateBudget"), sending).await?;
        }
        let Some(TagChange { set, gone }) = mark::tag_change(standing, change)? else { return Ok(()) };
        let arn = arn(client, account, name);
        let set: Result<Vec<ResourceTag>, Failure> = set.into_iter().map(|(key, value)| tag(&key, &value)).collect();
        let sending = client.budgets.tag_resource().resource_arn(&arn).set_resource_tags(Some(set?)).send();
        client.send(call("TagResource"), sending).await?;
        if !gone.is_empty() {
            let sending = client.budgets.untag_resource().resource_arn(&arn).set_resource_tag_keys(Some(gone)).send();
            client.send(call("UntagResource"), sending).await?;
        }
        Ok(())
    }

    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let (account, name) = parts(&standing.identity);
        let sending = client.budgets.delete_budget().account_id(account).budget_name(name).send();
        once_accepted(client.send(call("DeleteBudget"), sending).await)
    }
}

/// The account and the name; a name has no `:`.
fn parts(identity: &Identity) -> (&str, &str) {
    identity.0.split_once(':').unwrap_or(("", &identity.0))
}

fn arn(client: &Client, account: &str, name: &str) -> String {
    format!("arn:{}:budgets::{account}:budget/{name}", crate::arn::partition(&client.region))
}

/// What AWS's own lists say of an account.
struct Listed {
    budgets: HashMap<String, Budget>,
    notifications: HashMap<String, Vec<Notification>>,
}

async fn listed(client: &Client, account: &str) -> Result<Listed, Failure> {
    let mut budgets = HashMap::new();
    let mut token = None;
    loop {
        let sending = client.budgets.describe_budgets().account_id(account).max_results(1000).set_next_token(token);
        let answer = client.send(call("DescribeBudgets"), sending.send()).await?;
        budgets.extend(answer.budgets.into_iter().flatten().map(|budget| (budget.budget_name.clone(), budget)));
        token = answer.next_token;
        if token.is_none() {
            break;
        }
    }
    let mut notifications = HashMap::new();
    loop {
        let asking = client.budgets.describe_budget_notifications_for_account().account_id(account).max_results(1000);
        let sending = asking.set_next_token(token).send();
        let answer = client.send(call("DescribeBudgetNotificationsForAccount"), sending).await?;
        for of_budget in answer.budget_notifications_for_account.into_iter().flatten() {
            let name = of_budget.budget_name.unwrap_or_default();
            notifications.insert(name, of_budget.notifications.unwrap_or_default());
        }
        token = answer.next_token;
        if token.is_none() {
            return Ok(Listed { budgets, notifications });
        }
    }
}

/// A budget with all that no list has; nothing where it is gone.
async fn whole(
    client: &Client,
    account: &str,
    budget: &Budget,
    notifications: &[Notification],
) -> Result<Option<Attributes>, Failure> {
    let name = budget.budget_name.as_str();
    let told = join_all(notifications.iter().map(|one| subscribers(client, account, name, one))).await;
    let told: Result<Vec<Vec<Subscriber>>, Failure> = told.into_iter().collect();
    let told: Vec<Told> = notifications.iter().cloned().zip(told?).collect();
    let tags = tags(client, &arn(client, account, name)).await?;
    Ok(tags.map(|tags| observe(client, account, budget, &told, &tags)))
}

/// The notifications of a budget, 10 at most, which are one page.
async fn notifications(client: &Client, account: &str, name: &str) -> Result<Vec<Notification>, Failure> {
    let sending = client.budgets.describe_notifications_for_budget().account_id(account).budget_name(name).send();
    let answer = there(client.send(call("DescribeNotificationsForBudget"), sending).await)?;
    Ok(answer.and_then(|answer| answer.notifications).unwrap_or_default())
}

/// Who is told by a notification, 11 at most, which are one page.
async fn subscribers(
    client: &Client,
    account: &str,
    name: &str,
    notification: &Notification,
) -> Result<Vec<Subscriber>, Failure> {
    let asking = client.budgets.describe_subscribers_for_notification().account_id(account).budget_name(name);
    let sending = asking.notification(bare(notification)?).send();
    let answer = there(client.send(call("DescribeSubscribersForNotification"), sending).await)?;
    Ok(answer.and_then(|answer| answer.subscribers).unwrap_or_default())
}

async fn tags(client: &Client, arn: &str) -> Result<Option<BTreeMap<String, String>>, Failure> {
    let sending = client.budgets.list_tags_for_resource().resource_arn(arn).send();
    let answer = there(client.send(call("ListTagsForResource"), sending).await)?;
    let tags = answer.map(|answer| answer.resource_tags.unwrap_or_default());
    Ok(tags.map(|tags| tags.into_iter().map(|tag| (tag.key, tag.value)).collect()))
}

/// Sends what leads from the notifications that are to those that are wanted; whether anything was.
async fn notify(client: &Client, account: &str, name: &str, is: &[Told], wanted: &[Told]) -> Result<bool, Failure> {
    let mut sent = false;
    for (notification, _) in is.iter().filter(|(one, _)| !wanted.iter().any(|(other, _)| key(one) == key(other))) {
        let deleting = client.budgets.delete_notification().account_id(account).budget_name(name);
        let sending = deleting.notification(bare(notification)?).send();
        there(client.send(call("DeleteNotification"), sending).await)?;
        sent = true;
    }
    for (notification, subscribers) in wanted {
        let Some((_, known)) = is.iter().find(|(one, _)| key(one) == key(notification)) else {
            let creating = client.budgets.create_notification().account_id(account).budget_name(name);
            let creating = creating.notification(notification.clone()).set_subscribers(Some(subscribers.clone()));
            client.send(call("CreateNotification"), creating.send()).await?;
            sent = true;
            continue;
        };
        // One topic is all that a notification has: another takes its place.
        let is_topic = |one: &&Subscriber| one.subscription_type == SubscriptionType::Sns;
        let moves = (known.iter().find(is_topic), subscribers.iter().find(is_topic));
        if let (Some(old), Some(new)) = moves
            && old != new
        {
            let updating = client.budgets.update_subscriber().account_id(account).budget_name(name);
            let updating = updating.notification(bare(notification)?).old_subscriber(old.clone());
            client.send(call("UpdateSubscriber"), updating.new_subscriber(new.clone()).send()).await?;
            return Ok(true);
        }
        for added in subscribers.iter().filter(|one| !known.contains(one)) {
            let creating = client.budgets.create_subscriber().account_id(account).budget_name(name);
            let creating = creating.notification(bare(notification)?).subscriber(added.clone());
            client.send(call("CreateSubscriber"), creating.send()).await?;
            sent = true;
        }
        for gone in known.iter().filter(|one| !subscribers.contains(one)) {
            let deleting = client.budgets.delete_subscriber().account_id(account).budget_name(name);
            let deleting = deleting.notification(bare(notification)?).subscriber(gone.clone());
            there(client.send(call("DeleteSubscriber"), deleting.send()).await)?;
            sent = true;
        }
    }
    Ok(sent)
}

/// What tells a notification from the others of its budget.
fn key(notification: &Notification) -> (String, String, String, String) {
    (
        notification.notification_type.as_str().to_owned(),
        notification.comparison_operator.as_str().to_owned(),
        Decimal::text(notification.threshold),
        notification.threshold_type.as_ref().map_or("PERCENTAGE", ThresholdType::as_str).to_owned(),
    )
}

/// A notification as a request names it: without the state that AWS tells of it.
fn bare(notification: &Notification) -> Result<Notification, Failure> {
    let built = Notification::builder()
        .notification_type(notification.notification_type.clone())
        .comparison_operator(notification.comparison_operator.clone())
        .threshold(notification.threshold)
        .set_threshold_type(notification.threshold_type.clone());
    built.build().map_err(unfit)
}

fn unfit(error: impl std::error::Error) -> Failure {
    refused("InvalidField", error.to_string())
}

fn tag(key: &str, value: &str) -> Result<ResourceTag, Failure> {
    ResourceTag::builder().key(key).value(value).build().map_err(unfit)
}

/// The budget as AWS takes it, without its notifications.
#[expect(deprecated, reason = "filters by expression say the same, and Terraform has these as `cost_filter`")]
fn budget(name: &str, attributes: &Attributes, period: Option<TimePeriod>) -> Result<Budget, Failure> {
    let fields = Fields::of(attributes);
    let limit = Spend::builder().amount(fields.text("limit_amount")?).unit(fields.text("limit_unit")?).build();
    let mut filters = HashMap::new();
    for filter in fields.blocks("cost_filter")? {
        filters.insert(filter.text("name")?.to_owned(), filter.texts("values")?);
    }
    Budget::builder()
        .budget_name(name)
        .budget_type(BudgetType::from(fields.text("budget_type")?))
        .budget_limit(limit.map_err(unfit)?)
        .time_unit(TimeUnit::from(fields.text("time_unit")?))
        .set_cost_filters(Some(filters).filter(|filters| !filters.is_empty()))
        .set_time_period(period)
        .build()
        .map_err(unfit)
}

fn wanted(attributes: &Attributes) -> Result<Vec<Told>, Failure> {
    let mut wanted = Vec::new();
    for block in Fields::of(attributes).blocks("notification")? {
        let threshold = block.text("threshold")?;
        let threshold: f64 =
            threshold.parse().map_err(|_| refused("InvalidField", "threshold is not a number".to_owned()))?;
        let notification = Notification::builder()
            .notification_type(NotificationType::from(block.text("notification_type")?))
            .comparison_operator(ComparisonOperator::from(block.text("comparison_operator")?))
            .threshold(threshold)
            .threshold_type(ThresholdType::from(block.text("threshold_type")?))
            .build();
        let mut subscribers = Vec::new();
        for (field, kind) in [
            ("subscriber_email_addresses", SubscriptionType::Email),
            ("subscriber_sns_topic_arns", SubscriptionType::Sns),
        ] {
            for address in block.texts(field)? {
                let built = Subscriber::builder().subscription_type(kind.clone()).address(address).build();
                subscribers.push(built.map_err(unfit)?);
            }
        }
        wanted.push((notification.map_err(unfit)?, subscribers));
    }
    Ok(wanted)
}

#[expect(deprecated, reason = "filters by expression say the same, and Terraform has these as `cost_filter`")]
fn observe(
    client: &Client,
    account: &str,
    budget: &Budget,
    told: &[Told],
    tags: &BTreeMap<String, String>,
) -> Attributes {
    let name = budget.budget_name.as_str();
    // AWS writes 1000 as 1000.0.
    let number = |text: &str| text.parse().map_or_else(|_| text.to_owned(), Decimal::text);
    let filters = budget.cost_filters.iter().flatten().map(|(name, values)| {
        Observed::new().with("name", name.as_str()).with_list("values", values.iter().cloned()).into_datum()
    });
    let notifications = told.iter().map(|(notification, subscribers)| {
        let addresses = |kind: SubscriptionType| {
            let of_kind = subscribers.iter().filter(move |one| one.subscription_type == kind);
            let mut addresses: Vec<String> = of_kind.map(|one| one.address.clone()).collect();
            addresses.sort();
            addresses
        };
        let (kind, operator, threshold, unit) = key(notification);
        Observed::new()
            .with("comparison_operator", operator)
            .with("threshold", threshold)
            .with("threshold_type", unit)
            .with("notification_type", kind)
            .with_list("subscriber_email_addresses", addresses(SubscriptionType::Email))
            .with_list("subscriber_sns_topic_arns", addresses(SubscriptionType::Sns))
            .into_datum()
    });
    Observed::new()
        .with("name", name)
        .with("budget_type", budget.budget_type.as_str())
        .with("limit_amount", budget.budget_limit.as_ref().map(|limit| number(&limit.amount)))
        .with("limit_unit", budget.budget_limit.as_ref().map(|limit| limit.unit.clone()))
        .with("time_unit", budget.time_unit.as_str())
        .with_list("cost_filter", filters)
        .with_list("notification", notifications)
        .tagged(tags)
        .with("id", format!("{account}:{name}"))
        .with("arn", arn(client, account, name))
        .finish(SCHEMA)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use fathuss_engine::Provider;
    use fathuss_engine::provider::{Found, Observation, Progress};
    use fathuss_state::Identity;
    use serde_json::{Value, json};

    use crate::asked::{make, read, standing};
    use crate::canned::Canned;

    const AT: &str = "s.aws_budgets_budget.all";
    const ID: &str = "111122223333:all";

    fn budget() -> Value {
        json!({ "BudgetName": "all", "BudgetType": "COST", "TimeUnit": "MONTHLY",
            "BudgetLimit": { "Amount": "1000.0", "Unit": "USD" }, "CostFilters": {} })
    }

    fn notification(threshold: f64) -> Value {
        json!({ "NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": threshold,
            "ThresholdType": "PERCENTAGE", "NotificationState": "OK" })
    }

    fn wanted(threshold: &str, address: &str) -> Value {
        json!({ "name": "all", "budget_type": "COST", "limit_amount": "1000", "limit_unit": "USD", "time_unit": "MONTHLY",
            "notification": [{ "comparison_operator": "GREATER_THAN", "threshold": threshold,
                "threshold_type": "PERCENTAGE", "notification_type": "ACTUAL",
                "subscriber_email_addresses": [address] }] })
    }

    /// A budget at 100 % of which someone is told.
    fn canned() -> Arc<Canned> {
        let told = json!({ "Subscribers": [{ "SubscriptionType": "EMAIL", "Address": "a@example.com" }] });
        Canned::new()
            .json("DescribeBudget", 200, &json!({ "Budget": budget() }))
            .json("DescribeBudgets", 200, &json!({ "Budgets": [budget()] }))
            .json("DescribeNotificationsForBudget", 200, &json!({ "Notifications": [notification(100.0)] }))
            .json(
                "DescribeBudgetNotificationsForAccount",
                200,
                &json!({ "BudgetNotificationsForAccount": [
                    { "BudgetName": "all", "Notifications": [notification(100.0)] }
                ]}),
            )
            .json("DescribeSubscribersForNotification", 200, &told)
            .json("ListTagsForResource", 200, &json!({ "ResourceTags": [] }))
    }

    #[tokio::test]
    async fn budgets_are_read_from_two_lists_and_what_no_list_has() {
        let canned = canned();
        let other = "111122223333:other";
        let answer = canned.aws().read(&[read(AT, ID), read("s.aws_budgets_budget.other", other)]).await;
        let Ok(Observation::Present(seen)) = &answer.observations[0] else { panic!("{answer:?}") };
        assert_eq!(seen["limit_amount"], "1000".into());
        let told = &seen["notification"].as_list().unwrap()[0];
        assert_eq!(told.at("subscriber_email_addresses"), Some(&vec!["a@example.com"].into()));
        assert_eq!(answer.observations[1], Ok(Observation::Absent));
        let asked = [
            "DescribeBudgets",
            "DescribeBudgetNotificationsForAccount",
            "DescribeSubscribersForNotification",
            "ListTagsForResource",
        ];
        assert_eq!(canned.operations(), asked);
    }

    #[tokio::test]
    async fn who_is_told_is_added_before_others_are_taken_away() {
        let canned = canned().json("CreateSubscriber", 200, &json!({})).json("DeleteSubscriber", 200, &json!({}));
        let progress = canned.aws().settle(&standing(AT, ID, wanted("100", "b@example.com"))).await;
        assert!(matches!(progress, Ok(Progress::Waiting { .. })), "{progress:?}");
        let sent: Vec<String> =
            canned.operations().into_iter().filter(|operation| operation.ends_with("eSubscriber")).collect();
        assert_eq!(sent, ["CreateSubscriber", "DeleteSubscriber"]);
    }

    #[tokio::test]
    async fn another_threshold_is_another_notification() {
        let canned = canned().json("CreateNotification", 200, &json!({})).json("DeleteNotification", 200, &json!({}));
        let progress = canned.aws().settle(&standing(AT, ID, wanted("80", "a@example.com"))).await;
        assert!(matches!(progress, Ok(Progress::Waiting { .. })), "{progress:?}");
        let deleted = canned.seen().into_iter().find(|seen| seen.operation == "DeleteNotification").unwrap();
        let body: Value = serde_json::from_str(deleted.get("body").unwrap()).unwrap();
        assert_eq!(body["Notification"].get("NotificationState"), None);
        let same = canned.aws().settle(&standing(AT, ID, wanted("100", "a@example.com"))).await;
        assert!(matches!(same, Ok(Progress::Ready(_))), "{same:?}");
    }

    #[tokio::test]
    async fn a_budget_of_that_name_without_our_mark_is_anothers() {
        let found = canned().aws().find(&make(AT, json!({ "name": "all" }))).await;
        assert_eq!(found, Ok(Found::Foreign(Identity(ID.to_owned()))));
    }
}
