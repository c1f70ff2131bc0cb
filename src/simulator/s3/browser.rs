//! What browsers ask of S3 and nobody signs as other requests are signed: whether a page of elsewhere may send
//! something, and forms that bring an object, which hold a signature of their own.

use bytes::Bytes;
use http::{Method, Request};

use super::bucket::Bucket;
use crate::protocol::is_selective;
use crate::refusal::Refusal;
use crate::world::Tx;

/// The answer to such a request.
pub(super) fn refused(tx: &Tx<'_>, request: &Request<Bytes>) -> Option<Refusal> {
    let mut path = request.uri().path().trim_start_matches('/').splitn(2, '/');
    let (bucket, key) = (path.next().unwrap_or_default(), path.next().unwrap_or_default());
    match *request.method() {
        Method::OPTIONS => Some(preflight(tx, request, bucket)),
        Method::POST if !bucket.is_empty() && key.is_empty() && !is_selective(super::model(), request) => {
            Some(form(request))
        }
        _ => None,
    }
}

/// No bucket here lets pages of elsewhere do anything, which is what new buckets say:
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/RESTOPTIONSobject.html>
fn preflight(tx: &Tx<'_>, request: &Request<Bytes>, bucket: &str) -> Refusal {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    if header("origin").is_none() {
        return Refusal::new("BadRequest", "Insufficient information. Origin request header needed.").status(400);
    }
    let known = tx.get::<Bucket>(bucket).is_some();
    let why = if known { "CORS is not enabled for this bucket." } else { "Bucket not found" };
    Refusal::new("AccessForbidden", format!("CORSResponse: {why}"))
        .status(403)
        .member("Method", header("access-control-request-method").unwrap_or("OPTIONS"))
        .member("ResourceType", "BUCKET")
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
