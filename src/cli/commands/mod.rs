//! One file per command.

pub mod adopt;
pub mod apply;
pub mod bootstrap;
pub mod completions;
pub mod daemon;
pub mod diff;
pub mod doctor;
pub mod encrypt;
pub mod forget;
pub mod graph;
pub mod history;
pub mod import;
pub mod init;
pub mod plan;
pub mod promote;
pub mod rename;
pub mod sandbox;
pub mod schema;
pub mod state;
pub mod verify;
