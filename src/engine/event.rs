//! What happens during a run, told in order to whoever listens.

use fathuss_model::Address;
use fathuss_model::graph::Source;
use serde::Serialize;

use crate::plan::Change;
use crate::provider::Failure;

/// Something that happened. `at_ms` in [`Told`] is the target's clock.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// Applying begins.
    Started {
        /// How many actions there are.
        actions: usize,
        /// How long the critical path is expected to take, in milliseconds.
        expected_ms: u64,
    },
    /// An operation that an earlier run began is taken up.
    Recovering {
        /// The resource.
        address: Address,
        /// What had begun.
        change: Change,
        /// How long it is expected to take, in milliseconds.
        expected_ms: u64,
    },
    /// An operation of an earlier run was finished.
    Recovered {
        /// The resource.
        address: Address,
        /// What was found and done, in words.
        what: String,
    },
    /// An operation of an earlier run could not be looked at: the plan has it, and the run that can finishes it.
    Left {
        /// The resource.
        address: Address,
        /// Why not.
        #[serde(serialize_with = "failure_text")]
        failure: Failure,
    },
    /// An action begins.
    Begun {
        /// The resource.
        address: Address,
        /// What is done.
        change: Change,
        /// How long it is expected to take, in milliseconds.
        expected_ms: u64,
        /// How long it and what waits for it are expected to take, in milliseconds.
        path_ms: u64,
    },
    /// AWS has answered: this is what it made.
    Identified {
        /// The resource.
        address: Address,
        /// Its identity.
        identity: String,
    },
    /// It is not usable, or not gone, yet.
    Waiting {
        /// The resource.
        address: Address,
        /// The state in AWS's own word.
        state: String,
    },
    /// A call is sent again.
    Retrying {
        /// The resource.
        address: Address,
        /// Why.
        #[serde(serialize_with = "failure_text")]
        failure: Failure,
        /// In how long, in milliseconds.
        in_ms: u64,
    },
    /// An action is done.
    Done {
        /// The resource.
        address: Address,
        /// What was done.
        change: Change,
        /// How long it took, in milliseconds.
        took_ms: u64,
    },
    /// An action can't be finished yet, and only time helps; a later run goes on with it.
    Deferred {
        /// The resource.
        address: Address,
        /// What was to be done.
        change: Change,
        /// Why not yet.
        because: String,
    },
    /// An action failed.
    Failed {
        /// The resource.
        address: Address,
        /// Its line.
        source: Option<Source>,
        /// What was to be done.
        change: Change,
        /// Why not.
        #[serde(serialize_with = "failure_text")]
        failure: Failure,
        /// What is there now, in words.
        left: String,
    },
    /// An action was not started.
    Skipped {
        /// The resource.
        address: Address,
        /// What was to be done.
        change: Change,
        /// Because this one failed; none where the run was interrupted.
        because_of: Option<Address>,
    },
    /// A signal was heard: nothing new is started.
    Draining {
        /// How many actions are under way.
        running: usize,
    },
    /// Applying is over.
    Finished {
        /// Actions done.
        done: usize,
        /// Actions failed.
        failed: usize,
        /// Actions not started.
        skipped: usize,
        /// Actions begun and cut off.
        interrupted: usize,
        /// How long it took, in milliseconds.
        took_ms: u64,
    },
}

/// An event with its time.
#[derive(Clone, Debug, Serialize)]
pub struct Told {
    /// Milliseconds since 1970, of the target's clock.
    pub at_ms: u64,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

fn failure_text<S: serde::Serializer>(failure: &Failure, serializer: S) -> Result<S::Ok, S::Error> {
    use serde::ser::SerializeStruct;
    let mut fields = serializer.serialize_struct("failure", 6)?;
    fields.serialize_field("service", &failure.service)?;
    fields.serialize_field("operation", &failure.operation)?;
    fields.serialize_field("code", &failure.code)?;
    fields.serialize_field("message", &failure.message)?;
    fields.serialize_field("request_id", &failure.request_id)?;
    fields.serialize_field("hint", &failure.hint)?;
    fields.end()
}
