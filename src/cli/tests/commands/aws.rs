//! The program against a served AWS that says no: whose credentials, which account, what was refused, and silence.

use std::net::TcpListener;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::demo;
use crate::project::{Project, Ran, assert_shown};
use crate::server::Server;

fn run(project: &Project, server: &Server, words: &str) -> Ran {
    project.end(words, server.seen_by(project.command(words), "test"))
}

fn refuse(service: &str, operation: &str, status: u16, code: &str, message: &str) -> String {
    format!(
        "[{{\"service\": \"{service}\", \"operation\": \"{operation}\", \"fault\": {{\"kind\": \"refuse\", \
         \"code\": \"{code}\", \"message\": \"{message}\", \"status\": {status}}}}}]"
    )
}

#[test]
fn a_served_sandbox_says_where_it_is_and_ends_when_told() {
    let project = Project::of(demo::network);
    let mut server = Server::start_with(&project, "--memory");
    assert_shown!(project, &server.greeting);
    let pid = server.child().id();
    crate::terminal::signal(pid, "INT");
    assert!(server.child().wait().expect("it ends").success());
}

#[test]
fn what_can_not_be_served_is_said() {
    let project = Project::of(demo::network);
    let taken = TcpListener::bind("127.0.0.1:0").expect("there is a port");
    let port = taken.local_addr().expect("it has one").port();
    let busy =
        project.run(&format!("sandbox serve --port {port}")).ended(1).stderr.replace(&port.to_string(), "[PORT]");
    assert_shown!(
        project,
        busy,
        project.run("sandbox serve --port 0 --speed 0").ended(1),
        project.run("sandbox serve --port 0 --rule-off no.such.rule").ended(1),
        project.run("sandbox serve --port 0 --account 1234").ended(1),
    );
}

#[test]
fn a_stack_is_built_and_destroyed_over_http() {
    let project = Project::of(demo::network);
    let server = Server::start(&project, 600);
    assert!(run(&project, &server, "apply demo --yes").ended(0).stdout.contains("demo done: 8 created"));
    assert!(run(&project, &server, "apply demo --yes").ended(0).stdout.contains("No changes"));
    assert!(run(&project, &server, "destroy demo --yes").ended(0).stdout.contains("demo done: 8 destroyed"));
    assert_eq!(run(&project, &server, "state list demo").ended(0).stdout, "");
}

#[test]
fn without_credentials_nothing_is_asked_and_it_is_said_how_to_get_some() {
    let project = Project::of(demo::network);
    let words = "plan demo";
    let began = Instant::now();
    let ran = project.run(words).ended(1);
    assert!(began.elapsed() < Duration::from_secs(5), "it took {:?}", began.elapsed());
    assert_shown!(project, ran);
}

#[test]
fn credentials_of_another_account_read_nothing() {
    let project = Project::of(demo::network);
    let server = Server::start_with(&project, "--memory --speed 600 --account 999988887777");
    let plan = run(&project, &server, "plan demo").ended(1);
    let apply = run(&project, &server, "apply demo --yes").ended(1);
    assert_eq!(server.calls("ec2.DescribeVpcs") + server.calls("ec2.CreateVpc"), 0);
    assert_shown!(project, plan, apply);
}

#[test]
fn a_key_that_is_unknown_and_one_that_has_expired_are_told_apart() {
    let project = Project::of(demo::network);
    let server = Server::start(&project, 600);
    let unknown = project.end("plan demo", server.seen_by(project.command("plan demo"), "other")).ended(1);
    server.faults(&refuse("sts", "*", 403, "ExpiredToken", "The security token included in the request is expired"));
    let expired = run(&project, &server, "plan demo").ended(1);
    assert_shown!(project, unknown, expired);
}

