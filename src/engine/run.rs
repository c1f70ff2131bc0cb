//! A run from beginning to end: recover, refresh, plan, apply, and the state around them.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use fathuss_model::graph::{Finding, Graph};
use fathuss_model::{Address, Datum};
use fathuss_state::{Entry, Part, Pending, ResourceRecord, RunAction, RunEnd, Snapshot, StateError, Store};

use crate::apply::{Applied, Job, Pace, Surroundings, apply, needed, to_record};
use crate::journal::Journal;
use crate::part::{PartError, checked, seen};
use crate::plan::{
    Change, Goal, Plan, PlanError, PlanInput, Planned, PlannedAction, PlannedRemark, PlannedUnread, plan,
};
use crate::proposal::{Asked, Outlook, by_provider, objections, outlook};
use crate::provider::{Attributes, Failure, Observation, ReadRequest};
use crate::recover::{Recovery, recover};
use crate::refresh::{RefreshError, Refreshed, ask_lookups, refresh};

/// Why a run could not go on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// State could not be read or written.
    #[error(transparent)]
    State(#[from] StateError),
    /// A read failed.
    #[error(transparent)]
    Refresh(#[from] RefreshError),
    /// There is no plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A part can't be changed alone.
    #[error(transparent)]
    Part(#[from] PartError),
    /// The cloud does not have or offer what the stack asks for.
    #[error("stack `{stack}` asks for what is not offered: {}", findings.iter().map(|finding| finding.message.as_str()).collect::<Vec<_>>().join("; "))]
    Refused {
        /// The stack.
        stack: String,
        /// What, at the lines of its program.
        findings: Vec<Finding>,
    },
    /// An operation of an earlier run could not be finished.
    #[error("{} could not be finished: {failure}", address)]
    Recovery {
        /// The resource.
        address: Address,
        /// Why.
        failure: Box<Failure>,
    },
}

impl RunError {
    /// The call that failed, where it was one.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Refresh(error) => Some(&error.failure),
            Self::Recovery { failure, .. } => Some(failure),
            Self::State(_) | Self::Plan(_) | Self::Part(_) | Self::Refused { .. } => None,
        }
    }
}

/// A plan with everything that it was made from.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The plan.
    pub plan: Plan,
    /// The stack.
    pub graph: Graph,
    /// The state.
    pub snapshot: Snapshot,
    /// What was read.
    pub refreshed: Refreshed,
    /// Outputs of other stacks.
    pub outputs: OtherOutputs,
    /// What it may change, where that is not everything.
    pub part: Option<Part>,
}

impl Prepared {
    /// Whether state has something to take in though nothing is to be changed: drift that is nobody's change,
    /// a protection that the program added or took away, a lookup's answer.
    #[must_use]
    pub fn has_bookkeeping(&self) -> bool {
        !self.plan.actions.is_empty() || !drifted(self).is_empty()
    }
}

/// Outputs of other stacks: stack to name to value.
pub type OtherOutputs = BTreeMap<String, BTreeMap<String, Datum>>;

/// What to plan.
#[derive(Clone, Debug)]
pub struct Order {
    /// The stack.
    pub graph: Graph,
    /// What it is for.
    pub goal: Goal,
    /// Whether to read what is; state's word counts otherwise.
    pub refresh: bool,
    /// Outputs of other stacks.
    pub outputs: OtherOutputs,
    /// What may be changed, where that is not everything.
    pub part: Option<Part>,
}

/// Finishes what earlier runs began, at least in this part; what the stack protects by now is not deleted. Under the lock.
pub async fn finish_earlier(
    store: &mut dyn Store,
    graph: &Graph,
    goal: Goal,
    part: Option<&Part>,
    around: &Surroundings<'_>,
) -> Result<Vec<Recovery>, RunError> {
    let mut snapshot = store.snapshot()?;
    snapshot.pending.retain(|pending| part.is_none_or(|part| part.own.contains(&pending.begun.address)));
    let recoveries = finish(store, &snapshot, graph, goal, around).await;
    for recovery in &recoveries {
        if let Err(failure) = &recovery.outcome {
            let (address, failure) = (recovery.address.clone(), Box::new(failure.clone()));
            return Err(RunError::Recovery { address, failure });
        }
    }
    Ok(recoveries)
}

