//! `aws_backup_vault`: <https://docs.aws.amazon.com/aws-backup/latest/devguide/vaults.html>

use super::KmsKey;
use super::form;
use super::kms_key::check_region;
use crate::check::{Findings, View};
use crate::{Arn, Computed, Id, Tags, Value};

/// What backups are kept in; AWS deletes an empty one alone, and a plan that would destroy another is refused.
///
/// ```
/// # use fathuss_model::{aws::*, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// // A key of its own, which the key of what is backed up does not open.
/// let key = stack.add("backups", KmsKey::new().enable_key_rotation(true));
/// let vault = BackupVault::new().kms_key_arn(&key);
/// // No plan may destroy it until this line is taken out.
/// stack.add("backups", vault.lifecycle(Lifecycle::new().prevent_destroy(true)));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_backup_vault",
    service = "backup",
    creation = Name,
    holds_data,
    create_seconds = 1,
    delete_seconds = 1,
    check = check
)]
pub struct BackupVault {
    /// The name, unique in account and region.
    #[field(
        replace,
        computed,
        named,
        min_length = 2,
        max_length = 50,
        pattern = r"[a-zA-Z0-9_-]+",
        pattern_words = "letters, digits, _ and - are taken"
    )]
    name: Option<Value<String>>,
    /// The KMS key that backups in it are encrypted with, where it is not AWS's own.
    #[field(replace, computed, form = form::KMS_KEY)]
    kms_key_arn: Option<Value<Arn<KmsKey>>>,
    /// Whether the backups in it are deleted before it goes.
    #[field(instruction, default = "false")]
    force_destroy: Option<Value<bool>>,
    /// Tags.
    tags: Option<Value<Tags>>,
    /// The name.
    id: Computed<Id<BackupVault>>,
    /// The ARN.
    arn: Computed<Arn<BackupVault>>,
    /// How many backups are in it.
    recovery_points: Computed<i64>,
}

fn check(vault: &View<'_>, findings: &mut Findings<'_>) {
    check_region(vault, "kms_key_arn", findings);
}
