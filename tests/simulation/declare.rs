//! A blueprint in the words of a stack program: the typed API, with all the model's checks.

use std::collections::{BTreeMap, BTreeSet};

use fathuss_model::aws::policy::{Policy, Principal, Statement};
use fathuss_model::aws::{
    AbortIncompleteMultipartUpload, EncryptionByDefault, EncryptionRule, LifecycleExpiration, LifecycleFilter,
    LifecycleRule, LifecycleTransition, ObjectOwnership, OwnershipRule, RuleStatus, S3Bucket,
    S3BucketLifecycleConfiguration, S3BucketOwnershipControls, S3BucketPolicy, S3BucketPublicAccessBlock,
    S3BucketServerSideEncryptionConfiguration, S3BucketVersioning, SseAlgorithm, StorageClass, VersioningConfiguration,
    VersioningStatus,
};
use fathuss_model::aws::{
    AccessConfig, AccessPolicy, AccessScope, Ami, AuthenticationMode, AvailabilityZones, BlockDeviceMapping,
    CacheNodeType, CacheParameter, CallerIdentity, ClusterMode, ClusterVpcConfig, DbInstance, DbInstanceClass,
    DbParameter, DbParameterGroup, DbSubnetGroup, DefaultSecurityGroup, EbsVolume, EgressRule, Eip, EksAccessEntry,
    EksAccessPolicyAssociation, EksAddon, EksCluster, EksNodeGroup, ElasticacheParameterGroup,
    ElasticacheReplicationGroup, ElasticacheSubnetGroup, EncryptionConfig, FifoThroughputScope,
    FlowLogDestinationOptions, FlowLogFileFormat, GeoRestriction, GeoRestrictionType, Gp3, IamInstanceProfile,
    IamOpenidConnectProvider, IamPolicy, IamRole, IamRolePolicyAttachment, IngressRule, Instance, InstanceType,
    InternetGateway, IpProtocol, KmsAlias, KmsKey, LaunchTemplate, LoggingConfig, MasterPassword, MetadataOptions,
    NatGateway, RecordAlias, ResolveConflicts, RootBlockDevice, Route, RouteTable, RouteTableAssociation,
    ScalingConfig, SecurityGroup, Subnet, TransitEncryptionMode, VolumeAttachment, VolumeType, Vpc,
};
use fathuss_model::aws::{
    AcmCertificate, AcmCertificateValidation, CloudfrontDistribution, CloudfrontOriginAccessControl,
    CustomErrorResponse, DefaultCacheBehavior, DistributionOrigin, HttpMethod, KeyAlgorithm, OrderedCacheBehavior,
    Restrictions, ViewerCertificate, ViewerProtocolPolicy, cache_policy,
};
use fathuss_model::aws::{
    AutoscalingGroup, AutoscalingPolicy, GroupMetric, ScalingAdjustmentType, StepAdjustment,
    TargetTrackingConfiguration,
};
use fathuss_model::aws::{
    BackupCopy, BackupLifecycle, BackupPlan, BackupRule, BackupSelection, BackupVault, BudgetNotification,
    BudgetNotificationType, BudgetsBudget, CacheAuthentication, CacheAuthenticationMode, CacheEngine,
    CeCostAllocationTag, CostAllocationTagStatus, ElasticacheUser, ElasticacheUserGroup, SelectionTag, SsmParameter,
};
use fathuss_model::aws::{
    CloudwatchDashboard, CloudwatchMetricAlarm, ComparisonOperator, MetricQuery, QueriedMetric, SnsTopic,
    SnsTopicPolicy, SnsTopicSubscription, Statistic, SubscriptionProtocol,
};
use fathuss_model::aws::{
    CloudwatchLogGroup, ConnectivityType, LaunchTemplateInstanceProfile, LogGroupClass, RecordType, Route53Record,
    Route53Zone, SecretsmanagerSecret, SecretsmanagerSecretVersion, WeightedRouting, ZoneVpc,
};
use fathuss_model::aws::{
    DbEngine, DbInstanceAutomatedBackupsReplication, DbOption, DbOptionGroup, DbOptionSetting, DbSnapshot,
    DeleteMarkerReplication, Ec2InstanceTypeOfferings, EksAddonVersion, EksFargateProfile, EksPodIdentityAssociation,
    FargateSelector, Filter, IamRolePolicy, OfferingLocation, OptionEngine, RdsEngineVersion, ReplicaEncryption,
    ReplicationDestination, ReplicationRule, S3BucketReplicationConfiguration, Selected, SourceSelectionCriteria,
};
use fathuss_model::aws::{
    DefaultNetworkAcl, DefaultRoute, DefaultRouteTable, FlowLog, NetworkAcl, NetworkAclAction, NetworkAclRule,
    NetworkInterface, VpcEndpoint, VpcEndpointType,
};
use fathuss_model::graph::{Finding, Graph};
use fathuss_model::random::RandomId;
use fathuss_model::terraform::Data;
use fathuss_model::{
    Declaration, DeclarationExt, Declared, Expression, Handle, IntoValue, Ipv4Net, Json, Result, Secret, Stack, Value,
    actions, graph_of,
};

use serde_json::json;

use super::blueprint::{
    Blueprint, Item, Kept, Key, Peer, PolicyOf, REGIONS, RETENTIONS, RecordKind, RouteTarget, Scaling, Setting, Thing,
};

/// The account they belong to.
pub const ACCOUNT: &str = "111122223333";
/// The stack's name.
pub const STACK: &str = "dst";

/// The graph of a blueprint, or what the model has against it.
pub fn graph(blueprint: &Blueprint) -> std::result::Result<Graph, Vec<Finding>> {
    graph_of(STACK, |stack| {
        stack.place(REGIONS[0], ACCOUNT);
        let mut declaring = Declaring { blueprint, made: Made::default(), done: BTreeSet::new() };
        for item in &blueprint.items {
            declaring.with_needs(stack, item)?;
        }
        Ok(())
    })
}

struct Declaring<'a> {
    blueprint: &'a Blueprint,
    made: Made,
    done: BTreeSet<Key>,
}

#[derive(Default)]
struct Made {
    images: BTreeMap<Key, Handle<Ami>>,
    vpcs: BTreeMap<Key, Handle<Vpc>>,
    subnets: BTreeMap<Key, Handle<Subnet>>,
    internets: BTreeMap<Key, Handle<InternetGateway>>,
    eips: BTreeMap<Key, Handle<Eip>>,
    nats: BTreeMap<Key, Handle<NatGateway>>,
    tables: BTreeMap<Key, Handle<RouteTable>>,
    groups: BTreeMap<Key, Handle<SecurityGroup>>,
    roles: BTreeMap<Key, Handle<IamRole>>,
    policies: BTreeMap<Key, Handle<IamPolicy>>,
    permits: BTreeMap<Key, Handle<IamRolePolicyAttachment>>,
    profiles: BTreeMap<Key, Handle<IamInstanceProfile>>,
    templates: BTreeMap<Key, Handle<LaunchTemplate>>,
    instances: BTreeMap<Key, Handle<Instance>>,
    volumes: BTreeMap<Key, Handle<EbsVolume>>,
    keys: BTreeMap<Key, Handle<KmsKey>>,
    zones: BTreeMap<Key, Handle<Route53Zone>>,
    certificates: BTreeMap<Key, Handle<AcmCertificate>>,
    proofs: BTreeMap<Key, Handle<Route53Record>>,
    records: BTreeMap<Key, Handle<Route53Record>>,
    issued: BTreeMap<Key, Handle<AcmCertificateValidation>>,
    writable: BTreeMap<Key, Handle<S3BucketOwnershipControls>>,
    controls: BTreeMap<Key, Handle<CloudfrontOriginAccessControl>>,
    clusters: BTreeMap<Key, Handle<EksCluster>>,
    node_groups: BTreeMap<Key, Handle<EksNodeGroup>>,
    entries: BTreeMap<Key, Handle<EksAccessEntry>>,
    buckets: BTreeMap<Key, Handle<S3Bucket>>,
    db_subnets: BTreeMap<Key, Handle<DbSubnetGroup>>,
    db_parameters: BTreeMap<Key, Handle<DbParameterGroup>>,
    databases: BTreeMap<Key, Handle<DbInstance>>,
    cache_subnets: BTreeMap<Key, Handle<ElasticacheSubnetGroup>>,
    cache_users: BTreeMap<Key, Handle<ElasticacheUser>>,
    user_groups: BTreeMap<Key, Handle<ElasticacheUserGroup>>,
    cache_parameters: BTreeMap<Key, Handle<ElasticacheParameterGroup>>,
    secrets: BTreeMap<Key, Handle<SecretsmanagerSecret>>,
    topics: BTreeMap<Key, Handle<SnsTopic>>,
    log_groups: BTreeMap<Key, Handle<CloudwatchLogGroup>>,
    interfaces: BTreeMap<Key, Handle<NetworkInterface>>,
    vaults: BTreeMap<Key, Handle<BackupVault>>,
    plans: BTreeMap<Key, Handle<BackupPlan>>,
}

