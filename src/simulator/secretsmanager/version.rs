//! Versions of a secret's value, and the labels that tell which of them is meant.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::secret::{Secret, alive, encrypts, find, may_use_key, seen};
use super::{invalid_parameter, invalid_request};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("PutSecretValue", put),
    ("GetSecretValue", get),
    ("ListSecretVersionIds", list),
    ("UpdateSecretVersionStage", relabel),
];

const PUT: &str = "https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html";
const GET: &str = "https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html";
const RELABEL: &str =
    "https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("secretsmanager.version.content", "a version is a text or bytes", PUT),
    Rule::new(
        "secretsmanager.version.size",
        "a value has 65,536 bytes",
        "https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html",
    ),
    Rule::new("secretsmanager.version.fixed", "a version's value never changes", PUT),
    Rule::new("secretsmanager.version.labels", "a version has at most 20 labels", PUT),
    Rule::new("secretsmanager.version.found", "the version exists", GET),
    Rule::new("secretsmanager.version.agree", "an id and a label name the same version", GET),
    Rule::new("secretsmanager.label.holder", "who takes a label says of which version", RELABEL),
    Rule::new("secretsmanager.label.current", "AWSCURRENT is moved, never taken away", RELABEL),
];

/// Bytes of a value.
const MOST: usize = 65_536;

/// The label of the version that is meant where nothing else is said.
pub(super) const CURRENT: &str = "AWSCURRENT";
/// The label of the version that was it before.
const PREVIOUS: &str = "AWSPREVIOUS";

/// What is kept secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// A text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl Content {
    /// What a request gives, if it gives anything.
    ///
    /// # Errors
    /// When it gives both a text and bytes.
    pub(super) fn read(tx: &Tx<'_>, input: &Input<'_>) -> Result<Option<Content>, Refusal> {
        let text = input.text("SecretString").map(|text| Content::Text(text.to_owned()));
        let bytes = match input.whole("SecretBinary") {
            Value::Blob(bytes) => Some(Content::Bytes(bytes.to_vec())),
            _ => None,
        };
        // No source has the words.
        tx.enforce("secretsmanager.version.content", text.is_none() || bytes.is_none(), || {
            invalid_parameter(
                "You can't specify both a binary secret value and a string secret value in the same secret.",
            )
        })?;
        let content = text.or(bytes);
        // No source has the words; the API's model counts a text's letters, and the quota its bytes.
        tx.enforce("secretsmanager.version.size", content.as_ref().is_none_or(|it| it.size() <= MOST), || {
            Refusal::new("LimitExceededException", format!("A secret value has at most {MOST} bytes."))
        })?;
        Ok(content)
    }

    fn size(&self) -> usize {
        match self {
            Content::Text(text) => text.len(),
            Content::Bytes(bytes) => bytes.len(),
        }
    }
}

/// A version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Version {
    /// Its id: the token of the request that made it.
    pub id: String,
    /// Its value.
    pub content: Content,
    /// Its labels; none on one that may be forgotten.
    pub stages: Vec<String>,
    /// When it was made.
    pub created: Timestamp,
}

/// Adds a version with these labels, which leave the versions that have them; the same one again changes nothing.
///
/// # Errors
/// When there is one of that id with another value, or the key can't be used.
pub(super) fn add(
    tx: &mut Tx<'_>,
    secret: &mut Secret,
    token: Option<String>,
    content: Content,
    stages: &[String],
) -> Result<String, Refusal> {
    let id = match token {
        Some(token) => token,
        None => tx.uuid(),
    };
    if let Some(known) = secret.versions.iter().find(|version| version.id == id) {
        unchanged(tx, secret, known, Some(&content))?;
        return Ok(id);
    }
    encrypts(tx, secret.key.as_deref())?;
    may_use_key(tx, secret, &["kms:GenerateDataKey", "kms:Decrypt"])?;
    let first = secret.versions.is_empty();
    secret.versions.push(Version { id: id.clone(), content, stages: Vec::new(), created: tx.now() });
    for stage in stages {
        label(secret, stage, Some(&id));
    }
    if first {
        label(secret, CURRENT, Some(&id));
    }
    secret.changed = tx.now();
    // Versions without labels are forgotten when there are many:
    // <https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html#term_version>
    while secret.versions.len() > 100 {
        let Some(at) = secret.versions.iter().position(|version| version.stages.is_empty()) else { break };
        secret.versions.remove(at);
    }
    Ok(id)
}

