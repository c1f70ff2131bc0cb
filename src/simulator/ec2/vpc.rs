//! VPCs, and what AWS makes and removes with each: main route table, default
//! security group, default network ACL.

use serde::{Deserialize, Serialize};

use crate::ec2::internet_gateway::{self, InternetGateway};
use crate::ec2::network_interface::NetworkInterface;
use crate::ec2::resource::{self, Kind, Listing, Resource, nothing};
use crate::ec2::route_table::{self, RouteTable};
use crate::ec2::security_group::{self, SecurityGroup};
use crate::ec2::subnet::{self, Subnet};
use crate::ec2::vpc_cidr_block::CidrBlock;
use crate::ec2::{cidr, dhcp_options, flow_log, network_acl, tags, vpc_endpoint_network, zone};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Handler, Span, Transition};
use crate::value::Value;
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("CreateDefaultVpc", create_default),
    ("CreateVpc", create),
    ("DeleteVpc", delete),
    ("DescribeVpcs", |tx, input| {
        let listing = Listing { ids: "VpcIds", answer: "Vpcs", ids_exclude_pages: None };
        resource::describe::<Vpc>(tx, input, listing)
    }),
    ("ModifyVpcAttribute", modify_attribute),
    ("DescribeVpcAttribute", describe_attribute),
    ("ModifyVpcTenancy", modify_tenancy),
];

pub(super) const SPANS: &[Span] = &[Span::new("ec2.vpc.create", 0.5, 2.0)];

pub(super) const TRANSITIONS: &[(&str, Transition)] = &[("ec2.vpc.available", |tx, pending| {
    tx.change::<Vpc>(&pending.subject, |vpc| vpc.state = "available".to_owned());
})];

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "ec2.vpc.delete.dependency",
        "a VPC with anything but its default parts in it is not deleted",
        "https://docs.aws.amazon.com/vpc/latest/userguide/delete-vpc.html",
    ),
    Rule::new(
        "ec2.vpc.range",
        "a VPC's range is between /16 and /28, private or publicly routable",
        "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html",
    ),
    Rule::new(
        "ec2.vpc.quota",
        "an account has 5 VPCs in a region",
        "https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html",
    ),
    Rule::new(
        "ec2.vpc.tenancy",
        "a VPC's tenancy is default or dedicated: host is an instance's alone",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpc.html",
    ),
    Rule::new(
        "ec2.vpc.default",
        "a region has one default VPC",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateDefaultVpc.html",
    ),
    Rule::new("ec2.vpc.attribute.single", "one attribute is modified at a time", MODIFY),
    Rule::new("ec2.vpc.attribute.hostnames", "DNS host names are enabled where DNS support is", MODIFY),
];

const MODIFY: &str = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyVpcAttribute.html";

/// What is neither private nor publicly routable, as a VPC's range has to be: this network, loopback, link-local,
/// multicast and what is reserved. AWS's page does not list them one by one.
pub(super) const UNUSABLE: [&str; 5] = ["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4"];

/// What a VPC's tenancy can be.
const TENANCIES: [&str; 2] = ["default", "dedicated"];

/// The refusal of another tenancy.
pub(super) fn tenancy_refusal(given: &str) -> Refusal {
    super::invalid_value(given, "instanceTenancy", &format!("Valid values are: {}.", TENANCIES.join(", ")))
}

/// A VPC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vpc {
    /// Its id, `vpc-...`.
    pub id: String,
    /// Its range.
    pub cidr: ipnet::Ipv4Net,
    /// The id of the range's association.
    pub association: String,
    /// Its further ranges.
    #[serde(default)]
    pub further: Vec<CidrBlock>,
    /// `default` or `dedicated`.
    pub tenancy: String,
    /// Whether it is the region's default VPC.
    pub is_default: bool,
    /// `pending` or `available`.
    pub state: String,
    /// Its DHCP options.
    pub dhcp_options: String,
    /// Whether Amazon's name server answers.
    pub dns_support: bool,
    /// Whether instances with public addresses get public names.
    pub dns_hostnames: bool,
    /// Whether address usage is measured.
    pub usage_metrics: bool,
}

