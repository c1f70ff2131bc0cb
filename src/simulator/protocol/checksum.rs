//! What a request to S3 says of its body: its digest in the signature, and checksums.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html>

use bytes::Bytes;
use http::Request;
use md5::{Digest as _, Md5};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use super::{aws_chunked, base64_decode};
use crate::model::{Kind, Model, Operation};
use crate::refusal::Refusal;

/// Refuses a body that is not what its headers say.
///
/// # Errors
/// In S3's words.
pub(super) fn carried(model: &Model, operation: &Operation, request: &Request<Bytes>) -> Result<(), Refusal> {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let body = request.body();
    match header("x-amz-content-sha256") {
        Some("UNSIGNED-PAYLOAD") | None => {}
        Some("STREAMING-UNSIGNED-PAYLOAD-TRAILER") => aws_chunked::carried(request)?,
        Some(streamed) if streamed.starts_with("STREAMING-") => {
            return Err(Refusal::not_simulated(format!("a body signed as {streamed}")));
        }
        Some(digest) => {
            let is_digest = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
            if !is_digest {
                let message = "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, or \
                               a valid sha256 value.";
                return Err(Refusal::new("InvalidArgument", message));
            }
            if hex::encode(Sha256::digest(body)) != digest.to_ascii_lowercase() {
                let message = "The provided 'x-amz-content-sha256' header does not match what was computed.";
                return Err(Refusal::new("XAmzContentSHA256Mismatch", message));
            }
        }
    }
    let sums: Vec<&str> = request.headers().keys().map(http::HeaderName::as_str).filter(|it| is_sum(it)).collect();
    let invalid = |message: &str| Err(Refusal::new("InvalidRequest", message).status(400));
    if sums.len() > 1 {
        return invalid("Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.");
    }
    if let Some(unknown) = sums.iter().find(|name| !is_of_an_algorithm(name)) {
        // Of those that S3 has learnt since, none is computed here.
        if model
            .shapes
            .values()
            .any(|shape| shape.members.values().any(|it| it.location_name.as_deref() == Some(*unknown)))
        {
            return Err(Refusal::not_simulated(format!("a body with {unknown}")));
        }
        return invalid("The algorithm type you specified in x-amz-checksum- header is invalid.");
    }
    if operation.checksum && sums.is_empty() && header("content-md5").is_none() {
        let message = "Missing required header for this request: Content-MD5 OR x-amz-checksum-*";
        return invalid(message);
    }
    if sums.is_empty() && header("x-amz-sdk-checksum-algorithm").is_some() {
        let message = "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer \
                       headers were found.";
        return invalid(message);
    }
    if let Some(given) = header("content-md5") {
        let digest = base64_decode(given).filter(|bytes| bytes.len() == 16);
        let Some(digest) = digest else {
            return Err(Refusal::new("InvalidDigest", "The Content-MD5 you specified was invalid."));
        };
        if digest != Md5::digest(body).as_slice() {
            return Err(Refusal::new("BadDigest", "The Content-MD5 you specified did not match what we received."));
        }
    }
    for (name, algorithm) in ALGORITHMS {
        let header_name = format!("x-amz-checksum-{}", name.to_ascii_lowercase());
        let Some(given) = header(&header_name).filter(|_| !is_of_another(model, operation, &header_name)) else {
            continue;
        };
        let computed = algorithm(body);
        let read = base64_decode(given).filter(|bytes| bytes.len() == computed.len());
        let Some(read) = read else {
            return invalid(&format!("Value for {header_name} header is invalid."));
        };
        if read != computed {
            let message = format!("The {name} you specified did not match the calculated checksum.");
            return Err(Refusal::new("BadDigest", message));
        }
    }
    Ok(())
}

/// A checksum of these bytes by the algorithm of that name; none where it is not computed here.
pub(crate) fn computed(name: &str, body: &[u8]) -> Option<Vec<u8>> {
    ALGORITHMS.iter().find(|(known, _)| *known == name).map(|(_, algorithm)| algorithm(body))
}

/// Whether the checksum in a header is a member of the operation's, of what is made and not of the body: that of an
/// object whose parts the body names.
fn is_of_another(model: &Model, operation: &Operation, header: &str) -> bool {
    let shape = model.input(operation);
    let named = shape.members.values().any(|member| member.location_name.as_deref() == Some(header));
    let payload = shape.payload.as_ref().and_then(|name| shape.members.get(name));
    named && payload.is_some_and(|member| model.shape(&member.shape).kind == Kind::Structure)
}

/// Whether a header holds a checksum by an algorithm that is computed here.
fn is_of_an_algorithm(name: &str) -> bool {
    let rest = name.strip_prefix("x-amz-checksum-").unwrap_or(name);
    ALGORITHMS.iter().any(|(known, _)| known.eq_ignore_ascii_case(rest))
}

