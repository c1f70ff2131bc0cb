//! The instances of node groups.

use super::access_entry::AccessEntry;
use super::addon::Addon;
use super::auto_scaling_group::AutoScalingGroup;
use super::cluster::{self, Cluster};
use super::node_group::NodeGroup;
use super::tags::Tags;
use super::{Issue, invalid, node_health, node_template, version};
use crate::ec2::image::{self, Image};
use crate::ec2::instance::Instance;
use crate::ec2::instance_lifecycle;
use crate::ec2::volume::Volume;
use crate::ec2::{run_instances, tags};
use crate::iam::role::Role;
use crate::iam::trust;
use crate::record;
use crate::refusal::Refusal;
use crate::value::Value;
use crate::world::{Row, Tx};

/// The architecture of a kind of image; none for the template's own and those that are not simulated.
#[must_use]
pub(super) fn architecture(ami_type: &str) -> Option<&'static str> {
    match ami_type {
        "AL2023_x86_64_STANDARD" => Some("x86_64"),
        "AL2023_ARM_64_STANDARD" => Some("arm64"),
        _ => None,
    }
}

/// The date in an EKS image's name, if it is of this architecture and version.
fn stamp<'i>(image: &'i Image, architecture: &str, version: &str) -> Option<&'i str> {
    image.name.strip_prefix(&format!("amazon-eks-node-al2023-{architecture}-standard-{version}-v"))
}

/// The release that a request names, else the newest one.
pub(super) fn release(tx: &Tx<'_>, ami_type: &str, version: &str, named: Option<&str>) -> Result<String, Refusal> {
    let Some(architecture) = architecture(ami_type) else {
        return Err(Refusal::not_simulated(format!("nodes of the AMI type {ami_type}")));
    };
    let patch = version::find(version).map_or(0, |version| version.patch);
    let images = image::images(tx);
    let dates: Vec<&str> = images.iter().filter_map(|image| stamp(image, architecture, version)).collect();
    let of = |date: &&str| format!("{version}.{patch}-{date}");
    match named {
        None => dates.last().map(of).ok_or_else(|| Refusal::not_simulated(format!("nodes of Kubernetes {version}"))),
        Some(named) if dates.iter().any(|date| of(date) == named) => Ok(named.to_owned()),
        Some(named) => {
            Err(invalid(format!("Requested release version {named} is not valid for kubernetes version {version}.")))
        }
    }
}

/// The image that a node group's instances are launched from.
pub(super) fn image_of(tx: &Tx<'_>, group: &NodeGroup) -> Result<String, Refusal> {
    if group.ami_type == "CUSTOM" {
        return Ok(group.release.clone());
    }
    let date = group.release.rsplit('-').next().unwrap_or_default();
    let architecture = architecture(&group.ami_type).unwrap_or("x86_64");
    let images = image::images(tx);
    let found = images.iter().find(|image| stamp(image, architecture, &group.version) == Some(date));
    found.map(|image| image.id.clone()).ok_or_else(|| invalid(format!("no image has the release {}", group.release)))
}

/// The tags that EKS puts on a node group's Auto Scaling group: the node group's own are not among them.
#[must_use]
pub(super) fn group_tags(group: &NodeGroup) -> Tags {
    let cluster = &group.cluster;
    Tags::from_iter([
        ("eks:cluster-name".to_owned(), cluster.clone()),
        ("eks:nodegroup-name".to_owned(), group.name.clone()),
        ("k8s.io/cluster-autoscaler/enabled".to_owned(), "true".to_owned()),
        (format!("k8s.io/cluster-autoscaler/{cluster}"), "owned".to_owned()),
        (format!("kubernetes.io/cluster/{cluster}"), "owned".to_owned()),
    ])
}

/// Launches and ends instances until a group has as many that run as it is to have.
///
/// # Errors
/// When EC2 refuses one. The group tries again later by itself.
pub(super) fn scale(tx: &mut Tx<'_>, group: &NodeGroup) -> Result<(), Issue> {
    let Some(mut scaled) = tx.get::<AutoScalingGroup>(&group.group).cloned() else { return Ok(()) };
    scaled.min = group.scaling.min;
    scaled.max = group.scaling.max;
    scaled.desired = group.scaling.desired;
    scaled.subnets.clone_from(&group.subnets);
    scaled.drop_unhealthy(tx);
    let wanted = usize::try_from(group.scaling.desired).unwrap_or(0);
    while scaled.instances.len() > wanted {
        let oldest = scaled.instances.remove(0);
        if let Some(instance) = tx.get::<Instance>(&oldest).cloned() {
            instance_lifecycle::end(tx, &instance);
        }
    }
    let mut outcome = Ok(());
    while scaled.instances.len() < wanted {
        match launch(tx, group, &scaled.instances) {
            Ok(id) => scaled.instances.push(id),
            Err(refusal) => {
                outcome = Err(node_health::of_launch(group, &refusal));
                break;
            }
        }
    }
    match &outcome {
        Ok(()) => scaled.failing_since = None,
        Err(_) => scaled.failed(tx),
    }
    tx.put(scaled);
    outcome
}

/// Ends a node group's instances.
pub(super) fn end_all(tx: &mut Tx<'_>, group: &NodeGroup) {
    let Some(mut scaled) = tx.get::<AutoScalingGroup>(&group.group).cloned() else { return };
    for id in std::mem::take(&mut scaled.instances) {
        if let Some(instance) = tx.get::<Instance>(&id).cloned() {
            instance_lifecycle::end(tx, &instance);
        }
    }
    tx.put(scaled);
}

