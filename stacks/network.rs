//! The network: a VPC over three zones, with the ways out that the environment pays for.
//!
//! | range | what |
//! |---|---|
//! | /24 at 10, 11, 12 | public subnets: load balancers and NAT gateways |
//! | /24 at 16, 17, 18 | database subnets, without a way out |
//! | /20 at 2, 3, 4 | private subnets: nodes and ClickHouse |

use fathuss_model::aws::{
    AvailabilityZones, DefaultSecurityGroup, Eip, InternetGateway, NatGateway, Route, RouteTable,
    RouteTableAssociation, Subnet, Vpc,
};
use fathuss_model::{DeclarationExt, Handle, Result, Stack};

use crate::environment::{Environment, NatGateways, Zone};

/// What others build on.
#[derive(Debug)]
pub struct Network {
    /// The VPC.
    pub vpc: Handle<Vpc>,
    /// A public subnet per zone.
    pub public: Vec<Handle<Subnet>>,
    /// A private subnet per zone.
    pub private: Vec<Handle<Subnet>>,
    /// A subnet per zone for what needs no way out.
    pub database: Vec<Handle<Subnet>>,
    /// The private subnets' way out: what has to be there before something in them can reach the internet.
    pub way_out: WayOut,
}

/// The private subnets' way out.
#[derive(Debug)]
pub struct WayOut {
    /// To the NAT gateways.
    pub routes: Vec<Handle<Route>>,
    /// Of the private subnets with them.
    pub associations: Vec<Handle<RouteTableAssociation>>,
}

/// Three zones with a public, a private and a database subnet in each, and one NAT gateway, or one per zone.
pub fn network(stack: &mut Stack, env: &Environment) -> Result<Network> {
    env.tag_all(stack, "network");
    stack.add("all", AvailabilityZones::new().zone_names(env.zones.names()));

    let vpc = stack.add("main", Vpc::new(env.range.whole()).enable_dns_hostnames(true).tag("Name", env.name()));
    stack.add("emptied", DefaultSecurityGroup::new(&vpc));
    let internet = stack.add("main", InternetGateway::new(&vpc).tag("Name", env.name()));

    let shared = format!("kubernetes.io/cluster/{}", env.cluster_name());
    let public = env.zones.try_map(|zone| {
        let range = env.range.subnet(24, 10 + zone.index())?;
        let subnet = named(Subnet::new(&vpc, range), env, "public", zone).map_public_ip_on_launch(true);
        Ok(stack.add(("public", zone), subnet.tag("kubernetes.io/role/elb", "1").tag(&shared, "shared")))
    })?;
    let private = env.zones.try_map(|zone| {
        let range = env.range.subnet(20, 2 + zone.index())?;
        let subnet = named(Subnet::new(&vpc, range), env, "private", zone);
        Ok(stack.add(("private", zone), subnet.tag("kubernetes.io/role/internal-elb", "1").tag(&shared, "shared")))
    })?;
    let database = env.zones.try_map(|zone| {
        let range = env.range.subnet(24, 16 + zone.index())?;
        Ok(stack.add(("database", zone), named(Subnet::new(&vpc, range), env, "database", zone)))
    })?;

    let public_routes = stack.add("public", RouteTable::new(&vpc).tag("Name", format!("{}-public", env.name())));
    stack.add("public", Route::to_internet(&public_routes, &internet));
    for (zone, subnet) in env.zones.iter().zip(&public) {
        stack.add(("public", zone), RouteTableAssociation::new(subnet, &public_routes));
    }
    let way_out = way_out(stack, env, &vpc, &internet, &public, &private);

    // Local routes alone: what stands there answers, and asks nobody.
    let inner = stack.add("database", RouteTable::new(&vpc).tag("Name", format!("{}-database", env.name())));
    for (zone, subnet) in env.zones.iter().zip(&database) {
        stack.add(("database", zone), RouteTableAssociation::new(subnet, &inner));
    }

    Ok(Network { vpc, public, private, database, way_out })
}

fn named(subnet: Subnet, env: &Environment, tier: &str, zone: Zone) -> Subnet {
    subnet.availability_zone(zone.name()).tag("Tier", tier).tag("Name", format!("{}-{tier}-{zone}", env.name()))
}

/// NAT gateways, each with its address and a route table for the private subnets that it serves.
fn way_out(
    stack: &mut Stack,
    env: &Environment,
    vpc: &Handle<Vpc>,
    internet: &Handle<InternetGateway>,
    public: &[Handle<Subnet>],
    private: &[Handle<Subnet>],
) -> WayOut {
    let mut routes = Vec::new();
    let mut tables = Vec::new();
    let gateways = match env.nat_gateways {
        NatGateways::One => 1,
        NatGateways::PerZone => public.len(),
    };
    for (zone, subnet) in env.zones.iter().zip(public).take(gateways) {
        let name = format!("{}-nat-{zone}", env.name());
        let address = stack.add(("nat", zone), Eip::new().tag("Name", &name));
        // Its address is of use only once the VPC has a way to the internet.
        let gateway = NatGateway::public(subnet, &address).tag("Name", &name).depends_on(internet);
        let gateway = stack.add(("public", zone), gateway);
        let table = RouteTable::new(vpc).tag("Name", format!("{}-private-{zone}", env.name()));
        let table = stack.add(("private", zone), table);
        routes.push(stack.add(("private", zone), Route::through_nat(&table, &gateway)));
        tables.push(table);
    }
    let tables = tables.iter().cycle();
    let associations = env
        .zones
        .iter()
        .zip(private)
        .zip(tables)
        .map(|((zone, subnet), table)| stack.add(("private", zone), RouteTableAssociation::new(subnet, table)));
    let associations = associations.collect();
    WayOut { routes, associations }
}
