//! Applying: runs the actions of a plan, each as soon as what it waits for is done.
//!
//! The one ready queue takes the action with the longest critical path first.
//! When one fails, what waits for it is skipped and the rest goes on.

mod action;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BinaryHeap, HashMap, HashSet};
use std::rc::Rc;
use std::time::Duration;

use fathuss_model::graph::{Graph, Node};
use fathuss_model::schema::Schema;
use fathuss_model::{Address, Datum, EvaluationError, OutputReference, Partial, Reference, Scope, SecretSource};
use fathuss_state::{Entry, OperationId, ResourceRecord, Snapshot};
use futures::StreamExt;
use futures::future::LocalBoxFuture;
use futures::stream::FuturesUnordered;
use tokio::sync::watch;

use crate::diff::default_of;
use crate::event::{Event, Told};
use crate::journal::{Journal, JournalError};
use crate::plan::{Change, Goal, Plan, PlannedAction};
use crate::provider::{Attributes, Clock, Failure, Mark, Provider, SecretText};
use crate::schedule::{Expectations, critical_paths};
use crate::scope::{attribute_of, output_of};
use crate::step::Ended;

/// Whether to go on: set from outside, by signals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pace {
    /// Go on.
    #[default]
    Run,
    /// Start nothing new; finish what is under way.
    Drain,
    /// Stop waiting: record identities and return.
    Stop,
}

/// Gives a secret's text at apply.
pub type Secrets<'a> = &'a dyn Fn(&SecretSource) -> Result<SecretText, String>;

/// Everything that applying needs from outside.
pub struct Surroundings<'a> {
    /// The provider of a type.
    pub provider: &'a dyn Fn(&str) -> Option<Rc<dyn Provider>>,
    /// The target's clock.
    pub clock: Rc<dyn Clock>,
    /// Where secrets come from.
    pub secrets: Secrets<'a>,
    /// Whether to go on.
    pub pace: watch::Receiver<Pace>,
    /// Who hears what happens.
    pub listener: &'a dyn Fn(&Told),
    /// How many actions run side by side.
    pub parallelism: usize,
    /// Whether records were lost, so that what is to be created is looked for by its mark first.
    pub looks_first: bool,
    /// Numbers spread over attempts; from a seed, so that a run is repeatable.
    pub salt: u64,
}

/// How applying ended.
#[derive(Clone, Debug, Default)]
pub struct Applied {
    /// Actions done.
    pub done: usize,
    /// What can't be finished yet, and why.
    pub deferred: Vec<(Address, String)>,
    /// What failed, and why.
    pub failed: Vec<(Address, Failure)>,
    /// What was not started.
    pub skipped: Vec<Address>,
    /// What was begun and cut off: the next run finishes it.
    pub interrupted: Vec<Address>,
    /// What an earlier run had begun and could not be looked at even now.
    pub left: Vec<Address>,
    /// Operations settled, by action.
    pub summary: BTreeMap<String, i64>,
    /// The stack's outputs, where all of it was applied.
    pub outputs: Option<BTreeMap<String, Datum>>,
    /// How long actions took, learned.
    pub expectations: Expectations,
    /// Why state could not be written, if that ended the run.
    pub journal_error: Option<JournalError>,
}

/// What is run.
pub struct Job<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The graph that it was made from.
    pub graph: &'a Graph,
    /// The state that it was made from.
    pub snapshot: &'a Snapshot,
    /// What is, by address, as it was read.
    pub current: HashMap<Address, Attributes>,
    /// Answers of lookups that were asked while planning.
    pub lookups: &'a BTreeMap<Address, Attributes>,
    /// Outputs of other stacks.
    pub outputs: &'a BTreeMap<String, BTreeMap<String, Datum>>,
    /// The run's first operation number; one per action is reserved.
    pub first_operation: OperationId,
}

/// Runs the actions of a plan. The journal must be committed beside it.
pub async fn apply(job: Job<'_>, around: &Surroundings<'_>, journal: &Journal) -> Applied {
    let run = Run::new(job, around, journal);
    run.all().await
}

