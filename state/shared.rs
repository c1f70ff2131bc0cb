//! A state that runs on many machines share, wherever it lies.
//!
//! [`Shared`] is the caller's side: it judges writes against what it knows and
//! waits for the store. [`Remote`] is the store's side, and goes on in the
//! background. The holder of the lease knows the whole state, so a write needs
//! no reading.

use std::cell::RefCell;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::background::Background;
use crate::contents::{Contents, Delta, Write};
use crate::document::Document;
use crate::lease::{Tenure, Terms};
use crate::{
    Backend, Entry, Fence, History, Holder, Log, OperationId, Retention, Revision, Run, RunAction, RunEnd, RunId, Seal,
    Sealing, Snapshot, StateError, Store,
};

/// A store that is reached over a network.
#[async_trait]
pub trait Remote: Debug + Send + Sync + 'static {
    /// What there is, unless it is what this mark stands for.
    async fn newer_than(&self, mark: &str) -> Result<Option<Seen>, StateError>;

    /// Takes the lease. What the state is comes with it, unless it is what this mark stands for.
    async fn lock(&self, holder: &Holder, mark: &str, now_ms: i64) -> Result<Taken, StateError>;

    /// What is to be done now and then, right after the lease was taken.
    async fn tidy(&self, contents: &Contents, now_ms: i64) -> Result<(), StateError>;

    /// Makes a write durable, under the lease, unless the state is no more what this mark stands for.
    async fn commit(&self, write: Write, delta: Delta, mark: &str) -> Result<Committed, StateError>;

    /// What seals the state; none where it is plain.
    async fn seal(&self) -> Result<Option<Seal>, StateError>;

    /// Seals the state of this lineage so, with a write that says it; unless it is no more what this mark stands for.
    async fn reseal(
        &self,
        sealing: &Sealing,
        write: Write,
        delta: Delta,
        of: (&str, &str),
    ) -> Result<Committed, StateError>;

    /// Renews the lease if that is due; false once it is over.
    async fn renew(&self) -> bool;

    /// Who has a lease.
    async fn holders(&self) -> Result<Vec<Holder>, StateError>;

    /// Takes the lease of this id away, and logs that.
    async fn unlock(&self, id: &str, by: &Holder) -> Result<Option<Holder>, StateError>;

    /// Gives this run's own lease back.
    async fn release(&self, id: &str) -> Result<(), StateError>;

    /// The journal's records of the runs after this one, each group with its run, oldest first.
    async fn entries(&self, forgotten: i64) -> Result<Vec<(RunId, Vec<Entry>)>, StateError>;

    /// What there is, and what was before: at one moment.
    async fn past(&self) -> Result<(Contents, Vec<Revision>), StateError>;

    /// Whether a lease can be of a part of the state.
    fn locks_parts(&self) -> bool;

    /// This run's view of its lease.
    fn tenure(&self) -> &Tenure;

    /// How long things take.
    fn terms(&self) -> &Terms;

    /// Its place, for people.
    fn place(&self) -> String;
}

/// What was read, and a mark that stands for it.
#[derive(Debug)]
pub struct Seen {
    pub(crate) mark: String,
    pub(crate) contents: Contents,
}

/// What became of a write under the lease.
#[derive(Debug)]
pub enum Committed {
    /// It is durable, and the state is what this mark stands for; none does where the holder alone knows that.
    Kept { delta: Box<Delta>, mark: String },
    /// A run on another part has written since.
    Moved,
}

/// A lease that was taken.
#[derive(Debug)]
pub struct Taken {
    /// From whose lapsed lease.
    pub(crate) from: Option<Holder>,
    /// What the state is, where that was not known already.
    pub(crate) seen: Option<Seen>,
}

/// How a state is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opened {
    ToRead,
    ToWrite,
}

/// A stack's state in a store that is reached over a network.
#[derive(Debug)]
pub struct Shared<R: Remote> {
    remote: Arc<R>,
    background: Background,
    known: RefCell<Seen>,
    opened: Opened,
    held: Option<Holder>,
    taken_over: Option<Holder>,
    run: Option<RunId>,
}

impl<R: Remote> Shared<R> {
    /// Over what opening has found; none where there is no state.
    pub(crate) fn over(
        place: &str,
        opened: Opened,
        find: impl Future<Output = Result<Option<(R, Seen)>, StateError>> + Send + 'static,
    ) -> Result<Option<Self>, StateError> {
        let background = started(place)?;
        let Some((remote, seen)) = waited(&background, find)? else { return Ok(None) };
        Ok(Some(Self {
            remote: Arc::new(remote),
            background,
            known: RefCell::new(seen),
            opened,
            held: None,
            taken_over: None,
            run: None,
        }))
    }

    /// What the store has, where this run does not know that better: whoever holds all of it does.
    fn refresh(&self) -> Result<(), StateError> {
        let alone = self.held.as_ref().is_some_and(|holder| holder.part.is_none());
        if alone && self.remote.tenure().until(Duration::ZERO).is_ok() {
            return Ok(());
        }
        self.read()
    }

