//! The fields of an action: what each was and what it becomes.

use std::collections::{BTreeMap, HashSet};

use fathuss_engine::diff::{Cause, FieldChange, Shown};
use fathuss_engine::plan::{Change, OutputChange, PlannedAction};
use fathuss_model::graph::Node;
use fathuss_model::{Address, Datum, Expression};
use unicode_width::UnicodeWidthStr;

use crate::line::{Line, count, harmless, head, plural, shorten, wrap};
use crate::plan::comes_from;
use crate::style::{Style, Tone};
use crate::value::{Difference, LineChange, PathChange, compare, json_line, one_line};

/// How many fields of a creation are shown where not all are asked for.
const FIELDS_OF_CREATION: usize = 8;
/// How many differences inside one value are shown where not all are asked for.
const PLACES: usize = 12;
/// How many parts of something are shown where not all are asked for.
const PARTS: usize = 12;
/// The field that holds tags.
pub(crate) const TAGS: &str = "tags";
/// Names of fields wider than this don't widen the column.
const WIDEST_NAME: usize = 26;

/// How the fields of an action are shown.
pub(crate) struct Fields<'a> {
    /// The node as the program declares it.
    pub node: Option<&'a Node>,
    /// What is replaced.
    pub renewed: &'a HashSet<&'a Address>,
    /// Whether everything is shown at its full length.
    pub full: bool,
    /// Whether what AWS gives to something new goes without saying.
    pub brief: bool,
    /// Tags that everything new carries, said once for all.
    pub shared: &'a BTreeMap<&'a str, &'a Datum>,
    /// Where the names begin.
    pub column: usize,
}

/// Writes the fields of an action.
pub(crate) fn fields(action: &PlannedAction, shown: &Fields<'_>, style: &Style, out: &mut String) {
    if matches!(action.change, Change::Create | Change::Read) {
        creation(action, shown, style, out);
        return;
    }
    let value = shown.column + name_width(action.fields.iter().map(|field| field.path.as_str())) + 2;
    for field in &action.fields {
        change(field, shown, value, style, out);
    }
}

/// How it is shown that something comes, goes or changes.
fn marked(before: &Shown, after: &Shown) -> (&'static str, Tone) {
    match (before, after) {
        (Shown::Absent, _) => ("+", Tone::Add),
        (_, Shown::Absent) => ("-", Tone::Destroy),
        _ => ("~", Tone::Change),
    }
}

/// Writes a changed output.
pub(crate) fn output(name: &str, change: &OutputChange, widest: usize, full: bool, style: &Style, out: &mut String) {
    let (mark, tone) = marked(&change.before, &change.after);
    let line = Line::at(2).with(tone, mark).plain(" ").plain(name).beside(4 + widest + 2);
    let pair = match mark {
        "+" => Pair { before: None, after: Some(&change.after) },
        "-" => Pair { before: Some(&change.before), after: None },
        _ => Pair { before: Some(&change.before), after: Some(&change.after) },
    };
    put_pair(line, &pair, None, &[], full, style, out);
}

/// Writes what becomes of the parts of something.
pub(crate) fn parts(action: &PlannedAction, shown: &Fields<'_>, style: &Style, out: &mut String) {
    let most = if shown.full || action.parts.len() == PARTS + 1 { action.parts.len() } else { PARTS };
    for part in action.parts.iter().take(most) {
        let (mark, tone) = marked(&part.before, &part.after);
        let line = Line::at(shown.column).with(tone, mark).plain(" ").plain(&part.path);
        let differences = match (&part.before, &part.after) {
            (Shown::Value(before), Shown::Value(after)) => compare(before, after),
            _ => Difference::Whole,
        };
        if let Difference::Paths(changes) = differences {
            let what = format!("   {}", plural(changes.len(), "difference", "differences"));
            line.with(Tone::Faint, what).write(style, out);
            let inside = Fields { column: shown.column + 2, ..*shown };
            paths(&changes, &inside, style, out);
            continue;
        }
        let line = match (&part.before, &part.after) {
            (Shown::Sensitive, Shown::Sensitive) => line.with(Tone::Faint, "   its content, which is not shown"),
            (Shown::Absent, Shown::Unknown) => line.with(Tone::Faint, "   (known after apply)"),
            _ => line,
        };
        line.write(style, out);
    }
    if action.parts.len() > most {
        let more = format!("{} {} more", style.marks().cut, plural(action.parts.len() - most, "object", "objects"));
        Line::at(shown.column).with(Tone::Faint, more).write(style, out);
    }
}

