//! `aws_default_route_table`: <https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html#main-route-table>

use std::collections::BTreeSet;

use ipnet::Ipv4Net;

use super::subnet::vpc_of;
use super::{InternetGateway, NatGateway, RouteTable};
use crate::check::{Findings, Part, View};
use crate::{Arn, Computed, Id, Tags, Value};

/// The route table that comes with a VPC, taken over: it has the routes that are declared, the local one, and those of
/// gateway endpoints, and no others. A subnet has it that has no other.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let range: Ipv4Net = "10.0.0.0/16".parse()?;
/// # let vpc = stack.add("main", Vpc::new(range));
/// # let internet = stack.add("main", InternetGateway::new(&vpc));
/// let table = DefaultRouteTable::new(vpc.default_route_table_id())
///     .route([DefaultRoute::new(Ipv4Net::default()).gateway_id(&internet)]);
/// stack.add("main", table);
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_default_route_table",
    service = "ec2",
    mode = Adopted,
    creation = Local,
    create_seconds = 1,
    delete_seconds = 1,
    check = check
)]
pub struct DefaultRouteTable {
    /// Which it is, for instance `vpc.default_route_table_id()`.
    #[field(replace)]
    default_route_table_id: Value<Id<DefaultRouteTable>>,
    /// Its routes, beside the local one.
    #[field(set, default = "[]")]
    route: Option<Value<Vec<DefaultRoute>>>,
    /// Tags.
    tags: Option<Value<Tags>>,
    /// The id, for endpoints and associations.
    id: Computed<Id<RouteTable>>,
    /// The ARN.
    arn: Computed<Arn<DefaultRouteTable>>,
    /// The VPC that it came with.
    vpc_id: Computed<String>,
    /// The account that owns it.
    owner_id: Computed<String>,
}

/// A route of the default route table, which has them in place.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct DefaultRoute {
    /// The range it is for; `0.0.0.0/0` is all that no other route is for.
    cidr_block: Value<Ipv4Net>,
    /// The internet gateway that it leads to.
    #[field(holds = Free)]
    gateway_id: Option<Value<Id<InternetGateway>>>,
    /// The NAT gateway that it leads to.
    #[field(holds = Free)]
    nat_gateway_id: Option<Value<Id<NatGateway>>>,
}

fn check(table: &View<'_>, findings: &mut Findings<'_>) {
    if let Some(first) = table.earlier_siblings_in("default_route_table_id").first() {
        findings.refuse(format!("a VPC has one default route table; {} is it already", first.named()));
    }
    let vpc = table.follow("default_route_table_id");
    let mut ranges = BTreeSet::new();
    for route in table.part("route").map(Part::items).unwrap_or_default() {
        let range: Option<Ipv4Net> = route.text("cidr_block").and_then(|text| text.parse().ok());
        let named = range.map_or_else(|| "a route".to_owned(), |range| format!("the route for {range}"));
        let given = ["gateway_id", "nat_gateway_id"].iter().filter(|target| route.at(target).is_some()).count();
        if given != 1 {
            findings.refuse(format!("{named} leads to one target, {given} given: one of gateway_id, nat_gateway_id"));
        }
        let gateway = route.at("gateway_id").and_then(|gateway| table.referred(gateway));
        if let (Some(vpc), Some(other)) = (&vpc, gateway.as_ref().and_then(vpc_of))
            && other.node().address != vpc.node().address
        {
            findings.refuse(format!("{named} leads to the internet gateway of another VPC than {}", vpc.named()));
        }
        let Some(range) = range else { continue };
        if !ranges.insert(range) {
            findings.refuse(format!("a range has one route; {range} has several"));
        }
    }
}
