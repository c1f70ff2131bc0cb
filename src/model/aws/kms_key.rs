//! `aws_kms_key`: <https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html>

use super::policy::check_length;
use super::policy_check::{self, Kind};
use crate::check::{Findings, View};
use crate::{Arn, Computed, Id, IntoValue, Json, Tags, Value};

/// A symmetric key that encrypts data at rest.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// let key = KmsKey::new().description("What the buckets are encrypted with").enable_key_rotation(true);
/// let key = stack.add("storage", key.lifecycle(Lifecycle::new().prevent_destroy(true)));
/// stack.add("storage", KmsAlias::new("alias/storage", &key));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(type = "aws_kms_key", service = "kms", creation = Tag, create_seconds = 1, delete_seconds = 1, check = check)]
pub struct KmsKey {
    /// What it is for.
    #[field(default = "\"\"", max_length = 8192)]
    description: Option<Value<String>>,
    /// Who may do what with it: a key policy, see [`super::policy::Policy`]; without one the account's IAM policies say it.
    #[field(json, computed)]
    policy: Option<Value<Json>>,
    /// Whether it can be used.
    #[field(default = "true")]
    is_enabled: Option<Value<bool>>,
    /// Whether AWS gives it new material from time to time.
    #[field(default = "false")]
    enable_key_rotation: Option<Value<bool>>,
    /// The days between rotations.
    #[field(computed, min = 90, max = 2560)]
    rotation_period_in_days: Option<Value<i64>>,
    /// The days after which it is really deleted, in which that can be taken back.
    #[field(instruction, default = "30", min = 7, max = 30)]
    deletion_window_in_days: Option<Value<i64>>,
    /// Tags.
    tags: Option<Value<Tags>>,
    /// The id.
    id: Computed<Id<KmsKey>>,
    /// The id, by Terraform's other name for it.
    key_id: Computed<Id<KmsKey>>,
    /// The ARN.
    arn: Computed<Arn<KmsKey>>,
    /// When AWS deletes it, where others have scheduled that: an apply takes it back.
    deletion_date: Computed<String>,
}

// The ARN of a key that another team gives out is mostly at hand as a text.

impl IntoValue<Arn<KmsKey>> for &str {
    fn into_value(self) -> Value<Arn<KmsKey>> {
        Arn::existing(self)
    }
}

impl IntoValue<Arn<KmsKey>> for String {
    fn into_value(self) -> Value<Arn<KmsKey>> {
        Arn::existing(&self)
    }
}

/// Refuses a key of another region than the declaration's own, which it can't be encrypted with.
pub(super) fn check_region(node: &View<'_>, field: &str, findings: &mut Findings<'_>) {
    let own = node.node().region.as_str();
    if let Some(key) = node.follow(field) {
        if key.node().address.kind() == "aws_kms_key" && key.node().region != own {
            findings.refuse(format!(
                "{} is a key of {}, and `{field}` wants one of {own}",
                key.named(),
                key.node().region
            ));
        }
    } else if let Some(text) = node.text(field)
        && let Some(other) = text.strip_prefix("arn:").and_then(|rest| rest.split(':').nth(2))
        && other != own
    {
        findings.refuse(format!("`{field}` is a key of {other}, and one of {own} is wanted"));
    }
}

/// <https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html>
const LONGEST: usize = 32_768;

fn check(key: &View<'_>, findings: &mut Findings<'_>) {
    check_length(key, "policy", LONGEST, findings);
    policy_check::check(key, "policy", Kind::Key, findings);
    if key.gives("rotation_period_in_days") && key.truth("enable_key_rotation") != Some(true) {
        findings.refuse("`rotation_period_in_days` wants `enable_key_rotation`");
    }
    if key.truth("is_enabled") == Some(false) && key.truth("enable_key_rotation") == Some(true) {
        findings.refuse("a disabled key is not rotated: AWS changes the rotation of enabled keys alone");
    }
}
