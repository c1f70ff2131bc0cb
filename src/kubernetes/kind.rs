//! What each type of this provider is.

use std::collections::BTreeMap;

use fathuss_engine::provider::{Attributes, Desired, Failure};
use fathuss_model::Datum;
use fathuss_model::schema::Schema;
use fathuss_state::Identity;
use serde_json::{Value as Json, json};

use crate::failure::refused;
use crate::locator::Locator;
use crate::mark;

/// A type: how its fields become an object, and an object its fields.
pub(crate) trait Kind: Sync {
    /// Its schema, from the model.
    fn schema(&self) -> &'static Schema;

    /// The object that it is to be, without what no state keeps.
    fn object(&self, fields: &Attributes) -> Result<Json, Failure>;

    /// The part of the object that is sent and not read back, where there is something to send.
    fn hidden(&self, desired: &Desired) -> Result<Option<Json>, Failure> {
        let _ = desired;
        Ok(None)
    }

    /// Where the one of this identity is.
    fn locate(&self, identity: &Identity) -> Result<Locator, Failure>;

    /// What it is known by.
    fn identity(&self, locator: &Locator) -> Identity {
        locator.short()
    }

    /// Whether the API server is asked what applying it again would change. Otherwise the fields are compared as they are.
    fn asks_server(&self) -> bool {
        false
    }

    /// Its fields by what is there; `recorded` are those that were last applied, and still hold where nothing changed them.
    fn fields(&self, live: &Json, recorded: &Attributes, unchanged: bool) -> Attributes;

    /// What nobody may add to its spec where the stack gives nothing, since it permits something: it is read all the same,
    /// and taken away again. Fields, as paths with dots.
    fn bounds(&self) -> &'static [&'static str] {
        &[]
    }

    /// Whether fields are taken from others who manage them.
    fn forces(&self, fields: &Attributes) -> bool {
        let _ = fields;
        true
    }

    /// What is still waited for, or what waiting failed for, where it is to be as these fields say.
    fn waits_for(&self, live: &Json, fields: &Attributes) -> Result<Option<String>, Failure> {
        let _ = (live, fields);
        Ok(None)
    }

    /// When its controller looked at it last, where that is told.
    fn looked_at<'a>(&self, live: &'a Json) -> Option<&'a str> {
        let _ = live;
        None
    }

    /// The merge patch that has its controller look again, where there is one.
    fn look_again(&self) -> Option<Json> {
        None
    }

    /// What the delete of one that is still there waits for.
    fn leaves_after(&self, live: &Json) -> String {
        let _ = live;
        "terminating".to_owned()
    }
}

/// Whether an object has a condition of this type that holds.
pub(crate) fn is_met(live: &Json, condition: &str) -> bool {
    let conditions = live["status"]["conditions"].as_array();
    let is = |one: &Json| one["type"] == json!(condition) && one["status"] == json!("True");
    conditions.is_some_and(|conditions| conditions.iter().any(is))
}

/// A text among fields.
pub(crate) fn text<'a>(fields: &'a Attributes, name: &str) -> Result<&'a str, Failure> {
    let given = fields.get(name).and_then(Datum::as_str);
    given.ok_or_else(|| refused("MissingField", format!("`{name}` is not given")))
}

/// Labels and annotations, as an object's metadata have them.
pub(crate) fn metadata(fields: &Attributes, namespace: Option<&str>) -> Result<Json, Failure> {
    let mut metadata = json!({ "name": text(fields, "name")? });
    if let Some(namespace) = namespace {
        metadata["namespace"] = json!(namespace);
    }
    for name in ["labels", "annotations"] {
        if let Some(given) = fields.get(name).filter(|given| !given.is_empty()) {
            metadata[name] = given.to_json();
        }
    }
    Ok(metadata)
}

/// Name and namespace as they are.
pub(crate) fn observed_place(live: &Json, fields: &mut Attributes) {
    for name in ["name", "namespace"] {
        fields.insert(name.to_owned(), live["metadata"][name].as_str().map_or(Datum::Null, Datum::from));
    }
}

/// Labels and annotations as they are: of those that were recorded, what they are now; of an object that nothing is
/// recorded of, all but the mark's and Kubernetes's own.
pub(crate) fn observed_metadata(live: &Json, recorded: &Attributes, fields: &mut Attributes) {
    for name in ["labels", "annotations"] {
        let there: BTreeMap<String, Datum> = live["metadata"][name]
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(key, value)| Some((key.clone(), Datum::from(value.as_str()?))))
            .collect();
        let ours = recorded.get(name).and_then(Datum::as_map);
        let is_shown = |key: &String| match (recorded.is_empty(), ours) {
            (true, _) => !mark::is_own(key) && !key.contains("kubernetes.io/"),
            (false, Some(ours)) => ours.contains_key(key),
            (false, None) => false,
        };
        let shown: BTreeMap<String, Datum> = there.into_iter().filter(|(key, _)| is_shown(key)).collect();
        let datum = if shown.is_empty() { Datum::Null } else { Datum::Map(shown) };
        fields.insert(name.to_owned(), datum);
    }
    fields.insert("uid".to_owned(), live["metadata"]["uid"].as_str().map_or(Datum::Null, Datum::from));
}
