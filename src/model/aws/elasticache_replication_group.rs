//! `aws_elasticache_replication_group`: <https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Replication.html>

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::form;
use super::subnet::{check_groups, vpc_of, zones};
use super::{ElasticacheParameterGroup, ElasticacheSubnetGroup, ElasticacheUserGroup, KmsKey, SecurityGroup};
use crate::check::{Findings, Part, View};
use crate::transition::{Becoming, Impossible, is_earlier};
use crate::value::pushed;
use crate::{Arn, Computed, Id, IntoId, IntoNameOf, Name, Tags, Value, words};

words! {
    /// A cache engine.
    pub enum CacheEngine {
        /// Redis OSS; it can be upgraded to Valkey in place.
        Redis = "redis",
        /// Valkey.
        Valkey = "valkey",
    }
}

words! {
    /// A size of cache node.
    pub enum CacheNodeType {
        /// 0.5 GiB, ARM.
        T4gMicro = "cache.t4g.micro",
        /// 1.37 GiB, ARM.
        T4gSmall = "cache.t4g.small",
        /// 3.09 GiB, ARM.
        T4gMedium = "cache.t4g.medium",
        /// 0.5 GiB.
        T3Micro = "cache.t3.micro",
        /// 1.37 GiB.
        T3Small = "cache.t3.small",
        /// 3.09 GiB.
        T3Medium = "cache.t3.medium",
        /// 6.38 GiB, ARM.
        M7gLarge = "cache.m7g.large",
        /// 12.93 GiB, ARM.
        M7gXlarge = "cache.m7g.xlarge",
        /// 13.07 GiB, ARM.
        R7gLarge = "cache.r7g.large",
        /// 26.32 GiB, ARM.
        R7gXlarge = "cache.r7g.xlarge",
    }
}

words! {
    /// Whether keys are spread over shards.
    pub enum ClusterMode {
        /// They are.
        Enabled = "enabled",
        /// They are not.
        Disabled = "disabled",
        /// Both kinds of clients are served, on the way from one to the other.
        Compatible = "compatible",
    }
}

words! {
    /// Whether clients must use TLS.
    pub enum TransitEncryptionMode {
        /// They must.
        Required = "required",
        /// They may, on the way there.
        Preferred = "preferred",
    }
}

