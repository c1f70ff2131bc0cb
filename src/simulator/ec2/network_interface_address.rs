//! The private addresses that a network interface has beside its first.

use crate::ec2::address::{self, Address};
use crate::ec2::instance::Instance;
use crate::ec2::instance_type;
use crate::ec2::network_interface::{self, NetworkInterface};
use crate::ec2::resource::{self, nothing};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("AssignPrivateIpAddresses", assign), ("UnassignPrivateIpAddresses", unassign)];

const ASSIGN: &str = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssignPrivateIpAddresses.html";
const UNASSIGN: &str = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_UnassignPrivateIpAddresses.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("ec2.network_interface_address.choice", "addresses are named, or counted", ASSIGN),
    Rule::new(
        "ec2.network_interface_address.limit",
        "an attached interface has no more addresses than its instance's type allows",
        "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/AvailableIpPerENI.html",
    ),
    Rule::new("ec2.network_interface_address.primary", "the first address stays", UNASSIGN),
    Rule::new("ec2.network_interface_address.assigned", "only what an interface has is taken from it", UNASSIGN),
];

fn assign(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let interface: NetworkInterface = resource::find(tx, input.required("NetworkInterfaceId"))?;
    network_interface::unmanaged(tx, &interface)?;
    let named = input.texts("PrivateIpAddresses");
    let counted = input.integer("SecondaryPrivateIpAddressCount");
    tx.enforce("ec2.network_interface_address.choice", named.is_empty() != counted.is_none(), || {
        // AWS's words for this are not known.
        let message = "The request must contain exactly one of privateIpAddress or secondaryPrivateIpAddressCount";
        Refusal::new(if counted.is_none() { "MissingParameter" } else { "InvalidParameterCombination" }, message)
    })?;
    let wanted: Vec<Option<&str>> = match counted {
        Some(count) => (0..count).map(|_| None).collect(),
        None => named.iter().filter(|ip| !interface.addresses().any(|has| has == **ip)).map(|ip| Some(*ip)).collect(),
    };
    check_limit(tx, &interface, wanted.len())?;
    let moves = input.flag("AllowReassignment");
    let mut assigned = Vec::new();
    for ip in wanted {
        if let Some(ip) = ip.filter(|_| moves) {
            take_over(tx, &interface, ip);
        }
        assigned.push(network_interface::add_address(tx, &interface.id, ip)?);
    }
    let assigned: Vec<Value> = assigned.into_iter().map(|ip| record! { "PrivateIpAddress" => ip }).collect();
    Ok(record! { "NetworkInterfaceId" => &interface.id, "AssignedPrivateIpAddresses" => assigned })
}

fn check_limit(tx: &Tx<'_>, interface: &NetworkInterface, more: usize) -> Result<(), Refusal> {
    let instance = interface.attachment.as_ref().and_then(|attachment| attachment.instance.as_deref());
    let kind = instance.and_then(|id| tx.get::<Instance>(id)).and_then(|row| instance_type::find(&row.kind));
    let most = kind.map_or(usize::MAX, |kind| usize::try_from(kind.addresses).unwrap_or_default());
    let have = interface.addresses().count();
    tx.enforce("ec2.network_interface_address.limit", have + more <= most, || {
        let message = format!(
            "Number of private addresses will exceed limit. Required: {}, limit: {most} for {}",
            have + more,
            interface.id
        );
        Refusal::new("PrivateIpAddressLimitExceeded", message)
    })
}

/// Takes a further address from the interface of the subnet that has it.
fn take_over(tx: &mut Tx<'_>, interface: &NetworkInterface, ip: &str) {
    let has =
        |other: &&NetworkInterface| other.subnet == interface.subnet && other.secondary_ips.iter().any(|one| one == ip);
    let holder = tx.rows::<NetworkInterface>().find(has).map(Row::id);
    if let Some(other) = holder {
        drop_address(tx, &other, ip);
    }
}

