//! The answer to a request for a service that is not simulated at all.
//!
//! Nothing is known of such a service but what its request shows: the protocol by which its client will read the
//! answer. <https://smithy.io/2.0/aws/protocols/index.html> has how each carries an error.

use bytes::Bytes;
use http::{Request, Response};

use crate::model::{Model, Protocol};
use crate::protocol::{self, Form};
use crate::refusal::Refusal;

/// A table of nothing but the protocol that a request shows.
fn shown(request: &Request<Bytes>, form: &Form, service: &str) -> Model {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_xml = |name: &str| header(name).contains("xml");
    match service {
        _ if header("smithy-protocol") == "rpc-v2-cbor" => Model::blank(Protocol::RpcCbor),
        _ if request.headers().contains_key("x-amz-target") => {
            let version = if header("content-type").ends_with("1.0") { "1.0" } else { "1.1" };
            Model { json: Some(version.to_owned()), ..Model::blank(Protocol::AwsJson) }
        }
        _ if form.get("Action").is_some() => Model::blank(Protocol::AwsQuery),
        "s3" | "s3express" | "s3-outposts" | "s3-object-lambda" => {
            Model { bare_errors: true, ..Model::blank(Protocol::RestXml) }
        }
        "route53" | "cloudfront" => Model::blank(Protocol::RestXml),
        _ if is_xml("content-type") || is_xml("accept") => Model::blank(Protocol::RestXml),
        _ => Model::blank(Protocol::RestJson),
    }
}

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
    let model = shown(request, form, service);
    let refusal = Refusal::not_simulated(format!("the service {service}"));
    protocol::encode_refusal(&model, model.protocol, &refusal, request_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The protocol, the version of its JSON, and whether its errors stand alone.
    fn protocol(service: &str, headers: &[(&str, &str)], body: &'static str) -> (Protocol, Option<String>, bool) {
        let mut request = Request::post("http://localhost/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Bytes::from_static(body.as_bytes())).unwrap();
        let model = shown(&request, &Form::of(&request), service);
        (model.protocol, model.json, model.bare_errors)
    }

    #[test]
    fn a_request_shows_its_protocol() {
        let form = ("content-type", "application/x-www-form-urlencoded");
        let plain = |protocol: Protocol| (protocol, None, false);
        let json = |version: &str| (Protocol::AwsJson, Some(version.to_owned()), false);
        assert_eq!(protocol("sns", &[form], "Action=ListTopics&Version=2010-03-31"), plain(Protocol::AwsQuery));
        let older = ("content-type", "application/x-amz-json-1.0");
        assert_eq!(protocol("dynamodb", &[("x-amz-target", "D.ListTables"), older], "{}"), json("1.0"));
        assert_eq!(protocol("kms", &[("x-amz-target", "T.ListKeys")], "{}"), json("1.1"));
        assert_eq!(protocol("monitoring", &[("smithy-protocol", "rpc-v2-cbor")], ""), plain(Protocol::RpcCbor));
        assert_eq!(protocol("s3", &[], ""), (Protocol::RestXml, None, true));
        assert_eq!(protocol("route53", &[], ""), plain(Protocol::RestXml));
        assert_eq!(protocol("other", &[("accept", "application/xml")], ""), plain(Protocol::RestXml));
        assert_eq!(protocol("lambda", &[], ""), plain(Protocol::RestJson));
    }

    #[test]
    fn what_a_service_calls_itself_cannot_break_the_answer() {
        let request = Request::get("http://localhost/").header("accept", "text/xml").body(Bytes::new()).unwrap();
        let answer = answer(&request, &Form::of(&request), "<a&\u{1b}>", "id");
        let text = String::from_utf8_lossy(answer.body()).into_owned();
        assert!(text.contains("the service &lt;a&amp;\u{FFFD}&gt; is not simulated"), "{text}");
    }

    #[test]
    fn a_name_longer_than_a_request_may_be_makes_no_broken_map() {
        let long = "\u{1F600}".repeat(30_000);
        let request = Request::post("http://localhost/").header("smithy-protocol", "rpc-v2-cbor").body(Bytes::new());
        let request = request.unwrap();
        let answer = answer(&request, &Form::of(&request), &long, "id");
        let body: ciborium::Value = ciborium::from_reader(answer.body().as_ref()).unwrap();
        let said = |name: &str| {
            (ciborium::Value::from(name), ciborium::Value::from(format!("the service {long} is not simulated")))
        };
        assert_eq!(body.as_map().and_then(|members| members.get(1)), Some(&said("message")));
    }
}
