//! Replacements of what something else holds: for each field that holds, what AWS says to the delete of what it holds,
//! and what an apply makes of it. What can't be done is refused by the plan; all else is done.

use std::collections::BTreeSet;

use fathuss_engine::Provider;
use fathuss_engine::plan::{Goal, PlanError};
use fathuss_engine::provider::FailureClass;
use fathuss_engine::run::RunError;
use fathuss_model::aws::policy::{Policy, Principal, Statement};
use fathuss_model::aws::*;
use fathuss_model::graph::Graph;
use fathuss_model::schema::{Field, Hold};
use fathuss_model::{DeclarationExt, Handle, Ipv4Net, Resource as _, Result, Secret, Stack, actions, graph_of};
use fathuss_state::Store;

use super::hands;
use super::run::{Line, provider, world};
use super::tally::Tally;

/// A way to hold something.
struct Case {
    /// The type and field that hold.
    holder: &'static str,
    field: &'static str,
    /// What is replaced, by its address within the stack.
    held: &'static str,
    /// Whether AWS refuses to delete it meanwhile.
    kept: bool,
    /// The stack; what is held is to be replaced in its second version.
    build: fn(&mut Stack, bool) -> Result<()>,
}

/// What holds a key, which no change of a program replaces.
const HOLDING_KEYS: &[(&str, &str)] = &[
    ("aws_cloudwatch_log_group", "kms_key_id"),
    ("aws_kms_alias", "target_key_id"),
    ("aws_s3_bucket_replication_configuration", "rule.destination.encryption_configuration.replica_kms_key_id"),
    (
        "aws_s3_bucket_server_side_encryption_configuration",
        "rule.apply_server_side_encryption_by_default.kms_master_key_id",
    ),
    ("aws_secretsmanager_secret", "kms_key_id"),
    ("aws_sns_topic", "kms_master_key_id"),
];

