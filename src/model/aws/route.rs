//! `aws_route`: <https://docs.aws.amazon.com/vpc/latest/userguide/route-table-options.html>

use ipnet::Ipv4Net;

use super::subnet::vpc_of;
use super::{DefaultRouteTable, InternetGateway, NatGateway, RouteTable};
use crate::check::{Findings, View};
use crate::{Computed, Id, IntoId, Resource as _, Value};

/// Where a route table sends what goes to a range.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let range: Ipv4Net = "10.0.0.0/16".parse()?;
/// # let vpc = stack.add("main", Vpc::new(range));
/// # let subnet = stack.add("public", Subnet::new(&vpc, range.subnet(24, 0)?).availability_zone("us-east-1a"));
/// # let internet = stack.add("main", InternetGateway::new(&vpc));
/// # let address = stack.add("nat", Eip::new());
/// # let nat = stack.add("main", NatGateway::public(&subnet, &address));
/// # let public = stack.add("public", RouteTable::new(&vpc));
/// # let private = stack.add("private", RouteTable::new(&vpc));
/// stack.add("public", Route::to_internet(&public, &internet));
/// stack.add("private", Route::through_nat(&private, &nat));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_route",
    service = "ec2",
    creation = Relation,
    create_seconds = 1,
    delete_seconds = 1,
    check = check
)]
pub struct Route {
    /// The table it stands in.
    #[field(replace)]
    route_table_id: Value<Id<RouteTable>>,
    /// The range it is for; `0.0.0.0/0` is all that no other route is for.
    #[field(replace)]
    destination_cidr_block: Value<Ipv4Net>,
    /// The internet gateway that it leads to. AWS replaces a route's target in place.
    #[field(holds = Free)]
    gateway_id: Option<Value<Id<InternetGateway>>>,
    /// The NAT gateway that it leads to.
    #[field(holds = Free)]
    nat_gateway_id: Option<Value<Id<NatGateway>>>,
    /// Table and range: the route's two ends.
    id: Computed<Id<Route>>,
    /// `active`, or `blackhole` where its target is gone.
    state: Computed<String>,
    /// How it came to be there: `CreateRoute` for those of this type.
    origin: Computed<String>,
}

impl Route {
    /// To the internet, for public subnets.
    #[must_use]
    pub fn to_internet(table: impl IntoId<RouteTable>, gateway: impl IntoId<InternetGateway>) -> Self {
        Self::new(table, Ipv4Net::default()).gateway_id(gateway)
    }

    /// To the internet through a NAT gateway, for private subnets.
    #[must_use]
    pub fn through_nat(table: impl IntoId<RouteTable>, gateway: impl IntoId<NatGateway>) -> Self {
        Self::new(table, Ipv4Net::default()).nat_gateway_id(gateway)
    }
}

fn check(route: &View<'_>, findings: &mut Findings<'_>) {
    let targets = ["gateway_id", "nat_gateway_id"];
    let given = targets.iter().filter(|target| route.gives(target)).count();
    if given != 1 {
        findings.refuse(format!("a route leads to one target, {given} given: one of {}", targets.join(", ")));
    }
    let table = route.follow("route_table_id");
    if let Some(table) = table.filter(|table| table.node().address.kind() == DefaultRouteTable::SCHEMA.kind) {
        findings.refuse(format!("{} has its routes in place: declare it there", table.named()));
    }
    let vpc = table.and_then(|table| vpc_of(&table));
    check_destination(route, vpc.as_ref(), findings);
    let gateway = route.follow("gateway_id");
    if let (Some(vpc), Some(gateway)) = (vpc, gateway)
        && vpc_of(&gateway).is_some_and(|other| other.node().address != vpc.node().address)
    {
        findings.refuse(format!("{} is attached to another VPC than the route table's", gateway.named()));
    }
}

/// What stays in the VPC has a route of its own, which goes before:
/// <https://docs.aws.amazon.com/vpc/latest/userguide/subnet-route-tables.html#route-table-routes>
fn check_destination(route: &View<'_>, vpc: Option<&View<'_>>, findings: &mut Findings<'_>) {
    let Some(vpc) = vpc else { return };
    let (Some(destination), Some(range)) = (route.cidr("destination_cidr_block"), vpc.cidr("cidr_block")) else {
        return;
    };
    if destination == range {
        findings.refuse(format!("{range} is the range of {}, which every route table has a route for", vpc.named()));
    } else if range.contains(&destination) && route.gives("gateway_id") {
        findings.refuse(format!(
            "{destination} lies in {range}, the range of {}: no internet gateway leads there",
            vpc.named()
        ));
    }
}
