//! RDS: database instances, their snapshots, subnet, parameter and option groups,
//! one file per resource. PostgreSQL is the engine that is simulated.

pub mod automated_backup;
pub mod backup_replication;
pub mod engine;
pub mod event;
pub mod filters;
pub mod instance;
pub mod instance_class;
pub mod instance_request;
pub mod lifecycle;
pub mod master_secret;
pub mod modification;
pub mod monitoring;
pub mod option;
pub mod option_group;
pub mod orderable;
pub mod parameter_group;
mod parameters;
pub mod read_replica;
pub mod restore;
pub mod snapshot;
mod snapshot_copy;
pub mod storage;
pub mod subnet_group;
pub mod tags;

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
    name: "rds",
    model,
    operations: &[
        automated_backup::OPERATIONS,
        backup_replication::OPERATIONS,
        engine::OPERATIONS,
        event::OPERATIONS,
        instance::OPERATIONS,
        lifecycle::OPERATIONS,
        modification::OPERATIONS,
        option_group::OPERATIONS,
        orderable::OPERATIONS,
        parameter_group::OPERATIONS,
        read_replica::OPERATIONS,
        restore::OPERATIONS,
        snapshot::OPERATIONS,
        snapshot_copy::OPERATIONS,
        subnet_group::OPERATIONS,
        tags::OPERATIONS,
    ],
    transitions: &[
        backup_replication::TRANSITIONS,
        instance::TRANSITIONS,
        lifecycle::TRANSITIONS,
        master_secret::TRANSITIONS,
        modification::TRANSITIONS,
        parameter_group::TRANSITIONS,
        snapshot::TRANSITIONS,
    ],
    spans: &[
        backup_replication::SPANS,
        instance::SPANS,
        lifecycle::SPANS,
        master_secret::SPANS,
        modification::SPANS,
        parameter_group::SPANS,
        read_replica::SPANS,
        restore::SPANS,
        snapshot::SPANS,
    ],
    rules: &[
        RULES,
        automated_backup::RULES,
        backup_replication::RULES,
        engine::RULES,
        event::RULES,
        filters::RULES,
        instance::RULES,
        instance_request::RULES,
        lifecycle::RULES,
        master_secret::RULES,
        modification::RULES,
        monitoring::RULES,
        option_group::RULES,
        parameter_group::RULES,
        read_replica::RULES,
        restore::RULES,
        snapshot::RULES,
        snapshot_copy::RULES,
        storage::RULES,
        subnet_group::RULES,
        tags::RULES,
    ],
    tables,
    furnish: |_| {},
    manners: Manners { bucket, ..QUERY_MANNERS },
};

const RULES: &[Rule] = &[
    Rule::new(
        "rds.page.size",
        "MaxRecords is between 20 and 100",
        "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBInstances.html",
    ),
    Rule::new(
        "rds.kms.exists",
        "a KMS key that is named exists",
        "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.Keys.html",
    ),
    Rule::new(
        "rds.security_group",
        "security groups exist, in the VPC of the subnet group",
        "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.RDSSecurityGroups.html",
    ),
];

/// Whose the network interfaces of database instances are.
pub(crate) const OWNER: Owner = Owner {
    description: "RDSNetworkInterface",
    requester: "amazon-rds",
    gone: "rds.interface.gone",
    release: "rds.interface.release",
};

/// AWS documents no rates for RDS. 700 calls of ListTagsForResource in a minute were too many
/// (<https://github.com/awslabs/rds-snapshot-tool/issues/29>), so that its bucket fills with fewer than 12 a second; the
/// sizes, and the rate of what changes something, are EC2's usual ones.
fn bucket(operation: &str, _input: &Value) -> Option<Bucket> {
    let reads = ["Describe", "List"].iter().any(|start| operation.starts_with(start));
    let (size, refill) = if reads { (100.0, 10.0) } else { (50.0, 5.0) };
    Some(Bucket::of("rds", operation, size, refill))
}

fn model() -> &'static Model {
    static MODEL: OnceLock<Model> = OnceLock::new();
    MODEL.get_or_init(|| Model::parse(include_str!("models/rds.json")))
}

fn tables(tables: &mut Tables) {
    tables.add::<automated_backup::RetainedBackup>();
    tables.add::<backup_replication::ReplicatedBackup>();
    tables.add::<option_group::OptionGroup>();
    tables.add::<crate::datastore::event::Event>();
    tables.add::<crate::datastore::key::ManagedKey>();
    tables.add::<instance::DbInstance>();
    tables.add::<parameter_group::DbParameterGroup>();
    tables.add::<snapshot::DbSnapshot>();
    tables.add::<subnet_group::DbSubnetGroup>();
}

/// The ARN of a resource: `db`, `subgrp`, `pg`, `og`, `auto-backup` or `snapshot`.
#[must_use]
pub fn arn(tx: &Tx<'_>, kind: &str, name: &str) -> String {
    format!("arn:aws:rds:{}:{}:{kind}:{name}", tx.region(), tx.account())
}
