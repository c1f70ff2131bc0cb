//! ElastiCache: replication groups of Redis OSS and Valkey with their cache
//! clusters, snapshots, subnet groups, parameter groups and users, one file per resource.

pub mod cache_cluster;
pub mod engine;
pub mod event;
pub mod group_settings;
pub mod modification;
pub mod node_type;
pub mod parameter_group;
mod parameters;
pub mod replication_group;
pub mod scaling;
pub mod snapshot;
pub mod subnet_group;
pub mod tags;
pub mod user;
pub mod user_group;

#[cfg(test)]
mod tests;

use std::sync::OnceLock;

use crate::datastore::network::Owner;
use crate::model::Model;
use crate::rules::Rule;
use crate::service::{Manners, QUERY_MANNERS, Service};
use crate::throttle::Bucket;
use crate::value::Value;
use crate::world::{Tables, Tx};

/// The service.
pub static SERVICE: Service = Service {
    name: "elasticache",
    model,
    operations: &[
        cache_cluster::OPERATIONS,
        engine::OPERATIONS,
        event::OPERATIONS,
        modification::OPERATIONS,
        parameter_group::OPERATIONS,
        replication_group::OPERATIONS,
        scaling::OPERATIONS,
        snapshot::OPERATIONS,
        subnet_group::OPERATIONS,
        tags::OPERATIONS,
        user::OPERATIONS,
        user_group::OPERATIONS,
    ],
    transitions: &[
        modification::TRANSITIONS,
        replication_group::TRANSITIONS,
        scaling::TRANSITIONS,
        snapshot::TRANSITIONS,
        user::TRANSITIONS,
        user_group::TRANSITIONS,
    ],
    spans: &[
        modification::SPANS,
        replication_group::SPANS,
        scaling::SPANS,
        snapshot::SPANS,
        user::SPANS,
        user_group::SPANS,
    ],
    rules: &[
        RULES,
        engine::RULES,
        event::RULES,
        modification::RULES,
        parameter_group::RULES,
        replication_group::RULES,
        scaling::RULES,
        snapshot::RULES,
        subnet_group::RULES,
        tags::RULES,
        user::RULES,
        user_group::RULES,
    ],
    tables,
    furnish: |_| {},
    manners: Manners { bucket, ..QUERY_MANNERS },
};

const RULES: &[Rule] = &[
    Rule::new(
        "elasticache.page.size",
        "MaxRecords is between 20 and 100",
        "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_DescribeReplicationGroups.html",
    ),
    Rule::new(
        "elasticache.kms.exists",
        "a KMS key that is named exists",
        "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/at-rest-encryption.html",
    ),
    Rule::new(
        "elasticache.security_group",
        "security groups exist, in the VPC of the subnet group",
        "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/VPCs.EC.html",
    ),
];

/// Whose the network interfaces of cache nodes are.
pub(crate) const OWNER: Owner = Owner {
    description: "ElastiCache",
    requester: "amazon-elasticache",
    gone: "elasticache.interface.gone",
    release: "elasticache.interface.release",
};

/// No one has published ElastiCache's rates; they are RDS's, whose interface it shares.
fn bucket(operation: &str, _input: &Value) -> Option<Bucket> {
    let reads = ["Describe", "List"].iter().any(|start| operation.starts_with(start));
    let (size, refill) = if reads { (100.0, 10.0) } else { (50.0, 5.0) };
    Some(Bucket::of("elasticache", operation, size, refill))
}

fn model() -> &'static Model {
    static MODEL: OnceLock<Model> = OnceLock::new();
    MODEL.get_or_init(|| Model::parse(include_str!("models/elasticache.json")))
}

fn tables(tables: &mut Tables) {
    tables.add::<parameter_group::CacheParameterGroup>();
    tables.add::<replication_group::ReplicationGroup>();
    tables.add::<snapshot::CacheSnapshot>();
    tables.add::<subnet_group::CacheSubnetGroup>();
    tables.add::<user::User>();
    tables.add::<user_group::UserGroup>();
}

/// The ARN of a resource: `replicationgroup`, `cluster`, `subnetgroup`, `parametergroup`,
/// `user`, `usergroup` or `snapshot`.
#[must_use]
pub fn arn(tx: &Tx<'_>, kind: &str, name: &str) -> String {
    format!("arn:aws:elasticache:{}:{}:{kind}:{name}", tx.region(), tx.account())
}
