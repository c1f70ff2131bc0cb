//! The tags of parameters, which are reached by their names.

use super::parameter::Parameter;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("AddTagsToResource", add), ("RemoveTagsFromResource", remove), ("ListTagsForResource", list)];

const PAGE: &str = "https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_AddTagsToResource.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("ssm.tags.reserved", "keys beginning with aws: are AWS's own", PAGE),
    Rule::new("ssm.tags.limit", "a parameter has at most 50 tags", PAGE),
];

/// Tags, in the order given.
pub type Tags = Vec<(String, String)>;

/// The tags of a request.
///
/// # Errors
/// When a key is AWS's own, or there are too many.
pub(super) fn read(tx: &Tx<'_>, input: &Input<'_>) -> Result<Tags, Refusal> {
    let mut tags = Tags::new();
    for tag in input.records("Tags") {
        let (key, value) = (tag.required("Key"), tag.required("Value"));
        // No source has the words.
        tx.enforce("ssm.tags.reserved", !key.to_lowercase().starts_with("aws:"), || {
            super::invalid("aws: prefixed tag key names are not allowed for external use.")
        })?;
        set(&mut tags, key, value);
    }
    within(tx, &tags)?;
    Ok(tags)
}

fn set(tags: &mut Tags, key: &str, value: &str) {
    match tags.iter_mut().find(|(known, _)| known == key) {
        Some(known) => value.clone_into(&mut known.1),
        None => tags.push((key.to_owned(), value.to_owned())),
    }
}

fn within(tx: &Tx<'_>, tags: &Tags) -> Result<(), Refusal> {
    // No source has the words.
    let refusal = if tx.operation() == "AddTagsToResource" { "TooManyTagsError" } else { "ValidationException" };
    tx.enforce("ssm.tags.limit", tags.len() <= 50, || {
        Refusal::new(refusal, "A parameter can have 50 tags.").status(400)
    })
}

fn find(tx: &Tx<'_>, input: &Input<'_>) -> Result<Parameter, Refusal> {
    let kind = input.required("ResourceType");
    if kind != "Parameter" {
        return Err(Refusal::not_simulated(format!("a {kind} of Systems Manager")));
    }
    let name = input.required("ResourceId");
    // No source has the words.
    tx.get::<Parameter>(name).cloned().ok_or_else(|| {
        Refusal::new(
            "InvalidResourceId",
            "The resource ID is not valid. Verify that you entered the correct ID and try again.",
        )
    })
}

fn add(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut parameter = find(tx, input)?;
    for (key, value) in read(tx, input)? {
        set(&mut parameter.tags, &key, &value);
    }
    within(tx, &parameter.tags)?;
    tx.put(parameter);
    Ok(Value::Record(Record::new()))
}

fn remove(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut parameter = find(tx, input)?;
    let gone = input.texts("TagKeys");
    parameter.tags.retain(|(key, _)| !gone.contains(&key.as_str()));
    tx.put(parameter);
    Ok(Value::Record(Record::new()))
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let parameter = find(tx, input)?;
    let tags: Vec<Value> =
        parameter.tags.iter().map(|(key, value)| record! { "Key" => key, "Value" => value }).collect();
    Ok(record! { "TagList" => tags })
}
