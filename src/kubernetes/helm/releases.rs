//! What a release goes through.
//!
//! Helm is called once for each installation, upgrade or removal, and does not wait; whether what it made is ready is looked
//! at here. What Helm left pending was left by a run that died, since its Helm dies with it: it is taken for failed, and
//! upgraded once more.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use fathuss_engine::diff::FieldChange;
use fathuss_engine::proposal::Proposal;
use fathuss_engine::provider::{
    Attributes, Carried, Failure, FailureClass, Found, MakeRequest, Mark, Progress, ReadRequest, Standing,
};
use fathuss_model::kubernetes::HelmRelease;
use fathuss_model::{Address, Datum, Resource};
use fathuss_state::Identity;
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};

use super::program::Helm;
use super::readiness::missing;
use super::rendering;
use super::stored::{Stored, label_of, labels, short};
use crate::again::{AGAIN, Again};
use crate::clusters::Clusters;
use crate::connection::Connection;
use crate::failure::refused;
use crate::kind::text;
use crate::kubernetes::keep_origin;
use crate::locator::Locator;

/// The releases of the clusters of an account.
#[derive(Default)]
pub(crate) struct Releases {
    helm: RefCell<Option<Helm>>,
    /// What went wrong with those that are there all the same, to be told as they are waited for.
    broken: RefCell<BTreeMap<Address, Failure>>,
    again: Again,
}

/// Where a release is.
pub(crate) struct Place<'a> {
    pub region: &'a str,
    pub cluster: String,
    namespace: String,
    name: String,
}

impl<'a> Place<'a> {
    pub fn wanted(region: &'a str, fields: &Attributes) -> Result<Self, Failure> {
        let owned = |name: &str| text(fields, name).map(str::to_owned);
        Ok(Self { region, cluster: owned("cluster_name")?, namespace: owned("namespace")?, name: owned("name")? })
    }

    pub fn of(region: &'a str, identity: &Identity) -> Result<Self, Failure> {
        let Locator { cluster, namespace, name, .. } = Locator::in_namespace(identity, "v1", "Secret")?;
        Ok(Self { region, cluster, namespace: namespace.unwrap_or_default(), name })
    }

    fn identity(&self) -> Identity {
        secret(self, &self.name).short()
    }
}

impl Releases {
    pub fn is(kind: &str) -> bool {
        kind == HelmRelease::SCHEMA.kind
    }

