//! `aws_route_table`: <https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html>

use super::Vpc;
use crate::{Arn, Computed, Id, Tags, Value};

/// A table of routes; each route is a resource of its own, the local one comes with the table.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let range: Ipv4Net = "10.0.0.0/16".parse()?;
/// # let vpc = stack.add("main", Vpc::new(range));
/// # let public = stack.add("public", Subnet::new(&vpc, range.subnet(24, 0)?).availability_zone("us-east-1a"));
/// # let internet = stack.add("main", InternetGateway::new(&vpc));
/// let table = stack.add("public", RouteTable::new(&vpc));
/// stack.add("internet", Route::to_internet(&table, &internet));
/// stack.add("public", RouteTableAssociation::new(&public, &table));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(type = "aws_route_table", service = "ec2", creation = Token, create_seconds = 1, delete_seconds = 1)]
pub struct RouteTable {
    /// The VPC it belongs to.
    #[field(replace)]
    vpc_id: Value<Id<Vpc>>,
    /// Tags.
    tags: Option<Value<Tags>>,
    /// The id.
    id: Computed<Id<RouteTable>>,
    /// The ARN.
    arn: Computed<Arn<RouteTable>>,
    /// The account that owns it.
    owner_id: Computed<String>,
}
