//! STS: who calls, and roles assumed for a while.

mod web_identity;

use std::sync::OnceLock;

use jiff::SignedDuration;

use crate::iam::role::Role;
use crate::iam::trust;
use crate::identity::{self, Credential};
use crate::input::Input;
use crate::model::Model;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Handler, Manners, QUERY_MANNERS, Service};
use crate::throttle::Bucket;
use crate::value::Value;
use crate::world::{Principal, Row, Tx};

/// The service.
pub static SERVICE: Service = Service {
    name: "sts",
    model,
    operations: &[OPERATIONS],
    transitions: &[],
    spans: &[],
    rules: &[RULES, web_identity::RULES],
    tables: |_| {},
    furnish: |_| {},
    manners: Manners { bucket, ..QUERY_MANNERS },
};

const OPERATIONS: &[(&str, Handler)] = &[
    ("GetCallerIdentity", caller_identity),
    ("GetAccessKeyInfo", access_key_info),
    ("AssumeRole", assume_role),
    ("AssumeRoleWithWebIdentity", web_identity::assume_role),
    ("GetSessionToken", session_token),
];

const ASSUME: &str = "https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html";

const RULES: &[Rule] = &[
    Rule::new("sts.assume_role.arn", "a role is named by an ARN", ASSUME),
    Rule::new("sts.assume_role.trust", "a role is assumed by whom it trusts", ASSUME),
    Rule::new(
        "sts.assume_role.duration",
        "a session is no longer than its role allows, or an hour from another role",
        ASSUME,
    ),
    Rule::new("sts.assume_role.tags", "a session's tags name a key once, and those passed on are among them", ASSUME),
    Rule::new(
        "sts.session_token.caller",
        "temporary credentials get no session token",
        "https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html",
    ),
];

/// What is asked with AWS's credentials shares 600 requests a second in each region
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>, "STS request quotas"); what is asked
/// with a web identity does not count.
fn bucket(operation: &str, _input: &Value) -> Option<Bucket> {
    (operation != "AssumeRoleWithWebIdentity").then(|| Bucket::of("sts", "requests", 600.0, 600.0))
}

fn model() -> &'static Model {
    static MODEL: OnceLock<Model> = OnceLock::new();
    MODEL.get_or_init(|| Model::parse(include_str!("models/sts.json")))
}

fn caller_identity(tx: &mut Tx<'_>, _input: &Input<'_>) -> Result<Value, Refusal> {
    let principal = tx.principal();
    Ok(record! { "UserId" => &principal.user_id, "Account" => &principal.account, "Arn" => &principal.arn })
}

fn access_key_info(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let key = input.required("AccessKeyId");
    if key == tx.principal().access_key {
        return Ok(record! { "Account" => &tx.principal().account });
    }
    match tx.get::<Credential>(key) {
        Some(credential) => Ok(record! { "Account" => &credential.principal.account }),
        None => Err(Refusal::not_simulated("the account of an access key other than the caller's")),
    }
}

/// Whether the caller's credentials are temporary.
fn is_temporary(tx: &Tx<'_>) -> bool {
    tx.principal().access_key.starts_with("ASIA")
}

