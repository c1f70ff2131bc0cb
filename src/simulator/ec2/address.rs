//! Elastic IP addresses.

use serde::{Deserialize, Serialize};

use crate::ec2::instance::Instance;
use crate::ec2::internet_gateway;
use crate::ec2::network_interface::NetworkInterface;
use crate::ec2::resource::{self, Kind, Listing, Resource, nothing};
use crate::ec2::tags;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("AllocateAddress", allocate),
    ("ReleaseAddress", release),
    ("AssociateAddress", associate),
    ("DisassociateAddress", disassociate),
    ("DescribeAddresses", describe),
    ("DescribeAddressesAttribute", describe_attribute),
    ("ModifyAddressAttribute", modify_attribute),
    ("ResetAddressAttribute", reset_attribute),
];

const PAGE: &str = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/elastic-ip-addresses-eip.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("ec2.address.quota", "an account has 5 addresses in a region", PAGE),
    Rule::new(
        "ec2.address.id",
        "an address is released, and taken from what has it, by its id",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReleaseAddress.html",
    ),
    Rule::new("ec2.address.release.in_use", "an associated address is not released", PAGE),
    Rule::new("ec2.address.associate.taken", "an associated address moves only when the request says so", PAGE),
    Rule::new("ec2.address.associate.gateway", "an address is of use only in a VPC with an internet gateway", PAGE),
    Rule::new(
        "ec2.address.domain_name",
        "the name that an address resolves to is a domain's",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyAddressAttribute.html",
    ),
    Rule::new("ec2.address.managed", "an address that a NAT gateway holds is not touched from outside", PAGE),
];

/// An Elastic IP address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// Its id, `eipalloc-...`.
    pub id: String,
    /// The address.
    pub public_ip: String,
    /// What it is associated with.
    pub association: Option<AddressAssociation>,
    /// The name that the address resolves to, with a dot at its end; Amazon's own where there is none.
    #[serde(default)]
    pub domain_name: Option<String>,
}

/// An address's association with a network interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddressAssociation {
    /// Its id, `eipassoc-...`.
    pub id: String,
    /// The network interface.
    pub interface: String,
    /// The private address that it stands for.
    pub private_ip: String,
}

impl Row for Address {
    const TABLE: &'static str = "ec2.address";
    fn id(&self) -> String {
        self.id.clone()
    }
    fn key(&self) -> Option<&str> {
        Some(&self.public_ip)
    }
}

impl Address {
    /// The instance that the address leads to.
    fn instance(&self, tx: &Tx<'_>) -> Option<String> {
        let interface = tx.get::<NetworkInterface>(&self.association.as_ref()?.interface)?;
        interface.attachment.as_ref()?.instance.clone()
    }
}

impl Address {
    fn plain(&self) -> Value {
        record! { "PublicIp" => &self.public_ip, "AllocationId" => &self.id }
    }

    /// What DescribeAddressesAttribute shows.
    fn attributes(&self) -> Value {
        let mut view = self.plain();
        view.set("PtrRecord", self.domain_name.as_deref());
        view
    }
}

impl Resource for Address {
    const SHAPE: &'static str = "Address";
    const KIND: Kind = Kind {
        prefix: "eipalloc",
        tagged_as: "elastic-ip",
        not_found: "InvalidAllocationID.NotFound",
        malformed: "InvalidAllocationID.Malformed",
        one: "The allocation ID '{}' does not exist",
        several: "The allocation IDs '{}' do not exist",
    };

    const FILTERS: &'static [&'static str] = &[
        "allocation-id",
        "association-id",
        "domain",
        "instance-id",
        "network-border-group",
        "network-interface-id",
        "network-interface-owner-id",
        "private-ip-address",
        "public-ip",
    ];

    fn filter(&self, tx: &Tx<'_>, name: &str) -> Vec<String> {
        let association = self.association.as_ref();
        let value = match name {
            "allocation-id" => Some(self.id.clone()),
            "association-id" => association.map(|one| one.id.clone()),
            "domain" => Some("vpc".to_owned()),
            "instance-id" => self.instance(tx),
            "network-border-group" => Some(tx.region().to_owned()),
            "network-interface-id" => association.map(|one| one.interface.clone()),
            "network-interface-owner-id" => association.map(|_| tx.account().to_owned()),
            "private-ip-address" => association.map(|one| one.private_ip.clone()),
            "public-ip" => Some(self.public_ip.clone()),
            _ => None,
        };
        value.into_iter().collect()
    }

    fn view(&self, tx: &Tx<'_>) -> Value {
        let association = self.association.as_ref();
        record! {
            "AllocationId" => &self.id,
            "PublicIp" => &self.public_ip,
            "Domain" => "vpc",
            "PublicIpv4Pool" => "amazon",
            "NetworkBorderGroup" => tx.region(),
            "AssociationId" => association.map(|one| one.id.as_str()),
            "NetworkInterfaceId" => association.map(|one| one.interface.as_str()),
            "NetworkInterfaceOwnerId" => association.map(|_| tx.account()),
            "PrivateIpAddress" => association.map(|one| one.private_ip.as_str()),
            "InstanceId" => self.instance(tx),
            "Tags" => tags::of(tx, &self.id),
        }
    }
}

