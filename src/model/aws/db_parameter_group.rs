//! `aws_db_parameter_group`: <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithParamGroups.html>

use super::form;
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
#[resource(type = "aws_db_parameter_group", service = "rds", creation = Name, create_seconds = 3, delete_seconds = 2)]
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
