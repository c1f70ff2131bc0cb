//! Network interfaces: those of instances, and those that services make for themselves.

use std::net::Ipv4Addr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ec2::address;
use crate::ec2::flow_log;
use crate::ec2::instance::Instance;
use crate::ec2::instance_type;
use crate::ec2::resource::{self, Kind, Listing, Resource, nothing};
use crate::ec2::security_group::{self, SecurityGroup};
use crate::ec2::subnet::Subnet;
use crate::ec2::tags;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Handler, Span, Transition};
use crate::value::Value;
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("CreateNetworkInterface", create),
    ("DeleteNetworkInterface", delete),
    ("DescribeNetworkInterfaces", |tx, input| {
        // All of ours are shown anyway.
        let _ = input.flag("IncludeManagedResources");
        let listing = Listing {
            ids: "NetworkInterfaceIds",
            answer: "NetworkInterfaces",
            ids_exclude_pages: Some("networkInterfaceIds"),
        };
        resource::describe::<NetworkInterface>(tx, input, listing)
    }),
    ("ModifyNetworkInterfaceAttribute", modify_attribute),
    ("DescribeNetworkInterfaceAttribute", describe_attribute),
    ("ResetNetworkInterfaceAttribute", reset_attribute),
    ("AttachNetworkInterface", attach),
    ("DetachNetworkInterface", detach),
];

pub(super) const SPANS: &[Span] = &[Span::new("ec2.network_interface.attach", 1.0, 5.0)];

pub(super) const TRANSITIONS: &[(&str, Transition)] = &[("ec2.network_interface.attached", |tx, pending| {
    tx.change::<NetworkInterface>(&pending.subject, |interface| {
        if let Some(attachment) = interface.attachment.as_mut() {
            attachment.status = "attached".to_owned();
        }
    });
})];

const ATTACH: &str = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AttachNetworkInterface.html";

const PAGE: &str = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-eni.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("ec2.network_interface.delete.in_use", "an attached interface is not deleted", PAGE),
    Rule::new(
        "ec2.network_interface.managed",
        "an interface that a service manages is not detached, changed, or given an address",
        "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/requester-managed-eni.html",
    ),
    Rule::new("ec2.network_interface.attach.in_use", "an attached interface is not attached again", ATTACH),
    Rule::new("ec2.network_interface.attach.zone", "interface and instance lie in one zone", ATTACH),
    Rule::new("ec2.network_interface.attach.index", "each device index of an instance has one interface", ATTACH),
    Rule::new("ec2.network_interface.attach.state", "interfaces are attached to what runs or is stopped", ATTACH),
    Rule::new(
        "ec2.network_interface.attach.limit",
        "an instance has no more interfaces than its type allows",
        "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/AvailableIpPerENI.html",
    ),
    Rule::new(
        "ec2.network_interface.addresses",
        "a new interface's addresses are listed, or its first one is named and the others counted",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNetworkInterface.html",
    ),
    Rule::new(
        "ec2.network_interface.sole",
        "an instance stands for its interface where it has one alone",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateAddress.html",
    ),
    Rule::new("ec2.network_interface.address", "a private address is free and within its subnet", PAGE),
    Rule::new(
        "ec2.network_interface.attribute.single",
        "one attribute is modified at a time",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyNetworkInterfaceAttribute.html",
    ),
    Rule::new(
        "ec2.network_interface.quota",
        "a region has 5,000 network interfaces",
        "https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html",
    ),
    Rule::new(
        "ec2.network_interface.groups",
        "an interface has at most 5 security groups",
        "https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html",
    ),
];

