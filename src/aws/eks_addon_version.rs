//! `aws_eks_addon_version`: <https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeAddonVersions.html>

use async_trait::async_trait;
use aws_sdk_eks::types::Compatibility;
use fathuss_engine::provider::{Attributes, Failure, LookupRequest};
use fathuss_model::Resource;
use fathuss_model::schema::Schema;

use crate::call::Call;
use crate::client::Client;
use crate::failure::refused;
use crate::fields::{Fields, Observed};
use crate::gather::every;
use crate::kind::Lookup;
use crate::offered::kubernetes;

/// The call of `aws_eks_addon_version`.
pub struct EksAddonVersion;

const SCHEMA: &Schema = fathuss_model::aws::EksAddonVersion::SCHEMA;

#[async_trait(?Send)]
impl Lookup for EksAddonVersion {
    fn schema(&self) -> &'static Schema {
        SCHEMA
    }

    /// EKS answers the versions of an addon from the newest to the oldest, and says which is its default for the
    /// version of Kubernetes.
    async fn lookup(&self, client: &Client, request: &LookupRequest) -> Result<Attributes, Failure> {
        let fields = Fields::of(&request.desired);
        let (name, kubernetes) = (fields.text("addon_name")?, fields.text("kubernetes_version")?);
        let most_recent = fields.bool_or("most_recent", false)?;
        let asking = client.eks.describe_addon_versions().addon_name(name).kubernetes_version(kubernetes);
        let addons = every(async |token| {
            let sending = asking.clone().set_next_token(token).send();
            let answer = client.send(Call::eks("DescribeAddonVersions"), sending).await?;
            Ok((answer.addons.unwrap_or_default(), answer.next_token))
        })
        .await;
        let addons = match addons {
            // So EKS answers about a version of Kubernetes that it does not have, too.
            Err(failure) if failure.code == "InvalidParameterException" => {
                let offered = kubernetes::versions(client).await?;
                let unknown = kubernetes::not_offered("kubernetes_version", kubernetes, &offered);
                return Err(unknown.map_or(failure, |message| refused("NoKubernetesVersion", message)));
            }
            addons => addons?,
        };
        let default = |it: &Compatibility| it.cluster_version.as_deref() == Some(kubernetes) && it.default_version;
        let fits = addons
            .iter()
            .flat_map(|addon| addon.addon_versions())
            .find(|version| most_recent || version.compatibilities().iter().any(default));
        let version = fits.and_then(|version| version.addon_version.clone()).ok_or_else(|| {
            refused("NoAddonVersion", format!("EKS has no version of {name} for Kubernetes {kubernetes}"))
        })?;
        Ok(Observed::new().with("id", name).with("version", version).finish(SCHEMA))
    }
}
