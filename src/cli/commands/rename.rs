//! `fathuss state move`: gives resources of the state other addresses, and leaves them in AWS as they are.
//!
//! Their marks name the old address until the next apply, which sets them in place.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::Args;
use fathuss_model::Address;
use fathuss_state::{Entry, ResourceRecord, Snapshot, write_run};

use super::forget::settled;
use super::state::place;
use crate::error::Error;
use crate::options::{Output, TargetOptions};
use crate::render::{json, print};
use crate::selection::Selection;
use crate::session::{locked, seal};
use crate::target::wall_ms;

/// What `state move` takes.
#[derive(Args, Debug)]
pub struct Move {
    /// The stack, as fathuss.toml names it
    stack: String,
    /// What moves: an address, a declaration with all of its keys, or '*.old-*' for all that begin so
    from: String,
    /// Where to, in the same form
    to: String,
    #[command(flatten)]
    target: TargetOptions,
}

/// Runs the command.
pub fn run(options: &Move, output: &Output) -> Result<ExitCode, Error> {
    let (place, stack) = place(&options.stack, &options.target)?;
    let words = options.target.words();
    let [from, to] = [&options.from, &options.to].map(|text| Selection::parse(&stack, text));
    let (from, to) = (from?, to?);
    if place.look()?.is_none() {
        return Err(Error::Usage(format!("{stack} has no state yet, in {place}; nothing was changed")));
    }
    let mut store = locked(place.open(None, wall_ms())?, &place, "state move", (&stack, words), output)?;
    let mut work = || {
        let snapshot = store.snapshot()?;
        let moves = from.renamed(&to, &from.addresses(&snapshot, &stack, words)?)?;
        settled(&snapshot, &stack, words)?;
        let entries = entries(&snapshot, &moves).map_err(|(here, there)| {
            Error::Usage(format!(
                "{} can't become {}: the state has {} there, which is {}; nothing was changed\nNext: move or forget that one first",
                here.local(),
                there.local(),
                there.local(),
                snapshot.resources[&there].identity
            ))
        })?;
        seal(&mut *store, &place, (&stack, words), output)?;
        write_run(&mut *store, ["move", "moved", "moved"], moves.keys(), &entries, &wall_ms)?;
        Ok::<_, Error>(moves)
    };
    let moves = work();
    // Whatever came of it, the lock goes with the run.
    let released = store.release();
    let moves = moves?;
    released?;
    told(&moves, &stack, words, output)
}

/// What is written; or an address that is to move, and the one it would take though something stands there.
fn entries(snapshot: &Snapshot, moves: &BTreeMap<Address, Address>) -> Result<Vec<Entry>, (Address, Address)> {
    let taken = |there: &Address| snapshot.resources.contains_key(there) && !moves.contains_key(there);
    if let Some((here, there)) = moves.iter().find(|(here, there)| here == there || taken(there)) {
        return Err((here.clone(), there.clone()));
    }
    let mut entries: Vec<Entry> = moves.keys().cloned().map(Entry::Dropped).collect();
    for record in snapshot.resources.values() {
        let moved = |address: &Address| moves.get(address).unwrap_or(address).clone();
        let depends_on = record.depends_on.iter().map(moved).collect();
        let row = ResourceRecord { address: moved(&record.address), depends_on, ..record.clone() };
        if row != *record {
            entries.push(Entry::Recorded(Box::new(row)));
        }
    }
    Ok(entries)
}

fn told(moves: &BTreeMap<Address, Address>, stack: &str, words: &str, output: &Output) -> Result<ExitCode, Error> {
    if output.json {
        let moved: Vec<_> = moves.iter().map(|(from, to)| serde_json::json!({ "from": from, "to": to })).collect();
        print(&json(&serde_json::json!({ "moved": moved }))?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let each = moves.iter().map(|(from, to)| format!("  {} is {} now\n", from.local(), to.local()));
    print(&format!(
        "{}In AWS nothing was changed; the next apply writes the new address into the mark of what has one.\nNext: declare it by its new name before the next apply, which would delete what nobody declares, and see what that would do\n  fathuss plan {stack}{words}\n",
        each.collect::<String>()
    ))?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use fathuss_state::{Identity, Memory, RunEnd, Store};

    use super::*;

    fn row(address: &str, needs: &[&str]) -> ResourceRecord {
        ResourceRecord {
            address: address.parse().expect("it is one"),
            region: "us-east-1".to_owned(),
            account: "111122223333".to_owned(),
            identity: Identity(format!("i-{address}")),
            attributes: BTreeMap::new(),
            generation: 3,
            depends_on: needs.iter().map(|address| address.parse().expect("it is one")).collect(),
            prevent_destroy: false,
            unsettled: false,
        }
    }

    fn moved(rows: &[ResourceRecord], moves: &[(&str, &str)]) -> Result<Snapshot, (Address, Address)> {
        let mut store = Memory::new("line");
        let run = store.begin_run("test", &[], 0).expect("it begins");
        let rows: Vec<Entry> = rows.iter().cloned().map(|row| Entry::Recorded(Box::new(row))).collect();
        store.append(&rows).expect("they are written");
        let moves = moves.iter().map(|(from, to)| (from.parse().unwrap(), to.parse().unwrap())).collect();
        store.append(&entries(&store.snapshot().unwrap(), &moves)?).expect("they are written");
        store.end_run(run, RunEnd::default()).expect("it ends");
        Ok(store.snapshot().expect("it is read"))
    }

    #[test]
    fn a_row_is_the_same_at_its_new_address_and_who_needs_it_needs_that() {
        let rows = [row("s.aws_vpc.a", &[]), row("s.aws_subnet.x", &["s.aws_vpc.a"])];
        let after = moved(&rows, &[("s.aws_vpc.a", "s.aws_vpc.b")]).unwrap();
        let there = &after.resources[&"s.aws_vpc.b".parse().unwrap()];
        assert_eq!((there.generation, there.identity.0.as_str()), (3, "i-s.aws_vpc.a"));
        assert_eq!(
            after.resources[&"s.aws_subnet.x".parse().unwrap()].depends_on,
            std::slice::from_ref(&there.address)
        );
        assert_eq!(after.resources.len(), 2);
        assert_eq!(after.generations[&"s.aws_vpc.a".parse().unwrap()], 4, "what is made there next is another making");
    }

    #[test]
    fn two_that_change_places_do_and_one_that_stays_is_in_the_way() {
        let rows = [row("s.aws_vpc.a", &[]), row("s.aws_vpc.b", &[])];
        let after = moved(&rows, &[("s.aws_vpc.a", "s.aws_vpc.b"), ("s.aws_vpc.b", "s.aws_vpc.a")]).unwrap();
        assert_eq!(after.resources[&"s.aws_vpc.a".parse().unwrap()].identity.0, "i-s.aws_vpc.b");
        assert!(moved(&rows, &[("s.aws_vpc.a", "s.aws_vpc.b")]).is_err());
        assert!(moved(&rows, &[("s.aws_vpc.a", "s.aws_vpc.a")]).is_err());
    }
}
