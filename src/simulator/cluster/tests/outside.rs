//! What plays the internet, asked by those who ask it: Git, Helm and Argo CD. What they need is built into the cache
//! that FATHUSS_CACHE names, or ~/.cache/fathuss.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fathuss_cluster::argo::{ArgoCd, Rollouts};
use fathuss_cluster::nodes::{Node, Taint, reconcile_nodes};
use fathuss_cluster::outside::{Outside, Repository};
use fathuss_cluster::{ControlPlane, Options, Part, Programs, Progress, Reserved, Step, load_balancers, volumes};
use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::api::storage::v1::StorageClass;
use kube::api::{DynamicObject, ListParams, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Api, Client, ResourceExt as _};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;

const URL: &str = "https://github.com/fathuss/fathuss";

/// How long anything may take that is waited for. Argo CD reads the whole API anew at each event of a definition, and
/// the platform brings half a hundred.
const PATIENCE: Duration = Duration::from_secs(600);

#[tokio::test]
async fn git_fetches_the_project_s_folder_as_it_is_now() {
    let folder = tempfile::tempdir().unwrap();
    let project = folder.path().join("project");
    std::fs::create_dir_all(project.join(".fathuss")).unwrap();
    std::fs::write(project.join(".fathuss/state"), "the sandbox's").unwrap();
    std::fs::write(project.join(".gitignore"), "/target\n").unwrap();
    std::fs::write(project.join("target"), "ignored").unwrap();
    std::fs::write(project.join("chart.yaml"), "version: 1\n").unwrap();
    let outside = outside(folder.path(), &project, false).await;

    let clone = folder.path().join("clone");
    let to = clone.to_str().unwrap();
    run(&outside, "git", &["clone", "--quiet", "--branch", "develop", URL, to]).await;
    assert_eq!(std::fs::read_to_string(clone.join("chart.yaml")).unwrap(), "version: 1\n");
    assert_eq!(names(&clone), [".git", ".gitignore", "chart.yaml"]);
    let first = run(&outside, "git", &["-C", to, "rev-parse", "HEAD"]).await;

    // So many commits of its own that Git packs what it asks with.
    let identity = ["-C", to, "-c", "user.name=test", "-c", "user.email=test@example.com"];
    for _ in 0..40 {
        let commit = [&identity[..], &["commit", "--quiet", "--allow-empty", "--message", "Own"]].concat();
        run(&outside, "git", &commit).await;
    }
    std::fs::write(project.join("chart.yaml"), "version: 2\n").unwrap();
    let url = format!("{URL}.git");
    until("the change to be fetched", async || {
        run(&outside, "git", &["-C", to, "fetch", "--quiet", &url, "main"]).await;
        let fetched = run(&outside, "git", &["-C", to, "show", "FETCH_HEAD:chart.yaml"]).await;
        (fetched == "version: 2\n").then_some(())
    })
    .await;

    std::fs::write(project.join("chart.yaml"), "version: 1\n").unwrap();
    until("the first commit, since the content is the first", async || {
        let refs = run(&outside, "git", &["ls-remote", URL, "refs/heads/main"]).await;
        refs.starts_with(first.trim()).then_some(())
    })
    .await;

    let pushed = command(&outside, "git", &["-C", to, "push", URL, "HEAD:develop"]).output().await.unwrap();
    assert!(!pushed.status.success());
    let other = command(&outside, "git", &["ls-remote", "https://github.com/another/one"]).output().await.unwrap();
    assert!(!other.status.success());
}

#[tokio::test]
async fn other_hosts_are_reached_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let outside = outside(folder.path(), folder.path(), false).await;
    let proxy = outside.environment()[0].1.trim_start_matches("http://").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    // It says back whatever comes first.
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut received = [0; 1024];
            let count = stream.read(&mut received).await.unwrap();
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {count}\r\nconnection: close\r\n\r\n");
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.write_all(&received[..count]).await.unwrap();
        }
    });

    let mut tunnel = TcpStream::connect(&proxy).await.unwrap();
    tunnel.write_all(format!("CONNECT {address} HTTP/1.1\r\nhost: {address}\r\n\r\n").as_bytes()).await.unwrap();
    let mut head = [0; 15];
    tunnel.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200 OK");
    while !head.ends_with(b"\r\n\r\n") {
        head.rotate_left(1);
        head[14] = tunnel.read_u8().await.unwrap();
    }
    tunnel.write_all(b"no HTTP at all").await.unwrap();
    let mut said = String::new();
    tunnel.read_to_string(&mut said).await.unwrap();
    assert!(said.ends_with("\r\n\r\nno HTTP at all"), "{said}");

    let mut plain = TcpStream::connect(&proxy).await.unwrap();
    let request = format!("GET http://{address}/a?b HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    plain.write_all(request.as_bytes()).await.unwrap();
    let mut said = String::new();
    plain.read_to_string(&mut said).await.unwrap();
    assert!(said.contains("\r\n\r\nGET /a?b HTTP/1.1\r\n"), "{said}");
}

