//! `aws_volume_attachment`: <https://docs.aws.amazon.com/ebs/latest/userguide/ebs-attaching-volume.html>

use super::{EbsVolume, Instance};
use crate::{Computed, Id, Value};

/// Gives an instance a volume.
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_volume_attachment",
    service = "ec2",
    creation = Relation,
    create_seconds = 5,
    delete_seconds = 10
)]
pub struct VolumeAttachment {
    /// The device's name, for instance `/dev/sdf`.
    #[field(
        replace,
        pattern = "/dev/(?:sd[b-z][0-9]{0,2}|xvd[a-z]{1,2}|hd[b-z])|xvd[a-z]{1,2}",
        pattern_words = "a device is written as /dev/sdf"
    )]
    device_name: Value<String>,
    /// The volume.
    #[field(replace)]
    volume_id: Value<Id<EbsVolume>>,
    /// The instance.
    #[field(replace)]
    instance_id: Value<Id<Instance>>,
    /// Whether it is taken away even where the instance does not let go; data may be lost.
    #[field(instruction, default = "false")]
    force_detach: Option<Value<bool>>,
    /// Whether the instance is stopped before.
    #[field(instruction, default = "false")]
    stop_instance_before_detaching: Option<Value<bool>>,
    /// Device, volume and instance with colons between: the relation's ends.
    id: Computed<Id<VolumeAttachment>>,
}
