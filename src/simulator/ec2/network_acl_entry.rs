//! The entries of network ACLs: numbered rules, of which the first that fits decides.

use serde::{Deserialize, Serialize};

use crate::ec2::cidr;
use crate::ec2::network_acl::NetworkAcl;
use crate::ec2::resource::{self, nothing};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("CreateNetworkAclEntry", |tx, input| put(tx, input, false)),
    ("ReplaceNetworkAclEntry", |tx, input| put(tx, input, true)),
    ("DeleteNetworkAclEntry", delete),
];

const CREATE: &str = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateNetworkAclEntry.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("ec2.network_acl_entry.exists", "a number is one rule's in its direction", CREATE),
    Rule::new(
        "ec2.network_acl_entry.missing",
        "replacing or deleting a rule that is not there is refused",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ReplaceNetworkAclEntry.html",
    ),
    Rule::new("ec2.network_acl_entry.number", "rules have numbers from 1 to 32766", CREATE),
    Rule::new("ec2.network_acl_entry.protocol", "protocols go by name or number", CREATE),
    Rule::new("ec2.network_acl_entry.ports", "TCP and UDP want a range of ports, ICMP type and code", CREATE),
    Rule::new("ec2.network_acl_entry.range", "a rule is for one range, IPv4 or IPv6", CREATE),
    Rule::new(
        "ec2.network_acl_entry.quota",
        "a network ACL has 20 rules in one direction for each of IPv4 and IPv6, the last one that denies all among them",
        "https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html",
    ),
];

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its number.
    pub number: i64,
    /// Whether it is for what leaves the subnet.
    pub egress: bool,
    /// The protocol's number, or `-1`.
    pub protocol: String,
    /// `allow` or `deny`.
    pub action: String,
    /// The range at the other end, of either version.
    pub range: String,
    /// The ports of TCP and UDP.
    pub ports: Option<(i64, i64)>,
    /// Type and code of ICMP.
    pub icmp: Option<(i64, i64)>,
}

impl Entry {
    fn of_all(number: i64, egress: bool, action: &str) -> Entry {
        Entry {
            number,
            egress,
            protocol: "-1".to_owned(),
            action: action.to_owned(),
            range: "0.0.0.0/0".to_owned(),
            ports: None,
            icmp: None,
        }
    }

    fn is_v6(&self) -> bool {
        self.range.contains(':')
    }

    /// What `DescribeNetworkAcls` shows.
    pub(super) fn view(&self) -> Value {
        record! {
            "CidrBlock" => (!self.is_v6()).then_some(&*self.range),
            "Ipv6CidrBlock" => self.is_v6().then_some(&*self.range),
            "Egress" => self.egress,
            "IcmpTypeCode" => self.icmp.map(|(kind, code)| record! { "Type" => kind, "Code" => code }),
            "PortRange" => self.ports.map(|(from, to)| record! { "From" => from, "To" => to }),
            "Protocol" => &self.protocol,
            "RuleAction" => &self.action,
            "RuleNumber" => self.number,
        }
    }

    /// What one of the filters that are not named as what they select is shown compares.
    pub(super) fn compared(&self, filter: &str) -> Option<String> {
        match filter {
            "entry.cidr" => Some(self.range.clone()).filter(|_| !self.is_v6()),
            "entry.ipv6-cidr" => Some(self.range.clone()).filter(|_| self.is_v6()),
            "entry.icmp.type" => self.icmp.map(|(kind, _)| kind.to_string()),
            "entry.icmp.code" => self.icmp.map(|(_, code)| code.to_string()),
            _ => None,
        }
    }
}

/// The rules that a VPC's default network ACL begins with: everything, both ways.
pub(super) fn of_default() -> Vec<Entry> {
    vec![Entry::of_all(100, true, "allow"), Entry::of_all(100, false, "allow")]
}

