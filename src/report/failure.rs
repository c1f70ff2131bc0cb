//! What went wrong, as a person reads it: on which address, at which line, why
//! in AWS's own words, what is there now and what to do next.

use fathuss_engine::plan::{Change, PlanError};
use fathuss_engine::protection::Protected;
use fathuss_engine::provider::{Failure, FailureClass};
use fathuss_engine::run::RunError;
use fathuss_model::Address;
use fathuss_model::graph::{Finding, Source};
use fathuss_state::StateError;
use unicode_width::UnicodeWidthStr;

use crate::line::{Line, plural, shorten, wrap};
use crate::style::{Style, Tone, to_do};

/// Something that went wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trouble {
    /// What it is about: an address, a file, or in a few words what failed.
    pub subject: String,
    /// The line of the stack program.
    pub source: Option<Source>,
    /// What happened, in sentences.
    pub what: Vec<String>,
    /// Someone else's own words: AWS's, a compiler's.
    pub quoted: Vec<String>,
    /// The id of the request, for AWS's support.
    pub request_id: Option<String>,
    /// What is there now, and what was not done because of it.
    pub left: Vec<String>,
    /// What to do next, in words.
    pub hint: Option<String>,
    /// The command to run next, as it is to be typed.
    pub command: Option<String>,
    /// What else can be done, in words, and the command for it.
    pub otherwise: Option<(String, String)>,
}

/// An action that failed, with what did not happen because of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedAction {
    /// The resource.
    pub address: Address,
    /// Its line.
    pub source: Option<Source>,
    /// What was to be done.
    pub change: Change,
    /// Why not.
    pub failure: Failure,
    /// What is there now, in words.
    pub left: String,
    /// What was not started because of it.
    pub skipped: Vec<Address>,
}

impl Trouble {
    /// Something that went wrong, in a few words and a sentence.
    #[must_use]
    pub fn new(subject: impl Into<String>, what: impl Into<String>) -> Self {
        Self { subject: subject.into(), what: vec![what.into()], ..Self::default() }
    }

    /// With the command to run next.
    #[must_use]
    pub fn command(mut self, command: impl Into<String>) -> Self {
        self.command = Some(command.into());
        self
    }

    /// With what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// With what else can be done, and the command for it.
    #[must_use]
    pub fn otherwise(mut self, hint: impl Into<String>, command: impl Into<String>) -> Self {
        self.otherwise = Some((hint.into(), command.into()));
        self
    }

    /// A call that failed. `again` is the command that goes on from here.
    #[must_use]
    pub fn of_failure(subject: impl Into<String>, failure: &Failure, again: Option<&str>) -> Self {
        let (next, advice) = advice(failure);
        Self {
            subject: subject.into(),
            what: vec![headline(failure)],
            quoted: vec![failure.message.clone()].into_iter().filter(|message| !message.is_empty()).collect(),
            request_id: failure.request_id.clone(),
            hint: Some(next.unwrap_or(advice)),
            command: again.map(str::to_owned),
            ..Self::default()
        }
    }

    /// An action that failed. `again` is the command that goes on from here.
    #[must_use]
    pub fn of_action(failed: &FailedAction, again: &str) -> Self {
        let mut trouble = Self::of_failure(failed.address.local(), &failed.failure, Some(again));
        trouble.source.clone_from(&failed.source);
        if failed.failure.operation.is_empty() {
            trouble.what.insert(0, format!("It was to be {}.", past(failed.change)));
        }
        if !failed.left.is_empty() {
            trouble.left.push(sentence(&failed.left));
        }
        if !failed.skipped.is_empty() {
            let names: Vec<String> = failed.skipped.iter().take(6).map(Address::local).collect();
            let more = failed.skipped.len() - names.len();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let were = if failed.skipped.len() == 1 { "dependent was" } else { "dependents were" };
            trouble.left.push(format!("{} {were} not started: {}{more}", failed.skipped.len(), names.join(", ")));
        }
        trouble
    }

