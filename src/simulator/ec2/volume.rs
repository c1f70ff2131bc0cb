//! EBS volumes, their attachments and modifications.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::datastore::key::{self, Named};
use crate::ec2::instance::Instance;
use crate::ec2::network_interface::NetworkInterface;
use crate::ec2::resource::{self, Kind, Listing, Resource, nothing};
use crate::ec2::snapshot::Snapshot;
use crate::ec2::{block_device, instance_type, missing, tags, zone};
use crate::iam::authorization;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::{Handler, Span, Transition};
use crate::value::Value;
use crate::world::{Row, Tx};

pub(super) const OPERATIONS: &[(&str, Handler)] = &[
    ("CreateVolume", create),
    ("DeleteVolume", delete),
    ("DescribeVolumes", |tx, input| {
        let _ = input.flag("IncludeManagedResources");
        let listing = Listing { ids: "VolumeIds", answer: "Volumes", ids_exclude_pages: Some("volumeIds") };
        resource::describe::<Volume>(tx, input, listing)
    }),
    ("DescribeVolumeStatus", describe_status),
    ("AttachVolume", attach),
    ("DetachVolume", detach),
    ("DescribeVolumeAttribute", describe_attribute),
    ("ModifyVolumeAttribute", modify_attribute),
    ("EnableVolumeIO", |tx, input| {
        // Nothing here takes the I/O of a volume away: there is nothing to be given back.
        resource::find::<Volume>(tx, input.required("VolumeId")).map(|_| nothing())
    }),
];

pub(super) const SPANS: &[Span] = &[
    Span::new("ec2.volume.create", 2.0, 8.0),
    Span::new("ec2.volume.delete", 2.0, 8.0),
    Span::new("ec2.volume.attach", 2.0, 8.0),
    Span::new("ec2.volume.detach", 4.0, 12.0),
];

pub(super) const TRANSITIONS: &[(&str, Transition)] = &[
    ("ec2.volume.available", |tx, pending| {
        tx.change::<Volume>(&pending.subject, |volume| volume.state = "available".to_owned());
    }),
    ("ec2.volume.failed", |tx, pending| {
        tx.change::<Volume>(&pending.subject, |volume| volume.state = "error".to_owned());
    }),
    ("ec2.volume.gone", |tx, pending| remove(tx, &pending.subject)),
    ("ec2.volume.attached", |tx, pending| {
        tx.change::<Volume>(&pending.subject, |volume| {
            if let Some(attachment) = volume.attachment.as_mut() {
                attachment.state = "attached".to_owned();
            }
        });
    }),
    ("ec2.volume.detached", |tx, pending| {
        tx.change::<Volume>(&pending.subject, |volume| {
            volume.attachment = None;
            volume.state = "available".to_owned();
        });
    }),
];

const CREATE: &str = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVolume.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("ec2.volume.size", "a volume's size is within its type's limits", CREATE),
    Rule::new("ec2.volume.iops", "IOPS and throughput are given where the type takes them, within its limits", CREATE),
    Rule::new(
        "ec2.volume.quota",
        "a region has 50 TiB of each type of volumes, of io2 20 TiB",
        "https://docs.aws.amazon.com/ebs/latest/userguide/ebs-resource-quotas.html",
    ),
    Rule::new("ec2.volume.encrypted", "a key is named for what is encrypted", CREATE),
    // KMS is asked later: the request itself succeeds, and what it makes fails.
    Rule::new("ec2.volume.key", "a volume's key exists in its region and is enabled", CREATE),
    Rule::new("ec2.volume.snapshot", "a volume begins as a snapshot that is done, and is no smaller", CREATE),
    Rule::new("ec2.volume.zone", "a volume lies in a zone of its region", CREATE),
    Rule::new(
        "ec2.volume.delete.in_use",
        "an attached volume is not deleted",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteVolume.html",
    ),
    Rule::new(
        "ec2.volume.attach.state",
        "a volume is attached once, to an instance that runs or is stopped",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AttachVolume.html",
    ),
    Rule::new(
        "ec2.volume.attach.zone",
        "volume and instance lie in one zone",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AttachVolume.html",
    ),
    Rule::new(
        "ec2.volume.attach.limit",
        "an instance takes as many devices as its type says",
        "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/volume_limits.html",
    ),
    Rule::new(
        "ec2.volume.attach.device",
        "a device takes one volume",
        "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/device_naming.html",
    ),
    Rule::new(
        "ec2.volume.detach.state",
        "only an attached volume is detached",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DetachVolume.html",
    ),
    Rule::new(
        "ec2.volume.detach.root",
        "the root volume of a running instance stays",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DetachVolume.html",
    ),
];

