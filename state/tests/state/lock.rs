//! One run writes at a time; what a dead one held is free again.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::Child;

use fathuss_state::{Backend, Holder, Sqlite, StateError, Store};

use crate::child;
use crate::made::{NOW_MS, address, begin, holder, locked};

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
    assert!(matches!(state.begin_run("apply", NOW_MS), Err(StateError::NotHeld { .. })), "and nothing can be written");
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
    assert_eq!(state.holder().expect("readable"), Some(holder("mine")));
    let pending = state.snapshot().expect("readable").pending;
    assert_eq!(pending.len(), 1);
    let operation = pending[0].begun.operation;
    state
        .append(&[fathuss_state::Entry::Settled { operation, outcome: fathuss_state::Settled::Absent }])
        .expect("what the dead run began is this run's to settle");
}

#[test]
fn a_lock_is_let_go_with_its_store() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state");
    let first = locked(&path);
    let mut second = Sqlite::open(&path, NOW_MS).expect("whole");
    assert!(matches!(second.lock(&holder("second"), NOW_MS), Err(StateError::Locked { .. })));
    drop(first);
    second.lock(&holder("second"), NOW_MS).expect("free");
    assert_eq!(second.taken_over(), None);
    second.release().expect("released");
    assert_eq!(second.holder().expect("readable"), None);
    assert!(matches!(second.append(&[begin(1, "a")]), Err(StateError::NotHeld { .. })));
}

#[test]
fn a_run_whose_lock_was_removed_writes_no_more() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state");
    let mut first = locked(&path);
    first.reserve_operations(2).expect("reserved");
    first.append(&[begin(1, "a")]).expect("legal");
    let told = |error: StateError| error.to_string().replace(path.to_str().expect("text"), "STATE");

    let mut other = Sqlite::open(&path, NOW_MS).expect("whole");
    let error = other.unlock("lock-2", NOW_MS).expect_err("another lock");
    assert!(matches!(error, StateError::Locked { holder, .. } if holder.id == "lock-1"));
    let removed = other.unlock("lock-1", NOW_MS).expect("removed").expect("somebody held it");
    assert_eq!(removed, holder("lock-1"));
    assert_eq!(other.unlock("lock-1", NOW_MS).expect("nothing to do"), None);

    let error = first.append(&[begin(2, "b")]).expect_err("the lock is gone");
    assert_eq!(told(error), "STATE is not locked by this run: its lock was removed");
    other.lock(&holder("lock-2"), NOW_MS).expect("free");
    let error = first.append(&[begin(2, "b")]).expect_err("another has it");
    assert_eq!(
        told(error),
        format!(
            "STATE is not locked by this run: its lock was removed, and mia@build-7 (process {}, \
             `fathuss apply staging`) has taken it",
            std::process::id()
        )
    );
    assert_eq!(first.snapshot().expect("readable").pending.len(), 1);
    drop(first);
    assert!(other.holder().expect("readable").is_some(), "another's lock is not let go");
}

#[test]
fn reading_takes_no_lock_and_sees_what_is_durable_while_another_writes() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state");
    let mut writer = locked(&path);
    writer.reserve_operations(2).expect("reserved");
    writer.append(&[begin(1, "a")]).expect("legal");
    let read = Sqlite::read(&path).expect("whole").expect("there");
    assert_eq!(read.pending[0].begun.address, address("a"));
    let mut reader = Sqlite::look(&path).expect("whole").expect("there");
    writer.append(&[begin(2, "b")]).expect("a reader is in nobody's way");
    assert_eq!(reader.snapshot().expect("readable").pending.len(), 2);
    assert!(matches!(reader.lock(&holder("reader"), NOW_MS), Err(StateError::Storage { .. })), "it can only read");
}

#[test]
fn of_many_that_begin_at_once_one_gets_the_lock_and_all_get_the_same_state() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("deep/er/state");
    let start = std::sync::Barrier::new(8);
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|number| {
                let (path, start) = (&path, &start);
                scope.spawn(move || {
                    start.wait();
                    let mut state = Sqlite::open(path, NOW_MS).expect("made by one of us");
                    let locked = state.lock(&holder(&format!("lock-{number}")), NOW_MS).is_ok();
                    (locked, state.snapshot().expect("readable").lineage, state)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    assert_eq!(outcomes.iter().filter(|(locked, ..)| *locked).count(), 1);
    assert!(outcomes.iter().all(|(_, lineage, _)| lineage.len() == 16 && *lineage == outcomes[0].1));
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
    };
    state.lock(&holder, NOW_MS).expect("free");
    state.reserve_operations(1).expect("reserved");
    state.append(&[begin(1, "a")]).expect("legal");
    println!("\nholding");
    // Until the parent kills this process, or ends itself.
    std::io::stdin().read_to_end(&mut Vec::new()).expect("read");
}
