//! Addons.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::addon_version::{self, Kind};
use super::cluster::{self, Cluster};
use super::listing::named;
use super::tags::{self, Tags};
use super::update::{self, Target, Update};
use super::{Issue, arn, health, in_use, invalid, missing, node_group, version};
use crate::iam::trust;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Handler, Span, Transition};
use crate::value::Value;
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("CreateAddon", create),
    ("DescribeAddon", describe),
    ("ListAddons", list),
    ("UpdateAddon", update),
    ("DeleteAddon", delete),
];

pub(super) const SPANS: &[Span] = &[
    Span::new("eks.addon.create", 30.0, 120.0),
    // How long EKS waits for pods that find no node.
    Span::new("eks.addon.give_up", 900.0, 1200.0),
    Span::new("eks.addon.recover", 10.0, 40.0),
    Span::new("eks.addon.update", 30.0, 120.0),
    Span::new("eks.addon.delete", 10.0, 60.0),
];

pub(super) const TRANSITIONS: &[(&str, Transition)] = &[
    ("eks.addon.installed", |tx, pending| installed(tx, &pending.subject)),
    ("eks.addon.degraded", |tx, pending| {
        tx.change::<Addon>(&pending.subject, |addon| {
            addon.status = "DEGRADED".to_owned();
            let message = "The add-on is unhealthy because it doesn't have the desired number of replicas.";
            addon.issues = vec![Issue::new("InsufficientNumberOfReplicas", message, Vec::new())];
        });
    }),
    ("eks.addon.active", |tx, pending| {
        tx.cancel("eks.addon.degraded", &pending.subject);
        tx.change::<Addon>(&pending.subject, |addon| {
            if matches!(addon.status.as_str(), "CREATING" | "DEGRADED") {
                addon.status = "ACTIVE".to_owned();
                addon.issues.clear();
            }
        });
    }),
    ("eks.addon.updated", |tx, pending| updated(tx, &pending.subject)),
    ("eks.addon.deleted", |tx, pending| {
        if let Some(addon) = tx.remove::<Addon>(&pending.subject) {
            update::forget(tx, &Target { cluster: &addon.cluster, node_group: None, addon: Some(&addon.name) });
        }
    }),
];

const CREATE: &str = "https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateAddon.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("eks.addon.taken", "a cluster has an addon once", CREATE),
    Rule::new("eks.addon.known", "an addon is one that EKS has", CREATE),
    Rule::new("eks.addon.version", "an addon's version is one for the cluster's Kubernetes version", CREATE),
    Rule::new(
        "eks.addon.configuration",
        "configuration values are JSON or YAML that the addon's schema takes",
        "https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeAddonConfiguration.html",
    ),
    Rule::new(
        "eks.addon.role",
        "an addon's role exists and has reached EKS",
        "https://docs.aws.amazon.com/eks/latest/userguide/add-ons-iam.html",
    ),
    Rule::new(
        "eks.addon.nodes",
        "an addon that runs as a deployment is not well before there are nodes",
        "https://docs.aws.amazon.com/eks/latest/userguide/eks-add-ons.html",
    ),
    Rule::new(
        "eks.addon.busy",
        "an addon is changed when nothing else changes it",
        "https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateAddon.html",
    ),
];

/// An addon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Addon {
    /// The cluster's name.
    pub cluster: String,
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Its version.
    pub version: String,
    /// `CREATING`, `ACTIVE`, `DEGRADED`, `UPDATING`, `DELETING` or a failure.
    pub status: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it changed last.
    pub modified: Timestamp,
    /// The role of its service account.
    pub role: Option<String>,
    /// Its configuration, as it was given.
    pub configuration: Option<String>,
    /// What is wrong with it.
    pub issues: Vec<Issue>,
    /// Its tags.
    pub tags: Tags,
}

impl Addon {
    /// Whether it is the network's, and set to give nodes prefixes:
    /// <https://docs.aws.amazon.com/eks/latest/userguide/cni-increase-ip-addresses.html>
    pub(super) fn delegates_prefixes(&self) -> bool {
        let given = self.configuration.as_deref().unwrap_or_default();
        let set = serde_json::from_str::<serde_json::Value>(given).unwrap_or_default();
        self.name == "vpc-cni" && set["env"]["ENABLE_PREFIX_DELEGATION"] == "true"
    }

