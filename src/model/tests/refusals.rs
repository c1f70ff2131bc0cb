//! Values that no type can rule out: each is refused while the stack program runs, at the line that declared it.

mod refusing;

use fathuss_model::aws::*;
use fathuss_model::{Arn, DeclarationExt, Handle, Id, Ipv4Net, Lifecycle, Name, Secret, Stack, actions, graph_of};
use refusing::{accepted, findings, refused};

/// Like [`refused`], where one mistake breaks several rules.
fn refused_among_others(message: &str, build: impl FnOnce(&mut Stack) -> u32) {
    let (findings, line) = findings(build);
    let found = findings.iter().find(|finding| finding.message.contains(message));
    let finding = found.unwrap_or_else(|| panic!("{message:?} is not among {findings:#?}"));
    assert_eq!(finding.source.as_ref().map(|source| source.line), Some(line));
}

fn net(text: &str) -> Ipv4Net {
    text.parse().unwrap()
}

fn vpc(stack: &mut Stack) -> Handle<Vpc> {
    stack.add("main", Vpc::new(net("10.0.0.0/16")))
}

fn subnets(stack: &mut Stack, vpc: &Handle<Vpc>, zones: &[&str]) -> Vec<Handle<Subnet>> {
    let mut subnets = Vec::new();
    for (zone, at) in zones.iter().zip(0_u32..) {
        let range = net(&format!("10.0.{at}.0/24"));
        subnets.push(stack.add(("of", format!("{zone}-{at}")), Subnet::new(vpc, range).availability_zone(*zone)));
    }
    subnets
}

fn role() -> fathuss_model::Value<Arn<IamRole>> {
    Arn::existing("arn:aws:iam::111122223333:role/some")
}

fn database() -> DbInstance {
    DbInstance::postgres("17", DbInstanceClass::T3Medium)
        .storage(Gp3::gigabytes(20))
        .username("fathuss")
        .master_password(MasterPassword::ManagedByRds)
        .skip_final_snapshot(true)
}

fn redis() -> ElasticacheReplicationGroup {
    ElasticacheReplicationGroup::redis_cluster("cache", "7.1", CacheNodeType::T4gSmall, 1, 1)
}

#[test]
fn a_vpc_that_is_too_large() {
    refused("a VPC's range has a prefix length from /16 to /28, 10.0.0.0/8 does not", |stack| {
        let line = line!() + 1;
        stack.add("main", Vpc::new(net("10.0.0.0/8")));
        line
    });
}

#[test]
fn dns_names_without_a_resolver() {
    refused("`enable_dns_hostnames` wants `enable_dns_support`", |stack| {
        let line = line!() + 1;
        stack.add("main", Vpc::new(net("10.0.0.0/16")).enable_dns_support(false).enable_dns_hostnames(true));
        line
    });
}

#[test]
fn a_snapshot_with_a_key_of_its_own_choice() {
    refused("an instance that begins as a snapshot or from backups is encrypted with their key", |stack| {
        let key = stack.add("main", KmsKey::new());
        let line = line!() + 1;
        stack.add("main", database().snapshot_identifier("last").kms_key_id(&key));
        line
    });
}

#[test]
fn names_that_aws_keeps_for_itself() {
    refused("nor what begins with pg_", |stack| {
        stack.add("main", database().username("admin"));
        line!() - 1
    });
    refused("nor what begins with pg_", |stack| {
        stack.add("main", database().username("pg_owner"));
        line!() - 1
    });
    for name in ["select", "User", "db"] {
        refused("but no word that PostgreSQL or RDS reserves", |stack| {
            stack.add("main", database().db_name(name));
            line!() - 1
        });
    }
    for name in ["default", "sg-orders"] {
        refused("neither `default` nor what begins with `sg-`", |stack| {
            stack.add("orders", SecurityGroup::new(Id::existing("vpc-0a1b2c3d4e5f60718"), "orders").name(name));
            line!() - 1
        });
    }
    let subnets = || [Id::existing("subnet-0a1b2c3d4e5f60718"), Id::existing("subnet-0a1b2c3d4e5f60719")];
    refused("but not `default`", |stack| {
        stack.add("orders", DbSubnetGroup::new(subnets()).name("default"));
        line!() - 1
    });
    refused("but not `default`", |stack| {
        stack.add("orders", ElasticacheSubnetGroup::new(subnets()).name("default"));
        line!() - 1
    });
}

#[test]
fn a_database_that_begins_as_two_things() {
    let backups = "arn:aws:rds:us-east-1:111122223333:auto-backup:ab-1";
    refused("an instance begins as one thing", |stack| {
        let line = line!() + 1;
        stack.add(
            "main",
            database()
                .snapshot_identifier("last")
                .restore_to_point_in_time(RestoreToPointInTime::latest_of_backups(backups)),
        );
        line
    });
    refused("`restore_to_point_in_time` names its source in one way", |stack| {
        let moment = RestoreToPointInTime::new().use_latest_restorable_time(true);
        let line = line!() + 1;
        stack.add("main", database().restore_to_point_in_time(moment));
        line
    });
    refused("`restore_to_point_in_time` is `restore_time` or `use_latest_restorable_time`", |stack| {
        let moment = RestoreToPointInTime::latest_of_backups(backups).restore_time("2026-01-05T09:00:00Z");
        let line = line!() + 1;
        stack.add("main", database().restore_to_point_in_time(moment));
        line
    });
}

#[test]
fn a_cache_that_begins_as_two_things() {
    refused("a group begins as one thing: `snapshot_name` or `snapshot_arns`", |stack| {
        let line = line!() + 1;
        stack.add("main", redis().snapshot_name("last").snapshot_arns(["arn:aws:s3:::left/last.rdb"]));
        line
    });
    refused("`snapshot_arns` are of objects in S3, without commas", |stack| {
        let line = line!() + 1;
        stack.add("main", redis().snapshot_arns(["arn:aws:s3:::left/one,two.rdb"]));
        line
    });
}

#[test]
fn a_range_with_host_bits() {
    refused("10.0.1.7/24 has host bits; the range is 10.0.1.0/24", |stack| {
        let vpc = vpc(stack);
        let line = line!() + 1;
        stack.add("odd", Subnet::new(&vpc, net("10.0.1.7/24")));
        line
    });
}

#[test]
fn a_zone_of_another_region() {
    for zone in ["eu-west-1a", "us-east-1", "us-east-10a"] {
        refused(&format!("`availability_zone` is {zone}, which is no zone of us-east-1"), |stack| {
            let vpc = vpc(stack);
            stack.add("far", Subnet::new(&vpc, net("10.0.1.0/24")).availability_zone(zone));
            line!() - 1
        });
        refused("which is no zone of us-east-1", |stack| {
            stack.add("far", EbsVolume::encrypted_gp3(zone, 8));
            line!() - 1
        });
    }
    accepted(|stack| {
        let vpc = vpc(stack);
        stack.add("near", Subnet::new(&vpc, net("10.0.1.0/24")).availability_zone("us-east-1a"));
        stack.add("local", Subnet::new(&vpc, net("10.0.2.0/24")).availability_zone("us-east-1-bos-1a"));
    });
}

#[test]
fn a_subnet_outside_its_vpc() {
    refused("10.20.0.0/24 does not lie in 10.0.0.0/16, the range of aws_vpc.main (", |stack| {
        let vpc = vpc(stack);
        let line = line!() + 1;
        stack.add("stray", Subnet::new(&vpc, net("10.20.0.0/24")));
        line
    });
}

#[test]
fn subnets_that_overlap() {
    refused("10.0.16.0/24 overlaps 10.0.16.0/20 of aws_subnet.wide (", |stack| {
        let vpc = vpc(stack);
        stack.add("wide", Subnet::new(&vpc, net("10.0.16.0/20")));
        let line = line!() + 1;
        stack.add("inside", Subnet::new(&vpc, net("10.0.16.0/24")));
        line
    });
}

#[test]
fn the_same_range_in_two_vpcs_is_fine() {
    accepted(|stack| {
        for name in ["one", "other"] {
            let vpc = stack.add(name, Vpc::new(net("10.0.0.0/16")));
            stack.add(name, Subnet::new(&vpc, net("10.0.1.0/24")));
        }
    });
}

#[test]
fn a_subnet_smaller_than_aws_has_them() {
    refused("a subnet's range has a prefix length from /16 to /28, 10.0.0.0/29 does not", |stack| {
        let vpc = vpc(stack);
        let line = line!() + 1;
        stack.add("tiny", Subnet::new(&vpc, net("10.0.0.0/29")));
        line
    });
}

#[test]
fn a_subnet_too_small_for_eks() {
    refused_among_others("is 10.0.9.0/29, with 3 usable addresses; EKS wants 6 free ones in each subnet", |stack| {
        let vpc = vpc(stack);
        let mut subnets = subnets(stack, &vpc, &["us-east-1a", "us-east-1b"]);
        subnets.push(stack.add("tiny", Subnet::new(&vpc, net("10.0.9.0/29")).availability_zone("us-east-1c")));
        let line = line!() + 1;
        stack.add("main", EksCluster::new("main", role(), ClusterVpcConfig::new(&subnets)));
        line
    });
}

#[test]
fn a_28_is_enough_for_eks() {
    accepted(|stack| {
        let vpc = vpc(stack);
        let mut subnets = subnets(stack, &vpc, &["us-east-1a"]);
        subnets.push(stack.add("small", Subnet::new(&vpc, net("10.0.9.0/28")).availability_zone("us-east-1c")));
        stack.add("main", EksCluster::new("main", role(), ClusterVpcConfig::new(&subnets)));
    });
}

#[test]
fn a_cluster_in_one_zone() {
    refused("an EKS cluster wants subnets in 2 zones at least; `vpc_config.subnet_ids` has 1 (us-east-1a)", |stack| {
        let vpc = vpc(stack);
        let subnets = subnets(stack, &vpc, &["us-east-1a", "us-east-1a"]);
        let line = line!() + 1;
        stack.add("main", EksCluster::new("main", role(), ClusterVpcConfig::new(&subnets)));
        line
    });
}

