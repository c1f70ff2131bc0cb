//! What is asked for by name: a resource of the state, outputs, a type's schema.

use std::collections::BTreeMap;

use fathuss_model::Datum;
use fathuss_model::schema::{Field, Hold, Schema, Type};
use fathuss_state::ResourceRecord;
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use crate::line::{Line, harmless, wrap};
use crate::style::{Style, Tone};
use crate::value::one_line;

/// Names wider than this don't widen their column.
const WIDEST_NAME: usize = 34;

/// A row of the state: address, identity, and every attribute in full. What the schema calls sensitive is hidden.
#[must_use]
pub fn resource_text(record: &ResourceRecord, schema: Option<&Schema>, style: &Style) -> String {
    let mut out = String::new();
    let identity = harmless(&record.identity.0);
    let head = Line::default().with(Tone::Strong, record.address.local());
    if head.width() + 3 + identity.width() > style.columns() {
        head.write(style, &mut out);
        Line::at(4).with(Tone::Hint, identity).write(style, &mut out);
    } else {
        head.plain("   ").with(Tone::Hint, identity).write(style, &mut out);
    }
    let mut facts = vec![record.region.clone(), format!("account {}", record.account)];
    if record.generation > 0 {
        facts.push(format!("generation {}", record.generation));
    }
    if record.prevent_destroy {
        facts.push("protected".to_owned());
    }
    Line::at(4).with(Tone::Faint, facts.join(&format!(" {} ", style.marks().dot))).write(style, &mut out);
    let column = 4 + widest(record.attributes.keys()) + 2;
    for (name, value) in &record.attributes {
        let is_hidden =
            schema.and_then(|schema| schema.field(name)).is_some_and(|field| field.sensitive || field.write_only);
        let line = Line::at(4).plain(name);
        let line = if line.width() + 2 > column { line.plain("  ") } else { line.to(column) };
        if is_hidden {
            line.with(Tone::Faint, "(sensitive)").write(style, &mut out);
        } else {
            attribute(line, value, style, &mut out);
        }
    }
    out
}

/// Outputs by name.
#[must_use]
pub fn outputs_text(outputs: &BTreeMap<String, Datum>, style: &Style) -> String {
    let mut out = String::new();
    let column = widest(outputs.keys()) + 3;
    for (name, value) in outputs {
        let line = Line::default().with(Tone::Strong, name);
        let line = if line.width() + 1 > column - 2 { line.plain(" ") } else { line.to(column - 2) };
        line.with(Tone::Faint, "= ").plain(one_line(value, None, style)).write(style, &mut out);
    }
    out
}

/// All types with what each is.
#[must_use]
pub fn schemas_text<'a>(schemas: impl Iterator<Item = &'a Schema>, style: &Style) -> String {
    let mut out = String::new();
    let schemas: Vec<&Schema> = schemas.collect();
    let column = schemas.iter().map(|schema| schema.kind.width()).max().unwrap_or(0) + 2;
    for schema in schemas {
        let head = Line::default().with(Tone::Strong, schema.kind);
        if column + 30 > style.columns() {
            head.write(style, &mut out);
            paragraph(4, Tone::Plain, schema.doc, style, &mut out);
            continue;
        }
        let mut lines = wrap(schema.doc, style.columns() - column).into_iter();
        head.to(column).plain(lines.next().unwrap_or_default()).write(style, &mut out);
        lines.for_each(|line| Line::at(column).plain(line).write(style, &mut out));
    }
    out
}

/// A type: what it is, how it is made once, and every field with what it means.
#[must_use]
pub fn schema_text(schema: &Schema, style: &Style) -> String {
    let mut out = String::new();
    Line::default().with(Tone::Strong, schema.kind).write(style, &mut out);
    paragraph(2, Tone::Plain, schema.doc, style, &mut out);
    let mut facts = vec![format!("service {}", schema.service)];
    if schema.create_seconds > 0 {
        facts.push(format!("created in about {} s, deleted in {} s", schema.create_seconds, schema.delete_seconds));
    }
    if schema.holds_data {
        facts.push("holds data".to_owned());
    }
    paragraph(2, Tone::Faint, &facts.join("; "), style, &mut out);
    let (given, computed): (Vec<&Field>, Vec<&Field>) =
        schema.fields.iter().partition(|field| field.required || field.optional);
    for (title, fields) in [("fields", given), ("given by AWS", computed)] {
        if fields.is_empty() {
            continue;
        }
        out.push('\n');
        Line::at(2).with(Tone::Strong, title).write(style, &mut out);
        fields.into_iter().for_each(|field| put_field(field, 4, style, &mut out));
    }
    out
}

