//! `aws_iam_instance_profile`: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateInstanceProfile.html>

use async_trait::async_trait;
use aws_sdk_iam::types;
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;
use fathuss_state::Identity;

use crate::call::{Call, Service};
use crate::client::Client;
use crate::differ::once_shown;
use crate::failure::unreadable;
use crate::fields::{Fields, Observed, instant};
use crate::gone::{once_accepted, there, waiting};
use crate::kind::{Batch, Kind};
use crate::mark::TagChange;
use crate::{iam, mark, name};

/// The calls of `aws_iam_instance_profile`.
pub struct IamInstanceProfile;

const SCHEMA: &Schema = fathuss_model::aws::IamInstanceProfile::SCHEMA;

#[async_trait(?Send)]
impl Kind for IamInstanceProfile {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// One `GetInstanceProfile` for each: lists answer no tags, and no call takes several names.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        Batch::each(requests, |request| async move {
            Ok(profile(client, &request.identity.0).await?.map(|profile| observe(&profile)))
        })
        .await
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let sending = client
            .iam
            .create_instance_profile()
            .instance_profile_name(name::of(SCHEMA, "name", request)?)
            .set_path(desired.maybe_string("path")?)
            .set_tags(Some(iam::written(mark::tags_with(&request.mark, &request.desired.attributes)?)?))
            .send();
        let call = Call::iam("CreateInstanceProfile").expects("ConcurrentModification", "");
        let answer = client.send(call, sending).await?;
        let profile = answer.instance_profile;
        let profile = profile.ok_or_else(|| unreadable(Service::Iam, "CreateInstanceProfile", "InstanceProfile"))?;
        Ok(Identity(profile.instance_profile_name))
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let name = name::of(SCHEMA, "name", request)?;
        let found = profile(client, &name).await?;
        Ok(mark::owner(&request.mark, found.map(|profile| (name, iam::read(profile.tags())))))
    }

    /// Puts the role in; where another is in, that goes first, since a profile holds one.
    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let name = standing.identity.0.as_str();
        let role = Fields::of(&standing.desired.attributes).text("role")?;
        let Some(is) = profile(client, name).await? else { return Ok(waiting("not visible yet")) };
        if is.roles.iter().any(|held| held.role_name == role) {
            return Ok(once_shown(SCHEMA, &standing.desired.attributes, observe(&is)));
        }
        empty(client, name, &is).await?;
        let sending = client.iam.add_role_to_instance_profile().instance_profile_name(name).role_name(role).send();
        let call = Call::iam("AddRoleToInstanceProfile")
            .unseen("NoSuchEntity", "")
            .expects("LimitExceeded", "")
            .expects("ConcurrentModification", "");
        client.send(call, sending).await?;
        Ok(match profile(client, name).await? {
            Some(is) => once_shown(SCHEMA, &standing.desired.attributes, observe(&is)),
            None => waiting("adding the role"),
        })
    }

    /// The role is settle's: it puts in what differs.
    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        let name = standing.identity.0.as_str();
        if let Some(TagChange { set, gone }) = mark::tag_change(standing, change)? {
            let tagging = client.iam.tag_instance_profile().instance_profile_name(name);
            client.send(Call::iam("TagInstanceProfile"), tagging.set_tags(Some(iam::written(set)?)).send()).await?;
            if !gone.is_empty() {
                let untagging = client.iam.untag_instance_profile().instance_profile_name(name);
                client.send(Call::iam("UntagInstanceProfile"), untagging.set_tag_keys(Some(gone)).send()).await?;
            }
        }
        Ok(())
    }

    /// IAM refuses to delete a profile that holds a role.
    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let name = standing.identity.0.as_str();
        let Some(is) = profile(client, name).await? else { return Ok(Progress::Gone) };
        empty(client, name, &is).await?;
        let sending = client.iam.delete_instance_profile().instance_profile_name(name).send();
        once_accepted(client.send(Call::iam("DeleteInstanceProfile"), sending).await)
    }
}

async fn profile(client: &Client, name: &str) -> Result<Option<types::InstanceProfile>, Failure> {
    let sending = client.iam.get_instance_profile().instance_profile_name(name).send();
    let answer = there(client.send(Call::iam("GetInstanceProfile"), sending).await)?;
    Ok(answer.and_then(|answer| answer.instance_profile))
}

/// Takes out what it holds.
async fn empty(client: &Client, name: &str, profile: &types::InstanceProfile) -> Result<(), Failure> {
    for held in &profile.roles {
        let removing = client.iam.remove_role_from_instance_profile().instance_profile_name(name);
        there(
            client.send(Call::iam("RemoveRoleFromInstanceProfile"), removing.role_name(&held.role_name).send()).await,
        )?;
    }
    Ok(())
}

fn observe(profile: &types::InstanceProfile) -> Attributes {
    Observed::new()
        .with("role", profile.roles.first().map(|role| role.role_name.clone()))
        .with("name", profile.instance_profile_name.clone())
        .with("path", profile.path.clone())
        .tagged(&iam::read(profile.tags()))
        .with("id", profile.instance_profile_name.clone())
        .with("arn", profile.arn.clone())
        .with("unique_id", profile.instance_profile_id.clone())
        .with("create_date", instant(Some(&profile.create_date)))
        .finish(SCHEMA)
}
