//! Budgets: made with their notifications, described, changed and deleted.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::notification::{self, Notification};
use super::tags::{self, Tags};
use super::{invalid, missing, own, paged};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::{Reach, Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("CreateBudget", create),
    ("DescribeBudget", describe),
    ("DescribeBudgets", list),
    ("UpdateBudget", update),
    ("DeleteBudget", delete),
];

const CREATE: &str =
    "https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_CreateBudget.html";
const BUDGET: &str = "https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_Budget.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("budgets.budget.name", "a name has no : or \\, and no /action/", BUDGET),
    Rule::new("budgets.budget.exists", "names are unique in an account", CREATE),
    Rule::new("budgets.budget.limit", "a budget of costs or usage has a limit", BUDGET),
    Rule::new("budgets.budget.unit", "a budget of costs is in US dollars", BUDGET),
    Rule::new("budgets.budget.types", "which costs count is said of budgets of costs alone", BUDGET),
    Rule::new("budgets.budget.period", "a budget's time begins before it ends", BUDGET),
    Rule::new(
        "budgets.budget.quota",
        "an account has 20,000 budgets",
        "https://docs.aws.amazon.com/cost-management/latest/userguide/management-limits.html",
    ),
];

/// Whether each kind of cost counts where nothing is said:
/// <https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_CostTypes.html>.
const COST_TYPES: &[(&str, bool)] = &[
    ("IncludeTax", true),
    ("IncludeSubscription", true),
    ("UseBlended", false),
    ("IncludeRefund", true),
    ("IncludeCredit", true),
    ("IncludeUpfront", true),
    ("IncludeRecurring", true),
    ("IncludeOtherSubscription", true),
    ("IncludeSupport", true),
    ("IncludeDiscount", true),
    ("UseAmortized", false),
];

/// A budget.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Its name.
    pub name: String,
    /// `COST` or `USAGE`.
    pub kind: String,
    /// The amount, as AWS writes it, and its unit.
    pub limit: (String, String),
    /// After which time it begins anew.
    pub unit: String,
    /// What it is about, by the names of filters; everything where there is none.
    pub filters: BTreeMap<String, Vec<String>>,
    /// Which costs count.
    pub types: BTreeMap<String, bool>,
    /// From when to when there is one.
    pub period: (Timestamp, Timestamp),
    /// When it was last changed.
    pub changed: Timestamp,
    /// When whom is told something.
    pub notifications: Vec<Notification>,
    /// Its tags.
    pub tags: Tags,
}

impl Row for Budget {
    const TABLE: &'static str = "budgets.budget";
    const REACH: Reach = Reach::Account;
    fn id(&self) -> String {
        self.name.clone()
    }
}

impl Budget {
    fn view(&self) -> Value {
        let spend = |amount: &str| record! { "Amount" => amount, "Unit" => &self.limit.1 };
        let filters: Record = self.filters.iter().map(|(name, values)| (name.clone(), Value::from(values))).collect();
        let types: Record = self.types.iter().map(|(name, counts)| (name.clone(), Value::from(*counts))).collect();
        record! {
            "BudgetName" => &self.name,
            "BudgetLimit" => spend(&self.limit.0),
            "CostFilters" => filters,
            "CostTypes" => Some(types).filter(|types| !types.is_empty()),
            "TimeUnit" => &self.unit,
            "TimePeriod" => record! { "Start" => self.period.0, "End" => self.period.1 },
            "CalculatedSpend" => record! { "ActualSpend" => spend("0.0") },
            "BudgetType" => &self.kind,
            "LastUpdatedTime" => self.changed,
        }
    }
}

/// The budget that a request names. `doing` is what is said of one that is not there, as
/// <https://github.com/getmoto/moto/blob/master/moto/budgets/exceptions.py> has it from AWS.
///
/// # Errors
/// When there is none, or it is another account's.
pub(super) fn find(tx: &Tx<'_>, input: &Input<'_>, doing: &str) -> Result<Budget, Refusal> {
    own(tx, input)?;
    let name = input.required("BudgetName");
    tx.get::<Budget>(name).cloned().ok_or_else(|| missing(doing.replace("{}", name)))
}