/// Whether a header holds a checksum of the body.
fn is_sum(name: &str) -> bool {
    name.strip_prefix("x-amz-checksum-").is_some_and(|rest| rest != "mode" && rest != "type" && rest != "algorithm")
}

type Algorithm = fn(&[u8]) -> Vec<u8>;

const ALGORITHMS: &[(&str, Algorithm)] = &[
    ("CRC32", |body| crc32(0xedb8_8320, body).to_be_bytes().to_vec()),
    ("CRC32C", |body| crc32(0x82f6_3b78, body).to_be_bytes().to_vec()),
    ("CRC64NVME", |body| crc64(body).to_be_bytes().to_vec()),
    ("SHA1", |body| Sha1::digest(body).to_vec()),
    ("SHA256", |body| Sha256::digest(body).to_vec()),
];

/// A reflected CRC of 32 bits with this polynomial.
fn crc32(polynomial: u32, body: &[u8]) -> u32 {
    let table: [u32; 256] = std::array::from_fn(|byte| {
        let step = |sum: u32, _| if sum & 1 == 1 { sum >> 1 ^ polynomial } else { sum >> 1 };
        (0..8).fold(byte as u32, step)
    });
    !body.iter().fold(u32::MAX, |sum, byte| sum >> 8 ^ table[usize::from(sum as u8 ^ byte)])
}

/// The CRC of 64 bits that NVMe has.
fn crc64(body: &[u8]) -> u64 {
    const POLYNOMIAL: u64 = 0x9a6c_9329_ac4b_c9b5;
    let table: [u64; 256] = std::array::from_fn(|byte| {
        let step = |sum: u64, _| if sum & 1 == 1 { sum >> 1 ^ POLYNOMIAL } else { sum >> 1 };
        (0..8).fold(byte as u64, step)
    });
    !body.iter().fold(u64::MAX, |sum, byte| sum >> 8 ^ table[usize::from(sum as u8 ^ byte)])
}

#[cfg(test)]
mod tests {
    use super::super::base64_encode;
    use super::*;
    use crate::model::Protocol;

    /// The check values of the catalogue of parametrised CRC algorithms, all of the digits 1 to 9.
    #[test]
    fn checksums_are_those_of_their_catalogue() {
        let digits = b"123456789";
        assert_eq!(crc32(0xedb8_8320, digits), 0xcbf4_3926);
        assert_eq!(crc32(0x82f6_3b78, digits), 0xe306_9283);
        assert_eq!(crc64(digits), 0xae8b_1486_0a79_9888);
    }

    fn code(name: &str, value: &str) -> Option<String> {
        let request = Request::put("http://s3.amazonaws.com/b").header(name, value).body(Bytes::from("hello world"));
        let table = br#"{"method": "PUT", "uri": "/{Bucket}"}"#;
        let operation: Operation = serde_json::from_slice(table).unwrap();
        let model = Model::blank(Protocol::RestXml);
        carried(&model, &operation, &request.unwrap()).err().map(|refusal| refusal.code.into_owned())
    }

    #[test]
    fn a_body_that_is_not_what_is_said_of_it_is_refused() {
        assert_eq!(code("x-amz-checksum-crc32", "DUoRhQ=="), None);
        assert_eq!(code("x-amz-checksum-crc32", "AAAAAA==").as_deref(), Some("BadDigest"));
        assert_eq!(code("x-amz-checksum-crc32", "DUoR").as_deref(), Some("InvalidRequest"));
        assert_eq!(code("content-md5", "XrY7u+Ae7tCTyyK7j1rNww=="), None);
        assert_eq!(code("content-md5", "1B2M2Y8AsgTpgAmY7PhCfg==").as_deref(), Some("BadDigest"));
        assert_eq!(code("content-md5", "short").as_deref(), Some("InvalidDigest"));
        assert_eq!(code("x-amz-content-sha256", &"0".repeat(64)).as_deref(), Some("XAmzContentSHA256Mismatch"));
        assert_eq!(code("x-amz-content-sha256", "none").as_deref(), Some("InvalidArgument"));
        assert_eq!(code("x-amz-content-sha256", "UNSIGNED-PAYLOAD"), None);
        assert_eq!(code("x-amz-sdk-checksum-algorithm", "CRC32").as_deref(), Some("InvalidRequest"));
    }

    #[test]
    fn a_checksum_in_base64_is_what_is_written() {
        assert_eq!(base64_encode(&crc32(0xedb8_8320, b"hello world").to_be_bytes()), "DUoRhQ==");
    }
}
