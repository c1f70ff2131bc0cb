//! `aws_iam_openid_connect_provider`: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html>

use async_trait::async_trait;
use aws_sdk_iam::operation::get_open_id_connect_provider::GetOpenIdConnectProviderOutput;
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
use crate::mark::TagChange;
use crate::{arn, iam, mark};

/// The calls of `aws_iam_openid_connect_provider`.
pub struct IamOpenidConnectProvider;

const SCHEMA: &Schema = fathuss_model::aws::IamOpenidConnectProvider::SCHEMA;

#[async_trait(?Send)]
impl Kind for IamOpenidConnectProvider {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// One `GetOpenIDConnectProvider` for each: the list answers ARNs alone, and no call takes several.
    async fn read(&self, client: &Client, requests: &[ReadRequest]) -> Batch {
        Batch::each(requests, |request| async move {
            let arn = &request.identity.0;
            Ok(provider(client, arn).await?.map(|provider| observe(arn, &provider)))
        })
        .await
    }

    async fn create(&self, client: &Client, request: &MakeRequest) -> Result<Identity, Failure> {
        let desired = Fields::of(&request.desired.attributes);
        let thumbprints = desired.has("thumbprint_list").then(|| desired.texts("thumbprint_list")).transpose()?;
        let sending = client
            .iam
            .create_open_id_connect_provider()
            .url(desired.text("url")?)
            .set_client_id_list(Some(desired.texts("client_id_list")?))
            .set_thumbprint_list(thumbprints)
            .set_tags(Some(iam::written(mark::tags_with(&request.mark, &request.desired.attributes)?)?))
            .send();
        let call = Call::iam("CreateOpenIDConnectProvider").expects("ConcurrentModification", "");
        let answer = client.send(call, sending).await?;
        let arn = answer.open_id_connect_provider_arn;
        arn.map(Identity).ok_or_else(|| unreadable(Service::Iam, "CreateOpenIDConnectProvider", "ARN"))
    }

    async fn find(&self, client: &Client, request: &MakeRequest) -> Result<Found, Failure> {
        let url = Fields::of(&request.desired.attributes).text("url")?;
        let host = url.strip_prefix(SCHEME).unwrap_or(url).trim_end_matches('/');
        let arn = arn::iam(&request.region, &request.account, &format!("oidc-provider/{host}"));
        let found = provider(client, &arn).await?;
        Ok(mark::owner(&request.mark, found.map(|provider| (arn, iam::read(provider.tags())))))
    }

    async fn settle(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let arn = &standing.identity.0;
        Ok(match provider(client, arn).await? {
            Some(provider) => once_shown(SCHEMA, &standing.desired.attributes, observe(arn, &provider)),
            None => waiting("not visible yet"),
        })
    }

    async fn update(&self, client: &Client, standing: &Standing, change: &UpdateRequest) -> Result<(), Failure> {
        let arn = standing.identity.0.as_str();
        let desired = Fields::of(&standing.desired.attributes);
        let changes = |field: &str| change.changed.iter().any(|changed| changed == field);
        if changes("client_id_list") {
            let before = Fields::of(&change.before).texts("client_id_list")?;
            let after = desired.texts("client_id_list")?;
            for added in after.iter().filter(|id| !before.contains(id)) {
                let adding = client.iam.add_client_id_to_open_id_connect_provider().open_id_connect_provider_arn(arn);
                let call = Call::iam("AddClientIDToOpenIDConnectProvider");
                client.send(call, adding.client_id(added).send()).await?;
            }
            for gone in before.iter().filter(|id| !after.contains(id)) {
                let removing = client.iam.remove_client_id_from_open_id_connect_provider();
                let sending = removing.open_id_connect_provider_arn(arn).client_id(gone).send();
                client.send(Call::iam("RemoveClientIDFromOpenIDConnectProvider"), sending).await?;
            }
        }
        if changes("thumbprint_list") && desired.has("thumbprint_list") {
            let updating = client.iam.update_open_id_connect_provider_thumbprint().open_id_connect_provider_arn(arn);
            let sending = updating.set_thumbprint_list(Some(desired.texts("thumbprint_list")?)).send();
            client.send(Call::iam("UpdateOpenIDConnectProviderThumbprint"), sending).await?;
        }
        if let Some(TagChange { set, gone }) = mark::tag_change(standing, change)? {
            let tagging = client.iam.tag_open_id_connect_provider().open_id_connect_provider_arn(arn);
            let sending = tagging.set_tags(Some(iam::written(set)?)).send();
            client.send(Call::iam("TagOpenIDConnectProvider"), sending).await?;
            if !gone.is_empty() {
                let untagging = client.iam.untag_open_id_connect_provider().open_id_connect_provider_arn(arn);
                let sending = untagging.set_tag_keys(Some(gone)).send();
                client.send(Call::iam("UntagOpenIDConnectProvider"), sending).await?;
            }
        }
        Ok(())
    }

    async fn delete(&self, client: &Client, standing: &Standing) -> Result<Progress, Failure> {
        let deleting = client.iam.delete_open_id_connect_provider();
        let sending = deleting.open_id_connect_provider_arn(&standing.identity.0).send();
        once_accepted(client.send(Call::iam("DeleteOpenIDConnectProvider"), sending).await)
    }
}

/// IAM takes the URL with it and answers the URL without it.
const SCHEME: &str = "https://";

async fn provider(client: &Client, arn: &str) -> Result<Option<GetOpenIdConnectProviderOutput>, Failure> {
    let sending = client.iam.get_open_id_connect_provider().open_id_connect_provider_arn(arn).send();
    there(client.send(Call::iam("GetOpenIDConnectProvider"), sending).await)
}

fn observe(arn: &str, provider: &GetOpenIdConnectProviderOutput) -> Attributes {
    let url = provider.url().map(|url| format!("{SCHEME}{}", url.strip_prefix(SCHEME).unwrap_or(url)));
    Observed::new()
        .with("url", url)
        .with_list("client_id_list", provider.client_id_list().iter().cloned())
        .with_list("thumbprint_list", provider.thumbprint_list().iter().cloned())
        .tagged(&iam::read(provider.tags()))
        .with("id", arn)
        .with("arn", arn)
        .finish(SCHEMA)
}
