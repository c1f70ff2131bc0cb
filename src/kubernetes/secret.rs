//! `kubernetes_secret`: <https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/secret-v1/>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fathuss_engine::provider::{Attributes, Desired, Failure};
use fathuss_model::kubernetes::KubernetesSecret;
use fathuss_model::schema::Schema;
use fathuss_model::{Datum, Resource};
use fathuss_state::Identity;
use serde_json::{Map, Value as Json, json};

use crate::kind::{Kind, metadata, observed_metadata, observed_place, text};
use crate::locator::Locator;

/// The calls of `kubernetes_secret`.
pub(crate) struct Secret;

impl Kind for Secret {
    fn schema(&self) -> &'static Schema {
        KubernetesSecret::SCHEMA
    }

    fn object(&self, fields: &Attributes) -> Result<Json, Failure> {
        let kind = fields.get("type").and_then(Datum::as_str).unwrap_or("Opaque");
        let metadata = metadata(fields, Some(text(fields, "namespace")?))?;
        Ok(json!({ "apiVersion": "v1", "kind": "Secret", "type": kind, "metadata": metadata }))
    }

    fn hidden(&self, desired: &Desired) -> Result<Option<Json>, Failure> {
        let Some(value) = desired.secrets.get("value_wo") else { return Ok(None) };
        let fields = &desired.attributes;
        let mut data = Map::new();
        data.insert(text(fields, "key")?.to_owned(), json!(STANDARD.encode(value.reveal())));
        let metadata = json!({ "name": text(fields, "name")?, "namespace": text(fields, "namespace")? });
        Ok(Some(json!({ "apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data })))
    }

    fn locate(&self, identity: &Identity) -> Result<Locator, Failure> {
        Locator::in_namespace(identity, "v1", "Secret")
    }

    fn fields(&self, live: &Json, recorded: &Attributes, _: bool) -> Attributes {
        let mut fields = Attributes::new();
        let text = |value: &Json| value.as_str().map_or(Datum::Null, Datum::from);
        observed_place(live, &mut fields);
        fields.insert("type".to_owned(), text(&live["type"]));
        let keys: Vec<&String> = live["data"].as_object().into_iter().flat_map(Map::keys).collect();
        let known = recorded.get("key").and_then(Datum::as_str);
        // Of one that nothing is recorded of, the only key; one whose key others took out has none.
        let key = keys.iter().find(|key| known.is_none_or(|known| known == key.as_str())).map(|key| key.as_str());
        fields.insert("key".to_owned(), key.map_or(Datum::Null, Datum::from));
        observed_metadata(live, recorded, &mut fields);
        fields
    }
}
