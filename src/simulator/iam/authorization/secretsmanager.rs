//! Secrets Manager's actions: each operation's own, on the secret.
//!
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html>

use super::ask::{Ask, Guard, Shown, account_of, held, pairs, requested};
use crate::secretsmanager::secret::Secret;
use crate::value::Value;
use crate::world::Tx;

/// What is asked for on no secret.
const GENERAL: &[&str] = &["GetRandomPassword", "ListSecrets"];

/// The account of the secret that a request names by its ARN.
pub(super) fn owner(input: &Value) -> Option<&str> {
    account_of(input.get("SecretId").text()?)
}

pub(super) fn asks(tx: &Tx<'_>, operation: &str, input: &Value) -> Vec<Ask> {
    let text = |member: &str| input.get(member).text();
    let flag = |member: &str| match input.get(member) {
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    };
    let days = match input.get("RecoveryWindowInDays") {
        Value::Integer(days) => Some(days.to_string()),
        _ => None,
    };
    let action = format!("secretsmanager:{operation}");
    if GENERAL.contains(&operation) {
        return vec![Ask::new(action, "*").shown(Shown::Nothing)];
    }
    let given = requested(input.get(if operation == "UntagResource" { "TagKeys" } else { "Tags" }));
    let head = format!("arn:aws:secretsmanager:{}:{}:secret:", tx.region(), tx.account());
    if operation == "CreateSecret" {
        let name = text("Name").unwrap_or_default();
        // The six characters of chance are not known yet.
        let create = Ask::new(action, format!("{head}{name}-??????"))
            .told(given.clone())
            .with("secretsmanager:Name", text("Name"))
            .with("secretsmanager:Description", text("Description"))
            .with("secretsmanager:KmsKeyId", text("KmsKeyId"))
            .shown(Shown::Given(name.to_owned()));
        let tag = Ask { action: "secretsmanager:TagResource".to_owned(), ..create.clone() };
        return std::iter::once(create).chain((!given.is_empty()).then_some(tag)).collect();
    }
    let id = text("SecretId").unwrap_or_default();
    let secret = found(tx, &head, id);
    let arn = match secret {
        Some(secret) => secret.arn.clone(),
        None if id.starts_with("arn:") => id.to_owned(),
        None => format!("{head}{id}"),
    };
    let tags = secret.map(|secret| held(pairs(&secret.tags))).unwrap_or_default();
    let own = secret.into_iter().flat_map(|secret| &secret.tags);
    let own: Vec<_> = own.map(|(key, value)| (format!("secretsmanager:ResourceTag/{key}"), value.clone())).collect();
    // The condition keys are told of what the request says, not of what it means:
    // <https://github.com/aws/aws-cli/issues/5031>.
    let ask = Ask::new(action, &arn)
        .owned(tx.account())
        .guarded(Guard::Policy(secret.and_then(|secret| secret.policy.clone())))
        .shown(Shown::Given(id.to_owned()))
        .told(tags)
        .told(own)
        .told(given)
        .with("secretsmanager:SecretId", Some(&arn))
        .with("secretsmanager:Description", text("Description"))
        .with("secretsmanager:KmsKeyId", text("KmsKeyId"))
        .with("secretsmanager:VersionId", text("VersionId"))
        .with("secretsmanager:VersionStage", text("VersionStage"))
        .with("secretsmanager:RecoveryWindowInDays", days.as_deref())
        .with("secretsmanager:ForceDeleteWithoutRecovery", flag("ForceDeleteWithoutRecovery").as_deref())
        .with("secretsmanager:BlockPublicPolicy", flag("BlockPublicPolicy").as_deref());
    vec![ask]
}

/// The secret of a name, an ARN, or an ARN without the characters of chance.
fn found<'t>(tx: &'t Tx<'_>, head: &str, id: &str) -> Option<&'t Secret> {
    let name = id.strip_prefix(head).unwrap_or(id);
    let bare = name.rsplit_once('-').map_or(name, |(bare, _)| bare);
    tx.get::<Secret>(bare).filter(|secret| secret.arn == id).or_else(|| tx.get::<Secret>(name))
}
