//! What metrics-server does for a cluster: the API `metrics.k8s.io`, by which autoscalers and `kubectl top` know what
//! pods and nodes use. Nothing runs here, so that each container uses half of what it requests.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};

use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper_util::rt::TokioIo;
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::rbac::v1::ClusterRole;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;
use k8s_openapi::kube_aggregator::pkg::apis::apiregistration::v1::APIService;
use kube::api::{DeleteParams, Patch, PatchParams};
use kube::{Api, Client};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::Error;
use crate::certificates::acceptor;
use crate::watching::{PAUSE, accept};

/// The group and version, and the paths of its objects.
const GROUP_VERSION: &str = "metrics.k8s.io/v1beta1";
const PATH: &str = "/apis/metrics.k8s.io/v1beta1";

/// What it goes by: an APIService, a Service in [`NAMESPACE`], and a role that adds to `view`, `edit` and `admin`.
const API_SERVICE: &str = "v1beta1.metrics.k8s.io";
const SERVICE: &str = "metrics-server";
const NAMESPACE: &str = "kube-system";
const READER: &str = "system:aggregated-metrics-reader";

/// What a container uses that requests nothing: in cores, and in bytes.
const LEAST_CPU: f64 = 0.01;
const LEAST_MEMORY: f64 = 32.0 * 1024.0 * 1024.0;

/// Answers for the cluster's metrics until it is dropped.
pub async fn tend(client: Client) -> Infallible {
    loop {
        if let Ok((listener, acceptor)) = listen().await
            && let Ok(address) = listener.local_addr()
            && register(&client, address).await.is_ok()
        {
            serve(&client, &listener, &acceptor).await;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Takes the API out of the cluster. While one is registered that nobody answers for, no namespace can be deleted.
///
/// # Errors
/// When the API server refuses it.
pub async fn withdraw(client: &Client) -> Result<(), Error> {
    let parameters = DeleteParams::default();
    let gone = async {
        accept(404, Api::<APIService>::all(client.clone()).delete(API_SERVICE, &parameters).await)?;
        accept(404, Api::<Service>::namespaced(client.clone(), NAMESPACE).delete(SERVICE, &parameters).await)?;
        accept(404, Api::<ClusterRole>::all(client.clone()).delete(READER, &parameters).await)
    };
    gone.await.map_err(Error::kubernetes(API_SERVICE))
}

async fn listen() -> Result<(TcpListener, TlsAcceptor), Error> {
    let defect = |error: &dyn std::fmt::Display| Error::Defect { why: error.to_string() };
    // The API server does not look at it, as it does not at metrics-server's own.
    let made =
        rcgen::generate_simple_self_signed([format!("{SERVICE}.{NAMESPACE}.svc")]).map_err(|error| defect(&error))?;
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).map_err(|error| defect(&error))?;
    let acceptor = acceptor(made.cert.der().clone(), key).map_err(|error| defect(&error))?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(|error| defect(&error))?;
    Ok((listener, acceptor))
}

async fn register(client: &Client, address: SocketAddr) -> Result<(), kube::Error> {
    let parameters = PatchParams::apply(SERVICE).force();
    let role = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": READER, "labels": {
            "rbac.authorization.k8s.io/aggregate-to-view": "true",
            "rbac.authorization.k8s.io/aggregate-to-edit": "true",
            "rbac.authorization.k8s.io/aggregate-to-admin": "true",
        }},
        "rules": [{"apiGroups": ["metrics.k8s.io"], "resources": ["nodes", "pods"], "verbs": ["get", "list", "watch"]}],
    });
    Api::<ClusterRole>::all(client.clone()).patch(READER, &parameters, &Patch::Apply(&role)).await?;
    // By a name the API server goes to another machine, which is this one; no address of a Service leads anywhere.
    let service = json!({
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": SERVICE, "namespace": NAMESPACE},
        "spec": {"type": "ExternalName", "externalName": address.ip().to_string()},
    });
    let services = Api::<Service>::namespaced(client.clone(), NAMESPACE);
    services.patch(SERVICE, &parameters, &Patch::Apply(&service)).await?;
    let api_service = json!({
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": API_SERVICE},
        "spec": {
            "group": "metrics.k8s.io",
            "version": "v1beta1",
            "groupPriorityMinimum": 100,
            "versionPriority": 100,
            "insecureSkipTLSVerify": true,
            "service": {"name": SERVICE, "namespace": NAMESPACE, "port": address.port()},
        },
    });
    Api::<APIService>::all(client.clone()).patch(API_SERVICE, &parameters, &Patch::Apply(&api_service)).await?;
    Ok(())
}

