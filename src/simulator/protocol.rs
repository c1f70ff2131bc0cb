//! The wire protocols: requests to [`Value`]s and [`Value`]s to answers, by the API model.
//!
//! Decoding checks everything the model says (members, types, enums, lengths,
//! ranges, patterns) and reports each offence as a [`Violation`]; in which words
//! a service refuses them is the service's own affair.

mod aws_chunked;
mod aws_json;
mod aws_query;
mod checksum;
mod ec2_query;
mod form;
mod json;
mod query_json;
mod rest;
mod rest_xml;
mod rpc_cbor;
mod subresource;
mod timestamp;
mod xml;

use std::borrow::Cow;

use bytes::Bytes;
use http::{Method, Request, Response};
use sha2::{Digest, Sha256};

use crate::model::{Kind, Member, Model, Operation, Protocol, Shape, TimestampFormat};
use crate::refusal::Refusal;
use crate::value::{Record, Value};

pub(crate) use checksum::computed as checksum;
pub use form::Form;
pub(crate) use form::percent_decode;
pub(crate) use query_json::{to_json, wants_json};
pub(crate) use subresource::is_selective;

/// One thing in a request that the API model does not allow.
#[derive(Debug, Clone, PartialEq)]
pub struct Violation {
    /// The member's path in the model's names, e.g. `Tags.1.Key`.
    pub path: String,
    /// The member's path as it stands on the wire, e.g. `Tag.1.Key`.
    pub wire: String,
    /// What was given, if anything was; none of what the model calls sensitive.
    pub given: Option<String>,
    /// What is wrong with it.
    pub flaw: Flaw,
    /// The list or map that it is a scalar of.
    pub within: Option<Within>,
}

/// A list or map of scalars, of which AWS names the whole where one of them is beyond its limits.
#[derive(Debug, Clone, PartialEq)]
pub struct Within {
    /// Which of its scalars is beyond them.
    pub part: Part,
    /// Its own path.
    pub path: String,
    /// All of it, as it was given; none of what the model calls sensitive.
    pub given: Option<String>,
    /// Every limit of such a scalar, in the order in which AWS tells them.
    pub limits: Vec<Flaw>,
}

/// The scalars of a list or of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A list's items.
    Items,
    /// A map's keys.
    Keys,
    /// A map's values.
    Values,
}

/// What is wrong with a member.
#[derive(Debug, Clone, PartialEq)]
pub enum Flaw {
    /// It is required and was not given.
    Missing,
    /// The operation has no such member.
    Unknown,
    /// It is not of the kind named.
    NotA(&'static str),
    /// It is of another kind of JSON than it must be; the words are those of AWS's reader.
    Mistyped(String),
    /// It is none of these values.
    NotOneOf(Vec<String>),
    /// It does not match this pattern.
    Pattern(String),
    /// It is shorter (text) or has fewer items (list) than this.
    TooShort(f64),
    /// It is longer or has more items than this.
    TooLong(f64),
    /// It is less than this.
    TooSmall(f64),
    /// It is more than this.
    TooLarge(f64),
}

/// The sentences in which most services report violations.
#[must_use]
pub fn validation_message(violations: &[Violation]) -> String {
    message(violations, |given| given.map_or_else(|| "Value".to_owned(), |given| format!("Value '{given}'")))
}

/// The same of services that never repeat what was given, as IAM.
#[must_use]
pub fn validation_message_without_values(violations: &[Violation]) -> String {
    message(violations, |_| "Value".to_owned())
}

fn message(violations: &[Violation], value: fn(Option<&str>) -> String) -> String {
    let mut all: Vec<String> = Vec::new();
    for sentence in violations.iter().map(|violation| violation.sentence(value)) {
        // Of a list or map of scalars one sentence tells all.
        if !all.contains(&sentence) {
            all.push(sentence);
        }
    }
    format!("{} validation error{} detected: {}", all.len(), if all.len() == 1 { "" } else { "s" }, all.join("; "))
}

impl Violation {
    fn sentence(&self, value: fn(Option<&str>) -> String) -> String {
        if let Some(within) = &self.within {
            let part = match within.part {
                Part::Items => "Member",
                Part::Keys => "Map keys",
                Part::Values => "Map value",
            };
            let limits: Vec<String> = within.limits.iter().map(Flaw::constraint).collect();
            let (value, place) = (value(within.given.as_deref()), lower_camel(&within.path));
            let limits = limits.join(", ");
            return format!(
                "{value} at '{place}' failed to satisfy constraint: {part} must satisfy constraint: [{limits}]"
            );
        }
        let place = lower_camel(&self.path);
        match &self.flaw {
            Flaw::Missing => format!("Value null at '{place}' failed to satisfy constraint: Member must not be null"),
            Flaw::Unknown => format!("Unknown member '{}'", self.wire),
            flaw => {
                let value = value(self.given.as_deref());
                format!("{value} at '{place}' failed to satisfy constraint: {}", flaw.constraint())
            }
        }
    }
}

impl Flaw {
    /// What a member without it would do.
    fn constraint(&self) -> String {
        match self {
            Flaw::Missing => "Member must not be null".to_owned(),
            Flaw::Unknown => "Member must be known".to_owned(),
            Flaw::NotA(kind) => format!("Member must be a {kind}"),
            Flaw::Mistyped(words) => words.clone(),
            Flaw::NotOneOf(values) => format!("Member must satisfy enum value set: [{}]", values.join(", ")),
            Flaw::Pattern(pattern) => {
                format!("Member must satisfy regular expression pattern: {pattern}")
            }
            Flaw::TooShort(least) => {
                format!("Member must have length greater than or equal to {least}")
            }
            Flaw::TooLong(most) => format!("Member must have length less than or equal to {most}"),
            Flaw::TooSmall(least) => {
                format!("Member must have value greater than or equal to {least}")
            }
            Flaw::TooLarge(most) => format!("Member must have value less than or equal to {most}"),
        }
    }

