//! The kill sweep with real signals: the program applies, updates and destroys staging over real sockets, in a sandbox that
//! another process serves or that is its own, and is killed where it happens to be. The next run, without anyone's help,
//! comes to its end; after it nothing is lost, orphaned or there twice, by the word of a reader that knows the world and
//! the state alone.
//!
//! A run takes a sample of the points, `FATHUSS_SWEEP=full` ten times as many.
#![cfg(unix)]

mod program;
#[path = "simulation/reader.rs"]
mod reader;
#[path = "simulation/staging.rs"]
mod staging;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fathuss_model::graph::Graph;
use fathuss_model::program::{Outcome, Stacks};
use fathuss_simulator::{Config, Simulator};
use fathuss_stacks::platform::platform;
use fathuss_stacks::staging_account::staging_account;
use fathuss_state::Sqlite;
use program::{Running, Server, fathuss, start};
use staging::{environment, graph, thing, updated};

/// Kills of each phase, in each kind of sandbox, that every test run takes.
const SAMPLE: u32 = 1;
/// The same of a whole sweep.
const FULL: u32 = 10;
/// How fast the world's time goes where it is served: minutes take no longer than the calls do.
const SPEED: &str = "--speed 2000";

/// Who holds the world of the run that is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum World {
    /// The run itself, so that both die at once.
    Own,
    /// A process of its own, which goes on.
    Served,
}

/// What is killed, and the project as it is before it.
struct Phase {
    name: &'static str,
    command: &'static str,
    graph: Option<Graph>,
    before: tempfile::TempDir,
    /// How long it takes where nothing kills it.
    takes: Duration,
}

fn run(folder: &Path, words: &str) -> Running {
    start(fathuss(Path::new(env!("CARGO_BIN_EXE_fathuss")), folder, words))
}

fn serve(folder: &Path) -> Server {
    Server::start(Path::new(env!("CARGO_BIN_EXE_fathuss")), folder, SPEED)
}

/// A project whose program prints files.
fn project() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("there is room");
    let account_number = environment().account;
    let stack = |name: &str| format!("[stacks.{name}]\nregion = \"us-east-1\"\naccount = \"{account_number}\"\n");
    let domain = format!("[sandbox.domains]\n\"{}\" = \"{account_number}\"\n", environment().domain);
    let file = ["program = [\"cat\"]\n".to_owned(), stack("staging-account"), stack("staging"), domain].concat();
    fs::write(folder.path().join("fathuss.toml"), file).expect("there is room");
    declare(folder.path(), &[("staging-account", staging_account)]);
    folder
}

/// Lets the program print this stack from now on.
fn declare(folder: &Path, stacks: Stacks<'_>) {
    for (name, _) in stacks {
        let mut text = Vec::new();
        let printed = fathuss_model::program::run(stacks, &[(*name).to_owned()], &mut text).expect("it can be printed");
        assert_eq!(printed, Outcome::Printed, "{name}");
        fs::write(folder.join(name), text).expect("there is room");
    }
}

/// All files of a folder, as they are now.
fn copy(from: &Path) -> tempfile::TempDir {
    fn copied(from: &Path, to: &Path) {
        for entry in fs::read_dir(from).expect("it is a folder") {
            let entry = entry.expect("it can be read");
            let to = to.join(entry.file_name());
            if entry.file_type().expect("it has a type").is_dir() {
                fs::create_dir(&to).expect("there is room");
                copied(&entry.path(), &to);
            } else {
                fs::copy(entry.path(), to).expect("there is room");
            }
        }
    }
    let folder = tempfile::tempdir().expect("there is room");
    copied(from, folder.path());
    folder
}

/// What the reader says of a project, with nothing running.
fn seen(folder: &Path, graph: Option<&Graph>) -> Vec<String> {
    let sandbox = folder.join(".fathuss/sandbox");
    let config = Config { world: Some(sandbox.join("world")), ..Config::new(1) };
    let simulator = Simulator::open(config).expect("nobody holds the world");
    let state = Sqlite::read(&sandbox.join("staging.db")).expect("it is a state");
    reader::compare(&simulator, &state.unwrap_or_default(), graph).expect("the world can be read")
}

/// The phases, each after those before it.
fn phases() -> (Vec<Phase>, BTreeSet<String>) {
    let project = project();
    let folder = project.path();
    run(folder, "apply staging-account --sandbox").end().well();
    let ground: BTreeSet<String> = seen(folder, None).iter().map(|what| thing(what).to_owned()).collect();
    assert!(!ground.is_empty(), "a reader whose state knows nothing takes the account for orphans");
    let steps: [(_, _, Option<Graph>, Stacks<'_>); 3] = [
        (
            "apply",
            "apply staging --sandbox",
            Some(graph(&environment())),
            &[("staging", |stack| platform(stack, &environment()))],
        ),
        (
            "update",
            "apply staging --sandbox",
            Some(graph(&updated())),
            &[("staging", |stack| platform(stack, &updated()))],
        ),
        ("destroy", "destroy staging --sandbox", None, &[]),
    ];
    let phases = steps.map(|(name, command, graph, stacks)| {
        declare(folder, stacks);
        let (before, began) = (copy(folder), Instant::now());
        run(folder, command).end().well();
        Phase { name, command, graph, before, takes: began.elapsed() }
    });
    (phases.into(), ground)
}

/// Kills a run after some of its time, and lets the next one go on. Tells whether there was anything left to kill.
fn kill(phase: &Phase, world: World, after: Duration, ground: &BTreeSet<String>) -> Result<bool, String> {
    let project = copy(phase.before.path());
    let folder: PathBuf = project.path().to_owned();
    let server = (world == World::Served).then(|| serve(&folder));
    let dying = run(&folder, phase.command);
    std::thread::sleep(after);
    let killed = dying.kill_alive();
    run(&folder, phase.command).end().well();
    if phase.graph.is_some() {
        run(&folder, "plan staging --sandbox --detailed-exitcode").end().well();
    }
    if let Some(server) = server {
        server.process.terminate().well();
    }
    let mut wrong = seen(&folder, phase.graph.as_ref());
    wrong.retain(|what| !ground.contains(thing(what)));
    if wrong.is_empty() { Ok(killed) } else { Err(wrong.join("; ")) }
}

#[test]
fn wherever_a_process_is_killed_the_next_one_ends_well_and_nothing_is_lost_or_there_twice() {
    let began = Instant::now();
    let full = std::env::var("FATHUSS_SWEEP").is_ok_and(|sweep| sweep == "full");
    let count = if full { FULL } else { SAMPLE };
    let (phases, ground) = phases();
    let (mut broken, mut killed, mut points) = (Vec::new(), 0, 0);
    for phase in &phases {
        for world in [World::Own, World::Served] {
            for at in 0..count {
                // From its first moments to nearly its end, and none of them at a half, where all would be alike.
                let after = phase.takes.mul_f64((f64::from(at) + 0.4) / f64::from(count));
                points += 1;
                match kill(phase, world, after, &ground) {
                    Ok(was_there) => killed += u32::from(was_there),
                    Err(what) => broken.push(format!("{} ({world:?}), killed after {after:?}: {what}", phase.name)),
                }
            }
        }
    }
    println!("{killed} of {points} runs were killed, in {:.0} s", began.elapsed().as_secs_f64());
    assert!(broken.is_empty(), "{} of {points} points:\n{}", broken.len(), broken.join("\n"));
    assert!(killed * 2 > points, "{killed} of {points} runs were still there to be killed");
}
