//! The figures of docs/figures.md: what a run costs, measured on the real program as a user would run it.
//!
//! `cargo xtask bench` builds the release and runs this. Each figure is printed as median and range of several
//! runs, beside its aim and the machine's facts. Nothing here passes or fails: a machine that is busy is slow.

mod critical_path;
mod journal;
mod machine;
mod process;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use process::{Measured, Spread, measure};

/// Runs of each figure.
const RUNS: usize = 5;
/// Worlds in which staging is built for the first time, each with durations of its own.
const WORLDS: u64 = 10;

fn main() -> ExitCode {
    let (Some(program), Some(stacks), Some(many)) = (given("FATHUSS"), given("FATHUSS_STACKS"), given("FATHUSS_MANY"))
    else {
        eprintln!("run `cargo xtask bench`: it builds what is measured and says where it is");
        return ExitCode::FAILURE;
    };
    match figures(&program, &stacks, &many) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("bench: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn given(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).map(PathBuf::from)
}

fn figures(program: &Path, stacks: &Path, many: &Path) -> Result<(), String> {
    println!("{}\n", machine::facts());
    println!("| what | aim | measured |\n|---|---|---|");
    staging(program, stacks)?;
    data(program, many, "wide", "10,000 independent `terraform_data`", 10_000)?;
    data(program, many, "chain", "a chain of 1,000 `terraform_data`", 1_000)?;
    let mut journal = Vec::new();
    for _ in 0..RUNS {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        journal.push(journal::seconds(folder.path(), 10_000).map_err(|error| error.to_string())?);
    }
    let what = "the journal of 10,000 creations, 512 at once, three durable records each, in an SQLite file";
    row(what, "1 s", &Spread::of(&journal).show(" s", 3));
    let help = repeat(|_| measure(program, &["--help"], Path::new(".")))?;
    row("`fathuss --help`", "20 ms", &time(&help));
    Ok(())
}

/// Staging built, planned again and destroyed, in worlds of different chance.
fn staging(program: &Path, stacks: &Path) -> Result<(), String> {
    let (mut first, mut again, mut gone) = (Vec::new(), Vec::new(), Vec::new());
    let (mut simulated, mut path, mut ratio, mut calls) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut refresh = Vec::new();
    for seed in 1..=WORLDS {
        let project = project(stacks)?;
        let seed = seed.to_string();
        // Whom staging lets in.
        measure(program, &["apply", "staging-account", "--sandbox", "--yes", "--seed", &seed], project.path())?;
        let words = ["apply", "staging", "--sandbox", "--no-cluster", "--yes", "--json", "--seed", &seed];
        let applied = measure(program, &words, project.path())?;
        let summary = applied.last_line()?;
        let took = summary["took_ms"].as_f64().ok_or("a run's summary says no time")? / 1000.0;
        let least = critical_path::of(&project.path().join(".fathuss/sandbox"), "staging")?;
        calls.push(summary["calls"].as_object().into_iter().flatten().filter_map(|(_, count)| count.as_f64()).sum());
        simulated.push(took);
        path.push(least);
        ratio.push(took / least);
        first.push(applied);
        let planned = measure(program, &["plan", "staging", "--sandbox", "--no-cluster"], project.path())?;
        refresh.push(calls_read(&planned.output).ok_or("the plan does not say how many calls it read")?);
        again.push(planned);
        gone.push(measure(program, &["destroy", "staging", "--sandbox", "--yes", "--json"], project.path())?);
    }
    row("staging's first apply in the sandbox, full speed", "3 s", &time(&first));
    row("its calls", "", &Spread::of(&calls).show("", 0));
    row("its simulated time", "", &Spread::of(&simulated).show(" s", 0));
    row("the critical path of the durations drawn", "", &Spread::of(&path).show(" s", 0));
    row("simulated time by critical path", "1.05", &Spread::of(&ratio).show("", 3));
    row("staging's no-change plan", "", &time(&again));
    row("its calls", "the fewest: docs/calls.md", &Spread::of(&refresh).show("", 0));
    row("staging's destroy", "", &time(&gone));
    Ok(())
}

/// Many nodes that live in state alone: planned, applied, planned again.
fn data(program: &Path, many: &Path, stack: &str, what: &str, count: usize) -> Result<(), String> {
    let wide = count == 10_000;
    let aim = |text: &'static str| if wide { text } else { "" };
    let planned_in = project(many)?;
    let planned = repeat(|_| measure(program, &["plan", stack, "--sandbox", "--no-refresh"], planned_in.path()))?;
    row(&format!("{what}: plan without refresh"), aim("0.5 s, 200 MB"), &both(&planned));
    let mut projects = Vec::new();
    let applied = repeat(|_| {
        let project = project(many)?;
        let applied = measure(program, &["apply", stack, "--sandbox", "--yes"], project.path());
        projects.push(project);
        applied
    })?;
    row(&format!("{what}: apply, durable journal included"), aim("2 s"), &both(&applied));
    let again = repeat(|at| measure(program, &["plan", stack, "--sandbox"], projects[at].path()))?;
    row(&format!("{what}: no-change plan"), aim("0.5 s, 200 MB"), &both(&again));
    Ok(())
}

fn calls_read(output: &str) -> Option<f64> {
    let (_, after) = output.split_once("· read ")?;
    after.split_once(" call")?.0.replace(',', "").parse().ok()
}

fn repeat(mut run: impl FnMut(usize) -> Result<Measured, String>) -> Result<Vec<Measured>, String> {
    (0..RUNS).map(&mut run).collect()
}

fn row(what: &str, aim: &str, measured: &str) {
    println!("| {what} | {aim} | {measured} |");
}

fn time(runs: &[Measured]) -> String {
    Spread::of(&runs.iter().map(|run| run.seconds).collect::<Vec<_>>()).show(" s", 3)
}

fn both(runs: &[Measured]) -> String {
    let memory = runs.iter().map(|run| run.megabytes).fold(0.0, f64::max);
    format!("{}, {memory:.0} MB", time(runs))
}

/// An empty project whose stacks this program prints.
fn project(program: &Path) -> Result<tempfile::TempDir, String> {
    let folder = tempfile::tempdir().map_err(|error| format!("no temporary folder: {error}"))?;
    let mut text = format!("program = [{:?}]\n", program.display().to_string());
    for stack in ["staging-account", "staging", "wide", "chain"] {
        text += &format!("[stacks.{stack}]\nregion = \"us-east-1\"\naccount = \"111122223333\"\n");
    }
    // Staging's zone is delegated by hand, before there is a stack.
    text += "[sandbox.domains]\n\"staging.fathuss.com\" = \"111122223333\"\n";
    let path = folder.path().join("fathuss.toml");
    std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(folder)
}
