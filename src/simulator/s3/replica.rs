//! Copies of objects, which a bucket's rules have made: each begins with a write, and is made some time later as the role
//! that the rules name. What was there before its rule is not copied, and no copy is copied on.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-what-is-isnot-replicated.html>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::bucket::Bucket;
use super::encryption::Sealed;
use super::object::Version;
use super::replication::Replication;
use crate::iam::authorization::{self, KeyUse, Replicating};
use crate::iam::role::Role;
use crate::iam::trust;
use crate::rules::Rule;
use crate::service::{Span, Transition};
use crate::value::Value;
use crate::world::{Row, Tx};

/// Most objects are there within seconds, AWS says, and with time control nearly all within a quarter of an hour:
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-time-control.html>.
pub(super) const SPANS: &[Span] = &[Span::new("s3.replica.copy", 2.0, 60.0)];

pub(super) const TRANSITIONS: &[(&str, Transition)] = &[("s3.replica.copied", |tx, pending| {
    let Some(version) = tx.get::<Version>(&pending.subject).cloned() else { return };
    let Some(bucket) = tx.get::<Bucket>(&version.bucket).cloned() else { return };
    let rules: Vec<Value> = leading(&bucket, &version).into_iter().cloned().collect();
    let role = bucket.replication.as_ref().and_then(|copies| assumed(tx, copies));
    let mut copied = !rules.is_empty();
    for rule in &rules {
        copied &= copy(tx, role.as_ref(), &bucket, &version, rule).is_some();
    }
    tx.change::<Version>(&pending.subject, |version| {
        if let Some(content) = version.content.as_mut().filter(|it| it.replication == Some(Replicated::Pending)) {
            content.replication = Some(if copied { Replicated::Completed } else { Replicated::Failed });
        }
    });
})];

const STATUS: &str = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-status.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new(
        "s3.replica.role",
        "objects are copied by a role that trusts S3 and may read, write and encrypt them",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html",
    ),
    Rule::new("s3.replica.destination", "objects are copied to a bucket that keeps versions", STATUS),
    Rule::new(
        "s3.replica.key",
        "what KMS encrypts is copied while the keys of both ends can be used",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html",
    ),
];

/// How an object stands with its copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Replicated {
    /// They are to be made.
    Pending,
    /// They are there.
    Completed,
    /// One could not be made.
    Failed,
    /// It is a copy itself.
    Replica,
}

impl Replicated {
    /// As answers say it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Replicated::Pending => "PENDING",
            Replicated::Completed => "COMPLETED",
            Replicated::Failed => "FAILED",
            Replicated::Replica => "REPLICA",
        }
    }
}

/// Puts a version that was just written, and has it copied where its bucket's rules say so.
pub(super) fn put(tx: &mut Tx<'_>, bucket: &Bucket, version: Version) {
    let copied = !leading(bucket, &version).is_empty();
    keep(tx, version, copied);
}

/// Puts a version whose tags were changed, and has its copies follow. One that was not copied when it was written is not
/// copied for its new tags; one that is a copy is followed where a rule says so.
pub(super) fn follow(tx: &mut Tx<'_>, version: Version) {
    let known = version.content.as_ref().is_some_and(|content| content.replication.is_some());
    let bucket = tx.get::<Bucket>(&version.bucket).filter(|_| known);
    let copied = bucket.is_some_and(|bucket| !leading(bucket, &version).is_empty());
    keep(tx, version, copied);
}

fn keep(tx: &mut Tx<'_>, mut version: Version, copied: bool) {
    if let Some(content) = version.content.as_mut().filter(|it| copied && it.replication != Some(Replicated::Replica)) {
        content.replication = Some(Replicated::Pending);
    }
    let id = version.id();
    tx.put(version);
    if copied {
        tx.transition("s3.replica.copy", "s3.replica.copied", &id);
    }
}

/// The rules by which a version is copied: of those for one destination the one that goes before the others.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-add-config.html>
fn leading<'b>(bucket: &'b Bucket, version: &Version) -> Vec<&'b Value> {
    let mut chosen: BTreeMap<&str, &Value> = BTreeMap::new();
    for rule in bucket.replication.iter().flat_map(|copies| &copies.rules) {
        let to = rule.get("Destination").get("Bucket").text().unwrap_or_default();
        let rank = |rule: &Value| rule.get("Priority").integer().unwrap_or_default();
        let goes_before = chosen.get(to).is_none_or(|other| rank(rule) > rank(other));
        if is_on(rule) && goes_before && selects(rule, version) {
            chosen.insert(to, rule);
        }
    }
    chosen.into_values().filter(|rule| copies(rule, version)).collect()
}

fn is_on(switch: &Value) -> bool {
    switch.get("Status").text() == Some("Enabled")
}