/// A network interface.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkInterface {
    /// Its id, `eni-...`.
    pub id: String,
    /// The subnet.
    pub subnet: String,
    /// The VPC.
    pub vpc: String,
    /// The zone's name.
    pub zone: String,
    /// What it is for.
    pub description: String,
    /// Its private address.
    pub private_ip: String,
    /// Its further private addresses.
    #[serde(default)]
    pub secondary_ips: Vec<String>,
    /// A public address that it was given at launch.
    pub public_ip: Option<String>,
    /// Its hardware address.
    pub mac: String,
    /// Its security groups.
    pub groups: Vec<String>,
    /// `interface`, `nat_gateway` and so on.
    pub kind: String,
    /// The service that manages it, as EC2 calls it: by an alias, by an account of AWS's, or by the session in which it
    /// acts.
    pub requester: Option<String>,
    /// Whose user or role made it by itself.
    #[serde(default)]
    pub creator: Option<String>,
    /// Whether traffic has to be its own.
    pub source_dest_check: bool,
    /// What it is attached to.
    pub attachment: Option<Attachment>,
}

/// An interface's attachment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attachment {
    /// Its id, `eni-attach-...`.
    pub id: String,
    /// The instance; none for what a service attached to itself.
    pub instance: Option<String>,
    /// Who owns what it is attached to.
    pub owner: String,
    /// Its place at the instance.
    pub device_index: i64,
    /// `attaching`, `attached` or `detaching`.
    pub status: String,
    /// Whether the interface goes with the instance.
    pub delete_on_termination: bool,
    /// Since when.
    pub since: Timestamp,
}

impl Row for NetworkInterface {
    const TABLE: &'static str = "ec2.network_interface";
    fn id(&self) -> String {
        self.id.clone()
    }
    fn key(&self) -> Option<&str> {
        self.public_ip.as_deref()
    }
}

impl NetworkInterface {
    /// Who is shown as having asked for it. An instance's own has nobody.
    fn requester_id(&self) -> Option<&str> {
        self.requester.as_ref().or(self.creator.as_ref()).map(String::as_str)
    }

    /// Whether it is shown as a service's own. A service that acts through a role of the account's, as EKS does, made
    /// it as that role.
    fn is_shown_as_managed(&self) -> bool {
        self.requester.as_ref().is_some_and(|requester| !requester.contains(':'))
    }

    fn status(&self) -> &'static str {
        if self.attachment.is_some() { "in-use" } else { "available" }
    }

    /// All its private addresses.
    pub fn addresses(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.private_ip).chain(&self.secondary_ips).map(String::as_str)
    }

    /// The name that its private address has within the VPC.
    #[must_use]
    pub fn private_dns_name(&self, tx: &Tx<'_>) -> String {
        name_of(tx, &self.private_ip)
    }
}

/// The name that a private address has within its VPC.
fn name_of(tx: &Tx<'_>, ip: &str) -> String {
    host_name(tx.region(), ip)
}

/// The same in a region.
pub(crate) fn host_name(region: &str, ip: &str) -> String {
    let dashed = ip.replace('.', "-");
    match region {
        "us-east-1" => format!("ip-{dashed}.ec2.internal"),
        region => format!("ip-{dashed}.{region}.compute.internal"),
    }
}

impl NetworkInterface {
    /// Its groups with their names.
    #[must_use]
    pub fn group_views(&self, tx: &Tx<'_>) -> Value {
        let view = |id: &String| {
            record! { "GroupId" => id, "GroupName" => tx.get::<SecurityGroup>(id).map(|group| group.name.as_str()) }
        };
        Value::List(self.groups.iter().map(view).collect())
    }

    /// Its public address: an Elastic IP, or one that it was given at launch.
    #[must_use]
    pub fn association(&self, tx: &Tx<'_>) -> Value {
        self.association_of(tx, &self.private_ip)
    }

    /// The public address of one of its private ones.
    fn association_of(&self, tx: &Tx<'_>, private_ip: &str) -> Value {
        let elastic = address::of_private(tx, &self.id, private_ip);
        let launched = self.public_ip.as_ref().filter(|_| private_ip == self.private_ip);
        let Some(ip) = elastic.map(|address| &address.public_ip).or(launched) else {
            return Value::Absent;
        };
        record! {
            "AllocationId" => elastic.map(|address| address.id.as_str()),
            "AssociationId" => elastic.and_then(|address| Some(address.association.as_ref()?.id.as_str())),
            "IpOwnerId" => match self.requester.as_deref() {
                _ if elastic.is_some() => tx.account(),
                // Load balancers have addresses of their service's.
                Some("amazon-elb") => "amazon-elb",
                _ => "amazon",
            },
            "PublicDnsName" => address::public_dns_name(tx, ip),
            "PublicIp" => ip,
        }
    }
}