    /// The fields that differ because the project's own folder does.
    pub fn edited(kind: &str, fields: &Attributes) -> &'static [&'static str] {
        let chart = fields.get("chart").and_then(Datum::as_str).filter(|_| Self::is(kind));
        if chart.is_some_and(|chart| chart.ends_with(AS_INSTALLED)) { &["chart"] } else { &[] }
    }

    /// Its fields, and its mark.
    pub async fn observe(
        &self,
        clusters: &dyn Clusters,
        connection: &Connection,
        request: &ReadRequest,
    ) -> Result<Option<(Attributes, Option<Carried>)>, Failure> {
        let place = Place::of(&request.region, &request.identity)?;
        let Some(stored) = latest(connection, &place).await? else { return Ok(None) };
        // A folder that is there no more is another content: what is to become of the release is the program's word.
        let content = match self.content(clusters, &request.recorded).await {
            Err(failure) if failure.code == NO_CHART => Some(String::new()),
            content => content?,
        };
        let carried = stored.mark().map(|(lineage, label)| {
            let own = request.address.to_string();
            let address = if label_of(&own) == label { own } else { label.to_owned() };
            Carried { lineage: lineage.to_owned(), address }
        });
        let mut fields = fields(&place, &stored, &request.recorded, content.as_deref());
        keep_origin("first_deployed", &request.recorded, &mut fields);
        Ok(Some((fields, carried)))
    }

    pub async fn create(
        &self,
        clusters: &dyn Clusters,
        connection: &Connection,
        place: &Place<'_>,
        request: &MakeRequest,
    ) -> Result<Identity, Failure> {
        let before = latest(connection, place).await?;
        if before.as_ref().is_some_and(|stored| !stored.is_of(&request.mark)) {
            return Err(refused("AlreadyExists", format!("there is a release {} already", place.name)));
        }
        let standing = request.clone().standing(place.identity());
        let Err(failure) = self.upgrade(clusters, connection, place, &standing, before).await else {
            return Ok(place.identity());
        };
        let left = latest(connection, place).await?.is_some_and(|stored| stored.is_of(&request.mark));
        if !left || failure.class != FailureClass::Refused {
            return Err(failure);
        }
        // It is there, and is to be in the state.
        self.broken.borrow_mut().insert(request.address.clone(), failure);
        Ok(place.identity())
    }

    pub async fn find(&self, connection: &Connection, place: &Place<'_>, mark: &Mark) -> Result<Found, Failure> {
        Ok(match latest(connection, place).await? {
            Some(stored) if stored.is_of(mark) => Found::Ours(place.identity()),
            Some(_) => Found::Foreign(place.identity()),
            None => Found::Nothing,
        })
    }

    pub async fn settle(
        &self,
        clusters: &dyn Clusters,
        connection: &Connection,
        place: &Place<'_>,
        standing: &Standing,
    ) -> Result<Progress, Failure> {
        if let Some(failure) = self.broken.borrow_mut().remove(&standing.address) {
            return Err(failure);
        }
        let waiting = |state: String| Ok(Progress::Waiting { state });
        let fields_of = &standing.desired.attributes;
        let stored = latest(connection, place).await?;
        let content = self.content(clusters, fields_of).await?;
        let is_as_wanted = stored.as_ref().is_some_and(|stored| {
            stored.is_of(&standing.mark) && differences(stored, fields_of, content.as_deref()).is_empty()
        });
        let (true, Some(stored)) = (is_as_wanted, &stored) else {
            self.count(standing, stored.as_ref(), content.as_deref())?;
            self.upgrade(clusters, connection, place, standing, stored).await?;
            return waiting("upgraded".to_owned());
        };
        self.again.is_well(&standing.address);
        if fields_of.get("wait").and_then(Datum::as_bool).unwrap_or(true)
            && let Some(state) = unready(connection, place, stored).await?
        {
            return waiting(state);
        }
        Ok(Progress::Ready(fields(place, stored, fields_of, content.as_deref())))
    }

    /// Counts an upgrade of what is waited for; one too many is refused: others upgrade it, too, or what is wanted changes
    /// as it is installed.
    fn count(&self, standing: &Standing, stored: Option<&Stored>, content: Option<&str>) -> Result<(), Failure> {
        if self.again.may_be(&standing.address) {
            return Ok(());
        }
        let other = stored.map(|stored| differences(stored, &standing.desired.attributes, content)).unwrap_or_default();
        let other = if other.is_empty() { "owner".to_owned() } else { other.join(", ") };
        Err(Failure {
            hint: Some("see who else works on it: `helm history` tells when; then apply again".to_owned()),
            ..refused("NotKept", format!("after {AGAIN} upgrades it still has another {other}"))
        })
    }

    pub async fn update(
        &self,
        clusters: &dyn Clusters,
        connection: &Connection,
        place: &Place<'_>,
        standing: &Standing,
    ) -> Result<(), Failure> {
        let before = latest(connection, place).await?;
        self.upgrade(clusters, connection, place, standing, before).await
    }

    pub async fn delete(
        &self,
        clusters: &dyn Clusters,
        connection: &Connection,
        place: &Place<'_>,
        standing: &Standing,
    ) -> Result<Progress, Failure> {
        match latest(connection, place).await? {
            Some(stored) if !is_anothers(&stored, standing) => {}
            _ => return Ok(Progress::Gone),
        }
        let timeout = seconds(&standing.desired.attributes);
        self.run(clusters, place, ["uninstall", &place.name, "--timeout", &timeout].map(OsString::from).to_vec(), None)
            .await?;
        Ok(match latest(connection, place).await? {
            Some(stored) => Progress::Waiting { state: stored.status().to_owned() },
            None => Progress::Gone,
        })
    }

    /// What a change to these fields makes of its objects, as far as all of them are known.
    pub async fn rendered(
        &self,
        clusters: &dyn Clusters,
        connection: &Connection,
        region: &str,
        proposal: &Proposal,
    ) -> Result<Vec<FieldChange>, Failure> {
        let Ok(place) = Place::wanted(region, &proposal.fields) else { return Ok(Vec::new()) };
        let before = latest(connection, &place).await?;
        let is_known = |name: &&String| proposal.fields.contains_key(*name);
        if !proposal.refers.keys().all(|name| is_known(&name)) || !proposal.fields.contains_key("chart") {
            return Ok(before.map(|_| rendering::unknown()).into_iter().collect());
        }
        // Helm renders none that it is at work on; the plan shows that it is.
        if before.as_ref().is_some_and(|stored| stored.is_pending() || stored.status() == "uninstalling") {
            return Ok(Vec::new());
        }
        let mut arguments = self.upgrading(clusters, &place, &proposal.fields).await?;
        arguments.extend(["--dry-run=server", "--output", "json"].map(OsString::from));
        let written = self.run(clusters, &place, arguments, Some(&values(&proposal.fields)?)).await?;
        let release: Json = serde_json::from_slice(document(&written))
            .map_err(|error| refused("UnreadableRelease", format!("what helm rendered: {error}")))?;
        let after = release["manifest"].as_str().unwrap_or_default();
        rendering::changes(before.as_ref().map_or("", Stored::manifest), after, &place.namespace)
    }

    /// Installs or upgrades it to what is wanted.
    async fn upgrade(
        &self,
        clusters: &dyn Clusters,
        connection: &Connection,
        place: &Place<'_>,
        standing: &Standing,
        before: Option<Stored>,
    ) -> Result<(), Failure> {
        match before {
            Some(stored) if stored.is_pending() => {
                let secret = secret(place, stored.secret_name());
                connection.merge(&secret, &stored.unlocked()?).await?;
            }
            // Its removal is finished first: Helm upgrades none that is on its way.
            Some(stored) if stored.status() == "uninstalling" => {
                let arguments = ["uninstall", &place.name].map(OsString::from).to_vec();
                self.run(clusters, place, arguments, None).await?;
            }
            _ => {}
        }
        let fields = &standing.desired.attributes;
        let content = self.content(clusters, fields).await?;
        let mut arguments = self.upgrading(clusters, place, fields).await?;
        let mut add = |words: &[&str]| arguments.extend(words.iter().map(OsString::from));
        add(&["--timeout", &seconds(fields)]);
        add(&["--labels", &labels(&standing.mark, content.as_deref())]);
        if let Some(kept) = fields.get("history_max").and_then(Datum::as_integer) {
            add(&["--history-max", &kept.to_string()]);
        }
        if fields.get("atomic").and_then(Datum::as_bool).unwrap_or(false) {
            add(&["--atomic", "--wait"]);
        }
        let values = values(fields)?;
        self.run(clusters, place, arguments, Some(&values)).await.map(drop)
    }

    /// The words by which Helm is told to bring a release to these fields.
    async fn upgrading(
        &self,
        clusters: &dyn Clusters,
        place: &Place<'_>,
        fields: &Attributes,
    ) -> Result<Vec<OsString>, Failure> {
        let helm = self.helm(clusters).await?;
        let given = |name: &str| fields.get(name).and_then(Datum::as_str);
        let wanted = text(fields, "chart")?;
        let (chart, repository) = source(wanted, given("repository"), helm.mirror.as_deref());
        let mut words = vec!["upgrade", &place.name, &chart, "--install", "--reset-values"];
        if let Some(repository) = &repository {
            words.extend(["--repo", repository]);
        }
        if let Some(version) = given("version").filter(|_| !is_folder(wanted)) {
            words.extend(["--version", version]);
        }
        Ok(words.into_iter().map(OsString::from).collect())
    }

    async fn run(
        &self,
        clusters: &dyn Clusters,
        place: &Place<'_>,
        mut arguments: Vec<OsString>,
        values: Option<&Json>,
    ) -> Result<Vec<u8>, Failure> {
        let helm = self.helm(clusters).await?;
        let Some(endpoint) = clusters.endpoint(place.region, &place.cluster).await? else {
            return Err(refused("NoCluster", format!("the cluster {} does not answer", place.cluster)));
        };
        let token = async || clusters.token(place.region, &place.cluster).await;
        arguments.extend(["--namespace", &place.namespace].map(OsString::from));
        let operation = arguments[0].to_string_lossy().into_owned();
        helm.run(&endpoint, token, &arguments, values).await.map_err(|failure| Failure { operation, ..failure })
    }

    async fn helm(&self, clusters: &dyn Clusters) -> Result<Helm, Failure> {
        if let Some(helm) = &*self.helm.borrow() {
            return Ok(helm.clone());
        }
        let helm = clusters.helm().await?;
        *self.helm.borrow_mut() = Some(helm.clone());
        Ok(helm)
    }

    /// What the chart's folder holds, where it is one, or an archive.
    async fn content(&self, clusters: &dyn Clusters, fields: &Attributes) -> Result<Option<String>, Failure> {
        let chart = fields.get("chart").and_then(Datum::as_str).filter(|chart| is_folder(chart));
        let Some(chart) = chart else { return Ok(None) };
        let folder: PathBuf = self.helm(clusters).await?.folder.join(chart).components().collect();
        let mut digest = Sha256::new();
        let read = match folder.is_file() {
            true => std::fs::read(&folder).map(|archive| digest.update(archive)),
            false => read_into(&folder, &folder, &mut digest),
        };
        read.map_err(|error| refused(NO_CHART, format!("{}: {error}", folder.display())))?;
        Ok(Some(short(&digest.finalize())))
    }
}

