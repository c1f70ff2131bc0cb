//! What plan, apply, destroy and import share: the stack, its target, its state and the run's surroundings.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

use fathuss_engine::apply::{Pace, Surroundings};
use fathuss_engine::event::Told;
use fathuss_engine::plan::{Change, Goal, PlannedAction};
use fathuss_engine::provider::SecretText;
use fathuss_engine::run::{Order, OtherOutputs, Prepared};
use fathuss_model::graph::{Graph, Source};
use fathuss_model::schema::Field;
use fathuss_model::{Expression, SecretSource, schema_of};
use fathuss_state::{Backend, Holder, Part, Recipients, Retention, Seal, Sealing, Snapshot, StateError};
use rand::Rng as _;
use rand::distr::Alphanumeric;
use tokio::sync::watch;

use crate::error::Error;
use crate::home::Home;
use crate::inside;
use crate::only::Only;
use crate::options::{ClusterOptions, Dependents, Output};
use crate::origin;
use crate::project::{Project, StackEntry};
use crate::render::{note, took_over};
use crate::target::{Target, Where, wall_ms};

/// How many actions run side by side; how fast calls follow each other is up to each service's limit.
const PARALLELISM: usize = 512;

/// How long a run that waits for a lock waits before it looks again.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// A stack, what it is to be and where.
pub struct Session {
    /// The project.
    pub project: Project,
    /// What it is to be.
    pub graph: Graph,
    /// Where.
    pub target: Target,
    place: Where,
    history: Retention,
    again: Option<String>,
    looks_first: Cell<bool>,
    pace: RefCell<Option<watch::Receiver<Pace>>>,
}

impl Session {
    /// Runs the stack program and opens the target.
    pub async fn open(stack: &str, place: Where, output: &Output) -> Result<Self, Error> {
        Self::open_for(stack, place, (false, ClusterOptions::default()), output).await
    }

    /// The same, for what makes things in clusters, or leaves them out.
    pub async fn open_for(
        stack: &str,
        place: Where,
        (makes, clusters): (bool, ClusterOptions),
        output: &Output,
    ) -> Result<Self, Error> {
        let project = Project::find(&current_folder()?)?;
        let stack = project.stack(stack)?;
        let mut graph = crate::program::graph(&project.root, &stack)?;
        if let Where::Sandbox { speed, .. } = place {
            let snapshot = current(&project.sandbox_state(&stack.name))?;
            graph = inside::prepared(&project, graph, &snapshot, (speed, makes), clusters, output).await?;
        }
        Self::of(project, stack, graph, place, output).await
    }

    /// The same of a graph that is there already.
    pub async fn of(
        project: Project,
        stack: StackEntry,
        graph: Graph,
        place: Where,
        output: &Output,
    ) -> Result<Self, Error> {
        let target = Target::open(&project, &stack, place).await?;
        if let Some(served) = target.served.as_ref().filter(|_| !output.json) {
            eprintln!("{served}");
        }
        Ok(Self {
            project,
            graph,
            target,
            place,
            history: stack.history,
            again: None,
            looks_first: Cell::new(false),
            pace: RefCell::default(),
        })
    }

    /// The same, as part of this command.
    pub fn told_again(self, command: &str) -> Self {
        Self { again: Some(command.to_owned()), ..self }
    }

    /// The command to be typed again; this one, where it is no part of another.
    pub fn again(&self, usual: String) -> String {
        self.again.clone().unwrap_or(usual)
    }

    /// The stack's state as it is; empty where there is none yet.
    pub fn snapshot(&self) -> Result<Snapshot, Error> {
        current(&self.target.state)
    }

    /// The stack's state to write, locked.
    pub fn lock(&self, command: &str, output: &Output) -> Result<Box<dyn Backend>, Error> {
        self.lock_as((&holder(command, wall_ms()), Duration::ZERO), true, output, &|| {})
    }

    /// The same where nothing may come of it: who writes calls [`seal`](Self::seal) before.
    pub fn lock_to_look(&self, command: &str, output: &Output) -> Result<Box<dyn Backend>, Error> {
        self.lock_as((&holder(command, wall_ms()), Duration::ZERO), false, output, &|| {})
    }

    /// Sees to it that a locked state is encrypted as `fathuss.toml` says.
    pub fn seal(&self, store: &mut dyn Backend, output: &Output) -> Result<(), Error> {
        seal(store, &self.target.state, self.named(), output)
    }

    /// The stack, and what follows its name in a command.
    fn named(&self) -> (&str, &'static str) {
        let words = if matches!(self.place, Where::Sandbox { .. }) { " --sandbox" } else { "" };
        (&self.graph.stack, words)
    }

