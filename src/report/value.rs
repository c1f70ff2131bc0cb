//! Values as a person reads them, and where two of them differ inside.

use fathuss_model::Datum;
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use crate::line::{harmless, head, shorten};
use crate::style::Style;

/// A value in one line, in at most so many columns; all of it where `room` is none.
pub(crate) fn one_line(datum: &Datum, room: Option<usize>, style: &Style) -> String {
    let mut text = String::new();
    // Nothing that is longer than this many characters is shown anyway, so no more is written.
    put(datum, room.map_or(usize::MAX, |room| room.saturating_mul(4).max(256)), &mut text);
    let text = harmless(&text).into_owned();
    let close = match datum {
        Datum::List(_) => "]",
        Datum::Map(_) => "}",
        _ => "",
    };
    match room {
        Some(room) if text.width() <= room => text,
        Some(room) if close.is_empty() => shorten(&text, room, style),
        Some(room) => {
            let mark = style.marks().cut;
            format!("{}{mark}{close}", head(&text, room.saturating_sub(mark.width() + 1)))
        }
        None => text,
    }
}

/// A JSON value in one line.
pub(crate) fn json_line(value: &Value, room: Option<usize>, style: &Style) -> String {
    one_line(&datum(value), room, style)
}

fn datum(value: &Value) -> Datum {
    match value {
        Value::Null => Datum::Null,
        Value::Bool(truth) => Datum::Bool(*truth),
        Value::Number(number) => number.as_i64().map_or_else(|| Datum::String(number.to_string()), Datum::Integer),
        Value::String(text) => Datum::String(text.clone()),
        Value::Array(items) => Datum::List(items.iter().map(datum).collect()),
        Value::Object(entries) => Datum::Map(entries.iter().map(|(key, value)| (key.clone(), datum(value))).collect()),
    }
}

fn put(datum: &Datum, most: usize, out: &mut String) {
    match datum {
        Datum::Null => out.push_str("null"),
        Datum::Bool(_) | Datum::Integer(_) => out.push_str(&datum.to_string()),
        Datum::String(text) => quote(text, out),
        Datum::List(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if out.len() > most {
                    break;
                }
                if at > 0 {
                    out.push_str(", ");
                }
                put(item, most, out);
            }
            out.push(']');
        }
        Datum::Map(entries) => {
            out.push('{');
            for (at, (key, value)) in entries.iter().enumerate() {
                if out.len() > most {
                    break;
                }
                if at > 0 {
                    out.push_str(", ");
                }
                key_into(key, out);
                out.push_str(": ");
                put(value, most, out);
            }
            out.push('}');
        }
    }
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | ':' | '/' | '.'))
}

fn key_into(key: &str, out: &mut String) {
    if is_word(key) { out.push_str(key) } else { quote(key, out) }
}

/// Where two values differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Difference {
    /// They are best shown whole, side by side.
    Whole,
    /// Inside, by path.
    Paths(Vec<PathChange>),
    /// Line by line.
    Lines(Vec<LineChange>),
}

/// One place inside a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PathChange {
    pub path: String,
    pub before: Option<Value>,
    pub after: Option<Value>,
}

/// One line of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LineChange {
    Kept(String),
    Removed(String),
    Added(String),
    /// So many lines stay as they are.
    Skipped(usize),
}

/// Finds where two values differ.
pub(crate) fn compare(before: &Datum, after: &Datum) -> Difference {
    if let (Some(before), Some(after)) = (document(before), document(after)) {
        let mut changes = Vec::new();
        walk("", &before, &after, &mut changes);
        return match changes.as_slice() {
            [] => Difference::Whole,
            [only] if only.path.is_empty() => Difference::Whole,
            _ => Difference::Paths(changes),
        };
    }
    if let (Datum::String(before), Datum::String(after)) = (before, after)
        && (before.contains('\n') || after.contains('\n'))
        && let Some(lines) = lines(before, after)
    {
        return Difference::Lines(lines);
    }
    Difference::Whole
}

/// An object or array: as itself, or as the text of a JSON document.
fn document(datum: &Datum) -> Option<Value> {
    match datum {
        Datum::List(_) | Datum::Map(_) => Some(datum.to_json()),
        Datum::String(text) if text.trim_start().starts_with(['{', '[']) => serde_json::from_str(text).ok(),
        _ => None,
    }
}

fn walk(path: &str, before: &Value, after: &Value, changes: &mut Vec<PathChange>) {
    if before == after {
        return;
    }
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            for (key, old) in before {
                match after.get(key) {
                    Some(new) => walk(&step(path, key), old, new, changes),
                    None => changes.push(PathChange { path: step(path, key), before: Some(old.clone()), after: None }),
                }
            }
            for (key, new) in after.iter().filter(|(key, _)| !before.contains_key(*key)) {
                changes.push(PathChange { path: step(path, key), before: None, after: Some(new.clone()) });
            }
        }
        (Value::Array(before), Value::Array(after)) => elements(path, before, after, changes),
        _ => {
            changes.push(PathChange { path: path.to_owned(), before: Some(before.clone()), after: Some(after.clone()) })
        }
    }
}

