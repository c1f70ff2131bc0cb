//! `aws_iam_role`: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html>

use async_trait::async_trait;
use aws_sdk_iam::types;
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;
use fathuss_state::Identity;
use futures::future::join3;

use crate::call::{Call, Service};
use crate::client::Client;
use crate::differ::once_shown;
use crate::failure::unreadable;
use crate::fields::{Fields, Observed, instant};
use crate::gone::{once_accepted, there, waiting};
use crate::kind::{Batch, Kind};
use crate::mark::TagChange;
use crate::{iam, iam_account, iam_role_policy, iam_role_policy_attachment, mark, name};

/// The calls of `aws_iam_role`.
pub struct IamRole;

/// The family that attachments and policies inside roles belong to.
pub(crate) const FAMILY: &str = SCHEMA.kind;

const SCHEMA: &Schema = fathuss_model::aws::IamRole::SCHEMA;

#[async_trait(?Send)]
impl Kind for IamRole {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// One `GetAccountAuthorizationDetails` and one `ListRoles` for all roles, their attachments and the policies inside
    /// them, where that is fewer: see [`iam_account`]. For what these do not show, one `GetRole` for each role, one
    /// `ListAttachedRolePolicies` for each role with attachments and one `GetRolePolicy` for each policy inside one:
    /// none takes several names.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        let of = |schema: &Schema| -> Vec<ReadRequest> {
            requests.iter().filter(|request| request.address.kind() == schema.kind).cloned().collect()
        };
        let (roles, attachments) = (of(SCHEMA), of(iam_role_policy_attachment::SCHEMA));
        let inline = of(iam_role_policy::SCHEMA);
        let names = roles.iter().map(|request| request.identity.0.as_str()).collect();
        let mut holders = iam_role_policy_attachment::roles(&attachments);
        holders.extend(iam_role_policy::roles(&inline));
        let shown = iam_account::shown(client, &names, &holders).await;
        let shown = match shown {
            Ok(shown) => shown,
            Err(failure) => return Batch::failed(requests, &failure),
        };
        let look = async |request: &ReadRequest| {
            let name = &request.identity.0;
            let role = match shown.role(name) {
                Some(role) => Some(role),
                None => role(client, name).await?,
            };
            Ok(role.map(|role| observe(&role)))
        };
        let attached = iam_role_policy_attachment::read(client, &attachments, &shown);
        let inside = iam_role_policy::read(client, &inline, &shown);
        let (roles, attached, inside) = join3(Batch::each(&roles, look), attached, inside).await;
        let (mut roles, mut attached) = (roles.observations.into_iter(), attached.observations.into_iter());
        let mut inside = inside.observations.into_iter();
        let next = |request: &ReadRequest| match request.address.kind() {
            kind if kind == iam_role_policy_attachment::SCHEMA.kind => attached.next(),
            kind if kind == iam_role_policy::SCHEMA.kind => inside.next(),
            _ => roles.next(),
        };
        Batch { observations: requests.iter().filter_map(next).collect(), strays: Vec::new() }
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let sending = client
            .iam
            .create_role()
            .role_name(name::of(SCHEMA, "name", request)?)
            .assume_role_policy_document(desired.text("assume_role_policy")?)
            .set_description(desired.maybe_string("description")?)
            .set_path(desired.maybe_string("path")?)
            .set_max_session_duration(desired.maybe_i32("max_session_duration")?)
            .set_permissions_boundary(desired.maybe_string("permissions_boundary")?)
            .set_tags(Some(iam::written(mark::tags_with(&request.mark, &request.desired.attributes)?)?))
            .send();
        // A trust policy may name a role or provider that was made a moment ago.
        let call = Call::iam("CreateRole")
            .unseen("MalformedPolicyDocument", "Invalid principal")
            .unseen("NoSuchEntity", "")
            .expects("ConcurrentModification", "");
        let answer = client.send(call, sending).await?;
        let role = answer.role.ok_or_else(|| unreadable(Service::Iam, "CreateRole", "Role"))?;
        Ok(Identity(role.role_name))
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let name = name::of(SCHEMA, "name", request)?;
        let found = role(client, &name).await?;
        Ok(mark::owner(&request.mark, found.map(|role| (name, iam::read(role.tags())))))
    }

    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        Ok(match role(client, &standing.identity.0).await? {
            Some(role) => once_shown(SCHEMA, &standing.desired.attributes, observe(&role)),
            None => waiting("not visible yet"),
        })
    }

    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        let name = standing.identity.0.as_str();
        let desired = Fields::of(&standing.desired.attributes);
        let changes = |field: &str| change.changed.iter().any(|changed| changed == field);
        if changes("assume_role_policy") {
            let document = desired.text("assume_role_policy")?;
            let sending = client.iam.update_assume_role_policy().role_name(name).policy_document(document).send();
            let call = Call::iam("UpdateAssumeRolePolicy").unseen("MalformedPolicyDocument", "Invalid principal");
            client.send(call, sending).await?;
        }
        if changes("description") || changes("max_session_duration") {
            let seconds = desired.maybe_i32("max_session_duration")?.unwrap_or(SESSION);
            let description = desired.maybe_text("description")?.unwrap_or_default();
            let updating = client.iam.update_role().role_name(name).max_session_duration(seconds);
            client.send(Call::iam("UpdateRole"), updating.description(description).send()).await?;
        }
        if changes("permissions_boundary") {
            match desired.maybe_text("permissions_boundary")? {
                Some(boundary) => {
                    let putting = client.iam.put_role_permissions_boundary().role_name(name);
                    let call = Call::iam("PutRolePermissionsBoundary").unseen("NoSuchEntity", "");
                    client.send(call, putting.permissions_boundary(boundary).send()).await?;
                }
                None => {
                    let sending = client.iam.delete_role_permissions_boundary().role_name(name).send();
                    there(client.send(Call::iam("DeleteRolePermissionsBoundary"), sending).await)?;
                }
            }
        }
        if let Some(TagChange { set, gone }) = mark::tag_change(standing, change)? {
            let sending = client.iam.tag_role().role_name(name).set_tags(Some(iam::written(set)?)).send();
            client.send(Call::iam("TagRole"), sending).await?;
            if !gone.is_empty() {
                let sending = client.iam.untag_role().role_name(name).set_tag_keys(Some(gone)).send();
                client.send(Call::iam("UntagRole"), sending).await?;
            }
        }
        Ok(())
    }

    /// IAM deletes at once; while policies are attached or an instance profile holds it, it refuses. It is taken out
    /// of the profiles, which stay: without their role they give nothing either way. Policies that someone else
    /// attached are none of ours to take off.
    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let name = standing.identity.0.as_str();
        let delete = async || {
            let sending = client.iam.delete_role().role_name(name).send();
            once_accepted(client.send(Call::iam("DeleteRole"), sending).await)
        };
        match delete().await {
            Err(failure) if failure.code == "DeleteConflict" => {
                if !leave_profiles(client, name).await? {
                    return Err(failure);
                }
                delete().await
            }
            deleted => deleted,
        }
    }
}