const CASES: &[Case] = &[
    Case {
        holder: "aws_cloudfront_distribution",
        field: "origin.origin_access_control_id",
        held: "aws_cloudfront_origin_access_control.held",
        kept: true,
        build: |stack, second| {
            let name = if second { "other" } else { "one" };
            let control = stack.add("held", CloudfrontOriginAccessControl::s3().name(name));
            distribution(stack, &control, ViewerCertificate::of_cloudfront());
            Ok(())
        },
    },
    Case {
        holder: "aws_cloudfront_distribution",
        field: "viewer_certificate.acm_certificate_arn",
        held: "aws_acm_certificate.held",
        kept: true,
        build: |stack, second| {
            let algorithm = if second { KeyAlgorithm::EcPrime256v1 } else { KeyAlgorithm::Rsa2048 };
            let zone = stack.add("main", Route53Zone::new("main.test"));
            let certificate = stack.add("held", AcmCertificate::new("main.test").key_algorithm(algorithm));
            let proof = stack.add("proof", certificate.validation_record(&zone, 0));
            let issued = AcmCertificateValidation::new(&certificate).validation_record_fqdns([proof.fqdn()]);
            let issued = stack.add("held", issued);
            let control = stack.add("main", CloudfrontOriginAccessControl::s3());
            let shown = ViewerCertificate::of_acm(&certificate);
            let bucket = stack.add("files", S3Bucket::new());
            let made = files(&bucket, &control, shown);
            stack.add("main", made.depends_on(&issued));
            Ok(())
        },
    },
    Case {
        holder: "aws_internet_gateway",
        field: "vpc_id",
        held: "aws_vpc.main",
        kept: true,
        build: |stack, second| {
            let vpc = vpc(stack, if second { 1 } else { 0 })?;
            let internet = stack.add("main", InternetGateway::new(&vpc));
            let range = net(if second { "10.1.0.0/24" } else { "10.0.0.0/24" })?;
            let subnet = stack.add(
                "public",
                // A zone that has the machine's type.
                Subnet::new(&vpc, range).availability_zone("us-east-1a").map_public_ip_on_launch(true),
            );
            let table = stack.add("public", RouteTable::new(&vpc));
            stack.add("public", Route::to_internet(&table, &internet));
            stack.add("public", RouteTableAssociation::new(&subnet, &table));
            let address = stack.add("nat", Eip::new());
            stack.add("main", NatGateway::public(&subnet, &address));
            machine(stack, &subnet, |machine| machine);
            Ok(())
        },
    },
    Case {
        holder: "aws_route_table_association",
        field: "route_table_id",
        held: "aws_route_table.one",
        kept: true,
        build: |stack, second| {
            let vpc = vpc(stack, if second { 1 } else { 0 })?;
            let range = net(if second { "10.1.0.0/24" } else { "10.0.0.0/24" })?;
            let subnet = stack.add("one", Subnet::new(&vpc, range));
            let table = stack.add("one", RouteTable::new(&vpc));
            stack.add("one", RouteTableAssociation::new(&subnet, &table));
            Ok(())
        },
    },
    Case {
        holder: "aws_vpc_security_group_ingress_rule",
        field: "referenced_security_group_id",
        held: "aws_security_group.held",
        kept: true,
        build: |stack, second| {
            let (vpc, held) = guarded(stack, second)?;
            let other = stack.add("other", SecurityGroup::new(&vpc, "stays"));
            stack.add("from", IngressRule::tcp(&other, 443).from_group(&held));
            Ok(())
        },
    },
    Case {
        holder: "aws_vpc_security_group_egress_rule",
        field: "referenced_security_group_id",
        held: "aws_security_group.held",
        kept: true,
        build: |stack, second| {
            let (vpc, held) = guarded(stack, second)?;
            let other = stack.add("other", SecurityGroup::new(&vpc, "stays"));
            stack.add("to", EgressRule::tcp(&other, 443).to_group(&held));
            Ok(())
        },
    },
    Case {
        holder: "aws_vpc_endpoint",
        field: "subnet_ids",
        held: "aws_subnet.a",
        kept: true,
        build: |stack, second| {
            let (vpc, group) = guarded(stack, false)?;
            let subnets = pair(stack, &vpc, second)?;
            endpoint(stack, &vpc, &subnets, &group);
            Ok(())
        },
    },
    Case {
        holder: "aws_vpc_endpoint",
        field: "security_group_ids",
        held: "aws_security_group.held",
        kept: true,
        build: |stack, second| {
            let (vpc, group) = guarded(stack, second)?;
            let subnets = pair(stack, &vpc, false)?;
            endpoint(stack, &vpc, &subnets, &group);
            Ok(())
        },
    },
    Case {
        holder: "aws_network_interface",
        field: "security_groups",
        held: "aws_security_group.held",
        kept: true,
        build: |stack, second| {
            let (vpc, held) = guarded(stack, second)?;
            let subnets = pair(stack, &vpc, false)?;
            stack.add("one", NetworkInterface::new(&subnets[0]).security_groups([&held]));
            Ok(())
        },
    },
    Case {
        holder: "aws_iam_instance_profile",
        field: "role",
        held: "aws_iam_role.held",
        // The delete takes it out of the profile, as Terraform's does.
        kept: false,
        build: |stack, second| {
            let role = role(stack, "held", "ec2.amazonaws.com", second);
            let profile = stack.add("servers", IamInstanceProfile::new(&role).name("servers"));
            let (vpc, _) = guarded(stack, false)?;
            let subnet = stack.add("one", Subnet::new(&vpc, net("10.0.0.0/24")?).availability_zone("us-east-1a"));
            machine(stack, &subnet, |machine| machine.iam_instance_profile(&profile));
            Ok(())
        },
    },
    Case {
        holder: "aws_instance",
        field: "iam_instance_profile",
        held: "aws_iam_instance_profile.held",
        // IAM asks nobody, and the instance is left without credentials.
        kept: false,
        build: |stack, second| {
            let role = role(stack, "servers", "ec2.amazonaws.com", false);
            let profile = IamInstanceProfile::new(&role).path(path(second));
            let profile = stack.add("held", profile);
            let (vpc, _) = guarded(stack, false)?;
            let subnet = stack.add("one", Subnet::new(&vpc, net("10.0.0.0/24")?).availability_zone("us-east-1a"));
            machine(stack, &subnet, |machine| machine.iam_instance_profile(&profile));
            Ok(())
        },
    },
    Case {
        holder: "aws_instance",
        field: "vpc_security_group_ids",
        held: "aws_security_group.held",
        kept: true,
        build: |stack, second| {
            let (vpc, held) = guarded(stack, second)?;
            let subnet = stack.add("one", Subnet::new(&vpc, net("10.0.0.0/24")?).availability_zone("us-east-1a"));
            machine(stack, &subnet, |machine| machine.security_group(&held));
            Ok(())
        },
    },
    Case {
        holder: "aws_launch_template",
        field: "vpc_security_group_ids",
        held: "aws_security_group.held",
        // What was launched with the template keeps it, and no template alone.
        kept: false,
        build: |stack, second| {
            let (_, held) = guarded(stack, second)?;
            stack.add("nodes", LaunchTemplate::new().vpc_security_group_ids([&held]));
            Ok(())
        },
    },
    Case {
        holder: "aws_iam_role",
        field: "permissions_boundary",
        held: "aws_iam_policy.held",
        kept: true,
        build: |stack, second| {
            let policy =
                IamPolicy::new(Policy::new([Statement::allow(actions!["s3:GetObject"]).on("*")])).path(path(second));
            let policy = stack.add("held", policy);
            let trust = Policy::new([Statement::assume_role(Principal::service("ec2.amazonaws.com"))]);
            stack.add("bounded", IamRole::new(trust).permissions_boundary(&policy));
            Ok(())
        },
    },
    Case {
        holder: "aws_db_subnet_group",
        field: "subnet_ids",
        held: "aws_subnet.a",
        // No machine stands in it.
        kept: false,
        build: |stack, second| {
            let vpc = vpc(stack, 0)?;
            let subnets = pair(stack, &vpc, second)?;
            stack.add("data", DbSubnetGroup::new(&subnets));
            Ok(())
        },
    },
    Case {
        holder: "aws_elasticache_subnet_group",
        field: "subnet_ids",
        held: "aws_subnet.a",
        kept: false,
        build: |stack, second| {
            let vpc = vpc(stack, 0)?;
            let subnets = pair(stack, &vpc, second)?;
            stack.add("data", ElasticacheSubnetGroup::new(&subnets));
            Ok(())
        },
    },
    Case {
        holder: "aws_db_instance",
        field: "db_subnet_group_name",
        held: "aws_db_subnet_group.data",
        kept: true,
        build: |stack, second| {
            let (vpc, group) = guarded(stack, false)?;
            let subnets = pair(stack, &vpc, second)?;
            let parameters = db_parameters(stack, false);
            database(stack, &subnets, &group, &parameters, "fathuss");
            Ok(())
        },
    },
    Case {
        holder: "aws_db_instance",
        field: "vpc_security_group_ids",
        held: "aws_security_group.held",
        kept: true,
        build: |stack, second| {
            let (vpc, group) = guarded(stack, second)?;
            let subnets = pair(stack, &vpc, false)?;
            let parameters = db_parameters(stack, false);
            database(stack, &subnets, &group, &parameters, "fathuss");
            Ok(())
        },
    },
    Case {
        holder: "aws_db_instance",
        field: "parameter_group_name",
        held: "aws_db_parameter_group.held",
        kept: true,
        build: |stack, second| {
            let (vpc, group) = guarded(stack, false)?;
            let subnets = pair(stack, &vpc, false)?;
            let parameters = db_parameters(stack, second);
            database(stack, &subnets, &group, &parameters, "fathuss");
            Ok(())
        },
    },
    Case {
        holder: "aws_db_instance",
        field: "replicate_source_db",
        held: "aws_db_instance.main",
        // RDS makes the replica stand on its own.
        kept: false,
        build: |stack, second| {
            let (vpc, group) = guarded(stack, false)?;
            let subnets = pair(stack, &vpc, false)?;
            let parameters = db_parameters(stack, false);
            let user = if second { "other" } else { "fathuss" };
            let main = database(stack, &subnets, &group, &parameters, user);
            let replica = DbInstance::replica_of(&main, DbInstanceClass::T3Medium).skip_final_snapshot(true);
            stack.add("replica", replica.apply_immediately(true));
            Ok(())
        },
    },
    Case {
        holder: "aws_elasticache_replication_group",
        field: "security_group_ids",
        held: "aws_security_group.held",
        kept: true,
        build: |stack, second| {
            let (vpc, group) = guarded(stack, second)?;
            cache(stack, &vpc, &group, false)
        },
    },
    Case {
        holder: "aws_elasticache_replication_group",
        field: "parameter_group_name",
        held: "aws_elasticache_parameter_group.held",
        kept: true,
        build: |stack, second| {
            let (vpc, group) = guarded(stack, false)?;
            cache(stack, &vpc, &group, second)
        },
    },
    Case {
        holder: "aws_elasticache_user_group",
        field: "user_ids",
        held: "aws_elasticache_user.held",
        kept: true,
        build: |stack, second| {
            let held = cache_user(stack, second);
            stack.add("apps", ElasticacheUserGroup::new("apps", CacheEngine::Redis, [&held]));
            Ok(())
        },
    },
    Case {
        holder: "aws_elasticache_replication_group",
        field: "user_group_ids",
        held: "aws_elasticache_user_group.held",
        kept: true,
        build: |stack, second| {
            let user = cache_user(stack, false);
            let id = if second { "others" } else { "apps" };
            let held = stack.add("held", ElasticacheUserGroup::new(id, CacheEngine::Redis, [&user]));
            let (vpc, group) = guarded(stack, false)?;
            let subnets = pair(stack, &vpc, false)?;
            let subnets = stack.add("users", ElasticacheSubnetGroup::new(&subnets));
            let cache = ElasticacheReplicationGroup::new("cache", CacheNodeType::T4gSmall)
                .transit_encryption_enabled(true)
                .num_node_groups(1)
                .subnets(&subnets)
                .security_group(&group)
                .user_group_ids([&held]);
            stack.add("users", cache.apply_immediately(true));
            Ok(())
        },
    },
    Case {
        holder: "aws_eks_cluster",
        field: "vpc_config.subnet_ids",
        held: "aws_subnet.a",
        kept: true,
        build: |stack, second| {
            let (vpc, group) = guarded(stack, false)?;
            let subnets = pair(stack, &vpc, second)?;
            cluster(stack, &subnets, &group);
            Ok(())
        },
    },
    Case {
        holder: "aws_eks_cluster",
        field: "vpc_config.security_group_ids",
        held: "aws_security_group.held",
        kept: true,
        build: |stack, second| {
            let (vpc, group) = guarded(stack, second)?;
            let subnets = pair(stack, &vpc, false)?;
            cluster(stack, &subnets, &group);
            Ok(())
        },
    },
];

