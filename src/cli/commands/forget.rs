//! `fathuss state forget`: takes resources out of the state, and leaves them in AWS.

use std::collections::BTreeSet;
use std::process::ExitCode;

use clap::Args;
use fathuss_model::schema::Schema;
use fathuss_model::{Address, schema_of};
use fathuss_report::harmless;
use fathuss_state::{Entry, ResourceRecord, Snapshot, write_run};

use super::state::place;
use crate::ask::Question;
use crate::error::Error;
use crate::options::{Output, TargetOptions};
use crate::render::{json, print};
use crate::selection::Selection;
use crate::session::{locked, runtime, seal};
use crate::target::wall_ms;

/// How many of what needs something that is to go are named.
const NAMED: usize = 6;

/// What `state forget` takes.
#[derive(Args, Debug)]
pub struct Forget {
    /// The stack, as fathuss.toml names it
    stack: String,
    /// What the state is to forget: an address, a declaration with all of its keys, or '*.old-*' for all that begin so
    #[arg(required = true)]
    addresses: Vec<String>,
    /// Forget it though others in the state need it, and let the state forget that, too
    #[arg(long)]
    leave_dependents: bool,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    target: TargetOptions,
}

/// Runs the command.
pub fn run(options: &Forget, output: &Output) -> Result<ExitCode, Error> {
    let (place, stack) = place(&options.stack, &options.target)?;
    let words = options.target.words();
    if place.look()?.is_none() {
        return Err(Error::Usage(format!("{stack} has no state yet, in {place}; nothing was changed")));
    }
    runtime()?.block_on(async {
        let mut pace = crate::signals::listen();
        let mut store = locked(place.open(None, wall_ms())?, &place, "state forget", (&stack, words), output)?;
        let ended = async {
            let snapshot = store.snapshot()?;
            let going = chosen(&snapshot, &stack, options)?;
            let entries = entries(&snapshot, &going, options.leave_dependents)
                .map_err(|holders| Error::Usage(held(&snapshot, &holders, &stack, words)))?;
            let asks = !options.yes && !options.target.sandbox;
            if asks {
                print(&going.iter().map(|address| line(&snapshot.resources[address])).collect::<String>())?;
                let named: Vec<String> = options.addresses.iter().map(|address| format!("'{address}'")).collect();
                let again = format!("fathuss state forget {stack} {}", named.join(" "));
                let question = Question {
                    verb: "forget it",
                    what: &format!("let the state of `{stack}` forget {}", these(going.len())),
                    again: &again,
                };
                if !question.confirmed(output, &mut pace).await? {
                    return Err(Error::Usage("Nothing was changed.".to_owned()));
                }
            }
            seal(&mut *store, &place, (&stack, words), output)?;
            write_run(&mut *store, ["forget", "forgotten", "forgotten"], &going, &entries, &wall_ms)?;
            Ok::<_, Error>((snapshot, going))
        }
        .await;
        // Whatever came of it, the lock goes with the run.
        let released = store.release();
        let (snapshot, going) = ended?;
        released?;
        told(&snapshot, &going, &stack, words, output)
    })
}

fn chosen(snapshot: &Snapshot, stack: &str, options: &Forget) -> Result<BTreeSet<Address>, Error> {
    let mut going = BTreeSet::new();
    for text in &options.addresses {
        going.extend(Selection::parse(stack, text)?.addresses(snapshot, stack, options.target.words())?);
    }
    settled(snapshot, stack, options.target.words())?;
    Ok(going)
}

/// Refuses a state in which an earlier run has left something unfinished: what it began names addresses, too.
pub(super) fn settled(snapshot: &Snapshot, stack: &str, words: &str) -> Result<(), Error> {
    let Some(pending) = snapshot.pending.first() else { return Ok(()) };
    Err(Error::Usage(format!(
        "an earlier run has begun something at {} and not finished it; nothing was changed\nNext: finish that, and run this again\n  fathuss apply {stack}{words}",
        pending.begun.address.local()
    )))
}

/// What is written; or what stays and needs something that goes.
fn entries(snapshot: &Snapshot, going: &BTreeSet<Address>, leave: bool) -> Result<Vec<Entry>, Vec<(Address, Address)>> {
    let mut entries: Vec<Entry> = going.iter().cloned().map(Entry::Dropped).collect();
    let mut holders = Vec::new();
    for record in snapshot.resources.values().filter(|record| !going.contains(&record.address)) {
        let (needed, left): (Vec<Address>, Vec<Address>) =
            record.depends_on.iter().cloned().partition(|address| going.contains(address));
        if needed.is_empty() {
            continue;
        }
        holders.extend(needed.into_iter().map(|needed| (record.address.clone(), needed)));
        entries.push(Entry::Recorded(Box::new(ResourceRecord { depends_on: left, ..record.clone() })));
    }
    if leave || holders.is_empty() { Ok(entries) } else { Err(holders) }
}

fn held(snapshot: &Snapshot, holders: &[(Address, Address)], stack: &str, words: &str) -> String {
    let each =
        holders.iter().take(NAMED).map(|(holder, needed)| format!("\n  {} needs {}", holder.local(), needed.local()));
    let more = holders.len().saturating_sub(NAMED);
    let more = if more > 0 { format!("\n  and {more} more") } else { String::new() };
    let names: BTreeSet<String> = holders.iter().map(|(holder, _)| format!("'{}'", holder.local())).collect();
    let count = snapshot.resources.len();
    let next = match names.len() {
        1..=NAMED => format!("name {} as well", names.into_iter().collect::<Vec<_>>().join(" ")),
        _ => format!("name these as well, of the {count} that it has (fathuss state list {stack}{words})"),
    };
    format!(
        "what stays in the state needs what is to be forgotten; nothing was changed{}{more}\nNext: {next}; where they are to stay without it, add\n  --leave-dependents",
        each.collect::<String>()
    )
}

fn told(
    snapshot: &Snapshot,
    going: &BTreeSet<Address>,
    stack: &str,
    words: &str,
    output: &Output,
) -> Result<ExitCode, Error> {
    if output.json {
        let forgotten: Vec<_> = going
            .iter()
            .map(|address| &snapshot.resources[address])
            .map(|record| serde_json::json!({ "address": record.address, "identity": record.identity, "region": record.region }))
            .collect();
        print(&json(&serde_json::json!({ "forgotten": forgotten }))?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut page: String = going.iter().map(|address| line(&snapshot.resources[address])).collect();
    page.push_str(&format!(
        "The state of {stack} no longer knows {}. In AWS nothing was changed.\n",
        these(going.len())
    ));
    page.push_str(&format!(
        "Next: take {} out of the stack program before the next apply, which would make what is declared anew, or fail because it is there, and see what that would do\n",
        if going.len() == 1 { "it" } else { "them" }
    ));
    page.push_str(&format!("  fathuss plan {stack}{words}\n"));
    let has_tags = |address: &Address| schema_of(address.kind()).is_some_and(Schema::has_tags);
    if going.iter().any(has_tags) {
        page.push_str(
            "What has tags may carry the mark of this state: a plan lists it where the state has another of its type in its region, and an apply takes it over again where the program declares its address. For another state to take it over, take these tags off it first: fathuss:lineage, fathuss:address, fathuss:generation\n",
        );
    }
    print(&page)?;
    Ok(ExitCode::SUCCESS)
}

fn line(record: &ResourceRecord) -> String {
    format!("  {}  {}\n", record.address.local(), harmless(&record.identity.0))
}

fn these(count: usize) -> String {
    if count == 1 { "this one".to_owned() } else { format!("these {count}") }
}
