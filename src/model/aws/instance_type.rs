//! The EC2 instance types that stacks here may use, and what instances and launch templates share.

use super::KmsKey;
use super::form;
use crate::check::{Findings, Part};
use crate::{Arn, Computed, Tags, Value, words};

words! {
    /// A size of EC2 instance.
    pub enum InstanceType {
        /// 2 vCPU, 0.5 GiB.
        T3Nano = "t3.nano",
        /// 2 vCPU, 1 GiB.
        T3Micro = "t3.micro",
        /// 2 vCPU, 2 GiB.
        T3Small = "t3.small",
        /// 2 vCPU, 4 GiB.
        T3Medium = "t3.medium",
        /// 2 vCPU, 8 GiB.
        T3Large = "t3.large",
        /// 4 vCPU, 16 GiB.
        T3Xlarge = "t3.xlarge",
        /// 8 vCPU, 32 GiB.
        T32xlarge = "t3.2xlarge",
        /// 2 vCPU, 4 GiB, ARM.
        T4gMedium = "t4g.medium",
        /// 2 vCPU, 8 GiB, ARM.
        T4gLarge = "t4g.large",
        /// 2 vCPU, 8 GiB.
        M6iLarge = "m6i.large",
        /// 4 vCPU, 16 GiB.
        M6iXlarge = "m6i.xlarge",
        /// 8 vCPU, 32 GiB.
        M6i2xlarge = "m6i.2xlarge",
        /// 2 vCPU, 8 GiB, ARM.
        M7gLarge = "m7g.large",
        /// 4 vCPU, 16 GiB, ARM.
        M7gXlarge = "m7g.xlarge",
        /// 2 vCPU, 4 GiB.
        C6iLarge = "c6i.large",
        /// 4 vCPU, 8 GiB.
        C6iXlarge = "c6i.xlarge",
        /// 2 vCPU, 16 GiB.
        R6iLarge = "r6i.large",
        /// 4 vCPU, 32 GiB.
        R6iXlarge = "r6i.xlarge",
    }
}

/// Whether a size has AWS's own processors, by its family: those have a g behind their generation, as t4g, m7g and
/// c7gn: <https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html>
#[must_use]
pub fn is_arm(size: &str) -> bool {
    let family = size.split('.').next().unwrap_or_default();
    family == "a1" || family.trim_start_matches(|letter: char| letter.is_ascii_alphabetic()).contains('g')
}

words! {
    /// A kind of EBS volume.
    pub enum VolumeType {
        /// SSD with throughput and IOPS of their own; AWS's recommendation.
        Gp3 = "gp3",
        /// SSD whose IOPS grow with its size.
        Gp2 = "gp2",
        /// SSD with provisioned IOPS.
        Io1 = "io1",
        /// SSD with provisioned IOPS, more durable.
        Io2 = "io2",
        /// Disk for throughput.
        St1 = "st1",
        /// Disk for what is seldom read.
        Sc1 = "sc1",
        /// Magnetic, of an earlier generation.
        Standard = "standard",
    }
}

words! {
    /// Whether the instance metadata service answers.
    pub enum MetadataEndpoint {
        /// It answers.
        Enabled = "enabled",
        /// It does not.
        Disabled = "disabled",
    }
}

words! {
    /// Which version of the instance metadata service answers.
    pub enum MetadataTokens {
        /// Version 2 alone, which wants a session token.
        Required = "required",
        /// Both.
        Optional = "optional",
    }
}

/// How an instance reaches its metadata: <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-options.html>
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct MetadataOptions {
    /// Whether the service answers.
    #[field(computed)]
    http_endpoint: Option<Value<MetadataEndpoint>>,
    /// Whether it wants a session token.
    #[field(computed)]
    http_tokens: Option<Value<MetadataTokens>>,
    /// How many network hops its answers may take; 1 keeps it from containers.
    #[field(computed, min = 1, max = 64)]
    http_put_response_hop_limit: Option<Value<i64>>,
    /// Whether tags can be read there.
    #[field(computed)]
    instance_metadata_tags: Option<Value<MetadataEndpoint>>,
}

impl MetadataOptions {
    /// Version 2 alone, and out of reach for containers.
    #[must_use]
    pub fn v2_only() -> Self {
        Self::new()
            .http_endpoint(MetadataEndpoint::Enabled)
            .http_tokens(MetadataTokens::Required)
            .http_put_response_hop_limit(1)
    }
}

