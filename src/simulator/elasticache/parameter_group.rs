//! Cache parameter groups and the parameters in them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::replication_group::ReplicationGroup;
use super::{arn, engine, parameters};
use crate::datastore::parameter::{Definition, Effect};
use crate::datastore::tags::{self, Tags};
use crate::datastore::{identifier, invalid_combination, invalid_value, listing};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("CreateCacheParameterGroup", create),
    ("DescribeCacheParameterGroups", describe),
    ("ModifyCacheParameterGroup", modify),
    ("ResetCacheParameterGroup", reset),
    ("DeleteCacheParameterGroup", delete),
    ("DescribeCacheParameters", describe_parameters),
    ("DescribeEngineDefaultParameters", describe_defaults),
];

const CREATE: &str =
    "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateCacheParameterGroup.html";
const MODIFY: &str =
    "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ModifyCacheParameterGroup.html";
const DELETE: &str =
    "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_DeleteCacheParameterGroup.html";
const DESCRIBE: &str =
    "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_DescribeCacheParameters.html";
const QUOTAS: &str = "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/quota-limits.html";
const ENGINE: &str = "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/ParameterGroups.Engine.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("elasticache.parameter_group.name", "a name is an identifier of at most 255 characters", CREATE),
    Rule::new("elasticache.parameter_group.exists", "names are unique", CREATE),
    Rule::new("elasticache.parameter_group.quota", "a region has 150 groups", QUOTAS),
    Rule::new("elasticache.parameter_group.default", "a default group is neither changed nor deleted", MODIFY),
    Rule::new("elasticache.parameter_group.count", "a request changes 1 to 20 parameters", MODIFY),
    Rule::new("elasticache.parameter.exists", "the parameter is one of the family's", MODIFY),
    Rule::new("elasticache.parameter.modifiable", "the parameter is one that users may change", MODIFY),
    Rule::new("elasticache.parameter.value", "the value is an allowed one", MODIFY),
    Rule::new("elasticache.parameter.cluster_enabled", "a group in use keeps its cluster-enabled", ENGINE),
    Rule::new(
        "elasticache.parameter.source",
        "parameters are shown by the sources user, system and engine-default",
        DESCRIBE,
    ),
    Rule::new("elasticache.parameter_group.delete.in_use", "a group with clusters is not deleted", DELETE),
];

/// A cache parameter group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CacheParameterGroup {
    /// Its name, in lower case.
    pub name: String,
    /// `redis7`.
    pub family: String,
    /// Its description.
    pub description: String,
    /// The parameters that the user has set, by name.
    pub set: BTreeMap<String, String>,
    /// Its tags.
    pub tags: Tags,
}

impl Row for CacheParameterGroup {
    const TABLE: &'static str = "elasticache.parameter_group";
    fn id(&self) -> String {
        self.name.clone()
    }
}

impl CacheParameterGroup {
    fn is_default(&self) -> bool {
        self.name.starts_with("default.")
    }

    /// Whether its clusters spread keys over shards.
    #[must_use]
    pub fn is_cluster_enabled(&self) -> bool {
        self.name.ends_with(".cluster.on") || self.set.get("cluster-enabled").is_some_and(|value| value == "yes")
    }

    fn view(&self, tx: &Tx<'_>) -> Value {
        record! {
            "CacheParameterGroupName" => &self.name,
            "CacheParameterGroupFamily" => &self.family,
            "Description" => &self.description,
            "IsGlobal" => false,
            "ARN" => arn(tx, "parametergroup", &self.name),
        }
    }

    fn is_used(&self, tx: &Tx<'_>) -> bool {
        tx.rows::<ReplicationGroup>().any(|group| group.parameter_group == self.name)
    }
}

/// ElastiCache's own groups, two for each family.
fn own() -> impl Iterator<Item = CacheParameterGroup> {
    engine::FAMILIES.iter().flat_map(|(family, ..)| {
        let group = |name: String, description: String| CacheParameterGroup {
            name,
            family: (*family).to_owned(),
            description,
            set: BTreeMap::new(),
            tags: Tags::default(),
        };
        [
            group(format!("default.{family}"), format!("Default parameter group for {family}")),
            group(
                format!("default.{family}.cluster.on"),
                format!("Customized default parameter group for {family} with cluster mode on"),
            ),
        ]
    })
}

