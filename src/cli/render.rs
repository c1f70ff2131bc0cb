//! Puts what `fathuss-report` renders where it belongs: results to standard
//! output, progress and troubles to standard error.

use std::io::Write;
use std::time::{Duration, Instant};

use fathuss_engine::event::{Event, Told};
use fathuss_engine::provider::CallCounts;
use fathuss_engine::run::Prepared;
use fathuss_model::schema::Schema;
use fathuss_report::plan::Reading;
use fathuss_report::progress::Progress;
use fathuss_report::{
    Expected, Plain, PlanView, RunView, Style, Tally, Trouble, error_json, error_text, event_json, findings_text,
    plan_text, run_json,
};

use fathuss_state::{Backend, Place};

use crate::error::Error;
use crate::options::Output;
use crate::screen::screen;

/// Prints to standard output. A reader that has left misses it; what is to be done is done all the same, and the exit
/// status says how it went.
pub fn print(text: &str) -> Result<(), Error> {
    let mut stdout = std::io::stdout().lock();
    let line_end = if text.ends_with('\n') { "" } else { "\n" };
    match write!(stdout, "{text}{line_end}").and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(Error::Output),
    }
}

/// Any value as one line of JSON.
pub fn json(value: &impl serde::Serialize) -> Result<String, Error> {
    fathuss_report::json::json(value).map_err(|error| Error::Usage(error.to_string()))
}

/// What is known around a plan that is shown.
pub struct Around<'a> {
    /// Calls sent to read.
    pub calls: CallCounts,
    /// How long reading took, on the target's clock.
    pub took: Duration,
    /// Whether anything was read.
    pub read: bool,
    /// Whether everything is shown in full.
    pub full: bool,
    /// The command that shows everything and changes nothing.
    pub see_all: &'a str,
    /// The command that comes next, where one does.
    pub next: Option<String>,
    /// The schemas.
    pub schema: &'a dyn Fn(&str) -> Option<&'static Schema>,
}

/// Prints a plan.
pub fn plan(prepared: &Prepared, around: &Around<'_>, output: &Output) -> Result<(), Error> {
    if output.json {
        return print(&json(&prepared.plan)?);
    }
    let expected = Expected::of(&prepared.plan, &prepared.snapshot.durations_ms, around.schema);
    let view = PlanView {
        expected: Some(&expected),
        snapshot: Some(&prepared.snapshot),
        graph: Some(&prepared.graph),
        read: around.read.then(|| Reading { calls: around.calls.total(), took: around.took }),
        full: around.full,
        see_all: Some(around.see_all.to_owned()),
        next: around.next.clone(),
    };
    print(&plan_text(&prepared.plan, &view, &style(output)))
}

/// How reports look here.
pub fn style(output: &Output) -> Style {
    Style { width: output.width, colour: output.colour, unicode: output.unicode }
}

/// Shows a run while it goes on.
pub struct Run {
    output: Output,
    stack: String,
    tally: Tally,
    plain: Plain,
    /// What is drawn while actions run, on a terminal.
    progress: Option<Progress>,
    began: Instant,
    /// When a line was printed last, where nothing is drawn.
    said: Instant,
}

/// How long nothing is said where nothing is drawn, so that nobody takes it for dead.
const SILENT: Duration = Duration::from_secs(30);

impl Run {
    /// Nothing has happened yet.
    pub fn new(output: &Output, stack: &str) -> Self {
        Self {
            output: *output,
            stack: stack.to_owned(),
            tally: Tally::default(),
            plain: Plain::new(),
            progress: None,
            began: Instant::now(),
            said: Instant::now(),
        }
    }

