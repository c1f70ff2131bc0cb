//! Further ranges of a VPC, beside the one that it was made with.
//! <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html>

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

use crate::ec2::resource::{self, Kind};
use crate::ec2::route_table;
use crate::ec2::subnet::Subnet;
use crate::ec2::vpc::{UNUSABLE, Vpc};
use crate::ec2::{cidr, missing};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Handler, Span, Transition};
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("AssociateVpcCidrBlock", associate), ("DisassociateVpcCidrBlock", disassociate)];

pub(super) const SPANS: &[Span] = &[Span::new("ec2.vpc.range", 1.0, 10.0)];

pub(super) const TRANSITIONS: &[(&str, Transition)] = &[
    ("ec2.vpc.range_there", |tx, pending| {
        let mut there = None;
        change(tx, &pending.subject, |block| {
            block.state = "associated".to_owned();
            there = Some(block.range);
        });
        if let (Some((vpc, _)), Some(range)) = (found(tx, &pending.subject), there) {
            route_table::add_local(tx, &vpc.id, &range.to_string());
        }
    }),
    ("ec2.vpc.range_gone", |tx, pending| {
        if let Some((vpc, _)) = found(tx, &pending.subject) {
            tx.change::<Vpc>(&vpc.id, |vpc| vpc.further.retain(|block| block.association != pending.subject));
        }
    }),
];

const PAGE: &str = "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("ec2.vpc.range.conflict", "a VPC's ranges have no address in common", PAGE),
    Rule::new("ec2.vpc.range.restricted", "a further range is of the first one's private addresses, or public", PAGE),
    Rule::new("ec2.vpc.range.routed", "a further range is smaller than what a route leads elsewhere", PAGE),
    Rule::new(
        "ec2.vpc.range.quota",
        "a VPC has 5 ranges",
        "https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html",
    ),
    Rule::new(
        "ec2.vpc.range.first",
        "the range that a VPC was made with stays",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DisassociateVpcCidrBlock.html",
    ),
    Rule::new("ec2.vpc.range.used", "a range with subnets in it stays", PAGE),
];

/// A range of a VPC's with its association.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CidrBlock {
    /// The association's id, `vpc-cidr-assoc-...`.
    pub association: String,
    /// The range.
    pub range: Ipv4Net,
    /// `associating`, `associated` or `disassociating`.
    pub state: String,
}

/// Associations, whose refusals are those of <https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/ec2/errors.go>.
const ASSOCIATION: Kind = Kind {
    prefix: "vpc-cidr-assoc",
    tagged_as: "",
    not_found: "InvalidVpcCidrBlockAssociationID.NotFound",
    malformed: "InvalidVpcCidrBlockAssociationId.Malformed",
    one: "The vpc CIDR block association ID '{}' does not exist",
    several: "The vpc CIDR block association IDs '{}' do not exist",
};

/// The private ranges, of which a VPC's further range is of the same as its first, and the one for benchmarks, which is
/// added to none.
const PRIVATE: [&str; 4] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "198.19.0.0/16"];

impl CidrBlock {
    pub(super) fn view(&self) -> Value {
        record! {
            "AssociationId" => &self.association,
            "CidrBlock" => self.range.to_string(),
            "CidrBlockState" => record! { "State" => &self.state },
        }
    }
}

/// The VPC that an association is of, and whether it is that of its first range.
fn found(tx: &Tx<'_>, association: &str) -> Option<(Vpc, bool)> {
    tx.rows::<Vpc>().find_map(|vpc| {
        let first = vpc.association == association;
        (first || vpc.further.iter().any(|block| block.association == association)).then(|| (vpc.clone(), first))
    })
}

fn change(tx: &mut Tx<'_>, association: &str, act: impl FnOnce(&mut CidrBlock)) {
    if let Some((vpc, _)) = found(tx, association) {
        tx.change::<Vpc>(&vpc.id, |vpc| {
            vpc.further.iter_mut().find(|block| block.association == association).map(act);
        });
    }
}

