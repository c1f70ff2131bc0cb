//! User groups: who may log in to a cache.
//! <https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Clusters.RBAC.html>

use serde::{Deserialize, Serialize};

use super::arn;
use super::replication_group::ReplicationGroup;
use super::user;
use crate::datastore::tags::{self, Tags};
use crate::datastore::{identifier, invalid_combination, listing};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Handler, Span, Transition};
use crate::value::Value;
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("CreateUserGroup", create),
    ("DescribeUserGroups", describe),
    ("ModifyUserGroup", modify),
    ("DeleteUserGroup", delete),
];

/// AWS gives no figures.
pub(super) const SPANS: &[Span] = &[
    Span::new("elasticache.user_group.create", 5.0, 60.0),
    Span::new("elasticache.user_group.modify", 10.0, 120.0),
    Span::new("elasticache.user_group.delete", 5.0, 60.0),
];

pub(super) const TRANSITIONS: &[(&str, Transition)] = &[
    ("elasticache.user_group.active", |tx, pending| {
        tx.change::<UserGroup>(&pending.subject, |group| group.status = "active".to_owned());
    }),
    ("elasticache.user_group.deleted", |tx, pending| {
        tx.remove::<UserGroup>(&pending.subject);
    }),
];

const CREATE: &str = "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateUserGroup.html";
const MODIFY: &str = "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ModifyUserGroup.html";
const DELETE: &str = "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_DeleteUserGroup.html";
const QUOTAS: &str = "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/quota-limits.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("elasticache.user_group.id", "an id is an identifier of at most 40 characters", CREATE),
    Rule::new("elasticache.user_group.exists", "ids are unique", CREATE),
    Rule::new("elasticache.user_group.default", "a group for Redis OSS has a user of the name default", CREATE),
    Rule::new("elasticache.user_group.names", "each user of a group has a name of its own", CREATE),
    Rule::new("elasticache.user_group.engine", "a group for Redis OSS has users of Redis OSS", CREATE),
    Rule::new("elasticache.user_group.quota", "a region has 100 groups, of 100 users each", QUOTAS),
    Rule::new("elasticache.user_group.state", "an active group is changed or deleted", MODIFY),
    Rule::new("elasticache.user_group.change", "a change has something to it, and who leaves is in", MODIFY),
    Rule::new("elasticache.user_group.delete.in_use", "a group that caches have is not deleted", DELETE),
];

/// A user group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserGroup {
    /// Its id, in lower case.
    pub id: String,
    /// `redis` or `valkey`.
    pub engine: String,
    /// `creating`, `active`, `modifying` or `deleting`.
    pub status: String,
    /// The ids of its users.
    pub users: Vec<String>,
    /// Its tags.
    pub tags: Tags,
}

impl Row for UserGroup {
    const TABLE: &'static str = "elasticache.user_group";
    fn id(&self) -> String {
        self.id.clone()
    }
}

impl UserGroup {
    fn caches<'t>(&'t self, tx: &'t Tx<'_>) -> impl Iterator<Item = &'t String> {
        tx.rows::<ReplicationGroup>().filter(|cache| cache.user_groups.contains(&self.id)).map(|cache| &cache.id)
    }

    fn view(&self, tx: &Tx<'_>) -> Value {
        record! {
            "UserGroupId" => &self.id,
            "Status" => &self.status,
            "Engine" => &self.engine,
            "UserIds" => &self.users,
            "MinimumEngineVersion" => if self.engine == "valkey" { "7.2" } else { "6.0" },
            "ReplicationGroups" => Value::List(self.caches(tx).map(Value::from).collect()),
            "ServerlessCaches" => Value::List(Vec::new()),
            "ARN" => arn(tx, "usergroup", &self.id),
        }
    }
}

/// The group of that id.
pub(super) fn find(tx: &Tx<'_>, given: &str) -> Result<UserGroup, Refusal> {
    let missing = || Refusal::new("UserGroupNotFound", format!("User group {given} not found."));
    tx.get::<UserGroup>(&given.to_ascii_lowercase()).cloned().ok_or_else(missing)
}