struct Run<'a> {
    job: Job<'a>,
    around: &'a Surroundings<'a>,
    journal: &'a Journal,
    nodes: HashMap<&'a Address, &'a Node>,
    expected: Vec<Duration>,
    paths: Vec<Duration>,
    /// What each node is by now.
    attributes: RefCell<HashMap<Address, Attributes>>,
    /// The rows by now of what an earlier run began and recovery left: none where it had made nothing.
    found: RefCell<HashMap<Address, Option<ResourceRecord>>>,
    /// How many actions are inside a call whose answer must be recorded.
    calling: Cell<usize>,
}

enum Outcome {
    Done { took: Duration },
    Deferred { because: String },
    Failed { failure: Failure, left: String },
    Interrupted,
    JournalBroke,
}

fn schema_of(around: &Surroundings<'_>, address: &Address) -> Option<&'static Schema> {
    let kind = address.kind();
    (around.provider)(kind)?.schema(kind)
}

impl<'a> Run<'a> {
    fn new(job: Job<'a>, around: &'a Surroundings<'a>, journal: &'a Journal) -> Self {
        let expectations = Expectations::new(job.snapshot.durations_ms.clone());
        let expected: Vec<Duration> = job
            .plan
            .actions
            .iter()
            .map(|action| expectations.expect(action, schema_of(around, &action.address)))
            .collect();
        let paths = critical_paths(&job.plan.actions, &expected);
        let nodes = job.graph.nodes.iter().map(|node| (&node.address, node)).collect();
        let attributes = RefCell::new(job.current.clone());
        let (found, calling) = (RefCell::default(), Cell::new(0));
        Self { job, around, journal, nodes, expected, paths, attributes, found, calling }
    }

    async fn all(&self) -> Applied {
        let actions = &self.job.plan.actions;
        let started = self.around.clock.now();
        let expected_ms = millis(self.paths.iter().max().copied().unwrap_or_default());
        self.tell(Event::Started { actions: actions.len(), expected_ms });

        let mut applied =
            Applied { expectations: Expectations::new(self.job.snapshot.durations_ms.clone()), ..Applied::default() };
        let mut missing: Vec<usize> = actions.iter().map(|action| action.after.len()).collect();
        let mut followers = vec![Vec::new(); actions.len()];
        for (at, action) in actions.iter().enumerate() {
            for &first in &action.after {
                followers[first].push(at);
            }
        }
        let mut ready: BinaryHeap<(Duration, std::cmp::Reverse<usize>)> = (0..actions.len())
            .filter(|&at| missing[at] == 0)
            .map(|at| (self.paths[at], std::cmp::Reverse(at)))
            .collect();
        let mut running: FuturesUnordered<LocalBoxFuture<'_, (usize, Outcome)>> = FuturesUnordered::new();
        let mut under_way: HashSet<usize> = HashSet::new();
        let mut blocked: HashMap<usize, Address> = HashMap::new();
        let mut finished = vec![false; actions.len()];
        let mut pace = self.around.pace.clone();
        let mut drained = false;

        loop {
            let now = *pace.borrow();
            let may_start = now == Pace::Run && applied.journal_error.is_none();
            while may_start && running.len() < self.around.parallelism {
                let Some((_, std::cmp::Reverse(at))) = ready.pop() else { break };
                under_way.insert(at);
                running.push(Box::pin(async move { (at, self.one(at).await) }));
            }
            if now != Pace::Run && !drained {
                drained = true;
                self.tell(Event::Draining { running: running.len() });
            }
            if running.is_empty() {
                break;
            }
            if now == Pace::Stop {
                self.stop(&mut running, &mut under_way, &mut finished, &mut applied).await;
                break;
            }
            let (at, outcome) = tokio::select! {
                biased;
                Some(ended) = running.next() => ended,
                Ok(()) = pace.changed() => continue,
            };
            under_way.remove(&at);
            finished[at] = true;
            // What is deferred is there: what refers to it can be made.
            let succeeded = matches!(outcome, Outcome::Done { .. } | Outcome::Deferred { .. });
            let failed = matches!(outcome, Outcome::Failed { .. });
            self.account(at, outcome, &mut applied);
            if failed {
                block(at, &followers, &actions[at].address, &mut blocked);
            }
            // What was cut off failed nothing: what waits for it goes on with it in the next run.
            for &next in followers[at].iter().filter(|_| succeeded) {
                missing[next] -= 1;
                if missing[next] == 0 && !blocked.contains_key(&next) {
                    ready.push((self.paths[next], std::cmp::Reverse(next)));
                }
            }
        }
        applied.interrupted.extend(under_way.iter().map(|&at| actions[at].address.clone()));
        applied.interrupted.sort();
        for (at, action) in actions.iter().enumerate() {
            if !finished[at] && !under_way.contains(&at) {
                applied.skipped.push(action.address.clone());
                let because_of = blocked.get(&at).cloned();
                self.tell(Event::Skipped { address: action.address.clone(), change: action.change, because_of });
            }
        }
        if applied.failed.is_empty() && applied.skipped.is_empty() && applied.interrupted.is_empty() {
            applied.outputs = self.outputs();
        }
        self.tell(Event::Finished {
            done: applied.done,
            failed: applied.failed.len(),
            skipped: applied.skipped.len(),
            interrupted: applied.interrupted.len(),
            took_ms: millis(self.around.clock.now().saturating_sub(started)),
        });
        applied
    }

    /// Gives calls under way a moment to be answered, so that identities are recorded, and leaves the rest.
    async fn stop<'r>(
        &self,
        running: &mut FuturesUnordered<LocalBoxFuture<'r, (usize, Outcome)>>,
        under_way: &mut HashSet<usize>,
        finished: &mut [bool],
        applied: &mut Applied,
    ) {
        let patience = tokio::time::sleep(Duration::from_millis(1500));
        tokio::pin!(patience);
        while self.calling.get() > 0 {
            tokio::select! {
                Some((at, outcome)) = running.next() => {
                    under_way.remove(&at);
                    finished[at] = true;
                    self.account(at, outcome, applied);
                }
                () = &mut patience => break,
                () = tokio::time::sleep(Duration::from_millis(20)) => {}
            }
        }
    }

    fn account(&self, at: usize, outcome: Outcome, applied: &mut Applied) {
        let action = &self.job.plan.actions[at];
        match outcome {
            Outcome::Done { took } => {
                applied.done += 1;
                applied.expectations.learn(action, schema_of(self.around, &action.address), took);
                *applied.summary.entry(word(action.change).to_owned()).or_default() += 1;
                let (address, change) = (action.address.clone(), action.change);
                self.tell(Event::Done { address, change, took_ms: millis(took) });
            }
            Outcome::Deferred { because } => {
                *applied.summary.entry("deferred".to_owned()).or_default() += 1;
                applied.deferred.push((action.address.clone(), because.clone()));
                self.tell(Event::Deferred { address: action.address.clone(), change: action.change, because });
            }
            Outcome::Failed { failure, left } => {
                *applied.summary.entry("failed".to_owned()).or_default() += 1;
                applied.failed.push((action.address.clone(), failure.clone()));
                self.tell(Event::Failed {
                    address: action.address.clone(),
                    source: action.source.clone(),
                    change: action.change,
                    failure,
                    left,
                });
            }
            Outcome::Interrupted => applied.interrupted.push(action.address.clone()),
            Outcome::JournalBroke => {
                applied.interrupted.push(action.address.clone());
                applied.journal_error = self.journal.broken();
            }
        }
    }

    async fn one(&self, at: usize) -> Outcome {
        let action = &self.job.plan.actions[at];
        let (expected_ms, path_ms) = (millis(self.expected[at]), millis(self.paths[at]));
        self.tell(Event::Begun { address: action.address.clone(), change: action.change, expected_ms, path_ms });
        let began = self.around.clock.now();
        match self.carried_out(at, action).await {
            Ok(Some(because)) => Outcome::Deferred { because },
            Ok(None) => Outcome::Done { took: self.around.clock.now().saturating_sub(began) },
            Err(Ended::Failed { failure, left }) => Outcome::Failed { failure, left },
            Err(Ended::Interrupted) => Outcome::Interrupted,
            Err(Ended::Journal(_)) => Outcome::JournalBroke,
        }
    }

    /// Gives why it is deferred, where it is.
    async fn carried_out(&self, at: usize, action: &PlannedAction) -> Result<Option<String>, Ended> {
        let change = match (action.change, self.looked_again(at, action).await?) {
            // It had been made after all.
            (Change::Create | Change::Replace, true) => Change::Update,
            (change, _) => change,
        };
        match change {
            Change::Read => self.read(action).await.map(|()| None),
            Change::Create | Change::Replace => self.create(at, action).await,
            Change::Update => self.update(at, action).await,
            Change::Delete | Change::DeleteReplaced => self.delete(at, action).await.map(|()| None),
            Change::Forget => {
                let dropped = self.journal.write(Entry::Dropped(action.address.clone())).await;
                dropped.map(|()| None).map_err(Ended::Journal)
            }
        }
    }

    fn outputs(&self) -> Option<BTreeMap<String, Datum>> {
        if self.job.plan.goal == Goal::Destroy {
            return Some(BTreeMap::new());
        }
        let scope = ApplyScope { attributes: &self.attributes.borrow(), outputs: self.job.outputs };
        let values = self.job.graph.outputs.iter().filter_map(|(name, declaration)| {
            let value = declaration.value.evaluate(&scope).ok()?.into_known()?;
            Some((name.clone(), value))
        });
        Some(values.collect())
    }

    fn tell(&self, event: Event) {
        (self.around.listener)(&Told { at_ms: millis(self.around.clock.now()), event });
    }
}

