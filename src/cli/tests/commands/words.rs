//! What the program says of itself: help, completions, and commands that it does not know.

use crate::project::{Project, assert_shown};

const COMMANDS: &[&str] = &[
    "init",
    "plan",
    "apply",
    "destroy",
    "import",
    "adopt",
    "bootstrap",
    "show",
    "output",
    "graph",
    "state",
    "state list",
    "state show",
    "state history",
    "state diff",
    "state verify",
    "state unlock",
    "state pull",
    "state push",
    "state migrate",
    "state promote",
    "doctor",
    "schema",
    "sandbox",
    "sandbox serve",
    "sandbox show",
    "sandbox snapshot",
    "sandbox restore",
    "sandbox reset",
    "completions",
];

#[test]
fn help_says_what_each_command_does() {
    let project = Project::empty();
    let pages = COMMANDS.iter().map(|command| project.run(&format!("{command} --help")).ended(0).to_string());
    let all: Vec<String> = std::iter::once(project.run("--help").ended(0).to_string()).chain(pages).collect();
    assert_shown!(project, all.join("\n"));
}

#[test]
fn help_lists_every_command_and_this_list_is_whole() {
    let help = Project::empty().run("--help").ended(0).stdout;
    let listed = help.split("Commands:").nth(1).and_then(|rest| rest.split("Options:").next()).expect("it has a list");
    for line in listed.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   ")) {
        let name = line.split_whitespace().next().expect("it has a name");
        assert!(COMMANDS.contains(&name), "{name} has no place in the list above");
    }
}

#[test]
fn what_it_does_not_know_is_refused_with_what_was_meant() {
    let project = Project::empty();
    let words = ["", "aply demo", "plan", "plan demo --sanbox", "plan demo --speed 60", "graph demo --format png"];
    let runs: Vec<String> = words.iter().map(|words| project.run(words).ended(1).to_string()).collect();
    assert_shown!(project, runs.join("\n"));
}

#[test]
fn what_is_no_text_is_refused_and_no_crash() {
    let project = Project::empty();
    let mut command = project.command("plan");
    command.arg(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"\xff\xfe"));
    let ran = project.end("plan", command).ended(1);
    assert!(ran.stderr.starts_with("error: "), "{ran}");
}

#[test]
fn completions_know_every_command_in_each_shell() {
    let project = Project::empty();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = project.run(&format!("completions {shell}")).ended(0).stdout;
        for command in COMMANDS.iter().flat_map(|command| command.split(' ')) {
            assert!(script.contains(command), "{shell} does not know {command}");
        }
    }
}

#[test]
fn bash_takes_the_completions_and_completes() {
    let project = Project::empty();
    project.write("completions", &project.run("completions bash").ended(0).stdout);
    let ask =
        ". ./completions; COMP_WORDS=(fathuss sta); COMP_CWORD=1; _fathuss fathuss sta fathuss; echo ${COMPREPLY[@]}";
    let answer = std::process::Command::new("bash").args(["-c", ask]).current_dir(project.root()).output();
    assert_eq!(String::from_utf8_lossy(&answer.expect("there is bash").stdout), "state\n");
}
