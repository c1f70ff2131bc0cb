//! `aws_elasticache_user_group`: <https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Clusters.RBAC.html>

use std::collections::BTreeSet;

use super::form;
use super::{CacheEngine, ElasticacheUser};
use crate::check::{Findings, View};
use crate::{Arn, Computed, Id, Tags, Value};

/// Who may log in to the caches that have it.
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
/// # let subnets = stack.add("redis", ElasticacheSubnetGroup::new(&subnets));
/// # let firewall = stack.add("redis", SecurityGroup::new(&vpc, "Redis"));
/// let by_iam = || CacheAuthenticationMode::new(CacheAuthentication::Iam);
/// let app = ElasticacheUser::new("app", "app", CacheEngine::Valkey, "on ~app:* +@read +@write", by_iam());
/// let app = stack.add("app", app);
/// let group = stack.add("apps", ElasticacheUserGroup::new("apps", CacheEngine::Valkey, [&app]));
/// let cache = ElasticacheReplicationGroup::new("Sessions", CacheNodeType::T4gSmall)
///     .engine(CacheEngine::Valkey)
///     .user_group_ids([&group])
///     .transit_encryption_enabled(true)
///     .subnet_group_name(&subnets)
///     .security_group_ids([&firewall])
///     .at_rest_encryption_enabled(true);
/// stack.add("sessions", cache);
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_elasticache_user_group",
    service = "elasticache",
    creation = Name,
    create_seconds = 30,
    delete_seconds = 30,
    check = check
)]
pub struct ElasticacheUserGroup {
    /// The id, unique in account and region.
    #[field(
        replace,
        named,
        min_length = 1,
        max_length = 40,
        form = form::SMALL_NAME
    )]
    user_group_id: Value<String>,
    /// The engine.
    engine: Value<CacheEngine>,
    /// Its users, each of a name of its own; for Redis one of the name `default`.
    #[field(set, holds = Firm, min_length = 1, max_length = 100, update_seconds = 65)]
    user_ids: Value<Vec<Id<ElasticacheUser>>>,
    /// Tags.
    tags: Option<Value<Tags>>,
    /// The id.
    id: Computed<Id<ElasticacheUserGroup>>,
    /// The ARN.
    arn: Computed<Arn<ElasticacheUserGroup>>,
}

fn check(group: &View<'_>, findings: &mut Findings<'_>) {
    let Some(users) = group.follow_all("user_ids") else { return };
    let mut names = BTreeSet::new();
    for user in &users {
        let Some(name) = user.text("user_name") else { return };
        if !names.insert(name) {
            findings.refuse(format!("two users of the group have the name {name}; one is {}", user.named()));
        }
    }
    if group.text("engine") == Some(CacheEngine::Redis.word()) && !names.contains("default") {
        findings.refuse("a group for Redis has a user of the `user_name` default, whatever its id");
    }
}
