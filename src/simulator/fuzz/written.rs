//! Bodies in XML and CBOR, as clients write them.

use ciborium::Value as Cbor;
use fathuss_simulator::Value;
use fathuss_simulator::model::{Kind, Member, Model, Operation, Shape, TimestampFormat};

use crate::draft::{plain, text};

/// The members of a request that stand nowhere else in it.
pub fn document(model: &Model, operation: &Operation, shape: &Shape, value: &Value) -> String {
    let named = [&shape.location_name, &operation.root, &operation.input];
    let name = named.into_iter().flatten().next().map_or("", String::as_str);
    let mut xml = String::new();
    structure(model, shape, name, value, true, &mut xml);
    xml
}

/// A member that is the whole body.
pub fn payload(model: &Model, name: &str, member: &Member, value: &Value) -> String {
    let shape = model.shape(&member.shape);
    let renamed = member.location_name.as_deref().filter(|wire| model.hosts || *wire != name);
    let usual = if shape.kind == Kind::Structure { &member.shape } else { name };
    let mut xml = String::new();
    element(model, renamed.or(shape.location_name.as_deref()).unwrap_or(usual), member, value, &mut xml);
    xml
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn element(model: &Model, wire: &str, member: &Member, value: &Value, xml: &mut String) {
    let shape = model.shape(&member.shape);
    match (shape.kind, value) {
        (Kind::Structure, value) => structure(model, shape, wire, value, false, xml),
        (Kind::List, Value::List(items)) => {
            let Some(inner) = &shape.member else { return };
            xml.push_str(&format!("<{wire}>"));
            items.iter().for_each(|item| element(model, inner.wire_name("member"), inner, item, xml));
            xml.push_str(&format!("</{wire}>"));
        }
        (Kind::Map, Value::Record(_)) => {
            xml.push_str(&format!("<{wire}>"));
            entries(model, "entry", shape, value, xml);
            xml.push_str(&format!("</{wire}>"));
        }
        (_, value) => {
            let text = escaped(&text(model, member, value, TimestampFormat::Iso8601));
            xml.push_str(&format!("<{wire}>{text}</{wire}>"));
        }
    }
}

/// Each entry of a map in an element of that name.
fn entries(model: &Model, wire: &str, shape: &Shape, value: &Value, xml: &mut String) {
    let (Value::Record(found), Some(key), Some(inner)) = (value, &shape.key, &shape.value) else { return };
    for (name, value) in found {
        let key = key.wire_name("key");
        xml.push_str(&format!("<{wire}><{key}>{}</{key}>", escaped(name)));
        element(model, inner.wire_name("value"), inner, value, xml);
        xml.push_str(&format!("</{wire}>"));
    }
}

fn structure(model: &Model, shape: &Shape, wire: &str, value: &Value, top: bool, xml: &mut String) {
    let here = shape.members.iter().filter(|(_, member)| !(top && member.location.is_some()));
    let here: Vec<_> = here.map(|(name, member)| (member.wire_name(name), member, value.get(name))).collect();
    xml.push_str(&format!("<{wire}"));
    for (name, member, value) in here.iter().filter(|(_, member, value)| member.xml_attribute && !value.is_absent()) {
        if let Some((prefix, _)) = name.split_once(':') {
            xml.push_str(&format!(" xmlns:{prefix}=\"http://www.w3.org/2001/XMLSchema-instance\""));
        }
        xml.push_str(&format!(" {name}=\"{}\"", escaped(&text(model, member, value, TimestampFormat::Iso8601))));
    }
    xml.push('>');
    for (name, member, value) in
        here.into_iter().filter(|(_, member, value)| !(member.xml_attribute || value.is_absent()))
    {
        let shape = model.shape(&member.shape);
        match (value, &shape.member) {
            (Value::List(items), Some(inner)) if shape.flattened || member.flattened => {
                items.iter().for_each(|item| element(model, name, inner, item, xml));
            }
            (Value::Record(_), _) if shape.kind == Kind::Map && (shape.flattened || member.flattened) => {
                entries(model, name, shape, value, xml);
            }
            _ => element(model, name, member, value, xml),
        }
    }
    xml.push_str(&format!("</{wire}>"));
}

/// A request's members as a CBOR map.
pub fn cbor(model: &Model, shape: &Shape, value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing into memory does not fail.
    let _ = ciborium::into_writer(&map(model, shape, value), &mut bytes);
    bytes
}

fn map(model: &Model, shape: &Shape, value: &Value) -> Cbor {
    let members = shape.members.iter().map(|(name, member)| (name, member, value.get(name)));
    let given = members.filter(|(.., value)| !value.is_absent());
    Cbor::Map(given.map(|(name, member, value)| (Cbor::Text(name.clone()), item(model, member, value))).collect())
}

fn item(model: &Model, member: &Member, value: &Value) -> Cbor {
    let shape = model.shape(&member.shape);
    match (shape.kind, value) {
        (Kind::Structure, value) => map(model, shape, value),
        (Kind::Map, Value::Record(entries)) => {
            let Some(inner) = &shape.value else { return Cbor::Null };
            Cbor::Map(
                entries.iter().map(|(name, value)| (Cbor::Text(name.clone()), item(model, inner, value))).collect(),
            )
        }
        (Kind::List, Value::List(items)) => {
            let Some(inner) = &shape.member else { return Cbor::Null };
            Cbor::Array(items.iter().map(|value| item(model, inner, value)).collect())
        }
        (_, Value::Bool(truth)) => Cbor::Bool(*truth),
        (_, Value::Integer(number)) => Cbor::Integer((*number).into()),
        (_, Value::Float(number)) => Cbor::Float(*number),
        (_, Value::Blob(bytes)) => Cbor::Bytes(bytes.clone()),
        (_, Value::Time(moment)) => Cbor::Tag(1, Box::new(Cbor::Integer(moment.as_second().into()))),
        (_, value) => Cbor::Text(plain(value)),
    }
}
