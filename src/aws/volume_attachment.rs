//! `aws_volume_attachment`: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AttachVolume.html>
//!
//! A relation of a volume and an instance, under a device's name.

use async_trait::async_trait;
use aws_sdk_ec2::types::{self, InstanceStateName, VolumeAttachmentState};
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;
use fathuss_state::Identity;

use crate::call::Call;
use crate::client::Client;
use crate::ebs_volume::{EbsVolume, page};
use crate::failure::refused;
use crate::fields::{Fields, Observed};
use crate::gather::one;
use crate::gone::{is_not_found, waiting};
use crate::instance;
use crate::kind::{Batch, Kind};

/// The calls of `aws_volume_attachment`.
pub struct VolumeAttachment;

pub(crate) const SCHEMA: &Schema = fathuss_model::aws::VolumeAttachment::SCHEMA;

/// An attachment's ends; its identity is `DEVICE:VOLUME:INSTANCE`.
pub(crate) struct Ends {
    device: String,
    pub(crate) volume: String,
    instance: String,
}

impl Ends {
    pub(crate) fn of(identity: &Identity) -> Result<Self, Failure> {
        let mut parts = identity.0.split(':').map(str::to_owned);
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(device), Some(volume), Some(instance), None) => Ok(Self { device, volume, instance }),
            _ => Err(refused(
                "InvalidIdentity",
                format!("`{identity}` is no attachment: expected for instance /dev/sdf:vol-1:i-1"),
            )),
        }
    }

    fn in_desired(desired: &Attributes) -> Result<Self, Failure> {
        let fields = Fields::of(desired);
        let text = |name| fields.text(name).map(str::to_owned);
        Ok(Self { device: text("device_name")?, volume: text("volume_id")?, instance: text("instance_id")? })
    }

    fn identity(&self) -> Identity {
        Identity(format!("{}:{}:{}", self.device, self.volume, self.instance))
    }
}

#[async_trait(?Send)]
impl Kind for VolumeAttachment {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    fn family(&self) -> &'static str {
        instance::FAMILY
    }

    /// No call of its own: the volumes' answer holds it.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        EbsVolume.read(client, requests).await
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let ends = Ends::in_desired(&request.desired.attributes)?;
        let call =
            Call::ec2("AttachVolume").lagging().expects("IncorrectState", "").expects("IncorrectInstanceState", "");
        let attaching = client.ec2.attach_volume().device(&ends.device).volume_id(&ends.volume);
        client.send(call, attaching.instance_id(&ends.instance).send()).await?;
        Ok(ends.identity())
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let ends = Ends::in_desired(&request.desired.attributes)?;
        let Some(volume) = one("volume-id", &ends.volume, page(client)).await? else { return Ok(Found::Nothing) };
        let foreign = |other: &types::VolumeAttachment| {
            let text = |part: Option<&str>| part.unwrap_or_default().to_owned();
            Ends { device: text(other.device()), volume: ends.volume.clone(), instance: text(other.instance_id()) }
        };
        Ok(match (find(&volume, &ends), volume.attachments().first()) {
            (Some(_), _) => Found::Ours(ends.identity()),
            (None, Some(other)) => Found::Foreign(foreign(other).identity()),
            (None, None) => Found::Nothing,
        })
    }

    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let ends = Ends::of(&standing.identity)?;
        let Some(volume) = one("volume-id", &ends.volume, page(client)).await? else {
            return Ok(waiting("not visible yet"));
        };
        let Some(attachment) = find(&volume, &ends) else { return Ok(waiting("not visible yet")) };
        match &attachment.state {
            Some(VolumeAttachmentState::Attached) => {
                Ok(observe(&volume, &ends).map_or_else(|| waiting("not visible yet"), Progress::Ready))
            }
            state => Ok(waiting(state.as_ref().map_or("attaching", VolumeAttachmentState::as_str))),
        }
    }

    /// Nothing of it changes in AWS: what can change tells how it is taken away.
    async fn update(&self, _: &Client, _: &Standing, _: &UpdateRequest) -> Result<(), Failure> {
        Ok(())
    }

    /// Stops the instance before, where that is wanted.
    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let ends = Ends::of(&standing.identity)?;
        let volume = one("volume-id", &ends.volume, page(client)).await?;
        let Some(attachment) = volume.as_ref().and_then(|volume| find(volume, &ends)) else {
            return Ok(Progress::Gone);
        };
        if let Some(state @ (VolumeAttachmentState::Detaching | VolumeAttachmentState::Busy)) = &attachment.state {
            return Ok(waiting(state.as_str()));
        }
        let desired = Fields::of(&standing.desired.attributes);
        if desired.bool_or("stop_instance_before_detaching", false)? {
            let instance = one("instance-id", &ends.instance, instance::page(client)).await?;
            match instance.as_ref().and_then(instance::state) {
                Some(InstanceStateName::Running) => {
                    let sending = client.ec2.stop_instances().instance_ids(&ends.instance).send();
                    client.send(Call::ec2("StopInstances"), sending).await?;
                    return Ok(waiting("stopping the instance"));
                }
                Some(InstanceStateName::Stopping | InstanceStateName::Pending) => {
                    return Ok(waiting("stopping the instance"));
                }
                _ => {}
            }
        }
        let sending = client
            .ec2
            .detach_volume()
            .volume_id(&ends.volume)
            .instance_id(&ends.instance)
            .device(&ends.device)
            .set_force(desired.maybe_bool("force_detach")?.filter(|force| *force))
            .send();
        match client.send(Call::ec2("DetachVolume"), sending).await {
            Ok(_) => Ok(waiting("detaching")),
            // The next look shows that it is gone.
            Err(failure) if failure.code == "IncorrectState" => Ok(waiting("detaching")),
            Err(failure) if is_not_found(&failure) => Ok(Progress::Gone),
            Err(failure) => Err(failure),
        }
    }
}

fn find<'a>(volume: &'a types::Volume, ends: &Ends) -> Option<&'a types::VolumeAttachment> {
    volume.attachments().iter().find(|attachment| {
        attachment.device() == Some(&ends.device)
            && attachment.instance_id() == Some(&ends.instance)
            && attachment.state != Some(VolumeAttachmentState::Detached)
    })
}

/// The relation, if the volume has it.
pub(crate) fn observe(volume: &types::Volume, ends: &Ends) -> Option<Attributes> {
    find(volume, ends)?;
    let attributes = Observed::new()
        .with("device_name", ends.device.as_str())
        .with("volume_id", ends.volume.as_str())
        .with("instance_id", ends.instance.as_str())
        .with("id", ends.identity().0)
        .finish(SCHEMA);
    Some(attributes)
}
