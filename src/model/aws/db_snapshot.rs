//! `aws_db_snapshot`: <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_CreateSnapshot.html>

use super::DbInstance;
use crate::{Arn, Computed, Id, Tags, Value};

/// A copy of a database instance's storage at the moment when it is made. It outlives its instance.
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
        pattern = r"[a-z](?:-?[a-z0-9])*",
        pattern_words = "it begins with a lower-case letter; lower-case letters, digits and single hyphens are taken"
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
