//! All of a state in memory, and what a write makes of it.
//!
//! [`Contents::decide`] judges a write and says what it changes, without
//! changing anything; [`Contents::keep`] takes that over once it is durable.
//! Memory is nothing else, an object store's journal is replayed through it,
//! and PostgreSQL writes to its tables what a [`Delta`] says.

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;

use fathuss_model::{Address, Datum};
use serde::{Deserialize, Serialize};

use crate::document::Document;
use crate::journal::{self, Change, Journal, RUNS_KEPT, Rows, carry_out};
use crate::{Begun, Entry, Identity, OperationId, Pending, ResourceRecord, Run, RunEnd, RunId, Snapshot, StateError};

/// Everything that a state holds but the journal's records.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    pub(crate) lineage: String,
    pub(crate) serial: i64,
    pub(crate) resources: BTreeMap<Address, ResourceRecord>,
    pub(crate) outputs: BTreeMap<String, Datum>,
    pub(crate) generations: BTreeMap<Address, u32>,
    pub(crate) durations_ms: BTreeMap<(String, String), i64>,
    pub(crate) next_operation: i64,
    /// Oldest first.
    pub(crate) runs: Vec<Run>,
    /// The journal's records of the runs up to this one are kept no more; 0 stands for what was before the first.
    pub(crate) forgotten: i64,
    // In the order they began.
    pending: BTreeMap<u64, Pending>,
    places: HashMap<OperationId, u64>,
    journal: Journal,
}

/// What a run writes, one durable write each.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Write {
    /// A run begins.
    BeginRun { command: String, holder: String, at_ms: i64 },
    /// Numbers of operations are this run's to use.
    Reserve { count: u32 },
    /// Records of the journal, in order.
    Append { run: RunId, entries: Vec<Entry> },
    /// A run ends.
    EndRun { run: RunId, end: RunEnd },
    /// All of it is as a document says.
    Replace { document: Box<Document> },
}

/// What an accepted write changes.
#[derive(Debug, Default)]
pub struct Delta {
    pub(crate) serial: i64,
    pub(crate) next_operation: i64,
    pub(crate) forgotten: i64,
    /// A row as it is, or that there is none any more.
    pub(crate) resources: BTreeMap<Address, Option<ResourceRecord>>,
    /// The next generation, or that it is 0.
    pub(crate) generations: BTreeMap<Address, Option<u32>>,
    /// An operation under way as it is, or that it is over.
    pub(crate) operations: BTreeMap<OperationId, Option<Pending>>,
    /// Operations that began, in order.
    pub(crate) opened: Vec<OperationId>,
    /// Runs that began or ended.
    pub(crate) runs: Vec<Run>,
    pub(crate) outputs: Option<BTreeMap<String, Datum>>,
    pub(crate) durations_ms: BTreeMap<(String, String), Option<i64>>,
    /// Whether the journal stands as for a new run.
    resumes: bool,
    reserved: Option<(OperationId, u32)>,
    change: Change,
}

impl Contents {
    /// An empty state of this lineage.
    pub(crate) fn new(lineage: &str) -> Self {
        Self { lineage: lineage.to_owned(), next_operation: 1, forgotten: -1, ..Self::default() }
    }

    /// With these operations under way, in the order they began.
    pub(crate) fn with_pending(mut self, pending: Vec<Pending>) -> Self {
        self.places = pending.iter().zip(0..).map(|(one, place)| (one.begun.operation, place)).collect();
        self.pending = (0..).zip(pending).collect();
        self.resume();
        self
    }

    /// A new run finds the state so: no number is reserved.
    pub(crate) fn resume(&mut self) {
        self.journal = Journal::resume(self.pending.values());
    }

    /// Operations that began and have not settled, in the order they began.
    pub(crate) fn pending(&self) -> Vec<Pending> {
        self.pending.values().cloned().collect()
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot {
            lineage: self.lineage.clone(),
            serial: self.serial,
            resources: self.resources.clone(),
            outputs: self.outputs.clone(),
            pending: self.pending(),
            generations: self.generations.clone(),
            durations_ms: self.durations_ms.clone(),
        }
    }

