//! Secrets: their names, descriptions and keys.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::version::{self, Content, Version};
use super::{arn_head, invalid_request, managed, tags};
use crate::datastore::key;
use crate::iam::authorization::{self, KeyUse};
use crate::input::Input;
use crate::record;
use crate::refusal::{NOT_SIMULATED, Refusal};
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("CreateSecret", create), ("DescribeSecret", describe), ("UpdateSecret", update)];

const CREATE: &str = "https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("secretsmanager.secret.name", "a name has letters, digits and /_+=.@-", CREATE),
    Rule::new("secretsmanager.secret.exists", "names are unique in account and region", CREATE),
    Rule::new(
        "secretsmanager.secret.pending",
        "a name stays taken, and its secret is not used, until its deletion is taken back or done",
        "https://docs.aws.amazon.com/secretsmanager/latest/userguide/manage_delete-secret.html",
    ),
    Rule::new(
        "secretsmanager.secret.quota",
        "an account has 500,000 secrets in a region",
        "https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html",
    ),
];

/// A secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secret {
    /// Its name.
    pub name: String,
    /// Its ARN, which ends in six characters of chance.
    pub arn: String,
    /// What it is for.
    pub description: Option<String>,
    /// The KMS key that was named; the service's own where there is none.
    pub key: Option<String>,
    /// Its versions, the oldest first.
    pub versions: Vec<Version>,
    /// Its policy.
    pub policy: Option<String>,
    /// Its tags.
    pub tags: Vec<(String, String)>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was changed last.
    pub changed: Timestamp,
    /// The day on which it was read last.
    pub accessed: Option<Timestamp>,
    /// When it goes, once it is deleted, and whether that can't be taken back.
    pub deletion: Option<(Timestamp, bool)>,
    /// The service that made it and keeps it, and when that gave it its last value.
    pub owner: Option<(String, Option<Timestamp>)>,
}

impl Row for Secret {
    const TABLE: &'static str = "secretsmanager.secret";
    fn id(&self) -> String {
        self.name.clone()
    }
}

impl Secret {
    /// What answers name it by.
    pub(super) fn named(&self) -> Record {
        let mut named = Record::new();
        named.insert("ARN".to_owned(), Value::from(&self.arn));
        named.insert("Name".to_owned(), Value::from(&self.name));
        named
    }

    /// The same with more.
    pub(super) fn with(&self, more: &[(&str, Value)]) -> Value {
        let mut answer = self.named();
        answer.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        Value::Record(answer)
    }

    /// What is shown of it, its versions under this name.
    pub(super) fn view(&self, versions: &str) -> Value {
        let stages: Record = self
            .versions
            .iter()
            .filter(|version| !version.stages.is_empty())
            .map(|version| (version.id.clone(), Value::from(version.stages.clone())))
            .collect();
        let tags: Vec<Value> =
            self.tags.iter().map(|(key, value)| record! { "Key" => key, "Value" => value }).collect();
        let owner = self.owner.as_ref();
        let rules = owner.map(|_| record! { "AutomaticallyAfterDays" => 7_i64 });
        let seventh = jiff::SignedDuration::from_hours(24 * 7);
        let next = owner.map(|(_, rotated)| rotated.unwrap_or(self.created) + seventh);
        self.with(&[
            ("Description", self.description.clone().filter(|text| !text.is_empty()).into()),
            ("KmsKeyId", self.key.clone().into()),
            ("RotationEnabled", owner.map(|_| true).into()),
            ("RotationRules", rules.unwrap_or(Value::Absent)),
            ("LastRotatedDate", owner.and_then(|(_, rotated)| *rotated).into()),
            ("NextRotationDate", next.into()),
            ("LastChangedDate", self.changed.into()),
            ("LastAccessedDate", self.accessed.into()),
            ("DeletedDate", self.deletion.map(|(at, _)| at).into()),
            ("Tags", if tags.is_empty() { Value::Absent } else { Value::List(tags) }),
            (versions, if stages.is_empty() { Value::Absent } else { Value::Record(stages) }),
            ("OwningService", owner.map(|(name, _)| name.clone()).into()),
            ("CreatedDate", self.created.into()),
        ])
    }
}

/// The secret that a request names by its name, its ARN, or its ARN without the characters of chance; a service's too.
///
/// # Errors
/// When there is none, or it is named by what is no name.
pub(super) fn seen(tx: &Tx<'_>, given: &str) -> Result<Secret, Refusal> {
    named(tx, given.strip_prefix("arn:").map_or(given, |_| ""))?;
    let head = arn_head(tx);
    let name = given.strip_prefix(head.as_str()).unwrap_or(given);
    let whole = |row: &&Secret| row.arn == given;
    let bare = name.rsplit_once('-').map_or(name, |(bare, _)| bare);
    let found = tx
        .get::<Secret>(bare)
        .filter(whole)
        .or_else(|| tx.get::<Secret>(name).filter(|_| !given.starts_with("arn:") || given.starts_with(&head)))
        .cloned()
        .or_else(|| managed::find(tx, given, name));
    found.ok_or_else(missing)
}

/// The same, where a service's own secrets are not changed.
///
/// # Errors
/// When there is none, or it is a service's.
pub(super) fn find(tx: &Tx<'_>, input: &Input<'_>) -> Result<Secret, Refusal> {
    let secret = seen(tx, input.required("SecretId"))?;
    managed::refuse(tx, &secret)?;
    Ok(secret)
}

/// Refuses a secret that waits for its end.
///
/// # Errors
/// In that case.
pub(super) fn alive(tx: &Tx<'_>, secret: &Secret) -> Result<(), Refusal> {
    tx.enforce("secretsmanager.secret.pending", secret.deletion.is_none(), || {
        invalid_request("You can't perform this operation on the secret because it was marked for deletion.")
    })
}

