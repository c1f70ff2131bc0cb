//! `aws_iam_role_policy`: <https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html>

use super::IamRole;
use super::form;
use super::policy::check_length;
use super::policy_check::{self, Kind};
use crate::check::{Findings, View};
use crate::{Computed, Id, Json, Name, Value};

/// What one role alone is permitted: a document that is part of it, and goes with it.
///
/// ```
/// # use fathuss_model::{aws::{policy::*, *}, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let bucket = stack.add("cache", S3Bucket::new());
/// # let trust = Policy::new([Statement::assume_role(Principal::service("ec2.amazonaws.com"))]);
/// # let role = stack.add("server", IamRole::new(trust));
/// let objects = template([bucket.arn().into_value(), "/*".into_value()]);
/// let policy = Policy::new([Statement::allow(actions!["s3:GetObject", "s3:PutObject"]).on(objects)]);
/// stack.add("server", IamRolePolicy::new(&role, policy).name("cache"));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_iam_role_policy",
    service = "iam",
    creation = Upsert,
    create_seconds = 2,
    delete_seconds = 1,
    check = check
)]
pub struct IamRolePolicy {
    /// The role.
    #[field(replace)]
    role: Value<Name<IamRole>>,
    /// The document, see [`super::policy::Policy`]; a role's have 10,240 characters together at most.
    #[field(json)]
    policy: Value<Json>,
    /// The name, unique in the role.
    #[field(
        replace,
        computed,
        named,
        min_length = 1,
        max_length = 128,
        form = form::IAM_NAME
    )]
    name: Option<Value<String>>,
    /// Role and name with a colon between.
    id: Computed<Id<IamRolePolicy>>,
}

/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
const LONGEST: usize = 10_240;

fn check(policy: &View<'_>, findings: &mut Findings<'_>) {
    check_length(policy, "policy", LONGEST, findings);
    policy_check::check(policy, "policy", Kind::Inline, findings);
}