#[test]
fn every_field_that_holds_has_a_case() {
    let cases: BTreeSet<(&str, String)> = CASES.iter().map(|case| (case.holder, case.field.to_owned())).collect();
    let mut all = BTreeSet::new();
    for schema in fathuss_model::schemas() {
        let mut holding = Vec::new();
        schema.fields.iter().for_each(|field| find(field, field.name, &mut holding));
        all.extend(holding.into_iter().map(|path| (schema.kind, path)));
    }
    let never = |(kind, path): &(&str, String)| HOLDING_KEYS.contains(&(*kind, path.as_str()));
    assert!(KmsKey::SCHEMA.fields.iter().all(|field| !field.replace), "then these need cases of their own");
    all.retain(|held| !never(held));
    assert_eq!(cases, all);
}

/// The default user of a group.
fn cache_user(stack: &mut Stack, second: bool) -> Handle<ElasticacheUser> {
    let mode = CacheAuthenticationMode::new(CacheAuthentication::NoPasswordRequired);
    let id = if second { "second" } else { "first" };
    stack.add("held", ElasticacheUser::new(id, "default", CacheEngine::Redis, "on ~* +@all", mode))
}

/// The fields that change in place and hold what they refer to.
fn find(field: &Field, path: &str, found: &mut Vec<String>) {
    if !field.replace && field.hold != Hold::Free {
        found.push(path.to_owned());
    }
    if let Some(fields) = field.ty.block() {
        fields.iter().for_each(|field| find(field, &format!("{path}.{}", field.name), found));
    }
}

