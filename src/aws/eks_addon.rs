//! `aws_eks_addon`: <https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateAddon.html>

use async_trait::async_trait;
use aws_sdk_eks::types::{self, AddonStatus};
use fathuss_engine::provider::{
    Attributes, Failure, FailureClass, Found, MakeRequest, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;
use fathuss_state::Identity;

use crate::call::{Call, Service};
use crate::client::Client;
use crate::differ::Differences;
use crate::failure::broken;
use crate::fields::{Fields, Observed, instant};
use crate::gone::{there, waiting};
use crate::kind::{Batch, Kind};
use crate::{eks, mark};

/// The calls of `aws_eks_addon`.
pub struct EksAddon;

const SCHEMA: &Schema = fathuss_model::aws::EksAddon::SCHEMA;

#[async_trait(?Send)]
impl Kind for EksAddon {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// One `DescribeAddon` for each: lists answer names alone, and no call takes several.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        Batch::each(requests, |request| async move {
            Ok(addon(client, &request.identity).await?.map(|addon| observe(&addon)))
        })
        .await
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let (cluster, name) = (desired.text("cluster_name")?, desired.text("addon_name")?);
        let identity = eks::identity(cluster, name);
        let sending = client
            .eks
            .create_addon()
            .client_request_token(&request.token)
            .cluster_name(cluster)
            .addon_name(name)
            .set_addon_version(desired.maybe_string("addon_version")?)
            .set_configuration_values(desired.maybe_string("configuration_values")?)
            .set_service_account_role_arn(desired.maybe_string("service_account_role_arn")?)
            .set_resolve_conflicts(desired.maybe_text("resolve_conflicts_on_create")?.map(Into::into))
            .set_tags(Some(eks::written(mark::tags_with(&request.mark, &request.desired.attributes)?)))
            .send();
        let call = eks::with_role(Call::eks("CreateAddon"));
        client.send(call, sending).await.map_err(|failure| eks::taken(failure, &identity.0))?;
        Ok(identity)
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let identity = eks::identity(desired.text("cluster_name")?, desired.text("addon_name")?);
        let found = addon(client, &identity).await?;
        Ok(mark::owner(&request.mark, found.map(|addon| (identity.0, eks::read(addon.tags())))))
    }

    /// Waits for `ACTIVE`; an addon is `DEGRADED` while it has no nodes to run on, which passes.
    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let Some(addon) = addon(client, &standing.identity).await? else { return Ok(waiting("not visible yet")) };
        let observed = observe(&addon);
        match &addon.status {
            Some(AddonStatus::Active) => {}
            Some(AddonStatus::Degraded) => return Ok(waiting(&format!("DEGRADED: {}", health(&addon)))),
            Some(AddonStatus::CreateFailed) => return Err(broken(Service::Eks, "CREATE_FAILED", &health(&addon))),
            Some(AddonStatus::UpdateFailed) => {
                let failure = broken(Service::Eks, "UPDATE_FAILED", &health(&addon));
                return Err(Failure { class: FailureClass::Refused, ..failure });
            }
            status => return Ok(waiting(status.as_ref().map_or("CREATING", AddonStatus::as_str))),
        }
        if is_due(&standing.desired.attributes, &observed) {
            return send(client, standing, &observed).await;
        }
        Ok(Progress::Ready(observed))
    }

    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        eks::update_tags(client, "arn", standing, change).await?;
        // An earlier run may have begun it; one that failed is begun anew here, which settle does not.
        let Some(addon) = addon(client, &standing.identity).await? else { return Ok(()) };
        let observed = observe(&addon);
        if is_due(&standing.desired.attributes, &observed) {
            send(client, standing, &observed).await?;
        }
        Ok(())
    }

    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let Some(addon) = addon(client, &standing.identity).await? else { return Ok(Progress::Gone) };
        if addon.status == Some(AddonStatus::Deleting) {
            return Ok(waiting("DELETING"));
        }
        let (cluster, name) = eks::parts(&standing.identity)?;
        let preserve = Fields::of(&standing.desired.attributes).bool_or("preserve", false)?;
        let sending = client.eks.delete_addon().cluster_name(cluster).addon_name(name).preserve(preserve).send();
        let answer = there(client.send(Call::eks("DeleteAddon"), sending).await)?;
        Ok(if answer.is_some() { waiting("DELETING") } else { Progress::Gone })
    }
}

async fn addon(client: &Client, identity: &Identity) -> Result<Option<types::Addon>, Failure> {
    let (cluster, name) = eks::parts(identity)?;
    let sending = client.eks.describe_addon().cluster_name(cluster).addon_name(name).send();
    let answer = there(client.send(Call::eks("DescribeAddon"), sending).await)?;
    Ok(answer.and_then(|answer| answer.addon))
}

fn is_due(desired: &Attributes, observed: &Attributes) -> bool {
    let differences = Differences::of(SCHEMA, desired, observed);
    differences.any(&["addon_version", "configuration_values", "service_account_role_arn"])
}

async fn send(client: &Client, standing: &Standing, observed: &Attributes) -> Result<Progress, Failure> {
    let (cluster, name) = eks::parts(&standing.identity)?;
    let desired = Fields::of(&standing.desired.attributes);
    // A role is taken away by naming none; what is left out stays.
    let had_role = Fields::of(observed).has("service_account_role_arn");
    let role = desired.maybe_string("service_account_role_arn")?.or_else(|| had_role.then(String::new));
    let sending = client
        .eks
        .update_addon()
        .client_request_token(eks::token(standing, "addon"))
        .cluster_name(cluster)
        .addon_name(name)
        .set_addon_version(desired.maybe_string("addon_version")?)
        .set_configuration_values(desired.maybe_string("configuration_values")?)
        .set_service_account_role_arn(role)
        .set_resolve_conflicts(desired.maybe_text("resolve_conflicts_on_update")?.map(Into::into))
        .send();
    let call = eks::one_at_a_time(eks::with_role(Call::eks("UpdateAddon")));
    let answer = client.send(call, sending).await?;
    eks::progress("UpdateAddon", answer.update)
}

fn health(addon: &types::Addon) -> String {
    let issues = addon.health().map(types::AddonHealth::issues).unwrap_or_default().iter().map(|issue| {
        let code = issue.code().map(types::AddonIssueCode::as_str).unwrap_or_default();
        eks::issue(code, issue.message(), issue.resource_ids().to_vec())
    });
    eks::said(issues, "EKS gives no reason")
}

fn observe(addon: &types::Addon) -> Attributes {
    let identity = match (addon.cluster_name(), addon.addon_name()) {
        (Some(cluster), Some(name)) => Some(eks::identity(cluster, name).0),
        _ => None,
    };
    Observed::new()
        .with("cluster_name", addon.cluster_name.clone())
        .with("addon_name", addon.addon_name.clone())
        .with("addon_version", addon.addon_version.clone())
        .with("configuration_values", addon.configuration_values.clone().filter(|values| !values.is_empty()))
        .with("service_account_role_arn", addon.service_account_role_arn.clone().filter(|role| !role.is_empty()))
        .tagged(&eks::read(addon.tags()))
        .with("id", identity)
        .with("arn", addon.addon_arn.clone())
        .with("created_at", instant(addon.created_at()))
        .finish(SCHEMA)
}
