//! Changes to replication groups: at once, or pending until the maintenance window.
//! What is no matter of a window (description, windows, security groups, parameter
//! group) is changed at once whatever the request says.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::replication_group::{self as groups, ReplicationGroup};
use super::subnet_group::{self, CacheSubnetGroup};
use super::{engine, group_settings, parameter_group, user_group};
use crate::datastore::window::Window;
use crate::datastore::{invalid_combination, network};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Handler, Span, Transition};
use crate::value::{Record, Value};
use crate::world::{self, Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[("ModifyReplicationGroup", modify)];

pub(super) const SPANS: &[Span] = &[
    Span::new("elasticache.replication_group.modify", 20.0, 90.0),
    Span::new("elasticache.replication_group.modify.node_type", 480.0, 1200.0),
    Span::new("elasticache.replication_group.modify.version", 480.0, 1200.0),
    Span::new("elasticache.replication_group.modify.transit", 300.0, 900.0),
];

pub(super) const TRANSITIONS: &[(&str, Transition)] =
    &[("elasticache.replication_group.modify.begun", begun), ("elasticache.replication_group.modified", modified)];

const MODIFY: &str =
    "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ModifyReplicationGroup.html";
const UPGRADE: &str = "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/VersionManagement.HowTo.html";
const TLS: &str =
    "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/in-transit-encryption-enable-existing-cluster.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("elasticache.replication_group.modify.state", "a group is changed while it is available", MODIFY),
    Rule::new("elasticache.replication_group.modify.version.down", "a version is only upgraded", UPGRADE),
    Rule::new(
        "elasticache.replication_group.modify.failover",
        "automatic failover stays with cluster mode and with Multi-AZ",
        MODIFY,
    ),
    Rule::new(
        "elasticache.replication_group.modify.cluster_mode",
        "cluster mode goes from disabled over compatible to enabled",
        "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/modify-cluster-mode.html",
    ),
    Rule::new(
        "elasticache.replication_group.modify.parameter_group",
        "a new parameter group has the same cluster-enabled",
        MODIFY,
    ),
    Rule::new(
        "elasticache.replication_group.modify.transit",
        "encryption in transit is turned on over preferred, and off over preferred",
        TLS,
    ),
    Rule::new(
        "elasticache.replication_group.modify.snapshotting",
        "snapshots outside cluster mode are of one cluster",
        MODIFY,
    ),
    Rule::new(
        "elasticache.replication_group.modify.auth_token",
        "a token is set with a strategy, where connections are encrypted",
        MODIFY,
    ),
];

/// What is to change, and has not yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pending {
    /// The node type.
    pub node_type: Option<String>,
    /// The engine.
    pub engine: Option<String>,
    /// The version.
    pub version: Option<String>,
    /// The parameter group that comes with the version.
    pub parameter_group: Option<String>,
    /// Whether a replica takes over.
    pub failover: Option<bool>,
    /// Whether its nodes stand in different zones.
    pub multi_az: Option<bool>,
    /// The cluster mode.
    pub cluster_mode: Option<String>,
    /// Whether connections are encrypted, and how.
    pub transit: Option<(bool, Option<String>)>,
    /// Whether shards or replicas are made or go.
    pub scaling: bool,
}

impl Pending {
    /// As a replication group shows it.
    #[must_use]
    pub fn group_view(&self) -> Value {
        record! {
            "AutomaticFailoverStatus" => self.failover.map(|on| if on { "enabled" } else { "disabled" }),
            "Resharding" => self.scaling.then(|| record! { "SlotMigration" => record! { "ProgressPercentage" => 0.0 } }),
            "TransitEncryptionEnabled" => self.transit.as_ref().map(|(on, _)| *on),
            "TransitEncryptionMode" => self.transit.as_ref().and_then(|(_, mode)| mode.as_deref()),
            "ClusterMode" => self.cluster_mode.as_deref(),
        }
    }