    /// Whether it does what it is for.
    pub fn works(&self) -> bool {
        matches!(self.status.as_str(), "ACTIVE" | "UPDATING")
    }
}

impl Row for Addon {
    const TABLE: &'static str = "eks.addon";
    fn id(&self) -> String {
        format!("{}/{}", self.cluster, self.name)
    }
}

impl Addon {
    /// The addon of that name.
    ///
    /// # Errors
    /// When there is none.
    pub fn find(tx: &Tx<'_>, cluster: &str, name: &str) -> Result<Addon, Refusal> {
        tx.get::<Addon>(&format!("{cluster}/{name}")).cloned().ok_or_else(|| {
            let message = format!("No addon: {name} found in cluster: {cluster}");
            missing(message).member("clusterName", cluster).member("addonName", name)
        })
    }

    fn refuse(&self, refusal: Refusal) -> Refusal {
        refusal.member("clusterName", self.cluster.as_str()).member("addonName", self.name.as_str())
    }

    fn view(&self) -> Value {
        let kind = addon_version::find(&self.name);
        record! {
            "addonName" => &self.name,
            "clusterName" => &self.cluster,
            "status" => &self.status,
            "addonVersion" => &self.version,
            "health" => health(&self.issues),
            "addonArn" => &self.arn,
            "createdAt" => self.created,
            "modifiedAt" => self.modified,
            "serviceAccountRoleArn" => self.role.as_ref(),
            "tags" => tags::view(&self.tags),
            "publisher" => kind.filter(|kind| kind.owner == "community").map(|_| "eks"),
            "owner" => kind.filter(|kind| kind.owner == "community").map(|kind| kind.owner),
            "configurationValues" => self.configuration.as_ref(),
        }
    }
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let cluster = cluster::active(tx, input.required("clusterName"))?;
    let name = input.required("addonName");
    let with = |refusal: Refusal| refusal.member("clusterName", cluster.name.as_str()).member("addonName", name);
    let id = format!("{}/{name}", cluster.name);
    tx.enforce("eks.addon.taken", tx.get::<Addon>(&id).is_none(), || with(in_use("Addon already exists.")))?;
    let unknown =
        || with(invalid(format!("Addon {name} specified is not supported in {} kubernetes version", cluster.version)));
    let Some(kind) = addon_version::find(name) else {
        tx.enforce("eks.addon.known", false, unknown)?;
        return Err(Refusal::not_simulated(format!("the addon {name}")));
    };
    let version = chosen(tx, &cluster, kind, input.text("addonVersion")).map_err(with)?;
    let configuration = configuration(tx, kind, input.text("configurationValues")).map_err(with)?;
    let role = role(tx, input.text("serviceAccountRoleArn")).map_err(with)?;
    // What EKS put into the cluster itself has no values of others, so that there is nothing to resolve.
    let _ = (input.text("resolveConflicts"), input.text("clientRequestToken"));
    let uuid = tx.uuid();
    let addon = Addon {
        cluster: cluster.name.clone(),
        name: name.to_owned(),
        arn: arn(tx, &format!("addon/{}/{name}/{uuid}", cluster.name)),
        version,
        status: "CREATING".to_owned(),
        created: tx.now(),
        modified: tx.now(),
        role,
        configuration,
        issues: Vec::new(),
        tags: tags::read(tx, input)?,
    };
    let view = addon.view();
    tx.put(addon);
    tx.transition("eks.addon.create", "eks.addon.installed", &id);
    Ok(record! { "addon" => view })
}

fn chosen(tx: &Tx<'_>, cluster: &Cluster, kind: &Kind, asked: Option<&str>) -> Result<String, Refusal> {
    let minor = version::find(&cluster.version).map_or(0, |version| version.minor);
    let versions = kind.versions(minor);
    let chosen = match asked {
        Some(asked) => {
            // Without its build a version means the newest build.
            let newest = versions
                .iter()
                .find(|version| **version == asked || version.starts_with(&format!("{asked}-eksbuild.")));
            tx.enforce("eks.addon.version", newest.is_some(), || invalid("Addon version specified is not supported"))?;
            Some(newest.map_or(asked, |version| *version))
        }
        None => kind.default_version(minor),
    };
    chosen.map(str::to_owned).ok_or_else(|| {
        invalid(format!("Addon {} specified is not supported in {} kubernetes version", kind.name, cluster.version))
    })
}

