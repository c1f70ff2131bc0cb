//! The kill sweep: staging's apply, an update and its destroy, each killed before and after every call and every write of
//! the state, each with every write of the state refused, once or from then on, as by a full disk, and each with its
//! answer lost. The next run, without anyone's help, comes to its end; after it nothing is lost, orphaned or there twice,
//! by the word of a reader that knows the world and the state alone.
//!
//! A run takes a sample of the points, `FATHUSS_SWEEP=full` all of them; `FATHUSS_POINT=update:12` replays one, and
//! `FATHUSS_POINT=update` those of an update.

#![allow(dead_code, reason = "the simulation's parts are shared, and each test takes what it needs")]

#[path = "simulation/blueprint.rs"]
mod blueprint;
#[path = "simulation/change.rs"]
mod change;
#[path = "simulation/declare.rs"]
mod declare;
#[path = "simulation/hands.rs"]
mod hands;
#[path = "simulation/network.rs"]
mod network;
#[path = "simulation/reader.rs"]
mod reader;
#[path = "simulation/run.rs"]
mod run;
#[path = "simulation/staging.rs"]
mod staging;
#[path = "simulation/tally.rs"]
mod tally;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use fathuss_engine::plan::Goal;
use fathuss_engine::run::OtherOutputs;
use fathuss_model::graph::Graph;
use fathuss_simulator::{Config, Domain, Identity, Simulator};
use fathuss_state::{Fault, Memory, Snapshot, Store};
use network::Death;
use run::{Line, Point};
use staging::{account, environment, graph, thing, updated};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Points of each phase that every test run takes.
const SAMPLE: usize = 12;
/// Threads, each with one point at a time.
const THREADS: usize = 2;
/// Where chance comes from: the same calls in the same order at each point, up to the kill.
const SEED: u64 = 5;

/// What is killed.
struct Phase {
    name: &'static str,
    goal: Goal,
    graph: Graph,
    /// The world before it.
    world: String,
    /// The state before it.
    store: Memory,
    points: Vec<Point>,
}

fn world() -> Simulator {
    let account = environment().account.to_owned();
    let administrator =
        Identity { key: "test".to_owned(), secret: "test".to_owned(), account: account.clone(), arn: None };
    let domain = Domain::new(environment().domain, &account).expect("it is a domain");
    let config = Config { identities: vec![administrator], domains: vec![domain], ..Config::new(SEED) };
    Simulator::open(config).expect("a world in memory opens")
}

/// What staging stands on: its account, as another stack made it.
struct Ground {
    /// The world with it.
    world: String,
    /// What it puts out.
    outputs: OtherOutputs,
    /// What is there without staging, as the reader has it of a state that knows nothing.
    things: BTreeSet<String>,
}

impl Ground {
    fn new() -> Self {
        let graph = account();
        in_virtual_time(async || {
            let mut line = Line::new(SEED + 1, world());
            line.calmly(&graph, Goal::Apply).await.expect("the account can be applied");
            let outputs = line.store.snapshot().expect("it can be read").outputs;
            let seen = reader::compare(&line.simulator, &Snapshot::default(), None).expect("it can be read");
            Self {
                world: line.simulator.snapshot().expect("a world in memory can be written"),
                outputs: OtherOutputs::from([(graph.stack.clone(), outputs)]),
                things: seen.iter().map(|what| thing(what).to_owned()).collect(),
            }
        })
    }

    /// A process in a world as it was then, with the state of then.
    fn line(&self, world_then: &str, store: &Memory) -> Line {
        let simulator = world();
        simulator.restore(Path::new("the world before"), world_then).expect("it is a snapshot");
        let mut line = Line::new(SEED, simulator);
        (line.store, line.outputs) = (store.clone(), self.outputs.clone());
        line
    }
}

fn in_virtual_time<T>(work: impl AsyncFnOnce() -> T) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime without input and output needs nothing that could be missing").block_on(work())
}

/// What is wrong, but for what was so before there was any stack.
fn wrong(line: &Line, graph: Option<&Graph>, ground: &Ground) -> Result<Vec<String>, String> {
    let snapshot = line.store.snapshot().map_err(|error| error.to_string())?;
    let mut wrong = reader::compare(&line.simulator, &snapshot, graph)?;
    wrong.retain(|what| !ground.things.contains(thing(what)));
    Ok(wrong)
}