/// What is said of a chart whose folder has changed since it was installed.
const AS_INSTALLED: &str = " as it was installed";

/// The code where a chart's folder can't be read.
const NO_CHART: &str = "NoSuchChart";

/// Whether the release there by its name is one that somebody else has installed since ours went.
fn is_anothers(stored: &Stored, standing: &Standing) -> bool {
    let began = standing.desired.attributes.get("first_deployed").and_then(Datum::as_str);
    began.is_some_and(|began| stored.first_deployed() != Some(began)) && !stored.is_of(&standing.mark)
}

fn is_folder(chart: &str) -> bool {
    ["./", "../", "/"].iter().any(|start| chart.starts_with(start))
}

/// Chart and repository, as the mirror has them where there is one. A folder comes from nowhere else.
fn source(chart: &str, repository: Option<&str>, mirror: Option<&str>) -> (String, Option<String>) {
    let name = chart.rsplit('/').next().unwrap_or(chart);
    match mirror {
        Some(mirror) if !is_folder(chart) => match mirror.starts_with("oci://") {
            true => (format!("{}/{name}", mirror.trim_end_matches('/')), None),
            false => (name.to_owned(), Some(mirror.to_owned())),
        },
        _ => (chart.to_owned(), repository.map(str::to_owned)),
    }
}