/// Serves connections until none can be taken. They end with this.
async fn serve(client: &Client, listener: &TcpListener, acceptor: &TlsAcceptor) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (client, acceptor) = (client.clone(), acceptor.clone());
        connections.spawn(async move {
            // Who ends a connection early has nothing to be told.
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let service = hyper::service::service_fn(|request| answer(client.clone(), request));
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn answer(client: Client, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (status, body) = match answered(&client, request.uri()).await {
        Ok(body) => (StatusCode::OK, body),
        Err(kube::Error::Api(refusal)) => {
            (StatusCode::from_u16(refusal.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), json!(refusal))
        }
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, json!({"kind": "Status", "message": error.to_string()})),
    };
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    *response.status_mut() = status;
    response.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    Ok(response)
}

/// The metrics of the objects that a path names: they are at the same path of the core's API, by the same selectors.
async fn answered(client: &Client, uri: &http::Uri) -> Result<Value, kube::Error> {
    let rest = uri.path().strip_prefix(PATH);
    let parts: Vec<&str> = rest.unwrap_or_default().split('/').skip(1).collect();
    let is_of_nodes = match (rest, parts.as_slice()) {
        (Some(""), _) => return Ok(resources()),
        (_, ["nodes"] | ["nodes", _]) => true,
        (_, ["pods"] | ["namespaces", _, "pods"] | ["namespaces", _, "pods", _]) => false,
        _ => return Err(kube::Error::Api(not_found(uri.path()).boxed())),
    };
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let objects = get(client, &format!("/api/v1{}{query}", rest.unwrap_or_default())).await?;
    let by_node = if is_of_nodes { used_by_node(&get(client, "/api/v1/pods").await?) } else { BTreeMap::new() };
    let (kind, measure): (_, &dyn Fn(&Value) -> Value) = match is_of_nodes {
        true => ("NodeMetrics", &|node| node_metrics(node, &by_node)),
        false => ("PodMetrics", &pod_metrics),
    };
    let Some(items) = objects["items"].as_array() else { return Ok(measure(&objects)) };
    let items: Vec<Value> = items.iter().filter(|one| is_of_nodes || runs(one)).map(measure).collect();
    Ok(json!({"kind": format!("{kind}List"), "apiVersion": GROUP_VERSION, "metadata": {}, "items": items}))
}

async fn get(client: &Client, path: &str) -> Result<Value, kube::Error> {
    let request = Request::get(path).body(Vec::new()).map_err(kube::Error::HttpError)?;
    client.request(request).await
}

fn not_found(path: &str) -> kube::core::Status {
    kube::core::Status::failure(&format!("{path} is not served"), "NotFound").with_code(404)
}

/// What the API has.
fn resources() -> Value {
    let resource = |name: &str, kind: &str, namespaced: bool| json!({"name": name, "singularName": "", "namespaced": namespaced, "kind": kind, "verbs": ["get", "list"]});
    json!({
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": GROUP_VERSION,
        "resources": [resource("nodes", "NodeMetrics", false), resource("pods", "PodMetrics", true)],
    })
}

/// Cores, and bytes of memory.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Usage {
    cpu: f64,
    memory: f64,
}

impl Usage {
    fn of_container(container: &Value) -> Self {
        let requests = &container["resources"]["requests"];
        let half = |name: &str, least: f64| requests[name].as_str().and_then(quantity).map_or(least, |all| all / 2.0);
        Self { cpu: half("cpu", LEAST_CPU), memory: half("memory", LEAST_MEMORY) }
    }

