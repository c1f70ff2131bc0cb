//! `fathuss state`, `show` and `output`: what the state says, without asking AWS.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use fathuss_model::{Address, Datum};
use fathuss_report::harmless;
use fathuss_report::table::{outputs_text, resource_text};
use fathuss_state::{Holder, Place, ResourceRecord, Snapshot, StateError};

use crate::error::Error;
use crate::options::{Output as Look, TargetOptions};
use crate::project::Project;
use crate::render::{json, print, style};
use crate::session::current_folder;
use crate::target::wall_ms;

/// What `state` takes.
#[derive(Subcommand, Debug)]
pub enum State {
    /// List the addresses in the state
    List(Stack),
    /// Show one resource of the state
    Show(One),
    /// Take the lock away from a run that is dead, where that can't be seen from here
    Unlock(Lock),
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
    /// The address, with or without the stack's name
    address: String,
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
        State::Unlock(options) => unlock(options, look),
        State::Show(options) => {
            let (snapshot, stack) = read(&options.stack, &options.target)?;
            let record = find(&snapshot, &stack, &options.address, options.target.words())?;
            if look.json {
                return printed(&json(record)?);
            }
            printed(&text(record, look))
        }
    }
}

/// Runs `show`: every resource and output of the state.
pub fn show(options: &Stack, look: &Look) -> Result<ExitCode, Error> {
    let (snapshot, stack) = read(&options.stack, &options.target)?;
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
        return printed(&format!(
            "The state of {stack} is empty.\nNext: fathuss apply {stack}{}",
            options.target.words()
        ));
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
    let holder = match place.open(wall_ms())?.unlock(&options.id, wall_ms()) {
        Err(StateError::Locked { holder, since }) => {
            return Err(Error::Usage(format!(
                "the lock of {stack} is not {}: {} (process {}, `{}`) has it since {since}\nNext: where that run is certainly dead, and only then\n  fathuss state unlock {stack} {}{}",
                options.id,
                holder.who,
                holder.pid,
                holder.command,
                holder.id,
                options.target.words()
            )));
        }
        unlocked => unlocked?,
    };
    look.line(&match holder {
        Some(Holder { who, pid, command, .. }) => format!(
            "The lock of {who} (process {pid}, `{command}`) is gone.\nA run that is alive after all stops at its next write."
        ),
        None => format!("The state of {stack} is not locked."),
    })?;
    Ok(ExitCode::SUCCESS)
}

fn read(stack: &str, target: &TargetOptions) -> Result<(Snapshot, String), Error> {
    let (place, stack) = place(stack, target)?;
    Ok((place.read()?.unwrap_or_default(), stack))
}

/// Where a stack's state lies, and the stack's name.
fn place(stack: &str, target: &TargetOptions) -> Result<(Place, String), Error> {
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
    let schema = fathuss_model::schemas().find(|schema| schema.kind == record.address.kind());
    for field in schema.into_iter().flat_map(|schema| schema.fields).filter(|field| field.sensitive) {
        if let Some(value) = record.attributes.get_mut(field.name) {
            *value = Datum::from("(sensitive)");
        }
    }
    record
}

fn text(record: &ResourceRecord, look: &Look) -> String {
    let schema = fathuss_model::schemas().find(|schema| schema.kind == record.address.kind());
    resource_text(record, schema, &style(look))
}

fn printed(text: &str) -> Result<ExitCode, Error> {
    if !text.is_empty() {
        print(text)?;
    }
    Ok(ExitCode::SUCCESS)
}
