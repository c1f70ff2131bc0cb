//! Route tables, their routes and their associations with subnets.

use ipnet::{IpNet, Ipv4Net};
use serde::{Deserialize, Serialize};

use crate::ec2::internet_gateway::InternetGateway;
use crate::ec2::nat_gateway::NatGateway;
use crate::ec2::network_interface::NetworkInterface;
use crate::ec2::resource::{self, Kind, Listing, Resource, done, nothing};
use crate::ec2::subnet::Subnet;
use crate::ec2::vpc::Vpc;
use crate::ec2::vpc_endpoint::VpcEndpoint;
use crate::ec2::{cidr, prefix_list, tags, vpc_endpoint_network};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("CreateRouteTable", create),
    ("DeleteRouteTable", delete),
    ("DescribeRouteTables", |tx, input| {
        let listing = Listing { ids: "RouteTableIds", answer: "RouteTables", ids_exclude_pages: None };
        resource::describe::<RouteTable>(tx, input, listing)
    }),
    ("AssociateRouteTable", associate),
    ("DisassociateRouteTable", disassociate),
    ("ReplaceRouteTableAssociation", replace_association),
    ("CreateRoute", create_route),
    ("ReplaceRoute", replace_route),
    ("DeleteRoute", delete_route),
];

const PAGE: &str = "https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("ec2.route_table.delete.dependency", "a route table with associations is not deleted", PAGE),
    Rule::new("ec2.route_table.associate.conflict", "a subnet has one route table", PAGE),
    Rule::new("ec2.route_table.associate.network", "subnet and route table are of one VPC", PAGE),
    Rule::new(
        "ec2.route_table.quota",
        "a VPC has 200 route tables",
        "https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html",
    ),
    Rule::new("ec2.route_table.main.dissociate", "the main association is replaced, never ended", PAGE),
    Rule::new("ec2.route.exists", "a destination has one route, the local one counts", PAGE),
    Rule::new("ec2.route.network", "a route's gateway is attached to the route table's VPC", PAGE),
    Rule::new("ec2.route.target", "a route has one target, and it exists", PAGE),
    Rule::new("ec2.route.reserved", "no route leads to what AWS keeps for its own services, nor to a part of it", PAGE),
    Rule::new("ec2.route.specific", "no route takes a part of the VPC's range to an internet gateway", PAGE),
    Rule::new("ec2.route.subnet", "a route for a part of the VPC's range is for all of a subnet", PAGE),
    Rule::new("ec2.route.local", "the local route stays", PAGE),
    Rule::new(
        "ec2.route.endpoint",
        "a gateway endpoint's route is neither deleted nor replaced",
        "https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html",
    ),
    Rule::new("ec2.route.missing", "replacing or deleting a route that is not there is refused", PAGE),
    Rule::new(
        "ec2.route.quota",
        "a route table has 50 routes (500 for accounts made from 2025 on)",
        "https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html",
    ),
];

/// A route table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteTable {
    /// Its id, `rtb-...`.
    pub id: String,
    /// The VPC.
    pub vpc: String,
    /// Its routes, the local one first.
    pub routes: Vec<Route>,
    /// Its associations.
    pub associations: Vec<Association>,
}

/// A route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// The range it is for.
    pub destination: String,
    /// Where it leads.
    pub target: Target,
    /// `CreateRouteTable` or `CreateRoute`.
    pub origin: String,
}

/// Where a route leads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Within the VPC.
    Local,
    /// An internet gateway.
    InternetGateway(String),
    /// A NAT gateway.
    NatGateway(String),
    /// A network interface.
    NetworkInterface(String),
    /// A gateway endpoint, which puts its route here and takes it away itself.
    VpcEndpoint(String),
}

/// A subnet's association, or the main one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Association {
    /// Its id, `rtbassoc-...`.
    pub id: String,
    /// The subnet; none for the main association.
    pub subnet: Option<String>,
}

impl Row for RouteTable {
    const TABLE: &'static str = "ec2.route_table";
    fn id(&self) -> String {
        self.id.clone()
    }
}

impl RouteTable {
    /// Whether it serves the subnets that have none of their own.
    #[must_use]
    pub fn is_main(&self) -> bool {
        self.associations.iter().any(|association| association.subnet.is_none())
    }
}

