//! Option groups: what of an engine's further features its instances have.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::option::{self, OptionKind};
use super::snapshot::DbSnapshot;
use super::{arn, filters, tags as limits};
use crate::datastore::tags::{self, Tags};
use crate::datastore::{identifier, invalid_combination, invalid_value, listing};
use crate::ec2::security_group::SecurityGroup;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("CopyOptionGroup", copy),
    ("CreateOptionGroup", create),
    ("DescribeOptionGroupOptions", describe_options),
    ("DescribeOptionGroups", describe),
    ("ModifyOptionGroup", modify),
    ("DeleteOptionGroup", delete),
];

const CREATE: &str = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateOptionGroup.html";
const MODIFY: &str = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyOptionGroup.html";
const DESCRIBE: &str = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeOptionGroups.html";
const DELETE: &str = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteOptionGroup.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("rds.option_group.name", "a name is an identifier of at most 255 characters", CREATE),
    Rule::new("rds.option_group.exists", "names are unique", CREATE),
    Rule::new("rds.option_group.description", "a group says what it is for", CREATE),
    Rule::new("rds.option_group.engine", "the engine has the major version", CREATE),
    Rule::new(
        "rds.option_group.quota",
        "an account has 20 groups",
        "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html",
    ),
    Rule::new("rds.option_group.default", "a default group is neither changed, copied nor deleted", MODIFY),
    Rule::new("rds.option_group.describe", "a name is not asked for together with an engine", DESCRIBE),
    Rule::new("rds.option_group.modify", "a change has something to it", MODIFY),
    Rule::new("rds.option.exists", "the option is one of the engine's", MODIFY),
    Rule::new("rds.option.setting", "an option has the settings that it needs, and no others", MODIFY),
    Rule::new("rds.option.port", "an option that listens has a port and security groups, and no other has", MODIFY),
    Rule::new("rds.option_group.delete.in_use", "a group with instances or snapshots is not deleted", DELETE),
];

/// An option group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptionGroup {
    /// Its name, in lower case.
    pub name: String,
    /// `mysql`.
    pub engine: String,
    /// `8.0`.
    pub major: String,
    /// Its description.
    pub description: String,
    /// What it has.
    pub options: Vec<Chosen>,
    /// The group that it is a copy of.
    pub source: Option<String>,
    /// When it was copied.
    pub copied: Option<Timestamp>,
    /// Its tags.
    pub tags: Tags,
}

/// An option in a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chosen {
    /// Its name.
    pub name: String,
    /// Its port, where it listens.
    pub port: Option<i64>,
    /// Who may reach it.
    pub security_groups: Vec<String>,
    /// What was set, by name.
    pub settings: Vec<(String, String)>,
}

impl Row for OptionGroup {
    const TABLE: &'static str = "rds.option_group";
    fn id(&self) -> String {
        self.name.clone()
    }
}

impl OptionGroup {
    fn is_default(&self) -> bool {
        self.name.starts_with("default:")
    }

    fn kind(&self, name: &str) -> Option<&'static OptionKind> {
        option::engine(&self.engine)?.options_of(&self.major).find(|option| option.name == name)
    }

    fn view(&self, tx: &Tx<'_>) -> Value {
        let options: Vec<Value> = self.options.iter().filter_map(|it| Some(it.view(self.kind(&it.name)?))).collect();
        record! {
            "OptionGroupName" => &self.name,
            "OptionGroupDescription" => &self.description,
            "EngineName" => &self.engine,
            "MajorEngineVersion" => &self.major,
            "Options" => options,
            "AllowsVpcAndNonVpcInstanceMemberships" => true,
            "OptionGroupArn" => arn(tx, "og", &self.name),
            "SourceOptionGroup" => self.source.as_deref(),
            "SourceAccountId" => self.source.as_ref().map(|_| tx.account()),
            "CopyTimestamp" => self.copied,
        }
    }
}

