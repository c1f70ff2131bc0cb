//! DB parameter groups and the parameters in them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::instance::DbInstance;
use super::{arn, engine, event, filters, parameters};
use crate::datastore::parameter::{Definition, Effect};
use crate::datastore::tags::{self, Tags};
use crate::datastore::{identifier, invalid_combination, invalid_value, listing};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Handler, Span, Transition};
use crate::value::{Record, Value};
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("CopyDBParameterGroup", copy),
    ("CreateDBParameterGroup", create),
    ("DescribeDBParameterGroups", describe),
    ("ModifyDBParameterGroup", modify),
    ("ResetDBParameterGroup", reset),
    ("DeleteDBParameterGroup", delete),
    ("DescribeDBParameters", describe_parameters),
    ("DescribeEngineDefaultParameters", describe_defaults),
];

pub(super) const SPANS: &[Span] = &[Span::new("rds.parameter_group.apply", 2.0, 20.0)];

pub(super) const TRANSITIONS: &[(&str, Transition)] = &[("rds.parameter_group.applied", |tx, pending| {
    tx.change::<DbInstance>(&pending.subject, |instance| {
        if instance.parameter_status == "applying" {
            instance.parameter_status = "in-sync".to_owned();
        }
    });
})];

const CREATE: &str = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBParameterGroup.html";
const MODIFY: &str = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBParameterGroup.html";
const DELETE: &str = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBParameterGroup.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("rds.parameter_group.name", "a name is an identifier of at most 255 characters", CREATE),
    Rule::new("rds.parameter_group.exists", "names are unique", CREATE),
    Rule::new(
        "rds.parameter_group.quota",
        "an account has 50 groups",
        "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html",
    ),
    Rule::new("rds.parameter_group.default", "a default group is neither changed nor deleted", MODIFY),
    Rule::new("rds.parameter_group.count", "a request changes at most 20 parameters", MODIFY),
    Rule::new("rds.parameter.exists", "the parameter is one of the family's", MODIFY),
    Rule::new("rds.parameter.modifiable", "the parameter is one that users may change", MODIFY),
    Rule::new("rds.parameter.value", "the value is an allowed one", MODIFY),
    Rule::new("rds.parameter.apply_method", "a static parameter is changed at the next restart", MODIFY),
    Rule::new("rds.parameter_group.delete.in_use", "a group with instances is not deleted", DELETE),
    Rule::new(
        "rds.parameter.source",
        "parameters are shown by the sources user, system and engine-default",
        "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBParameters.html",
    ),
];

/// A DB parameter group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DbParameterGroup {
    /// Its name, in lower case.
    pub name: String,
    /// `postgres17`.
    pub family: String,
    /// Its description.
    pub description: String,
    /// The parameters that the user has set, by name.
    pub set: BTreeMap<String, Setting>,
    /// Its tags.
    pub tags: Tags,
}

/// A parameter's value as the user has set it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// The value.
    pub value: String,
    /// `immediate` or `pending-reboot`.
    pub method: String,
}

impl Row for DbParameterGroup {
    const TABLE: &'static str = "rds.parameter_group";
    fn id(&self) -> String {
        self.name.clone()
    }
}

impl DbParameterGroup {
    fn is_default(&self) -> bool {
        self.name.starts_with("default.")
    }

    fn view(&self, tx: &Tx<'_>) -> Value {
        record! {
            "DBParameterGroupName" => &self.name,
            "DBParameterGroupFamily" => &self.family,
            "Description" => &self.description,
            "DBParameterGroupArn" => arn(tx, "pg", &self.name),
        }
    }
}

/// The refusal of a group that is not there.
pub(super) fn not_found(name: &str) -> Refusal {
    Refusal::new("DBParameterGroupNotFound", format!("DBParameterGroup not found: {name}"))
}

