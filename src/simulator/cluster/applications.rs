//! What has Argo CD look at Applications before its own time comes, which is every two to three minutes.
//!
//! A hook of the repository's host does so on AWS when there is a commit. Argo CD sees most changes in the cluster by
//! its watches, but is not told of those of definitions: an Application that has some is `Progressing` until its next
//! turn. And one that it could not compare, since what it needs was not there yet, would wait as long.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use kube::api::{DynamicObject, ListParams, Patch, PatchParams};
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Api, Client, ResourceExt as _};
use serde_json::{Value, json};

use crate::outside::Outside;

/// How often Applications and repositories are looked at.
const LOOK: Duration = Duration::from_secs(4);

/// The annotation by which Argo CD is asked to compare an Application anew; it takes it away.
const REFRESH: &str = "argocd.argoproj.io/refresh";

/// Asks, until this is dropped; for all of them where a repository of `outside` has something new.
pub async fn tend(client: Client, outside: Option<Arc<Outside>>) -> Infallible {
    let (mut known, mut awaited) = (None, Awaited::default());
    loop {
        tokio::time::sleep(LOOK).await;
        // Before there is Argo CD there is nothing to ask; afterwards it is tried again.
        let Ok(applications) = applications(&client).await else { continue };
        let heads = match &outside {
            Some(outside) if !applications.is_empty() => outside.heads().await.ok(),
            _ => None,
        };
        let is_new = known.is_some() && heads.is_some() && known != heads;
        if is_new {
            awaited = Awaited::default();
        }
        let pressing = awaited.pressing(&applications);
        let due = applications.iter().zip(pressing).filter(|(_, is_pressing)| is_new || *is_pressing);
        let asked = join_all(due.map(|(application, _)| ask(&client, application))).await;
        if asked.iter().all(Result::is_ok) {
            known = heads.or(known);
        }
    }
}

/// How often one is looked at before it is asked for whose objects Argo CD has just made and not seen: asked too early, it
/// makes them again.
const SEEN_AFTER: u32 = 3;

/// How often in a row one is asked for: two minutes long. What lasts longer is not about to change, and Argo CD's own turns
/// do for it.
const IN_A_ROW: u32 = 30;

/// How often those that are awaited have been asked for.
#[derive(Debug, Default)]
struct Awaited(HashMap<String, u32>);

impl Awaited {
    /// Whether each is to be asked for now.
    fn pressing(&mut self, applications: &[DynamicObject]) -> Vec<bool> {
        let mut asked = HashMap::new();
        let pressing = applications.iter().map(|application| {
            let Some(after) = awaited_after(application) else { return false };
            let uid = application.uid().unwrap_or_default();
            let count = self.0.get(&uid).copied().unwrap_or_default();
            asked.insert(uid, count.saturating_add(1));
            count >= after && (count < IN_A_ROW || application.metadata.deletion_timestamp.is_some())
        });
        let pressing = pressing.collect();
        self.0 = asked;
        pressing
    }
}

fn resource() -> ApiResource {
    ApiResource::from_gvk(&GroupVersionKind::gvk("argoproj.io", "v1alpha1", "Application"))
}

async fn applications(client: &Client) -> Result<Vec<DynamicObject>, kube::Error> {
    let applications = Api::<DynamicObject>::all_with(client.clone(), &resource());
    Ok(applications.list(&ListParams::default()).await?.items)
}

async fn ask(client: &Client, application: &DynamicObject) -> Result<(), kube::Error> {
    let namespace = application.namespace().unwrap_or_default();
    let applications = Api::<DynamicObject>::namespaced_with(client.clone(), &namespace, &resource());
    let patch = Patch::Merge(json!({"metadata": {"annotations": {REFRESH: "normal"}}}));
    applications.patch(&application.name_any(), &PatchParams::default(), &patch).await.map(drop)
}

