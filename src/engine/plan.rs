//! The plan: which actions bring what is to what is wanted, in which order.
//!
//! A pure function of graph, state and observations: the same input gives the
//! same bytes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use fathuss_model::graph::{Graph, Node, Source};
use fathuss_model::schema::{Mode, Schema};
use fathuss_model::transition::Becoming;
use fathuss_model::{Address, Datum, EvaluationError, OutputReference, Partial, Reference, Scope};
use fathuss_state::{ResourceRecord, Snapshot};
use serde::{Deserialize, Serialize};

use crate::dependency::{Dependencies, GraphError};
use crate::diff::{Cause, FieldChange, Shown, Wanted, creation, default_of, diff};
use crate::draft::Draft;
use crate::hold::{Holder, Replaced};
use crate::proposal::{Along, Proposal, Proposals, Proposed};
use crate::protection::{Guard, PlannedProtection, Protected, protections};
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
        "{held} ({held_line}) would be replaced, because `{because}` changes{}, and {holder} ({holder_line}), which stays, holds it by `{field}`: the old one can't be deleted as long as it is held. Leave it as it is, declare the new one under another name, let `{field}` refer to that, apply, and take the old one out then",
        along_with(along.as_ref())
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
fn current<'a>(input: &'a PlanInput<'_>, record: &'a ResourceRecord) -> &'a Attributes {
    match input.observations.get(&record.address) {
        Some(Observation::Present(attributes)) => attributes,
        _ => &record.attributes,
    }
}

enum Decision {
    Keep,
    Read(Attributes),
    ReadLater,
    Create,
    Update(Vec<FieldChange>),
    Replace(Vec<FieldChange>),
}

struct Decisions<'a> {
    wanted: Vec<Wanted>,
    decided: Vec<Decision>,
    /// What is, of nodes that exist.
    observed: Vec<Option<&'a Attributes>>,
}

impl<'a> Decisions<'a> {
    fn make(input: &'a PlanInput<'a>, dependencies: &Dependencies<'a>) -> Result<Self, PlanError> {
        let count = dependencies.nodes.len();
        let mut made = Self {
            wanted: vec![Wanted::new(); count],
            decided: std::iter::repeat_with(|| Decision::Keep).take(count).collect(),
            observed: vec![None; count],
        };
        for &at in &dependencies.order {
            let node = &dependencies.nodes[at];
            let schema = dependencies.schemas[at];
            let wanted = evaluate(node, &PlanScope { made: &made, dependencies, outputs: input.outputs })?;
            let record = input.snapshot.resources.get(&node.address);
            let decision = if schema.mode == Mode::Lookup {
                lookup(input, node, &wanted, record)
            } else {
                let replaced = |address: &Address| {
                    let at = *dependencies.index.get(address)?;
                    let Decision::Replace(fields) = &made.decided[at] else { return None };
                    let forcing = fields.iter().find(|field| field.forces_replacement)?;
                    let source = &dependencies.nodes[at].source;
                    Some(Replaced { because: &forcing.path, source, along: made.root(at, dependencies) })
                };
                managed(input, node, schema, &wanted, record, &replaced)?
            };
            if let (Some(record), false) = (record, matches!(decision, Decision::Create)) {
                made.observed[at] = Some(current(input, record));
            }
            made.wanted[at] = wanted;
            made.decided[at] = decision;
        }
        Ok(made)
    }

