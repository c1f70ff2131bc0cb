//! Whom a role trusts, as other services find it: they see a role only once it has reached them.

use serde_json::Value as Json;

use super::evaluation::{Context, Verdict, judge_trust};
use super::instance_profile::InstanceProfile;
use super::principal::Asker;
use super::role::Role;
use crate::refusal::Refusal;
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
    /// Whether it does hangs on a condition key that is not known here.
    Unknown(String),
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
    let context = by_itself(tx, service).untold("aws:SourceArn");
    trusting(role(tx, arn)?, service, &context)
}

/// The same for a service that says on behalf of what it asks, by the ARN of that.
///
/// # Errors
/// Why there is none.
pub fn role_on_behalf(tx: &Tx<'_>, arn: &str, service: &str, source: &str) -> Result<Role, Flaw> {
    let context = by_itself(tx, service).with("aws:SourceArn", source);
    trusting(role(tx, arn)?, service, &context)
}

/// What is told of a service that asks by itself: from no address of the caller's.
fn by_itself(tx: &Tx<'_>, service: &str) -> Context {
    Context::default()
        .with("aws:CurrentTime", tx.now().to_string())
        .with("aws:EpochTime", tx.now().as_second().to_string())
        .with("aws:PrincipalIsAWSService", "true")
        .with("aws:PrincipalServiceName", service)
        .with("aws:RequestedRegion", tx.region())
        .with("aws:SecureTransport", "true")
        .with("aws:SourceAccount", tx.account())
}

