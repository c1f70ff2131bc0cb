//! [`Kubernetes`]: the engine's provider of what is in clusters.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use async_trait::async_trait;
use fathuss_engine::Provider;
use fathuss_engine::proposal::{Objection, Outlook, Proposal, Proposed};
use fathuss_engine::provider::{
    Attributes, CallCounts, Carried, Failure, FailureClass, Found, LookupRequest, MakeRequest, Observation, Progress,
    ReadAnswer, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::aws::EksCluster;
use fathuss_model::kubernetes::{HelmRelease, KubernetesManifest};
use fathuss_model::schema::Schema;
use fathuss_model::{Address, Datum, Resource};
use fathuss_state::Identity;
use futures::future::join_all;
use serde_json::{Value as Json, json};

use crate::again::{AGAIN, Again, Looks};
use crate::argocd_application::{Application, look};
use crate::argocd_project::Project;
use crate::clusters::Clusters;
use crate::connection::{Applying, Connection, HIDDEN, MANAGER, NO_KIND};
use crate::failure::{CONFLICT, SERVICE, refused};
use crate::helm::{Place as ReleasePlace, Releases};
use crate::kind::{Kind, text};
use crate::locator::Locator;
use crate::manifest::Manifest;
use crate::mark;
use crate::namespace::Namespace;
use crate::project::without_bookkeeping;
use crate::secret::Secret;
use crate::spec;

static KINDS: &[&dyn Kind] = &[&Namespace, &Secret, &Manifest, &Project, &Application];

/// The clusters of one account.
pub struct Kubernetes {
    clusters: Box<dyn Clusters>,
    connections: RefCell<BTreeMap<(String, String), Rc<Connection>>>,
    /// Calls of connections that are no more.
    past: RefCell<CallCounts>,
    /// What is waited for.
    waiting: RefCell<BTreeSet<String>>,
    again: Again,
    looks: Looks,
    releases: Releases,
}

/// What a step is about.
struct Place<'a> {
    region: &'a str,
    kind: &'static dyn Kind,
    locator: Locator,
}

impl Kubernetes {
    /// Reaches clusters as these say. Nothing is asked before something in one is read or made.
    #[must_use]
    pub fn new(clusters: impl Clusters + 'static) -> Self {
        Self {
            clusters: Box::new(clusters),
            connections: RefCell::default(),
            past: RefCell::default(),
            waiting: RefCell::default(),
            again: Again::default(),
            looks: Looks::default(),
            releases: Releases::default(),
        }
    }

    /// The version of a cluster's Kubernetes, where it is there.
    ///
    /// # Errors
    /// When it does not answer, or not to whoever applies.
    pub async fn version(&self, region: &str, cluster: &str) -> Result<Option<String>, Failure> {
        match self.connect(region, cluster).await? {
            Some(connection) => connection.version().await.map(Some),
            None => Ok(None),
        }
    }

    /// The cluster, where it is there.
    async fn connect(&self, region: &str, cluster: &str) -> Result<Option<Rc<Connection>>, Failure> {
        let key = (region.to_owned(), cluster.to_owned());
        let open = self.connections.borrow().get(&key).cloned();
        match open {
            Some(open) if !open.is_stale() => return Ok(Some(open)),
            Some(stale) => {
                self.connections.borrow_mut().remove(&key);
                add(&mut self.past.borrow_mut(), &stale.calls());
            }
            None => {}
        }
        let Some(endpoint) = self.clusters.endpoint(region, cluster).await? else { return Ok(None) };
        let token = self.clusters.token(region, cluster).await?;
        let made = Rc::new(Connection::open(&endpoint, token)?);
        self.connections.borrow_mut().insert(key, Rc::clone(&made));
        Ok(Some(made))
    }

    /// The same, where it has to be there.
    async fn enter(&self, region: &str, cluster: &str) -> Result<Rc<Connection>, Failure> {
        self.connect(region, cluster).await?.ok_or_else(|| Failure {
            class: FailureClass::NotYet,
            ..refused("NoCluster", format!("the cluster {cluster} does not answer in {region}"))
        })
    }

