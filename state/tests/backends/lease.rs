//! A lease: renewed while its run lives, over when it does not, and then another's.

use std::io::{Read, Write};
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant};

use fathuss_state::{Entry, Holder, StateError, Terms};

use crate::child;
use crate::place::PATIENT;
use crate::promise::made::{NOW_MS, address, begin, holder, record, settled};
use crate::promise::{Bench, locked};

/// Terms under which a lease is over soon. Stores tell time in whole seconds.
pub const BRIEF: Terms = Terms {
    lease: Duration::from_secs(3),
    margin: Duration::from_millis(500),
    signature: Duration::from_secs(2),
    ..PATIENT
};

/// A place that other processes reach, too.
pub trait Leased: Bench {
    /// The same under these terms.
    fn under(self, terms: Terms) -> Self;

    /// Its address, as `fathuss.toml` would have it.
    fn url(&self) -> String;
}

/// Every promise about leases as a test, each at a place of its own.
macro_rules! leases {
    ($bench:expr) => {
        each_lease! { $bench;
            a_lease_is_renewed_while_its_run_lives
            a_run_that_was_frozen_while_another_took_over_writes_nothing
            a_killed_runs_lease_is_taken_over_by_itself
        }
    };
}

macro_rules! each_lease {
    ($bench:expr; $($name:ident)+) => {
        $(#[test]
        fn $name() {
            crate::lease::$name(crate::lease::Leased::under($bench, crate::lease::BRIEF));
        })+
    };
}

pub fn a_lease_is_renewed_while_its_run_lives(bench: impl Leased) {
    let mut state = locked(&bench);
    let began = Instant::now();
    while began.elapsed() < BRIEF.lease * 2 {
        (state.fence())().expect("renewed");
        let error = bench.open().lock(&holder("lock-2"), NOW_MS).expect_err("it is held");
        assert!(matches!(error, StateError::Locked { .. }), "{error}");
        sleep(Duration::from_millis(300));
    }
    state.append(&[Entry::Recorded(Box::new(record("a", "i-1", 0)))]).expect("held");
}

pub fn a_run_that_was_frozen_while_another_took_over_writes_nothing(bench: impl Leased) {
    let mut frozen = Run::holding(&bench);
    let mut next = bench.open();
    frozen.signal("STOP");
    let began = Instant::now();
    let mut lapsed = None;
    let taken = loop {
        match next.lock(&holder("lock-2"), NOW_MS) {
            Ok(()) => break began.elapsed(),
            Err(StateError::Locked { holder, .. }) => {
                assert_eq!(lapsed, None, "what has lapsed is not held again");
                assert_eq!(holder.id, "theirs");
            }
            Err(StateError::Lapsed { holder, wait_s, .. }) => {
                assert_eq!(holder.id, "theirs");
                assert!(wait_s <= BRIEF.signature.as_secs(), "{wait_s}");
                lapsed.get_or_insert_with(|| began.elapsed());
            }
            Err(error) => panic!("{error}"),
        }
        sleep(Duration::from_millis(100));
    };
    let lapsed = lapsed.expect("it lapses before it is taken");
    // It was renewed no longer ago than it is between two renewals.
    assert!(lapsed >= BRIEF.lease / 2, "lapsed after {lapsed:?}");
    assert!(taken - lapsed >= BRIEF.signature - Duration::from_millis(1100), "taken {:?} after that", taken - lapsed);
    assert_eq!(next.taken_over().map(|holder| holder.id.as_str()), Some("theirs"));
    let before = next.snapshot().expect("readable");
    assert_eq!(before.pending.len(), 1, "what it left under way is the next run's to settle");

    frozen.signal("CONT");
    let told = frozen.tries();
    let [held, first, again, run, reserve] = told.as_slice() else { panic!("{told:?}") };
    assert!(held.contains("its lease lapsed"), "{held}");
    assert!(first.contains(&bench.place()) && first.contains("its lease lapsed, and mia@build-7"), "{first}");
    assert!(first.contains("has taken it"), "{first}");
    for error in [again, run, reserve] {
        assert!(error.contains("is not locked by this run"), "{error}");
    }
    assert_eq!(next.snapshot().expect("readable"), before);
    assert_eq!(bench.look().expect("there").snapshot().expect("readable"), before, "0 writes");
    assert_eq!(next.holders().expect("readable"), [holder("lock-2")], "it gives back only what is its own");
    next.append(&[Entry::Dropped(address("a"))]).expect("held");
}

pub fn a_killed_runs_lease_is_taken_over_by_itself(bench: impl Leased) {
    let dead = Run::holding(&bench);
    dead.signal("KILL");
    let mut next = bench.open();
    let began = Instant::now();
    while let Err(error) = next.lock(&holder("lock-2"), NOW_MS) {
        assert!(matches!(error, StateError::Locked { .. } | StateError::Lapsed { .. }), "{error}");
        assert!(began.elapsed() < (BRIEF.lease + BRIEF.signature) * 3, "it never ends: {error}");
        sleep(Duration::from_millis(100));
    }
    let pending = next.snapshot().expect("readable").pending;
    assert_eq!(pending.len(), 1);
    let settled = settled(pending[0].begun.operation.0, fathuss_state::Settled::Absent);
    next.append(&[settled]).expect("what the dead run began is this run's to settle");
}

/// Another process that holds the lock.
struct Run(Child);

impl Run {
    fn holding(bench: &impl Leased) -> Self {
        let child = child::playing("lease::child_that_holds_the_lock", bench.url().as_ref()).spawn().expect("started");
        let mut run = Self(child);
        assert!(run.lines().any(|line| line.ends_with("holding")), "it ended instead");
        run
    }

    /// Lines as they come, not read ahead.
    fn lines(&mut self) -> impl Iterator<Item = String> {
        let stdout = self.0.stdout.as_mut().expect("piped");
        std::iter::from_fn(|| {
            let mut line = Vec::new();
            let mut byte = [0];
            while stdout.read(&mut byte).expect("read") == 1 && byte != *b"\n" {
                line.push(byte[0]);
            }
            (!line.is_empty() || byte == *b"\n").then(|| String::from_utf8(line).expect("text"))
        })
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([format!("-{name}"), self.0.id().to_string()]).status().expect("ran");
        assert!(sent.success());
    }

    /// Lets it write, and gives what it was told.
    fn tries(&mut self) -> Vec<String> {
        self.0.stdin.take().expect("piped").write_all(b"go on\n").expect("written");
        self.lines().filter_map(|line| line.strip_prefix("told ").map(str::to_owned)).collect()
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
#[ignore = "played by a child of the tests above"]
fn child_that_holds_the_lock() {
    let url = child::state();
    let mut state = crate::place::open(url.to_str().expect("text"), BRIEF);
    let holder = Holder { id: "theirs".to_owned(), who: "noor@build-8".to_owned(), ..holder("theirs") };
    state.lock(&holder, NOW_MS).expect("free");
    state.reserve_operations(2).expect("reserved");
    state.append(&[begin(1, "a")]).expect("legal");
    println!("\nholding");
    std::io::stdin().read_line(&mut String::new()).expect("read");
    let told = |result: Result<(), StateError>| {
        println!("\ntold {}", result.err().map_or_else(|| "nothing".to_owned(), |error| error.to_string()))
    };
    told((state.fence())());
    told(state.append(&[Entry::Dropped(address("a"))]));
    told(state.append(&[begin(2, "b")]));
    told(state.begin_run("apply", &[], NOW_MS).map(drop));
    told(state.reserve_operations(1).map(drop));
}
