//! What records do to the rows, and which records are refused.

use std::collections::BTreeMap;

use fathuss_model::Datum;
use fathuss_state::{
    Action, Backend, Entry, Identity, OperationId, Pending, Retention, RunEnd, Settled, Snapshot, StateError,
};

use super::made::{NOW_MS, address, begin, begun, holder, identified, present, record, settled};
use super::{Bench, locked};

/// A state with operations 1 to 9 reserved.
fn fresh(bench: &dyn Bench) -> Box<dyn Backend> {
    let mut state = locked(bench);
    assert_eq!(state.reserve_operations(9).expect("reserved"), OperationId(1));
    state
}

fn refusal(state: &mut dyn Backend, entries: &[Entry]) -> String {
    let before = state.snapshot().expect("readable");
    let reason = match state.append(entries) {
        Err(StateError::Illegal { reason }) => reason,
        other => panic!("expected a refusal, not {other:?}"),
    };
    assert_eq!(state.snapshot().expect("readable"), before, "a refused group writes nothing");
    reason
}

pub fn a_creation_is_pending_until_it_settles_as_a_row(bench: &dyn Bench) {
    let mut state = fresh(bench);
    state.append(&[begin(1, "a")]).expect("legal");
    state.append(&[identified(1, "i-1")]).expect("legal");
    let half = state.snapshot().expect("readable");
    assert_eq!(
        half.pending,
        [Pending { begun: begun(1, "a", Action::Create), identified: Some(Identity("i-1".to_owned())) }]
    );
    assert!(half.resources.is_empty());

    state.append(&[present(1, "a", "i-1")]).expect("legal");
    let after = state.snapshot().expect("readable");
    assert_eq!(after.pending, []);
    assert_eq!(after.resources, BTreeMap::from([(address("a"), record("a", "i-1", 0))]));
    assert_eq!(after.generations, BTreeMap::new());
    assert!(after.serial > half.serial);
}

pub fn a_state_reads_the_same_after_it_was_closed(bench: &dyn Bench) {
    let mut state = fresh(bench);
    let run = state.begin_run("apply", &[], NOW_MS).expect("begun");
    state.append(&[begin(1, "a"), begin(2, "b"), identified(2, "i-2"), present(1, "a", "i-1")]).expect("legal");
    let end = RunEnd {
        outcome: "applied".to_owned(),
        now_ms: NOW_MS + 5000,
        summary: BTreeMap::from([("create".to_owned(), 1)]),
        outputs: Some(BTreeMap::from([("vpc".to_owned(), Datum::from("i-1"))])),
        durations_ms: BTreeMap::from([(("aws_vpc".to_owned(), "create".to_owned()), 1500)]),
        ..RunEnd::default()
    };
    state.end_run(run, end).expect("ended");
    let before = (state.snapshot().expect("readable"), state.history(10).expect("readable"));
    drop(state);

    let read = bench.look().expect("there");
    assert_eq!((read.snapshot().expect("readable"), read.history(10).expect("readable")), before);
    assert_eq!(before.0.outputs["vpc"], Datum::from("i-1"));
    assert_eq!(before.0.durations_ms[&("aws_vpc".to_owned(), "create".to_owned())], 1500);
    assert_eq!(before.1[0].outcome.as_deref(), Some("applied"));
    assert_eq!(before.1[0].holder, "mia@build-7");
}

pub fn a_deletion_and_a_refusal_spend_the_generation(bench: &dyn Bench) {
    let mut state = fresh(bench);
    state.append(&[begin(1, "a"), settled(1, Settled::Refused)]).expect("legal");
    assert_eq!(state.snapshot().expect("readable").generations[&address("a")], 1);

    let again = Entry::Begun(Box::new(fathuss_state::Begun { generation: 1, ..begun(2, "a", Action::Create) }));
    let made = settled(2, Settled::Present(Box::new(record("a", "i-2", 1))));
    state.append(&[again, made]).expect("legal");
    assert_eq!(state.snapshot().expect("readable").generations[&address("a")], 1);

    let delete = Entry::Begun(Box::new(fathuss_state::Begun { generation: 1, ..begun(3, "a", Action::Delete) }));
    state.append(&[delete, settled(3, Settled::Absent)]).expect("legal");
    let after = state.snapshot().expect("readable");
    assert_eq!(after.generations[&address("a")], 2);
    assert!(after.resources.is_empty());
}

