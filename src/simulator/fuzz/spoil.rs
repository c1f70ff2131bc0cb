//! What can be wrong with a request.

use fathuss_simulator::Value;
use fathuss_simulator::model::{Kind, Model, Operation, Protocol};
use serde_json::Value as Json;

use crate::choices::Choices;
use crate::draft::{Draft, encode};

/// What a request may come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Whatever the handler says.
    Anything,
    /// A refusal: it can't be understood, or not wholly.
    Refusal,
}

/// Spoils a request in one way, and says what is due to it. Some ways are not open to some requests; they stay as they
/// are.
pub fn spoil(draft: &mut Draft, model: &Model, operation: &Operation, value: &Value, choices: &mut Choices<'_>) -> Due {
    let is_form = draft.is_form;
    let is_rest = matches!(model.protocol, Protocol::RestJson | Protocol::RestXml);
    let shape = model.input(operation);
    match choices.below(22) {
        1 => unknown_member(draft, choices),
        2 => {
            let here =
                |name: &&String| is_form || shape.members.get(*name).is_some_and(|member| member.location.is_none());
            let required: Vec<&String> = shape.required.iter().filter(here).collect();
            let Some(name) = choices.pick(&required) else { return Due::Anything };
            let Value::Record(mut members) = value.clone() else { return Due::Anything };
            members.shift_remove(name.as_str());
            let name = draft.operation.clone();
            *draft = Draft::of(model, &name, operation, &Value::Record(members));
            Due::Refusal
        }
        3 => twice(draft, choices),
        4 => {
            if let Some((_, text)) = last(&mut draft.parameters, is_form) {
                text.push_str(["%FF", "%C3", "%ED%A0%80", "%00%80"][choices.below(4)]);
                return Due::Refusal;
            }
            if draft.json.is_none() {
                return Due::Anything;
            }
            draft.raw(choices, |body, _| {
                // Within the first text: a byte that begins no character.
                let Some(at) = body.iter().position(|byte| *byte == b'"') else { return false };
                body.insert(at + 1, 0xff);
                true
            })
        }
        5 => {
            let depth = 40 + usize::from(choices.next()) * 2;
            if is_form {
                draft.parameters.push((format!("A{}", ".A".repeat(depth)), "a".to_owned()));
                return Due::Refusal;
            }
            draft.raw(choices, |body, _| {
                *body = [b"{\"tags\":".to_vec(), b"[".repeat(depth.max(130))].concat();
                true
            })
        }
        6 => number(draft, model, operation, choices),
        7 => {
            let kinds = ["text/plain", "application/xml", "multipart/form-data", "application/jsonx", ""];
            let had_body = is_form || draft.json.is_some();
            let kind = kinds[choices.below(kinds.len())];
            draft.content_type = Some(kind.to_owned()).filter(|kind| !kind.is_empty());
            if had_body { Due::Refusal } else { Due::Anything }
        }
        8 => {
            draft.method = ["PATCH", "OPTIONS", "BREW", "TRACE"][choices.below(4)].to_owned();
            Due::Refusal
        }
        // A path of S3's may go on as it likes: what comes after a bucket is an object.
        9 if model.protocol != Protocol::RestXml => {
            draft.path = format!("{}/zzz/{}", draft.path, encode("?#/"));
            Due::Refusal
        }
        10 => draft.raw(choices, |body, choices| flip(body, choices)),
        11 => draft.raw(choices, |body, choices| {
            let length = body.len();
            body.truncate(choices.below(length.max(1)));
            false
        }),
        12 => {
            let odd = ["%", "%zz", "%2", "&&", "=", "&=&", "+%+", "%00", "\u{0}", ".", "..1", ".1."];
            let odd = odd[choices.below(odd.len())];
            if let Some((name, text)) = last(&mut draft.parameters, is_form) {
                let place = if choices.once_in(2) { name } else { text };
                place.push_str(odd);
            }
            Due::Anything
        }
        13 if is_form => {
            draft.parameters[0].1 =
                ["DescribeUnicorns", "describevpcs", "", "%F0%9F%98%80", "CreateVpc%00"][choices.below(5)].into();
            Due::Refusal
        }
        14 if is_form => {
            match choices.below(3) {
                0 => draft.parameters[1].1 = "1999-01-01".to_owned(),
                1 => {
                    draft.parameters.remove(1);
                }
                _ => {
                    draft.parameters.remove(0);
                }
            }
            Due::Refusal
        }
        15 => {
            let whole = draft.authorization.clone();
            let at = choices.below(whole.len());
            draft.authorization = match choices.below(4) {
                0 => String::new(),
                1 => whole.get(..at).unwrap_or_default().to_owned(),
                2 => whole.replace("us-east-1", "////"),
                _ => whole.replace(&format!("/{}/", model.service), "/sqs/"),
            };
            // The signature itself is not checked here: a shorter one is as good.
            if draft.authorization.contains("/aws4_request, SignedHeaders=host, Signature=")
                && !draft.authorization.contains("/sqs/")
            {
                Due::Anything
            } else {
                Due::Refusal
            }
        }
        16 => other_kind(draft, model, operation, choices),
        17 if is_form => {
            let numbered = draft.parameters.iter_mut().find(|(name, _)| name.contains(".1"));
            let Some((name, _)) = numbered else { return Due::Anything };
            *name = name.replacen(".1", [".0", ".01", ".+1", ".-1", ".4294967296", ".x"][choices.below(6)], 1);
            Due::Refusal
        }
        18 if is_rest => {
            draft.parameters.push(("colour".to_owned(), "red".to_owned()));
            // S3 reads what it knows of a query.
            if model.hosts { Due::Anything } else { Due::Refusal }
        }
        19 => draft.raw(choices, |body, choices| {
            for _ in 0..=choices.below(8) {
                flip(body, choices);
            }
            false
        }),
        20 => {
            let Some((_, text)) = last(&mut draft.parameters, is_form) else { return Due::Anything };
            *text = "a".repeat(usize::from(choices.next()) * 4);
            Due::Anything
        }
        _ => Due::Anything,
    }
}

