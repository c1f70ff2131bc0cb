//! The rules of security groups, each a row with an id of its own.

use serde::{Deserialize, Serialize};

use crate::ec2::resource::{self, Kind, Listing, Resource, done};
use crate::ec2::security_group::{self, SecurityGroup};
use crate::ec2::{cidr, missing, prefix_list, tags};
use crate::input::Input;
use crate::protocol::lower_camel;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("AuthorizeSecurityGroupIngress", |tx, input| authorize(tx, input, false)),
    ("AuthorizeSecurityGroupEgress", |tx, input| authorize(tx, input, true)),
    ("RevokeSecurityGroupIngress", |tx, input| revoke(tx, input, false)),
    ("RevokeSecurityGroupEgress", |tx, input| revoke(tx, input, true)),
    ("UpdateSecurityGroupRuleDescriptionsIngress", |tx, input| describe_anew(tx, input, false)),
    ("UpdateSecurityGroupRuleDescriptionsEgress", |tx, input| describe_anew(tx, input, true)),
    ("ModifySecurityGroupRules", modify),
    ("DescribeSecurityGroupRules", |tx, input| {
        let listing = Listing { ids: "SecurityGroupRuleIds", answer: "SecurityGroupRules", ids_exclude_pages: None };
        resource::describe::<SecurityGroupRule>(tx, input, listing)
    }),
];

const PAGE: &str = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AuthorizeSecurityGroupIngress.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("ec2.security_group_rule.duplicate", "a group has each rule once", PAGE),
    Rule::new("ec2.security_group_rule.ports", "TCP and UDP rules name a range of ports", PAGE),
    Rule::new(
        "ec2.security_group_rule.icmp",
        "ICMP rules name type and code, each from -1 to 255, and no code where they let every type through",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html",
    ),
    Rule::new(
        "ec2.security_group_rule.description",
        "a rule's description has at most 255 characters, of those that AWS allows",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpRange.html",
    ),
    Rule::new("ec2.security_group_rule.protocol", "a rule's protocol is known", PAGE),
    Rule::new("ec2.security_group_rule.peer", "a rule's peer exists", PAGE),
    Rule::new(
        "ec2.security_group_rule.form",
        "rules are said in permissions, one ingress rule also without them",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AuthorizeSecurityGroupEgress.html",
    ),
    Rule::new(
        "ec2.security_group_rule.revoke.missing",
        "revoking a rule that is not there is refused",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RevokeSecurityGroupIngress.html",
    ),
    Rule::new(
        "ec2.security_group_rule.quota",
        "a group has 60 rules in each direction",
        "https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html",
    ),
    Rule::new(
        "ec2.security_group_rule.modify.one_peer",
        "a modified rule has exactly one peer",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifySecurityGroupRules.html",
    ),
];

/// Who the other side of a rule is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Peer {
    /// An IPv4 range.
    Cidr(String),
    /// An IPv6 range.
    Cidr6(String),
    /// A prefix list.
    PrefixList(String),
    /// The members of a group.
    Group(String),
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecurityGroupRule {
    /// Its id, `sgr-...`.
    pub id: String,
    /// The group.
    pub group: String,
    /// Whether it is about what goes out.
    pub egress: bool,
    /// `tcp`, `udp`, `icmp`, `icmpv6`, a number, or `-1` for all.
    pub protocol: String,
    /// First and last port, or ICMP type and code.
    pub ports: Option<(i64, i64)>,
    /// The other side.
    pub peer: Peer,
    /// What it is for.
    pub description: Option<String>,
}

impl Row for SecurityGroupRule {
    const TABLE: &'static str = "ec2.security_group_rule";
    fn id(&self) -> String {
        self.id.clone()
    }
}

impl Resource for SecurityGroupRule {
    const SHAPE: &'static str = "SecurityGroupRule";
    const KIND: Kind = Kind {
        prefix: "sgr",
        tagged_as: "security-group-rule",
        not_found: "InvalidSecurityGroupRuleId.NotFound",
        malformed: "InvalidSecurityGroupRuleId.Malformed",
        one: "The security group rule ID '{}' does not exist",
        several: "The security group rule IDs '{}' do not exist",
    };

