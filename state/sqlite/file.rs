//! The file of an SQLite state: making it, opening it, and saying what is
//! wrong with one that is none.
//!
//! A new state is made beside its place and then linked there, so that a file
//! under a state's name is always a whole one.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction};

use super::rows::{self, Head};
use crate::StateError;

/// `FTHS`: the application id in the header of every state file.
pub(super) const APPLICATION_ID: i32 = 0x4654_4853;

/// The version of the tables and of the JSON in them.
pub(super) const VERSION: i64 = 3;

const TABLES: &str = include_str!("tables.sql");

/// What brings tables of version 1 to version 2.
const UPGRADE_1: &str = include_str!("upgrade-1.sql");

/// What brings tables of version 2 to version 3.
const UPGRADE_2: &str = include_str!("upgrade-2.sql");

/// What is said of a file that can't be changed, or beside which none can be made.
const READ_ONLY: &str = "the file or its folder is read-only";

/// How long a statement waits for another process that is writing.
const PATIENCE: Duration = Duration::from_secs(10);

/// Opens the state to write; makes it where there is none.
pub(super) fn open(path: &Path, lineage: Option<&str>, now_ms: i64) -> Result<Connection, StateError> {
    if !exists(path, "written")? {
        create(path, lineage, now_ms)?;
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = checked(path, flags, "written")?;
    let fail = |error| failure(path, "written", error);
    if connection.is_readonly("main").map_err(fail)? {
        return Err(storage(path, "written", "the file is read-only"));
    }
    connection.pragma_update(None, "journal_mode", "WAL").map_err(fail)?;
    connection.pragma_update(None, "synchronous", "FULL").map_err(fail)?;
    connection.pragma_update(None, "fullfsync", true).map_err(fail)?;
    // In KiB: a group commit of ten thousand records stays in memory until it commits.
    connection.pragma_update(None, "cache_size", -48_000).map_err(fail)?;
    Ok(connection)
}

/// Opens the state to read; none where there is no file, and none is made.
pub(super) fn look(path: &Path) -> Result<Option<Connection>, StateError> {
    if !exists(path, "read")? {
        return Ok(None);
    }
    // Read and write: SQLite's shared memory beside the file needs it, and goes away with the last reader.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = match checked(path, flags, "read") {
        Err(StateError::Storage { .. }) if !beside(path, "-wal").exists() => {
            // In a folder that nobody may write to, nobody is writing now either.
            let uri = format!("file:{}?immutable=1", escaped(path));
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            checked_at(path, Path::new(&uri), flags, "read")?
        }
        other => other?,
    };
    connection.pragma_update(None, "query_only", true).map_err(|error| failure(path, "read", error))?;
    Ok(Some(connection))
}

/// Brings tables of an earlier version to this one, in the transaction of who has the lock.
pub(super) fn upgrade(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    let upgrades = [UPGRADE_1, UPGRADE_2];
    let done = usize::try_from(rows::version(transaction)? - 1).unwrap_or(upgrades.len());
    upgrades.iter().skip(done).try_for_each(|upgrade| transaction.execute_batch(upgrade))
}

/// What a failed statement means, in the state's own terms.
pub(super) fn failure(path: &Path, doing: &'static str, error: rusqlite::Error) -> StateError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => storage(path, doing, "the disk is full"),
        Some(ErrorCode::ReadOnly) => storage(path, doing, READ_ONLY),
        Some(ErrorCode::CannotOpen) if takes_no_files(path) => storage(path, doing, READ_ONLY),
        Some(ErrorCode::CannotOpen) => {
            storage(path, doing, "the file can't be opened, or files beside it can't be made")
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            storage(path, doing, "another process has been writing to it for too long")
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => damaged(path, reason_on_disk(path, &error)),
        Some(ErrorCode::SystemIoFailure) => {
            storage(path, doing, format!("the disk or the file system failed; is it full? ({error})"))
        }
        // Every statement is a constant that fits the tables of this version.
        Some(ErrorCode::Unknown) | None => damaged(path, format!("its tables are not as fathuss makes them ({error})")),
        Some(_) => storage(path, doing, error.to_string()),
    }
}

