//! The kill sweep with real signals: the program applies, updates and destroys staging over real sockets, in a sandbox that
//! another process serves or that is its own, and is killed where it happens to be. The next run, without anyone's help,
//! comes to its end; after it nothing is lost, orphaned or there twice, by the word of a reader that knows the world and
//! the state alone.
//!
//! A run takes a sample of the points, `FATHUSS_SWEEP=full` twenty times as many. Where `FATHUSS_TEST_VERSITYGW` and
//! `FATHUSS_TEST_POSTGRES` say that servers are there, as `cargo xtask sweep` does, states lie in these, too.
#![cfg(unix)]

mod program;
#[path = "simulation/reader.rs"]
mod reader;
#[path = "simulation/staging.rs"]
mod staging;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use fathuss_model::graph::Graph;
use fathuss_model::program::Stacks;
use fathuss_stacks::platform::platform;
use fathuss_stacks::staging_account::staging_account;
use fathuss_state::{Keys, Place, Sqlite};
use program::{Running, Server, declare, fathuss, start};
use staging::{environment, graph, thing, updated};

/// Kills of each phase, in each kind of sandbox, that every test run takes.
const SAMPLE: u32 = 1;
/// The same of a whole sweep.
const FULL: u32 = 20;
/// How fast the world's time goes where it is served: minutes take no longer than the calls do.
const SPEED: &str = "--speed 2000";

/// How often a point that came too late for its run is taken again, each time sooner.
const TRIES: u32 = 8;
/// Who both the sandbox and the object store let in.
const KEY: (&str, &str) = ("test", "testtest");

/// Who holds the world of the run that is killed, and where its state lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum World {
    /// The run itself, so that both die at once; a file.
    Own,
    /// A process of its own, which goes on; a file.
    Served,
    /// A process of its own; an object store.
    Bucket,
    /// A process of its own; PostgreSQL.
    Database,
}

impl World {
    /// Those that there are means for.
    fn all() -> Vec<Self> {
        let given = |name| std::env::var_os(name).is_some();
        let all = [Self::Own, Self::Served, Self::Bucket, Self::Database];
        let has = |world: &Self| match world {
            Self::Own | Self::Served => true,
            Self::Bucket => given("FATHUSS_TEST_VERSITYGW"),
            Self::Database => given("FATHUSS_TEST_POSTGRES"),
        };
        all.into_iter().filter(has).collect()
    }

    /// Where a stack's state lies in a place of its own; none for the sandbox's file.
    fn place(self, stack: &str) -> Option<String> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let own = format!("sweep_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let own = format!("{own}_{}", stack.replace('-', "_"));
        let server = |name: &str| std::env::var(name).expect("there is one");
        match self {
            Self::Own | Self::Served => None,
            Self::Bucket => {
                Some(format!("s3://states/{own}?region=us-east-1&endpoint={}", server("FATHUSS_TEST_VERSITYGW")))
            }
            Self::Database => Some(format!("{}?schema={own}", server("FATHUSS_TEST_POSTGRES"))),
        }
    }
}

/// A project in which a run is killed.
struct Site {
    folder: tempfile::TempDir,
    server: Option<Server>,
    /// Where staging's state lies, where that is no file of the sandbox.
    place: Option<String>,
}

impl Site {
    /// As a phase begins.
    fn of(phase: &Phase, world: World) -> Self {
        let folder = copy(phase.before.path());
        let mut site = Self { folder, server: None, place: None };
        let places = ["staging-account", "staging"].map(|stack| (stack, world.place(stack)));
        if places[1].1.is_none() {
            site.server = (world == World::Served).then(|| serve(site.folder.path(), ""));
            return site;
        }
        for (stack, _) in &places {
            // What has no state yet has none elsewhere either.
            let _ = run(site.folder.path(), &format!("state pull {stack} --sandbox --to {stack}.state")).end();
        }
        let file = site.folder.path().join("fathuss.toml");
        let mut text = fs::read_to_string(&file).expect("it is there");
        for (stack, place) in &places {
            let place = place.as_ref().expect("both have one");
            text = text.replace(&format!("[stacks.{stack}]\n"), &format!("[stacks.{stack}]\nstate = \"{place}\"\n"));
        }
        fs::write(&file, text).expect("there is room");
        let identity = format!("--identity {}:{}:{}", KEY.0, KEY.1, environment().account);
        site.server = Some(serve(site.folder.path(), &identity));
        site.place = places[1].1.clone();
        for (stack, _) in &places {
            if site.folder.path().join(format!("{stack}.state")).exists() {
                site.run(&format!("state push {stack} {stack}.state")).end().well();
            }
        }
        site
    }

