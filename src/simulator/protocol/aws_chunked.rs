//! Bodies that come in pieces, each with its length before it and a checksum behind them all.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html>

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request};

use crate::refusal::Refusal;

/// The mark of a request whose body was joined.
#[derive(Debug, Clone, Copy)]
struct Joined;

/// The request with its body in one piece and what stood behind it among the headers; none where it is so already, or
/// is not of the form.
pub(super) fn joined(request: &Request<Bytes>) -> Option<Request<Bytes>> {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    if !header("x-amz-content-sha256")?.starts_with("STREAMING-") {
        return None;
    }
    let (mut body, mut rest) = (Vec::new(), request.body().as_ref());
    loop {
        let (line, after) = line(rest)?;
        // A signature may follow the length.
        let length = line.split(';').next().and_then(|digits| usize::from_str_radix(digits, 16).ok())?;
        if length == 0 {
            rest = after;
            break;
        }
        let (piece, after) = after.split_at_checked(length)?;
        body.extend_from_slice(piece);
        rest = after.strip_prefix(b"\r\n")?;
    }
    let mut whole = request.clone();
    *whole.body_mut() = body.into();
    whole.extensions_mut().insert(Joined);
    // Of the encodings of what was sent this one was for the way alone.
    if header("content-encoding") == Some("aws-chunked") {
        whole.headers_mut().remove(http::header::CONTENT_ENCODING);
    }
    while let Some((line, after)) = line(rest).filter(|(line, _)| !line.is_empty()) {
        let (name, value) = line.split_once(':')?;
        let name = HeaderName::from_bytes(name.trim().as_bytes()).ok()?;
        whole.headers_mut().insert(name, HeaderValue::from_str(value.trim()).ok()?);
        rest = after;
    }
    Some(whole)
}

/// Refuses a body in pieces that is not whole, or not as long as is said of it, and one without what was to stand
/// behind it. The words are those of <https://github.com/versity/versitygw/tree/main/s3err>, which is held to S3.
///
/// # Errors
/// In those cases.
pub(super) fn carried(request: &Request<Bytes>) -> Result<(), Refusal> {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let length = header("x-amz-decoded-content-length").and_then(|text| text.parse::<usize>().ok());
    let Some(length) = length else {
        let message = "You must provide the Content-Length HTTP header.";
        return Err(Refusal::new("MissingContentLength", message).status(411));
    };
    if request.extensions().get::<Joined>().is_none() || request.body().len() != length {
        return Err(Refusal::new("IncompleteBody", "The request body terminated unexpectedly").status(400));
    }
    if header("x-amz-trailer").is_some_and(|name| !request.headers().contains_key(name)) {
        let message = "The request contained trailing data that was not well-formed or did not conform to our \
                       published schema.";
        return Err(Refusal::new("MalformedTrailerError", message).status(400));
    }
    Ok(())
}

/// The first line, and what follows it.
fn line(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = bytes.windows(2).position(|pair| pair == b"\r\n")?;
    Some((std::str::from_utf8(&bytes[..end]).ok()?, &bytes[end + 2..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(body: &'static str) -> Request<Bytes> {
        let request = Request::put("http://b.s3.amazonaws.com/k");
        let request = request.header("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER");
        request.body(Bytes::from_static(body.as_bytes())).unwrap()
    }

    #[test]
    fn pieces_are_joined_and_what_follows_them_becomes_a_header() {
        let whole =
            joined(&request("5\r\nhello\r\n6\r\n world\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n")).unwrap();
        assert_eq!(whole.body().as_ref(), b"hello world");
        assert_eq!(whole.headers()["x-amz-checksum-crc32"], "DUoRhQ==");
    }

    #[test]
    fn a_body_that_breaks_off_stays_as_it_is() {
        for body in ["", "5", "5\r\nhel", "ffffffffffffffff\r\n", "zz\r\n"] {
            assert!(joined(&request(body)).is_none(), "{body}");
        }
    }
}