/// A volume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Volume {
    /// Its id, `vol-...`.
    pub id: String,
    /// Its size, in GiB.
    pub size: i64,
    /// `gp3`, `gp2`, `io1`, `io2`, `st1`, `sc1` or `standard`.
    pub kind: String,
    /// Its operations a second.
    pub iops: Option<i64>,
    /// Its MiB a second.
    pub throughput: Option<i64>,
    /// Whether it is encrypted.
    pub encrypted: bool,
    /// The key's ARN.
    pub kms_key: Option<String>,
    /// The snapshot it was made from.
    pub snapshot: String,
    /// The zone's name.
    pub zone: String,
    /// `creating`, `available`, `in-use` or `deleting`.
    pub state: String,
    /// Whether several instances may have it.
    pub multi_attach: bool,
    /// When it was made.
    pub created: Timestamp,
    /// What it is attached to.
    pub attachment: Option<VolumeAttachment>,
    /// Its last modification.
    pub modification: Option<Modification>,
    /// When its last four modifications began.
    #[serde(default)]
    pub modified: Vec<Timestamp>,
    /// Whether I/O goes on though its data may be inconsistent.
    #[serde(default)]
    pub auto_enable_io: bool,
}

/// A volume's attachment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VolumeAttachment {
    /// The instance.
    pub instance: String,
    /// The device.
    pub device: String,
    /// `attaching`, `attached`, `detaching`.
    pub state: String,
    /// Whether the volume goes with the instance.
    pub delete_on_termination: bool,
    /// Since when.
    pub since: Timestamp,
}

/// A volume's modification, from one value to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Modification {
    /// `modifying`, `optimizing` or `completed`.
    pub state: String,
    /// GiB.
    pub size: (i64, i64),
    /// The type.
    pub kind: (String, String),
    /// Operations a second.
    pub iops: (Option<i64>, Option<i64>),
    /// MiB a second.
    pub throughput: (Option<i64>, Option<i64>),
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
}

impl Row for Volume {
    const TABLE: &'static str = "ec2.volume";
    fn id(&self) -> String {
        self.id.clone()
    }
}

impl Resource for Volume {
    const SHAPE: &'static str = "Volume";
    const KIND: Kind = Kind {
        prefix: "vol",
        tagged_as: "volume",
        not_found: "InvalidVolume.NotFound",
        malformed: "InvalidParameterValue",
        one: "The volume '{}' does not exist.",
        several: "The volumes '{}' do not exist.",
    };

    const FILTERS: &'static [&'static str] = &[
        "attachment.attach-time",
        "attachment.delete-on-termination",
        "attachment.device",
        "attachment.instance-id",
        "attachment.status",
        "availability-zone",
        "availability-zone-id",
        "encrypted",
        "multi-attach-enabled",
        "size",
        "snapshot-id",
        "status",
        "volume-id",
        "volume-type",
    ];

    fn filter(&self, tx: &Tx<'_>, name: &str) -> Vec<String> {
        let attachment = self.attachment.as_ref();
        let value = match name {
            "attachment.attach-time" => attachment.map(|one| one.since.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string()),
            "attachment.delete-on-termination" => attachment.map(|one| one.delete_on_termination.to_string()),
            "attachment.device" => attachment.map(|one| one.device.clone()),
            "attachment.instance-id" => attachment.map(|one| one.instance.clone()),
            "attachment.status" => attachment.map(|one| one.state.clone()),
            "availability-zone" => Some(self.zone.clone()),
            "availability-zone-id" => self.zone_id(tx),
            "encrypted" => Some(self.encrypted.to_string()),
            "multi-attach-enabled" => Some(self.multi_attach.to_string()),
            "size" => Some(self.size.to_string()),
            "snapshot-id" => Some(self.snapshot.clone()),
            "status" => Some(self.state.clone()),
            "volume-id" => Some(self.id.clone()),
            "volume-type" => Some(self.kind.clone()),
            _ => None,
        };
        value.into_iter().collect()
    }

    fn view(&self, tx: &Tx<'_>) -> Value {
        let attachments: Vec<Value> = self.attachment.iter().map(|one| one.view(&self.id)).collect();
        record! {
            "VolumeId" => &self.id,
            "Size" => self.size,
            "VolumeType" => &self.kind,
            "Iops" => self.iops,
            "Throughput" => self.throughput,
            "Encrypted" => self.encrypted,
            "KmsKeyId" => self.kms_key.clone(),
            "SnapshotId" => &self.snapshot,
            "AvailabilityZone" => &self.zone,
            "AvailabilityZoneId" => self.zone_id(tx),
            "State" => &self.state,
            "MultiAttachEnabled" => self.multi_attach,
            "CreateTime" => self.created,
            "Attachments" => attachments,
            "Operator" => record! { "Managed" => false },
            "Tags" => tags::of(tx, &self.id),
        }
    }
}

