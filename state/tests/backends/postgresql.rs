//! What PostgreSQL alone can do to a state: lose the answer to a commit, end sessions, refuse a user.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use fathuss_state::{
    Backend, Broken, Database, Entry, Keys, Postgres, RunEnd, RunId, StateError, Store, Terms, Verified,
};

use crate::lease::Leased;
use crate::parts::on;
use crate::place::{PATIENT, Tables};
use crate::promise::Bench;
use crate::promise::made::{NOW_MS, address, begin, holder, present, record};

const SERVER: &str = "FATHUSS_TEST_POSTGRES";

/// Where a connection ends, when a commit passes through it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    Never,
    /// The database does not hear of the commit.
    Before,
    /// The database commits, and the answer is lost.
    After,
    /// As after, and so from then on.
    AfterForEver,
    /// Nothing goes through any more.
    BeforeForEver,
}

/// A proxy that knows a commit when it sees one.
fn proxy(database: &Database) -> (Database, Arc<Mutex<Cut>>) {
    proxy_after(database, 0)
}

/// The same, which lets so many commits through before anything becomes of one.
pub fn proxy_after(database: &Database, commits: usize) -> (Database, Arc<Mutex<Cut>>) {
    let free = Arc::new(AtomicUsize::new(commits));
    let (user, rest) = database.url.split_once('@').expect("a user");
    let (server, name) = rest.split_once('/').expect("a database");
    let (server, cut) = (server.to_owned(), Arc::new(Mutex::new(Cut::Never)));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound");
    let through = Database { url: format!("{user}@{address}/{name}"), ..database.clone() };
    let deciding = Arc::clone(&cut);
    thread::spawn(move || {
        for client in listener.incoming() {
            let (deciding, server, free) = (Arc::clone(&deciding), server.clone(), Arc::clone(&free));
            // A connection that breaks is what this is for.
            thread::spawn(move || {
                client.and_then(|client| serve(client, TcpStream::connect(server)?, &deciding, &free))
            });
        }
    });
    (through, cut)
}

fn serve(mut client: TcpStream, mut server: TcpStream, cut: &Mutex<Cut>, free: &AtomicUsize) -> std::io::Result<()> {
    let (mut answers, mut back) = (server.try_clone()?, client.try_clone()?);
    thread::spawn(move || std::io::copy(&mut answers, &mut back).and_then(|_| back.shutdown(std::net::Shutdown::Both)));
    let mut bytes = [0; 65536];
    loop {
        let read = client.read(&mut bytes)?;
        if read == 0 {
            return server.shutdown(std::net::Shutdown::Both);
        }
        let commits = bytes[..read].windows(6).any(|six| six == b"COMMIT");
        let mut now = cut.lock().expect("whole");
        let passes =
            commits && free.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok();
        let fate = match free.load(Ordering::Relaxed) > 0 || passes {
            true => Cut::Never,
            false => *now,
        };
        if !commits && fate != Cut::BeforeForEver {
            drop(now);
            server.write_all(&bytes[..read])?;
            continue;
        }
        match fate {
            Cut::Never => server.write_all(&bytes[..read])?,
            Cut::Before | Cut::BeforeForEver => {
                if fate == Cut::Before {
                    *now = Cut::Never;
                }
                client.shutdown(std::net::Shutdown::Both)?;
                return server.shutdown(std::net::Shutdown::Both);
            }
            Cut::After | Cut::AfterForEver => {
                *now = if fate == Cut::After { Cut::Never } else { Cut::BeforeForEver };
                client.shutdown(std::net::Shutdown::Both)?;
                server.write_all(&bytes[..read])?;
                // The database ends the session once it has read all of it.
                return server.shutdown(std::net::Shutdown::Write);
            }
        }
    }
}

fn bench(terms: Terms) -> (Arc<Mutex<Cut>>, Tables, Tables) {
    let straight = Tables::on(SERVER).under(terms);
    let (database, cut) = proxy(&straight.database);
    (cut, Tables { database, ..straight.clone() }, straight)
}

