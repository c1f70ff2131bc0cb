//! Databases, clusters, machines and caches that AWS refuses: each is refused at the line that declared it.

mod refusing;

use fathuss_model::aws::policy::{Policy, Principal, Statement};
use fathuss_model::aws::*;
use fathuss_model::{Arn, Declaration, Handle, Id, Ipv4Net, Name, Secret, Stack, Value};
use refusing::{accepted, refused};

/// One that is refused, alone in its stack.
#[track_caller]
fn refused_alone<D: Declaration>(message: &str, declared: D) {
    refused(message, |stack| {
        stack.add("one", declared);
        line!() - 1
    });
}

#[track_caller]
fn accepted_alone<D: Declaration>(declared: D) {
    accepted(|stack| {
        stack.add("one", declared);
    });
}

fn net(text: &str) -> Ipv4Net {
    text.parse().unwrap()
}

fn vpc(stack: &mut Stack) -> Handle<Vpc> {
    stack.add("main", Vpc::new(net("10.0.0.0/16")))
}

fn subnet(stack: &mut Stack) -> Handle<Subnet> {
    let vpc = vpc(stack);
    stack.add("main", Subnet::new(&vpc, net("10.0.0.0/24")).availability_zone("us-east-1a"))
}

fn subnets(stack: &mut Stack) -> Vec<Handle<Subnet>> {
    let vpc = vpc(stack);
    let zones = ["us-east-1a", "us-east-1b"].into_iter().zip(0_u32..);
    zones
        .map(|(zone, at)| {
            let range = net(&format!("10.0.{at}.0/24"));
            stack.add(("of", zone), Subnet::new(&vpc, range).availability_zone(zone))
        })
        .collect()
}

fn role() -> Value<Arn<IamRole>> {
    Arn::existing("arn:aws:iam::111122223333:role/some")
}

fn database() -> DbInstance {
    DbInstance::postgres("17", DbInstanceClass::T3Medium)
        .username("fathuss")
        .master_password(MasterPassword::ManagedByRds)
        .skip_final_snapshot(true)
}

fn small() -> DbInstance {
    database().storage(Gp3::gigabytes(20))
}

fn stored(kind: DbStorageType, gigabytes: i64) -> DbInstance {
    database().storage_type(kind).allocated_storage(gigabytes)
}

fn redis(shards: i64, replicas: i64) -> ElasticacheReplicationGroup {
    ElasticacheReplicationGroup::redis_cluster("cache", "7.1", CacheNodeType::T4gSmall, shards, replicas)
}

#[test]
fn windows_that_are_too_long() {
    refused_alone("4380 minutes long, AWS wants 1439 at most", small().maintenance_window("sun:05:00-wed:06:00"));
    refused_alone("15 minutes long, AWS wants 30 at least", small().maintenance_window("sun:05:00-sun:05:15"));
    accepted_alone(small().maintenance_window("sun:05:00-mon:04:59").backup_retention_period(0));
    refused_alone("1441 minutes long, AWS wants 1440 at most", redis(1, 1).maintenance_window("sun:05:00-mon:05:01"));
    refused_alone("59 minutes long, AWS wants 60 at least", redis(1, 1).maintenance_window("sun:05:00-sun:05:59"));
    accepted_alone(redis(1, 1).maintenance_window("sun:05:00-mon:05:00"));
}

#[test]
fn storage_that_is_not_of_its_kind() {
    refused_alone("io1 wants `iops`", stored(DbStorageType::Io1, 100));
    refused_alone("`allocated_storage` is 99; io2 has 100 GiB at least", stored(DbStorageType::Io2, 99).iops(1000));
    refused_alone("5001 `iops` are too many for 100 GiB: io1 takes 50", stored(DbStorageType::Io1, 100).iops(5001));
    accepted_alone(stored(DbStorageType::Io1, 100).iops(5000));
    accepted_alone(stored(DbStorageType::Io2, 100).iops(50_000));
    refused_alone("gp2 takes no `iops`", stored(DbStorageType::Gp2, 400).iops(12_000));
    refused_alone("`storage_throughput` is gp3's alone", stored(DbStorageType::Gp2, 400).storage_throughput(500));
    refused_alone("`iops` is 64001; gp3 has 64000 at most", stored(DbStorageType::Gp3, 400).iops(64_001));
    accepted_alone(stored(DbStorageType::Gp3, 400).iops(64_000));
}

