//! An account's own parameters: put, with a version each time, read and deleted.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::tags::{self, Tags};
use super::{invalid, public_parameter};
use crate::datastore::key;
use crate::input::Input;
use crate::record;
use crate::refusal::{NOT_SIMULATED, Refusal};
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("PutParameter", put),
    ("GetParameter", get),
    ("GetParameters", get_several),
    ("DeleteParameter", delete),
    ("DeleteParameters", delete_several),
];

const PUT: &str = "https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("ssm.parameter.name", "a name is a path of letters, digits and .-_, and not of AWS's own", PUT),
    Rule::new("ssm.parameter.depth", "a path has 15 levels", PUT),
    Rule::new("ssm.parameter.type", "a parameter is made with a type, and keeps it", PUT),
    Rule::new("ssm.parameter.exists", "a parameter is overwritten where that is asked for", PUT),
    Rule::new("ssm.parameter.value", "a value has 4 KiB, or 8 in the advanced tier, and fits its pattern", PUT),
    Rule::new("ssm.parameter.nested", "a value names no other parameter", PUT),
    Rule::new("ssm.parameter.key", "a secure value has a KMS key that exists", PUT),
    Rule::new("ssm.parameter.tags", "tags are given to new parameters", PUT),
    Rule::new(
        "ssm.parameter.quota",
        "an account has 10,000 standard parameters in a region",
        "https://docs.aws.amazon.com/general/latest/gr/ssm.html",
    ),
];

/// A value that a parameter had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Version {
    /// Its number, from 1.
    pub number: i64,
    /// The value.
    pub value: String,
}

/// A parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// `String`, `StringList` or `SecureString`.
    pub kind: String,
    /// What it is for.
    pub description: Option<String>,
    /// What its values look like.
    pub pattern: Option<String>,
    /// The key that secure values are encrypted with, as it was named.
    pub key: Option<String>,
    /// `Standard` or `Advanced`.
    pub tier: String,
    /// The values that it had, the last 100 of them, the newest last; it never is without one.
    pub versions: Vec<Version>,
    /// When it was last put.
    pub modified: Timestamp,
    /// By whom.
    pub modified_by: String,
    /// Its tags.
    pub tags: Tags,
}

impl Row for Parameter {
    const TABLE: &'static str = "ssm.parameter";
    fn id(&self) -> String {
        self.name.clone()
    }
}

impl Parameter {
    /// Its ARN: a path has its slash already.
    #[must_use]
    pub fn arn(&self, tx: &Tx<'_>) -> String {
        let slash = if self.name.starts_with('/') { "" } else { "/" };
        format!("arn:aws:ssm:{}:{}:parameter{slash}{}", tx.region(), tx.account(), self.name)
    }

    /// A version of it, the newest where none is named.
    pub(super) fn shown(&self, tx: &Tx<'_>, version: Option<i64>, decrypted: bool) -> Option<Shown> {
        let wanted = |one: &&Version| version.is_none_or(|version| one.number == version);
        let version = self.versions.iter().rev().find(wanted)?;
        let hidden = self.kind == "SecureString" && !decrypted;
        let value = if hidden { sealed(&version.value) } else { version.value.clone() };
        Some(Shown {
            name: self.name.clone(),
            arn: self.arn(tx),
            kind: self.kind.clone(),
            value,
            version: version.number,
            modified: self.modified,
            data_type: "text".to_owned(),
        })
    }
}

/// What stands for a secure value to those who do not ask for it decrypted.
fn sealed(value: &str) -> String {
    crate::protocol::base64_encode(&Sha256::digest(value))
}

/// A parameter as answers show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) kind: String,
    pub(super) value: String,
    pub(super) version: i64,
    pub(super) modified: Timestamp,
    pub(super) data_type: String,
}

impl Shown {
    pub(super) fn view(&self) -> Value {
        record! {
            "Name" => &self.name,
            "Type" => &self.kind,
            "Value" => &self.value,
            "Version" => self.version,
            "LastModifiedDate" => self.modified,
            "ARN" => &self.arn,
            "DataType" => &self.data_type,
        }
    }
}

