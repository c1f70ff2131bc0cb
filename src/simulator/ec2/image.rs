//! Amazon's machine images: Amazon Linux 2023 and the EKS nodes', a new release twice a month.
//!
//! They are no rows: what exists follows from the world's time, so that a newer image
//! turns up while a world grows older, as it does in AWS.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use sha2::{Digest, Sha256};

use crate::ec2::filters;
use crate::ec2::resource::{self, Kind, Listing};
use crate::ec2::tags;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] = &[("DescribeImages", describe)];

/// How image ids look, and what is said of one that is not there.
pub const KIND: Kind = Kind {
    prefix: "ami",
    tagged_as: "image",
    not_found: "InvalidAMIID.NotFound",
    malformed: "InvalidAMIID.Malformed",
    one: "The image id '[{}]' does not exist",
    several: "The image ids '[{}]' do not exist",
};

/// A machine image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Its id, `ami-...`, one in each region.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub description: String,
    /// The account that made it.
    pub owner: &'static str,
    /// `x86_64` or `arm64`.
    pub architecture: &'static str,
    /// When it was made.
    pub created: Timestamp,
    /// When it is no longer listed.
    pub deprecated: Timestamp,
    /// The snapshot of its root volume.
    pub snapshot: String,
    /// The size of its root volume, in GiB.
    pub root_size: i64,
}

/// The device of every image's root volume.
pub const ROOT_DEVICE: &str = "/dev/xvda";

const AMAZON_LINUX: &str = "137112412989";
const EKS: &str = "602401143452";

/// The image of that id, as long as the world is old enough to have it.
#[must_use]
pub fn find(tx: &Tx<'_>, id: &str) -> Option<Image> {
    images(tx).into_iter().find(|image| image.id == id)
}

/// The images of this region, oldest first.
#[must_use]
pub fn images(tx: &Tx<'_>) -> Vec<Image> {
    let mut images = Vec::new();
    let first = Date::constant(2025, 9, 3);
    let today = tx.now().to_zoned(TimeZone::UTC).date();
    let mut day = first;
    while day <= today {
        for architecture in ["x86_64", "arm64"] {
            release(tx.region(), day, architecture, &mut images);
        }
        // On the 3rd and the 17th of each month.
        day = if day.day() == 3 {
            day.saturating_add(14.days())
        } else {
            day.saturating_add(1.month()).saturating_sub(14.days())
        };
    }
    images.retain(|image| image.created <= tx.now());
    images
}

/// The Kubernetes versions that EKS has images of nodes for, and since when:
/// <https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html#kubernetes-release-calendar>
const NODES: &[(&str, Date)] = &[
    ("1.31", Date::constant(2024, 9, 26)),
    ("1.32", Date::constant(2025, 1, 23)),
    ("1.33", Date::constant(2025, 5, 29)),
    ("1.34", Date::constant(2025, 10, 2)),
    ("1.35", Date::constant(2026, 1, 27)),
];

fn release(region: &str, day: Date, architecture: &'static str, images: &mut Vec<Image>) {
    let stamp = day.strftime("%Y%m%d").to_string();
    // A minor version each quarter, from 2023.8 in the summer of 2025.
    let minor = 8 + (i32::from(day.year()) - 2025) * 4 + (i32::from(day.month()) - 7).div_euclid(3);
    let mut push = |name: String, description: String, owner: &'static str, root_size: i64| {
        let digest = hex::encode(Sha256::digest(format!("{region} {name}")));
        let Ok(created) = day.at(6, 30, 0, 0).to_zoned(TimeZone::UTC) else { return };
        let Ok(deprecated) = created.checked_add(90.days()) else { return };
        images.push(Image {
            id: format!("ami-0{}", &digest[..16]),
            snapshot: format!("snap-0{}", &digest[16..32]),
            name,
            description,
            owner,
            architecture,
            created: created.timestamp(),
            deprecated: deprecated.timestamp(),
            root_size,
        });
    };
    let release = format!("2023.{minor}.{stamp}.0");
    push(
        format!("al2023-ami-{release}-kernel-6.1-{architecture}"),
        format!("Amazon Linux 2023 AMI {release} {architecture} HVM kernel-6.1"),
        AMAZON_LINUX,
        8,
    );
    push(
        format!("al2023-ami-minimal-{release}-kernel-6.1-{architecture}"),
        format!("Amazon Linux 2023 AMI {release} {architecture} Minimal HVM kernel-6.1"),
        AMAZON_LINUX,
        2,
    );
    for (version, _) in NODES.iter().filter(|(_, since)| *since <= day) {
        push(
            format!("amazon-eks-node-al2023-{architecture}-standard-{version}-v{stamp}"),
            format!("EKS-optimized Kubernetes node based on Amazon Linux 2023, (k8s: {version}, containerd: 2.1.*)"),
            EKS,
            20,
        );
    }
}

impl Image {
    /// Whether it is made for the nodes of EKS.
    #[must_use]
    pub fn owner_is_eks(&self) -> bool {
        self.owner == EKS
    }

    /// The block device that an instance gets from it.
    #[must_use]
    pub fn mapping(&self) -> Value {
        record! {
            "DeviceName" => ROOT_DEVICE,
            "Ebs" => record! {
                "DeleteOnTermination" => true,
                "Encrypted" => false,
                "Iops" => 3000_i64,
                "SnapshotId" => &self.snapshot,
                "Throughput" => 125_i64,
                "VolumeSize" => self.root_size,
                "VolumeType" => "gp3",
            },
        }
    }

