//! The addresses that a NAT gateway has beside its first: Elastic IP addresses of a public gateway, private ones of a
//! private gateway.

use crate::ec2::address::{self, Address};
use crate::ec2::nat_gateway::{NatGateway, SecondaryAddress};
use crate::ec2::network_interface::{self, NetworkInterface};
use crate::ec2::resource::{self, Resource};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Handler, Span, Transition};
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("AssignPrivateNatGatewayAddress", assign),
    ("AssociateNatGatewayAddress", associate),
    ("DisassociateNatGatewayAddress", disassociate),
    ("UnassignPrivateNatGatewayAddress", unassign),
];

pub(super) const SPANS: &[Span] =
    &[Span::new("ec2.nat_gateway_address.add", 5.0, 20.0), Span::new("ec2.nat_gateway_address.remove", 5.0, 30.0)];

pub(super) const TRANSITIONS: &[(&str, Transition)] = &[
    ("ec2.nat_gateway_address.added", |tx, pending| {
        tx.change::<NatGateway>(&pending.subject, |gateway| {
            for one in &mut gateway.secondary {
                if one.status == "assigning" || one.status == "associating" {
                    one.status = "succeeded".to_owned();
                }
            }
        });
    }),
    ("ec2.nat_gateway_address.removed", removed),
];

const ASSOCIATE: &str = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateNatGatewayAddress.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "ec2.nat_gateway_address.kind",
        "a public gateway has Elastic IP addresses, a private one none",
        ASSOCIATE,
    ),
    Rule::new("ec2.nat_gateway_address.state", "only an available gateway gets and loses addresses", ASSOCIATE),
    Rule::new("ec2.nat_gateway_address.taken", "an associated Elastic IP address is not associated again", ASSOCIATE),
    Rule::new(
        "ec2.nat_gateway_address.primary",
        "the first address stays",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DisassociateNatGatewayAddress.html",
    ),
];

/// The gateway that a request changes, with its network interface.
fn changed(tx: &Tx<'_>, input: &Input<'_>, public: bool) -> Result<(NatGateway, String), Refusal> {
    let gateway: NatGateway = resource::find(tx, input.required("NatGatewayId"))?;
    tx.enforce("ec2.nat_gateway_address.kind", gateway.public == public, || {
        let kind = if gateway.public { "public" } else { "private" };
        let message = format!("The operation is not supported for the {kind} NAT gateway {}.", gateway.id);
        Refusal::new("InvalidParameterValue", message)
    })?;
    let interface = gateway.interface.clone().unwrap_or_default();
    let available = gateway.state == "available" && !interface.is_empty();
    if available || !tx.rule("ec2.nat_gateway_address.state") && !interface.is_empty() {
        return Ok((gateway, interface));
    }
    Err(Refusal::new("IncorrectState", format!("The NAT gateway {} is not available.", gateway.id)))
}

fn answer(tx: &Tx<'_>, id: &str) -> Result<Value, Refusal> {
    let gateway: NatGateway = resource::find(tx, id)?;
    Ok(record! { "NatGatewayId" => id, "NatGatewayAddresses" => gateway.view(tx).get("NatGatewayAddresses") })
}

fn associate(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let (gateway, interface) = changed(tx, input, true)?;
    let (allocations, ips) = (input.texts("AllocationIds"), input.texts("PrivateIpAddresses"));
    if allocations.is_empty() {
        return Err(super::missing("AllocationId"));
    }
    add_public(tx, &gateway.id, &interface, &allocations, &ips)?;
    tx.transition("ec2.nat_gateway_address.add", "ec2.nat_gateway_address.added", &gateway.id);
    answer(tx, &gateway.id)
}

fn assign(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let (gateway, interface) = changed(tx, input, false)?;
    let (ips, count) = (input.texts("PrivateIpAddresses"), input.integer("PrivateIpAddressCount"));
    let count = if ips.is_empty() { count.or(Some(1)) } else { count };
    add_private(tx, &gateway.id, &interface, &ips, count)?;
    tx.transition("ec2.nat_gateway_address.add", "ec2.nat_gateway_address.added", &gateway.id);
    answer(tx, &gateway.id)
}

/// Gives a gateway that is being made the further addresses that its request names.
pub(super) fn at_creation(tx: &mut Tx<'_>, input: &Input<'_>, id: &str) -> Result<(), Refusal> {
    let gateway: NatGateway = resource::find(tx, id)?;
    let (allocations, ips) = (input.texts("SecondaryAllocationIds"), input.texts("SecondaryPrivateIpAddresses"));
    let count = input.integer("SecondaryPrivateIpAddressCount");
    // One that fails gets none.
    let Some(interface) = gateway.interface else { return Ok(()) };
    if gateway.public {
        if count.is_some() {
            let message = "secondaryPrivateIpAddressCount is for private NAT gateways only.";
            return Err(Refusal::new("InvalidParameterCombination", message));
        }
        return add_public(tx, id, &interface, &allocations, &ips);
    }
    if !allocations.is_empty() {
        let message = "secondaryAllocationId is for public NAT gateways only.";
        return Err(Refusal::new("InvalidParameterCombination", message));
    }
    add_private(tx, id, &interface, &ips, count)
}

