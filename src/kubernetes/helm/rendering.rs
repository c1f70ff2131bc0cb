//! What a change of a release makes of its objects: those that Helm would apply, beside those that it applied last.

use std::collections::{BTreeMap, BTreeSet};

use fathuss_engine::diff::{Cause, FieldChange, Shown};
use fathuss_engine::provider::Failure;
use fathuss_model::Datum;
use serde_json::{Value as Json, json};

use crate::failure::refused;

/// The objects in documents of YAML, those of a list one by one.
pub(super) fn each(manifest: &str) -> Result<Vec<Json>, Failure> {
    let documents: Vec<Json> = serde_saphyr::from_multiple(manifest)
        .map_err(|error| refused("UnreadableRelease", format!("its manifest: {error}")))?;
    let single = documents.into_iter().flat_map(|mut document| match document["items"].take() {
        Json::Array(items) if document["kind"] == json!("List") => items,
        items => {
            if !items.is_null() {
                document["items"] = items;
            }
            vec![document]
        }
    });
    Ok(single.filter(Json::is_object).collect())
}

/// The same by kind and name.
fn objects(manifest: &str, namespace: &str) -> Result<BTreeMap<String, Json>, Failure> {
    let named = |object: Json| {
        let text = |path: &str| object.pointer(path).and_then(Json::as_str).unwrap_or_default().to_owned();
        let (kind, name, of) = (text("/kind"), text("/metadata/name"), text("/metadata/namespace"));
        let name = if of.is_empty() || of == namespace { name } else { format!("{of}/{name}") };
        (format!("{kind} {name}"), object)
    };
    Ok(each(manifest)?.into_iter().map(named).collect())
}

/// What becomes of each object that does not stay as it is. What a Secret holds is not shown.
pub(super) fn changes(before: &str, after: &str, namespace: &str) -> Result<Vec<FieldChange>, Failure> {
    let (before, after) = (objects(before, namespace)?, objects(after, namespace)?);
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let changed = names.into_iter().filter(|name| before.get(*name) != after.get(*name));
    Ok(changed.map(|name| change(name.clone(), shown(before.get(name)), shown(after.get(name)))).collect())
}

/// That they can't be said before other resources are there.
pub(super) fn unknown() -> FieldChange {
    change("objects".to_owned(), Shown::Absent, Shown::Unknown)
}

fn change(path: String, before: Shown, after: Shown) -> FieldChange {
    FieldChange { path, before, after, forces_replacement: false, cause: Cause::Program }
}

fn shown(object: Option<&Json>) -> Shown {
    match object {
        None => Shown::Absent,
        Some(object) if object["kind"] == json!("Secret") => Shown::Sensitive,
        Some(object) => Shown::Value(Datum::from(object.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "
kind: Deployment
metadata: { name: cart, namespace: shop }
spec: { replicas: 2 }
---
kind: Secret
metadata: { name: key }
stringData: { key: first }
---
# Nothing was rendered here.
---
kind: ConfigMap
metadata: { name: cart, namespace: other }
";

    #[test]
    fn what_differs_is_told_by_object_and_what_secrets_hold_is_not() {
        let after = BEFORE.replace("replicas: 2", "replicas: 3").replace("first", "second").replace("other", "others");
        let changed = changes(BEFORE, &after, "shop").unwrap();
        let paths: Vec<&str> = changed.iter().map(|change| change.path.as_str()).collect();
        assert_eq!(paths, ["ConfigMap other/cart", "ConfigMap others/cart", "Deployment cart", "Secret key"]);
        assert_eq!((&changed[0].after, &changed[1].before), (&Shown::Absent, &Shown::Absent));
        let replicas = |shown: &Shown| match shown {
            Shown::Value(Datum::String(text)) => {
                serde_json::from_str::<Json>(text).unwrap()["spec"]["replicas"].clone()
            }
            other => panic!("{other:?}"),
        };
        assert_eq!((replicas(&changed[2].before), replicas(&changed[2].after)), (json!(2), json!(3)));
        assert_eq!((&changed[3].before, &changed[3].after), (&Shown::Sensitive, &Shown::Sensitive));
        assert_eq!(changes(BEFORE, BEFORE, "shop").unwrap(), []);
    }
}
