//! One run writes at a time; what a dead one held is free again.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::Child;

use fathuss_state::{Backend, Holder, Origin, Sqlite, StateError, Store};

use crate::child;
use crate::made::{NOW_MS, begin, holder};

#[test]
fn a_state_locked_by_a_live_process_names_its_holder() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state");
    let mut other = holding(&path);

    let mut state = Sqlite::open(&path, NOW_MS).expect("whole");
    let error = state.lock(&holder("mine"), NOW_MS + 720_000).expect_err("it is held");
    let StateError::Locked { holder: found, .. } = &error else { panic!("{error}") };
    assert_eq!(found.id, "theirs");
    assert_eq!(
        error.to_string(),
        format!(
            "the state is locked by noor@build-8 (process {}, `fathuss destroy staging`) \
             since 2026-01-01 00:00:00 UTC, 12 minutes ago; lock id theirs",
            other.id()
        )
    );
    assert!(
        matches!(state.begin_run("apply", &[], NOW_MS), Err(StateError::NotHeld { .. })),
        "and nothing can be written"
    );
    other.kill().expect("killed");
    other.wait().expect("reaped");
}

#[test]
fn the_lock_of_a_killed_process_is_taken_over_with_what_it_left_pending() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state");
    let mut other = holding(&path);
    other.kill().expect("killed");
    other.wait().expect("ended");

    let mut state = Sqlite::open(&path, NOW_MS).expect("whole");
    state.lock(&holder("mine"), NOW_MS).expect("its holder is dead");
    assert_eq!(state.taken_over().map(|dead| dead.pid), Some(other.id()));
    assert_eq!(state.holders().expect("readable"), [holder("mine")]);
    let pending = state.snapshot().expect("readable").pending;
    assert_eq!(pending.len(), 1);
    let operation = pending[0].begun.operation;
    state
        .append(&[fathuss_state::Entry::Settled { operation, outcome: fathuss_state::Settled::Absent }])
        .expect("what the dead run began is this run's to settle");
}

/// Starts a process that holds the lock of this state.
fn holding(path: &Path) -> Child {
    let mut child = child::playing("lock::child_that_holds_the_lock", path).spawn().expect("started");
    let lines = BufReader::new(child.stdout.as_mut().expect("piped")).lines();
    let said: Vec<_> = lines.map(|line| line.expect("text")).take_while(|line| !line.ends_with("holding")).collect();
    assert!(child.try_wait().expect("asked").is_none(), "it ended instead: {said:?}");
    child
}

#[test]
#[ignore = "played by a child of the tests above"]
fn child_that_holds_the_lock() {
    let mut state = Sqlite::open(&child::state(), NOW_MS).expect("a state");
    let holder = Holder {
        id: "theirs".to_owned(),
        who: "noor@build-8".to_owned(),
        pid: std::process::id(),
        command: "fathuss destroy staging".to_owned(),
        since_ms: NOW_MS,
        origin: Origin::default(),
        part: None,
    };
    state.lock(&holder, NOW_MS).expect("free");
    state.reserve_operations(1).expect("reserved");
    state.append(&[begin(1, "a")]).expect("legal");
    println!("\nholding");
    // Until the parent kills this process, or ends itself.
    std::io::stdin().read_to_end(&mut Vec::new()).expect("read");
}
