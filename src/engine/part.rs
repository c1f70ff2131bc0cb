//! A run on a part of a stack: what it may change, and what that refers to.
//!
//! Everything else is left out of what such a run sees, so that it plans and
//! applies as if there were nothing else. What it must not do for that reason
//! is refused: a change of something that is not its own, and a delete of
//! something that others need.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use fathuss_model::Address;
use fathuss_model::graph::{Graph, Node};
use fathuss_model::schema::{Mode, Schema};
use fathuss_state::{Part, Snapshot};

use crate::apply::needed;
use crate::plan::{Change, Goal, Plan};

/// Why a part can't be changed alone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PartError {
    /// What it refers to would be changed, too.
    #[error("what this part refers to is not as it is to be: {}", listed(.0.iter().map(|(address, what)| format!("{} ({what})", address.local()))))]
    Needs(Vec<(Address, &'static str)>),
    /// What would be deleted is needed by what is not in the part.
    #[error("what would be deleted is needed: {}", listed(.0.iter().map(|(needed, by)| format!("{} by {}", needed.local(), named(by)))))]
    Needed(BTreeMap<Address, Vec<Address>>),
}

/// How many that need something are named.
const NAMED: usize = 6;

fn named(addresses: &[Address]) -> String {
    let mut names: Vec<String> = addresses.iter().take(NAMED).map(Address::local).collect();
    if addresses.len() > NAMED {
        names.push(format!("{} more", addresses.len() - NAMED));
    }
    names.join(", ")
}

fn listed(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join("; ")
}

impl PartError {
    /// What would have to be in the part.
    #[must_use]
    pub fn missing(&self) -> BTreeSet<&Address> {
        match self {
            Self::Needs(needs) => needs.iter().map(|(address, _)| address).collect(),
            Self::Needed(needed) => needed.values().flatten().collect(),
        }
    }
}

/// The part that is these addresses, with all that they refer to, however far.
#[must_use]
pub fn part_of(graph: &Graph, snapshot: &Snapshot, own: BTreeSet<Address>) -> Part {
    let nodes: HashMap<&Address, &Node> = graph.nodes.iter().map(|node| (&node.address, node)).collect();
    let mut needs = BTreeSet::new();
    let mut left: Vec<Address> = own.iter().cloned().collect();
    while let Some(address) = left.pop() {
        let mut further = nodes.get(&address).map(|node| needed(node)).unwrap_or_default();
        // What it needed before is needed until it has changed.
        further.extend(snapshot.resources.get(&address).into_iter().flat_map(|record| record.depends_on.clone()));
        left.extend(further.into_iter().filter(|next| !own.contains(next) && needs.insert(next.clone())));
    }
    Part { own, needs }
}

/// What a run on the part sees of a stack and its state.
pub(crate) fn seen(part: &Part, goal: Goal, mut graph: Graph, mut snapshot: Snapshot) -> (Graph, Snapshot) {
    let is_seen = |address: &Address| part.own.contains(address) || part.needs.contains(address);
    graph.nodes.retain(|node| is_seen(&node.address));
    graph.outputs.retain(|_, output| {
        let (mut whole, mut own) = (true, false);
        output.value.references(&mut |reference| {
            whole &= is_seen(&reference.address);
            own |= part.own.contains(&reference.address);
        });
        whole && own && goal == Goal::Apply
    });
    snapshot.outputs.retain(|name, _| graph.outputs.contains_key(name));
    // What is not declared any more is another run's to delete.
    let declared: HashSet<&Address> = graph.nodes.iter().map(|node| &node.address).collect();
    snapshot.resources.retain(|address, _| {
        part.own.contains(address) || (goal == Goal::Apply && is_seen(address) && declared.contains(address))
    });
    snapshot.pending.retain(|pending| part.own.contains(&pending.begun.address));
    (graph, snapshot)
}

/// Refuses what the part must not do, of which `whole` is the state; the plan is about the part alone afterwards.
pub(crate) fn checked(
    part: &Part,
    plan: &mut Plan,
    whole: &Snapshot,
    graph: &Graph,
    schema: &dyn Fn(&str) -> Option<&'static Schema>,
) -> Result<(), PartError> {
    let under_way = whole.pending.iter().map(|pending| &pending.begun.address);
    let mut needs: Vec<(Address, &'static str)> = under_way
        .filter(|address| part.needs.contains(address))
        .map(|address| (address.clone(), "under way since an earlier run"))
        .collect();
    let actions = plan.actions.iter().filter(|action| !part.own.contains(&action.address));
    needs.extend(actions.map(|action| (action.address.clone(), action.change.word())));
    if !needs.is_empty() {
        return Err(PartError::Needs(needs));
    }
    let deletes = plan.actions.iter().filter(|action| matches!(action.change, Change::Delete | Change::DeleteReplaced));
    let deleted: BTreeSet<&Address> = deletes.map(|action| &action.address).collect();
    let others = whole.resources.values().filter(|record| !part.own.contains(&record.address));
    let mut needed: BTreeMap<Address, Vec<Address>> = BTreeMap::new();
    for record in others {
        for address in record.depends_on.iter().filter(|address| deleted.contains(address)) {
            needed.entry(address.clone()).or_default().push(record.address.clone());
        }
    }
    if !needed.is_empty() {
        return Err(PartError::Needed(needed));
    }
    plan.only = part.own.iter().cloned().collect();
    plan.deferred.retain(|deferral| part.own.contains(&deferral.address));
    plan.remarks.retain(|remark| part.own.contains(&remark.address));
    plan.protections.retain(|protection| part.own.contains(&protection.address));
    if plan.goal == Goal::Apply {
        let managed = |address: &Address| schema(address.kind()).is_some_and(|schema| schema.mode != Mode::Lookup);
        let needs = graph.nodes.iter().filter(|node| part.needs.contains(&node.address) && managed(&node.address));
        plan.unchanged = plan.unchanged.saturating_sub(needs.count());
    }
    Ok(())
}
