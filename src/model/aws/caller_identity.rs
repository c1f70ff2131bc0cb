//! `aws_caller_identity`: <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>

use crate::{Computed, Id};

/// Who is asking.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// let caller = stack.add("me", CallerIdentity::new());
/// stack.output("applied_by", caller.arn());
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
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
