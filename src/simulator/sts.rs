//! STS: who calls, and roles assumed for a while.

mod web_identity;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use jiff::SignedDuration;

use crate::iam::authorization::request_tag;
use crate::iam::caller;
use crate::iam::role::Role;
use crate::iam::trust;
use crate::identity::{self, Credential};
use crate::input::Input;
use crate::model::Model;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Handler, Manners, QUERY_MANNERS, Service};
use crate::strict_json;
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
    Rule::new(
        "sts.assume_role.tags",
        "a session's tags name a key once and none of AWS's own, and those passed on are among them",
        ASSUME,
    ),
    Rule::new("sts.assume_role.policy", "a session policy is a policy document", ASSUME),
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
    let tagged = !input.records("Tags").is_empty();
    let tags = session_tags(tx, input)?;
    let caller = tx.principal().clone();
    let denied = |action: &str| {
        let message = format!("User: {} is not authorized to perform: {action} on resource: {arn}", caller.arn);
        Refusal::new("AccessDenied", message).status(403)
    };
    let account = parts.get(4).copied().unwrap_or_default().to_owned();
    let role = role_of(tx, arn, &account).ok_or_else(|| denied("sts:AssumeRole"))?;
    let mut context = caller::context(tx).with("sts:RoleSessionName", session);
    if let Some(id) = input.text("ExternalId") {
        context.add("sts:ExternalId", id);
    }
    for (key, value) in tags.tags.iter().flat_map(|(key, value)| request_tag(key, value)) {
        context.add(&key, value);
    }
    for key in &tags.transitive {
        context.add("sts:TransitiveTagKeys", key);
    }
    let asker = caller::asker(tx);
    let actions = ["sts:AssumeRole", "sts:TagSession"];
    for action in &actions[..if tags.tags.is_empty() { 1 } else { 2 }] {
        let verdict = trust::judged(&role, action, &asker, &context);
        trust::enforce(tx, "sts.assume_role.trust", &verdict, || denied(action))?;
    }
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
    let policy = session_policy(tx, input, "sts.assume_role.policy")?;
    let packed = (tagged || policy.is_some()).then_some(6_i64);
    let credentials = hand_out(tx, principal, Given { policy, ..tags }, seconds);
    Ok(record! { "Credentials" => credentials, "AssumedRoleUser" => user, "PackedPolicySize" => packed })
}

/// The role, in whichever account of this world it is.
fn role_of(tx: &mut Tx<'_>, arn: &str, account: &str) -> Option<Role> {
    if account.len() != 12 {
        return None;
    }
    tx.in_account(account, |tx| trust::role(tx, arn).ok())
}

/// What a session is given that begins: tags, those that it inherits from the one that assumes it and its own, and a
/// policy that it stays within.
#[derive(Debug, Default)]
struct Given {
    tags: BTreeMap<String, String>,
    /// The keys, in small letters, of those that go on from it.
    transitive: Vec<String>,
    policy: Option<String>,
}

/// The policy that a request wants its session to stay within.
fn session_policy(tx: &Tx<'_>, input: &Input<'_>, rule: &str) -> Result<Option<String>, Refusal> {
    let Some(policy) = input.text("Policy").filter(|policy| !policy.is_empty()) else { return Ok(None) };
    let document = strict_json::parse(policy.as_bytes()).is_some_and(|policy| policy.get("Statement").is_some());
    tx.enforce(rule, document, || {
        Refusal::new("MalformedPolicyDocument", "This policy contains invalid Json").status(400)
    })?;
    Ok(Some(policy.to_owned()))
}

