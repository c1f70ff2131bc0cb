//! The policy of a topic: who but its owner may publish and subscribe.

use serde_json::{Map, Value as Json, json};

use super::invalid;
use super::topic::{Topic, find};
use crate::iam::document;
use crate::iam::evaluation::texts;
use crate::input::Input;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[("AddPermission", add), ("RemovePermission", remove)];

const ACTIONS_PAGE: &str =
    "https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "sns.policy.document",
        "a policy follows the grammar, and its principals exist",
        "https://docs.aws.amazon.com/sns/latest/dg/sns-using-identity-based-policies.html",
    ),
    Rule::new("sns.policy.action", "a policy's actions are those that a topic has", ACTIONS_PAGE),
    Rule::new("sns.policy.resource", "a policy's resource is the topic", ACTIONS_PAGE),
    Rule::new(
        "sns.policy.label",
        "each statement that is added has a label of its own",
        "https://docs.aws.amazon.com/sns/latest/api/API_AddPermission.html",
    ),
];

/// The actions that a topic's policy can speak of.
const ACTIONS: &[&str] = &[
    "AddPermission",
    "DeleteTopic",
    "GetDataProtectionPolicy",
    "GetTopicAttributes",
    "ListSubscriptionsByTopic",
    "ListTagsForResource",
    "Publish",
    "PutDataProtectionPolicy",
    "Receive",
    "RemovePermission",
    "SetTopicAttributes",
    "Subscribe",
];

/// The policy of a topic that was given none: its account may do everything.
pub(super) fn usual(tx: &Tx<'_>, topic: &Topic) -> String {
    json!({
        "Version": "2008-10-17",
        "Id": "__default_policy_ID",
        "Statement": [{
            "Sid": "__default_statement_ID",
            "Effect": "Allow",
            "Principal": { "AWS": "*" },
            "Action": [
                "SNS:GetTopicAttributes", "SNS:SetTopicAttributes", "SNS:AddPermission", "SNS:RemovePermission",
                "SNS:DeleteTopic", "SNS:Subscribe", "SNS:ListSubscriptionsByTopic", "SNS:Publish",
            ],
            "Resource": topic.arn(tx),
            "Condition": { "StringEquals": { "AWS:SourceOwner": tx.account() } },
        }],
    })
    .to_string()
}

/// A policy that a topic may have. Nothing gives it the usual one again.
///
/// # Errors
/// When it is none.
pub(super) fn checked(tx: &Tx<'_>, topic: &Topic, text: &str) -> Result<String, Refusal> {
    if text.is_empty() {
        return Ok(String::new());
    }
    let statements = match document::resource(tx, text) {
        Ok(statements) => statements,
        Err(flaw) => {
            let why = match flaw {
                // <https://github.com/hashicorp/terraform-provider-aws/issues/26041> and
                // <https://github.com/serverless/serverless/issues/5519> have the words.
                document::ResourceFlaw::Principal => "Policy Error: PrincipalNotFound",
                document::ResourceFlaw::Grammar => "Policy Error: null",
            };
            tx.enforce("sns.policy.document", false, || invalid(why))?;
            return Ok(text.to_owned());
        }
    };
    let arn = topic.arn(tx);
    for statement in &statements {
        for action in texts(statement.get("Action").or_else(|| statement.get("NotAction"))) {
            tx.enforce("sns.policy.action", is_action(&action), out_of_scope)?;
        }
        for resource in texts(statement.get("Resource").or_else(|| statement.get("NotResource"))) {
            // No source has the words.
            tx.enforce("sns.policy.resource", resource == arn, || {
                invalid("Policy statement resource out of service scope!")
            })?;
        }
    }
    Ok(text.to_owned())
}

fn out_of_scope() -> Refusal {
    invalid("Policy statement action out of service scope!")
}

/// Whether an action is one of a topic's; a wildcard for all would be for those that a topic has not.
fn is_action(action: &str) -> bool {
    let of_sns = action.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("sns:"));
    let name = action.get(4..).unwrap_or_default();
    of_sns && ACTIONS.iter().any(|known| known.eq_ignore_ascii_case(name) || begins(known, name))
}

/// Whether a pattern with a `*` at its end is the beginning of a name.
fn begins(name: &str, pattern: &str) -> bool {
    let start = pattern.strip_suffix('*').filter(|start| !start.is_empty());
    start.and_then(|start| name.get(..start.len()).map(|of_name| of_name.eq_ignore_ascii_case(start))) == Some(true)
}

/// The policy in force, to be changed.
fn in_force(tx: &Tx<'_>, topic: &Topic) -> Map<String, Json> {
    let text = topic.attribute("Policy").map_or_else(|| usual(tx, topic), str::to_owned);
    serde_json::from_str(&text).unwrap_or_default()
}

fn statements(policy: &Map<String, Json>) -> Vec<Json> {
    match policy.get("Statement") {
        Some(Json::Array(several)) => several.clone(),
        Some(one) => vec![one.clone()],
        None => Vec::new(),
    }
}

fn store(tx: &mut Tx<'_>, mut topic: Topic, mut policy: Map<String, Json>, statements: Vec<Json>) {
    policy.insert("Statement".to_owned(), Json::Array(statements));
    topic.attributes.insert("Policy".to_owned(), Json::Object(policy).to_string());
    tx.put(topic);
}

fn add(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let topic = find(tx, input, "TopicArn")?;
    let label = input.required("Label");
    let policy = in_force(tx, &topic);
    let mut statements = statements(&policy);
    let taken = statements.iter().any(|one| one.get("Sid").and_then(Json::as_str) == Some(label));
    tx.enforce("sns.policy.label", !taken, || invalid("Statement already exists"))?;
    let mut actions = Vec::new();
    for action in input.texts("ActionName") {
        tx.enforce("sns.policy.action", ACTIONS.contains(&action), out_of_scope)?;
        actions.push(format!("SNS:{action}"));
    }
    let mut principals = Vec::new();
    for account in input.texts("AWSAccountId") {
        let sound = account.len() == 12 && account.bytes().all(|digit| digit.is_ascii_digit());
        tx.enforce("sns.policy.document", sound, || invalid("Policy Error: PrincipalNotFound"))?;
        principals.push(format!("arn:aws:iam::{account}:root"));
    }
    statements.push(json!({
        "Sid": label,
        "Effect": "Allow",
        "Principal": { "AWS": one_or_several(principals) },
        "Action": one_or_several(actions),
        "Resource": topic.arn(tx),
    }));
    store(tx, topic, policy, statements);
    Ok(Value::Record(Record::new()))
}

/// A list of one is written as that one.
fn one_or_several(mut texts: Vec<String>) -> Json {
    match (texts.len(), texts.pop()) {
        (1, Some(one)) => Json::from(one),
        (_, last) => Json::from(texts.into_iter().chain(last).collect::<Vec<_>>()),
    }
}

/// A label that no statement has removes none.
fn remove(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let topic = find(tx, input, "TopicArn")?;
    let label = input.required("Label");
    let policy = in_force(tx, &topic);
    let mut statements = statements(&policy);
    statements.retain(|one| one.get("Sid").and_then(Json::as_str) != Some(label));
    store(tx, topic, policy, statements);
    Ok(Value::Record(Record::new()))
}