/// The parameter that a request names: by name or ARN, with a version behind a colon.
fn found(tx: &Tx<'_>, given: &str, decrypted: bool) -> Result<Value, Refusal> {
    let home = format!("arn:aws:ssm:{}:{}:parameter/", tx.region(), tx.account());
    let bare = given.strip_prefix(&home).unwrap_or(given);
    let (name, version) = match bare.rsplit_once(':').and_then(|(name, number)| Some((name, number.parse().ok()?))) {
        Some((name, number)) => (name, Some(number)),
        None => (bare, None),
    };
    if let Some(public) = public_parameter::find(tx, name) {
        return Ok(public.view());
    }
    public_parameter::listed(name)?;
    let slashed = format!("/{name}");
    let known = tx.get::<Parameter>(name).or_else(|| tx.get::<Parameter>(&slashed).filter(|_| bare != given));
    // AWS has no words for it.
    let known = known.ok_or_else(|| Refusal::new("ParameterNotFound", ""))?;
    let mut view = known
        .shown(tx, version, decrypted)
        .ok_or_else(|| {
            let message = format!(
                "Systems Manager could not find version {} of {}. Verify the version and try again.",
                version.unwrap_or_default(),
                known.name
            );
            Refusal::new("ParameterVersionNotFound", message)
        })?
        .view();
    view.set("Selector", version.map(|version| format!(":{version}")));
    Ok(view)
}

fn get(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    Ok(record! { "Parameter" => found(tx, input.required("Name"), input.flag("WithDecryption"))? })
}

fn get_several(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let decrypted = input.flag("WithDecryption");
    let (mut there, mut none) = (Vec::new(), Vec::new());
    for name in input.texts("Names") {
        match found(tx, name, decrypted) {
            Ok(view) => there.push(view),
            Err(refusal) if refusal.code == NOT_SIMULATED => return Err(refusal),
            Err(_) => none.push(Value::from(name)),
        }
    }
    Ok(record! { "Parameters" => there, "InvalidParameters" => none })
}

fn put(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let name = input.required("Name");
    named(tx, name)?;
    let known = tx.get::<Parameter>(name).cloned();
    let overwrite = input.flag("Overwrite");
    tx.enforce("ssm.parameter.tags", !(overwrite && input.has("Tags")), || {
        invalid(
            "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove \
             overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or \
             RemoveTagsFromResource.",
        )
    })?;
    let tags = tags::read(tx, input)?;
    tx.enforce("ssm.parameter.exists", known.is_none() || overwrite, || {
        let message = "The parameter already exists. To overwrite this value, set the overwrite option in the request to \
                       true.";
        Refusal::new("ParameterAlreadyExists", message)
    })?;
    let kind = input.text("Type").map(str::to_owned).or_else(|| known.as_ref().map(|known| known.kind.clone()));
    tx.enforce("ssm.parameter.type", kind.is_some(), || {
        invalid("A parameter type is required when you create a parameter.")
    })?;
    let kind = kind.unwrap_or_else(|| "String".to_owned());
    tx.enforce("ssm.parameter.type", known.as_ref().is_none_or(|known| known.kind == kind), || {
        let message = "Parameter Store does not support changing a parameter type in a hierarchy.";
        Refusal::new("HierarchyTypeMismatchException", message)
    })?;
    if input.text("DataType").is_some_and(|kind| kind != "text") {
        return Err(Refusal::not_simulated("a parameter that is checked to be an image's id"));
    }
    let key = key_of(tx, input, &kind, known.as_ref())?;
    let value = input.required("Value");
    if value.is_empty() {
        // The API's model has no such bound; <https://github.com/ministryofjustice/modernisation-platform/pull/8116> has what AWS
        // answers.
        let words = "1 validation error detected: Value at 'value' failed to satisfy constraint: Member must have length \
                     greater than or equal to 1";
        return Err(Refusal::new("ValidationException", words));
    }
    tx.enforce("ssm.parameter.nested", !nests(value), || {
        invalid("Parameter value can't nest another parameter. Do not use \"{{}}\" in the value.")
    })?;
    let tier = tier(tx, input, value, known.as_ref())?;
    let pattern = input.text("AllowedPattern").map(str::to_owned);
    let pattern = pattern.or_else(|| known.as_ref().and_then(|known| known.pattern.clone()));
    fits(tx, pattern.as_deref(), value)?;
    if known.is_none() {
        let quota = tx.quota("ssm.parameters");
        // No source has the words.
        tx.enforce("ssm.parameter.quota", tx.count::<Parameter>() < quota, || {
            Refusal::new("ParameterLimitExceeded", format!("An account can have {quota} parameters in a region."))
        })?;
    }
    let number = known.as_ref().and_then(|known| known.versions.last()).map_or(1, |last| last.number + 1);
    let mut versions = known.as_ref().map(|known| known.versions.clone()).unwrap_or_default();
    versions.push(Version { number, value: value.to_owned() });
    // AWS keeps a hundred.
    versions.drain(..versions.len().saturating_sub(100));
    let description = input.text("Description").map(str::to_owned);
    let parameter = Parameter {
        name: name.to_owned(),
        kind,
        description: description.or_else(|| known.as_ref().and_then(|known| known.description.clone())),
        pattern,
        key,
        tier: tier.clone(),
        versions,
        modified: tx.now(),
        modified_by: tx.principal().arn.clone(),
        tags: known.map_or(tags, |known| known.tags),
    };
    tx.put(parameter);
    Ok(record! { "Version" => number, "Tier" => tier })
}