fn picked<R>(made: &BTreeMap<Key, Handle<R>>, keys: &[Key]) -> Vec<Handle<R>> {
    keys.iter().map(|key| made[key].clone()).collect()
}

fn net(text: String) -> Result<Ipv4Net> {
    Ok(text.parse()?)
}

/// A range of its own for each number, outside all VPCs.
fn outside(first: u8, number: u16) -> Result<Ipv4Net> {
    net(format!("{}.{}.{}.0/24", u16::from(first) + number / 10_000, number / 100 % 100, number % 100))
}

/// So many rules of a network ACL, of several kinds.
fn acl_rules(count: u32) -> Result<Vec<NetworkAclRule>> {
    let mut rules = Vec::new();
    for at in 0..count % 7 {
        let number = 100 + i64::from(at) * 10;
        let range = outside(40, u16::try_from(at + count)?)?;
        rules.push(match at % 3 {
            0 => NetworkAclRule::tcp(number, NetworkAclAction::Allow, 443, 443 + i64::from(count), range),
            1 => NetworkAclRule::all(number, NetworkAclAction::Deny, range),
            _ => NetworkAclRule::new(number, NetworkAclAction::Allow, IpProtocol::Icmp)
                .icmp_type(-1)
                .icmp_code(-1)
                .cidr_block(range),
        });
    }
    Ok(rules)
}

/// A resource with an item's tags.
macro_rules! tagged {
    ($resource:expr, $item:expr) => {{
        let mut resource = $resource;
        for (key, value) in &$item.tags {
            resource = resource.tag(key, value);
        }
        resource
    }};
}

/// A rule of either direction, which have the same fields and no type in common.
macro_rules! rule {
    ($resource:ident, $made:expr, $item:expr) => {{
        let Thing::Rule { group, port, width, udp, peer, note, .. } = &$item.thing else {
            unreachable!("it is a rule")
        };
        let protocol = if *udp { IpProtocol::Udp } else { IpProtocol::Tcp };
        let mut rule = $resource::new(&$made.groups[group], protocol).from_port(*port).to_port(port + width);
        rule = match peer {
            Peer::Range(number) => rule.cidr_ipv4(outside(30, *number)?),
            Peer::Group(other) => rule.referenced_security_group_id(&$made.groups[other]),
        };
        if let Some(note) = note {
            rule = rule.description(format!("Note {note}"));
        }
        rule
    }};
}
/// A document that holds no references.
fn document(json: &serde_json::Value) -> Value<Json> {
    Value::from_expression(Expression::Literal(json.to_string().into()))
}