/// Refuses another value for a version that is there. The words are those of AWS's answers to
/// <https://github.com/getmoto/moto/blob/master/tests/test_secretsmanager/test_secretsmanager.py>.
///
/// # Errors
/// In that case.
pub(super) fn unchanged(
    tx: &Tx<'_>,
    secret: &Secret,
    version: &Version,
    content: Option<&Content>,
) -> Result<(), Refusal> {
    tx.enforce("secretsmanager.version.fixed", Some(&version.content) == content, || {
        let message = format!(
            "You can't use ClientRequestToken {} because that value is already in use for a version of secret {}.",
            version.id, secret.arn
        );
        Refusal::new("ResourceExistsException", message)
    })
}

/// Puts a label on a version, or on none, and takes it from the one that has it. What was current is previous then.
fn label(secret: &mut Secret, stage: &str, to: Option<&str>) {
    let had = secret.versions.iter().find(|version| version.stages.iter().any(|it| it == stage));
    let had = had.map(|version| version.id.clone());
    if had.as_deref() == to {
        return;
    }
    for version in &mut secret.versions {
        version.stages.retain(|it| it != stage);
        if to == Some(version.id.as_str()) {
            version.stages.push(stage.to_owned());
        }
    }
    if stage == CURRENT
        && let Some(before) = had
    {
        label(secret, PREVIOUS, Some(&before));
    }
}

fn put(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut secret = find(tx, input)?;
    alive(tx, &secret)?;
    let content = Content::read(tx, input)?;
    tx.enforce("secretsmanager.version.content", content.is_some(), || {
        invalid_request("You must provide either SecretString or SecretBinary.")
    })?;
    let content = content.unwrap_or_else(|| Content::Text(String::new()));
    let stages: Vec<String> = match input.texts("VersionStages") {
        given if given.is_empty() => vec![CURRENT.to_owned()],
        given => given.into_iter().map(str::to_owned).collect(),
    };
    let token = input.text("ClientRequestToken").map(str::to_owned);
    let id = add(tx, &mut secret, token, content, &stages)?;
    let stages = secret.versions.iter().find(|version| version.id == id).map(|version| version.stages.clone());
    tx.put(secret.clone());
    Ok(secret.with(&[("VersionId", id.into()), ("VersionStages", stages.unwrap_or_default().into())]))
}

