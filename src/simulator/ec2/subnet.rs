//! Subnets.

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use crate::ec2::network_interface::NetworkInterface;
use crate::ec2::resource::{self, Kind, Listing, Resource, nothing};
use crate::ec2::route_table;
use crate::ec2::vpc::{self, Vpc};
use crate::ec2::zone::{Zone, zones};
use crate::ec2::{cidr, flow_log, invalid_value, network_acl, tags};
use crate::input::Input;
use crate::protocol::lower_camel;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Handler, Span, Transition};
use crate::value::Value;
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("CreateDefaultSubnet", create_default),
    ("CreateSubnet", create),
    ("DeleteSubnet", delete),
    ("DescribeSubnets", |tx, input| {
        let listing = Listing { ids: "SubnetIds", answer: "Subnets", ids_exclude_pages: None };
        resource::describe::<Subnet>(tx, input, listing)
    }),
    ("ModifySubnetAttribute", modify_attribute),
];

pub(super) const SPANS: &[Span] = &[Span::new("ec2.subnet.create", 0.3, 1.5)];

pub(super) const TRANSITIONS: &[(&str, Transition)] = &[("ec2.subnet.available", |tx, pending| {
    tx.change::<Subnet>(&pending.subject, |subnet| subnet.state = "available".to_owned());
})];

const RANGES: &str = "https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "ec2.subnet.quota",
        "a VPC has 200 subnets",
        "https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html",
    ),
    Rule::new("ec2.subnet.range", "a subnet lies within its VPC's range and is between /16 and /28", RANGES),
    Rule::new(
        "ec2.subnet.ipv6_native",
        "a subnet of IPv6 alone has no IPv4 range",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSubnet.html",
    ),
    Rule::new("ec2.subnet.conflict", "two subnets of a VPC have no address in common", RANGES),
    Rule::new(
        "ec2.subnet.zone",
        "a subnet lies in a zone of its region",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSubnet.html",
    ),
    Rule::new(
        "ec2.subnet.default",
        "a zone has one default subnet, in the region's default VPC",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateDefaultSubnet.html",
    ),
    Rule::new(
        "ec2.subnet.delete.dependency",
        "a subnet with network interfaces in it is not deleted",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSubnet.html",
    ),
    Rule::new(
        "ec2.subnet.attribute.single",
        "one attribute is modified at a time",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifySubnetAttribute.html",
    ),
];

/// A subnet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subnet {
    /// Its id, `subnet-...`.
    pub id: String,
    /// The VPC.
    pub vpc: String,
    /// Its range.
    pub cidr: Ipv4Net,
    /// The zone's name.
    pub zone: String,
    /// The zone's id.
    pub zone_id: String,
    /// `pending` or `available`.
    pub state: String,
    /// Whether it is its zone's default subnet.
    pub default_for_zone: bool,
    /// Whether instances get a public address.
    pub map_public_ip: bool,
    /// `ip-name` or `resource-name`.
    pub hostname_type: String,
    /// Whether resource names resolve to IPv4 addresses.
    pub resource_name_a: bool,
    /// Whether resource names resolve to IPv6 addresses.
    pub resource_name_aaaa: bool,
}

impl Row for Subnet {
    const TABLE: &'static str = "ec2.subnet";
    fn id(&self) -> String {
        self.id.clone()
    }
}

impl Subnet {
    /// Its ARN.
    #[must_use]
    pub fn arn(&self, tx: &Tx<'_>) -> String {
        format!("arn:aws:ec2:{}:{}:subnet/{}", tx.region(), tx.account(), self.id)
    }

    /// How many addresses are left: AWS keeps five of each subnet for itself.
    #[must_use]
    pub fn free_addresses(&self, tx: &Tx<'_>) -> i64 {
        let all = 1_i64 << (32 - self.cidr.prefix_len());
        let inside = tx.rows::<NetworkInterface>().filter(|interface| interface.subnet == self.id);
        let used = inside.map(|interface| interface.addresses().count()).sum::<usize>() as i64;
        all - 5 - used
    }
}

