//! One file per command.

pub mod apply;
pub mod completions;
pub mod init;
pub mod plan;
pub mod sandbox;
