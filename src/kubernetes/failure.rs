//! From Kubernetes's errors to the engine's: what can be done about a call that did not do what it should.

use std::error::Error as _;

use fathuss_engine::provider::{Failure, FailureClass};
use kube::Error;

/// What the engine calls the service.
pub(crate) const SERVICE: &str = "kubernetes";

/// A refusal of this provider's own.
pub(crate) fn refused(code: &str, message: impl Into<String>) -> Failure {
    Failure {
        class: FailureClass::Refused,
        service: SERVICE.to_owned(),
        operation: String::new(),
        code: code.to_owned(),
        message: message.into(),
        request_id: None,
        hint: None,
    }
}

/// Says what can be done about a failed call of this name.
pub(crate) fn from_kube(operation: &str, error: &Error) -> Failure {
    let failure = |class, code: &str, message: String, hint: Option<&str>| Failure {
        class,
        operation: operation.to_owned(),
        hint: hint.map(str::to_owned),
        ..refused(code, message)
    };
    // What only looks changes nothing, however it ends.
    let unclear = if changes(operation) { FailureClass::Ambiguous } else { FailureClass::Unseen };
    let Error::Api(status) = error else {
        let said = chain(error);
        // Where nobody was reached, nothing was sent.
        let class = if said.contains(UNREACHED) { FailureClass::Unseen } else { unclear };
        return failure(class, "NoAnswer", said, Some(SEE_THAT_IT_ANSWERS));
    };
    let is_misspelt = status.message.contains("failed to create typed patch object");
    let reason = match status.reason.as_str() {
        _ if is_misspelt => "InvalidManifest",
        "" => "Unknown",
        reason => reason,
    };
    let (class, hint) = match (status.code, reason) {
        // An access entry and its policy take some seconds to reach the cluster.
        (401, _) => (FailureClass::Unseen, Some("give who applies an `EksAccessEntry` in this cluster")),
        (403, "Forbidden") if status.message.contains("forbidden: User") => (
            FailureClass::Unseen,
            Some("give who applies an `EksAccessPolicyAssociation` that allows it in this cluster"),
        ),
        (403, _) if status.message.contains(TERMINATED) => (FailureClass::Refused, Some(WAIT_FOR_NAMESPACE)),
        (403, _) => (FailureClass::Refused, None),
        (404, _) if status.message.starts_with("namespaces \"") => (
            FailureClass::Unseen,
            Some("declare its namespace in this stack, as a `KubernetesNamespace` or a manifest, or see its name"),
        ),
        // Its kind is being defined.
        (404, _) => (FailureClass::NotYet, None),
        (409, CONFLICT) if status.message.contains("conflict") => (
            FailureClass::Refused,
            Some("take these fields out of the manifest, or take them over with `.force_conflicts(true)`"),
        ),
        (409, _) => (FailureClass::NotYet, None),
        (429, _) => (FailureClass::Throttled, None),
        // An answer to the object, whatever its number says: <https://github.com/kubernetes/kubernetes/issues/139253>
        (500, _) if is_misspelt => {
            (FailureClass::Refused, Some("correct the manifest: its kind has no such field, or not of this type"))
        }
        (500.., _) => (unclear, None),
        _ => (FailureClass::Refused, None),
    };
    failure(class, reason, status.message.clone(), hint)
}

/// What an API server calls it when others manage a field.
pub(crate) const CONFLICT: &str = "Conflict";

/// What an API server says of something new in a namespace that is being deleted, and what to do about it.
pub(crate) const TERMINATED: &str = "because it is being terminated";
pub(crate) const WAIT_FOR_NAMESPACE: &str =
    "its namespace is being deleted: apply again once that is gone, which makes it anew";

/// What to do about an API server that does not answer.
pub(crate) const SEE_THAT_IT_ANSWERS: &str = "see that the cluster's API server can be reached from here";

/// What the HTTP client says where it could not connect.
const UNREACHED: &str = "client error (Connect)";

/// Whether a call of this name may change something.
fn changes(operation: &str) -> bool {
    matches!(operation, "Apply" | "Patch" | "Delete")
}

/// Whether it says that there is no such thing.
pub(crate) fn is_absent(error: &Error) -> bool {
    matches!(error, Error::Api(status) if status.code == 404)
}

/// Whether it says that the token is not, or no longer, good for this. An API server remembers for ten seconds what it
/// knows of a token, so that permissions that have just been given count for a new one.
pub(crate) fn is_stranger(error: &Error) -> bool {
    matches!(error, Error::Api(status) if matches!(status.code, 401 | 403))
}

/// An error with what it comes from.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        let said = error.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        next = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use kube::core::Status;

    use super::*;

    #[test]
    fn a_namespace_that_is_not_there_or_not_for_long_is_said_to_be() {
        let of = |code: u16, reason: &str, message: &str| {
            let (reason, message) = (reason.to_owned(), message.to_owned());
            from_kube("Apply", &Error::Api(Box::new(Status { code, reason, message, ..Status::default() })))
        };
        let leaving = of(
            403,
            "Forbidden",
            "configmaps \"a\" is forbidden: unable to create new content in namespace shop because it is being terminated",
        );
        assert_eq!(leaving.class, FailureClass::Refused);
        assert!(leaving.hint.is_some_and(|hint| hint.contains("is being deleted")));
        let missing = of(404, "NotFound", "namespaces \"shpo\" not found");
        assert_eq!(missing.class, FailureClass::Unseen);
        assert!(missing.hint.is_some_and(|hint| hint.contains("declare its namespace")));
    }

    #[test]
    fn a_field_that_a_kind_does_not_have_is_refused_whatever_the_number_of_the_answer() {
        let class = |message: &str| {
            let message = message.to_owned();
            let status = Status { code: 500, reason: "InternalError".to_owned(), message, ..Status::default() };
            from_kube("Apply", &Error::Api(Box::new(status))).class
        };
        let typo =
            "failed to create typed patch object (x/place; /v1, Kind=ConfigMap): .dataa: field not declared in schema";
        assert_eq!(class(typo), FailureClass::Refused);
        assert_eq!(class("etcdserver: request timed out"), FailureClass::Ambiguous);
    }
}
