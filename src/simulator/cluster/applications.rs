//! Argo CD sees most changes by its watches, but is not told of those of definitions: an Application that has some is
//! `Progressing` until its next turn. Have it look more often at those that are synchronised and not healthy.

use std::convert::Infallible;
use std::time::Duration;

use futures::future::join_all;
use kube::api::{DynamicObject, ListParams, Patch, PatchParams};
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Api, Client, ResourceExt as _};
use serde_json::{Value, json};

/// How often.
const LOOK: Duration = Duration::from_secs(4);

/// The annotation by which Argo CD is asked to compare an Application anew; it takes it away.
const REFRESH: &str = "argocd.argoproj.io/refresh";

/// Asks, until this is dropped.
pub async fn tend(client: Client) -> Infallible {
    loop {
        tokio::time::sleep(LOOK).await;
        // Before there is Argo CD there is nothing to ask; afterwards it is tried again.
        let _ = ask(&client).await;
    }
}

async fn ask(client: &Client) -> Result<(), kube::Error> {
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("argoproj.io", "v1alpha1", "Application"));
    let applications = Api::<DynamicObject>::all_with(client.clone(), &resource).list(&ListParams::default()).await?;
    let patch = json!({"metadata": {"annotations": {REFRESH: "normal"}}});
    let asked = applications.iter().filter(|application| is_awaited(application)).map(|application| {
        let namespace = application.namespace().unwrap_or_default();
        let applications = Api::<DynamicObject>::namespaced_with(client.clone(), &namespace, &resource);
        let (name, patch) = (application.name_any(), &patch);
        async move { applications.patch(&name, &PatchParams::default(), &Patch::Merge(patch)).await }
    });
    join_all(asked).await.into_iter().try_for_each(|answer| answer.map(drop))
}

fn is_awaited(application: &DynamicObject) -> bool {
    let text = |pointer: &str| application.data.pointer(pointer).and_then(Value::as_str);
    application.metadata.deletion_timestamp.is_none()
        && text("/status/operationState/phase") == Some("Succeeded")
        && text("/status/health/status") != Some("Healthy")
}
