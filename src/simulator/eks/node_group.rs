//! Managed node groups.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::auto_scaling_group::AutoScalingGroup;
use super::cluster::{self, Cluster};
use super::listing::named;
use super::tags::{self, Tags};
use super::update::{self, Target};
use super::{
    Issue, access_entry, addon, arn, health, in_use, invalid, missing, node_group_settings, node_health, node_template,
    nodes,
};
use crate::autoscaling::scaling_policy;
use crate::ec2::subnet::Subnet;
use crate::iam::instance_profile::InstanceProfile;
use crate::iam::role::Role;
use crate::iam::service_linked_role;
use crate::iam::trust::{self, Flaw};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Handler, Span, Transition};
use crate::value::Value;
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("CreateNodegroup", create),
    ("DescribeNodegroup", describe),
    ("ListNodegroups", list),
    ("DeleteNodegroup", delete),
];

pub(super) const SPANS: &[Span] = &[
    Span::new("eks.node_group.create", 120.0, 240.0),
    Span::new("eks.node_group.join", 45.0, 90.0),
    // How long EKS waits for nodes that never come.
    Span::new("eks.node_group.give_up", 1200.0, 1500.0),
    Span::new("eks.node_group.delete", 120.0, 240.0),
];

pub(super) const TRANSITIONS: &[(&str, Transition)] = &[
    ("eks.node_group.launched", |tx, pending| launched(tx, &pending.subject)),
    ("eks.node_group.not_launched", |tx, pending| not_launched(tx, &pending.subject)),
    ("eks.node_group.active", |tx, pending| joined(tx, &pending.subject)),
    ("eks.node_group.failed", |tx, pending| gave_up(tx, &pending.subject)),
    ("eks.node_group.drained", |tx, pending| drained(tx, &pending.subject)),
    ("eks.node_group.deleted", |tx, pending| gone(tx, &pending.subject)),
];

const CREATE: &str = "https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html";
const TEMPLATE: &str = "https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html";
const ROLE: &str = "https://docs.aws.amazon.com/eks/latest/userguide/create-node-role.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("eks.node_group.name", "a name has at most 63 letters, digits, - and _, a letter or digit first", CREATE),
    Rule::new("eks.node_group.name.taken", "a node group's name is unique in its cluster", CREATE),
    Rule::new(
        "eks.node_group.quota",
        "a cluster has at most 30 node groups",
        "https://docs.aws.amazon.com/eks/latest/userguide/service-quotas.html",
    ),
    Rule::new("eks.node_group.role.exists", "the nodes' role exists and has reached EKS", ROLE),
    Rule::new("eks.node_group.role.trust", "the nodes' role trusts ec2.amazonaws.com", ROLE),
    Rule::new("eks.node_group.role.policy", "nodes without EKS's policy never join", ROLE),
    Rule::new("eks.node_group.network", "nodes of a cluster without vpc-cni never get ready", ROLE),
    Rule::new("eks.node_group.subnets", "nodes stand in subnets of the cluster's VPC", CREATE),
    Rule::new(
        "eks.node_group.scaling",
        "the least is not above the desired size, and that not above the most",
        "https://docs.aws.amazon.com/eks/latest/APIReference/API_NodegroupScalingConfig.html",
    ),
    Rule::new("eks.node_group.instance_types", "nodes are of types that exist and fit their image", CREATE),
    Rule::new("eks.node_group.disk", "a node's disk has at least 1 GiB", CREATE),
    Rule::new("eks.node_group.template", "what a launch template says is not said twice", TEMPLATE),
    Rule::new("eks.node_group.version", "nodes are of the cluster's version, or up to three behind", CREATE),
    Rule::new(
        "eks.node_group.labels",
        "a node group has at most 50 labels, of Kubernetes's syntax; kubernetes.io, k8s.io and eks.amazonaws.com are \
         reserved",
        "https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html#AmazonEKS-CreateNodegroup-request-labels",
    ),
    Rule::new(
        "eks.node_group.taints",
        "a node group has at most 50 taints, of Kubernetes's syntax and each once",
        "https://docs.aws.amazon.com/eks/latest/userguide/node-taints-managed-node-groups.html",
    ),
    Rule::new(
        "eks.node_group.update_config",
        "nodes unavailable at once are a number or a percentage",
        "https://docs.aws.amazon.com/eks/latest/APIReference/API_NodegroupUpdateConfig.html",
    ),
    Rule::new(
        "eks.node_group.delete.status",
        "a node group that goes already, or is updated, is not deleted",
        "https://docs.aws.amazon.com/eks/latest/APIReference/API_DeleteNodegroup.html",
    ),
];

