//! `fathuss state history`: the runs that have written a state, and what each came to.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use fathuss_report::duration::exact;
use fathuss_report::harmless;
use fathuss_state::Run;

use super::state::place;
use crate::error::Error;
use crate::options::{Output as Look, TargetOptions};
use crate::render::{json, print};

/// What `state history` takes.
#[derive(Args, Debug)]
pub struct History {
    /// The stack, as fathuss.toml names it
    stack: String,
    /// How many runs, the newest first
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    #[command(flatten)]
    target: TargetOptions,
}

/// Runs the command.
pub fn run(options: &History, look: &Look) -> Result<ExitCode, Error> {
    let (place, stack) = place(&options.stack, &options.target)?;
    let state = place.look()?;
    let runs = state.as_ref().map(|state| state.history(options.limit)).transpose()?.unwrap_or_default();
    if look.json {
        print(&json(&runs.iter().map(shown).collect::<Vec<_>>())?)?;
        return Ok(ExitCode::SUCCESS);
    }
    if runs.is_empty() {
        print(&format!("Nothing has written the state of {stack} yet.\n"))?;
        return Ok(ExitCode::SUCCESS);
    }
    // Under a lock the newest run may be the holder's, which has not ended.
    let is_held = state.map(|state| state.holder()).transpose()?.flatten().is_some();
    let page: String = runs.iter().enumerate().map(|(at, run)| text(run, is_held && at == 0)).collect();
    print(&page)?;
    Ok(ExitCode::SUCCESS)
}

/// How a run ended, in a word.
fn outcome(run: &Run, under_way: bool) -> &str {
    match &run.outcome {
        Some(outcome) => outcome,
        None if under_way => "under way",
        None => "cut off",
    }
}

fn text(run: &Run, under_way: bool) -> String {
    let moment = |ms| jiff::Timestamp::from_millisecond(ms).map(|at| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string());
    let began = moment(run.started_ms).unwrap_or_default();
    let took =
        run.ended_ms.map(|ended| Duration::from_millis(u64::try_from(ended - run.started_ms).unwrap_or_default()));
    let took = took.map(|took| format!(", {}", exact(took))).unwrap_or_default();
    let who = harmless(&run.holder);
    let first = format!("{:>4}  {:<8} {:<12} {began}{took}\n", run.id.0, run.command, outcome(run, under_way));
    let done: Vec<String> = run.summary.iter().map(|(what, count)| format!("{count} {what}")).collect();
    let done = match run.outcome {
        // What it did is written at its end.
        None => String::new(),
        Some(_) if done.is_empty() => ": nothing changed".to_owned(),
        Some(_) => format!(": {}", done.join(", ")),
    };
    format!("{first}      {who}{done}\n")
}

fn shown(run: &Run) -> serde_json::Value {
    serde_json::json!({
        "run": run.id.0,
        "command": run.command,
        "holder": run.holder,
        "started_ms": run.started_ms,
        "ended_ms": run.ended_ms,
        "outcome": run.outcome,
        "summary": run.summary,
    })
}

#[cfg(test)]
mod tests {
    use fathuss_state::RunId;

    use super::*;

    #[test]
    fn of_a_run_that_did_not_end_nobody_says_what_it_changed() {
        let cut_off = Run {
            id: RunId(7),
            command: "apply".to_owned(),
            holder: "mia@build-7".to_owned(),
            started_ms: 0,
            ended_ms: None,
            outcome: None,
            summary: [].into(),
        };
        assert_eq!(text(&cut_off, false), "   7  apply    cut off      1970-01-01 00:00:00 UTC\n      mia@build-7\n");
        assert!(text(&cut_off, true).contains(" under way "));
        let quiet = Run { ended_ms: Some(1500), outcome: Some("applied".to_owned()), ..cut_off };
        let lines = "   7  apply    applied      1970-01-01 00:00:00 UTC, 1.5 s\n      mia@build-7: nothing changed\n";
        assert_eq!(text(&quiet, false), lines);
    }
}
