//! ElastiCache's actions: on each thing of an account's that a request names, whatever its part in it.
//!
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticache.html>

use super::ask::{Ask, Told, held, pairs};
use super::store::Store;
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
    ("SourceSnapshotName", "snapshot"),
    ("TargetSnapshotName", "snapshot"),
    ("UserGroupId", "usergroup"),
    ("UserGroupIds", "usergroup"),
    ("UserGroupIdsToAdd", "usergroup"),
    ("UserGroupIdsToRemove", "usergroup"),
    ("UserId", "user"),
    ("UserIds", "user"),
    ("UserIdsToAdd", "user"),
    ("UserIdsToRemove", "user"),
];

const STORE: Store = Store {
    service: "elasticache",
    lists: &[
        ("DescribeCacheClusters", "cluster"),
        ("DescribeCacheParameterGroups", "parametergroup"),
        ("DescribeCacheSubnetGroups", "subnetgroup"),
        ("DescribeReplicationGroups", "replicationgroup"),
        ("DescribeSnapshots", "snapshot"),
        ("DescribeUpdateActions", "replicationgroup"),
        ("DescribeUserGroups", "usergroup"),
        ("DescribeUsers", "user"),
    ],
    tags,
};

pub(super) fn asks(tx: &Tx<'_>, operation: &str, input: &Value) -> Vec<Ask> {
    let action = format!("elasticache:{operation}");
    let given = Store::given(operation, input);
    let mut asks = Vec::new();
    for (member, kind) in NAMES {
        let value = input.get(member);
        let names = value.text().into_iter().chain(value.list().iter().filter_map(Value::text));
        for name in names.map(str::to_lowercase) {
            asks.push(Ask::new(&action, STORE.arn(tx, kind, &name)).told(tags(tx, kind, &name)).told(given.clone()));
        }
    }
    let named = input.get("ResourceName").text();
    asks.extend(named.map(|resource| STORE.by_arn(tx, operation, resource).told(given.clone())));
    if asks.is_empty() {
        asks.push(STORE.on_all(tx, operation));
    }
    if operation.starts_with("Create") && !given.is_empty() {
        asks.push(STORE.tagging(&asks[0], given));
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
