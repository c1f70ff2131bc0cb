//! Whom a role trusts, as other services find it: they see a role only once it has reached them.

use serde_json::Value as Json;

use super::evaluation::{Context, like, meets, statements, texts};
use super::instance_profile::InstanceProfile;
use super::role::Role;
use crate::rules::Rule;
use crate::world::{Row, Tx};

pub(super) const RULES: &[Rule] = &[Rule::new(
    "iam.propagation",
    "other services see what IAM made some seconds later",
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency",
)];

/// Why a service can't use a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// What was given is no role's ARN.
    Malformed,
    /// There is no such role, or it has not reached the service yet.
    Missing,
    /// The role does not trust the service.
    Untrusting,
}

/// A row of IAM's as another service sees it.
#[must_use]
pub fn reached<'t, T: Row>(tx: &'t Tx<'_>, id: &str) -> Option<&'t T> {
    if tx.rule("iam.propagation") { tx.propagated::<T>(id) } else { tx.get::<T>(id) }
}

/// The role of an ARN of this account that trusts a service, e.g. `eks.amazonaws.com`.
///
/// # Errors
/// Why there is none.
pub fn role_for(tx: &Tx<'_>, arn: &str, service: &str) -> Result<Role, Flaw> {
    let role = role(tx, arn)?;
    let context = [("aws:SourceAccount", tx.account())];
    if trusts(&role.trust, "Service", &|name| name == service, &context) { Ok(role) } else { Err(Flaw::Untrusting) }
}

/// The role of an ARN of this account.
///
/// # Errors
/// Why there is none.
pub fn role(tx: &Tx<'_>, arn: &str) -> Result<Role, Flaw> {
    let name = role_name(arn).ok_or(Flaw::Malformed)?;
    reached::<Role>(tx, &Role::id_of(name)).filter(|role| role.arn == arn).cloned().ok_or(Flaw::Missing)
}

/// The name in a role's ARN; none where it is no role's ARN.
#[must_use]
pub fn role_name(arn: &str) -> Option<&str> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", partition, "iam", "", account, resource] = parts[..] else { return None };
    let sound =
        partition.starts_with("aws") && account.len() == 12 && account.bytes().all(|digit| digit.is_ascii_digit());
    let name = resource.strip_prefix("role/")?.rsplit('/').next()?;
    (sound && !name.is_empty()).then_some(name)
}

/// The instance profile of a name or an ARN, if it has reached other services.
#[must_use]
pub fn instance_profile(tx: &Tx<'_>, name_or_arn: &str) -> Option<InstanceProfile> {
    let name = match name_or_arn.split_once(":instance-profile/") {
        Some((_, path)) => path.rsplit('/').next()?,
        None => name_or_arn,
    };
    let profile = reached::<InstanceProfile>(tx, &name.to_lowercase())?;
    let same = !name_or_arn.contains(':') || profile.arn == name_or_arn;
    same.then(|| profile.clone())
}

/// Whether a trust policy lets a principal assume its role in a context of condition keys.
#[must_use]
pub fn trusts(policy: &str, kind: &str, is_it: &dyn Fn(&str) -> bool, context: &[(&str, &str)]) -> bool {
    trusts_for(policy, "sts:AssumeRole", kind, is_it, context)
}

/// The same for another of STS's actions that assume roles.
#[must_use]
pub fn trusts_for(
    policy: &str,
    action: &str,
    kind: &str,
    is_it: &dyn Fn(&str) -> bool,
    context: &[(&str, &str)],
) -> bool {
    let wanted = action.to_lowercase();
    let Ok(policy) = serde_json::from_str::<Json>(policy) else { return false };
    let context = context.iter().fold(Context::default(), |context, (key, value)| context.with(key, *value));
    let mut allowed = false;
    for statement in statements(&policy) {
        let mut actions = texts(statement.get("Action")).into_iter();
        let assumes = actions.any(|action| like(&action.to_lowercase(), &wanted));
        let principal = match statement.get("Principal") {
            Some(Json::String(any)) => any == "*",
            Some(Json::Object(kinds)) => texts(kinds.get(kind)).iter().any(|name| name == "*" || is_it(name)),
            _ => false,
        };
        let condition = statement.get("Condition").and_then(Json::as_object);
        if assumes && principal && condition.is_none_or(|condition| meets(condition, &context)) {
            if statement.get("Effect").and_then(Json::as_str) == Some("Deny") {
                return false;
            }
            allowed = true;
        }
    }
    allowed
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Principal":{"Service":["ec2.amazonaws.com","eks.amazonaws.com"]},"Action":"sts:AssumeRole",
         "Condition":{"StringEquals":{"aws:SourceAccount":"111122223333"},
                      "ArnLike":{"aws:SourceArn":"arn:aws:eks:*:111122223333:cluster/?"}}},
        {"Effect":"Deny","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

    #[test]
    fn a_statement_has_to_name_the_principal_meet_its_conditions_and_not_be_denied() {
        let asks = |service: &str, account: &str, arn: &str| {
            trusts(
                POLICY,
                "Service",
                &|name| name == service,
                &[("aws:SourceAccount", account), ("aws:SourceArn", arn)],
            )
        };
        let arn = "arn:aws:eks:us-east-1:111122223333:cluster/a";
        assert!(asks("eks.amazonaws.com", "111122223333", arn));
        assert!(!asks("eks.amazonaws.com", "999999999999", arn));
        assert!(!asks("eks.amazonaws.com", "111122223333", "arn:aws:eks:us-east-1:111122223333:cluster/ab"));
        assert!(!asks("rds.amazonaws.com", "111122223333", arn));
        assert!(!asks("ec2.amazonaws.com", "111122223333", arn), "an explicit deny wins");
    }
}