    /// Whether to go on, as signals have said since the lock was taken.
    pub fn pace(&self) -> watch::Receiver<Pace> {
        self.pace.take().unwrap_or_else(crate::signals::listen)
    }

    /// The part that a run is about, with the stack's state to write, of which it locks that.
    pub fn lock_only(
        &self,
        only: &Only,
        command: &str,
        patience: Duration,
        output: &Output,
    ) -> Result<(Option<Part>, Box<dyn Backend>), Error> {
        loop {
            // Nothing is read for a run on everything.
            let part = match only.is_all() {
                true => None,
                false => only.part(&self.graph, &self.snapshot()?)?,
            };
            let holder = Holder { part: part.clone(), ..holder(command, wall_ms()) };
            // What comes from here on is drained: nobody leaves a lock behind.
            let listens = || {
                self.pace.borrow_mut().get_or_insert_with(crate::signals::listen);
            };
            let store = self.lock_as((&holder, patience), true, output, &listens)?;
            // What it needs may have become another since it was read.
            if part.is_none() || only.part(&self.graph, &store.snapshot()?)? == part {
                return Ok((part, store));
            }
        }
    }

    /// The state, locked, if it is not encrypted otherwise than `fathuss.toml` says, and encrypted where it is to be
    /// written at once; `held` is called as soon as it is locked.
    fn lock_as(
        &self,
        (holder, patience): (&Holder, Duration),
        writes: bool,
        output: &Output,
        held: &dyn Fn(),
    ) -> Result<Box<dyn Backend>, Error> {
        let (home, named) = (&self.target.state, self.named());
        let mut store = locked_as(home.open(None, wall_ms())?, home, (holder, patience), named, output)?;
        held();
        store.stands()?;
        if holder.part.is_some() && home.recipients.is_some() && store.seal()?.is_none() {
            let (stack, sandbox) = named;
            return Err(Error::Usage(format!(
                "the state of {stack} is to be encrypted, and a run on a part of it does not do that; nothing was changed\nNext: encrypt it first\n  fathuss state encrypt {stack}{sandbox}"
            )));
        }
        match writes {
            true => seal(&mut *store, home, named, output)?,
            false => drop(unsealed(&*store, home, named)?),
        }
        self.looks_first.set(store.log()?.may_have_lost());
        store.forget(&self.history, wall_ms())?;
        Ok(store)
    }

    /// What to plan.
    pub fn order(&self, goal: Goal, refresh: bool, part: Option<&Part>) -> Result<Order, Error> {
        let (graph, outputs, part) = (self.graph.clone(), self.other_outputs()?, part.cloned());
        Ok(Order { graph, goal, refresh, outputs, part })
    }

    /// The outputs of the stacks that this one reads from.
    pub fn other_outputs(&self) -> Result<OtherOutputs, Error> {
        let mut outputs = BTreeMap::new();
        for name in read_by(&self.graph).into_keys() {
            outputs.insert(name.clone(), self.state_of(&name)?.outputs);
        }
        Ok(outputs)
    }

    /// Refuses to destroy what other stacks, which stand, read outputs of.
    pub fn check_dependents(&self, options: &Dependents) -> Result<(), Error> {
        if options.ignore_dependents {
            return Ok(());
        }
        let stack = &self.graph.stack;
        let mut dependents = Vec::new();
        for name in self.project.names().filter(|name| name != stack) {
            if self.state_of(name)?.resources.is_empty() {
                continue;
            }
            let graph = crate::program::graph(&self.project.root, &self.project.stack(name)?)?;
            if let Some(outputs) = read_by(&graph).remove(stack) {
                dependents.push((name.to_owned(), outputs.into_iter().collect()));
            }
        }
        if dependents.is_empty() { Ok(()) } else { Err(Error::Dependents { stack: stack.clone(), dependents }) }
    }

    /// The state of a stack of the project, in the same place as this one's.
    fn state_of(&self, name: &str) -> Result<Snapshot, Error> {
        let state = match self.place {
            Where::Aws => self.project.stack(name)?.state,
            Where::Sandbox { .. } => self.project.sandbox_state(name),
        };
        current(&state)
    }

    /// The command that shows everything; of a command that this is a part of, that one, which asks first.
    pub fn see_all(&self, usual: String) -> String {
        self.again.as_ref().map_or(usual, |again| format!("{again} --full"))
    }

    /// What the engine needs from outside.
    pub fn surroundings<'a>(
        &self,
        provider: &'a dyn Fn(&str) -> Option<std::rc::Rc<dyn fathuss_engine::Provider>>,
        listener: &'a dyn Fn(&Told),
        pace: watch::Receiver<Pace>,
    ) -> Surroundings<'a> {
        Surroundings {
            looks_first: self.looks_first.get(),
            provider,
            clock: self.target.clock.clone(),
            secrets: &secret,
            pace,
            listener,
            parallelism: PARALLELISM,
            salt: std::process::id().into(),
        }
    }
}

