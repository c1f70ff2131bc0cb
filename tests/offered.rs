//! What AWS does not offer is refused at its line before the first call that changes anything, and nothing is asked about
//! what stays as it is.

mod sandbox;

use std::ops::Range;

use fathuss_engine::plan::Goal;
use fathuss_engine::run::RunError;
use fathuss_model::aws::policy::{Policy, Principal, Statement};
use fathuss_model::aws::*;
use fathuss_model::graph::{Finding, Graph};
use fathuss_model::{Handle, Ipv4Net, Result, Stack, Subnets as _, graph_of};
use sandbox::Sandbox;

const REGION: &str = "us-east-1";
const ACCOUNT: &str = "111122223333";

fn stack(build: impl Fn(&mut Stack) -> Result<()>) -> Graph {
    graph_of("offered", |stack| {
        stack.place(REGION, ACCOUNT);
        build(stack)
    })
    .expect("nothing is wrong with it that can be known offline")
}

fn network(stack: &mut Stack, zones: &[&str]) -> Result<Vec<Handle<Subnet>>> {
    let range: Ipv4Net = "10.0.0.0/16".parse()?;
    let vpc = stack.add("main", Vpc::new(range));
    let mut subnets = Vec::new();
    for (at, zone) in (0..).zip(zones) {
        let subnet = Subnet::new(&vpc, range.subnet(24, at)?).availability_zone(*zone);
        subnets.push(stack.add(("private", *zone), subnet));
    }
    Ok(subnets)
}

fn role(stack: &mut Stack, name: &str, service: &str) -> Handle<IamRole> {
    stack.add(name, IamRole::new(Policy::new([Statement::assume_role(Principal::service(service))])))
}

/// What the plan is refused for; nothing but questions was sent.
async fn refused(graph: &Graph) -> Vec<Finding> {
    let sandbox = Sandbox::new(ACCOUNT, Vec::new());
    let planned = sandbox.try_plan(graph, Goal::Apply).await;
    let calls = sandbox.simulator.calls();
    let asks = |name: &str| ["Describe", "Get", "List"].iter().any(|verb| name.contains(&format!(".{verb}")));
    assert!(calls.keys().all(|name| asks(name)), "{calls:?}");
    match planned {
        Err(RunError::Refused { findings, .. }) => findings,
        Err(other) => panic!("{other}"),
        Ok(prepared) => panic!("it plans {:?}", prepared.plan.actions),
    }
}

/// What is said of one resource, which is the only one that is refused.
async fn message(graph: &Graph, local: &str) -> String {
    let findings = refused(graph).await;
    let [finding] = findings.as_slice() else { panic!("{findings:?}") };
    assert_eq!(finding.address.as_ref().map(fathuss_model::Address::local), Some(local.to_owned()));
    assert!(finding.source.as_ref().is_some_and(|source| source.file.ends_with("offered.rs")), "{finding:?}");
    finding.message.clone()
}

#[tokio::test(start_paused = true)]
async fn a_zone_that_the_region_does_not_have() {
    let graph = stack(|stack| network(stack, &["us-east-1q"]).map(|_| ()));
    assert_eq!(
        message(&graph, "aws_subnet.private[\"us-east-1q\"]").await,
        "`availability_zone` is us-east-1q, which us-east-1 does not have: it has us-east-1a, us-east-1b, us-east-1c, \
         us-east-1d, us-east-1e, us-east-1f"
    );
}

#[tokio::test(start_paused = true)]
async fn an_instance_type_that_its_subnets_zone_does_not_offer() {
    let graph = stack(|stack| {
        let subnet = network(stack, &["us-east-1e"])?.remove(0);
        let image = stack.add("linux", Ami::amazon_linux_2023("x86_64"));
        stack.add("server", Instance::new(&image, InstanceType::T3Medium, &subnet));
        Ok(())
    });
    assert_eq!(
        message(&graph, "aws_instance.server").await,
        "`instance_type` is t3.medium, which us-east-1e does not offer: these zones do: us-east-1a, us-east-1b, us-east-1c, \
         us-east-1d, us-east-1f"
    );
}

