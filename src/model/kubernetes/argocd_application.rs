//! `argocd_application`: <https://argo-cd.readthedocs.io/en/stable/operator-manual/declarative-setup/#applications>

use std::collections::BTreeMap;

use super::argocd_project::{HERE, may_deploy, may_take};
use super::{ArgocdProject, KubernetesNamespace, form, name_in, namespace_of, neighbours, twin};
use crate::aws::EksCluster;
use crate::check::{Findings, View};
use crate::expression::{Document, Expression};
use crate::schema::Form;
use crate::{Computed, Id, Json, Name, Resource, Value};

/// An Application of Argo CD: what a repository says, brought into a namespace and kept so.
///
/// Where Argo CD synchronises it by itself, it counts as made or changed once it is synchronised and healthy. Otherwise
/// people synchronise it, and it counts once Argo CD has looked at it.
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
/// # let argocd = stack.add("argocd", KubernetesNamespace::new(&cluster, "argocd"));
/// # let shop = stack.add("shop", KubernetesNamespace::new(&cluster, "shop"));
/// # let key = stack.add("shop", KmsKey::new().enable_key_rotation(true));
/// # let destinations = [ProjectDestination::here("shop")];
/// # let repositories = ["https://git.example.com/shop.git"];
/// # let project = ArgocdProject::new(&cluster, &argocd, "shop", repositories, destinations);
/// # let project = stack.add("shop", project);
/// // Any value of the stack can be among the chart's values.
/// let values = document!({ "replicas": 3, "key": (key.arn()) });
/// let source = ApplicationSource::new("https://git.example.com/shop.git", "main")
///     .path("charts/shop")
///     .helm(ApplicationHelm::new().value_files(["values-staging.yaml"]).values_object(json(values)));
/// let policy = SyncPolicy::new()
///     .automated(AutomatedSync::new(true).self_heal(true))
///     .sync_options(["CreateNamespace=false"]);
/// let place = ApplicationDestination::new(&shop);
/// stack.add("shop", ArgocdApplication::new(&cluster, &argocd, "shop", &project, source, place).sync_policy(policy));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "argocd_application",
    provider = "kubernetes",
    service = "kubernetes",
    creation = Name,
    create_seconds = 120,
    delete_seconds = 60,
    check = check,
    waits = waits
)]
pub struct ArgocdApplication {
    /// The cluster that Argo CD runs in.
    #[field(replace)]
    cluster_name: Value<Name<EksCluster>>,
    /// The namespace that Argo CD runs in.
    #[field(replace)]
    namespace: Value<Name<KubernetesNamespace>>,
    /// Its name.
    #[field(replace, named, min_length = 1, max_length = 253, form = form::SUBDOMAIN)]
    name: Value<String>,
    /// The project; `Name::existing("default")` for the one that Argo CD makes itself.
    #[field(holds = Free, update_seconds = 60)]
    project: Value<Name<ArgocdProject>>,
    /// What it brings.
    #[field(update_seconds = 60)]
    source: Value<ApplicationSource>,
    /// Where to.
    #[field(update_seconds = 60)]
    destination: Value<ApplicationDestination>,
    /// When and how it is synchronised.
    #[field(update_seconds = 60)]
    sync_policy: Option<Value<SyncPolicy>>,
    /// What may differ from the repository.
    #[field(set)]
    ignore_differences: Option<Value<Vec<IgnoredDifference>>>,
    /// Whether a delete of it has Argo CD delete first what it deployed: Argo CD has to run for that.
    #[field(default = "true")]
    cascade: Option<Value<bool>>,
    /// Whether Argo CD is waited for.
    #[field(instruction, default = "true")]
    wait: Option<Value<bool>>,
    /// Its labels. Those that others give it stay as they are.
    labels: Option<Value<BTreeMap<String, String>>>,
    /// Its annotations. Those that others give it stay as they are.
    annotations: Option<Value<BTreeMap<String, String>>>,
    /// Cluster, namespace and name with slashes between.
    id: Computed<Id<ArgocdApplication>>,
    /// What tells it from others that had its name before.
    uid: Computed<String>,
}