impl Resource for NetworkInterface {
    const SHAPE: &'static str = "NetworkInterface";
    const KIND: Kind = Kind {
        prefix: "eni",
        tagged_as: "network-interface",
        not_found: "InvalidNetworkInterfaceID.NotFound",
        malformed: "InvalidNetworkInterfaceId.Malformed",
        one: "The networkInterface ID '{}' does not exist",
        several: "The networkInterface IDs '{}' do not exist",
    };

    const FILTERS: &'static [&'static str] = &[
        "addresses.private-ip-address",
        "association.allocation-id",
        "association.public-ip",
        "attachment.attachment-id",
        "attachment.device-index",
        "attachment.instance-id",
        "attachment.instance-owner-id",
        "attachment.status",
        "availability-zone",
        "description",
        "group-id",
        "group-name",
        "interface-type",
        "mac-address",
        "network-interface-id",
        "owner-id",
        "private-dns-name",
        "private-ip-address",
        "requester-id",
        "requester-managed",
        "source-dest-check",
        "status",
        "subnet-id",
        "vpc-id",
    ];

    fn filter(&self, tx: &Tx<'_>, name: &str) -> Vec<String> {
        let attachment = self.attachment.as_ref();
        let value = match name {
            "addresses.private-ip-address" => return self.addresses().map(str::to_owned).collect(),
            "private-ip-address" => Some(self.private_ip.clone()),
            "association.allocation-id" => address::of_interface(tx, &self.id).map(Row::id),
            "association.public-ip" => self.association(tx).get("PublicIp").text().map(str::to_owned),
            "attachment.attachment-id" => attachment.map(|one| one.id.clone()),
            "attachment.device-index" => attachment.map(|one| one.device_index.to_string()),
            "attachment.instance-id" => attachment.and_then(|one| one.instance.clone()),
            "attachment.instance-owner-id" => attachment.map(|one| one.owner.clone()),
            "attachment.status" => attachment.map(|one| one.status.clone()),
            "availability-zone" => Some(self.zone.clone()),
            "description" => Some(self.description.clone()),
            "group-id" => return self.groups.clone(),
            "group-name" => {
                let names = self.groups.iter().filter_map(|id| tx.get::<SecurityGroup>(id));
                return names.map(|group| group.name.clone()).collect();
            }
            "interface-type" => Some(self.kind.clone()),
            "mac-address" => Some(self.mac.clone()),
            "network-interface-id" => Some(self.id.clone()),
            "owner-id" => Some(tx.account().to_owned()),
            "private-dns-name" => Some(self.private_dns_name(tx)),
            "requester-id" => self.requester_id().map(str::to_owned),
            "requester-managed" => Some(self.is_shown_as_managed().to_string()),
            "source-dest-check" => Some(self.source_dest_check.to_string()),
            "status" => Some(self.status().to_owned()),
            "subnet-id" => Some(self.subnet.clone()),
            "vpc-id" => Some(self.vpc.clone()),
            _ => None,
        };
        value.into_iter().collect()
    }

    fn view(&self, tx: &Tx<'_>) -> Value {
        let attachment = self.attachment.as_ref().map(|one| {
            record! {
                "AttachmentId" => &one.id,
                "AttachTime" => one.since,
                "DeleteOnTermination" => one.delete_on_termination,
                "DeviceIndex" => one.device_index,
                "NetworkCardIndex" => one.instance.as_ref().map(|_| 0_i64),
                "InstanceId" => one.instance.clone(),
                "InstanceOwnerId" => &one.owner,
                "Status" => &one.status,
            }
        });
        let addresses: Vec<Value> = self
            .addresses()
            .map(|ip| {
                record! {
                    "Association" => self.association_of(tx, ip),
                    "Primary" => ip == self.private_ip,
                    "PrivateDnsName" => name_of(tx, ip),
                    "PrivateIpAddress" => ip,
                }
            })
            .collect();
        record! {
            "NetworkInterfaceId" => &self.id,
            "SubnetId" => &self.subnet,
            "VpcId" => &self.vpc,
            "OwnerId" => tx.account(),
            "AvailabilityZone" => &self.zone,
            "AvailabilityZoneId" => tx.get::<Subnet>(&self.subnet).map(|subnet| subnet.zone_id.as_str()),
            "Description" => &self.description,
            "InterfaceType" => &self.kind,
            "MacAddress" => &self.mac,
            "PrivateDnsName" => self.private_dns_name(tx),
            "PrivateIpAddress" => &self.private_ip,
            "PrivateIpAddresses" => addresses,
            "Ipv6Addresses" => Value::List(Vec::new()),
            "Association" => self.association(tx),
            "Attachment" => attachment,
            "Groups" => self.group_views(tx),
            "RequesterId" => self.requester_id(),
            "RequesterManaged" => self.is_shown_as_managed(),
            "SourceDestCheck" => self.source_dest_check,
            "Status" => self.status(),
            "TagSet" => tags::of(tx, &self.id),
            "Operator" => record! { "Managed" => false },
        }
    }
}

