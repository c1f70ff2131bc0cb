//! The protocols of methods and paths: members in the path, the query, headers and a body, which is JSON (EKS, AWS
//! Backup) or XML (S3, CloudFront, Route 53).

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response};
use serde_json::Value as Json;

use super::form::decoded;
use super::{
    Check, EncodeError, Flaw, Part, Place, base64_encode, essence, fits, float_text, json, name_request, response,
};
use super::{rest_xml, subresource, timestamp};
use crate::model::{Kind, Member, Model, Operation, Protocol, Shape, TimestampFormat};
use crate::refusal::Refusal;
use crate::strict_json;
use crate::value::{Record, Value};

const JSON: &str = "application/json";
const XML: &str = "application/xml";

/// The type of a body that holds members.
fn structured(model: &Model) -> &'static str {
    if model.protocol == Protocol::RestXml { XML } else { JSON }
}

/// The operation of a request's method, path, query and headers, served here or not.
pub(super) fn route(model: &Model, request: &Request<Bytes>) -> Option<String> {
    let (method, uri) = (request.method().as_str(), request.uri());
    let served = model.operations.iter().map(|(name, it)| (name, &*it.method, &*it.uri, Some(it)));
    let unserved = model
        .unserved
        .iter()
        .filter_map(|(name, route)| route.split_once(' ').map(|(method, uri)| (name, method, uri, None)));
    let fits = served.chain(unserved).filter(|(_, wanted, template, _)| {
        *wanted == method && (!model.hosts || subresource::fits(model, template, request))
    });
    let fits = fits.filter(|(.., operation)| {
        // What is another operation by a parameter of the query is not meant without it.
        !model.hosts || operation.is_none_or(|operation| has_required_query(model, operation, uri.query()))
    });
    // What demands more of the query is meant before what demands less, and a literal segment before a variable one.
    // Of S3's operations with one route those are meant whose members are there, and of them the one with the most:
    // a part of an upload is an object with a number and an upload's id. Those that are not served are older forms.
    fits.filter_map(|(name, _, template, operation)| {
        let demanded = demanded(template, uri.query().unwrap_or_default())?;
        let members = operation.and_then(|operation| given(model, operation, request));
        let labels = labels(template, subresource::path(model, request))?.len();
        Some((std::cmp::Reverse(demanded), labels, operation.is_none(), std::cmp::Reverse(members), name))
    })
    .min()
    .map(|(.., name)| name.clone())
}

/// Whether a request that is signed for S3 is one of S3 Control's, which names the account.
pub(super) fn is_of_control(request: &Request<Bytes>) -> bool {
    request.headers().contains_key("x-amz-account-id")
}

/// Whether the parameters of the query that an operation can't be without are there.
fn has_required_query(model: &Model, operation: &Operation, query: Option<&str>) -> bool {
    let shape = model.input(operation);
    let mut required = shape.required.iter().filter_map(|name| shape.members.get_key_value(name));
    required.all(|(name, member)| {
        let wire = member.wire_name(name);
        !is_at(member, "querystring")
            || query.unwrap_or_default().split('&').any(|pair| pair.split('=').next() == Some(wire))
    })
}

/// How many of the members that an operation can't be without stand in a request's query and headers; none where one
/// of them is missing.
fn given(model: &Model, operation: &Operation, request: &Request<Bytes>) -> Option<usize> {
    let shape = model.input(operation);
    let mut found = 0;
    for (name, member) in shape.required.iter().filter_map(|name| shape.members.get_key_value(name)) {
        let wire = member.wire_name(name);
        let there = match member.location.as_deref() {
            Some("querystring") => {
                let query = request.uri().query().unwrap_or_default();
                query.split('&').any(|pair| pair.split('=').next() == Some(wire))
            }
            Some("header") => request.headers().contains_key(wire),
            _ => continue,
        };
        if !there {
            return None;
        }
        found += 1;
    }
    Some(found)
}

/// The bucket that a host's name begins with: <https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html>
pub(super) fn bucket_of_host(host: &str) -> Option<&str> {
    let name = host.split(':').next().unwrap_or(host);
    let bucket = match name.strip_suffix(".amazonaws.com") {
        Some(rest) => {
            let service = [".s3.", ".s3-"].into_iter().filter_map(|mark| rest.find(mark)).min();
            &rest[..service.or_else(|| rest.strip_suffix(".s3").map(str::len))?]
        }
        None => name.strip_suffix(".localhost")?,
    };
    (!bucket.is_empty()).then_some(bucket)
}

