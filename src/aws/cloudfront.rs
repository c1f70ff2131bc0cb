//! What CloudFront's types share: its calls, and what its refusals say of whether a thing is there.

use fathuss_engine::provider::Failure;

use crate::call::{Call, Service};
use crate::failure::refused;

/// A call of CloudFront.
pub(crate) fn call(operation: &'static str) -> Call {
    Call::new(Service::CloudFront, operation)
}

/// A call that names what it changes by the ETag that it had a moment ago.
pub(crate) fn on_version(operation: &'static str) -> Call {
    call(operation).expects("PreconditionFailed", "").expects("InvalidIfMatchVersion", "")
}

/// The answer, or nothing where there is no such thing.
pub(crate) fn there<T>(answer: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(failure)
            if ["NoSuchDistribution", "NoSuchOriginAccessControl", "NoSuchResource"]
                .contains(&failure.code.as_str()) =>
        {
            Ok(None)
        }
        Err(failure) => Err(failure),
    }
}

/// What can't be sent.
pub(crate) fn invalid(error: aws_sdk_cloudfront::error::BuildError) -> Failure {
    refused("InvalidField", error.to_string())
}
