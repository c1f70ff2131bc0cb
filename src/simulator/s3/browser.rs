//! What browsers ask of S3 and nobody signs as other requests are signed: whether a page of elsewhere may send
//! something, and forms that bring an object, which hold a signature of their own.

use bytes::Bytes;
use http::{Method, Request, Response};

use super::bucket::Bucket;
use super::cors::{self, Page};
use crate::protocol::{is_selective, response};
use crate::refusal::Refusal;
use crate::service::Open;
use crate::world::Tx;

/// The answer to such a request.
pub(super) fn answer(tx: &Tx<'_>, request: &Request<Bytes>) -> Open {
    let mut path = request.uri().path().trim_start_matches('/').splitn(2, '/');
    let (bucket, key) = (path.next().unwrap_or_default(), path.next().unwrap_or_default());
    match *request.method() {
        Method::OPTIONS => Some(preflight(tx, request, bucket, key)),
        Method::POST if !bucket.is_empty() && key.is_empty() && !is_selective(super::model(), request) => {
            Some(Err(form(request)))
        }
        _ => None,
    }
}

/// Whether a page of elsewhere may send what it asks for:
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/RESTOPTIONSobject.html>
fn preflight(tx: &Tx<'_>, request: &Request<Bytes>, name: &str, key: &str) -> Result<Response<Bytes>, Refusal> {
    if cors::header(request, "origin").is_none() {
        return Err(lacking("Insufficient information. Origin request header needed."));
    }
    let forbidden = |why: &str, kind: &str| {
        Refusal::new("AccessForbidden", format!("CORSResponse: {why}"))
            .status(403)
            .member("Method", cors::header(request, "access-control-request-method").unwrap_or("OPTIONS"))
            .member("ResourceType", kind)
    };
    let Some(bucket) = tx.get::<Bucket>(name) else { return Err(forbidden("Bucket not found", "BUCKET")) };
    if bucket.cors.is_empty() {
        return Err(forbidden("CORS is not enabled for this bucket.", "BUCKET"));
    }
    let Some(page) = Page::asking(request) else {
        return Err(lacking("Invalid Access-Control-Request-Method: null"));
    };
    let Some(headers) = cors::allowed(bucket, &page) else {
        let why = "This CORS request is not allowed. This is usually because the evalution of Origin, request method / \
                   Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the \
                   resource's CORS spec.";
        return Err(forbidden(why, if key.is_empty() { "BUCKET" } else { "OBJECT" }));
    };
    let mut answer = response(200, "application/xml", Bytes::new());
    answer.headers_mut().remove(http::header::CONTENT_TYPE);
    cors::put_into(&mut answer, headers);
    Ok(answer)
}

fn lacking(message: &str) -> Refusal {
    Refusal::new("BadRequest", message).status(400)
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html>
fn form(request: &Request<Bytes>) -> Refusal {
    let kind = request.headers().get(http::header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if kind.is_some_and(|kind| kind.starts_with("multipart/form-data")) {
        return Refusal::not_simulated("an object in a browser's form (presigned POST)");
    }
    Refusal::new("PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
        .status(412)
        .member("Condition", "Bucket POST must be of the enclosure-type multipart/form-data")
}
