//! Where copies of a bucket's objects go, and which objects; `replica` makes them.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-add-config.html>

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::bucket::{Bucket, find, nothing};
use crate::iam::trust;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("GetBucketReplication", get), ("PutBucketReplication", put), ("DeleteBucketReplication", delete)];

const PUT: &str = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketReplication.html";
const ELEMENTS: &str = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-add-config.html";
const REQUIREMENTS: &str = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-requirements.html";
const ENCRYPTED: &str = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("s3.replication.rules", "there are 1 to 1,000 rules", PUT),
    Rule::new("s3.replication.role", "the role is named by its ARN", PUT),
    Rule::new("s3.replication.id", "a rule's id is its own, and has at most 255 characters", ELEMENTS),
    Rule::new("s3.replication.filter", "a rule has one filter, or a prefix in its old form", ELEMENTS),
    Rule::new("s3.replication.form", "a rule with a filter says its priority and what becomes of deletions", ELEMENTS),
    Rule::new("s3.replication.priority", "rules for one destination have priorities of their own", ELEMENTS),
    Rule::new("s3.replication.deletions", "deletions are copied whatever the objects' tags", ELEMENTS),
    Rule::new("s3.replication.versioning", "the bucket keeps versions", REQUIREMENTS),
    Rule::new("s3.replication.destination", "the destination is another bucket, which keeps versions", REQUIREMENTS),
    Rule::new("s3.replication.owner", "the destination is the account's that is named", REQUIREMENTS),
    Rule::new("s3.replication.encryption", "what KMS encrypts is copied with a key that is named", ENCRYPTED),
    Rule::new(
        "s3.replication.time",
        "time control is of 15 minutes, and measured",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-time-control.html",
    ),
];

/// The rules of a bucket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replication {
    /// The ARN of the role that copies.
    pub role: String,
    /// Each rule as it was given, with its id.
    pub rules: Vec<Value>,
}

fn get(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    let Some(Replication { role, rules }) = bucket.replication else {
        let message = "The replication configuration was not found";
        return Err(Refusal::new("ReplicationConfigurationNotFoundError", message).member("BucketName", &bucket.name));
    };
    Ok(record! { "ReplicationConfiguration" => record! { "Role" => role, "Rules" => rules } })
}

fn put(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    let Some(given) = input.record("ReplicationConfiguration") else { return Ok(nothing()) };
    tx.enforce("s3.replication.versioning", bucket.versioning.as_deref() == Some("Enabled"), || {
        request("Versioning must be 'Enabled' on the bucket to apply a replication configuration")
    })?;
    let role = given.required("Role");
    // That the role exists and may copy shows when it copies. The words are of no source.
    tx.enforce("s3.replication.role", trust::role_name(role).is_some(), || {
        argument("Invalid role ARN.").member("ArgumentName", "Role").member("ArgumentValue", role)
    })?;
    let rules = given.records("Rules");
    tx.enforce("s3.replication.rules", (1..=1000).contains(&rules.len()), malformed)?;
    let (mut ids, mut priorities, mut old) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut kept = Vec::new();
    for rule in &rules {
        let id = rule.text("ID").filter(|id| !id.is_empty());
        tx.enforce("s3.replication.id", id.is_none_or(|id| id.chars().count() <= 255), || {
            argument("The maximum value is 255 characters.").member("ArgumentName", "ID")
        })?;
        tx.enforce("s3.replication.id", id.is_none_or(|id| ids.insert(id)), || {
            argument("Rule Id must be unique").member("ArgumentName", "ID").member("ArgumentValue", id.unwrap_or(""))
        })?;
        form(tx, rule)?;
        let Some(destination) = rule.record("Destination") else { continue };
        let target = destination.required("Bucket");
        if rule.has("Filter") {
            let priority = rule.integer("Priority").unwrap_or_default();
            tx.enforce("s3.replication.priority", priorities.insert((target, priority)), || {
                request(format!("Found duplicate priority {priority}."))
            })?;
        } else {
            old.insert(target);
            // <https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/730>
            tx.enforce("s3.replication.destination", old.len() <= 1, || {
                request("Number of distinct destination bucket ARNs cannot exceed 1")
            })?;
        }
        leads(tx, &bucket, &destination)?;
        encryption(tx, rule, &destination)?;
        timing(tx, &destination)?;
        let mut shown = rule.all().clone();
        if id.is_none() {
            shown.set("ID", tx.hex(48));
        }
        kept.push(shown);
    }
    tx.put(Bucket { replication: Some(Replication { role: role.to_owned(), rules: kept }), ..bucket });
    Ok(nothing())
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    tx.put(Bucket { replication: None, ..bucket });
    Ok(nothing())
}

fn malformed() -> Refusal {
    let message = "The XML you provided was not well-formed or did not validate against our published schema";
    Refusal::new("MalformedXML", message)
}

fn argument(message: impl Into<String>) -> Refusal {
    Refusal::new("InvalidArgument", message)
}

fn request(message: impl Into<String>) -> Refusal {
    Refusal::new("InvalidRequest", message)
}

