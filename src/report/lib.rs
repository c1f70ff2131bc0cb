//! Reports: everything that a person or a program reads of a plan, a run, a
//! graph and the state.
//!
//! Text is returned, or written to a writer that is passed in; width, colour and
//! character set are parameters ([`Style`]). Only `progress` draws, on a
//! target that is passed in, too.

mod change;
pub mod difference;
pub mod duration;
pub mod expectation;
pub mod failure;
pub mod graph;
pub mod json;
mod line;
pub mod plain;
pub mod plan;
pub mod progress;
pub mod style;
pub mod summary;
pub mod table;
pub mod terminal;
mod value;

pub use difference::Difference;
pub use expectation::Expected;
pub use failure::{FailedAction, Trouble, error_text, findings_text};
pub use json::{error_json, event_json, run_json};
pub use line::harmless;
pub use plain::Plain;
pub use plan::{PlanView, Reading, plan_sentence, plan_text};
pub use progress::Progress;
pub use style::Style;
pub use summary::{RunView, Tally};
pub use terminal::terminal_svg;
