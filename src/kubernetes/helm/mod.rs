//! `helm_release`: installed by the `helm` of whoever applies, and read from what Helm keeps in the cluster.

mod program;
mod readiness;
mod releases;
mod rendering;
mod stored;

pub use program::Helm;
pub(crate) use releases::{Place, Releases};
