//! Images: whose processors an instance has to have, and whose root volume a new one cannot be smaller than.
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Image.html>
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EbsBlockDevice.html>

use fathuss_engine::proposal::{Objection, Proposal};
use fathuss_engine::provider::Failure;
use fathuss_model::aws::is_arm;

use super::{Asked, objection};
use crate::fields::Fields;

/// What does not go with an image that a lookup of the stack has found; that asks nothing anew.
pub(super) fn object(asked: Asked<'_>) -> Result<Vec<Objection>, Failure> {
    let mut objections = Vec::new();
    for (address, proposal) in asked.changing("aws_instance", &["ami", "instance_type"]) {
        let Some(image) = Image::of(asked, proposal, "ami")? else { continue };
        let fields = Fields::of(&proposal.fields);
        let root = fields.block("root_block_device")?.map(|root| image.against("root_block_device", root));
        let said = [image.other_processor(&fields)?, root.transpose()?.flatten()];
        objections.extend(said.into_iter().flatten().map(|message| objection(address, message)));
    }
    let template = ["image_id", "instance_type", "block_device_mappings"];
    for (address, proposal) in asked.changing("aws_launch_template", &template) {
        let Some(image) = Image::of(asked, proposal, "image_id")? else { continue };
        let fields = Fields::of(&proposal.fields);
        objections.extend(image.other_processor(&fields)?.map(|message| objection(address, message)));
        for mapping in fields.blocks("block_device_mappings")? {
            if mapping.maybe_text("device_name")? != Some(image.root) {
                continue;
            }
            let Some(root) = mapping.block("ebs")? else { continue };
            objections.extend(image.against("block_device_mappings", root)?.map(|message| objection(address, message)));
        }
    }
    Ok(objections)
}

/// What is known of an image, and of the volume that it starts from.
struct Image<'a> {
    name: &'a str,
    architecture: &'a str,
    root: &'a str,
    gigabytes: i64,
}

impl<'a> Image<'a> {
    fn of(asked: Asked<'a>, proposal: &'a Proposal, field: &str) -> Result<Option<Self>, Failure> {
        let Some(found) = asked.behind(proposal, field).next() else { return Ok(None) };
        let found = Fields::of(&found.fields);
        let text = |field| found.maybe_text(field);
        let (name, architecture, root) = (text("name")?, text("architecture")?, text("root_device_name")?);
        let gigabytes = found.maybe_integer("root_volume_size")?;
        let known = name.zip(architecture).zip(root.zip(gigabytes));
        Ok(known.map(|((name, architecture), (root, gigabytes))| Self { name, architecture, root, gigabytes }))
    }

    fn other_processor(&self, fields: &Fields<'_>) -> Result<Option<String>, Failure> {
        let Some(size) = fields.maybe_text("instance_type")? else { return Ok(None) };
        let own = if is_arm(size) { "arm64" } else { "x86_64" };
        let Self { name, architecture, .. } = self;
        let differs = ["arm64", "x86_64"].contains(architecture) && *architecture != own;
        Ok(differs.then(|| {
            format!("`instance_type` is {size}, which has {own} processors, and {name} is for {architecture}")
        }))
    }

    fn against(&self, field: &str, root: Fields<'_>) -> Result<Option<String>, Failure> {
        let size = root.maybe_integer("volume_size")?.filter(|size| *size < self.gigabytes);
        Ok(size.map(|size| {
            let Self { name, root, gigabytes, .. } = self;
            format!(
                "`{field}` has {size} GiB for {root}, and {name} starts from a volume of {gigabytes}: no smaller one can \
                 be made of it"
            )
        }))
    }
}
