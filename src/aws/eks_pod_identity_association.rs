//! `aws_eks_pod_identity_association`:
//! <https://docs.aws.amazon.com/eks/latest/APIReference/API_CreatePodIdentityAssociation.html>

use async_trait::async_trait;
use aws_sdk_eks::types::PodIdentityAssociation;
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
use crate::fields::{Fields, Observed};
use crate::gone::{once_accepted, there, waiting};
use crate::kind::{Batch, Kind};
use crate::{eks, mark};

/// The calls of `aws_eks_pod_identity_association`.
pub struct EksPodIdentityAssociation;

const SCHEMA: &Schema = fathuss_model::aws::EksPodIdentityAssociation::SCHEMA;

#[async_trait(?Send)]
impl Kind for EksPodIdentityAssociation {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// One `DescribePodIdentityAssociation` for each: lists answer neither roles nor tags, and no call takes several.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        Batch::each(requests, async |request| {
            Ok(association(client, &request.identity).await?.map(|association| observe(&association)))
        })
        .await
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let cluster = desired.text("cluster_name")?;
        let sending = client
            .eks
            .create_pod_identity_association()
            .client_request_token(&request.token)
            .cluster_name(cluster)
            .namespace(desired.text("namespace")?)
            .service_account(desired.text("service_account")?)
            .role_arn(desired.text("role_arn")?)
            .set_disable_session_tags(desired.maybe_bool("disable_session_tags")?)
            .set_target_role_arn(desired.maybe_string("target_role_arn")?)
            .set_tags(Some(eks::written(mark::tags_with(&request.mark, &request.desired.attributes)?)))
            .send();
        let call = trusting(Call::eks("CreatePodIdentityAssociation"));
        let answer = client.send(call, sending).await;
        let answer = answer.map_err(|failure| eks::taken(failure, &format!("{cluster}:a-...")))?;
        let id = answer.association.and_then(|association| association.association_id);
        let id = id.ok_or_else(|| unreadable(Service::Eks, "CreatePodIdentityAssociation", "associationId"))?;
        Ok(eks::identity(cluster, &id))
    }

    /// A service account has one: the list by its name leads to it.
    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let cluster = desired.text("cluster_name")?;
        let sending = client
            .eks
            .list_pod_identity_associations()
            .cluster_name(cluster)
            .namespace(desired.text("namespace")?)
            .service_account(desired.text("service_account")?)
            .send();
        let Some(answer) = there(client.send(Call::eks("ListPodIdentityAssociations"), sending).await)? else {
            return Ok(Found::Nothing);
        };
        let Some(id) = answer.associations().first().and_then(|it| it.association_id.as_deref()) else {
            return Ok(Found::Nothing);
        };
        let identity = eks::identity(cluster, id);
        let found = association(client, &identity).await?;
        Ok(mark::owner(&request.mark, found.map(|found| (identity.0, eks::read(found.tags())))))
    }

    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        Ok(match association(client, &standing.identity).await? {
            Some(association) => once_shown(SCHEMA, &standing.desired.attributes, observe(&association)),
            None => waiting("not visible yet"),
        })
    }

    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        eks::update_tags(client, "association_arn", standing, change).await?;
        const OWN: [&str; 3] = ["role_arn", "disable_session_tags", "target_role_arn"];
        if !change.changed.iter().any(|field| OWN.contains(&field.as_str())) {
            return Ok(());
        }
        let desired = Fields::of(&standing.desired.attributes);
        let (cluster, id) = eks::parts(&standing.identity)?;
        // A target is taken away by naming none; what is left out stays.
        let had_target = Fields::of(&change.before).has("target_role_arn");
        let target = desired.maybe_string("target_role_arn")?.or_else(|| had_target.then(String::new));
        let sending = client
            .eks
            .update_pod_identity_association()
            .client_request_token(eks::token(standing, "association"))
            .cluster_name(cluster)
            .association_id(id)
            .role_arn(desired.text("role_arn")?)
            .disable_session_tags(desired.bool_or("disable_session_tags", false)?)
            .set_target_role_arn(target)
            .send();
        client.send(trusting(Call::eks("UpdatePodIdentityAssociation")), sending).await.map(drop)
    }

    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let (cluster, id) = eks::parts(&standing.identity)?;
        let sending = client.eks.delete_pod_identity_association().cluster_name(cluster).association_id(id).send();
        once_accepted(client.send(Call::eks("DeletePodIdentityAssociation"), sending).await)
    }
}

/// A call that names a role, whose trust policy was perhaps changed a moment ago.
fn trusting(call: Call) -> Call {
    eks::with_role(call).unseen("InvalidParameterException", "Trust policy of role")
}

async fn association(client: &Client, identity: &Identity) -> Result<Option<PodIdentityAssociation>, Failure> {
    let (cluster, id) = eks::parts(identity)?;
    let sending = client.eks.describe_pod_identity_association().cluster_name(cluster).association_id(id).send();
    let answer = there(client.send(Call::eks("DescribePodIdentityAssociation"), sending).await)?;
    Ok(answer.and_then(|answer| answer.association))
}

fn observe(association: &PodIdentityAssociation) -> Attributes {
    let identity = match (association.cluster_name(), association.association_id()) {
        (Some(cluster), Some(id)) => Some(eks::identity(cluster, id).0),
        _ => None,
    };
    Observed::new()
        .with("cluster_name", association.cluster_name.clone())
        .with("namespace", association.namespace.clone())
        .with("service_account", association.service_account.clone())
        .with("role_arn", association.role_arn.clone())
        .with("disable_session_tags", association.disable_session_tags.unwrap_or(false))
        .with("target_role_arn", association.target_role_arn.clone())
        .tagged(&eks::read(association.tags()))
        .with("id", identity)
        .with("association_arn", association.association_arn.clone())
        .with("association_id", association.association_id.clone())
        .with("external_id", association.external_id.clone())
        .finish(SCHEMA)
}