/// How many of the query's parts a template demands; none where one of them is missing.
fn demanded(template: &str, query: &str) -> Option<usize> {
    let (_, wanted) = template.split_once('?').unwrap_or_default();
    let wanted: Vec<&str> = wanted.split('&').filter(|part| !part.is_empty()).collect();
    let given = |part: &&str| {
        // A parameter that is there, whatever its value, tells operations of one route apart.
        if let Some((name, _)) = part.split_once("={") {
            return query.split('&').any(|found| found.split('=').next() == Some(name));
        }
        // `?versioning` and `?versioning=` are one, and S3 reads no value of it.
        query.split('&').any(|found| found == *part || found.split_once('=').is_some_and(|(name, _)| name == *part))
    };
    wanted.iter().all(given).then_some(wanted.len())
}

/// What stands in a path where the template has `{name}`, or `{name+}` for some segments; none where they differ.
fn labels<'a>(template: &'a str, path: &'a str) -> Option<Vec<(&'a str, &'a str)>> {
    let template = template.split('?').next().unwrap_or(template);
    let want: Vec<&str> = template.trim_end_matches('/').split('/').collect();
    let greedy = want.iter().position(|part| part.ends_with("+}"));
    // What takes the rest of a path takes the slash at its end: keys of objects may have one.
    let path = if greedy.is_some() { path } else { path.strip_suffix('/').unwrap_or(path) };
    let have: Vec<&str> = path.split('/').collect();
    if have.len() < want.len() || (greedy.is_none() && have.len() > want.len()) {
        return None;
    }
    let spare = have.len() - want.len();
    let (mut found, mut at, mut start) = (Vec::new(), 0, 0);
    for (index, want) in want.into_iter().enumerate() {
        let taken = if Some(index) == greedy { 1 + spare } else { 1 };
        let length = have[at..at + taken].iter().map(|part| part.len()).sum::<usize>() + taken - 1;
        let text = &path[start..start + length];
        match want.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(_) if text.is_empty() => return None,
            Some(name) => found.push((name.strip_suffix('+').unwrap_or(name), text)),
            None if want == text => {}
            None => return None,
        }
        at += taken;
        start += length + 1;
    }
    Some(found)
}

/// Refuses a body of another type than the operation reads, and a client that takes none of the type it answers with.
///
/// # Errors
/// As <https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html#content-type> and its tests have it.
pub(super) fn carried(model: &Model, operation: &Operation, request: &Request<Bytes>) -> Result<(), Refusal> {
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let given = header(http::header::CONTENT_TYPE).map(essence);
    let refused = !request.body().is_empty()
        && match body_type(model, model.input(operation), operation.input.is_some()) {
            Some(wanted) => given != Some(wanted) && wanted != ANY,
            None => given.is_some(),
        };
    if refused {
        let message = format!("The content type {} is not one that this operation reads.", given.unwrap_or("(none)"));
        return Err(Refusal::new("UnsupportedMediaTypeException", message).status(415));
    }
    let answered =
        body_type(model, model.output(operation), operation.output.is_some()).filter(|answered| *answered != ANY);
    let accepts = |accept: &str| {
        let (group, _) = answered.unwrap_or(ANY).split_once('/').unwrap_or_default();
        let kinds = [answered.unwrap_or(ANY), "*/*", &format!("{group}/*")].map(str::to_owned);
        accept.split(',').any(|one| kinds.iter().any(|kind| essence(one) == kind))
    };
    match header(http::header::ACCEPT) {
        Some(accept) if answered.is_some() && !accepts(accept) => {
            let message = format!("The operation answers with {}.", answered.unwrap_or_default());
            Err(Refusal::new("NotAcceptableException", message).status(406))
        }
        _ => Ok(()),
    }
}

/// Bytes of which no table says what they are.
const ANY: &str = "application/octet-stream";

