//! One run writes at a time, and anybody reads.

use std::sync::Barrier;

use fathuss_state::{Entry, StateError};

use super::made::{NOW_MS, address, begin, holder, record};
use super::{Bench, locked};

/// How many want the state at once.
const MANY: usize = 8;

pub fn a_lock_is_let_go_with_its_store(bench: &dyn Bench) {
    let first = locked(bench);
    let mut second = bench.open();
    assert!(matches!(second.lock(&holder("second"), NOW_MS), Err(StateError::Locked { .. })));
    drop(first);
    second.lock(&holder("second"), NOW_MS).expect("free");
    assert_eq!(second.taken_over(), None);
    (second.fence())().expect("held");
    second.release().expect("released");
    assert_eq!(second.holders().expect("readable"), []);
    assert!(matches!(second.append(&[begin(1, "a")]), Err(StateError::NotHeld { .. })));
}

pub fn a_run_whose_lock_was_removed_writes_no_more(bench: &dyn Bench) {
    let mut first = locked(bench);
    first.reserve_operations(2).expect("reserved");
    first.append(&[begin(1, "a")]).expect("legal");
    let told = |error: StateError| error.to_string().replace(&bench.place(), "STATE");

    let mut other = bench.open();
    let error = other.unlock("lock-2", &holder("admin")).expect_err("another lock");
    assert!(matches!(error, StateError::Locked { holder, .. } if holder.id == "lock-1"));
    let removed = other.unlock("lock-1", &holder("admin")).expect("removed").expect("somebody held it");
    assert_eq!(removed, holder("lock-1"));
    assert_eq!(other.unlock("lock-1", &holder("admin")).expect("nothing to do"), None);

    let error = first.append(&[begin(2, "b")]).expect_err("the lock is gone");
    assert_eq!(told(error), "STATE is not locked by this run: its lock was removed");
    other.lock(&holder("lock-2"), NOW_MS).expect("free");
    let error = first.append(&[begin(2, "b")]).expect_err("it stays gone");
    assert!(matches!(error, StateError::NotHeld { .. }));
    assert_eq!(first.snapshot().expect("readable").pending.len(), 1);
    drop(first);
    assert!(!other.holders().expect("readable").is_empty(), "another's lock is not let go");

    let mut third = bench.open();
    third.unlock("lock-2", &holder("admin")).expect("removed");
    third.lock(&holder("lock-3"), NOW_MS).expect("free");
    let error = other.append(&[Entry::Dropped(address("a"))]).expect_err("another has it");
    assert_eq!(
        told(error),
        format!(
            "STATE is not locked by this run: its lock was removed, and mia@build-7 (process {}, \
             `fathuss apply staging`) has taken it",
            std::process::id()
        )
    );
}

pub fn reading_takes_no_lock_and_sees_what_is_durable_while_another_writes(bench: &dyn Bench) {
    assert!(bench.look().is_none(), "reading makes no state");
    let mut writer = locked(bench);
    writer.reserve_operations(2).expect("reserved");
    writer.append(&[begin(1, "a")]).expect("legal");
    let mut reader = bench.look().expect("there");
    assert_eq!(reader.snapshot().expect("readable").pending[0].begun.address, address("a"));
    writer.append(&[begin(2, "b")]).expect("a reader is in nobody's way");
    assert_eq!(reader.snapshot().expect("readable").pending.len(), 2);
    drop(writer);
    assert!(matches!(reader.lock(&holder("reader"), NOW_MS), Err(StateError::Storage { .. })), "it can only read");
}

pub fn of_many_that_begin_at_once_one_gets_the_lock_and_all_get_the_same_state(bench: &dyn Bench) {
    let start = Barrier::new(MANY);
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..MANY)
            .map(|number| {
                let start = &start;
                scope.spawn(move || {
                    start.wait();
                    let mut state = bench.open();
                    let locked = state.lock(&holder(&format!("lock-{number}")), NOW_MS);
                    let lineage = state.snapshot().expect("readable").lineage;
                    // Whoever has it keeps it until all have tried.
                    start.wait();
                    match locked {
                        Ok(()) => (true, lineage),
                        Err(StateError::Locked { .. }) => (false, lineage),
                        Err(error) => panic!("{error}"),
                    }
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    assert_eq!(outcomes.iter().filter(|(locked, _)| *locked).count(), 1);
    assert!(outcomes.iter().all(|(_, lineage)| *lineage == outcomes[0].1));
}

pub fn what_many_write_one_after_the_other_is_all_there(bench: &dyn Bench) {
    const ROUNDS: usize = 3;
    std::thread::scope(|scope| {
        for writer in 0..MANY {
            scope.spawn(move || {
                let mut state = bench.open();
                for round in 0..ROUNDS {
                    while let Err(error) = state.lock(&holder(&format!("lock-{writer}-{round}")), NOW_MS) {
                        assert!(matches!(error, StateError::Locked { .. }), "{error}");
                        std::thread::yield_now();
                    }
                    let rows = state.snapshot().expect("readable").resources.len();
                    let row = record(&format!("w{writer}-{round}"), "i-1", 0);
                    state.append(&[Entry::Recorded(Box::new(row))]).expect("legal");
                    assert_eq!(state.snapshot().expect("readable").resources.len(), rows + 1);
                    state.release().expect("released");
                }
            });
        }
    });
    let read = bench.look().expect("there").snapshot().expect("readable");
    assert_eq!(read.resources.len(), MANY * ROUNDS);
    assert_eq!(read.serial, i64::try_from(MANY * ROUNDS).expect("few"));
}
