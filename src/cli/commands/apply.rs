//! `fathuss apply` and `fathuss destroy`: show the plan, ask, and do it.

use std::cell::RefCell;
use std::io::{BufRead, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use fathuss_engine::plan::Goal;
use fathuss_engine::run::{adopt_strays, carry_out, finish_earlier, prepare};
use fathuss_state::Store;

use crate::error::Error;
use crate::options::{Output, TargetOptions};
use crate::render;
use crate::session::{Session, runtime};
use crate::target::{Where, wall_ms};

/// What `apply` and `destroy` take.
#[derive(Args, Debug)]
pub struct Apply {
    /// The stack, as fathuss.toml names it
    pub stack: String,
    #[command(flatten)]
    pub target: TargetOptions,
    /// Do not ask
    #[arg(long, short)]
    pub yes: bool,
    /// Take the state's word for what is, and read nothing
    #[arg(long)]
    pub no_refresh: bool,
    /// Show every action and every value in full
    #[arg(long)]
    pub full: bool,
}

/// Runs the command.
pub fn run(options: &Apply, goal: Goal, output: &Output) -> Result<ExitCode, Error> {
    let place = options.target.place()?;
    runtime()?.block_on(work(options, goal, place, output))
}

async fn work(options: &Apply, goal: Goal, place: Where, output: &Output) -> Result<ExitCode, Error> {
    let command = match goal {
        Goal::Apply => "apply",
        Goal::Destroy => "destroy",
    };
    let session = Session::open(&options.stack, place, output).await?;
    let mut store = session.lock(command)?;
    let lineage = store.snapshot()?.lineage;
    session.target.enter(&lineage).await?;
    let pace = crate::signals::listen();
    let show = RefCell::new(render::Run::new(output, &options.stack));
    let provider = |kind: &str| session.target.provider(kind);
    let listener = |told: &fathuss_engine::event::Told| show.borrow_mut().hear(told, &session.target.calls());
    let around = session.surroundings(&provider, &listener, pace);

    finish_earlier(&mut store, &around).await?;
    let began = session.target.clock.now();
    let mut prepared = prepare(session.order(goal, !options.no_refresh)?, store.snapshot()?, &around).await?;
    if goal == Goal::Apply && !adopt_strays(&mut store, &prepared, &around).await?.is_empty() {
        prepared = prepare(session.order(goal, !options.no_refresh)?, store.snapshot()?, &around).await?;
    }
    let took = session.target.clock.now().saturating_sub(began);
    let again = format!("fathuss {command} {}{}", options.stack, options.target.words());
    let view = render::Around {
        calls: session.target.calls(),
        took,
        read: !options.no_refresh,
        full: options.full,
        command: &again,
        next: None,
        schema: &|kind| session.target.provider(kind).and_then(|provider| provider.schema(kind)),
    };
    render::plan(&prepared, &view, output)?;
    if !prepared.plan.has_changes() {
        if prepared.has_bookkeeping() {
            carry_out(&mut store, &prepared, &around, &wall_ms).await?;
        }
        store.release()?;
        return Ok(ExitCode::SUCCESS);
    }
    let asks = !options.yes && matches!(place, Where::Aws);
    if asks && !confirmed(command, &options.stack, output)? {
        store.release()?;
        return Ok(ExitCode::FAILURE);
    }
    let real = std::time::Instant::now();
    let ticks = async {
        loop {
            session.target.clock.sleep(Duration::from_secs(1)).await;
            show.borrow_mut().tick(session.target.clock.now(), &session.target.calls());
        }
    };
    let applied = tokio::select! {
        biased;
        applied = carry_out(&mut store, &prepared, &around, &wall_ms) => applied?,
        () = ticks => return Err(Error::Shown),
    };
    let simulated = session.target.is_simulated();
    show.borrow_mut().end(session.target.calls(), real.elapsed(), simulated, &options.stack, &again)?;
    if let Some(error) = &applied.journal_error {
        return Err(Error::Usage(format!(
            "the state can't be written, so nothing new was sent: {error}\nNext: make room, then run\n  {again}"
        )));
    }
    // A run that was told to stop leaves the rest to the next one; the lock goes with it.
    store.release()?;
    let whole = applied.failed.is_empty() && applied.skipped.is_empty() && applied.interrupted.is_empty();
    Ok(if whole && applied.journal_error.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn confirmed(command: &str, stack: &str, output: &Output) -> Result<bool, Error> {
    let stdin = std::io::stdin();
    if output.json || !stdin.is_terminal() {
        return Err(Error::Usage(format!(
            "nobody is there to be asked; nothing was changed\nNext: to {command} without being asked, run\n  fathuss {command} {stack} --yes"
        )));
    }
    let mut stderr = std::io::stderr();
    write!(stderr, "{command} this to `{stack}`? Only `yes` is taken: ")
        .and_then(|()| stderr.flush())
        .map_err(Error::Output)?;
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer).map_err(|error| Error::Usage(format!("the answer can't be read: {error}")))?;
    if answer.trim() == "yes" {
        return Ok(true);
    }
    writeln!(stderr, "Nothing was changed.").map_err(Error::Output)?;
    Ok(false)
}