fn name_width<'a>(names: impl Iterator<Item = &'a str>) -> usize {
    names.map(|name| harmless(name).width()).filter(|width| *width <= WIDEST_NAME).max().unwrap_or(WIDEST_NAME)
}

/// What is given comes first, one a line; what AWS gives is named in one.
fn creation(action: &PlannedAction, shown: &Fields<'_>, style: &Style, out: &mut String) {
    let is_given = |field: &&FieldChange| match (&field.after, shown.node) {
        (Shown::Unknown, Some(node)) => node.fields.contains_key(&field.path),
        (Shown::Unknown, None) => false,
        _ => true,
    };
    let own: Vec<FieldChange> = action.fields.iter().filter_map(|field| without_shared(field, shown)).collect();
    let (given, computed): (Vec<_>, Vec<_>) = own.iter().partition(is_given);
    let most = if shown.full { given.len() } else { FIELDS_OF_CREATION };
    // One more line would say only that one field is left out.
    let most = if given.len() == most + 1 { given.len() } else { most.min(given.len()) };
    let value = shown.column + name_width(given[..most].iter().map(|field| field.path.as_str())) + 2;
    for field in &given[..most] {
        let line = Line::at(shown.column).plain(&field.path).beside(value);
        let source = source_of(field, shown);
        let pair = Pair { before: None, after: Some(&field.after) };
        put_pair(line, &pair, source.as_deref(), &[], shown.full, style, out);
    }
    if most < given.len() {
        let more = format!("{} {} more", style.marks().cut, plural(given.len() - most, "field", "fields"));
        Line::at(shown.column).with(Tone::Faint, more).write(style, out);
    }
    if computed.is_empty() || shown.brief {
        return;
    }
    let names: Vec<&str> = computed.iter().map(|field| field.path.as_str()).collect();
    let room = style.columns().saturating_sub(shown.column);
    if shown.full {
        for line in wrap(&format!("(known after apply) {}", names.join(", ")), room) {
            Line::at(shown.column).with(Tone::Faint, line).write(style, out);
        }
        return;
    }
    let mut text = "(known after apply)".to_owned();
    for (at, name) in names.iter().enumerate() {
        let joint = if at == 0 { " " } else { ", " };
        let left = names.len() - at;
        let more = match (at, left) {
            (0, _) => format!(" {}", plural(left, "field", "fields")),
            _ => format!(" and {} more", count(left)),
        };
        // Unless it is the last, a name must leave room to say how many follow.
        let behind = if left == 1 { 0 } else { " and 99 more".len() };
        if text.width() + joint.len() + name.width() + behind > room {
            text.push_str(&more);
            break;
        }
        text.push_str(joint);
        text.push_str(name);
    }
    Line::at(shown.column).with(Tone::Faint, text).write(style, out);
}

