//! What CI may do in an account: apply its environment, and nothing by which it would be an administrator.

mod sandbox;

use aws_credential_types::Credentials;
use aws_sdk_ec2::error::ProvideErrorMetadata;
use fathuss_engine::plan::Goal;
use fathuss_model::graph_of;
use fathuss_stacks::platform::platform;
use fathuss_stacks::staging;
use sandbox::Sandbox;

const ACCOUNT: &str = "111122223333";
const ADMINISTRATOR: &str = "arn:aws:iam::aws:policy/AdministratorAccess";
/// Who would like to be an administrator.
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/fathuss-deploy"},"Action":"sts:AssumeRole"}]}"#;
const OPEN: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole"}]}"#;
const EVERYTHING: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

fn arn(what: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:{what}")
}

/// A token as GitHub gives one to a workflow; its signature is not looked at.
fn token(subject: &str) -> String {
    let claims = format!(
        r#"{{"iss":"https://token.actions.githubusercontent.com","sub":"{subject}","aud":"sts.amazonaws.com","exp":9999999999}}"#
    );
    format!("e30.{}.e30", base64_url(claims.as_bytes()))
}

fn base64_url(bytes: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let group = |three: &[u8]| {
        let bits = three.iter().fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte)) << (8 * (3 - three.len()));
        (0..=three.len()).map(move |at| char::from(DIGITS[bits >> (18 - 6 * at) & 63])).collect::<String>()
    };
    bytes.chunks(3).map(group).collect()
}

/// A role's session, for a workflow that runs as that subject.
async fn session(sandbox: &Sandbox, role: &str, subject: &str) -> Option<Credentials> {
    let asking = sandbox.aws.client("us-east-1").sts.assume_role_with_web_identity();
    let asking = asking.role_arn(arn(&format!("role/{role}"))).role_session_name("ci");
    let answer = asking.web_identity_token(token(subject)).send().await.ok()?;
    let given = answer.credentials?;
    Some(Credentials::from_keys(given.access_key_id, given.secret_access_key, Some(given.session_token)))
}

/// A world in which staging's account has its stack, and who acts is CI.
async fn deploying() -> Sandbox {
    let environment = staging::environment().expect("its ranges are ranges");
    let mut sandbox = Sandbox::enforcing(ACCOUNT);
    sandbox.apply_what_is_before(&environment).await;
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    let subject = "repo:fathuss/fathuss:environment:staging";
    let credentials = session(&sandbox, "fathuss-deploy", subject).await.expect("it is the one that may");
    sandbox.act_with(ACCOUNT, credentials);
    sandbox
}

#[tokio::test(start_paused = true)]
async fn staging_is_applied_by_ci_alone() {
    let mut sandbox = deploying().await;
    let environment = staging::environment().expect("its ranges are ranges");
    let graph = graph_of("staging", |stack| platform(stack, &environment)).expect("nothing is wrong with it");
    for goal in [Goal::Apply, Goal::Destroy] {
        let applied = sandbox.carry_out(&graph, goal).await;
        assert!(applied.failed.is_empty() && applied.skipped.is_empty(), "{goal:?}: {:?}", applied.failed);
        if goal == Goal::Apply {
            let left = sandbox.plan(&graph, Goal::Apply).await.plan;
            assert!(!left.has_changes(), "{:?}", left.actions);
        }
    }
}

/// What ReadOnlyAccess allows is not simulated. Here the role is allowed more, so that its own policy alone denies.
#[tokio::test(start_paused = true)]
async fn what_a_pull_request_may_not_read_no_plan_reads() {
    let environment = staging::environment().expect("its ranges are ranges");
    let graph = graph_of("staging", |stack| platform(stack, &environment)).expect("nothing is wrong with it");
    let mut sandbox = Sandbox::enforcing(ACCOUNT);
    sandbox.apply_what_is_before(&environment).await;
    let applied = sandbox.carry_out(&graph, Goal::Apply).await;
    assert!(applied.failed.is_empty(), "{:?}", applied.failed);
    let iam = sandbox.aws.client("us-east-1").iam.clone();
    let detaching = iam.detach_role_policy().role_name("fathuss-plan");
    detaching.policy_arn("arn:aws:iam::aws:policy/ReadOnlyAccess").send().await.expect("it is attached");
    let attaching = iam.attach_role_policy().role_name("fathuss-plan");
    attaching.policy_arn(ADMINISTRATOR).send().await.expect("an administrator may");
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;

    let subject = "repo:fathuss/fathuss:pull_request";
    let credentials = session(&sandbox, "fathuss-plan", subject).await.expect("it is the one that may");
    sandbox.act_with(ACCOUNT, credentials);
    let left = sandbox.plan(&graph, Goal::Apply).await.plan;
    assert!(!left.has_changes(), "{:?}", left.actions);
    let ssm = sandbox.aws.client("us-east-1").ssm.clone();
    let refused = ssm.get_parameter().name("/staging/anything").send().await.expect_err("it is denied");
    assert_eq!(refused.code(), Some("AccessDeniedException"), "{refused:?}");
}

