//! A simulated cluster from the outside, with the real programs: `cargo test -p fathuss-cluster --test
//! control_plane`. They are built into the cache that FATHUSS_CACHE names, or ~/.cache/fathuss: minutes at
//! the first time.

mod aws;
mod controllers;
mod external_secrets;
mod metrics;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aws::Willing;
use fathuss_cluster::load_balancers::Place;
use fathuss_cluster::nodes::{Node, Taint, reconcile_nodes};
use fathuss_cluster::{ControlPlane, Options, Part, Programs, Progress, Reserved, Step, load_balancers, volumes};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{
    ConfigMap, Node as KubernetesNode, PersistentVolume, PersistentVolumeClaim, Pod, Secret, Service,
};
use k8s_openapi::api::storage::v1::StorageClass;
use kube::api::{DeleteParams, ListParams, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Resource, ResourceExt as _};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// Where the cluster of a test is said to be.
fn place(aws: &Arc<Willing>) -> Place {
    Place { cluster: "main".to_owned(), region: "eu-central-1".to_owned(), aws: Arc::clone(aws) as _ }
}

/// Clusters are started one after the other: each wants the whole machine for some seconds.
static ONE_AT_A_TIME: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// How long anything may take that is waited for.
const PATIENCE: Duration = Duration::from_secs(90);

#[tokio::test]
async fn a_cluster_lets_in_whom_the_webhook_knows_with_the_rights_of_their_access_policy() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let webhook = Webhook::start().await;
    let options = Options { webhook_url: Some(webhook.url.clone()), ..Options::default() };
    let cluster = start(folder.path(), &options).await;

    let viewer = with_token(&cluster, "viewer").await;
    Api::<Pod>::namespaced(viewer.clone(), "default").list(&ListParams::default()).await.unwrap();
    let secrets = Api::<Secret>::namespaced(viewer.clone(), "default").list(&ListParams::default()).await;
    assert_eq!(refusal(secrets), 403);
    let asked = webhook.asked.load(Ordering::SeqCst);
    assert!(asked > 0, "the webhook was never asked");

    let auditor = with_token(&cluster, "auditor").await;
    Api::<Secret>::all(auditor.clone()).list(&ListParams::default()).await.unwrap();
    let created = create::<ConfigMap>(&auditor, json!({"metadata": {"name": "x", "namespace": "default"}})).await;
    assert_eq!(refusal(created), 403);

    let stranger = with_token(&cluster, "stranger").await;
    let pods = Api::<Pod>::namespaced(stranger, "default").list(&ListParams::default()).await;
    assert_eq!(refusal(pods), 401);
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn pods_run_on_the_nodes_that_their_group_declares_and_go_with_them() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let cluster = start(folder.path(), &Options::default()).await;
    let client = cluster.client();
    let general = node("ip-10-0-1-1", "general", &[]);
    let batch = node("ip-10-0-2-1", "batch", &["batch"]);
    let other_batch = node("ip-10-0-2-2", "batch", &["batch"]);
    reconcile_nodes(&client, &[general.clone(), batch.clone()]).await.unwrap();

    let began = Instant::now();
    create::<Deployment>(&client, deployment("worker", "batch", 3)).await.unwrap();
    let on = running_on(&client, "worker", 3).await;
    println!("3 pods running after {:?}", began.elapsed());
    assert_eq!(on, [batch.name.as_str(); 3]);

    reconcile_nodes(&client, &[general.clone(), other_batch.clone()]).await.unwrap();
    let on = running_on(&client, "worker", 3).await;
    assert_eq!(on, [other_batch.name.as_str(); 3]);
    let nodes = Api::<KubernetesNode>::all(client.clone()).list(&ListParams::default()).await.unwrap();
    let names: Vec<String> = nodes.iter().map(KubernetesNode::name_any).collect();
    assert_eq!(names, [general.name.clone(), other_batch.name.clone()]);

    // What is declared anew reaches a node that is there already.
    let relabelled = Node { labels: BTreeMap::from([("tier".to_owned(), "gold".to_owned())]), ..general.clone() };
    reconcile_nodes(&client, &[relabelled, other_batch]).await.unwrap();
    let node = Api::<KubernetesNode>::all(client.clone()).get(&general.name).await.unwrap();
    assert_eq!(node.labels().get("tier").map(String::as_str), Some("gold"));
    assert_eq!(node.labels().get("eks.amazonaws.com/nodegroup"), None);
    cluster.stop().await.unwrap();
}