impl Row for Vpc {
    const TABLE: &'static str = "ec2.vpc";
    fn id(&self) -> String {
        self.id.clone()
    }
}

impl Vpc {
    /// Its ranges, the one that it was made with first, those that come or go among them.
    pub fn ranges(&self) -> impl Iterator<Item = ipnet::Ipv4Net> + '_ {
        std::iter::once(self.cidr).chain(self.further.iter().map(|block| block.range))
    }

    /// The ranges that are there.
    pub fn usable_ranges(&self) -> impl Iterator<Item = ipnet::Ipv4Net> + '_ {
        let there = self.further.iter().filter(|block| block.state == "associated").map(|block| block.range);
        std::iter::once(self.cidr).chain(there)
    }

    /// All of its ranges with their associations.
    fn blocks(&self) -> impl Iterator<Item = CidrBlock> + '_ {
        let first =
            CidrBlock { association: self.association.clone(), range: self.cidr, state: "associated".to_owned() };
        std::iter::once(first).chain(self.further.iter().cloned())
    }
}

impl Resource for Vpc {
    const SHAPE: &'static str = "Vpc";
    const KIND: Kind = Kind {
        prefix: "vpc",
        tagged_as: "vpc",
        not_found: "InvalidVpcID.NotFound",
        malformed: "InvalidVpcId.Malformed",
        one: "The vpc ID '{}' does not exist",
        several: "The vpc IDs '{}' do not exist",
    };

    const FILTERS: &'static [&'static str] = &[
        "cidr",
        "cidr-block-association.association-id",
        "cidr-block-association.cidr-block",
        "cidr-block-association.state",
        "dhcp-options-id",
        "is-default",
        "isDefault",
        "owner-id",
        "state",
        "vpc-id",
    ];

    fn filter(&self, tx: &Tx<'_>, name: &str) -> Vec<String> {
        vec![match name {
            "cidr-block-association.cidr-block" => return self.blocks().map(|block| block.range.to_string()).collect(),
            "cidr-block-association.association-id" => return self.blocks().map(|block| block.association).collect(),
            "cidr-block-association.state" => return self.blocks().map(|block| block.state).collect(),
            "cidr" => self.cidr.to_string(),
            "dhcp-options-id" => self.dhcp_options.clone(),
            "is-default" | "isDefault" => self.is_default.to_string(),
            "owner-id" => tx.account().to_owned(),
            "state" => self.state.clone(),
            "vpc-id" => self.id.clone(),
            _ => return Vec::new(),
        }]
    }

    fn view(&self, tx: &Tx<'_>) -> Value {
        record! {
            "VpcId" => &self.id,
            "OwnerId" => tx.account(),
            "CidrBlock" => self.cidr.to_string(),
            "CidrBlockAssociationSet" => self.blocks().map(|block| block.view()).collect::<Vec<_>>(),
            "DhcpOptionsId" => &self.dhcp_options,
            "InstanceTenancy" => &self.tenancy,
            "IsDefault" => self.is_default,
            "State" => &self.state,
            "Tags" => tags::of(tx, &self.id),
            "BlockPublicAccessStates" => record! { "InternetGatewayBlockMode" => "off" },
        }
    }
}

/// The region's default VPC.
#[must_use]
pub fn default<'t>(tx: &'t Tx<'_>) -> Option<&'t Vpc> {
    tx.rows::<Vpc>().find(|vpc| vpc.is_default)
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    if input.text("Ipv4IpamPoolId").is_some() || input.integer("Ipv4NetmaskLength").is_some() {
        return Err(Refusal::not_simulated("ec2 CreateVpc with a range from an IPAM pool"));
    }
    let Some(text) = input.text("CidrBlock") else {
        return Err(super::no_range());
    };
    let range = cidr::parse(text, "cidrBlock")?;
    let fits = (16..=28).contains(&range.prefix_len()) && !UNUSABLE.iter().any(|part| cidr::lies_in(&range, part));
    tx.enforce("ec2.vpc.range", fits, || Refusal::new("InvalidVpc.Range", format!("The CIDR '{text}' is invalid.")))?;
    tx.enforce("ec2.vpc.quota", tx.count::<Vpc>() < tx.quota("ec2.vpcs"), || {
        Refusal::new("VpcLimitExceeded", "The maximum number of VPCs has been reached.")
    })?;
    if input.flag("AmazonProvidedIpv6CidrBlock") {
        return Err(Refusal::not_simulated("ec2 CreateVpc with an IPv6 range"));
    }
    let tenancy = input.text("InstanceTenancy").unwrap_or("default").to_owned();
    tx.enforce("ec2.vpc.tenancy", TENANCIES.contains(&tenancy.as_str()), || tenancy_refusal(&tenancy))?;
    let id = make(tx, range, tenancy, false);
    tags::on_create(tx, input, "vpc", &id)?;
    tx.transition("ec2.vpc.create", "ec2.vpc.available", &id);
    Ok(record! { "Vpc" => resource::find::<Vpc>(tx, &id)?.view(tx) })
}