    /// Whether it is a value of the right kind beyond the limits of its shape.
    fn is_limit(&self) -> bool {
        match self {
            Flaw::Missing | Flaw::Unknown | Flaw::NotA(_) | Flaw::Mistyped(_) => false,
            Flaw::NotOneOf(_)
            | Flaw::Pattern(_)
            | Flaw::TooShort(_)
            | Flaw::TooLong(_)
            | Flaw::TooSmall(_)
            | Flaw::TooLarge(_) => true,
        }
    }
}

/// `RoleName` to `roleName`, in each part of a dotted path.
#[must_use]
pub fn lower_camel(path: &str) -> String {
    let lower = |part: &str| {
        let mut letters = part.chars();
        letters.next().map_or_else(String::new, |first| first.to_lowercase().collect::<String>() + letters.as_str())
    };
    path.split('.').map(lower).collect::<Vec<_>>().join(".")
}

/// What a request asks for, before its members are looked at.
pub enum Asked {
    /// The operation's name as the client gave it, known or not.
    Operation(String),
    /// The request is not even of the protocol's form.
    Nothing(String),
}

/// The protocol that a request is of, as far as the service speaks several.
#[must_use]
pub fn spoken(model: &Model, request: &Request<Bytes>) -> Protocol {
    let is_of = |protocol: &Protocol| match protocol {
        Protocol::RpcCbor => rpc_cbor::is_spoken(request),
        Protocol::AwsJson => request.headers().contains_key("x-amz-target"),
        Protocol::Ec2Query | Protocol::AwsQuery | Protocol::RestJson | Protocol::RestXml => true,
    };
    std::iter::once(&model.protocol).chain(&model.also).copied().find(is_of).unwrap_or(model.protocol)
}

/// The request as an operation is read from: its bucket in the path, where the service takes it from the host's name
/// too, and its body in one piece.
#[must_use]
pub fn addressed<'r>(model: &Model, request: &'r Request<Bytes>) -> Cow<'r, Request<Bytes>> {
    let pieces = Some(request).filter(|_| model.hosts).and_then(aws_chunked::joined);
    let Some(joined) = pieces else {
        return placed(model, request);
    };
    Cow::Owned(placed(model, &joined).into_owned())
}

fn placed<'r>(model: &Model, request: &'r Request<Bytes>) -> Cow<'r, Request<Bytes>> {
    let header = request.headers().get(http::header::HOST).and_then(|host| host.to_str().ok());
    // In process, a request has its host in its address alone.
    let host = header.or_else(|| request.uri().host()).unwrap_or_default();
    let bucket = Some(host).filter(|_| model.hosts).and_then(rest::bucket_of_host);
    let Some(bucket) = bucket else {
        return Cow::Borrowed(request);
    };
    let mut moved = request.clone();
    let rest = request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    if let Ok(uri) = format!("/{bucket}{rest}").parse() {
        *moved.uri_mut() = uri;
    }
    Cow::Owned(moved)
}

/// The name of the operation that a request asks for.
#[must_use]
pub fn operation(model: &Model, protocol: Protocol, request: &Request<Bytes>, form: &Form) -> Asked {
    match protocol {
        Protocol::Ec2Query | Protocol::AwsQuery => {
            let (method, path) = (request.method(), request.uri().path());
            match form.get("Action") {
                _ if path != "/" || !(method == Method::GET || method == Method::POST) => {
                    Asked::Nothing(format!("{method} {path}"))
                }
                Some(action) => Asked::Operation(action.to_owned()),
                None => Asked::Nothing("Missing Action".to_owned()),
            }
        }
        Protocol::RestJson | Protocol::RestXml => match rest::route(model, request) {
            Some(name) => Asked::Operation(name),
            None => Asked::Nothing(format!("{} {}", request.method(), request.uri().path())),
        },
        Protocol::AwsJson => aws_json::operation(model, request),
        Protocol::RpcCbor => rpc_cbor::operation(model, request),
    }
}

