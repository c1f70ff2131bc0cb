//! `argocd_project`: <https://argo-cd.readthedocs.io/en/stable/user-guide/projects/>

use std::collections::BTreeMap;

use super::{KubernetesNamespace, form, twin};
use crate::aws::EksCluster;
use crate::check::{Findings, Part, View};
use crate::{Computed, Id, Name, Value};

/// A project of Argo CD, an AppProject: which repositories its Applications may take, where they may deploy, and what.
///
/// ```
/// # use fathuss_model::{aws::{policy::*, *}, kubernetes::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let range: Ipv4Net = "10.0.0.0/16".parse()?;
/// # let vpc = stack.add("main", Vpc::new(range));
/// # let mut subnets = Vec::new();
/// # for (at, zone) in (0..).zip(["us-east-1a", "us-east-1b"]) {
/// #     let subnet = Subnet::new(&vpc, range.subnet(24, at)?).availability_zone(zone);
/// #     subnets.push(stack.add(("private", zone), subnet));
/// # }
/// # let trust = Policy::new([Statement::assume_role(Principal::service("eks.amazonaws.com"))]);
/// # let role = stack.add("cluster", IamRole::new(trust));
/// # let cluster = stack.add("main", EksCluster::new("main", &role, ClusterVpcConfig::new(&subnets)));
/// let argocd = stack.add("argocd", KubernetesNamespace::new(&cluster, "argocd"));
/// let repositories = ["https://git.example.com/shop.git"];
/// let destinations = [ProjectDestination::here("shop"), ProjectDestination::here("shop-*")];
/// let shop = ArgocdProject::new(&cluster, &argocd, "shop", repositories, destinations)
///     .description("The shop")
///     .cluster_resource_whitelist([GroupKind::new("rbac.authorization.k8s.io", "ClusterRole")])
///     .namespace_resource_blacklist([GroupKind::new("", "ResourceQuota")]);
/// stack.add("shop", shop);
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "argocd_project",
    provider = "kubernetes",
    service = "kubernetes",
    creation = Name,
    create_seconds = 1,
    delete_seconds = 1,
    check = check,
    waits = super::waits_for_argocd
)]
pub struct ArgocdProject {
    /// The cluster that Argo CD runs in.
    #[field(replace)]
    cluster_name: Value<Name<EksCluster>>,
    /// The namespace that Argo CD runs in.
    #[field(replace)]
    namespace: Value<Name<KubernetesNamespace>>,
    /// Its name.
    #[field(replace, named, min_length = 1, max_length = 253, form = form::SUBDOMAIN)]
    name: Value<String>,
    /// What it is, in words.
    #[field(max_length = 255)]
    description: Option<Value<String>>,
    /// The URLs that its Applications may take from. `*` stands for anything but a slash, alone for all, `!` before one
    /// excludes it.
    #[field(set)]
    source_repos: Value<Vec<String>>,
    /// Where they may deploy.
    #[field(set)]
    destinations: Value<Vec<ProjectDestination>>,
    /// The kinds of the whole cluster that they may have; none where none is given.
    #[field(set)]
    cluster_resource_whitelist: Option<Value<Vec<GroupKind>>>,
    /// The kinds of namespaces that they may have; all where none is given.
    #[field(set)]
    namespace_resource_whitelist: Option<Value<Vec<GroupKind>>>,
    /// The kinds of namespaces that they may not have.
    #[field(set)]
    namespace_resource_blacklist: Option<Value<Vec<GroupKind>>>,
    /// Who may do what with its Applications.
    #[field(set)]
    roles: Option<Value<Vec<ProjectRole>>>,
    /// The namespaces beside Argo CD's own in which its Applications may be; none where none is given.
    #[field(set)]
    source_namespaces: Option<Value<Vec<String>>>,
    /// Whom Argo CD acts as where it deploys, by place; as itself where none is given.
    destination_service_accounts: Option<Value<Vec<DestinationServiceAccount>>>,
    /// Its labels. Those that others give it stay as they are.
    labels: Option<Value<BTreeMap<String, String>>>,
    /// Its annotations. Those that others give it stay as they are.
    annotations: Option<Value<BTreeMap<String, String>>>,
    /// Cluster, namespace and name with slashes between.
    id: Computed<Id<ArgocdProject>>,
    /// What tells it from others that had its name before.
    uid: Computed<String>,
}

/// Where a project's Applications may deploy: a cluster, by `server` or by `name`, and the namespace in it.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct ProjectDestination {
    /// The namespace. `*` stands for anything.
    namespace: Value<String>,
    /// The URL of the cluster's API server.
    server: Option<Value<String>>,
    /// The cluster's name in Argo CD.
    name: Option<Value<String>>,
}

/// The URL of the cluster that Argo CD itself runs in, to Argo CD.
pub(super) const HERE: &str = "https://kubernetes.default.svc";

impl ProjectDestination {
    /// A namespace of the cluster that Argo CD itself runs in.
    #[must_use]
    pub fn here(namespace: impl crate::IntoPlain<String>) -> Self {
        Self::new(namespace).server(HERE)
    }
}

