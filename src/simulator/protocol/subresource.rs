//! The names in the query of a request to S3 that select an operation, such as `?policy`. One that the operation of a
//! method and path does not have must not be passed over: `DELETE /bucket?versioning` deletes no bucket. What selects
//! nothing S3 does not read.
//!
//! No page of AWS's says all of this. What S3 does was measured in <https://github.com/brekkylab/backlot/issues/267>,
//! <https://github.com/brekkylab/backlot/pull/244> and <https://github.com/brekkylab/backlot/issues/312>; the words are
//! those of <https://github.com/versity/versitygw/tree/main/s3err>, which is held to S3.

use bytes::Bytes;
use http::{Method, Request};

use crate::model::Model;
use crate::refusal::Refusal;

/// What of buckets S3 looks for at the paths of keys too.
const OF_BUCKETS: &[&str] = &[
    "accelerate",
    "cors",
    "encryption",
    "inventory",
    "lifecycle",
    "location",
    "logging",
    "notification",
    "policy",
    "replication",
    "requestPayment",
    "uploads",
    "versioning",
    "versions",
    "website",
];

const BUCKET: &str = "/{Bucket}";
const KEY: &str = "/{Bucket}/{Key+}";

/// Whether a path is that of a key, and not of a bucket or of none.
fn is_key(path: &str) -> bool {
    path.trim_start_matches('/').split_once('/').is_some_and(|(_, key)| !key.is_empty())
}

/// Whether each percent sign in a text has the two digits of a byte behind it.
fn is_encoded(text: &str) -> bool {
    let is_byte = |rest: &str| rest.len() >= 2 && rest.bytes().take(2).all(|digit| digit.is_ascii_hexdigit());
    text.split('%').skip(1).all(is_byte)
}

/// The names that a template's query has.
fn names(template: &str) -> impl Iterator<Item = &str> {
    let (_, query) = template.split_once('?').unwrap_or_default();
    query.split('&').filter(|part| !part.is_empty() && !part.contains('='))
}

/// Whether some operation of such a path is selected by this name.
fn selects(model: &Model, path: &str, name: &str) -> bool {
    let key = is_key(path);
    let wanted = if key { KEY } else { BUCKET };
    let served = model.operations.values().map(|operation| &*operation.uri);
    let unserved = model.unserved.values().filter_map(|route| route.split_once(' ')).map(|(_, uri)| uri);
    let mut templates = served.chain(unserved).filter(|uri| uri.split('?').next() == Some(wanted));
    (key && OF_BUCKETS.contains(&name)) || templates.any(|uri| names(uri).any(|known| known == name))
}

/// The names in a request's query that select something, each once.
fn selected<'r>(model: &Model, request: &'r Request<Bytes>) -> Vec<&'r str> {
    let mut found = Vec::new();
    if request.uri().path() == "/" {
        return found;
    }
    for pair in request.uri().query().unwrap_or_default().split('&') {
        let name = pair.split('=').next().unwrap_or(pair);
        if !found.contains(&name) && selects(model, request.uri().path(), name) {
            found.push(name);
        }
    }
    found
}

/// The path that a request means: where it asks for a bucket's location at the path of a key, that of the bucket.
pub(super) fn path<'r>(model: &Model, request: &'r Request<Bytes>) -> &'r str {
    let path = request.uri().path();
    let of_bucket = model.hosts && request.method() == Method::GET && selected(model, request) == ["location"];
    match path.strip_prefix('/').and_then(|rest| rest.split_once('/')) {
        Some((bucket, _)) if of_bucket => &path[..=bucket.len()],
        _ => path,
    }
}

/// Whether an operation of this template is meant, by what the request's query selects.
pub(super) fn fits(model: &Model, template: &str, request: &Request<Bytes>) -> bool {
    selected(model, request).iter().all(|name| names(template).any(|own| own == *name))
}

/// Whether a request's query selects anything.
pub(crate) fn is_selective(model: &Model, request: &Request<Bytes>) -> bool {
    !selected(model, request).is_empty()
}