    /// Why a run could not go on. `again` is the command that was given.
    #[must_use]
    pub fn of_run(error: &RunError, again: &str) -> Self {
        match error {
            RunError::State(error) => Self::of_state(error, again),
            RunError::Refresh(error) => {
                let mut trouble = Self::of_failure(error.address.local(), &error.failure, Some(again));
                trouble.source.clone_from(&error.source_line);
                trouble.left.push("It could not be read. Nothing was changed.".to_owned());
                trouble
            }
            RunError::Plan(error) => Self::of_plan(error),
            RunError::Part(error) => Self::new("this part can't be changed alone", error.to_string()),
            RunError::Refused { stack, findings } => {
                let said = findings.iter().map(|finding| finding.message.as_str()).collect::<Vec<_>>().join("; ");
                Self::new(format!("stack {stack}"), said)
            }
            RunError::Recovery { address, failure } => {
                let mut trouble = Self::of_failure(address.local(), failure, Some(again));
                let left = "An operation that an earlier run began could not be finished; the journal still has it. Nothing new was started.";
                trouble.left.push(left.to_owned());
                trouble
            }
        }
    }

    /// Why there is no plan.
    #[must_use]
    pub fn of_plan(error: &PlanError) -> Self {
        match error {
            PlanError::Graph(error) => Self::new("the stack can't be planned", error.to_string()),
            PlanError::Field { address, source_line, field, reason } => Self {
                source: Some(source_line.clone()),
                ..Self::new(address.local(), format!("`{field}` has no value: {reason}"))
            },
            PlanError::Output { name, source_line, reason } => Self {
                source: Some(source_line.clone()),
                ..Self::new(format!("output {name}"), format!("It has no value: {reason}"))
            },
            PlanError::Protected(resources) => Self::of_protected(resources),
            PlanError::Held { held, held_line, because, along, holder, holder_line, field } => {
                let (held, holder) = (held.local(), holder.local());
                let along = along.as_ref().map(|(address, field)| (address.local(), field));
                let hint = match &along {
                    Some((root, changed)) => format!(
                        "keep `{changed}` of {root} as it was; or destroy {holder} first: take it out, apply, and \
                         declare it again with the change"
                    ),
                    None => format!(
                        "leave {held} as it is, declare the new one under another name, let `{field}` of {holder} refer to \
                         that, and apply; take the old one out then"
                    ),
                };
                let along = along.map(|(root, changed)| format!(" with `{changed}` of {root}")).unwrap_or_default();
                Self {
                    source: Some(held_line.clone()),
                    ..Self::new(
                        &held,
                        format!(
                            "It would be replaced, because `{because}` changes{along}. {holder} ({holder_line}), which stays, \
                             holds it by `{field}`, so that the old one can't be deleted."
                        ),
                    )
                    .hint(hint)
                }
            }
            PlanError::OtherAccount { address, recorded, wanted } => Self::new(
                address.local(),
                format!(
                    "It is in account {recorded}, and the stack is to be in {wanted}. A state belongs to one account."
                ),
            )
            .hint("set `account` back, or give the stack in the other account a name and a state of its own"),
            PlanError::Impossible { address, source_line, field, reason, next } => Self {
                source: Some(source_line.clone()),
                ..Self::new(address.local(), format!("`{field}`: {reason}")).hint(next.clone())
            },
            PlanError::CreateBeforeDestroy { address, source_line } => Self {
                source: Some(source_line.clone()),
                ..Self::new(address.local(), "It asks for create_before_destroy, which this release does not do yet.")
                    .hint("leave it out, or give the resource another name in the stack program")
            },
        }
    }

    fn of_protected(resources: &[Protected]) -> Self {
        if let [resource] = resources {
            return Self {
                source: resource.source.clone(),
                ..Self::new(resource.address.local(), format!("It is protected and would be {}.", resource.how))
                    .hint(resource.unprotect())
            };
        }
        let each = resources.iter().map(|resource| {
            let (address, how) = (resource.address.local(), &resource.how);
            match &resource.source {
                Some(source) => format!("{address} ({source}) would be {how}."),
                None => format!("{address}, which is declared no more, would be {how}: {}.", resource.unprotect()),
            }
        });
        let declared = resources.iter().find(|resource| resource.source.is_some());
        Self {
            subject: format!("{} resources are protected", resources.len()),
            what: each.collect(),
            hint: declared.map(|resource| resource.unprotect().to_owned()),
            ..Self::default()
        }
    }

