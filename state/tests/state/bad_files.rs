//! Files that are no state, or one that this release can't read: each is told apart.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};

use fathuss_state::{Entry, Settled, Sqlite, StateError, Store};
use rusqlite::Connection;

use crate::child;
use crate::made::{NOW_MS, address, begin, identified, locked, present, record, settled};

/// A folder with a state in it that holds something of everything.
fn kept() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state");
    let mut state = locked(&path);
    state.reserve_operations(9).expect("reserved");
    state.append(&[begin(1, "a"), present(1, "a", "i-1"), begin(2, "b"), identified(2, "i-2")]).expect("legal");
    state.append(&[begin(3, "c"), settled(3, Settled::Refused)]).expect("legal");
    (folder, path)
}

/// What both opening and reading the state say, in the same words.
fn told(path: &Path) -> String {
    let open = Sqlite::open(path, NOW_MS).expect_err("bad");
    let read = Sqlite::read(path).expect_err("bad");
    assert_eq!(open.to_string(), read.to_string());
    open.to_string().replace(path.to_str().expect("text"), "STATE")
}

fn edited(statements: &str) -> String {
    let (_folder, path) = kept();
    Connection::open(&path).expect("a database").execute_batch(statements).expect("edited");
    Sqlite::read(&path).expect_err("bad").to_string().replace(path.to_str().expect("text"), "STATE")
}

#[test]
fn no_file_reads_as_none_and_stays_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state");
    assert_eq!(Sqlite::read(&path).expect("nothing is wrong"), None);
    assert_eq!(Sqlite::read(&folder.path().join("no/folder/state")).expect("nothing is wrong"), None);
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
}

#[test]
fn a_new_state_is_its_owners_alone() {
    let (_folder, path) = kept();
    assert_eq!(fs::metadata(&path).expect("a file").mode() & 0o777, 0o600);
}

#[test]
fn what_is_no_database_is_told_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state");
    let check = |content: &[u8], expected: &str| {
        fs::write(&path, content).expect("written");
        assert_eq!(told(&path), format!("STATE is damaged or no fathuss state: {expected}"));
        assert_eq!(fs::read(&path).expect("a file"), content, "it is left as it was");
    };
    check(b"", "the file is empty; remove it to begin with a new state");
    check(
        b"{\n  \"version\": 4,\n  \"resources\": []\n}\n",
        "it holds JSON: a state is an SQLite database, not written by hand",
    );
    check(b"hello", "it is no SQLite database");
    check(&[0x1f; 9000], "it is no SQLite database");
    check(b"SQLite for", "it is cut short, at 10 bytes");
    fs::remove_file(&path).expect("removed");
    fs::create_dir(&path).expect("a folder");
    assert_eq!(told(&path), "STATE is damaged or no fathuss state: it is a folder");
    assert_eq!(
        Sqlite::open("/dev/full".as_ref(), NOW_MS).expect_err("a device").to_string(),
        "/dev/full is damaged or no fathuss state: it is no regular file"
    );
}

#[test]
fn a_newer_version_is_named_with_the_one_that_is_known() {
    let (_folder, path) = kept();
    Connection::open(&path).expect("a database").pragma_update(None, "user_version", 7).expect("edited");
    assert_eq!(told(&path), "STATE has state version 7; this fathuss reads up to 3: use the release that wrote it");
    Connection::open(&path).expect("a database").pragma_update(None, "user_version", 0).expect("edited");
    assert_eq!(
        told(&path),
        "STATE is damaged or no fathuss state: its state version is 0, which no release has written"
    );
}

#[test]
fn a_database_of_another_program_is_not_touched() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state");
    let other = Connection::open(&path).expect("a database");
    other.execute_batch("PRAGMA application_id = 42; CREATE TABLE bookmarks (url TEXT)").expect("made");
    drop(other);
    let before = fs::read(&path).expect("a file");
    assert_eq!(
        told(&path),
        "STATE is damaged or no fathuss state: it is an SQLite database of another program (application id 42)"
    );
    assert_eq!(fs::read(&path).expect("a file"), before);
}

#[test]
fn a_state_cut_short_anywhere_is_never_believed() {
    let (_folder, path) = kept();
    let whole = fs::read(&path).expect("a file");
    for length in (1..100).chain((100..whole.len()).step_by(997)) {
        fs::write(&path, &whole[..length]).expect("written");
        let error = Sqlite::read(&path).expect_err("cut short").to_string();
        assert!(error.contains("is damaged or no fathuss state: it is cut short"), "at {length} bytes: {error}");
    }
    fs::write(&path, &whole[..8192]).expect("written");
    assert_eq!(
        told(&path),
        format!("STATE is damaged or no fathuss state: it is cut short: 8192 of {} bytes are there", whole.len())
    );
}

#[test]
fn a_flipped_byte_is_never_believed() {
    let (_folder, path) = kept();
    let whole = fs::read(&path).expect("a file");
    let right = Sqlite::read(&path).expect("whole").expect("there");
    let mut found = 0;
    // Every byte that isn't one of a page's many unused zeros, in turns of seven.
    let used: Vec<_> = (0..whole.len()).filter(|&at| whole[at] != 0).collect();
    for &at in used.iter().step_by(7) {
        let mut flipped = whole.clone();
        flipped[at] ^= 0x04;
        fs::write(&path, &flipped).expect("written");
        match Sqlite::read(&path) {
            Ok(read) => assert_eq!(read.as_ref(), Some(&right), "byte {at}"),
            Err(StateError::Damaged { .. } | StateError::Newer { .. }) => found += 1,
            Err(other) => panic!("byte {at}: {other}"),
        }
        for suffix in ["-wal", "-shm", "-journal"] {
            let _ = fs::remove_file(format!("{}{suffix}", path.display()));
        }
    }
    assert!(found * 2 > used.len() / 7, "only {found} of {} were noticed", used.len() / 7);
}

