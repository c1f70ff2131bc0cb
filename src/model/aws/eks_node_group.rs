//! `aws_eks_node_group`: <https://docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html>

use std::collections::{BTreeMap, BTreeSet};

use super::form;
use super::instance_type::{InstanceType, is_arm};
use super::{AutoscalingGroup, EksCluster, IamRole, LaunchTemplate, Subnet, trust, way_out};
use crate::check::{Findings, Part, View};
use crate::transition::{Becoming, Impossible, is_earlier};
use crate::{Arn, Computed, Expression, Handle, Id, Name, Tags, Value, words};

words! {
    /// What nodes cost and whether AWS may take them back.
    pub enum CapacityType {
        /// At the listed price, until given back.
        OnDemand = "ON_DEMAND",
        /// Cheaper, and AWS may take them back.
        Spot = "SPOT",
    }
}

words! {
    /// The image that EKS starts nodes from.
    pub enum AmiType {
        /// Amazon Linux 2023.
        Al2023X8664Standard = "AL2023_x86_64_STANDARD",
        /// Amazon Linux 2023 for ARM.
        Al2023Arm64Standard = "AL2023_ARM_64_STANDARD",
        /// Bottlerocket.
        BottlerocketX8664 = "BOTTLEROCKET_x86_64",
        /// Bottlerocket for ARM.
        BottlerocketArm64 = "BOTTLEROCKET_ARM_64",
        /// The launch template's own.
        Custom = "CUSTOM",
    }
}

words! {
    /// What a taint does to pods that don't tolerate it.
    pub enum TaintEffect {
        /// They are not scheduled there.
        NoSchedule = "NO_SCHEDULE",
        /// They are not scheduled there, and those that run there are evicted.
        NoExecute = "NO_EXECUTE",
        /// They are scheduled elsewhere where possible.
        PreferNoSchedule = "PREFER_NO_SCHEDULE",
    }
}

/// Nodes of one kind that EKS starts, updates and drains.
///
/// ```
/// # use fathuss_model::{aws::{policy::*, *}, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let range: Ipv4Net = "10.0.0.0/16".parse()?;
/// # let vpc = stack.add("main", Vpc::new(range));
/// # let mut subnets = Vec::new();
/// # for (at, zone) in (0..).zip(["us-east-1a", "us-east-1b"]) {
/// #     let subnet = Subnet::new(&vpc, range.subnet(24, at)?).availability_zone(zone);
/// #     subnets.push(stack.add(("private", zone), subnet));
/// # }
/// # let trust = Policy::new([Statement::assume_role(Principal::service("eks.amazonaws.com"))]);
/// # let role = stack.add("cluster", IamRole::new(trust));
/// # let cluster = stack.add("main", EksCluster::new("main", &role, ClusterVpcConfig::new(&subnets)));
/// # let trust = Policy::new([Statement::assume_role(Principal::service("ec2.amazonaws.com"))]);
/// # let role = stack.add("node", IamRole::new(trust));
/// # let template = stack.add("nodes", LaunchTemplate::new().metadata_options(MetadataOptions::v2_only()));
/// let policies = ["AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryPullOnly"];
/// let permitted = policies.map(|name| {
///     stack.add(("node", name), IamRolePolicyAttachment::new(&role, IamPolicy::of_aws(name)))
/// });
/// let nodes = EksNodeGroup::new(&cluster, &role, &subnets, ScalingConfig::between(1, 2, 10))
///     // Upgraded behind the control plane and the addons.
///     .version(cluster.version())
///     .instance_types([InstanceType::T3Medium, InstanceType::T3Large])
///     .capacity_type(CapacityType::Spot)
///     .labels([("node-type", "spot")])
///     .taint([Taint::new("spot", TaintEffect::NoSchedule).value("true")])
///     .launched_with(&template)
///     .update_config(UpdateConfig::new().max_unavailable(1));
/// // A node that may do nothing never becomes ready.
/// stack.add("spot", nodes.depends_on_all(&permitted));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(type = "aws_eks_node_group", service = "eks", creation = Token, create_seconds = 180, delete_seconds = 180, check = check, waits = waits, transition = transition, updates_after = "aws_eks_addon", rolling)]
pub struct EksNodeGroup {
    /// The cluster.
    #[field(replace)]
    cluster_name: Value<Name<EksCluster>>,
    /// The role that nodes act with.
    #[field(replace)]
    node_role_arn: Value<Arn<IamRole>>,
    /// The subnets that nodes stand in.
    #[field(replace, set, min_length = 1)]
    subnet_ids: Value<Vec<Id<Subnet>>>,
    /// How many nodes.
    #[field(update_seconds = 60)]
    scaling_config: Value<ScalingConfig>,
    /// The name, unique in the cluster.
    #[field(
        replace,
        computed,
        named,
        min_length = 1,
        max_length = 63,
        form = form::EKS_NAME
    )]
    node_group_name: Option<Value<String>>,
    /// The sizes, the preferred one first.
    #[field(replace, computed, max_length = 20)]
    instance_types: Option<Value<Vec<InstanceType>>>,
    /// What nodes cost and whether AWS may take them back.
    #[field(replace, default = "\"ON_DEMAND\"")]
    capacity_type: Option<Value<CapacityType>>,
    /// The image.
    #[field(replace, computed)]
    ami_type: Option<Value<AmiType>>,
    /// The root volume in GiB, where no launch template says it.
    #[field(replace, computed, min = 1)]
    disk_size: Option<Value<i64>>,
    /// The Kubernetes version; the cluster's where none is given.
    #[field(computed, form = form::KUBERNETES_VERSION, update_seconds = 420)]
    version: Option<Value<String>>,
    /// The image's version; the newest where none is given.
    #[field(computed, form = form::IMAGE_RELEASE, update_seconds = 420)]
    release_version: Option<Value<String>>,
    /// Kubernetes labels.
    #[field(default = "{}", update_seconds = 25)]
    labels: Option<Value<BTreeMap<String, String>>>,
    /// Kubernetes taints.
    #[field(set, default = "[]", max_length = 50, update_seconds = 25)]
    taint: Option<Value<Vec<Taint>>>,
    /// What instances are launched with; another template is another group, another version is rolled out.
    #[field(replace_presence, update_seconds = 420)]
    launch_template: Option<Value<NodeGroupLaunchTemplate>>,
    /// How many nodes an update may take away at a time.
    #[field(computed, update_seconds = 25)]
    update_config: Option<Value<UpdateConfig>>,
    /// Tags of the group; they reach neither its instances nor its Auto Scaling group.
    tags: Option<Value<Tags>>,
    /// Cluster and name with a colon between.
    id: Computed<Id<EksNodeGroup>>,
    /// The ARN.
    arn: Computed<Arn<EksNodeGroup>>,
    /// What EKS made for it.
    resources: Computed<NodeGroupResources>,
    /// `ACTIVE` once its nodes are there.
    status: Computed<String>,
}

