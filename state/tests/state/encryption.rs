//! A state that is sealed: who reads it, what is left of what was plain, and a process that is killed in between.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::Duration;

use fathuss_state::{Backend, Document, Entry, Keys, Recipients, RunEnd, Sealing, Snapshot, Sqlite, StateError, Store};
use rusqlite::Connection;

use crate::child;
use crate::made::{MIA, NOW_MS, address, begin, holder, identified, mia, mias_keys, record};

/// What no sealed file may say.
const NEEDLES: &[&str] = &["i-0needle", "needle-command", "needle-output", "111122223333"];

/// Another person.
const NOOR: (&str, &str) = (
    "AGE-SECRET-KEY-1QURSWPC8QURSWPC8QURSWPC8QURSWPC8QURSWPC8QURSWPC8QURSKMP32K",
    "age1zwlyl6h27gzv0lfntr7fcqrjrzqazap8sy5zylkxwneh7llf0dksu37mwt",
);

/// A state with some of everything, written by two runs.
fn filled(path: &Path) -> Sqlite {
    let mut state = Sqlite::open_with(path, None, &mias_keys(), NOW_MS).expect("a state");
    state.lock(&holder("lock-1"), NOW_MS).expect("free");
    for round in 0..2 {
        let run = state.begin_run("needle-command", &[], NOW_MS).expect("begun");
        let id = state.reserve_operations(2).expect("reserved").0;
        let name = format!("p{round}");
        state.append(&[begin(id, &name), identified(id, "i-0needle")]).expect("legal");
        let rows = (0..40).map(|row| record(&format!("r{row}"), &format!("i-0needle{round}"), round));
        state.append(&rows.map(|row| Entry::Recorded(Box::new(row))).collect::<Vec<_>>()).expect("legal");
        let outputs = [("id".to_owned(), fathuss_model::Datum::from("needle-output"))];
        let end = RunEnd { outcome: "applied".to_owned(), outputs: Some(outputs.into()), ..RunEnd::default() };
        state.end_run(run, end).expect("ended");
    }
    state
}

/// Which needles lie in the folder, but for the lock's holder.
fn found(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for file in fs::read_dir(folder).expect("a folder") {
        let path = file.expect("an entry").path();
        let bytes = fs::read(&path).expect("a file");
        for needle in NEEDLES {
            if bytes.windows(needle.len()).any(|part| part == needle.as_bytes()) {
                found.push(format!("{needle} in {}", path.display()));
            }
        }
    }
    found
}

fn noor() -> Recipients {
    Recipients::new(&[NOOR.1.to_owned()], &[]).expect("a recipient")
}

fn keys(identity: &str) -> Keys {
    Keys::with_identities(identity, "identity.txt").expect("an identity")
}

fn opened(path: &Path, keys: &Keys) -> Snapshot {
    Sqlite::look_with(path, keys).expect("whole").expect("there").snapshot().expect("readable")
}

#[test]
fn nothing_that_a_sealed_state_says_is_left_in_its_file_or_beside_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state");
    let mut state = filled(&path);
    assert!(!found(folder.path()).is_empty(), "the test can find what is plain");
    let (was, runs) = (state.snapshot().expect("readable"), state.history(9).expect("readable"));
    state.reseal(Some(&mia())).expect("sealed");
    state.release().expect("released");
    assert_eq!(found(folder.path()), Vec::<String>::new(), "while it is open");
    assert_eq!(Snapshot { serial: was.serial, ..state.snapshot().expect("readable") }, was);
    assert_eq!(state.history(9).expect("readable"), runs);
    let history = state.past().expect("readable");
    assert!(history.verify().is_ok());
    let last = history.log.entries.last().expect("it is logged");
    assert_eq!(last.outcome, format!("encrypted it for {}", mia()));
    let text = state.document().expect("readable").to_text(state.seal().expect("readable").as_ref()).expect("JSON");
    fs::write(folder.path().join("pulled"), &text).expect("room");
    drop(state);
    assert_eq!(found(folder.path()), Vec::<String>::new(), "and afterwards, and in a pulled file");
    let pulled = Document::open(text.as_bytes(), &mias_keys()).expect("hers");
    assert_eq!(pulled.serial(), was.serial + 1);
    let error = Document::open(text.as_bytes(), &keys(NOOR.0)).expect_err("not his");
    assert!(error.contains(&mia().to_string()) && error.contains("identity.txt"), "{error}");
}

