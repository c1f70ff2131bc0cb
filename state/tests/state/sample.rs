//! Files that earlier releases wrote, as SQL text: every later release reads them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use fathuss_model::Datum;
use fathuss_state::{
    Action, Backend, Document, Entry, Holder, Identity, Origin, Past, Pending, Run, RunAction, RunEnd, RunId, Settled,
    Snapshot, Sqlite, Store, Verified,
};
use rusqlite::Connection;

use crate::made::{
    NOW_MS, address, begin, begun, holder, identified, locked, mia, mias_keys, present, record, settled,
};

const VERSION_1: &str = include_str!("../../samples/version-1.sql");
const VERSION_2: &str = include_str!("../../samples/version-2.sql");
const VERSION_3: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/version-3.sql");
const SEALED_3: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/version-3-sealed.sql");
const DOCUMENT_1: &str = include_str!("../../samples/document-version-1.json");

/// A file that this text makes.
fn made(folder: &Path, dump: &str) -> PathBuf {
    let path = folder.join("state");
    Connection::open(&path).expect("a database").execute_batch(dump).expect("a database again");
    path
}

#[test]
fn a_file_of_version_1_reads_as_it_was_written_and_goes_on_as_one_of_this_version() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = made(folder.path(), VERSION_1);

    let state = Sqlite::look(&path).expect("whole").expect("there");
    assert_eq!(state.snapshot().expect("readable"), snapshot());
    assert_eq!(state.history(9).expect("readable"), runs());
    assert_eq!(state.entries(None).expect("readable"), entries());
    let history = state.past().expect("readable");
    assert_eq!((history.log.entries.len(), history.verify()), (0, Ok(Verified { since: 0 })));
    drop(state);
    assert_eq!(version_of(&path), 1, "reading changes nothing");

    let mut state = locked(&path);
    assert_eq!(version_of(&path), 3);
    assert_eq!(state.snapshot().expect("readable"), snapshot());
    assert_eq!(state.history(9).expect("readable"), runs());
    state.append(&[settled(2, Settled::Absent)]).expect("and goes on from there");
    let run = state.begin_run("apply", &[], NOW_MS + 200_000).expect("begun");
    state.append(&[Entry::Recorded(Box::new(record("z", "i-9", 0)))]).expect("legal");
    state.end_run(run, RunEnd::default()).expect("ended");
    let history = state.past().expect("readable");
    assert_eq!(history.verify(), Ok(Verified { since: 0 }));
    let of: Vec<_> = history.log.entries.iter().map(|entry| (entry.run, entry.outcome.as_str())).collect();
    assert_eq!(of, [(Some(RunId(2)), "cut off"), (Some(RunId(3)), "")]);
    assert_eq!(history.after(RunId(2)).expect("kept").resources, snapshot().resources);
    assert_eq!(history.after(RunId(1)), None, "it was before the log");
}

#[test]
fn a_lock_of_version_1_can_be_taken_away() {
    let folder = tempfile::tempdir().expect("a folder");
    let held = format!(
        "{VERSION_1}INSERT INTO lock VALUES ('lock-1', 'noor@build-8', 1, 'apply', {NOW_MS}, '{{\"pid\":1}}');"
    );
    let path = made(folder.path(), &held);
    let mut state = Sqlite::open(&path, NOW_MS).expect("whole");
    let removed = state.unlock("lock-1", &holder("admin")).expect("removed").expect("somebody held it");
    assert_eq!(removed.who, "noor@build-8");
    assert_eq!(state.past().expect("readable").verify(), Ok(Verified { since: 0 }));
    assert_eq!(version_of(&path), 3);
}

#[test]
fn a_file_of_version_2_reads_as_it_was_written_and_goes_on_as_one_of_this_version() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = made(folder.path(), VERSION_2);
    reads_as_written(&Sqlite::look(&path).expect("whole").expect("there"));
    assert_eq!(version_of(&path), 2, "reading changes nothing");
    reads_as_written(&locked(&path));
    assert_eq!(version_of(&path), 3);
}

