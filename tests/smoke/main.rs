//! A small stack from nothing to nothing: applied, planned, changed, destroyed, and looked for afterwards.
//!
//! It runs in the sandbox, unless the environment asks for a real account:
//!
//!     FATHUSS_SMOKE_ACCOUNT=<12 digits> FATHUSS_SMOKE_SPEND_CAP_USD=<number> \
//!       cargo test --package fathuss --test smoke a_small_stack -- --nocapture
//!
//! There it spends money, so it begins only when both are given, when it knows the
//! price of everything in the stack, and when all of it for as long as the test
//! may run costs less than the cap. It stops and destroys when its time is up.
//! See docs/smoke.md.
#![cfg(unix)]

mod account;
mod asked;
mod life;
mod price;
#[path = "../program/mod.rs"]
mod program;
mod stack;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::account::Account;
use crate::asked::Asked;
use crate::life::{Life, Limits};
use crate::program::{Server, fathuss, start};

const PROGRAM: &str = env!("CARGO_BIN_EXE_fathuss");
/// The sandbox's account.
const SIMULATED: &str = "111122223333";

/// What tells this run's resources from all others.
fn run_id() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap();
    format!("{:x}-{:x}", now.as_millis(), std::process::id())
}

/// A life in a served sandbox whose time goes at this speed.
fn simulated(speed: u32, limits: Limits) -> (Result<(), String>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Path::new(PROGRAM), folder.path(), &format!("--memory --speed {speed}"));
    let command = |words: &str| server.seen_by(fathuss(Path::new(PROGRAM), folder.path(), words), SIMULATED);
    let run = run_id();
    let account = Account::simulated(&format!("http://{}", server.address), SIMULATED);
    let life =
        Life { folder: folder.path(), run: &run, owner: SIMULATED, command: &command, limits, account: &account };
    let ended = life.live();
    (ended, account.left(&run).unwrap())
}

#[test]
fn a_small_stack_is_made_changed_and_destroyed_and_nothing_of_it_is_left() {
    let variable = |name| std::env::var(name).ok();
    let asked = Asked::new(variable(asked::ACCOUNT).as_deref(), variable(asked::CAP).as_deref());
    match asked.unwrap_or_else(|refusal| panic!("nothing was begun: {refusal}")) {
        Asked::Sandbox => {
            let (ended, left) = simulated(600, Limits::REAL);
            assert_eq!(ended, Ok(()));
            assert_eq!(left, Vec::<String>::new());
        }
        Asked::Account { account, cap } => real(&account, cap),
    }
}

/// A life in a real account, by the credentials of this environment.
fn real(owner: &str, cap: f64) {
    let run = run_id();
    for changed in [false, true] {
        let graph = stack::graph(&run, owner, changed);
        let bound = price::bound(&graph, Limits::REAL.longest()).and_then(|bound| price::within(bound, cap));
        let bound = bound.unwrap_or_else(|refusal| panic!("nothing was begun: {refusal}"));
        eprintln!("costs at most USD {bound:.2}, the cap is USD {cap:.2}");
    }
    // It stays where it is when something goes wrong: without its state nobody could destroy what is left.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("smoke-{run}"));
    std::fs::create_dir_all(&folder).unwrap();
    eprintln!("run {run}, its state in {}", folder.display());
    let command = |words: &str| {
        let mut command = Command::new(PROGRAM);
        command.args(words.split_whitespace()).current_dir(&folder);
        command
    };
    let account = Account::real();
    let life = Life { folder: &folder, run: &run, owner, command: &command, limits: Limits::REAL, account: &account };
    let ended = life.live();
    let left = account.left(&run);
    assert!(
        ended.is_ok() && left.as_ref().is_ok_and(Vec::is_empty),
        "{}\nleft in account {owner}, {}: {left:?}\nNext: cd {} && {PROGRAM} destroy smoke",
        ended.err().unwrap_or_default(),
        stack::REGION,
        folder.display()
    );
    std::fs::remove_dir_all(&folder).unwrap();
}