/// An interface to be made.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    /// The subnet's id, which exists.
    pub subnet: &'a str,
    /// The security groups' ids, which exist and are of the subnet's VPC.
    pub groups: Vec<String>,
    /// What it is for.
    pub description: &'a str,
    /// `interface`, `nat_gateway` and so on.
    pub kind: &'a str,
    /// The service that manages it, as EC2 calls it.
    pub requester: Option<&'a str>,
    /// The private address; the subnet's first free one where none is given.
    pub private_ip: Option<&'a str>,
}

/// What a service runs behind an interface, which the account does not see.
#[derive(Debug, Clone, Copy)]
pub enum Behind {
    /// Something of AWS's own network.
    Network,
    /// An instance in an account of AWS's.
    Instance(&'static str),
}

/// Attaches an interface to what a service runs behind it.
pub fn attach_to_service(tx: &mut Tx<'_>, interface: &str, behind: Behind) {
    let (kind, owner) = match behind {
        Behind::Network => ("ela-attach", "amazon-aws"),
        Behind::Instance(account) => ("eni-attach", account),
    };
    let attachment = Attachment {
        id: tx.new_id(kind),
        instance: None,
        owner: owner.to_owned(),
        device_index: 1,
        status: "attached".to_owned(),
        delete_on_termination: false,
        since: tx.now(),
    };
    tx.change::<NetworkInterface>(interface, |row| row.attachment = Some(attachment));
}

/// Makes an interface: for instances, and for services (EKS, RDS, ElastiCache) in their customers' subnets.
///
/// # Errors
/// When the subnet does not exist, has no address left, or not this one.
pub fn make(tx: &mut Tx<'_>, wanted: Wanted<'_>) -> Result<String, Refusal> {
    let subnet: Subnet = resource::find(tx, wanted.subnet)?;
    let most = tx.quota("ec2.network-interfaces");
    tx.enforce("ec2.network_interface.quota", tx.count::<NetworkInterface>() < most, || {
        let message = "The maximum number of network interfaces has been reached.";
        Refusal::new("NetworkInterfaceLimitExceeded", message)
    })?;
    let private_ip = choose_address(tx, &subnet, wanted.private_ip)?;
    let id = tx.new_id("eni");
    let mac = format!("0a:{}:{}:{}:{}:{}", tx.hex(2), tx.hex(2), tx.hex(2), tx.hex(2), tx.hex(2));
    tx.put(NetworkInterface {
        id: id.clone(),
        subnet: subnet.id,
        vpc: subnet.vpc,
        zone: subnet.zone,
        description: wanted.description.to_owned(),
        private_ip,
        secondary_ips: Vec::new(),
        public_ip: None,
        mac,
        groups: wanted.groups,
        kind: wanted.kind.to_owned(),
        requester: wanted.requester.map(str::to_owned),
        creator: None,
        source_dest_check: wanted.kind != "nat_gateway",
        attachment: None,
    });
    Ok(id)
}

/// A further private address of an interface: this one, or the subnet's first that is free.
pub(super) fn add_address(tx: &mut Tx<'_>, interface: &str, wanted: Option<&str>) -> Result<String, Refusal> {
    let subnet = resource::find::<NetworkInterface>(tx, interface)?.subnet;
    let subnet: Subnet = resource::find(tx, &subnet)?;
    let ip = choose_address(tx, &subnet, wanted)?;
    tx.change::<NetworkInterface>(interface, |interface| interface.secondary_ips.push(ip.clone()));
    Ok(ip)
}

fn choose_address(tx: &Tx<'_>, subnet: &Subnet, wanted: Option<&str>) -> Result<String, Refusal> {
    let taken: std::collections::HashSet<&str> = tx
        .rows::<NetworkInterface>()
        .filter(|interface| interface.subnet == subnet.id)
        .flat_map(NetworkInterface::addresses)
        .collect();
    let (first, last) = (u32::from(subnet.cidr.network()), u32::from(subnet.cidr.broadcast()));
    // The first four and the last address are AWS's.
    let usable = (first + 4)..last;
    match wanted {
        Some(text) => {
            let inside = text.parse::<Ipv4Addr>().is_ok_and(|ip| usable.contains(&u32::from(ip)));
            tx.enforce("ec2.network_interface.address", inside, || {
                let message = format!("Address {text} does not fall within the subnet's address range");
                Refusal::new("InvalidParameterValue", message)
            })?;
            tx.enforce("ec2.network_interface.address", !taken.contains(text), || {
                Refusal::new("InvalidIPAddress.InUse", "The specified address is already in use.")
            })?;
            Ok(text.to_owned())
        }
        None => {
            usable.map(|ip| Ipv4Addr::from(ip).to_string()).find(|ip| !taken.contains(ip.as_str())).ok_or_else(|| {
                let message = format!("insufficient free addresses in subnet '{}'.", subnet.id);
                Refusal::new("InsufficientFreeAddressesInSubnet", message)
            })
        }
    }
}

/// Removes an interface, with its address's association and its tags.
pub fn remove(tx: &mut Tx<'_>, id: &str) {
    flow_log::forget(tx, id);
    address::unlink(tx, id);
    tags::forget(tx, id);
    tx.remove::<NetworkInterface>(id);
}

/// An instance's first interface.
#[must_use]
pub fn primary_of<'t>(tx: &'t Tx<'_>, instance: &str) -> Option<&'t NetworkInterface> {
    let is_it = |interface: &&NetworkInterface| {
        let attachment = interface.attachment.as_ref();
        attachment.is_some_and(|one| one.instance.as_deref() == Some(instance) && one.device_index == 0)
    };
    tx.rows::<NetworkInterface>().find(is_it)
}

fn groups(tx: &Tx<'_>, ids: &[&str], vpc: &str) -> Result<Vec<String>, Refusal> {
    let groups = security_group::check(tx, ids, vpc)?;
    let most = tx.quota("ec2.security-groups-per-interface");
    tx.enforce("ec2.network_interface.groups", groups.len() as i64 <= most, || {
        let message = "The maximum number of security groups per interface has been reached.";
        Refusal::new("SecurityGroupsPerInterfaceLimitExceeded", message)
    })?;
    Ok(groups)
}

/// The addresses that a new interface asks for: its first one, and further ones. One that is none is any.
fn read_addresses(tx: &Tx<'_>, input: &Input<'_>) -> Result<(Option<String>, Vec<Option<String>>), Refusal> {
    let listed = input.records("PrivateIpAddresses");
    let counted = input.integer("SecondaryPrivateIpAddressCount");
    let first = input.text("PrivateIpAddress");
    let rule = "ec2.network_interface.addresses";
    tx.enforce(rule, listed.is_empty() || (first.is_none() && counted.is_none()), || {
        // AWS's page says that they exclude each other; its words are not known.
        let message = "The parameter privateIpAddresses cannot be used with privateIpAddress or \
                       secondaryPrivateIpAddressCount";
        Refusal::new("InvalidParameterCombination", message)
    })?;
    if listed.is_empty() {
        let others = (0..counted.unwrap_or_default()).map(|_| None).collect();
        return Ok((first.map(str::to_owned), others));
    }
    let mut addresses = Vec::new();
    for one in &listed {
        let Some(ip) = one.text("PrivateIpAddress") else {
            return Err(super::missing("privateIpAddresses.privateIpAddress"));
        };
        addresses.push((ip.to_owned(), one.flag("Primary")));
    }
    let primary = addresses.iter().filter(|(_, primary)| *primary).count();
    tx.enforce(rule, primary <= 1, || {
        Refusal::new("InvalidParameterValue", "Only one primary private IP address can be specified.")
    })?;
    let at = addresses.iter().position(|(_, primary)| *primary);
    let first = at.map(|at| addresses.remove(at).0);
    Ok((first, addresses.into_iter().map(|(ip, _)| Some(ip)).collect()))
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let subnet: Subnet = resource::find(tx, input.required("SubnetId"))?;
    let mut groups = groups(tx, &input.texts("Groups"), &subnet.vpc)?;
    if groups.is_empty() {
        groups.extend(security_group::default_of(tx, &subnet.vpc));
    }
    let (first, others) = read_addresses(tx, input)?;
    let wanted = Wanted {
        subnet: &subnet.id,
        groups,
        description: input.text("Description").unwrap_or_default(),
        kind: "interface",
        requester: None,
        private_ip: first.as_deref(),
    };
    let id = make(tx, wanted)?;
    for other in others {
        add_address(tx, &id, other.as_deref())?;
    }
    let creator = tx.principal().user_id.clone();
    tx.change::<NetworkInterface>(&id, |interface| interface.creator = Some(creator));
    tags::on_create(tx, input, "network-interface", &id)?;
    let mut view = resource::find::<NetworkInterface>(tx, &id)?.view(tx);
    // The model's enum lacks it; recordings of AWS have it.
    view.set("Status", "available");
    Ok(record! { "NetworkInterface" => view, "ClientToken" => input.text("ClientToken") })
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let interface: NetworkInterface = resource::find(tx, input.required("NetworkInterfaceId"))?;
    let id = interface.id.as_str();
    tx.enforce("ec2.network_interface.delete.in_use", interface.attachment.is_none(), || {
        Refusal::new("InvalidParameterValue", format!("Network interface '{id}' is currently in use."))
    })?;
    remove(tx, id);
    Ok(nothing())
}

/// Refuses a change of an interface that a service made for itself.
///
/// # Errors
/// In that case.
pub(super) fn unmanaged(tx: &Tx<'_>, interface: &NetworkInterface) -> Result<(), Refusal> {
    tx.enforce("ec2.network_interface.managed", interface.requester.is_none(), || {
        Refusal::new("AuthFailure", "You do not have permission to access the specified resource.")
    })
}

fn modify_attribute(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let interface: NetworkInterface = resource::find(tx, input.required("NetworkInterfaceId"))?;
    let ids = input.texts("Groups");
    let groups = if ids.is_empty() { None } else { Some(groups(tx, &ids, &interface.vpc)?) };
    let description = input.record("Description").and_then(|value| value.text("Value")).map(str::to_owned);
    let check = input.record("SourceDestCheck").and_then(|value| value.bool("Value"));
    let attachment = input.record("Attachment");
    let given = [
        ("attachment", attachment.is_some()),
        ("description", description.is_some()),
        ("groupSet", !ids.is_empty()),
        ("sourceDestCheck", check.is_some()),
    ];
    let delete = attachment.as_ref().and_then(|attachment| attachment.bool("DeleteOnTermination"));
    let attached = attachment.as_ref().and_then(|attachment| attachment.text("AttachmentId"));
    resource::one_attribute(tx, input, "ec2.network_interface.attribute.single", &given)?;
    unmanaged(tx, &interface)?;
    if attachment.is_some() {
        let id = attached.unwrap_or_default();
        if interface.attachment.as_ref().is_none_or(|attached| attached.id != id) {
            let message = format!("The specified attachment ID '{id}' does not exist");
            return Err(Refusal::new("InvalidAttachmentID.NotFound", message));
        }
    }
    tx.change::<NetworkInterface>(&interface.id, |interface| {
        if let Some(groups) = groups {
            interface.groups = groups;
        }
        if let Some(description) = description {
            interface.description = description;
        }
        interface.source_dest_check = check.unwrap_or(interface.source_dest_check);
        if let (Some(delete), Some(attachment)) = (delete, interface.attachment.as_mut()) {
            attachment.delete_on_termination = delete;
        }
    });
    Ok(nothing())
}

fn detach(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let id = input.required("AttachmentId");
    let _ = input.flag("Force");
    let is_it = |interface: &&NetworkInterface| interface.attachment.as_ref().is_some_and(|one| one.id == id);
    let Some(interface) = tx.rows::<NetworkInterface>().find(is_it).cloned() else {
        let message = format!("The specified attachment ID '{id}' does not exist");
        return Err(Refusal::new("InvalidAttachmentID.NotFound", message));
    };
    // An instance of another account's is not the caller's to manage: <https://github.com/aws/aws-k8s-tester/issues/70>
    if interface.attachment.as_ref().is_some_and(|one| one.instance.is_none() && one.id.starts_with("eni-attach-")) {
        unmanaged(tx, &interface)?;
    }
    tx.enforce("ec2.network_interface.managed", interface.requester.is_none(), || {
        let message = format!(
            "You are not allowed to manage '{}' attachments.",
            id.rsplit_once('-').map_or(id, |(start, _)| start)
        );
        Refusal::new("OperationNotPermitted", message)
    })?;
    let primary = interface.attachment.as_ref().is_some_and(|attachment| attachment.device_index == 0);
    if primary {
        let message = "The network interface at device index 0 and networkCard index 0 cannot be detached.";
        return Err(Refusal::new("OperationNotPermitted", message));
    }
    tx.cancel("ec2.network_interface", &interface.id);
    tx.change::<NetworkInterface>(&interface.id, |interface| interface.attachment = None);
    Ok(nothing())
}

fn attach(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let interface: NetworkInterface = resource::find(tx, input.required("NetworkInterfaceId"))?;
    let instance: Instance = resource::find(tx, input.required("InstanceId"))?;
    let index = input.integer("DeviceIndex").unwrap_or_default();
    if input.integer("NetworkCardIndex").is_some_and(|card| card != 0) {
        return Err(Refusal::not_simulated("ec2 AttachNetworkInterface with a second network card"));
    }
    tx.enforce("ec2.network_interface.attach.in_use", interface.attachment.is_none(), || {
        Refusal::new("InvalidNetworkInterface.InUse", format!("Interface: [{}] in use.", interface.id))
    })?;
    tx.enforce("ec2.network_interface.attach.state", matches!(instance.state.as_str(), "running" | "stopped"), || {
        let message = format!("Instance '{}' is not 'running' or 'stopped'.", instance.id);
        Refusal::new("IncorrectState", message)
    })?;
    tx.enforce("ec2.network_interface.attach.zone", interface.zone == instance.zone, || {
        let message =
            "You may not attach a network interface to an instance if they are not in the same availability zone";
        Refusal::new("InvalidParameterCombination", message)
    })?;
    let held = instance.interfaces(tx);
    let taken = held.iter().any(|one| one.attachment.as_ref().is_some_and(|held| held.device_index == index));
    tx.enforce("ec2.network_interface.attach.index", !taken, || {
        let message =
            format!("Instance '{}' already has an interface attached at device index '{index}'.", instance.id);
        Refusal::new("InvalidParameterValue", message)
    })?;
    let most = instance_type::find(&instance.kind).map_or(i64::MAX, |kind| kind.interfaces);
    let count = held.len() as i64 + 1;
    tx.enforce("ec2.network_interface.attach.limit", count <= most, || {
        let message = format!("Interface count {count} exceeds the limit for {}", instance.kind);
        Refusal::new("AttachmentLimitExceeded", message)
    })?;
    let attachment = Attachment {
        id: tx.new_id("eni-attach"),
        instance: Some(instance.id),
        owner: tx.account().to_owned(),
        device_index: index,
        status: "attaching".to_owned(),
        delete_on_termination: false,
        since: tx.now(),
    };
    let id = attachment.id.clone();
    tx.change::<NetworkInterface>(&interface.id, |interface| interface.attachment = Some(attachment));
    tx.transition("ec2.network_interface.attach", "ec2.network_interface.attached", &interface.id);
    Ok(record! { "AttachmentId" => id, "NetworkCardIndex" => 0_i64 })
}

fn describe_attribute(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let interface: NetworkInterface = resource::find(tx, input.required("NetworkInterfaceId"))?;
    let (name, value) = match input.text("Attribute") {
        None => return Err(super::missing("attribute")),
        Some("description") => ("Description", record! { "Value" => &interface.description }),
        Some("groupSet") => ("Groups", interface.group_views(tx)),
        Some("sourceDestCheck") => ("SourceDestCheck", record! { "Value" => interface.source_dest_check }),
        Some("attachment") => {
            let mut view = interface.view(tx).get("Attachment").clone();
            view.set("NetworkCardIndex", Value::Absent);
            ("Attachment", view)
        }
        Some(_) => ("AssociatePublicIpAddress", Value::from(interface.public_ip.is_some())),
    };
    Ok(record! { "NetworkInterfaceId" => &interface.id, name => value })
}

fn reset_attribute(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let interface: NetworkInterface = resource::find(tx, input.required("NetworkInterfaceId"))?;
    if input.text("SourceDestCheck").is_none() {
        return Err(super::missing("sourceDestCheck"));
    }
    unmanaged(tx, &interface)?;
    tx.change::<NetworkInterface>(&interface.id, |interface| interface.source_dest_check = true);
    Ok(nothing())
}

#[cfg(test)]
mod tests {
    use crate::client::Client;

