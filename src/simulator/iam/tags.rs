//! IAM's tags: kept with what they are on, at most 50, keys without regard to capitals.

use indexmap::IndexMap;

use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::value::Value;
use crate::world::Tx;

const PAGE: &str = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("iam.tags.duplicate", "a request names a key once, capitals or not", PAGE),
    Rule::new("iam.tags.reserved", "keys beginning with aws: are AWS's own", PAGE),
    Rule::new("iam.tags.limit", "a resource has at most 50 tags", PAGE),
];

/// Tags by key, in the order in which they were set.
pub type Tags = IndexMap<String, String>;

/// A request's tags.
///
/// # Errors
/// When a key comes twice or is AWS's own.
pub fn read(tx: &Tx<'_>, input: &Input<'_>) -> Result<Tags, Refusal> {
    let mut tags = Tags::new();
    for tag in input.records("Tags") {
        let (key, value) = (tag.required("Key"), tag.required("Value"));
        tx.enforce("iam.tags.duplicate", !tags.keys().any(|known| known.eq_ignore_ascii_case(key)), || {
            let message = "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
            Refusal::new("InvalidInput", message)
        })?;
        tx.enforce("iam.tags.reserved", !key.to_lowercase().starts_with("aws:"), || {
            Refusal::new("InvalidInput", "aws: prefixed tag key names are not allowed for external use.")
        })?;
        tags.insert(key.to_owned(), value.to_owned());
    }
    Ok(tags)
}

/// The tags that a resource has once a request's are added.
///
/// # Errors
/// See [`read`], and when there would be too many.
pub fn added(tx: &Tx<'_>, input: &Input<'_>, mut tags: Tags) -> Result<Tags, Refusal> {
    for (key, value) in read(tx, input)? {
        tags.retain(|known, _| *known == key || !known.eq_ignore_ascii_case(&key));
        tags.insert(key, value);
    }
    tx.enforce("iam.tags.limit", tags.len() <= 50, || {
        Refusal::new("LimitExceeded", "The number of tags has reached the maximum limit.")
    })?;
    Ok(tags)
}

/// The tags that a resource has once those that a request names are gone.
#[must_use]
pub fn left(input: &Input<'_>, mut tags: Tags) -> Tags {
    let gone = input.texts("TagKeys");
    tags.retain(|key, _| !gone.iter().any(|gone| key.eq_ignore_ascii_case(gone)));
    tags
}

/// The tags as answers show them.
#[must_use]
pub fn view(tags: &Tags) -> Value {
    Value::List(tags.iter().map(|(key, value)| record! { "Key" => key, "Value" => value }).collect())
}

/// The same, left out where there are none.
#[must_use]
pub fn view_if_any(tags: &Tags) -> Value {
    if tags.is_empty() { Value::Absent } else { view(tags) }
}

/// The tags for a list with pages.
#[must_use]
pub fn items(tags: &Tags) -> Vec<(String, Value)> {
    tags.iter().map(|(key, value)| (key.clone(), record! { "Key" => key, "Value" => value })).collect()
}
