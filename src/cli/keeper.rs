//! Keeps a real Kubernetes behind each cluster of a sandbox that is served: starts it when the cluster is there, gives it
//! the nodes of its node groups, and ends it with the cluster.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fathuss_cluster::nodes::{Node, Taint, reconcile_nodes};
use fathuss_cluster::{ControlPlane, Options, Programs, Reserved, load_balancers, volumes};
use fathuss_simulator::{ApiServer, ClusterId, Endpoints, LiveCluster, Simulator};
use tokio::task::JoinHandle;

use crate::error::Error;

/// How often the world is looked at.
const LOOK: Duration = Duration::from_millis(200);

/// How long a cluster that did not start is left alone.
const AGAIN: Duration = Duration::from_secs(10);

/// The folders of clusters, and the endpoints that they have in this process.
#[derive(Clone, Debug)]
pub struct Folders {
    root: PathBuf,
    reserved: Arc<Mutex<BTreeMap<ClusterId, Reserved>>>,
}

impl Folders {
    /// Those of a world's clusters: beside its folder.
    pub fn beside(world: &Path) -> Self {
        Self { root: world.with_file_name("clusters"), reserved: Arc::default() }
    }

    /// A kubeconfig of a cluster with which one may do everything in it.
    pub fn kubeconfig(&self, cluster: &ClusterId) -> Result<String, fathuss_cluster::Error> {
        Reserved::of_another(self.folder(cluster), &cluster.name)?.admin_kubeconfig()
    }

    fn folder(&self, cluster: &ClusterId) -> PathBuf {
        let ClusterId { account, region, name, key } = cluster;
        self.root.join(format!("{account}-{region}-{name}-{key}"))
    }

    /// The endpoint of a cluster, the same as long as this process lives.
    fn reserve(&self, cluster: &ClusterId) -> Result<Reserved, fathuss_cluster::Error> {
        let mut reserved = self.reserved.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = reserved.get(cluster) {
            return Ok(known.clone());
        }
        let made = ControlPlane::reserve(self.folder(cluster), &cluster.name)?;
        reserved.insert(cluster.clone(), made.clone());
        Ok(made)
    }

    /// Deletes what is left of clusters that went while nobody kept them.
    fn sweep(&self, clusters: &[LiveCluster]) {
        let known: Vec<PathBuf> = clusters.iter().map(|cluster| self.folder(&cluster.id)).collect();
        for entry in std::fs::read_dir(&self.root).into_iter().flatten().flatten() {
            let folder = entry.path();
            if !known.contains(&folder) {
                delete(&folder);
            }
        }
    }

    /// Forgets a cluster that is gone, with all that it had.
    fn remove(&self, cluster: &ClusterId) {
        self.reserved.lock().unwrap_or_else(PoisonError::into_inner).remove(cluster);
        delete(&self.folder(cluster));
    }
}

impl Endpoints for Folders {
    fn of(&self, cluster: &ClusterId) -> Option<ApiServer> {
        // Where it can't be kept, nothing answers for it, and its keeper says why.
        let reserved = self.reserve(cluster).ok()?;
        let authority = STANDARD.encode(&reserved.certificate_authority_pem);
        Some(ApiServer { url: reserved.endpoint, authority })
    }
}

/// A cluster that runs, with what tends it.
struct Kept {
    control_plane: ControlPlane,
    tending: Vec<JoinHandle<()>>,
    nodes: Vec<Node>,
}

impl Kept {
    async fn end(self) {
        for task in &self.tending {
            task.abort();
        }
        if let Err(error) = self.control_plane.stop().await {
            say(&error);
        }
    }
}

/// The programs that clusters are made of, built into the user's cache.
pub fn programs() -> Result<Programs, Error> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let cache = set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")));
    let cache = cache
        .ok_or_else(|| Error::Usage("there is no place for what is built: set HOME or XDG_CACHE_HOME".to_owned()))?;
    Ok(Programs::new(cache.join("fathuss"), std::env::var_os("PATH").unwrap_or_default()))
}

