//! The policy of a secret: who may do what with it, beside what their own policies say.

use serde_json::{Map, Value as Json};

use super::secret::{alive, find, seen};
use crate::iam::document::{self, ResourceFlaw};
use crate::iam::evaluation::texts;
use crate::input::Input;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("PutResourcePolicy", put), ("GetResourcePolicy", get), ("DeleteResourcePolicy", delete)];

const PUT: &str = "https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutResourcePolicy.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("secretsmanager.policy.document", "a policy follows the grammar, and its principals exist", PUT),
    Rule::new("secretsmanager.policy.public", "a public policy is refused where that is asked for", PUT),
];

fn put(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut secret = find(tx, input)?;
    alive(tx, &secret)?;
    let text = input.required("ResourcePolicy");
    let statements = match document::resource(tx, text) {
        Ok(statements) => statements,
        Err(flaw) => {
            tx.enforce("secretsmanager.policy.document", false, || {
                let message = match flaw {
                    ResourceFlaw::Grammar => "This resource policy contains a syntax error.",
                    ResourceFlaw::Principal => "This resource policy contains an unsupported principal.",
                };
                Refusal::new("MalformedPolicyDocumentException", message)
            })?;
            Vec::new()
        }
    };
    let public = input.flag("BlockPublicPolicy") && statements.iter().any(is_public);
    // The error's page has no more than this.
    tx.enforce("secretsmanager.policy.public", !public, || {
        let message = "The BlockPublicPolicy parameter is set to true, and the resource policy did not prevent broad \
                       access to the secret.";
        Refusal::new("PublicPolicyException", message)
    })?;
    secret.policy = Some(text.to_owned());
    secret.changed = tx.now();
    tx.put(secret.clone());
    Ok(Value::Record(secret.named()))
}

/// Whether a statement allows everyone something, on no condition.
fn is_public(statement: &Map<String, Json>) -> bool {
    let everyone = match statement.get("Principal") {
        Some(Json::Object(kinds)) => texts(kinds.get("AWS")).iter().any(|name| name == "*"),
        any => texts(any).iter().any(|name| name == "*"),
    };
    everyone && statement.get("Effect").and_then(Json::as_str) == Some("Allow") && !statement.contains_key("Condition")
}

fn get(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let secret = seen(tx, input.required("SecretId"))?;
    alive(tx, &secret)?;
    Ok(secret.with(&[("ResourcePolicy", secret.policy.clone().into())]))
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut secret = find(tx, input)?;
    alive(tx, &secret)?;
    secret.policy = None;
    secret.changed = tx.now();
    tx.put(secret.clone());
    Ok(Value::Record(secret.named()))
}
