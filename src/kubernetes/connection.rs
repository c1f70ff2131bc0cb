//! A cluster that is connected to.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::{Duration, Instant};

use fathuss_engine::provider::{CallCounts, Failure, FailureClass};
use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use kube::api::{Api, DeleteParams, DynamicObject, ListParams, Patch, PatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::{ApiResource, GroupVersionKind};
use kube::discovery::{Scope, oneshot};
use kube::{Client, Error};
use serde_json::{Value as Json, json};

use crate::clusters::{Endpoint, Token};
use crate::failure::{from_kube, is_absent, is_stranger, refused};
use crate::locator::Locator;

/// Whose the fields are that a stack gives.
pub(crate) const MANAGER: &str = "fathuss";
/// Whose the values are that no state keeps: apart, so that they stay when they are not sent again.
pub(crate) const HIDDEN: &str = "fathuss-values";

/// How long an answer may take, or its next part: what is sent and not answered would be waited for for ever.
const LONGEST_ANSWER: Duration = Duration::from_secs(60);

/// How an object is applied.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Applying {
    /// Whose its fields are.
    pub manager: &'static str,
    /// Whether fields are taken from others.
    pub force: bool,
    /// Whether the answer alone is wanted.
    pub dry: bool,
}

/// A connection with a token.
pub(crate) struct Connection {
    client: Client,
    made: Instant,
    token: Token,
    kinds: RefCell<HashMap<GroupVersionKind, (ApiResource, bool)>>,
    calls: RefCell<CallCounts>,
    stranger: RefCell<bool>,
}

impl Connection {
    /// Connects. Nothing is sent yet.
    pub fn open(endpoint: &Endpoint, token: Token) -> Result<Self, Failure> {
        let unusable = |error: String| refused("InvalidEndpoint", error);
        let config: Kubeconfig = serde_json::from_value(kubeconfig(endpoint, json!({ "token": token.text })))
            .map_err(|error| unusable(error.to_string()))?;
        let mut config =
            futures::executor::block_on(kube::Config::from_custom_kubeconfig(config, &KubeConfigOptions::default()))
                .map_err(|error| unusable(error.to_string()))?;
        config.proxy_url = proxy(endpoint, &config.cluster_url, Matcher::from_env)?;
        config.read_timeout = Some(LONGEST_ANSWER);
        let client = Client::try_from(config).map_err(|error| unusable(error.to_string()))?;
        let (kinds, calls, stranger) = (RefCell::default(), RefCell::default(), RefCell::new(false));
        Ok(Self { client, made: Instant::now(), token, kinds, calls, stranger })
    }

    /// Whether its token is to be trusted no longer.
    pub fn is_stale(&self) -> bool {
        *self.stranger.borrow() || self.made.elapsed() >= self.token.lifetime
    }

    /// The calls sent by it so far.
    pub fn calls(&self) -> CallCounts {
        self.calls.borrow().clone()
    }

    /// Kubernetes's version, where it answers.
    pub async fn version(&self) -> Result<String, Failure> {
        self.count("Version");
        let version = self.client.apiserver_version().await.map_err(|error| self.failure("Version", &error))?;
        Ok(version.git_version)
    }

    /// The object there; none where there is none, nor its kind.
    pub async fn get(&self, locator: &Locator) -> Result<Option<Json>, Failure> {
        let api = match self.api(locator).await {
            Ok(api) => api,
            Err(failure) if failure.code == NO_KIND => return Ok(None),
            Err(failure) => return Err(failure),
        };
        self.count("Get");
        let found = api.get_opt(&locator.name).await.map_err(|error| self.failure("Get", &error))?;
        found.map(|object| to_json(&object)).transpose()
    }

    /// Applies an object, and gives what comes of it.
    pub async fn apply(&self, locator: &Locator, object: &Json, how: Applying) -> Result<Json, Failure> {
        let api = self.api(locator).await?;
        let operation = if how.dry { "DryRun" } else { "Apply" };
        let parameters = PatchParams {
            dry_run: how.dry,
            force: how.force,
            field_manager: Some(how.manager.to_owned()),
            field_validation: Some(kube::api::ValidationDirective::Strict),
        };
        self.count(operation);
        let applied = api.patch(&locator.name, &parameters, &Patch::Apply(object)).await;
        to_json(&applied.map_err(|error| self.failure(operation, &error))?)
    }

    /// The names of those of its kind and namespace that have these labels.
    pub async fn labelled(&self, place: &Locator, labels: &str) -> Result<Vec<String>, Failure> {
        let api = self.api(place).await?;
        self.count("List");
        let listed = api.list_metadata(&ListParams::default().labels(labels)).await;
        let listed = listed.map_err(|error| self.failure("List", &error))?;
        Ok(listed.items.into_iter().filter_map(|one| one.metadata.name).collect())
    }

    /// Changes parts of an object.
    pub async fn merge(&self, locator: &Locator, patch: &Json) -> Result<(), Failure> {
        let api = self.api(locator).await?;
        self.count("Patch");
        let patched = api.patch(&locator.name, &PatchParams::default(), &Patch::Merge(patch)).await;
        patched.map(drop).map_err(|error| self.failure("Patch", &error))
    }