/// The type of a body that holds these members; none where it holds none of them. A structure that is there and has
/// none is an empty object.
fn body_type<'m>(model: &'m Model, shape: &'m Shape, given: bool) -> Option<&'m str> {
    let Some(payload) = &shape.payload else {
        let empty = given && shape.members.is_empty();
        return (empty || shape.members.values().any(|member| member.location.is_none())).then_some(structured(model));
    };
    let inner = shape.members.get(payload).map(|member| model.shape(&member.shape))?;
    Some(match (&inner.media_type, inner.kind) {
        (Some(media), _) => media,
        (None, Kind::Blob) => ANY,
        (None, Kind::String) => "text/plain",
        (None, _) => structured(model),
    })
}

pub(super) fn decode(check: &mut Check<'_>, operation: &Operation, shape: &Shape, request: &Request<Bytes>) -> Value {
    let mut members = Record::new();
    for (wire, text) in labels(&operation.uri, subresource::path(check.model, request)).unwrap_or_default() {
        let found = shape.members.iter().find(|(name, member)| is_at(member, "uri") && member.wire_name(name) == wire);
        if let Some((name, member)) = found {
            let place = Place::top().member(name, wire);
            match decoded(text) {
                Some(text) => texts(check, name, member, &[text], &place, &mut members),
                None => check.flaw(&place, text, Flaw::NotA("text in UTF-8")),
            }
        }
    }
    query(check, operation, shape, request.uri().query().unwrap_or_default(), &mut members);
    headers(check, shape, request, &mut members);
    match shape.payload.as_deref().and_then(|name| shape.members.get_key_value(name)) {
        Some((name, member)) => payload(check, name, member, request.body(), &mut members),
        None if request.body().is_empty() => {}
        None if check.model.protocol == Protocol::RestXml => {
            rest_xml::members(check, operation, shape, request.body(), &mut members);
        }
        None => match strict_json::parse(request.body()) {
            Some(Json::Object(body)) => json::members(check, shape, &body, &Place::top(), true, &mut members),
            found => {
                // Of what can't be read nothing is known to be missing.
                json::no_object(check, found.as_ref());
                return Value::Record(members);
            }
        },
    }
    check.required(shape, &members, &Place::top());
    Value::Record(members)
}

fn is_at(member: &Member, location: &str) -> bool {
    member.location.as_deref() == Some(location)
}

fn query(check: &mut Check<'_>, operation: &Operation, shape: &Shape, query: &str, members: &mut Record) {
    let (_, fixed) = operation.uri.split_once('?').unwrap_or_default();
    let fixed: Vec<&str> = fixed.split('&').collect();
    let model = check.model;
    let rest = shape
        .members
        .iter()
        .find(|(_, member)| is_at(member, "querystring") && model.shape(&member.shape).kind == Kind::Map);
    let mut given: Vec<(String, Vec<String>)> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (wire, text) = pair.split_once('=').unwrap_or((pair, ""));
        let plain = |text: &str| decoded(&text.replace('+', " "));
        let (Some(name), Some(text)) = (plain(wire), plain(text)) else {
            check.flaw(&Place::top().member(wire, wire), pair, Flaw::NotA("text in UTF-8"));
            continue;
        };
        // A presigned URL's signature is not the operation's, and what its path demands says nothing more.
        if name.starts_with("X-Amz-") || fixed.iter().any(|fixed| *fixed == pair || *fixed == name) {
            continue;
        }
        match given.iter_mut().find(|(known, _)| *known == name) {
            // Of what comes twice S3 reads the first: <https://github.com/brekkylab/backlot/pull/204>
            Some(_) if model.hosts => {}
            Some((_, texts)) => texts.push(text),
            None => given.push((name, vec![text])),
        }
    }
    let mut others = Record::new();
    for (wire, found) in given {
        let known = shape.members.iter().find(|(name, member)| {
            is_at(member, "querystring")
                && member.wire_name(name) == wire
                && model.shape(&member.shape).kind != Kind::Map
        });
        let place = |name: &str| Place::top().member(name, &wire);
        if let Some((name, member)) = known {
            texts(check, name, member, &found, &place(name), members);
        }
        match rest.and_then(|(name, member)| Some((name, model.shape(&member.shape).value.as_ref()?))) {
            Some((name, inner)) => texts(check, &wire, inner, &found, &place(name), &mut others),
            None if known.is_none() && !(model.hosts && is_passed_over(operation, &wire)) => {
                check.flaw(&place(&wire), &found.join(","), Flaw::Unknown)
            }
            None => {}
        }
    }
    if let Some((name, _)) = rest.filter(|_| !others.is_empty()) {
        members.insert(name.clone(), Value::Record(others));
    }
}