    /// The replacement that one is replaced along with, however far, and its field that forces it; none where that
    /// is the one itself.
    fn root<'d>(&'d self, at: usize, dependencies: &'d Dependencies<'_>) -> Option<(&'d Address, &'d str)> {
        let (mut node, mut last) = (at, None);
        loop {
            let Decision::Replace(fields) = &self.decided[node] else { return last };
            let forcing = fields.iter().find(|field| field.forces_replacement)?;
            if node != at {
                last = Some((&dependencies.nodes[node].address, forcing.path.as_str()));
            }
            let mut next = None;
            if let (Cause::Dependency, Some(expression)) =
                (&forcing.cause, dependencies.nodes[node].fields.get(top(&forcing.path)))
            {
                expression.references(&mut |reference| {
                    let found = dependencies.index.get(&reference.address).copied();
                    next = next.or(found.filter(|&found| matches!(self.decided[found], Decision::Replace(_))));
                });
            }
            // References go one way, so this ends.
            let Some(further) = next else { return last };
            node = further;
        }
    }

    fn into_actions(self, input: &PlanInput<'_>, dependencies: &Dependencies<'_>) -> Result<Parts, PlanError> {
        let outputs = self.outputs(input, dependencies)?;
        let remarks = self.remarks(input, dependencies);
        let (mut draft, mut guard) = (Draft::default(), Guard::new(input));
        let (mut deferred, mut unchanged) = (Vec::new(), 0);
        for &at in &dependencies.order {
            let node = &dependencies.nodes[at];
            let schema = dependencies.schemas[at];
            let (change, fields) = match &self.decided[at] {
                Decision::Keep => {
                    unchanged += usize::from(schema.mode != Mode::Lookup);
                    continue;
                }
                Decision::Read(_) => (Change::Read, Vec::new()),
                Decision::ReadLater => (Change::Read, creation(schema, &self.wanted[at])),
                Decision::Create => (Change::Create, creation(schema, &self.wanted[at])),
                Decision::Update(fields) => {
                    let observed = self.observed[at];
                    let because = observed.and_then(|observed| (input.deferral)(schema.kind, observed));
                    if let Some(because) = because {
                        let (address, source) = (node.address.clone(), node.source.clone());
                        deferred.push(PlannedDeferral { address, source, fields: fields.clone(), because });
                        continue;
                    }
                    (Change::Update, fields.clone())
                }
                Decision::Replace(fields) => {
                    guard.check(&node.address, Some(node), Some(fields));
                    draft.delete(&node.address, Some(node), schema.holds_data, Change::DeleteReplaced);
                    (Change::Replace, fields.clone())
                }
            };
            draft.make(node, change, fields, schema.holds_data);
        }
        for record in input.snapshot.resources.values() {
            if dependencies.index.contains_key(&record.address) {
                continue;
            }
            let schema = (input.schema)(record.address.kind());
            let gone = matches!(input.observations.get(&record.address), Some(Observation::Absent));
            if schema.is_some_and(|schema| schema.mode == Mode::Lookup) {
                draft.delete(&record.address, None, false, Change::Forget);
                continue;
            }
            if gone {
                // A list may lag behind what was made a moment ago: the delete looks for itself.
                draft.delete(&record.address, None, false, Change::Delete);
                continue;
            }
            guard.check(&record.address, None, None);
            if let Some(around) = input.unreached.get(&record.address) {
                draft.forget_with(around, &record.address, None);
                continue;
            }
            draft.delete(&record.address, None, schema.is_some_and(|schema| schema.holds_data), Change::Delete);
        }
        guard.verdict()?;
        draft.order(input, Some(dependencies));
        Ok(Parts { actions: draft.actions, deferred, remarks, protections: protections(input), unchanged, outputs })
    }

    /// What people should know of what is changed in place or stays.
    fn remarks(&self, input: &PlanInput<'_>, dependencies: &Dependencies<'_>) -> Vec<PlannedRemark> {
        let of_one = |&at: &usize| {
            let node = &dependencies.nodes[at];
            let changed: Vec<&str> = match &self.decided[at] {
                Decision::Keep => Vec::new(),
                Decision::Update(fields) => fields.iter().map(|field| top(&field.path)).collect(),
                _ => return None,
            };
            let becoming = Becoming { is: self.observed[at]?, wanted: &known(&self.wanted[at]), changed: &changed };
            let sentences = (input.remarks)(node.address.kind(), &becoming);
            let (address, source) = (node.address.clone(), node.source.clone());
            (!sentences.is_empty()).then_some(PlannedRemark { address, source, sentences })
        };
        dependencies.order.iter().filter_map(of_one).collect()
    }

    /// What would be made or changed, as far as it is known, and what that refers to.
    fn proposals(&self, dependencies: &Dependencies<'_>) -> Proposals {
        let mut proposals = Proposals::new();
        for (at, node) in dependencies.nodes.iter().enumerate() {
            let changes: BTreeSet<String> = match &self.decided[at] {
                Decision::Create | Decision::Replace(_) => self.wanted[at].keys().cloned().collect(),
                Decision::Update(fields) => fields.iter().map(|field| top(&field.path).to_owned()).collect(),
                Decision::Keep | Decision::Read(_) | Decision::ReadLater => continue,
            };
            let mut proposal = self.proposal(at, node);
            proposal.changes = changes;
            for needed in &dependencies.needs[at] {
                let other = &dependencies.nodes[*needed];
                proposals.entry(other.address.clone()).or_insert_with(|| self.proposal(*needed, other));
            }
            proposals.insert(node.address.clone(), proposal);
        }
        proposals
    }

    fn proposal(&self, at: usize, node: &Node) -> Proposal {
        let mut fields = match &self.decided[at] {
            Decision::Create | Decision::Replace(_) | Decision::ReadLater => Attributes::new(),
            Decision::Read(answer) => answer.clone(),
            Decision::Keep | Decision::Update(_) => self.observed[at].cloned().unwrap_or_default(),
        };
        let mut refers = BTreeMap::new();
        for (name, wanted) in &self.wanted[at] {
            match wanted.known() {
                Some(datum) => fields.insert(name.clone(), datum.clone()),
                None => fields.remove(name),
            };
            let mut addresses = Vec::new();
            if let Some(expression) = node.fields.get(name) {
                expression.references(&mut |reference| addresses.push(reference.address.clone()));
            }
            if !addresses.is_empty() {
                refers.insert(name.clone(), addresses);
            }
        }
        Proposal { region: node.region.clone(), fields, refers, changes: BTreeSet::new() }
    }

    fn outputs(
        &self,
        input: &PlanInput<'_>,
        dependencies: &Dependencies<'_>,
    ) -> Result<BTreeMap<String, OutputChange>, PlanError> {
        let scope = PlanScope { made: self, dependencies, outputs: input.outputs };
        let mut changes = BTreeMap::new();
        for (name, declaration) in &input.graph.outputs {
            let value = declaration.value.evaluate(&scope).map_err(|reason| PlanError::Output {
                name: name.clone(),
                source_line: declaration.source.clone(),
                reason,
            })?;
            let before = input.snapshot.outputs.get(name);
            if value.known().is_some() && value.known() == before {
                continue;
            }
            if matches!(value, Partial::Secret(_)) {
                continue;
            }
            let before = before.map_or(Shown::Absent, |before| Shown::Value(before.clone()));
            let after = value.into_known().map_or(Shown::Unknown, Shown::Value);
            changes.insert(name.clone(), OutputChange { before, after });
        }
        for (name, before) in &input.snapshot.outputs {
            if !input.graph.outputs.contains_key(name) {
                let before = Shown::Value(before.clone());
                changes.insert(name.clone(), OutputChange { before, after: Shown::Absent });
            }
        }
        Ok(changes)
    }
}

