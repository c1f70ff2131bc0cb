//! `aws_ami`: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeImages.html>

use async_trait::async_trait;
use aws_sdk_ec2::types::Image;
use fathuss_engine::provider::{Attributes, Failure, LookupRequest};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;

use crate::arn;
use crate::call::Call;
use crate::client::Client;
use crate::failure::refused;
use crate::fields::{Fields, Observed};
use crate::gather::{every, filter};
use crate::kind::Lookup;

/// The call of `aws_ami`.
pub struct Ami;

const SCHEMA: &Schema = fathuss_model::aws::Ami::SCHEMA;

#[async_trait(?Send)]
impl Lookup for Ami {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// All that fit, page by page; the newest by its date of creation, or the only one.
    async fn lookup(&self, client: &Client, request: &LookupRequest) -> Result<Attributes, Failure> {
        let fields = Fields::of(&request.desired);
        let owners = fields.texts("owners")?;
        let mut filters = Vec::new();
        for wanted in fields.blocks("filter")? {
            filters.push(filter(wanted.text("name")?, wanted.texts("values")?));
        }
        let images = every(async |token| {
            let asking =
                client.ec2.describe_images().set_owners(Some(owners.clone())).set_filters(Some(filters.clone()));
            let answer = client.send(Call::ec2("DescribeImages"), asking.set_next_token(token).send()).await?;
            Ok((answer.images.unwrap_or_default(), answer.next_token))
        })
        .await?;
        if images.len() > 1 && !fields.bool_or("most_recent", false)? {
            let message =
                format!("{} images fit: narrow the filter, or take the newest with most_recent", images.len());
            return Err(refused("SeveralImages", message));
        }
        let newest = images
            .into_iter()
            .max_by(|one, other| (&one.creation_date, &one.image_id).cmp(&(&other.creation_date, &other.image_id)));
        let Some(image) = newest else {
            return Err(refused("NoImage", format!("no image in {} fits the filter", client.region)));
        };
        let root_volume_size = root_volume_size(&image);
        let id = image.image_id.unwrap_or_default();
        Ok(Observed::new()
            .with("arn", arn::ec2(&client.region, "", &format!("image/{id}")))
            .with("id", id)
            .with("name", image.name)
            .with("description", image.description)
            .with("architecture", image.architecture.map(|word| word.as_str().to_owned()))
            .with("creation_date", image.creation_date)
            .with("owner_id", image.owner_id)
            .with("root_device_name", image.root_device_name)
            .with("root_device_type", image.root_device_type.map(|word| word.as_str().to_owned()))
            .with("root_volume_size", root_volume_size)
            .with("state", image.state.map(|word| word.as_str().to_owned()))
            .finish(SCHEMA))
    }
}

/// The size of the volume that is mapped to the root device, in GiB.
fn root_volume_size(image: &Image) -> Option<i64> {
    let root = image.block_device_mappings().iter().find(|device| device.device_name() == image.root_device_name())?;
    root.ebs()?.volume_size().map(i64::from)
}
