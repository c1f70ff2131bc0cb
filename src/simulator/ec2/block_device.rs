//! The block device mappings of a launch: which volumes its instances begin with, and under which names.

use crate::ec2::image::{self, Image};
use crate::ec2::resource::Resource as _;
use crate::ec2::snapshot::Snapshot;
use crate::ec2::volume::{Disk, Encryption};
use crate::ec2::{invalid_value, missing};
use crate::input::Input;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::world::Tx;

const NAMES: &str = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/device_naming.html";
const MAPPING: &str = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_BlockDeviceMapping.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("ec2.block_device.name", "a mapping's device has a name that devices can have", NAMES),
    Rule::new("ec2.block_device.duplicate", "a device is mapped once, with /dev/ before its name or without", NAMES),
    Rule::new("ec2.block_device.kind", "a mapping is of a volume, of an instance store, or of nothing", MAPPING),
    Rule::new("ec2.block_device.root", "a root device keeps its image's snapshot, and is not left out", MAPPING),
    Rule::new(
        "ec2.block_device.snapshot",
        "a mapping's snapshot exists",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EbsBlockDevice.html",
    ),
];

/// A volume that an instance is launched with.
pub(super) struct BlockDevice {
    pub(super) name: String,
    pub(super) disk: Disk,
    pub(super) snapshot: String,
    pub(super) encryption: Encryption,
    pub(super) delete_on_termination: bool,
}

/// The image's root device and the specification's own, by name.
///
/// # Errors
/// When a mapping is of no device, or of none that can be.
pub(super) fn all(tx: &Tx<'_>, input: &Input<'_>, image: &Image) -> Result<Vec<BlockDevice>, Refusal> {
    let mut devices = vec![BlockDevice {
        name: image::ROOT_DEVICE.to_owned(),
        disk: Disk { kind: "gp3".to_owned(), size: image.root_size, iops: Some(3000), throughput: Some(125) },
        snapshot: image.snapshot.clone(),
        encryption: Encryption::None,
        delete_on_termination: true,
    }];
    let mappings = input.records("BlockDeviceMappings");
    let names = names(tx, &mappings)?;
    for (mapping, name) in mappings.iter().zip(names) {
        if let Some(device) = read(tx, mapping, name, image)? {
            devices.retain(|known| known.name != device.name);
            devices.push(device);
        }
    }
    Ok(devices)
}