impl Volume {
    fn zone_id(&self, tx: &Tx<'_>) -> Option<String> {
        zone::zones(tx.region()).into_iter().find(|zone| zone.name == self.zone).map(|zone| zone.id)
    }
}

impl VolumeAttachment {
    fn view(&self, volume: &str) -> Value {
        record! {
            "VolumeId" => volume,
            "InstanceId" => &self.instance,
            "Device" => &self.device,
            "State" => &self.state,
            "AttachTime" => self.since,
            "DeleteOnTermination" => self.delete_on_termination,
        }
    }
}

/// A volume's type, size, IOPS and throughput, within the limits of
/// <https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html>.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disk {
    /// The type.
    pub kind: String,
    /// GiB.
    pub size: i64,
    /// Operations a second.
    pub iops: Option<i64>,
    /// MiB a second.
    pub throughput: Option<i64>,
}

impl Disk {
    /// Checks a disk, and fills in what its type does by itself.
    ///
    /// # Errors
    /// When something is beyond the type's limits.
    pub fn check(
        tx: &Tx<'_>,
        kind: &str,
        size: i64,
        iops: Option<i64>,
        throughput: Option<i64>,
    ) -> Result<Disk, Refusal> {
        let invalid = |message: String| Refusal::new("InvalidParameterValue", message);
        let (least, most) = match kind {
            "gp3" => (1, 65536),
            "gp2" => (1, 16384),
            "io1" => (4, 16384),
            "io2" => (4, 65536),
            "st1" | "sc1" => (125, 16384),
            _ => (1, 1024),
        };
        tx.enforce("ec2.volume.size", size >= least, || {
            invalid(format!("Volume of {size}GiB is too small for volume type {kind}; minimum is {least}GiB."))
        })?;
        tx.enforce("ec2.volume.size", size <= most, || {
            invalid(format!("Volume of {size}GiB is too large for volume type {kind}; maximum is {most}GiB."))
        })?;
        let rule = "ec2.volume.iops";
        let takes = |name: &str| {
            let message = format!("The parameter {name} is not supported for {kind} volumes.");
            Refusal::new("InvalidParameterCombination", message)
        };
        let (iops_range, ratio) = match kind {
            "gp3" => (Some((3000, 80000)), 500),
            "io1" => (Some((100, 64000)), 50),
            "io2" => (Some((100, 256_000)), 1000),
            _ => (None, 0),
        };
        if let Some(iops) = iops {
            tx.enforce(rule, iops_range.is_some(), || takes("iops"))?;
            if let Some((least, most)) = iops_range {
                tx.enforce(rule, iops >= least, || {
                    invalid(format!("Volume iops of {iops} is too low; minimum is {least}."))
                })?;
                tx.enforce(rule, iops <= most, || {
                    invalid(format!("Volume iops of {iops} is too high; maximum is {most}."))
                })?;
                // gp3 has its first 3,000 at every size.
                tx.enforce(rule, iops <= size * ratio || (kind == "gp3" && iops == 3000), || {
                    invalid(format!(
                        "Iops to volume size ratio of {:.6} is too high; maximum is {ratio}",
                        iops as f64 / size as f64
                    ))
                })?;
            }
        } else {
            tx.enforce(rule, !matches!(kind, "io1" | "io2"), || missing("iops"))?;
        }
        if let Some(throughput) = throughput {
            tx.enforce(rule, kind == "gp3", || takes("throughput"))?;
            let each = throughput as f64 / iops.unwrap_or(3000) as f64;
            tx.enforce(rule, (125..=2000).contains(&throughput), || {
                let (word, edge) = if throughput < 125 { ("low; minimum", 125) } else { ("high; maximum", 2000) };
                invalid(format!("Throughput value of {throughput} is too {word} is {edge}."))
            })?;
            tx.enforce(rule, each <= 0.25, || {
                invalid(format!(
                    "Throughput (MiBps) to iops ratio of {each:.6} is too high; maximum is 0.250000 MiBps per iops"
                ))
            })?;
        }
        let (iops, throughput) = match kind {
            "gp3" => (iops.or(Some(3000)), throughput.or(Some(125))),
            "gp2" => (Some((size * 3).clamp(100, 16000)), None),
            _ => (iops, None),
        };
        Ok(Disk { kind: kind.to_owned(), size, iops, throughput })
    }
}

