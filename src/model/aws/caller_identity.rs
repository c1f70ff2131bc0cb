//! `aws_caller_identity`: <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>

use crate::{Computed, Id};

/// Who is asking.
#[derive(Clone, Debug, crate::Resource)]
#[resource(type = "aws_caller_identity", service = "sts", mode = Lookup)]
pub struct CallerIdentity {
    /// The account.
    id: Computed<Id<CallerIdentity>>,
    /// The account: 12 digits.
    account_id: Computed<String>,
    /// The caller's ARN.
    arn: Computed<String>,
    /// The caller's unique id.
    user_id: Computed<String>,
}