/// Elements that both have cancel each other out; of the rest, those with something inside are compared in their order.
fn elements(path: &str, before: &[Value], after: &[Value], changes: &mut Vec<PathChange>) {
    let mut removed: Vec<(usize, &Value)> = before.iter().enumerate().collect();
    let mut added = Vec::new();
    for (at, new) in after.iter().enumerate() {
        match removed.iter().position(|(_, old)| *old == new) {
            Some(found) => {
                removed.remove(found);
            }
            None => added.push((at, new)),
        }
    }
    if removed.is_empty() && added.is_empty() {
        let (before, after) = (Value::Array(before.to_vec()), Value::Array(after.to_vec()));
        changes.push(PathChange { path: path.to_owned(), before: Some(before), after: Some(after) });
        return;
    }
    let is_deep = |value: &Value| value.is_object() || value.is_array();
    let mut old = removed.into_iter().peekable();
    for (at, new) in added {
        match old.next_if(|(_, old)| is_deep(old) && is_deep(new)) {
            Some((_, old)) => walk(&format!("{path}[{at}]"), old, new, changes),
            None => {
                changes.push(PathChange { path: format!("{path}[{at}]"), before: None, after: Some(new.clone()) });
            }
        }
    }
    for (at, old) in old {
        changes.push(PathChange { path: format!("{path}[{at}]"), before: Some(old.clone()), after: None });
    }
}

fn step(path: &str, key: &str) -> String {
    let word = is_word(key) && !key.contains('.');
    match (path.is_empty(), word) {
        (true, true) => key.to_owned(),
        (false, true) => format!("{path}.{key}"),
        (_, false) => {
            let mut out = format!("{path}[");
            quote(key, &mut out);
            out.push(']');
            out
        }
    }
}

/// The lines of two texts beside each other, with one line around each change; none where they are too long to compare.
fn lines(before: &str, after: &str) -> Option<Vec<LineChange>> {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    if old.len().saturating_mul(new.len()) > 400_000 || old == new {
        return None;
    }
    // common[i][j]: the longest common part of old[i..] and new[j..].
    let mut common = vec![vec![0_u32; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i][j] =
                if old[i] == new[j] { common[i + 1][j + 1] + 1 } else { common[i + 1][j].max(common[i][j + 1]) };
        }
    }
    let (mut i, mut j, mut all) = (0, 0, Vec::new());
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            all.push(LineChange::Kept(old[i].to_owned()));
            (i, j) = (i + 1, j + 1);
        } else if i < old.len() && (j == new.len() || common[i + 1][j] >= common[i][j + 1]) {
            all.push(LineChange::Removed(old[i].to_owned()));
            i += 1;
        } else {
            all.push(LineChange::Added(new[j].to_owned()));
            j += 1;
        }
    }
    Some(near_changes(all))
}

fn near_changes(all: Vec<LineChange>) -> Vec<LineChange> {
    let changed: Vec<bool> = all.iter().map(|line| !matches!(line, LineChange::Kept(_))).collect();
    let near = |at: usize| changed[at.saturating_sub(1)..(at + 2).min(changed.len())].contains(&true);
    let mut shown = Vec::new();
    for (at, line) in all.into_iter().enumerate() {
        if near(at) {
            shown.push(line);
        } else if let Some(LineChange::Skipped(count)) = shown.last_mut() {
            *count += 1;
        } else {
            shown.push(LineChange::Skipped(1));
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(before: &str, after: &str) -> Vec<String> {
        match compare(&before.into(), &after.into()) {
            Difference::Paths(changes) => changes.into_iter().map(|change| change.path).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn documents_differ_by_path_whatever_their_spacing() {
        let before = r#"{"Statement":[{"Sid":"a","Action":"s3:Get"},{"Sid":"b"}],"Version":"1"}"#;
        let after = r#"{ "Version": "1", "Statement": [ {"Sid":"b"}, {"Sid":"a","Action":"s3:*"} ], "a b": 1 }"#;
        assert_eq!(paths(before, after), ["Statement[1].Action", "[\"a b\"]"]);
    }

    #[test]
    fn an_element_that_is_gone_is_named_by_where_it_was() {
        assert_eq!(paths(r#"{"a":["x","y","z"]}"#, r#"{"a":["x","z","w"]}"#), ["a[2]", "a[1]"]);
    }

    #[test]
    fn another_order_is_shown_whole() {
        assert_eq!(compare(&vec!["a", "b"].into(), &vec!["b", "a"].into()), Difference::Whole);
    }

    #[test]
    fn texts_differ_by_line_with_one_line_around() {
        let Difference::Lines(lines) = compare(&"a\nb\nc\nd\ne".into(), &"a\nb\nc\nD\ne".into()) else { panic!() };
        let text = |text: &str| text.to_owned();
        assert_eq!(
            lines,
            [
                LineChange::Skipped(2),
                LineChange::Kept(text("c")),
                LineChange::Removed(text("d")),
                LineChange::Added(text("D")),
                LineChange::Kept(text("e")),
            ]
        );
    }

    #[test]
    fn a_long_value_is_cut_and_a_short_one_is_not() {
        let style = Style { width: 80, colour: false, unicode: true };
        let long: Datum = "x".repeat(1000).into();
        assert_eq!(one_line(&long, Some(20), &style).chars().count(), 20);
        assert_eq!(one_line(&long, None, &style).len(), 1002);
        assert_eq!(one_line(&vec!["a\"b", "c\n"].into(), Some(40), &style), "[\"a\\\"b\", \"c\\n\"]");
    }
}