/// The refusal of a query that no operation has, where there are words for it.
pub(super) fn refused(model: &Model, request: &Request<Bytes>) -> Option<Refusal> {
    let (method, path) = (request.method(), request.uri().path());
    if !is_encoded(path) || !is_encoded(request.uri().query().unwrap_or_default()) {
        // <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
        return Some(Refusal::new("InvalidURI", "Couldn't parse the specified URI.").status(400));
    }
    let chosen = selected(model, request);
    let has = |name: &str| {
        let query = request.uri().query().unwrap_or_default();
        query.split('&').any(|pair| pair.split('=').next() == Some(name))
    };
    let invalid = |message: &str| Some(Refusal::new("InvalidRequest", message).status(400));
    match chosen.as_slice() {
        [] if path != "/" && !METHODS.contains(&method.as_str()) => return Some(not_allowed(model, method, None)),
        [] => {}
        [first, _, ..] => {
            let message = format!("Conflicting query string parameters: {}", chosen.join(", "));
            let refusal = Refusal::new("InvalidArgument", message).status(400);
            return Some(refusal.member("ArgumentName", "ResourceType").member("ArgumentValue", *first));
        }
        [name] if method == Method::HEAD => return Some(not_allowed(model, method, Some(*name))),
        ["versions"] if is_key(path) && method == Method::GET => {
            return invalid("There is no such thing as the ?versions sub-resource for a key");
        }
        ["uploads"] if is_key(path) && method == Method::GET => {
            return invalid("Key is not expected for the GET method ?uploads subresource");
        }
        // The key is passed over: <https://github.com/brekkylab/backlot/issues/267>.
        ["location"] if is_key(path) && method == Method::GET => {}
        // S3 serves or refuses what belongs to the bucket, and never takes it for the object's; which of both is known
        // of a few alone. Objects have an encryption of their own to change.
        [name] if is_key(path) && OF_BUCKETS.contains(name) && *name != "encryption" && *name != "uploads" => {
            return Some(Refusal::not_simulated(format!("{method} of a key with ?{name}")));
        }
        [name] if !serves(model, method, name) => return Some(not_allowed(model, method, Some(*name))),
        [_] => {}
    }
    if !is_key(path) {
        return of_second_list(request).filter(|_| chosen.is_empty());
    }
    match (has("uploadId"), has("partNumber")) {
        (true, _) if method == Method::HEAD => Some(not_allowed(model, method, Some("uploadId"))),
        (true, false) if method == Method::PUT => Some(not_allowed(model, method, Some("uploadId"))),
        (false, true) if method == Method::PUT => {
            let message = "This operation does not accept partNumber without uploadId";
            Some(Refusal::new("InvalidArgument", message).status(400).member("ArgumentName", "partNumber"))
        }
        _ => None,
    }
}

/// What only the second version of the list of objects has, where the first is asked for: whatever is no 2 is that.
/// <https://github.com/versity/versitygw/issues/2004> has S3's answer for the one, and the other's is in its words.
fn of_second_list(request: &Request<Bytes>) -> Option<Refusal> {
    let query = request.uri().query().unwrap_or_default();
    if request.method() != Method::GET
        || request.uri().path() == "/"
        || query.split('&').any(|pair| pair == "list-type=2")
    {
        return None;
    }
    let has = |name: &str| query.split('&').any(|pair| pair.split('=').next() == Some(name));
    let names = [("start-after", "startAfter"), ("continuation-token", "continuation-token")];
    let (wire, name) = names.into_iter().find(|(wire, _)| has(wire))?;
    let message = format!("{name} only supported in REST.GET.BUCKET with list-type=2");
    Some(Refusal::new("InvalidArgument", message).status(400).member("ArgumentName", wire))
}

/// The methods of S3 in the order in which it names them, as <https://github.com/brekkylab/backlot/issues/230> and
/// <https://github.com/brekkylab/backlot/issues/312> saw them.
const METHODS: [&str; 5] = ["HEAD", "DELETE", "POST", "GET", "PUT"];

/// The methods that a name in a query selects something for, at the path of a bucket or of a key: S3 tells them all at
/// both. Without a name those of the paths themselves.
fn allowed(model: &Model, name: Option<&str>) -> String {
    let served = model.operations.values().map(|operation| (&*operation.method, &*operation.uri));
    let routes: Vec<(&str, &str)> =
        served.chain(model.unserved.values().filter_map(|route| route.split_once(' '))).collect();
    let takes = |method: &&&str| {
        routes.iter().any(|(known, uri)| {
            known == *method
                && match name {
                    // An upload's id is no name of its own in the templates, but a parameter.
                    Some("uploadId") => matches!(**method, "DELETE" | "POST" | "GET"),
                    Some(name) => names(uri).any(|own| own == name),
                    None => matches!(uri.split('?').next(), Some(BUCKET | KEY)),
                }
        })
    };
    METHODS.iter().filter(takes).copied().collect::<Vec<_>>().join(", ")
}

/// Whether S3 has an operation for a name in a query and a method.
fn serves(model: &Model, method: &Method, name: &str) -> bool {
    allowed(model, Some(name)).split(", ").any(|allowed| allowed == method.as_str())
}

fn not_allowed(model: &Model, method: &Method, name: Option<&str>) -> Refusal {
    let methods = allowed(model, name);
    Refusal::new("MethodNotAllowed", "The specified method is not allowed against this resource.")
        .status(405)
        .member("Method", method.as_str())
        .member("Allow", Some(methods).filter(|methods| !methods.is_empty()))
}
