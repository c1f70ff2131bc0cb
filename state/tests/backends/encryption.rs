//! A state on a server that is sealed, sealed anew and made plain: who reads it, what can be found of it there, and a run
//! that is cut off in between.

use std::path::Path;
use std::time::Duration;

use fathuss_model::Datum;
use fathuss_state::{Backend, Database, Entry, Keys, Postgres, RunEnd, S3, Snapshot, StateError, Terms};

use crate::lease::Leased;
use crate::parts::on;
use crate::place::{Keyed, Objects, PATIENT, Tables, address};
use crate::postgresql::{Cut, proxy_after, sql};
use crate::promise::made::{NOW_MS, begin, holder, identified, mia, mias_keys, present, record};
use crate::proxy::{Fate, Proxy};

/// What nothing that is sealed may say.
const NEEDLES: &[&str] = &["i-0needle", "needle-command", "needle-output", "111122223333"];

/// A run that makes one thing, and leaves another under way.
fn run(state: &mut dyn Backend, name: &str) {
    let run = state.begin_run("needle-command", &[], NOW_MS).expect("begun");
    let id = state.reserve_operations(2).expect("reserved").0;
    state.append(&[begin(id, name), present(id, name, "i-0needle")]).expect("legal");
    let open = format!("{name}-open");
    state.append(&[begin(id + 1, &open), identified(id + 1, "i-0needle")]).expect("legal");
    let outputs = [("id".to_owned(), Datum::from("needle-output"))];
    let end = RunEnd { outcome: "applied".to_owned(), outputs: Some(outputs.into()), ..RunEnd::default() };
    state.end_run(run, end).expect("ended");
}

/// Seals, seals anew, makes plain and seals again, with a run after each.
fn turns<B: Keyed>(place: &B, refused: impl Fn() -> [StateError; 2]) {
    let mut state = place.open_with(&mias_keys());
    state.lock(&holder("lock-1"), NOW_MS).expect("free");
    run(&mut *state, "a");
    for (round, wanted) in [Some(mia()), Some(mia()), None, Some(mia())].iter().enumerate() {
        let before = state.snapshot().expect("readable");
        state.reseal(wanted.as_ref()).expect("sealed");
        let is = state.snapshot().expect("readable");
        assert_eq!((&is.resources, &is.pending, &is.outputs), (&before.resources, &before.pending, &before.outputs));
        run(&mut *state, &format!("b{round}"));
        drop(state);
        if wanted.is_some() {
            assert!(refused().iter().all(|error| matches!(error, StateError::Sealed { .. })));
        } else {
            let plain = place.open_with(&Keys::default());
            assert_eq!(plain.snapshot().expect("readable").resources.len(), 2 + round);
            assert!(plain.past().expect("its history needs nobody's key any more").verify().is_ok());
        }
        state = place.open_with(&mias_keys());
        state.lock(&holder("lock-2"), NOW_MS).expect("free");
        assert_eq!(state.seal().expect("readable").map(|seal| seal.recipients().clone()), *wanted);
        let is = state.snapshot().expect("readable");
        assert_eq!((is.resources.len(), is.pending.len()), (2 + round, 2 + round));
        assert_eq!(state.entries(None).expect("readable").len(), 4 * (2 + round));
        let history = state.past().expect("what was before can be read, however it was sealed");
        assert!(history.verify().is_ok());
        assert_eq!(history.runs.len(), 2 + round);
    }
}

#[test]
fn a_bucket_that_is_sealed_later_keeps_its_history_and_is_read_by_its_recipients_alone() {
    let objects = Objects::on("FATHUSS_TEST_VERSITYGW");
    turns(&objects, || {
        let write = S3::open(&objects.bucket, PATIENT, Some("5eed"), &Keys::default(), NOW_MS);
        let read = S3::look(&objects.bucket, PATIENT, &Keys::default());
        [write.expect_err("not for everybody"), read.expect_err("not for everybody")]
    });
}

#[test]
fn tables_that_are_sealed_later_keep_their_history_and_are_read_by_their_recipients_alone() {
    let tables = Tables::on("FATHUSS_TEST_POSTGRES");
    turns(&tables, || {
        let write = Postgres::open(&tables.database, PATIENT, Some("5eed"), &Keys::default(), NOW_MS);
        let read = Postgres::look(&tables.database, PATIENT, &Keys::default());
        [write.expect_err("not for everybody"), read.expect_err("not for everybody")]
    });
}

/// Which needles lie in what a folder holds.
fn found(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(self::found(&path));
            continue;
        }
        let text = String::from_utf8_lossy(&std::fs::read(&path).expect("a file")).into_owned();
        let says = NEEDLES.iter().filter(|needle| text.contains(**needle));
        found.extend(says.map(|needle| format!("{needle} in {}", path.display())));
    }
    found
}

