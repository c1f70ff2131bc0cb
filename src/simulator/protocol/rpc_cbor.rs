//! CloudWatch's protocol: the operation in the path, CBOR bodies both ways.
//! <https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html>

use bytes::Bytes;
use ciborium::Value as Cbor;
use http::{HeaderValue, Method, Request, Response};

use super::{
    Asked, Check, EncodeError, Flaw, Part, Place, aws_json, essence, fits, join, name_request, response, timestamp,
};
use crate::model::{Kind, Member, Model, Operation, Shape};
use crate::refusal::Refusal;
use crate::value::{Record, Value};

const CBOR: &str = "application/cbor";
const PROTOCOL: &str = "smithy-protocol";
const NAME: &str = "rpc-v2-cbor";

/// Whether a request says that it is of this protocol.
pub(super) fn is_spoken(request: &Request<Bytes>) -> bool {
    request.headers().get(PROTOCOL).is_some_and(|said| said == NAME)
}

/// The operation that the path names.
pub(super) fn operation(model: &Model, request: &Request<Bytes>) -> Asked {
    let (method, path) = (request.method(), request.uri().path());
    let parts: Vec<&str> = path.split('/').collect();
    let service = model.target.as_deref().unwrap_or(&model.service);
    match parts.as_slice() {
        [.., "service", named, "operation", name]
            if *named == service && method == Method::POST && is_spoken(request) =>
        {
            Asked::Operation((*name).to_owned())
        }
        _ => Asked::Nothing(format!("{method} {path}")),
    }
}

/// Refuses a body of another type.
///
/// # Errors
/// As the protocol's page has it.
pub(super) fn carried(request: &Request<Bytes>) -> Result<(), Refusal> {
    let given = request.headers().get(http::header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).map(essence);
    if given == Some(CBOR) || (given.is_none() && request.body().is_empty()) {
        return Ok(());
    }
    let message = format!("The content type {} is not {CBOR}.", given.unwrap_or("(none)"));
    Err(Refusal::new("UnsupportedMediaTypeException", message).status(415))
}

pub(super) fn decode(check: &mut Check<'_>, shape: &Shape, request: &Request<Bytes>) -> Value {
    let mut found = Record::new();
    if !request.body().is_empty() {
        let mut rest = request.body().as_ref();
        match ciborium::from_reader::<Cbor, _>(&mut rest) {
            Ok(Cbor::Map(body)) if rest.is_empty() => members(check, shape, &body, &Place::top(), &mut found),
            _ => check.flaw(&Place::top(), "", Flaw::NotA("CBOR map")),
        }
    }
    check.required(shape, &found, &Place::top());
    Value::Record(found)
}

fn members(check: &mut Check<'_>, shape: &Shape, body: &[(Cbor, Cbor)], place: &Place, found: &mut Record) {
    for (key, cbor) in body {
        let Cbor::Text(wire) = key else {
            check.flaw(place, &shown(key), Flaw::NotA("text"));
            continue;
        };
        let Some((name, member)) = shape.members.get_key_value(wire) else {
            check.flaw(&place.member(wire, wire), &shown(cbor), Flaw::Unknown);
            continue;
        };
        if *cbor == Cbor::Null {
            continue;
        }
        let inner = place.member(name, wire);
        let read = value(check, member, cbor, &inner);
        if found.insert(name.clone(), read).is_some() {
            check.not_a("member that comes once", wire, &inner);
        }
    }
    if shape.union && found.len() != 1 {
        check.not_a("union with one member", "", place);
    }
}