/// A list's rules as they are shown: by direction and number, with those that deny everything else.
pub(super) fn shown(own: &[Entry]) -> impl Iterator<Item = Entry> {
    let mut all = own.to_vec();
    all.extend([Entry::of_all(32_767, true, "deny"), Entry::of_all(32_767, false, "deny")]);
    all.sort_by_key(|entry| (!entry.egress, entry.number));
    all.into_iter()
}

/// The number that a request names.
fn read_number(tx: &Tx<'_>, input: &Input<'_>) -> Result<i64, Refusal> {
    let number = input.integer("RuleNumber").unwrap_or_default();
    tx.enforce("ec2.network_acl_entry.number", (1..=32_766).contains(&number), || {
        // AWS's words for this are not known.
        super::invalid_value(number, "ruleNumber", "It must be from 1 to 32766.")
    })?;
    Ok(number)
}

fn read_protocol(tx: &Tx<'_>, given: &str) -> Result<String, Refusal> {
    let number = match given.to_lowercase().as_str() {
        "all" => "-1".to_owned(),
        "icmp" => "1".to_owned(),
        "tcp" => "6".to_owned(),
        "udp" => "17".to_owned(),
        "icmpv6" => "58".to_owned(),
        other => other.to_owned(),
    };
    let known = number.parse::<i64>().is_ok_and(|number| (-1..=255).contains(&number));
    tx.enforce("ec2.network_acl_entry.protocol", known, || {
        let message = format!("Invalid value '{given}' for IP protocol. Unknown protocol.");
        Refusal::new("InvalidParameterValue", message)
    })?;
    Ok(number)
}

fn read_range(tx: &Tx<'_>, input: &Input<'_>) -> Result<String, Refusal> {
    let (v4, v6) = (input.text("CidrBlock"), input.text("Ipv6CidrBlock"));
    tx.enforce("ec2.network_acl_entry.range", v4.is_some() != v6.is_some(), || {
        // AWS's words for this are not known.
        let message = "The request must contain exactly one of cidrBlock or ipv6CidrBlock";
        Refusal::new(if v4.is_none() { "MissingParameter" } else { "InvalidParameterCombination" }, message)
    })?;
    match (v4, v6) {
        (Some(range), _) => Ok(cidr::parse(range, "cidrBlock")?.to_string()),
        (None, Some(range)) => Ok(cidr::parse_v6(range, "ipv6CidrBlock")?.to_string()),
        (None, None) => Ok("0.0.0.0/0".to_owned()),
    }
}

/// The two numbers of a member, each within its bounds and the first not above the second where they are a range.
fn read_ports(tx: &Tx<'_>, input: &Input<'_>) -> Result<Option<(i64, i64)>, Refusal> {
    let Some(range) = input.record("PortRange") else {
        tx.enforce("ec2.network_acl_entry.ports", false, || super::missing("portRange"))?;
        return Ok(None);
    };
    let port = |name: &str, wire: &str| range.integer(name).ok_or_else(|| super::missing(&format!("portRange.{wire}")));
    let (from, to) = (port("From", "from")?, port("To", "to")?);
    let holds = (0..=65_535).contains(&from) && (0..=65_535).contains(&to) && from <= to;
    tx.enforce("ec2.network_acl_entry.ports", holds, || {
        super::invalid_value(format!("{from}-{to}"), "portRange", "It is not a range of ports from 0 to 65535.")
    })?;
    Ok(Some((from, to)))
}

fn read_icmp(tx: &Tx<'_>, input: &Input<'_>) -> Result<Option<(i64, i64)>, Refusal> {
    let Some(given) = input.record("IcmpTypeCode") else {
        tx.enforce("ec2.network_acl_entry.ports", false, || super::missing("icmpTypeCode"))?;
        return Ok(None);
    };
    let part = |name: &str, wire: &str| given.integer(name).ok_or_else(|| super::missing(&format!("icmp.{wire}")));
    let (kind, code) = (part("Type", "type")?, part("Code", "code")?);
    let holds = (-1..=255).contains(&kind) && (-1..=255).contains(&code) && (kind != -1 || code == -1);
    tx.enforce("ec2.network_acl_entry.ports", holds, || {
        super::invalid_value(format!("{kind}/{code}"), "icmpTypeCode", "It is no ICMP type and code.")
    })?;
    Ok(Some((kind, code)))
}

