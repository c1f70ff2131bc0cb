//! STS's actions.
//!
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html>

use super::ask::{Ask, Guard, Told, request_tag, requested};
use crate::iam::caller;
use crate::iam::evaluation::Verdict;
use crate::iam::role::Role;
use crate::iam::trust::{judged, role_name};
use crate::value::Value;
use crate::world::Tx;

/// What needs no permission.
const FREE: &[&str] = &["GetCallerIdentity", "GetSessionToken", "AssumeRoleWithWebIdentity"];

/// A role is asked for with its session's tags, which are a permission of their own.
pub(super) fn asks(tx: &Tx<'_>, operation: &str, input: &Value) -> Vec<Ask> {
    if FREE.contains(&operation) {
        return Vec::new();
    }
    let told = [("RoleSessionName", "sts:RoleSessionName"), ("ExternalId", "sts:ExternalId")];
    let told =
        told.into_iter().filter_map(|(member, key)| Some((key.to_owned(), input.get(member).text()?.to_owned())));
    let transitive = input.get("TransitiveTagKeys");
    let inherited = caller::inherited(tx);
    let mut told: Told = told.chain(requested(input.get("Tags"))).collect();
    told.extend(inherited.iter().flat_map(|(key, value)| request_tag(key, value)));
    let ask = Ask::new(format!("sts:{operation}"), input.get("RoleArn").text().unwrap_or("*")).told(told);
    let tags = !input.get("Tags").list().is_empty() || !transitive.list().is_empty() || !inherited.is_empty();
    let tag = (operation == "AssumeRole" && tags).then(|| Ask { action: "sts:TagSession".to_owned(), ..ask.clone() });
    let guard = |ask: Ask| if is_named(tx, &ask) { ask.guarded(Guard::Open) } else { ask };
    std::iter::once(ask).chain(tag).map(guard).collect()
}

/// Whether a role of this account trusts the caller alone, and not all of the account: then the trust policy is
/// enough. What it hangs on that is not known here is said when the role is assumed.
fn is_named(tx: &Tx<'_>, ask: &Ask) -> bool {
    let role = role_name(&ask.resource).and_then(|name| tx.get::<Role>(&Role::id_of(name)));
    // A session of a role that is gone is nobody's any more.
    let Some(role) = role.filter(|role| role.arn == ask.resource && caller::role(tx).is_some()) else { return false };
    let about = ask.told.iter().fold(caller::context(tx), |about, (key, value)| about.with(key, value));
    let verdict = judged(role, &ask.action, &caller::asker(tx).alone(), &about);
    matches!(verdict, Verdict::Allowed | Verdict::Unknown(_))
}
