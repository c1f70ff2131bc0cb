//! `kubernetes_manifest`: <https://kubernetes.io/docs/reference/using-api/server-side-apply/>

use fathuss_engine::provider::{Attributes, Failure};
use fathuss_model::kubernetes::KubernetesManifest;
use fathuss_model::schema::Schema;
use fathuss_model::{Datum, Resource};
use fathuss_state::Identity;
use serde_json::{Value as Json, json};

use crate::failure::refused;
use crate::kind::{Kind, is_met, text};
use crate::locator::Locator;
use crate::mark;
use crate::project::{project, without_bookkeeping};

/// The calls of `kubernetes_manifest`.
pub(crate) struct Manifest;

impl Kind for Manifest {
    fn schema(&self) -> &'static Schema {
        KubernetesManifest::SCHEMA
    }

    fn object(&self, fields: &Attributes) -> Result<Json, Failure> {
        let manifest = text(fields, "manifest")?;
        serde_json::from_str(manifest).map_err(|error| refused("InvalidManifest", error.to_string()))
    }

    fn locate(&self, identity: &Identity) -> Result<Locator, Failure> {
        Locator::parse(identity)
    }

    fn identity(&self, locator: &Locator) -> Identity {
        locator.identity()
    }

    fn asks_server(&self) -> bool {
        true
    }

    fn fields(&self, live: &Json, recorded: &Attributes, unchanged: bool) -> Attributes {
        let mut fields = Attributes::new();
        let shown = match (recorded.get("manifest").and_then(Datum::as_str), unchanged) {
            (Some(text), true) => text.to_owned(),
            (Some(text), false) => project(live, &serde_json::from_str(text).unwrap_or_default()).to_string(),
            (None, _) => content(live.clone()).to_string(),
        };
        fields.insert("manifest".to_owned(), Datum::from(shown));
        fields.insert("uid".to_owned(), live["metadata"]["uid"].as_str().map_or(Datum::Null, Datum::from));
        fields
    }

    fn forces(&self, fields: &Attributes) -> bool {
        fields.get("force_conflicts").and_then(Datum::as_bool).unwrap_or(false)
    }

    /// A definition counts once its kind can be used.
    fn waits_for(&self, live: &Json, _: &Attributes) -> Result<Option<String>, Failure> {
        if live["kind"] != json!("CustomResourceDefinition") {
            return Ok(None);
        }
        Ok((!is_met(live, "Established")).then(|| "not established yet".to_owned()))
    }
}

/// What of an object could have been written by people.
fn content(live: Json) -> Json {
    let mut object = without_bookkeeping(live);
    if let Some(object) = object.as_object_mut() {
        object.remove("status");
    }
    if let Some(metadata) = object["metadata"].as_object_mut() {
        for name in ["uid", "creationTimestamp", "selfLink"] {
            metadata.remove(name);
        }
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Json::as_object_mut) {
            annotations.retain(|name, _| !mark::is_own(name));
            if annotations.is_empty() {
                metadata.remove("annotations");
            }
        }
    }
    object
}