/// The names of the mapped devices, in the order of their mappings.
fn names<'i>(tx: &Tx<'_>, mappings: &[Input<'i>]) -> Result<Vec<&'i str>, Refusal> {
    let refuse = |message: String| Refusal::new("InvalidBlockDeviceMapping", message);
    let mut names: Vec<&str> = Vec::new();
    for mapping in mappings {
        let Some(name) = mapping.text("DeviceName") else { return Err(missing("deviceName")) };
        tx.enforce("ec2.block_device.name", is_name(name), || refuse(format!("Invalid device name {name}")))?;
        let plain = bare(name);
        tx.enforce("ec2.block_device.duplicate", names.iter().all(|known| bare(known) != plain), || {
            refuse(format!("The device '{plain}' is used in more than one block-device mapping"))
        })?;
        names.push(name);
    }
    Ok(names)
}

/// The names that AWS's page has for volumes of Linux instances of hardware virtualisation, the only ones here:
/// `/dev/sd[a-z]`, `/dev/xvd[a-z]`, `/dev/xvd[a-d][a-z]`, and `/dev/sda1` for a root device.
#[must_use]
pub(super) fn is_name(name: &str) -> bool {
    let letters = |text: &str| text.bytes().all(|letter| letter.is_ascii_lowercase());
    let plain = bare(name);
    match (plain.strip_prefix("sd"), plain.strip_prefix("xvd")) {
        (Some("a1"), _) => true,
        (Some(rest), _) => rest.len() == 1 && letters(rest),
        (_, Some(rest)) => match rest.len() {
            1 => letters(rest),
            2 => letters(rest) && rest < "e",
            _ => false,
        },
        _ => false,
    }
}

fn bare(name: &str) -> &str {
    name.strip_prefix("/dev/").unwrap_or(name)
}

/// The volume of a mapping; none where the mapping takes a device away or is of an instance store, of which no type
/// here has one: AWS ignores the mapping then.
fn read(tx: &Tx<'_>, mapping: &Input<'_>, name: &str, image: &Image) -> Result<Option<BlockDevice>, Refusal> {
    let is_root = bare(name) == bare(image::ROOT_DEVICE);
    let refuse = |message: String| Refusal::new("InvalidBlockDeviceMapping", message);
    if mapping.has("NoDevice") {
        let _ = (mapping.whole("NoDevice"), mapping.whole("Ebs"), mapping.whole("VirtualName"));
        // No source has AWS's words for a root device that is left out.
        tx.enforce("ec2.block_device.root", !is_root, || refuse(format!("The root device {name} cannot be omitted")))?;
        return Ok(None);
    }
    let store = mapping.text("VirtualName").filter(|store| !store.is_empty());
    let Some(ebs) = mapping.record("Ebs") else {
        let number = store.and_then(|store| store.strip_prefix("ephemeral")).and_then(|text| text.parse::<u8>().ok());
        tx.enforce("ec2.block_device.kind", store.is_none() || number.is_some_and(|number| number < 24), || {
            refuse(format!("Invalid virtual name '{}' for device {name}", store.unwrap_or_default()))
        })?;
        tx.enforce("ec2.block_device.kind", store.is_some(), || {
            refuse(format!("The parameter ebs is missing for device {name}"))
        })?;
        return Ok(None);
    };
    // Here and with the name above the words are this simulator's; that it is one or the other is on AWS's page.
    tx.enforce("ec2.block_device.kind", store.is_none(), || {
        refuse(format!("Only one of ebs and virtualName can be given for device {name}"))
    })?;
    if let Some(snapshot) = ebs.text("SnapshotId").filter(|snapshot| !snapshot.is_empty()) {
        check_snapshot(tx, snapshot, is_root.then_some(image))?;
    }
    let size = match ebs.integer("VolumeSize") {
        Some(size) => size,
        None if is_root => image.root_size,
        None => return Err(missing("size/snapshot")),
    };
    if is_root && size < image.root_size {
        let (snapshot, least) = (&image.snapshot, image.root_size);
        let message = format!("Volume of size {size}GB is smaller than snapshot '{snapshot}', expect size>= {least}GB");
        return Err(refuse(message));
    }
    let kind = ebs.text("VolumeType").unwrap_or(if is_root { "gp3" } else { "gp2" });
    let disk = Disk::check(tx, kind, size, ebs.integer("Iops"), ebs.integer("Throughput"))?;
    Ok(Some(BlockDevice {
        name: if is_root { image::ROOT_DEVICE.to_owned() } else { name.to_owned() },
        disk,
        snapshot: if is_root { image.snapshot.clone() } else { String::new() },
        encryption: Encryption::asked(tx, &ebs)?,
        delete_on_termination: ebs.bool("DeleteOnTermination").unwrap_or(true),
    }))
}

/// The one that a mapping can name is its image's, on the root device; others of those that are there are not simulated.
fn check_snapshot(tx: &Tx<'_>, id: &str, root_of: Option<&Image>) -> Result<(), Refusal> {
    Snapshot::KIND.check(tx, id)?;
    if let Some(image) = root_of {
        return tx.enforce("ec2.block_device.root", id == image.snapshot, || {
            Refusal::new("InvalidBlockDeviceMapping", "snapshotId cannot be modified on root device")
        });
    }
    if tx.get::<Snapshot>(id).is_some() {
        return Err(Refusal::not_simulated("ec2 block devices that begin as a snapshot"));
    }
    tx.enforce("ec2.block_device.snapshot", false, || Snapshot::KIND.missing(&[id]))
}

/// What of a launch template's mappings no instance can be launched with. An image is not known yet.
///
/// # Errors
/// The first of it.
pub(super) fn check_alone(tx: &Tx<'_>, input: &Input<'_>) -> Result<(), Refusal> {
    let mappings = input.records("BlockDeviceMappings");
    names(tx, &mappings)?;
    for ebs in mappings.iter().filter_map(|mapping| mapping.record("Ebs")) {
        let (size, kind) = (ebs.integer("VolumeSize"), ebs.text("VolumeType"));
        if let (Some(size), Some(kind)) = (size, kind) {
            Disk::check(tx, kind, size, ebs.integer("Iops"), ebs.integer("Throughput"))?;
        }
        Encryption::asked(tx, &ebs)?;
    }
    Ok(())
}

/// Refuses a name that no volume is attached under.
///
/// # Errors
/// In EC2's words, where the rule is on.
pub(super) fn check_attached(tx: &Tx<'_>, name: &str) -> Result<(), Refusal> {
    tx.enforce("ec2.block_device.name", is_name(name), || {
        invalid_value(name, "device", &format!("{name} is not a valid EBS device name."))
    })
}

#[cfg(test)]
mod tests {
    use super::is_name;

    #[test]
    fn devices_have_the_names_of_disks_not_of_their_parts() {
        for name in ["/dev/sda1", "/dev/sdf", "/dev/xvda", "xvdb", "/dev/xvdba", "/dev/xvddz"] {
            assert!(is_name(name), "{name}");
        }
        for name in
            ["", "/dev/", "/dev/sdf1", "/dev/sde1", "/dev/xvda1", "/dev/xvdea", "/dev/nvme1n1", "disk", "/dev/SDF"]
        {
            assert!(!is_name(name), "{name}");
        }
    }
}