    /// Runs, newest first.
    pub(crate) fn history(&self, limit: u32) -> Vec<Run> {
        self.runs.iter().rev().take(usize::try_from(limit).unwrap_or(usize::MAX)).cloned().collect()
    }

    /// The run that began last; number 0 before the first.
    pub(crate) fn last_run(&self) -> RunId {
        self.runs.last().map_or(RunId(0), |run| run.id)
    }

    /// What a write changes, or why it is not legal.
    pub(crate) fn decide(&self, write: &Write) -> Result<Delta, StateError> {
        let mut delta = Delta {
            serial: self.serial + 1,
            next_operation: self.next_operation,
            forgotten: self.forgotten,
            ..Delta::default()
        };
        match write {
            Write::BeginRun { command, holder, at_ms } => {
                delta.runs.push(Run {
                    id: RunId(self.last_run().0 + 1),
                    command: command.clone(),
                    holder: holder.clone(),
                    started_ms: *at_ms,
                    ended_ms: None,
                    outcome: None,
                    summary: BTreeMap::new(),
                });
            }
            Write::Reserve { count } => {
                delta.reserved = Some((OperationId(self.next_operation), *count));
                delta.next_operation += i64::from(*count);
            }
            Write::Append { entries, .. } => {
                let mut accepted = self.journal.judge(entries)?;
                let mut overlay = Overlay { base: self, delta: &mut delta };
                for effect in std::mem::take(&mut accepted.effects) {
                    let Ok(()) = carry_out(&effect, &mut overlay);
                }
                delta.change = accepted.into_change();
            }
            Write::EndRun { run, end } => {
                let open = self.runs.iter().find(|known| known.id == *run && known.ended_ms.is_none());
                let open = open.ok_or_else(|| journal::no_such_run(*run))?;
                delta.runs.push(Run {
                    ended_ms: Some(end.now_ms),
                    outcome: Some(end.outcome.clone()),
                    summary: end.summary.clone(),
                    ..open.clone()
                });
                delta.outputs.clone_from(&end.outputs);
                let durations = end.durations_ms.iter();
                delta.durations_ms = durations.map(|(key, duration_ms)| (key.clone(), Some(*duration_ms))).collect();
                delta.forgotten = self.forgotten.max(run.0 - RUNS_KEPT);
            }
            Write::Replace { document } => self.become_like(document.as_ref().clone().into_contents(), &mut delta),
        }
        Ok(delta)
    }

    /// What has to change so that everything is as this says; runs that it does not have stay.
    fn become_like(&self, wanted: Self, delta: &mut Delta) {
        delta.serial = wanted.serial.max(self.serial) + 1;
        delta.next_operation = wanted.next_operation.max(self.next_operation);
        delta.forgotten = wanted.forgotten.max(self.forgotten);
        delta.resumes = true;
        delta.opened = wanted.pending.values().map(|pending| pending.begun.operation).collect();
        delta.operations = self.places.keys().map(|operation| (*operation, None)).collect();
        let pending = wanted.pending.into_values().map(|pending| (pending.begun.operation, Some(pending)));
        delta.operations.extend(pending);
        delta.resources = replaced(&self.resources, wanted.resources);
        delta.generations = replaced(&self.generations, wanted.generations);
        delta.durations_ms = replaced(&self.durations_ms, wanted.durations_ms);
        delta.outputs = Some(wanted.outputs);
        delta.runs = wanted.runs;
    }