/// A node group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeGroup {
    /// The cluster's name.
    pub cluster: String,
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it changed last.
    pub modified: Timestamp,
    /// `CREATING`, `ACTIVE`, `UPDATING`, `DELETING`, `CREATE_FAILED` or `DEGRADED`.
    pub status: String,
    /// The nodes' Kubernetes version.
    pub version: String,
    /// The release of their image; the image's id where it is the launch template's.
    pub release: String,
    /// The kind of their image.
    pub ami_type: String,
    /// `ON_DEMAND` or `SPOT`.
    pub capacity: String,
    /// Their types; none where the launch template has it.
    pub types: Vec<String>,
    /// Where they stand.
    pub subnets: Vec<String>,
    /// The role they act with.
    pub role: String,
    /// Their labels.
    pub labels: Tags,
    /// Their taints.
    pub taints: Vec<Taint>,
    /// How many there are.
    pub scaling: Scaling,
    /// Their disks' size in GiB, where no launch template has it.
    pub disk: Option<i64>,
    /// The user's template that they are made from.
    pub template: Option<Template>,
    /// EKS's own template, which they are launched from.
    #[serde(default)]
    pub launched_from: Option<Template>,
    /// How they are replaced.
    pub replacing: Replacing,
    /// Whether EKS replaces sick ones.
    pub repair: bool,
    /// Its Auto Scaling group.
    pub group: String,
    /// The name of the instance profile that EKS made for the role.
    pub profile: String,
    /// What is wrong with it.
    pub issues: Vec<Issue>,
    /// Its tags.
    pub tags: Tags,
}

/// How many nodes there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scaling {
    /// At least.
    pub min: i64,
    /// At most.
    pub max: i64,
    /// Now.
    pub desired: i64,
}

/// A taint of nodes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Taint {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: Option<String>,
    /// `NO_SCHEDULE`, `NO_EXECUTE` or `PREFER_NO_SCHEDULE`.
    pub effect: String,
}

/// A version of a launch template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// The template's id.
    pub id: String,
    /// The template's name.
    pub name: String,
    /// The version's number.
    pub version: String,
}

/// How many nodes are replaced at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replacing {
    /// A number of them.
    pub number: Option<i64>,
    /// A percentage of them.
    pub percentage: Option<i64>,
    /// `DEFAULT` or `MINIMAL`.
    pub strategy: Option<String>,
}

impl Row for NodeGroup {
    const TABLE: &'static str = "eks.node_group";
    fn id(&self) -> String {
        format!("{}/{}", self.cluster, self.name)
    }
}

impl NodeGroup {
    /// The node group of that name.
    ///
    /// # Errors
    /// When there is none.
    pub fn find(tx: &Tx<'_>, cluster: &str, name: &str) -> Result<NodeGroup, Refusal> {
        tx.get::<NodeGroup>(&format!("{cluster}/{name}")).cloned().ok_or_else(|| {
            let message = format!("No node group found for name: {name}.");
            missing(message).member("clusterName", cluster).member("nodegroupName", name)
        })
    }

