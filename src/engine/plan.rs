//! The plan: which actions bring what is to what is wanted, in which order.
//!
//! A pure function of graph, state and observations: the same input gives the
//! same bytes.

use std::collections::{BTreeMap, HashMap};

use fathuss_model::graph::{Graph, Node, Source};
use fathuss_model::schema::{Mode, Schema};
use fathuss_model::transition::Becoming;
use fathuss_model::{Address, Datum, EvaluationError};
use fathuss_state::{ResourceRecord, Snapshot};
use serde::{Deserialize, Serialize};

use crate::decide::Decisions;
use crate::dependency::{Dependencies, GraphError};
use crate::diff::{FieldChange, Shown};
use crate::draft::Draft;
use crate::proposal::{Along, Proposal, Proposed};
use crate::protection::{Guard, PlannedProtection, Protected};
use crate::provider::{Attributes, Carried, Observation, Stray, Survivor};

/// The format's name.
pub const FORMAT: &str = "fathuss-plan";
/// The version that this release writes.
pub const VERSION: u32 = 1;
/// The address in a mark, as a field that changes: the one that no program gives.
pub const MARK: &str = "tags.fathuss:address";

/// What a run is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// To make what the graph declares.
    Apply,
    /// To delete everything in the state.
    Destroy,
}

/// What planning looks at.
pub struct PlanInput<'a> {
    /// The stack.
    pub graph: &'a Graph,
    /// What it is for.
    pub goal: Goal,
    /// The schemas.
    pub schema: &'a dyn Fn(&str) -> Option<&'static Schema>,
    /// What state says.
    pub snapshot: &'a Snapshot,
    /// What is: by address, for every resource in the state; where nothing was read, what state says counts.
    pub observations: &'a BTreeMap<Address, Observation>,
    /// Answers of lookups that were asked anew.
    pub lookups: &'a BTreeMap<Address, Attributes>,
    /// Outputs of other stacks: stack to name to value.
    pub outputs: &'a BTreeMap<String, BTreeMap<String, Datum>>,
    /// What carries our mark and is in no state.
    pub strays: &'a [Stray],
    /// The marks of what is in the state, where it carries one.
    pub marks: &'a BTreeMap<Address, Carried>,
    /// The fields of what was read that differ by the project's own doing, though its program gives the same.
    pub edited: &'a dyn Fn(&str, &Attributes) -> &'static [&'static str],
    /// Why a change of what was read so can't be made yet.
    pub deferral: &'a dyn Fn(&str, &Attributes) -> Option<String>,
    /// What people should know of a change in place, or of what stays as it is.
    pub remarks: &'a dyn Fn(&str, &Becoming<'_>) -> Vec<String>,
    /// What a delete leaves behind.
    pub survivors: &'a dyn Fn(&str, &Attributes) -> Vec<Survivor>,
    /// What can't be read and is inside of something that goes: by address, what that is.
    pub unreached: &'a BTreeMap<Address, Address>,
}

/// What would be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Always [`FORMAT`].
    pub format: String,
    /// The version of everything below.
    pub version: u32,
    /// The stack.
    pub stack: String,
    /// Its region.
    pub region: String,
    /// Its account.
    pub account: String,
    /// What it is for.
    pub goal: Goal,
    /// What it is about, where that is a part of the stack alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<Address>,
    /// The state that it was made from: its lineage, empty before the first apply.
    pub lineage: String,
    /// The state that it was made from: its serial.
    pub serial: i64,
    /// What is done, in an order in which it could be done one by one.
    pub actions: Vec<PlannedAction>,
    /// What would be changed and can't be yet: nothing is done about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deferred: Vec<PlannedDeferral>,
    /// What people should know of what is changed in place or stays: what waits, and for what.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<PlannedRemark>,
    /// Protections that are given or taken away, in the state alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub protections: Vec<PlannedProtection>,
    /// Why it could not be asked whether the cloud offers what would be made; none where it was, or need not be. What
    /// is not offered is refused as it is made, then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unasked: Option<String>,
    /// What could not be read, and is planned as the state has it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<PlannedUnread>,
    /// How many resources stay as they are.
    pub unchanged: usize,
    /// Outputs that change.
    pub outputs: BTreeMap<String, OutputChange>,
    /// What a destroy leaves behind.
    pub survivors: Vec<PlannedSurvivor>,
    /// What others made in what is deleted, and goes with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub along: Vec<Along>,
    /// What could not be asked of what goes along and of what becomes of parts, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unforeseen: Vec<String>,
    /// What carries our mark and is in no state: address, type and identity.
    pub strays: Vec<String>,
    /// Operations of an earlier run that are finished before anything else.
    pub unfinished: Vec<Address>,
}