/// The budget that a request describes; `known` is the one that it takes the place of.
fn drawn(tx: &Tx<'_>, given: &Input<'_>, known: Option<&Budget>) -> Result<Budget, Refusal> {
    let name = given.required("BudgetName");
    let sound = !name.is_empty() && !name.contains([':', '\\']) && !name.contains("/action/");
    // Of the words about what a budget may say no source has any.
    tx.enforce("budgets.budget.name", sound, || {
        invalid("The budget name can't contain the characters : and \\ or the substring /action/.")
    })?;
    let kind = given.required("BudgetType");
    if !["COST", "USAGE"].contains(&kind) {
        return Err(Refusal::not_simulated(format!("a budget of {kind}")));
    }
    let limit =
        given.record("BudgetLimit").map(|limit| (amount(limit.required("Amount")), limit.required("Unit").to_owned()));
    tx.enforce("budgets.budget.limit", limit.is_some(), || {
        invalid("BudgetLimit is required for cost or usage budgets.")
    })?;
    let limit = limit.unwrap_or_default();
    tx.enforce("budgets.budget.unit", kind != "COST" || limit.1.is_empty() || limit.1 == "USD", || {
        invalid(format!("Unit {} is not supported for cost budgets.", limit.1))
    })?;
    let mut types = BTreeMap::new();
    if let Some(told) = given.record("CostTypes") {
        tx.enforce("budgets.budget.types", kind == "COST", || {
            invalid("CostTypes is supported for cost budgets only.")
        })?;
        types.extend(COST_TYPES.iter().map(|(name, usual)| ((*name).to_owned(), told.bool(name).unwrap_or(*usual))));
    } else if kind == "COST" {
        types.extend(COST_TYPES.iter().map(|(name, usual)| ((*name).to_owned(), *usual)));
    }
    let mut filters = BTreeMap::new();
    if let Value::Record(told) = given.whole("CostFilters") {
        for (name, values) in told {
            filters.insert(name.clone(), values.list().iter().filter_map(Value::text).map(str::to_owned).collect());
        }
    }
    let unit = given.required("TimeUnit");
    if unit == "CUSTOM" {
        return Err(Refusal::not_simulated("a budget of a time of its own"));
    }
    let told = given.record("TimePeriod");
    let moment = |name: &str| match told.as_ref().map(|told| told.whole(name)) {
        Some(Value::Time(moment)) => Some(*moment),
        _ => None,
    };
    let start = moment("Start").or(known.map(|known| known.period.0)).unwrap_or_else(|| began(tx.now(), unit));
    let end = moment("End").or(known.map(|known| known.period.1)).unwrap_or_else(never);
    tx.enforce("budgets.budget.period", start < end, || invalid("Start time must be before the end time."))?;
    Ok(Budget {
        name: name.to_owned(),
        kind: kind.to_owned(),
        limit,
        unit: unit.to_owned(),
        filters,
        types,
        period: (start, end),
        changed: tx.now(),
        notifications: known.map(|known| known.notifications.clone()).unwrap_or_default(),
        tags: known.map(|known| known.tags.clone()).unwrap_or_default(),
    })
}

/// An amount as AWS writes it: with a fraction always.
fn amount(text: &str) -> String {
    match text.parse::<f64>() {
        Ok(number) if number.fract() == 0.0 => format!("{number:.1}"),
        Ok(number) => number.to_string(),
        Err(_) => text.to_owned(),
    }
}

/// When the time that a moment lies in began.
fn began(now: Timestamp, unit: &str) -> Timestamp {
    let today = now.to_zoned(TimeZone::UTC).date();
    let first = |year: i16, month: i8| Date::new(year, month, 1).unwrap_or(today);
    let day = match unit {
        "MONTHLY" => first(today.year(), today.month()),
        "QUARTERLY" => first(today.year(), (today.month() - 1) / 3 * 3 + 1),
        "ANNUALLY" => first(today.year(), 1),
        _ => today,
    };
    day.to_zoned(TimeZone::UTC).map_or(now, |begin| begin.timestamp())
}