    async fn look(&self, region: &str, locator: &Locator) -> Result<Option<(Rc<Connection>, Json)>, Failure> {
        let Some(connection) = self.connect(region, &locator.cluster).await? else { return Ok(None) };
        let live = connection.get(locator).await?;
        Ok(live.map(|live| (connection, live)))
    }

    async fn observe(&self, request: &ReadRequest) -> Result<Option<(Attributes, Option<Carried>)>, Failure> {
        if Releases::is(request.address.kind()) {
            let place = ReleasePlace::of(&request.region, &request.identity)?;
            let Some(connection) = self.connect(place.region, &place.cluster).await? else { return Ok(None) };
            return self.releases.observe(&*self.clusters, &connection, request).await;
        }
        let kind = kind_of(&request.address)?;
        let locator = kind.locate(&request.identity)?;
        let found = self.look(&request.region, &locator).await?;
        // What somebody is deleting is made again once it is gone.
        let Some((connection, live)) = found.filter(|(_, live)| !is_leaving(live)) else { return Ok(None) };
        let unchanged = is_as(kind, &connection, &locator, &live, &request.recorded).await?;
        let mut attributes = complete(kind, &locator, kind.fields(&live, &request.recorded, unchanged));
        keep_origin("uid", &request.recorded, &mut attributes);
        Ok(Some((attributes, mark::of(&live))))
    }

    /// Why a manifest can't be applied as the cluster is now. What comes before it in the same run may mend that where it
    /// `brings_kinds`.
    async fn foreseen(&self, address: &Address, proposal: &Proposal, brings_kinds: bool) -> Option<String> {
        let kind = kind_of(address).ok()?;
        let mut object = kind.object(&proposal.fields).ok()?;
        let locator = Locator::of(text(&proposal.fields, "cluster_name").ok()?, &object).ok()?;
        let connection = self.connect(&proposal.region, &locator.cluster).await.ok()??;
        let live = connection.get(&locator).await.ok()?;
        let is_own = text(&proposal.fields, "id").is_ok() || live.as_ref().is_some_and(|live| mark::of(live).is_some());
        if let Some(live) = &live {
            if !is_own {
                let (Locator { kind, name, .. }, identity) = (&locator, kind.identity(&locator));
                let (stack, local) = (address.stack(), address.local());
                return Some(format!(
                    "It will be refused: there is a {kind} {name} already; `fathuss import {stack} '{local}' '{identity}'` takes it over"
                ));
            }
            mark::keep(&mut object, live);
        }
        let how = Applying { manager: MANAGER, force: kind.forces(&proposal.fields), dry: true };
        let failure = connection.apply(&locator, &object, how).await.err()?;
        let begin = match failure.class {
            FailureClass::Refused if failure.code == CONFLICT || !brings_kinds => "It will be refused",
            FailureClass::Refused => "As the cluster is now, it would be refused",
            _ if failure.code == NO_KIND && !brings_kinds => "It can't be made yet",
            _ => return None,
        };
        let hint = failure.hint.map(|hint| format!("; {hint}")).unwrap_or_default();
        Some(format!("{begin}: {}{hint}", failure.message))
    }

    /// Applies what no state keeps and what is wanted, each with its mark.
    async fn put(&self, place: &Place<'_>, standing: &Standing) -> Result<(), Failure> {
        let connection = self.enter(place.region, &place.locator.cluster).await?;
        // First, since the API server takes some kinds of secrets with their value alone.
        if let Some(mut hidden) = place.kind.hidden(&standing.desired)? {
            mark::put(&mut hidden, &standing.mark);
            let how = Applying { manager: HIDDEN, force: true, dry: false };
            connection.apply(&place.locator, &hidden, how).await?;
        }
        let mut object = place.kind.object(&standing.desired.attributes)?;
        mark::put(&mut object, &standing.mark);
        let force = place.kind.forces(&standing.desired.attributes);
        let how = Applying { manager: MANAGER, force, dry: false };
        let applied = connection.apply(&place.locator, &object, how).await?;
        match spec::beyond(place.kind.bounds(), &object["spec"], &applied["spec"]) {
            Some(beyond) => connection.merge(&place.locator, &json!({ "spec": beyond })).await,
            None => Ok(()),
        }
    }