impl Route {
    /// Whether it came with the VPC's range, wherever it leads by now.
    fn is_of_the_vpc(&self) -> bool {
        self.origin == "CreateRouteTable"
    }

    /// `active`, or `blackhole` where its target is gone.
    #[must_use]
    pub fn state(&self, tx: &Tx<'_>) -> &'static str {
        let alive = match &self.target {
            Target::Local => true,
            Target::InternetGateway(id) => tx.get::<InternetGateway>(id).is_some_and(|gateway| gateway.vpc.is_some()),
            Target::NatGateway(id) => tx
                .get::<NatGateway>(id)
                .is_some_and(|gateway| matches!(gateway.state.as_str(), "pending" | "available")),
            Target::NetworkInterface(id) => {
                tx.get::<NetworkInterface>(id).is_some_and(|interface| interface.attachment.is_some())
            }
            Target::VpcEndpoint(id) => tx.get::<VpcEndpoint>(id).is_some(),
        };
        if alive { "active" } else { "blackhole" }
    }

    fn view(&self, tx: &Tx<'_>) -> Value {
        let (mut gateway, mut nat, mut interface, mut instance) = (None, None, None, None);
        match &self.target {
            Target::Local => gateway = Some("local".to_owned()),
            Target::InternetGateway(id) | Target::VpcEndpoint(id) => gateway = Some(id.clone()),
            Target::NatGateway(id) => nat = Some(id.clone()),
            Target::NetworkInterface(id) => {
                interface = Some(id.clone());
                let row = tx.get::<NetworkInterface>(id);
                instance = row.and_then(|row| row.attachment.as_ref()).and_then(|at| at.instance.clone());
            }
        }
        let (v6, list) = (self.destination.contains(':'), self.destination.starts_with("pl-"));
        record! {
            "DestinationCidrBlock" => (!v6 && !list).then_some(&*self.destination),
            "DestinationPrefixListId" => list.then_some(&*self.destination),
            "DestinationIpv6CidrBlock" => v6.then_some(&*self.destination),
            "GatewayId" => gateway,
            "NatGatewayId" => nat,
            "NetworkInterfaceId" => interface,
            "InstanceOwnerId" => instance.as_ref().map(|_| tx.account()),
            "InstanceId" => instance,
            "Origin" => &self.origin,
            "State" => self.state(tx),
        }
    }
}

impl Resource for RouteTable {
    const SHAPE: &'static str = "RouteTable";
    const KIND: Kind = Kind {
        prefix: "rtb",
        tagged_as: "route-table",
        not_found: "InvalidRouteTableID.NotFound",
        malformed: "InvalidRouteTableId.Malformed",
        one: "The routeTable ID '{}' does not exist",
        several: "The routeTable IDs '{}' do not exist",
    };

    const FILTERS: &'static [&'static str] = &[
        "association.gateway-id",
        "association.main",
        "association.route-table-association-id",
        "association.route-table-id",
        "association.subnet-id",
        "owner-id",
        "route-table-id",
        "route.destination-cidr-block",
        "route.gateway-id",
        "route.nat-gateway-id",
        "route.origin",
        "route.state",
        "vpc-id",
    ];

    fn filter(&self, tx: &Tx<'_>, name: &str) -> Vec<String> {
        let routes = self.routes.iter();
        match name {
            "association.main" => self.associations.iter().map(|one| one.subnet.is_none().to_string()).collect(),
            "association.route-table-association-id" => self.associations.iter().map(|one| one.id.clone()).collect(),
            "association.route-table-id" => self.associations.iter().map(|_| self.id.clone()).collect(),
            "association.subnet-id" => self.associations.iter().filter_map(|one| one.subnet.clone()).collect(),
            "owner-id" => vec![tx.account().to_owned()],
            "route-table-id" => vec![self.id.clone()],
            "route.destination-cidr-block" => {
                routes.map(|route| route.destination.clone()).filter(|one| !one.starts_with("pl-")).collect()
            }
            "route.gateway-id" => routes
                .filter_map(|route| match &route.target {
                    Target::InternetGateway(id) | Target::VpcEndpoint(id) => Some(id.clone()),
                    Target::Local => Some("local".to_owned()),
                    _ => None,
                })
                .collect(),
            "route.nat-gateway-id" => routes
                .filter_map(|route| if let Target::NatGateway(id) = &route.target { Some(id.clone()) } else { None })
                .collect(),
            "route.origin" => routes.map(|route| route.origin.clone()).collect(),
            "route.state" => routes.map(|route| route.state(tx).to_owned()).collect(),
            "vpc-id" => vec![self.vpc.clone()],
            _ => Vec::new(),
        }
    }

