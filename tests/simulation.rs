//! Deterministic simulation of the whole line: random typed stacks through engine, provider and
//! codecs against the simulator, in virtual time, with faults, all from a seed.
//!
//! `FATHUSS_SEED=n` replays one run, `FATHUSS_LOUD=1` tells its events, and
//! `FATHUSS_SWEEP=full` runs twenty thousand, `FATHUSS_SEEDS=500..900` those of these seeds.

#[path = "simulation/blueprint.rs"]
mod blueprint;
#[path = "simulation/change.rs"]
mod change;
#[path = "simulation/declare.rs"]
mod declare;
#[path = "simulation/hands.rs"]
mod hands;
#[path = "simulation/held.rs"]
mod held;
#[path = "simulation/network.rs"]
mod network;
#[path = "simulation/reader.rs"]
mod reader;
#[path = "simulation/run.rs"]
mod run;
#[path = "simulation/tally.rs"]
mod tally;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use run::Violation;
use tally::Tally;

/// A tenth of a run's time is saved by it: the SDK makes many small things for each call.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Runs in a full sweep.
const FULL: u64 = 20_000;
/// Runs in every test run.
const SAMPLE: u64 = 40;
/// Threads, each with one run at a time.
const THREADS: usize = 2;

/// The types that stacks are drawn from: all that the provider makes or asks.
fn kinds() -> Vec<&'static str> {
    let provided = fathuss_aws::table::KINDS.iter().map(|kind| kind.schema().kind);
    let asked = fathuss_aws::table::LOOKUPS.iter().map(|lookup| lookup.schema().kind);
    let simulated = |kind: &&str| {
        let services = fathuss_simulator::SERVICES;
        let schema = fathuss_model::schemas().find(|schema| schema.kind == *kind).expect("it has a schema");
        // CloudWatch signs as `monitoring`, by which name the simulator has it.
        let name = if schema.service == "cloudwatch" { "monitoring" } else { schema.service };
        services.iter().any(|service| service.name == name)
    };
    provided.chain(asked).filter(simulated).chain(["terraform_data", "random_id"]).collect()
}

#[test]
fn nothing_is_lost_orphaned_or_made_twice_whatever_happens() {
    if let Ok(seed) = std::env::var("FATHUSS_SEED") {
        let seed = seed.parse().expect("FATHUSS_SEED is a number");
        let mut tally = Tally::default();
        let result = run::run(seed, &kinds(), &mut tally);
        println!("{tally}");
        if let Err(violation) = result {
            panic!("{violation}");
        }
        return;
    }
    let full = std::env::var("FATHUSS_SWEEP").is_ok_and(|sweep| sweep == "full");
    let range = std::env::var("FATHUSS_SEEDS").ok();
    let seeds = match &range {
        Some(seeds) => {
            let ends = seeds.split_once("..").and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
            let (from, to) = ends.expect("FATHUSS_SEEDS is a range: 0..500");
            from..to
        }
        None => 0..if full { FULL } else { SAMPLE },
    };
    let count = seeds.end - seeds.start;
    let began = Instant::now();
    let (tally, violations) = sweep(seeds);
    println!("{tally}{:.1} s of real time", began.elapsed().as_secs_f64());
    for violation in &violations {
        println!("\n{violation}");
    }
    assert!(violations.is_empty(), "{} of {count} runs broke a promise", violations.len());
    // A few runs need not have every type.
    if full && range.is_none() {
        let never: Vec<_> = kinds().into_iter().filter(|kind| !tally.made.contains_key(*kind)).collect();
        assert!(never.is_empty(), "never made: {never:?}");
    }
}