/// The end of a budget that is said to have none: 15 June 2087.
fn never() -> Timestamp {
    Timestamp::from_second(3_706_473_600).unwrap_or(Timestamp::MAX)
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    own(tx, input)?;
    let Some(given) = input.record("Budget") else { return Err(invalid("Budget is required.")) };
    let mut budget = drawn(tx, &given, None)?;
    budget.tags = tags::read(tx, input)?;
    for given in input.records("NotificationsWithSubscribers") {
        let made = notification::read(tx, &given, "Notification")?;
        notification::add(tx, &mut budget, made, &given)?;
    }
    tx.enforce("budgets.budget.exists", tx.get::<Budget>(&budget.name).is_none(), || {
        let message = format!("Error creating budget: {} - the budget already exists.", budget.name);
        Refusal::new("DuplicateRecordException", message)
    })?;
    let quota = tx.quota("budgets.budgets");
    // No source has the words.
    tx.enforce("budgets.budget.quota", tx.count::<Budget>() < quota, || {
        Refusal::new("CreationLimitExceededException", format!("An account can have {quota} budgets."))
    })?;
    tx.put(budget);
    Ok(Value::Record(Record::new()))
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let budget = find(tx, input, "Unable to get budget: {} - the budget doesn't exist.")?;
    Ok(record! { "Budget" => budget.view() })
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    own(tx, input)?;
    let budgets = tx.rows::<Budget>().map(|budget| (budget.name.clone(), budget.view())).collect();
    paged(tx, input, "Budgets", 100, budgets)
}

fn update(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    own(tx, input)?;
    let Some(given) = input.record("NewBudget") else { return Err(invalid("NewBudget is required.")) };
    let name = given.required("BudgetName");
    let known = tx
        .get::<Budget>(name)
        .cloned()
        .ok_or_else(|| missing(format!("Unable to update budget: {name} - the budget doesn't exist.")))?;
    let budget = drawn(tx, &given, Some(&known))?;
    tx.put(budget);
    Ok(Value::Record(Record::new()))
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let doing = "Unable to delete budget: {} - the budget doesn't exist. Try creating it first. ";
    let budget = find(tx, input, doing)?;
    tx.remove::<Budget>(&budget.name);
    Ok(Value::Record(Record::new()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::client::{Answer, Client};

    async fn ask(client: &Client, operation: &str, body: Value) -> Answer {
        let mut body = body;
        body["AccountId"] = json!("000000000000");
        let request = client.json_request("budgets", "AWSBudgetServiceGateway", operation, &body);
        client.send(request).await.unwrap()
    }

    fn budget(amount: &str) -> Value {
        json!({ "BudgetName": "all", "BudgetType": "COST", "TimeUnit": "MONTHLY",
            "BudgetLimit": { "Amount": amount, "Unit": "USD" } })
    }

    #[tokio::test(start_paused = true)]
    async fn a_budget_begins_with_its_month_and_keeps_what_an_update_does_not_say() {
        let client = Client::calm();
        assert_eq!(ask(&client, "CreateBudget", json!({ "Budget": budget("1000") })).await.status, 200);
        let shown =
            async || ask(&client, "DescribeBudget", json!({ "BudgetName": "all" })).await.json()["Budget"].clone();
        let first = shown().await;
        assert_eq!(first["BudgetLimit"]["Amount"], "1000.0");
        assert_eq!(first["TimePeriod"]["End"].as_f64(), Some(3_706_473_600.0));
        // The world begins in February of 2026.
        assert_eq!(first["TimePeriod"]["Start"].as_f64(), Some(1_769_904_000.0));
        client.wait(40 * 24 * 3600);
        assert_eq!(ask(&client, "UpdateBudget", json!({ "NewBudget": budget("0.5") })).await.status, 200);
        let second = shown().await;
        assert_eq!((&second["BudgetLimit"]["Amount"], &second["TimePeriod"]), (&json!("0.5"), &first["TimePeriod"]));
        let refused = ask(&client, "CreateBudget", json!({ "Budget": budget("1") })).await;
        assert_eq!(refused.message, "Error creating budget: all - the budget already exists.");
    }
}