    /// Something happened.
    pub fn hear(&mut self, told: &Told, calls: &CallCounts) {
        self.tally.take(told);
        if self.output.json {
            if let Ok(line) = event_json(told) {
                // A reader that is gone is no reason to stop a run.
                let _ = writeln!(std::io::stdout().lock(), "{line}");
            }
            return;
        }
        let style = style(&self.output);
        if self.output.terminal {
            let begins = match told.event {
                Event::Started { .. } => {
                    let _ = writeln!(std::io::stderr().lock());
                    true
                }
                Event::Recovering { .. } => self.progress.is_none(),
                _ => false,
            };
            if begins {
                self.progress = Some(Progress::new(screen(), style, self.output.height, &self.stack));
            }
        }
        let Some(progress) = &mut self.progress else {
            let line = self.plain.line(told, &style);
            self.say(line);
            return;
        };
        let lines = self.plain.lines(told, &style);
        let is_news = matches!(
            told.event,
            Event::Failed { .. } | Event::Recovered { .. } | Event::Left { .. } | Event::Draining { .. }
        );
        if is_news {
            progress.print(&lines);
        }
        progress.hear(told, calls, self.began.elapsed());
    }

    fn say(&mut self, line: Option<String>) {
        if let Some(line) = line {
            let _ = writeln!(std::io::stderr().lock(), "{line}");
            self.said = Instant::now();
        }
    }

    /// Recovery is over: its drawing goes, the lines above it stay.
    pub fn recovered(&mut self) {
        if let Some(progress) = self.progress.take() {
            progress.end();
        }
    }

    /// Time has gone on.
    pub fn tick(&mut self, now: Duration, calls: &CallCounts) {
        let now_ms = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        match &mut self.progress {
            Some(progress) => progress.tick(now_ms, calls, self.began.elapsed()),
            None if self.output.json || self.said.elapsed() < SILENT => {}
            None => {
                let line = self.plain.still(now_ms, &style(&self.output));
                self.say(line);
            }
        }
    }

    /// Applying is over.
    pub fn end(&mut self, calls: CallCounts, real: Duration, simulated: bool, again: &str) -> Result<(), Error> {
        if let Some(progress) = &self.progress {
            progress.end();
        }
        let stack = &self.stack;
        let view = RunView { stack, calls, wall: real, simulated, again, next: None, failures_shown: false };
        if self.output.json {
            return print(&run_json(&self.tally, &view).map_err(|error| Error::Usage(error.to_string()))?);
        }
        // On a terminal the gap is there already, above what was drawn.
        let gap = if self.progress.is_some() { "" } else { "\n" };
        print(&format!("{gap}{}", self.tally.text(&view, &style(&self.output))))
    }
}

/// Prints why a command failed.
pub fn error(error: &Error, again: &str, output: &Output) {
    let mut stderr = std::io::stderr().lock();
    // Where standard error is gone, too, the exit status says it.
    if output.json {
        if let Error::Shown = error {
            return;
        }
        let (failure, findings) = match error {
            Error::Aws(failure) => (Some(&**failure), &[][..]),
            Error::Run(error) => (error.failure(), &[][..]),
            Error::Findings { findings, .. } => (None, findings.as_slice()),
            _ => (None, &[][..]),
        };
        if let Ok(line) = error_json(&error.to_string(), failure, findings) {
            let _ = writeln!(stderr, "{line}");
        }
        return;
    }
    let style = style(output);
    let text = match error {
        Error::Shown => return,
        Error::Findings { stack, findings } => findings_text(stack, findings, &style),
        Error::State(error) => Trouble::of_state(error, again).text(&style),
        Error::Locked { error, unlock } => {
            let otherwise = "Where it is certainly dead, and only then, take its lock away:";
            Trouble::of_state(error, again).otherwise(otherwise, unlock).text(&style)
        }
        Error::Run(error) => Trouble::of_run(error, again).text(&style),
        Error::Aws(failure) => Trouble::of_failure("AWS", failure, Some(again)).text(&style),
        error => error_text(&error.to_string(), &style),
    };
    let _ = write!(stderr, "{text}");
}

/// Tells something beside the result.
pub fn note(text: &str, output: &Output) {
    let mut stderr = std::io::stderr().lock();
    // What can't be told is no reason to stop.
    let _ = match output.json {
        true => writeln!(stderr, "{}", serde_json::json!({ "message": text })),
        false => writeln!(stderr, "{text}"),
    };
}

/// Tells whose lock was taken over, where one was.
pub fn took_over(store: &dyn Backend, place: &Place, output: &Output) {
    let Some(dead) = store.taken_over() else { return };
    let why = if matches!(place, Place::File(_)) { "which is dead" } else { "whose lease had lapsed" };
    note(&format!("took over the lock of {dead}, {why}"), output);
}
