//! `aws_subnet`: <https://docs.aws.amazon.com/vpc/latest/userguide/configure-subnets.html>

use ipnet::Ipv4Net;

use super::Vpc;
use crate::check::{Findings, View};
use crate::{Arn, Computed, Id, Tags, Value};

/// A part of a VPC's range in one availability zone.
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
    #[field(replace, computed)]
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
    let Some(cidr) = subnet.cidr("cidr_block") else { return };
    if !(16..=28).contains(&cidr.prefix_len()) {
        findings.refuse(format!("a subnet's range has a prefix length from /16 to /28, {cidr} does not"));
    }
    if cidr.trunc() != cidr {
        findings.refuse(format!("{cidr} has host bits; the range is {}", cidr.trunc()));
    }
    let Some(vpc) = subnet.follow("vpc_id") else { return };
    if let Some(range) = vpc.cidr("cidr_block").filter(|range| !range.contains(&cidr)) {
        findings.refuse(format!(
            "{cidr} does not lie in {range}, the range of {} ({})",
            vpc.node().address.local(),
            vpc.node().source
        ));
    }
    for other in subnet.earlier_siblings() {
        let same_vpc = other.follow("vpc_id").is_some_and(|other| other.node().address == vpc.node().address);
        let overlap = other.cidr("cidr_block").filter(|range| range.contains(&cidr) || cidr.contains(range));
        if let Some(range) = overlap.filter(|_| same_vpc) {
            findings.refuse(format!(
                "{cidr} overlaps {range} of {} ({})",
                other.node().address.local(),
                other.node().source
            ));
        }
    }
}