    /// What the store has by now.
    fn read(&self) -> Result<(), StateError> {
        let (remote, mark) = (Arc::clone(&self.remote), self.known.borrow().mark.clone());
        let seen = waited(&self.background, async move { remote.newer_than(&mark).await })?;
        if let Some(mut seen) = seen {
            let mut known = self.known.borrow_mut();
            if self.held.is_some() {
                seen.contents.keep_reserved(&known.contents);
            }
            *known = seen;
        }
        Ok(())
    }

    /// Writes under the lease: judged here, kept once it is durable. Where a run on another part was faster, it is made
    /// and judged again by what that has left.
    fn write(&mut self, make: impl Fn(&Contents) -> Write) -> Result<(), StateError> {
        self.holding()?;
        loop {
            let known = self.known.get_mut();
            let write = make(&known.contents);
            let delta = known.contents.decide(&write)?;
            let (remote, mark) = (Arc::clone(&self.remote), known.mark.clone());
            match waited(&self.background, async move { remote.commit(write, delta, &mark).await })? {
                Committed::Kept { delta, mark } => {
                    known.contents.keep(*delta);
                    known.mark = mark;
                    return Ok(());
                }
                Committed::Moved => self.read()?,
            }
        }
    }

    /// This run, under whose lock it writes.
    fn holding(&self) -> Result<Holder, StateError> {
        self.held.clone().ok_or_else(|| self.not_held("it has not taken the lock"))
    }

    fn not_held(&self, reason: &str) -> StateError {
        StateError::NotHeld { path: self.remote.place(), reason: reason.to_owned() }
    }
}

impl<R: Remote> Store for Shared<R> {
    fn snapshot(&self) -> Result<Snapshot, StateError> {
        self.refresh()?;
        Ok(self.known.borrow().contents.snapshot())
    }

    fn begin_run(&mut self, command: &str, actions: &[RunAction], now_ms: i64) -> Result<RunId, StateError> {
        let holder = self.holding()?;
        self.write(|contents| contents.begin(command, &holder, actions, now_ms))?;
        let run = self.known.get_mut().contents.last_run();
        self.run = Some(run);
        Ok(run)
    }

    fn reserve_operations(&mut self, count: u32) -> Result<OperationId, StateError> {
        self.write(|_| Write::Reserve { count })?;
        Ok(OperationId(self.known.get_mut().contents.next_operation - i64::from(count)))
    }

    fn append(&mut self, entries: &[Entry]) -> Result<(), StateError> {
        if entries.is_empty() {
            return Ok(());
        }
        let run = self.run.unwrap_or_else(|| self.known.get_mut().contents.last_run());
        self.write(|_| Write::Append { run, entries: entries.to_vec() })
    }

    fn end_run(&mut self, run: RunId, end: RunEnd) -> Result<(), StateError> {
        self.write(|contents| contents.end(run, end.clone()))
    }

    fn history(&self, limit: u32) -> Result<Vec<Run>, StateError> {
        self.refresh()?;
        Ok(self.known.borrow().contents.history(limit))
    }
}

impl<R: Remote> Backend for Shared<R> {
    fn fence(&self) -> Fence {
        let (margin, tenure, path) = (self.remote.terms().margin, self.remote.tenure().clone(), self.remote.place());
        Arc::new(move || {
            let held = tenure.until(margin).map(drop);
            held.map_err(|reason| StateError::NotHeld { path: path.clone(), reason })
        })
    }

    fn lock(&mut self, holder: &Holder, now_ms: i64) -> Result<(), StateError> {
        if self.opened == Opened::ToRead {
            let reason = "it was opened to read".to_owned();
            return Err(StateError::Storage { path: self.remote.place(), doing: "written", reason });
        }
        self.release()?;
        let part = holder.part.clone().filter(|_| self.remote.locks_parts());
        let holder = Holder { part, ..holder.clone() };
        let (remote, wanted) = (Arc::clone(&self.remote), holder.clone());
        let mark = self.known.get_mut().mark.clone();
        let taken = waited(&self.background, async move { remote.lock(&wanted, &mark, now_ms).await })?;
        self.held = Some(holder);
        self.taken_over = taken.from;
        self.run = None;
        let known = self.known.get_mut();
        if let Some(seen) = taken.seen {
            *known = seen;
        }
        known.contents.resume();
        let remote = Arc::clone(&self.remote);
        self.background.spawn(async move {
            // As often as needed that a renewal is due three times while a lease lasts.
            let between = remote.terms().lease / 6;
            while remote.renew().await {
                tokio::time::sleep(between).await;
            }
        });
        let (remote, contents) = (Arc::clone(&self.remote), known.contents.clone());
        waited(&self.background, async move { remote.tidy(&contents, now_ms).await })
    }

    fn taken_over(&self) -> Option<&Holder> {
        self.taken_over.as_ref()
    }

    fn holders(&self) -> Result<Vec<Holder>, StateError> {
        let remote = Arc::clone(&self.remote);
        waited(&self.background, async move { remote.holders().await })
    }