impl Draft {
    /// Changes the body's bytes; a refusal is due where the change says so.
    fn raw(&mut self, choices: &mut Choices<'_>, change: impl FnOnce(&mut Vec<u8>, &mut Choices<'_>) -> bool) -> Due {
        let Some(request) = self.request() else { return Due::Anything };
        let mut body = request.into_body().to_vec();
        if body.is_empty() {
            return Due::Anything;
        }
        let refused = change(&mut body, choices);
        self.body = Some(body);
        if refused { Due::Refusal } else { Due::Anything }
    }
}

/// The last parameter that is the operation's own.
fn last(parameters: &mut [(String, String)], is_form: bool) -> Option<&mut (String, String)> {
    let own = if is_form { 2 } else { 0 };
    if parameters.len() > own { parameters.last_mut() } else { None }
}

fn flip(body: &mut [u8], choices: &mut Choices<'_>) -> bool {
    if !body.is_empty() {
        let at = choices.below(body.len());
        body[at] ^= 1 << choices.below(8);
    }
    false
}

fn unknown_member(draft: &mut Draft, choices: &mut Choices<'_>) -> Due {
    if draft.is_form {
        let within = draft.parameters.iter().map(|(name, _)| name.rsplit_once('.').map_or("", |(before, _)| before));
        let places: Vec<String> = within.map(str::to_owned).collect();
        let place = choices.pick(&places).cloned().unwrap_or_default();
        let dot = if place.is_empty() { "" } else { "." };
        draft.parameters.push((format!("{place}{dot}Colour"), "red".to_owned()));
        return Due::Refusal;
    }
    let Some(json) = &mut draft.json else { return Due::Anything };
    json.insert("colour".to_owned(), Json::from("red"));
    Due::Refusal
}

/// The same member again.
fn twice(draft: &mut Draft, choices: &mut Choices<'_>) -> Due {
    if draft.is_form {
        let again = choices.pick(&draft.parameters).cloned();
        draft.parameters.extend(again);
        return Due::Refusal;
    }
    draft.raw(choices, |body, _| {
        let text = String::from_utf8_lossy(body).into_owned();
        let Some(inside) = text.strip_prefix('{').filter(|inside| *inside != "}") else { return false };
        *body = format!("{{{},{inside}", inside.trim_end_matches('}')).into_bytes();
        // A member that holds an object is cut short by this, which is no JSON at all.
        true
    })
}

/// A number beyond every integer.
fn number(draft: &mut Draft, model: &Model, operation: &Operation, choices: &mut Choices<'_>) -> Due {
    let huge = ["1000000000000000000000000000000", "1e400", "NaN", "0x10", "1.5", " 1", "--1", "9223372036854775808"];
    let huge = huge[choices.below(huge.len())];
    let integers = model.input(operation).members.iter().filter(|(_, member)| {
        matches!(model.shape(&member.shape).kind, Kind::Integer | Kind::Long)
            && member.location.as_deref() != Some("uri")
    });
    let integers: Vec<_> = integers.collect();
    let Some((name, member)) = choices.pick(&integers) else { return Due::Anything };
    if draft.is_form {
        let wire = match (&member.query_name, model.protocol) {
            (_, Protocol::Ec2Query) => member.ec2_query_name(name),
            (Some(query), _) => query.clone(),
            (None, _) => member.wire_name(name).to_owned(),
        };
        draft.parameters.retain(|(known, _)| *known != wire);
        draft.parameters.push((wire, encode(huge)));
        return Due::Refusal;
    }
    if member.location.is_some() {
        let wire = encode(member.wire_name(name));
        draft.parameters.retain(|(known, _)| *known != wire);
        draft.parameters.push((wire, encode(huge)));
        return Due::Refusal;
    }
    let Some(json) = &mut draft.json else { return Due::Anything };
    json.insert(member.wire_name(name).to_owned(), Json::from(huge));
    Due::Refusal
}

/// A member that is of another kind than its shape.
fn other_kind(draft: &mut Draft, model: &Model, operation: &Operation, choices: &mut Choices<'_>) -> Due {
    let shape = model.input(operation);
    if draft.is_form {
        let Some((name, text)) = last(&mut draft.parameters, true) else { return Due::Anything };
        if text.is_empty() {
            return Due::Anything;
        }
        name.push_str([".Name", ".member.1.x.y", ".entry.1.key"][choices.below(3)]);
        return Due::Refusal;
    }
    let Some(json) = &mut draft.json else { return Due::Anything };
    let given: Vec<String> = json.keys().cloned().collect();
    let Some(wire) = choices.pick(&given) else { return Due::Anything };
    let kind = shape.members.iter().find(|(name, member)| member.wire_name(name) == wire);
    let kind = kind.map(|(_, member)| model.shape(&member.shape).kind);
    let others = [Json::from("a"), Json::from(1), Json::from(true), Json::from(Vec::<Json>::new())];
    let taken = match kind {
        Some(Kind::String) => 0,
        Some(Kind::Integer | Kind::Long | Kind::Float | Kind::Double | Kind::Timestamp) => 1,
        Some(Kind::Boolean) => 2,
        _ => 3,
    };
    json.insert(wire.clone(), others[(taken + 1 + choices.below(3)) % 4].clone());
    Due::Refusal
}