#[tokio::test]
async fn helm_pulls_others_charts_from_their_addresses() {
    let folder = tempfile::tempdir().unwrap();
    let outside = outside(folder.path(), folder.path(), true).await;
    let helm = programs().helm(tell).await.unwrap();
    let charts = [
        ("https://argoproj.github.io/argo-helm", "argo-cd", "9.5.4", "crds/application-crd.yaml"),
        ("https://istio-release.storage.googleapis.com/charts", "base", "1.30.4", "templates/objects.yaml"),
    ];
    for (repository, chart, version, file) in charts {
        let to = folder.path().to_str().unwrap();
        let pull = ["pull", chart, "--repo", repository, "--version", version, "--untar", "--untardir", to];
        run(&outside, helm.to_str().unwrap(), &pull).await;
        let about = std::fs::read_to_string(folder.path().join(chart).join("Chart.yaml")).unwrap();
        assert!(about.contains(&format!("version: {version}\n")), "{about}");
        assert!(folder.path().join(chart).join(file).exists(), "{file}");
    }
}

#[tokio::test]
async fn argo_cd_brings_up_the_whole_platform() {
    let folder = tempfile::tempdir().unwrap();
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..").canonicalize().unwrap();
    let outside = outside(folder.path(), &project, true).await;
    let programs = programs();
    for part in [Part::ControlPlane, Part::Kwok] {
        programs.build(part, tell).await.unwrap();
    }
    let reserved = Reserved::in_folder(folder.path().join("cluster"), "staging").unwrap();
    let cluster = ControlPlane::start(&reserved, &programs, &Options::default()).await.unwrap();
    let client = cluster.client();
    let balancers = tokio::spawn(load_balancers::tend(client.clone(), "us-east-1".to_owned()));
    let disks = tokio::spawn(volumes::tend(client.clone()));
    let nodes = [node(1, None), node(2, None), node(3, None), node(4, Some("grader"))];
    reconcile_nodes(&client, &nodes).await.unwrap();
    what_the_engine_makes(&client).await;

    // No metrics API is there, and nobody who makes secrets of external ones: both count as well.
    let healthy = "return {status = \"Healthy\"}";
    let values = folder.path().join("values.yaml");
    let health = |kind: &str| (format!("resource.customizations.health.{kind}"), json!(healthy));
    let kinds = [
        "autoscaling_HorizontalPodAutoscaler",
        "external-secrets.io_ExternalSecret",
        "external-secrets.io_SecretStore",
    ];
    let health = kinds.map(health);
    let health = health.into_iter().collect::<serde_json::Map<_, _>>();
    std::fs::write(&values, json!({"configs": {"cm": health}}).to_string()).unwrap();
    let kubeconfig = folder.path().join("kubeconfig");
    std::fs::write(&kubeconfig, cluster.admin_kubeconfig()).unwrap();
    let helm = programs.helm(tell).await.unwrap();
    let mut install = command(&outside, helm.to_str().unwrap(), &["install", "argocd", "argo-cd"]);
    install.args(["--repo", "https://argoproj.github.io/argo-helm", "--version", "9.5.4", "--namespace", "argocd"]);
    install.arg("--values").arg(project.join("helm/argo-cd/values.yaml"));
    install.arg("--values").arg(project.join("helm/argo-cd/values-staging.yaml"));
    install.arg("--values").arg(&values).env("KUBECONFIG", &kubeconfig);
    succeeded(install).await;
    ArgoCd::start(&cluster.beside(), &programs, "argocd", &outside.environment(), tell).await.unwrap();

    let began = Instant::now();
    let kind = ApiResource::from_gvk(&GroupVersionKind::gvk("argoproj.io", "v1alpha1", "Application"));
    let applications = Api::<DynamicObject>::namespaced_with(client.clone(), "argocd", &kind);
    let root = DynamicObject::new("platform", &kind).data(root());
    applications.create(&PostParams::default(), &root).await.unwrap();

    let mut told = BTreeMap::new();
    let mut rollouts = false;
    until("all applications to be synced and healthy", async || {
        let all = applications.list(&ListParams::default()).await.unwrap().items;
        let mut done = 0;
        for application in &all {
            let status = &application.data["status"];
            let [sync, health] =
                ["sync", "health"].map(|part| status[part]["status"].as_str().unwrap_or("-").to_owned());
            done += usize::from(sync == "Synced" && health == "Healthy");
            let ill = status["resources"].as_array().into_iter().flatten().filter(|resource| {
                resource["status"] != "Synced"
                    || !matches!(resource["health"]["status"].as_str(), None | Some("Healthy"))
            });
            let ill = ill.take(3).map(|resource| format!("\n         {resource}")).collect::<String>();
            let now = format!("{sync} {health}: {} {}{ill}", status["operationState"]["message"], status["conditions"]);
            if told.insert(application.name_any(), now.clone()).as_ref() != Some(&now) {
                println!("{:6.1} s {} {now}", began.elapsed().as_secs_f64(), application.name_any());
            }
        }
        // Its chart's definitions are there, which it would otherwise make itself.
        if !rollouts && told.get("argo-rollouts").is_some_and(|now| now.contains("successfully synced")) {
            rollouts = true;
            Rollouts::start(&cluster.beside(), &programs, "argo-rollouts", tell).await.unwrap();
        }
        (all.len() == 23 && done == all.len()).then_some(())
    })
    .await;
    println!("synced and healthy after {:?}", began.elapsed());
    balancers.abort();
    disks.abort();
    cluster.stop().await.unwrap();
}

