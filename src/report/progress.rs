//! Progress on a terminal: how far the run is, what is under way, longest path
//! first, and what it waits for most.

use std::collections::HashMap;
use std::time::Duration;

use fathuss_engine::event::{Event, Told};
use fathuss_engine::plan::Change;
use fathuss_engine::provider::CallCounts;
use fathuss_model::Address;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::duration::digits;
use crate::line::Line;
use crate::style::{Style, Tone, doing};

/// Draws at most this often, so that a run in virtual time is not slowed by being watched.
const BETWEEN_DRAWS: Duration = Duration::from_millis(66);
/// The width of the header's bar, in columns.
const BAR: usize = 24;

/// A run as it goes on.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    style: Style,
    /// How many lines may be used for what is under way.
    lines: usize,
    stack: String,
    total: usize,
    done: usize,
    failed: usize,
    began_ms: u64,
    now_ms: u64,
    expected_ms: u64,
    running: HashMap<Address, Running>,
    drawn: Option<Duration>,
    turn: usize,
}

#[derive(Clone, Debug)]
struct Running {
    change: Change,
    began_ms: u64,
    expected_ms: u64,
    path_ms: u64,
    state: Option<String>,
}

impl Progress {
    /// Draws on a target of so many lines.
    #[must_use]
    pub fn new(target: ProgressDrawTarget, style: Style, height: usize, stack: &str) -> Self {
        let bar = ProgressBar::with_draw_target(None, target);
        // The template is a literal that indicatif knows.
        if let Ok(template) = ProgressStyle::with_template("{msg}") {
            bar.set_style(template);
        }
        Self {
            bar,
            style,
            lines: height.saturating_sub(4).max(1),
            stack: stack.to_owned(),
            total: 0,
            done: 0,
            failed: 0,
            began_ms: 0,
            now_ms: 0,
            expected_ms: 0,
            running: HashMap::new(),
            drawn: None,
            turn: 0,
        }
    }

    /// Takes in an event. `wall` is how long the program has run.
    pub fn hear(&mut self, told: &Told, calls: &CallCounts, wall: Duration) {
        self.now_ms = told.at_ms;
        match &told.event {
            Event::Started { actions, expected_ms } => {
                (self.total, self.expected_ms, self.began_ms) = (*actions, *expected_ms, told.at_ms);
            }
            Event::Begun { address, change, expected_ms, path_ms } => {
                let (expected_ms, path_ms, began_ms) = (*expected_ms, *path_ms, told.at_ms);
                let running = Running { change: *change, began_ms, expected_ms, path_ms, state: None };
                self.running.insert(address.clone(), running);
            }
            Event::Waiting { address, state } => {
                if let Some(running) = self.running.get_mut(address) {
                    running.state = Some(state.clone());
                }
            }
            Event::Retrying { address, failure, .. } => {
                if let Some(running) = self.running.get_mut(address) {
                    running.state = Some(format!("again after {}", failure.code));
                }
            }
            Event::Done { address, .. } => {
                self.done += 1;
                self.running.remove(address);
            }
            Event::Failed { address, .. } => {
                self.failed += 1;
                self.running.remove(address);
            }
            Event::Recovered { .. }
            | Event::Identified { .. }
            | Event::Skipped { .. }
            | Event::Draining { .. }
            | Event::Finished { .. } => {}
        }
        self.draw(calls, wall);
    }

    /// Time has gone on; `now_ms` is the target's clock.
    pub fn tick(&mut self, now_ms: u64, calls: &CallCounts, wall: Duration) {
        self.now_ms = now_ms;
        self.draw(calls, wall);
    }

    /// Prints lines above what is drawn.
    pub fn print(&self, text: &str) {
        self.bar.println(text);
    }

    /// Takes the drawing away.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }

    fn draw(&mut self, calls: &CallCounts, wall: Duration) {
        if self.drawn.is_some_and(|last| wall < last + BETWEEN_DRAWS) {
            return;
        }
        self.drawn = Some(wall);
        self.turn += 1;
        self.bar.set_message(self.text(calls));
    }

    /// What is drawn.
    #[must_use]
    pub fn text(&self, calls: &CallCounts) -> String {
        let mut rows = vec![self.header()];
        let mut running: Vec<_> = self.running.iter().collect();
        running.sort_by(|(one, a), (other, b)| b.path_ms.cmp(&a.path_ms).then_with(|| one.cmp(other)));
        for (position, (address, running)) in running.iter().take(self.lines).enumerate() {
            rows.push(self.row(address, running, position == 0));
        }
        if running.len() > self.lines {
            rows.push(Line::at(2).with(Tone::Faint, format!("and {} more", running.len() - self.lines)));
        }
        rows.push(self.footer(calls));
        let rows: Vec<String> =
            rows.into_iter().map(|row| row.cut(self.style.width, &self.style).text(&self.style)).collect();
        rows.join("\n")
    }

