//! What a control plane leaves in its customer's network: a security group and interfaces,
//! which block the deletion of the subnets that they stand in.

use super::cluster::Cluster;
use super::invalid;
use crate::ec2::network_interface::{self, Behind, NetworkInterface, Wanted};
use crate::ec2::security_group::{self, SecurityGroup};
use crate::ec2::security_group_rule::{self, Peer, SecurityGroupRule};
use crate::ec2::subnet::Subnet;
use crate::ec2::{tags, zone};
use crate::iam::service_linked_role;
use crate::refusal::Refusal;
use crate::world::Tx;

/// The zones that take no control plane, by their ids:
/// <https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html#network-requirements-subnets>
const WITHOUT: &[&str] = &["use1-az3", "usw1-az2", "cac1-az3"];

/// Where a control plane is to stand: the VPC of its subnets.
///
/// # Errors
/// When the subnets or groups are not such that EKS takes them.
pub(super) fn place(tx: &Tx<'_>, cluster: &str, subnets: &[String], groups: &[String]) -> Result<String, Refusal> {
    let served: Vec<String> = zone::zones(tx.region())
        .into_iter()
        .filter(|zone| !WITHOUT.contains(&zone.id.as_str()))
        .map(|zone| zone.name)
        .collect();
    let mut zones: Vec<&str> = Vec::new();
    let mut vpc: Option<&str> = None;
    for id in subnets {
        let found = tx.get::<Subnet>(id);
        tx.enforce("eks.cluster.subnet.exists", found.is_some(), || {
            invalid(format!("The subnet ID '{id}' does not exist")).member("clusterName", cluster)
        })?;
        let Some(subnet) = found else { continue };
        let same = vpc.is_none_or(|vpc| vpc == subnet.vpc);
        tx.enforce("eks.cluster.subnet.vpc", same, || {
            invalid("Subnets specified must belong to the same VPC").member("clusterName", cluster)
        })?;
        tx.enforce("eks.cluster.subnet.zone", served.contains(&subnet.zone), || {
            no_capacity(tx, cluster, &subnet.zone)
        })?;
        tx.enforce("eks.cluster.subnet.free", subnet.free_addresses(tx) >= 5, || {
            let message = format!("The subnet '{id}' does not have sufficient free addresses for the control plane.");
            invalid(message).member("clusterName", cluster)
        })?;
        vpc = Some(&subnet.vpc);
        if !zones.contains(&subnet.zone.as_str()) {
            zones.push(&subnet.zone);
        }
    }
    tx.enforce("eks.cluster.subnet.zones", zones.len() >= 2, || {
        invalid("Subnets specified must be in at least two different AZs").member("clusterName", cluster)
    })?;
    let vpc = vpc.unwrap_or_default().to_owned();
    for id in groups {
        let found = tx.get::<SecurityGroup>(id);
        tx.enforce("eks.cluster.security_group", found.is_some(), || {
            invalid(format!("The security group '{id}' does not exist")).member("clusterName", cluster)
        })?;
        tx.enforce("eks.cluster.security_group", found.is_none_or(|group| group.vpc == vpc), || {
            let message = format!("Security group(s) [{id}] are not in the same VPC as the subnets.");
            invalid(message).member("clusterName", cluster)
        })?;
    }
    Ok(vpc)
}

fn no_capacity(tx: &Tx<'_>, cluster: &str, zone: &str) -> Refusal {
    let zones = zone::zones(tx.region());
    let valid: Vec<String> = zones.into_iter().map(|one| one.name).filter(|name| name != zone).collect();
    let message = format!(
        "Cannot create cluster '{cluster}' because {zone}, the targeted availability zone, does not currently have \
         sufficient capacity to support the cluster. Retry and choose from these availability zones: {}",
        valid.join(", ")
    );
    Refusal::new("UnsupportedAvailabilityZoneException", message)
        .member("clusterName", cluster)
        .member("validZones", valid)
}

/// Makes a cluster's own security group, whose members may talk with each other.
pub(super) fn security_group(tx: &mut Tx<'_>, cluster: &str, vpc: &str) -> String {
    let number = 1_000_000_000 + tx.below(999_999_999);
    let name = format!("eks-cluster-sg-{cluster}-{number}");
    let description = "EKS created security group applied to ENI that is attached to EKS Control Plane master nodes, \
                       as well as any managed workloads.";
    let id = security_group::make(tx, vpc, &name, description);
    security_group_rule::make(tx, &id, false, "-1", None, Peer::Group(id.clone()), None);
    let tagged = vec![
        ("Name".to_owned(), name),
        (format!("kubernetes.io/cluster/{cluster}"), "owned".to_owned()),
        ("aws:eks:cluster-name".to_owned(), cluster.to_owned()),
    ];
    // Three tags on a new group can't be too many.
    let _ = tags::put(tx, "security-group", &id, tagged);
    id
}

/// The account in which a cluster's control plane runs. That it is one of EKS's own, and not `amazon-aws` as behind
/// other services' interfaces, is seen in <https://github.com/aws-quickstart/quickstart-amazon-eks/issues/201>; which
/// one no source says. This is the one that EKS's images are of.
const ACCOUNT: &str = "602401143452";

/// Puts a cluster's interfaces into two of its subnets, in different zones.
///
/// # Errors
/// When a subnet is gone or full.
pub(super) fn plug_in(tx: &mut Tx<'_>, cluster: &Cluster) -> Result<Vec<String>, Refusal> {
    let mut chosen: Vec<Subnet> = Vec::new();
    for id in &cluster.subnets {
        if let Some(subnet) = tx.get::<Subnet>(id)
            && chosen.len() < 2
            && chosen.iter().all(|other| other.zone != subnet.zone)
        {
            chosen.push(subnet.clone());
        }
    }
    let groups: Vec<String> = cluster.security_group.iter().chain(&cluster.security_groups).cloned().collect();
    let description = format!("Amazon EKS {}", cluster.name);
    let requester = format!("{}:AmazonEKS", service_linked_role::id(tx, "eks.amazonaws.com").unwrap_or_default());
    let mut made = Vec::new();
    for subnet in chosen {
        let wanted = Wanted {
            subnet: &subnet.id,
            groups: groups.clone(),
            description: &description,
            kind: "interface",
            requester: Some(&requester),
            private_ip: None,
        };
        let id = network_interface::make(tx, wanted)?;
        network_interface::attach_to_service(tx, &id, Behind::Instance(ACCOUNT));
        made.push(id);
    }
    Ok(made)
}

/// Takes a cluster's interfaces out of its customer's network.
pub(super) fn unplug(tx: &mut Tx<'_>, interfaces: &[String]) {
    for id in interfaces {
        network_interface::remove(tx, id);
    }
}

/// Removes a cluster's own group. What others still use stays behind, as EKS leaves it.
pub(super) fn remove_security_group(tx: &mut Tx<'_>, id: &str) {
    let worn = tx.rows::<NetworkInterface>().any(|interface| interface.groups.iter().any(|group| group == id));
    let named = tx.rows::<SecurityGroupRule>().any(|rule| rule.group != id && rule.peer == Peer::Group(id.to_owned()));
    if !worn && !named {
        security_group::remove(tx, id);
    }
}
