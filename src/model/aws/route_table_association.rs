//! `aws_route_table_association`: <https://docs.aws.amazon.com/vpc/latest/userguide/WorkWithRouteTables.html#AssociateSubnet>

use super::subnet::vpc_of;
use super::{RouteTable, Subnet};
use crate::check::{Findings, View};
use crate::{Computed, Id, Value};

/// Which route table a subnet uses; without one it uses the VPC's main table.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let range: Ipv4Net = "10.0.0.0/16".parse()?;
/// # let vpc = stack.add("main", Vpc::new(range));
/// # let mut subnets = Vec::new();
/// # for (at, zone) in (0..).zip(["us-east-1a", "us-east-1b"]) {
/// #     let subnet = Subnet::new(&vpc, range.subnet(24, at)?).availability_zone(zone);
/// #     subnets.push(stack.add(("private", zone), subnet));
/// # }
/// let table = stack.add("private", RouteTable::new(&vpc));
/// for (zone, subnet) in ["us-east-1a", "us-east-1b"].iter().zip(&subnets) {
///     stack.add(("private", zone), RouteTableAssociation::new(subnet, &table));
/// }
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_route_table_association",
    service = "ec2",
    creation = Relation,
    create_seconds = 1,
    delete_seconds = 1,
    check = check
)]
pub struct RouteTableAssociation {
    /// The subnet; it has one association at most.
    #[field(replace)]
    subnet_id: Value<Id<Subnet>>,
    /// The table. AWS replaces it in place, and the association gets another id.
    #[field(holds = Along)]
    route_table_id: Value<Id<RouteTable>>,
    /// The association's id.
    #[field(volatile)]
    id: Computed<Id<RouteTableAssociation>>,
}

fn check(association: &View<'_>, findings: &mut Findings<'_>) {
    let ends = ["subnet_id", "route_table_id"].map(|end| association.follow(end).and_then(|end| vpc_of(&end)));
    if let [Some(subnet), Some(table)] = ends
        && subnet.node().address != table.node().address
    {
        findings.refuse(format!("the subnet lies in {}, the route table in {}", subnet.named(), table.named()));
    }
}
