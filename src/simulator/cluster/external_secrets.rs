//! What External Secrets does for a cluster, as far as the cluster can see it: stores are valid, and each
//! ExternalSecret has its Secret. The values are made up, always the same for the same key.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::time::Duration;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;
use kube::api::{DynamicObject, ListParams, Patch, PatchParams};
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Api, Client, ResourceExt as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::watching::{self, accept};

/// How often it is looked whether there are definitions by now, and again for what could not be done.
const LOOK: Duration = Duration::from_secs(2);

/// Who has the secrets' fields.
const MANAGER: &str = "external-secrets";

/// Plays External Secrets while its definitions are there, until it is dropped.
pub async fn tend(client: Client) -> Infallible {
    let operator = Operator::new(client);
    loop {
        let Ok([stores, cluster_stores, secrets]) = operator.act().await else {
            tokio::time::sleep(LOOK).await;
            continue;
        };
        let stores = std::pin::pin!(watching::change(&operator.stores, stores.as_deref()));
        let cluster_stores = std::pin::pin!(watching::change(&operator.cluster_stores, cluster_stores.as_deref()));
        let secrets = std::pin::pin!(watching::change(&operator.secrets, secrets.as_deref()));
        let either = futures::future::select(stores, cluster_stores);
        futures::future::select(either, secrets).await;
    }
}

struct Operator {
    client: Client,
    stores: Api<DynamicObject>,
    cluster_stores: Api<DynamicObject>,
    secrets: Api<DynamicObject>,
}

impl Operator {
    fn new(client: Client) -> Self {
        let all = |kind| Api::all_with(client.clone(), &resource(kind));
        Self {
            stores: all("SecretStore"),
            cluster_stores: all("ClusterSecretStore"),
            secrets: all("ExternalSecret"),
            client,
        }
    }

    /// The versions of the lists that were acted on. What fails at one does not keep the others from having theirs.
    async fn act(&self) -> Result<[Option<String>; 3], kube::Error> {
        let all = ListParams::default();
        let stores = self.stores.list(&all).await?;
        let cluster_stores = self.cluster_stores.list(&all).await?;
        let secrets = self.secrets.list(&all).await?;
        let mut done = Ok(());
        let valid = json!({"capabilities": "ReadWrite", "conditions": [ready("Valid", "store validated")]});
        for (kind, store) in stores
            .iter()
            .map(|store| ("SecretStore", store))
            .chain(cluster_stores.iter().map(|store| ("ClusterSecretStore", store)))
        {
            if !is_ready(store) {
                done = done.and(self.say(kind, store, &valid).await);
            }
        }
        for secret in secrets.iter().filter(|secret| secret.metadata.deletion_timestamp.is_none()) {
            done = done.and(self.synchronise(secret).await);
        }
        done.map(|()| [stores, cluster_stores, secrets].map(|list| list.metadata.resource_version))
    }

    async fn synchronise(&self, external: &DynamicObject) -> Result<(), kube::Error> {
        let target = target(external);
        if let Some(secret) = secret(external) {
            let secrets = Api::<Secret>::namespaced(self.client.clone(), &external.namespace().unwrap_or_default());
            let is_theirs = external.data["spec"]["target"]["creationPolicy"] == "Merge";
            if !is_theirs || secrets.get_metadata_opt(&target).await?.is_some() {
                secrets.patch(&target, &PatchParams::apply(MANAGER).force(), &Patch::Apply(&secret)).await?;
            }
        }
        if is_ready(external) {
            return Ok(());
        }
        let status = json!({
            "binding": {"name": target},
            "conditions": [ready("SecretSynced", "secret synced")],
            "refreshTime": Time(Timestamp::now()),
        });
        self.say("ExternalSecret", external, &status).await
    }

    async fn say(&self, kind: &str, object: &DynamicObject, status: &Value) -> Result<(), kube::Error> {
        let api = match object.namespace() {
            Some(namespace) => Api::<DynamicObject>::namespaced_with(self.client.clone(), &namespace, &resource(kind)),
            None => Api::all_with(self.client.clone(), &resource(kind)),
        };
        let patch = json!({"status": status});
        accept(404, api.patch_status(&object.name_any(), &PatchParams::default(), &Patch::Merge(&patch)).await)
    }
}