#[test]
fn a_cluster_that_nobody_reaches() {
    refused("the API server has to be reached somehow", |stack| {
        let vpc = vpc(stack);
        let subnets = subnets(stack, &vpc, &["us-east-1a", "us-east-1b"]);
        let line = line!() + 1;
        stack.add(
            "main",
            EksCluster::new("main", role(), ClusterVpcConfig::new(&subnets).endpoint_public_access(false)),
        );
        line
    });
}

#[test]
fn an_api_server_let_in_from_where_no_one_comes() {
    refused("`vpc_config.public_access_cidrs` has 10.0.0.0/8, from where no one comes over the internet", |stack| {
        let vpc = vpc(stack);
        let subnets = subnets(stack, &vpc, &["us-east-1a", "us-east-1b"]);
        let place = ClusterVpcConfig::new(&subnets).public_access_cidrs([net("203.0.113.0/24"), net("10.0.0.0/8")]);
        let line = line!() + 1;
        stack.add("main", EksCluster::new("main", role(), place));
        line
    });
}

#[test]
fn an_api_server_let_in_from_a_spoilt_range_or_from_none() {
    let access = |ranges: Vec<Ipv4Net>| {
        move |stack: &mut Stack| {
            let vpc = vpc(stack);
            let subnets = subnets(stack, &vpc, &["us-east-1a", "us-east-1b"]);
            let place = ClusterVpcConfig::new(&subnets).public_access_cidrs(ranges);
            let line = line!() + 1;
            stack.add("main", EksCluster::new("main", role(), place));
            line
        }
    };
    refused("203.0.113.7/24 has host bits; the range is 203.0.113.0/24", access(vec![net("203.0.113.7/24")]));
    refused("`vpc_config.public_access_cidrs` wants at least 1 elements, 0 given", access(Vec::new()));
}

#[test]
fn a_network_of_addresses_that_are_kept() {
    for (range, block) in [("169.254.0.0/16", "169.254.0.0/16"), ("127.1.0.0/16", "127.0.0.0/8")] {
        refused(&format!("{range} lies in {block}, which no network can use"), |stack| {
            let line = line!() + 1;
            stack.add("main", Vpc::new(net(range)));
            line
        });
    }
}

#[test]
fn nodes_with_labels_or_taints_that_kubernetes_refuses() {
    let group = || {
        let subnets = [Id::existing("subnet-0123456789abcdef0")];
        EksNodeGroup::new(Name::existing("main"), role(), subnets, ScalingConfig::between(1, 1, 3))
    };
    refused("`labels` has team=bad value!: Kubernetes takes up to 63 letters", |stack| {
        let line = line!() + 1;
        stack.add("general", group().labels([("team", "bad value!")]));
        line
    });
    refused("`taint` has example.com/spot=-yes: Kubernetes takes up to 63 letters", |stack| {
        let taint = Taint::new("example.com/spot", TaintEffect::NoSchedule).value("-yes");
        let line = line!() + 1;
        stack.add("general", group().taint([taint]));
        line
    });
}

#[test]
fn services_in_a_range_that_eks_refuses() {
    refused("services' range 100.64.0.0/16 has to lie in 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16", |stack| {
        let vpc = vpc(stack);
        let subnets = subnets(stack, &vpc, &["us-east-1a", "us-east-1b"]);
        let network = KubernetesNetworkConfig::new().service_ipv4_cidr(net("100.64.0.0/16"));
        let cluster = EksCluster::new("main", role(), ClusterVpcConfig::new(&subnets));
        let line = line!() + 1;
        stack.add("main", cluster.kubernetes_network_config(network));
        line
    });
}

#[test]
fn a_cluster_name_with_a_space() {
    refused("`name` is \"my cluster\": letters, digits, - and _ are taken, a letter or digit first", |stack| {
        let vpc = vpc(stack);
        let subnets = subnets(stack, &vpc, &["us-east-1a", "us-east-1b"]);
        let line = line!() + 1;
        stack.add("main", EksCluster::new("my cluster", role(), ClusterVpcConfig::new(&subnets)));
        line
    });
}

#[test]
fn a_role_name_that_is_too_long() {
    let name = "r".repeat(65);
    refused("65 characters, at most 64 taken", |stack| {
        let trust =
            policy::Policy::new([policy::Statement::assume_role(policy::Principal::service("ec2.amazonaws.com"))]);
        let line = line!() + 1;
        stack.add("long", IamRole::new(trust).name(name));
        line
    });
}

#[test]
fn two_roles_of_one_name() {
    refused("aws_iam_role.one (", |stack| {
        let trust =
            policy::Policy::new([policy::Statement::assume_role(policy::Principal::service("ec2.amazonaws.com"))]);
        stack.add("one", IamRole::new(trust.clone()).name("same"));
        let line = line!() + 1;
        stack.add("other", IamRole::new(trust).name("same"));
        line
    });
}

#[test]
fn a_relation_that_is_declared_twice() {
    refused("aws_route.one (", |stack| {
        let vpc = vpc(stack);
        let gateway = stack.add("main", InternetGateway::new(&vpc));
        let table = stack.add("main", RouteTable::new(&vpc));
        stack.add("one", Route::to_internet(&table, &gateway));
        let line = line!() + 1;
        stack.add("other", Route::to_internet(&table, &gateway));
        line
    });
}

#[test]
fn a_route_to_nowhere() {
    refused("a route leads to one target, 0 given", |stack| {
        let vpc = vpc(stack);
        let table = stack.add("main", RouteTable::new(&vpc));
        let line = line!() + 1;
        stack.add("main", Route::new(&table, net("0.0.0.0/0")));
        line
    });
}

#[test]
fn a_route_through_another_vpc_s_gateway() {
    refused("aws_internet_gateway.other (", |stack| {
        let vpc = vpc(stack);
        let other = stack.add("other", Vpc::new(net("10.1.0.0/16")));
        let gateway = stack.add("other", InternetGateway::new(&other));
        let table = stack.add("main", RouteTable::new(&vpc));
        let line = line!() + 1;
        stack.add("main", Route::to_internet(&table, &gateway));
        line
    });
}

#[test]
fn a_route_table_for_another_vpc_s_subnet() {
    refused("the subnet lies in aws_vpc.main (", |stack| {
        let vpc = vpc(stack);
        let other = stack.add("other", Vpc::new(net("10.1.0.0/16")));
        let subnet = stack.add("main", Subnet::new(&vpc, net("10.0.0.0/24")));
        let table = stack.add("other", RouteTable::new(&other));
        let line = line!() + 1;
        stack.add("main", RouteTableAssociation::new(&subnet, &table));
        line
    });
}

#[test]
fn a_second_internet_gateway() {
    refused("a VPC has one internet gateway; aws_vpc.main (", |stack| {
        let vpc = vpc(stack);
        stack.add("one", InternetGateway::new(&vpc));
        let line = line!() + 1;
        stack.add("other", InternetGateway::new(&vpc));
        line
    });
}

#[test]
fn a_public_nat_gateway_without_an_address() {
    refused("a public NAT gateway wants an elastic IP", |stack| {
        let vpc = vpc(stack);
        let subnet = stack.add("main", Subnet::new(&vpc, net("10.0.0.0/24")));
        let line = line!() + 1;
        stack.add("main", NatGateway::new(&subnet));
        line
    });
}

#[test]
fn a_port_range_that_ends_before_it_begins() {
    refused("the range of ports ends before it begins: 443 to 80", |stack| {
        let group = Id::existing("sg-0123456789abcdef0");
        let rule = IngressRule::new(group, IpProtocol::Tcp).from_port(443).to_port(80).from_range(net("10.0.0.0/8"));
        let line = line!() + 1;
        stack.add("odd", rule);
        line
    });
}

#[test]
fn a_port_past_the_last_one() {
    refused("`to_port` is 70000; the largest that AWS takes is 65535", |stack| {
        let group = Id::existing("sg-0123456789abcdef0");
        let rule = EgressRule::new(group, IpProtocol::Udp).from_port(0).to_port(70_000).to_range(net("10.0.0.0/8"));
        let line = line!() + 1;
        stack.add("odd", rule);
        line
    });
}

#[test]
fn minus_one_as_a_tcp_port() {
    refused("-1 to -1 is no range of ports", |stack| {
        let rule = IngressRule::tcp(Id::existing("sg-0123456789abcdef0"), -1).from_range(net("10.0.0.0/8"));
        let line = line!() + 1;
        stack.add("odd", rule);
        line
    });
}

#[test]
fn rules_of_a_default_group_that_let_nobody_through_or_are_no_range() {
    let wrong = |message: &str, rule: DefaultSecurityGroupRule| {
        refused(message, |stack| {
            let vpc = vpc(stack);
            let line = line!() + 1;
            stack.add("odd", DefaultSecurityGroup::new(&vpc).ingress([rule]));
            line
        });
    };
    wrong("a rule lets someone through", DefaultSecurityGroupRule::new(IpProtocol::Tcp, 443, 443));
    let itself = |protocol, from, to| DefaultSecurityGroupRule::new(protocol, from, to).itself(true);
    wrong("the range of ports ends before it begins: 443 to 80", itself(IpProtocol::Tcp, 443, 80));
    wrong("a rule for all protocols is for all ports", itself(IpProtocol::All, 443, 443));
    accepted(|stack| {
        let vpc = vpc(stack);
        let within = DefaultSecurityGroupRule::new(IpProtocol::Tcp, 443, 443).cidr_blocks([net("10.0.0.0/16")]);
        let rules = [within, itself(IpProtocol::All, 0, 0)];
        stack.add("main", DefaultSecurityGroup::new(&vpc).ingress(rules));
    });
}

#[test]
fn ports_for_all_protocols() {
    refused("a rule for all protocols is for all ports", |stack| {
        let rule = EgressRule::all(Id::existing("sg-0123456789abcdef0")).from_port(0).to_range(net("0.0.0.0/0"));
        let line = line!() + 1;
        stack.add("odd", rule);
        line
    });
}

#[test]
fn a_rule_with_half_a_range_of_ports() {
    refused("a rule for tcp wants both `from_port` and `to_port`", |stack| {
        let group = Id::existing("sg-0123456789abcdef0");
        let rule = IngressRule::new(group, IpProtocol::Tcp).from_port(443).from_range(net("10.0.0.0/8"));
        let line = line!() + 1;
        stack.add("odd", rule);
        line
    });
}