/// The volume that an instance starts from.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct RootBlockDevice {
    /// The kind of volume.
    #[field(computed)]
    volume_type: Option<Value<VolumeType>>,
    /// The size in GiB; it can grow in place.
    #[field(computed, min = 1, max = 65_536)]
    volume_size: Option<Value<i64>>,
    /// IOPS, where the kind takes them.
    #[field(computed, min = 100, max = 256_000)]
    iops: Option<Value<i64>>,
    /// Throughput in MiB a second, gp3 alone.
    #[field(computed, min = 125, max = 2_000)]
    throughput: Option<Value<i64>>,
    /// Whether it is encrypted.
    #[field(replace, computed)]
    encrypted: Option<Value<bool>>,
    /// The KMS key, where it is not the account's default for EBS.
    #[field(
        replace,
        computed,
        form = form::KMS_KEY
    )]
    kms_key_id: Option<Value<Arn<KmsKey>>>,
    /// Whether it goes with the instance.
    #[field(default = "true")]
    delete_on_termination: Option<Value<bool>>,
    /// The volume's tags.
    tags: Option<Value<Tags>>,
    /// The volume's id.
    volume_id: Computed<String>,
    /// The device's name.
    device_name: Computed<String>,
}

/// Holds a volume to what its kind takes: <https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html>
pub(super) fn check_volume(path: &str, volume: Part<'_>, kind: &str, size: &str, findings: &mut Findings<'_>) {
    let Some(kind) = volume.text(kind) else { return };
    let provisioned = kind == VolumeType::Io1.word() || kind == VolumeType::Io2.word();
    let gp3 = kind == VolumeType::Gp3.word();
    let given = |field: &str| volume.at(field).is_some();
    if given("throughput") && !gp3 {
        findings.refuse(format!("{path}: `throughput` is gp3's alone, {kind} takes none"));
    }
    if given("iops") && !gp3 && !provisioned {
        findings.refuse(format!("{path}: {kind} takes no `iops`"));
    }
    if provisioned && !given("iops") {
        findings.refuse(format!("{path}: {kind} wants `iops`"));
    }
    check_speed(path, volume, kind, size, findings);
    let least = if provisioned { 4 } else { 1 };
    let most = if gp3 || kind == VolumeType::Io2.word() { 65_536 } else { 16_384 };
    if let Some(size) = volume.integer(size).filter(|size| !(least..=most).contains(size)) {
        findings.refuse(format!("{path}: a volume of {kind} has {least} to {most} GiB, not {size}"));
    }
}

/// The fewest and most IOPS of a kind, and the most for each GiB:
/// <https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html>
const IOPS: [(VolumeType, i64, i64, i64); 3] =
    [(VolumeType::Gp3, 3000, 80_000, 500), (VolumeType::Io1, 100, 64_000, 50), (VolumeType::Io2, 100, 256_000, 1000)];

/// Holds IOPS and throughput to the kind, to the size and to each other.
fn check_speed(path: &str, volume: Part<'_>, kind: &str, size: &str, findings: &mut Findings<'_>) {
    let Some((_, least, most, each)) = IOPS.iter().find(|(of, ..)| of.word() == kind) else { return };
    let iops = volume.integer("iops");
    if let Some(iops) = iops.filter(|iops| !(*least..=*most).contains(iops)) {
        findings.refuse(format!("{path}: {kind} has {least} to {most} `iops`, not {iops}"));
    } else if let (Some(iops), Some(size)) = (iops, volume.integer(size))
        && iops > (size * each).max(*least)
    {
        findings.refuse(format!("{path}: {iops} `iops` are too many for {size} GiB: {kind} takes {each} for each"));
    }
    // gp3 has its first 3,000 without being asked.
    let iops = if volume.at("iops").is_some() { iops } else { Some(3000) };
    if let (Some(iops), Some(throughput)) = (iops, volume.integer("throughput"))
        && throughput * 4 > iops
    {
        findings.refuse(format!(
            "{path}: `throughput` of {throughput} MiB/s wants {} `iops`, and there are {iops}: four for each MiB/s",
            throughput * 4
        ));
    }
}
