//! `aws_budgets_budget`: <https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-managing-costs.html>

use super::SnsTopic;
use super::form;
use crate::check::{Findings, Part, View};
use crate::{Arn, Computed, Decimal, Id, Tags, Value, words};

words! {
    /// What a budget is of.
    pub enum BudgetType {
        /// Money.
        Cost = "COST",
        /// What is used, in its own unit.
        Usage = "USAGE",
    }
}

words! {
    /// After which time a budget begins anew.
    pub enum BudgetTimeUnit {
        /// A day.
        Daily = "DAILY",
        /// A month.
        Monthly = "MONTHLY",
        /// A quarter of a year.
        Quarterly = "QUARTERLY",
        /// A year.
        Annually = "ANNUALLY",
    }
}

words! {
    /// How what is compared lies to a threshold when something is told.
    pub enum BudgetComparison {
        /// Above it.
        GreaterThan = "GREATER_THAN",
        /// Below it.
        LessThan = "LESS_THAN",
        /// On it.
        EqualTo = "EQUAL_TO",
    }
}

words! {
    /// What a threshold is given in.
    pub enum BudgetThresholdType {
        /// In hundredths of the limit.
        Percentage = "PERCENTAGE",
        /// In the limit's unit.
        AbsoluteValue = "ABSOLUTE_VALUE",
    }
}

words! {
    /// What is compared with a threshold.
    pub enum BudgetNotificationType {
        /// What is spent.
        Actual = "ACTUAL",
        /// What will be at the end.
        Forecasted = "FORECASTED",
    }
}

/// A limit on what may be spent, and who is told when it is or will be reached. It stops nothing.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// let above = |percent: i32, of: BudgetNotificationType| {
///     BudgetNotification::above_percent(percent, of).subscriber_email_addresses(["billing@shop.test"])
/// };
/// let budget = BudgetsBudget::dollars_a_month(500)
///     .cost_filter([BudgetCostFilter::new("Region", ["us-east-1"])])
///     .notification([
///         above(80, BudgetNotificationType::Forecasted),
///         above(100, BudgetNotificationType::Actual),
///     ]);
/// stack.add("monthly", budget);
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_budgets_budget",
    service = "budgets",
    creation = Name,
    create_seconds = 1,
    delete_seconds = 1,
    check = check
)]
pub struct BudgetsBudget {
    /// The name, unique in the account.
    #[field(
        replace,
        computed,
        named,
        min_length = 1,
        max_length = 100,
        pattern = r"[^:\\]+",
        pattern_words = "all is taken but : and \\"
    )]
    name: Option<Value<String>>,
    /// What it is of.
    budget_type: Value<BudgetType>,
    /// The limit.
    limit_amount: Value<Decimal>,
    /// Its unit: `USD` for costs.
    #[field(min_length = 1)]
    limit_unit: Value<String>,
    /// After which time it begins anew.
    time_unit: Value<BudgetTimeUnit>,
    /// What it is about; everything where nothing is given.
    #[field(set)]
    cost_filter: Option<Value<Vec<BudgetCostFilter>>>,
    /// When whom is told something.
    #[field(set, max_length = 10)]
    notification: Option<Value<Vec<BudgetNotification>>>,
    /// Tags.
    tags: Option<Value<Tags>>,
    /// The account and the name, with `:` between them.
    id: Computed<Id<BudgetsBudget>>,
    /// The ARN.
    arn: Computed<Arn<BudgetsBudget>>,
}

/// What a budget is about.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct BudgetCostFilter {
    /// What is looked at: `LinkedAccount`, `Service`, `Region`, `TagKeyValue` and so on.
    #[field(form = form::COST_FILTER)]
    name: Value<String>,
    /// What it may be; a tag is `user:KEY$VALUE`.
    #[field(set, min_length = 1)]
    values: Value<Vec<String>>,
}

/// When whom is told something.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct BudgetNotification {
    /// How what is compared lies to the threshold then.
    comparison_operator: Value<BudgetComparison>,
    /// The threshold.
    threshold: Value<Decimal>,
    /// What it is given in.
    threshold_type: Value<BudgetThresholdType>,
    /// What is compared with it.
    notification_type: Value<BudgetNotificationType>,
    /// Who is told by mail.
    #[field(set, max_length = 10, pattern = r"[^@\s]+@[^@\s]+\.[^@\s]+", pattern_words = "an address is name@host")]
    subscriber_email_addresses: Option<Value<Vec<String>>>,
    /// The topic that is told.
    #[field(set, max_length = 1, holds = Free)]
    subscriber_sns_topic_arns: Option<Value<Vec<Arn<SnsTopic>>>>,
}

impl BudgetNotification {
    /// Above so many hundredths of the limit, spent or foreseen.
    #[must_use]
    pub fn above_percent(percent: i32, of: BudgetNotificationType) -> Self {
        Self::new(BudgetComparison::GreaterThan, percent, BudgetThresholdType::Percentage, of)
    }
}

impl BudgetsBudget {
    /// So many US dollars a month.
    #[must_use]
    pub fn dollars_a_month(dollars: i32) -> Self {
        Self::new(BudgetType::Cost, dollars, "USD", BudgetTimeUnit::Monthly)
    }
}

fn check(budget: &View<'_>, findings: &mut Findings<'_>) {
    if budget.text("name").is_some_and(|name| name.contains("/action/")) {
        findings.refuse("a budget's name has no `/action/` in it");
    }
    if budget.text("budget_type") == Some("COST") && budget.text("limit_unit").is_some_and(|unit| unit != "USD") {
        findings.refuse("a budget of costs is in `USD`");
    }
    if budget.text("limit_amount").and_then(|text| text.parse::<f64>().ok()).is_some_and(|amount| amount <= 0.0) {
        findings.refuse("`limit_amount` is more than nought");
    }
    let daily = budget.text("time_unit") == Some("DAILY");
    let mut known = Vec::new();
    for notification in budget.part("notification").map(Part::items).unwrap_or_default() {
        let is = ["notification_type", "comparison_operator", "threshold_type"].map(|field| notification.text(field));
        let threshold = notification.text("threshold").and_then(|text| text.parse::<f64>().ok());
        if threshold.is_some() && is.iter().all(Option::is_some) {
            if known.contains(&(is, threshold)) {
                findings.refuse("two notifications are the same: give one all who are told");
            }
            known.push((is, threshold));
        }
        if daily && is[0] == Some("FORECASTED") {
            findings.refuse("a daily budget foresees nothing: its notifications are `ACTUAL`");
        }
        let told = ["subscriber_email_addresses", "subscriber_sns_topic_arns"];
        if !told.iter().any(|name| notification.at(name).is_some()) {
            findings.refuse(
                "a notification tells somebody: give `subscriber_email_addresses` or `subscriber_sns_topic_arns`",
            );
        }
    }
}