/// Launches an instance where a group has the fewest of its own, or where there is an address left.
fn launch(tx: &mut Tx<'_>, group: &NodeGroup, held: &[String]) -> Result<String, Refusal> {
    let data = node_template::read(tx, group)?;
    let count = |subnet: &String| {
        held.iter().filter(|id| tx.get::<Instance>(id).is_some_and(|one| one.subnet == *subnet)).count()
    };
    let mut subnets = group.subnets.clone();
    subnets.sort_by_cached_key(count);
    let mut full = None;
    for subnet in subnets {
        match launch_in(tx, group, &data, &subnet) {
            Err(refusal) if refusal.code == "InsufficientFreeAddressesInSubnet" => full = Some(refusal),
            outcome => return outcome,
        }
    }
    Err(full.unwrap_or_else(|| invalid("Subnets cannot be empty.")))
}

fn launch_in(tx: &mut Tx<'_>, group: &NodeGroup, data: &Value, subnet: &str) -> Result<String, Refusal> {
    let mut specification = data.clone();
    let mut interfaces = data.get("NetworkInterfaces").list().to_vec();
    if let Some(first) = interfaces.first_mut() {
        first.set("SubnetId", subnet);
        specification.set("NetworkInterfaces", Value::List(interfaces));
    } else {
        specification.set("SubnetId", subnet);
    }
    if group.capacity == "SPOT" {
        specification.set("InstanceMarketOptions", record! { "MarketType" => "spot" });
    }
    let made = run_instances::launch(tx, &specification, 1, 1)?;
    let Some(instance) = made.into_iter().next() else { return Err(invalid("EC2 launched nothing")) };
    tag(tx, group, data, &instance.id)?;
    Ok(instance.id)
}

fn tag(tx: &mut Tx<'_>, group: &NodeGroup, data: &Value, instance: &str) -> Result<(), Refusal> {
    let asked = |kind: &str| {
        let specifications = data.get("TagSpecifications").list().iter();
        let of_kind = specifications.filter(|one| one.get("ResourceType").text() == Some(kind));
        let tags = of_kind.flat_map(|one| one.get("Tags").list());
        let pair = |tag: &Value| {
            Some((tag.get("Key").text()?.to_owned(), tag.get("Value").text().unwrap_or_default().to_owned()))
        };
        tags.filter_map(pair).collect::<Vec<(String, String)>>()
    };
    let mut own = asked("instance");
    let scaled = tx.get::<AutoScalingGroup>(&group.group);
    let propagated = scaled
        .into_iter()
        .flat_map(|scaled| scaled.tags.iter().filter(|(key, _)| !scaled.kept_back.contains(key.as_str())));
    own.extend(propagated.map(|(key, value)| (key.clone(), value.clone())));
    own.push(("aws:autoscaling:groupName".to_owned(), group.group.clone()));
    own.push(("aws:eks:cluster-name".to_owned(), group.cluster.clone()));
    if let Some(template) = &group.launched_from {
        own.push(("aws:ec2launchtemplate:id".to_owned(), template.id.clone()));
        own.push(("aws:ec2launchtemplate:version".to_owned(), template.version.clone()));
    }
    tags::put(tx, "instance", instance, own)?;
    let on_volumes = asked("volume");
    let attached = |volume: &&Volume| volume.attachment.as_ref().is_some_and(|one| one.instance == instance);
    let volumes: Vec<String> = tx.rows::<Volume>().filter(attached).map(Row::id).collect();
    for volume in volumes {
        tags::put(tx, "volume", &volume, on_volumes.clone())?;
    }
    Ok(())
}

/// Why a node group's instances do not become nodes.
pub(super) struct Hindrance {
    /// The health issue's code.
    pub(super) code: &'static str,
    /// What it says.
    pub(super) message: String,
}

/// What keeps a node group's instances from becoming nodes, if anything does.
#[must_use]
pub(super) fn hindrance(tx: &Tx<'_>, group: &NodeGroup) -> Option<Hindrance> {
    let name = trust::role_name(&group.role).unwrap_or_default();
    let Some(role) = tx.get::<Role>(&Role::id_of(name)) else {
        let message = format!("The nodeRole {} could not be found.", group.role);
        return Some(Hindrance { code: "IamNodeRoleNotFound", message });
    };
    let never = || Hindrance {
        code: "NodeCreationFailure",
        message: "Instances failed to join the kubernetes cluster".to_owned(),
    };
    let policies = ["AmazonEKSWorkerNodePolicy", "AmazonEKSWorkerNodeMinimalPolicy"];
    if tx.rule("eks.node_group.role.policy") && !cluster::is_permitted(tx, role, &policies) {
        return Some(never());
    }
    let cluster = tx.get::<Cluster>(&group.cluster)?;
    let networked = cluster.own_addons
        || tx.get::<Addon>(&format!("{}/vpc-cni", group.cluster)).is_some_and(|addon| addon.status != "CREATE_FAILED");
    if tx.rule("eks.node_group.network") && !networked {
        return Some(never());
    }
    let admitted = !cluster.has_access_entries()
        || cluster.authentication == "API_AND_CONFIG_MAP"
        || tx.get::<AccessEntry>(&format!("{}/{}", group.cluster, group.role)).is_some();
    if !admitted {
        return Some(never());
    }
    None
}
