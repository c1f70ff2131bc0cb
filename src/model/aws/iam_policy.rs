//! `aws_iam_policy`: <https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html>

use super::form;
use super::policy::check_length;
use super::policy_check::{self, Kind};
use crate::check::{Findings, View};
use crate::{Arn, Computed, Id, Json, Tags, Value};

/// A permission document that roles are given by attachment.
///
/// ```
/// # use fathuss_model::{aws::{policy::*, *}, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let bucket = stack.add("cache", S3Bucket::new());
/// let objects = template([bucket.arn().into_value(), "/*".into_value()]);
/// let policy = Policy::new([
///     Statement::allow(actions!["s3:ListBucket"]).on(bucket.arn()),
///     Statement::allow(actions!["s3:GetObject", "s3:PutObject"]).on(objects),
/// ]);
/// stack.add("cache", IamPolicy::new(policy));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(type = "aws_iam_policy", service = "iam", creation = Name, create_seconds = 2, delete_seconds = 2, check = check)]
pub struct IamPolicy {
    /// The document, see [`super::policy::Policy`]; a change makes a new default version. 6,144 characters at most.
    #[field(json)]
    policy: Value<Json>,
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
    /// What it is for; AWS can't change it.
    #[field(replace, max_length = 1000)]
    description: Option<Value<String>>,
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
    /// The ARN, by which IAM knows it.
    id: Computed<Id<IamPolicy>>,
    /// The ARN.
    arn: Computed<Arn<IamPolicy>>,
    /// The id that no later policy of the same name will have.
    policy_id: Computed<String>,
    /// The version that is in force; a version never changes, so that of the same one the document is known.
    #[field(volatile)]
    default_version_id: Computed<String>,
}

impl IamPolicy {
    /// A policy that AWS keeps, by its name with the path before it where it has one: `AmazonEKSClusterPolicy`,
    /// `service-role/AmazonEBSCSIDriverPolicy`.
    #[must_use]
    pub fn of_aws(name: &str) -> Value<Arn<Self>> {
        Arn::existing(&format!("arn:aws:iam::aws:policy/{name}"))
    }
}

/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>
const LONGEST: usize = 6144;

fn check(policy: &View<'_>, findings: &mut Findings<'_>) {
    check_length(policy, "policy", LONGEST, findings);
    policy_check::check(policy, "policy", Kind::Managed, findings);
}