/// Everything behind a failed action, however far, is blocked by it.
fn block(at: usize, followers: &[Vec<usize>], failed: &Address, blocked: &mut HashMap<usize, Address>) {
    let mut stack = vec![at];
    let mut seen = HashSet::new();
    while let Some(at) = stack.pop() {
        for &next in &followers[at] {
            if seen.insert(next) {
                blocked.entry(next).or_insert_with(|| failed.clone());
                stack.push(next);
            }
        }
    }
}

/// The addresses that a node's fields and `depends_on` refer to, sorted.
#[must_use]
pub(crate) fn needed(node: &Node) -> Vec<Address> {
    let mut needed = node.depends_on.clone();
    for expression in node.fields.values() {
        expression.references(&mut |reference| needed.push(reference.address.clone()));
    }
    needed.sort();
    needed.dedup();
    needed
}

/// Fills in what AWS takes where nothing is given, so that providers see every field.
pub(crate) fn with_defaults(schema: &Schema, attributes: &mut Attributes) {
    for field in schema.fields {
        if field.default.is_some() && !attributes.contains_key(field.name) {
            attributes.insert(field.name.to_owned(), default_of(field));
        }
    }
}

/// What state keeps: what was read, and of what AWS does not tell, what was given; write-only fields left out.
pub(crate) fn to_record(schema: &Schema, desired: &Attributes, observed: Attributes) -> Attributes {
    let mut record = observed;
    for field in schema.fields {
        if field.write_only {
            record.remove(field.name);
        } else if field.is_untold()
            && let Some(given) = desired.get(field.name)
        {
            record.entry(field.name.to_owned()).or_insert_with(|| given.clone());
        }
    }
    record
}