fn seconds(fields: &Attributes) -> String {
    format!("{}s", fields.get("timeout_seconds").and_then(Datum::as_integer).unwrap_or(300))
}

fn values(fields: &Attributes) -> Result<Json, Failure> {
    let Some(text) = fields.get("values").and_then(Datum::as_str) else { return Ok(Json::Object(Default::default())) };
    serde_json::from_str(text).map_err(|error| refused("InvalidValues", error.to_string()))
}

/// The JSON that Helm wrote: what it pulled from a registry stands in front of it.
fn document(written: &[u8]) -> &[u8] {
    let begin = written.split_inclusive(|byte| *byte == b'\n').take_while(|line| !line.starts_with(b"{"));
    &written[begin.map(<[u8]>::len).sum()..]
}

fn read_into(root: &Path, folder: &Path, digest: &mut Sha256) -> std::io::Result<()> {
    let mut entries: Vec<_> = std::fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    entries.sort_by_key(std::fs::DirEntry::path);
    for path in entries.iter().map(std::fs::DirEntry::path) {
        if path.is_dir() {
            read_into(root, &path, digest)?;
            continue;
        }
        let content = std::fs::read(&path)?;
        let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
        digest.update(format!("{name}\0{}\0", content.len()));
        digest.update(content);
    }
    Ok(())
}

fn secret(place: &Place<'_>, name: &str) -> Locator {
    Locator::core(&place.cluster, "Secret", Some(&place.namespace), name)
}

/// The newest revision of a release.
async fn latest(connection: &Connection, place: &Place<'_>) -> Result<Option<Stored>, Failure> {
    let labels = format!("owner=helm,name={}", place.name);
    let named = connection.labelled(&secret(place, ""), &labels).await?;
    let revision = |name: &String| name.rsplit_once(".v").and_then(|(_, number)| number.parse::<i64>().ok());
    let Some(newest) = named.into_iter().max_by_key(revision) else { return Ok(None) };
    connection.get(&secret(place, &newest)).await?.map(Stored::read).transpose()
}