#[test]
fn logs_of_another_engine() {
    refused_alone(
        "has slowquery, a log that postgres does not write",
        small().enabled_cloudwatch_logs_exports([DbLogExport::SlowQuery]),
    );
    accepted_alone(small().enabled_cloudwatch_logs_exports([DbLogExport::Postgresql, DbLogExport::Upgrade]));
    let mysql = || {
        DbInstance::new(DbEngine::Mysql, DbInstanceClass::T3Medium)
            .storage(Gp3::gigabytes(20))
            .username("fathuss")
            .skip_final_snapshot(true)
    };
    let managed = || mysql().master_password(MasterPassword::ManagedByRds);
    refused_alone(
        "has upgrade, a log that mysql does not write",
        managed().enabled_cloudwatch_logs_exports([DbLogExport::Upgrade]),
    );
    accepted_alone(managed().enabled_cloudwatch_logs_exports([DbLogExport::Error, DbLogExport::SlowQuery]));
    let generated = |length| MasterPassword::Secret(Secret::generated(length), 1);
    refused_alone("RDS takes 8 to 41", mysql().master_password(generated(42)));
    accepted_alone(mysql().master_password(generated(41)));
}

#[test]
fn passwords_of_no_good_length() {
    let with = |length| {
        DbInstance::postgres("17", DbInstanceClass::T3Medium)
            .storage(Gp3::gigabytes(20))
            .username("fathuss")
            .master_password(MasterPassword::Secret(Secret::generated(length), 1))
            .skip_final_snapshot(true)
    };
    refused_alone("`password_wo` has 7 characters; RDS takes 8 to 128", with(7));
    refused_alone("`password_wo` has 129 characters", with(129));
    accepted_alone(with(8));
    refused("`password_wo` has 7 characters", |stack| {
        let secret = stack.add("main", SecretsmanagerSecret::new());
        let version = SecretsmanagerSecretVersion::new(&secret, Secret::generated(7)).secret_string_wo_version(1);
        let version = stack.add("main", version);
        let instance = DbInstance::postgres("17", DbInstanceClass::T3Medium)
            .storage(Gp3::gigabytes(20))
            .username("fathuss")
            .master_password(MasterPassword::KeptBy(version))
            .skip_final_snapshot(true);
        stack.add("one", instance);
        line!() - 1
    });
}

#[test]
fn authorities_and_moments_that_are_none() {
    refused_alone("those of years, as rds-ca-2019, have expired", small().ca_cert_identifier("rds-ca-2019"));
    accepted_alone(small().ca_cert_identifier("rds-ca-ecc384-g1"));
    let at = |moment: &str| {
        DbInstance::postgres("17", DbInstanceClass::T3Medium).skip_final_snapshot(true).restore_to_point_in_time(
            RestoreToPointInTime::new().restore_time(moment).source_db_instance_identifier("orders"),
        )
    };
    for moment in ["yesterday", "2026-01-05", "2026-02-29T09:00:00Z", "2026-01-05T24:00:00Z"] {
        refused_alone("a moment is written as 2026-01-05T09:00:00Z", at(moment));
    }
    accepted_alone(at("2028-02-29T23:59:59.5+01:00"));
}

#[test]
fn parameters_that_take_a_restart() {
    let group = |family: &str, parameter: DbParameter| DbParameterGroup::new(family).parameter([parameter]);
    refused_alone(
        "`parameter` sets max_connections at once",
        group("postgres17", DbParameter::at_once("max_connections", "400")),
    );
    refused_alone(
        "`parameter` sets shared_buffers at once",
        group("postgres17", DbParameter::new("shared_buffers", "65536")),
    );
    accepted_alone(group("postgres17", DbParameter::at_restart("max_connections", "400")));
    accepted_alone(group("postgres17", DbParameter::at_once("log_statement", "ddl")));
    accepted_alone(group("mysql8.0", DbParameter::at_once("max_connections", "400")));
}

