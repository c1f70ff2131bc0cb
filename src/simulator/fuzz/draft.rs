//! A request as a client makes it of members, still in parts that can be spoilt. What XML and CBOR bodies are written
//! like is in `written.rs`.

use bytes::Bytes;
use fathuss_simulator::Value;
use fathuss_simulator::model::{Kind, Member, Model, Operation, Protocol, Shape, TimestampFormat};
use fathuss_simulator::protocol::base64_encode;
use http::Request;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};

use crate::written;

#[derive(Debug, Clone)]
pub struct Draft {
    /// The operation's name.
    pub operation: String,
    pub service: String,
    pub method: String,
    /// The path, with what of a query belongs to it.
    pub path: String,
    /// Parameters, encoded already: of the body for a form, of the address otherwise.
    pub parameters: Vec<(String, String)>,
    /// Whether the parameters are the body.
    pub is_form: bool,
    pub headers: Vec<(String, String)>,
    pub json: Option<Map<String, Json>>,
    /// A body that is no JSON.
    pub bytes: Option<Vec<u8>>,
    pub content_type: Option<String>,
    pub authorization: String,
    /// Whether it has to say what its body's checksum is.
    pub is_summed: bool,
    /// Instead of the body that the parts make.
    pub body: Option<Vec<u8>>,
}

pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

