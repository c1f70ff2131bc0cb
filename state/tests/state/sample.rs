//! Files that earlier releases wrote, as SQL text: every later release reads them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use fathuss_model::Datum;
use fathuss_state::{Action, Backend, Entry, Identity, Pending, Run, RunEnd, RunId, Settled, Snapshot, Sqlite, Store};
use rusqlite::Connection;

use crate::made::{NOW_MS, address, begin, begun, identified, locked, present, record, settled};

const VERSION_1: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/version-1.sql");

#[test]
fn a_file_of_version_1_reads_as_it_was_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state");
    let dump = std::fs::read_to_string(VERSION_1).expect("the sample");
    Connection::open(&path).expect("a database").execute_batch(&dump).expect("a database again");

    let state = Sqlite::look(&path).expect("whole").expect("there");
    assert_eq!(state.snapshot().expect("readable"), snapshot());
    assert_eq!(state.history(9).expect("readable"), runs());
    assert_eq!(state.entries(None).expect("readable"), entries());
    drop(state);
    let mut state = locked(&path);
    state.append(&[settled(2, Settled::Absent)]).expect("and goes on from there");
}

#[test]
fn this_release_writes_the_sample_of_its_version() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state");
    write(&path);
    let dump = dump(&path);
    if std::env::var_os("FATHUSS_WRITE_SAMPLES").is_some() {
        std::fs::write(VERSION_1, &dump).expect("written");
    }
    let stored = std::fs::read_to_string(VERSION_1).expect("the sample");
    assert_eq!(
        dump, stored,
        "the format has changed: give it a new version, or, before its first release, set FATHUSS_WRITE_SAMPLES=1"
    );
}

fn write(path: &Path) {
    let mut state = locked(path);
    let run = state.begin_run("apply", NOW_MS).expect("begun");
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
    };
    state.end_run(run, end).expect("ended");
    state.begin_run("destroy", NOW_MS + 100_000).expect("begun");
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