fn read(tx: &Tx<'_>, input: &Input<'_>) -> Result<Entry, Refusal> {
    let number = read_number(tx, input)?;
    let protocol = read_protocol(tx, input.required("Protocol"))?;
    let range = read_range(tx, input)?;
    let v6 = range.contains(':');
    // Of any other protocol ports, types and codes mean nothing, and all are meant.
    let ported = matches!(protocol.as_str(), "6" | "17");
    let typed = protocol == "1" || (protocol == "58" && v6);
    let ports = if ported { read_ports(tx, input)? } else { None };
    let icmp = if typed { read_icmp(tx, input)? } else { None };
    // What is given beside is taken and not kept.
    input.pass_over(&["PortRange", "IcmpTypeCode"]);
    Ok(Entry {
        number,
        egress: input.flag("Egress"),
        protocol,
        action: input.required("RuleAction").to_owned(),
        range,
        ports,
        icmp,
    })
}

fn absent(number: i64) -> Refusal {
    // AWS's words for this are not known.
    let message = format!("The network acl entry identified by {number} does not exist.");
    Refusal::new("InvalidNetworkAclEntry.NotFound", message)
}

fn put(tx: &mut Tx<'_>, input: &Input<'_>, replace: bool) -> Result<Value, Refusal> {
    let acl: NetworkAcl = resource::find(tx, input.required("NetworkAclId"))?;
    let entry = read(tx, input)?;
    let is_it = |known: &&Entry| known.number == entry.number && known.egress == entry.egress;
    let there = acl.entries.iter().find(is_it);
    if replace {
        tx.enforce("ec2.network_acl_entry.missing", there.is_some(), || absent(entry.number))?;
    } else {
        tx.enforce("ec2.network_acl_entry.exists", there.is_none(), || {
            let message = format!("The network acl entry identified by {} already exists.", entry.number);
            Refusal::new("NetworkAclEntryAlreadyExists", message)
        })?;
    }
    let alike = |known: &&Entry| known.egress == entry.egress && known.is_v6() == entry.is_v6();
    let have = acl.entries.iter().filter(alike).count() as i64 + 1;
    let grows = there.is_none_or(|there| there.is_v6() != entry.is_v6());
    let most = tx.quota("ec2.rules-per-network-acl");
    tx.enforce("ec2.network_acl_entry.quota", !grows || have < most, || {
        Refusal::new("NetworkAclEntryLimitExceeded", "The maximum number of network acl entries has been reached.")
    })?;
    tx.change::<NetworkAcl>(&acl.id, |acl| {
        acl.entries.retain(|known| known.number != entry.number || known.egress != entry.egress);
        acl.entries.push(entry);
    });
    Ok(nothing())
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let acl: NetworkAcl = resource::find(tx, input.required("NetworkAclId"))?;
    let (number, egress) = (read_number(tx, input)?, input.flag("Egress"));
    let there = acl.entries.iter().any(|known| known.number == number && known.egress == egress);
    tx.enforce("ec2.network_acl_entry.missing", there, || absent(number))?;
    tx.change::<NetworkAcl>(&acl.id, |acl| {
        acl.entries.retain(|known| known.number != number || known.egress != egress);
    });
    Ok(nothing())
}

#[cfg(test)]
mod tests {
    use crate::client::Client;

