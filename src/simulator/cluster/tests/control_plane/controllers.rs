//! Argo CD and Argo Rollouts, which run while what their charts make is in the cluster.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use fathuss_cluster::controllers::{self, Controller, News};
use fathuss_cluster::nodes::reconcile_nodes;
use fathuss_cluster::{ControlPlane, Options, Part, Programs};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{DeleteParams, DynamicObject, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Api, Client};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::{
    ONE_AT_A_TIME, PATIENCE, assert_all_gone, create, deployment, node, programs, running_on, start, tell, until,
};

#[tokio::test]
async fn argo_cd_runs_with_its_release_and_brings_applications_from_a_repository() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let repository = folder.path().join("repository");
    git_repository(&repository);
    let cluster = start(&folder.path().join("cluster"), &Options::default()).await;
    let client = cluster.client();
    reconcile_nodes(&client, &[node("ip-10-0-1-1", "general", &[])]).await.unwrap();
    let programs = programs().await;
    let (tending, mut news) = tend(Controller::ArgoCd, &cluster, &programs);

    let helm = Helm::new(folder.path(), &cluster, &programs).await;
    argo_cd_chart(&folder.path().join("argo-cd"), &programs);
    helm.run("install argocd argo-cd --namespace argocd --create-namespace --wait");
    let began = Instant::now();
    next(&mut news, |news| matches!(news, News::Started(namespace) if namespace == "argocd")).await;
    // What was made beside the release does not stand in its way.
    helm.run("upgrade argocd argo-cd --namespace argocd --wait");

    let parcel = chart_repository(folder.path(), &helm).await;
    let in_git = |path: &str| json!({"repoURL": format!("file://{}", repository.display()), "path": path, "targetRevision": "HEAD"});
    let applications = objects(&client, "Application", "argocd");
    for (name, source) in [("shop", in_git("shop")), ("waiting", in_git("waiting")), ("parcel", parcel)] {
        let application = DynamicObject::new(name, &argo("Application")).data(json!({"spec": {
            "project": "default",
            "source": source,
            "destination": {"server": "https://kubernetes.default.svc", "namespace": "default"},
            "syncPolicy": {"automated": {}},
        }}));
        applications.create(&PostParams::default(), &application).await.unwrap();
    }
    for (name, health) in [("shop", "Healthy"), ("waiting", "Suspended"), ("parcel", "Healthy")] {
        until(&format!("{name} to be synced and {health}"), async || {
            let status = applications.get(name).await.unwrap().data["status"].clone();
            (status["sync"]["status"] == "Synced" && status["health"]["status"] == health).then_some(())
        })
        .await;
    }
    println!("synced {:?} after the release", began.elapsed());
    running_on(&client, "shop", 2).await;

    let processes = cluster.processes();
    assert_eq!(processes.len(), 7, "{processes:?}");
    helm.run("uninstall argocd --namespace argocd");
    next(&mut news, |news| matches!(news, News::Stopped)).await;
    until("Argo CD to end", async || (cluster.processes().len() == 4).then_some(())).await;
    tending.abort();
    cluster.stop().await.unwrap();
    assert_all_gone(&processes).await;
}

#[tokio::test]
async fn argo_rollouts_runs_with_its_deployment_and_brings_a_rollout_to_its_pods() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let cluster = start(folder.path(), &Options::default()).await;
    let client = cluster.client();
    reconcile_nodes(&client, &[node("ip-10-0-1-1", "general", &[])]).await.unwrap();
    let programs = programs().await;
    let (tending, mut news) = tend(Controller::Rollouts, &cluster, &programs);

    // As Argo CD applies a chart: without a release of Helm's.
    programs.build(Part::ArgoRollouts, tell).await.unwrap();
    let mut controller = deployment("argo-rollouts", "general", 1);
    controller["metadata"]["labels"] =
        json!({"app.kubernetes.io/name": "argo-rollouts", "app.kubernetes.io/component": "rollouts-controller"});
    create::<Deployment>(&client, controller).await.unwrap();
    running_on(&client, "argo-rollouts", 1).await;
    assert_eq!(cluster.processes().len(), 4, "there are no definitions yet");
    for file in programs.crds(Part::ArgoRollouts).unwrap() {
        let definition: Value = serde_saphyr::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        create::<CustomResourceDefinition>(&client, definition).await.unwrap();
    }
    next(&mut news, |news| matches!(news, News::Started(_))).await;

    let rollouts = objects(&client, "Rollout", "default");
    let mut spec = deployment("web", "general", 2)["spec"].clone();
    spec["strategy"] = json!({"canary": {"steps": [{"setWeight": 50}]}});
    let rollout = DynamicObject::new("web", &argo("Rollout")).data(json!({"spec": spec}));
    rollouts.create(&PostParams::default(), &rollout).await.unwrap();
    until("the rollout to be healthy", async || {
        let rollout = rollouts.get("web").await.unwrap();
        (rollout.data["status"]["phase"] == "Healthy").then_some(())
    })
    .await;
    running_on(&client, "web", 2).await;

    let deployments = Api::<Deployment>::namespaced(client, "default");
    deployments.delete("argo-rollouts", &DeleteParams::default()).await.unwrap();
    next(&mut news, |news| matches!(news, News::Stopped)).await;
    tending.abort();
    cluster.stop().await.unwrap();
}

fn tend(
    controller: Controller,
    cluster: &ControlPlane,
    programs: &Programs,
) -> (JoinHandle<std::convert::Infallible>, mpsc::UnboundedReceiver<News>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let tell = move |news| sender.send(news).unwrap_or_default();
    (tokio::spawn(controllers::tend(controller, cluster.beside(), programs.clone(), Vec::new(), tell)), receiver)
}