#[test]
fn nothing_that_a_sealed_bucket_says_is_in_its_objects() {
    let objects = Objects::on("FATHUSS_TEST_VERSITYGW");
    let folder = Path::new(&address("FATHUSS_TEST_OBJECTS")).join(&objects.bucket.prefix);
    let mut state = objects.open_with(&mias_keys());
    state.lock(&holder("lock-1"), NOW_MS).expect("free");
    state.reseal(Some(&mia())).expect("sealed");
    for round in 0..20 {
        run(&mut *state, &format!("r{round}"));
    }
    state.release().expect("released");
    // So many segments that this makes a snapshot.
    state.lock(&holder("lock-2"), NOW_MS).expect("free");
    assert!(folder.join("snapshots").exists());
    assert_eq!(found(&folder), Vec::<String>::new());
    state.reseal(None).expect("plain");
    run(&mut *state, "plain");
    assert!(!found(&folder).is_empty(), "the test can find what is plain");
}

#[test]
fn a_plain_snapshot_in_a_sealed_bucket_is_damage() {
    let objects = Objects::on("FATHUSS_TEST_VERSITYGW");
    let folder = Path::new(&address("FATHUSS_TEST_OBJECTS")).join(&objects.bucket.prefix).join("snapshots");
    let mut state = objects.open_with(&mias_keys());
    state.lock(&holder("lock-1"), NOW_MS).expect("free");
    run(&mut *state, "a");
    state.reseal(Some(&mia())).expect("sealed");
    let text = state.document().expect("readable").to_text(None).expect("JSON");
    state.release().expect("released");
    let forged = std::fs::read_dir(&folder).expect("a folder").last().expect("a snapshot").expect("an entry").path();
    std::fs::write(forged, text).expect("room");
    let error = S3::look(&objects.bucket, PATIENT, &mias_keys()).expect_err("forged").to_string();
    assert!(error.contains("snapshots/") && error.contains("it is not sealed, in a state that is"), "{error}");
}

/// How many of the needles a text has.
fn says(text: String) -> usize {
    NEEDLES.iter().filter(|needle| text.contains(**needle)).count()
}

/// All rows of all tables but the locks, as text.
fn rows(tables: &Tables) -> String {
    let names =
        ["head", "resources", "operations", "journal", "outputs", "durations", "runs", "revisions", "log", "chain"];
    names.iter().map(|name| sql(tables, &format!("SELECT row_to_json({name}) FROM {name}"))).collect()
}

/// The bytes on the disk of every table that this schema has.
fn on_disk(tables: &Tables) -> String {
    let read = "SELECT string_agg(encode(pg_read_binary_file(pg_relation_filepath(oid)), 'escape'), '') FROM pg_class
                WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 't')";
    sql(tables, "CHECKPOINT");
    sql(tables, read)
}

#[test]
fn nothing_that_sealed_tables_say_is_in_their_rows_or_left_in_their_files() {
    let tables = Tables::on("FATHUSS_TEST_POSTGRES");
    let mut state = tables.open_with(&mias_keys());
    state.lock(&holder("lock-1"), NOW_MS).expect("free");
    for round in 0..3 {
        run(&mut *state, &format!("p{round}"));
    }
    assert!(says(rows(&tables)) > 2 && says(on_disk(&tables)) > 2, "the test can find what is plain");
    state.reseal(Some(&mia())).expect("sealed");
    assert_eq!((says(rows(&tables)), says(on_disk(&tables))), (0, 0), "nor is it left of what was plain");
    for round in 0..3 {
        run(&mut *state, &format!("s{round}"));
    }
    assert_eq!((says(rows(&tables)), says(on_disk(&tables))), (0, 0));
}

#[test]
fn a_row_that_is_put_in_anothers_place_is_named() {
    let tables = Tables::on("FATHUSS_TEST_POSTGRES");
    let mut state = tables.open_with(&mias_keys());
    state.lock(&holder("lock-1"), NOW_MS).expect("free");
    state.reseal(Some(&mia())).expect("sealed");
    let both = ["a", "b"].map(|name| Entry::Recorded(Box::new(record(name, "i-1", 0))));
    state.append(&both).expect("legal");
    drop(state);
    sql(&tables, "UPDATE resources SET body = (SELECT body FROM resources WHERE address LIKE '%.a')");
    let error = Postgres::look(&tables.database, PATIENT, &mias_keys()).expect_err("moved").to_string();
    assert!(error.contains("table resources is damaged") && error.contains("row staging.terraform_data.b"), "{error}");
}