    fn view(&self, tx: &Tx<'_>) -> Value {
        let associations: Vec<Value> = self
            .associations
            .iter()
            .map(|association| {
                record! {
                    "Main" => association.subnet.is_none(),
                    "RouteTableAssociationId" => &association.id,
                    "RouteTableId" => &self.id,
                    "SubnetId" => association.subnet.clone(),
                    "AssociationState" => record! { "State" => "associated" },
                }
            })
            .collect();
        record! {
            "RouteTableId" => &self.id,
            "VpcId" => &self.vpc,
            "OwnerId" => tx.account(),
            "Routes" => self.routes.iter().map(|route| route.view(tx)).collect::<Vec<_>>(),
            "Associations" => associations,
            "PropagatingVgws" => Value::List(Vec::new()),
            "Tags" => tags::of(tx, &self.id),
        }
    }
}

fn make(tx: &mut Tx<'_>, vpc: &str, ranges: impl Iterator<Item = Ipv4Net>) -> String {
    let id = tx.new_id("rtb");
    let routes = ranges.map(|range| local(&range.to_string())).collect();
    tx.put(RouteTable { id: id.clone(), vpc: vpc.to_owned(), routes, associations: Vec::new() });
    id
}

/// A route within the VPC.
fn local(range: &str) -> Route {
    Route { destination: range.to_owned(), target: Target::Local, origin: "CreateRouteTable".to_owned() }
}

/// Gives a VPC's route tables the route of a range that it has now, behind those that they have of its other ranges.
pub(super) fn add_local(tx: &mut Tx<'_>, vpc: &str, range: &str) {
    change_all(tx, vpc, |table| {
        let at = table.routes.iter().take_while(|route| route.is_of_the_vpc()).count();
        table.routes.insert(at, local(range));
    });
}

/// Takes a VPC's route tables the route of a range that it has no more.
pub(super) fn remove_local(tx: &mut Tx<'_>, vpc: &str, range: &str) {
    change_all(tx, vpc, |table| table.routes.retain(|route| !route.is_of_the_vpc() || route.destination != range));
}

fn change_all(tx: &mut Tx<'_>, vpc: &str, change: impl Fn(&mut RouteTable)) {
    let ids: Vec<String> = tx.rows::<RouteTable>().filter(|table| table.vpc == vpc).map(Row::id).collect();
    for id in ids {
        tx.change::<RouteTable>(&id, &change);
    }
}

/// Whether a VPC has a route to somewhere else that is for a range or a part of it.
pub(super) fn leads_elsewhere(tx: &Tx<'_>, vpc: &str, range: Ipv4Net) -> bool {
    let tables = tx.rows::<RouteTable>().filter(|table| table.vpc == vpc);
    let routes = tables.flat_map(|table| &table.routes).filter(|route| !route.is_of_the_vpc());
    routes.filter_map(|route| route.destination.parse::<Ipv4Net>().ok()).any(|other| range.contains(&other))
}

/// Makes a new VPC's main route table.
pub(super) fn make_main(tx: &mut Tx<'_>, vpc: &str, range: Ipv4Net) {
    let id = make(tx, vpc, std::iter::once(range));
    let association = Association { id: tx.new_id("rtbassoc"), subnet: None };
    tx.change::<RouteTable>(&id, |table| table.associations.push(association));
}

/// Gives a VPC's main route table the route to the internet, as default VPCs have it.
pub(super) fn route_main_to(tx: &mut Tx<'_>, vpc: &str, gateway: &str) {
    let main = tx.rows::<RouteTable>().find(|table| table.vpc == vpc && table.is_main()).map(Row::id);
    if let Some(main) = main {
        let target = Target::InternetGateway(gateway.to_owned());
        let route = Route { destination: "0.0.0.0/0".to_owned(), target, origin: "CreateRoute".to_owned() };
        tx.change::<RouteTable>(&main, |table| table.routes.push(route));
    }
}