    fn view(&self, tx: &Tx<'_>) -> Value {
        let issues = node_health::issues(tx, self);
        let status = match self.status.as_str() {
            "ACTIVE" | "DEGRADED" if issues.is_empty() => "ACTIVE",
            "ACTIVE" | "DEGRADED" => "DEGRADED",
            other => other,
        };
        let taints = self.taints.iter().map(|taint| {
            record! { "key" => &taint.key, "value" => taint.value.as_ref(), "effect" => &taint.effect }
        });
        let taints: Vec<Value> = taints.collect();
        let template = self.template.as_ref();
        record! {
            "nodegroupName" => &self.name,
            "nodegroupArn" => &self.arn,
            "clusterName" => &self.cluster,
            "version" => &self.version,
            "releaseVersion" => &self.release,
            "createdAt" => self.created,
            "modifiedAt" => self.modified,
            "status" => status,
            "capacityType" => &self.capacity,
            "scalingConfig" => record! {
                "minSize" => self.scaling.min,
                "maxSize" => self.scaling.max,
                "desiredSize" => self.scaling.desired,
            },
            "instanceTypes" => (!self.types.is_empty()).then(|| Value::from(&self.types)),
            "subnets" => &self.subnets,
            "amiType" => &self.ami_type,
            "nodeRole" => &self.role,
            "labels" => tags::view(&self.labels),
            "taints" => (!taints.is_empty()).then_some(taints),
            "resources" => if self.status == "CREATING" && self.group.is_empty() {
                Value::Absent
            } else {
                record! { "autoScalingGroups" => vec![record! { "name" => &self.group }] }
            },
            "diskSize" => self.disk,
            "health" => health(&issues),
            "updateConfig" => record! {
                "maxUnavailable" => self.replacing.number,
                "maxUnavailablePercentage" => self.replacing.percentage,
                "updateStrategy" => self.replacing.strategy.as_ref(),
            },
            "nodeRepairConfig" => record! { "enabled" => self.repair },
            "launchTemplate" => template.map(|template| {
                record! { "name" => &template.name, "version" => &template.version, "id" => &template.id }
            }),
            "tags" => tags::view(&self.tags),
        }
    }
}

