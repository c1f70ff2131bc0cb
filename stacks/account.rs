//! What there is once, in the account that pays: a budget for staging, what costs are told apart by, and who CI acts as.

use fathuss_model::aws::policy::{Policy, Principal, Statement};
use fathuss_model::aws::{
    BudgetCostFilter, BudgetNotification, BudgetNotificationType, BudgetsBudget, CeCostAllocationTag,
    IamOpenidConnectProvider, IamPolicy, IamRole, IamRolePolicyAttachment, SnsTopic, SnsTopicPolicy,
};
use fathuss_model::{Handle, IntoArn, Result, Stack, actions};

/// The account that pays, which is production's.
const ACCOUNT: &str = "444455556666";
/// Billing's region; all else here is in none.
const REGION: &str = "us-east-1";
/// The account whose costs the budget is about.
const STAGING: &str = "111122223333";
/// What staging may cost in a month, in US dollars.
const BUDGET: i32 = 1000;
/// The keys of the tags that costs are told apart by.
const COST_TAGS: &[&str] = &["Environment", "Service", "NodeGroup"];
/// The repository that CI works for.
const REPOSITORY: &str = "fathuss/fathuss";
/// Who says for GitHub which workflow asks: <https://docs.github.com/en/actions/reference/security/oidc>.
const ISSUER: &str = "token.actions.githubusercontent.com";

/// The stack.
pub fn account(stack: &mut Stack) -> Result<()> {
    stack.place(REGION, ACCOUNT);
    for (key, value) in [("Project", "Fathuss"), ("Environment", "account"), ("ManagedBy", "fathuss")] {
        stack.default_tag(key, value);
    }
    costs(stack);
    ci(stack);
    Ok(())
}

/// The budget with who is told of it, and the tags that costs are told apart by.
fn costs(stack: &mut Stack) {
    stack.default_tag("Service", "billing");
    let topic = stack.add("billing", SnsTopic::new().display_name("Fathuss: costs"));
    let told = Statement::allow(actions!["SNS:Publish"])
        .by(Principal::service("budgets.amazonaws.com"))
        .on(topic.arn())
        .when("StringEquals", "aws:SourceAccount", [ACCOUNT]);
    stack.add("billing", SnsTopicPolicy::new(&topic, Policy::new([told])));

    let above = |percent: i32, of: BudgetNotificationType| {
        BudgetNotification::above_percent(percent, of).subscriber_sns_topic_arns([&topic])
    };
    let staging = BudgetsBudget::dollars_a_month(BUDGET)
        .name("staging")
        .cost_filter([BudgetCostFilter::new("LinkedAccount", [STAGING])])
        .notification([above(80, BudgetNotificationType::Forecasted), above(100, BudgetNotificationType::Actual)]);
    stack.add("staging", staging);

    for key in COST_TAGS {
        stack.add(("billing", *key), CeCostAllocationTag::active(key));
    }
}

/// The roles of CI: what only plans can change nothing, and what applies is bound to the environment that people
/// approve deployments to.
fn ci(stack: &mut Stack) {
    stack.default_tag("Service", "ci");
    let issuer = IamOpenidConnectProvider::new(format!("https://{ISSUER}"), ["sts.amazonaws.com"]);
    let issuer = stack.add("github", issuer);

    let plan = role(stack, &issuer, "plan", "pull_request");
    attach(stack, "plan", &plan, IamPolicy::of_aws("ReadOnlyAccess"));

    let deploy = role(stack, &issuer, "deploy", "environment:production");
    attach(stack, "deploy", &deploy, IamPolicy::of_aws("PowerUserAccess"));
    let roles = stack.add("deploy", IamPolicy::new(keeps_roles()));
    stack.add(("deploy", "roles"), IamRolePolicyAttachment::new(&deploy, &roles));
}