/// Whether a subnet has a way to the internet gateway.
pub fn is_public(tx: &Tx<'_>, subnet: &Subnet) -> bool {
    let of = |table: &&RouteTable| table.associations.iter().any(|it| it.subnet.as_deref() == Some(&subnet.id));
    let own = tx.rows::<RouteTable>().find(of);
    let main = || tx.rows::<RouteTable>().find(|table| table.vpc == subnet.vpc && table.is_main());
    let outwards = |table: &RouteTable| table.routes.iter().any(|it| matches!(it.target, Target::InternetGateway(_)));
    own.or_else(main).is_some_and(outwards)
}

/// Removes a VPC's route tables with the VPC.
pub(super) fn forget(tx: &mut Tx<'_>, vpc: &str) {
    let ids: Vec<String> = tx.rows::<RouteTable>().filter(|table| table.vpc == vpc).map(Row::id).collect();
    for id in ids {
        tags::forget(tx, &id);
        tx.remove::<RouteTable>(&id);
    }
}

/// Ends a subnet's association, if it has one.
pub(super) fn dissociate(tx: &mut Tx<'_>, subnet: &str) {
    if let Some((table, at)) = association_of(tx, |association| association.subnet.as_deref() == Some(subnet)) {
        tx.change::<RouteTable>(&table, |table| {
            table.associations.remove(at);
        });
    }
}

fn association_of(tx: &Tx<'_>, is_it: impl Fn(&Association) -> bool) -> Option<(String, usize)> {
    tx.rows::<RouteTable>().find_map(|table| Some((table.id.clone(), table.associations.iter().position(&is_it)?)))
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let vpc: Vpc = resource::find(tx, input.required("VpcId"))?;
    // The main one counts too.
    let have = tx.rows::<RouteTable>().filter(|table| table.vpc == vpc.id).count() as i64;
    tx.enforce("ec2.route_table.quota", have < tx.quota("ec2.route-tables-per-vpc"), || {
        Refusal::new("RouteTableLimitExceeded", "The maximum number of route tables has been reached.")
    })?;
    let id = make(tx, &vpc.id, vpc.usable_ranges());
    tags::on_create(tx, input, "route-table", &id)?;
    Ok(record! {
        "RouteTable" => resource::find::<RouteTable>(tx, &id)?.view(tx),
        "ClientToken" => input.text("ClientToken"),
    })
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let table: RouteTable = resource::find(tx, input.required("RouteTableId"))?;
    tx.enforce("ec2.route_table.delete.dependency", table.associations.is_empty(), || {
        let message = format!("The routeTable '{}' has dependencies and cannot be deleted.", table.id);
        Refusal::new("DependencyViolation", message)
    })?;
    vpc_endpoint_network::forget_table(tx, &table);
    tags::forget(tx, &table.id);
    tx.remove::<RouteTable>(&table.id);
    Ok(nothing())
}

fn associate(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let table: RouteTable = resource::find(tx, input.required("RouteTableId"))?;
    let Some(subnet) = input.text("SubnetId") else {
        return Err(super::missing("subnetId"));
    };
    let subnet: Subnet = resource::find(tx, subnet)?;
    tx.enforce("ec2.route_table.associate.network", subnet.vpc == table.vpc, || {
        let message = format!("Route table {} and subnet {} belong to different networks", table.id, subnet.id);
        Refusal::new("InvalidParameterValue", message)
    })?;
    let state = record! { "State" => "associated" };
    if let Some((holder, at)) = association_of(tx, |one| one.subnet.as_deref() == Some(&subnet.id)) {
        if holder == table.id {
            return Ok(record! { "AssociationId" => &table.associations[at].id, "AssociationState" => state });
        }
        tx.enforce("ec2.route_table.associate.conflict", false, || {
            let message = format!(
                "the specified association for route table {} conflicts with an existing association",
                table.id
            );
            Refusal::new("Resource.AlreadyAssociated", message)
        })?;
    }
    let id = tx.new_id("rtbassoc");
    let association = Association { id: id.clone(), subnet: Some(subnet.id) };
    tx.change::<RouteTable>(&table.id, |table| table.associations.push(association));
    Ok(record! { "AssociationId" => id, "AssociationState" => state })
}