/// Refuses so many GiB more of a type than a region's storage of that type leaves.
///
/// # Errors
/// In EC2's words, where the rule is on.
pub(super) fn check_storage(tx: &Tx<'_>, kind: &str, more: i64) -> Result<(), Refusal> {
    if !tx.rule("ec2.volume.quota") {
        return Ok(());
    }
    let most = tx.quota(if kind == "io2" { "ec2.io2-storage" } else { "ec2.volume-storage" });
    let have: i64 = tx.rows::<Volume>().filter(|volume| volume.kind == kind).map(|volume| volume.size).sum();
    tx.enforce("ec2.volume.quota", have + more <= most * 1024, || {
        let message = format!(
            "You have exceeded your maximum {kind} storage limit of {most} TiB. Please contact AWS Support to request an \
             Elastic Block Store service limit increase."
        );
        Refusal::new("VolumeLimitExceeded", message)
    })
}

/// What is to encrypt a volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Encryption {
    /// Nothing.
    None,
    /// The account's own key for EBS.
    Own,
    /// The key that a request names.
    Key(String),
}

impl Encryption {
    /// What a volume or a block device asks for that encrypts or doesn't, and perhaps names a key; an empty text names
    /// none.
    ///
    /// # Errors
    /// When there is a key and nothing for it to encrypt.
    pub(super) fn asked(tx: &Tx<'_>, input: &Input<'_>) -> Result<Self, Refusal> {
        let encrypted = input.flag("Encrypted");
        let key = input.text("KmsKeyId").filter(|key| !key.is_empty());
        tx.enforce("ec2.volume.encrypted", encrypted || key.is_none(), || {
            let message = "The parameter KmsKeyId requires the parameter Encrypted to be set.";
            Refusal::new("InvalidParameterDependency", message)
        })?;
        Ok(match (encrypted, key) {
            (false, _) => Self::None,
            (true, None) => Self::Own,
            (true, Some(key)) => Self::Key(key.to_owned()),
        })
    }

    /// The key, where there is encryption. A request that names one that can't be used succeeds all the same, and what
    /// it makes fails.
    ///
    /// # Errors
    /// "Not simulated", where it hangs on what is not known here whether the caller may use the key.
    pub(super) fn key(&self, tx: &mut Tx<'_>) -> Result<Option<Named>, Refusal> {
        let named = match self {
            Self::None => return Ok(None),
            Self::Own => Named { arn: key::managed(tx, OWN), usable: true },
            Self::Key(given) => key::resolved(tx, given, OWN),
        };
        let usable = named.usable || !tx.rule("ec2.volume.key");
        let may = usable && authorization::has_key(tx, &super::SERVICE, &named.arn, GRANTED)?;
        Ok(Some(Named { usable: may, ..named }))
    }
}

/// What a caller has to be allowed on a key that EBS is to encrypt with; what it reads from a snapshot it would encrypt
/// anew as well. <https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html>
const GRANTED: &[&str] = &["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext"];

/// The alias of the account's own key for EBS.
const OWN: &str = "aws/ebs";

/// Makes a volume that an instance is launched with; false where its key can't be used.
pub(super) fn make_attached(
    tx: &mut Tx<'_>,
    disk: Disk,
    zone: &str,
    snapshot: &str,
    encryption: &Encryption,
    attachment: VolumeAttachment,
) -> Result<bool, Refusal> {
    check_storage(tx, &disk.kind, disk.size)?;
    let key = encryption.key(tx)?;
    let usable = key.as_ref().is_none_or(|key| key.usable);
    let id = tx.new_id("vol");
    tx.put(Volume {
        id: id.clone(),
        size: disk.size,
        kind: disk.kind,
        iops: disk.iops,
        throughput: disk.throughput,
        encrypted: key.is_some(),
        kms_key: key.map(|key| key.arn),
        snapshot: snapshot.to_owned(),
        zone: zone.to_owned(),
        state: "in-use".to_owned(),
        multi_attach: false,
        created: tx.now(),
        attachment: Some(attachment),
        modification: None,
        modified: Vec::new(),
        auto_enable_io: false,
    });
    Ok(usable)
}

/// Removes a volume.
pub(super) fn remove(tx: &mut Tx<'_>, id: &str) {
    tags::forget(tx, id);
    tx.cancel("ec2.volume", id);
    tx.remove::<Volume>(id);
}

