//! Progress on a terminal: how far the run is, what is under way, longest path
//! first, and what it waits for most.

use std::collections::HashMap;
use std::time::Duration;

use fathuss_engine::event::{Event, Told};
use fathuss_engine::plan::Change;
use fathuss_engine::provider::CallCounts;
use fathuss_model::Address;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use unicode_width::UnicodeWidthStr;

use crate::duration::digits;
use crate::line::{Line, count, harmless, shorten};
use crate::style::{Style, Tone, doing};

/// Draws at most this often, so that a run in virtual time is not slowed by being watched.
const BETWEEN_DRAWS: Duration = Duration::from_millis(66);
/// The width of the header's bar, in columns.
const BAR: usize = 24;

/// What takes so much longer than half as long again is late.
const GRACE_MS: u64 = 15_000;
/// Where the names of what is under way begin.
const NAME: usize = 4;
/// Names are not cut below this width.
const LEAST_NAME: usize = 16;
/// States wider than this are cut.
const WIDEST_STATE: usize = 26;
/// Room for the gaps, for `12:03 of ~30:00` and for `critical path` or, in a narrow terminal, its mark.
const TIMES: usize = 35;
const TIMES_IF_NARROW: usize = 24;
/// A terminal with fewer columns is narrow.
const NARROW: usize = 72;

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
    draining: bool,
    began_ms: u64,
    now_ms: u64,
    expected_ms: u64,
    running: HashMap<Address, Running>,
    drawn: Option<Duration>,
    turn: usize,
}