#[test]
fn a_file_of_version_3_reads_as_it_was_written_plain_and_sealed() {
    for sample in [VERSION_3, SEALED_3] {
        let folder = tempfile::tempdir().expect("a folder");
        let dump = std::fs::read_to_string(sample).expect("the sample");
        let path = made(folder.path(), &dump);
        reads_as_written(&Sqlite::look_with(&path, &mias_keys()).expect("whole").expect("there"));
    }
}

fn reads_as_written(state: &Sqlite) {
    let history = state.past().expect("readable");
    assert_eq!(history.now.resources[&address("a")], record("a", "i-2", 0));
    assert_eq!(history.verify(), Ok(Verified { since: 0 }));
    assert_eq!(
        history.after(RunId(1)).expect("kept"),
        Past { resources: snapshot().resources, outputs: snapshot().outputs }
    );
    assert_eq!(history.runs[1].origin.commit.as_deref(), Some("4f3a2b1c"));
}

#[test]
fn a_document_of_version_1_is_read_and_put_in_a_states_place() {
    let document = Document::parse(DOCUMENT_1.as_bytes()).expect("whole");
    assert_eq!((document.lineage(), document.serial()), ("5eed", 13));
    let folder = tempfile::tempdir().expect("a folder");
    let mut state = locked(&folder.path().join("state"));
    state.replace(&document).expect("an empty state of the lineage");
    assert_eq!(state.snapshot().expect("readable"), Snapshot { serial: 14, ..snapshot() });
    assert_eq!(state.history(9).expect("readable"), runs());
    let edited = DOCUMENT_1.replace("\"i-1\"", "\"i-7\"");
    assert!(Document::parse(edited.as_bytes()).expect_err("changed").contains("checksum"));
    let newer = DOCUMENT_1.replace("\"version\": 1", "\"version\": 4");
    assert_eq!(Document::parse(newer.as_bytes()), Err("its version is 4, and this fathuss reads 1 to 3".to_owned()));
}

fn version_of(path: &Path) -> i64 {
    let connection = Connection::open(path).expect("a database");
    connection.pragma_query_value(None, "user_version", |row| row.get(0)).expect("a number")
}

#[test]
fn this_release_writes_the_sample_of_its_version() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state");
    write(&path);
    let dump = dump(&path);
    if std::env::var_os("FATHUSS_WRITE_SAMPLES").is_some() {
        std::fs::write(VERSION_3, &dump).expect("written");
        let mut state = Sqlite::open_with(&path, None, &mias_keys(), NOW_MS).expect("whole");
        state.unlock("lock-1", &holder("admin")).expect("it was held");
        state.lock(&holder("lock-2"), NOW_MS).expect("free");
        state.reseal(Some(&mia())).expect("sealed");
        drop(state);
        std::fs::write(SEALED_3, self::dump(&path)).expect("written");
    }
    let stored = std::fs::read_to_string(VERSION_3).expect("the sample");
    assert_eq!(
        dump, stored,
        "the format has changed: give it a new version, or, before its first release, set FATHUSS_WRITE_SAMPLES=1"
    );
}

