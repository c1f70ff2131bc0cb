//! What a service brings: its API table, its handlers, tables of rows,
//! transitions, durations and rules, and its own words for refusals.

use jiff::SignedDuration;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

use crate::input::Input;
use crate::model::Model;
use crate::protocol::{Flaw, Violation, validation_message};
use crate::refusal::Refusal;
use crate::rules::Rule;
use crate::signature::{AuthFlaw, SKEW};
use crate::throttle::Bucket;
use crate::value::Value;
use crate::world::{Pending, Tables, Tx};

/// Serves one operation: reads its members, changes rows, answers or refuses.
pub type Handler = fn(&mut Tx<'_>, &Input<'_>) -> Result<Value, Refusal>;

/// Makes a transition happen. It runs at the moment the transition was due.
pub type Transition = fn(&mut Tx<'_>, &Pending);

/// One AWS service. See the crate's page for how to add one.
pub struct Service {
    /// The name in a signature's credential scope.
    pub name: &'static str,
    /// The API table.
    pub model: fn() -> &'static Model,
    /// The handlers by operation, one slice per file.
    pub operations: &'static [&'static [(&'static str, Handler)]],
    /// The transitions by kind, one slice per file.
    pub transitions: &'static [&'static [(&'static str, Transition)]],
    /// How long things take, one slice per file.
    pub spans: &'static [&'static [Span]],
    /// The rules, one slice per file.
    pub rules: &'static [&'static [Rule]],
    /// Adds the service's tables.
    pub tables: fn(&mut Tables),
    /// Makes what an account has in a region (or at all) before its first request.
    pub furnish: fn(&mut Tx<'_>),
    /// How the service says no.
    pub manners: Manners,
}

/// The answer to whoever asks; none where a service looks who that is.
pub type Open = Option<Result<http::Response<bytes::Bytes>, Refusal>>;

/// The ways in which services differ when they refuse what is not about a resource.
pub struct Manners {
    /// What is told before what does not fit the API model.
    pub before_violations: fn(&Tx<'_>, &Value, &[Violation]) -> Result<(), Refusal>,
    /// What does not fit the API model.
    pub violations: fn(&[Violation]) -> Refusal,
    /// An operation that the service does not have.
    pub unknown_operation: fn(&str) -> Refusal,
    /// A request of that operation beyond the limits.
    pub throttled: fn(&str) -> Refusal,
    /// A failure of the service's own.
    pub unavailable: fn(u16) -> Refusal,
    /// A signature that is not right.
    pub unauthenticated: fn(&AuthFlaw) -> Refusal,
    /// What is answered before anybody looks for a signature.
    pub open: fn(&Tx<'_>, &http::Request<bytes::Bytes>) -> Open,
    /// What an answer says beside what was asked for.
    pub beside: fn(&Tx<'_>, &http::Request<bytes::Bytes>, &mut http::Response<bytes::Bytes>),
    /// What the caller's policies do not allow, with IAM's words for it.
    pub denied: fn(String) -> Refusal,
    /// The buckets that a request takes a token from.
    pub bucket: fn(&str, &Value) -> Option<Bucket>,
    /// The bucket that each thing which a request is for takes a token from, and how many those are.
    pub resources: fn(&str, &Value) -> Option<(Bucket, f64)>,
    /// How client tokens work.
    pub tokens: Option<Tokens>,
    /// The API's older versions that a query may name, all of them served as the model's own.
    pub versions: &'static [&'static str],
    /// The versions of another API that has the service's name.
    pub elsewhere: &'static [&'static str],
    /// The one region that a global service's requests are signed for; none where each region has its own.
    pub home: Option<&'static str>,
}

/// How a service's client tokens work.
pub struct Tokens {
    /// The members that carry one.
    pub members: &'static [&'static str],
    /// Refuses a token that can't be one.
    pub check: fn(&Tx<'_>, &str) -> Result<(), Refusal>,
    /// How long a token is remembered: since its use, or since what it holds on to is gone.
    pub lifetime: SignedDuration,
    /// Whether what a request of that operation made, by its answer, holds on to the token.
    pub holds: fn(&Tx<'_>, &str, &Value) -> bool,
    /// The rule under which the same token with other members is refused.
    pub rule: &'static str,
    /// The refusal of the same token with other members.
    pub mismatch: fn(&str) -> Refusal,
    /// What the same request is answered when it comes again: usually the first answer.
    pub again: fn(&mut Tx<'_>, &str, &Value) -> Result<Value, Refusal>,
}

/// How long a kind of thing takes, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    /// What takes the time, e.g. `ec2.nat_gateway.create`.
    pub kind: &'static str,
    /// The usual least.
    pub least: f64,
    /// The usual most.
    pub most: f64,
}

impl Span {
    /// One line of a service's table of durations: the usual range, in seconds.
    #[must_use]
    pub const fn new(kind: &'static str, least: f64, most: f64) -> Span {
        Span { kind, least, most }
    }

    /// Draws a duration: in the usual range in 17 of 20 cases, else down to 0.8 of its
    /// least or up to 1.3 of its most.
    pub(crate) fn draw(self, numbers: &mut ChaCha8Rng) -> f64 {
        let seconds = match numbers.random_range(0..20) {
            0 => numbers.random_range(self.least * 0.8..=self.least),
            1 | 2 => numbers.random_range(self.most..=self.most * 1.3),
            _ => numbers.random_range(self.least..=self.most),
        };
        // Milliseconds are enough, and read well.
        (seconds * 1000.0).round() / 1000.0
    }
}

impl Service {
    /// The handler of an operation.
    #[must_use]
    pub fn handler(&self, operation: &str) -> Option<Handler> {
        self.operations.iter().copied().flatten().find(|(name, _)| *name == operation).map(|(_, handler)| *handler)
    }

    /// The transition of that kind.
    #[must_use]
    pub fn transition(&self, kind: &str) -> Option<Transition> {
        self.transitions.iter().copied().flatten().find(|(name, _)| *name == kind).map(|(_, act)| *act)
    }
}

/// The manners of the services that speak the query protocol (IAM, STS, RDS, ElastiCache).
pub const QUERY_MANNERS: Manners = Manners {
    before_violations: |_, _, _| Ok(()),
    violations: |violations| Refusal::new("ValidationError", validation_message(violations)).status(400),
    unknown_operation: |name| {
        let message = format!("Could not find operation {name} for this version");
        Refusal::new("InvalidAction", message).status(400)
    },
    throttled: |_| Refusal::new("Throttling", "Rate exceeded").status(400),
    unavailable: |status| match status {
        503 => Refusal::new("ServiceUnavailable", "Service is unavailable. Please try again shortly.").status(503),
        status => Refusal::new("InternalFailure", "An internal error has occurred.").status(status),
    },
    unauthenticated: |flaw| {
        match flaw {
            AuthFlaw::Missing => Refusal::new("MissingAuthenticationToken", "Request is missing Authentication Token"),
            AuthFlaw::UnknownKey | AuthFlaw::ForeignToken => {
                Refusal::new("InvalidClientTokenId", "The security token included in the request is invalid.")
            }
            AuthFlaw::Header(_) | AuthFlaw::Lacks(_) | AuthFlaw::OfS3(_) => {
                Refusal::new("IncompleteSignature", flaw.form()).status(400)
            }
            AuthFlaw::WrongSignature => Refusal::new("SignatureDoesNotMatch", WRONG_SIGNATURE),
            AuthFlaw::Expired { signed, now } => Refusal::new("SignatureDoesNotMatch", expired(signed, now)),
            AuthFlaw::ExpiredToken => {
                Refusal::new("ExpiredToken", "The security token included in the request is expired")
            }
        }
        .status_if_none(403)
    },
    // <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/CommonErrors.html> and the like call it
    // AccessDeniedException; on the wire it is shorter:
    // <https://github.com/aws-samples/amazon-cloudwatch-auto-alarms/issues/18> shows CloudWatch's.
    denied: |message| Refusal::new("AccessDenied", message).status(403),
    open: |_, _| None,
    beside: |_, _, _| {},
    versions: &[],
    elsewhere: &[],
    bucket: |_, _| None,
    resources: |_, _| None,
    tokens: None,
    home: None,
};

/// The manners of the services that speak REST with JSON (EKS).
pub const REST_MANNERS: Manners = Manners {
    before_violations: |_, _, _| Ok(()),
    violations: |violations| told(violations, "InvalidParameterException"),
    unknown_operation: |what| {
        Refusal::new("UnknownOperationException", format!("Unknown operation: {what}")).status(404)
    },
    throttled: |_| Refusal::new("ThrottlingException", "Rate exceeded").status(429),
    unavailable: |status| match status {
        503 => Refusal::new("ServiceUnavailableException", "Service is unavailable.").status(503),
        status => Refusal::new("ServerException", "An internal error has occurred.").status(status),
    },
    unauthenticated: |flaw| {
        match flaw {
            AuthFlaw::Missing => Refusal::new("MissingAuthenticationTokenException", "Missing Authentication Token"),
            AuthFlaw::UnknownKey | AuthFlaw::ForeignToken => {
                Refusal::new("UnrecognizedClientException", "The security token included in the request is invalid.")
            }
            AuthFlaw::Header(_) | AuthFlaw::Lacks(_) | AuthFlaw::OfS3(_) => {
                Refusal::new("IncompleteSignatureException", flaw.form())
            }
            AuthFlaw::WrongSignature => Refusal::new("InvalidSignatureException", WRONG_SIGNATURE),
            AuthFlaw::Expired { signed, now } => Refusal::new("InvalidSignatureException", expired(signed, now)),
            AuthFlaw::ExpiredToken => {
                Refusal::new("ExpiredTokenException", "The security token included in the request is expired")
            }
        }
        .status_if_none(403)
    },
    // <https://docs.aws.amazon.com/eks/latest/APIReference/CommonErrors.html>
    denied: |message| Refusal::new("AccessDeniedException", message).status(403),
    open: |_, _| None,
    beside: |_, _, _| {},
    versions: &[],
    elsewhere: &[],
    bucket: |_, _| None,
    resources: |_, _| None,
    tokens: None,
    home: None,
};

/// The manners of the services that speak JSON with the operation in a header (KMS, Secrets Manager, Logs).
pub const JSON_MANNERS: Manners = Manners {
    violations: |violations| told(violations, "ValidationException"),
    unknown_operation: |_| Refusal::new("UnknownOperationException", "").status(400),
    throttled: |_| Refusal::new("ThrottlingException", "Rate exceeded").status(400),
    unavailable: |status| match status {
        503 => Refusal::new("ServiceUnavailableException", "Service is unavailable.").status(503),
        status => Refusal::new("InternalFailure", "An internal error has occurred.").status(status),
    },
    unauthenticated: |flaw| (REST_MANNERS.unauthenticated)(flaw).status(400),
    // <https://docs.aws.amazon.com/secretsmanager/latest/apireference/CommonErrors.html>,
    // <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/CommonErrors.html>,
    // <https://docs.aws.amazon.com/kms/latest/APIReference/CommonErrors.html>
    denied: |message| Refusal::new("AccessDeniedException", message).status(400),
    ..REST_MANNERS
};

/// The refusal of what does not fit the API model of a service that speaks JSON, which has this code for values beyond
/// their limits.
///
/// What is of another kind than its member never becomes a parameter: AWS's reader stops at the first such, and where
/// it has no known words for it, it is told as the reader tells what is no JSON at all, without any.
pub fn told(violations: &[Violation], code: &'static str) -> Refusal {
    let unread = violations.iter().find_map(|violation| match &violation.flaw {
        Flaw::Mistyped(words) => Some(words.as_str()),
        Flaw::NotA(_) => Some(""),
        _ => None,
    });
    match unread {
        Some(words) => Refusal::new("SerializationException", words.to_owned()).status(400),
        None => Refusal::new(code, validation_message(violations)).status(400),
    }
}

const WRONG_SIGNATURE: &str = "The request signature we calculated does not match the signature you provided. Check \
                               your AWS Secret Access Key and signing method. Consult the service documentation for \
                               details.";

fn expired(signed: &jiff::Timestamp, now: &jiff::Timestamp) -> String {
    let format = "%Y%m%dT%H%M%SZ";
    let edge = if signed < now { now.checked_sub(SKEW) } else { now.checked_add(SKEW) };
    let (signed, at) = (signed.strftime(format), now.strftime(format));
    let edge = edge.map_or_else(|_| at.to_string(), |edge| edge.strftime(format).to_string());
    if signed.to_string() < at.to_string() {
        format!("Signature expired: {signed} is now earlier than {edge} ({at} - 5 min.)")
    } else {
        format!("Signature not yet current: {signed} is still later than {edge} ({at} + 5 min.)")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn every_operation_of_a_table_has_one_handler_and_every_handler_is_of_a_table() {
        for service in crate::SERVICES {
            let named: Vec<&str> = service.operations.iter().copied().flatten().map(|(name, _)| *name).collect();
            let handled: BTreeSet<&str> = named.iter().copied().collect();
            let served: BTreeSet<&str> = (service.model)().operations.keys().map(String::as_str).collect();
            assert_eq!(named.len(), handled.len(), "{}", service.name);
            assert_eq!(handled, served, "{}", service.name);
        }
    }
}