/// The namespaces and the storage class.
async fn what_the_engine_makes(client: &Client) {
    let namespaces = [
        "argo-rollouts",
        "argocd",
        "external-dns",
        "external-secrets",
        "fathuss-staging",
        "istio-ingress",
        "istio-system",
        "loki",
        "monitoring",
        "sentry",
    ];
    for name in namespaces {
        let namespace: Namespace = serde_json::from_value(json!({"metadata": {"name": name}})).unwrap();
        Api::all(client.clone()).create(&PostParams::default(), &namespace).await.unwrap();
    }
    let class = json!({
        "metadata": {"name": "gp3"},
        "provisioner": "ebs.csi.aws.com",
        "volumeBindingMode": "WaitForFirstConsumer",
    });
    let class: StorageClass = serde_json::from_value(class).unwrap();
    Api::all(client.clone()).create(&PostParams::default(), &class).await.unwrap();
}

fn root() -> Value {
    let role = |name: &str| format!("arn:aws:iam::111122223333:role/staging-{name}");
    json!({"spec": {
        "project": "default",
        "source": {
            "repoURL": URL,
            "path": "helm/platform",
            "targetRevision": "develop",
            "helm": {"valueFiles": ["values-staging.yaml"], "valuesObject": {
                "source": {"repoURL": URL},
                "aws": {
                    "region": "us-east-1",
                    "clusterName": "staging-fathuss",
                    "vpcId": "vpc-0123456789abcdef0",
                    "vpcCidr": "10.10.0.0/16",
                    "certificateArn": "arn:aws:acm:us-east-1:111122223333:certificate/0c0ffee0",
                    "roles": {
                        "loadBalancerController": role("load-balancer-controller"),
                        "externalDns": role("external-dns"),
                        "clusterAutoscaler": role("cluster-autoscaler"),
                        "externalSecrets": role("external-secrets"),
                        "loki": role("loki"),
                        "graderWorker": role("grader-worker"),
                    },
                    "buckets": {"loki": "staging-loki-1", "graderCache": "staging-grader-cache-1"},
                    "database": {
                        "endpoint": "postgres.c1.us-east-1.rds.amazonaws.com:5432",
                        "secret": "arn:aws:secretsmanager:us-east-1:111122223333:secret:rds!db-1-abcdef",
                    },
                    "redis": {"endpoint": "clustercfg.redis.c1.use1.cache.amazonaws.com"},
                    "clickhouse": {"address": "10.10.48.10"},
                },
            }},
        },
        "destination": {"server": "https://kubernetes.default.svc", "namespace": "argocd"},
        "syncPolicy": {"automated": {}},
    }})
}

fn node(number: u32, dedicated: Option<&str>) -> Node {
    let taint =
        |value: &str| Taint { key: "dedicated".to_owned(), value: value.to_owned(), effect: "NoSchedule".to_owned() };
    Node {
        name: format!("ip-10-10-{number}-1.ec2.internal"),
        labels: dedicated.map(|value| ("dedicated".to_owned(), value.to_owned())).into_iter().collect(),
        taints: dedicated.map(taint).into_iter().collect(),
        instance_type: "m7i.2xlarge".to_owned(),
        zone: format!("us-east-1{}", ["a", "b", "c"][number as usize % 3]),
        cpu: 8,
        memory_mib: 32768,
        max_pods: 58,
    }
}

async fn outside(folder: &Path, project: &Path, stand_ins: bool) -> Outside {
    let repository = Repository {
        url: URL.to_owned(),
        folder: project.to_owned(),
        branches: vec!["develop".to_owned(), "main".to_owned()],
    };
    let folder = folder.join("outside");
    Outside::start(&folder, vec![repository], stand_ins, &programs(), tell)
        .await
        .unwrap_or_else(|error| panic!("{error}"))
}

fn programs() -> Programs {
    let cache = std::env::var_os("FATHUSS_CACHE")
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".cache/fathuss")))
        .unwrap();
    Programs::new(cache, std::env::var_os("PATH").unwrap_or_default())
}

/// Shows how long what was built took.
fn tell(progress: Progress) {
    if progress.step == Step::Built && !progress.elapsed.is_zero() {
        println!("built {} in {:?}", progress.part.what(), progress.elapsed);
    }
}

async fn run(outside: &Outside, program: &str, arguments: &[&str]) -> String {
    succeeded(command(outside, program, arguments)).await
}

fn command(outside: &Outside, program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).envs(outside.environment()).env("GIT_TERMINAL_PROMPT", "0").kill_on_drop(true);
    command
}

async fn succeeded(mut command: Command) -> String {
    let output = command.output().await.unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect::<Vec<_>>();
    names.sort();
    names
}

/// Asks again and again until there is an answer.
async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(began.elapsed() < PATIENCE, "waited {PATIENCE:?} for {what}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
