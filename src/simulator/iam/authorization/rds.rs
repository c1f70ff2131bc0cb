//! RDS's actions: on each thing of an account's that a request names, whatever its part in it.
//!
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html>

use super::ask::{Ask, Told, held, pairs};
use super::store::Store;
use crate::rds::instance::DbInstance;
use crate::rds::option_group::OptionGroup;
use crate::rds::parameter_group::DbParameterGroup;
use crate::rds::snapshot::DbSnapshot;
use crate::rds::subnet_group::DbSubnetGroup;
use crate::value::Value;
use crate::world::Tx;

/// The members that name a thing, with its kind as ARNs call it.
const NAMES: &[(&str, &str)] = &[
    ("DBInstanceIdentifier", "db"),
    ("SourceDBInstanceIdentifier", "db"),
    ("TargetDBInstanceIdentifier", "db"),
    ("DBParameterGroupName", "pg"),
    ("SourceDBParameterGroupIdentifier", "pg"),
    ("TargetDBParameterGroupIdentifier", "pg"),
    ("DBSnapshotIdentifier", "snapshot"),
    ("SourceDBSnapshotIdentifier", "snapshot"),
    ("TargetDBSnapshotIdentifier", "snapshot"),
    ("FinalDBSnapshotIdentifier", "snapshot"),
    ("DBSubnetGroupName", "subgrp"),
    ("OptionGroupName", "og"),
    ("SourceOptionGroupIdentifier", "og"),
    ("TargetOptionGroupIdentifier", "og"),
];

/// The members that hold an ARN.
const ARNS: &[&str] = &[
    "ResourceName",
    "ResourceIdentifier",
    "SourceDBInstanceArn",
    "SourceDBInstanceAutomatedBackupsArn",
    "DBInstanceAutomatedBackupsArn",
];

const STORE: Store = Store {
    service: "rds",
    lists: &[
        ("DescribeDBInstanceAutomatedBackups", "auto-backup"),
        ("DescribeDBInstances", "db"),
        ("DescribeDBParameterGroups", "pg"),
        ("DescribeDBSnapshots", "snapshot"),
        ("DescribeDBSubnetGroups", "subgrp"),
        ("DescribeOptionGroups", "og"),
        ("DescribePendingMaintenanceActions", "db"),
    ],
    tags,
};

/// What of a request is no thing of an account's, though a member's name says so.
const LOOSE: &[&str] =
    &["DescribeEvents", "DescribeDBEngineVersions", "DescribeOptionGroupOptions", "DescribeEngineDefaultParameters"];

pub(super) fn asks(tx: &Tx<'_>, operation: &str, input: &Value) -> Vec<Ask> {
    let action = format!("rds:{operation}");
    let given = Store::given(operation, input);
    let mut asks: Vec<Ask> = Vec::new();
    for (member, kind) in NAMES.iter().filter(|_| !LOOSE.contains(&operation)) {
        let Some(name) = input.get(member).text() else { continue };
        let (resource, name) = match name.rsplit_once(':') {
            Some((_, last)) if name.starts_with("arn:") => (name.to_owned(), last.to_owned()),
            _ => (STORE.arn(tx, kind, &name.to_lowercase()), name.to_lowercase()),
        };
        asks.push(Ask::new(&action, resource).told(tags(tx, kind, &name)).told(given.clone()));
    }
    let named = ARNS.iter().filter_map(|member| input.get(member).text());
    asks.extend(named.map(|resource| STORE.by_arn(tx, operation, resource).told(given.clone())));
    if asks.is_empty() {
        asks.push(STORE.on_all(tx, operation));
    }
    if makes(operation) && !given.is_empty() {
        asks.push(STORE.tagging(&asks[0], given));
    }
    asks
}

/// Whether an operation's tags are of what it makes.
fn makes(operation: &str) -> bool {
    ["Create", "Copy", "Restore"].iter().any(|start| operation.starts_with(start))
}

fn tags(tx: &Tx<'_>, kind: &str, name: &str) -> Told {
    let tags = match kind {
        "db" => tx.get::<DbInstance>(name).map(|row| held(pairs(&row.tags.0))),
        "pg" => tx.get::<DbParameterGroup>(name).map(|row| held(pairs(&row.tags.0))),
        "snapshot" => tx.get::<DbSnapshot>(name).map(|row| held(pairs(&row.tags.0))),
        "subgrp" => tx.get::<DbSubnetGroup>(name).map(|row| held(pairs(&row.tags.0))),
        "og" => tx.get::<OptionGroup>(name).map(|row| held(pairs(&row.tags.0))),
        _ => None,
    };
    tags.unwrap_or_default()
}
