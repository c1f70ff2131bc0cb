//! The program `fathuss`: one file per command, and what they share.

mod ask;
mod cluster_aws;
mod clusters;
mod commands;
mod error;
mod home;
mod inside;
mod keeper;
mod matching;
mod only;
mod options;
mod origin;
mod program;
mod project;
mod remote_clock;
mod render;
mod sandbox;
mod screen;
mod selection;
mod served;
mod session;
mod signals;
mod state_bucket;
mod target;
mod terraform;
mod vendor;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::commands::{
    adopt, apply, bootstrap, completions, doctor, graph, import, init, plan, sandbox as sandbox_command, schema, state,
};
use crate::error::Error;
use crate::options::Output;

/// Makes AWS match a typed Rust program, and never loses track of anything it made
#[derive(Parser, Debug)]
#[command(name = "fathuss", version, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// One JSON object a line, for programs
    #[arg(long, global = true)]
    json: bool,
    /// No colours; NO_COLOR says the same
    #[arg(long, global = true)]
    no_color: bool,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Start a new stack project in an empty folder
    Init(init::Init),
    /// Show what would be done
    Plan(plan::Plan),
    /// Make what the stack declares
    Apply(apply::Apply),
    /// Delete everything in the stack's state
    Destroy(apply::Destroy),
    /// Make the bucket that states lie in, in an empty account, and the roles of CI
    Bootstrap(bootstrap::Bootstrap),
    /// Take something that is there over into the stack's state
    Import(import::Import),
    /// Take what a Terraform or OpenTofu state has over into the stack's state, without changing it
    Adopt(adopt::Adopt),
    /// Show what the state says, without asking AWS
    Show(state::Stack),
    /// Print the stack's outputs
    Output(state::Output),
    /// Draw who needs whom
    Graph(graph::Graph),
    /// Look into the state
    #[command(subcommand)]
    State(state::State),
    /// Check that everything a run needs is there
    Doctor(doctor::Doctor),
    /// Show the resource types and their fields
    Schema(schema::Schema),
    /// A simulated AWS: serve it; show, keep, restore or empty this project's
    #[command(subcommand)]
    Sandbox(sandbox_command::Sandbox),
    /// Print completions for a shell
    Completions(completions::Completions),
}

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(page) => return shown(&page),
    };
    let output = Output::detect(cli.json, cli.no_color);
    let ended = match &cli.command {
        Command::Init(options) => init::run(options, &output),
        Command::Plan(options) => plan::run(options, &output),
        Command::Apply(options) => apply::apply(options, &output),
        Command::Destroy(options) => apply::destroy(options, &output),
        Command::Bootstrap(options) => bootstrap::run(options, &output),
        Command::Import(options) => import::run(options, &output),
        Command::Adopt(options) => adopt::run(options, &output),
        Command::Show(options) => state::show(options, &output),
        Command::Output(options) => state::output(options, &output),
        Command::Graph(options) => graph::run(options, &output),
        Command::State(options) => state::state(options, &output),
        Command::Doctor(options) => doctor::run(options, &output),
        Command::Schema(options) => schema::run(options, &output),
        Command::Sandbox(options) => sandbox_command::run(options, &output),
        Command::Completions(options) => completions::run::<Cli>(options),
    };
    match ended {
        Ok(code) => code,
        Err(error) => failed(&error, &output),
    }
}

/// Help or the version, as asked for; or what is wrong with the words given.
fn shown(page: &clap::Error) -> ExitCode {
    let asked = |option: &str| std::env::args_os().skip(1).any(|word| word == option);
    let output = Output::detect(asked("--json"), asked("--no-color"));
    if page.use_stderr() && output.json {
        return failed(&Error::Usage(page.to_string().trim_end().to_owned()), &output);
    }
    match page.print() {
        Ok(()) if page.use_stderr() => ExitCode::FAILURE,
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&Error::Output(error), &output),
    }
}

fn failed(error: &Error, output: &Output) -> ExitCode {
    if let Error::Output(error) = error
        && error.kind() == std::io::ErrorKind::BrokenPipe
    {
        return ExitCode::SUCCESS;
    }
    render::error(error, &command_line(), output);
    ExitCode::FAILURE
}

/// What was typed, to be typed again.
fn command_line() -> String {
    let words: Vec<_> = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    format!("fathuss {}", words.join(" "))
}
