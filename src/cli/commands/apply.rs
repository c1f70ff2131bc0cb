//! `fathuss apply` and `fathuss destroy`: show the plan, ask, and do it.

use std::cell::RefCell;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use fathuss_engine::apply::{Applied, Pace, Surroundings};
use fathuss_engine::event::{Event, Told};
use fathuss_engine::plan::{Goal, Plan};
use fathuss_engine::recover::Recovery;
use fathuss_engine::run::{Prepared, adopt_strays, carry_out, finish_earlier, prepare};
use fathuss_state::{Backend, Part, Store};

use crate::ask::{Question, interrupted};
use crate::error::Error;
use crate::only::{Only, told};
use crate::options::{ClusterOptions, Dependents, Output, TargetOptions};
use crate::render;
use crate::session::{Session, check_secrets, runtime};
use crate::target::{Where, wall_ms};

/// How many of the operations that recovery finished are named where the run ends with them.
const NAMED: usize = 6;

/// What `apply` and `destroy` take.
#[derive(Args, Debug)]
pub struct Apply {
    /// The stack, as fathuss.toml names it
    pub stack: String,
    #[command(flatten)]
    pub target: TargetOptions,
    #[command(flatten)]
    pub clusters: ClusterOptions,
    #[command(flatten)]
    pub only: Only,
    /// Wait so many seconds for another run that has the lock
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub lock_timeout: u64,
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

/// What `destroy` takes.
#[derive(Args, Debug)]
pub struct Destroy {
    #[command(flatten)]
    options: Apply,
    #[command(flatten)]
    dependents: Dependents,
}

/// Runs `apply`.
pub fn apply(options: &Apply, output: &Output) -> Result<ExitCode, Error> {
    let place = options.target.place()?;
    runtime()?.block_on(async {
        let session = Session::open_for(&options.stack, place, (true, options.clusters), output).await?;
        work(options, Goal::Apply, session, place, output).await
    })
}

/// Runs `destroy`.
pub fn destroy(Destroy { options, dependents }: &Destroy, output: &Output) -> Result<ExitCode, Error> {
    let place = options.target.place()?;
    runtime()?.block_on(async {
        let session = Session::open_for(&options.stack, place, (false, options.clusters), output).await?;
        session.check_dependents(dependents)?;
        work(options, Goal::Destroy, session, place, output).await
    })
}

/// Shows what is to be done, asks, and does it.
pub async fn work(
    options: &Apply,
    goal: Goal,
    session: Session,
    place: Where,
    output: &Output,
) -> Result<ExitCode, Error> {
    let command = match goal {
        Goal::Apply => "apply",
        Goal::Destroy => "destroy",
    };
    let patience = Duration::from_secs(options.lock_timeout);
    let (part, mut store) = session.lock_only(&options.only, command, patience, output)?;
    session.target.enter_locked(&*store).await?;
    let mut pace = session.pace();
    let show = RefCell::new(render::Run::new(output, &options.stack));
    let provider = |kind: &str| session.target.provider(kind);
    let listener = |told: &Told| show.borrow_mut().hear(told, &session.target.calls());
    let around = session.surroundings(&provider, &listener, pace.clone());

    let words = format!("{}{}{}", options.target.words(), options.clusters.words(), options.only.words());
    let again = session.again(format!("fathuss {command} {}{words}", options.stack));
    let order = || session.order(goal, !options.no_refresh, part.as_ref());
    let finished = recover(&mut *store, &around, &session, goal, part.as_ref(), &show).await;
    show.borrow_mut().recovered();
    let finished = finished?;
    let began = session.target.clock.now();
    let planning = async {
        let prepared = prepare(order()?, store.snapshot()?, &around).await.map_err(|error| told(error, &again))?;
        if goal == Goal::Destroy || adopt_strays(&mut *store, &prepared, &around).await?.is_empty() {
            return Ok(prepared);
        }
        prepare(order()?, store.snapshot()?, &around).await.map_err(|error| told(error, &again))
    };
    // Planning changes nothing in AWS: an interrupt may end it anywhere.
    let prepared = tokio::select! {
        biased;
        () = interrupted(&mut pace) => return Err(nothing_new(&finished)),
        prepared = planning => prepared?,
    };
    let took = session.target.clock.now().saturating_sub(began);
    let flags = if goal == Goal::Destroy { " --destroy" } else { "" };
    let see_all = session.see_all(format!("fathuss plan {}{flags}{words} --full", options.stack));
    let view = render::Around {
        calls: session.target.calls(),
        took,
        read: !options.no_refresh,
        full: options.full,
        see_all: &see_all,
        next: None,
        schema: &|kind| session.target.provider(kind).and_then(|provider| provider.schema(kind)),
    };
    render::plan(&prepared, &view, output)?;
    if !prepared.plan.has_changes() {
        let booked = match prepared.has_bookkeeping() {
            true => carry_out(&mut *store, &prepared, &around, &wall_ms).await?,
            false => Applied::default(),
        };
        return ended(store, &booked, !doubted(&prepared));
    }
    if let Err(error) = check_secrets(&prepared, &again) {
        store.release()?;
        return Err(error);
    }
    let asks = !options.yes && matches!(place, Where::Aws);
    let question = Question { verb: command, what: &format!("{command} this to `{}`", options.stack), again: &again };
    if asks && !question.confirmed(output, &mut pace).await? {
        store.release()?;
        return Err(nothing_new(&finished));
    }
    let real = std::time::Instant::now();
    let applied = tokio::select! {
        biased;
        applied = carry_out(&mut *store, &prepared, &around, &wall_ms) => applied?,
        () = ticks(&session, &show) => return Err(Error::Shown),
    };
    let simulated = session.target.is_simulated();
    show.borrow_mut().end(session.target.calls(), real.elapsed(), simulated, &again)?;
    let mut known = true;
    if is_whole(&applied) && doubted(&prepared) {
        // It may be this run that opened the door.
        let silent = |_: &Told| {};
        let around = session.surroundings(&provider, &silent, pace.clone());
        let now = prepare(order()?, store.snapshot()?, &around).await.map_err(|error| told(error, &again))?;
        known = !now.plan.has_changes() && !doubted(&now);
        if !known {
            render::note(&format!("{}\nNext: {again}", still_to_do(&now.plan)), output);
        }
    }
    ended(store, &applied, known)
}

/// Whether something of what the program declares could not be read.
fn doubted(prepared: &Prepared) -> bool {
    prepared.plan.goal == Goal::Apply && !prepared.plan.unread.is_empty()
}

/// What a plan says after a run that could not read everything before.
fn still_to_do(plan: &Plan) -> String {
    let changes = plan.actions.iter().filter(|action| action.is_change()).count();
    match plan.unread.len() {
        0 => format!("What could not be read before was read now: {changes} to change."),
        unread => format!("Of what the program declares, {unread} can't be read even now; {changes} to change."),
    }
}

fn is_whole(applied: &Applied) -> bool {
    let cut = [&applied.skipped, &applied.interrupted, &applied.left];
    applied.journal_error.is_none() && applied.failed.is_empty() && cut.iter().all(|list| list.is_empty())
}

/// The lock goes with the run, and its exit status says whether all was done and is `known` to be as it is to be. One
/// that was told to stop leaves the rest to the next.
fn ended(mut store: Box<dyn Backend>, applied: &Applied, known: bool) -> Result<ExitCode, Error> {
    if let Some(error) = &applied.journal_error {
        return Err(Error::Usage(format!(
            "the state can't be written, so nothing new was sent: {error}\nNext: see to that first, such as room on a full disk, then run the same command again"
        )));
    }
    store.release()?;
    Ok(if known && is_whole(applied) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Shows that time goes on; without an end.
async fn ticks(session: &Session, show: &RefCell<render::Run>) {
    loop {
        session.target.clock.sleep(Duration::from_secs(1)).await;
        show.borrow_mut().tick(session.target.clock.now(), &session.target.calls());
    }
}

/// Finishes what earlier runs began. An interrupt lets it: what has begun is finished, and that is said.
async fn recover(
    store: &mut dyn Store,
    around: &Surroundings<'_>,
    session: &Session,
    goal: Goal,
    part: Option<&Part>,
    show: &RefCell<render::Run>,
) -> Result<Vec<Recovery>, Error> {
    let running = store.snapshot()?.pending.len();
    let mut pace = around.pace.clone();
    let says = async {
        if pace.wait_for(|pace| *pace == Pace::Drain).await.is_ok() {
            let at_ms = u64::try_from(session.target.clock.now().as_millis()).unwrap_or(u64::MAX);
            show.borrow_mut().hear(&Told { at_ms, event: Event::Draining { running } }, &session.target.calls());
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        biased;
        finished = finish_earlier(store, &session.graph, goal, part, around) => Ok(finished?),
        () = says => Ok(Vec::new()),
        () = ticks(session, show) => Ok(Vec::new()),
    }
}

/// Nothing of this run's own was begun; what recovery did stays done.
fn nothing_new(finished: &[Recovery]) -> Error {
    if finished.is_empty() {
        return Error::Usage("Nothing was changed.".to_owned());
    }
    let told = finished.iter().filter_map(|recovery| {
        let what = recovery.outcome.as_ref().ok()?;
        Some(format!("{}: {what}", recovery.address.local()))
    });
    let more = finished.len().saturating_sub(NAMED);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    let told: Vec<String> = told.take(NAMED).collect();
    Error::Usage(format!(
        "Nothing new was begun. What became of what an earlier run had begun is in the state: {}{more}.",
        told.join("; ")
    ))
}