/// The group of that name. A family's default group is there once it is asked for.
pub(super) fn find(tx: &mut Tx<'_>, name: &str) -> Result<DbParameterGroup, Refusal> {
    let key = name.to_ascii_lowercase();
    if let Some(group) = tx.get::<DbParameterGroup>(&key) {
        return Ok(group.clone());
    }
    let major = key.strip_prefix("default.postgres").and_then(|major| major.parse::<u16>().ok());
    let Some(major) = major.filter(|major| engine::newest(*major).is_some()) else { return Err(not_found(name)) };
    let group = DbParameterGroup {
        name: key,
        family: format!("postgres{major}"),
        description: format!("Default parameter group for postgres{major}"),
        set: BTreeMap::new(),
        tags: Tags::default(),
    };
    tx.put(group.clone());
    Ok(group)
}

fn copy(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let given = input.required("SourceDBParameterGroupIdentifier");
    let source = find(tx, given.strip_prefix(arn(tx, "pg", "").as_str()).unwrap_or(given))?;
    tx.enforce("rds.parameter_group.default", !source.is_default(), || {
        invalid_value(format!("The parameter group {} is a default group and cannot be copied.", source.name))
    })?;
    let (name, description) =
        (input.required("TargetDBParameterGroupIdentifier"), input.required("TargetDBParameterGroupDescription"));
    let name = new_name(tx, "TargetDBParameterGroupIdentifier", name)?;
    let mut tags = Tags::default();
    tags.add(tags::read(tx, "rds.tags", input)?);
    let group = DbParameterGroup { name, description: description.to_owned(), tags, ..source };
    tx.put(group.clone());
    Ok(record! { "DBParameterGroup" => group.view(tx) })
}

/// A new group's name, which nobody has yet.
fn new_name(tx: &Tx<'_>, parameter: &str, given: &str) -> Result<String, Refusal> {
    let name = identifier::read(tx, "rds.parameter_group.name", parameter, given, 255)?;
    tx.enforce("rds.parameter_group.exists", tx.get::<DbParameterGroup>(&name).is_none(), || {
        Refusal::new("DBParameterGroupAlreadyExists", format!("Parameter group {name} already exists"))
    })?;
    let count = tx.rows::<DbParameterGroup>().filter(|group| !group.is_default()).count();
    let most = tx.quota("rds.parameter-groups");
    tx.enforce("rds.parameter_group.quota", i64::try_from(count).is_ok_and(|count| count < most), || {
        Refusal::new("DBParameterGroupQuotaExceeded", "Cannot create more than 50 parameter groups.")
    })?;
    Ok(name)
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let rule = "rds.parameter_group.name";
    let name = identifier::read(tx, rule, "DBParameterGroupName", input.required("DBParameterGroupName"), 255)?;
    let family = input.required("DBParameterGroupFamily");
    let major = engine::family(tx, family)?;
    let description = input.required("Description");
    tx.enforce(rule, !description.is_empty(), || {
        invalid_value("The parameter Description must be provided and must not be blank.")
    })?;
    let name = new_name(tx, "DBParameterGroupName", &name)?;
    let mut tags = Tags::default();
    tags.add(tags::read(tx, "rds.tags", input)?);
    let group = DbParameterGroup {
        name,
        family: format!("postgres{major}"),
        description: description.to_owned(),
        set: BTreeMap::new(),
        tags,
    };
    tx.put(group.clone());
    Ok(record! { "DBParameterGroup" => group.view(tx) })
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    filters::read(tx, input, &[])?;
    let items = match input.text("DBParameterGroupName") {
        Some(name) => {
            let group = find(tx, name)?;
            vec![(group.name.clone(), group.view(tx))]
        }
        None => tx.rows::<DbParameterGroup>().map(|group| (group.name.clone(), group.view(tx))).collect(),
    };
    listing::paged(tx, input, "rds.page.size", "DBParameterGroups", items)
}