    const FILTERS: &'static [&'static str] = &["group-id", "security-group-rule-id"];

    fn filter(&self, _: &Tx<'_>, name: &str) -> Vec<String> {
        match name {
            "group-id" => vec![self.group.clone()],
            "security-group-rule-id" => vec![self.id.clone()],
            _ => Vec::new(),
        }
    }

    fn view(&self, tx: &Tx<'_>) -> Value {
        let ports = self.ports.unwrap_or((-1, -1));
        let (mut v4, mut v6, mut list, mut group) = (None, None, None, None);
        match &self.peer {
            Peer::Cidr(range) => v4 = Some(range),
            Peer::Cidr6(range) => v6 = Some(range),
            Peer::PrefixList(id) => list = Some(id),
            Peer::Group(id) => {
                let vpc = tx.get::<SecurityGroup>(id).map(|group| group.vpc.as_str());
                group = Some(record! { "GroupId" => id, "UserId" => tx.account(), "VpcId" => vpc });
            }
        }
        record! {
            "SecurityGroupRuleId" => &self.id,
            "SecurityGroupRuleArn" =>
                format!("arn:aws:ec2:{}:{}:security-group-rule/{}", tx.region(), tx.account(), self.id),
            "GroupId" => &self.group,
            "GroupOwnerId" => tx.account(),
            "IsEgress" => self.egress,
            "IpProtocol" => &self.protocol,
            "FromPort" => ports.0,
            "ToPort" => ports.1,
            "CidrIpv4" => v4,
            "CidrIpv6" => v6,
            "PrefixListId" => list,
            "ReferencedGroupInfo" => group,
            "Description" => self.description.clone(),
            "Tags" => tags::of(tx, &self.id),
        }
    }
}

impl SecurityGroupRule {
    /// What a group's filters on its rules compare.
    pub(super) fn part(&self, name: &str) -> Option<String> {
        match (name, &self.peer) {
            ("cidr", Peer::Cidr(range)) => Some(range.clone()),
            ("group-id", Peer::Group(id)) => Some(id.clone()),
            ("protocol", _) => Some(self.protocol.clone()),
            ("from-port", _) => self.ports.map(|(from, _)| from.to_string()),
            ("to-port", _) => self.ports.map(|(_, to)| to.to_string()),
            _ => None,
        }
    }

    fn same(&self, other: &SecurityGroupRule) -> bool {
        self.group == other.group
            && self.egress == other.egress
            && self.protocol == other.protocol
            && self.ports == other.ports
            && self.peer == other.peer
    }

    /// How AWS's message about a duplicate shows it.
    fn shown(&self) -> String {
        let peer = match &self.peer {
            Peer::Cidr(text) | Peer::Cidr6(text) | Peer::PrefixList(text) | Peer::Group(text) => text,
        };
        match self.ports {
            Some((from, to)) => {
                format!("peer: {peer}, {}, from port: {from}, to port: {to}, ALLOW", self.protocol.to_uppercase())
            }
            None if self.protocol == "-1" => format!("peer: {peer}, ALL, ALLOW"),
            None => format!("peer: {peer}, {}, ALLOW", self.protocol.to_uppercase()),
        }
    }
}

/// Writes a rule without looking at what is there.
pub fn make(
    tx: &mut Tx<'_>,
    group: &str,
    egress: bool,
    protocol: &str,
    ports: Option<(i64, i64)>,
    peer: Peer,
    description: Option<String>,
) -> String {
    let id = tx.new_id("sgr");
    tx.put(SecurityGroupRule {
        id: id.clone(),
        group: group.to_owned(),
        egress,
        protocol: protocol.to_owned(),
        ports,
        peer,
        description,
    });
    id
}

/// A group's rules as `DescribeSecurityGroups` shows them: one permission per protocol and range of ports.
pub(super) fn permissions(tx: &Tx<'_>, group: &str, egress: bool) -> Value {
    let mut rules: Vec<&SecurityGroupRule> =
        tx.rows::<SecurityGroupRule>().filter(|rule| rule.group == group && rule.egress == egress).collect();
    rules.sort_by(|left, right| (&left.protocol, left.ports, &left.id).cmp(&(&right.protocol, right.ports, &right.id)));
    let same = |left: &&SecurityGroupRule, right: &&SecurityGroupRule| {
        left.protocol == right.protocol && left.ports == right.ports
    };
    let permissions = rules.chunk_by(same).map(|chunk| permission(tx, chunk));
    Value::List(permissions.collect())
}

