//! `aws_ebs_volume`: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVolume.html>

use async_trait::async_trait;
use aws_sdk_ec2::types::{self, Filter, ResourceType, VolumeState, VolumeType};
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;
use fathuss_state::Identity;

use crate::call::{Call, Service};
use crate::client::Client;
use crate::differ::once_shown;
use crate::failure::{broken, refused, unreadable};
use crate::fields::{Fields, Observed, instant};
use crate::gather::{Page, gather, ids, one, ours, strays};
use crate::gone::{is_not_found, waiting};
use crate::kind::{Batch, Kind};
use crate::{arn, mark, tag};

/// The calls of `aws_ebs_volume`.
pub struct EbsVolume;

const SCHEMA: &Schema = fathuss_model::aws::EbsVolume::SCHEMA;
const RESIZED: [&str; 4] = ["size", "type", "iops", "throughput"];

#[async_trait(?Send)]
impl Kind for EbsVolume {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// One `DescribeVolumes` for all: it answers every field.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        let wanted = ids(requests);
        let mut volumes = match gather(client, &wanted, "volume-id", id_of, page(client)).await {
            Ok(volumes) => volumes,
            Err(failure) => return Batch::failed(requests, &failure),
        };
        volumes.retain(|_, volume| lives(volume));
        // The root volume of an instance may carry the mark of the instance's address: it is no volume of its own.
        let own = volumes.iter().filter(|(id, volume)| wanted.contains(*id) || volume.attachments().is_empty());
        let strays = strays(client, SCHEMA.kind, &wanted, own.map(|(id, volume)| (id, tag::read(volume.tags()))));
        let account = client.account.clone().unwrap_or_default();
        let present = |request: &ReadRequest| Some(Ok(observe(client, &account, volumes.get(&request.identity.0)?)));
        Batch { strays, ..Batch::of(requests, present) }
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let tags = tag::specification(ResourceType::Volume, &request.mark, &request.desired.attributes)?;
        let sending = client
            .ec2
            .create_volume()
            .client_token(&request.token)
            .availability_zone(desired.text("availability_zone")?)
            .set_size(desired.maybe_i32("size")?)
            .set_volume_type(desired.maybe_text("type")?.map(VolumeType::from))
            .set_iops(desired.maybe_i32("iops")?)
            .set_throughput(desired.maybe_i32("throughput")?)
            .set_encrypted(desired.maybe_bool("encrypted")?)
            .set_kms_key_id(desired.maybe_string("kms_key_id")?)
            .set_snapshot_id(desired.maybe_string("snapshot_id")?)
            .tag_specifications(tags)
            .send();
        let answer = client.send(Call::ec2("CreateVolume"), sending).await?;
        answer.volume_id.map(Identity).ok_or_else(|| unreadable(Service::Ec2, "CreateVolume", "VolumeId"))
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        ours(&request.mark, page(client), id_of, lives).await
    }

    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let Some(volume) = one("volume-id", &standing.identity.0, page(client)).await? else {
            return Ok(waiting("not visible yet"));
        };
        Ok(match &volume.state {
            Some(VolumeState::Available | VolumeState::InUse) => {
                once_shown(SCHEMA, &standing.desired.attributes, observe(client, &standing.account, &volume))
            }
            Some(VolumeState::Error) => {
                return Err(broken(Service::Ec2, "VolumeError", "the volume is in the state `error`"));
            }
            Some(VolumeState::Deleting | VolumeState::Deleted) => Progress::Gone,
            state => waiting(state.as_ref().map_or("creating", VolumeState::as_str)),
        })
    }

    /// AWS allows one modification of a volume in six hours.
    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        tag::update(client, &standing.identity.0, standing, change).await?;
        if change.changed.iter().any(|name| RESIZED.contains(&name.as_str())) {
            resize(client, &standing.identity.0, &Fields::of(&standing.desired.attributes), ["size", "type"]).await?;
        }
        Ok(())
    }

    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let desired = Fields::of(&standing.desired.attributes);
        if desired.bool_or("final_snapshot", false)? {
            let message =
                "this release makes no final snapshot: make one by hand, apply final_snapshot = false, then delete";
            return Err(refused("FinalSnapshot", message.to_owned()));
        }
        let id = &standing.identity.0;
        match one("volume-id", id, page(client)).await?.and_then(|volume| volume.state) {
            None | Some(VolumeState::Deleted) => return Ok(Progress::Gone),
            Some(VolumeState::Deleting) => return Ok(waiting("deleting")),
            Some(_) => {}
        }
        let call = Call::ec2("DeleteVolume").expects("VolumeInUse", "");
        match client.send(call, client.ec2.delete_volume().volume_id(id).send()).await {
            Ok(_) => Ok(waiting("deleting")),
            Err(failure) if is_not_found(&failure) => Ok(Progress::Gone),
            Err(failure) => Err(failure),
        }
    }
}

/// Changes size, kind, IOPS and throughput of a volume to what the fields say; `names` are those of size and kind.
pub(crate) async fn resize(client: &Client, id: &str, desired: &Fields<'_>, names: [&str; 2]) -> Result<(), Failure> {
    let sending = client
        .ec2
        .modify_volume()
        .volume_id(id)
        .set_size(desired.maybe_i32(names[0])?)
        .set_volume_type(desired.maybe_text(names[1])?.map(VolumeType::from))
        .set_iops(desired.maybe_i32("iops")?)
        .set_throughput(desired.maybe_i32("throughput")?)
        .send();
    client.send(Call::ec2("ModifyVolume"), sending).await?;
    Ok(())
}

fn id_of(volume: &types::Volume) -> Option<&str> {
    volume.volume_id()
}

fn lives(volume: &types::Volume) -> bool {
    !matches!(volume.state, Some(VolumeState::Deleting | VolumeState::Deleted))
}

/// Volumes, page by page.
pub(crate) fn page(
    client: &Client,
) -> impl AsyncFn(Vec<Filter>, Option<String>) -> Result<Page<types::Volume>, Failure> {
    async |filters, token| {
        let sending = client.ec2.describe_volumes().set_filters(Some(filters)).set_next_token(token).send();
        let answer = client.send(Call::ec2("DescribeVolumes"), sending).await?;
        Ok((answer.volumes.unwrap_or_default(), answer.next_token))
    }
}

fn observe(client: &Client, account: &str, volume: &types::Volume) -> Attributes {
    let id = volume.volume_id().unwrap_or_default();
    Observed::new()
        .with("availability_zone", volume.availability_zone())
        .with("size", volume.size.map(i64::from))
        .with("type", volume.volume_type.as_ref().map(VolumeType::as_str))
        .with("iops", volume.iops.map(i64::from))
        .with("throughput", volume.throughput.map(i64::from))
        .with("encrypted", volume.encrypted)
        .with("kms_key_id", volume.kms_key_id())
        .with("tags", mark::attribute(&tag::read(volume.tags())))
        .with("id", id)
        .with("arn", arn::ec2(&client.region, account, &format!("volume/{id}")))
        .with("create_time", instant(volume.create_time()))
        .finish(SCHEMA)
}
