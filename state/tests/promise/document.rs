//! A state as a file: taken out, put back, and brought to another place.

use std::collections::BTreeMap;

use fathuss_model::Datum;
use fathuss_state::{Backend, Document, Entry, RunEnd, Settled, StateError};

use super::made::{NOW_MS, address, begin, identified, present, record, settled};
use super::{Bench, locked};

/// A state with some of everything.
fn full(bench: &dyn Bench) -> Box<dyn Backend> {
    let mut state = locked(bench);
    let run = state.begin_run("apply", &[], NOW_MS).expect("begun");
    state.reserve_operations(9).expect("reserved");
    state.append(&[begin(5, "e"), begin(2, "b"), identified(2, "i-2"), begin(1, "a")]).expect("legal");
    state.append(&[present(1, "a", "i-1"), begin(3, "c"), settled(3, Settled::Refused)]).expect("legal");
    let end = RunEnd {
        outcome: "failed".to_owned(),
        now_ms: NOW_MS + 5000,
        summary: BTreeMap::from([("create".to_owned(), 1)]),
        outputs: Some(BTreeMap::from([("vpc".to_owned(), Datum::from("i-1"))])),
        durations_ms: BTreeMap::from([(("aws_vpc".to_owned(), "create".to_owned()), 1500)]),
        ..RunEnd::default()
    };
    state.end_run(run, end).expect("ended");
    state
}

pub fn what_is_pulled_can_be_pushed_to_another_place(bench: &dyn Bench) {
    let from = full(bench);
    let text = from.document().expect("readable").to_text(None).expect("JSON");
    let document = Document::parse(text.as_bytes()).expect("whole");
    assert_eq!((document.lineage(), document.serial()), ("5eed", from.snapshot().expect("readable").serial));

    let other = bench.another();
    let mut to = locked(&*other);
    to.replace(&document).expect("an empty state of the lineage");
    let (was, is) = (from.snapshot().expect("readable"), to.snapshot().expect("readable"));
    assert_eq!(is, fathuss_state::Snapshot { serial: is.serial, ..was });
    assert!(is.serial > document.serial());
    assert_eq!(to.history(9).expect("readable"), from.history(9).expect("readable"));
    drop(to);
    assert_eq!(other.look().expect("there").snapshot().expect("readable"), is);
    let mut to = locked(&*other);
    to.append(&[present(2, "b", "i-2")]).expect("what was under way settles there");
    assert_eq!(to.reserve_operations(1).expect("reserved").0, 10, "no number is used twice");
    assert_eq!(to.begin_run("apply", &[], NOW_MS).expect("begun").0, 2);
}

pub fn a_push_takes_away_what_the_document_does_not_have(bench: &dyn Bench) {
    let mut state = full(bench);
    let before = state.document().expect("readable");
    let (run, end) = (state.begin_run("apply", &[], NOW_MS).expect("begun"), RunEnd::default());
    state.append(&[settled(5, Settled::Absent), Entry::Recorded(Box::new(record("z", "i-9", 0)))]).expect("legal");
    state.end_run(run, end).expect("ended");
    let error = state.replace(&before).expect_err("it was written since");
    assert!(matches!(error, StateError::Stale { .. }), "{error}");
    assert!(error.to_string().contains("has serial 5, and the state has 8: it was written since"), "{error}");

    // As a person would who knows better: with the serial of now.
    let newer = Document::parse(before.at_serial(8).to_text(None).expect("JSON").as_bytes()).expect("whole");
    state.replace(&newer).expect("the same serial");
    let now = state.snapshot().expect("readable");
    assert!(!now.resources.contains_key(&address("z")) && !now.generations.contains_key(&address("e")));
    let order: Vec<i64> = now.pending.iter().map(|one| one.begun.operation.0).collect();
    assert_eq!(order, [5, 2], "in the order they began");
    assert_eq!(now.serial, 9);
    assert_eq!(state.history(9).expect("readable").len(), 2, "history stays");
    drop(state);
    assert_eq!(bench.look().expect("there").snapshot().expect("readable"), now);
}

pub fn a_document_of_another_state_is_refused_and_so_is_one_changed_by_hand(bench: &dyn Bench) {
    let mut state = full(bench);
    let text = state.document().expect("readable").to_text(None).expect("JSON");
    let told = Document::parse(text.replace("i-1", "i-7").as_bytes()).expect_err("changed");
    assert!(told.contains("does not match its checksum"), "{told}");
    let other = Document::empty("fa11");
    let error = state.replace(&other).expect_err("another");
    assert!(error.to_string().contains("the document is of the state fa11, and this is 5eed"), "{error}");
}

pub fn a_state_that_went_elsewhere_takes_no_write_until_it_comes_back(bench: &dyn Bench) {
    let mut state = full(bench);
    state.close("states/elsewhere.db").expect("held");
    assert_eq!(state.moved_to().expect("readable").as_deref(), Some("states/elsewhere.db"));
    let before = state.snapshot().expect("readable");
    for error in [
        state.begin_run("apply", &[], NOW_MS).map(drop).expect_err("it is elsewhere"),
        state.append(&[present(2, "b", "i-2")]).expect_err("it is elsewhere"),
        state.reserve_operations(1).map(drop).expect_err("it is elsewhere"),
    ] {
        assert!(matches!(&error, StateError::Moved { to } if to == "states/elsewhere.db"), "{error}");
    }
    assert_eq!(state.snapshot().expect("readable"), before);
    drop(state);
    let mut state = locked(bench);
    assert!(state.begin_run("apply", &[], NOW_MS).is_err(), "so it is for the next one");
    let document = state.document().expect("readable");
    state.replace(&document).expect("it comes back");
    assert_eq!(state.moved_to().expect("readable"), None);
    state.begin_run("apply", &[], NOW_MS).expect("open");
}
