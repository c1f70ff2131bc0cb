//! Managed policies on roles: a relation between two ends, with rows of its own
//! so that a read can miss one that was just made.

use serde::{Deserialize, Serialize};

use super::listing::{listed, paged, under};
use super::policy::Managed;
use super::role::{Role, changeable, find};
use super::{missing, policy, quota};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::{Reach, Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("AttachRolePolicy", attach),
    ("DetachRolePolicy", detach),
    ("ListAttachedRolePolicies", list),
    ("ListEntitiesForPolicy", entities),
];

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "iam.attachment.policy",
        "only a policy that exists can be attached",
        "https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachRolePolicy.html",
    ),
    Rule::new(
        "iam.attachment.quota",
        "a role has at most 10 managed policies",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html",
    ),
    Rule::new(
        "iam.attachment.detach.missing",
        "only an attached policy can be detached",
        "https://docs.aws.amazon.com/IAM/latest/APIReference/API_DetachRolePolicy.html",
    ),
];

/// A managed policy on a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attachment {
    /// The role's name.
    pub role: String,
    /// The policy's ARN.
    pub policy: String,
}

impl Row for Attachment {
    const TABLE: &'static str = "iam.attachment";
    const REACH: Reach = Reach::Account;
    fn id(&self) -> String {
        format!("{}{}", Attachment::ids_of(&self.role), self.policy)
    }
}

impl Attachment {
    /// What the ids of a role's attachments begin with.
    #[must_use]
    pub fn ids_of(role: &str) -> String {
        format!("{}/", role.to_lowercase())
    }
}

/// How many roles a policy is attached to.
#[must_use]
pub fn count(tx: &Tx<'_>, policy: &str) -> i64 {
    i64::try_from(tx.rows::<Attachment>().filter(|attachment| attachment.policy == policy).count()).unwrap_or(i64::MAX)
}

fn attach(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let role = changeable(tx, input.required("RoleName"))?;
    let arn = input.required("PolicyArn");
    policy::parse_arn(arn)?;
    policy::in_table(arn)?;
    tx.enforce("iam.attachment.policy", Managed::find(tx, arn).is_some(), || {
        missing(format!("Policy {arn} does not exist or is not attachable."))
    })?;
    let attachment = Attachment { role: role.name.clone(), policy: arn.to_owned() };
    if tx.get::<Attachment>(&attachment.id()).is_some() {
        // Attaching twice is no error.
        return Ok(Value::Record(Record::new()));
    }
    let limit = tx.quota("iam.policies_per_role");
    let have = tx.rows_under::<Attachment>(&Attachment::ids_of(&role.name)).count();
    tx.enforce("iam.attachment.quota", i64::try_from(have).unwrap_or(i64::MAX) < limit, || {
        quota("PoliciesPerRole", limit)
    })?;
    tx.put(attachment);
    Ok(Value::Record(Record::new()))
}

fn detach(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let role = changeable(tx, input.required("RoleName"))?;
    let arn = input.required("PolicyArn");
    policy::parse_arn(arn)?;
    let gone = tx.remove::<Attachment>(&Attachment { role: role.name, policy: arn.to_owned() }.id());
    tx.enforce("iam.attachment.detach.missing", gone.is_some(), || missing(format!("Policy {arn} was not found.")))?;
    Ok(Value::Record(Record::new()))
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let role = find(tx, input.required("RoleName"))?;
    let items = attached(tx, &role)
        .into_iter()
        .filter(|managed| under(input, managed.path()))
        .map(|managed| (managed.name().to_lowercase(), managed.reference()))
        .collect();
    listed(tx, input, "AttachedPolicies", items)
}

/// The policies attached to a role.
pub(super) fn attached(tx: &Tx<'_>, role: &Role) -> Vec<Managed> {
    let ids = Attachment::ids_of(&role.name);
    tx.rows_under::<Attachment>(&ids).filter_map(|attachment| Managed::find(tx, &attachment.policy)).collect()
}

fn entities(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let managed = policy::find(tx, input.required("PolicyArn"))?;
    let usage = input.text("PolicyUsageFilter");
    let kinds = input.text("EntityFilter");
    let mut roles: Vec<(String, &Role)> = Vec::new();
    if kinds.is_none_or(|kind| kind == "Role") {
        for role in tx.rows::<Role>().filter(|role| under(input, &role.path)) {
            let attachment = Attachment { role: role.name.clone(), policy: managed.arn() };
            let permits = usage != Some("PermissionsBoundary") && tx.get::<Attachment>(&attachment.id()).is_some();
            let bounds = usage != Some("PermissionsPolicy") && role.boundary.as_deref() == Some(&attachment.policy);
            if permits || bounds {
                roles.push((role.id(), role));
            }
        }
    }
    let (roles, rest) = paged(tx, input, roles)?;
    let roles: Vec<Value> =
        roles.into_iter().map(|role| record! { "RoleName" => &role.name, "RoleId" => &role.role_id }).collect();
    let mut answer = record! {
        "PolicyGroups" => Value::List(Vec::new()),
        "PolicyUsers" => Value::List(Vec::new()),
        "PolicyRoles" => Value::List(roles),
    };
    for (name, value) in rest {
        answer.set(&name, value);
    }
    Ok(answer)
}