    /// As its clusters show it.
    #[must_use]
    pub fn cluster_view(&self) -> Value {
        if self.node_type.is_none() && self.version.is_none() {
            return Value::Record(Record::new());
        }
        record! { "EngineVersion" => self.version.as_deref(), "CacheNodeType" => self.node_type.as_deref() }
    }

    fn span(&self) -> &'static str {
        if self.version.is_some() || self.engine.is_some() {
            "elasticache.replication_group.modify.version"
        } else if self.node_type.is_some() {
            "elasticache.replication_group.modify.node_type"
        } else if self.transit.is_some() {
            "elasticache.replication_group.modify.transit"
        } else {
            "elasticache.replication_group.modify"
        }
    }
}

/// The refusal of a group that something is under way with.
pub(super) fn not_available() -> Refusal {
    Refusal::new("InvalidReplicationGroupState", "Replication group must be in available state to modify.")
}

fn modify(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut row = groups::find(tx, input.required("ReplicationGroupId"))?;
    tx.enforce("elasticache.replication_group.modify.state", row.status == "available", not_available)?;
    let at_once = input.flag("ApplyImmediately");
    let before = row.clone();
    let mut wanted = row.pending.clone();

    change_engine(tx, input, &row, &mut wanted)?;
    if let Some(name) = input.text("CacheNodeType") {
        group_settings::check_node_type(tx, name)?;
        wanted.node_type = Some(name.to_owned()).filter(|name| *name != row.node_type);
    }
    change_failover(tx, input, &row, &mut wanted)?;
    // What waits for the window is shown as pending. The zones are not: they wait for failover alone, which they need.
    if wanted.failover.is_none()
        && let Some(multi_az) = wanted.multi_az.take()
    {
        row.multi_az = multi_az;
    }
    change_cluster_mode(tx, input, &row, &mut wanted)?;
    change_transit(tx, input, &row, &mut wanted)?;
    change_settings(tx, input, &mut row)?;

    let (id, differs) = (row.id.clone(), wanted != before.pending);
    // A description alone changes without a moment of modifying.
    let quick = ReplicationGroup { description: before.description.clone(), ..row.clone() } != before;
    row.pending = wanted;
    let empty = row.pending == Pending::default();
    let window = Window::weekly(&row.maintenance_window);
    tx.put(row);
    if differs {
        tx.cancel("elasticache.replication_group.modify.begun", &id);
    }
    if differs && !empty && at_once {
        begin(tx, &id);
    } else {
        if let Some(window) = window.filter(|_| differs && !empty) {
            tx.after(window.until(tx.now()), "elasticache.replication_group.modify.begun", &id);
        }
        if quick {
            tx.change::<ReplicationGroup>(&id, |row| row.status = "modifying".to_owned());
            tx.transition("elasticache.replication_group.modify", "elasticache.replication_group.modified", &id);
        }
    }
    let row = groups::find(tx, &id)?;
    Ok(record! { "ReplicationGroup" => row.view(tx) })
}

fn change_engine(tx: &Tx<'_>, input: &Input<'_>, row: &ReplicationGroup, wanted: &mut Pending) -> Result<(), Refusal> {
    let (name, text) = (input.text("Engine"), input.text("EngineVersion"));
    if name.is_none() && text.is_none() {
        return Ok(());
    }
    let engine = name.unwrap_or(&row.engine).to_ascii_lowercase();
    let now = engine::choose(tx, &row.engine, Some(&row.version))?;
    let text = text.or((engine == row.engine).then_some(row.version.as_str()));
    let version = engine::choose(tx, &engine, text)?;
    let crosses = engine != row.engine;
    let up = version.number() >= now.number() && !(crosses && engine == "redis");
    tx.enforce("elasticache.replication_group.modify.version.down", up, || {
        invalid_combination(format!(
            "Cannot downgrade from {} {} to {engine} {}.",
            row.engine, row.version, version.text
        ))
    })?;
    wanted.engine = crosses.then_some(engine);
    wanted.version = Some(version.text.to_owned()).filter(|text| *text != row.version || crosses);
    let group = parameter_group::find(tx, input.text("CacheParameterGroupName").unwrap_or(&row.parameter_group))?;
    wanted.parameter_group = if group.family == version.family {
        None
    } else if input.has("CacheParameterGroupName") || !group.name.starts_with("default.") {
        group_settings::check_family(tx, &group.family, version)?;
        None
    } else {
        Some(format!("default.{}{}", version.family, if row.is_cluster() { ".cluster.on" } else { "" }))
    };
    Ok(())
}