/// How wide the columns of the rows are.
struct Columns {
    name: usize,
    state: usize,
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
            draining: false,
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
            Event::Recovering { address, change, expected_ms } => {
                if self.total == 0 {
                    self.began_ms = told.at_ms;
                }
                self.total += 1;
                self.begin(address, *change, *expected_ms, *expected_ms);
            }
            Event::Begun { address, change, expected_ms, path_ms } => {
                self.begin(address, *change, *expected_ms, *path_ms);
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
            Event::Done { address, .. }
            | Event::Deferred { address, .. }
            | Event::Recovered { address, .. }
            | Event::Left { address, .. } => {
                self.done += 1;
                self.running.remove(address);
            }
            Event::Failed { address, .. } => {
                self.failed += 1;
                self.running.remove(address);
            }
            Event::Draining { .. } => self.draining = true,
            Event::Identified { .. } | Event::Skipped { .. } | Event::Finished { .. } => {}
        }
        self.draw(calls, wall);
    }

    fn begin(&mut self, address: &Address, change: Change, expected_ms: u64, path_ms: u64) {
        let running = Running { change, began_ms: self.now_ms, expected_ms, path_ms, state: None };
        self.running.insert(address.clone(), running);
    }

    /// Time has gone on; `now_ms` is the target's clock.
    pub fn tick(&mut self, now_ms: u64, calls: &CallCounts, wall: Duration) {
        self.now_ms = now_ms;
        self.draw(calls, wall);
    }

    /// Prints lines above what is drawn. None may be wider than the terminal: what it breaks by itself is not counted.
    pub fn print(&self, lines: &[String]) {
        self.bar.println(lines.join("\n"));
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
        let mut running: Vec<_> = self.running.iter().collect();
        running.sort_by(|(one, a), (other, b)| self.left(b).cmp(&self.left(a)).then_with(|| one.cmp(other)));
        let hidden = running.len().saturating_sub(self.lines);
        running.truncate(self.lines);
        let columns = self.columns(&running);
        let mut rows = vec![self.header()];
        for (position, (address, running)) in running.iter().enumerate() {
            rows.push(self.row(address, running, position == 0, &columns));
        }
        if hidden > 0 {
            rows.push(Line::at(4).with(Tone::Faint, format!("and {} more", count(hidden))));
        }
        rows.push(self.footer(calls));
        let rows: Vec<String> =
            rows.into_iter().map(|row| row.cut(self.style.width, &self.style).text(&self.style)).collect();
        rows.join("\n")
    }

    /// Names and states as wide as the widest shown, as far as the times behind them have room.
    fn columns(&self, running: &[(&Address, &Running)]) -> Columns {
        let states = running.iter().map(|(_, running)| running.word().width()).max().unwrap_or(0).min(WIDEST_STATE);
        let names = running.iter().map(|(address, _)| address.local().width()).max().unwrap_or(0);
        let times = if self.style.width < NARROW { TIMES_IF_NARROW } else { TIMES };
        let room = self.style.width.saturating_sub(NAME + states + times);
        Columns { name: names.min(room.max(LEAST_NAME)), state: states }
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
        let all = if self.done == 0 && self.running.is_empty() { self.expected_ms } else { 0 };
        Duration::from_millis(self.running.values().map(|running| self.left(running)).max().unwrap_or(all))
    }

    /// What the path of something under way still takes, at least: when it is late, what is behind it is still to come.
    fn left(&self, running: &Running) -> u64 {
        let elapsed = self.now_ms.saturating_sub(running.began_ms).min(running.expected_ms);
        running.path_ms.saturating_sub(elapsed)
    }

    fn row(&self, address: &Address, running: &Running, longest: bool, columns: &Columns) -> Line {
        let marks = self.style.marks();
        let spinner = marks.spinner.get(self.turn % marks.spinner.len().max(1)).copied().unwrap_or("*");
        let elapsed = Duration::from_millis(self.now_ms.saturating_sub(running.began_ms));
        let expected = Duration::from_millis(running.expected_ms);
        let name = shorten(&address.local(), columns.name, &self.style);
        let state = shorten(&harmless(&running.word()), columns.state, &self.style);
        let line = Line::at(2)
            .with(Tone::of(running.change), spinner)
            .to(NAME)
            .with(Tone::Strong, name)
            .to(NAME + columns.name + 2)
            .plain(state)
            .to(NAME + columns.name + columns.state + 4);
        let elapsed = format!("{:>5}", digits(elapsed));
        let (tone, of) = (Tone::Faint, format!(" of {}{}", marks.about, digits(expected)));
        let is_late =
            self.now_ms.saturating_sub(running.began_ms) > running.expected_ms.saturating_mul(3) / 2 + GRACE_MS;
        let line = line.with(if is_late { Tone::Change } else { Tone::Plain }, elapsed).with(tone, of);
        let line = if is_late { line.with(Tone::Change, "  late") } else { line };
        let words = "  critical path";
        let has_room = line.width() + words.len() <= self.style.width;
        match (longest, has_room) {
            (true, true) => line.with(Tone::Hint, words),
            (true, false) => line.with(Tone::Hint, " *"),
            (false, _) => line,
        }
    }

    fn footer(&self, calls: &CallCounts) -> Line {
        let marks = self.style.marks();
        let waiting = self.total.saturating_sub(self.done + self.failed + self.running.len());
        let dot = format!(" {} ", marks.dot);
        let (mark, tone) = if self.failed > 0 { (marks.failed, Tone::Destroy) } else { (marks.done, Tone::Add) };
        let failed = if self.failed > 0 { Tone::Destroy } else { Tone::Plain };
        let line = Line::at(2)
            .with(tone, mark)
            .plain(format!(" {} done{dot}{} waiting{dot}", count(self.done), count(waiting)))
            .with(failed, format!("{} failed", count(self.failed)))
            .plain(format!("{dot}{} calls{dot}throttled {}", calls.total(), calls.throttled));
        if self.draining { line.with(Tone::Change, format!("{dot}draining")) } else { line }
    }
}

