//! XML bodies by the API model, both ways: what S3, CloudFront and Route 53 speak.
//! <https://smithy.io/2.0/aws/protocols/aws-restxml-protocol.html>

use bytes::Bytes;
use http::Response;
use roxmltree::{Document, Node};

use super::xml::{self, Writer};
use super::{Check, EncodeError, Flaw, Part, Place, response};
use crate::model::{Kind, Member, Model, Operation, Shape, TimestampFormat, XmlNamespace};
use crate::refusal::Refusal;
use crate::value::{Record, Value};

/// Reads the members that stand in a body.
pub(super) fn members(check: &mut Check<'_>, operation: &Operation, shape: &Shape, body: &[u8], members: &mut Record) {
    let named = [&shape.location_name, &operation.root, &operation.input];
    let named = named.into_iter().flatten().next().map_or("", String::as_str);
    let Some(text) = std::str::from_utf8(body).ok() else {
        return check.flaw(&Place::top(), "", Flaw::NotA("text in UTF-8"));
    };
    match Document::parse(text) {
        Ok(document) if document.root_element().tag_name().name() == named => {
            structure(check, shape, document.root_element(), &Place::top(), true, members);
        }
        Ok(_) | Err(_) => check.flaw(&Place::top(), "", Flaw::NotA("XML document of the operation's")),
    }
}

/// Reads a body that is one member.
pub(super) fn payload(check: &mut Check<'_>, name: &str, member: &Member, body: &[u8], place: &Place) -> Value {
    let shape = check.model.shape(&member.shape);
    let root = root(check.model, shape, member, name);
    let document = std::str::from_utf8(body).ok().and_then(|text| Document::parse(text).ok());
    match document {
        Some(document) if document.root_element().tag_name().name() == root => {
            value(check, member, document.root_element(), place)
        }
        _ => check.not_a("XML document of the operation's", "", place),
    }
}

/// The name of the element that a payload is.
fn root<'a>(model: &Model, shape: &'a Shape, member: &'a Member, name: &'a str) -> &'a str {
    // A member is often called on the wire as it is anyway, which says nothing but where S3's model says it.
    let renamed = member.location_name.as_deref().filter(|wire| model.hosts || *wire != name);
    let kinds = [renamed, shape.location_name.as_deref()];
    kinds.into_iter().flatten().next().unwrap_or(if shape.kind == Kind::Structure { &member.shape } else { name })
}

/// Reads a structure's members from an element; at the top those that stand elsewhere in the request are none of them.
fn structure(check: &mut Check<'_>, shape: &Shape, node: Node<'_, '_>, place: &Place, top: bool, members: &mut Record) {
    let model = check.model;
    let here = |member: &Member| !(top && member.location.is_some());
    for attribute in node.attributes() {
        let wire = attribute.name();
        let fits = |(name, member): &(&String, &Member)| {
            let own = member.wire_name(name);
            member.xml_attribute && own.rsplit(':').next() == Some(wire) && here(member)
        };
        let inner = place.member(wire, wire);
        match shape.members.iter().find(fits) {
            Some((name, member)) => {
                let found = model.shape(&member.shape);
                let value = check.scalar(found, format(member, found), attribute.value(), &inner);
                members.insert(name.clone(), value);
            }
            // A schema's own attributes say nothing that a member could.
            None if attribute.namespace().is_some() => {}
            None => check.flaw(&inner, attribute.value(), Flaw::Unknown),
        }
    }
    stray_text(check, node, place);
    for element in node.children().filter(Node::is_element) {
        let wire = element.tag_name().name();
        let found = shape
            .members
            .iter()
            .find(|(name, member)| member.wire_name(name) == wire && !member.xml_attribute && here(member));
        let inner = place.member(found.map_or(wire, |(name, _)| name), wire);
        let Some((name, member)) = found else {
            check.flaw(&inner, element.text().unwrap_or_default(), Flaw::Unknown);
            continue;
        };
        let target = model.shape(&member.shape);
        let flat = target.flattened || member.flattened;
        match (target.kind, &target.member) {
            (Kind::List, Some(item)) if flat => {
                let number = members.get(name).map_or(0, items) + 1;
                let place = inner.item(&number.to_string(), &number.to_string());
                let read = |check: &mut Check<'_>| value(check, item, element, &place);
                let read = check.part(Part::Items, model.shape(&item.shape), &inner, read);
                match members.get_mut(name) {
                    Some(Value::List(list)) => list.push(read),
                    _ => {
                        members.insert(name.clone(), Value::List(vec![read]));
                    }
                }
            }
            (Kind::Map, _) if flat => {
                let mut entries = match members.shift_remove(name) {
                    Some(Value::Record(entries)) => entries,
                    _ => Record::new(),
                };
                entry(check, target, element, &inner, &mut entries);
                members.insert(name.clone(), Value::Record(entries));
            }
            _ if members.contains_key(name) => {
                check.not_a("single value", element.text().unwrap_or_default(), &inner);
            }
            _ => {
                let read = value(check, member, element, &inner);
                members.insert(name.clone(), read);
            }
        }
    }
    for (name, member) in shape.members.iter().filter(|(_, member)| here(member)) {
        let target = model.shape(&member.shape);
        if let Some(value) = members.get(name).filter(|_| target.flattened || member.flattened) {
            check.whole(target, value, &place.member(name, member.wire_name(name)));
        }
    }
    if shape.union && members.len() != 1 {
        check.not_a("union with one member", node.tag_name().name(), place);
    }
}