/// How a field holds, by its schema.
fn hold_of(case: &Case) -> Hold {
    let schema = fathuss_model::schemas().find(|schema| schema.kind == case.holder).expect("it is a type");
    let mut fields = schema.fields;
    let mut hold = Hold::Free;
    for step in case.field.split('.') {
        let field = fields.iter().find(|field| field.name == step).expect("it has the field");
        hold = field.hold;
        fields = field.ty.block().unwrap_or(fields);
    }
    hold
}

#[tokio::test(start_paused = true)]
async fn what_is_held_is_replaced_where_that_can_be_and_refused_in_the_plan_where_not() {
    for (case, seed) in CASES.iter().zip(100..) {
        let name = format!("{}.{} of {}", case.holder, case.field, case.held);
        let mut line = Line::new(seed, world(seed));
        let mut tally = Tally::default();
        let applied = line.step("first", &graph(case, false), Goal::Apply, &mut tally).await;
        applied.unwrap_or_else(|violation| panic!("{name}: {violation}"));
        if case.kept {
            assert_eq!(delete(&line, case.held).await, Some(FailureClass::NotYet), "{name}");
        }
        let second = graph(case, true);
        if hold_of(case) == Hold::Firm {
            let Err(RunError::Plan(PlanError::Held { held, holder, field, .. })) =
                line.plan(&second, Goal::Apply).await
            else {
                panic!("{name} is planned")
            };
            assert_eq!(held.local(), case.held, "{name}");
            assert_eq!((holder.kind(), field.as_str()), (case.holder, case.field), "{name}");
            continue;
        }
        let applied = line.step("second", &second, Goal::Apply, &mut tally).await;
        applied.unwrap_or_else(|violation| panic!("{name}: {violation}"));
        let destroyed = line.step("destroy", &second, Goal::Destroy, &mut tally).await;
        destroyed.unwrap_or_else(|violation| panic!("{name}: {violation}"));
    }
}