/// Refuses what is no name.
fn named(tx: &Tx<'_>, name: &str) -> Result<(), Refusal> {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || "-/_+=.@!".contains(letter);
    tx.enforce("secretsmanager.secret.name", name.chars().all(fits), || {
        let message = "Invalid name. Must be a valid name containing alphanumeric characters, or any of the \
                       following: -/_+=.@!";
        Refusal::new("ValidationException", message).status(400)
    })
}

fn missing() -> Refusal {
    Refusal::new("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
}

/// Refuses a key that nothing can be encrypted with.
///
/// # Errors
/// `EncryptionFailure`.
pub(super) fn encrypts(tx: &mut Tx<'_>, key: Option<&str>) -> Result<(), Refusal> {
    key::named(tx, "secretsmanager.key.usable", key, "aws/secretsmanager", |_| {
        // The page of the error has no more than this.
        let message = "Secrets Manager can't encrypt the protected secret text using the provided KMS key.";
        Refusal::new("EncryptionFailure", message)
    })
    .map(drop)
}

/// Refuses to use a secret's key where the caller may not:
/// <https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html>. Others had the words:
/// <https://github.com/aws-samples/aws-secrets-manager-rotation-lambdas/issues/53>.
///
/// # Errors
/// `AccessDeniedException`.
pub(super) fn may_use_key(tx: &mut Tx<'_>, secret: &Secret, actions: &[&str]) -> Result<(), Refusal> {
    let own = "aws/secretsmanager";
    // A service's secret is written by that service.
    if secret.owner.is_some() {
        return Ok(());
    }
    let used = match &secret.key {
        Some(given) => key::resolved(tx, given, own).arn,
        None => key::managed(tx, own),
    };
    for action in actions {
        let used = KeyUse { action, key: &used, context: Some(("SecretARN", &secret.arn)) };
        match authorization::may_use_key(tx, &super::SERVICE, used) {
            Err(refusal) if refusal.code != NOT_SIMULATED => {
                return Err(Refusal::new("AccessDeniedException", "Access to KMS is not allowed").status(400));
            }
            done => done?,
        }
    }
    Ok(())
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let name = input.required("Name");
    named(tx, name)?;
    // Nothing here has replicas.
    let _ = input.flag("ForceOverwriteReplicaSecret");
    let content = Content::read(tx, input)?;
    let token = input.text("ClientRequestToken").map(str::to_owned);
    if let Some(there) = tx.get::<Secret>(name).cloned() {
        tx.enforce("secretsmanager.secret.pending", there.deletion.is_none(), || {
            invalid_request(
                "You can't create this secret because a secret with this name is already scheduled for deletion.",
            )
        })?;
        // The same request once more is answered as it was.
        let again = there.versions.iter().find(|version| Some(&version.id) == token.as_ref());
        if let Some(version) = again {
            version::unchanged(tx, &there, version, content.as_ref())?;
            let _ = input.all();
            return Ok(there.with(&[("VersionId", token.into())]));
        }
        tx.enforce("secretsmanager.secret.exists", false, || {
            let message = format!("The operation failed because the secret {name} already exists.");
            Refusal::new("ResourceExistsException", message)
        })?;
    }
    let most = tx.quota("secretsmanager.secrets");
    tx.enforce("secretsmanager.secret.quota", tx.count::<Secret>() < most, || {
        Refusal::new("LimitExceededException", "You've exceeded the maximum number of secrets.")
    })?;
    let tags = tags::read(tx, input, "Tags")?;
    tags::within(tx, &tags)?;
    let key = input.text("KmsKeyId").filter(|key| !key.is_empty()).map(str::to_owned);
    let arn = format!("{}{name}-{}", arn_head(tx), suffix(tx));
    let (description, now) = (input.text("Description").map(str::to_owned), tx.now());
    let mut secret = Secret {
        name: name.to_owned(),
        arn,
        description,
        key,
        versions: Vec::new(),
        policy: None,
        tags,
        created: now,
        changed: now,
        accessed: None,
        deletion: None,
        owner: None,
    };
    let mut id = None;
    if let Some(content) = content {
        id = Some(version::add(tx, &mut secret, token, content, &["AWSCURRENT".to_owned()])?);
    }
    tx.put(secret.clone());
    Ok(secret.with(&[("VersionId", id.into())]))
}

/// The six characters that an ARN ends in.
fn suffix(tx: &mut Tx<'_>) -> String {
    let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    (0..6).map(|_| char::from(letters[tx.below(letters.len())])).collect()
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let secret = seen(tx, input.required("SecretId"))?;
    Ok(secret.view("VersionIdsToStages"))
}

fn update(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut secret = find(tx, input)?;
    alive(tx, &secret)?;
    let content = Content::read(tx, input)?;
    if let Some(description) = input.text("Description") {
        secret.description = Some(description.to_owned());
    }
    if let Some(key) = input.text("KmsKeyId") {
        // What has a value is encrypted anew.
        let key = Some(key).filter(|key| !key.is_empty());
        if !secret.versions.is_empty() {
            encrypts(tx, key)?;
        }
        secret.key = key.map(str::to_owned);
    }
    let token = input.text("ClientRequestToken").map(str::to_owned);
    let mut id = None;
    if let Some(content) = content {
        id = Some(version::add(tx, &mut secret, token, content, &["AWSCURRENT".to_owned()])?);
    }
    secret.changed = tx.now();
    tx.put(secret.clone());
    Ok(secret.with(&[("VersionId", id.into())]))
}