/// A cache of shards with replicas that AWS runs.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let range: Ipv4Net = "10.0.0.0/16".parse()?;
/// # let vpc = stack.add("main", Vpc::new(range));
/// # let mut subnets = Vec::new();
/// # for (at, zone) in (0..).zip(["us-east-1a", "us-east-1b"]) {
/// #     let subnet = Subnet::new(&vpc, range.subnet(24, at)?).availability_zone(zone);
/// #     subnets.push(stack.add(("private", zone), subnet));
/// # }
/// # let firewall = stack.add("redis", SecurityGroup::new(&vpc, "Redis"));
/// # let group = stack.add("redis", ElasticacheSubnetGroup::new(&subnets));
/// # let settings = ElasticacheParameterGroup::new("redis7").parameter([CacheParameter::new("cluster-enabled", "yes")]);
/// # let parameters = stack.add("redis", settings);
/// // Two shards with a replica each, in cluster mode, encrypted at rest and on the way.
/// let redis = ElasticacheReplicationGroup::redis_cluster("Sessions", "7.1", CacheNodeType::T4gSmall, 2, 1)
///     .multi_az_enabled(true)
///     .subnets(&group)
///     .security_group(&firewall)
///     .parameters(&parameters)
///     .snapshot_retention_limit(7)
///     .snapshot_window("04:00-05:00")
///     .maintenance_window("sun:05:00-sun:06:00");
/// stack.add("redis", redis);
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_elasticache_replication_group",
    service = "elasticache",
    creation = Name,
    holds_data,
    create_seconds = 540,
    delete_seconds = 360,
    check = check,
    transition = transition
)]
pub struct ElasticacheReplicationGroup {
    /// What it is for.
    #[field(min_length = 1, max_length = 255)]
    description: Value<String>,
    /// The size of its nodes.
    #[field(update_seconds = 840, windowed)]
    node_type: Value<CacheNodeType>,
    /// The name, unique in account and region.
    #[field(
        replace,
        computed,
        named,
        min_length = 1,
        max_length = 40,
        form = form::SMALL_NAME
    )]
    replication_group_id: Option<Value<String>>,
    /// The engine.
    #[field(default = "\"redis\"")]
    engine: Option<Value<CacheEngine>>,
    /// The version: `7.1` leaves the patch to AWS and its upgrades.
    #[field(computed, version_prefix, form = form::VERSION, update_seconds = 840, windowed)]
    engine_version: Option<Value<String>>,
    /// How many shards.
    #[field(computed, min = 1, max = 500, update_seconds = 840)]
    num_node_groups: Option<Value<i64>>,
    /// How many replicas each shard has beside its primary.
    #[field(computed, min = 0, max = 5, update_seconds = 450)]
    replicas_per_node_group: Option<Value<i64>>,
    /// Whether a replica becomes primary when that fails; cluster mode demands it.
    #[field(default = "false", update_seconds = 55)]
    automatic_failover_enabled: Option<Value<bool>>,
    /// Whether primary and replicas stand in different zones.
    #[field(default = "false", update_seconds = 55)]
    multi_az_enabled: Option<Value<bool>>,
    /// Whether keys are spread over shards.
    #[field(computed, update_seconds = 55)]
    cluster_mode: Option<Value<ClusterMode>>,
    /// The settings.
    #[field(computed, holds = Firm, update_seconds = 55)]
    parameter_group_name: Option<Value<Name<ElasticacheParameterGroup>>>,
    /// The port.
    #[field(replace, default = "6379", min = 1024, max = 65_535)]
    port: Option<Value<i64>>,
    /// The subnets it may stand in.
    #[field(replace, computed)]
    subnet_group_name: Option<Value<Name<ElasticacheSubnetGroup>>>,
    /// The security groups.
    #[field(set, computed, holds = Firm, update_seconds = 55)]
    security_group_ids: Option<Value<Vec<Id<SecurityGroup>>>>,
    /// Who may log in, over encrypted connections: one group.
    #[field(set, default = "[]", holds = Firm, max_length = 1, update_seconds = 55)]
    user_group_ids: Option<Value<Vec<Id<ElasticacheUserGroup>>>>,
    /// Whether what it writes to disk is encrypted; AWS can't encrypt in place.
    #[field(replace, default = "false")]
    at_rest_encryption_enabled: Option<Value<bool>>,
    /// The KMS key, where it is not ElastiCache's own.
    #[field(
        replace,
        form = form::KMS_KEY
    )]
    kms_key_id: Option<Value<Arn<KmsKey>>>,
    /// Whether connections are encrypted; from Redis 7 on it changes in place.
    #[field(default = "false", update_seconds = 600)]
    transit_encryption_enabled: Option<Value<bool>>,
    /// Whether clients must use TLS.
    #[field(computed, update_seconds = 600)]
    transit_encryption_mode: Option<Value<TransitEncryptionMode>>,
    /// When maintenance is done, in UTC, an hour at least, for instance `sun:05:00-sun:06:00`.
    #[field(
        computed,
        case_insensitive,
        form = form::WEEKLY_WINDOW
    )]
    maintenance_window: Option<Value<String>>,
    /// When snapshots are made, in UTC, an hour at least, for instance `04:00-05:00`.
    #[field(
        computed,
        form = form::DAILY_WINDOW
    )]
    snapshot_window: Option<Value<String>>,
    /// How many days daily snapshots are kept; 0 is no snapshots.
    #[field(default = "0", min = 0, max = 35)]
    snapshot_retention_limit: Option<Value<i64>>,
    /// Whether minor versions are upgraded in the maintenance window.
    #[field(default = "true")]
    auto_minor_version_upgrade: Option<Value<bool>>,
    /// Whether changes are made at once; in the maintenance window where not.
    #[field(instruction, default = "false")]
    apply_immediately: Option<Value<bool>>,
    /// The name of the snapshot made before it goes; none is made where it is not given.
    #[field(
        instruction,
        max_length = 255,
        form = form::SMALL_NAME
    )]
    final_snapshot_identifier: Option<Value<String>>,
    /// The snapshot it begins as: one of the same account and region.
    #[field(ignored_after_creation, max_length = 255)]
    snapshot_name: Option<Value<String>>,
    /// The files of a snapshot that it begins as, by ARN, in a bucket of the same region that ElastiCache may read: how one
    /// comes from elsewhere.
    #[field(
        ignored_after_creation,
        min_length = 1,
        form = form::ARN
    )]
    snapshot_arns: Option<Value<Vec<String>>>,
    /// Tags.
    tags: Option<Value<Tags>>,
    /// The name.
    id: Computed<Id<ElasticacheReplicationGroup>>,
    /// The ARN.
    arn: Computed<Arn<ElasticacheReplicationGroup>>,
    /// Whether cluster mode is on.
    cluster_enabled: Computed<bool>,
    /// The host name that clients discover the shards at; in cluster mode alone.
    configuration_endpoint_address: Computed<String>,
    /// The primary's host name; outside cluster mode alone.
    primary_endpoint_address: Computed<String>,
    /// The replicas' host name; outside cluster mode alone.
    reader_endpoint_address: Computed<String>,
    /// The version that runs.
    #[field(volatile)]
    engine_version_actual: Computed<String>,
    /// What was asked for and waits, by field: for the maintenance window, where it is not made at once.
    #[field(volatile)]
    pending_modified_values: Computed<BTreeMap<String, String>>,
    /// The ids of its nodes.
    #[field(set, volatile)]
    member_clusters: Computed<Vec<String>>,
}

