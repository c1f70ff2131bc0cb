//! What waits for a maintenance window, in sentences.

use fathuss_model::Datum;
use fathuss_model::schema::{AT_ONCE, PENDING, Schema};
use fathuss_model::transition::Becoming;

/// What of a change waits for the window, where it is not to be made at once, and what waits for it already. `also` is
/// a field that AWS changes in the window for what it becomes.
pub(crate) fn remarks(becoming: &Becoming<'_>, schema: &Schema, also: Option<&str>) -> Vec<String> {
    let at = becoming.is.get("maintenance_window").and_then(Datum::as_str);
    let window = at.map_or_else(|| "the maintenance window".to_owned(), |at| format!("the maintenance window ({at})"));
    let mut sentences = Vec::new();
    let waits = |name: &str| schema.field(name).is_some_and(|field| field.windowed) || also == Some(name);
    let changing: Vec<String> =
        becoming.changed.iter().filter(|field| waits(field)).map(|field| format!("`{field}`")).collect();
    if !changing.is_empty() && !becoming.wants(AT_ONCE) {
        let (verb, it) = if changing.len() == 1 { ("waits", "it") } else { ("wait", "them") };
        sentences.push(format!(
            "{} {verb} for {window}, though this apply ends before: `apply_immediately(true)` makes {it} at once.",
            changing.join(", ")
        ));
    }
    let pending = becoming.is.get(PENDING).and_then(Datum::as_map);
    for (field, value) in pending.into_iter().flatten().filter(|(field, _)| !becoming.changed.contains(&field.as_str()))
    {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        sentences.push(format!("`{field}` becomes {value} in {window}: it was asked for before."));
    }
    sentences
}
