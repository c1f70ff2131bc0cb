//! `aws_network_acl`: <https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html>

use super::network_acl_rule::{self, NetworkAclRule};
use super::subnet::check_groups;
use super::{Subnet, Vpc};
use crate::check::{Findings, View};
use crate::{Arn, Computed, Id, Tags, Value};

/// A firewall around subnets that keeps no state: answers need rules of their own. What no rule is for is dropped.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let range: Ipv4Net = "10.0.0.0/16".parse()?;
/// # let vpc = stack.add("main", Vpc::new(range));
/// # let subnet = stack.add("database", Subnet::new(&vpc, range.subnet(24, 0)?).availability_zone("us-east-1a"));
/// // It keeps no connections in mind: answers go out by the ports that they came from.
/// let acl = NetworkAcl::new(&vpc)
///     .subnet_ids([&subnet])
///     .ingress([NetworkAclRule::tcp(100, NetworkAclAction::Allow, 5432, 5432, range)])
///     .egress([NetworkAclRule::tcp(100, NetworkAclAction::Allow, 1024, 65_535, range)]);
/// stack.add("database", acl);
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_network_acl",
    service = "ec2",
    creation = Token,
    create_seconds = 2,
    delete_seconds = 2,
    check = check
)]
pub struct NetworkAcl {
    /// The VPC it belongs to.
    #[field(replace)]
    vpc_id: Value<Id<Vpc>>,
    /// The subnets that have it; one that is left out again has the VPC's default one.
    #[field(set, computed, holds = Free)]
    subnet_ids: Option<Value<Vec<Id<Subnet>>>>,
    /// What may come in; nothing where none is given.
    #[field(set, default = "[]")]
    ingress: Option<Value<Vec<NetworkAclRule>>>,
    /// What may go out; nothing where none is given.
    #[field(set, default = "[]")]
    egress: Option<Value<Vec<NetworkAclRule>>>,
    /// Tags.
    tags: Option<Value<Tags>>,
    /// The id.
    id: Computed<Id<NetworkAcl>>,
    /// The ARN.
    arn: Computed<Arn<NetworkAcl>>,
    /// The account that owns it.
    owner_id: Computed<String>,
}

fn check(acl: &View<'_>, findings: &mut Findings<'_>) {
    network_acl_rule::check(acl, findings);
    let Some(vpc) = acl.follow("vpc_id") else { return };
    check_groups(acl, "subnet_ids", &vpc, findings);
    let subnets = acl.follow_all("subnet_ids").unwrap_or_default();
    for other in acl.earlier_siblings_in("vpc_id") {
        for taken in other.follow_all("subnet_ids").unwrap_or_default() {
            if subnets.iter().any(|subnet| subnet.node().address == taken.node().address) {
                findings.refuse(format!(
                    "a subnet has one network ACL; {} has {} already",
                    taken.named(),
                    other.named()
                ));
            }
        }
    }
}