/// What an Application brings: a folder of a repository by `path`, or a chart of a chart repository by `chart`.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct ApplicationSource {
    /// The repository.
    #[field(form = REPOSITORY)]
    repo_url: Value<String>,
    /// The branch, tag or commit; of a chart its version, or a range of versions.
    #[field(min_length = 1)]
    target_revision: Value<String>,
    /// The folder in the repository.
    #[field(
        min_length = 1,
        pattern = "[^/].*",
        pattern_words = "a path from the repository's root, without a / before it"
    )]
    path: Option<Value<String>>,
    /// The chart in the chart repository.
    #[field(min_length = 1)]
    chart: Option<Value<String>>,
    /// What is given to Helm, where it is a chart.
    helm: Option<Value<ApplicationHelm>>,
}

/// What an Application gives to Helm. What comes later counts: value files, `values_object`, parameters.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct ApplicationHelm {
    /// The release's name; the Application's where none is given.
    #[field(min_length = 1, max_length = 53, form = form::SUBDOMAIN)]
    release_name: Option<Value<String>>,
    /// Value files, from the chart's folder on.
    value_files: Option<Value<Vec<String>>>,
    /// Values.
    #[field(json)]
    values_object: Option<Value<Json>>,
    /// Single values.
    parameters: Option<Value<Vec<ApplicationHelmParameter>>>,
}

/// A single value for Helm, as `--set` takes it.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct ApplicationHelmParameter {
    /// The value's name, with dots.
    #[field(min_length = 1)]
    name: Value<String>,
    /// The value.
    value: Value<String>,
    /// Whether it is text whatever it looks like.
    #[field(default = "false")]
    force_string: Option<Value<bool>>,
}

/// Where an Application brings things.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct ApplicationDestination {
    /// The namespace, for what says none itself.
    #[field(holds = Free)]
    namespace: Value<Name<KubernetesNamespace>>,
    /// The URL of the cluster's API server; of the cluster that Argo CD itself runs in where none is given.
    #[field(default = "\"https://kubernetes.default.svc\"")]
    server: Option<Value<String>>,
}

/// When and how an Application is synchronised.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct SyncPolicy {
    /// How Argo CD does it by itself; people do where this is not given.
    automated: Option<Value<AutomatedSync>>,
    /// Options, for instance `ServerSideApply=true`.
    #[field(pattern = "[A-Za-z]+=.+", pattern_words = "an option is a name and a value with = between", set)]
    sync_options: Option<Value<Vec<String>>>,
    /// How often what failed is tried again; where Argo CD synchronises by itself five times if this is not given.
    retry: Option<Value<SyncRetry>>,
}

/// How Argo CD synchronises by itself.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct AutomatedSync {
    /// Whether it deletes what the repository has no more.
    prune: Value<bool>,
    /// Whether it puts back what others change in the cluster.
    #[field(default = "false")]
    self_heal: Option<Value<bool>>,
}

/// How often a synchronisation that failed is tried again.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct SyncRetry {
    /// How often; without end where it is below 0.
    limit: Value<i64>,
    /// How long apart.
    backoff: Option<Value<SyncBackoff>>,
    /// Whether the next attempt is about the newest commit; of the one that failed otherwise.
    refresh: Option<Value<bool>>,
}

/// How long a synchronisation that failed waits before it is tried again.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct SyncBackoff {
    /// The first time, for instance `10s`; Argo CD takes 5 s where none is given.
    #[field(form = DURATION)]
    duration: Option<Value<String>>,
    /// By what it grows each time; Argo CD takes 2 where none is given.
    #[field(min = 1)]
    factor: Option<Value<i64>>,
    /// The longest, for instance `3m`; Argo CD takes 3 min where none is given.
    #[field(form = DURATION)]
    max_duration: Option<Value<String>>,
}