/// What AWS says to the delete of something.
async fn delete(line: &Line, local: &str) -> Option<FailureClass> {
    let snapshot = line.store.snapshot().expect("it can be read");
    let record = snapshot.resources.values().find(|record| record.address.local() == local).expect("it is there");
    let aws = provider(&line.simulator, &line.calm(), &snapshot.lineage);
    let standing = hands::standing(&snapshot, record);
    aws.delete(&standing).await.err().map(|failure| failure.class)
}

fn graph(case: &Case, second: bool) -> Graph {
    let built = graph_of("held", |stack| {
        stack.place("us-east-1", super::declare::ACCOUNT);
        (case.build)(stack, second)
    });
    built.unwrap_or_else(|findings| panic!("{}: {findings:?}", case.holder))
}

fn net(text: &str) -> Result<Ipv4Net> {
    Ok(text.parse()?)
}

fn path(second: bool) -> &'static str {
    if second { "/moved/" } else { "/" }
}

fn vpc(stack: &mut Stack, number: u8) -> Result<Handle<Vpc>> {
    Ok(stack.add("main", Vpc::new(net(&format!("10.{number}.0.0/16"))?)))
}

/// A VPC and a security group.
fn guarded(stack: &mut Stack, second: bool) -> Result<(Handle<Vpc>, Handle<SecurityGroup>)> {
    let vpc = vpc(stack, 0)?;
    let wording = if second { "other words" } else { "some words" };
    let group = stack.add("held", SecurityGroup::new(&vpc, wording));
    Ok((vpc, group))
}

/// Two subnets in two zones, of which the first may have another range.
fn pair(stack: &mut Stack, vpc: &Handle<Vpc>, second: bool) -> Result<Vec<Handle<Subnet>>> {
    let first = net(if second { "10.0.7.0/24" } else { "10.0.0.0/24" })?;
    Ok(vec![
        stack.add("a", Subnet::new(vpc, first).availability_zone("us-east-1a")),
        stack.add("b", Subnet::new(vpc, net("10.0.1.0/24")?).availability_zone("us-east-1b")),
    ])
}

fn endpoint(stack: &mut Stack, vpc: &Handle<Vpc>, subnets: &[Handle<Subnet>], group: &Handle<SecurityGroup>) {
    let endpoint = VpcEndpoint::new(vpc, "com.amazonaws.us-east-1.sts")
        .vpc_endpoint_type(VpcEndpointType::Interface)
        .subnet_ids(subnets)
        .security_group_ids([group]);
    stack.add("sts", endpoint);
}

