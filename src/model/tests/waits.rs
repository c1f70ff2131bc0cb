//! What waits for what though no field refers to it: the graph says so without a word in the program.

use std::collections::BTreeSet;

use fathuss_model::aws::{
    Ami, CloudwatchLogGroup, DbInstance, DbInstanceClass, DbLogExport, DefaultRoute, DefaultRouteTable, Eip, Gp3,
    Instance, InstanceType, InternetGateway, MetadataOptions, NatGateway, Route, RouteTable, RouteTableAssociation,
    Subnet, Vpc,
};
use fathuss_model::graph::Graph;
use fathuss_model::{DeclarationExt, Handle, Ipv4Net, Result, Stack, graph_of};

fn net(text: &str) -> Ipv4Net {
    text.parse().unwrap()
}

fn stack(build: impl FnOnce(&mut Stack) -> Result<()>) -> Graph {
    graph_of("test", |stack| {
        stack.place("us-east-1", "111122223333");
        build(stack)
    })
    .expect("nothing is wrong with the stack")
}

/// What a node waits for, by address within the stack.
fn waits(graph: &Graph, local: &str) -> BTreeSet<String> {
    let node = graph.nodes.iter().find(|node| node.address.local() == local);
    node.expect("it is declared").depends_on.iter().map(|address| address.local()).collect()
}

fn set<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.map(str::to_owned).into()
}

fn machine(stack: &mut Stack, subnet: &Handle<Subnet>) -> Instance {
    let image = stack.add("image", Ami::amazon_linux_2023("x86_64"));
    Instance::new(&image, InstanceType::T3Medium, subnet).metadata_options(MetadataOptions::v2_only())
}

#[test]
fn a_public_gateway_waits_for_the_internet_gateway_and_its_subnet_s_way_there_wherever_they_are_declared() {
    let graph = stack(|stack| {
        let vpc = stack.add("main", Vpc::new(net("10.0.0.0/16")));
        let subnet = stack.add("public", Subnet::new(&vpc, net("10.0.0.0/24")));
        let address = stack.add("nat", Eip::new());
        stack.add("main", NatGateway::public(&subnet, &address));
        let table = stack.add("public", RouteTable::new(&vpc));
        stack.add("public", RouteTableAssociation::new(&subnet, &table));
        let internet = stack.add("main", InternetGateway::new(&vpc));
        stack.add("public", Route::to_internet(&table, &internet));
        let other = stack.add("other", Vpc::new(net("10.1.0.0/16")));
        stack.add("other", InternetGateway::new(&other));
        Ok(())
    });
    let expected = ["aws_internet_gateway.main", "aws_route.public", "aws_route_table_association.public"];
    assert_eq!(waits(&graph, "aws_nat_gateway.main"), set(expected));
}

#[test]
fn a_machine_waits_for_its_subnet_s_routes_and_a_public_one_for_the_internet_gateway_too() {
    let with = |public: Option<bool>, by_subnet: bool| {
        stack(move |stack| {
            let vpc = stack.add("main", Vpc::new(net("10.0.0.0/16")));
            let internet = stack.add("main", InternetGateway::new(&vpc));
            let subnet = Subnet::new(&vpc, net("10.0.0.0/24")).map_public_ip_on_launch(by_subnet);
            let subnet = stack.add("one", subnet);
            let table = stack.add("one", RouteTable::new(&vpc));
            stack.add("one", RouteTableAssociation::new(&subnet, &table));
            stack.add("one", Route::to_internet(&table, &internet));
            let machine = machine(stack, &subnet);
            match public {
                Some(public) => stack.add("one", machine.associate_public_ip_address(public)),
                None => stack.add("one", machine),
            };
            Ok(())
        })
    };
    let routes = ["aws_route.one", "aws_route_table_association.one"];
    let all = ["aws_internet_gateway.main", "aws_route.one", "aws_route_table_association.one"];
    assert_eq!(waits(&with(None, false), "aws_instance.one"), set(routes));
    assert_eq!(waits(&with(Some(false), true), "aws_instance.one"), set(routes));
    assert_eq!(waits(&with(None, true), "aws_instance.one"), set(all));
    assert_eq!(waits(&with(Some(true), false), "aws_instance.one"), set(all));
}

#[test]
fn the_program_s_own_order_counts_where_it_says_the_contrary() {
    let graph = stack(|stack| {
        let vpc = stack.add("main", Vpc::new(net("10.0.0.0/16")));
        let subnet = stack.add("one", Subnet::new(&vpc, net("10.0.0.0/24")));
        let machine = machine(stack, &subnet);
        let machine = stack.add("one", machine);
        let table = stack.add("one", RouteTable::new(&vpc));
        stack.add("one", RouteTableAssociation::new(&subnet, &table).depends_on(&machine));
        Ok(())
    });
    assert_eq!(waits(&graph, "aws_instance.one"), set([]));
}

#[test]
fn a_database_waits_for_the_log_groups_that_it_writes_to_in_its_region() {
    let graph = stack(|stack| {
        let database = DbInstance::postgres("17", DbInstanceClass::T3Medium)
            .identifier("main")
            .username("main")
            .storage(Gp3::gigabytes(20))
            .enabled_cloudwatch_logs_exports([DbLogExport::Postgresql])
            .skip_final_snapshot(true);
        stack.add("main", database.master_password(fathuss_model::aws::MasterPassword::ManagedByRds));
        let group = |log: &str| CloudwatchLogGroup::new().name(format!("/aws/rds/instance/main/{log}"));
        stack.add("written", group("postgresql"));
        stack.add("not_exported", group("upgrade"));
        stack.add("elsewhere", group("postgresql").region("us-west-2"));
        Ok(())
    });
    assert_eq!(waits(&graph, "aws_db_instance.main"), set(["aws_cloudwatch_log_group.written"]));
}

#[test]
fn a_subnet_without_a_table_of_its_own_has_the_routes_of_the_default_one() {
    let graph = stack(|stack| {
        let vpc = stack.add("main", Vpc::new(net("10.0.0.0/16")));
        let subnet = stack.add("public", Subnet::new(&vpc, net("10.0.0.0/24")));
        let machine = machine(stack, &subnet);
        stack.add("one", machine);
        let internet = stack.add("main", InternetGateway::new(&vpc));
        let route = DefaultRoute::new(Ipv4Net::default()).gateway_id(&internet);
        stack.add("main", DefaultRouteTable::new(vpc.default_route_table_id()).route([route]));
        Ok(())
    });
    assert_eq!(waits(&graph, "aws_instance.one"), set(["aws_default_route_table.main"]));
}