/// The group of that name.
pub(super) fn find(tx: &Tx<'_>, name: &str) -> Result<CacheParameterGroup, Refusal> {
    let key = name.to_ascii_lowercase();
    let found = tx.get::<CacheParameterGroup>(&key).cloned().or_else(|| own().find(|group| group.name == key));
    found.ok_or_else(|| Refusal::new("CacheParameterGroupNotFound", format!("CacheParameterGroup not found: {name}")))
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let rule = "elasticache.parameter_group.name";
    let name = identifier::read(tx, rule, "CacheParameterGroupName", input.required("CacheParameterGroupName"), 255)?;
    let family = input.required("CacheParameterGroupFamily");
    engine::family(tx, family)?;
    tx.enforce("elasticache.parameter_group.exists", tx.get::<CacheParameterGroup>(&name).is_none(), || {
        Refusal::new("CacheParameterGroupAlreadyExists", format!("Cache Parameter group {name} already exists"))
    })?;
    let count = tx.rows::<CacheParameterGroup>().count();
    let most = tx.quota("elasticache.parameter-groups");
    tx.enforce("elasticache.parameter_group.quota", i64::try_from(count).is_ok_and(|count| count < most), || {
        Refusal::new(
            "CacheParameterGroupQuotaExceeded",
            format!("Cannot create more than {most} cache parameter groups."),
        )
    })?;
    let mut tags = Tags::default();
    tags.add(tags::read(tx, "elasticache.tags", input)?);
    let description = input.required("Description").to_owned();
    let group = CacheParameterGroup { name, family: family.to_owned(), description, set: BTreeMap::new(), tags };
    tx.put(group.clone());
    Ok(record! { "CacheParameterGroup" => group.view(tx) })
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let items = match input.text("CacheParameterGroupName") {
        Some(name) => {
            let group = find(tx, name)?;
            vec![(group.name.clone(), group.view(tx))]
        }
        None => {
            let users = tx.rows::<CacheParameterGroup>().cloned();
            own().chain(users).map(|group| (group.name.clone(), group.view(tx))).collect()
        }
    };
    listing::paged(tx, input, "elasticache.page.size", "CacheParameterGroups", items)
}

/// The group that a request changes, and its family's major number.
fn changed(tx: &Tx<'_>, input: &Input<'_>) -> Result<(CacheParameterGroup, u16), Refusal> {
    let group = find(tx, input.required("CacheParameterGroupName"))?;
    tx.enforce("elasticache.parameter_group.default", !group.is_default(), || {
        let message = format!("{} is a default parameter group and cannot be modified.", group.name);
        Refusal::new("InvalidCacheParameterGroupState", message)
    })?;
    let (_, major) = engine::family(tx, &group.family)?;
    Ok((group, major))
}

/// The names and values that a request gives.
fn given<'a>(tx: &Tx<'_>, input: &Input<'a>) -> Result<Vec<(&'a str, Option<&'a str>)>, Refusal> {
    let given: Vec<(&str, Option<&str>)> = input
        .records("ParameterNameValues")
        .iter()
        .map(|pair| (pair.required("ParameterName"), pair.text("ParameterValue")))
        .collect();
    tx.enforce("elasticache.parameter_group.count", (1..=20).contains(&given.len()), || {
        invalid_value("The number of parameters in a request must be between 1 and 20.")
    })?;
    Ok(given)
}

