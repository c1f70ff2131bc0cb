//! `fathuss import`: takes something that is there over into the state, and says what the next plan would change of it.

use std::cell::RefCell;
use std::process::ExitCode;

use clap::Args;
use fathuss_engine::event::Told;
use fathuss_engine::import::{ImportError, Imported, Wish, import};
use fathuss_engine::run::Prepared;
use fathuss_model::Address;
use fathuss_report::harmless;

use crate::error::Error;
use crate::options::{Output, TargetOptions};
use crate::render::{self, json, print};
use crate::session::{Session, runtime};
use crate::target::wall_ms;

/// What `import` takes.
#[derive(Args, Debug)]
pub struct Import {
    /// The stack, as fathuss.toml names it
    pub stack: String,
    /// The address that the stack program declares, with or without the stack's name
    pub address: String,
    /// What is there: its id, name or ARN, or the ends of a relation; a wrong one is answered with an example
    pub id: String,
    #[command(flatten)]
    pub target: TargetOptions,
}

/// Runs the command.
pub fn run(options: &Import, output: &Output) -> Result<ExitCode, Error> {
    let place = options.target.place()?;
    runtime()?.block_on(async {
        let session = Session::open(&options.stack, place, output).await?;
        let mut store = session.lock("import", output)?;
        session.target.enter_locked(&*store).await?;
        let provider = |kind: &str| session.target.provider(kind);
        let pace = tokio::sync::watch::channel(fathuss_engine::apply::Pace::Run).1;
        let show = RefCell::new(render::Run::new(output, &options.stack));
        let listener = |told: &Told| show.borrow_mut().hear(told, &session.target.calls());
        let around = session.surroundings(&provider, &listener, pace);
        let outputs = session.other_outputs()?;
        let wish = Wish { graph: &session.graph, address: &options.address, identity: &options.id, outputs: &outputs };
        let began = session.target.clock.now();
        let imported = import(&mut *store, wish, &around, &wall_ms).await;
        // Whatever came of it, the lock goes with the run.
        let released = store.release();
        let imported = imported.map_err(|error| explained(error, options))?;
        released?;
        let took = session.target.clock.now().saturating_sub(began);
        shown(&imported, &session, options, took, output)?;
        Ok(ExitCode::SUCCESS)
    })
}

/// With the command that helps, where one does.
fn explained(error: ImportError, options: &Import) -> Error {
    let (stack, words) = (&options.stack, options.target.words());
    let next = match &error {
        ImportError::Run(_) => None,
        ImportError::NotDeclared { .. } => {
            Some("declare it in the stack program first, as it is; the import then says what differs".to_owned())
        }
        ImportError::NothingBehind { .. } => None,
        ImportError::InState { address, .. } => {
            Some(format!("see what the state says of it\n  fathuss state show {stack} {}{words}", quoted(address)))
        }
        ImportError::UnderWay { .. } => Some(format!("finish that, and run this again\n  fathuss apply {stack}{words}")),
        ImportError::Taken { .. } => Some("give the id of another, or declare it once".to_owned()),
        ImportError::Foreign { .. } => Some(
            "leave it to that state. Where that is gone for good, take the tags `fathuss:lineage`, `fathuss:address` and `fathuss:generation` off it, and run this again".to_owned(),
        ),
        ImportError::Malformed(failure) => failure.hint.clone(),
        ImportError::Absent { .. } => Some("check the id, the region and the account".to_owned()),
    };
    match error {
        ImportError::Run(error) => error.into(),
        error => {
            let next = next.map_or_else(String::new, |next| format!("\nNext: {next}"));
            Error::Usage(format!("{}; nothing was imported{next}", harmless(&error.to_string())))
        }
    }
}

/// An address as a shell takes it for one word.
fn quoted(address: &Address) -> String {
    let local = address.local();
    if local.contains('[') { format!("'{local}'") } else { local }
}

fn shown(
    imported: &Imported,
    session: &Session,
    options: &Import,
    took: std::time::Duration,
    output: &Output,
) -> Result<(), Error> {
    let Imported { record, untold, missing, next } = imported;
    if output.json {
        return print(&json(&serde_json::json!({
            "imported": record.address,
            "identity": record.identity,
            "region": record.region,
            "untold": untold,
            "missing": missing,
            "plan": next.as_ref().ok().map(|prepared| &prepared.plan),
            "unforeseen": next.as_ref().err().map(ToString::to_string),
        }))?);
    }
    let address = record.address.local();
    let mut page = format!("{address} is {} now. The state has it; in AWS nothing was changed.\n", record.identity);
    if !untold.is_empty() {
        let names: Vec<String> = untold.iter().map(|name| format!("`{name}`")).collect();
        page.push_str(&format!("AWS does not tell {}: taken to be as the program says.\n", names.join(", ")));
    }
    if !missing.is_empty() {
        let names: Vec<String> = missing.iter().map(Address::local).collect();
        page.push_str(&format!(
            "It refers to {}, which the state does not have: import what is there of these, too, before the next apply.\n",
            names.join(", ")
        ));
    }
    match next {
        Err(error) => {
            page.push_str(&format!("There is no next plan as yet: {}\n", harmless(&error.to_string())));
            print(&page)
        }
        Ok(prepared) if prepared.plan.actions.is_empty() && prepared.plan.deferred.is_empty() => {
            page.push_str("The next plan has nothing to change of it.\n");
            print(&page)
        }
        Ok(prepared) => {
            page.push_str("The next plan would do this about it:\n\n");
            print(&page)?;
            change(prepared, session, options, took, output)
        }
    }
}

fn change(
    prepared: &Prepared,
    session: &Session,
    options: &Import,
    took: std::time::Duration,
    output: &Output,
) -> Result<(), Error> {
    let plan = format!("fathuss plan {}{}", options.stack, options.target.words());
    let around = render::Around {
        calls: session.target.calls(),
        took,
        read: true,
        full: true,
        see_all: &plan,
        next: Some(plan.clone()),
        schema: &|kind| session.target.provider(kind).and_then(|provider| provider.schema(kind)),
    };
    render::plan(prepared, &around, output)
}