/// What a rule says of the objects that it is for: in its first form by a prefix, in its second by a filter.
fn form(tx: &Tx<'_>, rule: &Input<'_>) -> Result<(), Refusal> {
    const SCHEMA: &str = "for this version of Cross Region Replication configuration schema. Please refer to S3 \
                          Developer Guide for more information.";
    let markers = rule.record("DeleteMarkerReplication");
    let Some(filter) = rule.record("Filter") else {
        tx.enforce("s3.replication.filter", rule.has("Prefix"), malformed)?;
        for (name, given) in [("Priority", rule.has("Priority")), ("DeleteMarkerReplication", markers.is_some())] {
            tx.enforce("s3.replication.form", !given, || request(format!("{name} cannot be used {SCHEMA}")))?;
        }
        return Ok(());
    };
    let both = filter.record("And");
    let given = [filter.has("Prefix"), filter.has("Tag"), both.is_some()].into_iter().filter(|it| *it).count();
    tx.enforce("s3.replication.filter", given <= 1 && !rule.has("Prefix"), malformed)?;
    for (name, given) in [("Priority", rule.has("Priority")), ("DeleteMarkerReplication", markers.is_some())] {
        tx.enforce("s3.replication.form", given, || request(format!("{name} must be specified {SCHEMA}")))?;
    }
    let priority = rule.integer("Priority").unwrap_or_default();
    tx.enforce("s3.replication.form", priority >= 0, || request("Priority must be between 0 and 2147483647."))?;
    let tagged = filter.has("Tag") || both.is_some_and(|both| !both.records("Tags").is_empty());
    let copied = markers.is_some_and(|it| it.text("Status") == Some("Enabled"));
    tx.enforce("s3.replication.deletions", !(tagged && copied), || {
        request(
            "Delete marker replication is not supported if any Tag filter is specified. Please refer to S3 Developer \
             Guide for more information.",
        )
    })
}

/// Where a rule leads: a bucket that keeps versions, of the account that is named where one is.
fn leads(tx: &Tx<'_>, bucket: &Bucket, destination: &Input<'_>) -> Result<(), Refusal> {
    let arn = destination.required("Bucket");
    let name = arn.strip_prefix("arn:aws:s3:::").filter(|name| !name.is_empty());
    tx.enforce("s3.replication.destination", name.is_some(), || {
        argument("Invalid bucket ARN.").member("ArgumentName", "Bucket").member("ArgumentValue", arn)
    })?;
    tx.enforce("s3.replication.destination", name != Some(bucket.name.as_str()), || {
        request("Destination bucket cannot be the same as the source bucket.")
    })?;
    let target = name.and_then(|name| tx.get::<Bucket>(name));
    tx.enforce("s3.replication.destination", target.is_some(), || request("Destination bucket must exist."))?;
    let versions = target.is_none_or(|target| target.versioning.as_deref() == Some("Enabled"));
    tx.enforce("s3.replication.destination", versions, || request("Destination bucket must have versioning enabled."))?;
    let account = destination.text("Account");
    let owned = account.is_none_or(|account| target.is_none_or(|target| target.account == account));
    // The words are of no source, nor are the next ones.
    tx.enforce("s3.replication.owner", owned, || request("Account does not own the destination bucket."))?;
    tx.enforce("s3.replication.owner", account.is_some() || !destination.has("AccessControlTranslation"), || {
        request("Account must be specified if AccessControlTranslation is present.")
    })
}

fn encryption(tx: &Tx<'_>, rule: &Input<'_>, destination: &Input<'_>) -> Result<(), Refusal> {
    let chosen = destination.record("EncryptionConfiguration");
    let selected = rule.record("SourceSelectionCriteria").and_then(|it| it.record("SseKmsEncryptedObjects"));
    tx.enforce("s3.replication.encryption", chosen.is_none() || selected.is_some(), || {
        request("SseKmsEncryptedObjects must be specified if EncryptionConfiguration is present.")
    })?;
    let wanted = selected.is_some_and(|it| it.text("Status") == Some("Enabled"));
    let key = chosen.is_some_and(|it| it.has("ReplicaKmsKeyID"));
    tx.enforce("s3.replication.encryption", !wanted || key, || {
        request("ReplicaKmsKeyID must be specified if SseKmsEncryptedObjects tag is present.")
    })
}

/// The words are of no source.
fn timing(tx: &Tx<'_>, destination: &Input<'_>) -> Result<(), Refusal> {
    let (controlled, measured) = (destination.record("ReplicationTime"), destination.record("Metrics"));
    let minutes = |it: &Input<'_>, name| it.record(name).is_none_or(|time| time.integer("Minutes") == Some(15));
    let sound = controlled.as_ref().is_none_or(|it| minutes(it, "Time"))
        && measured.as_ref().is_none_or(|it| minutes(it, "EventThreshold"));
    tx.enforce("s3.replication.time", sound, || argument("Minutes must be 15"))?;
    let on = |it: &Option<Input<'_>>| it.as_ref().is_some_and(|it| it.text("Status") == Some("Enabled"));
    tx.enforce("s3.replication.time", !on(&controlled) || on(&measured), || {
        request("Metrics must be enabled if ReplicationTime is enabled.")
    })
}
