//! Keeps a real Kubernetes behind each cluster of a sandbox that is served: starts it when the cluster is there, gives it
//! the nodes of its node groups and what is around it, and ends it with the cluster. Each cluster is kept by a task of
//! its own: none waits for another.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fathuss_cluster::aws::Aws;
use fathuss_cluster::controllers::{Controller, News};
use fathuss_cluster::load_balancers::Place;
use fathuss_cluster::nodes::{Node, Taint, reconcile_nodes};
use fathuss_cluster::outside::Outside;
use fathuss_cluster::{Beside, ControlPlane, Options, Programs, Progress, Reserved, Step};
use fathuss_cluster::{applications, controllers, external_secrets, load_balancers, metrics, volumes};
use fathuss_simulator::{ApiServer, ClusterId, Endpoints, LiveCluster, Simulator};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::cluster_aws::ClusterAws;
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
    outside: Option<Arc<Outside>>,
) -> Result<(), Error> {
    if let Ok(clusters) = simulator.clusters() {
        folders.sweep(&clusters);
    }
    let site = Site { simulator: simulator.clone(), folders, programs, address, outside };
    let mut wanted: BTreeMap<ClusterId, watch::Sender<LiveCluster>> = BTreeMap::new();
    let mut keepers = JoinSet::new();
    loop {
        match simulator.clusters() {
            Ok(clusters) => {
                // Who keeps one that is gone hears that nobody tells about it any more.
                wanted.retain(|id, _| clusters.iter().any(|cluster| cluster.id == *id));
                for cluster in clusters {
                    let known = wanted.entry(cluster.id.clone()).or_insert_with(|| {
                        let (sender, receiver) = watch::channel(cluster.clone());
                        keepers.spawn(keep_one(receiver, site.clone()));
                        sender
                    });
                    known.send_if_modified(|known| {
                        let is_new = *known != cluster;
                        *known = cluster;
                        is_new
                    });
                }
            }
            Err(error) => say(&error),
        }
        while keepers.try_join_next().is_some() {}
        tokio::time::sleep(LOOK).await;
    }
}

/// What all clusters have in common.
#[derive(Clone)]
struct Site {
    simulator: Simulator,
    folders: Folders,
    programs: Programs,
    address: SocketAddr,
    /// The sandbox's internet, where it has one.
    outside: Option<Arc<Outside>>,
}

/// Why a control plane runs no more.
enum End {
    /// Its cluster is gone.
    Gone,
    /// It ended by itself.
    Ended(fathuss_cluster::Error),
}

/// Keeps one cluster until it is gone.
async fn keep_one(mut wanted: watch::Receiver<LiveCluster>, site: Site) {
    let id = wanted.borrow().id.clone();
    loop {
        let cluster = wanted.borrow().clone();
        match start(&cluster, &site).await {
            Ok(control_plane) => match tend(control_plane, &mut wanted, &site).await {
                End::Gone => break,
                End::Ended(error) => say(&format!("cluster {}: {error}\nIt is started again.", id.name)),
            },
            Err(error) => {
                say(&format!("cluster {}: {error}\nIt is tried again in {} s.", id.name, AGAIN.as_secs()));
                tokio::select! {
                    () = tokio::time::sleep(AGAIN) => {}
                    () = gone(&mut wanted) => break,
                }
            }
        }
    }
    site.folders.remove(&id);
}

async fn start(cluster: &LiveCluster, site: &Site) -> Result<ControlPlane, fathuss_cluster::Error> {
    let ClusterId { account, region, name, key } = &cluster.id;
    let reserved = site.folders.reserve(&cluster.id)?;
    let options = Options {
        webhook_url: Some(format!("http://{}/_fathuss/tokens/{account}/{region}/{name}/{key}", site.address)),
        version: Some(cluster.version.clone()),
        service_account_issuer: Some(format!("https://oidc.eks.{region}.amazonaws.com/id/{key}")),
    };
    ControlPlane::start(&reserved, &site.programs, &options).await
}

/// Gives a control plane its nodes and what is around it, until it ends or its cluster is gone.
async fn tend(mut control_plane: ControlPlane, wanted: &mut watch::Receiver<LiveCluster>, site: &Site) -> End {
    let client = control_plane.client();
    let surroundings = surroundings(&control_plane, wanted.clone(), site);
    loop {
        let nodes: Vec<Node> = nodes(&wanted.borrow_and_update());
        let reconciled = reconcile_nodes(&client, &nodes).await;
        if let Err(error) = &reconciled {
            say(error);
        }
        tokio::select! {
            error = control_plane.ended() => return End::Ended(error),
            changed = wanted.changed() => if changed.is_err() { break },
            () = tokio::time::sleep(LOOK), if reconciled.is_err() => {}
        }
    }
    drop(surroundings);
    if let Err(error) = control_plane.stop().await {
        say(&error);
    }
    End::Gone
}

