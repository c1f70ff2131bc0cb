//! Lists with `MaxRecords` and `Marker`.

use super::invalid_value;
use crate::input::Input;
use crate::pagination::page;
use crate::refusal::Refusal;
use crate::value::{Record, Value};
use crate::world::Tx;

/// Answers a page of a list under that name. `rule` says which sizes are allowed.
///
/// # Errors
/// When the size is out of range, or the marker is of no page.
pub fn paged(
    tx: &Tx<'_>,
    input: &Input<'_>,
    rule: &str,
    name: &str,
    items: Vec<(String, Value)>,
) -> Result<Value, Refusal> {
    let size = input.integer("MaxRecords");
    let fits = size.is_none_or(|size| (20..=100).contains(&size));
    tx.enforce(rule, fits, || {
        let size = size.unwrap_or_default();
        invalid_value(format!("Invalid value {size} for MaxRecords. Must be between 20 and 100"))
    })?;
    let size = size.and_then(|size| usize::try_from(size).ok()).unwrap_or(100);
    let marker = input.text("Marker").filter(|marker| !marker.is_empty());
    let page = page(&crate::pagination::asked(tx), items, marker, Some(size)).map_err(|_| {
        let message = format!("Marker {} is invalid", marker.unwrap_or_default());
        invalid_value(message)
    })?;
    let mut answer = Record::new();
    answer.insert(name.to_owned(), Value::List(page.items));
    if let Some(next) = page.next {
        answer.insert("Marker".to_owned(), Value::Text(next));
    }
    Ok(Value::Record(answer))
}