/// Whether S3 passes over what it does not know of a query: what begins with `x-`, which goes into the access log
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html>) and by which clients name the operation, and
/// whatever an object is read with, which is how pages get past caches. Elsewhere it may be a sub-resource.
fn is_passed_over(operation: &Operation, wire: &str) -> bool {
    let reads_object = matches!(operation.method.as_str(), "GET" | "HEAD") && operation.uri.ends_with("{Key+}");
    // A list of a type that is not the second is the first.
    reads_object || wire == "list-type" || wire.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("x-"))
}

/// Reads what is text on the wire: one for a scalar, any number for a list.
fn texts(check: &mut Check<'_>, name: &str, member: &Member, texts: &[String], place: &Place, members: &mut Record) {
    let model = check.model;
    let shape = model.shape(&member.shape);
    let default = if is_at(member, "header") { TimestampFormat::Rfc822 } else { TimestampFormat::Iso8601 };
    let format = |inner: &Shape| member.timestamp_format.or(inner.timestamp_format).unwrap_or(default);
    // A condition on a time that is none is no condition: <https://www.rfc-editor.org/rfc/rfc9110#section-13.1.3>.
    if let ([text], true) = (texts, model.hosts && matches!(name, "IfModifiedSince" | "IfUnmodifiedSince"))
        && timestamp::read(format(shape), text).is_none()
    {
        return;
    }
    let value = match (shape.kind, &shape.member, texts) {
        (Kind::List, Some(item), _) => {
            let inner = model.shape(&item.shape);
            let format = item.timestamp_format.unwrap_or(format(inner));
            let read =
                |text: &String| check.part(Part::Items, inner, place, |check| check.scalar(inner, format, text, place));
            let items = Value::List(texts.iter().map(read).collect());
            check.whole(shape, &items, place);
            items
        }
        (_, _, [text]) => check.scalar(shape, format(shape), text, place),
        _ => check.not_a("single value", &texts.join(","), place),
    };
    members.insert(name.to_owned(), value);
}

fn headers(check: &mut Check<'_>, shape: &Shape, request: &Request<Bytes>, members: &mut Record) {
    let model = check.model;
    for (name, member) in &shape.members {
        let wire = member.location_name.as_deref().unwrap_or_default();
        let place = Place::top().member(name, wire);
        if is_at(member, "header") {
            let mut given = Vec::new();
            for value in request.headers().get_all(wire) {
                match value.to_str() {
                    Ok(text) => given.push(text.trim()),
                    Err(_) => check.flaw(&place, "", Flaw::NotA("text in ASCII")),
                }
            }
            if given.is_empty() {
                continue;
            }
            let whole = given.join(", ");
            let inner = model.shape(&member.shape);
            let found = match &inner.member {
                Some(item) if inner.kind == Kind::List => {
                    let inner = model.shape(&item.shape);
                    let dates = item.timestamp_format.or(inner.timestamp_format).unwrap_or(TimestampFormat::Rfc822);
                    let pairs = inner.kind == Kind::Timestamp && dates == TimestampFormat::Rfc822;
                    if whole.is_empty() { Some(Vec::new()) } else { items(&whole, pairs) }
                }
                _ => Some(vec![whole.clone()]),
            };
            match found {
                Some(found) => texts(check, name, member, &found, &place, members),
                None => check.flaw(&place, &whole, Flaw::NotA("list")),
            }
        } else if is_at(member, "headers") {
            let mut found = Record::new();
            for (header, value) in request.headers() {
                let Some(rest) = header.as_str().strip_prefix(&wire.to_ascii_lowercase()) else { continue };
                let Ok(text) = value.to_str() else {
                    check.flaw(&place.member(rest, header.as_str()), "", Flaw::NotA("text in ASCII"));
                    continue;
                };
                // A header that comes several times is a list of all.
                let text = match found.get(rest).and_then(Value::text) {
                    Some(before) => format!("{before},{text}"),
                    None => text.to_owned(),
                };
                found.insert(rest.to_owned(), Value::from(text));
            }
            if !found.is_empty() {
                members.insert(name.clone(), Value::Record(found));
            }
        }
    }
}

