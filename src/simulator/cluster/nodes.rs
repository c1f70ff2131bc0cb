//! The nodes of a cluster's node groups: Node objects that kwok keeps alive. A node that goes takes its pods
//! with it, as a node group's scaling down does.

use std::collections::BTreeMap;

use futures::future::BoxFuture;
use futures::{FutureExt as _, StreamExt as _, TryStreamExt as _};
use k8s_openapi::api::core::v1::{Node as KubernetesNode, Pod, Taint as KubernetesTaint};
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::{Api, Client, ResourceExt as _};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::Error;
use crate::watching::accept;

/// A node that shall be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its name, which on EKS is its instance's private DNS name.
    pub name: String,
    /// Labels on top of the well-known ones that follow from the other fields. One of the same key wins.
    pub labels: BTreeMap<String, String>,
    /// What keeps pods away that don't tolerate it.
    pub taints: Vec<Taint>,
    /// The EC2 instance type: `m7i.large`.
    pub instance_type: String,
    /// The availability zone: `eu-central-1a`.
    pub zone: String,
    /// Virtual processors of the instance type.
    pub cpu: u32,
    /// Memory of the instance type, in MiB.
    pub memory_mib: u64,
    /// How many pods the instance type's network interfaces have addresses for.
    pub max_pods: u32,
}

/// What keeps pods away from a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taint {
    /// Its key.
    pub key: String,
    /// Its value, which may be empty.
    pub value: String,
    /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
    pub effect: String,
}

/// Marks the nodes that are ours to remove.
const MARK: &str = "sandbox.fathuss/node";

/// Keeps what was declared of a node, so that a label or taint that is not declared any more can be told from
/// one that somebody else set.
const DECLARED: &str = "sandbox.fathuss/declared";

/// How many nodes are created, changed or removed at a time.
const AT_ONCE: usize = 8;

/// Makes the cluster have the wanted nodes, and of those made here no other. Nodes that others registered, and
/// labels and taints that others set on ours, stay.
///
/// # Errors
/// When the API server refuses a call. Calling again goes on from there.
pub async fn reconcile_nodes(client: &Client, wanted: &[Node]) -> Result<(), Error> {
    let nodes = Api::<KubernetesNode>::all(client.clone());
    let present =
        nodes.list(&ListParams::default().labels(MARK)).await.map_err(Error::kubernetes("the list of nodes"))?;
    let present: BTreeMap<String, KubernetesNode> = present.into_iter().map(|node| (node.name_any(), node)).collect();

    let change = wanted.iter().map(|node| match present.get(&node.name) {
        None => create(&nodes, node).boxed(),
        Some(present) => update(&nodes, present, node).boxed(),
    });
    all(change.collect()).await?;
    let gone = present.keys().filter(|name| !wanted.iter().any(|node| node.name == **name));
    all(gone.map(|name| remove(client, &nodes, name).boxed()).collect()).await
}

/// Some at a time, until one fails.
async fn all(changes: Vec<BoxFuture<'_, Result<(), Error>>>) -> Result<(), Error> {
    futures::stream::iter(changes).buffer_unordered(AT_ONCE).try_collect().await
}

async fn create(nodes: &Api<KubernetesNode>, node: &Node) -> Result<(), Error> {
    let doing = || format!("node {}", node.name);
    let declared = Declared::of(node);
    let object = json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": node.name, "labels": declared.labels, "annotations": declared.annotations()},
        "spec": {"taints": declared.taints, "providerID": node.provider_id()},
        // A node registers with its capacity, as a kubelet's does: kwok would make up one.
        "status": node.status(),
    });
    let object = serde_json::from_value(object).map_err(|error| Error::Defect { why: error.to_string() })?;
    nodes.create(&PostParams::default(), &object).await.map(drop).map_err(Error::kubernetes(doing()))
}