/// Whether an interface in the VPC has a public address, which holds the VPC's internet gateway.
#[must_use]
pub fn mapped_in(tx: &Tx<'_>, vpc: &str) -> bool {
    let inside = |id: &str| tx.get::<NetworkInterface>(id).is_some_and(|interface| interface.vpc == vpc);
    tx.rows::<Address>().any(|address| address.association.as_ref().is_some_and(|one| inside(&one.interface)))
        || tx.rows::<NetworkInterface>().any(|interface| interface.vpc == vpc && interface.public_ip.is_some())
}

/// The address that is associated with an interface.
#[must_use]
pub fn of_interface<'t>(tx: &'t Tx<'_>, interface: &str) -> Option<&'t Address> {
    tx.rows::<Address>().find(|address| address.association.as_ref().is_some_and(|one| one.interface == interface))
}

/// The address that is associated with one of an interface's private addresses.
#[must_use]
pub fn of_private<'t>(tx: &'t Tx<'_>, interface: &str, private_ip: &str) -> Option<&'t Address> {
    let is_it = |one: &AddressAssociation| one.interface == interface && one.private_ip == private_ip;
    tx.rows::<Address>().find(|address| address.association.as_ref().is_some_and(is_it))
}

/// A public address that nothing has yet.
pub fn new_public_ip(tx: &mut Tx<'_>) -> String {
    loop {
        let parts = (3 + tx.below(60), tx.below(256), tx.below(256), 1 + tx.below(254));
        let ip = format!("{}.{}.{}.{}", parts.0, parts.1, parts.2, parts.3);
        let taken = tx.keyed::<Address>(&ip).next().is_some() || tx.keyed::<NetworkInterface>(&ip).next().is_some();
        // 10 is private.
        if !taken && parts.0 != 10 {
            return ip;
        }
    }
}

/// The name that a public address has in DNS.
#[must_use]
pub fn public_dns_name(tx: &Tx<'_>, ip: &str) -> String {
    let dashed = ip.replace('.', "-");
    match tx.region() {
        "us-east-1" => format!("ec2-{dashed}.compute-1.amazonaws.com"),
        region => format!("ec2-{dashed}.{region}.compute.amazonaws.com"),
    }
}

/// Associates an address with an interface, whatever either was associated with.
pub(super) fn link(tx: &mut Tx<'_>, address: &str, interface: &str, private_ip: &str) -> String {
    let id = tx.new_id("eipassoc");
    let association =
        AddressAssociation { id: id.clone(), interface: interface.to_owned(), private_ip: private_ip.to_owned() };
    tx.change::<Address>(address, |address| address.association = Some(association));
    // An Elastic IP takes the place of an address that was given at launch.
    tx.change::<NetworkInterface>(interface, |interface| interface.public_ip = None);
    id
}

/// Ends the associations of whatever addresses an interface has.
pub(super) fn unlink(tx: &mut Tx<'_>, interface: &str) {
    while let Some(id) = of_interface(tx, interface).map(Row::id) {
        tx.change::<Address>(&id, |address| address.association = None);
    }
}

fn allocate(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    if input.text("Domain") == Some("standard") {
        return Err(Refusal::new("InvalidParameterCombination", "The domain 'standard' is not supported."));
    }
    if input.text("NetworkBorderGroup").is_some_and(|group| group != tx.region()) {
        return Err(Refusal::new("InvalidParameterValue", "The network border group is not one of this region."));
    }
    tx.enforce("ec2.address.quota", tx.count::<Address>() < tx.quota("ec2.addresses"), || {
        Refusal::new("AddressLimitExceeded", "The maximum number of addresses has been reached.")
    })?;
    let public_ip = new_public_ip(tx);
    let id = tx.new_id("eipalloc");
    tx.put(Address { id: id.clone(), public_ip: public_ip.clone(), association: None, domain_name: None });
    tags::on_create(tx, input, "elastic-ip", &id)?;
    Ok(record! {
        "AllocationId" => id,
        "PublicIp" => public_ip,
        "Domain" => "vpc",
        "PublicIpv4Pool" => "amazon",
        "NetworkBorderGroup" => tx.region(),
    })
}

