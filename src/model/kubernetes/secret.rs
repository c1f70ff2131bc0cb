//! `kubernetes_secret`: <https://kubernetes.io/docs/concepts/configuration/secret/>

use std::collections::BTreeMap;

use super::{KubernetesNamespace, form, twin};
use crate::aws::EksCluster;
use crate::check::{Findings, View};
use crate::{Computed, Id, Name, Secret, SecretVersion, Value};

/// A secret of one value, for pods to read. The value is sent and kept in no state.
///
/// Where Secrets Manager has the value, External Secrets brings it into the cluster better than this does.
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
/// let shop = stack.add("shop", KubernetesNamespace::new(&cluster, "shop"));
/// // A deploy key, from the environment of whoever applies.
/// let key = KubernetesSecret::new(&cluster, &shop, "repository", "sshPrivateKey", Secret::from_environment("DEPLOY_KEY"))
///     .value_wo_version(1)
///     .labels([("argocd.argoproj.io/secret-type", "repository")]);
/// stack.add("repository", key);
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "kubernetes_secret",
    provider = "kubernetes",
    service = "kubernetes",
    creation = Name,
    create_seconds = 1,
    delete_seconds = 1,
    check = check,
    waits = super::entrances
)]
pub struct KubernetesSecret {
    /// The cluster.
    #[field(replace)]
    cluster_name: Value<Name<EksCluster>>,
    /// The namespace.
    #[field(replace)]
    namespace: Value<Name<KubernetesNamespace>>,
    /// Its name.
    #[field(replace, named, min_length = 1, max_length = 253, form = form::SUBDOMAIN)]
    name: Value<String>,
    /// The key that the value has in it.
    #[field(
        replace,
        min_length = 1,
        max_length = 253,
        pattern = "[-._a-zA-Z0-9]+",
        pattern_words = "letters, digits and -._ are taken"
    )]
    key: Value<String>,
    /// The value.
    #[field(write_only, sensitive)]
    value_wo: Value<Secret>,
    /// The value's version: a change of it sends the value again.
    #[field(instruction)]
    value_wo_version: Option<Value<SecretVersion>>,
    /// What kind of secret it is to Kubernetes.
    #[field(replace, default = "\"Opaque\"")]
    r#type: Option<Value<String>>,
    /// Its labels. Those that others give it stay as they are.
    labels: Option<Value<BTreeMap<String, String>>>,
    /// Its annotations. Those that others give it stay as they are.
    annotations: Option<Value<BTreeMap<String, String>>>,
    /// Cluster, namespace and name with slashes between.
    id: Computed<Id<KubernetesSecret>>,
    /// What tells it from others that had its name before.
    uid: Computed<String>,
}

fn check(secret: &View<'_>, findings: &mut Findings<'_>) {
    if let Some(other) = twin(secret, ["cluster_name", "namespace", "name"]) {
        findings.refuse(format!("{} has the same name in the same namespace", other.named()));
    }
}