fn change_failover(
    tx: &Tx<'_>,
    input: &Input<'_>,
    row: &ReplicationGroup,
    wanted: &mut Pending,
) -> Result<(), Refusal> {
    let (failover, multi_az) = (input.bool("AutomaticFailoverEnabled"), input.bool("MultiAZEnabled"));
    let (on, zones) = (failover.unwrap_or(row.failover), multi_az.unwrap_or(row.multi_az));
    let rule = "elasticache.replication_group.modify.failover";
    let least = row.shards.iter().map(|shard| shard.nodes.len()).min().unwrap_or(1);
    if let Some(failover) = failover {
        tx.enforce(rule, failover || !row.is_cluster(), || {
            invalid_combination(
                "Automatic failover cannot be disabled for replication groups with cluster mode enabled.",
            )
        })?;
        tx.enforce(
            "elasticache.replication_group.failover.replicas",
            !failover || row.is_cluster() || least > 1,
            || {
                invalid_combination(
                    "When using automatic failover, there must be at least 2 cache clusters in the replication group.",
                )
            },
        )?;
        wanted.failover = Some(failover).filter(|failover| *failover != row.failover);
    }
    tx.enforce(rule, on || !zones, || {
        invalid_combination("Must specify automatic failover enabled when Multi-AZ is enabled.")
    })?;
    if let Some(multi_az) = multi_az {
        if multi_az {
            let group = subnet_group::find(tx, &row.subnet_group)?;
            let distinct = |shard: &groups::Shard| {
                shard.nodes.iter().map(|node| &node.zone).collect::<std::collections::BTreeSet<_>>().len()
            };
            let among = row.shards.iter().map(distinct).min().unwrap_or(1).min(network::zones(&group.places).len());
            group_settings::check_multi_az(tx, on, least - 1, among)?;
        }
        wanted.multi_az = Some(multi_az).filter(|multi_az| *multi_az != row.multi_az);
    }
    Ok(())
}

fn change_cluster_mode(
    tx: &Tx<'_>,
    input: &Input<'_>,
    row: &ReplicationGroup,
    wanted: &mut Pending,
) -> Result<(), Refusal> {
    let Some(mode) = input.text("ClusterMode").filter(|mode| *mode != row.cluster_mode) else { return Ok(()) };
    let way = matches!(
        (row.cluster_mode.as_str(), mode),
        ("disabled", "compatible") | ("compatible", "enabled" | "disabled")
    );
    tx.enforce("elasticache.replication_group.modify.cluster_mode", way, || {
        invalid_combination(format!("Cluster mode cannot be changed from {} to {mode}.", row.cluster_mode))
    })?;
    wanted.cluster_mode = Some(mode.to_owned());
    Ok(())
}

fn change_transit(tx: &Tx<'_>, input: &Input<'_>, row: &ReplicationGroup, wanted: &mut Pending) -> Result<(), Refusal> {
    let (on, mode) = (input.bool("TransitEncryptionEnabled"), input.text("TransitEncryptionMode"));
    if on.is_none() && mode.is_none() {
        return Ok(());
    }
    let turned = on.unwrap_or(row.in_transit);
    let mode = mode.or(row.transit_mode.as_deref().filter(|_| turned)).or(turned.then_some("required"));
    let now = row.transit_mode.as_deref();
    // Clients are let over one step at a time.
    let step = match (now, turned, mode) {
        (now, true, mode) if now == mode => true,
        (None, true, Some("preferred")) | (Some("preferred"), true, Some("required")) => true,
        (Some("required"), true, Some("preferred")) | (Some("preferred"), false, _) | (None, false, _) => true,
        _ => false,
    };
    tx.enforce("elasticache.replication_group.modify.transit", step, || {
        invalid_combination(
            "Transit encryption can only be enabled or disabled with TransitEncryptionMode preferred first.",
        )
    })?;
    let version = engine::choose(tx, &row.engine, Some(&row.version))?;
    tx.enforce(
        "elasticache.replication_group.transit",
        turned == row.in_transit || version.number() >= (7, 0),
        || invalid_combination("TransitEncryptionMode preferred is only supported from engine version 7.0 on."),
    )?;
    let target = (turned, turned.then(|| mode.unwrap_or("required").to_owned()));
    wanted.transit = Some(target).filter(|target| *target != (row.in_transit, row.transit_mode.clone()));
    Ok(())
}