async fn address_of_shop(services: &Api<Service>) -> String {
    until("the address of the service", async || {
        let service = services.get("shop").await.unwrap();
        service.status?.load_balancer?.ingress?.first()?.hostname.clone()
    })
    .await
}

#[tokio::test]
async fn services_get_addresses_and_claims_get_volumes_that_go_with_them() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let cluster = start(folder.path(), &Options::default()).await;
    let client = cluster.client();
    let aws = Arc::new(Willing::default());
    let balancers = tokio::spawn(load_balancers::tend(client.clone(), place(&aws), |_| {}));
    let disks = tokio::spawn(volumes::tend(client.clone(), "main".to_owned(), Arc::clone(&aws) as _, |_| {}));
    reconcile_nodes(&client, &[node("ip-10-0-1-1", "general", &[])]).await.unwrap();

    create::<Service>(
        &client,
        json!({
            "metadata": {"name": "shop", "namespace": "default"},
            "spec": {"type": "LoadBalancer", "ports": [{"port": 80}], "selector": {"app": "shop"}},
        }),
    )
    .await
    .unwrap();
    let services = Api::<Service>::namespaced(client.clone(), "default");
    let hostname = address_of_shop(&services).await;
    assert!(hostname.ends_with(".eu-central-1.elb.amazonaws.com"), "{hostname}");

    create::<StorageClass>(
        &client,
        json!({
            "metadata": {"name": "gp3"},
            "provisioner": "ebs.csi.aws.com",
            "volumeBindingMode": "WaitForFirstConsumer",
        }),
    )
    .await
    .unwrap();
    create::<PersistentVolumeClaim>(
        &client,
        json!({
            "metadata": {"name": "data", "namespace": "default"},
            "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "gp3",
                     "resources": {"requests": {"storage": "8Gi"}}},
        }),
    )
    .await
    .unwrap();
    let claims = Api::<PersistentVolumeClaim>::namespaced(client.clone(), "default");
    until("the controllers' word that the claim waits for a pod", async || {
        let events = Api::<k8s_openapi::api::core::v1::Event>::namespaced(client.clone(), "default");
        let events = events.list(&ListParams::default()).await.unwrap();
        events.iter().any(|event| event.reason.as_deref() == Some("WaitForFirstConsumer")).then_some(())
    })
    .await;
    assert_eq!(claims.get("data").await.unwrap().spec.unwrap().volume_name, None);

    until("the default service account", async || {
        let accounts = Api::<k8s_openapi::api::core::v1::ServiceAccount>::namespaced(client.clone(), "default");
        accounts.get_opt("default").await.unwrap()
    })
    .await;
    create::<Pod>(
        &client,
        json!({
            "metadata": {"name": "database", "namespace": "default", "labels": {"app": "database"}},
            "spec": {
                "containers": [{"name": "database", "image": "postgres"}],
                "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}],
            },
        }),
    )
    .await
    .unwrap();
    running_on(&client, "database", 1).await;
    let claim = claims.get("data").await.unwrap();
    assert_eq!(claim.status.unwrap().phase.as_deref(), Some("Bound"));
    let volume_name = claim.spec.unwrap().volume_name.unwrap();
    let all_volumes = Api::<PersistentVolume>::all(client.clone());
    let volume = all_volumes.get(&volume_name).await.unwrap();
    let id = volume.spec.unwrap().csi.unwrap().volume_handle;
    assert_eq!(id, format!("vol-{volume_name}"));
    assert_eq!(aws.kept().volumes[&id].gibibytes, 8);
    until("the volume to be attached", async || {
        aws.kept()
            .attached
            .contains(&(id.clone(), "ip-10-0-1-1.eu-central-1.compute.internal".to_owned()))
            .then_some(())
    })
    .await;

    let pods = Api::<Pod>::namespaced(client.clone(), "default");
    pods.delete("database", &DeleteParams::default()).await.unwrap();
    claims.delete("data", &DeleteParams::default()).await.unwrap();
    until("the volume to go", async || all_volumes.get_opt(&volume_name).await.unwrap().is_none().then_some(())).await;
    assert!(aws.kept().volumes.is_empty());
    balancers.abort();
    disks.abort();
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_load_balancer_comes_and_goes_with_its_service_while_the_controller_runs() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let cluster = start(folder.path(), &Options::default()).await;
    let client = cluster.client();
    let aws = Arc::new(Willing::default());
    let balancers = tokio::spawn(load_balancers::tend(client.clone(), place(&aws), |_| {}));
    reconcile_nodes(&client, &[node("ip-10-0-1-1", "general", &[])]).await.unwrap();
    let services = Api::<Service>::namespaced(client.clone(), "default");
    let class = |name: &str| {
        json!({
            "metadata": {"name": name, "namespace": "default"},
            "spec": {"type": "LoadBalancer", "loadBalancerClass": "service.k8s.aws/nlb",
                     "ports": [{"port": 80}], "selector": {"app": name}},
        })
    };
    let is_held = |service: &Service| service.finalizers().iter().any(|one| one == "service.k8s.aws/resources");
    create::<Service>(&client, class("shop")).await.unwrap();
    tokio::time::sleep(Duration::from_secs(3)).await;
    let before = services.get("shop").await.unwrap();
    assert!(!is_held(&before) && aws.kept().balancers.is_empty(), "nobody is there who would");

    let mut controller = deployment("aws-load-balancer-controller", "general", 1);
    controller["metadata"]["labels"] = json!({"app.kubernetes.io/name": "aws-load-balancer-controller"});
    create::<Deployment>(&client, controller).await.unwrap();
    let hostname = address_of_shop(&services).await;
    assert_eq!(hostname, format!("{}.elb.example.com", aws.kept().balancers["default/shop"].name));
    assert!(is_held(&services.get("shop").await.unwrap()));
    services.delete("shop", &DeleteParams::default()).await.unwrap();
    until("the service to go", async || services.get_opt("shop").await.unwrap().is_none().then_some(())).await;
    assert!(aws.kept().balancers.is_empty());

    create::<Service>(&client, class("orphan")).await.unwrap();
    until("the other load balancer", async || (!aws.kept().balancers.is_empty()).then_some(())).await;
    let deployments = Api::<Deployment>::namespaced(client.clone(), "default");
    deployments.delete("aws-load-balancer-controller", &DeleteParams::default()).await.unwrap();
    let gone = async || deployments.get_opt("aws-load-balancer-controller").await.unwrap().is_none().then_some(());
    until("the controller to go", gone).await;
    services.delete("orphan", &DeleteParams::default()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert!(is_held(&services.get("orphan").await.unwrap()), "it stays until somebody lets it go");
    assert!(aws.kept().balancers.contains_key("default/orphan"));
    balancers.abort();
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_cluster_that_is_started_again_has_its_endpoint_its_keys_and_its_data() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let cluster = start(folder.path(), &Options::default()).await;
    let endpoint = cluster.reserved().endpoint.clone();
    let object = json!({"metadata": {"name": "kept", "namespace": "default"}, "data": {"a": "b"}});
    create::<ConfigMap>(&cluster.client(), object).await.unwrap();
    // Dropped, so killed: nothing is written any more.
    drop(cluster);

    let cluster = start(folder.path(), &Options { version: Some("1.33".to_owned()), ..Options::default() }).await;
    assert_eq!(cluster.reserved().endpoint, endpoint);
    let kept = Api::<ConfigMap>::namespaced(cluster.client(), "default").get("kept").await.unwrap();
    assert_eq!(kept.data.unwrap()["a"], "b");
    let began = Instant::now();
    let processes = cluster.processes();
    cluster.stop().await.unwrap();
    println!("stopped after {:?}", began.elapsed());
    assert_all_gone(&processes).await;
}