/// What of some objects may differ from the repository.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct IgnoredDifference {
    /// Their kind.
    #[field(min_length = 1)]
    kind: Value<String>,
    /// The group of its API; Kubernetes's core where none is given.
    group: Option<Value<String>>,
    /// The one of this name alone.
    name: Option<Value<String>>,
    /// Those of this namespace alone.
    namespace: Option<Value<String>>,
    /// What differs, as JSON pointers: `/spec/replicas`.
    json_pointers: Option<Value<Vec<String>>>,
    /// What differs, as expressions of jq.
    jq_path_expressions: Option<Value<Vec<String>>>,
    /// Whose fields may differ, by the names of field managers.
    managed_fields_managers: Option<Value<Vec<String>>>,
}

/// A repository of Git or of charts. A registry of charts is named without a scheme:
/// <https://argo-cd.readthedocs.io/en/stable/user-guide/helm/>
const REPOSITORY: Form = Form::new(
    r"(https?|ssh|file|oci)://\S+|[A-Za-z0-9._-]+@[A-Za-z0-9.-]+:\S+|[a-z0-9-]+(\.[a-z0-9-]+)+(:[0-9]+)?(/[^\s:]+)?",
    "a URL begins with https://, http://, ssh://, file:// or oci://, or is git@host:path; a registry of charts is host/path",
    &["https://git.example.com/shop.git", "git@git.example.com:shop.git", "registry.example.com/charts"],
);

/// How Go writes durations.
const DURATION: Form =
    Form::new("[0-9]+|([0-9]+(ms|s|m|h))+", "seconds, or numbers with ms, s, m or h behind each", &["10s", "1m30s"]);

/// Beside what installs Argo CD: where it brings things, its project, and the secrets beside it, by which Argo CD enters
/// repositories.
fn waits<'a>(application: &View<'a>) -> Vec<View<'a>> {
    let mut waits = super::waits_for_argocd(application);
    waits.extend(application.text("destination.namespace").and_then(|name| namespace_of(application, name)));
    waits.extend(project_of(application));
    waits.extend(neighbours(application, super::KubernetesSecret::SCHEMA.kind));
    waits
}

/// The project, where the stack declares it.
fn project_of<'a>(application: &View<'a>) -> Option<View<'a>> {
    let named = || {
        let name = application.text("project")?;
        let beside = neighbours(application, ArgocdProject::SCHEMA.kind);
        beside.into_iter().find(|project| project.text("name") == Some(name))
    };
    application.follow("project").or_else(named)
}

fn check(application: &View<'_>, findings: &mut Findings<'_>) {
    if let Some(other) = twin(application, ["cluster_name", "namespace", "name"]) {
        findings.refuse(format!("{} has the same name in the same namespace", other.named()));
    }
    let repository = application.text("source.repo_url");
    match (application.gives("source.path"), application.gives("source.chart")) {
        (true, false) => {
            if let Some(url) = repository.filter(|url| !url.contains("://") && !url.contains('@')) {
                findings.refuse(format!("`source.repo_url` is {url:?}: a repository of Git begins with its scheme"));
            }
        }
        (false, true) => {}
        _ => findings.refuse("`source` has a `path` in its repository or a `chart`, one of them"),
    }
    if let Some(values) = application.part("source.helm.values_object")
        && !matches!(values, crate::check::Part::Expression(Expression::Json(Document::Object(_))))
    {
        findings.refuse("`source.helm.values_object` is an object: write json(document!({ ... }))");
    }
    if let Some(project) = project_of(application) {
        check_project(application, &project, findings);
    }
}