fn named(tx: &Tx<'_>, name: &str) -> Result<(), Refusal> {
    let first = name.trim_start_matches('/').to_ascii_lowercase();
    tx.enforce("ssm.parameter.name", !first.starts_with("aws"), || {
        Refusal::new("AccessDeniedException", format!("No access to reserved parameter name: {name}.")).status(400)
    })?;
    let path = name.strip_prefix('/').unwrap_or(name);
    let sound = |part: &str| {
        !part.is_empty() && part.chars().all(|letter| letter.is_ascii_alphanumeric() || ".-_".contains(letter))
    };
    let whole = (name.starts_with('/') || !name.contains('/')) && path.split('/').all(sound);
    tx.enforce("ssm.parameter.name", whole && !first.starts_with("ssm"), || {
        invalid(
            "Parameter name: can't be prefixed with \"ssm\" (case-insensitive). If formed as a path, it can consist of \
             sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following \
             3 symbols .-_",
        )
    })?;
    tx.enforce("ssm.parameter.depth", path.split('/').count() <= 15, || {
        let message = "A parameter name can have at most 15 levels.";
        Refusal::new("HierarchyLevelLimitExceededException", message)
    })
}

fn key_of(
    tx: &mut Tx<'_>,
    input: &Input<'_>,
    kind: &str,
    known: Option<&Parameter>,
) -> Result<Option<String>, Refusal> {
    let given = input.text("KeyId");
    if kind != "SecureString" {
        // No source has the words.
        tx.enforce("ssm.parameter.key", given.is_none(), || {
            invalid("KeyId is required for SecureString type parameter only.")
        })?;
        return Ok(None);
    }
    let named = given.map(str::to_owned).or_else(|| known.and_then(|known| known.key.clone()));
    let named = named.unwrap_or_else(|| "alias/aws/ssm".to_owned());
    let resolved = key::resolved(tx, &named, "aws/ssm");
    // No source has the words.
    tx.enforce("ssm.parameter.key", resolved.usable, || {
        Refusal::new("InvalidKeyId", format!("Invalid keyId {named}"))
    })?;
    Ok(Some(named))
}