impl Draft {
    /// The request for an operation with these members.
    pub fn of(model: &Model, name: &str, operation: &Operation, value: &Value) -> Draft {
        let shape = model.input(operation);
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential=test/20260209/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=00",
            model.signing
        );
        let mut draft = Draft {
            operation: name.to_owned(),
            service: model.service.clone(),
            method: operation.method.clone(),
            path: operation.uri.clone(),
            parameters: Vec::new(),
            is_form: false,
            headers: Vec::new(),
            json: None,
            bytes: None,
            content_type: None,
            authorization,
            is_summed: operation.checksum,
            body: None,
        };
        match model.protocol {
            Protocol::Ec2Query | Protocol::AwsQuery => {
                draft.is_form = true;
                draft.content_type = Some("application/x-www-form-urlencoded; charset=utf-8".to_owned());
                draft.parameters = vec![("Action".into(), name.into()), ("Version".into(), model.version.clone())];
                flatten(model, shape, value, "", &mut draft.parameters);
            }
            Protocol::RestJson | Protocol::RestXml => draft.rest(model, operation, shape, value),
            Protocol::AwsJson => {
                let target = format!("{}.{name}", model.target.as_deref().unwrap_or_default());
                draft.headers.push(("x-amz-target".to_owned(), target));
                draft.content_type = Some(format!("application/x-amz-json-{}", model.json.as_deref().unwrap_or("1.1")));
                draft.json = Some(object(model, shape, value, false));
            }
            Protocol::RpcCbor => {
                let service = model.target.as_deref().unwrap_or(&model.service);
                draft.path = format!("/service/{service}/operation/{name}");
                draft.headers.push(("smithy-protocol".to_owned(), "rpc-v2-cbor".to_owned()));
                draft.content_type = Some("application/cbor".to_owned());
                draft.bytes = Some(written::cbor(model, shape, value));
            }
        }
        draft
    }

    fn rest(&mut self, model: &Model, operation: &Operation, shape: &Shape, value: &Value) {
        for (name, member) in &shape.members {
            let found = value.get(name);
            let wire = member.wire_name(name);
            if found.is_absent() {
                continue;
            }
            match member.location.as_deref() {
                Some("uri") => {
                    let text = encode(&self::text(model, member, found, TimestampFormat::Iso8601));
                    let greedy = format!("{{{wire}+}}");
                    self.path = self.path.replace(&format!("{{{wire}}}"), &text).replace(&greedy, &text);
                }
                Some("querystring") => self.query(model, wire, member, found),
                Some("header") => {
                    let texts = match (found, &model.shape(&member.shape).member) {
                        (Value::List(items), Some(inner)) => {
                            let item = |item| quoted(&self::text(model, inner, item, TimestampFormat::Rfc822));
                            items.iter().map(item).collect()
                        }
                        _ => vec![self::text(model, member, found, TimestampFormat::Rfc822)],
                    };
                    self.headers.push((wire.to_owned(), texts.join(", ")));
                }
                Some("headers") => {
                    let Value::Record(entries) = found else { continue };
                    let header = |(name, value): (&String, &Value)| (format!("{wire}{name}"), plain(value));
                    self.headers.extend(entries.iter().map(header));
                }
                _ => {}
            }
        }
        self.content(model, operation, shape, value);
        // What a member may say is said by the member alone.
        let says_type = |member: &Member| member.location_name.as_deref() == Some("Content-Type");
        if shape.members.values().any(says_type) {
            self.content_type = None;
        }
    }

    fn query(&mut self, model: &Model, wire: &str, member: &Member, found: &Value) {
        let shape = model.shape(&member.shape);
        let mut push = |name: &str, member: &Member, value: &Value| {
            let text = text(model, member, value, TimestampFormat::Iso8601);
            self.parameters.push((encode(name), encode(&text)));
        };
        match (found, &shape.member, &shape.value) {
            (Value::List(items), Some(inner), _) => items.iter().for_each(|item| push(wire, inner, item)),
            (Value::Record(entries), _, Some(inner)) => {
                for (name, value) in entries {
                    match (value, &model.shape(&inner.shape).member) {
                        (Value::List(items), Some(item)) => items.iter().for_each(|value| push(name, item, value)),
                        (value, _) => push(name, inner, value),
                    }
                }
            }
            (found, ..) => push(wire, member, found),
        }
    }

    /// The body of a REST request: one member, or all that stand nowhere else.
    fn content(&mut self, model: &Model, operation: &Operation, shape: &Shape, value: &Value) {
        let is_xml = model.protocol == Protocol::RestXml;
        let structured = if is_xml { "application/xml" } else { "application/json" };
        if let Some((name, member)) = shape.payload.as_deref().and_then(|name| shape.members.get_key_value(name)) {
            let (found, inner) = (value.get(name), model.shape(&member.shape));
            let media = inner.media_type.as_deref();
            match (inner.kind, found) {
                (_, Value::Absent) => {}
                (Kind::Blob, Value::Blob(bytes)) => {
                    self.bytes = Some(bytes.clone());
                    self.content_type = Some(media.unwrap_or("application/octet-stream").to_owned());
                }
                (Kind::String, found) => {
                    self.bytes = Some(plain(found).into_bytes());
                    self.content_type = Some(media.unwrap_or("text/plain").to_owned());
                }
                (_, found) if is_xml => {
                    self.bytes = Some(written::payload(model, name, member, found).into_bytes());
                    self.content_type = Some(structured.to_owned());
                }
                (_, found) => {
                    self.json = Some(object(model, inner, found, false));
                    self.content_type = Some(structured.to_owned());
                }
            }
            return;
        }
        if !shape.members.values().any(|member| member.location.is_none()) {
            return;
        }
        self.content_type = Some(structured.to_owned());
        if is_xml {
            self.bytes = Some(written::document(model, operation, shape, value).into_bytes());
        } else {
            self.json = Some(object(model, shape, value, true));
        }
    }

    pub fn request(&self) -> Option<Request<Bytes>> {
        let pairs: Vec<String> = self.parameters.iter().map(|(name, text)| format!("{name}={text}")).collect();
        let mut uri = format!("http://{}.us-east-1.amazonaws.com{}", self.service, self.path);
        if !self.is_form && !pairs.is_empty() {
            uri = format!("{uri}{}{}", if self.path.contains('?') { '&' } else { '?' }, pairs.join("&"));
        }
        let body = match (&self.body, &self.json, &self.bytes) {
            (Some(body), ..) => body.clone(),
            (None, Some(json), _) => Json::Object(json.clone()).to_string().into_bytes(),
            (None, None, Some(bytes)) => bytes.clone(),
            (None, None, None) if self.is_form => pairs.join("&").into_bytes(),
            (None, None, None) => Vec::new(),
        };
        let mut request = Request::builder().method(self.method.as_str()).uri(uri);
        request = request.header("authorization", &self.authorization).header("x-amz-date", "20260209T090000Z");
        for (name, text) in &self.headers {
            request = request.header(name, text);
        }
        if let Some(kind) = &self.content_type {
            request = request.header("content-type", kind);
        }
        if self.is_summed {
            request = request.header("x-amz-checksum-sha256", base64_encode(&Sha256::digest(&body)));
        }
        request.body(body.into()).ok()
    }
}

