//! What S3 says to who is not known by their signature, or has not signed all that they send. The words are those of its
//! answers in <https://github.com/localstack/localstack/tree/main/tests/aws/services/s3>, and where those have none, of
//! the servers that are held to S3 (<https://github.com/versity/versitygw/tree/main/s3err>).

use jiff::Timestamp;

use crate::refusal::Refusal;
use crate::signature::{AuthFlaw, HeaderFlaw, S3Flaw};

/// The refusal of a signature with this flaw: <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
pub(super) fn refusal(flaw: &AuthFlaw) -> Refusal {
    match flaw {
        AuthFlaw::Missing => denied("Access Denied"),
        AuthFlaw::Header(flaw) => of_header(flaw),
        AuthFlaw::Lacks(_) => of_query(
            "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, \
             X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
        ),
        AuthFlaw::OfS3(flaw) => of_s3(flaw),
        AuthFlaw::ForeignToken => {
            Refusal::new("InvalidToken", "The provided token is malformed or otherwise invalid.").status(400)
        }
        AuthFlaw::UnknownKey => {
            let message = "The AWS Access Key Id you provided does not exist in our records.";
            Refusal::new("InvalidAccessKeyId", message).status(403)
        }
        AuthFlaw::WrongSignature => {
            let message = "The request signature we calculated does not match the signature you provided. Check your \
                           key and signing method.";
            Refusal::new("SignatureDoesNotMatch", message).status(403)
        }
        AuthFlaw::Expired { .. } => {
            let message = "The difference between the request time and the current time is too large.";
            Refusal::new("RequestTimeTooSkewed", message).status(403)
        }
        AuthFlaw::ExpiredToken => Refusal::new("ExpiredToken", "The provided token has expired.").status(400),
    }
}

fn denied(message: &str) -> Refusal {
    Refusal::new("AccessDenied", message).status(403)
}

fn of_query(message: &str) -> Refusal {
    Refusal::new("AuthorizationQueryParametersError", message).status(400)
}

fn of_header(flaw: &HeaderFlaw) -> Refusal {
    let malformed = |why: &str| {
        let message = format!("The authorization header is malformed; {why}");
        Refusal::new("AuthorizationHeaderMalformed", message).status(400)
    };
    match flaw {
        HeaderFlaw::Algorithm => Refusal::new("InvalidArgument", "Unsupported Authorization Type")
            .status(400)
            .member("ArgumentName", "Authorization"),
        HeaderFlaw::Lacks { .. } => {
            malformed("the authorization header requires three components: Credential, SignedHeaders, and Signature.")
        }
        HeaderFlaw::Credential => {
            malformed("the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".")
        }
        HeaderFlaw::Date => of_s3(&S3Flaw::NoDate),
        HeaderFlaw::Host => of_s3(&S3Flaw::Unsigned(vec!["host".to_owned()])),
    }
}

fn of_s3(flaw: &S3Flaw) -> Refusal {
    let text = |moment: &Timestamp| moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    match flaw {
        S3Flaw::Query(why) => of_query(why),
        S3Flaw::Over { seconds, end, now } => denied("Request has expired")
            .member("X-Amz-Expires", seconds.to_string())
            .member("Expires", text(end))
            .member("ServerTime", text(now)),
        S3Flaw::Early => denied("Request is not valid yet"),
        S3Flaw::Unsigned(names) => denied("There were headers present in the request which were not signed")
            .member("HeadersNotSigned", names.join(", ")),
        S3Flaw::NoDigest => {
            let message = "Missing required header for this request: x-amz-content-sha256";
            Refusal::new("InvalidRequest", message).status(400)
        }
        S3Flaw::NoDate => denied("AWS authentication requires a valid Date or x-amz-date header"),
        // Buckets that were made since June 2020 take no other:
        // <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-authentication-HTTPPOST.html>
        S3Flaw::OldVersion => {
            let message =
                "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.";
            Refusal::new("InvalidRequest", message).status(400)
        }
        S3Flaw::Twice => {
            let message = "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query \
                           string parameter or the Authorization header should be specified";
            Refusal::new("InvalidArgument", message).status(400).member("ArgumentName", "Authorization")
        }
    }
}