async fn update(nodes: &Api<KubernetesNode>, present: &KubernetesNode, node: &Node) -> Result<(), Error> {
    let doing = || format!("node {}", node.name);
    let declared = Declared::of(node);
    let before = present.annotations().get(DECLARED).and_then(|text| serde_json::from_str::<Declared>(text).ok());
    let before = before.unwrap_or_default();
    if before != declared {
        let mut labels: BTreeMap<&str, Value> = before.labels.keys().map(|key| (key.as_str(), Value::Null)).collect();
        labels.extend(declared.labels.iter().map(|(key, value)| (key.as_str(), json!(value))));
        let now = present.spec.as_ref().and_then(|spec| spec.taints.clone()).unwrap_or_default();
        let patch = json!({
            "metadata": {"labels": labels, "annotations": declared.annotations()},
            "spec": {"taints": merged_taints(now, &before.taints, &declared.taints)},
        });
        let patched = nodes.patch(&node.name, &PatchParams::default(), &Patch::Merge(&patch)).await;
        patched.map_err(Error::kubernetes(doing()))?;
    }
    let capacity = present.status.as_ref().and_then(|status| status.capacity.as_ref());
    let status = node.status();
    if json!(capacity) != status["capacity"] {
        let patch = json!({"status": status});
        let patched = nodes.patch_status(&node.name, &PatchParams::default(), &Patch::Merge(&patch)).await;
        patched.map_err(Error::kubernetes(doing()))?;
    }
    Ok(())
}

/// Lets nothing new onto the node, deletes its pods at once (nothing runs that would need time), then itself.
async fn remove(client: &Client, nodes: &Api<KubernetesNode>, name: &str) -> Result<(), Error> {
    let doing = || format!("the removal of node {name}");
    let cordon = json!({"spec": {"unschedulable": true}});
    match nodes.patch(name, &PatchParams::default(), &Patch::Merge(&cordon)).await {
        Err(kube::Error::Api(status)) if status.code == 404 => return Ok(()),
        other => other.map_err(Error::kubernetes(doing()))?,
    };
    let on_it = ListParams::default().fields(&format!("spec.nodeName={name}"));
    let pods = Api::<Pod>::all(client.clone()).list(&on_it).await.map_err(Error::kubernetes(doing()))?;
    for pod in pods {
        let pods = Api::<Pod>::namespaced(client.clone(), &pod.namespace().unwrap_or_default());
        accept(404, pods.delete(&pod.name_any(), &DeleteParams::default().grace_period(0)).await)
            .map_err(Error::kubernetes(doing()))?;
    }
    accept(404, nodes.delete(name, &DeleteParams::default()).await).map_err(Error::kubernetes(doing()))
}

/// What a node group's owner declares of a node, kept on it.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Declared {
    labels: BTreeMap<String, String>,
    taints: Vec<Taint>,
}

impl Declared {
    fn of(node: &Node) -> Self {
        let well_known = [
            (MARK, "true"),
            ("kubernetes.io/hostname", node.name.as_str()),
            ("kubernetes.io/os", "linux"),
            ("kubernetes.io/arch", node.architecture()),
            ("node.kubernetes.io/instance-type", node.instance_type.as_str()),
            ("topology.kubernetes.io/zone", node.zone.as_str()),
            ("topology.kubernetes.io/region", node.region()),
            ("topology.ebs.csi.aws.com/zone", node.zone.as_str()),
        ];
        let mut labels: BTreeMap<String, String> =
            well_known.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        labels.extend(node.labels.clone());
        Self { labels, taints: node.taints.clone() }
    }

    /// As a kubelet does, it leaves it to the controllers to attach volumes.
    fn annotations(&self) -> Value {
        json!({
            "kwok.x-k8s.io/node": "fake",
            "volumes.kubernetes.io/controller-managed-attach-detach": "true",
            (DECLARED): json!(self).to_string(),
        })
    }
}