impl Running {
    /// The state in AWS's own word, or what is being done.
    fn word(&self) -> String {
        self.state.clone().unwrap_or_else(|| doing(self.change).to_owned())
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

    fn two_minutes_in(style: Style) -> Progress {
        let mut progress = Progress::new(ProgressDrawTarget::hidden(), style, 24, "staging");
        let calls = CallCounts::default();
        let events = [
            (0, Event::Started { actions: 98, expected_ms: 870_000 }),
            (0, begun("staging.aws_db_instance.postgres", 420, 500)),
            (0, begun("staging.aws_eks_cluster.main", 540, 870)),
            (
                1_000,
                begun("staging.aws_iam_role_policy_attachment.node[\"AmazonEC2ContainerRegistryPullOnly\"]", 2, 600),
            ),
            (2_000, begun("staging.aws_vpc.main", 2, 900)),
            (4_000, Event::Done { address: address("staging.aws_vpc.main"), change: Change::Create, took_ms: 2_000 }),
            (
                238_000,
                Event::Waiting { address: address("staging.aws_eks_cluster.main"), state: "CREATING".to_owned() },
            ),
        ];
        for (at_ms, event) in events {
            progress.hear(&told(at_ms, event), &calls, Duration::ZERO);
        }
        progress
    }

    #[test]
    fn the_longest_path_comes_first_and_no_line_is_wider_than_the_terminal() {
        let mut all = String::new();
        for width in [60, 80, 120] {
            let text = two_minutes_in(Style { width, colour: false, unicode: true }).text(&CallCounts::default());
            assert!(text.lines().all(|line| line.width() <= width), "{text}");
            assert!(text.find("aws_eks_cluster") < text.find("aws_db_instance"), "{text}");
            all.push_str(&format!("{text}\n\n"));
        }
        insta::assert_snapshot!(all);
    }

    #[test]
    fn a_terminal_of_ascii_gets_ascii() {
        let text = two_minutes_in(Style::bare(80)).text(&CallCounts::default());
        assert!(text.is_ascii(), "{text}");
    }

    #[test]
    fn a_state_from_outside_can_not_move_the_cursor() {
        let mut progress = two_minutes_in(Style { width: 80, colour: false, unicode: true });
        let waiting =
            Event::Waiting { address: address("staging.aws_eks_cluster.main"), state: "\u{1b}[2J".to_owned() };
        progress.hear(&told(1, waiting), &CallCounts::default(), Duration::ZERO);
        let text = progress.text(&CallCounts::default());
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
    }

    #[test]
    fn failures_and_draining_are_said() {
        let mut progress = two_minutes_in(Style { width: 80, colour: false, unicode: true });
        let failure = fathuss_engine::provider::Failure {
            class: fathuss_engine::provider::FailureClass::Refused,
            service: "RDS".to_owned(),
            operation: "CreateDBInstance".to_owned(),
            code: "InvalidParameterValue".to_owned(),
            message: String::new(),
            request_id: None,
            hint: None,
        };
        let address = address("staging.aws_db_instance.postgres");
        let failed = Event::Failed { address, source: None, change: Change::Create, failure, left: String::new() };
        for event in [failed, Event::Draining { running: 2 }] {
            progress.hear(&told(240_000, event), &CallCounts::default(), Duration::ZERO);
        }
        let text = progress.text(&CallCounts::default());
        assert!(text.contains("1 failed") && text.ends_with("draining"), "{text}");
        assert!(!text.contains("aws_db_instance"), "{text}");
    }

    /// A terminal that counts what is written to it.
    #[derive(Clone, Debug, Default)]
    struct Counter(std::sync::Arc<std::sync::Mutex<Vec<String>>>);

    impl indicatif::TermLike for Counter {
        fn width(&self) -> u16 {
            80
        }
        fn move_cursor_up(&self, _: usize) -> std::io::Result<()> {
            Ok(())
        }
        fn move_cursor_down(&self, _: usize) -> std::io::Result<()> {
            Ok(())
        }
        fn move_cursor_right(&self, _: usize) -> std::io::Result<()> {
            Ok(())
        }
        fn move_cursor_left(&self, _: usize) -> std::io::Result<()> {
            Ok(())
        }
        fn write_line(&self, text: &str) -> std::io::Result<()> {
            self.write_str(text)
        }
        fn write_str(&self, text: &str) -> std::io::Result<()> {
            self.0.lock().expect("nothing panics with it").push(text.to_owned());
            Ok(())
        }
        fn clear_line(&self) -> std::io::Result<()> {
            Ok(())
        }
        fn flush(&self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_run_in_virtual_time_is_drawn_fifteen_times_a_second_whatever_it_tells() {
        let terminal = Counter::default();
        let target = ProgressDrawTarget::term_like(Box::new(terminal.clone()));
        let mut progress = Progress::new(target, Style { width: 80, colour: true, unicode: true }, 24, "staging");
        for number in 0..10_000_u32 {
            let wall = Duration::from_secs(1) * number / 10_000;
            let event = begun(&format!("staging.aws_vpc.n{}", number % 50), 2, 2);
            progress.hear(&told(u64::from(number) * 1000, event), &CallCounts::default(), wall);
        }
        let written = terminal.0.lock().expect("nothing panics with it").concat();
        let frames = written.matches("0/0").count();
        assert!((1..=16).contains(&frames), "{frames}");
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
