//! The real Argo CD and Argo Rollouts beside a simulated cluster: their controllers run as processes that the
//! control plane's keeper keeps, in the place of the pods that a chart makes and that run nothing.
//!
//! Start them when their chart's release is there: what of their definitions and configuration exists is used as
//! it is, and only what is missing is made (Helm would refuse to take over what was made before it).

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Secret};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{DynamicObject, PostParams};
use kube::core::{ApiResource, GroupVersionKind, NamespaceResourceScope};
use kube::{Api, Resource, ResourceExt as _};
use serde_json::{Value, json};

use crate::certificates::write_private;
use crate::keeper::Order;
use crate::reserved::free_ports;
use crate::{Beside, Error, Part, Programs, Progress};

/// Argo CD's application controller and repository server, with a Redis of their own.
#[derive(Debug)]
pub enum ArgoCd {}

/// The controller of Argo Rollouts.
#[derive(Debug)]
pub enum Rollouts {}

/// How long Argo CD leaves what it has applied alone before it sets it back.
const HEAL: Duration = Duration::from_secs(20);

/// The names of what [`ArgoCd`] runs.
const REDIS: &str = "argocd-redis";
const REPO_SERVER: &str = "argocd-repo-server";
const APPLICATION_CONTROLLER: &str = "argocd-application-controller";

/// The name of what [`Rollouts`] runs.
const ROLLOUTS: &str = "argo-rollouts";

impl ArgoCd {
    /// Starts Argo CD for the applications in `namespace`. It runs until the control plane ends or
    /// [`ArgoCd::stop`]; starting it again replaces it. Repositories and charts are fetched with the variables of
    /// `outside`, which are [`Outside::environment`](crate::outside::Outside::environment)'s or none.
    ///
    /// # Errors
    /// When `redis-server` or `git` is not on PATH, a program can't be built, or the API server refuses something.
    pub async fn start(
        beside: &Beside,
        programs: &Programs,
        namespace: &str,
        outside: &[(String, String)],
        mut progress: impl FnMut(Progress),
    ) -> Result<(), Error> {
        let redis = needed(programs, "redis-server", REDIS_HINT)?;
        needed(programs, "git", GIT_HINT)?;
        let argo_cd = programs.build(Part::ArgoCd, &mut progress).await?;
        let helm = programs.helm(&mut progress).await?;
        // Nothing here makes Applications from sets of them.
        let definitions = programs.crds(Part::ArgoCd)?;
        let of_sets = |file: &PathBuf| file.to_string_lossy().contains("applicationset");
        define(beside, &definitions.into_iter().filter(|file| !of_sets(file)).collect::<Vec<_>>()).await?;
        configure_argo_cd(beside, namespace).await?;

        let folder = beside.reserved.folder.join("argo-cd");
        let tools = folder.join("bin");
        create_folders([&tools, &folder.join("tmp"), &folder.join("known")])?;
        link(&helm, &tools.join("helm"))?;
        link(&argo_cd.path(), &tools.join("argocd"))?;
        let mut environment = environment(beside, programs, &folder, &tools)?;
        // What it has just applied it sees only once it has read the API's schemas for each definition before: until then
        // it would apply everything again, and again, and have more to read.
        environment.push("ARGOCD_APPLICATION_CONTROLLER_SELF_HEAL_BACKOFF_TIMEOUT_SECONDS=0".to_owned());
        environment.push(format!("ARGOCD_APPLICATION_CONTROLLER_SELF_HEAL_TIMEOUT_SECONDS={}", HEAL.as_secs()));
        // Each definition that comes or changes has it ask for all kinds again, group by group: at its usual 50 requests a
        // second the platform's sixty take minutes, in which it sees none of them.
        environment.push("ARGOCD_K8S_CLIENT_QPS=2000".to_owned());
        environment.push(format!("GIT_CONFIG_GLOBAL={}", git_config(&folder)?));
        let [redis_port, repo_port, repo_metrics, controller_metrics] = free_ports(&folder)?;
        let redis_address = format!("127.0.0.1:{redis_port}");

        let order = |name: &str, program: &Path, arguments: Vec<String>| {
            let mut start = vec![program.display().to_string()];
            start.extend(arguments);
            let log = beside.reserved.folder.join(format!("{name}.log"));
            Order { name: name.to_owned(), start, environment: environment.clone(), log }
        };
        let mut orders = [
            order(
                REDIS,
                &redis,
                vec![
                    "--bind".to_owned(),
                    "127.0.0.1".to_owned(),
                    "--port".to_owned(),
                    redis_port.to_string(),
                    // A cache: nothing of it is kept.
                    "--save".to_owned(),
                    String::new(),
                    "--dir".to_owned(),
                    folder.display().to_string(),
                ],
            ),
            order(
                REPO_SERVER,
                &argo_cd.link(REPO_SERVER),
                vec![
                    format!("--redis={redis_address}"),
                    "--address=127.0.0.1".to_owned(),
                    format!("--port={repo_port}"),
                    "--metrics-address=127.0.0.1".to_owned(),
                    format!("--metrics-port={repo_metrics}"),
                    // Only the controller beside it talks to it.
                    "--disable-tls".to_owned(),
                ],
            ),
            order(
                APPLICATION_CONTROLLER,
                &argo_cd.link(APPLICATION_CONTROLLER),
                vec![
                    format!("--namespace={namespace}"),
                    format!("--redis={redis_address}"),
                    format!("--repo-server=127.0.0.1:{repo_port}"),
                    "--repo-server-plaintext".to_owned(),
                    format!("--metrics-port={controller_metrics}"),
                ],
            ),
        ];
        orders[1].environment.extend(outside.iter().map(|(name, value)| format!("{name}={value}")));
        for order in &orders {
            beside.keeper.start(order).await?;
        }
        Ok(())
    }

