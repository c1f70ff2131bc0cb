//! `fathuss state`, `show` and `output`: what the state says, without asking AWS.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use fathuss_model::{Address, Datum};
use fathuss_report::harmless;
use fathuss_report::table::{outputs_text, resource_text};
use fathuss_state::{Document, Past, Place, ResourceRecord, Snapshot, StateError};

use crate::commands::diff::{self, Diff};
use crate::commands::encrypt::{self, Encrypt};
use crate::commands::forget::{self, Forget};
use crate::commands::history::{self, History};
use crate::commands::promote::{self, Promote};
use crate::commands::rename::{self, Move};
use crate::commands::verify::{self, Verify};
use crate::error::Error;
use crate::home::{self, Home};
use crate::options::{Output as Look, TargetOptions};
use crate::project::{Project, StackEntry};
use crate::render::{json, print, style};
use crate::session::{current_folder, holder, locked, locked_anyway, seal, seal_as};
use crate::target::wall_ms;

/// What `state` takes.
#[derive(Subcommand, Debug)]
pub enum State {
    /// List the addresses in the state
    List(Stack),
    /// Show one resource of the state, or all of it; with --at, as it was after a run
    Show(One),
    /// List the runs that have written the state, newest first, with what each came to; show one in full
    History(History),
    /// Show what was added, changed and removed between two runs, or since one
    Diff(Diff),
    /// Check that the audit log is whole and that the state is what it says
    Verify(Verify),
    /// Let the state forget resources, which stay in AWS
    Forget(Forget),
    /// Give resources of the state other addresses, and leave them in AWS as they are
    Move(Move),
    /// Take the lock away from a run that is dead, where that can't be seen from here
    Unlock(Lock),
    /// Write the whole state into a JSON file, or print it
    Pull(Pull),
    /// Put a state that was pulled in the place of the one that is there
    Push(Push),
    /// Encrypt the state for those whom fathuss.toml names, by a new key; with --plain, decrypt it
    Encrypt(Encrypt),
    /// Bring the state to another place: a file, s3:// or postgres://
    Migrate(Migrate),
    /// Go on from the state's replica, where the region of the state is gone
    Promote(Promote),
}

/// A stack of the project.
#[derive(Args, Debug)]
pub struct Stack {
    /// The stack, as fathuss.toml names it
    stack: String,
    #[command(flatten)]
    target: TargetOptions,
}

/// A resource of a stack.
#[derive(Args, Debug)]
pub struct One {
    /// The stack, as fathuss.toml names it
    stack: String,
    /// The address, with or without the stack's name; all resources and outputs where none is named
    address: Option<String>,
    /// As it was after this run, by its number in `state history`
    #[arg(long, value_name = "RUN")]
    at: Option<i64>,
    #[command(flatten)]
    target: TargetOptions,
}

/// The lock of a stack's state.
#[derive(Args, Debug)]
pub struct Lock {
    /// The stack, as fathuss.toml names it
    stack: String,
    /// The lock's id, as the refused run showed it
    id: String,
    #[command(flatten)]
    target: TargetOptions,
}

/// A state to be written into a file.
#[derive(Args, Debug)]
pub struct Pull {
    /// The stack, as fathuss.toml names it
    stack: String,
    /// The file, which must not be there yet; the state is printed where none is named
    #[arg(long)]
    to: Option<PathBuf>,
    #[command(flatten)]
    target: TargetOptions,
}

/// A state in a file.
#[derive(Args, Debug)]
pub struct Push {
    /// The stack, as fathuss.toml names it
    stack: String,
    /// The file that `state pull` wrote
    file: PathBuf,
    #[command(flatten)]
    target: TargetOptions,
}

/// A state and another place for it.
#[derive(Args, Debug)]
pub struct Migrate {
    /// The stack, as fathuss.toml names it
    stack: String,
    /// The place, as fathuss.toml is to name it
    to: String,
}