/// A kind of objects.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct GroupKind {
    /// The group of its API, for instance `apps`; nothing for Kubernetes's core, `*` for any.
    group: Value<String>,
    /// The kind, for instance `Deployment`; `*` for any.
    #[field(min_length = 1)]
    kind: Value<String>,
}

/// Who may do what with a project's Applications.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct ProjectRole {
    /// Its name.
    #[field(min_length = 1)]
    name: Value<String>,
    /// What it is, in words.
    description: Option<Value<String>>,
    /// What it may do, in Argo CD's own form: `p, proj:shop:deployer, applications, sync, shop/*, allow`.
    #[field(set)]
    policies: Option<Value<Vec<String>>>,
    /// The groups of people who have it.
    #[field(set)]
    groups: Option<Value<Vec<String>>>,
}

/// Whom Argo CD acts as in one of a project's destinations.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct DestinationServiceAccount {
    /// The URL of the cluster's API server. `*` stands for anything.
    server: Value<String>,
    /// The service account: its name, or its namespace and name with a colon between.
    #[field(min_length = 1)]
    default_service_account: Value<String>,
    /// The namespace. `*` stands for anything.
    namespace: Option<Value<String>>,
}

fn check(project: &View<'_>, findings: &mut Findings<'_>) {
    if let Some(other) = twin(project, ["cluster_name", "namespace", "name"]) {
        findings.refuse(format!("{} has the same name in the same namespace", other.named()));
    }
    for destination in project.part("destinations").map(Part::items).unwrap_or_default() {
        if destination.at("server").is_some() == destination.at("name").is_some() {
            findings.refuse("each of `destinations` names its cluster by `server` or by `name`, not by both");
        }
    }
}

/// Whether a project may take from a repository; not, where that is sure.
/// <https://argo-cd.readthedocs.io/en/stable/user-guide/projects/#managing-projects>
pub(super) fn may_take(project: &View<'_>, repository: &str) -> bool {
    let Some(patterns) = texts(project.literal("source_repos")) else { return true };
    let repository = normalized(repository);
    let matches = |pattern: &str| glob(&normalized(pattern), &repository, true);
    let mut permitted = false;
    for pattern in patterns {
        match pattern.strip_prefix('!') {
            Some(excluded) if matches(excluded) => return false,
            excluded => permitted |= excluded.is_some() || matches(pattern),
        }
    }
    permitted
}

/// Whether a project may deploy into a namespace of a cluster; not, where that is sure.
pub(super) fn may_deploy(project: &View<'_>, server: &str, namespace: &str) -> bool {
    let Some(destinations) = project.literal("destinations").and_then(crate::Datum::as_list) else { return true };
    destinations.iter().map(Part::Datum).any(|destination| {
        let (given, name) = (destination.text("server"), destination.text("name"));
        let Some(pattern) = destination.text("namespace") else { return true };
        // What is excluded, and which cluster has a name, is Argo CD's to say.
        let is_plain = ![given, name, Some(pattern)].into_iter().flatten().any(|text| text.starts_with('!'));
        let is_there = name.is_some() || given.is_some_and(|given| glob(given, server, false));
        !is_plain || (is_there && glob(pattern, namespace, false))
    })
}

fn texts(list: Option<&crate::Datum>) -> Option<Vec<&str>> {
    list?.as_list()?.iter().map(crate::Datum::as_str).collect()
}

/// A repository's URL as Argo CD compares it.
fn normalized(url: &str) -> String {
    let url = url.trim().to_lowercase();
    let url = match url.split_once("://") {
        Some(("ssh", rest)) => rest.to_owned(),
        Some(_) => url,
        None => url.replacen(':', "/", usize::from(url.contains('@'))),
    };
    url.strip_suffix(".git").unwrap_or(&url).to_owned()
}

/// Whether a text fits a pattern with stars. What has other signs of patterns is taken to fit.
fn glob(pattern: &str, text: &str, by_segments: bool) -> bool {
    if pattern == "*" || pattern.contains(['?', '[', '{', '\\']) {
        return true;
    }
    let star = if by_segments { "[^/]*" } else { ".*" };
    let parts = pattern.split("**").map(|part| part.split('*').map(regex_lite::escape).collect::<Vec<_>>().join(star));
    let regex = parts.collect::<Vec<_>>().join(".*");
    regex_lite::Regex::new(&format!("^{regex}$")).is_ok_and(|regex| regex.is_match(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_of_a_repository_ends_at_a_slash() {
        for (pattern, text, by_segments, fits) in [
            ("*", "https://a/b/c", true, true),
            ("https://a/*", "https://a/b", true, true),
            ("https://a/*", "https://a/b/c", true, false),
            ("https://a/**", "https://a/b/c", true, true),
            ("https://a.b/c", "https://axb/c", true, false),
            ("shop-*", "shop-a/b", false, true),
            ("shop-{a,b}", "other", false, true),
        ] {
            assert_eq!(glob(pattern, text, by_segments), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn a_repository_is_the_same_in_each_of_its_forms() {
        for url in ["git@Example.com:a/b.git", "ssh://git@example.com/a/b", "git@example.com:a/b"] {
            assert_eq!(normalized(url), "git@example.com/a/b");
        }
        assert_eq!(normalized("https://example.com:8443/a.git"), "https://example.com:8443/a");
    }
}
