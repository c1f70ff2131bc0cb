//! Policies inside roles.

use serde::{Deserialize, Serialize};

use super::listing::listed;
use super::role::{changeable, find};
use super::{document, missing};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::{Reach, Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("PutRolePolicy", put), ("GetRolePolicy", get), ("DeleteRolePolicy", delete), ("ListRolePolicies", list)];

pub(super) const RULES: &[Rule] = &[Rule::new(
    "iam.role_policy.quota",
    "a role's inline policies have at most 10,240 characters together, white space aside",
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html",
)];

/// An inline policy of a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RolePolicy {
    /// The role's name.
    pub role: String,
    /// The policy's name.
    pub name: String,
    /// The document, as it was given.
    pub document: String,
}

impl Row for RolePolicy {
    const TABLE: &'static str = "iam.role_policy";
    const REACH: Reach = Reach::Account;
    fn id(&self) -> String {
        format!("{}{}", RolePolicy::ids_of(&self.role), self.name)
    }
}

impl RolePolicy {
    /// What the ids of a role's inline policies begin with.
    #[must_use]
    pub fn ids_of(role: &str) -> String {
        format!("{}/", role.to_lowercase())
    }
}

fn put(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let role = changeable(tx, input.required("RoleName"))?;
    let text = document::identity(tx, input.required("PolicyDocument"))?;
    let policy = RolePolicy { role: role.name.clone(), name: input.required("PolicyName").to_owned(), document: text };
    let ids = RolePolicy::ids_of(&role.name);
    let others = tx.rows_under::<RolePolicy>(&ids).filter(|other| other.name != policy.name);
    let size = others.map(|other| document::size(&other.document)).sum::<usize>() + document::size(&policy.document);
    tx.enforce("iam.role_policy.quota", size <= 10_240, || {
        Refusal::new("LimitExceeded", format!("Maximum policy size of 10240 bytes exceeded for role {}", role.name))
    })?;
    tx.put(policy);
    Ok(Value::Record(Record::new()))
}

fn named(tx: &Tx<'_>, role: &str, name: &str) -> Result<RolePolicy, Refusal> {
    tx.get::<RolePolicy>(&format!("{}{name}", RolePolicy::ids_of(role)))
        .cloned()
        .ok_or_else(|| missing(format!("The role policy with name {name} cannot be found.")))
}

fn get(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let role = find(tx, input.required("RoleName"))?;
    let policy = named(tx, &role.name, input.required("PolicyName"))?;
    Ok(record! {
        "RoleName" => &role.name,
        "PolicyName" => &policy.name,
        "PolicyDocument" => document::encode(&policy.document),
    })
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let role = changeable(tx, input.required("RoleName"))?;
    let policy = named(tx, &role.name, input.required("PolicyName"))?;
    tx.remove::<RolePolicy>(&policy.id());
    Ok(Value::Record(Record::new()))
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let role = find(tx, input.required("RoleName"))?;
    let ids = RolePolicy::ids_of(&role.name);
    let items = tx.rows_under::<RolePolicy>(&ids).map(|policy| (policy.id(), Value::from(&policy.name))).collect();
    listed(tx, input, "PolicyNames", items)
}
