//! The tags of budgets, which are reached by their ARNs.

use super::budget::Budget;
use super::missing;
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::{Record, Value};
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("TagResource", tag), ("UntagResource", untag), ("ListTagsForResource", list)];

const PAGE: &str = "https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_TagResource.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("budgets.tags.reserved", "keys beginning with aws: are AWS's own", PAGE),
    Rule::new(
        "budgets.tags.limit",
        "a budget has at most 50 tags",
        "https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html",
    ),
];

/// Tags, in the order given.
pub type Tags = Vec<(String, String)>;

/// The tags of a request.
///
/// # Errors
/// When a key is AWS's own, or there are too many.
pub(super) fn read(tx: &Tx<'_>, input: &Input<'_>) -> Result<Tags, Refusal> {
    let mut tags = Tags::new();
    for tag in input.records("ResourceTags") {
        let (key, value) = (tag.required("Key"), tag.required("Value"));
        // No source has the words.
        tx.enforce("budgets.tags.reserved", !key.to_lowercase().starts_with("aws:"), || {
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
    tx.enforce("budgets.tags.limit", tags.len() <= 50, || {
        Refusal::new("ServiceQuotaExceededException", "A budget can have 50 tags.")
    })
}

fn find(tx: &Tx<'_>, input: &Input<'_>) -> Result<Budget, Refusal> {
    let arn = input.required("ResourceARN");
    let name = arn.strip_prefix(&format!("arn:aws:budgets::{}:budget/", tx.account()));
    let found = name.and_then(|name| tx.get::<Budget>(name)).cloned();
    // No source has the words.
    found.ok_or_else(|| missing(format!("Unable to find resource {arn}.")))
}

fn tag(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut budget = find(tx, input)?;
    for (key, value) in read(tx, input)? {
        set(&mut budget.tags, &key, &value);
    }
    within(tx, &budget.tags)?;
    tx.put(budget);
    Ok(Value::Record(Record::new()))
}

fn untag(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let mut budget = find(tx, input)?;
    let gone = input.texts("ResourceTagKeys");
    budget.tags.retain(|(key, _)| !gone.contains(&key.as_str()));
    tx.put(budget);
    Ok(Value::Record(Record::new()))
}

fn list(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let budget = find(tx, input)?;
    let tags: Vec<Value> = budget.tags.iter().map(|(key, value)| record! { "Key" => key, "Value" => value }).collect();
    Ok(record! { "ResourceTags" => tags })
}