impl ElasticacheReplicationGroup {
    /// Redis in cluster mode, encrypted at rest and in transit, with automatic failover, which cluster mode demands:
    /// what it is for, its version, the size of its nodes, how many shards and how many replicas each.
    #[must_use]
    pub fn redis_cluster(description: &str, version: &str, node: CacheNodeType, shards: i64, replicas: i64) -> Self {
        Self::new(description, node)
            .engine(CacheEngine::Redis)
            .engine_version(version)
            .cluster_mode(ClusterMode::Enabled)
            .num_node_groups(shards)
            .replicas_per_node_group(replicas)
            .automatic_failover_enabled(true)
            .at_rest_encryption_enabled(true)
            .transit_encryption_enabled(true)
    }

    /// The subnets it may stand in.
    #[must_use]
    pub fn subnets(self, group: impl IntoNameOf<ElasticacheSubnetGroup>) -> Self {
        self.subnet_group_name(group)
    }

    /// One more security group.
    #[must_use]
    pub fn security_group(mut self, group: impl IntoId<SecurityGroup>) -> Self {
        self.security_group_ids = Some(pushed(self.security_group_ids, group.into_value()));
        self
    }

    /// Its settings.
    #[must_use]
    pub fn parameters(self, group: impl IntoNameOf<ElasticacheParameterGroup>) -> Self {
        self.parameter_group_name(group)
    }
}

/// The shortest and the longest window that ElastiCache takes, in minutes:
/// <https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/maintenance-window.html>
const WINDOWS: RangeInclusive<u32> = 60..=24 * 60;
/// The most nodes that AWS gives a cluster when asked for more than the usual 90:
/// <https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/quota-limits.html>
const MOST_NODES: i64 = 500;

fn check(group: &View<'_>, findings: &mut Findings<'_>) {
    super::kms_key::check_region(group, "kms_key_id", findings);
    super::window::check(group, "snapshot_window", "maintenance_window", WINDOWS, findings);
    let failover = group.truth("automatic_failover_enabled") == Some(true);
    let clustered = check_cluster_mode(group, failover, findings);
    let replicas = group.integer("replicas_per_node_group");
    if let (Some(shards), Some(replicas)) = (group.integer("num_node_groups"), replicas)
        && shards <= MOST_NODES
        && shards * (1 + replicas) > MOST_NODES
    {
        findings.refuse(format!(
            "{shards} shards with {replicas} replicas each are {} nodes; a cluster has {MOST_NODES} at most",
            shards * (1 + replicas)
        ));
    }
    if group.truth("multi_az_enabled") == Some(true) {
        if !failover {
            findings.refuse("`multi_az_enabled` wants `automatic_failover_enabled(true)`");
        }
        if replicas.unwrap_or(0) == 0 {
            findings.refuse("`multi_az_enabled` wants a replica in another zone: `replicas_per_node_group(1)` or more");
        }
    }
    if failover && !clustered && replicas.unwrap_or(0) == 0 {
        findings.refuse("automatic failover wants a replica to go to: `replicas_per_node_group(1)` or more");
    }
    if group.gives("transit_encryption_mode") && group.truth("transit_encryption_enabled") != Some(true) {
        findings.refuse("`transit_encryption_mode` wants `transit_encryption_enabled(true)`");
    }
    if group.gives("kms_key_id") && group.truth("at_rest_encryption_enabled") != Some(true) {
        findings
            .refuse("`kms_key_id` is what it is encrypted with at rest: it wants `at_rest_encryption_enabled(true)`");
    }
    check_engine(group, findings);
    if group.gives("snapshot_name") && group.gives("snapshot_arns") {
        findings.refuse("a group begins as one thing: `snapshot_name` or `snapshot_arns`");
    }
    for file in group.part("snapshot_arns").map(Part::items).unwrap_or_default() {
        // <https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateReplicationGroup.html>
        let arn = file.literal().and_then(crate::Datum::as_str).unwrap_or("arn:aws:s3:::");
        if !arn.contains(":s3:::") || arn.contains(',') {
            findings.refuse(format!("`snapshot_arns` are of objects in S3, without commas, which {arn} is not"));
        }
    }
    let users = group.part("user_group_ids").map(Part::items).unwrap_or_default();
    if !users.is_empty() && group.truth("transit_encryption_enabled") != Some(true) {
        findings.refuse("`user_group_ids` wants `transit_encryption_enabled(true)`");
    }
    let Some(subnets) = group.follow("subnet_group_name").and_then(|subnets| subnets.follow_all("subnet_ids")) else {
        return;
    };
    if group.truth("multi_az_enabled") == Some(true) && zones(&subnets).is_some_and(|zones| zones.len() < 2) {
        findings.refuse("`multi_az_enabled` wants a subnet group with two zones at least");
    }
    if let Some(vpc) = subnets.first().and_then(vpc_of) {
        check_groups(group, "security_group_ids", &vpc, findings);
    }
}