fn find_association(tx: &Tx<'_>, id: &str) -> Result<(RouteTable, usize), Refusal> {
    let found = association_of(tx, |association| association.id == id);
    let found = found.and_then(|(table, at)| Some((tx.get::<RouteTable>(&table)?.clone(), at)));
    found.ok_or_else(|| {
        Refusal::new("InvalidAssociationID.NotFound", format!("The association ID '{id}' does not exist"))
    })
}

fn disassociate(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let (table, at) = find_association(tx, input.required("AssociationId"))?;
    let association = &table.associations[at];
    tx.enforce("ec2.route_table.main.dissociate", association.subnet.is_some(), || {
        let message = format!("cannot disassociate the main route table association {}", association.id);
        Refusal::new("InvalidParameterValue", message)
    })?;
    tx.change::<RouteTable>(&table.id, |table| {
        table.associations.remove(at);
    });
    Ok(nothing())
}

fn replace_association(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let (from, at) = find_association(tx, input.required("AssociationId"))?;
    let to: RouteTable = resource::find(tx, input.required("RouteTableId"))?;
    tx.enforce("ec2.route_table.associate.network", from.vpc == to.vpc, || {
        let message =
            format!("Route table {} and association {} belong to different networks", to.id, from.associations[at].id);
        Refusal::new("InvalidParameterValue", message)
    })?;
    let id = tx.new_id("rtbassoc");
    let association = Association { id: id.clone(), subnet: from.associations[at].subnet.clone() };
    tx.change::<RouteTable>(&from.id, |table| {
        table.associations.remove(at);
    });
    tx.change::<RouteTable>(&to.id, |table| table.associations.push(association));
    Ok(record! { "NewAssociationId" => id, "AssociationState" => record! { "State" => "associated" } })
}

fn destination(tx: &Tx<'_>, input: &Input<'_>) -> Result<String, Refusal> {
    let (v4, v6) = (input.text("DestinationCidrBlock"), input.text("DestinationIpv6CidrBlock"));
    match (v4, v6, input.text("DestinationPrefixListId")) {
        (Some(range), None, None) => Ok(cidr::parse(range, "destinationCidrBlock")?.to_string()),
        (None, Some(range), None) => Ok(cidr::parse_v6(range, "destinationIpv6CidrBlock")?.to_string()),
        (None, None, Some(list)) => Ok(prefix_list::find(tx, list)?.id),
        (None, None, None) => Err(super::missing("destinationCidrBlock")),
        _ => {
            let message = "The request must contain exactly one of destinationCidrBlock, destinationIpv6CidrBlock or \
                           destinationPrefixListId";
            Err(Refusal::new("InvalidParameterCombination", message))
        }
    }
}

/// Refuses to take or change the route of a gateway endpoint, which goes by its endpoint.
fn check_own(tx: &Tx<'_>, table: &RouteTable, route: Option<&Route>, what: &str) -> Result<(), Refusal> {
    let managed = route.is_some_and(|route| matches!(route.target, Target::VpcEndpoint(_)));
    tx.enforce("ec2.route.endpoint", !managed, || {
        let destination = route.map_or("", |route| route.destination.as_str());
        let message = format!("cannot {what} VPC endpoint route {destination} in route table {}", table.id);
        Refusal::new("InvalidParameterValue", message)
    })
}

/// The link-local ranges that AWS keeps for its own services.
const RESERVED: [&str; 2] = ["169.254.168.0/22", "fd00:ec2::/32"];

