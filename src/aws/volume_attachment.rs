//! `aws_volume_attachment`: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AttachVolume.html>

use async_trait::async_trait;
use aws_sdk_ec2::types::{InstanceStateName, VolumeAttachmentState};
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;
use fathuss_state::Identity;

use crate::call::Call;
use crate::client::Client;
use crate::ebs_volume::page;
use crate::failure::refused;
use crate::fields::{Fields, Observed};
use crate::gather::{by_values, one};
use crate::gone::{is_not_found, waiting};
use crate::instance;
use crate::kind::{Batch, Kind};

/// The calls of `aws_volume_attachment`.
pub struct VolumeAttachment;

const SCHEMA: &Schema = fathuss_model::aws::VolumeAttachment::SCHEMA;

/// The relation's ends.
struct Ends<'a> {
    device: &'a str,
    volume: &'a str,
    instance: &'a str,
}

#[async_trait(?Send)]
impl Kind for VolumeAttachment {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// One `DescribeVolumes` for all of them, by the volumes' ids: an attachment is a part of its volume.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        let volumes = requests.iter().filter_map(|request| Some(ends(&request.identity)?.volume.to_owned()));
        let volumes = match by_values("volume-id", volumes, &[], page(client)).await {
            Ok(volumes) => volumes,
            Err(failure) => return Batch::failed(requests, &failure),
        };
        let present = |request: &ReadRequest| {
            let ends = ends(&request.identity)?;
            let volume = volumes.iter().find(|volume| volume.volume_id() == Some(ends.volume))?;
            let attachment = volume.attachments().iter().find(|one| one.instance_id() == Some(ends.instance))?;
            let attached = matches!(
                attachment.state,
                Some(VolumeAttachmentState::Attached | VolumeAttachmentState::Attaching | VolumeAttachmentState::Busy)
            );
            attached.then(|| Ok(observe(&ends)))
        };
        Batch::of(requests, present)
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let (device, volume) = (desired.text("device_name")?, desired.text("volume_id")?);
        let instance = desired.text("instance_id")?;
        let sending = client.ec2.attach_volume().device(device).volume_id(volume).instance_id(instance).send();
        // An instance that is still starting takes no volume.
        let call = Call::ec2("AttachVolume").lagging().expects("IncorrectState", "");
        client.send(call, sending).await?;
        Ok(Identity(format!("{device}:{volume}:{instance}")))
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let (device, volume) = (desired.text("device_name")?, desired.text("volume_id")?);
        let instance = desired.text("instance_id")?;
        let identity = Identity(format!("{device}:{volume}:{instance}"));
        Ok(match state(client, volume, instance).await? {
            None | Some(VolumeAttachmentState::Detached) => Found::Nothing,
            Some(_) => Found::Ours(identity),
        })
    }

    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let ends = ends_of(standing)?;
        Ok(match state(client, ends.volume, ends.instance).await? {
            Some(VolumeAttachmentState::Attached) => Progress::Ready(observe(&ends)),
            Some(state) => waiting(state.as_str()),
            None => waiting("not visible yet"),
        })
    }

    /// Only instructions for its deletion can change.
    async fn update(&self, _: &Client, _: &Standing, _: &UpdateRequest) -> Result<(), Failure> {
        Ok(())
    }

    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let ends = ends_of(standing)?;
        let desired = Fields::of(&standing.desired.attributes);
        match state(client, ends.volume, ends.instance).await? {
            None | Some(VolumeAttachmentState::Detached) => return Ok(Progress::Gone),
            Some(VolumeAttachmentState::Detaching) => return Ok(waiting("detaching")),
            Some(_) => {}
        }
        if desired.bool_or("stop_instance_before_detaching", false)? {
            match instance::state(client, ends.instance).await? {
                Some(InstanceStateName::Running) => {
                    let sending = client.ec2.stop_instances().instance_ids(ends.instance).send();
                    client.send(Call::ec2("StopInstances"), sending).await?;
                    return Ok(waiting("stopping the instance"));
                }
                Some(InstanceStateName::Stopping) => return Ok(waiting("stopping the instance")),
                _ => {}
            }
        }
        let sending = client
            .ec2
            .detach_volume()
            .volume_id(ends.volume)
            .instance_id(ends.instance)
            .force(desired.bool_or("force_detach", false)?)
            .send();
        match client.send(Call::ec2("DetachVolume"), sending).await {
            Ok(_) => Ok(waiting("detaching")),
            Err(failure) if is_not_found(&failure) => Ok(Progress::Gone),
            // It was let go between the look and the call.
            Err(failure) if failure.code == "IncorrectState" => Ok(waiting("detaching")),
            Err(failure) => Err(failure),
        }
    }
}

async fn state(client: &Client, volume: &str, instance: &str) -> Result<Option<VolumeAttachmentState>, Failure> {
    let Some(volume) = one("volume-id", volume, page(client)).await? else { return Ok(None) };
    let attachment = volume.attachments.unwrap_or_default().into_iter().find(|one| one.instance_id() == Some(instance));
    Ok(attachment.and_then(|attachment| attachment.state))
}

fn ends(identity: &Identity) -> Option<Ends<'_>> {
    let (rest, instance) = identity.0.rsplit_once(':')?;
    let (device, volume) = rest.rsplit_once(':')?;
    Some(Ends { device, volume, instance })
}

fn ends_of(standing: &Standing) -> Result<Ends<'_>, Failure> {
    ends(&standing.identity)
        .ok_or_else(|| refused("InvalidIdentity", format!("`{}` is not DEVICE:VOLUME:INSTANCE", standing.identity)))
}

fn observe(ends: &Ends<'_>) -> Attributes {
    Observed::new()
        .with("device_name", ends.device)
        .with("volume_id", ends.volume)
        .with("instance_id", ends.instance)
        .with("id", format!("{}:{}:{}", ends.device, ends.volume, ends.instance))
        .finish(SCHEMA)
}
