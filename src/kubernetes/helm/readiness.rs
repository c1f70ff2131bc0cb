//! Whether an object does what it is there for.

use serde_json::{Value as Json, json};

use crate::kind::is_met;

/// What is missing; none where it is ready, or of a kind that always is.
pub(super) fn missing(live: &Json) -> Option<String> {
    let number = |path: &str| live.pointer(path).and_then(Json::as_i64);
    let replicas = number("/spec/replicas").unwrap_or(1);
    let seen = number("/status/observedGeneration") >= number("/metadata/generation");
    let counted = |ready: Option<i64>, wanted: i64| {
        let ready = ready.unwrap_or(0);
        (!seen || ready < wanted).then(|| format!("{ready} of {wanted} ready"))
    };
    match live["kind"].as_str()? {
        "Deployment" => counted(number("/status/updatedReplicas").min(number("/status/availableReplicas")), replicas),
        "StatefulSet" => counted(number("/status/readyReplicas"), replicas),
        "DaemonSet" => counted(number("/status/numberReady"), number("/status/desiredNumberScheduled").unwrap_or(0)),
        "Pod" => (!is_met(live, "Ready")).then(|| "not ready".to_owned()),
        "CustomResourceDefinition" => (!is_met(live, "Established")).then(|| "not established".to_owned()),
        "Service" if live["spec"]["type"] == json!("LoadBalancer") => {
            let given = live["status"]["loadBalancer"]["ingress"].as_array().is_some_and(|given| !given.is_empty());
            (!given).then(|| "no address".to_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deployment_is_ready_once_its_newest_replicas_are() {
        let of = |status: Json| {
            missing(
                &json!({ "kind": "Deployment", "metadata": { "generation": 2 }, "spec": { "replicas": 2 }, "status": status }),
            )
        };
        assert_eq!(of(json!({})).as_deref(), Some("0 of 2 ready"));
        let before = json!({ "observedGeneration": 1, "updatedReplicas": 2, "availableReplicas": 2 });
        assert_eq!(of(before).as_deref(), Some("2 of 2 ready"));
        let some = json!({ "observedGeneration": 2, "updatedReplicas": 2, "availableReplicas": 1 });
        assert_eq!(of(some).as_deref(), Some("1 of 2 ready"));
        assert_eq!(of(json!({ "observedGeneration": 2, "updatedReplicas": 2, "availableReplicas": 2 })), None);
    }

    #[test]
    fn what_has_no_readiness_is_ready() {
        assert_eq!(missing(&json!({ "kind": "ConfigMap" })), None);
        assert_eq!(missing(&json!({ "kind": "Service", "spec": { "type": "ClusterIP" } })), None);
        assert!(missing(&json!({ "kind": "Service", "spec": { "type": "LoadBalancer" } })).is_some());
    }
}
