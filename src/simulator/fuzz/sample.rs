//! Values that a shape allows.

use fathuss_simulator::Value;
use fathuss_simulator::model::{Kind, Member, Model, Protocol, Shape};
use fathuss_simulator::value::Record;

use crate::choices::Choices;

/// Texts that mean something to some handler, and some that mean nothing to any.
const TEXTS: &[&str] = &[
    "a",
    "name-1",
    "10.0.0.0/16",
    "10.0.1.0/24",
    "0.0.0.0/0",
    "10.0.0.7",
    "us-east-1a",
    "us-east-1",
    "t3.micro",
    "default",
    "tcp",
    "-1",
    "7",
    "true",
    "postgres",
    "redis",
    "1.33",
    "16.4",
    "db.t4g.micro",
    "cache.t4g.micro",
    "arn:aws:iam::000000000000:role/a",
    "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy",
    "https://oidc.example.com/id/1",
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#,
    r#"{"Version":"2012-10-17","Statement":[]}"#,
    "{}",
    "group-id",
    "vpc-id",
    "tag:Name",
    "é\u{1F600}",
    "Aa0-_.:/=+@ ",
    "9990c7fd4ea8f1b2f3d4c5b6a7980a1b2c3d4e5f",
    "",
];

/// A value of the shape; none where no text at hand fits a pattern.
pub fn value(model: &Model, shape: &Shape, choices: &mut Choices<'_>, known: &[String], depth: usize) -> Option<Value> {
    let (least, most) = (shape.min.unwrap_or(0.0), shape.max.unwrap_or(f64::INFINITY));
    Some(match shape.kind {
        Kind::Structure => structure(model, shape, choices, known, depth)?,
        Kind::List => {
            let inner = model.shape(&shape.member.as_ref()?.shape);
            // Of an empty list nothing goes over the wire in a query.
            let count = (least as usize).max(1) + if depth > 3 { 0 } else { choices.below(3).min(most as usize - 1) };
            let items = (0..count).map(|_| value(model, inner, choices, known, depth + 1));
            Value::List(items.collect::<Option<Vec<_>>>()?)
        }
        Kind::Map => {
            let (key, inner) = (model.shape(&shape.key.as_ref()?.shape), model.shape(&shape.value.as_ref()?.shape));
            let mut entries = Record::new();
            for _ in 0..=choices.below(2) {
                let Value::Text(name) = text(key, choices, known)? else { return None };
                entries.insert(name, value(model, inner, choices, known, depth + 1)?);
            }
            Value::Record(entries)
        }
        Kind::String => text(shape, choices, known)?,
        Kind::Boolean => Value::Bool(choices.once_in(2)),
        Kind::Byte | Kind::Short | Kind::Integer | Kind::Long => {
            let highest = if shape.kind == Kind::Long { 9e15 } else { f64::from(i32::MAX) };
            let wanted = [1, 0, 2, 5, 8, 22, 80, 100, 443, 65_535, 3_600, -1, i64::from(i32::MAX)];
            Value::Integer((*choices.pick(&wanted)? as f64).max(shape.min.unwrap_or(-1.0)).min(most.min(highest)) as i64)
        }
        Kind::Float | Kind::Double => Value::Float(f64::from(choices.next()).max(least).min(most)),
        Kind::Blob => Value::Blob((0..(least as usize) + choices.below(20)).map(|_| choices.next() as u8).collect()),
        Kind::Timestamp => {
            let seconds = fathuss_simulator::START + i64::from(choices.next()) * 100;
            Value::Time(jiff::Timestamp::from_second(seconds).ok()?)
        }
        Kind::Document => Value::Text("a".to_owned()),
    })
}

/// Whether it says what the body's checksum is, which no value at random does.
fn is_of_the_body(member: &Member) -> bool {
    let name = member.location_name.as_deref().unwrap_or_default().to_ascii_lowercase();
    name == "content-md5" || name.starts_with("x-amz-checksum-") || name == "x-amz-sdk-checksum-algorithm"
}

fn structure(model: &Model, shape: &Shape, choices: &mut Choices<'_>, known: &[String], depth: usize) -> Option<Value> {
    let mut members = Record::new();
    for (name, member) in &shape.members {
        let required = shape.required.contains(name);
        // The more members, the fewer of them: most handlers refuse most combinations.
        let wanted = required || (depth < 4 && choices.once_in(if shape.members.len() > 8 { 9 } else { 4 }));
        let likely = !is_of_the_body(member) && (name != "DryRun" || choices.once_in(8));
        if wanted && likely {
            match value(model, model.shape(&member.shape), choices, known, depth + 1) {
                // No client sends a path with nothing where a name belongs.
                Some(Value::Text(text)) if text.is_empty() && member.location.as_deref() == Some("uri") => {
                    members.insert(name.clone(), Value::from("a"));
                }
                Some(value) if matches!(member.location.as_deref(), Some("header" | "headers")) => {
                    let value = in_header(value);
                    if !matches!(&value, Value::Record(entries) if entries.is_empty()) {
                        members.insert(name.clone(), value);
                    }
                }
                // A body of no bytes is none.
                Some(Value::Text(text)) if text.is_empty() && shape.payload.as_ref() == Some(name) => {
                    members.insert(name.clone(), Value::from("a"));
                }
                Some(Value::Blob(bytes)) if bytes.is_empty() && shape.payload.as_ref() == Some(name) => {}
                Some(value) => {
                    members.insert(name.clone(), value);
                }
                None if required => return None,
                None => {}
            }
        }
    }
    // In a query nothing says that a structure is there but what is in it.
    if members.is_empty() && depth > 0 && !matches!(model.protocol, Protocol::RestJson | Protocol::AwsJson) {
        let first = shape.members.iter().find_map(|(name, member)| {
            let deep = depth < 8;
            Some((name, value(model, model.shape(&member.shape), choices, known, depth + 1).filter(|_| deep)?))
        });
        let (name, value) = first?;
        members.insert(name.clone(), value);
    }
    Some(Value::Record(members))
}

/// The value as a header can carry it: texts in ASCII, without spaces at their ends; names in letters and digits.
fn in_header(value: Value) -> Value {
    match value {
        Value::Text(text) if !text.is_ascii() => Value::from("a"),
        Value::Text(text) => Value::from(text.trim()),
        Value::List(items) => Value::List(items.into_iter().map(in_header).collect()),
        Value::Record(entries) => {
            let can_be_named = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric());
            let entries = entries.into_iter().filter(|(name, _)| !name.is_empty() && can_be_named(name));
            Value::Record(entries.map(|(name, value)| (name.to_ascii_lowercase(), in_header(value))).collect())
        }
        other => other,
    }
}

/// A text that the shape allows: often one that an answer has had.
fn text(shape: &Shape, choices: &mut Choices<'_>, known: &[String]) -> Option<Value> {
    if !shape.values.is_empty() {
        return choices.pick(&shape.values).map(|text| Value::from(text.as_str()));
    }
    let fits = |text: &str| {
        let length = text.chars().count() as f64;
        length >= shape.min.unwrap_or(0.0) && length <= shape.max.unwrap_or(f64::INFINITY) && shape.matches(text)
    };
    let first = choices.below(TEXTS.len());
    if !known.is_empty() && choices.once_in(2) {
        let text = choices.pick(known)?;
        if fits(text) {
            return Some(Value::from(text.as_str()));
        }
    }
    let padded = "a".repeat(shape.min.unwrap_or(0.0) as usize);
    let mut texts = TEXTS[first..].iter().chain(&TEXTS[..first]).copied().chain([padded.as_str()]);
    texts.find(|text| fits(text)).map(Value::from)
}
