//! Reports for programs: one JSON object a line, for each event and for what
//! went wrong.

use std::collections::BTreeMap;
use std::fmt::Write;

use fathuss_engine::event::Told;
use fathuss_engine::plan::Change;
use fathuss_engine::provider::Failure;
use fathuss_model::graph::Finding;
use serde::Serialize;

use crate::line::is_harmful;
use crate::summary::{RunView, Tally};

/// The format's name of an event's line.
pub const EVENT_FORMAT: &str = "fathuss-event";
/// The version that this release writes.
pub const EVENT_VERSION: u32 = 1;

#[derive(Serialize)]
struct EventLine<'a> {
    format: &'static str,
    version: u32,
    told: &'a Told,
}

/// An event as one line, without a line break: `{"format":"fathuss-event","version":1,"told":{"at_ms":0,"event":"begun",...}}`.
pub fn event_json(told: &Told) -> Result<String, serde_json::Error> {
    json(&EventLine { format: EVENT_FORMAT, version: EVENT_VERSION, told })
}

/// The format's name of a run's last line.
pub const RUN_FORMAT: &str = "fathuss-run";
/// The version that this release writes.
pub const RUN_VERSION: u32 = 1;

#[derive(Serialize)]
struct RunLine<'a> {
    format: &'static str,
    version: u32,
    stack: &'a str,
    /// Actions done, by change.
    done: &'a BTreeMap<Change, usize>,
    /// What can't be finished yet: address and why.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    deferred: BTreeMap<String, &'a str>,
    failed: usize,
    not_started: usize,
    interrupted: usize,
    /// On the target's clock.
    took_ms: u64,
    /// Whether that clock was simulated.
    simulated: bool,
    /// On the wall's clock.
    wall_ms: u64,
    /// Calls sent, by service.
    calls: BTreeMap<&'a str, u64>,
    throttled: u64,
}

/// What a run did and took, as its last line.
pub fn run_json(tally: &Tally, view: &RunView<'_>) -> Result<String, serde_json::Error> {
    let mut calls = BTreeMap::new();
    for ((service, _), count) in &view.calls.operations {
        *calls.entry(service.as_str()).or_default() += count;
    }
    let skipped: usize = tally.failed.iter().map(|failed| failed.skipped.len()).sum();
    json(&RunLine {
        format: RUN_FORMAT,
        version: RUN_VERSION,
        stack: view.stack,
        done: &tally.done,
        deferred: tally.deferred.iter().map(|(at, because)| (at.local(), because.as_str())).collect(),
        failed: tally.failed.len(),
        not_started: tally.not_started.len() + skipped,
        interrupted: tally.interrupted,
        took_ms: milliseconds(tally.took),
        simulated: view.simulated,
        wall_ms: milliseconds(view.wall),
        calls,
        throttled: view.calls.throttled,
    })
}

fn milliseconds(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[derive(Serialize)]
struct ErrorLine<'a> {
    error: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<FailureFacts<'a>>,
    #[serde(skip_serializing_if = "<[Finding]>::is_empty")]
    findings: &'a [Finding],
}

#[derive(Serialize)]
struct FailureFacts<'a> {
    service: &'a str,
    operation: &'a str,
    code: &'a str,
    message: &'a str,
    request_id: Option<&'a str>,
    hint: Option<&'a str>,
}

/// Why a command failed, as one line without a line break: in words, with the facts of a call that failed or of what
/// is wrong with the stack.
pub fn error_json(error: &str, failure: Option<&Failure>, findings: &[Finding]) -> Result<String, serde_json::Error> {
    let failure = failure.map(|failure| FailureFacts {
        service: &failure.service,
        operation: &failure.operation,
        code: &failure.code,
        message: &failure.message,
        request_id: failure.request_id.as_deref(),
        hint: failure.hint.as_deref(),
    });
    json(&ErrorLine { error, failure, findings })
}

/// Any value as one line of JSON that is safe to show on a terminal: what a terminal would act on is escaped.
pub fn json(value: &impl Serialize) -> Result<String, serde_json::Error> {
    let text = serde_json::to_string(value)?;
    if !text.chars().any(is_harmful) {
        return Ok(text);
    }
    // Such characters stand inside strings only, where an escape means the same.
    let mut out = String::with_capacity(text.len() + 16);
    let mut units = [0; 2];
    for c in text.chars() {
        if is_harmful(c) {
            for unit in c.encode_utf16(&mut units) {
                // Writing to a String does not fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_act_on_is_escaped_and_reads_back_the_same() {
        let text = "a\u{1b}[2J\u{9b}2J\u{7f}\u{202e}\u{e0041}ü";
        let json = json(&text).unwrap();
        assert!(!json.chars().any(is_harmful), "{json:?}");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }
}
