//! Refresh: reads what is, with as few calls as the providers can.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use fathuss_model::graph::{Graph, Node, Source};
use fathuss_model::schema::{Mode, Schema};
use fathuss_model::{Address, Nowhere, Partial};
use fathuss_state::{Identity, ResourceRecord, Snapshot};

use crate::apply::{Surroundings, millis, to_record};
use crate::decide::is_pinned;
use crate::diff::Wanted;
use crate::event::{Event, Told};
use crate::provider::{
    Attributes, Carried, Failure, FailureClass, LookupRequest, Observation, Provider, ReadRequest, Stray,
};
use crate::schedule::backoff;

/// How long a read may go on failing before the refresh fails.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long a read may go on failing before what goes anyway is planned without it.
const PATIENCE_WITH_DOOMED: Duration = Duration::from_secs(20);
/// The same of what is inside of something that stays: nothing comes of it but that it is planned by what is known.
const PATIENCE_INSIDE: Duration = Duration::from_secs(10);

/// What is.
#[derive(Clone, Debug, Default)]
pub struct Refreshed {
    /// By address, everything in the state that was read.
    pub observations: BTreeMap<Address, Observation>,
    /// Answers of lookups that were asked anew.
    pub lookups: BTreeMap<Address, Attributes>,
    /// What carries our mark and is in no state.
    pub strays: Vec<Stray>,
    /// The marks of what is in the state, where it carries one.
    pub marks: BTreeMap<Address, Carried>,
    /// What is known by another identity than the state says: a change in place gave it that, and was seen late, or was
    /// someone else's.
    pub identities: BTreeMap<Address, Identity>,
    /// What did not answer and is inside of something that goes: by address, what that is.
    pub unreached: BTreeMap<Address, Address>,
    /// What did not answer, or not to who asks, and is inside of something that stays: by address, why.
    pub unread: BTreeMap<Address, Failure>,
}

/// A read that failed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{address} can't be read: {failure}")]
pub struct RefreshError {
    /// What was read.
    pub address: Address,
    /// The line that declares it; none where what is in the state was read.
    pub source_line: Option<Source>,
    /// Why it failed.
    pub failure: Failure,
}

/// Reads everything in the state. What is inside of something else need not answer: a cluster that lets nobody in holds
/// nothing back but itself.
pub async fn refresh(
    snapshot: &Snapshot,
    goes: &dyn Fn(&Address) -> bool,
    around: &Surroundings<'_>,
) -> Result<Refreshed, RefreshError> {
    let inside = inside(snapshot, goes, around);
    let mut groups: BTreeMap<&'static str, (Rc<dyn Provider>, Vec<ReadRequest>)> = BTreeMap::new();
    for record in snapshot.resources.values() {
        let kind = record.address.kind();
        let Some(provider) = (around.provider)(kind) else { continue };
        let Some(schema) = provider.schema(kind).filter(|schema| schema.mode != Mode::Lookup) else { continue };
        groups.entry(schema.provider).or_insert_with(|| (provider, Vec::new())).1.push(ReadRequest {
            address: record.address.clone(),
            region: record.region.clone(),
            identity: record.identity.clone(),
            recorded: record.attributes.clone(),
        });
    }
    let reads = groups.into_values().map(|(provider, requests)| read_sparing(provider, requests, &inside, around));
    let mut refreshed = Refreshed::default();
    for read in futures::future::join_all(reads).await {
        let Read { observations, strays, marks, unreached, unread } = read?;
        refreshed.unreached.extend(unreached);
        refreshed.unread.extend(unread);
        refreshed.observations.extend(observations);
        refreshed.strays.extend(strays);
        refreshed.marks.extend(marks);
    }
    refreshed.strays.retain(|stray| !is_known(snapshot, stray));
    for (address, observation) in &refreshed.observations {
        let Observation::Present(attributes) = observation else { continue };
        let identity = (around.provider)(address.kind()).and_then(|it| it.identity(address.kind(), attributes));
        let recorded = snapshot.resources.get(address).map(|record| &record.identity);
        if let Some(identity) = identity.filter(|identity| recorded != Some(identity)) {
            refreshed.identities.insert(address.clone(), identity);
        }
    }
    Ok(refreshed)
}

/// What is inside of something else, with what that is where it goes.
fn inside(
    snapshot: &Snapshot,
    goes: &dyn Fn(&Address) -> bool,
    around: &Surroundings<'_>,
) -> BTreeMap<Address, Option<Address>> {
    let mut records = BTreeMap::new();
    for record in snapshot.resources.values() {
        records.insert((record.address.kind(), &record.identity, &record.region), &record.address);
    }
    let of_one = |record: &ResourceRecord| {
        let kind = record.address.kind();
        let (around, identity) = (around.provider)(kind)?.inside(kind, &record.attributes)?;
        let around = records.get(&(around, &identity, &record.region)).copied().filter(|around| goes(around));
        Some((record.address.clone(), around.cloned()))
    };
    snapshot.resources.values().filter_map(of_one).collect()
}

/// What was read, with what no answer holds as state has it: instructions, and what counts at creation alone.
fn kept(schema: Option<&'static Schema>, recorded: &Attributes, observation: Observation) -> Observation {
    match (observation, schema) {
        (Observation::Present(attributes), Some(schema)) => {
            Observation::Present(to_record(schema, recorded, attributes))
        }
        (observation, _) => observation,
    }
}

/// Whether a stray is what a resource in the state, or an operation under way, made.
fn is_known(snapshot: &Snapshot, stray: &Stray) -> bool {
    let recorded = snapshot
        .resources
        .values()
        .any(|record| record.identity == stray.identity && record.address.kind() == stray.kind);
    recorded || snapshot.pending.iter().any(|pending| pending.begun.address.to_string() == stray.address)
}

