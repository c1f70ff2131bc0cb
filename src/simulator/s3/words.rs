//! What S3 says of a parameter or a header that cannot be what it is: for many it has words of their own, which no page
//! lists. They are those of its answers in <https://github.com/localstack/localstack/tree/main/tests/aws/services/s3>,
//! and where those have none, of the servers that are held to S3
//! (<https://github.com/versity/versitygw/tree/main/s3err>).

use super::bucket_policy;
use crate::protocol::{Flaw, Violation};
use crate::refusal::Refusal;

/// The refusal of what stands in a request's path, query or headers.
pub(super) fn of(violation: &Violation) -> Refusal {
    let (wire, given) = (violation.wire.as_str(), violation.given.as_deref().unwrap_or_default());
    let argument = |message: &str| {
        Refusal::new("InvalidArgument", message).status(400).member("ArgumentName", wire).member("ArgumentValue", given)
    };
    let request = |message: &str| Refusal::new("InvalidRequest", message).status(400);
    if violation.flaw == Flaw::Missing {
        // <https://github.com/versity/versitygw/issues/915> has S3's answer.
        return match wire {
            "x-amz-object-attributes" => request(
                "The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or \
                 empty",
            ),
            _ if violation.path == "Policy" => bucket_policy::no_json(),
            _ => Refusal::new("MissingRequestBodyError", "Request Body is empty").status(400),
        };
    }
    match wire {
        "max-keys" | "max-uploads" | "max-parts" | "part-number-marker" => {
            argument(&format!("Provided {wire} not an integer or within integer range"))
        }
        "max-buckets" => argument("Argument max-buckets must be an integer between 1 and 10000."),
        "partNumber" => argument("Part number must be an integer between 1 and 10000, inclusive"),
        "encoding-type" => argument("Invalid Encoding Method specified in Request"),
        "x-amz-object-attributes" => argument("Invalid attribute name specified."),
        "x-amz-metadata-directive" => argument("Unknown metadata directive."),
        "x-amz-tagging-directive" => argument("Unknown tagging directive."),
        "x-amz-object-lock-mode" => argument("Unknown wormMode directive."),
        "x-amz-object-lock-legal-hold" => argument("Legal Hold must be either of 'ON' or 'OFF'"),
        "x-amz-object-lock-retain-until-date" => argument("The retain until date must be provided in ISO 8601 format"),
        "x-amz-object-ownership" => {
            let message = format!("Invalid x-amz-object-ownership header: {given}");
            Refusal::new("InvalidArgument", message).status(400).member("ArgumentName", wire)
        }
        // Of a list that is none S3 says no more than its name.
        "x-amz-acl" => argument(""),
        "x-amz-copy-source" => Refusal::new("InvalidArgument", "Invalid copy source object key")
            .status(400)
            .member("ArgumentName", wire)
            .member("ArgumentValue", wire),
        "x-amz-storage-class" => Refusal::new("InvalidStorageClass", "The storage class you specified is not valid")
            .status(400)
            .member("StorageClassRequested", given),
        "x-amz-checksum-algorithm" | "x-amz-sdk-checksum-algorithm" => request(
            "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, \
             CRC64NVME, MD5, SHA1, SHA256, SHA512, XXHASH128, XXHASH3, XXHASH64]",
        ),
        "x-amz-transition-default-minimum-object-size" => {
            request(&format!("Invalid TransitionDefaultMinimumObjectSize found: {given}"))
        }
        "x-amz-checksum-type" => request("Value for x-amz-checksum-type header is invalid."),
        // No source has these; the code is that of an encryption that is none.
        "x-amz-server-side-encryption" => argument("The encryption method specified is not supported"),
        _ => argument(&format!("Invalid argument: {wire}")),
    }
}
