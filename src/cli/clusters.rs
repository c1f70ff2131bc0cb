//! The clusters of a target: where AWS says that they are, entered as whoever applies.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use async_trait::async_trait;
use fathuss_aws::{ApiServer, Aws, TOKEN_LIFETIME};
use fathuss_engine::provider::{Failure, FailureClass};
use fathuss_kubernetes::{Clusters, Endpoint, Helm, Token};
use tokio::task::JoinHandle;

use crate::keeper::programs;
use crate::project::Route;
use crate::served::Served;

/// Clusters that AWS tells of, or a sandbox that another process serves.
pub struct OfAws {
    aws: Rc<Aws>,
    simulated: bool,
    served: Option<Rc<Served>>,
    held: RefCell<Option<Holding>>,
    setting: Setting,
}

/// How clusters are reached, and where charts come from.
#[derive(Clone, Debug)]
pub struct Setting {
    /// A repository or registry in the place of all others.
    pub mirror: Option<String>,
    /// What charts in folders are seen from.
    pub folder: PathBuf,
    /// Where a sandbox has the variables that make programs see its internet.
    pub outside: Option<PathBuf>,
    /// The way to clusters whose endpoints are private.
    pub route: Route,
}

/// Where the API servers of a sandbox are.
const HERE: &str = "https://127.0.0.1:";

/// For how long a served sandbox's time is asked to keep the wall's pace; and after how long it is asked again.
const HOLD: Duration = Duration::from_secs(10);
const HOLD_AGAIN: Duration = Duration::from_secs(3);

impl OfAws {
    /// The clusters of an account; of a sandbox, with the process that serves it, where one does.
    pub fn new(aws: Rc<Aws>, simulated: bool, served: Option<Rc<Served>>, setting: Setting) -> Self {
        Self { aws, simulated, served, held: RefCell::default(), setting }
    }
}

#[async_trait(?Send)]
impl Clusters for OfAws {
    async fn endpoint(&self, region: &str, name: &str) -> Result<Option<Endpoint>, Failure> {
        let server = self.aws.api_server(region, name).await?;
        // AWS's own name for it: what a sandbox makes up is not to be looked for in the world outside.
        if self.simulated && server.as_ref().is_some_and(|server| !server.url.starts_with(HERE)) {
            return Err(Failure {
                class: FailureClass::Refused,
                service: "kubernetes".to_owned(),
                operation: String::new(),
                code: "NoApiServer".to_owned(),
                message: format!("nothing answers for the cluster {name}: the sandbox runs no Kubernetes here"),
                request_id: None,
                hint: Some("serve the sandbox with its clusters: `fathuss sandbox up`".to_owned()),
            });
        }
        let Route { proxy, address } = self.setting.route.clone();
        Ok(server.map(|server| {
            let ApiServer { url, authority } = server;
            match address {
                Some(address) => {
                    let server_name = url.trim_start_matches("https://").split([':', '/']).next().map(str::to_owned);
                    Endpoint { url: address, authority, server_name, proxy }
                }
                None => Endpoint { url, authority, server_name: None, proxy },
            }
        }))
    }

    async fn token(&self, region: &str, name: &str) -> Result<Token, Failure> {
        let text = self.aws.cluster_token(region, name).await?;
        Ok(Token { text, lifetime: TOKEN_LIFETIME })
    }

    async fn helm(&self) -> Result<Helm, Failure> {
        let Setting { mirror, folder, outside, .. } = self.setting.clone();
        let written = outside.filter(|_| self.served.is_some()).and_then(|file| std::fs::read(file).ok());
        let environment = written.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
        let program = helm(self.simulated).await?;
        Ok(Helm { program, mirror, folder, environment })
    }

    async fn busy(&self, busy: bool) {
        let Some(served) = &self.served else { return };
        if !busy {
            self.held.take();
            // A sandbox that does not do it goes on at its own speed: waits are shorter then, and nothing is wrong.
            let _ = served.hold(Duration::ZERO).await;
        } else if self.held.borrow().is_none() {
            let served = Served::clone(served);
            let _ = served.hold(HOLD).await;
            let holding = tokio::spawn(async move {
                loop {
                    tokio::time::sleep(HOLD_AGAIN).await;
                    let _ = served.hold(HOLD).await;
                }
            });
            *self.held.borrow_mut() = Some(Holding(holding));
        }
    }

    fn lapses(&self) {
        self.held.take();
    }
}

/// Asks again and again that time keeps its pace, until it is dropped.
struct Holding(JoinHandle<()>);

impl Drop for Holding {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// How long a Helm may think about its version.
const PATIENCE: Duration = Duration::from_secs(15);

/// The oldest Helm that charts are installed with.
const OLDEST: (u32, u32) = (3, 14);

/// The user's Helm; in a sandbox, where there is none, ours.
pub async fn helm(simulated: bool) -> Result<PathBuf, Failure> {
    let refused = |code: &str, message: String, hint: &str| Failure {
        class: FailureClass::Refused,
        service: "helm".to_owned(),
        operation: String::new(),
        code: code.to_owned(),
        message,
        request_id: None,
        hint: Some(hint.to_owned()),
    };
    let install = "install Helm 3.14 or later: https://helm.sh/docs/intro/install/";
    let Some(program) = found() else {
        if !simulated {
            return Err(refused("NoHelm", "there is no helm on PATH".to_owned(), install));
        }
        let programs = programs().map_err(|error| refused("NoHelm", error.to_string(), install))?;
        let built = programs.helm(|_| ()).await;
        return built.map_err(|error| refused("NoHelm", error.to_string(), install));
    };
    let mut version = tokio::process::Command::new(&program);
    let version = version.args(["version", "--template", "{{.Version}}"]).kill_on_drop(true).output();
    let silent = |_| refused("NoHelm", format!("{} says nothing about its version", program.display()), install);
    let output = tokio::time::timeout(PATIENCE, version).await.map_err(silent)?;
    let output = output.map_err(|error| refused("NoHelm", format!("{}: {error}", program.display()), install))?;
    let told = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let mut numbers = told.trim_start_matches('v').split('.').map_while(|part| part.parse::<u32>().ok());
    match (numbers.next(), numbers.next()) {
        (Some(major), Some(minor)) if (major, minor) >= OLDEST => Ok(program),
        _ => Err(refused("OldHelm", format!("{} is version `{told}`", program.display()), install)),
    }
}

/// Where Helm is, if it is on PATH.
pub fn found() -> Option<PathBuf> {
    fathuss_cluster::find(&std::env::var_os("PATH").unwrap_or_default(), "helm")
}