/// One action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedAction {
    /// The resource.
    pub address: Address,
    /// The line that declares it; none where the program does not declare it any more.
    pub source: Option<Source>,
    /// The part of the platform that it belongs to.
    pub group: String,
    /// What is done.
    pub change: Change,
    /// The fields that change.
    pub fields: Vec<FieldChange>,
    /// Of these fields, those that the cloud changes later, in the maintenance window.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waits: Vec<String>,
    /// Fields that were asked for before and wait for the window, and are changed now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub brought_forward: Vec<String>,
    /// What becomes of its parts, by their names: of the objects of a release. What is not known before is left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<FieldChange>,
    /// Whether data is lost.
    pub destroys_data: bool,
    /// What it is forgotten with: it is inside of that, and can't be read or deleted any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub goes_with: Option<Address>,
    /// Actions that have to be done first, as positions in [`Plan::actions`].
    pub after: Vec<usize>,
}

/// What an action does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Asks a lookup and pins the answer.
    Read,
    /// Makes it.
    Create,
    /// Makes it again: the delete of the old one is an action of its own.
    Replace,
    /// Changes it in place.
    Update,
    /// Deletes it.
    Delete,
    /// Deletes the old one of a replacement.
    DeleteReplaced,
    /// Takes it out of the state: a lookup's answer, behind which there is nothing, or what is inside of something that is
    /// deleted and does not answer.
    Forget,
}

impl PlannedAction {
    /// Whether it changes anything but the state's lookups.
    #[must_use]
    pub fn is_change(&self) -> bool {
        match self.change {
            Change::Read => false,
            Change::Forget => self.goes_with.is_some(),
            _ => true,
        }
    }
}

impl Change {
    /// The word for it, as plans have it in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Create => "create",
            Self::Replace => "replace",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::DeleteReplaced => "delete_replaced",
            Self::Forget => "forget",
        }
    }
}

/// What would be changed and can't be yet, because only time helps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedDeferral {
    /// The resource.
    pub address: Address,
    /// The line that declares it.
    pub source: Source,
    /// The fields that would change.
    pub fields: Vec<FieldChange>,
    /// Why not yet, in words.
    pub because: String,
}

/// What people should know of a resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedRemark {
    /// The resource.
    pub address: Address,
    /// The line that declares it.
    pub source: Source,
    /// What, in sentences.
    pub sentences: Vec<String>,
}

/// What could not be read: it is inside of something that did not answer, or not to who asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedUnread {
    /// The resource.
    pub address: Address,
    /// Why, in words.
    pub because: String,
    /// What to do, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// An output that changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputChange {
    /// What it is.
    pub before: Shown,
    /// What it becomes.
    pub after: Shown,
}

/// What a destroy leaves behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedSurvivor {
    /// What it is left of.
    pub address: Address,
    /// What it is.
    pub survivor: Survivor,
}

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The graph is wrong.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// A field has no value.
    #[error("{address} ({source_line}): `{field}`: {reason}")]
    Field {
        /// The node.
        address: Address,
        /// Its line.
        source_line: Source,
        /// The field.
        field: String,
        /// Why.
        reason: EvaluationError,
    },
    /// An output has no value.
    #[error("output `{name}` ({source_line}): {reason}")]
    Output {
        /// The output.
        name: String,
        /// Its line.
        source_line: Source,
        /// Why.
        reason: EvaluationError,
    },
    /// Protected resources would be destroyed: all of them, so that one edit can free them.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Protected(Vec<Protected>),
    /// Something would be replaced that something else, which stays, can't be without.
    #[error(
        "{held} ({held_line}) would be replaced, because `{because}` changes{}, and {holder} ({holder_line}), which stays, holds it by `{field}`: the old one can't be deleted as long as it is held. {}",
        along_with(along.as_ref()),
        way_out(along.as_ref(), holder, field)
    )]
    Held {
        /// What would be replaced.
        held: Address,
        /// Its line.
        held_line: Source,
        /// The field that forces it.
        because: String,
        /// What it is replaced along with, and the field of that which changes; none where that is its own.
        along: Option<(Address, String)>,
        /// What holds it.
        holder: Address,
        /// Its line.
        holder_line: Source,
        /// By which field.
        field: String,
    },
    /// The state is of another account.
    #[error(
        "{address} is in account {recorded}, and the stack is to be in {wanted}: a state belongs to one account. Set `account` back, or give the stack in the other account a name and a state of its own"
    )]
    OtherAccount {
        /// The first resource there.
        address: Address,
        /// Where it is.
        recorded: String,
        /// Where the stack is to be.
        wanted: String,
    },
    /// A resource can't become in place what is wanted.
    #[error("{address} ({source_line}): `{field}`: {reason} Next: {next}")]
    Impossible {
        /// The resource.
        address: Address,
        /// Its line.
        source_line: Source,
        /// The field.
        field: &'static str,
        /// Why.
        reason: String,
        /// What to do.
        next: String,
    },
    /// Create-before-destroy needs what this release does not do.
    #[error(
        "{address} ({source_line}) asks for create_before_destroy, which this release does not do yet: leave it out, or rename the resource by hand"
    )]
    CreateBeforeDestroy {
        /// The resource.
        address: Address,
        /// Its line.
        source_line: Source,
    },
}