fn known(tx: &Tx<'_>, major: u16, name: &str) -> Result<Option<&'static Definition>, Refusal> {
    let definition = parameters::named(major, name);
    tx.enforce("elasticache.parameter.exists", definition.is_some(), || {
        invalid_value(format!("Parameter {name} doesn't exist"))
    })?;
    Ok(definition)
}

fn modify(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let (mut group, major) = changed(tx, input)?;
    for (name, value) in given(tx, input)? {
        let Some(definition) = known(tx, major, name)? else { continue };
        tx.enforce("elasticache.parameter.modifiable", definition.effect != Effect::Fixed, || {
            invalid_value(format!("The parameter {name} cannot be modified."))
        })?;
        let value = value.unwrap_or_default();
        tx.enforce("elasticache.parameter.value", parameters::takes(definition, value), || {
            invalid_value(format!(
                "Invalid parameter value: {value} for parameter {name}. Allowed values are: {}",
                definition.allowed
            ))
        })?;
        let was_on = group.is_cluster_enabled();
        let default = value == definition.default;
        if default {
            group.set.remove(name)
        } else {
            group.set.insert(name.to_owned(), value.to_owned())
        };
        let turns = was_on != group.is_cluster_enabled();
        tx.enforce("elasticache.parameter.cluster_enabled", !(turns && group.is_used(tx)), || {
            let message = format!(
                "The parameter cluster-enabled cannot be modified while the parameter group {} is in use.",
                group.name
            );
            Refusal::new("InvalidCacheParameterGroupState", message)
        })?;
    }
    tx.put(group.clone());
    Ok(record! { "CacheParameterGroupName" => &group.name })
}

fn reset(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let (mut group, major) = changed(tx, input)?;
    let was_on = group.is_cluster_enabled();
    if input.flag("ResetAllParameters") {
        tx.enforce("elasticache.parameter_group.count", !input.has("ParameterNameValues"), || {
            invalid_combination("ParameterNameValues cannot be specified when ResetAllParameters is true.")
        })?;
        group.set.clear();
    } else {
        for (name, _) in given(tx, input)? {
            known(tx, major, name)?;
            group.set.remove(name);
        }
    }
    let turns = was_on != group.is_cluster_enabled();
    tx.enforce("elasticache.parameter.cluster_enabled", !(turns && group.is_used(tx)), || {
        let message = format!(
            "The parameter cluster-enabled cannot be modified while the parameter group {} is in use.",
            group.name
        );
        Refusal::new("InvalidCacheParameterGroupState", message)
    })?;
    tx.put(group.clone());
    Ok(record! { "CacheParameterGroupName" => &group.name })
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let group = find(tx, input.required("CacheParameterGroupName"))?;
    tx.enforce("elasticache.parameter_group.default", !group.is_default(), || {
        let message = format!("Default CacheParameterGroup cannot be deleted: {}", group.name);
        Refusal::new("InvalidCacheParameterGroupState", message)
    })?;
    let used = group.is_used(tx);
    tx.enforce("elasticache.parameter_group.delete.in_use", !used, || {
        let message = format!(
            "One or more cache clusters are still members of this parameter group {}, so the group cannot be deleted.",
            group.name
        );
        Refusal::new("InvalidCacheParameterGroupState", message)
    })?;
    tx.remove::<CacheParameterGroup>(&group.name);
    Ok(Value::Record(Record::new()))
}

fn view(definition: &Definition, set: Option<&str>) -> Value {
    let default = Some(definition.default).filter(|default| !default.is_empty());
    record! {
        "ParameterName" => definition.name,
        "ParameterValue" => set.or(default),
        "Description" => format!("The engine's {}.", definition.name),
        "Source" => if set.is_some() { "user" } else { "system" },
        "DataType" => definition.kind.name(),
        "AllowedValues" => Some(definition.allowed).filter(|allowed| !allowed.is_empty()),
        "IsModifiable" => definition.effect != Effect::Fixed,
        "MinimumEngineVersion" => if definition.since == 0 { "2.8.6".to_owned() } else { format!("{}.0.0", definition.since) },
        "ChangeType" => if definition.effect == Effect::Static { "requires-reboot" } else { "immediate" },
    }
}

fn describe_parameters(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let group = find(tx, input.required("CacheParameterGroupName"))?;
    let (_, major) = engine::family(tx, &group.family)?;
    let source = input.text("Source");
    let known = source.is_none_or(|source| ["user", "system", "engine-default"].contains(&source));
    tx.enforce("elasticache.parameter.source", known, || {
        invalid_value(format!("Invalid parameter source: {}", source.unwrap_or_default()))
    })?;
    let value = |name: &str| {
        let on = name == "cluster-enabled" && group.is_default() && group.is_cluster_enabled();
        if on { Some("yes") } else { group.set.get(name).map(String::as_str) }
    };
    let items = parameters::of(major)
        .map(|definition| (definition.name.to_owned(), view(definition, value(definition.name))))
        .filter(|(_, view)| source.is_none_or(|source| view.get("Source").text() == Some(source)))
        .collect();
    listing::paged(tx, input, "elasticache.page.size", "Parameters", items)
}

fn describe_defaults(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let family = input.required("CacheParameterGroupFamily");
    let (_, major) = engine::family(tx, family)?;
    let items = parameters::of(major).map(|definition| (definition.name.to_owned(), view(definition, None))).collect();
    let mut page = listing::paged(tx, input, "elasticache.page.size", "Parameters", items)?;
    page.set("CacheParameterGroupFamily", family);
    Ok(record! { "EngineDefaults" => page })
}