    /// Takes over what was decided: it is durable now.
    pub(crate) fn keep(&mut self, delta: Delta) {
        self.serial = delta.serial;
        self.next_operation = delta.next_operation;
        self.forgotten = delta.forgotten;
        apply(&mut self.resources, delta.resources);
        apply(&mut self.generations, delta.generations);
        apply(&mut self.durations_ms, delta.durations_ms);
        let mut operations = delta.operations;
        for operation in delta.opened {
            // One that is over already was never under way for anybody else.
            if let Some(pending) = operations.remove(&operation).flatten() {
                if let Some(before) = self.places.remove(&operation) {
                    self.pending.remove(&before);
                }
                let place = self.pending.last_key_value().map_or(0, |(place, _)| place + 1);
                self.places.insert(operation, place);
                self.pending.insert(place, pending);
            }
        }
        for (operation, pending) in operations {
            match (pending, self.places.get(&operation).copied()) {
                (Some(pending), Some(place)) => drop(self.pending.insert(place, pending)),
                (None, Some(place)) => {
                    self.pending.remove(&place);
                    self.places.remove(&operation);
                }
                (_, None) => {}
            }
        }
        for run in delta.runs {
            match self.runs.iter_mut().find(|known| known.id == run.id) {
                Some(known) => *known = run,
                None => self.runs.push(run),
            }
        }
        if let Some(outputs) = delta.outputs {
            self.outputs = outputs;
        }
        if let Some((first, count)) = delta.reserved {
            self.journal.reserve(first, count);
        }
        self.journal.keep(delta.change);
        if delta.resumes {
            self.runs.sort_by_key(|run| run.id);
            self.resume();
        }
    }
}

/// What has to change in a table so that it is another.
fn replaced<K: Ord + Clone, V>(table: &BTreeMap<K, V>, wanted: BTreeMap<K, V>) -> BTreeMap<K, Option<V>> {
    let mut changes: BTreeMap<K, Option<V>> = table.keys().map(|key| (key.clone(), None)).collect();
    changes.extend(wanted.into_iter().map(|(key, value)| (key, Some(value))));
    changes
}

fn apply<K: Ord, V>(table: &mut BTreeMap<K, V>, changes: BTreeMap<K, Option<V>>) {
    for (key, value) in changes {
        match value {
            Some(value) => table.insert(key, value),
            None => table.remove(&key),
        };
    }
}

/// The rows as a write leaves them, over those that are there.
struct Overlay<'a> {
    base: &'a Contents,
    delta: &'a mut Delta,
}

impl Overlay<'_> {
    fn row(&self, address: &Address) -> Option<&ResourceRecord> {
        match self.delta.resources.get(address) {
            Some(row) => row.as_ref(),
            None => self.base.resources.get(address),
        }
    }

    fn operation(&self, operation: OperationId) -> Option<&Pending> {
        match self.delta.operations.get(&operation) {
            Some(pending) => pending.as_ref(),
            None => self.base.pending.get(self.base.places.get(&operation)?),
        }
    }
}

impl Rows for Overlay<'_> {
    type Trouble = Infallible;

    fn open(&mut self, begun: &Begun) -> Result<(), Infallible> {
        let pending = Pending { begun: begun.clone(), identified: None };
        self.delta.operations.insert(begun.operation, Some(pending));
        self.delta.opened.push(begun.operation);
        Ok(())
    }

    fn identify(&mut self, operation: OperationId, identity: &Identity) -> Result<(), Infallible> {
        if let Some(pending) = self.operation(operation).cloned() {
            let pending = Pending { identified: Some(identity.clone()), ..pending };
            self.delta.operations.insert(operation, Some(pending));
        }
        Ok(())
    }

    fn close(&mut self, operation: OperationId) -> Result<(), Infallible> {
        self.delta.operations.insert(operation, None);
        Ok(())
    }

    fn put(&mut self, record: &ResourceRecord) -> Result<(), Infallible> {
        self.delta.resources.insert(record.address.clone(), Some(record.clone()));
        Ok(())
    }

    fn remove(&mut self, address: &Address) -> Result<(), Infallible> {
        self.delta.resources.insert(address.clone(), None);
        Ok(())
    }

    fn generation(&self, address: &Address) -> Result<Option<u32>, Infallible> {
        Ok(self.row(address).map(|row| row.generation))
    }

    fn next_generation(&self, address: &Address) -> Result<Option<u32>, Infallible> {
        Ok(match self.delta.generations.get(address) {
            Some(generation) => *generation,
            None => self.base.generations.get(address).copied(),
        })
    }

    fn set_next_generation(&mut self, address: &Address, generation: u32) -> Result<(), Infallible> {
        self.delta.generations.insert(address.clone(), Some(generation));
        Ok(())
    }
}
