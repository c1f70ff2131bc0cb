//! Whether an answer is one that its service's protocol has.

use bytes::Bytes;
use ciborium::Value as Cbor;
use fathuss_simulator::model::Protocol;
use http::Response;
use serde_json::Value as Json;

use crate::tree;

/// The error's code, the status where HEAD asked; none for a success.
///
/// # Errors
/// What is not as the protocol has it.
pub fn code(answer: &Response<Bytes>, protocol: Protocol, is_head: bool) -> Result<Option<String>, String> {
    let status = answer.status().as_u16();
    let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    if header("x-fathuss-now").is_empty() {
        return Err("it does not say what time it is".to_owned());
    }
    let named = [header("x-amzn-requestid"), header("x-amz-request-id")].concat();
    if protocol == Protocol::RpcCbor {
        let body: Option<Cbor> = ciborium::from_reader(answer.body().as_ref()).ok();
        let members = match body {
            Some(Cbor::Map(members)) => members,
            _ if answer.body().is_empty() => Vec::new(),
            _ => return Err(format!("it is no CBOR map: {:?}", answer.body())),
        };
        let code = members.iter().find(|(key, _)| key.as_text() == Some("__type"));
        let code = code.and_then(|(_, code)| code.as_text()).unwrap_or_default().to_owned();
        return verdict(status, code, &named, "CBOR");
    }
    let content = header("content-type");
    // What is read of an object is no document, and what answers nothing has no body.
    let is_object = status < 300 && (!content.contains("xml") || answer.body().is_empty());
    let is_nothing = protocol == Protocol::RestJson && status < 300 && answer.body().is_empty();
    if is_nothing || protocol == Protocol::RestXml && is_object {
        return verdict(status, String::new(), &named, "an object");
    }
    // An answer to HEAD has no body to name an error in.
    if is_head && answer.body().is_empty() {
        return verdict(status, answer.status().as_str().to_owned(), &named, "an answer to HEAD");
    }
    let body = std::str::from_utf8(answer.body()).map_err(|error| error.to_string())?;
    let (code, id) = if protocol == Protocol::AwsJson && content.starts_with("application/x-amz-json") {
        let json: Json = match body {
            // What answers nothing has no body.
            "" => Json::Null,
            body => serde_json::from_str(body).map_err(|error| format!("{error} in {body}"))?,
        };
        (json["__type"].as_str().unwrap_or_default().to_owned(), named)
    } else if content.starts_with("application/json") {
        let json: Json = serde_json::from_str(body).map_err(|error| format!("{error} in {body}"))?;
        let id = match header("x-amzn-requestid") {
            id if id.is_empty() => json["requestId"].as_str().unwrap_or_default().to_owned(),
            id => id,
        };
        (header("x-amzn-errortype"), id)
    } else {
        if !tree::alike(body, body).map_err(|error| format!("{error} in {body}"))? {
            return Err(format!("it is not itself: {body}"));
        }
        let element = body.trim_start_matches("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n").trim_start_matches('<');
        let name = element.split([' ', '>']).next().unwrap_or_default();
        let wanted = match status {
            // Services that speak REST name an answer as they like.
            ..300 => name.ends_with("Response") || protocol == Protocol::RestXml,
            _ => matches!(name, "Response" | "ErrorResponse" | "Error"),
        };
        if !wanted {
            return Err(format!("its element is {name}"));
        }
        (tree::text_of(body, "Code").unwrap_or_default(), tree::request_id(body).unwrap_or(named))
    };
    verdict(status, code, &id, body)
}

/// What a status and a code say together.
fn verdict(status: u16, code: String, id: &str, body: &str) -> Result<Option<String>, String> {
    if id.len() != 36 {
        return Err(format!("its request id is {id:?}"));
    }
    match status {
        200..=299 => Ok(None),
        // What the simulator has not built is said with 501; anything else of its own would be a defect.
        400..=499 | 501 if !code.is_empty() => Ok(Some(code)),
        _ => Err(format!("{status} {code}: {body}")),
    }
}
