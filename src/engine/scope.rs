//! What a reference stands for: an attribute, a part of it, an output of another stack.

use std::collections::BTreeMap;

use fathuss_model::{Datum, EvaluationError, OutputReference, Partial, Reference};

use crate::provider::Attributes;

/// That a node has no such attribute.
pub(crate) fn no_attribute(reference: &Reference) -> EvaluationError {
    EvaluationError::NoSuchAttribute { address: reference.address.clone(), attribute: reference.attribute.clone() }
}

/// What a reference names of what is known in full: nothing, where that lacks it.
pub(crate) fn attribute_of(attributes: &Attributes, reference: &Reference) -> Partial {
    let (name, rest) = step_of(reference);
    let value = attributes.get(name).unwrap_or(&Datum::Null);
    let value = rest.map_or(Some(value), |rest| value.at(rest)).unwrap_or(&Datum::Null);
    Partial::Known(value.clone())
}

/// The field that a reference names, and where in it.
pub(crate) fn step_of(reference: &Reference) -> (&str, Option<&str>) {
    match reference.attribute.split_once('.') {
        Some((name, rest)) => (name, Some(rest)),
        None => (reference.attribute.as_str(), None),
    }
}

/// An output of another stack, from its state.
pub(crate) fn output_of(
    outputs: &BTreeMap<String, BTreeMap<String, Datum>>,
    reference: &OutputReference,
) -> Result<Partial, EvaluationError> {
    let value = outputs.get(&reference.stack).and_then(|outputs| outputs.get(&reference.name));
    value
        .map(|value| Partial::Known(value.clone()))
        .ok_or_else(|| EvaluationError::NoSuchOutput { stack: reference.stack.clone(), name: reference.name.clone() })
}

/// What lies at a path in a value; what is not given there comes from elsewhere. None where there is no such place.
pub(crate) fn step_into(value: Partial, path: Option<&str>, missing: impl Fn() -> Partial) -> Option<Partial> {
    let Some(path) = path else { return Some(value) };
    let mut value = value;
    for step in path.split('.') {
        value = match value {
            Partial::Known(datum) => match datum.at(step) {
                Some(inner) => Partial::Known(inner.clone()),
                None => return Some(missing()),
            },
            Partial::Map(mut entries) => match entries.remove(step) {
                Some(inner) => inner,
                None => return Some(missing()),
            },
            Partial::List(mut items) => {
                let at: usize = step.parse().ok()?;
                if at >= items.len() {
                    return None;
                }
                items.swap_remove(at)
            }
            Partial::Unknown => return Some(Partial::Unknown),
            Partial::Secret(_) => return None,
        };
    }
    Some(value)
}