/// Whether a cluster has a node that pods can run on.
#[must_use]
pub(super) fn any_ready(tx: &Tx<'_>, cluster: &str) -> bool {
    tx.rows_under::<NodeGroup>(&format!("{cluster}/"))
        .any(|group| matches!(group.status.as_str(), "ACTIVE" | "UPDATING") && group.scaling.desired > 0)
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let cluster = cluster::active(tx, input.required("clusterName"))?;
    let name = input.required("nodegroupName");
    let with = |refusal: Refusal| refusal.member("clusterName", cluster.name.as_str()).member("nodegroupName", name);
    let sound = name.len() <= 63
        && name.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric())
        && name.bytes().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'_'));
    tx.enforce("eks.node_group.name", sound, || {
        with(invalid(
            "The nodegroup name can't be longer than 63 characters, must start with a letter or digit, and can \
             otherwise have hyphens and underscores only.",
        ))
    })?;
    let taken = tx.get::<NodeGroup>(&format!("{}/{name}", cluster.name)).is_some();
    tx.enforce("eks.node_group.name.taken", !taken, || {
        with(in_use(format!("NodeGroup already exists with name {name} and cluster name {}", cluster.name)))
    })?;
    let limit = tx.quota("eks.node_groups");
    let have = tx.rows_under::<NodeGroup>(&format!("{}/", cluster.name)).count();
    tx.enforce("eks.node_group.quota", i64::try_from(have).unwrap_or(i64::MAX) < limit, || {
        let message = format!("maximum of {limit} nodegroups for cluster {}", cluster.name);
        with(Refusal::new("ResourceLimitExceededException", message))
    })?;
    let role = check_role(tx, input.required("nodeRole")).map_err(with)?;
    let subnets = check_subnets(tx, &cluster, input).map_err(with)?;
    let scaling = node_group_settings::scaling(tx, input, None).map_err(with)?;
    let template = match input.record("launchTemplate") {
        Some(given) => Some(node_group_settings::template(tx, &given).map_err(with)?),
        None => None,
    };
    let says = node_group_settings::Said::of(template.as_ref().map(|(_, version)| &version.data), input);
    says.check(tx).map_err(with)?;
    let ami_type = says.ami_type(input);
    node_group_settings::check_types(tx, &says.types, &ami_type).map_err(with)?;
    let wanted = input.text("version").unwrap_or(&cluster.version);
    node_group_settings::check_version(tx, &cluster, wanted).map_err(with)?;
    let release = match &says.image {
        Some(image) => image.clone(),
        None => nodes::release(tx, &ami_type, wanted, input.text("releaseVersion")).map_err(with)?,
    };
    let labels = node_group_settings::labels(tx, input.whole("labels")).map_err(with)?;
    node_group_settings::check_labels(tx, &labels).map_err(with)?;
    let disk = match template {
        Some(_) => None,
        None => Some(node_group_settings::disk(tx, input).map_err(with)?),
    };
    let taints = node_group_settings::taints(tx, &input.records("taints")).map_err(with)?;
    let replacing = node_group_settings::replacing(tx, input).map_err(with)?;
    let tags = tags::read(tx, input)?;
    let _ = input.text("clientRequestToken");

    let id = tx.uuid();
    let profile = make_profile(tx, &role);
    let group = NodeGroup {
        cluster: cluster.name.clone(),
        name: name.to_owned(),
        arn: arn(tx, &format!("nodegroup/{}/{name}/{id}", cluster.name)),
        created: tx.now(),
        modified: tx.now(),
        status: "CREATING".to_owned(),
        version: wanted.to_owned(),
        release,
        ami_type,
        capacity: input.text("capacityType").unwrap_or("ON_DEMAND").to_owned(),
        types: says.types,
        subnets,
        role: role.arn,
        labels,
        taints,
        scaling,
        disk,
        template: template.map(|(template, _)| template),
        launched_from: None,
        replacing,
        repair: input.record("nodeRepairConfig").is_some_and(|one| one.flag("enabled")),
        group: format!("eks-{name}-{id}"),
        profile,
        issues: Vec::new(),
        tags,
    };
    if group.capacity == "CAPACITY_BLOCK" {
        return Err(Refusal::not_simulated("node groups of capacity blocks"));
    }
    for service in ["eks-nodegroup.amazonaws.com", "autoscaling.amazonaws.com"] {
        service_linked_role::ensure(tx, service);
    }
    if group.capacity == "SPOT" {
        service_linked_role::ensure(tx, "spot.amazonaws.com");
    }
    access_entry::admit_nodes(tx, &cluster, &group.role);
    let (row, view) = (group.id(), group.view(tx));
    tx.put(group);
    let wait = tx.draw("eks.node_group.create", &row);
    let launched = if tx.fails() { "eks.node_group.not_launched" } else { "eks.node_group.launched" };
    tx.after(wait / 3, launched, &row);
    tx.after(wait, "eks.node_group.active", &row);
    Ok(record! { "nodegroup" => view })
}

fn check_role(tx: &Tx<'_>, arn: &str) -> Result<Role, Refusal> {
    let name = trust::role_name(arn).unwrap_or(arn);
    let found = trust::role_for(tx, arn, "ec2.amazonaws.com");
    let refusal = || match &found {
        Err(Flaw::Malformed) => invalid(format!("The nodeRole {arn} is not the ARN of a role.")),
        Err(Flaw::Untrusting) => invalid(format!(
            "Following required service principals [ec2.amazonaws.com] were not found in the trust relationships of \
             nodeRole {arn}"
        )),
        _ => invalid(format!("The role with name {name} cannot be found.")),
    };
    match &found {
        Ok(role) => Ok(role.clone()),
        Err(Flaw::Unknown(key)) => Err(trust::unknown(key)),
        Err(Flaw::Untrusting) => {
            tx.enforce("eks.node_group.role.trust", false, refusal)?;
            trust::role(tx, arn).map_err(|_| refusal())
        }
        Err(_) => {
            tx.enforce("eks.node_group.role.exists", false, refusal)?;
            // With the rule off a role that is still on its way will do; one that is nowhere can't be used.
            tx.get::<Role>(&Role::id_of(name)).cloned().ok_or_else(refusal)
        }
    }
}