fn associate(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let vpc: Vpc = resource::find(tx, input.required("VpcId"))?;
    if input.flag("AmazonProvidedIpv6CidrBlock") {
        return Err(Refusal::not_simulated("ec2 AssociateVpcCidrBlock with an IPv6 range"));
    }
    let Some(text) = input.text("CidrBlock") else {
        return Err(missing("cidrBlock"));
    };
    let range = cidr::parse(text, "cidrBlock")?;
    let fits = (16..=28).contains(&range.prefix_len()) && !UNUSABLE.iter().any(|part| cidr::lies_in(&range, part));
    tx.enforce("ec2.vpc.range", fits, || Refusal::new("InvalidVpc.Range", format!("The CIDR '{text}' is invalid.")))?;
    // <https://github.com/getmoto/moto/blob/master/moto/ec2/exceptions.py> has the code and the words, and those of the
    // first range, which stays.
    let (have, most) = (vpc.ranges().count() as i64, tx.quota("ec2.ranges-per-vpc"));
    tx.enforce("ec2.vpc.range.quota", have < most, || {
        let message = format!("This network '{}' has met its maximum number of allowed CIDRs: {most}", vpc.id);
        Refusal::new("CidrLimitExceeded", message)
    })?;
    // No source has code or words, nor those of a route.
    tx.enforce("ec2.vpc.range.conflict", !vpc.ranges().any(|other| cidr::overlap(other, range)), || {
        Refusal::new("CidrConflict", format!("The CIDR '{text}' conflicts with another CIDR of the VPC {}.", vpc.id))
    })?;
    tx.enforce("ec2.vpc.range.restricted", is_allowed(vpc.cidr, range), || {
        let message = format!(
            "The CIDR '{text}' is restricted. Use a CIDR from the same private address range as the current VPC CIDR, \
             or use a publicly-routable CIDR. For additional restrictions, see {PAGE}"
        );
        Refusal::new("InvalidVpc.Range", message)
    })?;
    tx.enforce("ec2.vpc.range.routed", !route_table::leads_elsewhere(tx, &vpc.id, range), || {
        Refusal::new("CidrConflict", format!("The CIDR '{text}' conflicts with a route of the VPC {}.", vpc.id))
    })?;
    let association = tx.new_id("vpc-cidr-assoc");
    let block = CidrBlock { association: association.clone(), range, state: "associating".to_owned() };
    let answer = record! { "VpcId" => &vpc.id, "CidrBlockAssociation" => block.view() };
    tx.change::<Vpc>(&vpc.id, |vpc| vpc.further.push(block));
    tx.transition("ec2.vpc.range", "ec2.vpc.range_there", &association);
    Ok(answer)
}

/// Whether a range may be added to a VPC that was made with another. The table of restrictions goes by the first one's
/// private range; two of its lines are about a half of one.
fn is_allowed(first: Ipv4Net, range: Ipv4Net) -> bool {
    let of = |range: &Ipv4Net| PRIVATE.iter().position(|private| cidr::lies_in(range, private));
    let Some(private) = of(&range) else { return true };
    let same = of(&first) == Some(private) && PRIVATE[private] != "198.19.0.0/16";
    let half = cidr::lies_in(&first, "10.0.0.0/15") && cidr::lies_in(&range, "10.0.0.0/16");
    let default = cidr::lies_in(&range, "172.31.0.0/16");
    same && !half && !default
}

