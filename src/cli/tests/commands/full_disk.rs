//! A disk without room: what is shown is true, and nothing that was made is lost.

use std::fs::OpenOptions;
use std::process::{Command, Stdio};

use crate::demo;
use crate::project::{FATHUSS, Project, Ran, flat};
use crate::server::vpcs;

/// Runs `fathuss` where no file may grow beyond so many blocks of 512 bytes.
fn with_room_for(project: &Project, blocks: u32, words: &str) -> Ran {
    let mut shell = Command::new("sh");
    // A file that reaches its limit gives an error, as a full disk does, only where the signal is ignored.
    shell.args(["-c", &format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\""), FATHUSS]);
    shell.args(words.split_whitespace()).current_dir(project.root()).env_clear().envs(project.environment());
    project.end(words, shell)
}

#[test]
fn standard_output_on_a_full_disk_is_a_failure() {
    let project = Project::of(demo::network);
    for words in
        ["--help", "schema", "plan demo --sandbox", "graph demo", "completions bash", "plan demo --sandbox --json"]
    {
        let full = OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
        let mut command = project.command(words);
        let output = command.stdout(Stdio::from(full)).output().expect("it runs");
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{words}: {told}");
        assert!(told.contains("No space left on device"), "{words}: {told}");
    }
}

#[test]
fn an_apply_whose_report_has_no_room_is_applied_all_the_same_and_fails() {
    let project = Project::of(demo::network);
    let full = OpenOptions::new().write(true).open("/dev/full").expect("Linux has it");
    let mut command = project.command("apply demo --sandbox --json");
    let output = command.stdout(Stdio::from(full)).output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    project.run("apply demo --sandbox").ended(0);
    project.run("plan demo --sandbox --detailed-exitcode").ended(0);
}

#[test]
fn wherever_the_disk_is_full_the_next_run_with_room_makes_each_thing_once() {
    let project = Project::of(demo::network);
    let mut stopped = 0;
    // From no room for anything to room for all: the limit strikes the state, its log, the world in turn.
    for blocks in [0, 1, 8, 40, 80, 100, 120, 140, 160, 200, 240, 300] {
        let ran = with_room_for(&project, blocks, "apply demo --sandbox");
        if ran.code == Some(0) {
            project.run("destroy demo --sandbox").ended(0);
        } else {
            stopped += 1;
            assert_eq!(ran.code, Some(1), "{blocks} blocks: {ran}");
            let told = flat(format!("{}{}", ran.stdout, ran.stderr));
            assert!(
                told.contains("File too large") || told.contains("disk") || told.contains("full"),
                "{blocks}: {ran}"
            );
            let blames_something = told.contains("not started, because aws_");
            assert!(!(told.contains(" 0 failed") && blames_something), "what was cut off has not failed: {ran}");
        }
        let whole = project.run("apply demo --sandbox").ended(0);
        assert_eq!(project.addresses().len(), 8, "{blocks} blocks: {whole}");
        project.run("plan demo --sandbox --detailed-exitcode").ended(0);
        project.run("destroy demo --sandbox").ended(0);
        assert_eq!(vpcs(&project), 0, "{blocks} blocks: nothing is left that no state knows");
        project.run("sandbox reset").ended(0);
    }
    assert!(stopped >= 4, "the limit must strike at several places, not {stopped}");
}

#[test]
fn a_new_project_without_room_says_which_file_has_none() {
    let project = Project::empty();
    let ran = with_room_for(&project, 0, "init made").ended(1);
    assert!(ran.stderr.contains("made/Cargo.toml can't be written"), "{ran}");
}
