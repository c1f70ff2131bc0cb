//! A request as a client makes it of members, still in parts that can be spoilt.

use bytes::Bytes;
use fathuss_simulator::Value;
use fathuss_simulator::model::{Kind, Member, Model, Operation, Protocol, Shape};
use fathuss_simulator::protocol::base64_encode;
use http::Request;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value as Json};

#[derive(Debug, Clone)]
pub struct Draft {
    pub service: String,
    pub method: String,
    pub path: String,
    /// Parameters, encoded already: of the body for a form, of the address otherwise.
    pub parameters: Vec<(String, String)>,
    pub json: Option<Map<String, Json>>,
    pub content_type: Option<String>,
    pub authorization: String,
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
            "AWS4-HMAC-SHA256 Credential=test/20260105/us-east-1/{}/aws4_request, SignedHeaders=host, Signature=00",
            model.service
        );
        let mut draft = Draft {
            service: model.service.clone(),
            method: operation.method.clone(),
            path: operation.uri.clone(),
            parameters: Vec::new(),
            json: None,
            content_type: None,
            authorization,
            body: None,
        };
        if model.protocol == Protocol::RestJson {
            draft.rest(model, shape, value);
        } else {
            draft.content_type = Some("application/x-www-form-urlencoded; charset=utf-8".to_owned());
            draft.parameters = vec![("Action".into(), name.into()), ("Version".into(), model.version.clone())];
            flatten(model, shape, value, "", &mut draft.parameters);
        }
        draft
    }

    fn rest(&mut self, model: &Model, shape: &Shape, value: &Value) {
        let mut body = Map::new();
        for (name, member) in &shape.members {
            let found = value.get(name);
            let wire = member.wire_name(name);
            if found.is_absent() {
                continue;
            }
            match member.location.as_deref() {
                Some("uri") => self.path = self.path.replace(&format!("{{{wire}}}"), &encode(&plain(found))),
                Some("querystring") => match found {
                    Value::List(items) => {
                        self.parameters.extend(items.iter().map(|item| (encode(wire), encode(&plain(item)))));
                    }
                    found => self.parameters.push((encode(wire), encode(&plain(found)))),
                },
                _ => {
                    body.insert(wire.to_owned(), json(model, member, found));
                }
            }
        }
        if shape.members.values().any(|member| member.location.is_none()) {
            self.json = Some(body);
            self.content_type = Some("application/json".to_owned());
        }
    }

    pub fn request(&self) -> Option<Request<Bytes>> {
        let pairs: Vec<String> = self.parameters.iter().map(|(name, text)| format!("{name}={text}")).collect();
        let is_form = self.service != "eks";
        let mut uri = format!("http://{}.us-east-1.amazonaws.com{}", self.service, self.path);
        if !is_form && !pairs.is_empty() {
            uri = format!("{uri}?{}", pairs.join("&"));
        }
        let body = match (&self.body, &self.json) {
            (Some(body), _) => body.clone(),
            (None, Some(json)) => Json::Object(json.clone()).to_string().into_bytes(),
            (None, None) if is_form => pairs.join("&").into_bytes(),
            (None, None) => Vec::new(),
        };
        let mut request = Request::builder().method(self.method.as_str()).uri(uri);
        request = request.header("authorization", &self.authorization).header("x-amz-date", "20260105T090000Z");
        if let Some(kind) = &self.content_type {
            request = request.header("content-type", kind);
        }
        request.body(body.into()).ok()
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

fn plain(value: &Value) -> String {
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

fn json(model: &Model, member: &Member, value: &Value) -> Json {
    let shape = model.shape(&member.shape);
    match (shape.kind, value) {
        (Kind::Structure, Value::Record(given)) => {
            let members = given.iter().filter_map(|(name, value)| Some((name, shape.members.get(name)?, value)));
            let written =
                members.map(|(name, member, value)| (member.wire_name(name).to_owned(), json(model, member, value)));
            Json::Object(written.collect())
        }
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