#[tokio::test]
async fn a_killed_daemon_leaves_no_process() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let folder = tempfile::tempdir().unwrap();
    // Built here, so that what the child takes is only the start.
    programs().await;
    let mut daemon = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "--nocapture", "holds_a_cluster_until_it_is_killed"])
        .env("FATHUSS_TEST_FOLDER", folder.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let told = folder.path().join("processes.json");
    let processes: BTreeMap<String, i32> =
        until("the child's cluster", async || serde_json::from_str(&std::fs::read_to_string(&told).ok()?).ok()).await;
    assert_eq!(processes.len(), 4, "{processes:?}");
    assert!(processes.values().all(|process| is_alive(*process)), "{processes:?}");

    daemon.kill().unwrap();
    daemon.wait().unwrap();
    let began = Instant::now();
    assert_all_gone(&processes).await;
    println!("all gone {:?} after the kill", began.elapsed());
}

#[tokio::test]
async fn a_killed_api_server_takes_the_rest_with_it_and_the_daemon_is_told() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let mut cluster = start(folder.path(), &Options::default()).await;
    let processes = until("all processes", async || Some(cluster.processes()).filter(|all| all.len() == 4)).await;
    let server = processes["kube-apiserver"].to_string();
    assert!(std::process::Command::new("kill").args(["-KILL", &server]).status().unwrap().success());

    let error = tokio::time::timeout(PATIENCE, cluster.ended()).await.unwrap();
    assert!(error.to_string().starts_with("the control plane ended (signal: 9 (SIGKILL))"), "{error}");
    assert_all_gone(&processes).await;
}