    /// Why state could not be read or written. `again` is the command that was given.
    #[must_use]
    pub fn of_state(error: &StateError, again: &str) -> Self {
        let trouble = Self::new("the state", error.to_string());
        match error {
            StateError::Locked { .. } => {
                trouble.hint("wait until that run is over, or ask who holds the lock; then run").command(again)
            }
            StateError::Moved { to } => {
                trouble.hint("in fathuss.toml, name that place").command(format!("state = \"{to}\""))
            }
            StateError::Newer { .. } | StateError::Illegal { .. } => trouble,
            StateError::Damaged { .. } => trouble.hint("put back the last copy that you trust; nothing was changed"),
            StateError::Sealed { recipients, .. } if !recipients.has_age() => {
                trouble.hint("use credentials that may decrypt with one of these keys; nothing was changed")
            }
            StateError::Sealed { .. } => trouble.hint(
                "put an identity of one of them into ~/.config/fathuss/identity.txt, or name its file in FATHUSS_AGE_IDENTITY_FILE; nothing was changed",
            ),
            StateError::Lapsed { .. } => trouble.hint("wait that long; then run").command(again),
            StateError::Unfit { .. } | StateError::Stale { .. } => trouble,
            StateError::NotHeld { .. } | StateError::Storage { .. } => {
                trouble.hint("everything recorded so far is kept: see to the cause, then run").command(again)
            }
        }
    }

    /// The trouble as a person reads it.
    #[must_use]
    pub fn text(&self, style: &Style) -> String {
        let mut out = String::new();
        let width = style.columns();
        let mark = style.marks().failed;
        let indent = 2;
        let head = Line::default().with(Tone::Danger, mark).plain(" ").with(Tone::Strong, &self.subject);
        match &self.source {
            Some(source) => {
                let source = source.to_string();
                let column = 50.max(head.width() + 3);
                let column = if column + source.width() > width { head.width() + 3 } else { column };
                if column + source.width() > width {
                    head.write(style, &mut out);
                    Line::at(indent).with(Tone::Faint, source).write(style, &mut out);
                } else {
                    head.to(column).with(Tone::Faint, source).write(style, &mut out);
                }
            }
            None => head.write(style, &mut out),
        }
        let paragraph = |column: usize, tone: Tone, text: &str, out: &mut String| {
            for line in wrap(text, width.saturating_sub(column)) {
                Line::at(column).with(tone, line).write(style, out);
            }
        };
        for what in &self.what {
            paragraph(indent, Tone::Plain, what, &mut out);
        }
        for quoted in &self.quoted {
            paragraph(indent + 2, Tone::Change, &format!("\"{quoted}\""), &mut out);
        }
        if let Some(id) = &self.request_id {
            Line::at(indent + 2).with(Tone::Faint, format!("request {id}")).write(style, &mut out);
        }
        for left in &self.left {
            paragraph(indent, Tone::Plain, left, &mut out);
        }
        match (&self.hint, &self.command) {
            (Some(hint), _) => paragraph(indent, Tone::Plain, &format!("Next: {hint}"), &mut out),
            (None, Some(_)) => paragraph(indent, Tone::Plain, "Next:", &mut out),
            (None, None) => {}
        }
        if let Some(command) = &self.command {
            Line::at(indent + 2).with(Tone::Hint, command).write(style, &mut out);
        }
        if let Some((hint, command)) = &self.otherwise {
            paragraph(indent, Tone::Plain, hint, &mut out);
            Line::at(indent + 2).with(Tone::Hint, command).write(style, &mut out);
        }
        out
    }
}

/// What went wrong in words alone. A line that is indented is a command or part of a picture, and stays whole.
#[must_use]
pub fn error_text(words: &str, style: &Style) -> String {
    let mut out = String::new();
    for (at, line) in words.trim_end().lines().enumerate() {
        let head = if at == 0 { Line::default().with(Tone::Danger, "error:").plain(" ") } else { Line::default() };
        let room = style.columns().saturating_sub(head.width());
        if line.starts_with([' ', '|']) || line.width() <= room {
            head.plain(line).write(style, &mut out);
            continue;
        }
        let mut lines = wrap(line, room).into_iter();
        let indent = if at == 0 { head.width() } else { 2 };
        head.plain(lines.next().unwrap_or_default()).write(style, &mut out);
        lines.for_each(|line| Line::at(indent).plain(line).write(style, &mut out));
    }
    out
}