#[test]
fn who_holds_a_part_of_a_state_seals_none_of_it() {
    let tables = Tables::on("FATHUSS_TEST_POSTGRES");
    let mut part = tables.open_with(&mias_keys());
    part.lock(&on("part", &["a"], &[]), NOW_MS).expect("free");
    let refused = part.reseal(Some(&mia())).expect_err("encryption is about all").to_string();
    assert!(refused.contains("this run holds a part of it"), "{refused}");
    let mut whole = tables.open_with(&mias_keys());
    assert!(matches!(whole.lock(&holder("whole"), NOW_MS), Err(StateError::Locked { .. })));
    assert!(whole.seal().expect("readable").is_none());
}

/// What the state is, as whoever comes next finds it; which has to be what it was.
fn next<B: Keyed>(place: &B, was: &Snapshot, told: &str) -> bool {
    let mut state = place.open_with(&mias_keys());
    state.lock(&holder(&format!("next {told}")), NOW_MS).expect("given back");
    let is = state.snapshot().expect("readable");
    assert_eq!((&is.resources, &is.pending, &is.outputs), (&was.resources, &was.pending, &was.outputs), "{told}");
    assert!(state.past().expect("readable").verify().is_ok(), "{told}");
    let sealed = state.seal().expect("readable").is_some();
    state.reseal(None).expect("plain");
    sealed
}

#[test]
fn a_run_that_is_cut_off_at_any_request_while_it_seals_a_bucket_leaves_it_plain_or_sealed() {
    let terms = Terms { patience: Duration::from_millis(300), ..PATIENT };
    let straight = Objects::on("FATHUSS_TEST_VERSITYGW");
    let mut first = straight.open_with(&mias_keys());
    first.lock(&holder("first"), NOW_MS).expect("free");
    run(&mut *first, "a");
    let was = first.snapshot().expect("readable");
    drop(first);
    let (mut sealed, mut plain) = (0, 0);
    for fate in [Fate::RequestLost, Fate::AnswerLost, Fate::Refused(503)] {
        for free in 0.. {
            let proxy = Proxy::before(&address("FATHUSS_TEST_VERSITYGW"));
            let mut through = straight.clone().under(terms);
            through.bucket.endpoint = Some(proxy.url.clone());
            let mut state = through.open_with(&mias_keys());
            state.lock(&holder("dies"), NOW_MS).expect("free");
            let mut requests = 0;
            proxy.decide(move |_| {
                requests += 1;
                if requests > free { fate } else { Fate::Through }
            });
            let whole = state.reseal(Some(&mia())).is_ok();
            // It dies here: its lease is taken away by hand.
            std::mem::forget(state);
            straight.open_with(&mias_keys()).unlock("dies", &holder("admin")).expect("reachable");
            match next(&straight, &was, &format!("{fate:?} {free}")) {
                true => sealed += 1,
                false => plain += 1,
            }
            if whole {
                break;
            }
        }
    }
    assert!(sealed > 3 && plain > 1, "{sealed} {plain}");
}

#[test]
fn a_run_that_is_cut_off_at_a_commit_while_it_seals_tables_leaves_them_plain_or_sealed() {
    let straight = Tables::on("FATHUSS_TEST_POSTGRES");
    let mut first = straight.open_with(&mias_keys());
    first.lock(&holder("first"), NOW_MS).expect("free");
    run(&mut *first, "a");
    let was = first.snapshot().expect("readable");
    drop(first);
    for (fate, sealed) in [(Cut::BeforeForEver, false), (Cut::AfterForEver, true), (Cut::After, true)] {
        let (database, cut): (Database, _) = proxy_after(&straight.database, 0);
        let terms = Terms { patience: Duration::from_millis(300), ..PATIENT };
        let through = Tables { database, terms };
        let mut state = through.open_with(&mias_keys());
        state.lock(&holder("dies"), NOW_MS).expect("free");
        *cut.lock().expect("whole") = fate;
        // A lost answer is asked for again.
        assert_eq!(state.reseal(Some(&mia())).is_ok(), fate == Cut::After);
        *cut.lock().expect("whole") = Cut::Never;
        drop(state);
        straight.open_with(&mias_keys()).unlock("dies", &holder("admin")).expect("reachable");
        if fate == Cut::AfterForEver {
            assert!(says(on_disk(&straight)) > 0, "it died before it came to that");
            straight.open_with(&mias_keys()).lock(&holder("wipes"), NOW_MS).expect("free");
            assert_eq!(says(on_disk(&straight)), 0, "the next lock wipes what the dead one left");
        }
        assert_eq!(next(&straight, &was, &format!("{fate:?}")), sealed);
    }
}