/// What to do about something that is held. Where it goes along with another, a new one beside it helps nobody: it would
/// stand in what is replaced, and what holds the old one can't follow there.
fn way_out(along: Option<&(Address, String)>, holder: &Address, field: &str) -> String {
    match along {
        Some((root, changed)) => format!(
            "Keep `{changed}` of {root} as it was; or destroy {holder} first: take it out, apply, and declare it again with the change"
        ),
        None => format!(
            "Leave it as it is, declare the new one under another name, let `{field}` refer to that, apply, and take the \
             old one out then"
        ),
    }
}

/// In words, with a space in front.
fn along_with(along: Option<&(Address, String)>) -> String {
    along.map_or_else(String::new, |(address, field)| format!(" with `{field}` of {address}"))
}

impl Plan {
    /// Whether anything would be made, changed or deleted. Lookups alone are no change of
    /// infrastructure; outputs and protections are one of the state.
    #[must_use]
    pub fn has_changes(&self) -> bool {
        !self.outputs.is_empty()
            || !self.protections.is_empty()
            || !self.unfinished.is_empty()
            || self.actions.iter().any(PlannedAction::is_change)
    }

    /// How many actions there are of each kind, a replacement counted once.
    #[must_use]
    pub fn count(&self, change: Change) -> usize {
        self.actions.iter().filter(|action| action.change == change).count()
    }
}

/// A plan, and what the resources would be that it makes or changes.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The plan.
    pub plan: Plan,
    /// What it makes, changes and deletes, as far as that is known.
    pub proposed: Proposed,
}

