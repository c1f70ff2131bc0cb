//! `aws_launch_template`: <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-launch-templates.html>

use std::collections::BTreeSet;

use base64::Engine as _;

use super::form;
use super::instance_type::{InstanceType, MetadataOptions, VolumeType, check_volume};
use super::{Ami, IamInstanceProfile, KmsKey, SecurityGroup};
use crate::check::{Findings, Part, View};
use crate::{Arn, Computed, Datum, Expression, Function, Id, Name, Tags, Value, words};

/// What instances are launched with. A change makes a new version; the old ones stay.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// let template = LaunchTemplate::new()
///     .metadata_options(MetadataOptions::v2_only())
///     .block_device_mappings([BlockDeviceMapping::encrypted_root(50)])
///     .tag_specifications([TagSpecification::new(TaggedResource::Instance, [("Name", "node")])]);
/// stack.add("nodes", template);
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(type = "aws_launch_template", service = "ec2", creation = Token, create_seconds = 1, delete_seconds = 1, check = check)]
pub struct LaunchTemplate {
    /// The name, unique in account and region.
    #[field(
        replace,
        computed,
        named,
        min_length = 3,
        max_length = 128,
        pattern = r"[a-zA-Z0-9().\-/_]+",
        pattern_words = "letters, digits and ().-/_ are taken"
    )]
    name: Option<Value<String>>,
    /// What the version is for.
    #[field(max_length = 255)]
    description: Option<Value<String>>,
    /// The image; a node group chooses its own where none is given.
    #[field(holds = Free)]
    image_id: Option<Value<Id<Ami>>>,
    /// The size; a node group has its own where none is given.
    instance_type: Option<Value<InstanceType>>,
    /// The key pair for SSH.
    key_name: Option<Value<String>>,
    /// User data in base64, see [`Value::base64`].
    #[field(form = form::BASE64)]
    user_data: Option<Value<String>>,
    /// Whether traffic to volumes has bandwidth of its own; AWS's choice by size where none is given.
    ebs_optimized: Option<Value<bool>>,
    /// The security groups; what was launched with them holds on to them.
    #[field(set, holds = Firm)]
    vpc_security_group_ids: Option<Value<Vec<Id<SecurityGroup>>>>,
    /// The instance profile; a node group has its role instead.
    iam_instance_profile: Option<Value<LaunchTemplateInstanceProfile>>,
    /// How instances reach their metadata.
    metadata_options: Option<Value<MetadataOptions>>,
    /// Whether metrics come each minute.
    monitoring: Option<Value<Monitoring>>,
    /// The volumes.
    block_device_mappings: Option<Value<Vec<BlockDeviceMapping>>>,
    /// Tags of what is launched.
    #[field(set)]
    tag_specifications: Option<Value<Vec<TagSpecification>>>,
    /// Whether a new version becomes the default one.
    #[field(instruction, default = "true")]
    update_default_version: Option<Value<bool>>,
    /// Tags of the template itself.
    tags: Option<Value<Tags>>,
    /// The id.
    id: Computed<Id<LaunchTemplate>>,
    /// The ARN.
    arn: Computed<Arn<LaunchTemplate>>,
    /// The newest version.
    #[field(volatile)]
    latest_version: Computed<i64>,
    /// The version that is used where none is named.
    #[field(volatile)]
    default_version: Computed<i64>,
}

/// The instance profile of a launch template.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct LaunchTemplateInstanceProfile {
    /// Its name.
    #[field(holds = Free)]
    name: Value<Name<IamInstanceProfile>>,
}

/// Whether metrics come each minute.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct Monitoring {
    /// Each minute where true, every five where not.
    enabled: Value<bool>,
}

/// A volume of a launch template.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct BlockDeviceMapping {
    /// The device's name; `/dev/xvda` is the root of Amazon Linux.
    device_name: Value<String>,
    /// The volume.
    ebs: Value<EbsBlockDevice>,
}

