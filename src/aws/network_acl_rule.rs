//! The rules of network ACLs, which have them in place: as they are wanted, as they are, and the calls between.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{self, IcmpTypeCode, PortRange, RuleAction};
use fathuss_engine::provider::{Attributes, Failure};
use fathuss_model::Datum;

use crate::call::Call;
use crate::client::Client;
use crate::fields::{Fields, Observed};
use crate::gone::is_not_found;

/// One rule of one direction.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rule {
    number: i32,
    action: String,
    /// By name where it has one in the schema.
    protocol: String,
    range: String,
    ports: Option<(i32, i32)>,
    icmp: Option<(i32, i32)>,
}

/// The rules from here on are AWS's: they drop what no other rule is for.
const LAST: i32 = 32_767;

/// How many rules of its own a list has in one direction, without a raised quota.
const MOST: usize = 19;

/// The protocols by AWS's numbers.
const PROTOCOLS: [(&str, &str); 4] = [("1", "icmp"), ("6", "tcp"), ("17", "udp"), ("58", "icmpv6")];

/// What a program or a state asks for.
pub(crate) fn wanted(desired: &Attributes, egress: bool) -> Result<BTreeSet<Rule>, Failure> {
    let mut wanted = BTreeSet::new();
    for block in Fields::of(desired).blocks(name(egress))? {
        let pair = |first: &str, last: &str| -> Result<Option<(i32, i32)>, Failure> {
            Ok(block.maybe_i32(first)?.zip(block.maybe_i32(last)?))
        };
        let range = match block.maybe_text("cidr_block")? {
            Some(range) => range.to_owned(),
            None => block.text("ipv6_cidr_block")?.to_lowercase(),
        };
        wanted.insert(Rule {
            number: block.maybe_i32("rule_no")?.unwrap_or_default(),
            action: block.text("action")?.to_owned(),
            protocol: block.text("protocol")?.to_owned(),
            range,
            ports: pair("from_port", "to_port")?,
            icmp: pair("icmp_type", "icmp_code")?,
        });
    }
    Ok(wanted)
}

/// What is there.
pub(crate) fn there(acl: &types::NetworkAcl, egress: bool) -> BTreeSet<Rule> {
    let own = |entry: &&types::NetworkAclEntry| {
        entry.egress == Some(egress) && entry.rule_number.is_some_and(|number| number < LAST)
    };
    let rule = |entry: &types::NetworkAclEntry| {
        let number = entry.protocol().unwrap_or_default();
        let named = PROTOCOLS.iter().find(|(known, _)| *known == number).map_or(number, |(_, name)| *name);
        let range = entry.cidr_block().or(entry.ipv6_cidr_block());
        Rule {
            number: entry.rule_number.unwrap_or_default(),
            action: entry.rule_action.as_ref().map_or("", RuleAction::as_str).to_owned(),
            protocol: named.to_owned(),
            range: range.unwrap_or_default().to_owned(),
            ports: entry.port_range.as_ref().and_then(|ports| ports.from.zip(ports.to)),
            icmp: entry.icmp_type_code.as_ref().and_then(|icmp| icmp.r#type.zip(icmp.code)),
        }
    };
    acl.entries().iter().filter(own).map(rule).collect()
}

/// Both directions as attributes. `given` is the form in which the program or the state says the same rules, and is
/// kept where they are the same.
pub(crate) fn observe(observed: Observed, acl: &types::NetworkAcl, given: &Attributes) -> Observed {
    [false, true].into_iter().fold(observed, |observed, egress| {
        let there = there(acl, egress);
        let same = wanted(given, egress).is_ok_and(|wanted| wanted == there);
        let rules = match given.get(name(egress)).filter(|_| same) {
            Some(given) => given.clone(),
            None => Datum::List(there.into_iter().map(block).collect()),
        };
        observed.with(name(egress), rules)
    })
}

/// Whether both directions are as they are wanted.
pub(crate) fn are_set(acl: &types::NetworkAcl, desired: &Attributes) -> Result<bool, Failure> {
    Ok(wanted(desired, false)? == there(acl, false) && wanted(desired, true)? == there(acl, true))
}

/// Sends what lacks, replaces what has the number of another, and takes what is not wanted: last, so that nothing is
/// dropped between, but where there is no room for both.
pub(crate) async fn set(
    client: &Client,
    id: &str,
    acl: &types::NetworkAcl,
    desired: &Attributes,
) -> Result<(), Failure> {
    for egress in [false, true] {
        let (wanted, there) = (wanted(desired, egress)?, there(acl, egress));
        let has = |rules: &BTreeSet<Rule>, number: i32| rules.iter().any(|rule| rule.number == number);
        let exceeds: Vec<i32> = there.iter().map(|rule| rule.number).filter(|number| !has(&wanted, *number)).collect();
        let lacks = wanted.iter().filter(|rule| !has(&there, rule.number)).count();
        let crowded = there.len() + lacks > MOST;
        if crowded {
            delete(client, id, egress, &exceeds).await?;
        }
        for rule in wanted.difference(&there) {
            if has(&there, rule.number) {
                replace(client, id, egress, rule).await?;
            } else {
                create(client, id, egress, rule).await?;
            }
        }
        if !crowded {
            delete(client, id, egress, &exceeds).await?;
        }
    }
    Ok(())
}

fn name(egress: bool) -> &'static str {
    if egress { "egress" } else { "ingress" }
}