    /// Stops Argo CD. Its applications and what they deployed stay.
    ///
    /// # Errors
    /// When the control plane has ended.
    pub async fn stop(beside: &Beside) -> Result<(), Error> {
        for name in [APPLICATION_CONTROLLER, REPO_SERVER, REDIS] {
            beside.keeper.stop(name).await?;
        }
        Ok(())
    }
}

impl Rollouts {
    /// Starts the controller of Argo Rollouts for the Rollouts of all namespaces; its own configuration is in
    /// `namespace`. It runs until the control plane ends or [`Rollouts::stop`]; starting it again replaces it.
    ///
    /// # Errors
    /// When the program can't be built or the API server refuses something.
    pub async fn start(
        beside: &Beside,
        programs: &Programs,
        namespace: &str,
        progress: impl FnMut(Progress),
    ) -> Result<(), Error> {
        let rollouts = programs.build(Part::ArgoRollouts, progress).await?;
        define(beside, &programs.crds(Part::ArgoRollouts)?).await?;
        make_namespace(beside, namespace).await?;

        let folder = beside.reserved.folder.join("argo-rollouts");
        create_folders([&folder, &folder.join("tmp"), &folder.join("bin")])?;
        let [metrics, health] = free_ports(&folder)?;
        let mut environment = environment(beside, programs, &folder, &folder.join("bin"))?;
        environment.push(format!("POD_NAMESPACE={namespace}"));
        let order = Order {
            name: ROLLOUTS.to_owned(),
            start: vec![
                rollouts.path().display().to_string(),
                "--leader-elect=false".to_owned(),
                format!("--metricsPort={metrics}"),
                format!("--healthzPort={health}"),
            ],
            environment,
            log: beside.reserved.folder.join(format!("{ROLLOUTS}.log")),
        };
        beside.keeper.start(&order).await
    }

    /// Stops the controller. Rollouts stay as they are.
    ///
    /// # Errors
    /// When the control plane has ended.
    pub async fn stop(beside: &Beside) -> Result<(), Error> {
        beside.keeper.stop(ROLLOUTS).await
    }
}

/// How long a definition may take until its objects are served: usually milliseconds.
const SERVED: Duration = Duration::from_secs(10);

/// What is missing of what Argo CD needs of a machine beside what is built here, each with how to get it.
#[must_use]
pub fn check(programs: &Programs) -> Vec<Error> {
    let needed = [("redis-server", REDIS_HINT), ("git", GIT_HINT)];
    needed.into_iter().filter_map(|(program, hint)| self::needed(programs, program, hint).err()).collect()
}

const REDIS_HINT: &str = "Install it: on Debian and Ubuntu, apt-get install redis-server";
const GIT_HINT: &str = "Install it: the repositories of applications are fetched by it";

fn needed(programs: &Programs, program: &'static str, hint: &'static str) -> Result<PathBuf, Error> {
    programs.find(program).ok_or(Error::NoProgram { what: "Argo CD of a simulated cluster", program, hint })
}

/// The environment of a controller: the cluster, and folders of its own, so that nothing of the user's
/// configuration of Git or Helm is read or changed.
fn environment(beside: &Beside, programs: &Programs, folder: &Path, tools: &Path) -> Result<Vec<String>, Error> {
    let kubeconfig = folder.join("kubeconfig");
    write_private(&kubeconfig, &beside.kubeconfig)?;
    let path = std::iter::once(tools.to_owned()).chain(std::env::split_paths(programs.path()));
    let path = std::env::join_paths(path).map_err(|error| Error::Defect { why: error.to_string() })?;
    let variables = [
        ("KUBECONFIG", kubeconfig.display().to_string()),
        // Argo CD takes the kubeconfig's cluster for the one that it would run in: https://kubernetes.default.svc.
        ("ARGOCD_FAKE_IN_CLUSTER", "true".to_owned()),
        ("ARGOCD_GPG_ENABLED", "false".to_owned()),
        // There are few applications: none needs to wait up to a minute more.
        ("ARGOCD_RECONCILIATION_JITTER", "0s".to_owned()),
        ("ARGOCD_TLS_DATA_PATH", folder.join("known").display().to_string()),
        ("ARGOCD_SSH_DATA_PATH", folder.join("known").display().to_string()),
        ("HOME", folder.display().to_string()),
        ("TMPDIR", folder.join("tmp").display().to_string()),
        ("PATH", path.to_string_lossy().into_owned()),
    ];
    Ok(variables.into_iter().map(|(name, value)| format!("{name}={value}")).collect())
}