fn create(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let zones = zone::zones(tx.region());
    if input.has("AvailabilityZone") && input.has("AvailabilityZoneId") {
        let message = "Only one of AvailabilityZone and AvailabilityZoneId can be specified.";
        return Err(Refusal::new("InvalidParameterCombination", message));
    }
    let (name, zone_id) = (input.text("AvailabilityZone"), input.text("AvailabilityZoneId"));
    if name.is_none() && zone_id.is_none() {
        return Err(missing("AvailabilityZone"));
    }
    let found = zones.iter().find(|zone| Some(zone.name.as_str()) == name || Some(zone.id.as_str()) == zone_id);
    let given = name.or(zone_id).unwrap_or_default();
    tx.enforce("ec2.volume.zone", found.is_some(), || {
        Refusal::new("InvalidZone.NotFound", format!("The zone '{given}' does not exist."))
    })?;
    let zone = found.map_or(given, |zone| &zone.name).to_owned();
    let from = match input.text("SnapshotId").filter(|id| !id.is_empty()) {
        Some(id) => Some(resource::find::<Snapshot>(tx, id)?),
        None => None,
    };
    let done = from.as_ref().is_none_or(|snapshot| snapshot.completed.is_some());
    tx.enforce("ec2.volume.snapshot", done, || {
        Refusal::new("IncorrectState", "Snapshot is in invalid state - pending")
    })?;
    let least = from.as_ref().map(|snapshot| snapshot.size);
    let Some(size) = input.integer("Size").or(least) else { return Err(missing("size/snapshot")) };
    tx.enforce("ec2.volume.snapshot", least.is_none_or(|least| size >= least), || {
        // Of no source; those of a block device are in `block_device`.
        let (id, least) = from.as_ref().map_or(("", 0), |snapshot| (snapshot.id.as_str(), snapshot.size));
        let message = format!("Volume of size {size}GB is smaller than snapshot '{id}', expect size>= {least}GB");
        Refusal::new("InvalidParameterValue", message)
    })?;
    let kind = input.text("VolumeType").unwrap_or("gp2");
    let disk = Disk::check(tx, kind, size, input.integer("Iops"), input.integer("Throughput"))?;
    check_storage(tx, kind, size)?;
    // What begins as an encrypted snapshot is encrypted, with its key where none is named:
    // <https://docs.aws.amazon.com/ebs/latest/userguide/encryption-by-default.html>
    let encryption = match (Encryption::asked(tx, input)?, from.as_ref().and_then(|snapshot| snapshot.key.clone())) {
        (Encryption::None | Encryption::Own, Some(key)) => Encryption::Key(key),
        (asked, _) => asked,
    };
    let multi_attach = input.flag("MultiAttachEnabled");
    if multi_attach && !matches!(kind, "io1" | "io2") {
        let message = format!("The parameter MultiAttachEnabled is not supported for {kind} volumes.");
        return Err(Refusal::new("InvalidParameterCombination", message));
    }
    let id = tx.new_id("vol");
    let key = encryption.key(tx)?;
    let end = if key.as_ref().is_none_or(|key| key.usable) { "ec2.volume.available" } else { "ec2.volume.failed" };
    tx.put(Volume {
        id: id.clone(),
        size,
        kind: disk.kind,
        iops: disk.iops,
        throughput: disk.throughput,
        encrypted: key.is_some(),
        kms_key: key.map(|key| key.arn),
        snapshot: from.map(|snapshot| snapshot.id).unwrap_or_default(),
        zone,
        state: "creating".to_owned(),
        multi_attach,
        created: tx.now(),
        attachment: None,
        modification: None,
        modified: Vec::new(),
        auto_enable_io: false,
    });
    tags::on_create(tx, input, "volume", &id)?;
    tx.transition("ec2.volume.create", end, &id);
    let mut view = resource::find::<Volume>(tx, &id)?.view(tx);
    // The answer has no attachments yet, nor whose it is.
    view.set("Attachments", Value::Absent);
    view.set("Operator", Value::Absent);
    Ok(view)
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let volume: Volume = resource::find(tx, input.required("VolumeId"))?;
    if volume.state == "deleting" {
        return Err(Volume::KIND.missing(&[&volume.id]));
    }
    let holder = volume.attachment.as_ref().map(|attachment| attachment.instance.clone());
    tx.enforce("ec2.volume.delete.in_use", holder.is_none(), || {
        let holder = holder.unwrap_or_default();
        Refusal::new("VolumeInUse", format!("Volume {} is currently attached to {holder}", volume.id))
    })?;
    tx.cancel("ec2.volume", &volume.id);
    tx.change::<Volume>(&volume.id, |volume| volume.state = "deleting".to_owned());
    tx.transition("ec2.volume.delete", "ec2.volume.gone", &volume.id);
    Ok(nothing())
}

