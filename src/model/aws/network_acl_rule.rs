//! The rules of network ACLs, which have them in place, and what they must hold to.

use std::collections::BTreeSet;

use ipnet::Ipv4Net;

use super::ip_protocol::IpProtocol;
use crate::check::{Findings, Part, View};
use crate::{IntoRange, Value, words};

words! {
    /// What a rule of a network ACL does.
    pub enum NetworkAclAction {
        /// Lets through.
        Allow = "allow",
        /// Drops.
        Deny = "deny",
    }
}

/// A rule of a network ACL: of those that fit, the one with the lowest number decides.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct NetworkAclRule {
    /// Its number, its own in its direction.
    #[field(min = 1, max = 32_766)]
    rule_no: Value<i64>,
    /// Whether it lets through or drops.
    action: Value<NetworkAclAction>,
    /// The protocol.
    protocol: Value<IpProtocol>,
    /// The first port of TCP and UDP.
    #[field(min = 0, max = 65_535)]
    from_port: Option<Value<i64>>,
    /// The last port of TCP and UDP.
    #[field(min = 0, max = 65_535)]
    to_port: Option<Value<i64>>,
    /// The type of ICMP; -1 is all.
    #[field(min = -1, max = 255)]
    icmp_type: Option<Value<i64>>,
    /// The code of ICMP; -1 is all of the type.
    #[field(min = -1, max = 255)]
    icmp_code: Option<Value<i64>>,
    /// The other end, as an IPv4 range.
    cidr_block: Option<Value<Ipv4Net>>,
    /// The other end, as an IPv6 range.
    ipv6_cidr_block: Option<Value<String>>,
}

impl NetworkAclRule {
    /// Everything from or to a range.
    #[must_use]
    pub fn all(number: i64, action: NetworkAclAction, range: impl IntoRange) -> Self {
        Self::new(number, action, IpProtocol::All).cidr_block(range)
    }

    /// A range of TCP ports from or to a range of addresses.
    #[must_use]
    pub fn tcp(number: i64, action: NetworkAclAction, from: i64, to: i64, range: impl IntoRange) -> Self {
        Self::new(number, action, IpProtocol::Tcp).from_port(from).to_port(to).cidr_block(range)
    }
}

/// Holds the rules of both directions to what EC2 takes.
pub(super) fn check(acl: &View<'_>, findings: &mut Findings<'_>) {
    for direction in ["ingress", "egress"] {
        let rules = acl.part(direction).map(Part::items).unwrap_or_default();
        let mut numbers = BTreeSet::new();
        for rule in rules {
            let number = rule.integer("rule_no");
            if number.is_some_and(|number| !numbers.insert(number)) {
                findings
                    .refuse(format!("`{direction}` has several rules of the number {}", number.unwrap_or_default()));
            }
            let named = number.map_or_else(|| "a rule".to_owned(), |number| format!("rule {number}"));
            check_rule(&format!("{named} of `{direction}`"), rule, findings);
        }
    }
}

fn check_rule(named: &str, rule: Part<'_>, findings: &mut Findings<'_>) {
    let gives = |field: &str| rule.at(field).is_some();
    if gives("cidr_block") == gives("ipv6_cidr_block") {
        findings.refuse(format!("{named} is for one range: `cidr_block` or `ipv6_cidr_block`"));
    }
    let Some(protocol) = rule.text("protocol") else { return };
    let ported = protocol == IpProtocol::Tcp.word() || protocol == IpProtocol::Udp.word();
    let icmp = protocol == IpProtocol::Icmp.word() || protocol == IpProtocol::Icmpv6.word();
    for (fields, wanted) in [(["from_port", "to_port"], ported), (["icmp_type", "icmp_code"], icmp)] {
        let [first, last] = fields;
        if wanted && !(gives(first) && gives(last)) {
            findings.refuse(format!("{named} wants both `{first}` and `{last}`, since it is for {protocol}"));
        }
        if !wanted && (gives(first) || gives(last)) {
            findings.refuse(format!("{named} takes neither `{first}` nor `{last}`, since its protocol is {protocol}"));
        }
    }
    if let (Some(from), Some(to)) = (rule.integer("from_port"), rule.integer("to_port"))
        && from > to
    {
        findings.refuse(format!("{named}: the range of ports ends before it begins: {from} to {to}"));
    }
    if let (Some(-1), Some(code)) = (rule.integer("icmp_type"), rule.integer("icmp_code"))
        && code != -1
    {
        findings.refuse(format!("{named}: all types of ICMP have all codes; `icmp_code` is -1 then"));
    }
}
