//! `aws_db_parameter_group`: <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithParamGroups.html>

use super::form;
use crate::check::{Findings, Part, View};
use crate::{Arn, Computed, Id, IntoPlain, Tags, Value, words};

words! {
    /// When a parameter takes effect.
    pub enum ApplyMethod {
        /// At once; dynamic parameters alone.
        Immediate = "immediate",
        /// With the next restart.
        PendingReboot = "pending-reboot",
    }
}

/// The settings of database instances of one engine version family.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// let parameters = DbParameterGroup::new("postgres17").parameter([
///     DbParameter::at_once("log_min_duration_statement", "1000"),
///     DbParameter::at_restart("max_connections", "400"),
/// ]);
/// stack.add("postgres", parameters);
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_db_parameter_group",
    service = "rds",
    creation = Name,
    create_seconds = 3,
    delete_seconds = 2,
    check = check
)]
pub struct DbParameterGroup {
    /// The engine and its major version, for instance `postgres17`.
    #[field(replace, form = form::DB_FAMILY)]
    family: Value<String>,
    /// The name, unique in account and region.
    #[field(
        replace,
        computed,
        named,
        min_length = 1,
        max_length = 255,
        form = form::SMALL_NAME
    )]
    name: Option<Value<String>>,
    /// What it is for; AWS can't change it.
    #[field(replace, default = "\"Managed by Fathuss\"", min_length = 1, max_length = 255)]
    description: Option<Value<String>>,
    /// The parameters that differ from the family's defaults.
    #[field(set, default = "[]")]
    parameter: Option<Value<Vec<DbParameter>>>,
    /// Tags.
    tags: Option<Value<Tags>>,
    /// The name.
    id: Computed<Id<DbParameterGroup>>,
    /// The ARN.
    arn: Computed<Arn<DbParameterGroup>>,
}

/// A parameter that differs from the family's default.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct DbParameter {
    /// Its name.
    name: Value<String>,
    /// Its value.
    value: Value<String>,
    /// When it takes effect.
    #[field(default = "\"immediate\"")]
    apply_method: Option<Value<ApplyMethod>>,
}

impl DbParameter {
    /// One that takes effect at once.
    #[must_use]
    pub fn at_once(name: &str, value: impl IntoPlain<String>) -> Self {
        Self::new(name, value).apply_method(ApplyMethod::Immediate)
    }

    /// One that takes effect with the next restart.
    #[must_use]
    pub fn at_restart(name: &str, value: impl IntoPlain<String>) -> Self {
        Self::new(name, value).apply_method(ApplyMethod::PendingReboot)
    }
}

/// What PostgreSQL reads when it starts, in all versions that RDS has; the other engines take some of the same names at
/// once: <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.PostgreSQL.CommonDBATasks.Parameters.html>
const STATIC: [&str; 19] = [
    "autovacuum_freeze_max_age",
    "autovacuum_multixact_freeze_max_age",
    "huge_pages",
    "max_connections",
    "max_files_per_process",
    "max_locks_per_transaction",
    "max_logical_replication_workers",
    "max_pred_locks_per_transaction",
    "max_prepared_transactions",
    "max_replication_slots",
    "max_wal_senders",
    "max_worker_processes",
    "rds.logical_replication",
    "shared_buffers",
    "shared_preload_libraries",
    "superuser_reserved_connections",
    "track_activity_query_size",
    "track_commit_timestamp",
    "wal_buffers",
];

fn check(group: &View<'_>, findings: &mut Findings<'_>) {
    if !group.text("family").is_some_and(|family| family.starts_with("postgres")) {
        return;
    }
    for parameter in group.part("parameter").map(Part::items).unwrap_or_default() {
        let at_once = match parameter.at("apply_method") {
            Some(_) => parameter.text("apply_method") == Some(ApplyMethod::Immediate.word()),
            None => true,
        };
        if let Some(name) = parameter.text("name").filter(|name| at_once && STATIC.contains(name)) {
            findings.refuse(format!(
                "`parameter` sets {name} at once; PostgreSQL reads it when it starts: `DbParameter::at_restart`"
            ));
        }
    }
}
