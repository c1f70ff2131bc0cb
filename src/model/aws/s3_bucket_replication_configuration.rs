//! `aws_s3_bucket_replication_configuration`:
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-add-config.html>

use std::collections::BTreeSet;

use super::form;
use super::{IamRole, KmsKey, RuleStatus, S3Bucket};
use crate::check::{Findings, Part, View};
use crate::{Arn, Computed, Id, Tags, Value, words};

/// Where copies of a bucket's new objects go. Both buckets keep versions: this waits for the versioning that is declared
/// beside them.
///
/// ```
/// # use fathuss_model::{aws::{policy::*, *}, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let objects = stack.add("objects", S3Bucket::new());
/// # let replica = stack.add("replica", S3Bucket::new().region("us-west-2"));
/// # let trust = Policy::new([Statement::assume_role(Principal::service("s3.amazonaws.com"))]);
/// # let role = stack.add("replication", IamRole::new(trust));
/// let rule = ReplicationRule::new(
///     "everything",
///     1,
///     RuleStatus::Enabled,
///     DeleteMarkerReplication::new(RuleStatus::Enabled),
///     ReplicationDestination::new(&replica).storage_class(ReplicaStorageClass::StandardIa),
/// );
/// // Both buckets keep versions: it waits for that.
/// let versions = || VersioningConfiguration::new(VersioningStatus::Enabled);
/// stack.add("objects", S3BucketVersioning::new(&objects, versions()));
/// stack.add("replica", S3BucketVersioning::new(&replica, versions()).region("us-west-2"));
/// stack.add("objects", S3BucketReplicationConfiguration::new(&objects, &role, [rule]));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_s3_bucket_replication_configuration",
    service = "s3",
    creation = Upsert,
    create_seconds = 1,
    delete_seconds = 1,
    check = check,
    waits = waits
)]
pub struct S3BucketReplicationConfiguration {
    /// The bucket whose objects are copied.
    #[field(replace)]
    bucket: Value<Id<S3Bucket>>,
    /// The role that S3 takes on when it copies.
    #[field(holds = Free)]
    role: Value<Arn<IamRole>>,
    /// The rules.
    #[field(set, min_length = 1, max_length = 1000)]
    rule: Value<Vec<ReplicationRule>>,
    /// The bucket's name.
    id: Computed<Id<S3BucketReplicationConfiguration>>,
}

/// A rule.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct ReplicationRule {
    /// Its name, unique in the bucket.
    #[field(min_length = 1, max_length = 255)]
    id: Value<String>,
    /// Which rule counts where several have the same destination: the one of the highest.
    #[field(min = 0, max = 2_147_483_647)]
    priority: Value<i64>,
    /// Whether it is carried out.
    status: Value<RuleStatus>,
    /// Whether deletions are copied.
    delete_marker_replication: Value<DeleteMarkerReplication>,
    /// Where copies go.
    destination: Value<ReplicationDestination>,
    /// For which objects it is; for all where nothing is given.
    filter: Option<Value<ReplicationFilter>>,
    /// Of which further objects copies are made.
    source_selection_criteria: Option<Value<SourceSelectionCriteria>>,
}

/// Whether deletions are copied.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct DeleteMarkerReplication {
    /// Whether they are.
    status: Value<RuleStatus>,
}

/// Where copies go.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct ReplicationDestination {
    /// The bucket.
    #[field(holds = Free)]
    bucket: Value<Arn<S3Bucket>>,
    /// The class of the copies; that of the object where none is given.
    storage_class: Option<Value<ReplicaStorageClass>>,
    /// The key that encrypts copies of what KMS has encrypted.
    encryption_configuration: Option<Value<ReplicaEncryption>>,
    /// Whether it is measured how far the copies are behind.
    metrics: Option<Value<ReplicationMetrics>>,
    /// Whether copies are made within 15 minutes.
    replication_time: Option<Value<ReplicationTime>>,
}

words! {
    /// A class of storage that copies are kept in.
    pub enum ReplicaStorageClass {
        /// Read often.
        Standard = "STANDARD",
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

/// What copies are encrypted with.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct ReplicaEncryption {
    /// The key, of the destination's region; what it encrypted can't be read without it.
    #[field(holds = Firm, form = form::NAMED_KMS_KEY)]
    replica_kms_key_id: Value<Arn<KmsKey>>,
}

/// Whether it is measured how far copies are behind.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct ReplicationMetrics {
    /// Whether it is.
    status: Value<RuleStatus>,
    /// From when on S3 tells of what is late.
    event_threshold: Option<Value<ReplicationMinutes>>,
}

/// Whether copies are made in time.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct ReplicationTime {
    /// Whether they are.
    status: Value<RuleStatus>,
    /// Within which time.
    time: Value<ReplicationMinutes>,
}

/// A time, of which S3 has one.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct ReplicationMinutes {
    /// In minutes.
    #[field(min = 15, max = 15)]
    minutes: Value<i64>,
}

/// For which objects a rule is.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct ReplicationFilter {
    /// Those whose key begins so.
    #[field(max_length = 1024)]
    prefix: Option<Value<String>>,
    /// Those that have this tag.
    tag: Option<Value<ReplicationTag>>,
    /// Those for which all of this holds.
    and: Option<Value<ReplicationFilterAnd>>,
}

