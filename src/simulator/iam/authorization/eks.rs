//! EKS's actions: on the cluster, or on the part of it that a request names; what is made is asked for on its cluster.
//!
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelastickubernetesservice.html>

use super::ask::{Ask, Told, held, requested};
use crate::eks::access_entry::AccessEntry;
use crate::eks::addon::Addon;
use crate::eks::cluster::Cluster;
use crate::eks::fargate_profile::FargateProfile;
use crate::eks::node_group::NodeGroup;
use crate::eks::pod_identity::PodIdentityAssociation;
use crate::value::Value;
use crate::world::Tx;

/// What is asked for on nothing of an account's.
const GENERAL: &[&str] =
    &["DescribeAddonConfiguration", "DescribeAddonVersions", "DescribeClusterVersions", "ListAccessPolicies"];

pub(super) fn asks(tx: &Tx<'_>, operation: &str, input: &Value) -> Vec<Ask> {
    let action = format!("eks:{operation}");
    let given = requested(input.get(if operation == "UntagResource" { "tagKeys" } else { "tags" }));
    let (resource, tags) = on(tx, operation, input);
    let mut asks = vec![Ask::new(action, &resource).told(tags).told(given.clone())];
    if operation.starts_with("Create") && !given.is_empty() {
        asks.push(Ask::new("eks:TagResource", resource).told(given));
    }
    asks
}

/// What the action is asked for on, with its tags.
fn on(tx: &Tx<'_>, operation: &str, input: &Value) -> (String, Told) {
    let text = |member: &str| input.get(member).text();
    let arn = |rest: String| format!("arn:aws:eks:{}:{}:{rest}", tx.region(), tx.account());
    let found = |row: Option<(&String, Told)>, otherwise: String| match row {
        Some((arn, tags)) => (arn.clone(), tags),
        None => (arn(otherwise), Told::new()),
    };
    if GENERAL.contains(&operation) {
        return ("*".to_owned(), Told::new());
    }
    if let Some(resource) = text("resourceArn") {
        return (resource.to_owned(), tags_of(tx, resource));
    }
    let Some(cluster) = text("clusterName").or_else(|| text("name")) else {
        return (arn("cluster/*".to_owned()), Told::new());
    };
    // What is made, and lists, are asked for on the cluster.
    let is_part = !operation.starts_with("Create")
        && (!operation.starts_with("List") || ["ListAssociatedAccessPolicies", "ListUpdates"].contains(&operation));
    if is_part {
        if let Some(name) = text("nodegroupName") {
            let row = tx.get::<NodeGroup>(&format!("{cluster}/{name}")).map(|row| (&row.arn, held(&row.tags)));
            return found(row, format!("nodegroup/{cluster}/{name}/*"));
        }
        if let Some(name) = text("addonName") {
            let row = tx.get::<Addon>(&format!("{cluster}/{name}")).map(|row| (&row.arn, held(&row.tags)));
            return found(row, format!("addon/{cluster}/{name}/*"));
        }
        if let Some(name) = text("fargateProfileName") {
            let row = tx.get::<FargateProfile>(&format!("{cluster}/{name}")).map(|row| (&row.arn, held(&row.tags)));
            return found(row, format!("fargateprofile/{cluster}/{name}/*"));
        }
        if let Some(principal) = text("principalArn") {
            let row = tx.get::<AccessEntry>(&format!("{cluster}/{principal}")).map(|row| (&row.arn, held(&row.tags)));
            return found(row, format!("access-entry/{cluster}/*"));
        }
        if let Some(id) = text("associationId") {
            let row = tx.get::<PodIdentityAssociation>(&format!("{cluster}/{id}"));
            let tags = row.map(|row| held(&row.tags)).unwrap_or_default();
            return (arn(format!("podidentityassociation/{cluster}/{id}")), tags);
        }
    }
    let tags = tx.get::<Cluster>(cluster).map(|row| held(&row.tags)).unwrap_or_default();
    (arn(format!("cluster/{cluster}")), tags)
}

/// The tags of what an ARN names.
fn tags_of(tx: &Tx<'_>, arn: &str) -> Told {
    let mut path = arn.rsplit(':').next().unwrap_or_default().split('/');
    let (kind, cluster, name) = (path.next(), path.next().unwrap_or_default(), path.next().unwrap_or_default());
    let part = format!("{cluster}/{name}");
    let tags = match kind {
        Some("cluster") => tx.get::<Cluster>(cluster).map(|row| held(&row.tags)),
        Some("nodegroup") => tx.get::<NodeGroup>(&part).map(|row| held(&row.tags)),
        Some("addon") => tx.get::<Addon>(&part).map(|row| held(&row.tags)),
        Some("fargateprofile") => tx.get::<FargateProfile>(&part).map(|row| held(&row.tags)),
        Some("podidentityassociation") => tx.get::<PodIdentityAssociation>(&part).map(|row| held(&row.tags)),
        Some("access-entry") => tx.rows::<AccessEntry>().find(|row| row.arn == arn).map(|row| held(&row.tags)),
        _ => None,
    };
    tags.unwrap_or_default()
}