/// Whether no file can be made beside this one.
fn takes_no_files(path: &Path) -> bool {
    let probe = beside(path, &format!(".probe-{}", std::process::id()));
    match fs::File::create_new(&probe) {
        Ok(_) => fs::remove_file(&probe).is_err(),
        Err(error) => matches!(error.kind(), io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied),
    }
}

pub(super) fn storage(path: &Path, doing: &'static str, reason: impl Into<String>) -> StateError {
    StateError::Storage { path: path.display().to_string(), doing, reason: reason.into() }
}

pub(super) fn damaged(path: &Path, reason: impl Into<String>) -> StateError {
    StateError::Damaged { path: path.display().to_string(), reason: reason.into() }
}

/// Whether there is a file that may be a state; what can't be one is an error.
///
/// The file is not opened: closing any descriptor of it would let go of the
/// locks that SQLite holds on it elsewhere in this process.
fn exists(path: &Path, doing: &'static str) -> Result<bool, StateError> {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let left_over = beside(path, "-wal");
            return match fs::metadata(&left_over) {
                Ok(metadata) if metadata.len() > 0 => Err(damaged(
                    path,
                    format!(
                        "the file is gone, but {} holds writes to it: restore it, or move that file away to begin anew",
                        left_over.display()
                    ),
                )),
                _ => Ok(false),
            };
        }
        Err(error) => return Err(storage(path, doing, error.to_string())),
    };
    if !metadata.is_file() {
        return Err(damaged(path, if metadata.is_dir() { "it is a folder" } else { "it is no regular file" }));
    }
    if metadata.len() == 0 {
        return Err(damaged(path, "the file is empty; remove it to begin with a new state"));
    }
    Ok(true)
}

fn create(path: &Path, lineage: Option<&str>, now_ms: i64) -> Result<(), StateError> {
    static ATTEMPT: AtomicU32 = AtomicU32::new(0);
    let fail = |error: io::Error| match error.kind() {
        io::ErrorKind::StorageFull => storage(path, "written", "the disk is full"),
        io::ErrorKind::ReadOnlyFilesystem => storage(path, "written", READ_ONLY),
        _ => storage(path, "written", error.to_string()),
    };
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder).map_err(fail)?;
    let attempt = ATTEMPT.fetch_add(1, Ordering::Relaxed);
    let draft = beside(path, &format!(".new-{}-{attempt}", std::process::id()));
    let made = private_file(&draft).map_err(fail).and_then(|()| {
        fill(&draft, lineage, now_ms).map_err(|error| failure(path, "written", error))?;
        match fs::hard_link(&draft, path) {
            // Somebody else was faster: theirs is the state.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::Unsupported => fs::rename(&draft, path).map_err(fail),
            other => other.map_err(fail),
        }
    });
    for suffix in ["", "-journal"] {
        // What can't be removed is in nobody's way.
        let _ = fs::remove_file(beside(&draft, suffix));
    }
    made?;
    fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(fail)
}

