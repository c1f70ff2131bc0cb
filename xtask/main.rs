//! The project's own commands: `cargo xtask test`, `sweep`, `fuzz`, `bench`, `pictures`, `surface`, `docs`, `models`,
//! `terraform`, `cloudformation`.
//!
//! What they need beyond Rust (cargo-deny, cargo-machete, Python packages, Terraform, versitygw) they
//! install themselves into a cache outside the checkout, and say what is missing
//! where they cannot.

mod cache;
mod reference;
mod servers;
mod steps;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask test             everything that CI checks; `test NAME` runs the steps whose name contains NAME
cargo xtask sweep            the long runs of which `test` takes a sample
cargo xtask fuzz             odd and spoilt requests to the simulator for five minutes; `fuzz SECONDS` as long as that
cargo xtask bench            the figures of docs/figures.md, measured on this machine with the release build
cargo xtask pictures         the README's pictures, made anew from a real run
cargo xtask surface          the part of docs/simulator.md that the conformance tests hold, and their lists, written anew
cargo xtask docs             docs/resources, made anew from the schemas
cargo xtask models           the simulator's API tables, made anew from the pinned botocore
cargo xtask terraform        the names that Terraform's AWS provider gives our types and fields, read anew from a pinned package
cargo xtask cloudformation   which changes force a replacement by AWS's own schemas, read anew from a pinned package
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["test"] => steps::test(None),
        ["test", name] => steps::test(Some(name)),
        ["sweep"] => steps::sweep(),
        ["fuzz"] => steps::fuzz("300"),
        ["fuzz", seconds] => steps::fuzz(seconds),
        ["bench"] => steps::bench(),
        ["pictures"] => steps::pictures(),
        ["surface"] => steps::surface(),
        ["docs"] => steps::docs(),
        [table @ ("models" | "terraform" | "cloudformation")] => steps::table(table),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::FAILURE;
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("xtask: {reason}");
            ExitCode::FAILURE
        }
    }
}
