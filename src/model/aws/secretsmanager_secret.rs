//! `aws_secretsmanager_secret`: <https://docs.aws.amazon.com/secretsmanager/latest/userguide/intro.html>

use super::KmsKey;
use super::form;
use super::kms_key::check_region;
use super::policy::check_length;
use super::policy_check::{self, Kind};
use crate::check::{Findings, View};
use crate::{Arn, Computed, Id, Json, Tags, Value};

/// A name under which a secret value is kept; its value is an `aws_secretsmanager_secret_version`.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// let secret = SecretsmanagerSecret::new().name("shop/api-key").recovery_window_in_days(7);
/// let secret = stack.add("api_key", secret);
/// // The value is read when it is sent: it stands in no graph, plan or state.
/// let value = Secret::from_environment("API_KEY");
/// stack.add("api_key", SecretsmanagerSecretVersion::new(&secret, value).secret_string_wo_version(1));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_secretsmanager_secret",
    service = "secretsmanager",
    creation = Name,
    holds_data,
    create_seconds = 1,
    delete_seconds = 1,
    check = check
)]
pub struct SecretsmanagerSecret {
    /// The name, unique in account and region. It stays taken while a deleted secret can be had back; one that this
    /// state deleted is had back then.
    #[field(
        replace,
        computed,
        named,
        min_length = 1,
        max_length = 512,
        pattern = r"[A-Za-z0-9/_+=.@!-]+",
        pattern_words = "letters, digits and /_+=.@!- are taken"
    )]
    name: Option<Value<String>>,
    /// What it is for.
    #[field(max_length = 2048)]
    description: Option<Value<String>>,
    /// The KMS key that values are encrypted with, where it is not the account's own for Secrets Manager.
    #[field(holds = Free, form = form::NAMED_KMS_KEY)]
    kms_key_id: Option<Value<Arn<KmsKey>>>,
    /// Who may do what with it beside what their own policies say: see [`super::policy::Policy`].
    #[field(json)]
    policy: Option<Value<Json>>,
    /// The days in which a deletion can be taken back: 7 to 30, or 0 for a deletion at once.
    #[field(instruction, default = "30", min = 0, max = 30)]
    recovery_window_in_days: Option<Value<i64>>,
    /// Tags.
    tags: Option<Value<Tags>>,
    /// The ARN.
    id: Computed<Id<SecretsmanagerSecret>>,
    /// The ARN, which ends in characters of chance: a later secret of the same name has another.
    arn: Computed<Arn<SecretsmanagerSecret>>,
}

/// <https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html>
const LONGEST: usize = 20_480;

fn check(secret: &View<'_>, findings: &mut Findings<'_>) {
    check_length(secret, "policy", LONGEST, findings);
    policy_check::check(secret, "policy", Kind::Resource, findings);
    check_region(secret, "kms_key_id", findings);
    if secret.integer("recovery_window_in_days").is_some_and(|days| (1..7).contains(&days)) {
        findings.refuse("`recovery_window_in_days` is 7 to 30, or 0 for a deletion that can't be taken back");
    }
}
