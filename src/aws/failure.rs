//! From the SDK's errors to the engine's: what can be done about a call that did not do what it should.
//!
//! The classes follow what each service documents of its codes, and one rule: a
//! call of which it is not known whether it took effect is
//! [`FailureClass::Ambiguous`], never refused.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ec2::operation::RequestId;
use aws_sdk_ec2::types::UnsuccessfulItem;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use fathuss_engine::provider::{Failure, FailureClass};

use crate::call::{Call, Service};

/// Says what can be done about a failed call.
pub(crate) fn from_sdk<E>(call: &Call, error: &SdkError<E, HttpResponse>) -> Failure
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let failure = |class, code: &str, message: String| Failure {
        class,
        service: call.service.name().to_owned(),
        operation: call.operation.to_owned(),
        code: code.to_owned(),
        message,
        request_id: error.request_id().map(str::to_owned),
        hint: None,
    };
    if let Some(credentials) = credentials_error(error) {
        let hint = match credentials {
            CredentialsError::CredentialsNotLoaded(_) => {
                "set AWS_PROFILE, log in with `aws sso login`, or set access keys"
            }
            _ => "log in again, for instance with `aws sso login`",
        };
        return Failure {
            // Nothing was sent: no service refused.
            operation: String::new(),
            hint: Some(hint.to_owned()),
            ..failure(FailureClass::Denied, "NoCredentials", chain(credentials))
        };
    }
    match error {
        SdkError::ConstructionFailure(_) => failure(FailureClass::Refused, "InvalidRequest", chain(error)),
        SdkError::DispatchFailure(dispatch) if dispatch.is_user() => {
            failure(FailureClass::Refused, "InvalidRequest", chain(error))
        }
        SdkError::TimeoutError(_) => failure(FailureClass::Ambiguous, "TimedOut", chain(error)),
        SdkError::DispatchFailure(dispatch) if dispatch.is_timeout() => {
            failure(FailureClass::Ambiguous, "TimedOut", chain(error))
        }
        SdkError::DispatchFailure(_) => failure(FailureClass::Ambiguous, "NoAnswer", chain(error)),
        // An answer that AWS calls a success and the SDK can't read: it took effect.
        SdkError::ServiceError(service) if service.raw().status().is_success() => {
            failure(FailureClass::Ambiguous, "UnreadableAnswer", chain(error))
        }
        SdkError::ServiceError(service) => {
            let status = service.raw().status().as_u16();
            let code = service.err().code().unwrap_or("Unknown");
            let message = service.err().message().unwrap_or_default().to_owned();
            let class = class_of(call, status, code, &message);
            let hint = if class == FailureClass::Denied { denied_hint(code) } else { None };
            let request_id = error.request_id().or_else(|| service.err().meta().request_id()).map(str::to_owned);
            let request_id = request_id.or_else(|| in_body(service.raw()));
            Failure { request_id, hint, ..failure(class, code, message) }
        }
        _ => failure(FailureClass::Ambiguous, "UnreadableAnswer", chain(error)),
    }
}

/// The request's id where EC2 writes it, and the SDK does not look: `<RequestID>` behind the errors, as
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html> shows it.
fn in_body(answer: &HttpResponse) -> Option<String> {
    let body = std::str::from_utf8(answer.body().bytes()?).ok()?;
    let (_, rest) = body.split_once("<RequestID>")?;
    let (id, _) = rest.split_once("</RequestID>")?;
    Some(id.trim().to_owned())
}

/// What can be done about an answer with this status and code.
fn class_of(call: &Call, status: u16, code: &str, message: &str) -> FailureClass {
    let code = code.rsplit('#').next().unwrap_or(code);
    if status == 429 || THROTTLES.contains(&code) {
        return FailureClass::Throttled;
    }
    if let Some(class) = call.expected(code, message) {
        return class;
    }
    if DENIALS.contains(&code) {
        return FailureClass::Denied;
    }
    if call.removes() && IN_USE.contains(&code) {
        return FailureClass::NotYet;
    }
    // No capacity is a 500 that says clearly that nothing was made.
    if code.starts_with("Insufficient") {
        return FailureClass::Refused;
    }
    if status >= 500 || INTERNAL.contains(&code) {
        return FailureClass::Ambiguous;
    }
    FailureClass::Refused
}

