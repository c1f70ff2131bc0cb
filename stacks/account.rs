//! What there is once, in the account that pays, which is production's: a budget for staging, what costs are told apart by,
//! and who acts there.

use fathuss_model::aws::policy::{Policy, Principal, Statement};
use fathuss_model::aws::{
    BudgetCostFilter, BudgetNotification, BudgetNotificationType, BudgetsBudget, CeCostAllocationTag, KmsKey, SnsTopic,
    SnsTopicPolicy,
};
use fathuss_model::{Handle, Result, Stack, actions};

use crate::access::{self, Access};
use crate::subscribers::{Endpoint, Subscriber, subscribe};
use crate::{encryption, staging_account};

/// The account that pays, which is production's.
pub const ACCOUNT: &str = "444455556666";
/// What production refers to.
pub static ACCESS: Access = Access::of("account");
/// Billing's region; all else here is in none.
const REGION: &str = "us-east-1";
/// What staging may cost in a month, in US dollars.
const BUDGET: i32 = 1000;
/// The keys of the tags that costs are told apart by.
const COST_TAGS: &[&str] = &["Environment", "Service", "NodeGroup"];
/// Who is told of costs.
const TOLD: &[Subscriber] = &[Subscriber { name: "owners", endpoint: Endpoint::Mail("billing@fathuss.com") }];

/// The stack.
pub fn account(stack: &mut Stack) -> Result<()> {
    stack.place(REGION, ACCOUNT);
    for (key, value) in [("Project", "Fathuss"), ("Environment", "account"), ("ManagedBy", "fathuss")] {
        stack.default_tag(key, value);
    }
    costs(stack);
    access::access(stack, &ACCESS, ACCOUNT, "production");
    Ok(())
}

/// The budget with who is told of it, and the tags that costs are told apart by.
fn costs(stack: &mut Stack) {
    stack.default_tag("Service", "billing");
    let topic = topic(stack);
    subscribe(stack, "billing", &topic, TOLD);

    let above = |percent: i32, of: BudgetNotificationType| {
        BudgetNotification::above_percent(percent, of).subscriber_sns_topic_arns([&topic])
    };
    let staging = BudgetsBudget::dollars_a_month(BUDGET)
        .name("staging")
        .cost_filter([BudgetCostFilter::new("LinkedAccount", [staging_account::ACCOUNT])])
        .notification([above(80, BudgetNotificationType::Forecasted), above(100, BudgetNotificationType::Actual)]);
    stack.add("staging", staging);

    for key in COST_TAGS {
        stack.add(("billing", *key), CeCostAllocationTag::active(key));
    }
}

/// Budgets alone speak here, those of this account; what they say is encrypted:
/// <https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-sns-policy.html>
fn topic(stack: &mut Stack) -> Handle<SnsTopic> {
    let budgets = |statement: Statement| {
        statement
            .by(Principal::service("budgets.amazonaws.com"))
            .when("StringEquals", "aws:SourceAccount", [ACCOUNT])
            .when("ArnLike", "aws:SourceArn", [format!("arn:aws:budgets::{ACCOUNT}:*")])
    };
    let uses = budgets(Statement::allow(actions!["kms:Decrypt", "kms:GenerateDataKey*"]).sid("Budgets").on("*"));
    let key =
        KmsKey::new().description("What budgets say").policy(Policy::new([encryption::left_to_iam(ACCOUNT), uses]));
    let key = encryption::key(stack, "account", "billing", key, false);
    let topic = SnsTopic::new().display_name("Fathuss: costs").kms_master_key_id(&key);
    let topic = stack.add("billing", topic);
    let publishes = budgets(Statement::allow(actions!["sns:Publish"]).sid("Budgets").on(topic.arn()));
    stack.add("billing", SnsTopicPolicy::new(&topic, Policy::new([publishes])));
    topic
}

#[cfg(test)]
mod tests {
    use fathuss_model::graph::Graph;
    use fathuss_model::graph_of;

    use crate::inspection::{literal, node, nodes, refers_to, value};

    fn graph() -> Graph {
        graph_of("account", super::account).unwrap_or_else(|findings| panic!("{findings:#?}"))
    }

    #[test]
    fn staging_s_budget_tells_at_80_percent_foreseen_and_at_100_spent() {
        let graph = graph();
        let budget = node(&graph, "aws_budgets_budget", "staging");
        assert_eq!(literal(budget, "limit_amount"), Some("1000".into()));
        let told = value(budget, "notification").unwrap().to_string();
        assert!(told.contains(r#""notification_type":"FORECASTED""#) && told.contains(r#""threshold":"80""#), "{told}");
        assert!(told.contains(r#""notification_type":"ACTUAL""#) && told.contains(r#""threshold":"100""#), "{told}");
        assert!(refers_to(budget, "notification").iter().all(|topic| topic == "aws_sns_topic.billing"));
        let filter = value(budget, "cost_filter").unwrap().to_string();
        assert!(filter.contains("LinkedAccount") && filter.contains("111122223333"), "{filter}");
    }

    #[test]
    fn costs_are_told_apart_by_three_tags() {
        let graph = graph();
        let keys: Vec<String> = nodes(&graph, "aws_ce_cost_allocation_tag")
            .iter()
            .map(|node| literal(node, "tag_key").unwrap().as_str().unwrap().to_owned())
            .collect();
        assert_eq!(keys, ["Environment", "Service", "NodeGroup"]);
    }

    #[test]
    fn budgets_alone_speak_and_use_the_key_of_what_they_say() {
        let graph = graph();
        assert_eq!(refers_to(node(&graph, "aws_sns_topic", "billing"), "kms_master_key_id"), ["aws_kms_key.billing"]);
        let only = [
            r#""ArnLike":{"aws:SourceArn":"arn:aws:budgets::444455556666:*"}"#,
            r#""StringEquals":{"aws:SourceAccount":"444455556666"}"#,
        ];
        for (kind, allowed) in [("aws_sns_topic_policy", 1), ("aws_kms_key", 2)] {
            let policy = value(node(&graph, kind, "billing"), "policy").unwrap();
            let policy = policy.as_str().unwrap();
            assert_eq!(policy.matches("Allow").count(), allowed, "{policy}");
            let budgets = policy.split(r#"{"Sid":"#).find(|one| one.contains("budgets.amazonaws.com")).unwrap();
            assert!(only.iter().all(|condition| budgets.contains(condition)), "{budgets}");
        }
    }
}
