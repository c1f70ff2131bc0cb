//! `fathuss completions`: for the shell.

use std::process::ExitCode;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::error::Error;
use crate::render::print;

/// What `completions` takes.
#[derive(Args, Debug)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

/// Runs the command.
pub fn run<C: CommandFactory>(options: &Completions) -> Result<ExitCode, Error> {
    // Into memory first: the generator takes a writer that fails for a defect.
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut C::command(), "fathuss", &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}