fn get(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut secret = seen(tx, input.required("SecretId"))?;
    alive(tx, &secret)?;
    let (id, stage) = (input.text("VersionId"), input.text("VersionStage"));
    let by_stage = stage.or(if id.is_none() { Some(CURRENT) } else { None });
    let fits = |version: &&Version| {
        id.is_none_or(|id| version.id == id) && by_stage.is_none_or(|stage| version.stages.iter().any(|it| it == stage))
    };
    let known = id.is_none_or(|id| secret.versions.iter().any(|version| version.id == id));
    let found = secret.versions.iter().find(fits).cloned();
    if let (Some(_), Some(_), None, true) = (id, stage, &found, known) {
        tx.enforce("secretsmanager.version.agree", false, || {
            invalid_request("You provided a VersionStage that is not associated to the provided VersionId.")
        })?;
    }
    let version = found.ok_or_else(|| {
        let what = match (id, by_stage) {
            (Some(id), _) => format!("VersionId: {id}"),
            (None, stage) => format!("staging label: {}", stage.unwrap_or(CURRENT)),
        };
        let message = format!("Secrets Manager can't find the specified secret value for {what}");
        Refusal::new("ResourceNotFoundException", message)
    })?;
    encrypts(tx, secret.key.as_deref()).map_err(|_| {
        let message = "Secrets Manager can't decrypt the protected secret text using the provided KMS key.";
        Refusal::new("DecryptionFailure", message)
    })?;
    may_use_key(tx, &secret, &["kms:Decrypt"])?;
    if secret.owner.is_none() {
        let day = tx.now().as_second() / 86_400 * 86_400;
        secret.accessed = Timestamp::from_second(day).ok();
        tx.put(secret.clone());
    }
    let (text, bytes) = match version.content {
        Content::Text(text) => (Value::from(text), Value::Absent),
        Content::Bytes(bytes) => (Value::Absent, Value::Blob(bytes)),
    };
    Ok(secret.with(&[
        ("VersionId", version.id.into()),
        ("SecretString", text),
        ("SecretBinary", bytes),
        ("VersionStages", version.stages.into()),
        ("CreatedDate", version.created.into()),
    ]))
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let secret = seen(tx, input.required("SecretId"))?;
    let all = input.flag("IncludeDeprecated");
    let shown = secret.versions.iter().filter(|version| all || !version.stages.is_empty());
    let items = shown.map(|version| {
        let stages = Some(&version.stages).filter(|stages| !stages.is_empty());
        let key = secret.key.clone().unwrap_or_else(|| "DefaultEncryptionKey".to_owned());
        let view = record! {
            "VersionId" => &version.id,
            "VersionStages" => stages.map(|stages| Value::from(stages.clone())),
            "LastAccessedDate" => secret.accessed,
            "CreatedDate" => version.created,
            "KmsKeyIds" => vec![key],
        };
        (version.id.clone(), view)
    });
    let items = items.collect();
    let page = super::listing::paged(tx, input, items)?;
    Ok(secret.with(&[("Versions", Value::List(page.items)), ("NextToken", page.next.into())]))
}

fn relabel(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut secret = find(tx, input)?;
    alive(tx, &secret)?;
    let stage = input.required("VersionStage");
    let (from, to) = (input.text("RemoveFromVersionId"), input.text("MoveToVersionId"));
    for id in from.iter().chain(&to) {
        let known = secret.versions.iter().any(|version| version.id == **id);
        tx.enforce("secretsmanager.version.found", known, || {
            let message = format!("Secrets Manager can't find the specified secret version: {id}.");
            Refusal::new("ResourceNotFoundException", message)
        })?;
    }
    let holder = secret.versions.iter().find(|version| version.stages.iter().any(|it| it == stage));
    let holder = holder.map(|version| version.id.clone());
    tx.enforce("secretsmanager.label.current", stage != CURRENT || to.is_some(), || {
        invalid_parameter(
            "You can only move staging label AWSCURRENT to a different secret version. It can’t be completely removed.",
        )
    })?;
    let says = from == holder.as_deref() || (holder.is_some() && holder.as_deref() == to && from.is_none());
    tx.enforce("secretsmanager.label.holder", says, || {
        let holder = holder.as_deref();
        invalid_parameter(match (holder, from) {
            (Some(holder), None) => format!(
                "The parameter RemoveFromVersionId can't be empty. Staging label {stage} is currently attached to \
                 version {holder}, so you must explicitly reference that version in RemoveFromVersionId."
            ),
            (Some(holder), Some(_)) => format!(
                "Staging label {stage} is currently attached to version {holder}, so you must explicitly reference \
                 that version in RemoveFromVersionId."
            ),
            (None, _) => format!("Staging label {stage} is not attached to the version in RemoveFromVersionId."),
        })
    })?;
    label(&mut secret, stage, to);
    let labels = secret.versions.iter().map(|version| version.stages.len()).max().unwrap_or_default();
    tx.enforce("secretsmanager.version.labels", labels <= 20, || {
        Refusal::new("LimitExceededException", "A version can have at most 20 staging labels.")
    })?;
    secret.changed = tx.now();
    tx.put(secret.clone());
    Ok(Value::Record(secret.named()))
}