/// Holds an Application to what its project permits, as far as both are written in place.
fn check_project(application: &View<'_>, project: &View<'_>, findings: &mut Findings<'_>) {
    for field in ["cluster_name", "namespace"] {
        if let (Some(own), Some(its)) = (name_in(application, field), name_in(project, field))
            && own != its
        {
            findings.refuse(format!(
                "{} has the `{field}` {its:?}: from {own:?} Argo CD does not find it",
                project.named()
            ));
        }
    }
    if let Some(repository) = application.text("source.repo_url").filter(|url| !may_take(project, url)) {
        findings.refuse(format!(
            "{} does not permit {repository:?}: add it to the project's `source_repos`",
            project.named()
        ));
    }
    let namespace = name_in(application, "destination.namespace");
    let server = match application.gives("destination.server") {
        true => application.text("destination.server"),
        false => Some(HERE),
    };
    let (Some(namespace), Some(server)) = (namespace, server) else { return };
    if !may_deploy(project, server, namespace) {
        findings.refuse(format!(
            "{} does not permit the namespace {namespace:?} of {server}: add it to the project's `destinations`",
            project.named()
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{Finding, Graph};
    use crate::kubernetes::{ApplicationHelm, KubernetesSecret, ProjectDestination};
    use crate::{Handle, Secret, Stack, document, graph_of, json};

    const REPOSITORY: &str = "https://git.example.com/shop.git";

    type Declared = (Handle<KubernetesNamespace>, Handle<KubernetesNamespace>, Handle<ArgocdProject>);

    fn cluster() -> Value<Name<EksCluster>> {
        Name::existing("main")
    }

    fn built(build: impl FnOnce(&mut Stack, &Declared)) -> Result<Graph, Vec<Finding>> {
        graph_of("test", |stack| {
            stack.place("us-east-1", "111122223333");
            let argocd = stack.add("argocd", KubernetesNamespace::new(cluster(), "argocd"));
            let shop = stack.add("shop", KubernetesNamespace::new(cluster(), "shop"));
            let destinations = [ProjectDestination::here("shop")];
            let project = ArgocdProject::new(cluster(), &argocd, "shop", ["https://git.example.com/*"], destinations);
            let project = stack.add("shop", project);
            build(stack, &(argocd, shop, project));
            Ok(())
        })
    }

    /// Builds a stack with one thing wrong in what is declared, and asserts that this is all that is found.
    fn refused(message: &str, build: impl FnOnce(&mut Stack, &Declared)) {
        let found = built(build).expect_err("something is wrong");
        let [finding] = found.as_slice() else { panic!("one finding was expected: {found:#?}") };
        assert!(finding.message.contains(message), "{}", finding.message);
        assert!(finding.source.is_some());
    }

    fn source() -> ApplicationSource {
        ApplicationSource::new(REPOSITORY, "main").path("charts/shop")
    }

    fn application((argocd, shop, project): &Declared, source: ApplicationSource) -> ArgocdApplication {
        ArgocdApplication::new(cluster(), argocd, "shop", project, source, ApplicationDestination::new(shop))
    }

    #[test]
    fn a_source_is_a_folder_or_a_chart() {
        let url = "https://git.example.com/charts";
        for source in [ApplicationSource::new(url, "1.0.0"), source().chart("shop")] {
            refused("a `path` in its repository or a `chart`", |stack, declared| {
                stack.add("shop", application(declared, source));
            });
        }
        built(|stack, declared| {
            stack.add("shop", application(declared, ApplicationSource::new(url, "1.0.0").chart("shop")));
        })
        .expect("a chart is one");
    }

    #[test]
    fn a_repository_has_a_url() {
        let at = |url: &str| ApplicationSource::new(url, "main").path("shop");
        let made = |url: &'static str| {
            built(|stack, (argocd, shop, _)| {
                let (own, place) = (Name::existing("default"), ApplicationDestination::new(shop));
                stack.add("shop", ArgocdApplication::new(cluster(), argocd, "shop", own, at(url), place));
            })
        };
        for url in ["git@git.example.com:shop.git", "ssh://git@a/b", "file:///srv/shop", "oci://a/b", "http://a/b"] {
            made(url).expect(url);
        }
        for url in ["shop", "ftp://a/b", "https://a b", "github.com/shop"] {
            made(url).expect_err(url);
        }
    }

    #[test]
    fn a_project_permits_what_its_applications_take_and_where_to() {
        refused("does not permit \"https://elsewhere.example.com/shop\": add it", |stack, declared| {
            let source = ApplicationSource::new("https://elsewhere.example.com/shop", "main").path(".");
            stack.add("shop", application(declared, source));
        });
        refused("does not permit the namespace \"argocd\" of https://kubernetes.default.svc", |stack, declared| {
            let (argocd, _, project) = declared;
            let place = ApplicationDestination::new(argocd);
            stack.add("shop", ArgocdApplication::new(cluster(), argocd, "shop", project, source(), place));
        });
        refused("does not permit the namespace \"shop\" of https://other:6443", |stack, declared| {
            let (argocd, shop, project) = declared;
            let place = ApplicationDestination::new(shop).server("https://other:6443");
            stack.add("shop", ArgocdApplication::new(cluster(), argocd, "shop", project, source(), place));
        });
    }

    #[test]
    fn a_project_is_beside_its_applications() {
        refused("from \"shop\" Argo CD does not find it", |stack, (_, shop, project)| {
            let place = ApplicationDestination::new(shop);
            stack.add("shop", ArgocdApplication::new(cluster(), shop, "shop", project, source(), place));
        });
    }

    #[test]
    fn a_name_is_there_once_in_a_namespace() {
        refused("has the same name in the same namespace", |stack, declared| {
            stack.add("one", application(declared, source()));
            stack.add("other", application(declared, source()));
        });
        refused("has the same name in the same namespace", |stack, (argocd, ..)| {
            let here = [ProjectDestination::here("*")];
            stack.add("other", ArgocdProject::new(cluster(), argocd, "shop", ["*"], here));
        });
        built(|stack, (_, shop, _)| {
            stack.add("other", ArgocdProject::new(cluster(), shop, "shop", ["*"], [ProjectDestination::here("*")]));
        })
        .expect("in another namespace it is another");
    }

    #[test]
    fn a_destination_of_a_project_names_one_cluster() {
        refused("by `server` or by `name`", |stack, (argocd, ..)| {
            let destinations = [ProjectDestination::new("*"), ProjectDestination::here("*")];
            stack.add("other", ArgocdProject::new(cluster(), argocd, "other", ["*"], destinations));
        });
    }

    #[test]
    fn values_are_an_object() {
        refused("`source.helm.values_object` is an object", |stack, declared| {
            let helm = ApplicationHelm::new().values_object(json(document!(["replicas"])));
            stack.add("shop", application(declared, source().helm(helm)));
        });
    }

    #[test]
    fn durations_and_options_have_a_form() {
        let with = |policy: SyncPolicy| {
            built(|stack, declared| {
                stack.add("shop", application(declared, source()).sync_policy(policy));
            })
        };
        let retry =
            |duration: &str| SyncPolicy::new().retry(SyncRetry::new(5).backoff(SyncBackoff::new().duration(duration)));
        with(retry("1m30s").sync_options(["ServerSideApply=true"])).expect("both have it");
        with(retry("soon")).expect_err("it is no duration");
        with(SyncPolicy::new().sync_options(["ServerSideApply"])).expect_err("it has no value");
    }

    #[test]
    fn it_waits_for_what_lets_argo_cd_bring_it() {
        let graph = built(|stack, declared| {
            let (argocd, ..) = declared;
            let value = Secret::from_environment("KEY");
            let key = KubernetesSecret::new(cluster(), argocd, "key", "sshPrivateKey", value).value_wo_version(1);
            stack.add("key", key);
            // By their names alone.
            let (namespace, project) = (Name::existing("argocd"), Name::existing("shop"));
            let place = ApplicationDestination::new(Name::existing("shop"));
            stack.add("shop", ArgocdApplication::new(cluster(), namespace, "root", project, source(), place));
        })
        .expect("nothing is wrong with it");
        let is_application = |node: &&crate::graph::Node| node.address.kind() == "argocd_application";
        let application = graph.nodes.iter().find(is_application).expect("it is declared");
        let waits: Vec<String> = application.depends_on.iter().map(crate::Address::local).collect();
        for needed in
            ["kubernetes_namespace.argocd", "kubernetes_namespace.shop", "argocd_project.shop", "kubernetes_secret.key"]
        {
            assert!(waits.iter().any(|wait| wait == needed), "{needed}: {waits:?}");
        }
    }
}
