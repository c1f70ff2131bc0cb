//! Users of caches, and what they may do there.
//! <https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Clusters.RBAC.html>

use serde::{Deserialize, Serialize};

use super::arn;
use super::user_group::{self, UserGroup};
use crate::datastore::tags::{self, Tags};
use crate::datastore::{identifier, invalid_combination, invalid_value, listing};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Handler, Span, Transition};
use crate::value::Value;
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("CreateUser", create), ("DescribeUsers", describe), ("ModifyUser", modify), ("DeleteUser", delete)];

/// AWS gives no figures: a change of a user reaches the caches of its groups.
pub(super) const SPANS: &[Span] =
    &[Span::new("elasticache.user.modify", 5.0, 60.0), Span::new("elasticache.user.delete", 5.0, 60.0)];

pub(super) const TRANSITIONS: &[(&str, Transition)] = &[
    ("elasticache.user.active", |tx, pending| {
        tx.change::<User>(&pending.subject, |user| user.status = "active".to_owned());
    }),
    ("elasticache.user.deleted", |tx, pending| {
        tx.remove::<User>(&pending.subject);
    }),
];

const CREATE: &str = "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateUser.html";
const MODIFY: &str = "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ModifyUser.html";
const DELETE: &str = "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_DeleteUser.html";
const GUIDE: &str = "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Clusters.RBAC.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("elasticache.user.id", "an id is an identifier of at most 40 characters", CREATE),
    Rule::new("elasticache.user.exists", "ids are unique", CREATE),
    Rule::new("elasticache.user.engine", "users are of redis or valkey", CREATE),
    Rule::new("elasticache.user.password", "one or two passwords of 16 to 128 characters, or none at all", GUIDE),
    Rule::new(
        "elasticache.user.iam",
        "who is known by IAM has an id and a name that are the same",
        "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html",
    ),
    Rule::new("elasticache.user.access", "an access string says on or off first", GUIDE),
    Rule::new(
        "elasticache.user.quota",
        "a region has 1,000 users",
        "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/quota-limits.html",
    ),
    Rule::new(
        "elasticache.user.filter",
        "users are found by their id or name",
        "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_DescribeUsers.html",
    ),
    Rule::new("elasticache.user.state", "an active user is changed or deleted", MODIFY),
    Rule::new("elasticache.user.default", "the default user of every account stays as it is", DELETE),
    Rule::new("elasticache.user.delete.default", "a default user in a group is not deleted", DELETE),
];

/// A user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// Its id, in lower case.
    pub id: String,
    /// What it logs in as.
    pub name: String,
    /// `redis` or `valkey`.
    pub engine: String,
    /// `active`, `modifying` or `deleting`.
    pub status: String,
    /// What it may do.
    pub access: String,
    /// `password`, `no-password` or `iam`.
    pub authentication: String,
    /// How many passwords it has. What they are is kept nowhere.
    pub passwords: i64,
    /// Its tags.
    pub tags: Tags,
}

impl Row for User {
    const TABLE: &'static str = "elasticache.user";
    fn id(&self) -> String {
        self.id.clone()
    }
}

/// Everything, without a password: what each account begins with.
const EVERYTHING: &str = "on ~* +@all";

impl User {
    fn view(&self, tx: &Tx<'_>) -> Value {
        let groups = tx.rows::<UserGroup>().filter(|group| group.users.contains(&self.id)).map(|group| &group.id);
        let least = match (self.engine.as_str(), self.authentication.as_str()) {
            ("valkey", _) => "7.2",
            (_, "iam") => "7.0",
            _ => "6.0",
        };
        record! {
            "UserId" => &self.id,
            "UserName" => &self.name,
            "Status" => &self.status,
            "Engine" => &self.engine,
            "MinimumEngineVersion" => least,
            "AccessString" => &self.access,
            "UserGroupIds" => Value::List(groups.map(Value::from).collect()),
            "Authentication" => record! {
                "Type" => &self.authentication,
                "PasswordCount" => (self.authentication == "password").then_some(self.passwords),
            },
            "ARN" => arn(tx, "user", &self.id),
        }
    }
}

/// The user of that id. The one that every account has is there once it is asked for.
pub(super) fn find(tx: &mut Tx<'_>, given: &str) -> Result<User, Refusal> {
    furnish(tx);
    let id = given.to_ascii_lowercase();
    tx.get::<User>(&id).cloned().ok_or_else(|| Refusal::new("UserNotFound", format!("User {given} not found.")))
}

