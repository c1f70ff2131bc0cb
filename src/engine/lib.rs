//! The engine: makes a cloud match a graph, and never loses track of what it made.
//!
//! Refresh reads what is, diff compares, plan decides (a pure function), apply
//! acts through a [`Provider`] and writes each step to the state before and
//! after. It knows no cloud by name and prints nothing: what happens is told in
//! events.

pub mod adopt;
pub mod apply;
mod decide;
pub mod dependency;
pub mod diff;
mod draft;
pub mod event;
mod hold;
pub mod import;
mod journal;
mod local;
pub mod part;
pub mod plan;
pub mod proposal;
pub mod protection;
pub mod provider;
pub mod recover;
pub mod refresh;
pub mod run;
pub mod schedule;
mod scope;
mod step;

pub use local::Local;
pub use provider::{Clock, Provider};