/// What is wrong with a stack, each at its line.
#[must_use]
pub fn findings_text(stack: &str, findings: &[Finding], style: &Style) -> String {
    let mut out = String::new();
    let subject = match findings.len() {
        1 => format!("stack {stack} is refused"),
        number => format!("stack {stack} is refused: {}", plural(number, "finding", "findings")),
    };
    Line::default()
        .with(Tone::Danger, style.marks().failed)
        .plain(" ")
        .with(Tone::Strong, subject)
        .write(style, &mut out);
    let width = style.columns();
    for finding in findings {
        out.push('\n');
        let mut head = Line::at(2);
        if let Some(source) = &finding.source {
            head = head.with(Tone::Hint, source.to_string());
        }
        if let Some(address) = &finding.address {
            let address = address.local();
            if head.width() > 2 && head.width() + 2 + address.width() > width {
                head.write(style, &mut out);
                head = Line::at(2);
            } else if head.width() > 2 {
                head = head.plain("  ");
            }
            head = head.with(Tone::Strong, address);
        }
        if head.width() > 2 {
            head.write(style, &mut out);
        }
        for line in wrap(&finding.message, width.saturating_sub(4)) {
            Line::at(4).plain(line).write(style, &mut out);
        }
    }
    out
}

/// A failure in half a line, for lists and running text.
#[must_use]
pub fn in_short(failure: &Failure) -> String {
    let message = shorten(&failure.message, 120, &Style { width: 120, colour: false, unicode: false });
    let call = if failure.operation.is_empty() {
        String::new()
    } else {
        format!("{} {}: ", failure.service, failure.operation)
    };
    match (failure.code.is_empty(), message.is_empty()) {
        (false, false) => format!("{call}{}: {message}", failure.code),
        (true, _) => format!("{call}{message}"),
        (false, true) => format!("{call}{}", failure.code),
    }
}

fn headline(failure: &Failure) -> String {
    let Failure { service, operation, code, .. } = failure;
    if operation.is_empty() {
        return code.clone();
    }
    match failure.class {
        FailureClass::Refused => format!("{service} refused {operation}: {code}"),
        FailureClass::Throttled => format!("{service} went on throttling {operation}: {code}"),
        FailureClass::Ambiguous => format!("{service} gave no clear answer to {operation}: {code}"),
        FailureClass::NotYet => {
            format!("{operation} went on waiting for something that it needs; {service} said: {code}")
        }
        FailureClass::Unseen if code == "NoAnswer" => format!("{service} did not answer {operation}"),
        FailureClass::Unseen => {
            format!("{service} went on refusing {operation}, as if something that it refers to were not there: {code}")
        }
        FailureClass::Broken => format!("{service} made it, and it has failed: {code} ({operation})"),
        FailureClass::Denied => format!("{service} does not allow {operation}: {code}"),
    }
}

/// What to do next: as the provider says it, and otherwise by what can be done about such a failure.
fn advice(failure: &Failure) -> (Option<String>, String) {
    let by_class = match failure.class {
        FailureClass::Refused => "correct the stack program, then run",
        FailureClass::Throttled => "wait a few minutes, others may be using up the rate of calls; then run",
        FailureClass::Ambiguous => "check the connection; the next run looks first for what was made. Run",
        FailureClass::NotYet => "see that what it needs is coming up, then run",
        FailureClass::Unseen => "see that what it refers to is there, and lets itself be used for this; then run",
        FailureClass::Broken => "correct what made it fail; the next run removes it and makes it again. Run",
        FailureClass::Denied => "renew the credentials, or have the missing permission granted; then run",
    };
    (failure.hint.as_ref().map(|hint| format!("{}, then run", hint.trim_end_matches(['.', ' ']))), by_class.to_owned())
}

fn past(change: Change) -> &'static str {
    match change {
        Change::Create => "created",
        Change::Update => "changed",
        Change::Replace => "created anew",
        Change::Delete | Change::DeleteReplaced => "destroyed",
        Change::Read => "read",
        Change::Forget => to_do(Change::Forget),
    }
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
    let end = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", chars.as_str())
}
