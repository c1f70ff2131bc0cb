//! EKS's protocol: methods and paths, members in the path, the query and a JSON body.

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Map, Value as Json};

use super::form::percent_decode;
use super::{Check, EncodeError, Flaw, Place, base64_decode, base64_encode, fits, join, response};
use crate::model::{Kind, Member, Model, Operation, Shape};
use crate::refusal::Refusal;
use crate::value::{Record, Value};

/// The operation that serves a method and path.
pub(super) fn route(model: &Model, method: &str, path: &str) -> Option<String> {
    // A literal segment wins over a variable one, so the operation with the fewest variables is right.
    let fits = model.operations.iter().filter(|(_, operation)| operation.method == method);
    fits.filter_map(|(name, operation)| Some((labels(&operation.uri, path)?.len(), name)))
        .min()
        .map(|(_, name)| name.clone())
}

/// What stands in a path where the template has `{name}`; none where they differ.
fn labels(template: &str, path: &str) -> Option<Vec<(String, String)>> {
    let template = template.split('?').next().unwrap_or(template);
    let (want, have): (Vec<&str>, Vec<&str>) = (template.split('/').collect(), path.split('/').collect());
    if want.len() != have.len() {
        return None;
    }
    let mut found = Vec::new();
    for (want, have) in want.into_iter().zip(have) {
        match want.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(_) if have.is_empty() => return None,
            Some(name) => found.push((name.to_owned(), percent_decode(have))),
            None if want == have => {}
            None => return None,
        }
    }
    Some(found)
}

pub(super) fn decode(
    check: &mut Check<'_>,
    operation: &Operation,
    shape: Option<&Shape>,
    request: &Request<Bytes>,
) -> Value {
    let Some(shape) = shape else {
        return Value::Record(Record::new());
    };
    let mut members = Record::new();
    let place = Place::top();
    let paths = labels(&operation.uri, request.uri().path()).unwrap_or_default();
    for (wire, text) in paths {
        located(check, shape, "uri", &wire, &text, &mut members);
    }
    for pair in request.uri().query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        let (wire, text) = pair.split_once('=').unwrap_or((pair, ""));
        let (wire, text) = (percent_decode(wire), percent_decode(&text.replace('+', " ")));
        if !wire.starts_with("X-Amz-") {
            located(check, shape, "querystring", &wire, &text, &mut members);
        }
    }
    if !request.body().is_empty() {
        match serde_json::from_slice::<Json>(request.body()) {
            Ok(Json::Object(body)) => object(check, shape, &body, &place, true, &mut members),
            Ok(_) | Err(_) => check.flaw(&place, "", Flaw::NotA("JSON object")),
        }
    }
    check.required(shape, &members, &place);
    Value::Record(members)
}

fn located(check: &mut Check<'_>, shape: &Shape, location: &str, wire: &str, text: &str, members: &mut Record) {
    let found = shape
        .members
        .iter()
        .find(|(name, member)| member.location.as_deref() == Some(location) && member.wire_name(name) == wire);
    let Some((name, member)) = found else {
        check.flaw(&Place::top().member(wire, wire), text, Flaw::Unknown);
        return;
    };
    let place = Place::top().member(name, wire);
    let model = check.model;
    let inner = model.shape(&member.shape);
    if let (Kind::List, Some(item)) = (inner.kind, &inner.member) {
        let value = check.scalar(model.shape(&item.shape), text, &place);
        match members.entry(name.clone()).or_insert_with(|| Value::List(Vec::new())) {
            Value::List(items) => items.push(value),
            _ => check.flaw(&place, text, Flaw::NotA("list")),
        }
    } else {
        let value = check.scalar(inner, text, &place);
        members.insert(name.clone(), value);
    }
}

