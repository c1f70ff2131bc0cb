//! Import: takes something that is there over into the state, at an address that the stack declares.
//!
//! One read by the identity, and one row written: nothing in the cloud is changed. What the program wants otherwise is
//! the next plan's matter, which is shown at once.

use fathuss_model::graph::{Graph, Node};
use fathuss_model::schema::{Creation, Mode, Schema};
use fathuss_model::{Address, Datum, EvaluationError, Expression, OutputReference, Partial, Reference, Scope};
use fathuss_state::{Entry, Identity, ResourceRecord, Snapshot, StateError, Store, write_run};
use strsim::levenshtein;

use crate::apply::{Surroundings, needed, with_defaults};
use crate::diff::same;
use crate::plan::{Goal, Plan};
use crate::provider::{Attributes, Carried, Failure, Observation, ReadRequest};
use crate::refresh::{RefreshError, read_all};
use crate::run::{Order, OtherOutputs, Prepared, RunError, prepare};
use crate::scope::{attribute_of, output_of};

/// How many addresses are named where one is not declared.
const NEAR: usize = 5;

/// What is to be taken over.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// The stack.
    pub graph: &'a Graph,
    /// The address, with or without the stack's name.
    pub address: &'a str,
    /// What is there, by its type's identity.
    pub identity: &'a str,
    /// Outputs of other stacks.
    pub outputs: &'a OtherOutputs,
}

/// What was taken over.
#[derive(Debug)]
pub struct Imported {
    /// Its row.
    pub record: ResourceRecord,
    /// The fields that the program gives and no read does: they are taken to be as the program says.
    pub untold: Vec<&'static str>,
    /// What it refers to and the state does not have: as long as that is so, what the reference is to become is unknown.
    pub missing: Vec<Address>,
    /// What the next plan would do about this one alone; or why there would be none.
    pub next: Result<Box<Prepared>, RunError>,
}

/// Why nothing was taken over.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The stack does not declare the address.
    #[error("stack `{stack}` declares no {address}{}", nearest(near))]
    NotDeclared {
        /// The stack.
        stack: String,
        /// What was given.
        address: String,
        /// Addresses that look like it.
        near: Vec<Address>,
    },
    /// There is nothing behind the type that could be taken over.
    #[error("{address} can't be imported: {because}")]
    NothingBehind {
        /// The address.
        address: Address,
        /// Why not.
        because: &'static str,
    },
    /// The state has the address.
    #[error("{address} is in the state already: it is {identity}")]
    InState {
        /// The address.
        address: Address,
        /// What is there.
        identity: Identity,
    },
    /// An earlier run has begun something at the address.
    #[error("an earlier run has begun something at {address} and not finished it")]
    UnderWay {
        /// The address.
        address: Address,
    },
    /// The state has it at another address.
    #[error("{identity} is {holder} in this state: one thing has one address")]
    Taken {
        /// What was to be taken over.
        identity: Identity,
        /// Who has it.
        holder: Address,
    },
    /// It belongs to another state.
    #[error(
        "{identity} carries the mark of another state, lineage {}, where it is {}: two states that manage one thing undo each other's work",
        mark.lineage,
        mark.address
    )]
    Foreign {
        /// What was to be taken over.
        identity: Identity,
        /// Whose it says it is.
        mark: Carried,
    },
    /// The text is no identity of the type.
    #[error("{}", .0.message)]
    Malformed(Failure),
    /// Nothing is there.
    #[error("there is no {kind} {identity} in {region} of account {account}")]
    Absent {
        /// The type.
        kind: String,
        /// What was to be taken over.
        identity: Identity,
        /// Where it was looked for.
        region: String,
        /// In which account.
        account: String,
    },
    /// State or a read failed.
    #[error(transparent)]
    Run(#[from] RunError),
}

impl From<StateError> for ImportError {
    fn from(error: StateError) -> Self {
        Self::Run(error.into())
    }
}

fn nearest(near: &[Address]) -> String {
    if near.is_empty() {
        return String::new();
    }
    format!("; it declares {}", near.iter().map(Address::local).collect::<Vec<_>>().join(", "))
}

