//! Updates: what changes about a cluster, a node group or an addon, one at a time.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::addon::Addon;
use super::cluster::{self, Cluster};
use super::cluster_update;
use super::listing::named;
use super::node_group::NodeGroup;
use super::{Issue, missing};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Handler, Span, Transition};
use crate::value::Value;
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[("DescribeUpdate", describe), ("ListUpdates", list)];

pub(super) const SPANS: &[Span] = &[
    // Access and flags are EKS's own; the rest replaces the control plane's machines.
    Span::new("eks.update.flag", 5.0, 20.0),
    Span::new("eks.update.control_plane", 90.0, 300.0),
    Span::new("eks.update.version", 480.0, 720.0),
];

pub(super) const TRANSITIONS: &[(&str, Transition)] = &[("eks.cluster.updated", |tx, pending| {
    let Some(update) = tx.get::<Update>(&pending.subject).cloned() else { return };
    settle(tx, &update.row_id(), Vec::new());
    let Some(mut cluster) = tx.get::<Cluster>(&update.cluster).cloned() else { return };
    if cluster.status == "UPDATING" {
        cluster.status = "ACTIVE".to_owned();
    }
    cluster_update::apply(tx, &mut cluster, &update);
    tx.put(cluster);
})];

pub(super) const RULES: &[Rule] = &[Rule::new(
    "eks.update.one",
    "a cluster is updated in one way at a time",
    "https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateClusterConfig.html",
)];

/// An update.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Update {
    /// Its id, a UUID.
    pub id: String,
    /// The cluster.
    pub cluster: String,
    /// The node group, if it is one's.
    pub node_group: Option<String>,
    /// The addon, if it is one's.
    pub addon: Option<String>,
    /// What it changes, e.g. `VersionUpdate`.
    pub kind: String,
    /// `InProgress`, `Successful` or `Failed`.
    pub status: String,
    /// What was asked for.
    pub params: Vec<(String, String)>,
    /// When it began.
    pub created: Timestamp,
    /// Why it failed.
    pub errors: Vec<Issue>,
}

impl Row for Update {
    const TABLE: &'static str = "eks.update";
    fn id(&self) -> String {
        self.row_id()
    }
}

impl Update {
    fn row_id(&self) -> String {
        format!("{}/{}", self.cluster, self.id)
    }

    /// What was asked for under that name.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn view(&self) -> Value {
        let params = self.params.iter().map(|(kind, value)| record! { "type" => kind, "value" => value });
        let errors = self.errors.iter().map(|error| {
            record! { "errorCode" => &error.code, "errorMessage" => &error.message, "resourceIds" => &error.resources }
        });
        record! {
            "id" => &self.id,
            "status" => &self.status,
            "type" => &self.kind,
            "params" => Value::List(params.collect()),
            "createdAt" => self.created,
            "errors" => Value::List(errors.collect()),
        }
    }
}

/// What an update is of.
#[derive(Debug, Clone, Default)]
pub(super) struct Target<'a> {
    pub(super) cluster: &'a str,
    pub(super) node_group: Option<&'a str>,
    pub(super) addon: Option<&'a str>,
}

/// Begins an update: its row's id, and what the operation answers.
pub(super) fn begin(tx: &mut Tx<'_>, target: Target<'_>, kind: &str, params: Vec<(&str, String)>) -> (String, Value) {
    let update = Update {
        id: tx.uuid(),
        cluster: target.cluster.to_owned(),
        node_group: target.node_group.map(str::to_owned),
        addon: target.addon.map(str::to_owned),
        kind: kind.to_owned(),
        status: "InProgress".to_owned(),
        params: params.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        created: tx.now(),
        errors: Vec::new(),
    };
    let (id, view) = (update.row_id(), update.view());
    tx.put(update);
    (id, record! { "update" => view })
}

/// Ends an update: well where nothing went wrong.
pub(super) fn settle(tx: &mut Tx<'_>, id: &str, errors: Vec<Issue>) {
    tx.change::<Update>(id, |update| {
        update.status = if errors.is_empty() { "Successful" } else { "Failed" }.to_owned();
        update.errors = errors;
    });
}

/// The update of the cluster itself that is under way.
#[must_use]
pub(super) fn under_way<'t>(tx: &'t Tx<'_>, cluster: &str) -> Option<&'t Update> {
    let is_it = |update: &&Update| {
        update.cluster == cluster
            && update.node_group.is_none()
            && update.addon.is_none()
            && update.status == "InProgress"
    };
    tx.rows::<Update>().find(is_it)
}

/// Removes a cluster's updates with it, or those of one of its node groups or addons.
pub(super) fn forget(tx: &mut Tx<'_>, target: &Target<'_>) {
    let goes = |update: &&Update| {
        update.cluster == target.cluster
            && (target.node_group.is_none() || update.node_group.as_deref() == target.node_group)
            && (target.addon.is_none() || update.addon.as_deref() == target.addon)
    };
    let ids: Vec<String> = tx.rows::<Update>().filter(goes).map(Row::id).collect();
    for id in ids {
        tx.cancel("eks", &id);
        tx.remove::<Update>(&id);
    }
}

/// The cluster, node group or addon whose updates a request asks for; each has to be there.
fn target<'a>(tx: &Tx<'_>, input: &Input<'a>) -> Result<Target<'a>, Refusal> {
    let cluster = input.required("name");
    cluster::find(tx, cluster)?;
    let target = Target { cluster, node_group: input.text("nodegroupName"), addon: input.text("addonName") };
    if let Some(name) = target.node_group {
        NodeGroup::find(tx, cluster, name)?;
    }
    if let Some(name) = target.addon {
        Addon::find(tx, cluster, name)?;
    }
    Ok(target)
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let target = target(tx, input)?;
    let id = input.required("updateId");
    let found = tx
        .get::<Update>(&format!("{}/{id}", target.cluster))
        .filter(|update| update.node_group.as_deref() == target.node_group && update.addon.as_deref() == target.addon);
    let update = found.ok_or_else(|| missing(format!("No update found for ID: {id}")))?;
    Ok(record! { "update" => update.view() })
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let target = target(tx, input)?;
    let fits = |update: &&Update| {
        update.cluster == target.cluster
            && update.node_group.as_deref() == target.node_group
            && update.addon.as_deref() == target.addon
    };
    named(tx, input, "updateIds", tx.rows::<Update>().filter(fits).map(|update| &update.id))
}