/// Refuses users who can't be in one group. The words are of no source.
fn fit(tx: &mut Tx<'_>, engine: &str, ids: &[String]) -> Result<(), Refusal> {
    let mut names: Vec<String> = Vec::new();
    for id in ids {
        let user = user::find(tx, id)?;
        tx.enforce("elasticache.user_group.names", !names.contains(&user.name), || {
            Refusal::new("DuplicateUserName", format!("The user name {} is in the user group already.", user.name))
        })?;
        tx.enforce("elasticache.user_group.engine", engine == "valkey" || user.engine == "redis", || {
            invalid_combination(format!("User {id} is of the engine {}, the group is of {engine}.", user.engine))
        })?;
        names.push(user.name);
    }
    let has = engine == "valkey" || names.iter().any(|name| name == "default");
    tx.enforce("elasticache.user_group.default", has, || {
        let message = "User group needs to contain a user with the user name default.";
        Refusal::new("DefaultUserRequired", message)
    })?;
    tx.enforce("elasticache.user_group.quota", names.len() <= 100, || {
        Refusal::new("UserGroupQuotaExceeded", "The number of users exceeds the user group limit.")
    })
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let id = identifier::read(tx, "elasticache.user_group.id", "UserGroupId", input.required("UserGroupId"), 40)?;
    tx.enforce("elasticache.user_group.exists", tx.get::<UserGroup>(&id).is_none(), || {
        Refusal::new("UserGroupAlreadyExists", format!("User Group {id} already exists."))
    })?;
    let engine = user::engine(tx, input.required("Engine"))?;
    let users: Vec<String> = input.texts("UserIds").into_iter().map(str::to_ascii_lowercase).collect();
    fit(tx, &engine, &users)?;
    let have = tx.count::<UserGroup>();
    tx.enforce("elasticache.user_group.quota", have < tx.quota("elasticache.user-groups"), || {
        Refusal::new("UserGroupQuotaExceeded", "The number of users exceeds the user group limit.")
    })?;
    let mut tags = Tags::default();
    tags.add(tags::read(tx, "elasticache.tags", input)?);
    let group = UserGroup { id, engine, status: "creating".to_owned(), users, tags };
    tx.put(group.clone());
    tx.transition("elasticache.user_group.create", "elasticache.user_group.active", &group.id);
    Ok(group.view(tx))
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let items = match input.text("UserGroupId") {
        Some(id) => {
            let group = find(tx, id)?;
            vec![(group.id.clone(), group.view(tx))]
        }
        None => tx.rows::<UserGroup>().map(|group| (group.id.clone(), group.view(tx))).collect(),
    };
    listing::paged(tx, input, "elasticache.page.size", "UserGroups", items)
}

/// A group that can be changed now.
fn changeable(tx: &Tx<'_>, given: &str) -> Result<UserGroup, Refusal> {
    let group = find(tx, given)?;
    tx.enforce("elasticache.user_group.state", group.status == "active", || {
        let message = format!("User group {} is not in the active state: {}.", group.id, group.status);
        Refusal::new("InvalidUserGroupState", message)
    })?;
    Ok(group)
}

fn modify(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut group = changeable(tx, input.required("UserGroupId"))?;
    let ids = |member: &str| -> Vec<String> { input.texts(member).into_iter().map(str::to_ascii_lowercase).collect() };
    let (joining, leaving) = (ids("UserIdsToAdd"), ids("UserIdsToRemove"));
    if let Some(given) = input.text("Engine") {
        group.engine = user::engine(tx, given)?;
    }
    let rule = "elasticache.user_group.change";
    tx.enforce(rule, !(joining.is_empty() && leaving.is_empty()) || input.has("Engine"), || {
        invalid_combination("UserIdsToAdd or UserIdsToRemove must be provided.")
    })?;
    for id in &leaving {
        tx.enforce(rule, group.users.contains(id), || {
            invalid_combination(format!("User {id} is not in the user group {}.", group.id))
        })?;
    }
    for id in &joining {
        tx.enforce(rule, !group.users.contains(id), || {
            invalid_combination(format!("User {id} is in the user group {} already.", group.id))
        })?;
    }
    group.users.retain(|id| !leaving.contains(id));
    group.users.extend(joining);
    fit(tx, &group.engine.clone(), &group.users)?;
    group.status = "modifying".to_owned();
    tx.put(group.clone());
    tx.transition("elasticache.user_group.modify", "elasticache.user_group.active", &group.id);
    Ok(group.view(tx))
}

/// A user that is deleted leaves the group.
pub(super) fn leave(tx: &mut Tx<'_>, id: &str, user: &str) {
    tx.change::<UserGroup>(id, |group| group.users.retain(|other| other != user));
    if tx.get::<UserGroup>(id).is_some_and(|group| group.status == "active") {
        tx.change::<UserGroup>(id, |group| group.status = "modifying".to_owned());
        tx.transition("elasticache.user_group.modify", "elasticache.user_group.active", id);
    }
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut group = changeable(tx, input.required("UserGroupId"))?;
    let caches: Vec<String> = group.caches(tx).cloned().collect();
    // The words are of no source.
    tx.enforce("elasticache.user_group.delete.in_use", caches.is_empty(), || {
        let message =
            format!("User group {} is associated with the replication groups {}.", group.id, caches.join(", "));
        Refusal::new("InvalidUserGroupState", message)
    })?;
    group.status = "deleting".to_owned();
    tx.put(group.clone());
    tx.transition("elasticache.user_group.delete", "elasticache.user_group.deleted", &group.id);
    Ok(group.view(tx))
}

/// The groups that a cache is to have.
pub(super) fn of_cache(tx: &Tx<'_>, ids: &[&str]) -> Result<Vec<String>, Refusal> {
    let mut groups = Vec::new();
    for id in ids {
        groups.push(changeable(tx, id)?.id);
    }
    Ok(groups)
}