    fn header(&self) -> Line {
        let marks = self.style.marks();
        let filled = (self.done * BAR).checked_div(self.total).unwrap_or(BAR).min(BAR);
        let elapsed = Duration::from_millis(self.now_ms.saturating_sub(self.began_ms));
        let rest = BAR.saturating_sub(filled + 1);
        let end = if filled < BAR { marks.bar_end } else { "" };
        Line::at(0)
            .with(Tone::Strong, &self.stack)
            .plain(" ")
            .with(Tone::Add, marks.bar.repeat(filled) + end)
            .with(Tone::Faint, marks.bar_rest.repeat(rest))
            .plain(format!(
                " {}/{}  {} of about {}",
                self.done,
                self.total,
                digits(elapsed),
                digits(elapsed + self.remaining())
            ))
    }

    /// What the longest path still takes, at least.
    fn remaining(&self) -> Duration {
        let left = |running: &Running| {
            let elapsed = self.now_ms.saturating_sub(running.began_ms).min(running.expected_ms);
            running.path_ms.saturating_sub(elapsed)
        };
        let all = if self.done == 0 && self.running.is_empty() { self.expected_ms } else { 0 };
        Duration::from_millis(self.running.values().map(left).max().unwrap_or(all))
    }

    fn row(&self, address: &Address, running: &Running, longest: bool) -> Line {
        let marks = self.style.marks();
        let spinner = marks.spinner.get(self.turn % marks.spinner.len().max(1)).copied().unwrap_or("*");
        let elapsed = Duration::from_millis(self.now_ms.saturating_sub(running.began_ms));
        let expected = Duration::from_millis(running.expected_ms);
        let state = running.state.clone().unwrap_or_else(|| doing(running.change).to_owned());
        let name = address.local();
        let line = Line::at(2)
            .with(Tone::of(running.change), spinner)
            .plain(" ")
            .with(Tone::Strong, &name)
            .to((self.style.width / 2).max(name.len() + 6))
            .plain(format!("{state}  {}", digits(elapsed)))
            .with(Tone::Faint, format!(" of {}{}", marks.about, digits(expected)));
        if longest { line.with(Tone::Hint, "  critical path") } else { line }
    }

    fn footer(&self, calls: &CallCounts) -> Line {
        let marks = self.style.marks();
        let waiting = self.total.saturating_sub(self.done + self.failed + self.running.len());
        let dot = marks.dot;
        Line::at(2).with(Tone::Add, marks.done).plain(format!(
            " {} done {dot} {waiting} waiting {dot} {} failed {dot} {} calls {dot} throttled {}",
            self.done,
            self.failed,
            calls.total(),
            calls.throttled
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(at_ms: u64, event: Event) -> Told {
        Told { at_ms, event }
    }

    fn address(text: &str) -> Address {
        text.parse().expect("an address")
    }

    fn begun(name: &str, expected: u64, path: u64) -> Event {
        Event::Begun {
            address: address(name),
            change: Change::Create,
            expected_ms: expected * 1000,
            path_ms: path * 1000,
        }
    }

    #[test]
    fn the_longest_path_comes_first_and_no_line_is_wider_than_the_terminal() {
        let style = Style { width: 60, colour: false, unicode: true };
        let mut progress = Progress::new(ProgressDrawTarget::hidden(), style, 24, "staging");
        let calls = CallCounts::default();
        let wall = Duration::ZERO;
        progress.hear(&told(0, Event::Started { actions: 98, expected_ms: 870_000 }), &calls, wall);
        progress.hear(&told(0, begun("staging.aws_db_instance.postgres", 420, 500)), &calls, wall);
        progress.hear(&told(0, begun("staging.aws_eks_cluster.main", 540, 870)), &calls, wall);
        let waiting = Event::Waiting { address: address("staging.aws_eks_cluster.main"), state: "CREATING".to_owned() };
        progress.hear(&told(238_000, waiting), &calls, wall);
        let text = progress.text(&calls);
        insta::assert_snapshot!(text);
        assert!(text.lines().all(|line| unicode_width::UnicodeWidthStr::width(line) <= 60), "{text}");
        assert!(text.find("aws_eks_cluster") < text.find("aws_db_instance"), "{text}");
    }

    #[test]
    fn what_does_not_fit_the_height_is_counted() {
        let style = Style { width: 80, colour: false, unicode: true };
        let mut progress = Progress::new(ProgressDrawTarget::hidden(), style, 7, "staging");
        let calls = CallCounts::default();
        for number in 0..9 {
            progress.hear(&told(0, begun(&format!("staging.aws_vpc.n{number}"), 2, 2)), &calls, Duration::ZERO);
        }
        assert!(progress.text(&calls).contains("and 6 more"));
    }
}
