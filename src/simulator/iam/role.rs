//! Roles.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::attachment::Attachment;
use super::instance_profile::InstanceProfile;
use super::listing::{listed, under};
use super::role_policy::RolePolicy;
use super::tags::{self, Tags};
use super::{conflict, document, missing, policy, quota};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::{Reach, Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("CreateRole", create),
    ("GetRole", get),
    ("ListRoles", list),
    ("DeleteRole", delete),
    ("UpdateRole", update),
    ("UpdateRoleDescription", update_description),
    ("UpdateAssumeRolePolicy", update_trust),
    ("PutRolePermissionsBoundary", put_boundary),
    ("DeleteRolePermissionsBoundary", delete_boundary),
    ("TagRole", tag),
    ("UntagRole", untag),
    ("ListRoleTags", list_tags),
];

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "iam.role.name.taken",
        "a role's name is unique in its account, without regard to capitals",
        "https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html",
    ),
    Rule::new(
        "iam.role.quota",
        "an account has at most 1,000 roles",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html",
    ),
    Rule::new(
        "iam.role.exists",
        "only a role that exists can be looked at or changed",
        "https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html",
    ),
    Rule::new(
        "iam.role.delete.attached",
        "a role with managed policies attached is not deleted",
        "https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRole.html",
    ),
    Rule::new(
        "iam.role.delete.inline",
        "a role with inline policies is not deleted",
        "https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRole.html",
    ),
    Rule::new(
        "iam.role.delete.profile",
        "a role in an instance profile is not deleted",
        "https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRole.html",
    ),
    Rule::new(
        "iam.role.protected",
        "a service-linked role is only AWS's to change",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/using-service-linked-roles.html",
    ),
    Rule::new(
        "iam.role.path.reserved",
        "paths under /aws-service-role/ are AWS's own",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/using-service-linked-roles.html",
    ),
];

/// A role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// Its name, with the capitals it was made with.
    pub name: String,
    /// Its path, `/` or `/a/b/`.
    pub path: String,
    /// Its unique id, `AROA...`.
    pub role_id: String,
    /// Its ARN.
    pub arn: String,
    /// When it was made.
    pub created: Timestamp,
    /// The trust policy, as it was given.
    pub trust: String,
    /// Its description.
    pub description: Option<String>,
    /// The longest session, in seconds.
    pub max_session: i64,
    /// The policy that bounds its permissions.
    pub boundary: Option<String>,
    /// Its tags.
    pub tags: Tags,
    /// The service it is linked to.
    pub linked_to: Option<String>,
}

impl Row for Role {
    const TABLE: &'static str = "iam.role";
    const REACH: Reach = Reach::Account;
    fn id(&self) -> String {
        Role::id_of(&self.name)
    }
}

impl Role {
    /// The id of the row of a role with that name.
    #[must_use]
    pub fn id_of(name: &str) -> String {
        name.to_lowercase()
    }

    /// What lists and profiles show of a role.
    pub(super) fn summary(&self) -> Value {
        record! {
            "Path" => &self.path,
            "RoleName" => &self.name,
            "RoleId" => &self.role_id,
            "Arn" => &self.arn,
            "CreateDate" => self.created,
            "AssumeRolePolicyDocument" => document::encode(&self.trust),
        }
    }

    fn listed(&self) -> Value {
        let mut view = self.summary();
        view.set("Description", self.description.as_ref());
        view.set("MaxSessionDuration", self.max_session);
        view
    }

    fn view(&self) -> Value {
        let mut view = self.listed();
        view.set("PermissionsBoundary", self.boundary_view());
        view.set("Tags", tags::view_if_any(&self.tags));
        view.set("RoleLastUsed", Value::Record(Record::new()));
        view
    }

    pub(super) fn boundary_view(&self) -> Value {
        self.boundary.as_ref().map_or(Value::Absent, |arn| {
            record! { "PermissionsBoundaryType" => "Policy", "PermissionsBoundaryArn" => arn }
        })
    }
}

/// The role of that name.
///
/// # Errors
/// When there is none.
pub fn find(tx: &Tx<'_>, name: &str) -> Result<Role, Refusal> {
    tx.get::<Role>(&Role::id_of(name))
        .cloned()
        .ok_or_else(|| missing(format!("The role with name {name} cannot be found.")))
}