/// An item of a list in a header, in quotes where it would be read as several.
fn quoted(text: &str) -> String {
    if text.is_empty() || text.contains([',', '"', '\\']) || text.trim() != text {
        return format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    }
    text.to_owned()
}

/// A scalar as text, times in the member's form.
pub fn text(model: &Model, member: &Member, value: &Value, usual: TimestampFormat) -> String {
    let Value::Time(moment) = value else { return plain(value) };
    let shape = model.shape(&member.shape);
    match member.timestamp_format.or(shape.timestamp_format).unwrap_or(usual) {
        TimestampFormat::Iso8601 => plain(value),
        TimestampFormat::Rfc822 => moment.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string(),
        TimestampFormat::UnixTimestamp => moment.as_second().to_string(),
    }
}

/// The parameters of a query, as both query protocols name them.
fn flatten(model: &Model, shape: &Shape, value: &Value, prefix: &str, out: &mut Vec<(String, String)>) {
    let is_ec2 = model.protocol == Protocol::Ec2Query;
    let below = |name: &str| if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
    match (shape.kind, value) {
        (_, Value::Absent) => {}
        (Kind::Structure, value) => {
            for (name, member) in &shape.members {
                let wire = match (is_ec2, &member.query_name) {
                    (true, _) => member.ec2_query_name(name),
                    (false, Some(query)) => query.clone(),
                    (false, None) => member.wire_name(name).to_owned(),
                };
                flatten(model, model.shape(&member.shape), value.get(name), &below(&wire), out);
            }
        }
        (Kind::List, Value::List(items)) => {
            let Some(member) = &shape.member else { return };
            for (at, item) in items.iter().enumerate() {
                let number = (at + 1).to_string();
                let wire = if is_ec2 { number } else { format!("{}.{number}", member.wire_name("member")) };
                flatten(model, model.shape(&member.shape), item, &below(&wire), out);
            }
        }
        (Kind::Map, Value::Record(entries)) => {
            let (Some(key), Some(inner)) = (&shape.key, &shape.value) else { return };
            for (at, (name, value)) in entries.iter().enumerate() {
                let entry = below(&format!("entry.{}", at + 1));
                out.push((format!("{entry}.{}", key.wire_name("key")), encode(name)));
                let place = format!("{entry}.{}", inner.wire_name("value"));
                flatten(model, model.shape(&inner.shape), value, &place, out);
            }
        }
        (_, value) => out.push((prefix.to_owned(), encode(&plain(value)))),
    }
}

pub fn plain(value: &Value) -> String {
    match value {
        Value::Bool(truth) => truth.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        Value::Blob(bytes) => base64_encode(bytes),
        Value::Time(moment) => moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        Value::Absent | Value::List(_) | Value::Record(_) => String::new(),
    }
}

/// The members of a structure; of a whole request those that stand nowhere else in it.
fn object(model: &Model, shape: &Shape, value: &Value, top: bool) -> Map<String, Json> {
    let Value::Record(given) = value else { return Map::new() };
    let members = given.iter().filter_map(|(name, value)| Some((name, shape.members.get(name)?, value)));
    let members = members.filter(|(_, member, value)| !(value.is_absent() || top && member.location.is_some()));
    members.map(|(name, member, value)| (member.wire_name(name).to_owned(), json(model, member, value))).collect()
}

fn json(model: &Model, member: &Member, value: &Value) -> Json {
    let shape = model.shape(&member.shape);
    match (shape.kind, value) {
        (Kind::Structure, value) => Json::Object(object(model, shape, value, false)),
        (Kind::Map, Value::Record(given)) => {
            let Some(inner) = &shape.value else { return Json::Null };
            Json::Object(given.iter().map(|(name, value)| (name.clone(), json(model, inner, value))).collect())
        }
        (Kind::List, Value::List(items)) => {
            let Some(inner) = &shape.member else { return Json::Null };
            Json::Array(items.iter().map(|item| json(model, inner, item)).collect())
        }
        (_, Value::Bool(truth)) => Json::Bool(*truth),
        (_, Value::Integer(number)) => Json::from(*number),
        (_, Value::Float(number)) => Json::from(*number),
        (_, Value::Time(moment)) => Json::from(moment.as_second()),
        (_, value) => Json::String(plain(value)),
    }
}
