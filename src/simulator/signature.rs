//! Signature Version 4: who sent a request, and whether it is what they signed.
//!
//! The check follows
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>,
//! for signatures in the header and, as EKS's tokens need them, in the query.

use bytes::Bytes;
use hmac::{Hmac, Mac};
use http::Request;
use jiff::{SignedDuration, Timestamp};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};

use crate::protocol::percent_decode;

/// What is wrong with a request's signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthFlaw {
    /// There is none.
    Missing,
    /// It is not of the right form.
    Malformed(String),
    /// No one has this access key.
    UnknownKey,
    /// It is not the signature of this request with this key.
    WrongSignature,
    /// It was made too long ago, or in the future.
    Expired {
        /// When the client says it signed.
        signed: Timestamp,
        /// The time here.
        now: Timestamp,
    },
    /// A session token came with an access key that is of no session.
    ForeignToken,
    /// The temporary credentials are no longer valid.
    ExpiredToken,
}

/// A signature as it stands in a request, before it is checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) access_key: String,
    pub(crate) region: String,
    pub(crate) service: String,
    pub(crate) session_token: Option<String>,
    date: String,
    signed_headers: Vec<String>,
    signature: String,
    stamp: String,
    /// Seconds that a presigned URL says it is good for.
    good_for: i64,
    in_query: bool,
    /// The digest of what of the request is signed.
    canonical: String,
}

/// How far a signature's time may be off: five minutes, for S3 fifteen.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html>,
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
pub(crate) const SKEW: SignedDuration = SignedDuration::from_mins(5);
const SKEW_OF_S3: SignedDuration = SignedDuration::from_mins(15);

/// What stays as it is in a canonical request.
const KEPT: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl Claim {
    /// What stands for the signature of a request that needs none.
    pub(crate) fn none(service: &str) -> Claim {
        Claim {
            access_key: String::new(),
            region: "us-east-1".to_owned(),
            service: service.to_owned(),
            session_token: None,
            date: String::new(),
            signed_headers: Vec::new(),
            signature: String::new(),
            stamp: String::new(),
            good_for: 0,
            in_query: false,
            canonical: String::new(),
        }
    }

    /// Whether the request was signed by anybody.
    pub(crate) fn is_none(&self) -> bool {
        self.access_key.is_empty()
    }
}

/// Reads a request's signature.
pub(crate) fn claim(request: &Request<Bytes>) -> Result<Claim, AuthFlaw> {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    if let Some(text) = header("authorization") {
        let malformed = |what: &str| {
            AuthFlaw::Malformed(format!(
                "Authorization header requires '{what}'. Authorization={}",
                text.split(' ').next().unwrap_or_default()
            ))
        };
        let Some(rest) = text.strip_prefix("AWS4-HMAC-SHA256 ") else {
            return Err(AuthFlaw::Malformed("Unsupported AWS 'algorithm'".to_owned()));
        };
        let part =
            |name: &str| rest.split(',').map(str::trim).find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
        let credential = part("Credential").ok_or_else(|| malformed("Credential"))?;
        let signed = part("SignedHeaders").ok_or_else(|| malformed("SignedHeaders"))?;
        let signature = part("Signature").ok_or_else(|| malformed("Signature"))?;
        let stamp = header("x-amz-date").ok_or_else(|| malformed("X-Amz-Date"))?;
        let session = header("x-amz-security-token");
        return build(request, credential, signed, signature, stamp, session, SKEW.as_secs(), false);
    }
    let query: Vec<(String, String)> = pairs(request.uri().query().unwrap_or_default());
    let value = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    match (value("X-Amz-Credential"), value("X-Amz-SignedHeaders"), value("X-Amz-Signature"), value("X-Amz-Date")) {
        (Some(credential), Some(signed), Some(signature), Some(stamp)) => {
            let good_for = value("X-Amz-Expires").and_then(|text| text.parse().ok()).unwrap_or(900);
            build(request, credential, signed, signature, stamp, value("X-Amz-Security-Token"), good_for, true)
        }
        _ => Err(AuthFlaw::Missing),
    }
}

fn build(
    request: &Request<Bytes>,
    credential: &str,
    signed: &str,
    signature: &str,
    stamp: &str,
    session: Option<&str>,
    good_for: i64,
    in_query: bool,
) -> Result<Claim, AuthFlaw> {
    let parts: Vec<&str> = credential.split('/').collect();
    let [access_key, date, region, service, "aws4_request"] = parts.as_slice() else {
        return Err(AuthFlaw::Malformed("Credential must have exactly 5 slash-delimited elements".to_owned()));
    };
    let signed_headers: Vec<String> = signed.split(';').map(str::to_owned).collect();
    let canonical = hex::encode(Sha256::digest(canonical(request, service, &signed_headers, in_query).as_bytes()));
    Ok(Claim {
        access_key: (*access_key).to_owned(),
        region: (*region).to_owned(),
        service: (*service).to_owned(),
        session_token: session.map(str::to_owned),
        date: (*date).to_owned(),
        signed_headers,
        signature: signature.to_owned(),
        stamp: stamp.to_owned(),
        good_for,
        in_query,
        canonical,
    })
}

