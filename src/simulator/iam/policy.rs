//! Managed policies: the account's own with their versions, and AWS's, which can only be read and attached.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::attachment::{self, Attachment};
use super::aws_managed::{self, AwsManaged};
use super::listing::{listed, under};
use super::role::Role;
use super::tags::{self, Tags};
use super::{document, missing, quota};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::{Reach, Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("CreatePolicy", create),
    ("GetPolicy", get),
    ("ListPolicies", list),
    ("DeletePolicy", delete),
    ("CreatePolicyVersion", create_version),
    ("GetPolicyVersion", get_version),
    ("ListPolicyVersions", list_versions),
    ("DeletePolicyVersion", delete_version),
    ("SetDefaultPolicyVersion", set_default),
    ("TagPolicy", tag),
    ("UntagPolicy", untag),
    ("ListPolicyTags", list_tags),
];

const DELETE: &str = "https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicy.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "iam.policy.name.taken",
        "a policy's name is unique in its account, whatever its path",
        "https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html",
    ),
    Rule::new(
        "iam.policy.quota",
        "an account has at most 1,500 managed policies of its own",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html",
    ),
    Rule::new(
        "iam.policy.versions.quota",
        "a policy has at most five versions",
        "https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicyVersion.html",
    ),
    Rule::new(
        "iam.policy.version.default",
        "a policy's default version is deleted with the policy alone",
        "https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicyVersion.html",
    ),
    Rule::new("iam.policy.delete.attached", "a policy in use is not deleted", DELETE),
    Rule::new("iam.policy.delete.versions", "a policy is deleted after its other versions", DELETE),
    Rule::new(
        "iam.policy.arn",
        "a policy is named by an ARN",
        "https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetPolicy.html",
    ),
    Rule::new(
        "iam.policy.boundary",
        "a permissions boundary is a policy that exists",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html",
    ),
];

/// A managed policy of the account's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// Its path.
    pub path: String,
    /// Its unique id, `ANPA...`.
    pub policy_id: String,
    /// Its ARN.
    pub arn: String,
    /// Its description, which never changes.
    pub description: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// When its versions changed last.
    pub updated: Timestamp,
    /// Its versions, oldest first.
    pub versions: Vec<Version>,
    /// The id of the version in force.
    pub default: String,
    /// The number of the newest version that ever was.
    pub newest: u32,
    /// Its tags.
    pub tags: Tags,
}

/// A version of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Version {
    /// `v1`, `v2`, ...
    pub id: String,
    /// The document, as it was given.
    pub document: String,
    /// When it was made.
    pub created: Timestamp,
}

impl Row for Policy {
    const TABLE: &'static str = "iam.policy";
    const REACH: Reach = Reach::Account;
    fn id(&self) -> String {
        self.name.to_lowercase()
    }
}

impl Policy {
    fn version(&self, id: &str) -> Option<&Version> {
        self.versions.iter().find(|version| version.id == id)
    }

    fn version_view(&self, version: &Version) -> Value {
        record! {
            "VersionId" => &version.id,
            "IsDefaultVersion" => version.id == self.default,
            "CreateDate" => version.created,
        }
    }

    fn summary(&self, tx: &Tx<'_>) -> Value {
        record! {
            "PolicyName" => &self.name,
            "PolicyId" => &self.policy_id,
            "Arn" => &self.arn,
            "Path" => &self.path,
            "DefaultVersionId" => &self.default,
            "AttachmentCount" => attachment::count(tx, &self.arn),
            "PermissionsBoundaryUsageCount" => bounded(tx, &self.arn),
            "IsAttachable" => true,
            "CreateDate" => self.created,
            "UpdateDate" => self.updated,
        }
    }

    /// What `GetAccountAuthorizationDetails` shows of a policy.
    pub(super) fn detail(&self, tx: &Tx<'_>) -> Value {
        let mut view = self.summary(tx);
        let versions = self.versions.iter().rev().map(|version| {
            let mut view = self.version_view(version);
            view.set("Document", document::encode(&version.document));
            view
        });
        view.set("PolicyVersionList", Value::List(versions.collect()));
        view
    }
}