/// An empty file that its owner alone can read: state is nobody else's business.
fn private_file(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

fn fill(draft: &Path, lineage: Option<&str>, now_ms: i64) -> rusqlite::Result<()> {
    let mut connection = Connection::open(draft)?;
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    let transaction = connection.transaction()?;
    transaction.execute_batch(TABLES)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    let lineage = match lineage {
        Some(lineage) => lineage.to_owned(),
        None => transaction.query_row("SELECT lower(hex(randomblob(8)))", [], |row| row.get(0))?,
    };
    let head = Head { lineage, serial: 0, next_operation: 1, total: 0, revises: false };
    rows::put_head(&transaction, &head, now_ms)?;
    transaction.commit()?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.close().map_err(|(_, error)| error)
}

fn checked(path: &Path, flags: OpenFlags, doing: &'static str) -> Result<Connection, StateError> {
    checked_at(path, path, flags, doing)
}

/// Opens the file and makes sure that it is a whole state of a version that this release reads.
fn checked_at(path: &Path, location: &Path, flags: OpenFlags, doing: &'static str) -> Result<Connection, StateError> {
    let fail = |error| failure(path, doing, error);
    let connection = Connection::open_with_flags(location, flags).map_err(fail)?;
    connection.busy_timeout(PATIENCE).map_err(fail)?;
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map_err(fail);
    // The first access: a file that is no database at all fails here.
    pragma("schema_version")?;
    let application = pragma("application_id")?;
    if application != i64::from(APPLICATION_ID) {
        let other = || format!("it is an SQLite database of another program (application id {application})");
        return Err(damaged(path, cut_short(path).unwrap_or_else(other)));
    }
    match pragma("user_version")? {
        1..=VERSION => {}
        found if found > VERSION => {
            return Err(StateError::Newer { path: path.display().to_string(), found, known: VERSION });
        }
        found => return Err(damaged(path, format!("its state version is {found}, which no release has written"))),
    }
    let whole = pragma("page_size")? * pragma("page_count")?;
    if let Some(length) = length_at_rest(path)
        && i64::try_from(length).is_ok_and(|length| length < whole)
    {
        return Err(damaged(path, format!("it is cut short: {length} of {whole} bytes are there")));
    }
    let verdict: String = connection.pragma_query_value(None, "quick_check", |row| row.get(0)).map_err(fail)?;
    if verdict != "ok" {
        return Err(damaged(path, cut_short(path).unwrap_or_else(|| verdict.replace('\n', " "))));
    }
    Ok(connection)
}

/// The file's length while no writes to it wait beside it: then all of it must be there.
///
/// SQLite itself takes a last page that is there in part for one that ends in zeros.
fn length_at_rest(path: &Path) -> Option<u64> {
    let waiting = fs::metadata(beside(path, "-wal")).map_or(0, |metadata| metadata.len());
    let length = fs::metadata(path).ok()?.len();
    (waiting == 0).then_some(length)
}

/// What the bytes of a file say that SQLite refuses to open.
fn reason_on_disk(path: &Path, error: &rusqlite::Error) -> String {
    let mut head = [0; 100];
    let read = fs::File::open(path).and_then(|mut file| file.read(&mut head)).unwrap_or(0);
    let head = &head[..read];
    if let Some(reason) = cut_short(path) {
        return reason;
    }
    if head.starts_with(MAGIC) {
        return format!("a part of it is not as it was written ({error})");
    }
    match head.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'{' | b'[') => "it holds JSON: a state is an SQLite database, not written by hand".to_owned(),
        _ => "it is no SQLite database".to_owned(),
    }
}

const MAGIC: &[u8] = b"SQLite format 3\0";

/// Whether a database is shorter than its own header says, as
/// <https://www.sqlite.org/fileformat.html#the_database_header> has it.
fn cut_short(path: &Path) -> Option<String> {
    let length = fs::metadata(path).ok()?.len();
    let mut head = [0; 100];
    let read = fs::File::open(path).and_then(|mut file| file.read(&mut head)).ok()?;
    let head = &head[..read];
    if !head.starts_with(&MAGIC[..MAGIC.len().min(read)]) {
        return None;
    }
    let Some(&[high, low]) = head.get(16..18) else { return Some(format!("it is cut short, at {length} bytes")) };
    let Some(&[a, b, c, d]) = head.get(28..32) else { return Some(format!("it is cut short, at {length} bytes")) };
    let page_size = match u64::from(u16::from_be_bytes([high, low])) {
        1 => 65_536,
        size => size,
    };
    let whole = page_size * u64::from(u32::from_be_bytes([a, b, c, d]));
    (length < whole).then(|| format!("it is cut short: {length} of {whole} bytes are there"))
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// The path inside a `file:` URI: <https://www.sqlite.org/uri.html>.
fn escaped(path: &Path) -> String {
    path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23")
}