fn resource(kind: &str) -> ApiResource {
    ApiResource::from_gvk(&GroupVersionKind::gvk("external-secrets.io", "v1", kind))
}

fn ready(reason: &str, message: &str) -> Value {
    json!({
        "type": "Ready",
        "status": "True",
        "reason": reason,
        "message": message,
        "lastTransitionTime": Time(Timestamp::now()),
    })
}

fn is_ready(object: &DynamicObject) -> bool {
    let conditions = object.data["status"]["conditions"].as_array();
    conditions.is_some_and(|all| all.iter().any(|one| one["type"] == "Ready" && one["status"] == "True"))
}

/// The name of its Secret.
fn target(external: &DynamicObject) -> String {
    let name = external.data["spec"]["target"]["name"].as_str();
    name.map_or_else(|| external.name_any(), str::to_owned)
}

/// The Secret that it asks for, if it asks for one.
fn secret(external: &DynamicObject) -> Option<Secret> {
    let target_spec = &external.data["spec"]["target"];
    let policy = target_spec["creationPolicy"].as_str().unwrap_or("Owner");
    if policy == "None" {
        return None;
    }
    let uid = external.uid()?;
    let data: BTreeMap<String, ByteString> =
        keys(&external.data["spec"]).into_iter().map(|key| value(&uid, key)).collect();
    let template = &target_spec["template"];
    let metadata = &template["metadata"];
    let owner = json!([{
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "name": external.name_any(),
        "uid": uid,
        "controller": true,
        "blockOwnerDeletion": true,
    }]);
    serde_json::from_value(json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": target(external),
            "labels": metadata["labels"],
            "annotations": metadata["annotations"],
            "ownerReferences": if policy == "Owner" { owner } else { Value::Null },
        },
        "type": template["type"],
        "immutable": target_spec["immutable"],
        "data": data,
    }))
    .ok()
}

/// The keys that it names. A source that is taken as a whole is one key, called as the source is: what is in it is
/// not known here.
fn keys(spec: &Value) -> BTreeSet<String> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let template = &spec["target"]["template"];
    let templated = template["data"].as_object().map(|data| data.keys().cloned().collect::<BTreeSet<_>>());
    let templated = templated.unwrap_or_default();
    if !templated.is_empty() && template["mergePolicy"] != "Merge" {
        return templated;
    }
    let named = list(&spec["data"]).into_iter().filter_map(|one| one["secretKey"].as_str().map(str::to_owned));
    let whole = list(&spec["dataFrom"]).into_iter().filter_map(|one| {
        let source = one["extract"]["property"].as_str().or(one["extract"]["key"].as_str())?;
        source.rsplit(['/', ':']).next().map(str::to_owned)
    });
    named.chain(whole).chain(templated).collect()
}

fn value(uid: &str, key: String) -> (String, ByteString) {
    let hash: String = Sha256::digest(format!("{uid}/{key}"))[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    (key, ByteString(hash.into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_the_keys_that_are_named() {
        let spec = json!({
            "data": [{"secretKey": "PASSWORD", "remoteRef": {"key": "staging/user"}}],
            "dataFrom": [{"extract": {"key": "staging/postgres"}}],
        });
        assert_eq!(keys(&spec), BTreeSet::from(["PASSWORD".to_owned(), "postgres".to_owned()]));
    }

    #[test]
    fn a_template_takes_the_place_of_what_it_is_made_from() {
        let mut spec = json!({
            "data": [{"secretKey": "password", "remoteRef": {"key": "staging/user"}}],
            "target": {"template": {"data": {"url": "postgres://user:{{ .password }}@host"}}},
        });
        assert_eq!(keys(&spec), BTreeSet::from(["url".to_owned()]));
        spec["target"]["template"]["mergePolicy"] = json!("Merge");
        assert_eq!(keys(&spec), BTreeSet::from(["password".to_owned(), "url".to_owned()]));
    }
}