fn check_subnets(tx: &Tx<'_>, cluster: &Cluster, input: &Input<'_>) -> Result<Vec<String>, Refusal> {
    let mut subnets: Vec<String> = Vec::new();
    for id in input.texts("subnets") {
        let found = tx.get::<Subnet>(id);
        tx.enforce("eks.node_group.subnets", found.is_some(), || {
            invalid(format!("The subnet ID '{id}' does not exist"))
        })?;
        tx.enforce("eks.node_group.subnets", found.is_none_or(|subnet| subnet.vpc == cluster.vpc), || {
            invalid(format!("Subnet {id} is not in the VPC of the cluster, {}.", cluster.vpc))
        })?;
        if !subnets.iter().any(|known| known == id) {
            subnets.push(id.to_owned());
        }
    }
    tx.enforce("eks.node_group.subnets", !subnets.is_empty(), || invalid("Subnets cannot be empty."))?;
    Ok(subnets)
}

/// EKS wraps the nodes' role into an instance profile of its own.
fn make_profile(tx: &mut Tx<'_>, role: &Role) -> String {
    let name = format!("eks-{}", tx.uuid());
    let profile = InstanceProfile {
        name: name.clone(),
        path: "/".to_owned(),
        profile_id: format!("AIPA{}", tx.capitals(17)),
        arn: format!("arn:aws:iam::{}:instance-profile/{name}", tx.account()),
        created: tx.now(),
        role: Some(role.id()),
        tags: Tags::new(),
    };
    tx.put(profile);
    name
}

/// The Auto Scaling group is there and launches its instances.
fn launched(tx: &mut Tx<'_>, id: &str) {
    let Some(mut group) = tx.get::<NodeGroup>(id).cloned() else { return };
    match node_template::write(tx, &group) {
        Ok(template) => group.launched_from = Some(template),
        Err(refusal) => {
            let issue = node_health::of_launch(&group, &refusal);
            fail(tx, group, issue);
            return;
        }
    }
    tx.put(group.clone());
    tx.put(AutoScalingGroup {
        name: group.group.clone(),
        min: group.scaling.min,
        max: group.scaling.max,
        desired: group.scaling.desired,
        subnets: group.subnets.clone(),
        instances: Vec::new(),
        failing_since: None,
        tags: nodes::group_tags(&group),
        kept_back: BTreeSet::new(),
    });
    if let Err(issue) = nodes::scale(tx, &group) {
        fail(tx, group, issue);
    }
}

/// EC2 has no room for the group's instances.
fn not_launched(tx: &mut Tx<'_>, id: &str) {
    let Some(group) = tx.get::<NodeGroup>(id).cloned() else { return };
    let message = "Could not launch On-Demand Instances. InsufficientInstanceCapacity - We currently do not have \
                   sufficient capacity in the Availability Zone you requested. Our system will be working on \
                   provisioning additional capacity. Launching EC2 instance failed.";
    fail(tx, group, Issue::new("AsgInstanceLaunchFailures", message, Vec::new()));
}

/// A creation that comes to nothing does so late.
fn fail(tx: &mut Tx<'_>, mut group: NodeGroup, issue: Issue) {
    let id = group.id();
    group.issues.push(issue);
    tx.cancel("eks.node_group.active", &id);
    tx.put(group);
    tx.transition("eks.node_group.give_up", "eks.node_group.failed", &id);
}