fn block(rule: Rule) -> Datum {
    let v6 = rule.range.contains(':');
    Observed::new()
        .with("rule_no", rule.number)
        .with("action", rule.action)
        .with("protocol", rule.protocol)
        .with("from_port", rule.ports.map(|ports| ports.0))
        .with("to_port", rule.ports.map(|ports| ports.1))
        .with("icmp_type", rule.icmp.map(|icmp| icmp.0))
        .with("icmp_code", rule.icmp.map(|icmp| icmp.1))
        .with(if v6 { "ipv6_cidr_block" } else { "cidr_block" }, rule.range)
        .into_datum()
}

/// The parts of a rule that the creating and the replacing call take alike.
struct Sent<'a> {
    v4: Option<&'a str>,
    v6: Option<&'a str>,
    ports: Option<PortRange>,
    icmp: Option<IcmpTypeCode>,
}

impl<'a> Sent<'a> {
    fn of(rule: &'a Rule) -> Self {
        let v6 = rule.range.contains(':');
        Self {
            v4: Some(rule.range.as_str()).filter(|_| !v6),
            v6: Some(rule.range.as_str()).filter(|_| v6),
            ports: rule.ports.map(|(from, to)| PortRange::builder().from(from).to(to).build()),
            icmp: rule.icmp.map(|(kind, code)| IcmpTypeCode::builder().r#type(kind).code(code).build()),
        }
    }
}

/// Creates; what is there already is: the next look shows whether it is the same.
async fn create(client: &Client, id: &str, egress: bool, rule: &Rule) -> Result<(), Failure> {
    let sent = Sent::of(rule);
    let sending = client
        .ec2
        .create_network_acl_entry()
        .network_acl_id(id)
        .egress(egress)
        .rule_number(rule.number)
        .rule_action(RuleAction::from(rule.action.as_str()))
        .protocol(number_of(&rule.protocol))
        .set_cidr_block(sent.v4.map(str::to_owned))
        .set_ipv6_cidr_block(sent.v6.map(str::to_owned))
        .set_port_range(sent.ports)
        .set_icmp_type_code(sent.icmp)
        .send();
    match client.send(Call::ec2("CreateNetworkAclEntry").lagging(), sending).await {
        Err(failure) if failure.code == "NetworkAclEntryAlreadyExists" => Ok(()),
        answer => answer.map(drop),
    }
}

async fn replace(client: &Client, id: &str, egress: bool, rule: &Rule) -> Result<(), Failure> {
    let sent = Sent::of(rule);
    let sending = client
        .ec2
        .replace_network_acl_entry()
        .network_acl_id(id)
        .egress(egress)
        .rule_number(rule.number)
        .rule_action(RuleAction::from(rule.action.as_str()))
        .protocol(number_of(&rule.protocol))
        .set_cidr_block(sent.v4.map(str::to_owned))
        .set_ipv6_cidr_block(sent.v6.map(str::to_owned))
        .set_port_range(sent.ports)
        .set_icmp_type_code(sent.icmp)
        .send();
    client.send(Call::ec2("ReplaceNetworkAclEntry").lagging(), sending).await.map(drop)
}

/// Deletes; what is gone already is.
async fn delete(client: &Client, id: &str, egress: bool, numbers: &[i32]) -> Result<(), Failure> {
    for number in numbers {
        let sending =
            client.ec2.delete_network_acl_entry().network_acl_id(id).egress(egress).rule_number(*number).send();
        match client.send(Call::ec2("DeleteNetworkAclEntry"), sending).await {
            Err(failure) if !is_not_found(&failure) => return Err(failure),
            _ => {}
        }
    }
    Ok(())
}

fn number_of(protocol: &str) -> &str {
    PROTOCOLS.iter().find(|(_, name)| *name == protocol).map_or(protocol, |(number, _)| *number)
}