/// The refusal of a request whose path and query no operation has, where its service has words of its own for it.
#[must_use]
pub fn misdirected(model: &Model, request: &Request<Bytes>) -> Option<Refusal> {
    Some(model).filter(|model| model.hosts).and_then(|model| subresource::refused(model, request))
}

/// Whether a host's name begins with a bucket's.
pub(crate) fn names_bucket(host: &str) -> bool {
    rest::bucket_of_host(host).is_some()
}

/// Bytes of a body that are read. AWS says no limit for all; its largest parameters, policies and user data, are
/// far below.
pub(crate) const LARGEST: usize = 1 << 20;

/// Bytes of an object, or of a part of one, that are read at once.
pub(crate) const LARGEST_OBJECT: usize = 64 << 20;

/// Whether a request can be one that brings an object or a part of one: it is a PUT that is signed for S3. What it
/// is in truth is seen when it is read.
pub(crate) fn may_be_object(request: &http::request::Parts) -> bool {
    let header = request.headers.get(http::header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let query = request.uri.query().unwrap_or_default();
    let signed = header.is_some_and(|text| text.contains("/s3/aws4_request")) || query.contains("%2Fs3%2Faws4_request");
    request.method == Method::PUT && signed
}

/// The refusal of a body of this size, where it is longer than is read, as its service has it.
///
/// EC2's page of errors has none of this, and it is refused as the others do, without their suffix. What S3 takes up to
/// 5 GB of is not simulated at that size.
/// <https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html>,
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
pub(crate) fn too_large(model: &Model, operation: &str, size: usize) -> Option<Refusal> {
    let object = model.hosts && matches!(operation, "PutObject" | "UploadPart");
    let most = if object { LARGEST_OBJECT } else { LARGEST };
    if size <= most {
        return None;
    }
    let message = format!("The request is larger than {most} bytes.");
    Some(match model.protocol {
        _ if object => Refusal::not_simulated(format!("{} {operation} of more than {most} bytes", model.service)),
        Protocol::RestXml => Refusal::new("MaxMessageLengthExceeded", "Your request was too large.").status(400),
        Protocol::Ec2Query => Refusal::new("RequestEntityTooLarge", message).status(413),
        _ => Refusal::new("RequestEntityTooLargeException", message).status(413),
    })
}

/// Refuses a request before its members are looked at: what its protocol can't carry or its client won't take.
///
/// # Errors
/// The protocol's own refusal.
pub fn carried(
    model: &Model,
    protocol: Protocol,
    operation: &Operation,
    request: &Request<Bytes>,
    form: &Form,
) -> Result<(), Refusal> {
    match protocol {
        // <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>
        Protocol::Ec2Query | Protocol::AwsQuery => match form.flaw() {
            Some(flaw) => Err(Refusal::new("MalformedQueryString", flaw).status(400)),
            None => Ok(()),
        },
        Protocol::RestJson => rest::carried(model, operation, request),
        // Services that speak XML read a body whatever its type is said to be.
        Protocol::RestXml if model.hosts && rest::is_of_control(request) => {
            Err(Refusal::not_simulated("what is asked of S3 Control"))
        }
        Protocol::RestXml if model.hosts => checksum::carried(model, operation, request),
        Protocol::RestXml => Ok(()),
        Protocol::AwsJson => aws_json::carried(model, request),
        Protocol::RpcCbor => rpc_cbor::carried(request),
    }
}

/// Decodes and checks a request's members.
///
/// # Errors
/// Everything in it that the API model does not allow.
pub fn decode(
    model: &Model,
    protocol: Protocol,
    operation: &Operation,
    request: &Request<Bytes>,
    form: &Form,
) -> Result<Value, Vec<Violation>> {
    let (value, violations) = read(model, protocol, operation, request, form);
    if violations.is_empty() { Ok(value) } else { Err(violations) }
}

/// A request's members as far as they can be read, with everything in it that the API model does not allow.
#[must_use]
pub fn read(
    model: &Model,
    protocol: Protocol,
    operation: &Operation,
    request: &Request<Bytes>,
    form: &Form,
) -> (Value, Vec<Violation>) {
    let mut check = Check { model, xml: protocol.is_xml(), violations: Vec::new() };
    let shape = model.input(operation);
    let value = match protocol {
        Protocol::Ec2Query => ec2_query::decode(&mut check, shape, form),
        Protocol::AwsQuery => aws_query::decode(&mut check, shape, form),
        Protocol::RestJson | Protocol::RestXml => rest::decode(&mut check, operation, shape, request),
        Protocol::AwsJson => aws_json::decode(&mut check, shape, request),
        Protocol::RpcCbor => rpc_cbor::decode(&mut check, shape, request),
    };
    (value, check.violations)
}

/// What a request has beside its API's members, and what AWS refuses of it.
///
/// A member that no API has is refused by EC2 (`UnknownParameter`,
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>), and by services that hold an XML
/// document to its schema. All others read the members that they know. Whether the newest API has one that this table
/// lacks can't be told from a slip, so it is answered not simulated, where AWS would have refused nothing else.
#[must_use]
pub fn passed_over(model: &Model, protocol: Protocol, violations: Vec<Violation>) -> (Vec<String>, Vec<Violation>) {
    // What S3 does not know of a query may be a sub-resource.
    let asks = |it: &Violation| model.hosts && it.path == it.wire;
    let is_left = |it: &Violation| match protocol {
        Protocol::Ec2Query => false,
        Protocol::RestXml => asks(it),
        _ => true,
    };
    let (unknown, refused): (Vec<_>, Vec<_>) =
        violations.into_iter().partition(|it| it.flaw == Flaw::Unknown && is_left(it));
    (unknown.into_iter().map(|it| it.wire).collect(), refused)
}

