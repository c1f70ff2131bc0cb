//! The audit log: one entry for each thing that was done to a state as a whole,
//! each with a digest of what the state was after it and with the hash of the
//! entry before. What is changed or taken away afterwards breaks the chain.
//!
//! It shows damage and edits. It keeps out nobody who may write the whole log
//! anew: for that, keep a hash elsewhere, as CI does that prints it.

use std::collections::BTreeMap;

use fathuss_model::Datum;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Holder, Origin, Recipients, ResourceRecord, Run, RunId};

/// The command by which a state is made of its copy.
pub const PROMOTE: &str = "state promote";

/// An entry of the audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogEntry {
    /// Its number; the first is 1, and none is left out.
    pub number: i64,
    /// What was done: `apply`, `destroy`, `import`, `state push`, `state unlock`.
    pub command: String,
    /// The run that it was, where it was one.
    pub run: Option<RunId>,
    /// What came of it, in words.
    pub outcome: String,
    /// Who did it: user and host.
    pub who: String,
    /// When it was done, in milliseconds since 1970, wall time.
    pub at_ms: i64,
    /// From where it was done.
    #[serde(default, skip_serializing_if = "Origin::is_unknown")]
    pub origin: Origin,
    /// The state's serial after it.
    pub serial: i64,
    /// Where the state went by it, as `fathuss.toml` is to name that place: nothing is written here any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved_to: Option<String>,
    /// SHA-256 of the resources and outputs after it.
    pub digest: String,
    /// The hash of the entry before; empty in the first.
    pub before: String,
    /// SHA-256 of this entry with this field empty.
    pub hash: String,
}

/// A place in the chain: an entry's number and hash; 0 and nothing before the first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// The entry's number.
    pub number: i64,
    /// The entry's hash.
    pub hash: String,
}

/// The audit log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// The last entry that is kept no more: the first that is kept follows it.
    pub pruned: Link,
    /// The entries, oldest first.
    pub entries: Vec<LogEntry>,
    /// The last entry ever written.
    pub last: Link,
}

/// What an entry says, but for its place in the chain.
#[derive(Clone, Debug)]
pub(crate) struct Deed {
    pub(crate) command: String,
    pub(crate) run: Option<RunId>,
    pub(crate) outcome: String,
    pub(crate) who: String,
    pub(crate) at_ms: i64,
    pub(crate) origin: Origin,
    pub(crate) moved_to: Option<String>,
}

impl Deed {
    /// A run that ended.
    pub(crate) fn ended(run: &Run, outcome: &str, at_ms: i64) -> Self {
        Self {
            command: run.command.clone(),
            run: Some(run.id),
            outcome: outcome.to_owned(),
            who: run.holder.clone(),
            at_ms,
            origin: run.origin.clone(),
            moved_to: None,
        }
    }

    /// A run that did not end, as the next one finds it.
    pub(crate) fn cut_off(run: &Run, at_ms: i64) -> Self {
        Self::ended(run, "cut off", at_ms)
    }

    /// A document took the state's place.
    pub(crate) fn replaced(by: &Holder, serial: i64) -> Self {
        Self::of(by, format!("put a document of serial {serial} in the state's place"))
    }

    /// A lock was taken away; where the state has moved, it stays so.
    pub(crate) fn unlocked(by: &Holder, from: &Holder, moved_to: Option<&str>) -> Self {
        let deed = Self::of(by, format!("took lock {} from {from}", from.id));
        Self { moved_to: moved_to.map(str::to_owned), ..deed }
    }

    /// The state went to another place.
    pub(crate) fn moved(by: &Holder, to: &str) -> Self {
        Self { moved_to: Some(to.to_owned()), ..Self::of(by, format!("moved the state to {to}")) }
    }

    /// All of it was sealed anew, or made plain.
    pub(crate) fn resealed(by: &Holder, recipients: Option<&Recipients>) -> Self {
        Self::of(
            by,
            match recipients {
                Some(recipients) => format!("encrypted it for {recipients}"),
                None => "made it plain".to_owned(),
            },
        )
    }

    fn of(by: &Holder, outcome: String) -> Self {
        Self {
            command: by.command.clone(),
            run: None,
            outcome,
            who: by.who.clone(),
            at_ms: by.since_ms,
            origin: by.origin.clone(),
            moved_to: None,
        }
    }

    /// The entry that follows this place in the chain.
    pub(crate) fn after(self, last: &Link, serial: i64, digest: String) -> LogEntry {
        let Self { command, run, outcome, who, at_ms, origin, moved_to } = self;
        let mut entry = LogEntry {
            number: last.number + 1,
            command,
            run,
            outcome,
            who,
            at_ms,
            origin,
            serial,
            moved_to,
            digest,
            before: last.hash.clone(),
            hash: String::new(),
        };
        entry.hash = entry.sum();
        entry
    }
}

impl LogEntry {
    /// Its place in the chain.
    #[must_use]
    pub fn link(&self) -> Link {
        Link { number: self.number, hash: self.hash.clone() }
    }

    /// The hash that it has to have.
    pub(crate) fn sum(&self) -> String {
        let plain = Self { hash: String::new(), ..self.clone() };
        hex::encode(sum(&plain))
    }
}

impl Log {
    pub(crate) fn push(&mut self, entry: LogEntry) {
        self.last = entry.link();
        self.entries.push(entry);
    }

    /// Where the state went, if it did: only a document that takes its place opens it again.
    #[must_use]
    pub fn moved_to(&self) -> Option<&str> {
        self.entries.last()?.moved_to.as_deref()
    }

    /// Whether the state was made of a copy, and no run has come to its end since: what lost records tell of may be there.
    #[must_use]
    pub fn may_have_lost(&self) -> bool {
        let since = self.entries.iter().rev().take_while(|entry| entry.outcome != "applied");
        since.into_iter().any(|entry| entry.command == PROMOTE)
    }

    /// The last entry that goes where the history of the runs up to this one does.
    pub(crate) fn last_of(&self, run: RunId) -> Option<&LogEntry> {
        self.entries.iter().rfind(|entry| entry.run.is_some_and(|of| of <= run))
    }

    /// Lets the entries up to this one go. The chain goes on from it.
    pub(crate) fn prune(&mut self, last: &LogEntry) {
        self.entries.retain(|entry| entry.number > last.number);
        self.pruned = last.link();
    }
}

/// The sum of a row of the state.
pub(crate) type Sum = [u8; 32];

/// The sum of a value that has JSON: a row, outputs, an entry.
pub(crate) fn sum(value: &impl Serialize) -> Sum {
    // Strings and numbers, which always have JSON.
    text_sum(&serde_json::to_string(value).unwrap_or_default())
}

/// The sum of a value whose JSON this is.
pub(crate) fn text_sum(json: &str) -> Sum {
    Sha256::digest(json).into()
}

/// The digest of a state, from the sums of its rows by address and the sum of its outputs.
pub(crate) fn digest<'a>(rows: impl IntoIterator<Item = &'a Sum>, outputs: &Sum) -> String {
    let rows = rows.into_iter().fold(Sha256::new(), |all, row| all.chain_update(row));
    hex::encode(Sha256::new().chain_update(rows.finalize()).chain_update(outputs).finalize())
}

/// The digest of these resources and outputs.
pub(crate) fn digest_of<'a>(
    resources: impl IntoIterator<Item = &'a ResourceRecord>,
    outputs: &BTreeMap<String, Datum>,
) -> String {
    let rows: Vec<Sum> = resources.into_iter().map(sum).collect();
    digest(&rows, &sum(outputs))
}
