//! The platform as a program: staging and production, the modules that they share, and what stands beside them.
//!
//! A module is a function that takes the stack, the [`environment::Environment`]
//! and what other modules made, and gives back the handles that others need.

pub mod access;
pub mod account;
pub mod alarms;
pub mod applications;
pub mod assets;
pub mod backups;
pub mod cluster;
pub mod data;
pub mod encryption;
pub mod environment;
pub mod firewall;
#[cfg(test)]
mod inspection;
pub mod names;
pub mod network;
pub mod platform;
pub mod production;
pub mod production_dr;
pub mod recovery;
pub mod service_accounts;
pub mod staging;
pub mod staging_account;
pub mod storage;
pub mod subscribers;

use fathuss_model::program::Stacks;

/// The stacks of this program, by name.
pub const STACKS: Stacks<'static> = &[
    ("account", account::account),
    ("staging-account", staging_account::staging_account),
    ("staging", staging::staging),
    ("production-dr", production_dr::production_dr),
    ("production", production::production),
];
