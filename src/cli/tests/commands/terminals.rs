//! On a terminal, on a narrow one, without colours, and where nobody reads.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::demo;
use crate::project::{Project, assert_shown};
use crate::terminal::Terminal;

const ESCAPE: u8 = 0x1b;

/// Everything that shows something, on a project whose network is applied and then edited.
const SHOWING: &[&str] = &[
    "plan demo --sandbox",
    "plan demo --sandbox --full",
    "plan demo --sandbox --destroy",
    "show demo --sandbox",
    "output demo --sandbox",
    "state list demo --sandbox",
    "state show demo aws_vpc.main --sandbox",
    "doctor --sandbox",
    "schema",
    "schema aws_vpc",
    "schema aws_db_instance",
    "--help",
    "plan --help",
    "sandbox serve --help",
    "plan other --sandbox",
    "state show demo aws_vpc.other --sandbox",
    "apply demo --sandbox",
    "plan demo --sandbox",
    "destroy demo --sandbox",
    "sandbox reset",
];

#[test]
fn nothing_is_wider_than_a_terminal_of_60_columns() {
    let project = Project::of(demo::network);
    project.run("apply demo --sandbox").ended(0);
    project.declare(demo::edited);
    for words in SHOWING {
        let mut terminal = Terminal::run(&project, words, 60);
        terminal.end();
        assert!(!terminal.seen().is_empty(), "{words} shows nothing");
        // A word that is longer than the terminal has nowhere to break.
        let needless: Vec<String> = terminal
            .wrapped()
            .into_iter()
            .filter(|line| line.trim_start().contains(' '))
            .filter(|line| !line.contains(&project.root().display().to_string()))
            .collect();
        assert!(needless.is_empty(), "{words}: {needless:#?}\n{}", terminal.seen().join("\n"));
    }
}

#[test]
fn a_narrow_terminal_shows_a_run_that_reads_well() {
    let project = Project::of(demo::network);
    let mut terminal = Terminal::run(&project, "apply demo --sandbox", 60);
    assert!(terminal.end().success(), "{}", terminal.text());
    assert_shown!(project, terminal.seen().join("\n"));
}

#[test]
fn a_terminal_has_colours_unless_it_is_told_not_to() {
    let project = Project::of(demo::network);
    let colours = |words: &str, more: &[(&str, &str)]| {
        let mut terminal = Terminal::run_with(&project, words, 80, more);
        terminal.end();
        let text = String::from_utf8_lossy(&terminal.bytes).into_owned();
        // "Select graphic rendition" ends with an m; whatever ends otherwise moves the cursor or clears a line.
        text.split("\u{1b}[").skip(1).any(|rest| {
            let end = rest.find(|c: char| ('@'..='~').contains(&c)).expect("a sequence ends");
            rest[end..].starts_with('m') && !matches!(&rest[..end], "" | "0")
        })
    };
    assert!(colours("plan demo --sandbox", &[]));
    assert!(!colours("plan demo --sandbox", &[("NO_COLOR", "1")]));
    assert!(!colours("plan demo --sandbox", &[("TERM", "dumb")]));
    assert!(!colours("plan demo --sandbox --no-color", &[]));
    assert!(!colours("apply demo --sandbox", &[("NO_COLOR", "1")]));
    assert!(!colours("--help", &[("NO_COLOR", "1")]));
}

#[test]
fn no_color_loses_no_word() {
    let project = Project::of(demo::network);
    let words = "plan demo --sandbox";
    let mut with = Terminal::run(&project, words, 80);
    with.end();
    let mut without = Terminal::run_with(&project, words, 80, &[("NO_COLOR", "1")]);
    without.end();
    assert_eq!(with.seen(), without.seen());
}

#[test]
fn without_a_terminal_there_are_plain_lines_and_the_result_apart() {
    let project = Project::of(demo::network);
    let applied = project.run("apply demo --sandbox").ended(0);
    for text in [&applied.stdout, &applied.stderr] {
        assert!(!text.bytes().any(|byte| byte == ESCAPE || byte == b'\r'), "{applied}");
    }
    assert_eq!(applied.stderr.lines().filter(|line| line.contains("created in")).count(), 8, "{applied}");
    assert!(applied.stdout.contains("demo done: 8 created"), "{applied}");
}

#[test]
fn an_old_locale_gets_ascii_alone() {
    let project = Project::of(demo::network);
    let mut command = project.command("apply demo --sandbox");
    command.env("LC_ALL", "en_US.ISO-8859-1");
    let applied = project.end("apply demo --sandbox", command).ended(0);
    assert!(applied.stdout.is_ascii() && applied.stderr.is_ascii(), "{applied}");
}

#[test]
fn a_reader_that_leaves_is_no_failure_and_stops_no_run() {
    let project = Project::of(demo::network);
    let commands = [
        "--help",
        "schema",
        "completions bash",
        "graph demo",
        "graph demo --format svg",
        "plan demo --sandbox",
        "plan demo --sandbox --json",
        "plan demo --sandbox --detailed-exitcode",
        "apply demo --sandbox",
        "state list demo --sandbox",
        "state list demo --sandbox --json",
        "show demo --sandbox",
        "doctor --sandbox",
        "destroy demo --sandbox --json",
    ];
    for words in commands {
        let mut command = project.command(words);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(!told.contains("panicked") && !told.contains("error"), "{words}: {told}");
        let expected = if words.ends_with("--detailed-exitcode") { 2 } else { 0 };
        assert_eq!(output.status.code(), Some(expected), "{words}: {told}");
        if words.starts_with("apply") {
            assert!(!project.addresses().is_empty(), "it is applied all the same");
        }
    }
    assert_eq!(project.addresses(), Vec::<String>::new(), "the last one destroyed all the same");
}

#[test]
fn the_first_line_may_be_all_that_is_read() {
    let project = Project::of(demo::many);
    let mut child = project.command("plan demo --sandbox --full").stdout(Stdio::piped()).spawn().expect("it starts");
    let mut first = String::new();
    BufReader::new(child.stdout.take().expect("it is piped")).read_line(&mut first).expect("it is text");
    assert!(first.starts_with("demo · us-east-1"), "{first}");
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn a_terminal_that_can_only_print_gets_lines_and_no_sequence() {
    let project = Project::of(demo::network);
    let mut terminal = Terminal::run_with(&project, "apply demo --sandbox", 80, &[("TERM", "dumb")]);
    assert!(terminal.end().success(), "{}", terminal.text());
    assert!(!terminal.bytes.contains(&ESCAPE), "{}", terminal.text());
    assert!(terminal.text().contains("aws_vpc.main: created in"), "{}", terminal.text());
}