/// Not a test: the daemon that a_killed_daemon_leaves_no_process kills.
#[tokio::test]
#[ignore = "run by a_killed_daemon_leaves_no_process"]
async fn holds_a_cluster_until_it_is_killed() {
    let Some(folder) = std::env::var_os("FATHUSS_TEST_FOLDER").map(PathBuf::from) else { return };
    let cluster = start(&folder.join("cluster"), &Options::default()).await;
    until("all processes", async || (cluster.processes().len() == 4).then_some(())).await;
    let unfinished = folder.join("processes.json.unfinished");
    std::fs::write(&unfinished, serde_json::to_vec(&cluster.processes()).unwrap()).unwrap();
    std::fs::rename(unfinished, folder.join("processes.json")).unwrap();
    std::future::pending::<()>().await;
}

async fn programs() -> Programs {
    let cache = std::env::var_os("FATHUSS_CACHE")
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".cache/fathuss")))
        .unwrap();
    let programs = Programs::new(cache, std::env::var_os("PATH").unwrap_or_default());
    for part in [Part::ControlPlane, Part::Kwok] {
        programs.build(part, tell).await.unwrap_or_else(|error| panic!("{error}"));
    }
    programs
}

/// Shows how long what was built took.
fn tell(progress: Progress) {
    if progress.step == Step::Built && !progress.elapsed.is_zero() {
        println!("built {} in {:?}", progress.part.what(), progress.elapsed);
    }
}

async fn start(folder: &Path, options: &Options) -> ControlPlane {
    let programs = programs().await;
    let reserved = Reserved::in_folder(folder, "shop").unwrap();
    let began = Instant::now();
    let cluster = ControlPlane::start(&reserved, &programs, options).await.unwrap_or_else(|error| panic!("{error}"));
    println!("ready after {:?}, started after {:?}", cluster.ready_after(), began.elapsed());
    cluster
}

fn node(name: &str, group: &str, taints: &[&str]) -> Node {
    let taint = |key: &&str| Taint { key: (*key).to_owned(), value: "yes".to_owned(), effect: "NoSchedule".to_owned() };
    Node {
        name: format!("{name}.eu-central-1.compute.internal"),
        labels: BTreeMap::from([("eks.amazonaws.com/nodegroup".to_owned(), group.to_owned())]),
        taints: taints.iter().map(taint).collect(),
        instance_type: "m7i.large".to_owned(),
        zone: "eu-central-1a".to_owned(),
        cpu: 2,
        memory_mib: 8192,
        max_pods: 29,
    }
}

fn deployment(name: &str, group: &str, replicas: u32) -> Value {
    json!({
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {
                    "nodeSelector": {"eks.amazonaws.com/nodegroup": group},
                    "tolerations": [{"key": "batch", "operator": "Exists", "effect": "NoSchedule"}],
                    "containers": [{"name": "main", "image": "none", "resources": {"requests": {"cpu": "100m"}}}],
                },
            },
        },
    })
}