fn joined(tx: &mut Tx<'_>, id: &str) {
    let Some(mut group) = tx.get::<NodeGroup>(id).cloned() else { return };
    let instances = tx.get::<AutoScalingGroup>(&group.group).map(|one| one.instances.clone()).unwrap_or_default();
    if let Some(why) = nodes::hindrance(tx, &group) {
        fail(tx, group, Issue::new(why.code, why.message, instances));
        return;
    }
    group.status = "ACTIVE".to_owned();
    group.modified = tx.now();
    let cluster = group.cluster.clone();
    tx.put(group);
    addon::nodes_came(tx, &cluster);
}

fn gave_up(tx: &mut Tx<'_>, id: &str) {
    let Some(mut group) = tx.get::<NodeGroup>(id).cloned() else { return };
    let again =
        nodes::hindrance(tx, &group).is_none() && group.issues.iter().all(|one| one.code == "NodeCreationFailure");
    // What was in the way can have gone while EKS waited.
    group.status = if again { "ACTIVE" } else { "CREATE_FAILED" }.to_owned();
    if again {
        group.issues.clear();
    }
    let cluster = group.cluster.clone();
    tx.put(group);
    if again {
        addon::nodes_came(tx, &cluster);
    }
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let cluster = cluster::find(tx, input.required("clusterName"))?;
    Ok(record! { "nodegroup" => NodeGroup::find(tx, &cluster.name, input.required("nodegroupName"))?.view(tx) })
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let cluster = cluster::find(tx, input.required("clusterName"))?;
    let under = format!("{}/", cluster.name);
    named(tx, input, "nodegroups", tx.rows_under::<NodeGroup>(&under).map(|group| &group.name))
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let cluster = cluster::find(tx, input.required("clusterName"))?;
    let mut group = NodeGroup::find(tx, &cluster.name, input.required("nodegroupName"))?;
    let settled = !matches!(group.status.as_str(), "DELETING" | "UPDATING");
    tx.enforce("eks.node_group.delete.status", settled, || {
        let message =
            format!("Nodegroup {} cannot be deleted as it is currently in {} state", group.name, group.status);
        in_use(message).member("clusterName", cluster.name.as_str()).member("nodegroupName", group.name.as_str())
    })?;
    let id = group.id();
    group.status = "DELETING".to_owned();
    let view = group.view(tx);
    tx.put(group);
    for kind in ["launched", "active", "failed"] {
        tx.cancel(&format!("eks.node_group.{kind}"), &id);
    }
    let wait = tx.draw("eks.node_group.delete", &id);
    tx.after(wait / 4, "eks.node_group.drained", &id);
    tx.after(wait, "eks.node_group.deleted", &id);
    Ok(record! { "nodegroup" => view })
}

fn drained(tx: &mut Tx<'_>, id: &str) {
    if let Some(group) = tx.get::<NodeGroup>(id).cloned() {
        nodes::end_all(tx, &group);
    }
}