/// The phases, each after those before it, and all of their points.
fn phases(ground: &Ground) -> Vec<Phase> {
    let steps = [
        ("apply", Goal::Apply, graph(&environment())),
        ("update", Goal::Apply, graph(&updated())),
        ("destroy", Goal::Destroy, graph(&updated())),
    ];
    let mut phases = Vec::new();
    let (mut before, mut state) = (ground.world.clone(), Line::new(SEED, world()).store);
    for (name, goal, graph) in steps {
        let (toll, after, left) = in_virtual_time(async || {
            let mut line = ground.line(&before, &state);
            let never = Point::Call(Death::Before(u64::MAX));
            let toll = line.killed(&graph, goal, never).await;
            assert!(toll.whole, "{name} does not come to its end even where nothing kills it");
            (toll, line.simulator.snapshot().expect("a world in memory can be written"), line.store.clone())
        });
        let calls = (1..=toll.calls).flat_map(|call| [Death::Before(call), Death::After(call)]).map(Point::Call);
        let faults = [Fault::CrashBefore, Fault::CrashAfter, Fault::Refused, Fault::Full, Fault::InDoubt];
        let writes = (1..=toll.writes).flat_map(|write| faults.map(|fault| Point::Write(write, fault)));
        let points = calls.chain(writes).collect();
        phases.push(Phase { name, goal, world: before, store: state, points, graph });
        (before, state) = (after, left);
    }
    phases
}

/// Kills one process, and lets the next one go on.
fn kill(phase: &Phase, point: Point, ground: &Ground) -> Result<(), String> {
    in_virtual_time(async || {
        let mut line = ground.line(&phase.world, &phase.store);
        let toll = line.killed(&phase.graph, phase.goal, point).await;
        if toll.whole {
            return Err("it ends as if nothing had happened".to_owned());
        }
        line.calmly(&phase.graph, phase.goal).await.map_err(|why| format!("the next run fails: {why}"))?;
        let expected = (phase.goal == Goal::Apply).then_some(&phase.graph);
        let wrong = wrong(&line, expected, ground)?;
        if !wrong.is_empty() {
            return Err(wrong.join("; "));
        }
        let plan = line.plan(&phase.graph, phase.goal).await.map_err(|error| error.to_string())?.plan;
        if plan.has_changes() || !plan.strays.is_empty() {
            return Err(format!("it is not quiet afterwards: {:?}, strays {:?}", plan.actions, plan.strays));
        }
        Ok(())
    })
}

#[test]
fn whatever_call_or_write_a_run_dies_at_the_next_one_ends_well_and_nothing_is_lost_or_there_twice() {
    let began = Instant::now();
    let full = std::env::var("FATHUSS_SWEEP").is_ok_and(|sweep| sweep == "full");
    let only = std::env::var("FATHUSS_POINT").ok();
    let ground = Ground::new();
    let phases = phases(&ground);
    let mut points: Vec<(&Phase, usize)> = Vec::new();
    for phase in &phases {
        let all = phase.points.len();
        let step = if full || only.is_some() { 1 } else { all.div_ceil(SAMPLE) };
        // Odd, so that points of all kinds are among them.
        let step = step | 1;
        points.extend((0..all).step_by(step).map(|at| (phase, at)));
        println!("{}: {all} points", phase.name);
    }
    if let Some(only) = &only {
        points.retain(|(phase, at)| phase.name == only || format!("{}:{at}", phase.name) == *only);
        assert!(!points.is_empty(), "there is no point {only}");
    }
    let (next, broken) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let Some((phase, at)) = points.get(next.fetch_add(1, Ordering::Relaxed)) else { return };
                    let point = phase.points[*at];
                    if let Err(what) = kill(phase, point, &ground) {
                        let told =
                            format!("{}, killed at {point:?} (FATHUSS_POINT={}:{at}): {what}", phase.name, phase.name);
                        println!("{told}");
                        broken.lock().expect("nothing panics while it is held").push(told);
                    }
                }
            });
        }
    });
    let broken = broken.into_inner().expect("nothing panics while it is held");
    println!("{} points in {:.0} s of real time", points.len(), began.elapsed().as_secs_f64());
    assert!(broken.is_empty(), "{} of {} points:\n{}", broken.len(), points.len(), broken.join("\n"));
}
