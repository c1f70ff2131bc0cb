//! XML answers by the API model, for both query protocols.

use std::fmt::Write as _;

use super::{EncodeError, base64_encode, fits, join};
use crate::model::{Kind, Member, Model, Shape};
use crate::value::Value;

/// Writes values as XML.
pub(super) struct Writer<'m> {
    pub(super) model: &'m Model,
    pub(super) text: String,
    /// The element around a list's items where the model names none.
    pub(super) item: &'static str,
    /// Digits of a second in timestamps.
    pub(super) millis: bool,
}

impl Writer<'_> {
    /// Writes a structure's members without an element around them.
    pub(super) fn members(&mut self, shape: &Shape, value: &Value, path: &str) -> Result<(), EncodeError> {
        let Value::Record(given) = value else {
            return Err(EncodeError { path: path.to_owned(), why: format!("{value:?} is no structure") });
        };
        if let Some(unknown) = given.keys().find(|name| !shape.members.contains_key(*name)) {
            return Err(EncodeError { path: join(path, unknown), why: "there is no such member".to_owned() });
        }
        for (name, member) in &shape.members {
            if let Some(value) = given.get(name) {
                self.member(name, member, value, &join(path, name))?;
            }
        }
        Ok(())
    }

    fn member(&mut self, name: &str, member: &Member, value: &Value, path: &str) -> Result<(), EncodeError> {
        let model = self.model;
        let shape = model.shape(&member.shape);
        let element = member.wire_name(name);
        match (shape.kind, value) {
            (_, Value::Absent) => Ok(()),
            (Kind::List, Value::List(items)) => {
                let inner = shape.member.as_ref().ok_or_else(|| no_items(path))?;
                let flattened = shape.flattened || member.flattened;
                if !flattened {
                    self.open(element);
                }
                let item = if flattened { element } else { inner.location_name.as_deref().unwrap_or(self.item) };
                for value in items {
                    self.element(item, model.shape(&inner.shape), value, path)?;
                }
                if !flattened {
                    self.close(element);
                }
                Ok(())
            }
            _ => self.element(element, shape, value, path),
        }
    }

    fn element(&mut self, name: &str, shape: &Shape, value: &Value, path: &str) -> Result<(), EncodeError> {
        self.open(name);
        match shape.kind {
            Kind::Structure => self.members(shape, value, path)?,
            Kind::List => {
                let inner = shape.member.as_ref().ok_or_else(|| no_items(path))?;
                let item = inner.location_name.as_deref().unwrap_or(self.item).to_owned();
                let model = self.model;
                for value in value.list() {
                    self.element(&item, model.shape(&inner.shape), value, path)?;
                }
            }
            Kind::Map => {
                let (Some(key), Some(inner), Value::Record(entries)) = (&shape.key, &shape.value, value) else {
                    return Err(EncodeError { path: path.to_owned(), why: format!("{value:?} is no map") });
                };
                let model = self.model;
                for (entry, value) in entries {
                    self.open("entry");
                    let text = Value::Text(entry.clone());
                    self.element(key.wire_name("key"), model.shape(&key.shape), &text, path)?;
                    self.element(inner.wire_name("value"), model.shape(&inner.shape), value, path)?;
                    self.close("entry");
                }
            }
            _ => {
                fits(shape, value, path)?;
                self.scalar(value);
            }
        }
        self.close(name);
        Ok(())
    }

    fn scalar(&mut self, value: &Value) {
        match value {
            Value::Bool(truth) => self.text.push_str(if *truth { "true" } else { "false" }),
            // Writing to a String cannot fail.
            Value::Integer(number) => {
                let _ = write!(self.text, "{number}");
            }
            Value::Float(number) => {
                let _ = write!(self.text, "{number}");
            }
            Value::Text(text) => escape(&mut self.text, text),
            Value::Blob(bytes) => self.text.push_str(&base64_encode(bytes)),
            Value::Time(moment) => {
                let format = if self.millis { "%Y-%m-%dT%H:%M:%S%.3fZ" } else { "%Y-%m-%dT%H:%M:%SZ" };
                let _ = write!(self.text, "{}", moment.strftime(format));
            }
            Value::Absent | Value::List(_) | Value::Record(_) => {}
        }
    }

    pub(super) fn open(&mut self, name: &str) {
        self.text.push('<');
        self.text.push_str(name);
        self.text.push('>');
    }

    pub(super) fn close(&mut self, name: &str) {
        self.text.push_str("</");
        self.text.push_str(name);
        self.text.push('>');
    }
}

fn no_items(path: &str) -> EncodeError {
    EncodeError { path: path.to_owned(), why: "the list's shape has no items".to_owned() }
}

/// What XML 1.0 can carry, as a pattern: <https://www.w3.org/TR/xml/#charsets>
pub(super) const CARRIED: &str = r"[\u0009\u000A\u000D\u0020-\uD7FF\uE000-\uFFFD\u10000-\u10FFFF]*";

/// Whether XML 1.0 can carry the character, escaped or not.
pub(super) fn carries(letter: char) -> bool {
    matches!(letter, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}

/// Appends text with XML's own characters escaped, and a mark for each that XML can't carry.
pub(super) fn escape(out: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#xD;"),
            other if carries(other) => out.push(other),
            _ => out.push(char::REPLACEMENT_CHARACTER),
        }
    }
}