fn disassociate(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let id = input.required("AssociationId");
    ASSOCIATION.check(tx, id)?;
    let Some((vpc, is_first)) = found(tx, id) else { return Err(ASSOCIATION.missing(&[id])) };
    tx.enforce("ec2.vpc.range.first", !is_first, || {
        let message = format!(
            "The vpc CIDR block with association ID {id} may not be disassociated. It is the primary IPv4 CIDR block of \
             the VPC"
        );
        Refusal::new("OperationNotPermitted", message)
    })?;
    let Some(block) = vpc.further.iter().find(|block| block.association == id) else {
        return Err(ASSOCIATION.missing(&[id]));
    };
    let used = tx.rows::<Subnet>().any(|subnet| subnet.vpc == vpc.id && block.range.contains(&subnet.cidr));
    // <https://github.com/hashicorp/terraform-provider-aws/issues/29077>
    tx.enforce("ec2.vpc.range.used", !used, || {
        let message = format!("The vpc {} currently has a subnet within CIDR block {}", vpc.id, block.range);
        Refusal::new("InvalidCidrBlock.InUse", message)
    })?;
    let going = CidrBlock { state: "disassociating".to_owned(), ..block.clone() };
    let answer = record! { "VpcId" => &vpc.id, "CidrBlockAssociation" => going.view() };
    route_table::remove_local(tx, &vpc.id, &going.range.to_string());
    change(tx, id, |block| *block = going);
    tx.cancel("ec2.vpc", id);
    tx.transition("ec2.vpc.range", "ec2.vpc.range_gone", id);
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Client;

    #[test]
    fn a_further_range_is_of_the_first_ones_private_addresses_or_public() {
        let allowed = |first: &str, range: &str| is_allowed(first.parse().unwrap(), range.parse().unwrap());
        for (first, range) in [
            ("10.2.0.0/16", "10.0.0.0/16"),
            ("10.0.0.0/16", "10.2.0.0/24"),
            ("10.0.0.0/16", "100.64.0.0/16"),
            ("10.0.0.0/16", "52.1.0.0/16"),
            ("172.16.0.0/16", "172.17.0.0/16"),
            ("192.168.0.0/24", "192.168.1.0/24"),
            ("100.64.0.0/16", "52.1.0.0/16"),
        ] {
            assert!(allowed(first, range), "{first} {range}");
        }
        for (first, range) in [
            ("10.0.0.0/16", "172.16.0.0/16"),
            ("10.0.0.0/16", "192.168.0.0/24"),
            ("10.1.0.0/16", "10.0.0.0/24"),
            ("172.16.0.0/16", "172.31.0.0/24"),
            ("172.16.0.0/16", "10.0.0.0/16"),
            ("192.168.0.0/24", "198.19.0.0/24"),
            ("100.64.0.0/16", "10.0.0.0/16"),
            ("198.19.0.0/24", "198.19.1.0/24"),
        ] {
            assert!(!allowed(first, range), "{first} {range}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_further_range_has_its_local_routes_and_subnets_and_goes_without_them() {
        let client = Client::calm();
        let vpc = client.vpc("10.2.0.0/16").await;
        let made = [("VpcId", vpc.as_str()), ("CidrBlock", "100.64.0.0/16")];
        let made = client.ec2("AssociateVpcCidrBlock", &made).await;
        assert_eq!(made.one("state"), "associating");
        let association = made.one("associationId");
        let inside = [("VpcId", vpc.as_str()), ("CidrBlock", "100.64.1.0/24")];
        client.refused("CreateSubnet", &inside, "InvalidSubnet.Range").await;
        client.wait(20);
        let subnet = client.ec2("CreateSubnet", &inside).await.one("subnetId");
        let of_vpc = [("Filter.1.Name", "vpc-id"), ("Filter.1.Value.1", vpc.as_str())];
        let routes = async || client.ec2("DescribeRouteTables", &of_vpc).await.all("destinationCidrBlock");
        assert_eq!(routes().await, ["10.2.0.0/16", "100.64.0.0/16"]);
        client.ec2("CreateRouteTable", &[("VpcId", &vpc)]).await;
        assert_eq!(routes().await.len(), 4);
        let gone = [("AssociationId", association.as_str())];
        client.refused("DisassociateVpcCidrBlock", &gone, "InvalidCidrBlock.InUse").await;
        client.ec2("DeleteSubnet", &[("SubnetId", &subnet)]).await;
        client.ec2("DisassociateVpcCidrBlock", &gone).await;
        assert_eq!(routes().await, ["10.2.0.0/16", "10.2.0.0/16"]);
        client.wait(20);
        let left = client.ec2("DescribeVpcs", &[("VpcId.1", &vpc)]).await;
        assert_eq!(left.all("associationId").len(), 1);
        client.refused("DisassociateVpcCidrBlock", &gone, "InvalidVpcCidrBlockAssociationID.NotFound").await;
    }
}
