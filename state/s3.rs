//! State in an object store that has conditional writes: S3 and what speaks like it.
//!
//! A journal of segments, each put once, and a head that names those that
//! count. A write puts its segment and then moves the head, under the condition
//! that the head is still the one this run knows. The lease lies in the head
//! too, so that who takes it over moves the head, and the store itself refuses
//! everything that the old holder puts after that.

mod head;
mod objects;
mod remote;
mod transport;

use std::cell::RefCell;
use std::sync::Arc;

use self::head::nonce;
use self::remote::{Remote, Seen};
use crate::background::Background;
use crate::contents::Write;
use crate::document::Document;
use crate::lease::Terms;
use crate::place::Bucket;
use crate::{Backend, Entry, Holder, OperationId, Run, RunEnd, RunId, Snapshot, StateError, Store};

/// A stack's state in a bucket.
#[derive(Debug)]
pub struct S3 {
    remote: Arc<Remote>,
    background: Background,
    known: RefCell<Seen>,
    /// Whether it was opened to read.
    reads: bool,
    held: Option<Holder>,
    taken_over: Option<Holder>,
    run: Option<RunId>,
}

impl S3 {
    /// Opens the state at this place to write; makes it where there is none, with this lineage or one of its own.
    ///
    /// # Errors
    /// [`StateError::Unfit`] where the store takes no conditions, which is found out before a state is made.
    pub fn open(bucket: &Bucket, terms: Terms, lineage: Option<&str>, now_ms: i64) -> Result<Self, StateError> {
        let lineage = lineage.map_or_else(|| nonce()[..16].to_owned(), str::to_owned);
        let (background, place) = (started(bucket)?, bucket.clone());
        let opened = waited(&background, async move {
            let remote = Remote::open(&place, terms).await?;
            let seen = remote.find_or_make(&lineage, now_ms).await?;
            Ok((remote, seen))
        });
        let (remote, seen) = opened?;
        Ok(Self::over(background, remote, seen, false))
    }

    /// Opens the state at this place to read: takes no lock and makes nothing; none where there is none.
    pub fn look(bucket: &Bucket, terms: Terms) -> Result<Option<Self>, StateError> {
        let (background, place) = (started(bucket)?, bucket.clone());
        let opened = waited(&background, async move {
            let remote = Remote::open(&place, terms).await?;
            let seen = remote.find().await?;
            Ok(seen.map(|seen| (remote, seen)))
        });
        Ok(opened?.map(|(remote, seen)| Self::over(background, remote, seen, true)))
    }

    /// Whether the store refuses what it has to refuse; puts an object beside the state, and deletes it.
    ///
    /// # Errors
    /// [`StateError::Unfit`] where it takes no conditions or tells no time.
    pub fn check(bucket: &Bucket, terms: Terms) -> Result<(), StateError> {
        let (background, place) = (started(bucket)?, bucket.clone());
        waited(&background, async move { Remote::open(&place, terms).await?.probe().await })
    }

    fn over(background: Background, remote: Remote, seen: Seen, reads: bool) -> Self {
        let (remote, known) = (Arc::new(remote), RefCell::new(seen));
        Self { remote, background, known, reads, held: None, taken_over: None, run: None }
    }

    /// What the store has, where this run does not know that better.
    fn refresh(&self) -> Result<(), StateError> {
        if self.held.is_some() && self.still_held().is_ok() {
            return Ok(());
        }
        let (remote, nonce) = (Arc::clone(&self.remote), self.known.borrow().nonce.clone());
        let seen = waited(&self.background, async move { remote.newer_than(&nonce).await })?;
        if let Some(seen) = seen {
            *self.known.borrow_mut() = seen;
        }
        Ok(())
    }

    /// Writes under the lease: judged here, kept once the head names it.
    fn write(&mut self, write: Write) -> Result<(), StateError> {
        self.holds()?;
        let known = self.known.get_mut();
        let delta = known.contents.decide(&write)?;
        let (remote, serial) = (Arc::clone(&self.remote), delta.serial);
        waited(&self.background, async move { remote.commit(serial, write).await })?;
        known.contents.keep(delta);
        Ok(())
    }

    fn holds(&self) -> Result<(), StateError> {
        if self.held.is_some() { Ok(()) } else { Err(self.remote.not_held("it has not taken the lock")) }
    }

