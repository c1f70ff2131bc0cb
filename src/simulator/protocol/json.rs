//! JSON bodies by the API model, both ways.

use serde_json::{Map, Value as Json};

use super::{
    Check, EncodeError, Part, Place, base64_decode, base64_encode, fits, float_text, join, special, timestamp,
};
use crate::model::{Kind, Member, Model, Shape, TimestampFormat};
use crate::protocol::Flaw;
use crate::refusal::Refusal;
use crate::value::{Record, Value};

/// Reads the members that an object holds; at the top those that stand elsewhere in the request are none of them.
pub(super) fn members(
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
            // A union's type may be named beside its member; it says nothing new.
            if !(wire == "__type" && shape.union) {
                check.flaw(&place.member(wire, wire), &json.to_string(), Flaw::Unknown);
            }
            continue;
        };
        if json.is_null() {
            continue;
        }
        let inner = place.member(name, wire);
        let found = value(check, member, json, &inner);
        members.insert(name.clone(), found);
    }
    let named = body.iter().filter(|(wire, json)| *wire != "__type" && !json.is_null()).count();
    if shape.union && (named != 1 || members.len() != 1) {
        check.not_a("union with one member", &Json::Object(body.clone()).to_string(), place);
    }
}

/// Reads a member's value.
pub(super) fn value(check: &mut Check<'_>, member: &Member, json: &Json, place: &Place) -> Value {
    let model = check.model;
    let shape = model.shape(&member.shape);
    match (shape.kind, json) {
        (Kind::Structure, Json::Object(body)) => {
            let mut found = Record::new();
            members(check, shape, body, place, false, &mut found);
            check.required(shape, &found, place);
            Value::Record(found)
        }
        (Kind::List, Json::Array(items)) => {
            let Some(inner) = &shape.member else {
                return Value::Absent;
            };
            let numbered = items.iter().enumerate();
            let read = numbered.map(|(at, json)| {
                let number = (at + 1).to_string();
                let read = |check: &mut Check<'_>| entry(check, shape, inner, json, &place.item(&number, &number));
                check.part(Part::Items, model.shape(&inner.shape), place, read)
            });
            let read = Value::List(read.collect());
            check.whole(shape, &read, place);
            read
        }
        (Kind::Map, Json::Object(entries)) => {
            let (Some(key), Some(inner)) = (&shape.key, &shape.value) else {
                return Value::Absent;
            };
            let mut members = Record::new();
            for (name, json) in entries {
                let entry_place = place.item(name, name);
                let key = model.shape(&key.shape);
                check.part(Part::Keys, key, place, |check| check.text(key, name, &entry_place));
                let read = |check: &mut Check<'_>| entry(check, shape, inner, json, &entry_place);
                let found = check.part(Part::Values, model.shape(&inner.shape), place, read);
                members.insert(name.clone(), found);
            }
            let read = Value::Record(members);
            check.whole(shape, &read, place);
            read
        }
        (Kind::Document, json) => document(json),
        (Kind::String, Json::String(text)) => check.text(shape, text, place),
        (Kind::Boolean, Json::Bool(truth)) => Value::Bool(*truth),
        (Kind::Byte | Kind::Short | Kind::Integer | Kind::Long, Json::Number(number)) => match number.as_i64() {
            Some(number) => check.integer(shape, number, place),
            None => check.not_a("integer", &number.to_string(), place),
        },
        (Kind::Float | Kind::Double, Json::Number(number)) => match number.as_f64() {
            Some(number) => check.float(shape, number, place),
            None => check.not_a("number", &number.to_string(), place),
        },
        (Kind::Float | Kind::Double, Json::String(text)) => match special(text) {
            Some(number) => check.float(shape, number, place),
            None => check.not_a("number", text, place),
        },
        (Kind::Blob, Json::String(text)) => match base64_decode(text) {
            Some(bytes) => check.blob(shape, bytes, place),
            None => check.not_a("base64 text", text, place),
        },
        (Kind::Timestamp, json) => {
            let format = format(member, shape);
            let moment = match (format, json) {
                (TimestampFormat::UnixTimestamp, Json::Number(number)) => {
                    number.as_f64().and_then(timestamp::of_seconds)
                }
                (TimestampFormat::Iso8601 | TimestampFormat::Rfc822, Json::String(text)) => {
                    timestamp::read(format, text)
                }
                _ => None,
            };
            moment.map_or_else(|| check.not_a("timestamp", &json.to_string(), place), Value::Time)
        }
        (kind, json) => check.not_a(kind.word(), &json.to_string(), place),
    }
}

/// An item of a list or a value of a map, which may be null only where nulls are said to come.
fn entry(check: &mut Check<'_>, shape: &Shape, member: &Member, json: &Json, place: &Place) -> Value {
    if json.is_null() && shape.sparse { Value::Absent } else { value(check, member, json, place) }
}

/// How a member's timestamps stand in a body.
fn format(member: &Member, shape: &Shape) -> TimestampFormat {
    member.timestamp_format.or(shape.timestamp_format).unwrap_or(TimestampFormat::UnixTimestamp)
}