impl Resource for Subnet {
    const SHAPE: &'static str = "Subnet";
    const KIND: Kind = Kind {
        prefix: "subnet",
        tagged_as: "subnet",
        not_found: "InvalidSubnetID.NotFound",
        malformed: "InvalidSubnetId.Malformed",
        one: "The subnet ID '{}' does not exist",
        several: "The subnet IDs '{}' do not exist",
    };

    const FILTERS: &'static [&'static str] = &[
        "availability-zone",
        "availabilityZone",
        "availability-zone-id",
        "availabilityZoneId",
        "available-ip-address-count",
        "cidr-block",
        "cidr",
        "cidrBlock",
        "default-for-az",
        "defaultForAz",
        "map-public-ip-on-launch",
        "owner-id",
        "private-dns-name-options-on-launch.hostname-type",
        "state",
        "subnet-arn",
        "subnet-id",
        "vpc-id",
    ];

    fn filter(&self, tx: &Tx<'_>, name: &str) -> Vec<String> {
        vec![match name {
            "availability-zone" | "availabilityZone" => self.zone.clone(),
            "availability-zone-id" | "availabilityZoneId" => self.zone_id.clone(),
            "available-ip-address-count" => self.free_addresses(tx).to_string(),
            "cidr-block" | "cidr" | "cidrBlock" => self.cidr.to_string(),
            "default-for-az" | "defaultForAz" => self.default_for_zone.to_string(),
            "map-public-ip-on-launch" => self.map_public_ip.to_string(),
            "owner-id" => tx.account().to_owned(),
            "private-dns-name-options-on-launch.hostname-type" => self.hostname_type.clone(),
            "state" => self.state.clone(),
            "subnet-arn" => self.arn(tx),
            "subnet-id" => self.id.clone(),
            "vpc-id" => self.vpc.clone(),
            _ => return Vec::new(),
        }]
    }

    fn view(&self, tx: &Tx<'_>) -> Value {
        record! {
            "SubnetId" => &self.id,
            "SubnetArn" => self.arn(tx),
            "VpcId" => &self.vpc,
            "OwnerId" => tx.account(),
            "CidrBlock" => self.cidr.to_string(),
            "AvailabilityZone" => &self.zone,
            "AvailabilityZoneId" => &self.zone_id,
            "AvailableIpAddressCount" => self.free_addresses(tx),
            "DefaultForAz" => self.default_for_zone,
            "MapPublicIpOnLaunch" => self.map_public_ip,
            "MapCustomerOwnedIpOnLaunch" => false,
            "AssignIpv6AddressOnCreation" => false,
            "Ipv6CidrBlockAssociationSet" => Value::List(Vec::new()),
            "EnableDns64" => false,
            "Ipv6Native" => false,
            "State" => &self.state,
            "PrivateDnsNameOptionsOnLaunch" => record! {
                "HostnameType" => &self.hostname_type,
                "EnableResourceNameDnsARecord" => self.resource_name_a,
                "EnableResourceNameDnsAAAARecord" => self.resource_name_aaaa,
            },
            "BlockPublicAccessStates" => record! { "InternetGatewayBlockMode" => "off" },
            "Tags" => tags::of(tx, &self.id),
        }
    }
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let vpc: Vpc = resource::find(tx, input.required("VpcId"))?;
    if input.flag("Ipv6Native") {
        return Err(native(tx, input));
    }
    let Some(text) = input.text("CidrBlock") else {
        return Err(super::no_range());
    };
    let range = cidr::parse(text, "cidrBlock")?;
    let zone = choose_zone(tx, input)?;
    let fits = (16..=28).contains(&range.prefix_len()) && vpc.usable_ranges().any(|whole| whole.contains(&range));
    tx.enforce("ec2.subnet.range", fits, || {
        Refusal::new("InvalidSubnet.Range", format!("The CIDR '{text}' is invalid."))
    })?;
    let have = tx.rows::<Subnet>().filter(|other| other.vpc == vpc.id).count() as i64;
    tx.enforce("ec2.subnet.quota", have < tx.quota("ec2.subnets-per-vpc"), || {
        Refusal::new("SubnetLimitExceeded", "The maximum number of subnets has been reached.")
    })?;
    let taken = tx.rows::<Subnet>().any(|other| other.vpc == vpc.id && cidr::overlap(other.cidr, range));
    tx.enforce("ec2.subnet.conflict", !taken, || {
        Refusal::new("InvalidSubnet.Conflict", format!("The CIDR '{text}' conflicts with another subnet"))
    })?;
    let id = make(tx, &vpc.id, range, &zone, false);
    tags::on_create(tx, input, "subnet", &id)?;
    tx.change::<Subnet>(&id, |subnet| subnet.state = "pending".to_owned());
    tx.transition("ec2.subnet.create", "ec2.subnet.available", &id);
    // The answer already says available; reads that come at once can still see it pending.
    let mut view = resource::find::<Subnet>(tx, &id)?.view(tx);
    view.set("State", "available");
    Ok(record! { "Subnet" => view })
}

