//! The life of one resource of each type, from the schemas: made, read, planned without a change, each field changed in
//! place or by a replacement, imported, changed and taken away by other hands and repaired, and deleted.
//!
//! No type is named here: the provider's table has them, `simulation/blueprint.rs` draws a stack around each, and other
//! values of a field come from other draws and from the schema. What can't be tried is in `lifecycle.txt` with the reason.
//!
//! `FATHUSS_KIND=aws_vpc` tries one type, and tells what is done; `FATHUSS_SWEEP=full` tries more draws of each.

#![allow(dead_code, reason = "the simulation's parts are shared, and each test takes what it needs")]

#[path = "simulation/blueprint.rs"]
mod blueprint;
#[path = "lifecycle/candidate.rs"]
mod candidate;
#[path = "simulation/change.rs"]
mod change;
#[path = "simulation/declare.rs"]
mod declare;
#[path = "simulation/hands.rs"]
mod hands;
#[path = "lifecycle/life.rs"]
mod life;
#[path = "simulation/network.rs"]
mod network;
#[path = "simulation/reader.rs"]
mod reader;
#[path = "simulation/run.rs"]
mod run;
#[path = "simulation/tally.rs"]
mod tally;
#[path = "lifecycle/way.rs"]
mod way;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use life::Life;

/// The simulation saves a tenth of its time by it, too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Threads, each with one type at a time.
const THREADS: usize = 2;
/// Stacks that a type's fields are tried in, one after the other, until each of them has been.
const DRAWS: u64 = 5;
/// The same in a full sweep.
const FULL: u64 = 12;

/// What can't be tried: a field a line, and why.
const UNTRIED: &str = include_str!("lifecycle.txt");

#[test]
fn every_type_lives_as_its_schema_says() {
    let began = Instant::now();
    let only = std::env::var("FATHUSS_KIND").ok();
    let full = std::env::var("FATHUSS_SWEEP").is_ok_and(|sweep| sweep == "full");
    let mut kinds: Vec<&'static str> = fathuss_aws::table::KINDS.iter().map(|kind| kind.schema().kind).collect();
    if let Some(only) = &only {
        kinds.retain(|kind| kind == only);
        assert!(!kinds.is_empty(), "there is no type {only}");
    }
    let lives = live(&kinds, if full { FULL } else { DRAWS }, only.is_some());

    let mut wrong: Vec<String> = Vec::new();
    let mut untried: BTreeMap<String, String> = BTreeMap::new();
    for (kind, life) in &lives {
        wrong.extend(life.wrong.iter().map(|what| format!("{kind}: {what}")));
        untried.extend(life.untried.iter().map(|(field, why)| (format!("{kind}.{field}"), why.clone())));
    }
    let sum = |count: fn(&Life) -> usize| lives.iter().map(|(_, life)| count(life)).sum::<usize>();
    println!(
        "{} types: {} fields updated in place, {} replaced, {} that AWS does not tell; {} imports, {} left to another \
         state; {} drifts repaired and {} of one field; {} fields untried; {:.0} s of real time",
        lives.len(),
        sum(|life| life.updated.len()),
        sum(|life| life.replaced.len()),
        sum(|life| life.quiet.len()),
        sum(|life| life.imports),
        sum(|life| life.refused),
        sum(|life| life.drifts),
        sum(|life| life.strayed.len()),
        untried.len(),
        began.elapsed().as_secs_f64()
    );

    // As they would stand in the file.
    for (name, why) in &untried {
        println!("{name}: {why}");
    }

    let known: BTreeSet<&str> = UNTRIED
        .lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        .map(|line| line.split_once(": ").unwrap_or_else(|| panic!("no reason in {line:?}")).0)
        .filter(|name| only.as_ref().is_none_or(|only| name.split('.').next() == Some(only)))
        .collect();
    for (name, why) in untried.iter().filter(|(name, _)| !known.contains(name.as_str())) {
        wrong.push(format!("{name} could not be tried, and lifecycle.txt does not say why: {why}"));
    }
    for name in known.iter().filter(|name| !untried.contains_key(**name)) {
        wrong.push(format!("{name} is in lifecycle.txt, and could be tried or is no field"));
    }
    for what in &wrong {
        println!("{what}");
    }
    assert!(wrong.is_empty(), "{} things are not as they should be", wrong.len());
}

/// One life of each type.
fn live(kinds: &[&'static str], draws: u64, loud: bool) -> Vec<(&'static str, Life)> {
    let next = AtomicUsize::new(0);
    let lives = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(kind) = kinds.get(at).copied() else { return };
                    let began = Instant::now();
                    let life = life::live(kind, kinds_to_draw(), draws, loud);
                    println!("{kind}: {:.1} s, {:?} wrong", began.elapsed().as_secs_f64(), life.wrong);
                    lives.lock().expect("nothing panics while it is held").push((kind, life));
                }
            });
        }
    });
    let mut lives = lives.into_inner().expect("nothing panics while it is held");
    lives.sort_by_key(|(kind, _)| *kind);
    lives
}

/// The types that a stack may be drawn from.
fn kinds_to_draw() -> Vec<&'static str> {
    let made = fathuss_aws::table::KINDS.iter().map(|kind| kind.schema().kind);
    made.chain(fathuss_aws::table::LOOKUPS.iter().map(|lookup| lookup.schema().kind)).collect()
}
