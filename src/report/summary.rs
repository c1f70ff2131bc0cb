//! The end of a run: what was done, what was not and why, what it took, and
//! what to do next. Everything follows from the events.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use fathuss_engine::event::{Event, Told};
use fathuss_engine::plan::Change;
use fathuss_engine::provider::CallCounts;
use fathuss_model::Address;

use crate::duration::exact;
use crate::failure::{FailedAction, Trouble};
use crate::line::{Line, count, plural, wrap};
use crate::style::{Style, Tone, done};

/// What a run did, collected from its events.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// What is done, by change.
    pub done: BTreeMap<Change, usize>,
    /// What can't be finished yet: address and why.
    pub deferred: Vec<(Address, String)>,
    /// What failed.
    pub failed: Vec<FailedAction>,
    /// What was not started because the run was interrupted.
    pub not_started: Vec<Address>,
    /// What was begun and cut off.
    pub interrupted: usize,
    /// What was finished of an earlier run: address and what was found.
    pub recovered: Vec<(Address, String)>,
    /// What an earlier run had begun and nobody could look at.
    pub left: BTreeSet<Address>,
    /// How often a call was sent again.
    pub retries: usize,
    /// How long it took on the target's clock.
    pub took: Duration,
    /// Whether the run was told to the end.
    pub finished: bool,
}

/// What is known around a run.
#[derive(Clone, Debug, Default)]
pub struct RunView<'a> {
    /// The stack's name.
    pub stack: &'a str,
    /// Calls sent.
    pub calls: CallCounts,
    /// How long it took on the wall's clock.
    pub wall: Duration,
    /// Whether the target's clock was simulated.
    pub simulated: bool,
    /// The command that goes on where something was not done.
    pub again: &'a str,
    /// The command that comes next where all is done.
    pub next: Option<&'a str>,
    /// Whether failures were shown while they happened and are only counted here.
    pub failures_shown: bool,
}

impl Tally {
    /// Takes in an event.
    pub fn take(&mut self, told: &Told) {
        match &told.event {
            Event::Done { address, change, .. } => {
                *self.done.entry(*change).or_default() += 1;
                self.left.remove(address);
            }
            Event::Deferred { address, because, .. } => self.deferred.push((address.clone(), because.clone())),
            Event::Failed { address, source, change, failure, left } => self.failed.push(FailedAction {
                address: address.clone(),
                source: source.clone(),
                change: *change,
                failure: failure.clone(),
                left: left.clone(),
                skipped: Vec::new(),
            }),
            Event::Skipped { address, change, because_of } => match because_of {
                // The old one of a replacement is no dependent of its own.
                Some(_) if *change == Change::DeleteReplaced => {}
                Some(first) => {
                    if let Some(failed) = self.failed.iter_mut().find(|failed| failed.address == *first) {
                        failed.skipped.push(address.clone());
                    }
                }
                None => self.not_started.push(address.clone()),
            },
            Event::Recovered { address, what } => {
                self.recovered.push((address.clone(), what.clone()));
                self.left.remove(address);
            }
            Event::Left { address, .. } => {
                self.left.insert(address.clone());
            }
            Event::Retrying { .. } => self.retries += 1,
            Event::Finished { interrupted, took_ms, .. } => {
                self.interrupted = *interrupted;
                self.took = Duration::from_millis(*took_ms);
                self.finished = true;
            }
            Event::Started { .. }
            | Event::Recovering { .. }
            | Event::Begun { .. }
            | Event::Identified { .. }
            | Event::Waiting { .. }
            | Event::Draining { .. } => {}
        }
    }