#[tokio::test(start_paused = true)]
async fn ci_takes_its_role_for_one_purpose_of_one_repository() {
    let environment = staging::environment().expect("its ranges are ranges");
    let mut sandbox = Sandbox::enforcing(ACCOUNT);
    sandbox.apply_what_is_before(&environment).await;
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    for (role, subject, may) in [
        ("fathuss-deploy", "repo:fathuss/fathuss:environment:staging", true),
        ("fathuss-deploy", "repo:fathuss/fathuss:environment:production", false),
        ("fathuss-deploy", "repo:fathuss/fathuss:pull_request", false),
        ("fathuss-deploy", "repo:somebody/fathuss:environment:staging", false),
        ("fathuss-plan", "repo:fathuss/fathuss:pull_request", true),
        ("fathuss-plan", "repo:fathuss/fathuss:ref:refs/heads/main", false),
        ("fathuss-administrators", "repo:fathuss/fathuss:environment:staging", false),
    ] {
        assert_eq!(session(&sandbox, role, subject).await.is_some(), may, "{role} by {subject}");
    }
}

#[tokio::test(start_paused = true)]
async fn ci_makes_no_administrator_of_itself_or_of_another() {
    let sandbox = deploying().await;
    let client = sandbox.aws.client("us-east-1");
    let (iam, boundary) = (&client.iam, arn("policy/fathuss-boundary"));
    macro_rules! denied {
        ($what:literal, $call:expr) => {
            let refused = $call.send().await.expect_err($what);
            assert_eq!(refused.code(), Some("AccessDenied"), "{}: {refused:?}", $what);
        };
    }
    let new = |name: &str| iam.create_role().role_name(name).assume_role_policy_document(TRUST);
    denied!("a role without a boundary", new("staging-admin"));
    denied!("a role within another boundary", new("staging-admin").permissions_boundary(ADMINISTRATOR));
    denied!("a role of another name", new("admin").permissions_boundary(&boundary));
    denied!("a role beside CI's own", new("fathuss-admin").permissions_boundary(&boundary));

    new("staging-worker").permissions_boundary(&boundary).send().await.expect("a role within the boundary");
    let worker = "staging-worker";
    denied!("a boundary that is taken away", iam.delete_role_permissions_boundary().role_name(worker));
    let put = iam.put_role_permissions_boundary().role_name(worker).permissions_boundary(ADMINISTRATOR);
    denied!("a wider boundary", put);
    let version = iam.create_policy_version().policy_arn(&boundary).policy_document(EVERYTHING);
    denied!("another boundary of the same name", version.set_as_default(true));
    denied!("no boundary of that name", iam.delete_policy().policy_arn(&boundary));

    for own in ["fathuss-deploy", "fathuss-plan", "fathuss-administrators"] {
        denied!("more for itself", iam.attach_role_policy().role_name(own).policy_arn(ADMINISTRATOR));
        let inside = iam.put_role_policy().role_name(own).policy_name("all").policy_document(EVERYTHING);
        denied!("more inside itself", inside);
        denied!("other trust", iam.update_assume_role_policy().role_name(own).policy_document(TRUST));
        denied!("one less", iam.delete_role().role_name(own));
    }
    let policy = iam.create_policy_version().policy_arn(arn("policy/fathuss-deploy")).policy_document(EVERYTHING);
    denied!("another policy of its own", policy.set_as_default(true));

    iam.create_instance_profile().instance_profile_name("staging-worker").send().await.expect("a profile");
    let adding = iam.add_role_to_instance_profile().instance_profile_name("staging-worker");
    denied!("an instance that administers", adding.role_name("fathuss-administrators"));
    let github = arn("oidc-provider/token.actions.githubusercontent.com");
    let adding = iam.add_client_id_to_open_id_connect_provider().open_id_connect_provider_arn(&github);
    denied!("others at its own door", adding.client_id("others"));
    let user = client.sts.assume_role().role_arn(arn("role/fathuss-administrators")).role_session_name("ci");
    denied!("the administrators' role", user);

    // Its own session takes no other role; what runs with one that it made is within the boundary.
    iam.attach_role_policy().role_name(worker).policy_arn(ADMINISTRATOR).send().await.expect("it is bounded");
    let opened = iam.update_assume_role_policy().role_name(worker).policy_document(OPEN);
    opened.send().await.expect("it may be taken by the account");
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    let taking = |sandbox: &Sandbox| {
        let sts = sandbox.aws.client("us-east-1").sts.clone();
        sts.assume_role().role_arn(arn("role/staging-worker")).role_session_name("worker")
    };
    denied!("a role that it made", taking(&sandbox));
    let mut sandbox = sandbox;
    sandbox.act_with(ACCOUNT, Credentials::from_keys("test", "test", None));
    let given = taking(&sandbox).send().await.expect("it trusts the account").credentials.expect("it has them");
    let keys = Credentials::from_keys(given.access_key_id, given.secret_access_key, Some(given.session_token));
    sandbox.act_with(ACCOUNT, keys);
    let client = sandbox.aws.client("us-east-1");
    let iam = &client.iam;
    let new = iam.create_role().role_name("staging-admin").assume_role_policy_document(TRUST);
    denied!("by another's hands", new);
    denied!("by another's hands", iam.attach_role_policy().role_name("fathuss-deploy").policy_arn(ADMINISTRATOR));
}