fn attach(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let volume: Volume = resource::find(tx, input.required("VolumeId"))?;
    let instance: Instance = resource::find(tx, input.required("InstanceId"))?;
    let device = input.required("Device");
    block_device::check_attached(tx, device)?;
    let rule = "ec2.volume.attach.state";
    tx.enforce(rule, volume.attachment.is_none(), || {
        Refusal::new("VolumeInUse", format!("{} is already attached to an instance", volume.id))
    })?;
    tx.enforce(rule, volume.state == "available", || {
        Refusal::new("IncorrectState", format!("{} is not 'available'.", volume.id))
    })?;
    tx.enforce(rule, matches!(instance.state.as_str(), "running" | "stopped"), || {
        Refusal::new("IncorrectState", format!("Instance '{}' is not 'running'.", instance.id))
    })?;
    tx.enforce("ec2.volume.attach.zone", volume.zone == instance.zone, || {
        let message =
            format!("The volume '{}' is not in the same availability zone as instance '{}'", volume.id, instance.id);
        Refusal::new("InvalidVolume.ZoneMismatch", message)
    })?;
    let taken = tx
        .rows::<Volume>()
        .any(|other| other.attachment.as_ref().is_some_and(|one| one.instance == instance.id && one.device == device));
    tx.enforce("ec2.volume.attach.device", !taken, || {
        let message = format!("Invalid value '{device}' for unixDevice. Attachment point {device} is already in use");
        Refusal::new("InvalidParameterValue", message)
    })?;
    within_limit(tx, &instance)?;
    let attachment = VolumeAttachment {
        instance: instance.id,
        device: device.to_owned(),
        state: "attaching".to_owned(),
        delete_on_termination: false,
        since: tx.now(),
    };
    let mut view = attachment.view(&volume.id);
    view.set("DeleteOnTermination", Value::Absent);
    tx.change::<Volume>(&volume.id, |volume| {
        volume.attachment = Some(attachment);
        volume.state = "in-use".to_owned();
    });
    tx.transition("ec2.volume.attach", "ec2.volume.attached", &volume.id);
    Ok(view)
}

/// Refuses a volume more than an instance of its type takes.
fn within_limit(tx: &Tx<'_>, instance: &Instance) -> Result<(), Refusal> {
    let Some(kind) = instance_type::find(&instance.kind) else { return Ok(()) };
    let (most, shared) = kind.attachments();
    let is_here = |volume: &&Volume| volume.attachment.as_ref().is_some_and(|one| one.instance == instance.id);
    let interfaces = tx
        .rows::<NetworkInterface>()
        .filter(|one| one.attachment.as_ref().is_some_and(|at| at.instance.as_ref() == Some(&instance.id)))
        .count();
    let beside = if shared { i64::try_from(interfaces).unwrap_or(i64::MAX) } else { 0 };
    let have = i64::try_from(tx.rows::<Volume>().filter(is_here).count()).unwrap_or(i64::MAX);
    // <https://github.com/kubernetes-sigs/aws-ebs-csi-driver/pull/2500>
    tx.enforce("ec2.volume.attach.limit", have + beside < most, || {
        let message = format!(
            "You may attach up to {} devices for this instance type. Please use a larger instance size to attach more \
             volumes. For a detailed list of limits please refer to \
             https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/volume_limits.html",
            most - beside
        );
        Refusal::new("AttachmentLimitExceeded", message)
    })
}

fn detach(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let volume: Volume = resource::find(tx, input.required("VolumeId"))?;
    let (instance, device) = (input.text("InstanceId"), input.text("Device"));
    let _ = input.flag("Force");
    let Some(mut attachment) = volume.attachment.clone() else {
        tx.enforce("ec2.volume.detach.state", false, || {
            Refusal::new("IncorrectState", format!("Volume '{}' is in the '{}' state.", volume.id, volume.state))
        })?;
        return Ok(nothing());
    };
    if let Some(id) = instance {
        let _: Instance = resource::find(tx, id)?;
    }
    let matches =
        instance.is_none_or(|id| id == attachment.instance) && device.is_none_or(|name| name == attachment.device);
    if !matches {
        let message = format!(
            "The volume '{}' is not attached to instance '{}' as device '{}'",
            volume.id,
            instance.unwrap_or_default(),
            device.unwrap_or(&attachment.device)
        );
        return Err(Refusal::new("InvalidAttachment.NotFound", message));
    }
    let holder = tx.get::<Instance>(&attachment.instance);
    let is_root = holder.is_some_and(|holder| holder.root_device == attachment.device && holder.state != "stopped");
    tx.enforce("ec2.volume.detach.root", !is_root, || {
        let message = format!("Unable to detach root volume '{}' from instance '{}'", volume.id, attachment.instance);
        Refusal::new("OperationNotPermitted", message)
    })?;
    attachment.state = "detaching".to_owned();
    let mut view = attachment.view(&volume.id);
    view.set("DeleteOnTermination", Value::Absent);
    tx.cancel("ec2.volume.attached", &volume.id);
    tx.cancel("ec2.volume.detached", &volume.id);
    tx.change::<Volume>(&volume.id, |volume| volume.attachment = Some(attachment));
    tx.transition("ec2.volume.detach", "ec2.volume.detached", &volume.id);
    Ok(view)
}

fn describe_attribute(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let volume: Volume = resource::find(tx, input.required("VolumeId"))?;
    let (name, value) = match input.required("Attribute") {
        "autoEnableIO" => ("AutoEnableIO", record! { "Value" => volume.auto_enable_io }),
        _ => ("ProductCodes", Value::List(Vec::new())),
    };
    Ok(record! { "VolumeId" => &volume.id, name => value })
}