/// The items of a list in a header: apart by commas, in quotes where they hold one. A date has a comma of its own.
fn items(text: &str, dates: bool) -> Option<Vec<String>> {
    if dates {
        let parts: Vec<&str> = text.split(',').map(str::trim).collect();
        return Some(parts.chunks(2).map(|pair| pair.join(", ")).collect());
    }
    let mut found = Vec::new();
    let mut rest = text.trim();
    loop {
        if let Some(quoted) = rest.strip_prefix('"') {
            let (mut item, mut letters) = (String::new(), quoted.char_indices());
            let end = loop {
                match letters.next()? {
                    (at, '"') => break at,
                    (_, '\\') => item.push(letters.next()?.1),
                    (_, letter) => item.push(letter),
                }
            };
            found.push(item);
            let after = quoted[end + 1..].trim_start();
            if after.is_empty() {
                return Some(found);
            }
            rest = after.strip_prefix(',')?.trim_start();
        } else {
            match rest.split_once(',') {
                Some((item, after)) => {
                    found.push(item.trim().to_owned());
                    rest = after.trim_start();
                }
                None => {
                    found.push(rest.trim().to_owned());
                    return Some(found);
                }
            }
        }
    }
}

/// Reads a body that is one member.
fn payload(check: &mut Check<'_>, name: &str, member: &Member, body: &Bytes, members: &mut Record) {
    let place = Place::top().member(name, name);
    let model = check.model;
    let shape = model.shape(&member.shape);
    if body.is_empty() {
        return;
    }
    let value = match shape.kind {
        Kind::Blob => check.blob(shape, body.to_vec(), &place),
        Kind::String => match std::str::from_utf8(body) {
            Ok(text) => check.text(shape, text, &place),
            Err(_) => check.not_a("text in UTF-8", "", &place),
        },
        _ if model.protocol == Protocol::RestXml => rest_xml::payload(check, name, member, body, &place),
        _ => match strict_json::parse(body) {
            Some(json) => json::value(check, member, &json, &place),
            None => check.not_a("JSON value", "", &place),
        },
    };
    members.insert(name.to_owned(), value);
}

pub(super) fn encode(
    model: &Model,
    operation: &Operation,
    answer: &Value,
    request_id: &str,
) -> Result<Response<Bytes>, EncodeError> {
    let mut encoded = response(operation.status.unwrap_or(200), structured(model), Bytes::new());
    match &operation.output {
        Some(output) => {
            place(model, operation, model.shape(output), answer, &mut encoded)?;
            // What says which bytes it has is a part: <https://www.rfc-editor.org/rfc/rfc9110#section-15.3.7>
            if encoded.headers().contains_key(http::header::CONTENT_RANGE) {
                *encoded.status_mut() = http::StatusCode::PARTIAL_CONTENT;
            }
        }
        None => {
            encoded.headers_mut().remove(http::header::CONTENT_TYPE);
        }
    }
    name_request(model, &mut encoded, request_id);
    Ok(encoded)
}