#[test]
fn a_rule_with_two_other_ends() {
    refused("a rule has one other end, 2 given", |stack| {
        let group = Id::existing("sg-0123456789abcdef0");
        let rule = IngressRule::tcp(group.clone(), 5432).from_range(net("10.0.0.0/8")).from_group(group);
        let line = line!() + 1;
        stack.add("odd", rule);
        line
    });
}

#[test]
fn a_subnet_group_in_one_zone() {
    refused("a DB subnet group wants subnets in 2 zones at least; `subnet_ids` has 1 (us-east-1a)", |stack| {
        let vpc = vpc(stack);
        let subnets = subnets(stack, &vpc, &["us-east-1a", "us-east-1a"]);
        let line = line!() + 1;
        stack.add("data", DbSubnetGroup::new(&subnets));
        line
    });
}

#[test]
fn a_subnet_group_over_two_vpcs() {
    refused("`subnet_ids` names subnets of several VPCs", |stack| {
        let vpc = vpc(stack);
        let mut subnets = subnets(stack, &vpc, &["us-east-1a"]);
        let other = stack.add("other", Vpc::new(net("10.1.0.0/16")));
        subnets.push(stack.add("other", Subnet::new(&other, net("10.1.0.0/24")).availability_zone("us-east-1b")));
        let line = line!() + 1;
        stack.add("data", DbSubnetGroup::new(&subnets));
        line
    });
}

#[test]
fn a_backup_window_inside_the_maintenance_window() {
    refused("`backup_window` 04:15-04:45 overlaps `maintenance_window` sun:04:00-sun:05:00", |stack| {
        let line = line!() + 1;
        stack.add("main", database().backup_window("04:15-04:45").maintenance_window("sun:04:00-sun:05:00"));
        line
    });
}

#[test]
fn a_backup_window_that_is_too_short() {
    refused("`backup_window` is 03:00-03:15: 15 minutes long, AWS wants 30 at least", |stack| {
        let line = line!() + 1;
        stack.add("main", database().backup_window("03:00-03:15"));
        line
    });
}

#[test]
fn a_window_that_is_none() {
    refused("`backup_window` is \"3am\": a daily window is written as 03:00-04:00", |stack| {
        let line = line!() + 1;
        stack.add("main", database().backup_window("3am"));
        line
    });
}

#[test]
fn cache_windows_that_overlap() {
    refused("`snapshot_window` 04:30-05:30 overlaps `maintenance_window` sun:05:00-sun:06:00", |stack| {
        let line = line!() + 1;
        stack.add("main", redis().snapshot_window("04:30-05:30").maintenance_window("sun:05:00-sun:06:00"));
        line
    });
}

#[test]
fn windows_that_touch_are_fine() {
    accepted(|stack| {
        stack.add("main", database().backup_window("03:00-04:00").maintenance_window("sun:04:00-sun:05:00"));
        stack.add("main", redis().snapshot_window("04:00-05:00").maintenance_window("sun:05:00-sun:06:00"));
    });
}

#[test]
fn a_replica_of_an_instance_whose_password_rds_manages() {
    refused("and such an instance can have no read replica", |stack| {
        let source = stack.add("main", database());
        let line = line!() + 1;
        stack.add("replica", DbInstance::replica_of(&source, DbInstanceClass::T3Medium).skip_final_snapshot(true));
        line
    });
}

#[test]
fn a_replica_of_an_instance_with_a_password_of_ones_own_is_fine() {
    accepted(|stack| {
        let password = MasterPassword::Secret(Secret::from_environment("PASSWORD"), 1);
        let source =
            DbInstance::postgres("17", DbInstanceClass::T3Medium).storage(Gp3::gigabytes(20)).username("fathuss");
        let source = stack.add("main", source.master_password(password).final_snapshot_identifier("main-last"));
        stack.add("replica", DbInstance::replica_of(&source, DbInstanceClass::T3Medium).skip_final_snapshot(true));
    });
}

#[test]
fn a_database_without_a_password() {
    refused("an instance that begins empty wants a master password", |stack| {
        let bare =
            DbInstance::postgres("17", DbInstanceClass::T3Medium).storage(Gp3::gigabytes(20)).username("fathuss");
        let line = line!() + 1;
        stack.add("main", bare.skip_final_snapshot(true));
        line
    });
}

#[test]
fn a_database_whose_end_is_not_said() {
    refused("what becomes of the data when it is destroyed?", |stack| {
        let bare =
            DbInstance::postgres("17", DbInstanceClass::T3Medium).storage(Gp3::gigabytes(20)).username("fathuss");
        let line = line!() + 1;
        stack.add("main", bare.master_password(MasterPassword::ManagedByRds));
        line
    });
}

#[test]
fn storage_that_can_hardly_grow() {
    refused("storage of 100 GiB can't grow to 105", |stack| {
        let line = line!() + 1;
        stack.add("main", database().storage(Gp3::gigabytes(100).growing_to(105)));
        line
    });
}

#[test]
fn throughput_for_a_small_gp3() {
    refused("gp3 takes `iops` and `storage_throughput` from 400 GiB on", |stack| {
        let line = line!() + 1;
        stack.add("main", database().storage_throughput(500));
        line
    });
}

#[test]
fn a_parameter_group_of_another_version() {
    refused("is for postgres16, the instance is postgres 17", |stack| {
        let parameters = stack.add("main", DbParameterGroup::new("postgres16"));
        let line = line!() + 1;
        stack.add("main", database().parameters(&parameters));
        line
    });
}

#[test]
fn a_security_group_of_another_vpc_on_a_database() {
    refused("aws_security_group.other (", |stack| {
        let vpc = vpc(stack);
        let other = stack.add("other", Vpc::new(net("10.1.0.0/16")));
        let group = stack.add("other", SecurityGroup::new(&other, "elsewhere"));
        let subnets = subnets(stack, &vpc, &["us-east-1a", "us-east-1b"]);
        let subnets = stack.add("data", DbSubnetGroup::new(&subnets));
        let line = line!() + 1;
        stack.add("main", database().subnets(&subnets).security_group(&group));
        line
    });
}

#[test]
fn a_role_for_monitoring_without_an_interval() {
    refused("enhanced monitoring wants both an interval and a role", |stack| {
        let line = line!() + 1;
        stack.add("main", database().monitoring_role_arn(role()));
        line
    });
}

#[test]
fn monitoring_without_a_role() {
    refused("enhanced monitoring wants both an interval and a role", |stack| {
        let line = line!() + 1;
        stack.add("main", database().monitoring_interval(60));
        line
    });
}

#[test]
fn an_interval_that_rds_does_not_have() {
    refused("`monitoring_interval` is 0, 1, 5, 10, 15, 30 or 60 seconds, not 45", |stack| {
        let line = line!() + 1;
        stack.add("main", database().enhanced_monitoring(45, role()));
        line
    });
}

#[test]
fn cluster_mode_without_failover() {
    refused("cluster mode demands `automatic_failover_enabled(true)`, with one shard too", |stack| {
        let line = line!() + 1;
        stack.add("main", redis().automatic_failover_enabled(false));
        line
    });
}

#[test]
fn cluster_mode_with_parameters_without_it() {
    refused("cluster mode wants `cluster-enabled` = `yes` in aws_elasticache_parameter_group.main (", |stack| {
        let parameters = stack.add("main", ElasticacheParameterGroup::new("redis7"));
        let line = line!() + 1;
        stack.add("main", redis().parameters(&parameters));
        line
    });
}

#[test]
fn several_zones_without_a_replica() {
    refused("`multi_az_enabled` wants a replica in another zone", |stack| {
        let line = line!() + 1;
        stack.add("main", redis().replicas_per_node_group(0).multi_az_enabled(true));
        line
    });
}

#[test]
fn nodes_outside_their_bounds() {
    refused("5 nodes do not lie between 1 and 3", |stack| {
        let subnets = [Id::existing("subnet-0123456789abcdef0")];
        let scaling = ScalingConfig::between(1, 5, 3);
        let line = line!() + 1;
        stack.add("general", EksNodeGroup::new(Name::existing("main"), role(), subnets, scaling));
        line
    });
}

#[test]
fn a_launch_template_that_a_node_group_can_t_use() {
    refused("names an instance profile; EKS makes one from `node_role_arn`", |stack| {
        let profile = LaunchTemplateInstanceProfile::new(Name::existing("profile"));
        let template = stack.add("nodes", LaunchTemplate::new().iam_instance_profile(profile));
        let subnets = [Id::existing("subnet-0123456789abcdef0")];
        let group = EksNodeGroup::new(Name::existing("main"), role(), subnets, ScalingConfig::between(1, 1, 3));
        let line = line!() + 1;
        stack.add("general", group.launched_with(&template));
        line
    });
}

#[test]
fn a_device_twice_in_a_launch_template() {
    refused("`block_device_mappings` names /dev/xvda twice", |stack| {
        let volumes = [BlockDeviceMapping::encrypted_root(20), BlockDeviceMapping::encrypted_root(30)];
        let line = line!() + 1;
        stack.add("nodes", LaunchTemplate::new().block_device_mappings(volumes));
        line
    });
}

#[test]
fn user_data_that_is_no_base64() {
    refused("it is no base64; end the text with `.base64()`", |stack| {
        let line = line!() + 1;
        stack.add("nodes", LaunchTemplate::new().user_data("#!/bin/sh"));
        line
    });
}

#[test]
fn user_data_past_16_kib() {
    let script = "#".repeat(16 * 1024 + 1);
    refused("`user_data` has 16385 bytes; EC2 takes 16384", |stack| {
        let text: fathuss_model::Value<String> = fathuss_model::IntoValue::into_value(script);
        let line = line!() + 1;
        stack.add("nodes", LaunchTemplate::new().user_data(text.base64()));
        line
    });
}