/// A cluster in two zones, and nodes in those of three of which the last lacks their types, and EKS.
fn nodes(places: Range<usize>) -> Graph {
    stack(move |stack| {
        let subnets = network(stack, &["us-east-1a", "us-east-1b", "us-east-1e"])?;
        let (cluster, nodes) = (role(stack, "cluster", "eks.amazonaws.com"), role(stack, "nodes", "ec2.amazonaws.com"));
        let cluster = stack.add("main", EksCluster::new("main", &cluster, ClusterVpcConfig::new(&subnets[..2])));
        let group = EksNodeGroup::new(&cluster, &nodes, &subnets[places.clone()], ScalingConfig::between(1, 1, 2))
            .instance_types([InstanceType::T3Medium, InstanceType::T3Large]);
        stack.add("general", group);
        Ok(())
    })
}

#[tokio::test(start_paused = true)]
async fn node_groups_need_one_zone_that_offers_one_of_their_types() {
    let said = message(&nodes(2..3), "aws_eks_node_group.general").await;
    assert!(said.starts_with("`instance_types` is t3.medium, t3.large, which us-east-1e does not offer"), "{said}");
    let sandbox = Sandbox::new(ACCOUNT, Vec::new());
    sandbox.plan(&nodes(1..3), Goal::Apply).await;
}

#[tokio::test(start_paused = true)]
async fn a_cluster_in_a_zone_without_eks() {
    let graph = stack(|stack| {
        let subnets = network(stack, &["us-east-1a", "us-east-1b", "us-east-1e"])?;
        let cluster = role(stack, "cluster", "eks.amazonaws.com");
        stack.add("main", EksCluster::new("main", &cluster, ClusterVpcConfig::new(&subnets)));
        Ok(())
    });
    assert_eq!(
        message(&graph, "aws_eks_cluster.main").await,
        "`vpc_config.subnet_ids` has a subnet in us-east-1e, where EKS puts no control plane"
    );
}

