//! What pages of elsewhere may do with a bucket in a browser: the rules that say so, and what is told to browsers by them.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html> has how a rule is found for a request: the first
//! whose origins, methods and headers fit. The words of refusals are those of
//! <https://github.com/localstack/localstack/blob/main/tests/aws/services/s3/test_s3_cors.py>.

use bytes::Bytes;
use http::{HeaderValue, Request, Response};

use super::bucket::{Bucket, find, nothing};
use crate::input::Input;
use crate::record;
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::service::Handler;
use crate::value::Value;
use crate::world::Tx;

pub(super) const OPERATIONS: &[(&str, Handler)] =
    &[("GetBucketCors", get), ("PutBucketCors", put), ("DeleteBucketCors", delete)];

const PUT: &str = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketCors.html";
const ELEMENTS: &str = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("s3.cors.rules", "there are 1 to 100 rules", PUT),
    Rule::new("s3.cors.id", "a rule's id has at most 255 characters", ELEMENTS),
    Rule::new("s3.cors.method", "a rule lets in GET, PUT, POST, DELETE and HEAD", ELEMENTS),
    Rule::new(
        "s3.cors.wildcard",
        "an origin or a header has at most one wildcard, and one that is shown none",
        ELEMENTS,
    ),
];

const MOST_RULES: usize = 100;
const LONGEST_ID: usize = 255;
const METHODS: &[&str] = &["GET", "PUT", "POST", "DELETE", "HEAD"];

fn get(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    if bucket.cors.is_empty() {
        let message = "The CORS configuration does not exist";
        return Err(Refusal::new("NoSuchCORSConfiguration", message).member("BucketName", &bucket.name));
    }
    Ok(record! { "CORSRules" => bucket.cors })
}

fn put(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    let rules = input.record("CORSConfiguration").map(|it| it.records("CORSRules")).unwrap_or_default();
    // The schema has at least one; the words for too many no source has.
    tx.enforce("s3.cors.rules", !rules.is_empty(), || {
        let message = "The XML you provided was not well-formed or did not validate against our published schema";
        Refusal::new("MalformedXML", message)
    })?;
    tx.enforce("s3.cors.rules", rules.len() <= MOST_RULES, || {
        invalid(format!("The number of CORS rules should not exceed allowed limit of {MOST_RULES} rules."))
    })?;
    rules.iter().try_for_each(|rule| check(tx, rule))?;
    let cors = rules.iter().map(|rule| rule.all().clone()).collect();
    tx.put(Bucket { cors, ..bucket });
    Ok(nothing())
}

fn delete(tx: &mut Tx<'_>, input: &Input<'_>) -> Result<Value, Refusal> {
    let bucket = find(tx, input)?;
    tx.put(Bucket { cors: Vec::new(), ..bucket });
    Ok(nothing())
}

fn invalid(message: String) -> Refusal {
    Refusal::new("InvalidRequest", message)
}

fn check(tx: &Tx<'_>, rule: &Input<'_>) -> Result<(), Refusal> {
    let id = rule.text("ID").unwrap_or_default();
    tx.enforce("s3.cors.id", id.chars().count() <= LONGEST_ID, || {
        Refusal::new("InvalidArgument", "ID length should not exceed allowed limit of 255")
            .member("ArgumentName", "ID")
            .member("ArgumentValue", id)
    })?;
    for method in rule.texts("AllowedMethods") {
        tx.enforce("s3.cors.method", METHODS.contains(&method), || {
            invalid(format!("Found unsupported HTTP method in CORS config. Unsupported method is {method}"))
        })?;
    }
    for (member, element) in [("AllowedOrigins", "AllowedOrigin"), ("AllowedHeaders", "AllowedHeader")] {
        for text in rule.texts(member) {
            tx.enforce("s3.cors.wildcard", text.matches('*').count() <= 1, || {
                invalid(format!("{element} \"{text}\" can not have more than one wildcard."))
            })?;
        }
    }
    for text in rule.texts("ExposeHeaders") {
        tx.enforce("s3.cors.wildcard", !text.contains('*'), || {
            let why = "contains wildcard. We currently do not support wildcard for ExposeHeader.";
            invalid(format!("ExposeHeader \"{text}\" {why}"))
        })?;
    }
    Ok(())
}

