//! `aws_route_table`: <https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html>

use super::Vpc;
use crate::{Arn, Computed, Id, Tags, Value};

/// A table of routes; each route is a resource of its own, the local one comes with the table.
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
