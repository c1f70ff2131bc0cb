//! What a state was before: after each run, and what the audit log says of it.

use std::collections::BTreeMap;

use fathuss_model::Datum;
use fathuss_state::{
    Backend, Document, Entry, Holder, Origin, Past, Retention, RunAction, RunEnd, RunId, Snapshot, Verified,
};

use super::made::{NOW_MS, address, holder, record};
use super::{Bench, locked};

fn recorded(name: &str, identity: &str) -> Entry {
    Entry::Recorded(Box::new(record(name, identity, 0)))
}

/// A run that writes these records and this output; gives its number and what there was after it.
fn run(state: &mut dyn Backend, entries: &[Entry], output: &str) -> (RunId, Past) {
    let run = state.begin_run("apply", &[], NOW_MS).expect("begun");
    state.append(entries).expect("legal");
    let outputs = Some(BTreeMap::from([("id".to_owned(), Datum::from(output))]));
    let end = RunEnd { outcome: "applied".to_owned(), now_ms: NOW_MS + 1, outputs, ..RunEnd::default() };
    state.end_run(run, end).expect("ended");
    let Snapshot { resources, outputs, .. } = state.snapshot().expect("readable");
    (run, Past { resources, outputs })
}

/// Three runs, each of which changes something else, and what there was after each.
fn three(state: &mut dyn Backend) -> Vec<(RunId, Past)> {
    vec![
        run(state, &[recorded("a", "i-1"), recorded("b", "i-2")], "one"),
        run(state, &[recorded("a", "i-3"), recorded("c", "i-4")], "two"),
        run(state, &[Entry::Dropped(address("a")), recorded("b", "i-5")], "two"),
    ]
}

/// The log's entries: the command, the run's number and what came of it.
fn log(state: &dyn Backend) -> Vec<(String, Option<i64>, String)> {
    let entries = state.past().expect("readable").log.entries;
    entries.into_iter().map(|entry| (entry.command, entry.run.map(|run| run.0), entry.outcome)).collect()
}

fn whole(state: &dyn Backend, since: usize) {
    assert_eq!(state.past().expect("readable").verify(), Ok(Verified { since }));
}

pub fn what_there_was_after_each_run_is_kept(bench: &dyn Bench) {
    let mut state = locked(bench);
    let past = three(&mut *state);
    drop(state);
    let history = bench.look().expect("there").past().expect("readable");
    for (run, past) in past {
        assert_eq!(history.after(run), Some(past), "{run:?}");
    }
    assert_eq!(history.after(RunId(4)), None);
    assert_eq!(history.verify(), Ok(Verified { since: 0 }));
}

pub fn a_run_keeps_who_started_it_from_where_and_its_plan(bench: &dyn Bench) {
    let mut state = bench.open();
    let url = Some("https://github.com/acme/platform/actions/runs/7".to_owned());
    let origin = Origin { commit: Some("4f3a2b1c".to_owned()), dirty: true, url };
    state.lock(&Holder { origin: origin.clone(), ..holder("lock-1") }, NOW_MS).expect("free");
    let plan = [RunAction { address: address("a"), change: "update".to_owned(), fields: vec!["tags".to_owned()] }];
    let run = state.begin_run("apply", &plan, NOW_MS).expect("begun");
    state.end_run(run, RunEnd::default()).expect("ended");
    drop(state);
    let history = bench.look().expect("there").past().expect("readable");
    assert_eq!((&history.runs[0].origin, &history.runs[0].actions[..]), (&origin, &plan[..]));
    let entry = &history.log.entries[0];
    assert_eq!((&entry.origin, entry.who.as_str()), (&origin, "mia@build-7"));
}

pub fn what_a_run_that_was_cut_off_left_is_logged_by_the_next_one(bench: &dyn Bench) {
    let mut state = locked(bench);
    run(&mut *state, &[recorded("a", "i-1")], "one");
    let cut_off = state.begin_run("destroy", &[], NOW_MS).expect("begun");
    state.append(&[recorded("a", "i-2"), recorded("b", "i-3")]).expect("legal");
    drop(state);

    let mut state = locked(bench);
    let left = state.past().expect("readable");
    assert_eq!(left.after(cut_off).expect("it is what is").resources, left.now.resources);
    whole(&*state, 2);
    let (last, _) = run(&mut *state, &[Entry::Dropped(address("a"))], "one");
    let history = state.past().expect("readable");
    assert_eq!(history.after(cut_off).expect("kept").resources, left.now.resources);
    assert_eq!(history.after(last), Some(history.now()));
    let kinds = log(&*state);
    assert_eq!(kinds[1], ("destroy".to_owned(), Some(2), "cut off".to_owned()));
    whole(&*state, 0);
}