/// The test above as a process of its own, asked for an account that a served sandbox plays; what it printed.
fn asked(server: &Server, account: Option<&str>, cap: Option<&str>) -> (bool, String) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "a_small_stack_is_made_changed_and_destroyed_and_nothing_of_it_is_left", "--nocapture"]);
    for (name, value) in [(asked::ACCOUNT, account), (asked::CAP, cap)] {
        command.env_remove(name).envs(value.map(|value| (name, value)));
    }
    let running = start(server.seen_by(command, SIMULATED));
    let (output, in_time) = running.end_by(Instant::now() + Duration::from_secs(300), Duration::ZERO);
    assert!(in_time, "it did not end");
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

#[test]
fn an_account_that_is_asked_for_is_used_and_left_empty() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Path::new(PROGRAM), folder.path(), "--memory --speed 600");
    let (passed, said) = asked(&server, Some(SIMULATED), Some("1"));
    assert!(passed && said.contains("costs at most USD 0.31, the cap is USD 1.00"), "{said}");
    assert!(server.ask("calls")["ec2.RunInstances"] == 1, "it was made there");
    let instances = server.ask("world/ec2.instance");
    assert!(instances.as_array().unwrap().iter().all(|one| one["row"]["state"] == "terminated"), "{instances}");
}

#[test]
fn nothing_is_asked_of_an_account_while_a_condition_is_not_met() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Path::new(PROGRAM), folder.path(), "--memory --speed 600");
    for (account, cap, words) in [
        (Some(SIMULATED), None, "a real account needs both"),
        (None, Some("1"), "a real account needs both"),
        (Some("1111"), Some("1"), "an account has 12 digits"),
        (Some(SIMULATED), Some("free"), "a number of US dollars above 0"),
        (Some(SIMULATED), Some("0.05"), "the stack may cost up to USD 0.3117, and the cap is USD 0.0500"),
    ] {
        let (passed, said) = asked(&server, account, cap);
        assert!(!passed && said.contains("nothing was begun") && said.contains(words), "{said}");
    }
    assert_eq!(server.ask("calls"), serde_json::json!({}));
}

#[test]
fn credentials_of_another_account_than_the_one_asked_for_make_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Path::new(PROGRAM), folder.path(), "--memory --speed 600");
    let (passed, said) = asked(&server, Some("444455556666"), Some("1"));
    assert!(!passed && said.contains("WrongAccount"), "{said}");
    let kept = said.lines().find_map(|line| Some(line.split_once("its state in ")?.1)).expect("it says where");
    assert!(said.contains(&format!("cd {kept} && ")), "it says how to go on: {said}");
    std::fs::remove_dir_all(kept).unwrap();
    let calls = server.ask("calls");
    let calls: Vec<&String> = calls.as_object().unwrap().keys().collect();
    let reads = |call: &str| ["Describe", "Get", "List"].iter().any(|verb| call.contains(&format!(".{verb}")));
    assert!(calls.iter().all(|call| reads(call)), "{calls:?}");
}

#[test]
fn when_its_time_is_up_it_stops_and_destroys() {
    let limits = Limits { life: Duration::from_millis(700), ..Limits::REAL };
    let (ended, left) = simulated(20, limits);
    let reason = ended.unwrap_err();
    assert!(reason.contains("time is up"), "{reason}");
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn what_is_left_is_found_by_its_tag_alone() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(Path::new(PROGRAM), folder.path(), "--memory --speed 600");
    let command = |words: &str| server.seen_by(fathuss(Path::new(PROGRAM), folder.path(), words), SIMULATED);
    let account = Account::simulated(&format!("http://{}", server.address), SIMULATED);
    let (run, limits) = (run_id(), Limits::REAL);
    let life =
        Life { folder: folder.path(), run: &run, owner: SIMULATED, command: &command, limits, account: &account };
    life.declare(false).unwrap();
    life.apply().unwrap();
    let found = account.seen(&run).unwrap();
    for kind in [
        "vpc",
        "subnet",
        "security-group",
        "security-group-rule",
        "launch-template",
        "volume",
        "instance",
        "role",
        "instance-profile",
    ] {
        assert!(found.iter().any(|one| one.starts_with(&format!("{kind} "))), "no {kind} in {found:?}");
    }
    assert_eq!(account.seen("another-run").unwrap(), Vec::<String>::new());
    life.destroy().unwrap();
}
