//! State in memory, for simulations: the same law as every backend, nothing
//! that differs between two runs, and writes that fail on order.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::contents::{Contents, Write};
use crate::{
    Entry, History, Holder, OperationId, Origin, Revision, Run, RunAction, RunEnd, RunId, Snapshot, StateError, Store,
};

/// A stack's state in memory. A clone is another state, equal at first.
///
/// Each call of a [`Store`] method that writes counts as one write.
#[derive(Debug)]
pub struct Memory {
    contents: Contents,
    entries: Vec<Entry>,
    revisions: Vec<Revision>,
    writes: u64,
    fault: Option<(u64, Fault)>,
    /// Why no write goes well any more.
    over: Option<&'static str>,
    crashed: Arc<AtomicBool>,
}

/// How a write goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is refused, as by a full disk: nothing of it is kept, and later writes go well.
    Refused,
    /// It and all later ones are refused, as by a disk that stays full, until [`Memory::restart`].
    Full,
    /// All of it is kept, but its answer is lost: the run writes no more until [`Memory::restart`].
    InDoubt,
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
            contents: Contents::new(lineage),
            entries: Vec::new(),
            revisions: Vec::new(),
            writes: 0,
            fault: None,
            over: None,
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
        self.over = None;
        self.contents.resume();
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

    /// The state with what it was before.
    #[must_use]
    pub fn past(&self) -> History {
        self.contents.past(self.revisions.clone())
    }

    fn alive(&self) -> Result<(), StateError> {
        if self.crashed.load(Ordering::SeqCst) {
            return Err(storage("the process has crashed"));
        }
        Ok(())
    }

    /// Judges a write, counts it and carries it out, unless a fault is ordered for it.
    fn write(&mut self, write: &Write) -> Result<(), StateError> {
        self.alive()?;
        let mut delta = self.contents.decide(write)?;
        self.writes += 1;
        let fault = self.fault.filter(|(at, _)| *at == self.writes).map(|(_, fault)| fault);
        match fault {
            Some(Fault::Full) => self.over = Some("the disk is full"),
            Some(Fault::Refused) => return Err(storage("the disk is full")),
            _ => {}
        }
        if let Some(reason) = self.over {
            return Err(storage(reason));
        }
        if fault == Some(Fault::CrashBefore) {
            self.crashed.store(true, Ordering::SeqCst);
            return Err(storage("the process has crashed"));
        }
        self.revisions.append(&mut delta.revisions);
        self.contents.keep(delta);
        if let Write::Append { entries, .. } = write {
            self.entries.extend_from_slice(entries);
        }
        if fault == Some(Fault::InDoubt) {
            let reason = "no answer came; whether that was kept is not known, and the next run reads it";
            self.over = Some(reason);
            return Err(storage(reason));
        }
        if fault == Some(Fault::CrashAfter) {
            self.crashed.store(true, Ordering::SeqCst);
        }
        self.alive()
    }
}

impl Clone for Memory {
    fn clone(&self) -> Self {
        Self {
            contents: self.contents.clone(),
            entries: self.entries.clone(),
            revisions: self.revisions.clone(),
            crashed: Arc::new(AtomicBool::new(self.crashed.load(Ordering::SeqCst))),
            ..*self
        }
    }
}

impl Store for Memory {
    fn snapshot(&self) -> Result<Snapshot, StateError> {
        self.alive()?;
        Ok(self.contents.snapshot())
    }

    fn begin_run(&mut self, command: &str, actions: &[RunAction], now_ms: i64) -> Result<RunId, StateError> {
        let holder = Holder {
            id: String::new(),
            who: "memory".to_owned(),
            pid: 0,
            command: command.to_owned(),
            since_ms: now_ms,
            origin: Origin::default(),
            part: None,
        };
        self.write(&self.contents.begin(command, &holder, actions, now_ms))?;
        Ok(self.contents.last_run())
    }

    fn reserve_operations(&mut self, count: u32) -> Result<OperationId, StateError> {
        let first = OperationId(self.contents.next_operation);
        self.write(&Write::Reserve { count })?;
        Ok(first)
    }

    fn append(&mut self, entries: &[Entry]) -> Result<(), StateError> {
        self.alive()?;
        if entries.is_empty() {
            return Ok(());
        }
        self.write(&Write::Append { run: self.contents.last_run(), entries: entries.to_vec() })
    }

    fn end_run(&mut self, run: RunId, end: RunEnd) -> Result<(), StateError> {
        self.write(&self.contents.end(run, end))
    }

    fn history(&self, limit: u32) -> Result<Vec<Run>, StateError> {
        self.alive()?;
        Ok(self.contents.history(limit))
    }
}

fn storage(reason: &str) -> StateError {
    StateError::Storage { path: "memory".to_owned(), doing: "written", reason: reason.to_owned() }
}