    /// Whether everything was done.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        let cut = self.failed.len() + self.not_started.len() + self.left.len() + self.interrupted;
        self.finished && cut == 0
    }

    /// The closing summary, failures first.
    #[must_use]
    pub fn text(&self, view: &RunView<'_>, style: &Style) -> String {
        let mut out = String::new();
        if !view.failures_shown {
            for failed in &self.failed {
                out.push_str(&Trouble::of_action(failed, view.again).text(style));
                out.push('\n');
            }
        }
        self.headline(view).write_wrapped(style, &mut out);
        let dot = format!(" {} ", style.marks().dot);
        let mut facts = vec![if view.simulated {
            format!("{} simulated, {} real", exact(self.took), exact(view.wall))
        } else {
            exact(view.wall)
        }];
        facts.push(plural(number(view.calls.total()), "call", "calls"));
        facts.push(format!("throttled {}", count(number(view.calls.throttled))));
        if self.retries > 0 {
            facts.push(plural(self.retries, "retry", "retries"));
        }
        paragraph(2, Tone::Faint, &facts.join(&dot), style, &mut out);
        let mut services: BTreeMap<&str, u64> = BTreeMap::new();
        for ((service, _), calls) in &view.calls.operations {
            *services.entry(service).or_default() += calls;
        }
        if services.len() > 1 {
            let services: Vec<String> =
                services.iter().map(|(service, calls)| format!("{service} {}", count(number(*calls)))).collect();
            paragraph(2, Tone::Faint, &format!("calls by service: {}", services.join(", ")), style, &mut out);
        }
        for (address, because) in &self.deferred {
            let words = format!("{} is deferred, because {because}", address.local());
            paragraph(2, Tone::Plain, &words, style, &mut out);
        }
        if !self.recovered.is_empty() {
            let what = plural(self.recovered.len(), "operation", "operations");
            paragraph(2, Tone::Plain, &format!("{what} of an earlier run finished"), style, &mut out);
        }
        if !self.left.is_empty() {
            let names: Vec<String> = self.left.iter().map(Address::local).collect();
            let words = format!("begun by an earlier run, and not to be looked at even now: {}", names.join(", "));
            paragraph(2, Tone::Plain, &words, style, &mut out);
        }
        let next = if self.is_clean() { view.next } else { Some(view.again) };
        if let Some(next) = next.filter(|next| !next.is_empty()) {
            let words = match (self.is_clean(), self.failed.is_empty()) {
                (true, _) => "Next: ",
                (false, true) => "Nothing is lost. To go on: ",
                (false, false) => "Nothing is lost. When the cause is gone: ",
            };
            let line = Line::at(2).plain(words);
            if line.width() + next.len() > style.columns() {
                line.write(style, &mut out);
                Line::at(4).with(Tone::Hint, next).write(style, &mut out);
            } else {
                line.with(Tone::Hint, next).write(style, &mut out);
            }
        }
        out
    }

    fn headline(&self, view: &RunView<'_>) -> Headline {
        let mut parts: Vec<String> = Vec::new();
        for (change, number) in &self.done {
            if *change != Change::DeleteReplaced {
                parts.push(format!("{} {}", count(*number), done(*change)));
            }
        }
        let so_far = |change: Change| self.done.get(&change).copied().unwrap_or_default();
        let missing = so_far(Change::DeleteReplaced).saturating_sub(so_far(Change::Replace));
        if missing > 0 {
            parts.push(format!("{} destroyed to be replaced", count(missing)));
        }
        if !self.deferred.is_empty() {
            parts.push(format!("{} deferred", count(self.deferred.len())));
        }
        if parts.is_empty() {
            parts.push(if self.is_clean() { "the state alone" } else { "nothing done" }.to_owned());
        }
        let skipped: usize =
            self.failed.iter().map(|failed| failed.skipped.len()).sum::<usize>() + self.not_started.len();
        let more = [
            (self.failed.len(), "failed"),
            (skipped, "not started"),
            (self.interrupted, "cut off"),
            (self.left.len(), "left"),
        ];
        parts.extend(
            more.iter().filter(|(number, _)| *number > 0).map(|(number, word)| format!("{} {word}", count(*number))),
        );
        let bad = !self.failed.is_empty() || !self.left.is_empty();
        let word = if self.is_clean() {
            "done"
        } else if bad {
            "not all done"
        } else {
            "interrupted"
        };
        Headline { clean: self.is_clean(), words: format!("{} {word}: {}", view.stack, parts.join(", ")) }
    }
}

struct Headline {
    clean: bool,
    words: String,
}

impl Headline {
    fn write_wrapped(&self, style: &Style, out: &mut String) {
        let (mark, tone) =
            if self.clean { (style.marks().done, Tone::Add) } else { (style.marks().failed, Tone::Destroy) };
        let head = Line::default().with(tone, mark).plain(" ");
        let column = head.width();
        let mut lines = wrap(&self.words, style.columns().saturating_sub(column)).into_iter();
        head.with(Tone::Strong, lines.next().unwrap_or_default()).write(style, out);
        for line in lines {
            Line::at(column).with(Tone::Strong, line).write(style, out);
        }
    }
}

fn paragraph(column: usize, tone: Tone, text: &str, style: &Style, out: &mut String) {
    for line in wrap(text, style.columns().saturating_sub(column)) {
        Line::at(column).with(tone, line).write(style, out);
    }
}

fn number(calls: u64) -> usize {
    usize::try_from(calls).unwrap_or(usize::MAX)
}