/// Makes a VPC with its default parts.
fn make(tx: &mut Tx<'_>, cidr: ipnet::Ipv4Net, tenancy: String, is_default: bool) -> String {
    let id = tx.new_id("vpc");
    let association = tx.new_id("vpc-cidr-assoc");
    tx.put(Vpc {
        id: id.clone(),
        cidr,
        association,
        further: Vec::new(),
        tenancy,
        is_default,
        state: "pending".to_owned(),
        dhcp_options: dhcp_options::default_id(tx),
        dns_support: true,
        dns_hostnames: is_default,
        usage_metrics: false,
    });
    route_table::make_main(tx, &id, cidr);
    security_group::make_default(tx, &id);
    network_acl::make(tx, &id);
    id
}

/// The default VPC, as each region has one from the start.
pub(super) fn furnish(tx: &mut Tx<'_>) {
    let id = make_default(tx);
    tx.change::<Vpc>(&id, |vpc| vpc.state = "available".to_owned());
}

/// The range of a default VPC.
const DEFAULT: ipnet::Ipv4Net = ipnet::Ipv4Net::new_assert(std::net::Ipv4Addr::new(172, 31, 0, 0), 16);

/// Makes a default VPC: a /20 in each zone, an internet gateway and the route to it.
fn make_default(tx: &mut Tx<'_>) -> String {
    let id = make(tx, DEFAULT, "default".to_owned(), true);
    let gateway = internet_gateway::make(tx, Some(&id));
    route_table::route_main_to(tx, &id, &gateway);
    let zones = zone::zones(tx.region());
    for (zone, part) in zones.iter().zip(DEFAULT.subnets(20).into_iter().flatten()) {
        subnet::make(tx, &id, part, zone, true);
    }
    id
}

/// Makes the default VPC anew where it was deleted.
/// <https://docs.aws.amazon.com/vpc/latest/userguide/work-with-default-vpc.html>
fn create_default(tx: &mut Tx<'_>, _: &Input<'_>) -> Result<Value, Refusal> {
    tx.enforce("ec2.vpc.default", default(tx).is_none(), || {
        Refusal::new("DefaultVpcAlreadyExists", "A Default VPC already exists for this account in this region.")
    })?;
    tx.enforce("ec2.vpc.quota", tx.count::<Vpc>() < tx.quota("ec2.vpcs"), || {
        Refusal::new("VpcLimitExceeded", "The maximum number of VPCs has been reached.")
    })?;
    let id = make_default(tx);
    tx.transition("ec2.vpc.create", "ec2.vpc.available", &id);
    Ok(record! { "Vpc" => resource::find::<Vpc>(tx, &id)?.view(tx) })
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let vpc: Vpc = resource::find(tx, input.required("VpcId"))?;
    let id = vpc.id.as_str();
    let in_use = tx.rows::<Subnet>().any(|subnet| subnet.vpc == id)
        || tx.rows::<InternetGateway>().any(|gateway| gateway.vpc.as_deref() == Some(id))
        || tx.rows::<RouteTable>().any(|table| table.vpc == id && !table.is_main())
        || tx.rows::<SecurityGroup>().any(|group| group.vpc == id && group.name != "default")
        || tx.rows::<NetworkInterface>().any(|interface| interface.vpc == id)
        || network_acl::any_in(tx, id)
        || vpc_endpoint_network::any_in(tx, id);
    tx.enforce("ec2.vpc.delete.dependency", !in_use, || {
        let message = format!("The vpc '{id}' has dependencies and cannot be deleted.");
        Refusal::new("DependencyViolation", message)
    })?;
    route_table::forget(tx, id);
    security_group::forget(tx, id);
    network_acl::forget(tx, id);
    flow_log::forget(tx, id);
    tags::forget(tx, id);
    tx.cancel("ec2.vpc", id);
    tx.remove::<Vpc>(id);
    Ok(nothing())
}