/// An output of a stack, or all of them.
#[derive(Args, Debug)]
pub struct Output {
    /// The stack, as fathuss.toml names it
    stack: String,
    /// The output; all of them where none is named
    name: Option<String>,
    /// Print the one value as it is, without quotes
    #[arg(long, requires = "name")]
    raw: bool,
    #[command(flatten)]
    target: TargetOptions,
}

/// Runs `state`.
pub fn state(options: &State, look: &Look) -> Result<ExitCode, Error> {
    match options {
        State::List(options) => list(options, look),
        State::History(options) => history::run(options, look),
        State::Diff(options) => diff::run(options, look),
        State::Verify(options) => verify::run(options, look),
        State::Forget(options) => forget::run(options, look),
        State::Move(options) => rename::run(options, look),
        State::Unlock(options) => unlock(options, look),
        State::Pull(options) => pull(options, look),
        State::Push(options) => push(options, look),
        State::Encrypt(options) => encrypt::run(options, look),
        State::Migrate(options) => migrate(options, look),
        State::Promote(options) => promote::run(options, look),
        State::Show(options) => {
            let (snapshot, stack) = match options.at {
                None => read(&options.stack, &options.target)?,
                Some(run) => at(&options.stack, &options.target, run)?,
            };
            let Some(address) = &options.address else { return whole(&snapshot, &stack, &options.target, look) };
            let record = find(&snapshot, &stack, address, options.target.words())?;
            if look.json {
                return printed(&json(&shown(record))?);
            }
            printed(&text(record, look))
        }
    }
}

/// Runs `show`: every resource and output of the state.
pub fn show(options: &Stack, look: &Look) -> Result<ExitCode, Error> {
    let (snapshot, stack) = read(&options.stack, &options.target)?;
    whole(&snapshot, &stack, &options.target, look)
}

/// Every resource and output.
fn whole(snapshot: &Snapshot, stack: &str, target: &TargetOptions, look: &Look) -> Result<ExitCode, Error> {
    if look.json {
        let resources: Vec<_> = snapshot.resources.values().map(shown).collect();
        return printed(&json(&serde_json::json!({
            "stack": stack,
            "lineage": snapshot.lineage,
            "serial": snapshot.serial,
            "resources": resources,
            "outputs": snapshot.outputs,
        }))?);
    }
    if snapshot.resources.is_empty() && snapshot.outputs.is_empty() {
        return printed(&format!("The state of {stack} is empty.\nNext: fathuss apply {stack}{}", target.words()));
    }
    let mut page: String = snapshot.resources.values().map(|record| text(record, look) + "\n").collect();
    page.push_str("outputs\n");
    page.push_str(&outputs_text(&snapshot.outputs, &style(look)));
    printed(&page)
}

/// Runs `output`.
pub fn output(options: &Output, look: &Look) -> Result<ExitCode, Error> {
    let (snapshot, stack) = read(&options.stack, &options.target)?;
    let Some(name) = &options.name else {
        if look.json {
            return printed(&json(&snapshot.outputs)?);
        }
        return printed(&outputs_text(&snapshot.outputs, &style(look)));
    };
    let value = snapshot.outputs.get(name).ok_or_else(|| {
        let known = snapshot.outputs.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        Error::Usage(format!("{stack} has no output `{name}` in its state; it has: {known}"))
    })?;
    match value {
        Datum::String(text) if options.raw => printed(text),
        value if look.json => printed(&json(value)?),
        value => printed(&harmless(&value.to_string())),
    }
}

fn list(options: &Stack, look: &Look) -> Result<ExitCode, Error> {
    let (snapshot, _) = read(&options.stack, &options.target)?;
    let lines: Vec<String> = snapshot
        .resources
        .values()
        .map(|record| {
            if look.json {
                let line = serde_json::json!({ "address": record.address, "identity": record.identity, "region": record.region });
                format!("{line}\n")
            } else {
                format!("{}\n", record.address.local())
            }
        })
        .collect();
    printed(&lines.concat())
}

