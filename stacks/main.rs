//! The stack program: prints the graph of the stack that it is asked for, for `fathuss` to plan and apply.

use std::process::ExitCode;

use fathuss_model::program::{Outcome, run};
use fathuss_stacks::STACKS;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(STACKS, &arguments, &mut std::io::stdout().lock()) {
        Ok(Outcome::Printed) => ExitCode::SUCCESS,
        Ok(Outcome::Refused) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("the graph could not be written: {error}");
            ExitCode::FAILURE
        }
    }
}
