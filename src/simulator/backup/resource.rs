//! What is backed up: volumes, instances, databases and buckets, by their ARNs.
//! <https://docs.aws.amazon.com/aws-backup/latest/devguide/whatisbackup.html#supported-resources>

use super::invalid;
use crate::ec2::instance::Instance;
use crate::ec2::tags::Tag;
use crate::ec2::volume::Volume;
use crate::rds::instance::DbInstance;
use crate::refusal::Refusal;
use crate::s3::bucket::Bucket;
use crate::world::Tx;

/// Something that can be backed up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Resource {
    /// Its ARN.
    pub(super) arn: String,
    /// What AWS Backup calls its kind.
    pub(super) kind: &'static str,
    /// Its id or name.
    pub(super) id: String,
    /// The name that people gave it.
    pub(super) name: Option<String>,
    /// Its tags.
    pub(super) tags: Vec<(String, String)>,
    /// How many bytes a backup of it has.
    pub(super) bytes: i64,
    /// The ARN of the key that a backup of it is encrypted with, where that is not the vault's own.
    pub(super) key: Option<String>,
    /// Why it can't be backed up as it is now.
    pub(super) flaw: Option<String>,
}

/// The kinds, each with its service and what its ARNs begin with behind the account. Those without anything to look for
/// are of services that are not simulated, so that none of them is there.
const KINDS: &[(&str, &str, &str)] = &[
    ("EBS", "ec2", "volume/"),
    ("EC2", "ec2", "instance/"),
    ("RDS", "rds", "db:"),
    ("S3", "s3", ""),
    ("Aurora", "rds", "cluster:"),
    ("DynamoDB", "dynamodb", "table/"),
    ("EFS", "elasticfilesystem", "file-system/"),
    ("FSx", "fsx", "file-system/"),
    ("Redshift", "redshift", "cluster:"),
];

/// How many bytes a GiB has.
pub(super) const GIB: i64 = 1 << 30;

/// The kind of an ARN, and the id or name in it.
///
/// # Errors
/// When nothing of the kind is backed up.
pub(super) fn kind(arn: &str) -> Result<(&'static str, &str), Refusal> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let found = match parts[..] {
        ["arn", _, of, _, _, rest] => KINDS.iter().find_map(|(kind, service, start)| {
            let id = rest.strip_prefix(start).filter(|id| *service == of && !id.is_empty())?;
            Some((*kind, id))
        }),
        _ => None,
    };
    // <https://github.com/aws/aws-sdk-go-v2/issues/1904>
    found.ok_or_else(|| invalid(format!("Unsupported resource type: {arn}")))
}

/// The thing that an ARN names, if it is here.
pub(super) fn find(tx: &Tx<'_>, arn: &str) -> Option<Resource> {
    let (kind, id) = kind(arn).ok()?;
    let found = match kind {
        "EBS" => tx.get::<Volume>(id).and_then(|volume| of_volume(tx, volume)),
        "EC2" => tx.get::<Instance>(id).and_then(|instance| of_instance(tx, instance)),
        "RDS" => tx.get::<DbInstance>(id).and_then(|database| of_database(tx, database)),
        "S3" => tx.get::<Bucket>(id).and_then(|bucket| of_bucket(tx, bucket)),
        _ => None,
    };
    found.filter(|found| found.arn == arn)
}

/// All that there is to back up.
pub(super) fn all(tx: &Tx<'_>) -> Vec<Resource> {
    let volumes = tx.rows::<Volume>().filter_map(|volume| of_volume(tx, volume));
    let instances = tx.rows::<Instance>().filter_map(|instance| of_instance(tx, instance));
    let databases = tx.rows::<DbInstance>().filter_map(|database| of_database(tx, database));
    let buckets = tx.rows::<Bucket>().filter_map(|bucket| of_bucket(tx, bucket));
    volumes.chain(instances).chain(databases).chain(buckets).collect()
}

fn arn(tx: &Tx<'_>, service: &str, rest: String) -> String {
    format!("arn:aws:{service}:{}:{}:{rest}", tx.region(), tx.account())
}

fn tags_of(tx: &Tx<'_>, id: &str) -> Vec<(String, String)> {
    let start = Tag::ids_of(id);
    tx.rows_under::<Tag>(&start).map(|tag| (tag.key.clone(), tag.value.clone())).collect()
}

fn named(tags: &[(String, String)]) -> Option<String> {
    tags.iter().find(|(key, _)| key == "Name").map(|(_, value)| value.clone())
}

