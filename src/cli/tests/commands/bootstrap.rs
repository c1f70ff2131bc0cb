//! From an empty account to states in a bucket, and from the bucket's copy in another region onwards.

use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::Duration;

use fathuss_state::{Backend, Holder, Origin, Sqlite};

use crate::demo::{self, ACCOUNT};
use crate::project::{Project, Ran, flat};
use crate::server::Server;

const BUCKET: &str = "fathuss-states-111122223333-us-east-1";

/// A project whose one stack is that of the account's roles.
fn roles() -> Project {
    let project = Project::empty();
    let stack = format!("[stacks.staging-account]\nregion = \"us-east-1\"\naccount = \"{ACCOUNT}\"\n");
    project.write("fathuss.toml", &format!("program = [\"sh\", \"stack.sh\"]\n\n{stack}"));
    project.declare_as("staging-account", fathuss_stacks::staging_account::staging_account);
    project
}

fn run(project: &Project, server: &Server, words: &str) -> Ran {
    project.end(words, server.seen_by(project.command(words), ACCOUNT))
}

/// The lines under "write" that a run ended with, in the project's file.
fn write_lines(project: &Project, told: &str) {
    for line in told.lines().map(str::trim) {
        if let Some(stack) = line.strip_prefix("[stacks.").and_then(|rest| rest.strip_suffix(']')) {
            let block: Vec<&str> = told.lines().map(str::trim).skip_while(|other| *other != line).take(3).collect();
            let table = format!("[stacks.{stack}]\n");
            let file = project.read("fathuss.toml").replace(&table, &format!("{}\n", block.join("\n")));
            project.write("fathuss.toml", &file);
        }
    }
}

/// How many there are of what bootstrap makes: buckets and keys of its own.
fn made(server: &Server) -> (usize, usize) {
    let count = |table: &str, word: &str| server.rows(table).matches(word).count();
    (count("s3.bucket", "\"versioning\": \"Enabled\""), count("kms.key", "States in "))
}

#[test]
fn an_empty_account_gets_a_bucket_for_states_and_its_roles_and_a_second_run_changes_nothing() {
    let project = roles();
    let server = Server::start(&project, 200);
    let words = "bootstrap staging-account --second-region us-west-2 --yes";
    let told = run(&project, &server, words).ended(0).stdout;
    assert!(told.contains(&format!("The state of bootstrap is in s3://{BUCKET}/bootstrap now.")), "{told}");
    assert_eq!(made(&server), (2, 2));
    write_lines(&project, &told);
    run(&project, &server, "plan staging-account --detailed-exitcode").ended(0);
    let again = run(&project, &server, words).ended(0).stdout;
    assert!(again.contains("No changes: 21 resources") && again.contains("Everything is done."), "{again}");
    assert_eq!(made(&server), (2, 2));
    // Another machine has no file of its own, and finds the state in the bucket.
    std::fs::remove_dir_all(project.path(".fathuss")).expect("nobody uses it");
    let elsewhere = run(&project, &server, words).ended(0).stdout;
    assert!(elsewhere.contains("No changes: 21 resources"), "{elsewhere}");
}

#[test]
fn a_bootstrap_that_is_killed_goes_on_where_it_was_and_makes_nothing_twice() {
    let project = roles();
    let server = Server::start(&project, 20);
    let words = "bootstrap staging-account --second-region us-west-2 --yes";
    for moment_ms in [300, 700, 1200, 1800, 2500] {
        let mut child = begun(&project, &server, words);
        sleep(Duration::from_millis(moment_ms));
        killed(&mut child);
    }
    goes_on(&project, &server, words);
}

#[test]
fn a_bootstrap_that_is_killed_while_its_state_moves_moves_it_again() {
    let project = roles();
    let server = Server::start(&project, 200);
    let words = "bootstrap staging-account --second-region us-west-2 --yes";
    let mut child = begun(&project, &server, words);
    let local = project.path(".fathuss/bootstrap.db");
    let is_closed = || match Sqlite::look(&local) {
        Ok(Some(state)) => state.moved_to().is_ok_and(|to| to.is_some()),
        Ok(None) | Err(_) => false,
    };
    while !is_closed() {
        assert!(child.try_wait().expect("it is ours").is_none(), "it ended before its state moved");
        sleep(Duration::from_millis(1));
    }
    killed(&mut child);
    goes_on(&project, &server, words);
}

