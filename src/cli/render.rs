//! Puts what `fathuss-report` renders where it belongs.

use std::io::Write;
use std::time::Duration;

use fathuss_engine::apply::Applied;
use fathuss_engine::event::{Event, Told};
use fathuss_engine::plan::Plan;
use fathuss_engine::provider::CallCounts;
use fathuss_engine::run::Prepared;

use crate::error::Error;
use crate::options::Output;

/// Prints a plan.
pub fn plan(
    prepared: &Prepared,
    calls: &CallCounts,
    took: Duration,
    _full: bool,
    _output: &Output,
) -> Result<(), Error> {
    let mut stdout = std::io::stdout().lock();
    for action in &prepared.plan.actions {
        writeln!(stdout, "{:?} {}", action.change, action.address).map_err(Error::Output)?;
        for field in action.fields.iter().filter(|_| action.change != fathuss_engine::plan::Change::Create) {
            writeln!(stdout, "    {} {:?} -> {:?} {:?}", field.path, field.before, field.after, field.cause)
                .map_err(Error::Output)?;
        }
    }
    writeln!(
        stdout,
        "{} actions, {} unchanged, {} calls, {took:?}",
        prepared.plan.actions.len(),
        prepared.plan.unchanged,
        calls.total()
    )
    .map_err(Error::Output)
}

/// Shows a run while it goes on.
pub struct Run {
    _output: Output,
}

impl Run {
    /// Nothing is shown yet.
    pub fn new(output: &Output) -> Self {
        Self { _output: *output }
    }

    /// Applying begins.
    pub fn begin(&mut self, _plan: &Plan) {}

    /// Something happened.
    pub fn hear(&mut self, told: &Told, _calls: &CallCounts) {
        match &told.event {
            Event::Failed { address, failure, left, .. } => eprintln!("FAILED {address} {failure} {left}"),
            Event::Retrying { address, failure, in_ms } => eprintln!("retry {address} {failure} {in_ms}"),
            event => eprintln!("{} {event:?}", told.at_ms),
        }
    }

    /// Applying is over.
    pub fn end(
        &mut self,
        _prepared: &Prepared,
        applied: &Applied,
        calls: &CallCounts,
        real: Duration,
        _stack: &str,
        _command: &str,
    ) -> Result<(), Error> {
        eprintln!(
            "done {} failed {} skipped {} interrupted {} calls {} throttled {} real {real:?}",
            applied.done,
            applied.failed.len(),
            applied.skipped.len(),
            applied.interrupted.len(),
            calls.total(),
            calls.throttled
        );
        Ok(())
    }
}

/// Prints why a command failed.
pub fn error(error: &Error, _output: &Output) {
    eprintln!("error: {error}");
}