/// Takes it over. Under the lock.
pub async fn import(
    store: &mut dyn Store,
    wish: Wish<'_>,
    around: &Surroundings<'_>,
    wall_ms: &dyn Fn() -> i64,
) -> Result<Imported, ImportError> {
    let node = declared(wish.graph, wish.address)?;
    let identity = Identity(wish.identity.to_owned());
    let snapshot = store.snapshot()?;
    let provider = (around.provider)(node.address.kind());
    let Some((provider, schema)) = provider.and_then(|it| it.schema(node.address.kind()).map(|schema| (it, schema)))
    else {
        return Err(nothing_behind(node, "this release has no provider for the type"));
    };
    importable(node, schema)?;
    free(&snapshot, node, schema, &identity)?;
    provider.check_identity(schema.kind, &identity).map_err(ImportError::Malformed)?;
    let given = given(node, schema, &snapshot, wish.outputs);
    let request = ReadRequest {
        address: node.address.clone(),
        region: node.region.clone(),
        identity: identity.clone(),
        recorded: given.clone(),
    };
    let mut read = match read_all(provider, vec![request], around).await {
        Ok(read) => read,
        Err(RefreshError { failure, .. }) if failure.code == "InvalidIdentity" => {
            return Err(ImportError::Malformed(failure));
        }
        Err(error) => return Err(ImportError::Run(error.into())),
    };
    let Some((_, Observation::Present(observed))) = read.observations.pop() else {
        let (kind, region, account) = (schema.kind.to_owned(), node.region.clone(), node.account.clone());
        return Err(ImportError::Absent { kind, identity, region, account });
    };
    if let Some(mark) = read.marks.remove(&node.address) {
        unclaimed(&snapshot, &identity, mark)?;
    }
    let record = record(&snapshot, node, identity, row(schema, &given, observed));
    let entries = [Entry::Recorded(Box::new(record.clone()))];
    write_run(store, ["import", "imported", "import"], [&record.address], &entries, wall_ms)?;
    let snapshot = store.snapshot()?;
    let missing = record.depends_on.iter().filter(|address| !snapshot.resources.contains_key(*address));
    let missing = missing.filter(|address| is_made(around, address)).cloned().collect();
    let untold = untold(node, schema);
    // What was read a moment ago is what is; the rest of the state is not this command's matter.
    let order = Order {
        graph: wish.graph.clone(),
        goal: Goal::Apply,
        refresh: false,
        outputs: wish.outputs.clone(),
        part: None,
    };
    let next = prepare(order, snapshot, around).await.map(|mut prepared| {
        only(&mut prepared.plan, &record.address);
        Box::new(prepared)
    });
    Ok(Imported { record, untold, missing, next })
}

/// The node at an address as people type it.
fn declared<'a>(graph: &'a Graph, text: &str) -> Result<&'a Node, ImportError> {
    let whole = [text.to_owned(), format!("{}.{text}", graph.stack)];
    let parsed: Vec<Address> = whole.iter().filter_map(|text| text.parse().ok()).collect();
    if let Some(node) = graph.nodes.iter().find(|node| parsed.contains(&node.address)) {
        return Ok(node);
    }
    let local = text.strip_prefix(&format!("{}.", graph.stack)).unwrap_or(text);
    let kind = local.split('.').next().unwrap_or_default();
    let mut near: Vec<&Address> = graph.nodes.iter().map(|node| &node.address).collect();
    near.sort_by_key(|address| (address.kind() != kind, levenshtein(local, &address.local())));
    let near = near.into_iter().take(NEAR).cloned().collect();
    Err(ImportError::NotDeclared { stack: graph.stack.clone(), address: text.to_owned(), near })
}

pub(crate) fn nothing_behind(node: &Node, because: &'static str) -> ImportError {
    ImportError::NothingBehind { address: node.address.clone(), because }
}

/// Refuses what has nothing behind it.
fn importable(node: &Node, schema: &Schema) -> Result<(), ImportError> {
    if schema.mode == Mode::Lookup {
        return Err(nothing_behind(node, "it is a lookup, which each plan asks by itself"));
    }
    if is_local(schema) {
        return Err(nothing_behind(node, "it lives in the state alone, and nothing of it is anywhere else"));
    }
    Ok(())
}

/// Refuses an address that is taken, and a thing that has another address.
pub(crate) fn free(snapshot: &Snapshot, node: &Node, schema: &Schema, identity: &Identity) -> Result<(), ImportError> {
    if let Some(record) = snapshot.resources.get(&node.address) {
        return Err(ImportError::InState { address: node.address.clone(), identity: record.identity.clone() });
    }
    if snapshot.pending.iter().any(|pending| pending.begun.address == node.address) {
        return Err(ImportError::UnderWay { address: node.address.clone() });
    }
    let holder = snapshot.resources.values().find(|record| {
        record.address.kind() == schema.kind && record.region == node.region && record.identity == *identity
    });
    match holder {
        Some(record) => Err(ImportError::Taken { identity: identity.clone(), holder: record.address.clone() }),
        None => Ok(()),
    }
}