/// An answer that the API model does not know: a defect of the simulator, never of a client.
#[derive(Debug, thiserror::Error)]
#[error("the answer holds {path}, which the API model does not allow: {why}")]
pub struct EncodeError {
    path: String,
    why: String,
}

/// Encodes an answer.
///
/// # Errors
/// When the answer is not of the operation's output shape.
pub fn encode(
    model: &Model,
    protocol: Protocol,
    name: &str,
    operation: &Operation,
    answer: &Value,
    request_id: &str,
) -> Result<Response<Bytes>, EncodeError> {
    match protocol {
        Protocol::Ec2Query => ec2_query::encode(model, name, operation, answer, request_id),
        Protocol::AwsQuery => aws_query::encode(model, name, operation, answer, request_id),
        Protocol::RestJson | Protocol::RestXml => rest::encode(model, operation, answer, request_id),
        Protocol::AwsJson => aws_json::encode(model, operation, answer, request_id),
        Protocol::RpcCbor => rpc_cbor::encode(model, operation, answer, request_id),
    }
}

/// Encodes a refusal.
#[must_use]
pub fn encode_refusal(model: &Model, protocol: Protocol, refusal: &Refusal, request_id: &str) -> Response<Bytes> {
    let declared = model.errors.get(refusal.code.as_ref()).copied().unwrap_or(400);
    // What an error's status was in the query protocol it no longer is in those that came after.
    let status = match refusal.status {
        Some(status) => status,
        None if model.query_errors && protocol != Protocol::AwsQuery => {
            if declared < 500 {
                400
            } else {
                500
            }
        }
        None => declared,
    };
    match protocol {
        Protocol::Ec2Query => ec2_query::encode_refusal(model, refusal, status, request_id),
        Protocol::AwsQuery => aws_query::encode_refusal(model, refusal, status, request_id),
        Protocol::RestJson | Protocol::RestXml => rest::encode_refusal(model, refusal, status, request_id),
        Protocol::AwsJson => aws_json::encode_refusal(model, refusal, status, request_id),
        Protocol::RpcCbor => rpc_cbor::encode_refusal(model, refusal, status, request_id),
    }
}

/// A response of which only the parts given here can vary, so that building it cannot fail.
pub(crate) fn response(status: u16, content_type: &'static str, body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static(content_type));
    response
}

/// A content type without its parameters.
fn essence(kind: &str) -> &str {
    kind.split(';').next().unwrap_or(kind).trim()
}

fn name_request(model: &Model, answer: &mut Response<Bytes>, request_id: &str) {
    // <https://docs.aws.amazon.com/AmazonS3/latest/API/RESTCommonResponseHeaders.html>
    let host = host_id(request_id);
    let names: &[(&'static str, &str)] = if model.hosts {
        &[("x-amz-request-id", request_id), ("x-amz-id-2", &host)]
    } else {
        &[("x-amzn-requestid", request_id)]
    };
    for (name, text) in names {
        if let Ok(id) = http::HeaderValue::from_str(text) {
            answer.headers_mut().insert(*name, id);
        }
    }
}

/// The second id that S3 gives a request, which says nothing to anyone but AWS.
fn host_id(request_id: &str) -> String {
    base64_encode(&Sha256::digest(request_id))
}

/// The checks that are the same in every protocol.
struct Check<'m> {
    model: &'m Model,
    /// Whether texts come and go in XML, which can't carry every character.
    xml: bool,
    violations: Vec<Violation>,
}

/// Where a value stands, in both namings.
#[derive(Clone)]
struct Place {
    path: String,
    wire: String,
}