impl Declaring<'_> {
    fn with_needs(&mut self, stack: &mut Stack, item: &Item) -> Result<()> {
        if !self.done.insert(item.key) {
            return Ok(());
        }
        for (needed, _) in item.thing.needs() {
            let needed = self.blueprint.items.iter().find(|other| other.key == needed).expect("it is in the stack");
            self.with_needs(stack, needed)?;
        }
        match &item.thing {
            Thing::Question { kind } => {
                ask(stack, item, kind);
                Ok(())
            }
            Thing::ScalingGroup { nodes } => {
                let name = ("item", item.key);
                let group = AutoscalingGroup::new(self.made.node_groups[nodes].autoscaling_group_name());
                stack.add(name, at(group, item));
                Ok(())
            }
            Thing::ScalingPolicy { nodes, how, by, name } => {
                scaling(stack, item, &self.made.node_groups[nodes], *how, *by, *name);
                Ok(())
            }
            thing if thing.kind().starts_with("aws_eks") => self.eks(stack, item),
            thing if thing.kind().starts_with("aws_db") || thing.kind().starts_with("aws_elasticache") => {
                self.data(stack, item)
            }
            thing if thing.kind().starts_with("aws_iam") => self.iam(stack, item),
            thing if thing.kind().starts_with("aws_kms") => self.kms(stack, item),
            Thing::HostedZone { .. }
            | Thing::Record { .. }
            | Thing::Certificate { .. }
            | Thing::Proof { .. }
            | Thing::Issued { .. } => {
                self.names(stack, item);
                Ok(())
            }
            Thing::LogGroup { .. } | Thing::Secret { .. } | Thing::SecretVersion { .. } => {
                self.kept(stack, item);
                Ok(())
            }
            thing if thing.kind().starts_with("aws_cloudfront") => {
                self.delivery(stack, item);
                Ok(())
            }
            thing if thing.kind().starts_with("aws_sns") || thing.kind().starts_with("aws_cloudwatch") => {
                self.alarms(stack, item);
                Ok(())
            }
            thing if thing.kind().starts_with("aws_backup") => {
                self.backups(stack, item);
                Ok(())
            }
            Thing::Budget { .. } | Thing::CostTag { .. } => {
                self.costs(stack, item);
                Ok(())
            }
            thing if thing.kind().starts_with("aws_s3") => self.objects(stack, item),
            _ => self.ec2(stack, item),
        }
    }

    fn objects(&mut self, stack: &mut Stack, item: &Item) -> Result<()> {
        let name = ("item", item.key);
        let made = &mut self.made;
        let (bucket, setting) = match &item.thing {
            Thing::Bucket { name: given } => {
                let mut bucket = S3Bucket::new();
                if let Some(number) = given {
                    bucket = bucket.bucket(format!("dst-{number}"));
                }
                made.buckets.insert(item.key, stack.add(name, at(tagged!(bucket, item), item)));
                return Ok(());
            }
            Thing::Replication { bucket, destination, role, priority, deletions, encrypted_with, .. } => {
                let copies =
                    DeleteMarkerReplication::new(if *deletions { RuleStatus::Enabled } else { RuleStatus::Disabled });
                let mut target = ReplicationDestination::new(made.buckets[destination].arn());
                if let Some(encryption) = encrypted_with {
                    target = target.encryption_configuration(ReplicaEncryption::new(&made.keys[encryption]));
                }
                let mut rule = ReplicationRule::new("all", *priority, RuleStatus::Enabled, copies, target);
                if encrypted_with.is_some() {
                    let encrypted = Selected::new(RuleStatus::Enabled);
                    rule = rule
                        .source_selection_criteria(SourceSelectionCriteria::new().sse_kms_encrypted_objects(encrypted));
                }
                let (bucket, role) = (&made.buckets[bucket], &made.roles[role]);
                stack.add(name, at(S3BucketReplicationConfiguration::new(bucket, role, [rule]), item));
                return Ok(());
            }
            Thing::BucketSetting { bucket, setting } => (&made.buckets[bucket], *setting),
            other => unreachable!("{other:?} has nothing to do with objects"),
        };
        match setting {
            Setting::Versioning { suspended } => {
                let status = if suspended { VersioningStatus::Suspended } else { VersioningStatus::Enabled };
                stack.add(name, at(S3BucketVersioning::new(bucket, VersioningConfiguration::new(status)), item));
            }
            Setting::Encryption { bucket_key } => {
                let rule =
                    EncryptionRule::new(EncryptionByDefault::new(SseAlgorithm::Kms)).bucket_key_enabled(bucket_key);
                stack.add(name, at(S3BucketServerSideEncryptionConfiguration::new(bucket, [rule]), item));
            }
            Setting::Access { open } => {
                let block = S3BucketPublicAccessBlock::new(bucket)
                    .block_public_acls(open & 1 == 0)
                    .block_public_policy(open & 2 == 0)
                    .ignore_public_acls(open & 4 == 0)
                    .restrict_public_buckets(open & 8 == 0);
                stack.add(name, at(block, item));
            }
            Setting::Policy { wording } => {
                let policy = Policy::new([Statement::deny(actions!["s3:*"])
                    .sid(&format!("Wording{wording}"))
                    .by(Principal::aws("*"))
                    .on(bucket.arn())
                    .when("Bool", "aws:SecureTransport", ["false"])]);
                stack.add(name, at(S3BucketPolicy::new(bucket, policy), item));
            }
            Setting::Ownership { writer } => {
                let owner = if writer { ObjectOwnership::ObjectWriter } else { ObjectOwnership::BucketOwnerPreferred };
                let controls = S3BucketOwnershipControls::new(bucket, OwnershipRule::new(owner));
                made.writable.insert(item.key, stack.add(name, at(controls, item)));
            }
            Setting::Lifecycle { days, rules } => {
                let rules = (0..rules).map(|number| {
                    let rule = LifecycleRule::new(format!("rule-{number}"), RuleStatus::Enabled)
                        .abort_incomplete_multipart_upload(AbortIncompleteMultipartUpload::new(7));
                    if number == 0 {
                        return rule;
                    }
                    rule.filter(LifecycleFilter::new().prefix(format!("part-{number}/")))
                        .transition([
                            LifecycleTransition::new(days, StorageClass::StandardIa),
                            LifecycleTransition::new(days + 60, StorageClass::Glacier),
                        ])
                        .expiration(LifecycleExpiration::new().days(days + 300))
                });
                let rules = rules.collect::<Vec<_>>();
                stack.add(name, at(S3BucketLifecycleConfiguration::new(bucket, rules), item));
            }
        }
        Ok(())
    }

    fn ec2(&mut self, stack: &mut Stack, item: &Item) -> Result<()> {
        let name = ("item", item.key);
        let key = item.key;
        let made = &mut self.made;
        match &item.thing {
            Thing::RandomId { kept_for } => {
                stack.add(name, RandomId::new(8).keepers([("for", kept_for.to_string())]).prefix("id-"));
            }
            Thing::Data { input, trigger } => {
                let data = Data::new().input(*input).triggers_replace(*trigger);
                stack.add(name, at(data, item));
            }
            Thing::Zones => {
                stack.add(name, at(AvailabilityZones::new(), item));
            }
            Thing::Image { minimal } => {
                let image = if *minimal {
                    let names = ["al2023-ami-minimal-2023.*-kernel-6.1-x86_64".to_owned()];
                    Ami::new(["amazon"]).most_recent(true).filter([Filter::new("name", names)])
                } else {
                    Ami::amazon_linux_2023("x86_64")
                };
                made.images.insert(key, stack.add(name, at(image, item)));
            }
            Thing::Caller => {
                stack.add(name, at(CallerIdentity::new(), item));
            }
            Thing::Vpc { net: number, hostnames } => {
                let vpc = Vpc::new(net(format!("10.{number}.0.0/16"))?).enable_dns_hostnames(*hostnames);
                made.vpcs.insert(key, stack.add(name, at(tagged!(vpc, item), item)));
            }
            Thing::Subnet { vpc, index, zone, public } => {
                let Thing::Vpc { net: number, .. } = self.blueprint.get(*vpc) else { unreachable!("it is a VPC") };
                let range = net(format!("10.{number}.{index}.0/24"))?;
                let subnet = Subnet::new(&made.vpcs[vpc], range)
                    .availability_zone(zone_name(item, *zone))
                    .map_public_ip_on_launch(*public);
                made.subnets.insert(key, stack.add(name, at(tagged!(subnet, item), item)));
            }
            Thing::InternetGateway { vpc } => {
                let gateway = InternetGateway::new(&made.vpcs[vpc]);
                made.internets.insert(key, stack.add(name, at(tagged!(gateway, item), item)));
            }
            Thing::Eip => {
                made.eips.insert(key, stack.add(name, at(tagged!(Eip::new(), item), item)));
            }
            Thing::NatGateway { subnet, address } => {
                let subnet = &made.subnets[subnet];
                let gateway = match address {
                    Some((eip, _)) => {
                        let gateway = NatGateway::public(subnet, &made.eips[eip]);
                        stack.add(name, at(tagged!(gateway, item), item))
                    }
                    None => {
                        let gateway = NatGateway::new(subnet).connectivity_type(ConnectivityType::Private);
                        stack.add(name, at(tagged!(gateway, item), item))
                    }
                };
                made.nats.insert(key, gateway);
            }
            Thing::RouteTable { vpc } => {
                let table = RouteTable::new(&made.vpcs[vpc]);
                made.tables.insert(key, stack.add(name, at(tagged!(table, item), item)));
            }
            Thing::Route { table, destination, target } => {
                let route = Route::new(&made.tables[table], outside(20, *destination)?);
                let route = match target {
                    RouteTarget::Internet(gateway) => route.gateway_id(&made.internets[gateway]),
                    RouteTarget::Nat(gateway) => route.nat_gateway_id(&made.nats[gateway]),
                };
                stack.add(name, at(route, item));
            }
            Thing::Association { subnet, table } => {
                stack.add(name, at(RouteTableAssociation::new(&made.subnets[subnet], &made.tables[table]), item));
            }
            Thing::DefaultGroup { vpc } => {
                stack.add(name, at(tagged!(DefaultSecurityGroup::new(&made.vpcs[vpc]), item), item));
            }
            Thing::Group { vpc, wording } => {
                let group = SecurityGroup::new(&made.vpcs[vpc], format!("What it is for, wording {wording}"));
                made.groups.insert(key, stack.add(name, at(tagged!(group, item), item)));
            }
            Thing::Endpoint { vpc, service, tables, subnets, groups, guarded } => {
                let service = format!("com.amazonaws.{}.{service}", REGIONS[item.region]);
                let mut endpoint = VpcEndpoint::new(&made.vpcs[vpc], service);
                endpoint = if subnets.is_empty() {
                    endpoint.route_table_ids(picked(&made.tables, tables))
                } else {
                    endpoint.vpc_endpoint_type(VpcEndpointType::Interface).subnet_ids(picked(&made.subnets, subnets))
                };
                if !groups.is_empty() {
                    endpoint = endpoint.security_group_ids(picked(&made.groups, groups));
                }
                if *guarded {
                    let reads = Statement::allow(actions!["s3:GetObject", "dynamodb:GetItem", "sts:AssumeRole"]);
                    endpoint = endpoint.policy(Policy::new([reads.by(Principal::aws("*")).on("*")]));
                }
                stack.add(name, at(tagged!(endpoint, item), item));
            }
            Thing::Acl { vpc, subnets, rules } => {
                let acl = NetworkAcl::new(&made.vpcs[vpc])
                    .subnet_ids(picked(&made.subnets, subnets))
                    .ingress(acl_rules(*rules)?)
                    .egress(acl_rules(*rules / 2)?);
                stack.add(name, at(tagged!(acl, item), item));
            }
            Thing::DefaultAcl { vpc, rules } => {
                let acl = DefaultNetworkAcl::new(made.vpcs[vpc].default_network_acl_id())
                    .ingress(acl_rules(*rules)?)
                    .egress(acl_rules(*rules / 2)?);
                stack.add(name, at(tagged!(acl, item), item));
            }
            Thing::DefaultTable { vpc, internet, destination } => {
                let mut table = DefaultRouteTable::new(made.vpcs[vpc].default_route_table_id());
                if let Some(internet) = internet {
                    let route = DefaultRoute::new(outside(20, *destination)?).gateway_id(&made.internets[internet]);
                    table = table.route([route]);
                }
                stack.add(name, at(tagged!(table, item), item));
            }
            Thing::Interface { subnet, groups, wording, checked, fixed } => {
                let mut interface = NetworkInterface::new(&made.subnets[subnet])
                    .description(format!("Wording {wording}"))
                    .source_dest_check(*checked);
                if !groups.is_empty() {
                    interface = interface.security_groups(picked(&made.groups, groups));
                }
                if let Some(last) = fixed {
                    let Thing::Subnet { vpc, index, .. } = self.blueprint.get(*subnet) else {
                        unreachable!("it is a subnet")
                    };
                    let Thing::Vpc { net, .. } = self.blueprint.get(*vpc) else { unreachable!("it is a VPC") };
                    let address = format!("10.{net}.{index}.{last}");
                    interface = interface.private_ip(address.clone()).private_ips([address]);
                }
                made.interfaces.insert(key, stack.add(name, at(tagged!(interface, item), item)));
            }
            Thing::FlowLog { of, traffic, kept, minute, columns } => {
                let mut log = match kept {
                    Kept::Group { group, role } => {
                        FlowLog::to_log_group(*traffic, made.log_groups[group].arn(), made.roles[role].arn())
                    }
                    Kept::Bucket(bucket) => FlowLog::to_bucket(*traffic, made.buckets[bucket].arn()),
                };
                log = match self.blueprint.get(*of) {
                    Thing::Vpc { .. } => log.vpc_id(&made.vpcs[of]),
                    Thing::Subnet { .. } => log.subnet_id(&made.subnets[of]),
                    _ => log.eni_id(&made.interfaces[of]),
                };
                if *columns {
                    let columns = FlowLogDestinationOptions::new().file_format(FlowLogFileFormat::Parquet);
                    log = log.destination_options(columns.per_hour_partition(true));
                }
                log = log.max_aggregation_interval(if *minute { 60 } else { 600 });
                stack.add(name, at(tagged!(log, item), item));
            }
            Thing::Rule { egress: false, .. } => {
                let rule = rule!(IngressRule, made, item);
                stack.add(name, at(tagged!(rule, item), item));
            }
            Thing::Rule { egress: true, .. } => {
                let rule = rule!(EgressRule, made, item);
                stack.add(name, at(tagged!(rule, item), item));
            }
            Thing::Template { size, profile, groups } => {
                let mut template = LaunchTemplate::new()
                    .metadata_options(MetadataOptions::v2_only())
                    .block_device_mappings([BlockDeviceMapping::encrypted_root(*size)]);
                if let Some(profile) = profile {
                    template =
                        template.iam_instance_profile(LaunchTemplateInstanceProfile::new(&made.profiles[profile]));
                }
                if !groups.is_empty() {
                    template = template.vpc_security_group_ids(picked(&made.groups, groups));
                }
                made.templates.insert(key, stack.add(name, at(tagged!(template, item), item)));
            }
            Thing::Instance { subnet, image, groups, profile, large, root, script } => {
                let kind = if *large { InstanceType::T3Large } else { InstanceType::T3Medium };
                let mut instance = Instance::new(&made.images[image], kind, &made.subnets[subnet])
                    .metadata_options(MetadataOptions::v2_only())
                    .root_block_device(RootBlockDevice::encrypted_gp3(*root))
                    .user_data_base64(IntoValue::<String>::into_value(format!("#!/bin/sh\necho {script}\n")).base64());
                for group in groups {
                    instance = instance.security_group(&made.groups[group]);
                }
                if let Some(profile) = profile {
                    instance = instance.iam_instance_profile(&made.profiles[profile]);
                }
                made.instances.insert(key, stack.add(name, at(tagged!(instance, item), item)));
            }
            Thing::Volume { zone, size, gp3, encrypted_with } => {
                let kind = if *gp3 { VolumeType::Gp3 } else { VolumeType::Gp2 };
                let mut volume = EbsVolume::new(zone_name(item, *zone)).size(*size).r#type(kind).encrypted(true);
                if let Some(encryption) = encrypted_with {
                    volume = volume.kms_key_id(&made.keys[encryption]);
                }
                made.volumes.insert(key, stack.add(name, at(tagged!(volume, item), item)));
            }
            Thing::VolumeAttachment { volume, instance, letter } => {
                let device = format!("/dev/sd{}", char::from(*letter));
                stack.add(
                    name,
                    at(VolumeAttachment::new(device, &made.volumes[volume], &made.instances[instance]), item),
                );
            }
            other => unreachable!("{other:?} is not EC2's"),
        }
        Ok(())
    }

    fn iam(&mut self, stack: &mut Stack, item: &Item) -> Result<()> {
        let name = ("item", item.key);
        let key = item.key;
        let made = &mut self.made;
        match &item.thing {
            Thing::Role { trust, wording, path, hours, name: given, boundary } => {
                let service = Principal::service(&format!("{trust}.amazonaws.com"));
                let mut role = IamRole::new(Policy::new([Statement::assume_role(service)]))
                    .description(format!("What it is for, wording {wording}"))
                    .path(path_of(*path))
                    .max_session_duration(hours * 3600);
                if let Some(number) = given {
                    role = role.name(format!("Role-{number}"));
                }
                if let Some(policy) = boundary {
                    role = role.permissions_boundary(&made.policies[policy]);
                }
                made.roles.insert(key, stack.add(name, at(tagged!(role, item), item)));
            }
            Thing::Policy { action, wording, path } => {
                let actions = actions!["s3:GetObject", "s3:PutObject", "s3:ListBucket", "sqs:SendMessage"];
                let action = actions[*action as usize % actions.len()];
                let policy = IamPolicy::new(Policy::new([Statement::allow([action]).on("*")]))
                    .description(format!("What it is for, wording {wording}"))
                    .path(path_of(*path));
                made.policies.insert(key, stack.add(name, at(tagged!(policy, item), item)));
            }
            Thing::PolicyAttachment { role, policy } => {
                let role = &made.roles[role];
                let attachment = match policy {
                    PolicyOf::Stack(policy) => IamRolePolicyAttachment::new(role, &made.policies[policy]),
                    PolicyOf::Aws(policy) => IamRolePolicyAttachment::new(role, IamPolicy::of_aws(policy)),
                };
                made.permits.insert(key, stack.add(name, at(attachment, item)));
            }
            Thing::InlinePolicy { role, action, name: given } => {
                let actions = actions!["s3:GetObject", "s3:PutObject", "logs:PutLogEvents"];
                let action = actions[*action as usize % actions.len()];
                let document = Policy::new([Statement::allow([action]).on("*")]);
                let mut policy = IamRolePolicy::new(&made.roles[role], document);
                if let Some(number) = given {
                    policy = policy.name(format!("Inline-{number}"));
                }
                stack.add(name, at(policy, item));
            }
            Thing::Profile { role, path, name: given } => {
                let mut profile = IamInstanceProfile::new(&made.roles[role]).path(path_of(*path));
                if let Some(number) = given {
                    profile = profile.name(format!("Profile-{number}"));
                }
                made.profiles.insert(key, stack.add(name, at(tagged!(profile, item), item)));
            }
            Thing::Issuer { number, clients } => {
                let clients: Vec<String> = (0..*clients).map(|at| format!("client-{at}.example.com")).collect();
                let issuer = IamOpenidConnectProvider::new(format!("https://issuer-{number}.example.com"), clients);
                stack.add(name, at(tagged!(issuer, item), item));
            }
            other => unreachable!("{other:?} is not IAM's"),
        }
        Ok(())
    }

    fn kms(&mut self, stack: &mut Stack, item: &Item) -> Result<()> {
        let name = ("item", item.key);
        let made = &mut self.made;
        match &item.thing {
            Thing::EncryptionKey { wording, rotated, logs, on, .. } => {
                let rotated = *rotated && *on;
                let mut encryption = KmsKey::new()
                    .description(format!("What it is for, wording {wording}"))
                    .enable_key_rotation(rotated)
                    .is_enabled(*on)
                    .deletion_window_in_days(7);
                if rotated {
                    encryption = encryption.rotation_period_in_days(90 + i64::from(wording % 100));
                }
                if *logs {
                    let account = Principal::aws(format!("arn:aws:iam::{ACCOUNT}:root"));
                    let service = Principal::service(&format!("logs.{}.amazonaws.com", REGIONS[item.region]));
                    let uses = actions![
                        "kms:Encrypt*",
                        "kms:Decrypt*",
                        "kms:ReEncrypt*",
                        "kms:GenerateDataKey*",
                        "kms:Describe*"
                    ];
                    encryption = encryption.policy(Policy::new([
                        Statement::allow(actions!["kms:*"]).by(account).on("*"),
                        Statement::allow(uses).by(service).on("*"),
                    ]));
                }
                made.keys.insert(item.key, stack.add(name, at(tagged!(encryption, item), item)));
            }
            Thing::Alias { target, name: number } => {
                let alias = KmsAlias::new(format!("alias/key-{number}"), &made.keys[target]);
                stack.add(name, at(alias, item));
            }
            other => unreachable!("{other:?} is not KMS's"),
        }
        Ok(())
    }

    fn names(&mut self, stack: &mut Stack, item: &Item) {
        let name = ("item", item.key);
        let domain = |number: &u32| format!("zone-{number}.test");
        match &item.thing {
            Thing::HostedZone { vpcs, wording, name: number } => {
                let mut zone = Route53Zone::new(domain(number)).comment(format!("What it is for, wording {wording}"));
                if !vpcs.is_empty() {
                    zone = zone.vpc(picked(&self.made.vpcs, vpcs).iter().map(ZoneVpc::new).collect::<Vec<_>>());
                }
                self.made.zones.insert(item.key, stack.add(name, at(tagged!(zone, item), item)));
            }
            Thing::Record { zone, name: number, of: Some(other), .. } => {
                let Thing::HostedZone { name: of, .. } = self.blueprint.get(*zone) else {
                    unreachable!("it is a zone")
                };
                let (zone, target) = (&self.made.zones[zone], &self.made.records[other]);
                let whole = format!("record-{number}.{}", domain(of));
                let alias = RecordAlias::new(target.fqdn(), zone.zone_id(), false);
                stack.add(name, at(Route53Record::new(zone, whole, RecordType::A).alias(alias), item));
            }
            Thing::Record { zone, name: number, value, kind, of: None } => {
                let Thing::HostedZone { name: of, .. } = self.blueprint.get(*zone) else {
                    unreachable!("it is a zone")
                };
                let zone = &self.made.zones[zone];
                let whole = format!("record-{number}.{}", domain(of));
                let address = format!("192.0.2.{}", value % 250);
                let (kind, answer) = match kind {
                    RecordKind::Address | RecordKind::Weighted | RecordKind::Alias => (RecordType::A, address),
                    RecordKind::Text => (RecordType::Txt, format!("the value {value}")),
                    RecordKind::Name => (RecordType::Cname, format!("value-{value}.test")),
                };
                let mut record =
                    Route53Record::new(zone, whole, kind).ttl(300 + i64::from(value % 60)).records([answer]);
                if matches!(item.thing, Thing::Record { kind: RecordKind::Weighted, .. }) {
                    let share = WeightedRouting::new(i64::from(value % 256));
                    record = record.set_identifier("only").weighted_routing_policy(share);
                }
                self.made.records.insert(item.key, stack.add(name, at(record, item)));
            }
            Thing::Certificate { zone, name: number, wild, curve } => {
                let Thing::HostedZone { name: of, .. } = self.blueprint.get(*zone) else {
                    unreachable!("it is a zone")
                };
                let own = format!("certificate-{number}.{}", domain(of));
                let mut certificate = AcmCertificate::new(own.clone()).key_algorithm(if *curve {
                    KeyAlgorithm::EcPrime256v1
                } else {
                    KeyAlgorithm::Rsa2048
                });
                if *wild {
                    certificate = certificate.subject_alternative_names([format!("*.{own}")]);
                }
                self.made.certificates.insert(item.key, stack.add(name, at(tagged!(certificate, item), item)));
            }
            Thing::Proof { zone, certificate } => {
                let record = self.made.certificates[certificate].validation_record(&self.made.zones[zone], 0);
                self.made.proofs.insert(item.key, stack.add(name, at(record, item)));
            }
            Thing::Issued { certificate, proof } => {
                let validation = AcmCertificateValidation::new(&self.made.certificates[certificate])
                    .validation_record_fqdns([self.made.proofs[proof].fqdn()]);
                self.made.issued.insert(item.key, stack.add(name, at(validation, item)));
            }
            other => unreachable!("{other:?} is no name"),
        }
    }

    fn delivery(&mut self, stack: &mut Stack, item: &Item) {
        let name = ("item", item.key);
        match &item.thing {
            Thing::AccessControl { wording, name: number } => {
                let mut control =
                    CloudfrontOriginAccessControl::s3().description(format!("What it is for, wording {wording}"));
                if let Some(number) = number {
                    control = control.name(format!("control-{number}"));
                }
                self.made.controls.insert(item.key, stack.add(name, at(control, item)));
            }
            Thing::Distribution { bucket, control, wording, on, split, closed, shown, logs } => {
                let domain = self.made.buckets[bucket].bucket_regional_domain_name();
                let origin = DistributionOrigin::bucket("files", domain, &self.made.controls[control]);
                let mut distribution = CloudfrontDistribution::new(
                    [origin],
                    DefaultCacheBehavior::files_of("files"),
                    if *closed {
                        let countries = GeoRestriction::new(GeoRestrictionType::Blacklist).locations(["AQ"]);
                        Restrictions::new(countries)
                    } else {
                        Restrictions::none()
                    },
                    match shown {
                        Some(issued) => ViewerCertificate::of_acm(self.made.issued[issued].certificate_arn()),
                        None => ViewerCertificate::of_cloudfront(),
                    },
                    *on,
                )
                .comment(format!("What it is for, wording {wording}"))
                .default_root_object("index.html")
                .custom_error_response([CustomErrorResponse::new(404).error_caching_min_ttl(60)]);
                if *split {
                    distribution = distribution.ordered_cache_behavior([OrderedCacheBehavior::new(
                        "/api/*",
                        "files",
                        ViewerProtocolPolicy::HttpsOnly,
                        [HttpMethod::Head, HttpMethod::Get, HttpMethod::Options],
                        [HttpMethod::Head, HttpMethod::Get],
                        cache_policy::CACHING_DISABLED,
                    )]);
                }
                if let Some(Thing::Issued { certificate, .. }) = shown.map(|issued| self.blueprint.get(issued)) {
                    distribution = distribution.aliases([self.made.certificates[certificate].domain_name()]);
                }
                let logs = logs.map(|setting| (&self.made.writable[&setting], self.blueprint.get(setting)));
                let Some((writable, Thing::BucketSetting { bucket, .. })) = logs else {
                    stack.add(name, at(tagged!(distribution, item), item));
                    return;
                };
                let domain = self.made.buckets[bucket].bucket_domain_name();
                let distribution = distribution.logging_config(LoggingConfig::new(domain));
                stack.add(name, at(tagged!(distribution, item).depends_on(writable), item));
            }
            other => unreachable!("{other:?} is not CloudFront's"),
        }
    }

    fn eks(&mut self, stack: &mut Stack, item: &Item) -> Result<()> {
        let name = ("item", item.key);
        let key = item.key;
        let made = &mut self.made;
        match &item.thing {
            Thing::Cluster { role, permits, subnets, groups, private, name: number, encrypted_with, mapped, older } => {
                let mut place = ClusterVpcConfig::new(picked(&made.subnets, subnets))
                    .endpoint_private_access(*private)
                    .endpoint_public_access(true)
                    .public_access_cidrs([net("203.0.113.0/24".to_owned())?]);
                if !groups.is_empty() {
                    place = place.security_group_ids(picked(&made.groups, groups));
                }
                let access = AccessConfig::new()
                    .authentication_mode(if *mapped {
                        AuthenticationMode::ApiAndConfigMap
                    } else {
                        AuthenticationMode::Api
                    })
                    .bootstrap_cluster_creator_admin_permissions(false);
                let mut cluster = EksCluster::new(format!("cluster-{number}"), &made.roles[role], place)
                    .version(if *older { "1.34" } else { "1.35" })
                    .access_config(access);
                if let Some(encryption) = encrypted_with {
                    cluster = cluster.encryption_config(EncryptionConfig::secrets(&made.keys[encryption]));
                }
                made.clusters.insert(
                    key,
                    stack.add(name, at(tagged!(cluster, item).depends_on_all(&picked(&made.permits, permits)), item)),
                );
            }
            Thing::NodeGroup { cluster, role, permits, subnets, template, most, labels, behind } => {
                let mut group = EksNodeGroup::new(
                    &made.clusters[cluster],
                    &made.roles[role],
                    picked(&made.subnets, subnets),
                    ScalingConfig::between(1, 1, *most),
                )
                .instance_types([InstanceType::T3Medium])
                .labels([("version", format!("v{labels}"))]);
                if let Some(template) = template {
                    group = group.launched_with(&made.templates[template]);
                }
                if *behind {
                    let older = matches!(self.blueprint.get(*cluster), Thing::Cluster { older: true, .. });
                    group = group.version(if older { "1.33" } else { "1.34" });
                }
                let group = tagged!(group, item).depends_on_all(&picked(&made.permits, permits));
                made.node_groups.insert(key, stack.add(name, at(group, item)));
            }
            Thing::Addon { cluster, which, nodes, role, version, settings } => {
                let mut addon = EksAddon::new(&made.clusters[cluster], *which)
                    .resolve_conflicts_on_create(ResolveConflicts::Overwrite)
                    .resolve_conflicts_on_update(ResolveConflicts::Overwrite);
                if let Some(role) = role {
                    addon = addon.service_account_role_arn(&made.roles[role]);
                }
                if *which == "vpc-cni" && *settings > 0 {
                    let env = json!({ "WARM_IP_TARGET": settings.to_string() });
                    addon = addon.configuration_values(document(&json!({ "env": env })));
                }
                let older = matches!(self.blueprint.get(*cluster), Thing::Cluster { older: true, .. });
                if *which == "kube-proxy" && *version > 0 {
                    let newest = *version == 1;
                    addon = addon.addon_version(match (older, newest) {
                        (false, true) => "v1.35.0-eksbuild.2",
                        (false, false) => "v1.35.0-eksbuild.1",
                        (true, true) => "v1.34.1-eksbuild.2",
                        (true, false) => "v1.34.0-eksbuild.4",
                    });
                }
                let nodes = nodes.as_slice();
                stack.add(name, at(tagged!(addon, item).depends_on_all(&picked(&made.node_groups, nodes)), item));
            }
            Thing::AccessEntry { cluster, role, groups } => {
                let groups: Vec<String> = (0..*groups).map(|at| format!("group-{at}")).collect();
                let entry = EksAccessEntry::new(&made.clusters[cluster], &made.roles[role]).kubernetes_groups(groups);
                made.entries.insert(key, stack.add(name, at(tagged!(entry, item), item)));
            }
            Thing::Fargate { cluster, role, subnets, name: number, labelled } => {
                let mut selector = FargateSelector::new("apps");
                if *labelled {
                    selector = selector.labels([("on", "fargate")]);
                }
                let (cluster, role) = (&made.clusters[cluster], &made.roles[role]);
                let subnets = picked(&made.subnets, subnets);
                let profile = EksFargateProfile::new(cluster, format!("pods-{number}"), role, subnets, [selector]);
                stack.add(name, at(tagged!(profile, item), item));
            }
            Thing::PodIdentity { cluster, role, account, tagless } => {
                let account = format!("account-{account}");
                let association =
                    EksPodIdentityAssociation::new(&made.clusters[cluster], "apps", account, &made.roles[role])
                        .disable_session_tags(*tagless);
                stack.add(name, at(tagged!(association, item), item));
            }
            Thing::AccessPolicy { entry, cluster, view, namespaces, .. } => {
                let policy = if *view { AccessPolicy::View } else { AccessPolicy::Edit };
                let scope = match namespaces {
                    0 => AccessScope::cluster(),
                    1 => AccessScope::namespaces_of(["one"]),
                    _ => AccessScope::namespaces_of(["one", "other"]),
                };
                let principal = made.entries[entry].principal_arn();
                stack.add(
                    name,
                    at(EksAccessPolicyAssociation::new(&made.clusters[cluster], principal, policy, scope), item),
                );
            }
            other => unreachable!("{other:?} is not EKS's"),
        }
        Ok(())
    }

    /// Topics, who is told what is sent to them, alarms and dashboards.
    fn alarms(&mut self, stack: &mut Stack, item: &Item) {
        let name = ("item", item.key);
        let made = &mut self.made;
        match &item.thing {
            Thing::Topic { wording, strong, ordered, retries, name: given } => {
                let mut topic = SnsTopic::new()
                    .display_name(format!("Wording {wording}"))
                    .signature_version(if *strong { 2 } else { 1 });
                if *retries > 0 {
                    let retry = json!({ "numRetries": retries + 1, "minDelayTarget": 5, "maxDelayTarget": 9 });
                    let http = json!({ "defaultHealthyRetryPolicy": retry, "disableSubscriptionOverrides": false });
                    topic = topic.delivery_policy(document(&json!({ "http": http })));
                }
                if let Some(number) = given {
                    topic = topic.name(format!("simulation-{number}{}", if *ordered { ".fifo" } else { "" }));
                }
                if *ordered {
                    topic = topic
                        .fifo_topic(true)
                        .content_based_deduplication(*strong)
                        .fifo_throughput_scope(FifoThroughputScope::MessageGroup);
                }
                made.topics.insert(item.key, stack.add(name, at(tagged!(topic, item), item)));
            }
            Thing::TopicPolicy { topic, wording } => {
                let topic = &made.topics[topic];
                let alarms = Statement::allow(actions!["SNS:Publish"])
                    .sid(&format!("Wording{wording}"))
                    .by(Principal::service("cloudwatch.amazonaws.com"))
                    .on(topic.arn());
                stack.add(name, at(SnsTopicPolicy::new(topic, Policy::new([alarms])), item));
            }
            Thing::Subscription { topic, mail, web, endpoint, filter, raw, stream, redriven } => {
                let region = REGIONS[item.region];
                let (protocol, endpoint) = if *web {
                    (SubscriptionProtocol::Https, format!("https://{endpoint}.example.com/"))
                } else if *mail {
                    (SubscriptionProtocol::Email, format!("{endpoint}@example.com"))
                } else if stream.is_some() {
                    let stream = format!("arn:aws:firehose:{region}:{ACCOUNT}:deliverystream/s{endpoint}");
                    (SubscriptionProtocol::Firehose, stream)
                } else {
                    (SubscriptionProtocol::Sqs, format!("arn:aws:sqs:{region}:111122223333:q{endpoint}"))
                };
                let mut subscription = SnsTopicSubscription::new(&made.topics[topic], protocol, endpoint);
                if *filter > 0 {
                    subscription = subscription.filter_policy(document(&json!({ "kind": [format!("kind-{filter}")] })));
                }
                if *raw {
                    subscription = subscription.raw_message_delivery(true);
                }
                if *web {
                    let retry = json!({ "numRetries": 2 + filter, "minDelayTarget": 5, "maxDelayTarget": 9 });
                    let policy = json!({ "healthyRetryPolicy": retry });
                    subscription = subscription.delivery_policy(document(&policy));
                }
                if let Some(role) = stream {
                    subscription = subscription.subscription_role_arn(&made.roles[role]);
                }
                if *redriven {
                    let queue = format!("arn:aws:sqs:{region}:{ACCOUNT}:dead{}", item.key);
                    subscription = subscription.redrive_policy(document(&json!({ "deadLetterTargetArn": queue })));
                }
                stack.add(name, at(subscription, item));
            }
            Thing::Alarm { topics, threshold, reckoned, banded, told, name: given } => {
                let actions: Vec<_> = topics.iter().map(|topic| made.topics[topic].arn()).collect();
                let mut alarm = if *banded && *reckoned {
                    CloudwatchMetricAlarm::new(ComparisonOperator::GreaterThanUpperThreshold, 2)
                        .threshold_metric_id("band")
                } else {
                    CloudwatchMetricAlarm::new(ComparisonOperator::GreaterThanThreshold, 2)
                        .threshold(f64::from(*threshold) / 2.0)
                };
                alarm = if *banded && *reckoned {
                    let metric = QueriedMetric::new("CPUUtilization", 60, "Average").namespace("AWS/EC2");
                    let width = 2 + threshold % 3;
                    alarm.metric_query([
                        MetricQuery::new("m1").metric(metric).return_data(true),
                        MetricQuery::new("band")
                            .expression(format!("ANOMALY_DETECTION_BAND(m1, {width})"))
                            .return_data(true),
                    ])
                } else if *reckoned {
                    let metric = QueriedMetric::new("CPUUtilization", 60, "Average").namespace("AWS/EC2");
                    alarm.metric_query([
                        MetricQuery::new("m1").metric(metric),
                        MetricQuery::new("e1").expression("m1 * 2").return_data(true),
                    ])
                } else {
                    alarm.metric_name("CPUUtilization").namespace("AWS/EC2").period(60).statistic(Statistic::Average)
                };
                if *told && !actions.is_empty() {
                    alarm = alarm.ok_actions(actions.clone()).insufficient_data_actions(actions.clone());
                }
                if !actions.is_empty() {
                    alarm = alarm.alarm_actions(actions);
                }
                if let Some(number) = given {
                    alarm = alarm.alarm_name(format!("simulation {number}"));
                }
                stack.add(name, at(tagged!(alarm, item), item));
            }
            Thing::Dashboard { wording, name: given } => {
                let text = json!({ "type": "text", "properties": { "markdown": format!("Wording {wording}") } });
                let mut dashboard = CloudwatchDashboard::new(document(&json!({ "widgets": [text] })));
                if let Some(number) = given {
                    dashboard = dashboard.dashboard_name(format!("simulation-{number}"));
                }
                stack.add(name, at(dashboard, item));
            }
            other => unreachable!("{other:?} has nothing to do with alarms"),
        }
    }

    /// Vaults, plans and what they back up.
    fn backups(&mut self, stack: &mut Stack, item: &Item) {
        let name = ("item", item.key);
        let made = &mut self.made;
        match &item.thing {
            Thing::Vault { name: given, encrypted_with } => {
                let mut vault = BackupVault::new();
                if let Some(number) = given {
                    vault = vault.name(format!("simulation-{number}"));
                }
                if let Some(key) = encrypted_with {
                    vault = vault.kms_key_arn(made.keys[key].arn());
                }
                made.vaults.insert(item.key, stack.add(name, at(tagged!(vault, item), item)));
            }
            Thing::BackupPlan { vault, copy, days, name: number } => {
                let mut rule = BackupRule::new("daily", &made.vaults[vault]).lifecycle(BackupLifecycle::days(*days));
                if let Some(copy) = copy {
                    let copy = BackupCopy::new(made.vaults[copy].arn()).lifecycle(BackupLifecycle::days(days + 1));
                    rule = rule.copy_action([copy]);
                }
                let plan = BackupPlan::new(format!("simulation-{number}"), [rule]);
                made.plans.insert(item.key, stack.add(name, at(tagged!(plan, item), item)));
            }
            Thing::Selection { plan, role, name: number, tagged } => {
                let mut selection =
                    BackupSelection::new(format!("simulation-{number}"), &made.plans[plan], made.roles[role].arn())
                        .resources(["arn:aws:ec2:*:*:volume/*"]);
                if *tagged {
                    selection = selection.selection_tag([SelectionTag::equals("backup", "daily")]);
                }
                stack.add(name, at(selection, item));
            }
            other => unreachable!("{other:?} has nothing to do with backups"),
        }
    }

    /// Budgets, and what costs are told apart by.
    fn costs(&mut self, stack: &mut Stack, item: &Item) {
        let name = ("item", item.key);
        match &item.thing {
            Thing::Budget { name: given, amount, threshold, topic } => {
                let mut told = BudgetNotification::above_percent(*threshold, BudgetNotificationType::Forecasted)
                    .subscriber_email_addresses([format!("{}@example.com", item.key)]);
                if let Some(topic) = topic {
                    told = told.subscriber_sns_topic_arns([self.made.topics[topic].arn()]);
                }
                let mut budget = BudgetsBudget::dollars_a_month(*amount).notification([told]);
                if let Some(number) = given {
                    budget = budget.name(format!("simulation {number}"));
                }
                stack.add(name, at(tagged!(budget, item), item));
            }
            Thing::CostTag { known, number, active } => {
                let status = if *active { CostAllocationTagStatus::Active } else { CostAllocationTagStatus::Inactive };
                let key = if *known { "Team".to_owned() } else { format!("Unheard{number}") };
                stack.add(name, at(CeCostAllocationTag::new(key, status), item));
            }
            other => unreachable!("{other:?} has nothing to do with costs"),
        }
    }

    /// Logs and secrets.
    fn kept(&mut self, stack: &mut Stack, item: &Item) {
        let name = ("item", item.key);
        let made = &mut self.made;
        match &item.thing {
            Thing::LogGroup { retention, infrequent, name: given, encrypted_with } => {
                let class = if *infrequent { LogGroupClass::InfrequentAccess } else { LogGroupClass::Standard };
                let mut group =
                    CloudwatchLogGroup::new().retention_in_days(RETENTIONS[*retention]).log_group_class(class);
                if let Some(number) = given {
                    group = group.name(format!("/simulation/{number}"));
                }
                if let Some(encryption) = encrypted_with {
                    group = group.kms_key_id(&made.keys[encryption]);
                }
                made.log_groups.insert(item.key, stack.add(name, at(tagged!(group, item), item)));
            }
            Thing::Secret { wording, guarded, kept, name: given } => {
                let mut secret = SecretsmanagerSecret::new()
                    .description(format!("Wording {wording}"))
                    .recovery_window_in_days(if *kept { 7 } else { 0 });
                if *guarded {
                    let reader = Statement::deny(actions!["secretsmanager:GetSecretValue"])
                        .by(Principal::service("lambda.amazonaws.com"))
                        .on("*");
                    secret = secret.policy(Policy::new([reader]));
                }
                if let Some(number) = given {
                    secret = secret.name(format!("simulation/{number}"));
                }
                made.secrets.insert(item.key, stack.add(name, at(tagged!(secret, item), item)));
            }
            Thing::SecretVersion { secret, value } => {
                let version =
                    SecretsmanagerSecretVersion::new(&made.secrets[secret], Secret::from_environment("VALUE"))
                        .secret_string_wo_version(*value);
                stack.add(name, at(version, item));
            }
            other => unreachable!("{other:?} is neither a log nor a secret"),
        }
    }

    fn data(&mut self, stack: &mut Stack, item: &Item) -> Result<()> {
        let name = ("item", item.key);
        let key = item.key;
        let made = &mut self.made;
        match &item.thing {
            Thing::DbSubnets { subnets, wording } => {
                let group =
                    DbSubnetGroup::new(picked(&made.subnets, subnets)).description(format!("Wording {wording}"));
                made.db_subnets.insert(key, stack.add(name, at(tagged!(group, item), item)));
            }
            Thing::DbParameters { duration, wording } => {
                let group = DbParameterGroup::new("postgres17").description(format!("Wording {wording}")).parameter([
                    DbParameter::at_once("log_min_duration_statement", duration.to_string()),
                    DbParameter::at_once("log_statement", "ddl"),
                    // Its default is 300.
                    DbParameter::at_once("checkpoint_timeout", (300 + duration % 3 * 60).to_string()),
                ]);
                made.db_parameters.insert(key, stack.add(name, at(tagged!(group, item), item)));
            }
            Thing::Database {
                subnets,
                parameters,
                groups,
                storage,
                days,
                managed,
                large,
                user,
                encrypted_with,
                older,
                fast,
            } => {
                let password = if *managed {
                    MasterPassword::ManagedByRds
                } else {
                    MasterPassword::Secret(Secret::from_environment("PASSWORD"), 1)
                };
                let mut database = DbInstance::postgres(if *older { "16" } else { "17" }, class(*large))
                    .storage(Gp3::gigabytes(*storage))
                    .subnets(&made.db_subnets[subnets])
                    .username(format!("fathuss{user}"))
                    .master_password(password)
                    .backup_retention_period(*days)
                    .backup_window("03:00-04:00")
                    .maintenance_window("sun:04:00-sun:05:00")
                    .apply_immediately(true)
                    .skip_final_snapshot(true);
                if *older {
                    database = database.allow_major_version_upgrade(true);
                }
                if *fast {
                    database = database.iops(12_000 + *storage).storage_throughput(500 + *days);
                }
                if let Some(encryption) = encrypted_with {
                    database = database.kms_key_id(&made.keys[encryption]);
                }
                for group in groups {
                    database = database.security_group(&made.groups[group]);
                }
                if let Some(parameters) = parameters {
                    database = database.parameters(&made.db_parameters[parameters]);
                }
                made.databases.insert(key, stack.add(name, at(tagged!(database, item), item)));
            }
            Thing::Replica { source, large } => {
                let replica = DbInstance::replica_of(&made.databases[source], class(*large))
                    .apply_immediately(true)
                    .skip_final_snapshot(true);
                stack.add(name, at(tagged!(replica, item), item));
            }
            Thing::DbSnapshot { database, name: number } => {
                let snapshot = DbSnapshot::new(&made.databases[database], format!("snapshot-{number}"));
                stack.add(name, at(tagged!(snapshot, item), item));
            }
            Thing::DbOptions { wording, rotations, narrow, maria } => {
                let rotations = DbOptionSetting::new("SERVER_AUDIT_FILE_ROTATIONS", rotations.to_string());
                let events = DbOptionSetting::new("SERVER_AUDIT_EVENTS", "CONNECT");
                let settings = if *narrow { vec![rotations, events] } else { vec![rotations] };
                let options = if *maria {
                    DbOptionGroup::new(OptionEngine::Mariadb, "10.11")
                } else {
                    DbOptionGroup::new(OptionEngine::Mysql, "8.0")
                };
                let options = options
                    .option_group_description(format!("Wording {wording}"))
                    .option([DbOption::new("MARIADB_AUDIT_PLUGIN").option_settings(settings)]);
                stack.add(name, at(tagged!(options, item), item));
            }
            Thing::CopiedBackups { database, days, encrypted_with } => {
                let copies = DbInstanceAutomatedBackupsReplication::new(made.databases[database].arn())
                    .kms_key_id(&made.keys[encrypted_with])
                    .retention_period(*days);
                stack.add(name, at(copies, item));
            }
            Thing::CacheSubnets { subnets, wording } => {
                let group = ElasticacheSubnetGroup::new(picked(&made.subnets, subnets))
                    .description(format!("Wording {wording}"));
                made.cache_subnets.insert(key, stack.add(name, at(tagged!(group, item), item)));
            }
            Thing::CacheUser { name: number, usual, access, password } => {
                let own = if *usual { "default".to_owned() } else { format!("user-{number}") };
                let mode =
                    if *password { CacheAuthentication::Password } else { CacheAuthentication::NoPasswordRequired };
                let mode = CacheAuthenticationMode::new(mode);
                let access = format!("on ~part-{access}:* +@read");
                let id = format!("user-{number}");
                let mut user = ElasticacheUser::new(id, own, CacheEngine::Redis, access, mode);
                if *password {
                    user = user.passwords_wo(Secret::from_environment("PASSWORD")).passwords_wo_version(1);
                }
                made.cache_users.insert(key, stack.add(name, at(tagged!(user, item), item)));
            }
            Thing::CacheUsers { users, name: number } => {
                let users = picked(&made.cache_users, users);
                let group = ElasticacheUserGroup::new(format!("users-{number}"), CacheEngine::Redis, users);
                made.user_groups.insert(key, stack.add(name, at(tagged!(group, item), item)));
            }
            Thing::CacheParameters { policy, wording, valkey } => {
                let policies = ["allkeys-lru", "volatile-lru", "noeviction"];
                let group = ElasticacheParameterGroup::new(if *valkey { "valkey8" } else { "redis7" })
                    .description(format!("Wording {wording}"))
                    .parameter([
                        CacheParameter::new("cluster-enabled", "yes"),
                        CacheParameter::new("maxmemory-policy", policies[usize::from(*policy) % policies.len()]),
                    ]);
                made.cache_parameters.insert(key, stack.add(name, at(tagged!(group, item), item)));
            }
            Thing::Cache {
                subnets,
                parameters,
                groups,
                users,
                replicas,
                days,
                wording,
                encrypted_with,
                plain,
                lenient,
            } => {
                let mut cache = ElasticacheReplicationGroup::redis_cluster(
                    &format!("Wording {wording}"),
                    if *plain { "7.0" } else { "7.1" },
                    CacheNodeType::T4gSmall,
                    1,
                    *replicas,
                )
                .subnets(&made.cache_subnets[subnets])
                .snapshot_retention_limit(*days)
                .snapshot_window("04:00-05:00")
                .maintenance_window("sun:05:00-sun:06:00")
                .apply_immediately(true);
                cache = if *plain {
                    cache.cluster_mode(ClusterMode::Disabled)
                } else {
                    cache.parameters(&made.cache_parameters[parameters])
                };
                if *lenient {
                    cache = cache.transit_encryption_mode(TransitEncryptionMode::Preferred);
                }
                if let Some(encryption) = encrypted_with {
                    cache = cache.kms_key_id(&made.keys[encryption]);
                }
                if let Some(users) = users {
                    cache = cache.user_group_ids([&made.user_groups[users]]);
                }
                for group in groups {
                    cache = cache.security_group(&made.groups[group]);
                }
                stack.add(name, at(tagged!(cache, item), item));
            }
            other => unreachable!("{other:?} holds no data"),
        }
        Ok(())
    }
}