impl Chosen {
    fn view(&self, kind: &OptionKind) -> Value {
        let settings = kind.settings.iter().map(|setting| {
            let given = self.settings.iter().find(|(name, _)| name == setting.name).map(|(_, value)| value.as_str());
            record! {
                "Name" => setting.name,
                "Value" => given.or(setting.default),
                "DefaultValue" => setting.default,
                "Description" => setting.says,
                "ApplyType" => "DYNAMIC",
                "DataType" => setting.kind,
                "AllowedValues" => setting.allowed,
                "IsModifiable" => true,
                "IsCollection" => false,
            }
        });
        let member = |id: &String| record! { "VpcSecurityGroupId" => id, "Status" => "active" };
        record! {
            "OptionName" => kind.name,
            "OptionDescription" => kind.says,
            "Persistent" => kind.persistent,
            "Permanent" => false,
            "Port" => self.port,
            "OptionSettings" => Value::List(settings.collect()),
            "DBSecurityGroupMemberships" => Value::List(Vec::new()),
            "VpcSecurityGroupMemberships" => Value::List(self.security_groups.iter().map(member).collect()),
        }
    }
}

/// The group of that name, or of its ARN. A version's default group is there once it is asked for.
pub(super) fn find(tx: &mut Tx<'_>, given: &str) -> Result<OptionGroup, Refusal> {
    let name = given.strip_prefix(arn(tx, "og", "").as_str()).unwrap_or(given).to_ascii_lowercase();
    if let Some(group) = tx.get::<OptionGroup>(&name) {
        return Ok(group.clone());
    }
    let mut versions =
        option::ENGINES.iter().flat_map(|engine| engine.majors.iter().map(move |major| (engine, *major)));
    let default = versions.find(|(engine, major)| default_name(engine.name, major) == name);
    let Some((engine, major)) = default else {
        let message = format!("Specified OptionGroupName: {given} not found.");
        return Err(Refusal::new("OptionGroupNotFoundFault", message));
    };
    let group = OptionGroup {
        name,
        engine: engine.name.to_owned(),
        major: major.to_owned(),
        description: format!("Default option group for {} {major}", engine.name),
        options: Vec::new(),
        source: None,
        copied: None,
        tags: Tags::default(),
    };
    tx.put(group.clone());
    Ok(group)
}

/// What the default group of a version is called: `default:mysql-8-0`.
fn default_name(engine: &str, major: &str) -> String {
    format!("default:{engine}-{}", major.replace('.', "-"))
}

/// A new group's name, which nobody has yet.
fn new_name(tx: &Tx<'_>, parameter: &str, given: &str) -> Result<String, Refusal> {
    let name = identifier::read(tx, "rds.option_group.name", parameter, given, 255)?;
    tx.enforce("rds.option_group.exists", tx.get::<OptionGroup>(&name).is_none(), || {
        Refusal::new("OptionGroupAlreadyExistsFault", format!("An option group named {name} already exists."))
    })?;
    let count = tx.rows::<OptionGroup>().filter(|group| !group.is_default()).count();
    let most = tx.quota("rds.option-groups");
    tx.enforce("rds.option_group.quota", i64::try_from(count).is_ok_and(|count| count < most), || {
        Refusal::new("OptionGroupQuotaExceededFault", format!("Cannot create more than {most} option groups."))
    })?;
    Ok(name)
}

/// The tags of a request, which are not too many.
fn new_tags(tx: &Tx<'_>, input: &Input<'_>) -> Result<Tags, Refusal> {
    let mut tags = Tags::default();
    tags.add(tags::read(tx, "rds.tags", input)?);
    limits::within(tx, &tags)?;
    Ok(tags)
}

fn described(tx: &Tx<'_>, parameter: &str, description: &str) -> Result<(), Refusal> {
    tx.enforce("rds.option_group.description", !description.trim().is_empty(), || {
        invalid_value(format!("The parameter {parameter} must be provided and must not be blank."))
    })
}

/// The engine of a request, and its major version: refused where RDS has none such.
fn version<'a>(tx: &Tx<'_>, engine: &'a str, major: Option<&'a str>) -> Result<(), Refusal> {
    if engine.starts_with("oracle-") || engine.starts_with("db2-") {
        return Err(Refusal::not_simulated(format!("rds options of {engine}")));
    }
    let known = option::engine(engine);
    tx.enforce("rds.engine.known", known.is_some(), || invalid_value(format!("Invalid DB engine: {engine}")))?;
    let has = known.zip(major).is_none_or(|(known, major)| known.majors.contains(&major));
    tx.enforce("rds.option_group.engine", has, || {
        invalid_combination(format!("Cannot find major version {} for {engine}", major.unwrap_or_default()))
    })
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let (engine, major) = (input.required("EngineName"), input.required("MajorEngineVersion"));
    version(tx, engine, Some(major))?;
    let description = input.required("OptionGroupDescription");
    described(tx, "OptionGroupDescription", description)?;
    let group = OptionGroup {
        name: new_name(tx, "OptionGroupName", input.required("OptionGroupName"))?,
        engine: engine.to_owned(),
        major: major.to_owned(),
        description: description.to_owned(),
        options: Vec::new(),
        source: None,
        copied: None,
        tags: new_tags(tx, input)?,
    };
    tx.put(group.clone());
    Ok(record! { "OptionGroup" => group.view(tx) })
}

