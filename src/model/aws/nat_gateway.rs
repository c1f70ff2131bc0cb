//! `aws_nat_gateway`: <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html>

use super::form;
use super::{Eip, Instance, NetworkInterface, Subnet, way_out};
use crate::check::{Findings, View};
use crate::{Computed, Id, IntoId, Resource as _, Tags, Value, words};

words! {
    /// Where a NAT gateway leads.
    pub enum ConnectivityType {
        /// To the internet, from a public subnet, with an elastic IP.
        Public = "public",
        /// To other VPCs and on-premises networks.
        Private = "private",
    }
}

/// Lets what stands in private subnets reach out, and nothing in.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let range: Ipv4Net = "10.0.0.0/16".parse()?;
/// # let vpc = stack.add("main", Vpc::new(range));
/// # let public = stack.add("public", Subnet::new(&vpc, range.subnet(24, 0)?).availability_zone("us-east-1a"));
/// let address = stack.add("nat", Eip::new());
/// // It waits for the VPC's internet gateway and the subnet's routes by itself.
/// stack.add("main", NatGateway::public(&public, &address));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_nat_gateway",
    service = "ec2",
    creation = Token,
    create_seconds = 105,
    delete_seconds = 60,
    check = check,
    waits = waits
)]
pub struct NatGateway {
    /// The subnet it stands in.
    #[field(replace)]
    subnet_id: Value<Id<Subnet>>,
    /// The elastic IP that it speaks from; wanted where it is public.
    #[field(replace)]
    allocation_id: Option<Value<Id<Eip>>>,
    /// Where it leads.
    #[field(replace, default = "\"public\"")]
    connectivity_type: Option<Value<ConnectivityType>>,
    /// Its address inside the subnet.
    #[field(replace, computed, form = form::IPV4_ADDRESS)]
    private_ip: Option<Value<String>>,
    /// Tags.
    tags: Option<Value<Tags>>,
    /// The id.
    id: Computed<Id<NatGateway>>,
    /// The address that the internet sees.
    public_ip: Computed<String>,
    /// The elastic IP's association.
    association_id: Computed<String>,
    /// Its network interface.
    network_interface_id: Computed<String>,
}

impl NatGateway {
    /// One that leads to the internet: a public subnet and an elastic IP.
    #[must_use]
    pub fn public(subnet: impl IntoId<Subnet>, address: impl IntoId<Eip>) -> Self {
        Self::new(subnet).allocation_id(address)
    }
}

/// A public one is of use once its VPC has a way to the internet, and holds the VPC's internet gateway.
fn waits<'a>(gateway: &View<'a>) -> Vec<View<'a>> {
    let private = gateway.text("connectivity_type") == Some(ConnectivityType::Private.word());
    let Some(subnet) = gateway.follow("subnet_id").filter(|_| !private) else { return Vec::new() };
    let mut waits = way_out::internet(&subnet);
    // A route of its own subnet that leads to another target is none of its own way out.
    waits.extend(way_out::routes(&subnet).into_iter().filter(|view| !view.gives("nat_gateway_id")));
    waits
}

fn check(gateway: &View<'_>, findings: &mut Findings<'_>) {
    let private = gateway.text("connectivity_type") == Some(ConnectivityType::Private.word());
    let address = gateway.gives("allocation_id");
    if private && address {
        findings.refuse("a private NAT gateway takes no elastic IP; leave `allocation_id` out");
    }
    if !private && !address {
        findings.refuse("a public NAT gateway wants an elastic IP: `NatGateway::public(&subnet, &eip)`");
    }
    if let Some(subnet) = gateway.follow("subnet_id") {
        super::subnet::check_addresses(gateway, &["private_ip"], &subnet, findings);
    }
    super::subnet::check_free(gateway, &[Instance::SCHEMA.kind, NetworkInterface::SCHEMA.kind], findings);
}