/// A tag of an object.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct ReplicationTag {
    /// Its key.
    #[field(min_length = 1, max_length = 128)]
    key: Value<String>,
    /// Its value.
    #[field(max_length = 256)]
    value: Value<String>,
}

/// What has to hold of an object together.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct ReplicationFilterAnd {
    /// Its key begins so.
    #[field(max_length = 1024)]
    prefix: Option<Value<String>>,
    /// It has these tags.
    tags: Option<Value<Tags>>,
}

/// Of which objects copies are made beside the usual ones.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct SourceSelectionCriteria {
    /// Those that KMS has encrypted.
    sse_kms_encrypted_objects: Option<Value<Selected>>,
    /// Changes that were made to copies, which go back this way.
    replica_modifications: Option<Value<Selected>>,
}

/// Whether some objects belong to what is copied.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct Selected {
    /// Whether they do.
    status: Value<RuleStatus>,
}

const VERSIONING: &str = "aws_s3_bucket_versioning";

/// The bucket, and where its copies go.
fn buckets<'a>(replication: &View<'a>) -> Vec<View<'a>> {
    let rules = replication.part("rule").map(Part::items).unwrap_or_default();
    let targets = rules.into_iter().filter_map(|rule| rule.at("destination.bucket"));
    let targets = targets.filter_map(|bucket| replication.referred(bucket));
    replication.follow("bucket").into_iter().chain(targets).collect()
}

fn waits<'a>(replication: &View<'a>) -> Vec<View<'a>> {
    buckets(replication).iter().flat_map(|bucket| bucket.referring(VERSIONING, "bucket")).collect()
}

/// Refuses buckets of this stack that keep no versions, where nothing in it can be what makes them do so.
fn check_kept(replication: &View<'_>, findings: &mut Findings<'_>) {
    let is_bucket = |node: &View<'_>| node.node().address.kind() == "aws_s3_bucket";
    let known = |versioning: &View<'_>| versioning.follow("bucket").as_ref().is_some_and(is_bucket);
    if !replication.beside(VERSIONING).iter().all(known) {
        return;
    }
    let mut seen = Vec::new();
    for bucket in buckets(replication).iter().filter(|node| is_bucket(node)) {
        let address = &bucket.node().address;
        if !seen.contains(&address) && bucket.referring(VERSIONING, "bucket").is_empty() {
            findings.refuse(format!(
                "{} keeps no versions, which both ends must: give it an `S3BucketVersioning` that is `Enabled`",
                bucket.named()
            ));
        }
        seen.push(address);
    }
}

fn check(replication: &View<'_>, findings: &mut Findings<'_>) {
    check_kept(replication, findings);
    for bucket in buckets(replication) {
        for versioning in bucket.referring(VERSIONING, "bucket") {
            if versioning.text("versioning_configuration.status") == Some("Suspended") {
                findings.refuse(format!("{} keeps no new versions, which both ends must", versioning.named()));
            }
        }
    }
    let (mut ids, mut priorities) = (BTreeSet::new(), BTreeSet::new());
    for rule in replication.part("rule").map(Part::items).unwrap_or_default() {
        let id = rule.text("id").unwrap_or("a rule");
        if rule.text("id").is_some_and(|id| !ids.insert(id)) {
            findings.refuse(format!("`rule` names {id} twice"));
        }
        let target = rule.at("destination.bucket").and_then(|bucket| replication.referred(bucket));
        let target = target.map(|bucket| bucket.node().address.to_string());
        if let Some(priority) = rule.integer("priority")
            && !priorities.insert((target, priority))
        {
            findings.refuse(format!("{id} has the `priority` {priority} of another rule for the same destination"));
        }
        check_rule(id, rule, findings);
    }
    let source = replication.follow("bucket").map(|bucket| bucket.node().address.clone());
    if buckets(replication).iter().skip(1).any(|bucket| Some(&bucket.node().address) == source.as_ref()) {
        findings.refuse("a bucket is no destination of its own objects");
    }
}

fn check_rule(id: &str, rule: Part<'_>, findings: &mut Findings<'_>) {
    if let Some(filter) = rule.at("filter") {
        if ["prefix", "tag", "and"].iter().filter(|part| filter.at(part).is_some()).count() > 1 {
            findings.refuse(format!("the filter of {id} holds several things; give them in `and`"));
        }
        let tagged = filter.at("tag").is_some() || filter.at("and.tags").is_some();
        if tagged && rule.text("delete_marker_replication.status") == Some("Enabled") {
            findings.refuse(format!("{id} copies deletions, which S3 does whatever the objects' tags"));
        }
    }
    let key = rule.at("destination.encryption_configuration").is_some();
    let selected = rule.at("source_selection_criteria.sse_kms_encrypted_objects").is_some();
    let wanted = rule.text("source_selection_criteria.sse_kms_encrypted_objects.status") == Some("Enabled");
    if key && !selected {
        findings.refuse(format!(
            "{id} names a key and not what it is for; give `source_selection_criteria` with \
             `sse_kms_encrypted_objects`"
        ));
    }
    if wanted && !key {
        findings.refuse(format!("{id} copies what KMS has encrypted; give `encryption_configuration` with the key"));
    }
    let in_time = rule.text("destination.replication_time.status") == Some("Enabled");
    if in_time && rule.text("destination.metrics.status") != Some("Enabled") {
        findings.refuse(format!("{id} copies in time, which S3 measures; give `metrics`"));
    }
}