fn of_volume(tx: &Tx<'_>, volume: &Volume) -> Option<Resource> {
    let there = matches!(volume.state.as_str(), "available" | "in-use");
    let tags = tags_of(tx, &volume.id);
    there.then(|| Resource {
        arn: arn(tx, "ec2", format!("volume/{}", volume.id)),
        kind: "EBS",
        id: volume.id.clone(),
        name: named(&tags),
        tags,
        bytes: volume.size * GIB,
        key: volume.kms_key.clone(),
        flaw: None,
    })
}

fn of_instance(tx: &Tx<'_>, instance: &Instance) -> Option<Resource> {
    let there = !matches!(instance.state.as_str(), "shutting-down" | "terminated");
    let tags = tags_of(tx, &instance.id);
    let holds = |volume: &&Volume| volume.attachment.as_ref().is_some_and(|one| one.instance == instance.id);
    there.then(|| Resource {
        arn: arn(tx, "ec2", format!("instance/{}", instance.id)),
        kind: "EC2",
        id: instance.id.clone(),
        name: named(&tags),
        tags,
        bytes: tx.rows::<Volume>().filter(holds).map(|volume| volume.size * GIB).sum(),
        key: tx.rows::<Volume>().find(holds).and_then(|volume| volume.kms_key.clone()),
        flaw: None,
    })
}

fn of_database(tx: &Tx<'_>, database: &DbInstance) -> Option<Resource> {
    let ready = database.status == "available";
    Some(Resource {
        arn: arn(tx, "rds", format!("db:{}", database.identifier)),
        kind: "RDS",
        id: database.identifier.clone(),
        name: Some(database.identifier.clone()),
        tags: database.tags.0.clone(),
        bytes: database.storage.gigabytes * GIB,
        key: database.key.clone(),
        // RDS's own words for a snapshot of one that is not.
        flaw: (!ready).then(|| format!("Instance {} is not in available state.", database.identifier)),
    })
}

fn of_bucket(tx: &Tx<'_>, bucket: &Bucket) -> Option<Resource> {
    let here = bucket.region == tx.region() && bucket.account == tx.account();
    let keeps = bucket.versioning.as_deref() == Some("Enabled");
    here.then(|| Resource {
        arn: format!("arn:aws:s3:::{}", bucket.name),
        kind: "S3",
        id: bucket.name.clone(),
        name: Some(bucket.name.clone()),
        tags: bucket.tags.clone(),
        bytes: crate::s3::object::bytes_of(tx, bucket),
        key: None,
        // <https://docs.aws.amazon.com/aws-backup/latest/devguide/s3-backups.html>; no source has the words.
        flaw: (!keeps).then(|| format!("S3 bucket {} must have versioning enabled to be backed up.", bucket.name)),
    })
}

/// What a backup of a thing is called there where it is kept.
pub(super) fn point_arn(tx: &mut Tx<'_>, kind: &str, id: &str, job: &str) -> String {
    let region = tx.region().to_owned();
    match kind {
        "EBS" => format!("arn:aws:ec2:{region}::snapshot/{}", tx.new_id("snap")),
        "EC2" => format!("arn:aws:ec2:{region}::image/{}", tx.new_id("ami")),
        "RDS" => format!("arn:aws:rds:{region}:{}:snapshot:awsbackup:{job}", tx.account()),
        _ => {
            let at = tx.now().strftime("%Y%m%d%H%M%S").to_string();
            let name = format!("recovery-point:{id}-{at}-{}", tx.hex(8));
            super::arn(tx, &name)
        }
    }
}

/// The id of the EBS snapshot that a backup is; none where it is something else.
pub(super) fn snapshot_of(arn: &str) -> Option<&str> {
    arn.split_once("::snapshot/").map(|(_, id)| id)
}

/// What a role has to be allowed for a thing to be backed up by it, and for a backup to be copied.
/// <https://docs.aws.amazon.com/aws-backup/latest/devguide/access-control.html>
pub(super) fn actions(kind: &str) -> (&'static str, &'static str) {
    match kind {
        "EBS" => ("ec2:CreateSnapshot", "ec2:CopySnapshot"),
        "EC2" => ("ec2:CreateImage", "ec2:CopyImage"),
        "RDS" => ("rds:CreateDBSnapshot", "rds:CopyDBSnapshot"),
        _ => ("s3:GetBucketVersioning", "backup:CopyFromBackupVault"),
    }
}