fn put_field(field: &Field, column: usize, style: &Style, out: &mut String) {
    let mut line = Line::at(column).with(Tone::Hint, field.name);
    let flags = flags(field);
    let last = flags.len();
    let pieces = std::iter::once(type_name(&field.ty)).chain(flags);
    for (at, piece) in pieces.enumerate() {
        let tone = match (at, piece.as_str()) {
            (0, _) => Tone::Plain,
            (_, "required") => Tone::Change,
            _ => Tone::Faint,
        };
        let comma = if at == 0 || at == last { "" } else { "," };
        let gap = if at < 2 { "  " } else { " " };
        if line.width() + gap.len() + piece.width() + comma.len() <= style.columns() {
            line = line.plain(gap).with(tone, piece).with(Tone::Faint, comma);
            continue;
        }
        line.write(style, out);
        let mut rows = wrap(&format!("{piece}{comma}"), style.columns().saturating_sub(column + 2));
        let end = rows.pop().unwrap_or_default();
        rows.into_iter().for_each(|row| Line::at(column + 2).with(tone, row).write(style, out));
        line = Line::at(column + 2).with(tone, end);
    }
    line.write(style, out);
    paragraph(column + 2, Tone::Plain, field.doc, style, out);
    if let Some(fields) = field.ty.block() {
        fields.iter().for_each(|field| put_field(field, column + 4, style, out));
    }
}

fn type_name(ty: &Type) -> String {
    match ty {
        Type::Bool => "bool".to_owned(),
        Type::Integer => "number".to_owned(),
        Type::String => "text".to_owned(),
        Type::Word(words) if words.len() <= 6 => words.join(" | "),
        Type::Word(words) => format!("one of {} words", words.len()),
        Type::Cidr => "IPv4 range".to_owned(),
        Type::Secret => "secret".to_owned(),
        Type::List(inner) => format!("list of {}", type_name(inner)),
        Type::Map(inner) => format!("map of {}", type_name(inner)),
        Type::Block(_) => "block".to_owned(),
        Type::Any => "anything".to_owned(),
    }
}

/// What a field means beyond its type. A field that AWS alone gives stands under a heading that says so.
fn flags(field: &Field) -> Vec<String> {
    let said = [
        (field.required, "required"),
        (field.optional && field.computed, "AWS's choice where not given"),
        (field.replace, "a change replaces"),
        (field.replace_presence, "giving it or not replaces"),
        (field.hold == Hold::Along && !field.replace, "replaced with what it refers to"),
        (field.hold == Hold::Firm, "keeps what it refers to from being replaced"),
        (field.set, "in any order"),
        (field.json, "compared as JSON"),
        (field.case_insensitive, "case does not count"),
        (field.version_prefix, "covers versions that begin with it"),
        (field.sensitive, "sensitive"),
        (field.write_only, "write-only"),
        (field.ignored_after_creation, "left alone after creation"),
        (field.instruction, "says how to act"),
    ];
    let mut flags: Vec<String> =
        said.into_iter().filter(|(holds, _)| *holds).map(|(_, words)| words.to_owned()).collect();
    flags.extend(field.default.map(|default| format!("{default} where not given")));
    flags.extend(field.limits.form.map(|form| form.words.to_owned()));
    flags
}

/// An attribute in full: a document over several lines, anything else in one.
fn attribute(line: Line, value: &Datum, style: &Style, out: &mut String) {
    let text = one_line(value, None, style);
    if line.width() + text.width() <= style.columns() {
        line.plain(text).write(style, out);
        return;
    }
    let document = match value {
        Datum::String(text) if text.trim_start().starts_with(['{', '[']) => serde_json::from_str(text).ok(),
        Datum::List(_) | Datum::Map(_) => Some(value.to_json()),
        _ => None,
    };
    let Some(pretty) = document.and_then(|document: Value| serde_json::to_string_pretty(&document).ok()) else {
        // Below its name it has more room.
        line.write(style, out);
        Line::at(6).plain(text).write(style, out);
        return;
    };
    line.write(style, out);
    for row in pretty.lines() {
        Line::at(6).plain(row).write(style, out);
    }
}

fn paragraph(column: usize, tone: Tone, text: &str, style: &Style, out: &mut String) {
    for line in wrap(text, style.columns().saturating_sub(column)) {
        Line::at(column).with(tone, line).write(style, out);
    }
}

fn widest<'a>(names: impl Iterator<Item = &'a String>) -> usize {
    names.map(|name| harmless(name).width()).filter(|width| *width <= WIDEST_NAME).max().unwrap_or(0)
}
