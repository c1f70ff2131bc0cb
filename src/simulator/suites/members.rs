//! Members as the suites write them, as values of their shapes, and when two are the same.

use ciborium::Value as Cbor;
use fathuss_simulator::model::{Kind, Model, Shape};
use fathuss_simulator::value::{Record, Value};
use serde_json::Value as Json;

/// The value that a suite writes so: moments in seconds, bytes as their text.
pub fn of(model: &Model, shape: &Shape, json: &Json) -> Result<Value, String> {
    let inner = |name: &str, json: &Json| of(model, model.shape(name), json);
    Ok(match (shape.kind, json) {
        (Kind::Document, json) => document(json),
        (_, Json::Null) => Value::Absent,
        (Kind::Structure, Json::Object(given)) => {
            let mut members = Record::new();
            for (name, json) in given {
                let member =
                    shape.members.get(name).ok_or_else(|| format!("the suite's member {name} has no shape"))?;
                members.insert(name.clone(), inner(&member.shape, json)?);
            }
            Value::Record(members)
        }
        (Kind::List, Json::Array(items)) => {
            let member = shape.member.as_ref().ok_or("a list without items")?;
            Value::List(items.iter().map(|json| inner(&member.shape, json)).collect::<Result<_, _>>()?)
        }
        (Kind::Map, Json::Object(given)) => {
            let member = shape.value.as_ref().ok_or("a map without values")?;
            let entries = given.iter().map(|(name, json)| Ok((name.clone(), inner(&member.shape, json)?)));
            Value::Record(entries.collect::<Result<_, String>>()?)
        }
        (Kind::Timestamp, Json::Number(seconds)) => {
            let millis = seconds.as_f64().unwrap_or_default() * 1000.0;
            Value::Time(jiff::Timestamp::from_millisecond(millis.round() as i64).map_err(|error| error.to_string())?)
        }
        (Kind::Blob, Json::String(text)) => Value::Blob(text.clone().into_bytes()),
        (Kind::Float | Kind::Double, Json::String(text)) => {
            Value::Float(text.parse().map_err(|_| format!("{text} is no number"))?)
        }
        (Kind::Float | Kind::Double, Json::Number(number)) => Value::Float(number.as_f64().unwrap_or_default()),
        (_, Json::Number(number)) => Value::Integer(number.as_i64().ok_or_else(|| format!("{number} is no integer"))?),
        (_, Json::Bool(truth)) => Value::Bool(*truth),
        (_, Json::String(text)) => Value::Text(text.clone()),
        (kind, json) => return Err(format!("the suite's {json} is no {kind:?}")),
    })
}

fn document(json: &Json) -> Value {
    match json {
        Json::Null => Value::Absent,
        Json::Bool(truth) => Value::Bool(*truth),
        Json::Number(number) => {
            number.as_i64().map_or_else(|| Value::Float(number.as_f64().unwrap_or_default()), Value::Integer)
        }
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(document).collect()),
        Json::Object(members) => {
            Value::Record(members.iter().map(|(name, json)| (name.clone(), document(json))).collect())
        }
    }
}

/// A value in one way of writing it: members in the order of their names, none that is absent.
pub fn shown(value: &Value) -> String {
    match value {
        Value::Record(members) => {
            let mut parts: Vec<String> =
                members.iter().map(|(name, value)| format!("{name}: {}", shown(value))).collect();
            parts.sort();
            format!("{{{}}}", parts.join(", "))
        }
        Value::List(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
        other => format!("{other:?}"),
    }
}

/// Whether two JSON values mean the same: 1 and 1.0 are one number.
pub fn alike(left: &Json, right: &Json) -> bool {
    match (left, right) {
        (Json::Number(left), Json::Number(right)) => left.as_f64() == right.as_f64(),
        (Json::Array(left), Json::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| alike(left, right))
        }
        (Json::Object(left), Json::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(name, value)| right.get(name).is_some_and(|other| alike(value, other)))
        }
        (left, right) => left == right,
    }
}

/// An error whose type is named without its namespace, as AWS's services name them.
pub fn short(mut body: Json) -> Json {
    if let Some(Json::String(name)) = body.get_mut("__type") {
        *name = name.rsplit('#').next().unwrap_or(name).to_owned();
    }
    body
}

/// Whether two CBOR bodies mean the same: maps in any order, floats of any width.
pub fn alike_cbor(ours: &[u8], wanted: &[u8]) -> Result<(), String> {
    let read = |bytes: &[u8]| match bytes {
        [] => Ok(None),
        bytes => {
            ciborium::from_reader::<Cbor, _>(bytes).map(|body| Some(ordered(body))).map_err(|error| error.to_string())
        }
    };
    let (ours, wanted) = (read(ours)?, read(wanted)?);
    if ours == wanted { Ok(()) } else { Err(format!("its body was {ours:?}, not {wanted:?}")) }
}

/// A body in one way of writing it, so that not a number is what it is.
fn ordered(body: Cbor) -> String {
    match body {
        Cbor::Map(entries) => {
            let mut parts: Vec<String> =
                entries.into_iter().map(|(name, value)| format!("{}: {}", ordered(name), ordered(value))).collect();
            parts.sort();
            format!("{{{}}}", parts.join(", "))
        }
        Cbor::Array(items) => format!("[{}]", items.into_iter().map(ordered).collect::<Vec<_>>().join(", ")),
        // A moment may be a whole number or one with a fraction.
        Cbor::Tag(1, seconds) => match *seconds {
            Cbor::Integer(number) => format!("moment {:?}", i128::from(number) as f64),
            other => format!("moment {}", ordered(other)),
        },
        Cbor::Float(number) => format!("{number:?}"),
        // The type of an error goes by its name within its namespace too.
        Cbor::Text(text) if text.contains("protocoltests") => {
            ordered(Cbor::Text(text.rsplit('#').next().unwrap_or(&text).to_owned()))
        }
        other => format!("{other:?}"),
    }
}