fn configuration(tx: &Tx<'_>, kind: &Kind, given: Option<&str>) -> Result<Option<String>, Refusal> {
    let Some(text) = given.filter(|text| !text.trim().is_empty()) else { return Ok(None) };
    let names: Vec<String> = if text.trim_start().starts_with('{') {
        match serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text) {
            Ok(values) => values.keys().cloned().collect(),
            Err(_) => {
                tx.enforce("eks.addon.configuration", false, || {
                    invalid("ConfigurationValue provided in request is not supported: invalid JSON")
                })?;
                Vec::new()
            }
        }
    } else {
        // YAML: the members at the top are the lines that begin at the left.
        let top = text.lines().filter(|line| !line.starts_with([' ', '#', '-', '\t']) && !line.trim().is_empty());
        top.map(|line| line.split(':').next().unwrap_or(line).trim_matches(['"', '\'']).to_owned()).collect()
    };
    if let Some(unknown) = names.iter().find(|name| !kind.options.contains(&name.as_str())) {
        tx.enforce("eks.addon.configuration", false, || {
            let message = format!(
                "ConfigurationValue provided in request is not supported: Json schema validation failed with error: \
                 [$.{unknown}: is not defined in the schema and the schema does not allow additional properties]"
            );
            invalid(message)
        })?;
    }
    Ok(Some(text.to_owned()))
}

/// The role that a request names; an empty text takes it away.
fn role(tx: &Tx<'_>, given: Option<&str>) -> Result<Option<String>, Refusal> {
    let Some(arn) = given.filter(|arn| !arn.is_empty()) else { return Ok(None) };
    tx.enforce("eks.addon.role", trust::role(tx, arn).is_ok(), || invalid(format!("roleArn, {arn}, does not exist")))?;
    Ok(Some(arn.to_owned()))
}

/// Whether an addon finds nodes to run on, as far as it needs any.
fn is_placed(tx: &Tx<'_>, addon: &Addon) -> bool {
    let needs = addon_version::find(&addon.name).is_some_and(|kind| kind.needs_nodes);
    !needs || !tx.rule("eks.addon.nodes") || node_group::any_ready(tx, &addon.cluster)
}

fn installed(tx: &mut Tx<'_>, id: &str) {
    let Some(mut addon) = tx.get::<Addon>(id).cloned() else { return };
    if is_placed(tx, &addon) {
        addon.status = "ACTIVE".to_owned();
        tx.put(addon);
    } else {
        // Its pods wait for nodes, and EKS for its pods.
        tx.transition("eks.addon.give_up", "eks.addon.degraded", id);
    }
}

/// A cluster has nodes now: the addons that waited for them get well.
pub(super) fn nodes_came(tx: &mut Tx<'_>, cluster: &str) {
    let waits = |addon: &&Addon| {
        let unwell = addon.status == "DEGRADED" || addon.status == "CREATING";
        unwell && addon_version::find(&addon.name).is_some_and(|kind| kind.needs_nodes)
    };
    let waiting: Vec<String> = tx.rows_under::<Addon>(&format!("{cluster}/")).filter(waits).map(Row::id).collect();
    for id in waiting {
        let given_up =
            tx.rows::<crate::world::Pending>().any(|one| one.subject == id && one.kind == "eks.addon.installed");
        if !given_up {
            tx.cancel("eks.addon.active", &id);
            tx.transition("eks.addon.recover", "eks.addon.active", &id);
        }
    }
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let cluster = cluster::find(tx, input.required("clusterName"))?;
    Ok(record! { "addon" => Addon::find(tx, &cluster.name, input.required("addonName"))?.view() })
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let cluster = cluster::find(tx, input.required("clusterName"))?;
    let under = format!("{}/", cluster.name);
    named(tx, input, "addons", tx.rows_under::<Addon>(&under).map(|addon| &addon.name))
}