fn trusting(role: Role, service: &str, context: &Context) -> Result<Role, Flaw> {
    match judged(&role, "sts:AssumeRole", &Asker::service(service), context) {
        Verdict::Allowed => Ok(role),
        Verdict::Unknown(key) => Err(Flaw::Unknown(key)),
        Verdict::NotAllowed | Verdict::Denied => Err(Flaw::Untrusting),
    }
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

/// What a role's trust policy says of who asks for an action of STS's on it.
#[must_use]
pub fn judged(role: &Role, action: &str, asker: &Asker, context: &Context) -> Verdict {
    let Ok(policy) = serde_json::from_str::<Json>(&role.trust) else { return Verdict::NotAllowed };
    let mut context = context.clone();
    for (key, value) in &role.tags {
        context.add(&format!("aws:ResourceTag/{key}"), value);
        context.add(&format!("iam:ResourceTag/{key}"), value);
    }
    judge_trust(&policy, action, asker, &context)
}

/// Enforces the rule that a role is assumed by whom it trusts.
///
/// # Errors
/// The refusal, or "not simulated" where the policy hangs on what is not known here.
pub fn enforce(
    tx: &Tx<'_>,
    rule: &'static str,
    verdict: &Verdict,
    denied: impl FnOnce() -> Refusal,
) -> Result<(), Refusal> {
    match verdict {
        Verdict::Unknown(key) if tx.rule(rule) => Err(unknown(key)),
        verdict => tx.enforce(rule, *verdict == Verdict::Allowed, denied),
    }
}

/// The answer where a trust policy hangs on a condition key that is not known here.
#[must_use]
pub fn unknown(key: &str) -> Refusal {
    Refusal::not_simulated(format!("whether a trust policy with the condition key {key} allows its role to be assumed"))
}

#[cfg(test)]
mod tests {
    use super::super::principal::Part;
    use super::*;

    fn said(policy: &str, action: &str, asker: &Asker, context: &Context) -> Verdict {
        judge_trust(&serde_json::from_str(policy).unwrap(), action, asker, context)
    }

    const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Principal":{"Service":["ec2.amazonaws.com","eks.amazonaws.com"]},"Action":"sts:AssumeRole",
         "Condition":{"StringEquals":{"aws:SourceAccount":"111122223333"},
                      "ArnLike":{"aws:SourceArn":"arn:aws:eks:*:111122223333:cluster/?"}}},
        {"Effect":"Deny","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

    #[test]
    fn a_statement_has_to_name_the_principal_meet_its_conditions_and_not_be_denied() {
        let asks = |service: &str, account: &str, arn: &str| {
            let context = Context::default().with("aws:SourceAccount", account).with("aws:SourceArn", arn);
            said(POLICY, "sts:AssumeRole", &Asker::service(service), &context)
        };
        let arn = "arn:aws:eks:us-east-1:111122223333:cluster/a";
        assert_eq!(asks("eks.amazonaws.com", "111122223333", arn), Verdict::Allowed);
        assert_eq!(asks("eks.amazonaws.com", "999999999999", arn), Verdict::NotAllowed);
        let other = "arn:aws:eks:us-east-1:111122223333:cluster/ab";
        assert_eq!(asks("eks.amazonaws.com", "111122223333", other), Verdict::NotAllowed);
        assert_eq!(asks("rds.amazonaws.com", "111122223333", arn), Verdict::NotAllowed);
        assert_eq!(asks("ec2.amazonaws.com", "111122223333", arn), Verdict::Denied, "an explicit deny wins");
        let untold = Context::default().with("aws:SourceAccount", "111122223333").untold("aws:SourceArn");
        let eks = said(POLICY, "sts:AssumeRole", &Asker::service("eks.amazonaws.com"), &untold);
        assert_eq!(eks, Verdict::Unknown("aws:SourceArn".to_owned()));
    }

    #[test]
    fn not_principal_spares_whom_it_lists_with_role_and_account_and_not_action_denies_the_rest() {
        let session = Asker::of_account(
            "111122223333",
            [
                (Part::Role, vec!["arn:aws:iam::111122223333:role/r".to_owned()]),
                (Part::Itself, vec!["arn:aws:sts::111122223333:assumed-role/r/s".to_owned()]),
            ],
        );
        let asks = |deny: &str, action: &str| {
            let policy = format!(
                r#"{{"Statement":[{{"Effect":"Allow","Principal":{{"AWS":"111122223333"}},"Action":"sts:*"}},{{"Effect":"Deny",{deny}}}]}}"#
            );
            said(&policy, action, &session, &Context::default())
        };
        let all = r#""NotPrincipal":{"AWS":["arn:aws:iam::111122223333:root","arn:aws:iam::111122223333:role/r","arn:aws:sts::111122223333:assumed-role/r/s"]},"Action":"sts:*""#;
        assert_eq!(asks(all, "sts:AssumeRole"), Verdict::Allowed);
        let role = r#""NotPrincipal":{"AWS":"arn:aws:iam::111122223333:role/r"},"Action":"sts:*""#;
        assert_eq!(asks(role, "sts:AssumeRole"), Verdict::Denied);
        let rest = r#""Principal":"*","NotAction":"sts:TagSession""#;
        assert_eq!(asks(rest, "sts:AssumeRole"), Verdict::Denied);
        assert_eq!(asks(rest, "sts:TagSession"), Verdict::Allowed);
    }

    #[test]
    fn claims_of_another_provider_are_absent_and_unread_claims_of_its_own_are_not_decided() {
        let context = Context::default().with("id.example.com:sub", "me");
        let asks = |key: &str| {
            let policy = format!(
                r#"{{"Statement":{{"Effect":"Allow","Principal":{{"Federated":"p"}},"Action":"sts:*","Condition":{{"StringEquals":{{"{key}":"me"}}}}}}}}"#
            );
            said(&policy, "sts:AssumeRoleWithWebIdentity", &Asker::federated("p"), &context)
        };
        assert_eq!(asks("id.example.com:sub"), Verdict::Allowed);
        assert_eq!(asks("other.example.com:sub"), Verdict::NotAllowed);
        assert_eq!(asks("id.example.com:email"), Verdict::Unknown("id.example.com:email".to_owned()));
    }
}
