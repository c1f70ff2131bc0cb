//! Nodes' places in a customer's VPC: a subnet group's subnets, security groups,
//! and the network interfaces that appear there, block what they stand on, and
//! go away a while after their node.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::{invalid_combination, invalid_value};
use crate::ec2::network_interface::{self, Attachment, NetworkInterface, Wanted};
use crate::ec2::security_group::{self, SecurityGroup};
use crate::ec2::subnet::Subnet;
use crate::refusal::Refusal;
use crate::service::Span;
use crate::world::Tx;

/// A subnet of a subnet group.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The subnet's id.
    pub subnet: String,
    /// The subnet's zone.
    pub zone: String,
}

/// The places that these subnets are, with the VPC they are in.
///
/// # Errors
/// When the rule `exist` is on and one does not exist, or `one_vpc` is on and they are not all of one VPC.
pub fn places(tx: &Tx<'_>, ids: &[&str], exist: &str, one_vpc: &str) -> Result<(String, Vec<Place>), Refusal> {
    let absent: Vec<&str> = ids.iter().copied().filter(|id| tx.get::<Subnet>(id).is_none()).collect();
    let refuse = || invalid_value(format!("Some input subnets in :[{}] are invalid.", absent.join(", ")));
    tx.enforce(exist, absent.is_empty() && !ids.is_empty(), refuse)?;
    let mut seen = BTreeSet::new();
    let subnets: Vec<&Subnet> =
        ids.iter().filter(|id| seen.insert(**id)).filter_map(|id| tx.get::<Subnet>(id)).collect();
    let vpc = subnets.first().map_or_else(String::new, |subnet| subnet.vpc.clone());
    let stranger = subnets.iter().find(|subnet| subnet.vpc != vpc).copied();
    tx.enforce(one_vpc, stranger.is_none(), || {
        let first = subnets.first().map_or("", |subnet| subnet.id.as_str());
        let other = stranger.map_or("", |subnet| subnet.id.as_str());
        Refusal::new("InvalidSubnet", format!("Subnets {first} and {other} are not in the same VPC."))
    })?;
    let places = subnets.iter().map(|subnet| Place { subnet: subnet.id.clone(), zone: subnet.zone.clone() }).collect();
    Ok((vpc, places))
}

/// The zones of these places, each once, in their order by name.
#[must_use]
pub fn zones(places: &[Place]) -> Vec<String> {
    places.iter().map(|place| place.zone.clone()).collect::<BTreeSet<_>>().into_iter().collect()
}

/// The security groups that a request gives, or the VPC's default group where it gives none.
///
/// # Errors
/// When the rule is on and one does not exist or is of another VPC. `what` is in whose VPC they have to be.
pub fn security_groups(tx: &Tx<'_>, rule: &str, what: &str, ids: &[&str], vpc: &str) -> Result<Vec<String>, Refusal> {
    for id in ids {
        let group = tx.get::<SecurityGroup>(id);
        tx.enforce(rule, group.is_some(), || {
            invalid_value(format!("Invalid security group , groupId= {id}, groupName=."))
        })?;
        let home = group.map_or("", |group| group.vpc.as_str());
        tx.enforce(rule, group.is_none() || home == vpc, || {
            invalid_combination(format!(
                "The {what} and EC2 security group are in different VPCs. The {what} is in {vpc} and the EC2 security \
                 group is in {home}"
            ))
        })?;
    }
    if ids.is_empty() {
        return Ok(security_group::default_of(tx, vpc).into_iter().collect());
    }
    Ok(ids.iter().map(|id| (*id).to_owned()).collect())
}

/// Whose interfaces they are.
#[derive(Debug, Clone, Copy)]
pub struct Owner {
    /// What their description says.
    pub description: &'static str,
    /// The service that requested them.
    pub requester: &'static str,
    /// The transition that removes one.
    pub gone: &'static str,
    /// How long it stays after its node.
    pub release: &'static str,
}

/// How long an interface outlives its node.
#[must_use]
pub const fn release_span(kind: &'static str) -> Span {
    Span::new(kind, 5.0, 45.0)
}

/// Makes a node's interface.
///
/// # Errors
/// When the subnet has no address left.
pub fn attach(tx: &mut Tx<'_>, owner: Owner, subnet: &str, groups: &[String]) -> Result<String, Refusal> {
    let wanted = Wanted {
        subnet,
        groups: groups.to_vec(),
        description: owner.description,
        kind: "interface",
        requester: Some(owner.requester),
        private_ip: None,
    };
    let id = network_interface::make(tx, wanted).map_err(|_| {
        let message = format!("The subnet {subnet} has no free IP addresses left.");
        Refusal::new("InvalidVPCNetworkStateFault", message)
    })?;
    let (attachment, since) = (tx.new_id("eni-attach"), tx.now());
    tx.change::<NetworkInterface>(&id, |interface| {
        interface.attachment = Some(Attachment {
            id: attachment,
            instance: None,
            owner: owner.requester.to_owned(),
            device_index: 1,
            status: "attached".to_owned(),
            delete_on_termination: false,
            since,
        });
    });
    Ok(id)
}

/// Gives interfaces other security groups.
pub fn regroup(tx: &mut Tx<'_>, interfaces: &[String], groups: &[String]) {
    for id in interfaces {
        tx.change::<NetworkInterface>(id, |interface| interface.groups = groups.to_vec());
    }
}

/// Lets interfaces go, each after a while.
pub fn release(tx: &mut Tx<'_>, owner: Owner, interfaces: &[String]) {
    if interfaces.is_empty() {
        return;
    }
    let wait = interfaces.first().map_or(SignedDuration::ZERO, |first| tx.draw(owner.release, first));
    for id in interfaces {
        tx.after(wait, owner.gone, id);
    }
}

/// Removes an interface whose time has come.
pub fn remove(tx: &mut Tx<'_>, id: &str) {
    network_interface::remove(tx, id);
}