impl Place {
    fn top() -> Self {
        Place { path: String::new(), wire: String::new() }
    }

    fn member(&self, name: &str, wire: &str) -> Place {
        Place { path: join(&self.path, name), wire: join(&self.wire, wire) }
    }

    /// An item of a list by its number, or a value of a map by its key: what AWS calls the member of it.
    fn item(&self, name: &str, wire: &str) -> Place {
        self.member(&format!("{name}.member"), wire)
    }
}

fn join(left: &str, right: &str) -> String {
    if left.is_empty() { right.to_owned() } else { format!("{left}.{right}") }
}

impl Check<'_> {
    fn flaw(&mut self, place: &Place, given: &str, flaw: Flaw) {
        self.violations.push(Violation {
            path: place.path.clone(),
            wire: place.wire.clone(),
            given: Some(given.to_owned()),
            flaw,
            within: None,
        });
    }

    /// A flaw of a value of this shape, which is kept out of the message where it is sensitive.
    fn flaw_of(&mut self, shape: &Shape, place: &Place, given: &str, flaw: Flaw) {
        self.flaw(place, given, flaw);
        if let Some(violation) = self.violations.last_mut().filter(|_| shape.sensitive) {
            violation.given = None;
        }
    }

    /// Reads a scalar of a list or map, so that it is refused as a part of it.
    fn part<T>(&mut self, part: Part, shape: &Shape, whole: &Place, read: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.violations.len();
        let found = read(self);
        let limits = limits(shape);
        if !limits.is_empty() {
            for violation in self.violations[before..].iter_mut().filter(|one| one.flaw.is_limit()) {
                let (path, limits) = (whole.path.clone(), limits.clone());
                violation.within.get_or_insert(Within { part, path, given: None, limits });
            }
        }
        found
    }

    /// Checks how many items a list or map has, now that it is read, and shows it where one of its scalars is refused.
    fn whole(&mut self, shape: &Shape, value: &Value, place: &Place) {
        let items = match value {
            Value::List(items) => items.len(),
            Value::Record(entries) => entries.len(),
            _ => return,
        };
        let given = shown(self.model, "", shape, value);
        for violation in &mut self.violations {
            if let Some(within) = violation.within.as_mut().filter(|within| within.path == place.path) {
                within.given = Some(given.clone()).filter(|_| !shape.sensitive);
            }
        }
        self.count(shape, items, &given, place);
    }

    /// A scalar from text, as query protocols, paths and headers carry it; timestamps in this format.
    fn scalar(&mut self, shape: &Shape, format: TimestampFormat, text: &str, place: &Place) -> Value {
        match shape.kind {
            Kind::String => self.text(shape, text, place),
            Kind::Boolean => match text {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                _ => self.not_a("boolean", text, place),
            },
            Kind::Byte | Kind::Short | Kind::Integer | Kind::Long => match integer(text) {
                Some(number) => self.integer(shape, number, place),
                None => self.not_a("integer", text, place),
            },
            Kind::Float | Kind::Double => match special(text).or_else(|| number(text)) {
                Some(number) => self.float(shape, number, place),
                None => self.not_a("number", text, place),
            },
            Kind::Timestamp => match timestamp::read(format, text) {
                Some(moment) => Value::Time(moment),
                None => self.not_a("timestamp", text, place),
            },
            Kind::Blob => match base64_decode(text) {
                Some(bytes) => self.blob(shape, bytes, place),
                None => {
                    self.flaw_of(shape, place, text, Flaw::NotA("base64 text"));
                    Value::Absent
                }
            },
            Kind::Structure => self.not_a("structure", text, place),
            Kind::List => self.not_a("list", text, place),
            Kind::Map => self.not_a("map", text, place),
            Kind::Document => self.not_a("document", text, place),
        }
    }

    fn float(&mut self, shape: &Shape, number: f64, place: &Place) -> Value {
        if shape.kind == Kind::Float && number.is_finite() && number.abs() > f64::from(f32::MAX) {
            return self.not_a("number", &number.to_string(), place);
        }
        if let Some(least) = shape.min.filter(|least| number < *least) {
            self.flaw(place, &number.to_string(), Flaw::TooSmall(least));
        }
        if let Some(most) = shape.max.filter(|most| number > *most) {
            self.flaw(place, &number.to_string(), Flaw::TooLarge(most));
        }
        Value::Float(number)
    }

    fn blob(&mut self, shape: &Shape, bytes: Vec<u8>, place: &Place) -> Value {
        let given = shown_bytes(bytes.len());
        self.count(shape, bytes.len(), &given, place);
        Value::Blob(bytes)
    }

    /// Reports a text where only parts of something can be. An empty one says that it has none.
    fn no_text(&mut self, node: &form::Node, kind: &'static str, place: &Place) {
        if let Some(text) = node.text.as_deref().filter(|text| !text.is_empty()) {
            self.not_a(kind, text, place);
        }
    }

    fn not_a(&mut self, kind: &'static str, given: &str, place: &Place) -> Value {
        self.flaw(place, given, Flaw::NotA(kind));
        Value::Absent
    }

    /// Reports JSON of another kind than a member's; for what AWS has no known words it is none of the member's.
    fn mistyped(&mut self, kind: Kind, found: &serde_json::Value, place: &Place) -> Value {
        match json::mismatch(kind, found) {
            Some(words) => self.flaw(place, &found.to_string(), Flaw::Mistyped(words)),
            None => self.flaw(place, &found.to_string(), Flaw::NotA(kind.word())),
        }
        Value::Absent
    }

    fn text(&mut self, shape: &Shape, text: &str, place: &Place) -> Value {
        let length = text.chars().count() as f64;
        if !shape.values.is_empty() && !shape.values.iter().any(|value| value == text) {
            self.flaw_of(shape, place, text, Flaw::NotOneOf(shape.values.clone()));
        }
        if let Some(least) = shape.min.filter(|least| length < *least) {
            self.flaw_of(shape, place, text, Flaw::TooShort(least));
        }
        if let Some(most) = shape.max.filter(|most| length > *most) {
            self.flaw_of(shape, place, text, Flaw::TooLong(most));
        }
        if !shape.matches(text) {
            self.flaw_of(shape, place, text, Flaw::Pattern(shape.pattern.clone().unwrap_or_default()));
        } else if self.xml && !text.chars().all(xml::carries) {
            self.flaw_of(shape, place, text, Flaw::Pattern(xml::CARRIED.to_owned()));
        }
        Value::Text(text.to_owned())
    }

    fn integer(&mut self, shape: &Shape, number: i64, place: &Place) -> Value {
        let fits = match shape.kind {
            Kind::Byte => i8::try_from(number).is_ok(),
            Kind::Short => i16::try_from(number).is_ok(),
            Kind::Integer => i32::try_from(number).is_ok(),
            _ => true,
        };
        if !fits {
            return self.not_a("integer", &number.to_string(), place);
        }
        if let Some(least) = shape.min.filter(|least| (number as f64) < *least) {
            self.flaw(place, &number.to_string(), Flaw::TooSmall(least));
        }
        if let Some(most) = shape.max.filter(|most| (number as f64) > *most) {
            self.flaw(place, &number.to_string(), Flaw::TooLarge(most));
        }
        Value::Integer(number)
    }

    fn count(&mut self, shape: &Shape, items: usize, given: &str, place: &Place) {
        if let Some(least) = shape.min.filter(|least| (items as f64) < *least) {
            self.flaw_of(shape, place, given, Flaw::TooShort(least));
        }
        if let Some(most) = shape.max.filter(|most| (items as f64) > *most) {
            self.flaw_of(shape, place, given, Flaw::TooLong(most));
        }
    }

    /// Reports the required members that a structure lacks.
    fn required(&mut self, shape: &Shape, members: &Record, place: &Place) {
        for name in &shape.required {
            if !members.contains_key(name) {
                let wire = shape.members.get(name).map_or(name.as_str(), |member| member.wire_name(name));
                let missing = place.member(name, wire);
                self.flaw(&missing, "", Flaw::Missing);
            }
        }
    }
}