/// Whether it could be compared anew, be healthier than Argo CD knows, or be gone but for that, since what it deployed may
/// have gone since Argo CD looked; and after how many looks it is asked for.
fn awaited_after(application: &DynamicObject) -> Option<u32> {
    let text = |pointer: &str| application.data.pointer(pointer).and_then(Value::as_str);
    let items = |pointer: &str| application.data.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
    let is_one = |item: &Value, name: &str, of: &[&str]| item[name].as_str().is_some_and(|it| of.contains(&it));
    let defines = || items("/status/resources").any(|one| is_one(one, "kind", &["CustomResourceDefinition"]));
    let is_incomparable = || {
        items("/status/conditions")
            .any(|one| is_one(one, "type", &["ComparisonError", "InvalidSpecError", "UnknownError"]))
    };
    let has_succeeded = text("/status/operationState/phase") == Some("Succeeded");
    let is_leaving = application.metadata.deletion_timestamp.is_some();
    if is_leaving || is_incomparable() {
        return Some(0);
    }
    match text("/status/health/status") {
        Some("Progressing") if has_succeeded && defines() => Some(0),
        Some("Missing") if has_succeeded && defines() => Some(SEEN_AFTER),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_stays_as_it_is_is_not_asked_for_on_and_on() {
        let one = |uid: &str, condition: &str| {
            let data = json!({"status": {"conditions": [{"type": condition}]}});
            let mut one = DynamicObject::new("one", &resource()).data(data);
            one.metadata.uid = Some(uid.to_owned());
            one
        };
        let (broken, well) = (one("a", "ComparisonError"), one("a", "None"));
        let mut awaited = Awaited::default();
        let mut asked = |applications: &[DynamicObject], looks: usize| {
            (0..looks).map(|_| awaited.pressing(applications).iter().filter(|is| **is).count()).sum::<usize>()
        };
        assert_eq!(asked(&[broken.clone(), well.clone()], 100), 30);
        assert_eq!(asked(&[one("b", "ComparisonError"), broken.clone()], 2), 2, "another one");
        assert_eq!(asked(&[well], 1), 0);
        assert_eq!(asked(&[broken], 100), 30, "it was well between");
        let mut unseen = one("c", "None");
        let resources = json!([{"kind": "CustomResourceDefinition"}]);
        unseen.data = json!({"status": {
            "health": {"status": "Missing"}, "operationState": {"phase": "Succeeded"}, "resources": resources,
        }});
        assert_eq!(asked(&[unseen], 5), 2, "from the fourth look on");
    }

    #[test]
    fn those_are_asked_for_that_argo_cd_is_not_told_of() {
        let after =
            |status: Value| awaited_after(&DynamicObject::new("one", &resource()).data(json!({"status": status})));
        let is = |status: Value| after(status) == Some(0);
        let with = |health: &str, kind: &str| {
            is(json!({
                "health": {"status": health},
                "operationState": {"phase": "Succeeded"},
                "resources": [{"kind": "Deployment"}, {"kind": kind}],
            }))
        };
        assert!(with("Progressing", "CustomResourceDefinition"));
        assert!(!with("Progressing", "Service"), "Argo CD sees by itself when it is healthy");
        assert!(!with("Healthy", "CustomResourceDefinition"));
        let missing = |phase: &str, kind: &str| {
            after(json!({
                "health": {"status": "Missing"},
                "operationState": {"phase": phase},
                "resources": [{"kind": kind}],
            }))
        };
        assert_eq!(
            missing("Succeeded", "CustomResourceDefinition"),
            Some(SEEN_AFTER),
            "it has yet to see what it applied"
        );
        assert_eq!(missing("Running", "CustomResourceDefinition"), None);
        assert_eq!(missing("Succeeded", "Service"), None);
        assert!(is(json!({"conditions": [{"type": "ComparisonError", "message": "the repository does not answer"}]})));
        assert!(!is(json!({"conditions": [{"type": "SyncError"}]})), "its policy says when it is tried again");
        assert!(!is(json!({})), "Argo CD will look at it");
        let mut leaving = DynamicObject::new("one", &resource()).data(json!({"status": {}}));
        leaving.metadata.deletion_timestamp = serde_json::from_value(json!("2026-01-01T00:00:00Z")).unwrap();
        assert_eq!(awaited_after(&leaving), Some(0));
    }
}
