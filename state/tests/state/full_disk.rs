//! A disk that takes no more: the write fails, says so, and nothing is lost.

use std::process::Command;

use fathuss_state::{Backend, Entry, Sqlite, StateError, Store};

use crate::child;
use crate::made::{NOW_MS, holder, locked, record};

#[test]
fn a_write_that_the_system_refuses_leaves_the_state_as_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state");
    drop(locked(&path));
    // 512-byte blocks: files may not grow past 256 KiB.
    let output = limited(512, "full_disk::child_that_fills_the_disk", &path).output().expect("ran");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let mut state = locked(&path);
    let rows = state.snapshot().expect("readable").resources.len();
    assert!(rows > 0 && rows.is_multiple_of(20), "{rows} rows: whole groups of 20");
    state.append(&group(900)).expect("there is room again");
    assert_eq!(state.snapshot().expect("readable").resources.len(), rows + 20);
}

#[test]
fn a_state_that_can_not_be_made_whole_is_not_made_at_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state");
    let output = limited(16, "full_disk::child_that_makes_a_state", &path).output().expect("ran");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

/// A child that may not write past so many blocks of a file, and is told so instead of killed.
fn limited(blocks: u32, name: &str, path: &std::path::Path) -> Command {
    let child = child::playing(name, path);
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\""));
    command.arg(child.get_program()).args(child.get_args());
    command.envs(child.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command
}

fn group(number: u32) -> Vec<Entry> {
    (0..20).map(|index| Entry::Recorded(Box::new(record(&format!("r{number}-{index}"), "i-1", 0)))).collect()
}

#[test]
#[ignore = "played by a child of a test above"]
fn child_that_fills_the_disk() {
    let mut state = Sqlite::open(&child::state(), NOW_MS).expect("whole");
    state.lock(&holder("child"), NOW_MS).expect("free");
    for number in 0..1000 {
        let before = state.snapshot().expect("readable");
        let Err(error) = state.append(&group(number)) else { continue };
        assert!(matches!(error, StateError::Storage { doing: "written", .. }), "{error}");
        assert!(error.to_string().contains("is it full?"), "{error}");
        assert_eq!(state.snapshot().expect("readable"), before, "nothing of a failed write is kept");
        return;
    }
    panic!("it was never full");
}

#[test]
#[ignore = "played by a child of a test above"]
fn child_that_makes_a_state() {
    let error = Sqlite::open(&child::state(), NOW_MS).expect_err("no room");
    assert!(matches!(error, StateError::Storage { doing: "written", .. }), "{error}");
}
