//! An object as far as another one speaks of it.

use serde_json::Value as Json;

/// What `live` has of that which `wanted` says something about. Lists count whole: elements of others show in them.
pub(crate) fn project(live: &Json, wanted: &Json) -> Json {
    match (live, wanted) {
        (Json::Object(live), Json::Object(wanted)) => {
            let both = wanted.iter().filter_map(|(key, wanted)| Some((key.clone(), project(live.get(key)?, wanted))));
            Json::Object(both.collect())
        }
        (Json::Array(live), Json::Array(wanted)) if live.len() == wanted.len() => {
            live.iter().zip(wanted).map(|(live, wanted)| project(live, wanted)).collect()
        }
        _ => live.clone(),
    }
}

/// What says nothing of an object's content: who last wrote what, and how often.
pub(crate) fn without_bookkeeping(mut object: Json) -> Json {
    if let Some(metadata) = object["metadata"].as_object_mut() {
        for name in ["managedFields", "resourceVersion", "generation"] {
            metadata.remove(name);
        }
    }
    object
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_is_shown_as_far_as_another_speaks_of_it() {
        let live = json!({ "a": 1, "b": { "c": 2, "others": 3 }, "list": [{ "x": 1, "filled": 0 }], "grown": [1, 2] });
        let wanted = json!({ "a": 0, "b": { "c": 2, "gone": 1 }, "list": [{ "x": 1 }], "grown": [1] });
        assert_eq!(project(&live, &wanted), json!({ "a": 1, "b": { "c": 2 }, "list": [{ "x": 1 }], "grown": [1, 2] }));
    }
}