/// Either kind of managed policy.
#[derive(Debug, Clone)]
pub enum Managed {
    /// One of the account's own.
    Own(Box<Policy>),
    /// One of AWS's.
    Aws(&'static AwsManaged),
}

impl Managed {
    /// The policy with that ARN, as far as this request sees it.
    #[must_use]
    pub fn find(tx: &Tx<'_>, arn: &str) -> Option<Managed> {
        if let Some(aws) = aws_managed::find(arn) {
            return Some(Managed::Aws(aws));
        }
        let name = arn.rsplit('/').next()?;
        tx.get::<Policy>(&name.to_lowercase())
            .filter(|policy| policy.arn == arn)
            .map(|policy| Managed::Own(Box::new(policy.clone())))
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Managed::Own(policy) => &policy.name,
            Managed::Aws(aws) => aws.name,
        }
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Managed::Own(policy) => &policy.path,
            Managed::Aws(aws) => aws.path,
        }
    }

    /// Its ARN.
    #[must_use]
    pub fn arn(&self) -> String {
        match self {
            Managed::Own(policy) => policy.arn.clone(),
            Managed::Aws(aws) => aws.arn(),
        }
    }

    /// Name and ARN, as lists of attached policies show them.
    pub(super) fn reference(&self) -> Value {
        record! { "PolicyName" => self.name(), "PolicyArn" => self.arn() }
    }

    fn summary(&self, tx: &Tx<'_>) -> Value {
        match self {
            Managed::Own(policy) => policy.summary(tx),
            Managed::Aws(aws) => {
                let arn = aws.arn();
                record! {
                    "PolicyName" => aws.name,
                    "PolicyId" => aws.policy_id(),
                    "Arn" => &arn,
                    "Path" => aws.path,
                    "DefaultVersionId" => "v1",
                    "AttachmentCount" => attachment::count(tx, &arn),
                    "PermissionsBoundaryUsageCount" => bounded(tx, &arn),
                    "IsAttachable" => true,
                    "CreateDate" => aws_managed::made(),
                    "UpdateDate" => aws_managed::made(),
                }
            }
        }
    }

    fn view(&self, tx: &Tx<'_>) -> Value {
        let mut view = self.summary(tx);
        match self {
            Managed::Own(policy) => {
                view.set("Description", policy.description.as_ref());
                view.set("Tags", tags::view(&policy.tags));
            }
            Managed::Aws(_) => view.set("Tags", Value::List(Vec::new())),
        }
        view
    }
}

fn bounded(tx: &Tx<'_>, arn: &str) -> i64 {
    let roles = tx.rows::<Role>().filter(|role| role.boundary.as_deref() == Some(arn)).count();
    i64::try_from(roles).unwrap_or(i64::MAX)
}

/// Refuses what is no ARN of IAM's.
///
/// # Errors
/// In that case.
pub(super) fn parse_arn(arn: &str) -> Result<(), Refusal> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    match parts[..] {
        ["arn", partition, "iam", "", _, resource] if !partition.is_empty() && resource.starts_with("policy/") => {
            Ok(())
        }
        ["arn", ..] if parts.len() == 6 => Err(Refusal::new("InvalidInput", format!("ARN {arn} is not valid."))),
        _ => Err(Refusal::new("ValidationError", "Invalid ARN:  Could not be parsed!")),
    }
}

/// Answers what AWS may have and this table has not: AWS has more policies than are listed here, and new ones each week.
///
/// # Errors
/// `NotSimulated` for a policy of AWS's that the table lacks.
pub(super) fn in_table(arn: &str) -> Result<(), Refusal> {
    if arn.starts_with("arn:aws:iam::aws:policy/") && aws_managed::find(arn).is_none() {
        return Err(Refusal::not_simulated(format!("AWS's policy {arn}")));
    }
    Ok(())
}

/// The policy of that ARN.
///
/// # Errors
/// When there is none.
pub fn find(tx: &Tx<'_>, arn: &str) -> Result<Managed, Refusal> {
    parse_arn(arn).or_else(|refusal| tx.enforce("iam.policy.arn", false, || refusal))?;
    in_table(arn)?;
    let absent = || {
        let deleted = tx.operation() == "DeletePolicy";
        let rest = if deleted { "was not found." } else { "does not exist or is not attachable." };
        missing(format!("Policy {arn} {rest}"))
    };
    Managed::find(tx, arn).ok_or_else(absent)
}

/// The ARN of a policy that is to bound a role's permissions.
///
/// # Errors
/// When there is no such policy.
pub(super) fn boundary(tx: &Tx<'_>, arn: &str) -> Result<String, Refusal> {
    parse_arn(arn)?;
    in_table(arn)?;
    tx.enforce("iam.policy.boundary", Managed::find(tx, arn).is_some(), || {
        missing(format!("Scope ARN: {arn} does not exist or is not attachable."))
    })?;
    Ok(arn.to_owned())
}

