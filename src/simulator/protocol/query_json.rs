//! Answers of the query protocol in JSON, for clients that ask for it: STS gives them, and
//! <https://github.com/kubernetes-sigs/aws-iam-authenticator> reads them of `GetCallerIdentity`.

use bytes::Bytes;
use http::{HeaderValue, Request, Response};
use roxmltree::{Document, Node};
use serde_json::{Map, Value as Json};

/// Whether a request's client takes JSON, and says no word of XML.
pub(crate) fn wants_json(request: &Request<Bytes>) -> bool {
    let accept = request.headers().get(http::header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.contains("application/json") && !accept.contains("xml")
}

/// Puts an answer in XML into JSON; what is no XML stays as it is.
pub(crate) fn to_json(answer: &mut Response<Bytes>) {
    let json = std::str::from_utf8(answer.body()).ok().and_then(|text| {
        let document = Document::parse(text).ok()?;
        let root = document.root_element();
        // An error has no element around it here.
        Some(match root.tag_name().name() {
            "ErrorResponse" => value(root),
            name => Json::Object(Map::from_iter([(name.to_owned(), value(root))])),
        })
    });
    if let Some(json) = json {
        *answer.body_mut() = json.to_string().into();
        answer.headers_mut().insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
}

fn value(node: Node<'_, '_>) -> Json {
    let children: Vec<Node<'_, '_>> = node.children().filter(Node::is_element).collect();
    if !children.is_empty() {
        return Json::Object(children.into_iter().map(|it| (it.tag_name().name().to_owned(), value(it))).collect());
    }
    let text = node.text().unwrap_or_default();
    match node.tag_name().name() {
        // Times are seconds, as in all of AWS's JSON.
        "Expiration" => text.parse::<jiff::Timestamp>().map_or_else(|_| text.into(), |at| at.as_second().into()),
        "PackedPolicySize" => text.parse::<i64>().map_or_else(|_| text.into(), Json::from),
        _ => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use crate::client::Client;

    #[tokio::test(start_paused = true)]
    async fn who_asks_sts_for_json_gets_answers_and_refusals_in_it() {
        let client = Client::calm();
        let ask = async |action: &str| {
            let mut request = client.query_request("sts", "2011-06-15", action, &[]);
            request.headers_mut().insert("accept", "application/json".parse().unwrap());
            let answer = client.simulator.handle(request).await.unwrap();
            assert_eq!(answer.headers()["content-type"], "application/json");
            serde_json::from_slice::<serde_json::Value>(answer.body()).unwrap()
        };
        let who = ask("GetCallerIdentity").await;
        let who = &who["GetCallerIdentityResponse"];
        assert_eq!(who["GetCallerIdentityResult"]["Account"], "000000000000");
        assert!(who["ResponseMetadata"]["RequestId"].is_string());
        let session = ask("GetSessionToken").await;
        assert!(session["GetSessionTokenResponse"]["GetSessionTokenResult"]["Credentials"]["Expiration"].is_i64());
        let refused = ask("AssumeRole").await;
        assert_eq!(
            (&refused["Error"]["Code"], &refused["Error"]["Type"]),
            (&"ValidationError".into(), &"Sender".into())
        );
        assert!(refused["RequestId"].is_string());
    }
}