fn items(value: &Value) -> usize {
    match value {
        Value::List(items) => items.len(),
        Value::Record(entries) => entries.len(),
        _ => 0,
    }
}

/// Reports text that stands where only elements can.
fn stray_text(check: &mut Check<'_>, node: Node<'_, '_>, place: &Place) {
    let texts = node.children().filter(Node::is_text).filter_map(|child| child.text());
    if let Some(text) = texts.map(str::trim).find(|text| !text.is_empty()) {
        check.not_a("structure", text, place);
    }
}

fn format(member: &Member, shape: &Shape) -> TimestampFormat {
    member.timestamp_format.or(shape.timestamp_format).unwrap_or(TimestampFormat::Iso8601)
}

/// Reads an element's value.
fn value(check: &mut Check<'_>, member: &Member, node: Node<'_, '_>, place: &Place) -> Value {
    let model = check.model;
    let shape = model.shape(&member.shape);
    match shape.kind {
        Kind::Structure => {
            let mut found = Record::new();
            structure(check, shape, node, place, false, &mut found);
            check.required(shape, &found, place);
            Value::Record(found)
        }
        Kind::List => {
            let Some(item) = &shape.member else {
                return Value::Absent;
            };
            stray_text(check, node, place);
            let wanted = item.wire_name("member");
            let mut found = Vec::new();
            for element in node.children().filter(Node::is_element) {
                let wire = element.tag_name().name();
                let number = (found.len() + 1).to_string();
                let item_place = place.item(&number, wire);
                if wire == wanted {
                    let read = |check: &mut Check<'_>| value(check, item, element, &item_place);
                    found.push(check.part(Part::Items, model.shape(&item.shape), place, read));
                } else {
                    check.flaw(&item_place, wire, Flaw::Unknown);
                }
            }
            let found = Value::List(found);
            check.whole(shape, &found, place);
            found
        }
        Kind::Map => {
            let mut found = Record::new();
            stray_text(check, node, place);
            for element in node.children().filter(Node::is_element) {
                if element.tag_name().name() == "entry" {
                    entry(check, shape, element, place, &mut found);
                } else {
                    check.flaw(&place.member("entry", element.tag_name().name()), "", Flaw::Unknown);
                }
            }
            let found = Value::Record(found);
            check.whole(shape, &found, place);
            found
        }
        _ => match node.children().find(Node::is_element) {
            Some(inner) => check.not_a("text", inner.tag_name().name(), place),
            None => {
                let text: String =
                    node.children().filter_map(|child| child.text().filter(|_| child.is_text())).collect();
                check.scalar(shape, format(member, shape), &text, place)
            }
        },
    }
}