/// The account's own policy of that ARN, which a request wants to change.
fn own(tx: &Tx<'_>, arn: &str) -> Result<Policy, Refusal> {
    match find(tx, arn)? {
        Managed::Own(policy) => Ok(*policy),
        Managed::Aws(_) => {
            let message = format!(
                "User: {} is not authorized to perform: iam:{} on resource: policy {arn}",
                tx.principal().arn,
                tx.operation()
            );
            Err(Refusal::new("AccessDenied", message).status(403))
        }
    }
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let name = input.required("PolicyName");
    let path = input.text("Path").unwrap_or("/");
    let text = sized(tx, input.required("PolicyDocument"))?;
    tx.enforce("iam.policy.name.taken", tx.get::<Policy>(&name.to_lowercase()).is_none(), || {
        let message = format!("A policy called {name} already exists. Duplicate names are not allowed.");
        Refusal::new("EntityAlreadyExists", message)
    })?;
    let limit = tx.quota("iam.policies");
    let have = i64::try_from(tx.rows::<Policy>().count()).unwrap_or(i64::MAX);
    tx.enforce("iam.policy.quota", have < limit, || quota("PoliciesPerAccount", limit))?;
    let tags = tags::read(tx, input)?;
    let now = tx.now();
    let policy = Policy {
        name: name.to_owned(),
        path: path.to_owned(),
        policy_id: format!("ANPA{}", tx.capitals(17)),
        arn: format!("arn:aws:iam::{}:policy{path}{name}", tx.account()),
        description: input.text("Description").filter(|text| !text.is_empty()).map(str::to_owned),
        created: now,
        updated: now,
        versions: vec![Version { id: "v1".to_owned(), document: text, created: now }],
        default: "v1".to_owned(),
        newest: 1,
        tags,
    };
    let mut view = policy.summary(tx);
    view.set("Tags", tags::view_if_any(&policy.tags));
    tx.put(policy);
    Ok(record! { "Policy" => view })
}

fn sized(tx: &Tx<'_>, text: &str) -> Result<String, Refusal> {
    let text = document::identity(tx, text)?;
    document::within(tx, &text, "PolicySize", 6144)?;
    Ok(text)
}

fn get(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    Ok(record! { "Policy" => find(tx, input.required("PolicyArn"))?.view(tx) })
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let scope = input.text("Scope").unwrap_or("All");
    let attached = input.flag("OnlyAttached");
    let usage = input.text("PolicyUsageFilter");
    let own = tx.rows::<Policy>().filter(|_| scope != "AWS").map(|policy| Managed::Own(Box::new(policy.clone())));
    let aws = aws_managed::ALL.iter().filter(|_| scope != "Local").map(Managed::Aws);
    let mut items = Vec::new();
    for managed in own.chain(aws).filter(|managed| under(input, managed.path())) {
        let arn = managed.arn();
        let (permits, bounds) = (attachment::count(tx, &arn) > 0, bounded(tx, &arn) > 0);
        let used = match usage {
            Some("PermissionsPolicy") => permits,
            Some("PermissionsBoundary") => bounds,
            _ => permits || bounds,
        };
        if used || !attached && usage.is_none() {
            items.push((format!("{}/{}", managed.name().to_lowercase(), arn), managed.summary(tx)));
        }
    }
    listed(tx, input, "Policies", items)
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let policy = own(tx, input.required("PolicyArn"))?;
    let attached = tx.rows::<Attachment>().any(|attachment| attachment.policy == policy.arn);
    tx.enforce("iam.policy.delete.attached", !attached && bounded(tx, &policy.arn) == 0, || {
        Refusal::new("DeleteConflict", "Cannot delete a policy attached to entities.")
    })?;
    tx.enforce("iam.policy.delete.versions", policy.versions.len() == 1, || {
        let message = "This policy has more than one version. Before you delete a policy, you must delete the policy's \
                       versions. The default version is deleted with the policy.";
        Refusal::new("DeleteConflict", message)
    })?;
    tx.remove::<Policy>(&policy.id());
    Ok(Value::Record(Record::new()))
}

fn create_version(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut policy = own(tx, input.required("PolicyArn"))?;
    let text = sized(tx, input.required("PolicyDocument"))?;
    let limit = usize::try_from(tx.quota("iam.policy_versions")).unwrap_or(5);
    tx.enforce("iam.policy.versions.quota", policy.versions.len() < limit, || {
        let message = format!(
            "A managed policy can have up to {limit} versions. Before you create a new version, you must delete an \
             existing version."
        );
        Refusal::new("LimitExceeded", message)
    })?;
    policy.newest += 1;
    let version = Version { id: format!("v{}", policy.newest), document: text, created: tx.now() };
    if input.flag("SetAsDefault") {
        policy.default.clone_from(&version.id);
    }
    policy.updated = tx.now();
    policy.versions.push(version.clone());
    let view = policy.version_view(&version);
    tx.put(policy);
    Ok(record! { "PolicyVersion" => view })
}

