//! Ctrl-C once and twice, a termination, a kill: what each leaves, and that the next run goes on from there.

use std::time::{Duration, Instant};

use crate::demo;
use crate::project::{Project, assert_shown, flat};
use crate::server::Server;
use crate::terminal::{Terminal, signal};

const INTERRUPT: &str = "\u{3}";

/// Slow enough to be stopped in the middle: the gateway takes one to three minutes of the sandbox's time.
const APPLY: &str = "apply demo --sandbox --speed 30";

/// A run of `slow` that waits for its gateway.
fn under_way(project: &Project) -> Terminal {
    let mut terminal = Terminal::run(project, APPLY, 100);
    terminal.wait_for_line(&["aws_nat_gateway.main", "pending"]);
    terminal
}

/// The next run makes what is missing, and makes nothing twice.
fn goes_on(project: &Project) -> String {
    let next = project.run("apply demo --sandbox").ended(0);
    assert_eq!(project.addresses().len(), 7, "{next}");
    assert!(project.run("plan demo --sandbox --detailed-exitcode").ended(0).stdout.contains("No changes"));
    project.run("destroy demo --sandbox").ended(0);
    let world = project.path(".fathuss/sandbox/world").display().to_string();
    let server = Server::start_with(project, &format!("--world {world}"));
    let gateways = server.rows("ec2.nat_gateway");
    assert_eq!(gateways.matches("\"state\": \"deleted\"").count(), 1, "one was made, and it is gone: {gateways}");
    assert_eq!(gateways.matches("\"state\": ").count(), 1, "{gateways}");
    next.to_string()
}

#[test]
fn one_interrupt_finishes_what_is_under_way_and_starts_nothing() {
    let project = Project::of(demo::slow);
    let mut terminal = under_way(&project);
    terminal.press(INTERRUPT);
    terminal.wait_for("draining");
    let status = terminal.end();
    assert_eq!(status.code(), Some(1), "{}", terminal.text());
    let listed = project.addresses();
    assert!(listed.contains(&"aws_nat_gateway.main".to_owned()), "it was under way: {listed:?}");
    assert!(!listed.contains(&"aws_route.out".to_owned()), "it had not begun: {listed:?}");
    let end = terminal.seen().join("\n");
    let summary = end.rfind("demo interrupted").map(|at| &end[at..]).unwrap_or_else(|| panic!("{end}"));
    assert!(summary.contains("1 not started") && summary.contains("To go on: fathuss apply demo --sandbox"), "{end}");
    goes_on(&project);
}

#[test]
fn a_second_interrupt_stops_at_once_and_the_next_run_adopts_what_was_begun() {
    let project = Project::of(demo::slow);
    let mut terminal = under_way(&project);
    terminal.press(INTERRUPT);
    terminal.wait_for("draining");
    let began = Instant::now();
    terminal.press(INTERRUPT);
    let status = terminal.end();
    assert!(began.elapsed() < Duration::from_secs(2), "it took {:?}", began.elapsed());
    assert_eq!(status.code(), Some(1), "{}", terminal.text());
    assert!(terminal.text().contains("1 cut off"), "{}", terminal.text());
    assert!(!project.addresses().contains(&"aws_nat_gateway.main".to_owned()));
    let next = goes_on(&project);
    assert!(next.contains("1 operation of an earlier run finished"), "{next}");
}

#[test]
fn an_interrupt_during_recovery_lets_it_finish_and_says_what_it_did() {
    let project = Project::of(demo::slow);
    let terminal = under_way(&project);
    signal(terminal.pid(), "KILL");
    drop(terminal);
    let mut terminal = under_way(&project);
    terminal.wait_for_line(&["aws_nat_gateway.main", " of ~"]);
    terminal.press(INTERRUPT);
    terminal.wait_for("finishing what the earlier run began; a second Ctrl-C stops at once");
    let status = terminal.end();
    assert_eq!(status.code(), Some(1), "{}", terminal.text());
    let end = flat(terminal.seen().join("\n"));
    assert!(end.contains("Nothing new was begun."), "{end}");
    assert!(end.contains("aws_nat_gateway.main: nat-") && !end.contains("Nothing was changed"), "{end}");
    let listed = project.addresses();
    assert!(listed.contains(&"aws_nat_gateway.main".to_owned()), "it is recovered: {listed:?}");
    assert!(!listed.contains(&"aws_route.out".to_owned()), "it had not begun: {listed:?}");
    goes_on(&project);
}