fn write(path: &Path) {
    let mut state = Sqlite::open_as(path, "5eed", NOW_MS).expect("a state");
    let origin = Origin { commit: Some("4f3a2b1c".to_owned()), dirty: true, url: None };
    state.lock(&Holder { origin, ..holder("lock-1") }, NOW_MS).expect("a free lock");
    let run = state.begin_run("apply", &[], NOW_MS).expect("begun");
    state.reserve_operations(5).expect("reserved");
    for entry in entries() {
        state.append(&[entry]).expect("legal");
    }
    let end = RunEnd {
        outcome: "failed".to_owned(),
        now_ms: NOW_MS + 90_000,
        summary: BTreeMap::from([("create".to_owned(), 1), ("failed".to_owned(), 1)]),
        outputs: Some(snapshot().outputs),
        durations_ms: snapshot().durations_ms,
        ..RunEnd::default()
    };
    state.end_run(run, end).expect("ended");
    let update = RunAction { address: address("a"), change: "update".to_owned(), fields: vec!["id".to_owned()] };
    let run = state.begin_run("apply", &[update], NOW_MS + 100_000).expect("begun");
    state.append(&[Entry::Recorded(Box::new(record("a", "i-2", 0)))]).expect("legal");
    let end = RunEnd { outcome: "applied".to_owned(), now_ms: NOW_MS + 110_000, ..RunEnd::default() };
    state.end_run(run, RunEnd { outputs: Some(BTreeMap::new()), ..end }).expect("ended");
    state.begin_run("destroy", &[], NOW_MS + 200_000).expect("begun");
}

fn entries() -> Vec<Entry> {
    vec![
        begin(1, "a"),
        begin(2, "b"),
        identified(1, "i-1"),
        identified(2, "i-2"),
        present(1, "a", "i-1"),
        begin(3, "c"),
        settled(3, Settled::Refused),
        Entry::Recorded(Box::new(record("d", "i-4", 2))),
        Entry::Dropped(address("d")),
    ]
}

fn snapshot() -> Snapshot {
    Snapshot {
        lineage: "5eed".to_owned(),
        serial: 13,
        resources: BTreeMap::from([(address("a"), record("a", "i-1", 0))]),
        outputs: BTreeMap::from([("vpc".to_owned(), Datum::from("i-1")), ("zones".to_owned(), Datum::List(vec![]))]),
        pending: vec![Pending { begun: begun(2, "b", Action::Create), identified: Some(Identity("i-2".to_owned())) }],
        generations: BTreeMap::from([(address("c"), 1), (address("d"), 3)]),
        durations_ms: BTreeMap::from([(("aws_vpc".to_owned(), "create".to_owned()), 1500)]),
    }
}

fn runs() -> Vec<Run> {
    let run = Run {
        id: RunId(2),
        command: "destroy".to_owned(),
        holder: "mia@build-7".to_owned(),
        started_ms: NOW_MS + 100_000,
        ended_ms: None,
        outcome: None,
        summary: BTreeMap::new(),
        origin: Origin::default(),
        actions: Vec::new(),
    };
    let failed = Run {
        id: RunId(1),
        command: "apply".to_owned(),
        started_ms: NOW_MS,
        ended_ms: Some(NOW_MS + 90_000),
        outcome: Some("failed".to_owned()),
        summary: BTreeMap::from([("create".to_owned(), 1), ("failed".to_owned(), 1)]),
        ..run.clone()
    };
    vec![run, failed]
}

/// A database as the SQL text that makes it.
fn dump(path: &Path) -> String {
    let connection = Connection::open(path).expect("a database");
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).expect("a number");
    let texts = |query: &str| -> Vec<String> {
        let mut statement = connection.prepare(query).expect("a query");
        let rows = statement.query_map([], |row| row.get(0)).expect("rows");
        rows.collect::<Result<_, _>>().expect("texts")
    };
    let mut dump = "PRAGMA journal_mode = WAL;\n".to_owned();
    for name in ["application_id", "user_version"] {
        writeln!(dump, "PRAGMA {name} = {};", pragma(name)).expect("text");
    }
    for table in texts("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY rowid") {
        let columns = texts(&format!("SELECT name FROM pragma_table_info('{table}') ORDER BY cid"));
        let quoted: Vec<_> = columns.iter().map(|column| format!("quote({column})")).collect();
        dump += &texts(&format!("SELECT sql FROM sqlite_schema WHERE name = '{table}'"))[0];
        dump += ";\n";
        for row in texts(&format!("SELECT {} FROM {table}", quoted.join(" || ', ' || "))) {
            writeln!(dump, "INSERT INTO {table} VALUES ({row});").expect("text");
        }
    }
    dump
}
