//! ElastiCache's actions: on each thing of an account's that a request names, whatever its part in it.
//!
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticache.html>

use super::ask::{Ask, Told, held, pairs, requested};
use crate::elasticache::parameter_group::CacheParameterGroup;
use crate::elasticache::replication_group::ReplicationGroup;
use crate::elasticache::snapshot::CacheSnapshot;
use crate::elasticache::subnet_group::CacheSubnetGroup;
use crate::elasticache::user::User;
use crate::elasticache::user_group::UserGroup;
use crate::value::Value;
use crate::world::Tx;

/// The members that name a thing or several, with its kind as ARNs call it.
const NAMES: &[(&str, &str)] = &[
    ("CacheClusterId", "cluster"),
    ("CacheClusterIds", "cluster"),
    ("CacheParameterGroupName", "parametergroup"),
    ("CacheSubnetGroupName", "subnetgroup"),
    ("FinalSnapshotIdentifier", "snapshot"),
    ("ReplicationGroupId", "replicationgroup"),
    ("ReplicationGroupIds", "replicationgroup"),
    ("SnapshotName", "snapshot"),
    ("UserGroupId", "usergroup"),
    ("UserGroupIds", "usergroup"),
    ("UserGroupIdsToAdd", "usergroup"),
    ("UserGroupIdsToRemove", "usergroup"),
    ("UserId", "user"),
    ("UserIds", "user"),
    ("UserIdsToAdd", "user"),
    ("UserIdsToRemove", "user"),
];

/// What an operation lists that names nothing.
const LISTS: &[(&str, &str)] = &[
    ("DescribeCacheClusters", "cluster"),
    ("DescribeCacheParameterGroups", "parametergroup"),
    ("DescribeCacheSubnetGroups", "subnetgroup"),
    ("DescribeReplicationGroups", "replicationgroup"),
    ("DescribeSnapshots", "snapshot"),
    ("DescribeUpdateActions", "replicationgroup"),
    ("DescribeUserGroups", "usergroup"),
    ("DescribeUsers", "user"),
];

pub(super) fn asks(tx: &Tx<'_>, operation: &str, input: &Value) -> Vec<Ask> {
    let action = format!("elasticache:{operation}");
    let arn = |kind: &str, name: &str| format!("arn:aws:elasticache:{}:{}:{kind}:{name}", tx.region(), tx.account());
    let given = requested(input.get(if operation.starts_with("Remove") { "TagKeys" } else { "Tags" }));
    let mut asks = Vec::new();
    for (member, kind) in NAMES {
        let value = input.get(member);
        let names = value.text().into_iter().chain(value.list().iter().filter_map(Value::text));
        for name in names.map(str::to_lowercase) {
            asks.push(Ask::new(&action, arn(kind, &name)).told(tags(tx, kind, &name)).told(given.clone()));
        }
    }
    if let Some(resource) = input.get("ResourceName").text() {
        let parts: Vec<&str> = resource.splitn(7, ':').collect();
        let tags = match parts[..] {
            [.., kind, name] if parts.len() == 7 => tags(tx, kind, name),
            _ => Told::new(),
        };
        asks.push(Ask::new(&action, resource).told(tags).told(given.clone()));
    }
    if asks.is_empty() {
        let kind = LISTS.iter().find(|(name, _)| *name == operation).map(|(_, kind)| *kind);
        asks.push(Ask::new(&action, kind.map_or_else(|| "*".to_owned(), |kind| arn(kind, "*"))));
    }
    if operation.starts_with("Create") && !given.is_empty() {
        let made = asks[0].resource.clone();
        asks.push(Ask::new("elasticache:AddTagsToResource", made).told(given));
    }
    asks
}

fn tags(tx: &Tx<'_>, kind: &str, name: &str) -> Told {
    let tags = match kind {
        "parametergroup" => tx.get::<CacheParameterGroup>(name).map(|row| held(pairs(&row.tags.0))),
        "replicationgroup" | "cluster" => tx.get::<ReplicationGroup>(name).map(|row| held(pairs(&row.tags.0))),
        "snapshot" => tx.get::<CacheSnapshot>(name).map(|row| held(pairs(&row.tags.0))),
        "subnetgroup" => tx.get::<CacheSubnetGroup>(name).map(|row| held(pairs(&row.tags.0))),
        "user" => tx.get::<User>(name).map(|row| held(pairs(&row.tags.0))),
        "usergroup" => tx.get::<UserGroup>(name).map(|row| held(pairs(&row.tags.0))),
        _ => None,
    };
    tags.unwrap_or_default()
}
