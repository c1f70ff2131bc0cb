//! `aws_rds_engine_version`: <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBEngineVersions.html>

use super::DbEngine;
use crate::check::{Findings, View};
use crate::{Computed, Id, Value};

/// A version of a database engine that RDS offers, looked up once and pinned.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// let version = stack.add("postgres", RdsEngineVersion::new(DbEngine::Postgres).version("17").latest(true));
/// stack.output("postgres_version", version.version_actual());
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(type = "aws_rds_engine_version", service = "rds", mode = Lookup, check = check)]
pub struct RdsEngineVersion {
    /// The engine.
    engine: Value<DbEngine>,
    /// The version: a major one, or a whole one that must be there.
    version: Option<Value<String>>,
    /// The family of parameters that it is of.
    parameter_group_family: Option<Value<String>>,
    /// Whether it is RDS's default, of those that fit.
    default_only: Option<Value<bool>>,
    /// Whether it is the newest, of those that fit.
    latest: Option<Value<bool>>,
    /// The version.
    id: Computed<Id<RdsEngineVersion>>,
    /// The version.
    version_actual: Computed<String>,
    /// The engine and its version, in words.
    version_description: Computed<String>,
    /// The engine, in words.
    engine_description: Computed<String>,
    /// `available` where it can be used for new instances.
    status: Computed<String>,
    /// The kinds of logs that it writes to CloudWatch.
    exportable_log_types: Computed<Vec<String>>,
    /// To which versions an instance of it can go.
    valid_upgrade_targets: Computed<Vec<String>>,
    /// Of them, those of the same major version.
    valid_minor_targets: Computed<Vec<String>>,
    /// Of them, those of later major versions.
    valid_major_targets: Computed<Vec<String>>,
}

fn check(lookup: &View<'_>, findings: &mut Findings<'_>) {
    let both = ["default_only", "latest"].iter().all(|field| lookup.truth(field) == Some(true));
    if both {
        findings.refuse("`default_only` and `latest` exclude each other");
    }
}