/// The idempotency token of an operation: 64 hexadecimal characters.
#[must_use]
pub fn token(mark: &Mark, operation: &str) -> String {
    use sha2::{Digest, Sha256};
    let text = format!("{}\n{}\n{}\n{operation}", mark.lineage, mark.address, mark.generation);
    hex::encode(Sha256::digest(text))
}

fn word(change: Change) -> &'static str {
    match change {
        Change::Read => "read",
        Change::Create | Change::Replace => "created",
        Change::Update => "updated",
        Change::Delete | Change::DeleteReplaced => "deleted",
        Change::Forget => "forgotten",
    }
}

pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

pub(crate) fn now_ms(clock: &dyn Clock) -> i64 {
    i64::try_from(clock.now().as_millis()).unwrap_or(i64::MAX)
}

/// What expressions see while applying: everything is known.
struct ApplyScope<'a> {
    attributes: &'a HashMap<Address, Attributes>,
    outputs: &'a BTreeMap<String, BTreeMap<String, Datum>>,
}

impl Scope for ApplyScope<'_> {
    fn attribute(&self, reference: &Reference) -> Result<Partial, EvaluationError> {
        let attributes = self
            .attributes
            .get(&reference.address)
            .ok_or_else(|| EvaluationError::NoSuchNode(reference.address.clone()))?;
        Ok(attribute_of(attributes, reference))
    }

    fn output(&self, reference: &OutputReference) -> Result<Partial, EvaluationError> {
        output_of(self.outputs, reference)
    }
}