#[test]
fn a_commit_whose_answer_is_lost_is_kept_once() {
    for fate in [Cut::Before, Cut::After] {
        let (cut, through, straight) = bench(PATIENT);
        let mut state = through.open();
        *cut.lock().expect("whole") = fate;
        state.lock(&holder("lock-1"), NOW_MS).expect("taken once");
        *cut.lock().expect("whole") = fate;
        state.reserve_operations(1).expect("reserved");
        *cut.lock().expect("whole") = fate;
        state.append(&[begin(1, "a")]).unwrap_or_else(|error| panic!("{fate:?}: {error}"));
        *cut.lock().expect("whole") = fate;
        state.append(&[present(1, "a", "i-1")]).unwrap_or_else(|error| panic!("{fate:?}: {error}"));
        let read = straight.look().expect("there");
        assert_eq!(read.snapshot().expect("readable"), state.snapshot().expect("readable"));
        assert_eq!(read.snapshot().expect("readable").serial, 3);
        assert_eq!(read.entries(None).expect("readable"), [begin(1, "a"), present(1, "a", "i-1")]);
    }
}

#[test]
fn a_commit_whose_answer_is_lost_is_kept_once_where_a_run_on_another_part_writes_meanwhile() {
    let (cut, through, straight) = bench(PATIENT);
    let mut state = through.open();
    state.lock(&on("lock-1", &["a"], &[]), NOW_MS).expect("free");
    let mut other = straight.open();
    other.lock(&on("lock-2", &["b"], &[]), NOW_MS).expect("free");
    let other = std::thread::spawn(move || {
        for number in 0..200 {
            other.append(&[Entry::Recorded(Box::new(record("b", &format!("i-{number}"), 0)))]).expect("its own");
        }
    });
    let mut operations = 0;
    while !other.is_finished() {
        *cut.lock().expect("whole") = Cut::After;
        let first = state.reserve_operations(1).expect("reserved").0;
        *cut.lock().expect("whole") = Cut::After;
        state.append(&[begin(first, "a")]).expect("once");
        *cut.lock().expect("whole") = Cut::After;
        state.append(&[present(first, "a", "i-1")]).expect("once");
        operations += 1;
    }
    other.join().expect("it writes");
    let read = straight.look().expect("there");
    assert_eq!(read.snapshot().expect("readable").serial, 200 + 3 * operations);
    assert_eq!(read.entries(None).expect("readable").len(), 200 + 2 * usize::try_from(operations).expect("few"));
}

#[test]
fn a_commit_that_nobody_knows_the_outcome_of_ends_the_run_and_the_next_one_reads_it() {
    let terms = Terms { patience: Duration::from_millis(400), ..PATIENT };
    for fate in [Cut::BeforeForEver, Cut::AfterForEver] {
        let (cut, through, straight) = bench(terms);
        let mut state = through.open();
        state.lock(&holder("lock-1"), NOW_MS).expect("free");
        *cut.lock().expect("whole") = fate;
        let row = Entry::Recorded(Box::new(record("a", "i-1", 0)));
        let error = state.append(std::slice::from_ref(&row)).expect_err("nobody answers");
        assert_eq!(matches!(error, StateError::NotHeld { .. }), fate == Cut::AfterForEver, "{error}");
        assert_eq!((state.fence())().is_err(), fate == Cut::AfterForEver);
        *cut.lock().expect("whole") = Cut::Never;
        drop(state);
        let kept = straight.look().expect("there").snapshot().expect("readable").resources.len();
        assert_eq!(kept, usize::from(fate == Cut::AfterForEver), "{fate:?}");
        let mut next = straight.open();
        next.lock(&holder("lock-2"), NOW_MS).expect("given back");
        next.append(&[row]).expect("legal");
    }
}

#[test]
fn a_database_that_is_not_there_and_one_that_refuses_are_told_apart() {
    let terms = Terms { patience: Duration::from_millis(200), ..PATIENT };
    let Database { url, schema } = Tables::on(SERVER).database;
    let (server, _) = url.rsplit_once('/').expect("a database");
    let told = |url: String| {
        let database = Database { url, schema: schema.clone() };
        Postgres::look(&database, terms, &Keys::default()).expect_err("refused").to_string()
    };
    let missing = told(format!("{server}/nowhere"));
    assert!(missing.contains("answered 3D000") && missing.contains("make the database first"), "{missing}");
    let unreached = told("postgres://mia@127.0.0.1:9/states".to_owned());
    assert!(unreached.contains("no answer came") && unreached.contains("table head can't be read"), "{unreached}");
}