pub fn the_log_has_an_entry_for_each_run_push_and_unlock(bench: &dyn Bench) {
    let mut state = locked(bench);
    run(&mut *state, &[recorded("a", "i-1")], "one");
    let document = state.document().expect("readable");
    state.replace(&document).expect("its own");
    let admin = Holder { who: "noor@desk".to_owned(), command: "state unlock".to_owned(), ..holder("admin") };
    let mut other = bench.open();
    other.unlock("lock-1", &admin).expect("removed").expect("somebody held it");
    assert_eq!(other.unlock("lock-1", &admin).expect("nothing to do"), None);
    let entries = other.past().expect("readable").log.entries;
    let told: Vec<_> = entries.iter().map(|entry| (entry.who.as_str(), entry.command.as_str())).collect();
    assert_eq!(
        told,
        [("mia@build-7", "apply"), ("mia@build-7", "fathuss apply staging"), ("noor@desk", "state unlock")]
    );
    assert!(entries[2].outcome.starts_with("took lock lock-1 from mia@build-7"), "{}", entries[2].outcome);
    assert_eq!((entries[1].digest.as_str(), entries[2].digest.as_str()), (&*entries[0].digest, &*entries[0].digest));
    whole(&*other, 0);
    drop(state);
    let mut state = locked(bench);
    run(&mut *state, &[recorded("a", "i-2")], "two");
    whole(&*state, 0);
}

pub fn what_is_forgotten_leaves_the_chain_whole(bench: &dyn Bench) {
    let mut state = locked(bench);
    let past = three(&mut *state);
    let day_ms = 24 * 3600 * 1000;
    state.forget(&Retention { runs: 1, days: 1 }, NOW_MS + day_ms).expect("they are young enough");
    assert_eq!(state.past().expect("readable").log.entries.len(), 3);
    state.forget(&Retention { runs: 3, days: 0 }, NOW_MS + day_ms).expect("they are few enough");
    let before = state.past().expect("readable");
    assert_eq!(before.log.entries.len(), 3);
    state.forget(&Retention { runs: 2, days: 1 }, NOW_MS + day_ms + 1).expect("forgotten");
    let history = state.past().expect("readable");
    assert_eq!(history.log.pruned, before.log.entries[0].link());
    assert_eq!(history.log.entries, before.log.entries[1..]);
    assert_eq!(history.runs, before.runs[1..]);
    assert_eq!(history.verify(), Ok(Verified { since: 0 }));
    assert_eq!(history.after(past[0].0), None);
    assert_eq!(history.after(past[1].0).as_ref(), Some(&past[1].1));
    // All but the run under way, whose entry is not there yet: the next entry follows what went.
    let open = state.begin_run("apply", &[], NOW_MS).expect("begun");
    state.forget(&Retention { runs: 1, days: 0 }, NOW_MS + day_ms).expect("forgotten");
    let pruned = state.past().expect("readable").log;
    assert_eq!((pruned.entries.len(), &pruned.pruned), (0, &before.log.last));
    whole(&*state, 0);
    state.end_run(open, RunEnd::default()).expect("ended");
    assert_eq!(state.past().expect("readable").log.entries[0].before, before.log.last.hash);
    whole(&*state, 0);
    drop(state);
    assert_eq!(locked(bench).begin_run("apply", &[], NOW_MS).expect("begun").0, 5, "no number is used twice");
}

pub fn history_comes_along_to_another_place(bench: &dyn Bench) {
    let mut from = locked(bench);
    let past = three(&mut *from);
    let text = from.document().expect("readable").to_text(None).expect("JSON");
    let other = bench.another();
    let mut to = locked(&*other);
    to.replace(&Document::parse(text.as_bytes()).expect("whole")).expect("an empty state");
    let before = from.past().expect("readable").log.last.hash;
    let (last, now) = run(&mut *to, &[recorded("z", "i-9")], "three");
    drop(to);
    let history = other.look().expect("there").past().expect("readable");
    assert_eq!(history.verify(), Ok(Verified { since: 0 }));
    for (run, past) in past {
        assert_eq!(history.after(run), Some(past), "{run:?}");
    }
    assert_eq!(history.after(last), Some(now));
    assert_eq!(history.log.entries[3].before, before, "the chain goes on");
}

pub fn a_push_is_one_step_of_the_history(bench: &dyn Bench) {
    let mut state = locked(bench);
    let (first, then) = run(&mut *state, &[recorded("a", "i-1"), recorded("b", "i-2")], "one");
    let older = state.document().expect("readable");
    let (second, now) = run(&mut *state, &[Entry::Dropped(address("a")), recorded("c", "i-3")], "two");
    let serial = state.snapshot().expect("readable").serial;
    state.replace(&older.at_serial(serial)).expect("as new as the state");
    let history = state.past().expect("readable");
    assert_eq!(history.now(), then);
    assert_eq!((history.after(first), history.after(second)), (Some(then), Some(now)));
    assert_eq!(history.log.entries.len(), 3);
    whole(&*state, 0);
}
