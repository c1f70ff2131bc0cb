//! XML answers by the API model, for both query protocols.

use std::fmt::Write as _;

use super::{EncodeError, base64_encode, fits, float_text, join, timestamp};
use crate::model::{Kind, Member, Model, Shape, TimestampFormat, XmlNamespace};
use crate::refusal::Refusal;
use crate::value::Value;

/// Writes values as XML.
pub(super) struct Writer<'m> {
    pub(super) model: &'m Model,
    pub(super) text: String,
    /// Digits of a second in timestamps.
    pub(super) millis: bool,
}

impl Writer<'_> {
    /// Writes a structure's members without an element around them.
    pub(super) fn members(&mut self, shape: &Shape, value: &Value, path: &str) -> Result<(), EncodeError> {
        self.members_where(shape, value, path, |_| true)
    }

    /// Writes the members of an answer that stand in its body.
    pub(super) fn body(&mut self, shape: &Shape, value: &Value, path: &str) -> Result<(), EncodeError> {
        self.members_where(shape, value, path, Member::is_in_body)
    }

    fn members_where(
        &mut self,
        shape: &Shape,
        value: &Value,
        path: &str,
        stands: impl Fn(&Member) -> bool,
    ) -> Result<(), EncodeError> {
        let Value::Record(given) = value else {
            return Err(EncodeError { path: path.to_owned(), why: format!("{value:?} is no structure") });
        };
        if let Some(unknown) = given.keys().find(|name| !shape.members.contains_key(*name)) {
            return Err(EncodeError { path: join(path, unknown), why: "there is no such member".to_owned() });
        }
        for (name, member) in shape.members.iter().filter(|(_, member)| !member.xml_attribute && stands(member)) {
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
        let flattened = shape.flattened || member.flattened;
        match (shape.kind, value) {
            (_, Value::Absent) => Ok(()),
            (Kind::List, value) if flattened => {
                let inner = shape.member.as_ref().ok_or_else(|| no_items(path))?;
                let namespace = inner.xml_namespace.as_ref();
                value.list().iter().try_for_each(|value| self.element(element, namespace, inner, value, path))
            }
            (Kind::Map, Value::Record(entries)) if flattened => {
                entries.iter().try_for_each(|(key, value)| self.entry(element, member, shape, key, value, path))
            }
            _ => self.element(element, member.xml_namespace.as_ref(), member, value, path),
        }
    }

    pub(super) fn element(
        &mut self,
        name: &str,
        namespace: Option<&XmlNamespace>,
        member: &Member,
        value: &Value,
        path: &str,
    ) -> Result<(), EncodeError> {
        let model = self.model;
        let shape = model.shape(&member.shape);
        self.text.push('<');
        self.text.push_str(name);
        // A prefix is declared for the attributes that have it.
        self.declare(namespace.or(shape.xml_namespace.as_ref().filter(|of_shape| of_shape.prefix.is_some())));
        if shape.kind == Kind::Structure {
            self.attributes(shape, value, path)?;
        }
        self.text.push('>');
        match shape.kind {
            Kind::Structure => self.members(shape, value, path)?,
            Kind::List => {
                let inner = shape.member.as_ref().ok_or_else(|| no_items(path))?;
                let item = inner.wire_name("member");
                for value in value.list() {
                    self.element(item, inner.xml_namespace.as_ref(), inner, value, path)?;
                }
            }
            Kind::Map => {
                let Value::Record(entries) = value else {
                    return Err(EncodeError { path: path.to_owned(), why: format!("{value:?} is no map") });
                };
                for (key, value) in entries {
                    self.entry("entry", member, shape, key, value, path)?;
                }
            }
            _ => {
                fits(shape, value, path)?;
                self.scalar(member, shape, value);
            }
        }
        self.close(name);
        Ok(())
    }

    fn entry(
        &mut self,
        element: &str,
        holder: &Member,
        shape: &Shape,
        name: &str,
        value: &Value,
        path: &str,
    ) -> Result<(), EncodeError> {
        let (Some(key), Some(inner)) = (&shape.key, &shape.value) else {
            return Err(EncodeError { path: path.to_owned(), why: "the map's shape has no entries".to_owned() });
        };
        self.text.push('<');
        self.text.push_str(element);
        if element != "entry" {
            self.declare(holder.xml_namespace.as_ref());
        }
        self.text.push('>');
        self.element(key.wire_name("key"), key.xml_namespace.as_ref(), key, &Value::from(name), path)?;
        self.element(inner.wire_name("value"), inner.xml_namespace.as_ref(), inner, value, path)?;
        self.close(element);
        Ok(())
    }

    fn declare(&mut self, namespace: Option<&XmlNamespace>) {
        let Some(namespace) = namespace else { return };
        self.text.push_str(" xmlns");
        if let Some(prefix) = &namespace.prefix {
            self.text.push(':');
            self.text.push_str(prefix);
        }
        self.text.push_str("=\"");
        escape(&mut self.text, &namespace.uri);
        self.text.push('"');
    }

    pub(super) fn attributes(&mut self, shape: &Shape, value: &Value, path: &str) -> Result<(), EncodeError> {
        for (name, member) in shape.members.iter().filter(|(_, member)| member.xml_attribute) {
            let (inner, found) = (self.model.shape(&member.shape), value.get(name));
            if !found.is_absent() {
                fits(inner, found, &join(path, name))?;
                self.text.push(' ');
                self.text.push_str(member.wire_name(name));
                self.text.push_str("=\"");
                self.scalar(member, inner, found);
                self.text.push('"');
            }
        }
        Ok(())
    }

    fn scalar(&mut self, member: &Member, shape: &Shape, value: &Value) {
        match value {
            Value::Bool(truth) => self.text.push_str(if *truth { "true" } else { "false" }),
            // Writing to a String cannot fail.
            Value::Integer(number) => {
                let _ = write!(self.text, "{number}");
            }
            Value::Float(number) => self.text.push_str(&float_text(*number)),
            Value::Text(text) => escape(&mut self.text, text),
            Value::Blob(bytes) => self.text.push_str(&base64_encode(bytes)),
            Value::Time(moment) => match member.timestamp_format.or(shape.timestamp_format) {
                None if self.millis => {
                    let _ = write!(self.text, "{}", moment.strftime("%Y-%m-%dT%H:%M:%S%.3fZ"));
                }
                format => {
                    let format = format.unwrap_or(TimestampFormat::Iso8601);
                    self.text.push_str(&timestamp::write(format, *moment));
                }
            },
            Value::Absent | Value::List(_) | Value::Record(_) => {}
        }
    }

    /// Opens an answer's element, of this namespace or the service's, and leaves room for attributes.
    pub(super) fn open_root(&mut self, name: &str, namespace: Option<&XmlNamespace>) {
        self.text.push('<');
        self.text.push_str(name);
        match namespace {
            None if !self.model.namespace.is_empty() => {
                self.text.push_str(&format!(" xmlns=\"{}\"", self.model.namespace))
            }
            namespace => self.declare(namespace),
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

/// Appends an error's code, message and further members.
pub(super) fn error(model: &Model, text: &mut String, refusal: &Refusal) {
    for (name, part) in [("Code", refusal.code.as_ref()), ("Message", refusal.message.as_str())] {
        if !part.is_empty() {
            text.push_str(&format!("<{name}>"));
            escape(text, part);
            text.push_str(&format!("</{name}>"));
        }
    }
    if let Some(shape) = model.error_shape(&refusal.code).filter(|_| !refusal.members.is_empty()) {
        let mut writer = Writer { model, text: String::new(), millis: false };
        // An error that can't say all still says what it can.
        if writer.body(shape, &Value::Record(refusal.members.clone()), "").is_ok() {
            text.push_str(&writer.text);
        }
    }
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