/// Refuses a destination that no route may have, or none to that target.
fn check_destination(tx: &Tx<'_>, table: &RouteTable, destination: &str, target: &Target) -> Result<(), Refusal> {
    let range = destination.parse::<IpNet>();
    let lies_in =
        |outer: &str| matches!((&range, outer.parse::<IpNet>()), (Ok(range), Ok(outer)) if outer.contains(range));
    tx.enforce("ec2.route.reserved", !RESERVED.iter().any(|reserved| lies_in(reserved)), || {
        super::invalid_value(destination, "destinationCidrBlock", "The range is reserved for use by AWS services.")
    })?;
    let mut local = table.routes.iter().filter(|route| route.is_of_the_vpc());
    let part = local.any(|route| route.destination != destination && lies_in(&route.destination));
    if part {
        not_to_the_internet(tx, destination, target)?;
    }
    let mut subnets = tx.rows::<Subnet>().filter(|subnet| subnet.vpc == table.vpc);
    let of_subnet = !part || subnets.any(|subnet| subnet.cidr.to_string() == destination);
    tx.enforce("ec2.route.subnet", of_subnet, || {
        Refusal::new("InvalidParameterValue", "Route destination doesn't match any subnet CIDR blocks.")
    })
}

/// Refuses to lead the VPC's range, or a part of it, to an internet gateway.
fn not_to_the_internet(tx: &Tx<'_>, destination: &str, target: &Target) -> Result<(), Refusal> {
    tx.enforce("ec2.route.specific", !matches!(target, Target::InternetGateway(_)), || {
        let message = format!(
            "The destination CIDR block {destination} is equal to or more specific than one of this VPC's CIDR blocks. \
             This route can target only an interface or an instance."
        );
        Refusal::new("InvalidParameterValue", message)
    })
}

fn target(tx: &Tx<'_>, input: &Input<'_>, table: &RouteTable, destination: &str) -> Result<Target, Refusal> {
    let gateway = input.text("GatewayId");
    let (nat, interface, instance) =
        (input.text("NatGatewayId"), input.text("NetworkInterfaceId"), input.text("InstanceId"));
    let given = [gateway, nat, interface, instance].iter().flatten().count();
    tx.enforce("ec2.route.target", given == 1, || {
        let message = "The request must contain exactly one of gatewayId, natGatewayId, networkInterfaceId, \
                       vpcPeeringConnectionId, egressOnlyInternetGatewayId, transitGatewayId, localGatewayId, \
                       carrierGatewayId, instanceId, vpcEndpointId, coreNetworkArn or odbNetworkArn";
        Refusal::new(if given == 0 { "MissingParameter" } else { "InvalidParameterCombination" }, message)
    })?;
    let same_network = |holds: bool, what: String| {
        tx.enforce("ec2.route.network", holds, || {
            let message = format!("route table {} and {what} belong to different networks", table.id);
            Refusal::new("InvalidParameterValue", message)
        })
    };
    if let Some(id) = gateway {
        // Here gateways of every kind go by one code, unlike where they are described.
        let absent = || Refusal::new("InvalidGatewayID.NotFound", format!("The gateway ID '{id}' does not exist"));
        if id == "local" {
            let is_local = table.routes.iter().any(|route| route.is_of_the_vpc() && route.destination == destination);
            return if is_local { Ok(Target::Local) } else { Err(absent()) };
        }
        if id.starts_with("vgw-") {
            return Err(Refusal::not_simulated(format!("ec2 {} to a virtual private gateway", tx.operation())));
        }
        InternetGateway::KIND.check(tx, id)?;
        let found = tx.get::<InternetGateway>(id).cloned().ok_or_else(absent)?;
        same_network(found.vpc.as_ref() == Some(&table.vpc), format!("network gateway {id}"))?;
        return Ok(Target::InternetGateway(found.id));
    }
    if let Some(id) = nat {
        let alive = tx.get::<NatGateway>(id).filter(|found| found.state != "deleted" && found.state != "failed");
        let Some(found) = alive else {
            return Err(Refusal::new(
                "InvalidNatGatewayID.NotFound",
                format!("The natGateway ID '{id}' does not exist"),
            ));
        };
        same_network(found.vpc == table.vpc, format!("NAT gateway {id}"))?;
        return Ok(Target::NatGateway(id.to_owned()));
    }
    let interface = match (interface, instance) {
        (Some(id), _) => resource::find::<NetworkInterface>(tx, id)?,
        (None, Some(id)) => {
            let is_it = |row: &&NetworkInterface| {
                row.attachment.as_ref().is_some_and(|attachment| attachment.instance.as_deref() == Some(id))
            };
            let found = tx.rows::<NetworkInterface>().find(is_it).cloned();
            found.ok_or_else(|| {
                Refusal::new("InvalidInstanceID.NotFound", format!("The instance ID '{id}' does not exist"))
            })?
        }
        (None, None) => return Err(super::missing("gatewayId")),
    };
    same_network(interface.vpc == table.vpc, format!("interface {}", interface.id))?;
    Ok(Target::NetworkInterface(interface.id))
}

