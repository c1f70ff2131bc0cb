//! Opening reads a snapshot and what follows it, not every segment ever written.

use fathuss_state::{Backend, Entry, Keys, Retention, RunEnd, RunId, S3, Store, Verified};

use crate::lease::Leased;
use crate::place::{Objects, PATIENT, address};
use crate::promise::Bench;
use crate::promise::made::{NOW_MS, address as named, begin, holder, present, record};
use crate::proxy::Proxy;

const SERVER: &str = "FATHUSS_TEST_VERSITYGW";

/// A day, in milliseconds.
const DAY_MS: i64 = 24 * 3600 * 1000;

#[test]
fn opening_reads_few_segments_however_many_were_written() {
    let proxy = Proxy::before(&address(SERVER));
    let mut objects = Objects::on(SERVER).under(PATIENT);
    let straight = objects.clone();
    objects.bucket.endpoint = Some(proxy.url.clone());
    let mut before = None;
    for round in 0..4 {
        let mut state = straight.open();
        state.lock(&holder("lock-1"), NOW_MS).expect("free");
        if let Some(before) = before.take() {
            assert_eq!(state.snapshot().expect("readable"), before);
        }
        let first = state.reserve_operations(1).expect("reserved").0;
        state.append(&[begin(first, &format!("left{round}"))]).expect("legal");
        for number in 0..40 {
            let row = record(&format!("r{round}-{number}"), "i-1", 0);
            state.append(&[Entry::Recorded(Box::new(row))]).expect("legal");
        }
        before = Some(state.snapshot().expect("readable"));
    }
    drop(straight.open().lock(&holder("lock-1"), NOW_MS));
    let read = objects.look().expect("there");
    assert_eq!(read.snapshot().expect("readable"), before.expect("written"));
    let gets = proxy.seen().iter().filter(|request| request.target.contains("/journal/")).count();
    assert!(gets <= 64, "{gets} segments were read");
    let mut state = straight.open();
    state.lock(&holder("lock-2"), NOW_MS).expect("free");
    state.append(&[present(1, "left0", "i-1")]).expect("what was under way before the snapshot settles after it");
    assert_eq!(state.entries(None).expect("readable").len(), 4 * 41 + 1, "the journal tells all of it");
}

#[test]
fn segments_of_runs_that_are_forgotten_go_after_a_month_and_not_before() {
    let objects = Objects::on(SERVER);
    let proxy = Proxy::before(&address(SERVER));
    let mut through = objects.clone();
    through.bucket.endpoint = Some(proxy.url.clone());
    let round = |now_ms: i64| {
        let mut state = S3::open(&through.bucket, PATIENT, Some("5eed"), &Keys::default(), now_ms).expect("whole");
        state.lock(&holder("lock-1"), now_ms).expect("free");
        state.forget(&Retention { runs: 20, days: 0 }, now_ms).expect("forgotten");
        for _ in 0..25 {
            let run = state.begin_run("apply", &[], now_ms).expect("begun");
            let row = record("a", &format!("i-{}", run.0), 0);
            state.append(&[Entry::Recorded(Box::new(row))]).expect("legal");
            state.end_run(run, RunEnd::default()).expect("ended");
        }
    };
    let deleted = || proxy.seen().iter().filter(|request| request.deletes("/journal/")).count();
    round(NOW_MS);
    // 75 segments: this lock makes a snapshot.
    round(NOW_MS + DAY_MS);
    round(NOW_MS + 2 * DAY_MS);
    assert_eq!(deleted(), 0, "they are forgotten, and not a month old");
    round(NOW_MS + 32 * DAY_MS);
    assert_eq!(deleted(), 75, "the first chapter is");
    let state = objects.look().expect("there");
    assert_eq!(state.history(200).expect("readable").len(), 45, "20 runs of before the last lock, and those after it");
    assert_eq!(state.entries(None).expect("readable").len(), 45, "and the journal has their records");
    let history = state.past().expect("readable");
    assert_eq!((history.verify(), history.after(RunId(55))), (Ok(Verified { since: 0 }), None));
    let past = history.after(RunId(56)).expect("kept, in a segment before the last snapshots");
    assert_eq!(past.resources[&named("a")].identity.0, "i-56");
}