/// A run that is under way.
fn begun(project: &Project, server: &Server, words: &str) -> Child {
    let mut command = server.seen_by(project.command(words), ACCOUNT);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts")
}

fn killed(child: &mut Child) {
    child.kill().expect("it is ours");
    child.wait().expect("it ends");
}

/// Runs it to its end; what a dead run holds in the bucket is taken away as the refusal says, so that nobody waits. There is
/// one of everything then, and nothing more to do.
fn goes_on(project: &Project, server: &Server, words: &str) {
    let ran = run(project, server, words);
    match ran.stderr.split("--unlock ").nth(1).and_then(|rest| rest.split_whitespace().next()) {
        Some(id) => run(project, server, &format!("{words} --unlock {id}")).ended(0),
        None => ran.ended(0),
    };
    assert_eq!(made(server), (2, 2));
    let again = run(project, server, words).ended(0).stdout;
    assert!(again.contains("No changes: 21 resources"), "{again}");
}

#[test]
fn with_a_repository_bootstrap_makes_the_roles_of_ci_and_applies_no_stack() {
    let project = Project::of(demo::network);
    let server = Server::start(&project, 200);
    let words = "bootstrap demo --second-region us-west-2 --repository acme/infrastructure --yes";
    let told = run(&project, &server, words).ended(0).stdout;
    assert_eq!((server.calls("ec2.CreateVpc"), server.calls("iam.CreateRole")), (0, 3), "{told}");
    let roles = server.rows("iam.role");
    assert!(roles.contains("repo:acme/infrastructure:pull_request"), "{roles}");
    assert!(roles.contains("repo:acme/infrastructure:ref:refs/heads/main"), "{roles}");
}

#[test]
fn what_bootstrap_can_not_do_is_said_before_anything_is_made() {
    let project = roles();
    let server = Server::start(&project, 200);
    let refused = |words: &str| flat(run(&project, &server, words).ended(1).stderr);
    let same = refused("bootstrap staging-account --second-region us-east-1 --yes");
    assert!(same.contains("the second region is us-east-1, which is the first"), "{same}");
    let name = refused("bootstrap staging-account --second-region us-west-2 --repository acme --yes");
    assert!(name.contains("has to be OWNER/NAME"), "{name}");
    let asked = refused("bootstrap staging-account --second-region us-west-2");
    assert!(asked.contains("bootstrap staging-account --second-region us-west-2 --yes"), "{asked}");
    let words = "bootstrap staging-account --second-region us-west-2 --yes";
    let other = flat(project.end(words, server.seen_by(project.command(words), "444455556666")).ended(1).stderr);
    assert!(other.contains("444455556666") && other.contains(ACCOUNT), "{other}");
    let mut command = project.command(words);
    command.env("AWS_ENDPOINT_URL", format!("http://{}", server.address));
    let nobody = flat(project.end(words, command).ended(1).stderr);
    assert!(nobody.contains("credentials"), "{nobody}");
    assert_eq!(made(&server), (0, 0));
}

#[test]
fn a_bucket_that_is_somebody_elses_is_named_and_left_alone() {
    let (theirs, ours) = (roles(), roles());
    let file = theirs.read("fathuss.toml").replace(ACCOUNT, "444455556666");
    theirs.write("fathuss.toml", &file);
    let server = Server::start(&ours, 200);
    let words = "bootstrap staging-account --second-region us-west-2 --bucket acme-states --yes";
    // The roles are of our account, so that it ends there; the bucket is made.
    theirs.end(words, server.seen_by(theirs.command(words), "444455556666")).ended(1);
    assert_eq!(made(&server), (2, 2));
    let taken = flat(run(&ours, &server, words).ended(1).stderr);
    assert!(taken.contains("acme-states") && taken.contains("name another with --bucket"), "{taken}");
    assert_eq!(made(&server), (2, 2));
}

