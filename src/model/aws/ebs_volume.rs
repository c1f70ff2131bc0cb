//! `aws_ebs_volume`: <https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volumes.html>

use super::KmsKey;
use super::form;
use super::instance_type::{VolumeType, check_volume};
use crate::check::{Findings, View};
use crate::transition::{Becoming, Impossible};
use crate::{Arn, Computed, Id, IntoPlain, Tags, Value};

/// A disk that outlives the instances it is attached to.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// let volume = EbsVolume::encrypted_gp3("us-east-1a", 100).tag("Name", "data");
/// stack.add("data", volume.lifecycle(Lifecycle::new().prevent_destroy(true)));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_ebs_volume",
    service = "ec2",
    creation = Token,
    holds_data,
    create_seconds = 5,
    delete_seconds = 5,
    check = check,
    transition = transition
)]
pub struct EbsVolume {
    /// The zone; it can be attached to what stands there.
    #[field(replace, form = form::ZONE)]
    availability_zone: Value<String>,
    /// The size in GiB, wanted where it does not begin as a snapshot; it only grows.
    #[field(computed, min = 1, max = 65_536, update_seconds = 20)]
    size: Option<Value<i64>>,
    /// The kind of volume.
    #[field(default = "\"gp2\"", update_seconds = 20)]
    r#type: Option<Value<VolumeType>>,
    /// IOPS, where the kind takes them.
    #[field(computed, min = 100, max = 256_000, update_seconds = 20)]
    iops: Option<Value<i64>>,
    /// Throughput in MiB a second, gp3 alone.
    #[field(computed, min = 125, max = 2_000, update_seconds = 20)]
    throughput: Option<Value<i64>>,
    /// Whether it is encrypted; the account's choice where none is given.
    #[field(replace, computed)]
    encrypted: Option<Value<bool>>,
    /// The KMS key, where it is not the account's default for EBS.
    #[field(
        replace,
        computed,
        form = form::KMS_KEY
    )]
    kms_key_id: Option<Value<Arn<KmsKey>>>,
    /// The snapshot it begins as.
    #[field(ignored_after_creation, form = form::EBS_SNAPSHOT)]
    snapshot_id: Option<Value<String>>,
    /// Whether a snapshot is made before it goes.
    #[field(instruction, default = "false")]
    final_snapshot: Option<Value<bool>>,
    /// Tags.
    tags: Option<Value<Tags>>,
    /// The id.
    id: Computed<Id<EbsVolume>>,
    /// The ARN.
    arn: Computed<Arn<EbsVolume>>,
    /// When it was made.
    create_time: Computed<String>,
}

impl EbsVolume {
    /// An encrypted gp3 volume of that many GiB in a zone.
    #[must_use]
    pub fn encrypted_gp3(zone: impl IntoPlain<String>, gigabytes: i64) -> Self {
        Self::new(zone).size(gigabytes).r#type(VolumeType::Gp3).encrypted(true)
    }
}

fn check(volume: &View<'_>, findings: &mut Findings<'_>) {
    super::zone::check(volume, findings);
    super::kms_key::check_region(volume, "kms_key_id", findings);
    if !volume.gives("size") && !volume.gives("snapshot_id") {
        findings.refuse("a volume wants a size in GiB, or a snapshot that it begins as");
    }
    check_volume("the volume", volume.whole(), "type", "size", findings);
}

/// <https://docs.aws.amazon.com/ebs/latest/userguide/modify-volume-requirements.html>
fn transition(volume: &Becoming<'_>) -> Result<(), Impossible> {
    match volume.integer("size") {
        Some((is, wanted)) if wanted < is => Err(Impossible {
            field: "size",
            reason: format!("The volume has {is} GiB, and a volume only grows: not to {wanted}."),
            next: format!("write {is}, or make a smaller one beside it and move the data"),
        }),
        _ => Ok(()),
    }
}
