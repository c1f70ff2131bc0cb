//! The journal as the running actions see it: a record is durable when its call returns.
//!
//! Many actions write at once; what they write between two turns of the runtime
//! goes out as one transaction, so that hundreds of operations side by side do
//! not wait for hundreds of syncs.

use std::cell::RefCell;
use std::convert::Infallible;

use fathuss_state::{Entry, StateError, Store};
use tokio::sync::{Notify, oneshot};

/// State could not be written: the run ends, and nothing new is sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct JournalError(pub String);

/// Tells who wrote a record that it is durable.
type Written = oneshot::Sender<Result<(), JournalError>>;

/// Collects records and commits them in groups.
#[derive(Debug, Default)]
pub struct Journal {
    waiting: RefCell<Vec<(Entry, Written)>>,
    broken: RefCell<Option<JournalError>>,
    wake: Notify,
}

impl Journal {
    /// Writes a record; returns when it is durable.
    pub async fn write(&self, entry: Entry) -> Result<(), JournalError> {
        if let Some(error) = self.broken.borrow().clone() {
            return Err(error);
        }
        let (sender, receiver) = oneshot::channel();
        self.waiting.borrow_mut().push((entry, sender));
        self.wake.notify_one();
        receiver.await.unwrap_or_else(|_| Err(JournalError("the journal was closed".to_owned())))
    }

    /// Commits what is written, for ever; to be run beside the actions.
    pub async fn commit_all(&self, store: &RefCell<&mut dyn Store>) -> Infallible {
        loop {
            self.wake.notified().await;
            self.gather().await;
            let (entries, senders): (Vec<_>, Vec<_>) = self.waiting.borrow_mut().drain(..).unzip();
            let result = match store.borrow_mut().append(&entries) {
                Ok(()) => Ok(()),
                Err(error) => Err(self.breaks(&error)),
            };
            for sender in senders {
                // Nobody listens where the action was dropped; its record is durable all the same.
                let _ = sender.send(result.clone());
            }
        }
    }

    /// Lets all actions that are ready write first.
    async fn gather(&self) {
        let mut before = 0;
        loop {
            tokio::task::yield_now().await;
            let now = self.waiting.borrow().len();
            if now == before {
                return;
            }
            before = now;
        }
    }

    fn breaks(&self, error: &StateError) -> JournalError {
        let error = JournalError(error.to_string());
        *self.broken.borrow_mut() = Some(error.clone());
        error
    }

    /// Why nothing can be written any more.
    #[must_use]
    pub fn broken(&self) -> Option<JournalError> {
        self.broken.borrow().clone()
    }
}
