//! `kubernetes_namespace`: <https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/>

use std::collections::BTreeMap;

use super::{form, twin};
use crate::aws::EksCluster;
use crate::check::{Findings, View};
use crate::{Computed, Id, Name, Value};

/// A part of a cluster with names of its own. A delete of it deletes all that is in it.
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
/// // What its pods may do: <https://kubernetes.io/docs/concepts/security/pod-security-admission/>
/// let labels = [("pod-security.kubernetes.io/enforce", "restricted")];
/// stack.add("shop", KubernetesNamespace::new(&cluster, "shop").labels(labels));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "kubernetes_namespace",
    provider = "kubernetes",
    service = "kubernetes",
    creation = Name,
    create_seconds = 1,
    delete_seconds = 10,
    check = check,
    waits = super::equipped
)]
pub struct KubernetesNamespace {
    /// The cluster.
    #[field(replace)]
    cluster_name: Value<Name<EksCluster>>,
    /// Its name.
    #[field(replace, named, min_length = 1, max_length = 63, form = form::LABEL)]
    name: Value<String>,
    /// Its labels. Those that others give it stay as they are.
    labels: Option<Value<BTreeMap<String, String>>>,
    /// Its annotations. Those that others give it stay as they are.
    annotations: Option<Value<BTreeMap<String, String>>>,
    /// Cluster and name with a slash between.
    id: Computed<Id<KubernetesNamespace>>,
    /// What tells it from others that had its name before.
    uid: Computed<String>,
}

/// Namespaces that Kubernetes makes itself.
const OWN: [&str; 4] = ["default", "kube-system", "kube-public", "kube-node-lease"];

fn check(namespace: &View<'_>, findings: &mut Findings<'_>) {
    if let Some(own) = namespace.text("name").filter(|name| OWN.contains(name)) {
        findings.refuse(format!("every cluster has the namespace {own} from the start"));
    }
    if let Some(other) = twin(namespace, ["cluster_name", "name"]) {
        findings.refuse(format!("{} has the same name in the same cluster", other.named()));
    }
}
