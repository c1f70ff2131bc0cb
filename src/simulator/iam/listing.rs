//! IAM's pages: `Marker`, `MaxItems` and `IsTruncated`, the same for every list.

use crate::input::Input;
use crate::pagination::page;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::value::{Record, Value};
use crate::world::Tx;

pub(super) const RULES: &[Rule] = &[Rule::new(
    "iam.page.marker",
    "a marker is one that a page of the same list ended with",
    "https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRoles.html",
)];

/// The page of a list that a request asks for. The items come with what they are sorted by.
///
/// # Errors
/// When the marker is of no page.
pub fn listed(tx: &Tx<'_>, input: &Input<'_>, name: &str, items: Vec<(String, Value)>) -> Result<Value, Refusal> {
    let (items, rest) = paged(tx, input, items)?;
    let mut answer = Record::new();
    answer.insert(name.to_owned(), Value::List(items));
    answer.extend(rest);
    Ok(Value::Record(answer))
}

/// The items of a page, with `IsTruncated` and `Marker`.
///
/// # Errors
/// When the marker is of no page.
pub fn paged<T>(tx: &Tx<'_>, input: &Input<'_>, items: Vec<(String, T)>) -> Result<(Vec<T>, Record), Refusal> {
    let size = input.integer("MaxItems").and_then(|size| usize::try_from(size).ok()).unwrap_or(100);
    let marker = input.text("Marker");
    let marker = if tx.rule("iam.page.marker") { marker } else { None };
    let page = page(&crate::pagination::asked(tx), items, marker, Some(size))
        .map_err(|_| Refusal::new("ValidationError", "Invalid Marker."))?;
    let mut rest = Record::new();
    rest.insert("IsTruncated".to_owned(), Value::Bool(page.next.is_some()));
    if let Some(next) = page.next {
        rest.insert("Marker".to_owned(), Value::Text(next));
    }
    Ok((page.items, rest))
}

/// Whether something at this path is under the prefix that a request asks for.
#[must_use]
pub fn under(input: &Input<'_>, path: &str) -> bool {
    path.starts_with(input.text("PathPrefix").unwrap_or("/"))
}