/// A field without the tags that were said once for all; none where no others are left.
fn without_shared(field: &FieldChange, shown: &Fields<'_>) -> Option<FieldChange> {
    let Shown::Value(Datum::Map(tags)) = &field.after else { return Some(field.clone()) };
    if field.path != TAGS || shown.shared.is_empty() {
        return Some(field.clone());
    }
    let own: BTreeMap<String, Datum> = tags
        .iter()
        .filter(|(name, _)| !shown.shared.contains_key(name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    (!own.is_empty()).then(|| FieldChange { after: Shown::Value(Datum::Map(own)), ..field.clone() })
}

fn change(field: &FieldChange, shown: &Fields<'_>, value: usize, style: &Style, out: &mut String) {
    let name = Line::at(shown.column).plain(&field.path).beside(value);
    let notes = notes(field, shown);
    if let (Shown::Value(before), Shown::Value(after)) = (&field.before, &field.after) {
        match compare(before, after) {
            Difference::Whole => {}
            Difference::Paths(changes) => {
                let what = match before {
                    Datum::String(_) => "JSON, ",
                    _ => "",
                };
                let what = format!("{what}{}", plural(changes.len(), "difference", "differences"));
                annotated(name.with(Tone::Faint, what), &notes, value, style, out);
                paths(&changes, shown, style, out);
                return;
            }
            Difference::Lines(lines) => {
                annotated(name.with(Tone::Faint, "text, by line"), &notes, value, style, out);
                text_lines(&lines, shown, style, out);
                return;
            }
        }
    }
    let source = source_of(field, shown);
    let pair = Pair { before: Some(&field.before), after: Some(&field.after) };
    put_pair(name, &pair, source.as_deref(), &notes, shown.full, style, out);
}

type Note = (Tone, String);

fn notes(field: &FieldChange, shown: &Fields<'_>) -> Vec<Note> {
    let mut notes = Vec::new();
    if field.forces_replacement {
        notes.push((Tone::Replace, "forces replacement".to_owned()));
    }
    match field.cause {
        Cause::Program => {}
        Cause::Drift => notes.push((Tone::Change, "drift: changed outside".to_owned())),
        Cause::Dependency => {
            let because = renewed_of(field, shown);
            if let Some(because) = because {
                notes.push((Tone::Faint, format!("{because} is replaced")));
            }
        }
    }
    notes
}

fn root(path: &str) -> &str {
    path.split('.').next().unwrap_or(path)
}

fn renewed_of(field: &FieldChange, shown: &Fields<'_>) -> Option<String> {
    let expression = shown.node?.fields.get(root(&field.path))?;
    let mut because = None;
    expression.references(&mut |reference| {
        if because.is_none() && shown.renewed.contains(&reference.address) {
            because = Some(reference.address.local());
        }
    });
    because
}

/// Where a value that is not known yet will come from.
fn source_of(field: &FieldChange, shown: &Fields<'_>) -> Option<String> {
    if field.after != Shown::Unknown {
        return None;
    }
    comes_from(expression_at(shown.node?, &field.path)?).map(|(_, text)| text)
}

/// The expression of a field, or of what lies in its blocks as far as the path and the program's own blocks go.
fn expression_at<'a>(node: &'a Node, path: &str) -> Option<&'a Expression> {
    let mut parts = path.split('.');
    let mut expression = node.fields.get(parts.next()?)?;
    for part in parts {
        expression = match expression {
            Expression::Map(fields) => match fields.get(part) {
                Some(inner) => inner,
                None => break,
            },
            Expression::List(items) => match part.parse::<usize>().ok().and_then(|at| items.get(at)) {
                Some(inner) => inner,
                None => break,
            },
            _ => break,
        };
    }
    Some(expression)
}

/// What a value was and becomes; a side that is none is left out.
struct Pair<'a> {
    before: Option<&'a Shown>,
    after: Option<&'a Shown>,
}

