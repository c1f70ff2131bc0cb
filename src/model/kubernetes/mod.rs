//! What lives in a cluster, one file for each type.
//!
//! Each names its cluster, and is reached at that one's endpoint once it is there, as whoever applies. It waits for the
//! cluster's access policies, and goes before they do.

mod argocd_application;
mod argocd_project;
mod form;
mod manifest;
mod namespace;
mod release;
mod secret;

pub use argocd_application::{
    ApplicationDestination, ApplicationHelm, ApplicationHelmParameter, ApplicationSource, ArgocdApplication,
    AutomatedSync, IgnoredDifference, SyncBackoff, SyncPolicy, SyncRetry,
};
pub use argocd_project::{ArgocdProject, DestinationServiceAccount, GroupKind, ProjectDestination, ProjectRole};
pub use manifest::KubernetesManifest;
pub use namespace::KubernetesNamespace;
pub use release::HelmRelease;
pub use secret::KubernetesSecret;

use crate::Resource;
use crate::check::View;
use crate::schema::Schema;

/// The schemas of all types.
pub const SCHEMAS: &[&Schema] = &[
    KubernetesNamespace::SCHEMA,
    KubernetesSecret::SCHEMA,
    KubernetesManifest::SCHEMA,
    HelmRelease::SCHEMA,
    ArgocdProject::SCHEMA,
    ArgocdApplication::SCHEMA,
];

/// The schema of a type that lives in a cluster.
#[must_use]
pub fn schema(kind: &str) -> Option<&'static Schema> {
    SCHEMAS.iter().copied().find(|schema| schema.kind == kind)
}

/// The types that let who applies into the cluster.
const ENTRANCES: [&str; 2] = ["aws_eks_access_entry", "aws_eks_access_policy_association"];

/// What lets who applies into the cluster of this resource.
fn entrances<'a>(resource: &View<'a>) -> Vec<View<'a>> {
    let cluster = resource.node().fields.get("cluster_name");
    let beside = ENTRANCES.into_iter().flat_map(|kind| resource.beside(kind));
    beside.filter(|entrance| entrance.node().fields.get("cluster_name") == cluster).collect()
}

/// Beside that, nodes and addons. What pods need is there before them, and what takes their load balancers and volumes away
/// still runs when they go.
fn equipped<'a>(resource: &View<'a>) -> Vec<View<'a>> {
    let mut waits = entrances(resource);
    let cluster = resource.node().fields.get("cluster_name");
    let kinds = ["aws_eks_node_group", "aws_eks_fargate_profile", "aws_eks_addon"];
    let beside = kinds.into_iter().flat_map(|kind| resource.beside(kind));
    waits.extend(beside.filter(|nodes| nodes.node().fields.get("cluster_name") == cluster));
    waits
}

/// One declared before with the same values in these fields: the same object.
fn twin<'a, const COUNT: usize>(resource: &View<'a>, fields: [&str; COUNT]) -> Option<View<'a>> {
    let place = |one: &View<'_>| fields.map(|field| one.node().fields.get(field).cloned());
    resource.earlier_siblings().find(|other| place(other) == place(resource))
}

/// The namespace of this resource, where the stack declares it.
fn namespace_of<'a>(resource: &View<'a>, name: &str) -> Option<View<'a>> {
    let cluster = resource.node().fields.get("cluster_name");
    let mut declared = resource.beside(KubernetesNamespace::SCHEMA.kind).into_iter();
    declared.find(|one| one.node().fields.get("cluster_name") == cluster && one.text("name") == Some(name))
}

/// The name that stands in a field, or that of the resource which it refers to.
fn name_in<'a>(resource: &View<'a>, field: &str) -> Option<&'a str> {
    resource.text(field).or_else(|| resource.follow(field)?.text("name"))
}

/// Those of a type that are in the same namespace.
fn neighbours<'a>(resource: &View<'a>, kind: &'static str) -> Vec<View<'a>> {
    let cluster = resource.node().fields.get("cluster_name");
    let Some(namespace) = name_in(resource, "namespace") else { return Vec::new() };
    let is_near = |other: &View<'a>| {
        other.node().fields.get("cluster_name") == cluster && name_in(other, "namespace") == Some(namespace)
    };
    resource.beside(kind).into_iter().filter(is_near).collect()
}

/// What Argo CD's own resources wait for: who lets into the cluster, and what installs Argo CD into their namespace.
fn waits_for_argocd<'a>(resource: &View<'a>) -> Vec<View<'a>> {
    let mut waits = entrances(resource);
    waits.extend(name_in(resource, "namespace").and_then(|name| namespace_of(resource, name)));
    waits.extend(neighbours(resource, "helm_release"));
    waits
}