fn modify_attribute(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let volume: Volume = resource::find(tx, input.required("VolumeId"))?;
    let Some(auto) = input.record("AutoEnableIO").and_then(|attribute| attribute.bool("Value")) else {
        return Err(missing("AutoEnableIO"));
    };
    tx.change::<Volume>(&volume.id, |volume| volume.auto_enable_io = auto);
    Ok(nothing())
}

fn describe_status(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let _ = input.flag("IncludeManagedResources");
    let rows = resource::select::<Volume>(tx, input, "VolumeIds")?;
    let items = rows
        .iter()
        .map(|volume| {
            let status = if volume.state == "creating" { "insufficient-data" } else { "ok" };
            let view = record! {
                "VolumeId" => &volume.id,
                "AvailabilityZone" => &volume.zone,
                "VolumeStatus" => record! { "Status" => status },
            };
            (volume.id.clone(), view)
        })
        .collect();
    let listing = Listing { ids: "VolumeIds", answer: "VolumeStatuses", ids_exclude_pages: None };
    resource::paged(tx, input, items, listing)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::client::Client;

    #[tokio::test(start_paused = true)]
    async fn a_volume_is_made_grows_and_goes() {
        let client = Client::calm();
        let create = [("AvailabilityZone", "us-east-1a"), ("Size", "20"), ("VolumeType", "gp3"), ("Encrypted", "true")];
        let made = client.ec2("CreateVolume", &create).await;
        let id = made.one("volumeId");
        assert_eq!(
            (made.one("status"), made.one("iops"), made.one("throughput")),
            ("creating".into(), "3000".into(), "125".into())
        );
        client.wait(15);
        let shown = client.ec2("DescribeVolumes", &[("VolumeId.1", &id)]).await;
        assert_eq!(shown.one("status"), "available");
        client.refused("ModifyVolume", &[("VolumeId", &id), ("Size", "10")], "InvalidParameterValue").await;
        client.ec2("ModifyVolume", &[("VolumeId", &id), ("Size", "30")]).await;
        client.refused("ModifyVolume", &[("VolumeId", &id), ("Size", "40")], "IncorrectModificationState").await;
        client.wait(3600);
        assert_eq!(client.ec2("DescribeVolumes", &[("VolumeId.1", &id)]).await.one("size"), "30");
        for size in ["40", "50", "60"] {
            client.ec2("ModifyVolume", &[("VolumeId", &id), ("Size", size)]).await;
            client.wait(3600);
        }
        client.refused("ModifyVolume", &[("VolumeId", &id), ("Size", "70")], "VolumeModificationRateExceeded").await;
        client.wait(20 * 3600);
        client.ec2("ModifyVolume", &[("VolumeId", &id), ("Size", "70")]).await;
        client.wait(3600);
        client.refused("DetachVolume", &[("VolumeId", &id)], "IncorrectState").await;
        client.ec2("DeleteVolume", &[("VolumeId", &id)]).await;
        client.wait(15);
        let gone = client.refused("DescribeVolumes", &[("VolumeId.1", &id)], "InvalidVolume.NotFound").await;
        assert_eq!(gone.message, format!("The volume '{id}' does not exist."));
    }

    // "If KmsKeyId is specified, the encrypted state must be true":
    // <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVolume.html>
    #[tokio::test(start_paused = true)]
    async fn a_key_is_named_for_what_is_encrypted_in_a_volume_and_in_a_launch() {
        let client = Client::calm();
        let said = "The parameter KmsKeyId requires the parameter Encrypted to be set.";
        let volume = [("AvailabilityZone", "us-east-1a"), ("Size", "1"), ("KmsKeyId", "alias/aws/ebs")];
        let refused = client.refused("CreateVolume", &volume, "InvalidParameterDependency").await;
        assert_eq!((refused.status, refused.message.as_str()), (400, said));
        let owned = [("Owner.1", "amazon"), ("Filter.1.Name", "name"), ("Filter.1.Value.1", "al2023-ami-2023*-x86_64")];
        let image = client.ec2("DescribeImages", &owned).await.one("imageId");
        let launch = [
            ("ImageId", image.as_str()),
            ("InstanceType", "t3.micro"),
            ("MinCount", "1"),
            ("MaxCount", "1"),
            ("BlockDeviceMapping.1.DeviceName", "/dev/xvda"),
            ("BlockDeviceMapping.1.Ebs.KmsKeyId", "alias/aws/ebs"),
        ];
        let refused = client.refused("RunInstances", &launch, "InvalidParameterDependency").await;
        assert_eq!((refused.status, refused.message.as_str()), (400, said));
        let plain = [&launch[..], &[("BlockDeviceMapping.1.Ebs.Encrypted", "false")]].concat();
        client.refused("RunInstances", &plain, "InvalidParameterDependency").await;
        assert!(client.ec2("DescribeVolumes", &[]).await.all("volumeId").is_empty(), "a refusal makes nothing");
    }

    // Each of the parameters is optional: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyVolume.html>
    #[tokio::test(start_paused = true)]
    async fn a_volume_is_modified_in_something() {
        let client = Client::calm();
        let create = [("AvailabilityZone", "us-east-1a"), ("Size", "20"), ("VolumeType", "gp3")];
        let id = client.ec2("CreateVolume", &create).await.one("volumeId");
        client.wait(20);
        client.refused("ModifyVolume", &[("VolumeId", &id)], "InvalidParameterCombination").await;
        let volumes = [("VolumeId.1", id.as_str())];
        client.refused("DescribeVolumesModifications", &volumes, "InvalidVolumeModification.NotFound").await;
        client.ec2("ModifyVolume", &[("VolumeId", &id), ("Iops", "4000")]).await;
        let other = client.ec2("CreateVolume", &create).await.one("volumeId");
        client.wait(20);
        let made = client.ec2("ModifyVolume", &[("VolumeId", &other), ("VolumeType", "io2")]).await;
        assert_eq!(made.one("targetIops"), "3000");
    }

    #[tokio::test(start_paused = true)]
    async fn disks_are_held_to_their_types_limits() {
        let client = Client::calm();
        let zone = ("AvailabilityZone", "us-east-1a");
        let refused = client.refused("CreateVolume", &[zone], "MissingParameter").await;
        assert_eq!(refused.message, "The request must contain the parameter size/snapshot");
        client.refused("CreateVolume", &[zone, ("Size", "10"), ("VolumeType", "io2")], "MissingParameter").await;
        let iops = [zone, ("Size", "10"), ("VolumeType", "gp2"), ("Iops", "3000")];
        client.refused("CreateVolume", &iops, "InvalidParameterCombination").await;
        client.refused("CreateVolume", &[zone, ("Size", "0"), ("VolumeType", "gp3")], "InvalidParameterValue").await;
        client
            .refused("CreateVolume", &[("AvailabilityZone", "eu-west-1a"), ("Size", "1")], "InvalidZone.NotFound")
            .await;
        client.refused("CreateVolume", &[zone, ("Size", "1"), ("VolumeType", "gp9")], "InvalidParameterValue").await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_volume_is_encrypted_with_the_key_that_its_name_leads_to_and_fails_where_that_can_not_be_used() {
        let client = Client::calm();
        let volume = async |key: Option<&str>| {
            let plain = [("AvailabilityZone", "us-east-1a"), ("Size", "20"), ("Encrypted", "true")];
            let key = key.map(|key| ("KmsKeyId", key));
            let made = client.ec2("CreateVolume", &plain.into_iter().chain(key).collect::<Vec<_>>()).await;
            client.wait(10);
            let shown = client.ec2("DescribeVolumes", &[("VolumeId.1", &made.one("volumeId"))]).await;
            (shown.one("status"), shown.one("kmsKeyId"))
        };
        let own = volume(None).await;
        let aliases = client.kms("ListAliases", json!({})).await;
        let alias =
            aliases["Aliases"].as_array().unwrap().iter().find(|it| it["AliasName"] == "alias/aws/ebs").unwrap();
        let arn = |id: &str| format!("arn:aws:kms:us-east-1:000000000000:key/{id}");
        assert_eq!(own, ("available".to_owned(), arn(alias["TargetKeyId"].as_str().unwrap())));
        assert_eq!(volume(Some("alias/aws/ebs")).await, own);
        let made = client.kms("CreateKey", json!({})).await;
        let id = made["KeyMetadata"]["KeyId"].as_str().unwrap();
        client.kms("CreateAlias", json!({"AliasName": "alias/disks", "TargetKeyId": id})).await;
        let alias = "arn:aws:kms:us-east-1:000000000000:alias/disks";
        for name in [id, &arn(id), "alias/disks", alias] {
            assert_eq!(volume(Some(name)).await, ("available".to_owned(), arn(id)), "{name}");
        }
        client.kms("DisableKey", json!({"KeyId": id})).await;
        assert_eq!(volume(Some(id)).await, ("error".to_owned(), arn(id)));
        let elsewhere = arn(id).replace("us-east-1", "us-west-2");
        client.kms("EnableKey", json!({"KeyId": id})).await;
        assert_eq!(volume(Some(&elsewhere)).await, ("error".to_owned(), elsewhere.clone()));
        assert!(client.simulator.switch("ec2.volume.key", false));
        assert_eq!(volume(Some(&elsewhere)).await.0, "available");
    }
}
