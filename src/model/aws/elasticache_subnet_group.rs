//! `aws_elasticache_subnet_group`: <https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/SubnetGroups.html>

use super::form;
use super::subnet::check_spread;
use super::{Subnet, Vpc};
use crate::check::{Findings, View};
use crate::{Arn, Computed, Id, Tags, Value};

/// The subnets that cache nodes may stand in.
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
/// stack.add("redis", ElasticacheSubnetGroup::new(&subnets));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_elasticache_subnet_group",
    service = "elasticache",
    creation = Name,
    create_seconds = 3,
    delete_seconds = 2,
    check = check
)]
pub struct ElasticacheSubnetGroup {
    /// The subnets.
    #[field(set, min_length = 1, max_length = 20, holds = Along)]
    subnet_ids: Value<Vec<Id<Subnet>>>,
    /// The name, unique in account and region; ElastiCache keeps it in lower case.
    #[field(
        replace,
        computed,
        named,
        min_length = 1,
        max_length = 255,
        form = form::CACHE_SUBNET_GROUP
    )]
    name: Option<Value<String>>,
    /// What it is for.
    #[field(default = "\"Managed by Fathuss\"", min_length = 1, max_length = 255)]
    description: Option<Value<String>>,
    /// Tags.
    tags: Option<Value<Tags>>,
    /// The name.
    id: Computed<Id<ElasticacheSubnetGroup>>,
    /// The ARN.
    arn: Computed<Arn<ElasticacheSubnetGroup>>,
    /// The VPC of the subnets.
    vpc_id: Computed<Id<Vpc>>,
}

fn check(group: &View<'_>, findings: &mut Findings<'_>) {
    check_spread(group, "subnet_ids", 1, "a cache subnet group", findings);
}
