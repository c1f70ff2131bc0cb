//! A process that is killed in the middle of a write leaves all of it or nothing.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::time::Duration;

use fathuss_state::{Backend, Entry, Sqlite, Store};

use crate::child;
use crate::made::{NOW_MS, begin, holder, locked, present};

const GROUP: i64 = 40;

#[test]
fn a_killed_process_leaves_whole_groups_and_every_one_it_was_told_of() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state");
    let mut groups_before = 0;
    for round in 0..12_u32 {
        let mut writer = child::playing("kill::child_that_writes_groups", &path).spawn().expect("started");
        let mut lines = BufReader::new(writer.stdout.take().expect("piped")).lines();
        let mut told = |line: Result<String, std::io::Error>| line.expect("text").strip_prefix("durable ").map(number);
        let first = lines.find_map(&mut told).expect("it writes");
        // Somewhere within one of the next writes, each round at another point of it.
        std::thread::sleep(Duration::from_micros(u64::from(round) * 370));
        writer.kill().expect("killed");
        let last_told = lines.filter_map(&mut told).last().unwrap_or(first);
        writer.wait().expect("reaped");

        let state = Sqlite::read(&path).expect("whole").expect("there");
        let mut begun_and_settled: BTreeMap<i64, i64> = BTreeMap::new();
        for address in state.resources.keys() {
            *begun_and_settled.entry(group_of(address.name())).or_default() += 1;
        }
        for one in &state.pending {
            *begun_and_settled.entry(group_of(one.begun.address.name())).or_default() += 1000;
        }
        for (group, count) in &begun_and_settled {
            assert!([GROUP, GROUP * 1000].contains(count), "group {group} is torn: {count}");
        }
        let groups = i64::try_from(begun_and_settled.len()).expect("few");
        assert!(groups > groups_before && last_told < groups, "told of group {last_told}, but {groups} are there");
        groups_before = groups;
    }
    locked(&path);
}

#[test]
#[ignore = "played by a child of the test above"]
fn child_that_writes_groups() {
    let mut state = Sqlite::open(&child::state(), NOW_MS).expect("whole");
    state.lock(&holder("child"), NOW_MS).expect("its holder is dead");
    let snapshot = state.snapshot().expect("readable");
    let known = snapshot.resources.keys().chain(snapshot.pending.iter().map(|one| &one.begun.address));
    let next = known.map(|address| group_of(address.name()) + 1).max().unwrap_or(0);
    // Until the parent kills it; bounded, in case that there is no parent any more.
    for group in next..next + 3000 {
        let first = state.reserve_operations(40).expect("reserved").0;
        let named = |offset| (first + offset, format!("g{group}-{offset}"));
        let begun: Vec<Entry> = (0..GROUP).map(named).map(|(id, name)| begin(id, &name)).collect();
        let settled: Vec<Entry> = (0..GROUP).map(named).map(|(id, name)| present(id, &name, "i-1")).collect();
        state.append(&begun).expect("legal");
        state.append(&settled).expect("legal");
        println!("\ndurable {group}");
    }
}

fn group_of(name: &str) -> i64 {
    number(name.strip_prefix('g').and_then(|rest| rest.split('-').next()).expect("a group's name"))
}

fn number(text: &str) -> i64 {
    text.parse().expect("a number")
}