/// A role that workflows of the repository take for one purpose.
fn role(stack: &mut Stack, issuer: &Handle<IamOpenidConnectProvider>, name: &str, subject: &str) -> Handle<IamRole> {
    let trust = Statement::allow(actions!["sts:AssumeRoleWithWebIdentity"])
        .by(Principal::federated(issuer))
        .when("StringEquals", format!("{ISSUER}:aud"), ["sts.amazonaws.com"])
        .when("StringEquals", format!("{ISSUER}:sub"), [format!("repo:{REPOSITORY}:{subject}")]);
    let role = IamRole::new(Policy::new([trust])).name(format!("fathuss-{name}"));
    stack.add(name, role.description(format!("GitHub Actions of {REPOSITORY}: {subject}")))
}

fn attach(stack: &mut Stack, name: &str, role: &Handle<IamRole>, policy: impl IntoArn<IamPolicy>) {
    stack.add(name, IamRolePolicyAttachment::new(role, policy));
}

/// What the stacks make in IAM, which power users may not touch.
fn keeps_roles() -> Policy {
    let own = |kind: &str| format!("arn:aws:iam::{ACCOUNT}:{kind}/*");
    Policy::new([
        Statement::allow(actions![
            "iam:AttachRolePolicy",
            "iam:CreateRole",
            "iam:DeleteRole",
            "iam:DeleteRolePermissionsBoundary",
            "iam:DeleteRolePolicy",
            "iam:DetachRolePolicy",
            "iam:PassRole",
            "iam:PutRolePermissionsBoundary",
            "iam:PutRolePolicy",
            "iam:TagRole",
            "iam:UntagRole",
            "iam:UpdateAssumeRolePolicy",
            "iam:UpdateRole",
            "iam:UpdateRoleDescription",
        ])
        .on(own("role")),
        Statement::allow(actions![
            "iam:CreatePolicy",
            "iam:CreatePolicyVersion",
            "iam:DeletePolicy",
            "iam:DeletePolicyVersion",
            "iam:TagPolicy",
            "iam:UntagPolicy",
        ])
        .on(own("policy")),
        Statement::allow(actions![
            "iam:AddRoleToInstanceProfile",
            "iam:CreateInstanceProfile",
            "iam:DeleteInstanceProfile",
            "iam:RemoveRoleFromInstanceProfile",
            "iam:TagInstanceProfile",
            "iam:UntagInstanceProfile",
        ])
        .on(own("instance-profile")),
        Statement::allow(actions![
            "iam:AddClientIDToOpenIDConnectProvider",
            "iam:CreateOpenIDConnectProvider",
            "iam:DeleteOpenIDConnectProvider",
            "iam:RemoveClientIDFromOpenIDConnectProvider",
            "iam:TagOpenIDConnectProvider",
            "iam:UntagOpenIDConnectProvider",
            "iam:UpdateOpenIDConnectProviderThumbprint",
        ])
        .on(own("oidc-provider")),
        Statement::allow(actions!["iam:Get*", "iam:List*"]).on("*"),
    ])
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
    fn what_plans_may_read_alone_and_each_role_is_bound_to_one_subject() {
        let graph = graph();
        let plan = node(&graph, "aws_iam_role_policy_attachment", "plan");
        assert_eq!(literal(plan, "policy_arn"), Some("arn:aws:iam::aws:policy/ReadOnlyAccess".into()));
        for (name, subject) in
            [("plan", "repo:fathuss/fathuss:pull_request"), ("deploy", "repo:fathuss/fathuss:environment:production")]
        {
            let trust = value(node(&graph, "aws_iam_role", name), "assume_role_policy").unwrap();
            let trust = trust.as_str().unwrap();
            assert!(trust.contains(&format!(r#""token.actions.githubusercontent.com:sub":"{subject}""#)), "{trust}");
            assert!(trust.contains(r#""token.actions.githubusercontent.com:aud":"sts.amazonaws.com""#), "{trust}");
            assert!(!trust.contains('*'), "{trust}");
        }
    }

    #[test]
    fn nothing_may_be_done_in_iam_beyond_the_account_s_own() {
        let graph = graph();
        let policy = value(node(&graph, "aws_iam_policy", "deploy"), "policy").unwrap();
        let policy: String = policy.as_str().unwrap().to_owned();
        assert!(!policy.contains(r#""iam:*""#) && policy.contains("arn:aws:iam::444455556666:role/*"), "{policy}");
    }
}
