//! What the engine itself puts into the cluster: what Argo CD needs to begin. Argo CD installs everything else from `helm/`.

use std::collections::BTreeMap;

use fathuss_model::aws::EksCluster;
use fathuss_model::kubernetes::{
    ApplicationDestination, ApplicationHelm, ApplicationSource, ArgocdApplication, ArgocdProject, AutomatedSync,
    GroupKind, HelmRelease, KubernetesManifest, KubernetesNamespace, ProjectDestination, SyncPolicy, SyncRetry,
};
use fathuss_model::{DeclarationExt, Document, Error, Handle, Result, Stack, document, json};
use serde::Deserialize;

use crate::environment::{Environment, Stage};
use crate::platform::Foundation;

/// How strictly a namespace's pods are held: <https://kubernetes.io/docs/concepts/security/pod-security-standards/>
#[derive(Clone, Copy)]
enum PodSecurity {
    Restricted,
    Baseline,
    Privileged,
}

/// The namespaces beside the environment's own, as `docs/helm.md` has them, and whether istiod puts a proxy into their pods.
const NAMESPACES: [(&str, PodSecurity, bool); 9] = [
    ("argocd", PodSecurity::Restricted, false),
    ("argo-rollouts", PodSecurity::Restricted, false),
    ("external-dns", PodSecurity::Restricted, false),
    ("external-secrets", PodSecurity::Restricted, false),
    ("istio-ingress", PodSecurity::Baseline, true),
    ("istio-system", PodSecurity::Privileged, false),
    ("loki", PodSecurity::Baseline, false),
    ("monitoring", PodSecurity::Privileged, false),
    ("sentry", PodSecurity::Baseline, false),
];

/// Namespaces, the storage class and Argo CD.
pub fn applications(stack: &mut Stack, env: &Environment, foundation: &Foundation) -> Result<()> {
    env.tag_all(stack, "applications");
    let cluster = &foundation.cluster.cluster;
    let mut namespaces = BTreeMap::new();
    let own = env.namespace();
    for (name, security, injected) in NAMESPACES.into_iter().chain([(own.as_str(), PodSecurity::Restricted, true)]) {
        namespaces.insert(name.to_owned(), namespace(stack, cluster, name, security, injected));
    }
    // Claims are given volumes, and these taken away, by the driver: it is there before them and goes after them.
    let class = KubernetesManifest::new(cluster, json(storage_class())).depends_on(&foundation.cluster.volumes);
    let class = stack.add("gp3", class);
    let closed = KubernetesManifest::new(cluster, json(default_deny(&namespaces[&own])));
    let closed = stack.add("default-deny", closed);
    let argocd = &namespaces["argocd"];
    argo_cd(stack, env, cluster, argocd)?;
    let root = root(stack, env, foundation, argocd);
    // What it deploys stands in these, and goes before they do.
    let root =
        root.depends_on_all(&namespaces.values().cloned().collect::<Vec<_>>()).depends_on(&class).depends_on(&closed);
    // Its controllers take away what they made by these, and load balancers serve until then.
    let root = root.depends_on_all(&foundation.cluster.roles.permitted).depends_on_all(&foundation.network.published);
    stack.add("platform", root);
    Ok(())
}

fn namespace(
    stack: &mut Stack,
    cluster: &Handle<EksCluster>,
    name: &str,
    security: PodSecurity,
    injected: bool,
) -> Handle<KubernetesNamespace> {
    let level = match security {
        PodSecurity::Restricted => "restricted",
        PodSecurity::Baseline => "baseline",
        PodSecurity::Privileged => "privileged",
    };
    let mut labels = BTreeMap::from([("pod-security.kubernetes.io/enforce".to_owned(), level)]);
    if injected {
        labels.insert("istio-injection".to_owned(), "enabled");
    }
    stack.add(name, KubernetesNamespace::new(cluster, name).labels(labels))
}