/// Refuses to touch a default group. The words are of no source.
fn own(tx: &Tx<'_>, group: &OptionGroup, done: &str) -> Result<(), Refusal> {
    tx.enforce("rds.option_group.default", !group.is_default(), || {
        invalid_value(format!("The option group {} is a default option group and cannot be {done}.", group.name))
    })
}

fn copy(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let source = find(tx, input.required("SourceOptionGroupIdentifier"))?;
    own(tx, &source, "copied")?;
    let description = input.required("TargetOptionGroupDescription");
    described(tx, "TargetOptionGroupDescription", description)?;
    let name = new_name(tx, "TargetOptionGroupIdentifier", input.required("TargetOptionGroupIdentifier"))?;
    let group = OptionGroup {
        name,
        description: description.to_owned(),
        source: Some(source.name.clone()),
        copied: Some(tx.now()),
        tags: new_tags(tx, input)?,
        ..source
    };
    tx.put(group.clone());
    Ok(record! { "OptionGroup" => group.view(tx) })
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    filters::read(tx, input, &[])?;
    let (engine, major) = (input.text("EngineName"), input.text("MajorEngineVersion"));
    tx.enforce("rds.option_group.describe", engine.is_some() || major.is_none(), || {
        invalid_combination("If you specify MajorEngineVersion, EngineName must also be specified.")
    })?;
    let alone = input.text("OptionGroupName").is_none() || (engine.is_none() && major.is_none());
    tx.enforce("rds.option_group.describe", alone, || {
        invalid_combination("OptionGroupName can't be supplied together with EngineName or MajorEngineVersion.")
    })?;
    if let Some(engine) = engine {
        version(tx, engine, major)?;
    }
    let items = match input.text("OptionGroupName") {
        Some(name) => {
            let group = find(tx, name)?;
            vec![(group.name.clone(), group.view(tx))]
        }
        None => {
            let fits = |group: &&OptionGroup| {
                engine.is_none_or(|engine| group.engine == engine) && major.is_none_or(|major| group.major == major)
            };
            tx.rows::<OptionGroup>().filter(fits).map(|group| (group.name.clone(), group.view(tx))).collect()
        }
    };
    listing::paged(tx, input, "rds.page.size", "OptionGroupsList", items)
}

fn describe_options(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    filters::read(tx, input, &[])?;
    let (name, wanted) = (input.required("EngineName"), input.text("MajorEngineVersion"));
    version(tx, name, wanted)?;
    let engine = option::engine(name);
    let majors = engine.map_or(&[][..], |engine| engine.majors);
    let mut items = Vec::new();
    for major in majors.iter().filter(|major| wanted.is_none_or(|wanted| wanted == **major)) {
        for kind in engine.into_iter().flat_map(|engine| engine.options_of(major)) {
            let settings = kind.settings.iter().map(|setting| {
                record! {
                    "SettingName" => setting.name,
                    "SettingDescription" => setting.says,
                    "DefaultValue" => setting.default,
                    "ApplyType" => "DYNAMIC",
                    "AllowedValues" => setting.allowed,
                    "IsModifiable" => true,
                    "IsRequired" => setting.required,
                }
            });
            let view = record! {
                "Name" => kind.name,
                "Description" => kind.says,
                "EngineName" => name,
                "MajorEngineVersion" => *major,
                "PortRequired" => kind.port.is_some(),
                "DefaultPort" => kind.port,
                "Persistent" => kind.persistent,
                "Permanent" => false,
                "RequiresAutoMinorEngineVersionUpgrade" => false,
                "VpcOnly" => false,
                "OptionGroupOptionSettings" => Value::List(settings.collect()),
            };
            items.push((format!("{major} {}", kind.name), view));
        }
    }
    listing::paged(tx, input, "rds.page.size", "OptionGroupOptions", items)
}

