//! What an answer says of whether a thing is there.

use fathuss_engine::provider::{Failure, FailureClass, Progress};

/// Gone once the call has succeeded or says that nothing is there.
pub(crate) fn once_accepted<T>(answer: Result<T, Failure>) -> Result<Progress, Failure> {
    match answer {
        Ok(_) => Ok(Progress::Gone),
        Err(failure) if is_not_found(&failure) => Ok(Progress::Gone),
        Err(failure) => Err(failure),
    }
}

/// Whether AWS says that there is no such thing.
pub(crate) fn is_not_found(failure: &Failure) -> bool {
    (failure.class == FailureClass::Refused || failure.class.is_early())
        && (failure.code.contains("NotFound") || failure.code == "NoSuchEntity")
}

/// The answer, or nothing where AWS says that there is no such thing.
pub(crate) fn there<T>(answer: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(failure) if is_not_found(&failure) => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// Waiting, in AWS's own word.
pub(crate) fn waiting(state: &str) -> Progress {
    Progress::Waiting { state: state.to_owned() }
}