/// Reads a map's entry.
fn entry(check: &mut Check<'_>, shape: &Shape, node: Node<'_, '_>, place: &Place, entries: &mut Record) {
    let (Some(key), Some(inner)) = (&shape.key, &shape.value) else { return };
    let (key_name, value_name) = (key.wire_name("key"), inner.wire_name("value"));
    let parts: Vec<Node<'_, '_>> = node.children().filter(Node::is_element).collect();
    let named = |wanted: &str| parts.iter().find(|part| part.tag_name().name() == wanted);
    match (named(key_name), named(value_name)) {
        (Some(name), Some(found)) if parts.len() == 2 => {
            let name = name.text().unwrap_or_default().to_owned();
            let model = check.model;
            let entry_place = place.item(&name, &name);
            let key = model.shape(&key.shape);
            check.part(Part::Keys, key, place, |check| check.text(key, &name, &entry_place));
            let read = |check: &mut Check<'_>| value(check, inner, *found, &entry_place);
            let found = check.part(Part::Values, model.shape(&inner.shape), place, read);
            if entries.insert(name.clone(), found).is_some() {
                check.not_a("key that comes once", &name, &entry_place);
            }
        }
        _ => check.flaw(place, "", Flaw::NotA("key with a value")),
    }
}

/// An answer's members that stand in the body, in their element.
pub(super) fn document(
    model: &Model,
    operation: &Operation,
    shape: &Shape,
    answer: &Value,
) -> Result<String, EncodeError> {
    let name = operation.wrapper.as_deref().or(shape.location_name.as_deref()).or(operation.output.as_deref());
    let name = name.unwrap_or_default();
    let mut writer = Writer { model, text: DECLARATION.to_owned(), millis: true };
    if operation.unwrapped {
        // Its one member is the element itself.
        let of = shape.members.iter().find(|(_, member)| member.location.is_none());
        if let Some((member_name, member)) = of {
            let text = answer.get(member_name);
            writer.open_root(member.wire_name(member_name), shape.xml_namespace.as_ref());
            writer.text.push('>');
            xml::escape(&mut writer.text, text.text().unwrap_or_default());
            writer.close(member.wire_name(member_name));
        }
        return Ok(writer.text);
    }
    writer.open_root(name, shape.xml_namespace.as_ref());
    writer.attributes(shape, answer, "")?;
    writer.text.push('>');
    writer.body(shape, answer, "")?;
    writer.close(name);
    Ok(writer.text)
}

/// An answer's body that is one member.
pub(super) fn written(model: &Model, name: &str, member: &Member, value: &Value) -> Result<String, EncodeError> {
    let shape = model.shape(&member.shape);
    let mut writer = Writer { model, text: DECLARATION.to_owned(), millis: true };
    let whole = (!model.namespace.is_empty()).then(|| XmlNamespace { uri: model.namespace.clone(), prefix: None });
    let namespace = member.xml_namespace.as_ref().or(shape.xml_namespace.as_ref()).or(whole.as_ref());
    writer.element(root(model, shape, member, name), namespace, member, value, name)?;
    Ok(writer.text)
}

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

pub(super) fn encode_refusal(model: &Model, refusal: &Refusal, status: u16, request_id: &str) -> Response<Bytes> {
    let mut text = DECLARATION.to_owned();
    if model.bare_errors {
        text.push_str("<Error>");
        xml::error(model, &mut text, refusal);
        text.push_str(&format!("<RequestId>{request_id}</RequestId>"));
        text.push_str(&format!("<HostId>{}</HostId></Error>", super::host_id(request_id)));
    } else {
        let fault = if status < 500 { "Sender" } else { "Receiver" };
        text.push_str("<ErrorResponse");
        if !model.namespace.is_empty() {
            text.push_str(&format!(" xmlns=\"{}\"", model.namespace));
        }
        text.push_str(&format!("><Error><Type>{fault}</Type>"));
        xml::error(model, &mut text, refusal);
        text.push_str(&format!("</Error><RequestId>{request_id}</RequestId></ErrorResponse>"));
    }
    response(status, "application/xml", text)
}