/// The limits of a scalar; none of what is no scalar.
fn limits(shape: &Shape) -> Vec<Flaw> {
    let least_and_most: [fn(f64) -> Flaw; 2] = match shape.kind {
        Kind::Structure | Kind::List | Kind::Map | Kind::Document => return Vec::new(),
        Kind::String | Kind::Blob => [Flaw::TooShort, Flaw::TooLong],
        _ => [Flaw::TooSmall, Flaw::TooLarge],
    };
    let [least, most] = least_and_most;
    let values = Some(&shape.values).filter(|values| !values.is_empty());
    let all = [
        shape.max.map(most),
        shape.min.map(least),
        values.map(|values| Flaw::NotOneOf(values.clone())),
        shape.pattern.clone().map(Flaw::Pattern),
    ];
    all.into_iter().flatten().collect()
}

/// What was given as AWS's refusals show it: as Java writes it, a structure with all the members that it could have.
fn shown(model: &Model, name: &str, shape: &Shape, value: &Value) -> String {
    let inner = |member: &Option<Member>, value: &Value| match member {
        Some(member) => shown(model, &member.shape, model.shape(&member.shape), value),
        None => "null".to_owned(),
    };
    match value {
        Value::Absent => "null".to_owned(),
        // As Java's SDK has it.
        _ if shape.sensitive => "***Sensitive Data Redacted***".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => float_text(*number),
        Value::Text(text) => text.clone(),
        Value::Blob(bytes) => shown_bytes(bytes.len()),
        Value::Time(moment) => moment.to_string(),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(|item| inner(&shape.member, item)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Record(entries) if shape.kind == Kind::Map => {
            let pair = |(key, value): (&String, &Value)| format!("{key}={}", inner(&shape.value, value));
            format!("{{{}}}", entries.iter().map(pair).collect::<Vec<_>>().join(", "))
        }
        Value::Record(_) => {
            let named = |(name, member): (&String, &Member)| {
                let found = shown(model, &member.shape, model.shape(&member.shape), value.get(name));
                format!("{}={found}", lower_camel(name))
            };
            format!("{name}({})", shape.members.iter().map(named).collect::<Vec<_>>().join(", "))
        }
    }
}

fn shown_bytes(length: usize) -> String {
    format!("java.nio.HeapByteBuffer[pos=0 lim={length} cap={length}]")
}

/// What AWS answers although its own model does not list it.
///
/// An internet gateway's attachment is `available`, never `attached`: the example of
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInternetGateways.html>. A VPC endpoint's states
/// have small letters: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcEndpoints.html>.
///
/// A NAT gateway's interface is a `nat_gateway`, as the filter `interface-type` of
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeNetworkInterfaces.html> calls it.
const BEYOND_THE_MODEL: &[(&str, &str)] = &[
    ("NetworkInterfaces.InterfaceType", "nat_gateway"),
    ("InternetGateways.Attachments.State", "available"),
    ("VpcEndpoint.State", "available"),
    ("VpcEndpoint.State", "pending"),
    ("VpcEndpoints.State", "available"),
    ("VpcEndpoints.State", "deleting"),
    ("VpcEndpoints.State", "pending"),
];

/// Checks that an answer's scalar is of its shape, so that a slip in a handler shows in every test.
fn fits(shape: &Shape, value: &Value, path: &str) -> Result<(), EncodeError> {
    let wrong = |why: String| Err(EncodeError { path: path.to_owned(), why });
    match (shape.kind, value) {
        (Kind::String, Value::Text(text)) => {
            let known = shape.values.is_empty() || shape.values.iter().any(|known| known == text);
            if known || BEYOND_THE_MODEL.iter().any(|(place, value)| path.ends_with(place) && value == text) {
                Ok(())
            } else {
                wrong(format!("{text} is none of its values"))
            }
        }
        (Kind::Boolean, Value::Bool(_))
        | (Kind::Byte | Kind::Short | Kind::Integer | Kind::Long, Value::Integer(_))
        | (Kind::Float | Kind::Double, Value::Float(_) | Value::Integer(_))
        | (Kind::Blob, Value::Blob(_))
        | (Kind::Timestamp, Value::Time(_)) => Ok(()),
        (kind, value) => wrong(format!("{value:?} is no {kind:?}")),
    }
}

/// An integer as JSON writes it.
fn integer(text: &str) -> Option<i64> {
    text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-').then(|| text.parse().ok()).flatten()
}

/// A finite number as JSON writes it.
fn number(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E'));
    let starts = text.starts_with(|first: char| first.is_ascii_digit() || first == '-');
    (plain && starts).then(|| text.parse::<f64>().ok()).flatten().filter(|number| number.is_finite())
}

/// The numbers that JSON has no digits for, in the words of AWS's protocols.
fn special(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

/// A number in the words of AWS's protocols.
fn float_text(number: f64) -> String {
    if number.is_nan() {
        "NaN".to_owned()
    } else if number.is_infinite() {
        if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned()
    } else {
        number.to_string()
    }
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Bytes as base64 with padding.
#[must_use]
pub fn base64_encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0_u32, |sum, byte| (sum << 8) | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            if place <= chunk.len() {
                text.push(char::from(ALPHABET[(group >> (18 - 6 * place)) as usize & 63]));
            } else {
                text.push('=');
            }
        }
    }
    text
}

