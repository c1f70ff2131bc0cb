//! `aws_iam_instance_profile`: <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-ec2_instance-profiles.html>

use super::IamRole;
use super::form;
use crate::{Arn, Computed, Id, Name, Tags, Value};

/// What hands a role to an instance.
///
/// ```
/// # use fathuss_model::{aws::{policy::*, *}, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// let trust = Policy::new([Statement::assume_role(Principal::service("ec2.amazonaws.com"))]);
/// let role = stack.add("server", IamRole::new(trust));
/// let profile = stack.add("server", IamInstanceProfile::new(&role));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(type = "aws_iam_instance_profile", service = "iam", creation = Name, create_seconds = 8, delete_seconds = 2)]
pub struct IamInstanceProfile {
    /// The role; AWS takes one at most.
    #[field(holds = Released)]
    role: Value<Name<IamRole>>,
    /// The name, unique in the account.
    #[field(
        replace,
        computed,
        named,
        min_length = 1,
        max_length = 128,
        form = form::IAM_NAME
    )]
    name: Option<Value<String>>,
    /// The path before its name in the ARN.
    #[field(
        replace,
        default = "\"/\"",
        max_length = 512,
        form = form::IAM_PATH
    )]
    path: Option<Value<String>>,
    /// Tags.
    tags: Option<Value<Tags>>,
    /// The name.
    id: Computed<Id<IamInstanceProfile>>,
    /// The ARN.
    arn: Computed<Arn<IamInstanceProfile>>,
    /// The id that no later profile of the same name will have.
    unique_id: Computed<String>,
    /// When it was made.
    create_date: Computed<String>,
}
