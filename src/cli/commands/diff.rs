//! `fathuss state diff`: what was added, changed and removed between two runs, or since one.

use std::process::ExitCode;

use clap::Args;
use fathuss_model::schema_of;
use fathuss_report::Difference;
use fathuss_state::{History, Past, RunId};

use super::state::place;
use crate::error::Error;
use crate::options::{Output as Look, TargetOptions};
use crate::render::{json, print, style};

/// What `state diff` takes.
#[derive(Args, Debug)]
pub struct Diff {
    /// The stack, as fathuss.toml names it
    stack: String,
    /// The earlier run, by its number in `state history`
    from: i64,
    /// The later run; what is now where none is named
    to: Option<i64>,
    #[command(flatten)]
    target: TargetOptions,
}

/// Runs the command.
pub fn run(options: &Diff, look: &Look) -> Result<ExitCode, Error> {
    let (history, stack) = past(&options.stack, &options.target)?;
    let before = after(&history, options.from, &stack)?;
    let later = options.to.map_or_else(|| Ok(history.now()), |run| after(&history, run, &stack))?;
    let difference = Difference::between(&before, &later, &schema_of);
    if look.json {
        print(&json(&serde_json::json!({
            "stack": stack,
            "from": options.from,
            "to": options.to,
            "difference": difference,
        }))?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let to = options.to.map_or_else(|| "what is now".to_owned(), |run| format!("what run {run} left"));
    let between = format!("between what run {} left and {to}", options.from);
    match difference.is_empty() {
        true => print(&format!("Nothing of {stack} differs {between}.\n"))?,
        false => print(&format!("{stack}, {between}\n\n{}", difference.text(&style(look))))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// A stack's state with what it was before, and the stack's name.
pub(super) fn past(stack: &str, target: &TargetOptions) -> Result<(History, String), Error> {
    let (place, stack) = place(stack, target)?;
    let state = place.look()?.ok_or_else(|| Error::Usage(format!("{stack} has no state yet, in {place}")))?;
    Ok((state.past()?, stack))
}

/// What there was after a run.
pub(super) fn after(history: &History, run: i64, stack: &str) -> Result<Past, Error> {
    history.after(RunId(run)).ok_or_else(|| {
        let (mut first, mut last) = (i64::MAX, 0);
        for RunId(kept) in history.runs_kept() {
            (first, last) = (first.min(kept), last.max(kept));
        }
        let kept = match last {
            0 => "no run yet: history begins with the next".to_owned(),
            _ => format!("runs {first} to {last}"),
        };
        Error::Usage(format!("what {stack} was after run {run} is not kept; its history has {kept}"))
    })
}
