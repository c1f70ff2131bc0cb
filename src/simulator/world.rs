//! The world: typed tables of rows per account and region, and the requests'
//! transactions on them.
//!
//! A request sees and changes rows through a [`Tx`]. When its handler answers,
//! every changed row goes to the journal as one line before the answer goes out;
//! when its handler refuses, every change is undone.

mod journal;
mod lock;
mod table;
mod transaction;

pub use journal::WorldError;
pub(crate) use journal::{Journal, Line, parse, whole};
pub use lock::Holder;
pub(crate) use table::Change;
pub use table::{Reach, Row, Scope, Tables};
pub(crate) use transaction::{Chance, State};
pub use transaction::{Drawn, Pending, Principal, Tx};