#[test]
fn services_in_the_vpcs_range() {
    let with = |stack: &mut Stack, range: &str| {
        let subnets = subnets(stack);
        let network = KubernetesNetworkConfig::new().service_ipv4_cidr(net(range));
        let place = ClusterVpcConfig::new(&subnets);
        stack.add("main", EksCluster::new("main", role(), place).kubernetes_network_config(network));
        line!() - 1
    };
    refused("services' range 10.0.128.0/20 overlaps 10.0.0.0/16", |stack| with(stack, "10.0.128.0/20"));
    accepted(|stack| {
        with(stack, "10.1.0.0/16");
    });
}

fn nodes() -> EksNodeGroup {
    let subnets: [Value<Id<Subnet>>; 1] = [Id::existing("subnet-0a1b2c3d4e5f60718")];
    EksNodeGroup::new(Name::existing("main"), role(), subnets, ScalingConfig::between(1, 1, 3))
}

#[test]
fn labels_that_are_not_ones_own() {
    for key in ["node-role.kubernetes.io/web", "k8s.io/web", "eks.amazonaws.com/web", "kubernetes.io/web"] {
        refused_alone("nodes may not give themselves labels of", nodes().labels([(key, "yes")]));
    }
    for key in ["node.kubernetes.io/web", "kubernetes.io/os", "example.com/web", "notkubernetes.io/web"] {
        accepted_alone(nodes().labels([(key, "yes")]));
    }
    for key in ["Example.com/web", "-a.com/web", "a..b/web", "/web"] {
        refused_alone("is no domain", nodes().labels([(key, "yes")]));
    }
}

#[test]
fn sizes_that_do_not_go_together() {
    refused_alone(
        "`instance_types` names t3.large twice",
        nodes().instance_types([InstanceType::T3Large, InstanceType::M6iLarge, InstanceType::T3Large]),
    );
    refused_alone(
        "no image is for both t3.medium and t4g.medium",
        nodes().instance_types([InstanceType::T3Medium, InstanceType::T4gMedium]),
    );
    refused_alone(
        "`ami_type` AL2023_x86_64_STANDARD is not for m7g.large",
        nodes().instance_types([InstanceType::M6iLarge, InstanceType::M7gLarge]).ami_type(AmiType::Al2023X8664Standard),
    );
    accepted_alone(nodes().instance_types([InstanceType::T4gMedium, InstanceType::M7gLarge]));
}

#[test]
fn nodes_roots_below_their_image() {
    refused_alone("`disk_size` is 19; the image of Amazon Linux has 20 GiB", nodes().disk_size(19));
    accepted_alone(nodes().disk_size(20));
    accepted_alone(nodes().disk_size(10).ami_type(AmiType::BottlerocketX8664));
    let with = |stack: &mut Stack, template: LaunchTemplate| {
        let template = stack.add("nodes", template);
        stack.add("one", nodes().launched_with(&template));
        line!() - 1
    };
    let root = |gigabytes| LaunchTemplate::new().block_device_mappings([BlockDeviceMapping::encrypted_root(gigabytes)]);
    refused("has a root volume of 10 GiB; the image of Amazon Linux has 20", |stack| with(stack, root(10)));
    for template in [root(20), root(10).image_id(Id::existing("ami-0a1b2c3d4e5f60718"))] {
        accepted(|stack| {
            with(stack, template);
        });
    }
}

#[test]
fn a_role_that_pods_can_not_have() {
    let with = |stack: &mut Stack, service: &str| {
        let role = stack.add("role", IamRole::new(Policy::new([Statement::assume_role(Principal::service(service))])));
        stack.add("one", EksPodIdentityAssociation::new(Name::existing("main"), "apps", "web", &role));
        line!() - 1
    };
    refused("does not trust pods.eks.amazonaws.com", |stack| with(stack, "ec2.amazonaws.com"));
    accepted(|stack| {
        with(stack, "pods.eks.amazonaws.com");
    });
}

