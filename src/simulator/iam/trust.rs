//! Whom a role trusts, as other services find it: they see a role only once it has reached them.

use serde_json::{Map, Value as Json};

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
    let statements = match policy.get("Statement") {
        Some(Json::Array(several)) => several.iter().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    };
    let mut allowed = false;
    for statement in statements.into_iter().filter_map(Json::as_object) {
        let assumes = texts(statement.get("Action")).into_iter().any(|action| like(&action.to_lowercase(), &wanted));
        let principal = match statement.get("Principal") {
            Some(Json::String(any)) => any == "*",
            Some(Json::Object(kinds)) => texts(kinds.get(kind)).into_iter().any(|name| name == "*" || is_it(name)),
            _ => false,
        };
        let holds =
            statement.get("Condition").and_then(Json::as_object).is_none_or(|condition| meets(condition, context));
        if assumes && principal && holds {
            if statement.get("Effect").and_then(Json::as_str) == Some("Deny") {
                return false;
            }
            allowed = true;
        }
    }
    allowed
}

fn texts(value: Option<&Json>) -> Vec<&str> {
    match value {
        Some(Json::String(one)) => vec![one],
        Some(Json::Array(several)) => several.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Whether every condition holds. Operators on dates, numbers and addresses do not: nothing that assumes roles
/// here has such keys.
fn meets(condition: &Map<String, Json>, context: &[(&str, &str)]) -> bool {
    condition.iter().all(|(operator, keys)| {
        let name = operator.to_lowercase();
        let (name, optional) = match name.strip_suffix("ifexists") {
            Some(name) => (name, true),
            None => (name.as_str(), false),
        };
        let Some(keys) = keys.as_object() else { return false };
        keys.iter().all(|(key, wanted)| {
            let given = context.iter().find(|(known, _)| known.eq_ignore_ascii_case(key)).map(|(_, value)| *value);
            let wanted = texts(Some(wanted));
            if name == "null" {
                return wanted.first().is_some_and(|want| (*want == "true") == given.is_none());
            }
            let Some(given) = given else { return optional || name.contains("not") };
            match name {
                "stringequals" => wanted.contains(&given),
                "stringnotequals" => !wanted.contains(&given),
                "stringequalsignorecase" => wanted.iter().any(|want| want.eq_ignore_ascii_case(given)),
                "stringlike" | "arnlike" | "arnequals" => wanted.iter().any(|want| like(want, given)),
                "stringnotlike" | "arnnotlike" | "arnnotequals" => !wanted.iter().any(|want| like(want, given)),
                "bool" => wanted.iter().any(|want| want.eq_ignore_ascii_case(given)),
                _ => false,
            }
        })
    })
}

/// Whether a text fits a pattern with `*` and `?`.
fn like(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut place) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while at < text.len() {
        match pattern.get(place) {
            Some('*') => {
                star = Some((place, at));
                place += 1;
            }
            Some(letter) if *letter == '?' || *letter == text[at] => {
                at += 1;
                place += 1;
            }
            _ => match star {
                Some((back, from)) => {
                    star = Some((back, from + 1));
                    place = back + 1;
                    at = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[place..].iter().all(|letter| *letter == '*')
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
