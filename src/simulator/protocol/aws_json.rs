//! The protocol of KMS, Secrets Manager, CloudWatch Logs and their like: the operation in a header, JSON bodies both
//! ways, in its versions 1.0 and 1.1. <https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html>

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response};
use serde_json::Value as Json;

use super::{Asked, Check, EncodeError, Place, essence, json, name_request, response};
use crate::model::{Model, Operation, Shape};
use crate::refusal::Refusal;
use crate::strict_json;
use crate::value::{Record, Value};

/// The operation that the header names.
pub(super) fn operation(model: &Model, request: &Request<Bytes>) -> Asked {
    let (method, path) = (request.method(), request.uri().path());
    if path != "/" || method != Method::POST {
        return Asked::Nothing(format!("{method} {path}"));
    }
    let target = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let prefix = model.target.as_deref().unwrap_or_default();
    match target.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('.')) {
        Some(name) if !name.is_empty() => Asked::Operation(name.to_owned()),
        _ => Asked::Nothing(target.to_owned()),
    }
}

/// Refuses a body of another type.
///
/// # Errors
/// As services refuse what they can't read.
pub(super) fn carried(model: &Model, request: &Request<Bytes>) -> Result<(), Refusal> {
    let given = request.headers().get(http::header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).map(essence);
    if given == Some(content_type(model)) {
        return Ok(());
    }
    let message = format!("The content type {} is not {}.", given.unwrap_or("(none)"), content_type(model));
    Err(Refusal::new("UnsupportedMediaTypeException", message).status(415))
}

fn content_type(model: &Model) -> &'static str {
    if model.json.as_deref() == Some("1.0") { "application/x-amz-json-1.0" } else { "application/x-amz-json-1.1" }
}

pub(super) fn decode(check: &mut Check<'_>, shape: &Shape, request: &Request<Bytes>) -> Value {
    let mut members = Record::new();
    match strict_json::parse(request.body()) {
        _ if request.body().is_empty() => {}
        Some(Json::Object(body)) => json::members(check, shape, &body, &Place::top(), false, &mut members),
        found => {
            // Of what can't be read nothing is known to be missing.
            json::no_object(check, found.as_ref());
            return Value::Record(members);
        }
    }
    check.required(shape, &members, &Place::top());
    Value::Record(members)
}

pub(super) fn encode(
    model: &Model,
    operation: &Operation,
    answer: &Value,
    request_id: &str,
) -> Result<Response<Bytes>, EncodeError> {
    // An operation that answers nothing has no body, not an empty object.
    let body = match &operation.output {
        Some(output) => Json::Object(json::object(model, model.shape(output), answer, "", false)?).to_string(),
        None => String::new(),
    };
    Ok(named(model, response(200, content_type(model), body), request_id))
}

pub(super) fn encode_refusal(model: &Model, refusal: &Refusal, status: u16, request_id: &str) -> Response<Bytes> {
    let mut body = json::refused(model, refusal);
    body.insert("__type".to_owned(), Json::from(model.error_name(&refusal.code)));
    let mut answer = response(status, content_type(model), Json::Object(body).to_string());
    if model.query_errors
        && let Ok(said) = HeaderValue::from_str(&query_error(refusal, status))
    {
        answer.headers_mut().insert("x-amzn-query-error", said);
    }
    named(model, answer, request_id)
}

/// The error as the query protocol has it, for the clients of a service that once spoke that:
/// <https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#awsquerycompatible-trait>
pub(super) fn query_error(refusal: &Refusal, status: u16) -> String {
    format!("{};{}", refusal.code, if status < 500 { "Sender" } else { "Receiver" })
}

fn named(model: &Model, mut answer: Response<Bytes>, request_id: &str) -> Response<Bytes> {
    name_request(model, &mut answer, request_id);
    answer
}
