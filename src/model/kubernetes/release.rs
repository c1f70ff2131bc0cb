//! `helm_release`: <https://helm.sh/docs/intro/using_helm/>

use super::{KubernetesNamespace, form, twin};
use crate::aws::EksCluster;
use crate::check::{Findings, View};
use crate::{Computed, Id, Json, Name, Value};

/// A chart of Helm's that is installed in a cluster, by the `helm` of whoever applies.
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
/// let namespace = stack.add("argocd", KubernetesNamespace::new(&cluster, "argocd"));
/// // As in a file of values; what the graph knows goes over it.
/// let values = Document::yaml("{ server: { replicas: 2 }, dex: { enabled: false } }")?;
/// let values = values.merge(document!({ "global": { "domain": "argocd.example.com" } }));
/// let release = HelmRelease::new(&cluster, &namespace, "argocd", "argo-cd")
///     .repository("https://argoproj.github.io/argo-helm")
///     .version("9.1.4")
///     .values(json(values));
/// stack.add("argocd", release);
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "helm_release",
    provider = "kubernetes",
    service = "helm",
    creation = Name,
    create_seconds = 20,
    delete_seconds = 15,
    check = check,
    waits = super::equipped
)]
pub struct HelmRelease {
    /// The cluster.
    #[field(replace)]
    cluster_name: Value<Name<EksCluster>>,
    /// The namespace.
    #[field(replace)]
    namespace: Value<Name<KubernetesNamespace>>,
    /// Its name.
    #[field(replace, named, min_length = 1, max_length = 53, form = form::LABEL)]
    name: Value<String>,
    /// The chart: its name in the repository, an `oci://` reference, or a folder or an archive (`.tgz`) that
    /// begins with `./`, seen from `fathuss.toml`.
    #[field(min_length = 1, update_seconds = 20)]
    chart: Value<String>,
    /// Where the chart comes from: a repository's `https://` address; none for the other two.
    #[field(
        pattern = "https?://[^ ]+",
        pattern_words = "an address that begins with https:// is taken; an `oci://` reference belongs into `chart`"
    )]
    repository: Option<Value<String>>,
    /// The chart's version, one and not a range. A folder has its own.
    #[field(
        computed,
        update_seconds = 20,
        pattern = r"v?[0-9]+\.[0-9]+\.[0-9]+([-+][0-9A-Za-z.+-]+)?",
        pattern_words = "one version is taken, as 1.2.3: a range would make of the same stack another cluster tomorrow"
    )]
    version: Option<Value<String>>,
    /// The values that differ from the chart's own. They are in the state and in plans: a secret belongs into a
    /// `kubernetes_secret`, or is brought by External Secrets.
    #[field(json, update_seconds = 20)]
    values: Option<Value<Json>>,
    /// What it is to be in. What a run that died left pending, or what failed, is upgraded once more.
    #[field(default = "\"deployed\"", pattern = "deployed", pattern_words = "`deployed` is taken")]
    status: Option<Value<String>>,
    /// Whether what it makes has to be ready.
    #[field(instruction, default = "true")]
    wait: Option<Value<bool>>,
    /// Whether an upgrade that does not get ready in `timeout_seconds` is rolled back, a new one uninstalled.
    #[field(instruction, default = "false")]
    atomic: Option<Value<bool>>,
    /// How long each hook of the chart's may take.
    #[field(instruction, default = "300", min = 1, max = 3600)]
    timeout_seconds: Option<Value<i64>>,
    /// How many of its revisions Helm keeps to roll back to.
    #[field(instruction, default = "10", min = 1)]
    history_max: Option<Value<i64>>,
    /// Cluster, namespace and name with slashes between.
    id: Computed<Id<HelmRelease>>,
    /// How often it was installed, upgraded or rolled back.
    #[field(volatile)]
    revision: Computed<i64>,
    /// When it was installed: what tells it from others that had its name before.
    #[field(volatile)]
    first_deployed: Computed<String>,
}

/// What a chart is found by.
enum Origin {
    Repository,
    Registry,
    Folder,
}

fn origin(chart: &str) -> Origin {
    match chart {
        _ if chart.starts_with("oci://") => Origin::Registry,
        _ if chart.starts_with("./") || chart.starts_with("../") || chart.starts_with('/') => Origin::Folder,
        _ => Origin::Repository,
    }
}

fn check(release: &View<'_>, findings: &mut Findings<'_>) {
    if let Some(other) = twin(release, ["cluster_name", "namespace", "name"]) {
        findings.refuse(format!("{} has the same name in the same namespace", other.named()));
    }
    let host = release.text("repository").and_then(|address| address.split("//").nth(1)?.split('/').next());
    if host.is_some_and(|host| host.contains('@')) {
        findings.refuse("`repository` has a name or password in it, which would stand in plans and in the state");
    }
    let Some(chart) = release.text("chart") else { return };
    let is_given = |field: &str| release.node().fields.contains_key(field);
    match origin(chart) {
        Origin::Repository if !is_given("repository") => {
            findings.refuse(format!(
                "`{chart}` is looked for in a repository: give `.repository(\"https://...\")`, or begin a folder with ./"
            ));
        }
        Origin::Registry | Origin::Folder if is_given("repository") => {
            findings.refuse(format!("`{chart}` is no chart of a repository: leave out `repository`"));
        }
        Origin::Repository | Origin::Registry if !is_given("version") => {
            findings.refuse("`version` is not given: the newest one would be another each time");
        }
        Origin::Folder if is_given("version") => {
            findings.refuse("a folder has its version in its Chart.yaml: leave out `version`");
        }
        _ => {}
    }
}