/// Makes a zone's default subnet anew where it was deleted: the first /20 of the default VPC that is free.
fn create_default(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    if input.flag("Ipv6Native") {
        return Err(Refusal::not_simulated("ec2 CreateDefaultSubnet with IPv6"));
    }
    let zone = choose_zone(tx, input)?;
    // The page of EC2's error codes has these, and no source their words.
    let Some(vpc) = vpc::default(tx).cloned() else {
        return Err(Refusal::new("DefaultVpcDoesNotExist", "There is no default VPC in this region."));
    };
    let of_vpc = |subnet: &&Subnet| subnet.vpc == vpc.id;
    let there = tx.rows::<Subnet>().filter(of_vpc).any(|subnet| subnet.default_for_zone && subnet.zone == zone.name);
    tx.enforce("ec2.subnet.default", !there, || {
        let message = format!("A default subnet already exists in the Availability Zone {}.", zone.name);
        Refusal::new("DefaultSubnetAlreadyExistsInAvailabilityZone", message)
    })?;
    let taken = |range: &Ipv4Net| tx.rows::<Subnet>().filter(of_vpc).any(|other| cidr::overlap(other.cidr, *range));
    let free = vpc.cidr.subnets(20).into_iter().flatten().find(|range| !taken(range));
    let Some(range) = free else {
        let message = "There is not enough free address space in the default VPC.";
        return Err(Refusal::new("InsufficientFreeAddressesInSubnet", message));
    };
    let id = make(tx, &vpc.id, range, &zone, true);
    Ok(record! { "Subnet" => resource::find::<Subnet>(tx, &id)?.view(tx) })
}

/// Why there is no subnet of IPv6 alone.
fn native(tx: &Tx<'_>, input: &Input<'_>) -> Refusal {
    let ipv4 = input.has("CidrBlock") || input.has("Ipv4IpamPoolId");
    let refused = tx.enforce("ec2.subnet.ipv6_native", !ipv4, || {
        let message =
            "When specifying ipv4 parameters, cidrBlock or ipv4IpamPoolId, you cannot set ipv6Native to true.";
        Refusal::new("InvalidParameterCombination", message)
    });
    match refused {
        Err(refused) => refused,
        Ok(()) if input.has("Ipv6CidrBlock") || input.has("Ipv6IpamPoolId") => {
            Refusal::not_simulated("ec2 CreateSubnet with IPv6")
        }
        Ok(()) => Refusal::new("MissingParameter", "Either 'ipv6CidrBlock' or 'ipv6IpamPoolId' should be provided."),
    }
}