fn furnish(tx: &mut Tx<'_>) {
    if tx.get::<User>("default").is_none() {
        tx.put(User {
            id: "default".to_owned(),
            name: "default".to_owned(),
            engine: "redis".to_owned(),
            status: "active".to_owned(),
            access: EVERYTHING.to_owned(),
            authentication: "no-password".to_owned(),
            passwords: 0,
            tags: Tags::default(),
        });
    }
}

/// `redis` or `valkey`, as a request names it.
pub(super) fn engine(tx: &Tx<'_>, given: &str) -> Result<String, Refusal> {
    let engine = given.to_ascii_lowercase();
    tx.enforce("elasticache.user.engine", engine == "redis" || engine == "valkey", || {
        invalid_value(format!("Unknown parameter for Engine: {given}, must be: redis or valkey"))
    })?;
    Ok(engine)
}

/// How a request lets the user in: the kind, and how many passwords; none where it says nothing of that.
fn authentication(tx: &Tx<'_>, input: &Input<'_>) -> Result<Option<(String, i64)>, Refusal> {
    let rule = "elasticache.user.password";
    let mode = input.record("AuthenticationMode");
    let inner = mode.as_ref().map(|mode| mode.texts("Passwords")).unwrap_or_default();
    let outer = input.texts("Passwords");
    tx.enforce(rule, inner.is_empty() || outer.is_empty(), || {
        invalid_combination("Passwords provided via multiple arguments. Use only one argument")
    })?;
    let passwords = if inner.is_empty() { outer } else { inner };
    let without = input.bool("NoPasswordRequired") == Some(true);
    let kind = match mode.as_ref().and_then(|mode| mode.text("Type")) {
        Some("iam") => "iam",
        Some("no-password-required") => "no-password",
        Some(_) => "password",
        None if without => "no-password",
        None if passwords.is_empty() => return Ok(None),
        None => "password",
    };
    tx.enforce(rule, kind == "password" || passwords.is_empty(), || {
        let said = if kind == "iam" { "iam" } else { "no-password-required" };
        invalid_combination(format!("Password field is not allowed with authentication type: {said}"))
    })?;
    tx.enforce(rule, kind != "password" || !passwords.is_empty(), || {
        invalid_combination("A user with Authentication Mode: password, must have at least one password")
    })?;
    tx.enforce(rule, passwords.len() <= 2, || invalid_value("A user can have at most 2 passwords."))?;
    let sound = passwords.iter().all(|password| (16..=128).contains(&password.chars().count()));
    tx.enforce(rule, sound, || invalid_value("Passwords length must be between 16-128 characters."))?;
    Ok(Some((kind.to_owned(), i64::try_from(passwords.len()).unwrap_or(0))))
}

/// Of Redis's own grammar only the beginning is held to here. The words are of no source.
fn access(tx: &Tx<'_>, given: &str) -> Result<(), Refusal> {
    let first = given.split_whitespace().next().unwrap_or_default();
    tx.enforce("elasticache.user.access", first == "on" || first == "off", || {
        invalid_value(format!("Invalid Access String: {given}"))
    })
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    furnish(tx);
    let id = identifier::read(tx, "elasticache.user.id", "UserId", input.required("UserId"), 40)?;
    tx.enforce("elasticache.user.exists", tx.get::<User>(&id).is_none(), || {
        Refusal::new("UserAlreadyExists", format!("User {id} already exists."))
    })?;
    let engine = engine(tx, input.required("Engine"))?;
    let name = input.required("UserName").to_owned();
    access(tx, input.required("AccessString"))?;
    let Some((authentication, passwords)) = authentication(tx, input)? else {
        return Err(invalid_value(
            "No password was provided. If you want to create/update the user without password, please use the \
             NoPasswordRequired flag.",
        ));
    };
    tx.enforce("elasticache.user.iam", authentication != "iam" || name == id, || {
        invalid_combination("A user with Authentication Mode: iam must have a user name that is its user id.")
    })?;
    let count = tx.rows::<User>().filter(|user| user.id != "default").count();
    let most = tx.quota("elasticache.users");
    tx.enforce("elasticache.user.quota", i64::try_from(count).is_ok_and(|count| count < most), || {
        Refusal::new("UserQuotaExceeded", "The quota of users has been exceeded.")
    })?;
    let mut tags = Tags::default();
    tags.add(tags::read(tx, "elasticache.tags", input)?);
    let user = User {
        id,
        name,
        engine,
        status: "active".to_owned(),
        access: input.required("AccessString").to_owned(),
        authentication,
        passwords,
        tags,
    };
    tx.put(user.clone());
    Ok(user.view(tx))
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    furnish(tx);
    let engine = input.text("Engine").map(|engine| engine.to_ascii_lowercase());
    let filters = filters(tx, input)?;
    if let Some(id) = input.text("UserId") {
        find(tx, id)?;
    }
    let wanted = input.text("UserId").map(str::to_ascii_lowercase);
    let fits = |user: &&User| {
        wanted.as_ref().is_none_or(|id| user.id == *id)
            && engine.as_ref().is_none_or(|engine| user.engine == *engine)
            && filters.iter().all(|(name, values)| match name.as_str() {
                "user-id" => values.contains(&user.id),
                "user-name" => values.contains(&user.name),
                _ => true,
            })
    };
    let items = tx.rows::<User>().filter(fits).map(|user| (user.id.clone(), user.view(tx))).collect();
    listing::paged(tx, input, "elasticache.page.size", "Users", items)
}