fn unassign(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let interface: NetworkInterface = resource::find(tx, input.required("NetworkInterfaceId"))?;
    network_interface::unmanaged(tx, &interface)?;
    let named = input.texts("PrivateIpAddresses");
    if named.is_empty() {
        return Err(super::missing("privateIpAddress"));
    }
    tx.enforce("ec2.network_interface_address.primary", !named.contains(&interface.private_ip.as_str()), || {
        // AWS's words for this are not known.
        let message = format!("The primary IP address {} cannot be unassigned.", interface.private_ip);
        Refusal::new("InvalidParameterValue", message)
    })?;
    let stranger = named.iter().find(|ip| !interface.secondary_ips.iter().any(|one| one == **ip));
    tx.enforce("ec2.network_interface_address.assigned", stranger.is_none(), || {
        // AWS's words for this are not known.
        let message = format!("Some of {} are not assigned to interface {}", named.join(", "), interface.id);
        Refusal::new("InvalidParameterValue", message)
    })?;
    for ip in named {
        drop_address(tx, &interface.id, ip);
    }
    Ok(nothing())
}

/// Takes an address off an interface, and an Elastic IP address off that.
fn drop_address(tx: &mut Tx<'_>, interface: &str, ip: &str) {
    let elastic = address::of_private(tx, interface, ip).map(Row::id);
    if let Some(elastic) = elastic {
        tx.change::<Address>(&elastic, |address| address.association = None);
    }
    tx.change::<NetworkInterface>(interface, |row| row.secondary_ips.retain(|one| one != ip));
}

#[cfg(test)]
mod tests {
    use crate::client::Client;

    #[tokio::test(start_paused = true)]
    async fn further_addresses_come_and_go_and_the_first_stays() {
        let client = Client::calm();
        let vpc = client.vpc("10.0.0.0/16").await;
        let subnet = client.subnet(&vpc, "10.0.0.0/24", "us-east-1a").await;
        let made = client
            .ec2(
                "CreateNetworkInterface",
                &[
                    ("SubnetId", &subnet),
                    ("PrivateIpAddresses.1.PrivateIpAddress", "10.0.0.9"),
                    ("PrivateIpAddresses.1.Primary", "true"),
                    ("PrivateIpAddresses.2.PrivateIpAddress", "10.0.0.10"),
                ],
            )
            .await;
        let id = made.one("networkInterfaceId");
        let addresses = async || {
            let shown = client.ec2("DescribeNetworkInterfaces", &[("NetworkInterfaceId.1", &id)]).await;
            let mut all = shown.all("privateIpAddress");
            all.sort();
            all.dedup();
            all
        };
        assert_eq!(addresses().await, ["10.0.0.10", "10.0.0.9"]);
        let of_it = |ip: &'static str| [("NetworkInterfaceId", id.as_str()), ("PrivateIpAddress.1", ip)];
        client.ec2("AssignPrivateIpAddresses", &of_it("10.0.0.11")).await;
        client.ec2("UnassignPrivateIpAddresses", &of_it("10.0.0.10")).await;
        assert_eq!(addresses().await, ["10.0.0.11", "10.0.0.9"]);
        client.refused("UnassignPrivateIpAddresses", &of_it("10.0.0.10"), "InvalidParameterValue").await;
        client.refused("UnassignPrivateIpAddresses", &of_it("10.0.0.9"), "InvalidParameterValue").await;
        client.refused("AssignPrivateIpAddresses", &of_it("10.1.0.9"), "InvalidParameterValue").await;
        let other = client.ec2("CreateNetworkInterface", &[("SubnetId", &subnet)]).await.one("networkInterfaceId");
        let taken = [("NetworkInterfaceId", other.as_str()), ("PrivateIpAddress.1", "10.0.0.11")];
        client.refused("AssignPrivateIpAddresses", &taken, "InvalidIPAddress.InUse").await;
        client.ec2("AssignPrivateIpAddresses", &[taken[0], taken[1], ("AllowReassignment", "true")]).await;
        assert_eq!(addresses().await, ["10.0.0.9"]);
    }
}