/// Puts each member where it stands in an answer: status, headers, body.
fn place(
    model: &Model,
    operation: &Operation,
    shape: &Shape,
    value: &Value,
    answer: &mut Response<Bytes>,
) -> Result<(), EncodeError> {
    let unfit = |name: &str, why: &str| EncodeError { path: name.to_owned(), why: why.to_owned() };
    for (name, member) in shape.members.iter().filter(|(_, member)| member.location.is_some()) {
        let (wire, found) = (member.wire_name(name), value.get(name));
        match (member.location.as_deref(), found) {
            (_, Value::Absent) | (Some("uri" | "querystring"), _) => {}
            (Some("statusCode"), Value::Integer(status)) => {
                let status = u16::try_from(*status).ok().and_then(|status| http::StatusCode::from_u16(status).ok());
                *answer.status_mut() = status.ok_or_else(|| unfit(name, "it is no HTTP status"))?;
            }
            (Some("header"), found) => {
                let text = header_text(model, member, found, name)?;
                insert(answer, wire, &text).ok_or_else(|| unfit(name, "it can't stand in a header"))?;
            }
            (Some("headers"), Value::Record(entries)) => {
                for (rest, entry) in entries {
                    let text = entry.text().ok_or_else(|| unfit(name, "it is no text"))?;
                    let header = member.location_name.as_deref().unwrap_or_default().to_owned() + rest;
                    insert(answer, &header, text).ok_or_else(|| unfit(name, "it can't stand in a header"))?;
                }
            }
            _ => return Err(unfit(name, "answers have no such place")),
        }
    }
    let Some((name, member)) = shape.payload.as_deref().and_then(|name| shape.members.get_key_value(name)) else {
        *answer.body_mut() = match model.protocol {
            Protocol::RestXml if !shape.members.values().any(Member::is_in_body) => Bytes::new(),
            Protocol::RestXml => rest_xml::document(model, operation, shape, value)?.into(),
            _ => Json::Object(json::object(model, shape, value, "", true)?).to_string().into(),
        };
        return Ok(());
    };
    let kind = body_type(model, shape, true).unwrap_or(structured(model));
    let body = match value.get(name) {
        Value::Absent => Bytes::new(),
        Value::Blob(bytes) => bytes.clone().into(),
        Value::Text(text) if model.shape(&member.shape).kind == Kind::String => text.clone().into(),
        found if model.protocol == Protocol::RestXml => rest_xml::written(model, name, member, found)?.into(),
        found => json::written(model, member, found, name)?.to_string().into(),
    };
    if body.is_empty() {
        answer.headers_mut().remove(http::header::CONTENT_TYPE);
    } else if !says_its_type(shape, value) {
        insert(answer, "content-type", kind).ok_or_else(|| unfit(name, "its type can't stand in a header"))?;
    }
    *answer.body_mut() = body;
    Ok(())
}

/// Whether a member that is given says the body's type.
fn says_its_type(shape: &Shape, value: &Value) -> bool {
    shape.members.iter().any(|(name, member)| {
        is_at(member, "header")
            && !value.get(name).is_absent()
            && member.location_name.as_deref().is_some_and(|wire| wire.eq_ignore_ascii_case("content-type"))
    })
}

fn insert(answer: &mut Response<Bytes>, name: &str, text: &str) -> Option<()> {
    let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
    answer.headers_mut().insert(name, HeaderValue::from_str(text).ok()?);
    Some(())
}

/// A member as it stands in a header.
fn header_text(model: &Model, member: &Member, value: &Value, path: &str) -> Result<String, EncodeError> {
    let shape = model.shape(&member.shape);
    let format = member.timestamp_format.or(shape.timestamp_format).unwrap_or(TimestampFormat::Rfc822);
    if let (Value::List(items), Some(inner)) = (value, &shape.member) {
        let mut texts = Vec::new();
        for item in items.iter().filter(|item| !item.is_absent()) {
            let text = header_text(model, inner, item, path)?;
            let quoted = matches!(item, Value::Text(_)) && text.contains([',', '"']);
            texts.push(if quoted { format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")) } else { text });
        }
        return Ok(texts.join(", "));
    }
    fits(shape, value, path)?;
    match value {
        Value::Bool(truth) => Ok(truth.to_string()),
        Value::Integer(number) => Ok(number.to_string()),
        Value::Float(number) => Ok(float_text(*number)),
        Value::Text(text) => Ok(text.clone()),
        Value::Blob(bytes) => Ok(base64_encode(bytes)),
        Value::Time(moment) => Ok(timestamp::write(format, *moment)),
        Value::Absent | Value::List(_) | Value::Record(_) => {
            Err(EncodeError { path: path.to_owned(), why: "it can't stand in a header".to_owned() })
        }
    }
}

pub(super) fn encode_refusal(model: &Model, refusal: &Refusal, status: u16, request_id: &str) -> Response<Bytes> {
    let mut answer = match model.protocol {
        Protocol::RestXml => rest_xml::encode_refusal(model, refusal, status, request_id),
        _ => response(status, JSON, Json::Object(json::refused(model, refusal)).to_string()),
    };
    for (name, value) in &refusal.members {
        let member = model.error_shape(&refusal.code).and_then(|shape| shape.members.get(name));
        if let Some(member) = member.filter(|member| is_at(member, "header"))
            && let Ok(text) = header_text(model, member, value, name)
        {
            // An error that can't say all still says what it can.
            let _ = insert(&mut answer, member.wire_name(name), &text);
        }
    }
    name_request(model, &mut answer, request_id);
    if model.protocol == Protocol::RestJson {
        let _ = insert(&mut answer, "x-amzn-errortype", &refusal.code);
    }
    answer
}
