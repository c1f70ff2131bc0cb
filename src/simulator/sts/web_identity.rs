//! Roles assumed with a token of an OpenID Connect provider, as service accounts of a cluster do it.
//!
//! Issuers' signatures can't be checked here: nothing outside of the world is asked for its keys. A token is taken by
//! what it says: who issued it, for whom, about whom, and until when.

use serde_json::Value as Json;

use super::{Given, hand_out, role_of, session_policy};
use crate::iam::caller;
use crate::iam::oidc_provider::OidcProvider;
use crate::iam::principal::Asker;
use crate::iam::trust;
use crate::input::Input;
use crate::protocol::base64_decode;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::value::Value;
use crate::world::{Principal, Row, Tx};

const PAGE: &str = "https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("sts.web_identity.expiry", "a token has not expired", PAGE),
    Rule::new("sts.web_identity.audience", "a token is for a client that the provider knows", PAGE),
    Rule::new("sts.web_identity.trust", "a role is assumed by whom it trusts", PAGE),
    Rule::new("sts.web_identity.duration", "a session is no longer than its role allows", PAGE),
    Rule::new("sts.web_identity.policy", "a session policy is a policy document", PAGE),
];

/// What a token says.
struct Claims {
    issuer: String,
    subject: String,
    audiences: Vec<String>,
    expires: i64,
}

/// A token's claims; none where it is no token.
fn claims(token: &str) -> Option<Claims> {
    let mut parts = token.split('.');
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    let mut padded = payload.replace('-', "+").replace('_', "/");
    padded.extend(std::iter::repeat_n('=', (4 - padded.len() % 4) % 4));
    let claims: Json = serde_json::from_slice(&base64_decode(&padded)?).ok()?;
    let text = |name: &str| claims.get(name).and_then(Json::as_str).map(str::to_owned);
    let audiences = match claims.get("aud")? {
        Json::String(one) => vec![one.clone()],
        Json::Array(several) => several.iter().filter_map(Json::as_str).map(str::to_owned).collect(),
        _ => return None,
    };
    Some(Claims { issuer: text("iss")?, subject: text("sub")?, audiences, expires: claims.get("exp")?.as_i64()? })
}

pub(super) fn assume_role(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    if input.has("ProviderId") {
        return Err(Refusal::not_simulated("sts AssumeRoleWithWebIdentity with ProviderId"));
    }
    let (arn, session) = (input.required("RoleArn"), input.required("RoleSessionName"));
    let invalid = |message: &str| Refusal::new("InvalidIdentityToken", message);
    let Some(claims) = claims(input.required("WebIdentityToken")) else {
        return Err(invalid(
            "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
        ));
    };
    tx.enforce("sts.web_identity.expiry", claims.expires > tx.now().as_second(), || {
        let message = format!(
            "Token expired: current date/time {} must be before the expiration date/time {}",
            tx.now().as_second(),
            claims.expires
        );
        Refusal::new("ExpiredTokenException", message)
    })?;
    let denied = || {
        let message = "Not authorized to perform sts:AssumeRoleWithWebIdentity";
        Refusal::new("AccessDenied", message).status(403)
    };
    let account = arn.split(':').nth(4).unwrap_or_default().to_owned();
    let role = role_of(tx, arn, &account).ok_or_else(denied)?;
    let url = claims.issuer.strip_prefix("https://").unwrap_or(&claims.issuer).to_owned();
    let provider = tx.in_account(&account, |tx| tx.rows::<OidcProvider>().find(|one| one.url == url).cloned());
    let Some(provider) = provider else {
        let message = format!("No OpenIDConnect provider found in your account for {}", claims.issuer);
        return Err(invalid(&message));
    };
    let client = claims.audiences.iter().find(|audience| provider.clients.contains(audience));
    tx.enforce("sts.web_identity.audience", client.is_some(), || invalid("Incorrect token audience"))?;
    let audience = client.or(claims.audiences.first()).cloned().unwrap_or_default();
    let context = caller::request(tx)
        .with(&format!("{url}:sub"), &claims.subject)
        .with(&format!("{url}:aud"), &audience)
        .with("sts:RoleSessionName", session);
    let asker = Asker::federated(&provider.id());
    let verdict = trust::judged(&role, "sts:AssumeRoleWithWebIdentity", &asker, &context);
    trust::enforce(tx, "sts.web_identity.trust", &verdict, denied)?;
    let seconds = input.integer("DurationSeconds").unwrap_or(3600);
    tx.enforce("sts.web_identity.duration", seconds <= role.max_session, || {
        let message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
        Refusal::new("ValidationError", message)
    })?;
    let policy = session_policy(tx, input, "sts.web_identity.policy")?;
    let principal = Principal {
        account: account.clone(),
        arn: format!("arn:aws:sts::{account}:assumed-role/{}/{session}", role.name),
        user_id: format!("{}:{session}", role.role_id),
        access_key: String::new(),
    };
    let user = record! { "AssumedRoleId" => &principal.user_id, "Arn" => &principal.arn };
    let packed = policy.as_ref().map(|_| 6_i64);
    let credentials = hand_out(tx, principal, Given { policy, ..Given::default() }, seconds);
    Ok(record! {
        "Credentials" => credentials,
        "SubjectFromWebIdentityToken" => &claims.subject,
        "AssumedRoleUser" => user,
        "Provider" => provider.id(),
        "Audience" => audience,
        "PackedPolicySize" => packed,
    })
}