fn gone(tx: &mut Tx<'_>, id: &str) {
    let Some(group) = tx.get::<NodeGroup>(id).cloned() else { return };
    tx.remove::<AutoScalingGroup>(&group.group);
    scaling_policy::forget(tx, &group.group);
    node_template::remove(tx, &group);
    tx.remove::<InstanceProfile>(&group.profile.to_lowercase());
    tx.remove::<NodeGroup>(id);
    let shared = tx.rows_under::<NodeGroup>(&format!("{}/", group.cluster)).any(|other| other.role == group.role);
    if !shared {
        access_entry::dismiss_nodes(tx, &group.cluster, &group.role);
    }
    update::forget(tx, &Target { cluster: &group.cluster, node_group: Some(&group.name), addon: None });
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::eks::fixture::Ground;

    #[tokio::test(start_paused = true)]
    async fn nodes_are_instances_of_an_auto_scaling_group_and_keep_the_cluster_alive() {
        let ground = Ground::calm().await;
        ground.made("c").await;
        let client = &ground.client;
        let made = client.eks("POST", "/clusters/c/node-groups", Some(ground.nodes("general"))).await;
        assert_eq!(made["nodegroup"]["status"], "CREATING");
        let message = "NodeGroup already exists with name general and cluster name c";
        client
            .eks_refuses(
                "POST",
                "/clusters/c/node-groups",
                Some(ground.nodes("general")),
                "ResourceInUseException",
                message,
            )
            .await;
        client.wait(6 * 60);
        let group = client.eks("GET", "/clusters/c/node-groups/general", None).await["nodegroup"].clone();
        assert_eq!((&group["status"], &group["health"]["issues"]), (&json!("ACTIVE"), &json!([])));
        assert_eq!(group["amiType"], "AL2023_x86_64_STANDARD");
        assert!(group["releaseVersion"].as_str().unwrap().starts_with("1.34."));
        let scaled = group["resources"]["autoScalingGroups"][0]["name"].as_str().unwrap();
        assert!(scaled.starts_with("eks-general-"));
        let filter = [("Filter.1.Name", "tag:eks:nodegroup-name"), ("Filter.1.Value.1", "general")];
        let instances = client.ec2("DescribeInstances", &filter).await;
        assert_eq!(instances.all("instanceType"), ["t3.medium"; 2]);
        let entries = client.eks("GET", "/clusters/c/access-entries", None).await;
        assert!(entries["accessEntries"].as_array().unwrap().contains(&json!(ground.node_role)));
        client
            .iam_refuses(
                "DeleteRole",
                &[("RoleName", "node")],
                "DeleteConflict",
                "Cannot delete entity, must remove roles from instance profile first.",
            )
            .await;
        let held = client.rest("eks", "DELETE", "/clusters/c", None).await;
        assert_eq!((held.status, held.message.as_str()), (409, "Cluster has nodegroups attached"));
        assert_eq!(held.json()["nodegroupName"], "general");

        client.eks("DELETE", "/clusters/c/node-groups/general", None).await;
        client.wait(6 * 60);
        let message = "No node group found for name: general.";
        client.eks_refuses("GET", "/clusters/c/node-groups/general", None, "ResourceNotFoundException", message).await;
        assert_eq!(client.ec2("DescribeInstances", &filter).await.all("name"), ["terminated"; 2]);
        client.eks("DELETE", "/clusters/c", None).await;
        client.wait(6 * 60);
        client.ec2("DeleteSubnet", &[("SubnetId", &ground.subnets[0])]).await;
    }

    #[tokio::test(start_paused = true)]
    async fn node_groups_that_eks_does_not_take_are_refused_in_its_words() {
        let ground = Ground::calm().await;
        ground.made("c").await;
        let client = &ground.client;
        let trusting = client.role("other", "eks.amazonaws.com").await;
        let cases = [
            (
                "/nodeRole",
                json!("arn:aws:iam::000000000000:role/none"),
                "The role with name none cannot be found.".to_owned(),
            ),
            (
                "/nodeRole",
                json!(trusting),
                format!(
                    "Following required service principals [ec2.amazonaws.com] were not found in the trust relationships of nodeRole {trusting}"
                ),
            ),
            (
                "/subnets",
                json!(["subnet-00000000000000000"]),
                "The subnet ID 'subnet-00000000000000000' does not exist".to_owned(),
            ),
            ("/scalingConfig/minSize", json!(3), "Minimum capacity 3 can't be greater than desired size 2".to_owned()),
            ("/scalingConfig/maxSize", json!(1), "Desired capacity 2 can't be greater than max size 1".to_owned()),
        ];
        for (at, value, message) in cases {
            let mut asked = ground.nodes("general");
            *asked.pointer_mut(at).unwrap() = value;
            client
                .eks_refuses("POST", "/clusters/c/node-groups", Some(asked), "InvalidParameterException", &message)
                .await;
        }
        let mut asked = ground.nodes("general");
        asked["instanceTypes"] = json!(["t4g.medium"]);
        let message = "[t4g.medium] is not a valid instance type for requested amiType AL2023_x86_64_STANDARD";
        client.eks_refuses("POST", "/clusters/c/node-groups", Some(asked), "InvalidParameterException", message).await;
        let mut asked = ground.nodes("general");
        asked["labels"] = json!({"kubernetes.io/role": "x"});
        let message = "Label cannot contain reserved prefixes [kubernetes.io/, k8s.io/, eks.amazonaws.com/]";
        client
            .eks_refuses("POST", "/clusters/c/node-groups", Some(asked.clone()), "InvalidParameterException", message)
            .await;
        assert!(client.simulator.switch("eks.node_group.labels", false));
        client.eks("POST", "/clusters/c/node-groups", Some(asked)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn nodes_that_may_not_join_fail_late_and_say_so() {
        let ground = Ground::calm().await;
        ground.made("c").await;
        let client = &ground.client;
        let policy = "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy";
        client.iam("DetachRolePolicy", &[("RoleName", "node"), ("PolicyArn", policy)]).await;
        let others = ["AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryPullOnly"];
        for other in others {
            let arn = format!("arn:aws:iam::aws:policy/{other}");
            client.iam("DetachRolePolicy", &[("RoleName", "node"), ("PolicyArn", &arn)]).await;
        }
        client.eks("POST", "/clusters/c/node-groups", Some(ground.nodes("general"))).await;
        client.wait(10 * 60);
        let path = "/clusters/c/node-groups/general";
        assert_eq!(client.eks("GET", path, None).await["nodegroup"]["status"], "CREATING");
        client.wait(30 * 60);
        let failed = client.eks("GET", path, None).await["nodegroup"].clone();
        assert_eq!(failed["status"], "CREATE_FAILED");
        assert_eq!(failed["health"]["issues"][0]["code"], "NodeCreationFailure");
    }

    #[tokio::test(start_paused = true)]
    async fn a_launch_template_says_things_once() {
        let ground = Ground::calm().await;
        ground.made("c").await;
        let client = &ground.client;
        let template = [
            ("LaunchTemplateName", "nodes"),
            ("LaunchTemplateData.InstanceType", "t3.large"),
            ("LaunchTemplateData.TagSpecification.1.ResourceType", "instance"),
            ("LaunchTemplateData.TagSpecification.1.Tag.1.Key", "Team"),
            ("LaunchTemplateData.TagSpecification.1.Tag.1.Value", "a"),
        ];
        let id = client.ec2("CreateLaunchTemplate", &template).await.one("launchTemplateId");
        let mut asked = ground.nodes("general");
        asked["launchTemplate"] = json!({"id": id, "version": "1"});
        asked["diskSize"] = json!(30);
        let message = "Disk size must be specified within the launch template.";
        client
            .eks_refuses("POST", "/clusters/c/node-groups", Some(asked.clone()), "InvalidParameterException", message)
            .await;
        asked.as_object_mut().unwrap().remove("diskSize");
        client.eks("POST", "/clusters/c/node-groups", Some(asked)).await;
        client.wait(6 * 60);
        let group = client.eks("GET", "/clusters/c/node-groups/general", None).await["nodegroup"].clone();
        assert_eq!(group["status"], "ACTIVE", "{group}");
        assert_eq!(group["launchTemplate"], json!({"id": id, "name": "nodes", "version": "1"}));
        let filter = [("Filter.1.Name", "tag:Team"), ("Filter.1.Value.1", "a")];
        assert_eq!(client.ec2("DescribeInstances", &filter).await.all("instanceType"), ["t3.large"; 2]);
    }
}