fn modify_attribute(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let vpc: Vpc = resource::find(tx, input.required("VpcId"))?;
    let value = |name: &str| input.record(name).and_then(|attribute| attribute.bool("Value"));
    let (support, hostnames) = (value("EnableDnsSupport"), value("EnableDnsHostnames"));
    let metrics = value("EnableNetworkAddressUsageMetrics");
    let given = [
        ("enableDnsHostnames", hostnames.is_some()),
        ("enableDnsSupport", support.is_some()),
        ("enableNetworkAddressUsageMetrics", metrics.is_some()),
    ];
    resource::one_attribute(tx, input, "ec2.vpc.attribute.single", &given)?;
    // AWS's page has the rule, no source its code or words.
    tx.enforce("ec2.vpc.attribute.hostnames", hostnames != Some(true) || vpc.dns_support, || {
        super::invalid_value(true, "enableDnsHostnames", "DNS support must be enabled first.")
    })?;
    tx.change::<Vpc>(&vpc.id, |vpc| {
        vpc.dns_support = support.unwrap_or(vpc.dns_support);
        vpc.dns_hostnames = hostnames.unwrap_or(vpc.dns_hostnames);
        vpc.usage_metrics = metrics.unwrap_or(vpc.usage_metrics);
    });
    Ok(nothing())
}

fn modify_tenancy(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let vpc: Vpc = resource::find(tx, input.required("VpcId"))?;
    // `default` is all that the API's model has: a VPC's instances can only become less dedicated.
    let tenancy = input.required("InstanceTenancy").to_owned();
    tx.change::<Vpc>(&vpc.id, |vpc| vpc.tenancy = tenancy);
    Ok(record! { "ReturnValue" => true })
}

fn describe_attribute(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let vpc: Vpc = resource::find(tx, input.required("VpcId"))?;
    let (name, value) = match input.required("Attribute") {
        "enableDnsSupport" => ("EnableDnsSupport", vpc.dns_support),
        "enableDnsHostnames" => ("EnableDnsHostnames", vpc.dns_hostnames),
        _ => ("EnableNetworkAddressUsageMetrics", vpc.usage_metrics),
    };
    Ok(record! { "VpcId" => &vpc.id, name => record! { "Value" => value } })
}

#[cfg(test)]
mod tests {
    use crate::client::Client;

    #[tokio::test(start_paused = true)]
    async fn a_new_vpc_has_its_default_parts_and_takes_them_along_when_it_goes() {
        let client = Client::calm();
        let vpc = client.vpc("10.10.0.0/16").await;
        let filter = [("Filter.1.Name", "vpc-id"), ("Filter.1.Value.1", vpc.as_str())];
        let tables = client.ec2("DescribeRouteTables", &filter).await;
        assert_eq!(tables.all("destinationCidrBlock"), ["10.10.0.0/16"]);
        assert_eq!(tables.all("main"), ["true"]);
        let groups = client.ec2("DescribeSecurityGroups", &filter).await;
        assert_eq!(groups.all("groupName"), ["default"]);
        assert_eq!(client.ec2("DescribeNetworkAcls", &filter).await.all("networkAclId").len(), 1);
        client.ec2("DeleteVpc", &[("VpcId", &vpc)]).await;
        for (action, element) in [
            ("DescribeRouteTables", "routeTableId"),
            ("DescribeSecurityGroups", "groupId"),
            ("DescribeNetworkAcls", "networkAclId"),
        ] {
            assert!(client.ec2(action, &filter).await.all(element).is_empty(), "{action}");
        }
        let gone = client.refused("DescribeVpcs", &[("VpcId.1", &vpc)], "InvalidVpcID.NotFound").await;
        assert_eq!(gone.message, format!("The vpc ID '{vpc}' does not exist"));
    }