impl Claim {
    /// Checks the signature against the key's secret, at this time.
    pub(crate) fn check(&self, secret: &str, now: Timestamp) -> Result<(), AuthFlaw> {
        let signed = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", &self.stamp)
            .ok()
            .and_then(|moment| moment.to_zoned(jiff::tz::TimeZone::UTC).ok())
            .map(|moment| moment.timestamp())
            .ok_or_else(|| AuthFlaw::Malformed("Date must be in ISO-8601 'basic format'".to_owned()))?;
        let age = now.duration_since(signed);
        let skew = if self.service == "s3" { SKEW_OF_S3 } else { SKEW };
        let most = if self.in_query { SignedDuration::from_secs(self.good_for) } else { skew };
        if age > most || age < -skew {
            return Err(AuthFlaw::Expired { signed, now });
        }
        if !self.stamp.starts_with(&self.date) {
            return Err(AuthFlaw::WrongSignature);
        }
        if !self.in_query && !self.signed_headers.iter().any(|name| name == "host") {
            return Err(AuthFlaw::Malformed(
                "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.".to_owned(),
            ));
        }
        let scope = format!("{}/{}/{}/aws4_request", self.date, self.region, self.service);
        let text = format!("AWS4-HMAC-SHA256\n{}\n{scope}\n{}", self.stamp, self.canonical);
        let mut key = format!("AWS4{secret}").into_bytes();
        for part in [self.date.as_str(), &self.region, &self.service, "aws4_request", &text] {
            key = hmac(&key, part.as_bytes());
        }
        if hex::encode(key) == self.signature { Ok(()) } else { Err(AuthFlaw::WrongSignature) }
    }
}

/// What of a request is signed, as text.
fn canonical(request: &Request<Bytes>, service: &str, signed_headers: &[String], in_query: bool) -> String {
    let path = request.uri().path();
    // Every service but S3 signs the path encoded once more than it is sent.
    let once = |part: &str| if service == "s3" { encode(&percent_decode(part)) } else { encode(part) };
    let path = path.split('/').map(once).collect::<Vec<_>>().join("/");
    let mut query = pairs(request.uri().query().unwrap_or_default());
    query.retain(|(name, _)| name != "X-Amz-Signature");
    let mut query: Vec<(String, String)> = query.iter().map(|(name, value)| (encode(name), encode(value))).collect();
    query.sort();
    let query: Vec<String> = query.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut headers = String::new();
    for name in signed_headers {
        let values: Vec<String> = request
            .headers()
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .map(|value| value.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        let value = if values.is_empty() && name == "host" {
            // In process, a request has its host in its address alone.
            request.uri().authority().map(ToString::to_string).unwrap_or_default()
        } else {
            values.join(",")
        };
        headers.push_str(&format!("{name}:{value}\n"));
    }
    let given = request.headers().get("x-amz-content-sha256").and_then(|value| value.to_str().ok());
    let actual = hex::encode(Sha256::digest(request.body()));
    let body = match given {
        Some("UNSIGNED-PAYLOAD") => "UNSIGNED-PAYLOAD".to_owned(),
        // S3 signs what the header says of the body, and looks at the body by itself.
        Some(given) if service == "s3" => given.to_owned(),
        None if service == "s3" && in_query => "UNSIGNED-PAYLOAD".to_owned(),
        _ => actual,
    };
    let signed = signed_headers.join(";");
    format!("{}\n{path}\n{}\n{headers}\n{signed}\n{body}", request.method(), query.join("&"))
}

fn pairs(query: &str) -> Vec<(String, String)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (percent_decode(&name.replace('+', " ")), percent_decode(&value.replace('+', " ")))
        })
        .collect()
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, &KEPT).to_string()
}

fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mut mac) => {
            mac.update(text);
            mac.finalize().into_bytes().to_vec()
        }
        // HMAC takes keys of every length.
        Err(_) => Vec::new(),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Signs a request as a client does; the tests' own signer, written from AWS's page.
    pub(crate) fn sign(
        request: &mut Request<Bytes>,
        key: &str,
        secret: &str,
        region: &str,
        service: &str,
        at: Timestamp,
    ) {
        let stamp = at.strftime("%Y%m%dT%H%M%SZ").to_string();
        let date = stamp[..8].to_owned();
        request.headers_mut().insert("x-amz-date", stamp.parse().unwrap());
        let host = request.uri().authority().unwrap().to_string();
        request.headers_mut().insert("host", host.parse().unwrap());
        let path: Vec<String> = request.uri().path().split('/').map(encode).collect();
        let mut query = pairs(request.uri().query().unwrap_or_default());
        query.sort();
        let query: Vec<String> =
            query.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        let canonical = format!(
            "{}\n{}\n{}\nhost:{host}\nx-amz-date:{stamp}\n\nhost;x-amz-date\n{}",
            request.method(),
            path.join("/"),
            query.join("&"),
            hex::encode(Sha256::digest(request.body()))
        );
        let scope = format!("{date}/{region}/{service}/aws4_request");
        let text = format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}", hex::encode(Sha256::digest(canonical)));
        let mut signing = format!("AWS4{secret}").into_bytes();
        for part in [date.as_str(), region, service, "aws4_request", &text] {
            signing = hmac(&signing, part.as_bytes());
        }
        let header = format!(
            "AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders=host;x-amz-date, Signature={}",
            hex::encode(signing)
        );
        request.headers_mut().insert("authorization", header.parse().unwrap());
    }

    /// The example that AWS published with the signature's description.
    #[test]
    fn the_published_example_is_accepted() {
        let request = Request::builder()
            .method("GET")
            .uri("https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08")
            .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
            .header("host", "iam.amazonaws.com")
            .header("x-amz-date", "20150830T123600Z")
            .header(
                "authorization",
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
                 SignedHeaders=content-type;host;x-amz-date, \
                 Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
            )
            .body(Bytes::new())
            .unwrap();
        let claim = claim(&request).unwrap();
        let now: Timestamp = "2015-08-30T12:40:00Z".parse().unwrap();
        assert_eq!(claim.check("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", now), Ok(()));
        assert_eq!(claim.check("another", now), Err(AuthFlaw::WrongSignature));
        let late = now + SignedDuration::from_hours(1);
        assert!(matches!(claim.check("another", late), Err(AuthFlaw::Expired { .. })));
    }
}
