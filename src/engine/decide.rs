//! What becomes of each node of a graph: it stays, is made, changed, replaced or asked.

use std::collections::{BTreeMap, BTreeSet};

use fathuss_model::graph::Node;
use fathuss_model::schema::{AT_ONCE, Mode, PENDING, Schema};
use fathuss_model::transition::Becoming;
use fathuss_model::{Address, Datum, EvaluationError, OutputReference, Partial, Reference, Scope};
use fathuss_state::ResourceRecord;

use crate::dependency::Dependencies;
use crate::diff::{Cause, FieldChange, Shown, Wanted, creation, default_of, diff};
use crate::draft::Draft;
use crate::hold::{Holder, Replaced};
use crate::plan::{
    Change, MARK, OutputChange, Parts, PlanError, PlanInput, PlannedDeferral, PlannedRemark, current, take_down,
};
use crate::proposal::{Proposal, Proposals};
use crate::protection::{Guard, protections};
use crate::provider::{Attributes, Observation};
use crate::scope::{no_attribute, output_of, step_into, step_of};

/// What becomes of a node.
enum Decision {
    Keep,
    Read(Attributes),
    ReadLater,
    Create,
    Update(Vec<FieldChange>),
    Replace(Vec<FieldChange>),
}

/// What becomes of each node, and what it is to be.
pub(crate) struct Decisions<'a> {
    wanted: Vec<Wanted>,
    decided: Vec<Decision>,
    /// What is, of nodes that exist.
    observed: Vec<Option<&'a Attributes>>,
}

impl<'a> Decisions<'a> {
    /// Decides, each node after what it refers to.
    pub(crate) fn make(input: &'a PlanInput<'a>, dependencies: &Dependencies<'a>) -> Result<Self, PlanError> {
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

    /// What is done, in order, and what is said beside it.
    pub(crate) fn into_actions(
        self,
        input: &PlanInput<'_>,
        dependencies: &Dependencies<'_>,
    ) -> Result<Parts, PlanError> {
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
            let (waits, brought_forward) =
                if change == Change::Update { self.window(at, schema, &fields) } else { Default::default() };
            draft.make(node, change, fields, schema.holds_data);
            draft.wait(waits, brought_forward);
        }
        for record in input.snapshot.resources.values() {
            if dependencies.index.contains_key(&record.address) {
                continue;
            }
            take_down(input, record, None, &mut draft, &mut guard);
        }
        guard.verdict()?;
        draft.order(input, Some(dependencies));
        Ok(Parts { actions: draft.actions, deferred, remarks, protections: protections(input), unchanged, outputs })
    }

    /// What of a change in place waits for the maintenance window, and what waited for it and is changed along now.
    fn window(&self, at: usize, schema: &Schema, fields: &[FieldChange]) -> (Vec<String>, Vec<String>) {
        let is_windowed = |name: &str| schema.field(name).is_some_and(|field| field.windowed);
        let at_once = self.wanted[at].get(AT_ONCE).and_then(Partial::known).and_then(Datum::as_bool) == Some(true);
        if !at_once {
            let changed: BTreeSet<&str> = fields.iter().map(|field| top(&field.path)).collect();
            return (changed.into_iter().filter(|name| is_windowed(name)).map(str::to_owned).collect(), Vec::new());
        }
        let pending = self.observed[at].and_then(|observed| observed.get(PENDING)).and_then(Datum::as_map);
        let pending = pending.into_iter().flat_map(BTreeMap::keys).filter(|name| is_windowed(name));
        (Vec::new(), pending.cloned().collect())
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
    pub(crate) fn proposals(&self, dependencies: &Dependencies<'_>) -> Proposals {
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
pub(crate) fn is_pinned(node: &Node, wanted: &Wanted, record: &ResourceRecord) -> bool {
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
            cause: Cause::Program,
        };
        return Ok(Decision::Replace(vec![change]));
    }
    let mut fields = diff(schema, wanted, &record.attributes, observed, &node.lifecycle);
    let edited = (input.edited)(schema.kind, observed);
    for field in fields.iter_mut().filter(|field| edited.contains(&top(&field.path))) {
        field.cause = Cause::Program;
    }
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