fn no_version(arn: &str, id: &str) -> Refusal {
    missing(format!("Policy {arn} version {id} does not exist or is not attachable."))
}

fn get_version(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let (arn, id) = (input.required("PolicyArn"), input.required("VersionId"));
    match find(tx, arn)? {
        Managed::Own(policy) => {
            let version = policy.version(id).ok_or_else(|| no_version(arn, id))?;
            let mut view = policy.version_view(version);
            view.set("Document", document::encode(&version.document));
            Ok(record! { "PolicyVersion" => view })
        }
        Managed::Aws(aws) => Err(Refusal::not_simulated(format!("the document of AWS's policy {}", aws.name))),
    }
}

fn list_versions(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let items = match find(tx, input.required("PolicyArn"))? {
        Managed::Own(policy) => {
            // The newest comes first.
            let number = |at: usize| format!("{:04}", policy.versions.len() - at);
            policy.versions.iter().enumerate().map(|(at, version)| (number(at), policy.version_view(version))).collect()
        }
        Managed::Aws(_) => {
            let view = record! { "VersionId" => "v1", "IsDefaultVersion" => true, "CreateDate" => aws_managed::made() };
            vec![("v1".to_owned(), view)]
        }
    };
    listed(tx, input, "Versions", items)
}

fn delete_version(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let (arn, id) = (input.required("PolicyArn"), input.required("VersionId"));
    let mut policy = own(tx, arn)?;
    if policy.version(id).is_none() {
        return Err(no_version(arn, id));
    }
    tx.enforce("iam.policy.version.default", policy.default != id, || {
        Refusal::new("DeleteConflict", "Cannot delete the default version of a policy.")
    })?;
    policy.versions.retain(|version| version.id != id);
    policy.updated = tx.now();
    tx.put(policy);
    Ok(Value::Record(Record::new()))
}

fn set_default(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let (arn, id) = (input.required("PolicyArn"), input.required("VersionId"));
    let mut policy = own(tx, arn)?;
    if policy.version(id).is_none() {
        return Err(no_version(arn, id));
    }
    policy.default = id.to_owned();
    policy.updated = tx.now();
    tx.put(policy);
    Ok(Value::Record(Record::new()))
}

fn tag(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut policy = own(tx, input.required("PolicyArn"))?;
    policy.tags = tags::added(tx, input, policy.tags)?;
    tx.put(policy);
    Ok(Value::Record(Record::new()))
}

fn untag(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut policy = own(tx, input.required("PolicyArn"))?;
    policy.tags = tags::left(input, policy.tags);
    tx.put(policy);
    Ok(Value::Record(Record::new()))
}