    fn unlock(&mut self, id: &str, by: &Holder) -> Result<Option<Holder>, StateError> {
        let (remote, id, by) = (Arc::clone(&self.remote), id.to_owned(), by.clone());
        waited(&self.background, async move { remote.unlock(&id, &by).await })
    }

    fn release(&mut self) -> Result<(), StateError> {
        let Some(holder) = self.held.take() else { return Ok(()) };
        self.run = None;
        let remote = Arc::clone(&self.remote);
        waited(&self.background, async move {
            remote.tenure().forget();
            remote.release(&holder.id).await
        })
    }

    fn entries(&self, run: Option<RunId>) -> Result<Vec<Entry>, StateError> {
        self.refresh()?;
        let (remote, forgotten) = (Arc::clone(&self.remote), self.known.borrow().contents.forgotten);
        let entries = waited(&self.background, async move { remote.entries(forgotten).await })?;
        let wanted = entries.into_iter().filter(|(of, _)| run.is_none_or(|run| run == *of));
        Ok(wanted.flat_map(|(_, entries)| entries).collect())
    }

    fn past(&self) -> Result<History, StateError> {
        let remote = Arc::clone(&self.remote);
        let (contents, revisions) = waited(&self.background, async move { remote.past().await })?;
        Ok(contents.past(revisions))
    }

    fn log(&self) -> Result<Log, StateError> {
        self.refresh()?;
        Ok(self.known.borrow().contents.log.clone())
    }

    fn close(&mut self, to: &str) -> Result<(), StateError> {
        let holder = self.holding()?;
        self.write(|contents| contents.moved(&holder, to))
    }

    fn forget(&mut self, retention: &Retention, now_ms: i64) -> Result<(), StateError> {
        self.holding()?;
        match self.known.get_mut().contents.forget(retention, now_ms) {
            Some(write) => self.write(|_| write.clone()),
            None => Ok(()),
        }
    }

    fn document(&self) -> Result<Document, StateError> {
        let remote = Arc::clone(&self.remote);
        let (contents, revisions) = waited(&self.background, async move { remote.past().await })?;
        Ok(Document::of(&contents).with_revisions(revisions))
    }

    fn replace(&mut self, document: &Document) -> Result<(), StateError> {
        let holder = self.holding()?;
        let contents = &self.known.get_mut().contents;
        document.check(&self.remote.place(), &contents.lineage, contents.serial)?;
        self.write(|contents| contents.replacement(document, &holder))
    }

    fn seal(&self) -> Result<Option<Seal>, StateError> {
        let remote = Arc::clone(&self.remote);
        waited(&self.background, async move { remote.seal().await })
    }

    fn seal_by(&mut self, sealing: &Sealing) -> Result<(), StateError> {
        let holder = self.holding()?;
        if holder.part.is_some() {
            return Err(StateError::Storage {
                path: self.remote.place(),
                doing: "encrypted",
                reason: "this run holds a part of it, and encryption is about all".to_owned(),
            });
        }
        let known = self.known.get_mut();
        let write = known.contents.resealed(&holder, sealing.recipients());
        let delta = known.contents.decide(&write)?;
        let (remote, sealing) = (Arc::clone(&self.remote), sealing.clone());
        let of = (known.contents.lineage.clone(), known.mark.clone());
        let work = async move { remote.reseal(&sealing, write, delta, (&of.0, &of.1)).await };
        match waited(&self.background, work)? {
            Committed::Kept { delta, mark } => {
                known.contents.keep(*delta);
                known.mark = mark;
            }
            // Who holds all of it writes alone.
            Committed::Moved => {
                let reason = "somebody else has written it under this run's lock".to_owned();
                return Err(StateError::NotHeld { path: self.remote.place(), reason });
            }
        }
        let (remote, contents) = (Arc::clone(&self.remote), known.contents.clone());
        waited(&self.background, async move { remote.tidy(&contents, holder.since_ms).await })
    }
}

impl<R: Remote> Drop for Shared<R> {
    fn drop(&mut self) {
        // A lease that can't be given back now lapses.
        let _ = self.release();
    }
}

/// Does something with a store that is no state yet.
pub(crate) fn once<T: Send + 'static>(
    place: &str,
    work: impl Future<Output = Result<T, StateError>> + Send + 'static,
) -> Result<T, StateError> {
    waited(&started(place)?, work)
}

fn started(place: &str) -> Result<Background, StateError> {
    Background::start().map_err(|error| StateError::Storage {
        path: place.to_owned(),
        doing: "opened",
        reason: format!("no thread can be started ({error})"),
    })
}

fn waited<T: Send + 'static>(
    background: &Background,
    work: impl Future<Output = Result<T, StateError>> + Send + 'static,
) -> Result<T, StateError> {
    background.wait(work).unwrap_or_else(|| {
        Err(StateError::Storage {
            path: "the state".to_owned(),
            doing: "reached",
            reason: "what talks to the store has ended; this is a defect of fathuss".to_owned(),
        })
    })
}