/// What a state is; empty where there is none yet.
///
/// # Errors
/// Where it has moved: what is there is what was.
fn current(home: &Home) -> Result<Snapshot, Error> {
    let Some(state) = home.look()? else { return Ok(Snapshot::default()) };
    let snapshot = state.snapshot()?;
    state.stands()?;
    Ok(snapshot)
}

/// A state that is locked to be written, if it has not moved and is not encrypted otherwise than `fathuss.toml` says: who
/// writes calls [`seal`] before.
pub fn locked(
    store: Box<dyn Backend>,
    home: &Home,
    command: &str,
    named: (&str, &str),
    output: &Output,
) -> Result<Box<dyn Backend>, Error> {
    let store = locked_anyway(store, home, command, named, output)?;
    store.stands()?;
    unsealed(&*store, home, named)?;
    Ok(store)
}

/// Seals a locked state as a copy of it in another place is, where `fathuss.toml` wants it for the same; otherwise as it
/// says. Nobody is asked for a key then, so that it can be done where one is gone with its region.
pub fn seal_as(
    copy: Option<&Seal>,
    store: &mut dyn Backend,
    home: &Home,
    named: (&str, &str),
    output: &Output,
) -> Result<(), Error> {
    match copy.filter(|copy| home.recipients.as_ref() == Some(copy.recipients())) {
        Some(copy) if store.seal()?.is_none() => Ok(store.seal_by(&Sealing::As(copy.clone()))?),
        _ => seal(store, home, named, output),
    }
}

/// Sees to it that a locked state is encrypted for those whom `fathuss.toml` names: one that is plain yet is encrypted now.
///
/// # Errors
/// Where it is encrypted for others, or is to be plain, or who runs this could not read it then; it is left as it is.
pub fn seal(store: &mut dyn Backend, home: &Home, named: (&str, &str), output: &Output) -> Result<(), Error> {
    let Some(wanted) = unsealed(store, home, named)? else { return Ok(()) };
    store.reseal(Some(wanted))?;
    note(&format!("the state of {} is encrypted from now on, for {wanted}", named.0), output);
    Ok(())
}

/// For whom a state is to be encrypted that is plain yet; none where it is as `fathuss.toml` says.
fn unsealed<'a>(
    store: &dyn Backend,
    home: &'a Home,
    (stack, words): (&str, &str),
) -> Result<Option<&'a Recipients>, Error> {
    let sealed = store.seal()?;
    match (sealed.as_ref().map(|seal| seal.recipients()), &home.recipients) {
        (is, wanted) if is == wanted.as_ref() => Ok(None),
        (None, Some(wanted)) => home.check_reader(stack).map(|()| Some(wanted)),
        (Some(is), None) => Err(Error::Usage(format!(
            "the state of {stack} is encrypted for {is}, and fathuss.toml does not say for whom it is to be; nothing was changed\nNext: write under [stacks.{stack}]\n  encryption = {{ age = [\"age1…\"] }}\nor make the state plain with\n  fathuss state encrypt {stack} --plain{words}"
        ))),
        (Some(is), Some(wanted)) => Err(Error::Usage(format!(
            "the state of {stack} is encrypted for {is}, and fathuss.toml wants it for {wanted}; nothing was changed\nNext: where that is meant, encrypt it anew with\n  fathuss state encrypt {stack}{words}"
        ))),
        (None, None) => Ok(None),
    }
}

/// A state, locked. Where another run's lease has just lapsed, that waits until it can be taken. `named` is the stack and
/// what follows its name in a command.
pub fn locked_anyway(
    store: Box<dyn Backend>,
    home: &Home,
    command: &str,
    named: (&str, &str),
    output: &Output,
) -> Result<Box<dyn Backend>, Error> {
    locked_as(store, home, (&holder(command, wall_ms()), Duration::ZERO), named, output)
}