/// The bytes of a base64 text; none where it is no such text.
#[must_use]
pub fn base64_decode(text: &str) -> Option<Vec<u8>> {
    let stripped: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    if !stripped.len().is_multiple_of(4) {
        return None;
    }
    let body = stripped.strip_suffix(b"==").or_else(|| stripped.strip_suffix(b"=")).unwrap_or(&stripped);
    let (mut bytes, mut sum, mut bits) = (Vec::with_capacity(body.len() * 3 / 4), 0_u32, 0);
    let digits: [Option<u8>; 256] = std::array::from_fn(|byte| {
        let place = ALPHABET.iter().position(|known| usize::from(*known) == byte);
        place.and_then(|place| u8::try_from(place).ok())
    });
    for byte in body {
        sum = (sum << 6) | u32::from(digits[usize::from(*byte)]?);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((sum >> bits) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_goes_both_ways_at_every_remainder() {
        for length in 0..8_u8 {
            let bytes: Vec<u8> = (0..length).map(|byte| byte.wrapping_mul(97)).collect();
            assert_eq!(base64_decode(&base64_encode(&bytes)), Some(bytes));
        }
        assert_eq!(base64_encode(b"hello"), "aGVsbG8=");
        assert_eq!(base64_decode("a!=="), None);
    }

    /// What a service says of a request that its API does not allow.
    fn said(table: &str, name: &str, request: Request<Bytes>) -> String {
        let model = Model::parse(table);
        let form = Form::of(&request);
        let found = decode(&model, spoken(&model, &request), &model.operations[name], &request, &form);
        validation_message(&found.expect_err("the API does not allow it"))
    }

    fn of_json(body: &serde_json::Value) -> Request<Bytes> {
        Request::post("/").header("x-amz-target", "it").body(Bytes::from(body.to_string())).unwrap()
    }

    /// <https://github.com/localstack/localstack/blob/main/tests/aws/services/kms/test_kms.snapshot.json> has KMS's,
    /// <https://github.com/ministryofjustice/cloud-platform-environments/pull/22667> IAM's.
    #[test]
    fn an_item_of_a_list_is_named_as_its_member() {
        let long = "a".repeat(129);
        let tags = serde_json::json!({ "Tags": [{ "TagKey": long, "TagValue": "" }] });
        let of_kms = said(include_str!("models/kms.json"), "CreateKey", of_json(&tags));
        let place = "at 'tags.1.member.tagKey' failed to satisfy constraint";
        let why = "Member must have length less than or equal to 128";
        assert_eq!(of_kms, format!("1 validation error detected: Value '{long}' {place}: {why}"));
        for form in ["Tags.member.2.Key=a&Tags.member.2.Value=%26", "Tags.member.1.Key=a&Tags.member.1.Value=%26"] {
            let request = Request::post("/").header("content-type", "application/x-www-form-urlencoded");
            let body = Bytes::from(format!("Action=TagRole&RoleName=r&{form}"));
            let of_iam = said(include_str!("models/iam.json"), "TagRole", request.body(body).unwrap());
            let number = &form[12..13];
            let start = format!("1 validation error detected: Value '&' at 'tags.{number}.member.value' failed to");
            assert!(of_iam.starts_with(&start), "{of_iam}");
        }
    }

    /// <https://github.com/aws-actions/amazon-ecr-login#troubleshooting> and
    /// <https://github.com/SWO-GS/auto-tag/issues/77> have such of a list and of a map.
    #[test]
    fn of_scalars_the_whole_is_named_once_with_every_limit_of_theirs() {
        let table = include_str!("models/logs.json");
        let arn = "arn:aws:logs:us-east-1:000000000000:log-group:g";
        let keys = serde_json::json!({ "resourceArn": arn, "tagKeys": ["a!", "b", "c!"] });
        let of_list = said(table, "UntagResource", of_json(&keys));
        assert_eq!(
            of_list,
            "1 validation error detected: Value '[a!, b, c!]' at 'tagKeys' failed to satisfy constraint: Member must \
             satisfy constraint: [Member must have length less than or equal to 128, Member must have length greater \
             than or equal to 1, Member must satisfy regular expression pattern: ^([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+)$]"
        );
        let of_map =
            said(table, "TagResource", of_json(&serde_json::json!({ "resourceArn": arn, "tags": {"a": "!"} })));
        let start = "1 validation error detected: Value '{a=!}' at 'tags' failed to satisfy constraint: Map value must \
                     satisfy constraint: [Member must have length less than or equal to 256, ";
        assert!(of_map.starts_with(start), "{of_map}");
    }

    /// <https://github.com/localstack/localstack/blob/main/tests/aws/services/logs/test_logs_metric_filters.snapshot.json>
    #[test]
    fn a_list_that_is_too_long_is_shown_with_every_member_of_its_structures() {
        let tags: Vec<_> = (0..201).map(|_| serde_json::json!({ "Key": "a" })).collect();
        let request =
            serde_json::json!({ "ResourceArn": "arn:aws:budgets::000000000000:budget/b", "ResourceTags": tags });
        let told = said(include_str!("models/budgets.json"), "TagResource", of_json(&request));
        assert!(told.contains("Value '[ResourceTag(key=a, value=null), ResourceTag(key=a, value=null), "), "{told}");
    }

    #[test]
    fn violations_read_as_the_services_write_them() {
        let flaw = Flaw::Pattern(r"[\w]+".to_owned());
        let one = Violation {
            path: "RoleName".into(),
            wire: "RoleName".into(),
            given: Some("a b".into()),
            flaw,
            within: None,
        };
        let text = "1 validation error detected: Value 'a b' at 'roleName' failed to satisfy constraint: \
                    Member must satisfy regular expression pattern: [\\w]+";
        assert_eq!(validation_message(&[one]), text);
    }
}