/// How many nodes a group has.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct ScalingConfig {
    /// Fewest.
    #[field(min = 0)]
    min_size: Value<i64>,
    /// How many to begin with; the autoscaler's afterwards.
    #[field(min = 0, ignored_after_creation)]
    desired_size: Value<i64>,
    /// Most.
    #[field(min = 1)]
    max_size: Value<i64>,
}

/// A Kubernetes taint.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct Taint {
    /// Its key.
    #[field(min_length = 1, max_length = 63)]
    key: Value<String>,
    /// What it does.
    effect: Value<TaintEffect>,
    /// Its value.
    #[field(max_length = 63)]
    value: Option<Value<String>>,
}

/// The launch template of a node group.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct NodeGroupLaunchTemplate {
    /// Which template.
    #[field(replace)]
    id: Value<Id<LaunchTemplate>>,
    /// Which version of it.
    version: Value<String>,
    /// The template's name.
    name: Computed<String>,
}

/// How many nodes an update may take away at a time: a number or a share, not both.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct UpdateConfig {
    /// That many.
    #[field(min = 1, max = 100)]
    max_unavailable: Option<Value<i64>>,
    /// That share of them, in percent.
    #[field(min = 1, max = 100)]
    max_unavailable_percentage: Option<Value<i64>>,
}

/// What EKS made for a node group.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct NodeGroupResources {
    /// The Auto Scaling groups.
    autoscaling_groups: Computed<Vec<NodeGroupAutoscalingGroup>>,
    /// The security group for remote access, where there is one.
    remote_access_security_group_id: Computed<String>,
}

/// An Auto Scaling group that EKS made.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct NodeGroupAutoscalingGroup {
    /// Its name.
    name: Computed<String>,
}

impl Handle<EksNodeGroup> {
    /// The name of the Auto Scaling group that EKS made for it.
    #[must_use]
    pub fn autoscaling_group_name(&self) -> Value<Name<AutoscalingGroup>> {
        self.attribute("resources.autoscaling_groups.0.name")
    }
}

impl ScalingConfig {
    /// From `min` to `max` nodes, `desired` to begin with.
    #[must_use]
    pub fn between(min: i64, desired: i64, max: i64) -> Self {
        Self::new(min, desired, max)
    }
}

