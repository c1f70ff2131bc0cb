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

use crate::audit::{Deed, Link, Log, LogEntry, digest_of};
use crate::document::Document;
use crate::history::{History, Retention, Revision, Was};
use crate::journal::{self, Change, Journal, Rows, carry_out};
use crate::{
    Begun, Entry, Holder, Identity, OperationId, Origin, Pending, Recipients, ResourceRecord, Run, RunAction, RunEnd,
    RunId, Snapshot, StateError,
};

/// Everything that a state holds but the journal's records and earlier revisions.
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
    pub(crate) log: Log,
    /// The history of the runs up to this one is kept no more; 0 stands for what was before the first.
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
    /// A run begins. Where the one before did not end, an entry of the log says so.
    BeginRun {
        command: String,
        holder: String,
        at_ms: i64,
        #[serde(default)]
        origin: Origin,
        #[serde(default)]
        actions: Vec<RunAction>,
        #[serde(default)]
        entry: Option<Box<LogEntry>>,
    },
    /// Numbers of operations are this run's to use.
    Reserve { count: u32 },
    /// Records of the journal, in order.
    Append { run: RunId, entries: Vec<Entry> },
    /// A run ends. Version 1 of a segment has no entry.
    EndRun {
        run: RunId,
        end: RunEnd,
        #[serde(default)]
        entry: Option<Box<LogEntry>>,
    },
    /// All of it is as a document says.
    Replace {
        document: Box<Document>,
        #[serde(default)]
        entry: Option<Box<LogEntry>>,
    },
    /// A lock was taken away.
    Unlock { entry: Box<LogEntry> },
    /// The state went to another place, which the entry names.
    Move { entry: Box<LogEntry> },
    /// It was sealed anew, or made plain.
    Reseal { entry: Option<Box<LogEntry>> },
    /// The history of the runs up to this one goes.
    Forget { run: RunId },
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
    /// What rows and outputs were.
    pub(crate) revisions: Vec<Revision>,
    /// A log that takes the place of an empty one.
    pub(crate) log: Option<Log>,
    /// An entry of the log.
    pub(crate) entry: Option<LogEntry>,
    /// The runs up to this one go.
    pub(crate) forgets: Option<RunId>,
    /// The last entry of the log that goes with them.
    pub(crate) pruned: Option<LogEntry>,
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

    /// The numbers that this run has reserved stay its own, where what it knew was read anew.
    pub(crate) fn keep_reserved(&mut self, known: &Self) {
        self.journal.keep_reserved(&known.journal);
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

    /// What it is, with what it was before.
    pub(crate) fn past(&self, mut revisions: Vec<Revision>) -> History {
        revisions.sort_by_key(|revision| revision.serial);
        History { now: self.snapshot(), runs: self.runs.clone(), log: self.log.clone(), revisions }
    }

    /// Runs, newest first.
    pub(crate) fn history(&self, limit: u32) -> Vec<Run> {
        self.runs.iter().rev().take(usize::try_from(limit).unwrap_or(usize::MAX)).cloned().collect()
    }

    /// The run that began last; number 0 before the first.
    pub(crate) fn last_run(&self) -> RunId {
        self.runs.last().map_or(RunId(0), |run| run.id)
    }

    /// The write by which a run begins. Whoever holds all of the state knows that no other run is under way.
    pub(crate) fn begin(&self, command: &str, holder: &Holder, actions: &[RunAction], now_ms: i64) -> Write {
        let is_told = |run: &Run| self.log.entries.iter().any(|entry| entry.run == Some(run.id));
        let cut_off = self.runs.iter().rev().filter(|run| run.ended_ms.is_none() && holder.part.is_none());
        let cut_off = cut_off.filter(|run| !is_told(run)).map(|run| Deed::cut_off(run, now_ms)).next();
        Write::BeginRun {
            command: command.to_owned(),
            holder: holder.who.clone(),
            at_ms: now_ms,
            origin: holder.origin.clone(),
            actions: actions.to_vec(),
            entry: cut_off.map(|deed| Box::new(self.entry(deed))),
        }
    }

    /// The write by which a run ends.
    pub(crate) fn end(&self, run: RunId, mut end: RunEnd) -> Write {
        end.keep(&self.outputs);
        let ended = self.runs.iter().find(|known| known.id == run);
        let entry = ended.map(|known| {
            let outputs = end.outputs.as_ref().unwrap_or(&self.outputs);
            let digest = digest_of(self.resources.values(), outputs);
            let deed = Deed::ended(known, &end.outcome, end.now_ms);
            Box::new(deed.after(&self.log.last, self.serial + 1, digest))
        });
        Write::EndRun { run, end, entry }
    }

    /// The write by which a document takes the state's place.
    pub(crate) fn replacement(&self, document: &Document, by: &Holder) -> Write {
        let wanted = document.clone().into_contents();
        let log = self.taken_over(&wanted).unwrap_or(&self.log);
        let digest = digest_of(wanted.resources.values(), &wanted.outputs);
        let serial = wanted.serial.max(self.serial) + 1;
        let entry = Deed::replaced(by, wanted.serial).after(&log.last, serial, digest);
        Write::Replace { document: Box::new(document.clone()), entry: Some(Box::new(entry)) }
    }

    /// The write that says that a lock was taken away.
    pub(crate) fn unlocked(&self, by: &Holder, from: &Holder) -> Write {
        Write::Unlock { entry: Box::new(self.entry(Deed::unlocked(by, from, self.log.moved_to()))) }
    }

    /// The write that says that the state went to another place.
    pub(crate) fn moved(&self, by: &Holder, to: &str) -> Write {
        Write::Move { entry: Box::new(self.entry(Deed::moved(by, to))) }
    }

    /// The write that says that it was sealed anew, or made plain.
    pub(crate) fn resealed(&self, by: &Holder, recipients: Option<&Recipients>) -> Write {
        // Where there is no history yet, one that is brought here goes before.
        let logs = !self.log.entries.is_empty();
        Write::Reseal { entry: logs.then(|| Box::new(self.entry(Deed::resealed(by, recipients)))) }
    }

    /// The write by which history goes that is to be kept no more, if there is any.
    pub(crate) fn forget(&self, retention: &Retention, now_ms: i64) -> Option<Write> {
        retention.forgets(&self.runs, now_ms).map(|run| Write::Forget { run })
    }

    /// An entry of the log, which says that all is as it is.
    fn entry(&self, deed: Deed) -> LogEntry {
        let digest = digest_of(self.resources.values(), &self.outputs);
        deed.after(&self.log.last, self.serial + 1, digest)
    }

    /// The log that a document brings along, where there is none yet.
    fn taken_over<'a>(&self, wanted: &'a Self) -> Option<&'a Log> {
        (self.log.last == Link::default()).then_some(&wanted.log)
    }

    /// What a write changes, or why it is not legal.
    pub(crate) fn decide(&self, write: &Write) -> Result<Delta, StateError> {
        let mut delta = Delta {
            serial: self.serial + 1,
            next_operation: self.next_operation,
            forgotten: self.forgotten,
            ..Delta::default()
        };
        if let Some(to) = self.log.moved_to()
            && !matches!(write, Write::Replace { .. } | Write::Unlock { .. } | Write::Move { .. })
        {
            return Err(StateError::Moved { to: to.to_owned() });
        }
        match write {
            Write::BeginRun { command, holder, at_ms, origin, actions, entry } => {
                delta.entry = entry.as_deref().cloned();
                delta.runs.push(Run {
                    id: RunId(self.last_run().0 + 1),
                    command: command.clone(),
                    holder: holder.clone(),
                    started_ms: *at_ms,
                    ended_ms: None,
                    outcome: None,
                    summary: BTreeMap::new(),
                    origin: origin.clone(),
                    actions: actions.clone(),
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
            Write::EndRun { run, end, entry } => {
                delta.entry = entry.as_deref().cloned();
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
            }
            Write::Replace { document, entry } => {
                delta.entry = entry.as_deref().cloned();
                self.become_like(document, &mut delta);
            }
            Write::Unlock { entry } | Write::Move { entry } => delta.entry = Some(entry.as_ref().clone()),
            Write::Reseal { entry } => {
                delta.entry = entry.as_deref().cloned();
                delta.serial = self.serial + i64::from(entry.is_some());
            }
            Write::Forget { run } => {
                delta.forgotten = self.forgotten.max(run.0);
                delta.forgets = Some(*run);
                delta.pruned = self.log.last_of(*run).cloned();
            }
        }
        // What was before the first entry of the log is asked for by nobody.
        if !self.log.entries.is_empty() {
            self.revise(&mut delta);
        }
        Ok(delta)
    }

    /// Notes what a write takes the place of.
    fn revise(&self, delta: &mut Delta) {
        let serial = delta.serial;
        for (address, row) in &delta.resources {
            let was = match self.resources.get(address) {
                before if before == row.as_ref() => continue,
                Some(before) => Was::Present(Box::new(before.clone())),
                None => Was::Absent(address.clone()),
            };
            delta.revisions.push(Revision { serial, was });
        }
        if delta.outputs.as_ref().is_some_and(|outputs| *outputs != self.outputs) {
            delta.revisions.push(Revision { serial, was: Was::Outputs(self.outputs.clone()) });
        }
    }

    /// What has to change so that everything is as this says; runs that it does not have stay.
    fn become_like(&self, document: &Document, delta: &mut Delta) {
        let wanted = document.clone().into_contents();
        if let Some(log) = self.taken_over(&wanted) {
            delta.log = Some(log.clone());
            delta.revisions.extend_from_slice(document.revisions());
        }
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
        if let Some(log) = delta.log {
            self.log = log;
        }
        if let Some(entry) = delta.entry {
            self.log.push(entry);
        }
        if let Some(last) = &delta.pruned {
            self.log.prune(last);
        }
        for run in delta.runs {
            match self.runs.iter_mut().find(|known| known.id == run.id) {
                Some(known) => *known = run,
                None => self.runs.push(run),
            }
        }
        if let Some(forgotten) = delta.forgets {
            self.runs.retain(|run| run.id > forgotten);
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
