//! `aws_s3_bucket_lifecycle_configuration`:
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lifecycle-mgmt.html>

use std::collections::BTreeSet;

use super::S3Bucket;
use crate::check::{Findings, Part, View};
use crate::{Computed, Datum, Id, Tags, Value, words};

/// What becomes of a bucket's objects with time.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let bucket = stack.add("cache", S3Bucket::new());
/// let age = LifecycleRule::new("age", RuleStatus::Enabled)
///     .transition([LifecycleTransition::new(30, StorageClass::StandardIa)])
///     .expiration(LifecycleExpiration::new().days(365));
/// let tidy = LifecycleRule::new("tidy", RuleStatus::Enabled)
///     .noncurrent_version_expiration(NoncurrentVersionExpiration::new(30))
///     .abort_incomplete_multipart_upload(AbortIncompleteMultipartUpload::new(7));
/// stack.add("cache", S3BucketLifecycleConfiguration::new(&bucket, [age, tidy]));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_s3_bucket_lifecycle_configuration",
    service = "s3",
    creation = Upsert,
    create_seconds = 1,
    delete_seconds = 1,
    check = check
)]
pub struct S3BucketLifecycleConfiguration {
    /// The bucket.
    #[field(replace)]
    bucket: Value<Id<S3Bucket>>,
    /// The rules.
    #[field(min_length = 1, max_length = 1000)]
    rule: Value<Vec<LifecycleRule>>,
    /// From which size on objects move.
    #[field(default = "\"all_storage_classes_128K\"")]
    transition_default_minimum_object_size: Option<Value<MinimumObjectSize>>,
    /// The bucket's name.
    id: Computed<Id<S3BucketLifecycleConfiguration>>,
}

words! {
    /// From which size on objects move.
    pub enum MinimumObjectSize {
        /// 128 KiB whatever the class.
        AllStorageClasses128K = "all_storage_classes_128K",
        /// Any for the archives, 128 KiB for the others.
        VariesByStorageClass = "varies_by_storage_class",
    }
}

words! {
    /// Whether a rule is carried out.
    pub enum RuleStatus {
        /// It is.
        Enabled = "Enabled",
        /// It is not.
        Disabled = "Disabled",
    }
}

words! {
    /// A class of storage that objects move to.
    pub enum StorageClass {
        /// Read seldom.
        StandardIa = "STANDARD_IA",
        /// Moved by how often it is read.
        IntelligentTiering = "INTELLIGENT_TIERING",
        /// Read seldom, in one zone.
        OnezoneIa = "ONEZONE_IA",
        /// An archive that is read at once.
        GlacierIr = "GLACIER_IR",
        /// An archive that is read in minutes to hours.
        Glacier = "GLACIER",
        /// An archive that is read in hours.
        DeepArchive = "DEEP_ARCHIVE",
    }
}

/// A rule.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct LifecycleRule {
    /// Its name, unique in the bucket.
    #[field(min_length = 1, max_length = 255)]
    id: Value<String>,
    /// Whether it is carried out.
    status: Value<RuleStatus>,
    /// For which objects it is; for all where nothing is given.
    filter: Option<Value<LifecycleFilter>>,
    /// When objects are deleted.
    expiration: Option<Value<LifecycleExpiration>>,
    /// When they move, and where to.
    #[field(set)]
    transition: Option<Value<Vec<LifecycleTransition>>>,
    /// When versions that are no longer current are deleted.
    noncurrent_version_expiration: Option<Value<NoncurrentVersionExpiration>>,
    /// When versions that are no longer current move, and where to.
    #[field(set)]
    noncurrent_version_transition: Option<Value<Vec<NoncurrentVersionTransition>>>,
    /// When uploads that were never finished are ended.
    abort_incomplete_multipart_upload: Option<Value<AbortIncompleteMultipartUpload>>,
}

/// For which objects a rule is.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct LifecycleFilter {
    /// Those whose key begins so.
    prefix: Option<Value<String>>,
    /// Those larger than this, in bytes.
    #[field(min = 0)]
    object_size_greater_than: Option<Value<i64>>,
    /// Those smaller than this, in bytes.
    #[field(min = 1)]
    object_size_less_than: Option<Value<i64>>,
    /// Those for which all of this holds.
    and: Option<Value<LifecycleFilterAnd>>,
}

/// What has to hold of an object together.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct LifecycleFilterAnd {
    /// Its key begins so.
    prefix: Option<Value<String>>,
    /// It is larger than this, in bytes.
    #[field(min = 0)]
    object_size_greater_than: Option<Value<i64>>,
    /// It is smaller than this, in bytes.
    #[field(min = 1)]
    object_size_less_than: Option<Value<i64>>,
    /// It has these tags.
    tags: Option<Value<Tags>>,
}

/// When objects are deleted.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct LifecycleExpiration {
    /// So many days after they were made.
    #[field(min = 1)]
    days: Option<Value<i64>>,
    /// Whether a mark of deletion that no version is left behind goes.
    expired_object_delete_marker: Option<Value<bool>>,
}

/// When objects move, and where to.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct LifecycleTransition {
    /// So many days after they were made.
    #[field(min = 0)]
    days: Value<i64>,
    /// The class.
    storage_class: Value<StorageClass>,
}

/// When old versions are deleted.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct NoncurrentVersionExpiration {
    /// So many days after they ceased to be current.
    #[field(min = 1)]
    noncurrent_days: Value<i64>,
    /// How many are kept all the same.
    #[field(min = 1, max = 100)]
    newer_noncurrent_versions: Option<Value<i64>>,
}

