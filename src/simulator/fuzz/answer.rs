//! Whether an answer is one that its service's protocol has.

use bytes::Bytes;
use http::Response;
use serde_json::Value as Json;

use crate::tree;

/// The error's code; none for a success.
///
/// # Errors
/// What is not as the protocol has it.
pub fn code(answer: &Response<Bytes>) -> Result<Option<String>, String> {
    let status = answer.status().as_u16();
    let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let body = std::str::from_utf8(answer.body()).map_err(|error| error.to_string())?;
    if header("x-fathuss-now").is_empty() {
        return Err("it does not say what time it is".to_owned());
    }
    let (code, id) = if header("content-type").starts_with("application/json") {
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
        let wanted =
            if status < 300 { name.ends_with("Response") } else { matches!(name, "Response" | "ErrorResponse") };
        if !wanted {
            return Err(format!("its element is {name}"));
        }
        (tree::text_of(body, "Code").unwrap_or_default(), tree::request_id(body).unwrap_or_default())
    };
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