#[test]
fn who_is_none_of_the_recipients_reads_and_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state");
    let mut state = filled(&path);
    state.reseal(Some(&mia())).expect("sealed");
    drop(state);
    let before = fs::read(&path).expect("a file");
    for (keys, told) in [
        (keys(NOOR.0), "the identity in identity.txt is of none of them"),
        (Keys::without_identities("~/x"), "there is no identity in ~/x"),
    ] {
        let read = Sqlite::look_with(&path, &keys).expect_err("not for him");
        let write = Sqlite::open_with(&path, None, &keys, NOW_MS).expect_err("not for him");
        assert_eq!(read.to_string(), write.to_string());
        assert!(matches!(&read, StateError::Sealed { recipients, .. } if **recipients == mia()), "{read}");
        assert!(read.to_string().contains(told), "{read}");
    }
    assert_eq!(fs::read(&path).expect("a file"), before);
}

#[test]
fn who_was_a_recipient_before_a_state_was_sealed_anew_reads_nothing_of_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state");
    let mut state = filled(&path);
    state.reseal(Some(&mia())).expect("sealed");
    drop(state);
    let mut state = Sqlite::open_with(&path, None, &mias_keys(), NOW_MS).expect("hers");
    state.lock(&holder("lock-2"), NOW_MS).expect("free");
    let error = state.reseal(Some(&noor())).expect_err("she could not read it then").to_string();
    assert!(error.contains("nobody here could read it then"), "{error}");
    assert!(state.seal().expect("readable").is_some_and(|seal| *seal.recipients() == mia()), "and it is as it was");
    drop(state);
    let both = keys(&format!("{}\n{}", MIA.0, NOOR.0));
    let mut state = Sqlite::open_with(&path, None, &both, NOW_MS).expect("hers");
    state.lock(&holder("lock-2"), NOW_MS).expect("free");
    state.reseal(Some(&noor())).expect("sealed anew");
    let is = state.snapshot().expect("readable");
    drop(state);
    assert!(matches!(Sqlite::look_with(&path, &mias_keys()), Err(StateError::Sealed { .. })));
    assert_eq!(opened(&path, &keys(NOOR.0)), is);

    let mut state = Sqlite::open_with(&path, None, &keys(NOOR.0), NOW_MS).expect("his");
    state.lock(&holder("lock-3"), NOW_MS).expect("free");
    state.reseal(None).expect("plain");
    drop(state);
    assert_eq!(opened(&path, &Keys::default()).resources, is.resources);
}

#[test]
fn a_state_is_sealed_as_its_copy_is_where_nobody_can_be_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut copy = filled(&folder.path().join("copy"));
    copy.reseal(Some(&mia())).expect("sealed");
    let (seal, document) = (copy.seal().expect("readable").expect("sealed"), copy.document().expect("readable"));
    let path = folder.path().join("state");
    let open = |lineage: &str| {
        let path = if lineage == document.lineage() { path.clone() } else { folder.path().join("other") };
        let mut state = Sqlite::open_with(&path, Some(lineage), &Keys::default(), NOW_MS).expect("a state");
        state.lock(&holder("lock-2"), NOW_MS).expect("free");
        state
    };
    let refused = open("other").seal_by(&Sealing::As(seal.clone())).expect_err("another state's").to_string();
    assert!(refused.contains("the seal is of another state"), "{refused}");
    let mut state = open(document.lineage());
    state.seal_by(&Sealing::As(seal)).expect("nobody is asked");
    state.replace(&document).expect("empty");
    drop(state);
    assert_eq!(opened(&path, &mias_keys()).resources, copy.snapshot().expect("readable").resources);
    assert!(matches!(Sqlite::look_with(&path, &Keys::default()), Err(StateError::Sealed { .. })));
}

