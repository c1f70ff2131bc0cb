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
            None => check.mistyped(shape.kind, json, place),
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
            match (moment, json) {
                (Some(moment), _) => Value::Time(moment),
                (None, Json::Number(number)) => check.not_a("timestamp", &number.to_string(), place),
                (None, json) => check.mistyped(Kind::Timestamp, json, place),
            }
        }
        (kind, json) => check.mistyped(kind, json, place),
    }
}

/// Reports a body that holds no members: another kind of JSON, or none at all. Of a list AWS says that it is one, of
/// the rest nothing.
pub(super) fn no_object(check: &mut Check<'_>, found: Option<&Json>) {
    let flaw = match found.filter(|found| found.is_array()).and_then(|found| mismatch(Kind::Structure, found)) {
        Some(words) => Flaw::Mistyped(words),
        None => Flaw::NotA("JSON object"),
    };
    check.flaw(&Place::top(), "", flaw);
}

/// What AWS's reader of JSON says of a value of another kind than is wanted; none where nobody has seen its words.
///
/// They are the same whatever the service: Kinesis's, in its older form, are in
/// <https://github.com/mhart/kinesalite/blob/master/test/helpers.js>, those of SES, which speaks REST, in
/// <https://github.com/floci-io/floci/tree/main/src/test/java/io/github/hectorvent/floci/services/ses>, X-Ray's of a
/// moment in <https://github.com/pplu/aws-sdk-perl>. `an Boolean` is AWS's own. The numbers but `Integer` and `Long`
/// are told like these.
pub(super) fn mismatch(wanted: Kind, found: &Json) -> Option<String> {
    let token = match (wanted, found) {
        (_, Json::Null) | (Kind::Document, _) => return None,
        (_, Json::Array(_)) => return Some("Start of list found where not expected".to_owned()),
        (_, Json::Object(_)) => return Some("Start of structure or map found where not expected.".to_owned()),
        (Kind::Structure, _) => return Some("Expected null".to_owned()),
        (Kind::List, _) => return Some("Expected list or null".to_owned()),
        (Kind::Map, _) => return Some("Expected map or null".to_owned()),
        (_, Json::Bool(true)) => "TRUE_VALUE",
        (_, Json::Bool(false)) => "FALSE_VALUE",
        (_, Json::Number(_)) => "NUMBER_VALUE",
        (_, Json::String(_)) => "STRING_VALUE",
    };
    let target = match wanted {
        Kind::Boolean if found.is_string() => "an Boolean",
        Kind::Boolean => "a Boolean",
        Kind::Integer => "an Integer",
        Kind::Byte => "a Byte",
        Kind::Short => "a Short",
        Kind::Long => "a Long",
        Kind::Float => "a Float",
        Kind::Double => "a Double",
        Kind::Blob => "a Blob",
        Kind::Timestamp => "milliseconds since epoch",
        Kind::String | Kind::Structure | Kind::List | Kind::Map | Kind::Document => "a String",
    };
    Some(format!("{token} can not be converted to {target}"))
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

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use crate::client::{Answer, Client};

    const LIST: &str = "Start of list found where not expected";
    const STRUCTURE: &str = "Start of structure or map found where not expected.";

    fn told(answer: &Answer, body: &Json, words: &str) {
        let found = (answer.status, answer.code.as_str(), answer.message.as_str());
        assert_eq!(found, (400, "SerializationException", words), "{body}");
    }

    #[tokio::test(start_paused = true)]
    async fn json_of_another_kind_is_told_in_the_words_of_awss_reader() {
        let client = Client::calm();
        for (body, words) in [
            (json!([]), LIST),
            (json!({ "name": 1 }), "NUMBER_VALUE can not be converted to a String"),
            (json!({ "name": true }), "TRUE_VALUE can not be converted to a String"),
            (json!({ "name": ["x"] }), LIST),
            (json!({ "name": {} }), STRUCTURE),
            (json!({ "resourcesVpcConfig": "x" }), "Expected null"),
            (json!({ "resourcesVpcConfig": [] }), LIST),
            (json!({ "resourcesVpcConfig": { "subnetIds": "x" } }), "Expected list or null"),
            (json!({ "resourcesVpcConfig": { "subnetIds": {} } }), STRUCTURE),
            (json!({ "resourcesVpcConfig": { "subnetIds": [1] } }), "NUMBER_VALUE can not be converted to a String"),
            (
                json!({ "resourcesVpcConfig": { "endpointPublicAccess": 1 } }),
                "NUMBER_VALUE can not be converted to a Boolean",
            ),
            (
                json!({ "resourcesVpcConfig": { "endpointPublicAccess": "maybe" } }),
                "STRING_VALUE can not be converted to an Boolean",
            ),
            (json!({ "tags": [] }), LIST),
            (json!({ "tags": "x" }), "Expected map or null"),
        ] {
            told(&client.rest("eks", "POST", "/clusters", Some(body.clone())).await, &body, words);
        }
        for (body, words) in [
            (json!({ "Limit": "1" }), "STRING_VALUE can not be converted to an Integer"),
            (json!({ "Limit": false }), "FALSE_VALUE can not be converted to an Integer"),
            (json!({ "Limit": [1], "Marker": 1 }), LIST),
            (json!("x"), ""),
        ] {
            let asked = client.json_request("kms", "TrentService", "ListKeys", &body);
            told(&client.send(asked).await.unwrap(), &body, words);
        }
    }
}