/// When old versions move, and where to.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct NoncurrentVersionTransition {
    /// So many days after they ceased to be current.
    #[field(min = 0)]
    noncurrent_days: Value<i64>,
    /// How many stay all the same.
    #[field(min = 1, max = 100)]
    newer_noncurrent_versions: Option<Value<i64>>,
    /// The class.
    storage_class: Value<StorageClass>,
}

/// When unfinished uploads are ended.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct AbortIncompleteMultipartUpload {
    /// So many days after they began.
    #[field(min = 1)]
    days_after_initiation: Value<i64>,
}

/// The classes in the order in which objects may move through them:
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html>
const ORDER: &[&str] = &["STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"];

fn check(lifecycle: &View<'_>, findings: &mut Findings<'_>) {
    let mut ids = BTreeSet::new();
    for rule in lifecycle.part("rule").map(Part::items).unwrap_or_default() {
        let id = rule.text("id").unwrap_or("a rule");
        if rule.text("id").is_some_and(|id| !ids.insert(id)) {
            findings.refuse(format!("`rule` names {id} twice"));
        }
        check_rule(id, rule, findings);
    }
}

fn check_rule(id: &str, rule: Part<'_>, findings: &mut Findings<'_>) {
    const ACTIONS: &[&str] = &[
        "expiration",
        "transition",
        "noncurrent_version_expiration",
        "noncurrent_version_transition",
        "abort_incomplete_multipart_upload",
    ];
    if !ACTIONS.iter().any(|action| rule.at(action).is_some()) {
        findings.refuse(format!("{id} does nothing; give one of {}", ACTIONS.join(", ")));
    }
    if let Some(filter) = rule.at("filter") {
        const PARTS: &[&str] = &["prefix", "object_size_greater_than", "object_size_less_than"];
        let given = |part: Part<'_>| PARTS.iter().filter(|name| part.at(name).is_some()).count();
        let and = filter.at("and");
        if given(filter) + usize::from(and.is_some()) > 1 {
            findings.refuse(format!("the filter of {id} holds several things; give them in `and`"));
        }
        if let Some(and) = and
            && given(and) < 2
            && and.at("tags").is_none()
        {
            findings.refuse(format!("`and` in the filter of {id} holds fewer than two things"));
        }
        if let Some(and) = and
            && let (Some(least), Some(most)) =
                (and.integer("object_size_greater_than"), and.integer("object_size_less_than"))
            && least >= most
        {
            findings.refuse(format!("{id} is for objects larger than {least} bytes and smaller than {most}: for none"));
        }
        let narrow = |part: Part<'_>| {
            ["tags", "object_size_greater_than", "object_size_less_than"].iter().any(|name| part.at(name).is_some())
        };
        if rule.at("abort_incomplete_multipart_upload").is_some() && (narrow(filter) || and.is_some_and(narrow)) {
            findings.refuse(format!("{id} ends uploads, which S3 does whatever their tags and sizes"));
        }
    }
    if let Some(expiration) = rule.at("expiration") {
        let given = ["days", "expired_object_delete_marker"].iter().filter(|it| expiration.at(it).is_some()).count();
        let marks = expiration.at("expired_object_delete_marker").and_then(Part::literal).and_then(Datum::as_bool);
        let tagged = rule.at("filter.and.tags").is_some_and(|tags| !tags.entries().is_empty());
        if marks == Some(true) && tagged {
            findings
                .refuse(format!("{id} removes marks of deletion, which have no tags: leave `tags` out of its filter"));
        }
        if given != 1 {
            findings.refuse(format!("`expiration` of {id} wants `days` or `expired_object_delete_marker`"));
        }
    }
    let ends = rule.integer("expiration.days");
    check_moves(id, rule, "transition", "days", ends, findings);
    let ends = rule.integer("noncurrent_version_expiration.noncurrent_days");
    check_moves(id, rule, "noncurrent_version_transition", "noncurrent_days", ends, findings);
}

fn check_moves(id: &str, rule: Part<'_>, field: &str, unit: &str, ends: Option<i64>, findings: &mut Findings<'_>) {
    let mut known: Vec<(usize, &str, i64)> = Vec::new();
    for one in rule.at(field).map(Part::items).unwrap_or_default() {
        let (Some(class), Some(days)) = (one.text("storage_class"), one.integer(unit)) else { continue };
        if class.ends_with("_IA") && days < 30 {
            findings.refuse(format!("{id} moves objects to {class} after {days} days; S3 wants 30 at least"));
        }
        if ends.is_some_and(|ends| ends <= days) {
            findings.refuse(format!("{id} moves objects to {class} after {days} days, when they are deleted already"));
        }
        if known.iter().any(|(_, known, _)| *known == class) {
            findings.refuse(format!("{id} moves objects to {class} twice"));
        }
        known.push((ORDER.iter().position(|known| *known == class).unwrap_or(0), class, days));
    }
    known.sort_unstable();
    for pair in known.windows(2) {
        let ((_, upper, first), (_, lower, then)) = (pair[0], pair[1]);
        let stays = if upper.ends_with("_IA") { 30 } else { 1 };
        if then < first + stays {
            findings.refuse(format!(
                "{id} moves objects to {lower} after {then} days; they stay {stays} in {upper}, where they come after \
                 {first}"
            ));
        }
    }
}