#[test]
fn a_sealed_row_that_is_damaged_or_put_in_anothers_place_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    for (edit, told) in [
        (
            "UPDATE journal SET entry = substr(entry, 1, 60) || 'AAAA' || substr(entry, 65) WHERE position = 3",
            "row 3 of journal",
        ),
        (
            "UPDATE journal SET entry = (SELECT entry FROM journal WHERE position = 4) WHERE position = 3",
            "row 3 of journal",
        ),
        ("UPDATE journal SET entry = '{}' WHERE position = 5", "row 5 of journal"),
        (
            "UPDATE resources SET body = (SELECT body FROM resources WHERE address LIKE '%r1') WHERE address LIKE '%r2'",
            "r2 of resources",
        ),
        ("UPDATE encryption SET envelope = replace(envelope, 'age1zv', 'age1zw')", "its wrapped key"),
    ] {
        let path = folder.path().join(told.replace(' ', "-"));
        let _ = fs::remove_file(&path);
        let mut state = filled(&path);
        state.reseal(Some(&mia())).expect("sealed");
        drop(state);
        Connection::open(&path).expect("a database").execute_batch(edit).expect("edited");
        let read = || -> Result<(), StateError> {
            let state = Sqlite::look_with(&path, &mias_keys())?.expect("there");
            state.snapshot()?;
            state.entries(None)?;
            Ok(())
        };
        let error = read().expect_err(edit);
        assert!(matches!(error, StateError::Damaged { .. }) && error.to_string().contains(told), "{edit}: {error}");
    }
}

#[test]
fn a_process_that_is_killed_while_it_seals_leaves_all_of_it_plain_or_sealed() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state");
    let was = filled(&path).snapshot().expect("readable");
    let mut sealed = 0;
    for round in 0..16_u32 {
        let mut sealer = child::playing("encryption::child_that_seals_and_unseals", &path).spawn().expect("started");
        let mut lines = BufReader::new(sealer.stdout.take().expect("piped")).lines();
        lines.find(|line| line.as_ref().expect("text").contains("begun")).expect("it works").expect("text");
        std::thread::sleep(Duration::from_micros(u64::from(round) * 15_000));
        sealer.kill().expect("killed");
        sealer.wait().expect("reaped");
        let is = opened(&path, &mias_keys());
        assert_eq!((&is.resources, &is.pending), (&was.resources, &was.pending), "round {round}");
        assert_eq!(is.outputs, was.outputs);
        let mut state = Sqlite::open_with(&path, None, &mias_keys(), NOW_MS).expect("whole");
        state.lock(&holder("next"), NOW_MS).expect("its holder is dead");
        assert!(state.past().expect("readable").verify().is_ok());
        let is_sealed = state.seal().expect("readable").is_some();
        state.release().expect("released");
        if is_sealed {
            sealed += 1;
            assert_eq!(found(folder.path()), Vec::<String>::new(), "the next lock wipes what the dead one left");
        }
    }
    assert!(sealed > 0, "some died after it");
    assert_eq!(opened(&path, &mias_keys()).resources[&address("r1")], was.resources[&address("r1")]);
}

#[test]
#[ignore = "played by a child of the test above"]
fn child_that_seals_and_unseals() {
    let mut state = Sqlite::open_with(&child::state(), None, &mias_keys(), NOW_MS).expect("whole");
    state.lock(&holder("child"), NOW_MS).expect("its holder is dead");
    println!("\nbegun");
    // Until the parent kills it; bounded, in case that there is no parent any more.
    for _ in 0..300 {
        state.reseal(Some(&mia())).expect("sealed");
        state.reseal(None).expect("plain");
    }
}
