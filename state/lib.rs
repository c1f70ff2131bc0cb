//! State: what Fathuss has made and what it is doing, durable at every step.
//!
//! A row per address with a revision, a journal of operations (`begun`,
//! `identified`, `settled`), a lock that names its holder, the history of
//! every run and an audit log. [`Store`] is what the engine sees and [`Backend`] what a command
//! sees; SQLite is the embedded default behind them, an object store or
//! PostgreSQL what a team shares.

mod audit;
mod backend;
mod background;
mod contents;
mod document;
mod durations;
mod history;
mod journal;
mod lease;
mod lock;
mod memory;
mod place;
mod postgres;
mod record;
mod s3;
mod seal;
mod shared;
mod sqlite;

pub use audit::{Link, Log, LogEntry, PROMOTE};
pub use backend::{Backend, Fence};
pub use document::Document;
pub use history::{Broken, History, Past, Retention, Revision, Verified, Was};
pub use lease::{SIGNATURE_VALIDITY, Terms};
pub use memory::{Fault, Memory};
pub use place::{Bucket, Database, Place};
pub use postgres::Postgres;
pub use record::{
    Action, Begun, Entry, Holder, Identity, OperationId, Origin, Part, Pending, ResourceRecord, Run, RunAction, RunId,
    Settled, Snapshot,
};
pub use s3::{LostWrite, Replica, S3};
pub use seal::{Envelope, Keys, Recipients, Seal, Sealing};
pub use sqlite::Sqlite;

use std::collections::BTreeMap;

use fathuss_model::{Address, Datum};
use serde::{Deserialize, Serialize};

/// Where a stack's state lives.
///
/// Every method that writes returns once the write is durable.
pub trait Store {
    /// Everything, read at once.
    fn snapshot(&self) -> Result<Snapshot, StateError>;

    /// Begins a run under the lock that is held, with what it is to do; gives its number.
    fn begin_run(&mut self, command: &str, actions: &[RunAction], now_ms: i64) -> Result<RunId, StateError>;

    /// The first number of `count` operations that nobody else will have.
    fn reserve_operations(&mut self, count: u32) -> Result<OperationId, StateError>;

    /// Appends records in one durable transaction; rows follow the records that settle them.
    fn append(&mut self, entries: &[Entry]) -> Result<(), StateError>;

    /// Ends a run: its outputs, how long operations took, and what history keeps of it.
    fn end_run(&mut self, run: RunId, end: RunEnd) -> Result<(), StateError>;

    /// Runs, newest first.
    fn history(&self, limit: u32) -> Result<Vec<Run>, StateError>;
}

/// Writes what a command does all at once, as a run of its own; history counts the addresses under a word.
///
/// # Errors
/// Where the store can't be written.
pub fn write_run<'a>(
    store: &mut dyn Store,
    [command, outcome, counted]: [&str; 3],
    addresses: impl IntoIterator<Item = &'a Address>,
    entries: &[Entry],
    wall_ms: &dyn Fn() -> i64,
) -> Result<(), StateError> {
    let actions: Vec<RunAction> = addresses.into_iter().map(|address| RunAction::whole(address, command)).collect();
    let run = store.begin_run(command, &actions, wall_ms())?;
    store.append(entries)?;
    let count = i64::try_from(actions.len()).unwrap_or(i64::MAX);
    let summary = BTreeMap::from([(counted.to_owned(), count)]);
    store.end_run(run, RunEnd { outcome: outcome.to_owned(), now_ms: wall_ms(), summary, ..RunEnd::default() })
}

/// What is known at the end of a run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunEnd {
    /// In a word: `applied`, `failed`, `interrupted`, `imported`.
    pub outcome: String,
    /// When, in milliseconds since 1970, wall time.
    pub now_ms: i64,
    /// Operations settled, by action, and failures.
    pub summary: BTreeMap<String, i64>,
    /// The stack's outputs; none where the run did not get that far.
    pub outputs: Option<BTreeMap<String, Datum>>,
    /// Whether outputs that are not among these stay: the run worked on a part.
    #[serde(skip)]
    pub keeps_outputs: bool,
    /// How long operations took, smoothed: (type, action) to milliseconds.
    #[serde(with = "durations")]
    pub durations_ms: BTreeMap<(String, String), i64>,
}

impl RunEnd {
    /// Adds the outputs that stay.
    pub(crate) fn keep(&mut self, before: &BTreeMap<String, Datum>) {
        if let (true, Some(outputs)) = (self.keeps_outputs, &mut self.outputs) {
            for (name, value) in before {
                outputs.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
    }
}

/// Why state could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Another run holds the lock.
    #[error("the state is locked by {holder} since {since}; lock id {}", holder.id)]
    Locked {
        /// Who holds it.
        holder: Box<Holder>,
        /// Since when, in words.
        since: String,
    },
    /// The lease of another run is over, but requests that it signed before are not yet void.
    #[error("the state was locked by {holder} since {since}, and its lease has lapsed; requests that it signed before may still be carried out, so it is free in {wait_s} s; lock id {}", holder.id)]
    Lapsed {
        /// Whose lease it was.
        holder: Box<Holder>,
        /// Since when, in words.
        since: String,
        /// How long it takes, in seconds, until a run can take it over.
        wait_s: u64,
    },
    /// The state is at another place now, and is not written here any more.
    #[error("the state has moved to {to}, and what is here is written no more")]
    Moved {
        /// The place, as `fathuss.toml` is to name it.
        to: String,
    },
    /// A place that can't hold a state.
    #[error("{place} can't hold a state: {reason}")]
    Unfit {
        /// The place.
        place: String,
        /// What it lacks, or what is wrong with its address, and what to do.
        reason: String,
    },
    /// It was written by a newer release.
    #[error("{path} has state version {found}; this fathuss reads up to {known}: use the release that wrote it")]
    Newer {
        /// The file.
        path: String,
        /// Its version.
        found: i64,
        /// The newest that this release reads.
        known: i64,
    },
    /// It is no state, is cut short or was written by hand.
    #[error("{path} is damaged or no fathuss state: {reason}")]
    Damaged {
        /// The file.
        path: String,
        /// What was found.
        reason: String,
    },
    /// It is sealed, and this command can't open it.
    #[error("{path} is encrypted for {recipients}, and can't be read here: {reason}")]
    Sealed {
        /// The state.
        path: String,
        /// For whom it is.
        recipients: Box<Recipients>,
        /// Where an identity was looked for, or what the key service said.
        reason: String,
    },
    /// Only the run that holds the lock writes, and this one does not hold it (any more).
    #[error("{path} is not locked by this run: {reason}")]
    NotHeld {
        /// The file.
        path: String,
        /// Who took it away, or that it was never taken.
        reason: String,
    },
    /// A document that is not this state's, or no longer.
    #[error("{path} is not replaced: {reason}")]
    Stale {
        /// The state.
        path: String,
        /// What the document is of.
        reason: String,
    },
    /// A record that may not follow what the journal holds.
    #[error("the journal refuses a record: {reason}")]
    Illegal {
        /// Which record, after what.
        reason: String,
    },
    /// Reading or writing failed; nothing of the write was kept.
    #[error("{path} can't be {doing}: {reason}")]
    Storage {
        /// The file.
        path: String,
        /// `read` or `written`.
        doing: &'static str,
        /// What the storage said.
        reason: String,
    },
}
