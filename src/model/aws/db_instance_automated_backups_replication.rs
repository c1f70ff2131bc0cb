//! `aws_db_instance_automated_backups_replication`:
//! <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ReplicateBackups.html>

use super::form;
use super::kms_key::check_region;
use super::{DbInstance, KmsKey};
use crate::check::{Findings, View};
use crate::{Arn, Computed, Id, Value};

/// Copies of an instance's automated backups in another region: declared in that region, of an instance that stands
/// elsewhere.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let range: Ipv4Net = "10.0.0.0/16".parse()?;
/// # let vpc = stack.add("main", Vpc::new(range));
/// # let mut subnets = Vec::new();
/// # for (at, zone) in (0..).zip(["us-east-1a", "us-east-1b"]) {
/// #     let subnet = Subnet::new(&vpc, range.subnet(24, at)?).availability_zone(zone);
/// #     subnets.push(stack.add(("private", zone), subnet));
/// # }
/// # let group = stack.add("postgres", DbSubnetGroup::new(&subnets));
/// # let postgres = DbInstance::postgres("17", DbInstanceClass::T4gMedium)
/// #     .storage(Gp3::gigabytes(20))
/// #     .subnets(&group)
/// #     .username("shop")
/// #     .master_password(MasterPassword::ManagedByRds)
/// #     .backup_retention_period(14)
/// #     .final_snapshot_identifier("postgres-final");
/// # let postgres = stack.add("postgres", postgres);
/// // Encrypted there with a key of that region.
/// let key = stack.add("backups", KmsKey::new().enable_key_rotation(true).region("us-west-2"));
/// let copies = DbInstanceAutomatedBackupsReplication::new(&postgres).kms_key_id(&key).retention_period(14);
/// stack.add("postgres", copies.region("us-west-2"));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_db_instance_automated_backups_replication",
    service = "rds",
    creation = Relation,
    create_seconds = 300,
    delete_seconds = 10,
    check = check
)]
pub struct DbInstanceAutomatedBackupsReplication {
    /// The instance.
    #[field(replace)]
    source_db_instance_arn: Value<Arn<DbInstance>>,
    /// The key of this region that encrypts the copies; an encrypted instance's want one.
    #[field(replace, form = form::KMS_KEY)]
    kms_key_id: Option<Value<Arn<KmsKey>>>,
    /// For how many days copies are kept.
    #[field(replace, default = "7", min = 1, max = 35)]
    retention_period: Option<Value<i64>>,
    /// The ARN of the copies.
    id: Computed<Id<DbInstanceAutomatedBackupsReplication>>,
}

fn check(replication: &View<'_>, findings: &mut Findings<'_>) {
    check_region(replication, "kms_key_id", findings);
    let Some(source) = replication.follow("source_db_instance_arn") else { return };
    if source.node().region == replication.node().region {
        findings.refuse(format!("{} stands in this region; copies go to another: `.region(...)`", source.named()));
    }
    let kept = source.integer("backup_retention_period");
    if kept == Some(0) || (kept.is_none() && !source.gives("replicate_source_db")) {
        findings.refuse(format!("{} has no backups; give it `backup_retention_period`", source.named()));
    }
    let encrypted = source.truth("storage_encrypted").unwrap_or(false);
    if encrypted && !replication.gives("kms_key_id") {
        findings.refuse(format!("{} is encrypted; give `kms_key_id`, a key of this region", source.named()));
    }
    if !encrypted && source.gives("storage_encrypted") && replication.gives("kms_key_id") {
        findings.refuse(format!("{} is not encrypted, and its copies take no key", source.named()));
    }
    if let Some(other) = replication.earlier_siblings_in("source_db_instance_arn").first() {
        findings.refuse(format!("an instance's backups are copied once; these are by {}", other.named()));
    }
}