fn object(
    check: &mut Check<'_>,
    shape: &Shape,
    body: &Map<String, Json>,
    place: &Place,
    top: bool,
    members: &mut Record,
) {
    for (wire, json) in body {
        let found = shape
            .members
            .iter()
            .find(|(name, member)| member.wire_name(name) == wire && !(top && member.location.is_some()));
        let Some((name, member)) = found else {
            check.flaw(&place.member(wire, wire), &json.to_string(), Flaw::Unknown);
            continue;
        };
        if json.is_null() {
            continue;
        }
        let inner = place.member(name, wire);
        let found = value(check, member, json, &inner);
        members.insert(name.clone(), found);
    }
}

fn value(check: &mut Check<'_>, member: &Member, json: &Json, place: &Place) -> Value {
    let model = check.model;
    let shape = model.shape(&member.shape);
    match (shape.kind, json) {
        (Kind::Structure, Json::Object(body)) => {
            let mut members = Record::new();
            object(check, shape, body, place, false, &mut members);
            check.required(shape, &members, place);
            Value::Record(members)
        }
        (Kind::List, Json::Array(items)) => {
            let Some(inner) = &shape.member else {
                return Value::Absent;
            };
            check.count(shape, items.len(), place);
            let numbered = items.iter().enumerate();
            Value::List(
                numbered
                    .map(|(at, json)| {
                        let number = (at + 1).to_string();
                        value(check, inner, json, &place.member(&number, &number))
                    })
                    .collect(),
            )
        }
        (Kind::Map, Json::Object(entries)) => {
            let (Some(key), Some(inner)) = (&shape.key, &shape.value) else {
                return Value::Absent;
            };
            check.count(shape, entries.len(), place);
            let mut members = Record::new();
            for (name, json) in entries {
                let place = place.member(name, name);
                check.text(model.shape(&key.shape), name, &place);
                let found = value(check, inner, json, &place);
                members.insert(name.clone(), found);
            }
            Value::Record(members)
        }
        (Kind::String, Json::String(text)) => check.text(shape, text, place),
        (Kind::Boolean, Json::Bool(truth)) => Value::Bool(*truth),
        (Kind::Integer | Kind::Long, Json::Number(number)) => match number.as_i64() {
            Some(number) => check.integer(shape, number, place),
            None => check.not_a("integer", &number.to_string(), place),
        },
        (Kind::Float | Kind::Double, Json::Number(number)) => Value::Float(number.as_f64().unwrap_or_default()),
        (Kind::Blob, Json::String(text)) => match base64_decode(text) {
            Some(bytes) => Value::Blob(bytes),
            None => check.not_a("base64 text", text, place),
        },
        (Kind::Timestamp, Json::Number(number)) => {
            let seconds = number.as_f64().unwrap_or_default();
            match jiff::Timestamp::from_millisecond((seconds * 1000.0) as i64) {
                Ok(moment) => Value::Time(moment),
                Err(_) => check.not_a("timestamp", &number.to_string(), place),
            }
        }
        (kind, json) => {
            let wanted = match kind {
                Kind::Structure => "structure",
                Kind::List => "list",
                Kind::Map => "map",
                Kind::String => "string",
                Kind::Boolean => "boolean",
                Kind::Integer | Kind::Long => "integer",
                Kind::Float | Kind::Double => "number",
                Kind::Blob => "base64 text",
                Kind::Timestamp => "timestamp",
            };
            check.not_a(wanted, &json.to_string(), place)
        }
    }
}

pub(super) fn encode(
    model: &Model,
    operation: &Operation,
    answer: &Value,
    request_id: &str,
) -> Result<Response<Bytes>, EncodeError> {
    let body = match &operation.output {
        Some(output) => json(model, model.shape(output), None, answer, "")?,
        None => Json::Object(Map::new()),
    };
    let mut answer = response(operation.status.unwrap_or(200), "application/json", body.to_string());
    name_request(&mut answer, request_id);
    Ok(answer)
}

