//! A stack program of many `terraform_data`, which live in state alone: what is measured is the line itself.

use std::process::ExitCode;

use fathuss_model::program::{Outcome, Stacks, run};
use fathuss_model::terraform::Data;
use fathuss_model::{Result, Stack};

const STACKS: Stacks<'_> = &[("wide", wide), ("chain", chain)];

/// 10,000 that need nothing.
fn wide(stack: &mut Stack) -> Result<()> {
    stack.place("us-east-1", "111122223333");
    for number in 0..10_000 {
        stack.add(("item", format!("{number:05}")), Data::new().input(format!("value {number}")));
    }
    Ok(())
}

/// 1,000 of which each needs the one before.
fn chain(stack: &mut Stack) -> Result<()> {
    stack.place("us-east-1", "111122223333");
    let mut last = stack.add(("link", "0000"), Data::new().input("the first"));
    for number in 1..1_000 {
        last = stack.add(("link", format!("{number:04}")), Data::new().input(last.output()));
    }
    Ok(())
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(STACKS, &arguments, &mut std::io::stdout()) {
        Ok(Outcome::Printed) => ExitCode::SUCCESS,
        Ok(Outcome::Refused) | Err(_) => ExitCode::FAILURE,
    }
}