fn add_public(
    tx: &mut Tx<'_>,
    gateway: &str,
    interface: &str,
    allocations: &[&str],
    ips: &[&str],
) -> Result<(), Refusal> {
    if !ips.is_empty() && ips.len() != allocations.len() {
        let message = "The number of private IP addresses must match the number of allocation IDs.";
        return Err(Refusal::new("InvalidParameterCombination", message));
    }
    for (at, allocation) in allocations.iter().enumerate() {
        let address: Address = resource::find(tx, allocation)?;
        tx.enforce("ec2.nat_gateway_address.taken", address.association.is_none(), || {
            let message = format!("Elastic IP address [{allocation}] is already associated");
            Refusal::new("Resource.AlreadyAssociated", message)
        })?;
        let private_ip = network_interface::add_address(tx, interface, ips.get(at).copied())?;
        let association = address::link(tx, allocation, interface, &private_ip);
        let added = SecondaryAddress {
            private_ip,
            allocation: Some((*allocation).to_owned()),
            public_ip: Some(address.public_ip),
            association: Some(association),
            status: "associating".to_owned(),
        };
        tx.change::<NatGateway>(gateway, |gateway| gateway.secondary.push(added));
    }
    Ok(())
}

fn add_private(
    tx: &mut Tx<'_>,
    gateway: &str,
    interface: &str,
    ips: &[&str],
    count: Option<i64>,
) -> Result<(), Refusal> {
    if !ips.is_empty() && count.is_some() {
        let message = "You cannot specify both privateIpAddress and privateIpAddressCount.";
        return Err(Refusal::new("InvalidParameterCombination", message));
    }
    let mut wanted: Vec<Option<&str>> = ips.iter().copied().map(Some).collect();
    wanted.extend((0..count.unwrap_or_default()).map(|_| None));
    for ip in wanted {
        let added = SecondaryAddress {
            private_ip: network_interface::add_address(tx, interface, ip)?,
            allocation: None,
            public_ip: None,
            association: None,
            status: "assigning".to_owned(),
        };
        tx.change::<NatGateway>(gateway, |gateway| gateway.secondary.push(added));
    }
    Ok(())
}

fn disassociate(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let (gateway, _) = changed(tx, input, true)?;
    // How long connections may drain: there is no traffic here.
    let _ = input.integer("MaxDrainDurationSeconds");
    let ids = input.texts("AssociationIds");
    for id in &ids {
        let primary = gateway.association.as_deref() == Some(*id);
        tx.enforce("ec2.nat_gateway_address.primary", !primary, || {
            let message = format!("The primary address of NAT gateway {} cannot be disassociated.", gateway.id);
            Refusal::new("InvalidParameterValue", message)
        })?;
        if !primary && gateway.secondary.iter().all(|one| one.association.as_deref() != Some(*id)) {
            let message = format!("The association ID '{id}' does not exist");
            return Err(Refusal::new("InvalidAssociationID.NotFound", message));
        }
    }
    let goes = |one: &SecondaryAddress| one.association.as_deref().is_some_and(|id| ids.contains(&id));
    leave(tx, &gateway.id, &goes, "disassociating")
}

fn unassign(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let (gateway, _) = changed(tx, input, false)?;
    let _ = input.integer("MaxDrainDurationSeconds");
    let ips = input.texts("PrivateIpAddresses");
    for ip in &ips {
        let primary = gateway.private_ip.as_deref() == Some(*ip);
        tx.enforce("ec2.nat_gateway_address.primary", !primary, || {
            let message = format!("The primary address of NAT gateway {} cannot be unassigned.", gateway.id);
            Refusal::new("InvalidParameterValue", message)
        })?;
        if !primary && gateway.secondary.iter().all(|one| one.private_ip != *ip) {
            let message = format!("Some of [{ip}] are not assigned to NAT gateway {}", gateway.id);
            return Err(Refusal::new("InvalidParameterValue", message));
        }
    }
    leave(tx, &gateway.id, &|one| ips.contains(&one.private_ip.as_str()), "unassigning")
}

fn leave(
    tx: &mut Tx<'_>,
    gateway: &str,
    goes: &dyn Fn(&SecondaryAddress) -> bool,
    status: &str,
) -> Result<Value, Refusal> {
    tx.change::<NatGateway>(gateway, |gateway| {
        for one in gateway.secondary.iter_mut().filter(|one| goes(one)) {
            status.clone_into(&mut one.status);
        }
    });
    tx.transition("ec2.nat_gateway_address.remove", "ec2.nat_gateway_address.removed", gateway);
    answer(tx, gateway)
}

fn removed(tx: &mut Tx<'_>, pending: &crate::world::Pending) {
    let Some(gateway) = tx.get::<NatGateway>(&pending.subject).cloned() else { return };
    let (gone, kept): (Vec<_>, Vec<_>) =
        gateway.secondary.into_iter().partition(|one| one.status == "disassociating" || one.status == "unassigning");
    for one in &gone {
        if let Some(allocation) = &one.allocation {
            tx.change::<Address>(allocation, |address| address.association = None);
        }
    }
    if let Some(interface) = &gateway.interface {
        tx.change::<NetworkInterface>(interface, |interface| {
            interface.secondary_ips.retain(|ip| gone.iter().all(|one| one.private_ip != *ip));
        });
    }
    tx.change::<NatGateway>(&gateway.id, |gateway| gateway.secondary = kept);
}