fn sweep(seeds: std::ops::Range<u64>) -> (Tally, Vec<Violation>) {
    let next = AtomicU64::new(seeds.start);
    let results = Mutex::new((Tally::default(), Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let kinds = kinds();
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    let mut tally = Tally::default();
                    let result = run::run(seed, &kinds, &mut tally);
                    let mut results = results.lock().expect("no run panics while it holds this");
                    results.0.add(&tally);
                    results.1.extend(result.err());
                }
            });
        }
    });
    let (tally, mut violations) = results.into_inner().expect("no run panics while it holds this");
    violations.sort_by_key(|violation| violation.seed);
    (tally, violations)
}

/// A world and a state that agree, after one apply without faults.
async fn agreed(simulator: &fathuss_simulator::Simulator) -> (fathuss_state::Snapshot, fathuss_model::graph::Graph) {
    use rand::SeedableRng;
    let mut chance = rand_chacha::ChaCha8Rng::seed_from_u64(7);
    let kinds =
        ["aws_vpc", "aws_subnet", "aws_security_group", "aws_vpc_security_group_ingress_rule", "aws_iam_policy"];
    let graph = declare::graph(&blueprint::Blueprint::draw(&mut chance, 40, &kinds)).expect("the model takes it");
    let mut line = run::Line::new(7, simulator.clone());
    let applied = line.step("apply", &graph, fathuss_engine::plan::Goal::Apply, &mut Tally::default()).await;
    applied.unwrap_or_else(|violation| panic!("{violation}"));
    let snapshot = fathuss_state::Store::snapshot(&line.store).expect("it can be read");
    assert_eq!(reader::compare(simulator, &snapshot, Some(&graph)).expect("it can be read"), [""; 0]);
    (snapshot, graph)
}

#[tokio::test(start_paused = true)]
async fn the_reader_sees_what_is_in_no_state() {
    let simulator = run::world(7);
    let (mut snapshot, graph) = agreed(&simulator).await;
    // Somebody's VPC: an orphan as a crash would leave it, without any mark.
    let key = snapshot.resources.keys().find(|address| address.kind() == "aws_subnet").expect("it has one").clone();
    let forgotten = snapshot.resources.remove(&key).expect("it is there");
    let wrong = reader::compare(&simulator, &snapshot, Some(&graph)).expect("it can be read");
    assert!(
        wrong.iter().any(|line| line.starts_with(&format!("orphan: aws_subnet {}", forgotten.identity))),
        "{wrong:?}"
    );
    assert!(wrong.iter().any(|line| line.contains("is declared and not in the state")), "{wrong:?}");
}

#[tokio::test(start_paused = true)]
async fn the_reader_sees_what_was_made_twice() {
    let simulator = run::world(7);
    let (snapshot, graph) = agreed(&simulator).await;
    // The same stack by another state: each thing is there twice, and this state knows one of them.
    let mut other = run::Line::new(8, simulator.clone());
    let ended = other.step("apply", &graph, fathuss_engine::plan::Goal::Apply, &mut Tally::default()).await;
    let seen = ended.expect_err("the other's look sees the first one's things").what;
    assert!(seen.contains("orphan: aws_vpc"), "{seen}");
    let wrong = reader::compare(&simulator, &snapshot, Some(&graph)).expect("it can be read");
    let vpcs = snapshot.resources.keys().filter(|address| address.kind() == "aws_vpc").count();
    assert!(vpcs > 0);
    assert_eq!(wrong.iter().filter(|line| line.starts_with("orphan: aws_vpc ")).count(), vpcs, "{wrong:?}");
}

#[tokio::test(start_paused = true)]
async fn the_reader_sees_what_is_lost() {
    let simulator = run::world(7);
    let (mut snapshot, graph) = agreed(&simulator).await;
    let policy = snapshot.resources.values_mut().find(|record| record.address.kind() == "aws_iam_policy");
    policy.expect("it has one").identity = fathuss_state::Identity("gone".to_owned());
    let wrong = reader::compare(&simulator, &snapshot, Some(&graph)).expect("it can be read");
    assert!(wrong.iter().any(|line| line.starts_with("lost: ") && line.contains("gone is there")), "{wrong:?}");
}
