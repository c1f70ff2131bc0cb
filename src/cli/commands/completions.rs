//! `fathuss completions`: for the shell.

use std::process::ExitCode;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::error::Error;

/// What `completions` takes.
#[derive(Args, Debug)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

/// Runs the command.
pub fn run<C: CommandFactory>(options: &Completions) -> Result<ExitCode, Error> {
    clap_complete::generate(options.shell, &mut C::command(), "fathuss", &mut std::io::stdout());
    Ok(ExitCode::SUCCESS)
}
