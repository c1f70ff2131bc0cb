//! The query protocol of IAM, STS, RDS and ElastiCache.

use bytes::Bytes;
use http::Response;

use super::form::{Form, Node};
use super::xml::{self, Writer};
use super::{Check, EncodeError, Flaw, Part, Place, name_request, response};
use crate::model::{Kind, Member, Model, Operation, Shape, TimestampFormat};
use crate::refusal::Refusal;
use crate::value::{Record, Value};

pub(super) fn decode(check: &mut Check<'_>, shape: &Shape, form: &Form) -> Value {
    structure(check, shape, &form.tree(), &Place::top())
}

fn structure(check: &mut Check<'_>, shape: &Shape, node: &Node, place: &Place) -> Value {
    let mut members = Record::new();
    check.no_text(node, "structure", place);
    for (wire, child) in &node.below {
        let Some((name, member)) = shape.members.iter().find(|(name, member)| query_name(name, member) == *wire) else {
            check.flaw(&place.member(wire, wire), child.text.as_deref().unwrap_or(""), Flaw::Unknown);
            continue;
        };
        let model = check.model;
        let inner = place.member(name, wire);
        let found = value(check, model.shape(&member.shape), member, child, &inner);
        members.insert(name.clone(), found);
    }
    check.required(shape, &members, place);
    Value::Record(members)
}

fn query_name<'a>(name: &'a str, member: &'a Member) -> &'a str {
    member.query_name.as_deref().unwrap_or_else(|| member.wire_name(name))
}

fn value(check: &mut Check<'_>, shape: &Shape, member: &Member, node: &Node, place: &Place) -> Value {
    match shape.kind {
        Kind::Structure => structure(check, shape, node, place),
        Kind::List => list(check, shape, member, node, place),
        Kind::Map => map(check, shape, member, node, place),
        _ => {
            for name in node.below.keys() {
                check.flaw(&place.member(name, name), "", Flaw::Unknown);
            }
            let format = member.timestamp_format.or(shape.timestamp_format).unwrap_or(TimestampFormat::Iso8601);
            match &node.text {
                Some(text) => check.scalar(shape, format, text, place),
                None => Value::Absent,
            }
        }
    }
}

fn list(check: &mut Check<'_>, shape: &Shape, member: &Member, node: &Node, place: &Place) -> Value {
    let Some(inner_member) = &shape.member else {
        return Value::Absent;
    };
    let mut items = Vec::new();
    let mut holders = Vec::new();
    if shape.flattened || member.flattened {
        holders.push((node, place.clone()));
    } else {
        for (name, child) in &node.below {
            // `Tags.Tag.1` is what the model says, `Tags.member.1` what older clients send; AWS takes both.
            if name == inner_member.wire_name("member") || name == "member" {
                holders.push((child, Place { path: place.path.clone(), wire: super::join(&place.wire, name) }));
            } else {
                check.flaw(&place.member(name, name), "", Flaw::Unknown);
            }
        }
    }
    let model = check.model;
    let inner = model.shape(&inner_member.shape);
    for (holder, holder_place) in holders {
        let (numbered, rest) = holder.numbered();
        for name in rest {
            check.flaw(&holder_place.member(name, name), "", Flaw::Unknown);
        }
        for (number, child) in numbered {
            let number = number.to_string();
            let item = holder_place.item(&number, &number);
            let read = |check: &mut Check<'_>| value(check, inner, inner_member, child, &item);
            items.push(check.part(Part::Items, inner, place, read));
        }
    }
    check.no_text(node, "list", place);
    let items = Value::List(items);
    check.whole(shape, &items, place);
    items
}

fn map(check: &mut Check<'_>, shape: &Shape, member: &Member, node: &Node, place: &Place) -> Value {
    let (Some(key), Some(inner)) = (&shape.key, &shape.value) else {
        return Value::Absent;
    };
    check.no_text(node, "map", place);
    let flattened = shape.flattened || member.flattened;
    let entries = if flattened { Some(node) } else { node.below.get("entry") };
    for name in node.below.keys().filter(|name| !flattened && *name != "entry") {
        check.flaw(&place.member(name, name), "", Flaw::Unknown);
    }
    let mut members = Record::new();
    let model = check.model;
    let (numbered, rest) = entries.map(Node::numbered).unwrap_or_default();
    for name in rest {
        check.flaw(&place.member(name, name), "", Flaw::Unknown);
    }
    for (number, entry) in numbered {
        let whole = place;
        let place = place.member("entry", "entry").member(&number.to_string(), &number.to_string());
        check.no_text(entry, "key with a value", &place);
        let (key_name, value_name) = (key.wire_name("key"), inner.wire_name("value"));
        for name in entry.below.keys().filter(|name| *name != key_name && *name != value_name) {
            check.flaw(&place.member(name, name), "", Flaw::Unknown);
        }
        match (entry.below.get(key_name), entry.below.get(value_name)) {
            (Some(Node { text: Some(name), below }), Some(node)) if below.is_empty() => {
                let key = model.shape(&key.shape);
                check.part(Part::Keys, key, whole, |check| check.text(key, name, &place));
                let within = whole.item(name, name);
                let shape = model.shape(&inner.shape);
                let read = |check: &mut Check<'_>| value(check, shape, inner, node, &within);
                let found = check.part(Part::Values, shape, whole, read);
                if members.insert(name.clone(), found).is_some() {
                    check.not_a("key that comes once", name, &place);
                }
            }
            _ => check.flaw(&place, "", Flaw::NotA("key with a value")),
        }
    }
    let members = Value::Record(members);
    check.whole(shape, &members, place);
    members
}

pub(super) fn encode(
    model: &Model,
    name: &str,
    operation: &Operation,
    answer: &Value,
    request_id: &str,
) -> Result<Response<Bytes>, EncodeError> {
    let millis = !matches!(model.service.as_str(), "iam" | "sts");
    let mut writer = Writer { model, text: String::with_capacity(1024), millis };
    writer.text.push_str(&format!("<{name}Response xmlns=\"{}\">", model.namespace));
    if let Some(output) = &operation.output {
        let wrapper = operation.wrapper.clone().unwrap_or_else(|| format!("{name}Result"));
        writer.open(&wrapper);
        writer.members(model.shape(output), answer, "")?;
        writer.close(&wrapper);
    }
    writer.text.push_str(&format!("<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>"));
    writer.close(&format!("{name}Response"));
    let mut answer = response(200, "text/xml", writer.text);
    name_request(model, &mut answer, request_id);
    Ok(answer)
}

pub(super) fn encode_refusal(model: &Model, refusal: &Refusal, status: u16, request_id: &str) -> Response<Bytes> {
    let fault = if status < 500 { "Sender" } else { "Receiver" };
    let mut text = format!("<ErrorResponse xmlns=\"{}\"><Error><Type>{fault}</Type>", model.namespace);
    xml::error(model, &mut text, refusal);
    text.push_str(&format!("</Error><RequestId>{request_id}</RequestId></ErrorResponse>"));
    let mut answer = response(status, "text/xml", text);
    name_request(model, &mut answer, request_id);
    answer
}