fn value(check: &mut Check<'_>, member: &Member, cbor: &Cbor, place: &Place) -> Value {
    let model = check.model;
    let shape = model.shape(&member.shape);
    match (shape.kind, cbor) {
        (Kind::Structure, Cbor::Map(body)) => {
            let mut found = Record::new();
            members(check, shape, body, place, &mut found);
            check.required(shape, &found, place);
            Value::Record(found)
        }
        (Kind::List, Cbor::Array(items)) => {
            let Some(inner) = &shape.member else {
                return Value::Absent;
            };
            let read = items.iter().enumerate().map(|(at, item)| {
                let number = (at + 1).to_string();
                let read = |check: &mut Check<'_>| entry(check, shape, inner, item, &place.item(&number, &number));
                check.part(Part::Items, model.shape(&inner.shape), place, read)
            });
            let read = Value::List(read.collect());
            check.whole(shape, &read, place);
            read
        }
        (Kind::Map, Cbor::Map(entries)) => {
            let (Some(key), Some(inner)) = (&shape.key, &shape.value) else {
                return Value::Absent;
            };
            let mut read = Record::new();
            for (name, cbor) in entries {
                let Cbor::Text(name) = name else {
                    check.flaw(place, &shown(name), Flaw::NotA("text"));
                    continue;
                };
                let entry_place = place.item(name, name);
                let key = model.shape(&key.shape);
                check.part(Part::Keys, key, place, |check| check.text(key, name, &entry_place));
                let found = |check: &mut Check<'_>| entry(check, shape, inner, cbor, &entry_place);
                let found = check.part(Part::Values, model.shape(&inner.shape), place, found);
                if read.insert(name.clone(), found).is_some() {
                    check.not_a("key that comes once", name, &entry_place);
                }
            }
            let read = Value::Record(read);
            check.whole(shape, &read, place);
            read
        }
        (Kind::String, Cbor::Text(text)) => check.text(shape, text, place),
        (Kind::Boolean, Cbor::Bool(truth)) => Value::Bool(*truth),
        (Kind::Byte | Kind::Short | Kind::Integer | Kind::Long, Cbor::Integer(number)) => {
            match i64::try_from(*number) {
                Ok(number) => check.integer(shape, number, place),
                Err(_) => check.not_a("integer", &shown(cbor), place),
            }
        }
        (Kind::Float | Kind::Double, Cbor::Float(number)) => check.float(shape, *number, place),
        (Kind::Float | Kind::Double, Cbor::Integer(number)) => check.float(shape, i128::from(*number) as f64, place),
        (Kind::Blob, Cbor::Bytes(bytes)) => check.blob(shape, bytes.clone(), place),
        (Kind::Timestamp, Cbor::Tag(1, seconds)) => {
            let seconds = match &**seconds {
                Cbor::Integer(number) => Some(i128::from(*number) as f64),
                Cbor::Float(number) => Some(*number),
                _ => None,
            };
            match seconds.and_then(timestamp::of_seconds) {
                Some(moment) => Value::Time(moment),
                None => check.not_a("timestamp", &shown(cbor), place),
            }
        }
        (kind, cbor) => check.not_a(kind.word(), &shown(cbor), place),
    }
}

/// An item of a list or a value of a map, which may be null only where nulls are said to come.
fn entry(check: &mut Check<'_>, shape: &Shape, member: &Member, cbor: &Cbor, place: &Place) -> Value {
    if *cbor == Cbor::Null && shape.sparse { Value::Absent } else { value(check, member, cbor, place) }
}

/// What was given, for a refusal.
fn shown(cbor: &Cbor) -> String {
    match cbor {
        Cbor::Text(text) => text.clone(),
        Cbor::Integer(number) => i128::from(*number).to_string(),
        Cbor::Float(number) => number.to_string(),
        Cbor::Bool(truth) => truth.to_string(),
        _ => String::new(),
    }
}

pub(super) fn encode(
    model: &Model,
    operation: &Operation,
    answer: &Value,
    request_id: &str,
) -> Result<Response<Bytes>, EncodeError> {
    let Some(output) = &operation.output else {
        let mut empty = response(200, CBOR, Bytes::new());
        empty.headers_mut().remove(http::header::CONTENT_TYPE);
        return Ok(named(model, empty, request_id));
    };
    let body = object(model, model.shape(output), answer, "")?;
    Ok(named(model, response(200, CBOR, bytes(&body)), request_id))
}

fn object(model: &Model, shape: &Shape, value: &Value, path: &str) -> Result<Cbor, EncodeError> {
    let Value::Record(given) = value else {
        return Err(EncodeError { path: path.to_owned(), why: format!("{value:?} is no structure") });
    };
    if let Some(unknown) = given.keys().find(|name| !shape.members.contains_key(*name)) {
        return Err(EncodeError { path: join(path, unknown), why: "there is no such member".to_owned() });
    }
    let present = shape.members.iter().filter_map(|(name, member)| Some((name, member, given.get(name)?)));
    let written = present
        .filter(|(.., value)| !value.is_absent())
        .map(|(name, member, value)| Ok((Cbor::Text(name.clone()), written(model, member, value, &join(path, name))?)));
    Ok(Cbor::Map(written.collect::<Result<_, EncodeError>>()?))
}