#[test]
fn a_state_whose_region_is_gone_goes_on_from_its_copy_and_nothing_is_made_twice() {
    let project = Project::of(demo::network);
    let server = Server::start(&project, 20);
    run(&project, &server, "bootstrap demo --second-region us-west-2 --repository acme/infrastructure --yes").ended(0);
    let at =
        |name: &str, region: &str, address: &str| format!("s3://{name}/demo?region={region}&endpoint=http://{address}");
    let state = at(BUCKET, "us-east-1", &server.address);
    let replica = at(&format!("{BUCKET}-replica"), "us-west-2", &server.address);
    let plain = project.read("fathuss.toml");
    let lies = |lines: &str| {
        project.write("fathuss.toml", &plain.replace("[stacks.demo]\n", &format!("[stacks.demo]\n{lines}\n")));
    };
    lies(&format!("state = \"{state}\"\nreplica = \"{replica}\""));
    let mut child = server.seen_by(project.command("apply demo --yes"), ACCOUNT);
    let mut child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    // Copies are two seconds to a minute of the world's behind, in no order.
    while server.calls("ec2.CreateSubnet") < 2 {
        sleep(Duration::from_millis(20));
    }
    child.kill().expect("it is ours");
    child.wait().expect("it ends");
    let held = flat(run(&project, &server, "state promote demo --yes").ended(1).stderr);
    assert!(held.contains("can be reached, and mia@") || held.contains("nothing that can be used"), "{held}");

    // The first region answers no more.
    let gone = at(BUCKET, "us-east-1", "127.0.0.1:9");
    lies(&format!("state = \"{gone}\"\nreplica = \"{replica}\""));
    let promoted = loop {
        let ran = run(&project, &server, "state promote demo --yes");
        if ran.code == Some(0) || !ran.stderr.contains("nothing that can be used") {
            break ran.ended(0).stdout;
        }
    };
    assert!(flat(&promoted).contains("Whoever writes there must be stopped first"), "{promoted}");
    let again = flat(run(&project, &server, "state promote demo --yes").ended(1).stderr);
    assert!(again.contains("has been promoted before"), "{again}");
    let line = promoted.lines().map(str::trim).find(|line| line.starts_with("state = ")).expect("it says where");
    lies(line);
    run(&project, &server, "apply demo --yes").ended(0);
    let count = |table: &str, word: &str| server.rows(table).matches(word).count();
    assert_eq!(count("ec2.vpc", "\"10.0.0.0/16\""), 1);
    assert_eq!((count("ec2.subnet", "\"10.0.0.0/24\""), count("ec2.subnet", "\"10.0.1.0/24\"")), (1, 1));
    assert_eq!(server.calls("ec2.CreateInternetGateway"), 1);
    // What comes late from the first region changes nothing.
    sleep(Duration::from_secs(4));
    run(&project, &server, "plan demo --detailed-exitcode").ended(0);
    run(&project, &server, "state verify demo").ended(0);
}

#[test]
fn a_move_that_was_cut_off_goes_on_and_the_old_place_takes_no_write() {
    let project = Project::of(demo::network);
    let server = Server::start(&project, 100);
    run(&project, &server, "apply demo --yes").ended(0);
    let holder = Holder {
        id: "lock-1".to_owned(),
        who: "mia@build-7".to_owned(),
        pid: std::process::id(),
        command: "state migrate".to_owned(),
        since_ms: 1,
        origin: Origin::default(),
        part: None,
    };
    let mut state = Sqlite::open(&project.path(".fathuss/demo.db"), 1).expect("there");
    state.lock(&holder, 1).expect("free");
    state.close("states/demo.db").expect("held");
    state.release().expect("held");
    drop(state);
    for words in ["apply demo --yes", "plan demo", "state migrate demo states/other.db"] {
        let refused = flat(run(&project, &server, words).ended(1).stderr);
        assert!(refused.contains("has moved to states/demo.db"), "{words}: {refused}");
    }
    run(&project, &server, "state migrate demo states/demo.db").ended(0);
    run(&project, &server, "state migrate demo states/demo.db").ended(0);
    let doctor = flat(run(&project, &server, "doctor demo").ended(1).stdout);
    assert!(doctor.contains("has moved to states/demo.db"), "{doctor}");
    let here = "[stacks.demo]\nstate = \"states/demo.db\"";
    project.write("fathuss.toml", &project.read("fathuss.toml").replace("[stacks.demo]", here));
    run(&project, &server, "plan demo --detailed-exitcode").ended(0);
    run(&project, &server, "state verify demo").ended(0);
    // The way back opens it again.
    run(&project, &server, "state migrate demo .fathuss/demo.db").ended(0);
    project.write("fathuss.toml", &project.read("fathuss.toml").replace(here, "[stacks.demo]"));
    run(&project, &server, "apply demo --yes").ended(0);
    assert_eq!(server.calls("ec2.CreateVpc"), 1);
}