impl EksNodeGroup {
    /// Launched with the newest version of a template.
    #[must_use]
    pub fn launched_with(self, template: &crate::Handle<LaunchTemplate>) -> Self {
        self.launch_template(NodeGroupLaunchTemplate::new(template, template.latest_version()))
    }
}

/// A node that can pull nothing never becomes ready.
fn waits<'a>(group: &View<'a>) -> Vec<View<'a>> {
    way_out::machine(&group.follow_all("subnet_ids").unwrap_or_default(), None)
}

/// The root volume of Amazon Linux's images for EKS, in GiB.
const LEAST_ROOT: i64 = 20;

fn check(group: &View<'_>, findings: &mut Findings<'_>) {
    let size = |field: &str| group.integer(&format!("scaling_config.{field}"));
    if let (Some(min), Some(desired), Some(max)) = (size("min_size"), size("desired_size"), size("max_size"))
        && !(min <= desired && desired <= max)
    {
        findings.refuse(format!("{desired} nodes do not lie between {min} and {max}"));
    }
    if group.gives("update_config.max_unavailable") && group.gives("update_config.max_unavailable_percentage") {
        findings.refuse("`update_config` takes a number or a percentage, not both");
    }
    check_template(group, findings);
    check_image(group, findings);
    check_sizes(group, findings);
    check_root(group, findings);
    check_labels(group, findings);
    trust::check(group, "node_role_arn", "ec2", findings);
    let earlier = group.earlier_siblings().find(|other| {
        let name = group.text("node_group_name");
        name.is_some()
            && other.text("node_group_name") == name
            && other.node().fields.get("cluster_name") == group.node().fields.get("cluster_name")
    });
    if let Some(other) = earlier {
        findings.refuse(format!("{} has the same name in the same cluster", other.named()));
    }
}

/// <https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set>
fn check_labels(group: &View<'_>, findings: &mut Findings<'_>) {
    let labels = group.literal("labels").and_then(crate::Datum::as_map).into_iter().flatten();
    let labels = labels.filter_map(|(key, value)| Some(("labels", key.as_str(), value.as_str()?)));
    let taints = group.part("taint").map(Part::items).unwrap_or_default();
    let taints = taints
        .into_iter()
        .filter_map(|taint| Some(("taint", taint.text("key")?, taint.text("value").unwrap_or_default())));
    for (field, key, value) in labels.chain(taints) {
        let (domain, name) = match key.split_once('/') {
            Some((domain, name)) => (Some(domain), name),
            None => (None, key),
        };
        if let Some(domain) = domain.filter(|domain| domain.len() > 253 || !form::LABEL_DOMAIN.fits(domain)) {
            findings.refuse(format!("`{field}` has {key}, and {domain:?} is no domain: {}", form::LABEL_DOMAIN.words));
        }
        if field == "labels" && domain.is_some_and(|domain| is_kept(domain, name)) {
            findings.refuse(format!(
                "`labels` has {key}: nodes may not give themselves labels of kubernetes.io, k8s.io and \
                 eks.amazonaws.com; choose another prefix"
            ));
        }
        if name.is_empty() || !form::LABEL.fits(name) || !form::LABEL.fits(value) {
            findings.refuse(format!("`{field}` has {key}={value}: {}", form::LABEL.words));
        }
    }
}

/// Whether nodes may not give themselves a label: Kubernetes keeps all of its own but a few, and EKS keeps its own:
/// <https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction>,
/// <https://github.com/aws/containers-roadmap/issues/1451>
fn is_kept(domain: &str, name: &str) -> bool {
    let within = |home: &str| domain == home || domain.strip_suffix(home).is_some_and(|rest| rest.ends_with('.'));
    let free = ["kubelet.kubernetes.io", "node.kubernetes.io", "beta.kubernetes.io", "topology.kubernetes.io"];
    let well_known = domain == "kubernetes.io" && ["arch", "hostname", "os"].contains(&name);
    ["kubernetes.io", "k8s.io", "eks.amazonaws.com"].into_iter().any(within)
        && !free.into_iter().any(within)
        && !well_known
}

/// Nodes are no newer than their cluster, and their image is for the processors of their sizes:
/// <https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html>
fn check_image(group: &View<'_>, findings: &mut Findings<'_>) {
    let minor = |view: &View<'_>| view.text("version")?.strip_prefix("1.")?.parse::<u32>().ok();
    let cluster = group.follow("cluster_name");
    if let (Some(nodes), Some(cluster)) = (minor(group), cluster)
        && let Some(control) = minor(&cluster)
        && nodes > control
    {
        findings.refuse(format!("nodes of 1.{nodes} are newer than {}, which is at 1.{control}", cluster.named()));
    }
    let Some(image) = group.text("ami_type").filter(|image| *image != AmiType::Custom.word()) else { return };
    let arm = image.contains("ARM");
    for size in sizes(group) {
        if is_arm(size) != arm {
            findings.refuse(format!("`ami_type` {image} is not for {size}, whose processor is another"));
        }
    }
}