fn unlock(options: &Lock, look: &Look) -> Result<ExitCode, Error> {
    let (place, stack) = place(&options.stack, &options.target)?;
    if place.look()?.is_none() {
        look.line(&format!("{stack} has no state yet."))?;
        return Ok(ExitCode::SUCCESS);
    }
    let holder = match place.open(None, wall_ms())?.unlock(&options.id, &holder("state unlock", wall_ms())) {
        Err(StateError::Locked { holder, since }) => {
            return Err(Error::Usage(format!(
                "the lock of {stack} is not {}: {holder} has it since {since}\nNext: where that run is certainly dead, and only then\n  fathuss state unlock {stack} {}{}",
                options.id,
                holder.id,
                options.target.words()
            )));
        }
        unlocked => unlocked?,
    };
    look.line(&match holder {
        Some(holder) => {
            format!("The lock of {holder} is gone.\nA run that is alive after all stops at its next write.")
        }
        None => format!("The state of {stack} is not locked."),
    })?;
    Ok(ExitCode::SUCCESS)
}

fn pull(options: &Pull, look: &Look) -> Result<ExitCode, Error> {
    let (place, stack) = place(&options.stack, &options.target)?;
    let Some(store) = place.look()? else {
        return Err(Error::Usage(format!("{stack} has no state yet, in {place}")));
    };
    let document = store.document()?;
    let text = document.to_text(store.seal()?.as_ref()).map_err(Error::Usage)?;
    let Some(path) = &options.to else { return printed(&text) };
    let written = |reason| Error::File { path: path.clone(), doing: "written", reason };
    let mut made = std::fs::OpenOptions::new();
    made.write(true).create_new(true);
    // What there is is nobody else's business.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut made, 0o600);
    let mut file = made.open(path).map_err(written)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(written)?;
    look.line(&format!(
        "The state of {stack} (lineage {}, serial {}) is in {}.",
        document.lineage(),
        document.serial(),
        path.display()
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn push(options: &Push, look: &Look) -> Result<ExitCode, Error> {
    let (place, stack) = place(&options.stack, &options.target)?;
    let path = &options.file;
    let text = std::fs::read(path).map_err(|reason| Error::File { path: path.clone(), doing: "read", reason })?;
    let document = Document::open(&text, &home::keys())
        .map_err(|reason| Error::Usage(format!("{} is no state to push: {reason}", path.display())))?;
    put(&place, &document, &stack, options.target.words(), "state push", look)?;
    look.line(&format!("The state of {stack} is as {} has it.", path.display()))?;
    Ok(ExitCode::SUCCESS)
}

fn migrate(options: &Migrate, look: &Look) -> Result<ExitCode, Error> {
    let project = Project::find(&current_folder()?)?;
    let StackEntry { name: stack, state: from, .. } = project.stack(&options.stack)?;
    let to = from.at(Place::parse(&options.to, &project.root)?);
    if from.to_string() == to.to_string() {
        return Err(Error::Usage(format!("the state of {stack} is in {to} already")));
    }
    if from.look()?.is_none() {
        return Err(Error::Usage(format!("{stack} has no state yet, in {from}")));
    }
    relocate(&from, &to, &options.to, (&stack, &project.root), look)?;
    look.line(&format!(
        "The state of {stack} is in {to} now; in {from} it is as it was, and is written no more.\nNext: in fathuss.toml, under [stacks.{stack}], write\n  state = \"{}\"",
        options.to
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// Brings a state from one place to another, which is called `named` in fathuss.toml. The old one is closed before the
/// new one is written, so that there is never more than one that takes writes; what was cut off goes on from there.
pub(super) fn relocate(
    from: &Home,
    to: &Home,
    named: &str,
    (stack, root): (&str, &Path),
    look: &Look,
) -> Result<(), Error> {
    let mut source = locked_anyway(from.open(None, wall_ms())?, from, "state migrate", (stack, ""), look)?;
    let gone = source.moved_to()?;
    if let Some(gone) = gone.filter(|gone| Place::parse(gone, root).ok().as_ref() != Some(&to.place)) {
        return Err(StateError::Moved { to: gone }.into());
    }
    let lineage = source.snapshot()?.lineage;
    let mut target = locked_anyway(to.open(Some(&lineage), wall_ms())?, to, "state migrate", (stack, ""), look)?;
    let there = target.snapshot()?;
    if source.moved_to()?.is_none() {
        // Refused before anything is closed, where another state is there or a newer one.
        source.document()?.check(&to.to_string(), &there.lineage, there.serial)?;
        seal_as(source.seal()?.as_ref(), &mut *target, to, (stack, ""), look)?;
        source.close(named)?;
    }
    let document = source.document()?;
    // Where it has come there already, it has been written since.
    if there.serial <= document.serial() {
        target.replace(&document)?;
    }
    target.release()?;
    Ok(source.release()?)
}

/// Makes the state at a place what a document says.
fn put(place: &Home, document: &Document, stack: &str, words: &str, command: &str, look: &Look) -> Result<(), Error> {
    let store = place.open(Some(document.lineage()), wall_ms())?;
    let mut store = locked(store, place, command, (stack, words), look)?;
    let there = store.snapshot()?;
    document.check(&place.to_string(), &there.lineage, there.serial)?;
    seal(&mut *store, place, (stack, words), look)?;
    store.replace(document)?;
    Ok(store.release()?)
}

/// The state as it was after a run.
fn at(stack: &str, target: &TargetOptions, run: i64) -> Result<(Snapshot, String), Error> {
    let (history, stack) = diff::past(stack, target)?;
    let Past { resources, outputs } = diff::after(&history, run, &stack)?;
    Ok((Snapshot { lineage: history.now.lineage, resources, outputs, ..Snapshot::default() }, stack))
}

fn read(stack: &str, target: &TargetOptions) -> Result<(Snapshot, String), Error> {
    let (place, stack) = place(stack, target)?;
    Ok((place.read()?.unwrap_or_default(), stack))
}

/// Where a stack's state lies, and the stack's name.
pub(super) fn place(stack: &str, target: &TargetOptions) -> Result<(Home, String), Error> {
    let project = Project::find(&current_folder()?)?;
    let stack = project.stack(stack)?;
    let place = if target.sandbox { project.sandbox_state(&stack.name) } else { stack.state };
    Ok((place, stack.name))
}

fn find<'a>(snapshot: &'a Snapshot, stack: &str, address: &str, options: &str) -> Result<&'a ResourceRecord, Error> {
    let parse = |text: &str| text.parse::<Address>().ok();
    let found = parse(address).or_else(|| parse(&format!("{stack}.{address}")));
    found.and_then(|address| snapshot.resources.get(&address)).ok_or_else(|| {
        Error::Usage(format!(
            "{stack} has no {address} in its state\nNext: see what it has\n  fathuss state list {stack}{options}"
        ))
    })
}

/// A row as it may be shown: what its schema calls sensitive is left out.
fn shown(record: &ResourceRecord) -> ResourceRecord {
    let mut record = record.clone();
    let schema = fathuss_model::schema_of(record.address.kind());
    for field in schema.into_iter().flat_map(|schema| schema.fields).filter(|field| field.sensitive) {
        if let Some(value) = record.attributes.get_mut(field.name) {
            *value = Datum::from("(sensitive)");
        }
    }
    record
}

fn text(record: &ResourceRecord, look: &Look) -> String {
    let schema = fathuss_model::schema_of(record.address.kind());
    resource_text(record, schema, &style(look))
}

fn printed(text: &str) -> Result<ExitCode, Error> {
    if !text.is_empty() {
        print(text)?;
    }
    Ok(ExitCode::SUCCESS)
}