    fn filter(&self, name: &str) -> Option<Vec<String>> {
        let stamp = |moment: Timestamp| moment.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string();
        Some(vec![match name {
            "architecture" => self.architecture.to_owned(),
            "block-device-mapping.device-name" | "root-device-name" => ROOT_DEVICE.to_owned(),
            "block-device-mapping.volume-type" => "gp3".to_owned(),
            "block-device-mapping.snapshot-id" => self.snapshot.clone(),
            "creation-date" => stamp(self.created),
            "description" => self.description.clone(),
            "ena-support" | "is-public" => "true".to_owned(),
            "hypervisor" => "xen".to_owned(),
            "image-id" => self.id.clone(),
            "image-type" => "machine".to_owned(),
            "name" => self.name.clone(),
            "owner-alias" => "amazon".to_owned(),
            "owner-id" => self.owner.to_owned(),
            "root-device-type" => "ebs".to_owned(),
            "state" => "available".to_owned(),
            "virtualization-type" => "hvm".to_owned(),
            "platform" | "kernel-id" | "ramdisk-id" | "product-code" => return Some(Vec::new()),
            _ => return None,
        }])
    }

    fn view(&self, tx: &Tx<'_>) -> Value {
        let stamp = |moment: Timestamp| moment.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string();
        record! {
            "ImageId" => &self.id,
            "Name" => &self.name,
            "Description" => &self.description,
            "OwnerId" => self.owner,
            "ImageOwnerAlias" => "amazon",
            "ImageLocation" => format!("amazon/{}", self.name),
            "ImageType" => "machine",
            "Architecture" => self.architecture,
            "BlockDeviceMappings" => vec![self.mapping()],
            "BootMode" => if self.architecture == "arm64" { "uefi" } else { "uefi-preferred" },
            "CreationDate" => stamp(self.created),
            "DeprecationTime" => stamp(self.deprecated),
            "EnaSupport" => true,
            "Hypervisor" => "xen",
            "ImdsSupport" => "v2.0",
            "PlatformDetails" => "Linux/UNIX",
            "Public" => true,
            "RootDeviceName" => ROOT_DEVICE,
            "RootDeviceType" => "ebs",
            "SriovNetSupport" => "simple",
            "State" => "available",
            "Tags" => tags::of(tx, &self.id),
            "UsageOperation" => "RunInstances",
            "VirtualizationType" => "hvm",
        }
    }
}

fn describe(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let all = images(tx);
    let ids = input.texts("ImageIds");
    for id in &ids {
        KIND.check(tx, id)?;
    }
    let absent: Vec<&str> = ids.iter().copied().filter(|id| all.iter().all(|image| image.id != *id)).collect();
    tx.enforce("ec2.id.exists", absent.is_empty(), || KIND.missing(&absent))?;
    let owners = input.texts("Owners");
    // Amazon's images may be launched by all, and by nobody in particular. None is disabled.
    let (users, _) = (input.texts("ExecutableUsers"), input.flag("IncludeDisabled"));
    let launchable = users.is_empty() || users.contains(&"all");
    let deprecated = input.flag("IncludeDeprecated") || !ids.is_empty();
    let filters = filters::read(tx, input)?;
    let mut items = Vec::new();
    for image in &all {
        let mut fits = launchable
            && (ids.is_empty() || ids.contains(&image.id.as_str()))
            && (owners.is_empty() || owners.iter().any(|owner| *owner == "amazon" || *owner == image.owner))
            && (deprecated || image.deprecated > tx.now());
        for filter in &filters {
            let values = filters::tag_values(tx, &image.id, &filter.name).or_else(|| image.filter(&filter.name));
            let Some(values) = values else {
                tx.enforce("ec2.filter.name", false, || filters::unknown(&filter.name))?;
                continue;
            };
            fits &= filter.fits(&values);
        }
        if fits {
            items.push((image.id.clone(), image.view(tx)));
        }
    }
    let listing = Listing { ids: "ImageIds", answer: "Images", ids_exclude_pages: Some("imageIds") };
    resource::paged(tx, input, items, listing)
}

#[cfg(test)]
mod tests {
    use crate::client::Client;

    #[tokio::test(start_paused = true)]
    async fn the_newest_amazon_linux_is_found_and_a_newer_one_turns_up_in_time() {
        let client = Client::calm();
        let filter = [
            ("Owner.1", "amazon"),
            ("Filter.1.Name", "name"),
            ("Filter.1.Value.1", "al2023-ami-2023.*-kernel-6.1-x86_64"),
        ];
        let newest = async || {
            let mut dates = client.ec2("DescribeImages", &filter).await.all("creationDate");
            dates.sort();
            dates.pop().unwrap()
        };
        let before = newest().await;
        assert!(before.starts_with("2026-02-03"), "{before}");
        client.wait(20 * 24 * 3600);
        assert!(newest().await.starts_with("2026-02-17"));
    }

    #[tokio::test(start_paused = true)]
    async fn an_unknown_image_is_refused_in_ec2s_words() {
        let client = Client::calm();
        let refused = client.refused("DescribeImages", &[("ImageId.1", "ami-abcd1234")], "InvalidAMIID.NotFound").await;
        assert_eq!(refused.message, "The image id '[ami-abcd1234]' does not exist");
        let two = [("ImageId.1", "ami-abcd1234"), ("ImageId.2", "ami-1234abcd")];
        let refused = client.refused("DescribeImages", &two, "InvalidAMIID.NotFound").await;
        assert_eq!(refused.message, "The image ids '[ami-abcd1234, ami-1234abcd]' do not exist");
        let refused =
            client.refused("DescribeImages", &[("ImageId.1", "not_an_ami_id")], "InvalidAMIID.Malformed").await;
        assert_eq!(refused.message, "Invalid id: \"not_an_ami_id\" (expecting \"ami-...\")");
    }
}