/// The nodes of an application's running pods, when there are so many and no other.
async fn running_on(client: &Client, app: &str, count: usize) -> Vec<String> {
    let pods = Api::<Pod>::namespaced(client.clone(), "default");
    until(&format!("{count} running pods of {app}"), async || {
        let pods = pods.list(&ListParams::default().labels(&format!("app={app}"))).await.unwrap();
        let running = |pod: &Pod| {
            pod.metadata.deletion_timestamp.is_none()
                && pod.status.as_ref().is_some_and(|status| status.phase.as_deref() == Some("Running"))
        };
        (pods.items.len() == count && pods.iter().all(running))
            .then(|| pods.iter().map(|pod| pod.spec.clone().unwrap().node_name.unwrap()).collect())
    })
    .await
}

async fn create<K>(client: &Client, mut object: Value) -> Result<K, kube::Error>
where
    K: Resource<DynamicType = ()> + Clone + std::fmt::Debug + DeserializeOwned + Serialize,
{
    let namespace = object["metadata"]["namespace"].as_str().map(str::to_owned);
    object["apiVersion"] = json!(K::api_version(&()));
    object["kind"] = json!(K::kind(&()));
    let collection = match namespace {
        Some(namespace) => format!("{}/", K::url_path(&(), Some(&namespace))),
        None => format!("{}/", K::url_path(&(), None)),
    };
    let request = kube::core::Request::new(collection.trim_end_matches('/').to_owned());
    let request = request.create(&PostParams::default(), serde_json::to_vec(&object).unwrap()).unwrap();
    client.request::<K>(request).await
}

fn refusal<T: std::fmt::Debug>(result: Result<T, kube::Error>) -> u16 {
    match result {
        Err(kube::Error::Api(status)) => status.code,
        other => panic!("not refused: {other:?}"),
    }
}

/// Asks again and again until there is an answer.
async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(began.elapsed() < PATIENCE, "waited {PATIENCE:?} for {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn assert_all_gone(processes: &BTreeMap<String, i32>) {
    until(&format!("the end of {processes:?}"), async || {
        processes.values().all(|process| !is_alive(*process)).then_some(())
    })
    .await;
}

/// Whether a process runs: one that ended and that nobody has waited for does not.
fn is_alive(process: i32) -> bool {
    std::fs::read_to_string(format!("/proc/{process}/stat"))
        .is_ok_and(|stat| stat.rsplit(')').next().is_some_and(|rest| !rest.trim_start().starts_with('Z')))
}

async fn with_token(cluster: &ControlPlane, token: &str) -> Client {
    let mut kubeconfig = Kubeconfig::from_yaml(&cluster.admin_kubeconfig()).unwrap();
    let user = kubeconfig.auth_infos[0].auth_info.as_mut().unwrap();
    user.client_certificate_data = None;
    user.client_key_data = None;
    user.token = Some(token.to_owned().into());
    let config = kube::Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
    Client::try_from(config).unwrap()
}

/// The sandbox's authenticator, in small: it knows two tokens.
struct Webhook {
    url: String,
    asked: Arc<AtomicUsize>,
}

impl Webhook {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/authenticate", listener.local_addr().unwrap());
        let asked = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&counter)));
            }
        });
        Self { url, asked }
    }
}

/// Answers one TokenReview and closes.
async fn answer(mut stream: tokio::net::TcpStream, asked: Arc<AtomicUsize>) {
    let mut received = Vec::new();
    let review: Value = loop {
        if stream.read_buf(&mut received).await.unwrap_or(0) == 0 {
            return;
        }
        let text = String::from_utf8_lossy(&received);
        if let Some(review) = text.split_once("\r\n\r\n").and_then(|(_, body)| serde_json::from_str(body).ok()) {
            break review;
        }
    };
    asked.fetch_add(1, Ordering::SeqCst);
    assert_eq!(review["apiVersion"], "authentication.k8s.io/v1");
    let user = |policy: &str| {
        json!({"authenticated": true, "user": {
            "username": "arn:aws:iam::111122223333:role/someone",
            "groups": [format!("eks-access-policy:{policy}")],
        }})
    };
    let status = match review["spec"]["token"].as_str() {
        Some("viewer") => user("AmazonEKSViewPolicy"),
        Some("auditor") => user("AmazonEKSAdminViewPolicy"),
        _ => json!({"authenticated": false}),
    };
    let body = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "status": status}).to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all((head + &body).as_bytes()).await;
}
