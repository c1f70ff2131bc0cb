//! Whether an object does what it is there for, by the rules of `kubectl rollout status`: all of its pods are of its newest
//! template, and ready.

use serde_json::{Value as Json, json};

use crate::kind::is_met;

/// What is missing; none where it is ready, or of a kind that always is.
pub(super) fn missing(live: &Json) -> Option<String> {
    let status = |name: &str| live["status"][name].as_i64().unwrap_or(0);
    let replicas = live["spec"]["replicas"].as_i64().unwrap_or(1);
    let seen = live["status"]["observedGeneration"].as_i64() >= live["metadata"]["generation"].as_i64();
    let counted = |ready: i64, wanted: i64| (!seen || ready < wanted).then(|| format!("{ready} of {wanted} ready"));
    // Pods of an older template stay until somebody deletes them.
    let by_hand = live["spec"]["updateStrategy"]["type"] == json!("OnDelete");
    match live["kind"].as_str()? {
        "Deployment" => {
            let old = status("replicas") - status("updatedReplicas");
            let told = || (old > 0).then(|| format!("{old} of the version before still there"));
            counted(status("updatedReplicas").min(status("availableReplicas")), replicas).or_else(told)
        }
        "StatefulSet" => {
            let kept = live["spec"]["updateStrategy"]["rollingUpdate"]["partition"].as_i64().unwrap_or(0);
            let updated = if by_hand { replicas } else { status("updatedReplicas") + kept };
            counted(updated.min(status("readyReplicas")), replicas)
        }
        "DaemonSet" => {
            let wanted = status("desiredNumberScheduled");
            let updated = if by_hand { wanted } else { status("updatedNumberScheduled") };
            counted(updated.min(status("numberReady")), wanted)
        }
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
        let old = json!({ "observedGeneration": 2, "replicas": 3, "updatedReplicas": 2, "availableReplicas": 2 });
        assert_eq!(of(old).as_deref(), Some("1 of the version before still there"));
        let done = json!({ "observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2 });
        assert_eq!(of(done), None);
    }

    #[test]
    fn pods_of_an_older_template_are_none_of_a_set_that_is_ready() {
        let of = |kind: &str, strategy: Json, status: Json| {
            missing(&json!({ "kind": kind, "spec": { "replicas": 3, "updateStrategy": strategy }, "status": status }))
        };
        let half = json!({ "readyReplicas": 3, "updatedReplicas": 1 });
        assert_eq!(of("StatefulSet", json!({}), half.clone()).as_deref(), Some("1 of 3 ready"));
        assert_eq!(of("StatefulSet", json!({ "type": "OnDelete" }), half.clone()), None);
        assert_eq!(of("StatefulSet", json!({ "rollingUpdate": { "partition": 2 } }), half), None);
        let half = json!({ "desiredNumberScheduled": 3, "numberReady": 3, "updatedNumberScheduled": 1 });
        assert_eq!(of("DaemonSet", json!({}), half.clone()).as_deref(), Some("1 of 3 ready"));
        assert_eq!(of("DaemonSet", json!({ "type": "OnDelete" }), half), None);
        assert_eq!(of("DaemonSet", json!({}), json!({})), None);
    }

    #[test]
    fn what_has_no_readiness_is_ready() {
        assert_eq!(missing(&json!({ "kind": "ConfigMap" })), None);
        assert_eq!(missing(&json!({ "kind": "Service", "spec": { "type": "ClusterIP" } })), None);
        assert!(missing(&json!({ "kind": "Service", "spec": { "type": "LoadBalancer" } })).is_some());
    }
}
