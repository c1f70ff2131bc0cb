//! EC2's own query protocol: flattened lists, capitals by its own rule, no result wrapper.

use bytes::Bytes;
use http::Response;

use super::form::{Form, Node};
use super::xml::{self, Writer};
use super::{Check, EncodeError, Flaw, Place, name_request, response};
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
        let Some((name, member)) = shape.members.iter().find(|(name, member)| member.ec2_query_name(name) == *wire)
        else {
            check.flaw(&place.member(wire, wire), child.text.as_deref().unwrap_or(""), Flaw::Unknown);
            continue;
        };
        let inner = place.member(name, wire);
        let found = value(check, member, child, &inner);
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

fn value(check: &mut Check<'_>, member: &Member, node: &Node, place: &Place) -> Value {
    let model = check.model;
    let shape = model.shape(&member.shape);
    match shape.kind {
        Kind::Structure => structure(check, shape, node, place),
        Kind::List => {
            let Some(inner) = &shape.member else {
                return Value::Absent;
            };
            let (numbered, rest) = node.numbered();
            for name in rest {
                check.flaw(&place.member(name, name), "", Flaw::Unknown);
            }
            check.no_text(node, "list", place);
            let mut items = Vec::with_capacity(numbered.len());
            for (at, (number, node)) in numbered.into_iter().enumerate() {
                let place = place.member(&(at + 1).to_string(), &number.to_string());
                items.push(value(check, inner, node, &place));
            }
            let items = Value::List(items);
            check.whole(shape, &items, place);
            items
        }
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

pub(super) fn encode(
    model: &Model,
    name: &str,
    operation: &Operation,
    answer: &Value,
    request_id: &str,
) -> Result<Response<Bytes>, EncodeError> {
    let mut writer = Writer { model, text: String::with_capacity(1024), millis: true };
    writer.text.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    writer.text.push_str(&format!("<{name}Response xmlns=\"{}\"><requestId>{request_id}</requestId>", model.namespace));
    match &operation.output {
        Some(output) => writer.members(model.shape(output), answer, "")?,
        None => writer.text.push_str("<return>true</return>"),
    }
    writer.close(&format!("{name}Response"));
    Ok(named(model, response(200, "text/xml;charset=UTF-8", writer.text), request_id))
}

pub(super) fn encode_refusal(model: &Model, refusal: &Refusal, status: u16, request_id: &str) -> Response<Bytes> {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error>");
    xml::error(model, &mut text, refusal);
    text.push_str("</Error></Errors><RequestID>");
    text.push_str(request_id);
    text.push_str("</RequestID></Response>");
    named(model, response(status, "text/xml;charset=UTF-8", text), request_id)
}

/// An answer with its request's id in a header too, as EC2 sends it beside the one in the body.
fn named(model: &Model, mut answer: Response<Bytes>, request_id: &str) -> Response<Bytes> {
    name_request(model, &mut answer, request_id);
    answer
}