pub fn a_row_that_is_gone_outside_spends_its_generation_once(bench: &dyn Bench) {
    let mut state = fresh(bench);
    state.append(&[Entry::Recorded(Box::new(record("a", "i-1", 4)))]).expect("legal");
    state.append(&[Entry::Dropped(address("a")), Entry::Dropped(address("a"))]).expect("legal");
    let after = state.snapshot().expect("readable");
    assert!(after.resources.is_empty());
    assert_eq!(after.generations[&address("a")], 5);
}

pub fn pending_operations_are_in_the_order_they_began(bench: &dyn Bench) {
    let mut state = fresh(bench);
    state.append(&[begin(5, "e"), begin(2, "b")]).expect("legal");
    state.append(&[begin(1, "a")]).expect("legal");
    state.append(&[begin(4, "d"), begin(3, "c"), settled(2, Settled::Refused)]).expect("legal");
    let order = |snapshot: Snapshot| snapshot.pending.iter().map(|one| one.begun.operation.0).collect::<Vec<_>>();
    assert_eq!(order(state.snapshot().expect("readable")), [5, 1, 4, 3]);
    let read = bench.look().expect("there").snapshot().expect("readable");
    assert_eq!(order(read), [5, 1, 4, 3]);
}

pub fn what_may_not_follow_is_refused_with_the_whole_group(bench: &dyn Bench) {
    let mut state = fresh(bench);
    state.append(&[begin(1, "a"), identified(1, "i-1"), begin(2, "b"), settled(2, Settled::Refused)]).expect("legal");
    let cases: Vec<(Vec<Entry>, &str)> = vec![
        (
            vec![begin(3, "c"), begin(4, "c")],
            "operation 4 begins at staging.terraform_data.c, where operation 3 has not settled",
        ),
        (vec![begin(3, "a")], "operation 3 begins at staging.terraform_data.a, where operation 1 has not settled"),
        (
            vec![begin(1, "c")],
            "operation 1 begins at staging.terraform_data.c, but it is under way at staging.terraform_data.a",
        ),
        (
            vec![begin(2, "c")],
            "operation 2 begins at staging.terraform_data.c, but its number was used before or is not reserved by this run",
        ),
        (
            vec![begin(10, "c")],
            "operation 10 begins at staging.terraform_data.c, but its number was used before or is not reserved by this run",
        ),
        (
            vec![begin(3, "c"), identified(1, "i-2")],
            "operation 1 at staging.terraform_data.a is identified as i-2, but it was identified as i-1",
        ),
        (vec![identified(2, "i-2")], "operation 2 is identified as i-2, but it has settled or never began"),
        (vec![identified(3, "i-2")], "operation 3 is identified as i-2, but it has settled or never began"),
        (vec![settled(2, Settled::Absent)], "operation 2 settles, but it has settled before or never began"),
        (
            vec![settled(1, Settled::Absent), settled(1, Settled::Absent)],
            "operation 1 settles, but it has settled before or never began",
        ),
        (
            vec![present(1, "a", "i-2")],
            "operation 1 at staging.terraform_data.a settles as i-2, but it was identified as i-1",
        ),
        (
            vec![present(1, "b", "i-1")],
            "operation 1 at staging.terraform_data.a settles as staging.terraform_data.b, another address",
        ),
        (
            vec![settled(1, Settled::Refused)],
            "operation 1 at staging.terraform_data.a settles as refused, but it was identified as i-1",
        ),
    ];
    for (entries, expected) in cases {
        assert_eq!(refusal(&mut *state, &entries), expected);
    }
    state.append(&[identified(1, "i-1"), present(1, "a", "i-1")]).expect("the same identity again is no other one");
}