#[test]
fn what_is_said_above_the_bars_has_the_run_s_time_and_fits_a_narrow_terminal() {
    let project = Project::of(demo::slow);
    let mut terminal = Terminal::run(&project, APPLY, 60);
    terminal.wait_for_line(&["aws_nat_gateway.main", "pending"]);
    terminal.press(INTERRUPT);
    terminal.end();
    let seen = terminal.seen();
    let at = seen.iter().position(|line| line.contains("draining")).unwrap_or_else(|| panic!("{seen:#?}"));
    assert!(!seen[at].trim_start().starts_with("0:00"), "the gateway was under way: {seen:#?}");
    assert_eq!(seen[at + 1], "           way; a second Ctrl-C stops at once", "it is broken between words: {seen:#?}");
    assert!(!seen.iter().any(|line| line.contains('\u{2501}')), "no bar is left: {seen:#?}");
}

#[test]
fn a_termination_stops_at_once_too() {
    let project = Project::of(demo::slow);
    let mut terminal = under_way(&project);
    let began = Instant::now();
    signal(terminal.pid(), "TERM");
    assert_eq!(terminal.end().code(), Some(1), "{}", terminal.text());
    assert!(began.elapsed() < Duration::from_secs(2), "it took {:?}", began.elapsed());
    goes_on(&project);
}

#[test]
fn a_kill_loses_nothing_and_its_lock_is_in_nobodys_way() {
    let project = Project::of(demo::slow);
    let terminal = under_way(&project);
    signal(terminal.pid(), "KILL");
    drop(terminal);
    // The kernel frees the world's lock with the process; a moment may pass.
    let next = goes_on(&project);
    assert!(next.contains("1 operation of an earlier run finished"), "{next}");
    assert!(next.contains("took over the lock of mia@"), "{next}");
}

#[test]
fn the_answer_no_and_an_interrupt_at_the_question_change_nothing() {
    let project = Project::of(demo::network);
    let server = Server::start(&project, 600);
    let environment = [
        ("AWS_ENDPOINT_URL", format!("http://{}", server.address)),
        ("AWS_ACCESS_KEY_ID", "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
    ];
    let environment: Vec<(&str, &str)> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
    for keys in ["no\r", "y\r", "\r", "\u{4}", INTERRUPT] {
        let mut terminal = Terminal::run_with(&project, "apply demo", 100, &environment);
        terminal.wait_for("Only `yes` is taken: ");
        terminal.press(keys);
        let status = terminal.end();
        assert_eq!(status.code(), Some(1), "{keys:?}: {}", terminal.text());
        assert!(terminal.text().contains("Nothing was changed."), "{keys:?}: {}", terminal.text());
    }
    assert_eq!(server.calls("ec2.CreateVpc"), 0);
    let mut terminal = Terminal::run_with(&project, "apply demo", 100, &environment);
    terminal.wait_for("Only `yes` is taken: ");
    terminal.press("yes\r");
    assert!(terminal.end().success(), "{}", terminal.text());
    assert_eq!(server.calls("ec2.CreateVpc"), 1);
}

#[test]
fn without_a_terminal_nobody_is_asked_and_nothing_is_done() {
    let project = Project::of(demo::network);
    let server = Server::start(&project, 600);
    let words = "apply demo";
    let ran = project.end(words, server.seen_by(project.command(words), "test")).ended(1);
    assert_shown!(project, ran);
    assert_eq!(server.calls("ec2.CreateVpc"), 0);
}