    /// A command, which works where the state is.
    fn run(&self, words: &str) -> Running {
        let Some(server) = self.server.as_ref().filter(|_| self.place.is_some()) else {
            return run(self.folder.path(), words);
        };
        let words = match words.split(' ').next() {
            Some("apply" | "destroy") => words.replace("--sandbox", "--yes"),
            _ => words.replace(" --sandbox", ""),
        };
        let command = fathuss(Path::new(env!("CARGO_BIN_EXE_fathuss")), self.folder.path(), &words);
        let mut command = server.seen_by(command, KEY.0);
        command.env("AWS_SECRET_ACCESS_KEY", KEY.1);
        start(command)
    }

    /// The next run after a kill. Who knows that the run is dead need not wait for the end of its lease.
    fn again(&self, words: &str) {
        if self.place.is_none() {
            self.run(words).end().well();
            return;
        }
        let (output, in_time) = self.run(words).end_by(Instant::now() + Duration::from_secs(300), Duration::ZERO);
        assert!(in_time, "it does not end");
        if output.status.success() {
            return;
        }
        let told = String::from_utf8_lossy(&output.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
        let (_, id) = told.split_once("fathuss state unlock staging ").unwrap_or_else(|| panic!("{told}"));
        let id = id.split_whitespace().next().expect("it goes on");
        self.run(&format!("state unlock staging {id}")).end().well();
        self.run(words).end().well();
    }

    /// What the reader says, with nothing running.
    fn seen(self, graph: Option<&Graph>) -> Vec<String> {
        if let Some(server) = self.server {
            server.process.terminate().well();
        }
        match &self.place {
            None => seen(self.folder.path(), graph),
            Some(place) => {
                let place = Place::parse(place, self.folder.path()).expect("it is one");
                let state = place.look(&Keys::default()).expect("it can be read");
                let state = state.map(|state| state.snapshot().expect("it can be read"));
                reader::compare_in(self.folder.path(), &state.unwrap_or_default(), graph)
            }
        }
    }
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

fn serve(folder: &Path, options: &str) -> Server {
    Server::start(Path::new(env!("CARGO_BIN_EXE_fathuss")), folder, &format!("{SPEED} {options}"))
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

/// What the reader says of a project whose states are files, with nothing running.
fn seen(folder: &Path, graph: Option<&Graph>) -> Vec<String> {
    let state = Sqlite::read(&folder.join(".fathuss/sandbox/staging.db")).expect("it is a state");
    reader::compare_in(folder, &state.unwrap_or_default(), graph)
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
    let site = Site::of(phase, world);
    let dying = site.run(phase.command);
    std::thread::sleep(after);
    if !dying.kill_alive() {
        return Ok(false);
    }
    site.again(phase.command);
    if phase.graph.is_some() {
        site.run("plan staging --sandbox --detailed-exitcode").end().well();
    }
    let mut wrong = site.seen(phase.graph.as_ref());
    wrong.retain(|what| !ground.contains(thing(what)));
    if wrong.is_empty() { Ok(true) } else { Err(wrong.join("; ")) }
}

#[test]
fn wherever_a_process_is_killed_the_next_one_ends_well_and_nothing_is_lost_or_there_twice() {
    let began = Instant::now();
    let full = std::env::var("FATHUSS_SWEEP").is_ok_and(|sweep| sweep == "full");
    let count = if full { FULL } else { SAMPLE };
    let (phases, ground) = phases();
    let (mut broken, mut points) = (Vec::new(), 0);
    for world in World::all() {
        let began = Instant::now();
        for phase in &phases {
            // How long it takes here: no longer than what came too late.
            let mut takes = phase.takes;
            for at in 0..count {
                points += 1;
                let killed = (0..TRIES).find_map(|_| {
                    // From its first moments to nearly its end, and none of them at a half, where all would be alike.
                    let after = takes.mul_f64((f64::from(at) + 0.4) / f64::from(count));
                    match kill(phase, world, after, &ground) {
                        Ok(true) => Some(Ok(())),
                        Ok(false) => {
                            takes = takes.mul_f64(0.8);
                            None
                        }
                        Err(what) => Some(Err(format!("{} ({world:?}), killed after {after:?}: {what}", phase.name))),
                    }
                });
                match killed {
                    Some(Ok(())) => {}
                    Some(Err(what)) => broken.push(what),
                    None => {
                        broken.push(format!("{} ({world:?}), point {at}: it is never there to be killed", phase.name))
                    }
                }
            }
        }
        println!("{world:?}: {} runs were killed, in {:.0} s", 3 * count, began.elapsed().as_secs_f64());
    }
    println!("{points} runs were killed, in {:.0} s", began.elapsed().as_secs_f64());
    assert!(broken.is_empty(), "{} of {points} points:\n{}", broken.len(), broken.join("\n"));
}