fn create_route(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let table: RouteTable = resource::find(tx, input.required("RouteTableId"))?;
    let destination = destination(tx, input)?;
    let target = target(tx, input, &table, &destination)?;
    check_destination(tx, &table, &destination, &target)?;
    let taken = table.routes.iter().any(|route| route.destination == destination);
    tx.enforce("ec2.route.exists", !taken, || {
        let message = format!("The route identified by {destination} already exists.");
        Refusal::new("RouteAlreadyExists", message)
    })?;
    let have = table.routes.len() as i64 - 1;
    tx.enforce("ec2.route.quota", have < tx.quota("ec2.routes"), || {
        let message = format!("The maximum number of routes has been reached for route table {}.", table.id);
        Refusal::new("RouteLimitExceeded", message)
    })?;
    let route = Route { destination, target, origin: "CreateRoute".to_owned() };
    tx.change::<RouteTable>(&table.id, |table| {
        table.routes.retain(|known| known.destination != route.destination);
        table.routes.push(route);
    });
    Ok(done())
}

fn replace_route(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let table: RouteTable = resource::find(tx, input.required("RouteTableId"))?;
    let destination = destination(tx, input)?;
    let target = target(tx, input, &table, &destination)?;
    check_destination(tx, &table, &destination, &target)?;
    let found = table.routes.iter().position(|route| route.destination == destination);
    check_own(tx, &table, found.map(|at| &table.routes[at]), "replace")?;
    let Some(at) = found else {
        let message =
            format!("There is no route defined for '{destination}' in the route table. Use CreateRoute instead.");
        return Err(Refusal::new("InvalidParameterValue", message));
    };
    // A new route for all of the range is refused for the one that is there; that one is replaced.
    if table.routes[at].is_of_the_vpc() {
        not_to_the_internet(tx, &destination, &target)?;
    }
    tx.change::<RouteTable>(&table.id, |table| table.routes[at].target = target);
    Ok(nothing())
}

fn delete_route(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let table: RouteTable = resource::find(tx, input.required("RouteTableId"))?;
    let destination = destination(tx, input)?;
    let found = table.routes.iter().find(|route| route.destination == destination);
    tx.enforce("ec2.route.missing", found.is_some(), || {
        let message = format!("no route with destination-cidr-block {destination} in route table {}", table.id);
        Refusal::new("InvalidRoute.NotFound", message)
    })?;
    check_own(tx, &table, found, "remove")?;
    tx.enforce("ec2.route.local", found.is_none_or(|route| route.target != Target::Local), || {
        let message = format!("cannot remove local route {destination} in route table {}", table.id);
        Refusal::new("InvalidParameterValue", message)
    })?;
    tx.change::<RouteTable>(&table.id, |table| table.routes.retain(|route| route.destination != destination));
    Ok(nothing())
}

#[cfg(test)]
mod tests {
    use crate::client::Client;

