//! `fathuss plan`: what would be done; changes nothing.

use std::cell::RefCell;
use std::process::ExitCode;

use clap::Args;
use fathuss_engine::plan::Goal;
use fathuss_engine::run::prepare;

use crate::error::Error;
use crate::options::{Dependents, Output, TargetOptions};
use crate::render;
use crate::session::{Session, runtime};

/// What `plan` takes.
#[derive(Args, Debug)]
pub struct Plan {
    /// The stack, as fathuss.toml names it
    pub stack: String,
    #[command(flatten)]
    pub target: TargetOptions,
    /// Plan the deletion of everything in the state
    #[arg(long)]
    pub destroy: bool,
    #[command(flatten)]
    pub dependents: Dependents,
    /// Take the state's word for what is, and read nothing
    #[arg(long)]
    pub no_refresh: bool,
    /// Exit with 2 where changes are waiting
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// Show every action and every value in full
    #[arg(long)]
    pub full: bool,
}

/// Runs the command.
pub fn run(options: &Plan, output: &Output) -> Result<ExitCode, Error> {
    let place = options.target.place()?;
    runtime()?.block_on(async {
        let session = Session::open(&options.stack, place, output).await?;
        if options.destroy {
            session.check_dependents(&options.dependents)?;
        }
        let snapshot = session.snapshot()?;
        session.target.enter(&snapshot.lineage).await?;
        let goal = if options.destroy { Goal::Destroy } else { Goal::Apply };
        let order = session.order(goal, !options.no_refresh)?;
        let provider = |kind: &str| session.target.provider(kind);
        let pace = tokio::sync::watch::channel(fathuss_engine::apply::Pace::Run).1;
        let show = RefCell::new(render::Run::new(output, &options.stack));
        let listener = |told: &fathuss_engine::event::Told| show.borrow_mut().hear(told, &session.target.calls());
        let around = session.surroundings(&provider, &listener, pace);
        let began = session.target.clock.now();
        let prepared = prepare(order, snapshot, &around).await?;
        let took = session.target.clock.now().saturating_sub(began);
        let flags = if options.destroy { " --destroy" } else { "" };
        let see_all = format!("fathuss plan {}{flags}{} --full", options.stack, options.target.words());
        let verb = if options.destroy { "destroy" } else { "apply" };
        let around = render::Around {
            calls: session.target.calls(),
            took,
            read: !options.no_refresh,
            full: options.full,
            see_all: &see_all,
            next: Some(format!("fathuss {verb} {}{}", options.stack, options.target.words())),
            schema: &|kind| session.target.provider(kind).and_then(|provider| provider.schema(kind)),
        };
        render::plan(&prepared, &around, output)?;
        let waiting = options.detailed_exitcode && prepared.plan.has_changes();
        Ok(if waiting { ExitCode::from(2) } else { ExitCode::SUCCESS })
    })
}
