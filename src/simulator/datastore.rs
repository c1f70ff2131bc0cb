//! What RDS and ElastiCache have in common: both put nodes with network
//! interfaces into a group of subnets, with parameter groups, weekly and daily
//! windows, KMS keys and tags.

pub mod event;
pub mod formula;
pub mod identifier;
pub mod key;
pub mod listing;
pub mod network;
pub mod parameter;
pub mod tags;
pub mod window;

use crate::refusal::Refusal;

/// The refusal of one parameter's value.
pub fn invalid_value(message: impl Into<String>) -> Refusal {
    Refusal::new("InvalidParameterValue", message)
}

/// The refusal of parameters that do not go together.
pub fn invalid_combination(message: impl Into<String>) -> Refusal {
    Refusal::new("InvalidParameterCombination", message)
}
