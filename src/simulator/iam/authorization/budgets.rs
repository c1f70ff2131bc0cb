//! Budgets' actions: what looks at a budget or changes it has one action each, whatever the operation.
//!
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsbudgetservice.html>

use super::ask::{Ask, held, pairs, requested};
use crate::budgets::budget::Budget;
use crate::value::Value;
use crate::world::Tx;

pub(super) fn asks(tx: &Tx<'_>, operation: &str, input: &Value) -> Vec<Ask> {
    let text = |member: &str| input.get(member).text();
    let action = match operation {
        "ListTagsForResource" | "TagResource" | "UntagResource" => operation,
        name if name.starts_with("Describe") => "ViewBudget",
        _ => "ModifyBudget",
    };
    let named =
        input.get("Budget").get("BudgetName").text().or_else(|| input.get("NewBudget").get("BudgetName").text());
    let name = text("BudgetName").or(named);
    let arn = match (text("ResourceARN"), name) {
        (Some(arn), _) => arn.to_owned(),
        (None, Some(name)) => format!("arn:aws:budgets::{}:budget/{name}", tx.account()),
        (None, None) => format!("arn:aws:budgets::{}:budget/*", tx.account()),
    };
    let budget = arn.split_once(":budget/").and_then(|(_, name)| tx.get::<Budget>(name));
    let tags = budget.map(|budget| held(pairs(&budget.tags))).unwrap_or_default();
    let given = match operation {
        "UntagResource" => requested(input.get("ResourceTagKeys")),
        _ => requested(input.get("ResourceTags")),
    };
    let ask = Ask::new(format!("budgets:{action}"), arn).told(tags).told(given.clone());
    let tag = Ask { action: "budgets:TagResource".to_owned(), ..ask.clone() };
    let tags_too = operation == "CreateBudget" && !given.is_empty();
    std::iter::once(ask).chain(tags_too.then_some(tag)).collect()
}
