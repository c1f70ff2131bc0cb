//! The query protocol of IAM, STS, RDS and ElastiCache.

use bytes::Bytes;
use http::Response;

use super::form::{Form, Node};
use super::xml::{Writer, escape};
use super::{Check, EncodeError, Flaw, Place, response};
use crate::model::{Kind, Member, Model, Operation, Shape};
use crate::refusal::Refusal;
use crate::value::{Record, Value};

pub(super) fn decode(check: &mut Check<'_>, shape: Option<&Shape>, form: &Form) -> Value {
    let tree = form.tree();
    match shape {
        Some(shape) => structure(check, shape, &tree, &Place::top()),
        None => {
            for name in tree.below.keys() {
                check.flaw(&Place::top().member(name, name), "", Flaw::Unknown);
            }
            Value::Record(Record::new())
        }
    }
}

fn structure(check: &mut Check<'_>, shape: &Shape, node: &Node, place: &Place) -> Value {
    let mut members = Record::new();
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
        Kind::Map => map(check, shape, node, place),
        _ => {
            for name in node.below.keys() {
                check.flaw(&place.member(name, name), "", Flaw::Unknown);
            }
            match &node.text {
                Some(text) => check.scalar(shape, text, place),
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
                holders.push((child, place.member("member", name)));
            } else {
                check.flaw(&place.member(name, name), "", Flaw::Unknown);
            }
        }
    }
    let model = check.model;
    for (holder, place) in holders {
        let (numbered, rest) = holder.numbered();
        for name in rest {
            check.flaw(&place.member(name, name), "", Flaw::Unknown);
        }
        for (number, child) in numbered {
            let place = Place {
                path: super::join(&place.path, &number.to_string()),
                wire: super::join(&place.wire, &number.to_string()),
            };
            items.push(value(check, model.shape(&inner_member.shape), inner_member, child, &place));
        }
    }
    if let Some(text) = node.text.as_deref().filter(|text| !text.is_empty()) {
        check.not_a("list", text, place);
    }
    check.count(shape, items.len(), place);
    Value::List(items)
}

fn map(check: &mut Check<'_>, shape: &Shape, node: &Node, place: &Place) -> Value {
    let (Some(key), Some(inner)) = (&shape.key, &shape.value) else {
        return Value::Absent;
    };
    let entries = if shape.flattened { Some(node) } else { node.below.get("entry") };
    let mut members = Record::new();
    let model = check.model;
    for (number, entry) in entries.map(Node::numbered).unwrap_or_default().0 {
        let place = place.member("entry", "entry").member(&number.to_string(), &number.to_string());
        let name = entry.below.get(key.wire_name("key")).and_then(|node| node.text.clone());
        let found = entry.below.get(inner.wire_name("value"));
        match (name, found) {
            (Some(name), Some(node)) => {
                let found = value(check, model.shape(&inner.shape), inner, node, &place);
                members.insert(name, found);
            }
            _ => check.flaw(&place, "", Flaw::NotA("key with a value")),
        }
    }
    Value::Record(members)
}

pub(super) fn encode(
    model: &Model,
    name: &str,
    operation: &Operation,
    answer: &Value,
    request_id: &str,
) -> Result<Response<Bytes>, EncodeError> {
    let millis = !matches!(model.service.as_str(), "iam" | "sts");
    let mut writer = Writer { model, text: String::with_capacity(1024), item: "member", millis };
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
    name_request(&mut answer, request_id);
    Ok(answer)
}

pub(super) fn encode_refusal(model: &Model, refusal: &Refusal, status: u16, request_id: &str) -> Response<Bytes> {
    let fault = if status < 500 { "Sender" } else { "Receiver" };
    let mut text = format!("<ErrorResponse xmlns=\"{}\"><Error><Type>{fault}</Type><Code>", model.namespace);
    escape(&mut text, &refusal.code);
    text.push_str("</Code><Message>");
    escape(&mut text, &refusal.message);
    text.push_str(&format!("</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"));
    let mut answer = response(status, "text/xml", text);
    name_request(&mut answer, request_id);
    answer
}

fn name_request(answer: &mut Response<Bytes>, request_id: &str) {
    if let Ok(id) = http::HeaderValue::from_str(request_id) {
        answer.headers_mut().insert("x-amzn-requestid", id);
    }
}