/// What a plan is put together from.
struct Parts {
    actions: Vec<PlannedAction>,
    deferred: Vec<PlannedDeferral>,
    remarks: Vec<PlannedRemark>,
    protections: Vec<PlannedProtection>,
    unchanged: usize,
    outputs: BTreeMap<String, OutputChange>,
}

fn evaluate(node: &Node, scope: &dyn Scope) -> Result<Wanted, PlanError> {
    let mut wanted = Wanted::new();
    for (name, expression) in &node.fields {
        let value = expression.evaluate(scope).map_err(|reason| PlanError::Field {
            address: node.address.clone(),
            source_line: node.source.clone(),
            field: name.clone(),
            reason,
        })?;
        wanted.insert(name.clone(), value);
    }
    Ok(wanted)
}

fn lookup(input: &PlanInput<'_>, node: &Node, wanted: &Wanted, record: Option<&ResourceRecord>) -> Decision {
    if let Some(record) = record
        && is_pinned(node, wanted, record)
    {
        return Decision::Keep;
    }
    match input.lookups.get(&node.address) {
        Some(answer) => Decision::Read(answer.clone()),
        None => Decision::ReadLater,
    }
}

/// Whether a lookup was asked with these very fields before, in this region.
#[must_use]
pub fn is_pinned(node: &Node, wanted: &Wanted, record: &ResourceRecord) -> bool {
    let is = |name: &String| record.attributes.get(name).unwrap_or(&Datum::Null);
    record.region == node.region && wanted.iter().all(|(name, value)| value.known() == Some(is(name)))
}