#[test]
fn the_same_rule_twice() {
    let group = |stack: &mut Stack| {
        let vpc = vpc(stack);
        stack.add("main", SecurityGroup::new(&vpc, "main"))
    };
    refused("aws_vpc_security_group_ingress_rule.one (", |stack| {
        let group = group(stack);
        stack.add("one", IngressRule::tcp(&group, 443).from_range(net("0.0.0.0/0")));
        stack.add("two", IngressRule::tcp(&group, 443).from_range(net("0.0.0.0/0")).description("again"));
        line!() - 1
    });
    let other = || Id::existing("sg-0a1b2c3d");
    refused("aws_vpc_security_group_egress_rule.one (", |stack| {
        stack.add("one", EgressRule::all(other()).to_group(other()));
        stack.add("two", EgressRule::all(other()).to_group(other()));
        line!() - 1
    });
    accepted(|stack| {
        stack.add("one", EgressRule::all(other()).to_group(other()));
        stack.add("two", EgressRule::all(Id::existing("sg-0a1b2c3e")).to_group(other()));
    });
    accepted(|stack| {
        let group = group(stack);
        stack.add("one", IngressRule::tcp(&group, 443).from_range(net("0.0.0.0/0")));
        stack.add("two", IngressRule::tcp(&group, 443).from_group(&group));
        stack.add("three", IngressRule::tcp(&group, 444).from_group(&group));
        stack.add("one", EgressRule::tcp(&group, 443).to_range(net("0.0.0.0/0")));
    });
}

#[test]
fn the_same_name_twice_in_a_vpc() {
    refused("has the name web in the same VPC", |stack| {
        let vpc = vpc(stack);
        stack.add("one", SecurityGroup::new(&vpc, "one").name("web"));
        stack.add("two", SecurityGroup::new(&vpc, "two").name("web"));
        line!() - 1
    });
    accepted(|stack| {
        for name in ["one", "two"] {
            let vpc = stack.add(name, Vpc::new(net("10.0.0.0/16")));
            stack.add(name, SecurityGroup::new(&vpc, name).name("web"));
        }
    });
}

#[test]
fn the_same_address_twice_in_a_subnet() {
    let machine =
        |subnet: &Handle<Subnet>| Instance::new(Id::existing("ami-0a1b2c3d4e5f60718"), InstanceType::T3Large, subnet);
    refused("aws_network_interface.one (", |stack| {
        let subnet = subnet(stack);
        stack.add("one", NetworkInterface::new(&subnet).private_ips(["10.0.0.10", "10.0.0.11"]));
        stack.add("two", NetworkInterface::new(&subnet).private_ip("10.0.0.11"));
        line!() - 1
    });
    refused("has 10.0.0.10 in the same subnet", |stack| {
        let subnet = subnet(stack);
        stack.add("one", NetworkInterface::new(&subnet).private_ip("10.0.0.10"));
        stack.add("one", machine(&subnet).private_ip("10.0.0.10"));
        line!() - 1
    });
    refused("aws_instance.one (", |stack| {
        let subnet = subnet(stack);
        stack.add("one", machine(&subnet).private_ip("10.0.0.10"));
        stack.add("two", machine(&subnet).private_ip("10.0.0.10"));
        line!() - 1
    });
    refused("aws_network_interface.one (", |stack| {
        let interface = || NetworkInterface::new(Id::existing("subnet-0a1b2c3d")).private_ip("10.0.0.10");
        stack.add("one", interface());
        stack.add("two", interface());
        line!() - 1
    });
    refused("aws_instance.one (", |stack| {
        let subnet = subnet(stack);
        stack.add("one", machine(&subnet).private_ip("10.0.0.10"));
        let gateway = NatGateway::new(&subnet).connectivity_type(ConnectivityType::Private).private_ip("10.0.0.10");
        stack.add("one", gateway);
        line!() - 1
    });
    accepted(|stack| {
        let subnet = subnet(stack);
        stack.add("one", NetworkInterface::new(&subnet).private_ip("10.0.0.10").private_ips(["10.0.0.10"]));
        stack.add("one", machine(&subnet).private_ip("10.0.0.11"));
        stack.add("two", machine(&subnet));
    });
}

