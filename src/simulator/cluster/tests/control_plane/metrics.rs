//! The API by which autoscalers know what pods use.

use fathuss_cluster::nodes::reconcile_nodes;
use fathuss_cluster::{Options, metrics};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::Namespace;
use kube::Api;
use kube::api::DeleteParams;
use serde_json::{Value, json};

use crate::{ONE_AT_A_TIME, create, deployment, node, running_on, start, until};

#[tokio::test]
async fn an_autoscaler_scales_by_what_pods_use() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let cluster = start(folder.path(), &Options::default()).await;
    let client = cluster.client();
    let node = node("ip-10-0-1-1", "general", &[]);
    reconcile_nodes(&client, std::slice::from_ref(&node)).await.unwrap();
    let tending = tokio::spawn(metrics::tend(client.clone()));
    create::<Deployment>(&client, deployment("web", "general", 1)).await.unwrap();
    running_on(&client, "web", 1).await;
    let autoscaler = json!({
        "metadata": {"name": "web", "namespace": "default"},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
            "minReplicas": 1,
            "maxReplicas": 2,
            "metrics": [{"type": "Resource", "resource": {
                "name": "cpu", "target": {"type": "Utilization", "averageUtilization": 25},
            }}],
        },
    });
    create::<HorizontalPodAutoscaler>(&client, autoscaler).await.unwrap();

    let get = async |path: &str| {
        let request = http::Request::get(format!("/apis/metrics.k8s.io/v1beta1{path}")).body(Vec::new()).unwrap();
        client.request::<Value>(request).await
    };
    let pods = until("metrics", async || get("/namespaces/default/pods?labelSelector=app%3Dweb").await.ok()).await;
    assert_eq!(pods["items"][0]["containers"][0]["usage"]["cpu"], "50000000n", "{pods}");
    let none = get("/namespaces/default/pods?labelSelector=app%3Dother").await.unwrap();
    assert_eq!(none["items"], json!([]));
    let usage = get(&format!("/nodes/{}", node.name)).await.unwrap()["usage"].clone();
    assert_eq!(usage["cpu"], "50000000n", "{usage}");
    // Half of what is requested, twice as much as is wanted.
    running_on(&client, "web", 2).await;

    tending.abort();
    metrics::withdraw(&client).await.unwrap();
    create::<Namespace>(&client, json!({"metadata": {"name": "passing"}})).await.unwrap();
    let namespaces = Api::<Namespace>::all(client.clone());
    namespaces.delete("passing", &DeleteParams::default()).await.unwrap();
    until("the namespace to go", async || namespaces.get_opt("passing").await.unwrap().is_none().then_some(())).await;
    cluster.stop().await.unwrap();
}