#[test]
fn credentials_that_expire_in_the_middle_lose_nothing() {
    let project = Project::of(demo::network);
    let server = Server::start(&project, 600);
    server.faults(&refuse("ec2", "CreateSubnet", 403, "RequestExpired", "Request has expired."));
    let stopped = run(&project, &server, "apply demo --yes").ended(1);
    assert!(stopped.stdout.contains("RequestExpired") && stopped.stdout.contains("aws sso login"), "{stopped}");
    let made = server.calls("ec2.CreateVpc");
    server.faults("[]");
    run(&project, &server, "apply demo --yes").ended(0);
    assert_eq!((made, server.calls("ec2.CreateVpc")), (1, 1));
}

#[test]
fn a_refusal_is_shown_in_awss_words_with_the_request_and_the_line() {
    let project = Project::of(demo::network);
    // Not faster: its calls are counted, and none of them may seem to take too long.
    let server = Server::start(&project, 60);
    let message = "The maximum number of VPCs has been reached.";
    server.faults(&refuse("ec2", "CreateVpc", 400, "VpcLimitExceeded", message));
    let refused = run(&project, &server, "apply demo --yes").ended(1);
    assert_shown!(project, refused.stdout.split_once("Next:").map_or("", |(_, rest)| rest).to_owned());
    for fact in ["VpcLimitExceeded", message, "request ", "src/cli/tests/commands/demo.rs:", "fathuss apply demo"] {
        assert!(refused.stdout.contains(fact), "no {fact} in {refused}");
    }
    assert_eq!(run(&project, &server, "state list demo").ended(0).stdout, "");
    server.faults("[]");
    run(&project, &server, "apply demo --yes").ended(0);
    server.faults(&refuse("ec2", "DescribeSubnets", 403, "UnauthorizedOperation", "You are not authorized."));
    let unreadable = run(&project, &server, "plan demo").ended(1);
    assert_shown!(project, unreadable);
}

#[test]
fn a_refusal_is_an_object_with_the_same_facts() {
    let project = Project::of(demo::network);
    let server = Server::start(&project, 600);
    server.faults(&refuse("sts", "*", 403, "ExpiredToken", "The security token included in the request is expired"));
    let ran = run(&project, &server, "plan demo --json").ended(1);
    let error: serde_json::Value = serde_json::from_str(&ran.stderr).expect("it is JSON");
    let failure = &error["failure"];
    assert_eq!(
        (&failure["code"], &failure["operation"]),
        (&"ExpiredToken".into(), &"GetCallerIdentity".into()),
        "{error}"
    );
    assert!(failure["request_id"].is_string(), "{error}");
}

#[test]
fn a_refused_connection_is_said_at_once() {
    let project = Project::of(demo::network);
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a port");
        listener.local_addr().expect("it has one").port()
    };
    let began = Instant::now();
    for words in ["plan demo", "apply demo --yes", "doctor demo"] {
        let mut command = project.command(words);
        command.env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}"));
        command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
        let ran = project.end(words, command).ended(1);
        let told = format!("{}{}", ran.stdout, ran.stderr);
        assert!(told.contains("Connection refused"), "{ran}");
        assert!(words.starts_with("doctor") || told.contains("that us-east-1 is a region of AWS"), "{ran}");
    }
    assert!(began.elapsed() < Duration::from_secs(10), "it took {:?}", began.elapsed());
    assert!(!project.path(".fathuss/demo.db").exists() || project.run("state list demo").ended(0).stdout.is_empty());
}

#[test]
fn a_network_that_goes_away_in_the_middle_is_told_while_the_run_waits_for_it() {
    let project = Project::of(demo::network);
    let server = Server::start(&project, 600);
    run(&project, &server, "apply demo --yes").ended(0);
    server.faults("[{\"service\": \"ec2\", \"fault\": {\"kind\": \"reset\"}}]");
    let mut command = server.seen_by(project.command("plan demo"), "test");
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.stderr.take().expect("it is piped")));
    let began = Instant::now();
    let first = lines.next().expect("it says something").expect("it is text");
    assert!(began.elapsed() < Duration::from_secs(20), "it took {:?}", began.elapsed());
    assert!(first.contains("no answer") || first.contains("NoAnswer"), "{first}");
    server.faults("[]");
    assert!(child.wait().expect("it ends").success(), "it goes on when the network is back");
}
