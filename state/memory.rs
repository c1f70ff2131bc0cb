//! State in memory, for simulations: the same law as every backend, nothing
//! that differs between two runs, and writes that fail on order.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use fathuss_model::Address;

use crate::journal::{self, Effect, Journal};
use crate::{Entry, OperationId, Pending, Run, RunEnd, RunId, Snapshot, StateError, Store};

/// A stack's state in memory. A clone is another state, equal at first.
///
/// Each call of a [`Store`] method that writes counts as one write.
#[derive(Debug)]
pub struct Memory {
    rows: Snapshot,
    // In the order they began; `snapshot` puts them into its list.
    pending: BTreeMap<u64, Pending>,
    places: HashMap<OperationId, u64>,
    next_place: u64,
    next_operation: i64,
    journal: Journal,
    runs: Vec<Run>,
    entries: Vec<Entry>,
    writes: u64,
    fault: Option<(u64, Fault)>,
    crashed: Arc<AtomicBool>,
}

/// How a write goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is refused, as by a full disk: nothing of it is kept, and later writes go well.
    Refused,
    /// The process dies before it: nothing of it is kept, and nothing works until [`Memory::restart`].
    CrashBefore,
    /// The process dies after it: all of it is kept, and nothing works until [`Memory::restart`].
    CrashAfter,
}

impl Memory {
    /// An empty state of this lineage.
    #[must_use]
    pub fn new(lineage: &str) -> Self {
        Self {
            rows: Snapshot { lineage: lineage.to_owned(), ..Snapshot::default() },
            pending: BTreeMap::new(),
            places: HashMap::new(),
            next_place: 0,
            next_operation: 1,
            journal: Journal::default(),
            runs: Vec::new(),
            entries: Vec::new(),
            writes: 0,
            fault: None,
            crashed: Arc::default(),
        }
    }

    /// Lets the `n`-th write from now go wrong; the next one is the first.
    pub fn fail_at(&mut self, n: u64, fault: Fault) {
        self.fault = Some((self.writes + n, fault));
    }

    /// Whether an ordered crash has happened; shared, so that a transport can refuse calls of the dead process.
    #[must_use]
    pub fn crashed(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.crashed)
    }

    /// What the next process finds: what was durable, with no fault ordered.
    pub fn restart(&mut self) {
        self.crashed = Arc::default();
        self.fault = None;
        self.journal = Journal::resume(self.pending.values());
    }

    /// How many writes were asked for, those that went wrong included.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.writes
    }

    /// Every record ever appended, oldest first.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn alive(&self) -> Result<(), StateError> {
        if self.crashed.load(Ordering::SeqCst) {
            return Err(storage("the process has crashed"));
        }
        Ok(())
    }

    /// Counts a write and carries it out, unless a fault is ordered for it.
    fn write<T>(&mut self, act: impl FnOnce(&mut Self) -> T) -> Result<T, StateError> {
        self.writes += 1;
        let fault = self.fault.filter(|(at, _)| *at == self.writes).map(|(_, fault)| fault);
        if fault == Some(Fault::Refused) {
            return Err(storage("the disk is full"));
        }
        if fault == Some(Fault::CrashBefore) {
            self.crashed.store(true, Ordering::SeqCst);
            return Err(storage("the process has crashed"));
        }
        self.rows.serial += 1;
        let done = act(self);
        if fault == Some(Fault::CrashAfter) {
            self.crashed.store(true, Ordering::SeqCst);
        }
        self.alive().map(|()| done)
    }

    fn carry_out(&mut self, effect: Effect<'_>) {
        match effect {
            Effect::Open(begun) => {
                self.places.insert(begun.operation, self.next_place);
                self.pending.insert(self.next_place, Pending { begun: begun.clone(), identified: None });
                self.next_place += 1;
            }
            Effect::Identify(operation, identity) => {
                let pending = self.places.get(&operation).and_then(|place| self.pending.get_mut(place));
                if let Some(pending) = pending {
                    pending.identified = Some(identity.clone());
                }
            }
            Effect::Close(operation) => {
                if let Some(place) = self.places.remove(&operation) {
                    self.pending.remove(&place);
                }
            }
            Effect::Put(record) => {
                self.rows.resources.insert(record.address.clone(), record.clone());
            }
            Effect::Remove(address) => {
                self.rows.resources.remove(&address);
            }
            Effect::Drop(address) => {
                if let Some(record) = self.rows.resources.remove(address) {
                    self.spend(address.clone(), record.generation);
                }
            }
            Effect::Spend(address, generation) => self.spend(address, generation),
        }
    }

    fn spend(&mut self, address: Address, generation: u32) {
        let next = self.rows.generations.entry(address).or_default();
        *next = (*next).max(generation).saturating_add(1);
    }
}

impl Clone for Memory {
    fn clone(&self) -> Self {
        Self {
            rows: self.rows.clone(),
            pending: self.pending.clone(),
            places: self.places.clone(),
            journal: self.journal.clone(),
            runs: self.runs.clone(),
            entries: self.entries.clone(),
            crashed: Arc::new(AtomicBool::new(self.crashed.load(Ordering::SeqCst))),
            ..*self
        }
    }
}

impl Store for Memory {
    fn snapshot(&self) -> Result<Snapshot, StateError> {
        self.alive()?;
        Ok(Snapshot { pending: self.pending.values().cloned().collect(), ..self.rows.clone() })
    }

    fn begin_run(&mut self, command: &str, now_ms: i64) -> Result<RunId, StateError> {
        self.alive()?;
        self.write(|state| {
            let id = RunId(state.runs.last().map_or(1, |run| run.id.0 + 1));
            state.runs.push(Run {
                id,
                command: command.to_owned(),
                holder: "memory".to_owned(),
                started_ms: now_ms,
                ended_ms: None,
                outcome: None,
                summary: BTreeMap::new(),
            });
            id
        })
    }

    fn reserve_operations(&mut self, count: u32) -> Result<OperationId, StateError> {
        self.alive()?;
        self.write(|state| {
            let first = OperationId(state.next_operation);
            state.next_operation += i64::from(count);
            state.journal.reserve(first, count);
            first
        })
    }

    fn append(&mut self, entries: &[Entry]) -> Result<(), StateError> {
        self.alive()?;
        if entries.is_empty() {
            return Ok(());
        }
        let mut accepted = self.journal.judge(entries)?;
        let effects = std::mem::take(&mut accepted.effects);
        self.write(|state| {
            effects.into_iter().for_each(|effect| state.carry_out(effect));
            state.entries.extend_from_slice(entries);
            state.journal.keep(accepted.into_change());
        })
    }

    fn end_run(&mut self, run: RunId, end: RunEnd) -> Result<(), StateError> {
        self.alive()?;
        let Some(index) = self.runs.iter().position(|known| known.id == run && known.ended_ms.is_none()) else {
            return Err(journal::no_such_run(run));
        };
        self.write(|state| {
            let run = &mut state.runs[index];
            run.ended_ms = Some(end.now_ms);
            run.outcome = Some(end.outcome);
            run.summary = end.summary;
            if let Some(outputs) = end.outputs {
                state.rows.outputs = outputs;
            }
            state.rows.durations_ms.extend(end.durations_ms);
        })
    }

    fn history(&self, limit: u32) -> Result<Vec<Run>, StateError> {
        self.alive()?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(self.runs.iter().rev().take(limit).cloned().collect())
    }
}

fn storage(reason: &str) -> StateError {
    StateError::Storage { path: "memory".to_owned(), doing: "written", reason: reason.to_owned() }
}