fn modify(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut group = find(tx, input.required("OptionGroupName"))?;
    own(tx, &group, "modified")?;
    let (included, removed) = (input.records("OptionsToInclude"), input.texts("OptionsToRemove"));
    tx.enforce("rds.option_group.modify", !(included.is_empty() && removed.is_empty()), || {
        invalid_value("At least one option must be added, modified, or removed.")
    })?;
    // No instance here has a group of its own, so that it makes no difference when a change is applied.
    let _ = input.flag("ApplyImmediately");
    for name in &removed {
        let there = group.options.iter().any(|option| option.name == *name);
        tx.enforce("rds.option.exists", there, || invalid_value(format!("Invalid option: {name}")))?;
    }
    group.options.retain(|option| !removed.contains(&option.name.as_str()));
    for asked in &included {
        let name = asked.required("OptionName");
        let Some(kind) = group.kind(name) else {
            // Without the rule there is nothing to include either.
            return Err(invalid_value(format!("Invalid option: {name}")));
        };
        let before = group.options.iter().position(|option| option.name == name).map(|at| group.options.remove(at));
        let chosen = chosen(tx, kind, asked, before)?;
        group.options.push(chosen);
    }
    group.options.sort_by(|one, other| one.name.cmp(&other.name));
    tx.put(group.clone());
    Ok(record! { "OptionGroup" => group.view(tx) })
}

/// An option as a request has it, on top of what it was. The words are of no source.
fn chosen(tx: &Tx<'_>, kind: &OptionKind, asked: &Input<'_>, before: Option<Chosen>) -> Result<Chosen, Refusal> {
    let name = kind.name;
    let mut option = before.unwrap_or_else(|| Chosen {
        name: name.to_owned(),
        port: kind.port,
        security_groups: Vec::new(),
        settings: Vec::new(),
    });
    let port = asked.integer("Port");
    tx.enforce("rds.option.port", port.is_none() || kind.port.is_some(), || {
        invalid_combination(format!("The option {name} takes no port."))
    })?;
    tx.enforce("rds.option.port", port.is_none_or(|port| (1150..=65535).contains(&port)), || {
        invalid_value(format!("Invalid port for the option {name}. Must be between 1150 and 65535."))
    })?;
    option.port = port.or(option.port);
    let groups = asked.texts("VpcSecurityGroupMemberships");
    tx.enforce("rds.option.port", groups.is_empty() || kind.port.is_some(), || {
        invalid_combination(format!("The option {name} takes no security groups."))
    })?;
    for id in &groups {
        tx.enforce("rds.security_group", tx.get::<SecurityGroup>(id).is_some(), || {
            invalid_value(format!("Invalid security group , groupId= {id}, groupName=."))
        })?;
    }
    if !groups.is_empty() {
        option.security_groups = groups.into_iter().map(str::to_owned).collect();
    }
    for setting in asked.records("OptionSettings") {
        let (given, value) = (setting.text("Name").unwrap_or_default(), setting.text("Value").unwrap_or_default());
        let known = kind.settings.iter().find(|setting| setting.name == given);
        tx.enforce("rds.option.setting", known.is_some(), || {
            invalid_value(format!("Invalid option setting {given} for the option {name}."))
        })?;
        tx.enforce("rds.option.setting", known.is_none_or(|known| known.takes(value)), || {
            let allowed = known.and_then(|known| known.allowed).unwrap_or("true,false");
            invalid_value(format!("Invalid value {value} for the option setting {given}. Allowed values: {allowed}"))
        })?;
        option.settings.retain(|(name, _)| name != given);
        option.settings.push((given.to_owned(), value.to_owned()));
    }
    for setting in kind.settings.iter().filter(|setting| setting.required) {
        let given = option.settings.iter().any(|(name, _)| name == setting.name);
        tx.enforce("rds.option.setting", given, || {
            invalid_value(format!("The option setting {} of the option {name} must be given.", setting.name))
        })?;
    }
    Ok(option)
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let group = find(tx, input.required("OptionGroupName"))?;
    own(tx, &group, "deleted")?;
    let used = tx.rows::<DbSnapshot>().any(|snapshot| snapshot.options.as_deref() == Some(group.name.as_str()));
    tx.enforce("rds.option_group.delete.in_use", !used, || {
        let message = format!("The option group '{}' cannot be deleted because it is in use.", group.name);
        Refusal::new("InvalidOptionGroupStateFault", message)
    })?;
    tx.remove::<OptionGroup>(&group.name);
    Ok(Value::Record(Record::new()))
}