fn put_pair(
    line: Line,
    pair: &Pair<'_>,
    source: Option<&str>,
    notes: &[Note],
    full: bool,
    style: &Style,
    out: &mut String,
) {
    let column = line.width();
    let room = style.columns().saturating_sub(column);
    let side = |shown: Option<&Shown>, source: Option<&str>, room: Option<usize>| {
        shown.map(|shown| text_of(shown, source, room, full, style))
    };
    let arrow = style.marks().arrow;
    let (before, after) = (side(pair.before, None, None), side(pair.after, source, None));
    let (before, after) = match (before, after) {
        (Some(before), Some(after)) => (before, after),
        (Some((tone, text)), None) | (None, Some((tone, text))) => {
            let text = if text.width() <= room { text } else { cut_value(pair, source, room, full, style) };
            annotated(line.with(tone, text), notes, column, style, out);
            return;
        }
        (None, None) => return,
    };
    let joint = arrow.width() + 2;
    if before.1.width() + joint + after.1.width() <= room {
        let line = line.with(before.0, before.1).plain(format!(" {arrow} ")).with(after.0, after.1);
        annotated(line, notes, column, style, out);
        return;
    }
    let half = room.saturating_sub(joint) / 2;
    if full || half < 18 {
        let below = Some(room.saturating_sub(arrow.width() + 1).max(12));
        let (before, after) = (side(pair.before, None, below), side(pair.after, source, below));
        let indented = Line::at(arrow.width() + 1 + column);
        if let Some((tone, text)) = before {
            line.to(indented.width()).with(tone, text).write(style, out);
        }
        if let Some((tone, text)) = after {
            let line = Line::at(column).plain(format!("{arrow} ")).with(tone, text);
            annotated(line, notes, column, style, out);
        }
        return;
    }
    // What the shorter side leaves free goes to the longer one.
    let (free_before, free_after) = (half.saturating_sub(before.1.width()), half.saturating_sub(after.1.width()));
    let before = side(pair.before, None, Some(half + free_after)).unwrap_or(before);
    let after = side(pair.after, source, Some(half + free_before)).unwrap_or(after);
    let line = line.with(before.0, before.1).plain(format!(" {arrow} ")).with(after.0, after.1);
    annotated(line, notes, column, style, out);
}

fn cut_value(pair: &Pair<'_>, source: Option<&str>, room: usize, full: bool, style: &Style) -> String {
    let shown = pair.after.or(pair.before).unwrap_or(&Shown::Absent);
    text_of(shown, source, Some(room), full, style).1
}

/// A side in words, in the room that it has; in full, a value is never cut.
fn text_of(shown: &Shown, source: Option<&str>, room: Option<usize>, full: bool, style: &Style) -> (Tone, String) {
    match shown {
        Shown::Absent => (Tone::Faint, "(none)".to_owned()),
        Shown::Sensitive => (Tone::Faint, "(sensitive)".to_owned()),
        Shown::Unknown => match source {
            None => (Tone::Faint, "(known after apply)".to_owned()),
            Some(source) => {
                let long = format!("{source} (known after apply)");
                let text = match room {
                    Some(room) if long.width() > room && full => source.to_owned(),
                    Some(room) if long.width() > room => shorten(source, room, style),
                    _ => long,
                };
                (Tone::Faint, text)
            }
        },
        Shown::Value(datum) => (Tone::Plain, one_line(datum, room.filter(|_| !full), style)),
    }
}

/// A line with notes behind it, or below it where there is no room.
fn annotated(mut line: Line, notes: &[Note], column: usize, style: &Style, out: &mut String) {
    for (tone, note) in notes {
        if line.width() + 3 + note.width() > style.columns() {
            line.write(style, out);
            line = Line::at(column).with(*tone, shorten(note, style.columns().saturating_sub(column).max(20), style));
        } else {
            line = line.plain("   ").with(*tone, note);
        }
    }
    line.write(style, out);
}