fn written(model: &Model, member: &Member, value: &Value, path: &str) -> Result<Cbor, EncodeError> {
    let shape = model.shape(&member.shape);
    let item = |inner: &Member, value: &Value, path: &str| match value {
        Value::Absent if shape.sparse => Ok(Cbor::Null),
        value => written(model, inner, value, path),
    };
    match (shape.kind, value) {
        (Kind::Structure, value) => object(model, shape, value, path),
        (Kind::List, Value::List(items)) => {
            let inner = shape.member.as_ref().ok_or_else(|| no_items(path))?;
            items.iter().map(|value| item(inner, value, path)).collect::<Result<_, _>>().map(Cbor::Array)
        }
        (Kind::Map, Value::Record(entries)) => {
            let inner = shape.value.as_ref().ok_or_else(|| no_items(path))?;
            let pairs = entries
                .iter()
                .map(|(name, value)| Ok((Cbor::Text(name.clone()), item(inner, value, &join(path, name))?)));
            Ok(Cbor::Map(pairs.collect::<Result<_, EncodeError>>()?))
        }
        _ => {
            fits(shape, value, path)?;
            Ok(scalar(value, matches!(shape.kind, Kind::Float | Kind::Double)))
        }
    }
}

fn no_items(path: &str) -> EncodeError {
    EncodeError { path: path.to_owned(), why: "its shape has no items".to_owned() }
}

/// A value without a shape: a scalar, or what an error that no table describes has.
fn scalar(value: &Value, float: bool) -> Cbor {
    match value {
        Value::Absent => Cbor::Null,
        Value::Bool(truth) => Cbor::Bool(*truth),
        Value::Integer(number) if float => Cbor::Float(*number as f64),
        Value::Integer(number) => Cbor::from(*number),
        Value::Float(number) => Cbor::Float(*number),
        Value::Text(text) => Cbor::Text(text.clone()),
        Value::Blob(bytes) => Cbor::Bytes(bytes.clone()),
        Value::Time(moment) => Cbor::Tag(1, Box::new(Cbor::Float(moment.as_millisecond() as f64 / 1000.0))),
        Value::List(items) => Cbor::Array(items.iter().map(|item| scalar(item, false)).collect()),
        Value::Record(members) => {
            Cbor::Map(members.iter().map(|(name, value)| (Cbor::Text(name.clone()), scalar(value, false))).collect())
        }
    }
}

fn bytes(body: &Cbor) -> Vec<u8> {
    let mut written = Vec::new();
    // Writing to memory cannot fail, and each of the values can be written.
    let _ = ciborium::into_writer(body, &mut written);
    written
}

pub(super) fn encode_refusal(model: &Model, refusal: &Refusal, status: u16, request_id: &str) -> Response<Bytes> {
    let shape = model.error_shape(&refusal.code);
    let mut body = vec![(Cbor::Text("__type".to_owned()), Cbor::from(model.error_name(&refusal.code)))];
    for (name, value) in &refusal.members {
        let known = shape.and_then(|shape| shape.members.get(name));
        // An error that can't say all still says what it can.
        let said = known.and_then(|member| written(model, member, value, name).ok());
        body.push((Cbor::Text(name.clone()), said.unwrap_or_else(|| scalar(value, false))));
    }
    if !refusal.message.is_empty() {
        body.push((Cbor::from(model.message_name(&refusal.code)), Cbor::from(refusal.message.as_str())));
    }
    let mut answer = response(status, CBOR, bytes(&Cbor::Map(body)));
    if model.query_errors
        && let Ok(said) = HeaderValue::from_str(&aws_json::query_error(refusal, status))
    {
        answer.headers_mut().insert("x-amzn-query-error", said);
    }
    named(model, answer, request_id)
}

fn named(model: &Model, mut answer: Response<Bytes>, request_id: &str) -> Response<Bytes> {
    answer.headers_mut().insert(PROTOCOL, HeaderValue::from_static(NAME));
    name_request(model, &mut answer, request_id);
    answer
}
