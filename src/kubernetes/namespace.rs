//! `kubernetes_namespace`: <https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/namespace-v1/>

use fathuss_engine::provider::{Attributes, Failure};
use fathuss_model::kubernetes::KubernetesNamespace;
use fathuss_model::schema::Schema;
use fathuss_model::{Datum, Resource};
use fathuss_state::Identity;
use serde_json::{Value as Json, json};

use crate::failure::refused;
use crate::kind::{Kind, metadata, observed_metadata};
use crate::locator::Locator;

/// The calls of `kubernetes_namespace`.
pub(crate) struct Namespace;

impl Kind for Namespace {
    fn schema(&self) -> &'static Schema {
        KubernetesNamespace::SCHEMA
    }

    fn object(&self, fields: &Attributes) -> Result<Json, Failure> {
        Ok(json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": metadata(fields, None)? }))
    }

    fn locate(&self, identity: &Identity) -> Result<Locator, Failure> {
        let parts: Vec<&str> = identity.0.split('/').collect();
        let [cluster, name] = parts[..] else {
            return Err(refused("InvalidIdentity", format!("{} is not CLUSTER/NAME", identity.0)));
        };
        Ok(Locator::core(cluster, "Namespace", None, name))
    }

    fn fields(&self, live: &Json, recorded: &Attributes, _: bool) -> Attributes {
        let mut fields = Attributes::new();
        let name = live["metadata"]["name"].as_str().map_or(Datum::Null, Datum::from);
        fields.insert("name".to_owned(), name);
        observed_metadata(live, recorded, &mut fields);
        fields
    }

    fn waits_for(&self, live: &Json, _: &Attributes) -> Result<Option<String>, Failure> {
        Ok(live["status"]["phase"].as_str().filter(|phase| *phase != "Active").map(str::to_owned))
    }
}