fn named(tx: &Tx<'_>, input: &Input<'_>) -> Result<Address, Refusal> {
    match (input.text("AllocationId"), input.text("PublicIp")) {
        (Some(id), None) => resource::find(tx, id),
        (None, Some(ip)) => tx
            .rows::<Address>()
            .find(|address| address.public_ip == ip)
            .cloned()
            .ok_or_else(|| Refusal::new("InvalidAddress.NotFound", format!("Address '{ip}' not found."))),
        (Some(_), Some(_)) => {
            let message = "You may specify public IP or allocation id, but not both in the same call";
            Err(Refusal::new("InvalidParameterCombination", message))
        }
        (None, None) => Err(Refusal::new("MissingParameter", "Either public IP or allocation id must be specified")),
    }
}

/// Refuses to touch an address that a service's own interface holds.
fn unmanaged(tx: &Tx<'_>, address: &Address) -> Result<(), Refusal> {
    let holder = address.association.as_ref().and_then(|one| tx.get::<NetworkInterface>(&one.interface));
    tx.enforce("ec2.address.managed", holder.is_none_or(|interface| interface.requester.is_none()), || {
        Refusal::new("AuthFailure", "You do not have permission to access the specified resource.")
    })
}

/// Refuses a public IP where only an id tells which of a VPC's addresses, or which of its associations, is meant.
fn by_id(tx: &Tx<'_>, input: &Input<'_>, what: &str) -> Result<(), Refusal> {
    tx.enforce("ec2.address.id", input.text("PublicIp").is_none(), || {
        Refusal::new("InvalidParameterValue", format!("You must specify an {what}"))
    })
}

fn release(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let address = named(tx, input)?;
    by_id(tx, input, "allocation id when releasing a VPC elastic IP address")?;
    if let Some(group) = input.text("NetworkBorderGroup").filter(|group| *group != tx.region()) {
        let message = format!("The address {} is not in the network border group {group}.", address.public_ip);
        return Err(Refusal::new("InvalidParameterCombination", message));
    }
    tx.enforce("ec2.address.release.in_use", address.association.is_none(), || {
        Refusal::new("InvalidIPAddress.InUse", format!("Address {} is in use.", address.public_ip))
    })?;
    tags::forget(tx, &address.id);
    tx.remove::<Address>(&address.id);
    Ok(nothing())
}

fn associate(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let address = named(tx, input)?;
    let moves = input.flag("AllowReassociation");
    let interface: NetworkInterface = match (input.text("NetworkInterfaceId"), input.text("InstanceId")) {
        (Some(_), Some(_)) => {
            let message = "You may specify instance id or network interface id, but not both in the same call";
            return Err(Refusal::new("InvalidParameterCombination", message));
        }
        (Some(id), None) => resource::find(tx, id)?,
        (None, Some(id)) => {
            let instance: Instance = resource::find(tx, id)?;
            instance.sole_interface(tx)?.cloned().ok_or_else(|| Instance::KIND.missing(&[id]))?
        }
        (None, None) => {
            return Err(Refusal::new(
                "MissingParameter",
                "Either instance ID or network interface id must be specified",
            ));
        }
    };
    unmanaged(tx, &address)?;
    super::network_interface::unmanaged(tx, &interface)?;
    let private_ip = input.text("PrivateIpAddress").unwrap_or(&interface.private_ip).to_owned();
    if private_ip != interface.private_ip {
        let message =
            format!("Invalid value '{private_ip}' for PrivateIpAddress. It is not assigned to the interface.");
        return Err(Refusal::new("InvalidParameterValue", message));
    }
    let attached = internet_gateway::of_vpc(tx, &interface.vpc).is_some();
    tx.enforce("ec2.address.associate.gateway", attached, || {
        let message = format!("Network {} is not attached to any internet gateway", interface.vpc);
        Refusal::new("Gateway.NotAttached", message)
    })?;
    if let Some(association) = &address.association {
        if association.interface == interface.id {
            return Ok(record! { "AssociationId" => &association.id });
        }
        tx.enforce("ec2.address.associate.taken", moves, || {
            let message = format!("resource {} is already associated with associate-id {}", address.id, association.id);
            Refusal::new("Resource.AlreadyAssociated", message)
        })?;
    }
    unlink(tx, &interface.id);
    let id = link(tx, &address.id, &interface.id, &private_ip);
    Ok(record! { "AssociationId" => id })
}