/// Makes the custom resource definitions that are missing, and waits until they are served.
async fn define(beside: &Beside, files: &[PathBuf]) -> Result<(), Error> {
    let definitions = Api::<CustomResourceDefinition>::all(beside.client.clone());
    let raw =
        Api::<DynamicObject>::all_with(beside.client.clone(), &ApiResource::erase::<CustomResourceDefinition>(&()));
    for file in files {
        let text = std::fs::read_to_string(file).map_err(Error::file(file))?;
        let definition: DynamicObject =
            serde_saphyr::from_str(&text).map_err(|error| Error::Defect { why: error.to_string() })?;
        create_missing(&raw, &definition).await?;
        let name = definition.name_any();
        let began = Instant::now();
        // One whose names another has taken never is.
        while !is_served(&definitions, &name).await? && began.elapsed() < SERVED {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    Ok(())
}

async fn is_served(definitions: &Api<CustomResourceDefinition>, name: &str) -> Result<bool, Error> {
    let definition = definitions.get(name).await.map_err(Error::kubernetes(name))?;
    let conditions = definition.status.and_then(|status| status.conditions).unwrap_or_default();
    Ok(conditions.iter().any(|condition| condition.type_ == "Established" && condition.status == "True"))
}

/// Makes what is missing of what Argo CD can't do without: its configuration and the project `default`, which
/// its API server would make.
async fn configure_argo_cd(beside: &Beside, namespace: &str) -> Result<(), Error> {
    make_namespace(beside, namespace).await?;
    let labels = json!({"app.kubernetes.io/part-of": "argocd"});
    make::<ConfigMap>(beside, namespace, json!({"metadata": {"name": "argocd-cm", "labels": labels}})).await?;
    make::<ConfigMap>(beside, namespace, json!({"metadata": {"name": "argocd-rbac-cm", "labels": labels}})).await?;
    // It signs sessions of the web interface, which does not run.
    let secret =
        json!({"metadata": {"name": "argocd-secret", "labels": labels}, "stringData": {"server.secretkey": "none"}});
    make::<Secret>(beside, namespace, secret).await?;

    let project = ApiResource::from_gvk(&GroupVersionKind::gvk("argoproj.io", "v1alpha1", "AppProject"));
    let projects = Api::<DynamicObject>::namespaced_with(beside.client.clone(), namespace, &project);
    let project = DynamicObject::new("default", &project).data(json!({"spec": {
        "clusterResourceWhitelist": [{"group": "*", "kind": "*"}],
        "destinations": [{"namespace": "*", "server": "*"}],
        "sourceRepos": ["*"],
    }}));
    create_missing(&projects, &project).await
}

/// Git's configuration. Argo CD gives Git no home; without this a repository in a folder of another user is refused.
fn git_config(folder: &Path) -> Result<String, Error> {
    let file = folder.join("gitconfig");
    std::fs::write(&file, "[safe]\n\tdirectory = *\n").map_err(Error::file(&file))?;
    Ok(file.display().to_string())
}

async fn make_namespace(beside: &Beside, name: &str) -> Result<(), Error> {
    let mut namespace = Namespace::default();
    namespace.metadata.name = Some(name.to_owned());
    create_missing(&Api::all(beside.client.clone()), &namespace).await
}

async fn make<K>(beside: &Beside, namespace: &str, object: Value) -> Result<(), Error>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + std::fmt::Debug
        + serde::Serialize
        + serde::de::DeserializeOwned,
{
    let object: K = serde_json::from_value(object).map_err(|error| Error::Defect { why: error.to_string() })?;
    create_missing(&Api::namespaced(beside.client.clone(), namespace), &object).await
}

async fn create_missing<K>(api: &Api<K>, object: &K) -> Result<(), Error>
where
    K: Resource + Clone + std::fmt::Debug + serde::Serialize + serde::de::DeserializeOwned,
{
    match api.create(&PostParams::default(), object).await {
        Err(kube::Error::Api(status)) if status.code == 409 => Ok(()),
        other => other.map(drop).map_err(Error::kubernetes(object.name_any())),
    }
}

fn create_folders<const COUNT: usize>(folders: [&PathBuf; COUNT]) -> Result<(), Error> {
    folders.into_iter().try_for_each(|folder| std::fs::create_dir_all(folder).map_err(Error::file(folder)))
}

fn link(to: &Path, at: &Path) -> Result<(), Error> {
    match std::fs::remove_file(at) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(Error::file(at)(error)),
        _ => {}
    }
    std::os::unix::fs::symlink(to, at).map_err(Error::file(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_a_machine_lacks_is_said_at_once() {
        let missing = check(&Programs::new("/nonexistent/cache", "/nonexistent/bin"));
        let said: Vec<String> = missing.iter().map(ToString::to_string).collect();
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[0].contains("`redis-server`, which is not on PATH. Install it: on Debian"), "{said:?}");
        assert!(said[1].contains("`git`, which is not on PATH"), "{said:?}");
    }
}