/// Whether a rule's filter lets a version through; in its old form a rule has a prefix alone.
fn selects(rule: &Value, version: &Version) -> bool {
    let filter = rule.get("Filter");
    let both = filter.get("And");
    let prefix = [rule, filter, both].into_iter().find_map(|it| it.get("Prefix").text()).unwrap_or_default();
    let tags = both.get("Tags").list().iter().chain(Some(filter.get("Tag")).filter(|tag| !tag.is_absent()));
    let held = version.content.as_ref().map_or(&[][..], |content| &content.tags);
    let has = |tag: &Value| {
        let named = (tag.get("Key").text(), tag.get("Value").text());
        held.iter().any(|(key, value)| (Some(key.as_str()), Some(value.as_str())) == named)
    };
    version.key.starts_with(prefix) && tags.into_iter().all(has)
}

/// Whether a rule copies what a version is: a mark of deletion, a copy whose tags were changed, or what KMS encrypts.
fn copies(rule: &Value, version: &Version) -> bool {
    let Some(content) = &version.content else {
        // In their old form rules copy these always.
        return rule.get("Filter").is_absent() || is_on(rule.get("DeleteMarkerReplication"));
    };
    let criteria = rule.get("SourceSelectionCriteria");
    let by_kms = content.sealed.as_ref().is_some_and(|sealed| sealed.key.is_some());
    let again = content.replication == Some(Replicated::Replica);
    (!by_kms || is_on(criteria.get("SseKmsEncryptedObjects")))
        && (!again || is_on(criteria.get("ReplicaModifications")))
}

/// The role that copies, if S3 may assume it. What hangs on a condition that is not known here is let through.
fn assumed(tx: &Tx<'_>, copies: &Replication) -> Option<Role> {
    match trust::role_for(tx, &copies.role, "s3.amazonaws.com") {
        Ok(role) => Some(role),
        Err(trust::Flaw::Unknown(_)) => trust::role(tx, &copies.role).ok(),
        Err(_) => None,
    }
}

/// Copies a version by a rule; none where that can't be.
fn copy(tx: &mut Tx<'_>, role: Option<&Role>, bucket: &Bucket, version: &Version, rule: &Value) -> Option<()> {
    let to = rule.get("Destination");
    let target = to.get("Bucket").text().and_then(|arn| arn.strip_prefix("arn:aws:s3:::"))?;
    let target = tx.get::<Bucket>(target).cloned()?;
    let keeps = target.versioning.as_deref() == Some("Enabled");
    if !keeps && tx.rule("s3.replica.destination") {
        return None;
    }
    let mut made = Version { bucket: target.name.clone(), ..version.clone() };
    let is_copy = version.content.as_ref().is_some_and(|content| content.replication == Some(Replicated::Replica));
    // What other hands did away with there does not come back for its tags' sake.
    if is_copy && tx.get::<Version>(&made.id()).is_none() {
        return Some(());
    }
    let mut keys = Vec::new();
    if let Some(content) = &mut made.content {
        content.replication = Some(Replicated::Replica);
        if let Some(class) = to.get("StorageClass").text() {
            content.class = Some(class.to_owned()).filter(|class| class != "STANDARD");
        }
        if let Some(from) = content.sealed.clone().filter(|sealed| sealed.key.is_some()) {
            let named = to.get("EncryptionConfiguration").get("ReplicaKmsKeyID").text().unwrap_or_default();
            let (read, sealed) = (usable(tx, bucket, from.key.as_deref()?)?, usable(tx, &target, named)?);
            let bucket_key = target.encryption.bucket_key;
            let sealed = Sealed { key: Some(sealed), bucket_key, ..from.clone() };
            keys.push((bucket, "kms:Decrypt", read, context(&from, bucket, &version.key)));
            keys.push((&target, "kms:Encrypt", sealed.key.clone()?, context(&sealed, &target, &version.key)));
            content.sealed = Some(sealed);
        }
    }
    let keys: Vec<_> = keys
        .iter()
        .map(|(at, action, key, arn)| (*at, KeyUse { action, key, context: Some(("aws:s3:arn", arn.as_str())) }))
        .collect();
    let tagged = made.content.as_ref().is_some_and(|content| !content.tags.is_empty());
    let writes: &[&str] = match &made.content {
        None => &["ReplicateDelete"],
        Some(_) if tagged => &["ReplicateObject", "ReplicateTags"],
        Some(_) => &["ReplicateObject"],
    };
    let asked =
        Replicating { bucket, target: &target, key: &version.key, version: &version.version, writes, keys: &keys };
    let may = role.is_some_and(|role| authorization::may_replicate(tx, role, &asked));
    if !may && tx.rule("s3.replica.role") {
        return None;
    }
    tx.put(made);
    Some(())
}

/// The ARN of a key that can be used at a bucket.
fn usable(tx: &mut Tx<'_>, bucket: &Bucket, key: &str) -> Option<String> {
    let found =
        tx.in_account(&bucket.account, |tx| tx.in_region(&bucket.region, |tx| crate::kms::key::usable(tx, key)));
    match found {
        Ok(arn) => Some(arn),
        Err(_) => Some(key.to_owned()).filter(|_| !tx.rule("s3.replica.key")),
    }
}

/// What S3 says to KMS that a key is for.
fn context(sealed: &Sealed, bucket: &Bucket, key: &str) -> String {
    let bucket = format!("arn:aws:s3:::{}", bucket.name);
    if sealed.bucket_key { bucket } else { format!("{bucket}/{key}") }
}
