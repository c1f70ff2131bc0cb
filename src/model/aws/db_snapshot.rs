//! `aws_db_snapshot`: <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_CreateSnapshot.html>

use super::DbInstance;
use super::form;
use crate::{Arn, Computed, Id, Tags, Value};

/// A copy of a database instance's storage at the moment when it is made. It outlives its instance.
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
/// # let group = stack.add("postgres", DbSubnetGroup::new(&subnets));
/// # let postgres = DbInstance::postgres("17", DbInstanceClass::T4gMedium)
/// #     .storage(Gp3::gigabytes(20))
/// #     .subnets(&group)
/// #     .username("shop")
/// #     .master_password(MasterPassword::ManagedByRds)
/// #     .backup_retention_period(14)
/// #     .final_snapshot_identifier("postgres-final");
/// # let postgres = stack.add("postgres", postgres);
/// // What could be gone back to, should an upgrade go wrong.
/// stack.add("before_upgrade", DbSnapshot::new(&postgres, "postgres-before-18"));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(type = "aws_db_snapshot", service = "rds", creation = Name, holds_data, create_seconds = 120, delete_seconds = 5)]
pub struct DbSnapshot {
    /// The instance.
    #[field(replace)]
    db_instance_identifier: Value<Id<DbInstance>>,
    /// The name, unique in account and region.
    #[field(
        replace,
        named,
        min_length = 1,
        max_length = 255,
        form = form::SMALL_NAME
    )]
    db_snapshot_identifier: Value<String>,
    /// Tags.
    tags: Option<Value<Tags>>,
    /// The name.
    id: Computed<Id<DbSnapshot>>,
    /// The ARN.
    db_snapshot_arn: Computed<Arn<DbSnapshot>>,
    /// The storage in GiB.
    allocated_storage: Computed<i64>,
    /// Where the instance stood.
    availability_zone: Computed<String>,
    /// Whether it is encrypted.
    encrypted: Computed<bool>,
    /// The engine.
    engine: Computed<String>,
    /// The engine's version.
    #[field(volatile)]
    engine_version: Computed<String>,
    /// The ARN of the key that it is encrypted with.
    kms_key_id: Computed<String>,
    /// Its option group.
    #[field(volatile)]
    option_group_name: Computed<String>,
    /// The port.
    port: Computed<i64>,
    /// `manual`.
    snapshot_type: Computed<String>,
    /// `available` where an instance can be made of it.
    #[field(volatile)]
    status: Computed<String>,
    /// The kind of storage.
    storage_type: Computed<String>,
    /// The VPC that the instance stood in.
    vpc_id: Computed<String>,
}
