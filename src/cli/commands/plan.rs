//! `fathuss plan`: what would be done; changes nothing.

use std::cell::RefCell;
use std::process::ExitCode;

use clap::Args;
use fathuss_engine::plan::Goal;
use fathuss_engine::run::prepare;

use crate::error::Error;
use crate::only::{Only, told};
use crate::options::{ClusterOptions, Dependents, Output, TargetOptions};
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
    pub clusters: ClusterOptions,
    #[command(flatten)]
    pub only: Only,
    #[command(flatten)]
    pub dependents: Dependents,
    /// Take the state's word for what is, and read nothing
    #[arg(long)]
    pub no_refresh: bool,
    /// Exit with 2 where changes are waiting, or something could not be read
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
        let session = Session::open_for(&options.stack, place, (false, options.clusters), output).await?;
        if options.destroy {
            session.check_dependents(&options.dependents)?;
        }
        let snapshot = session.snapshot()?;
        session.target.enter(&snapshot.lineage).await?;
        let goal = if options.destroy { Goal::Destroy } else { Goal::Apply };
        let part = options.only.part(&session.graph, &snapshot)?;
        let order = session.order(goal, !options.no_refresh, part.as_ref())?;
        let provider = |kind: &str| session.target.provider(kind);
        let pace = tokio::sync::watch::channel(fathuss_engine::apply::Pace::Run).1;
        let show = RefCell::new(render::Run::new(output, &options.stack));
        let listener = |told: &fathuss_engine::event::Told| show.borrow_mut().hear(told, &session.target.calls());
        let around = session.surroundings(&provider, &listener, pace);
        let began = session.target.clock.now();
        let (flags, verb) = if options.destroy { (" --destroy", "destroy") } else { ("", "apply") };
        let words = format!("{}{}{}", options.target.words(), options.clusters.words(), options.only.words());
        let again = format!("fathuss plan {}{flags}{words}", options.stack);
        let prepared = prepare(order, snapshot, &around).await.map_err(|error| told(error, &again))?;
        let took = session.target.clock.now().saturating_sub(began);
        let around = render::Around {
            calls: session.target.calls(),
            took,
            read: !options.no_refresh,
            full: options.full,
            see_all: &format!("{again} --full"),
            next: Some(format!("fathuss {verb} {}{words}", options.stack)),
            schema: &|kind| session.target.provider(kind).and_then(|provider| provider.schema(kind)),
        };
        render::plan(&prepared, &around, output)?;
        let in_doubt = prepared.plan.has_changes() || !prepared.plan.unread.is_empty();
        Ok(if options.detailed_exitcode && in_doubt { ExitCode::from(2) } else { ExitCode::SUCCESS })
    })
}
