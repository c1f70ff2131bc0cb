//! `aws_subnet`: <https://docs.aws.amazon.com/vpc/latest/userguide/configure-subnets.html>

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::Vpc;
use super::form;
use crate::check::{Findings, View};
use crate::{Arn, Computed, Id, Tags, Value};

/// A part of a VPC's range in one availability zone.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// let range: Ipv4Net = "10.0.0.0/16".parse()?;
/// let vpc = stack.add("main", Vpc::new(range));
/// for (position, zone) in (0..).zip(["us-east-1a", "us-east-1b", "us-east-1c"]) {
///     // The first, second and third /24 of the VPC's range.
///     let subnet = Subnet::new(&vpc, range.subnet(24, position)?).availability_zone(zone);
///     stack.add(("private", zone), subnet);
/// }
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(type = "aws_subnet", service = "ec2", creation = Tag, create_seconds = 2, delete_seconds = 1, check = check)]
pub struct Subnet {
    /// The VPC it lies in.
    #[field(replace)]
    vpc_id: Value<Id<Vpc>>,
    /// The IPv4 range, from /16 to /28, inside the VPC's; AWS keeps 5 of its addresses.
    #[field(replace)]
    cidr_block: Value<Ipv4Net>,
    /// The zone, for instance `us-east-1a`.
    #[field(replace, computed, form = form::ZONE)]
    availability_zone: Option<Value<String>>,
    /// Whether instances get a public address at launch.
    #[field(default = "false")]
    map_public_ip_on_launch: Option<Value<bool>>,
    /// Tags.
    tags: Option<Value<Tags>>,
    /// The id.
    id: Computed<Id<Subnet>>,
    /// The ARN.
    arn: Computed<Arn<Subnet>>,
    /// The account that owns it.
    owner_id: Computed<String>,
    /// The zone's id, the same in every account.
    availability_zone_id: Computed<String>,
}

fn check(subnet: &View<'_>, findings: &mut Findings<'_>) {
    super::zone::check(subnet, findings);
    let Some(cidr) = subnet.cidr("cidr_block") else { return };
    if !(16..=28).contains(&cidr.prefix_len()) {
        findings.refuse(format!("a subnet's range has a prefix length from /16 to /28, {cidr} does not"));
    }
    let Some(vpc) = subnet.follow("vpc_id") else { return };
    if let Some(range) = vpc.cidr("cidr_block").filter(|range| !range.contains(&cidr)) {
        findings.refuse(format!("{cidr} does not lie in {range}, the range of {}", vpc.named()));
    }
    for other in subnet.earlier_siblings_in("vpc_id") {
        if let Some(range) = other.cidr("cidr_block").filter(|range| range.contains(&cidr) || cidr.contains(range)) {
            findings.refuse(format!("{cidr} overlaps {range} of {}", other.named()));
        }
    }
}

/// The VPC that a declaration names in `vpc_id`.
pub(super) fn vpc_of<'a>(node: &View<'a>) -> Option<View<'a>> {
    node.follow("vpc_id")
}

/// Holds the subnets in a field to what several types want of them: one VPC, and so many zones.
///
/// Says nothing where a subnet is not of this stack or its zone is not written in place.
pub(super) fn check_spread(node: &View<'_>, field: &str, least_zones: usize, why: &str, findings: &mut Findings<'_>) {
    let Some(subnets) = node.follow_all(field) else { return };
    let vpcs: Option<BTreeSet<_>> = subnets.iter().map(|subnet| Some(&vpc_of(subnet)?.node().address)).collect();
    if vpcs.is_some_and(|vpcs| vpcs.len() > 1) {
        findings.refuse(format!("`{field}` names subnets of several VPCs; all have to lie in one"));
    }
    if let Some(zones) = zones(&subnets).filter(|zones| zones.len() < least_zones) {
        let named: Vec<&str> = zones.into_iter().collect();
        findings.refuse(format!(
            "{why} wants subnets in {least_zones} zones at least; `{field}` has {} ({})",
            named.len(),
            named.join(", ")
        ));
    }
}

/// The zones of subnets, where all are written in place.
pub(super) fn zones<'a>(subnets: &[View<'a>]) -> Option<BTreeSet<&'a str>> {
    subnets.iter().map(|subnet| subnet.text("availability_zone")).collect()
}

/// Where machines, interfaces and NAT gateways say their addresses.
const ADDRESSES: [&str; 2] = ["private_ip", "private_ips"];

/// The addresses that a field names, where they are written in place.
pub(super) fn addresses<'a>(node: &View<'a>, field: &str) -> Vec<&'a str> {
    let Some(part) = node.part(field) else { return Vec::new() };
    let items = if part.items().is_empty() { vec![part] } else { part.items() };
    items.into_iter().filter_map(|item| item.literal()?.as_str()).collect()
}

/// Refuses addresses that can't be had in a subnet: its first four and its last are AWS's, by
/// <https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html>.
pub(super) fn check_addresses(node: &View<'_>, fields: &[&str], subnet: &View<'_>, findings: &mut Findings<'_>) {
    let Some(range) = subnet.cidr("cidr_block") else { return };
    let (first, last) = (u32::from(range.network()), u32::from(range.broadcast()));
    for text in fields.iter().flat_map(|field| addresses(node, field)) {
        let Ok(address) = text.parse::<Ipv4Addr>() else { continue };
        if !(first + 4..last).contains(&u32::from(address)) {
            findings
                .refuse(format!("{address} can't be had in {range}: AWS keeps its first four addresses and its last"));
        }
    }
}

/// Refuses addresses that another declaration in the same subnet has: one of these types, or an earlier one of its own.
pub(super) fn check_free(node: &View<'_>, kinds: &[&'static str], findings: &mut Findings<'_>) {
    let all = |node: &View<'_>| -> BTreeSet<Ipv4Addr> {
        let texts = ADDRESSES.iter().flat_map(|field| addresses(node, field));
        texts.filter_map(|text| text.parse().ok()).collect()
    };
    let own = all(node);
    if own.is_empty() {
        return;
    }
    let mut others = node.earlier_siblings_in("subnet_id");
    others.extend(kinds.iter().flat_map(|kind| node.beside_in(kind, "subnet_id")));
    for other in others {
        if let Some(address) = all(&other).intersection(&own).next() {
            findings.refuse(format!("{} has {address} in the same subnet", other.named()));
        }
    }
}

/// Refuses security groups of another VPC than the one given.
pub(super) fn check_groups(node: &View<'_>, field: &str, vpc: &View<'_>, findings: &mut Findings<'_>) {
    for group in node.follow_all(field).unwrap_or_default() {
        if vpc_of(&group).is_some_and(|other| other.node().address != vpc.node().address) {
            findings.refuse(format!("{} belongs to another VPC than {}", group.named(), vpc.named()));
        }
    }
}
