//! Progress without a terminal: one plain line for each event worth reading,
//! with the time since the run began.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use fathuss_engine::event::{Event, Told};
use fathuss_model::Address;

use crate::duration::{about, digits, exact};
use crate::failure::in_short;
use crate::line::{Line, plural};
use crate::style::{Style, Tone, doing, done};

/// Shorter expectations go without saying.
const WORTH_SAYING: Duration = Duration::from_secs(10);
/// Where a line goes on that is broken.
const BELOW: usize = 11;

/// Turns events into lines. It has to be told all of them: it remembers when the run began and what was said last,
/// so that nothing is said twice.
#[derive(Debug, Default)]
pub struct Plain {
    began_ms: Option<u64>,
    /// How many operations of an earlier run are under way.
    recovering: usize,
    /// What is under way, and what was said of it last.
    states: BTreeMap<Address, String>,
    /// Which call of an action failed last, in which way, and when that was told.
    failing: HashMap<Address, (String, u64)>,
}

/// How many of those under way are named.
const NAMED: usize = 3;

/// How often it is told that a call fails in the same way.
const STILL_FAILING_MS: u64 = 30_000;

impl Plain {
    /// Nothing was told yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The line for an event, without a line break; none where it says nothing new.
    pub fn line(&mut self, told: &Told, style: &Style) -> Option<String> {
        Some(self.take(told, style)?.text(style))
    }

    /// The same, broken into lines that are no wider than the style says.
    pub fn lines(&mut self, told: &Told, style: &Style) -> Vec<String> {
        let line = self.take(told, style);
        line.into_iter().flat_map(|line| line.broken(style.columns(), BELOW)).map(|line| line.text(style)).collect()
    }

    /// A line for when nothing was told for a while: what is under way.
    pub fn still(&self, at_ms: u64, style: &Style) -> Option<String> {
        let named = self.states.iter().take(NAMED).map(|(address, state)| match state.as_str() {
            "" => address.local(),
            state => format!("{} ({state})", address.local()),
        });
        let more = self.states.len().saturating_sub(NAMED);
        let mut named: Vec<String> = named.collect();
        named.extend((more > 0).then(|| format!("{more} more")));
        (!named.is_empty())
            .then(|| self.begin(at_ms).plain(format!("still under way: {}", named.join(", "))).text(style))
    }

    /// The time that a line begins with.
    fn begin(&self, at_ms: u64) -> Line {
        let elapsed = Duration::from_millis(at_ms.saturating_sub(self.began_ms.unwrap_or(at_ms)));
        let time = digits(elapsed);
        Line::at(7_usize.saturating_sub(time.len())).with(Tone::Faint, time).plain("  ")
    }

    fn take(&mut self, told: &Told, style: &Style) -> Option<Line> {
        if let Event::Started { .. } = told.event {
            // Recovery and the question are behind it: from here on the time is that of the actions.
            *self = Self::default();
        }
        self.began_ms.get_or_insert(told.at_ms);
        self.say(told, self.begin(told.at_ms), style)
    }

    fn say(&mut self, Told { at_ms, event }: &Told, line: Line, style: &Style) -> Option<Line> {
        let about_one = |line: Line, mark: &str, tone: Tone, address: &Address| {
            line.with(tone, mark)
                .to(10 + style.marks().done.len().min(2))
                .with(Tone::Strong, address.local())
                .plain(": ")
        };
        let marks = style.marks();
        Some(match event {
            Event::Started { actions, expected_ms } => {
                let expected = about(Duration::from_millis(*expected_ms));
                line.plain(format!("begins: {}, about {expected}", plural(*actions, "action", "actions")))
            }
            Event::Recovering { address, change, expected_ms } => {
                self.recovering += 1;
                self.states.insert(address.clone(), String::new());
                let line = about_one(line, style.mark(*change), Tone::of(*change), address);
                let line = line.plain(format!("{}, as an earlier run began", doing(*change)));
                let expected = Duration::from_millis(*expected_ms);
                if expected >= WORTH_SAYING { line.plain(format!(", about {}", about(expected))) } else { line }
            }
            Event::Recovered { address, what } => {
                self.recovering = self.recovering.saturating_sub(1);
                self.states.remove(address);
                about_one(line, marks.done, Tone::Add, address).plain(format!("from an earlier run: {what}"))
            }
            Event::Left { address, failure } => {
                self.recovering = self.recovering.saturating_sub(1);
                self.states.remove(address);
                about_one(line, "!", Tone::Change, address)
                    .plain(format!("what an earlier run began can't be looked at, and is left to the plan: {failure}"))
            }
            Event::Begun { address, change, expected_ms, .. } => {
                self.states.insert(address.clone(), String::new());
                let expected = Duration::from_millis(*expected_ms);
                let line = about_one(line, style.mark(*change), Tone::of(*change), address).plain(doing(*change));
                if expected >= WORTH_SAYING { line.plain(format!(", about {}", about(expected))) } else { line }
            }
            Event::Identified { address, identity } => {
                about_one(line, " ", Tone::Plain, address).plain(format!("is {identity}"))
            }
            Event::Waiting { address, state } => {
                if self.states.insert(address.clone(), state.clone()).as_ref() == Some(state) {
                    return None;
                }
                about_one(line, " ", Tone::Plain, address).plain(format!("is {state}"))
            }
            Event::Retrying { address, failure, in_ms } => {
                let how = format!("{} {}", failure.operation, failure.code).trim_start().to_owned();
                if let Some(state) = self.states.get_mut(address) {
                    state.clone_from(&how);
                }
                match self.failing.get(address) {
                    Some((told, since)) if *told == how && at_ms.saturating_sub(*since) < STILL_FAILING_MS => {
                        return None;
                    }
                    _ => self.failing.insert(address.clone(), (how, *at_ms)),
                };
                let pause = exact(Duration::from_millis(*in_ms));
                about_one(line, "!", Tone::Change, address).plain(format!("again in {pause}: {}", in_short(failure)))
            }
            Event::Done { address, change, took_ms } => {
                self.states.remove(address);
                let took = exact(Duration::from_millis(*took_ms));
                about_one(line, marks.done, Tone::Add, address).plain(format!("{} in {took}", done(*change)))
            }
            Event::Deferred { address, because, .. } => {
                self.states.remove(address);
                about_one(line, marks.dot, Tone::Change, address).plain(format!("deferred, because {because}"))
            }
            Event::Failed { address, failure, .. } => {
                self.states.remove(address);
                about_one(line, marks.failed, Tone::Destroy, address).plain(format!("failed: {}", in_short(failure)))
            }
            Event::Skipped { address, because_of, .. } => {
                let because = match because_of {
                    Some(first) => format!("not started, because {} failed", first.local()),
                    None => "not started, because the run was interrupted".to_owned(),
                };
                about_one(line, marks.dot, Tone::Faint, address).plain(because)
            }
            Event::Draining { .. } if self.recovering > 0 => {
                line.with(Tone::Change, "draining: finishing what the earlier run began; a second Ctrl-C stops at once")
            }
            Event::Draining { running } => {
                let running = plural(*running, "action", "actions");
                line.with(
                    Tone::Change,
                    format!("draining: nothing new is started, {running} under way; a second Ctrl-C stops at once"),
                )
            }
            Event::Finished { done, failed, skipped, interrupted, took_ms } => {
                let took = exact(Duration::from_millis(*took_ms));
                line.plain(format!("over after {took}: {done} done, {failed} failed, {skipped} not started"))
                    .plain(if *interrupted > 0 { format!(", {interrupted} cut off") } else { String::new() })
            }
        })
    }
}
