//! EKS's versions and addons: <https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeClusterVersions.html>,
//! <https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeAddonVersions.html>

use fathuss_engine::proposal::{Objection, Proposal};
use fathuss_engine::provider::Failure;
use fathuss_model::Address;
use futures::future::try_join_all;

use super::{Asked, list, objection};
use crate::call::Call;
use crate::client::Client;
use crate::fields::Fields;
use crate::gather::every;

/// One `DescribeClusterVersions`, where a cluster is new or gets another version, and one `DescribeAddonVersions` for
/// each addon whose version no lookup has found.
pub(super) async fn object(client: &Client, asked: Asked<'_>) -> Result<Vec<Objection>, Failure> {
    let (clusters, addons) = futures::join!(clusters(client, asked), addons(client, asked));
    let mut objections = clusters?;
    objections.extend(addons?);
    Ok(objections)
}

async fn clusters(client: &Client, asked: Asked<'_>) -> Result<Vec<Objection>, Failure> {
    let mut wanted = Vec::new();
    for (address, proposal) in asked.changing("aws_eks_cluster", &["version"]) {
        wanted.extend(Fields::of(&proposal.fields).maybe_text("version")?.map(|version| (address, version)));
    }
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    let offered = versions(client).await?;
    let object = |(address, version)| Some(objection(address, not_offered("version", version, &offered)?));
    Ok(wanted.into_iter().filter_map(object).collect())
}

/// The versions of Kubernetes that EKS has.
pub(crate) async fn versions(client: &Client) -> Result<Vec<String>, Failure> {
    let versions = every(async |token| {
        let asking = client.eks.describe_cluster_versions().set_next_token(token);
        let answer = client.send(Call::eks("DescribeClusterVersions"), asking.send()).await?;
        Ok((answer.cluster_versions.unwrap_or_default(), answer.next_token))
    })
    .await?;
    Ok(versions.into_iter().filter_map(|version| version.cluster_version).collect())
}

/// What is said of a version of Kubernetes in a field, where EKS has none such.
pub(crate) fn not_offered(field: &str, version: &str, offered: &[String]) -> Option<String> {
    let has = || list(offered.iter().map(String::as_str));
    let lacking = !offered.iter().any(|offered| offered == version);
    lacking.then(|| format!("`{field}` is {version}, which EKS does not offer: it offers {}", has()))
}

async fn addons(client: &Client, asked: Asked<'_>) -> Result<Vec<Objection>, Failure> {
    let changing = asked.changing("aws_eks_addon", &["addon_name", "addon_version"]);
    // A lookup has asked the same.
    let written = changing.filter(|(_, proposal)| !proposal.refers.contains_key("addon_version"));
    let against = try_join_all(written.map(|(address, proposal)| addon(client, asked, address, proposal))).await?;
    Ok(against.into_iter().flatten().collect())
}

async fn addon(
    client: &Client,
    asked: Asked<'_>,
    address: &Address,
    proposal: &Proposal,
) -> Result<Option<Objection>, Failure> {
    let fields = Fields::of(&proposal.fields);
    let Some(name) = fields.maybe_text("addon_name")? else { return Ok(None) };
    let cluster = asked.behind(proposal, "cluster_name").next();
    let kubernetes = cluster.map(|cluster| Fields::of(&cluster.fields).maybe_string("version")).transpose()?.flatten();
    let fitting = kubernetes.as_ref().map_or_else(String::new, |version| format!(" for Kubernetes {version}"));
    let addons = every(async |token| {
        let asking = client
            .eks
            .describe_addon_versions()
            .addon_name(name)
            .set_kubernetes_version(kubernetes.clone())
            .set_next_token(token);
        match client.send(Call::eks("DescribeAddonVersions"), asking.send()).await {
            // So it answers about a name that it does not know, and about one that the version does not have.
            Err(failure) if failure.code == "InvalidParameterException" => Ok((Vec::new(), None)),
            answer => answer.map(|answer| (answer.addons.unwrap_or_default(), answer.next_token)),
        }
    })
    .await?;
    let versions = addons.into_iter().flat_map(|addon| addon.addon_versions.unwrap_or_default());
    let offered: Vec<String> = versions.filter_map(|version| version.addon_version).collect();
    if offered.is_empty() {
        return Ok(Some(objection(address, format!("EKS has no addon {name}{fitting}"))));
    }
    let version = fields.maybe_text("addon_version")?;
    let lacking = version.filter(|version| !offered.iter().any(|offered| offered == version));
    Ok(lacking.map(|version| {
        let has = list(offered.iter().map(String::as_str));
        let message =
            format!("`addon_version` is {version}, which EKS does not offer of {name}{fitting}: it offers {has}");
        objection(address, message)
    }))
}