    /// All of the state as a document, for a file.
    pub(crate) fn document(&self) -> Result<Document, StateError> {
        self.refresh()?;
        Ok(Document::of(&self.known.borrow().contents))
    }
}

impl Store for S3 {
    fn snapshot(&self) -> Result<Snapshot, StateError> {
        self.refresh()?;
        Ok(self.known.borrow().contents.snapshot())
    }

    fn begin_run(&mut self, command: &str, now_ms: i64) -> Result<RunId, StateError> {
        let holder = self.held.as_ref().map(|holder| holder.who.clone()).unwrap_or_default();
        self.write(Write::BeginRun { command: command.to_owned(), holder, at_ms: now_ms })?;
        let run = self.known.get_mut().contents.last_run();
        self.run = Some(run);
        Ok(run)
    }

    fn reserve_operations(&mut self, count: u32) -> Result<OperationId, StateError> {
        let first = OperationId(self.known.get_mut().contents.next_operation);
        self.write(Write::Reserve { count })?;
        Ok(first)
    }

    fn append(&mut self, entries: &[Entry]) -> Result<(), StateError> {
        if entries.is_empty() {
            return Ok(());
        }
        let run = self.run.unwrap_or_else(|| self.known.get_mut().contents.last_run());
        self.write(Write::Append { run, entries: entries.to_vec() })
    }

    fn end_run(&mut self, run: RunId, end: RunEnd) -> Result<(), StateError> {
        self.write(Write::EndRun { run, end })
    }

    fn history(&self, limit: u32) -> Result<Vec<Run>, StateError> {
        self.refresh()?;
        Ok(self.known.borrow().contents.history(limit))
    }

    fn still_held(&self) -> Result<(), StateError> {
        self.remote.still_held()
    }
}

impl Backend for S3 {
    fn lock(&mut self, holder: &Holder, now_ms: i64) -> Result<(), StateError> {
        if self.reads {
            return Err(self.remote.read_only());
        }
        self.release()?;
        let (remote, wanted) = (Arc::clone(&self.remote), holder.clone());
        let nonce = self.known.get_mut().nonce.clone();
        let taken = waited(&self.background, async move { remote.lock(&wanted, &nonce, now_ms).await })?;
        if let Some(seen) = taken.seen {
            *self.known.get_mut() = seen;
        }
        self.known.get_mut().contents.resume();
        self.held = Some(holder.clone());
        self.taken_over = taken.from;
        self.run = None;
        let (remote, contents) = (Arc::clone(&self.remote), self.known.get_mut().contents.clone());
        waited(&self.background, async move { remote.compact(&contents, now_ms).await })?;
        let remote = Arc::clone(&self.remote);
        self.background.spawn(async move { remote.renew_while_held().await });
        Ok(())
    }

    fn taken_over(&self) -> Option<&Holder> {
        self.taken_over.as_ref()
    }

    fn holder(&self) -> Result<Option<Holder>, StateError> {
        let remote = Arc::clone(&self.remote);
        waited(&self.background, async move { remote.holder().await })
    }

    fn unlock(&mut self, id: &str, now_ms: i64) -> Result<Option<Holder>, StateError> {
        let (remote, id) = (Arc::clone(&self.remote), id.to_owned());
        waited(&self.background, async move { remote.unlock(&id, now_ms).await })
    }

    fn release(&mut self) -> Result<(), StateError> {
        let Some(holder) = self.held.take() else { return Ok(()) };
        self.run = None;
        let remote = Arc::clone(&self.remote);
        waited(&self.background, async move { remote.release(&holder.id).await })
    }

    fn entries(&self, run: Option<RunId>) -> Result<Vec<Entry>, StateError> {
        self.refresh()?;
        let (remote, forgotten) = (Arc::clone(&self.remote), self.known.borrow().contents.forgotten);
        let entries = waited(&self.background, async move { remote.entries(forgotten).await })?;
        let wanted = entries.into_iter().filter(|(of, _)| run.is_none_or(|run| run == *of));
        Ok(wanted.flat_map(|(_, entries)| entries).collect())
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        // A lease that can't be given back now lapses.
        let _ = self.release();
    }
}

fn started(bucket: &Bucket) -> Result<Background, StateError> {
    Background::start().map_err(|error| StateError::Storage {
        path: bucket.to_string(),
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
