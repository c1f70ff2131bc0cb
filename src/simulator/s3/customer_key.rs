//! Keys of the customer's own (SSE-C), of which S3 keeps no more than a digest.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerSideEncryptionCustomerKeys.html>

use md5::Digest as _;

use super::bucket::Bucket;
use super::encryption::Sealed;
use crate::input::Input;
use crate::protocol::{base64_decode, base64_encode};
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::world::Tx;

const PAGE: &str = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerSideEncryptionCustomerKeys.html";

pub(super) const RULES: &[Rule] = &[
    Rule::new("s3.customer_key.form", "a customer's key has 256 bits for AES256, and comes with its digest", PAGE),
    Rule::new("s3.customer_key.same", "an object is read with the key that it was written with", PAGE),
    Rule::new(
        "s3.customer_key.blocked",
        "a bucket may take no object that is encrypted with a customer's key",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/blocking-unblocking-s3-c-encryption-gpb.html",
    ),
];

fn argument(message: &str) -> Refusal {
    Refusal::new("InvalidArgument", message).status(400).member("ArgumentName", "x-amz-server-side-encryption")
}

/// The digest of the key that a request brings to read with, in the members whose names begin so. One that comes
/// without a digest opens nothing.
///
/// # Errors
/// In the words of AWS's recorded answers, when it is none.
pub(super) fn given(tx: &Tx<'_>, input: &Input<'_>, prefix: &str) -> Result<Option<String>, Refusal> {
    let text = |name: &str| input.text(&format!("{prefix}SSECustomer{name}"));
    let (algorithm, key, digest) = (text("Algorithm"), text("Key"), text("KeyMD5"));
    if algorithm.is_none() && key.is_none() && digest.is_none() {
        return Ok(None);
    }
    tx.enforce("s3.customer_key.form", algorithm.is_none_or(|algorithm| algorithm == "AES256"), || {
        let message = "The Encryption request you specified is not valid. Supported value: AES256.";
        Refusal::new("InvalidEncryptionAlgorithmError", message)
            .member("ArgumentName", "x-amz-server-side-encryption")
            .member("ArgumentValue", algorithm.unwrap_or_default())
    })?;
    if key.is_none() || digest.is_none() {
        return Ok(Some(String::new()));
    }
    let bytes = base64_decode(key.unwrap_or_default()).unwrap_or_default();
    tx.enforce("s3.customer_key.form", bytes.len() == 32, || {
        argument("The secret key was invalid for the specified algorithm.")
    })?;
    let computed = base64_encode(&md5::Md5::digest(&bytes));
    tx.enforce("s3.customer_key.form", digest == Some(&computed), || {
        argument("The calculated MD5 hash of the key did not match the hash that was provided.")
    })?;
    Ok(Some(computed))
}

/// The digest of the key that a request wants an object of this bucket encrypted with.
///
/// # Errors
/// When it is none, or the bucket takes none.
pub(super) fn chosen(tx: &Tx<'_>, input: &Input<'_>, bucket: &Bucket) -> Result<Option<String>, Refusal> {
    let has = |part: &str| input.has(&format!("SSECustomer{part}"));
    let form = |holds: bool, why: &str| {
        let message =
            format!("Requests specifying Server Side Encryption with Customer provided keys must provide {why}.");
        tx.enforce("s3.customer_key.form", holds, || argument(&message))
    };
    let any = has("Algorithm") || has("Key") || has("KeyMD5");
    form(!any || has("Algorithm"), "a valid encryption algorithm")?;
    form(!any || (has("Key") && has("KeyMD5")), "an appropriate secret key")?;
    let key = given(tx, input, "")?;
    if key.is_some() {
        let other = input.text("ServerSideEncryption");
        tx.enforce("s3.customer_key.form", other.is_none(), || {
            argument("Server Side Encryption with Customer provided key is incompatible with the encryption method specified")
                .member("ArgumentValue", other.unwrap_or_default())
        })?;
        let blocked = bucket.encryption.blocked.iter().any(|kind| kind == "SSE-C");
        // The page has the code; no source has other words.
        tx.enforce("s3.customer_key.blocked", !blocked, || Refusal::new("AccessDenied", "Access Denied").status(403))?;
    }
    Ok(key)
}

/// Refuses to read an object whose key does not come with the request.
///
/// # Errors
/// In the words of AWS's recorded answers.
pub(super) fn opens(tx: &Tx<'_>, key: Option<&str>, sealed: Option<&Sealed>) -> Result<(), Refusal> {
    let wanted = sealed.and_then(|sealed| sealed.customer.as_deref());
    let rule = "s3.customer_key.same";
    match (wanted, key) {
        (Some(_), None) => tx.enforce(rule, false, || {
            let message = "The object was stored using a form of Server Side Encryption. The correct parameters must be \
                           provided to retrieve the object.";
            Refusal::new("InvalidRequest", message).status(400)
        }),
        (Some(wanted), Some(key)) => tx.enforce(rule, wanted == key, || {
            let message = "Requests specifying Server Side Encryption with Customer provided keys must provide the \
                           correct secret key.";
            Refusal::new("AccessDenied", message).status(403)
        }),
        // <https://github.com/boto/boto3/issues/982> has the words.
        (None, Some(_)) => tx.enforce(rule, false, || {
            Refusal::new("InvalidRequest", "The encryption parameters are not applicable to this object.").status(400)
        }),
        (None, None) => Ok(()),
    }
}