/// Who may log in.
fn change_users(tx: &Tx<'_>, input: &Input<'_>, row: &mut ReplicationGroup) -> Result<(), Refusal> {
    let (joining, leaving) = (input.texts("UserGroupIdsToAdd"), input.texts("UserGroupIdsToRemove"));
    if input.flag("RemoveUserGroups") {
        row.user_groups.clear();
    }
    for id in &leaving {
        let id = id.to_ascii_lowercase();
        tx.enforce("elasticache.replication_group.users", row.user_groups.contains(&id), || {
            invalid_combination(format!("User group {id} is not associated with the replication group {}.", row.id))
        })?;
        row.user_groups.retain(|group| *group != id);
    }
    if joining.is_empty() {
        return Ok(());
    }
    row.user_groups.extend(user_group::of_cache(tx, &joining)?);
    let version = engine::choose(tx, &row.engine, Some(&row.version))?;
    group_settings::check_users(tx, &row.user_groups, row.in_transit, row.auth_token.is_some(), version)
}

fn change_settings(tx: &mut Tx<'_>, input: &Input<'_>, row: &mut ReplicationGroup) -> Result<(), Refusal> {
    if let Some(description) = input.text("ReplicationGroupDescription") {
        row.description = description.to_owned();
    }
    let before = (row.snapshot_window.clone(), row.maintenance_window.clone());
    (row.snapshot_window, row.maintenance_window) = group_settings::windows(tx, input, Some((&before.0, &before.1)))?;
    if let Some(days) = input.integer("SnapshotRetentionLimit") {
        row.snapshot_days = group_settings::snapshot_days(tx, days)?;
    }
    let rule = "elasticache.replication_group.modify.snapshotting";
    if let Some(cluster) = input.text("SnapshottingClusterId") {
        let own = !row.is_cluster() && row.nodes().any(|node| node.cluster == cluster.to_ascii_lowercase());
        tx.enforce(rule, own, || {
            invalid_combination(format!(
                "The cluster {cluster} is not a cluster of a replication group with cluster mode disabled."
            ))
        })?;
        row.snapshotting = Some(cluster.to_ascii_lowercase());
    }
    let asked = input.has("SnapshotRetentionLimit");
    let turns_on = asked && !row.is_cluster() && row.snapshot_days > 0 && row.snapshotting.is_none();
    tx.enforce(rule, !turns_on, || {
        invalid_combination("Must specify both SnapshotRetentionLimit and SnapshottingClusterId to turn on snapshots")
    })?;
    if row.snapshot_days == 0 {
        row.snapshotting = None;
    }
    change_users(tx, input, row)?;
    if input.has("SecurityGroupIds") {
        let vpc = tx.get::<CacheSubnetGroup>(&row.subnet_group).map_or_else(String::new, |group| group.vpc.clone());
        let ids = input.texts("SecurityGroupIds");
        row.security_groups =
            network::security_groups(tx, "elasticache.security_group", "cache subnet group", &ids, &vpc)?;
        let interfaces: Vec<String> = row.nodes().map(|node| node.interface.clone()).collect();
        network::regroup(tx, &interfaces, &row.security_groups);
    }
    if let Some(name) = input.text("CacheParameterGroupName") {
        let group = parameter_group::find(tx, name)?;
        if !input.has("EngineVersion") && !input.has("Engine") {
            group_settings::check_family(tx, &group.family, engine::choose(tx, &row.engine, Some(&row.version))?)?;
        }
        let same = group.is_cluster_enabled() == row.is_cluster() || input.has("ClusterMode");
        tx.enforce("elasticache.replication_group.modify.parameter_group", same, || {
            invalid_combination(
                "The parameter group's cluster-enabled differs from the replication group's cluster mode.",
            )
        })?;
        row.parameter_group = group.name;
    }
    row.auto_minor = input.bool("AutoMinorVersionUpgrade").unwrap_or(row.auto_minor);
    if let Some(topic) = group_settings::topic(tx, input)? {
        row.topic = Some((topic, "active".to_owned()));
    }
    if let (Some(status), Some(topic)) = (input.text("NotificationTopicStatus"), &mut row.topic) {
        status.clone_into(&mut topic.1);
    }
    change_token(tx, input, row)
}