    /// The same for what was applied before and is not so by now.
    async fn put_again(&self, place: &Place<'_>, standing: &Standing) -> Result<(), Failure> {
        if self.again.may_be(&standing.address) {
            return self.put(place, standing).await;
        }
        let Locator { kind, namespace, name, .. } = &place.locator;
        let scope = namespace.as_ref().map(|namespace| format!("--namespace {namespace} ")).unwrap_or_default();
        Err(Failure {
            hint: Some(format!(
                "`kubectl {scope}get {} {name} --show-managed-fields --output yaml` tells who else changes it; then apply again",
                kind.to_lowercase()
            )),
            ..refused("NotKept", format!("it was applied {AGAIN} times again, and is not kept as it is to be"))
        })
    }

    /// Keeps clocks at the wall's pace while this is under way, and after it where it waits.
    async fn at_pace<T>(
        &self,
        address: &Address,
        step: impl Future<Output = Result<T, Failure>>,
        waits: impl Fn(&T) -> bool,
    ) -> Result<T, Failure> {
        let name = address.to_string();
        self.waiting.borrow_mut().insert(name.clone());
        self.clusters.busy(true).await;
        let outcome = step.await;
        let goes_on = match &outcome {
            Ok(done) => waits(done),
            Err(failure) => failure.class.is_early() || failure.class == FailureClass::Ambiguous,
        };
        if !goes_on {
            self.waiting.borrow_mut().remove(&name);
            if self.waiting.borrow().is_empty() {
                self.clusters.busy(false).await;
            }
        }
        outcome
    }
}

impl fmt::Debug for Kubernetes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kubernetes").finish_non_exhaustive()
    }
}

fn kind(name: &str) -> Option<&'static dyn Kind> {
    KINDS.iter().copied().find(|kind| kind.schema().kind == name)
}

fn kind_of(address: &Address) -> Result<&'static dyn Kind, Failure> {
    let unknown = || refused("UnknownType", format!("this release knows no type `{}`", address.kind()));
    kind(address.kind()).ok_or_else(unknown)
}

fn wanted(request: &MakeRequest) -> Result<Place<'_>, Failure> {
    let kind = kind_of(&request.address)?;
    let fields = &request.desired.attributes;
    let locator = Locator::of(text(fields, "cluster_name")?, &kind.object(fields)?)?;
    Ok(Place { region: &request.region, kind, locator })
}

fn place(standing: &Standing) -> Result<Place<'_>, Failure> {
    let kind = kind_of(&standing.address)?;
    Ok(Place { region: &standing.region, kind, locator: kind.locate(&standing.identity)? })
}

/// Keeps what tells ours from another one by its name as it is in the state, for as long as no apply has made the other
/// one ours: a delete goes by it.
pub(crate) fn keep_origin(name: &str, recorded: &Attributes, observed: &mut Attributes) {
    if let Some(known) = recorded.get(name).filter(|known| !known.is_empty()) {
        observed.insert(name.to_owned(), known.clone());
    }
}

/// Whether its deletion has been asked for.
fn is_leaving(live: &Json) -> bool {
    !live["metadata"]["deletionTimestamp"].is_null()
}

/// Whether what is there by its name is what somebody else has made since ours went.
fn is_anothers(live: &Json, standing: &Standing) -> bool {
    let own = text(&standing.desired.attributes, "uid").ok();
    own.is_some_and(|own| live["metadata"]["uid"].as_str() != Some(own)) && !mark::is(live, &standing.mark)
}

/// Why an object that is there can't become the one of these fields, where that is another one.
fn moved(address: &Address, fields: &Attributes) -> Option<Objection> {
    let is = text(fields, "id").ok()?;
    let wanted = Locator::of(text(fields, "cluster_name").ok()?, &kind_of(address).ok()?.object(fields).ok()?).ok()?;
    let wanted = wanted.identity().0;
    (wanted != is).then(|| Objection {
        address: address.clone(),
        message: format!(
            "`manifest` is {wanted}, and {is} is there: an object keeps its version, kind, namespace and name. Give the \
             other one an address of its own, and this one goes, or `fathuss state forget` it first to keep it"
        ),
    })
}

