//! The network: a VPC over three zones, with the ways out that the environment pays for.
//!
//! | range | what |
//! |---|---|
//! | /24 at 10, 11, 12 | public subnets: load balancers and NAT gateways |
//! | /24 at 16, 17, 18 | database subnets, without a way out |
//! | /20 at 2, 3, 4 | private subnets: nodes and ClickHouse |
//!
//! Who spoke to whom is in flow logs.

use fathuss_model::aws::policy::{Policy, Statement};
use fathuss_model::aws::{
    AvailabilityZones, CloudwatchLogGroup, DefaultSecurityGroup, Eip, FlowLog, IamPolicy, IamRolePolicyAttachment,
    InternetGateway, NatGateway, Route, RouteTable, RouteTableAssociation, Subnet, TrafficType, Vpc, VpcEndpoint,
};
use fathuss_model::{DeclarationExt, Handle, IntoValue, Result, Stack, actions, template};

use crate::environment::{Environment, NatGateways, Zone};

/// What others build on.
#[derive(Debug)]
pub struct Network {
    /// The VPC.
    pub vpc: Handle<Vpc>,
    /// A public subnet per zone.
    pub public: Vec<Handle<Subnet>>,
    /// That they lead to the internet.
    pub published: Vec<Handle<RouteTableAssociation>>,
    /// A private subnet per zone.
    pub private: Vec<Handle<Subnet>>,
    /// A subnet per zone for what needs no way out.
    pub database: Vec<Handle<Subnet>>,
    /// The NAT gateways, in the order of their zones.
    pub nat_gateways: Vec<Handle<NatGateway>>,
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
        let subnet = named(Subnet::new(&vpc, range), env, "public", zone);
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
    let route = stack.add("public", Route::to_internet(&public_routes, &internet));
    let associate = |(zone, subnet)| {
        let association = RouteTableAssociation::new(subnet, &public_routes);
        stack.add(("public", zone), association.depends_on(&route))
    };
    let published = env.zones.iter().zip(&public).map(associate).collect();
    let (nat_gateways, private_routes) = way_out(stack, env, &vpc, &public, &private);
    // Images and objects come by this way, which costs nothing, and not through a NAT gateway, which charges for bytes.
    let s3 = VpcEndpoint::gateway(&vpc, env.service("s3"), &private_routes);
    stack.add("s3", s3.tag("Name", format!("{}-s3", env.name())));

    // Local routes alone: what stands there answers, and asks nobody.
    let inner = stack.add("database", RouteTable::new(&vpc).tag("Name", format!("{}-database", env.name())));
    for (zone, subnet) in env.zones.iter().zip(&database) {
        stack.add(("database", zone), RouteTableAssociation::new(subnet, &inner));
    }

    flow_logs(stack, env, &vpc);
    Ok(Network { vpc, public, published, private, database, nat_gateways })
}

/// What was let through and what was not, kept like other logs.
fn flow_logs(stack: &mut Stack, env: &Environment, vpc: &Handle<Vpc>) {
    let group = CloudwatchLogGroup::new().name(format!("/fathuss/{}/flow", env.name())).retention_in_days(env.log_days);
    let group = stack.add("flow", group);
    // <https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html>
    let writes = env.trust("vpc-flow-logs.amazonaws.com", &env.arn("ec2", "vpc-flow-log/*"));
    let role = env.role(stack, writes).description("What flow logs are written with");
    let role = stack.add("flow", role);
    let streams = template([group.arn().into_value(), ":*".into_value()]);
    let policy = Policy::new([Statement::allow(actions![
        "logs:CreateLogStream",
        "logs:DescribeLogStreams",
        "logs:PutLogEvents"
    ])
    .on(streams)]);
    let policy = stack.add("flow", IamPolicy::new(policy));
    let permitted = stack.add("flow", IamRolePolicyAttachment::new(&role, &policy));
    let log = FlowLog::to_log_group(TrafficType::All, &group, &role).vpc_id(vpc).tag("Name", env.name());
    stack.add("main", log.depends_on(&permitted));
}

fn named(subnet: Subnet, env: &Environment, tier: &str, zone: Zone) -> Subnet {
    subnet.availability_zone(zone.name()).tag("Tier", tier).tag("Name", format!("{}-{tier}-{zone}", env.name()))
}