/// Plans.
pub fn plan(input: &PlanInput<'_>) -> Result<Planned, PlanError> {
    let wanted = &input.graph.account;
    if let Some(record) = input.snapshot.resources.values().find(|record| record.account != *wanted) {
        let (address, recorded) = (record.address.clone(), record.account.clone());
        return Err(PlanError::OtherAccount { address, recorded, wanted: wanted.clone() });
    }
    let mut proposed = Proposed::default();
    let Parts { actions, deferred, remarks, protections, unchanged, outputs } = match input.goal {
        Goal::Apply => {
            let dependencies = Dependencies::of(input.graph, input.schema)?;
            let decisions = Decisions::make(input, &dependencies)?;
            proposed.made = decisions.proposals(&dependencies);
            decisions.into_actions(input, &dependencies)?
        }
        Goal::Destroy => destroy(input)?,
    };
    let mut survivors = Vec::new();
    for action in &actions {
        if matches!(action.change, Change::Delete | Change::DeleteReplaced)
            && let Some(record) = input.snapshot.resources.get(&action.address)
        {
            let (region, fields) = (record.region.clone(), current(input, record).clone());
            let left = (input.survivors)(action.address.kind(), &fields).into_iter();
            if !matches!(input.observations.get(&action.address), Some(Observation::Absent)) {
                let proposal = Proposal { region, fields, ..Proposal::default() };
                proposed.deleted.insert(action.address.clone(), proposal);
            }
            let is_declared = |survivor: &Survivor| {
                survivor.resource.as_ref().is_some_and(|(kind, identity)| {
                    let mut records = input.snapshot.resources.iter();
                    records.any(|(address, known)| {
                        address.kind() == *kind && known.identity == *identity && known.region == record.region
                    })
                })
            };
            let goes_along = |survivor: &Survivor| {
                survivor.goes_with.as_ref().is_some_and(|(kind, identity)| {
                    let deletes =
                        |action: &&PlannedAction| matches!(action.change, Change::Delete | Change::DeleteReplaced);
                    actions.iter().filter(deletes).any(|action| {
                        let known = input.snapshot.resources.get(&action.address);
                        action.address.kind() == *kind
                            && known.is_some_and(|known| known.identity == *identity && known.region == record.region)
                    })
                })
            };
            for survivor in left.filter(|survivor| !is_declared(survivor) && !goes_along(survivor)) {
                let told = |known: &PlannedSurvivor| known.survivor.shared && known.survivor.what == survivor.what;
                if !survivor.shared || (input.goal == Goal::Destroy && !survivors.iter().any(told)) {
                    survivors.push(PlannedSurvivor { address: action.address.clone(), survivor });
                }
            }
        }
    }
    let plan = Plan {
        format: FORMAT.to_owned(),
        version: VERSION,
        stack: input.graph.stack.clone(),
        region: input.graph.region.clone(),
        account: input.graph.account.clone(),
        goal: input.goal,
        only: Vec::new(),
        lineage: input.snapshot.lineage.clone(),
        serial: input.snapshot.serial,
        actions,
        deferred,
        remarks,
        protections,
        unasked: None,
        unread: Vec::new(),
        unchanged,
        outputs,
        survivors,
        along: Vec::new(),
        unforeseen: Vec::new(),
        strays: input
            .strays
            .iter()
            .map(|stray| format!("{} {} ({})", stray.kind, stray.identity, stray.address))
            .collect(),
        unfinished: input.snapshot.pending.iter().map(|pending| pending.begun.address.clone()).collect(),
    };
    Ok(Planned { plan, proposed })
}

/// What a resource is, as far as it was read.
pub(crate) fn current<'a>(input: &'a PlanInput<'_>, record: &'a ResourceRecord) -> &'a Attributes {
    match input.observations.get(&record.address) {
        Some(Observation::Present(attributes)) => attributes,
        _ => &record.attributes,
    }
}

/// What a plan is put together from.
pub(crate) struct Parts {
    pub actions: Vec<PlannedAction>,
    pub deferred: Vec<PlannedDeferral>,
    pub remarks: Vec<PlannedRemark>,
    pub protections: Vec<PlannedProtection>,
    pub unchanged: usize,
    pub outputs: BTreeMap<String, OutputChange>,
}

/// Takes a resource of the state down, where nothing protects it.
pub(crate) fn take_down(
    input: &PlanInput<'_>,
    record: &ResourceRecord,
    node: Option<&Node>,
    draft: &mut Draft,
    guard: &mut Guard<'_>,
) {
    let (address, schema) = (&record.address, (input.schema)(record.address.kind()));
    if schema.is_some_and(|schema| schema.mode == Mode::Lookup) {
        return draft.delete(address, node, false, Change::Forget);
    }
    if matches!(input.observations.get(address), Some(Observation::Absent)) {
        // A list may lag behind what was made a moment ago: the delete looks for itself.
        return draft.delete(address, node, false, Change::Delete);
    }
    guard.check(address, node, None);
    match input.unreached.get(address) {
        Some(around) => draft.forget_with(around, address, node),
        None => draft.delete(address, node, schema.is_some_and(|schema| schema.holds_data), Change::Delete),
    }
}

fn destroy(input: &PlanInput<'_>) -> Result<Parts, PlanError> {
    let (mut draft, mut guard) = (Draft::default(), Guard::new(input));
    let nodes: HashMap<&Address, &Node> = input.graph.nodes.iter().map(|node| (&node.address, node)).collect();
    for record in input.snapshot.resources.values() {
        take_down(input, record, nodes.get(&record.address).copied(), &mut draft, &mut guard);
    }
    guard.verdict()?;
    draft.order(input, None);
    let absent = |before: &Datum| OutputChange { before: Shown::Value(before.clone()), after: Shown::Absent };
    let outputs = input.snapshot.outputs.iter().map(|(name, before)| (name.clone(), absent(before))).collect();
    let (deferred, remarks, protections) = (Vec::new(), Vec::new(), Vec::new());
    Ok(Parts { actions: draft.actions, deferred, remarks, protections, unchanged: 0, outputs })
}
