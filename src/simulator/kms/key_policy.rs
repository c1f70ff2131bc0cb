//! Key policies: each key has the one called `default`.

use serde_json::{Map, Value as Json, json};

use super::key::{Key, State, find, seen};
use super::paged;
use crate::iam::document;
use crate::iam::evaluation::{self, Context, Verdict, texts};
use crate::identity::role_of_session;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("GetKeyPolicy", get), ("PutKeyPolicy", put), ("ListKeyPolicies", list)];

const PUT: &str = "https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("kms.policy.name", "the only policy is called default", PUT),
    Rule::new("kms.policy.size", "a policy has at most 32,768 characters", PUT),
    Rule::new("kms.policy.document", "a policy follows the grammar, and its principals exist", PUT),
    Rule::new("kms.policy.lockout", "a policy lets its giver change it again", PUT),
];

/// The policy of a key that was given none.
pub(super) fn usual(tx: &Tx<'_>) -> String {
    let root = format!("arn:aws:iam::{}:root", tx.account());
    format!(
        "{{\n  \"Version\" : \"2012-10-17\",\n  \"Id\" : \"key-default-1\",\n  \"Statement\" : [ {{\n    \"Sid\" : \
         \"Enable IAM User Permissions\",\n    \"Effect\" : \"Allow\",\n    \"Principal\" : {{\n      \"AWS\" : \
         \"{root}\"\n    }},\n    \"Action\" : \"kms:*\",\n    \"Resource\" : \"*\"\n  }} ]\n}}"
    )
}

/// The policy of a key that AWS made for one of its services, which an account sees and can't change.
/// <https://docs.aws.amazon.com/kms/latest/developerguide/aws-managed-policies.html>
pub(crate) fn of_service(tx: &Tx<'_>, service: &str) -> String {
    let (account, region) = (tx.account(), tx.region());
    json!({
        "Version": "2012-10-17",
        "Id": format!("auto-{service}-2"),
        "Statement": [
            {
                "Sid": format!("Allow access through {service} for all principals in the account"),
                "Effect": "Allow",
                "Principal": { "AWS": "*" },
                "Action": [
                    "kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant",
                    "kms:DescribeKey",
                ],
                "Resource": "*",
                "Condition": { "StringEquals": {
                    "kms:ViaService": format!("{service}.{region}.amazonaws.com"),
                    "kms:CallerAccount": account,
                } },
            },
            {
                "Sid": "Allow direct access to key metadata to the account",
                "Effect": "Allow",
                "Principal": { "AWS": format!("arn:aws:iam::{account}:root") },
                "Action": ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"],
                "Resource": "*",
            },
        ],
    })
    .to_string()
}

/// A policy that a key may have.
///
/// # Errors
/// `MalformedPolicyDocumentException`.
pub(super) fn checked(tx: &Tx<'_>, text: &str, bypass: bool) -> Result<String, Refusal> {
    tx.enforce("kms.policy.size", text.chars().count() <= 32_768, || {
        Refusal::new("LimitExceededException", "The key policy exceeds the limit of 32768 characters.")
    })?;
    let statements = match document::resource(tx, text) {
        Ok(statements) => statements,
        Err(flaw) => {
            let message = match flaw {
                document::ResourceFlaw::Grammar => "Policy contains a statement that is not valid.",
                document::ResourceFlaw::Principal => "Policy contains a statement with one or more invalid principals.",
            };
            tx.enforce("kms.policy.document", false, || Refusal::new("MalformedPolicyDocumentException", message))?;
            return Ok(text.to_owned());
        }
    };
    let open = bypass || statements.iter().any(|statement| lets_change(tx, statement));
    tx.enforce("kms.policy.lockout", open, || {
        let message = "The new key policy will not allow you to update the key policy in the future.";
        Refusal::new("MalformedPolicyDocumentException", message)
    })?;
    Ok(text.to_owned())
}

/// Whether a statement allows the caller, or its account, to put a policy.
fn lets_change(tx: &Tx<'_>, statement: &Map<String, Json>) -> bool {
    let allows = statement.get("Effect").and_then(Json::as_str) == Some("Allow");
    let acts = texts(statement.get("Action")).iter().any(|action| {
        ["*", "kms:*", "kms:Put*", "kms:PutKeyPolicy"].iter().any(|one| action.eq_ignore_ascii_case(one))
    });
    let root = format!("arn:aws:iam::{}:root", tx.account());
    let principals = match statement.get("Principal") {
        Some(Json::Object(kinds)) => texts(kinds.get("AWS")),
        any => texts(any),
    };
    let caller = &tx.principal().arn;
    // A session of a role counts as the role.
    let role = role_of_session(caller);
    let is_caller = |name: &String| {
        name == "*"
            || *name == root
            || name == tx.account()
            || name == caller
            || role.is_some_and(|role| name.starts_with("arn:aws:iam::") && name.ends_with(&format!("/{role}")))
    };
    allows && acts && principals.iter().any(is_caller)
}

/// Whether the customer's key of an ARN is enabled, and its policy lets a service do all of these with it. What hangs on
/// a condition that is not known here is allowed.
pub fn lets_service(tx: &Tx<'_>, arn: &str, service: &str, actions: &[&str], context: &Context) -> bool {
    let own = super::arn(tx, "key/");
    let Some(key) = arn.strip_prefix(own.as_str()).and_then(|id| tx.get::<Key>(id)) else { return false };
    let Ok(policy) = serde_json::from_str::<Json>(&key.policy) else { return false };
    let named = |principal: Option<&Json>| match principal {
        Some(Json::Object(kinds)) => texts(kinds.get("Service")).iter().any(|name| name == service),
        any => texts(any).iter().any(|name| name == "*"),
    };
    let statements: Vec<Json> = evaluation::statements(&policy)
        .into_iter()
        .filter(|statement| named(statement.get("Principal")))
        .map(|statement| Json::Object(statement.clone()))
        .collect();
    let about = [serde_json::json!({ "Statement": statements })];
    let allowed = |action: &&str| {
        matches!(evaluation::judge(&about, action, arn, context), Verdict::Allowed | Verdict::Unknown(_))
    };
    key.state == State::Enabled && actions.iter().all(allowed)
}

fn default_only(tx: &Tx<'_>, input: &Input<'_>) -> Result<(), Refusal> {
    let name = input.text("PolicyName").unwrap_or("default");
    tx.enforce("kms.policy.name", name == "default", || Refusal::new("NotFoundException", "No such policy exists"))
}

fn get(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    default_only(tx, input)?;
    let key = seen(tx, input.required("KeyId"))?;
    Ok(record! { "Policy" => &key.policy, "PolicyName" => "default" })
}

fn put(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    default_only(tx, input)?;
    let mut key = find(tx, input.required("KeyId"))?;
    key.policy = checked(tx, input.required("Policy"), input.flag("BypassPolicyLockoutSafetyCheck"))?;
    tx.put(key);
    Ok(Value::Record(Record::new()))
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    seen(tx, input.required("KeyId"))?;
    paged(tx, input, "PolicyNames", 100, vec![("default".to_owned(), Value::from("default"))])
}