pub fn a_number_reserved_by_an_earlier_run_is_not_this_runs_to_use(bench: &dyn Bench) {
    let mut state = fresh(bench);
    state.append(&[begin(1, "a")]).expect("legal");
    drop(state);
    let mut state = locked(bench);
    assert_eq!(
        refusal(&mut *state, &[begin(2, "b")]),
        "operation 2 begins at staging.terraform_data.b, but its number was used before or is not reserved by this run"
    );
    assert_eq!(state.reserve_operations(1).expect("reserved"), OperationId(10));
    state.append(&[present(1, "a", "i-1"), begin(10, "b")]).expect("what the earlier run began settles in this one");
}

pub fn a_run_ends_once(bench: &dyn Bench) {
    let mut state = fresh(bench);
    let run = state.begin_run("apply", &[], NOW_MS).expect("begun");
    state.end_run(run, RunEnd::default()).expect("ended");
    let error = state.end_run(run, RunEnd::default()).expect_err("it has ended");
    assert_eq!(error.to_string(), "the journal refuses a record: run 1 ends, but it has ended before or never began");
}

pub fn history_is_newest_first_and_shows_a_run_that_was_cut_off(bench: &dyn Bench) {
    let mut state = fresh(bench);
    let first = state.begin_run("apply", &[], NOW_MS).expect("begun");
    state
        .end_run(first, RunEnd { outcome: "failed".to_owned(), now_ms: NOW_MS + 1, ..RunEnd::default() })
        .expect("ended");
    state.begin_run("destroy", &[], NOW_MS + 2).expect("begun");
    let told: Vec<_> =
        state.history(5).expect("readable").into_iter().map(|run| (run.id.0, run.command, run.outcome)).collect();
    assert_eq!(told, [(2, "destroy".to_owned(), None), (1, "apply".to_owned(), Some("failed".to_owned()))]);
    assert_eq!(state.history(1).expect("readable").len(), 1);
}

pub fn the_journal_tells_the_whole_story_of_the_runs_that_are_kept(bench: &dyn Bench) {
    let mut state = fresh(bench);
    let mut told = Vec::new();
    for round in 0..9 {
        let run = state.begin_run("apply", &[], NOW_MS).expect("begun");
        let entry = Entry::Recorded(Box::new(record(&format!("r{round}"), "i-1", 0)));
        state.append(std::slice::from_ref(&entry)).expect("legal");
        state.end_run(run, RunEnd::default()).expect("ended");
        told.push((run, entry));
    }
    let all = |from: usize| told[from..].iter().map(|(_, entry)| entry.clone()).collect::<Vec<_>>();
    assert_eq!(state.entries(None).expect("readable"), all(0));
    state.forget(&Retention { runs: 4, days: 0 }, NOW_MS + 1).expect("forgotten");
    assert_eq!(state.entries(None).expect("readable"), all(5));
    assert_eq!(state.entries(Some(told[8].0)).expect("readable"), all(8));
    assert_eq!(state.snapshot().expect("readable").resources.len(), 9, "rows stay");
}

pub fn writing_takes_the_lock(bench: &dyn Bench) {
    let mut state = bench.open();
    let told = |error: StateError| error.to_string().replace(&bench.place(), "STATE");
    let error = state.append(&[Entry::Dropped(address("a"))]).expect_err("no lock");
    assert_eq!(told(error), "STATE is not locked by this run: it has not taken the lock");
    assert!(matches!(state.begin_run("apply", &[], NOW_MS), Err(StateError::NotHeld { .. })));
    assert!(matches!(state.reserve_operations(1), Err(StateError::NotHeld { .. })));
    state.lock(&holder("lock-1"), NOW_MS).expect("free");
    state.append(&[Entry::Dropped(address("a"))]).expect("legal");
}