    #[tokio::test(start_paused = true)]
    async fn routes_and_associations_are_refused_as_ec2_refuses_them() {
        let client = Client::calm();
        let vpc = client.vpc("10.0.0.0/16").await;
        let subnet = client.subnet(&vpc, "10.0.0.0/24", "us-east-1a").await;
        let table = client.ec2("CreateRouteTable", &[("VpcId", &vpc)]).await.one("routeTableId");
        let gateway = client.ec2("CreateInternetGateway", &[]).await.one("internetGatewayId");
        let route =
            [("RouteTableId", table.as_str()), ("DestinationCidrBlock", "0.0.0.0/0"), ("GatewayId", gateway.as_str())];
        let refused = client.refused("CreateRoute", &route, "InvalidParameterValue").await;
        assert_eq!(
            refused.message,
            format!("route table {table} and network gateway {gateway} belong to different networks")
        );
        client.ec2("AttachInternetGateway", &[("InternetGatewayId", &gateway), ("VpcId", &vpc)]).await;
        client.ec2("CreateRoute", &route).await;
        let refused = client.refused("CreateRoute", &route, "RouteAlreadyExists").await;
        assert_eq!(refused.message, "The route identified by 0.0.0.0/0 already exists.");
        let local = [route[0], ("DestinationCidrBlock", "10.0.0.0/16"), route[2]];
        client.refused("CreateRoute", &local, "RouteAlreadyExists").await;
        let refused = client.refused("DeleteRoute", &local[..2], "InvalidParameterValue").await;
        assert!(refused.message.starts_with("cannot remove local route"), "{}", refused.message);
        let token = [route[0], route[1], route[2], ("ClientToken", "x")];
        let refused = client.refused("CreateRoute", &token, "UnknownParameter").await;
        assert_eq!(refused.message, "The parameter ClientToken is not recognized");

        let pair = [("RouteTableId", table.as_str()), ("SubnetId", subnet.as_str())];
        let association = client.ec2("AssociateRouteTable", &pair).await.one("associationId");
        let second = client.ec2("CreateRouteTable", &[("VpcId", &vpc)]).await.one("routeTableId");
        let conflicting = [("RouteTableId", second.as_str()), pair[1]];
        client.refused("AssociateRouteTable", &conflicting, "Resource.AlreadyAssociated").await;
        client.refused("DeleteRouteTable", &pair[..1], "DependencyViolation").await;
        let replace = [("AssociationId", association.as_str()), ("RouteTableId", second.as_str())];
        let fresh = client.ec2("ReplaceRouteTableAssociation", &replace).await.one("newAssociationId");
        client.ec2("DeleteRouteTable", &pair[..1]).await;
        client.ec2("DisassociateRouteTable", &[("AssociationId", &fresh)]).await;
        client.refused("DisassociateRouteTable", &[("AssociationId", &fresh)], "InvalidAssociationID.NotFound").await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_virtual_private_gateway_is_not_simulated_and_a_wider_range_than_the_reserved_one_is_taken() {
        let client = Client::calm();
        let vpc = client.vpc("10.0.0.0/16").await;
        let gateway = client.ec2("CreateInternetGateway", &[]).await.one("internetGatewayId");
        client.ec2("AttachInternetGateway", &[("InternetGatewayId", &gateway), ("VpcId", &vpc)]).await;
        let table = client.ec2("CreateRouteTable", &[("VpcId", &vpc)]).await.one("routeTableId");
        let to = |range, gateway| {
            [("RouteTableId", table.as_str()), ("DestinationCidrBlock", range), ("GatewayId", gateway)]
        };
        client.refused("CreateRoute", &to("0.0.0.0/0", "vgw-0123456789abcdef0"), "NotSimulated").await;
        client.ec2("CreateRoute", &to("169.254.0.0/16", &gateway)).await;
        client.ec2("ReplaceRoute", &to("10.0.0.0/16", "local")).await;
        client.refused("ReplaceRoute", &to("169.254.0.0/16", "local"), "InvalidGatewayID.NotFound").await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_route_to_what_is_gone_is_a_blackhole() {
        let client = Client::calm();
        let vpc = client.vpc("10.0.0.0/16").await;
        let gateway = client.ec2("CreateInternetGateway", &[]).await.one("internetGatewayId");
        let attachment = [("InternetGatewayId", gateway.as_str()), ("VpcId", vpc.as_str())];
        client.ec2("AttachInternetGateway", &attachment).await;
        let table = client.ec2("CreateRouteTable", &[("VpcId", &vpc)]).await.one("routeTableId");
        let route = [("RouteTableId", table.as_str()), ("DestinationCidrBlock", "0.0.0.0/0"), attachment[0]];
        client.ec2("CreateRoute", &[route[0], route[1], ("GatewayId", &gateway)]).await;
        let ids = [("RouteTableId.1", table.as_str())];
        assert!(!client.ec2("DescribeRouteTables", &ids).await.text.contains("blackhole"));
        client.ec2("DetachInternetGateway", &attachment).await;
        assert!(client.ec2("DescribeRouteTables", &ids).await.text.contains("blackhole"));
    }
}