/// In the services' namespace nobody is reached, or reaches anybody, but by a policy of its own.
fn default_deny(namespace: &Handle<KubernetesNamespace>) -> Document {
    document!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": { "name": "default-deny", "namespace": (namespace.name()) },
        "spec": { "podSelector": {}, "policyTypes": ["Ingress", "Egress"] },
    })
}

/// Encrypted, of the newest kind, made in the zone of the first pod that mounts it.
fn storage_class() -> Document {
    document!({
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {
            "name": "gp3",
            "annotations": { "storageclass.kubernetes.io/is-default-class": "true" },
        },
        "provisioner": "ebs.csi.aws.com",
        "parameters": { "type": "gp3", "encrypted": "true" },
        "volumeBindingMode": "WaitForFirstConsumer",
        "allowVolumeExpansion": true,
    })
}

/// A chart of others.
#[derive(Deserialize)]
struct Chart {
    repository: String,
    chart: String,
    version: String,
}

fn argo_cd(
    stack: &mut Stack,
    env: &Environment,
    cluster: &Handle<EksCluster>,
    namespace: &Handle<KubernetesNamespace>,
) -> Result<Handle<HelmRelease>> {
    let charts: BTreeMap<String, Chart> = serde_saphyr::from_str(include_str!("../helm/platform/versions.yaml"))?;
    let chart = charts.get("argo-cd").ok_or_else(|| Error::new("versions.yaml has no argo-cd"))?;
    let values = Document::yaml(include_str!("../helm/argo-cd/values.yaml"))?;
    let values = values.merge(Document::yaml(match env.stage {
        Stage::Staging => include_str!("../helm/argo-cd/values-staging.yaml"),
        Stage::Production => include_str!("../helm/argo-cd/values-production.yaml"),
    })?);
    let release = HelmRelease::new(cluster, namespace, "argocd", chart.chart.as_str())
        .repository(chart.repository.as_str())
        .version(chart.version.as_str())
        .values(json(values));
    Ok(stack.add("argocd", release))
}

/// Where `helm/` is.
const REPOSITORY: &str = "https://github.com/fathuss/fathuss";

/// The Application that makes all others, with what they need of AWS. It is of a project that permits nothing else.
fn root(
    stack: &mut Stack,
    env: &Environment,
    foundation: &Foundation,
    argocd: &Handle<KubernetesNamespace>,
) -> ArgocdApplication {
    let cluster = &foundation.cluster.cluster;
    let kinds = ["AppProject", "Application"].map(|kind| GroupKind::new("argoproj.io", kind));
    let project = ArgocdProject::new(cluster, argocd, "root", [REPOSITORY], [ProjectDestination::here("argocd")])
        .description("What makes the Applications")
        .namespace_resource_whitelist(kinds);
    let project = stack.add("root", project);

    let branch = match env.stage {
        Stage::Staging => "develop",
        Stage::Production => "main",
    };
    let helm = ApplicationHelm::new()
        .value_files([format!("values-{}.yaml", env.name())])
        .values_object(json(values(env, foundation)));
    let source = ApplicationSource::new(REPOSITORY, branch).path("helm/platform").helm(helm);
    let policy = SyncPolicy::new().retry(SyncRetry::new(5).refresh(true));
    let policy = match env.stage {
        Stage::Staging => policy.automated(AutomatedSync::new(true).self_heal(true)),
        // Somebody looks at each difference and approves.
        Stage::Production => policy,
    };
    ArgocdApplication::new(cluster, argocd, "platform", &project, source, ApplicationDestination::new(argocd))
        .sync_policy(policy)
}

