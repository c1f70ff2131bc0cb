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
            record! { "PermissionsBoundaryType" => "PermissionsBoundaryPolicy", "PermissionsBoundaryArn" => arn }
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
    let limit = tx.quota("iam.roles");
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
    let items =
        tx.rows::<Role>().filter(|role| under(input, &role.path)).map(|role| (role.id(), role.listed())).collect();
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

#[cfg(test)]
mod tests {
    use crate::client::Client;
    use crate::{Config, Simulator};

    #[tokio::test(start_paused = true)]
    async fn a_role_is_made_shown_changed_and_deleted() {
        let client = Client::calm();
        let arn = client.role("Worker", "ec2.amazonaws.com").await;
        assert_eq!(arn, "arn:aws:iam::000000000000:role/Worker");
        let named = [("RoleName", "Worker")];
        let shown = client.iam("GetRole", &named).await;
        assert!(shown.one("AssumeRolePolicyDocument").starts_with("%7B%22Version%22%3A%222012-10-17%22"));
        assert_eq!(shown.one("MaxSessionDuration"), "3600");
        client.iam("UpdateRole", &[("RoleName", "Worker"), ("Description", "d"), ("MaxSessionDuration", "7200")]).await;
        let shown = client.iam("GetRole", &named).await;
        assert_eq!((shown.one("Description"), shown.one("MaxSessionDuration")), ("d".into(), "7200".into()));
        let listed = client.iam("ListRoles", &[("PathPrefix", "/"), ("MaxItems", "1")]).await;
        assert_eq!(listed.one("IsTruncated"), "true");
        let marker = listed.one("Marker");
        let rest = client.iam("ListRoles", &[("Marker", &marker)]).await;
        assert_eq!(rest.one("IsTruncated"), "false");
        assert!(rest.all("RoleName").contains(&"Worker".to_owned()));
        client.iam("DeleteRole", &named).await;
        client.iam_refuses("GetRole", &named, "NoSuchEntity", "The role with name Worker cannot be found.").await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_is_taken_whatever_its_capitals() {
        let client = Client::calm();
        client.role("Worker", "ec2.amazonaws.com").await;
        let trust = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}}"#;
        let again = [("RoleName", "WORKER"), ("AssumeRolePolicyDocument", trust)];
        client.iam_refuses("CreateRole", &again, "EntityAlreadyExists", "Role with name WORKER already exists.").await;
        assert!(client.simulator.switch("iam.role.name.taken", false));
        client.iam("CreateRole", &again).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_role_in_use_is_not_deleted() {
        let client = Client::calm();
        client.role("r", "ec2.amazonaws.com").await;
        let named = [("RoleName", "r")];
        let policy = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore";
        let document = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}]}"#;
        client.iam("AttachRolePolicy", &[("RoleName", "r"), ("PolicyArn", policy)]).await;
        client.iam("PutRolePolicy", &[("RoleName", "r"), ("PolicyName", "p"), ("PolicyDocument", document)]).await;
        client.iam("CreateInstanceProfile", &[("InstanceProfileName", "i")]).await;
        let both = [("InstanceProfileName", "i"), ("RoleName", "r")];
        client.iam("AddRoleToInstanceProfile", &both).await;
        client
            .iam_refuses(
                "AddRoleToInstanceProfile",
                &both,
                "LimitExceeded",
                "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1",
            )
            .await;
        let conflict = |what: &str| format!("Cannot delete entity, must {what} first.");
        let profile = conflict("remove roles from instance profile");
        client.iam_refuses("DeleteRole", &named, "DeleteConflict", &profile).await;
        client.iam_refuses("DeleteInstanceProfile", &[("InstanceProfileName", "i")], "DeleteConflict", &profile).await;
        client.iam("RemoveRoleFromInstanceProfile", &both).await;
        client.iam_refuses("DeleteRole", &named, "DeleteConflict", &conflict("detach all policies")).await;
        client.iam("DetachRolePolicy", &[("RoleName", "r"), ("PolicyArn", policy)]).await;
        client.iam_refuses("DeleteRole", &named, "DeleteConflict", &conflict("delete policies")).await;
        assert!(client.simulator.switch("iam.role.delete.inline", false));
        client.iam("DeleteRole", &named).await;
    }

    #[tokio::test(start_paused = true)]
    async fn trust_policies_that_iam_does_not_take_are_refused_in_its_words() {
        let client = Client::calm();
        let statement = |rest: &str| format!(r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow",{rest}}}]}}"#);
        let service = r#""Principal":{"Service":"ec2.amazonaws.com"}"#;
        let cases = [
            ("{\"Version\":".to_owned(), "This policy contains invalid Json"),
            (
                statement(&format!(r#"{service},"Action":"sts:AssumeRole","Resource":"*""#)),
                "Has prohibited field Resource",
            ),
            (
                statement(&format!(r#"{service},"Action":"s3:GetObject""#)),
                "AssumeRole policy may only specify STS AssumeRole actions.",
            ),
            (statement(r#""Action":"sts:AssumeRole""#), "Missing required field Principal"),
            (
                statement(r#""Principal":{"Service":"ec2"},"Action":"sts:AssumeRole""#),
                "Invalid principal in policy: \"SERVICE\":\"ec2\"",
            ),
            (
                statement(r#""Principal":{"AWS":"arn:aws:iam::000000000000:role/none"},"Action":"sts:AssumeRole""#),
                "Invalid principal in policy: \"AWS\":\"arn:aws:iam::000000000000:role/none\"",
            ),
        ];
        for (document, message) in &cases {
            let parameters = [("RoleName", "r"), ("AssumeRolePolicyDocument", document.as_str())];
            client.iam_refuses("CreateRole", &parameters, "MalformedPolicyDocument", message).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_account_as_principal_is_kept_as_its_root() {
        let client = Client::calm();
        let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"000000000000"},"Action":"sts:AssumeRole"}]}"#;
        let made = client.iam("CreateRole", &[("RoleName", "r"), ("AssumeRolePolicyDocument", trust)]).await;
        assert!(made.one("AssumeRolePolicyDocument").contains("arn%3Aaws%3Aiam%3A%3A000000000000%3Aroot"));
    }

    #[tokio::test(start_paused = true)]
    async fn tags_are_counted_and_keys_are_alike_whatever_their_capitals() {
        let client = Client::calm();
        client.role("r", "ec2.amazonaws.com").await;
        client.iam("TagRole", &[("RoleName", "r"), ("Tags.member.1.Key", "Team"), ("Tags.member.1.Value", "a")]).await;
        client.iam("TagRole", &[("RoleName", "r"), ("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "b")]).await;
        assert_eq!(client.iam("ListRoleTags", &[("RoleName", "r")]).await.all("Value"), ["b"]);
        let twice = [
            ("RoleName", "r"),
            ("Tags.member.1.Key", "k"),
            ("Tags.member.1.Value", ""),
            ("Tags.member.2.Key", "K"),
            ("Tags.member.2.Value", ""),
        ];
        client
            .iam_refuses(
                "TagRole",
                &twice,
                "InvalidInput",
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            )
            .await;
        client.iam("UntagRole", &[("RoleName", "r"), ("TagKeys.member.1", "TEAM")]).await;
        assert!(client.iam("ListRoleTags", &[("RoleName", "r")]).await.all("Value").is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_new_role_can_be_unseen_for_some_seconds() {
        let mut unseen = 0;
        for seed in 0..8 {
            let client = Client::of(Simulator::open(Config::new(seed)).unwrap());
            client.role("r", "ec2.amazonaws.com").await;
            unseen += u32::from(client.query("iam", "2010-05-08", "GetRole", &[("RoleName", "r")]).await.status == 404);
            client.wait(16);
            client.iam("GetRole", &[("RoleName", "r")]).await;
        }
        assert!(unseen > 0);
    }

    #[tokio::test(start_paused = true)]
    async fn iam_is_at_home_in_one_region_and_its_roles_are_seen_from_all() {
        let mut client = Client::calm();
        client.role("r", "ec2.amazonaws.com").await;
        client.region = "us-west-2";
        let message = "Credential should be scoped to a valid region.";
        client.iam_refuses("GetRole", &[("RoleName", "r")], "SignatureDoesNotMatch", message).await;
        assert!(client.simulator.switch("region", false));
        client.iam("GetRole", &[("RoleName", "r")]).await;
    }

    #[tokio::test(start_paused = true)]
    async fn names_that_can_not_be_are_refused_in_iam_s_words() {
        let client = Client::calm();
        client
            .iam_refuses(
                "GetRole",
                &[("RoleName", "a b")],
                "ValidationError",
                "The specified value for roleName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-",
            )
            .await;
        let long = "r".repeat(65);
        client
            .iam_refuses(
                "GetRole",
                &[("RoleName", &long)],
                "ValidationError",
                "1 validation error detected: Value at 'roleName' failed to satisfy constraint: Member must have length less than or equal to 64",
            )
            .await;
    }
}