/// Finishes what is pending in this snapshot.
async fn finish(
    store: &mut dyn Store,
    snapshot: &Snapshot,
    graph: &Graph,
    goal: Goal,
    around: &Surroundings<'_>,
) -> Vec<Recovery> {
    if snapshot.pending.is_empty() {
        return Vec::new();
    }
    let journal = Journal::default();
    let store = RefCell::new(store);
    let protects =
        |address: &Address| graph.nodes.iter().any(|node| node.address == *address && node.lifecycle.prevent_destroy);
    tokio::select! {
        biased;
        recoveries = recover(snapshot, goal, &protects, around, &journal) => recoveries,
        never = journal.commit_all(&store) => match never {},
    }
}

/// Reads and plans; writes nothing.
pub async fn prepare(order: Order, snapshot: Snapshot, around: &Surroundings<'_>) -> Result<Prepared, RunError> {
    let Order { graph, goal, refresh: reads, outputs, part } = order;
    let whole = part.is_some().then(|| snapshot.clone());
    let (graph, snapshot) = match &part {
        Some(part) => seen(part, goal, graph, snapshot),
        None => (graph, snapshot),
    };
    // A part leaves the rest where it is.
    let goes = |address: &Address| {
        part.is_none() && (goal == Goal::Destroy || !graph.nodes.iter().any(|node| node.address == *address))
    };
    let mut refreshed = if reads { refresh(&snapshot, &goes, around).await? } else { Refreshed::default() };
    refreshed
        .strays
        .retain(|stray| part.as_ref().is_none_or(|part| part.own.iter().any(|own| own.to_string() == stray.address)));
    if goal == Goal::Apply {
        refreshed.lookups = ask_lookups(&graph, &snapshot, around).await?;
    }
    let Planned { mut plan, proposed } = plan(&PlanInput {
        graph: &graph,
        goal,
        schema: &|kind| (around.provider)(kind).and_then(|provider| provider.schema(kind)),
        snapshot: &snapshot,
        observations: &refreshed.observations,
        lookups: &refreshed.lookups,
        outputs: &outputs,
        strays: &refreshed.strays,
        marks: &refreshed.marks,
        edited: &|kind, attributes| {
            (around.provider)(kind).map_or(&[][..], |provider| provider.edited(kind, attributes))
        },
        deferral: &|kind, attributes| (around.provider)(kind).and_then(|provider| provider.deferral(kind, attributes)),
        remarks: &|kind, becoming| {
            (around.provider)(kind).map(|provider| provider.remarks(kind, becoming)).unwrap_or_default()
        },
        survivors: &|kind, attributes| {
            (around.provider)(kind).map(|provider| provider.survivors(kind, attributes)).unwrap_or_default()
        },
        unreached: &refreshed.unreached,
    })?;
    if let (Some(part), Some(whole)) = (&part, &whole) {
        let schema = |kind: &str| (around.provider)(kind).and_then(|provider| provider.schema(kind));
        checked(part, &mut plan, whole, &graph, &schema)?;
    }
    tell_unread(&mut plan, &graph, &refreshed, part.as_ref());
    // It is a help, and nothing that a change needs: where it can't be had, the plan says so and goes on.
    let asked = by_provider(proposed, around);
    let findings = objections(&asked, &graph, around).await.unwrap_or_else(|failure| {
        plan.unasked = Some(failure.to_string());
        Vec::new()
    });
    if !findings.is_empty() {
        return Err(RunError::Refused { stack: graph.stack, findings });
    }
    look_ahead(&mut plan, &asked, &graph, around).await;
    Ok(Prepared { plan, graph, snapshot, refreshed, outputs, part })
}

/// Puts into a plan what could not be read: of what stays of it nobody knows whether it is as it is to be.
fn tell_unread(plan: &mut Plan, graph: &Graph, refreshed: &Refreshed, part: Option<&Part>) {
    for (address, failure) in &refreshed.unread {
        let (because, hint) = (failure.to_string(), failure.hint.clone());
        plan.unread.push(PlannedUnread { address: address.clone(), because, hint });
        let is_own = part.is_none_or(|part| part.own.contains(address));
        let is_declared = graph.nodes.iter().any(|node| node.address == *address);
        if is_own && is_declared && !plan.actions.iter().any(|action| action.address == *address) {
            plan.unchanged = plan.unchanged.saturating_sub(1);
        }
    }
}

