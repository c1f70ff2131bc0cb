//! `aws_iam_role_policy_attachment`: <https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_manage-attach-detach.html>

use super::{IamPolicy, IamRole};
use crate::{Arn, Computed, Id, Name, Value};

/// Gives a role what a policy allows.
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_iam_role_policy_attachment",
    service = "iam",
    creation = Relation,
    create_seconds = 2,
    delete_seconds = 1
)]
pub struct IamRolePolicyAttachment {
    /// The role.
    #[field(replace)]
    role: Value<Name<IamRole>>,
    /// The policy: one of the account's, or one of [`IamPolicy::of_aws`].
    #[field(replace)]
    policy_arn: Value<Arn<IamPolicy>>,
    /// Role and policy: the relation's two ends.
    id: Computed<Id<IamRolePolicyAttachment>>,
}
