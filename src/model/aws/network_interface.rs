//! `aws_network_interface`: <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-eni.html>

use super::subnet::{check_groups, vpc_of};
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
    #[field(replace, computed)]
    private_ip: Option<Value<String>>,
    /// All its addresses, the primary one among them.
    #[field(set, computed)]
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
    let texts = |field: &str| -> Vec<&str> {
        let part = interface.part(field);
        let items = part.map(|part| if part.items().is_empty() { vec![part] } else { part.items() });
        let literals = items.unwrap_or_default().into_iter().filter_map(|item| item.literal()?.as_str());
        literals.collect()
    };
    let (primary, all) = (texts("private_ip"), texts("private_ips"));
    let range = subnet.and_then(|subnet| subnet.cidr("cidr_block"));
    for text in primary.iter().chain(&all) {
        let Ok(address) = text.parse::<std::net::Ipv4Addr>() else {
            findings.refuse(format!("{text:?} is no IPv4 address"));
            continue;
        };
        // The first four and the last address of a subnet are AWS's.
        let taken = |range: &ipnet::Ipv4Net| {
            let (first, last) = (u32::from(range.network()), u32::from(range.broadcast()));
            !(first + 4..last).contains(&u32::from(address))
        };
        if let Some(range) = range.filter(taken) {
            findings
                .refuse(format!("{address} can't be had in {range}: AWS keeps its first four addresses and its last"));
        }
    }
    if let Some(primary) = primary.first().filter(|primary| !all.is_empty() && !all.contains(primary)) {
        findings
            .refuse(format!("`private_ips` are all addresses; {primary}, which `private_ip` says, is not among them"));
    }
}