/// Whether a manifest defines kinds, or what it is is not known before.
fn defines(proposal: &Proposal) -> bool {
    text(&proposal.fields, "manifest").map_or(true, |manifest| manifest.contains("CustomResourceDefinition"))
}

/// Whether applying these fields once more would change nothing.
async fn is_as(
    kind: &dyn Kind,
    connection: &Connection,
    locator: &Locator,
    live: &Json,
    fields: &Attributes,
) -> Result<bool, Failure> {
    if !kind.asks_server() || !fields.contains_key("manifest") {
        return Ok(false);
    }
    let mut object = kind.object(fields)?;
    mark::keep(&mut object, live);
    let how = Applying { manager: MANAGER, force: true, dry: true };
    match connection.apply(locator, &object, how).await {
        Ok(applied) => Ok(without_bookkeeping(applied) == without_bookkeeping(live.clone())),
        // What can't be applied any more is shown as it is.
        Err(failure) if failure.class == FailureClass::Refused => Ok(false),
        Err(failure) => Err(failure),
    }
}

/// With what every type has.
fn complete(kind: &dyn Kind, locator: &Locator, mut fields: Attributes) -> Attributes {
    fields.insert("cluster_name".to_owned(), Datum::from(locator.cluster.as_str()));
    fields.insert("id".to_owned(), Datum::from(kind.identity(locator).0.as_str()));
    fields
}

fn is_waiting(progress: &Progress) -> bool {
    matches!(progress, Progress::Waiting { .. })
}

fn add(sum: &mut CallCounts, more: &CallCounts) {
    for (operation, count) in &more.operations {
        *sum.operations.entry(operation.clone()).or_default() += count;
    }
    sum.throttled += more.throttled;
}

