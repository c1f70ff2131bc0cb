//! The protocols of security group rules, and what rules in both directions must hold to.

use crate::check::{Findings, View};
use crate::words;

words! {
    /// A protocol, as EC2 names it.
    pub enum IpProtocol {
        /// TCP.
        Tcp = "tcp",
        /// UDP.
        Udp = "udp",
        /// ICMP for IPv4; the ports are type and code.
        Icmp = "icmp",
        /// ICMP for IPv6; the ports are type and code.
        Icmpv6 = "icmpv6",
        /// All protocols and ports.
        All = "-1",
    }
}

const ENDS: [&str; 4] = ["cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id"];

/// What makes a rule another one: EC2 takes no two that differ in their words alone, by
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AuthorizeSecurityGroupIngress.html>.
const SAID: [&str; 7] =
    ["ip_protocol", "from_port", "to_port", "cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id"];

pub(super) fn check(rule: &View<'_>, findings: &mut Findings<'_>) {
    let said = |rule: &View<'_>| Some(format!("{:?}", SAID.map(|field| rule.node().fields.get(field))));
    if let Some(other) = rule.earlier_twins_in("security_group_id", said).first() {
        findings.refuse(format!("{} is the same rule of the same group", other.named()));
    }
    let given = ENDS.iter().filter(|end| rule.gives(end)).count();
    if given != 1 {
        findings.refuse(format!("a rule has one other end, {given} given: one of {}", ENDS.join(", ")));
    }
    let Some(protocol) = rule.text("ip_protocol") else { return };
    let ports = ["from_port", "to_port"].map(|port| rule.gives(port));
    if protocol == IpProtocol::All.word() {
        if ports.contains(&true) {
            findings.refuse("a rule for all protocols is for all ports; leave `from_port` and `to_port` out");
        }
        return;
    }
    if ports.contains(&false) {
        findings.refuse(format!("a rule for {protocol} wants both `from_port` and `to_port`"));
        return;
    }
    let (Some(from), Some(to)) = (rule.integer("from_port"), rule.integer("to_port")) else { return };
    if let Some(why) = no_range(protocol, from, to) {
        findings.refuse(why);
    }
}

/// Why two numbers are no range of ports of a protocol that has some.
pub(super) fn no_range(protocol: &str, from: i64, to: i64) -> Option<String> {
    let ported = protocol == IpProtocol::Tcp.word() || protocol == IpProtocol::Udp.word();
    if ported && (from < 0 || to < 0) {
        Some(format!("{from} to {to} is no range of ports: they go from 0 to 65535"))
    } else if ported && from > to {
        Some(format!("the range of ports ends before it begins: {from} to {to}"))
    } else {
        None
    }
}