/// Redis OSS ends with 7.1, and Valkey begins with 7.2:
/// <https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/engine-versions.html>
fn check_engine(group: &View<'_>, findings: &mut Findings<'_>) {
    let Some(version) = group.text("engine_version") else { return };
    let mut parts = version.split('.').map(|part| part.parse::<u32>().ok());
    let (Some(Some(major)), minor) = (parts.next(), parts.next().flatten()) else { return };
    let valkey = group.text("engine") == Some(CacheEngine::Valkey.word());
    let later = major > 7 || (major == 7 && minor.is_some_and(|minor| minor > 1));
    let earlier = major < 7 || (major == 7 && minor.is_some_and(|minor| minor < 2));
    if valkey && earlier {
        findings.refuse(format!("Valkey begins with 7.2: there is no {version}"));
    }
    if !valkey && later && !(group.gives("engine") && group.text("engine").is_none()) {
        findings.refuse(format!("Redis OSS ends with 7.1: {version} is Valkey's, by `engine(CacheEngine::Valkey)`"));
    }
}

/// Whether cluster mode is on, and that what it demands is there.
fn check_cluster_mode(group: &View<'_>, failover: bool, findings: &mut Findings<'_>) -> bool {
    let mode = group.text("cluster_mode");
    let shards = group.integer("num_node_groups");
    let clustered = mode == Some(ClusterMode::Enabled.word()) || shards.is_some_and(|shards| shards > 1);
    if clustered && !failover {
        findings.refuse("cluster mode demands `automatic_failover_enabled(true)`, with one shard too");
    }
    if mode == Some(ClusterMode::Disabled.word()) && shards.is_some_and(|shards| shards > 1) {
        findings.refuse("several shards are cluster mode; leave `cluster_mode` out or say `ClusterMode::Enabled`");
    }
    let Some(parameters) = group.follow("parameter_group_name") else { return clustered };
    let settings = parameters.part("parameter").map(Part::items).unwrap_or_default();
    let setting = settings.iter().find(|setting| setting.text("name") == Some("cluster-enabled"));
    let on = setting.and_then(|setting| setting.text("value")) == Some("yes");
    if clustered && !on {
        findings.refuse(format!("cluster mode wants `cluster-enabled` = `yes` in {}", parameters.named()));
    }
    if on && !clustered {
        findings.refuse(format!("{} has `cluster-enabled` = `yes`, the group has no cluster mode", parameters.named()));
    }
    if let (Some(family), Some(version)) = (parameters.text("family"), group.text("engine_version")) {
        let engine = group.text("engine").unwrap_or(CacheEngine::Redis.word());
        let major = version.split('.').next().unwrap_or_default();
        let fits = family == format!("{engine}{major}") || (version.starts_with("6.") && family == "redis6.x");
        if !fits {
            findings.refuse(format!("{} is for {family}, the group is {engine} {version}", parameters.named()));
        }
    }
    clustered
}

/// <https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/VersionManagement.HowTo.html>
fn transition(group: &Becoming<'_>) -> Result<(), Impossible> {
    let changes_engine = group.text("engine").is_some();
    match (group.version("engine_version"), group.text("engine_version")) {
        (Some((is, wanted)), Some((text, target))) if !changes_engine && is_earlier(&wanted, &is) => Err(Impossible {
            field: "engine_version",
            reason: format!("The group is at {text}, and ElastiCache takes none back to {target}."),
            next: format!("write {text}, or make another group"),
        }),
        _ => Ok(()),
    }
}
