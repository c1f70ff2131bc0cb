//! What a service answers instead of a result: a code, a message and an HTTP status.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::value::Record;

/// A refusal in the service's own words. A request that is refused changes nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// The code as it stands on the wire, e.g. `InvalidVpcID.NotFound`.
    pub code: Cow<'static, str>,
    /// The message for people.
    pub message: String,
    /// The HTTP status; where none is given the API model's for this code, else 400.
    pub status: Option<u16>,
    /// Further members of the error (EKS names the cluster in some of its errors).
    pub members: Record,
}

/// The code of everything that AWS has and this simulator has not built. AWS never sends it.
pub const NOT_SIMULATED: &str = "NotSimulated";

/// The codes that services have beside those that each declares, with their HTTP status.
///
/// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/CommonErrors.html> and each service's page of that name.
const COMMON: &[(&str, u16)] = &[
    ("AccessDenied", 403),
    // The services that speak awsJson answer these with 400, as all that is the sender's fault.
    ("AccessDeniedException", 400),
    ("NotAuthorizedException", 400),
    ("ValidationException", 400),
    ("InvalidParameterCombination", 400),
    ("InvalidParameterValue", 400),
    ("ValidationError", 400),
    // The services that speak awsJson answer these with 400, as all that is the sender's fault.
    ("AccessDeniedException", 400),
    ("NotAuthorizedException", 400),
    ("ValidationException", 400),
    (NOT_SIMULATED, 501),
];

impl Refusal {
    /// Why this is no refusal of a service that declares these codes, each with its HTTP status: the code is none of
    /// theirs nor common to all, or its status another. EC2 declares none, and may refuse as it likes.
    pub(crate) fn undeclared(&self, declared: &HashMap<String, u16>) -> Option<String> {
        let code = self.code.as_ref();
        if declared.is_empty() {
            return None;
        }
        let common = || COMMON.iter().find(|(name, _)| *name == code).map(|(_, status)| *status);
        let Some(wanted) = declared.get(code).copied().or_else(common) else {
            return Some(format!("{code} is not declared: {}", self.message));
        };
        let status = self.status.or_else(|| declared.get(code).copied()).unwrap_or(400);
        (status != wanted).then(|| format!("{code} is declared with HTTP {wanted}, not {status}"))
    }

    /// A refusal with the status that the API model declares for the code, or 400.
    pub fn new(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Refusal { code: code.into(), message: message.into(), status: None, members: Record::new() }
    }

    /// The same with an HTTP status of its own.
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// The same with an HTTP status where it has none yet.
    #[must_use]
    pub fn status_if_none(mut self, status: u16) -> Self {
        self.status = self.status.or(Some(status));
        self
    }

    /// The same with a further member in the error's body.
    #[must_use]
    pub fn member(mut self, name: &str, value: impl Into<crate::value::Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    /// The answer to what AWS has and the simulator has not: HTTP 501, never an error code of AWS.
    pub fn not_simulated(what: impl std::fmt::Display) -> Self {
        Refusal::new(NOT_SIMULATED, format!("{what} is not simulated")).status(501)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_that_no_service_declares_is_found() {
        let declared = HashMap::from([("NoSuchEntity".to_owned(), 404)]);
        let why = |refusal: Refusal| refusal.undeclared(&declared);
        assert_eq!(why(Refusal::new("NoSuchEntity", "")), None);
        assert_eq!(why(Refusal::new("ValidationError", "")), None);
        assert_eq!(why(Refusal::new("AccessDenied", "").status(403)), None);
        assert_eq!(why(Refusal::not_simulated("all")), None);
        assert_eq!(why(Refusal::new("NoSuchThing", "gone")).as_deref(), Some("NoSuchThing is not declared: gone"));
        let wrong = Some("NoSuchEntity is declared with HTTP 404, not 400");
        assert_eq!(why(Refusal::new("NoSuchEntity", "").status(400)).as_deref(), wrong);
        let bare = Some("AccessDenied is declared with HTTP 403, not 400");
        assert_eq!(why(Refusal::new("AccessDenied", "")).as_deref(), bare);
        assert_eq!(Refusal::new("NoSuchThing", "").undeclared(&HashMap::new()), None);
    }
}