fn assume_role(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let arn = input.required("RoleArn");
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let sound = matches!(parts[..], ["arn", partition, service, _, _, resource] if ![partition, service, resource].contains(&""));
    tx.enforce("sts.assume_role.arn", sound, || Refusal::new("ValidationError", format!("{arn} is invalid")))?;
    let session = input.required("RoleSessionName");
    let inherited =
        tx.get::<Credential>(&tx.principal().access_key).map(|one| one.transitive_tags.clone()).unwrap_or_default();
    let tagged = !input.records("Tags").is_empty();
    let transitive = session_tags(tx, input, inherited)?;
    let caller = tx.principal().clone();
    let denied = || {
        let message = format!("User: {} is not authorized to perform: sts:AssumeRole on resource: {arn}", caller.arn);
        Refusal::new("AccessDenied", message).status(403)
    };
    let account = parts.get(4).copied().unwrap_or_default().to_owned();
    let role = role_of(tx, arn, &account).ok_or_else(denied)?;
    let root = format!("arn:aws:iam::{}:root", caller.account);
    let is_it = |name: &str| name == root || name == caller.arn || Some(name) == assumed(&caller).as_deref();
    // Of a session, it is the role.
    let behind = assumed(&caller).unwrap_or_else(|| caller.arn.clone());
    let mut context = vec![
        ("aws:PrincipalArn", behind.as_str()),
        ("aws:PrincipalAccount", caller.account.as_str()),
        ("sts:RoleSessionName", session),
    ];
    if let Some(id) = input.text("ExternalId") {
        context.push(("sts:ExternalId", id));
    }
    let trusted = trust::trusts(&role.trust, "AWS", &is_it, &context);
    tx.enforce("sts.assume_role.trust", trusted, denied)?;
    let seconds = input.integer("DurationSeconds").unwrap_or(3600);
    tx.enforce("sts.assume_role.duration", !is_temporary(tx) || seconds <= 3600, || {
        let message =
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining";
        Refusal::new("ValidationError", message)
    })?;
    tx.enforce("sts.assume_role.duration", seconds <= role.max_session, || {
        let message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
        Refusal::new("ValidationError", message)
    })?;
    let principal = Principal {
        account: account.clone(),
        arn: format!("arn:aws:sts::{account}:assumed-role/{}/{session}", role.name),
        user_id: format!("{}:{session}", role.role_id),
        access_key: String::new(),
    };
    let user = record! { "AssumedRoleId" => &principal.user_id, "Arn" => &principal.arn };
    let credentials = hand_out(tx, principal, transitive, seconds);
    let packed = tagged.then_some(6_i64);
    Ok(record! { "Credentials" => credentials, "AssumedRoleUser" => user, "PackedPolicySize" => packed })
}

/// The role, in whichever account of this world it is.
fn role_of(tx: &mut Tx<'_>, arn: &str, account: &str) -> Option<Role> {
    if account.len() != 12 {
        return None;
    }
    tx.in_account(account, |tx| trust::role(tx, arn).ok())
}

/// The ARN of the role behind an assumed role's session.
fn assumed(caller: &Principal) -> Option<String> {
    let (_, rest) = caller.arn.split_once(":assumed-role/")?;
    let (role, _) = rest.split_once('/')?;
    Some(format!("arn:aws:iam::{}:role/{role}", caller.account))
}

/// Checks a session's tags, and gives the keys that go on from it: those that it inherits and its own.
fn session_tags(tx: &Tx<'_>, input: &Input<'_>, mut transitive: Vec<String>) -> Result<Vec<String>, Refusal> {
    let mut keys: Vec<String> = Vec::new();
    for tag in input.records("Tags") {
        let (key, _value) = (tag.required("Key").to_lowercase(), tag.text("Value"));
        tx.enforce("sts.assume_role.tags", !keys.contains(&key), || {
            let message = "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
            Refusal::new("InvalidParameterValue", message)
        })?;
        tx.enforce("sts.assume_role.tags", !transitive.contains(&key), || {
            let message = "One of the specified transitive tag keys can't be set because it conflicts with a transitive \
                           tag key from the calling session.";
            Refusal::new("InvalidParameterValue", message)
        })?;
        keys.push(key);
    }
    for key in input.texts("TransitiveTagKeys") {
        let key = key.to_lowercase();
        tx.enforce("sts.assume_role.tags", keys.contains(&key), || {
            let message = "The specified transitive tag key must be included in the requested tags.";
            Refusal::new("InvalidParameterValue", message)
        })?;
        transitive.push(key);
    }
    Ok(transitive)
}

fn session_token(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    tx.enforce("sts.session_token.caller", !is_temporary(tx), || {
        Refusal::new("AccessDenied", "Cannot call GetSessionToken with session credentials").status(403)
    })?;
    let principal = tx.principal().clone();
    let seconds = input.integer("DurationSeconds").unwrap_or(43_200);
    Ok(record! { "Credentials" => hand_out(tx, principal, Vec::new(), seconds) })
}

/// Writes temporary credentials for a principal.
fn hand_out(tx: &mut Tx<'_>, mut principal: Principal, transitive_tags: Vec<String>, seconds: i64) -> Value {
    let access_key = format!("ASIA{}", tx.capitals(16));
    principal.access_key.clone_from(&access_key);
    let expires = tx.now().checked_add(SignedDuration::from_secs(seconds)).unwrap_or(tx.now());
    let (secret, session_token) = (tx.hex(40), identity::session_token(expires, &tx.hex(304)));
    let view = record! {
        "AccessKeyId" => &access_key,
        "SecretAccessKey" => &secret,
        "SessionToken" => &session_token,
        "Expiration" => expires,
    };
    let expired: Vec<String> = tx.rows::<Credential>().filter(|one| one.is_forgotten(tx.now())).map(Row::id).collect();
    for key in expired {
        tx.remove::<Credential>(&key);
    }
    tx.put(Credential { access_key, secret, session_token, principal, transitive_tags, expires });
    view
}

