//! Updates of node groups: sizes, labels and taints, and the nodes' versions.

use super::cluster;
use super::node_group::{NodeGroup, Replacing, Scaling, Taint, Template};
use super::node_group_settings::{check_labels, check_version, labels, replacing, scaling, taints, template};
use super::tags::Tags;
use super::update::{self, Target, Update};
use super::{Issue, in_use, invalid, node_health, node_template, nodes};
use crate::input::Input;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Handler, Span, Transition};
use crate::value::Value;
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("UpdateNodegroupConfig", config), ("UpdateNodegroupVersion", version)];

pub(super) const SPANS: &[Span] =
    &[Span::new("eks.node_group.config", 10.0, 40.0), Span::new("eks.node_group.version", 240.0, 600.0)];

pub(super) const TRANSITIONS: &[(&str, Transition)] = &[("eks.node_group.updated", |tx, pending| {
    let Some(update) = tx.get::<Update>(&pending.subject).cloned() else { return };
    let name = update.node_group.clone().unwrap_or_default();
    let Some(mut group) = tx.get::<NodeGroup>(&format!("{}/{name}", update.cluster)).cloned() else { return };
    group.status = "ACTIVE".to_owned();
    group.modified = tx.now();
    let outcome = if update.kind == "VersionUpdate" {
        // Every node is replaced.
        node_template::write(tx, &group).map_err(|refusal| node_health::of_launch(&group, &refusal)).and_then(|made| {
            group.launched_from = Some(made);
            nodes::end_all(tx, &group);
            nodes::scale(tx, &group)
        })
    } else {
        nodes::scale(tx, &group)
    };
    group.issues.retain(|issue| !node_health::is_of_launch(issue));
    let errors = match outcome {
        Ok(()) => Vec::new(),
        Err(issue) => {
            let error = Issue::new("NodeCreationFailure", issue.message.clone(), vec![group.group.clone()]);
            group.issues.push(issue);
            vec![error]
        }
    };
    tx.put(group);
    update::settle(tx, &update.id(), errors);
})];

const CONFIG: &str = "https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateNodegroupConfig.html";
const VERSION: &str = "https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateNodegroupVersion.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("eks.node_group.update.active", "a node group is updated while it is active", CONFIG),
    Rule::new("eks.node_group.update.change", "an update changes something", CONFIG),
    Rule::new("eks.node_group.update.template", "nodes keep to the launch template that they came from", VERSION),
    Rule::new("eks.node_group.update.back", "nodes' versions do not go back", VERSION),
];

/// The node group that a request updates: it has to be active.
fn ready(tx: &Tx<'_>, input: &Input<'_>) -> Result<NodeGroup, Refusal> {
    let cluster = cluster::find(tx, input.required("clusterName"))?;
    let group = NodeGroup::find(tx, &cluster.name, input.required("nodegroupName"))?;
    let works = matches!(group.status.as_str(), "ACTIVE" | "DEGRADED");
    tx.enforce("eks.node_group.update.active", works, || {
        named(&group, in_use("Nodegroup cannot be updated as it is currently not in Active State"))
    })?;
    let _ = input.text("clientRequestToken");
    Ok(group)
}

fn named(group: &NodeGroup, refusal: Refusal) -> Refusal {
    refusal.member("clusterName", group.cluster.as_str()).member("nodegroupName", group.name.as_str())
}

fn begin(tx: &mut Tx<'_>, mut group: NodeGroup, kind: &str, span: &str, params: Vec<(&str, String)>) -> Value {
    group.status = "UPDATING".to_owned();
    group.modified = tx.now();
    let (cluster, name) = (group.cluster.clone(), group.name.clone());
    tx.put(group);
    let target = Target { cluster: &cluster, node_group: Some(&name), addon: None };
    let (id, answer) = update::begin(tx, target, kind, params);
    tx.transition(span, "eks.node_group.updated", &id);
    answer
}