/// What plays the parts of AWS in a cluster, and the controllers that run for real. They end when this is dropped.
fn surroundings(
    control_plane: &ControlPlane,
    wanted: watch::Receiver<LiveCluster>,
    site: &Site,
) -> JoinSet<Infallible> {
    let client = control_plane.client();
    let id = wanted.borrow().id.clone();
    let aws: Arc<dyn Aws> = Arc::new(ClusterAws::new(site.simulator.clone(), wanted.clone()));
    let place = Place { cluster: id.name.clone(), region: id.region.clone(), aws: Arc::clone(&aws) };
    let refused = |what: &'static str| {
        let name = id.name.clone();
        move |why: &str| say(&format!("cluster {name}: {what}: {why}"))
    };
    let mut parts = JoinSet::new();
    parts.spawn(load_balancers::tend(client.clone(), place, refused("load balancers")));
    parts.spawn(volumes::tend(client.clone(), id.name.clone(), aws, refused("volumes")));
    parts.spawn(external_secrets::tend(client.clone()));
    parts.spawn(applications::tend(client, site.outside.clone()));
    parts.spawn(measure(control_plane.beside(), wanted));
    for controller in [Controller::ArgoCd, Controller::Rollouts] {
        let name = id.name.clone();
        let tell = move |news| {
            if let Some(text) = told(controller, news) {
                say(&format!("cluster {name}: {text}"));
            }
        };
        let programs = site.programs.clone();
        let variables = site.outside.as_deref().map(Outside::environment).unwrap_or_default();
        parts.spawn(controllers::tend(controller, control_plane.beside(), programs, variables, tell));
    }
    parts
}

/// Gives a cluster metrics while it has the addon that does so.
async fn measure(beside: Beside, mut wanted: watch::Receiver<LiveCluster>) -> Infallible {
    let is_measured = |cluster: &LiveCluster| cluster.addons.iter().any(|addon| addon == "metrics-server");
    loop {
        let is_measured_now = is_measured(&wanted.borrow());
        let changed = if is_measured_now {
            tokio::select! {
                never = metrics::tend(beside.client()) => match never {},
                changed = wanted.wait_for(|cluster| !is_measured(cluster)) => changed.map(drop),
            }
        } else {
            while let Err(error) = metrics::withdraw(&beside.client()).await {
                say(&error);
                tokio::time::sleep(AGAIN).await;
            }
            wanted.wait_for(is_measured).await.map(drop)
        };
        if changed.is_err() {
            // The cluster is gone, and this ends with its control plane.
            std::future::pending::<()>().await;
        }
    }
}

/// What there is to say of a controller, in words.
fn told(controller: Controller, news: News) -> Option<String> {
    let what = controller.what();
    match news {
        News::Building(progress) => progress_text(&progress),
        News::Started(namespace) => Some(format!("{what} runs, for the namespace {namespace}")),
        News::Stopped => Some(format!("{what} runs no more")),
        News::Failed(error) => Some(format!("{what}: {error}")),
    }
}

/// How far a build is, in words, where there is something to say.
pub fn progress_text(progress: &Progress) -> Option<String> {
    let (what, seconds) = (progress.part.what(), progress.elapsed.as_secs());
    match progress.step {
        Step::Built if progress.elapsed.is_zero() => None,
        Step::Built => Some(format!("{what} is built, in {seconds} s")),
        Step::Waiting if seconds == 0 => Some(format!("another process builds {what}; waiting")),
        Step::Building if seconds == 0 => Some(format!("{what} is built with Go, this once; that takes a few minutes")),
        Step::Building if seconds.is_multiple_of(30) => Some(format!("building {what}, {seconds} s")),
        Step::Waiting | Step::Building => None,
    }
}

/// Returns when the cluster is gone.
async fn gone(wanted: &mut watch::Receiver<LiveCluster>) {
    while wanted.changed().await.is_ok() {}
}

/// The most pods of a node of a managed group whose addresses come by prefixes:
/// <https://docs.aws.amazon.com/eks/latest/userguide/choosing-instance-type.html#determine-max-pods>
const MOST_PODS: u32 = 110;

fn nodes(cluster: &LiveCluster) -> Vec<Node> {
    let made = cluster.nodes.iter().map(node);
    made.map(|node| Node { max_pods: if cluster.prefix_delegation { MOST_PODS } else { node.max_pods }, ..node })
        .collect()
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
pub fn say(error: &dyn std::fmt::Display) {
    eprintln!("fathuss: {error}");
}