/// The fields in which it is not what it is to be.
fn differences(stored: &Stored, wanted: &Attributes, content: Option<&str>) -> Vec<&'static str> {
    let text = |name: &str| wanted.get(name).and_then(Datum::as_str);
    let mut differences = Vec::new();
    let name = text("chart").map(|chart| chart.trim_end_matches('/').rsplit('/').next().unwrap_or(chart));
    let is_chart = match content {
        Some(content) => stored.content() == Some(content),
        None => name == Some(stored.chart()),
    };
    if !is_chart {
        differences.push("chart");
    }
    // A chart may write its version with a v, or be asked for without it.
    let bare = |version: &str| version.trim_start_matches('v').to_owned();
    if content.is_none() && text("version").map(bare) != Some(bare(stored.version())) {
        differences.push("version");
    }
    let given = values(wanted).ok().filter(|values| values.as_object().is_some_and(|values| !values.is_empty()));
    if plain(given.unwrap_or(Json::Null)) != plain(stored.values()) {
        differences.push("values");
    }
    if stored.status() != "deployed" {
        differences.push("status");
    }
    differences
}

/// A value as Helm writes it down, to which 1.0 and 1 are the same number.
fn plain(value: Json) -> Json {
    match value {
        Json::Number(number) => match number.as_f64() {
            // Up to here each whole number is one of its own. Helm keeps all as floats.
            Some(float) if float.fract() == 0.0 && float.abs() < 9e15 => Json::from(float as i64),
            Some(float) => Json::from(float),
            None => Json::Number(number),
        },
        Json::Array(items) => items.into_iter().map(plain).collect(),
        Json::Object(entries) => entries.into_iter().map(|(key, value)| (key, plain(value))).collect(),
        other => other,
    }
}

/// Its fields: what they were applied as, where that is what is there.
fn fields(place: &Place<'_>, stored: &Stored, recorded: &Attributes, content: Option<&str>) -> Attributes {
    let differences = differences(stored, recorded, content);
    let recorded_or = |name: &str, live: Datum| match recorded.get(name) {
        Some(recorded) if !differences.contains(&name) => recorded.clone(),
        _ => live,
    };
    let chart = match (content, stored.content()) {
        // Who upgrades it by other means writes down no content.
        (Some(_), Some(_)) => format!("{}{AS_INSTALLED}", stored.chart()),
        (Some(_), None) => format!("{} with another content", stored.chart()),
        (None, _) => stored.chart().to_owned(),
    };
    let values = match stored.values() {
        Json::Null => Datum::Null,
        values => Datum::from(values.to_string()),
    };
    let version = match content {
        Some(_) => Datum::from(stored.version()),
        None => recorded_or("version", Datum::from(stored.version())),
    };
    let fields = [
        ("cluster_name", Datum::from(place.cluster.as_str())),
        ("namespace", Datum::from(place.namespace.as_str())),
        ("name", Datum::from(place.name.as_str())),
        ("chart", recorded_or("chart", Datum::from(chart))),
        // Helm keeps nothing of it.
        ("repository", recorded.get("repository").cloned().unwrap_or_default()),
        ("version", version),
        ("values", recorded_or("values", values)),
        ("status", Datum::from(stored.status())),
        ("id", Datum::from(place.identity().0)),
        ("revision", Datum::from(stored.revision())),
        ("first_deployed", stored.first_deployed().map_or(Datum::Null, Datum::from)),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// What is waited for of that which it made.
async fn unready(connection: &Connection, place: &Place<'_>, stored: &Stored) -> Result<Option<String>, Failure> {
    let mut waited = Vec::new();
    for object in rendering::each(stored.manifest())? {
        if !WAITED.contains(&object["kind"].as_str().unwrap_or_default()) {
            continue;
        }
        let mut locator = Locator::of(&place.cluster, &object)?;
        locator.namespace.get_or_insert_with(|| place.namespace.clone());
        let missing = match connection.get(&locator).await? {
            Some(live) => missing(&live),
            None => Some("not there".to_owned()),
        };
        if let Some(missing) = missing {
            waited.push(format!("{} {}: {missing}", locator.kind, locator.name));
        }
    }
    let more = waited.len().saturating_sub(1);
    Ok(waited.into_iter().next().map(|first| if more == 0 { first } else { format!("{first}, and {more} more") }))
}

/// The kinds that are not ready as soon as they are there.
const WAITED: [&str; 6] = ["Deployment", "StatefulSet", "DaemonSet", "Pod", "CustomResourceDefinition", "Service"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_helm_pulled_is_no_part_of_what_it_rendered() {
        let pulled = b"Pulled: registry.example.com/charts/cart:1.3.0\nDigest: sha256:11b5\n{\"name\":\"cart\"}\n";
        assert_eq!(document(pulled), b"{\"name\":\"cart\"}\n");
        assert_eq!(document(b"{\n}"), b"{\n}");
        assert_eq!(document(b"nothing"), b"");
    }
}