/// Any JSON as a value.
fn document(json: &Json) -> Value {
    match json {
        Json::Null => Value::Absent,
        Json::Bool(truth) => Value::Bool(*truth),
        Json::Number(number) => match number.as_i64() {
            Some(number) => Value::Integer(number),
            None => Value::Float(number.as_f64().unwrap_or_default()),
        },
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(document).collect()),
        Json::Object(members) => {
            Value::Record(members.iter().map(|(name, json)| (name.clone(), document(json))).collect())
        }
    }
}

/// Writes the members of a structure that stand in a body: all of an inner one's, at the top those without another
/// place.
pub(super) fn object(
    model: &Model,
    shape: &Shape,
    value: &Value,
    path: &str,
    top: bool,
) -> Result<Map<String, Json>, EncodeError> {
    let Value::Record(given) = value else {
        return Err(EncodeError { path: path.to_owned(), why: format!("{value:?} is no structure") });
    };
    if let Some(unknown) = given.keys().find(|name| !shape.members.contains_key(*name)) {
        return Err(EncodeError { path: join(path, unknown), why: "there is no such member".to_owned() });
    }
    let mut body = Map::new();
    for (name, member) in &shape.members {
        if top && !member.is_in_body() {
            continue;
        }
        if let Some(value) = given.get(name).filter(|value| !value.is_absent()) {
            body.insert(member.wire_name(name).to_owned(), written(model, member, value, &join(path, name))?);
        }
    }
    Ok(body)
}

/// Writes a member's value.
pub(super) fn written(model: &Model, member: &Member, value: &Value, path: &str) -> Result<Json, EncodeError> {
    let shape = model.shape(&member.shape);
    let wrong = || EncodeError { path: path.to_owned(), why: format!("{value:?} is no {:?}", shape.kind) };
    match shape.kind {
        Kind::Structure => object(model, shape, value, path, false).map(Json::Object),
        Kind::List => {
            let (Value::List(items), Some(inner)) = (value, &shape.member) else {
                return Err(wrong());
            };
            let item = |item: &Value| match item {
                Value::Absent if shape.sparse => Ok(Json::Null),
                item => written(model, inner, item, path),
            };
            items.iter().map(item).collect::<Result<Vec<_>, _>>().map(Json::Array)
        }
        Kind::Map => {
            let (Value::Record(entries), Some(inner)) = (value, &shape.value) else {
                return Err(wrong());
            };
            let mut body = Map::new();
            for (name, value) in entries {
                let json = match value {
                    Value::Absent if shape.sparse => Json::Null,
                    value => written(model, inner, value, &join(path, name))?,
                };
                body.insert(name.clone(), json);
            }
            Ok(Json::Object(body))
        }
        Kind::Document => Ok(plain(value)),
        _ => {
            fits(shape, value, path)?;
            Ok(match value {
                Value::Time(moment) => match format(member, shape) {
                    TimestampFormat::UnixTimestamp => seconds(*moment),
                    format => Json::String(timestamp::write(format, *moment)),
                },
                value => plain(value),
            })
        }
    }
}

/// An error's members and message as an object, without those that its table puts elsewhere.
pub(super) fn refused(model: &Model, refusal: &Refusal) -> Map<String, Json> {
    let code = refusal.code.as_ref();
    let shape = model.error_shape(code);
    let mut body = Map::new();
    for (name, value) in &refusal.members {
        match shape.and_then(|shape| shape.members.get(name)) {
            Some(member) if member.location.is_some() => {}
            Some(member) => {
                // An error that can't say all still says what it can.
                let json = written(model, member, value, name).unwrap_or_else(|_| plain(value));
                body.insert(member.wire_name(name).to_owned(), json);
            }
            None => {
                body.insert(name.clone(), plain(value));
            }
        }
    }
    if !refusal.message.is_empty() {
        body.insert(model.message_name(code).to_owned(), Json::String(refusal.message.clone()));
    }
    body
}

/// A value as JSON without a shape: what documents hold, and the members of an error that no table describes.
pub(super) fn plain(value: &Value) -> Json {
    match value {
        Value::Absent => Json::Null,
        Value::Bool(truth) => Json::Bool(*truth),
        Value::Integer(number) => Json::from(*number),
        Value::Float(number) if number.is_finite() => Json::from(*number),
        Value::Float(number) => Json::String(float_text(*number)),
        Value::Text(text) => Json::String(text.clone()),
        Value::Blob(bytes) => Json::String(base64_encode(bytes)),
        Value::Time(moment) => seconds(*moment),
        Value::List(items) => Json::Array(items.iter().map(plain).collect()),
        Value::Record(members) => {
            Json::Object(members.iter().map(|(name, value)| (name.clone(), plain(value))).collect())
        }
    }
}

fn seconds(moment: jiff::Timestamp) -> Json {
    Json::from(moment.as_millisecond() as f64 / 1000.0)
}