fn managed<'a>(
    input: &'a PlanInput<'_>,
    node: &'a Node,
    schema: &'static Schema,
    wanted: &Wanted,
    record: Option<&'a ResourceRecord>,
    replaced: &'a dyn Fn(&Address) -> Option<Replaced<'a>>,
) -> Result<Decision, PlanError> {
    let Some(record) = record else { return Ok(Decision::Create) };
    let observed = match input.observations.get(&node.address) {
        Some(Observation::Absent) => return Ok(Decision::Create),
        Some(Observation::Present(attributes)) => attributes,
        None => &record.attributes,
    };
    if record.region != node.region && schema.is_regional() {
        let change = FieldChange {
            path: "region".to_owned(),
            before: Shown::Value(record.region.as_str().into()),
            after: Shown::Value(node.region.as_str().into()),
            forces_replacement: true,
            cause: crate::diff::Cause::Program,
        };
        return Ok(Decision::Replace(vec![change]));
    }
    let mut fields = diff(schema, wanted, &record.attributes, observed, &node.lifecycle);
    fields.extend(mark(input, node, schema));
    let holder = Holder { node, schema, record, observed, replaced };
    if !fields.iter().any(|field| field.forces_replacement) {
        fields.extend(holder.goes_along());
    }
    if !fields.iter().any(|field| field.forces_replacement) {
        if let Some(refusal) = holder.refusal() {
            return Err(refusal);
        }
        let again = holder.let_go().filter(|again| fields.iter().all(|field| field.path != again.path));
        let again: Vec<FieldChange> = again.collect();
        fields.extend(again);
    }
    if fields.is_empty() && !record.unsettled {
        return Ok(Decision::Keep);
    }
    if fields.iter().any(|field| field.forces_replacement) {
        if node.lifecycle.create_before_destroy {
            return Err(PlanError::CreateBeforeDestroy {
                address: node.address.clone(),
                source_line: node.source.clone(),
            });
        }
        return Ok(Decision::Replace(fields));
    }
    possible(node, schema, wanted, observed, &fields)?;
    Ok(Decision::Update(fields))
}

/// The change that makes a mark of this state say where the resource stands by now: `state move` leaves it as it was.
fn mark(input: &PlanInput<'_>, node: &Node, schema: &Schema) -> Option<FieldChange> {
    let carried = input.marks.get(&node.address).filter(|carried| carried.lineage == input.snapshot.lineage)?;
    let address = node.address.to_string();
    (schema.has_tags() && carried.address != address).then(|| FieldChange {
        path: MARK.to_owned(),
        before: Shown::Value(carried.address.as_str().into()),
        after: Shown::Value(address.into()),
        forces_replacement: false,
        cause: Cause::Program,
    })
}

/// Refuses what the type's own rule says AWS would refuse.
fn possible(
    node: &Node,
    schema: &Schema,
    wanted: &Wanted,
    observed: &Attributes,
    fields: &[FieldChange],
) -> Result<(), PlanError> {
    let Some(transition) = schema.transition else { return Ok(()) };
    let changed: Vec<&str> = fields.iter().map(|field| top(&field.path)).collect();
    let becoming = Becoming { is: observed, wanted: &known(wanted), changed: &changed };
    transition(&becoming).map_err(|why| PlanError::Impossible {
        address: node.address.clone(),
        source_line: node.source.clone(),
        field: why.field,
        reason: why.reason,
        next: why.next,
    })
}

fn destroy(input: &PlanInput<'_>) -> Result<Parts, PlanError> {
    let (mut draft, mut guard) = (Draft::default(), Guard::new(input));
    let nodes: HashMap<&Address, &Node> = input.graph.nodes.iter().map(|node| (&node.address, node)).collect();
    for record in input.snapshot.resources.values() {
        let schema = (input.schema)(record.address.kind());
        let gone = matches!(input.observations.get(&record.address), Some(Observation::Absent));
        let lookup = schema.is_some_and(|schema| schema.mode == Mode::Lookup);
        let node = nodes.get(&record.address).copied();
        if lookup {
            draft.delete(&record.address, node, false, Change::Forget);
            continue;
        }
        if gone {
            draft.delete(&record.address, node, false, Change::Delete);
            continue;
        }
        guard.check(&record.address, node, None);
        if let Some(around) = input.unreached.get(&record.address) {
            draft.forget_with(around, &record.address, node);
            continue;
        }
        draft.delete(&record.address, node, schema.is_some_and(|schema| schema.holds_data), Change::Delete);
    }
    guard.verdict()?;
    draft.order(input, None);
    let absent = |before: &Datum| OutputChange { before: Shown::Value(before.clone()), after: Shown::Absent };
    let outputs = input.snapshot.outputs.iter().map(|(name, before)| (name.clone(), absent(before))).collect();
    let (deferred, remarks, protections) = (Vec::new(), Vec::new(), Vec::new());
    Ok(Parts { actions: draft.actions, deferred, remarks, protections, unchanged: 0, outputs })
}

/// What expressions see while planning.
struct PlanScope<'a> {
    made: &'a Decisions<'a>,
    dependencies: &'a Dependencies<'a>,
    outputs: &'a BTreeMap<String, BTreeMap<String, Datum>>,
}