/// A declaration in its item's region.
fn at<D: Declaration>(declaration: D, item: &Item) -> Declared<D::Resource> {
    declaration.region(REGIONS[item.region])
}

/// Asks what a type asks.
fn scaling(stack: &mut Stack, item: &Item, nodes: &Handle<EksNodeGroup>, how: Scaling, by: i64, given: Option<u32>) {
    let group = nodes.autoscaling_group_name();
    let adjustment = ScalingAdjustmentType::ChangeInCapacity;
    let mut policy = match how {
        Scaling::Simple => AutoscalingPolicy::simple(group, adjustment, by).cooldown(60),
        Scaling::Steps => {
            let steps = [StepAdjustment::new(by).up_to(20), StepAdjustment::new(by + 1).starting_at(20)];
            AutoscalingPolicy::steps(group, adjustment, steps).estimated_instance_warmup(60)
        }
        Scaling::Tracking => {
            let value = 30 + i32::try_from(by % 60).unwrap_or_default();
            let busy = TargetTrackingConfiguration::predefined(GroupMetric::AverageCpuUtilization, value);
            AutoscalingPolicy::tracking(group, busy.disable_scale_in(by % 2 == 0))
        }
    };
    if let Some(number) = given {
        policy = policy.name(format!("scaling-{number}"));
    }
    stack.add(("item", item.key), at(policy, item));
}

