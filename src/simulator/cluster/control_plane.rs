//! A running cluster: one process with etcd and the API server in it, and beside it the controllers, the
//! scheduler and kwok, which that process keeps. All of them end when this process does, however it ends: the
//! API server's process reads its standard input, and the kernel closes that.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::ServiceAccount;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client};
use tokio::process::{Child, Command};

use crate::certificates::{SERVICES, write_private};
use crate::keeper::{Keeper, Order, tail};
use crate::{Error, Part, Programs, Reserved, access};

/// How long the API server may take to be ready, on the slowest machine worth waiting for.
const READY: Duration = Duration::from_secs(120);

/// How long it may take to end when it is asked to. Then it is killed.
const GRACE: Duration = Duration::from_secs(10);

/// A running cluster. It is killed when this is dropped; [`ControlPlane::stop`] ends it in order.
pub struct ControlPlane {
    beside: Beside,
    server: Child,
    ready_after: Duration,
}

/// What others that run beside a control plane need of it. It is of no more use once that has ended.
#[derive(Clone)]
pub struct Beside {
    pub(crate) reserved: Reserved,
    pub(crate) kubeconfig: String,
    pub(crate) client: Client,
    pub(crate) keeper: Keeper,
}

/// How a cluster differs from others.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Where tokens are reviewed: a TokenReview (authentication.k8s.io/v1) is posted there, over plain HTTP.
    /// Without it only the administrator's certificate and service accounts are let in.
    pub webhook_url: Option<String>,
    /// The version of the EKS cluster (`1.34`). The control plane is of 1.35 and emulates 1.32 to 1.35, the
    /// nearest of them otherwise.
    pub version: Option<String>,
    /// The issuer of service-account tokens: on EKS, the cluster's OIDC provider.
    pub service_account_issuer: Option<String>,
}

impl ControlPlane {
    /// As [`Reserved::in_folder`].
    ///
    /// # Errors
    /// When the folder can't be written or no port is free.
    pub fn reserve(folder: impl Into<PathBuf>, name: &str) -> Result<Reserved, Error> {
        Reserved::in_folder(folder, name)
    }

    /// Starts a cluster with the data that its folder has, and returns when it can be used: the API server says
    /// that it is ready, access policies are bound, and pods can be made. The programs are built first where they
    /// were not.
    ///
    /// # Errors
    /// When a program can't be built, or the control plane ends, or is not ready in 2 minutes. Then nothing of
    /// it runs any more.
    pub async fn start(reserved: &Reserved, programs: &Programs, options: &Options) -> Result<Self, Error> {
        let control_plane = programs.build(Part::ControlPlane, |_| {}).await?.path();
        let kwok = programs.build(Part::Kwok, |_| {}).await?.path();
        let kubeconfig = reserved.admin_kubeconfig()?;
        let files = Files::write(reserved, &kubeconfig, options)?;
        let client = client(&kubeconfig).await?;

        let began = Instant::now();
        let log = reserved.folder.join("kube-apiserver.log");
        let mut server = spawn(&control_plane, &server_arguments(reserved, &files, options), &reserved.folder, &log)?;
        let keeper = Keeper::new(server.stdin.take(), server.stdout.take(), &log);
        let beside = Beside { reserved: reserved.clone(), kubeconfig, client, keeper };
        let mut running = Self { beside, server, ready_after: Duration::ZERO };
        for order in orders(reserved, &control_plane, &kwok, &files) {
            running.beside.keeper.start(&order).await?;
        }
        running.wait(began, async |client| Ok(is_ready(client).await)).await?;
        running.ready_after = began.elapsed();
        access::bind_policies(&running.beside.client).await?;
        running.wait(began, access::are_roles_complete).await?;
        running.wait(began, has_service_account).await?;
        Ok(running)
    }

    /// Where the API server answers, and the authority that it shows.
    #[must_use]
    pub fn reserved(&self) -> &Reserved {
        &self.beside.reserved
    }