impl Scope for PlanScope<'_> {
    fn attribute(&self, reference: &Reference) -> Result<Partial, EvaluationError> {
        let at = *self
            .dependencies
            .index
            .get(&reference.address)
            .ok_or_else(|| EvaluationError::NoSuchNode(reference.address.clone()))?;
        let (name, rest) = step_of(reference);
        let field = self.dependencies.schemas[at].field(name).ok_or_else(|| no_attribute(reference))?;
        let observed = || self.made.observed[at].and_then(|observed| observed.get(name)).cloned();
        let value = match (&self.made.decided[at], self.made.wanted[at].get(name)) {
            (Decision::Read(answer), None) => Partial::Known(answer.get(name).cloned().unwrap_or_default()),
            (_, Some(wanted)) => wanted.clone(),
            (Decision::ReadLater, None) => Partial::Unknown,
            (Decision::Create | Decision::Replace(_), None) if field.computed => Partial::Unknown,
            (Decision::Create | Decision::Replace(_), None) => Partial::Known(default_of(field)),
            (Decision::Update(changes), None)
                if changes.iter().any(|change| field.volatile.may_change_with(top(&change.path))) =>
            {
                Partial::Unknown
            }
            (Decision::Keep | Decision::Update(_), None) => Partial::Known(observed().unwrap_or_default()),
        };
        // A block that the program gave in part: AWS's own parts of it come from what is.
        step_into(value, rest, || match self.made.decided[at] {
            Decision::Keep | Decision::Update(_) => {
                let whole = observed().unwrap_or_default();
                Partial::Known(rest.and_then(|rest| whole.at(rest)).cloned().unwrap_or_default())
            }
            _ => Partial::Unknown,
        })
        .ok_or_else(|| no_attribute(reference))
    }

    fn output(&self, reference: &OutputReference) -> Result<Partial, EvaluationError> {
        output_of(self.outputs, reference)
    }
}

/// What is known of what is wanted.
fn known(wanted: &Wanted) -> Attributes {
    wanted.iter().filter_map(|(name, value)| Some((name.clone(), value.known()?.clone()))).collect()
}

/// The field of the resource that a path lies in.
fn top(path: &str) -> &str {
    path.split('.').next().unwrap_or(path)
}

fn no_attribute(reference: &Reference) -> EvaluationError {
    EvaluationError::NoSuchAttribute { address: reference.address.clone(), attribute: reference.attribute.clone() }
}

/// What a reference names of what is known in full: nothing, where that lacks it.
pub(crate) fn attribute_of(attributes: &Attributes, reference: &Reference) -> Partial {
    let (name, rest) = step_of(reference);
    let value = attributes.get(name).unwrap_or(&Datum::Null);
    let value = rest.map_or(Some(value), |rest| value.at(rest)).unwrap_or(&Datum::Null);
    Partial::Known(value.clone())
}

/// The field that a reference names, and where in it.
fn step_of(reference: &Reference) -> (&str, Option<&str>) {
    match reference.attribute.split_once('.') {
        Some((name, rest)) => (name, Some(rest)),
        None => (reference.attribute.as_str(), None),
    }
}

/// An output of another stack, from its state.
pub(crate) fn output_of(
    outputs: &BTreeMap<String, BTreeMap<String, Datum>>,
    reference: &OutputReference,
) -> Result<Partial, EvaluationError> {
    let value = outputs.get(&reference.stack).and_then(|outputs| outputs.get(&reference.name));
    value
        .map(|value| Partial::Known(value.clone()))
        .ok_or_else(|| EvaluationError::NoSuchOutput { stack: reference.stack.clone(), name: reference.name.clone() })
}

fn step_into(value: Partial, path: Option<&str>, missing: impl Fn() -> Partial) -> Option<Partial> {
    let Some(path) = path else { return Some(value) };
    let mut value = value;
    for step in path.split('.') {
        value = match value {
            Partial::Known(datum) => match datum.at(step) {
                Some(inner) => Partial::Known(inner.clone()),
                None => return Some(missing()),
            },
            Partial::Map(mut entries) => match entries.remove(step) {
                Some(inner) => inner,
                None => return Some(missing()),
            },
            Partial::List(mut items) => {
                let at: usize = step.parse().ok()?;
                if at >= items.len() {
                    return None;
                }
                items.swap_remove(at)
            }
            Partial::Unknown => return Some(Partial::Unknown),
            Partial::Secret(_) => return None,
        };
    }
    Some(value)
}