fn disassociate(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let found = match (input.text("AssociationId"), input.text("PublicIp")) {
        (Some(_), Some(_)) => {
            let message = "You may specify public IP or association id, but not both in the same call";
            return Err(Refusal::new("InvalidParameterCombination", message));
        }
        (Some(id), None) => {
            let is_it = |address: &&Address| address.association.as_ref().is_some_and(|one| one.id == id);
            tx.rows::<Address>().find(is_it).cloned().ok_or_else(|| {
                Refusal::new("InvalidAssociationID.NotFound", format!("The association ID '{id}' does not exist"))
            })?
        }
        (None, Some(_)) => {
            let address = named(tx, input)?;
            by_id(tx, input, "association id when unmapping an address from a VPC instance")?;
            address
        }
        (None, None) => {
            return Err(Refusal::new("MissingParameter", "Either public IP or association id must be specified"));
        }
    };
    unmanaged(tx, &found)?;
    tx.change::<Address>(&found.id, |address| address.association = None);
    Ok(nothing())
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let ips = input.texts("PublicIps");
    let absent = ips.iter().find(|ip| tx.rows::<Address>().all(|address| address.public_ip != **ip));
    if let Some(ip) = absent {
        return Err(Refusal::new("InvalidAddress.NotFound", format!("Address '{ip}' not found.")));
    }
    let mut rows = resource::select::<Address>(tx, input, "AllocationIds")?;
    rows.retain(|address| ips.is_empty() || ips.contains(&address.public_ip.as_str()));
    Ok(record! { "Addresses" => rows.iter().map(|row| row.view(tx)).collect::<Vec<_>>() })
}

fn describe_attribute(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    // Without the attribute's name there is nothing to be shown of an address.
    let wanted = input.text("Attribute") == Some("domain-name");
    let rows = resource::select::<Address>(tx, input, "AllocationIds")?;
    let items = rows.iter().map(|row| (row.id(), if wanted { row.attributes() } else { row.plain() })).collect();
    let listing = Listing { ids: "AllocationIds", answer: "Addresses", ids_exclude_pages: None };
    resource::paged(tx, input, items, listing)
}

fn modify_attribute(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let address: Address = resource::find(tx, input.required("AllocationId"))?;
    let Some(name) = input.text("DomainName").filter(|name| !name.is_empty()) else {
        return Err(super::missing("DomainName"));
    };
    let letters = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    let labels = name.trim_end_matches('.').split('.');
    let sound = labels.clone().count() > 1
        && labels.clone().all(|label| (1..=63).contains(&label.len()) && label.chars().all(letters));
    tx.enforce("ec2.address.domain_name", sound, || {
        super::invalid_value(name, "domainName", "This is not a valid domain name.")
    })?;
    let name = format!("{}.", name.trim_end_matches('.'));
    tx.change::<Address>(&address.id, |address| address.domain_name = Some(name));
    Ok(record! { "Address" => resource::find::<Address>(tx, &address.id)?.attributes() })
}

fn reset_attribute(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let address: Address = resource::find(tx, input.required("AllocationId"))?;
    // `domain-name` is the one attribute there is.
    let _ = input.required("Attribute");
    tx.change::<Address>(&address.id, |address| address.domain_name = None);
    Ok(record! { "Address" => resource::find::<Address>(tx, &address.id)?.attributes() })
}

#[cfg(test)]
mod tests {
    use crate::client::Client;