    /// A kubeconfig with the administrator's certificate in it, for the daemon's own use.
    #[must_use]
    pub fn admin_kubeconfig(&self) -> String {
        self.beside.kubeconfig.clone()
    }

    /// A client that may do everything in the cluster.
    #[must_use]
    pub fn client(&self) -> Client {
        self.beside.client.clone()
    }

    /// From the start of its process until the API server was ready.
    #[must_use]
    pub fn ready_after(&self) -> Duration {
        self.ready_after
    }

    /// The ids of its processes, by name.
    #[must_use]
    pub fn processes(&self) -> BTreeMap<String, i32> {
        let mut processes = self.beside.keeper.processes();
        if let Some(id) = self.server.id().and_then(|id| id.try_into().ok()) {
            processes.insert("kube-apiserver".to_owned(), id);
        }
        processes
    }

    /// Returns when the control plane has ended by itself, and says how. Waiting again is allowed.
    pub async fn ended(&mut self) -> Error {
        let how = match self.server.wait().await {
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        };
        let log = self.beside.reserved.folder.join("kube-apiserver.log");
        Error::Ended { how, tail: tail(&log), log }
    }

    /// Ends it: first what runs beside it, then the API server and etcd. What has not ended after 10 s is
    /// killed. Its data stays.
    ///
    /// # Errors
    /// When the process can't be waited for.
    pub async fn stop(mut self) -> Result<(), Error> {
        self.beside.keeper.close().await;
        if let Ok(ended) = tokio::time::timeout(GRACE, self.server.wait()).await {
            return ended.map(drop).map_err(Error::file(&self.beside.reserved.folder));
        }
        self.kill();
        self.server.wait().await.map(drop).map_err(Error::file(&self.beside.reserved.folder))
    }

    /// For what runs beside it.
    #[must_use]
    pub fn beside(&self) -> Beside {
        self.beside.clone()
    }

    /// Waits for something to be so, as long as the control plane runs.
    async fn wait(&mut self, began: Instant, is_so: impl AsyncFn(&Client) -> Result<bool, Error>) -> Result<(), Error> {
        let log = self.beside.reserved.folder.join("kube-apiserver.log");
        loop {
            if is_so(&self.beside.client).await? {
                return Ok(());
            }
            if let Some(status) = self.server.try_wait().map_err(Error::file(&log))? {
                return Err(Error::Ended { how: status.to_string(), tail: tail(&log), log });
            }
            if began.elapsed() > READY {
                return Err(Error::NotReady { waited: READY, tail: tail(&log), log });
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    /// Kills what runs, by the ids that are known. Each has a process group of its own.
    fn kill(&mut self) {
        for process in self.processes().into_values() {
            if let Some(process) = rustix::process::Pid::from_raw(process) {
                let _ = rustix::process::kill_process_group(process, rustix::process::Signal::KILL);
            }
        }
    }
}

impl std::fmt::Debug for ControlPlane {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not the kubeconfig: it holds a key.
        f.debug_struct("ControlPlane")
            .field("endpoint", &self.beside.reserved.endpoint)
            .field("processes", &self.processes())
            .finish_non_exhaustive()
    }
}

impl Beside {
    /// A client that may do everything in the cluster.
    #[must_use]
    pub fn client(&self) -> Client {
        self.client.clone()
    }
}

impl std::fmt::Debug for Beside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not the kubeconfig: it holds a key.
        f.debug_struct("Beside").field("endpoint", &self.reserved.endpoint).finish_non_exhaustive()
    }
}

impl Drop for ControlPlane {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A client for whom the kubeconfig speaks.
async fn client(kubeconfig: &str) -> Result<Client, Error> {
    let why = |error: &dyn std::fmt::Display| Error::Defect { why: error.to_string() };
    let kubeconfig = Kubeconfig::from_yaml(kubeconfig).map_err(|error| why(&error))?;
    let mut config = kube::Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default())
        .await
        .map_err(|error| why(&error))?;
    // Never over the proxy that the environment may name: it is this machine.
    config.proxy_url = None;
    Client::try_from(config).map_err(|error| why(&error))
}

