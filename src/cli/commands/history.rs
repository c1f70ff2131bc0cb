//! `fathuss state history`: the runs that have written a state, and what each came to.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use fathuss_report::duration::exact;
use fathuss_report::harmless;
use fathuss_state::{Action, Backend, Entry, OperationId, Origin, Run, RunId, Settled};

use super::state::place;
use crate::error::Error;
use crate::options::{Output as Look, TargetOptions};
use crate::render::{json, print};

/// What `state history` takes.
#[derive(Args, Debug)]
pub struct History {
    /// The stack, as fathuss.toml names it
    stack: String,
    /// A run, to be shown with what it was to do and what it did
    run: Option<i64>,
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
    if let Some(run) = options.run {
        let state = state.ok_or_else(|| Error::Usage(format!("{stack} has no state yet, in {place}")))?;
        return one(&*state, run, &stack, look);
    }
    let runs = state.as_ref().map(|state| state.history(options.limit)).transpose()?.unwrap_or_default();
    if look.json {
        print(&json(&runs.iter().map(shown).collect::<Vec<_>>())?)?;
        return Ok(ExitCode::SUCCESS);
    }
    if runs.is_empty() {
        print(&format!("Nothing has written the state of {stack} yet.\n"))?;
        return Ok(ExitCode::SUCCESS);
    }
    let holders = state.map(|state| state.holders()).transpose()?.unwrap_or_default();
    let page: String = runs.iter().enumerate().map(|(at, run)| text(run, at < holders.len())).collect();
    print(&page)?;
    Ok(ExitCode::SUCCESS)
}

/// Shows one run in full.
fn one(state: &dyn Backend, run: i64, stack: &str, look: &Look) -> Result<ExitCode, Error> {
    let runs = state.history(u32::MAX)?;
    let found = runs.iter().position(|known| known.id == RunId(run));
    let at = found.ok_or_else(|| Error::Usage(format!("{stack} has no run {run} in its history")))?;
    let entries = state.entries(Some(RunId(run)))?;
    let run = &runs[at];
    if look.json {
        let mut whole = shown(run);
        whole["actions"] = serde_json::json!(run.actions);
        whole["entries"] = serde_json::json!(entries);
        print(&json(&whole)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut page = text(run, at < state.holders()?.len());
    if let Some(url) = &run.origin.url {
        page.push_str(&format!("      {}\n", harmless(url)));
    }
    if !run.actions.is_empty() {
        page.push_str("\n      its plan\n");
    }
    for action in &run.actions {
        let fields = if action.fields.is_empty() { String::new() } else { format!(": {}", action.fields.join(", ")) };
        let (change, address) = (action.change.replace('_', " "), action.address.local());
        page.push_str(&harmless(&format!("      {change} {address}{fields}")));
        page.push('\n');
    }
    let done = operations(&entries);
    if !done.is_empty() {
        page.push_str("\n      what it did\n");
    }
    for line in done {
        page.push_str(&format!("      {}\n", harmless(&line)));
    }
    print(&page)?;
    Ok(ExitCode::SUCCESS)
}

/// What a run did, from the journal's records: a line for each operation, in the order they began, and for each row
/// that was written or removed without one.
fn operations(entries: &[Entry]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut places: BTreeMap<OperationId, usize> = BTreeMap::new();
    for entry in entries {
        let (operation, became) = match entry {
            Entry::Begun(begun) => {
                let what = match begun.action {
                    Action::Create => "create",
                    Action::Update => "update",
                    Action::Delete => "delete",
                };
                places.insert(begun.operation, lines.len());
                lines.push(format!("{what} {}: begun", begun.address.local()));
                continue;
            }
            Entry::Recorded(record) => {
                lines.push(format!("record {}: {}", record.address.local(), record.identity));
                continue;
            }
            Entry::Dropped(address) => {
                lines.push(format!("drop {}: it was gone", address.local()));
                continue;
            }
            Entry::Identified { operation, identity } => (operation, format!("{identity}, begun")),
            Entry::Settled { operation, outcome: Settled::Present(record) } => (operation, record.identity.to_string()),
            Entry::Settled { operation, outcome: Settled::Absent } => (operation, "gone".to_owned()),
            Entry::Settled { operation, outcome: Settled::Refused } => (operation, "refused".to_owned()),
        };
        // One that an earlier run began, and this record's command finished, has no line to go on with.
        match places.get(operation).and_then(|place| lines.get_mut(*place)) {
            Some(line) => {
                let begun = line.split(": ").next().unwrap_or_default();
                *line = format!("{begun}: {became}");
            }
            None => lines.push(format!("operation {operation}: {became}")),
        }
    }
    lines
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
    let began = moment(run.started_ms);
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
    format!("{first}      {who}{}{done}\n", told_of(&run.origin))
}

/// A moment, in milliseconds since 1970, for people.
pub(super) fn moment(at_ms: i64) -> String {
    let moment = jiff::Timestamp::from_millisecond(at_ms);
    moment.map(|at| at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()).unwrap_or_default()
}

/// The commit that something was started from, behind who started it.
pub(super) fn told_of(origin: &Origin) -> String {
    let Some(commit) = &origin.commit else { return String::new() };
    let dirty = if origin.dirty { " and changes to it" } else { "" };
    format!(" at {}{dirty}", harmless(&commit.chars().take(12).collect::<String>()))
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
        "origin": run.origin,
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
            origin: Origin::default(),
            actions: Vec::new(),
        };
        assert_eq!(text(&cut_off, false), "   7  apply    cut off      1970-01-01 00:00:00 UTC\n      mia@build-7\n");
        assert!(text(&cut_off, true).contains(" under way "));
        let quiet = Run { ended_ms: Some(1500), outcome: Some("applied".to_owned()), ..cut_off };
        let lines = "   7  apply    applied      1970-01-01 00:00:00 UTC, 1.5 s\n      mia@build-7: nothing changed\n";
        assert_eq!(text(&quiet, false), lines);
        let commit = Some("4f3a2b1cde0123456789".to_owned());
        let from = Run { origin: Origin { commit, dirty: true, url: None }, ..quiet };
        assert!(text(&from, false).ends_with("      mia@build-7 at 4f3a2b1cde01 and changes to it: nothing changed\n"));
    }
}