/// The filters of a request, by their names. The words are of no source.
fn filters(tx: &Tx<'_>, input: &Input<'_>) -> Result<Vec<(String, Vec<String>)>, Refusal> {
    let mut filters = Vec::new();
    for filter in input.records("Filters") {
        let name = filter.required("Name");
        tx.enforce("elasticache.user.filter", ["user-id", "user-name"].contains(&name), || {
            invalid_combination(format!("Invalid filter: {name}"))
        })?;
        filters.push((name.to_owned(), filter.texts("Values").into_iter().map(str::to_owned).collect()));
    }
    Ok(filters)
}

/// A user that can be changed now.
fn changeable(tx: &mut Tx<'_>, given: &str, done: &str) -> Result<User, Refusal> {
    let user = find(tx, given)?;
    // The words of both are of no source.
    tx.enforce("elasticache.user.default", user.id != "default", || {
        invalid_value(format!("User default cannot be {done}."))
    })?;
    tx.enforce("elasticache.user.state", user.status == "active", || {
        Refusal::new("InvalidUserState", format!("User {} is not in the active state: {}.", user.id, user.status))
    })?;
    Ok(user)
}

fn modify(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut user = changeable(tx, input.required("UserId"), "modified")?;
    if let Some(access_string) = input.text("AccessString") {
        access(tx, access_string)?;
        access_string.clone_into(&mut user.access);
    }
    if let Some(more) = input.text("AppendAccessString") {
        user.access = format!("{} {more}", user.access);
    }
    if let Some(given) = input.text("Engine") {
        user.engine = engine(tx, given)?;
    }
    if let Some((authentication, passwords)) = authentication(tx, input)? {
        tx.enforce("elasticache.user.iam", authentication != "iam" || user.name == user.id, || {
            invalid_combination("A user with Authentication Mode: iam must have a user name that is its user id.")
        })?;
        (user.authentication, user.passwords) = (authentication, passwords);
    }
    user.status = "modifying".to_owned();
    tx.put(user.clone());
    tx.transition("elasticache.user.modify", "elasticache.user.active", &user.id);
    Ok(user.view(tx))
}

/// It leaves its groups.
fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut user = changeable(tx, input.required("UserId"), "deleted")?;
    let groups: Vec<String> =
        tx.rows::<UserGroup>().filter(|group| group.users.contains(&user.id)).map(Row::id).collect();
    tx.enforce("elasticache.user.delete.default", groups.is_empty() || user.name != "default", || {
        let message = format!("The default user {} is associated with a user group.", user.id);
        Refusal::new("DefaultUserAssociatedToUserGroup", message)
    })?;
    let view = user.view(tx);
    for group in groups {
        user_group::leave(tx, &group, &user.id);
    }
    user.status = "deleting".to_owned();
    tx.put(user.clone());
    tx.transition("elasticache.user.delete", "elasticache.user.deleted", &user.id);
    let mut view = view;
    view.set("Status", "deleting");
    Ok(view)
}