impl Node {
    /// Graviton's types have a `g` behind the generation: `m7g.large`, `c6gn.xlarge`.
    fn architecture(&self) -> &'static str {
        let family = self.instance_type.split('.').next().unwrap_or_default();
        let attributes = family.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        let attributes = attributes.trim_start_matches(|c: char| c.is_ascii_digit());
        if attributes.starts_with('g') || family == "a1" { "arm64" } else { "amd64" }
    }

    /// The zone without its last letter.
    fn region(&self) -> &str {
        self.zone.trim_end_matches(|c: char| c.is_ascii_alphabetic())
    }

    fn provider_id(&self) -> String {
        format!("aws:///{}/{}", self.zone, self.name)
    }

    fn status(&self) -> Value {
        let quantities = |millicores: u64, memory_mib: u64| {
            let cpu = if millicores.is_multiple_of(1000) {
                (millicores / 1000).to_string()
            } else {
                format!("{millicores}m")
            };
            json!({
                "cpu": cpu,
                "ephemeral-storage": "20Gi",
                "memory": format!("{memory_mib}Mi"),
                "pods": self.max_pods.to_string(),
            })
        };
        let millicores = u64::from(self.cpu) * 1000;
        let memory = self.memory_mib.saturating_sub(reserved_memory_mib(self.max_pods));
        json!({
            "capacity": quantities(millicores, self.memory_mib),
            "allocatable": quantities(millicores - reserved_millicores(self.cpu), memory),
        })
    }
}

/// What EKS's machine images keep for the kubelet, and for eviction to have time (100 MiB):
/// <https://github.com/awslabs/amazon-eks-ami/blob/main/nodeadm/internal/kubelet/config.go>
fn reserved_memory_mib(max_pods: u32) -> u64 {
    255 + 11 * u64::from(max_pods) + 100
}

/// Of the first core 6 %, of the second 1 %, of the next two 0.5 %, of the rest 0.25 %: the same source.
fn reserved_millicores(cpu: u32) -> u64 {
    let hundredths: u64 = (0..cpu)
        .map(|core| match core {
            0 => 6000,
            1 => 1000,
            2 | 3 => 500,
            _ => 250,
        })
        .sum();
    hundredths / 100
}

/// The taints that others set, and those that are declared now.
fn merged_taints(now: Vec<KubernetesTaint>, before: &[Taint], declared: &[Taint]) -> Vec<Value> {
    let is = |taint: &KubernetesTaint, one: &Taint| taint.key == one.key && taint.effect == one.effect;
    let others = now.into_iter().filter(|taint| !before.iter().chain(declared).any(|one| is(taint, one)));
    others.map(|taint| json!(taint)).chain(declared.iter().map(|taint| json!(taint))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(instance_type: &str) -> Node {
        Node {
            name: "ip-10-0-1-7.eu-central-1.compute.internal".to_owned(),
            labels: BTreeMap::new(),
            taints: Vec::new(),
            instance_type: instance_type.to_owned(),
            zone: "eu-central-1a".to_owned(),
            cpu: 2,
            memory_mib: 8192,
            max_pods: 29,
        }
    }

    #[test]
    fn a_node_offers_what_eks_leaves_of_its_instance_type() {
        let status = node("m7i.large").status();
        assert_eq!(status["capacity"]["cpu"], "2");
        assert_eq!(status["allocatable"]["cpu"], "1930m");
        assert_eq!(status["allocatable"]["memory"], "7518Mi");
    }

    #[test]
    fn graviton_is_told_by_the_instance_type() {
        for (instance_type, architecture) in [
            ("m7g.large", "arm64"),
            ("c6gn.xlarge", "arm64"),
            ("t4g.micro", "arm64"),
            ("g5.xlarge", "amd64"),
            ("m7i.large", "amd64"),
        ] {
            assert_eq!(node(instance_type).architecture(), architecture, "{instance_type}");
        }
        assert_eq!(node("m7i.large").region(), "eu-central-1");
    }

    #[test]
    fn a_taint_that_somebody_else_set_stays_when_ours_change() {
        let taint = |key: &str| Taint { key: key.to_owned(), value: String::new(), effect: "NoSchedule".to_owned() };
        let theirs =
            KubernetesTaint { key: "maintenance".to_owned(), effect: "NoSchedule".to_owned(), ..Default::default() };
        let ours = KubernetesTaint { key: "old".to_owned(), effect: "NoSchedule".to_owned(), ..Default::default() };
        let merged = merged_taints(vec![theirs, ours], &[taint("old")], &[taint("new")]);
        let keys: Vec<_> = merged.iter().map(|taint| taint["key"].as_str().unwrap()).collect();
        assert_eq!(keys, ["maintenance", "new"]);
    }
}