/// The EBS volume behind a device of a launch template.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct EbsBlockDevice {
    /// The kind of volume.
    volume_type: Option<Value<VolumeType>>,
    /// The size in GiB.
    #[field(min = 1, max = 65_536)]
    volume_size: Option<Value<i64>>,
    /// IOPS, where the kind takes them.
    #[field(min = 100, max = 256_000)]
    iops: Option<Value<i64>>,
    /// Throughput in MiB a second, gp3 alone.
    #[field(min = 125, max = 2_000)]
    throughput: Option<Value<i64>>,
    /// Whether it is encrypted.
    encrypted: Option<Value<bool>>,
    /// The KMS key, where it is not the account's default for EBS.
    #[field(
        holds = Free,
        form = form::KMS_KEY
    )]
    kms_key_id: Option<Value<Arn<KmsKey>>>,
    /// Whether it goes with the instance.
    delete_on_termination: Option<Value<bool>>,
    /// The snapshot it begins as.
    snapshot_id: Option<Value<String>>,
}

words! {
    /// What a launch template tags.
    pub enum TaggedResource {
        /// The instances.
        Instance = "instance",
        /// Their volumes.
        Volume = "volume",
        /// Their network interfaces.
        NetworkInterface = "network-interface",
        /// Their spot requests.
        SpotInstancesRequest = "spot-instances-request",
    }
}

/// Tags of what is launched.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct TagSpecification {
    /// What is tagged.
    resource_type: Value<TaggedResource>,
    /// With what.
    tags: Value<Tags>,
}

impl BlockDeviceMapping {
    /// The encrypted gp3 root volume of an Amazon Linux instance, of a size in GiB, that goes with the instance.
    #[must_use]
    pub fn encrypted_root(gigabytes: i64) -> Self {
        let volume = EbsBlockDevice::new()
            .volume_type(VolumeType::Gp3)
            .volume_size(gigabytes)
            .encrypted(true)
            .delete_on_termination(true);
        Self::new("/dev/xvda", volume)
    }
}

/// The most that user data may have, in bytes before base64.
pub(super) const USER_DATA_BYTES: usize = 16 * 1024;

fn check(template: &View<'_>, findings: &mut Findings<'_>) {
    let mut devices = BTreeSet::new();
    for mapping in template.part("block_device_mappings").map(Part::items).unwrap_or_default() {
        let device = mapping.text("device_name").unwrap_or("a volume");
        if !devices.insert(device) {
            findings.refuse(format!("`block_device_mappings` names {device} twice"));
        }
        if let Some(volume) = mapping.at("ebs") {
            check_volume(device, volume, "volume_type", "volume_size", findings);
        }
    }
    let mut tagged = BTreeSet::new();
    for specification in template.part("tag_specifications").map(Part::items).unwrap_or_default() {
        let Some(kind) = specification.text("resource_type") else { continue };
        if !tagged.insert(kind) {
            findings.refuse(format!("`tag_specifications` names {kind} twice"));
        }
    }
    check_user_data(template, "user_data", findings);
}

/// The bytes of a text in base64.
pub(super) fn decoded(text: &str) -> Option<Vec<u8>> {
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}

/// Holds user data that is known to its size.
pub(super) fn check_user_data(node: &View<'_>, field: &str, findings: &mut Findings<'_>) {
    if let Some(text) = node.text(field) {
        // What is no base64 is refused by its form.
        if let Some(bytes) = decoded(text).filter(|bytes| bytes.len() > USER_DATA_BYTES) {
            too_long(field, bytes.len(), findings);
        }
        return;
    }
    if let Some(Part::Expression(Expression::Call(call))) = node.part(field)
        && call.function == Function::Base64
        && let [Expression::Literal(Datum::String(text))] = call.arguments.as_slice()
        && text.len() > USER_DATA_BYTES
    {
        too_long(field, text.len(), findings);
    }
}

fn too_long(field: &str, bytes: usize, findings: &mut Findings<'_>) {
    findings.refuse(format!("`{field}` has {bytes} bytes; EC2 takes {USER_DATA_BYTES}"));
}