/// NAT gateways, each with its address and a route table for the private subnets that it serves. Gives both.
fn way_out(
    stack: &mut Stack,
    env: &Environment,
    vpc: &Handle<Vpc>,
    public: &[Handle<Subnet>],
    private: &[Handle<Subnet>],
) -> (Vec<Handle<NatGateway>>, Vec<Handle<RouteTable>>) {
    let (mut made, mut tables) = (Vec::new(), Vec::new());
    let gateways = match env.nat_gateways {
        NatGateways::One => 1,
        NatGateways::PerZone => public.len(),
    };
    for (zone, subnet) in env.zones.iter().zip(public).take(gateways) {
        let name = format!("{}-nat-{zone}", env.name());
        let address = stack.add(("nat", zone), Eip::new().tag("Name", &name));
        let gateway = stack.add(("public", zone), NatGateway::public(subnet, &address).tag("Name", &name));
        let table = RouteTable::new(vpc).tag("Name", format!("{}-private-{zone}", env.name()));
        let table = stack.add(("private", zone), table);
        let route = stack.add(("private", zone), Route::through_nat(&table, &gateway));
        made.push(gateway);
        tables.push((table, route));
    }
    for ((zone, subnet), (table, route)) in env.zones.iter().zip(private).zip(tables.iter().cycle()) {
        // A subnet that changes its table changes to one that leads out already.
        stack.add(("private", zone), RouteTableAssociation::new(subnet, table).depends_on(route));
    }
    (made, tables.into_iter().map(|(table, _)| table).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::inspection::{attribute, both, literal, node, nodes, production, refers_to, staging};

    #[test]
    fn private_subnets_reach_s3_without_a_nat_gateway() {
        for graph in both() {
            let endpoint = node(&graph, "aws_vpc_endpoint", "s3");
            let tables = nodes(&graph, "aws_route_table");
            let private = tables.iter().filter(|table| table.address.name() == "private").count();
            assert_eq!(refers_to(endpoint, "route_table_ids").len(), private);
        }
    }

    #[test]
    fn all_traffic_is_logged() {
        for graph in both() {
            let log = node(&graph, "aws_flow_log", "main");
            assert_eq!(literal(log, "traffic_type"), Some("ALL".into()));
            assert_eq!(refers_to(log, "vpc_id"), ["aws_vpc.main"]);
            assert_eq!(refers_to(log, "log_destination"), ["aws_cloudwatch_log_group.flow"]);
        }
    }

    #[test]
    fn each_zone_has_a_subnet_of_each_tier() {
        for graph in both() {
            for tier in ["public", "private", "database"] {
                let subnets = nodes(&graph, "aws_subnet").into_iter().filter(|node| node.address.name() == tier);
                let zones: BTreeSet<_> = subnets.filter_map(|node| literal(node, "availability_zone")).collect();
                assert_eq!(zones.len(), 3, "{tier} of {}", graph.stack);
            }
        }
    }

    #[test]
    fn subnets_lie_where_the_table_says() {
        let graph = staging();
        let ranges: Vec<String> = nodes(&graph, "aws_subnet")
            .iter()
            .filter(|node| node.address.key() == Some("us-east-1b"))
            .map(|node| format!("{} {}", node.address.name(), literal(node, "cidr_block").unwrap()))
            .collect();
        let expected = ["public \"10.10.11.0/24\"", "private \"10.10.48.0/20\"", "database \"10.10.17.0/24\""];
        assert_eq!(ranges, expected);
    }

    #[test]
    fn no_subnet_gives_public_addresses() {
        // NAT gateways and load balancers have theirs by themselves.
        for graph in both() {
            for subnet in nodes(&graph, "aws_subnet") {
                assert!(!subnet.fields.contains_key("map_public_ip_on_launch"), "{}", subnet.address);
            }
        }
    }

    #[test]
    fn staging_pays_for_one_nat_gateway_and_production_for_one_per_zone() {
        assert_eq!(nodes(&staging(), "aws_nat_gateway").len(), 1);
        assert_eq!(nodes(&production(), "aws_nat_gateway").len(), 3);
    }

    #[test]
    fn in_production_each_zone_goes_out_through_its_own_gateway() {
        let graph = production();
        let private = nodes(&graph, "aws_route_table_association");
        for association in private.into_iter().filter(|node| node.address.name() == "private") {
            let zone = association.address.key().unwrap();
            assert_eq!(refers_to(association, "route_table_id"), [format!("aws_route_table.private[\"{zone}\"]")]);
        }
    }

    #[test]
    fn a_private_subnet_takes_a_table_only_once_that_leads_out() {
        for graph in both() {
            let associations = nodes(&graph, "aws_route_table_association");
            for association in associations.into_iter().filter(|node| node.address.name() == "private") {
                let table = refers_to(association, "route_table_id").remove(0);
                let route = table.replace("aws_route_table.", "aws_route.");
                let awaited: Vec<String> = association.depends_on.iter().map(|address| address.local()).collect();
                assert_eq!(awaited, [route]);
            }
        }
    }

    #[test]
    fn every_subnet_has_a_route_table_of_its_tier() {
        for graph in both() {
            let associations = nodes(&graph, "aws_route_table_association");
            assert_eq!(associations.len(), nodes(&graph, "aws_subnet").len());
            for association in associations {
                let table = refers_to(association, "route_table_id").remove(0);
                assert!(table.starts_with(&format!("aws_route_table.{}", association.address.name())), "{table}");
            }
        }
    }

    #[test]
    fn databases_have_no_way_out() {
        for graph in both() {
            let table = node(&graph, "aws_route_table", "database").address.local();
            let routes = nodes(&graph, "aws_route");
            assert!(routes.iter().all(|route| !refers_to(route, "route_table_id").contains(&table)));
        }
    }

    #[test]
    fn nat_gateways_wait_for_the_internet_gateway() {
        for graph in both() {
            for gateway in nodes(&graph, "aws_nat_gateway") {
                let waits: Vec<String> = gateway.depends_on.iter().map(|address| address.local()).collect();
                assert!(waits.contains(&"aws_internet_gateway.main".to_owned()), "{waits:?}");
                assert!(attribute(gateway, "subnet_id").unwrap().starts_with("aws_subnet.public"));
            }
        }
    }
}
