//! The controllers that run for real: Argo CD and Argo Rollouts run beside a cluster for as long as it has the
//! workload that their chart makes, whose pods run nothing.

use std::convert::Infallible;
use std::time::Duration;

use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::ListParams;
use kube::{Api, Client};

use crate::argo::{ArgoCd, Rollouts};
use crate::{Beside, Error, Programs, Progress};

/// A controller that runs for real.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Controller {
    /// Argo CD's application controller, and what it needs.
    ArgoCd,
    /// The controller of Argo Rollouts.
    Rollouts,
}

/// What there is to say of a controller.
#[derive(Debug)]
pub enum News {
    /// Its program is being built.
    Building(Progress),
    /// It runs, for this namespace.
    Started(String),
    /// It runs no more: its workload is gone.
    Stopped,
    /// It can't be started or stopped. It is tried again.
    Failed(Error),
}

/// How often the cluster is looked at. Its workloads are few, and the answer is in the API server's memory.
const LOOK: Duration = Duration::from_secs(1);

/// How long a controller that did not start is left alone.
const AGAIN: Duration = Duration::from_secs(10);

/// What is to be done about a controller.
enum Due {
    Start(String),
    Stop,
}

/// Starts a controller when its workload is there, building it first if need be, and stops it when that goes, until
/// this is dropped. `outside` are [`Outside::environment`](crate::outside::Outside::environment)'s variables, or none.
pub async fn tend(
    controller: Controller,
    beside: Beside,
    programs: Programs,
    outside: Vec<(String, String)>,
    mut tell: impl FnMut(News) + Send,
) -> Infallible {
    let mut runs_in: Option<String> = None;
    loop {
        let done = match controller.due(&beside.client, runs_in.as_deref()).await {
            // Where the API server does not answer, nothing is known; whoever runs it says why.
            Ok(None) | Err(_) => {
                tokio::time::sleep(LOOK).await;
                continue;
            }
            Ok(Some(Due::Start(namespace))) => {
                let progress = |progress| tell(News::Building(progress));
                controller.start(&beside, &programs, (&namespace, &outside), progress).await.map(|()| Some(namespace))
            }
            Ok(Some(Due::Stop)) => controller.stop(&beside).await.map(|()| None),
        };
        match done {
            Ok(now) => {
                tell(now.clone().map_or(News::Stopped, News::Started));
                runs_in = now;
            }
            Err(error) => {
                tell(News::Failed(error));
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
}

impl Controller {
    /// What a person calls it.
    #[must_use]
    pub fn what(self) -> &'static str {
        match self {
            Self::ArgoCd => "Argo CD",
            Self::Rollouts => "Argo Rollouts",
        }
    }

    /// The labels that its chart gives its workload.
    fn labels(self) -> &'static str {
        match self {
            Self::ArgoCd => "app.kubernetes.io/name=argocd-application-controller",
            Self::Rollouts => "app.kubernetes.io/name=argo-rollouts,app.kubernetes.io/component=rollouts-controller",
        }
    }

    /// The definition of what it reconciles.
    fn definition(self) -> &'static str {
        match self {
            Self::ArgoCd => "applications.argoproj.io",
            Self::Rollouts => "rollouts.argoproj.io",
        }
    }

    async fn start(
        self,
        beside: &Beside,
        programs: &Programs,
        (namespace, outside): (&str, &[(String, String)]),
        progress: impl FnMut(Progress),
    ) -> Result<(), Error> {
        match self {
            Self::ArgoCd => ArgoCd::start(beside, programs, namespace, outside, progress).await,
            Self::Rollouts => Rollouts::start(beside, programs, namespace, progress).await,
        }
    }

    async fn stop(self, beside: &Beside) -> Result<(), Error> {
        match self {
            Self::ArgoCd => ArgoCd::stop(beside).await,
            Self::Rollouts => Rollouts::stop(beside).await,
        }
    }

    async fn due(self, client: &Client, runs_in: Option<&str>) -> Result<Option<Due>, kube::Error> {
        let workload = self.workload(client).await?;
        let namespace = workload.as_ref().and_then(|workload| workload.namespace.as_deref());
        Ok(match (runs_in, workload.as_ref().zip(namespace)) {
            (Some(runs_in), _) => (namespace != Some(runs_in)).then_some(Due::Stop),
            (None, Some((workload, namespace))) if self.is_whole(client, workload).await? => {
                Some(Due::Start(namespace.to_owned()))
            }
            (None, _) => None,
        })
    }

    /// The workload, if there is one that is to have pods.
    async fn workload(self, client: &Client) -> Result<Option<ObjectMeta>, kube::Error> {
        let parameters = ListParams::default().labels(self.labels()).match_any();
        let deployments = Api::<Deployment>::all(client.clone()).list(&parameters).await?;
        let deployments = deployments.into_iter().map(|one| (one.metadata, one.spec.and_then(|spec| spec.replicas)));
        let sets = Api::<StatefulSet>::all(client.clone()).list(&parameters).await?;
        let sets = sets.into_iter().map(|one| (one.metadata, one.spec.and_then(|spec| spec.replicas)));
        let mut wanted = deployments
            .chain(sets)
            .filter(|(metadata, replicas)| metadata.deletion_timestamp.is_none() && *replicas != Some(0));
        Ok(wanted.next().map(|(metadata, _)| metadata))
    }

    /// Whether all that came with the workload is there. Helm takes over nothing that it did not make, so nothing
    /// may be made before its release is deployed; who applies otherwise brings the definitions first.
    async fn is_whole(self, client: &Client, workload: &ObjectMeta) -> Result<bool, kube::Error> {
        let annotation = |name: &str| workload.annotations.as_ref()?.get(&format!("meta.helm.sh/release-{name}"));
        if let (Some(release), Some(namespace)) = (annotation("name"), annotation("namespace")) {
            let releases = Api::<Secret>::namespaced(client.clone(), namespace);
            let deployed = format!("owner=helm,name={release},status=deployed");
            return Ok(!releases.list_metadata(&ListParams::default().labels(&deployed)).await?.items.is_empty());
        }
        let definitions = Api::<CustomResourceDefinition>::all(client.clone());
        Ok(definitions.get_metadata_opt(self.definition()).await?.is_some())
    }
}