    /// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpc.html>: "the host value is only for
    /// instances", and an IPAM pool stands in a range's place.
    #[tokio::test(start_paused = true)]
    async fn a_vpcs_tenancy_is_default_or_dedicated_and_its_range_may_come_from_elsewhere() {
        let client = Client::calm();
        for given in ["host", "shared"] {
            let asked = [("CidrBlock", "10.0.0.0/16"), ("InstanceTenancy", given)];
            let refused = client.refused("CreateVpc", &asked, "InvalidParameterValue").await;
            let message = format!(
                "Value ({given}) for parameter instanceTenancy is invalid. Valid values are: default, dedicated."
            );
            assert_eq!(refused.message, message);
        }
        client
            .refused("CreateVpc", &[("Ipv4IpamPoolId", "ipam-pool-1"), ("Ipv4NetmaskLength", "20")], "NotSimulated")
            .await;
        client.refused("CreateVpc", &[], "MissingParameter").await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_vpc_is_pending_before_it_is_available() {
        let client = Client::calm();
        let made = client.ec2("CreateVpc", &[("CidrBlock", "10.0.0.0/16")]).await;
        assert_eq!(made.all("state"), ["associated", "pending"]);
        client.wait(5);
        let shown = client.ec2("DescribeVpcs", &[("VpcId.1", &made.one("vpcId"))]).await;
        assert_eq!(shown.all("state"), ["associated", "available"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_vpc_with_a_subnet_is_not_deleted_unless_the_rule_is_off() {
        let client = Client::calm();
        let vpc = client.vpc("10.0.0.0/16").await;
        client.subnet(&vpc, "10.0.1.0/24", "us-east-1a").await;
        let refused = client.refused("DeleteVpc", &[("VpcId", &vpc)], "DependencyViolation").await;
        assert_eq!(refused.message, format!("The vpc '{vpc}' has dependencies and cannot be deleted."));
        assert!(client.simulator.switch("ec2.vpc.delete.dependency", false));
        client.ec2("DeleteVpc", &[("VpcId", &vpc)]).await;
    }

    #[tokio::test(start_paused = true)]
    async fn every_region_begins_with_a_default_vpc_and_five_are_the_limit() {
        let client = Client::calm();
        assert_eq!(client.ec2("DescribeVpcs", &[]).await.all("isDefault"), ["true"]);
        assert_eq!(client.ec2("DescribeSubnets", &[]).await.all("defaultForAz"), ["true"; 6]);
        for number in 0..4 {
            client.vpc(&format!("10.{number}.0.0/16")).await;
        }
        client.refused("CreateVpc", &[("CidrBlock", "10.9.0.0/16")], "VpcLimitExceeded").await;
        client.refused("CreateVpc", &[("CidrBlock", "10.9.0.0/15")], "InvalidVpc.Range").await;
        client.refused("CreateVpc", &[("CidrBlock", "10.9.0.0")], "InvalidParameterValue").await;
        client.refused("CreateVpc", &[], "MissingParameter").await;
    }

    #[tokio::test(start_paused = true)]
    async fn attributes_are_modified_one_at_a_time() {
        let client = Client::calm();
        let vpc = client.vpc("10.0.0.0/16").await;
        let read = [("VpcId", vpc.as_str()), ("Attribute", "enableDnsHostnames")];
        assert_eq!(client.ec2("DescribeVpcAttribute", &read).await.one("value"), "false");
        client.ec2("ModifyVpcAttribute", &[("VpcId", &vpc), ("EnableDnsHostnames.Value", "true")]).await;
        assert_eq!(client.ec2("DescribeVpcAttribute", &read).await.one("value"), "true");
        let both = [("VpcId", vpc.as_str()), ("EnableDnsHostnames.Value", "true"), ("EnableDnsSupport.Value", "true")];
        client.refused("ModifyVpcAttribute", &both, "InvalidParameterCombination").await;
    }
}