#[test]
fn a_table_that_something_else_changed_is_named_instead_of_believed() {
    let tables = Tables::on(SERVER);
    let mut state = crate::promise::locked(&tables);
    state.append(&[Entry::Recorded(Box::new(record("a", "i-1", 0)))]).expect("legal");
    drop(state);
    sql(&tables, "UPDATE resources SET body = '{}'");
    let error = Postgres::look(&tables.database, PATIENT, &Keys::default()).expect_err("damaged").to_string();
    assert!(error.contains("table resources is damaged") && error.contains("row staging.terraform_data.a"), "{error}");
    sql(&tables, "UPDATE head SET version = 5");
    let error = Postgres::look(&tables.database, PATIENT, &Keys::default()).expect_err("newer");
    assert!(matches!(error, StateError::Newer { found: 5, known: 4, .. }), "{error}");
}

/// Tables of version 1 with a row and two runs, of which the second was cut off.
const VERSION_1: &str = include_str!("../../samples/postgres-version-1.sql");

#[test]
fn tables_of_version_1_are_read_as_they_are_and_brought_to_this_version_by_who_locks_them() {
    let tables = Tables::on(SERVER);
    let schema = &tables.database.schema;
    sql(&tables, &format!("CREATE SCHEMA {schema}; SET search_path = {schema}; {VERSION_1}"));
    let row = serde_json::to_string(&record("a", "i-1", 0)).expect("JSON").replace('\'', "''");
    sql(
        &tables,
        &format!(
            "INSERT INTO head VALUES (1, 1, '5eed', {NOW_MS}, 13, 6, -18, 2, '');
             INSERT INTO resources VALUES ('staging.terraform_data.a', 1, 7, '{row}');
             INSERT INTO runs VALUES (1, 'apply', 'mia@build-7', {NOW_MS}, {NOW_MS}, 'applied', '{{\"create\":1}}'),
                                     (2, 'destroy', 'mia@build-7', {NOW_MS}, NULL, NULL, '{{}}');"
        ),
    );
    let read = tables.look().expect("there");
    let (snapshot, runs) = (read.snapshot().expect("readable"), read.history(9).expect("readable"));
    assert_eq!((snapshot.resources[&address("a")].clone(), runs.len()), (record("a", "i-1", 0), 2));
    assert_eq!(read.past().expect("readable").verify(), Ok(Verified { since: 0 }));
    assert_eq!(sql(&tables, "SELECT version FROM head").trim(), "1", "reading changes nothing");

    let mut state = crate::promise::locked(&tables);
    assert_eq!(sql(&tables, "SELECT version FROM head").trim(), "4");
    assert_eq!((state.snapshot().expect("readable"), state.history(9).expect("readable")), (snapshot, runs));
    let run = state.begin_run("apply", &[], NOW_MS).expect("begun");
    state.append(&[Entry::Recorded(Box::new(record("a", "i-2", 0)))]).expect("legal");
    state.end_run(run, RunEnd::default()).expect("ended");
    let history = state.past().expect("readable");
    assert_eq!(history.verify(), Ok(Verified { since: 0 }));
    assert_eq!(history.after(RunId(2)).expect("kept").resources[&address("a")], record("a", "i-1", 0));
}

/// Tables of version 2, and of version 3.
const VERSIONS_2_AND_3: [&str; 2] =
    [include_str!("../../samples/postgres-version-2.sql"), include_str!("../../samples/postgres-version-3.sql")];

#[test]
fn tables_of_versions_2_and_3_are_read_as_they_are_and_brought_to_this_version_by_who_locks_them() {
    for (version, made) in (2..).zip(VERSIONS_2_AND_3) {
        let tables = Tables::on(SERVER);
        let schema = &tables.database.schema;
        sql(&tables, &format!("CREATE SCHEMA {schema}; SET search_path = {schema}; {made}"));
        let row = serde_json::to_string(&record("a", "i-1", 0)).expect("JSON").replace('\'', "''");
        sql(
            &tables,
            &format!(
                "INSERT INTO head VALUES (1, {version}, '5eed', {NOW_MS}, 13, 6, -18, 2, '');
                 INSERT INTO resources VALUES ('staging.terraform_data.a', 1, 7, '{row}');
                 INSERT INTO runs VALUES (1, 'apply', 'mia@build-7', {NOW_MS}, NULL, NULL, '{{}}', '{{}}', '[]');"
            ),
        );
        let read = tables.look().expect("there").snapshot().expect("readable");
        assert_eq!(read.resources[&address("a")], record("a", "i-1", 0));
        let is = sql(&tables, "SELECT version FROM head");
        assert_eq!(is.trim(), version.to_string(), "reading changes nothing");
        let state = crate::promise::locked(&tables);
        assert_eq!(sql(&tables, "SELECT version, encryption, wiped FROM head").trim(), "4||f");
        assert_eq!(state.snapshot().expect("readable"), read);
    }
}