/// Keeps the clusters of a world until this is dropped.
pub async fn keep(
    simulator: Simulator,
    folders: Folders,
    programs: Programs,
    address: SocketAddr,
) -> Result<(), Error> {
    let mut kept: BTreeMap<ClusterId, Kept> = BTreeMap::new();
    if let Ok(clusters) = simulator.clusters() {
        folders.sweep(&clusters);
    }
    loop {
        match simulator.clusters() {
            Ok(clusters) => round(&mut kept, &clusters, &folders, &programs, address).await,
            Err(error) => say(&error),
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn round(
    kept: &mut BTreeMap<ClusterId, Kept>,
    clusters: &[LiveCluster],
    folders: &Folders,
    programs: &Programs,
    address: SocketAddr,
) {
    let gone: Vec<ClusterId> =
        kept.keys().filter(|id| !clusters.iter().any(|cluster| cluster.id == **id)).cloned().collect();
    for id in gone {
        let Some(one) = kept.remove(&id) else { continue };
        one.end().await;
        folders.remove(&id);
    }
    for cluster in clusters {
        if !kept.contains_key(&cluster.id) {
            match start(cluster, folders, programs, address).await {
                Ok(one) => {
                    kept.insert(cluster.id.clone(), one);
                }
                Err(error) => {
                    say(&error);
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
        let Some(one) = kept.get_mut(&cluster.id) else { continue };
        let wanted: Vec<Node> = cluster.nodes.iter().map(node).collect();
        if wanted == one.nodes {
            continue;
        }
        match reconcile_nodes(&one.control_plane.client(), &wanted).await {
            Ok(()) => one.nodes = wanted,
            Err(error) => say(&error),
        }
    }
}

async fn start(
    cluster: &LiveCluster,
    folders: &Folders,
    programs: &Programs,
    address: SocketAddr,
) -> Result<Kept, fathuss_cluster::Error> {
    let ClusterId { account, region, name, key } = &cluster.id;
    let reserved = folders.reserve(&cluster.id)?;
    let options = Options {
        webhook_url: Some(format!("http://{address}/_fathuss/tokens/{account}/{region}/{name}/{key}")),
        version: Some(cluster.version.clone()),
        service_account_issuer: Some(format!("https://oidc.eks.{region}.amazonaws.com/id/{key}")),
    };
    let control_plane = ControlPlane::start(&reserved, programs, &options).await?;
    let (client, region) = (control_plane.client(), region.clone());
    let tending = vec![
        tokio::spawn({
            let client = client.clone();
            async move { match load_balancers::tend(client, region).await {} }
        }),
        tokio::spawn(async move { match volumes::tend(client).await {} }),
    ];
    Ok(Kept { control_plane, tending, nodes: Vec::new() })
}

/// A node as it registers itself.
fn node(node: &fathuss_simulator::Node) -> Node {
    let own = [
        ("eks.amazonaws.com/nodegroup", node.group.as_str()),
        ("eks.amazonaws.com/capacityType", node.capacity.as_str()),
    ];
    let own = own.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned()));
    let size = fathuss_simulator::ec2::instance_type::find(&node.instance_type);
    let (cpu, memory_mib, max_pods) = size.map_or((2, 4096, 17), |size| {
        // <https://docs.aws.amazon.com/eks/latest/userguide/choosing-instance-type.html#determine-max-pods>
        let pods = size.interfaces * (size.addresses - 1) + 2;
        let number = |number: i64| u32::try_from(number).unwrap_or_default();
        (number(size.vcpus), u64::from(number(size.memory)), number(pods))
    });
    Node {
        name: node.name.clone(),
        labels: node.labels.iter().cloned().chain(own).collect(),
        taints: node.taints.iter().map(taint).collect(),
        instance_type: node.instance_type.clone(),
        zone: node.zone.clone(),
        cpu,
        memory_mib,
        max_pods,
    }
}

fn taint((key, value, effect): &(String, Option<String>, String)) -> Taint {
    let effect = match effect.as_str() {
        "NO_EXECUTE" => "NoExecute",
        "PREFER_NO_SCHEDULE" => "PreferNoSchedule",
        _ => "NoSchedule",
    };
    Taint { key: key.clone(), value: value.clone().unwrap_or_default(), effect: effect.to_owned() }
}

fn delete(folder: &Path) {
    if let Err(error) = std::fs::remove_dir_all(folder) {
        say(&format!("{}: {error}", folder.display()));
    }
}

/// Says what went wrong where whoever started the sandbox reads it.
fn say(error: &dyn std::fmt::Display) {
    eprintln!("fathuss: {error}");
}
