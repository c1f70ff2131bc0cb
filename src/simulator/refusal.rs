//! What a service answers instead of a result: a code, a message and an HTTP status.

use std::borrow::Cow;

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

impl Refusal {
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