/// Puts into a plan what it does beyond the fields. It is a help: what can't be asked is said to be missing.
async fn look_ahead(plan: &mut Plan, asked: &[Asked], graph: &Graph, around: &Surroundings<'_>) {
    let (Outlook { mut parts, remarks, along }, failures) = outlook(asked, around).await;
    for action in &mut plan.actions {
        if action.change != Change::DeleteReplaced {
            action.parts = parts.remove(&action.address).unwrap_or_default();
        }
    }
    let remark = |(address, sentences)| {
        let source = graph.nodes.iter().find(|node| node.address == address)?.source.clone();
        Some(PlannedRemark { address, source, sentences })
    };
    plan.remarks.extend(remarks.into_iter().filter_map(remark));
    plan.along = along;
    plan.unforeseen = failures.iter().map(ToString::to_string).collect();
}

/// Takes over what carries our mark, is declared and is in no state; gives the addresses. Under the lock; a plan made before is stale after it.
pub async fn adopt_strays(
    store: &mut dyn Store,
    prepared: &Prepared,
    around: &Surroundings<'_>,
) -> Result<Vec<Address>, RunError> {
    let mut adopted = Vec::new();
    for stray in &prepared.refreshed.strays {
        let Some(node) = prepared.graph.nodes.iter().find(|node| node.address.to_string() == stray.address) else {
            continue;
        };
        let taken = prepared.snapshot.resources.contains_key(&node.address);
        let Some(provider) = (around.provider)(&stray.kind).filter(|_| !taken && stray.kind == node.address.kind())
        else {
            continue;
        };
        let request = ReadRequest {
            address: node.address.clone(),
            region: stray.region.clone(),
            identity: stray.identity.clone(),
            recorded: Attributes::new(),
        };
        let answer = provider.read(std::slice::from_ref(&request)).await;
        let attributes = match answer.observations.into_iter().next() {
            Some(Ok(Observation::Present(attributes))) => attributes,
            Some(Ok(Observation::Absent)) | None => continue,
            // It may be there: a plan that makes another in its place would be wrong.
            Some(Err(failure)) => {
                let (address, source_line) = (node.address.clone(), Some(node.source.clone()));
                return Err(RefreshError { address, source_line, failure }.into());
            }
        };
        let attributes = match provider.schema(&stray.kind) {
            Some(schema) => to_record(schema, &Attributes::new(), attributes),
            None => attributes,
        };
        store.append(&[Entry::Recorded(Box::new(ResourceRecord {
            address: node.address.clone(),
            region: stray.region.clone(),
            account: node.account.clone(),
            identity: stray.identity.clone(),
            attributes,
            generation: prepared.snapshot.generations.get(&node.address).copied().unwrap_or_default(),
            depends_on: needed(node),
            prevent_destroy: node.lifecycle.prevent_destroy,
            unsettled: false,
        }))])?;
        adopted.push(node.address.clone());
    }
    Ok(adopted)
}

/// Does what the plan says. Under the lock.
pub async fn carry_out(
    store: &mut dyn Store,
    prepared: &Prepared,
    around: &Surroundings<'_>,
    wall_ms: &dyn Fn() -> i64,
) -> Result<Applied, RunError> {
    let command = match prepared.plan.goal {
        Goal::Apply => "apply",
        Goal::Destroy => "destroy",
    };
    let actions: Vec<RunAction> = prepared.plan.actions.iter().map(kept).collect();
    let run = store.begin_run(command, &actions, wall_ms())?;
    let count = u32::try_from(prepared.plan.actions.len()).unwrap_or(u32::MAX);
    let first_operation = store.reserve_operations(count)?;
    let drift = drifted(prepared);
    if !drift.is_empty() {
        store.append(&drift)?;
    }
    let job = Job {
        plan: &prepared.plan,
        graph: &prepared.graph,
        snapshot: &prepared.snapshot,
        current: current(prepared),
        lookups: &prepared.refreshed.lookups,
        outputs: &prepared.outputs,
        first_operation,
    };
    let journal = Journal::default();
    let cell = RefCell::new(store);
    let mut applied = tokio::select! {
        biased;
        applied = apply(job, around, &journal) => applied,
        never = journal.commit_all(&cell) => match never {},
    };
    let store = cell.into_inner();
    if applied.journal_error.is_none() {
        applied.left = finish_left(store, prepared, around).await?;
    }
    let outcome = if applied.journal_error.is_some() || !applied.failed.is_empty() {
        "failed"
    } else if !applied.interrupted.is_empty() || !applied.skipped.is_empty() || !applied.left.is_empty() {
        "interrupted"
    } else {
        "applied"
    };
    let end = RunEnd {
        outcome: outcome.to_owned(),
        now_ms: wall_ms(),
        summary: applied.summary.clone(),
        outputs: applied.outputs.clone(),
        keeps_outputs: prepared.part.is_some(),
        durations_ms: applied.expectations.learned(),
    };
    let ended = store.end_run(run, end);
    if applied.journal_error.is_none() {
        ended?;
    }
    Ok(applied)
}