fn paths(changes: &[PathChange], shown: &Fields<'_>, style: &Style, out: &mut String) {
    let most = if shown.full || changes.len() == PLACES + 1 { changes.len() } else { changes.len().min(PLACES) };
    let column = shown.column + 2;
    let widest = name_width(changes[..most].iter().map(|change| change.path.as_str()));
    for change in &changes[..most] {
        let (mark, tone) = match (&change.before, &change.after) {
            (None, _) => ("+", Tone::Add),
            (_, None) => ("-", Tone::Destroy),
            _ => ("~", Tone::Change),
        };
        let line = Line::at(column).with(tone, mark).plain(" ").plain(&change.path).beside(column + 2 + widest + 2);
        // A path that leaves no room for its value has it below.
        let line = if style.columns().saturating_sub(line.width()) < 24 && line.width() > column + 8 {
            line.write(style, out);
            Line::at(column + 4)
        } else {
            line
        };
        let room = style.columns().saturating_sub(line.width());
        let text = |value: &serde_json::Value, room: usize| json_line(value, (!shown.full).then_some(room), style);
        let line = match (&change.before, &change.after) {
            (Some(before), Some(after)) => {
                let arrow = format!(" {} ", style.marks().arrow);
                let half = room.saturating_sub(arrow.width()) / 2;
                let (old, new) = (text(before, usize::MAX / 8), text(after, usize::MAX / 8));
                let fits = old.width() + new.width() + arrow.width() <= room;
                let (old, new) = if fits || shown.full { (old, new) } else { (text(before, half), text(after, half)) };
                line.plain(old).plain(arrow).plain(new)
            }
            (Some(value), None) | (None, Some(value)) => line.plain(text(value, room)),
            (None, None) => line,
        };
        line.write(style, out);
    }
    if most < changes.len() {
        let more = format!("{} {} more", style.marks().cut, plural(changes.len() - most, "difference", "differences"));
        Line::at(column).with(Tone::Faint, more).write(style, out);
    }
}

fn text_lines(lines: &[LineChange], shown: &Fields<'_>, style: &Style, out: &mut String) {
    let column = shown.column + 2;
    let most = if shown.full { lines.len() } else { lines.len().min(PLACES * 2) };
    let room = style.columns().saturating_sub(column + 2);
    for line in &lines[..most] {
        let (mark, tone, text) = match line {
            LineChange::Kept(text) => (" ", Tone::Faint, text.clone()),
            LineChange::Removed(text) => ("-", Tone::Destroy, text.clone()),
            LineChange::Added(text) => ("+", Tone::Add, text.clone()),
            LineChange::Skipped(number) => {
                let text = format!("({})", plural(*number, "line as it was", "lines as they were"));
                (" ", Tone::Faint, text)
            }
        };
        let text = if shown.full || text.width() <= room {
            text
        } else {
            head(&text, room.saturating_sub(3)) + style.marks().cut
        };
        Line::at(column).with(tone, mark).plain(" ").with(tone, text).write(style, out);
    }
    if most < lines.len() {
        let more = format!("{} {} more", style.marks().cut, plural(lines.len() - most, "line", "lines"));
        Line::at(column).with(Tone::Faint, more).write(style, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_in_a_block_comes_from_what_stands_there() {
        let reference = |address: &str, attribute: &str| {
            Expression::Reference(fathuss_model::Reference {
                address: address.parse().expect("an address"),
                attribute: attribute.to_owned(),
            })
        };
        let block = Expression::Map(BTreeMap::from([
            ("id".to_owned(), reference("s.aws_launch_template.general", "id")),
            ("version".to_owned(), reference("s.aws_launch_template.general", "latest_version")),
        ]));
        let graph = fathuss_model::graph_of("s", |stack| {
            stack.place("us-east-1", "111122223333");
            stack.add("a", fathuss_model::terraform::Data::new());
            Ok(())
        });
        let mut node = graph.expect("a graph").nodes.remove(0);
        node.fields.insert("launch_template".to_owned(), block);
        let from = |path: &str| comes_from(expression_at(&node, path)?).map(|(_, text)| text);
        assert_eq!(from("launch_template.version").as_deref(), Some("aws_launch_template.general.latest_version"));
        assert_eq!(from("launch_template.id.deeper").as_deref(), Some("aws_launch_template.general.id"));
        assert_eq!(from("launch_template").as_deref(), Some("aws_launch_template.general.id"));
        assert_eq!(from("other"), None);
    }
}
