//! How a report is to look: its width, whether it may use colour, and whether
//! the terminal shows more than ASCII. Parameters, never looked up here.

use fathuss_engine::plan::Change;

/// How a report is to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// How many columns there are.
    pub width: usize,
    /// Whether ANSI colours are written.
    pub colour: bool,
    /// Whether more than ASCII is written.
    pub unicode: bool,
}

/// What a piece of text is, as colour says it. No text says anything by its tone alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// As it comes.
    Plain,
    /// A heading or the thing that a line is about.
    Strong,
    /// What is there to be looked up: source lines, identities, explanations.
    Faint,
    /// Made, or done.
    Add,
    /// Changed in place, or waiting.
    Change,
    /// Made again.
    Replace,
    /// Deleted, or failed.
    Destroy,
    /// Data is lost.
    Danger,
    /// Something to type or to follow.
    Hint,
}

/// The marks that stand in front of lines and between values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Marks {
    pub replace: &'static str,
    pub arrow: &'static str,
    pub follows: &'static str,
    pub dot: &'static str,
    pub cut: &'static str,
    pub done: &'static str,
    pub failed: &'static str,
    pub about: &'static str,
    pub bar: &'static str,
    pub bar_end: &'static str,
    pub bar_rest: &'static str,
    pub rule: &'static str,
    pub spinner: &'static [&'static str],
}

const UNICODE: Marks = Marks {
    replace: "±",
    arrow: "→",
    follows: "↳",
    dot: "·",
    cut: "…",
    done: "✓",
    failed: "✗",
    about: "~",
    bar: "━",
    bar_end: "╸",
    bar_rest: "━",
    rule: "─",
    spinner: &["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"],
};

const ASCII: Marks = Marks {
    replace: "-/+",
    arrow: "->",
    follows: "`->",
    dot: "-",
    cut: "...",
    done: "ok",
    failed: "x",
    about: "~",
    bar: "#",
    bar_end: ">",
    bar_rest: ".",
    rule: "-",
    spinner: &["|", "/", "-", "\\"],
};

impl Style {
    /// Without colour, in ASCII alone: what goes into a file that anything may read.
    #[must_use]
    pub fn bare(width: usize) -> Self {
        Self { width, colour: false, unicode: false }
    }

    /// The marks that this terminal shows.
    #[must_use]
    pub fn marks(&self) -> &'static Marks {
        if self.unicode { &UNICODE } else { &ASCII }
    }

    /// The mark of a change.
    #[must_use]
    pub fn mark(&self, change: Change) -> &'static str {
        match change {
            Change::Read => "?",
            Change::Create => "+",
            Change::Replace | Change::DeleteReplaced => self.marks().replace,
            Change::Update => "~",
            Change::Delete => "-",
            Change::Forget => "x",
        }
    }

    /// Columns to write in: never fewer than 40, so that a layout always has room.
    #[must_use]
    pub(crate) fn columns(&self) -> usize {
        self.width.max(40)
    }
}

impl Tone {
    /// The tone of a change.
    #[must_use]
    pub fn of(change: Change) -> Self {
        match change {
            Change::Read => Self::Hint,
            Change::Create => Self::Add,
            Change::Replace | Change::DeleteReplaced => Self::Replace,
            Change::Update => Self::Change,
            Change::Delete => Self::Destroy,
            Change::Forget => Self::Faint,
        }
    }

    /// The ANSI sequence's parameters; none for plain text.
    pub(crate) fn code(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Strong => Some("1"),
            Self::Faint => Some("2"),
            Self::Add => Some("32"),
            Self::Change => Some("33"),
            Self::Replace => Some("35"),
            Self::Destroy => Some("31"),
            Self::Danger => Some("1;31"),
            Self::Hint => Some("36"),
        }
    }
}

/// The word for a change while it is under way.
#[must_use]
pub fn doing(change: Change) -> &'static str {
    match change {
        Change::Read => "reading",
        Change::Create => "creating",
        Change::Replace => "creating anew",
        Change::Update => "changing",
        Change::Delete => "destroying",
        Change::DeleteReplaced => "destroying the old one",
        Change::Forget => "forgetting",
    }
}

/// The word for a change that is over.
#[must_use]
pub fn done(change: Change) -> &'static str {
    match change {
        Change::Read => "read",
        Change::Create => "created",
        Change::Replace => "created anew",
        Change::Update => "changed",
        Change::Delete => "destroyed",
        Change::DeleteReplaced => "old one destroyed",
        Change::Forget => "forgotten",
    }
}

/// The word for a change that is to come.
#[must_use]
pub fn to_do(change: Change) -> &'static str {
    match change {
        Change::Read => "read",
        Change::Create => "create",
        Change::Replace => "replace",
        Change::Update => "change",
        Change::Delete => "destroy",
        Change::DeleteReplaced => "destroy the old one",
        Change::Forget => "forget",
    }
}
