//! `fathuss state verify`: whether the audit log is whole, and the state what it says.

use std::process::ExitCode;

use clap::Args;
use fathuss_report::harmless;
use fathuss_state::{History, LogEntry, RunId};

use super::diff::past;
use super::history::{moment, told_of};
use crate::error::Error;
use crate::options::{Output as Look, TargetOptions};
use crate::render::{json, print};

/// What `state verify` takes.
#[derive(Args, Debug)]
pub struct Verify {
    /// The stack, as fathuss.toml names it
    stack: String,
    /// Show the log's entries, too, newest first
    #[arg(long)]
    entries: bool,
    #[command(flatten)]
    target: TargetOptions,
}

/// Runs the command.
pub fn run(options: &Verify, look: &Look) -> Result<ExitCode, Error> {
    let (history, stack) = past(&options.stack, &options.target)?;
    let verdict = history.verify();
    if look.json {
        let entries = options.entries.then_some(&history.log.entries);
        print(&json(&serde_json::json!({
            "stack": stack,
            "whole": verdict.is_ok(),
            "broken": verdict.as_ref().err().map(|broken| serde_json::json!({ "entry": broken.entry, "reason": broken.reason })),
            "count": history.log.entries.len(),
            "pruned": history.log.pruned,
            "last": history.log.last,
            "written_since": verdict.as_ref().map_or(0, |verified| verified.since),
            "entries": entries,
        }))?)?;
        return Ok(if verdict.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    if options.entries {
        print(&history.log.entries.iter().rev().map(text).collect::<String>())?;
    }
    match verdict {
        Ok(verified) => print(&whole(&history, &stack, verified.since))?,
        Err(broken) => {
            let entry = history.log.entries.iter().find(|entry| entry.number == broken.entry);
            let entry = entry.map_or_else(String::new, |entry| format!(", {}", named(entry)));
            return Err(Error::Usage(format!(
                "the audit log of {stack} breaks at entry {}{entry}: {}\nNext: find out who changed it, and put back the last copy that you trust",
                broken.entry, broken.reason
            )));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn whole(history: &History, stack: &str, since: usize) -> String {
    let log = &history.log;
    let Some(last) = log.entries.last() else {
        return format!("The audit log of {stack} has no entry yet; its next run writes one.\n");
    };
    let mut page = format!(
        "The audit log of {stack} is whole, and the state is what it says.\nIts last entry is {}, {}, with the hash\n  {}\n",
        last.number,
        named(last),
        last.hash
    );
    if log.pruned.number > 0 {
        page.push_str(&format!("Its entries up to {} are kept no more.\n", log.pruned.number));
    }
    if since > 0 {
        page.push_str(&format!(
            "{since} resources were written since, by a run that is under way or was cut off: its entry comes with its end, or with the next run.\n"
        ));
    }
    page
}

/// An entry in a few words.
fn named(entry: &LogEntry) -> String {
    let run = entry.run.map_or_else(String::new, |RunId(run)| format!(" (run {run})"));
    format!("`{}`{run} by {} at {}", harmless(&entry.command), harmless(&entry.who), moment(entry.at_ms))
}

fn text(entry: &LogEntry) -> String {
    let run = entry.run.map_or_else(String::new, |RunId(run)| format!("run {run}: "));
    let from = told_of(&entry.origin);
    format!(
        "{:>4}  {}  {}{from}\n      `{}`, {run}{}\n      {}\n",
        entry.number,
        moment(entry.at_ms),
        harmless(&entry.who),
        harmless(&entry.command),
        harmless(&entry.outcome),
        entry.hash
    )
}