async fn is_ready(client: &Client) -> bool {
    let Ok(request) = http::Request::get("/readyz").body(Vec::new()) else { return false };
    let answer = tokio::time::timeout(Duration::from_secs(2), client.request_text(request)).await;
    matches!(answer, Ok(Ok(text)) if text == "ok")
}

/// Whether pods can be made: each needs its namespace's service account, which a controller makes.
async fn has_service_account(client: &Client) -> Result<bool, Error> {
    let accounts = Api::<ServiceAccount>::namespaced(client.clone(), "default");
    let account = accounts.get_opt("default").await.map_err(Error::kubernetes("the default service account"))?;
    Ok(account.is_some())
}

fn spawn(program: &Path, arguments: &[String], folder: &Path, log: &Path) -> Result<Child, Error> {
    let output = std::fs::OpenOptions::new().create(true).append(true).open(log).map_err(Error::file(log))?;
    Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(output)
        // What a terminal sends on Ctrl-C is for the daemon: it ends its clusters in order.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(Error::file(program))
}

/// The files that the parts read when they start, besides keys.
struct Files {
    kubeconfig: PathBuf,
    authentication: PathBuf,
    webhook: Option<PathBuf>,
}

impl Files {
    fn write(reserved: &Reserved, kubeconfig: &str, options: &Options) -> Result<Self, Error> {
        let folder = reserved.folder.join("config");
        std::fs::create_dir_all(&folder).map_err(Error::file(&folder))?;
        let write = |name: &str, content: &str| {
            let path = folder.join(name);
            write_private(&path, content).map(|()| path)
        };
        // As on EKS, nobody unknown is answered, but on the health endpoints.
        let authentication = serde_json::json!({
            "apiVersion": "apiserver.config.k8s.io/v1",
            "kind": "AuthenticationConfiguration",
            "anonymous": {"enabled": true, "conditions": [
                {"path": "/livez"}, {"path": "/readyz"}, {"path": "/healthz"},
            ]},
        });
        let webhook = options.webhook_url.as_ref().map(|url| {
            let webhook = serde_json::json!({
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "sandbox", "cluster": {"server": url}}],
                "users": [{"name": "api-server", "user": {}}],
                "contexts": [{"name": "webhook", "context": {"cluster": "sandbox", "user": "api-server"}}],
                "current-context": "webhook",
            });
            write("token-webhook.json", &webhook.to_string())
        });
        Ok(Self {
            kubeconfig: write("admin.kubeconfig", kubeconfig)?,
            authentication: write("authentication.json", &authentication.to_string())?,
            webhook: webhook.transpose()?,
        })
    }
}

fn server_arguments(reserved: &Reserved, files: &Files, options: &Options) -> Vec<String> {
    let keys = &reserved.certificates;
    let issuer = options.service_account_issuer.as_deref().unwrap_or("https://kubernetes.default.svc");
    let mut arguments = vec![
        "kube-apiserver".to_owned(),
        // Relative to the folder: the name of a socket can have no more than 107 bytes.
        "--etcd-servers=unix://etcd.sock".to_owned(),
        "--bind-address=127.0.0.1".to_owned(),
        format!("--secure-port={}", reserved.port),
        // An endpoint of the service `kubernetes` can't be on 127.0.0.1, and nothing runs that could use it.
        "--endpoint-reconciler-type=none".to_owned(),
        format!("--service-cluster-ip-range={SERVICES}"),
        flag("--client-ca-file", &keys.authority()),
        flag("--tls-cert-file", &keys.server()),
        flag("--tls-private-key-file", &keys.server_key()),
        flag("--service-account-key-file", &keys.service_accounts()),
        flag("--service-account-signing-key-file", &keys.service_accounts_key()),
        format!("--service-account-issuer={issuer}"),
        "--authorization-mode=Node,RBAC".to_owned(),
        flag("--authentication-config", &files.authentication),
        "--allow-privileged=true".to_owned(),
        "--profiling=false".to_owned(),
    ];
    if let Some(webhook) = &files.webhook {
        arguments.push(flag("--authentication-token-webhook-config-file", webhook));
        arguments.push("--authentication-token-webhook-version=v1".to_owned());
        arguments.push("--authentication-token-webhook-cache-ttl=1s".to_owned());
    }
    if let Some(minor) = options.version.as_deref().and_then(emulated_minor) {
        arguments.push(format!("--emulated-version=1.{minor}"));
    }
    arguments
}

