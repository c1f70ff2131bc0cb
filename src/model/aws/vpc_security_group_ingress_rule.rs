//! `aws_vpc_security_group_ingress_rule`: <https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html>

use ipnet::Ipv4Net;

use super::SecurityGroup;
use super::form;
use super::ip_protocol::{IpProtocol, check};
use crate::{Arn, Computed, Id, IntoId, IntoPlain, IntoRange, Tags, Value};

/// What may come into a security group.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let range: Ipv4Net = "10.0.0.0/16".parse()?;
/// # let vpc = stack.add("main", Vpc::new(range));
/// # let database = stack.add("database", SecurityGroup::new(&vpc, "PostgreSQL, for the cluster"));
/// # let cluster = stack.add("cluster", SecurityGroup::new(&vpc, "The nodes of the cluster"));
/// let office: Ipv4Net = "203.0.113.0/24".parse()?;
/// stack.add("cluster", IngressRule::tcp(&database, 5432).from_group(&cluster));
/// stack.add("office", IngressRule::tcp(&database, 5432).from_range(office).description("from the office"));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_vpc_security_group_ingress_rule",
    service = "ec2",
    creation = Tag,
    create_seconds = 1,
    delete_seconds = 1,
    check = check
)]
pub struct IngressRule {
    /// The group it belongs to.
    #[field(replace)]
    security_group_id: Value<Id<SecurityGroup>>,
    /// The protocol.
    ip_protocol: Value<IpProtocol>,
    /// The first port, or the ICMP type; left out where all protocols are meant.
    #[field(min = -1, max = 65_535)]
    from_port: Option<Value<i64>>,
    /// The last port, or the ICMP code; left out where all protocols are meant.
    #[field(min = -1, max = 65_535)]
    to_port: Option<Value<i64>>,
    /// The other end, where it comes from, as an IPv4 range.
    #[field(replace_presence)]
    cidr_ipv4: Option<Value<Ipv4Net>>,
    /// The other end, where it comes from, as an IPv6 range.
    #[field(replace_presence, form = form::IPV6_RANGE)]
    cidr_ipv6: Option<Value<String>>,
    /// The other end, where it comes from, as a prefix list.
    #[field(replace_presence, form = form::PREFIX_LIST)]
    prefix_list_id: Option<Value<String>>,
    /// The other end, where it comes from, as what is in another security group.
    #[field(replace_presence, holds = Along)]
    referenced_security_group_id: Option<Value<Id<SecurityGroup>>>,
    /// What it is for.
    #[field(
        max_length = 255,
        form = form::GROUP_WORDS
    )]
    description: Option<Value<String>>,
    /// Tags.
    tags: Option<Value<Tags>>,
    /// The id.
    id: Computed<Id<IngressRule>>,
    /// The ARN.
    arn: Computed<Arn<IngressRule>>,
    /// The id, by the name that the API uses.
    security_group_rule_id: Computed<String>,
}

impl IngressRule {
    /// One TCP port.
    #[must_use]
    pub fn tcp(group: impl IntoId<SecurityGroup>, port: impl IntoPlain<i64>) -> Self {
        let port = port.into_value();
        Self::new(group, IpProtocol::Tcp).from_port(&port).to_port(port)
    }

    /// All protocols and ports.
    #[must_use]
    pub fn all(group: impl IntoId<SecurityGroup>) -> Self {
        Self::new(group, IpProtocol::All)
    }

    /// From an IPv4 range.
    #[must_use]
    pub fn from_range(self, range: impl IntoRange) -> Self {
        self.cidr_ipv4(range)
    }

    /// From what is in a security group.
    #[must_use]
    pub fn from_group(self, group: impl IntoId<SecurityGroup>) -> Self {
        self.referenced_security_group_id(group)
    }
}