/// The role of that name, which a request wants to change.
pub(super) fn changeable(tx: &Tx<'_>, name: &str) -> Result<Role, Refusal> {
    let role = find(tx, name)?;
    tx.enforce("iam.role.protected", role.linked_to.is_none(), || {
        let message = format!(
            "Cannot perform the operation on the protected role '{}' - this role is only modifiable by AWS",
            role.name
        );
        Refusal::new("UnmodifiableEntity", message)
    })?;
    Ok(role)
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let name = input.required("RoleName");
    let path = input.text("Path").unwrap_or("/");
    tx.enforce("iam.role.path.reserved", !path.starts_with("/aws-service-role/"), || {
        let message = "Path /aws-service-role/ is reserved for service-linked roles.";
        Refusal::new("ValidationError", message)
    })?;
    let trust = document::trust(tx, input.required("AssumeRolePolicyDocument"))?;
    tx.enforce("iam.role.name.taken", tx.get::<Role>(&Role::id_of(name)).is_none(), || {
        Refusal::new("EntityAlreadyExists", format!("Role with name {name} already exists."))
    })?;
    let limit = tx.quota("iam.roles", 1000);
    let own = tx.rows::<Role>().filter(|role| role.linked_to.is_none()).count();
    tx.enforce("iam.role.quota", i64::try_from(own).unwrap_or(i64::MAX) < limit, || quota("RolesPerAccount", limit))?;
    let boundary = input.text("PermissionsBoundary").map(|arn| policy::boundary(tx, arn)).transpose()?;
    let tags = tags::read(tx, input)?;
    let role = Role {
        name: name.to_owned(),
        path: path.to_owned(),
        role_id: format!("AROA{}", tx.capitals(17)),
        arn: format!("arn:aws:iam::{}:role{path}{name}", tx.account()),
        created: tx.now(),
        trust,
        description: input.text("Description").filter(|text| !text.is_empty()).map(str::to_owned),
        max_session: input.integer("MaxSessionDuration").unwrap_or(3600),
        boundary,
        tags,
        linked_to: None,
    };
    let mut view = role.summary();
    view.set("Description", role.description.as_ref());
    view.set("MaxSessionDuration", role.max_session);
    view.set("PermissionsBoundary", role.boundary_view());
    view.set("Tags", tags::view_if_any(&role.tags));
    tx.put(role);
    Ok(record! { "Role" => view })
}

fn get(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    Ok(record! { "Role" => find(tx, input.required("RoleName"))?.view() })
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let items = tx.rows::<Role>().filter(|role| under(input, &role.path)).map(|role| (role.id(), role.listed())).collect();
    listed(tx, input, "Roles", items)
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let role = changeable(tx, input.required("RoleName"))?;
    let in_profile = tx.rows::<InstanceProfile>().any(|profile| profile.role.as_deref() == Some(&role.id()));
    tx.enforce("iam.role.delete.profile", !in_profile, || conflict("remove roles from instance profile"))?;
    let attached = tx.rows_under::<Attachment>(&Attachment::ids_of(&role.name)).count();
    tx.enforce("iam.role.delete.attached", attached == 0, || conflict("detach all policies"))?;
    let inline = tx.rows_under::<RolePolicy>(&RolePolicy::ids_of(&role.name)).count();
    tx.enforce("iam.role.delete.inline", inline == 0, || conflict("delete policies"))?;
    tx.remove::<Role>(&role.id());
    Ok(Value::Record(Record::new()))
}

fn update(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let role = changeable(tx, input.required("RoleName"))?;
    let (description, session) = (input.text("Description"), input.integer("MaxSessionDuration"));
    tx.change::<Role>(&role.id(), |role| {
        if let Some(text) = description {
            role.description = Some(text.to_owned()).filter(|text| !text.is_empty());
        }
        role.max_session = session.unwrap_or(role.max_session);
    });
    Ok(Value::Record(Record::new()))
}

fn update_description(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut role = changeable(tx, input.required("RoleName"))?;
    role.description = input.text("Description").filter(|text| !text.is_empty()).map(str::to_owned);
    let view = role.listed();
    tx.put(role);
    Ok(record! { "Role" => view })
}

fn update_trust(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut role = changeable(tx, input.required("RoleName"))?;
    role.trust = document::trust(tx, input.required("PolicyDocument"))?;
    tx.put(role);
    Ok(Value::Record(Record::new()))
}

fn put_boundary(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut role = changeable(tx, input.required("RoleName"))?;
    role.boundary = Some(policy::boundary(tx, input.required("PermissionsBoundary"))?);
    tx.put(role);
    Ok(Value::Record(Record::new()))
}

fn delete_boundary(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut role = changeable(tx, input.required("RoleName"))?;
    if role.boundary.take().is_none() {
        return Err(missing(format!("Role {} does not have a permissions boundary.", role.name)));
    }
    tx.put(role);
    Ok(Value::Record(Record::new()))
}

fn tag(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut role = changeable(tx, input.required("RoleName"))?;
    role.tags = tags::added(tx, input, role.tags)?;
    tx.put(role);
    Ok(Value::Record(Record::new()))
}

fn untag(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut role = changeable(tx, input.required("RoleName"))?;
    role.tags = tags::left(input, role.tags);
    tx.put(role);
    Ok(Value::Record(Record::new()))
}

fn list_tags(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let role = find(tx, input.required("RoleName"))?;
    listed(tx, input, "Tags", tags::items(&role.tags))
}