/// The same for this holder, who waits for others so long.
fn locked_as(
    mut store: Box<dyn Backend>,
    home: &Home,
    (holder, patience): (&Holder, Duration),
    named: (&str, &str),
    output: &Output,
) -> Result<Box<dyn Backend>, Error> {
    let began = Instant::now();
    let mut told = None;
    loop {
        match store.lock(holder, wall_ms()) {
            Ok(()) => break,
            Err(StateError::Lapsed { holder, wait_s, .. }) => {
                let until = format!("what it signed before may be carried out for {wait_s} s yet; waiting");
                note(&format!("the lease of {holder} has lapsed; {until}"), output);
                std::thread::sleep(Duration::from_secs(wait_s));
            }
            Err(StateError::Locked { holder: other, since }) if began.elapsed() < patience => {
                if told.as_ref() != Some(&other.id) {
                    let left = patience.saturating_sub(began.elapsed()).as_secs();
                    note(&format!("{other} has the lock since {since}; waiting up to {left} s"), output);
                    told = Some(other.id);
                }
                std::thread::sleep(LOOK_AGAIN.min(patience));
            }
            Err(error) => {
                let StateError::Locked { holder, .. } = &error else { return Err(Error::State(error)) };
                let unlock = format!("fathuss state unlock {} {}{}", named.0, holder.id, named.1);
                return Err(Error::Locked { error, unlock });
            }
        }
    }
    took_over(&*store, &home.place, output);
    Ok(store)
}

/// The outputs of other stacks that a graph reads, by stack.
fn read_by(graph: &Graph) -> BTreeMap<String, BTreeSet<String>> {
    let mut read: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let fields = graph.nodes.iter().flat_map(|node| node.fields.values());
    for expression in fields.chain(graph.outputs.values().map(|output| &output.value)) {
        expression.outputs(&mut |reference| {
            read.entry(reference.stack.clone()).or_default().insert(reference.name.clone());
        });
    }
    read
}

/// A runtime on one thread: what a command works on may be a sandbox in this process, with a time of its own.
pub fn runtime() -> Result<tokio::runtime::Runtime, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Error::Usage(format!("the runtime can't start: {error}")))
}

/// The folder that the command was given in.
pub fn current_folder() -> Result<std::path::PathBuf, Error> {
    std::env::current_dir().map_err(|reason| Error::File { path: ".".into(), doing: "read", reason })
}

/// Refuses a plan whose creations and changes want secrets that can't be had, before the first of them is made. What is
/// read is dropped at once.
pub fn check_secrets(prepared: &Prepared, again: &str) -> Result<(), Error> {
    let planned: BTreeMap<_, _> = prepared.plan.actions.iter().map(|action| (&action.address, action)).collect();
    let mut missing = String::new();
    for node in &prepared.graph.nodes {
        let Some(action) = planned.get(&node.address) else { continue };
        for (field, expression) in &node.fields {
            if let Expression::Secret(source) = expression
                && sends(action, field)
                && !matches!(source, SecretSource::Kept(_))
                && let Err(reason) = secret(source)
            {
                let Source { file, line } = &node.source;
                missing.push_str(&format!("\n  {}, `{field}`: {reason} ({file}:{line})", node.address));
            }
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(Error::Usage(format!(
        "the plan wants secrets that can't be read here; nothing was changed{missing}\nNext: set the variables, or put the files there, then run\n  {again}"
    )))
}

/// Whether an action sends a secret.
fn sends(action: &PlannedAction, field: &str) -> bool {
    match action.change {
        Change::Create | Change::Replace => true,
        Change::Update => {
            let schema = schema_of(action.address.kind());
            let version = schema.and_then(|schema| schema.field(field)).and_then(Field::version);
            action.fields.iter().any(|change| Some(&change.path) == version.as_ref())
        }
        _ => false,
    }
}

fn secret(source: &SecretSource) -> Result<SecretText, String> {
    match source {
        SecretSource::Environment(name) => {
            std::env::var(name).map(SecretText::new).map_err(|_| format!("the environment variable {name} is not set"))
        }
        SecretSource::File(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| format!("{path} can't be read: {error}"))?;
            Ok(SecretText::new(text.strip_suffix('\n').unwrap_or(&text).to_owned()))
        }
        SecretSource::Generated(length) => {
            let mut random = rand::rng();
            let drawn = std::iter::repeat_with(|| char::from(random.sample(Alphanumeric)));
            Ok(SecretText::new(drawn.take(usize::from(*length)).collect()))
        }
        SecretSource::Kept(reference) => Err(format!("{} has it, once it is there", reference.address)),
    }
}

/// This process as the holder of a state's lock.
pub fn holder(command: &str, now_ms: i64) -> Holder {
    let user = std::env::var("USER").or_else(|_| std::env::var("USERNAME"));
    let user = origin::actor().or(user.ok()).unwrap_or_else(|| "someone".to_owned());
    let host = std::fs::read_to_string(Path::new("/proc/sys/kernel/hostname"))
        .or_else(|_| std::env::var("HOSTNAME").map_err(std::io::Error::other))
        .unwrap_or_else(|_| "somewhere".to_owned());
    let pid = std::process::id();
    Holder {
        id: format!("{pid:x}-{now_ms:x}"),
        who: format!("{user}@{}", host.trim()),
        pid,
        command: command.to_owned(),
        since_ms: now_ms,
        origin: origin::here(),
        part: None,
    }
}