/// What runs beside the API server.
fn orders(reserved: &Reserved, control_plane: &Path, kwok: &Path, files: &Files) -> [Order; 3] {
    let keys = &reserved.certificates;
    let kubeconfig = flag("--kubeconfig", &files.kubeconfig);
    let order = |name: &str, start: Vec<String>| Order {
        name: name.to_owned(),
        start,
        environment: Vec::new(),
        log: reserved.folder.join(format!("{name}.log")),
    };
    let program = control_plane.display().to_string();
    [
        order(
            "kube-controller-manager",
            vec![
                program.clone(),
                "kube-controller-manager".to_owned(),
                kubeconfig.clone(),
                // Without the node lifecycle controller no node would lose its first taint.
                "--controllers=*".to_owned(),
                // At its usual 15 seconds whoever waits for an autoscaler's first look waits for nothing else.
                "--horizontal-pod-autoscaler-sync-period=2s".to_owned(),
                "--leader-elect=false".to_owned(),
                "--secure-port=0".to_owned(),
                flag("--service-account-private-key-file", &keys.service_accounts_key()),
                flag("--root-ca-file", &keys.authority()),
                flag("--cluster-signing-cert-file", &keys.authority()),
                flag("--cluster-signing-key-file", &keys.authority_key()),
                // Nothing else uses this API server: no need to be slow for others' sake.
                "--kube-api-qps=200".to_owned(),
                "--kube-api-burst=400".to_owned(),
            ],
        ),
        order(
            "kube-scheduler",
            vec![
                program,
                "kube-scheduler".to_owned(),
                kubeconfig.clone(),
                "--leader-elect=false".to_owned(),
                "--secure-port=0".to_owned(),
                "--kube-api-qps=200".to_owned(),
                "--kube-api-burst=400".to_owned(),
            ],
        ),
        order(
            "kwok",
            vec![
                kwok.display().to_string(),
                kubeconfig,
                "--manage-all-nodes=true".to_owned(),
                // Or its nodes would be found unreachable after a while.
                "--node-lease-duration-seconds=40".to_owned(),
            ],
        ),
    ]
}

fn flag(name: &str, path: &Path) -> String {
    format!("{name}={}", path.display())
}

/// The nearest minor version that the API server can emulate: its own and the three before.
fn emulated_minor(version: &str) -> Option<u32> {
    let minor = version.strip_prefix("1.")?.split('.').next()?.parse::<u32>().ok()?;
    let own = crate::programs::KUBERNETES.split('.').nth(1)?.parse::<u32>().ok()?;
    let minor = minor.clamp(own - 3, own);
    (minor != own).then_some(minor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_version_that_can_be_emulated_is() {
        assert_eq!(emulated_minor("1.33"), Some(33));
        assert_eq!(emulated_minor("1.35"), None);
        assert_eq!(emulated_minor("1.36"), None);
        assert_eq!(emulated_minor("1.29"), Some(32));
        assert_eq!(emulated_minor("latest"), None);
    }

    #[test]
    fn a_cluster_can_be_started_and_stopped_by_a_task_of_its_own() {
        fn is_send<T: Send>(_: impl FnOnce(&Reserved, &Programs, ControlPlane) -> T) {}
        is_send(|reserved, programs, control_plane| {
            let (reserved, programs) = (reserved.clone(), programs.clone());
            async move {
                let started = ControlPlane::start(&reserved, &programs, &Options::default()).await;
                drop(started);
                control_plane.stop().await
            }
        });
    }
}
