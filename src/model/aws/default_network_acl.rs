//! `aws_default_network_acl`: <https://docs.aws.amazon.com/vpc/latest/userguide/default-network-acl.html>

use super::network_acl_rule::{self, NetworkAclRule};
use crate::check::{Findings, View};
use crate::{Arn, Computed, Id, Tags, Value};

/// The network ACL that comes with a VPC, taken over: it has the rules that are declared and no others. A subnet has
/// it that has no other.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let range: Ipv4Net = "10.0.0.0/16".parse()?;
/// # let vpc = stack.add("main", Vpc::new(range));
/// let acl = DefaultNetworkAcl::new(vpc.default_network_acl_id())
///     .ingress([NetworkAclRule::all(100, NetworkAclAction::Allow, range)])
///     .egress([NetworkAclRule::all(100, NetworkAclAction::Allow, range)]);
/// stack.add("inside_alone", acl);
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_default_network_acl",
    service = "ec2",
    mode = Adopted,
    creation = Local,
    create_seconds = 1,
    delete_seconds = 1,
    check = check
)]
pub struct DefaultNetworkAcl {
    /// Which it is, for instance `vpc.default_network_acl_id()`.
    #[field(replace)]
    default_network_acl_id: Value<Id<DefaultNetworkAcl>>,
    /// What may come in; nothing where none is given.
    #[field(set, default = "[]")]
    ingress: Option<Value<Vec<NetworkAclRule>>>,
    /// What may go out; nothing where none is given.
    #[field(set, default = "[]")]
    egress: Option<Value<Vec<NetworkAclRule>>>,
    /// Tags.
    tags: Option<Value<Tags>>,
    /// The id.
    id: Computed<Id<DefaultNetworkAcl>>,
    /// The ARN.
    arn: Computed<Arn<DefaultNetworkAcl>>,
    /// The VPC that it came with.
    vpc_id: Computed<String>,
    /// The account that owns it.
    owner_id: Computed<String>,
}

fn check(acl: &View<'_>, findings: &mut Findings<'_>) {
    network_acl_rule::check(acl, findings);
    if let Some(first) = acl.earlier_siblings_in("default_network_acl_id").first() {
        findings.refuse(format!("a VPC has one default network ACL; {} is it already", first.named()));
    }
}