fn update(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let cluster = cluster::active(tx, input.required("clusterName"))?;
    let mut addon = Addon::find(tx, &cluster.name, input.required("addonName"))?;
    let idle = !matches!(addon.status.as_str(), "CREATING" | "UPDATING" | "DELETING");
    tx.enforce("eks.addon.busy", idle, || {
        let message = format!("Addon {} cannot be updated as it is currently in {} state", addon.name, addon.status);
        addon.refuse(in_use(message))
    })?;
    let Some(kind) = addon_version::find(&addon.name) else {
        return Err(Refusal::not_simulated(format!("the addon {}", addon.name)));
    };
    let mut params: Vec<(&str, String)> = Vec::new();
    if let Some(asked) = input.text("addonVersion") {
        let version = chosen(tx, &cluster, kind, Some(asked)).map_err(|refusal| addon.refuse(refusal))?;
        params.push(("AddonVersion", version));
    }
    if let Some(text) = input.text("configurationValues") {
        configuration(tx, kind, Some(text)).map_err(|refusal| addon.refuse(refusal))?;
        params.push(("ConfigurationValues", text.to_owned()));
    }
    if let Some(arn) = input.text("serviceAccountRoleArn") {
        role(tx, Some(arn)).map_err(|refusal| addon.refuse(refusal))?;
        params.push(("ServiceAccountRoleArn", arn.to_owned()));
    }
    if let Some(resolve) = input.text("resolveConflicts") {
        params.push(("ResolveConflicts", resolve.to_owned()));
    }
    let _ = input.text("clientRequestToken");
    addon.status = "UPDATING".to_owned();
    addon.modified = tx.now();
    let name = addon.name.clone();
    tx.put(addon);
    let target = Target { cluster: &cluster.name, node_group: None, addon: Some(&name) };
    let (id, answer) = update::begin(tx, target, "AddonUpdate", params);
    tx.transition("eks.addon.update", "eks.addon.updated", &id);
    Ok(answer)
}

fn updated(tx: &mut Tx<'_>, id: &str) {
    let Some(update) = tx.get::<Update>(id).cloned() else { return };
    let name = update.addon.clone().unwrap_or_default();
    let Some(mut addon) = tx.get::<Addon>(&format!("{}/{name}", update.cluster)).cloned() else { return };
    let text = |value: &str| Some(value.to_owned()).filter(|value| !value.trim().is_empty());
    if let Some(version) = update.param("AddonVersion") {
        version.clone_into(&mut addon.version);
    }
    if let Some(values) = update.param("ConfigurationValues") {
        addon.configuration = text(values);
    }
    if let Some(arn) = update.param("ServiceAccountRoleArn") {
        addon.role = text(arn);
    }
    addon.modified = tx.now();
    if is_placed(tx, &addon) {
        addon.status = "ACTIVE".to_owned();
        addon.issues.clear();
        tx.put(addon);
        update::settle(tx, id, Vec::new());
    } else {
        addon.status = "DEGRADED".to_owned();
        let message = "The add-on is unhealthy because it doesn't have the desired number of replicas.";
        let issue = Issue::new("InsufficientNumberOfReplicas", message, Vec::new());
        addon.issues = vec![issue.clone()];
        tx.put(addon);
        update::settle(tx, id, vec![issue]);
    }
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let cluster = cluster::active(tx, input.required("clusterName"))?;
    let mut addon = Addon::find(tx, &cluster.name, input.required("addonName"))?;
    // Kept pods are the cluster's own affair, which EKS shows no more.
    let _ = input.flag("preserve");
    let idle = !matches!(addon.status.as_str(), "UPDATING" | "DELETING");
    tx.enforce("eks.addon.busy", idle, || {
        let message = format!("Addon {} cannot be deleted as it is currently in {} state", addon.name, addon.status);
        addon.refuse(in_use(message))
    })?;
    addon.status = "DELETING".to_owned();
    addon.modified = tx.now();
    let (id, view) = (addon.id(), addon.view());
    tx.put(addon);
    quieten(tx, &id);
    tx.transition("eks.addon.delete", "eks.addon.deleted", &id);
    Ok(record! { "addon" => view })
}

/// Takes back what was to happen to an addon.
fn quieten(tx: &mut Tx<'_>, id: &str) {
    for kind in ["installed", "degraded", "active", "deleted"] {
        tx.cancel(&format!("eks.addon.{kind}"), id);
    }
}