/// Checks the tags that a session is given, and adds them to those that it inherits.
fn session_tags(tx: &Tx<'_>, input: &Input<'_>) -> Result<Given, Refusal> {
    let mut tags = caller::inherited(tx);
    let mut transitive: Vec<String> = tags.keys().map(|key| key.to_lowercase()).collect();
    let mut keys: Vec<String> = Vec::new();
    for tag in input.records("Tags") {
        let (name, value) = (tag.required("Key"), tag.text("Value").unwrap_or_default());
        let key = name.to_lowercase();
        tx.enforce("sts.assume_role.tags", !keys.contains(&key), || {
            let message = "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
            Refusal::new("InvalidParameterValue", message)
        })?;
        // AWS documents that such keys are its own, and not what it says of them; these are IAM's words.
        tx.enforce("sts.assume_role.tags", !key.starts_with("aws:"), || {
            let message = "aws: prefixed tag key names are not allowed for external use.";
            Refusal::new("InvalidParameterValue", message)
        })?;
        tx.enforce("sts.assume_role.tags", !transitive.contains(&key), || {
            let message = "One of the specified transitive tag keys can't be set because it conflicts with a transitive \
                           tag key from the calling session.";
            Refusal::new("InvalidParameterValue", message)
        })?;
        tags.insert(name.to_owned(), value.to_owned());
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
    Ok(Given { tags, transitive, policy: None })
}

fn session_token(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    tx.enforce("sts.session_token.caller", !is_temporary(tx), || {
        Refusal::new("AccessDenied", "Cannot call GetSessionToken with session credentials").status(403)
    })?;
    let principal = tx.principal().clone();
    let seconds = input.integer("DurationSeconds").unwrap_or(43_200);
    Ok(record! { "Credentials" => hand_out(tx, principal, Given::default(), seconds) })
}

/// Writes temporary credentials for a principal.
fn hand_out(tx: &mut Tx<'_>, mut principal: Principal, given: Given, seconds: i64) -> Value {
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
    let Given { tags, transitive: transitive_tags, policy } = given;
    tx.put(Credential { access_key, secret, session_token, principal, tags, transitive_tags, policy, expires });
    view
}

#[cfg(test)]
mod tests {
    use crate::client::{Answer, Client};
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

    /// A role with a trust policy of these statements.
    async fn trusting(client: &Client, name: &str, path: &str, statements: &str) -> String {
        let trust = format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
        let parameters = [("RoleName", name), ("Path", path), ("AssumeRolePolicyDocument", trust.as_str())];
        client.iam("CreateRole", &parameters).await.one("Arn")
    }

    async fn assume(client: &Client, arn: &str, more: &[(&str, &str)]) -> Answer {
        let parameters = [&[("RoleArn", arn), ("RoleSessionName", "first")], more].concat();
        client.query("sts", VERSION, "AssumeRole", &parameters).await
    }

    /// The same by a session.
    async fn chained(client: &Client, session: &Answer, arn: &str, more: &[(&str, &str)]) -> Answer {
        let parameters = [&[("RoleArn", arn), ("RoleSessionName", "next")], more].concat();
        let mut request = client.query_request("sts", VERSION, "AssumeRole", &parameters);
        request.headers_mut().remove("authorization");
        request.headers_mut().insert("x-amz-security-token", session.one("SessionToken").parse().unwrap());
        let (key, secret) = (session.one("AccessKeyId"), session.one("SecretAccessKey"));
        sign(&mut request, &key, &secret, "us-east-1", "sts", client.simulator.now());
        client.send(request).await.unwrap()
    }

    const ALL: &str = r#"{"Effect":"Allow","Principal":{"AWS":"000000000000"},"Action":"sts:*"}"#;

    #[tokio::test(start_paused = true)]
    async fn a_trust_policy_is_judged_by_what_is_told_of_every_request() {
        let client = Client::calm();
        let cases = [
            (r#""Principal":"*","Action":"sts:*","Condition":{"Bool":{"aws:SecureTransport":"true"}}"#, "AccessDenied"),
            (r#""Principal":"*","Action":"sts:*","Condition":{"Bool":{"aws:SecureTransport":"false"}}"#, ""),
            (
                r#""Principal":"*","Action":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"us-east-1"}}"#,
                "AccessDenied",
            ),
            (
                r#""Principal":"*","Action":"*","Condition":{"StringEquals":{"aws:PrincipalType":"User"}}"#,
                "AccessDenied",
            ),
            (
                r#""Principal":"*","Action":"*","Condition":{"DateGreaterThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}}"#,
                "AccessDenied",
            ),
            (r#""Principal":"*","NotAction":"sts:TagSession""#, "AccessDenied"),
            (r#""NotPrincipal":{"AWS":"arn:aws:iam::000000000000:root"},"Action":"*""#, "AccessDenied"),
            (r#""Principal":"*","Action":"*","Condition":{"StringEquals":{"ec2:Tenancy":"x"}}"#, "NotSimulated"),
        ];
        for (at, (deny, code)) in cases.iter().enumerate() {
            let arn = trusting(&client, &format!("r{at}"), "/", &format!(r#"{ALL},{{"Effect":"Deny",{deny}}}"#)).await;
            assert_eq!(assume(&client, &arn, &[]).await.code, *code, "{deny}");
        }
        for (name, range, code) in [("near", "127.0.0.0/8", ""), ("far", "10.0.0.0/8", "AccessDenied")] {
            let allow = format!(
                r#"{{"Effect":"Allow","Principal":{{"AWS":"000000000000"}},"Action":"sts:*","Condition":{{"IpAddress":{{"aws:SourceIp":"{range}"}}}}}}"#
            );
            let arn = trusting(&client, name, "/", &allow).await;
            assert_eq!(assume(&client, &arn, &[]).await.code, code, "{range}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_role_with_a_path_is_trusted_by_its_arn() {
        let client = Client::calm();
        let source = trusting(&client, "source", "/p/", ALL).await;
        let named = format!(r#"{{"Effect":"Allow","Principal":{{"AWS":"{source}"}},"Action":"sts:AssumeRole"}}"#);
        let target = trusting(&client, "target", "/", &named).await;
        let session = assume(&client, &source, &[]).await;
        assert_eq!(chained(&client, &session, &target, &[]).await.status, 200);
        assert_eq!(assume(&client, &target, &[]).await.code, "AccessDenied", "the account is not trusted");
    }

    #[tokio::test(start_paused = true)]
    async fn a_sessions_tags_need_a_permission_of_their_own_are_seen_by_policies_and_go_on_if_transitive() {
        let client = Client::calm();
        let team = |value| [("Tags.member.1.Key", "Team"), ("Tags.member.1.Value", value)];
        let transitive = [&team("blue")[..], &[("TransitiveTagKeys.member.1", "Team")]].concat();
        let plain = r#"{"Effect":"Allow","Principal":{"AWS":"000000000000"},"Action":"sts:AssumeRole"}"#;
        let untagged = trusting(&client, "untagged", "/", plain).await;
        let refused = assume(&client, &untagged, &team("blue")).await;
        let message = format!(
            "User: arn:aws:iam::000000000000:user/administrator is not authorized to perform: sts:TagSession on \
             resource: {untagged}"
        );
        assert_eq!((refused.code.as_str(), refused.message), ("AccessDenied", message));
        let condition = r#","Condition":{"StringEquals":{"aws:RequestTag/Team":"blue"},"ForAllValues:StringEquals":{"aws:TagKeys":["Team"]}}}"#;
        let blue = trusting(&client, "blue", "/", &ALL.replace("\"sts:*\"}", &format!("\"sts:*\"{condition}"))).await;
        assert_eq!(assume(&client, &blue, &team("red")).await.code, "AccessDenied");
        assert_eq!(assume(&client, &blue, &team("blue")).await.status, 200);
        let open = trusting(&client, "open", "/", ALL).await;
        let reserved = [("Tags.member.1.Key", "aws:team"), ("Tags.member.1.Value", "x")];
        assert_eq!(assume(&client, &open, &reserved).await.code, "InvalidParameterValue");
        let tag = [("RoleName", "open"), ("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "red")];
        client.iam("TagRole", &tag).await;
        let by_tag =
            ALL.replace("\"sts:*\"}", r#""sts:*","Condition":{"StringEquals":{"aws:PrincipalTag/Team":"blue"}}}"#);
        let target = trusting(&client, "target", "/", &by_tag).await;
        let untagged_session = assume(&client, &open, &[]).await;
        assert_eq!(chained(&client, &untagged_session, &target, &[]).await.code, "AccessDenied", "the role's own tag");
        let session = assume(&client, &open, &transitive).await;
        let second = chained(&client, &session, &target, &[]).await;
        assert_eq!(second.status, 200, "the session's tag goes before the role's");
        assert_eq!(chained(&client, &second, &target, &[]).await.status, 200, "a transitive tag goes on");
        assert_eq!(chained(&client, &second, &untagged, &[]).await.code, "AccessDenied", "and needs its permission");
        let once = assume(&client, &open, &team("blue")).await;
        let second = chained(&client, &once, &target, &[]).await;
        assert_eq!(chained(&client, &second, &target, &[]).await.code, "AccessDenied", "another does not go on");
    }
}
