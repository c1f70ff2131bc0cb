//! Public addresses of a network, which hold its internet gateway:
//! <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DetachInternetGateway.html>

use std::collections::BTreeSet;

use aws_sdk_ec2::types::NetworkInterface;
use fathuss_engine::proposal::{Objection, Proposals, Proposed};
use fathuss_engine::provider::Failure;
use fathuss_model::{Address, Resource};
use futures::future::try_join_all;

use crate::client::Client;
use crate::fields::Fields;
use crate::gather::{filter, pages};
use crate::network_interface;

/// What has interfaces of its own that do not say whose they are: where such a one is deleted or changes, nothing is said.
const OWNERS: [&str; 6] = [
    "aws_eks_cluster",
    "aws_eks_node_group",
    "aws_db_instance",
    "helm_release",
    "kubernetes_manifest",
    "argocd_application",
];

/// The internet gateways among what would be deleted that AWS will not take off their network, since it stays and
/// something in it that stays too has a public address. One `DescribeNetworkInterfaces` for each such network.
pub(crate) async fn objections(client: &Client, proposed: &Proposed) -> Result<Vec<Objection>, Failure> {
    let deleted = &proposed.deleted;
    let changes = proposed.made.iter().filter(|(_, proposal)| !proposal.changes.is_empty());
    if deleted.iter().chain(changes).any(|(address, _)| OWNERS.contains(&address.kind())) {
        return Ok(Vec::new());
    }
    let gateways = deleted.iter().filter(|(address, gateway)| {
        address.kind() == fathuss_model::aws::InternetGateway::SCHEMA.kind && gateway.region == client.region
    });
    let asked = gateways.map(async |(address, gateway)| {
        let Some(vpc) = Fields::of(&gateway.fields).maybe_text("vpc_id")? else { return Ok(None) };
        against(client, address, vpc, &ids(deleted)).await
    });
    Ok(try_join_all(asked).await?.into_iter().flatten().collect())
}

fn ids(deleted: &Proposals) -> BTreeSet<&str> {
    deleted.values().filter_map(|proposal| proposal.fields.get("id")?.as_str()).collect()
}

async fn against(
    client: &Client,
    address: &Address,
    vpc: &str,
    going: &BTreeSet<&str>,
) -> Result<Option<Objection>, Failure> {
    if going.contains(vpc) {
        return Ok(None);
    }
    let here = [filter("vpc-id", [vpc.to_owned()])];
    let interfaces = pages(&here, &network_interface::page(client)).await?;
    let mut staying = interfaces.iter().filter(|interface| !goes(interface, going));
    Ok(staying.find_map(|interface| {
        let message = format!(
            "{vpc} stays, and {} in it has the public address {}: AWS takes no internet gateway off such a network. Take \
             that out first and apply, or keep the gateway; where it only has another name now, `fathuss state move` \
             brings the state there",
            interface.description().filter(|text| !text.is_empty()).or(interface.network_interface_id())?,
            mapped(interface)?,
        );
        Some(Objection { address: address.clone(), message })
    }))
}

fn mapped(interface: &NetworkInterface) -> Option<&str> {
    interface.association()?.public_ip()
}

/// Whether it is, belongs to or has its address from what is deleted.
fn goes(interface: &NetworkInterface, going: &BTreeSet<&str>) -> bool {
    let instance = interface.attachment().and_then(|attachment| attachment.instance_id());
    let address = interface.association().and_then(|association| association.allocation_id());
    let known = [interface.network_interface_id(), instance, address];
    let described = interface.description().unwrap_or_default();
    known.into_iter().flatten().any(|id| going.contains(id)) || going.iter().any(|id| described.contains(id))
}