#[async_trait(?Send)]
impl Provider for Kubernetes {
    fn schema(&self, name: &str) -> Option<&'static Schema> {
        kind(name).map(Kind::schema).or_else(|| Releases::is(name).then_some(HelmRelease::SCHEMA))
    }

    fn may_change_unsettled(&self, _: &str) -> bool {
        true
    }

    // The `helm` of a run that was killed takes a moment to end.
    fn in_doubt(&self, name: &str) -> Duration {
        Duration::from_secs(if Releases::is(name) { 10 } else { 0 })
    }

    // Nobody counts a cluster's calls.
    fn longest_pause(&self) -> Duration {
        Duration::from_secs(2)
    }

    async fn read(&self, requests: &[ReadRequest]) -> ReadAnswer {
        self.clusters.busy(true).await;
        let observed = join_all(requests.iter().map(|request| self.observe(request))).await;
        if self.waiting.borrow().is_empty() {
            match observed.iter().all(Result::is_ok) {
                true => self.clusters.busy(false).await,
                // It is read again, which is waited for; or given up, of which nothing is heard here.
                false => self.clusters.lapses(),
            }
        }
        let mut answer = ReadAnswer::default();
        for (request, observed) in requests.iter().zip(observed) {
            answer.observations.push(match observed {
                Ok(Some((attributes, carried))) => {
                    if let Some(carried) = carried {
                        answer.marks.insert(request.address.clone(), carried);
                    }
                    Ok(Observation::Present(attributes))
                }
                Ok(None) => Ok(Observation::Absent),
                Err(failure) => Err(failure),
            });
        }
        answer
    }

    async fn lookup(&self, request: &LookupRequest) -> Result<Attributes, Failure> {
        Err(refused("NoSuchLookup", format!("{} is no lookup", request.address.kind())))
    }

    async fn create(&self, request: &MakeRequest) -> Result<Identity, Failure> {
        if Releases::is(request.address.kind()) {
            let place = ReleasePlace::wanted(&request.region, &request.desired.attributes)?;
            let step = async {
                let connection = self.enter(place.region, &place.cluster).await?;
                self.releases.create(&*self.clusters, &connection, &place, request).await
            };
            return self.at_pace(&request.address, step, |_| true).await;
        }
        let place = wanted(request)?;
        let step = async {
            let connection = self.enter(place.region, &place.locator.cluster).await?;
            if let Some(live) = connection.get(&place.locator).await? {
                let Locator { kind, name, .. } = &place.locator;
                let failed = |class, code, message| {
                    let operation = "Apply".to_owned();
                    Err(Failure { class, operation, ..refused(code, message) })
                };
                if is_leaving(&live) {
                    let message = format!("the {kind} {name} of before is being deleted");
                    return failed(FailureClass::NotYet, "Terminating", message);
                }
                if !mark::is(&live, &request.mark) {
                    let message = format!("there is a {kind} {name} already");
                    return failed(FailureClass::Refused, "AlreadyExists", message);
                }
            }
            let identity = place.kind.identity(&place.locator);
            self.put(&place, &request.clone().standing(identity.clone())).await?;
            Ok(identity)
        };
        // Its settling follows.
        self.at_pace(&request.address, step, |_| true).await
    }

    async fn find(&self, request: &MakeRequest) -> Result<Found, Failure> {
        if Releases::is(request.address.kind()) {
            let place = ReleasePlace::wanted(&request.region, &request.desired.attributes)?;
            let Some(connection) = self.connect(place.region, &place.cluster).await? else { return Ok(Found::Nothing) };
            return self.releases.find(&connection, &place, &request.mark).await;
        }
        let place = wanted(request)?;
        let identity = place.kind.identity(&place.locator);
        Ok(match self.look(place.region, &place.locator).await? {
            Some((_, live)) if mark::is(&live, &request.mark) => Found::Ours(identity),
            Some(_) => Found::Foreign(identity),
            None => Found::Nothing,
        })
    }

    async fn settle(&self, standing: &Standing) -> Result<Progress, Failure> {
        if Releases::is(standing.address.kind()) {
            let place = ReleasePlace::of(&standing.region, &standing.identity)?;
            let step = async {
                let connection = self.enter(place.region, &place.cluster).await?;
                self.releases.settle(&*self.clusters, &connection, &place, standing).await
            };
            return self.at_pace(&standing.address, step, is_waiting).await;
        }
        let place = place(standing)?;
        let step = async {
            let waiting = |state: &str| Ok(Progress::Waiting { state: state.to_owned() });
            let connection = self.enter(place.region, &place.locator.cluster).await?;
            let Some(live) = connection.get(&place.locator).await? else { return Ok(Progress::Gone) };
            let fields = &standing.desired.attributes;
            if place.kind.asks_server() && !is_as(place.kind, &connection, &place.locator, &live, fields).await? {
                self.put_again(&place, standing).await?;
                return waiting("applied again");
            }
            self.again.is_well(&standing.address);
            let looked_at = place.kind.looked_at(&live);
            let is_first = self.looks.is_first(&standing.address, looked_at);
            let waits = place.kind.waits_for(&live, fields);
            if let (Err(failure), Some(patch)) = (&waits, place.kind.look_again())
                && failure.class == FailureClass::Refused
                && self.looks.is_stale(&standing.address, looked_at)
            {
                if is_first {
                    connection.merge(&place.locator, &patch).await?;
                }
                return waiting("to be looked at again");
            }
            match waits? {
                Some(state) => waiting(&state),
                None => {
                    let fields = place.kind.fields(&live, fields, true);
                    Ok(Progress::Ready(complete(place.kind, &place.locator, fields)))
                }
            }
        };
        self.at_pace(&standing.address, step, is_waiting).await
    }

    async fn update(&self, standing: &Standing, _: &UpdateRequest) -> Result<(), Failure> {
        if Releases::is(standing.address.kind()) {
            let place = ReleasePlace::of(&standing.region, &standing.identity)?;
            let step = async {
                let connection = self.enter(place.region, &place.cluster).await?;
                self.releases.update(&*self.clusters, &connection, &place, standing).await
            };
            return self.at_pace(&standing.address, step, |()| true).await;
        }
        let place = place(standing)?;
        self.at_pace(&standing.address, self.put(&place, standing), |()| true).await
    }

    async fn delete(&self, standing: &Standing) -> Result<Progress, Failure> {
        if Releases::is(standing.address.kind()) {
            let place = ReleasePlace::of(&standing.region, &standing.identity)?;
            let step = async {
                let Some(connection) = self.connect(place.region, &place.cluster).await? else {
                    return Ok(Progress::Gone);
                };
                self.releases.delete(&*self.clusters, &connection, &place, standing).await
            };
            return self.at_pace(&standing.address, step, is_waiting).await;
        }
        let place = place(standing)?;
        let step = async {
            let Some((connection, live)) = self.look(place.region, &place.locator).await? else {
                return Ok(Progress::Gone);
            };
            if is_anothers(&live, standing) {
                return Ok(Progress::Gone);
            }
            if !is_leaving(&live) {
                connection.delete(&place.locator).await?;
            }
            Ok(Progress::Waiting { state: place.kind.leaves_after(&live) })
        };
        self.at_pace(&standing.address, step, is_waiting).await
    }

    /// An object keeps what it is found by.
    async fn objections(&self, proposed: &Proposed) -> Result<Vec<Objection>, Failure> {
        let manifests = proposed.made.iter().filter(|(address, _)| address.kind() == KubernetesManifest::SCHEMA.kind);
        Ok(manifests.filter_map(|(address, proposal)| moved(address, &proposal.fields)).collect())
    }

    /// What becomes of the objects of releases, and which manifests can't be applied as they are. What Helm or the API server
    /// refuses is told now already, and refused where it is applied: what comes before it may mend it.
    async fn outlook(&self, proposed: &Proposed) -> Result<Outlook, Failure> {
        let mut outlook = Outlook::default();
        let changing = proposed.made.iter().filter(|(_, proposal)| !proposal.changes.is_empty());
        let (releases, others): (Vec<_>, Vec<_>) = changing.partition(|(address, _)| Releases::is(address.kind()));
        let manifests: Vec<_> =
            others.into_iter().filter(|(address, _)| address.kind() == KubernetesManifest::SCHEMA.kind).collect();
        if releases.is_empty() && manifests.is_empty() {
            return Ok(outlook);
        }
        let brings_kinds = !releases.is_empty() || manifests.iter().any(|(_, proposal)| defines(proposal));
        let foreseen = manifests.into_iter().map(async |(address, proposal)| {
            self.foreseen(address, proposal, brings_kinds).await.map(|sentence| (address.clone(), vec![sentence]))
        });
        let rendered = releases.into_iter().map(async |(address, proposal)| {
            let cluster = proposal.fields.get("cluster_name").and_then(Datum::as_str)?;
            let rendered = async {
                let Some(connection) = self.connect(&proposal.region, cluster).await? else { return Ok(Vec::new()) };
                self.releases.rendered(&*self.clusters, &connection, &proposal.region, proposal).await
            };
            Some((address.clone(), rendered.await))
        });
        self.clusters.busy(true).await;
        let (rendered, foreseen) = futures::join!(join_all(rendered), join_all(foreseen));
        if self.waiting.borrow().is_empty() {
            self.clusters.busy(false).await;
        }
        outlook.remarks.extend(foreseen.into_iter().flatten());
        for (address, proposal) in proposed.made.iter().filter(|(address, _)| Releases::is(address.kind())) {
            if proposal.changes.contains("status") && text(&proposal.fields, "id").is_ok() {
                let sentence = "Helm did not come to its end there: one more upgrade repairs it.";
                outlook.remarks.entry(address.clone()).or_default().push(sentence.to_owned());
            }
        }
        for (address, rendered) in rendered.into_iter().flatten() {
            match rendered {
                Ok(parts) => drop(outlook.parts.insert(address, parts)),
                Err(failure) => {
                    let sentence = format!("What becomes of its objects can't be said now: {}", failure.message);
                    outlook.remarks.entry(address).or_default().push(sentence);
                }
            }
        }
        Ok(outlook)
    }

    fn edited(&self, name: &str, attributes: &Attributes) -> &'static [&'static str] {
        Releases::edited(name, attributes)
    }

    fn inside(&self, name: &str, attributes: &Attributes) -> Option<(&'static str, Identity)> {
        self.schema(name)?;
        let cluster = attributes.get("cluster_name").and_then(Datum::as_str)?;
        Some((EksCluster::SCHEMA.kind, Identity(cluster.to_owned())))
    }

    /// What is waited for in a cluster is looked at there.
    async fn advice(&self, standing: &Standing) -> Option<String> {
        let Standing { identity: Identity(identity), .. } = standing;
        let parts: Vec<&str> = identity.split('/').collect();
        let [_, namespace, .., name] = parts[..] else { return None };
        Some(match standing.address.kind() {
            kind if Releases::is(kind) => format!(
                "`kubectl --namespace {namespace} get pods,events` tells what its pods wait for; the next run goes on waiting"
            ),
            kind if kind == Application.schema().kind => {
                format!("{}; the next run goes on waiting", look(namespace, name))
            }
            _ => format!("see `kubectl --namespace {namespace} get events`; the next run goes on waiting"),
        })
    }

    fn check_identity(&self, name: &str, identity: &Identity) -> Result<(), Failure> {
        match kind(name) {
            None if Releases::is(name) => ReleasePlace::of("", identity).map(|_| ()),
            Some(kind) => kind.locate(identity).map(|_| ()),
            None => Ok(()),
        }
    }

    fn calls(&self) -> CallCounts {
        let mut calls = self.past.borrow().clone();
        for connection in self.connections.borrow().values() {
            add(&mut calls, &connection.calls());
        }
        debug_assert!(calls.operations.keys().all(|(service, _)| service == SERVICE));
        calls
    }
}