/// The group that a request changes.
fn changed(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<(DbParameterGroup, u16), Refusal> {
    let group = find(tx, input.required("DBParameterGroupName"))?;
    tx.enforce("rds.parameter_group.default", !group.is_default(), || {
        invalid_value("Cannot modify a default parameter group.")
    })?;
    let major = engine::family(tx, &group.family)?;
    Ok((group, major))
}

fn known(tx: &Tx<'_>, major: u16, name: &str) -> Result<Option<&'static Definition>, Refusal> {
    let definition = parameters::named(major, name);
    tx.enforce("rds.parameter.exists", definition.is_some(), || {
        invalid_value(format!("Could not find parameter with name: {name}"))
    })?;
    Ok(definition)
}

fn modify(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let (mut group, major) = changed(tx, input)?;
    let given = input.records("Parameters");
    tx.enforce("rds.parameter_group.count", !given.is_empty(), || {
        invalid_value("The parameter Parameters must be provided and must not be blank.")
    })?;
    tx.enforce("rds.parameter_group.count", given.len() <= 20, || {
        invalid_value("A maximum of 20 parameters can be modified in a single request.")
    })?;
    let (mut at_once, mut at_restart) = (false, false);
    for parameter in &given {
        let name = parameter.required("ParameterName");
        let Some(definition) = known(tx, major, name)? else { continue };
        let Some(value) = parameter.text("ParameterValue") else {
            return Err(invalid_value(format!(
                "The parameter ParameterValue for {name} must be provided and must not be blank."
            )));
        };
        let Some(method) = parameter.text("ApplyMethod") else {
            return Err(invalid_value(format!(
                "The parameter ApplyMethod for {name} must be provided and must not be blank."
            )));
        };
        tx.enforce("rds.parameter.modifiable", definition.effect != Effect::Fixed, || {
            invalid_value(format!("The parameter {name} cannot be modified."))
        })?;
        tx.enforce("rds.parameter.value", definition.takes(value), || {
            invalid_value(format!(
                "Invalid parameter value: {value} for: {name} allowed values are: {}",
                definition.allowed
            ))
        })?;
        tx.enforce(
            "rds.parameter.apply_method",
            method == "pending-reboot" || definition.effect != Effect::Static,
            || invalid_combination("cannot use immediate apply method for static parameter"),
        )?;
        // What has the default's value is not the user's: its source stays what it was before
        // (https://github.com/hashicorp/terraform-provider-aws/pull/3182).
        let before = if value == definition.default {
            group.set.remove(name)
        } else {
            group.set.insert(name.to_owned(), Setting { value: value.to_owned(), method: method.to_owned() })
        };
        if before.map_or(definition.default.to_owned(), |before| before.value) != value {
            let how = if method == "immediate" { "immediate" } else { "pending-reboot" };
            let message = format!("Updated parameter {name} to {value} with apply method {how}");
            event::of_parameter_group(tx, &group.name, &message);
            (at_once, at_restart) = (at_once || method == "immediate", at_restart || method != "immediate");
        }
    }
    tx.put(group.clone());
    spread(tx, &group.name, at_once, at_restart);
    Ok(record! { "DBParameterGroupName" => &group.name })
}

/// Tells a group's instances that it has changed.
fn spread(tx: &mut Tx<'_>, group: &str, at_once: bool, at_restart: bool) {
    let users: Vec<String> =
        tx.rows::<DbInstance>().filter(|instance| instance.parameter_group == group).map(Row::id).collect();
    for id in users {
        let mut applying = false;
        tx.change::<DbInstance>(&id, |instance| {
            if at_restart {
                instance.parameter_status = "pending-reboot".to_owned();
            } else if at_once && instance.parameter_status == "in-sync" {
                instance.parameter_status = "applying".to_owned();
                applying = true;
            }
        });
        if applying {
            tx.transition("rds.parameter_group.apply", "rds.parameter_group.applied", &id);
        }
    }
}

fn reset(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let (mut group, major) = changed(tx, input)?;
    let (all, given) = (input.bool("ResetAllParameters"), input.records("Parameters"));
    let (mut at_once, mut at_restart) = (false, false);
    let mut drop = |group: &mut DbParameterGroup, name: &str, method: Option<&str>| {
        if group.set.remove(name).is_some() {
            let is_static = parameters::named(major, name).is_some_and(|known| known.effect == Effect::Static);
            let later = is_static || method == Some("pending-reboot");
            (at_once, at_restart) = (at_once || !later, at_restart || later);
        }
    };
    if all.unwrap_or(given.is_empty()) {
        tx.enforce("rds.parameter_group.count", given.is_empty(), || {
            invalid_combination("Parameters cannot be specified when ResetAllParameters is set to true.")
        })?;
        for name in group.set.keys().cloned().collect::<Vec<_>>() {
            drop(&mut group, &name, None);
        }
    } else {
        tx.enforce("rds.parameter_group.count", !given.is_empty(), || {
            invalid_value("The parameter Parameters must be provided and must not be blank.")
        })?;
        tx.enforce("rds.parameter_group.count", given.len() <= 20, || {
            invalid_value("A maximum of 20 parameters can be modified in a single request.")
        })?;
        for parameter in &given {
            let name = parameter.required("ParameterName");
            let definition = known(tx, major, name)?;
            let (method, _) = (parameter.text("ApplyMethod"), parameter.text("ParameterValue"));
            let is_static = definition.is_some_and(|definition| definition.effect == Effect::Static);
            tx.enforce("rds.parameter.apply_method", method != Some("immediate") || !is_static, || {
                invalid_combination("cannot use immediate apply method for static parameter")
            })?;
            drop(&mut group, name, method);
        }
    }
    tx.put(group.clone());
    spread(tx, &group.name, at_once, at_restart);
    Ok(record! { "DBParameterGroupName" => &group.name })
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let name = input.required("DBParameterGroupName");
    let group = find(tx, name)?;
    tx.enforce("rds.parameter_group.default", !group.is_default(), || {
        Refusal::new("InvalidDBParameterGroupState", format!("Default DBParameterGroup cannot be deleted: {name}"))
    })?;
    let used = tx.rows::<DbInstance>().any(|instance| instance.parameter_group == group.name);
    tx.enforce("rds.parameter_group.delete.in_use", !used, || {
        let message = format!(
            "One or more database instances are still members of this parameter group {}, so the group cannot be deleted",
            group.name
        );
        Refusal::new("InvalidDBParameterGroupState", message)
    })?;
    tx.remove::<DbParameterGroup>(&group.name);
    Ok(Value::Record(Record::new()))
}

fn view(definition: &Definition, set: Option<&Setting>) -> Value {
    let default = Some(definition.default).filter(|default| !default.is_empty());
    let source = match (set, default) {
        (Some(_), _) => "user",
        (None, Some(_)) => "system",
        (None, None) => "engine-default",
    };
    record! {
        "ParameterName" => definition.name,
        "ParameterValue" => set.map(|setting| setting.value.as_str()).or(default),
        "Description" => format!("PostgreSQL's {}.", definition.name),
        "Source" => source,
        "ApplyType" => if definition.effect == Effect::Dynamic { "dynamic" } else { "static" },
        "DataType" => definition.kind.name(),
        "AllowedValues" => Some(definition.allowed).filter(|allowed| !allowed.is_empty()),
        "IsModifiable" => definition.effect != Effect::Fixed,
        "ApplyMethod" => set.map_or("pending-reboot", |setting| setting.method.as_str()),
    }
}

fn describe_parameters(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let group = find(tx, input.required("DBParameterGroupName"))?;
    let major = engine::family(tx, &group.family)?;
    let filters = filters::read(tx, input, &["parameter-name"])?;
    let source = input.text("Source");
    let known = source.is_none_or(|source| ["user", "system", "engine-default", "service"].contains(&source));
    tx.enforce("rds.parameter.source", known, || {
        invalid_value(format!("Invalid parameter source: {}", source.unwrap_or_default()))
    })?;
    let items = parameters::of(major)
        .filter(|definition| filters.iter().all(|(_, names)| names.contains(&definition.name)))
        .map(|definition| (definition.name.to_owned(), view(definition, group.set.get(definition.name))))
        .filter(|(_, view)| source.is_none_or(|source| view.get("Source").text() == Some(source)))
        .collect();
    listing::paged(tx, input, "rds.page.size", "Parameters", items)
}

fn describe_defaults(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let family = input.required("DBParameterGroupFamily");
    let major = engine::family(tx, family)?;
    let filters = filters::read(tx, input, &["parameter-name"])?;
    let items = parameters::of(major)
        .filter(|definition| filters.iter().all(|(_, names)| names.contains(&definition.name)))
        .map(|definition| (definition.name.to_owned(), view(definition, None)))
        .collect();
    let mut page = listing::paged(tx, input, "rds.page.size", "Parameters", items)?;
    page.set("DBParameterGroupFamily", format!("postgres{major}"));
    Ok(record! { "EngineDefaults" => page })
}