/// What a page asks for: who it is, and what it is going to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Page<'r> {
    origin: &'r str,
    method: &'r str,
    headers: Vec<String>,
}

impl<'r> Page<'r> {
    /// The page that asks whether it may send such a request.
    pub(super) fn asking(request: &'r Request<Bytes>) -> Option<Page<'r>> {
        let headers = header(request, "access-control-request-headers").unwrap_or_default();
        let headers = headers.split(',').map(|name| name.trim().to_ascii_lowercase());
        Some(Page {
            origin: header(request, "origin")?,
            method: header(request, "access-control-request-method")?,
            headers: headers.filter(|name| !name.is_empty()).collect(),
        })
    }

    /// The page that sends a request, which may have asked before.
    fn sending(request: &'r Request<Bytes>) -> Option<Page<'r>> {
        Some(Page { origin: header(request, "origin")?, method: request.method().as_str(), headers: Vec::new() })
    }
}

/// The text of a request's header.
pub(super) fn header<'r>(request: &'r Request<Bytes>, name: &str) -> Option<&'r str> {
    request.headers().get(name).and_then(|value| value.to_str().ok())
}

/// The headers by which a bucket lets a page do what it asks for; none where no rule does.
pub(super) fn allowed(bucket: &Bucket, page: &Page<'_>) -> Option<Vec<(&'static str, String)>> {
    let rule = bucket.cors.iter().find(|rule| lets(rule, page))?;
    let joined = |member: &str| texts(rule, member).collect::<Vec<_>>().join(", ");
    let anyone = texts(rule, "AllowedOrigins").any(|origin| origin == "*");
    let mut headers = vec![
        ("access-control-allow-origin", if anyone { "*" } else { page.origin }.to_owned()),
        ("access-control-allow-methods", joined("AllowedMethods")),
        ("access-control-allow-headers", page.headers.join(", ")),
        ("access-control-expose-headers", joined("ExposeHeaders")),
        ("access-control-max-age", rule.get("MaxAgeSeconds").integer().map_or_else(String::new, |it| it.to_string())),
        ("access-control-allow-credentials", if anyone { "" } else { "true" }.to_owned()),
        ("vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method".to_owned()),
    ];
    headers.retain(|(_, value)| !value.is_empty());
    Some(headers)
}

fn texts<'v>(rule: &'v Value, member: &str) -> impl Iterator<Item = &'v str> {
    rule.get(member).list().iter().filter_map(Value::text)
}

fn lets(rule: &Value, page: &Page<'_>) -> bool {
    let header = |name: &String| texts(rule, "AllowedHeaders").any(|pattern| fits(&pattern.to_ascii_lowercase(), name));
    texts(rule, "AllowedOrigins").any(|pattern| fits(pattern, page.origin))
        && texts(rule, "AllowedMethods").any(|method| method == page.method)
        && page.headers.iter().all(header)
}

/// Whether a pattern with at most one wildcard has a text.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        Some((start, end)) => text.len() >= start.len() + end.len() && text.starts_with(start) && text.ends_with(end),
        None => pattern == text,
    }
}

/// Tells a browser in an answer that the page which asked may have it.
pub(super) fn tell(tx: &Tx<'_>, request: &Request<Bytes>, answer: &mut Response<Bytes>) {
    let Some(page) = Page::sending(request) else { return };
    let name = request.uri().path().trim_start_matches('/').split('/').next().unwrap_or_default();
    if let Some(headers) = tx.get::<Bucket>(name).and_then(|bucket| allowed(bucket, &page)) {
        put_into(answer, headers);
    }
}

/// Puts headers into an answer.
pub(super) fn put_into(answer: &mut Response<Bytes>, headers: Vec<(&'static str, String)>) {
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            answer.headers_mut().insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_wildcard_stands_for_any_text_once() {
        assert!(fits("*", "https://main.test"));
        assert!(fits("https://*.main.test", "https://www.main.test"));
        assert!(!fits("https://*.main.test", "https://main.test"));
        assert!(!fits("ab*ba", "aba"));
        assert!(fits("x-amz-*", "x-amz-date"));
        assert!(!fits("https://main.test", "http://main.test"));
    }
}