#[cfg(test)]
mod tests {
    use fathuss_engine::provider::{Desired, Mark};

    use super::*;

    #[test]
    fn what_others_made_by_the_name_of_ours_is_not_deleted() {
        let standing = |uid: &str| {
            let mut attributes = Attributes::new();
            attributes.insert("uid".to_owned(), Datum::from(uid));
            let address: Address = "shop.kubernetes_manifest.place".parse().unwrap();
            Standing {
                region: "us-east-1".to_owned(),
                account: "111122223333".to_owned(),
                mark: Mark { lineage: "own".to_owned(), address: address.clone(), generation: 0 },
                address,
                identity: Identity("main/v1/ConfigMap/x/place".to_owned()),
                desired: Desired { attributes, secrets: BTreeMap::new() },
                token: String::new(),
            }
        };
        let mut live = json!({"metadata": {"name": "place", "uid": "two"}});
        assert!(is_anothers(&live, &standing("one")));
        assert!(!is_anothers(&live, &standing("two")), "an imported one has no mark");
        mark::put(&mut live, &standing("one").mark);
        assert!(!is_anothers(&live, &standing("one")), "ours, made anew");
    }

    #[test]
    fn an_object_that_is_there_becomes_no_other_one() {
        let address: Address = "shop.kubernetes_manifest.place".parse().unwrap();
        let moved = |is: Option<&str>, version: &str, name: &str| {
            let manifest = format!(
                r#"{{"apiVersion": "{version}", "kind": "ConfigMap", "metadata": {{"name": "{name}", "namespace": "x"}}}}"#
            );
            let mut fields = Attributes::new();
            fields.insert("cluster_name".to_owned(), Datum::from("main"));
            fields.insert("manifest".to_owned(), Datum::from(manifest.as_str()));
            fields.extend(is.map(|is| ("id".to_owned(), Datum::from(is))));
            moved(&address, &fields).map(|objection| objection.message)
        };
        let is = Some("main/v1/ConfigMap/x/place");
        assert_eq!(moved(None, "v1", "other"), None, "it is made");
        assert_eq!(moved(is, "v1", "place"), None);
        let said = moved(is, "v1", "other").unwrap();
        let begin = "`manifest` is main/v1/ConfigMap/x/other, and main/v1/ConfigMap/x/place is there: ";
        assert!(said.starts_with(begin), "{said}");
        assert!(moved(is, "v2", "place").is_some());
    }
}