fn config(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut group = ready(tx, input)?;
    let mut params: Vec<(&str, String)> = Vec::new();
    if input.has("scalingConfig") {
        let wanted: Scaling = scaling(tx, input, Some(group.scaling)).map_err(|refusal| named(&group, refusal))?;
        params.extend([
            ("MinSize", wanted.min.to_string()),
            ("MaxSize", wanted.max.to_string()),
            ("DesiredSize", wanted.desired.to_string()),
        ]);
        group.scaling = wanted;
    }
    if let Some(payload) = input.record("labels") {
        let set: Tags = labels(tx, payload.whole("addOrUpdateLabels")).map_err(|refusal| named(&group, refusal))?;
        let gone = payload.texts("removeLabels");
        if !set.is_empty() {
            params.push(("LabelsToAdd", serde_json::json!(set).to_string()));
        }
        if !gone.is_empty() {
            params.push(("LabelsToRemove", serde_json::json!(gone).to_string()));
        }
        group.labels.retain(|key, _| !gone.contains(&key.as_str()));
        group.labels.extend(set);
        check_labels(tx, &group.labels).map_err(|refusal| named(&group, refusal))?;
    }
    if let Some(payload) = input.record("taints") {
        let same = |left: &Taint, right: &Taint| left.key == right.key && left.effect == right.effect;
        let set = taints(tx, &payload.records("addOrUpdateTaints")).map_err(|refusal| named(&group, refusal))?;
        let gone = taints(tx, &payload.records("removeTaints")).map_err(|refusal| named(&group, refusal))?;
        if !set.is_empty() {
            params.push(("TaintsToAdd", serde_json::json!(set).to_string()));
        }
        if !gone.is_empty() {
            params.push(("TaintsToRemove", serde_json::json!(gone).to_string()));
        }
        group.taints.retain(|taint| !gone.iter().chain(&set).any(|other| same(taint, other)));
        group.taints.extend(set);
        tx.enforce("eks.node_group.taints", group.taints.len() <= 50, || {
            named(&group, invalid("The number of taints exceeds the limit of 50."))
        })?;
    }
    if input.has("updateConfig") {
        let wanted: Replacing = replacing(tx, input).map_err(|refusal| named(&group, refusal))?;
        if let Some(number) = wanted.number {
            params.push(("MaxUnavailable", number.to_string()));
        }
        if let Some(percentage) = wanted.percentage {
            params.push(("MaxUnavailablePercentage", percentage.to_string()));
        }
        group.replacing = wanted;
    }
    if let Some(on) = input.record("nodeRepairConfig").and_then(|one| one.bool("enabled")) {
        params.push(("NodeRepairEnabled", on.to_string()));
        group.repair = on;
    }
    tx.enforce("eks.node_group.update.change", !params.is_empty(), || {
        named(&group, invalid("The request changes nothing about the node group."))
    })?;
    Ok(begin(tx, group, "ConfigUpdate", "eks.node_group.config", params))
}

