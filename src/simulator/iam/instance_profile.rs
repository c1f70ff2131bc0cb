//! Instance profiles.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::listing::{listed, under};
use super::role::{self, Role};
use super::tags::{self, Tags};
use super::{conflict, missing, quota};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::{Reach, Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("CreateInstanceProfile", create),
    ("GetInstanceProfile", get),
    ("DeleteInstanceProfile", delete),
    ("ListInstanceProfiles", list),
    ("ListInstanceProfilesForRole", list_for_role),
    ("AddRoleToInstanceProfile", add_role),
    ("RemoveRoleFromInstanceProfile", remove_role),
    ("TagInstanceProfile", tag),
    ("UntagInstanceProfile", untag),
    ("ListInstanceProfileTags", list_tags),
];

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "iam.instance_profile.name.taken",
        "an instance profile's name is unique in its account",
        "https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateInstanceProfile.html",
    ),
    Rule::new(
        "iam.instance_profile.quota",
        "an account has at most 1,000 instance profiles",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html",
    ),
    Rule::new(
        "iam.instance_profile.one_role",
        "an instance profile holds one role",
        "https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddRoleToInstanceProfile.html",
    ),
    Rule::new(
        "iam.instance_profile.delete.role",
        "an instance profile with a role is not deleted",
        "https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteInstanceProfile.html",
    ),
];

/// An instance profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstanceProfile {
    /// Its name.
    pub name: String,
    /// Its path.
    pub path: String,
    /// Its unique id, `AIPA...`.
    pub profile_id: String,
    /// Its ARN.
    pub arn: String,
    /// When it was made.
    pub created: Timestamp,
    /// The id of the row of the role in it.
    pub role: Option<String>,
    /// Its tags.
    pub tags: Tags,
}

impl Row for InstanceProfile {
    const TABLE: &'static str = "iam.instance_profile";
    const REACH: Reach = Reach::Account;
    fn id(&self) -> String {
        self.name.to_lowercase()
    }
}

impl InstanceProfile {
    /// What lists show of it.
    pub(super) fn summary(&self, tx: &Tx<'_>) -> Value {
        let role = self.role.as_deref().and_then(|id| tx.get::<Role>(id));
        record! {
            "Path" => &self.path,
            "InstanceProfileName" => &self.name,
            "InstanceProfileId" => &self.profile_id,
            "Arn" => &self.arn,
            "CreateDate" => self.created,
            "Roles" => Value::List(role.map(Role::summary).into_iter().collect()),
        }
    }
}

/// The instance profile of that name.
///
/// # Errors
/// When there is none.
pub fn find(tx: &Tx<'_>, name: &str) -> Result<InstanceProfile, Refusal> {
    tx.get::<InstanceProfile>(&name.to_lowercase())
        .cloned()
        .ok_or_else(|| missing(format!("Instance Profile {name} cannot be found.")))
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let name = input.required("InstanceProfileName");
    let path = input.text("Path").unwrap_or("/");
    tx.enforce("iam.instance_profile.name.taken", tx.get::<InstanceProfile>(&name.to_lowercase()).is_none(), || {
        Refusal::new("EntityAlreadyExists", format!("Instance Profile {name} already exists."))
    })?;
    let limit = tx.quota("iam.instance_profiles");
    let have = i64::try_from(tx.rows::<InstanceProfile>().count()).unwrap_or(i64::MAX);
    tx.enforce("iam.instance_profile.quota", have < limit, || quota("InstanceProfilesPerAccount", limit))?;
    let profile = InstanceProfile {
        name: name.to_owned(),
        path: path.to_owned(),
        profile_id: format!("AIPA{}", tx.capitals(17)),
        arn: format!("arn:aws:iam::{}:instance-profile{path}{name}", tx.account()),
        created: tx.now(),
        role: None,
        tags: tags::read(tx, input)?,
    };
    let mut view = profile.summary(tx);
    view.set("Tags", tags::view_if_any(&profile.tags));
    tx.put(profile);
    Ok(record! { "InstanceProfile" => view })
}

fn get(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let profile = find(tx, input.required("InstanceProfileName"))?;
    let mut view = profile.summary(tx);
    view.set("Tags", tags::view(&profile.tags));
    Ok(record! { "InstanceProfile" => view })
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let profile = find(tx, input.required("InstanceProfileName"))?;
    tx.enforce("iam.instance_profile.delete.role", profile.role.is_none(), || {
        conflict("remove roles from instance profile")
    })?;
    tx.remove::<InstanceProfile>(&profile.id());
    Ok(Value::Record(Record::new()))
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let found = tx.rows::<InstanceProfile>().filter(|profile| under(input, &profile.path));
    let items = found.map(|profile| (profile.id(), profile.summary(tx))).collect();
    listed(tx, input, "InstanceProfiles", items)
}

fn list_for_role(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let role = role::find(tx, input.required("RoleName"))?.id();
    let found = tx.rows::<InstanceProfile>().filter(|profile| profile.role.as_ref() == Some(&role));
    let items = found.map(|profile| (profile.id(), profile.summary(tx))).collect();
    listed(tx, input, "InstanceProfiles", items)
}

fn add_role(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let role = role::changeable(tx, input.required("RoleName"))?;
    let mut profile = find(tx, input.required("InstanceProfileName"))?;
    tx.enforce("iam.instance_profile.one_role", profile.role.is_none(), || {
        quota("InstanceSessionsPerInstanceProfile", 1)
    })?;
    profile.role = Some(role.id());
    tx.put(profile);
    Ok(Value::Record(Record::new()))
}

fn remove_role(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let role = role::changeable(tx, input.required("RoleName"))?;
    let mut profile = find(tx, input.required("InstanceProfileName"))?;
    if profile.role.as_ref() != Some(&role.id()) {
        return Err(missing(format!("Role {} in Instance Profile {} cannot be found.", role.name, profile.name)));
    }
    profile.role = None;
    tx.put(profile);
    Ok(Value::Record(Record::new()))
}

fn tag(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut profile = find(tx, input.required("InstanceProfileName"))?;
    profile.tags = tags::added(tx, input, profile.tags)?;
    tx.put(profile);
    Ok(Value::Record(Record::new()))
}

fn untag(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut profile = find(tx, input.required("InstanceProfileName"))?;
    profile.tags = tags::left(input, profile.tags);
    tx.put(profile);
    Ok(Value::Record(Record::new()))
}

fn list_tags(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let profile = find(tx, input.required("InstanceProfileName"))?;
    listed(tx, input, "Tags", tags::items(&profile.tags))
}