/// Waits for a piece of news; one of a failure ends the test.
async fn next(news: &mut mpsc::UnboundedReceiver<News>, is_it: impl Fn(&News) -> bool) {
    let wait = async {
        loop {
            match news.recv().await.unwrap() {
                News::Failed(error) => panic!("{error}"),
                News::Building(progress) => tell(progress),
                one if is_it(&one) => return,
                one => println!("{one:?}"),
            }
        }
    };
    tokio::time::timeout(PATIENCE * 10, wait).await.unwrap();
}

fn argo(kind: &str) -> ApiResource {
    ApiResource::from_gvk(&GroupVersionKind::gvk("argoproj.io", "v1alpha1", kind))
}

fn objects(client: &Client, kind: &str, namespace: &str) -> Api<DynamicObject> {
    Api::namespaced_with(client.clone(), namespace, &argo(kind))
}

/// Helm, in a folder, for a cluster.
struct Helm<'a> {
    folder: &'a Path,
    program: PathBuf,
}

impl<'a> Helm<'a> {
    async fn new(folder: &'a Path, cluster: &ControlPlane, programs: &Programs) -> Self {
        std::fs::write(folder.join("kubeconfig"), cluster.admin_kubeconfig()).unwrap();
        Self { folder, program: programs.helm(tell).await.unwrap() }
    }

    fn run(&self, words: &str) {
        let mut command = Command::new(&self.program);
        command.args(words.split(' ')).args(["--kubeconfig", "kubeconfig"]).current_dir(self.folder);
        let output = command.env("HOME", self.folder).output().unwrap();
        assert!(output.status.success(), "helm {words}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// What counts of Argo CD's chart: its definitions, its configuration, and the workload.
fn argo_cd_chart(folder: &Path, programs: &Programs) {
    let labels = |name: &str| json!({"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "argocd"});
    let mut workload = workload("argocd-application-controller", "StatefulSet", 1);
    workload["metadata"] =
        json!({"name": "argocd-application-controller", "labels": labels("argocd-application-controller")});
    let health = "return { status = \"Suspended\", message = \"as argocd-cm has it\" }";
    let configuration = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "argocd-cm", "labels": labels("argocd-cm")},
        "data": {"resource.customizations.health.ConfigMap": health},
    });
    let secret = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "argocd-secret", "labels": labels("argocd-secret")},
    });
    chart(folder, "argo-cd", &[workload, configuration, secret]);
    std::fs::create_dir(folder.join("crds")).unwrap();
    for file in programs.crds(Part::ArgoCd).unwrap() {
        std::fs::copy(&file, folder.join("crds").join(file.file_name().unwrap())).unwrap();
    }
}

/// A Git repository with two charts in it.
fn git_repository(folder: &Path) {
    chart(&folder.join("shop"), "shop", &[workload("shop", "Deployment", 2)]);
    let waiting = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "waiting"}});
    chart(&folder.join("waiting"), "waiting", &[waiting]);
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=test", "-c", "user.email=test@example.com"];
        let status = Command::new("git").args(identity).args(arguments).current_dir(folder).status();
        assert!(status.unwrap().success(), "git {arguments:?}");
    };
    git(&["init", "--quiet"]);
    git(&["add", "."]);
    git(&["commit", "--quiet", "--message", "Two charts"]);
    // Somebody else's, where root runs this: Git is not to mind.
    let _ = Command::new("chown").arg("-R").arg("65534").arg(folder).status();
}

/// A chart repository over HTTP, and where in it the chart `parcel` is.
async fn chart_repository(folder: &Path, helm: &Helm<'_>) -> Value {
    chart(&folder.join("parcel"), "parcel", &[workload("parcel", "Deployment", 1)]);
    helm.run("package parcel --destination charts");
    helm.run("repo index charts");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let charts = folder.join("charts");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(send_file(stream, charts.clone()));
        }
    });
    json!({"repoURL": url, "chart": "parcel", "targetRevision": "1.0.0"})
}

/// Answers one request with the file that it names, and closes.
async fn send_file(mut stream: TcpStream, folder: PathBuf) {
    let mut received = Vec::new();
    while !received.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut received).await.unwrap_or(0) == 0 {
            return;
        }
    }
    let request = String::from_utf8_lossy(&received).into_owned();
    let path = request.split(' ').nth(1).unwrap_or_default().trim_start_matches('/');
    let (status, body) =
        std::fs::read(folder.join(path)).map_or(("404 Not Found", Vec::new()), |body| ("200 OK", body));
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    let _ = stream.write_all(&[head.into_bytes(), body].concat()).await;
}

fn workload(name: &str, kind: &str, replicas: u32) -> Value {
    let mut object = deployment(name, "general", replicas);
    object["apiVersion"] = json!("apps/v1");
    object["kind"] = json!(kind);
    object
}

fn chart(folder: &Path, name: &str, objects: &[Value]) {
    std::fs::create_dir_all(folder.join("templates")).unwrap();
    let about = format!("apiVersion: v2\nname: {name}\nversion: 1.0.0\nkubeVersion: '>=1.30.0'\n");
    std::fs::write(folder.join("Chart.yaml"), about).unwrap();
    for (number, object) in objects.iter().enumerate() {
        std::fs::write(folder.join(format!("templates/{number}.yaml")), object.to_string()).unwrap();
    }
}