fn list_tags(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    match find(tx, input.required("PolicyArn"))? {
        Managed::Own(policy) => listed(tx, input, "Tags", tags::items(&policy.tags)),
        Managed::Aws(_) => listed(tx, input, "Tags", Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use crate::client::Client;

    const DOCUMENT: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"A","Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}]}"#;

    #[tokio::test(start_paused = true)]
    async fn a_policy_has_five_versions_and_goes_once_they_and_its_users_are_gone() {
        let client = Client::calm();
        let create = [("PolicyName", "p"), ("Path", "/team/"), ("PolicyDocument", DOCUMENT)];
        let arn = client.iam("CreatePolicy", &create).await.one("Arn");
        assert_eq!(arn, "arn:aws:iam::000000000000:policy/team/p");
        client
            .iam_refuses(
                "CreatePolicy",
                &create,
                "EntityAlreadyExists",
                "A policy called p already exists. Duplicate names are not allowed.",
            )
            .await;
        let named = [("PolicyArn", arn.as_str())];
        for _ in 0..4 {
            client
                .iam("CreatePolicyVersion", &[named[0], ("PolicyDocument", DOCUMENT), ("SetAsDefault", "true")])
                .await;
        }
        client
            .iam_refuses(
                "CreatePolicyVersion",
                &[named[0], ("PolicyDocument", DOCUMENT)],
                "LimitExceeded",
                "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.",
            )
            .await;
        let versions = client.iam("ListPolicyVersions", &named).await;
        assert_eq!(versions.all("VersionId"), ["v5", "v4", "v3", "v2", "v1"]);
        client
            .iam_refuses(
                "DeletePolicyVersion",
                &[named[0], ("VersionId", "v5")],
                "DeleteConflict",
                "Cannot delete the default version of a policy.",
            )
            .await;
        client.role("r", "ec2.amazonaws.com").await;
        client.iam("AttachRolePolicy", &[("RoleName", "r"), named[0]]).await;
        assert_eq!(client.iam("GetPolicy", &named).await.one("AttachmentCount"), "1");
        assert_eq!(client.iam("ListEntitiesForPolicy", &named).await.one("RoleName"), "r");
        client
            .iam_refuses("DeletePolicy", &named, "DeleteConflict", "Cannot delete a policy attached to entities.")
            .await;
        client.iam("DetachRolePolicy", &[("RoleName", "r"), named[0]]).await;
        client
            .iam_refuses(
                "DeletePolicy",
                &named,
                "DeleteConflict",
                "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
            )
            .await;
        for version in ["v1", "v2", "v3", "v4"] {
            client.iam("DeletePolicyVersion", &[named[0], ("VersionId", version)]).await;
        }
        client.iam("DeletePolicy", &named).await;
        client
            .iam_refuses(
                "GetPolicy",
                &named,
                "NoSuchEntity",
                &format!("Policy {arn} does not exist or is not attachable."),
            )
            .await;
        client.iam_refuses("DeletePolicy", &named, "NoSuchEntity", &format!("Policy {arn} was not found.")).await;
    }

    #[tokio::test(start_paused = true)]
    async fn policies_that_iam_does_not_take_are_refused_in_its_words() {
        let client = Client::calm();
        let of = |statement: &str| format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#);
        let cases = [
            ("{".to_owned(), "Syntax errors in policy."),
            (DOCUMENT.replace("2012-10-17", "2008-10-17"), "Policy document must be version 2012-10-17 or greater."),
            (
                of(r#"{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}"#),
                "Policy document should not specify a principal.",
            ),
            (of(r#"{"Effect":"Allow","Resource":"*"}"#), "Policy statement must contain actions."),
            (of(r#"{"Effect":"Allow","Action":"s3:*"}"#), "Policy statement must contain resources."),
            (
                of(r#"{"Effect":"Allow","Action":"GetObject","Resource":"*"}"#),
                "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
            ),
            (
                of(r#"{"Effect":"Allow","Action":"s3:*","Resource":"bucket"}"#),
                "Resource bucket must be in ARN format or \"*\".",
            ),
            (
                of(
                    r#"{"Sid":"A","Effect":"Allow","Action":"s3:*","Resource":"*"},{"Sid":"A","Effect":"Deny","Action":"s3:*","Resource":"*"}"#,
                ),
                "Statement IDs (SID) in a single policy must be unique.",
            ),
            (
                of(r#"{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringIs":{"a":"b"}}}"#),
                "Syntax errors in policy.",
            ),
        ];
        for (document, message) in &cases {
            let parameters = [("PolicyName", "p"), ("PolicyDocument", document.as_str())];
            client.iam_refuses("CreatePolicy", &parameters, "MalformedPolicyDocument", message).await;
        }
        let long =
            of(&format!(r#"{{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::{}"}}"#, "x".repeat(6200)));
        client
            .iam_refuses(
                "CreatePolicy",
                &[("PolicyName", "p"), ("PolicyDocument", &long)],
                "LimitExceeded",
                "Cannot exceed quota for PolicySize: 6144",
            )
            .await;
    }

    #[tokio::test(start_paused = true)]
    async fn only_policies_that_exist_can_be_attached() {
        let client = Client::calm();
        client.role("r", "ec2.amazonaws.com").await;
        let none = "arn:aws:iam::aws:policy/NoSuchPolicyAnywhere";
        let unlisted = format!("AWS's policy {none} is not simulated");
        let named = [("RoleName", "r"), ("PolicyArn", none)];
        client.iam_refuses("AttachRolePolicy", &named, "NotSimulated", &unlisted).await;
        client
            .iam_refuses(
                "AttachRolePolicy",
                &[("RoleName", "r"), ("PolicyArn", "longpolicynamebutnoarn")],
                "ValidationError",
                "Invalid ARN:  Could not be parsed!",
            )
            .await;
        client.iam_refuses("GetPolicy", &named[1..], "NotSimulated", &unlisted).await;
        let detached = format!("Policy {none} was not found.");
        client.iam_refuses("DetachRolePolicy", &named, "NoSuchEntity", &detached).await;
    }
}