/// The sizes that are written in place.
fn sizes<'a>(group: &View<'a>) -> Vec<&'a str> {
    let sizes = group.part("instance_types").map(Part::items).unwrap_or_default();
    sizes.into_iter().filter_map(|size| size.literal()?.as_str()).collect()
}

/// Each size is named once, and one image is for all of them:
/// <https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_LaunchTemplateOverrides.html>
fn check_sizes(group: &View<'_>, findings: &mut Findings<'_>) {
    let sizes = sizes(group);
    let mut known = BTreeSet::new();
    for size in &sizes {
        if !known.insert(size) {
            findings.refuse(format!("`instance_types` names {size} twice"));
        }
    }
    // Where the image is said, what is not for it is refused one by one.
    let said = group.gives("ami_type") && group.text("ami_type") != Some(AmiType::Custom.word());
    let other = sizes.first().and_then(|first| sizes.iter().find(|size| is_arm(size) != is_arm(first)));
    if let (Some(first), Some(other)) = (sizes.first(), other)
        && !said
    {
        findings.refuse(format!("no image is for both {first} and {other}, whose processors differ: make two groups"));
    }
}

/// A volume is no smaller than the snapshot it begins as, and Amazon Linux's for EKS has 20 GiB:
/// <https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html>
fn check_root(group: &View<'_>, findings: &mut Findings<'_>) {
    let linux = match group.part("ami_type") {
        None => true,
        Some(_) => group.text("ami_type").is_some_and(|image| image.starts_with("AL2")),
    };
    if !linux {
        return;
    }
    if !group.gives("launch_template") {
        if let Some(size) = group.integer("disk_size").filter(|size| *size < LEAST_ROOT) {
            findings.refuse(format!("`disk_size` is {size}; the image of Amazon Linux has {LEAST_ROOT} GiB"));
        }
        return;
    }
    let Some(template) = group.follow("launch_template.id") else { return };
    if template.gives("image_id") || !is_newest(group, &template) {
        return;
    }
    for mapping in template.part("block_device_mappings").map(Part::items).unwrap_or_default() {
        let size = mapping.integer("ebs.volume_size").filter(|size| *size < LEAST_ROOT);
        if let (Some("/dev/xvda"), Some(size)) = (mapping.text("device_name"), size) {
            findings.refuse(format!(
                "{} has a root volume of {size} GiB; the image of Amazon Linux has {LEAST_ROOT}",
                template.named()
            ));
        }
    }
}

/// Whether a group has the version of its template that is declared.
fn is_newest(group: &View<'_>, template: &View<'_>) -> bool {
    // The version is a number, which is made a text.
    let Some(Part::Expression(Expression::Template(texts))) = group.part("launch_template.version") else {
        return false;
    };
    matches!(texts.as_slice(), [Expression::Reference(version)]
        if version.address == template.node().address && version.attribute == "latest_version")
}

/// What a template may not say for a node group:
/// <https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html>
fn check_template(group: &View<'_>, findings: &mut Findings<'_>) {
    if !group.gives("launch_template") {
        return;
    }
    if group.gives("disk_size") {
        findings.refuse("`disk_size` and a launch template exclude each other: give the template a root volume");
    }
    let Some(template) = group.follow("launch_template.id") else { return };
    if group.gives("instance_types") && template.gives("instance_type") {
        findings.refuse(format!("{} says the instance type, too; say it in one of them", template.named()));
    }
    if template.gives("iam_instance_profile") {
        let template = template.named();
        findings.refuse(format!("{template} names an instance profile; EKS makes one from `node_role_arn`"));
    }
    if template.gives("image_id") && group.gives("ami_type") {
        findings.refuse(format!("{} says the image, so `ami_type` is left out", template.named()));
    }
}

/// <https://docs.aws.amazon.com/eks/latest/userguide/update-managed-node-group.html>
fn transition(group: &Becoming<'_>) -> Result<(), Impossible> {
    match (group.version("version"), group.text("version")) {
        (Some((is, wanted)), Some((text, target))) if is_earlier(&wanted, &is) => Err(Impossible {
            field: "version",
            reason: format!("The nodes are at {text}, and EKS takes no group back to {target}."),
            next: format!("write {text}, or make another group"),
        }),
        _ => Ok(()),
    }
}