    fn and(self, other: Self) -> Self {
        Self { cpu: self.cpu + other.cpu, memory: self.memory + other.memory }
    }

    fn shown(self) -> Value {
        json!({"cpu": format!("{:.0}n", self.cpu * 1e9), "memory": format!("{:.0}Ki", self.memory / 1024.0)})
    }
}

fn runs(pod: &Value) -> bool {
    pod["status"]["phase"] == "Running"
}

fn containers(pod: &Value) -> impl Iterator<Item = &Value> {
    pod["spec"]["containers"].as_array().into_iter().flatten()
}

fn pod_metrics(pod: &Value) -> Value {
    let containers = containers(pod).map(|one| json!({"name": one["name"], "usage": Usage::of_container(one).shown()}));
    let mut metrics = metrics("PodMetrics", pod);
    metrics["metadata"]["namespace"] = pod["metadata"]["namespace"].clone();
    metrics["containers"] = containers.collect();
    metrics
}

fn node_metrics(node: &Value, by_node: &BTreeMap<String, Usage>) -> Value {
    let name = node["metadata"]["name"].as_str().unwrap_or_default();
    let mut metrics = metrics("NodeMetrics", node);
    metrics["usage"] = by_node.get(name).copied().unwrap_or_default().shown();
    metrics
}

/// What the metrics of pods and nodes have in common.
fn metrics(kind: &str, object: &Value) -> Value {
    let now = Time(Timestamp::now());
    let metadata = &object["metadata"];
    json!({
        "kind": kind,
        "apiVersion": GROUP_VERSION,
        "metadata": {"name": metadata["name"], "labels": metadata["labels"], "creationTimestamp": now},
        "timestamp": now,
        "window": "15s",
    })
}

fn used_by_node(pods: &Value) -> BTreeMap<String, Usage> {
    let mut used = BTreeMap::<String, Usage>::new();
    for pod in pods["items"].as_array().into_iter().flatten().filter(|pod| runs(pod)) {
        let node = used.entry(pod["spec"]["nodeName"].as_str().unwrap_or_default().to_owned()).or_default();
        *node = containers(pod).map(Usage::of_container).fold(*node, Usage::and);
    }
    used
}

/// <https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity>
fn quantity(text: &str) -> Option<f64> {
    const SUFFIXES: [(&str, f64); 15] = [
        ("Ki", 1024.0),
        ("Mi", 1_048_576.0),
        ("Gi", 1_073_741_824.0),
        ("Ti", 1_099_511_627_776.0),
        ("Pi", 1_125_899_906_842_624.0),
        ("Ei", 1_152_921_504_606_846_976.0),
        ("n", 1e-9),
        ("u", 1e-6),
        ("m", 1e-3),
        ("k", 1e3),
        ("M", 1e6),
        ("G", 1e9),
        ("T", 1e12),
        ("P", 1e15),
        ("E", 1e18),
    ];
    let suffixed = SUFFIXES.iter().find_map(|(suffix, factor)| Some((text.strip_suffix(suffix)?, factor)));
    let (number, factor) = suffixed.unwrap_or((text, &1.0));
    Some(number.parse::<f64>().ok()? * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_in_all_their_forms() {
        assert_eq!(quantity("250m"), Some(0.25));
        assert_eq!(quantity("2"), Some(2.0));
        assert_eq!(quantity("1.5"), Some(1.5));
        assert_eq!(quantity("64Mi"), Some(67_108_864.0));
        assert_eq!(quantity("1e3"), Some(1000.0));
        assert_eq!(quantity("2E"), Some(2e18));
        assert_eq!(quantity("many"), None);
    }

    #[test]
    fn a_container_uses_half_of_what_it_requests() {
        let container = json!({"name": "main", "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}}});
        assert_eq!(Usage::of_container(&container).shown(), json!({"cpu": "50000000n", "memory": "32768Ki"}));
        assert_eq!(Usage::of_container(&json!({})).shown(), json!({"cpu": "10000000n", "memory": "32768Ki"}));
    }
}