    // "The alias or AWS account ID of the principal or service that created the network interface":
    // <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NetworkInterface.html>
    #[tokio::test(start_paused = true)]
    async fn an_interface_says_who_asked_for_it() {
        let client = Client::calm();
        let vpc = client.vpc("10.0.0.0/16").await;
        let subnet = client.subnet(&vpc, "10.0.0.0/24", "us-east-1a").await;
        let shown = async |name: &str, value: &str| {
            let filter = [("Filter.1.Name", name), ("Filter.1.Value.1", value)];
            client.ec2("DescribeNetworkInterfaces", &filter).await
        };
        let made = client.ec2("CreateNetworkInterface", &[("SubnetId", &subnet)]).await;
        let own = shown("network-interface-id", &made.one("networkInterfaceId")).await;
        assert_eq!(
            (own.one("requesterId"), own.one("requesterManaged")),
            (made.one("requesterId"), "false".to_owned())
        );
        assert_eq!(shown("requester-id", &made.one("requesterId")).await.all("networkInterfaceId").len(), 1);

        let gateway = [("SubnetId", subnet.as_str()), ("ConnectivityType", "private")];
        client.ec2("CreateNatGateway", &gateway).await;
        let managed = shown("requester-managed", "true").await;
        assert_eq!(managed.all("requesterId"), ["036872051663"]);
        assert_eq!(managed.all("interfaceType"), ["nat_gateway"]);

        let owned = [("Owner.1", "amazon"), ("Filter.1.Name", "name"), ("Filter.1.Value.1", "al2023-ami-2023*-x86_64")];
        let image = client.ec2("DescribeImages", &owned).await.one("imageId");
        let counts = [("MinCount", "1"), ("MaxCount", "1"), ("InstanceType", "t3.micro")];
        let launch = [&counts[..], &[("ImageId", &image), ("SubnetId", &subnet)]].concat();
        let launched = client.ec2("RunInstances", &launch).await.one("instanceId");
        let launched = shown("attachment.instance-id", &launched).await;
        assert_eq!((launched.all("requesterId").len(), launched.one("requesterManaged")), (0, "false".to_owned()));
    }
}
