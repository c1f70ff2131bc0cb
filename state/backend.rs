//! What a command sees of a state beyond what the engine sees: its lock and its journal.

use std::sync::Arc;

use crate::{Document, Entry, History, Holder, Log, Recipients, Retention, RunId, Seal, Sealing, StateError, Store};

/// Says whether a run holds the state for long enough yet that a request signed now is its own to send; where not,
/// [`StateError::NotHeld`] names who has it, if that is known. Looks at nothing but a clock.
pub type Fence = Arc<dyn Fn() -> Result<(), StateError> + Send + Sync>;

/// A state that people share: one run at a time holds its lock and writes.
pub trait Backend: Store {
    /// Takes the lock for this run, from a dead holder too. It is let go when the store is dropped.
    ///
    /// Where the holder names a [part](Holder::part), `PostgreSQL` locks that alone; other places lock everything.
    ///
    /// # Errors
    /// [`StateError::Locked`], with the holder, while a run that may be alive holds it;
    /// [`StateError::Lapsed`] where its lease is over, but not yet what it may have signed.
    fn lock(&mut self, holder: &Holder, now_ms: i64) -> Result<(), StateError>;

    /// The dead holder from whom [`lock`](Self::lock) took the lock over, if it did.
    fn taken_over(&self) -> Option<&Holder>;

    /// Who holds a lock: several only where each has a part.
    fn holders(&self) -> Result<Vec<Holder>, StateError>;

    /// Removes the lock of this id, whoever holds it, and gives who held it; none where nobody did.
    ///
    /// A run that is still alive notices at its next write and stops there. The audit log says who removed it: `by`,
    /// which holds nothing.
    ///
    /// # Errors
    /// [`StateError::Locked`] where the lock is another.
    fn unlock(&mut self, id: &str, by: &Holder) -> Result<Option<Holder>, StateError>;

    /// Lets go of the lock, if this run holds it.
    fn release(&mut self) -> Result<(), StateError>;

    /// To be asked immediately before each call that changes anything. A lock that can't be lost by time lets all pass.
    fn fence(&self) -> Fence {
        Arc::new(|| Ok(()))
    }

    /// The journal's records, oldest first: of one run, or of all that are kept.
    fn entries(&self, run: Option<RunId>) -> Result<Vec<Entry>, StateError>;

    /// The state with what it was before, all of one moment.
    fn past(&self) -> Result<History, StateError>;

    /// The audit log.
    fn log(&self) -> Result<Log, StateError>;

    /// Where the state went, if it is written here no more.
    fn moved_to(&self) -> Result<Option<String>, StateError> {
        Ok(self.log()?.moved_to().map(str::to_owned))
    }

    /// Refuses a state that is elsewhere: what is here is what was.
    ///
    /// # Errors
    /// [`StateError::Moved`], with where it went.
    fn stands(&self) -> Result<(), StateError> {
        match self.moved_to()? {
            Some(to) => Err(StateError::Moved { to }),
            None => Ok(()),
        }
    }

    /// Closes the state, under the lock: nothing but [`replace`](Self::replace) writes it from now on, and the log says
    /// where it went.
    fn close(&mut self, to: &str) -> Result<(), StateError>;

    /// Lets go, under the lock, of the history that is to be kept no more.
    fn forget(&mut self, retention: &Retention, now_ms: i64) -> Result<(), StateError>;

    /// All of the state but the journal's records, for a file.
    fn document(&self) -> Result<Document, StateError>;

    /// Makes the state what a document says, under the lock. Its history stays, and its serial rises.
    ///
    /// # Errors
    /// [`StateError::Stale`] where the document is of another state, or of an older moment of this one.
    fn replace(&mut self, document: &Document) -> Result<(), StateError>;

    /// What seals the state; none where it is plain.
    ///
    /// # Errors
    /// [`StateError::Sealed`] where it can't be opened here.
    fn seal(&self) -> Result<Option<Seal>, StateError>;

    /// Seals the state so, under the lock.
    ///
    /// # Errors
    /// [`StateError::Storage`] where the data key can't be wrapped. Then the state is as it was.
    fn seal_by(&mut self, sealing: &Sealing) -> Result<(), StateError>;

    /// Seals the state anew for these recipients, with a data key of its own; none makes it plain.
    ///
    /// # Errors
    /// As [`seal_by`](Self::seal_by).
    fn reseal(&mut self, recipients: Option<&Recipients>) -> Result<(), StateError> {
        self.seal_by(&Sealing::of(recipients))
    }
}