/// All that was asked for.
#[derive(Debug, Default)]
pub(crate) struct Read {
    pub observations: Vec<(Address, Observation)>,
    pub strays: Vec<Stray>,
    pub marks: BTreeMap<Address, Carried>,
    /// What goes anyway and did not answer, with what it is inside of.
    pub unreached: Vec<(Address, Address)>,
    /// What is inside of something that stays and did not answer, with why.
    pub unread: Vec<(Address, Failure)>,
}

/// Reads, and what fails for a moment again.
pub(crate) async fn read_all(
    provider: Rc<dyn Provider>,
    requests: Vec<ReadRequest>,
    around: &Surroundings<'_>,
) -> Result<Read, RefreshError> {
    read_sparing(provider, requests, &BTreeMap::new(), around).await
}

/// The same; what is `inside` of something need not answer.
async fn read_sparing(
    provider: Rc<dyn Provider>,
    mut requests: Vec<ReadRequest>,
    inside: &BTreeMap<Address, Option<Address>>,
    around: &Surroundings<'_>,
) -> Result<Read, RefreshError> {
    let began = around.clock.now();
    let mut read = Read::default();
    let mut attempt = 0;
    loop {
        let answer = provider.read(&requests).await;
        if attempt == 0 {
            read.strays = answer.strays;
        }
        read.marks.extend(answer.marks);
        let mut again = Vec::new();
        let mut first = None;
        for (request, observation) in requests.into_iter().zip(answer.observations) {
            match observation {
                Ok(observation) => {
                    let observation = kept(provider.schema(request.address.kind()), &request.recorded, observation);
                    read.observations.push((request.address, observation));
                }
                Err(failure) => {
                    let passes = failure.class.is_early()
                        || matches!(failure.class, FailureClass::Throttled | FailureClass::Ambiguous);
                    let lasted = around.clock.now().saturating_sub(began);
                    match inside.get(&request.address) {
                        Some(Some(around)) if passes && lasted > PATIENCE_WITH_DOOMED => {
                            read.unreached.push((request.address, around.clone()));
                            continue;
                        }
                        Some(None) if passes && lasted > PATIENCE_INSIDE => {
                            read.unread.push((request.address, failure));
                            continue;
                        }
                        _ => {}
                    }
                    if !passes || lasted > PATIENCE {
                        return Err(RefreshError { address: request.address, source_line: None, failure });
                    }
                    first.get_or_insert(failure);
                    again.push(request);
                }
            }
        }
        // One is told for all: what fails together fails for the same reason.
        let Some(failure) = first else { return Ok(read) };
        requests = again;
        pause(&requests[0].address, &failure, attempt, around).await;
        attempt += 1;
    }
}

/// Asks the lookups that are not pinned and whose fields are all written in the program.
pub async fn ask_lookups(
    graph: &Graph,
    snapshot: &Snapshot,
    around: &Surroundings<'_>,
) -> Result<BTreeMap<Address, Attributes>, RefreshError> {
    let asked = graph.nodes.iter().filter_map(|node| {
        let provider = (around.provider)(node.address.kind())?;
        provider.schema(node.address.kind()).filter(|schema| schema.mode == Mode::Lookup)?;
        let wanted = literal_fields(node)?;
        let pinned = snapshot.resources.get(&node.address).is_some_and(|record| is_pinned(node, &wanted, record));
        (!pinned).then(|| ask(provider, node, wanted, around))
    });
    futures::future::join_all(asked).await.into_iter().collect()
}

async fn ask(
    provider: Rc<dyn Provider>,
    node: &Node,
    wanted: Wanted,
    around: &Surroundings<'_>,
) -> Result<(Address, Attributes), RefreshError> {
    let desired: Attributes =
        wanted.into_iter().filter_map(|(name, value)| Some((name, value.into_known()?))).collect();
    let request =
        LookupRequest { address: node.address.clone(), region: node.region.clone(), desired: desired.clone() };
    let began = around.clock.now();
    let mut attempt = 0;
    loop {
        match provider.lookup(&request).await {
            Ok(mut answer) => {
                answer.extend(desired);
                return Ok((request.address, answer));
            }
            Err(failure) => {
                let passes = matches!(failure.class, FailureClass::Throttled | FailureClass::Ambiguous);
                if !passes || around.clock.now().saturating_sub(began) > PATIENCE {
                    return Err(RefreshError {
                        address: request.address,
                        source_line: Some(node.source.clone()),
                        failure,
                    });
                }
                pause(&request.address, &failure, attempt, around).await;
            }
        }
        attempt += 1;
    }
}

/// Waits before a read is sent again, and says so: nobody should wait for minutes without knowing for what.
pub(crate) async fn pause(address: &Address, failure: &Failure, attempt: u32, around: &Surroundings<'_>) {
    let pause = backoff(attempt, around.salt);
    let event = Event::Retrying { address: address.clone(), failure: failure.clone(), in_ms: millis(pause) };
    (around.listener)(&Told { at_ms: millis(around.clock.now()), event });
    around.clock.sleep(pause).await;
}

/// A node's fields, where none of them refers to anything.
fn literal_fields(node: &Node) -> Option<Wanted> {
    let mut wanted = Wanted::new();
    for (name, expression) in &node.fields {
        match expression.evaluate(&Nowhere).ok()? {
            Partial::Known(datum) => wanted.insert(name.clone(), Partial::Known(datum)),
            _ => return None,
        };
    }
    Some(wanted)
}
