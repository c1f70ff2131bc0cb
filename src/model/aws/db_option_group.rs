//! `aws_db_option_group`: <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithOptionGroups.html>

use std::collections::BTreeSet;

use super::SecurityGroup;
use super::form;
use crate::check::{Findings, Part, View};
use crate::{Arn, Computed, Id, Tags, Value, words};

words! {
    /// An engine that has options.
    pub enum OptionEngine {
        /// MariaDB.
        Mariadb = "mariadb",
        /// MySQL.
        Mysql = "mysql",
        /// PostgreSQL, which has groups and no options.
        Postgres = "postgres",
        /// SQL Server, Enterprise Edition.
        SqlserverEe = "sqlserver-ee",
        /// SQL Server, Express Edition.
        SqlserverEx = "sqlserver-ex",
        /// SQL Server, Standard Edition.
        SqlserverSe = "sqlserver-se",
        /// SQL Server, Web Edition.
        SqlserverWeb = "sqlserver-web",
    }
}

/// What of an engine's further features its instances have.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// // Who logs in to a MariaDB server, and what is changed in its schema, goes to its log.
/// let audit = DbOption::new("MARIADB_AUDIT_PLUGIN")
///     .option_settings([DbOptionSetting::new("SERVER_AUDIT_EVENTS", "CONNECT,QUERY_DDL")]);
/// let group = DbOptionGroup::new(OptionEngine::Mariadb, "11.4").option([audit]);
/// stack.add("audit", group.option_group_description("Audited"));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(type = "aws_db_option_group", service = "rds", creation = Name, create_seconds = 3, delete_seconds = 2, check = check)]
pub struct DbOptionGroup {
    /// The engine.
    #[field(replace)]
    engine_name: Value<OptionEngine>,
    /// Its major version, for instance `8.0`.
    #[field(replace, form = form::MAJOR_VERSION)]
    major_engine_version: Value<String>,
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
    option_group_description: Option<Value<String>>,
    /// The options.
    #[field(set, default = "[]")]
    option: Option<Value<Vec<DbOption>>>,
    /// Tags.
    tags: Option<Value<Tags>>,
    /// The name.
    id: Computed<Id<DbOptionGroup>>,
    /// The ARN.
    arn: Computed<Arn<DbOptionGroup>>,
}

/// An option.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct DbOption {
    /// Its name.
    #[field(min_length = 1)]
    option_name: Value<String>,
    /// The port that it listens at, where it does.
    #[field(min = 1150, max = 65_535)]
    port: Option<Value<i64>>,
    /// Who may reach it there.
    #[field(set, holds = Free)]
    vpc_security_group_memberships: Option<Value<Vec<Id<SecurityGroup>>>>,
    /// Its settings, where they differ from its own.
    #[field(set)]
    option_settings: Option<Value<Vec<DbOptionSetting>>>,
}

/// A setting of an option.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct DbOptionSetting {
    /// Its name.
    #[field(min_length = 1)]
    name: Value<String>,
    /// Its value.
    value: Value<String>,
}

fn check(group: &View<'_>, findings: &mut Findings<'_>) {
    let mut names = BTreeSet::new();
    for option in group.part("option").map(Part::items).unwrap_or_default() {
        let Some(name) = option.text("option_name") else { continue };
        if !names.insert(name) {
            findings.refuse(format!("`option` names {name} twice"));
        }
    }
    let (engine, version) = (group.text("engine_name"), group.text("major_engine_version"));
    if let (Some(engine), Some(version)) = (engine, version)
        && form::MAJOR_VERSION.fits(version)
    {
        // <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithOptionGroups.html>: PostgreSQL's major
        // versions have one part, those of the others two.
        let (parts, like) = match engine {
            "postgres" => (1, "17"),
            "mysql" => (2, "8.4"),
            "mariadb" => (2, "11.4"),
            _ => (2, "16.00"),
        };
        if version.split('.').count() != parts {
            findings.refuse(format!("{engine} has no major version {version}; one is written as {like}"));
        }
    }
    if group.text("engine_name") == Some("postgres") && !names.is_empty() {
        findings.refuse("PostgreSQL has no options");
    }
}
