//! `aws_eks_access_entry`: <https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateAccessEntry.html>

use async_trait::async_trait;
use aws_sdk_eks::types;
use fathuss_engine::provider::{
    Attributes, Failure, Found, MakeRequest, Progress, ReadRequest, Standing, UpdateRequest,
};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;
use fathuss_state::Identity;

use crate::call::Call;
use crate::client::Client;
use crate::differ::once_shown;
use crate::fields::{Fields, Observed, instant};
use crate::gone::{once_accepted, there, waiting};
use crate::kind::{Batch, Kind};
use crate::{eks, mark};

/// The calls of `aws_eks_access_entry`.
pub struct EksAccessEntry;

const SCHEMA: &Schema = fathuss_model::aws::EksAccessEntry::SCHEMA;

#[async_trait(?Send)]
impl Kind for EksAccessEntry {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// One `DescribeAccessEntry` for each: lists answer principals alone, and no call takes several.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        Batch::each(requests, |request| async move {
            Ok(entry(client, &request.identity).await?.map(|entry| observe(&entry)))
        })
        .await
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let (cluster, principal) = (desired.text("cluster_name")?, desired.text("principal_arn")?);
        let identity = eks::identity(cluster, principal);
        let groups = desired.texts("kubernetes_groups")?;
        let sending = client
            .eks
            .create_access_entry()
            .client_request_token(&request.token)
            .cluster_name(cluster)
            .principal_arn(principal)
            .set_kubernetes_groups((!groups.is_empty()).then_some(groups))
            .set_type(desired.maybe_string("type")?)
            .set_username(desired.maybe_string("user_name")?)
            .set_tags(Some(eks::written(mark::tags_with(&request.mark, &request.desired.attributes)?)))
            .send();
        let call = eks::with_role(Call::eks("CreateAccessEntry"));
        client.send(call, sending).await.map_err(|failure| eks::taken(failure, &identity.0))?;
        Ok(identity)
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let identity = eks::identity(desired.text("cluster_name")?, desired.text("principal_arn")?);
        let found = entry(client, &identity).await?;
        Ok(mark::owner(&request.mark, found.map(|entry| (identity.0, eks::read(entry.tags())))))
    }

    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        Ok(match entry(client, &standing.identity).await? {
            Some(entry) => once_shown(SCHEMA, &standing.desired.attributes, observe(&entry)),
            None => waiting("not visible yet"),
        })
    }

    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        let desired = Fields::of(&standing.desired.attributes);
        eks::update_tags(client, "access_entry_arn", standing, change).await?;
        if change.changed.iter().any(|field| field == "kubernetes_groups" || field == "user_name") {
            let (cluster, principal) = eks::parts(&standing.identity)?;
            let sending = client
                .eks
                .update_access_entry()
                .client_request_token(eks::token(standing, "entry"))
                .cluster_name(cluster)
                .principal_arn(principal)
                .set_kubernetes_groups(Some(desired.texts("kubernetes_groups")?))
                .set_username(desired.maybe_string("user_name")?)
                .send();
            client.send(Call::eks("UpdateAccessEntry"), sending).await?;
        }
        Ok(())
    }

    /// Its policies go with it.
    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let (cluster, principal) = eks::parts(&standing.identity)?;
        let sending = client.eks.delete_access_entry().cluster_name(cluster).principal_arn(principal).send();
        once_accepted(client.send(Call::eks("DeleteAccessEntry"), sending).await)
    }
}

async fn entry(client: &Client, identity: &Identity) -> Result<Option<types::AccessEntry>, Failure> {
    let (cluster, principal) = eks::parts(identity)?;
    let sending = client.eks.describe_access_entry().cluster_name(cluster).principal_arn(principal).send();
    let answer = there(client.send(Call::eks("DescribeAccessEntry"), sending).await)?;
    Ok(answer.and_then(|answer| answer.access_entry))
}

fn observe(entry: &types::AccessEntry) -> Attributes {
    let identity = match (entry.cluster_name(), entry.principal_arn()) {
        (Some(cluster), Some(principal)) => Some(eks::identity(cluster, principal).0),
        _ => None,
    };
    Observed::new()
        .with("cluster_name", entry.cluster_name.clone())
        .with("principal_arn", entry.principal_arn.clone())
        .with_list("kubernetes_groups", entry.kubernetes_groups().iter().cloned())
        .with("type", entry.r#type.clone())
        .with("user_name", entry.username.clone())
        .tagged(&eks::read(entry.tags()))
        .with("id", identity)
        .with("access_entry_arn", entry.access_entry_arn.clone())
        .with("created_at", instant(entry.created_at()))
        .finish(SCHEMA)
}