/// What answers with a bucket's files.
fn files(
    bucket: &Handle<S3Bucket>,
    control: &Handle<CloudfrontOriginAccessControl>,
    shown: ViewerCertificate,
) -> CloudfrontDistribution {
    let origin = DistributionOrigin::bucket("files", bucket.bucket_regional_domain_name(), control);
    let usual = DefaultCacheBehavior::files_of("files");
    CloudfrontDistribution::new([origin], usual, Restrictions::none(), shown, true)
}

fn distribution(stack: &mut Stack, control: &Handle<CloudfrontOriginAccessControl>, shown: ViewerCertificate) {
    let bucket = stack.add("files", S3Bucket::new());
    stack.add("main", files(&bucket, control, shown));
}

fn role(stack: &mut Stack, name: &str, service: &str, second: bool) -> Handle<IamRole> {
    let trust = Policy::new([Statement::assume_role(Principal::service(service))]);
    stack.add(name, IamRole::new(trust).name(name.to_owned()).path(path(second)))
}

fn machine(stack: &mut Stack, subnet: &Handle<Subnet>, with: impl FnOnce(Instance) -> Instance) {
    let image = stack.add("image", Ami::amazon_linux_2023("x86_64"));
    let machine = Instance::new(&image, InstanceType::T3Medium, subnet).metadata_options(MetadataOptions::v2_only());
    stack.add("one", with(machine.root_block_device(RootBlockDevice::encrypted_gp3(20))));
}

fn db_parameters(stack: &mut Stack, second: bool) -> Handle<DbParameterGroup> {
    let wording = if second { "other words" } else { "some words" };
    stack.add("held", DbParameterGroup::new("postgres17").description(wording))
}

fn database(
    stack: &mut Stack,
    subnets: &[Handle<Subnet>],
    group: &Handle<SecurityGroup>,
    parameters: &Handle<DbParameterGroup>,
    user: &str,
) -> Handle<DbInstance> {
    let place = stack.add("data", DbSubnetGroup::new(subnets));
    let database = DbInstance::postgres("17", DbInstanceClass::T3Medium)
        .storage(Gp3::gigabytes(20))
        .subnets(&place)
        .security_group(group)
        .parameters(parameters)
        .username(user.to_owned())
        .master_password(MasterPassword::Secret(Secret::from_environment("PASSWORD"), 1))
        .backup_retention_period(1)
        .apply_immediately(true)
        .skip_final_snapshot(true);
    stack.add("main", database)
}

fn cache(stack: &mut Stack, vpc: &Handle<Vpc>, group: &Handle<SecurityGroup>, second: bool) -> Result<()> {
    let subnets = pair(stack, vpc, false)?;
    let place = stack.add("data", ElasticacheSubnetGroup::new(&subnets));
    let wording = if second { "other words" } else { "some words" };
    let parameters = ElasticacheParameterGroup::new("redis7")
        .description(wording)
        .parameter([CacheParameter::new("cluster-enabled", "yes")]);
    let parameters = stack.add("held", parameters);
    let cache = ElasticacheReplicationGroup::redis_cluster("sessions", "7.1", CacheNodeType::T4gSmall, 1, 1)
        .subnets(&place)
        .parameters(&parameters)
        .security_group(group);
    stack.add("main", cache);
    Ok(())
}

fn cluster(stack: &mut Stack, subnets: &[Handle<Subnet>], group: &Handle<SecurityGroup>) {
    let role = role(stack, "cluster", "eks.amazonaws.com", false);
    let permitted =
        stack.add("cluster", IamRolePolicyAttachment::new(&role, IamPolicy::of_aws("AmazonEKSClusterPolicy")));
    let place = ClusterVpcConfig::new(subnets.to_vec())
        .security_group_ids([group])
        .endpoint_private_access(true)
        .endpoint_public_access(false);
    let access = AccessConfig::new()
        .authentication_mode(AuthenticationMode::Api)
        .bootstrap_cluster_creator_admin_permissions(false);
    let cluster = EksCluster::new("main", &role, place).version("1.35").access_config(access);
    stack.add("main", cluster.depends_on(&permitted));
}
