//! What goes wrong in the program, in words for the person who runs it.

use std::path::{Path, PathBuf};

use fathuss_engine::provider::{Failure, FailureClass};
use fathuss_engine::refresh::RefreshError;
use fathuss_engine::run::RunError;
use fathuss_model::graph::{Finding, FormatError};
use fathuss_simulator::{Holder, WorldError};
use fathuss_state::StateError;

/// Why a command failed. Exit status 1, whatever it is.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `fathuss.toml` is missing.
    #[error(
        "there is no fathuss.toml here or above\nNext: run this in your stack project, or make one in an empty folder with\n  fathuss init"
    )]
    NoProject,
    /// `fathuss.toml` is wrong.
    #[error("{}: {reason}", path.display())]
    Project {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A stack that the project does not have.
    #[error("fathuss.toml has no stack `{name}`; it has {}", known.join(", "))]
    NoStack {
        /// The name given.
        name: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// The stack program could not be run.
    #[error("the stack program `{command}` can't be run: {reason}")]
    ProgramStart {
        /// The command.
        command: String,
        /// Why.
        reason: String,
    },
    /// The stack program failed without printing a graph.
    #[error("the stack program `{command}` failed ({status}); what it said, if anything, is above")]
    ProgramFailed {
        /// The command.
        command: String,
        /// Its exit status, in words.
        status: String,
    },
    /// The stack program printed something else.
    #[error(
        "the stack program `{command}` printed something else than one graph: {reason}\n  it begins with: {begins}\nNext: a stack program may print to standard error only; `fathuss_model::program::run` prints the graph"
    )]
    ProgramOutput {
        /// The command.
        command: String,
        /// What is wrong with it.
        reason: FormatError,
        /// The first characters of what it printed.
        begins: String,
    },
    /// The stack program printed a graph that is not of this release.
    #[error("what the stack program `{command}` printed can't be read: {reason}")]
    ProgramRelease {
        /// The command.
        command: String,
        /// Which it is.
        reason: FormatError,
    },
    /// The stack program printed no graph, and does not say that anything is wrong.
    #[error(
        "the stack program `{command}` printed no graph\nNext: let its main function end with `fathuss_model::program::run`, which prints the graph of the stack named by its last argument"
    )]
    ProgramSilent {
        /// The command.
        command: String,
    },
    /// The stack is refused.
    #[error("stack `{stack}` is refused: {}", findings.iter().map(|finding| finding.message.as_str()).collect::<Vec<_>>().join("; "))]
    Findings {
        /// The stack.
        stack: String,
        /// What is wrong with it.
        findings: Vec<Finding>,
    },
    /// The stack program gave another stack, region or account than `fathuss.toml` names.
    #[error(
        "{what} of {whose} is {found} in the stack program and {expected} in fathuss.toml; nothing was read\nNext: correct one of them"
    )]
    Mismatch {
        /// `account` or `region`.
        what: &'static str,
        /// The stack, or one of its resources, in words.
        whose: String,
        /// What the program says.
        found: String,
        /// What `fathuss.toml` says.
        expected: String,
    },
    /// Other stacks read outputs of what would be destroyed.
    #[error("{}", dependents_text(stack, dependents))]
    Dependents {
        /// What would be destroyed.
        stack: String,
        /// The stacks that stand, each with the outputs that it reads.
        dependents: Vec<(String, Vec<String>)>,
    },
    /// Another run holds the stack's lock.
    #[error("{error}")]
    Locked {
        /// Who holds it.
        error: StateError,
        /// The command that takes it away.
        unlock: String,
    },
    /// State could not be read or written.
    #[error(transparent)]
    State(#[from] StateError),
    /// A run could not go on.
    #[error(transparent)]
    Run(Box<RunError>),
    /// AWS refused.
    #[error("{}", .0)]
    Aws(Box<Failure>),
    /// The sandbox's world could not be opened.
    #[error("{}", world_text(.0))]
    World(#[from] WorldError),
    /// A world of a folder of its own can't be read.
    #[error("{}", damaged_text(.0))]
    DamagedWorld(WorldError),
    /// A snapshot can't be read, and the world that it was for stays.
    #[error(
        "it can't be restored, and the world is as it was: {0}\nNext: name a whole file that `fathuss sandbox snapshot` wrote"
    )]
    Snapshot(WorldError),
    /// The sandbox's world is open in a process that can't be talked to.
    #[error("{}", world_in_use(path, holder.as_ref()))]
    WorldInUse {
        /// The world's folder.
        path: PathBuf,
        /// The process, as far as it says who it is.
        holder: Option<Holder>,
    },
    /// A file could not be read or written.
    #[error("{} can't be {doing}: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// `read` or `written`.
        doing: &'static str,
        /// Why.
        reason: std::io::Error,
    },
    /// Standard output could not be written.
    #[error("the output can't be written: {0}")]
    Output(std::io::Error),
    /// Something else that is wrong with what was asked.
    #[error("{0}")]
    Usage(String),
    /// The run ended with failures that were shown.
    #[error("")]
    Shown,
}

fn world_in_use(path: &Path, holder: Option<&Holder>) -> String {
    let path = path.display();
    match holder {
        None => format!(
            "the sandbox's world in {path} is in use by another process\nNext: run this again when that has ended"
        ),
        Some(holder @ Holder { address: None, .. }) => format!(
            "the sandbox's world in {path} is in use by {holder}\nNext: run this again when that has ended; to let several commands work in one world, have it served by\n  fathuss sandbox serve"
        ),
        Some(holder @ Holder { address: Some(address), pid, .. }) => format!(
            "the sandbox's world in {path} is served by {holder} at http://{address}, and nothing answers there for it\nNext: end that process, and run this again\n  kill {pid}"
        ),
    }
}

impl From<RunError> for Error {
    fn from(error: RunError) -> Self {
        match error {
            RunError::State(error) => Self::State(error),
            RunError::Refresh(RefreshError { failure, .. }) if failure.class == FailureClass::Denied => {
                Self::Aws(Box::new(failure))
            }
            RunError::Refused { stack, findings } => Self::Findings { stack, findings },
            error => Self::Run(Box::new(error)),
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::Aws(Box::new(failure))
    }
}

/// What is wrong with a world that no stack of a project has its state beside.
fn damaged_text(error: &WorldError) -> String {
    let next = match error {
        WorldError::Unreadable { path, .. } => format!(
            "\nNext: put a whole copy in the file's place, or begin with an empty world\n  rm {}",
            path.display()
        ),
        _ => String::new(),
    };
    format!("the world can't be opened: {error}{next}")
}

/// Why a world can't be opened, and what to do where it never will.
fn world_text(error: &WorldError) -> String {
    let next = match error {
        WorldError::Unreadable { .. } => "\nNext: empty it, with the states of its stacks\n  fathuss sandbox reset",
        _ => "",
    };
    format!("the sandbox can't be opened: {error}{next}")
}

fn dependents_text(stack: &str, dependents: &[(String, Vec<String>)]) -> String {
    let each =
        dependents.iter().map(|(name, outputs)| format!("\n  `{name}` stands and reads {} of it", outputs.join(", ")));
    let each: String = each.collect();
    let names: Vec<&str> = dependents.iter().map(|(name, _)| name.as_str()).collect();
    format!(
        "stack `{stack}` is not destroyed before those that read from it{each}\nNext: destroy {} first; where that is lost anyway, add\n  --ignore-dependents",
        names.join(" and ")
    )
}