fn version(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut group = ready(tx, input)?;
    let cluster = cluster::find(tx, &group.cluster)?;
    let _ = input.flag("force");
    let with = |group: &NodeGroup, refusal: Refusal| named(group, refusal);
    let mut params: Vec<(&str, String)> = Vec::new();
    let mut image = None;
    if let Some(given) = input.record("launchTemplate") {
        let (wanted, data): (Template, _) = template(tx, &given).map_err(|refusal| with(&group, refusal))?;
        let same = group.template.as_ref().is_some_and(|one| one.id == wanted.id);
        tx.enforce("eks.node_group.update.template", same, || {
            let message = if group.template.is_none() {
                "Cannot update a node group that was made without a launch template to one."
            } else {
                "Not allowed to change the launch template of a node group, only its version."
            };
            with(&group, invalid(message))
        })?;
        image = data.data.get("ImageId").text().map(str::to_owned);
        let custom = group.ami_type == "CUSTOM";
        tx.enforce("eks.node_group.update.template", custom == image.is_some(), || {
            let message = "Cannot update a node group between a custom AMI and one of EKS's.";
            with(&group, invalid(message))
        })?;
        params.push(("LaunchTemplateName", wanted.name.clone()));
        params.push(("LaunchTemplateVersion", wanted.version.clone()));
        group.template = Some(wanted);
    }
    if let Some(image) = image {
        group.release = image;
    } else {
        // Without a version it is the cluster's, as EKS documents.
        let named_version = input.text("version");
        let wanted =
            named_version.unwrap_or(if input.has("launchTemplate") { &group.version } else { &cluster.version });
        check_version(tx, &cluster, wanted).map_err(|refusal| with(&group, refusal))?;
        let minor = |name: &str| super::version::find(name).map(|version| version.minor);
        tx.enforce("eks.node_group.update.back", minor(wanted) >= minor(&group.version), || {
            let message =
                format!("Requested Nodegroup version {wanted} is older than the current version {}.", group.version);
            with(&group, invalid(message))
        })?;
        let release = match (input.text("releaseVersion"), named_version) {
            // A new version of the launch template alone leaves the image.
            (None, None) if input.has("launchTemplate") => group.release.clone(),
            (named, _) => {
                nodes::release(tx, &group.ami_type, wanted, named).map_err(|refusal| with(&group, refusal))?
            }
        };
        params.push(("Version", wanted.to_owned()));
        params.push(("ReleaseVersion", release.clone()));
        group.version = wanted.to_owned();
        group.release = release;
    }
    Ok(begin(tx, group, "VersionUpdate", "eks.node_group.version", params))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::eks::fixture::Ground;

    const GROUP: &str = "/clusters/c/node-groups/general";

    #[tokio::test(start_paused = true)]
    async fn sizes_labels_and_taints_change_and_instances_follow() {
        let ground = Ground::calm().await;
        ground.made("c").await;
        ground.with_nodes("c", "general").await;
        let client = &ground.client;
        let asked = json!({
            "scalingConfig": {"minSize": 1, "desiredSize": 3, "maxSize": 4},
            "labels": {"addOrUpdateLabels": {"workload": "general"}},
            "taints": {"addOrUpdateTaints": [{"key": "a", "value": "b", "effect": "NO_SCHEDULE"}]},
        });
        client.eks("POST", &format!("{GROUP}/update-config"), Some(asked.clone())).await;
        let message = "Nodegroup cannot be updated as it is currently not in Active State";
        client
            .eks_refuses("POST", &format!("{GROUP}/update-config"), Some(asked), "ResourceInUseException", message)
            .await;
        client.wait(2 * 60);
        let group = client.eks("GET", GROUP, None).await["nodegroup"].clone();
        assert_eq!((&group["status"], &group["labels"]), (&json!("ACTIVE"), &json!({"workload": "general"})));
        assert_eq!(group["taints"], json!([{"key": "a", "value": "b", "effect": "NO_SCHEDULE"}]));
        let filter = [("Filter.1.Name", "instance-state-name"), ("Filter.1.Value.1", "running")];
        assert_eq!(client.ec2("DescribeInstances", &filter).await.all("instanceId").len(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn nodes_follow_their_cluster_and_never_lead_it() {
        let ground = Ground::calm().await;
        ground.made("c").await;
        ground.with_nodes("c", "general").await;
        let client = &ground.client;
        let ahead =
            client.rest("eks", "POST", &format!("{GROUP}/update-version"), Some(json!({"version": "1.35"}))).await;
        assert_eq!((ahead.status, ahead.code.as_str()), (400, "InvalidParameterException"));
        client.eks("POST", "/clusters/c/updates", Some(json!({"version": "1.35"}))).await;
        client.wait(16 * 60);
        let running = [("Filter.1.Name", "instance-state-name"), ("Filter.1.Value.1", "running")];
        let before = client.ec2("DescribeInstances", &running).await.all("instanceId");
        let begun = client.eks("POST", &format!("{GROUP}/update-version"), Some(json!({}))).await;
        assert_eq!(begun["update"]["type"], "VersionUpdate");
        client.wait(20 * 60);
        let group = client.eks("GET", GROUP, None).await["nodegroup"].clone();
        assert_eq!((&group["status"], &group["version"]), (&json!("ACTIVE"), &json!("1.35")));
        let after = client.ec2("DescribeInstances", &running).await.all("instanceId");
        assert_eq!(after.len(), 2);
        assert!(after.iter().all(|id| !before.contains(id)));
    }
}