#[test]
fn what_something_else_changed_breaks_the_log_where_it_did() {
    let tables = Tables::on(SERVER);
    let mut state = crate::promise::locked(&tables);
    for number in 1..=3 {
        let run = state.begin_run("apply", &[], NOW_MS).expect("begun");
        let rows = [("a", "i-1".to_owned()), ("b", format!("i-{number}"))];
        let rows = rows.map(|(name, identity)| Entry::Recorded(Box::new(record(name, &identity, 0))));
        // `a` is written once, and `b` by each run.
        state.append(if number == 1 { &rows } else { &rows[1..] }).expect("legal");
        state.end_run(run, RunEnd::default()).expect("ended");
    }
    drop(state);
    let broken = || {
        let verdict = tables.look().expect("there").past().expect("readable").verify();
        verdict.err().map(|Broken { entry, reason }| (entry, reason))
    };
    let elsewhere = || "the resources and outputs are not those that it left".to_owned();
    assert_eq!(broken(), None);
    for (name, since) in [("a", 1), ("b", 3)] {
        let swap = |from: &str, to: &str| {
            let change = format!("UPDATE resources SET body = replace(body, '{from}', '{to}')");
            sql(&tables, &format!("{change} WHERE address LIKE '%.{name}'"));
        };
        swap("10.0.0.0", "10.9.0.0");
        assert_eq!(broken(), Some((since, elsewhere())), "{name}");
        swap("10.9.0.0", "10.0.0.0");
    }
    sql(&tables, "UPDATE revisions SET body = replace(body, '10.0.0.0', '10.9.0.0') WHERE body LIKE '%i-2%'");
    assert_eq!(broken(), Some((2, elsewhere())));
    sql(&tables, "UPDATE revisions SET body = replace(body, '10.9.0.0', '10.0.0.0')");
    sql(&tables, "UPDATE log SET entry = replace(entry, 'mia@', 'noor@') WHERE number = 2");
    assert_eq!(broken(), Some((2, "it is not as it was written".to_owned())));
    sql(&tables, "UPDATE log SET entry = replace(entry, 'noor@', 'mia@')");
    assert_eq!(broken(), None);
    for gone in [3, 2] {
        sql(&tables, &format!("DELETE FROM log WHERE number = {gone}"));
        assert_eq!(broken(), Some((gone, "it is gone".to_owned())));
    }
}

#[test]
fn a_lock_row_says_epoch_and_end_and_what_it_is_about() {
    let tables = Tables::on(SERVER);
    drop(crate::promise::locked(&tables));
    let shown = || sql(&tables, "SELECT epoch, expires_at > clock_timestamp(), addresses, needs FROM locks");
    let second = crate::promise::locked(&tables);
    assert_eq!(shown().trim(), "2|t||");
    drop(second);
    let mut third = tables.open();
    third.lock(&on("lock-3", &["a"], &["base"]), NOW_MS).expect("free");
    assert_eq!(shown().trim(), "3|t|{staging.terraform_data.a}|{staging.terraform_data.base}");
}

#[test]
fn doctor_finds_a_database_that_takes_writes() {
    let tables = Tables::on(SERVER);
    Postgres::check(&tables.database, PATIENT).expect("it does");
    assert!(tables.look().is_none(), "and nothing is made");
}

/// What a statement gives, in the state's schema.
pub fn sql(tables: &Tables, statement: &str) -> String {
    let path = format!("-c search_path={}", tables.database.schema);
    let output = std::process::Command::new("psql")
        .args(["-qAt", "-v", "ON_ERROR_STOP=1", "-c", statement, &tables.database.url])
        .env("PGOPTIONS", path)
        .output()
        .expect("psql");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}
