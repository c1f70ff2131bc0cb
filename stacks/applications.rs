//! What the engine itself puts into the cluster: what Argo CD needs to begin. Argo CD installs everything else from `helm/`.

use std::collections::BTreeMap;

use fathuss_model::aws::EksCluster;
use fathuss_model::kubernetes::{HelmRelease, KubernetesManifest, KubernetesNamespace};
use fathuss_model::{Document, Error, Handle, Result, Stack, document, json};
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
    stack.add("gp3", KubernetesManifest::new(cluster, json(storage_class())));
    let argocd = &namespaces["argocd"];
    argo_cd(stack, env, cluster, argocd)?;
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
