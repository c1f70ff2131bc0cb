//! `aws_iam_role`: <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html>

use super::IamPolicy;
use super::form;
use super::policy::check_length;
use super::policy_check::{self, Kind};
use crate::check::{Findings, View};
use crate::{Arn, Computed, Id, Json, Tags, Value};

/// An identity that services and people take on for a while.
///
/// ```
/// # use fathuss_model::{aws::{policy::*, *}, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// let trust = Policy::new([Statement::assume_role(Principal::service("ec2.amazonaws.com"))]);
/// stack.add("server", IamRole::new(trust).description("What the server acts with"));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(type = "aws_iam_role", service = "iam", creation = Name, create_seconds = 3, delete_seconds = 2, check = check)]
pub struct IamRole {
    /// Who may take it on: a trust policy, see [`super::policy::Policy`]; 2,048 characters by default, 4,096 at most.
    #[field(json)]
    assume_role_policy: Value<Json>,
    /// The name, unique in the account.
    #[field(
        replace,
        computed,
        named,
        min_length = 1,
        max_length = 64,
        form = form::IAM_NAME
    )]
    name: Option<Value<String>>,
    /// What it is for.
    #[field(max_length = 1000, form = form::ROLE_WORDS)]
    description: Option<Value<String>>,
    /// The path before its name in the ARN.
    #[field(
        replace,
        default = "\"/\"",
        max_length = 512,
        form = form::IAM_PATH
    )]
    path: Option<Value<String>>,
    /// How long a session may last, in seconds.
    #[field(default = "3600", min = 3600, max = 43_200)]
    max_session_duration: Option<Value<i64>>,
    /// The policy that bounds what it may be allowed.
    #[field(holds = Firm)]
    permissions_boundary: Option<Value<Arn<IamPolicy>>>,
    /// Tags.
    tags: Option<Value<Tags>>,
    /// The name.
    id: Computed<Id<IamRole>>,
    /// The ARN.
    arn: Computed<Arn<IamRole>>,
    /// The id that no later role of the same name will have.
    unique_id: Computed<String>,
    /// When it was made.
    create_date: Computed<String>,
}

/// The highest quota; the default one is half of it:
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
const LONGEST: usize = 4096;

fn check(role: &View<'_>, findings: &mut Findings<'_>) {
    check_length(role, "assume_role_policy", LONGEST, findings);
    policy_check::check(role, "assume_role_policy", Kind::Trust, findings);
}