fn ask(stack: &mut Stack, item: &Item, kind: &str) {
    let name = ("item", item.key);
    match kind {
        "aws_ec2_instance_type_offerings" => {
            let types = Filter::new("instance-type", ["t3.medium".to_owned(), "t3.large".to_owned()]);
            let offers = Ec2InstanceTypeOfferings::new().location_type(OfferingLocation::AvailabilityZone);
            stack.add(name, at(offers.filter([types]), item));
        }
        "aws_eks_addon_version" => {
            stack.add(name, at(EksAddonVersion::new("vpc-cni", "1.35"), item));
        }
        "aws_ssm_parameter" => {
            stack.add(name, at(SsmParameter::amazon_linux_2023("x86_64"), item));
        }
        _ => {
            stack.add(name, at(RdsEngineVersion::new(DbEngine::Postgres).version("17").latest(true), item));
        }
    }
}

fn zone_name(item: &Item, zone: usize) -> String {
    format!("{}{}", REGIONS[item.region], ["a", "b", "c"][zone])
}

fn path_of(number: u32) -> String {
    if number == 0 { "/".to_owned() } else { format!("/path-{number}/") }
}

fn class(large: bool) -> DbInstanceClass {
    if large { DbInstanceClass::T3Large } else { DbInstanceClass::T3Medium }
}