fn choose_zone(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Zone, Refusal> {
    let all = zones(tx.region());
    let offered = || all.iter().map(|zone| zone.name.as_str()).collect::<Vec<_>>().join(", ");
    // Terraform's provider sends the one that it has not been given as an empty text, and EC2 takes that for none.
    let zone = |member| input.text(member).filter(|text| !text.is_empty());
    let (name, id) = (zone("AvailabilityZone"), zone("AvailabilityZoneId"));
    let found = match (name, id) {
        (Some(_), Some(_)) => {
            let message = "You cannot specify both availabilityZone and availabilityZoneId";
            return Err(Refusal::new("InvalidParameterCombination", message));
        }
        (Some(name), None) => all.iter().find(|zone| zone.name == name),
        (None, Some(id)) => all.iter().find(|zone| zone.id == id),
        (None, None) => all.get(tx.below(all.len())),
    };
    let wrong = || {
        let why = format!("Subnets can currently only be created in the following availability zones: {}.", offered());
        invalid_value(
            name.or(id).unwrap_or_default(),
            if id.is_some() { "availabilityZoneId" } else { "availabilityZone" },
            &why,
        )
    };
    tx.enforce("ec2.subnet.zone", found.is_some(), wrong)?;
    found.or(all.first()).cloned().ok_or_else(wrong)
}

/// Makes a subnet, available at once.
pub(super) fn make(tx: &mut Tx<'_>, vpc: &str, cidr: Ipv4Net, zone: &Zone, default: bool) -> String {
    let id = tx.new_id("subnet");
    tx.put(Subnet {
        id: id.clone(),
        vpc: vpc.to_owned(),
        cidr,
        zone: zone.name.clone(),
        zone_id: zone.id.clone(),
        state: "available".to_owned(),
        default_for_zone: default,
        map_public_ip: default,
        hostname_type: "ip-name".to_owned(),
        resource_name_a: false,
        resource_name_aaaa: false,
    });
    network_acl::associate(tx, vpc, &id);
    id
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let subnet: Subnet = resource::find(tx, input.required("SubnetId"))?;
    let in_use = tx.rows::<NetworkInterface>().any(|interface| interface.subnet == subnet.id);
    tx.enforce("ec2.subnet.delete.dependency", !in_use, || {
        let message = format!("The subnet '{}' has dependencies and cannot be deleted.", subnet.id);
        Refusal::new("DependencyViolation", message)
    })?;
    // Its route table association goes with it.
    route_table::dissociate(tx, &subnet.id);
    network_acl::dissociate(tx, &subnet.id);
    flow_log::forget(tx, &subnet.id);
    tags::forget(tx, &subnet.id);
    tx.cancel("ec2.subnet", &subnet.id);
    tx.remove::<Subnet>(&subnet.id);
    Ok(nothing())
}

fn modify_attribute(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let subnet: Subnet = resource::find(tx, input.required("SubnetId"))?;
    let value = |name: &str| input.record(name).and_then(|attribute| attribute.bool("Value"));
    let public = value("MapPublicIpOnLaunch");
    let (a, aaaa) = (value("EnableResourceNameDnsARecordOnLaunch"), value("EnableResourceNameDnsAAAARecordOnLaunch"));
    let hostname_type = input.text("PrivateDnsHostnameTypeOnLaunch").map(str::to_owned);
    let given = [
        ("enableResourceNameDnsAAAARecordOnLaunch", aaaa.is_some()),
        ("enableResourceNameDnsARecordOnLaunch", a.is_some()),
        ("mapPublicIpOnLaunch", public.is_some()),
        ("privateDnsHostnameTypeOnLaunch", hostname_type.is_some()),
    ];
    // What is not simulated counts as well.
    let others = input.unread().into_iter().filter(|path| path != "DryRun");
    let others: Vec<String> = others.map(|path| lower_camel(path.split('.').next().unwrap_or_default())).collect();
    let mut names: Vec<&str> = given.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect();
    names.extend(others.iter().map(String::as_str));
    names.sort_unstable();
    tx.enforce("ec2.subnet.attribute.single", names.len() <= 1, || {
        let names = names.join(", ");
        let message = format!("Only one subnet attribute can be modified at a time. Provided attributes: [{names}]");
        Refusal::new("InvalidParameterCombination", message)
    })?;
    resource::one_attribute(tx, input, "ec2.subnet.attribute.single", &given)?;
    tx.change::<Subnet>(&subnet.id, |subnet| {
        subnet.map_public_ip = public.unwrap_or(subnet.map_public_ip);
        subnet.resource_name_a = a.unwrap_or(subnet.resource_name_a);
        subnet.resource_name_aaaa = aaaa.unwrap_or(subnet.resource_name_aaaa);
        if let Some(kind) = hostname_type {
            subnet.hostname_type = kind;
        }
    });
    Ok(nothing())
}

#[cfg(test)]
mod tests {
    use crate::client::Client;

    #[tokio::test(start_paused = true)]
    async fn ranges_lie_in_the_vpc_and_apart_from_each_other() {
        let client = Client::calm();
        let vpc = client.vpc("10.0.0.0/16").await;
        let subnet = client.subnet(&vpc, "10.0.0.0/24", "us-east-1a").await;
        let shown = client.ec2("DescribeSubnets", &[("SubnetId.1", &subnet)]).await;
        assert_eq!(shown.one("availableIpAddressCount"), "251");
        let outside = [("VpcId", vpc.as_str()), ("CidrBlock", "10.1.0.0/24")];
        let refused = client.refused("CreateSubnet", &outside, "InvalidSubnet.Range").await;
        assert_eq!(refused.message, "The CIDR '10.1.0.0/24' is invalid.");
        let overlapping = [("VpcId", vpc.as_str()), ("CidrBlock", "10.0.0.128/25")];
        let refused = client.refused("CreateSubnet", &overlapping, "InvalidSubnet.Conflict").await;
        assert_eq!(refused.message, "The CIDR '10.0.0.128/25' conflicts with another subnet");
        let nowhere = [("VpcId", vpc.as_str()), ("CidrBlock", "10.0.2.0/24"), ("AvailabilityZone", "us-east-1z")];
        client.refused("CreateSubnet", &nowhere, "InvalidParameterValue").await;
        let padded = [("VpcId", vpc.as_str()), ("CidrBlock", "10.0.02.0/24")];
        let refused = client.refused("CreateSubnet", &padded, "InvalidParameterValue").await;
        let said = "Value (10.0.02.0/24) for parameter cidrBlock is invalid. This is not a valid CIDR block.";
        assert_eq!(refused.message, said);
    }

    #[tokio::test(start_paused = true)]
    async fn a_subnet_with_an_interface_is_not_deleted() {
        let client = Client::calm();
        let vpc = client.vpc("10.0.0.0/16").await;
        let subnet = client.subnet(&vpc, "10.0.0.0/24", "us-east-1a").await;
        let interface = client.ec2("CreateNetworkInterface", &[("SubnetId", &subnet)]).await.one("networkInterfaceId");
        let shown = client.ec2("DescribeSubnets", &[("SubnetId.1", &subnet)]).await;
        assert_eq!(shown.one("availableIpAddressCount"), "250");
        let refused = client.refused("DeleteSubnet", &[("SubnetId", &subnet)], "DependencyViolation").await;
        assert_eq!(refused.message, format!("The subnet '{subnet}' has dependencies and cannot be deleted."));
        client.ec2("DeleteNetworkInterface", &[("NetworkInterfaceId", &interface)]).await;
        client.ec2("DeleteSubnet", &[("SubnetId", &subnet)]).await;
    }

    #[tokio::test(start_paused = true)]
    async fn tags_filters_and_pages_work_together() {
        let client = Client::calm();
        let vpc = client.vpc("10.0.0.0/16").await;
        for number in 0..7 {
            let cidr = format!("10.0.{number}.0/24");
            let name = format!("private-{number}");
            let parameters = [
                ("VpcId", vpc.as_str()),
                ("CidrBlock", &cidr),
                ("TagSpecification.1.ResourceType", "subnet"),
                ("TagSpecification.1.Tag.1.Key", "Name"),
                ("TagSpecification.1.Tag.1.Value", &name),
            ];
            client.ec2("CreateSubnet", &parameters).await;
        }
        let mut parameters = vec![
            ("Filter.1.Name", "tag:Name"),
            ("Filter.1.Value.1", "private-?"),
            ("Filter.2.Name", "vpc-id"),
            ("Filter.2.Value.1", &vpc),
            ("MaxResults", "5"),
        ];
        let first = client.ec2("DescribeSubnets", &parameters).await;
        assert_eq!(first.all("subnetId").len(), 5);
        let token = first.one("nextToken");
        parameters.push(("NextToken", &token));
        let second = client.ec2("DescribeSubnets", &parameters).await;
        assert_eq!(second.all("subnetId").len(), 2);
        assert!(second.all("nextToken").is_empty());
        client.refused("DescribeSubnets", &[("MaxResults", "4")], "InvalidParameterValue").await;
        client.refused("DescribeSubnets", &[("NextToken", "x")], "InvalidNextToken").await;
        let unknown = [("Filter.1.Name", "colour"), ("Filter.1.Value.1", "red")];
        client.refused("DescribeSubnets", &unknown, "InvalidParameterValue").await;
    }
}