    /// Asks for an object's deletion; one that is gone already is fine.
    pub async fn delete(&self, locator: &Locator) -> Result<(), Failure> {
        let api = self.api(locator).await?;
        self.count("Delete");
        match api.delete(&locator.name, &DeleteParams::background()).await {
            Ok(_) => Ok(()),
            Err(error) if is_absent(&error) => Ok(()),
            Err(error) => Err(self.failure("Delete", &error)),
        }
    }

    async fn api(&self, locator: &Locator) -> Result<Api<DynamicObject>, Failure> {
        let (resource, namespaced) = self.kind(locator).await?;
        Ok(match (&locator.namespace, namespaced) {
            (Some(namespace), true) => Api::namespaced_with(self.client.clone(), namespace, &resource),
            (None, true) => Api::namespaced_with(self.client.clone(), "default", &resource),
            (_, false) => Api::all_with(self.client.clone(), &resource),
        })
    }

    async fn kind(&self, locator: &Locator) -> Result<(ApiResource, bool), Failure> {
        let gvk = locator.gvk();
        if let Some(known) = self.kinds.borrow().get(&gvk) {
            return Ok(known.clone());
        }
        self.count("Discover");
        let (resource, capabilities) = oneshot::pinned_kind(&self.client, &gvk).await.map_err(|error| {
            if !is_absent(&error) && !matches!(error, Error::Discovery(_)) {
                return self.failure("Discover", &error);
            }
            Failure {
                class: FailureClass::Unseen,
                hint: Some(
                    "install its CustomResourceDefinition, in this stack or by the chart that brings it".to_owned(),
                ),
                ..refused(NO_KIND, format!("the cluster knows no {} of {}", locator.kind, locator.api_version))
            }
        })?;
        let known = (resource, capabilities.scope == Scope::Namespaced);
        self.kinds.borrow_mut().insert(gvk, known.clone());
        Ok(known)
    }

    fn count(&self, operation: &str) {
        let counted = (crate::failure::SERVICE.to_owned(), operation.to_owned());
        *self.calls.borrow_mut().operations.entry(counted).or_default() += 1;
    }

    fn failure(&self, operation: &str, error: &Error) -> Failure {
        if is_stranger(error) {
            *self.stranger.borrow_mut() = true;
        }
        from_kube(operation, error)
    }
}

/// What a cluster is reached through: what the project says, or else what the environment says for the cluster's own
/// address, as Helm has it. Of what this machine serves itself, no proxy knows.
fn proxy(endpoint: &Endpoint, cluster: &Uri, environment: impl FnOnce() -> Matcher) -> Result<Option<Uri>, Failure> {
    if let Some(proxy) = &endpoint.proxy {
        let unusable = |error| refused("InvalidEndpoint", format!("the proxy {proxy}: {error}"));
        return proxy.parse().map(Some).map_err(unusable);
    }
    if cluster.host().is_some_and(|host| host == "127.0.0.1") {
        return Ok(None);
    }
    Ok(environment().intercept(cluster).map(|found| found.uri().clone()))
}

/// How a cluster is entered by such a user.
pub(crate) fn kubeconfig(endpoint: &Endpoint, user: Json) -> Json {
    let mut cluster = json!({ "server": endpoint.url, "certificate-authority-data": endpoint.authority });
    for (name, given) in [("tls-server-name", &endpoint.server_name), ("proxy-url", &endpoint.proxy)] {
        if let Some(given) = given {
            cluster[name] = json!(given);
        }
    }
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{ "name": "cluster", "cluster": cluster }],
        "users": [{ "name": "user", "user": user }],
        "contexts": [{ "name": "context", "context": { "cluster": "cluster", "user": "user" } }],
        "current-context": "context",
    })
}

/// The code where a cluster does not know a kind.
pub(crate) const NO_KIND: &str = "NoSuchKind";

fn to_json(object: &DynamicObject) -> Result<Json, Failure> {
    serde_json::to_value(object).map_err(|error| refused("UnreadableAnswer", error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_projects_proxy_goes_before_what_the_environment_says_of_the_clusters_address() {
        let cluster: Uri = "https://0123456789ABCDEF.gr7.us-east-1.eks.amazonaws.com".parse().unwrap();
        let through = |own: Option<&str>, cluster: &Uri, exempt: &'static str| {
            let proxy = own.map(str::to_owned);
            let endpoint = Endpoint { url: cluster.to_string(), authority: String::new(), server_name: None, proxy };
            let environment = || Matcher::builder().https("http://proxy.example.com:3128").no(exempt).build();
            super::proxy(&endpoint, cluster, environment).unwrap().map(|uri| uri.to_string())
        };
        let outside = Some("http://proxy.example.com:3128/".to_owned());
        assert_eq!(through(None, &cluster, "localhost,127.0.0.1"), outside);
        assert_eq!(through(None, &cluster, ".eks.amazonaws.com"), None);
        assert_eq!(through(None, &"https://127.0.0.1:6443".parse().unwrap(), ""), None);
        let own = Some("socks5://127.0.0.1:1080");
        assert_eq!(through(own, &cluster, "localhost,127.0.0.1"), Some("socks5://127.0.0.1:1080/".to_owned()));
        assert_eq!(through(own, &cluster, "*"), Some("socks5://127.0.0.1:1080/".to_owned()));
    }
}