#[test]
fn devices_that_are_taken() {
    let volume = |stack: &mut Stack, name: &str| stack.add(name, EbsVolume::encrypted_gp3("us-east-1a", 8));
    let server = |stack: &mut Stack| {
        let subnet = subnet(stack);
        let image = stack.add("image", Ami::amazon_linux_2023("x86_64"));
        stack.add("server", Instance::new(&image, InstanceType::T3Large, &subnet))
    };
    refused("gives the instance a volume as /dev/sdf, too", |stack| {
        let server = server(stack);
        let (one, two) = (volume(stack, "one"), volume(stack, "two"));
        stack.add("one", VolumeAttachment::new("/dev/sdf", &one, &server));
        stack.add("two", VolumeAttachment::new("/dev/sdf", &two, &server));
        line!() - 1
    });
    refused("/dev/xvda is the root of aws_ami.image", |stack| {
        let (server, volume) = (server(stack), volume(stack, "one"));
        stack.add("one", VolumeAttachment::new("/dev/xvda", &volume, &server));
        line!() - 1
    });
    accepted(|stack| {
        let server = server(stack);
        let (one, two) = (volume(stack, "one"), volume(stack, "two"));
        stack.add("one", VolumeAttachment::new("/dev/sdf", &one, &server));
        stack.add("two", VolumeAttachment::new("/dev/sdg", &two, &server));
    });
}

#[test]
fn routes_to_what_stays_in_the_vpc() {
    let with = |stack: &mut Stack, destination: &str| {
        let vpc = vpc(stack);
        let (gateway, table) =
            (stack.add("main", InternetGateway::new(&vpc)), stack.add("main", RouteTable::new(&vpc)));
        stack.add("one", Route::new(&table, net(destination)).gateway_id(&gateway));
        line!() - 1
    };
    refused("10.0.0.0/16 is the range of aws_vpc.main", |stack| with(stack, "10.0.0.0/16"));
    refused("10.0.1.0/24 lies in 10.0.0.0/16", |stack| with(stack, "10.0.1.0/24"));
    for destination in ["10.0.0.0/8", "10.1.0.0/16", "0.0.0.0/0"] {
        accepted(|stack| {
            with(stack, destination);
        });
    }
}

#[test]
fn ids_that_are_none() {
    refused_alone("the id of a VPC is vpc- and", SecurityGroup::new(Id::existing("not-a-vpc"), "odd"));
    refused_alone("the id of a VPC is vpc- and", SecurityGroup::new(Id::existing("vpc-0A1B2C3D"), "odd"));
    accepted_alone(SecurityGroup::new(Id::existing("vpc-0a1b2c3d"), "even"));
    let subnets: [Value<Id<Subnet>>; 2] = [Id::existing("subnet-0a1b2c3d"), Id::existing("vpc-0a1b2c3d")];
    refused_alone("the id of a subnet is subnet- and", DbSubnetGroup::new(subnets));
    let vpc = || Id::existing("sg-0a1b2c3d4e5f607");
    refused_alone("the id of a security group is sg- and", IngressRule::tcp(vpc(), 443).from_range(net("0.0.0.0/0")));
    let place: [Value<Id<Subnet>>; 2] = [Id::existing("subnet-0a1b2c3d"), Id::existing("main")];
    refused_alone("the id of a subnet is subnet- and", EksCluster::new("odd", role(), ClusterVpcConfig::new(place)));
    refused_alone("the id of an image is ami- and", LaunchTemplate::new().image_id(Id::existing("ubuntu")));
    accepted_alone(LaunchTemplate::new().image_id(Id::existing("resolve:ssm:/images/web")));
}

#[test]
fn access_that_no_one_understands() {
    let user = |access: &str| {
        let mode = CacheAuthenticationMode::new(CacheAuthentication::NoPasswordRequired);
        ElasticacheUser::new("app", "app", CacheEngine::Valkey, access, mode)
    };
    for word in ["everything", "+", "%X~app:*", "read"] {
        refused_alone(&format!("`access_string` has {word:?}"), user(&format!("on ~* {word}")));
    }
    refused_alone("it is no category of commands", user("on ~* +@reed"));
    for access in [
        "on ~* +@all",
        "off resetkeys resetchannels -@all",
        "on %R~a:* %RW~b:* &news +@read -@dangerous +config|get allchannels nocommands",
        "on ~app:* +@read (~temp:* +SET)",
    ] {
        accepted_alone(user(access));
    }
}

#[test]
fn more_nodes_than_a_cluster_has() {
    refused_alone("101 shards with 4 replicas each are 505 nodes", redis(101, 4));
    accepted_alone(redis(100, 4));
}
