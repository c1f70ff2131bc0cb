//! External Secrets, of which the cluster has the definitions alone.

use fathuss_cluster::{Options, external_secrets};
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{DynamicObject, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Api, ResourceExt as _};
use serde_json::{Value, json};

use crate::{ONE_AT_A_TIME, create, start, until};

#[tokio::test]
async fn an_external_secret_is_ready_and_has_its_secret() {
    let _alone = ONE_AT_A_TIME.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let cluster = start(folder.path(), &Options::default()).await;
    let client = cluster.client();
    let tending = tokio::spawn(external_secrets::tend(client.clone()));
    for (kind, plural, scope) in [
        ("SecretStore", "secretstores", "Namespaced"),
        ("ClusterSecretStore", "clustersecretstores", "Cluster"),
        ("ExternalSecret", "externalsecrets", "Namespaced"),
    ] {
        create::<CustomResourceDefinition>(&client, definition(kind, plural, scope)).await.unwrap();
    }
    let objects = |kind: &str| {
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("external-secrets.io", "v1", kind));
        (Api::<DynamicObject>::namespaced_with(client.clone(), "default", &resource), resource)
    };
    let (stores, store) = objects("SecretStore");
    let (external_secrets, external_secret) = objects("ExternalSecret");
    let spec = json!({"spec": {"provider": {"aws": {"service": "SecretsManager", "region": "us-east-1"}}}});
    let store = DynamicObject::new("shop", &store).data(spec);
    until("the definitions to be served", async || stores.create(&PostParams::default(), &store).await.ok()).await;
    let spec = json!({"spec": {
        "secretStoreRef": {"kind": "SecretStore", "name": "shop"},
        "target": {"name": "shop-values"},
        "data": [
            {"secretKey": "password", "remoteRef": {"key": "staging/shop", "property": "password"}},
            {"secretKey": "token", "remoteRef": {"key": "staging/shop", "property": "token"}},
        ],
    }});
    let object = DynamicObject::new("shop", &external_secret).data(spec);
    until("the definitions to be served", async || external_secrets.create(&PostParams::default(), &object).await.ok())
        .await;

    for (kind, api) in [("store", &stores), ("secret", &external_secrets)] {
        until(&format!("the {kind} to be ready"), async || {
            let object = api.get("shop").await.unwrap();
            let condition = object.data["status"]["conditions"][0].clone();
            (condition["type"] == "Ready" && condition["status"] == "True").then_some(())
        })
        .await;
    }
    let secrets = Api::<Secret>::namespaced(client.clone(), "default");
    let made = secrets.get("shop-values").await.unwrap();
    let data = made.data.clone().unwrap();
    assert_eq!(data.keys().map(String::as_str).collect::<Vec<_>>(), ["password", "token"]);
    assert_ne!(data["password"], data["token"]);
    assert_eq!(made.owner_references()[0].name, "shop");
    tending.abort();
    cluster.stop().await.unwrap();
}

/// A definition that takes anything.
fn definition(kind: &str, plural: &str, scope: &str) -> Value {
    json!({
        "metadata": {"name": format!("{plural}.external-secrets.io")},
        "spec": {
            "group": "external-secrets.io",
            "scope": scope,
            "names": {"kind": kind, "plural": plural, "singular": kind.to_lowercase()},
            "versions": [{
                "name": "v1",
                "served": true,
                "storage": true,
                "subresources": {"status": {}},
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
            }],
        },
    })
}