fn permission(tx: &Tx<'_>, rules: &[&SecurityGroupRule]) -> Value {
    let (mut v4, mut v6, mut lists, mut groups) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for rule in rules {
        let description = rule.description.clone();
        match &rule.peer {
            Peer::Cidr(range) => v4.push(record! { "CidrIp" => range, "Description" => description }),
            Peer::Cidr6(range) => v6.push(record! { "CidrIpv6" => range, "Description" => description }),
            Peer::PrefixList(id) => lists.push(record! { "PrefixListId" => id, "Description" => description }),
            Peer::Group(id) => {
                groups.push(record! { "GroupId" => id, "UserId" => tx.account(), "Description" => description });
            }
        }
    }
    let first = rules[0];
    record! {
        "IpProtocol" => &first.protocol,
        "FromPort" => first.ports.map(|(from, _)| from),
        "ToPort" => first.ports.map(|(_, to)| to),
        "IpRanges" => v4,
        "Ipv6Ranges" => v6,
        "PrefixListIds" => lists,
        "UserIdGroupPairs" => groups,
    }
}

/// The rules that a request's permissions describe, not yet written: their ids are empty.
fn read(
    tx: &Tx<'_>,
    input: &Input<'_>,
    group: &SecurityGroup,
    egress: bool,
) -> Result<Vec<SecurityGroupRule>, Refusal> {
    let mut rules = Vec::new();
    let permissions = input.records("IpPermissions");
    // A rule may also be said in the request's own members, as it was when groups had no others. AWS's page has that
    // egress rules can't, no source what is answered to them or to both at once.
    let own = ["CidrIp", "IpProtocol", "FromPort", "ToPort"].into_iter().find(|name| input.has(name));
    if let Some(own) = own.map(lower_camel) {
        tx.enforce("ec2.security_group_rule.form", !egress, || {
            let message = format!("The parameter {own} is not supported. Use ipPermissions instead.");
            Refusal::new("UnsupportedOperation", message)
        })?;
        tx.enforce("ec2.security_group_rule.form", permissions.is_empty(), || {
            let message = format!("The parameter {own} cannot be used with the parameter ipPermissions");
            Refusal::new("InvalidParameterCombination", message)
        })?;
    }
    if permissions.is_empty() && input.has("CidrIp") {
        let (protocol, ports) = traffic(tx, input)?;
        let peer = Peer::Cidr(cidr::canonical(input.required("CidrIp"), "cidrIp")?);
        rules.push(draft(group, egress, &protocol, ports, peer, None));
    }
    for permission in permissions {
        let (protocol, ports) = traffic(tx, &permission)?;
        let before = rules.len();
        let mut push = |peer: Peer, entry: &Input<'_>| -> Result<(), Refusal> {
            rules.push(draft(group, egress, &protocol, ports, peer, description(tx, entry)?));
            Ok(())
        };
        for range in permission.records("IpRanges") {
            let text = range.required("CidrIp");
            push(Peer::Cidr(malformed(cidr::parse(text, "cidrIp"), text)?.to_string()), &range)?;
        }
        for range in permission.records("Ipv6Ranges") {
            let text = range.required("CidrIpv6");
            push(Peer::Cidr6(malformed(cidr::parse_v6(text, "cidrIpv6"), text)?.to_string()), &range)?;
        }
        for list in permission.records("PrefixListIds") {
            push(peer_list(tx, list.required("PrefixListId"))?, &list)?;
        }
        for pair in permission.records("UserIdGroupPairs") {
            let peer = peer_group(tx, &pair, group)?;
            push(Peer::Group(peer), &pair)?;
        }
        if rules.len() == before {
            return Err(missing("ipPermissions.ipRanges"));
        }
    }
    if rules.is_empty() {
        return Err(missing("ipPermissions"));
    }
    Ok(rules)
}

/// What an entry of a request says its rule is for.
fn description(tx: &Tx<'_>, entry: &Input<'_>) -> Result<Option<String>, Refusal> {
    let text = entry.text("Description");
    tx.enforce("ec2.security_group_rule.description", text.is_none_or(security_group::is_description), || {
        let message = "Invalid rule description. Valid descriptions are strings less than 256 characters from the \
                       following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*";
        Refusal::new("InvalidParameterValue", message)
    })?;
    Ok(text.map(str::to_owned))
}

fn malformed<T>(range: Result<T, Refusal>, text: &str) -> Result<T, Refusal> {
    range.map_err(|_| Refusal::new("InvalidParameterValue", format!("CIDR block {text} is malformed")))
}