/// Removes an addon with its cluster.
pub(super) fn forget(tx: &mut Tx<'_>, id: &str) {
    quieten(tx, id);
    tx.remove::<Addon>(id);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::eks::fixture::Ground;

    #[tokio::test(start_paused = true)]
    async fn a_deployment_waits_for_nodes_and_a_daemon_set_does_not() {
        let ground = Ground::calm().await;
        ground.made("c").await;
        let client = &ground.client;
        for name in ["vpc-cni", "coredns"] {
            client.eks("POST", "/clusters/c/addons", Some(json!({"addonName": name}))).await;
        }
        client.wait(4 * 60);
        let status = async |name: &str| {
            client.eks("GET", &format!("/clusters/c/addons/{name}"), None).await["addon"]["status"].clone()
        };
        assert_eq!((status("vpc-cni").await, status("coredns").await), (json!("ACTIVE"), json!("CREATING")));
        client.wait(30 * 60);
        assert_eq!(status("coredns").await, "DEGRADED");
        ground.with_nodes("c", "general").await;
        client.wait(60);
        let well = client.eks("GET", "/clusters/c/addons/coredns", None).await["addon"].clone();
        assert_eq!((&well["status"], &well["health"]["issues"]), (&json!("ACTIVE"), &json!([])));
    }

    #[tokio::test(start_paused = true)]
    async fn addons_that_eks_does_not_take_are_refused_in_its_words() {
        let ground = Ground::calm().await;
        ground.made("c").await;
        let client = &ground.client;
        let cases = [
            (json!({"addonName": "no-such"}), "Addon no-such specified is not supported in 1.34 kubernetes version"),
            (json!({"addonName": "coredns", "addonVersion": "v0.0.1"}), "Addon version specified is not supported"),
            (
                json!({"addonName": "kube-proxy", "addonVersion": "v1.35.0-eksbuild.2"}),
                "Addon version specified is not supported",
            ),
            (
                json!({"addonName": "coredns", "configurationValues": "{\"wrong\":1}"}),
                "ConfigurationValue provided in request is not supported: Json schema validation failed with error: [$.wrong: is not defined in the schema and the schema does not allow additional properties]",
            ),
            (
                json!({"addonName": "coredns", "configurationValues": "{"}),
                "ConfigurationValue provided in request is not supported: invalid JSON",
            ),
        ];
        for (asked, message) in cases {
            client.eks_refuses("POST", "/clusters/c/addons", Some(asked), "InvalidParameterException", message).await;
        }
        let message = "No addon: coredns found in cluster: c";
        client.eks_refuses("GET", "/clusters/c/addons/coredns", None, "ResourceNotFoundException", message).await;
        let plain = Some(json!({"addonName": "vpc-cni"}));
        client.eks("POST", "/clusters/c/addons", plain.clone()).await;
        client
            .eks_refuses("POST", "/clusters/c/addons", plain.clone(), "ResourceInUseException", "Addon already exists.")
            .await;
        let busy = Some(json!({"resolveConflicts": "OVERWRITE"}));
        let message = "Addon vpc-cni cannot be updated as it is currently in CREATING state";
        client.eks_refuses("POST", "/clusters/c/addons/vpc-cni/update", busy, "ResourceInUseException", message).await;
        assert!(client.simulator.switch("eks.addon.taken", false));
        client.eks("POST", "/clusters/c/addons", plain).await;
    }

    #[tokio::test(start_paused = true)]
    async fn an_addon_is_updated_and_deleted_after_a_while() {
        let ground = Ground::calm().await;
        ground.made("c").await;
        let client = &ground.client;
        client.eks("POST", "/clusters/c/addons", Some(json!({"addonName": "vpc-cni", "tags": {"a": "b"}}))).await;
        client.wait(4 * 60);
        let versions =
            client.eks("GET", "/addons/supported-versions?addonName=vpc-cni&kubernetesVersion=1.34", None).await;
        let newest = versions["addons"][0]["addonVersions"][0]["addonVersion"].as_str().unwrap().to_owned();
        let asked = json!({"addonVersion": newest, "configurationValues": "env:\n  A: b\n", "clientRequestToken": "t"});
        let begun = client.eks("POST", "/clusters/c/addons/vpc-cni/update", Some(asked)).await;
        let id = begun["update"]["id"].as_str().unwrap();
        client.wait(4 * 60);
        let path = format!("/clusters/c/updates/{id}?addonName=vpc-cni");
        assert_eq!(client.eks("GET", &path, None).await["update"]["status"], "Successful");
        let addon = client.eks("GET", "/clusters/c/addons/vpc-cni", None).await["addon"].clone();
        assert_eq!((&addon["addonVersion"], &addon["configurationValues"]), (&json!(newest), &json!("env:\n  A: b\n")));
        client.eks("DELETE", "/clusters/c/addons/vpc-cni?preserve=true", None).await;
        client.wait(2 * 60);
        assert_eq!(client.eks("GET", "/clusters/c/addons", None).await["addons"], json!([]));
    }
}