fn change_token(tx: &Tx<'_>, input: &Input<'_>, row: &mut ReplicationGroup) -> Result<(), Refusal> {
    let (token, strategy) = (input.text("AuthToken"), input.text("AuthTokenUpdateStrategy"));
    let rule = "elasticache.replication_group.modify.auth_token";
    tx.enforce(rule, strategy.is_none() || strategy == Some("DELETE") || token.is_some(), || {
        invalid_combination("AuthTokenUpdateStrategy requires an AuthToken.")
    })?;
    if strategy == Some("DELETE") {
        row.auth_token = None;
        return Ok(());
    }
    let Some(token) = token else { return Ok(()) };
    tx.enforce(rule, row.in_transit, || {
        invalid_combination("The AUTH token is only supported when encryption-in-transit is enabled.")
    })?;
    group_settings::check_token(tx, token)?;
    row.auth_token = Some(tx.now());
    Ok(())
}

/// Shows the pending change as under way.
fn begin(tx: &mut Tx<'_>, id: &str) {
    let span = tx.get::<ReplicationGroup>(id).map_or("elasticache.replication_group.modify", |row| row.pending.span());
    tx.change::<ReplicationGroup>(id, |row| row.status = "modifying".to_owned());
    tx.transition(span, "elasticache.replication_group.modified", &applies(id));
}

/// The subject of a transition that applies what is pending; without it, only the status changes.
fn applies(id: &str) -> String {
    format!("{id}/pending")
}

fn begun(tx: &mut Tx<'_>, pending: &world::Pending) {
    let Some(row) = tx.get::<ReplicationGroup>(&pending.subject).cloned() else { return };
    if row.pending == Pending::default() {
        return;
    }
    if row.status == "available" {
        begin(tx, &row.id());
    } else {
        // Something else runs: the change comes after it.
        tx.after(SignedDuration::from_secs(60), "elasticache.replication_group.modify.begun", &pending.subject);
    }
}

fn modified(tx: &mut Tx<'_>, pending: &world::Pending) {
    let (id, all) = match pending.subject.strip_suffix("/pending") {
        Some(id) => (id, true),
        None => (pending.subject.as_str(), false),
    };
    tx.change::<ReplicationGroup>(id, |row| {
        if row.status == "modifying" {
            row.status = "available".to_owned();
            groups::ready(row);
        }
        if all {
            apply(row);
        }
    });
}

fn apply(row: &mut ReplicationGroup) {
    let change = std::mem::take(&mut row.pending);
    row.node_type = change.node_type.unwrap_or_else(|| row.node_type.clone());
    row.engine = change.engine.unwrap_or_else(|| row.engine.clone());
    row.version = change.version.unwrap_or_else(|| row.version.clone());
    row.parameter_group = change.parameter_group.unwrap_or_else(|| row.parameter_group.clone());
    row.failover = change.failover.unwrap_or(row.failover);
    row.multi_az = change.multi_az.unwrap_or(row.multi_az);
    row.cluster_mode = change.cluster_mode.unwrap_or_else(|| row.cluster_mode.clone());
    if let Some((on, mode)) = change.transit {
        (row.in_transit, row.transit_mode) = (on, mode);
    }
}