fn draft(
    group: &SecurityGroup,
    egress: bool,
    protocol: &str,
    ports: Option<(i64, i64)>,
    peer: Peer,
    description: Option<String>,
) -> SecurityGroupRule {
    SecurityGroupRule {
        id: String::new(),
        group: group.id.clone(),
        egress,
        protocol: protocol.to_owned(),
        ports,
        peer,
        description,
    }
}

fn peer_list(tx: &Tx<'_>, id: &str) -> Result<Peer, Refusal> {
    prefix_list::KIND.check(tx, id)?;
    let exists = prefix_list::lists(tx).iter().any(|list| list.id == id);
    tx.enforce("ec2.security_group_rule.peer", exists, || prefix_list::KIND.missing(&[id]))?;
    Ok(Peer::PrefixList(id.to_owned()))
}

fn peer_group(tx: &Tx<'_>, pair: &Input<'_>, group: &SecurityGroup) -> Result<String, Refusal> {
    let found = match (pair.text("GroupId"), pair.text("GroupName")) {
        (Some(id), _) => {
            SecurityGroup::KIND.check(tx, id)?;
            let found = tx.get::<SecurityGroup>(id);
            tx.enforce("ec2.security_group_rule.peer", found.is_some(), || SecurityGroup::KIND.missing(&[id]))?;
            match found {
                Some(found) => found,
                None => return Ok(id.to_owned()),
            }
        }
        (None, Some(name)) => tx
            .rows::<SecurityGroup>()
            .find(|other| other.vpc == group.vpc && other.name == name)
            .ok_or_else(|| SecurityGroup::KIND.missing(&[name]))?,
        (None, None) => return Err(missing("groupId")),
    };
    tx.enforce("ec2.security_group_rule.peer", found.vpc == group.vpc, || {
        let message = "You have specified two resources that belong to different networks.";
        Refusal::new("InvalidParameter", message)
    })?;
    let owned = pair.text("UserId").is_none_or(|account| account == tx.account());
    tx.enforce("ec2.security_group_rule.peer", owned, || SecurityGroup::KIND.missing(&[&found.id]))?;
    let named = pair.text("GroupName").is_none_or(|name| name == found.name);
    tx.enforce("ec2.security_group_rule.peer", named, || SecurityGroup::KIND.missing(&[&found.id]))?;
    let vpc = pair.text("VpcId").unwrap_or(&found.vpc);
    tx.enforce("ec2.security_group_rule.peer", vpc == found.vpc, || {
        let message = format!("The security group '{}' does not exist in VPC '{vpc}'", found.id);
        Refusal::new("InvalidGroup.NotFound", message)
    })?;
    Ok(found.id.clone())
}

/// What the protocol is called, and the ports it is about.
type Traffic = (String, Option<(i64, i64)>);

/// The protocol and ports of a permission or rule in a request.
fn traffic(tx: &Tx<'_>, input: &Input<'_>) -> Result<Traffic, Refusal> {
    let (from, to) = (input.integer("FromPort"), input.integer("ToPort"));
    let Some(given) = input.text("IpProtocol") else {
        let message = "Invalid value 'null' for protocol. VPC security group rules must specify protocols explicitly.";
        return Err(Refusal::new("InvalidParameterValue", message));
    };
    let protocol = match given.to_lowercase().as_str() {
        "6" | "tcp" => "tcp".to_owned(),
        "17" | "udp" => "udp".to_owned(),
        "1" | "icmp" => "icmp".to_owned(),
        "58" | "icmpv6" => "icmpv6".to_owned(),
        "-1" | "all" => "-1".to_owned(),
        other => {
            let number = other.parse::<u8>().is_ok();
            tx.enforce("ec2.security_group_rule.protocol", number, || {
                let message = format!("Invalid value '{given}' for IP protocol. Unknown protocol.");
                Refusal::new("InvalidParameterValue", message)
            })?;
            other.to_owned()
        }
    };
    let invalid = |message: String| Refusal::new("InvalidParameterValue", message);
    let rule = "ec2.security_group_rule.ports";
    let ports = match protocol.as_str() {
        "tcp" | "udp" => {
            let both = from.zip(to);
            tx.enforce(rule, both.is_some(), || {
                invalid("Invalid value for portRange. Must specify both from and to ports with TCP/UDP.".to_owned())
            })?;
            if let Some((from, to)) = both {
                for port in [from, to] {
                    tx.enforce(rule, (0..=65535).contains(&port), || {
                        invalid(format!("TCP/UDP port ({port}) out of range"))
                    })?;
                }
                tx.enforce(rule, from <= to, || invalid(format!("Invalid TCP/UDP port range ({from}:{to})")))?;
            }
            both
        }
        "icmp" | "icmpv6" => Some(icmp(tx, &protocol, from, to)?),
        _ => None,
    };
    Ok((protocol, ports))
}