fn tier(tx: &Tx<'_>, input: &Input<'_>, value: &str, known: Option<&Parameter>) -> Result<String, Refusal> {
    let before = known.map_or("Standard", |known| known.tier.as_str());
    let tier = match input.text("Tier") {
        Some("Intelligent-Tiering") if value.len() > 4096 => "Advanced",
        Some("Advanced") => "Advanced",
        // What is advanced stays so.
        _ => before,
    };
    let most = if tier == "Advanced" { 8192 } else { 4096 };
    tx.enforce("ssm.parameter.value", value.len() <= most, || {
        invalid(format!(
            "{tier} tier parameters support a maximum parameter value of {most} characters. To create a larger parameter \
             value, upgrade the parameter to use the advanced-parameter tier. For more information, see \
             https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html"
        ))
    })?;
    Ok(tier.to_owned())
}

/// Whether a value holds something in double braces.
fn nests(value: &str) -> bool {
    value.split_once("{{").is_some_and(|(_, rest)| rest.contains("}}"))
}

fn fits(tx: &Tx<'_>, pattern: Option<&str>, value: &str) -> Result<(), Refusal> {
    let Some(pattern) = pattern.filter(|pattern| !pattern.is_empty()) else { return Ok(()) };
    let Ok(expression) = regex::Regex::new(pattern) else {
        // No source has the words.
        return tx.enforce("ssm.parameter.value", false, || {
            Refusal::new("InvalidAllowedPatternException", format!("Invalid allowedPattern: {pattern}"))
        });
    };
    tx.enforce("ssm.parameter.value", expression.is_match(value), || {
        let message = format!("Parameter value, cannot be validated against allowedPattern: {pattern}");
        Refusal::new("ParameterPatternMismatchException", message)
    })
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let name = input.required("Name");
    tx.remove::<Parameter>(name).ok_or_else(|| Refusal::new("ParameterNotFound", ""))?;
    Ok(Value::Record(Record::new()))
}

fn delete_several(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let (mut gone, mut none) = (Vec::new(), Vec::new());
    for name in input.texts("Names") {
        let list = if tx.remove::<Parameter>(name).is_some() { &mut gone } else { &mut none };
        list.push(Value::from(name));
    }
    Ok(record! { "DeletedParameters" => gone, "InvalidParameters" => none })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::client::{Answer, Client};

    async fn ask(client: &Client, operation: &str, body: Value) -> Answer {
        client.send(client.json_request("ssm", "AmazonSSM", operation, &body)).await.unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_parameter_keeps_its_versions_and_a_secure_one_its_value() {
        let client = Client::calm();
        let put = |value: &str| json!({ "Name": "/a/b", "Value": value, "Type": "SecureString", "Overwrite": true });
        for (number, value) in ["one", "two"].iter().enumerate() {
            assert_eq!(ask(&client, "PutParameter", put(value)).await.json()["Version"], number + 1);
        }
        let shown = async |name: &str, open: bool| {
            let body = json!({ "Name": name, "WithDecryption": open });
            ask(&client, "GetParameter", body).await.json()["Parameter"]["Value"].clone()
        };
        assert_eq!((shown("/a/b", true).await, shown("/a/b:1", true).await), (json!("two"), json!("one")));
        assert_ne!(shown("/a/b", false).await, json!("two"));
        assert_eq!(ask(&client, "GetParameter", json!({ "Name": "/a/b:9" })).await.code, "ParameterVersionNotFound");
    }

    #[tokio::test(start_paused = true)]
    async fn the_newest_image_is_told_by_a_public_name_and_a_newer_one_later() {
        let client = Client::calm();
        let name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-6.1-x86_64";
        let image = async || {
            let shown = ask(&client, "GetParameter", json!({ "Name": name })).await.json();
            shown["Parameter"]["Value"].as_str().unwrap().to_owned()
        };
        let first = image().await;
        let found = client.ec2("DescribeImages", &[("ImageId.1", &first)]).await;
        assert!(found.one("name").starts_with("al2023-ami-2023."), "{}", found.text);
        client.wait(40 * 24 * 3600);
        assert_ne!(image().await, first);
        let nodes = "/aws/service/eks/optimized-ami/1.33/amazon-linux-2023/x86_64/standard/recommended/image_id";
        let shown = ask(&client, "GetParameter", json!({ "Name": nodes })).await.json();
        assert!(shown["Parameter"]["Value"].as_str().unwrap().starts_with("ami-"), "{shown}");
    }
}