    fn rule<'a>(acl: &'a str, number: &'a str, protocol: &'a str) -> Vec<(&'a str, &'a str)> {
        vec![
            ("NetworkAclId", acl),
            ("Egress", "false"),
            ("RuleNumber", number),
            ("Protocol", protocol),
            ("RuleAction", "allow"),
            ("CidrBlock", "10.0.0.0/8"),
        ]
    }

    fn with<'a>(mut rule: Vec<(&'a str, &'a str)>, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        rule.extend_from_slice(more);
        rule
    }

    #[tokio::test(start_paused = true)]
    async fn rules_are_made_replaced_and_deleted_by_their_numbers() {
        let client = Client::calm();
        let vpc = client.vpc("10.0.0.0/16").await;
        let acl = client.ec2("CreateNetworkAcl", &[("VpcId", &vpc)]).await.one("networkAclId");
        let ports = [("PortRange.From", "443"), ("PortRange.To", "443")];
        client.refused("CreateNetworkAclEntry", &rule(&acl, "100", "tcp"), "MissingParameter").await;
        client
            .refused(
                "ReplaceNetworkAclEntry",
                &with(rule(&acl, "100", "tcp"), &ports),
                "InvalidNetworkAclEntry.NotFound",
            )
            .await;
        client.ec2("CreateNetworkAclEntry", &with(rule(&acl, "100", "tcp"), &ports)).await;
        let twice = client
            .refused("CreateNetworkAclEntry", &with(rule(&acl, "100", "tcp"), &ports), "NetworkAclEntryAlreadyExists")
            .await;
        assert_eq!(twice.message, "The network acl entry identified by 100 already exists.");
        client.ec2("ReplaceNetworkAclEntry", &with(rule(&acl, "100", "-1"), &ports)).await;
        let shown = client.ec2("DescribeNetworkAcls", &[("NetworkAclId.1", &acl)]).await;
        assert_eq!(shown.all("protocol"), ["-1", "-1", "-1"]);
        assert!(shown.all("portRange").is_empty(), "ports of all protocols are all ports");
        for number in ["0", "32767"] {
            client.refused("CreateNetworkAclEntry", &rule(&acl, number, "-1"), "InvalidParameterValue").await;
        }
        client.refused("CreateNetworkAclEntry", &rule(&acl, "101", "icmp"), "MissingParameter").await;
        let icmp = [("Icmp.Type", "-1"), ("Icmp.Code", "4")];
        client.refused("CreateNetworkAclEntry", &with(rule(&acl, "101", "icmp"), &icmp), "InvalidParameterValue").await;
        let icmp = [("Icmp.Type", "8"), ("Icmp.Code", "-1")];
        client.ec2("CreateNetworkAclEntry", &with(rule(&acl, "101", "icmp"), &icmp)).await;
        let echo = [("Filter.1.Name", "entry.icmp.type"), ("Filter.1.Value.1", "8")];
        assert_eq!(client.ec2("DescribeNetworkAcls", &echo).await.all("networkAclId"), [acl.as_str()]);
        let gone = [("NetworkAclId", acl.as_str()), ("Egress", "false"), ("RuleNumber", "100")];
        client.ec2("DeleteNetworkAclEntry", &gone).await;
        client.refused("DeleteNetworkAclEntry", &gone, "InvalidNetworkAclEntry.NotFound").await;
    }

    #[tokio::test(start_paused = true)]
    async fn twenty_rules_in_one_direction_are_all_and_the_last_is_one_of_them() {
        let client = Client::calm();
        let vpc = client.vpc("10.0.0.0/16").await;
        let acl = client.ec2("CreateNetworkAcl", &[("VpcId", &vpc)]).await.one("networkAclId");
        for number in 1..20 {
            client.ec2("CreateNetworkAclEntry", &rule(&acl, &number.to_string(), "-1")).await;
        }
        client.refused("CreateNetworkAclEntry", &rule(&acl, "20", "-1"), "NetworkAclEntryLimitExceeded").await;
        client.ec2("ReplaceNetworkAclEntry", &rule(&acl, "19", "-1")).await;
        let mut out = rule(&acl, "20", "-1");
        out[1] = ("Egress", "true");
        client.ec2("CreateNetworkAclEntry", &out).await;
    }
}