/// The type and the code of an ICMP rule; -1 stands for all. Without either a rule of ICMPv6 lets all through.
fn icmp(tx: &Tx<'_>, protocol: &str, kind: Option<i64>, code: Option<i64>) -> Result<(i64, i64), Refusal> {
    let rule = "ec2.security_group_rule.icmp";
    let invalid = |message: String| Refusal::new("InvalidParameterValue", message);
    let both = kind.zip(code).or((protocol == "icmpv6" && kind.is_none() && code.is_none()).then_some((-1, -1)));
    tx.enforce(rule, both.is_some(), || {
        invalid("Invalid value 'Must specify both from and to ports with ICMP.' for portRange.".to_owned())
    })?;
    let (kind, code) = both.unwrap_or((kind.unwrap_or(-1), code.unwrap_or(-1)));
    for (what, number) in [("type", kind), ("code", code)] {
        tx.enforce(rule, (-1..=255).contains(&number), || invalid(format!("ICMP {what} ({number}) out of range")))?;
    }
    // No source has AWS's words for this one.
    tx.enforce(rule, kind != -1 || code == -1, || invalid(format!("ICMP code ({code}) needs an ICMP type")))?;
    Ok((kind, code))
}

fn authorize(tx: &mut Tx<'_>, input: &Input<'_>, egress: bool) -> Result<Value, Refusal> {
    let group = security_group::named(tx, input)?;
    let rules = read(tx, input, &group, egress)?;
    let specified = tags::specified(tx, input, &["security-group-rule"])?;
    let mut views = Vec::new();
    for rule in rules {
        let exists = tx.rows::<SecurityGroupRule>().any(|known| known.same(&rule));
        tx.enforce("ec2.security_group_rule.duplicate", !exists, || {
            let message = format!("the specified rule \"{}\" already exists", rule.shown());
            Refusal::new("InvalidPermission.Duplicate", message)
        })?;
        let id = make(tx, &rule.group, egress, &rule.protocol, rule.ports, rule.peer, rule.description);
        for (kind, pairs) in &specified {
            tags::put(tx, kind, &id, pairs.clone())?;
        }
        views.push(resource::find::<SecurityGroupRule>(tx, &id)?.view(tx));
    }
    let count =
        tx.rows::<SecurityGroupRule>().filter(|rule| rule.group == group.id && rule.egress == egress).count() as i64;
    tx.enforce("ec2.security_group_rule.quota", count <= tx.quota("ec2.rules-per-security-group"), || {
        let message = "The maximum number of rules per security group has been reached.";
        Refusal::new("RulesPerSecurityGroupLimitExceeded", message)
    })?;
    Ok(record! { "Return" => true, "SecurityGroupRules" => views })
}

fn revoke(tx: &mut Tx<'_>, input: &Input<'_>, egress: bool) -> Result<Value, Refusal> {
    let group = security_group::named(tx, input)?;
    let ids = input.texts("SecurityGroupRuleIds");
    let mut gone = Vec::new();
    for id in &ids {
        SecurityGroupRule::KIND.check(tx, id)?;
        let found = tx.get::<SecurityGroupRule>(id).filter(|rule| rule.group == group.id && rule.egress == egress);
        tx.enforce("ec2.security_group_rule.revoke.missing", found.is_some(), || {
            SecurityGroupRule::KIND.missing(&[id])
        })?;
        gone.extend(found.cloned());
    }
    if ids.is_empty() {
        for rule in read(tx, input, &group, egress)? {
            let found = tx.rows::<SecurityGroupRule>().find(|known| known.same(&rule));
            tx.enforce("ec2.security_group_rule.revoke.missing", found.is_some(), || {
                let message = "The specified rule does not exist in this security group.";
                Refusal::new("InvalidPermission.NotFound", message)
            })?;
            gone.extend(found.cloned());
        }
    }
    let mut views = Vec::new();
    for rule in gone {
        let view = rule.view(tx);
        let mut shown = record! {};
        for member in [
            "SecurityGroupRuleId",
            "GroupId",
            "IsEgress",
            "IpProtocol",
            "FromPort",
            "ToPort",
            "CidrIpv4",
            "CidrIpv6",
            "PrefixListId",
            "Description",
        ] {
            shown.set(member, view.get(member));
        }
        shown.set("ReferencedGroupId", view.get("ReferencedGroupInfo").get("GroupId"));
        views.push(shown);
        tags::forget(tx, &rule.id);
        tx.remove::<SecurityGroupRule>(&rule.id);
    }
    Ok(record! { "Return" => true, "RevokedSecurityGroupRules" => views })
}

