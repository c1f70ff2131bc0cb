//! `aws_backup_selection`: <https://docs.aws.amazon.com/aws-backup/latest/devguide/assigning-resources.html>

use super::form;
use super::{BackupPlan, IamRole};
use crate::check::{Findings, View};
use crate::{Arn, Computed, Id, Value, words};

/// What a plan backs up, and as which role. AWS changes none: each change replaces it.
///
/// ```
/// # use fathuss_model::{aws::{policy::*, *}, *};
/// # graph_of("example", |stack| {
/// # stack.place("us-east-1", "111122223333");
/// # let vault = stack.add("backups", BackupVault::new());
/// # let rule = BackupRule::new("daily", &vault);
/// # let plan = stack.add("daily", BackupPlan::new("daily", [rule]));
/// let trust = Policy::new([Statement::assume_role(Principal::service("backup.amazonaws.com"))]);
/// let role = stack.add("backups", IamRole::new(trust));
/// let policy = IamPolicy::of_aws("service-role/AWSBackupServiceRolePolicyForBackup");
/// let permitted = stack.add("backups", IamRolePolicyAttachment::new(&role, policy));
/// // All that has the tag, whatever it is.
/// let selection = BackupSelection::new("tagged", &plan, &role)
///     .selection_tag([SelectionTag::equals("Backup", "daily")]);
/// stack.add("tagged", selection.depends_on(&permitted));
/// # Ok(()) }).expect("nothing is wrong with it");
/// ```
#[derive(Clone, Debug, crate::Resource)]
#[resource(
    type = "aws_backup_selection",
    service = "backup",
    creation = Token,
    create_seconds = 1,
    delete_seconds = 1,
    check = check
)]
pub struct BackupSelection {
    /// The name.
    #[field(
        replace,
        min_length = 1,
        max_length = 50,
        form = form::BACKUP_NAME
    )]
    name: Value<String>,
    /// The plan.
    #[field(replace)]
    plan_id: Value<Id<BackupPlan>>,
    /// The role that AWS Backup takes to read and to restore.
    #[field(replace)]
    iam_role_arn: Value<Arn<IamRole>>,
    /// The ARNs of what is backed up; `*` may end one.
    #[field(
        replace,
        set,
        max_length = 500,
        form = form::BACKED_UP
    )]
    resources: Option<Value<Vec<String>>>,
    /// The ARNs of what is not.
    #[field(
        replace,
        set,
        max_length = 500,
        form = form::BACKED_UP
    )]
    not_resources: Option<Value<Vec<String>>>,
    /// Tags by which something is backed up: one of them is enough.
    #[field(replace, set, max_length = 30)]
    selection_tag: Option<Value<Vec<SelectionTag>>>,
    /// What all that is backed up fulfils.
    #[field(replace)]
    condition: Option<Value<SelectionConditions>>,
    /// The plan's id and the selection's, with `|` between them.
    id: Computed<Id<BackupSelection>>,
}

words! {
    /// How a tag is compared.
    pub enum SelectionTagType {
        /// With this very value.
        StringEquals = "STRINGEQUALS",
    }
}

/// A tag by which something is backed up.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct SelectionTag {
    /// How it is compared.
    #[field(replace)]
    r#type: Value<SelectionTagType>,
    /// The key.
    #[field(replace, min_length = 1, max_length = 128)]
    key: Value<String>,
    /// The value.
    #[field(replace, max_length = 256)]
    value: Value<String>,
}

/// Conditions that all hold.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct SelectionConditions {
    /// Keys that have this value.
    #[field(replace, set)]
    string_equals: Option<Value<Vec<SelectionCondition>>>,
    /// Keys that have a value like this.
    #[field(replace, set)]
    string_like: Option<Value<Vec<SelectionCondition>>>,
    /// Keys that have another value.
    #[field(replace, set)]
    string_not_equals: Option<Value<Vec<SelectionCondition>>>,
    /// Keys that have no value like this.
    #[field(replace, set)]
    string_not_like: Option<Value<Vec<SelectionCondition>>>,
}

/// A key and what it is compared with.
#[derive(Clone, Debug, crate::Resource)]
#[resource(block)]
pub struct SelectionCondition {
    /// The key, for instance `aws:ResourceTag/Service`.
    #[field(replace, form = form::TAG_CONDITION)]
    key: Value<String>,
    /// The value.
    #[field(replace, max_length = 256)]
    value: Value<String>,
}

impl SelectionTag {
    /// A tag with this value.
    #[must_use]
    pub fn equals(key: &str, value: &str) -> Self {
        Self::new(SelectionTagType::StringEquals, key, value)
    }
}

fn check(selection: &View<'_>, findings: &mut Findings<'_>) {
    super::trust::check(selection, "iam_role_arn", "backup", findings);
    if !selection.gives("resources") && !selection.gives("selection_tag") {
        findings.refuse("nothing is selected: give `resources` or `selection_tag`");
    }
}
