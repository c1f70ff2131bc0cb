//! `aws_volume_attachment`: <https://docs.aws.amazon.com/ebs/latest/userguide/ebs-attaching-volume.html>

use super::form;
use super::{EbsVolume, Instance};
use crate::check::{Findings, Part, View};
use crate::{Computed, Datum, Id, Value};

/// Gives an instance a volume.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let range: Ipv4Net = "10.0.0.0/16".parse()?;
/// # let vpc = stack.add("main", Vpc::new(range));
/// # let subnet = stack.add("private", Subnet::new(&vpc, range.subnet(24, 0)?).availability_zone("us-east-1a"));
/// # let image = stack.add("amazon_linux", Ami::amazon_linux_2023("x86_64"));
/// # let server = stack.add("server", Instance::new(&image, InstanceType::T3Medium, &subnet));
/// let volume = stack.add("data", EbsVolume::encrypted_gp3("us-east-1a", 100));
/// stack.add("data", VolumeAttachment::new("/dev/sdf", &volume, &server));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_volume_attachment",
    service = "ec2",
    creation = Relation,
    create_seconds = 5,
    delete_seconds = 10,
    check = check
)]
pub struct VolumeAttachment {
    /// The device's name, for instance `/dev/sdf`.
    #[field(
        replace,
        form = form::DEVICE
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

fn check(attachment: &View<'_>, findings: &mut Findings<'_>) {
    check_device(attachment, findings);
    let (Some(volume), Some(instance)) = (attachment.follow("volume_id"), attachment.follow("instance_id")) else {
        return;
    };
    let volumes = zone(&volume);
    let instances = zone(&instance).or_else(|| zone(&instance.follow("subnet_id")?));
    if let (Some(volumes), Some(instances)) = (volumes, instances)
        && volumes != instances
    {
        findings.refuse(format!(
            "{} stands in {volumes}, {} in {instances}; a volume is attached inside its zone",
            volume.named(),
            instance.named()
        ));
    }
}

/// A device is one volume's, and the root's is taken:
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/device_naming.html>
fn check_device(attachment: &View<'_>, findings: &mut Findings<'_>) {
    let Some(device) = attachment.text("device_name") else { return };
    let others = attachment.earlier_siblings_in("instance_id");
    if let Some(other) = others.into_iter().find(|other| other.text("device_name") == Some(device)) {
        findings.refuse(format!("{} gives the instance a volume as {device}, too", other.named()));
    }
    let image = attachment.follow("instance_id").and_then(|instance| instance.follow("ami"));
    if let Some(image) = image.filter(|image| device == "/dev/xvda" && is_amazon_linux(image)) {
        findings.refuse(format!("{device} is the root of {}: choose one from /dev/sdf to /dev/sdp", image.named()));
    }
}

/// Whether a question is for images of Amazon Linux, as [`super::Ami::amazon_linux_2023`] is.
fn is_amazon_linux(image: &View<'_>) -> bool {
    let filters = image.part("filter").map(Part::items).unwrap_or_default();
    let name = filters.into_iter().find(|filter| filter.text("name") == Some("name"));
    let names = name.and_then(|name| name.at("values")).map(Part::items).unwrap_or_default();
    let of_amazon = image.part("owners").map(Part::items).unwrap_or_default();
    let of_amazon: Vec<_> = of_amazon.iter().map(|owner| owner.literal().and_then(Datum::as_str)).collect();
    of_amazon == [Some("amazon")]
        && !names.is_empty()
        && names
            .iter()
            .all(|name| name.literal().and_then(Datum::as_str).is_some_and(|name| name.starts_with("al2023-ami-")))
}

/// The zone that a declaration names, or that of the subnet it takes it from.
fn zone<'a>(node: &View<'a>) -> Option<&'a str> {
    node.text("availability_zone").or_else(|| node.follow("availability_zone")?.text("availability_zone"))
}