fn describe_anew(tx: &mut Tx<'_>, input: &Input<'_>, egress: bool) -> Result<Value, Refusal> {
    let group = security_group::named(tx, input)?;
    let mut changed = Vec::new();
    for entry in input.records("SecurityGroupRuleDescriptions") {
        let rule: SecurityGroupRule = resource::find(tx, entry.required("SecurityGroupRuleId"))?;
        changed.push((rule.id, description(tx, &entry)?));
    }
    if changed.is_empty() {
        for rule in read(tx, input, &group, egress)? {
            let Some(found) = tx.rows::<SecurityGroupRule>().find(|known| known.same(&rule)) else {
                let message = "The specified rule does not exist in this security group.";
                return Err(Refusal::new("InvalidPermission.NotFound", message));
            };
            changed.push((found.id.clone(), rule.description));
        }
    }
    for (id, description) in changed {
        tx.change::<SecurityGroupRule>(&id, |rule| rule.description = description);
    }
    Ok(done())
}

fn modify(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let group: SecurityGroup = resource::find(tx, input.required("GroupId"))?;
    for update in input.records("SecurityGroupRules") {
        let id = update.required("SecurityGroupRuleId");
        let rule: SecurityGroupRule = resource::find(tx, id)?;
        if rule.group != group.id {
            return Err(SecurityGroupRule::KIND.missing(&[id]));
        }
        let Some(wanted) = update.record("SecurityGroupRule") else {
            return Err(missing("securityGroupRule"));
        };
        let peers = ["CidrIpv4", "CidrIpv6", "PrefixListId", "ReferencedGroupId"];
        let given: Vec<&str> = peers.into_iter().filter(|name| wanted.has(name)).collect();
        tx.enforce("ec2.security_group_rule.modify.one_peer", !given.is_empty(), || {
            let message =
                "The request must contain exactly one of: cidrIp, cidrIpv6, prefixListId, or referencedGroupId";
            Refusal::new("MissingParameter", message)
        })?;
        tx.enforce("ec2.security_group_rule.modify.one_peer", given.len() <= 1, || {
            let message = "Only one of cidrIp, cidrIpv6, prefixListId, or referencedGroupId can be specified";
            Refusal::new("InvalidParameterCombination", message)
        })?;
        let (protocol, ports) = traffic(tx, &wanted)?;
        let peer = match given.first() {
            Some(&"CidrIpv4") => {
                let text = wanted.required("CidrIpv4");
                Peer::Cidr(malformed(cidr::parse(text, "cidrIp"), text)?.to_string())
            }
            Some(&"CidrIpv6") => {
                let text = wanted.required("CidrIpv6");
                Peer::Cidr6(malformed(cidr::parse_v6(text, "cidrIpv6"), text)?.to_string())
            }
            Some(&"PrefixListId") => peer_list(tx, wanted.required("PrefixListId"))?,
            Some(_) => {
                let referenced: SecurityGroup = resource::find(tx, wanted.required("ReferencedGroupId"))?;
                Peer::Group(referenced.id)
            }
            None => rule.peer.clone(),
        };
        let fresh = SecurityGroupRule { protocol, ports, peer, description: description(tx, &wanted)?, ..rule };
        let exists = tx.rows::<SecurityGroupRule>().any(|known| known.id != fresh.id && known.same(&fresh));
        tx.enforce("ec2.security_group_rule.duplicate", !exists, || {
            let message = format!("the specified rule \"{}\" already exists", fresh.shown());
            Refusal::new("InvalidPermission.Duplicate", message)
        })?;
        tx.put(fresh);
    }
    Ok(done())
}
