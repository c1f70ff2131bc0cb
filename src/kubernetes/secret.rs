//! `kubernetes_secret`: <https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/secret-v1/>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fathuss_engine::provider::{Attributes, Desired, Failure};
use fathuss_model::kubernetes::KubernetesSecret;
use fathuss_model::schema::Schema;
use fathuss_model::{Datum, Resource};
use fathuss_state::Identity;
use serde_json::{Map, Value as Json, json};

use crate::connection::HIDDEN;
use crate::kind::{Kind, metadata, observed_metadata, observed_place, text};
use crate::locator::Locator;

/// The calls of `kubernetes_secret`.
pub(crate) struct Secret;

impl Kind for Secret {
    fn schema(&self) -> &'static Schema {
        KubernetesSecret::SCHEMA
    }

    fn object(&self, fields: &Attributes) -> Result<Json, Failure> {
        let kind = kind(fields);
        let metadata = metadata(fields, Some(text(fields, "namespace")?))?;
        Ok(json!({ "apiVersion": "v1", "kind": "Secret", "type": kind, "metadata": metadata }))
    }

    fn hidden(&self, desired: &Desired) -> Result<Option<Json>, Failure> {
        let Some(value) = desired.secrets.get("value_wo") else { return Ok(None) };
        let fields = &desired.attributes;
        let mut data = Map::new();
        data.insert(text(fields, "key")?.to_owned(), json!(STANDARD.encode(value.reveal())));
        let metadata = json!({ "name": text(fields, "name")?, "namespace": text(fields, "namespace")? });
        let kind = kind(fields);
        Ok(Some(json!({ "apiVersion": "v1", "kind": "Secret", "type": kind, "metadata": metadata, "data": data })))
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
        // Of one that nothing is recorded of, the only key; one whose key others took out, or gave another value, has none.
        let is_ours = |key: &str| known.is_none_or(|known| known == key && is_kept(live, key));
        let key = keys.iter().find(|key| is_ours(key)).map(|key| key.as_str());
        fields.insert("key".to_owned(), key.map_or(Datum::Null, Datum::from));
        observed_metadata(live, recorded, &mut fields);
        fields
    }
}

/// What kind of secret it is to Kubernetes.
fn kind(fields: &Attributes) -> &str {
    fields.get("type").and_then(Datum::as_str).unwrap_or("Opaque")
}

/// Whether the value under a key is the one that was sent: whoever gives it another one manages the field from then on.
fn is_kept(live: &Json, key: &str) -> bool {
    let field = format!("f:{key}");
    let managed = live["metadata"]["managedFields"].as_array();
    managed.is_some_and(|managers| {
        managers.iter().any(|one| one["manager"] == json!(HIDDEN) && one["fieldsV1"]["f:data"].get(&field).is_some())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_somebody_else_gave_is_no_longer_under_its_key() {
        let recorded: Attributes = [("key".to_owned(), Datum::from("token"))].into();
        let key = |manager: &str, recorded: &Attributes| {
            let managed = json!([{ "manager": manager, "fieldsV1": { "f:data": { ".": {}, "f:token": {} } } }]);
            let metadata = json!({ "name": "door", "namespace": "shop", "managedFields": managed });
            let live = json!({ "type": "Opaque", "metadata": metadata, "data": { "token": "b3Blbg==" } });
            Secret.fields(&live, recorded, false)["key"].clone()
        };
        assert_eq!(key(HIDDEN, &recorded), Datum::from("token"));
        assert_eq!(key("kubectl-patch", &recorded), Datum::Null);
        assert_eq!(key("kubectl-patch", &Attributes::new()), Datum::from("token"), "one that is imported");
    }
}
