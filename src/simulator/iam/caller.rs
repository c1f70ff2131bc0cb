//! Who calls, as policies know it: the role behind a session, its tags, and what conditions are told of a request.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::evaluation::Context;
use super::principal::{Asker, Part};
use super::role::Role;
use super::trust::reached;
use crate::identity::Credential;
use crate::world::Tx;

/// Who calls, as far as it decides by which policies they are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Somebody who is not known: of what is simulated, only that may be asked which needs no permission.
    Nobody,
    /// A key of the configuration, or credentials that one got for itself: its account's administrator.
    Administrator,
    /// A session of a role.
    Session,
}

/// Who calls.
#[must_use]
pub fn kind(tx: &Tx<'_>) -> Kind {
    let key = &tx.principal().access_key;
    if key.is_empty() {
        Kind::Nobody
    } else if tx.get::<Credential>(key).is_some() && role_name(tx).is_some() {
        Kind::Session
    } else {
        Kind::Administrator
    }
}

/// Whether the caller is the root user of its account.
#[must_use]
pub fn is_root(tx: &Tx<'_>) -> bool {
    tx.principal().arn.ends_with(":root")
}

/// The name of the role of which the caller is a session.
#[must_use]
pub fn role_name<'t>(tx: &'t Tx<'_>) -> Option<&'t str> {
    let (_, rest) = tx.principal().arn.split_once(":assumed-role/")?;
    rest.split('/').next()
}

/// The role of which the caller is a session, if it is still there.
#[must_use]
pub fn role<'t>(tx: &'t Tx<'_>) -> Option<&'t Role> {
    reached::<Role>(tx, &Role::id_of(role_name(tx)?))
}

/// The caller as the policies of roles and of other resources name it.
#[must_use]
pub fn asker(tx: &Tx<'_>) -> Asker {
    let caller = tx.principal();
    let itself = vec![caller.arn.clone(), caller.user_id.clone()];
    let behind = role_name(tx).map(|name| match role(tx) {
        Some(role) => vec![role.arn.clone(), role.role_id.clone()],
        None => vec![format!("arn:aws:iam::{}:role/{name}", caller.account)],
    });
    let behind = behind.map(|names| (Part::Role, names));
    Asker::of_account(&caller.account, behind.into_iter().chain((!is_root(tx)).then_some((Part::Itself, itself))))
}

/// The tags that the caller's session hands on to the sessions that it assumes.
#[must_use]
pub fn inherited(tx: &Tx<'_>) -> BTreeMap<String, String> {
    let Some(credential) = tx.get::<Credential>(&tx.principal().access_key) else { return BTreeMap::new() };
    let goes_on = |key: &str| credential.transitive_tags.contains(&key.to_lowercase());
    let tags = credential.tags.iter().filter(|(key, _)| goes_on(key));
    tags.map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// The policy that the caller's session stays within, where it was given one.
#[must_use]
pub fn session_policy(tx: &Tx<'_>) -> Option<Json> {
    let credential = tx.get::<Credential>(&tx.principal().access_key)?;
    serde_json::from_str(credential.policy.as_deref()?).ok()
}

/// What is told of a request, whoever asks.
#[must_use]
pub fn request(tx: &Tx<'_>) -> Context {
    Context::default()
        .with("aws:RequestedRegion", tx.region())
        .with("aws:CurrentTime", tx.now().to_string())
        .with("aws:EpochTime", tx.now().as_second().to_string())
        // AWS's endpoints are asked over TLS; here no one listens but this machine.
        .with("aws:SecureTransport", "true")
        .with("aws:SourceIp", "127.0.0.1")
        .with("aws:ViaAWSService", "false")
        .with("ec2:Region", tx.region())
}

/// What is told of a request and its caller.
#[must_use]
pub fn context(tx: &Tx<'_>) -> Context {
    let caller = tx.principal();
    let mut context = request(tx)
        .with("aws:PrincipalAccount", &caller.account)
        .with("aws:PrincipalIsAWSService", "false")
        .with("aws:userid", &caller.user_id);
    let Some(name) = role_name(tx) else {
        let user = caller.arn.split_once(":user/").and_then(|(_, path)| path.rsplit('/').next());
        if let Some(user) = user {
            context.add("aws:username", user);
        }
        let kind = if user.is_some() { "User" } else { "Account" };
        return context.with("aws:PrincipalType", kind).with("aws:PrincipalArn", &caller.arn);
    };
    context.add("aws:PrincipalType", "AssumedRole");
    let role = role(tx);
    let arn = role.map_or_else(|| format!("arn:aws:iam::{}:role/{name}", caller.account), |role| role.arn.clone());
    context.add("aws:PrincipalArn", arn);
    let session = tx.get::<Credential>(&caller.access_key).map(|one| one.tags.clone()).unwrap_or_default();
    // A session's tags go before those of its role.
    let of_role = role.into_iter().flat_map(|role| &role.tags);
    for (key, value) in of_role.filter(|(key, _)| !session.keys().any(|other| other.eq_ignore_ascii_case(key))) {
        context.add(&format!("aws:PrincipalTag/{key}"), value);
    }
    for (key, value) in &session {
        context.add(&format!("aws:PrincipalTag/{key}"), value);
    }
    context
}
