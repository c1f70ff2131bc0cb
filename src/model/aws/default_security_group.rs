//! `aws_default_security_group`: <https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html>

use super::Vpc;
use super::ip_protocol::{self, IpProtocol};
use crate::check::{Findings, Part, View};
use crate::{Arn, Computed, Datum, Id, Ipv4Net, Tags, Value};

/// The security group that comes with a VPC, taken over and emptied: what names no group of its own reaches nothing.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let range: Ipv4Net = "10.0.0.0/16".parse()?;
/// # let vpc = stack.add("main", Vpc::new(range));
/// // Without rules: what is started without a group of its own reaches nothing.
/// stack.add("emptied", DefaultSecurityGroup::new(&vpc));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_default_security_group",
    service = "ec2",
    mode = Adopted,
    creation = Local,
    create_seconds = 1,
    delete_seconds = 1,
    check = check
)]
pub struct DefaultSecurityGroup {
    /// The VPC that it came with.
    #[field(replace)]
    vpc_id: Value<Id<Vpc>>,
    /// What may come in; nothing where none is given.
    #[field(set, default = "[]")]
    ingress: Option<Value<Vec<DefaultSecurityGroupRule>>>,
    /// What may go out; nothing where none is given.
    #[field(set, default = "[]")]
    egress: Option<Value<Vec<DefaultSecurityGroupRule>>>,
    /// Tags.
    tags: Option<Value<Tags>>,
    /// The id.
    id: Computed<Id<DefaultSecurityGroup>>,
    /// The ARN.
    arn: Computed<Arn<DefaultSecurityGroup>>,
    /// Always `default`.
    name: Computed<String>,
    /// What AWS wrote there.
    description: Computed<String>,
    /// The account that owns it.
    owner_id: Computed<String>,
}

/// A rule of the default security group, which has them in place.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct DefaultSecurityGroupRule {
    /// The protocol.
    protocol: Value<IpProtocol>,
    /// The first port; 0 where all protocols are meant.
    #[field(min = -1, max = 65_535)]
    from_port: Value<i64>,
    /// The last port; 0 where all protocols are meant.
    #[field(min = -1, max = 65_535)]
    to_port: Value<i64>,
    /// The ranges at the other end.
    #[field(set, default = "[]")]
    cidr_blocks: Option<Value<Vec<Ipv4Net>>>,
    /// Whether members of the group may reach each other.
    #[field(rename = "self", default = "false")]
    itself: Option<Value<bool>>,
}

fn check(group: &View<'_>, findings: &mut Findings<'_>) {
    if let Some(first) = group.earlier_siblings_in("vpc_id").first() {
        findings.refuse(format!("a VPC has one default security group; {} is it already", first.named()));
    }
    for rule in ["ingress", "egress"].into_iter().filter_map(|field| group.part(field)).flat_map(Part::items) {
        check_rule(rule, findings);
    }
}

fn check_rule(rule: Part<'_>, findings: &mut Findings<'_>) {
    let literal = |field: &str| rule.at(field).map_or(Some(&Datum::Null), Part::literal);
    let is_none = |field: &str| literal(field).is_some_and(|value| value.is_empty() || *value == Datum::Bool(false));
    if is_none("cidr_blocks") && is_none("self") {
        findings.refuse("a rule lets someone through: `cidr_blocks`, or `itself(true)` for the members of the group");
    }
    let Some(protocol) = rule.text("protocol") else { return };
    let (Some(from), Some(to)) = (rule.integer("from_port"), rule.integer("to_port")) else { return };
    if protocol == IpProtocol::All.word() {
        if (from, to) != (0, 0) {
            findings.refuse("a rule for all protocols is for all ports: `from_port` and `to_port` are 0");
        }
    } else if let Some(why) = ip_protocol::no_range(protocol, from, to) {
        findings.refuse(why);
    }
}