#[test]
fn a_row_that_was_edited_is_named() {
    let checksum = "it does not match its checksum: it is damaged, or something else than fathuss changed it";
    for (statements, expected) in [
        (
            "UPDATE resources SET body = replace(body, 'i-1', 'i-9')",
            format!("row staging.terraform_data.a of resources: {checksum}"),
        ),
        (
            "UPDATE resources SET body = '{\"address\":'",
            "row staging.terraform_data.a of resources: EOF while parsing a value at line 1 column 11".to_owned(),
        ),
        (
            "UPDATE resources SET body = '{\"colour\":1}'",
            "row staging.terraform_data.a of resources: unknown field `colour`, expected one of `address`, `region`, \
             `account`, `identity`, `attributes`, `generation`, `depends_on`, `prevent_destroy`, \
             `unsettled` at line 1 column 9"
                .to_owned(),
        ),
        ("UPDATE operations SET identified = 'i-3'", format!("row 2 of operations: {checksum}")),
        ("UPDATE operations SET begun = 'x'", "row 2 of operations: expected value at line 1 column 1".to_owned()),
        ("UPDATE generations SET generation = 0", format!("row staging.terraform_data.c of generations: {checksum}")),
        ("UPDATE head SET next_operation = 1", format!("the row of head: {checksum}")),
        ("DELETE FROM head", "its tables are not as fathuss makes them (Query returned no rows)".to_owned()),
        ("DROP TABLE head", "its tables are not as fathuss makes them (no such table: head)".to_owned()),
    ] {
        assert_eq!(edited(statements), format!("STATE is damaged or no fathuss state: {expected}"), "{statements}");
    }
}

#[test]
fn a_row_taken_away_or_put_back_from_an_older_copy_is_missed() {
    let missed = "STATE is damaged or no fathuss state: the row of head: a row of another table is gone or an older \
                  one: something else than fathuss changed it";
    for table in ["resources", "operations", "generations"] {
        assert_eq!(edited(&format!("DELETE FROM {table}")), missed, "{table}");
    }

    let (_folder, path) = kept();
    let edit =
        |statements: &str| Connection::open(&path).expect("a database").execute_batch(statements).expect("edited");
    edit("CREATE TABLE older AS SELECT * FROM resources");
    locked(&path).append(&[Entry::Recorded(Box::new(record("a", "i-9", 0)))]).expect("legal");
    assert!(Sqlite::read(&path).is_ok());
    edit("DELETE FROM resources; INSERT INTO resources SELECT * FROM older");
    let error = Sqlite::read(&path).expect_err("bad").to_string();
    assert_eq!(error.replace(path.to_str().expect("text"), "STATE"), missed);
}

#[test]
fn a_damaged_head_stops_writing_too() {
    let (_folder, path) = kept();
    let mut state = locked(&path);
    Connection::open(&path).expect("a database").execute("UPDATE head SET serial = 1", []).expect("edited");
    let error = state.append(&[Entry::Dropped(address("a"))]).expect_err("damaged");
    assert!(matches!(error, StateError::Damaged { .. }), "{error}");
}

#[test]
fn a_file_that_is_gone_while_its_last_writes_are_there_is_no_new_state() {
    let (folder, path) = kept();
    let open = locked(&path);
    fs::remove_file(&path).expect("removed");
    let error = Sqlite::open(&path, NOW_MS).expect_err("not a new one");
    assert_eq!(
        error.to_string().replace(folder.path().to_str().expect("text"), "DIR"),
        "DIR/state is damaged or no fathuss state: the file is gone, but DIR/state-wal holds writes to it: restore it, \
         or move that file away to begin anew"
    );
    drop(open);
}

#[test]
fn a_read_only_folder_can_be_read_and_says_why_it_can_not_be_written() {
    let (folder, path) = kept();
    let program = folder.path().join("program");
    fs::copy(std::env::current_exe().expect("this program"), &program).expect("copied");
    let mut child = child::playing_from(&program, "bad_files::child_in_a_read_only_folder", &path);
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("changed");
    mode(&path, 0o444);
    fs::copy(&path, folder.path().join("writable")).expect("copied");
    mode(&folder.path().join("writable"), 0o666);
    mode(folder.path(), 0o555);
    if fs::metadata(&path).expect("a file").uid() == 0 {
        // Nothing is read-only to root: the child is nobody.
        child.uid(65_534).gid(65_534);
    }
    let output = child.output().expect("ran");
    mode(folder.path(), 0o755);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
#[ignore = "played by a child of the test above"]
fn child_in_a_read_only_folder() {
    let path = child::state();
    let folder = path.parent().expect("a folder");
    let told = |error: StateError| error.to_string().replace(folder.to_str().expect("text"), "DIR");
    for name in ["state", "writable"] {
        let read = Sqlite::read(&folder.join(name)).expect("readable").expect("there");
        assert_eq!(read.resources[&address("a")], record("a", "i-1", 0));
    }
    let open = |name: &str| Sqlite::open(&folder.join(name), NOW_MS).map(drop).map_err(told);
    assert_eq!(open("state"), Err("DIR/state can't be written: the file or its folder is read-only".to_owned()));
    assert_eq!(open("writable"), Err("DIR/writable can't be written: the file or its folder is read-only".to_owned()));
    assert_eq!(open("new"), Err("DIR/new can't be written: Permission denied (os error 13)".to_owned()));
}