    // "This parameter is required" has of the ids, and "If the instance has more than one network interface, you must
    // specify a network interface ID":
    // <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReleaseAddress.html>,
    // <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DisassociateAddress.html>,
    // <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateAddress.html>
    #[tokio::test(start_paused = true)]
    async fn an_address_goes_by_its_id_and_an_instance_stands_for_its_only_interface() {
        let client = Client::calm();
        let owned = [("Owner.1", "amazon"), ("Filter.1.Name", "name"), ("Filter.1.Value.1", "al2023-ami-2023*-x86_64")];
        let image = client.ec2("DescribeImages", &owned).await.one("imageId");
        let counts = [("MinCount", "1"), ("MaxCount", "1"), ("InstanceType", "t3.micro")];
        let launched = client.ec2("RunInstances", &[&counts[..], &[("ImageId", &image)]].concat()).await;
        let (instance, subnet) = (launched.one("instanceId"), launched.one("subnetId"));
        client.wait(300);
        let made = client.ec2("AllocateAddress", &[("Domain", "vpc")]).await;
        let (id, ip) = (made.one("allocationId"), made.one("publicIp"));
        let refused = client.refused("ReleaseAddress", &[("PublicIp", &ip)], "InvalidParameterValue").await;
        assert_eq!(refused.message, "You must specify an allocation id when releasing a VPC elastic IP address");
        let link = [("AllocationId", id.as_str()), ("InstanceId", &instance)];
        client.ec2("AssociateAddress", &link).await;
        client.refused("DisassociateAddress", &[("PublicIp", &ip)], "InvalidParameterValue").await;

        let second = client.ec2("CreateNetworkInterface", &[("SubnetId", &subnet)]).await.one("networkInterfaceId");
        let plug = [("NetworkInterfaceId", second.as_str()), ("InstanceId", &instance), ("DeviceIndex", "1")];
        client.ec2("AttachNetworkInterface", &plug).await;
        let refused = client.refused("AssociateAddress", &link, "InvalidInstanceID").await;
        let said = format!(
            "There are multiple interfaces attached to instance '{instance}'. Please specify an interface ID for the \
             operation instead."
        );
        assert_eq!(refused.message, said);
        let check = [("InstanceId", instance.as_str()), ("SourceDestCheck.Value", "false")];
        client.refused("ModifyInstanceAttribute", &check, "InvalidInstanceID").await;
    }

    #[tokio::test(start_paused = true)]
    async fn five_addresses_are_the_limit_and_a_used_one_is_kept() {
        let client = Client::calm();
        let mut ids = Vec::new();
        for _ in 0..5 {
            ids.push(client.ec2("AllocateAddress", &[("Domain", "vpc")]).await.one("allocationId"));
        }
        client.refused("AllocateAddress", &[("Domain", "vpc")], "AddressLimitExceeded").await;

        let vpc = client.vpc("10.0.0.0/16").await;
        let subnet = client.subnet(&vpc, "10.0.0.0/24", "us-east-1a").await;
        let interface = client.ec2("CreateNetworkInterface", &[("SubnetId", &subnet)]).await.one("networkInterfaceId");
        let link = [("AllocationId", ids[0].as_str()), ("NetworkInterfaceId", &interface)];
        let refused = client.refused("AssociateAddress", &link, "Gateway.NotAttached").await;
        assert_eq!(refused.message, format!("Network {vpc} is not attached to any internet gateway"));
        let gateway = client.ec2("CreateInternetGateway", &[]).await.one("internetGatewayId");
        client.ec2("AttachInternetGateway", &[("InternetGatewayId", &gateway), ("VpcId", &vpc)]).await;
        let association = client.ec2("AssociateAddress", &link).await.one("associationId");
        client.refused("ReleaseAddress", &[("AllocationId", &ids[0])], "InvalidIPAddress.InUse").await;

        let other = client.ec2("CreateNetworkInterface", &[("SubnetId", &subnet)]).await.one("networkInterfaceId");
        let moved = [link[0], ("NetworkInterfaceId", other.as_str())];
        client.refused("AssociateAddress", &moved, "Resource.AlreadyAssociated").await;
        let moved = [moved[0], moved[1], ("AllowReassociation", "true")];
        let fresh = client.ec2("AssociateAddress", &moved).await.one("associationId");
        client
            .refused("DisassociateAddress", &[("AssociationId", &association)], "InvalidAssociationID.NotFound")
            .await;
        client.ec2("DisassociateAddress", &[("AssociationId", &fresh)]).await;
        client.ec2("ReleaseAddress", &[("AllocationId", &ids[0])]).await;
        let gone =
            client.refused("DescribeAddresses", &[("AllocationId.1", &ids[0])], "InvalidAllocationID.NotFound").await;
        assert_eq!(gone.message, format!("The allocation ID '{}' does not exist", ids[0]));
    }

    #[tokio::test(start_paused = true)]
    async fn a_nat_gateways_address_is_out_of_reach() {
        let client = Client::calm();
        let subnet = client.ec2("DescribeSubnets", &[]).await.one("subnetId");
        let made = client.ec2("AllocateAddress", &[]).await;
        let id = made.one("allocationId");
        client.ec2("CreateNatGateway", &[("SubnetId", &subnet), ("AllocationId", &id)]).await;
        let association = client.ec2("DescribeAddresses", &[("AllocationId.1", &id)]).await.one("associationId");
        client.refused("DisassociateAddress", &[("AssociationId", &association)], "AuthFailure").await;
    }
}
