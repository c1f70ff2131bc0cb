//! EC2's own query protocol: flattened lists, capitals by its own rule, no result wrapper.

use bytes::Bytes;
use http::Response;

use super::form::{Form, Node};
use super::xml::{Writer, escape};
use super::{Check, EncodeError, Flaw, Place, response};
use crate::model::{Kind, Model, Operation, Shape};
use crate::refusal::Refusal;
use crate::value::{Record, Value};

pub(super) fn decode(check: &mut Check<'_>, shape: Option<&Shape>, form: &Form) -> Value {
    let tree = form.tree();
    match shape {
        Some(shape) => structure(check, shape, &tree, &Place::top()),
        None => {
            for name in tree.below.keys() {
                let place = Place::top().member(name, name);
                check.flaw(&place, "", Flaw::Unknown);
            }
            Value::Record(Record::new())
        }
    }
}

fn structure(check: &mut Check<'_>, shape: &Shape, node: &Node, place: &Place) -> Value {
    let mut members = Record::new();
    for (wire, child) in &node.below {
        let Some((name, member)) = shape.members.iter().find(|(name, member)| member.ec2_query_name(name) == *wire)
        else {
            check.flaw(&place.member(wire, wire), child.text.as_deref().unwrap_or(""), Flaw::Unknown);
            continue;
        };
        let model = check.model;
        let inner = place.member(name, wire);
        let found = value(check, model.shape(&member.shape), child, &inner);
        members.insert(name.clone(), found);
    }
    for name in &shape.required {
        if !members.contains_key(name) {
            let wire = shape.members.get(name).map_or_else(|| name.clone(), |member| member.ec2_query_name(name));
            check.flaw(&place.member(name, &wire), "", Flaw::Missing);
        }
    }
    Value::Record(members)
}

fn value(check: &mut Check<'_>, shape: &Shape, node: &Node, place: &Place) -> Value {
    match shape.kind {
        Kind::Structure => structure(check, shape, node, place),
        Kind::List => {
            let Some(member) = &shape.member else {
                return Value::Absent;
            };
            let model = check.model;
            let inner = model.shape(&member.shape);
            let (numbered, rest) = node.numbered();
            for name in rest {
                check.flaw(&place.member(name, name), "", Flaw::Unknown);
            }
            if let Some(text) = node.text.as_deref().filter(|text| !text.is_empty()) {
                check.not_a("list", text, place);
            }
            let mut items = Vec::with_capacity(numbered.len());
            for (at, (number, node)) in numbered.into_iter().enumerate() {
                let place = place.member(&(at + 1).to_string(), &number.to_string());
                items.push(value(check, inner, node, &place));
            }
            check.count(shape, items.len(), place);
            Value::List(items)
        }
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

pub(super) fn encode(
    model: &Model,
    name: &str,
    operation: &Operation,
    answer: &Value,
    request_id: &str,
) -> Result<Response<Bytes>, EncodeError> {
    let mut writer = Writer { model, text: String::with_capacity(1024), item: "item", millis: true };
    writer.text.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    writer.text.push_str(&format!(
        "<{name}Response xmlns=\"http://ec2.amazonaws.com/doc/{}/\"><requestId>{request_id}</requestId>",
        model.version
    ));
    match &operation.output {
        Some(output) => writer.members(model.shape(output), answer, "")?,
        None => writer.text.push_str("<return>true</return>"),
    }
    writer.close(&format!("{name}Response"));
    Ok(response(200, "text/xml;charset=UTF-8", writer.text))
}

pub(super) fn encode_refusal(refusal: &Refusal, status: u16, request_id: &str) -> Response<Bytes> {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>");
    escape(&mut text, &refusal.code);
    text.push_str("</Code><Message>");
    escape(&mut text, &refusal.message);
    text.push_str("</Message></Error></Errors><RequestID>");
    text.push_str(request_id);
    text.push_str("</RequestID></Response>");
    response(status, "text/xml;charset=UTF-8", text)
}
