//! The spec of an object by the schema of its type: `source_repos` is `sourceRepos` there, and a document is no text.

use fathuss_engine::diff::default_of;
use fathuss_engine::provider::{Attributes, Failure};
use fathuss_model::Datum;
use fathuss_model::schema::{Field, Type};
use serde_json::{Map, Value as Json, json};

use crate::failure::refused;
use crate::project::project;

/// What these fields say. What is empty is not sent: a controller that writes the object again leaves it out.
pub(crate) fn written<'a>(fields: impl IntoIterator<Item = &'a Field>, given: &Attributes) -> Result<Json, Failure> {
    let mut object = Map::new();
    for field in fields {
        let default = default_of(field);
        let datum = given.get(field.name).filter(|datum| !datum.is_null()).unwrap_or(&default);
        if let Some(value) = value(field, datum)? {
            object.insert(camel(field.name), value);
        }
    }
    Ok(Json::Object(object))
}

fn value(field: &Field, datum: &Datum) -> Result<Option<Json>, Failure> {
    Ok(match (&field.ty, datum) {
        (_, Datum::Null) => None,
        (_, Datum::String(text)) if field.json => {
            let unreadable = |error| refused("InvalidDocument", format!("`{}`: {error}", field.name));
            Some(serde_json::from_str(text).map_err(unreadable)?)
        }
        (Type::Block(fields), Datum::Map(given)) => {
            let object = written(*fields, given)?;
            object.as_object().is_some_and(|object| !object.is_empty()).then_some(object)
        }
        (_, Datum::List(items)) if items.is_empty() => None,
        (Type::List(Type::Block(fields)), Datum::List(items)) => {
            let items = items.iter().filter_map(Datum::as_map).map(|item| written(*fields, item));
            Some(Json::Array(items.collect::<Result<_, _>>()?))
        }
        _ => Some(datum.to_json()),
    })
}

/// The fields of a kind as they are: what was recorded, all of it where nothing is, and what stands at its bounds.
pub(crate) fn observed<'a>(
    fields: impl IntoIterator<Item = &'a Field>,
    bounds: &[&str],
    live: &Json,
    recorded: &Attributes,
) -> Attributes {
    let fields: Vec<&Field> = fields.into_iter().collect();
    let known = (!recorded.is_empty()).then_some(recorded);
    let mut observed = read(fields.iter().copied(), live, known);
    read_bounds(&fields, bounds, live, &mut observed);
    observed
}

/// The fields as they are: of those that were recorded, what they are now; all of them where nothing is recorded. So
/// what others add stays theirs. What is not there is what it stands for.
fn read<'a>(fields: impl IntoIterator<Item = &'a Field>, live: &Json, recorded: Option<&Attributes>) -> Attributes {
    let mut read = Attributes::new();
    for field in fields {
        let known = recorded.map(|recorded| recorded.get(field.name).unwrap_or(&Datum::Null));
        let is_shown = known.is_none_or(|known| !known.is_null()) || field.default.is_some();
        let there = if is_shown { datum(field, &live[camel(field.name)], known) } else { Datum::Null };
        let shown = if there.is_null() { default_of(field) } else { there };
        if !shown.is_null() {
            read.insert(field.name.to_owned(), shown);
        }
    }
    read
}

/// Reads what is there at the bounds of a kind, though nothing is recorded of it.
fn read_bounds(fields: &[&Field], bounds: &[&str], live: &Json, into: &mut Attributes) {
    for path in bounds {
        let (top, rest) = path.split_once('.').map_or((*path, None), |(top, rest)| (top, Some(rest)));
        let there = &live[camel(top)];
        let Some(field) = fields.iter().find(|field| field.name == top).filter(|_| is_given(there)) else { continue };
        match (rest, &field.ty) {
            (Some(rest), Type::Block(inner)) => {
                let inner: Vec<&Field> = inner.iter().collect();
                let mut block = into.get(top).and_then(Datum::as_map).cloned().unwrap_or_default();
                read_bounds(&inner, &[rest], there, &mut block);
                if !block.is_empty() {
                    into.insert(top.to_owned(), Datum::Map(block));
                }
            }
            _ => drop(into.entry(top.to_owned()).or_insert_with(|| datum(field, there, None))),
        }
    }
}

/// The merge patch that takes away what is applied at the bounds of a kind and not wanted there; none where nothing is.
pub(crate) fn beyond(bounds: &[&str], wanted: &Json, applied: &Json) -> Option<Json> {
    let mut patch = json!({});
    for path in bounds {
        let names: Vec<String> = path.split('.').map(camel).collect();
        let pointer = format!("/{}", names.join("/"));
        if wanted.pointer(&pointer).is_some() || !applied.pointer(&pointer).is_some_and(is_given) {
            continue;
        }
        let mut at = &mut patch;
        for name in names {
            at = &mut at[name];
        }
    }
    patch.as_object().is_some_and(|fields| !fields.is_empty()).then_some(patch)
}

/// Whether a list has anything, and all else is there.
fn is_given(value: &Json) -> bool {
    !value.is_null() && value.as_array().is_none_or(|items| !items.is_empty())
}

fn datum(field: &Field, live: &Json, recorded: Option<&Datum>) -> Datum {
    match (&field.ty, live) {
        (_, Json::Null) => Datum::Null,
        _ if field.json => {
            let known = recorded.and_then(Datum::as_str).and_then(|text| serde_json::from_str(text).ok());
            Datum::from(known.map_or_else(|| live.clone(), |known| project(live, &known)).to_string())
        }
        (Type::Block(fields), _) => Datum::Map(read(*fields, live, recorded.and_then(Datum::as_map))),
        // Lists are applied whole.
        (Type::List(Type::Block(fields)), Json::Array(items)) => {
            Datum::List(items.iter().map(|item| Datum::Map(read(*fields, item, None))).collect())
        }
        _ => serde_json::from_value(live.clone()).unwrap_or_default(),
    }
}

/// A field's name in an object.
fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        match word.split_at_checked(1) {
            _ if word == "url" => camel.push_str("URL"),
            Some((first, rest)) => camel.extend([&first.to_ascii_uppercase(), rest]),
            None => {}
        }
    }
    camel
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;

    use fathuss_engine::diff::diff;
    use fathuss_model::{Lifecycle, Partial};

    use super::*;
    use crate::kind::Kind;

    /// Fields from JSON.
    pub fn attributes(fields: &Json) -> Attributes {
        serde_json::from_value(fields.clone()).unwrap()
    }

    /// The fields that a plan would change of what is there.
    pub fn changes(kind: &dyn Kind, wanted: &Attributes, live: &Json, recorded: &Attributes) -> Vec<String> {
        let mut observed = kind.fields(live, recorded, false);
        observed.insert("cluster_name".to_owned(), Datum::from("main"));
        let wanted: BTreeMap<String, Partial> =
            wanted.iter().map(|(name, value)| (name.clone(), Partial::Known(value.clone()))).collect();
        let found = diff(kind.schema(), &wanted, recorded, &observed, &Lifecycle::default());
        found.into_iter().map(|change| change.path).collect()
    }

    #[test]
    fn names_are_those_of_the_objects() {
        for (field, name) in [("path", "path"), ("repo_url", "repoURL"), ("jq_path_expressions", "jqPathExpressions")] {
            assert_eq!(camel(field), name);
        }
    }
}