/// Takes a role out of the instance profiles that hold it; whether there were any.
async fn leave_profiles(client: &Client, role: &str) -> Result<bool, Failure> {
    let (mut held, mut marker) = (false, None);
    loop {
        let sending = client.iam.list_instance_profiles_for_role().role_name(role).set_marker(marker).send();
        let answer = client.send(Call::iam("ListInstanceProfilesForRole"), sending).await;
        let Some(answer) = there(answer)? else { return Ok(held) };
        for profile in answer.instance_profiles() {
            let removing = client.iam.remove_role_from_instance_profile().role_name(role);
            let sending = removing.instance_profile_name(profile.instance_profile_name()).send();
            there(client.send(Call::iam("RemoveRoleFromInstanceProfile"), sending).await)?;
            held = true;
        }
        match answer.marker {
            Some(next) if answer.is_truncated => marker = Some(next),
            _ => return Ok(held),
        }
    }
}

/// IAM's own session length, in seconds.
const SESSION: i32 = 3600;

async fn role(client: &Client, name: &str) -> Result<Option<types::Role>, Failure> {
    let answer = there(client.send(Call::iam("GetRole"), client.iam.get_role().role_name(name).send()).await)?;
    Ok(answer.and_then(|answer| answer.role))
}

fn observe(role: &types::Role) -> Attributes {
    let boundary = role.permissions_boundary().and_then(|boundary| boundary.permissions_boundary_arn.clone());
    Observed::new()
        .with("assume_role_policy", role.assume_role_policy_document().map(iam::document))
        .with("name", role.role_name.clone())
        .with("description", role.description.clone().filter(|text| !text.is_empty()))
        .with("path", role.path.clone())
        .with("max_session_duration", role.max_session_duration)
        .with("permissions_boundary", boundary)
        .tagged(&iam::read(role.tags()))
        .with("id", role.role_name.clone())
        .with("arn", role.arn.clone())
        .with("unique_id", role.role_id.clone())
        .with("create_date", instant(Some(&role.create_date)))
        .finish(SCHEMA)
}