/// Sent too fast: EC2's and the query protocol's codes, then the JSON services'.
const THROTTLES: &[&str] = &[
    "RequestLimitExceeded",
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "TooManyRequestsException",
    "EC2ThrottledException",
    "SlowDown",
    // Of Elastic Load Balancing's older API, where it asks another service too fast itself:
    // <https://docs.aws.amazon.com/elasticloadbalancing/2012-06-01/APIReference/API_DescribeLoadBalancers.html>
    "DependencyThrottle",
    "PriorRequestNotComplete",
];

/// Who asks may not, or can't show who they are.
const DENIALS: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "AuthFailure",
    "Blocked",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "NotAuthorized",
    "OptInRequired",
    "PendingVerification",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "UnauthorizedOperation",
    "UnrecognizedClientException",
];

/// A removal that waits for something else to go or to come to rest.
const IN_USE: &[&str] = &[
    "DependencyViolation",
    "IncorrectState",
    "IncorrectInstanceState",
    "InvalidIPAddress.InUse",
    "InvalidGroup.InUse",
    "InvalidNetworkInterface.InUse",
    "VolumeInUse",
    "ResourceInUseException",
    "DeleteConflict",
    "ConcurrentModification",
    "DistributionNotDisabled",
    "OriginAccessControlInUse",
    "InvalidDBInstanceState",
    "InvalidDBSubnetGroupStateFault",
    "InvalidDBParameterGroupState",
    "CacheSubnetGroupInUse",
    "InvalidCacheParameterGroupState",
    "InvalidReplicationGroupState",
];

/// AWS's own trouble where the status alone does not say so.
const INTERNAL: &[&str] = &[
    "InternalError",
    "InternalFailure",
    "InternalServiceError",
    "ServerException",
    "ServiceUnavailable",
    "Unavailable",
];

fn denied_hint(code: &str) -> Option<String> {
    let hint = match code {
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" => "aws sso login",
        "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "AuthFailure"
        | "InvalidAccessKeyId"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException" => "aws sts get-caller-identity",
        "SignatureDoesNotMatch" | "InvalidSignatureException" => {
            "check the secret key and this machine's clock (AWS allows 5 minutes)"
        }
        "OptInRequired" => "enable the region or the service for this account",
        _ => return None,
    };
    Some(hint.to_owned())
}

fn credentials_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a CredentialsError> {
    let mut at = Some(error);
    while let Some(error) = at {
        if let Some(found) = error.downcast_ref::<CredentialsError>() {
            return Some(found);
        }
        at = error.source();
    }
    None
}

/// An error and what it came from, in one line.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut at = error.source();
    while let Some(source) = at {
        let next = source.to_string();
        if !text.ends_with(&next) {
            text.push_str(": ");
            text.push_str(&next);
        }
        at = source.source();
    }
    text
}

/// A failure that comes from no call: a value that can't be sent, or an answer that lacks what it must have.
pub(crate) fn refused(code: &str, message: String) -> Failure {
    Failure {
        class: FailureClass::Refused,
        service: "AWS".to_owned(),
        operation: String::new(),
        code: code.to_owned(),
        message,
        request_id: None,
        hint: None,
    }
}

/// An answer of a call that took effect, without what it must hold: look for what it made.
pub(crate) fn unreadable(service: Service, operation: &str, lacks: &str) -> Failure {
    Failure {
        class: FailureClass::Ambiguous,
        service: service.name().to_owned(),
        operation: operation.to_owned(),
        code: "UnreadableAnswer".to_owned(),
        message: format!("the answer holds no {lacks}"),
        request_id: None,
        hint: None,
    }
}

/// What a call did not do, where EC2 answers that by items and not by an error: the first of them.
pub(crate) fn not_done(call: &Call, items: &[UnsuccessfulItem]) -> Option<Failure> {
    let error = items.first()?.error.as_ref();
    let code = error.and_then(|error| error.code()).unwrap_or("Unknown");
    let message = error.and_then(|error| error.message()).unwrap_or("AWS gives no reason");
    Some(Failure {
        class: class_of(call, 400, code, message),
        service: call.service.name().to_owned(),
        operation: call.operation.to_owned(),
        code: code.to_owned(),
        message: message.to_owned(),
        request_id: None,
        hint: None,
    })
}