/// Finishes what recovery had left to the plan and no action was about: what it is inside of may answer by now, or be gone.
/// Gives what is still left.
async fn finish_left(
    store: &mut dyn Store,
    prepared: &Prepared,
    around: &Surroundings<'_>,
) -> Result<Vec<Address>, StateError> {
    let earlier = &prepared.snapshot.pending;
    if earlier.is_empty() {
        return Ok(Vec::new());
    }
    let is_earlier = |one: &Pending| earlier.iter().any(|earlier| earlier.begun.operation == one.begun.operation);
    if *around.pace.borrow() == Pace::Run {
        let mut snapshot = store.snapshot()?;
        snapshot.pending.retain(is_earlier);
        finish(store, &snapshot, &prepared.graph, prepared.plan.goal, around).await;
    }
    let left = store.snapshot()?.pending.into_iter().filter(is_earlier);
    Ok(left.map(|pending| pending.begun.address).collect())
}

/// An action as history keeps it: no values, so no secrets.
fn kept(action: &PlannedAction) -> RunAction {
    let fields = match action.change {
        Change::Update | Change::Replace => action.fields.iter().map(|field| field.path.clone()).collect(),
        Change::Read | Change::Create | Change::Delete | Change::DeleteReplaced | Change::Forget => Vec::new(),
    };
    RunAction { address: action.address.clone(), change: action.change.word().to_owned(), fields }
}

/// What each resource is, as it was read or, where it was not, as state says.
fn current(prepared: &Prepared) -> HashMap<Address, Attributes> {
    let recorded = prepared.snapshot.resources.values();
    recorded
        .map(|record| {
            let attributes = match prepared.refreshed.observations.get(&record.address) {
                Some(Observation::Present(attributes)) => attributes,
                _ => &record.attributes,
            };
            (record.address.clone(), attributes.clone())
        })
        .collect()
}

/// Rows whose resource stays as it is and reads otherwise than recorded.
fn drifted(prepared: &Prepared) -> Vec<Entry> {
    let touched: std::collections::HashSet<&Address> = prepared
        .plan
        .actions
        .iter()
        .filter(|action| action.change != Change::Read)
        .map(|action| &action.address)
        .collect();
    let nodes: HashMap<&Address, _> = prepared.graph.nodes.iter().map(|node| (&node.address, node)).collect();
    let mut entries = Vec::new();
    let is_own = |address: &Address| prepared.part.as_ref().is_none_or(|part| part.own.contains(address));
    let stays = |record: &&ResourceRecord| is_own(&record.address) && !touched.contains(&record.address);
    for record in prepared.snapshot.resources.values().filter(stays) {
        let mut row = record.clone();
        if let Some(Observation::Present(observed)) = prepared.refreshed.observations.get(&record.address) {
            row.attributes = observed.clone();
        }
        if let Some(identity) = prepared.refreshed.identities.get(&record.address) {
            row.identity = identity.clone();
        }
        if let Some(node) = nodes.get(&record.address) {
            row.depends_on = needed(node);
            row.prevent_destroy = node.lifecycle.prevent_destroy;
        }
        if row != *record {
            entries.push(Entry::Recorded(Box::new(row)));
        }
    }
    entries
}
