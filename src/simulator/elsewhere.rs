//! The answer to a request for a service that is not simulated at all.
//!
//! Nothing is known of such a service but what its request shows: the protocol by which its client will read the
//! answer. <https://smithy.io/2.0/aws/protocols/index.html> has how each carries an error.

use bytes::Bytes;
use http::{HeaderValue, Request, Response};

use crate::protocol::{Form, response};
use crate::refusal::NOT_SIMULATED;

/// A protocol as a request shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    Query,
    AwsJson(&'static str),
    Cbor,
    /// REST with XML, whose error stands alone as S3's does, or in a response.
    RestXml {
        wrapped: bool,
    },
    RestJson,
}

impl Shown {
    fn of(request: &Request<Bytes>, form: &Form, service: &str) -> Shown {
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let is_xml = |name: &str| header(name).contains("xml");
        match service {
            _ if header("smithy-protocol") == "rpc-v2-cbor" => Shown::Cbor,
            _ if request.headers().contains_key("x-amz-target") => {
                Shown::AwsJson(if header("content-type").ends_with("1.0") { JSON_1_0 } else { JSON_1_1 })
            }
            _ if form.get("Action").is_some() => Shown::Query,
            "s3" | "s3express" | "s3-outposts" | "s3-object-lambda" => Shown::RestXml { wrapped: false },
            "route53" | "cloudfront" => Shown::RestXml { wrapped: true },
            _ if is_xml("content-type") || is_xml("accept") => Shown::RestXml { wrapped: true },
            _ => Shown::RestJson,
        }
    }
}

const JSON_1_0: &str = "application/x-amz-json-1.0";
const JSON_1_1: &str = "application/x-amz-json-1.1";

/// What the request asks for, as far as it says.
pub(crate) fn operation(request: &Request<Bytes>, form: &Form) -> String {
    let target = request.headers().get("x-amz-target").and_then(|value| value.to_str().ok());
    let named = target.map(|target| target.rsplit('.').next().unwrap_or(target)).or_else(|| form.get("Action"));
    let path = request.uri().path();
    let rpc = || path.split_once("/operation/").map(|(_, operation)| operation);
    named.or_else(rpc).map_or_else(|| format!("{} {path}", request.method()), str::to_owned)
}

/// The answer in the shape of the request's protocol.
pub(crate) fn answer(request: &Request<Bytes>, form: &Form, service: &str, request_id: &str) -> Response<Bytes> {
    let message = format!("the service {service} is not simulated");
    let json = || serde_json::json!({ "__type": NOT_SIMULATED, "message": message }).to_string();
    let error = |kind: &str| {
        let message = escaped(&message);
        format!("<Error>{kind}<Code>{NOT_SIMULATED}</Code><Message>{message}</Message>")
    };
    let id = format!("<RequestId>{request_id}</RequestId>");
    let receiver = "<Type>Receiver</Type>";
    let mut answer = match Shown::of(request, form, service) {
        Shown::Query => {
            response(STATUS, "text/xml", format!("<ErrorResponse>{}</Error>{id}</ErrorResponse>", error(receiver)))
        }
        Shown::RestXml { wrapped: true } => {
            let text = format!("{XML}<ErrorResponse>{}</Error>{id}</ErrorResponse>", error(receiver));
            response(STATUS, "application/xml", text)
        }
        Shown::RestXml { wrapped: false } => {
            response(STATUS, "application/xml", format!("{XML}{}{id}</Error>", error("")))
        }
        Shown::AwsJson(content_type) => response(STATUS, content_type, json()),
        Shown::RestJson => response(STATUS, "application/json", json()),
        Shown::Cbor => response(STATUS, "application/cbor", cbor(&[("__type", NOT_SIMULATED), ("message", &message)])),
    };
    let headers = answer.headers_mut();
    match Shown::of(request, form, service) {
        Shown::RestJson => {
            headers.insert("x-amzn-errortype", HeaderValue::from_static(NOT_SIMULATED));
        }
        Shown::Cbor => {
            headers.insert("smithy-protocol", HeaderValue::from_static("rpc-v2-cbor"));
        }
        Shown::Query | Shown::AwsJson(_) | Shown::RestXml { .. } => {}
    }
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert("x-amzn-requestid", id);
    }
    answer
}

/// Not implemented, as for all that is not simulated.
const STATUS: u16 = 501;
const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// The service's name comes from the request, and can be anything.
fn escaped(text: &str) -> String {
    let plain = text.chars().map(|letter| if letter.is_control() { '\u{FFFD}' } else { letter }).collect::<String>();
    plain.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A map of fewer than 24 texts, each shorter than 64 KiB (<https://www.rfc-editor.org/rfc/rfc8949.html#section-3.1>).
fn cbor(members: &[(&str, &str)]) -> Vec<u8> {
    let count = u8::try_from(members.len()).unwrap_or(0);
    let mut bytes = vec![0xa0 | count];
    for text in members.iter().flat_map(|(name, value)| [name, value]) {
        let shown: String = text.chars().take(4096).collect();
        bytes.push(0x79);
        bytes.extend(u16::try_from(shown.len()).unwrap_or(0).to_be_bytes());
        bytes.extend(shown.as_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(service: &str, headers: &[(&str, &str)], body: &'static str) -> Shown {
        let mut request = Request::post("http://localhost/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Bytes::from_static(body.as_bytes())).unwrap();
        Shown::of(&request, &Form::of(&request), service)
    }

    #[test]
    fn a_request_shows_its_protocol() {
        let form = ("content-type", "application/x-www-form-urlencoded");
        assert_eq!(shown("sns", &[form], "Action=ListTopics&Version=2010-03-31"), Shown::Query);
        let json = ("content-type", "application/x-amz-json-1.0");
        assert_eq!(shown("dynamodb", &[("x-amz-target", "D.ListTables"), json], "{}"), Shown::AwsJson(JSON_1_0));
        assert_eq!(shown("kms", &[("x-amz-target", "T.ListKeys")], "{}"), Shown::AwsJson(JSON_1_1));
        assert_eq!(shown("monitoring", &[("smithy-protocol", "rpc-v2-cbor")], ""), Shown::Cbor);
        assert_eq!(shown("s3", &[], ""), Shown::RestXml { wrapped: false });
        assert_eq!(shown("route53", &[], ""), Shown::RestXml { wrapped: true });
        assert_eq!(shown("other", &[("accept", "application/xml")], ""), Shown::RestXml { wrapped: true });
        assert_eq!(shown("lambda", &[], ""), Shown::RestJson);
    }

    #[test]
    fn what_a_service_calls_itself_cannot_break_the_answer() {
        let request = Request::get("http://localhost/").header("accept", "text/xml").body(Bytes::new()).unwrap();
        let answer = answer(&request, &Form::of(&request), "<a&\u{1b}>", "id");
        let text = String::from_utf8_lossy(answer.body()).into_owned();
        assert!(text.contains("the service &lt;a&amp;\u{FFFD}&gt; is not simulated"), "{text}");
    }

    #[test]
    fn texts_longer_than_a_request_may_be_make_no_broken_map() {
        let long = "\u{1F600}".repeat(30_000);
        let bytes = cbor(&[("a", &long)]);
        assert_eq!(bytes.len(), 1 + 3 + 1 + 3 + 4 * 4096);
        assert_eq!(bytes[5..8], [0x79, 0x40, 0x00]);
    }
}
