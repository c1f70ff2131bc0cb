//! Images, whose root volume a new one cannot be smaller than:
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EbsBlockDevice.html>

use fathuss_engine::proposal::{Objection, Proposal};
use fathuss_engine::provider::Failure;

use super::{Asked, objection};
use crate::fields::Fields;

/// Root volumes below the size of their image's, where a lookup of the stack has found the image; that asks nothing anew.
pub(super) fn object(asked: Asked<'_>) -> Result<Vec<Objection>, Failure> {
    let mut objections = Vec::new();
    for (address, proposal) in asked.changing("aws_instance", &["ami"]) {
        let Some(image) = Image::of(asked, proposal, "ami")? else { continue };
        if let Some(root) = Fields::of(&proposal.fields).block("root_block_device")? {
            objections.extend(image.against("root_block_device", root)?.map(|message| objection(address, message)));
        }
    }
    for (address, proposal) in asked.changing("aws_launch_template", &["image_id", "block_device_mappings"]) {
        let Some(image) = Image::of(asked, proposal, "image_id")? else { continue };
        for mapping in Fields::of(&proposal.fields).blocks("block_device_mappings")? {
            if mapping.maybe_text("device_name")? != Some(image.root) {
                continue;
            }
            let Some(root) = mapping.block("ebs")? else { continue };
            objections.extend(image.against("block_device_mappings", root)?.map(|message| objection(address, message)));
        }
    }
    Ok(objections)
}

/// What is known of the volume that an image starts from.
struct Image<'a> {
    name: &'a str,
    root: &'a str,
    gigabytes: i64,
}

impl<'a> Image<'a> {
    fn of(asked: Asked<'a>, proposal: &'a Proposal, field: &str) -> Result<Option<Self>, Failure> {
        let Some(found) = asked.behind(proposal, field).next() else { return Ok(None) };
        let found = Fields::of(&found.fields);
        let (name, root) = (found.maybe_text("name")?, found.maybe_text("root_device_name")?);
        Ok(match (name, root, found.maybe_integer("root_volume_size")?) {
            (Some(name), Some(root), Some(gigabytes)) => Some(Self { name, root, gigabytes }),
            _ => None,
        })
    }

    fn against(&self, field: &str, root: Fields<'_>) -> Result<Option<String>, Failure> {
        let size = root.maybe_integer("volume_size")?.filter(|size| *size < self.gigabytes);
        Ok(size.map(|size| {
            let Self { name, root, gigabytes } = self;
            format!(
                "`{field}` has {size} GiB for {root}, and {name} starts from a volume of {gigabytes}: no smaller one can \
                 be made of it"
            )
        }))
    }
}