#[cfg(test)]
mod tests {
    use crate::client::Client;
    use crate::signature::tests::sign;

    const VERSION: &str = "2011-06-15";

    async fn role(client: &Client, principal: &str, condition: &str) -> String {
        let trust = format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"{principal}"}},"Action":"sts:AssumeRole"{condition}}}]}}"#
        );
        let parameters = [("RoleName", "r"), ("AssumeRolePolicyDocument", trust.as_str())];
        client.iam("CreateRole", &parameters).await.one("Arn")
    }

    #[tokio::test(start_paused = true)]
    async fn a_role_that_trusts_its_account_is_assumed_and_its_keys_work_until_they_expire() {
        let client = Client::calm();
        let who = client.query("sts", VERSION, "GetCallerIdentity", &[]).await;
        assert_eq!(who.one("Arn"), "arn:aws:iam::000000000000:user/administrator");
        let arn = role(&client, "000000000000", "").await;
        let asked = [("RoleArn", arn.as_str()), ("RoleSessionName", "session"), ("DurationSeconds", "900")];
        let assumed = client.query("sts", VERSION, "AssumeRole", &asked).await;
        assert_eq!(assumed.one("Arn"), "arn:aws:sts::000000000000:assumed-role/r/session");
        let (key, secret) = (assumed.one("AccessKeyId"), assumed.one("SecretAccessKey"));
        let call = async || {
            let mut request = client.query_request("sts", VERSION, "GetCallerIdentity", &[]);
            request.headers_mut().remove("authorization");
            request.headers_mut().insert("x-amz-security-token", assumed.one("SessionToken").parse().unwrap());
            sign(&mut request, &key, &secret, "us-east-1", "sts", client.simulator.now());
            client.send(request).await.unwrap()
        };
        assert_eq!(call().await.one("Arn"), "arn:aws:sts::000000000000:assumed-role/r/session");
        client.wait(901);
        assert_eq!(call().await.code, "ExpiredToken");
    }

    #[tokio::test(start_paused = true)]
    async fn roles_are_refused_to_whom_they_do_not_trust_and_for_too_long() {
        let client = Client::calm();
        let arn = role(&client, "000000000000", r#","Condition":{"StringEquals":{"sts:ExternalId":"secret"}}"#).await;
        let base = [("RoleArn", arn.as_str()), ("RoleSessionName", "session")];
        let denied = client.query("sts", VERSION, "AssumeRole", &base).await;
        assert_eq!((denied.status, denied.code.as_str()), (403, "AccessDenied"));
        let message = format!(
            "User: arn:aws:iam::000000000000:user/administrator is not authorized to perform: sts:AssumeRole on resource: {arn}"
        );
        assert_eq!(denied.message, message);
        let known = [base[0], base[1], ("ExternalId", "secret")];
        assert_eq!(client.query("sts", VERSION, "AssumeRole", &known).await.status, 200);
        let long = [known[0], known[1], known[2], ("DurationSeconds", "7200")];
        let refused = client.query("sts", VERSION, "AssumeRole", &long).await;
        assert_eq!(refused.message, "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
        let nothing = [("RoleArn", "nothing-valid-in-here"), ("RoleSessionName", "Session1")];
        let refused = client.query("sts", VERSION, "AssumeRole", &nothing).await;
        assert_eq!(
            (refused.code.as_str(), refused.message.as_str()),
            ("ValidationError", "nothing-valid-in-here is invalid")
        );
        let tags = [
            base[0],
            base[1],
            ("Tags.member.1.Key", "A"),
            ("Tags.member.1.Value", "1"),
            ("Tags.member.2.Key", "a"),
            ("Tags.member.2.Value", "2"),
        ];
        let refused = client.query("sts", VERSION, "AssumeRole", &tags).await;
        assert_eq!(
            (refused.code.as_str(), refused.message.as_str()),
            ("InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
        );
        assert!(client.simulator.switch("sts.assume_role.trust", false));
        assert_eq!(client.query("sts", VERSION, "AssumeRole", &base).await.status, 200);
    }
}
