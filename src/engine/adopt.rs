//! Adopt: takes over what another tool has made and a stack declares, all of it at once.
//!
//! Each is read by its identity, as [`crate::import`] reads one, and the rows are written together: as long as one of
//! them can't be taken over, none is. Nothing in the cloud is changed.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use fathuss_model::graph::{Graph, Node};
use fathuss_model::schema::Schema;
use fathuss_model::{Address, Datum};
use fathuss_state::{Entry, Identity, ResourceRecord, Snapshot, StateError, Store, write_run};

use crate::apply::{Surroundings, needed};
use crate::import::{ImportError, free, given, is_local, nothing_behind, record, row, unclaimed, untold};
use crate::provider::{Attributes, Observation, Provider, ReadRequest};
use crate::refresh::{RefreshError, read_all};
use crate::run::{OtherOutputs, RunError};

/// Who reads one, and what it is.
type Reader = (Rc<dyn Provider>, &'static Schema);

/// One that is to be taken over.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Where the stack declares it.
    pub address: Address,
    /// What is there, by its type's identity.
    pub identity: Identity,
    /// What the other tool says of it: all that there is of what lives in a state alone.
    pub told: Attributes,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// The rows, each behind what it needs.
    pub records: Vec<ResourceRecord>,
    /// What the state has already, as it was claimed.
    pub known: Vec<Address>,
    /// By address, the fields that the program gives and no read does: they are taken to be as the program says.
    pub untold: BTreeMap<Address, Vec<&'static str>>,
    /// What can't be taken over, and why.
    pub refused: Vec<(Address, ImportError)>,
}

/// Looks for what is claimed; writes nothing. The snapshot is the state's, and what is found is put into it.
pub async fn look(
    graph: &Graph,
    claims: &[Claim],
    snapshot: &mut Snapshot,
    outputs: &OtherOutputs,
    around: &Surroundings<'_>,
) -> Result<Found, RunError> {
    let nodes: HashMap<&Address, &Node> = graph.nodes.iter().map(|node| (&node.address, node)).collect();
    let mut left: BTreeMap<&Address, (&Claim, &Node)> = BTreeMap::new();
    let mut found = Found::default();
    for claim in claims {
        match nodes.get(&claim.address) {
            Some(node) => _ = left.insert(&claim.address, (claim, node)),
            None => {
                let (stack, address) = (graph.stack.clone(), claim.address.local());
                let refused = ImportError::NotDeclared { stack, address, near: Vec::new() };
                found.refused.push((claim.address.clone(), refused));
            }
        }
    }
    while !left.is_empty() {
        let ready: Vec<&Address> = left
            .iter()
            .filter(|(_, (_, node))| {
                !needed(node).iter().any(|other| *other != node.address && left.contains_key(other))
            })
            .map(|(address, _)| *address)
            .collect();
        // What needs each other in a ring no plan would take either.
        let ready = if ready.is_empty() { left.keys().copied().collect() } else { ready };
        let wave: Vec<(&Claim, &Node)> = ready.into_iter().filter_map(|address| left.remove(address)).collect();
        look_at(&wave, snapshot, outputs, around, &mut found).await?;
    }
    Ok(found)
}

/// Writes what was found, as one run. Under the lock.
pub fn take(store: &mut dyn Store, found: &Found, wall_ms: &dyn Fn() -> i64) -> Result<(), StateError> {
    let entries: Vec<Entry> = found.records.iter().cloned().map(|row| Entry::Recorded(Box::new(row))).collect();
    let addresses = found.records.iter().map(|row| &row.address);
    write_run(store, ["adopt", "adopted", "adopted"], addresses, &entries, wall_ms)
}

/// Looks at some that need nothing of each other, with as few calls as the providers can.
async fn look_at(
    wave: &[(&Claim, &Node)],
    snapshot: &mut Snapshot,
    outputs: &OtherOutputs,
    around: &Surroundings<'_>,
    found: &mut Found,
) -> Result<(), RunError> {
    let mut groups: BTreeMap<&'static str, (Rc<dyn Provider>, Vec<ReadRequest>)> = BTreeMap::new();
    let mut asked: HashMap<Address, (&Claim, &Node, &'static Schema)> = HashMap::new();
    for (claim, node) in wave {
        let schema = match schema_of(node, claim, snapshot, around) {
            Ok(Some((provider, schema))) => {
                let request = ReadRequest {
                    address: node.address.clone(),
                    region: node.region.clone(),
                    identity: claim.identity.clone(),
                    recorded: given(node, schema, snapshot, outputs),
                };
                groups.entry(schema.provider).or_insert_with(|| (provider, Vec::new())).1.push(request);
                schema
            }
            Ok(None) => {
                found.known.push(node.address.clone());
                continue;
            }
            Err(refused) => {
                found.refused.push((node.address.clone(), refused));
                continue;
            }
        };
        asked.insert(node.address.clone(), (claim, node, schema));
    }
    let reads = groups.into_values().map(|(provider, requests)| read_all(provider, requests, around));
    for read in futures::future::join_all(reads).await {
        let mut read = match read {
            Ok(read) => read,
            Err(RefreshError { address, failure, .. }) if failure.code == "InvalidIdentity" => {
                found.refused.push((address, ImportError::Malformed(failure)));
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        for (address, observation) in read.observations {
            let Some((claim, node, schema)) = asked.remove(&address) else { continue };
            let identity = claim.identity.clone();
            let Observation::Present(observed) = observation else {
                let (kind, region, account) = (schema.kind.to_owned(), node.region.clone(), node.account.clone());
                found.refused.push((address, ImportError::Absent { kind, identity, region, account }));
                continue;
            };
            if let Some(mark) = read.marks.remove(&address)
                && let Err(refused) = unclaimed(snapshot, &identity, mark)
            {
                found.refused.push((address, refused));
                continue;
            }
            let attributes = match is_local(schema) {
                true => of_schema(schema, &claim.told),
                false => row(schema, &given(node, schema, snapshot, outputs), observed),
            };
            let record = record(snapshot, node, identity, attributes);
            let untold = untold(node, schema);
            if !untold.is_empty() {
                found.untold.insert(address.clone(), untold);
            }
            snapshot.resources.insert(address, record.clone());
            found.records.push(record);
        }
    }
    Ok(())
}

/// Who reads it and what it is; none where the state has it already, as it was claimed.
fn schema_of(
    node: &Node,
    claim: &Claim,
    snapshot: &Snapshot,
    around: &Surroundings<'_>,
) -> Result<Option<Reader>, ImportError> {
    let kind = node.address.kind();
    let provider = (around.provider)(kind);
    let Some((provider, schema)) = provider.and_then(|it| it.schema(kind).map(|schema| (it, schema))) else {
        return Err(nothing_behind(node, "this release has no provider for the type"));
    };
    if snapshot.resources.get(&node.address).is_some_and(|record| record.identity == claim.identity) {
        return Ok(None);
    }
    free(snapshot, node, schema, &claim.identity)?;
    provider.check_identity(kind, &claim.identity).map_err(ImportError::Malformed)?;
    Ok(Some((provider, schema)))
}

/// What another tool tells of the schema's fields.
fn of_schema(schema: &Schema, told: &Attributes) -> Attributes {
    let fields = schema.fields.iter().filter(|field| !field.write_only);
    let told = fields.filter_map(|field| Some((field.name.to_owned(), told.get(field.name)?.clone())));
    told.filter(|(_, value)| *value != Datum::Null).collect()
}
