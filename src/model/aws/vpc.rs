//! `aws_vpc`: <https://docs.aws.amazon.com/vpc/latest/userguide/configure-your-vpc.html>

use ipnet::Ipv4Net;

use super::block::block_around;
use super::{DefaultNetworkAcl, DefaultRouteTable};
use crate::check::{Findings, View};
use crate::{Arn, Computed, Id, Tags, Value, words};

words! {
    /// Whether instances share hardware with other accounts.
    pub enum Tenancy {
        /// Shared hardware.
        Default = "default",
        /// Hardware of one's own.
        Dedicated = "dedicated",
    }
}

/// A virtual private cloud: the address range that subnets lie in.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// let vpc = Vpc::new("10.0.0.0/16".parse::<Ipv4Net>()?).enable_dns_hostnames(true).tag("Name", "main");
/// let vpc = stack.add("main", vpc);
/// stack.output("vpc_id", vpc.id());
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(type = "aws_vpc", service = "ec2", creation = Tag, create_seconds = 2, delete_seconds = 1, check = check)]
pub struct Vpc {
    /// The IPv4 range, from /16 to /28.
    #[field(replace)]
    cidr_block: Value<Ipv4Net>,
    /// Whether instances get DNS names where they have public addresses.
    #[field(default = "false")]
    enable_dns_hostnames: Option<Value<bool>>,
    /// Whether AWS's resolver answers inside the VPC.
    #[field(default = "true")]
    enable_dns_support: Option<Value<bool>>,
    /// Whether instances share hardware with other accounts.
    #[field(replace, default = "\"default\"")]
    instance_tenancy: Option<Value<Tenancy>>,
    /// Tags.
    tags: Option<Value<Tags>>,
    /// The id.
    id: Computed<Id<Vpc>>,
    /// The ARN.
    arn: Computed<Arn<Vpc>>,
    /// The account that owns it.
    owner_id: Computed<String>,
    /// The route table of subnets that have none of their own.
    main_route_table_id: Computed<String>,
    /// The route table that came with the VPC.
    default_route_table_id: Computed<Id<DefaultRouteTable>>,
    /// The security group of what names none.
    default_security_group_id: Computed<String>,
    /// The network ACL of subnets that have none of their own.
    default_network_acl_id: Computed<Id<DefaultNetworkAcl>>,
    /// The DHCP options.
    dhcp_options_id: Computed<String>,
}

/// This network, loopback, link-local, multicast and what is reserved:
/// <https://www.iana.org/assignments/iana-ipv4-special-registry>
const KEPT: [&str; 5] = ["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4"];

fn check(vpc: &View<'_>, findings: &mut Findings<'_>) {
    let Some(cidr) = vpc.cidr("cidr_block") else { return };
    if !(16..=28).contains(&cidr.prefix_len()) {
        findings.refuse(format!("a VPC's range has a prefix length from /16 to /28, {cidr} does not"));
    }
    if let Some(block) = block_around(cidr, &KEPT) {
        findings.refuse(format!("{cidr} lies in {block}, which no network can use"));
    }
    if vpc.truth("enable_dns_hostnames") == Some(true) && vpc.truth("enable_dns_support") == Some(false) {
        findings.refuse("`enable_dns_hostnames` wants `enable_dns_support`");
    }
}
