//! Tags of RDS's resources, by ARN.

use super::backup_replication::ReplicatedBackup;
use super::instance::{self, DbInstance};
use super::option_group::{self, OptionGroup};
use super::parameter_group::{self, DbParameterGroup};
use super::snapshot::{self, DbSnapshot};
use super::subnet_group::{self, DbSubnetGroup};
use crate::datastore::invalid_value;
use crate::datastore::tags::{self, Tags};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("AddTagsToResource", add), ("RemoveTagsFromResource", remove), ("ListTagsForResource", list)];

const PAGE: &str = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Tagging.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("rds.tags", "keys have 1 to 128 characters, values up to 256, and no aws: at the front", PAGE),
    Rule::new("rds.tags.limit", "a resource has at most 50 tags", PAGE),
    Rule::new("rds.tags.arn", "a resource is named by an ARN of this account and region", PAGE),
];

/// A resource that carries tags.
enum Tagged {
    Instance(String),
    OptionGroup(String),
    ParameterGroup(String),
    ReplicatedBackup(String),
    Snapshot(String),
    SubnetGroup(String),
}

fn resource(tx: &mut Tx<'_>, arn: &str) -> Result<Tagged, Refusal> {
    let start = format!("arn:aws:rds:{}:{}:", tx.region(), tx.account());
    let parts = arn.strip_prefix(&start).and_then(|rest| rest.split_once(':'));
    let foreign =
        || invalid_value(format!("The specified resource name does not match an RDS resource in this region: {arn}"));
    tx.enforce("rds.tags.arn", parts.is_some(), foreign)?;
    let (kind, name) = parts.ok_or_else(foreign)?;
    let name = name.to_ascii_lowercase();
    match kind {
        "db" => instance::find(tx, &name).map(|row| Tagged::Instance(row.id())),
        "pg" => parameter_group::find(tx, &name).map(|row| Tagged::ParameterGroup(row.id())),
        "snapshot" => match tx.get::<DbSnapshot>(&name) {
            Some(row) => Ok(Tagged::Snapshot(row.id())),
            None => Err(snapshot::not_found(&name)),
        },
        "og" => option_group::find(tx, &name).map(|row| Tagged::OptionGroup(row.id())),
        "auto-backup" if copies(tx, &name).is_some() => {
            Ok(Tagged::ReplicatedBackup(copies(tx, &name).unwrap_or_default()))
        }
        "subgrp" => subnet_group::find(tx, &name).map(|row| Tagged::SubnetGroup(row.id())),
        "auto-backup" | "cev" | "cluster" | "cluster-pg" | "cluster-snapshot" | "es" | "proxy" | "ri" | "secgrp" => {
            Err(Refusal::not_simulated(format!("rds with tags of {kind}")))
        }
        _ => Err(foreign()),
    }
}

/// The copied backups of that name, by their id.
fn copies(tx: &Tx<'_>, name: &str) -> Option<String> {
    tx.rows::<ReplicatedBackup>().find(|backup| backup.name == name).map(Row::id)
}

impl Tagged {
    fn tags(&self, tx: &Tx<'_>) -> Tags {
        match self {
            Tagged::Instance(id) => tx.get::<DbInstance>(id).map(|row| row.tags.clone()),
            Tagged::OptionGroup(id) => tx.get::<OptionGroup>(id).map(|row| row.tags.clone()),
            Tagged::ParameterGroup(id) => tx.get::<DbParameterGroup>(id).map(|row| row.tags.clone()),
            Tagged::ReplicatedBackup(id) => tx.get::<ReplicatedBackup>(id).map(|row| row.tags.clone()),
            Tagged::Snapshot(id) => tx.get::<DbSnapshot>(id).map(|row| row.tags.clone()),
            Tagged::SubnetGroup(id) => tx.get::<DbSubnetGroup>(id).map(|row| row.tags.clone()),
        }
        .unwrap_or_default()
    }

    fn keep(&self, tx: &mut Tx<'_>, tags: Tags) {
        match self {
            Tagged::Instance(id) => tx.change::<DbInstance>(id, |row| row.tags = tags),
            Tagged::OptionGroup(id) => tx.change::<OptionGroup>(id, |row| row.tags = tags),
            Tagged::ParameterGroup(id) => tx.change::<DbParameterGroup>(id, |row| row.tags = tags),
            Tagged::ReplicatedBackup(id) => tx.change::<ReplicatedBackup>(id, |row| row.tags = tags),
            Tagged::Snapshot(id) => tx.change::<DbSnapshot>(id, |row| row.tags = tags),
            Tagged::SubnetGroup(id) => tx.change::<DbSubnetGroup>(id, |row| row.tags = tags),
        };
    }
}

/// Refuses more tags than a resource may have.
pub(super) fn within(tx: &Tx<'_>, tags: &Tags) -> Result<(), Refusal> {
    tx.enforce("rds.tags.limit", tags.0.len() <= 50, || {
        invalid_value("The number of tags on the resource would exceed the limit of 50.")
    })
}

fn add(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let resource = resource(tx, input.required("ResourceName"))?;
    let mut tags = resource.tags(tx);
    tags.add(tags::read(tx, "rds.tags", input)?);
    within(tx, &tags)?;
    resource.keep(tx, tags);
    Ok(instance::nothing())
}

fn remove(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let resource = resource(tx, input.required("ResourceName"))?;
    let mut tags = resource.tags(tx);
    tags.remove(&input.texts("TagKeys"));
    resource.keep(tx, tags);
    Ok(instance::nothing())
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    super::filters::read(tx, input, &[])?;
    let resource = resource(tx, input.required("ResourceName"))?;
    Ok(record! { "TagList" => resource.tags(tx).view() })
}