/// Refuses what another state, or another row of this one, says is its own.
pub(crate) fn unclaimed(snapshot: &Snapshot, identity: &Identity, mark: Carried) -> Result<(), ImportError> {
    if mark.lineage != snapshot.lineage {
        return Err(ImportError::Foreign { identity: identity.clone(), mark });
    }
    let holder = snapshot
        .resources
        .values()
        .find(|record| record.identity == *identity && record.address.to_string() == mark.address);
    match holder {
        Some(record) => Err(ImportError::Taken { identity: identity.clone(), holder: record.address.clone() }),
        None => Ok(()),
    }
}

/// What the program gives, as far as the state knows what it refers to.
pub(crate) fn given(node: &Node, schema: &Schema, snapshot: &Snapshot, outputs: &OtherOutputs) -> Attributes {
    let scope = Recorded { snapshot, outputs };
    let known = node.fields.iter().filter_map(|(name, expression)| {
        let datum = expression.evaluate(&scope).ok()?.into_known()?;
        Some((name.clone(), datum))
    });
    let mut given = known.collect();
    with_defaults(schema, &mut given);
    given
}

/// The row of what was read. Where the program gives what means the same as nothing, it says so, as one that an apply
/// wrote does.
pub(crate) fn row(schema: &Schema, given: &Attributes, observed: Attributes) -> Attributes {
    let mut row = observed;
    for field in schema.fields {
        if field.write_only {
            row.remove(field.name);
        } else if !row.contains_key(field.name)
            && let Some(given) = given.get(field.name).filter(|given| same(field, given, &Datum::Null))
        {
            row.insert(field.name.to_owned(), given.clone());
        }
    }
    row
}

/// What the state keeps of what is taken over.
pub(crate) fn record(snapshot: &Snapshot, node: &Node, identity: Identity, attributes: Attributes) -> ResourceRecord {
    ResourceRecord {
        address: node.address.clone(),
        region: node.region.clone(),
        account: node.account.clone(),
        identity,
        attributes,
        generation: snapshot.generations.get(&node.address).copied().unwrap_or_default(),
        depends_on: needed(node),
        prevent_destroy: node.lifecycle.prevent_destroy,
        unsettled: false,
    }
}

/// The fields that the program gives and that no cloud tells.
pub(crate) fn untold(node: &Node, schema: &'static Schema) -> Vec<&'static str> {
    let given = |name: &str| node.fields.get(name).filter(|given| !matches!(given, Expression::Literal(Datum::Null)));
    let is_secret = |name: &str| matches!(given(name), Some(Expression::Secret(_)));
    let fields = schema.fields.iter().filter(|field| given(field.name).is_some());
    fields.filter(|field| field.write_only || is_secret(field.name)).map(|field| field.name).collect()
}

/// What is adopted is not created by anyone, and there all the same.
pub(crate) fn is_local(schema: &Schema) -> bool {
    schema.mode == Mode::Managed && schema.creation == Creation::Local
}

fn is_made(around: &Surroundings<'_>, address: &Address) -> bool {
    let schema = (around.provider)(address.kind()).and_then(|provider| provider.schema(address.kind()));
    schema.is_some_and(|schema| schema.mode != Mode::Lookup && !is_local(schema))
}

/// Leaves of a plan what it says of one address.
fn only(plan: &mut Plan, address: &Address) {
    plan.actions.retain(|action| action.address == *address);
    for (at, action) in plan.actions.iter_mut().enumerate() {
        // A replacement is a delete and what makes it again.
        action.after = (0..at).collect();
    }
    plan.deferred.retain(|deferred| deferred.address == *address);
    plan.survivors.retain(|survivor| survivor.address == *address);
    plan.unchanged = usize::from(plan.actions.is_empty() && plan.deferred.is_empty());
    plan.outputs.clear();
    plan.strays.clear();
    plan.unfinished.clear();
}

/// What expressions see of the state.
struct Recorded<'a> {
    snapshot: &'a Snapshot,
    outputs: &'a OtherOutputs,
}

impl Scope for Recorded<'_> {
    fn attribute(&self, reference: &Reference) -> Result<Partial, EvaluationError> {
        let record = self.snapshot.resources.get(&reference.address);
        Ok(record.map_or(Partial::Unknown, |record| attribute_of(&record.attributes, reference)))
    }

    fn output(&self, reference: &OutputReference) -> Result<Partial, EvaluationError> {
        output_of(self.outputs, reference)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_of_two_texts_is_the_letters_between_them() {
        assert_eq!(levenshtein("aws_vpc.main", "aws_vpc.main"), 0);
        assert_eq!(levenshtein("aws_vpc.mian", "aws_vpc.main"), 2);
        assert_eq!(levenshtein("", "abc"), 3);
        assert_eq!(levenshtein("aws_vpc.a", "aws_vpc"), 2);
    }
}
