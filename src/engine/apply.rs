//! Applying: runs the actions of a plan, each as soon as what it waits for is done.
//!
//! The one ready queue takes the action with the longest critical path first.
//! When one fails, what waits for it is skipped and the rest goes on.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BinaryHeap, HashMap, HashSet};
use std::rc::Rc;
use std::time::Duration;

use fathuss_model::graph::{Graph, Node};
use fathuss_model::schema::Schema;
use fathuss_model::{
    Address, Datum, EvaluationError, Expression, OutputReference, Partial, Reference, Scope, SecretSource,
};
use fathuss_state::{Action, Begun, Entry, Identity, OperationId, ResourceRecord, Settled, Snapshot};
use futures::StreamExt;
use futures::future::LocalBoxFuture;
use futures::stream::FuturesUnordered;
use tokio::sync::watch;

use crate::diff::{default_of, diff};
use crate::event::{Event, Told};
use crate::journal::{Journal, JournalError};
use crate::plan::{Change, MARK, Plan, PlannedAction, attribute_of, output_of};
use crate::provider::{
    Attributes, Clock, Desired, Failure, FailureClass, Found, LookupRequest, MakeRequest, Mark, Observation, Provider,
    SecretText, Standing, UpdateRequest,
};
use crate::schedule::{Expectations, critical_paths, deadline, patience};
use crate::step::{Ended, Step, UNFINISHED, is_refused, look};

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
        Self { job, around, journal, nodes, expected, paths, attributes, calling: Cell::new(0) }
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
        let ended = match action.change {
            Change::Read => self.read(action).await.map(|()| None),
            Change::Create | Change::Replace => self.create(at, action).await,
            Change::Update => self.update(at, action).await,
            Change::Delete | Change::DeleteReplaced => self.delete(at, action).await.map(|()| None),
            Change::Forget => {
                let dropped = self.journal.write(Entry::Dropped(action.address.clone())).await;
                dropped.map(|()| None).map_err(Ended::Journal)
            }
        };
        match ended {
            Ok(Some(because)) => Outcome::Deferred { because },
            Ok(None) => Outcome::Done { took: self.around.clock.now().saturating_sub(began) },
            Err(Ended::Failed { failure, left }) => Outcome::Failed { failure, left },
            Err(Ended::Interrupted) => Outcome::Interrupted,
            Err(Ended::Journal(_)) => Outcome::JournalBroke,
        }
    }

    async fn read(&self, action: &PlannedAction) -> Result<(), Ended> {
        let node = self.node(action)?;
        let (provider, schema) = self.provider(node.address.kind())?;
        let desired = self.desired(node, schema)?;
        let mut attributes = match self.job.lookups.get(&node.address) {
            Some(answer) => answer.clone(),
            None => {
                let request = LookupRequest {
                    address: node.address.clone(),
                    region: node.region.clone(),
                    desired: desired.clone(),
                };
                let step = self.step(&node.address, Duration::from_secs(1));
                step.repeat(|| provider.lookup(&request)).await?
            }
        };
        attributes.extend(desired);
        let record = ResourceRecord {
            address: node.address.clone(),
            region: node.region.clone(),
            account: node.account.clone(),
            identity: Identity(attributes.get("id").and_then(Datum::as_str).unwrap_or_default().to_owned()),
            attributes: attributes.clone(),
            generation: 0,
            depends_on: Vec::new(),
            prevent_destroy: false,
        };
        self.journal.write(Entry::Recorded(Box::new(record))).await.map_err(Ended::Journal)?;
        self.attributes.borrow_mut().insert(node.address.clone(), attributes);
        Ok(())
    }

    /// Gives why it is deferred, where it is.
    async fn create(&self, at: usize, action: &PlannedAction) -> Result<Option<String>, Ended> {
        let node = self.node(action)?;
        let (provider, schema) = self.provider(node.address.kind())?;
        let attributes = self.desired(node, schema)?;
        let mut desired = Desired { attributes, secrets: self.secrets(node, schema, |_| true).await? };
        with_defaults(schema, &mut desired.attributes);
        let generation = self.generation(&node.address);
        let mark = Mark { lineage: self.job.snapshot.lineage.clone(), address: node.address.clone(), generation };
        let operation = self.operation(at);
        let request = MakeRequest {
            address: node.address.clone(),
            region: node.region.clone(),
            account: node.account.clone(),
            token: token(&mark, "create"),
            mark,
            desired,
        };
        let step = self.step(&node.address, self.expected[at]);
        step.write(Entry::Begun(Box::new(self.begun(
            node,
            operation,
            Action::Create,
            generation,
            &request.token,
            None,
            &request.desired,
        ))))
        .await?;
        let found = match self.around.looks_first {
            true => step.repeat(|| provider.find(&request)).await?,
            false => Found::Nothing,
        };
        let identity = match found {
            Found::Ours(identity) => step.identified(operation, identity).await?,
            Found::Nothing | Found::Foreign(_) => step.create(provider.as_ref(), schema, operation, &request).await?,
        };
        let standing = request.standing(identity);
        let settlement = step.settle(provider.as_ref(), &standing, UNFINISHED).await?;
        self.settled(node, operation, &standing, settlement.attributes).await?;
        Ok(settlement.deferred)
    }

    /// Gives why it is deferred, where it is.
    async fn update(&self, at: usize, action: &PlannedAction) -> Result<Option<String>, Ended> {
        let node = self.node(action)?;
        let (provider, schema) = self.provider(node.address.kind())?;
        let record = self.record(&node.address)?;
        let before = self.attributes.borrow().get(&node.address).cloned().unwrap_or_else(|| record.attributes.clone());
        let mut desired = Desired { attributes: self.desired(node, schema)?, secrets: BTreeMap::new() };
        let wanted =
            desired.attributes.iter().map(|(name, value)| (name.clone(), Partial::Known(value.clone()))).collect();
        let changes = diff(schema, &wanted, &record.attributes, &before, &node.lifecycle);
        let mut changed: Vec<String> =
            changes.iter().map(|change| change.path.split('.').next().unwrap_or_default().to_owned()).collect();
        // The mark is set with the tags; no field of the program says what it is.
        if action.fields.iter().any(|field| field.path == MARK) {
            changed.push("tags".to_owned());
        }
        changed.dedup();
        // A secret that is not sent is asked of nobody: it may be gone.
        desired.secrets = self.secrets(node, schema, |version| changed.iter().any(|field| field == version)).await?;
        with_defaults(schema, &mut desired.attributes);
        // A drift that is to be ignored is left alone by the provider, too.
        for ignored in &node.lifecycle.ignore_changes {
            desired.attributes.remove(ignored);
            desired.attributes.extend(before.get(ignored).map(|value| (ignored.clone(), value.clone())));
        }
        if changes.iter().any(|change| change.forces_replacement) {
            return Err(refused(
                "NeedsReplacement",
                "a value that is known only now forces a replacement: run apply again to see it in a plan",
            ));
        }
        let operation = self.operation(at);
        let mark = Mark {
            lineage: self.job.snapshot.lineage.clone(),
            address: node.address.clone(),
            generation: record.generation,
        };
        let standing = Standing {
            address: node.address.clone(),
            region: record.region.clone(),
            account: record.account.clone(),
            token: token(&mark, &format!("update {}", operation.0)),
            mark,
            identity: record.identity.clone(),
            desired,
        };
        let step = self.step(&node.address, self.expected[at]);
        let begun = self.begun(
            node,
            operation,
            Action::Update,
            record.generation,
            &standing.token,
            Some(&record.identity),
            &standing.desired,
        );
        step.write(Entry::Begun(Box::new(begun))).await?;
        if !changed.is_empty() {
            let request = UpdateRequest { before: before.clone(), changed };
            let updated = step.in_call(step.repeat(|| provider.update(&standing, &request))).await;
            if let Err(ended) = updated {
                // Nothing is lost with the operation: the next refresh reads what is.
                if let Ended::Failed { failure, .. } = ended {
                    let attributes = to_record(schema, &record.attributes, before);
                    let row = ResourceRecord { attributes, ..record.clone() };
                    let outcome = Settled::Present(Box::new(row));
                    step.write(Entry::Settled { operation, outcome }).await?;
                    return Err(Ended::Failed {
                        failure,
                        left: "It stays as it was, or is changed in part; the next plan reads it.".to_owned(),
                    });
                }
                return Err(ended);
            }
        }
        let left = "It is there, changed in part or in whole; the next plan reads it.";
        let settlement = step.settle(provider.as_ref(), &standing, left).await?;
        self.settled(node, operation, &standing, settlement.attributes).await?;
        Ok(settlement.deferred)
    }

    async fn delete(&self, at: usize, action: &PlannedAction) -> Result<(), Ended> {
        let address = &action.address;
        let record = self.record(address)?;
        let (provider, _) = self.provider(address.kind())?;
        let attributes = self.attributes.borrow().get(address).cloned().unwrap_or_else(|| record.attributes.clone());
        let mark = Mark {
            lineage: self.job.snapshot.lineage.clone(),
            address: address.clone(),
            generation: record.generation,
        };
        let operation = self.operation(at);
        let begun = Begun {
            operation,
            address: address.clone(),
            action: Action::Delete,
            region: record.region.clone(),
            account: record.account.clone(),
            generation: record.generation,
            token: token(&mark, "delete"),
            identity: Some(record.identity.clone()),
            request: attributes.clone(),
            depends_on: record.depends_on.clone(),
            prevent_destroy: false,
            at_ms: now_ms(self.around.clock.as_ref()),
        };
        let standing = Standing {
            address: address.clone(),
            region: record.region.clone(),
            account: record.account.clone(),
            token: begun.token.clone(),
            mark,
            identity: record.identity.clone(),
            desired: Desired { attributes, secrets: BTreeMap::new() },
        };
        let step = self.step(address, self.expected[at]);
        step.write(Entry::Begun(Box::new(begun))).await?;
        match step.delete(provider.as_ref(), &standing).await {
            Ok(()) => {
                step.write(Entry::Settled { operation, outcome: Settled::Absent }).await?;
                self.attributes.borrow_mut().remove(address);
                Ok(())
            }
            Err(Ended::Failed { failure, left }) if is_refused(&failure) || failure.class == FailureClass::Denied => {
                // Where that can't be told, recovery sees to it.
                let Ok(Observation::Present(observed)) = step.in_call(look(provider.as_ref(), &standing)).await else {
                    return Err(Ended::Failed { failure, left });
                };
                let (_, schema) = self.provider(address.kind())?;
                let attributes = to_record(schema, &standing.desired.attributes, observed);
                let row = ResourceRecord { attributes, ..record.clone() };
                step.write(Entry::Settled { operation, outcome: Settled::Present(Box::new(row)) }).await?;
                let left = "It is still there; the next plan decides about it anew.".to_owned();
                Err(Ended::Failed { failure, left })
            }
            Err(ended) => Err(ended),
        }
    }

    async fn settled(
        &self,
        node: &Node,
        operation: OperationId,
        standing: &Standing,
        attributes: Attributes,
    ) -> Result<(), Ended> {
        let (provider, schema) = self.provider(node.address.kind())?;
        let attributes = to_record(schema, &standing.desired.attributes, attributes);
        let identity = provider.identity(node.address.kind(), &attributes);
        let row = ResourceRecord {
            address: node.address.clone(),
            region: standing.region.clone(),
            account: standing.account.clone(),
            identity: identity.unwrap_or_else(|| standing.identity.clone()),
            attributes,
            generation: standing.mark.generation,
            depends_on: needed(node),
            prevent_destroy: node.lifecycle.prevent_destroy,
        };
        let attributes = row.attributes.clone();
        let outcome = Settled::Present(Box::new(row));
        self.journal.write(Entry::Settled { operation, outcome }).await.map_err(Ended::Journal)?;
        self.attributes.borrow_mut().insert(node.address.clone(), attributes);
        Ok(())
    }

    #[allow(clippy::too_many_arguments)]
    fn begun(
        &self,
        node: &Node,
        operation: OperationId,
        action: Action,
        generation: u32,
        token: &str,
        identity: Option<&Identity>,
        desired: &Desired,
    ) -> Begun {
        Begun {
            operation,
            address: node.address.clone(),
            action,
            region: node.region.clone(),
            account: node.account.clone(),
            generation,
            token: token.to_owned(),
            identity: identity.cloned(),
            request: desired.attributes.clone(),
            depends_on: needed(node),
            prevent_destroy: node.lifecycle.prevent_destroy,
            at_ms: now_ms(self.around.clock.as_ref()),
        }
    }

    fn generation(&self, address: &Address) -> u32 {
        let refused = self.job.snapshot.generations.get(address).copied().unwrap_or_default();
        let replaced = self.job.snapshot.resources.get(address).map_or(0, |record| record.generation + 1);
        refused.max(replaced)
    }

    fn operation(&self, at: usize) -> OperationId {
        OperationId(self.job.first_operation.0 + i64::try_from(at).unwrap_or(i64::MAX - self.job.first_operation.0))
    }

    fn node(&self, action: &PlannedAction) -> Result<&'a Node, Ended> {
        let missing = || refused("NotInGraph", "the plan and the graph do not belong together");
        self.nodes.get(&action.address).copied().ok_or_else(missing)
    }

    fn record(&self, address: &Address) -> Result<&'a ResourceRecord, Ended> {
        let missing = || refused("NotInState", "the plan and the state do not belong together");
        self.job.snapshot.resources.get(address).ok_or_else(missing)
    }

    fn provider(&self, kind: &str) -> Result<(Rc<dyn Provider>, &'static Schema), Ended> {
        let provider = (self.around.provider)(kind);
        let found = provider.and_then(|provider| provider.schema(kind).map(|schema| (provider, schema)));
        found.ok_or_else(|| refused("NoProvider", "this release has no provider for the type"))
    }

    fn step<'s>(&'s self, address: &'s Address, expected: Duration) -> Step<'s> {
        let provider = (self.around.provider)(address.kind());
        let schema = provider.as_ref().and_then(|provider| provider.schema(address.kind()));
        Step {
            address,
            expected,
            longest: deadline(expected, schema),
            longest_pause: provider.map_or(Duration::MAX, |provider| provider.longest_pause()),
            clock: self.around.clock.as_ref(),
            journal: self.journal,
            listener: self.around.listener,
            pace: self.around.pace.clone(),
            salt: self.around.salt,
            not_yet: patience(FailureClass::NotYet),
            calling: &self.calling,
        }
    }

    /// What a node is to be, its secrets left out.
    fn desired(&self, node: &Node, schema: &'static Schema) -> Result<Attributes, Ended> {
        let mut desired = Attributes::default();
        for (name, expression) in &node.fields {
            match self.value(name, expression)? {
                Partial::Known(datum) => {
                    desired.insert(name.clone(), datum);
                }
                Partial::Secret(_) => {}
                Partial::Unknown | Partial::List(_) | Partial::Map(_) => {
                    return Err(refused("NoValue", &format!("`{name}` of {} is not known even now", schema.kind)));
                }
            }
        }
        Ok(desired)
    }

    /// The texts of the secrets that are sent, each by the field whose change sends it again.
    async fn secrets(
        &self,
        node: &Node,
        schema: &'static Schema,
        is_sent: impl Fn(&str) -> bool,
    ) -> Result<BTreeMap<String, SecretText>, Ended> {
        let mut secrets = BTreeMap::new();
        for field in schema.fields.iter().filter(|field| field.version().is_some_and(|version| is_sent(&version))) {
            let Some(expression) = node.fields.get(field.name) else { continue };
            if let Partial::Secret(source) = self.value(field.name, expression)? {
                secrets.insert(field.name.to_owned(), self.secret(node, field.name, &source).await?);
            }
        }
        Ok(secrets)
    }

    fn value(&self, field: &str, expression: &Expression) -> Result<Partial, Ended> {
        let scope = ApplyScope { attributes: &self.attributes.borrow(), outputs: self.job.outputs };
        expression.evaluate(&scope).map_err(|reason| refused("NoValue", &format!("`{field}`: {reason}")))
    }

    /// A secret's text: from outside, or from the resource that keeps it.
    async fn secret(&self, node: &Node, field: &str, source: &SecretSource) -> Result<SecretText, Ended> {
        let SecretSource::Kept(reference) = source else {
            let text = (self.around.secrets)(source);
            return text.map_err(|reason| refused("NoSecret", &format!("`{field}`: {reason}")));
        };
        let keeper = &reference.address;
        let identity = self.value(field, &Expression::Reference(reference.clone()))?.into_known();
        let identity = identity.as_ref().and_then(Datum::as_str).map(|text| Identity(text.to_owned()));
        let identity = identity.ok_or_else(|| refused("NoSecret", &format!("`{field}`: {keeper} is not there")))?;
        let (provider, _) = self.provider(keeper.kind())?;
        let region = self.nodes.get(keeper).map_or(&node.region, |keeper| &keeper.region);
        let step = self.step(&node.address, Duration::from_secs(1));
        step.repeat(|| provider.reveal(keeper.kind(), region, &identity)).await
    }

    fn outputs(&self) -> Option<BTreeMap<String, Datum>> {
        if self.job.plan.goal == crate::plan::Goal::Destroy {
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

fn refused(code: &str, message: &str) -> Ended {
    Ended::Failed {
        failure: Failure::of_engine(FailureClass::Refused, code, message),
        left: "Nothing was sent.".to_owned(),
    }
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
