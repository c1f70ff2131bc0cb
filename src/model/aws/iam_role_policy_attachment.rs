//! `aws_iam_role_policy_attachment`: <https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_manage-attach-detach.html>

use super::{IamPolicy, IamRole};
use crate::{Arn, Computed, Id, Name, Value};

/// Gives a role what a policy allows.
///
/// ```
/// # use fathuss_model::{aws::{policy::*, *}, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let trust = Policy::new([Statement::assume_role(Principal::service("ec2.amazonaws.com"))]);
/// # let role = stack.add("server", IamRole::new(trust));
/// # let allows = Policy::new([Statement::allow(actions!["ec2:DescribeVolumes"]).on("*")]);
/// # let own = stack.add("volumes", IamPolicy::new(allows));
/// stack.add("volumes", IamRolePolicyAttachment::new(&role, &own));
/// // One of the policies that AWS keeps.
/// let of_aws = IamPolicy::of_aws("AmazonSSMManagedInstanceCore");
/// stack.add("systems_manager", IamRolePolicyAttachment::new(&role, of_aws));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
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