#[tokio::test(start_paused = true)]
async fn a_zone_that_the_region_does_not_have_is_said_of_its_subnet_alone() {
    let graph = stack(|stack| {
        let subnet = network(stack, &["us-east-1q"])?.remove(0);
        let image = stack.add("linux", Ami::amazon_linux_2023("x86_64"));
        stack.add("server", Instance::new(&image, InstanceType::T3Medium, &subnet));
        Ok(())
    });
    let said = message(&graph, "aws_subnet.private[\"us-east-1q\"]").await;
    assert!(said.starts_with("`availability_zone` is us-east-1q"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_parameter_that_the_family_does_not_take() {
    let with = |name: &'static str, value: &'static str| {
        stack(move |stack| {
            let parameters = DbParameterGroup::new("postgres17").parameter([DbParameter::at_once(name, value)]);
            stack.add("main", parameters);
            Ok(())
        })
    };
    let said = message(&with("rds.force_ssl", "7"), "aws_db_parameter_group.main").await;
    assert_eq!(said, "`parameter` sets rds.force_ssl to 7, and postgres17 takes 0,1");
    let said = message(&with("force_ssl", "1"), "aws_db_parameter_group.main").await;
    assert_eq!(said, "`parameter` sets force_ssl, which postgres17 does not have");
    let cache = stack(|stack| {
        let policy = CacheParameter::new("maxmemory-policy", "all");
        stack.add("main", ElasticacheParameterGroup::new("redis7").parameter([policy]));
        Ok(())
    });
    let said = message(&cache, "aws_elasticache_parameter_group.main").await;
    assert!(said.starts_with("`parameter` sets maxmemory-policy to all, and redis7 takes volatile-lru,"), "{said}");
    let sandbox = Sandbox::new(ACCOUNT, Vec::new());
    sandbox.plan(&with("rds.force_ssl", "1"), Goal::Apply).await;
}

#[tokio::test(start_paused = true)]
async fn a_node_group_that_names_no_type_beside_one_that_does() {
    let graph = stack(|stack| {
        let subnets = network(stack, &["us-east-1a", "us-east-1b"])?;
        let (cluster, nodes) = (role(stack, "cluster", "eks.amazonaws.com"), role(stack, "nodes", "ec2.amazonaws.com"));
        let cluster = stack.add("main", EksCluster::new("main", &cluster, ClusterVpcConfig::new(&subnets)));
        let group = || EksNodeGroup::new(&cluster, &nodes, &subnets, ScalingConfig::between(1, 1, 2));
        stack.add("named", group().instance_types([InstanceType::T3Large]));
        stack.add("usual", group());
        Ok(())
    });
    Sandbox::new(ACCOUNT, Vec::new()).plan(&graph, Goal::Apply).await;
}

fn database(version: &'static str, family: &'static str) -> Graph {
    upgraded(version, family, false)
}

fn upgraded(version: &'static str, family: &'static str, allow_major: bool) -> Graph {
    stack(move |stack| {
        let subnets = network(stack, &["us-east-1a", "us-east-1b"])?;
        let group = stack.add("main", DbSubnetGroup::new(&subnets));
        stack.add("main", DbParameterGroup::new(family));
        let instance = DbInstance::postgres(version, DbInstanceClass::T3Medium)
            .storage(Gp3::gigabytes(20))
            .subnets(&group)
            .username("shop")
            .master_password(MasterPassword::ManagedByRds)
            .allow_major_version_upgrade(allow_major)
            .skip_final_snapshot(true);
        stack.add("main", instance);
        Ok(())
    })
}

#[tokio::test(start_paused = true)]
async fn a_version_that_the_running_one_is_not_upgraded_to() {
    let mut sandbox = Sandbox::new(ACCOUNT, Vec::new());
    let applied = sandbox.carry_out(&database("16", "postgres16"), Goal::Apply).await;
    assert!(applied.failed.is_empty(), "{:?}", applied.failed);
    let before = sandbox.simulator.calls();
    let planned = sandbox.try_plan(&upgraded("17.6", "postgres16", true), Goal::Apply).await;
    let Err(RunError::Refused { findings, .. }) = planned else { panic!("it plans") };
    let [finding] = findings.as_slice() else { panic!("{findings:?}") };
    assert!(finding.source.as_ref().is_some_and(|source| source.file.ends_with("offered.rs")), "{finding:?}");
    assert_eq!(
        finding.message,
        "`engine_version` is 17.6, and RDS does not upgrade postgres 16.11 to that: from there it offers 17.7, 18.1"
    );
    let modifying = "rds.ModifyDBInstance";
    assert_eq!(sandbox.simulator.calls().get(modifying), before.get(modifying), "nothing was changed");
    for version in ["17", "18"] {
        sandbox.plan(&upgraded(version, "postgres16", true), Goal::Apply).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_version_of_postgres_that_does_not_exist() {
    let said = message(&database("17.99", "postgres17"), "aws_db_instance.main").await;
    let begins = "`engine_version` is 17.99, which RDS does not offer of postgres: it offers 17.";
    assert!(said.starts_with(begins), "{said}");
    let said = message(&database("99", "postgres17"), "aws_db_instance.main").await;
    assert!(said.starts_with("`engine_version` is 99, which RDS does not offer of postgres: it offers 1"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_family_of_parameters_that_does_not_exist() {
    assert_eq!(
        message(&database("17", "postgres99"), "aws_db_parameter_group.main").await,
        "`family` is postgres99, and RDS has no engine of that family"
    );
    let graph = stack(|stack| {
        stack.add("redis", ElasticacheParameterGroup::new("valkey9"));
        Ok(())
    });
    let said = message(&graph, "aws_elasticache_parameter_group.redis").await;
    assert!(said.starts_with("`family` is valkey9, which ElastiCache does not have: it has "), "{said}");
}

fn cache(version: &'static str) -> Graph {
    stack(move |stack| {
        let subnets = network(stack, &["us-east-1a", "us-east-1b"])?;
        let group = stack.add("main", ElasticacheSubnetGroup::new(&subnets));
        let redis = ElasticacheReplicationGroup::redis_cluster("Sessions", version, CacheNodeType::T4gSmall, 1, 1);
        stack.add("main", redis.subnets(&group));
        Ok(())
    })
}

#[tokio::test(start_paused = true)]
async fn a_version_of_redis_that_does_not_exist() {
    let said = message(&cache("6.1"), "aws_elasticache_replication_group.main").await;
    assert!(
        said.starts_with("`engine_version` is 6.1, which ElastiCache does not offer of redis: it offers "),
        "{said}"
    );
    let sandbox = Sandbox::new(ACCOUNT, Vec::new());
    sandbox.plan(&cache("7.1"), Goal::Apply).await;
}

fn kubernetes(version: &'static str, addon: &'static str, addon_version: Option<&'static str>) -> Graph {
    stack(move |stack| {
        let subnets = network(stack, &["us-east-1a", "us-east-1b"])?;
        let role = role(stack, "cluster", "eks.amazonaws.com");
        let cluster = EksCluster::new("main", &role, ClusterVpcConfig::new(&subnets)).version(version);
        let cluster = stack.add("main", cluster);
        let addon = EksAddon::new(&cluster, addon);
        stack.add(
            "network",
            match addon_version {
                Some(version) => addon.addon_version(version),
                None => addon,
            },
        );
        Ok(())
    })
}

#[tokio::test(start_paused = true)]
async fn a_version_of_kubernetes_that_eks_does_not_offer() {
    let findings = refused(&kubernetes("1.99", "vpc-cni", None)).await;
    assert!(
        findings[0].message.starts_with("`version` is 1.99, which EKS does not offer: it offers 1."),
        "{findings:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_addon_or_a_version_of_it_that_does_not_exist() {
    assert_eq!(
        message(&kubernetes("1.34", "vpc-cnj", None), "aws_eks_addon.network").await,
        "EKS has no addon vpc-cnj for Kubernetes 1.34"
    );
    let said = message(&kubernetes("1.34", "vpc-cni", Some("v9.9.9-eksbuild.1")), "aws_eks_addon.network").await;
    let begins =
        "`addon_version` is v9.9.9-eksbuild.1, which EKS does not offer of vpc-cni for Kubernetes 1.34: it offers v1.";
    assert!(said.starts_with(begins), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_service_that_has_no_such_endpoint() {
    let endpoint = |service: &'static str, gateway: bool| {
        stack(move |stack| {
            let vpc = stack.add("main", Vpc::new("10.0.0.0/16".parse::<Ipv4Net>()?).enable_dns_hostnames(true));
            let subnet = Subnet::new(&vpc, "10.0.0.0/24".parse::<Ipv4Net>()?).availability_zone("us-east-1a");
            let subnet = stack.add("private", subnet);
            let table = stack.add("private", RouteTable::new(&vpc));
            let endpoint = if gateway {
                VpcEndpoint::gateway(&vpc, service, [&table])
            } else {
                VpcEndpoint::interface(&vpc, service, [&subnet])
            };
            stack.add("main", endpoint);
            Ok(())
        })
    };
    assert_eq!(
        message(&endpoint("com.amazonaws.us-east-1.stss", false), "aws_vpc_endpoint.main").await,
        "`service_name` is com.amazonaws.us-east-1.stss, which us-east-1 does not have"
    );
    let sandbox = Sandbox::new(ACCOUNT, Vec::new());
    sandbox.plan(&endpoint("com.amazonaws.us-east-1.s3", true), Goal::Apply).await;
    sandbox.plan(&endpoint("com.amazonaws.us-east-1.s3", false), Goal::Apply).await;
}

#[tokio::test(start_paused = true)]
async fn a_snapshot_to_begin_as_that_is_not_there() {
    let cache = stack(|stack| {
        let subnets = network(stack, &["us-east-1a", "us-east-1b"])?;
        let group = stack.add("main", ElasticacheSubnetGroup::new(&subnets));
        let redis = ElasticacheReplicationGroup::redis_cluster("Sessions", "7.1", CacheNodeType::T4gSmall, 1, 1);
        stack.add("main", redis.subnets(&group).snapshot_name("yesterday"));
        Ok(())
    });
    let database = stack(|stack| {
        let subnets = network(stack, &["us-east-1a", "us-east-1b"])?;
        let group = stack.add("main", DbSubnetGroup::new(&subnets));
        let instance = DbInstance::postgres("17", DbInstanceClass::T3Medium)
            .storage(Gp3::gigabytes(20))
            .subnets(&group)
            .master_password(MasterPassword::ManagedByRds)
            .snapshot_identifier("yesterday")
            .skip_final_snapshot(true);
        stack.add("main", instance);
        Ok(())
    });
    for (graph, address, field) in [
        (&cache, "aws_elasticache_replication_group.main", "snapshot_name"),
        (&database, "aws_db_instance.main", "snapshot_identifier"),
        (&volume("snap-0123456789abcdef0", 8), "aws_ebs_volume.of_it", "snapshot_id"),
    ] {
        let named = if field == "snapshot_id" { "snap-0123456789abcdef0" } else { "yesterday" };
        assert_eq!(message(graph, address).await, format!("`{field}` is {named}, which is not there"));
    }
}

fn volume(snapshot: &str, gigabytes: i64) -> Graph {
    stack(|stack| {
        stack.add("of_it", EbsVolume::encrypted_gp3("us-east-1a", gigabytes).snapshot_id(snapshot));
        Ok(())
    })
}

#[tokio::test(start_paused = true)]
async fn a_volume_that_is_smaller_than_what_its_snapshot_is_of() {
    let kept = stack(|stack| {
        stack.add("kept", EbsVolume::encrypted_gp3("us-east-1a", 10).final_snapshot(true));
        Ok(())
    });
    let mut sandbox = Sandbox::new(ACCOUNT, Vec::new());
    for goal in [Goal::Apply, Goal::Destroy] {
        let done = sandbox.carry_out(&kept, goal).await;
        assert!(done.failed.is_empty(), "{:?}", done.failed);
    }
    let [snapshot] = &sandbox.simulator.rows("ec2.snapshot").expect("a world in memory can be read")[..] else {
        panic!("there is one snapshot")
    };
    let refused = sandbox.try_plan(&volume(&snapshot.id, 9), Goal::Apply).await;
    let Err(RunError::Refused { findings, .. }) = refused else { panic!("it is planned") };
    let said = format!("`size` is 9, and {} is of a volume of 10: no smaller one can be made of it", snapshot.id);
    assert_eq!(findings.iter().map(|finding| &finding.message).collect::<Vec<_>>(), [&said]);
    sandbox.plan(&volume(&snapshot.id, 10), Goal::Apply).await;
}

#[tokio::test(start_paused = true)]
async fn a_root_volume_that_is_smaller_than_its_images() {
    let server = |gigabytes: i64| {
        stack(move |stack| {
            let subnet = network(stack, &["us-east-1a"])?.remove(0);
            let image = stack.add("linux", Ami::amazon_linux_2023("x86_64"));
            let server = Instance::new(&image, InstanceType::T3Medium, &subnet);
            stack.add("server", server.root_block_device(RootBlockDevice::encrypted_gp3(gigabytes)));
            Ok(())
        })
    };
    let said = message(&server(7), "aws_instance.server").await;
    assert!(said.starts_with("`root_block_device` has 7 GiB for /dev/xvda, and al2023-ami-2023."), "{said}");
    assert!(said.ends_with(" starts from a volume of 8: no smaller one can be made of it"), "{said}");
    Sandbox::new(ACCOUNT, Vec::new()).plan(&server(8), Goal::Apply).await;
    let template = |mapping: fn() -> BlockDeviceMapping| {
        stack(move |stack| {
            let image = stack.add("linux", Ami::amazon_linux_2023("x86_64"));
            stack.add("server", LaunchTemplate::new().image_id(&image).block_device_mappings([mapping()]));
            Ok(())
        })
    };
    let said = message(&template(|| BlockDeviceMapping::encrypted_root(7)), "aws_launch_template.server").await;
    assert!(said.starts_with("`block_device_mappings` has 7 GiB for /dev/xvda, and al2023-ami-2023."), "{said}");
    // Another device is not made from the image.
    let beside = || BlockDeviceMapping::new("/dev/xvdf", EbsBlockDevice::new().volume_size(7));
    Sandbox::new(ACCOUNT, Vec::new()).plan(&template(beside), Goal::Apply).await;
}

#[tokio::test(start_paused = true)]
async fn an_image_for_other_processors() {
    let server = |architecture: &'static str, size: InstanceType| {
        stack(move |stack| {
            let subnet = network(stack, &["us-east-1a"])?.remove(0);
            let image = stack.add("linux", Ami::amazon_linux_2023(architecture));
            stack.add("server", Instance::new(&image, size, &subnet));
            Ok(())
        })
    };
    let said = message(&server("x86_64", InstanceType::M7gLarge), "aws_instance.server").await;
    assert!(
        said.starts_with("`instance_type` is m7g.large, which has arm64 processors, and al2023-ami-2023."),
        "{said}"
    );
    assert!(said.ends_with(" is for x86_64"), "{said}");
    Sandbox::new(ACCOUNT, Vec::new()).plan(&server("arm64", InstanceType::M7gLarge), Goal::Apply).await;
    let template = stack(|stack| {
        let image = stack.add("linux", Ami::amazon_linux_2023("arm64"));
        stack.add("server", LaunchTemplate::new().image_id(&image).instance_type(InstanceType::T3Medium));
        Ok(())
    });
    let said = message(&template, "aws_launch_template.server").await;
    assert!(
        said.starts_with("`instance_type` is t3.medium, which has x86_64 processors, and al2023-ami-2023."),
        "{said}"
    );
}

#[tokio::test(start_paused = true)]
async fn what_stays_as_it_is_is_not_asked_about() {
    let graph = database("17", "postgres17");
    let mut sandbox = Sandbox::new(ACCOUNT, Vec::new());
    let applied = sandbox.carry_out(&graph, Goal::Apply).await;
    assert!(applied.failed.is_empty(), "{:?}", applied.failed);
    let questions =
        ["rds.DescribeDBEngineVersions", "rds.DescribeOrderableDBInstanceOptions", "ec2.DescribeAvailabilityZones"];
    let asked = |sandbox: &Sandbox| questions.map(|name| sandbox.simulator.calls().get(name).copied());
    let before = asked(&sandbox);
    assert!(before.iter().all(Option::is_some), "{before:?}");
    assert!(sandbox.plan(&graph, Goal::Apply).await.plan.actions.is_empty());
    assert_eq!(asked(&sandbox), before);
}

/// A network, with what leads out of it.
fn way_out(gateways: usize, internet: bool) -> Graph {
    stack(move |stack| {
        let range: Ipv4Net = "10.0.0.0/16".parse()?;
        let vpc = stack.add("main", Vpc::new(range));
        let subnet = stack.add("public", Subnet::new(&vpc, range.subnet(24, 0)?));
        if internet {
            stack.add("main", InternetGateway::new(&vpc));
        }
        for at in 0..gateways {
            let address = stack.add(("nat", at), Eip::new());
            stack.add(("nat", at), NatGateway::public(&subnet, &address));
        }
        Ok(())
    })
}

#[tokio::test(start_paused = true)]
async fn an_internet_gateway_that_public_addresses_hold() {
    let mut sandbox = Sandbox::new(ACCOUNT, Vec::new());
    let applied = sandbox.carry_out(&way_out(2, true), Goal::Apply).await;
    assert!(applied.failed.is_empty(), "{:?}", applied.failed);
    for staying in [2, 1] {
        let planned = sandbox.try_plan(&way_out(staying, false), Goal::Apply).await;
        let Err(RunError::Refused { findings, .. }) = planned else { panic!("it is held by {staying}") };
        let [finding] = findings.as_slice() else { panic!("{findings:?}") };
        let said = &finding.message;
        assert!(said.contains(" stays, and Interface for NAT Gateway nat-"), "{said}");
    }
    let without = sandbox.carry_out(&way_out(0, false), Goal::Apply).await;
    assert!(without.failed.is_empty(), "{:?}", without.failed);
}
