//! `aws_network_interface`: <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-eni.html>

use super::form;
use super::subnet::{addresses, check_addresses, check_free, check_groups, vpc_of};
use super::{SecurityGroup, Subnet};
use crate::check::{Findings, View};
use crate::{Arn, Computed, Id, Tags, Value};

/// A network card of its own, whose addresses outlive the machine that it is attached to.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let range: Ipv4Net = "10.0.0.0/16".parse()?;
/// # let vpc = stack.add("main", Vpc::new(range));
/// # let subnet = stack.add("private", Subnet::new(&vpc, range.subnet(24, 0)?).availability_zone("us-east-1a"));
/// # let group = stack.add("server", SecurityGroup::new(&vpc, "The server"));
/// let interface = NetworkInterface::new(&subnet).private_ip("10.0.0.10").security_groups([&group]);
/// stack.add("fixed", interface);
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_network_interface",
    service = "ec2",
    creation = Token,
    create_seconds = 2,
    delete_seconds = 1,
    check = check
)]
pub struct NetworkInterface {
    /// The subnet it stands in.
    #[field(replace)]
    subnet_id: Value<Id<Subnet>>,
    /// What it is for.
    #[field(default = "\"\"", max_length = 255)]
    description: Option<Value<String>>,
    /// Its primary address in the subnet.
    #[field(replace, computed, form = form::IPV4_ADDRESS)]
    private_ip: Option<Value<String>>,
    /// All its addresses, the primary one among them.
    #[field(set, computed, form = form::IPV4_ADDRESS)]
    private_ips: Option<Value<Vec<String>>>,
    /// The security groups; the VPC's default one where none is given.
    #[field(set, computed, max_length = 16, holds = Firm)]
    security_groups: Option<Value<Vec<Id<SecurityGroup>>>>,
    /// Whether traffic that is neither from nor to it is dropped.
    #[field(default = "true")]
    source_dest_check: Option<Value<bool>>,
    /// Tags.
    tags: Option<Value<Tags>>,
    /// The id.
    id: Computed<Id<NetworkInterface>>,
    /// The ARN.
    arn: Computed<Arn<NetworkInterface>>,
    /// The account that owns it.
    owner_id: Computed<String>,
    /// Its hardware address.
    mac_address: Computed<String>,
    /// Its name inside the VPC.
    private_dns_name: Computed<String>,
}

fn check(interface: &View<'_>, findings: &mut Findings<'_>) {
    let subnet = interface.follow("subnet_id");
    if let Some(vpc) = subnet.as_ref().and_then(vpc_of) {
        check_groups(interface, "security_groups", &vpc, findings);
    }
    let (primary, all) = (addresses(interface, "private_ip"), addresses(interface, "private_ips"));
    if let Some(subnet) = &subnet {
        check_addresses(interface, &["private_ip", "private_ips"], subnet, findings);
    }
    check_free(interface, &[], findings);
    if let Some(primary) = primary.first().filter(|primary| !all.is_empty() && !all.contains(primary)) {
        findings
            .refuse(format!("`private_ips` are all addresses; {primary}, which `private_ip` says, is not among them"));
    }
}