/// What was made has failed: it has to go before it is made again.
pub(crate) fn broken(service: Service, code: &str, message: &str) -> Failure {
    Failure {
        class: FailureClass::Broken,
        service: service.name().to_owned(),
        operation: String::new(),
        code: code.to_owned(),
        message: message.to_owned(),
        request_id: None,
        hint: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(call: Call, status: u16, code: &str) -> FailureClass {
        class_of(&call, status, code, "")
    }

    #[tokio::test]
    async fn an_answer_that_cannot_be_read_may_have_taken_effect() {
        let canned = crate::canned::Canned::new().answer("GetCallerIdentity", "no result in here");
        let failure = canned.aws().verify_account("us-east-1").await.unwrap_err();
        assert_eq!((failure.class, failure.code.as_str()), (FailureClass::Ambiguous, "UnreadableAnswer"));
    }

    #[test]
    fn a_refusal_of_ec2_names_its_request_in_the_body() {
        let answer = |body: &'static str| {
            let answer = http::Response::builder().status(400).body(aws_smithy_types::body::SdkBody::from(body));
            in_body(&HttpResponse::try_from(answer.unwrap()).unwrap())
        };
        let body = "<Response><Errors><Error><Code>A</Code></Error></Errors><RequestID>r-2</RequestID></Response>";
        assert_eq!(answer(body).as_deref(), Some("r-2"));
        assert_eq!(answer("<Response>"), None);
    }

    #[test]
    fn a_throttle_is_told_from_every_other_refusal() {
        for code in ["RequestLimitExceeded", "Throttling", "ThrottlingException", "DependencyThrottle"] {
            assert_eq!(class(Call::ec2("CreateVpc"), 503, code), FailureClass::Throttled, "{code}");
        }
        assert_eq!(class(Call::eks("CreateCluster"), 429, "TooManyRequestsException"), FailureClass::Throttled);
        assert_eq!(class(Call::ec2("CreateVpc"), 400, "VpcLimitExceeded"), FailureClass::Refused);
    }

    #[test]
    fn in_use_is_not_yet_for_a_removal_and_a_refusal_for_anything_else() {
        assert_eq!(class(Call::ec2("DeleteSubnet"), 400, "DependencyViolation"), FailureClass::NotYet);
        assert_eq!(class(Call::ec2("ModifySubnetAttribute"), 400, "DependencyViolation"), FailureClass::Refused);
        assert_eq!(class(Call::eks("CreateCluster"), 409, "ResourceInUseException"), FailureClass::Refused);
    }

    #[test]
    fn a_server_error_is_ambiguous_but_for_lacking_capacity() {
        assert_eq!(class(Call::ec2("RunInstances"), 500, "InternalError"), FailureClass::Ambiguous);
        assert_eq!(class(Call::ec2("RunInstances"), 500, "InsufficientInstanceCapacity"), FailureClass::Refused);
    }

    #[test]
    fn what_a_call_expects_to_lag_is_unseen() {
        let call = Call::ec2("CreateSubnet").lagging();
        assert_eq!(class(call, 400, "InvalidVpcID.NotFound"), FailureClass::Unseen);
        assert_eq!(class(Call::ec2("CreateSubnet"), 400, "InvalidVpcID.NotFound"), FailureClass::Refused);
        let call = Call::ec2("RunInstances").unseen("InvalidParameterValue", "iamInstanceProfile");
        assert_eq!(
            class_of(&call, 400, "InvalidParameterValue", "Value (x) for parameter iamInstanceProfile.name is invalid"),
            FailureClass::Unseen
        );
        assert_eq!(class_of(&call, 400, "InvalidParameterValue", "cpu"), FailureClass::Refused);
    }

    #[test]
    fn a_refusal_of_the_caller_says_what_to_do() {
        assert_eq!(class(Call::ec2("DescribeVpcs"), 403, "UnauthorizedOperation"), FailureClass::Denied);
        assert_eq!(denied_hint("ExpiredToken").as_deref(), Some("aws sso login"));
    }
}