#[test]
fn iops_for_a_volume_that_takes_none() {
    refused("the volume: gp2 takes no `iops`", |stack| {
        let line = line!() + 1;
        stack.add("data", EbsVolume::new("us-east-1a").size(100).r#type(VolumeType::Gp2).iops(3000));
        line
    });
}

#[test]
fn a_volume_for_an_instance_of_another_zone() {
    refused("stands in us-east-1b, aws_instance.main (", |stack| {
        let vpc = vpc(stack);
        let subnets = subnets(stack, &vpc, &["us-east-1a"]);
        let image = Id::existing("ami-0123456789abcdef0");
        let instance = stack.add("main", Instance::new(image, InstanceType::T3Medium, &subnets[0]));
        let volume = stack.add("data", EbsVolume::encrypted_gp3("us-east-1b", 100));
        let line = line!() + 1;
        stack.add("data", VolumeAttachment::new("/dev/sdf", &volume, &instance));
        line
    });
}

#[test]
fn a_volume_in_its_instance_s_zone_is_fine() {
    accepted(|stack| {
        let vpc = vpc(stack);
        let subnets = subnets(stack, &vpc, &["us-east-1a"]);
        let image = Id::existing("ami-0123456789abcdef0");
        let instance = stack.add("main", Instance::new(image, InstanceType::T3Medium, &subnets[0]));
        let volume = stack.add("data", EbsVolume::encrypted_gp3(subnets[0].availability_zone(), 100));
        stack.add("data", VolumeAttachment::new("/dev/sdf", &volume, &instance));
    });
}

#[test]
fn a_policy_for_namespaces_without_one() {
    refused("a policy for namespaces names one at least", |stack| {
        let scope = AccessScope::new(AccessScopeType::Namespace);
        let line = line!() + 1;
        stack.add("ci", EksAccessPolicyAssociation::new(Name::existing("main"), role(), AccessPolicy::Edit, scope));
        line
    });
}

#[test]
fn two_access_entries_of_one_principal() {
    refused("a principal has one entry in a cluster; this one has aws_eks_access_entry.one (", |stack| {
        stack.add("one", EksAccessEntry::new(Name::existing("main"), role()));
        let line = line!() + 1;
        stack.add("other", EksAccessEntry::new(Name::existing("main"), role()));
        line
    });
}

#[test]
fn more_tags_than_there_is_room_for() {
    refused("48 tags are too many: AWS takes 50, 3 are Fathuss's marks, so 47", |stack| {
        for at in 0..47 {
            stack.default_tag(&format!("default-{at}"), "x");
        }
        let line = line!() + 1;
        stack.add("main", Vpc::new(net("10.0.0.0/16")).tag("one-more", "x"));
        line
    });
}

#[test]
fn a_reserved_tag() {
    refused("tag key \"aws:owner\": keys that begin with aws: are reserved", |stack| {
        let line = line!() + 1;
        stack.add("main", Vpc::new(net("10.0.0.0/16")).tag("aws:owner", "x"));
        line
    });
}

#[test]
fn a_tag_with_a_character_that_aws_refuses() {
    refused("tag \"Team\": '&' is refused", |stack| {
        let line = line!() + 1;
        stack.add("main", Vpc::new(net("10.0.0.0/16")).tag("Team", "R&D"));
        line
    });
}

#[test]
fn an_address_that_is_taken() {
    refused("this address is taken: ", |stack| {
        vpc(stack);
        let line = line!() + 1;
        stack.add("main", Vpc::new(net("10.1.0.0/16")));
        line
    });
}

#[test]
fn a_name_that_is_no_word() {
    refused("`my vpc` is not a word", |stack| {
        let line = line!() + 1;
        stack.add("my vpc", Vpc::new(net("10.0.0.0/16")));
        line
    });
}

#[test]
fn a_field_to_ignore_that_there_is_not() {
    refused("ignore_changes names `cidr`, which aws_vpc does not have", |stack| {
        let line = line!() + 1;
        stack.add("main", Vpc::new(net("10.0.0.0/16")).lifecycle(Lifecycle::new().ignore_changes("cidr")));
        line
    });
}

thread_local! {
    static SMUGGLED: std::cell::RefCell<Option<Handle<Vpc>>> = const { std::cell::RefCell::new(None) };
}

#[test]
fn a_handle_smuggled_out_of_another_stack() {
    let other = graph_of("other", |stack| {
        stack.place("us-east-1", "111122223333");
        SMUGGLED.set(Some(vpc(stack)));
        Ok(())
    });
    assert!(other.is_ok());
    refused("other.aws_vpc.main is not in this stack; what crosses stacks is an output", |stack| {
        let vpc = SMUGGLED.take().unwrap();
        let line = line!() + 1;
        stack.add("main", InternetGateway::new(&vpc));
        line
    });
}

#[test]
fn an_attribute_that_there_is_not() {
    refused("aws_vpc.main has no attribute `endpoint`", |stack| {
        let vpc = vpc(stack);
        let line = line!() + 1;
        stack.add("main", SecurityGroup::new(&vpc, vpc.attribute::<String>("endpoint")));
        line
    });
}

#[test]
fn zones_of_no_domain_of_a_top_level_one_and_of_an_example() {
    refused("`name` has an empty label", |stack| {
        stack.add("main", Route53Zone::new("two..test"));
        line!() - 1
    });
    refused("a top-level domain", |stack| {
        stack.add("main", Route53Zone::new("test"));
        line!() - 1
    });
    refused("reserved for examples", |stack| {
        stack.add("main", Route53Zone::new("example.com"));
        line!() - 1
    });
    accepted(|stack| {
        let vpc = vpc(stack);
        stack.add("main", Route53Zone::new("internal").vpc([ZoneVpc::new(&vpc)]));
    });
}

#[test]
fn records_that_lie_elsewhere_answer_nothing_or_answer_what_is_none() {
    let zone = |stack: &mut Stack| stack.add("main", Route53Zone::new("main.test"));
    refused("does not lie in main.test", |stack| {
        let zone = zone(stack);
        stack.add("www", Route53Record::new(&zone, "www", RecordType::A).ttl(60).records(["192.0.2.1"]));
        line!() - 1
    });
    refused("`records` with a `ttl`, or an `alias`", |stack| {
        let zone = zone(stack);
        stack.add("www", Route53Record::new(&zone, "www.main.test", RecordType::A).records(["192.0.2.1"]));
        line!() - 1
    });
    refused("come together", |stack| {
        let zone = zone(stack);
        let record = Route53Record::new(&zone, "www.main.test", RecordType::A).ttl(60).records(["192.0.2.1"]);
        stack.add("www", record.set_identifier("one"));
        line!() - 1
    });
    refused("\"192.0.2.256\" is no IPv4 address", |stack| {
        let zone = zone(stack);
        stack.add("www", Route53Record::new(&zone, "www.main.test", RecordType::A).ttl(60).records(["192.0.2.256"]));
        line!() - 1
    });
    refused("a CNAME record has one value", |stack| {
        let zone = zone(stack);
        let record = Route53Record::new(&zone, "www.main.test", RecordType::Cname).ttl(60);
        stack.add("www", record.records(["a.test", "b.test"]));
        line!() - 1
    });
    refused("a zone's own name has no CNAME", |stack| {
        let zone = zone(stack);
        stack.add("www", Route53Record::new(&zone, "Main.test.", RecordType::Cname).ttl(60).records(["a.test"]));
        line!() - 1
    });
    accepted(|stack| {
        let zone = zone(stack);
        let target = RecordAlias::new("d111.cloudfront.net", "Z2FDTNDATAQYW2", false);
        stack.add("apex", Route53Record::new(&zone, "main.test", RecordType::A).alias(target));
        let asked = stack.add("there", Route53ZoneLookup::new("there.test"));
        stack.add(
            "www",
            Route53Record::new(asked.zone_id(), "www.there.test", RecordType::Aaaa).ttl(60).records(["::1"]),
        );
    });
}

#[test]
fn an_alias_of_aws_own_and_a_key_by_an_alias() {
    refused("names that begin with alias/aws/ are AWS's own", |stack| {
        let key = stack.add("main", KmsKey::new());
        stack.add("main", KmsAlias::new("alias/aws/mine", &key));
        line!() - 1
    });
    refused("a key is named by its ARN", |stack| {
        stack.add("data", EbsVolume::encrypted_gp3("us-east-1a", 8).kms_key_id("alias/data"));
        line!() - 1
    });
    accepted(|stack| {
        let key = stack.add("main", KmsKey::new());
        stack.add("data", EbsVolume::encrypted_gp3("us-east-1a", 8).kms_key_id(&key));
        let other = "arn:aws:kms:us-east-1:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab";
        stack.add("other", EbsVolume::encrypted_gp3("us-east-1a", 8).kms_key_id(other));
    });
}

#[test]
fn a_disabled_key_that_is_rotated_and_a_period_without_rotation() {
    refused("a disabled key is not rotated", |stack| {
        stack.add("main", KmsKey::new().is_enabled(false).enable_key_rotation(true));
        line!() - 1
    });
    refused("`rotation_period_in_days` wants `enable_key_rotation`", |stack| {
        stack.add("main", KmsKey::new().rotation_period_in_days(90));
        line!() - 1
    });
}

#[test]
fn logs_that_are_kept_for_days_that_are_not_offered() {
    refused("not for 31, but for 30 days or 60 days", |stack| {
        stack.add("app", CloudwatchLogGroup::new().retention_in_days(31));
        line!() - 1
    });
}

#[test]
fn a_log_group_by_a_name_of_aws_s_own() {
    refused("names that begin with aws/ are AWS's own", |stack| {
        stack.add("app", CloudwatchLogGroup::new().name("AWS/app"));
        line!() - 1
    });
}

#[test]
fn a_secret_whose_deletion_can_be_taken_back_for_a_day() {
    refused("is 7 to 30, or 0", |stack| {
        stack.add("token", SecretsmanagerSecret::new().recovery_window_in_days(1));
        line!() - 1
    });
}

#[test]
fn two_current_values_of_a_secret() {
    refused("has the label AWSCURRENT of the same secret", |stack| {
        let secret = stack.add("token", SecretsmanagerSecret::new());
        let value = || Secret::from_environment("TOKEN");
        stack.add("one", SecretsmanagerSecretVersion::new(&secret, value()));
        stack.add("two", SecretsmanagerSecretVersion::new(&secret, value()));
        line!() - 1
    });
}

const S3: &str = "com.amazonaws.us-east-1.s3";
const STS: &str = "com.amazonaws.us-east-1.sts";

#[test]
fn an_endpoint_that_has_what_the_other_kind_has() {
    refused("`subnet_ids` is for interface endpoints", |stack| {
        let vpc = vpc(stack);
        let subnets = subnets(stack, &vpc, &["us-east-1a"]);
        stack.add("s3", VpcEndpoint::new(&vpc, S3).subnet_ids(&subnets));
        line!() - 1
    });
    refused("routes lead to gateway endpoints alone", |stack| {
        let vpc = vpc(stack);
        let table = stack.add("one", RouteTable::new(&vpc));
        let endpoint = VpcEndpoint::new(&vpc, STS).vpc_endpoint_type(VpcEndpointType::Interface);
        stack.add("sts", endpoint.route_table_ids([&table]));
        line!() - 1
    });
    refused("`private_dns_enabled` is for interface endpoints", |stack| {
        let vpc = stack.add("main", Vpc::new(net("10.0.0.0/16")).enable_dns_hostnames(true));
        stack.add("s3", VpcEndpoint::new(&vpc, S3).private_dns_enabled(true));
        line!() - 1
    });
}

#[test]
fn an_endpoint_of_a_service_that_it_cannot_lead_to() {
    refused("no gateway endpoint leads to com.amazonaws.us-east-1.sts", |stack| {
        let vpc = vpc(stack);
        stack.add("sts", VpcEndpoint::new(&vpc, STS));
        line!() - 1
    });
    refused("is a service of eu-west-1; the endpoint stands in us-east-1", |stack| {
        let vpc = vpc(stack);
        stack.add("s3", VpcEndpoint::new(&vpc, "com.amazonaws.eu-west-1.s3"));
        line!() - 1
    });
    accepted(|stack| {
        let vpc = vpc(stack);
        let offered = "com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0";
        let endpoint = VpcEndpoint::new(&vpc, offered).vpc_endpoint_type(VpcEndpointType::Interface);
        stack.add("partner", endpoint);
    });
}

#[test]
fn private_names_that_the_vpc_or_another_endpoint_rules_out() {
    refused("`private_dns_enabled` wants `enable_dns_hostnames`", |stack| {
        let vpc = vpc(stack);
        let subnets = subnets(stack, &vpc, &["us-east-1a"]);
        stack.add("sts", VpcEndpoint::interface(&vpc, STS, &subnets));
        line!() - 1
    });
    refused("the service's own names lead to aws_vpc_endpoint.one", |stack| {
        let vpc = stack.add("main", Vpc::new(net("10.0.0.0/16")).enable_dns_hostnames(true));
        let subnets = subnets(stack, &vpc, &["us-east-1a"]);
        stack.add("one", VpcEndpoint::interface(&vpc, STS, &subnets));
        stack.add("two", VpcEndpoint::interface(&vpc, STS, &subnets));
        line!() - 1
    });
}

#[test]
fn an_endpoint_twice_in_a_zone_or_in_a_table_that_another_has() {
    refused("an endpoint has one subnet in a zone", |stack| {
        let vpc = stack.add("main", Vpc::new(net("10.0.0.0/16")).enable_dns_hostnames(true));
        let subnets = subnets(stack, &vpc, &["us-east-1a", "us-east-1a"]);
        stack.add("sts", VpcEndpoint::interface(&vpc, STS, &subnets));
        line!() - 1
    });
    refused("aws_route_table.one (", |stack| {
        let vpc = vpc(stack);
        let table = stack.add("one", RouteTable::new(&vpc));
        stack.add("one", VpcEndpoint::gateway(&vpc, S3, [&table]));
        stack.add("two", VpcEndpoint::gateway(&vpc, S3, [&table]));
        line!() - 1
    });
    refused("belongs to another VPC than aws_vpc.main", |stack| {
        let vpc = vpc(stack);
        let other = stack.add("other", Vpc::new(net("10.1.0.0/16")));
        let table = stack.add("one", RouteTable::new(&other));
        stack.add("s3", VpcEndpoint::gateway(&vpc, S3, [&table]));
        line!() - 1
    });
}

fn rule(number: i64) -> NetworkAclRule {
    NetworkAclRule::all(number, NetworkAclAction::Allow, net("10.0.0.0/8"))
}

#[test]
fn a_rule_of_a_network_acl_that_ec2_does_not_take() {
    let tcp = || NetworkAclRule::new(100, NetworkAclAction::Allow, IpProtocol::Tcp).cidr_block(net("10.0.0.0/8"));
    let icmp = || NetworkAclRule::new(100, NetworkAclAction::Allow, IpProtocol::Icmp).cidr_block(net("10.0.0.0/8"));
    let odd = [
        (vec![rule(100), rule(100)], "`ingress` has several rules of the number 100"),
        (vec![rule(32_767)], "the largest that AWS takes is 32766"),
        (vec![tcp()], "rule 100 of `ingress` wants both `from_port` and `to_port`, since it is for tcp"),
        (vec![tcp().from_port(2).to_port(1)], "the range of ports ends before it begins: 2 to 1"),
        (vec![rule(100).from_port(1).to_port(2)], "takes neither `from_port` nor `to_port`, since its protocol is -1"),
        (vec![icmp()], "wants both `icmp_type` and `icmp_code`, since it is for icmp"),
        (vec![icmp().icmp_type(-1).icmp_code(3)], "all types of ICMP have all codes"),
        (vec![rule(100).ipv6_cidr_block("::/0")], "is for one range: `cidr_block` or `ipv6_cidr_block`"),
        (vec![NetworkAclRule::all(1, NetworkAclAction::Deny, net("10.0.0.1/8"))], "10.0.0.1/8 has host bits"),
    ];
    for (rules, message) in odd {
        refused(message, |stack| {
            let vpc = vpc(stack);
            stack.add("odd", NetworkAcl::new(&vpc).ingress(rules));
            line!() - 1
        });
    }
    accepted(|stack| {
        let vpc = vpc(stack);
        let sound = [rule(1), icmp().icmp_type(8).icmp_code(-1)];
        stack.add("one", NetworkAcl::new(&vpc).ingress([tcp().from_port(1).to_port(2)]).egress([rule(100)]));
        stack.add("taken", DefaultNetworkAcl::new(vpc.default_network_acl_id()).ingress(sound));
    });
}

#[test]
fn a_subnet_with_two_network_acls() {
    refused("a subnet has one network ACL", |stack| {
        let vpc = vpc(stack);
        let subnets = subnets(stack, &vpc, &["us-east-1a"]);
        stack.add("one", NetworkAcl::new(&vpc).subnet_ids(&subnets));
        stack.add("two", NetworkAcl::new(&vpc).subnet_ids(&subnets));
        line!() - 1
    });
}

#[test]
fn what_comes_with_a_vpc_taken_over_twice() {
    refused("a VPC has one default network ACL; aws_default_network_acl.one", |stack| {
        let vpc = vpc(stack);
        stack.add("one", DefaultNetworkAcl::new(vpc.default_network_acl_id()));
        stack.add("two", DefaultNetworkAcl::new(vpc.default_network_acl_id()));
        line!() - 1
    });
    refused("a VPC has one default route table; aws_default_route_table.one", |stack| {
        let vpc = vpc(stack);
        stack.add("one", DefaultRouteTable::new(vpc.default_route_table_id()));
        stack.add("two", DefaultRouteTable::new(vpc.default_route_table_id()));
        line!() - 1
    });
}

#[test]
fn routes_of_the_default_route_table() {
    refused("the route for 0.0.0.0/0 leads to one target, 0 given", |stack| {
        let vpc = vpc(stack);
        let route = DefaultRoute::new(Ipv4Net::default());
        stack.add("main", DefaultRouteTable::new(vpc.default_route_table_id()).route([route]));
        line!() - 1
    });
    refused("a range has one route; 0.0.0.0/0 has several", |stack| {
        let vpc = vpc(stack);
        let internet = stack.add("main", InternetGateway::new(&vpc));
        let route = || DefaultRoute::new(Ipv4Net::default()).gateway_id(&internet);
        stack.add("main", DefaultRouteTable::new(vpc.default_route_table_id()).route([route(), route()]));
        line!() - 1
    });
    refused("aws_default_route_table.main", |stack| {
        let vpc = vpc(stack);
        let internet = stack.add("main", InternetGateway::new(&vpc));
        let table = stack.add("main", DefaultRouteTable::new(vpc.default_route_table_id()));
        stack.add("internet", Route::to_internet(table.id(), &internet));
        line!() - 1
    });
}

#[test]
fn a_flow_log_that_ec2_does_not_take() {
    const GROUP: &str = "arn:aws:logs:us-east-1:111122223333:log-group:flows";
    const BUCKET: &str = "arn:aws:s3:::flows/here/";
    let of =
        |destination: &str| FlowLog::new(TrafficType::All, destination).vpc_id(Id::existing("vpc-0a1b2c3d4e5f60718"));
    let to_group = || of(GROUP).iam_role_arn(role());
    let to_bucket = || of(BUCKET).log_destination_type(LogDestinationType::S3);
    let odd = [
        (to_group().subnet_id(Id::existing("subnet-0a1b2c3d4e5f60718")), "a flow log is of one thing, 2 given"),
        (of(GROUP), "wants the role that writes there"),
        (to_bucket().iam_role_arn(role()), "a bucket's policy says who writes there"),
        (of(BUCKET).iam_role_arn(role()), "is of the `log_destination_type` s3"),
        (of(&format!("{GROUP}:*")).iam_role_arn(role()), "without `:*` behind it"),
        (to_group().max_aggregation_interval(30), "AWS takes 60 and 600 seconds"),
        (to_group().log_format("${version}, ${start}"), "fields as `${name}`"),
        (to_group().destination_options(FlowLogDestinationOptions::new()), "are for files in a bucket"),
    ];
    for (log, message) in odd {
        refused(message, |stack| {
            stack.add("odd", log);
            line!() - 1
        });
    }
    accepted(|stack| {
        stack.add("group", to_group().max_aggregation_interval(60).log_format("${version} ${vpc-id}"));
        stack.add("bucket", to_bucket());
    });
}

#[test]
fn addresses_that_a_network_interface_cannot_have() {
    let odd = [
        (vec!["10.0.0.3"], "10.0.0.3 can't be had in 10.0.0.0/24"),
        (vec!["10.0.1.9"], "10.0.1.9 can't be had in 10.0.0.0/24"),
        (vec!["10.0.0"], "\"10.0.0\": an IPv4 address is written as 10.0.0.10"),
        (vec!["10.0.0.8"], "10.0.0.9, which `private_ip` says, is not among them"),
    ];
    for (addresses, message) in odd {
        refused(message, |stack| {
            let vpc = vpc(stack);
            let subnet = subnets(stack, &vpc, &["us-east-1a"]).remove(0);
            let interface = NetworkInterface::new(&subnet).private_ips(addresses.clone());
            let interface = if addresses == ["10.0.0.8"] { interface.private_ip("10.0.0.9") } else { interface };
            stack.add("odd", interface);
            line!() - 1
        });
    }
}

/// A bucket that keeps versions.
fn versioned(stack: &mut Stack, name: &str) -> Handle<S3Bucket> {
    let bucket = stack.add(name, S3Bucket::new());
    stack.add(name, S3BucketVersioning::new(&bucket, VersioningConfiguration::new(VersioningStatus::Enabled)));
    bucket
}

fn copied(id: &str, priority: i64, to: &Handle<S3Bucket>) -> ReplicationRule {
    let deletions = DeleteMarkerReplication::new(RuleStatus::Disabled);
    ReplicationRule::new(id, priority, RuleStatus::Enabled, deletions, ReplicationDestination::new(to.arn()))
}

#[test]
fn copies_of_objects_by_rules_that_s3_does_not_take() {
    let encrypted = || SourceSelectionCriteria::new().sse_kms_encrypted_objects(Selected::new(RuleStatus::Enabled));
    type Rules = fn(&Handle<S3Bucket>) -> Vec<ReplicationRule>;
    let odd: [(&str, Rules); 4] = [
        ("names one twice", |to| vec![copied("one", 1, to), copied("one", 2, to)]),
        ("the `priority` 1 of another rule", |to| vec![copied("one", 1, to), copied("two", 1, to)]),
        ("give them in `and`", |to| {
            let filter = ReplicationFilter::new().prefix("a/").tag(ReplicationTag::new("a", "b"));
            vec![copied("one", 1, to).filter(filter)]
        }),
        ("copies in time, which S3 measures", |to| {
            let in_time = ReplicationTime::new(RuleStatus::Enabled, ReplicationMinutes::new(15));
            let deletions = DeleteMarkerReplication::new(RuleStatus::Disabled);
            let to = ReplicationDestination::new(to.arn()).replication_time(in_time);
            vec![ReplicationRule::new("one", 1, RuleStatus::Enabled, deletions, to)]
        }),
    ];
    for (message, rules) in odd {
        refused(message, |stack| {
            let (from, to) = (versioned(stack, "from"), versioned(stack, "to"));
            let rules = rules(&to);
            stack.add("copies", S3BucketReplicationConfiguration::new(&from, role(), rules));
            line!() - 1
        });
    }
    refused("give `encryption_configuration` with the key", |stack| {
        let (from, to) = (versioned(stack, "from"), versioned(stack, "to"));
        let rule = copied("one", 1, &to).source_selection_criteria(encrypted());
        stack.add("copies", S3BucketReplicationConfiguration::new(&from, role(), [rule]));
        line!() - 1
    });
    refused("a bucket is no destination of its own objects", |stack| {
        let from = versioned(stack, "from");
        stack.add("copies", S3BucketReplicationConfiguration::new(&from, role(), [copied("one", 1, &from)]));
        line!() - 1
    });
    refused("keeps no new versions, which both ends must", |stack| {
        let (from, to) = (versioned(stack, "from"), stack.add("to", S3Bucket::new()));
        let suspended = VersioningConfiguration::new(VersioningStatus::Suspended);
        stack.add("to", S3BucketVersioning::new(&to, suspended));
        stack.add("copies", S3BucketReplicationConfiguration::new(&from, role(), [copied("one", 1, &to)]));
        line!() - 1
    });
}

#[test]
fn pods_with_two_roles_and_pods_on_fargate_in_a_public_subnet() {
    let cluster = || Name::<EksCluster>::existing("main");
    refused("a service account has one association in a cluster", |stack| {
        let subnets = subnets_of_eks(stack);
        let cluster = stack.add("main", EksCluster::new("main", role(), ClusterVpcConfig::new(subnets)));
        stack.add("one", EksPodIdentityAssociation::new(&cluster, "apps", "web", role()));
        stack.add("two", EksPodIdentityAssociation::new(&cluster, "apps", "web", role()));
        line!() - 1
    });
    refused("is public, and pods on Fargate stand in private subnets", |stack| {
        let vpc = vpc(stack);
        let subnet = stack.add("open", Subnet::new(&vpc, net("10.0.0.0/24")).map_public_ip_on_launch(true));
        let selector = FargateSelector::new("apps");
        stack.add("apps", EksFargateProfile::new(cluster(), "apps", role(), [&subnet], [selector]));
        line!() - 1
    });
    refused("begins with eks-, which EKS keeps for itself", |stack| {
        let subnet = Id::<Subnet>::existing("subnet-0123456789abcdef0");
        let selector = FargateSelector::new("apps");
        stack.add("apps", EksFargateProfile::new(cluster(), "eks-apps", role(), [subnet], [selector]));
        line!() - 1
    });
}

fn subnets_of_eks(stack: &mut Stack) -> Vec<Handle<Subnet>> {
    let vpc = vpc(stack);
    subnets(stack, &vpc, &["us-east-1a", "us-east-1b"])
}

#[test]
fn backups_that_are_copied_to_where_they_are_or_without_a_key() {
    refused("stands in this region; copies go to another", |stack| {
        let database = stack.add("main", database().backup_retention_period(7));
        let key = stack.add("main", KmsKey::new());
        stack.add("far", DbInstanceAutomatedBackupsReplication::new(database.arn()).kms_key_id(&key));
        line!() - 1
    });
    refused("is encrypted; give `kms_key_id`", |stack| {
        let database = stack.add("main", database().backup_retention_period(7));
        stack.add("far", DbInstanceAutomatedBackupsReplication::new(database.arn()).region("us-west-2"));
        line!() - 1
    });
    refused("has no backups; give it `backup_retention_period`", |stack| {
        let database = stack.add("main", database().backup_retention_period(0));
        let key = Arn::existing("arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab");
        let copies = DbInstanceAutomatedBackupsReplication::new(database.arn()).kms_key_id(key);
        stack.add("far", copies.region("us-west-2"));
        line!() - 1
    });
}

#[test]
fn options_of_postgresql_and_one_option_twice() {
    refused("PostgreSQL has no options", |stack| {
        let group = DbOptionGroup::new(OptionEngine::Postgres, "17").option([DbOption::new("MEMCACHED")]);
        stack.add("main", group);
        line!() - 1
    });
    refused("names MEMCACHED twice", |stack| {
        let options = [DbOption::new("MEMCACHED"), DbOption::new("MEMCACHED").port(11_211)];
        stack.add("main", DbOptionGroup::new(OptionEngine::Mysql, "8.0").option(options));
        line!() - 1
    });
}

#[test]
fn users_of_a_cache_without_a_password_and_groups_without_a_default_user() {
    let user = |id: &str, mode| {
        let mode = CacheAuthenticationMode::new(mode);
        ElasticacheUser::new(id, id, CacheEngine::Redis, "on ~* +@all", mode)
    };
    refused("has one: give `passwords_wo`", |stack| {
        stack.add("app", user("app", CacheAuthentication::Password));
        line!() - 1
    });
    refused("`passwords_wo` is for users that are known by a password", |stack| {
        let app = user("app", CacheAuthentication::Iam).passwords_wo(Secret::from_environment("PASSWORD"));
        stack.add("app", app);
        line!() - 1
    });
    refused("`passwords_wo` is kept by aws_secretsmanager_secret_version.app and follows it", |stack| {
        let secret = stack.add("app", SecretsmanagerSecret::new().name("app"));
        let password = SecretsmanagerSecretVersion::new(&secret, Secret::generated(32));
        let password = stack.add("app", password);
        let app = user("app", CacheAuthentication::Password).passwords_wo(password.value()).passwords_wo_version(1);
        stack.add("app", app);
        line!() - 1
    });
    refused("a group for Redis has a user of the `user_name` default", |stack| {
        let app = stack.add("app", user("app", CacheAuthentication::NoPasswordRequired));
        stack.add("apps", ElasticacheUserGroup::new("apps", CacheEngine::Redis, [&app]));
        line!() - 1
    });
}

#[test]
fn policies_of_one_name_in_a_role_and_a_version_that_is_both_default_and_newest() {
    use fathuss_model::aws::policy::{Policy, Principal, Statement};
    let policy = || Policy::new([Statement::allow(actions!["s3:GetObject"]).on("*")]);
    refused("has the same name or stands for the same", |stack| {
        let trust = Policy::new([Statement::assume_role(Principal::service("ec2.amazonaws.com"))]);
        let role = stack.add("servers", IamRole::new(trust));
        stack.add("one", IamRolePolicy::new(&role, policy()).name("logs"));
        stack.add("two", IamRolePolicy::new(&role, policy()).name("logs"));
        line!() - 1
    });
    refused("`default_only` and `latest` exclude each other", |stack| {
        stack.add("main", RdsEngineVersion::new(DbEngine::Postgres).default_only(true).latest(true));
        line!() - 1
    });
}

#[test]
fn a_certificate_for_what_is_no_domain() {
    for (name, says) in [
        ("localhost", "localhost: a certificate is for a whole domain"),
        ("main.test.", "main.test.: a certificate is for a whole domain"),
        ("a.*.main.test", "a.*.main.test: a `*` stands for the whole first label"),
        ("a_b.main.test", "a_b.main.test: small letters, digits, - and . are taken"),
        ("a..main.test", "a..main.test has an empty label"),
    ] {
        refused(says, |stack| {
            stack.add("main", AcmCertificate::new(name));
            line!() - 1
        });
        refused(says, |stack| {
            stack.add("main", AcmCertificate::new("main.test").subject_alternative_names([name]));
            line!() - 1
        });
    }
    refused("main.test is the certificate's own name", |stack| {
        stack.add("main", AcmCertificate::new("main.test").subject_alternative_names(["main.test"]));
        line!() - 1
    });
    accepted(|stack| {
        stack.add("main", AcmCertificate::new("*.main.test").subject_alternative_names(["main.test"]));
    });
}

#[test]
fn a_validation_by_a_record_that_aws_does_not_ask_for() {
    refused("www.main.test is no name of a record that AWS asks for", |stack| {
        let certificate = stack.add("main", AcmCertificate::new("main.test"));
        stack.add("main", AcmCertificateValidation::new(&certificate).validation_record_fqdns(["www.main.test"]));
        line!() - 1
    });
}

#[test]
fn a_validation_waits_for_the_records_that_are_made_of_what_its_certificate_asks_for() {
    let graph = graph_of("test", |stack| {
        stack.place("us-east-1", "111122223333");
        let zone = stack.add("main", Route53Zone::new("main.test"));
        let certificate = stack.add("main", AcmCertificate::new("main.test"));
        stack.add("main", AcmCertificateValidation::new(&certificate));
        stack.add("proof", certificate.validation_record(&zone, 0));
        Ok(())
    })
    .unwrap();
    let validation = graph.nodes.iter().find(|node| node.address.kind() == "aws_acm_certificate_validation").unwrap();
    let waits: Vec<String> = validation.depends_on.iter().map(ToString::to_string).collect();
    assert_eq!(waits, ["test.aws_route53_record.proof"]);
}

fn distribution(origin: &str, target: &str, shown: ViewerCertificate) -> CloudfrontDistribution {
    let origin = DistributionOrigin::new(origin, "files");
    CloudfrontDistribution::new([origin], DefaultCacheBehavior::files_of(target), Restrictions::none(), shown, true)
}

const FILES: &str = "files.s3.us-east-1.amazonaws.com";

#[test]
fn a_distribution_that_asks_nobody() {
    refused("files.test is no bucket's regional domain", |stack| {
        stack.add("main", distribution("files.test", "files", ViewerCertificate::of_cloudfront()));
        line!() - 1
    });
    refused("`target_origin_id` other is none of its origins: files", |stack| {
        stack.add("main", distribution(FILES, "other", ViewerCertificate::of_cloudfront()));
        line!() - 1
    });
}

#[test]
fn a_distribution_without_a_certificate_for_what_it_answers_for() {
    refused("a distribution shows CloudFront's certificate", |stack| {
        stack.add("main", distribution(FILES, "files", ViewerCertificate::new()));
        line!() - 1
    });
    refused("`aliases` want a certificate that names them", |stack| {
        let plain = distribution(FILES, "files", ViewerCertificate::of_cloudfront());
        stack.add("main", plain.aliases(["www.main.test"]));
        line!() - 1
    });
    accepted(|stack| {
        let certificate = stack.add("main", AcmCertificate::new("www.main.test"));
        let shown = distribution(FILES, "files", ViewerCertificate::of_acm(&certificate));
        stack.add("main", shown.aliases(["www.main.test"]));
    });
}

#[test]
fn a_restriction_that_says_no_country() {
    refused("`locations` are given where `restriction_type` is a list of them", |stack| {
        let everywhere = Restrictions::new(GeoRestriction::new(GeoRestrictionType::Blacklist));
        let origin = DistributionOrigin::new(FILES, "files");
        let usual = DefaultCacheBehavior::files_of("files");
        let shown = ViewerCertificate::of_cloudfront();
        stack.add("main", CloudfrontDistribution::new([origin], usual, everywhere, shown, true));
        line!() - 1
    });
}

fn alarm() -> CloudwatchMetricAlarm {
    CloudwatchMetricAlarm::new(ComparisonOperator::GreaterThanThreshold, 1)
        .namespace("AWS/RDS")
        .metric_name("CPUUtilization")
        .period(60)
        .threshold(80)
}

fn group(stack: &mut Stack) -> Handle<SecurityGroup> {
    let vpc = vpc(stack);
    stack.add("web", SecurityGroup::new(&vpc, "web"))
}

/// A role that a service may take.
fn trusting(stack: &mut Stack, service: &str) -> Handle<IamRole> {
    use fathuss_model::aws::policy::{Policy, Principal, Statement};
    stack.add("role", IamRole::new(Policy::new([Statement::assume_role(Principal::service(service))])))
}

#[test]
fn other_ends_of_rules_that_are_none() {
    let rule = |group: &Handle<SecurityGroup>| IngressRule::new(group, IpProtocol::Tcp).from_port(443).to_port(443);
    for range in ["10.0.0.0/16", "2001:db8::1/32", "2001:db8::/129"] {
        refused("an IPv6 range is written as 2001:db8::/32, without host bits", |stack| {
            let group = group(stack);
            stack.add("odd", rule(&group).cidr_ipv6(range));
            line!() - 1
        });
    }
    for list in ["s3", "pl-", "PL-63a5400a"] {
        refused("a prefix list is named by its id, as pl-63a5400a", |stack| {
            let group = group(stack);
            stack.add("odd", rule(&group).prefix_list_id(list));
            line!() - 1
        });
    }
    accepted(|stack| {
        let group = group(stack);
        stack.add("all", rule(&group).cidr_ipv6("::/0"));
        stack.add("one", rule(&group).cidr_ipv6("2001:DB8::5/128"));
        stack.add("list", rule(&group).prefix_list_id("pl-0123456789abcdef0"));
    });
}

#[test]
fn statistics_and_actions_that_cloudwatch_does_not_know() {
    for statistic in ["p101", "p", "99", "median", "tm", "TM(10%,90%)"] {
        refused("a statistic is a percentile, p0 to p100, or as tm90, IQM", |stack| {
            stack.add("odd", alarm().extended_statistic(statistic));
            line!() - 1
        });
    }
    // All of AWS's own examples.
    for statistic in ["p90", "p99.9", "p100", "tm90", "tc90", "ts90", "wm98", "IQM", "PR(0:100)", "PR(:0.5)"] {
        accepted(|stack| {
            stack.add("known", alarm().extended_statistic(statistic));
        });
    }
    for statistic in ["TM(10%:90%)", "TC(0.005:0.030)", "TS(80%:)", "WM(:95%)", "PR(100:2000)"] {
        accepted(|stack| {
            stack.add("known", alarm().extended_statistic(statistic));
        });
    }
    refused("`ok_actions` is \"alarms\": an ARN is written as arn:aws:", |stack| {
        stack.add("odd", alarm().statistic(Statistic::Sum).ok_actions(["alarms"]));
        line!() - 1
    });
    accepted(|stack| {
        let stops = ["arn:aws:automate:us-east-1:ec2:stop"];
        stack.add("stops", alarm().statistic(Statistic::Sum).alarm_actions(stops).unit(MetricUnit::CountPerSecond));
    });
    refused("`evaluate_low_sample_count_percentiles` is of percentiles", |stack| {
        let odd = alarm().statistic(Statistic::Sum).evaluate_low_sample_count_percentiles(LowSampleCount::Ignore);
        stack.add("odd", odd);
        line!() - 1
    });
    accepted(|stack| {
        let few = alarm().extended_statistic("p99").evaluate_low_sample_count_percentiles(LowSampleCount::Ignore);
        stack.add("few", few);
    });
}

#[test]
fn addresses_and_zones_that_a_subnet_does_not_have() {
    let machine =
        |subnet: &Handle<Subnet>| Instance::new(Id::existing("ami-0a1b2c3d4e5f60718"), InstanceType::T3Large, subnet);
    refused("10.0.9.9 can't be had in 10.0.0.0/24", |stack| {
        let vpc = vpc(stack);
        let subnet = subnets(stack, &vpc, &["us-east-1a"]).remove(0);
        stack.add("odd", machine(&subnet).private_ip("10.0.9.9"));
        line!() - 1
    });
    refused("`availability_zone` is us-east-1b, and aws_subnet.of[\"us-east-1a-0\"]", |stack| {
        let vpc = vpc(stack);
        let subnet = subnets(stack, &vpc, &["us-east-1a"]).remove(0);
        stack.add("odd", machine(&subnet).availability_zone("us-east-1b"));
        line!() - 1
    });
    refused("`private_ip` is \"ten\": an IPv4 address is written as 10.0.0.10", |stack| {
        let gateway =
            NatGateway::new(Id::existing("subnet-0a1b2c3d4e5f60718")).connectivity_type(ConnectivityType::Private);
        stack.add("odd", gateway.private_ip("ten"));
        line!() - 1
    });
    refused("`availability_zone` is us-east-1c; its subnets lie in us-east-1a, us-east-1b", |stack| {
        let vpc = vpc(stack);
        let subnets = subnets(stack, &vpc, &["us-east-1a", "us-east-1b"]);
        let group = stack.add("db", DbSubnetGroup::new(&subnets));
        stack.add("odd", database().subnets(&group).availability_zone("us-east-1c"));
        line!() - 1
    });
    refused("with `multi_az` RDS chooses the zones", |stack| {
        stack.add("odd", database().multi_az(true).availability_zone("us-east-1a"));
        line!() - 1
    });
}

#[test]
fn volumes_that_are_asked_for_more_than_their_kind_has() {
    let odd = [
        (EbsVolume::encrypted_gp3("us-east-1a", 100).iops(2999), "gp3 has 3000 to 80000 `iops`, not 2999"),
        (EbsVolume::encrypted_gp3("us-east-1a", 10).iops(6000), "6000 `iops` are too many for 10 GiB: gp3 takes 500"),
        (EbsVolume::encrypted_gp3("us-east-1a", 10).throughput(800), "wants 3200 `iops`, and there are 3000"),
    ];
    for (volume, message) in odd {
        refused(message, |stack| {
            stack.add("odd", volume);
            line!() - 1
        });
    }
    accepted(|stack| {
        stack.add("small", EbsVolume::encrypted_gp3("us-east-1a", 1).iops(3000).throughput(750));
        stack.add("fast", EbsVolume::encrypted_gp3("us-east-1a", 160).iops(80_000).throughput(2000));
    });
}

#[test]
fn storage_of_databases_that_is_asked_for_less_or_more_than_there_is() {
    let large = || database().storage(Gp3::gigabytes(400));
    let odd = [
        (large().iops(3000), "`iops` is 3000; gp3 has 12000 from 400 GiB on"),
        (large().storage_throughput(125), "`storage_throughput` is 125; gp3 has 500 MiB/s from 400 GiB on"),
        (large().iops(12_000).storage_throughput(4000), "wants 16000 `iops`, and there are 12000"),
        (database().ca_cert_identifier("letsencrypt"), "an authority is named as rds-ca-rsa2048-g1"),
        (
            database().storage_encrypted(false).kms_key_id("arn:aws:kms:us-east-1:111122223333:key/1"),
            "it wants `storage_encrypted(true)`",
        ),
    ];
    for (database, message) in odd {
        refused(message, |stack| {
            stack.add("odd", database);
            line!() - 1
        });
    }
    refused("it wants `at_rest_encryption_enabled(true)`", |stack| {
        let cache = redis().at_rest_encryption_enabled(false).kms_key_id("arn:aws:kms:us-east-1:111122223333:key/1");
        stack.add("odd", cache);
        line!() - 1
    });
    accepted(|stack| {
        stack.add("fast", large().iops(20_000).storage_throughput(1000));
    });
}

#[test]
fn families_and_major_versions_that_are_not_their_engine_s() {
    for family in ["redis8", "redis7.1", "valkey", "rxedis7"] {
        refused("a family is one of Redis OSS", |stack| {
            stack.add("odd", ElasticacheParameterGroup::new(family));
            line!() - 1
        });
    }
    accepted(|stack| {
        for family in ["redis6.x", "redis7", "valkey7", "valkey8", "memcached1.6"] {
            stack.add(("known", family), ElasticacheParameterGroup::new(family));
        }
    });
    let odd = [
        (OptionEngine::Mysql, "8", "mysql has no major version 8; one is written as 8.4"),
        (OptionEngine::Postgres, "17.4", "postgres has no major version 17.4; one is written as 17"),
        (OptionEngine::SqlserverEe, "16", "sqlserver-ee has no major version 16; one is written as 16.00"),
    ];
    for (engine, version, message) in odd {
        refused(message, |stack| {
            stack.add("odd", DbOptionGroup::new(engine, version));
            line!() - 1
        });
    }
}

#[test]
fn a_role_that_does_not_trust_the_service_that_is_to_take_it() {
    refused("`iam_role_arn`: aws_iam_role.role", |stack| {
        let role = trusting(stack, "ec2.amazonaws.com");
        let group = stack.add("flow", CloudwatchLogGroup::new());
        stack.add("odd", FlowLog::to_log_group(TrafficType::All, &group, &role).vpc_id(Id::existing("vpc-0a1b2c3d")));
        line!() - 1
    });
    refused("does not trust monitoring.rds.amazonaws.com, which is to take it", |stack| {
        let role = trusting(stack, "rds.amazonaws.com");
        stack.add("odd", database().enhanced_monitoring(60, &role));
        line!() - 1
    });
    refused("does not trust eks.amazonaws.com", |stack| {
        let vpc = vpc(stack);
        let subnets = subnets(stack, &vpc, &["us-east-1a", "us-east-1b"]);
        let role = trusting(stack, "pods.eks.amazonaws.com");
        stack.add("odd", EksCluster::new("odd", &role, ClusterVpcConfig::new(&subnets)));
        line!() - 1
    });
    accepted(|stack| {
        let role = trusting(stack, "monitoring.rds.amazonaws.com");
        stack.add("watched", database().enhanced_monitoring(60, &role));
    });
}

#[test]
fn what_goes_with_cloudfront_s_own_certificate() {
    let odd = [
        ViewerCertificate::of_cloudfront().minimum_protocol_version(MinimumProtocolVersion::Tls12Of2021),
        ViewerCertificate::of_cloudfront().ssl_support_method(SslSupportMethod::SniOnly),
    ];
    for certificate in odd {
        refused("goes with `acm_certificate_arn`: CloudFront's own certificate is shown from TLSv1 on", |stack| {
            let domain = "files.s3.us-east-1.amazonaws.com";
            let origin = DistributionOrigin::new(domain, "files");
            let usual = DefaultCacheBehavior::files_of("files");
            stack.add("odd", CloudfrontDistribution::new([origin], usual, Restrictions::none(), certificate, true));
            line!() - 1
        });
    }
    refused("a bucket is named by its domain, as logs.s3.amazonaws.com", |stack| {
        let origin = DistributionOrigin::new("files.s3.us-east-1.amazonaws.com", "files");
        let usual = DefaultCacheBehavior::files_of("files");
        let own = ViewerCertificate::of_cloudfront();
        let distribution = CloudfrontDistribution::new([origin], usual, Restrictions::none(), own, true);
        stack.add("odd", distribution.logging_config(LoggingConfig::new("logs")));
        line!() - 1
    });
}

#[test]
fn entries_of_nodes_with_what_is_of_people() {
    let entry = || {
        let cluster = Name::existing("main");
        EksAccessEntry::new(cluster, role()).r#type(AccessEntryType::Ec2Linux)
    };
    refused("`kubernetes_groups` are of STANDARD entries", |stack| {
        stack.add("odd", entry().kubernetes_groups(["viewers"]));
        line!() - 1
    });
    refused("`user_name` is of STANDARD entries", |stack| {
        stack.add("odd", entry().user_name("somebody"));
        line!() - 1
    });
    refused("is of EC2_LINUX, and policies are of STANDARD entries", |stack| {
        let entry = stack.add("nodes", entry());
        let (cluster, scope) = (Name::existing("main"), AccessScope::cluster());
        let policy = EksAccessPolicyAssociation::new(cluster, entry.principal_arn(), AccessPolicy::View, scope);
        stack.add("odd", policy);
        line!() - 1
    });
    accepted(|stack| {
        stack.add("nodes", entry());
    });
}

#[test]
fn nodes_that_are_newer_than_their_cluster_or_of_other_processors() {
    let nodes = |cluster: &Handle<EksCluster>| {
        let subnets: [fathuss_model::Value<Id<Subnet>>; 1] = [Id::existing("subnet-0a1b2c3d4e5f60718")];
        EksNodeGroup::new(cluster, role(), subnets, ScalingConfig::between(1, 1, 2))
    };
    let cluster = |stack: &mut Stack| {
        let vpc = vpc(stack);
        let subnets = subnets(stack, &vpc, &["us-east-1a", "us-east-1b"]);
        stack.add("main", EksCluster::new("main", role(), ClusterVpcConfig::new(&subnets)).version("1.34"))
    };
    refused("nodes of 1.35 are newer than aws_eks_cluster.main", |stack| {
        let cluster = cluster(stack);
        stack.add("odd", nodes(&cluster).version("1.35"));
        line!() - 1
    });
    refused("`ami_type` AL2023_ARM_64_STANDARD is not for m6i.large", |stack| {
        let cluster = cluster(stack);
        let nodes = nodes(&cluster).ami_type(AmiType::Al2023Arm64Standard);
        stack.add("odd", nodes.instance_types([InstanceType::M7gLarge, InstanceType::M6iLarge]));
        line!() - 1
    });
    refused("a release is written as 1.35.0-20260120", |stack| {
        let cluster = cluster(stack);
        stack.add("odd", nodes(&cluster).release_version("latest"));
        line!() - 1
    });
}

#[test]
fn policies_and_proofs_of_something_else() {
    use fathuss_model::aws::policy::{Policy, Principal, Statement};
    refused("`policy` speaks of aws_s3_bucket.other, and is set on aws_s3_bucket.one", |stack| {
        let (one, other) = (stack.add("one", S3Bucket::new()), stack.add("other", S3Bucket::new()));
        let statement = Statement::deny(actions!["s3:*"]).by(Principal::aws("*")).on(other.arn());
        stack.add("odd", S3BucketPolicy::new(&one, Policy::new([statement])));
        line!() - 1
    });
    refused("`policy` speaks of aws_sns_topic.other, and is set on aws_sns_topic.one", |stack| {
        let (one, other) = (stack.add("one", SnsTopic::new()), stack.add("other", SnsTopic::new()));
        let statement = Statement::allow(actions!["sns:Publish"]).by(Principal::aws("*")).on(other.arn());
        stack.add("odd", SnsTopicPolicy::new(&one, Policy::new([statement])));
        line!() - 1
    });
    refused("is what aws_acm_certificate.other", |stack| {
        let zone = stack.add("main", Route53Zone::new("main.test"));
        let one = stack.add("one", AcmCertificate::new("one.main.test"));
        let other = stack.add("other", AcmCertificate::new("other.main.test"));
        let record = stack.add("other", other.validation_record(&zone, 0));
        stack.add("odd", AcmCertificateValidation::new(&one).validation_record_fqdns([record.fqdn()]));
        line!() - 1
    });
}

#[test]
fn caches_of_a_version_that_is_the_other_engine_s() {
    refused("Redis OSS ends with 7.1: 8.0 is Valkey's", |stack| {
        stack.add("odd", redis().engine_version("8.0"));
        line!() - 1
    });
    refused("Valkey begins with 7.2: there is no 7.1", |stack| {
        stack.add("odd", redis().engine(CacheEngine::Valkey));
        line!() - 1
    });
    accepted(|stack| {
        stack.add("valkey", redis().engine(CacheEngine::Valkey).engine_version("8.1"));
    });
}

#[test]
fn flow_logs_whose_destination_is_of_the_other_type() {
    refused("is of the `log_destination_type` s3", |stack| {
        let bucket = stack.add("flow", S3Bucket::new());
        let log = FlowLog::new(TrafficType::All, bucket.arn())
            .iam_role_arn(role())
            .vpc_id(Id::existing("vpc-0a1b2c3d4e5f60718"));
        stack.add("odd", log);
        line!() - 1
    });
}

#[test]
fn a_read_replica_of_another_engine() {
    refused("a read replica has its source's engine: aws_db_instance.main", |stack| {
        let main = database().master_password(MasterPassword::Secret(Secret::from_environment("PASSWORD"), 1));
        let main = stack.add("main", main.manage_master_user_password(false).backup_retention_period(7));
        let replica = DbInstance::new(DbEngine::Mysql, DbInstanceClass::T3Medium).replicate_source_db(&main);
        stack.add("odd", replica.skip_final_snapshot(true));
        line!() - 1
    });
}