/// What the applications need to know of AWS: `docs/helm.md` has each.
fn values(env: &Environment, foundation: &Foundation) -> Document {
    let Foundation { network, cluster, storage, names, data } = foundation;
    let roles = &cluster.roles;
    let values = document!({
        "source": { "repoURL": (REPOSITORY) },
        "aws": {
            "region": (env.region),
            "clusterName": (cluster.cluster.name()),
            "vpcId": (network.vpc.id()),
            "vpcCidr": (env.range.whole().to_string()),
            "certificateArn": (names.certificate.certificate_arn()),
            "roles": {
                "loadBalancerController": (roles.load_balancer_controller.arn()),
                "externalDns": (roles.external_dns.arn()),
                "clusterAutoscaler": (roles.cluster_autoscaler.arn()),
                "externalSecrets": (roles.external_secrets.arn()),
                "loki": (roles.loki.arn()),
                "graderWorker": (roles.grader_worker.arn()),
            },
            "buckets": { "loki": (storage.loki.id()), "graderCache": (storage.grader_cache.id()) },
            "database": { "endpoint": (data.postgres.endpoint()) },
            "redis": { "endpoint": (data.redis.configuration_endpoint_address()) },
            "clickhouse": { "address": (data.clickhouse.private_ip()) },
        },
    });
    if env.keeps_the_password_of_postgres() {
        return values;
    }
    let secret = data.postgres.master_user_secret_arn();
    values.merge(document!({ "aws": { "database": { "secret": (secret) } } }))
}

#[cfg(test)]
mod tests {
    use fathuss_model::graph_of;

    use crate::inspection::{literal, node, nodes, refers_to, value};
    use crate::{production, staging};

    fn both() -> [fathuss_model::graph::Graph; 2] {
        [
            graph_of("staging", staging::staging).expect("nothing is wrong with it"),
            graph_of("production", production::production).expect("nothing is wrong with it"),
        ]
    }

    #[test]
    fn staging_synchronises_by_itself_and_production_when_somebody_says_so() {
        for (graph, (branch, automated)) in both().into_iter().zip([("develop", true), ("main", false)]) {
            let root = node(&graph, "argocd_application", "platform");
            assert_eq!(literal(root, "source.target_revision"), Some(branch.into()));
            assert_eq!(literal(root, "sync_policy.automated").is_some(), automated);
            assert_eq!(literal(root, "source.helm.value_files.0"), Some(format!("values-{}.yaml", graph.stack).into()));
        }
    }

    #[test]
    fn what_the_applications_act_by_is_there_before_them_and_goes_after_them() {
        for graph in both() {
            let root = node(&graph, "argocd_application", "platform");
            let waits: Vec<String> = root.depends_on.iter().map(|address| address.local()).collect();
            let has = |name: &str| waits.iter().any(|waits| waits == name);
            for role in
                ["load_balancer_controller", "ebs_csi", "external_dns", "cluster_autoscaler", "external_secrets"]
            {
                assert!(has(&format!("aws_iam_role_policy_attachment.{role}")), "{role}: {waits:?}");
            }
            let class = node(&graph, "kubernetes_manifest", "gp3");
            let driver = "aws_eks_addon.aws-ebs-csi-driver";
            assert!(class.depends_on.iter().any(|address| address.local() == driver), "claims are given up by it");
            assert!(has("kubernetes_manifest.gp3"), "{waits:?}");
            for association in nodes(&graph, "aws_route_table_association") {
                let name = association.address.local();
                assert_eq!(has(&name), name.contains("public"), "{name}");
                let public = association.depends_on.iter().any(|address| address.local() == "aws_route.public");
                assert!(public || !name.contains("public"), "{name} leads nowhere");
            }
        }
    }

    #[test]
    fn the_root_gets_what_it_needs_by_reference() {
        for graph in both() {
            let root = node(&graph, "argocd_application", "platform");
            let named = refers_to(root, "source");
            for address in
                ["aws_vpc.main", "aws_db_instance.postgres", "aws_iam_role.loki", "aws_s3_bucket.grader_cache"]
            {
                assert!(named.iter().any(|named| named == address), "{address}: {named:?}");
            }
        }
    }

    #[test]
    fn every_namespace_says_how_its_pods_are_held() {
        for graph in both() {
            let namespaces = nodes(&graph, "kubernetes_namespace");
            assert_eq!(namespaces.len(), 10);
            for namespace in namespaces {
                let labels = value(namespace, "labels").unwrap();
                let labels = labels.as_map().unwrap();
                assert!(labels.contains_key("pod-security.kubernetes.io/enforce"), "{}", namespace.address);
            }
        }
    }
}