fn json(model: &Model, shape: &Shape, format: Option<&str>, value: &Value, path: &str) -> Result<Json, EncodeError> {
    let wrong = || EncodeError { path: path.to_owned(), why: format!("{value:?} is no {:?}", shape.kind) };
    match shape.kind {
        Kind::Structure => {
            let Value::Record(given) = value else {
                return Err(wrong());
            };
            if let Some(unknown) = given.keys().find(|name| !shape.members.contains_key(*name)) {
                return Err(EncodeError { path: join(path, unknown), why: "there is no such member".to_owned() });
            }
            let mut body = Map::new();
            for (name, member) in &shape.members {
                if let Some(value) = given.get(name).filter(|value| !value.is_absent()) {
                    let format = member.timestamp_format.as_deref();
                    let inner = json(model, model.shape(&member.shape), format, value, &join(path, name))?;
                    body.insert(member.wire_name(name).to_owned(), inner);
                }
            }
            Ok(Json::Object(body))
        }
        Kind::List => {
            let (Value::List(items), Some(member)) = (value, &shape.member) else {
                return Err(wrong());
            };
            let inner = model.shape(&member.shape);
            items
                .iter()
                .map(|item| json(model, inner, None, item, path))
                .collect::<Result<Vec<_>, _>>()
                .map(Json::Array)
        }
        Kind::Map => {
            let (Value::Record(entries), Some(member)) = (value, &shape.value) else {
                return Err(wrong());
            };
            let inner = model.shape(&member.shape);
            let mut body = Map::new();
            for (name, value) in entries {
                body.insert(name.clone(), json(model, inner, None, value, &join(path, name))?);
            }
            Ok(Json::Object(body))
        }
        _ => {
            fits(shape, value, path)?;
            Ok(match value {
                Value::Bool(truth) => Json::Bool(*truth),
                Value::Integer(number) => Json::from(*number),
                Value::Float(number) => Json::from(*number),
                Value::Text(text) => Json::String(text.clone()),
                Value::Blob(bytes) => Json::String(base64_encode(bytes)),
                Value::Time(moment) => match format.or(shape.timestamp_format.as_deref()) {
                    Some("iso8601") => Json::String(moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
                    _ => Json::from(moment.as_millisecond() as f64 / 1000.0),
                },
                Value::Absent | Value::List(_) | Value::Record(_) => return Err(wrong()),
            })
        }
    }
}

pub(super) fn encode_refusal(refusal: &Refusal, status: u16, request_id: &str) -> Response<Bytes> {
    let mut body = Map::new();
    for (name, value) in &refusal.members {
        body.insert(name.clone(), plain(value));
    }
    body.insert("message".to_owned(), Json::String(refusal.message.clone()));
    let mut answer = response(status, "application/json", Json::Object(body).to_string());
    name_request(&mut answer, request_id);
    if let Ok(code) = http::HeaderValue::from_str(&refusal.code) {
        answer.headers_mut().insert("x-amzn-errortype", code);
    }
    answer
}

/// An error's further members, which the tables do not describe by place.
fn plain(value: &Value) -> Json {
    match value {
        Value::Absent => Json::Null,
        Value::Bool(truth) => Json::Bool(*truth),
        Value::Integer(number) => Json::from(*number),
        Value::Float(number) => Json::from(*number),
        Value::Text(text) => Json::String(text.clone()),
        Value::Blob(bytes) => Json::String(base64_encode(bytes)),
        Value::Time(moment) => Json::from(moment.as_millisecond() as f64 / 1000.0),
        Value::List(items) => Json::Array(items.iter().map(plain).collect()),
        Value::Record(members) => {
            Json::Object(members.iter().map(|(name, value)| (name.clone(), plain(value))).collect())
        }
    }
}

fn name_request(answer: &mut Response<Bytes>, request_id: &str) {
    if let Ok(id) = http::HeaderValue::from_str(request_id) {
        answer.headers_mut().insert("x-amzn-requestid", id);
    }
}
